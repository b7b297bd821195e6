/* SPDX-License-Identifier: Apache-2.0 */
/* Complete preferences: every pair has a p, so the data enter only through wAWR and an evaluation costs O(m):
 *   f(r) = 1/2 sum_{x,y} w(x) w(y) softplus(r(x) - r(y)) + sum_x w(x) r(x) (1/2 - wAWR(x)) + lambda/2 sum_x w(x) r(x)^2
 *   G(x) = (sum_y w(y) sigma(r(x) - r(y)) - wAWR(x) + lambda r(x)) / K(x) */
#include "objective/bracket_impl.h"
#include "objective/objective_impl.h"
#include <math.h>

/* This rank's part of sum_x w r (1/2 - wAWR + lambda r / 2). */
static void add_single_terms(const crow_objective *o, const double *reward, crow_exact_sum *sum) {
  const int64_t count = o->weights->partition.count;
  double term[CROW_BLOCK];
  for (int64_t begin = 0; begin < count; begin += CROW_BLOCK) {
    const int64_t n = count - begin < CROW_BLOCK ? count - begin : CROW_BLOCK;
    const double *w = o->weights->value + begin, *r = reward + begin, *a = o->win_rate + begin;
    for (int64_t i = 0; i < n; i++) {
      /* Rewards of alternatives without weight may be anything, even not finite. */
      term[i] = w[i] > 0 ? w[i] * r[i] * (0.5 - a[i] + 0.5 * o->options.lambda * r[i]) : 0;
    }
    crow_exact_add_blocks(sum, term, n);
  }
}

/* G and the certificate of this rank's slice from the grid. `gradient` may be NULL. */
static double take_gradient(const crow_objective *o, const double *reward, double *gradient) {
  const int64_t count = o->weights->partition.count;
  double worst = 0, predicted[CROW_BLOCK];
  for (int64_t begin = 0; begin < count; begin += CROW_BLOCK) {
    const int64_t n = count - begin < CROW_BLOCK ? count - begin : CROW_BLOCK;
    crow_convolution_interpolate(o->convolution, CROW_GRID_SIGMOID, n, reward + begin, predicted);
    for (int64_t i = 0; i < n; i++) {
      const double w = o->weights->value[begin + i], k = o->curvature[begin + i];
      const double violation = predicted[i] - o->win_rate[begin + i] + o->options.lambda * reward[begin + i];
      const double g = w > 0 ? violation / k : 0, size = fabs(g) * (k < 1 ? k : 1);
      if (size > worst) worst = size;
      if (gradient) gradient[begin + i] = g;
    }
  }
  return worst;
}

crow_status crow_complete_evaluate(crow_objective *o, const double *reward, double *value, double *optimality,
                                   double *scaled_gradient) {
  crow_status status = CROW_OK;
  crow_exact_sum single = {{0}};
  bool fits = true;
  const int64_t n = o->weights->partition.count;
  crow_work_begin();
  if (value) add_single_terms(o, reward, &single);
  crow_work_end(CROW_WORK_SLICE, (double)n);
  CROW_TRY(
      crow_convolution_spread(o->comm, o->convolution, n, reward, o->weights->value, 0, &single, value ? 1 : 0, &fits));
  if (!fits) {
    crow_objective_set_infinite(o, value, optimality, scaled_gradient);
    goto cleanup;
  }
  if (value) {
    crow_convolution_multiply(o->convolution, CROW_GRID_SOFTPLUS);
    *value = 0.5 * crow_convolution_softplus_sum(o->convolution) + crow_exact_value(&single);
  }
  if (optimality || scaled_gradient) {
    crow_convolution_multiply(o->convolution, CROW_GRID_SIGMOID);
    crow_work_begin();
    double worst = take_gradient(o, reward, scaled_gradient);
    crow_work_end(CROW_WORK_SLICE, (double)n);
    if (optimality) {
      CROW_TRY(crow_comm_max_f64(o->comm, &worst, 1));
      *optimality = worst;
    }
  }
cleanup:
  return status;
}

static crow_status refuse_scattered(bool fits) {
  return fits ? CROW_OK : crow_error(CROW_FAILED, "rewards are not finite or scattered too widely");
}

/* With the reach on both sides results can be asked for at any reward. */
static crow_status spread_wide(crow_objective *o, const double *reward) {
  crow_status status = CROW_OK;
  bool fits = true;
  CROW_TRY(crow_convolution_spread(o->comm, o->convolution, o->weights->partition.count, reward, o->weights->value,
                                   CROW_GRID_REACH, NULL, 0, &fits));
  CROW_TRY(refuse_scattered(fits));
  crow_convolution_multiply(o->convolution, CROW_GRID_SIGMOID);
cleanup:
  return status;
}

/* Alternatives without weight may lie beyond those with. */
static crow_status convolve_weights(const crow_objective *o, crow_grid_kernel kernel, const double *reward,
                                    int64_t columns, const double *weight, double *result) {
  crow_status status = CROW_OK;
  bool fits = true;
  CROW_TRY(crow_convolution_columns(o->comm, o->convolution, kernel, o->weights->partition.count, reward,
                                    o->weights->value, o->weights->zeros ? CROW_GRID_REACH : 0, columns, weight, result,
                                    &fits));
  CROW_TRY(refuse_scattered(fits));
cleanup:
  return status;
}

crow_status crow_complete_fitted(const crow_objective *o, const double *reward, int64_t columns, const double *weight,
                                 double *fitted) {
  return convolve_weights(o, CROW_GRID_SIGMOID, reward, columns, weight, fitted);
}

crow_status crow_complete_slopes(const crow_objective *o, const double *reward, int64_t columns, const double *weight,
                                 double *slopes) {
  return convolve_weights(o, CROW_GRID_SLOPE, reward, columns, weight, slopes);
}

crow_status crow_complete_fitted_win_rate(crow_objective *o, const double *reward, double *fitted) {
  crow_status status = CROW_OK;
  CROW_TRY(spread_wide(o, reward));
  crow_convolution_interpolate(o->convolution, CROW_GRID_SIGMOID, o->weights->partition.count, reward, fitted);
cleanup:
  return status;
}

/* lambda r + sum_y w(y) sigma(r - r(y)) = wAWR for up to a block of alternatives. Returns the largest violation. */
static double solve_block(const crow_objective *o, int64_t n, const double *win_rate, double *reward) {
  double sigma[CROW_BLOCK], slope[CROW_BLOCK], least, greatest, worst = 0;
  crow_bracket bracket[CROW_BLOCK];
  bool done[CROW_BLOCK] = {false};
  const double lambda = o->options.lambda;
  crow_convolution_range(o->convolution, &least, &greatest);
  for (int64_t i = 0; i < n; i++) {
    /* At the grid's ends the sum is 0 and 1; beyond them the equation is linear. */
    double low = win_rate[i] < lambda * least ? win_rate[i] / lambda : least;
    double high = win_rate[i] - 1 > lambda * greatest ? (win_rate[i] - 1) / lambda : greatest;
    if (low < least) high = least;
    if (high > greatest) low = greatest;
    reward[i] = low > 0 ? low : high < 0 ? high : 0;
    bracket[i] = crow_bracket_make(low, high);
  }
  bool moving = true;
  for (int iteration = 0; iteration < CROW_BRACKET_STEPS && moving; iteration++) {
    moving = false;
    crow_convolution_interpolate(o->convolution, CROW_GRID_SIGMOID, n, reward, sigma);
    crow_convolution_interpolate(o->convolution, CROW_GRID_SLOPE, n, reward, slope);
    for (int64_t i = 0; i < n; i++) {
      /* Each by itself, since who shares a block depends on the number of ranks. */
      if (done[i]) continue;
      const double residual = lambda * reward[i] + sigma[i] - win_rate[i];
      const double next = crow_bracket_next(&bracket[i], reward[i], residual, lambda + (slope[i] > 0 ? slope[i] : 0));
      /* A residual of rounding's size says no more of the root. */
      done[i] = !(fabs(residual) > 1e-15 && fabs(next - reward[i]) > 1e-14 * (1 + fabs(next)));
      moving = moving || !done[i];
      if (fabs(residual) > 1e-15) reward[i] = next;
    }
  }
  crow_convolution_interpolate(o->convolution, CROW_GRID_SIGMOID, n, reward, sigma);
  for (int64_t i = 0; i < n; i++) {
    worst = fmax(worst, fabs(lambda * reward[i] + sigma[i] - win_rate[i]) / fmax(1, lambda + 0.25));
  }
  return worst;
}

crow_status crow_complete_zero_weights(crow_objective *o, double *reward, crow_gidx *unknown, double *violation) {
  crow_status status = CROW_OK, local = CROW_OK;
  const int64_t count = o->weights->partition.count;
  *violation = 0;
  *unknown = 0; /* with complete preferences every alternative has its wAWR */
  CROW_TRY(spread_wide(o, reward));
  crow_convolution_multiply(o->convolution, CROW_GRID_SLOPE);
  for (int64_t begin = 0; begin < count && local == CROW_OK;) {
    double win_rate[CROW_BLOCK], solved[CROW_BLOCK];
    int64_t at[CROW_BLOCK], n = 0;
    for (; begin < count && n < CROW_BLOCK; begin++) {
      if (o->weights->value[begin] > 0) continue;
      win_rate[n] = o->win_rate[begin];
      at[n++] = begin;
    }
    *violation = fmax(*violation, solve_block(o, n, win_rate, solved));
    for (int64_t i = 0; i < n; i++) reward[at[i]] = solved[i];
    local = crow_stop_check("alternatives of zero weight");
  }
  CROW_TRY_AGREE(o->comm, local);
  CROW_TRY(crow_comm_max_f64(o->comm, violation, 1));
cleanup:
  return status;
}
