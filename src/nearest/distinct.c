/* SPDX-License-Identifier: Apache-2.0 */
#include "nearest/nearest_impl.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

typedef struct hashed_row {
  uint64_t hash;
  int64_t row;
} hashed_row;

static int compare_hashes(const void *left, const void *right) {
  const hashed_row *a = left, *b = right;
  if (a->hash != b->hash) return a->hash < b->hash ? -1 : 1;
  return (a->row > b->row) - (a->row < b->row);
}

/* Writes into first[row] the first row with the same bytes. Rows of equal hash but different bytes are settled by
 * comparing each with the group's earlier different ones: hashes of 64 bits make such groups rare and short. */
static void find_first_rows(const hashed_row *sorted, const unsigned char *contexts, int64_t m, size_t row_bytes,
                            int64_t *first) {
  for (int64_t begin = 0, end; begin < m; begin = end) {
    for (end = begin + 1; end < m && sorted[end].hash == sorted[begin].hash;) end++;
    for (int64_t i = begin; i < end; i++) {
      const int64_t row = sorted[i].row;
      first[row] = row;
      for (int64_t j = begin; j < i; j++) {
        const int64_t other = sorted[j].row;
        if (first[other] != other) continue;
        if (memcmp(contexts + (size_t)row * row_bytes, contexts + (size_t)other * row_bytes, row_bytes) == 0) {
          first[row] = other;
          break;
        }
      }
    }
  }
}

/* Turns first rows into groups; `rank` (m) is scratch. */
static crow_status distinct_make_groups(const int64_t *first, int64_t m, int64_t *rank, crow_nearest_distinct *out) {
  crow_status status;
  for (int64_t row = 0; row < m; row++) {
    if (first[row] == row) rank[row] = out->count++;
  }
  CROW_TRY(CROW_ALLOCATE(&out->row, out->count));
  CROW_TRY(CROW_ALLOCATE(&out->begin, out->count + 2));
  CROW_TRY(CROW_ALLOCATE(&out->member, m));
  /* begin[k + 2] counts group k, then begin[k + 1] is where its next member goes, and at last where it ends. */
  for (int64_t row = 0; row < m; row++) {
    if (first[row] == row) out->row[rank[row]] = row;
    out->begin[rank[first[row]] + 2]++;
  }
  out->largest = 0;
  for (int64_t k = 0; k < out->count; k++) {
    if (out->begin[k + 2] > out->largest) out->largest = out->begin[k + 2];
    out->begin[k + 2] += out->begin[k + 1];
  }
  for (int64_t row = 0; row < m; row++) out->member[out->begin[rank[first[row]] + 1]++] = row;
cleanup:
  return status;
}

crow_status crow_nearest_distinct_create(const void *contexts, crow_precision type, int64_t m, int64_t d,
                                         crow_nearest_distinct *out) {
  const size_t row_bytes = (size_t)d * (type == CROW_SINGLE ? sizeof(float) : sizeof(double));
  const unsigned char *bytes = contexts;
  hashed_row *sorted = NULL;
  int64_t *first = NULL, *rank = NULL;
  crow_status status;
  *out = (crow_nearest_distinct){0};
  CROW_TRY(CROW_ALLOCATE_RAW(&sorted, m));
  for (int64_t row = 0; row < m; row++) {
    sorted[row] = (hashed_row){XXH3_64bits(bytes + (size_t)row * row_bytes, row_bytes), row};
  }
  qsort(sorted, (size_t)m, sizeof *sorted, compare_hashes);
  bool repeated = false;
  for (int64_t i = 1; i < m && !repeated; i++) repeated = sorted[i].hash == sorted[i - 1].hash;
  if (!repeated) {
    out->count = m;
    out->largest = 1;
    goto cleanup;
  }
  CROW_TRY(CROW_ALLOCATE_RAW_EACH(m, &first, &rank));
  find_first_rows(sorted, bytes, m, row_bytes, first);
  CROW_TRY(distinct_make_groups(first, m, rank, out));
cleanup:
  if (status != CROW_OK) crow_nearest_distinct_free(out);
  CROW_FREE(rank, first, sorted);
  return status;
}

void crow_nearest_distinct_free(crow_nearest_distinct *distinct) {
  CROW_FREE(distinct->row, distinct->begin, distinct->member);
  *distinct = (crow_nearest_distinct){0};
}
