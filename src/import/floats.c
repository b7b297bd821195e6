/* SPDX-License-Identifier: Apache-2.0 */
/* Which kind of file holds an array, and reading its numbers. */
#include "import/floats_impl.h"

#include <byteswap.h>
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* ---- which file --------------------------------------------------------------------------------------------- */

void crow_source_split(const char *source, const char **colon) {
  *colon = NULL;
  if (access(source, F_OK) == 0) return;
  const char *last = strrchr(source, ':');
  if (last && last != source && last[1]) *colon = last;
}

typedef enum floats_kind { KIND_NONE, KIND_NPY, KIND_NPZ, KIND_SAFETENSORS } floats_kind;

static const struct {
  const char *suffix;
  floats_kind kind;
} SUFFIXES[] = {{".npy", KIND_NPY}, {".npz", KIND_NPZ}, {".safetensors", KIND_SAFETENSORS}};

/* By the first bytes, else by the name: a damaged file is told of as what it is called. */
static floats_kind kind_of(FILE *stream, const char *name) {
  unsigned char first[10] = {0};
  const size_t got = stream ? fread(first, 1, sizeof first, stream) : 0, length = strlen(name);
  if (got >= 6 && memcmp(first, "\x93NUMPY", 6) == 0) return KIND_NPY;
  if (got >= 4 && memcmp(first, "PK\3\4", 4) == 0) return KIND_NPZ;
  if (got == 10 && first[8] == '{' && !first[7] && !first[6] && !first[5] && !first[4]) return KIND_SAFETENSORS;
  for (size_t k = 0; k < sizeof SUFFIXES / sizeof *SUFFIXES; k++) {
    const size_t bytes = strlen(SUFFIXES[k].suffix);
    if (length >= bytes && strcasecmp(name + length - bytes, SUFFIXES[k].suffix) == 0) return SUFFIXES[k].kind;
  }
  return KIND_NONE;
}

/* Opens the file of a source; what is after its colon, if anything, is `*member`. */
static crow_status open_file(const char *source, char **file, const char **member, FILE **stream) {
  const char *colon = NULL;
  *stream = NULL;
  crow_source_split(source, &colon);
  CROW_NEED(crow_string_copy(source, file));
  if (colon) (*file)[colon - source] = 0;
  *member = colon ? colon + 1 : NULL;
  *stream = fopen(*file, "rb");
  if (!*stream) return crow_error(CROW_FILE_SYSTEM, "%s: cannot be opened: %s", *file, strerror(errno));
  return CROW_OK;
}

bool crow_floats_is(const char *source) {
  const char *colon = NULL, *member = NULL;
  char *file = NULL;
  FILE *stream = NULL;
  crow_source_split(source, &colon);
  floats_kind kind = colon ? KIND_NONE : kind_of(NULL, source);
  if (open_file(source, &file, &member, &stream) == CROW_OK) kind = kind_of(stream, file);
  if (stream) (void)fclose(stream);
  crow_free(file);
  return kind != KIND_NONE;
}

crow_status crow_floats_open(const char *source, crow_floats *out) {
  crow_status status = CROW_OK;
  const char *member = NULL;
  char *file = NULL;
  FILE *stream = NULL;
  *out = (crow_floats){0};
  CROW_TRY(open_file(source, &file, &member, &stream));
  const floats_kind kind = kind_of(stream, file);
  rewind(stream);
  FILE *given = stream;
  stream = NULL; /* what opens it closes it on failure */
  if (kind == KIND_NPZ) {
    CROW_TRY(crow_npz_open(given, source, member, out));
  } else if (kind == KIND_SAFETENSORS) {
    CROW_TRY(crow_safetensors_open(given, source, member, out));
  } else if (member) {
    stream = given;
    CROW_TRY(crow_error(CROW_BAD_INPUT, "%s: a .npy file holds one array and takes no name after a colon", source));
  } else {
    CROW_TRY(crow_npy_open_at(given, source, 0, -1, out));
  }
cleanup:
  if (stream) (void)fclose(stream);
  crow_free(file);
  return status;
}

/* ---- numbers ------------------------------------------------------------------------------------------------ */

int64_t crow_floats_element_bytes(crow_stored stored) {
  return stored == CROW_STORED_F64 ? 8 : stored == CROW_STORED_F32 ? 4 : 2;
}

crow_status crow_floats_bytes(FILE *stream, const char *name, const char *part, void *bytes, size_t count) {
  if (fread(bytes, 1, count, stream) == count) return CROW_OK;
  if (ferror(stream)) return crow_error(CROW_FILE_SYSTEM, "%s: cannot be read: %s", name, strerror(errno));
  return crow_error(CROW_BAD_INPUT, "%s: ends inside %s; was it copied whole?", name, part);
}

bool crow_floats_fill(const crow_floats *floats, int64_t bytes) {
  const int64_t element = crow_floats_element_bytes(floats->stored), numbers = bytes / element;
  return bytes >= 0 && bytes % element == 0 && numbers % floats->columns == 0 &&
         numbers / floats->columns == floats->rows;
}

static void swap_bytes(int64_t element, int64_t numbers, void *values) {
  for (int64_t k = 0; k < numbers; k++) {
    if (element == 2) ((uint16_t *)values)[k] = bswap_16(((uint16_t *)values)[k]);
    if (element == 4) ((uint32_t *)values)[k] = bswap_32(((uint32_t *)values)[k]);
    if (element == 8) ((uint64_t *)values)[k] = bswap_64(((uint64_t *)values)[k]);
  }
}

/* The bits of the single-precision number that a half-precision one is. */
static uint32_t widen_half(uint16_t half) {
  const uint32_t sign = (uint32_t)(half & 0x8000U) << 16, exponent = (half >> 10) & 0x1fU;
  uint32_t fraction = half & 0x3ffU, power = 113; /* that of 2^-14 */
  if (exponent == 0x1f) return sign | 0x7f800000U | fraction << 13;
  if (exponent > 0) return sign | (exponent + 112) << 23 | fraction << 13;
  if (fraction == 0) return sign;
  for (; !(fraction & 0x400U); power--) fraction <<= 1; /* subnormal: below 2^-14 */
  return sign | power << 23 | (fraction & 0x3ffU) << 13;
}

/* Numbers that follow one another in the file, as `type`. Narrow ones are read into the second half of their floats and
 * widened from the front: none is overwritten unread. */
static crow_status read_run(crow_floats *floats, int64_t first, int64_t numbers, void *values) {
  const int64_t element = crow_floats_element_bytes(floats->stored);
  uint16_t *narrow = (uint16_t *)values + numbers;
  void *room = element == 2 ? (void *)narrow : values;
  if (fseeko(floats->stream, floats->offset + first * element, SEEK_SET) != 0) {
    return crow_error(CROW_FILE_SYSTEM, "%s: cannot be searched: %s", floats->name, strerror(errno));
  }
  CROW_NEED(crow_floats_bytes(floats->stream, floats->name, "its numbers", room, (size_t)(numbers * element)));
  if (floats->swap) swap_bytes(element, numbers, room);
  for (int64_t k = 0; k < numbers && element == 2; k++) {
    uint16_t stored;
    memcpy(&stored, narrow + k, sizeof stored);
    const uint32_t bits = floats->stored == CROW_STORED_BF16 ? (uint32_t)stored << 16 : widen_half(stored);
    memcpy((char *)values + 4 * k, &bits, sizeof bits);
  }
  return CROW_OK;
}

crow_status crow_floats_read(crow_floats *floats, int64_t begin, int64_t count, void *values) {
  crow_status status = CROW_OK;
  const int64_t d = floats->columns;
  const size_t bytes = crow_type_bytes(floats->type);
  char *column = NULL;
  if (!floats->column_major) return read_run(floats, begin * d, count * d, values);
  CROW_TRY(crow_allocate_raw(count, bytes, (void **)&column));
  for (int64_t k = 0; k < d; k++) {
    CROW_TRY(read_run(floats, k * floats->rows + begin, count, column));
    for (int64_t i = 0; i < count; i++) {
      memcpy((char *)values + (size_t)(i * d + k) * bytes, column + (size_t)i * bytes, bytes);
    }
  }
cleanup:
  crow_free(column);
  return status;
}

void crow_floats_close(crow_floats *floats) {
  if (floats->stream) (void)fclose(floats->stream);
  crow_free(floats->name);
  *floats = (crow_floats){0};
}
