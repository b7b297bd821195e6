/* SPDX-License-Identifier: Apache-2.0 */
/* What rank 0 reads from the files people have before it becomes a dataset. Everything but crow_import_write() is
 * Local.
 */
#ifndef CROW_IMPORT_IMPL_H
#define CROW_IMPORT_IMPL_H

#include "base/bad_lines_impl.h"
#include "import/csv_impl.h"
#include "import/floats_impl.h"
#include "import/rules_impl.h"
#include "io/ids_impl.h"

/* ---- alternatives ------------------------------------------------------------------------------------------- */

/* The alternatives: their names and where their contexts are. Zero-initialise it. */
typedef struct crow_import_alternatives {
  const char *source; /* the file that names them, for messages; borrowed */
  int64_t count;      /* m */
  int64_t dimensions; /* d */
  bool by_number;     /* no file names them: they are rows 0 .. m-1 of their contexts */
  bool open;          /* no file lists them: each that a comparison names is one */
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
  crow_floats npy;         /* open if they come from a .npy, .npz or .safetensors file */
  const crow_array *array; /* borrowed, if they come from an array of an HDF5 file */
} crow_import_alternatives;

/* One file to read: where it is, and what messages call it. */
typedef struct crow_import_file {
  const char *name; /* as given; borrowed; NULL: there is none */
  const char *path; /* where it is read, another place if `name` is a pipe; borrowed */
} crow_import_file;

/* Reads items, then contexts (either may be none), and joins them: an array by row, CSV by id if it has ids, else by
 * row. `array` is that of contexts in an HDF5 file, opened before, else NULL. */
crow_status crow_import_read_alternatives(const crow_import_file *items, const crow_import_file *contexts,
                                          const crow_array *array, crow_import_alternatives *out);
/* The parts, from open files. Bad lines go to the report. */
crow_status crow_import_read_items(crow_csv *csv, crow_import_alternatives *out, crow_bad_lines *report);
crow_status crow_import_read_contexts(crow_csv *csv, crow_import_alternatives *out, crow_bad_lines *report);
/* The row that `name` names; -1 if there is none. */
int64_t crow_import_find(const crow_import_alternatives *alternatives, const char *name);
/* The same where the alternatives are open: a new name becomes one more. `*fault`: why it cannot, or NULL. */
crow_status crow_import_find_or_add(crow_import_alternatives *alternatives, const char *name, int64_t line,
                                    int64_t *row, const char **fault);
void crow_import_alternatives_free(crow_import_alternatives *alternatives);

/* Whether the record has as many fields as the header; reported if not. */
bool crow_import_check_fields(const crow_csv *csv, crow_bad_lines *report);
/* A finite decimal number and nothing else; not one that only 0 is near enough to, as 1e-400 is. */
bool crow_import_parse_number(const char *text, double *value);

/* ---- names -------------------------------------------------------------------------------------------------- */

/* The longest text that an alternative may be. */
#define CROW_IMPORT_TEXT_BYTES (INT64_C(64) << 10)
/* A text longer than this, or of several lines, has a name that is its beginning and a digest. */
enum { CROW_IMPORT_NAME_BYTES = 256 };
/* The name of a text: the text itself if it is one line of at most `most` bytes, else one in `room`. */
const char *crow_import_name_of(const char *text, size_t most, char room[CROW_ID_BYTES + 1]);
/* The names of all alternatives, and how many are not the whole text. Two texts of one name are refused. */
crow_status crow_import_names(const crow_ids *texts, crow_strings *names, int64_t *shortened);

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
  int32_t label[]; /* (CROW_IMPORT_BLOCK, keep_count): numbers in `values` */
} crow_import_block;

/* Zero-initialise it. */
typedef struct crow_import_comparisons {
  int64_t count, ties, both_bad, dropped;
  bool has_count;
  crow_import_block *head, *tail;
  int64_t keep_count;              /* columns that are kept */
  crow_ids kept;                   /* their names */
  crow_ids values;                 /* their distinct values, of all columns together */
  char how[CROW_IMPORT_HOW_BYTES]; /* how the columns were understood, in words */
} crow_import_comparisons;

/* One comparison. */
typedef struct crow_import_pair {
  int64_t first, second;
  double outcome;
  bool both_bad;
  int64_t judgements;
  int32_t label[CROW_KEEP_MOST];
} crow_import_pair;
/* Appends it, unless it is a tie that is dropped; ties are counted. */
crow_status crow_import_append(const crow_import_rules *rules, const crow_import_pair *pair,
                               crow_import_comparisons *out);

crow_status crow_import_read_comparisons(const crow_import_file *file, crow_import_alternatives *alternatives,
                                         const crow_import_rules *rules, crow_import_comparisons *out);
/* The same from an open file. Bad lines go to the report. */
crow_status crow_import_read_rows(crow_csv *csv, crow_import_alternatives *alternatives, const crow_import_rules *rules,
                                  crow_import_comparisons *out, crow_bad_lines *report);
void crow_import_comparisons_free(crow_import_comparisons *comparisons);

/* Alternatives with their scores, before every two of a group are compared. Zero-initialise it. */
typedef struct crow_import_scores {
  int64_t count, room;
  crow_ids groups;
  struct crow_import_scored *row;
} crow_import_scores;
typedef struct crow_import_scored {
  double score; /* the higher the better */
  int64_t line;
  int32_t group, alternative;
  int32_t label[CROW_KEEP_MOST];
} crow_import_scored;
crow_status crow_import_scores_add(crow_import_scores *scores, const char *group, const crow_import_scored *row);
/* All pairs within each group, groups in the order of their first lines. What is wrong goes to the report. */
crow_status crow_import_scores_pair(const crow_import_scores *scores, const crow_csv *csv,
                                    const crow_import_rules *rules, crow_import_comparisons *out,
                                    crow_bad_lines *report);
void crow_import_scores_free(crow_import_scores *scores);

/* How a result was read. */
typedef enum crow_import_reading {
  CROW_READ_NOT,     /* it is none of what is understood */
  CROW_READ_ID,      /* as the id of one of the two, and no label contradicts that */
  CROW_READ_CONTEST, /* as the id of one of the two, though as a label it would mean something else */
  CROW_READ_SIDE,    /* as a label or a number that names a side: cannot be an id */
  CROW_READ_TIE,     /* as a label for a tie */
  CROW_READ_BAD,     /* as a label for a tie of two that are both bad */
  CROW_READ_NUMBER   /* it is a number, which may mean either side */
} crow_import_reading;

/* Share won by the first, by the result's text: the id of one of the two first (unless `shares` and it is a number),
 * then a label, then a number from 0 to 1 if these are `shares`. */
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

/* plan.c: bytes that rank 0 needs at most to import these files, by their sizes and first lines. Local. */
double crow_import_need_bytes(const crow_import_file *comparisons, const crow_import_file *contexts,
                              const crow_import_file *items);

#endif
