/* SPDX-License-Identifier: Apache-2.0 */
#include "import/floats_impl.h"
#include "write_file.h"

/* A .npy file of format `version` with this dictionary and these numbers, made as NumPy's documentation says. */
static const char *make(const char *name, int version, const char *dictionary, const void *numbers, size_t bytes) {
  unsigned char file[4096] = "\x93NUMPY";
  const size_t prefix = version == 1 ? 10 : 12;
  size_t header = strlen(dictionary) + 1;
  while ((prefix + header) % 64) header++;
  file[6] = (unsigned char)version;
  file[8] = (unsigned char)(header & 255);
  file[9] = (unsigned char)(header >> 8);
  memset(file + prefix, ' ', header);
  memcpy(file + prefix, dictionary, strlen(dictionary));
  file[prefix + header - 1] = '\n';
  if (bytes) memcpy(file + prefix + header, numbers, bytes);
  return write_bytes(name, file, prefix + header + bytes);
}

static void float32_and_float64_are_read_in_every_format_version(void) {
  const float single[6] = {1, 2.5f, -3, 4, 5, 6e30f};
  const double twice[6] = {1, 2.5, -3, 4, 5, 6e300};
  for (int version = 1; version <= 3; version++) {
    crow_floats npy;
    float f[6];
    double g[4];
    CHECK_OK(crow_floats_open(
        make("f.npy", version, "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }", single, sizeof single),
        &npy));
    CHECK(npy.type == CROW_F32 && npy.rows == 3 && npy.columns == 2 && !npy.swap);
    CHECK_OK(crow_floats_read(&npy, 0, 3, f));
    CHECK(memcmp(f, single, sizeof f) == 0);
    crow_floats_close(&npy);
    CHECK_OK(crow_floats_open(
        make("d.npy", version, "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }", twice, sizeof twice),
        &npy));
    CHECK(npy.type == CROW_F64);
    CHECK_OK(crow_floats_read(&npy, 1, 2, g));
    CHECK(memcmp(g, twice + 2, sizeof g) == 0);
    crow_floats_close(&npy);
    crow_floats_close(&npy);
  }
}

static void big_endian_numbers_are_turned_round(void) {
  /* 1.5f = 3fc00000, -2.0 = c000000000000000, 1.0 = 3ff0000000000000 */
  const unsigned char single[8] = {0x3f, 0xc0, 0, 0, 0xc0, 0, 0, 0};
  const unsigned char twice[16] = {0xc0, 0, 0, 0, 0, 0, 0, 0, 0x3f, 0xf0};
  crow_floats npy;
  float f[2];
  double g[2];
  CHECK_OK(crow_floats_open(make("b4.npy", 1, "{'descr': '>f4', 'fortran_order': False, 'shape': (1, 2), }", single, 8),
                            &npy));
  CHECK_OK(crow_floats_read(&npy, 0, 1, f));
  CHECK(f[0] == 1.5f && f[1] == -2);
  crow_floats_close(&npy);
  CHECK_OK(crow_floats_open(make("b8.npy", 1, "{'descr': '>f8', 'fortran_order': False, 'shape': (2, 1), }", twice, 16),
                            &npy));
  CHECK_OK(crow_floats_read(&npy, 0, 2, g));
  CHECK(g[0] == -2 && g[1] == 1);
  crow_floats_close(&npy);
}

static void a_vector_is_one_column(void) {
  const double numbers[3] = {1, 2, 3};
  crow_floats npy;
  CHECK_OK(crow_floats_open(
      make("v.npy", 1, "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }", numbers, sizeof numbers), &npy));
  CHECK(npy.rows == 3 && npy.columns == 1);
  crow_floats_close(&npy);
}

static void the_header_is_read_however_it_is_spelt(void) {
  static const char *const spelt[] = {
      "{'descr': '<f4', 'fortran_order': False, 'shape': (240, 64), }",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (240, 64)}",
      "  {\"shape\":(240,64),\"fortran_order\":False,\"descr\":\"<f4\"}\n",
      "{ 'fortran_order' : False ,'shape' : ( 240L , 64L , ) , 'descr' : '<f4' }",
  };
  for (size_t k = 0; k < sizeof spelt / sizeof spelt[0]; k++) {
    crow_npy_header header;
    CHECK_OK(crow_npy_parse_header("h", spelt[k], strlen(spelt[k]), &header));
    CHECK(header.dimensions == 2 && header.shape[0] == 240 && header.shape[1] == 64 && !header.fortran_order);
    CHECK(strcmp(header.descr, "<f4") == 0);
    /* No cut of it is taken for whole, nor read past its end. */
    const char *brace = strrchr(spelt[k], '}');
    for (size_t cut = 0; spelt[k] + cut < brace; cut++) {
      char copy[128];
      memcpy(copy, spelt[k], cut);
      CHECK_STATUS(crow_npy_parse_header("h", copy, cut, &header), CROW_BAD_INPUT);
    }
  }
}

static void hostile_headers_are_refused(void) {
  static const struct {
    const char *header, *message;
  } cases[] = {
      {"{'descr': '<f4', 'fortran_order': False}", "expected all of descr"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775808, 1)}", "below 2^63"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 2)}", "whole numbers in shape"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (1 2)}", "comma or ) in shape"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': 3}", "a tuple for shape"},
      {"{'descr': '<f4', 'fortran_order': 0, 'shape': (3, 2)}", "True or False"},
      {"{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (3,)}", "named fields"},
      {"{'descr': '<f4', 'extra': 1}", "no other keys"},
      {"{'descr: '<f4'}", "malformed"},
      {"{'descr': 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'}", "a short text for descr"},
      {"[]", "expected {"},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    crow_npy_header header;
    CHECK_STATUS(crow_npy_parse_header("h.npy", cases[k].header, strlen(cases[k].header), &header), CROW_BAD_INPUT);
    CHECK_MESSAGE("h.npy: ");
    CHECK_MESSAGE(cases[k].message);
  }
}

static void files_that_do_not_fit_are_refused_with_the_way_out(void) {
  static const struct {
    const char *header;
    size_t bytes;
    const char *message;
  } cases[] = {
      {"{'descr': '<f2', 'fortran_order': True, 'shape': (3, 2), }", 24, "expected 3 x 2 of 2 bytes each"},
      {"{'descr': '<c8', 'fortran_order': False, 'shape': (3, 2), }", 48, "type \"<c8\", expected float16"},
      {"{'descr': '<i8', 'fortran_order': False, 'shape': (3, 2), }", 48, "x.astype(np.float32)"},
      {"{'descr': '|O', 'fortran_order': False, 'shape': (3, 2), }", 48, "type \"|O\""},
      {"{'descr': '', 'fortran_order': False, 'shape': (3, 2), }", 48, "type \"\""},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (), }", 4, "no dimensions, expected 2"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3, 2), }", 24, "more than 2 dimensions"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (0, 2), }", 0, "shape (0, 2), expected at least one row"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 0), }", 0, "shape (2, 0)"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }", 20,
       "holds 20 bytes of numbers, expected 3 x 2 of 4"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }", 28, "holds 28 bytes"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }", 25, "holds 25 bytes"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (3037000500, 3037000500), }", 8, "holds 8 bytes"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387905, 2), }", 16, "holds 16 bytes"},
  };
  const unsigned char zeros[64] = {0};
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    crow_floats npy;
    CHECK_STATUS(crow_floats_open(make("bad.npy", 1, cases[k].header, zeros, cases[k].bytes), &npy), CROW_BAD_INPUT);
    CHECK_MESSAGE("bad.npy: ");
    CHECK_MESSAGE(cases[k].message);
    CHECK(npy.stream == NULL);
  }
}

static void files_of_another_kind_are_recognised(void) {
  static const struct {
    const char *bytes;
    size_t count;
    const char *message;
  } cases[] = {{"PK\3\4aaaaaaaaaaaa", 16, "its directory is missing"},
               {"id,x,y\na,1,2\n", 13, "does not begin as a NumPy file"},
               {"\x93NUM", 4, "ends inside"},
               {"\x93NUMPY\4\0\x76\0aaaa", 14, "format version 4.0"},
               {"\x93NUMPY\1\0\x76\0{", 11, "ends inside"},
               {"\x93NUMPY\1\0\0\0", 10, "malformed"},
               {"\x93NUMPY\2\0\xff\xff\xff\xff{", 13, "4294967295 bytes, expected at most 65536"}};
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    crow_floats npy;
    const char *path = write_bytes("other.npy", cases[k].bytes, cases[k].count);
    CHECK(crow_floats_is(path));
    CHECK_STATUS(crow_floats_open(path, &npy), CROW_BAD_INPUT);
    CHECK_MESSAGE(cases[k].message);
  }
  crow_floats npy;
  CHECK_STATUS(crow_floats_open(test_path("absent.npy"), &npy), CROW_FILE_SYSTEM);
  CHECK_MESSAGE("absent.npy: cannot be opened");
  CHECK(crow_floats_is(write_bytes("array", "\x93NUMPY\1\0", 8)));
  CHECK(!crow_floats_is(write_text("contexts.csv", "id,x\n")));
  CHECK(!crow_floats_is(test_path("absent.csv")));
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"float32 and float64 are read in every format version", float32_and_float64_are_read_in_every_format_version},
      {"big-endian numbers are turned round", big_endian_numbers_are_turned_round},
      {"a vector is one column", a_vector_is_one_column},
      {"the header is read however it is spelt", the_header_is_read_however_it_is_spelt},
      {"hostile headers are refused", hostile_headers_are_refused},
      {"files that do not fit are refused with the way out", files_that_do_not_fit_are_refused_with_the_way_out},
      {"files of another kind are recognised", files_of_another_kind_are_recognised},
      {NULL, NULL}};
  return crow_test_main(argc, argv, "npy", tests, false);
}
