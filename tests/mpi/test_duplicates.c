/* SPDX-License-Identifier: Apache-2.0 */
/* Exact duplicates share the weight of the one they double and leave the weights of all others alone, for every kind of
 * contexts that --space auto tells apart: to the last bit where the same samples are counted about the same centre. */
#include "fixture.h"

enum { M = 60, COPIES = 30, LARGEST_D = 32, N = 20000 };
/* What has copies: they are more than all others. */
static const int64_t doubled[] = {0, 7, 59};
enum { DOUBLED = sizeof doubled / sizeof *doubled, ALL = M + COPIES * DOUBLED };

typedef enum shape { IN_THE_CUBE, OUTSIDE, OF_UNIT_LENGTH, OF_ANY_LENGTH } shape;

typedef struct kind {
  int64_t d;
  shape shape;
  const char *space; /* what auto takes */
  int draws;
} kind;

/* Unit vectors share a mean, so that their weighted mean is not that of equal weights. */
static void draw_duplicates(const kind *k, uint64_t seed, double *context) {
  const int64_t d = k->d;
  double row[LARGEST_D];
  for (int64_t i = 0; i < M; i++) {
    double square = 0, length = 1;
    if (k->shape == IN_THE_CUBE || k->shape == OUTSIDE)
      crow_random_uniform(seed, CROW_STREAM_TEST, (uint64_t)i, row, d);
    else
      crow_random_normal(seed, CROW_STREAM_TEST, (uint64_t)i, row, d);
    if (k->shape == OF_UNIT_LENGTH) row[0] += 2;
    for (int64_t j = 0; j < d; j++) square += row[j] * row[j];
    if (k->shape == OF_UNIT_LENGTH) length = 1 / sqrt(square);
    for (int64_t j = 0; j < d; j++) context[i * d + j] = k->shape == OUTSIDE ? 5 * row[j] - 1 : length * row[j];
  }
  for (int64_t c = 0; c < COPIES * DOUBLED; c++) {
    memcpy(context + (M + c) * d, context + doubled[c % DOUBLED] * d, (size_t)d * sizeof *context);
  }
}

typedef struct found_weights {
  double value[ALL];
  int64_t samples;
} found_weights;

/* The weights of the first m alternatives. */
static void weigh(const kind *k, const double *context, int64_t m, const char *center, found_weights *out) {
  crow_dataset dataset = {0};
  crow_weights weights = {0};
  crow_weights_options options;
  const test_dataset made = {.m = m, .d = k->d, .context = context};
  crow_weights_options_default(&options);
  options.samples = N;
  options.draws = k->draws;
  options.space.center = center;
  test_dataset_write(test_comm, test_path("duplicates.h5"), &made);
  CHECK_OK(crow_dataset_open(test_comm, test_path("duplicates.h5"), false, &dataset));
  CHECK_OK(crow_weights_compute(test_comm, &dataset, &options, &weights));
  CHECK(strcmp(weights.space.choice.space, k->space) == 0);
  double *whole = test_gather(test_comm, &weights.partition, weights.value);
  memcpy(out->value, whole, (size_t)m * sizeof *whole);
  out->samples = weights.samples;
  crow_free(whole);
  crow_weights_free(&weights);
  crow_dataset_close(&dataset);
}

static bool has_copies(int64_t i) { return i == doubled[0] || i == doubled[1] || i == doubled[2]; }

/* Weights with and without copies: by how much those of the others differ, summed. Copies have equal weights. */
static double change_of_others(const found_weights *before, const found_weights *after) {
  double change = 0;
  for (int64_t i = 0; i < M; i++) {
    if (!has_copies(i)) change += fabs(after->value[i] - before->value[i]);
  }
  /* A sample of a group gives each member the whole part of its share of a hit's units, and some of them one more. */
  const double unit = (1. + COPIES) / (double)CROW_HIT_UNIT;
  for (int64_t c = 0; c < COPIES * DOUBLED; c++) {
    const double original = after->value[doubled[c % DOUBLED]];
    CHECK_NEAR(after->value[M + c], original, 1.001 * unit * original);
  }
  return change;
}

/* On the same centre, or without one, each group has to the rounding of sums what its one member had. */
static void check_fixed(const kind *k, const double *context, const char *center) {
  found_weights before, after;
  weigh(k, context, M, center, &before);
  weigh(k, context, ALL, center, &after);
  CHECK((before.samples == 0) == (k->d <= 2));
  for (int64_t i = 0; i < M; i++) {
    double together = after.value[i];
    for (int64_t c = 0; c < COPIES * DOUBLED; c++) together += doubled[c % DOUBLED] == i ? after.value[M + c] : 0;
    CHECK_NEAR(together, before.value[i], 1e-15);
    if (k->d > 2 && !has_copies(i)) CHECK(after.value[i] == before.value[i]);
  }
  (void)change_of_others(&before, &after);
}

/* About their weighted mean, which copies move by rounding alone: no more than a few samples go elsewhere. */
static void check_weighted(const kind *k, const double *context) {
  found_weights before, after;
  weigh(k, context, M, NULL, &before);
  weigh(k, context, ALL, NULL, &after);
  CHECK(change_of_others(&before, &after) <= 10. / N);
}

static void check_kind(int64_t d, shape how, const char *space) {
  static double context[ALL * LARGEST_D];
  kind k = {d, how, space, 0};
  const bool sphere = strcmp(space, "sphere") == 0;
  const uint64_t seeds = crow_comm_size(test_comm) == 1 ? 4 : 2; /* at least one for either kind of draws */
  for (uint64_t seed = 1; seed <= seeds; seed++) {
    k.draws = seed % 2 ? CROW_DRAWS_SIGNS : CROW_DRAWS_INDEPENDENT;
    draw_duplicates(&k, seed, context);
    if (!sphere) {
      check_fixed(&k, context, NULL);
      continue;
    }
    double center[LARGEST_D];
    char text[600];
    crow_random_uniform(seed, CROW_STREAM_TEST, 1000, center, d);
    for (int64_t j = 0; j < d; j++) center[j] = (center[j] - .3) / (double)d;
    const test_dataset file = {.m = 1, .d = d, .context = center};
    test_dataset_write(test_comm, test_path("center.h5"), &file);
    (void)snprintf(text, sizeof text, "%s:/alternatives/context", test_path("center.h5"));
    check_fixed(&k, context, "none");
    check_fixed(&k, context, text);
    check_weighted(&k, context);
  }
}

static void a_line(void) {
  check_kind(1, IN_THE_CUBE, "cube");
  check_kind(1, OUTSIDE, "box");
}
static void a_plane(void) {
  check_kind(2, IN_THE_CUBE, "cube");
  check_kind(2, OUTSIDE, "box");
}
static void unit_length(void) { check_kind(8, OF_UNIT_LENGTH, "sphere"); }
static void many_dimensions(void) { check_kind(32, OF_ANY_LENGTH, "sphere"); }
static void cubes(void) { check_kind(5, IN_THE_CUBE, "cube"); }
static void boxes(void) { check_kind(5, OUTSIDE, "box"); }

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"duplicates on a line, in the unit interval and outside", a_line},
      {"duplicates in a plane, in the unit square and outside", a_plane},
      {"duplicates among contexts of unit length", unit_length},
      {"duplicates among contexts of many dimensions", many_dimensions},
      {"duplicates in the unit cube", cubes},
      {"duplicates outside the unit cube", boxes},
      {NULL, NULL},
  };
  return crow_test_main(argc, argv, "duplicates", tests, true);
}
