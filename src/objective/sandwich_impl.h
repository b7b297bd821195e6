/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CROW_OBJECTIVE_SANDWICH_IMPL_H
#define CROW_OBJECTIVE_SANDWICH_IMPL_H

#include "objective/objective_impl.h"

/* The Hessian of observed pairs at given rewards and the spread of their scores. */
typedef struct crow_sandwich {
  crow_objective *o;
  double *slope;     /* (pairs) c sigma'; owned */
  double *noise;     /* (pairs) square root of the spread; owned */
  double *curvature; /* K, this rank's slice, alternatives of zero weight included; owned */
} crow_sandwich;

/* out(x) = s sum_y w(y) value(x,y) v(y), with value(y,x) = -value(x,y) if `odd`, else the same; `v` (this rank's slice)
 * counts only if `given`, else 1 stands for it: an empty slice may be NULL. |value| is at most c. Collective. */
crow_status crow_sandwich_sum(const crow_sandwich *s, const double *value, bool odd, bool given, const double *v,
                              double *out);
/* out(x) = s^2 sum_y w(y)^2 spread(x,y). Collective. */
crow_status crow_sandwich_variance(const crow_sandwich *s, double *out);
/* By a dense inverse; by probes. Collective. */
crow_status crow_sandwich_dense(const crow_sandwich *s, double *variance);
crow_status crow_sandwich_probe(const crow_sandwich *s, int64_t probes, uint64_t seed, double *variance);

#endif
