/* SPDX-License-Identifier: Apache-2.0 */
/* The tabular fit: L-BFGS on the objective in scaled variables. */
#include "base/clones_impl.h"
#include "fit/fit_impl.h"
#include <math.h>

/* The tabular problem in the scaled variables u = sqrt(D) r with D = w K (src/README.md), in which the Hessian's
 * condition number is at most (lambda + 1/2) / lambda whatever the weights. Alternatives of zero weight have D = 0:
 * their reward stays 0 here and is set from the limit of the optimality equation afterwards. D bounds the Hessian's
 * diagonal, which it equals at r = 0. Where a small lambda lets rewards spread, the diagonal falls far below, so every
 * few iterations it takes D's place. With all annotators of one mind, lambda = 1e-6 and weights over 15 orders of
 * magnitude, that is 113 evaluations to a certificate of 1e-8, where D alone stalls at 1e-6 after 573. */
enum { RESCALE_EVERY = 10 };

typedef struct scaled {
  crow_objective *objective;
  const double *weight;
  crow_gidx count;
  double *root;   /* sqrt(D) */
  double *reward; /* r */
  double *room;   /* scratch of the same length */
  crow_stages *stages;
} scaled;

CROW_CLONES static void fit_unscale(const scaled *s, const double *u) {
  const double *root = s->root;
  double *reward = s->reward;
  for (crow_gidx i = 0; i < s->count; i++) reward[i] = root[i] > 0 ? u[i] / root[i] : 0;
}

CROW_CLONES static void scale_gradient(const scaled *s, const double *curvature, double *gradient) {
  const double *root = s->root, *weight = s->weight;
  for (crow_gidx i = 0; i < s->count; i++) {
    gradient[i] = root[i] > 0 ? gradient[i] * (weight[i] * curvature[i]) / root[i] : 0;
  }
}

/* df/du = df/dr / root, with df/dr = w K G for the objective's own K, which a rescaling does not change. */
static crow_status evaluate(void *context, const double *u, double *value, double *optimality, double *gradient) {
  scaled *s = context;
  crow_stages_begin(s->stages, "evaluate");
  crow_work_begin();
  fit_unscale(s, u);
  crow_work_end(CROW_WORK_VECTOR, (double)s->count);
  const crow_status status = crow_objective_evaluate(s->objective, s->reward, value, optimality, gradient);
  crow_work_begin();
  scale_gradient(s, crow_objective_curvature(s->objective), gradient);
  crow_work_end(CROW_WORK_VECTOR, (double)s->count);
  crow_stages_begin(s->stages, "iterate");
  return status;
}

/* Takes the scaling anew at the iterate, if it is time to. */
static crow_status rescale(scaled *s, crow_lbfgs *lbfgs) {
  int64_t iteration = 0;
  double value = 0, optimality = 0;
  const double *u = crow_lbfgs_iterate(lbfgs, &iteration, &value, &optimality);
  if (iteration == 0 || iteration % RESCALE_EVERY != 0) return CROW_OK;
  fit_unscale(s, u);
  crow_stages_begin(s->stages, "evaluate");
  CROW_NEED(crow_objective_curvature_at(s->objective, s->reward, s->room));
  crow_stages_begin(s->stages, "iterate");
  for (crow_gidx i = 0; i < s->count; i++) {
    const double root = sqrt(s->weight[i] * s->room[i]);
    s->room[i] = s->root[i] > 0 ? root / s->root[i] : 1;
    s->root[i] = root;
  }
  return crow_lbfgs_rescale(lbfgs, s->room);
}

/* Iterate, history and counts of L-BFGS as states of a checkpoint, beside the weights they belong to. */
static crow_status fit_save(const crow_weights *weights, const scaled *s, crow_lbfgs *lbfgs, const crow_trace *trace,
                            crow_checkpoint *checkpoint) {
  crow_status status = CROW_OK;
  crow_optim_state state;
  crow_lbfgs_state(lbfgs, &state);
  CROW_TRY(crow_checkpoint_begin(checkpoint));
  CROW_TRY(crow_weights_save(checkpoint, weights));
  CROW_TRY(crow_trace_save(checkpoint, trace));
  CROW_TRY(crow_checkpoint_put_scalars(checkpoint, "lbfgs", state.scalars, state.scalar));
  for (int64_t k = 0; k < state.vectors; k++) {
    CROW_TRY(crow_checkpoint_put_vector(checkpoint, "lbfgs", k, CROW_F64, &weights->partition, state.vector[k]));
  }
  CROW_TRY(crow_checkpoint_put_vector(checkpoint, "scale", 0, CROW_F64, &weights->partition, s->root));
  CROW_TRY(crow_checkpoint_end(checkpoint));
cleanup:
  if (status != CROW_OK) status = crow_checkpoint_abandon(checkpoint, status);
  return status;
}

static crow_status fit_resume(const crow_comm *comm, const crow_weights *weights, scaled *s, crow_lbfgs *lbfgs,
                              crow_trace *trace, crow_checkpoint *checkpoint) {
  crow_optim_state state;
  int64_t iteration = 0;
  double value = 0, optimality = 0;
  crow_lbfgs_state(lbfgs, &state);
  CROW_NEED(crow_checkpoint_get_scalars(checkpoint, "lbfgs", state.scalars, state.scalar));
  CROW_NEED(crow_lbfgs_resume(lbfgs, &state));
  for (int64_t k = 0; k < state.vectors; k++) {
    CROW_NEED(crow_checkpoint_get_vector(checkpoint, "lbfgs", k, CROW_F64, &weights->partition, state.vector[k]));
  }
  CROW_NEED(crow_checkpoint_get_vector(checkpoint, "scale", 0, CROW_F64, &weights->partition, s->root));
  (void)crow_lbfgs_iterate(lbfgs, &iteration, &value, &optimality);
  CROW_NEED(crow_trace_load(comm, checkpoint, iteration + 1, trace));
  crow_log(CROW_LOG_NOTICE, "fit: going on after iteration %lld", (long long)iteration);
  return CROW_OK;
}

/* Adds the iterate to the trace, unless it is there already: a resumed run that had ended takes a step that changes
 * nothing. */
static crow_status record(const crow_comm *comm, const crow_lbfgs *lbfgs, crow_trace *trace) {
  int64_t iteration = 0;
  double value = 0, optimality = 0;
  (void)crow_lbfgs_iterate(lbfgs, &iteration, &value, &optimality);
  crow_log(CROW_LOG_INFO, "fit: iteration %3lld  objective %.15g  optimality %.3e", (long long)iteration, value,
           optimality);
  return iteration == trace->count ? crow_trace_add(comm, trace, value, optimality) : CROW_OK;
}

static crow_status iterate(const crow_comm *comm, const crow_weights *weights, scaled *s, crow_lbfgs *lbfgs,
                           crow_trace *trace, crow_checkpoint *checkpoint) {
  for (bool done = false, due = false, stop = false; !done;) {
    CROW_NEED(crow_lbfgs_step(lbfgs, &done));
    CROW_NEED(record(comm, lbfgs, trace));
    if (!done) CROW_NEED(rescale(s, lbfgs));
    if (done || !checkpoint) continue;
    CROW_NEED(crow_checkpoint_due(checkpoint, &due, &stop));
    if (due) CROW_NEED(fit_save(weights, s, lbfgs, trace, checkpoint));
    if (stop) return crow_error(CROW_STOPPED, "stopped before the fit had converged");
  }
  return CROW_OK;
}

static crow_status fit_solve(const crow_comm *comm, const crow_weights *weights, crow_objective *objective,
                             const crow_lbfgs_options *options, crow_checkpoint *checkpoint, crow_stages *stages,
                             double *reward, crow_trace *trace, crow_fit_end *end) {
  crow_status status = CROW_OK;
  const crow_partition *p = &weights->partition;
  const double *curvature = crow_objective_curvature(objective);
  crow_lbfgs *lbfgs = NULL;
  crow_lbfgs_result result;
  double *u = NULL;
  scaled s = {objective, weights->value, p->count, NULL, reward, NULL, stages};
  crow_stages_begin(stages, "iterate");
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_EACH(p->count, &s.root, &u));
  s.room = u; /* free for scratch: L-BFGS copies the start, and the end is written after the last use */
  for (crow_gidx i = 0; i < p->count; i++) {
    s.root[i] = sqrt(weights->value[i] * curvature[i]);
    u[i] = s.root[i] * reward[i];
  }
  CROW_TRY(crow_lbfgs_create(comm, p, options, evaluate, &s, u, &lbfgs));
  if (checkpoint && crow_checkpoint_has(checkpoint, "lbfgs"))
    CROW_TRY(fit_resume(comm, weights, &s, lbfgs, trace, checkpoint));
  CROW_TRY(iterate(comm, weights, &s, lbfgs, trace, checkpoint));
  crow_lbfgs_get(lbfgs, u, NULL, &result);
  fit_unscale(&s, u);
  *end = (crow_fit_end){.objective = result.value,
                        .optimality = result.optimality,
                        .iterations = result.iterations,
                        .evaluations = result.evaluations,
                        .converged = result.end == CROW_LBFGS_CONVERGED,
                        .end = result.end};
cleanup:
  crow_lbfgs_destroy(&lbfgs);
  CROW_FREE(s.root, u);
  return status;
}

crow_status crow_fit_run(const crow_comm *comm, const crow_weights *weights, crow_objective *objective,
                         const crow_lbfgs_options *options, crow_checkpoint *checkpoint, crow_stages *stages,
                         double *reward, crow_gidx *unknown, crow_trace *trace, crow_fit_end *end) {
  double violation = 0;
  CROW_NEED(fit_solve(comm, weights, objective, options, checkpoint, stages, reward, trace, end));
  CROW_NEED(crow_objective_complete_zero_weights(objective, reward, unknown, &violation));
  end->optimality = fmax(end->optimality, violation);
  end->converged = end->converged && violation <= options->tolerance;
  return CROW_OK;
}
