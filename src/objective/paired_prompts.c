/* SPDX-License-Identifier: Apache-2.0 */
/* The normalised scale of each prompt by itself, so that comparisons of one never move another's rewards:
 *   s_k = (1 - sum v^2) / (2 sum_E v(x) v(y)), v = w / P_k, over the alternatives and the compared pairs of prompt k.
 * Every pair counts once here, so that a pair with more judgements stays stronger evidence than one with few. Sums are
 * kept in integers of units that fit each prompt, so they do not depend on who has which pairs. */
#include "objective/objective_impl.h"
#include <math.h>

/* Sums of a prompt's pairs: those of two alternatives with weight, and those of one with and one without. */
enum { BOTH, ONE, KINDS };

typedef struct prompt_sums {
  double *largest;   /* (KINDS K) the largest term */
  int64_t *count;    /* (KINDS K) terms; then the sum in its unit */
  int64_t *square;   /* (K) sum of v^2 in units of 2^-60 */
  int64_t *nothings; /* (K) alternatives without weight */
} prompt_sums;

static void prompt_sums_free(prompt_sums *s) { CROW_FREE(s->largest, s->count, s->square, s->nothings); }

static crow_status prompt_sums_allocate(crow_gidx prompts, prompt_sums *s) {
  CROW_NEED(CROW_ALLOCATE_EACH(KINDS * prompts, &s->largest, &s->count));
  return CROW_ALLOCATE_EACH(prompts, &s->square, &s->nothings);
}

/* Whether two compared alternatives answer different prompts. */
static crow_status any_across(const crow_objective *o, bool *across) {
  const crow_pairs *pairs = o->pairs;
  int64_t found = 0;
  for (int64_t k = 0; k < pairs->partition.count && !found; k++) {
    found = o->weights->prompt[pairs->first[k]] != o->weights->prompt[pairs->second[k]];
  }
  const crow_status status = crow_comm_max_i64(o->comm, &found, 1);
  *across = found != 0;
  return status;
}

/* What pair k adds, and to which of the sums: v(x) v(y), or v of the one that has weight; 0 where none has. */
static double term_of(const crow_objective *o, int64_t k, int64_t *at) {
  const double x = o->whole[o->pairs->first[k]], y = o->whole[o->pairs->second[k]];
  const int kind = x > 0 && y > 0 ? BOTH : ONE;
  *at = KINDS * (int64_t)o->weights->prompt[o->pairs->first[k]] + kind;
  return kind == BOTH ? x * y : x + y;
}

/* A power of two such that `count` terms of up to `largest` stay below 2^61; 0 if there are none. */
static double unit_of_terms(double largest, int64_t count) {
  int exponent = 0;
  const double bound = largest * (double)count;
  if (!(bound > 0)) return 0;
  (void)frexp(bound, &exponent);
  return ldexp(1, exponent > -900 ? 61 - exponent : 961);
}

static crow_status sum_alternatives(const crow_objective *o, prompt_sums *s) {
  const crow_partition *slice = &o->weights->partition;
  for (int64_t i = 0; i < slice->count; i++) {
    const int32_t k = o->weights->prompt[slice->begin + i];
    const double v = crow_paired_within(o, i);
    s->square[k] += (int64_t)(v * v * 0x1p60 + 0.5);
    s->nothings[k] += !(v > 0);
  }
  CROW_NEED(crow_comm_sum_i64(o->comm, s->square, o->weights->prompts));
  return crow_comm_sum_i64(o->comm, s->nothings, o->weights->prompts);
}

/* The sums over pairs, in `sum` (KINDS K). */
static crow_status sum_pairs(crow_objective *o, prompt_sums *s, double *sum) {
  const int64_t pairs = o->pairs->partition.count, sums = KINDS * o->weights->prompts;
  int64_t at = 0;
  for (int64_t k = 0; k < pairs; k++) {
    const double term = term_of(o, k, &at);
    if (term > s->largest[at]) s->largest[at] = term;
    s->count[at]++;
  }
  CROW_NEED(crow_comm_max_f64(o->comm, s->largest, sums));
  CROW_NEED(crow_comm_sum_i64(o->comm, s->count, sums));
  for (int64_t j = 0; j < sums; j++) {
    s->largest[j] = unit_of_terms(s->largest[j], s->count[j]);
    s->count[j] = 0;
  }
  for (int64_t k = 0; k < pairs; k++) {
    const double term = term_of(o, k, &at);
    s->count[at] += (int64_t)(term * s->largest[at] + 0.5);
  }
  CROW_NEED(crow_comm_sum_i64(o->comm, s->count, sums));
  for (int64_t j = 0; j < sums; j++) sum[j] = s->largest[j] > 0 ? (double)s->count[j] / s->largest[j] : 0;
  return CROW_OK;
}

/* Where no two weighted alternatives were compared, the limit that a dataset of one prompt takes: its alternatives
 * without weight have a sum of v(y) over the compared y of mean 1. 0 where there is no such pair either. */
static double scale_of(const prompt_sums *s, const double *sum, crow_gidx k) {
  const double rest = 1 - (double)s->square[k] * 0x1p-60, both = sum[KINDS * k + BOTH], one = sum[KINDS * k + ONE];
  const double scale = crow_pairs_scale(rest, both);
  return scale > 0 ? scale : crow_pairs_scale_of_limit(s->nothings[k], one);
}

crow_status crow_paired_find_prompt_scales(crow_objective *o) {
  crow_status status = CROW_OK;
  const crow_partition *slice = &o->weights->partition;
  const crow_gidx prompts = o->weights->prompts;
  double *within = NULL, *sum = NULL;
  prompt_sums s = {0};
  bool across = true;
  if (!o->weights->prompt || o->options.pair_scale != 0 || o->prompt_scale || o->given_scale > 0) return CROW_OK;
  CROW_TRY(any_across(o, &across));
  if (across) goto cleanup;
  CROW_TRY_AGREE(o->comm, prompt_sums_allocate(prompts, &s));
  CROW_TRY_AGREE(o->comm, CROW_ALLOCATE_RAW(&within, slice->count));
  CROW_TRY_AGREE(o->comm, CROW_ALLOCATE_RAW(&sum, KINDS * prompts));
  for (int64_t i = 0; i < slice->count; i++) within[i] = crow_paired_within(o, i);
  CROW_TRY(crow_halo_fetch(o->halo, within, o->whole));
  CROW_TRY(sum_alternatives(o, &s));
  CROW_TRY(sum_pairs(o, &s, sum));
  CROW_TRY_AGREE(o->comm, CROW_ALLOCATE_RAW(&o->prompt_scale, prompts));
  for (crow_gidx k = 0; k < prompts; k++) o->prompt_scale[k] = scale_of(&s, sum, k);
cleanup:
  prompt_sums_free(&s);
  CROW_FREE(within, sum);
  return status;
}
