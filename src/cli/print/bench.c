/* SPDX-License-Identifier: Apache-2.0 */
/* Reports of benchmarks: as blocks and as JSON. */
#include "cli/print/bench_impl.h"
#include "cli/table_impl.h"
#include <math.h>
#include <string.h>

static const char rule[] = "================================================================================";

/* Shares, rates and times with four digits; counts whole; "-" where there is nothing to measure. */
static void add_number(crow_table *table, double value) {
  if (isnan(value))
    crow_table_add(table, "%s", "-");
  else if (value == (double)(int64_t)value && value < 1e15)
    crow_table_add(table, "%lld", (long long)value);
  else
    crow_table_add(table, "%.4g", value);
}

static void add_explanation(crow_table *table, const crow_bench_report *report, const char *name) {
  crow_table_add(table, "%s", crow_bench_explain(report->benchmark, name));
}

static crow_status print_figures(const crow_run *run, const crow_bench_report *report) {
  crow_table table = {0};
  if (report->figures == 0) return CROW_OK;
  crow_table_add_columns(&table, "quantity:40|median|min|max|unit:0|what it is:0");
  for (int k = 0; k < report->figures; k++) {
    const crow_bench_figure *f = &report->figure[k];
    crow_table_add(&table, "%s", f->name);
    add_number(&table, f->median);
    if (f->least < f->greatest) {
      add_number(&table, f->least);
      add_number(&table, f->greatest);
    } else {
      crow_table_add(&table, "%s", "");
      crow_table_add(&table, "%s", "");
    }
    crow_table_add(&table, "%s", f->unit);
    add_explanation(&table, report, f->name);
  }
  return crow_table_print(&table, crow_print_stream(run));
}

/* ---- the score ------------------------------------------------------------------------------------------------ */

static const crow_bench_figure *find_of(const crow_bench_report *report, int count, const char *benchmark,
                                        const char *name) {
  for (int k = 0; k < count; k++) {
    if (strcmp(report[k].benchmark, benchmark) == 0 && report[k].valid) return crow_bench_report_find(&report[k], name);
  }
  return NULL;
}

void crow_bench_print_score(crow_run *run, const crow_bench_report *report, int count) {
  static const struct {
    const char *benchmark, *figure, *key, *text;
    double unit;
  } scores[] = {{"weights", "pairs_rate", "samples_times_alternatives_per_s",
                 "weights %.3g samples x alternatives a second", 1e6},
                {"fit", "pairs_rate", "pairs_per_s", "fits %.3g pairs a second", 1e6},
                {"fit", "alternatives_rate", "alternatives_per_s", "fits %.3g alternatives a second", 1e6},
                {"io", "write_rate", "written_bytes_per_s", "files written %.3g bytes a second", 1e6},
                {"io", "read_rate", "read_bytes_per_s", "read %.3g bytes a second", 1e6}};
  char line[512] = "";
  json_t *object = run->report ? json_object() : NULL;
  bool valid = false;
  for (int k = 0; k < count; k++) valid = valid || report[k].valid;
  for (size_t k = 0; k < sizeof scores / sizeof *scores; k++) {
    const crow_bench_figure *f = find_of(report, count, scores[k].benchmark, scores[k].figure);
    char text[96];
    if (!f || isnan(f->median)) continue;
    const double value = f->median * scores[k].unit;
    /* The formats are those above, each with one number. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    (void)snprintf(text, sizeof text, scores[k].text, value);
#pragma GCC diagnostic pop
    const size_t used = strlen(line);
    (void)snprintf(line + used, sizeof line - used, "%s%s", used ? ", " : "", text);
    if (object) (void)json_object_set_new(object, scores[k].key, crow_json_real(value));
  }
  if (object) (void)json_object_set_new(run->report, "score", object);
  crow_print(run, "score: %s",
             *line   ? line
             : valid ? "none, exact weights take no samples"
                     : "none, no result is valid");
}

static crow_status print_stages(const crow_run *run, const crow_bench_report *report) {
  crow_table table = {0};
  if (report->stages == 0) return CROW_OK;
  crow_print(run, "%s", "");
  crow_table_add_columns(&table, "stage, a repetition:40|min s|mean s|max s|share");
  for (int k = 0; k < report->stages; k++) {
    crow_table_add(&table, "%s", report->stage[k]);
    crow_table_add(&table, "%.6f", report->least_s[k]);
    crow_table_add(&table, "%.6f", report->mean_s[k]);
    crow_table_add(&table, "%.6f", report->greatest_s[k]);
    crow_table_add(&table, "%.1f %%", crow_bench_report_share(report, k));
  }
  return crow_table_print(&table, crow_print_stream(run));
}

static void bench_add_to_summary(crow_run *run, const crow_bench_report *report) {
  if (!run->report) return;
  json_t *list = json_object_get(run->report, "benchmarks");
  if (!list) {
    list = json_array();
    (void)json_object_set_new(run->report, "benchmarks", list);
  }
  json_t *figures = json_object(), *stages = json_array(), *entry = json_object();
  for (int k = 0; k < report->figures; k++) {
    const crow_bench_figure *f = &report->figure[k];
    json_t *figure = json_object();
    (void)json_object_set_new(figure, "unit", crow_json_text(f->unit));
    (void)json_object_set_new(figure, "median", crow_json_real(f->median));
    (void)json_object_set_new(figure, "least", crow_json_real(f->least));
    (void)json_object_set_new(figure, "greatest", crow_json_real(f->greatest));
    (void)json_object_set_new(figures, f->name, figure);
    const char *former = crow_bench_former_name(f->name);
    if (former) (void)json_object_set(figures, former, figure);
  }
  for (int k = 0; k < report->stages; k++) {
    json_t *stage = json_object();
    (void)json_object_set_new(stage, "stage", crow_json_text(report->stage[k]));
    (void)json_object_set_new(stage, "least_s", crow_json_real(report->least_s[k]));
    (void)json_object_set_new(stage, "mean_s", crow_json_real(report->mean_s[k]));
    (void)json_object_set_new(stage, "greatest_s", crow_json_real(report->greatest_s[k]));
    (void)json_object_set_new(stage, "share_percent", crow_json_real(crow_bench_report_share(report, k)));
    (void)json_array_append_new(stages, stage);
  }
  (void)json_object_set_new(entry, "benchmark", crow_json_text(report->benchmark));
  (void)json_object_set_new(entry, "problem", crow_json_text(report->problem));
  if (report->blas_core) (void)json_object_set_new(entry, "blas_core", crow_json_text(report->blas_core));
  (void)json_object_set_new(entry, "valid", json_boolean(report->valid));
  (void)json_object_set_new(entry, "verdict", crow_json_text(report->verdict));
  (void)json_object_set_new(entry, "figures", figures);
  (void)json_object_set_new(entry, "stages", stages);
  (void)json_array_append_new(list, entry);
}

crow_status crow_bench_print(crow_run *run, const crow_bench_report *report) {
  crow_print(run, "%s\n%s: %s", rule, report->benchmark, report->problem);
  CROW_NEED(crow_comm_agree(run->comm, print_figures(run, report)));
  CROW_NEED(crow_comm_agree(run->comm, print_stages(run, report)));
  if (*report->verdict) crow_print(run, "\n%s: %s", report->valid ? "VALID" : "INVALID", report->verdict);
  bench_add_to_summary(run, report);
  return CROW_OK;
}
