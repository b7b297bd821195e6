/* SPDX-License-Identifier: Apache-2.0 */
/* Percentiles of bootstrap replicates. */
#include "base/order_impl.h"
#include "uncertainty/bootstrap_impl.h"
#include <math.h>
#include <stdlib.h>

/* Between the two order statistics around the quantile, as NumPy and R do by default. */
static double quantile(const double *sorted, int64_t count, double q) {
  const double at = q * (double)(count - 1);
  const int64_t below = (int64_t)at, above = below + 1 < count ? below + 1 : below;
  return sorted[below] + (at - (double)below) * (sorted[above] - sorted[below]);
}

/* Sorts each alternative's rewards and ranks. */
static crow_status take_percentiles(crow_bootstrap *b, crow_uncertainty *out) {
  const int64_t count = b->weights->partition.count, n = b->replicates;
  CROW_NEED_AGREE(b->comm, CROW_ALLOCATE_RAW_EACH(count, &out->lower, &out->upper, &out->rank_lower, &out->rank_upper));
  for (int64_t i = 0; i < count; i++) {
    double *values = b->values + i * n;
    int32_t *ranks = b->ranks + i * n;
    qsort(values, (size_t)n, sizeof *values, crow_order_f64);
    qsort(ranks, (size_t)n, sizeof *ranks, crow_order_i32);
    out->lower[i] = quantile(values, n, 0.025);
    out->upper[i] = quantile(values, n, 0.975);
    out->rank_lower[i] = ranks[(int64_t)floor(0.025 * (double)(n - 1))];
    out->rank_upper[i] = ranks[(int64_t)ceil(0.975 * (double)(n - 1))];
  }
  return CROW_OK;
}

/* What nothing is known of has the reward 0 in every replicate; that is no interval. */
static void mark_unknown(const crow_bootstrap *b, crow_uncertainty *out) {
  const double *rate = crow_objective_win_rate(b->full);
  for (int64_t i = 0; i < b->weights->partition.count; i++) {
    if (isnan(rate[i])) out->lower[i] = out->upper[i] = (double)NAN;
  }
}

/* The covariances of topics' means over the replicates. */
static crow_status find_topic_covariance(const crow_bootstrap *b, double *mean, double *covariance) {
  const int64_t count = b->topics.name.count, n = b->replicates;
  for (int64_t k = 0; k < n; k++) {
    CROW_NEED(
        crow_topic_errors_average(b->comm, &b->weights->partition, &b->topics, b->values + k, n, mean + k * count));
  }
  for (int64_t t = 0; t < count; t++) {
    double centre = 0;
    for (int64_t k = 0; k < n; k++) centre += mean[k * count + t] / (double)n;
    for (int64_t k = 0; k < n; k++) mean[k * count + t] -= centre;
  }
  for (int64_t t = 0; t < count; t++) {
    for (int64_t u = 0; u < count; u++) {
      double sum = 0;
      for (int64_t k = 0; k < n; k++) sum += mean[k * count + t] * mean[k * count + u];
      covariance[t * count + u] = sum / (double)(n - 1);
    }
  }
  return CROW_OK;
}

static crow_status take_topics(crow_bootstrap *b, crow_uncertainty *out) {
  crow_status status = CROW_OK;
  const int64_t count = b->topics.name.count;
  double *mean = NULL, *covariance = NULL;
  if (count == 0 || b->replicates < 2) return CROW_OK;
  CROW_TRY_AGREE(b->comm, CROW_ALLOCATE(&mean, b->replicates * count));
  CROW_TRY_AGREE(b->comm, CROW_ALLOCATE(&covariance, count * count));
  CROW_TRY(find_topic_covariance(b, mean, covariance));
  CROW_TRY(crow_topic_errors_fill(b->comm, &b->weights->partition, b->reward, &b->topics, covariance, &out->topics));
cleanup:
  CROW_FREE(mean, covariance);
  return status;
}

/* That of each reward's distance to the greatest of the fit. */
static crow_status take_leads(const crow_bootstrap *b, crow_uncertainty *out) {
  crow_status status = CROW_OK;
  const crow_partition *p = &b->weights->partition;
  const int64_t n = b->replicates;
  crow_gidx leader = 0;
  double *leading = NULL;
  CROW_TRY(crow_uncertainty_leader(b->comm, b->weights, b->reward, &leader));
  CROW_TRY_AGREE(b->comm, CROW_ALLOCATE_RAW(&leading, n));
  CROW_TRY(crow_comm_fetch(b->comm, p->begin, p->count, b->values, leader, 1, leading, (size_t)n * sizeof *leading));
  for (crow_gidx i = 0; i < p->count; i++) {
    const double *values = b->values + i * n;
    double mean = 0, squares = 0;
    for (int64_t k = 0; k < n; k++) mean += (leading[k] - values[k]) / (double)n;
    for (int64_t k = 0; k < n; k++) squares += pow(leading[k] - values[k] - mean, 2);
    out->lead_error[i] = isnan(out->standard_error[i]) ? (double)NAN : sqrt(squares / (double)(n - 1));
  }
cleanup:
  crow_free(leading);
  return status;
}

/* The standard deviation of each reward over the replicates. */
static crow_status take_deviations(crow_bootstrap *b, crow_uncertainty *out) {
  const double *rate = crow_objective_win_rate(b->full);
  const int64_t count = b->weights->partition.count, n = b->replicates;
  CROW_FREE(out->standard_error, out->lead_error);
  out->standard_error = out->lead_error = NULL;
  CROW_NEED_AGREE(b->comm, CROW_ALLOCATE_RAW(&out->standard_error, count));
  CROW_NEED_AGREE(b->comm, CROW_ALLOCATE_RAW(&out->lead_error, count + 1)); /* never NULL */
  for (int64_t i = 0; i < count; i++) {
    const double *values = b->values + i * n;
    double mean = 0, squares = 0;
    for (int64_t k = 0; k < n; k++) mean += values[k] / (double)n;
    for (int64_t k = 0; k < n; k++) squares += (values[k] - mean) * (values[k] - mean);
    out->standard_error[i] = isnan(rate[i]) ? (double)NAN : sqrt(squares / (double)(n - 1));
  }
  out->has_standard_errors = true;
  return take_leads(b, out);
}

crow_status crow_bootstrap_intervals(crow_bootstrap *b, crow_uncertainty *out) {
  CROW_NEED(take_topics(b, out)); /* before the replicates are sorted */
  if (b->options->bootstrap_by && b->replicates > 1) CROW_NEED(take_deviations(b, out));
  CROW_NEED(take_percentiles(b, out));
  mark_unknown(b, out);
  return CROW_OK;
}
