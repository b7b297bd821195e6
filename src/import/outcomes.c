/* SPDX-License-Identifier: Apache-2.0 */
/* How outcomes of comparisons are worded: "tie", "model_a", a share. */
#include "import/import_impl.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
  const char *label;
  double outcome;
  bool bad;
} LABELS[] = {
    {"left", 1, false},      {"right", 0, false},          {"tie", 0.5, false},          {"model_a", 1, false},
    {"model_b", 0, false},   {"model_x", 1, false},        {"model_y", 0, false},        {"first", 1, false},
    {"second", 0, false},    {"item_a", 1, false},         {"item_b", 0, false},         {"a", 1, false},
    {"b", 0, false},         {"response_a", 1, false},     {"response_b", 0, false},     {"chosen", 1, false},
    {"rejected", 0, false},  {"draw", 0.5, false},         {"both_bad", 0.5, true},      {"bothbad", 0.5, true},
    {"both bad", 0.5, true}, {"tie (bothbad)", 0.5, true}, {"tie (both bad)", 0.5, true}};

const char crow_import_results_understood[] = "the id of one of the two, left or right (or model_a, model_b; model_x, "
                                              "model_y; first, second; item_a, item_b; a, b), "
                                              "tie, draw, both_bad; of a column outcome a share from 0 to 1";

/* A digit other than 0 before the exponent. */
static bool is_nonzero(const char *text) {
  const size_t mantissa = strcspn(text, "eE"), zeros = strspn(text, "0.+-");
  return zeros < mantissa;
}

bool crow_import_parse_number(const char *text, double *value) {
  char *end = NULL;
  if (!*text || text[strspn(text, "0123456789.+-eE")]) return false; /* no nan, inf, hexadecimal or spaces */
  *value = strtod(text, &end);
  return !*end && *value - *value == 0 && (*value != 0 || !is_nonzero(text));
}

static bool parse_label(const char *text, double *outcome, bool *bad) {
  for (size_t k = 0; k < sizeof LABELS / sizeof LABELS[0]; k++) {
    if (strcasecmp(text, LABELS[k].label) != 0) continue;
    *outcome = LABELS[k].outcome;
    *bad = LABELS[k].bad;
    return true;
  }
  return false;
}

crow_import_reading crow_import_read_result(const char *text, const char *first, const char *second, bool shares,
                                            double *outcome) {
  double labelled = 0;
  bool bad = false;
  const bool label = parse_label(text, &labelled, &bad);
  const bool number = !label && crow_import_parse_number(text, &labelled);
  const bool share = number && labelled >= 0 && labelled <= 1;
  if (!(number && shares) && (strcmp(text, first) == 0 || strcmp(text, second) == 0)) {
    *outcome = strcmp(text, first) == 0;
    return label && labelled != *outcome ? CROW_READ_CONTEST : CROW_READ_ID;
  }
  if (share && !shares) return CROW_READ_NUMBER;
  if (!label && !share) return CROW_READ_NOT;
  *outcome = labelled;
  if (bad) return CROW_READ_BAD;
  return label && labelled == 0.5 ? CROW_READ_TIE : CROW_READ_SIDE;
}
