/* SPDX-License-Identifier: Apache-2.0 */
#include "import/csv_reader_impl.h"

#include "base/bad_lines_impl.h"
#include "base/grow_impl.h"
#include "base/utf8_impl.h"
#include "import/magic_impl.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

enum { BUFFER_BYTES = 1 << 18 };

static void record_free(crow_record *of) { CROW_FREE(of->text, of->begin, of->field); }

/* ---- bytes in ----------------------------------------------------------------------------------------------- */

crow_status crow_csv_fill(crow_csv *csv) {
  size_t got = 0;
  const size_t left = csv->filled - csv->taken, room = (size_t)csv->room;
  if (csv->taken > 0 && left > 0) memmove(csv->buffer, csv->buffer + csv->taken, left);
  csv->filled = left;
  csv->taken = 0;
  if (csv->filled == room) return CROW_OK;
  CROW_NEED(crow_bytes_read(csv->bytes, csv->buffer + csv->filled, room - csv->filled, &got));
  csv->filled += got;
  csv->ended = got == 0;
  crow_progress_update(&csv->progress, crow_bytes_taken(csv->bytes));
  return CROW_OK;
}

crow_status crow_csv_next(crow_csv *csv, bool *got) {
  if (csv->unread) {
    csv->unread = false;
    *got = true;
    return CROW_OK;
  }
  return csv->json ? crow_jsonl_next(csv, got) : crow_csv_next_record(csv, got);
}

/* ---- opening ------------------------------------------------------------------------------------------------ */

static bool ends_in(const char *name, const char *suffix) {
  const size_t length = strlen(name), bytes = strlen(suffix);
  return length >= bytes && strcasecmp(name + length - bytes, suffix) == 0;
}

/* The delimiter of the header line, which begins at `at`. */
static char find_delimiter(const crow_csv *csv, const char *at) {
  bool comma = false, tab = false, semicolon = false, quoted = false;
  const char *end = csv->buffer + csv->filled;
  while (at < end && (*at == '\n' || *at == '\r')) at++;
  for (; at < end && *at != '\n' && *at != '\r'; at++) {
    if (*at == '"') quoted = !quoted;
    comma = comma || (*at == ',' && !quoted);
    tab = tab || (*at == '\t' && !quoted);
    semicolon = semicolon || (*at == ';' && !quoted);
  }
  if (ends_in(csv->name, ".tsv") || ends_in(csv->name, ".tsv.gz") || (tab && !comma)) return CSV_TAB;
  return semicolon && !comma ? ';' : CSV_COMMA;
}

static crow_status begin_csv(crow_csv *csv) {
  bool got = false;
  csv->delimiter = find_delimiter(csv, csv->buffer + csv->taken);
  csv_set_delim(&csv->parser, (unsigned char)csv->delimiter);
  if (csv->delimiter == ';') {
    crow_log(CROW_LOG_NOTICE, "import: %s: its fields are separated by semicolons, as the header line says", csv->name);
  }
  CROW_NEED(crow_csv_next_record(csv, &got));
  if (!got) {
    return crow_error(CROW_BAD_INPUT, "%s: is empty, expected a header line with the names of the columns", csv->name);
  }
  return CROW_OK;
}

/* Keeps the fields of the record just read as the header. */
static crow_status keep_header(crow_csv *csv) {
  crow_record *to = &csv->header;
  const crow_record *from = &csv->row;
  int64_t bytes = 0;
  for (int64_t k = 0; k < from->fields; k++) bytes += (int64_t)strlen(from->field[k]) + 1;
  CROW_NEED(CROW_ALLOCATE_RAW(&to->text, bytes));
  CROW_NEED(crow_record_reserve(to, from->fields));
  to->line = from->line;
  to->fields = from->fields;
  char *at = to->text;
  for (int64_t k = 0; k < from->fields; k++) {
    to->field[k] = at;
    at = stpcpy(at, from->field[k]) + 1;
  }
  return CROW_OK;
}

/* A header is printed in messages: what is not text must not be. */
static crow_status check_header(const crow_csv *csv) {
  char quoted[CROW_QUOTED_BYTES];
  for (int64_t k = 0; k < csv->header.fields; k++) {
    if (!crow_utf8_valid(csv->header.field[k])) {
      return crow_error(CROW_BAD_INPUT, "%s:%lld: the name of column %lld (value %s) is not UTF-8", csv->name,
                        (long long)csv->header.line, (long long)k + 1, crow_quote(csv->header.field[k], quoted));
    }
  }
  return CROW_OK;
}

/* Looks at the first bytes: what the file is, the byte order mark, and the header's delimiter. */
static crow_status csv_begin(crow_csv *csv) {
  CROW_NEED(crow_csv_fill(csv));
  CROW_NEED(crow_magic_refuse(csv->name, csv->buffer, csv->filled));
  if (csv->filled >= 3 && memcmp(csv->buffer, "\xef\xbb\xbf", 3) == 0) csv->taken = 3;
  size_t at = csv->taken;
  while (at < csv->filled && strchr(" \t\r\n", csv->buffer[at])) at++;
  csv->json = at < csv->filled && csv->buffer[at] == '{';
  if (csv->json) {
    CROW_NEED(crow_jsonl_begin(csv));
  } else {
    CROW_NEED(begin_csv(csv));
    CROW_NEED(keep_header(csv));
  }
  return check_header(csv);
}

static crow_status open_bytes(crow_csv *csv, FILE *stream) {
  double total = 0;
  if (fseeko(stream, 0, SEEK_END) == 0) {
    total = (double)ftello(stream);
    rewind(stream);
  }
  crow_progress_begin(&csv->progress, csv->name, "bytes", total);
  return crow_bytes_open(stream, csv->name, &csv->bytes);
}

crow_status crow_csv_open_stream(FILE *stream, const char *name, crow_csv **out) {
  crow_status status = CROW_OK;
  crow_csv *csv = NULL;
  *out = NULL;
  CROW_TRY(CROW_ALLOCATE(&csv, 1));
  csv->line = 1;
  CROW_TRY(crow_string_copy(name, &csv->name));
  FILE *given = stream;
  stream = NULL;
  CROW_TRY(open_bytes(csv, given));
  CROW_TRY(CROW_ARRAY_RESERVE(&csv->buffer, 0, &csv->room, BUFFER_BYTES));
  if (csv_init(&csv->parser, 0) != 0) CROW_TRY(crow_error(CROW_FAILED, "libcsv cannot be initialised"));
  csv->has_parser = true;
  csv_set_blk_size(&csv->parser, 1 << 16);
  CROW_TRY(csv_begin(csv));
  *out = csv;
  csv = NULL;
cleanup:
  if (stream) (void)fclose(stream);
  crow_csv_close(&csv);
  return status;
}

crow_status crow_csv_open_as(const char *path, const char *name, crow_csv **out) {
  *out = NULL;
  FILE *stream = fopen(path, "rb");
  if (!stream) return crow_error(CROW_FILE_SYSTEM, "%s: cannot be opened: %s", name, strerror(errno));
  return crow_csv_open_stream(stream, name, out);
}

crow_status crow_csv_open(const char *path, crow_csv **out) { return crow_csv_open_as(path, path, out); }

void crow_csv_close(crow_csv **csv) {
  crow_csv *old = *csv;
  if (!old) return;
  *csv = NULL;
  crow_bytes_close(&old->bytes);
  if (old->has_parser) csv_free(&old->parser);
  crow_jsonl_free(old);
  record_free(&old->header);
  record_free(&old->row);
  CROW_FREE(old->name, old->buffer, old);
}

/* ---- header and fields -------------------------------------------------------------------------------------- */

const char *crow_csv_name(const crow_csv *csv) { return csv->name; }
const char *crow_csv_form(const crow_csv *csv) {
  if (csv->json) return "JSON lines";
  return csv->delimiter == CSV_TAB ? "TSV" : csv->delimiter == ';' ? "CSV with semicolons" : "CSV";
}
bool crow_csv_is_json(const crow_csv *csv) { return csv->json; }
int64_t crow_csv_columns(const crow_csv *csv) { return csv->header.fields; }
const char *crow_csv_column(const crow_csv *csv, int64_t column) { return csv->header.field[column]; }
int64_t crow_csv_line(const crow_csv *csv) { return csv->row.line; }
int64_t crow_csv_fields(const crow_csv *csv) { return csv->row.fields; }
const char *crow_csv_field(const crow_csv *csv, int64_t index) { return csv->row.field[index]; }

void crow_csv_print_columns(const crow_csv *csv, char *text, size_t bytes) {
  char quoted[CROW_QUOTED_BYTES];
  size_t at = 0;
  text[0] = 0;
  for (int64_t k = 0; k < crow_csv_columns(csv); k++) {
    const bool fits = at + CROW_QUOTED_BYTES + 8 <= bytes; /* ", " before and ", ..." after */
    at += (size_t)snprintf(text + at, bytes - at, "%s%s", k ? ", " : "",
                           fits ? crow_quote(crow_csv_column(csv, k), quoted) : "...");
    if (!fits || at >= bytes) return;
  }
}

crow_status crow_csv_find(const crow_csv *csv, const char *name, int64_t *column) {
  *column = -1;
  for (int64_t k = 0; k < crow_csv_columns(csv); k++) {
    if (strcasecmp(crow_csv_column(csv, k), name) != 0) continue;
    if (*column >= 0) {
      return crow_error(CROW_BAD_INPUT, "%s:%lld: two columns are called \"%s\", expected one", csv->name,
                        (long long)csv->header.line, name);
    }
    *column = k;
  }
  return CROW_OK;
}

void crow_csv_unread_header(crow_csv *csv) {
  csv->row.line = csv->header.line;
  csv->unread = true;
}
