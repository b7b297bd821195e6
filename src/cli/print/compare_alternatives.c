/* SPDX-License-Identifier: Apache-2.0 */
/* Alternatives side by side. Only the chosen ones' names and rewards travel; the rest stays in its slices. */
#include "base/table_impl.h"
#include "cli/print/compare_impl.h"
#include "summary/ranking_impl.h"
#include <stdlib.h>
#include <string.h>

typedef struct named {
  char name[CROW_NAME_BYTES];
  int64_t row; /* of the table */
} named;

/* The chosen alternatives, and their reward and rank in one result. */
typedef struct row_values {
  double *value;
  int64_t *found, *greater;
} row_values;

static int compare_named(const void *a, const void *b) {
  return strcmp(((const named *)a)->name, ((const named *)b)->name);
}

/* Marks which rows' ids are in this rank's slice, with their values. */
static crow_status find_local(const crow_compared *result, const crow_strings *ids, const named *sorted, int64_t rows,
                              row_values *out) {
  crow_status status = CROW_OK;
  named *key = NULL;
  CROW_TRY(CROW_ALLOCATE(&key, 1));
  for (int64_t i = 0; i < ids->count; i++) {
    (void)snprintf(key->name, sizeof key->name, "%s", crow_strings_get(ids, i));
    const named *hit = rows ? bsearch(key, sorted, (size_t)rows, sizeof *sorted, compare_named) : NULL;
    if (!hit) continue;
    out->found[hit->row]++;
    out->value[hit->row] = result->value[i];
  }
cleanup:
  crow_free(key);
  return status;
}

static crow_status find_all(const crow_comm *comm, const crow_compared *result, const named *sorted, int64_t rows,
                            row_values *out) {
  crow_status status = CROW_OK;
  crow_strings ids = {0};
  const crow_partition *p = &result->partition;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&out->value, rows));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&out->found, rows));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&out->greater, rows));
  CROW_TRY(crow_ranking_read_ids(comm, result->file, p->begin, p->count, &ids));
  CROW_TRY_AGREE(comm, find_local(result, &ids, sorted, rows, out));
  CROW_TRY(crow_comm_sum_i64(comm, out->found, rows));
  CROW_TRY(crow_comm_sum_f64_unordered(comm, out->value, rows)); /* one rank holds each, the others add zero */
  for (int64_t k = 0; k < rows; k++) {
    if (out->found[sorted[k].row] > 1) {
      CROW_TRY(crow_error(CROW_BAD_INPUT, "%s: /alternatives/id: \"%s\" stands there %lld times, expected once",
                          crow_file_name(result->file), sorted[k].name, (long long)out->found[sorted[k].row]));
    }
  }
  CROW_TRY(crow_ranking_count_greater(comm, p, result->value, rows, out->value, out->greater));
cleanup:
  crow_strings_free(&ids);
  return status;
}

static void print_rows(crow_table *table, int count, const crow_compared *result, const row_values *in, int64_t rows,
                       char (*id)[CROW_NAME_BYTES], char (*topic)[CROW_NAME_BYTES], bool has_topic) {
  crow_table_add_column(table, "id", true, 40);
  if (has_topic) crow_table_add_column(table, "topic", true, 24);
  for (int k = 0; k < count; k++) {
    crow_table_add_column(table, "rank", false, 0);
    crow_table_add_column(table, "reward", false, 0);
    crow_table_add_group(table, result[k].name, 2);
  }
  for (int64_t row = 0; row < rows; row++) {
    crow_table_add(table, "%s", id[row]);
    if (has_topic) crow_table_add(table, "%s", topic[row]);
    for (int k = 0; k < count; k++) {
      if (in[k].found[row]) {
        crow_table_add(table, "%lld", (long long)in[k].greater[row] + 1);
        crow_table_add_real(table, 4, in[k].value[row]);
      } else {
        crow_table_add(table, "-");
        crow_table_add(table, "-");
      }
    }
  }
}

static void report_rows(crow_run *run, int count, const crow_compared *result, const row_values *in, int64_t rows,
                        char (*id)[CROW_NAME_BYTES]) {
  if (!run->report) return;
  json_t *list = json_array();
  for (int64_t row = 0; row < rows; row++) {
    json_t *entry = json_object(), *cells = json_array();
    for (int k = 0; k < count; k++) {
      const bool found = in[k].found[row] > 0;
      json_t *cell = json_object();
      (void)json_object_set_new(cell, "result", crow_json_text(result[k].name));
      (void)json_object_set_new(cell, "rank", found ? json_integer(in[k].greater[row] + 1) : json_null());
      (void)json_object_set_new(cell, "reward", found ? crow_json_real(in[k].value[row]) : json_null());
      (void)json_array_append_new(cells, cell);
    }
    (void)json_object_set_new(entry, "id", crow_json_text(id[row]));
    (void)json_object_set_new(entry, "results", cells);
    (void)json_array_append_new(list, entry);
  }
  (void)json_object_set_new(run->report, "alternatives", list);
}

crow_status crow_compare_alternatives(crow_run *run, int count, const crow_compared *result, int64_t top) {
  crow_status status = CROW_OK;
  const crow_comm *comm = run->comm;
  const crow_compared *last = &result[count - 1];
  crow_ranked *best = NULL;
  named *sorted = NULL;
  char(*id)[CROW_NAME_BYTES] = NULL, (*topic)[CROW_NAME_BYTES] = NULL;
  row_values in[CROW_COMPARED_MOST] = {{0}};
  crow_table table = {0};
  int64_t rows = 0;
  const int64_t most = top == 0 || top > last->partition.global ? last->partition.global : top;
  CROW_TRY(crow_ranking_ends(comm, &last->partition, last->value, most, true, &best, &rows));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&sorted, rows));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&id, rows));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&topic, rows));
  CROW_TRY(crow_ranking_names(comm, last->file, "/alternatives/id", rows, best, id));
  CROW_TRY(crow_ranking_names(comm, last->file, "/alternatives/topic", rows, best, topic));
  for (int64_t k = 0; k < rows; k++) {
    memcpy(sorted[k].name, id[k], CROW_NAME_BYTES);
    sorted[k].row = k;
  }
  if (rows) qsort(sorted, (size_t)rows, sizeof *sorted, compare_named);
  for (int k = 0; k < count; k++) CROW_TRY(find_all(comm, &result[k], sorted, rows, &in[k]));
  print_rows(&table, count, result, in, rows, id, topic, crow_file_has(last->file, "/alternatives/topic"));
  report_rows(run, count, result, in, rows, id);
  CROW_TRY_AGREE(comm, crow_table_print(&table, crow_print_stream(run)));
cleanup:
  for (int k = 0; k < count; k++) {
    crow_free(in[k].value);
    crow_free(in[k].found);
    crow_free(in[k].greater);
  }
  crow_free(best);
  crow_free(sorted);
  crow_free(id);
  crow_free(topic);
  crow_table_free(&table);
  return status;
}
