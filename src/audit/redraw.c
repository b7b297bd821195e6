/* SPDX-License-Identifier: Apache-2.0 */
/* What chance does to both fits: refits to comparisons drawn anew, without a clone. */
#include "audit/audit_impl.h"
#include <math.h>
#include <stdlib.h>

/* ---- replicates ------------------------------------------------------------------------------------------------- */

crow_status crow_audit_replicates(const crow_comm *comm, const crow_dataset *dataset, const crow_audit_options *options,
                                  int64_t seed, const crow_weights *weights, const double *reward,
                                  crow_replicate_visitor *visit, void *context) {
  const crow_uncertainty_options how = {.bootstrap = options->redraws, .bootstrap_seed = seed, .error_probes = 1};
  int64_t not_converged = 0;
  CROW_NEED(crow_uncertainty_replicates(comm, dataset, weights, &options->fit.objective, &options->fit.lbfgs, &how,
                                        reward + weights->partition.begin, visit, context, &not_converged));
  if (not_converged) {
    crow_log(CROW_LOG_WARNING, "audit: %lld of %lld refits to redrawn comparisons did not converge",
             (long long)not_converged, (long long)options->redraws);
  }
  return CROW_OK;
}

static int redraw_ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

void crow_noise_finish(crow_audit_noise *noise, double *largest, int64_t redraws) {
  qsort(largest, (size_t)redraws, sizeof *largest, redraw_ascending);
  noise->typical = (largest[(redraws - 1) / 2] + largest[redraws / 2]) / 2;
  noise->largest = largest[redraws - 1];
  noise->mean /= (double)redraws;
  noise->tau /= (double)redraws;
  noise->prompts /= (double)redraws;
}

/* ---- of one dataset --------------------------------------------------------------------------------------------- */

/* One method's replicates. */
typedef struct redraw {
  const crow_comm *comm;
  const crow_topic_map *topics;
  crow_within *within;
  crow_measured reward; /* (m) of the comparisons as they are */
  double *largest;      /* (redraws) */
  double *mean[2];      /* (topics) before and after */
  crow_gidx *size;      /* (topics) */
  crow_audit_noise *noise;
} redraw;

/* Whether the topic of greatest mean reward is another. Local. */
static bool redraw_changes_topic(const redraw *r, crow_measured after) {
  int64_t winner[2];
  if (r->topics->count == 0) return false;
  crow_topic_means(r->topics, r->within->m, NULL, r->reward.value, r->mean[0], r->size);
  crow_topic_means(r->topics, r->within->m, NULL, after.value, r->mean[1], r->size);
  crow_winners(r->topics->count, (crow_measured){r->mean[0], r->reward.tie}, (crow_measured){r->mean[1], after.tie},
               winner);
  return winner[0] != winner[1];
}

static crow_status visit(void *context, int64_t number, const double *reward) {
  redraw *r = context;
  crow_audit_noise *noise = r->noise;
  const crow_gidx m = r->within->m;
  double largest = 0, sum = 0, tau = 0;
  crow_gidx first;
  for (crow_gidx i = 0; i < m; i++) {
    const double shift = fabs(r->reward.value[i] - reward[i]);
    largest = fmax(largest, shift);
    sum += shift;
  }
  r->largest[number] = largest;
  noise->mean += sum / (double)m;
  const crow_measured after = {reward, r->reward.tie}; /* as exact: of the same tolerance */
  const crow_gidx changed = crow_within_changed(r->within, r->reward, NULL, m, after, &first);
  const bool topic = r->within->prompts == 1 && redraw_changes_topic(r, after);
  noise->changed += changed > 0 || topic;
  noise->winners += changed > 0;
  noise->topics += topic;
  noise->prompts += (double)changed;
  noise->most_prompts = changed > noise->most_prompts ? changed : noise->most_prompts;
  const crow_status status = crow_comm_agree(r->comm, crow_within_tau(r->within, r->reward.value, reward, &tau));
  noise->tau += tau;
  return status;
}

crow_status crow_audit_redraw(const crow_comm *comm, const crow_dataset *dataset, const crow_audit_options *options,
                              const crow_fits *fits, const crow_topic_map *topics, crow_within *within,
                              crow_audit_result *out) {
  crow_status status = CROW_OK;
  redraw r = {.comm = comm, .topics = topics, .within = within};
  const int64_t seed = options->clone_seed;
  if (options->redraws == 0 || crow_preference_source(dataset) != CROW_SOURCE_COMPARISONS) return CROW_OK;
  crow_log(CROW_LOG_INFO, "audit: comparisons drawn anew %lld time%s, without clones", (long long)options->redraws,
           crow_plural(options->redraws));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&r.largest, options->redraws));
  for (int k = 0; k < 2; k++) CROW_TRY_AGREE(comm, CROW_ALLOCATE(&r.mean[k], topics->count));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&r.size, topics->count));
  r.reward = crow_fits_of(fits, false);
  r.noise = &out->standard;
  CROW_TRY(crow_audit_replicates(comm, dataset, options, seed, &fits->uniform, fits->standard, visit, &r));
  crow_noise_finish(r.noise, r.largest, options->redraws);
  r.reward = crow_fits_of(fits, true);
  r.noise = &out->weighted;
  CROW_TRY(crow_audit_replicates(comm, dataset, options, seed, &fits->voronoi, fits->weighted, visit, &r));
  crow_noise_finish(r.noise, r.largest, options->redraws);
  out->redraws = options->redraws;
cleanup:
  crow_free(r.largest);
  for (int k = 0; k < 2; k++) crow_free(r.mean[k]);
  crow_free(r.size);
  return status;
}
