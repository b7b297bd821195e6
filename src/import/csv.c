/* SPDX-License-Identifier: Apache-2.0 */
#include "import/csv_impl.h"

#include "base/bad_lines_impl.h"
#include "base/grow_impl.h"

#include <csv.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

enum { BUFFER_BYTES = 1 << 18 };

/* The fields of one record: zero-terminated texts end to end, and where each begins. */
typedef struct record {
  char *text;
  int64_t *begin;
  int64_t text_bytes, text_room, fields, begin_room, line;
} record;

struct crow_csv {
  FILE *stream;
  char *name;
  struct csv_parser parser;
  bool has_parser;
  char *buffer;
  size_t filled, taken;
  crow_progress progress;
  double bytes_read;
  int64_t line;        /* of the next byte */
  char last;           /* byte parsed: the LF of a CRLF does not begin another line */
  bool complete;       /* the record is */
  crow_status failure; /* inside libcsv's callbacks, which cannot return one */
  record header, row;
};

static void record_free(record *of) {
  crow_free(of->text);
  crow_free(of->begin);
}

static crow_status record_append(crow_csv *csv, const char *field, size_t bytes) {
  crow_status status = CROW_OK;
  record *row = &csv->row;
  if (bytes > 0 && memchr(field, 0, bytes)) {
    return crow_error(CROW_BAD_INPUT, "%s:%lld: a zero byte, expected text (CSV or TSV in UTF-8)", csv->name,
                      (long long)row->line);
  }
  const int64_t need = row->text_bytes + (int64_t)bytes + 1;
  CROW_TRY(CROW_ARRAY_RESERVE(&row->text, row->text_bytes, &row->text_room, need));
  CROW_TRY(CROW_ARRAY_RESERVE(&row->begin, row->fields, &row->begin_room, row->fields + 1));
  if (bytes > 0) memcpy(row->text + row->text_bytes, field, bytes);
  row->text[need - 1] = 0;
  row->begin[row->fields++] = row->text_bytes;
  row->text_bytes = need;
cleanup:
  return status;
}

static void on_field(void *field, size_t bytes, void *context) {
  crow_csv *csv = context;
  if (csv->failure == CROW_OK) csv->failure = record_append(csv, field, bytes);
}

static void on_record(int terminator, void *context) {
  (void)terminator;
  ((crow_csv *)context)->complete = true;
}

/* ---- bytes in ----------------------------------------------------------------------------------------------- */

static crow_status fill(crow_csv *csv) {
  csv->taken = 0;
  csv->filled = fread(csv->buffer, 1, BUFFER_BYTES, csv->stream);
  if (ferror(csv->stream)) {
    return crow_error(CROW_FILE_SYSTEM, "%s: cannot be read: %s", csv->name, strerror(errno));
  }
  csv->bytes_read += (double)csv->filled;
  crow_progress_update(&csv->progress, csv->bytes_read);
  return CROW_OK;
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
  /* pstate is 0 between records: a record that spans lines keeps the number of its first one. */
  if (csv->parser.pstate == 0) csv->row.line = csv->line;
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

crow_status crow_csv_next(crow_csv *csv, bool *got) {
  crow_status status = CROW_OK;
  csv->complete = false;
  csv->row.fields = csv->row.text_bytes = 0;
  while (!csv->complete) {
    if (csv->taken == csv->filled) CROW_TRY(fill(csv));
    if (csv->filled == 0) {
      /* Stray quotes within a field are taken as they are, but one still open at the end of the file is refused. */
      (void)csv_set_opts(&csv->parser, CSV_STRICT | CSV_STRICT_FINI);
      if (csv_fini(&csv->parser, on_field, on_record, csv) != 0) CROW_TRY(parse_failed(csv));
      CROW_TRY(csv->failure);
      break;
    }
    CROW_TRY(parse_line(csv));
  }
  *got = csv->complete;
cleanup:
  return status;
}

/* ---- opening ------------------------------------------------------------------------------------------------ */

static bool ends_in_tsv(const char *name) {
  const size_t length = strlen(name);
  return length >= 4 && strcasecmp(name + length - 4, ".tsv") == 0;
}

/* Looks at the first bytes: the byte order mark, and the header's delimiter. */
static crow_status begin(crow_csv *csv) {
  crow_status status = CROW_OK;
  CROW_TRY(fill(csv));
  const unsigned char *first = (const unsigned char *)csv->buffer;
  if (csv->filled >= 2 && ((first[0] == 0xff && first[1] == 0xfe) || (first[0] == 0xfe && first[1] == 0xff))) {
    return crow_error(CROW_BAD_INPUT, "%s: is UTF-16 text, expected UTF-8 (iconv -f UTF-16 -t UTF-8)", csv->name);
  }
  if (csv->filled >= 3 && memcmp(first, "\xef\xbb\xbf", 3) == 0) csv->taken = 3;
  size_t at = csv->taken;
  while (at < csv->filled && (first[at] == '\n' || first[at] == '\r')) at++;
  bool comma = false, tab = false;
  for (; at < csv->filled && first[at] != '\n' && first[at] != '\r'; at++) {
    comma = comma || first[at] == ',';
    tab = tab || first[at] == '\t';
  }
  csv_set_delim(&csv->parser, ends_in_tsv(csv->name) || (tab && !comma) ? CSV_TAB : CSV_COMMA);
  bool got = false;
  CROW_TRY(crow_csv_next(csv, &got));
  if (!got) {
    CROW_TRY(
        crow_error(CROW_BAD_INPUT, "%s: is empty, expected a header line with the names of the columns", csv->name));
  }
  csv->header = csv->row;
  csv->row = (record){.line = csv->header.line};
cleanup:
  return status;
}

crow_status crow_csv_open_stream(FILE *stream, const char *name, crow_csv **out) {
  crow_status status = CROW_OK;
  crow_csv *csv = NULL;
  *out = NULL;
  CROW_TRY(CROW_ALLOCATE(&csv, 1));
  csv->stream = stream;
  stream = NULL;
  csv->line = 1;
  CROW_TRY(crow_string_copy(name, &csv->name));
  CROW_TRY(CROW_ALLOCATE_RAW(&csv->buffer, BUFFER_BYTES));
  if (csv_init(&csv->parser, 0) != 0) CROW_TRY(crow_error(CROW_FAILED, "libcsv cannot be initialised"));
  csv->has_parser = true;
  csv_set_blk_size(&csv->parser, 1 << 16);
  double total = 0;
  if (fseeko(csv->stream, 0, SEEK_END) == 0) {
    total = (double)ftello(csv->stream);
    rewind(csv->stream);
  }
  crow_progress_begin(&csv->progress, csv->name, "bytes", total);
  CROW_TRY(begin(csv));
  *out = csv;
  csv = NULL;
cleanup:
  if (stream) (void)fclose(stream);
  crow_csv_close(&csv);
  return status;
}

crow_status crow_csv_open(const char *path, crow_csv **out) {
  *out = NULL;
  FILE *stream = fopen(path, "rb");
  if (!stream) return crow_error(CROW_FILE_SYSTEM, "%s: cannot be opened: %s", path, strerror(errno));
  return crow_csv_open_stream(stream, path, out);
}

void crow_csv_close(crow_csv **csv) {
  crow_csv *old = *csv;
  if (!old) return;
  *csv = NULL;
  if (old->stream) (void)fclose(old->stream);
  if (old->has_parser) csv_free(&old->parser);
  record_free(&old->header);
  record_free(&old->row);
  crow_free(old->name);
  crow_free(old->buffer);
  crow_free(old);
}

/* ---- header and fields -------------------------------------------------------------------------------------- */

const char *crow_csv_name(const crow_csv *csv) { return csv->name; }
int64_t crow_csv_columns(const crow_csv *csv) { return csv->header.fields; }
const char *crow_csv_column(const crow_csv *csv, int64_t column) {
  return csv->header.text + csv->header.begin[column];
}
int64_t crow_csv_line(const crow_csv *csv) { return csv->row.line; }
int64_t crow_csv_fields(const crow_csv *csv) { return csv->row.fields; }
const char *crow_csv_field(const crow_csv *csv, int64_t index) { return csv->row.text + csv->row.begin[index]; }

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
