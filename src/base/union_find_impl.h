/* SPDX-License-Identifier: Apache-2.0 */
/* Union-find over the numbers 0 .. n - 1: parent[x] <= x always, and a root is its own parent. Local. */
#ifndef CROW_BASE_UNION_FIND_IMPL_H
#define CROW_BASE_UNION_FIND_IMPL_H

#include <stdint.h>

/* The root of x; path halving keeps the trees flat. */
static inline int32_t crow_union_find(int32_t *parent, int32_t x) {
  while (parent[x] != x) {
    parent[x] = parent[parent[x]];
    x = parent[x];
  }
  return x;
}

/* The smaller root wins. */
static inline void crow_union_join(int32_t *parent, int32_t x, int32_t y) {
  x = crow_union_find(parent, x);
  y = crow_union_find(parent, y);
  if (x < y)
    parent[y] = x;
  else
    parent[x] = y;
}

#endif
