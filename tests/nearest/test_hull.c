/* SPDX-License-Identifier: Apache-2.0 */
/* The affine hull of contexts and projection onto it. */
#include "harness.h"

#include "nearest/kernels_impl.h"

#include <stdlib.h>

/* m contexts in an affine subspace of `rank` dimensions of R^d: an offset and random combinations of random directions.
 */
static double *make_flat(int64_t m, int64_t d, int64_t rank, double offset) {
  double *contexts = calloc((size_t)(m * d), sizeof *contexts);
  double *directions = malloc((size_t)(rank * d + 1) * sizeof *directions), *factors = malloc((size_t)rank * 8 + 8);
  crow_random_normal(1, CROW_STREAM_TEST, 0, directions, rank * d);
  for (int64_t i = 0; i < m; i++) {
    crow_random_normal(2, CROW_STREAM_TEST, (uint64_t)i, factors, rank);
    for (int64_t k = 0; k < d; k++) {
      contexts[i * d + k] = offset;
      for (int64_t r = 0; r < rank; r++) contexts[i * d + k] += factors[r] * directions[r * d + k];
    }
  }
  free(directions);
  free(factors);
  return contexts;
}

static double squared_distance(const double *a, const double *b, int64_t d) {
  return crow_nearest_distance(a, b, CROW_DOUBLE, d);
}

static void check_hull(int64_t m, int64_t d, int64_t rank, double offset) {
  double *contexts = make_flat(m, d, rank, offset), *points = malloc((size_t)(20 * d) * sizeof *points);
  const int64_t expected = rank < m - 1 ? rank : m - 1;
  crow_hull hull;
  crow_random_normal(3, CROW_STREAM_TEST, 1, points, 20 * d);
  CHECK_OK(crow_hull_create(contexts, m, d, d - 1, &hull));
  CHECK(hull.k == (expected > 0 ? expected : 1));
  double worst = 0;
  for (int64_t a = 0; a < hull.k; a++) {
    for (int64_t b = 0; b <= a; b++) {
      double product = 0;
      for (int64_t i = 0; i < d; i++) product += hull.basis[i * hull.stride + a] * hull.basis[i * hull.stride + b];
      worst = fmax(worst, fabs(product - (a == b)));
    }
  }
  CHECK_NEAR(worst, 0, 1e-13);
  /* Differences of squared distances survive the projection, hence so does the nearest. */
  double *inside = malloc((size_t)(m * hull.k) * sizeof *inside), *projected = malloc((size_t)(20 * hull.k) * 8);
  crow_hull_project(&hull, contexts, CROW_DOUBLE, m, inside);
  crow_hull_project(&hull, points, CROW_DOUBLE, 20, projected);
  double largest = 0;
  for (int64_t i = 0; i < 20; i++) {
    const double *point = points + i * d, *image = projected + i * hull.k;
    const double lost = squared_distance(point, contexts, d) - squared_distance(image, inside, hull.k);
    for (int64_t j = 0; j < m; j++) {
      const double whole = squared_distance(point, contexts + j * d, d);
      const double error = whole - lost - squared_distance(image, inside + j * hull.k, hull.k);
      largest = fmax(largest, fabs(error) / (whole + 1));
    }
  }
  CHECK_NEAR(largest, 0, 1e-11);
  crow_hull_free(&hull);
  CHECK(hull.basis == NULL && hull.origin == NULL);
  free(inside);
  free(projected);
  free(contexts);
  free(points);
}

static void test_dimension(void) {
  check_hull(50, 7, 3, 0);
  check_hull(10, 400, 20, 1);
  check_hull(600, 30, 29, 0);
  check_hull(700, 300, 270, 0);
  check_hull(3, 2, 1, 5);
  check_hull(1, 4, 2, 0);
  check_hull(40, 5, 0, 3);
  check_hull(300, 90, 45, 1000);
}

/* Contexts that pass by in stretches have the same hull, bit for bit, and are enough where they are full early. */
static void test_stretches(void) {
  enum { m = 700, d = 90, rank = 70 };
  double *contexts = make_flat(m, d, rank, 3), reach = 0;
  crow_hull whole, parts;
  crow_hull_finder *finder = NULL;
  bool full = false;
  CHECK_OK(crow_hull_create(contexts, m, d, d - 1, &whole));
  for (int64_t at = 0; at < m; at += CROW_HULL_ROWS) {
    const int64_t n = m - at < CROW_HULL_ROWS ? m - at : CROW_HULL_ROWS;
    reach = fmax(reach, crow_hull_reach(contexts + at * d, n, d, contexts));
  }
  CHECK_OK(crow_hull_begin(m, d, d - 1, contexts, reach, &finder));
  for (int64_t at = 0; at < m; at += CROW_HULL_ROWS) {
    const int64_t n = m - at < CROW_HULL_ROWS ? m - at : CROW_HULL_ROWS;
    CHECK_OK(crow_hull_add(finder, contexts + at * d, n, &full));
    CHECK(!full);
  }
  CHECK_OK(crow_hull_end(finder, &parts));
  CHECK(whole.k == rank && parts.k == rank && parts.stride == whole.stride);
  CHECK(memcmp(whole.basis, parts.basis, (size_t)(d * whole.stride) * sizeof(double)) == 0);
  CHECK(memcmp(whole.origin, parts.origin, d * sizeof(double)) == 0);
  crow_hull_destroy(&finder);
  crow_hull_free(&parts);
  CHECK_OK(crow_hull_begin(m, d, rank - 1, contexts, reach, &finder));
  CHECK_OK(crow_hull_add(finder, contexts, CROW_HULL_ROWS, &full));
  CHECK(full);
  CHECK_OK(crow_hull_end(finder, &parts));
  CHECK(parts.k == d && !parts.basis);
  crow_hull_destroy(&finder);
  crow_hull_free(&whole);
  free(contexts);
}

static void test_full(void) {
  double *contexts = make_flat(100, 6, 6, 0);
  crow_hull hull;
  CHECK_OK(crow_hull_create(contexts, 100, 6, 5, &hull));
  CHECK(hull.k == 6 && hull.basis == NULL && hull.origin == NULL);
  CHECK_OK(crow_hull_create(contexts, 100, 1, 0, &hull));
  CHECK(hull.k == 1 && hull.basis == NULL);
  free(contexts);
  contexts = make_flat(100, 60, 20, 0);
  CHECK_OK(crow_hull_create(contexts, 100, 60, 19, &hull));
  CHECK(hull.k == 60 && hull.basis == NULL);
  CHECK_OK(crow_hull_create(contexts, 100, 60, 20, &hull));
  CHECK(hull.k == 20 && hull.basis != NULL);
  crow_hull_free(&hull);
  free(contexts);
}

static void test_cost(void) {
  for (int64_t m = 1; m < 60; m += 3) {
    for (int64_t d = 1; d < 60; d += 2) {
      const int64_t limit = crow_hull_limit(m, d);
      for (int64_t k = 1; k <= d; k++) {
        CHECK(crow_hull_pays(m, d, k) == (d * k + m * k < m * d));
        CHECK((k <= limit) == (d * k + m * k < m * d));
      }
    }
  }
}

/* Equal rows project to equal bits wherever they stand and with every set of kernels; floats as the doubles they are.
 */
static void test_bits(void) {
  enum { m = 37, d = 211 };
  double *contexts = make_flat(m, d, 70, 0), reference[m * m];
  float *single = malloc(m * d * sizeof *single);
  for (int64_t i = 0; i < m * d; i++) contexts[i] = (double)(single[i] = (float)contexts[i]);
  memcpy(contexts + 30 * d, contexts + 3 * d, d * sizeof *contexts);
  memcpy(single + 30 * d, single + 3 * d, d * sizeof *single);
  crow_hull hull;
  CHECK_OK(crow_hull_create(contexts, m, d, d - 1, &hull));
  CHECK(hull.k == m - 2);
  for (int level = 0; level <= 2; level++) {
    double whole[m * m], one[m];
    (void)crow_kernels_limit(level);
    crow_hull_project(&hull, level == 1 ? (const void *)single : contexts, level == 1 ? CROW_SINGLE : CROW_DOUBLE, m,
                      whole);
    CHECK(memcmp(whole + 3 * hull.k, whole + 30 * hull.k, (size_t)hull.k * sizeof *whole) == 0);
    for (int64_t i = 0; i < m; i++) {
      crow_hull_project(&hull, contexts + i * d, CROW_DOUBLE, 1, one);
      CHECK(memcmp(one, whole + i * hull.k, (size_t)hull.k * sizeof *one) == 0);
    }
    if (level == 0) memcpy(reference, whole, sizeof whole);
    CHECK(memcmp(reference, whole, (size_t)(m * hull.k) * sizeof *whole) == 0);
  }
  (void)crow_kernels_limit(2);
  crow_hull_free(&hull);
  free(contexts);
  free(single);
}

/* The same span from other contexts, in another order and from another origin: the same basis, which is orthonormal and
 * spans what the one before did. */
static void test_settled(void) {
  enum { M = 60, DIMENSIONS = 50, RANK = 9 };
  double *contexts = make_flat(M, DIMENSIONS, RANK, 2), *other = malloc(sizeof *other * M * DIMENSIONS);
  crow_hull hull, again, before;
  for (int64_t i = 0; i < M; i++) {
    for (int64_t k = 0; k < DIMENSIONS; k++) {
      other[i * DIMENSIONS + k] = 3 * contexts[(M - 1 - i) * DIMENSIONS + k] - contexts[i / 2 * DIMENSIONS + k];
    }
  }
  CHECK_OK(crow_hull_create(contexts, M, DIMENSIONS, DIMENSIONS - 1, &before));
  CHECK_OK(crow_hull_create(contexts, M, DIMENSIONS, DIMENSIONS - 1, &hull));
  CHECK_OK(crow_hull_create(other, M, DIMENSIONS, DIMENSIONS - 1, &again));
  CHECK(hull.k == RANK && again.k == RANK);
  CHECK_OK(crow_hull_settle(&hull));
  CHECK_OK(crow_hull_settle(&again));
  double apart = 0, worst = 0, lost = 0;
  for (int64_t k = 0; k < DIMENSIONS * hull.stride; k++) apart = fmax(apart, fabs(hull.basis[k] - again.basis[k]));
  for (int64_t a = 0; a < RANK; a++) {
    double within = 0;
    for (int64_t b = 0; b < RANK; b++) {
      double product = 0, old = 0;
      for (int64_t i = 0; i < DIMENSIONS; i++) {
        product += hull.basis[i * hull.stride + a] * hull.basis[i * hull.stride + b];
        old += hull.basis[i * hull.stride + a] * before.basis[i * before.stride + b];
      }
      worst = fmax(worst, fabs(product - (a == b)));
      within += old * old;
    }
    lost = fmax(lost, fabs(within - 1));
  }
  CHECK_NEAR(apart, 0, 1e-11);
  CHECK_NEAR(worst, 0, 1e-13);
  CHECK_NEAR(lost, 0, 1e-13);
  crow_hull_free(&before);
  crow_hull_free(&hull);
  crow_hull_free(&again);
  free(contexts);
  free(other);
}

static void test_failures(void) {
  double *contexts = make_flat(20, 50, 5, 0);
  crow_hull hull;
  CHECK_STATUS(crow_hull_create(contexts, 0, 3, 2, &hull), CROW_BAD_INPUT);
  crow_status status = CROW_FAILED;
  for (int64_t failing = 1; status != CROW_OK && failing < 50; failing++) {
    crow_memory_fail_after(failing);
    status = crow_hull_create(contexts, 20, 50, 49, &hull);
    crow_memory_fail_after(-1);
    CHECK(status == CROW_OK || (hull.basis == NULL && hull.origin == NULL));
  }
  CHECK(status == CROW_OK && hull.k == 5);
  crow_hull_free(&hull);
  free(contexts);
}

static const crow_test tests[] = {
    {"the hull has the dimension of the data and keeps differences of distances", test_dimension},
    {"contexts in stretches have the same hull", test_stretches},
    {"contexts that fill the space are left alone", test_full},
    {"projecting pays exactly when it saves multiplications", test_cost},
    {"equal rows have equal coordinates, bit by bit", test_bits},
    {"a settled basis depends on the span alone", test_settled},
    {"failures are reported and leave nothing behind", test_failures},
    {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "affine hull", tests, false); }
