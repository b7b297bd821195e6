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

double crow_pairs_reach(crow_gidx alternatives, crow_gidx comparisons, int ranks) {
  const crow_pair_order order = crow_pair_order_make(alternatives, comparisons);
  const double stretches = ceil(ldexp((double)alternatives, -order.side_bits));
  /* A square of the P-th part of half the tiles has two sides of 1 / sqrt(2 P) of them; Morton's slices are not square:
   * up to 1.9 times that was found with 4 to 256 stretches and 2 to 1024 ranks. */
  return fmin(1, fmax(1.9 * sqrt(2.0 / ranks), 2 / fmax(1, stretches)));
}
