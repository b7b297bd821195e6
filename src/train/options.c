/* SPDX-License-Identifier: Apache-2.0 */
/* Options of all that makes rewards. */
#include "train/train_impl.h"

void crow_train_options_default(crow_train_options *options) {
  crow_settings_default(crow_objective_settings, &options->objective);
  crow_settings_default(crow_lbfgs_settings, &options->lbfgs);
  crow_settings_default(crow_model_settings, &options->model);
  crow_settings_default(crow_training_settings, &options->training);
  crow_settings_default(crow_adam_settings, &options->adam);
  crow_settings_default(crow_rank_groups_settings, &options->groups);
  options->groups.memory_per_rank = 0;
  options->start = NULL;
  options->sampling_error = false;
}

crow_optimizer crow_train_optimizer(const crow_train_options *options) {
  const crow_optimizer chosen = (crow_optimizer)options->training.optimizer;
  if (chosen != CROW_OPTIMIZER_AUTO) return chosen;
  return options->model.model == CROW_MODEL_MLP || options->training.validate ? CROW_OPTIMIZER_ADAM
                                                                              : CROW_OPTIMIZER_LBFGS;
}

crow_status crow_train_options_validate(const crow_train_options *options) {
  CROW_NEED(crow_settings_validate(crow_objective_settings, &options->objective));
  CROW_NEED(crow_settings_validate(crow_lbfgs_settings, &options->lbfgs));
  CROW_NEED(crow_settings_validate(crow_rank_groups_settings, &options->groups));
  if (options->model.model == CROW_MODEL_TABULAR) {
    const crow_training_options *training = &options->training;
    if (crow_train_optimizer(options) != CROW_OPTIMIZER_LBFGS || training->ensemble > 1) {
      return crow_error(CROW_USAGE, "%s: expected --model linear or mlp; tabular rewards have one fit, by L-BFGS",
                        training->ensemble > 1 ? "--ensemble"
                        : training->validate   ? "--validate"
                                               : "--optimizer adam");
    }
    return CROW_OK;
  }
  CROW_NEED(crow_model_options_validate(&options->model));
  CROW_NEED(crow_settings_validate(crow_training_settings, &options->training));
  CROW_NEED(crow_settings_validate(crow_adam_settings, &options->adam));
  if (options->training.validate && crow_train_optimizer(options) != CROW_OPTIMIZER_ADAM) {
    return crow_error(CROW_USAGE, "--validate needs --optimizer adam: L-BFGS goes to the minimum");
  }
  if (crow_curve_rows(options) > CROW_CURVE_MOST) {
    return crow_error(CROW_USAGE,
                      "--validate-every %lld makes %lld rows of a training curve of %lld steps: expected "
                      "at most %d",
                      (long long)options->training.validate_every, (long long)crow_curve_rows(options),
                      (long long)options->adam.steps, CROW_CURVE_MOST);
  }
  return CROW_OK;
}
