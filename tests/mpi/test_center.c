/* SPDX-License-Identifier: Apache-2.0 */
/* Which space --space auto takes, and the weighted mean of a sphere: a fixed point, the same on any ranks and grid. */
#include "fixture.h"

/* ---- auto ------------------------------------------------------------------------------------------------------- */

static crow_space_choice choose(int64_t m, int64_t d, const double *context, const char *space, const char *center) {
  crow_space_choice choice = {0};
  crow_dataset dataset = {0};
  const crow_space_options options = {space, 0, 1, center};
  const test_dataset made = {.m = m, .d = d, .context = context};
  test_dataset_write(test_comm, test_path("choose.h5"), &made);
  CHECK_OK(crow_dataset_open(test_comm, test_path("choose.h5"), false, &dataset));
  CHECK_OK(crow_space_choose(test_comm, &options, &dataset, &choice));
  crow_dataset_close(&dataset);
  return choice;
}

static void expect_choice(int64_t m, int64_t d, const double *context, const char *space, const char *center,
                          const char *reason) {
  const crow_space_choice c = choose(m, d, context, "auto", NULL);
  CHECK(strcmp(c.space, space) == 0 && strcmp(c.center, center) == 0);
  CHECK(strcmp(c.reason, reason) == 0);
}

static void auto_takes_what_suits_the_contexts(void) {
  const double line[] = {0, .5, 1}, beyond[] = {0, .5, 1.001}, below[] = {-1e-9, .5, 1};
  expect_choice(3, 1, line, "cube", "", "one or two dimensions, and the cube holds all contexts");
  expect_choice(3, 1, beyond, "box", "", "one or two dimensions, and the unit cube does not hold all contexts");
  expect_choice(3, 1, below, "box", "", "one or two dimensions, and the unit cube does not hold all contexts");
  /* In the plane unit length counts for nothing: both are exact. */
  const double square[] = {0, 1, 1, 0}, circle[] = {.6, -.8, -1, 0};
  expect_choice(2, 2, square, "cube", "", "one or two dimensions, and the cube holds all contexts");
  expect_choice(2, 2, circle, "box", "", "one or two dimensions, and the unit cube does not hold all contexts");
  /* Unit length comes before the cube, within 1 % and not beyond. */
  const double unit[] = {1, 0, 0, 0, .6, .8}, nearly[] = {.991, 0, 0, 0, .6, .8}, shorter[] = {.98, 0, 0, 0, .6, .8},
               longer[] = {1.02, 0, 0, 0, .6, .8}, slightly[] = {1.009, 0, 0, 0, -.6, .8};
  expect_choice(2, 3, unit, "sphere", "weighted", "contexts have unit length");
  expect_choice(2, 3, nearly, "sphere", "weighted", "contexts have unit length");
  expect_choice(2, 3, slightly, "sphere", "weighted", "contexts have unit length");
  expect_choice(2, 3, shorter, "cube", "", "the cube holds all contexts");
  expect_choice(2, 3, longer, "box", "", "fewer than 16 dimensions, and the unit cube does not hold all contexts");
  /* From 16 dimensions on there is no other. */
  const double many[2 * 16] = {.5, .25, .75}, fewer[2 * 15] = {.5, .25, .75}, fewer_beyond[2 * 15] = {2, .25, .75};
  expect_choice(2, 16, many, "sphere", "weighted", "contexts have 16 dimensions or more");
  expect_choice(2, 15, fewer, "cube", "", "the cube holds all contexts");
  expect_choice(2, 15, fewer_beyond, "box", "",
                "fewer than 16 dimensions, and the unit cube does not hold all contexts");
}

static void what_is_asked_for_is_taken(void) {
  const double unit[] = {1, 0, 0, 0, .6, -.8};
  const crow_space_choice cube = choose(2, 3, unit, "cube", NULL), none = choose(2, 3, unit, "auto", "none"),
                          sphere = choose(2, 3, unit, "sphere", NULL);
  CHECK(strcmp(cube.space, "cube") == 0 && !*cube.reason && cube.outside == 1);
  CHECK(strcmp(none.space, "sphere") == 0 && strcmp(none.center, "none") == 0);
  CHECK(strcmp(sphere.center, "weighted") == 0 && !*sphere.reason);
}

/* ---- the weighted mean ------------------------------------------------------------------------------------------ */

enum { M = 40, D = 6, N = 20000 };

/* Unit vectors around a common mean, a few of them much alike. */
static void draw_around(double *context) {
  for (int64_t i = 0; i < M; i++) {
    double *row = context + i * D, square = 0;
    crow_random_normal(3, CROW_STREAM_TEST, (uint64_t)i, row, D);
    for (int64_t k = 0; k < D; k++) row[k] = (i < 10 ? .05 : 1) * row[k] + (k == 0 ? 1 : 0);
    for (int64_t k = 0; k < D; k++) square += row[k] * row[k];
    for (int64_t k = 0; k < D; k++) row[k] /= sqrt(square);
  }
}

typedef struct weighed {
  double value[M], center[D], change;
  int64_t rounds;
} weighed;

static weighed weigh_about(const crow_comm *comm, const double *context, const char *center, const char *grid) {
  weighed w = {.change = -1};
  crow_dataset dataset = {0};
  crow_weights weights = {0};
  crow_weights_options options;
  char path[600];
  const test_dataset made = {.m = M, .d = D, .context = context};
  (void)snprintf(path, sizeof path, "%s.%d", test_path("center.h5"),
                 comm == test_comm ? -1 : crow_comm_rank(test_comm));
  crow_weights_options_default(&options);
  options.samples = N;
  options.space.center = center;
  options.grid = grid;
  test_dataset_write(comm, path, &made);
  CHECK_OK(crow_dataset_open(comm, path, false, &dataset));
  CHECK_OK(crow_weights_compute(comm, &dataset, &options, &weights));
  CHECK(weights.space.dimensions == D && weights.space.center);
  double *whole = test_gather(comm, &weights.partition, weights.value);
  memcpy(w.value, whole, sizeof w.value);
  if (weights.space.center) memcpy(w.center, weights.space.center, sizeof w.center);
  w.rounds = weights.space.center_rounds;
  w.change = weights.space.center_change;
  crow_free(whole);
  crow_weights_free(&weights);
  crow_dataset_close(&dataset);
  return w;
}

/* |center - sum w y|. */
static double distance_from_mean(const double *context, const double *weight, const double *center) {
  double square = 0;
  for (int64_t k = 0; k < D; k++) {
    double mean = 0;
    for (int64_t i = 0; i < M; i++) mean += weight[i] * context[i * D + k];
    square += (center[k] - mean) * (center[k] - mean);
  }
  return sqrt(square);
}

/* The weights are made anew about the centre that was found, without the search for it. Contexts have length 1, so that
 * weights which change by less than 1e-4 in all move their mean by less. */
static void the_center_is_the_mean_of_its_own_weights(void) {
  static double context[M * D];
  char text[600];
  double equal[M];
  for (int64_t i = 0; i < M; i++) equal[i] = 1. / M;
  draw_around(context);
  const weighed w = weigh_about(test_comm, context, NULL, "auto");
  CHECK(w.rounds >= 2 && w.rounds < 30 && w.change >= 0 && w.change < 1e-4);
  const test_dataset file = {.m = 1, .d = D, .context = w.center};
  test_dataset_write(test_comm, test_path("found.h5"), &file);
  (void)snprintf(text, sizeof text, "%s:/alternatives/context", test_path("found.h5"));
  const weighed again = weigh_about(test_comm, context, text, "auto");
  CHECK(memcmp(again.value, w.value, sizeof w.value) == 0);
  CHECK(again.rounds == 0);
  CHECK_NEAR(distance_from_mean(context, again.value, w.center), 0, 1e-4 + 1e-12);
  /* It is not where the search began. */
  CHECK(distance_from_mean(context, equal, w.center) > .01);
}

static void any_ranks_and_grid_find_the_same_bits(void) {
  static double context[M * D];
  char grid[2][32];
  crow_comm *alone = test_comm_alone();
  const int ranks = crow_comm_size(test_comm);
  draw_around(context);
  (void)snprintf(grid[0], sizeof grid[0], "1x%d", ranks);
  (void)snprintf(grid[1], sizeof grid[1], "%dx1", ranks);
  const weighed expected = weigh_about(alone, context, NULL, "auto");
  for (int g = 0; g < 2; g++) {
    const weighed w = weigh_about(test_comm, context, NULL, grid[g]);
    CHECK(memcmp(w.value, expected.value, sizeof w.value) == 0);
    CHECK(memcmp(w.center, expected.center, sizeof w.center) == 0);
    CHECK(w.rounds == expected.rounds && memcmp(&w.change, &expected.change, sizeof w.change) == 0);
  }
  crow_comm_destroy(&alone);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"auto takes what suits the contexts", auto_takes_what_suits_the_contexts},
      {"what is asked for is taken", what_is_asked_for_is_taken},
      {"the centre is the mean of its own weights", the_center_is_the_mean_of_its_own_weights},
      {"any ranks and grid find the same bits", any_ranks_and_grid_find_the_same_bits},
      {NULL, NULL},
  };
  return crow_test_main(argc, argv, "center", tests, true);
}
