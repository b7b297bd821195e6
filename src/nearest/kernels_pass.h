/* SPDX-License-Identifier: Apache-2.0 */
/* A template: the first pass's kernels for one instruction set and REAL = float or double. Included twice by each
 * kernels_*.c, with VECTOR_BYTES, ROWS, VECTORS, REAL, NAME, SPLAT, FUSE, GREATER and GREATEST_LANE defined. */

typedef REAL NAME(vector) __attribute__((vector_size(VECTOR_BYTES), may_alias));
typedef REAL NAME(loose) __attribute__((vector_size(VECTOR_BYTES), may_alias, aligned(sizeof(REAL))));
#define VECTOR NAME(vector)
#define LOOSE NAME(loose)
#define WIDTH ((int64_t)(VECTOR_BYTES / sizeof(REAL)))
#define GROUP (VECTORS * WIDTH)

/* Elementwise maximum and the greatest lane, where there is no instruction for it. */
__attribute__((unused)) static inline VECTOR NAME(greater)(VECTOR a, VECTOR b) {
  for (int64_t lane = 0; lane < WIDTH; lane++) a[lane] = a[lane] > b[lane] ? a[lane] : b[lane];
  return a;
}
__attribute__((unused)) static inline REAL NAME(greatest_lane)(VECTOR a) {
  REAL greatest = a[0];
  for (int64_t lane = 1; lane < WIDTH; lane++) greatest = a[lane] > greatest ? a[lane] : greatest;
  return greatest;
}

/* Eight sums side by side, for the compiler to put into vectors. */
#define CONVERT(FROM, SUFFIX)                                                                                          \
  static double NAME(convert_##SUFFIX)(const FROM *row, const double *centre, double scale, int64_t d, void *out) {    \
    REAL *to = out;                                                                                                    \
    double part[8] = {0};                                                                                              \
    int64_t k = 0;                                                                                                     \
    for (; k + 8 <= d; k += 8) {                                                                                       \
      for (int lane = 0; lane < 8; lane++) {                                                                           \
        const double value = ((double)row[k + lane] - centre[k + lane]) * scale;                                       \
        to[k + lane] = (REAL)value;                                                                                    \
        part[lane] += value * value;                                                                                   \
      }                                                                                                                \
    }                                                                                                                  \
    for (; k < d; k++) {                                                                                               \
      const double value = ((double)row[k] - centre[k]) * scale;                                                       \
      to[k] = (REAL)value;                                                                                             \
      part[0] += value * value;                                                                                        \
    }                                                                                                                  \
    return ((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7]));                  \
  }
CONVERT(float, from_single)
CONVERT(double, from_double)
#undef CONVERT

static double NAME(greatest)(const void *memory, int64_t count) {
  const REAL *scores = memory;
  VECTOR best[4];
  for (int v = 0; v < 4; v++) best[v] = SPLAT((REAL)-__builtin_inf());
  int64_t j = 0;
  for (; j + 4 * WIDTH <= count; j += 4 * WIDTH) {
    for (int v = 0; v < 4; v++) best[v] = GREATER(best[v], *(const LOOSE *)(scores + j + v * WIDTH));
  }
  REAL greatest = GREATEST_LANE(GREATER(GREATER(best[0], best[1]), GREATER(best[2], best[3])));
  for (; j < count; j++) greatest = scores[j] > greatest ? scores[j] : greatest;
  return (double)greatest;
}

static int64_t NAME(hits)(const void *memory, int64_t count, double limit, int32_t *hit) {
  const REAL *scores = memory, threshold = (REAL)limit;
  int64_t hits = 0;
  for (int64_t begin = 0; begin < count; begin += 64) {
    const int64_t end = begin + 64 < count ? begin + 64 : count;
    int any = 0;
    for (int64_t j = begin; j < end; j++) any |= scores[j] >= threshold;
    for (int64_t j = begin; any && j < end; j++) {
      if (scores[j] >= threshold) hit[hits++] = (int32_t)j;
    }
  }
  return hits;
}

static void NAME(tile)(const void *points, const void *contexts, const void *minus_half, int64_t groups, int64_t d,
                       int64_t from, int64_t to, void *partial, void *greatest, int64_t stride) {
  const REAL *half = minus_half;
  REAL *sums = partial;
  VECTOR best[ROWS];
#pragma GCC unroll 16
  for (int r = 0; r < ROWS; r++) best[r] = SPLAT((REAL)-__builtin_inf());
  for (int64_t g = 0; g < groups; g++) {
    const REAL *point = (const REAL *)points + from * ROWS, *context = (const REAL *)contexts + (g * d + from) * GROUP;
    VECTOR sum[ROWS][VECTORS];
    /* Where the sums begin: the same for all rows, or a row of its own for each. */
    const REAL *begin = from > 0 ? sums : half;
    const int64_t apart = from > 0 ? GROUP : 0;
#pragma GCC unroll 16
    for (int r = 0; r < ROWS; r++) {
#pragma GCC unroll 16
      for (int v = 0; v < VECTORS; v++) sum[r][v] = *(const VECTOR *)(begin + r * apart + v * WIDTH);
    }
    for (int64_t k = from; k < to; k++) {
      VECTOR column[VECTORS];
#pragma GCC unroll 16
      for (int v = 0; v < VECTORS; v++) column[v] = *(const VECTOR *)(context + v * WIDTH);
#pragma GCC unroll 16
      for (int r = 0; r < ROWS; r++) {
        const VECTOR value = SPLAT(point[r]);
#pragma GCC unroll 16
        for (int v = 0; v < VECTORS; v++) sum[r][v] = FUSE(value, column[v], sum[r][v]);
      }
      context += GROUP;
      point += ROWS;
    }
    half += GROUP;
    if (to < d) {
#pragma GCC unroll 16
      for (int r = 0; r < ROWS; r++) {
#pragma GCC unroll 16
        for (int v = 0; v < VECTORS; v++) *(VECTOR *)(sums + r * GROUP + v * WIDTH) = sum[r][v];
      }
    } else {
#pragma GCC unroll 16
      for (int r = 0; r < ROWS; r++) {
#pragma GCC unroll 16
        for (int v = 0; v < VECTORS; v++) best[r] = GREATER(best[r], sum[r][v]);
      }
    }
    sums += ROWS * GROUP;
  }
  if (to < d) return;
#pragma GCC unroll 16
  for (int r = 0; r < ROWS; r++) ((REAL *)greatest)[r * stride] = GREATEST_LANE(best[r]);
}

static void NAME(row)(const void *memory, const void *contexts, const void *minus_half, int64_t groups, int64_t d,
                      void *out) {
  const REAL *point = memory, *context = contexts, *half = minus_half;
  REAL *scores = out;
  for (int64_t g = 0; g < groups; g++) {
    VECTOR sum[VECTORS];
#pragma GCC unroll 16
    for (int v = 0; v < VECTORS; v++) sum[v] = *(const VECTOR *)(half + v * WIDTH);
    for (int64_t k = 0; k < d; k++) {
      const VECTOR value = SPLAT(point[k]);
#pragma GCC unroll 16
      for (int v = 0; v < VECTORS; v++) sum[v] = FUSE(value, *(const VECTOR *)(context + v * WIDTH), sum[v]);
      context += GROUP;
    }
#pragma GCC unroll 16
    for (int v = 0; v < VECTORS; v++) *(VECTOR *)(scores + v * WIDTH) = sum[v];
    half += GROUP;
    scores += GROUP;
  }
}

#undef VECTOR
#undef LOOSE
#undef WIDTH
#undef GROUP
#undef REAL
#undef NAME
#undef SPLAT
#undef FUSE
#undef GREATER
#undef GREATEST_LANE
