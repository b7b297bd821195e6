/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_impl.h"
#include "export/export_impl.h"
#include "io/whole_file_impl.h"
#include <string.h>

enum { FORMAT_AUTO, FORMAT_CSV, FORMAT_JSON, FORMAT_NPY };

typedef struct export_options {
  int format, table;
  const char *column;
} export_options;

static const crow_setting export_settings[] = {
    {.name = "format",
     .type = CROW_SETTING_CHOICE,
     .offset = offsetof(export_options, format),
     .value = FORMAT_AUTO,
     .choices = "auto|csv|json|npy",
     .help = "what is written; auto: as the output's name ends"},
    {.name = "table",
     .type = CROW_SETTING_CHOICE,
     .offset = offsetof(export_options, table),
     .value = CROW_EXPORT_ALTERNATIVES,
     .choices = CROW_EXPORT_TABLES,
     .help = "which table: of the alternatives; of a dataset's comparisons, whose first and second are rows of the "
             "alternatives, counted from 0; of the original alternatives of groups; or of a fit's iterations"},
    {.name = "column",
     .type = CROW_SETTING_TEXT,
     .offset = offsetof(export_options, column),
     .choices = "NAME",
     .help = "only this column, e.g. reward, weight, context; npy needs it, and takes numbers alone"},
    {0}};

static const crow_section sections[] = {{"Form", export_settings, 0}, {0}};

static int format_of(const export_options *options, const char *output) {
  static const char *const suffixes[] = {"", ".csv", ".json", ".npy"};
  if (options->format != FORMAT_AUTO) return options->format;
  const size_t length = strlen(output);
  for (int k = FORMAT_CSV; k <= FORMAT_NPY; k++) {
    const size_t tail = strlen(suffixes[k]);
    if (length > tail && strcmp(output + length - tail, suffixes[k]) == 0) return k;
  }
  return FORMAT_AUTO;
}

static crow_status check_export(const crow_run *run) {
  const export_options *options = run->options;
  if (!run->common.output) return CROW_OK;
  const int format = format_of(options, run->common.output);
  if (format == FORMAT_AUTO) {
    return crow_error(CROW_USAGE, "%s: expected a name that ends with .csv, .json or .npy, or --format",
                      run->common.output);
  }
  if (format == FORMAT_NPY && !options->column) {
    return crow_error(CROW_USAGE, "a .npy file holds one array: which --column?");
  }
  return CROW_OK;
}

static void write_begin(FILE *out, int format, const crow_export *table) {
  if (format == FORMAT_CSV) crow_export_csv_begin(out, table);
  if (format == FORMAT_JSON) (void)fputs("[\n", out);
  if (format == FORMAT_NPY) crow_export_npy_begin(out, table);
}

static void write_rows(FILE *out, int format, const crow_export *table, int64_t begin, int64_t count) {
  if (format == FORMAT_CSV) crow_export_csv_rows(out, table, begin, count);
  if (format == FORMAT_JSON) crow_export_json_rows(out, table, begin, count);
  if (format == FORMAT_NPY) crow_export_npy_rows(out, table, begin, count);
}

static crow_status check_stream(const crow_whole_file *file) {
  return file->stream && ferror(file->stream) ? crow_error(CROW_FILE_SYSTEM, "%s: cannot be written", file->path)
                                              : CROW_OK;
}

static crow_status write_table(const crow_run *run, int format, crow_export *table) {
  crow_status status = CROW_OK;
  crow_whole_file out = {0};
  CROW_TRY_AGREE(run->comm, run->root ? crow_whole_file_create(run->common.output, &out) : CROW_OK);
  if (run->root) write_begin(out.stream, format, table);
  for (int64_t begin = 0; begin < table->rows; begin += table->slice) {
    const int64_t left = table->rows - begin, count = left < table->slice ? left : table->slice;
    CROW_TRY(crow_export_read(table, begin, count));
    if (run->root) write_rows(out.stream, format, table, begin, count);
    CROW_TRY_AGREE(run->comm, check_stream(&out)); /* a full disk ends it soon */
  }
  if (run->root && format == FORMAT_JSON) (void)fputs("\n]\n", out.stream);
  CROW_TRY_AGREE(run->comm, run->root ? crow_whole_file_finish(&out) : CROW_OK);
cleanup:
  crow_whole_file_abandon(&out);
  return status;
}

static crow_status run_export(crow_run *run) {
  crow_status status = CROW_OK;
  const export_options *options = run->options;
  const int format = format_of(options, run->common.output);
  crow_file *file = NULL;
  crow_export table = {0};
  CROW_TRY(crow_file_open(run->comm, run->argument[0], NULL, &file));
  CROW_TRY(crow_export_create(run->comm, file, (crow_export_table)options->table, options->column, &table));
  CROW_TRY(crow_comm_check_memory(run->comm, crow_run_memory(run), crow_export_bytes(&table),
                                  "export one --column at a time", "the rows of %s that are written at a time",
                                  run->argument[0]));
  if (format == FORMAT_NPY && table.column[0].type == CROW_EXPORT_TEXT) {
    CROW_TRY(crow_error(CROW_USAGE, "column %s is text; a .npy file takes numbers, .csv and .json take both",
                        table.column[0].name));
  }
  CROW_TRY(write_table(run, format, &table));
  crow_print(run, "%s: %lld row%s", run->common.output, (long long)table.rows, crow_plural(table.rows));
cleanup:
  crow_export_free(&table);
  crow_file_close(&file);
  return status;
}

const crow_command crow_command_export = {
    .name = "export",
    .summary = "write a file's table as CSV, JSON or NumPy array",
    .description =
        "Writes the alternatives of a rewards, scores, weights or dataset file with all that the file says of each, "
        "one row an "
        "alternative, for spreadsheets, pandas and R. Numbers have as many digits as give the same number back; one "
        "that is none (NaN) is an empty field in CSV and null in JSON. JSON is an array with an object for each row.",
    .example = "crow export rewards.h5 -o rewards.csv\n"
               "crow export rewards.h5 -o rewards.npy --column reward\n"
               "crow export votes.h5 -o comparisons.csv --table comparisons",
    .arguments = "FILE",
    .least_arguments = 1,
    .most_arguments = 1,
    .takes = CROW_TAKES_OUTPUT | CROW_PLAIN | CROW_TAKES_MEMORY,
    .options_bytes = sizeof(export_options),
    .sections = sections,
    .check = check_export,
    .run = run_export,
};
