/* SPDX-License-Identifier: Apache-2.0 */
/* How the pairs' scale and the constant in the rewards change with the weights.
 *
 * The scale is s = (1 - sum v^2) / (2 M) with M = 1/2 sum_x v(x) n(x), n(x) = sum_y v(y) c over the compared y, so that
 *   d log s = -2 sum v dv / (1 - sum v^2) - sum n dv / M.
 * Summed over a group with weights v, the optimality equations give sum v r = 0 at any weights, since the pairs' terms
 * cancel; so sum v dr = -sum r dv, which is the part of dr that conjugate gradients find last where lambda is small. */
#include "objective/respond_impl.h"
#include <math.h>

void crow_respond_groups_free(crow_respond_groups *g) {
  for (int t = 0; t < CROW_GROUP_TERMS; t++) crow_free(g->factor[t]);
  crow_free(g->sum);
  crow_free(g->whole);
  crow_free(g->log_scale);
  crow_free(g->constant);
}

static crow_status respond_groups_allocate(crow_respond_groups *g) {
  crow_status status = CROW_OK;
  for (int t = 0; t < CROW_GROUP_TERMS; t++) {
    CROW_TRY(CROW_ALLOCATE(&g->factor[t], g->o->weights->partition.count));
  }
  CROW_TRY(CROW_ALLOCATE(&g->sum, CROW_GROUP_TERMS * g->count));
  CROW_TRY(CROW_ALLOCATE(&g->whole, CROW_GROUP_TERMS * g->count));
  CROW_TRY(CROW_ALLOCATE(&g->log_scale, CROW_PAIR_COLUMNS * g->count));
  CROW_TRY(CROW_ALLOCATE(&g->constant, CROW_PAIR_COLUMNS * g->count));
cleanup:
  return status;
}

/* v, whose sum over a group is 1 at most. */
static double group_weight(const crow_respond_groups *g, int64_t i) {
  return g->count > 1 ? crow_paired_within(g->o, i) : g->o->weights->value[i];
}

/* Units in which sums of v factor (1 + relative) stay within 62 bits: they are at most twice the largest factor. */
static crow_status respond_units(crow_respond_groups *g) {
  crow_status status = CROW_OK;
  double largest[CROW_GROUP_TERMS] = {0};
  for (int64_t i = 0; i < g->o->weights->partition.count; i++) {
    if (!(g->o->weights->value[i] > 0)) continue;
    for (int t = 0; t < CROW_GROUP_TERMS; t++) largest[t] = fmax(largest[t], fabs(g->factor[t][i]));
  }
  CROW_TRY(crow_comm_max_f64(g->o->comm, largest, CROW_GROUP_TERMS));
  for (int t = 0; t < CROW_GROUP_TERMS; t++) {
    int exponent = 0;
    (void)frexp(largest[t], &exponent);
    g->unit[t] = largest[t] > 0 ? ldexp(1, 60 - exponent) : 1;
  }
cleanup:
  return status;
}

/* Sums of v factor relative; `relative` NULL stands for 1. */
static crow_status respond_sum(crow_respond_groups *g, const double *relative, double *to) {
  crow_status status = CROW_OK;
  for (int64_t k = 0; k < CROW_GROUP_TERMS * g->count; k++) g->sum[k] = 0;
  for (int64_t i = 0; i < g->o->weights->partition.count; i++) {
    const double v = group_weight(g, i) * (relative ? relative[i] : 1);
    if (v == 0) continue;
    for (int t = g->scaled ? 0 : CROW_GROUP_REWARD; t < CROW_GROUP_TERMS; t++) {
      const double term = v * g->factor[t][i] * g->unit[t];
      g->sum[t * g->count + crow_respond_group(g, i)] += (int64_t)(term + (term < 0 ? -0.5 : 0.5));
    }
  }
  CROW_TRY(crow_comm_sum_i64(g->o->comm, g->sum, CROW_GROUP_TERMS * g->count));
  for (int64_t k = 0; k < CROW_GROUP_TERMS * g->count; k++) to[k] = (double)g->sum[k] / g->unit[k / g->count];
cleanup:
  return status;
}

crow_status crow_respond_groups_create(const crow_sandwich *s, const double *reward, crow_respond_groups *g) {
  crow_status status = CROW_OK;
  crow_objective *o = s->o;
  const int64_t n = o->weights->partition.count;
  *g = (crow_respond_groups){.o = o, .count = o->prompt_scale ? o->weights->prompts : 1};
  g->scaled = o->pairs && o->options.pair_scale == 0 && !(o->given_scale > 0) && (o->prompt_scale || o->mass > 0);
  CROW_TRY_AGREE(o->comm, respond_groups_allocate(g));
  /* Every pair counts once in a prompt's own scale, its judgements in one of all. */
  if (o->prompt_scale) CROW_TRY(crow_sandwich_sum(s, NULL, false, false, NULL, g->factor[CROW_GROUP_NEIGHBOURS]));
  for (int64_t i = 0; i < n; i++) {
    const double scale = o->prompt_scale ? o->prompt_scale[crow_respond_group(g, i)] : 1;
    double *neighbours = &g->factor[CROW_GROUP_NEIGHBOURS][i];
    if (o->prompt_scale)
      *neighbours = scale > 0 ? *neighbours / scale : 0;
    else
      *neighbours = o->pairs ? o->neighbours[i] : 0;
    g->factor[CROW_GROUP_SQUARE][i] = crow_paired_within(o, i);
    g->factor[CROW_GROUP_REWARD][i] = o->weights->value[i] > 0 ? reward[i] : 0;
  }
  CROW_TRY(respond_units(g));
  CROW_TRY(respond_sum(g, NULL, g->whole));
cleanup:
  return status;
}

crow_status crow_respond_groups_change(crow_respond_groups *g, const double *relative, int64_t column) {
  crow_status status = CROW_OK;
  double *sum = NULL;
  CROW_TRY_AGREE(g->o->comm, CROW_ALLOCATE(&sum, CROW_GROUP_TERMS * g->count));
  CROW_TRY(respond_sum(g, relative, sum));
  for (crow_gidx k = 0; k < g->count; k++) {
    const double rest = 1 - g->whole[CROW_GROUP_SQUARE * g->count + k];
    const double mass = 0.5 * g->whole[CROW_GROUP_NEIGHBOURS * g->count + k];
    const double square = sum[CROW_GROUP_SQUARE * g->count + k], pairs = sum[CROW_GROUP_NEIGHBOURS * g->count + k];
    g->log_scale[column * g->count + k] = g->scaled && rest > 0 && mass > 0 ? -2 * square / rest - pairs / mass : 0;
    g->constant[column * g->count + k] = -sum[CROW_GROUP_REWARD * g->count + k];
  }
cleanup:
  crow_free(sum);
  return status;
}
