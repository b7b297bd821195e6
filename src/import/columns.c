/* SPDX-License-Identifier: Apache-2.0 */
/* What the columns of a comparisons file are called, and how its results are worded: a table of what people use. */
#include "import/import_impl.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
  const char *first, *second;
  bool needs_result;
} PAIRS[] = {{"left", "right", true},      {"model_a", "model_b", true}, {"model_x", "model_y", true},
             {"first", "second", true},    {"item_a", "item_b", true},   {"a", "b", true},
             {"chosen", "rejected", false}};
enum { PAIR_COUNT = sizeof PAIRS / sizeof PAIRS[0] };

static crow_status no_pair(const crow_csv *csv) {
  char columns[600];
  crow_csv_print_columns(csv, columns, sizeof columns);
  return crow_error(
      CROW_BAD_INPUT,
      "%s: the columns are %s, expected left, right, winner; or model_a, model_b, winner; or model_x, "
      "model_y, winner; or first, second, outcome; or item_a, item_b, winner; or a, b, winner; or chosen, "
      "rejected (separated by commas or tabs)",
      crow_csv_name(csv), columns);
}

static crow_status find_pair(const crow_csv *csv, crow_import_columns *out, bool *needs_result) {
  crow_status status = CROW_OK;
  int found = -1;
  for (int k = 0; k < PAIR_COUNT; k++) {
    int64_t first, second;
    CROW_TRY(crow_csv_find(csv, PAIRS[k].first, &first));
    CROW_TRY(crow_csv_find(csv, PAIRS[k].second, &second));
    if (first < 0 || second < 0) continue;
    if (found >= 0) {
      return crow_error(CROW_BAD_INPUT, "%s: the columns %s, %s and %s, %s both name a pair, expected one pair",
                        crow_csv_name(csv), PAIRS[found].first, PAIRS[found].second, PAIRS[k].first, PAIRS[k].second);
    }
    found = k;
    out->first = first;
    out->second = second;
  }
  if (found < 0) return no_pair(csv);
  *needs_result = PAIRS[found].needs_result;
cleanup:
  return status;
}

crow_status crow_import_find_columns(const crow_csv *csv, crow_import_columns *out) {
  crow_status status = CROW_OK;
  bool needs_result = true;
  int64_t winner = -1, outcome = -1;
  *out = (crow_import_columns){.result = -1, .count = -1, .prompt = -1};
  CROW_TRY(find_pair(csv, out, &needs_result));
  CROW_TRY(crow_csv_find(csv, "prompt", &out->prompt));
  CROW_TRY(crow_csv_find(csv, "count", &out->count));
  if (!needs_result) return CROW_OK;
  CROW_TRY(crow_csv_find(csv, "winner", &winner));
  CROW_TRY(crow_csv_find(csv, "outcome", &outcome));
  if (winner >= 0 && outcome >= 0) {
    return crow_error(CROW_BAD_INPUT, "%s: has a column winner and a column outcome, expected one of them",
                      crow_csv_name(csv));
  }
  if (winner < 0 && outcome < 0) {
    char columns[600];
    crow_csv_print_columns(csv, columns, sizeof columns);
    return crow_error(CROW_BAD_INPUT, "%s: the columns are %s, expected one called winner (or outcome) as well",
                      crow_csv_name(csv), columns);
  }
  out->result = winner >= 0 ? winner : outcome;
  out->shares = outcome >= 0;
cleanup:
  return status;
}

/* ---- results ------------------------------------------------------------------------------------------------ */

static const struct {
  const char *label;
  double outcome;
} LABELS[] = {{"left", 1},       {"right", 0},           {"tie", 0.5},           {"model_a", 1},
              {"model_b", 0},    {"model_x", 1},         {"model_y", 0},         {"first", 1},
              {"second", 0},     {"item_a", 1},          {"item_b", 0},          {"a", 1},
              {"b", 0},          {"draw", 0.5},          {"both_bad", 0.5},      {"bothbad", 0.5},
              {"both bad", 0.5}, {"tie (bothbad)", 0.5}, {"tie (both bad)", 0.5}};

const char crow_import_results_understood[] = "the id of one of the two, left or right (or model_a, model_b; model_x, "
                                              "model_y; first, second; item_a, item_b; a, b), "
                                              "tie, draw, both_bad, or the share won by the first from 0 to 1";

bool crow_import_parse_number(const char *text, double *value) {
  char *end = NULL;
  if (!*text || text[strspn(text, "0123456789.+-eE")]) return false; /* no nan, inf, hexadecimal or spaces */
  *value = strtod(text, &end);
  return !*end && *value - *value == 0;
}

static bool parse_label(const char *text, double *outcome) {
  for (size_t k = 0; k < sizeof LABELS / sizeof LABELS[0]; k++) {
    if (strcasecmp(text, LABELS[k].label) != 0) continue;
    *outcome = LABELS[k].outcome;
    return true;
  }
  return false;
}

crow_import_reading crow_import_read_result(const char *text, const char *first, const char *second, bool shares,
                                            double *outcome) {
  double labelled = 0;
  const bool label = parse_label(text, &labelled);
  const bool number = !label && crow_import_parse_number(text, &labelled);
  const bool share = number && labelled >= 0 && labelled <= 1;
  if (!(number && shares) && (strcmp(text, first) == 0 || strcmp(text, second) == 0)) {
    *outcome = strcmp(text, first) == 0;
    return (label || share) && labelled != *outcome ? CROW_READ_CONTEST : CROW_READ_ID;
  }
  if (!label && !share) return CROW_READ_NOT;
  *outcome = labelled;
  return label && labelled == 0.5 ? CROW_READ_TIE : CROW_READ_SIDE;
}
