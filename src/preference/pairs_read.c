/* SPDX-License-Identifier: Apache-2.0 */
/* The comparisons of a dataset. */
#include "preference/pairs_impl.h"
#include <string.h>

/* Reads as 64-bit integers, which the schema checks against m: a conversion to 32 bits inside HDF5 would hide values
 * that do not fit. */
static crow_status read_indices(const crow_dataset *dataset, const char *path, const crow_partition *slice,
                                int64_t *wide, int32_t *out) {
  CROW_NEED(crow_file_read(dataset->file, path, slice->begin, slice->count, CROW_I64, wide));
  for (int64_t i = 0; i < slice->count; i++) out[i] = (int32_t)wide[i];
  return CROW_OK;
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

static crow_status read_first(const crow_comm *comm, const crow_dataset *dataset, crow_gidx count,
                              crow_comparisons *out) {
  crow_status status = CROW_OK;
  const crow_partition slice = crow_comm_partition(comm, count, 1);
  *out = (crow_comparisons){.slice = slice};
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW_EACH(slice.count, &out->first, &out->second, &out->outcome));
  if (dataset->has_count) CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&out->count, slice.count));
  /* Indices are read as wide integers into the outcomes' memory, which has that size and is not needed before. */
  void *const wide = out->outcome;
  CROW_TRY(read_indices(dataset, "/comparisons/first", &slice, wide, out->first));
  CROW_TRY(read_indices(dataset, "/comparisons/second", &slice, wide, out->second));
  CROW_TRY_AGREE(comm, check_different(dataset, &slice, out->first, out->second));
  CROW_TRY(crow_file_read(dataset->file, "/comparisons/outcome", slice.begin, slice.count, CROW_F64, out->outcome));
  if (dataset->has_count) {
    CROW_TRY(crow_file_read(dataset->file, "/comparisons/count", slice.begin, slice.count, CROW_I64, out->count));
  }
cleanup:
  if (status != CROW_OK) crow_comparisons_free(out);
  return status;
}

/* Leaves those of the slice that have the selected value. */
static crow_status leave_selected(const crow_comm *comm, const crow_dataset *dataset, crow_comparisons *out) {
  crow_status status = CROW_OK;
  int32_t *code = NULL;
  int64_t left = 0;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&code, out->slice.count));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&out->row, out->slice.count + 1)); /* never NULL */
  CROW_TRY(crow_dataset_read_kept(dataset, dataset->select_column, out->slice.begin, out->slice.count, code));
  for (int64_t i = 0; i < out->slice.count; i++) {
    if (code[i] != dataset->select_value) continue;
    out->first[left] = out->first[i];
    out->second[left] = out->second[i];
    out->outcome[left] = out->outcome[i];
    if (out->count) out->count[left] = out->count[i];
    out->row[left++] = out->slice.begin + i;
  }
  out->slice.count = left;
cleanup:
  crow_free(code);
  return status;
}

crow_status crow_comparisons_read(const crow_comm *comm, const crow_dataset *dataset, crow_comparisons *out) {
  crow_status status = CROW_OK;
  CROW_TRY(read_first(comm, dataset, dataset->comparisons, out));
  if (dataset->selected) CROW_TRY(leave_selected(comm, dataset, out));
cleanup:
  if (status != CROW_OK) crow_comparisons_free(out);
  return status;
}

crow_status crow_comparisons_probe(const crow_comm *comm, const crow_dataset *dataset, crow_gidx most,
                                   double *seconds) {
  crow_status status = CROW_OK;
  crow_comparisons read = {0};
  const int size = crow_comm_size(comm);
  const crow_gidx all = dataset->comparisons, count = all / size < most ? all : most * size;
  *seconds = 0;
  if (count == 0) return CROW_OK;
  const double start = crow_time_s();
  CROW_TRY(read_first(comm, dataset, count, &read));
  *seconds = (crow_time_s() - start) / (double)((count + size - 1) / size);
  CROW_TRY(crow_comm_max_f64(comm, seconds, 1));
cleanup:
  crow_comparisons_free(&read);
  return status;
}

void crow_comparisons_free(crow_comparisons *comparisons) {
  CROW_FREE(comparisons->first, comparisons->second, comparisons->outcome, comparisons->count, comparisons->row);
  memset(comparisons, 0, sizeof *comparisons);
}

crow_status crow_comparisons_pair(const crow_comm *comm, const crow_dataset *dataset, const crow_comparisons *read,
                                  crow_pairs *out) {
  const crow_status status = crow_pairs_create(comm, dataset->alternatives, read->slice.count, read->first,
                                               read->second, read->outcome, read->count, out);
  /* Whoever makes pairs does not know where they came from. */
  if (status != CROW_BAD_INPUT) return status;
  return crow_error(status, "%.1024s: %s: %s", crow_file_name(dataset->file),
                    dataset->has_count ? "/comparisons/count" : "/comparisons", crow_error_message());
}

crow_status crow_pairs_read(const crow_comm *comm, const crow_dataset *dataset, crow_pairs *out) {
  crow_status status = CROW_OK;
  crow_comparisons read = {0};
  memset(out, 0, sizeof *out);
  CROW_TRY(crow_comparisons_read(comm, dataset, &read));
  CROW_TRY(crow_comparisons_pair(comm, dataset, &read, out));
cleanup:
  crow_comparisons_free(&read);
  return status;
}
