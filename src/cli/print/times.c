/* SPDX-License-Identifier: Apache-2.0 */
/* The time table: where a run's seconds went. */
#include "cli/cli_impl.h"
#include "cli/table_impl.h"

/* `cpu`: processor seconds of all ranks together. */
static void report_times(crow_run *run, const double *least, const double *mean, const double *greatest,
                         const double *cpu, double total) {
  if (!run->report) return;
  json_t *stages = json_array();
  for (int k = 0; k < run->stages.count; k++) {
    json_t *stage = json_object();
    (void)json_object_set_new(stage, "stage", crow_json_text(run->stages.name[k]));
    (void)json_object_set_new(stage, "least_s", crow_json_real(least[k]));
    (void)json_object_set_new(stage, "mean_s", crow_json_real(mean[k]));
    (void)json_object_set_new(stage, "greatest_s", crow_json_real(greatest[k]));
    (void)json_object_set_new(stage, "cpu_s", crow_json_real(cpu[k]));
    (void)json_array_append_new(stages, stage);
  }
  (void)json_object_set_new(run->report, "stages", stages);
  crow_report_real(run, "total_s", total);
}

/* `*total`: seconds of the whole run. */
static crow_status print_times(crow_run *run, double *total) {
  crow_status status = CROW_OK;
  crow_table table = {0};
  double least[CROW_STAGES_MAX], mean[CROW_STAGES_MAX], greatest[CROW_STAGES_MAX];
  double cpu[CROW_STAGES_MAX];
  crow_stages_end(&run->stages);
  CROW_TRY(crow_stages_summary(run->comm, &run->stages, least, mean, greatest, total));
  for (int k = 0; k < run->stages.count; k++) cpu[k] = run->stages.cpu_seconds[k];
  CROW_TRY(crow_comm_sum_f64_unordered(run->comm, cpu, run->stages.count));
  report_times(run, least, mean, greatest, cpu, *total);
  crow_table_add_columns(&table, "stage:40|min s|mean s|max s|share");
  for (int k = 0; k < run->stages.count; k++) {
    crow_table_add(&table, "%s", run->stages.name[k]);
    crow_table_add(&table, "%.3f", least[k]);
    crow_table_add(&table, "%.3f", mean[k]);
    crow_table_add(&table, "%.3f", greatest[k]);
    crow_table_add(&table, "%.1f %%", *total > 0 ? 100 * mean[k] / *total : 0);
  }
  crow_table_add(&table, "total");
  crow_table_add(&table, "%s", "");
  crow_table_add(&table, "%s", "");
  crow_table_add(&table, "%.3f", *total);
  crow_table_add(&table, "%s", "");
  crow_print_detail(run, "\nTime over %d rank%s", crow_comm_size(run->comm), crow_plural(crow_comm_size(run->comm)));
  CROW_TRY(crow_comm_agree(run->comm, crow_table_print(&table, crow_detail_stream(run))));
cleanup:
  crow_table_free(&table);
  return status;
}

crow_status crow_times_print(crow_run *run) {
  double total = 0;
  return print_times(run, &total);
}

crow_status crow_print_written(crow_run *run, const char *what, const char *mark) {
  const int ranks = crow_comm_size(run->comm);
  double total = 0;
  CROW_NEED(print_times(run, &total));
  crow_print_detail(run, "%s", "");
  crow_print(run, "%s written to %s%s (%.3g s on %d rank%s)", what, crow_run_output(run), mark, total, ranks,
             crow_plural(ranks));
  crow_report_text(run, "output", crow_run_output(run));
  return CROW_OK;
}
