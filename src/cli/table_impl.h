/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of text with aligned columns, whatever script the texts are in. Local. */
#ifndef CROW_CLI_TABLE_IMPL_H
#define CROW_CLI_TABLE_IMPL_H

#include <crow/base.h>

typedef struct crow_table_column {
  const char *title; /* borrowed */
  bool text;         /* aligned to the left; numbers to the right */
  int most;          /* greatest width; longer texts are cut with an ellipsis; 0: any */
} crow_table_column;

enum { CROW_TABLE_COLUMNS = 64, CROW_TABLE_GROUPS = 16 };

/* A title over several columns. */
typedef struct crow_table_group {
  int first, columns;
  char title[256];
} crow_table_group;

/* Zero-initialise. Errors are kept and returned by crow_table_print(). */
typedef struct crow_table {
  crow_table_column column[CROW_TABLE_COLUMNS];
  int columns;
  char title[2048]; /* titles of crow_table_add_columns(), one after another */
  size_t title_bytes;
  crow_table_group group[CROW_TABLE_GROUPS];
  int groups;
  char **cell; /* row by row; owned */
  int64_t cells, capacity;
  crow_status status;
} crow_table;

void crow_table_add_column(crow_table *table, const char *title, bool text, int most);
/* Several at once, separated by '|': "TITLE" of numbers, "TITLE:MOST" of texts. */
void crow_table_add_columns(crow_table *table, const char *columns);
/* A title over the `columns` columns that were added last. */
void crow_table_add_group(crow_table *table, const char *title, int columns);
/* The next cell, from left to right and row by row. */
void crow_table_add(crow_table *table, const char *format, ...) CROW_PRINTF(2, 3);
/* The same with a number of `decimals` decimals, or, if negative, of six digits; "-" for NaN, and no negative zero. */
void crow_table_add_real(crow_table *table, int decimals, double value);
/* The same with a rank, "-" for 0, which is none. */
void crow_table_add_rank(crow_table *table, int64_t rank);
/* Prints with a two-space margin between columns; `out` may be NULL. Frees the cells. */
crow_status crow_table_print(crow_table *table, FILE *out);
void crow_table_free(crow_table *table);

#endif
