/* SPDX-License-Identifier: Apache-2.0 */
/* The options on how to read a comparisons file, taken apart. */
#include "import/import_impl.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const ROLES[CROW_ROLES] = {
    [CROW_ROLE_FIRST] = "first",   [CROW_ROLE_SECOND] = "second",         [CROW_ROLE_WINNER] = "winner",
    [CROW_ROLE_LOSER] = "loser",   [CROW_ROLE_OUTCOME] = "outcome",       [CROW_ROLE_COUNT] = "count",
    [CROW_ROLE_PROMPT] = "prompt", [CROW_ROLE_FIRST_WINS] = "first_wins", [CROW_ROLE_SECOND_WINS] = "second_wins",
    [CROW_ROLE_TIE] = "tie",       [CROW_ROLE_RESPONSE] = "response",     [CROW_ROLE_SCORE] = "score",
    [CROW_ROLE_RANK] = "rank"};

/* The next word of a list separated by commas, ended in place; NULL at its end. */
static char *next_word(char **list) {
  char *word = *list;
  if (!word) return NULL;
  char *comma = strchr(word, ',');
  *list = comma ? comma + 1 : NULL;
  if (comma) *comma = 0;
  return word;
}

static crow_status read_columns(char *list, crow_import_rules *out) {
  for (char *word; (word = next_word(&list));) {
    char *name = strchr(word, '=');
    int role = 0;
    if (name) *name++ = 0;
    while (role < CROW_ROLES && strcasecmp(word, ROLES[role]) != 0) role++;
    if (role == CROW_ROLES || !name || !*name) {
      return crow_error(CROW_USAGE,
                        "--columns %s: expected ROLE=COLUMN, with commas between, where a role is first, second, "
                        "winner, loser, outcome, count, prompt, first_wins, second_wins, tie, response, score or rank",
                        word);
    }
    if (out->column[role]) return crow_error(CROW_USAGE, "--columns: %s is given twice", ROLES[role]);
    out->column[role] = name;
  }
  return CROW_OK;
}

static bool read_side(const char *word, double *outcome, bool *bad) {
  *bad = strcasecmp(word, "both_bad") == 0;
  if (strcasecmp(word, "first") == 0) {
    *outcome = 1;
  } else if (strcasecmp(word, "second") == 0) {
    *outcome = 0;
  } else if (strcasecmp(word, "tie") == 0 || *bad) {
    *outcome = 0.5;
  } else {
    return false;
  }
  return true;
}

static crow_status read_map(char *list, crow_import_rules *out) {
  for (char *word; (word = next_word(&list));) {
    char *side = strrchr(word, '=');
    const int64_t at = out->map_count;
    if (side) *side++ = 0;
    if (!side || !read_side(side, &out->map_outcome[at], &out->map_bad[at])) {
      return crow_error(CROW_USAGE,
                        "--winner-map %s: expected VALUE=SIDE, with commas between, where a side is first, second, tie "
                        "or both_bad: 0=first,1=second",
                        word);
    }
    for (int64_t k = 0; k < at; k++) {
      if (strcmp(out->map[k], word) == 0) return crow_error(CROW_USAGE, "--winner-map: \"%s\" is given twice", word);
    }
    out->map[out->map_count++] = word;
    if (out->map_count == CROW_MAP_MOST) return crow_error(CROW_USAGE, "--winner-map: too many values");
  }
  return CROW_OK;
}

static crow_status read_scale(const char *text, crow_import_rules *out) {
  char first[64];
  const char *colon = strchr(text, ':');
  const size_t length = colon ? (size_t)(colon - text) : sizeof first;
  if (length < sizeof first) {
    memcpy(first, text, length);
    first[length] = 0;
    out->has_scale = crow_import_parse_number(first, &out->scale_first) &&
                     crow_import_parse_number(colon + 1, &out->scale_second) && out->scale_first != out->scale_second;
  }
  if (out->has_scale) return CROW_OK;
  return crow_error(CROW_USAGE,
                    "--winner-scale %s: expected A:B, two different numbers: at A the first won, at B the second, and "
                    "shares are linear between; -3:3 where negative means that the first is better",
                    text);
}

static crow_status read_keep(char *list, crow_import_rules *out) {
  for (char *word; (word = next_word(&list));) {
    if (!*word) return crow_error(CROW_USAGE, "--keep: a name is empty, expected names of columns, commas between");
    if (out->keep_count == CROW_KEEP_MOST) {
      return crow_error(CROW_USAGE, "--keep: more than %d columns", CROW_KEEP_MOST);
    }
    out->keep[out->keep_count++] = word;
  }
  return CROW_OK;
}

crow_status crow_import_rules_make(const crow_import_options *options, crow_import_rules *out) {
  crow_status status = CROW_OK;
  *out = (crow_import_rules){
      .drop_ties = options->ties == 1, .drop_bad = options->both_bad == 1, .score_tie = options->score_tie};
  CROW_TRY(crow_string_copy(options->columns, &out->texts[0]));
  CROW_TRY(crow_string_copy(options->winner_map, &out->texts[1]));
  CROW_TRY(crow_string_copy(options->keep, &out->texts[2]));
  if (out->texts[0]) CROW_TRY(read_columns(out->texts[0], out));
  if (out->texts[1]) CROW_TRY(read_map(out->texts[1], out));
  if (out->texts[2]) CROW_TRY(read_keep(out->texts[2], out));
  if (options->winner_scale) CROW_TRY(read_scale(options->winner_scale, out));
  if (out->has_scale && out->map_count) {
    CROW_TRY(crow_error(CROW_USAGE, "--winner-scale and --winner-map both say what the winner's values mean, expected "
                                    "one of them"));
  }
cleanup:
  if (status != CROW_OK) crow_import_rules_free(out);
  return status;
}

void crow_import_rules_free(crow_import_rules *rules) {
  for (int k = 0; k < 3; k++) crow_free(rules->texts[k]);
  *rules = (crow_import_rules){0};
}
