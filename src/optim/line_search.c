/* SPDX-License-Identifier: Apache-2.0 */
#include "optim/line_search_impl.h"

#include <float.h>
#include <math.h>

void crow_line_search_begin(crow_line_search *search, double value, double slope, double noise, double step) {
  const crow_line_point start = {0, value, slope};
  *search = (crow_line_search){.start = start,
                               .noise = noise,
                               .step = step,
                               .low = start,
                               .high = {INFINITY, NAN, NAN},
                               .widths = {INFINITY, INFINITY}};
}

/* The value above the line of sufficient decrease (psi of More and Thuente 1994). */
static double excess(const crow_line_search *search, crow_line_point p) {
  return p.value - search->start.value - CROW_LINE_DECREASE * p.step * search->start.slope;
}

static bool told_apart(const crow_line_search *search, crow_line_point a, crow_line_point b) {
  return fabs(a.value - b.value) > search->noise;
}

/* The minimiser of the cubic through two points with their slopes (Nocedal and Wright, Eq. 3.59); NaN if it has none.
 */
static double cubic(crow_line_point a, crow_line_point b) {
  const double width = b.step - a.step;
  const double d1 = a.slope + b.slope - 3 * (b.value - a.value) / width;
  const double d2 = sqrt(d1 * d1 - a.slope * b.slope);
  return b.step - width * (b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2);
}

static double secant(crow_line_point a, crow_line_point b) {
  return b.step - b.slope * (b.step - a.step) / (b.slope - a.slope);
}

/* No bracket yet: `p` is low again, and the search goes on beyond it. */
static double line_search_extrapolate(crow_line_point before, crow_line_point p) {
  const double width = p.step - before.step;
  const double least = p.step + 1.1 * width, most = p.step + 4 * width;
  const double guess = p.slope > before.slope ? secant(before, p) : most;
  return fmin(fmax(guess, least), most);
}

static double interpolate(const crow_line_search *search) {
  const crow_line_point low = search->low, high = search->high;
  const double width = high.step - low.step;
  double guess = NAN;
  if (!isfinite(high.value)) return low.step + 0.25 * width;
  /* Two trials that did not cut the bracket by a third: the cubic model does not fit here, so bisect. */
  if (width <= 0.66 * search->widths[1]) {
    if (told_apart(search, low, high))
      guess = cubic(low, high);
    else if (high.slope > 0)
      guess = secant(low, high);
  }
  if (!isfinite(guess)) guess = low.step + 0.5 * width;
  return fmin(fmax(guess, low.step + 0.1 * width), high.step - 0.1 * width);
}

static bool acceptable(const crow_line_search *search, crow_line_point p) {
  const bool curvature = fabs(p.slope) <= CROW_LINE_CURVATURE * fabs(search->start.slope);
  /* Where rounding hides the decrease, the slope vouches for it (approximate Wolfe, Hager and Zhang 2005): for a
   * quadratic the two are the same condition. */
  return curvature && (excess(search, p) <= 0 || !told_apart(search, p, search->start));
}

static bool is_high(const crow_line_search *search, crow_line_point p) {
  if (p.slope >= 0) return true;
  if (!told_apart(search, p, search->start) || !told_apart(search, p, search->low)) return false;
  return excess(search, p) > fmin(0, excess(search, search->low));
}

crow_line_verdict crow_line_search_judge(crow_line_search *search, double value, double slope) {
  const crow_line_point p = {search->step, value, slope}, before = search->low;
  if (!isfinite(value) || !isfinite(slope)) {
    search->high = (crow_line_point){p.step, NAN, NAN};
  } else {
    if (acceptable(search, p)) return CROW_LINE_ACCEPT;
    if (is_high(search, p))
      search->high = p;
    else
      search->low = p;
  }
  search->trials++;
  const double width = search->high.step - search->low.step;
  if (search->trials >= CROW_LINE_MAX_TRIALS || width <= 4 * DBL_EPSILON * search->low.step) return CROW_LINE_FAILED;
  search->step = isinf(search->high.step) ? line_search_extrapolate(before, search->low) : interpolate(search);
  search->widths[1] = search->widths[0];
  search->widths[0] = width;
  return isfinite(search->step) && search->step > 0 ? CROW_LINE_GO_ON : CROW_LINE_FAILED;
}
