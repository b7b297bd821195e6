/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/print/audit_impl.h"
#include "cli/print/results_impl.h"
#include <string.h>

static crow_status check_audit(const crow_run *run) {
  /* The library's defaults of what has no option here. */
  crow_audit_options *options = run->options;
  crow_audit_options defaults;
  crow_audit_options_default(&defaults);
  options->weights.grid = defaults.weights.grid;
  return crow_audit_options_validate(options);
}

/* Every fit logs its iterations; of many fits only the audit's own lines and warnings are wanted. */
static void receive_line(crow_log_level level, const char *line, void *context) {
  if (level == CROW_LOG_WARNING || strncmp(line, "audit:", 6) == 0) crow_run_receive(level, line, context);
}

static crow_status audit_one(crow_run *run, const crow_dataset *dataset) {
  crow_status status = CROW_OK;
  crow_audit_result result = {0};
  crow_stages_begin(&run->stages, "audit");
  CROW_TRY(crow_audit_run(run->comm, dataset, run->options, &result));
  crow_stages_end(&run->stages);
  CROW_TRY(crow_audit_print(run, dataset->alternatives, &result));
cleanup:
  crow_audit_result_free(&result);
  return status;
}

static crow_status audit_two(crow_run *run, const crow_dataset *first, const crow_dataset *second) {
  crow_status status = CROW_OK;
  crow_audit_comparison comparison = {0};
  const char *const names[2] = {run->argument[0], run->argument[1]};
  crow_stages_begin(&run->stages, "audit");
  CROW_TRY(crow_audit_compare(run->comm, first, second, run->options, &comparison));
  crow_stages_end(&run->stages);
  CROW_TRY(crow_audit_print_comparison(run, names, &comparison));
cleanup:
  crow_audit_comparison_free(&comparison);
  return status;
}

static crow_status run_audit(crow_run *run) {
  crow_status status = CROW_OK;
  static const char *const of_one[] = {"radius", "target", "clones", "eps"};
  crow_dataset dataset[2] = {{0}, {0}};
  if (run->root) crow_log_set(receive_line, run);
  crow_stages_begin(&run->stages, "read");
  for (size_t k = 0; run->argument_count == 2 && k < sizeof of_one / sizeof *of_one; k++) {
    crow_run_warn_unused_by(run, of_one[k], "two datasets are compared as they are");
  }
  for (int k = run->argument_count - 1; k >= 0; k--) {
    CROW_TRY(crow_dataset_open(run->comm, run->argument[k], false, &dataset[k]));
  }
  for (int k = 0; k < run->argument_count; k++) crow_results_dataset(run, run->argument[k], &dataset[k]);
  if (run->argument_count == 2) crow_report_text(run, "second_dataset", run->argument[1]);
  if (run->argument_count == 2) crow_report_text(run, "dataset", run->argument[0]);
  CROW_TRY(run->argument_count == 2 ? audit_two(run, &dataset[0], &dataset[1]) : audit_one(run, &dataset[0]));
  CROW_TRY(crow_times_print(run));
cleanup:
  crow_dataset_close(&dataset[0]);
  crow_dataset_close(&dataset[1]);
  return status;
}

static const crow_section sections[] = {
    {"Audit", crow_audit_settings, 0},
    {"Space", crow_space_settings, offsetof(crow_audit_options, weights.space)},
    {"Nearest alternative", crow_nearest_settings, offsetof(crow_audit_options, weights.nearest)},
    {"Objective", crow_objective_settings, offsetof(crow_audit_options, fit.objective)},
    {"Optimiser (L-BFGS)", crow_lbfgs_settings, offsetof(crow_audit_options, fit.lbfgs)},
    {"Reward model", crow_model_settings, offsetof(crow_audit_options, fit.model)},
    {"Training (with --model linear or mlp)", crow_training_settings, offsetof(crow_audit_options, fit.training)},
    {"Adam (with --optimizer adam)", crow_adam_settings, offsetof(crow_audit_options, fit.adam)},
    {"Groups of ranks (of ensembles)", crow_rank_groups_settings, offsetof(crow_audit_options, fit.groups)},
    {0}};

const crow_command crow_command_audit = {
    .name = "audit",
    .summary = "see whether clones distort the rewards, and what the weights do about it",
    .description =
        "With one dataset: finds groups of approximate clones (alternatives joined by steps of at most --radius) with "
        "their shares of comparisons and weight, and then adds clones of chosen alternatives, at several distances "
        "(--eps) and in several numbers (--clones), fits each dataset by the standard (all weights equal) and by the "
        "weighted method, and says how far the rewards of the originals moved, Kendall's tau of their order before "
        "and after, and whether the winner changed. Clones are judged as their originals: exactly so for a "
        "population or a matrix; for comparisons, the original's are drawn again with replacement. What that chance "
        "does "
        "by itself is shown beside: --redraws refits to the comparisons drawn anew, without clones; the verdict says "
        "where clones do no more.\n\n"
        "Of a dataset with prompts all are audited together: groups, winners and orders are those within each prompt, "
        "Kendall's tau is the mean over prompts, most-compared is one alternative of each, and it is said in how many "
        "prompts the winner changed.\n\n"
        "With two datasets, say without and with clones: fits both in both ways and compares them by topic. The "
        "comparisons of both are drawn anew as well, each by itself: what that does to the differences of the topics' "
        "means is chance.\n\n"
        "Without --radius, the distances of alternatives to their nearest others are sorted, and the radius is put "
        "where one is at least three times the one before (the geometric mean of the two at the largest such jump), "
        "else at half the median. Lambda "
        "means the same for both fits: the standard one is the weighted one with all weights 1/m.",
    .example = "crow audit votes.h5 --target topic:food\n"
               "crow audit original.h5 clones.h5 --json audit.json\n"
               "mpirun -n 4 crow audit votes.h5 --target topics --clones 1,5 --eps 0.01",
    .arguments = "DATASET [DATASET]",
    .least_arguments = 1,
    .most_arguments = 2,
    .takes = CROW_TAKES_JSON,
    .options_bytes = sizeof(crow_audit_options),
    .sections = sections,
    .check = check_audit,
    .run = run_audit,
};
