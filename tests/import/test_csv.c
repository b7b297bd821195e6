/* SPDX-License-Identifier: Apache-2.0 */
#include "import/csv_impl.h"
#include "write_file.h"

#include <stdlib.h>

static crow_csv *open_text(const char *name, const char *text) {
  crow_csv *csv = NULL;
  CHECK_OK(crow_csv_open(write_text(name, text), &csv));
  return csv;
}

/* The next record is this line with these fields, joined by `|`; line 0: there is none. */
static void expect(crow_csv *csv, int64_t line, const char *fields) {
  bool got = false;
  char joined[4096] = "";
  CHECK_OK(crow_csv_next(csv, &got));
  CHECK(got == (line > 0));
  if (!got || line == 0) return;
  for (int64_t k = 0; k < crow_csv_fields(csv); k++) {
    if (k) strcat(joined, "|");
    strcat(joined, crow_csv_field(csv, k));
  }
  CHECK(crow_csv_line(csv) == line);
  CHECK(strcmp(joined, fields) == 0);
  if (strcmp(joined, fields) != 0) printf("\n  line %lld: [%s], expected [%s]\n", (long long)line, joined, fields);
}

static void quotes_commas_and_line_ends_are_read_as_rfc_4180_says(void) {
  crow_csv *csv = open_text("a.csv", "id,text\n"
                                     "a,\"one, two\"\n"
                                     "b,\"she said \"\"no\"\"\"\n"
                                     "c,\"first\nsecond\r\nthird\"\n"
                                     "d,\"\"\n"
                                     "e,\n"
                                     "f,5\" disk\n");
  CHECK(crow_csv_columns(csv) == 2);
  CHECK(strcmp(crow_csv_column(csv, 1), "text") == 0);
  expect(csv, 2, "a|one, two");
  expect(csv, 3, "b|she said \"no\"");
  expect(csv, 4, "c|first\nsecond\r\nthird");
  expect(csv, 7, "d|"); /* the record before spans lines 4, 5 and 6 */
  expect(csv, 8, "e|");
  expect(csv, 9, "f|5\" disk");
  expect(csv, 0, NULL);
  expect(csv, 0, NULL);
  crow_csv_close(&csv);
  CHECK(csv == NULL);
  crow_csv_close(&csv);
}

static void line_numbers_hold_for_lf_crlf_cr_and_blank_lines(void) {
  static const char *const ends[] = {"\n", "\r\n", "\r"};
  for (int k = 0; k < 3; k++) {
    char text[256];
    const char *e = ends[k];
    (void)snprintf(text, sizeof text, "%sid,x%s1,2%s%s  %s3,\"4%s5\"%s6,7", e, e, e, e, e, e, e);
    char joined[32];
    (void)snprintf(joined, sizeof joined, "3|4%s5", e);
    crow_csv *csv = open_text("ends.csv", text);
    CHECK(crow_csv_columns(csv) == 2);
    expect(csv, 3, "1|2");
    expect(csv, 6, joined);
    expect(csv, 8, "6|7"); /* without line end after the last record */
    expect(csv, 0, NULL);
    crow_csv_close(&csv);
  }
}

static void a_crlf_cut_by_the_buffer_is_one_line_end(void) {
  enum { BYTES = 1 << 18, LINE = 8 };
  char *text = malloc(2 * BYTES);
  /* "id,xyz\r\n" makes 8 bytes, so every line end would straddle the buffer's if one byte came first. */
  size_t at = (size_t)snprintf(text, BYTES, "id,wxyz\r\n");
  for (; at + LINE < 2 * BYTES; at += LINE) memcpy(text + at, "ab,cde\r\n", LINE);
  crow_csv *csv = NULL;
  CHECK_OK(crow_csv_open(write_bytes("cut.csv", text, at), &csv));
  const int64_t lines = (int64_t)(at - 9) / LINE;
  int64_t count = 0;
  bool got = true, right = true;
  while (got) {
    CHECK_OK(crow_csv_next(csv, &got));
    if (got) right = right && crow_csv_line(csv) == ++count + 1 && crow_csv_fields(csv) == 2;
  }
  CHECK(right && count == lines);
  crow_csv_close(&csv);
  free(text);
}

static void the_delimiter_is_found(void) {
  static const struct {
    const char *name, *text, *first, *second;
  } cases[] = {{"t.csv", "left\tright\na, b\tc\n", "left", "a, b|c"},
               {"t.tsv", "a,b\tc\n1,2\t3\n", "a,b", "1,2|3"},
               {"t.TSV", "one\nx,y\n", "one", "x,y"},
               {"t.txt", "left,\"r\tq\"\n1,2\n", "left", "1|2"},
               {"u.txt", "left\n1\t2\n", "left", "1\t2"}};
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    crow_csv *csv = open_text(cases[k].name, cases[k].text);
    CHECK(strcmp(crow_csv_column(csv, 0), cases[k].first) == 0);
    expect(csv, 2, cases[k].second);
    crow_csv_close(&csv);
  }
}

static void a_byte_order_mark_is_skipped_and_utf16_refused(void) {
  crow_csv *csv = open_text("bom.csv", "\xef\xbb\xbfid,x\nZ\xc3\xbcrich,1\n");
  CHECK(strcmp(crow_csv_column(csv, 0), "id") == 0);
  expect(csv, 2, "Z\xc3\xbcrich|1");
  crow_csv_close(&csv);
  CHECK_STATUS(crow_csv_open(write_bytes("utf16.csv", "\xff\xfei\0d\0\n\0", 8), &csv), CROW_BAD_INPUT);
  CHECK_MESSAGE("utf16.csv: is UTF-16");
  CHECK(csv == NULL);
}

static void columns_are_found_in_any_case_and_must_be_unique(void) {
  int64_t column = 9;
  crow_csv *csv = open_text("c.csv", "Left, Right ,WINNER,note,Note\n");
  CHECK_OK(crow_csv_find(csv, "right", &column));
  CHECK(column == 1);
  CHECK_OK(crow_csv_find(csv, "winner", &column));
  CHECK(column == 2);
  CHECK_OK(crow_csv_find(csv, "absent", &column));
  CHECK(column == -1);
  CHECK_STATUS(crow_csv_find(csv, "note", &column), CROW_BAD_INPUT);
  CHECK_MESSAGE("c.csv:1: two columns are called \"note\"");
  char text[600];
  crow_csv_print_columns(csv, text, sizeof text);
  CHECK(strcmp(text, "\"Left\", \"Right\", \"WINNER\", \"note\", \"Note\"") == 0);
  crow_csv_print_columns(csv, text, 110);
  CHECK(strcmp(text, "\"Left\", \"Right\", \"WINNER\", ...") == 0);
  crow_csv_close(&csv);
}

static void malformed_files_are_refused_with_the_line(void) {
  crow_csv *csv = NULL;
  bool got = false;
  csv = open_text("open.csv", "id,x\na,1\nb,\"2\nc,3\n");
  expect(csv, 2, "a|1");
  CHECK_STATUS(crow_csv_next(csv, &got), CROW_BAD_INPUT);
  CHECK_MESSAGE("open.csv:3: the record that begins here has a quote that is never closed");
  crow_csv_close(&csv);
  CHECK_OK(crow_csv_open(write_bytes("zero.csv", "id,x\na,1\nb,\0\n", 14), &csv));
  expect(csv, 2, "a|1");
  CHECK_STATUS(crow_csv_next(csv, &got), CROW_BAD_INPUT);
  CHECK_MESSAGE("zero.csv:3: a zero byte");
  crow_csv_close(&csv);
  CHECK_STATUS(crow_csv_open(write_text("empty.csv", ""), &csv), CROW_BAD_INPUT);
  CHECK_MESSAGE("empty.csv: is empty, expected a header line");
  CHECK_STATUS(crow_csv_open(write_text("blank.csv", "\n \n\n"), &csv), CROW_BAD_INPUT);
  CHECK_STATUS(crow_csv_open(test_path("absent.csv"), &csv), CROW_FILE_SYSTEM);
  CHECK_MESSAGE("absent.csv: cannot be opened: No such file");
  CHECK_STATUS(crow_csv_open(test_folder(), &csv), CROW_FILE_SYSTEM);
  CHECK_MESSAGE("Is a directory");
}

static void a_record_without_end_is_refused_before_it_fills_the_memory(void) {
  const size_t bytes = (size_t)CROW_CSV_RECORD_BYTES + (1 << 20);
  char *text = malloc(bytes);
  memset(text, 'x', bytes);
  for (size_t k = 1000; k < bytes; k += 1000) text[k] = '\n';
  memcpy(text, "id,x\na,\"", 8);
  crow_csv *csv = NULL;
  bool got = false;
  CHECK_OK(crow_csv_open(write_bytes("long.csv", text, bytes), &csv));
  CHECK_STATUS(crow_csv_next(csv, &got), CROW_BAD_INPUT);
  CHECK_MESSAGE("long.csv:2: the record that begins here is longer than 16777216 bytes");
  crow_csv_close(&csv);
  free(text);
}

static void a_failed_allocation_is_a_status_and_leaves_nothing(void) {
  const char *path = write_text("memory.csv", "id,x\na,1\n");
  int failed = 0;
  for (int64_t countdown = 1; countdown < 12; countdown++) {
    crow_csv *csv = NULL;
    bool got = false;
    crow_memory_fail_after(countdown);
    crow_status status = crow_csv_open(path, &csv);
    if (status == CROW_OK) status = crow_csv_next(csv, &got);
    crow_memory_fail_after(-1);
    CHECK(status == CROW_OK || status == CROW_FAILED);
    failed += status == CROW_FAILED;
    crow_csv_close(&csv);
  }
  CHECK(failed >= 4);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"quotes, commas and line ends are read as RFC 4180 says", quotes_commas_and_line_ends_are_read_as_rfc_4180_says},
      {"line numbers hold for LF, CRLF, CR and blank lines", line_numbers_hold_for_lf_crlf_cr_and_blank_lines},
      {"a CRLF cut by the buffer is one line end", a_crlf_cut_by_the_buffer_is_one_line_end},
      {"the delimiter is found", the_delimiter_is_found},
      {"a byte order mark is skipped, UTF-16 refused", a_byte_order_mark_is_skipped_and_utf16_refused},
      {"columns are found in any case and must be unique", columns_are_found_in_any_case_and_must_be_unique},
      {"malformed files are refused with the line", malformed_files_are_refused_with_the_line},
      {"a record without end is refused", a_record_without_end_is_refused_before_it_fills_the_memory},
      {"a failed allocation is a status", a_failed_allocation_is_a_status_and_leaves_nothing},
      {NULL, NULL}};
  return crow_test_main(argc, argv, "csv", tests, false);
}
