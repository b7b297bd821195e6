/* SPDX-License-Identifier: Apache-2.0 */
/* Small files that stand for more than any memory are refused without asking for it; large honest ones are read. */
#include "io/craft.h"
#include "io/ids_impl.h"

#include <stdlib.h>

/* At the width of the longest these take 360 MB. */
enum { TEXTS = 6000, LONG = 60000, LONGEST = 70000 };
/* What a refusal may take. AddressSanitizer keeps up to 256 MiB of what was freed. */
#ifdef __SANITIZE_ADDRESS__
#define REFUSAL_BYTES (INT64_C(340) << 20)
#else
#define REFUSAL_BYTES (INT64_C(96) << 20)
#endif

static char long_text[LONGEST + 1];

static const char *text_of(int count) {
  memset(long_text, 'x', (size_t)count);
  long_text[count] = 0;
  return long_text;
}

/* Writes texts of variable length, "item N" but at one place, and gives where their references begin. */
static int64_t write_texts(const char *path, hsize_t count, hsize_t place, const char *text) {
  char(*names)[24] = calloc(count, sizeof *names);
  const char **texts = calloc(count, sizeof *texts);
  hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  for (hsize_t i = 0; i < count; i++) {
    (void)snprintf(names[i], sizeof names[i], "item %d", (int)i);
    texts[i] = i == place ? text : names[i];
  }
  craft_texts(file, "/texts", 0, count, texts);
  hid_t dataset = H5Dopen2(file, "/texts", H5P_DEFAULT);
  const int64_t at = (int64_t)H5Dget_offset(dataset);
  (void)H5Dclose(dataset);
  craft_end(file);
  free(texts);
  free(names);
  return at;
}

static crow_status read_texts(const char *path, crow_strings *texts) {
  crow_status status = CROW_OK;
  crow_file *file = NULL;
  int64_t shape[2];
  *texts = (crow_strings){0};
  CROW_TRY(crow_file_open(test_comm, path, "", &file));
  crow_file_shape(file, "/texts", shape);
  CROW_TRY(crow_file_read_strings(file, "/texts", 0, shape[0], texts));
cleanup:
  crow_file_close(&file);
  return status;
}

static void expect_refusal(const char *path, const char *words) {
  crow_strings texts;
  const int64_t before = crow_memory_peak_bytes();
  CHECK_STATUS(read_texts(path, &texts), CROW_BAD_INPUT);
  CHECK_MESSAGE(path);
  CHECK_MESSAGE(words);
  CHECK(crow_memory_peak_bytes() - before < REFUSAL_BYTES);
  crow_strings_free(&texts);
}

static void one_long_text_among_many(void) {
  const char *path = test_path("long.h5");
  (void)write_texts(path, TEXTS, 4321, text_of(LONG));
  expect_refusal(path, "/texts[4321] has 60000 bytes: at its width the 6000 texts would take 0.36 GB");
}

static void a_text_without_end(void) {
  const char *path = test_path("longest.h5");
  (void)write_texts(path, TEXTS, 99, text_of(LONGEST));
  expect_refusal(path, "/texts[99] is longer");
}

/* The reference of the first text in the place of all. */
static void many_references_to_one_text(void) {
  const char *path = test_path("same.h5");
  const int64_t at = write_texts(path, TEXTS, 0, text_of(LONG));
  char reference[16];
  FILE *file = fopen(path, "r+b");
  CHECK(file && fseek(file, (long)at, SEEK_SET) == 0 && fread(reference, 1, 16, file) == 16);
  if (!file) return;
  CHECK(fseek(file, (long)at, SEEK_SET) == 0);
  for (int i = 0; i < TEXTS; i++) CHECK(fwrite(reference, 1, 16, file) == 16);
  (void)fclose(file);
  expect_refusal(path, "at its width the 6000 texts would take 0.36 GB");
}

/* 80 MB of texts, more than are read at a time, and one that is short. */
static void long_texts_of_similar_length(void) {
  const char *path = test_path("honest.h5");
  enum { COUNT = 20000, BYTES = 4000 };
  const char **list = calloc(COUNT, sizeof *list), *text = text_of(BYTES);
  for (int i = 0; i < COUNT; i++) list[i] = i == 12345 ? "short" : text + i % 7;
  hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  craft_texts(file, "/texts", 0, COUNT, list);
  craft_end(file);
  crow_strings texts;
  CHECK_OK(read_texts(path, &texts));
  int64_t wrong = texts.count != COUNT;
  for (int64_t i = 0; i < texts.count; i++) wrong += strcmp(crow_strings_get(&texts, i), list[i]) != 0;
  CHECK(wrong == 0);
  crow_strings_free(&texts);
  free(list);
}

/* The same for what comes from CSV files. */
static void names_of_csv_files(void) {
  CHECK_STATUS(crow_padded_check(1000000, 1025, 9000000), CROW_BAD_INPUT);
  CHECK_MESSAGE("one of 1000000 names has 1024 bytes: at its width all would take 1.02 GB");
  CHECK_OK(crow_padded_check(1000000, 30, 9000000));
  CHECK_OK(crow_padded_check(1000, 1025, 9000));
}

static void many_long_attributes(void) {
  const char *path = test_path("attributes.h5");
  crow_file *opened = NULL;
  hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), type = H5Tcopy(H5T_C_S1);
  const char *text = text_of(LONG);
  CHECK(H5Tset_size(type, H5T_VARIABLE) >= 0);
  for (int i = 0; i < 1200; i++) {
    char name[16];
    (void)snprintf(name, sizeof name, "text%d", i);
    craft_attribute(file, "/", name, type, &text);
  }
  (void)H5Tclose(type);
  craft_end(file);
  CHECK_STATUS(crow_file_open(test_comm, path, "", &opened), CROW_BAD_INPUT);
  CHECK_MESSAGE("attributes.h5");
  CHECK_MESSAGE("more than 64 MiB of texts");
}

/* A thousand times a thousand: deflate of what deflate gave. */
static void packed_twice(void) {
  const char *path = test_path("twice.h5");
  crow_dataset dataset;
  const hsize_t dims[2] = {CRAFT_M, CRAFT_D};
  const double zeros[CRAFT_M * CRAFT_D] = {0};
  hid_t file = craft_begin(path), list = H5Pcreate(H5P_DATASET_CREATE);
  CHECK(H5Pset_chunk(list, 2, dims) >= 0 && H5Pset_deflate(list, 9) >= 0 && H5Pset_deflate(list, 9) >= 0);
  craft_dataset(file, "/alternatives/context", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 2, dims, list, zeros);
  (void)H5Pclose(list);
  craft_end(file);
  CHECK_STATUS(crow_dataset_open(test_comm, path, false, &dataset), CROW_BAD_INPUT);
  CHECK_MESSAGE("/alternatives/context is packed by deflate twice");
}

static const crow_test tests[] = {{"one long text among many short ones", one_long_text_among_many},
                                  {"a text without end", a_text_without_end},
                                  {"many references to one long text", many_references_to_one_text},
                                  {"long texts of similar length are read", long_texts_of_similar_length},
                                  {"names of CSV files", names_of_csv_files},
                                  {"many long attributes", many_long_attributes},
                                  {"an array that is packed twice", packed_twice},
                                  {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "bombs", tests, true); }
