/* SPDX-License-Identifier: Apache-2.0 */
/* A template: coordinates of a row in a hull's basis. Vectors hold different coordinates, each summed over the
 * dimensions in order without fusing, so that all instruction sets give the same bits. */

#define PROJECT_VECTORS 4

#define PROJECT(FROM, SUFFIX)                                                                                          \
  static void project_##SUFFIX(const FROM *row, const double *origin, const double *basis, int64_t d, int64_t stride,  \
                               int64_t k, double *out) {                                                               \
    for (int64_t first = 0; first < k; first += PROJECT_VECTORS * LANES) {                                             \
      packet_vector sum[PROJECT_VECTORS];                                                                              \
      for (int v = 0; v < PROJECT_VECTORS; v++) sum[v] = TREE_SPLAT(0.0);                                              \
      for (int64_t i = 0; i < d; i++) {                                                                                \
        const packet_vector value = TREE_SPLAT((double)row[i] - origin[i]);                                            \
        const packet_vector *column = (const packet_vector *)(basis + i * stride + first);                             \
        for (int v = 0; v < PROJECT_VECTORS; v++) sum[v] += value * column[v];                                         \
      }                                                                                                                \
      const int64_t left = k - first < PROJECT_VECTORS * LANES ? k - first : PROJECT_VECTORS * LANES;                  \
      for (int64_t c = 0; c < left; c++) out[first + c] = sum[c / LANES][c % LANES];                                   \
    }                                                                                                                  \
  }
PROJECT(float, single)
PROJECT(double, double)
#undef PROJECT
