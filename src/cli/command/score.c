/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_impl.h"
#include "cli/print/results_impl.h"
#include <string.h>
#include <unistd.h>

typedef struct score_options {
  const char *contexts, *dataset;
  crow_nearest_options nearest;
} score_options;

static const crow_setting score_settings[] = {
    {.name = "contexts",
     .type = CROW_SETTING_TEXT,
     .offset = offsetof(score_options, contexts),
     .choices = "FILE",
     .help = "contexts of the new alternatives: .npy, CSV with a column id (and prompt), a dataset, or FILE:PATH, an "
             "array of an HDF5 file"},
    {.name = "dataset",
     .type = CROW_SETTING_TEXT,
     .offset = offsetof(score_options, dataset),
     .choices = "FILE",
     .help = "the dataset that tabular rewards were fitted to; if not given, where the rewards file says it was"},
    {0}};

static const crow_section sections[] = {
    {"New alternatives", score_settings, 0},
    {"Nearest alternative (of tabular rewards)", crow_nearest_settings, offsetof(score_options, nearest)},
    {0}};

/* Opens the dataset behind tabular rewards, whose name is in `*path` (owned) then. Collective. */
static crow_status open_dataset(const crow_run *run, const crow_file *rewards, char **path, crow_dataset *out) {
  crow_status status = CROW_OK;
  const score_options *options = run->options;
  const char *named = options->dataset;
  if (!named && !crow_file_has_attribute(rewards, "/provenance", "input_dataset")) {
    CROW_TRY(crow_error(CROW_USAGE, "%s: does not name its dataset: give it with --dataset", crow_file_name(rewards)));
  }
  if (named) {
    CROW_TRY_AGREE(run->comm, crow_string_copy(named, path));
  } else {
    CROW_TRY(crow_file_get_text(rewards, "/provenance", "input_dataset", path));
    const bool gone = run->root && access(*path, F_OK) != 0;
    CROW_TRY_AGREE(run->comm,
                   gone ? crow_error(CROW_FILE_SYSTEM, "%s was fitted to %s, which is not here: give it with --dataset",
                                     crow_file_name(rewards), *path)
                        : CROW_OK);
  }
  CROW_TRY(crow_dataset_open(run->comm, *path, true, out));
cleanup:
  return status;
}

static void print_scores(crow_run *run, const crow_scores *scores) {
  crow_report_integer(run, "scored", scores->partition.global);
  if (scores->kind != CROW_MODEL_TABULAR) {
    crow_print(run, "scored %lld alternative%s by the model, mean of %lld member%s",
               (long long)scores->partition.global, crow_plural(scores->partition.global), (long long)scores->members,
               crow_plural(scores->members));
    crow_report_integer(run, "members", scores->members);
    return;
  }
  crow_print(run, "scored %lld alternative%s by the nearest of the dataset; %lld had several, and the first was taken",
             (long long)scores->partition.global, crow_plural(scores->partition.global), (long long)scores->tied);
  if (scores->unknown) {
    crow_print(run, "passed over %lld alternative%s of the dataset that were never compared",
               (long long)scores->unknown, crow_plural(scores->unknown));
  }
  crow_report_integer(run, "tied", scores->tied);
  crow_report_integer(run, "unknown", scores->unknown);
}

static crow_status write_scores(crow_run *run, const crow_scores *scores, const char *path, const crow_dataset *dataset,
                                const crow_context_source *contexts) {
  crow_status status = CROW_OK;
  crow_provenance *provenance = NULL;
  CROW_TRY(crow_run_provenance(run, &provenance));
  CROW_TRY(crow_provenance_add_input(provenance, run->comm, "rewards", run->argument[0]));
  CROW_TRY(crow_provenance_add_input(provenance, run->comm, "contexts", crow_context_source_file(contexts)));
  if (path) CROW_TRY(crow_provenance_add_input(provenance, run->comm, "dataset", path));
  CROW_TRY(crow_scores_write(run->comm, run->common.output, run->common.force, scores, dataset, contexts, provenance));
cleanup:
  crow_provenance_destroy(&provenance);
  return status;
}

/* Rank 0 reads CSV contexts whole, which is looked at before it does. */
static crow_status check_csv(const crow_run *run) {
  crow_status status = CROW_OK;
  const score_options *options = run->options;
  double bytes = run->root ? crow_context_source_rank_bytes(options->contexts) : 0;
  CROW_TRY(crow_comm_max_f64(run->comm, &bytes, 1));
  if (bytes <= 0) goto cleanup;
  CROW_TRY(crow_comm_check_memory(run->comm, crow_run_memory(run), (double)CROW_PROCESS_BYTES + bytes,
                                  "give contexts as .npy, which is read in pieces", "the contexts of %s",
                                  options->contexts));
cleanup:
  return status;
}

static crow_status run_score(crow_run *run) {
  crow_status status = CROW_OK;
  const score_options *options = run->options;
  crow_file *rewards = NULL;
  crow_dataset dataset = {0};
  crow_context_source *contexts = NULL;
  crow_scores scores = {0};
  char *kind = NULL, *path = NULL;
  crow_stages_begin(&run->stages, "read");
  CROW_TRY(crow_file_open(run->comm, run->argument[0], "rewards", &rewards));
  CROW_TRY(crow_file_get_text(rewards, "/model", "kind", &kind));
  if (strcmp(kind, "tabular") == 0) CROW_TRY(open_dataset(run, rewards, &path, &dataset));
  CROW_TRY(check_csv(run));
  CROW_TRY(crow_context_source_open(run->comm, options->contexts, &contexts));
  CROW_TRY(crow_score_check_memory(run->comm, rewards, path ? &dataset : NULL, contexts, crow_run_memory(run)));
  crow_stages_begin(&run->stages, "score");
  CROW_TRY(crow_score_run(run->comm, rewards, path ? &dataset : NULL, contexts, &options->nearest, &scores));
  crow_stages_begin(&run->stages, "write");
  CROW_TRY(write_scores(run, &scores, path, &dataset, contexts));
  crow_stages_end(&run->stages);
  print_scores(run, &scores);
  crow_report_text(run, "output", run->common.output);
  CROW_TRY(crow_times_print(run));
  crow_print(run, "\nscores written to %s", run->common.output);
cleanup:
  crow_scores_free(&scores);
  crow_context_source_close(&contexts);
  crow_dataset_close(&dataset);
  crow_file_close(&rewards);
  crow_free(kind);
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
        "dataset is needed then, and refused if it is another or has changed.\n\n"
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
