/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_impl.h"
#include "cli/print/results_impl.h"

typedef struct weights_options {
  crow_weights_options weights;
  crow_checkpoint_options checkpoint;
} weights_options;

static crow_status check_weights(const crow_run *run) {
  return crow_weights_options_validate(&((const weights_options *)run->options)->weights);
}

static crow_status compute(crow_run *run, const crow_dataset *dataset, crow_checkpoint *checkpoint,
                           crow_weights *weights) {
  const weights_options *options = run->options;
  bool found = false;
  CROW_NEED(crow_checkpoint_find(checkpoint, &found));
  crow_report_bool(run, "resumed", found);
  return crow_weights_compute_from(run->comm, dataset, &options->weights, checkpoint, weights);
}

/* What is written at the end. */
typedef struct weighed {
  const crow_run *run;
  const crow_weights *weights;
  const crow_dataset *dataset;
  const crow_provenance *provenance;
} weighed;

static crow_status write_weights_output(void *context, const char *path, bool overwrite) {
  const weighed *w = context;
  const weights_options *options = w->run->options;
  return crow_weights_write(w->run->comm, path, overwrite, w->weights, &options->weights, w->dataset, w->provenance);
}

static crow_status run_weights(crow_run *run) {
  crow_status status = CROW_OK;
  const weights_options *options = run->options;
  const char *input = run->argument[0], *output = run->common.output;
  crow_dataset dataset = {0};
  crow_weights weights = {0};
  crow_provenance *provenance = NULL;
  crow_checkpoint *checkpoint = NULL;
  crow_stages_begin(&run->stages, "read");
  CROW_TRY(crow_dataset_open(run->comm, input, true, &dataset));
  crow_results_dataset(run, input, &dataset);
  CROW_TRY(crow_dataset_check_names(&dataset));
  CROW_TRY(crow_run_checkpoint(run, &options->checkpoint, &checkpoint));
  CROW_TRY(crow_run_provenance(run, checkpoint, &provenance));
  crow_stages_begin(&run->stages, "weights");
  CROW_TRY(compute(run, &dataset, checkpoint, &weights));
  if (options->weights.scheme == CROW_SCHEME_VORONOI) crow_results_unused(run, &weights);
  CROW_TRY(crow_results_effect(run, &dataset, &weights, &weights.effect));
  crow_stages_begin(&run->stages, "write");
  CROW_TRY(crow_run_provenance_times(run, provenance));
  CROW_TRY(crow_result_save(run->comm, output, run->common.force, write_weights_output,
                            &(weighed){run, &weights, &dataset, provenance}));
  CROW_TRY(crow_checkpoint_remove(checkpoint));
  crow_stages_end(&run->stages);
  CROW_TRY(crow_results_weights(run, &dataset, &weights));
  CROW_TRY(crow_print_written(run, "weights", ""));
cleanup:
  status = crow_run_stopped(checkpoint, status, NULL, NULL);
  crow_checkpoint_destroy(&checkpoint);
  crow_provenance_destroy(&provenance);
  crow_weights_free(&weights);
  crow_dataset_close(&dataset);
  return status;
}

static const crow_section sections[] = {
    {"Samples", crow_weights_settings, 0},
    {"Space", crow_space_settings, offsetof(weights_options, weights.space)},
    {"Nearest alternative", crow_nearest_settings, offsetof(weights_options, weights.nearest)},
    {"Checkpoints", crow_checkpoint_settings, offsetof(weights_options, checkpoint)},
    {0}};

const crow_command crow_command_weights = {
    .name = "weights",
    .summary = "compute the weights of a dataset's alternatives",
    .description =
        "The weight of an alternative is the share of S, the space of all possible alternatives, whose nearest "
        "alternative it is. It is computed from the cells in one and two "
        "dimensions, and estimated from uniform samples of S in more; a point with several nearest alternatives is "
        "split evenly. Near-duplicates share what one of them would have alone.\n\n"
        "Of a dataset with prompts each is weighted by itself: its alternatives share out its own S, and sum to the "
        "prompt's share. A signal takes effect after the prompts in work; a prompt with more alternatives than a "
        "rank's share of them is held by every rank.\n\n"
        "The same seed gives the same bits on any number of ranks.",
    .example = "crow weights votes.h5 -o weights.h5 --samples 1000000\n"
               "mpirun -n 8 crow weights votes.h5 -o weights.h5 --space box --seed 7",
    .arguments = "DATASET",
    .least_arguments = 1,
    .most_arguments = 1,
    .takes = CROW_TAKES_OUTPUT | CROW_TAKES_JSON,
    .options_bytes = sizeof(weights_options),
    .sections = sections,
    .check = check_weights,
    .run = run_weights,
};
