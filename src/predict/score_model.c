/* SPDX-License-Identifier: Apache-2.0 */
/* Rewards of new alternatives from a linear or mlp model. */
#include "predict/predict_impl.h"
#include <math.h>

/* Mean and sample standard deviation over the members at the rows of a turn; `reward` has room for them. */
static crow_status score_turn(const crow_fitted_model *fitted, crow_model *model, int64_t count, double *reward,
                              double *value, double *spread) {
  const int64_t members = fitted->members;
  for (int64_t b = 0; b < members; b++) {
    CROW_NEED(crow_model_rewards(model, fitted->theta + b * fitted->parameters, reward));
    for (int64_t i = 0; i < count; i++) value[i] += reward[i];
  }
  for (int64_t i = 0; i < count; i++) value[i] /= (double)members;
  if (members == 1) return CROW_OK;
  for (int64_t b = 0; b < members; b++) {
    CROW_NEED(crow_model_rewards(model, fitted->theta + b * fitted->parameters, reward));
    for (int64_t i = 0; i < count; i++) spread[i] += (reward[i] - value[i]) * (reward[i] - value[i]);
  }
  for (int64_t i = 0; i < count; i++) spread[i] = sqrt(spread[i] / (double)(members - 1));
  return CROW_OK;
}

static crow_status score_model_check_finite(const crow_file *rewards, const crow_context_source *contexts,
                                            const crow_scores *out) {
  for (crow_gidx i = 0; i < out->partition.count; i++) {
    if (isfinite(out->value[i])) continue;
    return crow_error(
        CROW_BAD_INPUT,
        "%s: row %lld gets the reward %g from /model/parameters of %s, expected a finite one: its context "
        "or a parameter is too large",
        crow_context_source_name(contexts), (long long)(out->partition.begin + i), out->value[i],
        crow_file_name(rewards));
  }
  return CROW_OK;
}

crow_status crow_score_model(const crow_comm *comm, const crow_file *rewards, crow_context_source *contexts,
                             crow_scores *out) {
  crow_status status = CROW_OK;
  crow_fitted_model fitted = {0};
  crow_model *model = NULL;
  crow_turns turns = {0};
  double *reward = NULL;
  uint64_t digest = 0;
  bool more = false;
  CROW_TRY(crow_fitted_model_read(comm, rewards, &fitted));
  CROW_TRY(crow_context_source_match(contexts, rewards, "/model/dimension"));
  if (fitted.inputs != crow_context_source_dimensions(contexts)) {
    CROW_TRY(crow_error(CROW_BAD_INPUT, "%s: has contexts of %lld dimension%s, expected %lld as the model of %s",
                        crow_context_source_name(contexts), (long long)crow_context_source_dimensions(contexts),
                        crow_plural(crow_context_source_dimensions(contexts)), (long long)fitted.inputs,
                        crow_file_name(rewards)));
  }
  const crow_model_options options = {.model = fitted.kind,
                                      .hidden =
                                          fitted.kind == CROW_MODEL_MLP ? fitted.hidden : "1", /* unused, but checked */
                                      .activation = fitted.activation};
  CROW_TRY_AGREE(comm, crow_model_create(&options, out->partition.global, fitted.inputs, &model));
  out->members = fitted.members;
  if (fitted.members > 1) CROW_TRY_AGREE(comm, CROW_ALLOCATE(&out->spread, out->partition.count));
  CROW_TRY(crow_turns_begin(comm, contexts, &turns));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&reward, turns.rows));
  for (;;) {
    CROW_TRY(crow_turns_next(&turns, &more));
    if (!more) break;
    digest += crow_context_rows_digest(turns.begin, turns.count, fitted.inputs, turns.values);
    crow_partition rows = out->partition;
    const crow_gidx at = turns.begin - rows.begin;
    rows.begin = turns.begin;
    rows.count = turns.count;
    CROW_TRY(crow_model_bind(model, comm, &rows, NULL, turns.values, CROW_F64));
    double *value = rows.count ? out->value + at : NULL, *spread = out->spread ? out->spread + at : NULL;
    CROW_TRY_AGREE(comm, score_turn(&fitted, model, rows.count, reward, value, spread));
  }
  CROW_TRY_AGREE(comm, score_model_check_finite(rewards, contexts, out));
  CROW_TRY(crow_contexts_digest_end(comm, digest, out->digest));
cleanup:
  crow_turns_free(&turns);
  crow_model_destroy(&model);
  crow_fitted_model_free(&fitted);
  crow_free(reward);
  return status;
}
