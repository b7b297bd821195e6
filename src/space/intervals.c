/* SPDX-License-Identifier: Apache-2.0 */
/* The space "factor2": for every coordinate the union over the observed values c of [c/2, 2c] ([2c, c/2] for c < 0).
 * Each rank unites the intervals of its rows; disjoint ones lie a factor apart, so only a few travel. */
#include "space/space_impl.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct interval {
  int64_t coordinate;
  double lower, upper;
} interval;

static int intervals_compare(const void *a, const void *b) {
  const interval *x = a, *y = b;
  if (x->coordinate != y->coordinate) return x->coordinate < y->coordinate ? -1 : 1;
  return (x->lower > y->lower) - (x->lower < y->lower);
}

/* Sorts and unites touching intervals of the same coordinate in place; returns how many are left. */
static int64_t unite(interval *list, int64_t count) {
  if (count == 0) return 0;
  qsort(list, (size_t)count, sizeof *list, intervals_compare);
  int64_t last = 0;
  for (int64_t i = 1; i < count; i++) {
    if (list[i].coordinate == list[last].coordinate && list[i].lower <= list[last].upper) {
      list[last].upper = fmax(list[last].upper, list[i].upper);
    } else {
      list[++last] = list[i];
    }
  }
  return last + 1;
}

static interval around(int64_t coordinate, double c) {
  return c >= 0 ? (interval){coordinate, c / 2, 2 * c} : (interval){coordinate, 2 * c, c / 2};
}

/* The united intervals of this rank's rows: `*list` is grown as needed. */
static crow_status unite_rows(const crow_comm *comm, const crow_dataset *dataset, interval **list, int64_t *count) {
  crow_status status = CROW_OK;
  const crow_gidx d = dataset->dimensions;
  const crow_partition p = crow_comm_partition(comm, dataset->alternatives, 1);
  double *rows = NULL;
  interval *grown = NULL;
  int64_t turns = (p.count + CROW_BLOCK - 1) / CROW_BLOCK;
  CROW_TRY(crow_comm_max_i64(comm, &turns, 1));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&rows, CROW_BLOCK * d));
  for (int64_t turn = 0; turn < turns; turn++) {
    const crow_gidx begin = turn * CROW_BLOCK < p.count ? turn * CROW_BLOCK : p.count;
    const crow_gidx n = p.count - begin < CROW_BLOCK ? p.count - begin : CROW_BLOCK;
    CROW_TRY(crow_dataset_read_contexts(dataset, p.begin + begin, n, CROW_F64, rows));
    CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&grown, *count + n * d));
    if (*count) memcpy(grown, *list, (size_t)*count * sizeof *grown);
    for (crow_gidx i = 0; i < n * d; i++) grown[*count + i] = around(i % d, rows[i]);
    crow_free(*list);
    *list = grown;
    grown = NULL;
    *count = unite(*list, *count + n * d);
  }
cleanup:
  crow_free(rows);
  return status;
}

static crow_status tabulate(const interval *list, int64_t count, crow_gidx d, crow_intervals *out) {
  CROW_NEED(CROW_ALLOCATE(&out->first, d + 1));
  CROW_NEED(CROW_ALLOCATE_EACH(count, &out->lower, &out->upper, &out->length_before));
  CROW_NEED(CROW_ALLOCATE(&out->total, d));
  for (int64_t i = 0; i < count; i++) {
    const int64_t k = list[i].coordinate;
    out->lower[i] = list[i].lower;
    out->upper[i] = list[i].upper;
    out->length_before[i] = out->total[k];
    out->total[k] += list[i].upper - list[i].lower;
    out->first[k + 1] = i + 1;
  }
  return CROW_OK;
}

crow_status crow_space_find_intervals(const crow_comm *comm, const crow_dataset *dataset, crow_intervals *out) {
  crow_status status = CROW_OK;
  interval *mine = NULL, *packed = NULL, *all = NULL;
  int64_t count = 0, total = 0, *send_count = NULL, *receive_count = NULL;
  const int size = crow_comm_size(comm);
  CROW_TRY(unite_rows(comm, dataset, &mine, &count));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_EACH(size, &send_count, &receive_count));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&packed, count * size));
  for (int rank = 0; rank < size; rank++) {
    send_count[rank] = count;
    if (count) memcpy(packed + rank * count, mine, (size_t)count * sizeof *mine);
  }
  CROW_TRY(crow_comm_exchange(comm, packed, send_count, sizeof *packed, (void **)&all, receive_count));
  for (int rank = 0; rank < size; rank++) total += receive_count[rank];
  total = unite(all, total);
  CROW_TRY_AGREE(comm, tabulate(all, total, dataset->dimensions, out));
cleanup:
  CROW_FREE(mine, packed, all, send_count, receive_count);
  return status;
}

void crow_intervals_free(crow_intervals *intervals) {
  CROW_FREE(intervals->first, intervals->lower, intervals->upper, intervals->length_before, intervals->total);
  memset(intervals, 0, sizeof *intervals);
}
