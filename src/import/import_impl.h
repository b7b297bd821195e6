/* SPDX-License-Identifier: Apache-2.0 */
/* What rank 0 reads from CSV and NumPy files before it becomes a dataset. Everything but crow_import_write() is Local.
 */
#ifndef CROW_IMPORT_IMPL_H
#define CROW_IMPORT_IMPL_H

#include "base/bad_lines_impl.h"
#include "import/csv_impl.h"
#include "import/npy_impl.h"
#include "io/ids_impl.h"
#include <crow/import.h>

/* ---- alternatives ------------------------------------------------------------------------------------------- */

/* The alternatives: their names and where their contexts are. Zero-initialise it. */
typedef struct crow_import_alternatives {
  const char *source; /* the file that names them, for messages; borrowed */
  int64_t count;      /* m */
  int64_t dimensions; /* d */
  bool by_number;     /* no file names them: they are rows 0 .. m-1 of the .npy file */
  crow_ids ids;       /* in order; empty if by_number */
  bool has_topic;
  crow_ids topics; /* the distinct topics */
  int32_t *topic;  /* (m) of each alternative, a number in `topics` */
  int64_t topic_room;
  bool has_prompt;
  crow_ids prompts; /* the distinct prompts */
  int32_t *prompt;  /* (m) of each alternative, a number in `prompts` */
  int64_t prompt_room;
  crow_ids columns; /* (d) names of the dimensions; none if they do not come from CSV or cannot serve as names */
  double *context;  /* (m, d) if they come from CSV, else NULL */
  int64_t context_room;
  crow_npy npy; /* open if they come from a .npy file */
} crow_import_alternatives;

/* Reads items (`path` may be NULL), then contexts, and joins them: a .npy file by row, a CSV file by id. */
crow_status crow_import_read_alternatives(const char *items, const char *contexts, crow_import_alternatives *out);
/* The parts, from open files. Bad lines go to the report. */
crow_status crow_import_read_items(crow_csv *csv, crow_import_alternatives *out, crow_bad_lines *report);
crow_status crow_import_read_contexts(crow_csv *csv, crow_import_alternatives *out, crow_bad_lines *report);
/* The row that `name` names; -1 if there is none. */
int64_t crow_import_find(const crow_import_alternatives *alternatives, const char *name);
void crow_import_alternatives_free(crow_import_alternatives *alternatives);

/* Whether the record has as many fields as the header; reported if not. */
bool crow_import_check_fields(const crow_csv *csv, crow_bad_lines *report);
/* A finite decimal number and nothing else. */
bool crow_import_parse_number(const char *text, double *value);

/* ---- prompts ------------------------------------------------------------------------------------------------ */

/* Notes the prompt of an alternative from column `column` of the current record. */
crow_status crow_import_add_prompt(const crow_csv *csv, int64_t column, int64_t number, crow_import_alternatives *out,
                                   crow_bad_lines *report);

/* Prompts from a column of the comparisons, for alternatives that have none of their own. Zero-initialise it. */
typedef struct crow_import_guess {
  bool given_up; /* an alternative was compared under two prompts: the column groups comparisons, not alternatives */
} crow_import_guess;
/* Notes that the current record compares these two alternatives under the prompt of `column`. */
crow_status crow_import_guess_prompt(const crow_csv *csv, int64_t column, int64_t first, int64_t second,
                                     crow_import_guess *guess, crow_import_alternatives *out);
/* After the last record: the prompts count if every alternative has got one. */
void crow_import_guess_end(const crow_csv *csv, const crow_import_guess *guess, crow_import_alternatives *out);

/* ---- comparisons -------------------------------------------------------------------------------------------- */

enum { CROW_IMPORT_BLOCK = 1 << 16 };

/* Comparisons in the order of the file, in a chain of blocks that never move. */
typedef struct crow_import_block {
  struct crow_import_block *next;
  int64_t count;
  int32_t first[CROW_IMPORT_BLOCK], second[CROW_IMPORT_BLOCK];
  double outcome[CROW_IMPORT_BLOCK];
  int64_t judgements[CROW_IMPORT_BLOCK];
} crow_import_block;

/* Zero-initialise it. */
typedef struct crow_import_comparisons {
  int64_t count, ties, ties_dropped;
  bool has_count;
  crow_import_block *head, *tail;
} crow_import_comparisons;

crow_status crow_import_read_comparisons(const char *path, crow_import_alternatives *alternatives, bool drop_ties,
                                         crow_import_comparisons *out);
/* The same from an open file. Bad lines go to the report. */
crow_status crow_import_read_rows(crow_csv *csv, crow_import_alternatives *alternatives, bool drop_ties,
                                  crow_import_comparisons *out, crow_bad_lines *report);
void crow_import_comparisons_free(crow_import_comparisons *comparisons);

/* Which columns of a comparisons file say what; -1 if there is no such column. */
typedef struct crow_import_columns {
  int64_t first, second; /* the two alternatives; without `result` the first is the winner (chosen, rejected) */
  int64_t result;        /* who won */
  int64_t count;         /* number of judgements */
  int64_t prompt;        /* the prompt that both alternatives answer */
  bool shares;           /* the result column is called outcome: a number there is a share, never an id */
} crow_import_columns;

crow_status crow_import_find_columns(const crow_csv *csv, crow_import_columns *out);

/* How a result was read. */
typedef enum crow_import_reading {
  CROW_READ_NOT,     /* it is none of what is understood */
  CROW_READ_ID,      /* as the id of one of the two, and no label contradicts that */
  CROW_READ_CONTEST, /* as the id of one of the two, though as a label it would mean something else */
  CROW_READ_SIDE,    /* as a label or a number that names a side: cannot be an id */
  CROW_READ_TIE      /* as a label for a tie */
} crow_import_reading;

/* Share won by the first, by the result's text: the id of one of the two first (unless `shares` and it is a number),
 * then a label, then a number from 0 to 1. */
crow_import_reading crow_import_read_result(const char *text, const char *first, const char *second, bool shares,
                                            double *outcome);
/* What crow_import_read_result() understands, in words. */
extern const char crow_import_results_understood[];

/* The name of each of `count` numbers. */
crow_status crow_import_labels(const crow_ids *names, const int32_t *number, int64_t count, crow_strings *out);

/* ---- writing ------------------------------------------------------------------------------------------------ */

/* Writes what rank 0 has read (the others pass empty tables) to a file being created. Collective. */
crow_status crow_import_write(const crow_comm *comm, crow_file *file, crow_import_alternatives *alternatives,
                              const crow_import_comparisons *comparisons, crow_import_summary *summary);

/* import_plan.c: bytes that rank 0 needs at most to import these files, by their sizes and first lines. Local. */
double crow_import_need_bytes(const crow_import_options *options);

#endif
