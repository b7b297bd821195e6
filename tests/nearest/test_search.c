/* SPDX-License-Identifier: Apache-2.0 */
/* The interface of the nearest-alternative search: results, refusals, statistics, failures. */
#include "harness.h"

#include <float.h>
#include <stdlib.h>

static const int engines[] = {CROW_NEAREST_GEMM, CROW_NEAREST_FUSED, CROW_NEAREST_TREE, CROW_NEAREST_AUTO};
enum { ENGINES = sizeof engines / sizeof *engines };

static crow_nearest_options options_of(int engine) {
  crow_nearest_options options;
  crow_settings_default(crow_nearest_settings, &options);
  options.engine = engine;
  return options;
}

static void test_defaults(void) {
  const crow_nearest_options options = options_of(CROW_NEAREST_AUTO);
  CHECK(options.precision == CROW_SINGLE && options.threads == 1);
  for (const crow_setting *setting = crow_nearest_settings; setting->name; setting++) {
    crow_nearest_options parsed = options;
    char text[64];
    crow_setting_print(setting, &options, text, sizeof text);
    CHECK_OK(crow_setting_parse(setting, text, &parsed));
    CHECK(memcmp(&parsed, &options, sizeof parsed) == 0);
  }
  CHECK(strcmp(crow_nearest_engine_name(CROW_NEAREST_TREE), "tree") == 0);
  CHECK(strcmp(crow_nearest_engine_name(CROW_NEAREST_FUSED), "fused") == 0);
  CHECK(strcmp(crow_nearest_engine_name(CROW_NEAREST_GEMM), "gemm") == 0);
  CHECK(strcmp(crow_nearest_engine_name(CROW_NEAREST_AUTO), "auto") == 0);
}

static void test_distance(void) {
  const double point[] = {1, 2, 1e16}, wide[] = {0, 4, 1e16};
  const float single[] = {0.1F, 4, 1e16F};
  CHECK_NEAR(crow_nearest_distance(point, wide, CROW_DOUBLE, 3), 5, 0);
  CHECK_NEAR(crow_nearest_distance(point, single, CROW_SINGLE, 2), (1 - (double)0.1F) * (1 - (double)0.1F) + 4, 0);
  /* Summed from the first coordinate on: each 1 is lost in 1e32. */
  const double far[] = {0, 0, 0}, big[] = {1e16, 1, 1};
  CHECK_NEAR(crow_nearest_distance(far, big, CROW_DOUBLE, 3), 1e32, 0);
}

/* Exact order of distances, by hand: 1e12^2 + (1e-12 k)^2, whose squares are 48 decimal places apart, and what a sum of
 * squares in double, and one in pairs of doubles, takes for equal. */
static void test_compare(void) {
  const double origin[] = {0, 0}, far[] = {1e12, 1e-12}, farther[] = {-1e12, 2e-12}, mirrored[] = {1e12, -1e-12};
  CHECK(crow_nearest_distance(origin, far, CROW_DOUBLE, 2) == crow_nearest_distance(origin, farther, CROW_DOUBLE, 2));
  CHECK(crow_nearest_compare(origin, far, farther, CROW_DOUBLE, 2) < 0);
  CHECK(crow_nearest_compare(origin, farther, far, CROW_DOUBLE, 2) > 0);
  CHECK(crow_nearest_compare(origin, far, mirrored, CROW_DOUBLE, 2) == 0);
  /* .1 + .2 is not .3: twice .15 is .3, so .2 is nearer to .15 than .1 by a unit in the last place, if that. */
  const double middle[] = {0.15}, tenth[] = {0.1}, fifth[] = {0.2};
  const long double left = (long double)0.15 - (long double)0.1, right = (long double)0.2 - (long double)0.15;
  CHECK(crow_nearest_compare(middle, tenth, fifth, CROW_DOUBLE, 1) == (left > right) - (left < right));
  const float single[] = {0.5F, 2}, other[] = {2, 0.5F};
  CHECK(crow_nearest_compare((const double[]){1, 1}, single, other, CROW_SINGLE, 2) == 0);
  CHECK(crow_nearest_compare((const double[]){1, 1 + 0x1p-52}, single, other, CROW_SINGLE, 2) < 0);
  /* Ends of the range. */
  const double tiny[] = {5e-324, 1e308}, none[] = {0, 1e308}, negative[] = {0, -1e308};
  CHECK(crow_nearest_compare(origin, none, tiny, CROW_DOUBLE, 2) < 0);
  CHECK(crow_nearest_compare(origin, none, negative, CROW_DOUBLE, 2) == 0);
  CHECK(crow_nearest_compare(tiny, none, negative, CROW_DOUBLE, 2) < 0);
}

/* Measures order as comparisons do. */
static void test_measure(void) {
  enum { d = 4, m = 40 };
  double contexts[m * d];
  crow_random_uniform(3, CROW_STREAM_TEST, 0, contexts, m * d);
  for (int i = 0; i < m * d; i++) contexts[i] = ldexp(floor(4 * contexts[i]) - 2, 300 * (i % d) - 500);
  crow_nearest_measure measure[m];
  for (int i = 0; i < m; i++) crow_nearest_measure_take(contexts, contexts + i * d, CROW_DOUBLE, d, &measure[i]);
  int ties = 0;
  for (int i = 0; i < m; i++) {
    for (int j = 0; j < m; j++) {
      const int order = crow_nearest_compare(contexts, contexts + i * d, contexts + j * d, CROW_DOUBLE, d);
      CHECK(crow_nearest_measure_compare(&measure[i], &measure[j]) == order);
      ties += i != j && order == 0;
    }
  }
  CHECK(ties > 0);
  const double zero = 0, one = 0x1p-1074;
  crow_nearest_measure_take(&zero, &one, CROW_DOUBLE, 1, &measure[0]);
  CHECK(measure[0].digit[CROW_NEAREST_DIGITS - 1] == 1U << 28); /* (2^-1074)^2 = 2^(28 - 2176) */
  CHECK(measure[0].digit[CROW_NEAREST_DIGITS - 2] == 0);
}

/* The same result object serves for searches of any size, empty ones too. */
static void test_reuse(void) {
  const double contexts[] = {0, 1, 1, 3}, points[] = {0.25, 0.5, 2, 10, -4};
  for (int e = 0; e < ENGINES; e++) {
    const crow_nearest_options options = options_of(engines[e]);
    crow_nearest *nearest = NULL;
    crow_nearest_result result = {0};
    CHECK_OK(crow_nearest_create(&options, contexts, CROW_DOUBLE, 4, 1, points, 5, &nearest));
    CHECK(crow_nearest_block(nearest) >= 1);
    CHECK_OK(crow_nearest_search(nearest, points, 0, &result));
    CHECK(result.count == 0 && result.tie_begin[0] == 0);
    CHECK_OK(crow_nearest_search(nearest, points, 2, &result));
    CHECK(result.count == 2 && result.tie_begin[2] == 4 && result.index[0] == 0 && result.index[3] == 2);
    CHECK_OK(crow_nearest_search(nearest, points, 5, &result));
    CHECK(result.count == 5 && result.tie_begin[3] == 7 && result.tie_begin[5] == 9);
    static const int64_t expected[] = {0, 0, 1, 2, 1, 2, 3, 3, 0};
    CHECK(memcmp(result.index, expected, sizeof expected) == 0);
    CHECK(result.distance[0] == 0.0625 && result.distance[3] == 49 && result.distance[4] == 16);
    int64_t searched, again;
    crow_nearest_statistics(nearest, &searched, &again);
    CHECK(searched == 7 && again <= searched);
    crow_nearest_result_free(&result);
    CHECK(result.index == NULL && result.point_capacity == 0);
    crow_nearest_destroy(&nearest);
    CHECK(nearest == NULL);
    crow_nearest_destroy(&nearest);
  }
}

/* Nearly all points of a random problem are decided by the first pass; on a lattice of ties, none. */
static void test_statistics(void) {
  enum { m = 500, d = 6, n = 1000 };
  double *contexts = malloc(m * d * sizeof *contexts), *points = malloc(n * d * sizeof *points);
  crow_random_uniform(1, CROW_STREAM_TEST, 0, contexts, m * d);
  crow_random_uniform(1, CROW_STREAM_TEST, 1, points, n * d);
  for (int e = 0; e < 2; e++) {
    const crow_nearest_options options = options_of(engines[e]);
    crow_nearest *nearest = NULL;
    crow_nearest_result result = {0};
    int64_t searched, again, before;
    CHECK_OK(crow_nearest_create(&options, contexts, CROW_DOUBLE, m, d, NULL, 0, &nearest));
    CHECK_OK(crow_nearest_search(nearest, points, n, &result));
    crow_nearest_statistics(nearest, &searched, &before);
    CHECK(searched == n && before < n / 100);
    crow_nearest_destroy(&nearest);
    for (int64_t i = 0; i < m * d; i++) contexts[i] = (double)(i / d % 2) - 0.5;
    for (int64_t i = 0; i < n * d; i++) points[i] = 0;
    CHECK_OK(crow_nearest_create(&options, contexts, CROW_DOUBLE, m, d, NULL, 0, &nearest));
    CHECK_OK(crow_nearest_search(nearest, points, n, &result));
    CHECK(result.tie_begin[n] == (int64_t)n * m);
    crow_nearest_statistics(nearest, &searched, &again);
    CHECK(searched == n && again == n);
    crow_nearest_result_free(&result);
    crow_nearest_destroy(&nearest);
    crow_random_uniform(1, CROW_STREAM_TEST, 0, contexts, m * d);
    crow_random_uniform(1, CROW_STREAM_TEST, 1, points, n * d);
  }
  free(contexts);
  free(points);
}

/* Blocks shrink where alternatives are clones, so that lists of ties stay small. */
static void test_block_of_clones(void) {
  enum { m = 100000 };
  double *contexts = calloc(m, sizeof *contexts);
  crow_nearest *nearest = NULL;
  const crow_nearest_options options = options_of(CROW_NEAREST_TREE);
  CHECK_OK(crow_nearest_create(&options, contexts, CROW_DOUBLE, m, 1, NULL, 0, &nearest));
  const int64_t block = crow_nearest_block(nearest);
  CHECK(block >= 1 && block * m * 8 <= (int64_t)64 << 20);
  crow_nearest_destroy(&nearest);
  free(contexts);
}

static void test_refusals(void) {
  const double contexts[] = {0, 1, 2, INFINITY}, points[] = {0, 0, 1, NAN};
  const float single[] = {0, NAN};
  for (int e = 0; e < ENGINES; e++) {
    crow_nearest_options options = options_of(engines[e]);
    crow_nearest *nearest = NULL;
    crow_nearest_result result = {0};
    CHECK_STATUS(crow_nearest_create(&options, contexts, CROW_DOUBLE, 2, 2, NULL, 0, &nearest), CROW_BAD_INPUT);
    CHECK_MESSAGE("alternative 1");
    CHECK_MESSAGE("coordinate 1");
    CHECK_STATUS(crow_nearest_create(&options, single, CROW_SINGLE, 2, 1, NULL, 0, &nearest), CROW_BAD_INPUT);
    CHECK_STATUS(crow_nearest_create(&options, contexts, CROW_DOUBLE, 0, 2, NULL, 0, &nearest), CROW_BAD_INPUT);
    CHECK_STATUS(crow_nearest_create(&options, contexts, CROW_DOUBLE, 2, 0, NULL, 0, &nearest), CROW_BAD_INPUT);
    CHECK(nearest == NULL);
    options.threads = 0;
    CHECK_STATUS(crow_nearest_create(&options, contexts, CROW_DOUBLE, 1, 2, NULL, 0, &nearest), CROW_USAGE);
    CHECK_MESSAGE("threads");
    options.threads = 1;
    CHECK_OK(crow_nearest_create(&options, contexts, CROW_DOUBLE, 1, 2, NULL, 0, &nearest));
    CHECK_STATUS(crow_nearest_search(nearest, points, 2, &result), CROW_BAD_INPUT);
    CHECK_MESSAGE("point 1 is nan in coordinate 1");
    CHECK(result.count == 0);
    CHECK_OK(crow_nearest_search(nearest, points, 1, &result));
    CHECK(result.count == 1 && result.distance[0] == 1);
    crow_nearest_result_free(&result);
    crow_nearest_destroy(&nearest);
  }
}

/* Every allocation in turn fails: a status, no leak, and the next try succeeds. */
static void test_memory(void) {
  enum { m = 300, d = 3, n = 200 };
  double contexts[m * d], points[n * d];
  crow_random_uniform(4, CROW_STREAM_TEST, 0, contexts, m * d);
  crow_random_uniform(4, CROW_STREAM_TEST, 1, points, n * d);
  for (int i = 0; i < m * d; i++) contexts[i] = floor(3 * contexts[i]) / 2;
  for (int i = 0; i < n * d; i++) points[i] = floor(3 * points[i]) / 2 - 0.25;
  for (int e = 0; e < ENGINES; e++) {
    const crow_nearest_options options = options_of(engines[e]);
    crow_status status = CROW_FAILED;
    int64_t failing = 1;
    for (; status != CROW_OK && failing < 400; failing++) {
      crow_nearest *nearest = NULL;
      crow_nearest_result result = {0};
      crow_memory_fail_after(failing);
      status = crow_nearest_create(&options, contexts, CROW_DOUBLE, m, d, points, n, &nearest);
      if (status == CROW_OK) status = crow_nearest_search(nearest, points, n, &result);
      crow_memory_fail_after(-1);
      if (nearest && status != CROW_OK) {
        CHECK(result.count == 0);
        CHECK_OK(crow_nearest_search(nearest, points, n, &result));
        CHECK(result.count == n);
      }
      crow_nearest_result_free(&result);
      crow_nearest_destroy(&nearest);
    }
    CHECK(status == CROW_OK && failing > 10);
  }
}

static const crow_test tests[] = {{"defaults are valid and can be written and read", test_defaults},
                                  {"the canonical distance is the sum in order", test_distance},
                                  {"distances are compared without rounding", test_compare},
                                  {"measures order as comparisons do", test_measure},
                                  {"one result serves searches of any size", test_reuse},
                                  {"statistics count what was decided again", test_statistics},
                                  {"blocks stay small among clones", test_block_of_clones},
                                  {"wrong arguments are named", test_refusals},
                                  {"a failed allocation is reported and leaves nothing behind", test_memory},
                                  {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "nearest search", tests, false); }
