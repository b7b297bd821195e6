/* SPDX-License-Identifier: Apache-2.0 */
/* One iteration of L-BFGS: direction, line search, update. */
#include "base/clones_impl.h"
#include "optim/lbfgs_impl.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Where the inner products of a trial are found in a batch: those of the trial, then five for each stored pair. */
enum { G_D, TRIAL_D, TRIAL_TRIAL, D_Y, Y_Y, D_D, TRIAL_Y, PAIRS };
enum { SJ_Y, D_YJ, YJ_Y, SJ_TRIAL, YJ_TRIAL, PER_PAIR };

static void lbfgs_iterate_swap(double **a, double **b) {
  double *const kept = *a;
  *a = *b;
  *b = kept;
}

/* What rounding may do to a value of this size. */
static double noise(const crow_lbfgs *lbfgs, double value) { return lbfgs->numbers->noise * fabs(value); }

/* sum += a x + b y */
CROW_CLONES static void add_two(int64_t n, double a, const double *restrict x, double b, const double *restrict y,
                                double *restrict sum) {
  for (int64_t i = 0; i < n; i++) sum[i] += a * x[i] + b * y[i];
}

/* The combination as a vector, into s[at]: a block at a time, since s[at] may be one of its parts. */
static void form_direction(crow_lbfgs *lbfgs, int64_t at) {
  const crow_combination *c = &lbfgs->direction;
  double block[CROW_BLOCK];
  crow_work_begin();
  for (crow_gidx begin = 0; begin < lbfgs->partition.count; begin += CROW_BLOCK) {
    const crow_gidx n = lbfgs->partition.count - begin < CROW_BLOCK ? lbfgs->partition.count - begin : CROW_BLOCK;
    for (crow_gidx i = 0; i < n; i++) block[i] = c->g_part * lbfgs->g[begin + i];
    for (int64_t j = 0; j < lbfgs->products.used; j++) {
      add_two(n, c->s_part[j], lbfgs->s[j] + begin, c->y_part[j], lbfgs->y[j] + begin, block);
    }
    memcpy(lbfgs->s[at] + begin, block, (size_t)n * sizeof *block);
  }
  /* Every stored pair takes two vectors, and their order is the same. */
  crow_work_end(CROW_WORK_VECTOR, (double)lbfgs->partition.count * (double)(1 + lbfgs->products.used));
}

/* Room for one more pair: the oldest gives way, its vectors become the first unused ones. */
static void lbfgs_iterate_make_room(crow_lbfgs *lbfgs) {
  if (lbfgs->products.used < lbfgs->products.history) return;
  double *const s = lbfgs->s[0], *const y = lbfgs->y[0];
  crow_products_forget_oldest(&lbfgs->products);
  const size_t rest = (size_t)lbfgs->products.used;
  memmove(lbfgs->s, lbfgs->s + 1, rest * sizeof *lbfgs->s);
  memmove(lbfgs->y, lbfgs->y + 1, rest * sizeof *lbfgs->y);
  lbfgs->s[rest] = s;
  lbfgs->y[rest] = y;
}

static void add_product(crow_lbfgs *lbfgs, int64_t at, const double *left, const double *right) {
  lbfgs->left[at] = left;
  lbfgs->right[at] = right;
}

/* All that the next direction may need, in one reduction, before it is known whether the trial is accepted. */
static crow_status take_products(crow_lbfgs *lbfgs) {
  const int64_t k = lbfgs->products.used;
  const double *d = lbfgs->s[k], *trial = lbfgs->trial_g;
  double *y = lbfgs->y[k];
  crow_work_begin();
  for (crow_gidx i = 0; i < lbfgs->partition.count; i++) y[i] = trial[i] - lbfgs->g[i];
  crow_work_end(CROW_WORK_VECTOR, (double)lbfgs->partition.count);
  add_product(lbfgs, G_D, lbfgs->g, d);
  add_product(lbfgs, TRIAL_D, trial, d);
  add_product(lbfgs, TRIAL_TRIAL, trial, trial);
  add_product(lbfgs, D_Y, d, y);
  add_product(lbfgs, Y_Y, y, y);
  add_product(lbfgs, D_D, d, d);
  add_product(lbfgs, TRIAL_Y, trial, y);
  for (int64_t j = 0; j < k; j++) {
    const int64_t at = PAIRS + j * PER_PAIR;
    add_product(lbfgs, at + SJ_Y, lbfgs->s[j], y);
    add_product(lbfgs, at + D_YJ, d, lbfgs->y[j]);
    add_product(lbfgs, at + YJ_Y, lbfgs->y[j], y);
    add_product(lbfgs, at + SJ_TRIAL, lbfgs->s[j], trial);
    add_product(lbfgs, at + YJ_TRIAL, lbfgs->y[j], trial);
  }
  return crow_comm_dot(lbfgs->comm, &lbfgs->partition, PAIRS + k * PER_PAIR, lbfgs->left, lbfgs->right, lbfgs->dot);
}

/* f and slope at x + step d. A value that is not finite needs no inner products. */
static crow_status evaluate_trial(crow_lbfgs *lbfgs, double step, crow_line_point *found, double *optimality) {
  const double *d = lbfgs->s[lbfgs->products.used];
  crow_work_begin();
  for (crow_gidx i = 0; i < lbfgs->partition.count; i++) lbfgs->trial_x[i] = lbfgs->x[i] + step * d[i];
  crow_work_end(CROW_WORK_VECTOR, (double)lbfgs->partition.count);
  *found = (crow_line_point){step, NAN, NAN};
  CROW_NEED(lbfgs->function(lbfgs->context, lbfgs->trial_x, &found->value, optimality, lbfgs->trial_g));
  lbfgs->numbers->evaluations++;
  if (!isfinite(found->value)) return CROW_OK;
  CROW_NEED(take_products(lbfgs));
  found->slope = lbfgs->dot[TRIAL_D];
  return CROW_OK;
}

/* Searches along s[used]; `*found` is the accepted trial, with a step of 0 if there is none. */
static crow_status search_line(crow_lbfgs *lbfgs, crow_line_search *search, crow_line_point *found,
                               double *optimality) {
  crow_line_verdict verdict = CROW_LINE_GO_ON;
  while (verdict == CROW_LINE_GO_ON) {
    CROW_NEED(evaluate_trial(lbfgs, search->step, found, optimality));
    if (isfinite(found->slope)) {
      /* The combination's slope was sums of products that may cancel; the vector's own is exact. */
      search->start.slope = lbfgs->dot[G_D];
      if (search->low.step == 0) search->low.slope = search->start.slope;
      if (!(search->start.slope < 0)) break;
    }
    verdict = crow_line_search_judge(search, found->value, found->slope);
    const bool optimal = isfinite(found->slope) && *optimality <= lbfgs->options.tolerance;
    if (optimal && found->value <= search->start.value + search->noise) verdict = CROW_LINE_ACCEPT;
  }
  if (verdict == CROW_LINE_ACCEPT) return CROW_OK;
  /* No step with the right curvature, but one that gets lower: better than none. */
  found->step = 0;
  if (search->low.step > 0 && search->low.value < search->start.value - search->noise) {
    CROW_NEED(evaluate_trial(lbfgs, search->low.step, found, optimality));
  }
  return CROW_OK;
}

/* The products with the new gradient, and those of the new pair if its curvature can be told from rounding. */
static void update_products(crow_lbfgs *lbfgs, double step) {
  crow_products *p = &lbfgs->products;
  const int64_t k = p->used, n = p->history;
  const double *dot = lbfgs->dot;
  const double sy = step * dot[D_Y], ss = step * step * dot[D_D];
  p->gg = dot[TRIAL_TRIAL];
  for (int64_t j = 0; j < k; j++) {
    const double *of_pair = dot + PAIRS + j * PER_PAIR;
    p->sg[j] = of_pair[SJ_TRIAL];
    p->yg[j] = of_pair[YJ_TRIAL];
    p->sy[j * n + k] = of_pair[SJ_Y];
    p->sy[k * n + j] = step * of_pair[D_YJ];
    p->yy[j * n + k] = p->yy[k * n + j] = of_pair[YJ_Y];
  }
  p->sg[k] = step * dot[TRIAL_D];
  p->yg[k] = dot[TRIAL_Y];
  p->sy[k * n + k] = sy;
  p->yy[k * n + k] = dot[Y_Y];
  if (!(sy > 1e-12 * sqrt(ss * dot[Y_Y]))) return;
  for (crow_gidx i = 0; i < lbfgs->partition.count; i++) lbfgs->s[k][i] *= step;
  p->used++;
}

void crow_lbfgs_note(crow_lbfgs *lbfgs, double value, double optimality, bool *better) {
  crow_lbfgs_numbers *n = lbfgs->numbers;
  n->value = value;
  n->optimality = optimality;
  n->lowest = fmin(n->lowest, value);
  const double level = n->lowest + noise(lbfgs, n->lowest);
  *better = !(n->best_value <= level) || (value <= level && optimality < n->best_optimality);
  if (*better) {
    n->best_value = value;
    n->best_optimality = optimality;
  }
  if (!(optimality >= n->stalled_optimality) || value < n->stalled_value - 4 * DBL_EPSILON * fabs(value)) {
    n->stalled_since = n->iterations;
    n->stalled_value = fmin(value, n->stalled_value);
    n->stalled_optimality = fmin(optimality, n->stalled_optimality);
  }
}

crow_status crow_lbfgs_allocate_best(crow_lbfgs *lbfgs) {
  if (!lbfgs->best_x) CROW_NEED(CROW_ALLOCATE_RAW(&lbfgs->best_x, lbfgs->partition.count));
  if (!lbfgs->best_g) CROW_NEED(CROW_ALLOCATE_RAW(&lbfgs->best_g, lbfgs->partition.count));
  return CROW_OK;
}

/* The trial becomes the iterate; the old one is kept if it remains the best. */
static crow_status lbfgs_iterate_accept(crow_lbfgs *lbfgs, const crow_line_point *found, double optimality) {
  bool better = false;
  update_products(lbfgs, found->step);
  lbfgs->numbers->iterations++;
  lbfgs_iterate_swap(&lbfgs->x, &lbfgs->trial_x);
  lbfgs_iterate_swap(&lbfgs->g, &lbfgs->trial_g);
  crow_lbfgs_note(lbfgs, found->value, optimality, &better);
  if (!better && lbfgs->numbers->best_apart == 0) {
    CROW_NEED_AGREE(lbfgs->comm, crow_lbfgs_allocate_best(lbfgs));
    lbfgs_iterate_swap(&lbfgs->best_x, &lbfgs->trial_x);
    lbfgs_iterate_swap(&lbfgs->best_g, &lbfgs->trial_g);
  }
  lbfgs->numbers->best_apart = !better;
  return CROW_OK;
}

/* After a failed search: first suppose that f is noisier than thought, then that the history is stale; then there is
 * nothing more to try. */
static bool try_again(crow_lbfgs *lbfgs, const crow_line_search *search, double first_step, bool steepest) {
  crow_lbfgs_numbers *n = lbfgs->numbers;
  const double expected = fabs(search->start.slope) * first_step; /* decrease, to first order */
  const double raised = fmin(n->noise * CROW_LBFGS_NOISE_RAISE, CROW_LBFGS_NOISE_GREATEST);
  if (raised > n->noise && expected <= raised * fabs(n->value)) {
    n->noise = raised;
    return true;
  }
  lbfgs->products.used = 0;
  if (!steepest) return true;
  lbfgs->ended = true;
  lbfgs->end =
      expected <= CROW_LBFGS_NOISE_GREATEST * fabs(n->value) ? CROW_LBFGS_ROUNDING_FLOOR : CROW_LBFGS_LINE_SEARCH;
  return false;
}

crow_status crow_lbfgs_iterate_once(crow_lbfgs *lbfgs) {
  crow_line_search search;
  crow_line_point found = {0, NAN, NAN};
  double optimality = NAN, first_step;
  bool steepest;
  do {
    double slope = crow_products_direction(&lbfgs->products, &lbfgs->direction, lbfgs->work);
    if (!(slope < 0)) {
      lbfgs->products.used = 0;
      slope = crow_products_direction(&lbfgs->products, &lbfgs->direction, lbfgs->work);
    }
    /* Without history the length of the step is unknown: a unit step at most. */
    steepest = lbfgs->products.used == 0;
    first_step = steepest ? fmin(1, 1 / sqrt(lbfgs->products.gg)) : 1;
    const bool full = lbfgs->products.used == lbfgs->products.history;
    form_direction(lbfgs, full ? 0 : lbfgs->products.used);
    lbfgs_iterate_make_room(lbfgs);
    crow_line_search_begin(&search, lbfgs->numbers->value, slope, noise(lbfgs, lbfgs->numbers->value), first_step);
    if (!(slope < 0)) continue; /* the gradient is zero or not finite: nothing to search */
    CROW_NEED(search_line(lbfgs, &search, &found, &optimality));
  } while (found.step == 0 && try_again(lbfgs, &search, first_step, steepest));
  if (found.step > 0) CROW_NEED(lbfgs_iterate_accept(lbfgs, &found, optimality));
  return CROW_OK;
}
