/* SPDX-License-Identifier: Apache-2.0 */
/* A random order of a pool's rows that needs no memory: a Feistel network permutes the numbers of twice `half` bits,
 * and a number that is no row is sent through again until it is one (cycle walking; Black and Rogaway 2002). The
 * rounds' function is Philox. */
#include "space/space_impl.h"

enum { FEISTEL_ROUNDS = 8 };

static uint64_t feistel(uint64_t seed, int half, uint64_t value) {
  const uint64_t mask = (UINT64_C(1) << half) - 1;
  uint64_t left = value >> half, right = value & mask;
  for (uint64_t round = 0; round < FEISTEL_ROUNDS; round++) {
    uint32_t words[1];
    crow_random_words(seed, CROW_STREAM_SAMPLE, round << 32 | right, words, 1);
    const uint64_t next = left ^ (words[0] & mask);
    left = right;
    right = next;
  }
  return left << half | right;
}

crow_gidx crow_space_permuted(uint64_t seed, crow_gidx rows, crow_gidx number) {
  int half = 1;
  while (half < 31 && (INT64_C(1) << 2 * half) < rows) half++;
  uint64_t value = (uint64_t)number;
  do value = feistel(seed, half, value);
  while (value >= (uint64_t)rows);
  return (crow_gidx)value;
}
