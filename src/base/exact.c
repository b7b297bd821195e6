/* SPDX-License-Identifier: Apache-2.0 */
/* Exact sums: digit k of the sum has the value limb[k] * 2^(32 k - 1088). The smallest double is 2^-1074 and the
 * largest is below 2^1024, so 67 digits of 32 bits hold every double and the 68th takes carries. */
#include "base/clones_impl.h"
#include <crow/base.h>
#include <math.h>
#include <string.h>

enum { DIGITS = 68, NAN_LIMB = 68, PLUS_LIMB = 69, MINUS_LIMB = 70, LOWEST_EXPONENT = -1088 };

void crow_exact_add(crow_exact_sum *sum, double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  const bool negative = bits >> 63;
  int exponent = (int)(bits >> 52 & 0x7ff);
  uint64_t mantissa = bits & ((UINT64_C(1) << 52) - 1);
  if (exponent == 0x7ff) {
    sum->limb[mantissa ? NAN_LIMB : negative ? MINUS_LIMB : PLUS_LIMB]++;
    return;
  }
  if (exponent)
    mantissa |= UINT64_C(1) << 52;
  else
    exponent = 1;
  /* value = mantissa * 2^(exponent - 1075) */
  const int shift = exponent - 1075 - LOWEST_EXPONENT, digit = shift / 32, offset = shift % 32;
  const unsigned __int128 wide = (unsigned __int128)mantissa << offset;
  const int64_t low = (int64_t)(uint32_t)wide, middle = (int64_t)(uint32_t)(wide >> 32);
  const int64_t high = (int64_t)(wide >> 64);
  sum->limb[digit] += negative ? -low : low;
  sum->limb[digit + 1] += negative ? -middle : middle;
  sum->limb[digit + 2] += negative ? -high : high;
}

void crow_exact_normalise(crow_exact_sum *sum) {
  int64_t carry = 0;
  for (int k = 0; k < DIGITS - 1; k++) {
    const int64_t total = sum->limb[k] + carry;
    carry = total >> 32; /* floor */
    sum->limb[k] = total - (int64_t)((uint64_t)carry << 32);
  }
  sum->limb[DIGITS - 1] += carry;
}

double crow_exact_value(const crow_exact_sum *sum) {
  if (sum->limb[NAN_LIMB] || (sum->limb[PLUS_LIMB] && sum->limb[MINUS_LIMB])) return (double)NAN;
  if (sum->limb[PLUS_LIMB]) return (double)INFINITY;
  if (sum->limb[MINUS_LIMB]) return -(double)INFINITY;
  crow_exact_sum digits = *sum;
  crow_exact_normalise(&digits);
  const bool negative = digits.limb[DIGITS - 1] < 0;
  if (negative) {
    for (int k = 0; k < DIGITS; k++) digits.limb[k] = -digits.limb[k];
    crow_exact_normalise(&digits);
  }
  int top = DIGITS - 1;
  while (top > 0 && digits.limb[top] == 0) top--;
  /* The highest three digits hold at least 65 significant bits; what lies below only decides ties, so it is kept as a
   * sticky bit in the last of them, and the one rounding is that of the conversion below. */
  unsigned __int128 head = 0;
  for (int k = 0; k < 3; k++) head = head << 32 | (uint64_t)(top - k >= 0 ? digits.limb[top - k] : 0);
  for (int k = top - 3; k >= 0; k--) {
    if (digits.limb[k]) {
      head |= 1;
      break;
    }
  }
  const int exponent = 32 * (top - 2) + LOWEST_EXPONENT;
  /* GCC converts unsigned __int128 to double with correct rounding. */
  const double magnitude = ldexp((double)head, exponent);
  return negative ? -magnitude : magnitude;
}

/* Eight running sums give the compiler a vector to add and every block one fixed order. */
enum { LANES = 8 };

static inline double fold(const double *lane) {
  return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

CROW_CLONES static double sum_block(int64_t n, const double *v) {
  double lane[LANES] = {0};
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    for (int k = 0; k < LANES; k++) lane[k] += v[i + k];
  }
  for (int k = 0; i + k < n; k++) lane[k] += v[i + k];
  return fold(lane);
}

CROW_CLONES static double dot_block(int64_t n, const double *x, const double *y) {
  double lane[LANES] = {0};
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    for (int k = 0; k < LANES; k++) lane[k] += x[i + k] * y[i + k];
  }
  for (int k = 0; i + k < n; k++) lane[k] += x[i + k] * y[i + k];
  return fold(lane);
}

void crow_exact_add_blocks(crow_exact_sum *sum, const double *values, int64_t count) {
  for (int64_t begin = 0; begin < count; begin += CROW_BLOCK) {
    crow_exact_add(sum, sum_block(count - begin < CROW_BLOCK ? count - begin : CROW_BLOCK, values + begin));
  }
}

void crow_exact_add_dot_blocks(crow_exact_sum *sum, const double *a, const double *b, int64_t count) {
  for (int64_t begin = 0; begin < count; begin += CROW_BLOCK) {
    const int64_t n = count - begin < CROW_BLOCK ? count - begin : CROW_BLOCK;
    crow_exact_add(sum, dot_block(n, a + begin, b + begin));
  }
}
