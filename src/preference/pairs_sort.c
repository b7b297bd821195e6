/* SPDX-License-Identifier: Apache-2.0 */
/* A stable sample sort. Stability is what makes sums over the comparisons of a pair have the same bits for any number
 * of ranks: they are always added in the order in which the comparisons were given. */
#include "preference/pairs_impl.h"
#include <stdlib.h>
#include <string.h>

enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS, SAMPLES = 128 };

static size_t digit(uint64_t key, int shift) { return (size_t)(key >> shift & (DIGITS - 1)); }

crow_status crow_records_sort(crow_record *records, int64_t count, uint64_t greatest_key) {
  crow_status status = CROW_OK;
  crow_record *scratch = NULL;
  CROW_TRY(CROW_ALLOCATE_RAW(&scratch, count));
  crow_record *from = records, *to = scratch;
  for (int shift = 0; shift < 64 && greatest_key >> shift; shift += DIGIT_BITS) {
    int64_t start[DIGITS + 1] = {0};
    for (int64_t i = 0; i < count; i++) start[digit(from[i].key, shift) + 1]++;
    for (int k = 0; k < DIGITS; k++) start[k + 1] += start[k];
    for (int64_t i = 0; i < count; i++) to[start[digit(from[i].key, shift)]++] = from[i];
    crow_record *swap = from;
    from = to;
    to = swap;
  }
  if (from != records && count) memcpy(records, from, (size_t)count * sizeof *records);
cleanup:
  crow_free(scratch);
  return status;
}

/* A key that stands for `weight` records. */
typedef struct sample {
  uint64_t key;
  int64_t weight;
} sample;

static int by_key(const void *a, const void *b) {
  const uint64_t x = ((const sample *)a)->key, y = ((const sample *)b)->key;
  return (x > y) - (x < y);
}

/* Keys that cut the records of all ranks into `size` parts of about equal length: part k holds the keys >=
 * splitter[k - 1] and < splitter[k]. */
static crow_status choose_splitters(const crow_comm *comm, const crow_record *sorted, int64_t count,
                                    uint64_t *splitter) {
  crow_status status = CROW_OK;
  const int size = crow_comm_size(comm);
  sample mine[SAMPLES], *all = NULL;
  for (int64_t k = 0; k < SAMPLES; k++) {
    const int64_t at = count / SAMPLES * k + count % SAMPLES * k / SAMPLES;
    mine[k] = (sample){count ? sorted[at].key : 0, count};
  }
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&all, (int64_t)size * SAMPLES));
  CROW_TRY(crow_comm_gather(comm, mine, all, (int64_t)sizeof mine));
  qsort(all, (size_t)size * SAMPLES, sizeof *all, by_key);
  int64_t total = 0, passed = 0;
  for (int k = 0; k < size * SAMPLES; k++) total += all[k].weight;
  int part = 1;
  for (int k = 0; k < size * SAMPLES; k++) {
    passed += all[k].weight;
    while (part < size && passed > total / size * part) splitter[part++ - 1] = all[k].key;
  }
  while (part < size) splitter[part++ - 1] = UINT64_MAX;
cleanup:
  crow_free(all);
  return status;
}

/* First of the sorted records with key >= `key`. */
static int64_t lower_bound(const crow_record *sorted, int64_t count, uint64_t key) {
  int64_t low = 0, high = count;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (sorted[middle].key < key)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

crow_status crow_records_send(const crow_comm *comm, const int64_t *cut, crow_record **records, int64_t *count) {
  crow_status status = CROW_OK;
  const int size = crow_comm_size(comm);
  int64_t *send = NULL, *receive = NULL;
  void *received = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&send, size));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&receive, size));
  for (int r = 0; r < size; r++) send[r] = cut[r + 1] - cut[r];
  CROW_TRY(crow_comm_exchange(comm, *records, send, sizeof **records, &received, receive));
  crow_free(*records);
  *records = received;
  *count = 0;
  for (int r = 0; r < size; r++) *count += receive[r];
cleanup:
  crow_free(send);
  crow_free(receive);
  return status;
}

crow_status crow_records_sort_all(const crow_comm *comm, uint64_t greatest_key, crow_record **records, int64_t *count) {
  crow_status status = CROW_OK;
  const int size = crow_comm_size(comm);
  uint64_t *splitter = NULL;
  int64_t *cut = NULL;
  CROW_TRY_AGREE(comm, crow_records_sort(*records, *count, greatest_key));
  if (size > 1) {
    CROW_TRY_AGREE(comm, CROW_ALLOCATE(&splitter, size));
    CROW_TRY_AGREE(comm, CROW_ALLOCATE(&cut, size + 1));
    CROW_TRY(choose_splitters(comm, *records, *count, splitter));
    for (int r = 1; r < size; r++) cut[r] = lower_bound(*records, *count, splitter[r - 1]);
    cut[size] = *count;
    CROW_TRY(crow_records_send(comm, cut, records, count));
    CROW_TRY_AGREE(comm, crow_records_sort(*records, *count, greatest_key));
  }
cleanup:
  crow_free(splitter);
  crow_free(cut);
  return status;
}

crow_status crow_records_rebalance(const crow_comm *comm, const crow_partition *partition, crow_record **records,
                                   int64_t count) {
  crow_status status = CROW_OK;
  const int size = crow_comm_size(comm);
  int64_t *cut = NULL, offset = 0;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&cut, size + 1));
  CROW_TRY(crow_comm_offset_i64(comm, count, &offset));
  for (int r = 0; r <= size; r++) {
    const int64_t begin = crow_partition_begin(partition, r) - offset;
    cut[r] = begin < 0 ? 0 : begin < count ? begin : count;
  }
  CROW_TRY(crow_records_send(comm, cut, records, &count));
cleanup:
  crow_free(cut);
  return status;
}
