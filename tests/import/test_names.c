/* SPDX-License-Identifier: Apache-2.0 */
/* Names of long texts: their beginning, between two characters, and a digest of the whole. */
#include "harness.h"

#include "import/import_impl.h"

#include <xxhash.h>

static void check_name(const char *text, size_t most, const char *beginning) {
  char room[CROW_ID_BYTES + 1], expected[CROW_ID_BYTES + 64];
  const XXH128_hash_t hash = XXH3_128bits(text, strlen(text));
  const char *name = crow_import_name_of(text, most, room);
  (void)snprintf(expected, sizeof expected, "%s#%016llx%016llx", beginning, (unsigned long long)hash.high64,
                 (unsigned long long)hash.low64);
  CHECK(strcmp(name, expected) == 0);
  CHECK(strlen(name) <= (most > CROW_IMPORT_NAME_BYTES ? most : CROW_ID_BYTES));
}

static void a_long_text_has_its_beginning_and_a_digest(void) {
  static char text[1400], beginning[1400];
  char room[CROW_ID_BYTES + 1];
  memset(text, 'a', 1300);
  for (int most = 0; most <= 1; most++) {
    const size_t bytes = most ? CROW_ID_BYTES : CROW_IMPORT_NAME_BYTES, keep = most ? CROW_ID_BYTES - 40 : 48;
    text[bytes] = 0;
    CHECK(crow_import_name_of(text, bytes, room) == text); /* as long as a name may be */
    text[bytes] = 'a';
    memset(beginning, 'a', keep);
    (void)snprintf(beginning + keep, sizeof beginning - keep, " ");
    check_name(text, bytes, beginning);
  }
  /* A character of two bytes, of which the first would be the last one kept, or the last. */
  memset(beginning, 'a', 1300);
  (void)snprintf(beginning + 47, 100, " ");
  memcpy(text + 47, "\xc3\xa4", 2);
  check_name(text, CROW_IMPORT_NAME_BYTES, beginning);
}

static void lines_and_runs_of_spaces_become_one_space(void) {
  check_name("  one\n\n two\tthree\r\n", CROW_IMPORT_NAME_BYTES, "one two three ");
  check_name("\n", CROW_IMPORT_NAME_BYTES, "");
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"a long text has its beginning and a digest", a_long_text_has_its_beginning_and_a_digest},
      {"lines and runs of spaces become one space", lines_and_runs_of_spaces_become_one_space},
      {NULL, NULL}};
  return crow_test_main(argc, argv, "names of texts", tests, false);
}
