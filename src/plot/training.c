/* SPDX-License-Identifier: Apache-2.0 */
/* The training curve of models trained by Adam: loss, and what was held out, by step. */
#include "plot/plot_impl.h"
#include <math.h>

enum { LOSS, HELD_LOSS, ACCURACY, PANELS };
static const char *const paths[PANELS] = {"/training/loss", "/training/validation_loss",
                                          "/training/validation_accuracy"};
static const char *const labels[PANELS] = {"objective (a coin: ln 2 / 2)", "held out: log loss", "held out: accuracy"};

bool crow_plot_has_training(const crow_plot_source *source) {
  return source->kind == CROW_IS_REWARDS && crow_file_has(source->file, paths[LOSS]);
}

/* A source's rows on rank 0; elsewhere and where the file has none, NULL. */
typedef struct training_rows {
  double *member, *step, *column[PANELS], *kept;
  int64_t count;
} training_rows;

static crow_status read_training(const crow_comm *comm, const crow_file *file, training_rows *rows) {
  int64_t members = 0;
  CROW_NEED(crow_plot_read(comm, file, "/training/member", &rows->count, &rows->member));
  CROW_NEED(crow_plot_read(comm, file, "/training/step", &rows->count, &rows->step));
  for (int k = 0; k < PANELS; k++) {
    if (crow_file_has(file, paths[k])) CROW_NEED(crow_plot_read(comm, file, paths[k], &rows->count, &rows->column[k]));
  }
  if (crow_file_has(file, "/training/kept"))
    CROW_NEED(crow_plot_read(comm, file, "/training/kept", &members, &rows->kept));
  return CROW_OK;
}

static void training_rows_free(training_rows *rows) {
  CROW_FREE(rows->member, rows->step);
  for (int k = 0; k < PANELS; k++) crow_free(rows->column[k]);
  crow_free(rows->kept);
}

/* A block of data for each source, its members' lines parted by an empty one, with a last column that is 1 in the rows
 * whose parameters were kept. */
static crow_status add_training(crow_plot *plot, int k, double *longest) {
  crow_status status = CROW_OK;
  training_rows rows = {0};
  CROW_TRY(read_training(plot->comm, plot->source[k].file, &rows));
  crow_plot_add(plot, "$result%d << EOD\n", k);
  for (int64_t i = 0; plot->root && i < rows.count; i++) {
    if (i && rows.member[i] != rows.member[i - 1]) crow_plot_add(plot, "\n");
    crow_plot_add(plot, "%.0f", rows.step[i]);
    for (int p = 0; p < PANELS; p++) crow_plot_add_real(plot, rows.column[p] ? rows.column[p][i] : NAN);
    crow_plot_add(plot, " %d\n", rows.kept && rows.kept[(int64_t)rows.member[i]] == rows.step[i]);
    *longest = fmax(*longest, rows.step[i]);
  }
  crow_plot_add(plot, "EOD\n");
cleanup:
  training_rows_free(&rows);
  return status;
}

static void add_training_panel(crow_plot *plot, int panel, int panels) {
  char quoted[1024];
  crow_plot_frame_row(plot, 96, 24, 200, plot->count + (panels > 1), panel, panels);
  crow_plot_axes(plot, "step", labels[panel]);
  crow_plot_add(plot, "plot ");
  for (int k = 0; k < plot->count; k++) {
    (void)crow_plot_quote(plot->source[k].label, 60, quoted, sizeof quoted);
    crow_plot_add(plot, "%s$result%d using 1:%d with lines linewidth 1.5 linecolor '%s' title %s", k ? ", " : "", k,
                  panel + 2, crow_plot_color(k), quoted);
    if (panel == LOSS) {
      if (panels > 1 && k + 1 == plot->count)
        crow_plot_add(plot,
                      ", NaN with points pointtype 7 linecolor '#444444' title 'point: the parameters that were kept'");
      continue;
    }
    crow_plot_add(plot, ", $result%d using 1:($5 > 0 ? $%d : NaN) with points pointtype %d linecolor '%s' notitle", k,
                  panel + 2, crow_plot_point(k), crow_plot_color(k));
  }
  crow_plot_add(plot, "\n");
}

crow_status crow_plot_training(crow_plot *plot) {
  double longest = 1;
  int panels = 1;
  for (int k = 0; k < plot->count; k++) {
    CROW_NEED(add_training(plot, k, &longest));
    if (crow_file_has(plot->source[k].file, paths[HELD_LOSS])) panels = PANELS;
  }
  crow_plot_add(plot, "set xrange [0:%.9g]\nset multiplot\n", longest);
  for (int panel = 0; panel < panels; panel++) add_training_panel(plot, panel, panels);
  crow_plot_add(plot, "unset multiplot\n");
  (void)snprintf(plot->alt, sizeof plot->alt, "Training loss%s by step of %d result%s",
                 panels > 1 ? ", and log loss and accuracy on held-out comparisons," : "", plot->count,
                 crow_plural(plot->count));
  return CROW_OK;
}
