/* SPDX-License-Identifier: Apache-2.0 */
#include "import/bytes_impl.h"

#include <errno.h>
#include <string.h>
#include <zlib.h>

enum { CHUNK_BYTES = 1 << 17 };

struct crow_bytes {
  FILE *stream;
  const char *name; /* borrowed */
  double taken;
  bool packed, in_member; /* by gzip; between its header and its end */
  z_stream z;
  unsigned char chunk[CHUNK_BYTES];
  size_t filled, at;
};

static crow_status fill_chunk(crow_bytes *bytes) {
  bytes->at = 0;
  bytes->filled = fread(bytes->chunk, 1, CHUNK_BYTES, bytes->stream);
  bytes->taken += (double)bytes->filled;
  if (!ferror(bytes->stream)) return CROW_OK;
  return crow_error(CROW_FILE_SYSTEM, "%s: cannot be read: %s", bytes->name, strerror(errno));
}

crow_status crow_bytes_open(FILE *stream, const char *name, crow_bytes **out) {
  crow_status status = CROW_OK;
  crow_bytes *bytes = NULL;
  *out = NULL;
  CROW_TRY(CROW_ALLOCATE(&bytes, 1));
  bytes->stream = stream;
  stream = NULL;
  bytes->name = name;
  CROW_TRY(fill_chunk(bytes));
  if (bytes->filled >= 2 && bytes->chunk[0] == 0x1f && bytes->chunk[1] == 0x8b) {
    if (inflateInit2(&bytes->z, 15 + 16) != Z_OK) {
      CROW_TRY(crow_error(CROW_FAILED, "%s: zlib cannot be initialised", name));
    }
    bytes->packed = bytes->in_member = true;
  }
  *out = bytes;
  bytes = NULL;
cleanup:
  if (stream) (void)fclose(stream);
  crow_bytes_close(&bytes);
  return status;
}

/* Unpacks until something came out, or the file has ended between two members. */
static crow_status bytes_unpack(crow_bytes *bytes, void *to, size_t room, size_t *got) {
  while (*got == 0) {
    if (bytes->at == bytes->filled) CROW_NEED(fill_chunk(bytes));
    if (bytes->filled == 0 && !bytes->in_member) break;
    if (bytes->filled == 0) {
      return crow_error(CROW_BAD_INPUT, "%s: ends inside its gzip data; was it copied whole?", bytes->name);
    }
    if (!bytes->in_member && inflateReset(&bytes->z) != Z_OK) return crow_error(CROW_FAILED, "zlib cannot go on");
    bytes->in_member = true;
    bytes->z.next_in = bytes->chunk + bytes->at;
    bytes->z.avail_in = (uInt)(bytes->filled - bytes->at);
    bytes->z.next_out = to;
    bytes->z.avail_out = room < UINT32_MAX ? (uInt)room : UINT32_MAX;
    const size_t wanted = bytes->z.avail_out;
    const int code = inflate(&bytes->z, Z_NO_FLUSH);
    bytes->at = bytes->filled - bytes->z.avail_in;
    *got = wanted - bytes->z.avail_out;
    if (code == Z_STREAM_END) bytes->in_member = false;
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) {
      return crow_error(CROW_BAD_INPUT, "%s: its gzip data are damaged (%s)", bytes->name,
                        bytes->z.msg ? bytes->z.msg : "no reason given");
    }
  }
  return CROW_OK;
}

crow_status crow_bytes_read(crow_bytes *bytes, void *to, size_t room, size_t *got) {
  *got = 0;
  if (room == 0) return CROW_OK;
  if (bytes->packed) return bytes_unpack(bytes, to, room, got);
  if (bytes->at == bytes->filled) CROW_NEED(fill_chunk(bytes));
  *got = bytes->filled - bytes->at < room ? bytes->filled - bytes->at : room;
  memcpy(to, bytes->chunk + bytes->at, *got);
  bytes->at += *got;
  return CROW_OK;
}

double crow_bytes_taken(const crow_bytes *bytes) { return bytes->taken; }

void crow_bytes_close(crow_bytes **bytes) {
  crow_bytes *old = *bytes;
  if (!old) return;
  *bytes = NULL;
  if (old->packed) (void)inflateEnd(&old->z);
  if (old->stream) (void)fclose(old->stream);
  crow_free(old);
}
