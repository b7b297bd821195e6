/* SPDX-License-Identifier: Apache-2.0 */
/* Which of two alternatives is nearer, without rounding. Squared distances differ by
 *   |p - b|^2 - |p - a|^2 = sum_k (b_k - a_k) ((a_k - p_k) + (b_k - p_k)),
 * which pairs of doubles take with some 100 bits and a bound on their error; what they cannot tell is told by integers
 * of as many bits as it needs. */
#include "nearest/nearest_impl.h"
#include "nearest/pairs_of_doubles_impl.h"

#include <float.h>
#include <math.h>
#include <string.h>

static double exact_value_at(const void *row, crow_precision type, int64_t k) {
  return type == CROW_SINGLE ? (double)((const float *)row)[k] : ((const double *)row)[k];
}

/* A canonical distance is off by at most gamma_(d+2) of itself, and by what underflows. */
void crow_nearest_margin_line(int64_t d, double *factor, double *least) {
  *factor = 1 + 4 * DBL_EPSILON * ((double)d + 4);
  *least = (double)d * 0x1p-1020;
}

double crow_nearest_margin(double least, int64_t d) {
  double factor, floor_value;
  crow_nearest_margin_line(d, &factor, &floor_value);
  return least * factor + floor_value;
}

/* ---- pairs of doubles ------------------------------------------------------------------------------------------ */

/* The sign of |p - b|^2 - |p - a|^2, or 0 if the error could turn it. With v = (a - p) + (b - p) taken as a pair, each
 * term is off by at most 2^-102 |b - a| (|a - p| + |b - p|), and so is each of the d additions; 2^-98 has room to
 * spare. What underflows is less than the bound as long as that is above 2^-900, and what overflows fails the test. */
static int sign_in_pairs(const double *point, const void *a, const void *b, crow_precision type, int64_t d) {
  crow_pair sum = {0, 0};
  double size = 0;
  for (int64_t k = 0; k < d; k++) {
    const double p = point[k], left = exact_value_at(a, type, k), right = exact_value_at(b, type, k);
    if (left == right) continue;
    const crow_pair u = crow_pair_sum(right, -left), x = crow_pair_sum(left, -p), y = crow_pair_sum(right, -p);
    sum = crow_pair_add(sum, crow_pair_multiply(u, crow_pair_add(x, y)));
    size += fabs(u.high) * (fabs(x.high) + fabs(y.high));
  }
  const double bound = 0x1p-98 * ((double)d + 8) * size;
  if (!(bound > 0x1p-900 && isfinite(size) && fabs(sum.high) > bound)) return 0;
  return sum.high > 0 ? 1 : -1;
}

/* ---- integers -------------------------------------------------------------------------------------------------- */

/* Digit k counts 2^(32 k + LOWEST). Products of doubles are multiples of 2^-2148 and below 2^2048; 2^31 dimensions and
 * a factor of 4 fit above them. A digit takes signed carries in its upper half until they are moved on. */
enum { DIGITS = CROW_NEAREST_DIGITS, LOWEST = -2176, TERMS_BETWEEN_CARRIES = 1 << 24 };

typedef struct wide_integer {
  int64_t digit[DIGITS];
} wide_integer;

/* value = mantissa * 2^exponent; returns the mantissa. */
static uint64_t split_double(double value, int *exponent) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  const int biased = (int)(bits >> 52 & 0x7ff);
  const uint64_t fraction = bits & ((UINT64_C(1) << 52) - 1);
  *exponent = (biased ? biased : 1) - 1075;
  return biased ? fraction | UINT64_C(1) << 52 : fraction;
}

/* Adds sign * 2^doublings * x * y. */
static void add_wide_product(wide_integer *sum, double x, double y, int sign, int doublings) {
  int ex, ey;
  const uint64_t mx = split_double(x, &ex), my = split_double(y, &ey);
  if (mx == 0 || my == 0) return;
  if ((x < 0) != (y < 0)) sign = -sign;
  const unsigned __int128 product = (unsigned __int128)mx * my;
  const int shift = ex + ey + doublings - LOWEST, place = shift / 32, offset = shift % 32;
  const unsigned __int128 low = (unsigned __int128)(uint64_t)product << offset;
  const unsigned __int128 high = (unsigned __int128)(uint64_t)(product >> 64) << offset;
  for (int i = 0; i < 3; i++) {
    sum->digit[place + i] += sign * (int64_t)(uint32_t)(low >> 32 * i);
    sum->digit[place + 2 + i] += sign * (int64_t)(uint32_t)(high >> 32 * i);
  }
}

/* Moves carries on: all digits but the last lie in 0 .. 2^32 - 1, and the last has the sign of the whole. */
static void carry_wide(wide_integer *sum) {
  int64_t carry = 0;
  for (int k = 0; k < DIGITS - 1; k++) {
    const int64_t total = sum->digit[k] + carry;
    carry = total >> 32; /* floor */
    sum->digit[k] = total - (int64_t)((uint64_t)carry << 32);
  }
  sum->digit[DIGITS - 1] += carry;
}

static int sign_in_integers(const double *point, const void *a, const void *b, crow_precision type, int64_t d) {
  wide_integer sum = {{0}};
  int64_t terms = 0;
  for (int64_t k = 0; k < d; k++) {
    const double p = point[k], left = exact_value_at(a, type, k), right = exact_value_at(b, type, k);
    if (left == right) continue;
    add_wide_product(&sum, right, right, 1, 0);
    add_wide_product(&sum, left, left, -1, 0);
    add_wide_product(&sum, p, right, -1, 1);
    add_wide_product(&sum, p, left, 1, 1);
    if (++terms % TERMS_BETWEEN_CARRIES == 0) carry_wide(&sum);
  }
  carry_wide(&sum);
  if (sum.digit[DIGITS - 1] < 0) return -1;
  for (int k = 0; k < DIGITS; k++) {
    if (sum.digit[k]) return 1;
  }
  return 0;
}

int crow_nearest_compare(const double *point, const void *a, const void *b, crow_precision type, int64_t d) {
  const int sign = sign_in_pairs(point, a, b, type, d);
  return -(sign ? sign : sign_in_integers(point, a, b, type, d));
}

void crow_nearest_measure_take(const double *point, const void *context, crow_precision type, int64_t d,
                               crow_nearest_measure *out) {
  wide_integer sum = {{0}};
  for (int64_t k = 0; k < d; k++) {
    const double p = point[k], y = exact_value_at(context, type, k);
    if (p == y) continue;
    add_wide_product(&sum, p, p, 1, 0);
    add_wide_product(&sum, y, y, 1, 0);
    add_wide_product(&sum, p, y, -1, 1);
    if (k % TERMS_BETWEEN_CARRIES == TERMS_BETWEEN_CARRIES - 1) carry_wide(&sum);
  }
  carry_wide(&sum);
  for (int k = 0; k < DIGITS; k++) out->digit[k] = (uint32_t)sum.digit[DIGITS - 1 - k];
}

void crow_nearest_measure_of(const crow_nearest *nearest, const double *points, int64_t point, int64_t row,
                             crow_nearest_measure *out) {
  const size_t bytes = (size_t)nearest->d * (nearest->type == CROW_SINGLE ? sizeof(float) : sizeof(double));
  crow_nearest_measure_take(points + point * nearest->d, (const char *)nearest->contexts + (size_t)row * bytes,
                            nearest->type, nearest->d, out);
}

int crow_nearest_measure_compare(const crow_nearest_measure *a, const crow_nearest_measure *b) {
  for (int k = 0; k < DIGITS; k++) {
    if (a->digit[k] != b->digit[k]) return a->digit[k] < b->digit[k] ? -1 : 1;
  }
  return 0;
}

/* ---- the nearest of some --------------------------------------------------------------------------------------- */

int64_t crow_nearest_decide(const crow_nearest *nearest, const double *point, int64_t *index, const double *distance,
                            int64_t count, double *nearest_distance) {
  double least = distance[0];
  for (int64_t c = 1; c < count; c++) least = distance[c] < least ? distance[c] : least;
  const double margin = crow_nearest_margin(least, nearest->d);
  int64_t kept = 0;
  for (int64_t c = 0; c < count; c++) {
    if (!(distance[c] <= margin)) continue;
    const int against = kept ? crow_nearest_compare(point, crow_nearest_context(nearest, index[c]),
                                                    crow_nearest_context(nearest, index[0]), nearest->type, nearest->d)
                             : -1;
    if (against > 0) continue;
    if (against < 0) {
      kept = 0;
      *nearest_distance = distance[c];
    }
    index[kept++] = index[c];
  }
  return kept;
}
