/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_impl.h"

static const crow_section sections[] = {
    {"Form", crow_export_settings, 0},
    {"Scale", crow_elo_settings, offsetof(crow_export_options, elo)},
    {"Objective (with --weights)", crow_objective_settings, offsetof(crow_export_options, objective)},
    {0}};

static crow_status check_export(const crow_run *run) {
  return run->common.output ? crow_export_options_validate(run->options, run->common.output) : CROW_OK;
}

static crow_status run_export(crow_run *run) {
  const char *output = run->common.output;
  int64_t rows = 0;
  CROW_NEED(crow_export_run(run->comm, run->argument[0], run->options, crow_run_memory(run), output, run->common.force,
                            &rows));
  const crow_export_options *options = run->options;
  crow_print(run, options->table == CROW_EXPORT_MODEL ? "%s: %lld array%s" : "%s: %lld row%s", output, (long long)rows,
             crow_plural(rows));
  return CROW_OK;
}

const crow_command crow_command_export = {
    .name = "export",
    .summary = "write a file's table as CSV, JSON or NumPy array",
    .description =
        "Writes the alternatives of a rewards, scores, weights or dataset file with all that the file says of each, "
        "one row an "
        "alternative, for spreadsheets, pandas and R. Numbers have as many digits as give the same number back; one "
        "that is none (NaN) is an empty field in CSV and null in JSON. JSON is an array with an object for each row.",
    .example = "crow export rewards.h5 -o rewards.csv\n"
               "crow export rewards.h5 -o rewards.npy --column reward\n"
               "crow export network.h5 -o network.safetensors --table model\n"
               "crow export votes.h5 -o comparisons.csv --table comparisons\n"
               "crow export votes.h5 -o weighted.csv --table comparisons --weights weights.h5",
    .arguments = "FILE",
    .least_arguments = 1,
    .most_arguments = 1,
    .takes = CROW_TAKES_OUTPUT | CROW_PLAIN | CROW_STREAMS | CROW_TAKES_MEMORY,
    .options_bytes = sizeof(crow_export_options),
    .sections = sections,
    .check = check_export,
    .run = run_export,
};
