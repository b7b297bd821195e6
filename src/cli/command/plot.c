/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_impl.h"
#include "io/whole_file_impl.h"
#include "plot/plot_impl.h"
#include <string.h>

typedef struct plot_options {
  int kind;
  const char *labels, *title;
  int64_t width;
} plot_options;

static const crow_setting plot_settings[] = {
    {.name = "kind",
     .type = CROW_SETTING_CHOICE,
     .offset = offsetof(plot_options, kind),
     .value = CROW_PLOT_AUTO,
     .choices = CROW_PLOT_KINDS,
     .help = "what is drawn; auto: topics for rewards that have them, else their win rates; weights; for a dataset its "
             "Voronoi diagram; for JSON what it holds"},
    {.name = "labels",
     .type = CROW_SETTING_TEXT,
     .offset = offsetof(plot_options, labels),
     .choices = "NAME,...",
     .help = "what the files are called in the legend, separated by commas; the files' names if not given"},
    {.name = "title",
     .type = CROW_SETTING_TEXT,
     .offset = offsetof(plot_options, title),
     .choices = "TEXT",
     .help = "a line above the picture"},
    {.name = "width",
     .type = CROW_SETTING_INT,
     .offset = offsetof(plot_options, width),
     .value = 720,
     .minimum = 360,
     .maximum = 4000,
     .help = "of the picture in pixels; a PNG has twice as many, for print"},
    {0}};

static const crow_section sections[] = {{"Picture", plot_settings, 0}, {0}};

static bool ends_with(const char *path, const char *suffix) {
  const size_t length = strlen(path), tail = strlen(suffix);
  return length > tail && strcmp(path + length - tail, suffix) == 0;
}

static crow_status check_plot(const crow_run *run) {
  const char *output = run->common.output;
  if (!output || ends_with(output, ".svg") || ends_with(output, ".png")) return CROW_OK;
  return crow_error(CROW_USAGE, "%s: expected a picture's name that ends with .svg or .png", output);
}

static crow_status write_picture(const char *path, const char *picture, size_t bytes) {
  crow_status status = CROW_OK;
  crow_whole_file file = {0};
  CROW_TRY(crow_whole_file_create(path, &file));
  (void)fwrite(picture, 1, bytes, file.stream);
  CROW_TRY(crow_whole_file_finish(&file));
cleanup:
  crow_whole_file_abandon(&file);
  return status;
}

static crow_status run_plot(crow_run *run) {
  crow_status status = CROW_OK;
  const plot_options *options = run->options;
  const char *output = run->common.output;
  const int count = run->argument_count;
  crow_plot_source source[CROW_PLOT_MOST] = {{0}};
  crow_plot plot = {0};
  char *picture = NULL;
  size_t bytes = 0;
  CROW_TRY(crow_plot_sources_open(run->comm, count, run->argument, options->labels, source));
  CROW_TRY_AGREE(run->comm, crow_plot_create(run->comm, count, source, options->title, (double)options->width, &plot));
  CROW_TRY(crow_plot_fill(&plot, (crow_plot_kind)options->kind));
  CROW_TRY(crow_plot_draw(&plot, ends_with(output, ".png") ? CROW_PICTURE_PNG : CROW_PICTURE_SVG, &picture, &bytes));
  CROW_TRY_AGREE(run->comm, run->root ? write_picture(output, picture, bytes) : CROW_OK);
  crow_print(run, "%s: %s", output, plot.alt);
cleanup:
  crow_plot_free(&plot);
  crow_plot_sources_close(count, source);
  crow_free(picture);
  return status;
}

const crow_command crow_command_plot = {
    .name = "plot",
    .summary = "draw a picture of results",
    .description =
        "Draws rewards, weights, datasets of two dimensions, or the JSON summaries of other commands, as SVG or PNG. "
        "Several results come side by side in one picture. Colours are those of Okabe and Ito, and shapes differ too, "
        "so that nobody needs colour vision and print may be grey. Large results are drawn by what is in each part of "
        "the picture, so that a picture stays small.\n\n"
        "--kind voronoi takes a dataset and, if you like, a weights or rewards file of it; without one the cells' "
        "exact "
        "areas are shown. --kind scaling takes {\"scaling\": [{\"ranks\": 4, \"seconds\": 2.5}, ...]}, for weak "
        "scaling "
        "with the \"work\" that each run did. Needs gnuplot.",
    .example = "crow plot uniform.h5 voronoi.h5 -o topics.svg --labels 'standard MLE,weighted MLE'\n"
               "crow plot rewards.h5 --kind convergence -o convergence.png\n"
               "crow plot votes.h5 weights.h5 --kind voronoi -o cells.svg",
    .arguments = "FILE...",
    .least_arguments = 1,
    .most_arguments = CROW_PLOT_MOST,
    .takes = CROW_TAKES_OUTPUT | CROW_PLAIN,
    .options_bytes = sizeof(plot_options),
    .sections = sections,
    .check = check_plot,
    .run = run_plot,
};
