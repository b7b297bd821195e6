/* SPDX-License-Identifier: Apache-2.0 */
/* Rows as CSV (RFC 4180), JSON records and NumPy arrays. */
#include "export/export_impl.h"
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Names of columns, which may be those of the user's own file, are cut to this. */
enum { NAME_BYTES = 1100 };

/* The shortest of 15 to 17 digits that gives the same number back. */
static void write_real(FILE *out, double value) {
  char text[40];
  for (int digits = 15; digits <= 17; digits++) {
    (void)snprintf(text, sizeof text, "%.*g", digits, value);
    if (strtod(text, NULL) == value) break;
  }
  (void)fputs(text, out);
}

/* The name of part `k` of a column: reward, context_3, reward_English; its owner frees nothing. */
static void name_part(const crow_export_column *column, int64_t k, char *name, size_t bytes) {
  const char *prefix = column->ours ? "kept_" : "";
  if (column->parts)
    (void)snprintf(name, bytes, "%s_%s", column->name, crow_strings_get(column->parts, k));
  else if (column->width > 1)
    (void)snprintf(name, bytes, "%s%s_%lld", prefix, column->name, (long long)k);
  else
    (void)snprintf(name, bytes, "%s%s", prefix, column->name);
}

static void write_csv_text(FILE *out, const char *text) {
  const size_t length = strlen(text);
  const bool plain = length && !strpbrk(text, "\",\r\n") && text[0] != ' ' && text[length - 1] != ' ';
  if (plain) {
    (void)fputs(text, out);
    return;
  }
  (void)fputc('"', out);
  for (const char *c = text; *c; c++) {
    if (*c == '"') (void)fputc('"', out);
    (void)fputc(*c, out);
  }
  (void)fputc('"', out);
}

void crow_export_csv_begin(FILE *out, const crow_export *t) {
  const char *comma = "";
  for (int c = 0; c < t->columns; c++) {
    const crow_export_column *column = &t->column[c];
    for (int64_t k = 0; k < column->width; k++) {
      char name[NAME_BYTES];
      name_part(column, k, name, sizeof name);
      (void)fputs(comma, out);
      write_csv_text(out, name);
      comma = ",";
    }
  }
  (void)fputc('\n', out);
}

static const char *cell_text(const crow_export *t, const crow_export_column *column, int64_t i) {
  if (column->type == CROW_EXPORT_KEPT) return crow_strings_get(&t->kept_value, column->integer[i]);
  return crow_strings_get(&column->text, i);
}

static void write_json_text(FILE *out, const char *text) {
  json_t *json = json_string(text); /* files hold UTF-8, or are refused */
  (void)json_dumpf(json, out, JSON_ENCODE_ANY);
  json_decref(json);
}

/* A number that is none is an empty field. */
static void write_csv_cell(FILE *out, const crow_export *t, const crow_export_column *column, int64_t i) {
  if (column->type == CROW_EXPORT_TEXT || column->type == CROW_EXPORT_KEPT) {
    write_csv_text(out, cell_text(t, column, i));
  } else if (column->type == CROW_EXPORT_PLACE) {
    if (column->integer[i]) (void)fprintf(out, "%lld", (long long)column->integer[i]);
  } else if (column->type == CROW_EXPORT_INTEGER) {
    (void)fprintf(out, "%lld", (long long)column->integer[i]);
  } else if (!isnan(column->real[i])) {
    write_real(out, column->real[i]);
  }
}

void crow_export_csv_rows(FILE *out, const crow_export *t, int64_t begin, int64_t count) {
  (void)begin;
  for (int64_t i = 0; i < count; i++) {
    for (int c = 0; c < t->columns; c++) {
      const crow_export_column *column = &t->column[c];
      for (int64_t k = 0; k < column->width; k++) {
        if (c || k) (void)fputc(',', out);
        write_csv_cell(out, t, column, i * column->width + k);
      }
    }
    (void)fputc('\n', out);
  }
}

static void write_json_cell(FILE *out, const crow_export *t, const crow_export_column *column, int64_t i) {
  const bool real = column->type == CROW_EXPORT_REAL || column->type == CROW_EXPORT_LOSS;
  if (column->type == CROW_EXPORT_TEXT || column->type == CROW_EXPORT_KEPT) {
    write_json_text(out, cell_text(t, column, i));
  } else if (column->type == CROW_EXPORT_INTEGER || (column->type == CROW_EXPORT_PLACE && column->integer[i])) {
    (void)fprintf(out, "%lld", (long long)column->integer[i]);
  } else if (real && isfinite(column->real[i])) {
    write_real(out, column->real[i]);
  } else {
    (void)fputs("null", out);
  }
}

void crow_export_json_rows(FILE *out, const crow_export *t, int64_t begin, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    (void)fputs(begin + i ? ",\n{" : "{", out);
    for (int c = 0; c < t->columns; c++) {
      const crow_export_column *column = &t->column[c];
      const bool list = column->width > 1 && !column->parts;
      for (int64_t k = 0; k < column->width; k++) {
        char name[NAME_BYTES];
        name_part(column, k, name, sizeof name);
        if (c || k) (void)fputs(", ", out);
        if (list && k == 0) (void)fprintf(out, "\"%s\": [", column->name);
        if (!list) write_json_text(out, name);
        if (!list) (void)fputs(": ", out);
        write_json_cell(out, t, column, i * column->width + k);
      }
      if (list) (void)fputc(']', out);
    }
    (void)fputc('}', out);
  }
}

static bool is_integer(const crow_export_column *column) {
  return column->type != CROW_EXPORT_REAL && column->type != CROW_EXPORT_LOSS;
}

/* Version 1.0: magic, version, length of the header, header; all padded to a multiple of 64 bytes. */
void crow_export_npy_begin(FILE *out, const crow_export *t) {
  const crow_export_column *column = &t->column[0];
  char header[256], shape[64];
  const char *order = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? "<" : ">";
  (void)snprintf(shape, sizeof shape, column->width > 1 ? "%lld, %lld" : "%lld,", (long long)t->rows,
                 (long long)column->width);
  const int length = snprintf(header, sizeof header, "{'descr': '%s%s', 'fortran_order': False, 'shape': (%s), }",
                              order, is_integer(column) ? "i8" : "f8", shape);
  const int total = (10 + length + 1 + 63) / 64 * 64 - 10;
  (void)fwrite("\x93NUMPY\x01\x00", 1, 8, out);
  (void)fputc(total & 0xff, out);
  (void)fputc(total >> 8, out);
  (void)fprintf(out, "%-*s\n", total - 1, header);
}

void crow_export_npy_rows(FILE *out, const crow_export *t, int64_t begin, int64_t count) {
  const crow_export_column *column = &t->column[0];
  const void *values = is_integer(column) ? (const void *)column->integer : column->real;
  (void)begin;
  (void)fwrite(values, 8, (size_t)(count * column->width), out);
}
