/* SPDX-License-Identifier: Apache-2.0 */
/* Rewards files: see hdf5-schemas/rewards.json. */
#include "rewards/rewards_impl.h"

const char *crow_rewards_end_text(const crow_rewards *rewards) {
  if (rewards->convergence_tested) return crow_lbfgs_end_text(rewards->end);
  return rewards->curve.stopped ? "stopped early" : "all steps taken";
}

bool crow_rewards_apart(const crow_rewards *rewards, const crow_dataset *dataset) {
  return rewards->components > (dataset->prompts > 1 ? dataset->prompts : 1);
}

static crow_status rewards_write_attributes(crow_file *file, const crow_rewards *rewards, const crow_dataset *dataset) {
  static const char *const sources[] = {"comparisons", "matrix", "population"};
  CROW_NEED(crow_file_set_text(file, "/", "source", sources[rewards->source]));
  CROW_NEED(crow_file_set_f64(file, "/", "lambda", rewards->lambda));
  CROW_NEED(crow_file_set_f64(file, "/", "pair_scale", rewards->pair_scale));
  CROW_NEED(crow_file_set_f64(file, "/", "objective", rewards->objective));
  CROW_NEED(crow_file_set_f64(file, "/", "optimality", rewards->optimality));
  CROW_NEED(crow_file_set_i64(file, "/", "converged", rewards->converged));
  CROW_NEED(crow_file_set_i64(file, "/", "convergence_tested", rewards->convergence_tested));
  CROW_NEED(crow_file_set_text(file, "/", "end", crow_rewards_end_text(rewards)));
  CROW_NEED(crow_file_set_i64(file, "/", "iterations", rewards->iterations));
  CROW_NEED(crow_file_set_i64(file, "/", "evaluations", rewards->evaluations));
  if (rewards->model.kind == CROW_MODEL_TABULAR)
    CROW_NEED(crow_file_set_f64(file, "/", "violation", rewards->violation));
  if (crow_rewards_apart(rewards, dataset)) CROW_NEED(crow_file_set_i64(file, "/", "components", rewards->components));
  CROW_NEED(crow_file_set_i64(file, "/", "zero_weights", rewards->zero_weights));
  return crow_file_set_i64(file, "/", "unknown", rewards->unknown);
}

/* They are few, and lie on rank 0 if vectors are cut into blocks. */
static crow_status rewards_write_topics(crow_file *file, const crow_partition *like, const crow_topic_errors *means) {
  crow_strings name = means->name;
  if (means->name.count == 0) return CROW_OK;
  const crow_partition p = crow_partition_make(means->name.count, CROW_BLOCK, like->size, like->rank);
  name.count = p.count;
  CROW_NEED(crow_file_write_strings(file, "/topics/name", p.global, p.begin, &name));
  CROW_NEED(crow_file_write_vector(file, "/topics/mean", CROW_F64, &p, means->mean));
  CROW_NEED(crow_file_write_vector(file, "/topics/standard_error", CROW_F64, &p, means->standard_error));
  CROW_NEED(crow_file_define(file, "/topics/covariance", CROW_F64, p.global, p.global));
  return crow_file_write_rows(file, "/topics/covariance", p.begin, p.count, CROW_F64, means->covariance);
}

static crow_status write_uncertainty(crow_file *file, const crow_partition *p, const crow_uncertainty *u) {
  if (u->has_standard_errors)
    CROW_NEED(crow_file_write_vector(file, "/rewards/standard_error", CROW_F64, p, u->standard_error));
  if (u->has_standard_errors)
    CROW_NEED(crow_file_write_vector(file, "/rewards/lead_error", CROW_F64, p, u->lead_error));
  CROW_NEED(rewards_write_topics(file, p, &u->topics));
  if (u->replicates == 0) return CROW_OK;
  CROW_NEED(crow_file_set_i64(file, "/", "bootstrap", u->replicates));
  CROW_NEED(crow_file_set_i64(file, "/", "bootstrap_not_converged", u->not_converged));
  if (u->by) CROW_NEED(crow_file_set_text(file, "/", "bootstrap_by", u->by));
  CROW_NEED(crow_file_write_vector(file, "/rewards/lower", CROW_F64, p, u->lower));
  CROW_NEED(crow_file_write_vector(file, "/rewards/upper", CROW_F64, p, u->upper));
  CROW_NEED(crow_file_write_vector(file, "/rewards/rank_lower", CROW_I64, p, u->rank_lower));
  return crow_file_write_vector(file, "/rewards/rank_upper", CROW_I64, p, u->rank_upper);
}

crow_status crow_rewards_write(const crow_comm *comm, const char *path, bool overwrite, const crow_rewards *rewards,
                               const crow_dataset *dataset, const crow_provenance *provenance) {
  crow_status status = CROW_OK;
  crow_file *file = NULL;
  const crow_partition *p = &rewards->partition;
  CROW_TRY(crow_file_create(comm, path, "rewards", overwrite, &file));
  CROW_TRY(rewards_write_attributes(file, rewards, dataset));
  CROW_TRY(crow_weights_space_write(comm, file, &rewards->space));
  CROW_TRY(crow_weights_effect_write(comm, file, &rewards->effect));
  CROW_TRY(crow_file_write_vector(file, "/rewards/value", CROW_F64, p, rewards->value));
  CROW_TRY(crow_file_write_vector(file, "/rewards/weight", CROW_F64, p, rewards->weight));
  CROW_TRY(crow_file_write_vector(file, "/rewards/win_rate", CROW_F64, p, rewards->win_rate));
  CROW_TRY(crow_file_write_vector(file, "/rewards/fitted_win_rate", CROW_F64, p, rewards->fitted_win_rate));
  CROW_TRY(write_uncertainty(file, p, &rewards->uncertainty));
  if (rewards->sampling_error.value) {
    CROW_TRY(crow_file_write_vector(file, "/rewards/sampling_error", CROW_F64, p, rewards->sampling_error.value));
  }
  CROW_TRY(crow_rewards_by_write(comm, file, p, &rewards->by));
  if (rewards->near) CROW_TRY(crow_file_write_vector(file, "/rewards/near_duplicates", CROW_I32, p, rewards->near));
  CROW_TRY(crow_model_write(comm, file, &rewards->model, dataset));
  if (rewards->model.members > 1) /* on every rank, those without rows too */
    CROW_TRY(crow_file_write_vector(file, "/rewards/spread", CROW_F64, p, rewards->spread));
  CROW_TRY(crow_trace_write(comm, file, &rewards->trace));
  CROW_TRY(crow_training_curve_write(comm, file, rewards->model.members, &rewards->curve));
  CROW_TRY(crow_dataset_copy_names(dataset, file));
  CROW_TRY(crow_dataset_write_digest(dataset, file));
  CROW_TRY(crow_rewards_write_prompts(comm, file, rewards, dataset));
  CROW_TRY(crow_rewards_write_original(comm, file, rewards, dataset));
  CROW_TRY(crow_provenance_write(provenance, file));
  CROW_TRY(crow_file_finish(&file));
cleanup:
  crow_file_close(&file);
  return status;
}
