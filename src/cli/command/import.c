/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_impl.h"
#include "cli/print/results_impl.h"

static crow_status run_import(crow_run *run) {
  crow_status status = CROW_OK;
  const crow_import_options *options = run->options;
  crow_import_summary found = {0};
  crow_stages_begin(&run->stages, "import");
  CROW_TRY(crow_import_run(run->comm, options, run->command_line, &found));
  crow_stages_end(&run->stages);
  crow_print(run, "read: %lld alternative%s in %lld dimension%s, %lld topic%s, %lld comparison%s, %lld tie%s",
             (long long)found.alternatives, crow_plural(found.alternatives), (long long)found.dimensions,
             crow_plural(found.dimensions), (long long)found.topics, crow_plural(found.topics),
             (long long)found.comparisons, crow_plural(found.comparisons), (long long)found.ties,
             crow_plural(found.ties));
  if (found.prompts) crow_print(run, "prompts: %lld", (long long)found.prompts);
  if (found.ties_dropped)
    crow_print(run, "dropped: %lld tie%s", (long long)found.ties_dropped, crow_plural(found.ties_dropped));
  crow_report_integer(run, "alternatives", found.alternatives);
  crow_report_integer(run, "dimensions", found.dimensions);
  crow_report_integer(run, "topic_count", found.topics);
  crow_report_integer(run, "prompts", found.prompts);
  crow_report_integer(run, "comparisons", found.comparisons);
  crow_report_integer(run, "ties", found.ties);
  crow_report_integer(run, "ties_dropped", found.ties_dropped);
  CROW_TRY(crow_results_written(run, options->output));
cleanup:
  return status;
}

static const crow_section sections[] = {{"Files", crow_import_settings, 0}, {0}};

const crow_command crow_command_import = {
    .name = "import",
    .summary = "make a dataset from CSV and NumPy files",
    .description =
        "Reads who was compared with whom and who won, the contexts (feature vectors) of the alternatives and, if "
        "there "
        "are any, their ids, topics and prompts, checks all of it, and writes one HDF5 dataset.\n\n"
        "Column names that are understood: left,right,winner; model_a,model_b,winner; model_x,model_y,winner; "
        "first,second,outcome; chosen,rejected. A winner is left, right or tie, model_a, model_b, tie or tie "
        "(bothbad), "
        "a or b, 1, 0 or 0.5, or the winner's id. A column prompt (of the items, the CSV contexts or the comparisons) "
        "groups "
        "alternatives that answer the same prompt: they compete with each other alone. Bad lines are refused with "
        "file, line and value.",
    .example = "crow import --comparisons votes.csv --contexts embeddings.npy --items models.csv -o votes.h5",
    .arguments = "",
    .takes = CROW_TAKES_JSON,
    .required = "comparisons|contexts|output",
    .options_bytes = sizeof(crow_import_options),
    .sections = sections,
    .run = run_import,
};
