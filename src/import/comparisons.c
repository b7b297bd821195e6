/* SPDX-License-Identifier: Apache-2.0 */
#include "import/import_impl.h"

#include <string.h>

/* A file being read, and the lines that tell whether its results can be read in one way only. */
typedef struct reader {
  crow_csv *csv;
  crow_import_alternatives *alternatives;
  crow_import_columns columns;
  bool guesses; /* prompts come from the comparisons */
  crow_import_guess guess;
  bool drop_ties;
  crow_import_comparisons *out;
  crow_bad_lines *report;
  int64_t contest_line, side_line;
  char contest[CROW_QUOTED_BYTES], side[CROW_QUOTED_BYTES];
} reader;

static bool find_alternative(const reader *in, const char *name, int64_t *row) {
  *row = crow_import_find(in->alternatives, name);
  if (*row >= 0) return true;
  char quoted[CROW_QUOTED_BYTES], suggestion[CROW_SUGGESTION_BYTES] = "";
  const char *file = crow_csv_name(in->csv);
  const int64_t line = crow_csv_line(in->csv);
  if (in->alternatives->by_number) {
    crow_bad_lines_add(in->report, file, line,
                       "unknown alternative (value %s), expected a row of %s from 0 to %lld: without items (--items) "
                       "alternatives are named by their row number",
                       crow_quote(name, quoted), in->alternatives->source, (long long)in->alternatives->count - 1);
    return false;
  }
  if (crow_bad_lines_shows(in->report)) crow_ids_suggest(&in->alternatives->ids, name, suggestion);
  crow_bad_lines_add(in->report, file, line, "unknown alternative (value %s), expected an id of %s%s",
                     crow_quote(name, quoted), in->alternatives->source, suggestion);
  return false;
}

static bool read_result(reader *in, const char *first, const char *second, double *outcome) {
  *outcome = 1; /* chosen, rejected */
  if (in->columns.result < 0) return true;
  char quoted[CROW_QUOTED_BYTES];
  const char *text = crow_csv_field(in->csv, in->columns.result);
  const int64_t line = crow_csv_line(in->csv);
  switch (crow_import_read_result(text, first, second, in->columns.shares, outcome)) {
  case CROW_READ_CONTEST:
    if (!in->contest_line) (void)crow_quote(text, in->contest);
    if (!in->contest_line) in->contest_line = line;
    return true;
  case CROW_READ_SIDE:
    if (!in->side_line) (void)crow_quote(text, in->side);
    if (!in->side_line) in->side_line = line;
    return true;
  case CROW_READ_ID:
  case CROW_READ_TIE:
    return true;
  case CROW_READ_NOT:
    break;
  }
  crow_bad_lines_add(in->report, crow_csv_name(in->csv), line, "unknown %s (value %s), expected %s",
                     in->columns.shares ? "outcome" : "winner", crow_quote(text, quoted),
                     crow_import_results_understood);
  return false;
}

static bool read_count(const reader *in, int64_t *judgements) {
  double value = 1;
  char quoted[CROW_QUOTED_BYTES];
  *judgements = 1;
  if (in->columns.count < 0) return true;
  const char *text = crow_csv_field(in->csv, in->columns.count);
  if (crow_import_parse_number(text, &value) && value >= 1 && value <= UINT32_MAX && value == (double)(int64_t)value) {
    *judgements = (int64_t)value;
    return true;
  }
  crow_bad_lines_add(in->report, crow_csv_name(in->csv), crow_csv_line(in->csv),
                     "bad count (value %s), expected a whole number of judgements from 1 to 4294967295",
                     crow_quote(text, quoted));
  return false;
}

static crow_status append(crow_import_comparisons *out, int64_t first, int64_t second, double outcome,
                          int64_t judgements) {
  crow_status status = CROW_OK;
  if (!out->tail || out->tail->count == CROW_IMPORT_BLOCK) {
    crow_import_block *block = NULL;
    CROW_TRY(CROW_ALLOCATE_RAW(&block, 1));
    block->next = NULL;
    block->count = 0;
    *(out->tail ? &out->tail->next : &out->head) = block;
    out->tail = block;
  }
  const int64_t at = out->tail->count++;
  out->tail->first[at] = (int32_t)first;
  out->tail->second[at] = (int32_t)second;
  out->tail->outcome[at] = outcome;
  out->tail->judgements[at] = judgements;
  out->count++;
cleanup:
  return status;
}

/* One record; what is wrong with it is reported, once, and it is skipped. */
static crow_status read_record(reader *in) {
  int64_t first_row, second_row, judgements;
  double outcome;
  if (!crow_import_check_fields(in->csv, in->report)) return CROW_OK;
  const char *first = crow_csv_field(in->csv, in->columns.first), *second = crow_csv_field(in->csv, in->columns.second);
  if (!find_alternative(in, first, &first_row) || !find_alternative(in, second, &second_row)) return CROW_OK;
  if (first_row == second_row) {
    char quoted[CROW_QUOTED_BYTES];
    crow_bad_lines_add(in->report, crow_csv_name(in->csv), crow_csv_line(in->csv),
                       "an alternative compared with itself (value %s), expected two different ones",
                       crow_quote(first, quoted));
    return CROW_OK;
  }
  if (in->guesses) {
    const crow_status status =
        crow_import_guess_prompt(in->csv, in->columns.prompt, first_row, second_row, &in->guess, in->alternatives);
    if (status != CROW_OK) return status;
  }
  if (!read_result(in, first, second, &outcome) || !read_count(in, &judgements)) return CROW_OK;
  const bool tie = outcome == 0.5;
  if (tie) in->out->ties++;
  if (tie && in->drop_ties) {
    in->out->ties_dropped++;
    return CROW_OK;
  }
  return append(in->out, first_row, second_row, outcome, judgements);
}

/* Ids first is safe only if the whole file means ids: a file that on one line must mean a side, and on another could
 * mean a side other than the id says, would be read half wrong without a word. */
static void check_contest(const reader *in) {
  if (!in->contest_line || !in->side_line) return;
  crow_bad_lines_add(
      in->report, crow_csv_name(in->csv), in->contest_line,
      "ambiguous winner (value %s): it is the id of one of the two, but as a side or a share it means the "
      "contrary, as line %lld does (value %s); expected ids on all lines, or, for shares won by the first, "
      "the column name outcome",
      in->contest, (long long)in->side_line, in->side);
}

crow_status crow_import_read_rows(crow_csv *csv, crow_import_alternatives *alternatives, bool drop_ties,
                                  crow_import_comparisons *out, crow_bad_lines *report) {
  crow_status status = CROW_OK;
  bool got = false;
  reader in = {.csv = csv, .alternatives = alternatives, .drop_ties = drop_ties, .out = out, .report = report};
  CROW_TRY(crow_import_find_columns(csv, &in.columns));
  out->has_count = in.columns.count >= 0;
  in.guesses = in.columns.prompt >= 0 && !alternatives->has_prompt;
  CROW_TRY(crow_csv_next(csv, &got));
  if (!got) {
    CROW_TRY(
        crow_error(CROW_BAD_INPUT, "%s: holds no comparisons, expected lines after the header", crow_csv_name(csv)));
  }
  while (got) {
    CROW_TRY(read_record(&in));
    CROW_TRY(crow_csv_next(csv, &got));
  }
  check_contest(&in);
  if (in.guesses) crow_import_guess_end(csv, &in.guess, alternatives);
cleanup:
  return status;
}

crow_status crow_import_read_comparisons(const char *path, crow_import_alternatives *alternatives, bool drop_ties,
                                         crow_import_comparisons *out) {
  crow_status status = CROW_OK;
  crow_csv *csv = NULL;
  crow_bad_lines report = {0};
  CROW_TRY(crow_csv_open(path, &csv));
  CROW_TRY(crow_import_read_rows(csv, alternatives, drop_ties, out, &report));
  CROW_TRY(crow_bad_lines_status(&report));
  if (out->count == 0) {
    CROW_TRY(crow_error(CROW_BAD_INPUT,
                        "%s: all %lld comparisons are ties and ties are dropped, expected others; "
                        "--ties half counts half a win for each",
                        path, (long long)out->ties_dropped));
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
  *comparisons = (crow_import_comparisons){0};
}
