/* SPDX-License-Identifier: Apache-2.0 */
/* The root of an increasing function by Newton's method, kept inside a bracket (Press et al., Numerical Recipes,
 * section 9.4): a Newton step must stay inside and be at most half as long as the step before it, else the
 * bracket is halved instead. So every step halves either the bracket or the step, and no cycle is possible. */
#ifndef CROW_OBJECTIVE_BRACKET_IMPL_H
#define CROW_OBJECTIVE_BRACKET_IMPL_H

#include <math.h>

/* More than any root in double precision takes. */
#define CROW_BRACKET_STEPS 400

typedef struct crow_bracket {
  double low, high; /* the function is at most 0 at low, and at least 0 at high */
  double stride;    /* length of the last step */
} crow_bracket;

static inline crow_bracket crow_bracket_make(double low, double high) {
  return (crow_bracket){.low = low, .high = high, .stride = high - low};
}

/* Where to go on from x, at which the function has this value and slope (> 0). */
static inline double crow_bracket_next(crow_bracket *bracket, double x, double value, double slope) {
  if (value > 0)
    bracket->high = fmin(x, bracket->high);
  else
    bracket->low = fmax(x, bracket->low);
  const double newton = x - value / slope;
  const double half = (bracket->high - bracket->low) / 2, middle = bracket->low + half;
  if (newton >= bracket->low && newton <= bracket->high && fabs(newton - x) <= bracket->stride / 2) {
    bracket->stride = fabs(newton - x);
    return newton;
  }
  bracket->stride = half;
  return middle;
}

#endif
