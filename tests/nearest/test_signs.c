/* SPDX-License-Identifier: Apache-2.0 */
/* Draws of block signs: their points are points of S, and their search finds what every engine finds for these points.
 */
#include "harness.h"
#include "nearest/kernels_impl.h"
#include "space/space_impl.h"

#include <crow/nearest.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Contexts, as doubles, and a space made by hand. */
typedef struct problem {
  int64_t m, d;
  double *contexts, *lower, *upper, *mean, *factor, *energy;
  crow_space space;
} problem;

static problem problem_make(crow_space_kind kind, int64_t m, int64_t d) {
  problem p = {.m = m, .d = d};
  p.contexts = calloc((size_t)(m * d), sizeof(double));
  p.lower = calloc((size_t)d, sizeof(double));
  p.upper = calloc((size_t)d, sizeof(double));
  p.mean = calloc((size_t)d, sizeof(double));
  p.energy = calloc((size_t)d, sizeof(double));
  p.factor = calloc((size_t)(d * d), sizeof(double));
  crow_random_uniform(7, CROW_STREAM_TEST, (uint64_t)(m * 1000 + d), p.contexts, m * d);
  crow_random_uniform(9, CROW_STREAM_TEST, (uint64_t)(m * 1000 + d), p.factor, d * d);
  for (int64_t k = 0; k < d; k++) {
    p.lower[k] = kind == CROW_SPACE_BOX ? -0.25 * (double)k : 0;
    p.upper[k] = kind == CROW_SPACE_BOX ? 1 + (double)(k % 7) : 1;
    p.mean[k] = 0.5;
    p.energy[k] = (double)(k % 5);
  }
  p.space = (crow_space){.kind = kind, .seed = 3, .dimensions = d, .radius = 0.9};
  if (kind <= CROW_SPACE_BOX) {
    p.space.lower = p.lower;
    p.space.upper = p.upper;
  } else if (kind != CROW_SPACE_SPHERE) {
    p.space.mean = p.mean;
    if (kind == CROW_SPACE_GAUSSIAN) p.space.factor = p.factor;
  }
  return p;
}

static void problem_free(problem *p) {
  free(p->contexts);
  free(p->lower);
  free(p->upper);
  free(p->mean);
  free(p->energy);
  free(p->factor);
}

/* Whether the nearest of point i are these rows, by exact comparison of all that canonical distances leave open. */
static bool row_agrees(const double *contexts, int64_t m, int64_t d, const double *point,
                       const crow_nearest_result *result, int64_t i, bool distances) {
  double least = INFINITY, *distance = calloc((size_t)m, sizeof *distance);
  int64_t at = result->tie_begin[i], best = 0;
  for (int64_t j = 0; j < m; j++) {
    distance[j] = crow_nearest_distance(point, contexts + j * d, CROW_DOUBLE, d);
    least = fmin(least, distance[j]);
  }
  const double margin = crow_nearest_margin(least, d);
  for (int64_t j = 0; j < m; j++) {
    if (distance[j] > margin) continue;
    if (crow_nearest_compare(point, contexts + j * d, contexts + best * d, CROW_DOUBLE, d) < 0) best = j;
  }
  bool agrees = !distances || result->distance[i] == distance[best];
  for (int64_t j = 0; j < m; j++) {
    if (distance[j] > margin ||
        crow_nearest_compare(point, contexts + j * d, contexts + best * d, CROW_DOUBLE, d) != 0) {
      continue;
    }
    if (at == result->tie_begin[i + 1] || result->index[at] != j) agrees = false;
    at += at < result->tie_begin[i + 1];
  }
  free(distance);
  return agrees && at == result->tie_begin[i + 1];
}

/* Draws `first` .. `first + draws`, in the hull's coordinates if there is one. */
static void check_search(const problem *p, const crow_hull *hull, int64_t blocks, int64_t first, int64_t draws,
                         int64_t threads, bool distances, const char *what) {
  const crow_nearest_options options = {.engine = CROW_NEAREST_AUTO, .precision = CROW_SINGLE, .threads = threads};
  const int64_t n = draws * 2 * blocks, k = hull ? hull->k : p->d;
  double *points = calloc((size_t)(n * p->d), sizeof *points), *moved = points, *contexts = p->contexts;
  crow_signs *signs = NULL;
  crow_sign_search *search = NULL;
  crow_nearest_result result = {0};
  CHECK_OK(crow_signs_create(&p->space, blocks, p->energy, &signs));
  CHECK_OK(crow_signs_sample(signs, first * 2 * blocks, n, points));
  if (hull) {
    moved = calloc((size_t)(n * k), sizeof *moved);
    contexts = calloc((size_t)(p->m * k), sizeof *contexts);
    crow_hull_project(hull, points, CROW_DOUBLE, n, moved);
    crow_hull_project(hull, p->contexts, CROW_DOUBLE, p->m, contexts);
  }
  CHECK_OK(crow_sign_search_create(&options, contexts, CROW_DOUBLE, p->m, p->d, hull, signs, &search));
  double *point = calloc((size_t)k, sizeof *point);
  CHECK_OK(crow_sign_search_take(search, first, draws, distances, &result));
  for (int64_t i = 0; i < n; i += 7) {
    crow_sign_search_point(search, first + i / (2 * blocks), i % (2 * blocks), point);
    CHECK(memcmp(point, moved + i * k, (size_t)k * sizeof *point) == 0);
  }
  free(point);
  CHECK(result.count == n);
  int64_t wrong = 0;
  for (int64_t i = 0; i < result.count; i++) {
    wrong += !row_agrees(contexts, p->m, k, moved + i * k, &result, i, distances);
  }
  if (wrong) {
    (void)fprintf(stderr, "%s: space %d m %lld d %lld blocks %lld: %lld of %lld points wrong\n", what,
                  (int)p->space.kind, (long long)p->m, (long long)p->d, (long long)blocks, (long long)wrong,
                  (long long)n);
  }
  CHECK(wrong == 0);
  crow_nearest_result_free(&result);
  crow_sign_search_destroy(&search);
  crow_signs_destroy(&signs);
  if (hull) {
    free(moved);
    free(contexts);
  }
  free(points);
}

static const int64_t shapes[][3] = {
    {1, 1, 1},    {1, 5, 2},   {3, 2, 2},   {7, 3, 1},     {100, 1, 4},   {257, 2, 8},  {33, 7, 16},    {129, 8, 2},
    {300, 13, 4}, {65, 16, 4}, {90, 31, 8}, {400, 64, 16}, {70, 129, 32}, {40, 67, 64}, {50, 400, 128}, {35, 600, 256}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static void for_shapes(void (*change)(problem *), const char *what) {
  for (int kind = CROW_SPACE_CUBE; kind <= CROW_SPACE_GAUSSIAN; kind++) {
    for (int s = 0; s < SHAPES; s++) {
      problem p = problem_make((crow_space_kind)kind, shapes[s][0], shapes[s][1]);
      if (change) change(&p);
      /* An odd number of draws leaves the kernel, which takes two, one alone. */
      check_search(&p, NULL, shapes[s][2], 5 * s, shapes[s][2] >= 64 ? 1 : 2 + s % 2, 1 + s % 3, s % 2, what);
      problem_free(&p);
    }
  }
}

static void test_uniform(void) { for_shapes(NULL, "uniform"); }

/* Every context three times, so that each is a tie. */
static void make_duplicated(problem *p) {
  for (int64_t i = 0; i < p->m; i++) {
    memmove(p->contexts + i * p->d, p->contexts + i * i % (p->m / 3 + 1) * p->d, (size_t)p->d * sizeof(double));
  }
}
static void test_duplicated(void) { for_shapes(make_duplicated, "duplicated"); }

/* Corners of the cube: many pairs whose distances differ by little or by nothing. */
static void make_corners(problem *p) {
  for (int64_t i = 0; i < p->m * p->d; i++) p->contexts[i] = p->contexts[i] < 0.5;
}
static void test_corners(void) { for_shapes(make_corners, "corners"); }

/* Differences far below the rounding of single precision: more notes than a point has room for. */
static void make_close(problem *p) {
  for (int64_t i = p->d; i < p->m * p->d; i++) p->contexts[i] = p->contexts[i % p->d] + 1e-9 * p->contexts[i];
}
static void test_close(void) { for_shapes(make_close, "closer than single precision"); }

static void make_far(problem *p) {
  for (int64_t i = 0; i < p->m * p->d; i++) p->contexts[i] += 1e6;
}
static void test_far(void) { for_shapes(make_far, "far away"); }

static void make_split(problem *p) {
  for (int64_t i = 0; i < p->m * p->d / 2; i++) p->contexts[i] += 1e5;
}
static void test_split(void) { for_shapes(make_split, "in two distant halves"); }

static void make_outlier(problem *p) {
  for (int64_t k = 0; k < p->d; k++) p->contexts[k] = 1e30;
}
static void test_outlier(void) { for_shapes(make_outlier, "with an outlier"); }

static void scale(problem *p, double factor) {
  for (int64_t i = 0; i < p->m * p->d; i++) p->contexts[i] *= factor;
  for (int64_t i = 0; i < p->d * p->d; i++) p->factor[i] *= factor;
  for (int64_t k = 0; k < p->d; k++) {
    p->lower[k] *= factor;
    p->upper[k] *= factor;
    p->mean[k] *= factor;
  }
  p->space.radius *= factor;
}
static void make_tiny(problem *p) { scale(p, 1e-40); }
static void make_huge(problem *p) { scale(p, 1e40); }
static void test_scales(void) {
  for_shapes(make_tiny, "tiny");
  for_shapes(make_huge, "huge");
}

/* Fewer contexts than dimensions: distances are taken in their hull. */
static void test_hull(void) {
  for (int kind = CROW_SPACE_CUBE; kind <= CROW_SPACE_GAUSSIAN; kind++) {
    for (int64_t m = 2; m <= 40; m += 19) {
      for (int far = 0; far <= 2; far++) {
        problem p = problem_make((crow_space_kind)kind, m, 100);
        crow_hull hull = {0};
        for (int64_t i = 0; far && i < m * 100; i++) p.contexts[i] += far == 1 ? 1e6 : 1e12;
        CHECK_OK(crow_hull_create(p.contexts, m, 100, 99, &hull));
        CHECK(hull.k == m - 1);
        check_search(&p, &hull, 8, 0, far ? 3 : 20, 2, true, "in the hull");
        problem_free(&p);
        crow_hull_free(&hull);
      }
    }
  }
}

/* More contexts than are kept converted. */
static void test_many_contexts(void) {
  problem p = problem_make(CROW_SPACE_SPHERE, 9000, 1000);
  check_search(&p, NULL, 16, 0, 1, 1, false, "many contexts");
  problem_free(&p);
}

/* The kernels of processors older than this one. */
static void test_instruction_sets(void) {
  for (int level = 0; level <= 1; level++) {
    (void)crow_kernels_limit(level);
    test_uniform();
    test_duplicated();
  }
  CHECK(crow_kernels_limit(0) == &crow_kernels_portable);
  (void)crow_kernels_limit(2);
}

/* ---- the points ---------------------------------------------------------------------------------------------- */

/* A point of the draw by the definition: centre + half (sign z) in the cube, whose z are the draw's uniform numbers. */
static void test_definition(void) {
  enum { D = 12, BLOCKS = 4 };
  problem p = problem_make(CROW_SPACE_BOX, 2, D);
  crow_signs *signs = NULL;
  double point[2 * BLOCKS * D], u[D];
  int block[D], load[BLOCKS] = {0};
  CHECK_OK(crow_signs_create(&p.space, BLOCKS, p.energy, &signs));
  CHECK_OK(crow_signs_sample(signs, 9 * 2 * BLOCKS, 2 * BLOCKS, point));
  crow_random_uniform(3, CROW_STREAM_SAMPLE, 9, u, D);
  for (int k = 0; k < D; k++) {
    const double half = (p.upper[k] - p.lower[k]) / 2, centre = p.lower[k] + half;
    /* Rows 1 and 2 tell the block: bit 0 and bit 1 of its number. */
    block[k] = (point[1 * D + k] == point[k] ? 0 : 1) + (point[2 * D + k] == point[k] ? 0 : 2);
    load[block[k]] += k % 5;
    for (int row = 0; row < 2 * BLOCKS; row++) {
      const int shared = row & block[k], odd = (shared & 1) ^ (shared >> 1 & 1) ^ (row >= BLOCKS);
      CHECK(point[row * D + k] == centre + half * (odd ? 1 - 2 * u[k] : 2 * u[k] - 1));
    }
  }
  /* 0 1 2 3 4 0 1 2 3 4 0 1 sum to 21: no block of three has less than 4 or more than 6. */
  for (int b = 0; b < BLOCKS; b++) CHECK(load[b] >= 4 && load[b] <= 6);
  crow_signs_destroy(&signs);
  problem_free(&p);
}

/* Points of the sphere have length 1; a ball's do not leave it; and z.B'v is (point - centre).v. */
static void test_adjoint(void) {
  static const int64_t dimensions[] = {1, 2, 3, 8, 21, 100, 255, 256, 257};
  for (int kind = CROW_SPACE_CUBE; kind <= CROW_SPACE_GAUSSIAN; kind++) {
    for (size_t s = 0; s < sizeof dimensions / sizeof *dimensions; s++) {
      const int64_t d = dimensions[s], blocks = d < 4 ? 1 : 4;
      problem p = problem_make((crow_space_kind)kind, 1, d);
      crow_signs *signs = NULL;
      CHECK_OK(crow_signs_create(&p.space, blocks, p.energy, &signs));
      const int64_t size = blocks * crow_signs_block_length(signs);
      double *z = calloc((size_t)size, sizeof *z), *a = calloc((size_t)size, sizeof *a);
      double *room = calloc((size_t)crow_signs_room(signs) + 1, sizeof *room), *v = calloc((size_t)d, sizeof *v);
      double *point = calloc((size_t)d, sizeof *point), product = 0, other = 0, length = 0;
      memcpy(v, p.contexts, (size_t)d * sizeof *v);
      crow_signs_adjoint(signs, 1, v, room, a);
      crow_signs_draw(signs, 11, room, z);
      crow_signs_point(signs, z, 0, room, point);
      for (int64_t k = 0; k < size; k++) product += z[k] * a[k];
      for (int64_t k = 0; k < d; k++) {
        const double t = point[k] - crow_signs_centre(signs)[k];
        other += t * p.contexts[k];
        length += t * t;
      }
      CHECK(fabs(product - other) <= 1e-11 * (1 + fabs(other)));
      if (kind == CROW_SPACE_SPHERE) CHECK_NEAR(length, 1, 1e-12);
      if (kind == CROW_SPACE_BALL) CHECK(sqrt(length) <= 0.9 + 1e-12);
      free(z);
      free(a);
      free(room);
      free(v);
      free(point);
      crow_signs_destroy(&signs);
      problem_free(&p);
    }
  }
}

/* Every row of many draws has the mean and the covariance of S: of a gaussian factor factor', of the sphere I / d. */
static void test_moments(void) {
  enum { D = 6, BLOCKS = 2, DRAWS = 20000 };
  for (int kind = CROW_SPACE_SPHERE; kind <= CROW_SPACE_GAUSSIAN; kind++) {
    problem p = problem_make((crow_space_kind)kind, 1, D);
    crow_signs *signs = NULL;
    double *point = calloc((size_t)(2 * BLOCKS * D), sizeof *point), square[2 * BLOCKS][D][D] = {{{0}}};
    int wrong = 0;
    CHECK_OK(crow_signs_create(&p.space, BLOCKS, NULL, &signs));
    for (int64_t i = 0; i < DRAWS; i++) {
      CHECK_OK(crow_signs_sample(signs, i * 2 * BLOCKS, 2 * BLOCKS, point));
      for (int r = 0; r < 2 * BLOCKS; r++) {
        for (int k = 0; k < D; k++) {
          for (int j = 0; j < D; j++) {
            square[r][k][j] += (point[r * D + k] - crow_signs_centre(signs)[k]) *
                               (point[r * D + j] - crow_signs_centre(signs)[j]) / DRAWS;
          }
        }
      }
    }
    for (int r = 0; r < 2 * BLOCKS; r++) {
      for (int k = 0; k < D; k++) {
        for (int j = 0; j < D; j++) {
          double expected = k == j ? (kind == CROW_SPACE_SPHERE ? 1.0 / D : 0.81 / (D + 2)) : 0;
          if (kind == CROW_SPACE_GAUSSIAN) {
            expected = 0;
            for (int c = 0; c < D; c++) expected += p.factor[k * D + c] * p.factor[j * D + c];
          }
          /* Five standard errors of a product of two coordinates, for a normal distribution. */
          wrong +=
              !(fabs(square[r][k][j] - expected) < 5 * (kind == CROW_SPACE_GAUSSIAN ? 3.0 : 1.5 / D) / sqrt(DRAWS));
        }
      }
    }
    CHECK(wrong == 0);
    free(point);
    crow_signs_destroy(&signs);
    problem_free(&p);
  }
}

static void test_usage(void) {
  problem p = problem_make(CROW_SPACE_CUBE, 1, 3);
  crow_signs *signs = NULL;
  CHECK(crow_signs_create(&p.space, 3, p.energy, &signs) == CROW_USAGE);
  CHECK(crow_signs_create(&p.space, 0, p.energy, &signs) == CROW_USAGE);
  CHECK(crow_signs_create(&p.space, 512, p.energy, &signs) == CROW_USAGE);
  p.space.kind = CROW_SPACE_FACTOR2;
  CHECK(!crow_signs_possible(&p.space));
  CHECK(crow_signs_create(&p.space, 2, p.energy, &signs) == CROW_USAGE);
  CHECK(!signs);
  problem_free(&p);
}

static const crow_test tests[] = {{"signs: the search agrees with the definition on uniform contexts", test_uniform},
                                  {"... on repeated ones", test_duplicated},
                                  {"... on corners of the cube", test_corners},
                                  {"... on contexts closer than single precision tells apart", test_close},
                                  {"... far away", test_far},
                                  {"... in two distant halves", test_split},
                                  {"... with an outlier", test_outlier},
                                  {"... at tiny and huge scales", test_scales},
                                  {"... in the contexts' hull", test_hull},
                                  {"... with more contexts than are kept converted", test_many_contexts},
                                  {"... with the kernels of any processor", test_instruction_sets},
                                  {"points follow the definition, blocks have about equal energy", test_definition},
                                  {"scores follow from B'v; points lie on the sphere and in the ball", test_adjoint},
                                  {"every row has the moments of S", test_moments},
                                  {"blocks are a power of 2, the space symmetric", test_usage},
                                  {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "draws of block signs", tests, false); }
