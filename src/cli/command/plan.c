/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/print/plan_impl.h"
#include <string.h>

typedef struct plan_options {
  const char *weights; /* "voronoi" or "uniform" */
  int64_t ranks, samples, evaluations;
  double memory_per_rank;
  crow_nearest_options nearest;
  crow_train_options fit;
} plan_options;

#define AT(field) offsetof(plan_options, field)
static const crow_setting plan_settings[] = {
    CROW_SETTING("weights", TEXT, plan_options, weights, .text = "voronoi", .choices = "voronoi|uniform",
                 .help = "as of the fit to come: computed, or all equal, so that there is nothing to sample"),
    {"ranks", CROW_SETTING_INT, AT(ranks), 1, NULL, 1, 1e6, NULL, "P: how many ranks the run will have"},
    {"samples", CROW_SETTING_INT, AT(samples), 0, NULL, 0, 1e13, NULL,
     "N: Monte Carlo samples of the weights; 0: as crow weights takes them"},
    {"evaluations", CROW_SETTING_INT, AT(evaluations), 0, NULL, 0, 1e9, NULL,
     "how often the fit evaluates the objective; 0: as often as a fit to some of the comparisons does"},
    {"memory-per-rank", CROW_SETTING_DOUBLE, AT(memory_per_rank), 0, NULL, 0, 1e18, NULL,
     "bytes that a rank may use; 0: what this machine, its cgroup or Slurm allows now"},
    {0}};

static const crow_section sections[] = {
    {"Plan", plan_settings, 0},
    {"Nearest alternative", crow_nearest_settings, AT(nearest)},
    {"Objective", crow_objective_settings, AT(fit.objective)},
    {"Optimiser (L-BFGS)", crow_lbfgs_settings, AT(fit.lbfgs)},
    {"Reward model", crow_model_settings, AT(fit.model)},
    {"Training (with --model linear or mlp)", crow_training_settings, AT(fit.training)},
    {"Adam", crow_adam_settings, AT(fit.adam)},
    {0}};

enum { READ_MOST = 1 << 20 }; /* comparisons that a rank reads to measure what one takes */

static bool is_uniform_plan(const plan_options *options) { return strcmp(options->weights, "uniform") == 0; }

static crow_status check_plan(const crow_run *run) {
  const plan_options *options = run->options;
  crow_train_options fit = options->fit;
  if (!is_uniform_plan(options) && strcmp(options->weights, "voronoi") != 0)
    return crow_error(CROW_USAGE, "--weights \"%s\": expected voronoi or uniform", options->weights);
  crow_settings_default(crow_rank_groups_settings, &fit.groups);
  return crow_train_options_validate(&fit);
}

/* As a fit does it, in processor time: the file is looked at whole, its names are read and its digest is made. */
static crow_status open_planned(crow_run *run, crow_dataset *dataset, double *seconds) {
  crow_status status = CROW_OK;
  crow_provenance *provenance = NULL;
  const double start = crow_time_cpu_s();
  CROW_TRY(crow_dataset_open(run->comm, run->argument[0], false, dataset));
  CROW_TRY(crow_dataset_check_names(dataset));
  CROW_TRY(crow_run_provenance(run, NULL, &provenance));
  *seconds = crow_time_cpu_s() - start;
  CROW_TRY(crow_comm_max_f64(run->comm, seconds, 1));
cleanup:
  crow_provenance_destroy(&provenance);
  return status;
}

static crow_status run_plan(crow_run *run) {
  crow_status status = CROW_OK;
  const plan_options *options = run->options;
  crow_dataset dataset = {0};
  crow_train_options fit = options->fit;
  double read_s = 0, open_s = 0;
  crow_settings_default(crow_rank_groups_settings, &fit.groups);
  CROW_TRY(open_planned(run, &dataset, &open_s));
  CROW_TRY(crow_dataset_need_contexts(&dataset));
  CROW_TRY(crow_comparisons_probe(run->comm, &dataset, READ_MOST, &read_s));
  const crow_bench_size size = {.alternatives = dataset.alternatives,
                                .dimensions = dataset.dimensions,
                                .samples = options->samples,
                                .pairs = dataset.comparisons,
                                .ranks = (int)options->ranks,
                                .evaluations = options->evaluations,
                                .read_s = read_s,
                                .open_s = open_s,
                                .uniform = is_uniform_plan(options),
                                .single = dataset.single,
                                .dataset = &dataset,
                                .fit = &fit};
  double memory = options->memory_per_rank;
  if (memory <= 0) memory = 0.8 * (double)crow_memory_limit_bytes(crow_comm_size(run->comm));
  if (run->root) crow_log_set(NULL, NULL); /* what the measurements say of themselves */
  CROW_TRY(crow_plan_print(run, &size, &options->nearest, memory));
cleanup:
  crow_dataset_close(&dataset);
  return status;
}

const crow_command crow_command_plan = {
    .name = "plan",
    .summary = "predict memory and time of a dataset's weights and fit on any number of ranks",
    .description =
        "Measures for some seconds what a sample, a pair and a transfer cost on this machine near the dataset's size, "
        "and predicts from that; of the dataset itself some alternatives are weighted, and some of the preferences are "
        "fitted by the options given here. Run it on as many ranks as share a node in the run to come, so that what "
        "they "
        "share "
        "(memory, caches, network) is measured too.\n\n"
        "With m alternatives in d dimensions, N samples, q comparisons and P ranks in S slices, weights take "
        "N S / P times the search among m / S alternatives; an evaluation of the objective takes q / P pairs, the "
        "alternatives that these concern and a transfer of 16 bytes for each; a fit reads "
        "q / P comparisons and sets up their pairs first, or finds the win rates of complete preferences; then it "
        "finds what the sampling of the weights does to rewards, the standard errors (of comparisons), and which "
        "alternatives are near-duplicates.\n\n"
        "Weights are taken to be those of the default options; finding the weighted mean on the sphere is included, "
        "with as many rounds as some of the alternatives need. Of several prompts some are weighted, and the others "
        "are taken to cost as much. The grid has the fewest slices that fit the memory. Writing results is not "
        "included.\n\n"
        "The last lines are what a Slurm job of the first number of ranks may ask for: half as much again of the time, "
        "and two minutes, and a fifth more than the memory.",
    .example = "crow plan votes.h5 --ranks 64 --samples 100000000\n"
               "mpirun -n 2 crow plan votes.h5 --ranks 128 --memory-per-rank 4e9",
    .arguments = "DATASET",
    .least_arguments = 1,
    .most_arguments = 1,
    .takes = CROW_TAKES_JSON,
    .options_bytes = sizeof(plan_options),
    .sections = sections,
    .check = check_plan,
    .run = run_plan,
};
