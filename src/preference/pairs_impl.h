/* SPDX-License-Identifier: Apache-2.0 */
/* The distributed sort behind crow_pairs_create(). */
#ifndef CROW_PREFERENCE_PAIRS_IMPL_H
#define CROW_PREFERENCE_PAIRS_IMPL_H

#include <crow/preference.h>
#include <string.h>

/* The order of pairs: alternatives are cut into stretches of 2^side_bits, which cut the pairs into square tiles. Tiles
 * come in Morton order (the bits of both stretches' numbers interleaved), pairs within a tile by (first, second). So a
 * contiguous slice of dense pairs concerns few alternatives - of P slices each about sqrt(2/P) of them - and those of a
 * tile stay in cache. A side is longer where tiles would be so sparse that a row of one held less than a pair, up to a
 * single tile: pairs by (first, second). */
typedef struct crow_pair_order {
  int side_bits;
  uint64_t greatest_key; /* no pair's key is greater */
} crow_pair_order;
/* The order for so many alternatives and comparisons. Local. */
crow_pair_order crow_pair_order_make(crow_gidx alternatives, crow_gidx comparisons);

/* Puts a zero before each of the low 32 bits. */
static inline uint64_t crow_spread_bits(uint64_t x) {
  x = (x | x << 16) & UINT64_C(0x0000ffff0000ffff);
  x = (x | x << 8) & UINT64_C(0x00ff00ff00ff00ff);
  x = (x | x << 4) & UINT64_C(0x0f0f0f0f0f0f0f0f);
  x = (x | x << 2) & UINT64_C(0x3333333333333333);
  return (x | x << 1) & UINT64_C(0x5555555555555555);
}

/* The reverse; odd bits of `x` do not count. */
static inline uint64_t crow_gather_bits(uint64_t x) {
  x &= UINT64_C(0x5555555555555555);
  x = (x | x >> 1) & UINT64_C(0x3333333333333333);
  x = (x | x >> 2) & UINT64_C(0x0f0f0f0f0f0f0f0f);
  x = (x | x >> 4) & UINT64_C(0x00ff00ff00ff00ff);
  x = (x | x >> 8) & UINT64_C(0x0000ffff0000ffff);
  return (x | x >> 16) & UINT64_C(0x00000000ffffffff);
}

/* Keys ascend in this order; first, second < 2^31. */
static inline uint64_t crow_pair_key(crow_pair_order order, uint64_t first, uint64_t second) {
  const int s = order.side_bits;
  const uint64_t inside = (UINT64_C(1) << s) - 1;
  const uint64_t tile = crow_spread_bits(first >> s) << 1 | crow_spread_bits(second >> s);
  return tile << 2 * s | (first & inside) << s | (second & inside);
}
/* The key of a comparison's pair, whose first is the lower of the two; without a branch that nobody could foretell. */
static inline uint64_t crow_comparison_key(crow_pair_order order, int32_t x, int32_t y) {
  const int32_t low = x < y ? x : y, high = x < y ? y : x;
  return crow_pair_key(order, (uint64_t)low, (uint64_t)high);
}
static inline void crow_pair_of_key(crow_pair_order order, uint64_t key, int32_t *first, int32_t *second) {
  const int s = order.side_bits;
  const uint64_t inside = (UINT64_C(1) << s) - 1, tile = key >> 2 * s;
  *first = (int32_t)(crow_gather_bits(tile >> 1) << s | (key >> s & inside));
  *second = (int32_t)(crow_gather_bits(tile) << s | (key & inside));
}

/* One comparison. */
typedef struct crow_record {
  uint64_t key;       /* crow_pair_key(), with first < second */
  double wins;        /* judgements that `first` won */
  int64_t judgements; /* judgements in all */
} crow_record;

/* A comparison that is one judgement, won, lost or tied, is a key alone: the pair's, and in its lowest bits the half
 * wins of `first`. */
enum { CROW_PLAIN_BITS = 2 };

/* Comparisons on the way to their pairs. */
typedef struct crow_records {
  void *data; /* owned */
  int64_t count;
  size_t bytes; /* of each: of crow_record, or of a key alone */
  int shift;    /* a record's key, shifted by so much, is its pair's */
} crow_records;

static inline uint64_t crow_records_key(const crow_records *records, int64_t i) {
  uint64_t key;
  memcpy(&key, (const char *)records->data + (size_t)i * records->bytes, sizeof key);
  return key;
}
static inline uint64_t crow_records_pair(const crow_records *records, int64_t i) {
  return crow_records_key(records, i) >> records->shift;
}

/* Sorts the records of all ranks: afterwards the keys ascend over the ranks, no pair is on two of them, and
 * records of equal key are in their former order. Collective. */
crow_status crow_records_sort(const crow_comm *comm, uint64_t greatest_key, crow_records *records);
/* How many pairs the sorted records of this rank are of. Local. */
int64_t crow_records_pairs(const crow_records *records);
/* Moves sorted records to the ranks that the slices of all ranks' pairs belong to. Collective. */
crow_status crow_records_move(const crow_comm *comm, const crow_partition *pairs, crow_records *records);
void crow_records_free(crow_records *records);

/* This rank's slice of a dataset's comparisons, checked; where some are selected, only those. */
typedef struct crow_comparisons {
  crow_partition slice;
  int32_t *first, *second;
  double *outcome;
  int64_t *count; /* NULL where the dataset has no counts: all are 1 */
  crow_gidx *row; /* of each in the file; NULL: slice.begin and on, all that the slice has */
} crow_comparisons;
/* The row of the file that comparison `i` of the slice is. */
static inline crow_gidx crow_comparisons_row(const crow_comparisons *read, int64_t i) {
  return read->row ? read->row[i] : read->slice.begin + i;
}
crow_status crow_comparisons_read(const crow_comm *comm, const crow_dataset *dataset, crow_comparisons *out);
void crow_comparisons_free(crow_comparisons *comparisons);
/* crow_pairs_create() of them, with the file's name in messages. Collective. */
crow_status crow_comparisons_pair(const crow_comm *comm, const crow_dataset *dataset, const crow_comparisons *read,
                                  crow_pairs *out);
/* Refuses the first comparison of alternatives of different prompts, by name. Collective. */
crow_status crow_comparisons_check_prompts(const crow_comm *comm, const crow_dataset *dataset,
                                           const crow_comparisons *read);

/* Connected components of the graph whose edges are the ranks' pairs, and how many of them are single vertices.
 * Collective. */
crow_status crow_components_count(const crow_comm *comm, crow_gidx vertices, int64_t edges, const int32_t *first,
                                  const int32_t *second, crow_gidx *components, crow_gidx *singles);

/* Allocates this rank's slice of pairs whose partition is set. Free it also after an error. Local. */
crow_status crow_pairs_allocate(crow_pairs *pairs);

#endif
