/* SPDX-License-Identifier: Apache-2.0 */
/* The readers of .npz and .safetensors: what they open, they must be able to read to the last number. The first byte
 * says which: z a .npz archive, s .safetensors. */
#include "fuzz.h"
#include "import/floats_impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  crow_floats floats = {0};
  void *values = NULL;
  if (size < 2 || (data[0] != 'z' && data[0] != 's')) return 0;
  FILE *stream = fmemopen((void *)(uintptr_t)(data + 1), size - 1, "r");
  if (!stream) return 0;
  crow_status status = data[0] == 'z' ? crow_npz_open(stream, "input", NULL, &floats)
                                      : crow_safetensors_open(stream, "input", NULL, &floats);
  if (status == CROW_OK) {
    FUZZ_REQUIRE(floats.rows >= 1 && floats.columns >= 1);
    /* Deflated numbers may be a thousand times as many as their bytes. */
    FUZZ_REQUIRE((uint64_t)floats.rows <= 2000 * size && (uint64_t)floats.columns <= 2000 * size);
    status = crow_allocate(floats.rows * floats.columns, crow_type_bytes(floats.type), &values);
    if (status == CROW_OK) status = crow_floats_read(&floats, 0, floats.rows, values);
    if (status == CROW_OK) status = crow_floats_read(&floats, floats.rows - 1, 1, values);
    FUZZ_REQUIRE(status == CROW_OK);
  }
  fuzz_judge(status, "input");
  crow_free(values);
  crow_floats_close(&floats);
  return 0;
}
