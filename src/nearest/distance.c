/* SPDX-License-Identifier: Apache-2.0 */
#include "nearest/nearest_impl.h"

double crow_nearest_distance(const double *point, const void *context, crow_precision type, int64_t d) {
  double sum = 0;
  for (int64_t k = 0; k < d; k++) {
    const double difference =
        point[k] - (type == CROW_SINGLE ? (double)((const float *)context)[k] : ((const double *)context)[k]);
    sum += difference * difference;
  }
  return sum;
}

void crow_nearest_pair_distances(const crow_nearest *nearest, const double *const *points, const void *const *contexts,
                                 int64_t count, double *distances) {
  int64_t i = 0;
  for (; i + CROW_PAIR_LANES <= count; i += CROW_PAIR_LANES) {
    if (nearest->type == CROW_SINGLE) {
      const float *rows[CROW_PAIR_LANES];
      for (int lane = 0; lane < CROW_PAIR_LANES; lane++) rows[lane] = contexts[i + lane];
      nearest->kernels->pairs_single(points + i, rows, nearest->d, distances + i);
    } else {
      const double *rows[CROW_PAIR_LANES];
      for (int lane = 0; lane < CROW_PAIR_LANES; lane++) rows[lane] = contexts[i + lane];
      nearest->kernels->pairs_double(points + i, rows, nearest->d, distances + i);
    }
  }
  for (; i < count; i++) distances[i] = crow_nearest_distance(points[i], contexts[i], nearest->type, nearest->d);
}
