/* SPDX-License-Identifier: Apache-2.0 */
/* Alternatives without weight, observed pairs: the limit of the optimality equation as w(x) -> 0,
 *   lambda r(x) + s sum_{y compared with x} w(y) c (sigma(r(x) - r(y)) - p(x>y)) = 0,
 * for all of them at once. Each step passes over their pairs, which are distributed; so all take the same number of
 * steps, and the sums are integers like the gradient's. */
#include "objective/bracket_impl.h"
#include "objective/objective_impl.h"
#include "objective/sigmoid_impl.h"
#include <math.h>

typedef struct limit {
  crow_bracket *bracket; /* of each root, this rank's slice */
  double *residual;      /* this rank's slice */
  double *trial;         /* this rank's slice of rewards */
} limit;

static bool unweighted(const crow_objective *o, int64_t i) {
  return !(o->weights->value[i] > 0) && o->neighbours[i] > 0;
}

/* Adds w(y) c sigma'(r(x) - r(y)) to the cells of alternatives without weight. */
static void paired_limit_add_slopes(crow_objective *o) {
  const crow_pairs *pairs = o->pairs;
  for (int64_t k = 0; k < pairs->partition.count; k++) {
    if (o->blocks[CROW_PAIRS_LIMIT][k / CROW_BLOCK] == 0) continue;
    crow_cell *x = &o->cell[pairs->first[k]], *y = &o->cell[pairs->second[k]];
    if ((x->weight > 0) == (y->weight > 0)) continue;
    crow_cell *free_one = x->weight > 0 ? y : x;
    const double sigma = crow_sigmoid(-fabs(x->reward - y->reward)); /* the slope is even */
    const double c = o->options.pair_weight ? (double)pairs->judgements[k] : 1;
    free_one->sum += (int64_t)((x->weight + y->weight) * c * free_one->unit * (sigma * (1 - sigma)) + 0.5);
  }
}

/* The left sides of all equations at the trial rewards. */
static crow_status take_residuals(crow_objective *o, limit *at) {
  CROW_NEED(crow_paired_set_rewards(o, at->trial));
  crow_paired_add(o, CROW_PAIRS_LIMIT, NULL);
  CROW_NEED(crow_paired_collect(o));
  for (int64_t i = 0; i < o->weights->partition.count; i++) {
    at->residual[i] = o->options.lambda * at->trial[i] + o->scale * ((double)o->slice_sum[i] / o->unit[i]);
  }
  return CROW_OK;
}

/* One step of every root; `moved` says whether one of any rank's went on. */
static crow_status paired_limit_step(crow_objective *o, limit *at, bool *moved) {
  const double lambda = o->options.lambda;
  double moving = 0;
  CROW_NEED(take_residuals(o, at));
  paired_limit_add_slopes(o);
  CROW_NEED(crow_paired_collect(o));
  for (int64_t i = 0; i < o->weights->partition.count; i++) {
    if (!unweighted(o, i)) continue;
    const double r = at->trial[i], slope = lambda + o->scale * ((double)o->slice_sum[i] / o->unit[i]);
    const double next = crow_bracket_next(&at->bracket[i], r, at->residual[i], slope);
    /* A residual of rounding's size says no more of the root. */
    if (!(fabs(at->residual[i]) > 1e-15 * (o->scale * o->neighbours[i]))) continue;
    if (fabs(next - r) > 1e-14 * (1 + fabs(next))) moving = 1;
    at->trial[i] = next;
  }
  CROW_NEED(crow_comm_max_f64(o->comm, &moving, 1));
  *moved = moving > 0;
  return CROW_OK;
}

/* Brackets: the sum lies between s sum w c (0 - p) and s sum w c (1 - p). Returns how many alternatives of this rank
 * have neither weight nor weighted neighbours. */
static int64_t paired_limit_begin(const crow_objective *o, const double *reward, limit *at) {
  int64_t unknown = 0;
  for (int64_t i = 0; i < o->weights->partition.count; i++) {
    at->trial[i] = o->weights->value[i] > 0 ? reward[i] : 0;
    if (unweighted(o, i)) {
      const double pull = o->scale * o->neighbours[i], rate = o->win_rate[i];
      at->bracket[i] = crow_bracket_make(-pull * (1 - rate) / o->options.lambda, pull * rate / o->options.lambda);
    } else if (!(o->weights->value[i] > 0)) {
      unknown++;
    }
  }
  return unknown;
}

/* The largest residual of any rank's, relative to the equation's own size like the certificate. */
static crow_status paired_limit_find_violation(crow_objective *o, limit *at, double *violation) {
  *violation = 0;
  CROW_NEED(take_residuals(o, at));
  for (int64_t i = 0; i < o->weights->partition.count; i++) {
    if (!unweighted(o, i)) continue;
    const double size = o->options.lambda + 0.25 * (o->scale * o->neighbours[i]);
    *violation = fmax(*violation, fabs(at->residual[i]) / fmax(1, size));
  }
  return crow_comm_max_f64(o->comm, violation, 1);
}

crow_status crow_paired_zero_weights(crow_objective *o, double *reward, crow_gidx *unknown, double *violation) {
  crow_status status = CROW_OK;
  const int64_t n = o->weights->partition.count;
  limit at = {NULL, NULL, NULL};
  bool moved = true;
  CROW_TRY_AGREE(o->comm, CROW_ALLOCATE_EACH(n, &at.bracket, &at.residual, &at.trial));
  *unknown = paired_limit_begin(o, reward, &at);
  CROW_TRY(crow_comm_sum_i64(o->comm, unknown, 1));
  for (int iteration = 0; iteration < CROW_BRACKET_STEPS && moved; iteration++) {
    CROW_TRY_AGREE(o->comm, crow_stop_check("alternatives of zero weight"));
    CROW_TRY(paired_limit_step(o, &at, &moved));
  }
  CROW_TRY(paired_limit_find_violation(o, &at, violation));
  for (int64_t i = 0; i < n; i++) {
    if (!(o->weights->value[i] > 0)) reward[i] = at.trial[i];
  }
cleanup:
  CROW_FREE(at.bracket, at.residual, at.trial);
  return status;
}
