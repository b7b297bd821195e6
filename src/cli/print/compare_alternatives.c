/* SPDX-License-Identifier: Apache-2.0 */
/* Alternatives of several results side by side. */
#include "cli/print/compare_impl.h"
#include "cli/print/results_impl.h"
#include "cli/table_impl.h"

/* How many columns result `k` has: the first is what the others' places are compared with. */
static int columns_of(const crow_comparison *c, int k) { return 2 + (k > 0) + 2 * c->result[k].has_intervals; }

/* "+2": two places better than in the first result; "=": the same. */
static void add_change(crow_table *table, const crow_comparison_cell *first, const crow_comparison_cell *cell) {
  if (!first->rank || !cell->rank)
    crow_table_add(table, "-");
  else if (first->rank == cell->rank)
    crow_table_add(table, "=");
  else
    crow_table_add(table, "%+lld", (long long)(first->rank - cell->rank));
}

static void compare_alternatives_add_cells(crow_table *table, const crow_comparison *c, const crow_elo *elo, int k,
                                           const crow_comparison_cell *row) {
  const int decimals = elo->on ? 1 : 4;
  const crow_comparison_cell *cell = &row[k];
  if (!cell->there) {
    for (int i = 0; i < columns_of(c, k); i++) crow_table_add(table, "-");
    return;
  }
  crow_table_add_rank(table, cell->rank);
  if (k > 0) add_change(table, &row[0], cell);
  crow_table_add_real(table, decimals, crow_elo_rating(&elo[k], cell->reward));
  if (!c->result[k].has_intervals) return;
  crow_table_add_real(table, decimals, crow_elo_rating(&elo[k], cell->lower));
  crow_table_add_real(table, decimals, crow_elo_rating(&elo[k], cell->upper));
}

static void compare_alternatives_print_rows(crow_table *table, const crow_comparison *c, const crow_elo *elo,
                                            const crow_comparison_alternatives *a) {
  crow_table_add_column(table, "id", true, 40);
  if (a->has_topic) crow_table_add_column(table, "topic", true, 24);
  for (int k = 0; k < c->count; k++) {
    crow_table_add_column(table, "rank", false, 0);
    if (k > 0) crow_table_add_column(table, "+/-", false, 0);
    crow_table_add_column(table, elo->on ? "Elo" : "reward", false, 0);
    if (c->result[k].has_intervals) {
      crow_table_add_columns(table, "lower|upper");
    }
    crow_table_add_group(table, c->result[k].name, columns_of(c, k));
  }
  for (int64_t row = 0; row < a->rows; row++) {
    crow_table_add(table, "%s", a->id[row]);
    if (a->has_topic) crow_table_add(table, "%s", a->topic[row]);
    for (int k = 0; k < c->count; k++) compare_alternatives_add_cells(table, c, elo, k, &a->cell[row * c->count]);
  }
}

/* What the intervals are; results may differ in that. */
static void print_interval_kind(crow_run *run, const crow_comparison *c, bool elo) {
  int some = 0, bootstrap = 0;
  for (int k = 0; k < c->count; k++) {
    some += c->result[k].has_intervals;
    bootstrap += c->result[k].has_intervals && crow_file_has(c->result[k].file, "/rewards/lower");
  }
  if (some == 0) return;
  crow_print(run, "lower, upper: 95 %% interval, %s",
             bootstrap == 0      ? "1.96 standard errors on either side"
             : bootstrap == some ? "by the bootstrap"
                                 : "by the bootstrap where there is one, else 1.96 standard errors on either side");
  if (elo) crow_print(run, "%s", CROW_ELO_INTERVALS);
}

/* What a reader of the ranks must know. */
static void compare_alternatives_print_notes(crow_run *run, const crow_comparison *c, bool elo) {
  bool unweighted = false, prompts = false;
  for (int k = 0; k < c->count; k++) {
    unweighted = unweighted || c->result[k].places.ranked < c->result[k].places.count;
    prompts = prompts || crow_file_has(c->result[k].file, "/alternatives/prompt");
  }
  if (c->count > 1) crow_print(run, "+/-: places better than in %s (= the same)", c->result[0].name);
  print_interval_kind(run, c, elo);
  if (prompts) crow_print(run, "rank: within the prompt");
  if (unweighted) crow_print(run, "rank -: no weight in that result, and so no rank");
  for (int k = 0; k < c->count; k++) {
    if (!c->result[k].components) continue;
    crow_print(run, "%s: the comparisons fall into %lld connected components: ranks across them mean nothing",
               c->result[k].name, (long long)c->result[k].components);
  }
}

static void compare_alternatives_report_rows(crow_run *run, const crow_comparison *c, const crow_elo *elo,
                                             const crow_comparison_alternatives *a) {
  if (!run->report) return;
  json_t *list = json_array();
  for (int64_t row = 0; row < a->rows; row++) {
    json_t *entry = json_object(), *cells = json_array();
    for (int k = 0; k < c->count; k++) {
      const crow_comparison_cell *found = &a->cell[row * c->count + k];
      json_t *cell = json_object();
      (void)json_object_set_new(cell, "result", crow_json_text(c->result[k].name));
      (void)json_object_set_new(cell, "rank", found->rank ? json_integer(found->rank) : json_null());
      (void)json_object_set_new(cell, "reward", found->there ? crow_json_real(found->reward) : json_null());
      if (found->there && elo->on) {
        (void)json_object_set_new(cell, "elo", crow_json_real(crow_elo_rating(&elo[k], found->reward)));
      }
      if (found->there && c->result[k].has_intervals) {
        (void)json_object_set_new(cell, "lower", crow_json_real(found->lower));
        (void)json_object_set_new(cell, "upper", crow_json_real(found->upper));
      }
      (void)json_array_append_new(cells, cell);
    }
    (void)json_object_set_new(entry, "id", crow_json_text(a->id[row]));
    (void)json_object_set_new(entry, "results", cells);
    (void)json_array_append_new(list, entry);
  }
  (void)json_object_set_new(run->report, "alternatives", list);
}

crow_status crow_compare_alternatives(crow_run *run, const crow_comparison *comparison, int64_t top,
                                      const crow_elo_options *scale) {
  crow_status status = CROW_OK;
  crow_comparison_alternatives alternatives = {0};
  crow_table table = {0};
  crow_elo elo[CROW_COMPARISON_MOST] = {{0}};
  for (int k = 0; k < comparison->count; k++) {
    const crow_comparison_result *result = &comparison->result[k];
    CROW_TRY(crow_elo_find(run->comm, scale, result->file, &result->partition, result->value, result->weight, &elo[k]));
  }
  CROW_TRY(crow_comparison_alternatives_create(comparison, top, &alternatives));
  compare_alternatives_print_rows(&table, comparison, elo, &alternatives);
  compare_alternatives_report_rows(run, comparison, elo, &alternatives);
  CROW_TRY_AGREE(run->comm, crow_table_print(&table, crow_print_stream(run)));
  compare_alternatives_print_notes(run, comparison, elo[0].on);
cleanup:
  crow_comparison_alternatives_free(&alternatives);
  crow_table_free(&table);
  return status;
}
