/* SPDX-License-Identifier: Apache-2.0 */
/* Input files that tests of the importers make up. */
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

#endif
