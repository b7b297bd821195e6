/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_impl.h"
#include "cli/print/results_impl.h"

static crow_status check_split(const crow_run *run) {
  return crow_settings_validate(crow_split_settings, run->options);
}

static crow_status run_split(crow_run *run) {
  crow_status status = CROW_OK;
  const crow_split_options *options = run->options;
  const char *input = run->argument[0];
  crow_dataset dataset = {0};
  crow_split split = {0};
  crow_provenance *provenance = NULL;
  crow_stages_begin(&run->stages, "read");
  CROW_TRY(crow_dataset_open(run->comm, input, false, &dataset));
  crow_results_dataset(run, input, &dataset);
  CROW_TRY(crow_split_create(run->comm, &dataset, options, crow_run_memory(run), &split));
  CROW_TRY(crow_run_provenance(run, NULL, &provenance));
  crow_stages_begin(&run->stages, "write");
  CROW_TRY(crow_split_write(run->comm, &split, &dataset, options, run->common.output, run->common.force, provenance));
  crow_stages_end(&run->stages);
  crow_print(run, "split: %lld comparison%s for training, %lld held out", (long long)split.train,
             crow_plural(split.train), (long long)split.test);
  crow_report_integer(run, "train", split.train);
  crow_report_integer(run, "test", split.test);
  CROW_TRY(crow_times_print(run));
cleanup:
  crow_split_free(&split);
  crow_provenance_destroy(&provenance);
  crow_dataset_close(&dataset);
  return status;
}

static const crow_section sections[] = {{"Split", crow_split_settings, 0}, {0}};

const crow_command crow_command_split = {
    .name = "split",
    .summary = "hold comparisons out for a test",
    .description =
        "Writes two datasets with all alternatives: one without the comparisons that are held out, to fit, and "
        "one of those alone. The choice depends on the seed only, not on the number of ranks.",
    .example = "crow split votes.h5 -o train.h5 --test-output test.h5 --test 0.2\n"
               "crow split votes.h5 -o train.h5 --test-output test.h5 --by alternative\n"
               "crow split answers.h5 -o train.h5 --test-output test.h5 --by prompt",
    .arguments = "DATASET",
    .least_arguments = 1,
    .most_arguments = 1,
    .takes = CROW_TAKES_OUTPUT | CROW_TAKES_JSON | CROW_TAKES_MEMORY,
    .required = "test-output",
    .options_bytes = sizeof(crow_split_options),
    .sections = sections,
    .check = check_split,
    .run = run_split,
};
