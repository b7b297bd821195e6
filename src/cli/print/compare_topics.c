/* SPDX-License-Identifier: Apache-2.0 */
#include "base/table_impl.h"
#include "cli/print/compare_impl.h"
#include "summary/topics_impl.h"

static void add_cells(crow_table *table, const crow_topics *topics, int64_t t) {
  if (t < 0) {
    for (int k = 0; k < 3; k++) crow_table_add(table, "-");
    return;
  }
  crow_table_add_real(table, 4, topics->mean[t]);
  crow_table_add_real(table, 4, topics->deviation[t]);
  crow_table_add(table, "%lld", (long long)topics->size[t]);
}

static void add_report(json_t *rows, const char *topic, int count, const crow_compared *result,
                       const crow_topics *topics) {
  json_t *row = json_object(), *cells = json_array();
  for (int k = 0; k < count; k++) {
    const int64_t t = crow_topics_find(&topics[k], topic);
    json_t *cell = json_object();
    (void)json_object_set_new(cell, "result", crow_json_text(result[k].name));
    (void)json_object_set_new(cell, "mean", t < 0 ? json_null() : crow_json_real(topics[k].mean[t]));
    (void)json_object_set_new(cell, "deviation", t < 0 ? json_null() : crow_json_real(topics[k].deviation[t]));
    (void)json_object_set_new(cell, "alternatives", json_integer(t < 0 ? 0 : topics[k].size[t]));
    (void)json_array_append_new(cells, cell);
  }
  (void)json_object_set_new(row, "topic", crow_json_text(topic));
  (void)json_object_set_new(row, "results", cells);
  (void)json_array_append_new(rows, row);
}

static void add_row(crow_table *table, json_t *rows, const char *topic, int count, const crow_compared *result,
                    const crow_topics *topics) {
  crow_table_add(table, "%s", topic);
  for (int k = 0; k < count; k++) add_cells(table, &topics[k], crow_topics_find(&topics[k], topic));
  if (rows) add_report(rows, topic, count, result, topics);
}

/* Whether one of the results after `k` has the topic. */
static bool comes_later(const crow_topics *topics, int k, int count, const char *name) {
  for (int later = k + 1; later < count; later++) {
    if (crow_topics_find(&topics[later], name) >= 0) return true;
  }
  return false;
}

static crow_status check_topics(const crow_compared *result, const crow_topics *topics) {
  if (topics->count > 0) return CROW_OK;
  if (topics->too_many) {
    return crow_error(CROW_BAD_INPUT, "%s: /alternatives/topic: more than %d topics, too many for a table",
                      crow_file_name(result->file), CROW_TOPICS_MOST);
  }
  return crow_error(CROW_BAD_INPUT, "%s: /alternatives/topic is missing: expected topics; --by alternative needs none",
                    crow_file_name(result->file));
}

crow_status crow_compare_topics(crow_run *run, int count, const crow_compared *result) {
  crow_status status = CROW_OK;
  crow_topics topics[CROW_COMPARED_MOST] = {{0}};
  crow_table table = {0};
  json_t *rows = run->report ? json_array() : NULL;
  crow_table_add_column(&table, "topic", true, 30);
  for (int k = 0; k < count; k++) {
    CROW_TRY(
        crow_topics_create(run->comm, result[k].file, &result[k].partition, false, result[k].value, NULL, &topics[k]));
    CROW_TRY(check_topics(&result[k], &topics[k]));
    crow_table_add_column(&table, "mean", false, 0);
    crow_table_add_column(&table, "sd", false, 0);
    crow_table_add_column(&table, "n", false, 0);
    crow_table_add_group(&table, result[k].name, 3);
  }
  /* The last result's topics first, in its order; then those that only earlier ones have. */
  for (int k = count - 1; k >= 0; k--) {
    for (int64_t i = 0; i < topics[k].count; i++) {
      const char *name = crow_strings_get(&topics[k].name, topics[k].by_mean[i]);
      if (!comes_later(topics, k, count, name)) add_row(&table, rows, name, count, result, topics);
    }
  }
  if (rows) (void)json_object_set_new(run->report, "topics", rows);
  rows = NULL;
  CROW_TRY_AGREE(run->comm, crow_table_print(&table, crow_print_stream(run)));
cleanup:
  json_decref(rows);
  crow_table_free(&table);
  for (int k = 0; k < count; k++) crow_topics_free(&topics[k]);
  return status;
}
