/* SPDX-License-Identifier: Apache-2.0 */
/* From the winners of chunks of points to a result. */
#include "base/order_impl.h"
#include "nearest/winners_impl.h"

#include <stdlib.h>
#include <string.h>

crow_status crow_nearest_winners_add(crow_nearest_winners *winners, const int64_t *index, int64_t count) {
  if (winners->count + count > winners->capacity) {
    int64_t *grown = NULL;
    const int64_t capacity = 2 * winners->capacity + count + 256;
    CROW_NEED(CROW_ALLOCATE_RAW(&grown, capacity));
    if (winners->count) memcpy(grown, winners->index, (size_t)winners->count * sizeof *grown);
    crow_free(winners->index);
    winners->index = grown;
    winners->capacity = capacity;
  }
  if (count == 1) {
    winners->index[winners->count] = index[0];
  } else if (count) {
    memcpy(winners->index + winners->count, index, (size_t)count * sizeof *index);
  }
  winners->count += count;
  return CROW_OK;
}

crow_status crow_nearest_result_reserve(crow_nearest_result *result, int64_t points) {
  result->count = 0;
  if (result->tie_begin && points <= result->point_capacity) return CROW_OK;
  CROW_FREE(result->distance, result->tie_begin);
  result->distance = NULL;
  result->tie_begin = NULL;
  result->point_capacity = 0;
  CROW_NEED(CROW_ALLOCATE_RAW(&result->distance, points));
  CROW_NEED(CROW_ALLOCATE_RAW(&result->tie_begin, points + 1));
  result->point_capacity = points;
  return CROW_OK;
}

static crow_status reserve_index(crow_nearest_result *result, int64_t count) {
  if (count <= result->index_capacity) return CROW_OK;
  crow_free(result->index);
  result->index = NULL;
  result->index_capacity = 0;
  const crow_status status = CROW_ALLOCATE_RAW(&result->index, count + count / 4);
  if (status == CROW_OK) result->index_capacity = count + count / 4;
  return status;
}

static int64_t group_size(const crow_nearest_distinct *distinct, int64_t k) {
  return distinct->begin[k + 1] - distinct->begin[k];
}

/* Lists all rows of the `count` distinct contexts at `index`, ascending; returns how many. */
static int64_t list_rows(const crow_nearest_distinct *distinct, const int64_t *index, int64_t count, int64_t *rows) {
  int64_t listed = 0;
  for (int64_t t = 0; t < count; t++) {
    const int64_t size = group_size(distinct, index[t]);
    memcpy(rows + listed, distinct->member + distinct->begin[index[t]], (size_t)size * sizeof *rows);
    listed += size;
  }
  if (count > 1) qsort(rows, (size_t)listed, sizeof *rows, crow_order_i64);
  return listed;
}

crow_status crow_nearest_result_fill(crow_nearest_result *result, const crow_nearest_distinct *distinct, int64_t points,
                                     int64_t chunk, const crow_nearest_winners *winners, int64_t chunks) {
  crow_status status;
  int64_t total = 0;
  for (int64_t c = 0; c < chunks; c++) {
    if (!distinct->row) total += winners[c].count;
    for (int64_t t = 0; distinct->row && t < winners[c].count; t++) total += group_size(distinct, winners[c].index[t]);
  }
  CROW_TRY(reserve_index(result, total));
  /* tie_begin[i + 1] holds how many distinct contexts are nearest to point i until it is overwritten. */
  int64_t written = 0;
  result->tie_begin[0] = 0;
  for (int64_t c = 0; c < chunks; c++) {
    const int64_t begin = c * chunk, end = begin + chunk < points ? begin + chunk : points;
    const int64_t *index = winners[c].index;
    for (int64_t i = begin; i < end; i++) {
      const int64_t count = result->tie_begin[i + 1];
      if (distinct->row) {
        written += list_rows(distinct, index, count, result->index + written);
      } else {
        for (int64_t t = 0; t < count; t++) result->index[written++] = index[t];
      }
      index += count;
      result->tie_begin[i + 1] = written;
    }
  }
  result->count = points;
cleanup:
  return status;
}

void crow_nearest_result_free(crow_nearest_result *result) {
  CROW_FREE(result->distance, result->tie_begin, result->index);
  *result = (crow_nearest_result){0};
}
