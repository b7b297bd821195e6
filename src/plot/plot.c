/* SPDX-License-Identifier: Apache-2.0 */
#include "io/whole_file_impl.h"
#include "plot/plot_impl.h"
#include <string.h>

const crow_setting crow_plot_settings[] = {
    CROW_SETTING("kind", CHOICE, crow_plot_options, kind, .value = CROW_PLOT_AUTO, .choices = CROW_PLOT_KINDS,
                 .help = "what is drawn; auto: topics for rewards that have them, else their win rates; weights; for "
                         "a dataset its Voronoi diagram; for JSON what it holds. forest: rewards with 95 % "
                         "intervals, best first; win-rates: what share each alternative won against each other one, "
                         "observed and fitted, of a dataset and its rewards"),
    CROW_SETTING("labels", TEXT, crow_plot_options, labels, .choices = "NAME,...",
                 .help = "what the files are called in the legend, separated by commas; the files' names if not "
                         "given"),
    CROW_SETTING("title", TEXT, crow_plot_options, title, .choices = "TEXT", .help = "a line above the picture"),
    CROW_SETTING("width", INT, crow_plot_options, width, .value = 720, .minimum = 360, .maximum = 4000,
                 .help = "of the picture in pixels, of which a PDF has 96 an inch; a PNG has twice as many, for "
                         "print"),
    {0}};

static bool name_ends_with(const char *path, const char *suffix) {
  const size_t length = strlen(path), tail = strlen(suffix);
  return length > tail && strcmp(path + length - tail, suffix) == 0;
}

crow_status crow_plot_check_output(const char *output) {
  if (name_ends_with(output, ".svg") || name_ends_with(output, ".png") || name_ends_with(output, ".pdf"))
    return CROW_OK;
  return crow_error(CROW_USAGE, "%s: expected a picture's name that ends with .svg, .png or .pdf", output);
}

static crow_picture_format picture_format(const char *output) {
  if (name_ends_with(output, ".pdf")) return CROW_PICTURE_PDF;
  return name_ends_with(output, ".png") ? CROW_PICTURE_PNG : CROW_PICTURE_SVG;
}

static crow_status check_scale(const crow_plot_options *options) {
  if ((options->elo.on || options->elo.anchor) && options->kind != CROW_PLOT_FOREST) {
    return crow_error(CROW_USAGE, "--elo and --anchor need --kind forest: no other picture has ratings");
  }
  return crow_elo_options_validate(&options->elo);
}

static crow_status plot_write_picture(const char *path, bool overwrite, const char *picture, size_t bytes) {
  crow_status status = CROW_OK;
  crow_whole_file file = {0};
  CROW_TRY(crow_whole_file_create(path, overwrite, &file));
  (void)fwrite(picture, 1, bytes, file.stream);
  CROW_TRY(crow_whole_file_finish(&file));
cleanup:
  crow_whole_file_abandon(&file);
  return status;
}

crow_status crow_plot_run(const crow_comm *comm, int count, char *const *paths, const crow_plot_options *options,
                          const char *output, bool overwrite, char alt[CROW_PLOT_ALT_BYTES]) {
  crow_status status = CROW_OK;
  crow_plot_source source[CROW_PLOT_MOST] = {{0}};
  crow_plot plot = {0};
  char *picture = NULL;
  size_t bytes = 0;
  CROW_TRY(crow_plot_check_output(output));
  CROW_TRY(check_scale(options));
  const crow_picture_format format = picture_format(output);
  CROW_TRY(crow_stream_check(comm, output, overwrite));
  CROW_TRY(crow_plot_sources_open(comm, count, paths, options->labels, source));
  CROW_TRY_AGREE(comm, crow_plot_create(comm, count, source, options->title, (double)options->width, &plot));
  plot.elo = options->elo;
  CROW_TRY(crow_plot_fill(&plot, (crow_plot_kind)options->kind));
  CROW_TRY(crow_plot_draw(&plot, format, &picture, &bytes));
  CROW_TRY_AGREE(comm, plot.root ? plot_write_picture(output, overwrite, picture, bytes) : CROW_OK);
  memcpy(alt, plot.alt, CROW_PLOT_ALT_BYTES);
  CROW_TRY(crow_comm_broadcast(comm, alt, CROW_PLOT_ALT_BYTES, 0));
cleanup:
  crow_plot_free(&plot);
  crow_plot_sources_close(count, source);
  crow_free(picture);
  return status;
}
