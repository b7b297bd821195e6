/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

static crow_weights_options defaults(int64_t samples) {
  crow_weights_options options;
  crow_weights_options_default(&options);
  options.samples = samples;
  options.draws = CROW_DRAWS_INDEPENDENT;
  options.space.space = "cube";
  options.nearest.engine = CROW_NEAREST_GEMM; /* sample also where exact weights are possible */
  return options;
}

/* Every sample is given away exactly once. */
static void check_sum(const test_weighed *c) {
  int64_t sum = 0;
  for (int64_t i = 0; i < c->weights.partition.global; i++) sum += c->hits[i];
  CHECK(sum == c->weights.samples * CROW_HIT_UNIT);
}

static void figure_one_and_two_within_four_standard_errors(void) {
  const double context[] = {0, 0, 1, 0, 1, 1, .9, 1};
  const double three[] = {.375, .25, .375}, four[] = {.34, .239875, .025, .395125};
  const crow_weights_options options = defaults(1000000);
  test_weighed c = test_weigh(test_comm, 3, 2, context, &options);
  for (int k = 0; k < 3; k++) {
    CHECK_NEAR(c.value[k], three[k], 4 * c.error[k]);
    CHECK_NEAR(c.error[k], sqrt(three[k] * (1 - three[k]) / 1e6), 1e-5);
  }
  check_sum(&c);
  test_weighed_free(&c);
  c = test_weigh(test_comm, 4, 2, context, &options);
  for (int k = 0; k < 4; k++) CHECK_NEAR(c.value[k], four[k], 4 * c.error[k]);
  check_sum(&c);
  CHECK(c.weights.zeros == 0);
  CHECK_NEAR(c.weights.effective, 1 / (.34 * .34 + .239875 * .239875 + .025 * .025 + .395125 * .395125), .02);
  test_weighed_free(&c);
}

static void figure_one_and_two_exactly(void) {
  const double context[] = {0, 0, 1, 0, 1, 1, .9, 1};
  const double three[] = {.375, .25, .375}, four[] = {.34, .239875, .025, .395125};
  for (int engine = CROW_NEAREST_AUTO; engine <= CROW_NEAREST_EXACT; engine += CROW_NEAREST_EXACT) {
    crow_weights_options options = defaults(100);
    options.nearest.engine = engine;
    for (int m = 3; m <= 4; m++) {
      test_weighed c = test_weigh(test_comm, m, 2, context, &options);
      for (int k = 0; k < m; k++) CHECK_NEAR(c.value[k], (m == 3 ? three : four)[k], 1e-12);
      for (int k = 0; k < m; k++) CHECK(c.error[k] == 0);
      CHECK(c.weights.samples == 0);
      test_weighed_free(&c);
    }
  }
}

static void exact_weights_are_refused_where_there_are_none(void) {
  const double context[] = {0, 0, 1, 0, 1, 1};
  const test_dataset t = {.m = 1, .d = 3, .context = context};
  crow_dataset dataset = {0};
  crow_weights weights;
  crow_weights_options options = defaults(10);
  options.nearest.engine = CROW_NEAREST_EXACT;
  test_dataset_write(test_comm, test_path("three.h5"), &t);
  CHECK_OK(crow_dataset_open(test_comm, test_path("three.h5"), true, &dataset));
  CHECK_STATUS(crow_weights_compute(test_comm, &dataset, &options, &weights), CROW_USAGE);
  CHECK_MESSAGE("one or two dimensions");
  crow_dataset_close(&dataset);
}

/* 700 alternatives in a plane of 40 dimensions, moved and turned: the search in two dimensions must count what the
 * search in all of them counts. With a box around them few samples lie near a border. */
static void projecting_onto_the_hull_changes_nothing(void) {
  enum { M = 700, D = 40 };
  static double context[M * D];
  for (uint64_t i = 0; i < M; i++) {
    double at[2], direction[D];
    crow_random_uniform(6, CROW_STREAM_TEST, i, at, 2);
    for (int k = 0; k < D; k++) context[i * D + (uint64_t)k] = 3;
    for (int j = 0; j < 2; j++) {
      crow_random_normal(7, CROW_STREAM_TEST, (uint64_t)j, direction, D);
      for (int k = 0; k < D; k++) context[i * D + (uint64_t)k] += at[j] * direction[k];
    }
  }
  memcpy(context + 600 * D, context, 50 * D * sizeof *context); /* clones */
  crow_weights_options options = defaults(4000);
  options.space.space = "box";
  test_weighed c = test_weigh(test_comm, M, D, context, &options);
  check_sum(&c);
  for (int i = 0; i < 50; i++) CHECK(c.hits[i] == c.hits[600 + i]);
  /* The same by definition. */
  crow_dataset dataset = {0};
  crow_space *space = NULL;
  static int64_t hits[M];
  static double points[4000 * D];
  const test_dataset t = {.m = M, .d = D, .context = context};
  test_dataset_write(test_comm, test_path("plane.h5"), &t);
  CHECK_OK(crow_dataset_open(test_comm, test_path("plane.h5"), true, &dataset));
  CHECK_OK(crow_space_create(test_comm, &options.space, &dataset, &space));
  CHECK_OK(crow_space_sample(space, 0, 4000, 4000, points));
  for (int64_t s = 0; s < 4000; s++) {
    int64_t best = 0, ties = 0;
    double least = INFINITY;
    for (int64_t i = 0; i < M; i++) {
      const double distance = crow_nearest_distance(points + s * D, context + i * D, CROW_DOUBLE, D);
      if (distance < least)
        best = i, ties = 1;
      else
        ties += distance == least;
      least = fmin(least, distance);
    }
    hits[best] += CROW_HIT_UNIT / ties;
    if (ties == 2) hits[best + 600] += CROW_HIT_UNIT / 2;
  }
  int64_t different = 0;
  for (int i = 0; i < M; i++) different += hits[i] != c.hits[i];
  CHECK(different <= 2); /* rounding may decide a sample on a border the other way */
  crow_space_destroy(&space);
  crow_dataset_close(&dataset);
  test_weighed_free(&c);
}

static void identical_contexts_share_their_cell_equally(void) {
  const double context[] = {.25, .5, .75, .5, .25, .5};
  const crow_weights_options options = defaults(20001);
  test_weighed c = test_weigh(test_comm, 3, 2, context, &options);
  CHECK(c.hits[0] == c.hits[2]);
  CHECK_NEAR(c.value[0], .25, 4 * c.error[0]);
  /* Each of the two gets 1/2 on half of the samples: variance (1/4 * 1/2 - 1/16) / N. */
  CHECK_NEAR(c.error[0], sqrt((.125 - .0625) / 20001), 1e-4);
  check_sum(&c);
  test_weighed_free(&c);
}

static void a_tie_of_more_than_sixteen_gives_every_sample_away(void) {
  enum { M = 17 };
  double context[M] = {0};
  const crow_weights_options options = defaults(100);
  test_weighed c = test_weigh(test_comm, M, 1, context, &options);
  check_sum(&c);
  for (int k = 0; k < M; k++) CHECK_NEAR(c.value[k], 1. / M, 1e-5);
  test_weighed_free(&c);
}

static void one_alternative_has_all_the_weight(void) {
  const double context[] = {.3, 7, -2};
  const crow_weights_options options = defaults(50);
  test_weighed c = test_weigh(test_comm, 1, 3, context, &options);
  CHECK(c.value[0] == 1 && c.error[0] == 0 && c.weights.effective == 1);
  test_weighed_free(&c);
}

static void one_dimension_is_cut_at_the_midpoints(void) {
  const double context[] = {.1, .9, .5, 3};
  const crow_weights_options options = defaults(200000);
  test_weighed c = test_weigh(test_comm, 4, 1, context, &options);
  const double expected[] = {.3, .3, .4, 0};
  for (int k = 0; k < 4; k++) CHECK_NEAR(c.value[k], expected[k], 4 * c.error[k]);
  CHECK(c.weights.zeros == 1 && c.hits[3] == 0);
  test_weighed_free(&c);
}

enum { MANY = 1100, DIMENSIONS = 3 };
static void fill(double *context) {
  for (uint64_t i = 0; i < MANY; i++) crow_random_uniform(5, CROW_STREAM_TEST, i, context + i * DIMENSIONS, DIMENSIONS);
  /* Clones of the first twenty, in other blocks. */
  memcpy(context + 600 * DIMENSIONS, context, 20 * DIMENSIONS * sizeof *context);
}

/* Every way to share the work gives the bits of one rank alone. */
static void every_grid_and_rank_count_gives_the_same_bits(void) {
  static double context[MANY * DIMENSIONS];
  fill(context);
  crow_comm *alone = test_comm_alone();
  crow_weights_options options = defaults(5003);
  static const char *const spaces[] = {"cube", "box", "sphere", "ball", "gaussian", "factor2"};
  for (size_t s = 0; s < sizeof spaces / sizeof *spaces; s++) {
    options.space.space = spaces[s];
    options.grid = "auto";
    test_weighed one = test_weigh(alone, MANY, DIMENSIONS, context, &options);
    const int size = crow_comm_size(test_comm);
    for (int slices = 1; slices <= size; slices++) {
      if (size % slices) continue;
      char grid[32];
      (void)snprintf(grid, sizeof grid, "%dx%d", size / slices, slices);
      options.grid = grid;
      test_weighed c = test_weigh(test_comm, MANY, DIMENSIONS, context, &options);
      CHECK(memcmp(c.hits, one.hits, sizeof *c.hits * MANY) == 0);
      CHECK(memcmp(c.value, one.value, sizeof *c.value * MANY) == 0);
      CHECK(memcmp(c.error, one.error, sizeof *c.error * MANY) == 0);
      CHECK(c.weights.effective == one.weights.effective && c.weights.zeros == one.weights.zeros);
      check_sum(&c);
      test_weighed_free(&c);
    }
    test_weighed_free(&one);
  }
  crow_comm_destroy(&alone);
}

/* With weights 3/4 and 1/4 the one above 1/2 has the relative error sqrt(1/3 / N): 0.01 needs N = 3334. */
static void sampling_goes_on_to_the_accuracy_asked_for(void) {
  const double context[] = {0, .5, 1, 1};
  crow_weights_options options = defaults(100);
  options.relative_error = .01;
  const double two[] = {.5, 1};
  test_weighed c = test_weigh(test_comm, 2, 1, two, &options);
  CHECK(c.error[0] / c.value[0] <= .01);
  CHECK(c.weights.samples > 2500 && c.weights.samples < 6000);
  check_sum(&c);
  /* The batches add up to what one draw of as many gives. */
  crow_weights_options whole = defaults(c.weights.samples);
  test_weighed at_once = test_weigh(test_comm, 2, 1, two, &whole);
  CHECK(memcmp(c.hits, at_once.hits, 2 * sizeof *c.hits) == 0);
  test_weighed_free(&at_once);
  test_weighed_free(&c);
  options.max_samples = 500;
  c = test_weigh(test_comm, 4, 1, context, &options);
  CHECK(c.weights.samples == 500);
  test_weighed_free(&c);
}

/* Stops at once after every round, over and over, and must end with the bits of a run that was never stopped. */
static void a_run_stopped_again_and_again_gives_the_same_bits(void) {
  static double context[MANY * DIMENSIONS];
  fill(context);
  crow_weights_options options = defaults(40000);
  test_weighed whole = test_weigh(test_comm, MANY, DIMENSIONS, context, &options);
  /* Ranks whose blocks have different lengths, as after choosing different engines by measurement. */
  options.nearest.threads = 1 + crow_comm_rank(test_comm);
  crow_weights weights;
  const int stops = test_weigh_stopped(MANY, DIMENSIONS, context, &options, &weights);
  CHECK(stops >= 3);
  const size_t bytes = (size_t)weights.partition.count * sizeof(double);
  if (bytes) {
    CHECK(memcmp(weights.value, whole.weights.value, bytes) == 0);
    CHECK(memcmp(weights.standard_error, whole.weights.standard_error, bytes) == 0);
    CHECK(memcmp(weights.hits, whole.weights.hits, bytes) == 0);
  }
  crow_weights_free(&weights);
  test_weighed_free(&whole);
}

static void a_pseudo_count_leaves_no_weight_zero(void) {
  const double context[] = {.1, .9, .5, 3};
  crow_weights_options options = defaults(1000);
  test_weighed plain = test_weigh(test_comm, 4, 1, context, &options);
  options.pseudo_count = 2;
  test_weighed c = test_weigh(test_comm, 4, 1, context, &options);
  for (int k = 0; k < 4; k++) CHECK_NEAR(c.value[k], (plain.value[k] * 1000 + 2) / 1008, 1e-15);
  CHECK(plain.weights.zeros == 1 && c.weights.zeros == 0);
  test_weighed_free(&plain);
  test_weighed_free(&c);
}

/* Against the definitions, taken literally. */
static void other_schemes_follow_their_formulas(void) {
  static double context[MANY * DIMENSIONS], density[2][MANY];
  const double h = .3, radius = .2;
  double sum[2] = {0};
  fill(context);
  for (int i = 0; i < MANY; i++) {
    for (int j = 0; j < MANY; j++) {
      double square = 0;
      for (int k = 0; k < DIMENSIONS; k++) square += pow(context[i * DIMENSIONS + k] - context[j * DIMENSIONS + k], 2);
      density[0][i] += exp(-square / (2 * h * h));
      density[1][i] += square <= radius * radius;
    }
    for (int s = 0; s < 2; s++) sum[s] += 1 / density[s][i];
  }
  crow_comm *alone = test_comm_alone();
  crow_weights_options options = defaults(1);
  options.bandwidth = h;
  options.radius = radius;
  for (int s = 0; s < 2; s++) {
    options.scheme = s == 0 ? CROW_SCHEME_KERNEL : CROW_SCHEME_RADIUS;
    test_weighed c = test_weigh(test_comm, MANY, DIMENSIONS, context, &options);
    test_weighed one = test_weigh(alone, MANY, DIMENSIONS, context, &options);
    for (int i = 0; i < MANY; i++) CHECK_NEAR(c.value[i], 1 / density[s][i] / sum[s], 1e-12);
    CHECK(memcmp(c.value, one.value, sizeof *c.value * MANY) == 0);
    test_weighed_free(&c);
    test_weighed_free(&one);
  }
  crow_comm_destroy(&alone);
}

/* Far from the origin and for lengths far below the distances an alternative is still at itself. */
static void other_schemes_stand_distance_and_scale(void) {
  double near[40 * 3], far[40 * 3];
  crow_weights_options options = defaults(1);
  for (uint64_t i = 0; i < 40; i++) {
    crow_random_normal(15, CROW_STREAM_TEST, i, near + 3 * i, 3);
    for (int k = 0; k < 3; k++) {
      near[3 * i + (uint64_t)k] = rint(near[3 * i + (uint64_t)k] * 0x1p10) * 0x1p-10; /* exact at a distance too */
      far[3 * i + (uint64_t)k] = near[3 * i + (uint64_t)k] + 0x1p27;
    }
  }
  memset(near, 0, 3 * sizeof *near);
  memset(far, 0, 3 * sizeof *far); /* the first one, the origin of the distances, stays behind */
  options.bandwidth = options.radius = 1;
  for (int scheme = CROW_SCHEME_KERNEL; scheme <= CROW_SCHEME_RADIUS; scheme++) {
    double density[40] = {0}, sum = 0;
    options.scheme = scheme;
    for (int i = 0; i < 40; i++) {
      for (int j = 0; j < 40; j++) {
        double square = 0;
        for (int k = 0; k < 3; k++) square += pow(far[3 * i + k] - far[3 * j + k], 2);
        density[i] += scheme == CROW_SCHEME_KERNEL ? exp(-square / 2) : (double)(square <= 1);
      }
      sum += 1 / density[i];
    }
    test_weighed c = test_weigh(test_comm, 40, 3, far, &options);
    for (int i = 0; i < 40; i++) CHECK_NEAR(c.value[i], 1 / density[i] / sum, 1e-12);
    test_weighed_free(&c);
  }
  options.bandwidth = options.radius = 1e-200;
  for (int scheme = CROW_SCHEME_KERNEL; scheme <= CROW_SCHEME_RADIUS; scheme++) {
    options.scheme = scheme;
    test_weighed c = test_weigh(test_comm, 40, 3, near, &options);
    for (int i = 0; i < 40; i++) CHECK_NEAR(c.value[i], 1. / 40, 1e-15);
    test_weighed_free(&c);
  }
}

/* Two clones and one other, far apart: with a length between the two distances each scheme halves the clones. */
static void other_schemes_halve_clones_by_default(void) {
  const double context[] = {0, 0, 1e-9, 0, 3, 4};
  crow_weights_options options = defaults(1);
  options.scheme = CROW_SCHEME_RADIUS;
  test_weighed c = test_weigh(test_comm, 3, 2, context, &options);
  CHECK(c.value[0] == .25 && c.value[1] == .25 && c.value[2] == .5);
  test_weighed_free(&c);
  options.scheme = CROW_SCHEME_KERNEL; /* h = 2.5 / 3, a third of the valley between 1e-9 and 5: e^(-(5 / h)^2 / 2) */
  c = test_weigh(test_comm, 3, 2, context, &options);
  const double clone = 1 / (2 + exp(-18)), other = 1 / (1 + 2 * exp(-18));
  CHECK_NEAR(c.value[0], clone / (2 * clone + other), 1e-9);
  test_weighed_free(&c);
  options.scheme = CROW_SCHEME_CLUSTER; /* two groups: the clones and the other */
  options.clusters = 2;
  c = test_weigh(test_comm, 3, 2, context, &options);
  CHECK(c.value[0] == .25 && c.value[1] == .25 && c.value[2] == .5);
  test_weighed_free(&c);
  options.scheme = CROW_SCHEME_UNIFORM;
  c = test_weigh(test_comm, 3, 2, context, &options);
  CHECK(c.value[0] == 1. / 3 && c.value[2] == 1. / 3);
  test_weighed_free(&c);
}

static void a_grid_of_the_wrong_size_is_refused(void) {
  const double context[] = {0, 1};
  crow_weights weights;
  crow_dataset dataset = {0};
  const test_dataset t = {.m = 2, .d = 1, .context = context};
  test_dataset_write(test_comm, test_path("grid.h5"), &t);
  CHECK_OK(crow_dataset_open(test_comm, test_path("grid.h5"), true, &dataset));
  crow_weights_options options = defaults(10);
  options.grid = "5x7";
  CHECK_STATUS(crow_weights_compute(test_comm, &dataset, &options, &weights), CROW_USAGE);
  CHECK_MESSAGE("35 ranks");
  options.grid = "5by7";
  CHECK_STATUS(crow_weights_compute(test_comm, &dataset, &options, &weights), CROW_USAGE);
  CHECK_MESSAGE("GROUPSxSLICES");
  options.grid = "auto";
  options.memory_per_rank = 1000;
  CHECK_STATUS(crow_weights_compute(test_comm, &dataset, &options, &weights), CROW_FAILED);
  CHECK_MESSAGE("--memory-per-rank");
  crow_dataset_close(&dataset);
}

static void weights_survive_writing_and_reading(void) {
  static double context[MANY * DIMENSIONS];
  fill(context);
  const crow_weights_options options = defaults(3000);
  const char *path = test_path("kept.h5");
  crow_dataset dataset = {0};
  crow_weights weights, again;
  crow_provenance *provenance = NULL;
  const test_dataset t = {.m = MANY, .d = DIMENSIONS, .context = context};
  test_dataset_write(test_comm, test_path("kept-dataset.h5"), &t);
  CHECK_OK(crow_dataset_open(test_comm, test_path("kept-dataset.h5"), true, &dataset));
  CHECK_OK(crow_weights_compute(test_comm, &dataset, &options, &weights));
  CHECK_OK(crow_provenance_create(test_comm, NULL, &provenance));
  CHECK_OK(crow_weights_write(test_comm, path, true, &weights, &options, &dataset, provenance));
  CHECK_OK(crow_weights_read(test_comm, path, &dataset, &again));
  const size_t bytes = (size_t)weights.partition.count * sizeof(double);
  CHECK(bytes == 0 || memcmp(weights.value, again.value, bytes) == 0);
  CHECK(bytes == 0 || memcmp(weights.hits, again.hits, bytes) == 0);
  CHECK(again.samples == 3000 && again.effective == weights.effective && again.zeros == weights.zeros);
  crow_weights_free(&again);
  dataset.alternatives++;
  CHECK_STATUS(crow_weights_read(test_comm, path, &dataset, &again), CROW_BAD_INPUT);
  CHECK_MESSAGE("expected 1101");
  crow_provenance_destroy(&provenance);
  crow_weights_free(&weights);
  crow_dataset_close(&dataset);
}

static void weights_of_any_sum_are_normalised(void) {
  const double value[] = {1, 0, 3}, zero[] = {0, 0, 0};
  const crow_dataset three = {.alternatives = 3};
  crow_weights weights;
  test_weights_write(test_comm, test_path("raw.h5"), 3, value);
  CHECK_OK(crow_weights_read(test_comm, test_path("raw.h5"), &three, &weights));
  double *whole = test_gather(test_comm, &weights.partition, weights.value);
  CHECK(whole[0] == .25 && whole[1] == 0 && whole[2] == .75);
  crow_free(whole);
  crow_weights_free(&weights);
  test_weights_write(test_comm, test_path("zero.h5"), 3, zero);
  CHECK_STATUS(crow_weights_read(test_comm, test_path("zero.h5"), &three, &weights), CROW_BAD_INPUT);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"Figures 1 and 2 within four standard errors", figure_one_and_two_within_four_standard_errors},
      {"Figures 1 and 2 exactly", figure_one_and_two_exactly},
      {"exact weights are refused where there are none", exact_weights_are_refused_where_there_are_none},
      {"projecting onto the hull changes nothing", projecting_onto_the_hull_changes_nothing},
      {"identical contexts share their cell equally", identical_contexts_share_their_cell_equally},
      {"a tie of more than sixteen gives every sample away", a_tie_of_more_than_sixteen_gives_every_sample_away},
      {"one alternative has all the weight", one_alternative_has_all_the_weight},
      {"one dimension is cut at the midpoints", one_dimension_is_cut_at_the_midpoints},
      {"every grid and rank count gives the same bits", every_grid_and_rank_count_gives_the_same_bits},
      {"sampling goes on to the accuracy asked for", sampling_goes_on_to_the_accuracy_asked_for},
      {"a run stopped again and again gives the same bits", a_run_stopped_again_and_again_gives_the_same_bits},
      {"a pseudo-count leaves no weight zero", a_pseudo_count_leaves_no_weight_zero},
      {"other schemes follow their formulas", other_schemes_follow_their_formulas},
      {"other schemes stand distance and scale", other_schemes_stand_distance_and_scale},
      {"other schemes halve clones by default", other_schemes_halve_clones_by_default},
      {"a grid of the wrong size is refused", a_grid_of_the_wrong_size_is_refused},
      {"weights survive writing and reading", weights_survive_writing_and_reading},
      {"weights of any sum are normalised", weights_of_any_sum_are_normalised},
      {NULL, NULL},
  };
  return crow_test_main(argc, argv, "weights", tests, true);
}
