/* SPDX-License-Identifier: Apache-2.0 */
/* Observed pairs E:
 *   f(r) = s sum_E w(x) w(y) c (softplus(d) - p d) + lambda/2 sum_x w(x) r(x)^2, d = r(x) - r(y), p = p(x>y)
 *   G(x) = (s sum_{y compared with x} w(y) c (sigma(r(x) - r(y)) - p(x>y)) + lambda r(x)) / K(x)
 * The sums over y are not divided by anything: they are kept in integers of 1/unit(x), a power of two for each
 * alternative such that the sum of w(y) c just fits. So every alternative's gradient has full precision, however small
 * its weight and its neighbours', and the ranks' parts add up without rounding. */
#include "base/clones_impl.h"
#include "objective/objective_impl.h"
#include <float.h>
#include <math.h>
#include <string.h>

crow_status crow_paired_set_rewards(crow_objective *o, const double *reward) {
  CROW_NEED(crow_halo_fetch(o->halo, reward, o->whole));
  crow_work_begin();
  for (int64_t k = 0; k < o->ranges; k++) {
    for (crow_gidx x = o->range[k].begin; x < o->range[k].end; x++) o->cell[x].reward = o->whole[x];
  }
  crow_work_end(CROW_WORK_WHOLE, (double)crow_halo_count(o->halo));
  return CROW_OK;
}

/* Copies the pairs of a block that are in the set to `copy`. */
static crow_pair_block pick(const crow_objective *o, crow_pair_set set, const crow_pair_block *block, int32_t *first,
                            int32_t *second, double *share, uint32_t *judgements) {
  int64_t n = 0;
  for (int64_t i = 0; i < block->count; i++) {
    const int weighted = (o->cell[block->first[i]].weight > 0) + (o->cell[block->second[i]].weight > 0);
    first[n] = block->first[i];
    second[n] = block->second[i];
    share[n] = block->share[i];
    if (block->judgements) judgements[n] = block->judgements[i];
    n += weighted == (set == CROW_PAIRS_ACTIVE ? 2 : 1);
  }
  return (crow_pair_block){n, first, second, share, block->judgements ? judgements : NULL};
}

/* Second alternatives among more than so many are asked for ahead: what the first levels of a usual cache hold of
 * cells, half a MiB. */
enum { CACHED_CELLS = 1 << 14 };

/* Asks for the cells of a later block while the present one is worked on. The first alternatives of sorted pairs are
 * few; the second are anywhere in the stretch of a tile. */
static void fetch_ahead(const crow_objective *o, int64_t begin) {
  const int64_t left = o->pairs->partition.count - begin, n = left < CROW_BLOCK ? left : CROW_BLOCK;
  for (int64_t i = 0; i < n; i++) __builtin_prefetch(&o->cell[o->pairs->second[begin + i]], 1);
}

void crow_paired_add(crow_objective *o, crow_pair_set set, crow_exact_sum *value) {
  const crow_pairs *pairs = o->pairs;
  crow_pair_kernel *kernel = crow_pair_kernel_get(crow_isa_best());
  int32_t first[CROW_BLOCK], second[CROW_BLOCK];
  double share[CROW_BLOCK];
  uint32_t judgements[CROW_BLOCK];
  const bool far = (pairs->stretch ? pairs->stretch : pairs->alternatives) > CACHED_CELLS;
  crow_work_begin();
  for (int64_t begin = 0, b = 0; begin < pairs->partition.count; begin += CROW_BLOCK, b++) {
    if (o->blocks[set][b] == 0) continue;
    const int64_t left = pairs->partition.count - begin;
    crow_pair_block block = {left < CROW_BLOCK ? left : CROW_BLOCK, pairs->first + begin, pairs->second + begin,
                             pairs->share + begin, o->options.pair_weight ? pairs->judgements + begin : NULL};
    if (o->blocks[set][b] == 1) block = pick(o, set, &block, first, second, share, judgements);
    if (far) fetch_ahead(o, begin + CROW_BLOCK);
    const double sum = kernel(o->cell, &block);
    if (value) crow_exact_add(value, sum);
  }
  crow_work_end(CROW_WORK_PAIR, (double)pairs->partition.count);
}

crow_status crow_paired_collect(crow_objective *o) {
  crow_work_begin();
  o->last_counts = false;
  for (int64_t k = 0; k < o->ranges; k++) {
    for (crow_gidx x = o->range[k].begin; x < o->range[k].end; x++) {
      o->whole_sum[x] = o->cell[x].sum;
      o->cell[x].sum = 0;
    }
  }
  crow_work_end(CROW_WORK_WHOLE, (double)crow_halo_count(o->halo));
  return crow_halo_sum_i64(o->halo, o->whole_sum, o->slice_sum);
}

/* |reward| where there is weight; what is not finite is infinite. */
CROW_CLONES static void take_sizes(int64_t n, const double *weight, const double *reward, double *restrict size) {
  for (int64_t i = 0; i < n; i++) {
    const double finite = fabs(reward[i]) <= DBL_MAX ? fabs(reward[i]) : (double)INFINITY;
    size[i] = weight[i] > 0 ? finite : 0;
  }
}

/* The largest of them on any rank. */
static crow_status largest_reward(const crow_objective *o, const double *reward, double *largest) {
  const int64_t count = o->weights->partition.count;
  double size[CROW_BLOCK];
  *largest = 0;
  for (int64_t begin = 0; begin < count; begin += CROW_BLOCK) {
    const int64_t n = count - begin < CROW_BLOCK ? count - begin : CROW_BLOCK;
    take_sizes(n, o->weights->value + begin, reward + begin, size);
    for (int64_t i = 0; i < n; i++) *largest = size[i] > *largest ? size[i] : *largest;
  }
  return crow_comm_max_f64(o->comm, largest, 1);
}

/* violation = s sum + lambda r, gradient = violation / K where there is weight, else 0 */
CROW_CLONES static void paired_divide(const crow_objective *o, int64_t begin, int64_t n, const double *reward,
                                      double *restrict gradient, double *restrict size) {
  const double *w = o->weights->value + begin, *curvature = o->curvature + begin, *unit = o->unit + begin;
  const int64_t *sum = o->slice_sum + begin;
  const double *r = reward + begin, scale = o->scale, lambda = o->options.lambda;
  for (int64_t i = 0; i < n; i++) {
    const double k = curvature[i], g = (scale * ((double)sum[i] / unit[i]) + lambda * r[i]) / k;
    gradient[i] = w[i] > 0 ? g : 0;
    size[i] = fabs(gradient[i]) * (k < 1 ? k : 1);
  }
}

/* G and the certificate of this rank's slice. `gradient` may be NULL. */
static double paired_take_gradient(const crow_objective *o, const double *reward, double *gradient) {
  const int64_t count = o->weights->partition.count;
  double worst = 0, own[CROW_BLOCK], size[CROW_BLOCK];
  for (int64_t begin = 0; begin < count; begin += CROW_BLOCK) {
    const int64_t n = count - begin < CROW_BLOCK ? count - begin : CROW_BLOCK;
    paired_divide(o, begin, n, reward, gradient ? gradient + begin : own, size);
    for (int64_t i = 0; i < n; i++) worst = size[i] > worst ? size[i] : worst;
  }
  return worst;
}

/* This rank's part of sum w r^2. */
static void add_squares(const crow_objective *o, const double *reward, crow_exact_sum *sum) {
  const int64_t count = o->weights->partition.count;
  double term[CROW_BLOCK];
  for (int64_t begin = 0; begin < count; begin += CROW_BLOCK) {
    const int64_t n = count - begin < CROW_BLOCK ? count - begin : CROW_BLOCK;
    for (int64_t i = 0; i < n; i++) {
      const double w = o->weights->value[begin + i], r = reward[begin + i];
      term[i] = w > 0 ? w * r * r : 0;
    }
    crow_exact_add_blocks(sum, term, n);
  }
}

/* Sums over pairs in slice_sum, and this rank's part of the value. */
static crow_status pass_over_pairs(crow_objective *o, const double *reward, crow_exact_sum *value) {
  CROW_NEED(crow_paired_set_rewards(o, reward));
  crow_paired_add(o, CROW_PAIRS_ACTIVE, value);
  return crow_paired_collect(o);
}

static void paired_copy(void *to, const void *from, int64_t count) {
  if (count) memcpy(to, from, (size_t)count * 8);
}

crow_status crow_paired_evaluate(crow_objective *o, const double *reward, double *value, double *optimality,
                                 double *scaled_gradient) {
  const int64_t count = o->weights->partition.count;
  crow_exact_sum sums[2] = {{{0}}, {{0}}}; /* over pairs; over alternatives */
  double largest = 0;
  CROW_NEED(largest_reward(o, reward, &largest));
  if (isinf(largest)) {
    crow_objective_set_infinite(o, value, optimality, scaled_gradient);
    return CROW_OK;
  }
  if (largest > 0)
    CROW_NEED(pass_over_pairs(o, reward, &sums[0]));
  else
    paired_copy(o->slice_sum, o->sum_at_zero, count);
  crow_work_begin();
  paired_copy(o->last, reward, count);
  o->last_counts = true;
  double worst = paired_take_gradient(o, reward, scaled_gradient);
  if (value) add_squares(o, reward, &sums[1]);
  crow_work_end(CROW_WORK_SLICE, (double)count);
  if (optimality) {
    CROW_NEED(crow_comm_max_f64(o->comm, &worst, 1));
    *optimality = worst;
  }
  if (value) {
    CROW_NEED(crow_comm_sum_exact(o->comm, sums, 2));
    const double over_pairs = largest > 0 ? crow_exact_value(&sums[0]) : o->mass * log(2);
    /* With the normalised scale the pairs stand for the complete graph, whose diagonal is this constant. */
    const double diagonal = o->options.pair_scale == 0 ? 0.5 * log(2) * o->weight_squares : 0;
    *value = o->scale * over_pairs + diagonal + 0.5 * o->options.lambda * crow_exact_value(&sums[1]);
  }
  return CROW_OK;
}

/* Whether slice_sum holds the sums at these rewards: all weights are positive and they were the last evaluated. */
static crow_status is_last(const crow_objective *o, const double *reward, bool *last) {
  const int64_t count = o->weights->partition.count;
  const bool same = o->last_counts && (count == 0 || memcmp(o->last, reward, (size_t)count * sizeof *reward) == 0);
  double differs = !same || o->some_unweighted;
  const crow_status status = crow_comm_max_f64(o->comm, &differs, 1);
  *last = differs == 0;
  return status;
}

/* w/2 + (1 - w) rate, where `rate` is an average over the alternatives compared with x. */
crow_status crow_paired_fitted_win_rate(crow_objective *o, const double *reward, double *fitted) {
  bool last = false;
  CROW_NEED(is_last(o, reward, &last));
  if (!last) {
    CROW_NEED(crow_paired_set_rewards(o, reward));
    crow_paired_add(o, CROW_PAIRS_ACTIVE, NULL);
    crow_paired_add(o, CROW_PAIRS_LIMIT, NULL);
    CROW_NEED(crow_paired_collect(o));
  }
  for (int64_t i = 0; i < o->weights->partition.count; i++) {
    const double excess = (double)o->slice_sum[i] / o->unit[i] / o->neighbours[i]; /* of sigma over p; NaN for 0/0 */
    fitted[i] = o->win_rate[i] + (1 - crow_paired_within(o, i)) * excess;
  }
  return CROW_OK;
}
