/* SPDX-License-Identifier: Apache-2.0 */
/* Equal contexts have equal weights. They are tied in every sample, but a sample is not always divisible by their
 * number, and the remainder goes to some of them; so at the end each gets the mean of what they have together. They may
 * lie anywhere: contexts meet by their hash on the rank that it names. */
#include "comm/meet_impl.h"
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
static crow_status take_means(const void *records, int64_t count, void *answers) {
  crow_status status = CROW_OK;
  const equal_record *record = records, **sorted = NULL;
  equal_mean *mean = answers;
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

crow_status crow_weights_equalise(const crow_comm *comm, const crow_sampling *s, double pseudo_count,
                                  crow_weights *out) {
  crow_status status = CROW_OK;
  const crow_gidx n = out->partition.count;
  int64_t *slice = NULL, *hash[2] = {NULL, NULL};
  equal_record *record = NULL;
  equal_mean *mean = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&slice, s->slice.count));
  for (int which = 0; which < 2; which++) {
    CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&hash[which], n));
    CROW_TRY_AGREE(comm, hash_slice(s, which, slice));
    CROW_TRY(crow_tally_redistribute(comm, &s->grid, &s->slice, slice, &out->partition, hash[which]));
  }
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW_EACH(n, &record, &mean));
  for (crow_gidx i = 0; i < n; i++) {
    record[i] = (equal_record){{(uint64_t)hash[0][i], (uint64_t)hash[1][i]}, out->hits[i], s->squares[i]};
  }
  CROW_TRY(crow_comm_meet(comm, n, (const uint64_t *)hash[0], record, sizeof *record, take_means, mean, sizeof *mean));
  for (crow_gidx i = 0; i < n; i++) {
    if (mean[i].size > 1) crow_tally_weigh(mean[i].hits, mean[i].squares, s->tally.unit, pseudo_count, i, out);
  }
  CROW_TRY(crow_weights_summarise(comm, out));
cleanup:
  CROW_FREE(slice, hash[0], hash[1], record, mean);
  return status;
}
