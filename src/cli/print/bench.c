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

static crow_status print_figures(const crow_run *run, const crow_bench_report *report) {
  crow_table table = {0};
  if (report->figures == 0) return CROW_OK;
  crow_table_add_column(&table, "quantity", true, 40);
  crow_table_add_column(&table, "median", false, 0);
  crow_table_add_column(&table, "min", false, 0);
  crow_table_add_column(&table, "max", false, 0);
  crow_table_add_column(&table, "unit", true, 0);
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
  }
  return crow_table_print(&table, crow_print_stream(run));
}

static crow_status print_stages(const crow_run *run, const crow_bench_report *report) {
  crow_table table = {0};
  if (report->stages == 0) return CROW_OK;
  crow_print(run, "%s", "");
  crow_table_add_column(&table, "stage, a repetition", true, 40);
  crow_table_add_column(&table, "min s", false, 0);
  crow_table_add_column(&table, "mean s", false, 0);
  crow_table_add_column(&table, "max s", false, 0);
  crow_table_add_column(&table, "share", false, 0);
  for (int k = 0; k < report->stages; k++) {
    crow_table_add(&table, "%s", report->stage[k]);
    crow_table_add(&table, "%.6f", report->least_s[k]);
    crow_table_add(&table, "%.6f", report->mean_s[k]);
    crow_table_add(&table, "%.6f", report->greatest_s[k]);
    crow_table_add(&table, "%.1f %%", crow_bench_report_share(report, k));
  }
  return crow_table_print(&table, crow_print_stream(run));
}

static void add_to_summary(crow_run *run, const crow_bench_report *report) {
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
  crow_status status = CROW_OK;
  crow_print(run, "%s\n%s: %s", rule, report->benchmark, report->problem);
  CROW_TRY(crow_comm_agree(run->comm, print_figures(run, report)));
  CROW_TRY(crow_comm_agree(run->comm, print_stages(run, report)));
  if (*report->verdict) crow_print(run, "\n%s: %s", report->valid ? "VALID" : "INVALID", report->verdict);
  add_to_summary(run, report);
cleanup:
  return status;
}
