/* SPDX-License-Identifier: Apache-2.0 */
#include "objective/objective_impl.h"
#include <string.h>

const crow_setting crow_objective_settings[] = {
    CROW_SETTING("lambda", DOUBLE, crow_objective_options, lambda, .value = 0.01, .minimum = 1e-12, .maximum = 1e12,
                 .help = "regularisation: lambda/2 sum w r^2 is added to the objective"),
    CROW_SETTING("pair-scale", CHOICE, crow_objective_options, pair_scale, .value = 0, .choices = "normalised|literal",
                 .help = "scale of the observed pairs' terms: s = (1 - sum w^2) / (2 sum w w c), so that lambda "
                         "means the same at any density, or s = 1; within every prompt its own, with weights within "
                         "the prompt and c = 1, unless comparisons go across prompts"),
    CROW_SETTING("pair-weight", CHOICE, crow_objective_options, pair_weight, .value = 0, .choices = "proportion|count",
                 .help = "what a pair counts: 1, however often it was compared (the paper), or its number of "
                         "judgements (the Bradley-Terry ratings of arenas)"),
    CROW_SETTING("across-prompts", BOOL, crow_objective_options, across_prompts,
                 .help = "take comparisons of alternatives that answer different prompts; without it they are "
                         "refused"),
    {.name = NULL}};

/* The common part; `win_rate` may be NULL. */
static crow_status objective_create(const crow_comm *comm, const crow_objective_options *options,
                                    const crow_weights *weights, crow_objective **out) {
  crow_status status = CROW_OK;
  const double *w = weights->value;
  *out = NULL;
  CROW_TRY_AGREE(comm, crow_settings_validate(crow_objective_settings, options));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(out, 1));
  (*out)->comm = comm;
  (*out)->weights = weights;
  (*out)->options = *options;
  (*out)->scale = 1;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&(*out)->curvature, weights->partition.count));
  CROW_TRY(crow_comm_dot(comm, &weights->partition, 1, &w, &w, &(*out)->weight_squares));
cleanup:
  if (status != CROW_OK) crow_objective_destroy(out);
  return status;
}

crow_status crow_objective_create_complete(const crow_comm *comm, const crow_objective_options *options,
                                           const crow_weights *weights, const double *win_rate, crow_objective **out) {
  crow_status status = CROW_OK;
  CROW_TRY(objective_create(comm, options, weights, out));
  CROW_TRY_AGREE(comm, crow_convolution_create(&(*out)->convolution));
  (*out)->win_rate = win_rate;
  for (int64_t i = 0; i < weights->partition.count; i++) {
    (*out)->curvature[i] = options->lambda + 0.25 * (1 - weights->value[i]);
  }
cleanup:
  if (status != CROW_OK) crow_objective_destroy(out);
  return status;
}

static crow_status create_pairs(const crow_comm *comm, const crow_objective_options *options,
                                const crow_weights *weights, const crow_pairs *pairs, double scale,
                                const double *prompt_scale, crow_objective **out) {
  crow_status status = CROW_OK;
  CROW_TRY(objective_create(comm, options, weights, out));
  (*out)->pairs = pairs;
  (*out)->given_scale = scale;
  if (prompt_scale && weights->prompt) {
    CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&(*out)->prompt_scale, weights->prompts));
    memcpy((*out)->prompt_scale, prompt_scale, (size_t)weights->prompts * sizeof *prompt_scale);
  }
  if (pairs->alternatives != weights->partition.global) {
    CROW_TRY(crow_error(CROW_BAD_INPUT, "comparisons are of %lld alternatives, weights of %lld",
                        (long long)pairs->alternatives, (long long)weights->partition.global));
  }
  CROW_TRY(crow_paired_setup(*out));
cleanup:
  if (status != CROW_OK) crow_objective_destroy(out);
  return status;
}

crow_status crow_objective_create_pairs(const crow_comm *comm, const crow_objective_options *options,
                                        const crow_weights *weights, const crow_pairs *pairs, crow_objective **out) {
  return create_pairs(comm, options, weights, pairs, 0, NULL, out);
}

crow_status crow_objective_create_scaled(const crow_comm *comm, const crow_objective_options *options,
                                         const crow_weights *weights, const crow_pairs *pairs, double scale,
                                         const double *prompt_scale, crow_objective **out) {
  return create_pairs(comm, options, weights, pairs, scale, prompt_scale, out);
}

void crow_objective_destroy(crow_objective **objective) {
  crow_objective *o = *objective;
  if (!o) return;
  crow_convolution_destroy(&o->convolution);
  CROW_FREE(o->curvature, o->prompt_scale, o->root, o->own_win_rate);
  crow_halo_destroy(&o->halo);
  CROW_FREE(o->cell, o->whole, o->whole_sum, o->slice_sum, o->unit, o->neighbours, o->sum_at_zero, o->last);
  for (int set = 0; set < CROW_PAIRS_SETS; set++) crow_free(o->blocks[set]);
  crow_free(o);
  *objective = NULL;
}

crow_status crow_objective_evaluate(crow_objective *objective, const double *reward, double *value, double *optimality,
                                    double *scaled_gradient) {
  return objective->pairs ? crow_paired_evaluate(objective, reward, value, optimality, scaled_gradient)
                          : crow_complete_evaluate(objective, reward, value, optimality, scaled_gradient);
}

crow_status crow_objective_complete_zero_weights(crow_objective *objective, double *reward, crow_gidx *unknown,
                                                 double *violation) {
  *unknown = 0;
  *violation = 0;
  if (objective->weights->zeros == 0) return CROW_OK;
  return objective->pairs ? crow_paired_zero_weights(objective, reward, unknown, violation)
                          : crow_complete_zero_weights(objective, reward, unknown, violation);
}

crow_status crow_objective_fitted_win_rate(crow_objective *objective, const double *reward, double *fitted) {
  return objective->pairs ? crow_paired_fitted_win_rate(objective, reward, fitted)
                          : crow_complete_fitted_win_rate(objective, reward, fitted);
}

const double *crow_objective_curvature(const crow_objective *objective) { return objective->curvature; }
const double *crow_objective_win_rate(const crow_objective *objective) { return objective->win_rate; }
double crow_objective_pair_scale(const crow_objective *objective) { return objective->scale; }
const double *crow_objective_prompt_scale(const crow_objective *objective) { return objective->prompt_scale; }

double crow_objective_pair_mass(const crow_objective *objective, int64_t k) {
  const crow_pairs *pairs = objective->pairs;
  return objective->cell[pairs->first[k]].weight * objective->cell[pairs->second[k]].weight;
}
