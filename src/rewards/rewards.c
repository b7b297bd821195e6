/* SPDX-License-Identifier: Apache-2.0 */
/* Rewards in the order of the paper: preferences, objective, the tabular fit or a trained model, what they predict. */
#include "rewards/rewards_impl.h"
#include <math.h>
#include <string.h>

static crow_status rewards_allocate(const crow_comm *comm, const crow_weights *weights,
                                    const crow_train_options *options, crow_rewards *out) {
  const crow_gidx count = weights->partition.count;
  const bool tabular = options->model.model == CROW_MODEL_TABULAR;
  out->convergence_tested = tabular || crow_train_optimizer(options) == CROW_OPTIMIZER_LBFGS;
  out->partition = weights->partition;
  out->zero_weights = weights->zeros;
  CROW_NEED(crow_weights_space_copy(comm, &weights->space, &out->space));
  CROW_NEED_AGREE(comm, CROW_ALLOCATE_EACH(count, &out->value, &out->weight, &out->win_rate, &out->fitted_win_rate));
  if (count) memcpy(out->weight, weights->value, (size_t)count * sizeof *out->weight);
  return CROW_OK;
}

/* The preferences of a dataset, as the objective takes them. */
typedef struct preferences {
  bool paired; /* whether `pairs` holds them; else `win_rate` does */
  crow_pairs pairs;
  double *win_rate;
} preferences;

/* Observed comparisons, or within prompts complete ones. */
static crow_status read_pairs(const crow_comm *comm, const crow_dataset *dataset, const crow_weights *weights,
                              bool across, const crow_rewards *out, crow_pairs *pairs) {
  if (dataset->prompts > 1 && !weights->share) {
    return crow_error(CROW_USAGE, "the dataset has prompts: expected weights with the prompts' shares, "
                                  "crow_weights_find_shares()");
  }
  if (out->source == CROW_SOURCE_COMPARISONS) {
    CROW_NEED(crow_pairs_read(comm, dataset, pairs));
    if (!across) CROW_NEED(crow_pairs_check_prompts(comm, dataset, pairs));
    return CROW_OK;
  }
  CROW_NEED(crow_pairs_within_prompts(comm, dataset, weights, pairs));
  crow_log(CROW_LOG_INFO, "preferences: complete within prompts, %lld pair%s from a %s",
           (long long)pairs->partition.global, crow_plural(pairs->partition.global),
           out->source == CROW_SOURCE_MATRIX ? "matrix" : "population");
  return CROW_OK;
}

static crow_status read_preferences(const crow_comm *comm, const crow_dataset *dataset, const crow_weights *weights,
                                    bool across, crow_rewards *out, preferences *read) {
  crow_stages_begin(&out->stages, "preferences");
  out->source = crow_preference_source(dataset);
  read->paired = out->source == CROW_SOURCE_COMPARISONS || dataset->prompts > 1;
  if (read->paired) {
    CROW_NEED(read_pairs(comm, dataset, weights, across, out, &read->pairs));
    return CROW_OK;
  }
  CROW_NEED_AGREE(comm, CROW_ALLOCATE(&read->win_rate, weights->partition.count));
  if (out->source == CROW_SOURCE_MATRIX)
    CROW_NEED(crow_win_rate_matrix(comm, dataset, weights, read->win_rate));
  else
    CROW_NEED(crow_win_rate_population(comm, dataset, weights, read->win_rate));
  crow_log(CROW_LOG_INFO, "preferences: complete, from a %s",
           out->source == CROW_SOURCE_MATRIX ? "matrix" : "population");
  return CROW_OK;
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

/* The fewest and the most of any pair. */
static crow_status find_judgements(const crow_comm *comm, const crow_pairs *pairs, crow_rewards *out) {
  int64_t ends[2] = {-INT64_MAX, 0}; /* minus the fewest, the most */
  for (int64_t k = 0; k < pairs->partition.count; k++) {
    const int64_t n = pairs->judgements[k];
    if (-n > ends[0]) ends[0] = -n;
    if (n > ends[1]) ends[1] = n;
  }
  CROW_NEED(crow_comm_max_i64(comm, ends, 2));
  out->least_judgements = ends[1] ? -ends[0] : 0;
  out->most_judgements = ends[1];
  return CROW_OK;
}

/* For pairs, or if there are none for complete preferences. */
static crow_status create_objective(const crow_comm *comm, const crow_weights *weights, const crow_pairs *pairs,
                                    const double *win_rate, const crow_objective_options *options,
                                    crow_objective **out) {
  if (pairs) return crow_objective_create_pairs(comm, options, weights, pairs, out);
  return crow_objective_create_complete(comm, options, weights, win_rate, out);
}

static void rewards_log_end(const crow_rewards *rewards) {
  crow_log(rewards->converged ? CROW_LOG_INFO : CROW_LOG_WARNING,
           "fit: %s after %lld iteration%s, %lld evaluation%s; objective %.15g, optimality %.3e",
           crow_rewards_end_text(rewards), (long long)rewards->iterations, crow_plural(rewards->iterations),
           (long long)rewards->evaluations, crow_plural(rewards->evaluations), rewards->objective, rewards->optimality);
  if (rewards->zero_weights && rewards->model.kind == CROW_MODEL_TABULAR) {
    crow_log(CROW_LOG_NOTICE,
             "fit: %lld alternatives of zero weight have the limit of the optimality equation as reward; "
             "%lld of them were compared with no weighted one and have 0",
             (long long)rewards->zero_weights, (long long)rewards->unknown);
  }
}

static void take_end(const crow_fit_end *end, crow_rewards *out) {
  out->objective = end->objective;
  out->optimality = end->optimality;
  out->iterations = end->iterations;
  out->evaluations = end->evaluations;
  out->converged = end->converged;
  out->end = end->end;
}

/* v, the largest violation over the weighted alternatives. */
static crow_status find_violation(const crow_comm *comm, const crow_weights *weights, crow_objective *objective,
                                  const double *reward, double *violation) {
  crow_status status = CROW_OK;
  const double *curvature = crow_objective_curvature(objective);
  double *gradient = NULL;
  *violation = 0;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&gradient, weights->partition.count));
  CROW_TRY(crow_objective_evaluate(objective, reward, NULL, NULL, gradient));
  for (int64_t i = 0; i < weights->partition.count; i++) {
    if (weights->value[i] > 0) *violation = fmax(*violation, fabs(gradient[i]) * curvature[i]);
  }
  CROW_TRY(crow_comm_max_f64(comm, violation, 1));
cleanup:
  crow_free(gradient);
  return status;
}

double crow_rewards_bound(const crow_rewards *rewards) {
  return rewards->lambda > 0 ? rewards->violation / rewards->lambda : 0;
}

static bool wants_sampling_error(const crow_train_options *options, const crow_rewards *out) {
  return options->sampling_error && out->model.kind == CROW_MODEL_TABULAR && !out->sampling_error.value;
}

crow_status crow_sampling_error_add(const crow_comm *comm, const crow_dataset *dataset, const crow_weights *weights,
                                    const crow_train_options *options, int64_t batches, crow_rewards *rewards) {
  crow_status status = CROW_OK;
  preferences read = {0};
  crow_objective *objective = NULL;
  CROW_TRY(read_preferences(comm, dataset, weights, options->objective.across_prompts, rewards, &read));
  CROW_TRY(create_objective(comm, weights, read.paired ? &read.pairs : NULL, read.win_rate, &options->objective,
                            &objective));
  crow_stages_begin(&rewards->stages, "sampling error");
  CROW_TRY(crow_sampling_error_find(comm, dataset, weights, read.paired, batches, objective, rewards->value,
                                    &rewards->sampling_error));
cleanup:
  crow_objective_destroy(&objective);
  crow_pairs_free(&read.pairs);
  crow_free(read.win_rate);
  crow_stages_end(&rewards->stages);
  return status;
}

/* From preferences in memory to rewards. `dataset` is NULL where only the preferences are known. If
 * `*fitted` is true, the rewards are complete except for their sampling error. */
static crow_status rewards_from_preferences(const crow_comm *comm, const crow_dataset *dataset,
                                            const crow_weights *weights, const crow_pairs *pairs,
                                            const double *win_rate, const crow_train_options *options,
                                            crow_checkpoint *checkpoint, crow_rewards *out, bool *fitted) {
  crow_status status = CROW_OK;
  crow_objective *objective = NULL;
  crow_fit_end end = {0};
  *fitted = false;
  if (pairs && out->source == CROW_SOURCE_COMPARISONS) {
    log_pairs(pairs);
    out->pairs = pairs->partition.global;
    out->components = pairs->components;
    out->ties = pairs->ties;
    out->never_compared = pairs->never_compared;
    CROW_TRY(find_judgements(comm, pairs, out));
  }
  crow_stages_begin(&out->stages, "objective");
  CROW_TRY(create_objective(comm, weights, pairs, win_rate, &options->objective, &objective));
  out->lambda = options->objective.lambda;
  out->pair_scale = crow_objective_pair_scale(objective);
  CROW_TRY(crow_rewards_keep_prompt_scale(comm, crow_objective_prompt_scale(objective), weights->prompts, out));
  if (options->model.model != CROW_MODEL_TABULAR) {
    crow_trained trained = {.value = out->value};
    const crow_train_data data = {dataset, weights, pairs, win_rate, objective};
    status = crow_train_run(comm, &data, options, checkpoint, &out->stages, &trained, &end);
    out->spread = trained.spread;
    out->model = trained.model;
    out->curve = trained.curve;
    out->equal_contexts = trained.equal_contexts;
    CROW_TRY(status);
  } else {
    if (options->start && weights->partition.count) {
      memcpy(out->value, options->start, (size_t)weights->partition.count * sizeof *out->value);
    }
    CROW_TRY(crow_fit_run(comm, weights, objective, &options->lbfgs, checkpoint, &out->stages, out->value,
                          &out->unknown, &out->trace, &end));
  }
  take_end(&end, out);
  crow_stages_begin(&out->stages, "finish");
  if (options->model.model == CROW_MODEL_TABULAR) {
    CROW_TRY(find_violation(comm, weights, objective, out->value, &out->violation));
  }
  CROW_TRY(crow_objective_fitted_win_rate(objective, out->value, out->fitted_win_rate));
  if (weights->partition.count) {
    memcpy(out->win_rate, crow_objective_win_rate(objective), (size_t)weights->partition.count * sizeof(double));
  }
  rewards_log_end(out);
  *fitted = true;
  if (wants_sampling_error(options, out) && (pairs || dataset)) {
    crow_stages_begin(&out->stages, "sampling error");
    CROW_TRY(crow_sampling_error_find(comm, dataset, weights, pairs != NULL, CROW_HIT_BATCHES, objective, out->value,
                                      &out->sampling_error));
  }
cleanup:
  crow_objective_destroy(&objective);
  crow_stages_end(&out->stages);
  return status;
}

crow_status crow_rewards_fit_from(const crow_comm *comm, const crow_dataset *dataset, const crow_weights *weights,
                                  const crow_train_options *options, crow_checkpoint *checkpoint, crow_rewards *out) {
  crow_status status = CROW_OK;
  preferences read = {0};
  bool fitted = false;
  memset(out, 0, sizeof *out);
  CROW_TRY(crow_train_options_validate(options));
  CROW_TRY(rewards_allocate(comm, weights, options, out));
  if (checkpoint && crow_checkpoint_has(checkpoint, "rewards")) {
    out->source = crow_preference_source(dataset);
    CROW_TRY(crow_rewards_load(comm, checkpoint, out));
    fitted = true;
    /* A checkpoint may have been written before it was found. */
    if (weights->batch_hits && wants_sampling_error(options, out))
      CROW_TRY(crow_sampling_error_add(comm, dataset, weights, options, CROW_HIT_BATCHES, out));
    goto cleanup;
  }
  CROW_TRY(read_preferences(comm, dataset, weights, options->objective.across_prompts, out, &read));
  CROW_TRY(rewards_from_preferences(comm, dataset, weights, read.paired ? &read.pairs : NULL, read.win_rate, options,
                                    checkpoint, out, &fitted));
cleanup:
  crow_pairs_free(&read.pairs);
  crow_free(read.win_rate);
  if (status != CROW_OK && !(status == CROW_STOPPED && fitted)) crow_rewards_free(out);
  return status;
}

crow_status crow_rewards_fit(const crow_comm *comm, const crow_dataset *dataset, const crow_weights *weights,
                             const crow_train_options *options, crow_rewards *out) {
  return crow_rewards_fit_from(comm, dataset, weights, options, NULL, out);
}

static crow_status rewards_from_memory(const crow_comm *comm, const crow_weights *weights, const crow_pairs *pairs,
                                       const double *win_rate, const crow_train_options *options, crow_rewards *out) {
  crow_status status = CROW_OK;
  bool fitted = false;
  memset(out, 0, sizeof *out);
  out->source = pairs ? CROW_SOURCE_COMPARISONS : CROW_SOURCE_POPULATION;
  CROW_TRY(crow_train_options_validate(options));
  if (options->model.model != CROW_MODEL_TABULAR)
    CROW_TRY(crow_error(CROW_USAGE, "preferences without contexts: expected a tabular model"));
  CROW_TRY(rewards_allocate(comm, weights, options, out));
  CROW_TRY(rewards_from_preferences(comm, NULL, weights, pairs, win_rate, options, NULL, out, &fitted));
cleanup:
  if (status != CROW_OK) crow_rewards_free(out);
  return status;
}

crow_status crow_rewards_fit_pairs(const crow_comm *comm, const crow_weights *weights, const crow_pairs *pairs,
                                   const crow_train_options *options, crow_rewards *out) {
  return rewards_from_memory(comm, weights, pairs, NULL, options, out);
}

crow_status crow_rewards_fit_complete(const crow_comm *comm, const crow_weights *weights, const double *win_rate,
                                      const crow_train_options *options, crow_rewards *out) {
  return rewards_from_memory(comm, weights, NULL, win_rate, options, out);
}

void crow_rewards_free(crow_rewards *rewards) {
  CROW_FREE(rewards->value, rewards->weight, rewards->win_rate, rewards->fitted_win_rate);
  crow_trace_free(&rewards->trace);
  crow_uncertainty_free(&rewards->uncertainty);
  crow_sampling_error_free(&rewards->sampling_error);
  crow_rewards_by_free(&rewards->by);
  crow_free(rewards->near);
  crow_weights_space_free(&rewards->space);
  crow_strings_free(&rewards->effect);
  CROW_FREE(rewards->prompt_scale, rewards->spread);
  crow_fitted_model_free(&rewards->model);
  crow_training_curve_free(&rewards->curve);
  memset(rewards, 0, sizeof *rewards);
}

static crow_status save_rewards(const void *rewards, crow_checkpoint *checkpoint) {
  return crow_rewards_save(checkpoint, rewards);
}

crow_status crow_rewards_bootstrap_from(const crow_comm *comm, const crow_dataset *dataset, const crow_weights *weights,
                                        const crow_train_options *options, const crow_uncertainty_options *wanted,
                                        crow_checkpoint *checkpoint, crow_rewards *rewards) {
  const crow_bootstrap_kept kept = {checkpoint, save_rewards, rewards};
  return crow_bootstrap_run(comm, dataset, weights, &options->objective, &options->lbfgs, &options->groups, wanted,
                            rewards->value, &kept, &rewards->uncertainty);
}
