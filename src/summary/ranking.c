/* SPDX-License-Identifier: Apache-2.0 */
#include <crow/summary.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* NaN comes after all numbers. */
static int compare_descending(const void *a, const void *b) {
  const crow_ranked *x = a, *y = b;
  const bool x_nan = isnan(x->value), y_nan = isnan(y->value);
  if (x_nan != y_nan) return x_nan ? 1 : -1;
  if (x->value != y->value && !x_nan) return x->value > y->value ? -1 : 1;
  return x->index < y->index ? -1 : x->index > y->index;
}

static int compare_ascending(const void *a, const void *b) { return compare_descending(b, a); }

/* Keeps the first `most` of a slice in `kept[2 most]`: candidates are collected, and cut back when there is no more
 * room. Returns how many there are, sorted. */
static int64_t ranking_keep_first(const crow_partition *partition, const double *values, int64_t most, bool greatest,
                                  crow_ranked *kept) {
  int (*compare)(const void *, const void *) = greatest ? compare_descending : compare_ascending;
  int64_t count = 0;
  bool full = false; /* kept[most - 1] is the threshold */
  for (int64_t i = 0; i < partition->count; i++) {
    const crow_ranked candidate = {values[i], partition->begin + i};
    if (full && compare(&candidate, &kept[most - 1]) > 0) continue;
    kept[count++] = candidate;
    if (count == 2 * most) {
      qsort(kept, (size_t)count, sizeof *kept, compare);
      count = most;
      full = true;
    }
  }
  if (count) qsort(kept, (size_t)count, sizeof *kept, compare);
  return count < most ? count : most;
}

crow_status crow_ranking_ends(const crow_comm *comm, const crow_partition *partition, const double *values,
                              crow_gidx most, bool greatest, crow_ranked **ranked, int64_t *count) {
  crow_status status = CROW_OK;
  crow_ranked *kept = NULL, *all = NULL;
  int64_t *counts = NULL;
  const int64_t local = most < partition->count ? most : partition->count;
  int64_t widest = local, total = 0;
  const int size = crow_comm_size(comm);
  *ranked = NULL;
  CROW_TRY(crow_comm_max_i64(comm, &widest, 1));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&kept, 2 * widest + 1));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&all, widest * size));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&counts, size));
  const int64_t mine = local ? ranking_keep_first(partition, values, local, greatest, kept) : 0;
  CROW_TRY(crow_comm_gather(comm, &mine, counts, sizeof mine));
  CROW_TRY(crow_comm_gather(comm, kept, all, widest * (int64_t)sizeof *kept));
  for (int r = 0; r < size; r++) {
    if (counts[r]) memmove(all + total, all + r * widest, (size_t)counts[r] * sizeof *all);
    total += counts[r];
  }
  if (total) qsort(all, (size_t)total, sizeof *all, greatest ? compare_descending : compare_ascending);
  *count = total < most ? total : most;
  *ranked = all;
  all = NULL;
cleanup:
  CROW_FREE(kept, all, counts);
  return status;
}

/* NaN is less than all numbers here, too. */
static bool ranking_exceeds(double value, double other) { return value > other || (isnan(other) && !isnan(value)); }

crow_status crow_ranking_count_greater(const crow_comm *comm, const crow_partition *partition, const double *slice,
                                       int64_t count, const double *values, int64_t *greater) {
  crow_status status = CROW_OK;
  crow_ranked *sorted = NULL;
  int64_t *first = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&sorted, count));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&first, count + 1));
  for (int64_t k = 0; k < count; k++) sorted[k] = (crow_ranked){values[k], k};
  if (count) qsort(sorted, (size_t)count, sizeof *sorted, compare_descending);
  for (int64_t i = 0; i < partition->count; i++) {
    /* The first of the sorted values that element i exceeds; it exceeds all after it too. */
    int64_t low = 0, high = count;
    while (low < high) {
      const int64_t middle = (low + high) / 2;
      if (ranking_exceeds(slice[i], sorted[middle].value)) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    first[low]++;
  }
  for (int64_t k = 1; k < count; k++) first[k] += first[k - 1];
  for (int64_t k = 0; k < count; k++) greater[sorted[k].index] = first[k];
  CROW_TRY(crow_comm_sum_i64(comm, greater, count));
cleanup:
  CROW_FREE(sorted, first);
  return status;
}

crow_status crow_ranking_pick(const crow_comm *comm, const crow_partition *partition, const double *slice,
                              int64_t count, const crow_ranked *places, double *picked) {
  for (int64_t k = 0; k < count; k++) {
    const int64_t i = places[k].index - partition->begin;
    picked[k] = i >= 0 && i < partition->count ? slice[i] : 0;
  }
  /* One rank holds each element and the others add zero, so the order of the sum is of no concern. */
  return crow_comm_sum_f64_unordered(comm, picked, count);
}

crow_status crow_ranking_read_ids(const crow_comm *comm, const crow_file *file, crow_gidx begin, crow_gidx count,
                                  crow_strings *ids) {
  if (crow_file_has(file, "/alternatives/id"))
    return crow_file_read_strings(file, "/alternatives/id", begin, count, ids);
  *ids = (crow_strings){.count = count, .width = 24};
  CROW_NEED_AGREE(comm, CROW_ALLOCATE(&ids->data, count * ids->width));
  for (int64_t k = 0; k < count; k++) {
    (void)snprintf(ids->data + k * ids->width, (size_t)ids->width, "%lld", (long long)(begin + k));
  }
  return CROW_OK;
}

crow_status crow_ranking_names(const crow_comm *comm, const crow_file *file, const char *path, int64_t count,
                               const crow_ranked *places, char (*names)[CROW_NAME_BYTES]) {
  crow_status status = CROW_OK;
  crow_strings one = {0};
  const bool is_id = strcmp(path, "/alternatives/id") == 0;
  for (int64_t k = 0; k < count; k++) names[k][0] = 0;
  if (!is_id && !crow_file_has(file, path)) return CROW_OK;
  for (int64_t k = 0; k < count; k++) {
    if (is_id) {
      CROW_TRY(crow_ranking_read_ids(comm, file, places[k].index, 1, &one));
    } else {
      CROW_TRY(crow_file_read_strings(file, path, places[k].index, 1, &one));
    }
    (void)snprintf(names[k], CROW_NAME_BYTES, "%s", crow_strings_get(&one, 0));
    crow_strings_free(&one);
  }
cleanup:
  crow_strings_free(&one);
  return status;
}
