/* SPDX-License-Identifier: Apache-2.0 */
/* Equal contexts have equal weights. They are tied in every sample, but a sample is not always divisible by their
 * number, and the remainder goes to some of them; so at the end each gets the mean of what they have together. They may
 * lie anywhere: contexts meet by their hash on the rank that it names. */
#include "weights/sampling_impl.h"
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* An alternative: two hashes of its context, and its counts. */
typedef struct equal_record {
  uint64_t hash[2];
  int64_t hits, squares;
} equal_record;

typedef struct equal_mean {
  int64_t size; /* alternatives with this context */
  double hits, squares;
} equal_mean;

/* Hashes of this slice's contexts as doubles, `which` of the two. The other groups hold the same ones. */
static crow_status hash_slice(const crow_sampling *s, int which, int64_t *hash) {
  crow_status status = CROW_OK;
  const crow_gidx d = s->dimensions;
  double *row = NULL;
  CROW_TRY(CROW_ALLOCATE_RAW(&row, d));
  for (crow_gidx i = 0; i < s->slice.count; i++) {
    for (crow_gidx k = 0; k < d; k++) {
      const crow_gidx at = i * d + k;
      row[k] =
          s->precision == CROW_SINGLE ? (double)((const float *)s->contexts)[at] : ((const double *)s->contexts)[at];
      row[k] += 0.0; /* -0 and 0 are the same place */
    }
    hash[i] = s->grid.group == 0 ? (int64_t)XXH3_64bits_withSeed(row, (size_t)d * sizeof *row, (XXH64_hash_t)which) : 0;
  }
cleanup:
  crow_free(row);
  return status;
}

static int by_hash(const void *left, const void *right) {
  const equal_record *a = *(const equal_record *const *)left, *b = *(const equal_record *const *)right;
  for (int k = 0; k < 2; k++) {
    if (a->hash[k] != b->hash[k]) return a->hash[k] < b->hash[k] ? -1 : 1;
  }
  return 0;
}

/* The means of all records with the same hashes. */
static crow_status take_means(const equal_record *record, int64_t count, equal_mean *mean) {
  crow_status status = CROW_OK;
  const equal_record **sorted = NULL;
  CROW_TRY(CROW_ALLOCATE_RAW(&sorted, count));
  for (int64_t i = 0; i < count; i++) sorted[i] = &record[i];
  if (count) qsort(sorted, (size_t)count, sizeof(const equal_record *), by_hash);
  for (int64_t begin = 0, end; begin < count; begin = end) {
    int64_t hits = 0, squares = 0;
    for (end = begin; end < count && by_hash(&sorted[end], &sorted[begin]) == 0; end++) {
      hits += sorted[end]->hits;
      squares += sorted[end]->squares;
    }
    const double size = (double)(end - begin);
    for (int64_t i = begin; i < end; i++) {
      mean[sorted[i] - record] =
          (equal_mean){.size = end - begin, .hits = (double)hits / size, .squares = (double)squares / size};
    }
  }
cleanup:
  crow_free(sorted);
  return status;
}

/* This rank's alternatives as records, packed by the rank that they go to: alternative `at[k]` is the k-th. */
static crow_status equal_pack(const crow_sampling *s, const crow_weights *w, const int64_t *const hash[2], int size,
                              int64_t *send_count, int64_t *at, equal_record *record) {
  crow_status status = CROW_OK;
  const crow_gidx n = w->partition.count;
  int64_t *next = NULL;
  CROW_TRY(CROW_ALLOCATE(&next, size + 1));
  for (crow_gidx i = 0; i < n; i++) send_count[(uint64_t)hash[0][i] % (uint64_t)size]++;
  for (int rank = 0; rank < size; rank++) next[rank + 1] = next[rank] + send_count[rank];
  for (crow_gidx i = 0; i < n; i++) {
    const int64_t k = next[(uint64_t)hash[0][i] % (uint64_t)size]++;
    at[k] = i;
    record[k] = (equal_record){{(uint64_t)hash[0][i], (uint64_t)hash[1][i]}, w->hits[i], s->squares[i]};
  }
cleanup:
  crow_free(next);
  return status;
}

/* Sends the records to the ranks that their hashes name, and their means back. */
static crow_status meet(const crow_comm *comm, const equal_record *record, const int64_t *send_count,
                        equal_mean **mean) {
  crow_status status = CROW_OK;
  const int size = crow_comm_size(comm);
  int64_t *count = NULL, *back = NULL, total = 0;
  equal_record *received = NULL;
  equal_mean *theirs = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&count, size));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&back, size));
  CROW_TRY(crow_comm_exchange(comm, record, send_count, sizeof *record, (void **)&received, count));
  for (int rank = 0; rank < size; rank++) total += count[rank];
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&theirs, total));
  CROW_TRY_AGREE(comm, take_means(received, total, theirs));
  CROW_TRY(crow_comm_exchange(comm, theirs, count, sizeof *theirs, (void **)mean, back));
cleanup:
  crow_free(count);
  crow_free(back);
  crow_free(received);
  crow_free(theirs);
  return status;
}

crow_status crow_weights_equalise(const crow_comm *comm, const crow_sampling *s, double pseudo_count,
                                  crow_weights *out) {
  crow_status status = CROW_OK;
  const crow_gidx n = out->partition.count;
  int64_t *slice = NULL, *hash[2] = {NULL, NULL}, *send_count = NULL, *at = NULL;
  equal_record *record = NULL;
  equal_mean *mean = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&slice, s->slice.count));
  for (int which = 0; which < 2; which++) {
    CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&hash[which], n));
    CROW_TRY_AGREE(comm, hash_slice(s, which, slice));
    CROW_TRY(crow_tally_redistribute(comm, &s->grid, &s->slice, slice, &out->partition, hash[which]));
  }
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&send_count, crow_comm_size(comm)));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&at, n));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&record, n));
  CROW_TRY_AGREE(comm, equal_pack(s, out, (const int64_t *const *)hash, crow_comm_size(comm), send_count, at, record));
  CROW_TRY(meet(comm, record, send_count, &mean));
  for (crow_gidx k = 0; k < n; k++) {
    if (mean[k].size > 1) crow_tally_weigh(mean[k].hits, mean[k].squares, s->tally.unit, pseudo_count, at[k], out);
  }
  CROW_TRY(crow_weights_summarise(comm, out));
cleanup:
  crow_free(slice);
  crow_free(hash[0]);
  crow_free(hash[1]);
  crow_free(send_count);
  crow_free(at);
  crow_free(record);
  crow_free(mean);
  return status;
}
