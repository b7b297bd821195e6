/* SPDX-License-Identifier: Apache-2.0 */
/* .npz and .safetensors files made byte by byte, as their formats' documents say, whole and damaged. */
#include "import/floats_impl.h"
#include "write_file.h"

#include <zlib.h>

/* A file being made. */
enum { COMMENT_MOST = 65535 };
static unsigned char bytes[8192 + COMMENT_MOST], directory[2048];
static size_t used, listed, members, comment = 5;

static void put(unsigned char *to, size_t *at, uint64_t value, int count) {
  for (int k = 0; k < count; k++) to[(*at)++] = (unsigned char)(value >> 8 * k);
}

static void put_text(unsigned char *to, size_t *at, const void *text, size_t count) {
  memcpy(to + *at, text, count);
  *at += count;
}

/* ---- .npz ----------------------------------------------------------------------------------------------------- */

/* A .npy file of these doubles. */
static size_t make_npy(const double *numbers, int64_t rows, int64_t columns, unsigned char *to) {
  char dictionary[118];
  size_t at = 0;
  memset(dictionary, ' ', sizeof dictionary);
  const int length =
      snprintf(dictionary, sizeof dictionary, "{'descr': '<f8', 'fortran_order': False, 'shape': (%lld, %lld), }",
               (long long)rows, (long long)columns);
  dictionary[length] = ' ';
  dictionary[sizeof dictionary - 1] = '\n';
  put_text(to, &at, "\x93NUMPY\1\0", 8);
  put(to, &at, sizeof dictionary, 2);
  put_text(to, &at, dictionary, sizeof dictionary);
  put_text(to, &at, numbers, (size_t)(rows * columns) * sizeof *numbers);
  return at;
}

static void begin_zip(void) { used = listed = members = 0; }

/* Adds a member; `wide`: its sizes and place are in an extra field of 64-bit numbers, as if they did not fit. */
static void add_member(const char *name, const double *numbers, int64_t rows, int64_t columns, bool deflated,
                       bool wide) {
  unsigned char npy[2048], packed[4096];
  const size_t whole = make_npy(numbers, rows, columns, npy), length = strlen(name), local = used;
  const uint32_t crc = (uint32_t)crc32(0, npy, (uInt)whole);
  size_t stored = whole;
  const unsigned char *content = npy;
  if (deflated) {
    z_stream z = {.next_in = npy, .avail_in = (uInt)whole, .next_out = packed, .avail_out = sizeof packed};
    CHECK(deflateInit2(&z, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) == Z_OK && deflate(&z, Z_FINISH) == Z_STREAM_END);
    stored = sizeof packed - z.avail_out;
    content = packed;
    CHECK(deflateEnd(&z) == Z_OK);
  }
  const size_t padding = 7; /* the local extra field, longer than the directory's */
  put(bytes, &used, 0x04034b50, 4);
  put(bytes, &used, 20, 2);
  put(bytes, &used, 0, 2);
  put(bytes, &used, deflated ? 8 : 0, 2);
  put(bytes, &used, 0, 4);
  put(bytes, &used, crc, 4);
  put(bytes, &used, stored, 4);
  put(bytes, &used, whole, 4);
  put(bytes, &used, length, 2);
  put(bytes, &used, padding, 2);
  put_text(bytes, &used, name, length);
  put(bytes, &used, 0, (int)padding);
  put_text(bytes, &used, content, stored);
  put(directory, &listed, 0x02014b50, 4);
  put(directory, &listed, 20, 2);
  put(directory, &listed, 20, 2);
  put(directory, &listed, 0, 2);
  put(directory, &listed, deflated ? 8 : 0, 2);
  put(directory, &listed, 0, 4);
  put(directory, &listed, crc, 4);
  put(directory, &listed, wide ? UINT32_MAX : stored, 4);
  put(directory, &listed, wide ? UINT32_MAX : whole, 4);
  put(directory, &listed, length, 2);
  put(directory, &listed, wide ? 34 : 0, 2);
  put(directory, &listed, 0, 2); /* no comment */
  put(directory, &listed, 0, 8);
  put(directory, &listed, wide ? UINT32_MAX : local, 4);
  put_text(directory, &listed, name, length);
  if (wide) {
    put(directory, &listed, 0x5455, 2); /* another field first */
    put(directory, &listed, 2, 2);
    put(directory, &listed, 0, 2);
    put(directory, &listed, 1, 2);
    put(directory, &listed, 24, 2);
    put(directory, &listed, whole, 8);
    put(directory, &listed, stored, 8);
    put(directory, &listed, local, 8);
  }
  members++;
}

/* Ends the archive and writes it; `wide`: the directory's place is in a record of its own. */
static const char *end_zip(const char *file, bool wide) {
  const size_t begin = used;
  put_text(bytes, &used, directory, listed);
  if (wide) {
    const size_t record = used;
    put(bytes, &used, 0x06064b50, 4);
    put(bytes, &used, 44, 8);
    put(bytes, &used, 45, 2);
    put(bytes, &used, 45, 2);
    put(bytes, &used, 0, 8);
    put(bytes, &used, members, 8);
    put(bytes, &used, members, 8);
    put(bytes, &used, listed, 8);
    put(bytes, &used, begin, 8);
    put(bytes, &used, 0x07064b50, 4);
    put(bytes, &used, 0, 4);
    put(bytes, &used, record, 8);
    put(bytes, &used, 1, 4);
  }
  put(bytes, &used, 0x06054b50, 4);
  put(bytes, &used, 0, 4);
  put(bytes, &used, members, 2);
  put(bytes, &used, members, 2);
  put(bytes, &used, wide ? UINT32_MAX : listed, 4);
  put(bytes, &used, wide ? UINT32_MAX : begin, 4);
  put(bytes, &used, comment, 2);
  memset(bytes + used, 'h', comment);
  used += comment;
  return write_bytes(file, bytes, used);
}

static const double six[6] = {1, 2.5, -3, .25, 6e300, -0x1p-1070}, two[2] = {7, 8};

static void check_six(const char *source) {
  crow_floats floats = {0};
  double got[6] = {0};
  CHECK_OK(crow_floats_open(source, &floats));
  CHECK(floats.type == CROW_F64 && floats.rows == 3 && floats.columns == 2);
  if (floats.stream) {
    CHECK_OK(crow_floats_read(&floats, 0, 3, got));
    CHECK(memcmp(got, six, sizeof six) == 0);
    CHECK_OK(crow_floats_read(&floats, 2, 1, got));
    CHECK(memcmp(got, six + 4, 2 * sizeof *six) == 0);
  }
  crow_floats_close(&floats);
}

static const char *named(const char *file, const char *member) {
  static char source[700];
  (void)snprintf(source, sizeof source, "%s:%s", file, member);
  return source;
}

static void members_are_found_by_name(void) {
  for (int wide = 0; wide <= 1; wide++) {
    for (int deflated = 0; deflated <= 1; deflated++) {
      begin_zip();
      add_member("other.npy", two, 1, 2, !deflated, wide);
      add_member("x.npy", six, 3, 2, deflated, wide);
      add_member("xy.npy", two, 2, 1, deflated, wide);
      const char *file = end_zip("three.npz", wide);
      check_six(named(file, "x"));
      check_six(named(file, "x.npy"));
      crow_floats floats;
      CHECK_STATUS(crow_floats_open(file, &floats), CROW_BAD_INPUT);
      CHECK_MESSAGE("holds 3 arrays (other.npy, x.npy, xy.npy), expected FILE:NAME");
      CHECK_STATUS(crow_floats_open(named(file, "y"), &floats), CROW_BAD_INPUT);
      begin_zip();
      add_member("only.npy", six, 3, 2, deflated, wide);
      check_six(end_zip("one.npz", wide));
    }
  }
}

/* The archive's comment stands behind its last record, which is looked for from the end: none, and the longest. */
static void comments_may_be_long(void) {
  static const size_t lengths[] = {0, 1, COMMENT_MOST - 1, COMMENT_MOST};
  for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
    comment = lengths[k];
    begin_zip();
    add_member("x.npy", six, 3, 2, false, false);
    check_six(end_zip("commented.npz", k % 2));
  }
  comment = 5;
}

/* Each byte of an archive changed in turn: what is still read is right, unless the byte is one of the numbers. */
static void damage_is_seen(void) {
  static unsigned char whole[sizeof bytes];
  for (int deflated = 0; deflated <= 1; deflated++) {
    begin_zip();
    add_member("only.npy", six, 3, 2, deflated, false);
    (void)end_zip("whole.npz", false);
    memcpy(whole, bytes, used);
    int refused = 0, wrong = 0;
    for (size_t k = 0; k < used; k++) {
      crow_floats floats = {0};
      double got[6] = {0};
      whole[k] ^= 0x41;
      const crow_status status = crow_floats_open(write_bytes("damaged.npz", whole, used), &floats);
      if (status == CROW_OK && floats.rows * floats.columns == 6 && floats.type == CROW_F64) {
        CHECK_OK(crow_floats_read(&floats, 0, floats.rows, got));
        wrong += memcmp(got, six, sizeof six) != 0;
      }
      refused += status == CROW_BAD_INPUT;
      CHECK(status == CROW_OK || status == CROW_BAD_INPUT);
      crow_floats_close(&floats);
      whole[k] ^= 0x41;
    }
    CHECK(refused > 40);
    CHECK(wrong <= (deflated ? 0 : (int)sizeof six + 8)); /* stored numbers have no checksum that is looked at */
    for (size_t cut = 6; cut < used; cut += 13) {
      crow_floats floats = {0};
      CHECK_STATUS(crow_floats_open(write_bytes("cut.npz", whole, used - cut), &floats), CROW_BAD_INPUT);
      CHECK_MESSAGE("cut.npz");
      CHECK_MESSAGE("its directory is missing");
    }
  }
}

/* ---- .safetensors --------------------------------------------------------------------------------------------- */

static const char *make_tensors(const char *file, const char *json, const void *numbers, size_t count) {
  used = 0;
  put(bytes, &used, strlen(json), 8);
  put_text(bytes, &used, json, strlen(json));
  if (count) put_text(bytes, &used, numbers, count);
  return write_bytes(file, bytes, used);
}

static void tensors_of_every_type_are_read(void) {
  /* 1, -2.5, 0.5, 4 as F16, BF16 and F32, then six as F64 */
  static const unsigned char numbers[8 + 8 + 16] = {0,    0x3c, 0,    0xc1, 0,    0x38, 0, 0x44, 0x80, 0x3f, 0x20,
                                                    0xc0, 0,    0x3f, 0x80, 0x40, 0,    0, 0x80, 0x3f, 0,    0,
                                                    0x20, 0xc0, 0,    0,    0,    0x3f, 0, 0,    0x80, 0x40};
  static const float wanted[4] = {1, -2.5, .5, 4};
  unsigned char all[sizeof numbers + sizeof six];
  memcpy(all, numbers, sizeof numbers);
  memcpy(all + sizeof numbers, six, sizeof six);
  const char *file = make_tensors(
      "x.safetensors",
      "{\"__metadata__\":{\"format\":\"pt\"},\"half\":{\"dtype\":\"F16\",\"shape\":[2,2],\"data_offsets\":[0,8]},"
      "\"brain\":{\"dtype\":\"BF16\",\"shape\":[4],\"data_offsets\":[8,16]},\"single\":{\"dtype\":\"F32\",\"shape\":[1,"
      "4],"
      "\"data_offsets\":[16,32]},\"double\":{\"dtype\":\"F64\",\"shape\":[3,2],\"data_offsets\":[32,80]}}",
      all, sizeof all);
  static const char *const names[] = {"half", "brain", "single"};
  static const int64_t shapes[][2] = {{2, 2}, {4, 1}, {1, 4}};
  for (int k = 0; k < 3; k++) {
    crow_floats floats = {0};
    float got[4] = {0};
    CHECK_OK(crow_floats_open(named(file, names[k]), &floats));
    CHECK(floats.type == CROW_F32 && floats.rows == shapes[k][0] && floats.columns == shapes[k][1]);
    CHECK_OK(crow_floats_read(&floats, 0, floats.rows, got));
    CHECK(memcmp(got, wanted, sizeof got) == 0);
    crow_floats_close(&floats);
  }
  check_six(named(file, "double"));
  crow_floats floats;
  CHECK_STATUS(crow_floats_open(file, &floats), CROW_BAD_INPUT);
  CHECK_MESSAGE("holds 4 tensors (half, brain, single, double), expected FILE:NAME");
  check_six(make_tensors("one.safetensors", "{\"x\":{\"dtype\":\"F64\",\"shape\":[3,2],\"data_offsets\":[0,48]}}", six,
                         sizeof six));
}

static void tensors_that_cannot_be_are_refused(void) {
  static const char *const heads[] = {"{\"x\":{\"dtype\":\"I64\",\"shape\":[3,2],\"data_offsets\":[0,48]}}",
                                      "{\"x\":{\"dtype\":\"F64\",\"shape\":[3,1,2],\"data_offsets\":[0,48]}}",
                                      "{\"x\":{\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[0,8]}}",
                                      "{\"x\":{\"dtype\":\"F64\",\"shape\":[0,2],\"data_offsets\":[0,0]}}",
                                      "{\"x\":{\"dtype\":\"F64\",\"shape\":[3,0],\"data_offsets\":[0,0]}}",
                                      "{\"x\":{\"dtype\":\"F64\",\"shape\":[3,2],\"data_offsets\":[0,40]}}",
                                      "{\"x\":{\"dtype\":\"F64\",\"shape\":[3,2],\"data_offsets\":[8,56]}}",
                                      "{\"x\":{\"dtype\":\"F64\",\"shape\":[3,2],\"data_offsets\":[-8,40]}}",
                                      "{\"x\":{\"dtype\":\"F64\",\"shape\":[3,2],\"data_offsets\":[0]}}",
                                      "{\"x\":{\"dtype\":\"F64\",\"shape\":[3,2],\"data_offsets\":[0,48]}",
                                      "[1]",
                                      "{}"};
  for (size_t k = 0; k < sizeof heads / sizeof *heads; k++) {
    crow_floats floats;
    CHECK_STATUS(crow_floats_open(make_tensors("no.safetensors", heads[k], six, sizeof six), &floats), CROW_BAD_INPUT);
    CHECK_MESSAGE("no.safetensors");
  }
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {{"members are found by name", members_are_found_by_name},
                                    {"comments may be long", comments_may_be_long},
                                    {"damage is seen", damage_is_seen},
                                    {"tensors of every type are read", tensors_of_every_type_are_read},
                                    {"tensors that cannot be are refused", tensors_that_cannot_be_are_refused},
                                    {NULL, NULL}};
  return crow_test_main(argc, argv, "archives", tests, false);
}
