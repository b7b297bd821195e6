/* SPDX-License-Identifier: Apache-2.0 */
/* Mean reward of every topic with its standard error, or where the fit has none with the spread within the topic,
 * several results side by side (the paper's Figures 3 to 5). Topics are rows, so that long names fit and sixty of them
 * do too. */
#include "plot/plot_impl.h"
#include <crow/summary.h>
#include <math.h>
#include <string.h>

enum { ROWS_MOST = 100, NAME_COLUMNS = 36, PIXELS_A_COLUMN = 22 };

static crow_status read_topics(const crow_plot_source *source, const crow_comm *comm, crow_topics *topics) {
  crow_status status = CROW_OK;
  double *value = NULL;
  crow_partition p;
  if (source->kind != CROW_IS_REWARDS) {
    return crow_error(CROW_BAD_INPUT, "%s: expected a rewards file, for --kind topics", source->path);
  }
  if (!crow_file_has(source->file, "/alternatives/topic")) {
    return crow_error(CROW_BAD_INPUT, "%s: /alternatives/topic is missing: expected topics; --kind win-rate needs none",
                      source->path);
  }
  CROW_TRY(crow_file_read_vector(source->file, "/rewards/value", &p, &value));
  CROW_TRY(crow_topics_create(comm, source->file, &p, false, value, NULL, topics));
  CROW_TRY(crow_topics_read_errors(comm, source->file, topics));
  if (topics->too_many) {
    CROW_TRY(crow_error(CROW_BAD_INPUT, "%s: /alternatives/topic: more than %d topics, too many for a picture",
                        source->path, CROW_TOPICS_MOST));
  }
cleanup:
  crow_free(value);
  return status;
}

/* `ends` are widened to what the bars reach. */
static void add_rows(crow_plot *plot, int64_t count, const crow_topics_row *rows, const crow_topics *topics,
                     double ends[2]) {
  for (int k = 0; k < plot->count; k++) {
    const double offset = .7 * ((k + .5) / plot->count - .5);
    crow_plot_add(plot, "$result%d << EOD\n", k);
    for (int64_t i = 0; i < count; i++) {
      const int64_t t = rows[i].at[k];
      if (t < 0) continue;
      const double given = (topics[k].error ? topics[k].error : topics[k].deviation)[t],
                   half = isnan(given) ? 0 : given;
      ends[0] = fmin(ends[0], topics[k].mean[t] - half);
      ends[1] = fmax(ends[1], topics[k].mean[t] + half);
      crow_plot_add_real(plot, topics[k].mean[t]);
      crow_plot_add_real(plot, (double)i + offset);
      crow_plot_add_real(plot, half);
      crow_plot_add(plot, "\n");
    }
    crow_plot_add(plot, "EOD\n");
  }
}

/* Names on the left. Returns the widest name's columns. */
static int add_names(crow_plot *plot, int64_t count, const crow_topics_row *rows) {
  char quoted[1024];
  int widest = 0;
  const int room = (int)plot->width / PIXELS_A_COLUMN, most = room < NAME_COLUMNS ? room : NAME_COLUMNS;
  crow_plot_add(plot, "set ytics scale 0 noenhanced (");
  for (int64_t i = 0; i < count; i++) {
    const int width = crow_plot_quote(rows[i].name, most, quoted, sizeof quoted);
    if (width > widest) widest = width;
    crow_plot_add(plot, "%s%s %lld", i ? ", " : "", quoted, (long long)i);
  }
  crow_plot_add(plot, ")\nset yrange [%.1f:-0.5]\n", (double)count - .5);
  for (int64_t i = 1; i < count; i++) {
    crow_plot_add(plot, "set arrow from graph 0,first %.1f to graph 1,first %.1f nohead linecolor '#eeeeee'\n",
                  (double)i - .5, (double)i - .5);
  }
  return widest;
}

/* What the bars of all results are, or NULL if they differ. */
static const char *bars(int count, const crow_topics *topics) {
  int errors = 0;
  for (int k = 0; k < count; k++) errors += topics[k].error != NULL;
  return errors == count ? "one standard error of the mean" : errors ? NULL : "spread within the topic (one SD)";
}

/* Where the bars of the results differ, each name says what its own are. */
static void add_series(crow_plot *plot, const crow_topics *topics) {
  const bool differ = !bars(plot->count, topics);
  char named[CROW_PLOT_LABEL_BYTES + 64];
  char quoted[1024];
  crow_plot_add(plot, "plot ");
  for (int k = 0; k < plot->count; k++) {
    (void)snprintf(named, sizeof named, "%s%s%s", differ ? "± " : "", differ ? bars(1, &topics[k]) : "",
                   differ ? ": " : "");
    (void)snprintf(named + strlen(named), sizeof named - strlen(named), "%s", plot->source[k].label);
    (void)crow_plot_quote(named, 90, quoted, sizeof quoted);
    crow_plot_add(plot,
                  "%s$result%d using 1:2:3 with xerrorbars linewidth 1.5 linecolor '%s' pointtype %d pointsize 0.8 "
                  "title %s",
                  k ? ", " : "", k, crow_plot_color(k), crow_plot_point(k), quoted);
  }
  crow_plot_add(plot, "\n");
}

/* Of too many rows the first and the last stay, with one between that says how many are not shown. Returns how many
 * there are then. */
static int64_t cut(int64_t count, crow_topics_row *rows, int results, char *note, size_t bytes) {
  const int64_t left_out = count - ROWS_MOST;
  if (left_out <= 0) return count;
  crow_topics_row *middle = &rows[ROWS_MOST / 2];
  for (crow_topics_row *r = middle + 1; r <= rows + ROWS_MOST; r++) *r = r[left_out - 1];
  (void)snprintf(note, bytes, "(%lld more between)", (long long)left_out);
  middle->name = note;
  for (int k = 0; k < results; k++) middle->at[k] = -1;
  return ROWS_MOST + 1;
}

static void topics_draw(crow_plot *plot, int64_t topic_count, crow_topics_row *rows, const crow_topics *topics) {
  char note[64];
  const int64_t count = cut(topic_count, rows, plot->count, note, sizeof note);
  const int widest = add_names(plot, count, rows);
  const double slot = plot->count == 1 ? 24 : 10 + 11 * (double)plot->count;
  const double inside = (double)count * slot < 80 ? 80 : (double)count * slot;
  crow_plot_frame(plot, 22 + 8.6 * widest, 18, 60, inside, plot->count);
  const char *same = bars(plot->count, topics);
  char axis[128];
  double ends[2] = {INFINITY, -INFINITY};
  (void)snprintf(axis, sizeof axis, "mean reward (log-odds)%s%s", same ? " ± " : "", same ? same : "");
  if (plot->width < 500)
    (void)snprintf(axis, sizeof axis, "mean reward%s",
                   same ? topics[0].error ? " ± one standard error" : " ± spread" : "");
  crow_plot_axes(plot, axis, NULL);
  crow_plot_add(plot, "set grid xtics noytics\n"
                      "set arrow from first 0,graph 0 to first 0,graph 1 nohead linecolor '#444444' "
                      "dashtype 2\n");
  add_rows(plot, count, rows, topics, ends);
  crow_plot_sparse_tics(plot, ends[0], ends[1]);
  add_series(plot, topics);
  (void)snprintf(plot->alt, sizeof plot->alt, "Mean reward ± %s of %lld topics in %d result%s; highest in %s: %s",
                 same ? same : "standard error or spread", (long long)topic_count, plot->count,
                 crow_plural(plot->count), plot->source[plot->count - 1].label, rows[0].name);
}

crow_status crow_plot_topics(crow_plot *plot) {
  crow_status status = CROW_OK;
  const crow_comm *comm = plot->comm;
  crow_topics topics[CROW_PLOT_MOST] = {{0}};
  crow_topics_row *rows = NULL;
  int64_t count = 0;
  for (int k = 0; k < plot->count; k++) CROW_TRY(read_topics(&plot->source[k], comm, &topics[k]));
  CROW_TRY_AGREE(comm, crow_topics_join(plot->count, topics, &count, &rows));
  topics_draw(plot, count, rows, topics);
cleanup:
  for (int k = 0; k < plot->count; k++) crow_topics_free(&topics[k]);
  crow_free(rows);
  return status;
}
