/* SPDX-License-Identifier: Apache-2.0 */
/* Rewards by the values of a column, beside those of all comparisons. */
#include "cli/print/results_impl.h"
#include "cli/table_impl.h"
#include <math.h>

/* Values in the printed table, and small ones that are named there; files and the summary have all. */
enum { COLUMNS = 6, NAMED = 8 };

typedef struct by_table {
  const crow_rewards *rewards;
  const crow_ends *ends;
  bool intervals;
  crow_ends_by *column; /* (by.values) */
} by_table;

static void by_table_free(by_table *t) {
  for (int64_t k = 0; t->column && k < t->rewards->by.values; k++) crow_ends_by_free(&t->column[k]);
  crow_free(t->column);
}

/* ---- printed ------------------------------------------------------------------------------------------------ */

static void add_by_cell(crow_table *table, const crow_elo *elo, double value, double lower, double upper) {
  const double rating = crow_elo_rating(elo, value), half = (upper - lower) / 2 * (elo->on ? CROW_ELO_FACTOR : 1);
  if (isnan(rating))
    crow_table_add(table, "-");
  else if (isnan(half))
    crow_table_add(table, elo->on ? "%.0f" : "%.3f", rating);
  else
    crow_table_add(table, elo->on ? "%.0f ± %.0f" : "%.3f ± %.3f", rating, half);
}

static crow_status print_by_table(crow_run *run, const by_table *t, const crow_ends_rewards *all, const crow_elo *elo) {
  const crow_rewards_by *by = &t->rewards->by;
  const crow_ends *e = t->ends;
  const int64_t shown = by->values < COLUMNS ? by->values : COLUMNS;
  crow_table table = {0};
  crow_table_add_columns(&table, "rank|id:40|all");
  for (int64_t k = 0; k < shown; k++) {
    const char *name = crow_strings_get(&by->name, k);
    crow_table_add_column(&table, *name ? name : "(empty)", false, 0);
  }
  for (int64_t k = 0; k < e->count; k++) {
    double lower = (double)NAN, upper = (double)NAN;
    if (k == e->best && e->best < e->ranked) {
      for (int column = 0; column < table.columns; column++) crow_table_add(&table, "%s", column ? "" : "...");
    }
    (void)crow_ends_rewards_interval(all, k, &lower, &upper);
    crow_table_add_rank(&table, e->rank[k]);
    crow_table_add(&table, "%s", e->id[k]);
    add_by_cell(&table, elo, e->place[k].value, lower, upper);
    for (int64_t c = 0; c < shown; c++) {
      const crow_ends_by *column = &t->column[c];
      add_by_cell(&table, &column->elo, column->value[k], column->lower[k], column->upper[k]);
    }
  }
  crow_print(run, "\n%s by %s%s, ranks of all", elo->on ? "Elo ratings" : "Rewards", by->column,
             t->intervals ? " with half their 95 % intervals" : "");
  return crow_comm_agree(run->comm, crow_table_print(&table, crow_print_stream(run)));
}

static void print_by_notes(crow_run *run, const crow_rewards_by *by) {
  char text[1200] = "";
  size_t used = 0;
  if (by->values > COLUMNS) {
    crow_print(run, "%lld more values are in the file: crow export --table by", (long long)(by->values - COLUMNS));
  }
  for (int64_t k = 0; k < by->values; k++) {
    if (by->converged[k]) continue;
    crow_print_warning(run, "warning: %s = %s did not converge, certificate %.3e", by->column,
                       crow_strings_get(&by->name, k), by->optimality[k]);
  }
  if (!by->small || !run->root) return;
  for (int64_t k = 0; k < by->small && k < NAMED && used < 1000; k++) {
    const char *name = crow_strings_get(&by->small_name, k);
    used += (size_t)snprintf(text + used, 130, "%s%.100s %lld", k ? ", " : "", *name ? name : "(empty)",
                             (long long)by->small_judgements[k]);
  }
  crow_print(run, "not fitted, with fewer than %lld judgements (--by-least): %s%s", (long long)by->least, text,
             by->small > NAMED ? ", ..." : "");
  if (by->small > NAMED) crow_print(run, "%lld such values in all", (long long)by->small);
}

/* ---- the summary -------------------------------------------------------------------------------------------- */

static json_t *json_by_value(const by_table *t, int64_t column) {
  const crow_ends_by *from = &t->column[column];
  json_t *list = json_array();
  for (int64_t k = 0; k < t->ends->count; k++) {
    json_t *entry = json_object();
    (void)json_object_set_new(entry, "id", crow_json_text(t->ends->id[k]));
    (void)json_object_set_new(entry, "reward", crow_json_real(from->value[k]));
    if (t->intervals) (void)json_object_set_new(entry, "lower", crow_json_real(from->lower[k]));
    if (t->intervals) (void)json_object_set_new(entry, "upper", crow_json_real(from->upper[k]));
    if (from->elo.on)
      (void)json_object_set_new(entry, "elo", crow_json_real(crow_elo_rating(&from->elo, from->value[k])));
    (void)json_array_append_new(list, entry);
  }
  return list;
}

static void report_by(crow_run *run, const by_table *t) {
  const crow_rewards_by *by = &t->rewards->by;
  if (!run->report) return;
  json_t *object = json_object(), *values = json_array(), *small = json_array();
  for (int64_t k = 0; k < by->values; k++) {
    json_t *value = json_object();
    (void)json_object_set_new(value, "value", crow_json_text(crow_strings_get(&by->name, k)));
    (void)json_object_set_new(value, "judgements", json_integer(by->judgements[k]));
    (void)json_object_set_new(value, "optimality", crow_json_real(by->optimality[k]));
    (void)json_object_set_new(value, "converged", json_boolean(by->converged[k]));
    (void)json_object_set_new(value, "ranking", json_by_value(t, k));
    (void)json_array_append_new(values, value);
  }
  for (int64_t k = 0; k < by->small; k++) {
    json_t *value = json_object();
    (void)json_object_set_new(value, "value", crow_json_text(crow_strings_get(&by->small_name, k)));
    (void)json_object_set_new(value, "judgements", json_integer(by->small_judgements[k]));
    (void)json_array_append_new(small, value);
  }
  (void)json_object_set_new(object, "column", crow_json_text(by->column));
  (void)json_object_set_new(object, "values", values);
  (void)json_object_set_new(object, "not_fitted", small);
  (void)json_object_set_new(run->report, "by", object);
}

crow_status crow_results_by(crow_run *run, const crow_file *file, const crow_rewards *rewards,
                            const crow_ends_rewards *all, const crow_elo_options *scale, const crow_elo *elo) {
  crow_status status = CROW_OK;
  const crow_rewards_by *by = &rewards->by;
  by_table t = {.rewards = rewards, .ends = &all->ends, .intervals = by->standard_error || by->lower};
  if (!by->column) return CROW_OK;
  CROW_TRY_AGREE(run->comm, CROW_ALLOCATE(&t.column, by->values));
  for (int64_t k = 0; k < by->values; k++) {
    CROW_TRY(
        crow_ends_by_create(run->comm, file, &rewards->partition, by, k, rewards->weight, scale, t.ends, &t.column[k]));
  }
  report_by(run, &t);
  if (by->values) CROW_TRY(print_by_table(run, &t, all, elo));
  print_by_notes(run, by);
cleanup:
  by_table_free(&t);
  return status;
}
