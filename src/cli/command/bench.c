/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/print/plan_impl.h"
#include "comm/simulated_impl.h"
#include <string.h>

typedef struct bench_options {
  const char *csv, *charge;
  int64_t ranks, evaluations;
  double machine_seconds;
  crow_bench_options bench;
} bench_options;

static const crow_setting csv_settings[] = {
    CROW_SETTING("csv", STREAM, bench_options, csv, .choices = "FILE",
                 .help = "write all figures as benchmark,quantity,unit,median,least,greatest; it replaces an "
                         "existing file"),
    {0}};

static const crow_setting machine_settings[] = {
    CROW_SETTING("machine-seconds", DOUBLE, bench_options, machine_seconds, .value = 1, .minimum = 0.01, .maximum = 1e4,
                 .help = "about how long sgemm, triad and allreduce are measured before the benchmarks, in all"),
    {0}};

static const crow_setting simulation_settings[] = {
    CROW_SETTING("charge", TEXT, bench_options, charge, .choices = "KIND=S,...",
                 .help = "in a build for SimGrid: the seconds that one sample, pair, whole, slice or vector element "
                         "takes; what a real run reports as work_sample and so on"),
    {0}};

static const crow_setting model_settings[] = {
    CROW_SETTING("ranks", INT, bench_options, ranks, .value = 0, .minimum = 0, .maximum = 1e6,
                 .help = "of the run that the model predicts; 0: as many as run now"),
    CROW_SETTING("evaluations", INT, bench_options, evaluations, .value = 20, .minimum = 1, .maximum = 1e9,
                 .help = "of the objective in the fit that the model predicts"),
    {0}};

static const crow_section sections[] = {
    {"Benchmark", crow_bench_settings, offsetof(bench_options, bench)},
    {"Nearest alternative", crow_nearest_settings, offsetof(bench_options, bench.nearest)},
    {"Machine", machine_settings, 0},
    {"Model", model_settings, 0},
    {"Simulation", simulation_settings, 0},
    {"Table", csv_settings, 0},
    {0}};

enum { REPORTS = 4 };
static const char *const benchmarks[] = {"weights", "fit", "io"};

/* "pair=5e-9,slice=3e-8": seconds by kind of work; kinds that are not named take none. */
static crow_status parse_charge(const char *text, double seconds[CROW_WORK_KINDS]) {
  for (int k = 0; k < CROW_WORK_KINDS; k++) seconds[k] = 0;
  while (text && *text) {
    char name[16];
    double value = 0;
    int used = 0, kind = 0;
    if (sscanf(text, "%15[a-z]=%lf%n", name, &value, &used) != 2 || !(value >= 0 && value < 1e9) ||
        (text[used] && text[used] != ',')) {
      return crow_error(CROW_USAGE, "--charge: \"%s\": expected KIND=SECONDS, e.g. pair=5e-9,slice=3e-8", text);
    }
    while (kind < CROW_WORK_KINDS && strcmp(name, crow_work_name((crow_work)kind)) != 0) kind++;
    if (kind == CROW_WORK_KINDS)
      return crow_error(CROW_USAGE, "--charge: \"%s\": expected sample, pair, whole, slice or vector", name);
    seconds[kind] = value;
    text += used + (text[used] == ',');
  }
  return CROW_OK;
}

static crow_status check_bench(const crow_run *run) {
  const bench_options *options = run->options;
  if (run->argument_count == 1 && strcmp(run->argument[0], "all") != 0 && strcmp(run->argument[0], "model") != 0) {
    bool known = false;
    for (size_t k = 0; k < sizeof benchmarks / sizeof *benchmarks; k++) {
      known = known || strcmp(run->argument[0], benchmarks[k]) == 0;
    }
    if (!known) {
      char nearest[32];
      crow_nearest_word(run->argument[0], "weights|fit|io|all|model", nearest, sizeof nearest);
      return crow_error(CROW_USAGE, "\"%s\": expected weights, fit, io, all or model; did you mean \"%s\"?",
                        run->argument[0], nearest);
    }
  }
  double charge[CROW_WORK_KINDS];
  crow_status status = parse_charge(options->charge, charge);
  if (status == CROW_OK && options->charge && !CROW_SIMULATED)
    status = crow_error(CROW_USAGE, "--charge: expected a build for SimGrid (CROW_SMPI); this one runs in real time");
  if (status == CROW_OK) status = crow_bench_options_validate(&options->bench);
  return status;
}

static crow_status run_one(crow_run *run, const char *name, const crow_bench_machine *machine,
                           crow_bench_report *report) {
  const crow_bench_options *options = &((const bench_options *)run->options)->bench;
  double charge[CROW_WORK_KINDS];
  CROW_NEED(parse_charge(((const bench_options *)run->options)->charge, charge));
  crow_work_charge(charge);
  const crow_work_done before = crow_work_get();
  if (strcmp(name, "weights") == 0)
    CROW_NEED(crow_bench_weights(run->comm, options, machine, report));
  else if (strcmp(name, "fit") == 0)
    CROW_NEED(crow_bench_fit(run->comm, options, machine, report));
  else
    CROW_NEED(crow_bench_io(run->comm, options, report));
  return crow_bench_report_add_work(run->comm, &before, report);
}

/* What runs say of themselves would bury the figures. */
static void receive_warning(crow_log_level level, const char *line, void *context) {
  if (level == CROW_LOG_WARNING) crow_print_warning(context, "warning: %s", line);
}

static crow_status run_model(crow_run *run) {
  const bench_options *options = run->options;
  const crow_bench_options *bench = &options->bench;
  const crow_gidx m = bench->alternatives > 0 ? bench->alternatives : 100000;
  const int64_t pairs = bench->pairs > 0 ? bench->pairs : 50 * m;
  const crow_bench_size size = {.alternatives = m,
                                .dimensions = bench->dimensions,
                                .samples = bench->samples > 0 ? bench->samples : crow_weights_samples_auto(m),
                                .pairs = bench->graph == CROW_BENCH_PAIRS ? pairs : 0,
                                .ranks = options->ranks > 0 ? (int)options->ranks : crow_comm_size(run->comm),
                                .evaluations = options->evaluations,
                                .single = true};
  return crow_plan_print(run, &size, &bench->nearest, 0.8 * (double)crow_memory_limit_bytes(crow_comm_size(run->comm)));
}

static crow_status run_bench(crow_run *run) {
  crow_status status = CROW_OK;
  const bench_options *options = run->options;
  const bool all = strcmp(run->argument[0], "all") == 0;
  crow_bench_report *report = NULL;
  crow_bench_machine machine;
  int count = 1, invalid = 0;
  if (run->root) crow_log_set(receive_warning, run);
  if (strcmp(run->argument[0], "model") == 0) return run_model(run);
  CROW_TRY(crow_comm_agree(run->comm, CROW_ALLOCATE(&report, REPORTS)));
  CROW_TRY(crow_bench_machine_report(run->comm, options->machine_seconds, options->bench.nearest.threads, &machine,
                                     &report[0]));
  for (size_t k = 0; k < sizeof benchmarks / sizeof *benchmarks; k++) {
    if (!all && strcmp(run->argument[0], benchmarks[k]) != 0) continue;
    CROW_TRY(run_one(run, benchmarks[k], &machine, &report[count]));
    invalid += !report[count].valid;
    count++;
  }
  crow_bench_print_score(run, report, count);
  for (int k = 0; k < count; k++) CROW_TRY(crow_bench_print(run, &report[k]));
  if (options->csv) CROW_TRY(crow_bench_write_csv(run->comm, options->csv, report, count));
  if (invalid) CROW_TRY(crow_error(CROW_FAILED, "%d of %d results are INVALID", invalid, count - 1));
cleanup:
  crow_free(report);
  return status;
}

const crow_command crow_command_bench = {
    .name = "bench",
    .summary = "measure how fast weights, fits and files are on this machine",
    .description =
        "Generates problems in place whose answers are known, measures the machine (sgemm, triad, allreduce) and the "
        "benchmark in the same run, verifies the result, and prints rates beside what the machine can do. Medians of "
        "the repetitions with their range. The first line is the score: samples x alternatives a second of weights, "
        "pairs a second of fits, of valid results. A result that is wrong is INVALID, and the exit code is 1.\n\n"
        "weights: Voronoi weights of a lattice. fit: rewards from observed pairs or complete preferences. io: a "
        "dataset written and read by all ranks. all: these three. model: what a sample, a pair and a transfer cost, "
        "and what follows for a problem of the given size and ranks.\n\n"
        "The rate of the weights counts 2 N m d operations, whatever the search skips, in the time of drawing, "
        "searching, counting and reducing; bytes are what must at least be moved: the contexts once for each block of "
        "samples that is searched at once (not by a tree), every sample written and read. A ratio may exceed 1; a "
        "share is of a peak that bounds it: of operations in registers (peak_rate), or of triad. Draws by signs are "
        "measured beside independent samples, in turns: rates, and the variance of the weights over other seeds. A fit "
        "counts 16 operations for a pair and evaluation (exp, log1p and a quotient are one each), for complete "
        "preferences 576 an alternative (12 polynomials of degree 11 and a sum of 12 products, there and back). With "
        "--fill the peak is near the share that is asked for. \"-\": not measured, or nothing to measure, as an "
        "allreduce on one rank.",
    .example = "crow bench weights --alternatives 20000 --dimensions 384\n"
               "mpirun -n 8 crow bench fit --alternatives 1000000 --pairs 100000000 --efficiency --csv fit.csv\n"
               "mpirun -n 64 crow bench all --fill 0.8 --folder /scratch/me --json bench.json",
    .arguments = "weights|fit|io|all|model",
    .least_arguments = 1,
    .most_arguments = 1,
    .takes = CROW_TAKES_JSON | CROW_MEASURES,
    .options_bytes = sizeof(bench_options),
    .sections = sections,
    .check = check_bench,
    .run = run_bench,
};
