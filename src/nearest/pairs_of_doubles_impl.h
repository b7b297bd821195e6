/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of some 106 bits as unevaluated sums of two doubles (Dekker 1971). The errors of sums and products are those
 * of numbers of 102 bits or more, unless something over- or underflows. */
#ifndef CROW_NEAREST_PAIRS_OF_DOUBLES_IMPL_H
#define CROW_NEAREST_PAIRS_OF_DOUBLES_IMPL_H

typedef struct crow_pair {
  double high, low;
} crow_pair;

/* a + b without error (Knuth). */
static inline crow_pair crow_pair_sum(double a, double b) {
  const double s = a + b, t = s - a;
  return (crow_pair){s, (a - (s - t)) + (b - t)};
}

/* a * b without error (Veltkamp's splitting). */
static inline crow_pair crow_pair_product(double a, double b) {
  const double factor = 0x1p27 + 1, p = a * b, s = factor * a, t = factor * b;
  const double a_high = s - (s - a), a_low = a - a_high, b_high = t - (t - b), b_low = b - b_high;
  return (crow_pair){p, ((a_high * b_high - p) + a_high * b_low + a_low * b_high) + a_low * b_low};
}

/* The error is 2^-102 of |a| + |b|. */
static inline crow_pair crow_pair_add(crow_pair a, crow_pair b) {
  const crow_pair high = crow_pair_sum(a.high, b.high);
  return crow_pair_sum(high.high, high.low + (a.low + b.low));
}

static inline crow_pair crow_pair_multiply(crow_pair a, crow_pair b) {
  const crow_pair p = crow_pair_product(a.high, b.high);
  return crow_pair_sum(p.high, p.low + (a.high * b.low + a.low * b.high));
}

#endif
