/* SPDX-License-Identifier: Apache-2.0 */
/* What the columns of a comparisons file are called: a table of what people use. */
#include "import/import_impl.h"

#include <string.h>

/* Names that come in pairs. A weak pair counts only where there is no other: texts of answers stand beside the names of
 * the models that gave them. */
static const struct {
  const char *first, *second;
  bool ordered, weak;
} PAIRS[] = {{"left", "right", false, false},
             {"model_a", "model_b", false, false},
             {"model_x", "model_y", false, false},
             {"first", "second", false, false},
             {"item_a", "item_b", false, false},
             {"a", "b", false, false},
             {"winner", "loser", true, false},
             {"chosen", "rejected", true, false},
             {"response_a", "response_b", false, true},
             {"response_0", "response_1", false, true},
             {"response_1", "response_2", false, true},
             {"response1", "response2", false, true},
             {"human_ref_A", "human_ref_B", false, true}};
enum { PAIR_COUNT = sizeof PAIRS / sizeof PAIRS[0] };

/* Results whose numbers mean what their data set says, which a program must not guess. */
static const struct {
  const char *column, *type;
} ODD_RESULTS[] = {
    {"preference_strength", "--winner-scale -3:3 (HelpSteer2: negative if the first is better)"},
    {"overall_preference", "--winner-scale -3:3 (HelpSteer3: negative if the first is better)"},
    {"better_response_id", "--winner-map 0=first,1=second (PKU-SafeRLHF: the number of the better one)"},
    {"labels", "--winner-map 1=first,0=second (SHP: 1 if A is preferred)"},
    {"label", "--winner-map 1=first,0=second (or 0=first,1=second)"},
    {"preference", "--winner-map 1=first,2=second (or what its values mean)"},
};

/* ---- columns by their names --------------------------------------------------------------------------------- */

static crow_status no_pair(const crow_csv *csv) {
  char columns[600];
  crow_csv_print_columns(csv, columns, sizeof columns);
  return crow_error(
      CROW_BAD_INPUT,
      "%s: the columns are %s, expected left, right, winner; or model_a, model_b, winner; or model_x, "
      "model_y, winner; or first, second, outcome; or item_a, item_b, winner; or a, b, winner; or chosen, "
      "rejected; or winner, loser; or prompt, response, score; else say which is which: "
      "--columns first=COLUMN,second=COLUMN,winner=COLUMN",
      crow_csv_name(csv), columns);
}

/* The column that --columns names for a role, which must be there; -1 if it names none. */
static crow_status find_given(const crow_csv *csv, const crow_import_rules *rules, crow_import_role role,
                              int64_t *column) {
  const char *name = rules->column[role];
  *column = -1;
  if (!name) return CROW_OK;
  CROW_NEED(crow_csv_find(csv, name, column));
  if (*column >= 0) return CROW_OK;
  char columns[600];
  crow_csv_print_columns(csv, columns, sizeof columns);
  return crow_error(CROW_BAD_INPUT, "%s: has no column \"%s\", which --columns names; the columns are %s",
                    crow_csv_name(csv), name, columns);
}

/* The same, or the column of the usual name. */
static crow_status find_usual(const crow_csv *csv, const crow_import_rules *rules, crow_import_role role,
                              const char *usual, int64_t *column) {
  CROW_NEED(find_given(csv, rules, role, column));
  if (*column < 0) CROW_NEED(crow_csv_find(csv, usual, column));
  return CROW_OK;
}

/* Two that would do: the reader types which one is meant. */
static crow_status two_pairs(const crow_csv *csv, int one, int other) {
  return crow_error(CROW_BAD_INPUT,
                    "%s: the columns %s, %s and %s, %s both name a pair, expected one: type --columns "
                    "first=%s,second=%s or --columns first=%s,second=%s, whichever the result refers to",
                    crow_csv_name(csv), PAIRS[one].first, PAIRS[one].second, PAIRS[other].first, PAIRS[other].second,
                    PAIRS[one].first, PAIRS[one].second, PAIRS[other].first, PAIRS[other].second);
}

/* The pair of this strength that the names tell; `*found` is -1 if there is none. */
static crow_status match_pair(const crow_csv *csv, bool weak, crow_import_columns *out, int *found) {
  *found = -1;
  for (int k = 0; k < PAIR_COUNT; k++) {
    int64_t first, second;
    if (PAIRS[k].weak != weak) continue;
    CROW_NEED(crow_csv_find(csv, PAIRS[k].first, &first));
    CROW_NEED(crow_csv_find(csv, PAIRS[k].second, &second));
    if (first < 0 || second < 0) continue;
    if (*found >= 0) return two_pairs(csv, *found, k);
    *found = k;
    out->first = first;
    out->second = second;
    out->form = PAIRS[k].ordered ? CROW_FORM_ORDER : CROW_FORM_RESULT;
  }
  return CROW_OK;
}

/* ---- results ------------------------------------------------------------------------------------------------ */

/* winner_model_a, winner_model_b and perhaps winner_tie, whatever the pair is called. */
static crow_status find_one_hot(const crow_csv *csv, const crow_import_rules *rules, crow_import_columns *out) {
  for (int k = 0; k < 3; k++) {
    char name[512];
    const int64_t side = k == 0 ? out->first : out->second;
    (void)snprintf(name, sizeof name, "winner_%s", k == 2 ? "tie" : crow_csv_column(csv, side));
    CROW_NEED(find_usual(csv, rules, CROW_ROLE_FIRST_WINS + (crow_import_role)k, name, &out->flag[k]));
  }
  if (out->flag[0] >= 0 && out->flag[1] >= 0) out->form = CROW_FORM_ONE_HOT;
  return CROW_OK;
}

static crow_status no_result(const crow_csv *csv, const crow_import_columns *of) {
  char columns[600];
  for (size_t k = 0; k < sizeof ODD_RESULTS / sizeof ODD_RESULTS[0]; k++) {
    int64_t column = -1;
    if (crow_csv_find(csv, ODD_RESULTS[k].column, &column) != CROW_OK || column < 0) continue;
    return crow_error(CROW_BAD_INPUT,
                      "%s: what the values of the column %s mean is not guessed: type --columns "
                      "first=%s,second=%s,winner=%s %s",
                      crow_csv_name(csv), ODD_RESULTS[k].column, crow_csv_column(csv, of->first),
                      crow_csv_column(csv, of->second), ODD_RESULTS[k].column, ODD_RESULTS[k].type);
  }
  crow_csv_print_columns(csv, columns, sizeof columns);
  return crow_error(CROW_BAD_INPUT,
                    "%s: the columns are %s, expected one called winner (or outcome) as well; or say which it is: "
                    "--columns winner=COLUMN",
                    crow_csv_name(csv), columns);
}

static crow_status find_result(const crow_csv *csv, const crow_import_rules *rules, crow_import_columns *out) {
  int64_t winner = -1, outcome = -1;
  CROW_NEED(find_given(csv, rules, CROW_ROLE_WINNER, &winner));
  CROW_NEED(find_given(csv, rules, CROW_ROLE_OUTCOME, &outcome));
  const bool flags = rules->column[CROW_ROLE_FIRST_WINS] != NULL;
  if (winner < 0 && outcome < 0 && !flags) {
    CROW_NEED(crow_csv_find(csv, "winner", &winner));
    CROW_NEED(crow_csv_find(csv, "outcome", &outcome));
  }
  if (winner >= 0 && outcome >= 0) {
    return crow_error(CROW_BAD_INPUT, "%s: has a column winner and a column outcome, expected one of them",
                      crow_csv_name(csv));
  }
  out->result = winner >= 0 ? winner : outcome;
  out->shares = outcome >= 0;
  if (out->result >= 0) return CROW_OK;
  CROW_NEED(find_one_hot(csv, rules, out));
  if (out->form != CROW_FORM_ONE_HOT) CROW_NEED(no_result(csv, out));
  return CROW_OK;
}

/* ---- the forms ---------------------------------------------------------------------------------------------- */

/* A pair that --columns gives: first and second, or winner and loser. */
static crow_status find_given_pair(const crow_csv *csv, const crow_import_rules *rules, crow_import_columns *out) {
  const bool ordered = rules->column[CROW_ROLE_LOSER] != NULL;
  const crow_import_role first = ordered ? CROW_ROLE_WINNER : CROW_ROLE_FIRST;
  const crow_import_role second = ordered ? CROW_ROLE_LOSER : CROW_ROLE_SECOND;
  CROW_NEED(find_given(csv, rules, first, &out->first));
  CROW_NEED(find_given(csv, rules, second, &out->second));
  if (out->first < 0 || out->second < 0 || (ordered && rules->column[CROW_ROLE_FIRST])) {
    return crow_error(CROW_USAGE, "--columns: expected first and second together, or winner and loser together");
  }
  out->form = ordered ? CROW_FORM_ORDER : CROW_FORM_RESULT;
  if (!ordered) CROW_NEED(find_result(csv, rules, out));
  return CROW_OK;
}

/* `found` is the row of PAIRS. */
static crow_status find_pair_result(const crow_csv *csv, const crow_import_rules *rules, int found,
                                    crow_import_columns *out) {
  if (out->form == CROW_FORM_RESULT) CROW_NEED(find_result(csv, rules, out));
  /* What stands beside chosen, rejected must not say the contrary. */
  if (out->form == CROW_FORM_ORDER && strcmp(PAIRS[found].first, "winner") != 0) {
    CROW_NEED(find_usual(csv, rules, CROW_ROLE_WINNER, "winner", &out->result));
  }
  return CROW_OK;
}

/* prompt, response and score or rank; `*found` says whether these are the file's columns. */
static crow_status find_scores(const crow_csv *csv, const crow_import_rules *rules, crow_import_columns *out,
                               bool *found) {
  int64_t score = -1, rank = -1;
  *found = false;
  CROW_NEED(find_usual(csv, rules, CROW_ROLE_RESPONSE, "response", &out->first));
  CROW_NEED(find_given(csv, rules, CROW_ROLE_SCORE, &score));
  CROW_NEED(find_given(csv, rules, CROW_ROLE_RANK, &rank));
  if (score < 0 && rank < 0) {
    CROW_NEED(crow_csv_find(csv, "score", &score));
    CROW_NEED(crow_csv_find(csv, "rank", &rank));
  }
  if (out->first < 0 || (score < 0 && rank < 0)) return CROW_OK;
  if (score >= 0 && rank >= 0) {
    return crow_error(CROW_BAD_INPUT, "%s: has a column score and a column rank: type --columns score=%s or rank=%s",
                      crow_csv_name(csv), crow_csv_column(csv, score), crow_csv_column(csv, rank));
  }
  if (out->prompt < 0) {
    return crow_error(CROW_BAD_INPUT,
                      "%s: has responses with a %s but no column prompt that groups them: type "
                      "--columns prompt=COLUMN",
                      crow_csv_name(csv), rank >= 0 ? "rank" : "score");
  }
  *found = true;
  out->form = CROW_FORM_SCORES;
  out->score = rank >= 0 ? rank : score;
  out->lower_wins = rank >= 0;
  return CROW_OK;
}

static crow_status find_kept(const crow_csv *csv, const crow_import_rules *rules, crow_import_columns *out) {
  for (int64_t k = 0; k < rules->keep_count; k++) {
    CROW_NEED(crow_csv_find(csv, rules->keep[k], &out->keep[k]));
    if (out->keep[k] >= 0) continue;
    char columns[600];
    crow_csv_print_columns(csv, columns, sizeof columns);
    return crow_error(CROW_BAD_INPUT, "%s: has no column \"%s\", which --keep names; the columns are %s",
                      crow_csv_name(csv), rules->keep[k], columns);
  }
  return CROW_OK;
}

/* Options that the file's form leaves without effect. */
static crow_status check_effect(const crow_csv *csv, const crow_import_rules *rules, const crow_import_columns *of) {
  const char *idle = NULL;
  if (of->form != CROW_FORM_SCORES && rules->score_tie > 0) idle = "--score-tie is for scores or ranks";
  if ((of->form != CROW_FORM_RESULT || of->shares) && rules->has_scale) idle = "--winner-scale is for a column winner";
  if ((of->form != CROW_FORM_RESULT || of->shares) && rules->map_count) idle = "--winner-map is for a column winner";
  if (of->form == CROW_FORM_SCORES && rules->column[CROW_ROLE_COUNT]) idle = "--columns count is for pairs";
  if (!idle) return CROW_OK;
  return crow_error(CROW_USAGE, "%s: %s, and this file is of another form", crow_csv_name(csv), idle);
}

/* By the usual names: models before responses, which may stand beside them. */
static crow_status find_by_names(const crow_csv *csv, const crow_import_rules *rules, crow_import_columns *out) {
  bool scores = false;
  int found = -1;
  CROW_NEED(match_pair(csv, false, out, &found));
  if (found < 0) CROW_NEED(find_scores(csv, rules, out, &scores));
  if (scores) return CROW_OK;
  if (found < 0) CROW_NEED(match_pair(csv, true, out, &found));
  if (found < 0) return no_pair(csv);
  return find_pair_result(csv, rules, found, out);
}

crow_status crow_import_find_columns(const crow_csv *csv, const crow_import_rules *rules, crow_import_columns *out) {
  bool scores = false;
  *out = (crow_import_columns){.first = -1, .second = -1, .result = -1, .flag = {-1, -1, -1}, .score = -1};
  CROW_NEED(find_usual(csv, rules, CROW_ROLE_PROMPT, "prompt", &out->prompt));
  CROW_NEED(find_usual(csv, rules, CROW_ROLE_COUNT, "count", &out->count));
  if (rules->column[CROW_ROLE_FIRST] || rules->column[CROW_ROLE_SECOND] || rules->column[CROW_ROLE_LOSER]) {
    CROW_NEED(find_given_pair(csv, rules, out));
  } else if (rules->column[CROW_ROLE_RESPONSE] || rules->column[CROW_ROLE_SCORE] || rules->column[CROW_ROLE_RANK]) {
    CROW_NEED(find_scores(csv, rules, out, &scores));
    if (!scores) {
      return crow_error(CROW_USAGE, "--columns: scores need response, prompt and score (or rank): type --columns "
                                    "prompt=COLUMN,response=COLUMN,score=COLUMN");
    }
  } else {
    CROW_NEED(find_by_names(csv, rules, out));
  }
  if (out->form == CROW_FORM_SCORES) out->count = -1;
  CROW_NEED(find_kept(csv, rules, out));
  return check_effect(csv, rules, out);
}

/* ---- in words ----------------------------------------------------------------------------------------------- */

static void describe_result(const crow_csv *csv, const crow_import_rules *rules, const crow_import_columns *of,
                            char *text, size_t bytes) {
  const char *result = of->result >= 0 ? crow_csv_column(csv, of->result) : "";
  size_t at = 0;
  if (rules->has_scale) {
    (void)snprintf(text, bytes, "%.60s says who won: at %g the first, at %g the second, shares linear between", result,
                   rules->scale_first, rules->scale_second);
  } else if (rules->map_count) {
    at = (size_t)snprintf(text, bytes, "%.60s says who won:", result);
    for (int64_t k = 0; k < rules->map_count && at < bytes; k++) {
      const double outcome = rules->map_outcome[k];
      const char *side = rules->map_bad[k] ? "both bad"
                         : outcome == 1    ? "the first"
                         : outcome == 0    ? "the second"
                                           : "a tie";
      at += (size_t)snprintf(text + at, bytes - at, "%s %.40s %s", k ? "," : "", rules->map[k], side);
    }
  } else {
    (void)snprintf(text, bytes, "%.60s %s", result, of->shares ? "is the share won by the first" : "says who won");
  }
}

void crow_import_describe_columns(const crow_csv *csv, const crow_import_rules *rules, const crow_import_columns *of,
                                  char *text, size_t bytes) {
  char result[240] = "";
  const char *first = crow_csv_column(csv, of->first);
  switch (of->form) {
  case CROW_FORM_ORDER:
    (void)snprintf(text, bytes, "%s: %.60s won against %.60s", crow_csv_form(csv), first,
                   crow_csv_column(csv, of->second));
    return;
  case CROW_FORM_SCORES:
    (void)snprintf(text, bytes, "%s: every two of %.60s with the same %.60s are compared by %.60s, the %s the better",
                   crow_csv_form(csv), first, crow_csv_column(csv, of->prompt), crow_csv_column(csv, of->score),
                   of->lower_wins ? "lower" : "higher");
    return;
  case CROW_FORM_ONE_HOT:
    (void)snprintf(result, sizeof result, "%.60s or %.60s is 1 for who won", crow_csv_column(csv, of->flag[0]),
                   crow_csv_column(csv, of->flag[1]));
    break;
  case CROW_FORM_RESULT:
    describe_result(csv, rules, of, result, sizeof result);
  }
  (void)snprintf(text, bytes, "%s: first is %.60s, second is %.60s, %s", crow_csv_form(csv), first,
                 crow_csv_column(csv, of->second), result);
}
