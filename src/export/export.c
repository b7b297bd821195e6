/* SPDX-License-Identifier: Apache-2.0 */
#include "export/export_impl.h"
#include "io/whole_file_impl.h"
#include <string.h>

const crow_setting crow_export_settings[] = {
    CROW_SETTING("format", CHOICE, crow_export_options, format, .value = CROW_EXPORT_AUTO,
                 .choices = CROW_EXPORT_FORMATS, .help = "what is written; auto: as the output's name ends"),
    CROW_SETTING("table", CHOICE, crow_export_options, table, .value = CROW_EXPORT_ALTERNATIVES,
                 .choices = CROW_EXPORT_TABLES,
                 .help = "which table: of the alternatives; of a dataset's comparisons, whose first and second are "
                         "rows of the alternatives, counted from 0; of the original alternatives of groups; of a "
                         "fit's iterations or Adam's training curve; the parameters of a linear or mlp model, as "
                         ".npz or .safetensors; or rewards by the values of a column (crow fit --by)"),
    CROW_SETTING("weights", INPUT, crow_export_options, weights, .choices = "uniform|FILE",
                 .help = "of comparisons also the column loss_weight, what each row counts in the objective with "
                         "these weights (crow weights): multiply a reward model's -log sigma by it"),
    CROW_SETTING("column", TEXT, crow_export_options, column, .choices = "NAME",
                 .help = "only this column, e.g. reward, weight, context; npy needs it, and takes numbers alone"),
    {0}};

static crow_export_format format_of(const crow_export_options *options, const char *output) {
  static const char *const suffixes[] = {"", ".csv", ".json", ".npy", ".npz", ".safetensors"};
  if (options->format != CROW_EXPORT_AUTO) return (crow_export_format)options->format;
  const size_t length = strlen(output);
  for (int k = CROW_EXPORT_CSV; k <= CROW_EXPORT_SAFETENSORS; k++) {
    const size_t tail = strlen(suffixes[k]);
    if (length > tail && strcmp(output + length - tail, suffixes[k]) == 0) return (crow_export_format)k;
  }
  return CROW_EXPORT_AUTO;
}

crow_status crow_export_options_validate(const crow_export_options *options, const char *output) {
  const crow_export_format format = format_of(options, output);
  const crow_status scale = crow_elo_options_validate(&options->elo);
  if (scale != CROW_OK) return scale;
  const bool of_models = format == CROW_EXPORT_NPZ || format == CROW_EXPORT_SAFETENSORS;
  if (options->table == CROW_EXPORT_MODEL && !of_models) {
    return crow_error(CROW_USAGE,
                      "%s: a model is written as .npz or .safetensors: expected a name that ends so, or "
                      "--format",
                      output);
  }
  if (of_models && options->table != CROW_EXPORT_MODEL) {
    return crow_error(CROW_USAGE,
                      "%s: .npz and .safetensors hold models: expected --table model, or .csv, .json or "
                      ".npy",
                      output);
  }
  if (of_models && options->column)
    return crow_error(CROW_USAGE, "--column %s: a model is written whole", options->column);
  if (options->weights && options->table != CROW_EXPORT_COMPARISONS)
    return crow_error(CROW_USAGE, "--weights needs --table comparisons");
  if (format == CROW_EXPORT_AUTO) {
    return crow_error(CROW_USAGE, "%s: expected a name that ends with .csv, .json or .npy, or --format", output);
  }
  if (format == CROW_EXPORT_NPY && !options->column) {
    return crow_error(CROW_USAGE, "a .npy file holds one array: which --column?");
  }
  return CROW_OK;
}

static void write_begin(FILE *out, crow_export_format format, const crow_export *table) {
  if (format == CROW_EXPORT_CSV) crow_export_csv_begin(out, table);
  if (format == CROW_EXPORT_JSON) (void)fputs("[\n", out);
  if (format == CROW_EXPORT_NPY) crow_export_npy_begin(out, table);
}

static void write_rows(FILE *out, crow_export_format format, const crow_export *table, int64_t begin, int64_t count) {
  if (format == CROW_EXPORT_CSV) crow_export_csv_rows(out, table, begin, count);
  if (format == CROW_EXPORT_JSON) crow_export_json_rows(out, table, begin, count);
  if (format == CROW_EXPORT_NPY) crow_export_npy_rows(out, table, begin, count);
}

static crow_status check_stream(const crow_whole_file *file) {
  return file->stream && ferror(file->stream) ? crow_error(CROW_FILE_SYSTEM, "%s: cannot be written", file->path)
                                              : CROW_OK;
}

static crow_status write_table(crow_export *table, crow_export_format format, const char *output, bool overwrite) {
  crow_status status = CROW_OK;
  crow_whole_file out = {0};
  CROW_TRY_AGREE(table->comm, table->root ? crow_whole_file_create(output, overwrite, &out) : CROW_OK);
  if (table->root) write_begin(out.stream, format, table);
  for (int64_t begin = 0; begin < table->rows; begin += table->slice) {
    const int64_t left = table->rows - begin, count = left < table->slice ? left : table->slice;
    CROW_TRY(crow_export_read(table, begin, count));
    if (table->root) write_rows(out.stream, format, table, begin, count);
    CROW_TRY_AGREE(table->comm, check_stream(&out)); /* a full disk ends it soon */
  }
  if (table->root && format == CROW_EXPORT_JSON) (void)fputs("\n]\n", out.stream);
  CROW_TRY_AGREE(table->comm, table->root ? crow_whole_file_finish(&out) : CROW_OK);
cleanup:
  crow_whole_file_abandon(&out);
  return status;
}

crow_status crow_export_run(const crow_comm *comm, const char *input, const crow_export_options *options,
                            double memory_per_rank, const char *output, bool overwrite, int64_t *rows) {
  crow_status status = CROW_OK;
  crow_file *file = NULL;
  crow_export table = {0};
  CROW_TRY(crow_export_options_validate(options, output));
  const crow_export_format format = format_of(options, output);
  CROW_TRY(crow_stream_check(comm, output, overwrite));
  CROW_TRY(crow_file_open(comm, input, NULL, &file));
  if (options->table == CROW_EXPORT_MODEL) {
    CROW_TRY(crow_export_model(comm, file, format, output, overwrite, rows));
    goto cleanup;
  }
  CROW_TRY(crow_export_create(comm, file, options, &table));
  if (options->weights) CROW_TRY(crow_export_loss(comm, input, options, memory_per_rank, &table));
  CROW_TRY(crow_comm_check_memory(comm, memory_per_rank, crow_export_bytes(&table), "export one --column at a time",
                                  "the rows of %s that are written at a time", input));
  if (format == CROW_EXPORT_NPY &&
      (table.column[0].type == CROW_EXPORT_TEXT || table.column[0].type == CROW_EXPORT_KEPT)) {
    CROW_TRY(crow_error(CROW_USAGE, "column %s is text; a .npy file takes numbers, .csv and .json take both",
                        table.column[0].name));
  }
  CROW_TRY(write_table(&table, format, output, overwrite));
  *rows = table.rows;
cleanup:
  crow_export_free(&table);
  crow_file_close(&file);
  return status;
}
