/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_impl.h"

static const crow_section sections[] = {
    {"Page", crow_page_settings, 0},
    {"Scale of the leaderboard", crow_elo_settings, offsetof(crow_page_options, elo)},
    {0}};

static crow_status check_report(const crow_run *run) {
  const crow_page_options *options = run->options;
  return crow_elo_options_validate(&options->elo);
}

static crow_status run_report(crow_run *run) {
  const char *output = run->common.output;
  const int count = run->argument_count;
  int pictures = 0;
  CROW_NEED(crow_page_write(run->comm, count, run->argument, run->options, output, run->common.force, &pictures));
  crow_print(run, "%s: %d file%s, %d picture%s", output, count, crow_plural(count), pictures, crow_plural(pictures));
  return CROW_OK;
}

const crow_command crow_command_report = {
    .name = "report",
    .summary = "put results, pictures and provenance on one page",
    .description =
        "Writes a page of HTML that holds everything itself, to be sent to a colleague: what the results say in plain "
        "words, a leaderboard with intervals, what the weights did, pictures, tables of topics and of the best and "
        "worst alternatives, certificates, and how each file came about. Results of different alternatives are not "
        "compared. It needs no network and runs no scripts; it reads well on a phone, on paper and aloud.\n\n"
        "Takes rewards, weights and dataset files and the JSON summaries of other commands, such as crow audit. Needs "
        "gnuplot.",
    .example = "crow report uniform.h5 voronoi.h5 -o report.html --title 'Drinks'\n"
               "crow report rewards.h5 votes.h5 audit.json -o report.html --anchor 'GPT 4=1200'",
    .arguments = "FILE...",
    .least_arguments = 1,
    .most_arguments = CROW_PAGE_MOST,
    .takes = CROW_TAKES_OUTPUT | CROW_PLAIN | CROW_STREAMS,
    .options_bytes = sizeof(crow_page_options),
    .sections = sections,
    .check = check_report,
    .run = run_report,
};
