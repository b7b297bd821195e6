/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_impl.h"
#include "io/whole_file_impl.h"
#include "report/report_impl.h"

typedef struct report_options {
  const char *labels, *title;
} report_options;

static const crow_setting report_settings[] = {
    {.name = "labels",
     .type = CROW_SETTING_TEXT,
     .offset = offsetof(report_options, labels),
     .choices = "NAME,...",
     .help = "what the files are called, separated by commas; the files' names if not given"},
    {.name = "title",
     .type = CROW_SETTING_TEXT,
     .offset = offsetof(report_options, title),
     .text = "Rewards from preferences",
     .choices = "TEXT",
     .help = "heads the page"},
    {0}};

static const crow_section sections[] = {{"Page", report_settings, 0}, {0}};

static crow_status write_page(const char *path, const crow_report *report) {
  crow_status status = CROW_OK;
  crow_whole_file file = {0};
  CROW_TRY(crow_whole_file_create(path, &file));
  crow_report_write_page(file.stream, report);
  CROW_TRY(crow_whole_file_finish(&file));
cleanup:
  crow_whole_file_abandon(&file);
  return status;
}

static crow_status run_report(crow_run *run) {
  crow_status status = CROW_OK;
  const report_options *options = run->options;
  const int count = run->argument_count;
  crow_plot_source source[CROW_PLOT_MOST] = {{0}};
  crow_report report = {.title = options->title};
  CROW_TRY(crow_plot_sources_open(run->comm, count, run->argument, options->labels, source));
  for (int k = 0; k < count; k++) {
    report.entries = k + 1;
    CROW_TRY(crow_report_gather(run->comm, &source[k], &report.entry[k]));
  }
  CROW_TRY(crow_report_draw(run->comm, count, source, &report));
  CROW_TRY_AGREE(run->comm, run->root ? write_page(run->common.output, &report) : CROW_OK);
  crow_print(run, "%s: %d file%s, %d picture%s", run->common.output, count, crow_plural(count), report.pictures,
             crow_plural(report.pictures));
cleanup:
  for (int k = 0; k < report.entries; k++) crow_report_entry_free(&report.entry[k]);
  for (int k = 0; k < report.pictures; k++) crow_free(report.picture[k].svg);
  crow_plot_sources_close(count, source);
  return status;
}

const crow_command crow_command_report = {
    .name = "report",
    .summary = "put results, pictures and provenance on one page",
    .description =
        "Writes a page of HTML that holds everything itself, to be sent to a colleague: what the results say in plain "
        "words, pictures, tables of topics and of the best and worst alternatives, certificates, weights, and how each "
        "file came about. It needs no network and runs no scripts; it reads well on a phone, on paper and aloud.\n\n"
        "Takes rewards, weights and dataset files and the JSON summaries of other commands, such as crow audit. Needs "
        "gnuplot.",
    .example = "crow report uniform.h5 voronoi.h5 -o report.html --title 'Drinks'\n"
               "crow report rewards.h5 votes.h5 audit.json -o report.html",
    .arguments = "FILE...",
    .least_arguments = 1,
    .most_arguments = CROW_PLOT_MOST,
    .takes = CROW_TAKES_OUTPUT | CROW_PLAIN,
    .options_bytes = sizeof(report_options),
    .sections = sections,
    .run = run_report,
};
