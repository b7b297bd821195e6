/* SPDX-License-Identifier: Apache-2.0 */
/* Every engine against a search that follows the definition word for word. */
#include "harness.h"

#include "nearest/kernels_impl.h"

#include <stdlib.h>

static const int engines[] = {CROW_NEAREST_GEMM, CROW_NEAREST_FUSED, CROW_NEAREST_TREE, CROW_NEAREST_AUTO};
enum { ENGINES = sizeof engines / sizeof *engines };

/* What the definition says: which contexts are nearest to each point, and how far off they are. */
typedef struct definition {
  double *distance;       /* (n) */
  unsigned char *nearest; /* (n, m) */
} definition;

/* Contexts as doubles and, rounded, as floats; and the points. What the definition says of either is found once, for
 * all engines: nothing changes once the first has searched. */
typedef struct problem {
  int64_t m, d, n;
  double *contexts, *points;
  float *single;
  definition known[2]; /* by crow_precision */
} problem;

static problem problem_make(int64_t m, int64_t d, int64_t n) {
  problem p = {m,
               d,
               n,
               calloc((size_t)(m * d), sizeof(double)),
               calloc((size_t)(n * d), sizeof(double)),
               calloc((size_t)(m * d), sizeof(float)),
               {{NULL, NULL}, {NULL, NULL}}};
  crow_random_uniform(7, CROW_STREAM_TEST, (uint64_t)(m * 1000 + d), p.contexts, m * d);
  crow_random_uniform(8, CROW_STREAM_TEST, (uint64_t)(n * 1000 + d), p.points, n * d);
  return p;
}

static void problem_free(problem *p) {
  free(p->contexts);
  free(p->points);
  free(p->single);
  for (int type = 0; type < 2; type++) {
    free(p->known[type].distance);
    free(p->known[type].nearest);
  }
}

/* The contexts that floats hold exactly are searched as floats, too. */
static const void *contexts_of(problem *p, crow_precision type, double *exact) {
  if (type == CROW_DOUBLE) {
    memcpy(exact, p->contexts, (size_t)(p->m * p->d) * sizeof *exact);
    return p->contexts;
  }
  for (int64_t i = 0; i < p->m * p->d; i++) {
    p->single[i] = (float)p->contexts[i];
    exact[i] = (double)p->single[i];
  }
  return p->single;
}

/* ---- the definition, word for word ----------------------------------------------------------------------------- */

/* Adds sign x y without rounding: products of doubles have an exact remainder, which fma gives. */
static void add_exactly(crow_exact_sum *sum, double sign, double x, double y) {
  const double product = x * y;
  crow_exact_add(sum, sign * product);
  crow_exact_add(sum, sign * fma(x, y, -product));
}

/* The sign of |s - a|^2 - |s - b|^2. A common factor, a power of two, brings all products into double's range. */
static int exact_order(const double *s, const double *a, const double *b, int64_t d) {
  crow_exact_sum sum = {{0}};
  double largest = 0;
  for (int64_t k = 0; k < d; k++) largest = fmax(fmax(largest, fabs(s[k])), fmax(fabs(a[k]), fabs(b[k])));
  const int exponent = largest > 0 ? -ilogb(largest) : 0;
  for (int64_t k = 0; k < d; k++) {
    const double t = scalbn(s[k], exponent), x = scalbn(a[k], exponent), y = scalbn(b[k], exponent);
    add_exactly(&sum, 1, x, x);
    add_exactly(&sum, -2, t, x);
    add_exactly(&sum, -1, y, y);
    add_exactly(&sum, 2, t, y);
  }
  const double difference = crow_exact_value(&sum);
  return (difference > 0) - (difference < 0);
}

/* Finds the nearest contexts of point i. */
static void define_point(const problem *p, const double *exact, definition *known, int64_t i) {
  const double *point = p->points + i * p->d;
  double *distance = calloc((size_t)p->m, sizeof *distance);
  int *against = malloc((size_t)p->m * sizeof *against); /* the best so far, as it was when the j-th came */
  int64_t best = 0;
  for (int64_t j = 0; j < p->m; j++) {
    double sum = 0;
    for (int64_t k = 0; k < p->d; k++) {
      const double t = point[k] - exact[j * p->d + k];
      sum += t * t;
    }
    distance[j] = sum;
    against[j] = j == 0 ? 0 : sum > distance[best] * (1 + 1e-9) + 1e-290 ? 1 : 2;
    if (against[j] == 2) against[j] = exact_order(point, exact + j * p->d, exact + best * p->d, p->d);
    if (against[j] < 0) best = j;
  }
  known->distance[i] = distance[best];
  for (int64_t j = best; j < p->m; j++) known->nearest[i * p->m + j] = j == best || against[j] == 0;
  free(distance);
  free(against);
}

static const definition *define(problem *p, crow_precision type, const double *exact) {
  definition *known = &p->known[type];
  if (known->distance) return known;
  known->distance = calloc((size_t)p->n, sizeof *known->distance);
  known->nearest = calloc((size_t)(p->n * p->m), 1);
  for (int64_t i = 0; i < p->n; i++) define_point(p, exact, known, i);
  return known;
}

static bool point_agrees(const problem *p, const definition *known, const crow_nearest_result *result, int64_t i) {
  int64_t at = result->tie_begin[i];
  const int64_t end = result->tie_begin[i + 1];
  bool agrees = result->distance[i] == known->distance[i];
  for (int64_t j = 0; j < p->m; j++) {
    if (!known->nearest[i * p->m + j]) continue;
    if (at == end || result->index[at] != j) agrees = false;
    at += at < end;
  }
  return agrees && at == end;
}

static void check_engine(problem *p, int engine, crow_precision precision, crow_precision type, int64_t threads,
                         const char *what) {
  const crow_nearest_options options = {.engine = engine, .precision = (int)precision, .threads = threads};
  double *exact = malloc((size_t)(p->m * p->d) * sizeof *exact);
  const void *contexts = contexts_of(p, type, exact);
  crow_nearest *nearest = NULL;
  crow_nearest_result result = {0};
  CHECK_OK(crow_nearest_create(&options, contexts, type, p->m, p->d, p->points, p->n < 64 ? p->n : 64, &nearest));
  if (nearest) {
    CHECK(engine == CROW_NEAREST_AUTO || (int)crow_nearest_engine_used(nearest) == engine);
    CHECK(crow_nearest_engine_used(nearest) != CROW_NEAREST_AUTO);
    CHECK_OK(crow_nearest_search(nearest, p->points, p->n, &result));
    CHECK(result.count == p->n);
    const definition *known = define(p, type, exact);
    int64_t wrong = 0;
    for (int64_t i = 0; i < result.count; i++) wrong += !point_agrees(p, known, &result, i);
    if (wrong) {
      (void)fprintf(stderr, "%s: m %lld d %lld: %lld of %lld points wrong with %s, first pass %d, contexts %d\n", what,
                    (long long)p->m, (long long)p->d, (long long)wrong, (long long)p->n,
                    crow_nearest_engine_name((crow_nearest_engine)engine), (int)precision, (int)type);
    }
    CHECK(wrong == 0);
  }
  crow_nearest_result_free(&result);
  crow_nearest_destroy(&nearest);
  free(exact);
}

static void check_all(problem *p, const char *what) {
  for (int e = 0; e < ENGINES; e++) {
    check_engine(p, engines[e], CROW_SINGLE, CROW_DOUBLE, 1, what);
    if (engines[e] == CROW_NEAREST_AUTO) continue;
    check_engine(p, engines[e], CROW_SINGLE, CROW_SINGLE, 1, what);
    check_engine(p, engines[e], CROW_DOUBLE, CROW_DOUBLE, 1, what);
    check_engine(p, engines[e], CROW_DOUBLE, CROW_SINGLE, 1, what);
  }
}

/* ---- kinds of contexts ----------------------------------------------------------------------------------------- */

static const int64_t shapes[][3] = {{1, 1, 3},     {2, 1, 17},    {1, 5, 4},     {3, 2, 50},
                                    {100, 1, 65},  {257, 2, 99},  {500, 3, 64},  {33, 7, 40},
                                    {129, 8, 77},  {300, 13, 50}, {65, 16, 31},  {90, 31, 33},
                                    {400, 64, 20}, {70, 129, 19}, {1100, 40, 9}, {50, 400, 13}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static void for_shapes(void (*change)(problem *), const char *what) {
  for (int s = 0; s < SHAPES; s++) {
    problem p = problem_make(shapes[s][0], shapes[s][1], shapes[s][2]);
    if (change) change(&p);
    check_all(&p, what);
    problem_free(&p);
  }
}

static void test_uniform(void) { for_shapes(NULL, "uniform"); }

static void make_clustered(problem *p) {
  for (int64_t i = 0; i < p->m; i++) {
    for (int64_t k = 0; k < p->d; k++) {
      double *value = &p->contexts[i * p->d + k];
      *value = p->contexts[(i % 3) * p->d + k] * (i >= 3) + (i < 3 ? *value : 1e-5 * *value);
    }
  }
}
static void test_clustered(void) { for_shapes(make_clustered, "clustered"); }

/* Contexts and points on coarse grids: many exact ties. */
static void make_lattice(problem *p) {
  for (int64_t i = 0; i < p->m * p->d; i++) p->contexts[i] = floor(3 * p->contexts[i]) / 2;
  for (int64_t i = 0; i < p->n * p->d; i++) p->points[i] = floor(5 * p->points[i]) / 4;
}
static void test_lattice(void) { for_shapes(make_lattice, "lattice"); }

static void make_binary(problem *p) {
  for (int64_t i = 0; i < p->m * p->d; i++) p->contexts[i] = p->contexts[i] < 0.5;
  for (int64_t i = 0; i < p->n * p->d; i++) p->points[i] = 0.5;
}
static void test_binary(void) { for_shapes(make_binary, "corners of the cube seen from its middle"); }

static void make_duplicated(problem *p) {
  for (int64_t i = 0; i < p->m; i++) {
    memcpy(p->contexts + i * p->d, p->contexts + (i * i % 5 % p->m) * p->d, (size_t)p->d * sizeof(double));
  }
}
static void test_duplicated(void) { for_shapes(make_duplicated, "duplicated"); }

/* The first half repeated in reverse order, so that groups of clones interleave. */
static void make_mirrored(problem *p) {
  for (int64_t i = 0; i < p->m / 2; i++) {
    memcpy(p->contexts + (p->m - 1 - i) * p->d, p->contexts + i * p->d, (size_t)p->d * sizeof(double));
  }
  make_lattice(p);
}
static void test_mirrored(void) { for_shapes(make_mirrored, "mirrored lattice"); }

static void move(problem *p, double scale, double offset) {
  for (int64_t i = 0; i < p->m * p->d; i++) p->contexts[i] = p->contexts[i] * scale + offset;
  for (int64_t i = 0; i < p->n * p->d; i++) p->points[i] = p->points[i] * scale + offset;
}
static void make_far(problem *p) { move(p, 1, 1e6); }
static void make_tiny(problem *p) { move(p, 1e-30, 0); }
static void make_huge(problem *p) { move(p, 1e30, -1e29); }
static void test_far(void) { for_shapes(make_far, "far from the origin"); }
static void test_tiny(void) { for_shapes(make_tiny, "tiny"); }
static void test_huge(void) { for_shapes(make_huge, "huge"); }

/* Only half of the contexts are far away. */
static void make_split(problem *p) {
  for (int64_t i = 0; i < p->m * p->d / 2; i++) p->contexts[i] += 1e5;
}
static void test_split(void) { for_shapes(make_split, "in two distant halves"); }

/* One context so far out that it spoils a common scale. */
static void make_outlier(problem *p) {
  for (int64_t k = 0; k < p->d; k++) p->contexts[k] = 1e30;
}
static void test_outlier(void) { for_shapes(make_outlier, "with an outlier"); }

/* Points far outside. */
static void make_outside(problem *p) {
  for (int64_t i = 0; i < p->n; i++) {
    const double factor = pow(10, (double)(i % 40));
    for (int64_t k = 0; k < p->d; k++) p->points[i * p->d + k] *= factor;
  }
}
static void test_outside(void) { for_shapes(make_outside, "with points far outside"); }

/* Columns in units of 1e-12 to 1e12, all but the last of which are the same for groups of contexts: within a group the
 * smallest unit decides, which is lost in a sum of squares in double. */
static void make_units(problem *p) {
  for (int64_t k = 0; k < p->d; k++) {
    const double unit = pow(10, 12 - (double)(24 * k) / (double)(p->d > 1 ? p->d - 1 : 1));
    for (int64_t i = 0; i < p->m; i++) {
      double *value = &p->contexts[i * p->d + k];
      *value = k + 1 < p->d && i >= 3 ? p->contexts[i % 3 * p->d + k] : *value * unit;
    }
    for (int64_t i = 0; i < p->n; i++) p->points[i * p->d + k] *= unit;
  }
}
static void test_units(void) { for_shapes(make_units, "with columns in different units"); }

/* A column that is the same for all and lies far from the points. */
static void make_constant(problem *p) {
  for (int64_t i = 0; i < p->m; i++) p->contexts[i * p->d] = 1.7e12;
}
static void test_constant(void) { for_shapes(make_constant, "with a distant constant column"); }

/* Points that are contexts, or midway between two. */
static void make_coincident(problem *p) {
  for (int64_t i = 0; i < p->n; i++) {
    const int64_t a = i % p->m, b = (i * 7 + 1) % p->m;
    for (int64_t k = 0; k < p->d; k++) {
      p->points[i * p->d + k] =
          i % 2 ? p->contexts[a * p->d + k] : 0.5 * (p->contexts[a * p->d + k] + p->contexts[b * p->d + k]);
    }
  }
}
static void test_coincident(void) { for_shapes(make_coincident, "coincident"); }

/* Beyond the range of squares: canonical distances are infinite or zero for all. */
static void test_range(void) {
  static const double scales[] = {1e200, 1e-200, 1e307, 5e-324, 1e155, 1e-160};
  for (size_t s = 0; s < sizeof scales / sizeof *scales; s++) {
    for (int shape = 0; shape < SHAPES; shape += 3) {
      problem p = problem_make(shapes[shape][0], shapes[shape][1], shapes[shape][2]);
      move(&p, scales[s], 0);
      for (int e = 0; e < ENGINES; e++) {
        /* Either first pass at large and at small scales. */
        const crow_precision precision = ((int)(s / 2) + e) % 2 ? CROW_SINGLE : CROW_DOUBLE;
        check_engine(&p, engines[e], precision, CROW_DOUBLE, 1, "at the ends of double's range");
      }
      problem_free(&p);
    }
  }
}

/* 2^14 alternatives at the same distance. */
static void test_many_ties(void) {
  problem p = problem_make(1 << 14, 14, 3);
  for (int64_t i = 0; i < p.m; i++) {
    for (int64_t k = 0; k < p.d; k++) p.contexts[i * p.d + k] = (double)(i >> k & 1);
  }
  for (int64_t k = 0; k < 3 * p.d; k++) p.points[k] = 0.5;
  for (int e = 0; e < ENGINES; e++) {
    check_engine(&p, engines[e], CROW_SINGLE, CROW_DOUBLE, 1, "many ties");
    const crow_nearest_options options = {.engine = engines[e], .precision = CROW_SINGLE, .threads = 1};
    crow_nearest *nearest = NULL;
    crow_nearest_result result = {0};
    CHECK_OK(crow_nearest_create(&options, p.contexts, CROW_DOUBLE, p.m, p.d, NULL, 0, &nearest));
    if (!nearest) continue;
    CHECK_OK(crow_nearest_search(nearest, p.points, 3, &result));
    CHECK(result.tie_begin[1] == 1 << 14);
    CHECK(result.tie_begin[3] == 3 << 14);
    CHECK(result.distance[2] == 14 * 0.25);
    crow_nearest_result_free(&result);
    crow_nearest_destroy(&nearest);
  }
  problem_free(&p);
}

/* More points than an engine takes at once, in one call, with several threads. */
static void test_threads(void) {
  problem p = problem_make(300, 3, 9000);
  for (int64_t i = 0; i < p.n * p.d; i += 2) p.points[i] = floor(4 * p.points[i]) / 4;
  for (int64_t i = 0; i < p.m * p.d; i++) p.contexts[i] = floor(8 * p.contexts[i]) / 8;
  for (int e = 0; e < ENGINES; e++) {
    for (int64_t threads = 1; threads <= 5; threads += 2) {
      check_engine(&p, engines[e], CROW_SINGLE, CROW_DOUBLE, threads, "several threads");
    }
  }
  problem_free(&p);
}

/* More contexts than are kept converted. */
static void test_many_contexts(void) {
  problem p = problem_make(9000, 1000, 2);
  for (int64_t i = 0; i < p.m; i += 2) memcpy(p.contexts + i * p.d, p.contexts + (i / 3) * p.d, (size_t)p.d * 8);
  check_engine(&p, CROW_NEAREST_GEMM, CROW_SINGLE, CROW_DOUBLE, 1, "many contexts");
  check_engine(&p, CROW_NEAREST_FUSED, CROW_SINGLE, CROW_DOUBLE, 1, "many contexts");
  problem_free(&p);
}

/* More dimensions than the fused engine takes at once, and more strips of contexts. */
static void test_long_and_many(void) {
  problem p = problem_make(150, 1601, 14);
  make_lattice(&p);
  check_engine(&p, CROW_NEAREST_FUSED, CROW_SINGLE, CROW_DOUBLE, 1, "long contexts");
  check_engine(&p, CROW_NEAREST_FUSED, CROW_DOUBLE, CROW_DOUBLE, 1, "long contexts");
  problem_free(&p);
  p = problem_make(140000, 3, 14);
  check_engine(&p, CROW_NEAREST_FUSED, CROW_SINGLE, CROW_DOUBLE, 1, "many strips");
  problem_free(&p);
}

/* The kernels of processors older than this one. */
static void test_instruction_sets(void) {
  for (int level = 0; level <= 1; level++) {
    (void)crow_kernels_limit(level);
    test_uniform();
    test_lattice();
    test_duplicated();
    test_outlier();
    test_coincident();
    test_units();
  }
  CHECK(crow_kernels_limit(0) == &crow_kernels_portable);
  (void)crow_kernels_limit(2);
}

static const crow_test tests[] = {{"engines agree with the definition on uniform contexts", test_uniform},
                                  {"... on clustered contexts", test_clustered},
                                  {"... on a lattice with many exact ties", test_lattice},
                                  {"... on corners of the cube, all tied", test_binary},
                                  {"... on a few contexts repeated", test_duplicated},
                                  {"... on clones that interleave", test_mirrored},
                                  {"... far from the origin", test_far},
                                  {"... at tiny scales", test_tiny},
                                  {"... at huge scales", test_huge},
                                  {"... with half of the contexts far away", test_split},
                                  {"... with an outlier", test_outlier},
                                  {"... with points far outside", test_outside},
                                  {"... with points on contexts and midway", test_coincident},
                                  {"... with columns in units of 1e-12 to 1e12", test_units},
                                  {"... with a distant constant column", test_constant},
                                  {"... where squares overflow or underflow", test_range},
                                  {"... with 2^14-fold ties", test_many_ties},
                                  {"... for any number of threads", test_threads},
                                  {"... with more contexts than are kept converted", test_many_contexts},
                                  {"... with long contexts, and with many strips of them", test_long_and_many},
                                  {"... with the kernels of any processor", test_instruction_sets},
                                  {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "nearest engines", tests, false); }
