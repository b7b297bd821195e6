/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of NumPy files: what it opens, it must be able to read to the last number. */
#include "fuzz.h"
#include "import/floats_impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  crow_floats npy = {0};
  void *values = NULL;
  if (size == 0) return 0;
  FILE *stream = fmemopen((void *)(uintptr_t)data, size, "r");
  if (!stream) return 0;
  crow_status status = crow_npy_open_at(stream, "input", 0, -1, &npy);
  if (status == CROW_OK) {
    FUZZ_REQUIRE(npy.rows >= 1 && npy.columns >= 1 && (uint64_t)npy.rows <= size && (uint64_t)npy.columns <= size);
    status = crow_allocate(npy.rows * npy.columns, npy.type == CROW_F32 ? 4 : 8, &values);
    if (status == CROW_OK) status = crow_floats_read(&npy, 0, npy.rows, values);
    if (status == CROW_OK) status = crow_floats_read(&npy, npy.rows - 1, 1, values);
    FUZZ_REQUIRE(status == CROW_OK);
  }
  fuzz_judge(status, "input");
  crow_free(values);
  crow_floats_close(&npy);
  return 0;
}
