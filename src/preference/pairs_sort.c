/* SPDX-License-Identifier: Apache-2.0 */
/* A stable sample sort. Stability is what makes sums over the comparisons of a pair have the same bits for any number
 * of ranks: they are always added in the order in which the comparisons were given. */
#include "preference/pairs_impl.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DIGIT_BITS = 12, DIGITS = 1 << DIGIT_BITS, PASSES = (64 + DIGIT_BITS - 1) / DIGIT_BITS, SAMPLES = 256 };

/* How a key is read: as few digits as can be, all as short as can be. */
typedef struct radix {
  int passes, bits;
} radix;

static radix radix_for(uint64_t greatest_key) {
  int bits = 0;
  while (bits < 64 && greatest_key >> bits) bits++;
  const int passes = (bits + DIGIT_BITS - 1) / DIGIT_BITS;
  return (radix){passes, passes ? (bits + passes - 1) / passes : 0};
}

static inline size_t digit(radix r, uint64_t key, int pass) {
  return (size_t)(key >> pass * r.bits & ((UINT64_C(1) << r.bits) - 1));
}

/* Where in the sorted order the records of each digit begin, for every pass. */
static void find_starts(const crow_records *records, radix r, int64_t start[][DIGITS]) {
  memset(start, 0, (size_t)r.passes * sizeof *start);
  for (int64_t i = 0; i < records->count; i++) {
    const uint64_t key = crow_records_key(records, i);
    for (int pass = 0; pass < r.passes; pass++) start[pass][digit(r, key, pass)]++;
  }
  for (int pass = 0; pass < r.passes; pass++) {
    int64_t passed = 0;
    for (int k = 0; k < DIGITS; k++) {
      const int64_t here = start[pass][k];
      start[pass][k] = passed;
      passed += here;
    }
  }
}

/* One pass; `bytes` is a constant where this is called, so that a record is copied by a few instructions. */
static inline void pairs_sort_scatter(const crow_records *records, size_t bytes, radix r, int pass, int64_t *start,
                                      char *to) {
  const char *from = records->data;
  for (int64_t i = 0; i < records->count; i++, from += bytes) {
    uint64_t key;
    memcpy(&key, from, sizeof key);
    memcpy(to + (size_t)start[digit(r, key, pass)]++ * bytes, from, bytes);
  }
}

static crow_status sort(crow_records *records, uint64_t greatest_key) {
  crow_status status = CROW_OK;
  const radix r = radix_for(greatest_key);
  void *scratch = NULL;
  int64_t(*start)[DIGITS] = NULL;
  CROW_TRY(crow_allocate_raw(records->count, records->bytes, &scratch));
  CROW_TRY(CROW_ALLOCATE_RAW(&start, PASSES));
  find_starts(records, r, start);
  for (int pass = 0; pass < r.passes; pass++) {
    if (records->bytes == sizeof(uint64_t))
      pairs_sort_scatter(records, sizeof(uint64_t), r, pass, start[pass], scratch);
    else
      pairs_sort_scatter(records, sizeof(crow_record), r, pass, start[pass], scratch);
    void *const swap = records->data;
    records->data = scratch;
    scratch = swap;
  }
cleanup:
  CROW_FREE(scratch, start);
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

/* A record of the k-th of SAMPLES equal stretches of the records, anywhere in it: comparisons may well repeat, as where
 * every annotator was asked the same, and a fixed place in each stretch could meet one pair only. */
static int64_t sampled(int64_t count, uint64_t rank, int64_t k) {
  uint32_t word;
  crow_random_words(0, CROW_STREAM_SORT, rank * SAMPLES + (uint64_t)k, &word, 1);
  const int64_t begin = count / SAMPLES * k + count % SAMPLES * k / SAMPLES, next = k + 1;
  const int64_t end = count / SAMPLES * next + count % SAMPLES * next / SAMPLES;
  return begin + (int64_t)(ldexp((double)word, -32) * (double)(end - begin));
}

/* Pairs that cut the records of all ranks into `size` parts of about equal length: part k holds the pairs >=
 * splitter[k - 1] and < splitter[k]. */
static crow_status choose_splitters(const crow_comm *comm, const crow_records *records, uint64_t *splitter) {
  crow_status status = CROW_OK;
  const int size = crow_comm_size(comm);
  const int64_t count = records->count;
  sample mine[SAMPLES], *all = NULL;
  for (int64_t k = 0; k < SAMPLES; k++) {
    const int64_t at = sampled(count, (uint64_t)crow_comm_rank(comm), k);
    mine[k] = (sample){count ? crow_records_pair(records, at) : 0, count};
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

/* The part that a pair is in: how many splitters are not above it. Without a branch that nobody could foretell. */
static inline int part_of(const uint64_t *splitter, int count, uint64_t pair) {
  const uint64_t *from = splitter;
  while (count > 1) {
    const int half = count / 2;
    from += (from[half - 1] <= pair) * half;
    count -= half;
  }
  return (int)(from - splitter) + (count == 1 && *from <= pair);
}

/* Copies every record to where its part goes on; `bytes` is a constant where this is called. */
static inline void scatter_parts(const crow_records *records, size_t bytes, const uint64_t *splitter, int splitters,
                                 int64_t *at, char *to) {
  const char *from = records->data;
  for (int64_t i = 0; i < records->count; i++, from += bytes) {
    uint64_t key;
    memcpy(&key, from, sizeof key);
    memcpy(to + (size_t)at[part_of(splitter, splitters, key >> records->shift)]++ * bytes, from, bytes);
  }
}

/* Brings the records of each part together, in their former order; part r is [cut[r], cut[r + 1]) then. */
static crow_status part_records(const uint64_t *splitter, int size, crow_records *records, int64_t *cut) {
  crow_status status = CROW_OK;
  void *parted = NULL;
  int64_t *at = NULL;
  CROW_TRY(crow_allocate_raw(records->count, records->bytes, &parted));
  CROW_TRY(CROW_ALLOCATE(&at, size));
  for (int64_t i = 0; i < records->count; i++) at[part_of(splitter, size - 1, crow_records_pair(records, i))]++;
  cut[0] = 0;
  for (int r = 0; r < size; r++) {
    cut[r + 1] = cut[r] + at[r];
    at[r] = cut[r];
  }
  if (records->bytes == sizeof(uint64_t))
    scatter_parts(records, sizeof(uint64_t), splitter, size - 1, at, parted);
  else
    scatter_parts(records, sizeof(crow_record), splitter, size - 1, at, parted);
  crow_free(records->data);
  records->data = parted;
  parted = NULL;
cleanup:
  CROW_FREE(parted, at);
  return status;
}

/* Sends records [cut[r], cut[r + 1]) to each rank r; what arrives, in the senders' order, takes their place. */
static crow_status send_records(const crow_comm *comm, const int64_t *cut, crow_records *records) {
  crow_status status = CROW_OK;
  const int size = crow_comm_size(comm);
  int64_t *send = NULL, *receive = NULL;
  void *received = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_EACH(size, &send, &receive));
  for (int r = 0; r < size; r++) send[r] = cut[r + 1] - cut[r];
  CROW_TRY(crow_comm_exchange(comm, records->data, send, records->bytes, &received, receive));
  crow_free(records->data);
  records->data = received;
  records->count = 0;
  for (int r = 0; r < size; r++) records->count += receive[r];
cleanup:
  CROW_FREE(send, receive);
  return status;
}

crow_status crow_records_sort(const crow_comm *comm, uint64_t greatest_key, crow_records *records) {
  crow_status status = CROW_OK;
  const int size = crow_comm_size(comm);
  uint64_t *splitter = NULL;
  int64_t *cut = NULL;
  if (size > 1) {
    CROW_TRY_AGREE(comm, CROW_ALLOCATE(&splitter, size));
    CROW_TRY_AGREE(comm, CROW_ALLOCATE(&cut, size + 1));
    CROW_TRY(choose_splitters(comm, records, splitter));
    CROW_TRY_AGREE(comm, part_records(splitter, size, records, cut));
    CROW_TRY(send_records(comm, cut, records));
  }
  CROW_TRY_AGREE(comm, sort(records, greatest_key));
cleanup:
  CROW_FREE(splitter, cut);
  return status;
}

int64_t crow_records_pairs(const crow_records *records) {
  int64_t distinct = 0;
  uint64_t last = UINT64_MAX; /* no pair */
  for (int64_t i = 0; i < records->count; i++) {
    const uint64_t pair = crow_records_pair(records, i);
    distinct += pair != last;
    last = pair;
  }
  return distinct;
}

crow_status crow_records_move(const crow_comm *comm, const crow_partition *pairs, crow_records *records) {
  crow_status status = CROW_OK;
  const int size = crow_comm_size(comm);
  int64_t *cut = NULL, at = 0, i = 0;
  if (size == 1) return CROW_OK; /* they are where they belong */
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&cut, size + 1));
  CROW_TRY(crow_comm_offset_i64(comm, crow_records_pairs(records), &at));
  for (int rank = 0; rank < size; rank++) {
    const crow_gidx begin = crow_partition_begin(pairs, rank);
    for (; i < records->count && at < begin; at++) {
      const uint64_t pair = crow_records_pair(records, i);
      while (i < records->count && crow_records_pair(records, i) == pair) i++;
    }
    cut[rank] = i;
  }
  cut[size] = records->count;
  CROW_TRY(send_records(comm, cut, records));
cleanup:
  crow_free(cut);
  return status;
}

void crow_records_free(crow_records *records) {
  crow_free(records->data);
  *records = (crow_records){0};
}
