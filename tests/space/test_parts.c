/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of spaces by their definitions: samples one by one, random orders, intervals, flats, words, which space is
 * taken, what is refused, and memory. */
#include "fixture.h"

#include "space/flat_impl.h"
#include "space/space_impl.h"

#include <stdlib.h>

/* ---- samples -------------------------------------------------------------------------------------------------- */

enum { D = 3, SEED = 9 };

/* Sample `index` of each kind from the numbers of the stream. */
static void define_sample(const crow_space *space, uint64_t index, double *point) {
  double uniform[D], normal[D], square = 0, greatest = 0;
  crow_random_uniform(SEED, CROW_STREAM_SAMPLE, index, uniform, D);
  crow_random_normal(SEED, CROW_STREAM_SAMPLE, index, normal, D);
  for (int k = 0; k < D; k++) square += normal[k] * normal[k];
  if (space->kind == CROW_SPACE_BALL) {
    double others[D];
    crow_random_uniform(~(uint64_t)SEED, CROW_STREAM_SAMPLE, index, others, D);
    for (int k = 0; k < D; k++) greatest = fmax(greatest, others[k]);
  }
  for (int k = 0; k < D; k++) {
    if (space->kind == CROW_SPACE_CUBE) point[k] = uniform[k];
    if (space->kind == CROW_SPACE_BOX) point[k] = space->lower[k] + uniform[k] * (space->upper[k] - space->lower[k]);
    if (space->kind == CROW_SPACE_SPHERE) point[k] = normal[k] / sqrt(square);
    if (space->kind == CROW_SPACE_BALL) point[k] = space->mean[k] + normal[k] / sqrt(square) * space->radius * greatest;
    if (space->kind != CROW_SPACE_GAUSSIAN) continue;
    point[k] = space->mean[k];
    for (int j = 0; j < D; j++) point[k] += space->factor[k * D + j] * normal[j];
  }
}

static void samples_are_those_of_the_stream(void) {
  static const crow_space_kind kinds[] = {CROW_SPACE_CUBE, CROW_SPACE_BOX, CROW_SPACE_SPHERE, CROW_SPACE_BALL,
                                          CROW_SPACE_GAUSSIAN};
  double lower[D] = {-1, 0, 5}, upper[D] = {1, .5, 105}, mean[D] = {1, -2, 3};
  double factor[D * D] = {1, 2, 3, 0, .5, -1, 4, 0, 0};
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
    const crow_space space = {.kind = kinds[k],
                              .seed = SEED,
                              .dimensions = D,
                              .lower = lower,
                              .upper = upper,
                              .mean = mean,
                              .radius = 2.5,
                              .factor = factor};
    double points[7 * D], expected[D];
    CHECK_OK(crow_space_sample(&space, 1000, 7, 5000, points));
    for (uint64_t i = 0; i < 7; i++) {
      define_sample(&space, 1000 + i, expected);
      for (uint64_t c = 0; c < D; c++) CHECK_NEAR(points[i * D + c], expected[c], 1e-13 * (1 + fabs(expected[c])));
    }
    CHECK_OK(crow_space_sample(&space, 0, 0, 5000, points));
  }
}

/* Two intervals of the first coordinate and three of the second: a uniform number goes along their lengths. */
static void samples_of_intervals_go_along_them(void) {
  int64_t first[3] = {0, 2, 5};
  double lower[5] = {1, 5, -8, 0, 10}, upper[5] = {2, 8, -4, 1, 11}, before[5] = {0, 1, 0, 4, 5}, total[2] = {4, 6};
  const crow_space space = {
      .kind = CROW_SPACE_FACTOR2, .seed = SEED, .dimensions = 2, .intervals = {first, lower, upper, before, total}};
  enum { N = 200 };
  double points[2 * N];
  CHECK_OK(crow_space_sample(&space, 0, N, N, points));
  for (uint64_t i = 0; i < N; i++) {
    double u[2];
    crow_random_uniform(SEED, CROW_STREAM_SAMPLE, i, u, 2);
    for (uint64_t k = 0; k < 2; k++) {
      double left = u[k] * total[k];
      int64_t at = first[k];
      while (left >= upper[at] - lower[at]) left -= upper[at] - lower[at], at++;
      CHECK_NEAR(points[2 * i + k], lower[at] + left, 1e-12);
    }
  }
}

/* Of every number of rows a permutation; of three all six orders alike, of 600 seeds each 100 times. */
static void rows_come_in_a_random_order(void) {
  static const crow_gidx rows[] = {1, 2, 3, 4, 5, 15, 16, 17, 63, 64, 65, 1000};
  for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
    bool seen[1000] = {false};
    int64_t moved = 0;
    for (crow_gidx i = 0; i < rows[r]; i++) {
      const crow_gidx at = crow_space_permuted(SEED, rows[r], i);
      CHECK(at >= 0 && at < rows[r] && !seen[at]);
      seen[at] = true;
      moved += at != i;
    }
    if (rows[r] > 15) CHECK(moved > rows[r] / 2);
  }
  int count[27] = {0};
  for (uint64_t seed = 0; seed < 600; seed++) {
    crow_gidx order = 0;
    for (crow_gidx i = 0; i < 3; i++) order = 3 * order + crow_space_permuted(seed, 3, i);
    count[order]++;
  }
  for (int order = 0; order < 27; order++) CHECK(count[order] == 0 || fabs(count[order] - 100.) < 50);
}

/* ---- intervals and flats -------------------------------------------------------------------------------------- */

static crow_dataset dataset_of(int64_t m, int64_t d, const double *context) {
  crow_dataset dataset = {0};
  test_dataset_write(test_comm, test_path("space.h5"), &(test_dataset){.m = m, .d = d, .context = context});
  CHECK_OK(crow_dataset_open(test_comm, test_path("space.h5"), true, &dataset));
  return dataset;
}

/* By hand: 1 and 4 touch at 2, 17 stands apart; -8, and 0, which has no length, and 3. */
static void intervals_are_united(void) {
  const double context[] = {4, -8, 17, 0, 1, 3, 1, 0};
  static const double lower[] = {.5, 8.5, -16, 0, 1.5}, upper[] = {8, 34, -4, 0, 6}, before[] = {0, 7.5, 0, 12, 12};
  crow_dataset dataset = dataset_of(4, 2, context);
  crow_intervals found = {0};
  CHECK_OK(crow_space_find_intervals(test_comm, &dataset, &found));
  CHECK(found.first[0] == 0 && found.first[1] == 2 && found.first[2] == 5);
  for (int i = 0; i < 5; i++) {
    CHECK(found.lower[i] == lower[i] && found.upper[i] == upper[i] && found.length_before[i] == before[i]);
  }
  CHECK(found.total[0] == 33 && found.total[1] == 16.5);
  crow_intervals_free(&found);
  CHECK(!found.first && !found.total);
  crow_dataset_close(&dataset);
}

/* Two coordinates of three: directions are shifted by where the middle falls, normal numbers go through the factor's
 * columns that are not empty. */
static void flats_are_what_is_left_of_a_space(void) {
  enum { K = 2, STRIDE = 4, N = 5 };
  const double basis[D * STRIDE] = {0, 1, 9, 9, 1, 0, 9, 9, 0, 0, 9, 9}, origin[D] = {10, 20, 30};
  double mean[D] = {11, 23, 30}, factor[D * D] = {1, 0, 2, 3, 0, 4, 5, 0, 6};
  for (int normal = 0; normal <= 1; normal++) {
    const crow_space space = {.kind = normal ? CROW_SPACE_GAUSSIAN : CROW_SPACE_SPHERE,
                              .seed = SEED,
                              .dimensions = D,
                              .mean = normal ? mean : NULL,
                              .factor = normal ? factor : NULL};
    crow_flat flat = {0};
    double points[N * K];
    CHECK(crow_flat_fits(&space));
    CHECK_OK(crow_flat_create(&space, K, origin, basis, STRIDE, &flat));
    CHECK(flat.k == K && flat.normals == 2);
    CHECK_OK(crow_flat_sample(&space, &flat, 40, N, points));
    for (uint64_t i = 0; i < N; i++) {
      double z[2];
      crow_random_normal(SEED, CROW_STREAM_SAMPLE, 40 + i, z, 2);
      const double length = hypot(z[0], z[1]);
      const double expected[K] = {normal ? 3 + 3 * z[0] + 4 * z[1] : z[0] / length - 20,
                                  normal ? 1 + z[0] + 2 * z[1] : z[1] / length - 10};
      for (uint64_t k = 0; k < K; k++) CHECK_NEAR(points[i * K + k], expected[k], 1e-13);
    }
    crow_flat_free(&flat);
    CHECK(!flat.shift && flat.k == 0);
  }
  const crow_space cube = {.kind = CROW_SPACE_CUBE}, ball = {.kind = CROW_SPACE_BALL};
  CHECK(!crow_flat_fits(&cube) && !crow_flat_fits(&ball));
}

static void columns_have_their_squares(void) {
  const double factor[D * D] = {1, 0, 2, 3, 0, 4, 5, 0, 6};
  double square[D] = {-1, -1, -1};
  CHECK(crow_space_factor_squares(factor, D, square) == 3 * 56 * 0x1p-52);
  CHECK(square[0] == 35 && square[1] == 0 && square[2] == 56);
}

/* Of a symmetric matrix by hand: 1 and 3 with (1, -1) and (1, 1). */
static void eigenvalues_ascend(void) {
  double matrix[] = {2, 1, 1, 2}, values[2];
  CHECK_OK(crow_space_eigen(2, matrix, values));
  CHECK_NEAR(values[0], 1, 1e-14);
  CHECK_NEAR(values[1], 3, 1e-14);
  CHECK_NEAR(matrix[0], -matrix[1], 1e-14);
  CHECK_NEAR(matrix[2], matrix[3], 1e-14);
  CHECK_NEAR(matrix[0] * matrix[0] + matrix[1] * matrix[1], 1, 1e-14);
}

/* ---- words ---------------------------------------------------------------------------------------------------- */

static void words_are_parsed(void) {
  static const char *const words[] = {"cube", "box", "sphere", "ball", "gaussian", "factor2", "auto"};
  crow_space_text text;
  for (int k = 0; k < 7; k++) {
    CHECK_OK(crow_space_text_parse(words[k], &text));
    CHECK((int)text.kind == k && text.file[0] == 0 && text.path[0] == 0);
  }
  CHECK_OK(crow_space_text_parse("pool:C:a.h5:/x", &text));
  CHECK(text.kind == CROW_SPACE_POOL && strcmp(text.file, "C:a.h5") == 0 && strcmp(text.path, "/x") == 0);
  static const char *const wrong[] = {"pool:", "pool:a.h5", "pool::/x", "pool:a.h5:", "pool", "Cube", ""};
  for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
    CHECK_STATUS(crow_space_text_parse(wrong[k], &text), CROW_USAGE);
  }
  /* Names of 1023 and 255 bytes fit, longer ones do not. */
  static char longest[1500];
  for (int over = 0; over <= 2; over++) {
    const int file = 1023 + (over == 1), path = 255 + (over == 2);
    (void)snprintf(longest, sizeof longest, "pool:%0*d:%0*d", file, 1, path, 2);
    CHECK_STATUS(crow_space_text_parse(longest, &text), over ? CROW_USAGE : CROW_OK);
    if (!over) CHECK(strlen(text.file) == 1023 && strlen(text.path) == 255);
  }
}

static void centres_are_parsed(void) {
  crow_space_center_kind kind;
  crow_space_text text;
  CHECK_OK(crow_space_center_parse(NULL, &kind, &text));
  CHECK(kind == CROW_CENTER_WEIGHTED);
  CHECK_OK(crow_space_center_parse("weighted", &kind, &text));
  CHECK(kind == CROW_CENTER_WEIGHTED);
  CHECK_OK(crow_space_center_parse("none", &kind, &text));
  CHECK(kind == CROW_CENTER_NONE);
  CHECK_OK(crow_space_center_parse("a.h5:/center", &kind, &text));
  CHECK(kind == CROW_CENTER_FILE && strcmp(text.file, "a.h5") == 0 && strcmp(text.path, "/center") == 0);
  CHECK_STATUS(crow_space_center_parse("mean", &kind, &text), CROW_USAGE);
  for (int given = 0; given <= 1; given++) {
    CHECK_OK(crow_space_parse(&(crow_space_options){"sphere", 0, 1, given ? "none" : NULL}));
    CHECK_OK(crow_space_parse(&(crow_space_options){"auto", 0, 1, given ? "none" : NULL}));
    CHECK_STATUS(crow_space_parse(&(crow_space_options){"box", 0, 1, given ? "none" : NULL}),
                 given ? CROW_USAGE : CROW_OK);
    CHECK_STATUS(crow_space_parse(&(crow_space_options){"sphere", 0, 1, given ? "mean" : NULL}),
                 given ? CROW_USAGE : CROW_OK);
  }
}

/* ---- which space ---------------------------------------------------------------------------------------------- */

static char told[4096];
static void take_lines(crow_log_level level, const char *line, void *context) {
  (void)context;
  if (level == CROW_LOG_WARNING) (void)snprintf(told + strlen(told), sizeof told - strlen(told), "%s\n", line);
}

/* Three contexts of d dimensions: of the first coordinate these values, the others 0. */
static crow_space_choice choose(const char *space, const char *center, int64_t d, const double *first) {
  static double context[3 * 20];
  crow_space_choice choice;
  memset(context, 0, sizeof context);
  for (int64_t i = 0; i < 3; i++) context[i * d] = first[i];
  crow_dataset dataset = dataset_of(3, d, context);
  told[0] = 0;
  crow_log_set(take_lines, NULL);
  CHECK_OK(crow_space_choose(test_comm, &(crow_space_options){space, 0, 1, center}, &dataset, &choice));
  crow_log_set(NULL, NULL);
  crow_dataset_close(&dataset);
  return choice;
}

static void auto_takes_what_suits(void) {
  static const struct {
    int64_t d;
    double first[3];
    const char *space, *reason;
  } cases[] = {{1, {0, .5, 1}, "cube", "one or two dimensions, and the cube"},
               {2, {0, .5, 1}, "cube", "one or two dimensions, and the cube"},
               {2, {0, .5, 1.001}, "box", "one or two dimensions, and the unit cube does not"},
               {2, {-.001, .5, 1}, "box", "one or two dimensions"},
               {2, {1, 1, 1}, "cube", "one or two"},
               {3, {0, .5, 1}, "cube", "the cube holds all"},
               {15, {0, .5, 1}, "cube", "the cube holds all"},
               {15, {0, .5, 2}, "box", "fewer than 16"},
               {16, {0, .5, 1}, "sphere", "16 dimensions or more"},
               {3, {.9901, 1, 1.0099}, "sphere", "unit length"},
               {3, {.9901, 1, 1.011}, "box", "fewer than 16"},
               {3, {.9899, 1, 1}, "cube", "the cube holds all"},
               {3, {-1, 1, 1}, "sphere", "unit length"},
               {16, {-1, 1, 1}, "sphere", "unit length"}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    const crow_space_choice choice = choose("auto", NULL, cases[k].d, cases[k].first);
    CHECK(strcmp(choice.space, cases[k].space) == 0);
    CHECK(strstr(choice.reason, cases[k].reason) != NULL);
    CHECK(strcmp(choice.center, strcmp(choice.space, "sphere") == 0 ? "weighted" : "") == 0);
    CHECK(choice.outside == 0 && told[0] == 0);
  }
}

static void what_is_given_is_taken(void) {
  static const double far[] = {2, -.001, 1.5}, one[] = {0, 1, 1.001}, inside[] = {0, 1, .5};
  crow_space_choice choice = choose("cube", NULL, 3, far);
  CHECK(strcmp(choice.space, "cube") == 0 && choice.outside == 3 && choice.reason[0] == 0 && choice.center[0] == 0);
  CHECK(strstr(told, "holds none of the 3 contexts") != NULL);
  choice = choose("cube", NULL, 3, one);
  CHECK(choice.outside == 1 && strstr(told, "1 of 3 contexts lie outside the unit cube") != NULL);
  choice = choose("cube", NULL, 3, inside);
  CHECK(choice.outside == 0 && told[0] == 0);
  choice = choose("box", NULL, 3, far);
  CHECK(strcmp(choice.space, "box") == 0 && choice.outside == 0 && told[0] == 0);
  choice = choose("sphere", "none", 3, far);
  CHECK(strcmp(choice.space, "sphere") == 0 && strcmp(choice.center, "none") == 0);
  choice = choose("auto", "none", 3, far);
  CHECK(strcmp(choice.space, "box") == 0 && choice.center[0] == 0 && strstr(told, "--space-center has no effect"));
  choice = choose("auto", "none", 16, far);
  CHECK(strcmp(choice.space, "sphere") == 0 && strcmp(choice.center, "none") == 0 && told[0] == 0);
}

/* A space that is asked for as auto is the one that is taken. */
static void auto_makes_what_it_takes(void) {
  static const struct {
    int64_t d;
    double first[2];
    const char *description;
  } cases[] = {{2, {0, 1}, "unit cube in 2 dimensions"},
               {1, {0, 3}, "bounding box of the contexts in 1 dimension, margin 0"},
               {16, {0, 3}, "unit sphere about the weighted mean in 16 dimensions"}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    double context[2 * 16] = {0};
    for (int64_t i = 0; i < 2; i++) context[i * cases[k].d] = cases[k].first[i];
    crow_dataset dataset = dataset_of(2, cases[k].d, context);
    crow_space *space = NULL;
    CHECK_OK(crow_space_create(test_comm, &(crow_space_options){"auto", 0, 5, NULL}, &dataset, &space));
    CHECK(space && strcmp(crow_space_describe(space), cases[k].description) == 0);
    CHECK(space && space->seed == 5 && space->dimensions == cases[k].d);
    crow_space_destroy(&space);
    crow_dataset_close(&dataset);
  }
}

/* ---- what is refused ------------------------------------------------------------------------------------------ */

static void distances_have_a_range(void) {
  static const struct {
    double context[4];
    crow_status status;
    const char *message;
  } cases[] = {{{0, 0, 0x1p490, 0}, CROW_OK, ""},
               {{0, 0, 0, -0x1p490}, CROW_OK, ""},
               {{0, 0x1.0001p490, 0, 0x1p491}, CROW_BAD_INPUT, "/alternatives/context[0, 1]"},
               {{0, 0, -0x1.0001p490, 1}, CROW_BAD_INPUT, "/alternatives/context[1, 0]"},
               {{0, 0, 0, 0x1p-400}, CROW_OK, ""},
               {{0, 0, 0x1.fp-401, 0}, CROW_BAD_INPUT, "underflow"},
               {{1, 0x1p-450, 1, 0}, CROW_BAD_INPUT, "underflow"},
               {{7, 7, 7, 7}, CROW_OK, ""}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    crow_dataset dataset = dataset_of(2, 2, cases[k].context);
    CHECK_STATUS(crow_space_check_distances(test_comm, &dataset), cases[k].status);
    if (cases[k].status != CROW_OK) CHECK_MESSAGE(cases[k].message);
    crow_dataset_close(&dataset);
  }
}

/* ---- memory --------------------------------------------------------------------------------------------------- */

/* Two blocks of contexts; a covariance is a triangle of exact sums, the product of a block and the matrix. */
static void memory_is_reckoned(void) {
  const double sum = (double)sizeof(crow_exact_sum);
  for (double d = 1; d <= 1000; d *= 10) {
    const double blocks = 2 * 512 * 8 * d, covariance = d * (d + 1) / 2 * sum + 2 * 8 * d * d;
    const crow_gidx n = (crow_gidx)d;
    CHECK(crow_space_rank_bytes("cube", n) == blocks && crow_space_rank_bytes("ball", n) == blocks);
    CHECK(crow_space_rank_bytes("sphere", n) == blocks + (sum + 40) * d);
    CHECK(crow_space_rank_bytes("auto", n) == blocks + (sum + 40) * d);
    CHECK(crow_space_rank_bytes("gaussian", n) == blocks + covariance + 8 * d * d);
    for (double kept = 1; kept <= 2000; kept *= 4) {
      const double taken = fmin(kept, d);
      CHECK(crow_pca_rank_bytes(n, (crow_gidx)kept) ==
            (double)CROW_PROCESS_BYTES + covariance + 8 * taken * d + 512 * 8 * (d + d + taken));
    }
  }
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {{"samples are those of the stream", samples_are_those_of_the_stream},
                                    {"samples of intervals go along them", samples_of_intervals_go_along_them},
                                    {"rows come in a random order", rows_come_in_a_random_order},
                                    {"intervals are united", intervals_are_united},
                                    {"flats are what is left of a space", flats_are_what_is_left_of_a_space},
                                    {"columns have their squares", columns_have_their_squares},
                                    {"eigenvalues ascend", eigenvalues_ascend},
                                    {"words are parsed", words_are_parsed},
                                    {"centres are parsed", centres_are_parsed},
                                    {"auto takes what suits", auto_takes_what_suits},
                                    {"what is given is taken", what_is_given_is_taken},
                                    {"auto makes what it takes", auto_makes_what_it_takes},
                                    {"distances have a range", distances_have_a_range},
                                    {"memory is reckoned", memory_is_reckoned},
                                    {NULL, NULL}};
  return crow_test_main(argc, argv, "parts of spaces", tests, true);
}
