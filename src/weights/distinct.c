/* SPDX-License-Identifier: Apache-2.0 */
/* Which contexts are equal, over all ranks: a rank is in charge of the directions whose hashes it has, whoever holds
 * their contexts. */
#include "comm/meet_impl.h"
#include "space/space_impl.h"
#include "weights/sampling_impl.h"
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* 128 bits of hash: among 10^9 contexts two different ones have the same with a probability of 10^-21. */
typedef struct direction {
  uint64_t low, high;
} direction;

/* How often a direction is among all, and whether this one counts for its kind. */
typedef struct copies {
  int64_t count, first;
} copies;

typedef struct hashing {
  direction *all; /* of this rank's slice, which begins at `first` */
  uint64_t *key;  /* who is in charge of each */
  crow_gidx first;
  double *row; /* (d) work space */
} hashing;

static crow_status visit_hash(void *context, crow_gidx begin, crow_gidx count, crow_gidx d, const double *rows) {
  const hashing *h = context;
  for (crow_gidx i = 0; i < count; i++) {
    memcpy(h->row, rows + i * d, (size_t)d * sizeof *rows);
    (void)crow_space_normalise(h->row, d);
    for (crow_gidx k = 0; k < d; k++) h->row[k] += 0.0; /* -0 and 0 are the same number */
    const XXH128_hash_t hash = XXH3_128bits(h->row, (size_t)d * sizeof *h->row);
    h->all[begin + i - h->first] = (direction){hash.low64, hash.high64};
    h->key[begin + i - h->first] = hash.high64;
  }
  return CROW_OK;
}

static int order_directions(const void *left, const void *right) {
  const direction *a = *(const direction *const *)left, *b = *(const direction *const *)right;
  if (a->low != b->low) return a->low < b->low ? -1 : 1;
  if (a->high != b->high) return a->high < b->high ? -1 : 1;
  return 0;
}

static crow_status count_copies(const void *records, int64_t n, void *answers) {
  crow_status status = CROW_OK;
  const direction *record = records, **list = NULL;
  copies *answer = answers;
  CROW_TRY(CROW_ALLOCATE_RAW(&list, n));
  for (int64_t i = 0; i < n; i++) list[i] = &record[i];
  if (n) qsort(list, (size_t)n, sizeof(const direction *), order_directions);
  for (int64_t begin = 0, end; begin < n; begin = end) {
    for (end = begin + 1; end < n && order_directions(&list[begin], &list[end]) == 0;) end++;
    for (int64_t i = begin; i < end; i++) answer[list[i] - record] = (copies){end - begin, i == begin};
  }
cleanup:
  crow_free(list);
  return status;
}

crow_status crow_weights_of_distinct(const crow_comm *comm, const crow_dataset *dataset, double *weights,
                                     int64_t *distinct) {
  crow_status status = CROW_OK;
  const crow_partition p = crow_comm_partition(comm, dataset->alternatives, CROW_BLOCK);
  hashing h = {.first = p.begin};
  copies *found = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW_EACH(p.count, &h.all, &h.key));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&h.row, dataset->dimensions));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&found, p.count));
  CROW_TRY(crow_space_visit(comm, dataset, visit_hash, &h));
  CROW_TRY(crow_comm_meet(comm, p.count, h.key, h.all, sizeof *h.all, count_copies, found, sizeof *found));
  *distinct = 0;
  for (crow_gidx i = 0; i < p.count; i++) *distinct += found[i].first;
  CROW_TRY(crow_comm_sum_i64(comm, distinct, 1));
  for (crow_gidx i = 0; i < p.count; i++) weights[i] = 1 / ((double)found[i].count * (double)*distinct);
cleanup:
  CROW_FREE(h.all, h.key, h.row, found);
  return status;
}
