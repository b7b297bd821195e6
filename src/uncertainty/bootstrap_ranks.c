/* SPDX-License-Identifier: Apache-2.0 */
/* Ranks within a replicate: as in the tables, among the alternatives of the same prompt that have weight. */
#include "uncertainty/bootstrap_impl.h"
#include <math.h>
#include <stdlib.h>

crow_status crow_replicate_find_weighted(crow_replicate *at) {
  const crow_partition *p = &at->weights->partition;
  CROW_NEED(crow_comm_gather_slices(at->comm, p, at->weights->value, at->whole, sizeof *at->whole));
  for (crow_gidx x = 0; x < p->global; x++) at->weighted[x] = at->whole[x] > 0;
  return CROW_OK;
}

static int replicate_rival_order(const void *a, const void *b) {
  const crow_replicate_rival *x = a, *y = b;
  if (x->prompt != y->prompt) return x->prompt < y->prompt ? -1 : 1;
  return (x->value < y->value) - (x->value > y->value);
}

/* How many of the sorted rivals stand before the first of this prompt whose reward is no greater. */
static crow_gidx count_before(const crow_replicate_rival *sorted, crow_gidx count, int32_t prompt, double value) {
  crow_gidx low = 0, high = count;
  while (low < high) {
    const crow_gidx middle = low + (high - low) / 2;
    const crow_replicate_rival *r = &sorted[middle];
    if (r->prompt < prompt || (r->prompt == prompt && r->value > value))
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

void crow_replicate_rank(const crow_replicate *at, int32_t *rank) {
  const crow_partition *p = &at->weights->partition;
  const int32_t *prompt = at->weights->prompt;
  crow_gidx rivals = 0;
  for (crow_gidx x = 0; x < p->global; x++) {
    if (at->weighted[x]) at->rival[rivals++] = (crow_replicate_rival){at->whole[x], prompt ? prompt[x] : 0};
  }
  if (rivals) qsort(at->rival, (size_t)rivals, sizeof *at->rival, replicate_rival_order);
  for (crow_gidx i = 0; i < p->count; i++) {
    const int32_t own = prompt ? prompt[p->begin + i] : 0;
    const crow_gidx first = count_before(at->rival, rivals, own, (double)INFINITY);
    rank[i] = (int32_t)(count_before(at->rival, rivals, own, at->value[i]) - first) + 1;
  }
}
