/* SPDX-License-Identifier: Apache-2.0 */
/* The whole fit, in the order of the paper: preferences, objective, rewards, what they predict. */
#include "base/clones_impl.h"
#include "fit/fit_impl.h"
#include "train/train_impl.h"
#include <math.h>
#include <string.h>

/* The tabular problem in the scaled variables u = sqrt(D) r with D = w K (DESIGN 1), in which the Hessian's condition
 * number is at most (lambda + 1/2) / lambda whatever the weights. Alternatives of zero weight have D = 0: their reward
 * stays 0 here and is set from the limit of the optimality equation afterwards.
 * D bounds the Hessian's diagonal, which it equals at r = 0. Where a small lambda lets rewards spread, the diagonal
 * falls far below, so every few iterations it takes D's place. With all annotators of one mind, lambda = 1e-6 and
 * weights over 15 orders of magnitude, that is 113 evaluations to a certificate of 1e-8, where D alone stalls at 1e-6
 * after 573. */
enum { RESCALE_EVERY = 10 };

typedef struct scaled {
  crow_objective *objective;
  const double *weight;
  crow_gidx count;
  double *root;   /* sqrt(D) */
  double *reward; /* r */
  double *room;   /* as long */
  crow_stages *stages;
} scaled;

CROW_CLONES static void unscale(const scaled *s, const double *u) {
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
  unscale(s, u);
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
  crow_status status = CROW_OK;
  int64_t iteration = 0;
  double value = 0, optimality = 0;
  const double *u = crow_lbfgs_iterate(lbfgs, &iteration, &value, &optimality);
  if (iteration == 0 || iteration % RESCALE_EVERY != 0) return CROW_OK;
  unscale(s, u);
  crow_stages_begin(s->stages, "evaluate");
  CROW_TRY(crow_objective_curvature_at(s->objective, s->reward, s->room));
  crow_stages_begin(s->stages, "iterate");
  for (crow_gidx i = 0; i < s->count; i++) {
    const double root = sqrt(s->weight[i] * s->room[i]);
    s->room[i] = s->root[i] > 0 ? root / s->root[i] : 1;
    s->root[i] = root;
  }
  CROW_TRY(crow_lbfgs_rescale(lbfgs, s->room));
cleanup:
  return status;
}

/* Iterate, history and counts of L-BFGS as states of a checkpoint, beside the weights they belong to. */
static crow_status save(const crow_weights *weights, const scaled *s, crow_lbfgs *lbfgs, const crow_trace *trace,
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
  if (status != CROW_OK) crow_checkpoint_abandon(checkpoint);
  return status;
}

static crow_status resume(const crow_comm *comm, const crow_weights *weights, scaled *s, crow_lbfgs *lbfgs,
                          crow_trace *trace, crow_checkpoint *checkpoint) {
  crow_status status = CROW_OK;
  crow_optim_state state;
  int64_t iteration = 0;
  double value = 0, optimality = 0;
  crow_lbfgs_state(lbfgs, &state);
  CROW_TRY(crow_checkpoint_get_scalars(checkpoint, "lbfgs", state.scalars, state.scalar));
  CROW_TRY(crow_lbfgs_resume(lbfgs, &state));
  for (int64_t k = 0; k < state.vectors; k++) {
    CROW_TRY(crow_checkpoint_get_vector(checkpoint, "lbfgs", k, CROW_F64, &weights->partition, state.vector[k]));
  }
  CROW_TRY(crow_checkpoint_get_vector(checkpoint, "scale", 0, CROW_F64, &weights->partition, s->root));
  (void)crow_lbfgs_iterate(lbfgs, &iteration, &value, &optimality);
  CROW_TRY(crow_trace_load(comm, checkpoint, iteration + 1, trace));
  crow_log(CROW_LOG_INFO, "fit: going on after iteration %lld", (long long)iteration);
cleanup:
  return status;
}

/* Steps after the last do not move. */
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
  crow_status status = CROW_OK;
  for (bool done = false, due = false, stop = false; !done;) {
    CROW_TRY(crow_lbfgs_step(lbfgs, &done));
    CROW_TRY(record(comm, lbfgs, trace));
    if (!done) CROW_TRY(rescale(s, lbfgs));
    if (done || !checkpoint) continue;
    CROW_TRY(crow_checkpoint_due(checkpoint, &due, &stop));
    if (due) CROW_TRY(save(weights, s, lbfgs, trace, checkpoint));
    if (stop) CROW_TRY(crow_error(CROW_STOPPED, "stopped before the fit had converged"));
  }
cleanup:
  return status;
}

static crow_status solve(const crow_comm *comm, const crow_weights *weights, crow_objective *objective,
                         const crow_lbfgs_options *options, crow_checkpoint *checkpoint, crow_rewards *out) {
  crow_status status = CROW_OK;
  const crow_partition *p = &weights->partition;
  const double *curvature = crow_objective_curvature(objective);
  crow_lbfgs *lbfgs = NULL;
  crow_lbfgs_result result;
  double *u = NULL;
  scaled s = {objective, weights->value, p->count, NULL, out->value, NULL, &out->stages};
  crow_stages_begin(&out->stages, "iterate");
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&s.root, p->count));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&u, p->count));
  s.room = u; /* the start is copied, the end comes last */
  for (crow_gidx i = 0; i < p->count; i++) s.root[i] = sqrt(weights->value[i] * curvature[i]);
  CROW_TRY(crow_lbfgs_create(comm, p, options, evaluate, &s, u, &lbfgs));
  if (checkpoint && crow_checkpoint_has(checkpoint, "lbfgs"))
    CROW_TRY(resume(comm, weights, &s, lbfgs, &out->trace, checkpoint));
  CROW_TRY(iterate(comm, weights, &s, lbfgs, &out->trace, checkpoint));
  crow_lbfgs_get(lbfgs, u, NULL, &result);
  unscale(&s, u);
  out->objective = result.value;
  out->optimality = result.optimality;
  out->iterations = result.iterations;
  out->evaluations = result.evaluations;
  out->end = result.end;
  out->converged = result.end == CROW_LBFGS_CONVERGED;
cleanup:
  crow_lbfgs_destroy(&lbfgs);
  crow_free(s.root);
  crow_free(u);
  return status;
}

static crow_status allocate(const crow_comm *comm, const crow_weights *weights, const crow_fit_options *options,
                            crow_rewards *out) {
  crow_status status = CROW_OK;
  const crow_gidx count = weights->partition.count;
  const bool tabular = options->model.model == CROW_MODEL_TABULAR;
  out->convergence_tested = tabular || options->training.optimizer != CROW_OPTIMIZER_ADAM;
  out->partition = weights->partition;
  out->zero_weights = weights->zeros;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&out->value, count));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&out->weight, count));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&out->win_rate, count));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&out->fitted_win_rate, count));
  if (count) memcpy(out->weight, weights->value, (size_t)count * sizeof *out->weight);
cleanup:
  return status;
}

/* The preferences of a dataset, as the objective takes them. */
typedef struct preferences {
  bool paired; /* `pairs` count, else `win_rate` */
  crow_pairs pairs;
  double *win_rate;
} preferences;

/* Observed comparisons, or within prompts complete ones. */
static crow_status read_pairs(const crow_comm *comm, const crow_dataset *dataset, const crow_weights *weights,
                              bool across, const crow_rewards *out, crow_pairs *pairs) {
  crow_status status = CROW_OK;
  if (dataset->prompts > 1 && !weights->share) {
    CROW_TRY(crow_error(CROW_USAGE, "the dataset has prompts: expected weights with the prompts' shares, "
                                    "crow_weights_find_shares()"));
  }
  if (out->source == CROW_SOURCE_COMPARISONS) {
    CROW_TRY(crow_pairs_read(comm, dataset, pairs));
    if (!across) CROW_TRY(crow_pairs_check_prompts(comm, dataset, pairs));
    goto cleanup;
  }
  CROW_TRY(crow_pairs_within_prompts(comm, dataset, weights, pairs));
  crow_log(CROW_LOG_INFO, "preferences: complete within prompts, %lld pair%s from a %s",
           (long long)pairs->partition.global, crow_plural(pairs->partition.global),
           out->source == CROW_SOURCE_MATRIX ? "matrix" : "population");
cleanup:
  return status;
}

static crow_status read_preferences(const crow_comm *comm, const crow_dataset *dataset, const crow_weights *weights,
                                    bool across, crow_rewards *out, preferences *read) {
  crow_status status = CROW_OK;
  crow_stages_begin(&out->stages, "preferences");
  out->source = crow_fit_source(dataset);
  read->paired = out->source == CROW_SOURCE_COMPARISONS || dataset->prompts > 1;
  if (read->paired) {
    CROW_TRY(read_pairs(comm, dataset, weights, across, out, &read->pairs));
    goto cleanup;
  }
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&read->win_rate, weights->partition.count));
  if (out->source == CROW_SOURCE_MATRIX)
    CROW_TRY(crow_win_rate_matrix(comm, dataset, weights, read->win_rate));
  else
    CROW_TRY(crow_win_rate_population(comm, dataset, weights, read->win_rate));
  crow_log(CROW_LOG_INFO, "preferences: complete, from a %s",
           out->source == CROW_SOURCE_MATRIX ? "matrix" : "population");
cleanup:
  return status;
}

static void log_pairs(const crow_pairs *pairs) {
  crow_log(CROW_LOG_INFO,
           "preferences: %lld judgement%s of %lld distinct pair%s, %lld tie%s, %lld connected component%s, %lld "
           "alternative%s never compared",
           (long long)pairs->comparisons, crow_plural(pairs->comparisons), (long long)pairs->partition.global,
           crow_plural(pairs->partition.global), (long long)pairs->ties, crow_plural(pairs->ties),
           (long long)pairs->components, crow_plural(pairs->components), (long long)pairs->never_compared,
           crow_plural(pairs->never_compared));
}

/* For pairs, or if there are none for complete preferences. */
static crow_status create_objective(const crow_comm *comm, const crow_weights *weights, const crow_pairs *pairs,
                                    const double *win_rate, const crow_objective_options *options,
                                    crow_objective **out) {
  if (pairs) return crow_objective_create_pairs(comm, options, weights, pairs, out);
  return crow_objective_create_complete(comm, options, weights, win_rate, out);
}

static void log_end(const crow_rewards *rewards) {
  crow_log(rewards->converged ? CROW_LOG_INFO : CROW_LOG_WARNING,
           "fit: %s after %lld iteration%s, %lld evaluation%s; objective %.15g, optimality %.3e",
           crow_rewards_end_text(rewards), (long long)rewards->iterations, crow_plural(rewards->iterations),
           (long long)rewards->evaluations, crow_plural(rewards->evaluations), rewards->objective, rewards->optimality);
  if (rewards->zero_weights && rewards->model.kind == CROW_MODEL_TABULAR) {
    crow_log(CROW_LOG_INFO,
             "fit: %lld alternatives of zero weight have the limit of the optimality equation as reward; "
             "%lld of them were compared with no weighted one and have 0",
             (long long)rewards->zero_weights, (long long)rewards->unknown);
  }
}

/* From preferences in memory to rewards. `dataset` is NULL where only the preferences are known. */
static crow_status fit(const crow_comm *comm, const crow_dataset *dataset, const crow_weights *weights,
                       const crow_pairs *pairs, const double *win_rate, const crow_fit_options *options,
                       crow_checkpoint *checkpoint, crow_rewards *out) {
  crow_status status = CROW_OK;
  crow_objective *objective = NULL;
  if (pairs && out->source == CROW_SOURCE_COMPARISONS) {
    log_pairs(pairs);
    out->pairs = pairs->partition.global;
    out->components = pairs->components;
    out->ties = pairs->ties;
    out->never_compared = pairs->never_compared;
  }
  crow_stages_begin(&out->stages, "objective");
  CROW_TRY(create_objective(comm, weights, pairs, win_rate, &options->objective, &objective));
  out->lambda = options->objective.lambda;
  out->pair_scale = crow_objective_pair_scale(objective);
  if (options->model.model != CROW_MODEL_TABULAR) {
    CROW_TRY(crow_model_fit_run(comm, dataset, weights, pairs, win_rate, objective, options, checkpoint, out));
  } else {
    CROW_TRY(solve(comm, weights, objective, &options->lbfgs, checkpoint, out));
    CROW_TRY(crow_objective_complete_zero_weights(objective, out->value, &out->unknown));
  }
  crow_stages_begin(&out->stages, "finish");
  CROW_TRY(crow_objective_fitted_win_rate(objective, out->value, out->fitted_win_rate));
  if (weights->partition.count) {
    memcpy(out->win_rate, crow_objective_win_rate(objective), (size_t)weights->partition.count * sizeof(double));
  }
  log_end(out);
cleanup:
  crow_objective_destroy(&objective);
  crow_stages_end(&out->stages);
  return status;
}

crow_status crow_fit_run_from(const crow_comm *comm, const crow_dataset *dataset, const crow_weights *weights,
                              const crow_fit_options *options, crow_checkpoint *checkpoint, crow_rewards *out) {
  crow_status status = CROW_OK;
  preferences read = {0};
  memset(out, 0, sizeof *out);
  CROW_TRY(crow_fit_options_validate(options));
  CROW_TRY(allocate(comm, weights, options, out));
  if (checkpoint && crow_checkpoint_has(checkpoint, "rewards")) {
    out->source = crow_fit_source(dataset);
    CROW_TRY(crow_rewards_load(comm, checkpoint, out));
    goto cleanup;
  }
  CROW_TRY(read_preferences(comm, dataset, weights, options->objective.across_prompts, out, &read));
  CROW_TRY(fit(comm, dataset, weights, read.paired ? &read.pairs : NULL, read.win_rate, options, checkpoint, out));
cleanup:
  crow_pairs_free(&read.pairs);
  crow_free(read.win_rate);
  if (status != CROW_OK) crow_rewards_free(out);
  return status;
}

crow_status crow_fit_run(const crow_comm *comm, const crow_dataset *dataset, const crow_weights *weights,
                         const crow_fit_options *options, crow_rewards *out) {
  return crow_fit_run_from(comm, dataset, weights, options, NULL, out);
}

static crow_status fit_given(const crow_comm *comm, const crow_weights *weights, const crow_pairs *pairs,
                             const double *win_rate, const crow_fit_options *options, crow_rewards *out) {
  crow_status status = CROW_OK;
  memset(out, 0, sizeof *out);
  out->source = pairs ? CROW_SOURCE_COMPARISONS : CROW_SOURCE_POPULATION;
  CROW_TRY(crow_fit_options_validate(options));
  if (options->model.model != CROW_MODEL_TABULAR)
    CROW_TRY(crow_error(CROW_USAGE, "preferences without contexts: expected a tabular model"));
  CROW_TRY(allocate(comm, weights, options, out));
  CROW_TRY(fit(comm, NULL, weights, pairs, win_rate, options, NULL, out));
cleanup:
  if (status != CROW_OK) crow_rewards_free(out);
  return status;
}

crow_status crow_fit_run_pairs(const crow_comm *comm, const crow_weights *weights, const crow_pairs *pairs,
                               const crow_fit_options *options, crow_rewards *out) {
  return fit_given(comm, weights, pairs, NULL, options, out);
}

crow_status crow_fit_run_complete(const crow_comm *comm, const crow_weights *weights, const double *win_rate,
                                  const crow_fit_options *options, crow_rewards *out) {
  return fit_given(comm, weights, NULL, win_rate, options, out);
}

void crow_rewards_free(crow_rewards *rewards) {
  crow_free(rewards->value);
  crow_free(rewards->weight);
  crow_free(rewards->win_rate);
  crow_free(rewards->fitted_win_rate);
  crow_free(rewards->trace.entry);
  crow_uncertainty_free(&rewards->uncertainty);
  crow_free(rewards->spread);
  crow_free(rewards->model.hidden);
  crow_free(rewards->model.theta);
  memset(rewards, 0, sizeof *rewards);
}
