/* SPDX-License-Identifier: Apache-2.0 */
/* Sandwich standard errors, and what they share with the bootstrap. */
#include "uncertainty/uncertainty_impl.h"
#include <math.h>
#include <string.h>

const crow_setting crow_uncertainty_settings[] = {
    CROW_SETTING("standard-errors", BOOL, crow_uncertainty_options, standard_errors,
                 .help =
                     "standard errors of the rewards by the sandwich, the diagonal of H^-1 J H^-1 with the "
                     "Hessian H and the comparisons' scores J, or by the model's own J where that is greater, as with "
                     "few judgements"),
    CROW_SETTING("error-probes", INT, crow_uncertainty_options, error_probes, .value = 256, .minimum = 1,
                 .maximum = 1e6,
                 .help = "above 1024 alternatives that diagonal is estimated with P random probes; the relative "
                         "error of a standard error is then about 1/sqrt(2P) or less"),
    CROW_SETTING("bootstrap", INT, crow_uncertainty_options, bootstrap, .maximum = 1e6,
                 .help = "B bootstrap replicates, each with Poisson(1) weights on the comparisons, for 95 % "
                         "intervals of rewards and ranks; B = 1000 suits most uses; 0: none"),
    CROW_SETTING("bootstrap-by", TEXT, crow_uncertainty_options, bootstrap_by, .choices = "COLUMN",
                 .help = "replicates take judges, prompts or whatever a kept column of the comparisons names whole "
                         "(the cluster bootstrap): for judgements of one judge that resemble each other; standard "
                         "errors are then the replicates'"),
    CROW_SETTING("bootstrap-seed", INT, crow_uncertainty_options, bootstrap_seed, .value = 1, .maximum = 9e15,
                 .help = "seed of the replicates and the probes"),
    /* Shown as --no-errors, whose help this is. */
    CROW_SETTING("errors", BOOL, crow_uncertainty_options, errors, .value = 1,
                 .help = "no standard errors but those that are asked for: by default rewards have them up to 1024 "
                         "alternatives, and mean rewards of topics up to 50 topics, which costs some ten evaluations "
                         "of the objective for each where there are more alternatives"),
    {.name = NULL}};

crow_status crow_judged_read(const crow_comm *comm, const crow_dataset *dataset, const char *by, crow_judged *out) {
  crow_status status = CROW_OK;
  memset(out, 0, sizeof *out);
  if (!dataset->has_comparisons) {
    CROW_TRY(crow_error(CROW_USAGE,
                        "%.1024s holds a %s: bootstrap intervals and standard errors are of observed comparisons, and "
                        "there are none to resample",
                        dataset->file ? crow_file_name(dataset->file) : "the dataset",
                        dataset->has_matrix ? "full preference matrix" : "population"));
  }
  CROW_TRY(crow_pairs_read(comm, dataset, &out->pairs));
  CROW_TRY(crow_judgements_read_by(comm, dataset, &out->pairs, by, &out->judgements));
cleanup:
  if (status != CROW_OK) crow_judged_free(out);
  return status;
}

void crow_judged_free(crow_judged *judged) {
  crow_pairs_free(&judged->pairs);
  crow_judgements_free(&judged->judgements);
}

void crow_uncertainty_free(crow_uncertainty *uncertainty) {
  CROW_FREE(uncertainty->lower, uncertainty->upper, uncertainty->rank_lower, uncertainty->rank_upper,
            uncertainty->standard_error, uncertainty->lead_error);
  crow_topic_errors_free(&uncertainty->topics);
  memset(uncertainty, 0, sizeof *uncertainty);
}

/* What is added to both sums below, so that a few judgements that all went one way, with residuals next to nothing, do
 * not make the dispersion small: as much as 4 judgements of equals. */
#define DISPERSION_PRIOR 1.

/* What the model says of the squared residuals of each of this rank's pairs: sigma (1 - sigma) for each judgement, less
 * where ties make judgements vary less (the dispersion, of all pairs together). Collective. */
static crow_status model_spread(const crow_comm *comm, const crow_pairs *pairs, const double *whole,
                                const double *squares, double *spread) {
  crow_status status = CROW_OK;
  crow_exact_sum sums[2] = {{{0}}, {{0}}};
  for (int64_t k = 0; k < pairs->partition.count; k++) {
    const double tail = exp(-fabs(whole[pairs->first[k]] - whole[pairs->second[k]]));
    spread[k] = (double)pairs->judgements[k] * tail / ((1 + tail) * (1 + tail));
    crow_exact_add(&sums[0], squares[k]);
    crow_exact_add(&sums[1], spread[k]);
    for (int i = 0; i < 2 && k % (1 << 20) == 0; i++) crow_exact_normalise(&sums[i]);
  }
  CROW_TRY(crow_comm_sum_exact(comm, sums, 2));
  const double dispersion =
      fmin(1, (crow_exact_value(&sums[0]) + DISPERSION_PRIOR) / (crow_exact_value(&sums[1]) + DISPERSION_PRIOR));
  for (int64_t k = 0; k < pairs->partition.count; k++) spread[k] *= dispersion;
cleanup:
  return status;
}

/* The variance of c (p - sigma) for each of this rank's pairs: by the judgements' own squared residuals, and by what
 * the model says of them. The residuals of few judgements that all went one way are next to nothing, and a single one
 * would make a sure winner. */
typedef struct spreads {
  double *own, *model;
} spreads;

/* `whole`: the rewards of all alternatives; `count`: pairs count by their judgements. Collective. */
static crow_status find_spreads(const crow_comm *comm, const crow_judged *judged, bool count, const double *whole,
                                spreads *out) {
  const crow_pairs *pairs = &judged->pairs;
  CROW_NEED_AGREE(comm, CROW_ALLOCATE_RAW_EACH(pairs->partition.count + 1, &out->own, &out->model)); /* never NULL */
  crow_judgements_squares(pairs, &judged->judgements, whole, out->own);
  CROW_NEED(model_spread(comm, pairs, whole, out->own, out->model));
  for (int64_t k = 0; k < pairs->partition.count && !count; k++) {
    const double judgements = (double)pairs->judgements[k];
    out->own[k] /= judgements * judgements;
    out->model[k] /= judgements * judgements;
  }
  return CROW_OK;
}

bool crow_uncertainty_wants_errors(const crow_dataset *dataset, const crow_uncertainty_options *how) {
  if (how->bootstrap_by) return false;
  return how->standard_errors || (how->errors && dataset->alternatives <= CROW_SANDWICH_EXACT);
}

crow_status crow_uncertainty_leader(const crow_comm *comm, const crow_weights *weights, const double *reward,
                                    crow_gidx *leader) {
  const crow_partition *p = &weights->partition;
  double greatest = -(double)INFINITY;
  *leader = p->global;
  for (crow_gidx i = 0; i < p->count; i++) {
    if (weights->value[i] > 0) greatest = fmax(greatest, reward[i]);
  }
  CROW_NEED(crow_comm_max_f64(comm, &greatest, 1));
  for (crow_gidx i = p->count - 1; i >= 0; i--) {
    if (weights->value[i] > 0 && reward[i] == greatest) *leader = p->begin + i;
  }
  CROW_NEED(crow_comm_min_i64(comm, leader, 1));
  if (*leader == p->global) *leader = 0; /* nothing has weight */
  return CROW_OK;
}

/* What the sandwich finds: of rewards, if wanted, the `variance` and that of leads, and `covariance` of topics, if
 * there are some. */
static crow_status find_sandwich(const crow_comm *comm, const crow_dataset *dataset, const crow_weights *weights,
                                 const crow_objective_options *options, const crow_uncertainty_options *how,
                                 const double *reward, double *variance, const crow_sandwich_groups *groups,
                                 double *lead_variance) {
  crow_status status = CROW_OK;
  const crow_sandwich_options sandwich = {CROW_SANDWICH_EXACT, how->error_probes, how->bootstrap_seed};
  crow_judged judged = {0};
  crow_objective *objective = NULL;
  crow_sandwich_lead lead = {.variance = lead_variance};
  spreads spread = {NULL, NULL};
  double *whole = NULL;
  CROW_TRY(crow_uncertainty_leader(comm, weights, reward, &lead.leader));
  CROW_TRY(crow_judged_read(comm, dataset, NULL, &judged));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&whole, weights->partition.global));
  CROW_TRY(crow_comm_gather_slices(comm, &weights->partition, reward, whole, sizeof *whole));
  CROW_TRY(find_spreads(comm, &judged, options->pair_weight, whole, &spread));
  CROW_TRY(crow_objective_create_pairs(comm, options, weights, &judged.pairs, &objective));
  CROW_TRY(crow_objective_sandwich(objective, reward, spread.own, spread.model, &sandwich, variance,
                                   groups->count ? groups : NULL, lead_variance ? &lead : NULL));
cleanup:
  crow_objective_destroy(&objective);
  crow_judged_free(&judged);
  CROW_FREE(spread.own, spread.model, whole);
  return status;
}

crow_status crow_uncertainty_sandwich(const crow_comm *comm, const crow_dataset *dataset, const crow_weights *weights,
                                      const crow_objective_options *options, const crow_uncertainty_options *how,
                                      const double *reward, crow_uncertainty *out) {
  crow_status status = CROW_OK;
  const crow_partition *p = &weights->partition;
  const bool rewards = crow_uncertainty_wants_errors(dataset, how) && !out->has_standard_errors;
  crow_labels topics = {0};
  crow_sandwich_groups groups = {0};
  CROW_TRY_AGREE(comm, crow_settings_validate(crow_uncertainty_settings, how));
  if (how->bootstrap < 2) CROW_TRY(crow_topic_errors_labels(dataset, how, p, &topics));
  groups = (crow_sandwich_groups){.count = topics.name.count, .code = topics.code};
  if (!rewards && groups.count == 0) goto cleanup;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&groups.covariance, groups.count * groups.count));
  if (rewards) CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&out->standard_error, p->count));
  if (rewards) CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&out->lead_error, p->count + 1)); /* never NULL */
  CROW_TRY(find_sandwich(comm, dataset, weights, options, how, reward, rewards ? out->standard_error : NULL, &groups,
                         out->lead_error));
  for (int64_t i = 0; i < p->count && rewards; i++) {
    out->standard_error[i] = sqrt(out->standard_error[i]);
    out->lead_error[i] = sqrt(fmax(out->lead_error[i], 0));
  }
  out->has_standard_errors = out->has_standard_errors || rewards;
  CROW_TRY(crow_topic_errors_fill(comm, p, reward, &topics, groups.covariance, &out->topics));
cleanup:
  crow_free(groups.covariance);
  crow_labels_free(&topics);
  if (status != CROW_OK) crow_uncertainty_free(out);
  return status;
}
