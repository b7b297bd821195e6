/* SPDX-License-Identifier: Apache-2.0 */
/* What an import keeps beside the alternatives and comparisons: columns of the comparisons, and whole texts. */
#include "io/file_impl.h"
#include <string.h>

crow_status crow_dataset_find_kept(const crow_dataset *dataset, const char *name, int64_t *column) {
  crow_status status = CROW_OK;
  crow_strings names = {0};
  char known[600] = "none";
  size_t used = 0;
  *column = -1;
  if (dataset->kept)
    CROW_TRY(crow_file_read_strings(dataset->file, "/comparisons/label_name", 0, dataset->kept, &names));
  for (int64_t k = 0; k < names.count; k++) {
    if (strcmp(crow_strings_get(&names, k), name) == 0) *column = k;
    if (used < 400) used += (size_t)snprintf(known + used, 150, "%s%.100s", k ? ", " : "", crow_strings_get(&names, k));
  }
  if (*column >= 0) goto cleanup;
  CROW_TRY(
      crow_error(CROW_BAD_INPUT,
                 "%s: no column \"%.200s\" was kept of its comparisons, expected one of: %s; type crow import with "
                 "--keep %.200s",
                 crow_file_name(dataset->file), name, known, name));
cleanup:
  crow_strings_free(&names);
  return status;
}

crow_status crow_dataset_read_kept(const crow_dataset *dataset, int64_t column, crow_gidx begin, crow_gidx count,
                                   int32_t *code) {
  crow_status status = CROW_OK;
  int32_t *all = NULL;
  CROW_TRY_AGREE(dataset->file->comm, CROW_ALLOCATE_RAW(&all, count * dataset->kept));
  CROW_TRY(crow_file_read(dataset->file, "/comparisons/label", begin, count, CROW_I32, all));
  for (crow_gidx i = 0; i < count; i++) code[i] = all[i * dataset->kept + column];
cleanup:
  crow_free(all);
  return status;
}

/* The row of /comparisons/label_value that is this text, the lowest; -1 if there is none. */
static crow_status find_value(const crow_dataset *dataset, const char *value, int64_t *row) {
  crow_status status = CROW_OK;
  crow_strings texts = {0};
  const crow_comm *comm = dataset->file->comm;
  int64_t found = INT64_MIN; /* minus the row */
  const crow_partition slice = crow_comm_partition(comm, crow_file_rows(dataset->file, "/comparisons/label_value"), 1);
  CROW_TRY(crow_file_read_strings(dataset->file, "/comparisons/label_value", slice.begin, slice.count, &texts));
  for (int64_t k = texts.count - 1; k >= 0; k--) {
    if (strcmp(crow_strings_get(&texts, k), value) == 0) found = -(slice.begin + k);
  }
  CROW_TRY(crow_comm_max_i64(comm, &found, 1));
  *row = found == INT64_MIN ? -1 : -found;
cleanup:
  crow_strings_free(&texts);
  return status;
}

/* How many comparisons have this value in the column. */
static crow_status count_kept(const crow_dataset *dataset, int64_t column, int64_t value, crow_gidx *count) {
  crow_status status = CROW_OK;
  const crow_comm *comm = dataset->file->comm;
  const crow_partition slice = crow_comm_partition(comm, dataset->comparisons, 1);
  int32_t *code = NULL;
  *count = 0;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&code, slice.count));
  CROW_TRY(crow_dataset_read_kept(dataset, column, slice.begin, slice.count, code));
  for (int64_t i = 0; i < slice.count; i++) *count += code[i] == value;
  CROW_TRY(crow_comm_sum_i64(comm, count, 1));
cleanup:
  crow_free(code);
  return status;
}

crow_status crow_dataset_select(crow_dataset *dataset, const char *column, const char *value, crow_gidx *left) {
  int64_t row = -1;
  *left = 0;
  CROW_NEED(crow_dataset_find_kept(dataset, column, &dataset->select_column));
  CROW_NEED(find_value(dataset, value, &row));
  if (row >= 0) CROW_NEED(count_kept(dataset, dataset->select_column, row, left));
  if (*left == 0) {
    return crow_error(CROW_BAD_INPUT, "%s: no comparison has the value \"%.200s\" in the kept column %.200s",
                      crow_file_name(dataset->file), value, column);
  }
  dataset->select_value = (int32_t)row;
  dataset->selected = true;
  return CROW_OK;
}

/* Where a text begins and ends; the last one ends with the bytes. */
static crow_status text_range(const crow_dataset *dataset, crow_gidx alternative, int64_t range[2]) {
  const bool last = alternative + 1 == dataset->alternatives;
  range[1] = crow_file_rows(dataset->file, "/alternatives/text_bytes");
  CROW_NEED(crow_file_read(dataset->file, "/alternatives/text_begin", alternative, last ? 1 : 2, CROW_I64, range));
  if (range[1] < range[0]) {
    return crow_error(CROW_BAD_INPUT, "%s: /alternatives/text_begin[%lld] is %lld, expected at least %lld as before it",
                      crow_file_name(dataset->file), (long long)alternative + 1, (long long)range[1],
                      (long long)range[0]);
  }
  return CROW_OK;
}

crow_status crow_dataset_read_text(const crow_dataset *dataset, crow_gidx alternative, char **text) {
  crow_status status = CROW_OK;
  const crow_comm *comm = dataset->file->comm;
  crow_strings id = {0};
  int64_t range[2] = {0, 0};
  int32_t *bytes = NULL;
  *text = NULL;
  if (!crow_file_has(dataset->file, "/alternatives/text_bytes")) {
    CROW_TRY(crow_dataset_read_ids(dataset, alternative, 1, &id));
    CROW_TRY_AGREE(comm, crow_string_copy(crow_strings_get(&id, 0), text));
    goto cleanup;
  }
  CROW_TRY(text_range(dataset, alternative, range));
  const int64_t count = range[1] - range[0];
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&bytes, count));
  CROW_TRY_AGREE(comm, crow_allocate(count + 1, 1, (void **)text));
  CROW_TRY(crow_file_read(dataset->file, "/alternatives/text_bytes", range[0], count, CROW_I32, bytes));
  for (int64_t k = 0; k < count; k++) (*text)[k] = (char)bytes[k];
cleanup:
  crow_strings_free(&id);
  crow_free(bytes);
  if (status != CROW_OK) {
    crow_free(*text);
    *text = NULL;
  }
  return status;
}
