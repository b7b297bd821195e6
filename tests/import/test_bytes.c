/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of files, plain and compressed, of sizes around the chunk of 2^17 that is read at a time. */
#include "write_file.h"

#include "import/bytes_impl.h"
#include <stdlib.h>
#include <zlib.h>

enum { CHUNK = 1 << 17, MOST = 2 * CHUNK + 1 };

static unsigned char whole[MOST], found[MOST + 1], packed[2 * MOST];

static void fill(void) {
  for (int k = 0; k < MOST; k += 4) {
    uint32_t word = 0;
    crow_random_words(3, CROW_STREAM_TEST, (uint64_t)k, &word, 1);
    memcpy(whole + k, &word, (size_t)(MOST - k < 4 ? MOST - k : 4)); /* which no packing makes shorter */
  }
  whole[0] = 'a';
}

static size_t pack(const unsigned char *from, size_t count, unsigned char *to) {
  z_stream z = {.next_in = (unsigned char *)(uintptr_t)from,
                .avail_in = (uInt)count,
                .next_out = to,
                .avail_out = (uInt)(packed + sizeof packed - to)};
  CHECK(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK &&
        deflate(&z, Z_FINISH) == Z_STREAM_END);
  const size_t size = (size_t)(z.next_out - to);
  CHECK(deflateEnd(&z) == Z_OK);
  return size;
}

/* Reads all, at most `room` bytes at a time; how many there were. */
static size_t read_all(const char *path, size_t room, crow_status *status) {
  crow_bytes *bytes = NULL;
  size_t at = 0, got = 1;
  FILE *stream = fopen(path, "rb");
  CHECK(stream != NULL);
  *status = crow_bytes_open(stream, "the file", &bytes);
  CHECK((bytes != NULL) == (*status == CROW_OK));
  if (!bytes) return 0;
  CHECK_OK(crow_bytes_read(bytes, found, 0, &got));
  CHECK(got == 0);
  for (got = 1; got > 0 && at <= MOST && *status == CROW_OK; at += got) {
    *status = crow_bytes_read(bytes, found + at, room < MOST + 1 - at ? room : MOST + 1 - at, &got);
    CHECK(got <= room);
  }
  if (*status == CROW_OK) {
    FILE *again = fopen(path, "rb");
    CHECK(again && fseek(again, 0, SEEK_END) == 0 && crow_bytes_taken(bytes) == (double)ftell(again));
    if (again) (void)fclose(again);
  }
  crow_bytes_close(&bytes);
  CHECK(!bytes);
  return at;
}

static const size_t sizes[] = {0, 1, 2, 1000, CHUNK - 1, CHUNK, CHUNK + 1, MOST}, rooms[] = {MOST, CHUNK, 777};

static void plain_bytes_are_as_they_are(void) {
  crow_status status;
  fill();
  for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
    for (size_t r = 0; r < sizeof rooms / sizeof *rooms; r++) {
      CHECK(read_all(write_bytes("plain", whole, sizes[s]), rooms[r], &status) == sizes[s] && status == CROW_OK);
      CHECK(memcmp(found, whole, sizes[s]) == 0);
    }
  }
  const unsigned char like[4] = {0x1f, 0x8a, 0x1f, 0x8b}; /* the second of two is not that of gzip */
  CHECK(read_all(write_bytes("like", like, 4), 4, &status) == 4 && status == CROW_OK && memcmp(found, like, 4) == 0);
  CHECK(read_all(write_bytes("like", like + 2, 1), 4, &status) == 1 && status == CROW_OK && found[0] == 0x1f);
}

/* Members follow one another, empty ones too. */
static void packed_bytes_are_unpacked(void) {
  crow_status status;
  fill();
  for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
    const size_t half = sizes[s] / 2, one = pack(whole, half, packed);
    const size_t none = one + pack(whole, 0, packed + one);
    const size_t size = none + pack(whole + half, sizes[s] - half, packed + none);
    for (size_t r = 0; r < sizeof rooms / sizeof *rooms; r++) {
      CHECK(read_all(write_bytes("x.gz", packed, size), rooms[r], &status) == sizes[s] && status == CROW_OK);
      CHECK(memcmp(found, whole, sizes[s]) == 0);
    }
  }
}

/* Much that packs to little comes out in pieces. */
static void long_runs_are_unpacked(void) {
  crow_status status;
  memset(whole, 'x', sizeof whole);
  const size_t size = pack(whole, MOST, packed);
  CHECK(size < 1000 && read_all(write_bytes("x.gz", packed, size), 1000, &status) == MOST && status == CROW_OK);
  CHECK(memcmp(found, whole, MOST) == 0);
}

static void damage_is_said(void) {
  crow_status status;
  fill();
  const size_t size = pack(whole, 5000, packed);
  for (size_t cut = 2; cut < size; cut += cut < 30 || cut > size - 10 ? 1 : 400) {
    (void)read_all(write_bytes("x.gz", packed, cut), MOST, &status);
    CHECK(status == CROW_BAD_INPUT);
    CHECK_MESSAGE("the file: ends inside its gzip data; was it copied whole?");
  }
  packed[size - 5] ^= 1; /* of the check sum */
  (void)read_all(write_bytes("x.gz", packed, size), MOST, &status);
  CHECK(status == CROW_BAD_INPUT);
  CHECK_MESSAGE("the file: its gzip data are damaged (incorrect data check)");
  packed[size - 5] ^= 1;
  packed[size] = 'x'; /* what follows is no member */
  packed[size + 1] = 'y';
  (void)read_all(write_bytes("x.gz", packed, size + 2), MOST, &status);
  CHECK(status == CROW_BAD_INPUT);
  CHECK_MESSAGE("the file: its gzip data are damaged (incorrect header check)");
}

static void a_folder_cannot_be_read(void) {
  crow_bytes *bytes = NULL;
  FILE *stream = fopen(test_folder(), "rb");
  CHECK(stream != NULL);
  CHECK_STATUS(crow_bytes_open(stream, "a folder", &bytes), CROW_FILE_SYSTEM);
  CHECK_MESSAGE("a folder: cannot be read: Is a directory");
  CHECK(!bytes);
  crow_bytes_close(&bytes);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {{"plain bytes are as they are", plain_bytes_are_as_they_are},
                                    {"packed bytes are unpacked", packed_bytes_are_unpacked},
                                    {"long runs are unpacked", long_runs_are_unpacked},
                                    {"damage is said", damage_is_said},
                                    {"a folder cannot be read", a_folder_cannot_be_read},
                                    {NULL, NULL}};
  return crow_test_main(argc, argv, "bytes", tests, false);
}
