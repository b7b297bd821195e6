/* SPDX-License-Identifier: Apache-2.0 */
/* Rewards by the value of a column, of the alternatives of a table. */
#include <crow/summary.h>
#include <math.h>

/* A reward by value, or an end of its interval (-1, 1). */
static double by_entry(const crow_rewards_by *by, int64_t i, int64_t column, int end) {
  const int64_t at = i * by->values + column;
  if (end == 0) return by->value[at];
  if (by->lower) return end < 0 ? by->lower[at] : by->upper[at];
  return by->standard_error ? by->value[at] + end * CROW_INTERVAL_ERRORS * by->standard_error[at] : (double)NAN;
}

crow_status crow_ends_by_create(const crow_comm *comm, const crow_file *file, const crow_partition *partition,
                                const crow_rewards_by *by, int64_t column, const double *weights,
                                const crow_elo_options *scale, const crow_ends *ends, crow_ends_by *out) {
  crow_status status = CROW_OK;
  double *slice = NULL, *compared = NULL;
  double **const picked[3] = {&out->lower, &out->value, &out->upper};
  *out = (crow_ends_by){0};
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW_EACH(partition->count, &slice, &compared));
  for (int end = -1; end <= 1; end++) {
    for (int64_t i = 0; i < partition->count; i++) slice[i] = by_entry(by, i, column, end);
    CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(picked[end + 1], ends->count));
    CROW_TRY(crow_ranking_pick(comm, partition, slice, ends->count, ends->place, *picked[end + 1]));
    if (end != 0) continue;
    for (int64_t i = 0; i < partition->count; i++) compared[i] = isnan(slice[i]) ? 0 : weights[i];
    CROW_TRY(crow_elo_find(comm, scale, file, partition, slice, compared, &out->elo));
  }
cleanup:
  CROW_FREE(slice, compared);
  return status;
}

void crow_ends_by_free(crow_ends_by *by) {
  CROW_FREE(by->value, by->lower, by->upper);
  *by = (crow_ends_by){0};
}
