/* SPDX-License-Identifier: Apache-2.0 */
/* Records of JSON lines. */
#include "import/csv_reader_impl.h"

#include "base/bad_lines_impl.h"
#include "base/grow_impl.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Room for a number as text. */
enum { NUMBER_BYTES = 32 };

/* The next line that is not blank, without its end; NULL at the end of the file. */
static crow_status next_line(crow_csv *csv, char **line, size_t *bytes) {
  *line = NULL;
  for (size_t searched = 0;;) {
    char *begin = csv->buffer + csv->taken;
    const size_t left = csv->filled - csv->taken;
    const char *end = memchr(begin + searched, '\n', left - searched);
    if (!end && !csv->ended) {
      searched = left;
      if (left > (size_t)CROW_CSV_RECORD_BYTES) {
        return crow_error(CROW_BAD_INPUT,
                          "%s:%lld: the line is longer than %lld bytes, expected JSON lines: an "
                          "object a line (jq -c . FILE)",
                          csv->name, (long long)csv->line, (long long)CROW_CSV_RECORD_BYTES);
      }
      if (left == (size_t)csv->room) CROW_NEED(CROW_ARRAY_RESERVE(&csv->buffer, csv->room, &csv->room, csv->room + 1));
      CROW_NEED(crow_csv_fill(csv));
      continue;
    }
    if (!end && left == 0) break;
    *bytes = end ? (size_t)(end - begin) : left;
    csv->taken += *bytes + (end != NULL);
    csv->row.line = csv->line++;
    searched = 0;
    size_t blank = 0;
    while (blank < *bytes && strchr(" \t\r", begin[blank])) blank++;
    if (blank == *bytes) continue;
    *line = begin;
    break;
  }
  return CROW_OK;
}

/* Loads the line into `object`, in place of the one before. */
static crow_status load_line(crow_csv *csv, const char *line, size_t bytes) {
  json_error_t fault;
  char quoted[CROW_QUOTED_BYTES];
  json_decref(csv->object);
  csv->object = json_loadb(line, bytes, JSON_REJECT_DUPLICATES, &fault);
  if (json_is_object(csv->object)) return CROW_OK;
  if (csv->object) {
    return crow_error(CROW_BAD_INPUT, "%s:%lld: is a JSON value but no object, expected an object on every line",
                      csv->name, (long long)csv->row.line);
  }
  fault.text[100] = 0;
  return crow_error(CROW_BAD_INPUT,
                    "%s:%lld: is no JSON object: %s at byte %d; expected JSON lines: a whole object on every line "
                    "(jq -c . FILE)",
                    csv->name, (long long)csv->row.line, crow_quote(fault.text, quoted), fault.position);
}

/* The value as text: borrowed, or printed into `*room`, which is freed with the next line. */
static crow_status field_text(const json_t *value, char **room, const char **text) {
  crow_status status = CROW_OK;
  switch (json_typeof(value)) {
  case JSON_STRING:
    *text = json_string_value(value);
    return CROW_OK;
  case JSON_TRUE:
  case JSON_FALSE:
    *text = json_is_true(value) ? "true" : "false";
    return CROW_OK;
  case JSON_NULL:
    *text = "";
    return CROW_OK;
  case JSON_INTEGER:
  case JSON_REAL:
    CROW_TRY(CROW_ALLOCATE_RAW(room, NUMBER_BYTES));
    if (json_is_integer(value)) {
      (void)snprintf(*room, NUMBER_BYTES, "%lld", (long long)json_integer_value(value));
    } else {
      (void)snprintf(*room, NUMBER_BYTES, "%.15g", json_real_value(value)); /* 0.1 as 0.1 */
      if (strtod(*room, NULL) != json_real_value(value)) {
        (void)snprintf(*room, NUMBER_BYTES, "%.17g", json_real_value(value));
      }
    }
    break;
  default: {
    char *printed = json_dumps(value, JSON_COMPACT);
    if (!printed) CROW_TRY(crow_error(CROW_FAILED, "out of memory"));
    status = crow_string_copy(printed, room);
    free(printed);
  }
  }
  *text = *room;
cleanup:
  return status;
}

/* A key that only later lines have would be left unread without a word; those that mean something are refused. */
static crow_status check_keys(const crow_csv *csv) {
  static const char *const known[] = {"count", "prompt", "topic", "id", "winner", "outcome", "score", "rank"};
  const char *key;
  json_t *value;
  json_object_foreach(csv->object, key, value) {
    bool has = false, matters = false;
    for (int64_t k = 0; k < csv->header.fields && !has; k++) has = strcmp(csv->header.field[k], key) == 0;
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) matters = matters || strcasecmp(known[k], key) == 0;
    if (has || !matters) continue;
    return crow_error(CROW_BAD_INPUT,
                      "%s:%lld: has the key \"%s\", which the first line has not, expected it on every "
                      "line",
                      csv->name, (long long)csv->row.line, key);
  }
  return CROW_OK;
}

/* The values of the header's keys become the fields. */
static crow_status take_fields(crow_csv *csv) {
  size_t found = 0;
  for (int64_t k = 0; k < csv->header.fields; k++) {
    crow_free(csv->printed[k]);
    csv->printed[k] = NULL;
    const json_t *value = json_object_get(csv->object, csv->header.field[k]);
    csv->row.field[k] = "";
    found += value != NULL;
    if (value) CROW_NEED(field_text(value, &csv->printed[k], &csv->row.field[k]));
  }
  csv->row.fields = csv->header.fields;
  if (found < json_object_size(csv->object)) CROW_NEED(check_keys(csv));
  return CROW_OK;
}

crow_status crow_jsonl_next(crow_csv *csv, bool *got) {
  char *line = NULL;
  size_t bytes = 0;
  CROW_NEED(next_line(csv, &line, &bytes));
  *got = line != NULL;
  if (!line || crow_jsonl_cut(csv, line, bytes)) return CROW_OK;
  CROW_NEED(load_line(csv, line, bytes));
  return take_fields(csv);
}

crow_status crow_jsonl_begin(crow_csv *csv) {
  crow_record *header = &csv->header;
  const char *key;
  json_t *value;
  char *line = NULL;
  size_t line_bytes = 0;
  int64_t bytes = 0;
  CROW_NEED(next_line(csv, &line, &line_bytes)); /* there is one: it begins with a brace */
  CROW_NEED(load_line(csv, line, line_bytes));
  header->line = csv->row.line;
  const int64_t keys = (int64_t)json_object_size(csv->object);
  if (keys == 0) {
    return crow_error(CROW_BAD_INPUT, "%s:%lld: is an empty object, expected keys that name its values", csv->name,
                      (long long)header->line);
  }
  json_object_foreach(csv->object, key, value) bytes += (int64_t)strlen(key) + 1;
  CROW_NEED(CROW_ALLOCATE_RAW(&header->text, bytes));
  CROW_NEED(crow_record_reserve(header, keys));
  CROW_NEED(crow_record_reserve(&csv->row, keys));
  CROW_NEED(CROW_ALLOCATE_EACH(keys, &csv->printed, &csv->stop));
  char *at = header->text;
  json_object_foreach(csv->object, key, value) {
    header->field[header->fields++] = at;
    at = stpcpy(at, key) + 1;
  }
  CROW_NEED(take_fields(csv));
  csv->unread = true;
  return CROW_OK;
}

void crow_jsonl_free(crow_csv *csv) {
  json_decref(csv->object);
  for (int64_t k = 0; csv->printed && k < csv->header.fields; k++) crow_free(csv->printed[k]);
  CROW_FREE(csv->printed, csv->stop);
}
