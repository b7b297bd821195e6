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

/** What a checkpoint keeps of an optimiser between two steps. A run that goes on from it gives the same bits as one
 * that was never interrupted, on any number of ranks. All arrays are owned by the optimiser and change with its next
 * step. */
typedef struct crow_optim_state {
  int64_t scalars; /**< length of `scalar`; fixed by the options */
  double *scalar;  /**< (scalars) the same on all ranks; counts are exact */
  int64_t vectors; /**< how many distributed vectors are in use now */
  double **vector; /**< (vectors) this rank's slice of each */
} crow_optim_state;

/* ---- L-BFGS ------------------------------------------------------------------------------------------------- */

typedef struct crow_lbfgs_options {
  int64_t max_iterations; /**< default 1000 */
  double tolerance; /**< stop when the certificate is at most this; default 1e-8; 0 goes on to the rounding floor */
  int64_t history;  /**< pairs of (s, y) kept; default 10 */
} crow_lbfgs_options;
extern CROW_API const crow_setting crow_lbfgs_settings[];

/** What is minimised. Collective: f, certificate and this rank's slice of the gradient at x (slice). The two numbers
 * must have the same bits on all ranks. A value or gradient that is not finite is allowed away from the start: the step
 * is shortened. */
typedef crow_status crow_lbfgs_function(void *context, const double *x, double *value, double *optimality,
                                        double *gradient);
/** Called at the start (iteration 0) and after every iteration on every rank, with the same values; returning true ends
 * the run as STOPPED (all ranks must return the same). x is this rank's slice of the iterate. */
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
 * of the inner products, so an iteration needs one reduction besides the function's own (Chen et al. 2014). Best is the
 * iterate of least certificate among those whose value cannot be told from the least one.
 * Collective; not converging is an end, not an error; a start where the function is not finite is CROW_BAD_INPUT.
 * `monitor` may be NULL. */
CROW_API crow_status crow_lbfgs_minimise(const crow_comm *comm, const crow_partition *partition,
                                         const crow_lbfgs_options *options, crow_lbfgs_function *function,
                                         crow_lbfgs_monitor *monitor, void *context, double *x,
                                         crow_lbfgs_result *result);

/** A minimisation that is taken step by step, for callers that write checkpoints:
 * @code
 *   crow_lbfgs_create(comm, &partition, &options, function, context, x, &lbfgs);
 *   for (bool done = false; !done;) { crow_lbfgs_step(lbfgs, &done); ... crow_lbfgs_state(lbfgs, &state); write it }
 *   crow_lbfgs_get(lbfgs, x, NULL, &result);
 *   crow_lbfgs_destroy(&lbfgs);
 * @endcode */
typedef struct crow_lbfgs crow_lbfgs;

/** Prepares a run from `x` (copied). `comm`, `partition` and `options` are copied or borrowed: `comm` must outlive the
 * run. The function is not called yet. Collective. */
CROW_API crow_status crow_lbfgs_create(const crow_comm *comm, const crow_partition *partition,
                                       const crow_lbfgs_options *options, crow_lbfgs_function *function, void *context,
                                       const double *x, crow_lbfgs **out);
/** Local. Accepts NULL; sets the handle to NULL. */
CROW_API void crow_lbfgs_destroy(crow_lbfgs **lbfgs);

/** The first step evaluates the start, each further one does one iteration. `*done` says that the run has ended, as
 * crow_lbfgs_get() tells; further steps then do nothing. Collective. */
CROW_API crow_status crow_lbfgs_step(crow_lbfgs *lbfgs, bool *done);

/** Local: this rank's slice of the current iterate, owned by the run, and its iteration, value and certificate. */
CROW_API const double *crow_lbfgs_iterate(const crow_lbfgs *lbfgs, int64_t *iteration, double *value,
                                          double *optimality);
/** Local: copies the best iterate and its gradient (this rank's slices; either may be NULL); the result belongs to it.
 * Before the run has ended, `end` is STOPPED. */
CROW_API void crow_lbfgs_get(const crow_lbfgs *lbfgs, double *x, double *gradient, crow_lbfgs_result *result);

/** What to keep for a checkpoint, at any time between steps. Local. */
CROW_API void crow_lbfgs_state(crow_lbfgs *lbfgs, crow_optim_state *state);
/** Goes on from a checkpoint, in two moves: crow_lbfgs_state() of a run just created tells the number of scalars; fill
 * `state->scalar` and call this, which sets `state->vectors` and `state->vector`; fill those, and step. CROW_BAD_INPUT
 * if the scalars are not of a run with the same history. Collective. */
CROW_API crow_status crow_lbfgs_resume(crow_lbfgs *lbfgs, crow_optim_state *state);

#ifdef __cplusplus
}
#endif
#endif
