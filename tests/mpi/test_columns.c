/* SPDX-License-Identifier: Apache-2.0 */
/* Several columns in one pass over pairs, or on one grid, have the bits that each has by itself. */
#include "fixture.h"
#include "objective/sandwich_impl.h"

enum { M = 1500, Q = 6000, COLUMNS = 5 };

typedef struct problem {
  crow_weights weights;
  crow_pairs pairs;
  crow_objective *objective;
  crow_sandwich sandwich;
  double *reward, *win_rate; /* this rank's slices */
} problem;

/* This rank's slice of numbers from the seed, in [-1, 1). */
static double *numbers(const crow_partition *p, uint64_t seed, int64_t columns) {
  double *values = NULL;
  CHECK_OK(CROW_ALLOCATE(&values, columns * p->count + 1));
  for (int64_t c = 0; c < columns; c++) {
    for (int64_t i = 0; i < p->count; i++) {
      crow_random_uniform(seed + (uint64_t)c, CROW_STREAM_TEST, (uint64_t)(p->begin + i), &values[c * p->count + i], 1);
      values[c * p->count + i] = 2 * values[c * p->count + i] - 1;
    }
  }
  return values;
}

/* Comparisons, of which the last hundred alternatives have none, or complete preferences. Every seventh alternative has
 * no weight. */
static void make_problem(bool paired, problem *made) {
  *made = (problem){.objective = NULL};
  static int32_t first[Q], second[Q];
  static double outcome[Q], context[M];
  double sum = 0;
  crow_objective_options options;
  crow_dataset dataset = {0};
  for (int k = 0; k < Q; k++) {
    double u[3];
    crow_random_uniform(4, CROW_STREAM_TEST, (uint64_t)k, u, 3);
    first[k] = (int32_t)(u[0] * (M - 100));
    second[k] = (first[k] + 1 + (int32_t)(u[1] * (M - 102))) % (M - 100);
    outcome[k] = u[2] < .5;
  }
  const test_dataset t = {
      .m = M, .d = 1, .context = context, .q = Q, .first = first, .second = second, .outcome = outcome};
  test_dataset_write(test_comm, test_path("columns.h5"), &t);
  CHECK_OK(crow_dataset_open(test_comm, test_path("columns.h5"), false, &dataset));
  CHECK_OK(crow_weights_uniform(test_comm, M, &made->weights));
  for (int x = 0; x < M; x++) sum += x % 7 == 0 ? 0 : 1 + x % 5;
  for (int64_t i = 0; i < made->weights.partition.count; i++) {
    const int64_t x = made->weights.partition.begin + i;
    made->weights.value[i] = x % 7 == 0 ? 0 : (double)(1 + x % 5) / sum;
  }
  made->weights.zeros = (M + 6) / 7;
  made->reward = numbers(&made->weights.partition, 5, 1);
  made->win_rate = numbers(&made->weights.partition, 6, 1);
  crow_settings_default(crow_objective_settings, &options);
  if (paired) {
    CHECK_OK(crow_pairs_read(test_comm, &dataset, &made->pairs));
    CHECK_OK(crow_objective_create_pairs(test_comm, &options, &made->weights, &made->pairs, &made->objective));
  } else {
    CHECK_OK(crow_objective_create_complete(test_comm, &options, &made->weights, made->win_rate, &made->objective));
  }
  CHECK_OK(crow_sandwich_prepare(made->objective, made->reward, &made->sandwich));
  crow_dataset_close(&dataset);
}

static void free_problem(problem *a) {
  crow_sandwich_free(&a->sandwich);
  crow_objective_destroy(&a->objective);
  crow_pairs_free(&a->pairs);
  crow_weights_free(&a->weights);
  crow_free(a->reward);
  crow_free(a->win_rate);
}

static bool same_columns(const double *a, const double *b, int64_t count) {
  return count == 0 || memcmp(a, b, (size_t)count * sizeof *a) == 0;
}

static void sums_over_pairs(void) {
  problem a;
  make_problem(true, &a);
  const int64_t n = a.weights.partition.count;
  double *v = numbers(&a.weights.partition, 10, COLUMNS), *one = numbers(&a.weights.partition, 20, COLUMNS);
  double *together = numbers(&a.weights.partition, 30, COLUMNS);
  for (int64_t i = 0; i < n; i++) {
    v[n + i] *= 1e-9; /* each column has its own size */
    v[2 * n + i] = 0;
  }
  CHECK_OK(crow_sandwich_widen(&a.sandwich));
  for (int odd = 0; odd < 2; odd++) {
    for (int64_t c = 0; c < COLUMNS; c++) {
      CHECK_OK(crow_sandwich_sum(&a.sandwich, a.sandwich.slope, odd, true, v + c * n, one + c * n));
    }
    CHECK_OK(crow_sandwich_sums(&a.sandwich, a.sandwich.slope, odd, COLUMNS, v, together));
    CHECK(same_columns(one, together, COLUMNS * n));
    /* In place, too, and the cells were left clean. */
    CHECK_OK(crow_sandwich_sums(&a.sandwich, a.sandwich.slope, odd, COLUMNS, v, v));
    CHECK(same_columns(one, v, COLUMNS * n));
  }
  crow_free(v);
  crow_free(one);
  crow_free(together);
  free_problem(&a);
}

static void fill_right_sides(const problem *a, int64_t first, int64_t columns, double *r) {
  const int64_t n = a->weights.partition.count;
  double *b = numbers(&a->weights.partition, 40 + (uint64_t)first, columns);
  for (int64_t k = 0; k < columns * n; k++) r[k] = crow_sandwich_root(&a->sandwich, k % n) * b[k];
  crow_free(b);
}

/* Columns need different numbers of steps: one that has come to rest stays as it is. */
static void solve_all(bool paired) {
  problem a;
  make_problem(paired, &a);
  const int64_t n = a.weights.partition.count;
  crow_sandwich_solver one = {0}, together = {0};
  int64_t wrong = 0, weighted = 0;
  CHECK_OK(crow_sandwich_widen(&a.sandwich));
  CHECK_OK(crow_sandwich_solver_allocate(a.objective, 1, &one));
  CHECK_OK(crow_sandwich_solver_allocate(a.objective, COLUMNS, &together));
  fill_right_sides(&a, 0, COLUMNS, together.r);
  for (int64_t i = 0; i < n; i++) {
    together.r[3 * n + i] = 0;
    together.r[4 * n + i] = a.weights.partition.begin + i == 8 ? 1 : 0;
  }
  double *r = numbers(&a.weights.partition, 50, COLUMNS);
  for (int64_t k = 0; k < COLUMNS * n; k++) r[k] = together.r[k];
  CHECK_OK(crow_sandwich_solve(&a.sandwich, 1e-6, COLUMNS, &together));
  for (int64_t c = 0; c < COLUMNS; c++) {
    for (int64_t i = 0; i < n; i++) one.r[i] = r[c * n + i];
    CHECK_OK(crow_sandwich_solve(&a.sandwich, 1e-6, 1, &one));
    CHECK(same_columns(one.y, together.y + c * n, n));
    for (int64_t i = 0; i < n; i++) weighted += one.y[i] != 0;
    for (int64_t i = 0; i < n; i++) wrong += c == 3 && one.y[i] != 0;
  }
  CHECK(n < 100 || weighted > n);
  CHECK(wrong == 0);
  crow_sandwich_solver_free(&one);
  crow_sandwich_solver_free(&together);
  crow_free(r);
  free_problem(&a);
}

static void systems_of_pairs(void) { solve_all(true); }
static void systems_of_complete_preferences(void) { solve_all(false); }

static const crow_test tests[] = {{"sums over pairs", sums_over_pairs},
                                  {"systems of pairs", systems_of_pairs},
                                  {"systems of complete preferences", systems_of_complete_preferences},
                                  {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "several columns at once", tests, true); }
