/* SPDX-License-Identifier: Apache-2.0 */
/* Sandwich variances: prepared here, found by a dense inverse or by probes. */
#include "objective/sandwich_impl.h"
#include "objective/sigmoid_impl.h"
#include <math.h>

void crow_sandwich_free(crow_sandwich *s) {
  crow_free(s->slope);
  crow_free(s->noise);
  crow_free(s->curvature);
  crow_free(s->room);
}

static crow_status sandwich_allocate(crow_sandwich *s) {
  crow_status status = CROW_OK;
  if (s->o->pairs)
    CROW_TRY(CROW_ALLOCATE_RAW(&s->slope, s->o->pairs->partition.count));
  else
    CROW_TRY(CROW_ALLOCATE_RAW(&s->room, s->o->weights->partition.count));
  CROW_TRY(CROW_ALLOCATE_RAW(&s->curvature, s->o->weights->partition.count));
cleanup:
  return status;
}

crow_status crow_sandwich_prepare(crow_objective *o, const double *reward, crow_sandwich *s) {
  crow_status status = CROW_OK;
  const crow_pairs *pairs = o->pairs;
  *s = (crow_sandwich){.o = o, .reward = reward};
  CROW_TRY_AGREE(o->comm, sandwich_allocate(s));
  if (pairs) {
    CROW_TRY(crow_paired_set_rewards(o, reward));
    for (int64_t k = 0; k < pairs->partition.count; k++) {
      double rest;
      const double e = crow_exp_minus(fabs(o->cell[pairs->first[k]].reward - o->cell[pairs->second[k]].reward), &rest);
      s->slope[k] = (o->options.pair_weight ? (double)pairs->judgements[k] : 1) * (e / ((1 + e) * (1 + e)));
    }
    CROW_TRY(crow_sandwich_sum(s, s->slope, false, false, NULL, s->curvature));
  } else {
    CROW_TRY(crow_complete_slopes(o, reward, o->weights->value, s->curvature));
  }
  for (int64_t i = 0; i < o->weights->partition.count; i++) s->curvature[i] += o->options.lambda;
cleanup:
  return status;
}

/* Of complete preferences: only positive weights can be spread, so v, divided by its largest size, is raised by 2, and
 * what that adds is in K. */
static crow_status apply_complete(const crow_sandwich *s, const double *v, double *out) {
  crow_status status = CROW_OK;
  const crow_objective *o = s->o;
  const int64_t n = o->weights->partition.count;
  double largest = 0;
  for (int64_t i = 0; i < n; i++) largest = fmax(largest, o->weights->value[i] > 0 ? fabs(v[i]) : 0);
  CROW_TRY(crow_comm_max_f64(o->comm, &largest, 1));
  if (!(largest > 0)) largest = 1;
  for (int64_t i = 0; i < n; i++) {
    s->room[i] = o->weights->value[i] > 0 ? o->weights->value[i] * (v[i] / largest + 2) / 3 : 0;
  }
  CROW_TRY(crow_complete_slopes(o, s->reward, s->room, out));
  for (int64_t i = 0; i < n; i++) out[i] = largest * (3 * out[i] - 2 * (s->curvature[i] - o->options.lambda));
cleanup:
  return status;
}

crow_status crow_sandwich_apply(const crow_sandwich *s, const double *v, double *out) {
  return s->o->pairs ? crow_sandwich_sum(s, s->slope, false, true, v, out) : apply_complete(s, v, out);
}

crow_status crow_objective_sandwich(crow_objective *objective, const double *reward, const double *spread,
                                    const crow_sandwich_options *options, double *variance,
                                    const crow_sandwich_groups *groups, const crow_sandwich_lead *lead) {
  crow_status status = CROW_OK;
  crow_objective *o = objective;
  const crow_pairs *pairs = o->pairs;
  crow_sandwich s = {0};
  int64_t wanted = variance != NULL;
  if (!pairs) CROW_TRY(crow_error(CROW_BAD_INPUT, "standard errors are of observed comparisons"));
  /* A rank without alternatives has no room for variances and takes part all the same. */
  CROW_TRY(crow_comm_max_i64(o->comm, &wanted, 1));
  CROW_TRY(crow_sandwich_prepare(o, reward, &s));
  CROW_TRY_AGREE(o->comm, CROW_ALLOCATE_RAW(&s.noise, pairs->partition.count));
  for (int64_t k = 0; k < pairs->partition.count; k++) s.noise[k] = sqrt(spread[k]);
  if (pairs->alternatives <= options->exact) {
    CROW_TRY(crow_sandwich_dense(&s, variance, groups, lead));
  } else {
    if (wanted) CROW_TRY(crow_sandwich_probe(&s, options->probes, (uint64_t)options->seed, variance, lead));
    if (groups) CROW_TRY(crow_sandwich_solve_groups(&s, groups));
  }
  for (int64_t i = 0; variance && i < o->weights->partition.count; i++) {
    if (o->neighbours[i] > 0) continue;
    variance[i] = (double)NAN;
    if (lead) lead->variance[i] = (double)NAN;
  }
cleanup:
  crow_sandwich_free(&s);
  return status;
}
