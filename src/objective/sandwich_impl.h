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
  double *curvature; /* K, this rank's slice, alternatives of zero weight included; of complete preferences a sum over
                        all y, x itself included; owned */
  double *room;      /* of complete preferences: a slice; owned */
} crow_sandwich;

/* Slopes and K at these rewards. Collective. Freeing takes what is half made; Local. */
crow_status crow_sandwich_prepare(crow_objective *o, const double *reward, crow_sandwich *s);
void crow_sandwich_free(crow_sandwich *s);
/* out(x) = K(x) v(x) - (H v)(x) = s sum_y w(y) c sigma' v(y), for `v` of this rank's slice. Collective. */
crow_status crow_sandwich_apply(const crow_sandwich *s, const double *v, double *out);

/* out(x) = s sum_y w(y) value(x,y) v(y), with value(y,x) = -value(x,y) if `odd`, else the same; `v` (this rank's slice)
 * counts only if `given`, else 1 stands for it: an empty slice may be NULL. |value| is at most c; NULL: 1 for each
 * pair. Collective. */
crow_status crow_sandwich_sum(const crow_sandwich *s, const double *value, bool odd, bool given, const double *v,
                              double *out);
/* out(x) = s^2 sum_y w(y)^2 spread(x,y). Collective. */
crow_status crow_sandwich_variance(const crow_sandwich *s, double *out);
/* What conjugate gradients work with, this rank's slices. */
typedef struct crow_sandwich_solver {
  double *y;     /* the solution */
  double *x, *r; /* the same in symmetric variables, and the residual */
  double *p, *q; /* direction and its image; free for use between solutions */
} crow_sandwich_solver;
/* Local. Freeing takes what is half allocated. */
crow_status crow_sandwich_solver_allocate(const crow_objective *o, crow_sandwich_solver *solver);
void crow_sandwich_solver_free(crow_sandwich_solver *solver);
/* sqrt(w / K) of this rank's alternative i, 0 without weight: turns a row divided by w into one of the symmetric
 * variables. Local. */
double crow_sandwich_root(const crow_sandwich *s, int64_t i);
/* Solves H y = b among the weighted alternatives; crow_sandwich_root() times b is in `r`, and is lost. `tolerance` is
 * of the residual, relative to it. Collective. */
crow_status crow_sandwich_solve(const crow_sandwich *s, double tolerance, crow_sandwich_solver *solver);
/* By a dense inverse, of either NULL for what is not wanted; by probes the variances, by one system for each group
 * their covariances. Collective. */
crow_status crow_sandwich_dense(const crow_sandwich *s, double *variance, const crow_sandwich_groups *groups,
                                const crow_sandwich_lead *lead);
crow_status crow_sandwich_solve_groups(const crow_sandwich *s, const crow_sandwich_groups *groups);
crow_status crow_sandwich_probe(const crow_sandwich *s, int64_t probes, uint64_t seed, double *variance,
                                const crow_sandwich_lead *lead);

#endif
