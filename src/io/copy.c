/* SPDX-License-Identifier: Apache-2.0 */
/* A dataset from one file to another. */
#include "io/file_impl.h"

#include <string.h>

/* Bytes that a rank holds at a time. */
#define COPY_BYTES (INT64_C(1) << 26)

/* The type that holds every value of a dataset. */
static crow_type type_for(const crow_entry *entry) {
  if (entry->class == CROW_CLASS_FLOAT) return entry->bytes <= 4 ? CROW_F32 : CROW_F64;
  return entry->bytes < 4 || (entry->bytes == 4 && entry->is_signed) ? CROW_I32 : CROW_I64;
}

static crow_status file_copy_texts(const crow_file *from, crow_file *to, const char *path, const crow_entry *entry) {
  crow_status status = CROW_OK;
  crow_strings texts = {0};
  const crow_partition part = crow_comm_partition(from->comm, entry->rows, CROW_BLOCK);
  CROW_TRY(crow_file_read_strings(from, path, part.begin, part.count, &texts));
  CROW_TRY(crow_file_write_strings(to, path, entry->rows, part.begin, &texts));
cleanup:
  crow_strings_free(&texts);
  return status;
}

crow_status crow_file_copy(const crow_file *from, crow_file *to, const char *path) {
  crow_status status = CROW_OK;
  crow_entry *entry = NULL;
  crow_pieces pieces;
  crow_gidx begin = 0, count = 0;
  void *values = NULL;
  CROW_TRY(crow_file_dataset(from, path, &entry));
  if (entry->class == CROW_CLASS_TEXT) {
    CROW_TRY(file_copy_texts(from, to, path, entry));
    goto cleanup;
  }
  const crow_type type = type_for(entry);
  const int64_t row_bytes = entry->columns * (int64_t)crow_type_bytes(type);
  const crow_partition part = crow_comm_partition(from->comm, entry->rows, CROW_BLOCK);
  if (entry->class == CROW_CLASS_INTEGER && entry->bytes == 1 && !entry->is_signed && entry->rank == 1) {
    CROW_TRY(crow_file_define_bytes(to, path, entry->rows));
  } else {
    CROW_TRY(crow_file_define(to, path, type, entry->rows, entry->rank == 2 ? entry->columns : 0));
  }
  CROW_TRY(crow_pieces_begin(from, entry, row_bytes, COPY_BYTES, part.begin, part.count, &pieces));
  const crow_gidx most = part.count < pieces.rows ? part.count : pieces.rows;
  CROW_TRY_AGREE(from->comm, crow_allocate_raw(most * row_bytes, 1, &values));
  while (crow_pieces_next(&pieces, &begin, &count)) {
    CROW_TRY(crow_file_read(from, path, begin, count, type, values));
    CROW_TRY(crow_file_write_rows(to, path, begin, count, type, values));
  }
cleanup:
  crow_free(values);
  return status;
}

/* Whether a path is one of `paths` or under it. */
static bool is_under(const char *path, const char *paths) {
  for (const char *at = paths; at && *at;) {
    const size_t length = strcspn(at, "|");
    if (strncmp(path, at, length) == 0 && (path[length] == 0 || path[length] == '/')) return true;
    at += length + (at[length] == '|');
  }
  return false;
}

static crow_status copy_description(const crow_file *from, crow_file *to) {
  crow_status status = CROW_OK;
  char *text = NULL;
  if (!crow_file_has_attribute(from, "/", "description")) return CROW_OK;
  CROW_TRY_AGREE(from->comm, crow_file_get_text(from, "/", "description", &text));
  CROW_TRY(crow_file_set_text(to, "/", "description", text));
cleanup:
  crow_free(text);
  return status;
}

/* Those whose values are indices, if `indices`, or the others. */
static crow_status copy_some(const crow_file *from, crow_file *to, const char *except, bool indices) {
  for (int64_t i = 0; from->schema && i < from->schema->dataset_count; i++) {
    const crow_field *field = &from->schema->datasets[i];
    if (!crow_file_has(from, field->path) || is_under(field->path, except)) continue;
    if ((field->rule.below != NULL) == indices) CROW_NEED(crow_file_copy(from, to, field->path));
  }
  return CROW_OK;
}

/* Indices come last: what they count must be there to hold them against. */
crow_status crow_file_copy_all(const crow_file *from, crow_file *to, const char *except) {
  CROW_NEED(copy_description(from, to));
  CROW_NEED(copy_some(from, to, except, false));
  return copy_some(from, to, except, true);
}
