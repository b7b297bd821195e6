/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_impl.h"
#include "cli/print/results_impl.h"

static void print_found(crow_run *run, const crow_import_options *options, const crow_import_summary *found) {
  char dimensions[64] = "without contexts";
  if (found->dimensions) {
    (void)snprintf(dimensions, sizeof dimensions, "in %lld dimension%s", (long long)found->dimensions,
                   crow_plural(found->dimensions));
  }
  crow_print(run, "read: %lld alternative%s %s, %lld topic%s, %lld comparison%s, %lld tie%s",
             (long long)found->alternatives, crow_plural(found->alternatives), dimensions, (long long)found->topics,
             crow_plural(found->topics), (long long)found->comparisons, crow_plural(found->comparisons),
             (long long)found->ties, crow_plural(found->ties));
  crow_print(run, "comparisons: %s", found->how);
  if (found->prompts) crow_print(run, "prompts: %lld", (long long)found->prompts);
  if (found->both_bad)
    crow_print(run, "both bad: %lld, %s", (long long)found->both_bad,
               options->both_bad || options->ties ? "left out" : "taken for ties (--both-bad drop leaves them out)");
  if (found->dropped) crow_print(run, "dropped: %lld tie%s", (long long)found->dropped, crow_plural(found->dropped));
  if (found->texts)
    crow_print(run, "texts: %lld id%s the beginning of a text, which is stored whole", (long long)found->texts,
               found->texts == 1 ? " is" : "s are");
  if (found->kept) crow_print_detail(run, "kept: %lld column%s", (long long)found->kept, crow_plural(found->kept));
  if (!found->dimensions) crow_print(run, "no contexts: fits count every alternative alike");
}

static void report_found(crow_run *run, const crow_import_summary *found) {
  crow_report_integer(run, "alternatives", found->alternatives);
  crow_report_integer(run, "dimensions", found->dimensions);
  crow_report_integer(run, "topic_count", found->topics);
  crow_report_integer(run, "prompts", found->prompts);
  crow_report_integer(run, "comparisons", found->comparisons);
  crow_report_integer(run, "ties", found->ties);
  crow_report_integer(run, "ties_dropped", found->dropped);
  crow_report_integer(run, "both_bad", found->both_bad);
  crow_report_integer(run, "texts", found->texts);
  crow_report_integer(run, "kept_columns", found->kept);
  crow_report_text(run, "columns", found->how);
}

static crow_status run_import(crow_run *run) {
  const crow_import_options *options = run->options;
  crow_import_summary found = {0};
  crow_stages_begin(&run->stages, "import");
  CROW_NEED(crow_import_run(run->comm, options, run->command_line, &found));
  crow_stages_end(&run->stages);
  print_found(run, options, &found);
  report_found(run, &found);
  return crow_results_written(run);
}

static const crow_section sections[] = {{"Files", crow_import_settings, 0}, {0}};

const crow_command crow_command_import = {
    .name = "import",
    .summary = "make a dataset from the files people have: CSV, JSON lines, NumPy, safetensors",
    .description =
        "Reads who was compared with whom and who won and, if there are any, the contexts (feature vectors) of the "
        "alternatives, their ids, topics and prompts, checks all of it, and writes one HDF5 dataset. What was "
        "understood is said in one line. Bad lines are refused with file, line and value.\n\n"
        "Comparisons are CSV, TSV, CSV with semicolons or JSON lines, also compressed by gzip or from a pipe. What "
        "their columns are called, in any order and case:\n\n"
        "  left, right, winner           also model_a, model_b; model_x, model_y;\n"
        "                                first, second; item_a, item_b; a, b\n"
        "  left, right, outcome          the share won by the first, 0 to 1\n"
        "  model_a, model_b,             one of the last three is 1\n"
        "    winner_model_a, winner_model_b, winner_tie\n"
        "  chosen, rejected              the first of these won\n"
        "  winner, loser                 the same\n"
        "  prompt, response, score       every two responses of a prompt\n"
        "  prompt, response, rank        the same, 1 is the best\n"
        "  response_a, response_b,       texts, where no models are named\n"
        "    winner\n"
        "  other names                   --columns first=x,second=y,winner=z\n\n"
        "A winner is left, right or tie; model_a, model_b, tie, both_bad or tie (bothbad); a or b; or the winner's id. "
        "What a number means is never guessed:\n\n"
        "  an index or a flag            --winner-map 0=first,1=second\n"
        "  a strength                    --winner-scale -3:3 (negative: the first)\n\n"
        "A column prompt (of the items, the CSV contexts or the comparisons) groups alternatives that answer the same "
        "prompt: they compete with each other alone. Texts of several lines or more than 256 bytes are stored whole, "
        "and their ids are their beginning and a digest. Parquet and Arrow files are converted first, by "
        "jobs/convert/parquet.py.",
    .example = "crow import --comparisons votes.csv --contexts embeddings.npy --items models.csv -o votes.h5",
    .arguments = "",
    .takes = CROW_TAKES_JSON,
    .required = "comparisons|output",
    .options_bytes = sizeof(crow_import_options),
    .sections = sections,
    .run = run_import,
};
