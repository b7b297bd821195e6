/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of two doubles, against the processor's fused multiplication, which rounds once. */
#include "harness.h"

#include "nearest/pairs_of_doubles_impl.h"

enum { COUNT = 2000 };

/* Numbers of all 53 bits, of either sign and very different sizes. */
static void two_numbers(uint64_t k, double *a, double *b) {
  double draw[4];
  crow_random_uniform(21, CROW_STREAM_TEST, k, draw, 4);
  *a = ldexp(draw[0] - .5, (int)(draw[2] * 300) - 150);
  *b = ldexp(draw[1] - .5, (int)(draw[3] * 300) - 150);
}

static void products_and_sums_lose_nothing(void) {
  for (uint64_t k = 0; k < COUNT; k++) {
    double a, b;
    two_numbers(k, &a, &b);
    const crow_pair product = crow_pair_product(a, b);
    CHECK(product.high == a * b && product.low == fma(a, b, -product.high));
    for (int close = 0; close <= 1; close++) {
      const double c = close ? ldexp(b, ilogb(a) - ilogb(b)) : b; /* of about the same size, or not */
      const crow_pair sum = crow_pair_sum(a, c);
      const double larger = fabs(a) > fabs(c) ? a : c, lesser = fabs(a) > fabs(c) ? c : a;
      CHECK(sum.high == a + c && sum.low == lesser - (sum.high - larger));
    }
  }
}

/* (a + b)^2 = a^2 + 2 a b + b^2, in numbers of whose 106 bits no more than four may be lost. */
static void of_pairs_too(void) {
  for (uint64_t k = 0; k < COUNT; k++) {
    double a, b;
    two_numbers(k, &a, &b);
    b = ldexp(b, ilogb(a) - ilogb(b) - 20);
    const crow_pair sum = crow_pair_sum(a, b), square = crow_pair_multiply(sum, sum);
    const crow_pair cross = crow_pair_product(2 * a, b);
    const crow_pair other = crow_pair_add(crow_pair_add(crow_pair_product(a, a), cross), crow_pair_product(b, b));
    const double difference = (square.high - other.high) + (square.low - other.low);
    CHECK(fabs(difference) <= 0x1p-101 * square.high);
    const crow_pair none = crow_pair_add(square, (crow_pair){-square.high, -square.low});
    CHECK(none.high == 0 && none.low == 0);
  }
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {{"products and sums lose nothing", products_and_sums_lose_nothing},
                                    {"of pairs, too", of_pairs_too},
                                    {NULL, NULL}};
  return crow_test_main(argc, argv, "pairs of doubles", tests, false);
}
