/* SPDX-License-Identifier: Apache-2.0 */
/* How much a search does: nothing of it changes what is found, and only looking at the work itself shows it. */
#include "harness.h"

#include "nearest/pass_impl.h"
#include "space/space_impl.h"

#include <stdlib.h>

static double *uniform_rows(uint64_t stream, int64_t count, int64_t d, double offset) {
  double *rows = malloc(sizeof *rows * (size_t)(count * d));
  for (int64_t i = 0; i < count; i++) {
    crow_random_uniform(41 + stream, CROW_STREAM_TEST, (uint64_t)i, rows + i * d, d);
    for (int64_t k = 0; k < d; k++) rows[i * d + k] = rint(rows[i * d + k] * 0x1p20) * 0x1p-20 + offset;
  }
  return rows;
}

static crow_nearest *search_of(crow_nearest_engine engine, const double *rows, int64_t m, int64_t d) {
  const crow_nearest_options options = {.engine = (int)engine, .precision = CROW_SINGLE, .threads = 1};
  crow_nearest *nearest = NULL;
  CHECK_OK(crow_nearest_create(&options, rows, CROW_DOUBLE, m, d, NULL, 0, &nearest));
  return nearest;
}

/* The pass's coordinates are about 1 wherever the contexts lie, and an outlier does not matter. */
static void a_frame_is_of_the_size_of_the_contexts(void) {
  enum { COUNT = 301, WIDTH = 5 };
  static const double offsets[] = {0, 1024, -0x1p30}, sizes[] = {1, 0x1p-40, 0x1p60};
  for (int o = 0; o < 3; o++) {
    for (int s = 0; s < 3; s++) {
      double *rows = uniform_rows(0, COUNT, WIDTH, offsets[o]);
      for (int i = 0; i < COUNT * WIDTH; i++) rows[i] *= sizes[s];
      for (int k = 0; k < WIDTH; k++) rows[7 * WIDTH + k] = 0x1p100;
      crow_nearest *nearest = search_of(CROW_NEAREST_GEMM, rows, COUNT, WIDTH);
      crow_frame frame;
      CHECK_OK(crow_frame_create(nearest, CROW_SINGLE, &frame));
      /* The largest of five uniform coordinates about their middle is 0.44 of their range, by the median. */
      CHECK(frame.scale * sizes[s] >= .5 && frame.scale * sizes[s] <= 2);
      for (int k = 0; k < WIDTH; k++) CHECK_NEAR(frame.centre[k] / sizes[s], offsets[o] + .5, .1);
      crow_frame_free(&frame);
      crow_nearest_destroy(&nearest);
      free(rows);
    }
  }
}

/* Ties are collected from the boxes that can hold them: points on edges between contexts of a lattice, all of them
 * tied, take a small part of the time that looking at every context does. A search of all boxes would take longer than
 * that. */
static void a_tree_looks_for_ties_where_they_can_be(void) {
  enum { N = 40, M = N * N * N, POINTS = 100 };
  double *rows = malloc(sizeof *rows * 3 * M), *points = uniform_rows(1, POINTS, 3, 0);
  for (int64_t i = 0; i < M; i++) {
    rows[3 * i] = (double)(i % N);
    rows[3 * i + 1] = (double)(i / N % N);
    rows[3 * i + 2] = (double)(i / N / N);
  }
  for (int i = 0; i < 3 * POINTS; i++) points[i] = floor(points[i] * (N - 1)) + (i % 3 ? .5 : 0);
  crow_nearest *nearest = search_of(CROW_NEAREST_TREE, rows, M, 3);
  crow_nearest_result result = {0};
  double search_s = INFINITY, all_s = INFINITY, least = INFINITY;
  for (int repeat = 0; repeat < 3; repeat++) {
    double begin = crow_time_cpu_s();
    CHECK_OK(crow_nearest_search(nearest, points, POINTS, &result));
    search_s = fmin(search_s, crow_time_cpu_s() - begin);
    begin = crow_time_cpu_s();
    for (int64_t i = 0; i < POINTS; i++) {
      for (int64_t j = 0; j < M; j++)
        least = fmin(least, crow_nearest_distance(points + 3 * i, rows + 3 * j, CROW_DOUBLE, 3));
    }
    all_s = fmin(all_s, crow_time_cpu_s() - begin);
  }
  CHECK(least == .5 && result.tie_begin[POINTS] == 4 * POINTS);
  CHECK(search_s < all_s / 4);
  crow_nearest_result_free(&result);
  crow_nearest_destroy(&nearest);
  free(rows);
  free(points);
}

/* Draws of signs are decided in single precision too, whatever the contexts' unit: of a sphere's points, few are too
 * close to tell. */
static void few_points_of_draws_are_decided_again(void) {
  enum { COUNT = 400, WIDTH = 32, DRAWS = 64, BLOCKS = 4 };
  static const double units[] = {1, 0x1p-400, 0x1p-20};
  for (int u = 0; u < 3; u++) {
    double *rows = uniform_rows(3, COUNT, WIDTH, -.5);
    for (int i = 0; i < COUNT * WIDTH; i++) rows[i] *= units[u];
    const crow_space space = {.kind = CROW_SPACE_SPHERE, .seed = 3, .dimensions = WIDTH};
    const crow_nearest_options options = {.engine = CROW_NEAREST_AUTO, .precision = CROW_SINGLE, .threads = 1};
    crow_signs *signs = NULL;
    crow_sign_search *search = NULL;
    crow_nearest_result result = {0};
    int64_t searched = 0, again = 0;
    CHECK_OK(crow_signs_create(&space, BLOCKS, NULL, &signs));
    CHECK_OK(crow_sign_search_create(&options, rows, CROW_DOUBLE, COUNT, WIDTH, NULL, signs, &search));
    CHECK_OK(crow_sign_search_take(search, 0, DRAWS, false, &result));
    crow_sign_search_statistics(search, &searched, &again);
    CHECK(searched == DRAWS * 2 * BLOCKS && result.count == searched);
    CHECK(again <= searched / 10);
    crow_nearest_result_free(&result);
    crow_sign_search_destroy(&search);
    crow_signs_destroy(&signs);
    free(rows);
  }
}

/* Nor where the contexts span a part of the dimensions, in whose coordinates they are given. */
static void few_points_of_draws_are_decided_again_in_a_hull(void) {
  enum { COUNT = 400, WIDTH = 96, SPAN = 24, DRAWS = 64, BLOCKS = 4 };
  double *basis = uniform_rows(7, SPAN, WIDTH, -.5), *at = uniform_rows(8, COUNT, SPAN, -.5);
  double *rows = calloc((size_t)(COUNT * WIDTH), sizeof *rows), *moved = malloc(sizeof *moved * COUNT * SPAN);
  for (int i = 0; i < COUNT; i++) {
    for (int j = 0; j < SPAN; j++) {
      for (int k = 0; k < WIDTH; k++) rows[i * WIDTH + k] += at[i * SPAN + j] * basis[j * WIDTH + k] / 8;
    }
  }
  const crow_space space = {.kind = CROW_SPACE_SPHERE, .seed = 3, .dimensions = WIDTH};
  const crow_nearest_options options = {.engine = CROW_NEAREST_AUTO, .precision = CROW_SINGLE, .threads = 1};
  crow_hull hull = {0};
  crow_signs *signs = NULL;
  crow_sign_search *search = NULL;
  crow_nearest_result result = {0};
  int64_t searched = 0, again = 0;
  CHECK_OK(crow_hull_create(rows, COUNT, WIDTH, WIDTH - 1, &hull));
  CHECK(hull.k == SPAN);
  crow_hull_project(&hull, rows, CROW_DOUBLE, COUNT, moved);
  CHECK_OK(crow_signs_create(&space, BLOCKS, NULL, &signs));
  CHECK_OK(crow_sign_search_create(&options, moved, CROW_DOUBLE, COUNT, WIDTH, &hull, signs, &search));
  CHECK_OK(crow_sign_search_take(search, 0, DRAWS, NULL, &result));
  crow_sign_search_statistics(search, &searched, &again);
  CHECK(searched == DRAWS * 2 * BLOCKS);
  CHECK(again <= searched / 5);
  crow_nearest_result_free(&result);
  crow_sign_search_destroy(&search);
  crow_signs_destroy(&signs);
  crow_hull_free(&hull);
  free(rows);
  free(moved);
  free(basis);
  free(at);
}

/* More ties than are kept aside, for more points than are taken at once, again and again: nothing of one chunk is left
 * in the next. */
static void crowded_points_in_many_chunks(void) {
  enum { WIDTH = 6, COUNT = 1 << WIDTH, POINTS = 4000 };
  static double rows[COUNT * WIDTH], points[POINTS * WIDTH];
  for (int i = 0; i < COUNT * WIDTH; i++) rows[i] = i / WIDTH >> i % WIDTH & 1;
  for (int i = 0; i < POINTS * WIDTH; i++) points[i] = i / WIDTH % 3 == 2 && i % WIDTH < 3 ? .25 : .5;
  static const crow_nearest_engine engines[] = {CROW_NEAREST_GEMM, CROW_NEAREST_FUSED, CROW_NEAREST_TREE};
  for (int e = 0; e < 3; e++) {
    crow_nearest *nearest = search_of(engines[e], rows, COUNT, WIDTH);
    crow_nearest_result result = {0};
    for (int turn = 0; turn < 2; turn++) {
      CHECK_OK(crow_nearest_search(nearest, points, POINTS, &result));
      int64_t wrong = 0;
      for (int64_t i = 0; i < POINTS; i++) {
        /* Every third point has three coordinates that tell: 8 corners are nearest to it, else all 64. */
        const int64_t ties = i % 3 == 2 ? 8 : 64, first = result.tie_begin[i];
        wrong += result.tie_begin[i + 1] - first != ties;
        for (int64_t k = 0; k < ties && result.tie_begin[i + 1] - first == ties; k++)
          wrong += result.index[first + k] != (ties == 64 ? k : 8 * k);
      }
      CHECK(wrong == 0);
    }
    crow_nearest_result_free(&result);
    crow_nearest_destroy(&nearest);
  }
}

/* The room of a result is kept for the next search, if that fits. */
static void room_is_kept(void) {
  enum { COUNT = 50, WIDTH = 2, POINTS = 200 };
  double *rows = uniform_rows(5, COUNT, WIDTH, 0), *points = uniform_rows(6, POINTS, WIDTH, 0);
  crow_nearest *nearest = search_of(CROW_NEAREST_FUSED, rows, COUNT, WIDTH);
  crow_nearest_result result = {0};
  CHECK_OK(crow_nearest_search(nearest, points, POINTS, &result));
  const crow_nearest_result before = result;
  CHECK(before.point_capacity >= POINTS && before.index_capacity >= POINTS);
  for (int64_t points_now = 1; points_now <= POINTS; points_now += 199) {
    CHECK_OK(crow_nearest_search(nearest, points, points_now, &result));
    CHECK(result.index == before.index && result.index_capacity == before.index_capacity);
    CHECK(result.distance == before.distance && result.point_capacity == before.point_capacity);
  }
  crow_nearest_result_free(&result);
  crow_nearest_destroy(&nearest);
  free(rows);
  free(points);
}

static char choice[512];
static void take_choice(crow_log_level level, const char *line, void *context) {
  (void)level;
  (void)context;
  if (strstr(line, "measured microseconds")) (void)snprintf(choice, sizeof choice, "%s", line);
}

/* What cannot win is not even tried: products in few dimensions, a tree in many, nothing but the product beyond. */
static void engines_that_cannot_win_are_not_measured(void) {
  static const struct {
    int64_t d;
    bool gemm, fused, tree;
  } cases[] = {{2, false, true, true},    {15, false, true, true},    {16, true, true, true},
               {24, true, true, true},    {25, true, true, false},    {200, true, true, false},
               {1024, true, true, false}, {1025, false, false, false}};
  crow_log_set(take_choice, NULL);
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    double *rows = uniform_rows(2, 40, cases[c].d, 0);
    choice[0] = 0;
    crow_nearest *nearest = search_of(CROW_NEAREST_AUTO, rows, 40, cases[c].d);
    const char *measured = strstr(choice, "points: ") ? strstr(choice, "points: ") : strstr(choice, "(measured");
    CHECK((measured != NULL) == cases[c].fused);
    CHECK((measured && strstr(measured, "gemm ")) == cases[c].gemm);
    CHECK((measured && strstr(measured, "fused ")) == cases[c].fused);
    CHECK((measured && strstr(measured, "tree ")) == cases[c].tree);
    if (!measured) CHECK(crow_nearest_engine_used(nearest) == CROW_NEAREST_GEMM);
    crow_nearest_destroy(&nearest);
    free(rows);
  }
  crow_log_set(NULL, NULL);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"a frame is of the size of the contexts", a_frame_is_of_the_size_of_the_contexts},
      {"a tree looks for ties where they can be", a_tree_looks_for_ties_where_they_can_be},
      {"few points of draws are decided again", few_points_of_draws_are_decided_again},
      {"... nor in a hull", few_points_of_draws_are_decided_again_in_a_hull},
      {"crowded points in many chunks", crowded_points_in_many_chunks},
      {"room is kept", room_is_kept},
      {"engines that cannot win are not measured", engines_that_cannot_win_are_not_measured},
      {NULL, NULL}};
  return crow_test_main(argc, argv, "amount of a search", tests, false);
}
