/* SPDX-License-Identifier: Apache-2.0 */
/* Whole texts of alternatives, and kept columns' names when there are many or none. */
#include "write_file.h"

enum { M = 4, COLUMNS = 9, NAME = 99 };

typedef struct parts {
  bool ids;
  const int64_t *begin; /* (M), or NULL */
  const char *bytes;
  int columns; /* kept of the comparisons */
} parts;

static void open_dataset(const parts *with, crow_dataset *dataset) {
  static const double context[M] = {0, 1, 2, 3}, outcome[1] = {1};
  static const int32_t first[1] = {0}, second[1] = {1};
  crow_file *file = NULL;
  CHECK_OK(crow_file_create(test_comm, test_path("texts.h5"), "dataset", true, &file));
  write_rows(file, "/alternatives/context", CROW_F64, M, 1, context);
  write_rows(file, "/comparisons/first", CROW_I32, 1, 0, first);
  write_rows(file, "/comparisons/second", CROW_I32, 1, 0, second);
  write_rows(file, "/comparisons/outcome", CROW_F64, 1, 0, outcome);
  if (with->ids) write_texts(file, "/alternatives/id", M, 4, "a\0\0\0bb\0\0c\0\0\0ddd\0");
  if (with->begin) {
    int32_t bytes[64] = {0};
    const int64_t count = (int64_t)strlen(with->bytes);
    for (int64_t k = 0; k < count; k++) bytes[k] = (unsigned char)with->bytes[k];
    write_rows(file, "/alternatives/text_bytes", CROW_I32, count, 0, bytes);
    write_rows(file, "/alternatives/text_begin", CROW_I64, M, 0, with->begin);
  }
  if (with->columns) {
    static char name[COLUMNS][NAME + 1];
    static int32_t label[COLUMNS];
    for (int k = 0; k < COLUMNS; k++) memset(name[k], 'a' + k, NAME);
    write_texts(file, "/comparisons/label_name", with->columns, NAME + 1, name[0]);
    write_texts(file, "/comparisons/label_value", 1, 2, "v");
    write_rows(file, "/comparisons/label", CROW_I32, 1, with->columns, label);
  }
  CHECK_OK(crow_file_finish(&file));
  CHECK_OK(crow_dataset_open(test_comm, test_path("texts.h5"), true, dataset));
}

static void expect_texts(const parts *with, const char *const expected[M]) {
  crow_dataset dataset = {0};
  open_dataset(with, &dataset);
  for (crow_gidx k = 0; k < M; k++) {
    char *text = NULL;
    CHECK_OK(crow_dataset_read_text(&dataset, k, &text));
    CHECK(text && strcmp(text, expected[k]) == 0);
    crow_free(text);
  }
  crow_dataset_close(&dataset);
}

/* The last ends with the bytes; one of no bytes is empty. */
static void whole_texts_are_read(void) {
  static const int64_t begin[M] = {0, 5, 5, 11}, short_end[M] = {0, 1, 1, 1};
  expect_texts(&(parts){.ids = true,
                        .begin = begin,
                        .bytes = "first"
                                 "\xc3\xa9\xc2\xa0xy"
                                 "end"},
               (const char *const[M]){"first", "", "\xc3\xa9\xc2\xa0xy", "end"});
  expect_texts(&(parts){.ids = true, .begin = short_end, .bytes = "0z"}, (const char *const[M]){"0", "", "", "z"});
}

static void without_texts_they_are_the_ids(void) {
  expect_texts(&(parts){.ids = true}, (const char *const[M]){"a", "bb", "c", "ddd"});
  expect_texts(&(parts){.ids = false}, (const char *const[M]){"0", "1", "2", "3"});
}

static void a_text_that_ends_before_it_begins_is_refused(void) {
  static const int64_t begin[M] = {0, 7, 5, 9};
  crow_dataset dataset = {0};
  char *text = NULL;
  open_dataset(&(parts){.ids = true, .begin = begin, .bytes = "0123456789"}, &dataset);
  CHECK_OK(crow_dataset_read_text(&dataset, 0, &text));
  CHECK(text && strcmp(text, "0123456") == 0);
  crow_free(text);
  text = NULL;
  CHECK_STATUS(crow_dataset_read_text(&dataset, 1, &text), CROW_BAD_INPUT);
  CHECK_MESSAGE("texts.h5: /alternatives/text_begin[2] is 5, expected at least 7 as before it");
  CHECK(!text);
  CHECK_OK(crow_dataset_read_text(&dataset, 2, &text));
  CHECK(text && strcmp(text, "5678") == 0);
  crow_free(text);
  crow_dataset_close(&dataset);
}

/* Names up to some 400 characters are listed: the fifth of 99 no more. */
static void kept_columns_are_listed(void) {
  crow_dataset dataset = {0};
  int64_t column = 0;
  char name[NAME + 1] = {0};
  open_dataset(&(parts){.columns = COLUMNS}, &dataset);
  CHECK(dataset.kept == COLUMNS);
  for (int k = 0; k < COLUMNS; k++) {
    memset(name, 'a' + k, NAME);
    CHECK_OK(crow_dataset_find_kept(&dataset, name, &column));
    CHECK(column == k);
  }
  CHECK_STATUS(crow_dataset_find_kept(&dataset, "x", &column), CROW_BAD_INPUT);
  CHECK(column == -1);
  CHECK_MESSAGE("expected one of: aaa");
  CHECK_MESSAGE("aaa, bbb");
  CHECK_MESSAGE("ccc, ddd");
  CHECK(strstr(crow_error_message(), "eee") == NULL);
  crow_dataset_close(&dataset);
  open_dataset(&(parts){.columns = 0}, &dataset);
  CHECK_STATUS(crow_dataset_find_kept(&dataset, "x", &column), CROW_BAD_INPUT);
  CHECK_MESSAGE("expected one of: none;");
  crow_dataset_close(&dataset);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"whole texts are read", whole_texts_are_read},
      {"without texts they are the ids", without_texts_they_are_the_ids},
      {"a text that ends before it begins is refused", a_text_that_ends_before_it_begins_is_refused},
      {"kept columns are listed", kept_columns_are_listed},
      {NULL, NULL}};
  return crow_test_main(argc, argv, "texts", tests, true);
}
