/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of a file for other programs. Rank 0 reads them in slices and writes as it goes, so that nothing is ever held
 * whole. */
#ifndef CROW_EXPORT_IMPL_H
#define CROW_EXPORT_IMPL_H

#include <crow/export.h>

/* Places are found, not read; those without weight have none. */
typedef enum crow_export_type {
  CROW_EXPORT_TEXT,
  CROW_EXPORT_REAL,
  CROW_EXPORT_INTEGER,
  CROW_EXPORT_PLACE,
  CROW_EXPORT_KEPT, /* texts by their numbers, a column of /comparisons/label */
  CROW_EXPORT_LOSS  /* what a comparison counts in the objective, a real number */
} crow_export_type;

/* A column of a table: an array of the file, with `width` values in a row. */
typedef struct crow_export_column {
  const char *name, *path;
  crow_export_type type;
  int64_t width;
  int64_t kept;              /* of CROW_EXPORT_KEPT the column */
  const crow_strings *parts; /* names of the `width` values; NULL: they are numbered; borrowed */
  bool ours;                 /* a kept column is called as another column is */
  bool elo;                  /* numbers are multiplied by CROW_ELO_FACTOR, */
  double shift;              /* and shifted */
  /* The present slice, rank 0's. */
  crow_strings text;
  double *real;
  int64_t *integer;
} crow_export_column;

enum { CROW_EXPORT_COLUMNS = 64, CROW_EXPORT_SLICE = 1 << 14 };

/* A pair of alternatives with what a judgement of it counts: loss.c. */
typedef struct crow_pair_loss crow_pair_loss;

typedef struct crow_export {
  const crow_comm *comm;
  bool root;
  const crow_file *file;
  int64_t rows, slice; /* slice: rows that are read at once */
  int columns;
  crow_export_column column[CROW_EXPORT_COLUMNS];
  crow_places places;                 /* if there is a column of them */
  crow_strings kept_name, kept_value; /* of kept columns, the values on rank 0 */
  crow_strings parts;                 /* values that rewards are by */
  crow_pair_loss *loss;               /* (losses) on rank 0, if loss weights are wanted */
  int64_t losses;
} crow_export;

/* The columns of this table that the file has; all, or the one called `only`. Local, the same on all ranks. */
crow_status crow_export_create(const crow_comm *comm, const crow_file *file, const crow_export_options *options,
                               crow_export *out);
/* Local: what rank 0 holds of numbers at a time, and the process. */
double crow_export_bytes(const crow_export *table);
void crow_export_free(crow_export *table);
/* Reads rows `begin` .. `begin + count` on rank 0. Collective. */
crow_status crow_export_read(crow_export *table, int64_t begin, int64_t count);

/* loss.c: finds what the judgements of every pair count, and reads it for rows `begin` .. of rank 0 (others: `count`
 * 0). Collective. */
crow_status crow_export_loss(const crow_comm *comm, const char *input, const crow_export_options *options,
                             double memory_per_rank, crow_export *out);
crow_status crow_export_read_loss(crow_export *table, int64_t begin, int64_t count, double *loss);

/* Writing: what comes before the rows, a slice of them, what comes after. Local, for rank 0; failures show in the
 * stream. */
void crow_export_csv_begin(FILE *out, const crow_export *table);
void crow_export_csv_rows(FILE *out, const crow_export *table, int64_t begin, int64_t count);
void crow_export_json_rows(FILE *out, const crow_export *table, int64_t begin, int64_t count);
/* NumPy's format, of a single column of numbers. */
void crow_export_npy_begin(FILE *out, const crow_export *table);
void crow_export_npy_rows(FILE *out, const crow_export *table, int64_t begin, int64_t count);

/* Writes the model of a rewards file as NPZ or SAFETENSORS; `*count` is the number of its arrays. Collective. */
crow_status crow_export_model(const crow_comm *comm, const crow_file *file, crow_export_format format,
                              const char *output, bool overwrite, int64_t *count);

#endif
