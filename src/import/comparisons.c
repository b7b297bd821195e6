/* SPDX-License-Identifier: Apache-2.0 */
#include "import/import_impl.h"

#include <string.h>
#include <strings.h>

/* A file being read, and the lines that tell whether its results can be read in one way only. */
typedef struct reader {
  crow_csv *csv;
  crow_import_alternatives *alternatives;
  const crow_import_rules *rules;
  crow_import_columns columns;
  bool guesses; /* prompts come from the comparisons */
  crow_import_guess guess;
  crow_import_comparisons *out;
  crow_import_scores scores;
  crow_bad_lines *report;
  int64_t contest_line, side_line;
  char contest[CROW_QUOTED_BYTES], side[CROW_QUOTED_BYTES];
} reader;

static const char *field_of(const reader *in, int64_t column) { return crow_csv_field(in->csv, column); }

/* ---- the parts of a record ---------------------------------------------------------------------------------- */

static void report_unknown(const reader *in, const char *name) {
  char quoted[CROW_QUOTED_BYTES], suggestion[CROW_SUGGESTION_BYTES] = "";
  const char *file = crow_csv_name(in->csv);
  const int64_t line = crow_csv_line(in->csv);
  if (in->alternatives->by_number) {
    crow_bad_lines_add(in->report, file, line,
                       "unknown alternative (value %s), expected a row of %s from 0 to %lld: without items (--items) "
                       "alternatives are named by their row number",
                       crow_quote(name, quoted), in->alternatives->source, (long long)in->alternatives->count - 1);
    return;
  }
  if (crow_bad_lines_shows(in->report)) crow_ids_suggest(&in->alternatives->ids, name, suggestion);
  crow_bad_lines_add(in->report, file, line, "unknown alternative (value %s), expected an id of %s%s",
                     crow_quote(name, quoted), in->alternatives->source, suggestion);
}

/* `*row` is -1 if it was reported. */
static crow_status find_alternative(const reader *in, const char *name, int64_t *row) {
  const char *fault = NULL;
  char quoted[CROW_QUOTED_BYTES];
  if (!in->alternatives->open) {
    *row = crow_import_find(in->alternatives, name);
    if (*row < 0) report_unknown(in, name);
    return CROW_OK;
  }
  CROW_NEED(crow_import_find_or_add(in->alternatives, name, crow_csv_line(in->csv), row, &fault));
  if (fault) {
    crow_bad_lines_add(in->report, crow_csv_name(in->csv), crow_csv_line(in->csv),
                       "an alternative %s (value %s), expected 1 to %lld bytes of UTF-8", fault,
                       crow_quote(name, quoted), (long long)CROW_IMPORT_TEXT_BYTES);
  }
  return CROW_OK;
}

static bool bad_result(const reader *in, const char *text, const char *expected) {
  char quoted[CROW_QUOTED_BYTES];
  crow_bad_lines_add(in->report, crow_csv_name(in->csv), crow_csv_line(in->csv), "unknown %s (value %s), expected %s",
                     in->columns.shares ? "outcome" : "winner", crow_quote(text, quoted), expected);
  return false;
}

static bool read_mapped(const reader *in, const char *text, crow_import_pair *pair) {
  char known[200] = "one of --winner-map: ";
  for (int64_t k = 0; k < in->rules->map_count; k++) {
    if (strcmp(text, in->rules->map[k]) == 0) {
      pair->outcome = in->rules->map_outcome[k];
      pair->both_bad = in->rules->map_bad[k];
      return true;
    }
    const size_t used = strlen(known);
    (void)snprintf(known + used, sizeof known - used, "%s%.40s", k ? ", " : "", in->rules->map[k]);
  }
  return bad_result(in, text, known);
}

static bool read_scaled(const reader *in, const char *text, crow_import_pair *pair) {
  char expected[120];
  double value = 0;
  const double first = in->rules->scale_first, second = in->rules->scale_second;
  if (crow_import_parse_number(text, &value)) {
    pair->outcome = (second - value) / (second - first);
    if (pair->outcome >= 0 && pair->outcome <= 1) return true;
  }
  (void)snprintf(expected, sizeof expected, "a number of --winner-scale, from %g to %g", first, second);
  return bad_result(in, text, expected);
}

static bool is_one(const char *text) {
  double value = 0;
  return strcasecmp(text, "true") == 0 || (crow_import_parse_number(text, &value) && value == 1);
}

static bool is_zero(const char *text) {
  double value = 1;
  return strcasecmp(text, "false") == 0 || (crow_import_parse_number(text, &value) && value == 0);
}

static bool read_one_hot(const reader *in, crow_import_pair *pair) {
  static const double outcomes[3] = {1, 0, 0.5};
  int ones = 0;
  for (int k = 0; k < 3; k++) {
    if (in->columns.flag[k] < 0) continue;
    const char *text = field_of(in, in->columns.flag[k]);
    if (is_one(text)) {
      ones++;
      pair->outcome = outcomes[k];
    } else if (!is_zero(text)) {
      return bad_result(in, text, "0 or 1 in each of the columns that say who won");
    }
  }
  if (ones == 1) return true;
  return bad_result(in, ones ? "1 twice" : "no 1", "1 in one of the columns that say who won, and 0 in the others");
}

/* A number may mean either side: 1 is the first as a share, and often the second as an index. */
static bool refuse_number(const reader *in, const char *text) {
  char quoted[CROW_QUOTED_BYTES];
  crow_bad_lines_add(in->report, crow_csv_name(in->csv), crow_csv_line(in->csv),
                     "the winner is a number (value %s), whose side is not guessed: type --winner-map 1=first,0=second "
                     "(or 0=first,1=second), or --columns outcome=%.40s if it is the share won by the first",
                     crow_quote(text, quoted), crow_csv_column(in->csv, in->columns.result));
  return false;
}

static bool read_worded(reader *in, const char *text, const char *first, const char *second, crow_import_pair *pair) {
  const int64_t line = crow_csv_line(in->csv);
  switch (crow_import_read_result(text, first, second, in->columns.shares, &pair->outcome)) {
  case CROW_READ_CONTEST:
    if (!in->contest_line) (void)crow_quote(text, in->contest);
    if (!in->contest_line) in->contest_line = line;
    return true;
  case CROW_READ_SIDE:
    if (!in->side_line) (void)crow_quote(text, in->side);
    if (!in->side_line) in->side_line = line;
    return true;
  case CROW_READ_BAD:
    pair->both_bad = true;
    return true;
  case CROW_READ_ID:
  case CROW_READ_TIE:
    return true;
  case CROW_READ_NUMBER:
    return refuse_number(in, text);
  case CROW_READ_NOT:
    break;
  }
  return bad_result(in, text, crow_import_results_understood);
}

/* What stands beside chosen, rejected: it must say the same. */
static bool check_order(reader *in, const char *first, const char *second, crow_import_pair *pair) {
  char quoted[CROW_QUOTED_BYTES];
  pair->outcome = 1;
  if (in->columns.result < 0) return true;
  const char *text = field_of(in, in->columns.result);
  if (!read_worded(in, text, first, second, pair)) return false;
  if (pair->outcome == 1) return true;
  crow_bad_lines_add(
      in->report, crow_csv_name(in->csv), crow_csv_line(in->csv),
      "the winner (value %s) contradicts the columns %s, %s; type --columns first=%s,second=%s,winner=%s if "
      "it is the winner that counts",
      crow_quote(text, quoted), crow_csv_column(in->csv, in->columns.first),
      crow_csv_column(in->csv, in->columns.second), crow_csv_column(in->csv, in->columns.first),
      crow_csv_column(in->csv, in->columns.second), crow_csv_column(in->csv, in->columns.result));
  return false;
}

static bool read_result(reader *in, const char *first, const char *second, crow_import_pair *pair) {
  if (in->columns.form == CROW_FORM_ORDER) return check_order(in, first, second, pair);
  if (in->columns.form == CROW_FORM_ONE_HOT) return read_one_hot(in, pair);
  const char *text = field_of(in, in->columns.result);
  if (in->rules->has_scale) return read_scaled(in, text, pair);
  if (in->rules->map_count) return read_mapped(in, text, pair);
  return read_worded(in, text, first, second, pair);
}

static bool read_count(const reader *in, int64_t *judgements) {
  double value = 1;
  char quoted[CROW_QUOTED_BYTES];
  *judgements = 1;
  if (in->columns.count < 0) return true;
  const char *text = field_of(in, in->columns.count);
  if (crow_import_parse_number(text, &value) && value >= 1 && value <= UINT32_MAX && value == (double)(int64_t)value) {
    *judgements = (int64_t)value;
    return true;
  }
  crow_bad_lines_add(in->report, crow_csv_name(in->csv), crow_csv_line(in->csv),
                     "bad count (value %s), expected a whole number of judgements from 1 to 4294967295",
                     crow_quote(text, quoted));
  return false;
}

/* The values of the kept columns, numbered; an empty one is a value too. */
static crow_status comparisons_read_kept(const reader *in, int32_t *label) {
  char room[CROW_ID_BYTES + 1];
  for (int64_t k = 0; k < in->rules->keep_count; k++) {
    const char *text = crow_import_name_of(field_of(in, in->columns.keep[k]), CROW_ID_BYTES, room);
    int64_t number = 0;
    bool added = false;
    CROW_NEED(crow_ids_add(&in->out->values, text, crow_csv_line(in->csv), &number, &added));
    const char *fault = added && *text ? crow_ids_fault(text) : NULL;
    label[k] = (int32_t)number;
    if (!fault) continue;
    char quoted[CROW_QUOTED_BYTES];
    crow_bad_lines_add(in->report, crow_csv_name(in->csv), crow_csv_line(in->csv),
                       "%.40s %s (value %s), expected UTF-8", in->rules->keep[k], fault, crow_quote(text, quoted));
  }
  return CROW_OK;
}

/* ---- records ------------------------------------------------------------------------------------------------ */

crow_status crow_import_append(const crow_import_rules *rules, const crow_import_pair *pair,
                               crow_import_comparisons *out) {
  const bool tie = pair->outcome == 0.5;
  if (tie) out->ties++;
  if (pair->both_bad) out->both_bad++;
  if ((tie && rules->drop_ties) || (pair->both_bad && rules->drop_bad)) {
    out->dropped++;
    return CROW_OK;
  }
  if (!out->tail || out->tail->count == CROW_IMPORT_BLOCK) {
    crow_import_block *block = NULL;
    const size_t bytes = sizeof *block + CROW_IMPORT_BLOCK * (size_t)out->keep_count * sizeof *block->label;
    CROW_NEED(crow_allocate_raw((int64_t)bytes, 1, (void **)&block));
    block->next = NULL;
    block->count = 0;
    *(out->tail ? &out->tail->next : &out->head) = block;
    out->tail = block;
  }
  const int64_t at = out->tail->count++;
  out->tail->first[at] = (int32_t)pair->first;
  out->tail->second[at] = (int32_t)pair->second;
  out->tail->outcome[at] = pair->outcome;
  out->tail->judgements[at] = pair->judgements;
  for (int64_t k = 0; k < out->keep_count; k++) out->tail->label[at * out->keep_count + k] = pair->label[k];
  out->count++;
  return CROW_OK;
}

/* One record; what is wrong with it is reported, once, and it is skipped. */
static crow_status read_record(reader *in) {
  crow_import_pair pair;
  pair.both_bad = false;
  const char *first = field_of(in, in->columns.first), *second = field_of(in, in->columns.second);
  CROW_NEED(find_alternative(in, first, &pair.first));
  if (pair.first < 0) return CROW_OK;
  CROW_NEED(find_alternative(in, second, &pair.second));
  if (pair.second < 0) return CROW_OK;
  if (pair.first == pair.second) {
    char quoted[CROW_QUOTED_BYTES];
    crow_bad_lines_add(in->report, crow_csv_name(in->csv), crow_csv_line(in->csv),
                       "an alternative compared with itself (value %s), expected two different ones",
                       crow_quote(first, quoted));
    return CROW_OK;
  }
  if (in->guesses) {
    CROW_NEED(
        crow_import_guess_prompt(in->csv, in->columns.prompt, pair.first, pair.second, &in->guess, in->alternatives));
  }
  if (!read_result(in, first, second, &pair) || !read_count(in, &pair.judgements)) return CROW_OK;
  CROW_NEED(comparisons_read_kept(in, pair.label));
  return crow_import_append(in->rules, &pair, in->out);
}

/* One record of a file with a line for each response. */
static crow_status read_score(reader *in) {
  crow_import_scored row = {.line = crow_csv_line(in->csv)};
  int64_t alternative = -1;
  const char *text = field_of(in, in->columns.score);
  CROW_NEED(find_alternative(in, field_of(in, in->columns.first), &alternative));
  if (alternative < 0) return CROW_OK;
  row.alternative = (int32_t)alternative;
  if (!crow_import_parse_number(text, &row.score)) {
    char quoted[CROW_QUOTED_BYTES];
    crow_bad_lines_add(in->report, crow_csv_name(in->csv), row.line, "bad %s (value %s), expected a finite number",
                       in->columns.lower_wins ? "rank" : "score", crow_quote(text, quoted));
    return CROW_OK;
  }
  if (in->columns.lower_wins) row.score = -row.score;
  if (in->guesses) {
    CROW_NEED(
        crow_import_guess_prompt(in->csv, in->columns.prompt, alternative, alternative, &in->guess, in->alternatives));
  }
  CROW_NEED(comparisons_read_kept(in, row.label));
  return crow_import_scores_add(&in->scores, field_of(in, in->columns.prompt), &row);
}

/* A winner is read as an id before it is read as a side. If one line can only mean a side, and on another the id says
 * the contrary of the side, the file is ambiguous and refused. */
static void check_contest(const reader *in) {
  if (!in->contest_line || !in->side_line) return;
  crow_bad_lines_add(in->report, crow_csv_name(in->csv), in->contest_line,
                     "ambiguous winner (value %s): it is the id of one of the two, but as a side it means the "
                     "contrary, as line %lld does (value %s); expected ids on all lines, or --winner-map",
                     in->contest, (long long)in->side_line, in->side);
}

static crow_status read_records(reader *in) {
  bool got = false;
  CROW_NEED(crow_csv_next(in->csv, &got));
  if (!got) {
    return crow_error(CROW_BAD_INPUT, "%s: holds no comparisons, expected lines after the header",
                      crow_csv_name(in->csv));
  }
  while (got) {
    if (crow_import_check_fields(in->csv, in->report)) {
      CROW_NEED(in->columns.form == CROW_FORM_SCORES ? read_score(in) : read_record(in));
    }
    CROW_NEED(crow_csv_next(in->csv, &got));
  }
  if (in->columns.form == CROW_FORM_SCORES) {
    CROW_NEED(crow_import_scores_pair(&in->scores, in->csv, in->rules, in->out, in->report));
  }
  check_contest(in);
  return CROW_OK;
}

static crow_status name_kept(const crow_import_rules *rules, crow_import_comparisons *out) {
  out->keep_count = rules->keep_count;
  for (int64_t k = 0; k < rules->keep_count; k++) {
    int64_t number = 0;
    bool added = false;
    CROW_NEED(crow_ids_add(&out->kept, rules->keep[k], 1, &number, &added));
    if (!added) return crow_error(CROW_USAGE, "--keep: \"%s\" is given twice", rules->keep[k]);
  }
  return CROW_OK;
}

crow_status crow_import_read_rows(crow_csv *csv, crow_import_alternatives *alternatives, const crow_import_rules *rules,
                                  crow_import_comparisons *out, crow_bad_lines *report) {
  crow_status status = CROW_OK;
  reader in = {.csv = csv, .alternatives = alternatives, .rules = rules, .out = out, .report = report};
  CROW_TRY(name_kept(rules, out));
  CROW_TRY(crow_import_find_columns(csv, rules, &in.columns));
  crow_import_describe_columns(csv, rules, &in.columns, out->how, sizeof out->how);
  out->has_count = in.columns.count >= 0;
  in.guesses = in.columns.prompt >= 0 && !alternatives->has_prompt;
  CROW_TRY(read_records(&in));
  if (in.guesses) crow_import_guess_end(csv, &in.guess, alternatives);
cleanup:
  crow_import_scores_free(&in.scores);
  return status;
}

crow_status crow_import_read_comparisons(const crow_import_file *file, crow_import_alternatives *alternatives,
                                         const crow_import_rules *rules, crow_import_comparisons *out) {
  crow_status status = CROW_OK;
  crow_csv *csv = NULL;
  crow_bad_lines report = {0};
  CROW_TRY(crow_csv_open_as(file->path, file->name, &csv));
  CROW_TRY(crow_import_read_rows(csv, alternatives, rules, out, &report));
  CROW_TRY(crow_bad_lines_status(&report));
  if (out->count == 0 && out->dropped == 0) {
    CROW_TRY(crow_error(CROW_BAD_INPUT, "%s: no prompt has two responses, expected some to compare", file->name));
  }
  if (out->count == 0) {
    CROW_TRY(crow_error(CROW_BAD_INPUT,
                        "%s: all %lld comparisons are ties and ties are dropped, expected others; "
                        "--ties half counts half a win for each",
                        file->name, (long long)out->dropped));
  }
cleanup:
  crow_csv_close(&csv);
  return status;
}

void crow_import_comparisons_free(crow_import_comparisons *comparisons) {
  crow_import_block *next = NULL;
  for (crow_import_block *block = comparisons->head; block; block = next) {
    next = block->next;
    crow_free(block);
  }
  crow_ids_free(&comparisons->kept);
  crow_ids_free(&comparisons->values);
  *comparisons = (crow_import_comparisons){0};
}
