/* SPDX-License-Identifier: Apache-2.0 */
/* The comparisons of a dataset. */
#include "preference/pairs_impl.h"
#include <string.h>

/* Reads as 64-bit integers, which the schema checks against m: a conversion to 32 bits inside HDF5 would hide values
 * that do not fit. */
static crow_status read_indices(const crow_dataset *dataset, const char *path, const crow_partition *slice,
                                int64_t *wide, int32_t *out) {
  crow_status status = CROW_OK;
  CROW_TRY(crow_file_read(dataset->file, path, slice->begin, slice->count, CROW_I64, wide));
  for (int64_t i = 0; i < slice->count; i++) out[i] = (int32_t)wide[i];
cleanup:
  return status;
}

static crow_status check_different(const crow_dataset *dataset, const crow_partition *slice, const int32_t *first,
                                   const int32_t *second) {
  for (int64_t i = 0; i < slice->count; i++) {
    if (first[i] == second[i]) {
      return crow_error(CROW_BAD_INPUT,
                        "%.1024s: /comparisons/second[%lld] is %d: expected another alternative than "
                        "/comparisons/first[%lld], which is %d too",
                        crow_file_name(dataset->file), (long long)(slice->begin + i), second[i],
                        (long long)(slice->begin + i), first[i]);
    }
  }
  return CROW_OK;
}

crow_status crow_pairs_read(const crow_comm *comm, const crow_dataset *dataset, crow_pairs *out) {
  crow_status status = CROW_OK;
  const crow_partition slice = crow_comm_partition(comm, dataset->comparisons, 1);
  int32_t *first = NULL, *second = NULL;
  double *outcome = NULL;
  int64_t *count = NULL;
  memset(out, 0, sizeof *out);
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&count, slice.count));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&first, slice.count));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&second, slice.count));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&outcome, slice.count));
  CROW_TRY(read_indices(dataset, "/comparisons/first", &slice, count, first));
  CROW_TRY(read_indices(dataset, "/comparisons/second", &slice, count, second));
  CROW_TRY_AGREE(comm, check_different(dataset, &slice, first, second));
  CROW_TRY(crow_file_read(dataset->file, "/comparisons/outcome", slice.begin, slice.count, CROW_F64, outcome));
  if (dataset->has_count) {
    CROW_TRY(crow_file_read(dataset->file, "/comparisons/count", slice.begin, slice.count, CROW_I64, count));
  }
  CROW_TRY(crow_pairs_create(comm, dataset->alternatives, slice.count, first, second, outcome,
                             dataset->has_count ? count : NULL, out));
cleanup:
  crow_free(first);
  crow_free(second);
  crow_free(outcome);
  crow_free(count);
  return status;
}
