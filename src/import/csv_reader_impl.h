/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of tables from the inside: csv.c opens it, csv_record.c and jsonl.c read its records. */
#ifndef CROW_CSV_READER_IMPL_H
#define CROW_CSV_READER_IMPL_H

#include "import/bytes_impl.h"
#include "import/csv_impl.h"

#include <csv.h>
#include <jansson.h>

/* The fields of one record. Those of CSV are zero-terminated texts end to end in `text` or in the buffer of lines. */
typedef struct crow_record {
  char *text;
  int64_t *begin; /* where each begins in `text` while the record is read */
  const char **field;
  int64_t text_bytes, text_room, fields, begin_room, field_room, line;
} crow_record;

struct crow_csv {
  crow_bytes *bytes;
  char *name;
  bool json;
  char delimiter;
  struct csv_parser parser;
  bool has_parser;
  char *buffer;
  int64_t room;
  size_t filled, taken; /* bytes of the buffer, and how many of them are read */
  bool ended;           /* the file has no more than what is in the buffer */
  crow_progress progress;
  int64_t line;        /* of the next byte */
  char last;           /* byte parsed: the LF of a CRLF does not begin another line */
  bool complete;       /* the record is */
  crow_status failure; /* inside libcsv's callbacks, which cannot return one */
  bool unread;         /* the header is the next record */
  crow_record header, row;
  json_t *object; /* the current line's, which the fields point into */
  char **printed; /* texts of its lists, objects and numbers, one for each column, or NULL */
  char **stop;    /* where the fields of a line that is cut in place end */
};

/* Reads more bytes behind those in the buffer, after moving what is unread to its beginning; `ended` at the end. */
crow_status crow_csv_fill(crow_csv *csv);
/* The next record of each form. */
crow_status crow_csv_next_record(crow_csv *csv, bool *got);
crow_status crow_jsonl_next(crow_csv *csv, bool *got);
/* The first object's keys become the header, and the object itself the next record. */
crow_status crow_jsonl_begin(crow_csv *csv);
void crow_jsonl_free(crow_csv *csv);
/* Takes a line's fields without jansson if they are plain texts and whole numbers under the header's keys in their
 * order; else false, and nothing of the line is changed. */
bool crow_jsonl_cut(crow_csv *csv, char *line, size_t bytes);
/* Room for the fields of `count` columns. */
crow_status crow_record_reserve(crow_record *record, int64_t count);

#endif
