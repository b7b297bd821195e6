/* SPDX-License-Identifier: Apache-2.0 */
#include "preference/pairs_impl.h"
#include <math.h>

/* Alternatives of a tile's side, at least: what a pass over pairs holds of two sides fits the second-level cache. */
enum { SIDE_BITS_LEAST = 13 };

crow_pair_order crow_pair_order_make(crow_gidx alternatives, crow_gidx comparisons) {
  const crow_gidx degree = alternatives > 0 ? 2 * comparisons / alternatives : 0;
  crow_pair_order order = {0, 0};
  while (order.side_bits < 31 && INT64_C(1) << order.side_bits < alternatives &&
         (order.side_bits < SIDE_BITS_LEAST || alternatives >> order.side_bits >= degree)) {
    order.side_bits++;
  }
  const uint64_t last = alternatives > 0 ? (uint64_t)alternatives - 1 : 0;
  order.greatest_key = crow_pair_key(order, last, last);
  return order;
}

/* Puts a zero before each of the low 32 bits. */
static uint64_t spread_bits(uint64_t x) {
  x = (x | x << 16) & UINT64_C(0x0000ffff0000ffff);
  x = (x | x << 8) & UINT64_C(0x00ff00ff00ff00ff);
  x = (x | x << 4) & UINT64_C(0x0f0f0f0f0f0f0f0f);
  x = (x | x << 2) & UINT64_C(0x3333333333333333);
  return (x | x << 1) & UINT64_C(0x5555555555555555);
}

/* The reverse; odd bits of `x` do not count. */
static uint64_t gather_bits(uint64_t x) {
  x &= UINT64_C(0x5555555555555555);
  x = (x | x >> 1) & UINT64_C(0x3333333333333333);
  x = (x | x >> 2) & UINT64_C(0x0f0f0f0f0f0f0f0f);
  x = (x | x >> 4) & UINT64_C(0x00ff00ff00ff00ff);
  x = (x | x >> 8) & UINT64_C(0x0000ffff0000ffff);
  return (x | x >> 16) & UINT64_C(0x00000000ffffffff);
}

uint64_t crow_pair_key(crow_pair_order order, uint64_t first, uint64_t second) {
  const int s = order.side_bits;
  const uint64_t inside = (UINT64_C(1) << s) - 1;
  const uint64_t tile = spread_bits(first >> s) << 1 | spread_bits(second >> s);
  return tile << 2 * s | (first & inside) << s | (second & inside);
}

void crow_pair_of_key(crow_pair_order order, uint64_t key, int32_t *first, int32_t *second) {
  const int s = order.side_bits;
  const uint64_t inside = (UINT64_C(1) << s) - 1, tile = key >> 2 * s;
  *first = (int32_t)(gather_bits(tile >> 1) << s | (key >> s & inside));
  *second = (int32_t)(gather_bits(tile) << s | (key & inside));
}

double crow_pairs_reach(crow_gidx alternatives, crow_gidx comparisons, int ranks) {
  const crow_pair_order order = crow_pair_order_make(alternatives, comparisons);
  const double stretches = ceil(ldexp((double)alternatives, -order.side_bits));
  /* A square of the P-th part of half the tiles has two sides of 1 / sqrt(2 P) of them; Morton's slices are not square:
   * up to 1.9 times that was found with 4 to 256 stretches and 2 to 1024 ranks. */
  return fmin(1, fmax(1.9 * sqrt(2.0 / ranks), 2 / fmax(1, stretches)));
}
