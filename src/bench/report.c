/* SPDX-License-Identifier: Apache-2.0 */
/* Options and reports of all benchmarks. */
#include "base/order_impl.h"
#include "bench/bench_impl.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define AT(field) offsetof(crow_bench_options, field)
const crow_setting crow_bench_settings[] = {
    {"alternatives", CROW_SETTING_INT, AT(alternatives), 0, NULL, 0, 2e9, NULL,
     "m; 0: 20000 for weights, 100000 for a fit; a lattice takes the nearest number it can have"},
    {"dimensions", CROW_SETTING_INT, AT(dimensions), 384, NULL, 1, 1e6, NULL, "d of the contexts"},
    {"samples", CROW_SETTING_INT, AT(samples), 0, NULL, 0, 1e13, NULL,
     "N of the weights; 0: as many as take --seconds"},
    CROW_SETTING("draws", CHOICE, crow_bench_options, draws, .value = CROW_DRAWS_AUTO,
                 .choices = "auto|signs|independent",
                 .help = "how samples are drawn; draws by signs are measured beside independent ones"),
    CROW_SETTING("seeds", INT, crow_bench_options, seeds, .value = 32, .minimum = 0, .maximum = 1e6,
                 .help = "runs for the variance of draws by signs, the last are left out after 20 times --seconds; "
                         "0: none"),
    {"pairs", CROW_SETTING_INT, AT(pairs), 0, NULL, 0, 1e12, NULL,
     "distinct pairs of a fit; 0: 50 for each alternative"},
    {"contexts", CROW_SETTING_CHOICE, AT(contexts), CROW_BENCH_LATTICE, NULL, 0, 0, "lattice|random",
     "alternatives whose exact weights are known, or uniform random ones, of whose samples some are searched again"},
    {"graph", CROW_SETTING_CHOICE, AT(graph), CROW_BENCH_PAIRS, NULL, 0, 0, "pairs|complete",
     "what is fitted: observed pairs, or complete preferences; the optimal rewards are known for both"},
    {"fill", CROW_SETTING_DOUBLE, AT(fill), 0, NULL, 0, 0.95, NULL,
     "take as many alternatives (for a fit, pairs) as fill this share of the memory; 0: the sizes above"},
    {"seconds", CROW_SETTING_DOUBLE, AT(seconds), 1, NULL, 0.001, 1e6, NULL,
     "about how long a repetition of the weights takes where --samples does not say it"},
    {"repetitions", CROW_SETTING_INT, AT(repetitions), 5, NULL, 1, CROW_BENCH_REPETITIONS_MOST, NULL,
     "how often each is measured; medians are shown with their range"},
    {"warm-up", CROW_SETTING_INT, AT(warm_up), 1, NULL, 0, CROW_BENCH_REPETITIONS_MOST, NULL,
     "repetitions before that, which do not count"},
    {"efficiency", CROW_SETTING_BOOL, AT(efficiency), 0, NULL, 0, 0, NULL,
     "also run on rank 0 alone, for the parallel efficiency: weights with its share of the samples, a fit whole"},
    {"lambda", CROW_SETTING_DOUBLE, AT(lambda), 0.01, NULL, 1e-9, 1e3, NULL, "regularisation of the fit"},
    {"tolerance", CROW_SETTING_DOUBLE, AT(tolerance), 1e-8, NULL, 1e-13, 1, NULL,
     "the fit stops when its certificate is at most this"},
    {"grid", CROW_SETTING_TEXT, AT(grid), 0, "auto", 0, 0, "GROUPSxSLICES",
     "of the weights: ranks that share the samples x slices of alternatives"},
    {"folder", CROW_SETTING_FOLDER, AT(folder), 0, ".", 0, 0, "FOLDER",
     "where input and output are measured; the files are removed"},
    {"seed", CROW_SETTING_INT, AT(seed), 1, NULL, 0, 9e15, NULL, "of the generated problems"},
    {NULL, CROW_SETTING_BOOL, 0, 0, NULL, 0, 0, NULL, NULL},
};

void crow_bench_options_default(crow_bench_options *options) {
  crow_settings_default(crow_bench_settings, options);
  crow_settings_default(crow_nearest_settings, &options->nearest);
}

crow_status crow_bench_options_validate(const crow_bench_options *options) {
  CROW_NEED(crow_settings_validate(crow_bench_settings, options));
  return crow_settings_validate(crow_nearest_settings, &options->nearest);
}

void crow_bench_report_add(crow_bench_report *report, const char *name, const char *unit, const double *values,
                           int64_t count) {
  double sorted[CROW_BENCH_REPETITIONS_MOST];
  if (count > CROW_BENCH_REPETITIONS_MOST) count = CROW_BENCH_REPETITIONS_MOST;
  if (report->figures == CROW_BENCH_FIGURES || count < 1) return;
  memcpy(sorted, values, (size_t)count * sizeof *sorted);
  qsort(sorted, (size_t)count, sizeof *sorted, crow_order_f64);
  report->figure[report->figures++] =
      (crow_bench_figure){name, unit, (sorted[(count - 1) / 2] + sorted[count / 2]) / 2, sorted[0], sorted[count - 1]};
}

void crow_bench_report_one(crow_bench_report *report, const char *name, const char *unit, double value) {
  crow_bench_report_add(report, name, unit, &value, 1);
}

void crow_bench_report_none(crow_bench_report *report, const char *name, const char *unit) {
  crow_bench_report_one(report, name, unit, (double)NAN);
}

const crow_bench_figure *crow_bench_report_find(const crow_bench_report *report, const char *name) {
  for (int k = 0; k < report->figures; k++) {
    if (strcmp(report->figure[k].name, name) == 0) return &report->figure[k];
  }
  return NULL;
}

int crow_bench_stage_find(const crow_stages *stages, const char *name) {
  for (int k = 0; k < stages->count; k++) {
    if (strcmp(stages->name[k], name) == 0) return k;
  }
  return -1;
}

double crow_bench_stage_s(const crow_stages *stages, const char *name) {
  const int at = crow_bench_stage_find(stages, name);
  return at < 0 ? 0 : stages->seconds[at];
}

double crow_bench_stage_cpu_s(const crow_stages *stages, const char *name) {
  const int at = crow_bench_stage_find(stages, name);
  return at < 0 ? 0 : stages->cpu_seconds[at];
}

double crow_bench_report_share(const crow_bench_report *report, int stage) {
  double total = 0;
  for (int k = 0; k < report->stages; k++) total += report->mean_s[k];
  return total > 0 ? 100 * report->mean_s[stage] / total : 0;
}

crow_status crow_bench_report_add_work(const crow_comm *comm, const crow_work_done *before, crow_bench_report *report) {
  static const char *const names[CROW_WORK_KINDS] = {"work_sample", "work_pair", "work_whole", "work_slice",
                                                     "work_vector"};
  crow_work_done done = crow_work_get();
  for (int k = 0; k < CROW_WORK_KINDS; k++) {
    done.count[k] -= before->count[k];
    done.seconds[k] -= before->seconds[k];
  }
  CROW_NEED(crow_comm_sum_f64_unordered(comm, done.count, CROW_WORK_KINDS));
  CROW_NEED(crow_comm_sum_f64_unordered(comm, done.seconds, CROW_WORK_KINDS));
  for (int k = 0; k < CROW_WORK_KINDS; k++) {
    const double each = 1e9 * done.seconds[k] / done.count[k];
    if (done.count[k] > 0) crow_bench_report_add(report, names[k], "ns", &each, 1);
  }
  return CROW_OK;
}

void crow_bench_stages_add(crow_stages *sum, const crow_stages *stages) {
  for (int k = 0; k < stages->count; k++) {
    int at = 0;
    while (at < sum->count && strcmp(sum->name[at], stages->name[k]) != 0) at++;
    if (at == CROW_STAGES_MAX) continue;
    if (at == sum->count) sum->name[sum->count++] = stages->name[k];
    sum->seconds[at] += stages->seconds[k];
  }
}

crow_status crow_bench_stages_report(const crow_comm *comm, const crow_stages *sum, int64_t repetitions,
                                     crow_bench_report *report) {
  crow_stages mean = *sum;
  double total = 0;
  for (int k = 0; k < mean.count; k++) mean.seconds[k] /= (double)repetitions;
  CROW_NEED(crow_stages_summary(comm, &mean, report->least_s, report->mean_s, report->greatest_s, &total));
  report->stages = mean.count;
  memcpy(report->stage, mean.name, sizeof report->stage);
  return CROW_OK;
}

crow_status crow_bench_greatest(const crow_comm *comm, double *value) { return crow_comm_max_f64(comm, value, 1); }

crow_status crow_bench_memory(const crow_comm *comm, double fill, double *bytes) {
  crow_status status = CROW_OK;
  crow_comm *node = NULL;
  CROW_TRY(crow_comm_split_node(comm, &node));
  *bytes = fill * (double)crow_memory_limit_bytes(crow_comm_size(node));
  CROW_TRY(crow_comm_min_f64(comm, bytes, 1));
cleanup:
  crow_comm_destroy(&node);
  return status;
}

crow_status crow_bench_alone(const crow_comm *comm, crow_comm **out) {
  return crow_comm_split(comm, crow_comm_rank(comm) == 0 ? 0 : -1, 0, out);
}
