/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_impl.h"
#include "cli/print/results_impl.h"

typedef struct eval_options {
  crow_evaluate_options evaluate;
  crow_nearest_options nearest;
} eval_options;

static const crow_section sections[] = {
    {"Evaluation", crow_evaluate_settings, offsetof(eval_options, evaluate)},
    {"Nearest alternative (with --unseen nearest)", crow_nearest_settings, offsetof(eval_options, nearest)},
    {0}};

static crow_status run_eval(crow_run *run) {
  crow_status status = CROW_OK;
  const eval_options *options = run->options;
  crow_file *file = NULL;
  crow_dataset dataset = {0};
  crow_evaluation found;
  double *reward = NULL;
  unsigned char *unseen = NULL;
  crow_stages_begin(&run->stages, "read");
  CROW_TRY(crow_evaluate_open(run->comm, run->argument[0], &file));
  CROW_TRY(crow_dataset_open(run->comm, run->argument[1], false, &dataset));
  crow_results_dataset(run, run->argument[1], &dataset);
  CROW_TRY(crow_evaluate_check_memory(run->comm, file, &dataset, crow_run_memory(run)));
  CROW_TRY_AGREE(run->comm, CROW_ALLOCATE_EACH(dataset.alternatives, &reward, &unseen));
  crow_stages_begin(&run->stages, "rewards");
  CROW_TRY(crow_evaluate_rewards(run->comm, file, &dataset, &options->evaluate, &options->nearest, reward, unseen));
  crow_stages_begin(&run->stages, "evaluate");
  CROW_TRY(crow_evaluate(run->comm, &dataset, &options->evaluate, reward, unseen, &found));
  crow_stages_end(&run->stages);
  CROW_TRY(crow_results_evaluation(run, &found));
  CROW_TRY(crow_times_print(run));
cleanup:
  CROW_FREE(reward, unseen);
  crow_dataset_close(&dataset);
  crow_file_close(&file);
  return status;
}

const crow_command crow_command_eval = {
    .name = "eval",
    .summary = "hold rewards against comparisons that were held out",
    .description =
        "How well rewards, or scores, predict the comparisons of a dataset, such as crow split holds out: accuracy, "
        "log loss, Brier score and calibration error, with a table of ten bins. Each comparison counts as often as it "
        "has judgements.\n\n"
        "A tie is half a win for each, and left out of the accuracy; of equal rewards half is right. For the "
        "calibration each judgement counts half from either side, so that it does not matter which alternative stands "
        "first.\n\n"
        "A linear or mlp model is applied to the dataset's contexts. Tabular rewards know nothing of alternatives that "
        "were never compared in the fit: --unseen says what becomes of those.",
    .example = "crow eval rewards.h5 test.h5 --json eval.json\n"
               "crow plot eval.json -o calibration.svg",
    .arguments = "REWARDS DATASET",
    .least_arguments = 2,
    .most_arguments = 2,
    .takes = CROW_TAKES_JSON | CROW_TAKES_MEMORY,
    .options_bytes = sizeof(eval_options),
    .sections = sections,
    .run = run_eval,
};
