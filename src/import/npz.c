/* SPDX-License-Identifier: Apache-2.0 */
/* .npz: a zip archive (APPNOTE.TXT of PKWARE, 4.3) of .npy files, stored by numpy.savez and deflated by
 * numpy.savez_compressed. The central directory at the end says where each is; its numbers are checked against the
 * file's length before they are used. */
#include "import/floats_impl.h"
#include "import/scratch_impl.h"

#include <errno.h>
#include <string.h>
#include <zlib.h>

enum {
  END_BYTES = 22,
  END_COMMENT = 65535,
  ENTRY_BYTES = 46,
  LOCAL_BYTES = 30,
  LOCATOR_BYTES = 20,
  END64_BYTES = 56,
  CHUNK_BYTES = 1 << 18
};
#define NAME_BYTES 256
#define DIRECTORY_BYTES (INT64_C(1) << 26)

/* An open archive and the member that is looked for. */
typedef struct archive {
  FILE *stream;
  const char *name;
  int64_t length;
  unsigned char *directory;
  int64_t directory_bytes;
} archive;

typedef struct member {
  char name[NAME_BYTES];
  unsigned method, flags;
  uint32_t crc;
  uint64_t stored_bytes, bytes, local;
} member;

static uint64_t npz_take(const unsigned char *at, int bytes) {
  uint64_t value = 0;
  for (int k = bytes - 1; k >= 0; k--) value = value << 8 | at[k];
  return value;
}

static crow_status zip_damaged(const archive *of, const char *what) {
  return crow_error(CROW_BAD_INPUT, "%s: %s; was the .npz archive copied whole?", of->name, what);
}

static crow_status read_at(const archive *of, int64_t offset, void *bytes, size_t count) {
  if (offset < 0 || offset > of->length || (int64_t)count > of->length - offset) {
    return zip_damaged(of, "a part of it is beyond its end");
  }
  if (fseeko(of->stream, offset, SEEK_SET) != 0) {
    return crow_error(CROW_FILE_SYSTEM, "%s: cannot be searched: %s", of->name, strerror(errno));
  }
  return crow_floats_bytes(of->stream, of->name, "its archive", bytes, count);
}

/* Archives beyond 4 GiB keep the true place of the directory in a record of its own. */
static crow_status read_end64(const archive *of, int64_t end, uint64_t *bytes, uint64_t *offset) {
  unsigned char locator[LOCATOR_BYTES], record[END64_BYTES];
  CROW_NEED(read_at(of, end - LOCATOR_BYTES, locator, sizeof locator));
  if (npz_take(locator, 4) != 0x07064b50) CROW_NEED(zip_damaged(of, "its directory's place is missing"));
  if (npz_take(locator + 8, 8) > INT64_MAX) CROW_NEED(zip_damaged(of, "its directory is beyond its end"));
  CROW_NEED(read_at(of, (int64_t)npz_take(locator + 8, 8), record, sizeof record));
  if (npz_take(record, 4) != 0x06064b50) CROW_NEED(zip_damaged(of, "its directory's place is missing"));
  *bytes = npz_take(record + 40, 8);
  *offset = npz_take(record + 48, 8);
  return CROW_OK;
}

static crow_status read_directory(archive *of) {
  crow_status status = CROW_OK;
  unsigned char *tail = NULL;
  if (fseeko(of->stream, 0, SEEK_END) != 0) {
    return crow_error(CROW_FILE_SYSTEM, "%s: cannot be searched: %s", of->name, strerror(errno));
  }
  of->length = ftello(of->stream);
  const int64_t look = of->length < END_BYTES + END_COMMENT ? of->length : END_BYTES + END_COMMENT;
  CROW_TRY(CROW_ALLOCATE_RAW(&tail, look));
  CROW_TRY(read_at(of, of->length - look, tail, (size_t)look));
  int64_t at = look - END_BYTES;
  while (at >= 0 && npz_take(tail + at, 4) != 0x06054b50) at--;
  if (at < 0) CROW_TRY(zip_damaged(of, "its directory is missing"));
  uint64_t bytes = npz_take(tail + at + 12, 4), offset = npz_take(tail + at + 16, 4);
  if (bytes == UINT32_MAX || offset == UINT32_MAX) {
    CROW_TRY(read_end64(of, of->length - look + at, &bytes, &offset));
  }
  if (bytes > (uint64_t)DIRECTORY_BYTES || offset > INT64_MAX) CROW_TRY(zip_damaged(of, "its directory is too long"));
  of->directory_bytes = (int64_t)bytes;
  CROW_TRY(CROW_ALLOCATE(&of->directory, of->directory_bytes + 1));
  CROW_TRY(read_at(of, (int64_t)offset, of->directory, (size_t)bytes));
cleanup:
  crow_free(tail);
  return status;
}

/* Sizes and places that do not fit 32 bits are in an extra field, in this order, each only if it does not fit. */
static void take_extra64(const unsigned char *extra, size_t bytes, member *out) {
  for (size_t at = 0; at + 4 <= bytes;) {
    const size_t length = (size_t)npz_take(extra + at + 2, 2), end = at + 4 + length;
    uint64_t *const values[] = {&out->bytes, &out->stored_bytes, &out->local};
    if (end > bytes) return;
    size_t from = at + 4;
    for (int k = 0; npz_take(extra + at, 2) == 1 && k < 3; k++) {
      if (*values[k] != UINT32_MAX || from + 8 > end) continue;
      *values[k] = npz_take(extra + from, 8);
      from += 8;
    }
    at = end;
  }
}

/* The entry at `*at`, which moves on; false at the end or where the directory is damaged. */
static bool next_member(const archive *of, int64_t *at, member *out) {
  const unsigned char *entry = of->directory + *at;
  if (of->directory_bytes - *at < ENTRY_BYTES || npz_take(entry, 4) != 0x02014b50) return false;
  const size_t name = (size_t)npz_take(entry + 28, 2), extra = (size_t)npz_take(entry + 30, 2);
  const int64_t whole = ENTRY_BYTES + (int64_t)name + (int64_t)extra + (int64_t)npz_take(entry + 32, 2);
  if (whole > of->directory_bytes - *at) return false;
  *out = (member){.flags = (unsigned)npz_take(entry + 8, 2),
                  .method = (unsigned)npz_take(entry + 10, 2),
                  .crc = (uint32_t)npz_take(entry + 16, 4),
                  .stored_bytes = npz_take(entry + 20, 4),
                  .bytes = npz_take(entry + 24, 4),
                  .local = npz_take(entry + 42, 4)};
  const size_t kept = name < NAME_BYTES ? name : NAME_BYTES - 1;
  memcpy(out->name, entry + ENTRY_BYTES, kept);
  take_extra64(entry + ENTRY_BYTES + name, extra, out);
  *at += whole;
  return true;
}

/* "x" and "x.npy" both mean the array that numpy.savez(path, x=...) keeps. */
static bool is_called(const char *name, const char *wanted) {
  const size_t length = strlen(wanted);
  return strncmp(name, wanted, length) == 0 && (name[length] == 0 || strcmp(name + length, ".npy") == 0);
}

static crow_status choose_member(const archive *of, const char *wanted, member *out) {
  char names[600] = "";
  size_t used = 0, count = 0;
  int64_t at = 0;
  member next;
  while (next_member(of, &at, &next)) {
    if (wanted && is_called(next.name, wanted)) {
      *out = next;
      return CROW_OK;
    }
    if (used < 400) used += (size_t)snprintf(names + used, 160, "%s%.120s", count ? ", " : "", next.name);
    *out = next;
    count++;
  }
  if (count == 1 && !wanted) return CROW_OK;
  return crow_error(CROW_BAD_INPUT, "%s: holds %zu array%s (%s%s), expected FILE:NAME with the name of one", of->name,
                    count, crow_plural((int64_t)count), names, used < 400 ? "" : ", ...");
}

/* Inflates into `to`, and checks the length and the checksum that the directory states. */
static crow_status inflate_member(const archive *of, const member *in, FILE *to) {
  crow_status status = CROW_OK;
  unsigned char *from = NULL, *out = NULL;
  uint64_t left = in->stored_bytes, made = 0;
  uLong crc = crc32(0, NULL, 0);
  int code = Z_OK;
  z_stream z = {0};
  bool begun = inflateInit2(&z, -15) == Z_OK;
  if (!begun) CROW_TRY(crow_error(CROW_FAILED, "%s: zlib cannot be initialised", of->name));
  CROW_TRY(CROW_ALLOCATE_RAW_EACH(CHUNK_BYTES, &from, &out));
  while (code != Z_STREAM_END) {
    if (z.avail_in == 0 && left > 0) {
      const size_t piece = left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES;
      CROW_TRY(crow_floats_bytes(of->stream, of->name, "a member", from, piece));
      left -= piece;
      z.next_in = from;
      z.avail_in = (uInt)piece;
    }
    z.next_out = out;
    z.avail_out = CHUNK_BYTES;
    code = inflate(&z, Z_NO_FLUSH);
    const size_t got = CHUNK_BYTES - z.avail_out;
    made += got;
    if ((code != Z_OK && code != Z_STREAM_END) || made > in->bytes) CROW_TRY(zip_damaged(of, "a member is damaged"));
    crc = crc32(crc, out, (uInt)got);
    if (fwrite(out, 1, got, to) != got) {
      CROW_TRY(crow_error(CROW_FILE_SYSTEM, "%s: cannot be unpacked to a scratch file (TMPDIR): %s", of->name,
                          strerror(errno)));
    }
  }
  if (made != in->bytes || crc != in->crc) CROW_TRY(zip_damaged(of, "a member's checksum is not what it should be"));
cleanup:
  if (begun) (void)inflateEnd(&z);
  CROW_FREE(from, out);
  return status;
}

/* Where the member's own bytes begin: after its local header, whose texts may be longer than the directory's. */
static crow_status find_bytes(const archive *of, const member *in, int64_t *begin) {
  unsigned char local[LOCAL_BYTES];
  if (in->flags & 1) return crow_error(CROW_BAD_INPUT, "%s: the member is encrypted", of->name);
  if (in->local > INT64_MAX || in->stored_bytes > INT64_MAX) CROW_NEED(zip_damaged(of, "a member is beyond its end"));
  CROW_NEED(read_at(of, (int64_t)in->local, local, sizeof local));
  if (npz_take(local, 4) != 0x04034b50) CROW_NEED(zip_damaged(of, "a member is not where its directory says"));
  *begin = (int64_t)in->local + LOCAL_BYTES + (int64_t)npz_take(local + 26, 2) + (int64_t)npz_take(local + 28, 2);
  if (*begin > of->length || (int64_t)in->stored_bytes > of->length - *begin) {
    CROW_NEED(zip_damaged(of, "a member is beyond its end"));
  }
  return CROW_OK;
}

crow_status crow_npz_open(FILE *stream, const char *name, const char *wanted, crow_floats *out) {
  crow_status status = CROW_OK;
  archive of = {.stream = stream, .name = name};
  member chosen = {0};
  int64_t begin = 0;
  FILE *unpacked = NULL;
  *out = (crow_floats){0};
  CROW_TRY(read_directory(&of));
  CROW_TRY(choose_member(&of, wanted, &chosen));
  CROW_TRY(find_bytes(&of, &chosen, &begin));
  if (chosen.method == 0) {
    of.stream = NULL; /* the array's from now on */
    CROW_TRY(crow_npy_open_at(stream, name, begin, begin + (int64_t)chosen.stored_bytes, out));
  } else if (chosen.method == 8) {
    CROW_TRY(crow_scratch_open(&unpacked));
    if (fseeko(stream, begin, SEEK_SET) != 0) {
      CROW_TRY(crow_error(CROW_FILE_SYSTEM, "%s: cannot be searched: %s", name, strerror(errno)));
    }
    CROW_TRY(inflate_member(&of, &chosen, unpacked));
    FILE *given = unpacked;
    unpacked = NULL;
    CROW_TRY(crow_npy_open_at(given, name, 0, -1, out));
  } else {
    CROW_TRY(crow_error(CROW_BAD_INPUT, "%s: compressed by method %u, expected numpy.savez or savez_compressed", name,
                        chosen.method));
  }
cleanup:
  if (of.stream) (void)fclose(of.stream);
  if (unpacked) (void)fclose(unpacked);
  crow_free(of.directory);
  return status;
}
