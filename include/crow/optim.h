/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 * Optimisers: L-BFGS on distributed vectors, Adam on minibatches.
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
  int64_t vectors; /**< how many vectors are in use now */
  double **vector; /**< (vectors) this rank's part of each: a slice for L-BFGS, the whole for Adam */
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

/** Local: this rank's slice of the current iterate, owned by the run, and its `iteration`, `value` and certificate,
 * `optimality`. */
CROW_API const double *crow_lbfgs_iterate(const crow_lbfgs *lbfgs, int64_t *iteration, double *value,
                                          double *optimality);
/** Local: copies the best iterate `x` and its `gradient` (this rank's slices; either may be NULL); the result belongs
 * to it.
 * Before the run has ended, `end` is STOPPED. */
CROW_API void crow_lbfgs_get(const crow_lbfgs *lbfgs, double *x, double *gradient, crow_lbfgs_result *result);

/** Changes variables between two steps: from now on the function is given x' = factor x, element by element (`factor`
 * is this rank's slice, all > 0), and gives the gradient by x'. Iterate, gradients and history are carried over. A
 * scaling by the root of the Hessian's diagonal, taken anew once the run has moved far from where the last one was
 * taken, restores its speed. Value and certificate must not depend on the variables. Collective. */
CROW_API crow_status crow_lbfgs_rescale(crow_lbfgs *lbfgs, const double *factor);

/** What to keep for a checkpoint, at any time between steps. Local. */
CROW_API void crow_lbfgs_state(crow_lbfgs *lbfgs, crow_optim_state *state);
/** How many scalars that is. Local. */
CROW_API int64_t crow_lbfgs_state_scalars(int64_t history);
/** Goes on from a checkpoint, in two moves: crow_lbfgs_state() of a run just created tells the number of scalars; fill
 * `state->scalar` and call this, which sets `state->vectors` and `state->vector`; fill those, and step. CROW_BAD_INPUT
 * if the scalars are not of a run with the same history. Collective. */
CROW_API crow_status crow_lbfgs_resume(crow_lbfgs *lbfgs, crow_optim_state *state);

/* ---- Adam --------------------------------------------------------------------------------------------------- */

typedef struct crow_adam_options {
  double learning_rate; /**< default 1e-3; the paper takes 1e-4 */
  int64_t batch;        /**< pairs in a minibatch; default 512 */
  int64_t steps;        /**< default 500 */
  double beta1, beta2;  /**< decay of the gradient's mean and mean square; default 0.9 and 0.999 */
  double epsilon;       /**< added to the root of the mean square; default 1e-8 */
} crow_adam_options;
extern CROW_API const crow_setting crow_adam_settings[];

/** The loss of minibatch number `step` (0, 1, ...) at theta and its whole gradient. Must give the same bits on all
 * ranks that hold the same theta; Collective over them, if it communicates. */
typedef crow_status crow_adam_function(void *context, int64_t step, const double *theta, double *value,
                                       double *gradient);

/** Adam (Kingma and Ba 2015, Algorithm 1) on a vector that every rank holds whole. Taken step by step:
 * @code
 *   crow_adam_create(&options, count, theta, &adam);
 *   for (bool done = false; !done;) crow_adam_step(adam, function, context, &done);
 *   memcpy(theta, crow_adam_theta(adam), ...); crow_adam_destroy(&adam);
 * @endcode */
typedef struct crow_adam crow_adam;

/** Begins at `theta` (count), copied. Local. */
CROW_API crow_status crow_adam_create(const crow_adam_options *options, int64_t count, const double *theta,
                                      crow_adam **out);
/** Local. Accepts NULL; sets the handle to NULL. */
CROW_API void crow_adam_destroy(crow_adam **adam);
/** One step; `*done` when all have been taken (further ones do nothing). A loss or gradient that is not finite is
 * CROW_FAILED, naming the step; theta is then as before it. Collective if the function is. */
CROW_API crow_status crow_adam_step(crow_adam *adam, crow_adam_function *function, void *context, bool *done);
/** Local: the current theta, owned by the run. */
CROW_API const double *crow_adam_theta(const crow_adam *adam);
/** Local: the number of steps taken. */
CROW_API int64_t crow_adam_steps(const crow_adam *adam);
/** Local: the loss of the latest minibatch, NaN before the first. */
CROW_API double crow_adam_value(const crow_adam *adam);
/** What to keep for a checkpoint: CROW_ADAM_SCALARS scalars and 3 whole vectors, equal on all ranks. To go on from it,
 * fill the arrays of a run just created. Local. */
#define CROW_ADAM_SCALARS 2
CROW_API void crow_adam_state(crow_adam *adam, crow_optim_state *state);

/* ---- minibatches -------------------------------------------------------------------------------------------- */

/** Which of `total` things make minibatch number `step` of an ensemble's member: `index` (room for `batch`), `*count`
 * of them. As a shuffling data loader draws: each epoch takes all in a new order, without replacement, in ceil(total /
 * batch) minibatches, the last of which may be short. The order is a permutation keyed by (seed, CROW_STREAM_BATCH,
 * member, epoch), so any rank can draw any minibatch. Local. */
CROW_API void crow_batch_draw(uint64_t seed, int64_t member, crow_gidx total, int64_t batch, int64_t step,
                              crow_gidx *index, int64_t *count);

/** A minibatch B of the P distinct pairs, over its own rows (the alternatives that occur in it). */
typedef struct crow_batch {
  int64_t pairs, rows;
  const int64_t *first, *second; /**< (pairs) rows */
  const double *share;           /**< (pairs) p(first > second) */
  const double *pair_weight;     /**< (pairs) a_k = P/|B| s w(x) w(y) c(x,y) */
  const double *row_weight; /**< (rows) v(x) = P/|B| w(x) n_B(x)/n(x), n_B(x) and n(x) the number of pairs with x in B
                                 and in all */
} crow_batch;

/** The minibatch's estimate of the objective of observed pairs, `*value`, and its gradient by the rows' rewards,
 * `reward_gradient` at `reward` (rows each):
 *   F_B(r) = sum_{k in B} a_k (p_k softplus(-d_k) + (1 - p_k) softplus(d_k)) + lambda/2 sum_x v(x) r(x)^2,
 * with d_k = r(x) - r(y). Over the random choice of B its mean is f (Eq. 2 over observed pairs) but for the penalty of
 * alternatives in no pair: P/|B| sum_{k in B} estimates a sum over pairs, and of every pair that it is in, an
 * alternative gets an equal part of its penalty. Local; summed in the order of the pairs. */
CROW_API void crow_batch_loss(const crow_batch *batch, double lambda, const double *reward, double *value,
                              double *reward_gradient);

#ifdef __cplusplus
}
#endif
#endif
