/* SPDX-License-Identifier: Apache-2.0 */
/* Reads tables of texts record by record, with the line numbers that messages name: CSV, TSV, fields separated by
 * semicolons, and JSON lines, each perhaps compressed by gzip. Everything is Local.
 *
 * CSV: quoted fields may hold delimiters, quotes (doubled) and line ends; lines end in LF, CRLF or CR; a UTF-8 byte
 * order mark and blank lines are skipped; spaces around unquoted fields are dropped.
 * JSON lines: an object a line; the keys of the first are the columns. Of a later one, keys that it lacks are empty
 * fields, and others are left alone. Texts are taken as they are, numbers and true and false as they are written, null
 * is empty, lists and objects are taken as JSON text. */
#ifndef CROW_CSV_IMPL_H
#define CROW_CSV_IMPL_H

#include <crow/base.h>

typedef struct crow_csv crow_csv;

/* The longest record taken: a quote that is never closed would otherwise read the rest of the file into memory. */
#define CROW_CSV_RECORD_BYTES (INT64_C(16) << 20)

/* Opens a file and reads its header. A file whose first character is { holds JSON lines. Else fields are separated by
 * tabs if the name ends in .tsv (or .tsv.gz) or the header line holds a tab and no comma, by semicolons if it holds one
 * and neither comma nor tab, else by commas. A file without a header, or of another kind by its first bytes, is
 * CROW_BAD_INPUT. */
crow_status crow_csv_open(const char *path, crow_csv **out);
/* The same of a file that messages call `name`. */
crow_status crow_csv_open_as(const char *path, const char *name, crow_csv **out);
/* The same for an open stream, which is closed by crow_csv_close() (and on failure); `name` stands for it in messages.
 */
crow_status crow_csv_open_stream(FILE *stream, const char *name, crow_csv **out);
void crow_csv_close(crow_csv **csv);

const char *crow_csv_name(const crow_csv *csv);
/* What the file is, in words: "CSV", "TSV", "CSV with semicolons", "JSON lines"; and whether gzip has packed it. */
const char *crow_csv_form(const crow_csv *csv);
bool crow_csv_is_json(const crow_csv *csv);
/* The header: how many columns, their names, and all of them as a text `"left", "right", ...`. */
int64_t crow_csv_columns(const crow_csv *csv);
const char *crow_csv_column(const crow_csv *csv, int64_t column);
void crow_csv_print_columns(const crow_csv *csv, char *text, size_t bytes);
/* The column of this name, upper and lower case being equal; -1 if there is none; CROW_BAD_INPUT if there are two. */
crow_status crow_csv_find(const crow_csv *csv, const char *name, int64_t *column);
/* The header is a record like the others, and the next to be read: the file has no header. Before the first record. */
void crow_csv_unread_header(crow_csv *csv);

/* Reads the next record; `*got` is false at the end of the file. Malformed CSV (an unclosed quote, a zero byte, an
 * overlong record) and lines that are no JSON objects are CROW_BAD_INPUT. */
crow_status crow_csv_next(crow_csv *csv, bool *got);
/* The physical line (from 1) on which the record begins, its number of fields, and field `index`, which is borrowed
 * until the next record is read. */
int64_t crow_csv_line(const crow_csv *csv);
int64_t crow_csv_fields(const crow_csv *csv);
const char *crow_csv_field(const crow_csv *csv, int64_t index);

#endif
