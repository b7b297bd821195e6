/* SPDX-License-Identifier: Apache-2.0 */
/* Prompts of alternatives: from their own file, or guessed from the comparisons, if every one is under one prompt. */
#include "import/import_impl.h"
#include "write_file.h"

#include <xxhash.h>

static char logged[4096];
static void take_line(crow_log_level level, const char *line, void *context) {
  (void)context;
  if (level == CROW_LOG_WARNING) (void)snprintf(logged + strlen(logged), sizeof logged - strlen(logged), "%s\n", line);
}

/* Notes the prompt in each line of a column for the alternatives of these numbers. */
static crow_status note(const char *text, const int64_t *number, crow_import_alternatives *out) {
  crow_status status = CROW_OK;
  crow_csv *csv = NULL;
  crow_bad_lines report = {0};
  bool got = true;
  CHECK_OK(crow_csv_open(write_text("items.csv", text), &csv));
  for (int k = 0; csv; k++) {
    CHECK_OK(crow_csv_next(csv, &got));
    if (!got) break;
    CHECK_OK(crow_import_add_prompt(csv, 0, number[k], out, &report));
  }
  status = crow_bad_lines_status(&report);
  crow_csv_close(&csv);
  return status;
}

/* In any order, with room that is -1 where nobody has noted one yet. */
static void prompts_are_numbered_as_they_come(void) {
  static const int64_t number[5] = {2, 0, 9, 1, 300};
  crow_import_alternatives a = {0};
  CHECK_OK(note("prompt\nq\np\nq\nr\np\n", number, &a));
  CHECK(a.prompts.count == 3 && a.prompt_room > 300);
  CHECK(a.prompt[2] == 0 && a.prompt[0] == 1 && a.prompt[9] == 0 && a.prompt[1] == 2 && a.prompt[300] == 1);
  for (int64_t k = 0; k < a.prompt_room; k++) CHECK((k < 3 || k == 9 || k == 300) == (a.prompt[k] >= 0));
  CHECK(strcmp(crow_ids_get(&a.prompts, 0), "q") == 0 && strcmp(crow_ids_get(&a.prompts, 2), "r") == 0);
  crow_import_alternatives_free(&a);
}

static void what_cannot_be_a_prompt_is_reported(void) {
  static const int64_t number[3] = {0, 1, 2};
  crow_import_alternatives a = {0};
  CHECK_STATUS(note("prompt,x\np,1\n\xff,1\n,1\n", number, &a), CROW_BAD_INPUT);
  CHECK_MESSAGE("items.csv:3: the prompt ");
  CHECK_MESSAGE("items.csv:4: the prompt ");
  CHECK_MESSAGE("expected UTF-8 text");
  CHECK(a.prompt[0] == 0 && a.prompt[1] == -1 && a.prompt[2] == -1 && a.prompts.count == 1);
  crow_import_alternatives_free(&a);
}

/* A text that is longer than a name has its beginning, in whole characters, and a digest. */
static void long_prompts_are_named_by_a_digest(void) {
  enum { KEPT = CROW_ID_BYTES - 40 };
  static char text[2 * CROW_ID_BYTES], prompt[CROW_ID_BYTES + 2], expected[CROW_ID_BYTES + 64];
  static const int64_t number[1] = {0};
  for (int turn = 0; turn < 3; turn++) {
    crow_import_alternatives a = {0};
    const size_t length = CROW_ID_BYTES + (turn > 0);
    memset(prompt, 'a', length);
    prompt[length] = 0;
    if (turn == 2) memcpy(prompt + KEPT - 1, "\xc3\xa9", 2); /* of which the first byte alone would be kept */
    (void)snprintf(text, sizeof text, "prompt\n%s\n", prompt);
    CHECK_OK(note(text, number, &a));
    const XXH128_hash_t hash = XXH3_128bits(prompt, length);
    if (turn == 0)
      (void)snprintf(expected, sizeof expected, "%s", prompt);
    else
      (void)snprintf(expected, sizeof expected, "%.*s #%016llx%016llx", KEPT - (turn == 2), prompt,
                     (unsigned long long)hash.high64, (unsigned long long)hash.low64);
    CHECK(a.prompts.count == 1 && strcmp(crow_ids_get(&a.prompts, 0), expected) == 0);
    crow_import_alternatives_free(&a);
  }
}

/* Comparisons of two numbers each under a prompt. */
static crow_status guess(const char *text, const int64_t (*sides)[2], int64_t count, crow_import_guess *found,
                         crow_import_alternatives *out) {
  crow_status status = CROW_OK;
  crow_csv *csv = NULL;
  bool got = true;
  out->count = count;
  out->by_number = true;
  logged[0] = 0;
  crow_log_set(take_line, NULL);
  CHECK_OK(crow_csv_open(write_text("votes.csv", text), &csv));
  for (int k = 0; csv && status == CROW_OK; k++) {
    CHECK_OK(crow_csv_next(csv, &got));
    if (!got) break;
    status = crow_import_guess_prompt(csv, 0, sides[k][0], sides[k][1], found, out);
  }
  if (status == CROW_OK) crow_import_guess_end(csv, found, out);
  crow_log_set(NULL, NULL);
  crow_csv_close(&csv);
  return status;
}

static void prompts_of_comparisons_group_alternatives(void) {
  static const int64_t sides[4][2] = {{0, 1}, {2, 3}, {1, 4}, {3, 2}};
  crow_import_alternatives a = {0};
  crow_import_guess found = {0};
  CHECK_OK(guess("prompt\np\nq\np\nq\n", sides, 5, &found, &a));
  const int32_t expected[5] = {0, 0, 1, 1, 0};
  CHECK(a.has_prompt && !found.given_up && memcmp(a.prompt, expected, sizeof expected) == 0 && !logged[0]);
  crow_import_alternatives_free(&a);
}

static void a_column_that_groups_judgements_is_left_alone(void) {
  static const int64_t first[3][2] = {{0, 1}, {1, 2}, {0, 2}}, second[3][2] = {{0, 1}, {2, 1}, {0, 2}};
  for (int turn = 0; turn < 2; turn++) {
    crow_import_alternatives a = {0};
    crow_import_guess found = {0};
    CHECK_OK(guess("prompt\np\nq\np\n", turn ? second : first, 3, &found, &a));
    CHECK(found.given_up && !a.has_prompt);
    CHECK(strstr(logged, "votes.csv:3: column prompt not used: \"1\" appears under the prompts \"p\" and \"q\"") !=
          NULL);
    CHECK(strchr(logged, '\n') == logged + strlen(logged) - 1); /* said once */
    crow_import_alternatives_free(&a);
  }
}

static void alternatives_that_nobody_compared_have_none(void) {
  static const int64_t sides[1][2] = {{0, 2}};
  crow_import_alternatives a = {0};
  crow_import_guess found = {0};
  CHECK_OK(guess("prompt\np\n", sides, 3, &found, &a));
  CHECK(!a.has_prompt && !found.given_up);
  CHECK(strstr(logged, "votes.csv: the alternative \"1\" is in no comparison, so the column prompt does not group") !=
        NULL);
  crow_import_alternatives_free(&a);
  found = (crow_import_guess){0};
  CHECK_OK(guess("prompt\n", sides, 3, &found, &a)); /* no comparison at all */
  CHECK(!a.has_prompt && !logged[0]);
  crow_import_alternatives_free(&a);
  CHECK_STATUS(guess("prompt,x\n,1\n", sides, 3, &found, &a), CROW_BAD_INPUT);
  CHECK_MESSAGE("votes.csv:2: the prompt ");
  crow_import_alternatives_free(&a);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"prompts are numbered as they come", prompts_are_numbered_as_they_come},
      {"what cannot be a prompt is reported", what_cannot_be_a_prompt_is_reported},
      {"long prompts are named by a digest", long_prompts_are_named_by_a_digest},
      {"prompts of comparisons group alternatives", prompts_of_comparisons_group_alternatives},
      {"a column that groups judgements is left alone", a_column_that_groups_judgements_is_left_alone},
      {"alternatives that nobody compared have none", alternatives_that_nobody_compared_have_none},
      {NULL, NULL}};
  return crow_test_main(argc, argv, "prompts of alternatives", tests, false);
}
