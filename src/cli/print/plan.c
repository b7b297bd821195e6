/* SPDX-License-Identifier: Apache-2.0 */
/* Measured costs and what they predict. */
#include "cli/print/plan_impl.h"
#include "cli/table_impl.h"
#include <math.h>
#include <unistd.h>

static void plan_add(crow_bench_report *report, const char *name, const char *unit, double value) {
  crow_bench_report_add(report, name, unit, &value, 1);
}

static void fill_model(const crow_bench_model *model, const crow_bench_size *size, crow_bench_report *report) {
  *report = (crow_bench_report){.benchmark = "model", .valid = true};
  (void)snprintf(report->problem, sizeof report->problem,
                 "costs measured on %d rank%s of %s among %lld alternatives in %lld dimension%s, in processor time",
                 model->ranks, crow_plural(model->ranks), crow_comm_host(), (long long)model->alternatives,
                 (long long)model->dimensions, crow_plural(model->dimensions));
  plan_add(report, "sgemm_rate", "GFLOP/s", model->machine.gemm_flops / 1e9);
  plan_add(report, "triad_rate", "GB/s", model->machine.triad_bytes_s / 1e9);
  plan_add(report, "allreduce_latency", "us", model->machine.allreduce_latency_s * 1e6);
  plan_add(report, "allreduce_rate", "GB/s", model->machine.allreduce_bytes_s / 1e9);
  plan_add(report, "draw_a_sample", "us", model->draw_s * 1e6);
  plan_add(report, "search_a_sample", "us", model->search_s * 1e6);
  plan_add(report, "search_grows_as_m_to_the", "", model->exponent);
  if (size->pairs > 0) {
    plan_add(report, "evaluate_a_pair", "ns", model->pair_s * 1e9);
    plan_add(report, "evaluate_an_alternative", "ns", model->whole_s * 1e9);
    plan_add(report, "optimise_an_alternative", "ns", model->vector_s * 1e9);
    plan_add(report, "set_up_a_pair", "ns", model->setup_s * 1e9);
    if (size->read_s > 0) plan_add(report, "read_a_comparison", "ns", size->read_s * 1e9);
  } else {
    plan_add(report, "evaluate_an_alternative", "ns", model->complete_s * 1e9);
  }
}

static void plan_add_to_summary(crow_run *run, const crow_bench_size *size, const crow_bench_prediction *p) {
  if (!run->report) return;
  json_t *list = json_object_get(run->report, "predictions"), *entry = json_object();
  if (!list) {
    list = json_array();
    (void)json_object_set_new(run->report, "predictions", list);
  }
  (void)json_object_set_new(entry, "ranks", json_integer(size->ranks));
  (void)json_object_set_new(entry, "slices", json_integer(size->slices));
  (void)json_object_set_new(entry, "weights_s", crow_json_real(p->weights_s));
  (void)json_object_set_new(entry, "weights_bytes", crow_json_real(p->weights_bytes));
  (void)json_object_set_new(entry, "open_s", crow_json_real(p->open_s));
  (void)json_object_set_new(entry, "check_s", crow_json_real(p->check_s));
  (void)json_object_set_new(entry, "read_s", crow_json_real(p->read_s));
  (void)json_object_set_new(entry, "setup_s", crow_json_real(p->setup_s));
  (void)json_object_set_new(entry, "evaluation_s", crow_json_real(p->evaluation_s));
  (void)json_object_set_new(entry, "errors_s", crow_json_real(p->errors_s));
  (void)json_object_set_new(entry, "win_rates_s", crow_json_real(p->win_rates_s));
  (void)json_object_set_new(entry, "sampling_error_s", crow_json_real(p->sampling_s));
  (void)json_object_set_new(entry, "near_duplicates_s", crow_json_real(p->near_s));
  (void)json_object_set_new(entry, "compared_with_all", json_integer(p->near_compared));
  (void)json_object_set_new(entry, "total_s", crow_json_real(p->total_s));
  (void)json_object_set_new(entry, "evaluations", json_integer(p->evaluations));
  (void)json_object_set_new(entry, "fit_s", crow_json_real(p->fit_s));
  (void)json_object_set_new(entry, "fit_bytes", crow_json_real(p->fit_bytes));
  (void)json_array_append_new(list, entry);
}

/* What the first of these runs spends its time with, in the order in which it does. */
static crow_status print_plan_stages(crow_run *run, const crow_bench_size *size, const crow_bench_prediction *p) {
  crow_status status = CROW_OK;
  crow_table table = {0};
  const struct {
    const char *name;
    double seconds;
  } stage[] = {{"reading and checking", p->open_s + p->check_s},
               {"weights", p->weights_s},
               {size->pairs > 0 ? "comparisons into pairs" : "win rates", p->read_s + p->setup_s + p->win_rates_s},
               {"fit", p->fit_s - p->read_s - p->setup_s - p->win_rates_s - p->sampling_s - p->errors_s},
               {"what sampling does to rewards", p->sampling_s},
               {"standard errors", p->errors_s},
               {"near-duplicates", p->near_s},
               {"total", p->total_s}};
  crow_table_add_column(&table, "stage", true, 40);
  crow_table_add_column(&table, "s", false, 0);
  for (size_t k = 0; k < sizeof stage / sizeof *stage; k++) {
    if (!(stage[k].seconds > 0)) continue;
    crow_table_add(&table, "%s", stage[k].name);
    crow_table_add(&table, "%.3g", stage[k].seconds);
  }
  crow_print(run, "\nStage by stage, on %d rank%s:", size->ranks, crow_plural(size->ranks));
  CROW_TRY(crow_comm_agree(run->comm, crow_table_print(&table, crow_print_stream(run))));
cleanup:
  crow_table_free(&table);
  return status;
}

static void add_row(crow_table *table, const crow_bench_size *size, const crow_bench_prediction *p, bool fits) {
  crow_table_add(table, "%d", size->ranks);
  crow_table_add(table, fits ? "%dx%d" : "none fits", size->ranks / (size->slices ? size->slices : 1), size->slices);
  crow_table_add(table, "%.3g", p->weights_bytes / 1e9);
  crow_table_add(table, "%.3g", p->weights_s);
  crow_table_add(table, "%.3g", p->fit_bytes / 1e9);
  crow_table_add(table, "%.3g", p->evaluation_s);
  crow_table_add(table, "%.3g", p->fit_s);
}

/* What a job of these ranks may ask Slurm for. A node has as many ranks as took part in the measurement, or, measured
 * on one, as this machine has processors. */
static void print_slurm(crow_run *run, const crow_bench_model *model, const crow_bench_size *size,
                        const crow_bench_prediction *p) {
  const long processors = sysconf(_SC_NPROCESSORS_ONLN);
  const int fit = model->ranks > 1 ? model->ranks : processors > 0 ? (int)processors : 1;
  const int each = size->ranks < fit ? size->ranks : fit, nodes = (size->ranks + each - 1) / each;
  const int64_t minutes = (int64_t)ceil(1.5 * p->total_s / 60) + 2;
  const int64_t mb = (int64_t)ceil(1.2 * fmax(p->weights_bytes, p->fit_bytes) * each / 1e6 * (1e6 / 1048576)) + 1;
  crow_print(run, "\nA Slurm job of this size may begin with:");
  crow_print(run, "#SBATCH --nodes=%d", nodes);
  crow_print(run, "#SBATCH --ntasks-per-node=%d", each);
  crow_print(run, "#SBATCH --mem=%lldM", (long long)mb);
  crow_print(run, "#SBATCH --time=%lld:%02lld:00", (long long)(minutes / 60), (long long)(minutes % 60));
  crow_report_integer(run, "nodes", nodes);
  crow_report_integer(run, "ntasks_per_node", each);
  crow_report_integer(run, "mem_mb", mb);
  crow_report_integer(run, "time_minutes", minutes);
}

crow_status crow_plan_print(crow_run *run, const crow_bench_size *size, const crow_nearest_options *nearest,
                            double memory) {
  crow_status status = CROW_OK;
  static const char *const titles[] = {"ranks",           "grid", "weights GB a rank", "weights s", "fit GB a rank",
                                       "an evaluation s", "fit s"};
  crow_table table = {0};
  crow_bench_report report;
  crow_bench_model model;
  crow_bench_prediction first = {0};
  CROW_TRY(crow_bench_model_measure(run->comm, size, nearest, &model));
  fill_model(&model, size, &report);
  CROW_TRY(crow_bench_print(run, &report));
  for (size_t k = 0; k < sizeof titles / sizeof *titles; k++) crow_table_add_column(&table, titles[k], k == 1, 0);
  for (int times = 1; times <= 8; times *= 2) {
    crow_bench_size scaled = *size;
    crow_bench_prediction prediction;
    if (size->ranks > 1000000000 / times) break;
    scaled.ranks = times * size->ranks;
    const int slices = crow_bench_slices(&scaled, memory);
    scaled.slices = slices ? slices : scaled.ranks;
    crow_bench_predict(&model, &scaled, &prediction);
    if (times == 1) first = prediction;
    add_row(&table, &scaled, &prediction, slices > 0);
    plan_add_to_summary(run, &scaled, &prediction);
  }
  char samples[64] = "the samples of each prompt";
  if (size->samples > 0 || !(model.prompts_s > 0)) {
    const int64_t n = size->samples > 0 ? size->samples : crow_weights_samples_auto(size->alternatives);
    (void)snprintf(samples, sizeof samples, "%lld sample%s", (long long)n, crow_plural(n));
  }
  crow_print(run,
             "\nPredicted for %lld alternative%s in %lld dimension%s, %s, %lld pair%s%s, %lld evaluation%s, "
             "where a rank may use %.3g GB:",
             (long long)size->alternatives, crow_plural(size->alternatives), (long long)size->dimensions,
             crow_plural(size->dimensions), samples, (long long)size->pairs, crow_plural(size->pairs),
             size->pairs ? "" : " (complete preferences)", (long long)first.evaluations, crow_plural(first.evaluations),
             memory / 1e9);
  CROW_TRY(crow_comm_agree(run->comm, crow_table_print(&table, crow_print_stream(run))));
  if (size->dataset) CROW_TRY(print_plan_stages(run, size, &first));
  if (model.prompts_s > 0) {
    crow_print(run, "Weights are those within %lld prompts.", (long long)size->dataset->prompts);
  }
  if (model.ranks == 1) {
    crow_print(run, "Transfers between ranks are not in it: measured on one rank. For them: mpirun -n 2 crow %s ...",
               run->command->name);
  }
  print_slurm(run, &model, size, &first);
cleanup:
  crow_table_free(&table);
  return status;
}
