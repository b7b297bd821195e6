/* SPDX-License-Identifier: Apache-2.0 */
/* Functions to minimise, written for whole vectors and without any of crow's stages, and their distributed form. */
#ifndef CROW_TESTS_PROBLEMS_H
#define CROW_TESTS_PROBLEMS_H

#include "harness.h"

#include <stdlib.h>

typedef struct problem problem;
struct problem {
  int64_t n;
  /* Value; fills the gradient and the certificate. */
  double (*evaluate)(const problem *p, const double *x, double *gradient, double *optimality);
  /* Bradley-Terry: w (n), p (n, n), sqrt(D) (n) */
  double lambda;
  double *weight, *share, *root;
  /* filled as it is used */
  int64_t evaluations, not_finite;
};

static inline double largest(int64_t n, const double *g) {
  double most = 0;
  for (int64_t i = 0; i < n; i++) most = fmax(most, fabs(g[i]));
  return most;
}

/* sum_i 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2: minimum 0 at 1. */
static inline double chained_rosenbrock(const problem *p, const double *x, double *g, double *optimality) {
  double f = 0;
  for (int64_t i = 0; i < p->n; i++) g[i] = 0;
  for (int64_t i = 0; i + 1 < p->n; i++) {
    const double a = x[i + 1] - x[i] * x[i], b = 1 - x[i];
    f += 100 * a * a + b * b;
    g[i] -= 400 * a * x[i] + 2 * b;
    g[i + 1] += 200 * a;
  }
  *optimality = largest(p->n, g);
  return f;
}

/* Rosenbrock's function of every two neighbours by themselves. */
static inline double paired_rosenbrock(const problem *p, const double *x, double *g, double *optimality) {
  double f = 0;
  for (int64_t i = 0; i + 1 < p->n; i += 2) {
    const double a = x[i + 1] - x[i] * x[i], b = 1 - x[i];
    f += 100 * a * a + b * b;
    g[i] = -400 * a * x[i] - 2 * b;
    g[i + 1] = 200 * a;
  }
  *optimality = largest(p->n, g);
  return f;
}

/* 1/2 sum_i a_i (x_i - 1)^2 with a_i from 1 to 10^6. */
static inline double quadratic(const problem *p, const double *x, double *g, double *optimality) {
  double f = 0;
  for (int64_t i = 0; i < p->n; i++) {
    const double a = pow(10, 6 * (double)i / (double)(p->n - 1));
    f += a * (x[i] - 1) * (x[i] - 1) / 2;
    g[i] = a * (x[i] - 1);
  }
  *optimality = largest(p->n, g);
  return f;
}

/* 100 sum_i 10 x_i - log x_i: NaN for negative x_i, minimum at 1/10. */
static inline double barrier(const problem *p, const double *x, double *g, double *optimality) {
  double f = 0;
  for (int64_t i = 0; i < p->n; i++) {
    f += 100 * (10 * x[i] - log(x[i]));
    g[i] = 100 * (10 - 1 / x[i]);
  }
  *optimality = largest(p->n, g);
  return f;
}

/* A slope that is not that of the value. */
static inline double wrong_gradient(const problem *p, const double *x, double *g, double *optimality) {
  const double f = quadratic(p, x, g, optimality);
  for (int64_t i = 0; i < p->n; i++) g[i] = -g[i];
  return f;
}

static inline double sigmoid(double x) { return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x)); }
static inline double softplus(double x) { return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x)); }

/* Eq. 2 of the paper over all ordered pairs, in u = sqrt(D) r with D(x) = w(x) (lambda + (1 - w(x)) / 4). */
static inline double bradley_terry(const problem *p, const double *u, double *g, double *optimality) {
  double f = 0;
  *optimality = 0;
  for (int64_t x = 0; x < p->n; x++) {
    const double rx = u[x] / p->root[x];
    double pairs = 0, slope = p->lambda * rx;
    for (int64_t y = 0; y < p->n; y++) {
      const double d = rx - u[y] / p->root[y];
      pairs += p->weight[y] * p->share[x * p->n + y] * softplus(-d);
      slope += p->weight[y] * (sigmoid(d) - p->share[x * p->n + y]);
    }
    f += p->weight[x] * (pairs + p->lambda / 2 * rx * rx);
    g[x] = p->weight[x] * slope / p->root[x];
    const double k = p->lambda + (1 - p->weight[x]) / 4;
    *optimality = fmax(*optimality, fabs(slope) * fmin(1, 1 / k));
  }
  return f;
}

typedef enum { MIXED, SEPARABLE } problem_preferences;

/* `m` alternatives with weights over `orders` orders of magnitude. MIXED: three annotator types whose rewards spread
 * over (-3, 3); SEPARABLE: all agree on one order. */
static inline problem problem_bradley_terry(int64_t m, double lambda, double orders, problem_preferences preferences) {
  problem p = {.n = m, .evaluate = bradley_terry, .lambda = lambda};
  double *reward = malloc(sizeof(double) * (size_t)(3 * m)), sum = 0;
  p.weight = malloc(sizeof(double) * (size_t)m);
  p.root = malloc(sizeof(double) * (size_t)m);
  p.share = malloc(sizeof(double) * (size_t)(m * m));
  for (int64_t x = 0; x < m; x++) {
    double uniform[4];
    crow_random_uniform(7, CROW_STREAM_TEST, (uint64_t)x, uniform, 4);
    p.weight[x] = pow(10, -orders * uniform[3]);
    sum += p.weight[x];
    for (int64_t t = 0; t < 3; t++) reward[t * m + x] = 6 * uniform[t] - 3;
  }
  for (int64_t x = 0; x < m; x++) {
    p.weight[x] /= sum;
    p.root[x] = sqrt(p.weight[x] * (lambda + (1 - p.weight[x]) / 4));
    for (int64_t y = 0; y < m; y++) {
      double share = 0;
      const double prevalence[3] = {.4, .3, .3};
      for (int64_t t = 0; t < 3; t++) share += prevalence[t] * sigmoid(reward[t * m + x] - reward[t * m + y]);
      if (preferences == SEPARABLE) share = x == y ? .5 : reward[x] > reward[y];
      p.share[x * m + y] = share;
    }
  }
  free(reward);
  return p;
}

static inline void problem_free(problem *p) {
  free(p->weight);
  free(p->root);
  free(p->share);
}

/* A problem whose vectors are in slices over the ranks of `comm`. */
typedef struct distributed {
  problem *p;
  const crow_comm *comm;
  crow_partition partition;
} distributed;

static inline distributed distribute(const crow_comm *comm, problem *p) {
  return (distributed){p, comm, crow_comm_partition(comm, p->n, CROW_BLOCK)};
}

static inline crow_status evaluate_distributed(void *context, const double *x, double *value, double *optimality,
                                               double *gradient) {
  distributed *d = context;
  double *whole = malloc(sizeof(double) * (size_t)d->p->n), *g = malloc(sizeof(double) * (size_t)d->p->n);
  const crow_status status = crow_comm_gather_slices(d->comm, &d->partition, x, whole, sizeof *x);
  if (status == CROW_OK) {
    *value = d->p->evaluate(d->p, whole, g, optimality);
    d->p->evaluations++;
    d->p->not_finite += !isfinite(*value);
    for (crow_gidx i = 0; i < d->partition.count; i++) gradient[i] = g[d->partition.begin + i];
  }
  free(whole);
  free(g);
  return status;
}

static inline double start_zero(int64_t i) { return 0 * (double)i; }

static inline crow_lbfgs_options defaults(void) {
  crow_lbfgs_options options;
  crow_settings_default(crow_lbfgs_settings, &options);
  return options;
}

static inline void fill(const distributed *d, double (*start)(int64_t), double *x) {
  for (crow_gidx i = 0; i < d->partition.count; i++) x[i] = start(d->partition.begin + i);
}

static inline crow_lbfgs_result minimise(const crow_comm *comm, problem *p, const crow_lbfgs_options *options,
                                         double (*start)(int64_t), double *x) {
  distributed d = distribute(comm, p);
  crow_lbfgs_result result = {0};
  p->evaluations = p->not_finite = 0;
  fill(&d, start, x);
  CHECK_OK(crow_lbfgs_minimise(comm, &d.partition, options, evaluate_distributed, NULL, &d, x, &result));
  return result;
}

#endif
