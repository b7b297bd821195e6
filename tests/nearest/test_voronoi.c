/* SPDX-License-Identifier: Apache-2.0 */
/* Exact shares of boxes in one and two dimensions. */
#include "harness.h"

#include <stdlib.h>

static const double zero[2] = {0, 0}, one[2] = {1, 1};

static double sum(const double *values, int64_t count) {
  double total = 0;
  for (int64_t i = 0; i < count; i++) total += values[i];
  return total;
}

/* The paper's example, and with an approximate clone added. */
static void test_example(void) {
  const double corners[] = {0, 0, 1, 0, 1, 1, 0.9, 1};
  double weight[4];
  CHECK_OK(crow_voronoi_exact_2d(corners, 3, zero, one, weight));
  CHECK_NEAR(weight[0], 0.375, 1e-12);
  CHECK_NEAR(weight[1], 0.25, 1e-12);
  CHECK_NEAR(weight[2], 0.375, 1e-12);
  CHECK_OK(crow_voronoi_exact_2d(corners, 4, zero, one, weight));
  CHECK_NEAR(weight[0], 0.34, 1e-12);
  CHECK_NEAR(weight[1], 0.239875, 1e-12);
  CHECK_NEAR(weight[2], 0.025, 1e-12);
  CHECK_NEAR(weight[3], 0.395125, 1e-12);
}

static void test_line(void) {
  const double contexts[] = {0.9, 0.1, 0.5, 0.1, -3, 2};
  double weight[6];
  CHECK_OK(crow_voronoi_exact_1d(contexts, 4, 0, 1, weight));
  CHECK_NEAR(weight[0], 0.3, 1e-15);
  CHECK_NEAR(weight[1], 0.15, 1e-15);
  CHECK_NEAR(weight[2], 0.4, 1e-15);
  CHECK_NEAR(weight[3], 0.15, 1e-15);
  /* From outside, only what is within the interval counts: -3 reaches -1.45, 2 reaches down to 1.45. */
  CHECK_OK(crow_voronoi_exact_1d(contexts, 6, 0, 2, weight));
  CHECK_NEAR(weight[0], (1.45 - 0.7) / 2, 1e-15);
  CHECK_NEAR(weight[4], 0, 0);
  CHECK_NEAR(weight[5], 0.55 / 2, 1e-15);
  CHECK_NEAR(sum(weight, 6), 1, 1e-15);
  CHECK_OK(crow_voronoi_exact_1d(contexts, 1, 5, 6, weight));
  CHECK_NEAR(weight[0], 1, 0);
}

static void test_line_by_sampling(void) {
  enum { m = 200, n = 100000 };
  double contexts[m], weight[m], count[m] = {0};
  crow_random_uniform(1, CROW_STREAM_TEST, 0, contexts, m);
  CHECK_OK(crow_voronoi_exact_1d(contexts, m, -0.5, 1.5, weight));
  for (int i = 0; i < n; i++) {
    const double point = -0.5 + 2 * ((double)i + 0.5) / n;
    int nearest = 0;
    for (int j = 1; j < m; j++) nearest = fabs(point - contexts[j]) < fabs(point - contexts[nearest]) ? j : nearest;
    count[nearest] += 1.0 / n;
  }
  for (int j = 0; j < m; j++) CHECK_NEAR(weight[j], count[j], 2.1 / n);
}

/* A unit lattice inside its box: inner cells have area 1, edges 1/2, corners 1/4; far away and tiny as well. */
static void test_lattice(void) {
  enum { side = 11, m = side * side };
  static const double scales[] = {1, 1e-150, 1e140, 0.375};
  static const double offsets[] = {0, 0, 0, 1e6};
  for (int s = 0; s < 4; s++) {
    double contexts[2 * m], weight[m];
    for (int i = 0; i < m; i++) {
      contexts[2 * i] = offsets[s] + scales[s] * (i % side);
      contexts[2 * i + 1] = offsets[s] + scales[s] * (double)(i / side);
    }
    const double lower[2] = {offsets[s], offsets[s]};
    const double upper[2] = {offsets[s] + (side - 1) * scales[s], offsets[s] + (side - 1) * scales[s]};
    CHECK_OK(crow_voronoi_exact_2d(contexts, m, lower, upper, weight));
    for (int i = 0; i < m; i++) {
      const bool edge_x = i % side == 0 || i % side == side - 1, edge_y = i / side == 0 || i / side == side - 1;
      CHECK_NEAR(weight[i], (edge_x ? 0.5 : 1) * (edge_y ? 0.5 : 1) / ((side - 1) * (side - 1)), 1e-14);
    }
  }
}

static void test_duplicates(void) {
  /* The middle one three times, once with a negative zero. */
  const double contexts[] = {-1, 0, 0.0, 0, 1, 0, -0.0, 0.0, 0, -0.0};
  const double lower[2] = {-1, -1}, upper[2] = {1, 1};
  double weight[5];
  CHECK_OK(crow_voronoi_exact_2d(contexts, 5, lower, upper, weight));
  CHECK_NEAR(weight[0], 0.25, 1e-15);
  CHECK_NEAR(weight[2], 0.25, 1e-15);
  for (int i = 1; i < 5; i += i == 1 ? 2 : 1) CHECK_NEAR(weight[i], 0.5 / 3, 1e-15);
}

static void test_outside(void) {
  const double contexts[] = {-10, 0.5, 0.25, 0.5, 30, 0.5, 0.5, 100};
  double weight[4];
  CHECK_OK(crow_voronoi_exact_2d(contexts, 4, zero, one, weight));
  CHECK_NEAR(weight[0], 0, 0);
  CHECK_NEAR(weight[1], 1, 1e-15);
  CHECK_NEAR(weight[2], 0, 0);
  const double two[] = {-1, 0.5, 1.5, 0.5};
  CHECK_OK(crow_voronoi_exact_2d(two, 2, zero, one, weight));
  CHECK_NEAR(weight[0], 0.25, 1e-15);
}

/* A million samples, each counted for its nearest: within 4.5 standard errors for every one of 300 cells. */
/* Contexts far from the unit square, whose cells are triangles, stripes and halves that can be written down. */
static void test_far_from_the_box(void) {
  const double lower[] = {0, 0}, upper[] = {1, 1};
  double weights[4];
  for (int k = 0; k <= 15; k++) {
    const double far = pow(10, k), odd = 3.7 * far;
    const double triangles[] = {far, 0, 0, far}, stripes[] = {far, 0.1, far, 0.3}, below[] = {-far, 0.1, -far, 0.3};
    CHECK_OK(crow_voronoi_exact_2d(triangles, 2, lower, upper, weights));
    CHECK_NEAR(weights[0], 0.5, 1e-14);
    CHECK_OK(crow_voronoi_exact_2d(stripes, 2, lower, upper, weights));
    CHECK_NEAR(weights[0], 0.2, 1e-14);
    CHECK_OK(crow_voronoi_exact_2d(below, 2, lower, upper, weights));
    CHECK_NEAR(weights[1], 0.8, 1e-14);
    /* p is nearer to a = (odd, .2) than to b = (.1, odd + .1) if (b - a) . (b + a - 2 p) > 0; with the sides' cuts at
     * p_1 = alpha + beta p_0 and 0 < p_1 < 1 the share is a trapezium's, taken here in long double. */
    const double pair[] = {odd, 0.2, 0.1, odd + 0.1};
    const long double ax = pair[0], ay = pair[1], bx = pair[2], by = pair[3];
    const long double alpha = (bx * bx - ax * ax + (by - ay) * (by + ay)) / (2 * (by - ay)),
                      beta = (ax - bx) / (by - ay);
    long double share = 0;
    const int steps = 20000;
    for (int i = 0; i < steps; i++) {
      const long double y = alpha + beta * (i + 0.5L) / steps;
      share += (y < 0 ? 0 : y > 1 ? 1 : y) / steps;
    }
    CHECK_OK(crow_voronoi_exact_2d(pair, 2, lower, upper, weights));
    if (k <= 9) CHECK_NEAR(weights[0], (double)share, 1e-8);
    CHECK_NEAR(weights[0] + weights[1], 1, 1e-15);
  }
}

/* Columns in any units: the cells of (0, 0), (1, 1), (.5, .2), (.5, .9), where one side is so much longer that the
 * boundaries between columns are upright: at .25 and .75, and between .2 and .9 at .55. */
static void test_unequal_sides(void) {
  static const double units[] = {1e9, 1e12, 1e24, 1e100, 1e200, 1e290};
  for (size_t k = 0; k < sizeof units / sizeof *units; k++) {
    for (int flip = 0; flip < 2; flip++) {
      const double x = flip ? 1 : units[k] * 1e-140, y = flip ? 1 / units[k] : 1e-140;
      const double points[][2] = {{0, 0}, {1, 1}, {.5, .2}, {.5, .9}}, origin[2] = {0, 0}, side[2] = {x, y};
      double contexts[8], weights[4];
      for (int i = 0; i < 4; i++) {
        contexts[2 * i] = points[i][0] * x;
        contexts[2 * i + 1] = points[i][1] * y;
      }
      CHECK_OK(crow_voronoi_exact_2d(contexts, 4, origin, side, weights));
      CHECK_NEAR(weights[0], .25, 1e-14);
      CHECK_NEAR(weights[1], .25, 1e-14);
      CHECK_NEAR(weights[2], .5 * .55, 1e-14);
      CHECK_NEAR(weights[3], .5 * .45, 1e-14);
    }
  }
}

static void test_far_from_the_line(void) {
  double weights[3];
  for (int k = 1; k <= 300; k++) {
    const double far = pow(10, k), one_side[] = {far, 2 * far, 3 * far}, both[] = {-far, far, 0.25};
    CHECK_OK(crow_voronoi_exact_1d(one_side, 3, 0, 1, weights));
    CHECK(weights[0] == 1 && weights[1] == 0 && weights[2] == 0);
    CHECK_OK(crow_voronoi_exact_1d(both, 2, 0, 1, weights));
    CHECK(weights[0] == 0 && weights[1] == 1);
    CHECK_OK(crow_voronoi_exact_1d(both, 3, -1, 1, weights));
    CHECK(weights[2] == 1 && weights[0] == 0 && weights[1] == 0);
    CHECK_OK(crow_voronoi_exact_1d(both, 2, -1, 1, weights));
    CHECK(weights[0] == 0.5 && weights[1] == 0.5);
  }
}

static void test_by_sampling(void) {
  enum { m = 300, n = 1000000, block = 20000 };
  double contexts[2 * m], weight[m], count[m] = {0}, *points = malloc(2 * block * sizeof *points);
  crow_random_uniform(2, CROW_STREAM_TEST, 0, contexts, 2 * m);
  for (int i = 0; i < m / 3; i++) {
    for (int k = 0; k < 2; k++) contexts[2 * i + k] = 0.7 + 1e-3 * contexts[2 * i + k];
  }
  CHECK_OK(crow_voronoi_exact_2d(contexts, m, zero, one, weight));
  CHECK_NEAR(sum(weight, m), 1, 1e-14);
  for (int b = 0; b < n / block; b++) {
    crow_random_uniform(3, CROW_STREAM_TEST, (uint64_t)b, points, 2 * block);
    for (int i = 0; i < block; i++) {
      int nearest = 0;
      double least = INFINITY;
      for (int j = 0; j < m; j++) {
        const double x = points[2 * i] - contexts[2 * j], y = points[2 * i + 1] - contexts[2 * j + 1];
        if (x * x + y * y < least) {
          least = x * x + y * y;
          nearest = j;
        }
      }
      count[nearest]++;
    }
  }
  for (int j = 0; j < m; j++) {
    CHECK_NEAR(count[j] / n, weight[j], 4.5 * sqrt(weight[j] * (1 - weight[j]) / n) + 1e-6);
  }
  free(points);
}

/* Cells are convex, hold their context, have the exact areas, and each vertex is as near to its own context as to any.
 */
static void test_cells(void) {
  enum { m = 400 };
  double contexts[2 * m], weight[m];
  const double lower[2] = {-0.5, 0}, upper[2] = {1.5, 1};
  crow_voronoi_cells cells;
  crow_random_uniform(4, CROW_STREAM_TEST, 0, contexts, 2 * m);
  memcpy(contexts + 2 * 7, contexts, 2 * sizeof *contexts);
  CHECK_OK(crow_voronoi_exact_2d(contexts, m, lower, upper, weight));
  CHECK_OK(crow_voronoi_cells_2d(contexts, m, lower, upper, &cells));
  CHECK(cells.count == m);
  int64_t wrong = 0;
  for (int i = 0; i < m; i++) {
    const int64_t begin = cells.begin[i], count = cells.begin[i + 1] - begin;
    double twice = 0;
    for (int64_t v = 0; v < count; v++) {
      const double *a = cells.vertex + 2 * (begin + v), *b = cells.vertex + 2 * (begin + (v + 1) % count);
      const double cross = (a[0] - contexts[2 * i]) * (b[1] - contexts[2 * i + 1]) -
                           (a[1] - contexts[2 * i + 1]) * (b[0] - contexts[2 * i]);
      wrong += cross < -1e-15;
      twice += cross;
      const double own = hypot(a[0] - contexts[2 * i], a[1] - contexts[2 * i + 1]);
      for (int j = 0; j < m; j++) wrong += hypot(a[0] - contexts[2 * j], a[1] - contexts[2 * j + 1]) < own - 1e-12;
    }
    const double share = i == 0 || i == 7 ? 0.5 : 1;
    CHECK_NEAR(share * twice / 2 / 2, weight[i], 1e-14);
  }
  CHECK(wrong == 0);
  crow_voronoi_cells_free(&cells);
  CHECK(cells.begin == NULL && cells.vertex == NULL);
}

/* One cell with many sides: as many contexts on a circle around it. */
static void test_many_sides(void) {
  enum { m = 2000 };
  double contexts[2 * m + 2], weight[m + 1];
  const double lower[2] = {-1, -1}, upper[2] = {1, 1}, pi = 3.14159265358979323846;
  for (int i = 0; i < m; i++) {
    contexts[2 * i] = cos(2 * pi * i / m);
    contexts[2 * i + 1] = sin(2 * pi * i / m);
  }
  contexts[2 * m] = contexts[2 * m + 1] = 0;
  CHECK_OK(crow_voronoi_exact_2d(contexts, m + 1, lower, upper, weight));
  CHECK_NEAR(weight[m], m * 0.25 * tan(pi / m) / 4, 1e-12);
}

static void test_refusals(void) {
  const double nan_context[] = {0, 0, NAN, 0}, flat[2] = {1, 0};
  double weight[2];
  crow_voronoi_cells cells;
  CHECK_STATUS(crow_voronoi_exact_1d(zero, 0, 0, 1, weight), CROW_BAD_INPUT);
  CHECK_STATUS(crow_voronoi_exact_1d(zero, 1, 1, 1, weight), CROW_BAD_INPUT);
  CHECK_MESSAGE("[1, 1]");
  CHECK_STATUS(crow_voronoi_exact_1d(nan_context, 3, 0, 1, weight), CROW_BAD_INPUT);
  CHECK_MESSAGE("alternative 2");
  CHECK_STATUS(crow_voronoi_exact_2d(nan_context, 2, zero, one, weight), CROW_BAD_INPUT);
  CHECK_MESSAGE("alternative 1");
  CHECK_STATUS(crow_voronoi_exact_2d(zero, 1, zero, flat, weight), CROW_BAD_INPUT);
  CHECK_STATUS(crow_voronoi_exact_2d(zero, 0, zero, one, weight), CROW_BAD_INPUT);
  CHECK_STATUS(crow_voronoi_cells_2d(zero, 1, one, zero, &cells), CROW_BAD_INPUT);
  CHECK(cells.begin == NULL);
}

static void test_memory(void) {
  double contexts[64], weight[32];
  crow_random_uniform(5, CROW_STREAM_TEST, 0, contexts, 64);
  memcpy(contexts + 2, contexts, 2 * sizeof *contexts);
  crow_status status = CROW_FAILED;
  for (int64_t failing = 1; status != CROW_OK && failing < 100; failing++) {
    crow_memory_fail_after(failing);
    status = crow_voronoi_exact_2d(contexts, 32, zero, one, weight);
    crow_memory_fail_after(-1);
    CHECK(status == CROW_OK || status == CROW_FAILED);
  }
  CHECK(status == CROW_OK);
  status = CROW_FAILED;
  for (int64_t failing = 1; status != CROW_OK && failing < 100; failing++) {
    crow_voronoi_cells cells;
    crow_memory_fail_after(failing);
    status = crow_voronoi_cells_2d(contexts, 32, zero, one, &cells);
    crow_memory_fail_after(-1);
    CHECK(status == CROW_OK || cells.vertex == NULL);
    crow_voronoi_cells_free(&cells);
  }
  CHECK(status == CROW_OK);
}

static const crow_test tests[] = {{"the paper's example has its closed-form weights", test_example},
                                  {"an interval is shared at midpoints", test_line},
                                  {"shares of an interval are those of a fine grid of points", test_line_by_sampling},
                                  {"lattice cells have areas 1, 1/2 and 1/4 at any scale", test_lattice},
                                  {"equal contexts share equally", test_duplicates},
                                  {"contexts outside the box count for what is inside", test_outside},
                                  {"contexts may lie far from the box", test_far_from_the_box},
                                  {"... and far from the interval", test_far_from_the_line},
                                  {"sides may be in any units", test_unequal_sides},
                                  {"areas agree with a million samples", test_by_sampling},
                                  {"cells are convex polygons of the points nearest to their context", test_cells},
                                  {"a cell may have thousands of sides", test_many_sides},
                                  {"wrong arguments are named", test_refusals},
                                  {"a failed allocation is reported and leaves nothing behind", test_memory},
                                  {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "exact Voronoi shares", tests, false); }
