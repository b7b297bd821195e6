/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_impl.h"
#include "cli/print/results_impl.h"

typedef struct score_options {
  const char *contexts, *dataset;
  crow_nearest_options nearest;
} score_options;

static const crow_setting score_settings[] = {
    CROW_SETTING("contexts", INPUT, score_options, contexts, .choices = "FILE|FILE:PATH",
                 .help = "contexts of the new alternatives: .npy, CSV with a column id (and prompt), a dataset, or "
                         "FILE:PATH, an array of an HDF5 file"),
    CROW_SETTING("dataset", INPUT, score_options, dataset, .choices = "FILE",
                 .help = "the dataset that tabular rewards were fitted to; if not given, where the rewards file says "
                         "it was"),
    {0}};

static const crow_section sections[] = {
    {"New alternatives", score_settings, 0},
    {"Nearest alternative (of tabular rewards)", crow_nearest_settings, offsetof(score_options, nearest)},
    {0}};

/* What is written at the end. */
typedef struct scored {
  const crow_run *run;
  const crow_scores *scores;
  const crow_dataset *dataset;
  const crow_context_source *contexts;
  const crow_provenance *provenance;
} scored;

static crow_status write_to(void *context, const char *path, bool overwrite) {
  const scored *s = context;
  return crow_scores_write(s->run->comm, path, overwrite, s->scores, s->dataset, s->contexts, s->provenance);
}

static crow_status write_scores(crow_run *run, const crow_scores *scores, const crow_dataset *dataset,
                                const crow_context_source *contexts) {
  crow_status status = CROW_OK;
  crow_provenance *provenance = NULL;
  CROW_TRY(crow_run_provenance(run, NULL, &provenance));
  CROW_TRY(crow_result_save(run->comm, run->common.output, run->common.force, write_to,
                            &(scored){run, scores, dataset, contexts, provenance}));
cleanup:
  crow_provenance_destroy(&provenance);
  return status;
}

static crow_status run_score(crow_run *run) {
  crow_status status = CROW_OK;
  const score_options *options = run->options;
  crow_file *rewards = NULL;
  crow_dataset dataset = {0};
  crow_context_source *contexts = NULL;
  crow_scores scores = {0};
  char *path = NULL;
  crow_stages_begin(&run->stages, "read");
  CROW_TRY(crow_file_open(run->comm, run->argument[0], "rewards", &rewards));
  CROW_TRY(crow_score_open_dataset(run->comm, rewards, options->dataset, &path, &dataset));
  if (path && !options->dataset) CROW_TRY(crow_paths_enter(run->paths, CROW_PATH_READ, "dataset", path, false));
  CROW_TRY(crow_context_source_check_memory(run->comm, options->contexts, crow_run_memory(run)));
  CROW_TRY(crow_context_source_open(run->comm, options->contexts, &contexts));
  CROW_TRY(crow_score_check_memory(run->comm, rewards, path ? &dataset : NULL, contexts, crow_run_memory(run)));
  crow_stages_begin(&run->stages, "score");
  CROW_TRY(crow_score_run(run->comm, rewards, path ? &dataset : NULL, contexts, &options->nearest, &scores));
  crow_stages_begin(&run->stages, "write");
  CROW_TRY(write_scores(run, &scores, &dataset, contexts));
  crow_stages_end(&run->stages);
  crow_results_scores(run, &scores);
  CROW_TRY(crow_print_written(run, "scores", ""));
cleanup:
  crow_scores_free(&scores);
  crow_context_source_close(&contexts);
  crow_dataset_close(&dataset);
  crow_file_close(&rewards);
  crow_free(path);
  return status;
}

const crow_command crow_command_score = {
    .name = "score",
    .summary = "give rewards to new alternatives",
    .description =
        "A linear or mlp model gives rewards as a function of the contexts: the mean over the members of an ensemble, "
        "with their spread. Tabular rewards are carried over from the nearest alternative of the dataset that they "
        "were fitted to, the first in the dataset of those equally near; those never compared are passed over. That "
        "dataset is needed then, and refused if it is another or has changed. Nearest is what it was for the weights: "
        "where they were found on a sphere, by directions from its centre, else by the contexts' Euclidean "
        "distance.\n\n"
        "Where it has prompts and the new alternatives tell theirs (a column prompt, or /alternatives/prompt), the "
        "nearest is sought among the alternatives of the same prompt; a prompt without rewards is refused. A model "
        "needs no prompts.\n\n"
        "Columns of a CSV file may come in any order if the dataset was imported from CSV contexts: they are matched "
        "by name, and columns that are missing or unknown are refused. Else dimensions are taken as they come.",
    .example = "crow score network.h5 --contexts new.npy -o scores.h5\n"
               "crow score rewards.h5 --dataset votes.h5 --contexts new.csv -o scores.h5\n"
               "crow export scores.h5 -o scores.csv",
    .arguments = "REWARDS",
    .least_arguments = 1,
    .most_arguments = 1,
    .takes = CROW_TAKES_OUTPUT | CROW_TAKES_JSON | CROW_TAKES_MEMORY,
    .required = "contexts",
    .options_bytes = sizeof(score_options),
    .sections = sections,
    .run = run_score,
};
