/* SPDX-License-Identifier: Apache-2.0 */
/* What is fixed while rewards change: the integers' units, sum w(y) c, K, s and the observed win rates. */
#include "objective/objective_impl.h"
#include <math.h>
#include <string.h>

/* The power of two that makes `bound` less than 2^61. */
static double unit_for(double bound) {
  int exponent = 0;
  (void)frexp(bound, &exponent);
  return bound > 0 ? ldexp(1, exponent > -900 ? 61 - exponent : 961) : 1;
}

static double judgements_of(const crow_objective *o, int64_t k) {
  return o->options.pair_weight ? (double)o->pairs->judgements[k] : 1;
}

/* Gives this rank's cells the units of the alternatives' owners. */
static crow_status spread_units(crow_objective *o) {
  CROW_NEED(crow_halo_fetch(o->halo, o->unit, o->whole));
  for (int64_t k = 0; k < o->ranges; k++) {
    for (crow_gidx x = o->range[k].begin; x < o->range[k].end; x++) o->cell[x].unit = o->whole[x];
  }
  return CROW_OK;
}

/* Of every alternative of this rank's slice: the number of its pairs in slice_sum, and its largest term w(y) c in
 * neighbours. */
static crow_status find_largest(crow_objective *o) {
  const crow_pairs *pairs = o->pairs;
  for (int64_t k = 0; k < o->ranges; k++) {
    for (crow_gidx x = o->range[k].begin; x < o->range[k].end; x++) o->whole[x] = 0;
  }
  for (int64_t k = 0; k < pairs->partition.count; k++) {
    crow_cell *x = &o->cell[pairs->first[k]], *y = &o->cell[pairs->second[k]];
    double *of_x = &o->whole[pairs->first[k]], *of_y = &o->whole[pairs->second[k]];
    const double c = judgements_of(o, k);
    const double to_x = y->weight * c, to_y = x->weight * c;
    if (to_x > *of_x) *of_x = to_x;
    if (to_y > *of_y) *of_y = to_y;
    x->sum++;
    y->sum++;
  }
  CROW_NEED(crow_halo_max_f64(o->halo, o->whole, o->neighbours));
  return crow_paired_collect(o);
}

/* q(x) = w(x), with prompts w(x) / root(x), of this rank's alternative i. */
static double mass_of(const crow_objective *o, int64_t i) {
  return o->root ? o->weights->value[i] / o->root[i] : o->weights->value[i];
}

/* One unit for all alternatives saves a pass over the pairs. It is taken if the smallest term w(y) c keeps 12 bits even
 * where all terms together belong to one alternative; else *unit is 0. */
static crow_status find_common_unit(const crow_objective *o, double *unit) {
  const crow_pairs *pairs = o->pairs;
  const double neighbours = fmin((double)pairs->partition.global, (double)pairs->alternatives);
  double extremes[3] = {0, -(double)INFINITY, 1}; /* greatest weight, - least weight, greatest c */
  for (int64_t i = 0; i < o->weights->partition.count; i++) {
    const double mass = mass_of(o, i);
    if (mass > extremes[0]) extremes[0] = mass;
    if (mass > 0 && -mass > extremes[1]) extremes[1] = -mass;
  }
  for (int64_t k = 0; k < pairs->partition.count && o->options.pair_weight; k++) {
    if ((double)pairs->judgements[k] > extremes[2]) extremes[2] = (double)pairs->judgements[k];
  }
  CROW_NEED(crow_comm_max_f64(o->comm, extremes, 3));
  const double bound = neighbours * extremes[0] * extremes[2];
  *unit = bound <= -extremes[1] * 0x1p48 ? unit_for(bound) : 0;
  return CROW_OK;
}

/* From a bound of every alternative's sum of w(y) c: the number of its pairs times the largest term. */
static crow_status set_first_units(crow_objective *o) {
  double common = 0;
  CROW_NEED(find_common_unit(o, &common));
  if (common == 0) CROW_NEED(find_largest(o));
  for (int64_t i = 0; i < o->weights->partition.count; i++) {
    o->unit[i] = common > 0 ? common : unit_for((double)o->slice_sum[i] * o->neighbours[i]);
  }
  return spread_units(o);
}

/* Of a value that is not negative. */
static int64_t paired_setup_fixed(double value) { return (int64_t)(value + 0.5); }

/* Adds w(y) c to every cell's sum. */
static void add_neighbours(crow_objective *o) {
  const crow_pairs *pairs = o->pairs;
  for (int64_t k = 0; k < pairs->partition.count; k++) {
    crow_cell *x = &o->cell[pairs->first[k]], *y = &o->cell[pairs->second[k]];
    const double c = judgements_of(o, k);
    x->sum += paired_setup_fixed(y->weight * c * x->unit);
    y->sum += paired_setup_fixed(x->weight * c * y->unit);
  }
}

/* Adds w(y) c to whole_sum and w(y) c p(x>y) to every cell's sum. */
static void add_wins(crow_objective *o) {
  const crow_pairs *pairs = o->pairs;
  for (int64_t k = 0; k < o->ranges; k++) {
    for (crow_gidx x = o->range[k].begin; x < o->range[k].end; x++) o->whole_sum[x] = 0;
  }
  for (int64_t k = 0; k < pairs->partition.count; k++) {
    crow_cell *x = &o->cell[pairs->first[k]], *y = &o->cell[pairs->second[k]];
    const double c = judgements_of(o, k), p = pairs->share[k];
    const double to_x = y->weight * c * x->unit, to_y = x->weight * c * y->unit;
    o->whole_sum[pairs->first[k]] += paired_setup_fixed(to_x);
    o->whole_sum[pairs->second[k]] += paired_setup_fixed(to_y);
    x->sum += paired_setup_fixed(to_x * p);
    y->sum += paired_setup_fixed(to_y * (1 - p));
  }
}

/* The final units, from the sums; the first ones served only to find these. */
static crow_status set_units(crow_objective *o) {
  CROW_NEED(set_first_units(o));
  add_neighbours(o);
  CROW_NEED(crow_paired_collect(o));
  for (int64_t i = 0; i < o->weights->partition.count; i++) {
    /* The factor covers what rounding may have lost. */
    o->unit[i] = unit_for((double)o->slice_sum[i] / o->unit[i] * 1.001);
  }
  return spread_units(o);
}

/* s = (1 - sum w^2) / (2 sum_E w(x) w(y) c); 0 if no pair has weight, for now. Every pair is in the sums of both its
 * alternatives. */
static crow_status set_scale(crow_objective *o) {
  const double *w = o->weights->value, *v = o->neighbours;
  CROW_NEED(crow_comm_dot(o->comm, &o->weights->partition, 1, &w, &v, &o->mass));
  o->mass *= 0.5;
  if (o->given_scale > 0)
    o->scale = o->given_scale;
  else if (o->options.pair_scale == 0 && !o->prompt_scale)
    o->scale = crow_pairs_scale(1 - o->weight_squares, o->mass);
  return CROW_OK;
}

/* Notes for each set of pairs which blocks hold any of them, so that passes skip the others. */
static crow_status mark_blocks(crow_objective *o) {
  const crow_pairs *pairs = o->pairs;
  const int64_t blocks = (pairs->partition.count + CROW_BLOCK - 1) / CROW_BLOCK;
  for (int set = 0; set < CROW_PAIRS_SETS; set++) CROW_NEED(CROW_ALLOCATE(&o->blocks[set], blocks));
  if (!o->some_unweighted) {
    if (blocks) memset(o->blocks[CROW_PAIRS_ACTIVE], 2, (size_t)blocks);
    return CROW_OK;
  }
  for (int64_t b = 0; b < blocks; b++) {
    int64_t found[3] = {0, 0, 0}, n = 0;
    for (int64_t k = b * CROW_BLOCK; k < pairs->partition.count && n < CROW_BLOCK; k++, n++) {
      found[(o->cell[pairs->first[k]].weight > 0) + (o->cell[pairs->second[k]].weight > 0)]++;
    }
    o->blocks[CROW_PAIRS_ACTIVE][b] = found[2] == n ? 2 : found[2] > 0;
    o->blocks[CROW_PAIRS_LIMIT][b] = found[1] == n ? 2 : found[1] > 0;
  }
  return CROW_OK;
}

/* Puts w, with prompts w / root, into the cells. */
static crow_status set_weights(crow_objective *o) {
  crow_status status = CROW_OK;
  const crow_partition *slice = &o->weights->partition;
  double *mass = NULL;
  CROW_TRY_AGREE(o->comm, CROW_ALLOCATE_RAW(&mass, slice->count));
  for (int64_t i = 0; i < slice->count; i++) mass[i] = mass_of(o, i);
  CROW_TRY(crow_halo_fetch(o->halo, mass, o->whole));
  for (int64_t k = 0; k < o->ranges; k++) {
    for (crow_gidx x = o->range[k].begin; x < o->range[k].end; x++) {
      o->cell[x] = (crow_cell){.weight = o->whole[x]};
      if (!(o->whole[x] > 0)) o->some_unweighted = true;
    }
  }
cleanup:
  crow_free(mass);
  return status;
}

/* Finds the roots of the shares over the scales, and the sum of squares. A scale of 0 is of a prompt none of whose
 * pairs counts. */
static crow_status set_roots(crow_objective *o) {
  crow_status status = CROW_OK;
  const crow_partition *slice = &o->weights->partition;
  const double *w = o->weights->value, *v = NULL;
  double *within = NULL;
  CROW_TRY_AGREE(o->comm, CROW_ALLOCATE_RAW(&within, slice->count));
  /* Never NULL: an empty slice is not an absence of prompts. */
  CROW_TRY_AGREE(o->comm, CROW_ALLOCATE(&o->root, slice->count + 1));
  for (int64_t i = 0; i < slice->count; i++) {
    const double scale = o->prompt_scale ? o->prompt_scale[o->weights->prompt[slice->begin + i]] : 1;
    o->root[i] = sqrt(o->weights->share[i] / (scale > 0 ? scale : 1));
    within[i] = crow_paired_within(o, i);
  }
  v = within;
  CROW_TRY(crow_comm_dot(o->comm, slice, 1, &w, &v, &o->weight_squares));
cleanup:
  crow_free(within);
  return status;
}

/* Where no two weighted alternatives were compared, s is such that the n zero-weight ones have sum w(y) c of mean 1, as
 * in a complete graph. With all weight on one alternative that is the limit of s as the others' equal weights e go to
 * 0: n e / sum of e c over its neighbours. 0 if there is no such pair either. */
static crow_status set_scale_of_limit(crow_objective *o) {
  crow_status status = CROW_OK;
  const crow_partition *slice = &o->weights->partition;
  double *pull = NULL, sum = 0;
  int64_t count = 0;
  CROW_TRY_AGREE(o->comm, CROW_ALLOCATE(&pull, slice->count));
  for (int64_t i = 0; i < slice->count; i++) {
    if (o->weights->value[i] > 0) continue;
    pull[i] = o->neighbours[i];
    count++;
  }
  CROW_TRY(crow_comm_sum(o->comm, slice, pull, &sum));
  CROW_TRY(crow_comm_sum_i64(o->comm, &count, 1));
  o->scale = crow_pairs_scale_of_limit(count, sum);
cleanup:
  crow_free(pull);
  return status;
}

/* K, s, the observed win rates and the sums at rewards of 0, where sigma is 1/2. */
static crow_status set_neighbours(crow_objective *o) {
  const crow_partition *slice = &o->weights->partition;
  add_wins(o);
  CROW_NEED(crow_halo_sum_i64(o->halo, o->whole_sum, o->slice_sum));
  for (int64_t i = 0; i < slice->count; i++) {
    o->neighbours[i] = (double)o->slice_sum[i] / o->unit[i];
    o->sum_at_zero[i] = o->slice_sum[i] / 2;
  }
  CROW_NEED(set_scale(o));
  if (!(o->scale > 0)) CROW_NEED(set_scale_of_limit(o));
  CROW_NEED(crow_paired_collect(o));
  for (int64_t i = 0; i < slice->count; i++) {
    const double w = crow_paired_within(o, i);
    /* NaN where no weighted alternative was compared */
    const double rate = o->neighbours[i] > 0 ? (double)o->slice_sum[i] / o->unit[i] / o->neighbours[i] : (double)NAN;
    o->own_win_rate[i] = 0.5 * w + (1 - w) * rate;
    o->sum_at_zero[i] -= o->slice_sum[i];
    o->curvature[i] = o->options.lambda + 0.25 * o->scale * o->neighbours[i];
  }
  o->win_rate = o->own_win_rate;
  return CROW_OK;
}

crow_status crow_paired_setup(crow_objective *o) {
  CROW_NEED(crow_paired_allocate(o));
  CROW_NEED(crow_paired_find_prompt_scales(o));
  if (o->weights->share) CROW_NEED(set_roots(o));
  CROW_NEED(set_weights(o));
  CROW_NEED_AGREE(o->comm, mark_blocks(o));
  CROW_NEED(set_units(o));
  for (int64_t i = 0; i < o->weights->partition.count && o->root; i++) o->unit[i] *= o->root[i];
  return set_neighbours(o);
}
