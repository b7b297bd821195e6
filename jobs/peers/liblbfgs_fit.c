/* SPDX-License-Identifier: Apache-2.0 */
/* Rewards by liblbfgs: liblbfgs_fit PAIRS REWARDS RIDGE TOLERANCE. Stops when the largest derivative is at most
 * TOLERANCE. Prints processor seconds and elapsed seconds of the fit, processor seconds of its evaluations,
 * evaluations, iterations.
 */
#include "pairs.h"
#include <lbfgs.h>
#include <string.h>

typedef struct problem {
  pairs data;
  double ridge, tolerance;
  double evaluate_s;
  int evaluations, iterations, converged;
} problem;

static lbfgsfloatval_t evaluate(void *context, const lbfgsfloatval_t *x, lbfgsfloatval_t *g, const int n,
                                const lbfgsfloatval_t step) {
  problem *p = context;
  double start = pairs_clock(CLOCK_PROCESS_CPUTIME_ID), squares = 0;
  (void)step;
  for (int i = 0; i < n; i++) {
    squares += x[i] * x[i];
    g[i] = p->ridge * x[i];
  }
  double value = pairs_evaluate(&p->data, x, g) + p->ridge / 2 * squares;
  p->evaluations++;
  p->evaluate_s += pairs_clock(CLOCK_PROCESS_CPUTIME_ID) - start;
  return value;
}

static int progress(void *context, const lbfgsfloatval_t *x, const lbfgsfloatval_t *g, const lbfgsfloatval_t value,
                    const lbfgsfloatval_t x_norm, const lbfgsfloatval_t g_norm, const lbfgsfloatval_t step, int n,
                    int k, int tries) {
  problem *p = context;
  double largest = 0;
  (void)x, (void)value, (void)x_norm, (void)g_norm, (void)step, (void)tries;
  for (int i = 0; i < n; i++) largest = fmax(largest, fabs(g[i]));
  p->iterations = k;
  p->converged = largest <= p->tolerance;
  return p->converged;
}

static int fit(problem *p, const char *path) {
  lbfgs_parameter_t options;
  int n = (int)p->data.alternatives, written = 0;
  lbfgsfloatval_t *x = lbfgs_malloc(n);
  if (!x) return 0;
  memset(x, 0, sizeof *x * (size_t)n);
  lbfgs_parameter_init(&options);
  options.m = 10;
  options.epsilon = 0; /* `progress` decides */
  double cpu = pairs_clock(CLOCK_PROCESS_CPUTIME_ID), elapsed = pairs_clock(CLOCK_MONOTONIC);
  int status = lbfgs(n, x, NULL, evaluate, progress, p, &options);
  cpu = pairs_clock(CLOCK_PROCESS_CPUTIME_ID) - cpu;
  elapsed = pairs_clock(CLOCK_MONOTONIC) - elapsed;
  if (!p->converged) fprintf(stderr, "liblbfgs ended with status %d before the tolerance\n", status);
  written = pairs_write_rewards(path, x, (size_t)n);
  printf("%.9g %.9g %.9g %d %d\n", cpu, elapsed, p->evaluate_s, p->evaluations, p->iterations);
  lbfgs_free(x);
  return written;
}

int main(int argc, char **argv) {
  problem p = {0};
  if (argc != 5) {
    fprintf(stderr, "usage: liblbfgs_fit PAIRS REWARDS RIDGE TOLERANCE\n");
    return 2;
  }
  p.ridge = strtod(argv[3], NULL);
  p.tolerance = strtod(argv[4], NULL);
  if (!pairs_read(argv[1], 0, 1, &p.data)) return 1;
  int done = fit(&p, argv[2]);
  pairs_free(&p.data);
  return done ? 0 : 1;
}
