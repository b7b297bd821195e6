/* SPDX-License-Identifier: Apache-2.0 */
/* A template: a panel of contexts under all signs of two draws; see signs_impl.h. Contexts are in the vector lanes. The
 * partial products of a block of coordinates each are transformed where they lie, by eights of rows (Walsh and
 * Hadamard), and the last eight are held against the thresholds as they leave the registers. */

#define SIGN_LANES ((int64_t)(VECTOR_BYTES / sizeof(float)))

typedef float sign_vector __attribute__((vector_size(VECTOR_BYTES), may_alias));

/* Partial products of `tile` blocks with two draws. */
static inline __attribute__((always_inline)) void sign_products(const float *z0, const float *z1, const float *context,
                                                                int64_t length, const int tile, sign_vector *out0,
                                                                sign_vector *out1) {
  sign_vector sum0[4], sum1[4];
#pragma GCC unroll 4
  for (int b = 0; b < tile; b++) sum0[b] = sum1[b] = SIGN_SPLAT(0.0f);
  for (int64_t k = 0; k < length; k++) {
#pragma GCC unroll 4
    for (int b = 0; b < tile; b++) {
      const int64_t at = b * length + k;
      const sign_vector column = *(const sign_vector *)(context + at * SIGN_LANES);
      sum0[b] = SIGN_FUSE(SIGN_SPLAT(z0[at]), column, sum0[b]);
      sum1[b] = SIGN_FUSE(SIGN_SPLAT(z1[at]), column, sum1[b]);
    }
  }
#pragma GCC unroll 4
  for (int b = 0; b < tile; b++) {
    out0[b] = sum0[b];
    out1[b] = sum1[b];
  }
}

/* The butterflies of 2, 4 or 8 rows. */
static inline __attribute__((always_inline)) void sign_two(sign_vector *x, int i, int j) {
  const sign_vector a = x[i], b = x[j];
  x[i] = a + b;
  x[j] = a - b;
}
static inline __attribute__((always_inline)) void sign_butterflies(sign_vector *x, const int radix) {
  if (radix >= 8) {
    sign_two(x, 0, 4);
    sign_two(x, 1, 5);
    sign_two(x, 2, 6);
    sign_two(x, 3, 7);
    sign_two(x, 4, 6);
    sign_two(x, 5, 7);
    sign_two(x, 4, 5);
    sign_two(x, 6, 7);
  }
  if (radix >= 4) {
    sign_two(x, 0, 2);
    sign_two(x, 1, 3);
    sign_two(x, 2, 3);
  }
  if (radix >= 2) sign_two(x, 0, 1);
}

/* Rows that are `apart` from each other among `count`, in place. */
static inline __attribute__((always_inline)) void sign_pass(sign_vector *rows, int64_t count, int64_t apart,
                                                            const int radix) {
  for (int64_t begin = 0; begin < count; begin += radix * apart) {
    for (int64_t at = begin; at < begin + apart; at++) {
      sign_vector x[8];
#pragma GCC unroll 8
      for (int j = 0; j < radix; j++) x[j] = rows[at + j * apart];
      sign_butterflies(x, radix);
#pragma GCC unroll 8
      for (int j = 0; j < radix; j++) rows[at + j * apart] = x[j];
    }
  }
}

/* Transforms the last `radix` rows each and notes those, or their negatives, in which a context reaches the threshold.
 */
static inline __attribute__((always_inline)) int64_t sign_finish(const sign_vector *rows, int64_t count,
                                                                 sign_vector offset, const float *threshold,
                                                                 int32_t first, const int radix, int64_t found,
                                                                 int32_t *found_row, float *found_upper) {
  for (int64_t at = 0; at < count; at += radix) {
    sign_vector x[8];
#pragma GCC unroll 8
    for (int j = 0; j < radix; j++) x[j] = rows[at + j];
    sign_butterflies(x, radix);
#pragma GCC unroll 8
    for (int j = 0; j < radix; j++) {
      const sign_vector plus = offset + x[j], minus = offset - x[j];
      const SIGN_MASK p = SIGN_REACHES(plus, SIGN_SPLAT(threshold[at + j]));
      const SIGN_MASK n = SIGN_REACHES(minus, SIGN_SPLAT(threshold[count + at + j]));
      if (__builtin_expect(!SIGN_ANY(p, n), 1)) continue;
      if (SIGN_ANY(p, p)) {
        found_row[found] = first + (int32_t)(at + j);
        *(sign_vector *)(found_upper + found++ * SIGN_LANES) = plus;
      }
      if (SIGN_ANY(n, n)) {
        found_row[found] = first + (int32_t)(count + at + j);
        *(sign_vector *)(found_upper + found++ * SIGN_LANES) = minus;
      }
    }
  }
  return found;
}

/* One draw's transform and comparison. */
static int64_t sign_rows(sign_vector *rows, int64_t blocks, sign_vector offset, const float *threshold, int32_t first,
                         int64_t found, int32_t *found_row, float *found_upper) {
  int64_t span = blocks; /* rows that butterflies are still to reach across */
  while (span > 8) {
    if (span >= 64) {
      sign_pass(rows, blocks, span / 8, 8);
      span /= 8;
    } else if (span == 32) {
      sign_pass(rows, blocks, span / 4, 4);
      span /= 4;
    } else {
      sign_pass(rows, blocks, span / 2, 2);
      span /= 2;
    }
  }
  if (span == 8) return sign_finish(rows, blocks, offset, threshold, first, 8, found, found_row, found_upper);
  if (span == 4) return sign_finish(rows, blocks, offset, threshold, first, 4, found, found_row, found_upper);
  if (span == 2) return sign_finish(rows, blocks, offset, threshold, first, 2, found, found_row, found_upper);
  return sign_finish(rows, blocks, offset, threshold, first, 1, found, found_row, found_upper);
}

static int64_t signs_panel(const float *z, const float *context, const float *offset, const float *margin,
                           int64_t blocks, int64_t length, const float *threshold, float *room, int32_t *found_row,
                           float *found_upper) {
  sign_vector *rows0 = (sign_vector *)room, *rows1 = rows0 + blocks;
  const float *z1 = z + blocks * length;
  int64_t b = 0;
  for (; b + 4 <= blocks; b += 4) {
    const int64_t at = b * length;
    sign_products(z + at, z1 + at, context + at * SIGN_LANES, length, 4, rows0 + b, rows1 + b);
  }
  for (; b < blocks; b++) {
    const int64_t at = b * length;
    sign_products(z + at, z1 + at, context + at * SIGN_LANES, length, 1, rows0 + b, rows1 + b);
  }
  const sign_vector begin = *(const sign_vector *)offset;
  const int64_t found =
      sign_rows(rows0, blocks, begin + SIGN_SPLAT(margin[0]), threshold, 0, 0, found_row, found_upper);
  return sign_rows(rows1, blocks, begin + SIGN_SPLAT(margin[1]), threshold + 2 * blocks, (int32_t)(2 * blocks), found,
                   found_row, found_upper);
}
