/* SPDX-License-Identifier: Apache-2.0 */
/* Files that tests make up: bytes and texts to import, and arrays of HDF5 files. */
#ifndef CROW_TESTS_WRITE_FILE_H
#define CROW_TESTS_WRITE_FILE_H

#include "harness.h"

/* Writes these bytes to FOLDER/name, on rank 0 if there are ranks; returns the path. */
static inline const char *write_bytes(const char *name, const void *bytes, size_t count) {
  const char *path = test_path(name);
  if (!test_comm || crow_comm_rank(test_comm) == 0) {
    FILE *stream = fopen(path, "wb");
    if (!stream || fwrite(bytes, 1, count, stream) != count || fclose(stream) != 0) CU_FAIL("cannot write a test file");
  }
  if (test_comm) CHECK_OK(crow_comm_barrier(test_comm));
  return path;
}

static inline const char *write_text(const char *name, const char *text) {
  return write_bytes(name, text, strlen(text));
}

/* A whole array of a file that is being made, by rank 0. */
static inline void write_rows(crow_file *file, const char *path, crow_type type, int64_t rows, int64_t columns,
                              const void *values) {
  CHECK_OK(crow_file_define(file, path, type, rows, columns));
  CHECK_OK(crow_file_write_rows(file, path, 0, crow_comm_rank(test_comm) == 0 ? rows : 0, type, values));
}

/* Likewise `count` texts, each in `width` bytes of `text`. */
static inline void write_texts(crow_file *file, const char *path, int64_t count, int64_t width, const char *text) {
  const int64_t own = crow_comm_rank(test_comm) == 0 ? count : 0;
  const crow_strings texts = {.count = own, .width = width, .data = (char *)(uintptr_t)text};
  CHECK_OK(crow_file_write_strings(file, path, count, 0, &texts));
}

#endif
