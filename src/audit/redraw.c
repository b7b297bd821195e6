/* SPDX-License-Identifier: Apache-2.0 */
/* What chance does to both fits: refits to comparisons drawn anew, without a clone. */
#include "audit/audit_impl.h"
#include <math.h>
#include <stdlib.h>

/* One method's replicates. */
typedef struct redraw {
  const crow_comm *comm;
  const crow_topic_map *topics;
  crow_gidx m;
  const double *reward; /* (m) of the comparisons as they are */
  double *largest;      /* (redraws) */
  double *mean;         /* (topics) */
  crow_gidx *size;      /* (topics) */
  crow_audit_noise *noise;
} redraw;

/* The topic of greatest mean reward; -1 without topics. Local. */
static int64_t best_topic(const redraw *r, const double *reward) {
  if (r->topics->count == 0) return -1;
  crow_topic_means(r->topics, r->m, NULL, reward, r->mean, r->size);
  return crow_greatest(r->topics->count, r->mean);
}

static crow_status visit(void *context, int64_t number, const double *reward) {
  redraw *r = context;
  double largest = 0, sum = 0, tau = 0;
  for (crow_gidx i = 0; i < r->m; i++) {
    const double shift = fabs(r->reward[i] - reward[i]);
    largest = fmax(largest, shift);
    sum += shift;
  }
  r->largest[number] = largest;
  r->noise->mean += sum / (double)r->m;
  r->noise->changed += crow_greatest(r->m, r->reward) != crow_greatest(r->m, reward) ||
                       best_topic(r, r->reward) != best_topic(r, reward);
  const crow_status status = crow_comm_agree(r->comm, crow_kendall_tau(r->m, r->reward, reward, &tau));
  r->noise->tau += tau;
  return status;
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void finish(redraw *r, int64_t redraws) {
  qsort(r->largest, (size_t)redraws, sizeof *r->largest, ascending);
  r->noise->typical = (r->largest[(redraws - 1) / 2] + r->largest[redraws / 2]) / 2;
  r->noise->largest = r->largest[redraws - 1];
  r->noise->mean /= (double)redraws;
  r->noise->tau /= (double)redraws;
}

static crow_status run_method(redraw *r, const crow_dataset *dataset, const crow_audit_options *options,
                              const crow_weights *weights) {
  crow_status status = CROW_OK;
  const crow_uncertainty_options how = {
      .bootstrap = options->redraws, .bootstrap_seed = options->clone_seed, .error_probes = 1};
  int64_t not_converged = 0;
  CROW_TRY(crow_uncertainty_replicates(r->comm, dataset, weights, &options->fit.objective, &options->fit.lbfgs, &how,
                                       r->reward + weights->partition.begin, visit, r, &not_converged));
  if (not_converged) {
    crow_log(CROW_LOG_WARNING, "audit: %lld of %lld refits to redrawn comparisons did not converge",
             (long long)not_converged, (long long)options->redraws);
  }
  finish(r, options->redraws);
cleanup:
  return status;
}

crow_status crow_audit_redraw(const crow_comm *comm, const crow_dataset *dataset, const crow_audit_options *options,
                              const crow_fits *fits, const crow_topic_map *topics, crow_audit_result *out) {
  crow_status status = CROW_OK;
  crow_weights uniform = {0};
  redraw r = {.comm = comm, .topics = topics, .m = fits->m};
  if (options->redraws == 0 || crow_fit_source(dataset) != CROW_SOURCE_COMPARISONS) return CROW_OK;
  crow_log(CROW_LOG_INFO, "audit: comparisons drawn anew %lld time%s, without clones", (long long)options->redraws,
           crow_plural(options->redraws));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&r.largest, options->redraws));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&r.mean, topics->count));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&r.size, topics->count));
  CROW_TRY(crow_weights_uniform(comm, fits->m, &uniform));
  r.reward = fits->standard;
  r.noise = &out->standard;
  CROW_TRY(run_method(&r, dataset, options, &uniform));
  r.reward = fits->weighted;
  r.noise = &out->weighted;
  CROW_TRY(run_method(&r, dataset, options, &fits->voronoi));
  out->redraws = options->redraws;
cleanup:
  crow_weights_free(&uniform);
  crow_free(r.largest);
  crow_free(r.mean);
  crow_free(r.size);
  return status;
}
