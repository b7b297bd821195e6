/* SPDX-License-Identifier: Apache-2.0 */
#include "base/grow_impl.h"
#include "import/import_impl.h"

#include <stdlib.h>
#include <string.h>

bool crow_import_check_fields(const crow_csv *csv, crow_bad_lines *report) {
  const int64_t fields = crow_csv_fields(csv), columns = crow_csv_columns(csv);
  if (fields == columns) return true;
  char quoted[CROW_QUOTED_BYTES];
  crow_bad_lines_add(report, crow_csv_name(csv), crow_csv_line(csv),
                     "%lld field%s (value %s%s), expected %lld as in the header", (long long)fields,
                     crow_plural(fields), crow_quote(crow_csv_field(csv, 0), quoted), fields > 1 ? ", ..." : "",
                     (long long)columns);
  return false;
}

int64_t crow_import_find(const crow_import_alternatives *alternatives, const char *name) {
  if (!alternatives->by_number) return crow_ids_find(&alternatives->ids, name);
  const size_t length = strlen(name);
  if (length == 0 || length > 18 || name[strspn(name, "0123456789")]) return -1;
  const int64_t row = strtoll(name, NULL, 10);
  return row < alternatives->count ? row : -1;
}

crow_status crow_import_find_or_add(crow_import_alternatives *alternatives, const char *name, int64_t line,
                                    int64_t *row, const char **fault) {
  bool added = false;
  *fault = NULL;
  *row = crow_ids_find(&alternatives->ids, name);
  if (*row >= 0) return CROW_OK;
  *fault = crow_ids_text_fault(name, CROW_IMPORT_TEXT_BYTES);
  if (*fault) return CROW_OK;
  CROW_NEED(crow_ids_add(&alternatives->ids, name, line, row, &added));
  alternatives->count = alternatives->ids.count;
  return CROW_OK;
}

static crow_status alternatives_find_id(const crow_csv *csv, int64_t *column) {
  CROW_NEED(crow_csv_find(csv, "id", column));
  if (*column >= 0) return CROW_OK;
  char columns[600];
  crow_csv_print_columns(csv, columns, sizeof columns);
  return crow_error(CROW_BAD_INPUT, "%s: the columns are %s, expected one called id", crow_csv_name(csv), columns);
}

/* Adds the id of the current record as the next alternative; `*number` is -1 if it was reported as bad. */
static crow_status add_id(const crow_csv *csv, int64_t column, crow_import_alternatives *out, crow_bad_lines *report,
                          int64_t *number) {
  char quoted[CROW_QUOTED_BYTES];
  bool added = false;
  const char *id = crow_csv_field(csv, column), *fault = crow_ids_text_fault(id, CROW_IMPORT_TEXT_BYTES);
  if (fault) {
    crow_bad_lines_add(report, crow_csv_name(csv), crow_csv_line(csv),
                       "the id %s (value %s), expected 1 to %lld bytes of UTF-8", fault, crow_quote(id, quoted),
                       (long long)CROW_IMPORT_TEXT_BYTES);
    *number = -1;
    return CROW_OK;
  }
  CROW_NEED(crow_ids_add(&out->ids, id, crow_csv_line(csv), number, &added));
  if (!added) {
    crow_bad_lines_add(report, crow_csv_name(csv), crow_csv_line(csv),
                       "duplicate id (value %s), expected each id once; line %lld has it too", crow_quote(id, quoted),
                       (long long)out->ids.line[*number]);
    *number = -1;
  }
  return CROW_OK;
}

/* ---- items -------------------------------------------------------------------------------------------------- */

static crow_status add_topic(const crow_csv *csv, int64_t column, int64_t number, crow_import_alternatives *out,
                             crow_bad_lines *report) {
  int64_t topic = 0;
  bool added = false;
  const char *text = crow_csv_field(csv, column), *fault = *text ? crow_ids_fault(text) : NULL;
  CROW_NEED(CROW_ARRAY_RESERVE(&out->topic, number, &out->topic_room, number + 1));
  out->topic[number] = 0; /* also where it is refused: the next ones find their place */
  if (fault) {
    char quoted[CROW_QUOTED_BYTES];
    crow_bad_lines_add(report, crow_csv_name(csv), crow_csv_line(csv),
                       "the topic %s (value %s), expected at most %d bytes of UTF-8", fault, crow_quote(text, quoted),
                       CROW_ID_BYTES);
    return CROW_OK;
  }
  CROW_NEED(crow_ids_add(&out->topics, text, crow_csv_line(csv), &topic, &added));
  out->topic[number] = (int32_t)topic;
  return CROW_OK;
}

crow_status crow_import_read_items(crow_csv *csv, crow_import_alternatives *out, crow_bad_lines *report) {
  int64_t id_column, topic_column, prompt_column;
  bool got = false;
  CROW_NEED(alternatives_find_id(csv, &id_column));
  CROW_NEED(crow_csv_find(csv, "topic", &topic_column));
  CROW_NEED(crow_csv_find(csv, "prompt", &prompt_column));
  out->has_topic = topic_column >= 0;
  out->has_prompt = prompt_column >= 0;
  for (;;) {
    int64_t number = -1;
    CROW_NEED(crow_csv_next(csv, &got));
    if (!got) break;
    if (!crow_import_check_fields(csv, report)) continue;
    CROW_NEED(add_id(csv, id_column, out, report, &number));
    if (number >= 0 && out->has_topic) CROW_NEED(add_topic(csv, topic_column, number, out, report));
    if (number >= 0 && out->has_prompt) CROW_NEED(crow_import_add_prompt(csv, prompt_column, number, out, report));
  }
  out->count = out->ids.count;
  if (out->count == 0 && report->bad == 0) {
    return crow_error(CROW_BAD_INPUT, "%s: holds no items, expected lines after the header", crow_csv_name(csv));
  }
  return CROW_OK;
}

/* ---- contexts as CSV ---------------------------------------------------------------------------------------- */

static bool read_numbers(const crow_csv *csv, int64_t id_column, int64_t prompt_column, double *values,
                         crow_bad_lines *report) {
  int64_t at = 0;
  for (int64_t k = 0; k < crow_csv_columns(csv); k++) {
    if (k == id_column || k == prompt_column) continue;
    const char *text = crow_csv_field(csv, k);
    if (crow_import_parse_number(text, &values[at++])) continue;
    char quoted[CROW_QUOTED_BYTES], column[CROW_QUOTED_BYTES];
    crow_bad_lines_add(report, crow_csv_name(csv), crow_csv_line(csv),
                       "column %s is not a number (value %s), expected a "
                       "finite number in every column but id",
                       crow_quote(crow_csv_column(csv, k), column), crow_quote(text, quoted));
    return false;
  }
  return true;
}

/* The row of the current record's id among the items; -1 if it was reported as bad. */
static int64_t join(const crow_csv *csv, int64_t id_column, const crow_import_alternatives *out, int64_t *seen,
                    crow_bad_lines *report) {
  char quoted[CROW_QUOTED_BYTES], suggestion[CROW_SUGGESTION_BYTES] = "";
  const char *id = crow_csv_field(csv, id_column);
  const int64_t row = crow_ids_find(&out->ids, id), line = crow_csv_line(csv);
  if (row < 0) {
    if (crow_bad_lines_shows(report)) crow_ids_suggest(&out->ids, id, suggestion);
    crow_bad_lines_add(report, crow_csv_name(csv), line, "unknown id (value %s), expected an id of %s%s",
                       crow_quote(id, quoted), out->source, suggestion);
    return -1;
  }
  if (seen[row]) {
    crow_bad_lines_add(report, crow_csv_name(csv), line,
                       "duplicate id (value %s), expected each id once; line %lld has it too", crow_quote(id, quoted),
                       (long long)seen[row]);
    return -1;
  }
  seen[row] = line;
  return row;
}

static void report_missing(const char *contexts, const crow_import_alternatives *out, const int64_t *seen,
                           crow_bad_lines *report) {
  char quoted[CROW_QUOTED_BYTES];
  for (int64_t row = 0; row < out->count; row++) {
    if (seen[row]) continue;
    crow_bad_lines_add(report, out->source, out->ids.line[row],
                       "an item without context (value %s), expected a line for it in %s",
                       crow_quote(crow_ids_get(&out->ids, row), quoted), contexts);
  }
}

/* Names that are empty, not UTF-8, too long or there twice tell nothing: then there are none. */
static crow_status name_dimensions(const crow_csv *csv, int64_t id, int64_t prompt, crow_ids *names) {
  for (int64_t k = 0; k < crow_csv_columns(csv); k++) {
    int64_t number = 0;
    bool added = false;
    if (k == id || k == prompt) continue;
    if (!crow_ids_fault(crow_csv_column(csv, k))) {
      CROW_NEED(crow_ids_add(names, crow_csv_column(csv, k), 1, &number, &added));
    }
    if (added) continue;
    crow_ids_free(names);
    break;
  }
  return CROW_OK;
}

/* The first line holds nothing but numbers and is no list of column numbers 0, 1, 2, ...: it is a row. */
static bool lacks_header(const crow_csv *csv) {
  bool counted = true;
  for (int64_t k = 0; k < crow_csv_columns(csv); k++) {
    double value = 0;
    if (!crow_import_parse_number(crow_csv_column(csv, k), &value)) return false;
    counted = counted && value == (double)k;
  }
  return !counted || crow_csv_columns(csv) == 1;
}

/* Without ids, rows are named by their number, or are those of the items in their order. */
static crow_status check_unnamed(crow_csv *csv, const crow_import_alternatives *out) {
  for (int64_t k = 0; k < crow_csv_columns(csv); k++) {
    if (*crow_csv_column(csv, k)) continue;
    return crow_error(CROW_BAD_INPUT,
                      "%s: column %lld has no name: call it id if it names the rows, and leave it out if it numbers "
                      "them (pandas: to_csv(..., index=False))",
                      crow_csv_name(csv), (long long)k + 1);
  }
  if (lacks_header(csv)) crow_csv_unread_header(csv);
  crow_log(CROW_LOG_NOTICE, "import: %s: has no column id, so its rows are %s", crow_csv_name(csv),
           out->ids.count ? "those of the items in their order" : "named by their number, from 0");
  return CROW_OK;
}

/* Where id and prompt are, -1 if there is none; the other columns are the dimensions. */
static crow_status find_columns(crow_csv *csv, crow_import_alternatives *out, int64_t *id, int64_t *prompt) {
  CROW_NEED(crow_csv_find(csv, "id", id));
  CROW_NEED(crow_csv_find(csv, "prompt", prompt));
  if (*prompt >= 0 && out->has_prompt) {
    return crow_error(CROW_BAD_INPUT, "%s and %s both have a column prompt, expected it in one of them", out->source,
                      crow_csv_name(csv));
  }
  out->has_prompt = out->has_prompt || *prompt >= 0;
  out->dimensions = crow_csv_columns(csv) - (*id >= 0) - (*prompt >= 0);
  if (out->dimensions < 1) {
    return crow_error(CROW_BAD_INPUT, "%s: the only column is %s, expected columns of numbers as well",
                      crow_csv_name(csv),
                      *id < 0        ? "prompt"
                      : *prompt >= 0 ? "id beside prompt"
                                     : "id");
  }
  if (*id < 0) CROW_NEED(check_unnamed(csv, out));
  if (*id >= 0 || !lacks_header(csv)) CROW_NEED(name_dimensions(csv, *id, *prompt, &out->columns));
  return CROW_OK;
}

/* The contexts' columns while they are read. */
typedef struct contexts_reader {
  crow_csv *csv;
  int64_t id, prompt;
  bool joined;   /* with items */
  int64_t items; /* how many */
  int64_t *seen; /* (items) the line of each */
  int64_t rows;  /* read so far */
  crow_bad_lines *report;
} contexts_reader;

/* The alternative that the current record belongs to; -1 if it was reported as bad. */
static crow_status find_row(contexts_reader *in, crow_import_alternatives *out, int64_t *row) {
  const int64_t d = out->dimensions;
  *row = in->rows++;
  if (in->joined && in->id >= 0) {
    *row = join(in->csv, in->id, out, in->seen, in->report);
  } else if (in->joined) {
    if (*row >= in->items) *row = -1;
  } else {
    if (in->id >= 0) CROW_NEED(add_id(in->csv, in->id, out, in->report, row));
    out->count = in->id >= 0 ? out->ids.count : in->rows;
    CROW_NEED(CROW_ARRAY_RESERVE(&out->context, (out->count - 1) * d, &out->context_room, out->count * d));
  }
  return CROW_OK;
}

static crow_status read_context_rows(contexts_reader *in, crow_import_alternatives *out) {
  for (bool got = false;;) {
    int64_t row = -1;
    CROW_NEED(crow_csv_next(in->csv, &got));
    if (!got) break;
    if (!crow_import_check_fields(in->csv, in->report)) continue;
    CROW_NEED(find_row(in, out, &row));
    if (row < 0) continue;
    (void)read_numbers(in->csv, in->id, in->prompt, out->context + row * out->dimensions, in->report);
    if (in->prompt >= 0) CROW_NEED(crow_import_add_prompt(in->csv, in->prompt, row, out, in->report));
  }
  return CROW_OK;
}

static crow_status check_count(const char *contexts, const crow_import_alternatives *out, int64_t rows, bool items) {
  if (items && rows != out->count) {
    return crow_error(CROW_BAD_INPUT, "%s: has %lld rows, expected %lld: one for each item of %s", contexts,
                      (long long)rows, (long long)out->count, out->source);
  }
  if (rows > INT32_MAX) {
    return crow_error(CROW_BAD_INPUT, "%s: has %lld rows, expected at most %d", contexts, (long long)rows, INT32_MAX);
  }
  return CROW_OK;
}

crow_status crow_import_read_contexts(crow_csv *csv, crow_import_alternatives *out, crow_bad_lines *report) {
  crow_status status = CROW_OK;
  contexts_reader in = {.csv = csv, .joined = out->ids.count > 0, .items = out->ids.count, .report = report};
  CROW_TRY(find_columns(csv, out, &in.id, &in.prompt));
  if (in.joined) CROW_TRY(CROW_ALLOCATE(&in.seen, out->count));
  CROW_TRY(CROW_ARRAY_RESERVE(&out->context, 0, &out->context_room, out->count * out->dimensions));
  CROW_TRY(read_context_rows(&in, out));
  if (in.joined && in.id >= 0) report_missing(crow_csv_name(csv), out, in.seen, report);
  if (in.id < 0 && report->bad == 0) CROW_TRY(check_count(crow_csv_name(csv), out, in.rows, in.joined));
  if (out->count == 0 && report->bad == 0) {
    CROW_TRY(crow_error(CROW_BAD_INPUT, "%s: holds no contexts, expected lines after the header", crow_csv_name(csv)));
  }
  out->by_number = in.id < 0 && !in.joined;
cleanup:
  crow_free(in.seen);
  return status;
}

/* ---- all of it ---------------------------------------------------------------------------------------------- */

/* Row k of an array belongs to item k; without items rows are named by their number. */
static crow_status take_rows(const char *contexts, int64_t rows, int64_t columns, bool items,
                             crow_import_alternatives *out) {
  CROW_NEED(check_count(contexts, out, rows, items));
  out->count = rows;
  out->dimensions = columns;
  out->by_number = !items;
  return CROW_OK;
}

static crow_status read_contexts(const crow_import_file *contexts, const crow_array *array, bool items,
                                 crow_import_alternatives *out) {
  crow_status status = CROW_OK;
  crow_csv *csv = NULL;
  crow_bad_lines report = {0};
  if (array) {
    out->array = array;
    CROW_TRY(take_rows(contexts->name, crow_array_rows(array), crow_array_columns(array), items, out));
  } else if (crow_floats_is(contexts->path)) {
    CROW_TRY(crow_floats_open(contexts->path, &out->npy));
    CROW_TRY(take_rows(contexts->name, out->npy.rows, out->npy.columns, items, out));
  } else {
    CROW_TRY(crow_csv_open_as(contexts->path, contexts->name, &csv));
    CROW_TRY(crow_import_read_contexts(csv, out, &report));
    CROW_TRY(crow_bad_lines_status(&report));
  }
cleanup:
  crow_csv_close(&csv);
  return status;
}

crow_status crow_import_read_alternatives(const crow_import_file *items, const crow_import_file *contexts,
                                          const crow_array *array, crow_import_alternatives *out) {
  crow_status status = CROW_OK;
  crow_csv *csv = NULL;
  crow_bad_lines report = {0};
  out->source = items->name ? items->name : contexts->name;
  out->open = !items->name && !contexts->name;
  if (items->name) {
    CROW_TRY(crow_csv_open_as(items->path, items->name, &csv));
    CROW_TRY(crow_import_read_items(csv, out, &report));
    CROW_TRY(crow_bad_lines_status(&report));
  }
  if (contexts->name) CROW_TRY(read_contexts(contexts, array, items->name != NULL, out));
cleanup:
  crow_csv_close(&csv);
  return status;
}

void crow_import_alternatives_free(crow_import_alternatives *alternatives) {
  crow_ids_free(&alternatives->ids);
  crow_ids_free(&alternatives->topics);
  crow_free(alternatives->topic);
  crow_ids_free(&alternatives->prompts);
  crow_free(alternatives->prompt);
  crow_ids_free(&alternatives->columns);
  crow_free(alternatives->context);
  crow_floats_close(&alternatives->npy);
  *alternatives = (crow_import_alternatives){0};
}
