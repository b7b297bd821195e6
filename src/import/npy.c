/* SPDX-License-Identifier: Apache-2.0 */
#include "import/npy_impl.h"

#include "base/bad_lines_impl.h"

#include <byteswap.h>
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

static const char MAGIC[] = "\x93NUMPY";
enum { MAGIC_BYTES = 6, HEADER_BYTES = 1 << 16 };

bool crow_npy_is(const char *path) {
  char first[MAGIC_BYTES] = {0};
  const size_t length = strlen(path);
  if (length >= 4 && strcasecmp(path + length - 4, ".npy") == 0) return true;
  FILE *stream = fopen(path, "rb");
  if (!stream) return false;
  const bool same = fread(first, 1, MAGIC_BYTES, stream) == MAGIC_BYTES && memcmp(first, MAGIC, MAGIC_BYTES) == 0;
  (void)fclose(stream);
  return same;
}

static crow_status read_bytes(const crow_npy *npy, void *bytes, size_t count) {
  if (fread(bytes, 1, count, npy->stream) == count) return CROW_OK;
  if (ferror(npy->stream)) return crow_error(CROW_FILE_SYSTEM, "%s: cannot be read: %s", npy->name, strerror(errno));
  return crow_error(CROW_BAD_INPUT, "%s: ends inside its .npy header or numbers; was it copied whole?", npy->name);
}

/* The magic string, the version and the header's length: everything before the dictionary. */
static crow_status read_prefix(const crow_npy *npy, size_t *header_bytes) {
  crow_status status = CROW_OK;
  unsigned char prefix[12] = {0};
  CROW_TRY(read_bytes(npy, prefix, MAGIC_BYTES));
  if (memcmp(prefix, "PK", 2) == 0) {
    return crow_error(CROW_BAD_INPUT, "%s: is a .npz archive, expected one array saved by numpy.save", npy->name);
  }
  if (memcmp(prefix, MAGIC, MAGIC_BYTES) != 0) {
    return crow_error(CROW_BAD_INPUT, "%s: does not begin as a NumPy file, expected one saved by numpy.save",
                      npy->name);
  }
  CROW_TRY(read_bytes(npy, prefix + 6, 4));
  if (prefix[6] < 1 || prefix[6] > 3 || prefix[7] != 0) {
    return crow_error(CROW_BAD_INPUT, "%s: .npy format version %d.%d, expected 1.0, 2.0 or 3.0", npy->name, prefix[6],
                      prefix[7]);
  }
  *header_bytes = (size_t)prefix[8] | (size_t)prefix[9] << 8;
  if (prefix[6] > 1) {
    CROW_TRY(read_bytes(npy, prefix + 10, 2));
    *header_bytes |= (size_t)prefix[10] << 16 | (size_t)prefix[11] << 24;
  }
  if (*header_bytes > HEADER_BYTES) {
    return crow_error(CROW_BAD_INPUT, "%s: a .npy header of %zu bytes, expected at most %d", npy->name, *header_bytes,
                      HEADER_BYTES);
  }
cleanup:
  return status;
}

static crow_status check_type(crow_npy *npy, const char *descr) {
  char quoted[CROW_QUOTED_BYTES];
  const bool little = descr[0] == '<', big = descr[0] == '>', native = descr[0] == '=';
  if ((little || big || native) && (strcmp(descr + 1, "f4") == 0 || strcmp(descr + 1, "f8") == 0)) {
    npy->type = descr[2] == '4' ? CROW_F32 : CROW_F64;
    npy->swap = __BYTE_ORDER == __LITTLE_ENDIAN ? big : little;
    return CROW_OK;
  }
  return crow_error(CROW_BAD_INPUT,
                    "%s: numbers of type %s, expected float32 (\"<f4\") or float64 (\"<f8\"): "
                    "save x.astype(np.float32)",
                    npy->name, crow_quote(descr, quoted));
}

static crow_status check_shape(crow_npy *npy, const crow_npy_header *header) {
  if (header->dimensions < 1 || header->dimensions > 2) {
    return crow_error(CROW_BAD_INPUT, "%s: an array of %s dimensions, expected 2: a row for each alternative",
                      npy->name, header->dimensions == 0 ? "no" : "more than 2");
  }
  npy->rows = header->shape[0];
  npy->columns = header->dimensions == 2 ? header->shape[1] : 1;
  if (npy->rows < 1 || npy->columns < 1) {
    return crow_error(CROW_BAD_INPUT, "%s: shape (%lld, %lld), expected at least one row and one column", npy->name,
                      (long long)npy->rows, (long long)npy->columns);
  }
  if (header->fortran_order) {
    return crow_error(CROW_BAD_INPUT,
                      "%s: the array is in Fortran (column) order, expected C order: "
                      "np.save(path, np.ascontiguousarray(x))",
                      npy->name);
  }
  return CROW_OK;
}

/* Compares the file's length with its shape by division, so that no product can overflow. */
static crow_status check_length(const crow_npy *npy) {
  const int64_t element = npy->type == CROW_F32 ? 4 : 8;
  if (fseeko(npy->stream, 0, SEEK_END) != 0) {
    return crow_error(CROW_FILE_SYSTEM, "%s: cannot be searched: %s", npy->name, strerror(errno));
  }
  const int64_t bytes = ftello(npy->stream) - npy->offset, numbers = bytes / element;
  if (bytes % element == 0 && numbers % npy->columns == 0 && numbers / npy->columns == npy->rows) return CROW_OK;
  return crow_error(CROW_BAD_INPUT, "%s: holds %lld bytes of numbers, expected %lld x %lld of %lld bytes each",
                    npy->name, (long long)bytes, (long long)npy->rows, (long long)npy->columns, (long long)element);
}

crow_status crow_npy_open_stream(FILE *stream, const char *name, crow_npy *out) {
  crow_status status = CROW_OK;
  crow_npy_header header;
  char *text = NULL;
  size_t header_bytes = 0;
  *out = (crow_npy){.stream = stream};
  CROW_TRY(crow_string_copy(name, &out->name));
  CROW_TRY(read_prefix(out, &header_bytes));
  CROW_TRY(CROW_ALLOCATE_RAW(&text, (int64_t)header_bytes + 1));
  CROW_TRY(read_bytes(out, text, header_bytes));
  out->offset = ftello(stream);
  CROW_TRY(crow_npy_parse_header(name, text, header_bytes, &header));
  CROW_TRY(check_type(out, header.descr));
  CROW_TRY(check_shape(out, &header));
  CROW_TRY(check_length(out));
cleanup:
  crow_free(text);
  if (status != CROW_OK) crow_npy_close(out);
  return status;
}

crow_status crow_npy_open(const char *path, crow_npy *out) {
  *out = (crow_npy){0};
  FILE *stream = fopen(path, "rb");
  if (!stream) return crow_error(CROW_FILE_SYSTEM, "%s: cannot be opened: %s", path, strerror(errno));
  return crow_npy_open_stream(stream, path, out);
}

static void swap_bytes(crow_type type, int64_t numbers, void *values) {
  if (type == CROW_F32) {
    uint32_t *words = values;
    for (int64_t k = 0; k < numbers; k++) words[k] = bswap_32(words[k]);
  } else {
    uint64_t *words = values;
    for (int64_t k = 0; k < numbers; k++) words[k] = bswap_64(words[k]);
  }
}

crow_status crow_npy_read(crow_npy *npy, int64_t begin, int64_t count, void *values) {
  crow_status status = CROW_OK;
  const int64_t row_bytes = npy->columns * (npy->type == CROW_F32 ? 4 : 8);
  if (fseeko(npy->stream, npy->offset + begin * row_bytes, SEEK_SET) != 0) {
    return crow_error(CROW_FILE_SYSTEM, "%s: cannot be searched: %s", npy->name, strerror(errno));
  }
  CROW_TRY(read_bytes(npy, values, (size_t)(count * row_bytes)));
  if (npy->swap) swap_bytes(npy->type, count * npy->columns, values);
cleanup:
  return status;
}

void crow_npy_close(crow_npy *npy) {
  if (npy->stream) (void)fclose(npy->stream);
  crow_free(npy->name);
  *npy = (crow_npy){0};
}
