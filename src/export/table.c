/* SPDX-License-Identifier: Apache-2.0 */
#include "export/export_impl.h"
#include <crow/summary.h>
#include <string.h>

/* What there may be, by kind of file and table, in the order of the output. */
static const struct field {
  const char *kind;
  crow_export_table table;
  const char *name, *path;
  crow_export_type type;
  enum { NO_ELO, ELO_RATING, ELO_SIZE } elo; /* which are shifted, and which are not */
} fields[] = {
    {"rewards", CROW_EXPORT_ALTERNATIVES, "id", "/alternatives/id", CROW_EXPORT_TEXT, NO_ELO},
    {"rewards", CROW_EXPORT_ALTERNATIVES, "topic", "/alternatives/topic", CROW_EXPORT_TEXT, NO_ELO},
    {"rewards", CROW_EXPORT_ALTERNATIVES, "prompt", "/alternatives/prompt", CROW_EXPORT_TEXT, NO_ELO},
    {"rewards", CROW_EXPORT_ALTERNATIVES, "reward", "/rewards/value", CROW_EXPORT_REAL, NO_ELO},
    {"rewards", CROW_EXPORT_ALTERNATIVES, "weight", "/rewards/weight", CROW_EXPORT_REAL, NO_ELO},
    {"rewards", CROW_EXPORT_ALTERNATIVES, "win_rate", "/rewards/win_rate", CROW_EXPORT_REAL, NO_ELO},
    {"rewards", CROW_EXPORT_ALTERNATIVES, "fitted_win_rate", "/rewards/fitted_win_rate", CROW_EXPORT_REAL, NO_ELO},
    {"rewards", CROW_EXPORT_ALTERNATIVES, "spread", "/rewards/spread", CROW_EXPORT_REAL, NO_ELO},
    {"rewards", CROW_EXPORT_ALTERNATIVES, "standard_error", "/rewards/standard_error", CROW_EXPORT_REAL, NO_ELO},
    {"rewards", CROW_EXPORT_ALTERNATIVES, "sampling_error", "/rewards/sampling_error", CROW_EXPORT_REAL, NO_ELO},
    {"rewards", CROW_EXPORT_ALTERNATIVES, "lower", "/rewards/lower", CROW_EXPORT_REAL, NO_ELO},
    {"rewards", CROW_EXPORT_ALTERNATIVES, "upper", "/rewards/upper", CROW_EXPORT_REAL, NO_ELO},
    {"rewards", CROW_EXPORT_ALTERNATIVES, "rank_lower", "/rewards/rank_lower", CROW_EXPORT_INTEGER, NO_ELO},
    {"rewards", CROW_EXPORT_ALTERNATIVES, "rank_upper", "/rewards/rank_upper", CROW_EXPORT_INTEGER, NO_ELO},
    {"rewards", CROW_EXPORT_ALTERNATIVES, "place", "/rewards/value", CROW_EXPORT_PLACE, NO_ELO},
    {"rewards", CROW_EXPORT_ALTERNATIVES, "elo", "/rewards/value", CROW_EXPORT_REAL, ELO_RATING},
    {"rewards", CROW_EXPORT_ALTERNATIVES, "elo_standard_error", "/rewards/standard_error", CROW_EXPORT_REAL, ELO_SIZE},
    {"rewards", CROW_EXPORT_ALTERNATIVES, "elo_lower", "/rewards/lower", CROW_EXPORT_REAL, ELO_RATING},
    {"rewards", CROW_EXPORT_ALTERNATIVES, "elo_upper", "/rewards/upper", CROW_EXPORT_REAL, ELO_RATING},
    {"rewards", CROW_EXPORT_ORIGINAL, "id", "/original/id", CROW_EXPORT_TEXT, NO_ELO},
    {"rewards", CROW_EXPORT_ORIGINAL, "topic", "/original/topic", CROW_EXPORT_TEXT, NO_ELO},
    {"rewards", CROW_EXPORT_ORIGINAL, "reward", "/original/reward", CROW_EXPORT_REAL, NO_ELO},
    {"rewards", CROW_EXPORT_TRACE, "objective", "/trace/objective", CROW_EXPORT_REAL, NO_ELO},
    {"rewards", CROW_EXPORT_TRACE, "optimality", "/trace/optimality", CROW_EXPORT_REAL, NO_ELO},
    {"rewards", CROW_EXPORT_TRACE, "member", "/training/member", CROW_EXPORT_INTEGER, NO_ELO},
    {"rewards", CROW_EXPORT_TRACE, "step", "/training/step", CROW_EXPORT_INTEGER, NO_ELO},
    {"rewards", CROW_EXPORT_TRACE, "loss", "/training/loss", CROW_EXPORT_REAL, NO_ELO},
    {"rewards", CROW_EXPORT_TRACE, "validation_loss", "/training/validation_loss", CROW_EXPORT_REAL, NO_ELO},
    {"rewards", CROW_EXPORT_TRACE, "validation_accuracy", "/training/validation_accuracy", CROW_EXPORT_REAL, NO_ELO},
    {"weights", CROW_EXPORT_ALTERNATIVES, "id", "/alternatives/id", CROW_EXPORT_TEXT, NO_ELO},
    {"weights", CROW_EXPORT_ALTERNATIVES, "topic", "/alternatives/topic", CROW_EXPORT_TEXT, NO_ELO},
    {"weights", CROW_EXPORT_ALTERNATIVES, "prompt", "/alternatives/prompt", CROW_EXPORT_TEXT, NO_ELO},
    {"weights", CROW_EXPORT_ALTERNATIVES, "weight", "/weights/value", CROW_EXPORT_REAL, NO_ELO},
    {"weights", CROW_EXPORT_ALTERNATIVES, "standard_error", "/weights/standard_error", CROW_EXPORT_REAL, NO_ELO},
    {"weights", CROW_EXPORT_ALTERNATIVES, "hits", "/weights/hits", CROW_EXPORT_INTEGER, NO_ELO},
    {"scores", CROW_EXPORT_ALTERNATIVES, "id", "/alternatives/id", CROW_EXPORT_TEXT, NO_ELO},
    {"scores", CROW_EXPORT_ALTERNATIVES, "topic", "/alternatives/topic", CROW_EXPORT_TEXT, NO_ELO},
    {"scores", CROW_EXPORT_ALTERNATIVES, "prompt", "/alternatives/prompt", CROW_EXPORT_TEXT, NO_ELO},
    {"scores", CROW_EXPORT_ALTERNATIVES, "reward", "/scores/value", CROW_EXPORT_REAL, NO_ELO},
    {"scores", CROW_EXPORT_ALTERNATIVES, "spread", "/scores/spread", CROW_EXPORT_REAL, NO_ELO},
    {"scores", CROW_EXPORT_ALTERNATIVES, "nearest", "/scores/nearest", CROW_EXPORT_INTEGER, NO_ELO},
    {"scores", CROW_EXPORT_ALTERNATIVES, "nearest_id", "/scores/nearest_id", CROW_EXPORT_TEXT, NO_ELO},
    {"scores", CROW_EXPORT_ALTERNATIVES, "distance", "/scores/distance", CROW_EXPORT_REAL, NO_ELO},
    {"dataset", CROW_EXPORT_ALTERNATIVES, "id", "/alternatives/id", CROW_EXPORT_TEXT, NO_ELO},
    {"dataset", CROW_EXPORT_ALTERNATIVES, "topic", "/alternatives/topic", CROW_EXPORT_TEXT, NO_ELO},
    {"dataset", CROW_EXPORT_ALTERNATIVES, "prompt", "/alternatives/prompt", CROW_EXPORT_TEXT, NO_ELO},
    {"dataset", CROW_EXPORT_ALTERNATIVES, "context", "/alternatives/context", CROW_EXPORT_REAL, NO_ELO},
    {"dataset", CROW_EXPORT_COMPARISONS, "first", "/comparisons/first", CROW_EXPORT_INTEGER, NO_ELO},
    {"dataset", CROW_EXPORT_COMPARISONS, "second", "/comparisons/second", CROW_EXPORT_INTEGER, NO_ELO},
    {"dataset", CROW_EXPORT_COMPARISONS, "outcome", "/comparisons/outcome", CROW_EXPORT_REAL, NO_ELO},
    {"dataset", CROW_EXPORT_COMPARISONS, "count", "/comparisons/count", CROW_EXPORT_INTEGER, NO_ELO},
    {"dataset", CROW_EXPORT_COMPARISONS, "loss_weight", "/comparisons/first", CROW_EXPORT_LOSS, NO_ELO},
    {"rewards", CROW_EXPORT_BY, "id", "/alternatives/id", CROW_EXPORT_TEXT, NO_ELO},
    {"rewards", CROW_EXPORT_BY, "reward", "/by/reward", CROW_EXPORT_REAL, NO_ELO},
    {"rewards", CROW_EXPORT_BY, "standard_error", "/by/standard_error", CROW_EXPORT_REAL, NO_ELO},
    {"rewards", CROW_EXPORT_BY, "lower", "/by/lower", CROW_EXPORT_REAL, NO_ELO},
    {"rewards", CROW_EXPORT_BY, "upper", "/by/upper", CROW_EXPORT_REAL, NO_ELO},
};

static bool is_ids(const char *path) { return strcmp(path, "/alternatives/id") == 0; }

static void add_column(crow_export *t, const struct field *field, const crow_elo *elo) {
  int64_t shape[2];
  crow_export_column *column = &t->column[t->columns++];
  *column = (crow_export_column){.name = field->name, .path = field->path, .type = field->type, .width = 1};
  column->elo = field->elo != NO_ELO;
  column->shift = field->elo == ELO_RATING ? elo->shift : 0;
  crow_file_shape(t->file, field->path, shape);
  if (shape[0] == 0) return; /* ids that are row numbers */
  t->rows = shape[0];
  column->width = shape[1];
  if (strncmp(field->path, "/by/", 4) == 0) column->parts = &t->parts;
}

/* Columns that were kept with the comparisons. One that is called as one of ours is, say count, becomes kept_count. */
static crow_status add_kept(crow_export *t, const char *only, bool *data) {
  const int64_t names = crow_file_rows(t->file, "/comparisons/label_name");
  const int64_t values = t->root ? crow_file_rows(t->file, "/comparisons/label_value") : 0;
  if (!crow_file_has(t->file, "/comparisons/label_name")) return CROW_OK;
  CROW_NEED(crow_file_read_strings(t->file, "/comparisons/label_name", 0, names, &t->kept_name));
  CROW_NEED(crow_file_read_strings(t->file, "/comparisons/label_value", 0, values, &t->kept_value));
  for (int64_t k = 0; k < t->kept_name.count && t->columns < CROW_EXPORT_COLUMNS; k++) {
    const char *name = crow_strings_get(&t->kept_name, k);
    if (only && strcmp(only, name) != 0) continue;
    crow_export_column *column = &t->column[t->columns++];
    *column = (crow_export_column){
        .name = name, .path = "/comparisons/label", .type = CROW_EXPORT_KEPT, .width = 1, .kept = k};
    for (size_t f = 0; f < sizeof fields / sizeof *fields; f++) {
      if (fields[f].table == CROW_EXPORT_COMPARISONS && strcmp(fields[f].name, name) == 0) column->ours = true;
    }
    t->rows = crow_file_rows(t->file, column->path);
    *data = true;
  }
  return CROW_OK;
}

static crow_status refuse(const crow_file *file, crow_export_table table, const char *only, const char *names) {
  static const char *const tables[] = {"alternatives", "comparisons", "original", "trace", "model", "by"};
  if (*names) {
    return crow_error(CROW_USAGE, "%s: the table of %s has no column \"%s\"; expected one of %s", crow_file_name(file),
                      tables[table], only, names);
  }
  return crow_error(CROW_BAD_INPUT, "%s: is a %s file that has no table of %s", crow_file_name(file),
                    crow_file_kind(file), tables[table]);
}

static crow_status allocate_columns(crow_export *t) {
  int64_t widest = 1;
  for (int c = 0; c < t->columns; c++) widest = t->column[c].width > widest ? t->column[c].width : widest;
  t->slice = CROW_EXPORT_SLICE / widest + 1;
  for (int c = 0; c < t->columns && t->root; c++) {
    crow_export_column *column = &t->column[c];
    if (column->type == CROW_EXPORT_REAL || column->type == CROW_EXPORT_LOSS)
      CROW_NEED(CROW_ALLOCATE_RAW(&column->real, t->slice * column->width));
    if (column->type == CROW_EXPORT_INTEGER || column->type == CROW_EXPORT_PLACE || column->type == CROW_EXPORT_KEPT)
      CROW_NEED(CROW_ALLOCATE_RAW(&column->integer, t->slice * column->width));
  }
  return CROW_OK;
}

/* Places, where there is a column of them, with a word of warning where they mean little. */
static crow_status find_places(crow_export *t) {
  crow_status status = CROW_OK;
  double *value = NULL;
  bool wanted = false;
  for (int c = 0; c < t->columns; c++) wanted = wanted || t->column[c].type == CROW_EXPORT_PLACE;
  if (!wanted) return CROW_OK;
  crow_partition p;
  const int64_t components = crow_places_components(t->file);
  CROW_TRY(crow_file_read_vector(t->file, "/rewards/value", &p, &value));
  CROW_TRY(crow_places_read(t->comm, t->file, &p, value, &t->places));
  if (components) {
    crow_log(CROW_LOG_WARNING,
             "the comparisons fall into %lld connected components: rewards and places across them mean nothing",
             (long long)components);
  }
cleanup:
  crow_free(value);
  return status;
}

/* The scale of a rewards file, if it is wanted. */
static crow_status find_scale(const crow_comm *comm, const crow_file *file, const crow_export_options *options,
                              crow_elo *out) {
  crow_status status = CROW_OK;
  double *value = NULL, *weight = NULL;
  crow_partition p;
  *out = (crow_elo){0};
  if (!(options->elo.on || options->elo.anchor) || strcmp(crow_file_kind(file), "rewards") != 0) return CROW_OK;
  CROW_TRY(crow_file_read_vector(file, "/rewards/value", &p, &value));
  CROW_TRY(crow_file_read_vector(file, "/rewards/weight", &p, &weight));
  CROW_TRY(crow_elo_find(comm, &options->elo, file, &p, value, weight, out));
cleanup:
  CROW_FREE(value, weight);
  return status;
}

crow_status crow_export_create(const crow_comm *comm, const crow_file *file, const crow_export_options *options,
                               crow_export *out) {
  const crow_export_table table = (crow_export_table)options->table;
  const char *only = options->column;
  char names[512] = "";
  bool data = false;
  crow_elo elo;
  crow_status status = find_scale(comm, file, options, &elo);
  *out = (crow_export){.comm = comm, .root = crow_comm_rank(comm) == 0, .file = file};
  if (status != CROW_OK) return status;
  for (size_t k = 0; k < sizeof fields / sizeof *fields; k++) {
    const struct field *field = &fields[k];
    const bool there = crow_file_has(file, field->path);
    if (strcmp(field->kind, crow_file_kind(file)) != 0 || field->table != table) continue;
    if ((!there && !is_ids(field->path)) || (field->elo != NO_ELO && !elo.on)) continue;
    if (field->type == CROW_EXPORT_LOSS && !options->weights) continue;
    data = data || there;
    const size_t used = strlen(names);
    (void)snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", field->name);
    if (!only || strcmp(only, field->name) == 0) add_column(out, field, &elo);
  }
  if (table == CROW_EXPORT_COMPARISONS && strcmp("dataset", crow_file_kind(file)) == 0)
    status = add_kept(out, only, &data);
  if (table == CROW_EXPORT_BY && crow_file_has(file, "/by/name")) {
    status = crow_file_read_strings(file, "/by/name", 0, crow_file_rows(file, "/by/name"), &out->parts);
  } else if (table == CROW_EXPORT_BY) {
    data = false; /* names of alternatives alone are no table of rewards by value */
  }
  if (status != CROW_OK) return status;
  if (!data) return refuse(file, table, only, "");
  if (out->columns == 0) return refuse(file, table, only, names);
  status = crow_comm_agree(comm, allocate_columns(out));
  return status == CROW_OK ? find_places(out) : status;
}

double crow_export_bytes(const crow_export *t) {
  double numbers = 0;
  for (int c = 0; c < t->columns; c++)
    numbers += t->column[c].type == CROW_EXPORT_TEXT ? 0 : (double)t->column[c].width;
  return (double)CROW_PROCESS_BYTES + 8 * (double)t->slice * numbers;
}

void crow_export_free(crow_export *t) {
  for (int c = 0; c < t->columns; c++) {
    crow_strings_free(&t->column[c].text);
    CROW_FREE(t->column[c].real, t->column[c].integer);
  }
  crow_places_free(&t->places);
  crow_strings_free(&t->kept_name);
  crow_strings_free(&t->kept_value);
  crow_strings_free(&t->parts);
  crow_free(t->loss);
  *t = (crow_export){0};
}

/* The numbers of a kept column's values. */
static crow_status table_read_kept(crow_export *t, int64_t begin, int64_t count, crow_export_column *column) {
  crow_status status = CROW_OK;
  const int64_t width = t->kept_name.count;
  int64_t *all = NULL;
  CROW_TRY_AGREE(t->comm, CROW_ALLOCATE_RAW(&all, count * width));
  CROW_TRY(crow_file_read(t->file, "/comparisons/label", begin, count, CROW_I64, all));
  for (int64_t i = 0; i < count; i++) column->integer[i] = all[i * width + column->kept];
cleanup:
  crow_free(all);
  return status;
}

crow_status crow_export_read(crow_export *t, int64_t begin, int64_t count) {
  const int64_t mine = t->root ? count : 0;
  for (int c = 0; c < t->columns; c++) {
    crow_export_column *column = &t->column[c];
    crow_strings_free(&column->text);
    if (column->type == CROW_EXPORT_REAL) {
      CROW_NEED(crow_file_read(t->file, column->path, begin, mine, CROW_F64, column->real));
      for (int64_t i = 0; i < mine && column->elo; i++) {
        column->real[i] = CROW_ELO_FACTOR * column->real[i] + column->shift;
      }
    } else if (column->type == CROW_EXPORT_LOSS) {
      CROW_NEED(crow_export_read_loss(t, begin, mine, column->real));
    } else if (column->type == CROW_EXPORT_KEPT) {
      CROW_NEED(table_read_kept(t, begin, mine, column));
    } else if (column->type == CROW_EXPORT_INTEGER) {
      CROW_NEED(crow_file_read(t->file, column->path, begin, mine, CROW_I64, column->integer));
    } else if (column->type == CROW_EXPORT_PLACE) {
      for (int64_t i = 0; i < mine; i++) column->integer[i] = t->places.place[begin + i];
    } else if (is_ids(column->path)) {
      CROW_NEED(crow_ranking_read_ids(t->comm, t->file, begin, mine, &column->text));
    } else {
      CROW_NEED(crow_file_read_strings(t->file, column->path, begin, mine, &column->text));
    }
  }
  return CROW_OK;
}
