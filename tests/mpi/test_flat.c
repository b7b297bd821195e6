/* SPDX-License-Identifier: Apache-2.0 */
/* Contexts that span fewer dimensions than they have: points of a sphere and of a normal distribution are drawn there,
 * and count what points of all dimensions count. */
#include "fixture.h"
#include <stdlib.h>

enum { D = 40, MOST = 90, N = 100000 };

typedef struct flat_case {
  const char *what, *space, *center;
  int64_t m, rank; /* alternatives; dimensions of the normal vectors that they are made of, D for all */
  double offset;   /* of all of them from 0, in units of their own spread */
  int64_t hull;    /* dimensions expected */
} flat_case;

static const flat_case cases[] = {
    {"few contexts", "sphere", "none", 12, D, 0, 11},
    {"few contexts far from 0", "sphere", "none", 12, D, 3, 11},
    {"few contexts", "sphere", "weighted", 12, D, 1, 11},
    {"few contexts", "gaussian", NULL, 12, D, 1, 11},
    {"two contexts", "sphere", "weighted", 2, D, 1, 1},
    {"contexts in a plane through 0", "sphere", "none", MOST, 7, 0, 7},
    {"contexts in a plane", "sphere", "weighted", MOST, 7, 1, 8},
    {"contexts in a plane", "gaussian", NULL, MOST, 7, 1, 7},
};
enum { CASES = sizeof cases / sizeof *cases };

/* The last three are clones of the first where there are many. */
static void make_contexts(const flat_case *c, double *context) {
  double vector[D * D], at[D], offset[D];
  crow_random_normal(1, CROW_STREAM_TEST, 0, vector, D * D);
  crow_random_normal(2, CROW_STREAM_TEST, 0, offset, D);
  for (int64_t i = 0; i < c->m; i++) {
    double *row = context + i * D;
    crow_random_normal(3, CROW_STREAM_TEST, (uint64_t)i, at, c->rank);
    for (int64_t k = 0; k < D; k++) {
      row[k] = c->offset * offset[k];
      for (int64_t j = 0; j < c->rank; j++) row[k] += at[j] * vector[j * D + k] / sqrt((double)c->rank);
    }
  }
  for (int64_t i = c->m - 3; c->m > 12 && i < c->m; i++) memcpy(context + i * D, context, D * sizeof *context);
}

static crow_weights_options flat_options(const flat_case *c, int64_t samples) {
  crow_weights_options options;
  crow_weights_options_default(&options);
  options.space.space = c->space;
  options.space.center = c->center;
  options.samples = samples;
  options.draws = CROW_DRAWS_INDEPENDENT;
  return options;
}

/* ---- by points of all dimensions ------------------------------------------------------------------------------ */

static void normalise(double *row) {
  double square = 0;
  for (int k = 0; k < D; k++) square += row[k] * row[k];
  for (int k = 0; k < D; k++) row[k] /= sqrt(square);
}

/* The directions of the contexts from `center`, NULL for 0. */
static void turn(int64_t m, const double *center, double *context) {
  for (int64_t i = 0; i < m; i++) {
    double *row = context + i * D;
    normalise(row);
    for (int k = 0; k < D && center; k++) row[k] -= center[k];
    normalise(row);
  }
}

/* A point with the contexts' mean and covariance: mean + sum_x z(x) (a(x) - mean) / sqrt(m). */
static void normal_point(int64_t m, const double *context, uint64_t number, double *point) {
  double z[MOST], mean, sum = 0;
  crow_random_normal(8, CROW_STREAM_TEST, number, z, m);
  for (int64_t i = 0; i < m; i++) sum += z[i];
  for (int k = 0; k < D; k++) {
    mean = point[k] = 0;
    for (int64_t i = 0; i < m; i++) {
      mean += context[i * D + k] / (double)m;
      point[k] += z[i] * context[i * D + k] / sqrt((double)m);
    }
    point[k] += mean - sum * mean / sqrt((double)m);
  }
}

static void count_by_definition(const flat_case *c, const double *center, const double *given, double *share) {
  double context[MOST * D], point[D];
  const bool sphere = strcmp(c->space, "sphere") == 0;
  memcpy(context, given, sizeof *context * (size_t)(c->m * D));
  if (sphere) turn(c->m, center, context);
  for (int64_t i = 0; i < c->m; i++) share[i] = 0;
  for (uint64_t s = 0; s < N; s++) {
    int64_t best[MOST], ties = 0;
    double least = INFINITY;
    if (sphere) {
      crow_random_normal(7, CROW_STREAM_TEST, s, point, D);
      normalise(point);
    } else {
      normal_point(c->m, context, s, point);
    }
    for (int64_t i = 0; i < c->m; i++) {
      const double distance = crow_nearest_distance(point, context + i * D, CROW_DOUBLE, D);
      if (distance < least) ties = 0;
      if (distance <= least) best[ties++] = i;
      least = fmin(least, distance);
    }
    for (int64_t t = 0; t < ties; t++) share[best[t]] += 1. / (double)ties / N;
  }
}

/* Both are of N samples: N (w - v)^2 / (w + v) sums to a chi-square of m - 1 degrees at most. */
static void they_count_what_points_of_all_dimensions_count(void) {
  static double context[MOST * D];
  if (crow_comm_size(test_comm) > 1) return;
  for (int k = 0; k < CASES; k++) {
    const flat_case *c = &cases[k];
    const crow_weights_options options = flat_options(c, N);
    double share[MOST], distance = 0;
    make_contexts(c, context);
    test_weighed w = test_weigh(test_comm, c->m, D, context, &options);
    CHECK(w.weights.run.dimensions == c->hull);
    count_by_definition(c, w.weights.space.center, context, share);
    for (int64_t i = 0; i < c->m; i++) {
      const double sum = w.value[i] + share[i], difference = w.value[i] - share[i];
      if (sum > 0) distance += N * difference * difference / sum;
    }
    CHECK_NEAR(distance, (double)c->m - 1, 5 * sqrt(2 * (double)(c->m - 1)));
    for (int64_t i = c->m - 3; c->m > 12 && i < c->m; i++) CHECK(w.hits[i] == w.hits[0]);
    test_weighed_free(&w);
  }
}

/* ---- the same points ------------------------------------------------------------------------------------------ */

static bool flat_same_bits(const test_weighed *a, const test_weighed *b, int64_t m) {
  return memcmp(a->hits, b->hits, sizeof *a->hits * (size_t)m) == 0 &&
         memcmp(a->value, b->value, sizeof *a->value * (size_t)m) == 0 &&
         memcmp(a->error, b->error, sizeof *a->error * (size_t)m) == 0;
}

static void any_ranks_grid_and_engine_count_the_same(void) {
  static double context[MOST * D];
  const int ranks = crow_comm_size(test_comm);
  crow_comm *alone = test_comm_alone();
  for (int k = 0; k < CASES; k++) {
    crow_weights_options options = flat_options(&cases[k], 3001);
    make_contexts(&cases[k], context);
    test_weighed one = test_weigh(alone, cases[k].m, D, context, &options);
    for (int slices = 1; slices <= ranks; slices++) {
      char grid[32];
      if (ranks % slices) continue;
      (void)snprintf(grid, sizeof grid, "%dx%d", ranks / slices, slices);
      options.grid = grid;
      options.nearest.engine = slices == 1 ? CROW_NEAREST_TREE : CROW_NEAREST_GEMM;
      test_weighed c = test_weigh(test_comm, cases[k].m, D, context, &options);
      CHECK(flat_same_bits(&c, &one, cases[k].m));
      test_weighed_free(&c);
    }
    test_weighed_free(&one);
  }
  crow_comm_destroy(&alone);
}

/* Rounds about a moving mean count the same points: they come to rest, and the mean given counts what they count. So
 * does another order of the contexts. */
static void points_stay_where_they_are(void) {
  static double context[MOST * D], other[MOST * D];
  const flat_case *c = &cases[6];
  char text[600];
  crow_weights_options options = flat_options(c, 20000);
  make_contexts(c, context);
  test_weighed w = test_weigh(test_comm, c->m, D, context, &options);
  CHECK(w.weights.space.center_rounds < 30 && w.weights.space.center_change < 1e-4);
  const test_dataset file = {.m = 1, .d = D, .context = w.weights.space.center};
  test_dataset_write(test_comm, test_path("mean.h5"), &file);
  (void)snprintf(text, sizeof text, "%s:/alternatives/context", test_path("mean.h5"));
  options.space.center = text;
  test_weighed again = test_weigh(test_comm, c->m, D, context, &options);
  for (int64_t i = 0; i < c->m; i++) memcpy(other + (c->m - 1 - i) * D, context + i * D, D * sizeof *context);
  test_weighed turned = test_weigh(test_comm, c->m, D, other, &options);
  CHECK(again.weights.run.dimensions == c->hull && turned.weights.run.dimensions == c->hull);
  int64_t different = 0;
  for (int64_t i = 0; i < c->m; i++) {
    /* Four clones share what is left of a sample by their places. */
    different += llabs(again.hits[i] - w.hits[i]) > CROW_HIT_UNIT / 2;
    different += llabs(turned.hits[c->m - 1 - i] - w.hits[i]) > CROW_HIT_UNIT / 2;
  }
  CHECK(different <= 2); /* rounding may decide a sample on a border the other way */
  test_weighed_free(&w);
  test_weighed_free(&again);
  test_weighed_free(&turned);
}

static const crow_test tests[] = {
    {"points of the contexts' dimensions count what those of all dimensions count",
     they_count_what_points_of_all_dimensions_count},
    {"any ranks, grid and engine count the same", any_ranks_grid_and_engine_count_the_same},
    {"points stay where they are whatever the mean and the contexts' order", points_stay_where_they_are},
    {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "points in the contexts' hull", tests, true); }
