/* SPDX-License-Identifier: Apache-2.0 */
/* What the engines prepare, by its definition: groups of equal rows, the tree, the frame of the pass and its bound, the
 * shape of blocks, and results put together from chunks. */
#include "harness.h"

#include "nearest/pass_impl.h"
#include "nearest/signs_impl.h"
#include "nearest/tree_impl.h"
#include "nearest/winners_impl.h"
#include "space/space_impl.h"

#include <stdlib.h>

static crow_nearest *nearest_of(crow_nearest_engine engine, const void *rows, crow_precision type, int64_t m, int64_t d,
                                int precision, int threads) {
  const crow_nearest_options options = {.engine = (int)engine, .precision = precision, .threads = threads};
  crow_nearest *nearest = NULL;
  CHECK_OK(crow_nearest_create(&options, rows, type, m, d, NULL, 0, &nearest));
  return nearest;
}

/* ---- equal rows ----------------------------------------------------------------------------------------------- */

static void check_groups(const double *rows, int64_t m, int64_t d) {
  crow_nearest_distinct found;
  int64_t groups = 0, largest = 0;
  CHECK_OK(crow_nearest_distinct_create(rows, CROW_DOUBLE, m, d, &found));
  for (int64_t x = 0; x < m; x++) {
    int64_t first = -1, size = 0;
    for (int64_t y = 0; y < m; y++) {
      if (memcmp(rows + x * d, rows + y * d, (size_t)d * sizeof *rows) != 0) continue;
      if (first < 0) first = y;
      if (first == x && found.row) CHECK(found.member[found.begin[groups] + size] == y);
      size++;
    }
    if (size > largest) largest = size;
    if (first != x) continue;
    if (found.row) CHECK(found.row[groups] == x && found.begin[groups + 1] - found.begin[groups] == size);
    groups++;
  }
  CHECK(found.count == groups && found.largest == largest && (found.row != NULL) == (groups < m));
  if (found.row) CHECK(found.begin[0] == 0 && found.begin[groups] == m);
  crow_nearest_distinct_free(&found);
  CHECK(!found.row && !found.member && found.count == 0);
}

static void equal_rows_are_grouped(void) {
  enum { M = 60 };
  double rows[2 * M];
  for (int different = 1; different <= M; different += different < 8 ? 1 : 13) {
    for (int64_t m = 1; m <= M; m += m < 5 ? 1 : 11) {
      for (int64_t x = 0; x < m; x++) {
        rows[2 * x] = (double)(x * 7 % different);
        rows[2 * x + 1] = -1;
      }
      check_groups(rows, m, 2);
    }
  }
}

/* ---- the tree ------------------------------------------------------------------------------------------------- */

/* The subtree at `at` has the contexts begin .. end: its box is theirs, and its halves lie on either side of the split
 * of its widest side. Returns the node behind it. */
static int32_t check_subtree(const crow_tree *tree, int32_t at, int32_t begin, int32_t end, int32_t depth,
                             int32_t *leaves) {
  const crow_tree_node *node = &tree->node[at];
  const int64_t d = tree->d;
  int64_t wrong = node->begin != begin || node->end != end || tree->leaf[at] != *leaves || depth > tree->depth;
  int32_t widest = 0;
  const double *box = tree->box + 2 * d * at;
  for (int64_t k = 0; k < d; k++) {
    double least = INFINITY, most = -INFINITY;
    for (int32_t j = begin; j < end; j++) {
      least = fmin(least, tree->context[j * d + k]);
      most = fmax(most, tree->context[j * d + k]);
    }
    wrong += box[k] != least || box[d + k] != most;
    if (box[d + k] - box[k] > box[d + widest] - box[widest]) widest = (int32_t)k;
  }
  CHECK(wrong == 0);
  if (end - begin <= 8) {
    CHECK(node->right == 0 && node->step[0] == 0 && node->step[1] == 0);
    ++*leaves;
    return at + 1;
  }
  const int32_t middle = begin + (end - begin) / 2;
  double split = INFINITY; /* the least of the right half */
  for (int32_t j = middle; j < end; j++) split = fmin(split, tree->context[j * d + widest]);
  CHECK(node->axis == widest && node->split == split);
  for (int32_t j = begin; j < end; j++) {
    const double value = tree->context[j * d + widest];
    wrong += j < middle ? value > node->split : value < node->split;
  }
  CHECK(wrong == 0);
  const int32_t right = check_subtree(tree, at + 1, begin, middle, depth + 1, leaves);
  CHECK(node->right == right && node->step[0] == right - at && node->step[1] == 1);
  return check_subtree(tree, right, middle, end, depth + 1, leaves);
}

static void a_tree_halves_the_widest_side(void) {
  static const int64_t sizes[] = {1, 2, 8, 9, 16, 17, 33, 100, 1000};
  for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
    for (int64_t d = 1; d <= 3; d++) {
      const int64_t m = sizes[s];
      double *rows = malloc(sizeof *rows * (size_t)(m * d));
      crow_random_uniform(17, CROW_STREAM_TEST, (uint64_t)m, rows, m * d);
      crow_nearest *nearest = nearest_of(CROW_NEAREST_TREE, rows, CROW_DOUBLE, m, d, CROW_SINGLE, 1);
      const crow_tree *tree = nearest->state;
      int32_t leaves = 0, deepest = 0;
      CHECK(tree->count == m && tree->d == d);
      CHECK(check_subtree(tree, 0, 0, (int32_t)m, 0, &leaves) == tree->nodes);
      CHECK(tree->leaves == leaves && tree->nodes == 2 * leaves - 1);
      for (int64_t left = m; left > 8; left = (left + 1) / 2) deepest++;
      CHECK(tree->depth == deepest);
      int64_t wrong = 0;
      for (int64_t j = 0; j < m; j++) {
        wrong += memcmp(tree->context + j * d, rows + tree->order[j] * d, (size_t)d * sizeof *rows) != 0;
      }
      CHECK(wrong == 0);
      CHECK_NEAR(crow_nearest_margin(3, d), 3 * tree->margin_factor + tree->margin_least, 0);
      crow_nearest_destroy(&nearest);
      free(rows);
    }
  }
}

/* An eighth of the contexts at a time, between 16384 and 65536. */
static void a_tree_takes_points_in_chunks(void) {
  static const struct { int64_t m, chunk; } cases[] = {{10, 16384}, {131080, 16385}, {200000, 25000}, {530000, 65536}};
  double *rows = malloc(sizeof *rows * 530000);
  for (int64_t i = 0; i < 530000; i++) rows[i] = (double)i;
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    crow_nearest *nearest = nearest_of(CROW_NEAREST_TREE, rows, CROW_DOUBLE, cases[k].m, 1, CROW_SINGLE, 1);
    CHECK(nearest->chunk == cases[k].chunk);
    crow_nearest_destroy(&nearest);
  }
  free(rows);
}

/* ---- the pass ------------------------------------------------------------------------------------------------- */

/* By the middle half of each column and the median row, in powers of two. */
static void a_frame_is_by_middles_and_medians(void) {
  /* Sorted columns: -100 0 1 2 3 4 5 900 and 10 each time but once. */
  const double rows[] = {900, 10, 0, 10, 1, 10, 2, 10, 3, 10, 4, 10, 5, 10, -100, 42};
  for (int precision = CROW_SINGLE; precision <= CROW_DOUBLE; precision++) {
    crow_nearest *nearest = nearest_of(CROW_NEAREST_GEMM, rows, CROW_DOUBLE, 8, 2, precision, 1);
    crow_frame frame;
    CHECK_OK(crow_frame_create(nearest, (crow_precision)precision, &frame));
    CHECK(frame.centre[0] == 2.5 && frame.centre[1] == 10);
    /* Sizes about it: .5 .5 1.5 1.5 2.5 2.5 102.5 897.5, of which the fifth is 2.5: scaled by 2^-2. */
    CHECK(frame.scale == .25 && frame.root_d == sqrt(2.));
    const double u = precision == CROW_SINGLE ? 0x1p-24 : 0x1p-53;
    CHECK_NEAR(frame.relative, 10 * u / (1 - 10 * u), 1e-12 * u);
    CHECK_NEAR(frame.canonical, 10 * 0x1p-53 / (1 - 10 * 0x1p-53), 1e-28);
    CHECK(frame.limit == (precision == CROW_SINGLE ? 0x1p50 : 0x1p450));
    CHECK(frame.underflow >= (precision == CROW_SINGLE ? 0x1p-126 : 0x1p-1022));
    CHECK(frame.underflow <= (precision == CROW_SINGLE ? 0x1p-125 : 0x1p-1021));
    /* Each part of the bound by itself, with its 1.001. */
    const double p = 3, r = 2;
    CHECK_NEAR(crow_frame_bound(&frame, p, r),
               1.001 * (frame.relative * (p * r + r * r / 2) + frame.canonical * (p * p + 1.5 * r * r) +
                        frame.underflow * (frame.root_d * (p + 2 * r) + 4 * 2 + 4)),
               1e-15 * frame.relative);
    CHECK(isinf(crow_frame_bound(&frame, frame.limit, 1)) && isinf(crow_frame_bound(&frame, 1, frame.limit)));
    CHECK(isfinite(crow_frame_bound(&frame, frame.limit / 2, frame.limit / 2)));
    crow_frame_free(&frame);
    CHECK(!frame.centre);
    crow_nearest_destroy(&nearest);
  }
}

/* Rows are moved and scaled, and their norms rounded up by little. */
static void rows_are_converted(void) {
  enum { M = 20, D = 3 };
  double rows[M * D];
  crow_random_normal(23, CROW_STREAM_TEST, 0, rows, M * D);
  crow_nearest *nearest = nearest_of(CROW_NEAREST_FUSED, rows, CROW_DOUBLE, M, D, CROW_DOUBLE, 1);
  const crow_pass *pass = nearest->state;
  for (int i = 0; i < M; i++) {
    double out[D], square = 0;
    float narrow[D];
    const double size = crow_frame_convert(pass, rows + i * D, CROW_DOUBLE, out);
    for (int k = 0; k < D; k++) {
      const double expected = (rows[i * D + k] - pass->frame.centre[k]) * pass->frame.scale;
      CHECK_NEAR(out[k], expected, 1e-15 * (1 + fabs(expected)));
      square += out[k] * out[k];
      narrow[k] = (float)rows[i * D + k];
    }
    CHECK(size >= sqrt(square) && size <= sqrt(square) * (1 + 2e-6) + 1e-29);
    CHECK_NEAR(((const double *)pass->minus_half)[i], -square / 2, 1e-14 * (1 + square));
    CHECK(pass->radius[i / pass->strip] >= size);
    (void)crow_frame_convert(pass, narrow, CROW_SINGLE, out);
    for (int k = 0; k < D; k++) {
      CHECK_NEAR(out[k], ((double)narrow[k] - pass->frame.centre[k]) * pass->frame.scale, 1e-15);
    }
    const double far[D] = {1e300, 0, 0};
    CHECK(isinf(crow_frame_convert(pass, far, CROW_DOUBLE, out)));
    for (int k = 0; k < D; k++) CHECK(out[k] == 0);
  }
  for (int64_t i = M; i < pass->panels * pass->panel; i++) CHECK(((const double *)pass->minus_half)[i] == -INFINITY);
  crow_nearest_destroy(&nearest);
}

/* Products: tiles of 2048, 1024 with threads, of 12 MiB in long contexts, 64 at least; strips of 512. */
static void products_are_taken_in_tiles(void) {
  static const struct {
    int64_t m, d;
    int threads, precision;
    int64_t chunk, strip, panel, panels;
  } cases[] = {{700, 4, 1, CROW_SINGLE, 2048, 512, 1024, 1},  {512, 4, 1, CROW_SINGLE, 2048, 512, 512, 1},
               {513, 4, 1, CROW_SINGLE, 2048, 512, 1024, 1},  {5000, 4, 1, CROW_SINGLE, 2048, 512, 2048, 3},
               {5000, 4, 2, CROW_SINGLE, 1024, 512, 1024, 5}, {1100, 3072, 1, CROW_SINGLE, 1024, 512, 1024, 2},
               {600, 3072, 1, CROW_DOUBLE, 512, 512, 512, 2}, {600, 3073, 1, CROW_DOUBLE, 511, 511, 511, 2},
               {10, 40000, 1, CROW_SINGLE, 78, 78, 78, 1},    {65, 80000, 1, CROW_SINGLE, 64, 64, 64, 2}};
  double *rows = malloc(sizeof *rows * 5200000);
  for (int64_t i = 0; i < 5200000; i++) rows[i] = (double)(i * 7919 % 65537);
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    crow_nearest *nearest =
        nearest_of(CROW_NEAREST_GEMM, rows, CROW_DOUBLE, cases[k].m, cases[k].d, cases[k].precision, cases[k].threads);
    const crow_pass *pass = nearest->state;
    CHECK(pass->chunk == cases[k].chunk && nearest->chunk == cases[k].chunk);
    CHECK(pass->strip == cases[k].strip && pass->panel == cases[k].panel && pass->panels == cases[k].panels);
    CHECK(pass->score_count == cases[k].chunk * cases[k].panel);
    const int64_t bytes = pass->panels * pass->panel * pass->d * (int64_t)pass->real_bytes;
    CHECK((pass->prepared != NULL) == (bytes <= (INT64_C(32) << 20)));
    crow_nearest_destroy(&nearest);
  }
  free(rows);
}

/* Fused: strips of 256, 128 from 48 and 64 from 96 dimensions on; panels and chunks of about 4 MiB, of whole strips
 * and tiles; room for all that a chunk scores. */
static void fused_blocks_have_their_shape(void) {
  static const struct {
    int64_t m, d;
    int precision;
    int64_t strip, strips, chunk; /* strips of a panel; points before they are cut to whole tiles */
  } cases[] = {{300, 3, CROW_SINGLE, 256, 2, 1536},    {256, 47, CROW_SINGLE, 256, 1, 1536},
               {9000, 48, CROW_SINGLE, 128, 64, 1536}, {9000, 95, CROW_SINGLE, 128, 64, 1536},
               {9000, 96, CROW_SINGLE, 64, 64, 1536},  {9000, 96, CROW_DOUBLE, 64, 64, 1536},
               {1000, 1000, CROW_DOUBLE, 64, 8, 524},  {130, 8000, CROW_SINGLE, 64, 2, 131},
               {130, 20000, CROW_SINGLE, 64, 1, 96},   {64, 768, CROW_SINGLE, 64, 1, 1365}};
  double *rows = malloc(sizeof *rows * 2700000);
  for (int64_t i = 0; i < 2700000; i++) rows[i] = (double)(i * 7919 % 65537);
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    const int64_t m = cases[k].m, d = cases[k].d;
    crow_nearest *nearest = nearest_of(CROW_NEAREST_FUSED, rows, CROW_DOUBLE, m, d, cases[k].precision, 1);
    const crow_pass *pass = nearest->state;
    const int64_t tile = pass->kernels->rows;
    CHECK(pass->strip == cases[k].strip && pass->panel == cases[k].strip * cases[k].strips);
    CHECK(pass->panels == (m + pass->panel - 1) / pass->panel);
    CHECK(pass->chunk == cases[k].chunk / tile * tile && pass->chunk > 0);
    /* The greatest of 512 strips, 16 apart; the points; a strip; beyond 768 dimensions sums of up to 8 strips. */
    const int64_t parts = (d + 767) / 768, depth = (d + parts - 1) / parts;
    int64_t block = 65536 / (pass->strip * depth), room = pass->chunk * (512 + 16 + d) + pass->strip + 64;
    block = block < 1 ? 1 : block > 8 ? 8 : block;
    if (parts > 1) room += pass->chunk * block * pass->strip;
    CHECK(pass->score_count == room);
    crow_nearest_destroy(&nearest);
  }
  free(rows);
}

/* ---- draws of signs ------------------------------------------------------------------------------------------- */

static int compare_doubles(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double length_of(const double *v, int64_t n) {
  double square = 0;
  for (int64_t k = 0; k < n; k++) square += v[k] * v[k];
  return sqrt(square);
}

/* Of contexts y about the centre c: a = B'(y - c), scaled so that the median of |a| is from 1 to 2, and -|y - c|^2 / 2
 * less the median of these. Sizes are rounded up by a millionth. */
static void contexts_of_draws_are_prepared(void) {
  enum { M = 201, WIDE = 10, BLOCKS = 2, SIZE = 10 };
  double rows[M * WIDE], lower[WIDE], upper[WIDE], energy[WIDE] = {0}, room[4 * WIDE];
  static double a[M * SIZE], norm[M], half[M], sorted[M];
  crow_random_uniform(37, CROW_STREAM_TEST, 0, rows, M * WIDE);
  for (int k = 0; k < WIDE; k++) {
    lower[k] = -k;
    upper[k] = 8 + k;
  }
  for (int i = 0; i < M * WIDE; i++) rows[i] *= 5;
  const crow_space space = {.kind = CROW_SPACE_BOX, .seed = 3, .dimensions = WIDE, .lower = lower, .upper = upper};
  const crow_nearest_options options = {.engine = CROW_NEAREST_AUTO, .precision = CROW_SINGLE, .threads = 2};
  crow_signs *signs = NULL;
  crow_sign_search *search = NULL;
  CHECK_OK(crow_signs_create(&space, BLOCKS, energy, &signs));
  CHECK_OK(crow_sign_search_create(&options, rows, CROW_DOUBLE, M, WIDE, NULL, signs, &search));
  double reach = 0;
  for (int i = 0; i < M; i++) {
    double v[WIDE];
    for (int k = 0; k < WIDE; k++) v[k] = rows[i * WIDE + k] - crow_signs_centre(signs)[k];
    const double length = length_of(v, WIDE);
    reach = fmax(reach, length);
    half[i] = -length * length / 2;
    crow_signs_adjoint(signs, 1, v, room, a + i * SIZE);
    norm[i] = length_of(a + i * SIZE, SIZE);
  }
  memcpy(sorted, norm, sizeof norm);
  qsort(sorted, M, sizeof *sorted, compare_doubles);
  const double scale = search->scale;
  CHECK(sorted[M / 2] * scale >= 1 - 1e-5 && sorted[M / 2] * scale < 2 && scale == ldexp(1, ilogb(scale)));
  memcpy(sorted, half, sizeof half);
  qsort(sorted, M, sizeof *sorted, compare_doubles);
  CHECK_NEAR(search->middle, sorted[M / 2], 1e-12);
  CHECK(search->reach >= reach && search->reach <= reach * (1 + 2e-6));
  const double far = length_of(crow_signs_centre(signs), WIDE);
  CHECK(search->far >= far && search->far <= far * (1 + 2e-6));
  CHECK(search->blocks == BLOCKS && search->length == 5 && search->size == SIZE && search->rows == 4);
  const int64_t lanes = search->lanes, bytes = SIZE * lanes * 4;
  CHECK(search->panels == (M + lanes - 1) / lanes && search->keeps && search->batch == 32);
  CHECK(search->stretch == (512 * 1024 / bytes < search->panels ? 512 * 1024 / bytes : search->panels));
  CHECK(crow_sign_search_block(search) == 64 && crow_sign_search_pays(search));
  /* Roundings in a row: of a block's products, their transform, and ten more. */
  const double n = 5 + 1 + 10, gamma = n * 0x1p-24 / (1 - n * 0x1p-24);
  for (int64_t p = 0; p < search->panels; p++) {
    double radius = 0, spread = 0;
    int64_t wrong = 0;
    for (int64_t lane = 0; lane < lanes; lane++) {
      const int64_t i = p * lanes + lane;
      const double offset = i < M ? (half[i] - search->middle) * scale : -INFINITY;
      if (i >= M) {
        wrong += search->offset[i] != -INFINITY;
        continue;
      }
      wrong += !(fabs((double)search->offset[i] - offset) <= 1e-6 * (1 + fabs(offset)));
      radius = fmax(radius, norm[i] * scale);
      spread = fmax(spread, fabs(offset));
      for (int64_t k = 0; k < SIZE; k++) {
        const double value = (double)search->prepared[(p * SIZE + k) * lanes + lane];
        wrong += !(fabs(value - a[i * SIZE + k] * scale) <= 1e-6 * norm[i] * scale);
      }
    }
    CHECK(wrong == 0);
    CHECK(search->radius[p] >= radius && search->radius[p] <= radius * (1 + 2e-6));
    CHECK_NEAR(search->spread[p], spread, 1e-9 * spread);
    /* The bound has these parts and a hundredth; what doubles round is far less. */
    CHECK(search->slope[p] >= 1.0099 * gamma * radius && search->slope[p] <= 1.0101 * gamma * radius);
    CHECK(search->intercept[p] >= 1.0099 * gamma * spread);
    CHECK(search->intercept[p] <= 1.0101 * gamma * spread + 1e-9);
    CHECK(crow_sign_bound(search, p, 3) == search->slope[p] * 3 + search->intercept[p]);
    /* And that is: roundings in a row, twice, times the root of the dimensions, of sizes in double. */
    const double exact = 0x1p-53 * (crow_signs_roundings(signs) + WIDE + 16) * 2 * sqrt(WIDE) * scale;
    const double of_draw = exact * 2 * crow_signs_norm(signs) * search->reach;
    const double of_rest = exact * (search->far * search->reach + search->reach * search->reach);
    CHECK_NEAR(search->slope[p] / 1.01 - gamma * search->radius[p], of_draw, 1e-3 * of_draw);
    CHECK_NEAR(search->intercept[p] / 1.01 - gamma * search->spread[p], of_rest, 1e-3 * of_rest);
  }
  crow_sign_search_destroy(&search);
  CHECK(search == NULL);
  crow_signs_destroy(&signs);
}

/* ---- results -------------------------------------------------------------------------------------------------- */

static void winners_grow(void) {
  crow_nearest_winners winners = {0};
  int64_t next = 0, wrong = 0;
  for (int64_t size = 0; size < 60; size++) {
    int64_t index[60];
    for (int64_t k = 0; k < size; k++) index[k] = next++;
    CHECK_OK(crow_nearest_winners_add(&winners, index, size));
    CHECK(winners.count == next && winners.capacity >= next);
  }
  for (int64_t k = 0; k < next; k++) wrong += winners.index[k] != k;
  CHECK(wrong == 0);
  CHECK(winners.capacity < 4 * next);
  crow_free(winners.index);
}

/* Five points in chunks of two; numbers of distinct contexts become all their rows. */
static void chunks_are_put_together(void) {
  int64_t index[3][3] = {{1, 0, 2}, {2}, {0}}, row[3] = {0, 1, 3}, begin[4] = {0, 2, 3, 5}, member[5] = {0, 4, 1, 2, 3};
  const crow_nearest_winners winners[3] = {
      {.index = index[0], .count = 3}, {.index = index[1], .count = 1}, {.index = index[2], .count = 1}};
  const crow_nearest_distinct plain = {.count = 3}, groups = {.count = 3, .row = row, .begin = begin, .member = member};
  static const int64_t counts[5] = {1, 2, 1, 0, 1};
  crow_nearest_result result = {0};
  for (int repeated = 0; repeated <= 1; repeated++) {
    static const int64_t expected[2][9] = {{1, 0, 2, 2, 0}, {1, 0, 2, 3, 4, 2, 3, 0, 4}};
    static const int64_t ends[2][6] = {{0, 1, 3, 4, 4, 5}, {0, 1, 5, 7, 7, 9}};
    CHECK_OK(crow_nearest_result_reserve(&result, 5));
    CHECK(result.count == 0 && result.point_capacity >= 5);
    memcpy(result.tie_begin + 1, counts, sizeof counts);
    CHECK_OK(crow_nearest_result_fill(&result, repeated ? &groups : &plain, 5, 2, winners, 3));
    CHECK(result.count == 5 && memcmp(result.tie_begin, ends[repeated], sizeof ends[0]) == 0);
    CHECK(memcmp(result.index, expected[repeated], (size_t)ends[repeated][5] * sizeof(int64_t)) == 0);
    CHECK(result.index_capacity == ends[repeated][5] + ends[repeated][5] / 4);
  }
  crow_nearest_result_free(&result);
  CHECK(!result.index && !result.tie_begin && result.index_capacity == 0);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {{"equal rows are grouped", equal_rows_are_grouped},
                                    {"a tree halves the widest side", a_tree_halves_the_widest_side},
                                    {"a tree takes points in chunks", a_tree_takes_points_in_chunks},
                                    {"a frame is by middles and medians", a_frame_is_by_middles_and_medians},
                                    {"rows are converted", rows_are_converted},
                                    {"products are taken in tiles", products_are_taken_in_tiles},
                                    {"fused blocks have their shape", fused_blocks_have_their_shape},
                                    {"contexts of draws are prepared", contexts_of_draws_are_prepared},
                                    {"winners grow", winners_grow},
                                    {"chunks are put together", chunks_are_put_together},
                                    {NULL, NULL}};
  return crow_test_main(argc, argv, "parts of searches", tests, false);
}
