/* SPDX-License-Identifier: Apache-2.0 */
/* HDF5 up to 1.14.3 trusts the heaps in which texts of variable length lie (GHSA-qgm6-rxj7-629q; pull request 2808 of
 * HDFGroup/hdf5): a damaged one sends it into an endless loop or past the end of memory. So the heaps of files small
 * enough to be looked through are checked before HDF5 sees them. Layout: "Global Heap" of the HDF5 file format
 * specification, with 8-byte lengths. */
#include "io/heap_impl.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

/* Larger files are not looked through: that would cost more than opening them. */
#define FILE_BYTES_MAX (INT64_C(1) << 26)
#define HEADER_BYTES 16
#define COLLECTION_BYTES_MIN 4096
/* Of a reference to a text: length (4), address of the collection (8), index of the object (4). */
#define REFERENCE_BYTES 16

static const char signature[8] = {'G', 'C', 'O', 'L', 1, 0, 0, 0};

static uint64_t little_endian(const unsigned char *at, int bytes) {
  uint64_t value = 0;
  for (int i = bytes - 1; i >= 0; i--) value = value << 8 | at[i];
  return value;
}

/* A collection: its signature, its size, then objects (index, references, 4 bytes, size, data in multiples of 8); index
 * 0 is free space, whose size counts its own header. What is left at the end may be too small for a header. */
static bool is_sound(const unsigned char *collection, uint64_t there) {
  if (there < HEADER_BYTES) return false;
  const uint64_t size = little_endian(collection + 8, 8);
  if (size < COLLECTION_BYTES_MIN || size > there) return false;
  for (uint64_t at = HEADER_BYTES; at + HEADER_BYTES <= size;) {
    const uint64_t object = little_endian(collection + at + 8, 8), rest = size - at;
    if (object > rest) return false;
    const bool free_space = little_endian(collection + at, 2) == 0;
    const uint64_t needed = free_space ? object : HEADER_BYTES + (object + 7) / 8 * 8;
    if (needed < HEADER_BYTES || needed > rest) return false;
    at += needed;
  }
  return true;
}

void crow_heaps_free(crow_heaps *heaps) {
  crow_free(heaps->bytes);
  *heaps = (crow_heaps){0};
}

/* The next signature from `at` on, or NULL. (memmem() is slow among zeros, of which this one has three.) */
static const unsigned char *find_signature(const unsigned char *at, const unsigned char *end) {
  while (at && end - at >= (ptrdiff_t)sizeof signature) {
    at = memchr(at, signature[0], (size_t)(end - at) - sizeof signature + 1);
    if (!at || memcmp(at, signature, sizeof signature) == 0) return at;
    at++;
  }
  return NULL;
}

static crow_status heaps_check(const crow_heaps *heaps, const char *file) {
  const unsigned char *at = heaps->bytes, *end = at + heaps->count;
  while (at && at < end) {
    at = find_signature(at, end);
    if (at && !is_sound(at, (uint64_t)(end - at))) {
      return crow_error(CROW_BAD_INPUT, "%s: the heap of texts at byte %lld is damaged", file,
                        (long long)(at - heaps->bytes));
    }
    if (at) at += sizeof signature;
  }
  return CROW_OK;
}

crow_status crow_heaps_load(const char *file, crow_heaps *heaps) {
  crow_status status = CROW_OK;
  struct stat facts;
  FILE *stream = fopen(file, "rbe");
  if (!stream || fstat(fileno(stream), &facts) != 0) {
    CROW_TRY(crow_error(CROW_FILE_SYSTEM, "cannot open %s: %s", file, strerror(errno)));
  }
  if (facts.st_size > FILE_BYTES_MAX) goto cleanup;
  CROW_TRY(crow_allocate_raw((int64_t)facts.st_size, 1, (void **)&heaps->bytes));
  heaps->count = (int64_t)fread(heaps->bytes, 1, (size_t)facts.st_size, stream);
  if (ferror(stream)) CROW_TRY(crow_error(CROW_FILE_SYSTEM, "cannot read %s: %s", file, strerror(errno)));
  CROW_TRY(heaps_check(heaps, file));
cleanup:
  if (stream) (void)fclose(stream);
  return status;
}

/* Bytes of an object of a sound collection, or -1 if it is not there. */
static int64_t object_bytes(const crow_heaps *heaps, uint64_t address, uint64_t index) {
  if (index == 0 || address >= (uint64_t)heaps->count || (uint64_t)heaps->count - address < HEADER_BYTES) return -1;
  const unsigned char *collection = heaps->bytes + address;
  if (memcmp(collection, signature, sizeof signature) != 0) return -1;
  const uint64_t size = little_endian(collection + 8, 8);
  for (uint64_t at = HEADER_BYTES; at + HEADER_BYTES <= size;) {
    const uint64_t object = little_endian(collection + at + 8, 8), found = little_endian(collection + at, 2);
    if (found == index) return (int64_t)object;
    at += found == 0 ? object : HEADER_BYTES + (object + 7) / 8 * 8;
  }
  return -1;
}

int64_t crow_heaps_first_fault(const crow_heaps *heaps, int64_t offset, int64_t rows) {
  if (heaps->count == 0) return -1;
  for (int64_t row = 0; row < rows; row++) {
    const int64_t at = offset + row * REFERENCE_BYTES;
    if (at < 0 || at > heaps->count - REFERENCE_BYTES) return row;
    const unsigned char *reference = heaps->bytes + at;
    const int64_t length = (int64_t)little_endian(reference, 4);
    if (length > 0 && object_bytes(heaps, little_endian(reference + 4, 8), little_endian(reference + 12, 4)) < length) {
      return row;
    }
  }
  return -1;
}
