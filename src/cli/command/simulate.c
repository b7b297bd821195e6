/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_impl.h"
#include "cli/print/results_impl.h"

static crow_status check_simulate(const crow_run *run) { return crow_simulate_options_validate(run->options); }

static crow_status run_simulate(crow_run *run) {
  crow_status status = CROW_OK;
  const crow_simulate_options *options = run->options;
  const char *output = run->common.output;
  crow_simulate_summary made = {0};
  crow_provenance *provenance = NULL;
  crow_stages_begin(&run->stages, "simulate");
  CROW_TRY(crow_run_provenance(run, NULL, &provenance));
  CROW_TRY(crow_simulate_run(run->comm, options, output, run->common.force, provenance, &made));
  crow_stages_end(&run->stages);
  crow_print(
      run,
      "simulated: %lld alternative%s in %lld dimension%s, %lld of them clones, %lld topic%s, %lld annotator type%s",
      (long long)made.alternatives, crow_plural(made.alternatives), (long long)made.dimensions,
      crow_plural(made.dimensions), (long long)made.clones, (long long)made.topics, crow_plural(made.topics),
      (long long)made.types, crow_plural(made.types));
  if (made.prompts) crow_print(run, "prompts: %lld", (long long)made.prompts);
  if (made.comparisons) crow_print(run, "comparisons: %lld", (long long)made.comparisons);
  crow_report_integer(run, "alternatives", made.alternatives);
  crow_report_integer(run, "clones", made.clones);
  crow_report_integer(run, "dimensions", made.dimensions);
  crow_report_integer(run, "topic_count", made.topics);
  crow_report_integer(run, "types", made.types);
  crow_report_integer(run, "prompts", made.prompts);
  crow_report_integer(run, "comparisons", made.comparisons);
  CROW_TRY(crow_results_written(run));
cleanup:
  crow_provenance_destroy(&provenance);
  return status;
}

static const crow_section sections[] = {{"Simulation", crow_simulate_settings, 0}, {0}};

const crow_command crow_command_simulate = {
    .name = "simulate",
    .summary = "make a synthetic dataset, with clones if wanted",
    .description =
        "Makes alternatives around topics in a context space, annotator types with rewards for the topics "
        "(Bradley-Terry-Luce), and preferences: the types themselves, p(x>y) of every pair, or sampled judgements. "
        "Clones of a topic's alternatives are at a given distance from them and judged alike. With --prompts the "
        "alternatives are responses to prompts, each with all topics if it has that many responses; a clone answers "
        "its original's prompt, and a comparison is of a random response and a random other one to the same "
        "prompt.\n\n"
        "A population file is JSON: {\"topics\": [\"food\", \"art\"], \"types\": [{\"prevalence\": 0.4, \"rewards\": "
        "{\"food\": 0, \"art\": 2.3}}, ...]}, and if wanted \"centres\": a list of coordinates for each topic. The "
        "population of Table 4 is that of Table 2 with romance, art and food for a, b and c.\n\n"
        "Every element is drawn from the seed and its index alone and written in pieces by the rank whose slice it is "
        "in: the same bits on any number of ranks, and no rank ever holds a whole array.",
    .example =
        "crow simulate -o original.h5 --alternatives 180 --spread 0.02 --preferences comparisons\n"
        "crow simulate -o clones.h5 --population table4 --clone food --clone-name restaurants --eps 0.001\n"
        "crow simulate -o prompts.h5 --prompts 10000 --alternatives 40000 --spread 0.1 --preferences comparisons "
        "--comparisons 400000\n"
        "mpirun -n 64 crow simulate -o large.h5 --alternatives 100000000 --dimensions 16 --spread 0.05",
    .arguments = "",
    .takes = CROW_TAKES_OUTPUT | CROW_TAKES_JSON,
    .options_bytes = sizeof(crow_simulate_options),
    .sections = sections,
    .check = check_simulate,
    .run = run_simulate,
};
