/* SPDX-License-Identifier: Apache-2.0 */
/* Topics of several results side by side. */
#include "cli/print/compare_impl.h"
#include "cli/print/results_impl.h"
#include "cli/table_impl.h"

/* Of each result: the mean, its standard error if there is one, and in detail spread and number. */
static int columns_of_topics(const crow_topics *topics, bool detail) {
  return 1 + (topics->error != NULL) + (detail ? 2 : 0);
}

static void add_cells(crow_table *table, const crow_topics *topics, int64_t t, bool detail) {
  if (t < 0) {
    for (int k = 0; k < columns_of_topics(topics, detail); k++) crow_table_add(table, "-");
    return;
  }
  crow_table_add_real(table, 4, topics->mean[t]);
  if (topics->error) crow_table_add_real(table, 4, topics->error[t]);
  if (!detail) return;
  crow_table_add_real(table, 4, topics->deviation[t]);
  crow_table_add(table, "%lld", (long long)topics->size[t]);
}

static void print_rows(crow_table *table, const crow_comparison *c, const crow_comparison_topics *found, bool detail) {
  crow_table_add_column(table, "topic", true, 30);
  for (int k = 0; k < c->count; k++) {
    crow_table_add_column(table, "mean", false, 0);
    if (found->topics[k].error) crow_table_add_column(table, "se", false, 0);
    if (detail) crow_table_add_column(table, "spread", false, 0);
    if (detail) crow_table_add_column(table, "n", false, 0);
    crow_table_add_group(table, c->result[k].name, columns_of_topics(&found->topics[k], detail));
  }
  for (int64_t i = 0; i < found->rows; i++) {
    crow_table_add(table, "%s", found->row[i].name);
    for (int k = 0; k < c->count; k++) add_cells(table, &found->topics[k], found->row[i].at[k], detail);
  }
}

static json_t *cell_json(const char *result, const crow_topics *topics, int64_t t) {
  json_t *cell = json_object();
  (void)json_object_set_new(cell, "result", crow_json_text(result));
  (void)json_object_set_new(cell, "mean", t < 0 ? json_null() : crow_json_real(topics->mean[t]));
  (void)json_object_set_new(cell, "deviation", t < 0 ? json_null() : crow_json_real(topics->deviation[t]));
  if (topics->error && t >= 0) (void)json_object_set_new(cell, "standard_error", crow_json_real(topics->error[t]));
  (void)json_object_set_new(cell, "alternatives", json_integer(t < 0 ? 0 : topics->size[t]));
  return cell;
}

static void report_rows(crow_run *run, const crow_comparison *c, const crow_comparison_topics *found) {
  if (!run->report) return;
  json_t *rows = json_array();
  for (int64_t i = 0; i < found->rows; i++) {
    json_t *row = json_object(), *cells = json_array();
    for (int k = 0; k < c->count; k++) {
      (void)json_array_append_new(cells, cell_json(c->result[k].name, &found->topics[k], found->row[i].at[k]));
    }
    (void)json_object_set_new(row, "topic", crow_json_text(found->row[i].name));
    (void)json_object_set_new(row, "results", cells);
    (void)json_array_append_new(rows, row);
  }
  (void)json_object_set_new(run->report, "topics", rows);
  json_t *leads = json_array();
  for (int k = 0; k < c->count; k++) {
    json_t *lead = crow_json_lead(&found->topics[k]);
    (void)json_object_set_new(lead, "result", crow_json_text(c->result[k].name));
    (void)json_array_append_new(leads, lead);
  }
  (void)json_object_set_new(run->report, "topic_leads", leads);
}

/* What each column means, and who leads in each result. */
static void print_leads(crow_run *run, const crow_comparison *c, const crow_comparison_topics *found) {
  char text[2 * CROW_NAME_BYTES + 128];
  bool errors = false;
  for (int k = 0; k < c->count; k++) errors = errors || found->topics[k].error;
  crow_print(run, "mean: of the topic's rewards%s%s", errors ? "; se: its standard error" : "",
             run->common.verbose ? "; spread: standard deviation within the topic; n: alternatives" : "");
  for (int k = 0; k < c->count; k++) {
    const crow_comparison_result *result = &c->result[k];
    const bool across = result->components && !crow_file_has(result->file, "/alternatives/prompt");
    crow_results_lead(&found->topics[k], text, sizeof text);
    crow_print(run, "%s: %s%s", result->name, text,
               across ? "; but rewards of several connected components have no common zero" : "");
  }
}

crow_status crow_compare_topics(crow_run *run, const crow_comparison *comparison) {
  crow_status status = CROW_OK;
  crow_comparison_topics topics = {0};
  crow_table table = {0};
  CROW_TRY(crow_comparison_topics_create(comparison, &topics));
  print_rows(&table, comparison, &topics, run->common.verbose);
  report_rows(run, comparison, &topics);
  CROW_TRY_AGREE(run->comm, crow_table_print(&table, crow_print_stream(run)));
  print_leads(run, comparison, &topics);
cleanup:
  crow_comparison_topics_free(&topics);
  crow_table_free(&table);
  return status;
}
