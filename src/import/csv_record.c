/* SPDX-License-Identifier: Apache-2.0 */
/* Records of CSV. A line without quotes is cut where it lies in the buffer; libcsv reads all others. */
#include "import/csv_reader_impl.h"

#include "base/grow_impl.h"

#include <string.h>

crow_status crow_record_reserve(crow_record *record, int64_t count) {
  return CROW_ARRAY_RESERVE(&record->field, record->fields, &record->field_room, count);
}

static crow_status zero_byte(const crow_csv *csv) {
  return crow_error(CROW_BAD_INPUT, "%s:%lld: a zero byte, expected text (CSV or TSV in UTF-8)", csv->name,
                    (long long)csv->row.line);
}

/* ---- through libcsv ----------------------------------------------------------------------------------------- */

static crow_status record_append(crow_csv *csv, const char *field, size_t bytes) {
  crow_record *row = &csv->row;
  if (bytes > 0 && memchr(field, 0, bytes)) return zero_byte(csv);
  const int64_t need = row->text_bytes + (int64_t)bytes + 1;
  CROW_NEED(CROW_ARRAY_RESERVE(&row->text, row->text_bytes, &row->text_room, need));
  CROW_NEED(CROW_ARRAY_RESERVE(&row->begin, row->fields, &row->begin_room, row->fields + 1));
  if (bytes > 0) memcpy(row->text + row->text_bytes, field, bytes);
  row->text[need - 1] = 0;
  row->begin[row->fields++] = row->text_bytes;
  row->text_bytes = need;
  return CROW_OK;
}

static void on_field(void *field, size_t bytes, void *context) {
  crow_csv *csv = context;
  if (csv->failure == CROW_OK) csv->failure = record_append(csv, field, bytes);
}

static void on_record(int terminator, void *context) {
  (void)terminator;
  ((crow_csv *)context)->complete = true;
}

static crow_status parse_failed(const crow_csv *csv) {
  const int code = csv_error((struct csv_parser *)&csv->parser);
  if (code == CSV_EPARSE) {
    return crow_error(CROW_BAD_INPUT, "%s:%lld: the record that begins here has a quote that is never closed",
                      csv->name, (long long)csv->row.line);
  }
  return crow_error(CROW_FAILED, "%s:%lld: libcsv: %s", csv->name, (long long)csv->row.line, csv_strerror(code));
}

/* Parses the bytes up to and with the next line end, so that at most one record is completed and lines are counted. */
static crow_status parse_line(crow_csv *csv) {
  const char *begin = csv->buffer + csv->taken;
  size_t bytes = csv->filled - csv->taken;
  const char *end = memchr(begin, '\n', bytes);
  if (end) bytes = (size_t)(end - begin) + 1;
  const char *carriage = memchr(begin, '\r', bytes);
  if (carriage) bytes = (size_t)(carriage - begin) + 1;
  if (csv_parse(&csv->parser, begin, bytes, on_field, on_record, csv) != bytes) return parse_failed(csv);
  if (csv->failure != CROW_OK) return csv->failure;
  const char before = bytes > 1 ? begin[bytes - 2] : csv->last;
  csv->last = begin[bytes - 1];
  if (csv->last == '\r' || (csv->last == '\n' && before != '\r')) csv->line++;
  csv->taken += bytes;
  if (csv->row.text_bytes + (int64_t)csv->parser.entry_pos > CROW_CSV_RECORD_BYTES) {
    return crow_error(CROW_BAD_INPUT,
                      "%s:%lld: the record that begins here is longer than %lld bytes; is a quote not closed?",
                      csv->name, (long long)csv->row.line, (long long)CROW_CSV_RECORD_BYTES);
  }
  return CROW_OK;
}

static crow_status point_fields(crow_record *row) {
  const int64_t fields = row->fields;
  row->fields = 0; /* none of the pointers need be kept */
  CROW_NEED(crow_record_reserve(row, fields));
  for (int64_t k = 0; k < fields; k++) row->field[k] = row->text + row->begin[k];
  row->fields = fields;
  return CROW_OK;
}

/* ---- without quotes ----------------------------------------------------------------------------------------- */

static bool is_blank(char c, char delimiter) { return c == ' ' || (c == '\t' && delimiter != '\t'); }

/* The text from `begin` to `end`, which becomes its terminator, without the spaces around it. */
static const char *trim(char *begin, char *end, char delimiter) {
  while (begin < end && is_blank(*begin, delimiter)) begin++;
  while (end > begin && is_blank(end[-1], delimiter)) end--;
  *end = 0;
  return begin;
}

/* Cuts the line from `begin` to `end`, where its line end is, in place. */
static crow_status cut_line(crow_csv *csv, char *begin, char *end) {
  crow_record *row = &csv->row;
  for (char *at = begin, *next = NULL; at <= end; at = next + 1) {
    next = memchr(at, csv->delimiter, (size_t)(end - at));
    if (!next) next = end;
    if (row->fields == row->field_room) CROW_NEED(crow_record_reserve(row, row->fields + 1));
    row->field[row->fields++] = trim(at, next, csv->delimiter);
  }
  csv->complete = true;
  return CROW_OK;
}

/* Takes the next line if it is whole in the buffer and needs no parser; `*taken` says whether it did. */
static crow_status take_line(crow_csv *csv, bool *taken) {
  char *begin = csv->buffer + csv->taken;
  const size_t bytes = csv->filled - csv->taken;
  char *end = memchr(begin, '\n', bytes);
  *taken = false;
  if (!end || csv->last == '\r') return CROW_OK;
  const size_t length = (size_t)(end - begin);
  char *stop = length > 0 && end[-1] == '\r' ? end - 1 : end;
  const size_t plain = (size_t)(stop - begin);
  if (memchr(begin, '"', plain) || memchr(begin, '\r', plain)) return CROW_OK;
  if (memchr(begin, 0, plain)) return zero_byte(csv);
  *taken = true;
  csv->line++;
  csv->taken += length + 1;
  csv->last = '\n';
  char *first = begin;
  while (first < stop && is_blank(*first, csv->delimiter)) first++;
  /* libcsv, too, passes over lines of nothing but spaces. */
  return first == stop ? CROW_OK : cut_line(csv, begin, stop);
}

/* ---- both --------------------------------------------------------------------------------------------------- */

static crow_status end_records(crow_csv *csv) {
  /* Stray quotes within a field are taken as they are, but one still open at the end of the file is refused. */
  (void)csv_set_opts(&csv->parser, CSV_STRICT | CSV_STRICT_FINI);
  if (csv_fini(&csv->parser, on_field, on_record, csv) != 0) return parse_failed(csv);
  return csv->failure;
}

crow_status crow_csv_next_record(crow_csv *csv, bool *got) {
  bool cut = false;
  csv->complete = false;
  csv->row.fields = csv->row.text_bytes = 0;
  while (!csv->complete) {
    const bool between = csv->parser.pstate == 0; /* between records: one that spans lines keeps its first's number */
    const size_t left = csv->filled - csv->taken;
    if (left == 0 || (!csv->ended && !memchr(csv->buffer + csv->taken, '\n', left))) {
      if (!csv->ended) CROW_NEED(crow_csv_fill(csv));
      if (csv->filled == csv->taken) {
        cut = false;
        CROW_NEED(end_records(csv));
        break;
      }
    }
    if (between) csv->row.line = csv->line;
    cut = false;
    if (between) CROW_NEED(take_line(csv, &cut));
    if (!cut) CROW_NEED(parse_line(csv));
  }
  *got = csv->complete;
  if (csv->complete && !cut) CROW_NEED(point_fields(&csv->row));
  return CROW_OK;
}
