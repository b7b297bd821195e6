/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_impl.h"
#include "cli/print/compare_impl.h"

typedef struct compare_options {
  int by;
  int64_t top;
  crow_elo_options elo;
} compare_options;

enum { BY_TOPIC, BY_ALTERNATIVE };

static const crow_setting compare_settings[] = {
    CROW_SETTING("by", CHOICE, compare_options, by, .value = BY_ALTERNATIVE, .choices = "topic|alternative",
                 .help = "what the rows are: topics with the mean of their rewards and its standard error (with "
                         "--verbose also their spread and number), or alternatives with rank and reward"),
    CROW_SETTING("top", INT, compare_options, top, .value = 20, .minimum = 0, .maximum = 1e9,
                 .help = "with --by alternative: how many of the last result's best are shown; 0: all"),
    {0}};

static const crow_section sections[] = {
    {"Rows", compare_settings, 0},
    {"Scale (with --by alternative)", crow_elo_settings, offsetof(compare_options, elo)},
    {0}};

static crow_status check_compare(const crow_run *run) {
  const compare_options *options = run->options;
  return crow_elo_options_validate(&options->elo);
}

static crow_status run_compare(crow_run *run) {
  crow_status status = CROW_OK;
  const compare_options *options = run->options;
  crow_comparison comparison = {0};
  for (int k = 0; k < run->argument_count; k++) {
    CROW_TRY(crow_comparison_add(run->comm, run->argument[k], &comparison));
    const crow_comparison_result *result = &comparison.result[k];
    if (!result->converged || run->common.verbose) {
      crow_print(run, "%s: %lld alternative%s, lambda %g, certificate %.2e%s", result->name,
                 (long long)result->partition.global, crow_plural(result->partition.global), result->lambda,
                 result->optimality, result->converged ? "" : ", NOT CONVERGED");
    }
  }
  if (options->by == BY_TOPIC) {
    CROW_TRY(crow_compare_topics(run, &comparison));
  } else {
    CROW_TRY(crow_compare_alternatives(run, &comparison, options->top, &options->elo));
  }
cleanup:
  crow_comparison_close(&comparison);
  return status;
}

const crow_command crow_command_compare = {
    .name = "compare",
    .summary = "print several results side by side",
    .description =
        "Reads rewards files and prints their topics, or their alternatives, side by side, in the order of the "
        "last file. Alternatives are matched by id; a file that lacks one shows a dash.",
    .example = "crow compare uniform.h5 voronoi.h5\n"
               "crow compare uniform.h5 voronoi.h5 --by alternative --top 10",
    .arguments = "REWARDS...",
    .least_arguments = 1,
    .most_arguments = CROW_COMPARISON_MOST,
    .takes = CROW_TAKES_JSON | CROW_PLAIN,
    .options_bytes = sizeof(compare_options),
    .sections = sections,
    .check = check_compare,
    .run = run_compare,
};
