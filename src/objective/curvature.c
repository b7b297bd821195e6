/* SPDX-License-Identifier: Apache-2.0 */
/* The diagonal of the Hessian at given rewards, divided by the weights:
 *   K(x; r) = lambda + s sum_{y != x} w(y) c(x,y) sigma'(r(x) - r(y)),
 * with s = c = 1 for complete preferences. sigma' is at most 1/4: K(x; 0) is the bound that sets the certificate's
 * scale. */
#include "objective/objective_impl.h"
#include <math.h>

static crow_status complete_curvature(crow_objective *o, const double *reward, double *curvature, bool *fits) {
  const int64_t count = o->weights->partition.count;
  CROW_NEED(crow_convolution_spread(o->comm, o->convolution, count, reward, o->weights->value, 0, NULL, 0, fits));
  if (!*fits) return CROW_OK;
  crow_convolution_multiply(o->convolution, CROW_GRID_SLOPE);
  crow_work_begin();
  crow_convolution_interpolate(o->convolution, CROW_GRID_SLOPE, count, reward, curvature);
  crow_work_end(CROW_WORK_SLICE, (double)count);
  /* The sum was over all y; x itself has sigma'(0) = 1/4. By rounding the rest may be negative. */
  for (int64_t i = 0; i < count; i++) curvature[i] = fmax(0, curvature[i] - 0.25 * o->weights->value[i]);
  return CROW_OK;
}

/* Adds w(y) c sigma' to the cells' sums, in their units. */
static void curvature_add_slopes(crow_objective *o) {
  const crow_pairs *pairs = o->pairs;
  crow_slope_kernel *kernel = crow_slope_kernel_get(crow_isa_best());
  crow_work_begin();
  for (int64_t begin = 0; begin < pairs->partition.count; begin += CROW_BLOCK) {
    const int64_t left = pairs->partition.count - begin;
    const crow_pair_block block = {left < CROW_BLOCK ? left : CROW_BLOCK, pairs->first + begin, pairs->second + begin,
                                   pairs->share + begin, o->options.pair_weight ? pairs->judgements + begin : NULL};
    kernel(o->cell, &block);
  }
  crow_work_end(CROW_WORK_PAIR, (double)pairs->partition.count);
}

static crow_status paired_curvature(crow_objective *o, const double *reward, double *curvature) {
  CROW_NEED(crow_paired_set_rewards(o, reward));
  curvature_add_slopes(o);
  CROW_NEED(crow_paired_collect(o));
  for (int64_t i = 0; i < o->weights->partition.count; i++) {
    curvature[i] = o->scale * ((double)o->slice_sum[i] / o->unit[i]);
  }
  return CROW_OK;
}

crow_status crow_objective_curvature_at(crow_objective *objective, const double *reward, double *curvature) {
  bool fits = true;
  if (objective->pairs)
    CROW_NEED(paired_curvature(objective, reward, curvature));
  else
    CROW_NEED(complete_curvature(objective, reward, curvature, &fits));
  for (int64_t i = 0; i < objective->weights->partition.count; i++) {
    const bool known = fits && objective->weights->value[i] > 0;
    curvature[i] = known ? objective->options.lambda + curvature[i] : objective->curvature[i];
  }
  return CROW_OK;
}
