/* SPDX-License-Identifier: Apache-2.0 */
/* Exact Voronoi shares of an interval. */
#include <crow/nearest.h>

#include <math.h>
#include <stdlib.h>

typedef struct placed {
  double position;
  int64_t index;
} placed;

static int compare_positions(const void *left, const void *right) {
  const double a = ((const placed *)left)->position, b = ((const placed *)right)->position;
  return (a > b) - (a < b);
}

static crow_status check_line(const double *contexts, int64_t m, double lower, double upper) {
  if (m < 1) return crow_error(CROW_BAD_INPUT, "there are %lld alternatives, at least 1 is needed", (long long)m);
  if (!(isfinite(lower) && isfinite(upper) && lower < upper)) {
    return crow_error(CROW_BAD_INPUT, "the interval [%g, %g] must be finite and not empty", lower, upper);
  }
  for (int64_t i = 0; i < m; i++) {
    if (!isfinite(contexts[i])) {
      return crow_error(CROW_BAD_INPUT, "the context of alternative %lld is %g; it must be finite", (long long)i,
                        contexts[i]);
    }
  }
  return CROW_OK;
}

/* The length of the interval nearest to `position`, whose neighbours are at `before` and `after`: half of each gap, cut
 * at the interval's ends. Written with differences, so that it is accurate wherever the interval lies. A context
 * outside has what is beyond the middle between it and its neighbour. */
static double nearest_length(double before, double position, double after, double lower, double upper) {
  if (position > upper) return fmax(upper - fmax(lower, before / 2 + position / 2), 0);
  if (position < lower) return fmax(fmin(upper, position / 2 + after / 2) - lower, 0);
  const double left = fmin(position / 2 - before / 2, position - lower);
  const double right = fmin(after / 2 - position / 2, upper - position);
  return left + right;
}

crow_status crow_voronoi_exact_1d(const double *contexts, int64_t m, double lower, double upper, double *weights) {
  placed *sorted = NULL;
  double total = 0;
  crow_status status;
  CROW_TRY(check_line(contexts, m, lower, upper));
  CROW_TRY(CROW_ALLOCATE_RAW(&sorted, m));
  for (int64_t i = 0; i < m; i++) sorted[i] = (placed){contexts[i], i};
  qsort(sorted, (size_t)m, sizeof *sorted, compare_positions);
  CROW_TRY(crow_stop_check("cells"));
  for (int64_t begin = 0, end; begin < m; begin = end) {
    for (end = begin + 1; end < m && sorted[end].position == sorted[begin].position;) end++;
    const double length = nearest_length(begin > 0 ? sorted[begin - 1].position : -INFINITY, sorted[begin].position,
                                         end < m ? sorted[end].position : INFINITY, lower, upper);
    for (int64_t i = begin; i < end; i++) weights[sorted[i].index] = length / (double)(end - begin);
    total += length;
  }
  for (int64_t i = 0; i < m; i++) weights[i] /= total;
cleanup:
  crow_free(sorted);
  return status;
}
