/* SPDX-License-Identifier: Apache-2.0 */
/* Which contexts are equal, over all ranks: a rank is in charge of the directions whose hashes it has, whoever holds
 * their contexts. */
#include "space/space_impl.h"
#include "weights/sampling_impl.h"
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* 128 bits of hash: among 10^9 contexts two different ones have the same with a probability of 10^-21. */
typedef struct direction {
  uint64_t low, high;
  int64_t at; /* its position among those a rank got */
} direction;

typedef struct hashing {
  direction *all; /* of this rank's slice, which begins at `first` */
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
    h->all[begin + i - h->first] = (direction){hash.low64, hash.high64, 0};
  }
  return CROW_OK;
}

static int order_directions(const void *left, const void *right) {
  const direction *a = left, *b = right;
  if (a->low != b->low) return a->low < b->low ? -1 : 1;
  if (a->high != b->high) return a->high < b->high ? -1 : 1;
  return 0;
}

/* How often each of `n` directions is among them: `copies` (n); returns how many different ones there are. */
static int64_t count_copies(direction *list, int64_t n, int64_t *copies) {
  int64_t distinct = 0;
  for (int64_t i = 0; i < n; i++) list[i].at = i;
  if (n) qsort(list, (size_t)n, sizeof *list, order_directions);
  for (int64_t begin = 0, end; begin < n; begin = end) {
    for (end = begin + 1; end < n && order_directions(&list[begin], &list[end]) == 0;) end++;
    for (int64_t i = begin; i < end; i++) copies[list[i].at] = end - begin;
    distinct++;
  }
  return distinct;
}

/* Packs what goes to each rank, in rank order; `send` (size) says how many. */
static void pack_directions(const direction *all, crow_gidx count, int size, int64_t *send, int64_t *next,
                            direction *packed) {
  memset(send, 0, (size_t)size * sizeof *send);
  for (crow_gidx i = 0; i < count; i++) send[all[i].high % (uint64_t)size]++;
  next[0] = 0;
  for (int r = 1; r < size; r++) next[r] = next[r - 1] + send[r - 1];
  for (crow_gidx i = 0; i < count; i++) {
    const int64_t to = next[all[i].high % (uint64_t)size]++;
    packed[to] = all[i];
    packed[to].at = i;
  }
}

/* Sends them to those in charge and gets back how often each is there: `copies` (p->count). Collective. */
static crow_status exchange_copies(const crow_comm *comm, const direction *all, crow_gidx count, int64_t *copies,
                                   int64_t *distinct) {
  crow_status status = CROW_OK;
  const int size = crow_comm_size(comm);
  direction *packed = NULL, *received = NULL;
  int64_t *send = NULL, *next = NULL, *receive = NULL, *mine = NULL, *back = NULL, total = 0;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&packed, count));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&send, size));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&next, size));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&receive, size));
  pack_directions(all, count, size, send, next, packed);
  CROW_TRY(crow_comm_exchange(comm, packed, send, sizeof *packed, (void **)&received, receive));
  for (int r = 0; r < size; r++) total += receive[r];
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&mine, total));
  *distinct = count_copies(received, total, mine);
  CROW_TRY(crow_comm_sum_i64(comm, distinct, 1));
  CROW_TRY(crow_comm_exchange(comm, mine, receive, sizeof *mine, (void **)&back, send));
  for (crow_gidx i = 0; i < count; i++) copies[packed[i].at] = back[i];
cleanup:
  crow_free(packed);
  crow_free(received);
  crow_free(send);
  crow_free(next);
  crow_free(receive);
  crow_free(mine);
  crow_free(back);
  return status;
}

crow_status crow_weights_of_distinct(const crow_comm *comm, const crow_dataset *dataset, double *weights,
                                     int64_t *distinct) {
  crow_status status = CROW_OK;
  const crow_partition p = crow_comm_partition(comm, dataset->alternatives, CROW_BLOCK);
  hashing h = {.first = p.begin};
  int64_t *copies = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&h.all, p.count));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&h.row, dataset->dimensions));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&copies, p.count));
  CROW_TRY(crow_space_visit(comm, dataset, visit_hash, &h));
  CROW_TRY(exchange_copies(comm, h.all, p.count, copies, distinct));
  for (crow_gidx i = 0; i < p.count; i++) weights[i] = 1 / ((double)copies[i] * (double)*distinct);
cleanup:
  crow_free(h.all);
  crow_free(h.row);
  crow_free(copies);
  return status;
}
