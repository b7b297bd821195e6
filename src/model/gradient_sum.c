/* SPDX-License-Identifier: Apache-2.0 */
/* Sums of doubles as pairs of integers: independent of order, at the price of reducing two integers for each sum. */
#include "model/model_impl.h"

#include <math.h>

/* Below this exponent of the bound the fine unit would not be a normal number; what is lost is below 1e-270. */
#define LEAST_EXPONENT (-800)

crow_model_sum_units crow_model_sum_units_make(double bound, int64_t terms) {
  int exponent, room = 0;
  (void)frexp(bound, &exponent); /* bound < 2^exponent */
  if (exponent < LEAST_EXPONENT) exponent = LEAST_EXPONENT;
  while ((INT64_C(1) << room) < terms) room++;
  const int digits = 61 - room;
  return (crow_model_sum_units){ldexp(1, exponent - digits), ldexp(1, exponent - 2 * digits)};
}

void crow_model_sum_add(crow_model_sum_units units, int64_t count, const double *values, int64_t *coarse,
                        int64_t *fine) {
  /* Powers of two: multiplying by the inverse is exact. */
  const double per_coarse = 1 / units.coarse, per_fine = 1 / units.fine;
  for (int64_t i = 0; i < count; i++) {
    const double whole = rint(values[i] * per_coarse);
    coarse[i] += (int64_t)whole;
    fine[i] += (int64_t)rint((values[i] - whole * units.coarse) * per_fine);
  }
}

void crow_model_sum_values(crow_model_sum_units units, int64_t count, const int64_t *coarse, const int64_t *fine,
                           double *values) {
  for (int64_t i = 0; i < count; i++) values[i] = (double)coarse[i] * units.coarse + (double)fine[i] * units.fine;
}
