/* SPDX-License-Identifier: Apache-2.0 */
/* Which alternatives a rank's pairs are of, and the memory for them. */
#include "objective/objective_impl.h"

enum { STRETCH_BITS = 9, STRETCH = 1 << STRETCH_BITS }; /* ranges are made of stretches of so many alternatives */

/* Stretches in a row become one range. Returns how many ranges there are. */
static int64_t paired_ranges_join(const uint8_t *touched, crow_gidx alternatives, crow_range *range) {
  int64_t n = 0;
  for (crow_gidx k = 0; k << STRETCH_BITS < alternatives; k++) {
    if (!touched[k]) continue;
    const crow_gidx begin = k << STRETCH_BITS, left = alternatives - begin,
                    end = begin + (left < STRETCH ? left : STRETCH);
    if (n && range[n - 1].end == begin)
      range[n - 1].end = end;
    else
      range[n++] = (crow_range){begin, end};
  }
  return n;
}

static crow_status find_ranges(const crow_pairs *pairs, crow_range **range, int64_t *ranges) {
  crow_status status = CROW_OK;
  const crow_gidx stretches = (pairs->alternatives + STRETCH - 1) >> STRETCH_BITS;
  uint8_t *touched = NULL;
  CROW_TRY(CROW_ALLOCATE_EACH(stretches, &touched, range));
  for (int64_t k = 0; k < pairs->partition.count; k++) {
    touched[pairs->first[k] >> STRETCH_BITS] = 1;
    touched[pairs->second[k] >> STRETCH_BITS] = 1;
  }
  *ranges = paired_ranges_join(touched, pairs->alternatives, *range);
cleanup:
  crow_free(touched);
  return status;
}

static crow_status paired_ranges_allocate(crow_objective *o) {
  const int64_t n = o->weights->partition.count;
  CROW_NEED(CROW_ALLOCATE_RAW_EACH(o->pairs->alternatives, &o->cell, &o->whole, &o->whole_sum));
  CROW_NEED(CROW_ALLOCATE_EACH(n, &o->slice_sum, &o->unit, &o->neighbours, &o->own_win_rate, &o->sum_at_zero));
  return CROW_ALLOCATE_RAW(&o->last, n);
}

crow_status crow_paired_allocate(crow_objective *o) {
  crow_status status = CROW_OK;
  crow_range *range = NULL;
  int64_t ranges = 0;
  CROW_TRY_AGREE(o->comm, find_ranges(o->pairs, &range, &ranges));
  CROW_TRY(crow_halo_create(o->comm, &o->weights->partition, range, ranges, &o->halo));
  o->range = crow_halo_ranges(o->halo, &o->ranges);
  CROW_TRY_AGREE(o->comm, paired_ranges_allocate(o));
cleanup:
  crow_free(range);
  return status;
}
