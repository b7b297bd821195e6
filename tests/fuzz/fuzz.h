/* SPDX-License-Identifier: Apache-2.0 */
/* What fuzz targets share. Each tests/fuzz/fuzz_NAME.c defines LLVMFuzzerTestOneInput() and has its seeds in
 * tests/fuzz/corpus/NAME. With clang and -DCROW_FUZZ=ON it becomes a libFuzzer program; tests/fuzz/test_NAME.c runs the
 * same function on the seeds and on mutations of them under any compiler. */
#ifndef CROW_TESTS_FUZZ_H
#define CROW_TESTS_FUZZ_H

#include <crow/base.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Input is either taken or refused as bad, with a message that names the file; anything else is a defect. */
static inline void fuzz_judge(crow_status status, const char *name) {
  if (status == CROW_OK) return;
  if (status != CROW_BAD_INPUT || strncmp(crow_error_message(), name, strlen(name)) != 0) {
    (void)fprintf(stderr, "status %d: %s\n", (int)status, crow_error_message());
    abort();
  }
}

/* Says what does not hold, and stops the fuzzer there. */
#define FUZZ_REQUIRE(condition)                                                                                        \
  do {                                                                                                                 \
    if (!(condition)) {                                                                                                \
      (void)fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition);                              \
      abort();                                                                                                         \
    }                                                                                                                  \
  } while (0)

#endif
