/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 * Optimisers: L-BFGS on distributed vectors.
 */
#ifndef CROW_OPTIM_H
#define CROW_OPTIM_H

#include <crow/comm.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct crow_lbfgs_options {
  int64_t max_iterations; /**< default 1000 */
  double tolerance;       /**< stop when the certificate is at most this; default 1e-8 */
  int64_t history;        /**< pairs of (s, y) kept; default 10 */
} crow_lbfgs_options;
extern CROW_API const crow_setting crow_lbfgs_settings[];

/** What is minimised. Collective: f, certificate and this rank's slice of the gradient at x (slice). */
typedef crow_status crow_lbfgs_function(void *context, const double *x, double *value, double *optimality,
                                        double *gradient);
/** Called after every iteration on every rank, with the same values; returning true ends the run as STOPPED (all ranks
 * must return the same). x is this rank's slice of the iterate. */
typedef bool crow_lbfgs_monitor(void *context, int64_t iteration, double value, double optimality, const double *x);

typedef enum crow_lbfgs_end {
  CROW_LBFGS_CONVERGED,      /**< certificate <= tolerance */
  CROW_LBFGS_MAX_ITERATIONS, /**< the limit was reached first */
  CROW_LBFGS_ROUNDING_FLOOR, /**< no further decrease can be told from rounding */
  CROW_LBFGS_LINE_SEARCH,    /**< the line search found no acceptable step */
  CROW_LBFGS_STOPPED         /**< the monitor asked to stop */
} crow_lbfgs_end;
/** In words: "converged", "iteration limit reached", ... ; Local. */
CROW_API const char *crow_lbfgs_end_text(crow_lbfgs_end end);

typedef struct crow_lbfgs_result {
  crow_lbfgs_end end;
  int64_t iterations, evaluations;
  double value, optimality;
} crow_lbfgs_result;

/** Minimises from `x` (this rank's slice of `partition`, whose block is CROW_BLOCK), which becomes the best iterate;
 * value and optimality of the result belong to it. Strong Wolfe line search; the two-loop recursion runs in the space
 * of the inner products, so an iteration needs one reduction besides the function's own (Chen et al. 2014).
 * Collective; not converging is an end, not an error. `monitor` may be NULL. */
CROW_API crow_status crow_lbfgs_minimise(const crow_comm *comm, const crow_partition *partition,
                                         const crow_lbfgs_options *options, crow_lbfgs_function *function,
                                         crow_lbfgs_monitor *monitor, void *context, double *x,
                                         crow_lbfgs_result *result);

#ifdef __cplusplus
}
#endif
#endif
