/* SPDX-License-Identifier: Apache-2.0 */
/* Sandwich variances: prepared here, found by a dense inverse or by probes. */
#include "base/clones_impl.h"
#include "objective/sandwich_impl.h"
#include "objective/sigmoid_impl.h"
#include <math.h>

void crow_sandwich_free(crow_sandwich *s) {
  crow_free(s->slope);
  CROW_FREE(s->noise, s->least);
  crow_free(s->curvature);
  crow_free(s->root);
  crow_free(s->size);
  crow_free(s->wide);
}

static crow_status sandwich_allocate(crow_sandwich *s) {
  crow_status status = CROW_OK;
  if (s->o->pairs) CROW_TRY(CROW_ALLOCATE_RAW(&s->slope, s->o->pairs->partition.count));
  CROW_TRY(CROW_ALLOCATE_RAW(&s->curvature, s->o->weights->partition.count));
  CROW_TRY(CROW_ALLOCATE_RAW(&s->root, s->o->weights->partition.count));
  CROW_TRY(CROW_ALLOCATE_RAW(&s->size, s->o->weights->partition.count));
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
    CROW_TRY(crow_complete_slopes(o, reward, 1, o->weights->value, s->curvature));
  }
  for (int64_t i = 0; i < o->weights->partition.count; i++) {
    s->curvature[i] += o->options.lambda;
    s->root[i] = sqrt(o->weights->value[i] / s->curvature[i]);
    s->size[i] = sqrt(o->weights->value[i] * s->curvature[i]);
  }
cleanup:
  return status;
}

crow_status crow_sandwich_widen(crow_sandwich *s) {
  crow_status status = CROW_OK;
  const crow_objective *o = s->o;
  if (!o->pairs) return CROW_OK;
  if (!s->wide) CROW_TRY_AGREE(o->comm, CROW_ALLOCATE_RAW(&s->wide, o->pairs->alternatives));
  for (int64_t k = 0; k < o->ranges; k++) {
    for (crow_gidx x = o->range[k].begin; x < o->range[k].end; x++) s->wide[x] = (crow_wide_cell){{0}, {0}};
  }
cleanup:
  return status;
}

/* w (v / largest + 2) / 3, which is positive where w is. */
CROW_CLONES static void raise_column(int64_t n, const double *w, const double *v, double largest, double *out) {
  for (int64_t i = 0; i < n; i++) {
    const double raised = w[i] * (v[i] / largest + 2) / 3;
    out[i] = w[i] > 0 ? raised : 0;
  }
}

/* And back: the slopes' sums `out` of what was raised, by K. */
CROW_CLONES static void lower_column(int64_t n, const double *curvature, double lambda, double largest, double *out) {
  for (int64_t i = 0; i < n; i++) out[i] = largest * (3 * out[i] - 2 * (curvature[i] - lambda));
}

/* Of complete preferences: only positive weights can be spread, so v, divided by its largest size, is raised by 2, and
 * what that adds is in K. v is 0 where there is no weight. */
static crow_status apply_complete(const crow_sandwich *s, int64_t columns, const double *v, double *out) {
  crow_status status = CROW_OK;
  const crow_objective *o = s->o;
  const int64_t n = o->weights->partition.count;
  double largest[CROW_PAIR_COLUMNS];
  for (int64_t c = 0; c < columns; c++) largest[c] = crow_largest_size(n, v + c * n);
  CROW_TRY(crow_comm_max_f64(o->comm, largest, columns));
  for (int64_t c = 0; c < columns; c++) {
    largest[c] = largest[c] > 0 ? largest[c] : 1;
    raise_column(n, o->weights->value, v + c * n, largest[c], out + c * n);
  }
  CROW_TRY(crow_complete_slopes(o, s->reward, columns, out, out));
  for (int64_t c = 0; c < columns; c++) lower_column(n, s->curvature, o->options.lambda, largest[c], out + c * n);
cleanup:
  return status;
}

crow_status crow_sandwich_apply(const crow_sandwich *s, int64_t columns, const double *v, double *out) {
  return s->o->pairs ? crow_sandwich_sums(s, s->slope, false, columns, v, out) : apply_complete(s, columns, v, out);
}

void crow_sandwich_raise(int64_t n, const double *least, double *variance) {
  for (int64_t i = 0; i < n; i++) {
    if (least[i] > variance[i]) variance[i] = least[i];
  }
}

void crow_sandwich_raise_groups(int64_t count, const double *least, double *covariance) {
  for (int64_t t = 0; t < count; t++) {
    const double own = covariance[t * count + t], other = least[t * count + t];
    if (!(other > own)) continue;
    const double factor = own > 0 ? sqrt(other / own) : 0;
    for (int64_t u = 0; u < count; u++) {
      covariance[t * count + u] *= factor;
      covariance[u * count + t] *= factor;
    }
    covariance[t * count + t] = other;
  }
}

static crow_status take_roots(int64_t n, const double *spread, double **root) {
  CROW_NEED(CROW_ALLOCATE_RAW(root, n + 1)); /* never NULL */
  for (int64_t k = 0; k < n; k++) (*root)[k] = sqrt(spread[k]);
  return CROW_OK;
}

/* By probes, of both spreads if there are two. */
static crow_status probe_variances(crow_sandwich *s, const crow_sandwich_options *options, double *variance,
                                   const crow_sandwich_lead *lead) {
  crow_status status = CROW_OK;
  const int64_t n = s->o->weights->partition.count;
  const uint64_t seed = (uint64_t)options->seed;
  double *least = NULL;
  crow_sandwich_lead other = {.leader = lead ? lead->leader : 0};
  CROW_TRY(crow_sandwich_probe(s, s->noise, options->probes, seed, variance, lead));
  if (!s->least) goto cleanup;
  CROW_TRY_AGREE(s->o->comm, CROW_ALLOCATE_RAW_EACH(n, &least, &other.variance));
  CROW_TRY(crow_sandwich_probe(s, s->least, options->probes, seed, least, lead ? &other : NULL));
  crow_sandwich_raise(n, least, variance);
  if (lead) crow_sandwich_raise(n, other.variance, lead->variance);
cleanup:
  CROW_FREE(least, other.variance);
  return status;
}

crow_status crow_objective_sandwich(crow_objective *objective, const double *reward, const double *spread,
                                    const double *least, const crow_sandwich_options *options, double *variance,
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
  CROW_TRY_AGREE(o->comm, take_roots(pairs->partition.count, spread, &s.noise));
  if (least) CROW_TRY_AGREE(o->comm, take_roots(pairs->partition.count, least, &s.least));
  if (pairs->alternatives <= options->exact) {
    CROW_TRY(crow_sandwich_dense(&s, variance, groups, lead));
  } else {
    if (wanted) CROW_TRY(probe_variances(&s, options, variance, lead));
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
