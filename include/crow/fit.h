/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 * The tabular fit: an objective in, one reward for each alternative out.
 */
#ifndef CROW_FIT_H
#define CROW_FIT_H

#include <crow/checkpoint.h>
#include <crow/objective.h>
#include <crow/optim.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Objective and certificate of every iterate: the same on all ranks. */
typedef struct crow_trace {
  int64_t count;    /**< iterations + 1; 0 if there is no trace */
  int64_t capacity; /**< entries that there is room for */
  double *entry;    /**< (count, 2) objective and certificate of every iterate, from the start; owned */
} crow_trace;
/** Local. Frees and zeroes. */
CROW_API void crow_trace_free(crow_trace *trace);

/** How a fit came to its end: the same on all ranks. */
typedef struct crow_fit_end {
  double objective, optimality;
  int64_t iterations, evaluations;
  bool converged; /**< whether the tolerance was met */
  crow_lbfgs_end end;
} crow_fit_end;

/** Minimises the objective by L-BFGS in scaled variables, from the rewards that are in `reward`, and gives the
 * alternatives of zero weight the limit of the optimality equation. `weights` are those of the objective; `reward` is
 * this rank's slice; `*unknown` counts the alternatives of zero weight that were compared with no weighted one: their
 * reward is 0. Goes on from the checkpoint if it holds a fit, and saves to it when due, weights included; CROW_STOPPED
 * if asked to stop, with the checkpoint written; `checkpoint` may be NULL. `stages` gets "iterate" and "evaluate";
 * `trace` is added to. Not converging is marked in `end`, not an error. Collective; options agree. */
CROW_API crow_status crow_fit_run(const crow_comm *comm, const crow_weights *weights, crow_objective *objective,
                                  const crow_lbfgs_options *options, crow_checkpoint *checkpoint, crow_stages *stages,
                                  double *reward, crow_gidx *unknown, crow_trace *trace, crow_fit_end *end);

#ifdef __cplusplus
}
#endif
#endif
