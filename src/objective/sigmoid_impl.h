/* SPDX-License-Identifier: Apache-2.0 */
/* exp, log1p, sigma and softplus without branches, tables or calls, so that compilers turn loops over them into vector
 * code. Only IEEE additions, multiplications and divisions: the bits are the same whatever the vector's length. */
#ifndef CROW_OBJECTIVE_SIGMOID_IMPL_H
#define CROW_OBJECTIVE_SIGMOID_IMPL_H

#include <stdint.h>
#include <string.h>

#define CROW_INLINE static inline __attribute__((always_inline))

/* exp(-a) for a >= 0 as the sum of the result, rounded, and `*rest`, what the rounding cut off: together within 0.1 ulp
 * for a <= 708, beyond as for 708 (3e-308). a = -n log 2 - r with |r| <= log(2) / 2, Taylor's series of exp(r), and 2^n
 * by its bits. */
CROW_INLINE double crow_exp_minus(double a, double *rest) {
  const double shift = 0x1.8p52; /* adding it rounds to an integer, kept in the low bits */
  const double x = a < 708 ? -a : -708.0;
  const double shifted = x * 0x1.71547652b82fep0 + shift, n = shifted - shift;
  /* log 2 in two parts; the first has 33 bits, so that its product with n is exact */
  const double high = x - n * 0x1.62e42feep-1, low = n * 0x1.a39ef35793c76p-33;
  const double r = high - low, r_rest = (high - r) - low;
  /* (exp(r) - 1 - r) / r^2 by Estrin's scheme: short chains keep several lanes' work in flight */
  const double r2 = r * r, r4 = r2 * r2, r8 = r4 * r4;
  const double p01 = 1.0 / 2 + 1.0 / 6 * r, p23 = 1.0 / 24 + 1.0 / 120 * r, p45 = 1.0 / 720 + 1.0 / 5040 * r;
  const double p67 = 1.0 / 40320 + 1.0 / 362880 * r, p89 = 1.0 / 3628800 + 1.0 / 39916800 * r;
  const double pab = 1.0 / 479001600 + 1.0 / 6227020800 * r;
  const double p = (p01 + p23 * r2) + ((p45 + p67 * r2) * r4 + (p89 + pab * r2) * r8);
  const double e_high = 1 + r, e_rest = r - (e_high - 1);
  const double small = e_rest + (r2 * p + r_rest), e = e_high + small;
  int64_t bits;
  memcpy(&bits, &shifted, sizeof bits);
  bits = (int64_t)((uint64_t)(bits + 1023) << 52);
  double power;
  memcpy(&power, &bits, sizeof power);
  *rest = (small - (e - e_high)) * power;
  return e * power;
}

/* log(1 + e) for 0 <= e <= 1, within 1.5 ulp. With 1 + e = 2^k (1 + f), |f| < sqrt(2) - 1, and s = f / (2 + f),
 * log(1 + f) = f - (f^2/2 - s (f^2/2 + R(s^2))); R is the minimax polynomial of fdlibm's log1p (Sun, 1993). */
CROW_INLINE double crow_log1p_unit(double e) {
  const double large = e > 0.41421356237309503 ? 1.0 : 0.0;
  const double f = large != 0 ? (e - 1) * 0.5 : e;
  const double s = f / (2 + f), z = s * s, half_square = 0.5 * f * f;
  const double z2 = z * z, z4 = z2 * z2;
  const double p01 = 6.666666666666735130e-01 + 3.999999999940941908e-01 * z;
  const double p23 = 2.857142874366239149e-01 + 2.222219843214978396e-01 * z;
  const double p45 = 1.818357216161805012e-01 + 1.531383769920937332e-01 * z;
  const double p = (p01 + p23 * z2) + (p45 + 1.479819860511658591e-01 * z2) * z4;
  const double rest = half_square - (s * (half_square + z * p) + large * 1.90821492927058770002e-10);
  return large * 6.93147180369123816490e-01 - (rest - f);
}

/* sigma(-a) = e / (1 + e) for e = exp(-a), a >= 0, given as by crow_exp_minus(): the quotient of the rounded numbers,
 * put right by what their rounding cut off. */
CROW_INLINE double crow_sigmoid_below(double e, double rest) {
  const double sum = 1 + e, sum_rest = (e - (sum - 1)) + rest, quotient = e / sum;
  return quotient + (rest - quotient * sum_rest) * (1 - quotient);
}

/* sigma(d) = 1 / (1 + exp(-d)), within 2 ulp for |d| <= 708. */
CROW_INLINE double crow_sigmoid(double d) {
  double rest;
  const double e = crow_exp_minus(d < 0 ? -d : d, &rest), below = crow_sigmoid_below(e, rest);
  return d < 0 ? below : 1 - below;
}

/* log(1 + exp(d)), within 2 ulp for |d| <= 708. */
CROW_INLINE double crow_softplus(double d) {
  double rest;
  const double e = crow_exp_minus(d < 0 ? -d : d, &rest), small = crow_log1p_unit(e);
  return d > 0 ? d + small : small;
}

#endif
