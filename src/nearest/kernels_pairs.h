/* SPDX-License-Identifier: Apache-2.0 */
/* A template: canonical distances of CROW_PAIR_LANES pairs, and the table of all kernels of a set. Squares are taken by
 * vectors along a row, but each pair's are added one after the other from the first on. */

#define PAIR_STEP 64

#define PAIRS(FROM, SUFFIX)                                                                                            \
  static void pairs_##SUFFIX(const double *const *points, const FROM *const *contexts, int64_t d, double *distances) { \
    double sum[CROW_PAIR_LANES] = {0}, square[CROW_PAIR_LANES][PAIR_STEP];                                             \
    for (int64_t begin = 0; begin < d; begin += PAIR_STEP) {                                                           \
      const int64_t count = d - begin < PAIR_STEP ? d - begin : PAIR_STEP;                                             \
      for (int lane = 0; lane < CROW_PAIR_LANES; lane++) {                                                             \
        const double *point = points[lane] + begin;                                                                    \
        const FROM *context = contexts[lane] + begin;                                                                  \
        for (int64_t k = 0; k < PAIR_STEP; k += 8) __builtin_prefetch(point + PAIR_STEP + k);                          \
        for (int64_t k = 0; k < PAIR_STEP; k += (int64_t)(64 / sizeof(FROM)))                                          \
          __builtin_prefetch(context + PAIR_STEP + k);                                                                 \
        for (int64_t k = 0; k < count; k++) {                                                                          \
          const double difference = point[k] - (double)context[k];                                                     \
          square[lane][k] = difference * difference;                                                                   \
        }                                                                                                              \
      }                                                                                                                \
      for (int64_t k = 0; k < count; k++) {                                                                            \
        for (int lane = 0; lane < CROW_PAIR_LANES; lane++) sum[lane] += square[lane][k];                               \
      }                                                                                                                \
    }                                                                                                                  \
    for (int lane = 0; lane < CROW_PAIR_LANES; lane++) distances[lane] = sum[lane];                                    \
  }
PAIRS(float, single)
PAIRS(double, double)
#undef PAIRS

#define CROW_PASS_KERNELS(SUFFIX)                                                                                      \
  {                                                                                                                    \
    .rows = ROWS, .group = VECTORS * (int64_t)(sizeof(vector_##SUFFIX) / sizeof(((vector_##SUFFIX){0})[0])),           \
    .convert_single = convert_from_single_##SUFFIX, .convert_double = convert_from_double_##SUFFIX,                    \
    .greatest = greatest_##SUFFIX, .hits = hits_##SUFFIX, .tile = tile_##SUFFIX, .row = row_##SUFFIX                   \
  }
#define CROW_KERNELS(NAME)                                                                                             \
  {                                                                                                                    \
    .name = NAME, .pass = {CROW_PASS_KERNELS(single), CROW_PASS_KERNELS(double)}, .pairs_single = pairs_single,        \
    .pairs_double = pairs_double, .tree_lanes = LANES, .tree_packet = tree_packet, .project_single = project_single,   \
    .project_double = project_double, .sign_lanes = SIGN_LANES, .signs_panel = signs_panel                             \
  }
