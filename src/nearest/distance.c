/* SPDX-License-Identifier: Apache-2.0 */
#include "nearest/nearest_impl.h"

/* Pairs whose sums run side by side: each sum is a chain of dependent additions, so one alone would wait for the adder
 * most of the time. */
#define LANES 8

double crow_nearest_distance(const double *point, const void *context, crow_precision type, int64_t d) {
  double sum = 0;
  for (int64_t k = 0; k < d; k++) {
    const double difference =
        point[k] - (type == CROW_SINGLE ? (double)((const float *)context)[k] : ((const double *)context)[k]);
    sum += difference * difference;
  }
  return sum;
}

static void distances_single(const double *const *points, const float *const *contexts, int64_t d, double *distances) {
  double sum[LANES] = {0};
  for (int64_t k = 0; k < d; k++) {
    for (int lane = 0; lane < LANES; lane++) {
      const double difference = points[lane][k] - (double)contexts[lane][k];
      sum[lane] += difference * difference;
    }
  }
  for (int lane = 0; lane < LANES; lane++) distances[lane] = sum[lane];
}

static void distances_double(const double *const *points, const double *const *contexts, int64_t d, double *distances) {
  double sum[LANES] = {0};
  for (int64_t k = 0; k < d; k++) {
    for (int lane = 0; lane < LANES; lane++) {
      const double difference = points[lane][k] - contexts[lane][k];
      sum[lane] += difference * difference;
    }
  }
  for (int lane = 0; lane < LANES; lane++) distances[lane] = sum[lane];
}

void crow_nearest_pair_distances(const double *const *points, const void *const *contexts, crow_precision type,
                                 int64_t d, int64_t count, double *distances) {
  int64_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    if (type == CROW_SINGLE) {
      const float *rows[LANES];
      for (int lane = 0; lane < LANES; lane++) rows[lane] = contexts[i + lane];
      distances_single(points + i, rows, d, distances + i);
    } else {
      const double *rows[LANES];
      for (int lane = 0; lane < LANES; lane++) rows[lane] = contexts[i + lane];
      distances_double(points + i, rows, d, distances + i);
    }
  }
  for (; i < count; i++) distances[i] = crow_nearest_distance(points[i], contexts[i], type, d);
}
