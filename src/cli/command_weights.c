/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_impl.h"
#include "cli/results_impl.h"

static crow_status check_weights(const crow_run *run) { return crow_weights_options_validate(run->options); }

static crow_status run_weights(crow_run *run) {
  crow_status status = CROW_OK;
  const char *input = run->argument[0], *output = run->common.output;
  crow_dataset dataset = {0};
  crow_weights weights = {0};
  crow_provenance *provenance = NULL;
  crow_stages_begin(&run->stages, "read");
  CROW_TRY(crow_dataset_open(run->comm, input, true, &dataset));
  crow_results_dataset(run, input, &dataset);
  CROW_TRY(crow_run_provenance(run, &provenance));
  CROW_TRY(crow_provenance_add_input(provenance, run->comm, "dataset", input));
  crow_stages_begin(&run->stages, "weights");
  CROW_TRY(crow_weights_compute(run->comm, &dataset, run->options, &weights));
  crow_stages_begin(&run->stages, "write");
  CROW_TRY(crow_weights_write(run->comm, output, run->common.force, &weights, run->options, &dataset, provenance));
  crow_stages_end(&run->stages);
  CROW_TRY(crow_results_weights(run, &dataset, &weights));
  CROW_TRY(crow_times_print(run));
  crow_print(run, "\nweights written to %s", output);
  crow_report_text(run, "output", output);
cleanup:
  crow_provenance_destroy(&provenance);
  crow_weights_free(&weights);
  crow_dataset_close(&dataset);
  return status;
}

static const crow_section sections[] = {
    {"Samples", crow_weights_settings, 0},
    {"Space", crow_space_settings, offsetof(crow_weights_options, space)},
    {"Nearest alternative", crow_nearest_settings, offsetof(crow_weights_options, nearest)},
    {0}};

const crow_command crow_command_weights = {
    .name = "weights",
    .summary = "compute the weights of a dataset's alternatives",
    .description =
        "The weight of an alternative is the share of S, the space of all possible alternatives, whose nearest "
        "alternative it is. It is estimated from uniform samples of S; a sample with several nearest "
        "alternatives is split evenly. Near-duplicates share what one of them would have alone.\n\n"
        "The same seed gives the same bits on any number of ranks.",
    .example = "crow weights votes.h5 -o weights.h5 --samples 1000000\n"
               "mpirun -n 8 crow weights votes.h5 -o weights.h5 --space box --seed 7",
    .arguments = "DATASET",
    .least_arguments = 1,
    .most_arguments = 1,
    .takes = CROW_TAKES_OUTPUT | CROW_TAKES_JSON,
    .options_bytes = sizeof(crow_weights_options),
    .sections = sections,
    .check = check_weights,
    .run = run_weights,
};
