/* SPDX-License-Identifier: Apache-2.0 */
#include "objective/objective_impl.h"
#include <math.h>

void crow_objective_set_infinite(const crow_objective *o, double *value, double *optimality, double *scaled_gradient) {
  if (value) *value = (double)INFINITY;
  if (optimality) *optimality = (double)INFINITY;
  for (int64_t i = 0; scaled_gradient && i < o->weights->partition.count; i++) scaled_gradient[i] = (double)NAN;
}
