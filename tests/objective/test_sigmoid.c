/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"
#include "objective/objective_impl.h"
#include "objective/sigmoid_impl.h"
#include <stdlib.h>

static double error_in_ulp(double actual, long double expected) {
  const double size = (double)fabsl(expected);
  return (double)(fabsl((long double)actual - expected) / (nextafter(size, INFINITY) - size));
}

static void sigmoid_and_softplus_are_within_2_ulp(void) {
  double worst_sigmoid = 0, worst_softplus = 0;
  for (int64_t i = 0; i < 2000000; i++) {
    double u[2];
    crow_random_uniform(3, CROW_STREAM_TEST, (uint64_t)i, u, 2);
    /* all sizes from 1e-9 to 700, many of them where sigma bends */
    const double d = (i % 2 ? 1 : -1) * (i % 4 < 2 ? 8 * u[0] : 700 * pow(10, -12 * u[1]) * u[0]);
    const long double x = d;
    const long double sigmoid = x > 0 ? 1 / (1 + expl(-x)) : expl(x) / (1 + expl(x));
    const long double softplus = (x > 0 ? x : 0) + log1pl(expl(-fabsl(x)));
    worst_sigmoid = fmax(worst_sigmoid, error_in_ulp(crow_sigmoid(d), sigmoid));
    worst_softplus = fmax(worst_softplus, error_in_ulp(crow_softplus(d), softplus));
  }
  CHECK(worst_sigmoid < test_within(2));
  CHECK(worst_softplus < test_within(2));
}

static void special_arguments(void) {
  CHECK(crow_sigmoid(0) == 0.5);
  CHECK(crow_sigmoid(-0.0) == 0.5);
  CHECK(crow_softplus(0) == 0x1.62e42fefa39efp-1); /* log 2 */
  CHECK(crow_sigmoid(1e308) == 1);
  CHECK(crow_sigmoid(-1e308) < 1e-307 && crow_sigmoid(-1e308) >= 0);
  CHECK(crow_softplus(1e308) == 1e308);
  CHECK(crow_softplus(-1e308) < 1e-307 && crow_softplus(-1e308) >= 0);
  CHECK_NEAR(crow_sigmoid(40) + crow_sigmoid(-40), 1, 0);
}

enum { CELLS = 40 };

static void fill(crow_cell *cell, int32_t *first, int32_t *second, double *share, uint32_t *judgements) {
  for (int64_t x = 0; x < CELLS; x++) {
    double u[3];
    crow_random_uniform(4, CROW_STREAM_TEST, (uint64_t)x, u, 3);
    cell[x] = (crow_cell){80 * (u[0] - 0.5) * u[1], pow(10, -15 * u[2]), ldexp(1, (int)(40 + 10 * u[1])), 0};
  }
  for (int64_t k = 0; k < CROW_BLOCK; k++) {
    double u[3];
    crow_random_uniform(5, CROW_STREAM_TEST, (uint64_t)k, u, 3);
    first[k] = (int32_t)(u[0] * (CELLS - 1));
    second[k] = first[k] + 1;
    share[k] = k % 5 == 0 ? 0 : k % 5 == 1 ? 1 : u[1];
    judgements[k] = 1 + (uint32_t)(u[2] * 10);
  }
}

/* A block of pairs with every instruction set of this machine: same bits in sums and value. */
static void instruction_sets_agree_to_the_bit(void) {
  int32_t first[CROW_BLOCK], second[CROW_BLOCK];
  double share[CROW_BLOCK];
  uint32_t judgements[CROW_BLOCK];
  crow_cell expected[CELLS], cell[CELLS];
  static crow_wide_cell expected_wide[CELLS], wide[CELLS];
  double of_pair[CROW_BLOCK];
  crow_random_uniform(7, CROW_STREAM_TEST, 0, of_pair, CROW_BLOCK);
  for (int x = 0; x < CELLS; x++) {
    expected_wide[x] = (crow_wide_cell){{0}, {0}};
    crow_random_uniform(8, CROW_STREAM_TEST, (uint64_t)x, expected_wide[x].value, CROW_PAIR_COLUMNS);
    for (int c = 0; c < CROW_PAIR_COLUMNS; c += 2) expected_wide[x].value[c] *= -1;
    wide[x] = expected_wide[x];
  }
  const int64_t counts[] = {0, 1, 7, 8, 9, 500, CROW_BLOCK};
  for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
    for (int with_judgements = 0; with_judgements < 2; with_judgements++) {
      fill(expected, first, second, share, judgements);
      const crow_pair_block block = {counts[c], first, second, share, with_judgements ? judgements : NULL};
      const double value = crow_pair_kernel_get(CROW_ISA_PORTABLE)(expected, &block);
      for (crow_isa isa = CROW_ISA_AVX2; isa < CROW_ISA_COUNT; isa++) {
        crow_pair_kernel *kernel = crow_pair_kernel_get(isa);
        if (!kernel) continue;
        fill(cell, first, second, share, judgements);
        CHECK(kernel(cell, &block) == value);
        CHECK(memcmp(cell, expected, sizeof cell) == 0);
      }
      fill(expected, first, second, share, judgements);
      crow_slope_kernel_get(CROW_ISA_PORTABLE)(expected, &block);
      for (crow_isa isa = CROW_ISA_AVX2; isa < CROW_ISA_COUNT; isa++) {
        crow_slope_kernel *kernel = crow_slope_kernel_get(isa);
        if (!kernel) continue;
        fill(cell, first, second, share, judgements);
        kernel(cell, &block);
        CHECK(memcmp(cell, expected, sizeof cell) == 0);
      }
      for (int x = 0; x < CELLS; x++) memset(expected_wide[x].sum, 0, sizeof expected_wide[x].sum);
      crow_wide_kernel_get(CROW_ISA_PORTABLE)(expected, expected_wide, &block, of_pair, -1);
      for (crow_isa isa = CROW_ISA_AVX2; isa < CROW_ISA_COUNT; isa++) {
        if (!crow_wide_kernel_get(isa)) continue;
        for (int x = 0; x < CELLS; x++) memset(wide[x].sum, 0, sizeof wide[x].sum);
        crow_wide_kernel_get(isa)(expected, wide, &block, of_pair, -1);
        CHECK(memcmp(wide, expected_wide, sizeof wide) == 0);
      }
    }
  }
}

/* The block's sums against their definition. */
static void a_block_adds_what_the_equations_say(void) {
  int32_t first[CROW_BLOCK], second[CROW_BLOCK];
  double share[CROW_BLOCK];
  uint32_t judgements[CROW_BLOCK];
  crow_cell cell[CELLS];
  long double value = 0, sum[CELLS] = {0};
  fill(cell, first, second, share, judgements);
  for (int k = 0; k < CROW_BLOCK; k++) {
    const crow_cell *x = &cell[first[k]], *y = &cell[second[k]];
    const long double d = (long double)x->reward - y->reward, c = judgements[k], p = share[k];
    const long double sigmoid = 1 / (1 + expl(-d)), softplus = (d > 0 ? d : 0) + log1pl(expl(-fabsl(d)));
    value += c * x->weight * y->weight * (softplus - p * d);
    sum[first[k]] += c * y->weight * x->unit * (sigmoid - p);
    sum[second[k]] -= c * x->weight * y->unit * (sigmoid - p);
  }
  const crow_pair_block block = {CROW_BLOCK, first, second, share, judgements};
  CHECK_NEAR(crow_pair_kernel_get(crow_isa_best())(cell, &block), (double)value, 1e-14 * (double)fabsl(value));
  for (int x = 0; x < CELLS; x++) CHECK_NEAR((double)cell[x].sum, (double)sum[x], 16 + 1e-14 * (double)fabsl(sum[x]));
}

int main(int argc, char **argv) {
  const crow_test tests[] = {
      {"sigma and softplus are within 2 ulp", sigmoid_and_softplus_are_within_2_ulp},
      {"sigma and softplus at zero and far out", special_arguments},
      {"all instruction sets give the same bits", instruction_sets_agree_to_the_bit},
      {"a block adds what the equations say", a_block_adds_what_the_equations_say},
      {NULL, NULL},
  };
  return crow_test_main(argc, argv, "sigmoid", tests, false);
}
