/* SPDX-License-Identifier: Apache-2.0 */
#include "import/floats_impl.h"

#include "base/bad_lines_impl.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

enum { MAGIC_BYTES = 6, HEADER_BYTES = 1 << 16 };

static crow_status read_header(const crow_floats *npy, void *bytes, size_t count) {
  return crow_floats_bytes(npy->stream, npy->name, "its .npy header or numbers", bytes, count);
}

/* The magic string, the version and the header's length: everything before the dictionary. */
static crow_status read_prefix(const crow_floats *npy, size_t *header_bytes) {
  unsigned char prefix[12] = {0};
  CROW_NEED(read_header(npy, prefix, MAGIC_BYTES));
  if (memcmp(prefix, "\x93NUMPY", MAGIC_BYTES) != 0) {
    return crow_error(CROW_BAD_INPUT, "%s: does not begin as a NumPy file, expected one saved by numpy.save",
                      npy->name);
  }
  CROW_NEED(read_header(npy, prefix + 6, 4));
  if (prefix[6] < 1 || prefix[6] > 3 || prefix[7] != 0) {
    return crow_error(CROW_BAD_INPUT, "%s: .npy format version %d.%d, expected 1.0, 2.0 or 3.0", npy->name, prefix[6],
                      prefix[7]);
  }
  *header_bytes = (size_t)prefix[8] | (size_t)prefix[9] << 8;
  if (prefix[6] > 1) {
    CROW_NEED(read_header(npy, prefix + 10, 2));
    *header_bytes |= (size_t)prefix[10] << 16 | (size_t)prefix[11] << 24;
  }
  if (*header_bytes > HEADER_BYTES) {
    return crow_error(CROW_BAD_INPUT, "%s: a .npy header of %zu bytes, expected at most %d", npy->name, *header_bytes,
                      HEADER_BYTES);
  }
  return CROW_OK;
}

static crow_status check_type(crow_floats *npy, const char *descr) {
  char quoted[CROW_QUOTED_BYTES];
  const bool little = descr[0] == '<', big = descr[0] == '>', native = descr[0] == '=';
  const bool known = strcmp(descr + 1, "f2") == 0 || strcmp(descr + 1, "f4") == 0 || strcmp(descr + 1, "f8") == 0;
  if (descr[0] && (little || big || native) && known) {
    npy->stored = descr[2] == '2' ? CROW_STORED_F16 : descr[2] == '4' ? CROW_STORED_F32 : CROW_STORED_F64;
    npy->type = descr[2] == '8' ? CROW_F64 : CROW_F32;
    npy->swap = __BYTE_ORDER == __LITTLE_ENDIAN ? big : little;
    return CROW_OK;
  }
  return crow_error(CROW_BAD_INPUT,
                    "%s: numbers of type %s, expected float16 (\"<f2\"), float32 (\"<f4\") or float64 (\"<f8\"): "
                    "save x.astype(np.float32)",
                    npy->name, crow_quote(descr, quoted));
}

static crow_status check_shape(crow_floats *npy, const crow_npy_header *header) {
  if (header->dimensions < 1 || header->dimensions > 2) {
    return crow_error(CROW_BAD_INPUT, "%s: an array of %s dimensions, expected 2: a row for each alternative",
                      npy->name, header->dimensions == 0 ? "no" : "more than 2");
  }
  npy->rows = header->shape[0];
  npy->columns = header->dimensions == 2 ? header->shape[1] : 1;
  npy->column_major = header->fortran_order && npy->columns > 1;
  if (npy->rows < 1 || npy->columns < 1) {
    return crow_error(CROW_BAD_INPUT, "%s: shape (%lld, %lld), expected at least one row and one column", npy->name,
                      (long long)npy->rows, (long long)npy->columns);
  }
  return CROW_OK;
}

static crow_status check_length(const crow_floats *npy, int64_t end) {
  if (end < 0) {
    if (fseeko(npy->stream, 0, SEEK_END) != 0) {
      return crow_error(CROW_FILE_SYSTEM, "%s: cannot be searched: %s", npy->name, strerror(errno));
    }
    end = ftello(npy->stream);
  }
  if (crow_floats_fill(npy, end - npy->offset)) return CROW_OK;
  return crow_error(CROW_BAD_INPUT, "%s: holds %lld bytes of numbers, expected %lld x %lld of %lld bytes each",
                    npy->name, (long long)(end - npy->offset), (long long)npy->rows, (long long)npy->columns,
                    (long long)crow_floats_element_bytes(npy->stored));
}

crow_status crow_npy_open_at(FILE *stream, const char *name, int64_t offset, int64_t end, crow_floats *out) {
  crow_status status = CROW_OK;
  crow_npy_header header;
  char *text = NULL;
  size_t header_bytes = 0;
  *out = (crow_floats){.stream = stream};
  CROW_TRY(crow_string_copy(name, &out->name));
  if (fseeko(stream, offset, SEEK_SET) != 0) {
    CROW_TRY(crow_error(CROW_FILE_SYSTEM, "%s: cannot be searched: %s", name, strerror(errno)));
  }
  CROW_TRY(read_prefix(out, &header_bytes));
  CROW_TRY(CROW_ALLOCATE_RAW(&text, (int64_t)header_bytes + 1));
  CROW_TRY(read_header(out, text, header_bytes));
  out->offset = ftello(stream);
  CROW_TRY(crow_npy_parse_header(name, text, header_bytes, &header));
  CROW_TRY(check_type(out, header.descr));
  CROW_TRY(check_shape(out, &header));
  CROW_TRY(check_length(out, end));
cleanup:
  crow_free(text);
  if (status != CROW_OK) crow_floats_close(out);
  return status;
}
