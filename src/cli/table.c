/* SPDX-License-Identifier: Apache-2.0 */
#include "base/grow_impl.h"
#include "cli/table_impl.h"
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { CELL_BYTES = 1024 };

void crow_table_add_column(crow_table *table, const char *title, bool text, int most) {
  if (table->columns == CROW_TABLE_COLUMNS) {
    table->status = crow_error(CROW_FAILED, "a table has more than %d columns", CROW_TABLE_COLUMNS);
    return;
  }
  table->column[table->columns++] = (crow_table_column){title, text, most};
}

void crow_table_add_columns(crow_table *table, const char *columns) {
  for (const char *at = columns; *at; at += *at == '|') {
    char *title = table->title + table->title_bytes, *end = NULL;
    const size_t bytes = strcspn(at, "|:");
    if (table->title_bytes + bytes >= sizeof table->title) {
      table->status = crow_error(CROW_FAILED, "the titles of a table are too long");
      return;
    }
    memcpy(title, at, bytes);
    table->title_bytes += bytes + 1;
    const bool text = at[bytes] == ':';
    const int most = text ? (int)strtol(at + bytes + 1, &end, 10) : 0;
    crow_table_add_column(table, title, text, most);
    at = text ? end : at + bytes;
  }
}

void crow_table_add_group(crow_table *table, const char *title, int columns) {
  if (table->groups == CROW_TABLE_GROUPS) {
    table->status = crow_error(CROW_FAILED, "a table has more than %d groups of columns", CROW_TABLE_GROUPS);
    return;
  }
  crow_table_group *group = &table->group[table->groups++];
  group->first = table->columns - columns;
  group->columns = columns;
  (void)crow_text_fit(title, 60, group->title, sizeof group->title);
}

void crow_table_add(crow_table *table, const char *format, ...) {
  char raw[CELL_BYTES], text[CELL_BYTES];
  if (table->status == CROW_OK) {
    table->status = CROW_ARRAY_RESERVE(&table->cell, table->cells, &table->capacity, table->cells + 1);
  }
  if (table->status != CROW_OK) return;
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(raw, sizeof raw, format, arguments);
  va_end(arguments);
  (void)crow_text_fit(raw, table->column[table->cells % table->columns].most, text, sizeof text);
  table->status = crow_string_copy(text, &table->cell[table->cells]);
  if (table->status == CROW_OK) table->cells++;
}

void crow_table_add_rank(crow_table *table, int64_t rank) {
  if (rank)
    crow_table_add(table, "%lld", (long long)rank);
  else
    crow_table_add(table, "-");
}

void crow_table_add_real(crow_table *table, int decimals, double value) {
  if (isnan(value)) {
    crow_table_add(table, "-");
    return;
  }
  char text[64];
  (void)snprintf(text, sizeof text, decimals < 0 ? "%.*g" : "%.*f", decimals < 0 ? 6 : decimals, value);
  const bool negative_zero = text[0] == '-' && strspn(text + 1, "0.") == strlen(text + 1);
  crow_table_add(table, "%s", text + negative_zero);
}

static int text_width(const char *text) {
  char safe[CELL_BYTES];
  return crow_text_fit(text, 0, safe, sizeof safe);
}

static void table_measure(const crow_table *table, int *width) {
  for (int c = 0; c < table->columns; c++) width[c] = text_width(table->column[c].title);
  for (int64_t k = 0; k < table->cells; k++) {
    const int w = text_width(table->cell[k]);
    if (w > width[k % table->columns]) width[k % table->columns] = w;
  }
  /* A group's title that is wider than its columns widens the first of them. */
  for (int g = 0; g < table->groups; g++) {
    const crow_table_group *group = &table->group[g];
    int together = 2 * (group->columns - 1);
    for (int c = 0; c < group->columns; c++) together += width[group->first + c];
    const int missing = text_width(group->title) - together;
    if (missing > 0) width[group->first] += missing;
  }
}

static void table_print_groups(const crow_table *table, const int *width, FILE *out) {
  int column = 0;
  for (int g = 0; g < table->groups; g++) {
    const crow_table_group *group = &table->group[g];
    int begin = 0, together = 2 * (group->columns - 1);
    for (int c = 0; c < group->first; c++) begin += width[c] + 2;
    for (int c = 0; c < group->columns; c++) together += width[group->first + c];
    const int title = text_width(group->title);
    /* Centred over its columns. */
    begin += (together - title) / 2;
    (void)fprintf(out, "%*s%s", begin - column, "", group->title);
    column = begin + title;
  }
  if (table->groups) (void)fputc('\n', out);
}

static void print_row(const crow_table *table, const int *width, const char *const *cell, FILE *out) {
  int pending = 0; /* spaces before the next text; none are left at the line's end */
  for (int c = 0; c < table->columns; c++) {
    const char *text = cell ? cell[c] : table->column[c].title;
    const int space = width[c] - text_width(text);
    const int before = table->column[c].text ? 0 : space;
    if (*text) {
      (void)fprintf(out, "%*s%s", pending + before, "", text);
      pending = 0;
    } else {
      pending += before;
    }
    pending += space - before + 2;
  }
  (void)fputc('\n', out);
}

crow_status crow_table_print(crow_table *table, FILE *out) {
  int width[CROW_TABLE_COLUMNS];
  if (table->status == CROW_OK && out && table->columns > 0) {
    table_measure(table, width);
    table_print_groups(table, width, out);
    print_row(table, width, NULL, out);
    for (int64_t k = 0; k + table->columns <= table->cells; k += table->columns) {
      print_row(table, width, (const char *const *)table->cell + k, out);
    }
  }
  const crow_status status = table->status;
  crow_table_free(table);
  return status;
}

void crow_table_free(crow_table *table) {
  for (int64_t k = 0; k < table->cells; k++) crow_free(table->cell[k]);
  crow_free(table->cell);
  *table = (crow_table){0};
}
