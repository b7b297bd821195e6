/* SPDX-License-Identifier: Apache-2.0 */
/* Bootstrap replicates of a fit and their percentiles. */
#include "fit/uncertainty_impl.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* With c = 1 a pair weighs as many of its judgements as were drawn, divided by how many it has: kept in this part. */
#define UNIT 0x1p24

typedef struct bootstrap {
  const crow_comm *comm;
  const crow_weights *weights;
  crow_objective *full;             /* of all comparisons */
  crow_objective_options objective; /* of a replicate */
  double scale;                     /* its s */
  double unit;
  const crow_lbfgs_options *lbfgs;
  const double *start; /* the rewards of all comparisons, this rank's slice */
  const crow_judged *judged;
  crow_pairs pairs; /* the replicate's: the same pairs with other shares and judgements */
  int64_t replicates;
  double *value, *root, *curvature; /* this rank's slice: r, sqrt(D), the Hessian's diagonal by w */
  double *whole;                    /* r of all alternatives */
  double *values;                   /* (slice, B) r in every replicate */
  int32_t *ranks;                   /* (slice, B) the rank in every replicate */
} bootstrap;

static void bootstrap_free(bootstrap *b) {
  crow_objective_destroy(&b->full);
  crow_free(b->pairs.share);
  crow_free(b->pairs.judgements);
  crow_free(b->value);
  crow_free(b->root);
  crow_free(b->curvature);
  crow_free(b->whole);
  crow_free(b->values);
  crow_free(b->ranks);
}

static crow_status allocate(bootstrap *b) {
  crow_status status = CROW_OK;
  const crow_partition *p = &b->weights->partition;
  CROW_TRY(CROW_ALLOCATE_RAW(&b->pairs.share, b->pairs.partition.count));
  CROW_TRY(CROW_ALLOCATE_RAW(&b->pairs.judgements, b->pairs.partition.count));
  CROW_TRY(CROW_ALLOCATE_RAW(&b->value, p->count));
  CROW_TRY(CROW_ALLOCATE_RAW(&b->root, p->count));
  CROW_TRY(CROW_ALLOCATE_RAW(&b->curvature, p->count));
  CROW_TRY(CROW_ALLOCATE_RAW(&b->whole, p->global));
  CROW_TRY(CROW_ALLOCATE_RAW(&b->values, p->count * b->replicates));
  CROW_TRY(CROW_ALLOCATE_RAW(&b->ranks, p->count * b->replicates));
cleanup:
  return status;
}

/* s of the full fit, for replicates. */
static crow_status prepare(bootstrap *b, const crow_objective_options *options) {
  crow_status status = CROW_OK;
  CROW_TRY(crow_objective_create_pairs(b->comm, options, b->weights, &b->judged->pairs, &b->full));
  b->unit = options->pair_weight ? 0 : UNIT;
  b->scale = crow_objective_pair_scale(b->full) / (b->unit > 0 ? b->unit : 1);
  b->objective = *options;
  b->objective.pair_weight = 1;
  b->pairs = b->judged->pairs;
  b->pairs.share = NULL;
  b->pairs.judgements = NULL;
  CROW_TRY_AGREE(b->comm, allocate(b));
cleanup:
  return status;
}

/* ---- one replicate ------------------------------------------------------------------------------------------ */

typedef struct problem {
  bootstrap *b;
  crow_objective *objective;
} problem;

/* As in the full fit, u = sqrt(D) r; here D is the Hessian's diagonal at the start, which is near the end. */
static void unscale(bootstrap *b, const double *u) {
  for (int64_t i = 0; i < b->weights->partition.count; i++) b->value[i] = b->root[i] > 0 ? u[i] / b->root[i] : 0;
}

static crow_status evaluate(void *context, const double *u, double *value, double *optimality, double *gradient) {
  problem *p = context;
  const bootstrap *b = p->b;
  const double *curvature = crow_objective_curvature(p->objective);
  unscale(p->b, u);
  const crow_status status = crow_objective_evaluate(p->objective, b->value, value, optimality, gradient);
  /* df/du = w K G / sqrt(D) */
  for (int64_t i = 0; i < b->weights->partition.count; i++) {
    gradient[i] *= b->root[i] > 0 ? b->weights->value[i] * curvature[i] / b->root[i] : 0;
  }
  return status;
}

static crow_status minimise(bootstrap *b, crow_objective *objective, bool *converged) {
  crow_status status = CROW_OK;
  const crow_partition *p = &b->weights->partition;
  problem context = {b, objective};
  crow_lbfgs_result result;
  double *u = b->curvature;
  CROW_TRY(crow_objective_curvature_at(objective, b->start, b->curvature));
  for (int64_t i = 0; i < p->count; i++) {
    b->root[i] = sqrt(b->weights->value[i] * b->curvature[i]);
    u[i] = b->root[i] * b->start[i];
  }
  CROW_TRY(crow_lbfgs_minimise(b->comm, p, b->lbfgs, evaluate, NULL, &context, u, &result));
  unscale(b, u);
  *converged = result.end == CROW_LBFGS_CONVERGED;
cleanup:
  return status;
}

static int descending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x < y) - (x > y);
}

/* One more than the number of greater rewards; `sorted` descends. */
static int32_t rank_of(const double *sorted, crow_gidx count, double value) {
  crow_gidx low = 0, high = count;
  while (low < high) {
    const crow_gidx middle = low + (high - low) / 2;
    if (sorted[middle] > value)
      low = middle + 1;
    else
      high = middle;
  }
  return (int32_t)low + 1;
}

static crow_status replicate(bootstrap *b, int64_t seed, int64_t number, bool *converged) {
  crow_status status = CROW_OK;
  const crow_partition *p = &b->weights->partition;
  crow_objective *objective = NULL;
  crow_gidx unknown = 0;
  crow_judgements_resample(&b->judged->pairs, &b->judged->judgements, (uint64_t)seed, number, b->unit, b->pairs.share,
                           b->pairs.judgements);
  CROW_TRY(crow_objective_create_scaled(b->comm, &b->objective, b->weights, &b->pairs, b->scale, &objective));
  CROW_TRY(minimise(b, objective, converged));
  CROW_TRY(crow_objective_complete_zero_weights(objective, b->value, &unknown));
  CROW_TRY(crow_comm_gather_slices(b->comm, p, b->value, b->whole, sizeof *b->whole));
  qsort(b->whole, (size_t)p->global, sizeof *b->whole, descending);
  for (int64_t i = 0; i < p->count; i++) {
    b->values[i * b->replicates + number] = b->value[i];
    b->ranks[i * b->replicates + number] = rank_of(b->whole, p->global, b->value[i]);
  }
cleanup:
  crow_objective_destroy(&objective);
  return status;
}

/* ---- all of them -------------------------------------------------------------------------------------------- */

static int ascending(const void *a, const void *b) { return descending(b, a); }
static int ascending_rank(const void *a, const void *b) {
  const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
  return (x > y) - (x < y);
}

/* Between the two order statistics around the quantile, as NumPy and R do by default. */
static double quantile(const double *sorted, int64_t count, double q) {
  const double at = q * (double)(count - 1);
  const int64_t below = (int64_t)at, above = below + 1 < count ? below + 1 : below;
  return sorted[below] + (at - (double)below) * (sorted[above] - sorted[below]);
}

static crow_status take_percentiles(bootstrap *b, crow_uncertainty *out) {
  crow_status status = CROW_OK;
  const int64_t count = b->weights->partition.count, n = b->replicates;
  CROW_TRY_AGREE(b->comm, CROW_ALLOCATE_RAW(&out->lower, count));
  CROW_TRY_AGREE(b->comm, CROW_ALLOCATE_RAW(&out->upper, count));
  CROW_TRY_AGREE(b->comm, CROW_ALLOCATE_RAW(&out->rank_lower, count));
  CROW_TRY_AGREE(b->comm, CROW_ALLOCATE_RAW(&out->rank_upper, count));
  for (int64_t i = 0; i < count; i++) {
    double *values = b->values + i * n;
    int32_t *ranks = b->ranks + i * n;
    qsort(values, (size_t)n, sizeof *values, ascending);
    qsort(ranks, (size_t)n, sizeof *ranks, ascending_rank);
    out->lower[i] = quantile(values, n, 0.025);
    out->upper[i] = quantile(values, n, 0.975);
    out->rank_lower[i] = ranks[(int64_t)floor(0.025 * (double)(n - 1))];
    out->rank_upper[i] = ranks[(int64_t)ceil(0.975 * (double)(n - 1))];
  }
cleanup:
  return status;
}

/* What nothing is known of has the reward 0 in every replicate; that is no interval. */
static void mark_unknown(const bootstrap *b, crow_uncertainty *out) {
  const double *rate = crow_objective_win_rate(b->full);
  for (int64_t i = 0; i < b->weights->partition.count; i++) {
    if (isnan(rate[i])) out->lower[i] = out->upper[i] = (double)NAN;
  }
}

crow_status crow_uncertainty_bootstrap(const crow_comm *comm, const crow_dataset *dataset, const crow_weights *weights,
                                       const crow_objective_options *objective, const crow_lbfgs_options *lbfgs,
                                       const crow_uncertainty_options *options, const double *reward,
                                       crow_uncertainty *out) {
  crow_status status = CROW_OK;
  crow_judged judged = {0};
  bootstrap b = {.comm = comm,
                 .weights = weights,
                 .lbfgs = lbfgs,
                 .start = reward,
                 .judged = &judged,
                 .replicates = options->bootstrap};
  crow_progress progress;
  CROW_TRY_AGREE(comm, crow_settings_validate(crow_uncertainty_settings, options));
  CROW_TRY(crow_judged_read(comm, dataset, &judged));
  if (b.replicates < 1) goto cleanup;
  CROW_TRY(prepare(&b, objective));
  out->replicates = b.replicates;
  out->not_converged = 0;
  crow_progress_begin(&progress, "bootstrap", "replicates", (double)b.replicates);
  for (int64_t number = 0; number < b.replicates; number++) {
    bool converged = false;
    CROW_TRY(replicate(&b, options->bootstrap_seed, number, &converged));
    out->not_converged += !converged;
    crow_progress_update(&progress, (double)number + 1);
  }
  CROW_TRY(take_percentiles(&b, out));
  mark_unknown(&b, out);
  crow_log(out->not_converged ? CROW_LOG_WARNING : CROW_LOG_INFO,
           "bootstrap: %lld replicates, %lld of them not converged", (long long)b.replicates,
           (long long)out->not_converged);
cleanup:
  bootstrap_free(&b);
  crow_judged_free(&judged);
  if (status != CROW_OK) crow_uncertainty_free(out);
  return status;
}
