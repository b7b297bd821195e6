/* SPDX-License-Identifier: Apache-2.0 */
#include "model/model_impl.h"

#include <math.h>

static void relu(int64_t count, double *value, double *slope) {
  for (int64_t i = 0; i < count; i++) {
    slope[i] = value[i] > 0;
    value[i] = value[i] > 0 || isnan(value[i]) ? value[i] : 0;
  }
}

static void hyperbolic_tangent(int64_t count, double *value, double *slope) {
  for (int64_t i = 0; i < count; i++) {
    value[i] = tanh(value[i]);
    slope[i] = 1 - value[i] * value[i];
  }
}

static void silu(int64_t count, double *value, double *slope) {
  for (int64_t i = 0; i < count; i++) {
    const double z = value[i], small = exp(-fabs(z));
    const double sigma = z >= 0 ? 1 / (1 + small) : small / (1 + small);
    value[i] = z * sigma;
    slope[i] = sigma * (1 + z * (1 - sigma));
  }
}

void crow_activation_apply(crow_activation activation, int64_t count, double *value, double *slope) {
  switch (activation) {
  case CROW_ACTIVATION_RELU:
    relu(count, value, slope);
    return;
  case CROW_ACTIVATION_TANH:
    hyperbolic_tangent(count, value, slope);
    return;
  case CROW_ACTIVATION_SILU:
    silu(count, value, slope);
    return;
  }
}

double crow_activation_bound(crow_activation activation, double z) {
  return activation == CROW_ACTIVATION_TANH ? fmin(z, 1) : z;
}

/* The greatest slope of silu is 1.0998..., at z = 2.3993... */
double crow_activation_slope_bound(crow_activation activation) { return activation == CROW_ACTIVATION_SILU ? 1.1 : 1; }
