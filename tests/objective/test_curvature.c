/* SPDX-License-Identifier: Apache-2.0 */
/* The Hessian's diagonal against its definition: long double sums over all pairs. */
#include "reference.h"

static void compare(const problem *q, bool pairs, const crow_objective_options *options) {
  const crow_weights weights = slice_weights(test_comm, q);
  crow_pairs made = {0};
  crow_objective *o = NULL;
  double *win_rate = doubles(q->m), *curvature = doubles(q->m), *zero = doubles(q->m);
  if (pairs) CHECK_OK(slice_pairs(test_comm, q, options->pair_weight == 1, &made));
  CHECK_OK(pairs ? crow_objective_create_pairs(test_comm, options, &weights, &made, &o)
                 : crow_objective_create_complete(test_comm, options, &weights, win_rate, &o));
  CHECK_OK(crow_objective_curvature_at(o, q->r, curvature));
  for (int64_t x = 0; x < q->m; x++) {
    long double sum = 0;
    for (int64_t y = 0; y < q->m; y++) {
      const long double sigma = ref_sigmoid((long double)q->r[x] - q->r[y]), c = pairs ? q->c[x * q->m + y] : x != y;
      sum += q->w[y] * c * sigma * (1 - sigma);
    }
    const double expected = (double)(options->lambda + crow_objective_pair_scale(o) * sum);
    if (q->w[x] > 0) CHECK_NEAR(curvature[x], expected, 1e-13);
    if (!(q->w[x] > 0)) CHECK(curvature[x] == crow_objective_curvature(o)[x]);
  }
  CHECK_OK(crow_objective_curvature_at(o, zero, curvature));
  for (int64_t x = 0; x < q->m; x++) CHECK_NEAR(curvature[x], crow_objective_curvature(o)[x], 1e-13);
  crow_objective_destroy(&o);
  crow_pairs_free(&made);
  free(win_rate);
  free(curvature);
  free(zero);
}

static void equals_its_definition(bool pairs) {
  const int64_t sizes[] = {1, 2, 40, 130};
  for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
    for (int kind = 0; kind < 3; kind++) {
      problem q = problem_make(sizes[s]);
      set_weights(&q, kind);
      for (int64_t x = 0; x < q.m; x++) {
        for (int64_t y = 0; y < x; y++) q.c[x * q.m + y] = q.c[y * q.m + x] = (double)((x + y) % 4);
      }
      /* a pair with alternatives of no weight adds nothing to either */
      const crow_objective_options options = {.lambda = 0.01, .pair_weight = 1};
      compare(&q, pairs, &options);
      problem_free(&q);
    }
  }
}

static void complete_preferences(void) { equals_its_definition(false); }
static void observed_pairs(void) { equals_its_definition(true); }

int main(int argc, char **argv) {
  const crow_test tests[] = {{"complete preferences: equals its definition", complete_preferences},
                             {"observed pairs: equals its definition", observed_pairs},
                             {NULL, NULL}};
  return crow_test_main(argc, argv, "curvature", tests, true);
}
