/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that are made safe and short: characters of one, two and no columns, what is no text, and where it is cut. */
#include "harness.h"

#include <locale.h>

static void expect_fit(const char *text, int most, size_t bytes, const char *expected, int width) {
  char out[256];
  memset(out, '#', sizeof out);
  const int found = crow_text_fit(text, most, out, bytes);
  CHECK(found == width && strcmp(out, expected) == 0);
  CHECK(strlen(out) < bytes && out[bytes] == '#');
  if (strcmp(out, expected) != 0) printf("\"%s\" is %d wide, expected \"%s\"\n", out, found, expected);
}

static void texts_that_fit_are_as_they_are(void) {
  expect_fit("", 0, 10, "", 0);
  expect_fit("plain text", 0, 200, "plain text", 10);
  expect_fit("plain", 5, 200, "plain", 5);
  expect_fit("na\xc3\xafve", 5, 200, "na\xc3\xafve", 5);
  expect_fit("e\xcc\x81", 1, 200, "e\xcc\x81", 1);                               /* an accent of no column */
  expect_fit("\xe6\x97\xa5\xe6\x9c\xac", 4, 200, "\xe6\x97\xa5\xe6\x9c\xac", 4); /* two of two columns */
}

static void what_cannot_be_printed_is_a_question_mark(void) {
  expect_fit("a\tb\nc", 0, 200, "a?b?c", 5);
  expect_fit("\x7f", 0, 200, "?", 1);
  expect_fit("a\xff"
             "b",
             0, 200, "a?b", 3);                 /* no UTF-8 */
  expect_fit("\xc3", 0, 200, "?", 1);           /* the beginning of a character, */
  expect_fit("\xe6\x97", 0, 200, "??", 2);      /* each byte by itself, */
  expect_fit("\xe6\x97x", 0, 200, "??x", 3);    /* also before another one */
  expect_fit("\xc2\x85", 0, 200, "?", 1);       /* a control character of two bytes */
  expect_fit("\xed\xa0\x80", 0, 200, "???", 3); /* half of a pair of UTF-16 */
}

/* The ellipsis takes the last column. */
static void long_texts_are_cut(void) {
  expect_fit("plain", 4, 200, "pla\xe2\x80\xa6", 4);
  expect_fit("plain", 2, 200, "p\xe2\x80\xa6", 2);
  expect_fit("plain", 1, 200, "\xe2\x80\xa6", 1);
  expect_fit("abc\xc3\xa9"
             "f",
             4, 200, "abc\xe2\x80\xa6", 4);
  expect_fit("ab\xe6\x97\xa5"
             "c",
             4, 200, "ab\xe2\x80\xa6", 3); /* one of two columns does not fit before it */
  expect_fit("ab\xe6\x97\xa5"
             "c",
             5, 200,
             "ab\xe6\x97\xa5"
             "c",
             5);
  expect_fit("a\n\n\n\n", 3, 200, "a?\xe2\x80\xa6", 3);
}

/* Nor does it take more than its room, with an ellipsis of three bytes and the end. */
static void room_is_kept(void) {
  expect_fit("0123456789", 0, 15, "0123456789", 10);
  expect_fit("0123456789", 0, 14, "012345678\xe2\x80\xa6", 10);
  expect_fit("0123456789", 0, 6, "0\xe2\x80\xa6", 2);
  expect_fit("0123456789", 0, 5, "\xe2\x80\xa6", 1);
  expect_fit("\xc3\xa9\xc3\xa9\xc3\xa9", 0, 9, "\xc3\xa9\xc3\xa9\xe2\x80\xa6", 3);
  expect_fit("0123456789", 8, 10, "01234\xe2\x80\xa6", 6);
}

static void one_is_single_and_others_plural(void) {
  CHECK(*crow_plural(1) == 0 && strcmp(crow_plural(0), "s") == 0 && strcmp(crow_plural(2), "s") == 0);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"texts that fit are as they are", texts_that_fit_are_as_they_are},
      {"what cannot be printed is a question mark", what_cannot_be_printed_is_a_question_mark},
      {"long texts are cut", long_texts_are_cut},
      {"room is kept", room_is_kept},
      {"one is single and others plural", one_is_single_and_others_plural},
      {NULL, NULL}};
  if (!setlocale(LC_CTYPE, "C.UTF-8")) return 77;
  return crow_test_main(argc, argv, "texts that fit", tests, false);
}
