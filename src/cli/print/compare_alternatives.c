/* SPDX-License-Identifier: Apache-2.0 */
/* Alternatives of several results side by side. */
#include "cli/print/compare_impl.h"
#include "cli/table_impl.h"

static void print_rows(crow_table *table, const crow_comparison *c, const crow_comparison_alternatives *a) {
  crow_table_add_column(table, "id", true, 40);
  if (a->has_topic) crow_table_add_column(table, "topic", true, 24);
  for (int k = 0; k < c->count; k++) {
    crow_table_add_column(table, "rank", false, 0);
    crow_table_add_column(table, "reward", false, 0);
    crow_table_add_group(table, c->result[k].name, 2);
  }
  for (int64_t row = 0; row < a->rows; row++) {
    crow_table_add(table, "%s", a->id[row]);
    if (a->has_topic) crow_table_add(table, "%s", a->topic[row]);
    for (int k = 0; k < c->count; k++) {
      const crow_comparison_cell *cell = &a->cell[row * c->count + k];
      if (cell->rank) {
        crow_table_add(table, "%lld", (long long)cell->rank);
        crow_table_add_real(table, 4, cell->reward);
      } else {
        crow_table_add(table, "-");
        crow_table_add(table, "-");
      }
    }
  }
}

static void report_rows(crow_run *run, const crow_comparison *c, const crow_comparison_alternatives *a) {
  if (!run->report) return;
  json_t *list = json_array();
  for (int64_t row = 0; row < a->rows; row++) {
    json_t *entry = json_object(), *cells = json_array();
    for (int k = 0; k < c->count; k++) {
      const crow_comparison_cell *found = &a->cell[row * c->count + k];
      json_t *cell = json_object();
      (void)json_object_set_new(cell, "result", crow_json_text(c->result[k].name));
      (void)json_object_set_new(cell, "rank", found->rank ? json_integer(found->rank) : json_null());
      (void)json_object_set_new(cell, "reward", found->rank ? crow_json_real(found->reward) : json_null());
      (void)json_array_append_new(cells, cell);
    }
    (void)json_object_set_new(entry, "id", crow_json_text(a->id[row]));
    (void)json_object_set_new(entry, "results", cells);
    (void)json_array_append_new(list, entry);
  }
  (void)json_object_set_new(run->report, "alternatives", list);
}

crow_status crow_compare_alternatives(crow_run *run, const crow_comparison *comparison, int64_t top) {
  crow_status status = CROW_OK;
  crow_comparison_alternatives alternatives = {0};
  crow_table table = {0};
  CROW_TRY(crow_comparison_alternatives_create(comparison, top, &alternatives));
  print_rows(&table, comparison, &alternatives);
  report_rows(run, comparison, &alternatives);
  CROW_TRY_AGREE(run->comm, crow_table_print(&table, crow_print_stream(run)));
cleanup:
  crow_comparison_alternatives_free(&alternatives);
  crow_table_free(&table);
  return status;
}
