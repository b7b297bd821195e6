/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CROW_OBJECTIVE_SANDWICH_IMPL_H
#define CROW_OBJECTIVE_SANDWICH_IMPL_H

#include "objective/objective_impl.h"

/* The Hessian of observed pairs at given rewards and the spread of their scores. */
typedef struct crow_sandwich {
  crow_objective *o;
  const double *reward; /* this rank's slice; borrowed */
  double *slope;        /* (pairs) c sigma'; owned, NULL of complete preferences */
  double *noise;        /* (pairs) square root of the spread; owned, NULL where it is not wanted */
  double *least;        /* (pairs) the same of the spread that variances are raised to; owned, NULL without one */
  double *curvature;   /* K, this rank's slice, alternatives of zero weight included; of complete preferences a sum over
                          all y, x itself included; owned */
  double *root, *size; /* sqrt(w / K) and sqrt(w K), this rank's slices; owned */
  crow_wide_cell *wide; /* (m) of pairs, where several columns are taken at once, within the ranges only; owned */
} crow_sandwich;

/* Slopes and K at these rewards. Collective. Freeing takes what is half made; Local. */
crow_status crow_sandwich_prepare(crow_objective *o, const double *reward, crow_sandwich *s);
void crow_sandwich_free(crow_sandwich *s);
/* Makes room for sums of several columns at once, or clears it: where fewer were summed last, the others' sums are not
 * 0. Collective. */
crow_status crow_sandwich_widen(crow_sandwich *s);
/* out(x) = K(x) v(x) - (H v)(x) = s sum_y w(y) c sigma' v(y), for up to CROW_PAIR_COLUMNS `v` (columns, this rank's
 * slice); `out` may be `v`. Collective. */
crow_status crow_sandwich_apply(const crow_sandwich *s, int64_t columns, const double *v, double *out);

/* The largest |v|, 0 of none. Local. */
double crow_largest_size(int64_t n, const double *v);
/* out(x) = s sum_y w(y) value(x,y) v(y), with value(y,x) = -value(x,y) if `odd`, else the same; `v` (this rank's slice)
 * counts only if `given`, else 1 stands for it: an empty slice may be NULL. |value| is at most c; NULL: 1 for each
 * pair. Collective. */
crow_status crow_sandwich_sum(const crow_sandwich *s, const double *value, bool odd, bool given, const double *v,
                              double *out);
/* The same for up to CROW_PAIR_COLUMNS `v` and `out` (columns, slice), which may be one array: in one pass over the
 * pairs after crow_sandwich_widen(). Each column has the bits that it has by itself. Collective. */
crow_status crow_sandwich_sums(const crow_sandwich *s, const double *value, bool odd, int64_t columns, const double *v,
                               double *out);
/* out(x) = s^2 sum_y w(y)^2 noise(x,y)^2. Collective. */
crow_status crow_sandwich_variance(const crow_sandwich *s, const double *noise, double *out);
/* What conjugate gradients work with, (columns, this rank's slice). */
typedef struct crow_sandwich_solver {
  double *y;     /* the solutions, at first in the symmetric variables */
  double *r;     /* the residuals */
  double *p, *q; /* directions and their images; free for use between solutions */
} crow_sandwich_solver;
/* Local. Freeing takes what is half allocated. */
crow_status crow_sandwich_solver_allocate(const crow_objective *o, int64_t columns, crow_sandwich_solver *solver);
void crow_sandwich_solver_free(crow_sandwich_solver *solver);
/* sqrt(w / K) of this rank's alternative i, 0 without weight: turns a row divided by w into one of the symmetric
 * variables. Local. */
static inline double crow_sandwich_root(const crow_sandwich *s, int64_t i) { return s->root[i]; }
/* Solves H y = b among the weighted alternatives for up to CROW_PAIR_COLUMNS b, side by side; crow_sandwich_root()
 * times b is in `r`, and is lost. `tolerance` is of the residual, relative to it. Collective. */
crow_status crow_sandwich_solve(const crow_sandwich *s, double tolerance, int64_t columns,
                                crow_sandwich_solver *solver);
/* By a dense inverse, of either NULL for what is not wanted; by one system for each group the covariances: both raised
 * to what `least` gives. By probes the variances that the given noise gives. Collective. */
crow_status crow_sandwich_dense(const crow_sandwich *s, double *variance, const crow_sandwich_groups *groups,
                                const crow_sandwich_lead *lead);
crow_status crow_sandwich_solve_groups(const crow_sandwich *s, const crow_sandwich_groups *groups);
crow_status crow_sandwich_probe(crow_sandwich *s, const double *noise, int64_t probes, uint64_t seed, double *variance,
                                const crow_sandwich_lead *lead);
/* Raises each of n variances to another one. Local. */
void crow_sandwich_raise(int64_t n, const double *least, double *variance);
/* Raises the variances of `count` groups to those of `least`, covariances so that correlations stay. Local. */
void crow_sandwich_raise_groups(int64_t count, const double *least, double *covariance);

#endif
