/* SPDX-License-Identifier: Apache-2.0 */
/* What a leaderboard shows: places, names, and rewards with their 95 % intervals, best first, several results side by
 * side in each row. */
#include "plot/plot_impl.h"
#include <math.h>

/* All alternatives if they are few, else both ends. */
enum { FOREST_ALL = 30, FOREST_BEST = 20, FOREST_WORST = 10 };

typedef struct forest {
  crow_comparison comparison;
  crow_comparison_alternatives rows;
  crow_elo elo[CROW_PLOT_MOST];
  int64_t best;           /* rows before the gap */
  int64_t between, after; /* alternatives that are not shown: in the gap, and after the last row */
  double least, greatest; /* of what is drawn */
  bool intervals, hollow; /* whether any result has intervals; whether any row lacks weight */
  char *letter;           /* (rows) of a group of near-duplicates; 0: none */
  bool near;              /* whether any row has one */
} forest;

static crow_status read_forest(const crow_plot *plot, forest *f) {
  for (int k = 0; k < plot->count; k++) {
    if (plot->source[k].kind != CROW_IS_REWARDS) {
      return crow_error(CROW_BAD_INPUT, "%s: expected a rewards file, for --kind forest", plot->source[k].path);
    }
    CROW_NEED(crow_comparison_add(plot->comm, plot->source[k].path, &f->comparison));
    const crow_comparison_result *result = &f->comparison.result[k];
    CROW_NEED(crow_elo_find(plot->comm, &plot->elo, result->file, &result->partition, result->value, result->weight,
                            &f->elo[k]));
    f->intervals = f->intervals || result->has_intervals;
  }
  const crow_places *places = &f->comparison.result[plot->count - 1].places;
  const bool cut = places->ranked > FOREST_ALL;
  f->best = cut ? FOREST_BEST : places->count < FOREST_ALL ? places->count : FOREST_ALL;
  f->between = cut ? places->ranked - FOREST_BEST - FOREST_WORST : 0;
  f->after = places->count - f->best - (cut ? f->between + FOREST_WORST : 0);
  return crow_comparison_alternatives_create_ends(&f->comparison, f->best, cut ? FOREST_WORST : 0, &f->rows);
}

/* The row's height in the picture; the worst ones come after the gap, which takes a row. */
static double height_of(const forest *f, int64_t row) { return (double)(row < f->best ? row : row + 1); }

/* Columns: rating, height, lower and upper end, whether it has weight. */
static void add_forest_data(crow_plot *plot, forest *f, int k) {
  const double offset = .7 * ((k + .5) / plot->count - .5);
  crow_plot_add(plot, "$result%d << EOD\n", k);
  for (int64_t i = 0; i < f->rows.rows; i++) {
    const crow_comparison_cell *cell = &f->rows.cell[i * plot->count + k];
    if (!cell->there) continue;
    const double at[] = {cell->reward, cell->lower, cell->upper};
    for (int e = 0; e < 3; e++) {
      f->least = fmin(f->least, crow_elo_rating(&f->elo[k], at[e]));
      f->greatest = fmax(f->greatest, crow_elo_rating(&f->elo[k], at[e]));
    }
    crow_plot_add_real(plot, crow_elo_rating(&f->elo[k], cell->reward));
    crow_plot_add_real(plot, height_of(f, i) + offset);
    crow_plot_add_real(plot, crow_elo_rating(&f->elo[k], cell->lower));
    crow_plot_add_real(plot, crow_elo_rating(&f->elo[k], cell->upper));
    crow_plot_add(plot, " %d\n", cell->rank > 0);
    f->hollow = f->hollow || cell->rank == 0;
  }
  crow_plot_add(plot, "EOD\n");
}

/* Places are those of the last result, as is the order. Returns the widest name's columns. */
static int add_forest_names(crow_plot *plot, const forest *f) {
  int widest = 8;
  for (int64_t i = 0; i < f->rows.rows; i++) {
    const int64_t place = f->rows.cell[i * plot->count + plot->count - 1].rank;
    const int width = crow_plot_add_row_name(plot, height_of(f, i), place, f->rows.id[i]);
    if (width > widest) widest = width;
    crow_plot_add(plot, "set arrow from graph 0,first %.0f to graph 1,first %.0f nohead back linecolor '#eeeeee'\n",
                  height_of(f, i), height_of(f, i));
  }
  if (f->between) (void)crow_plot_add_row_name(plot, (double)f->best, 0, "...");
  return widest;
}

/* Groups of which two or more are shown have letters, A from the top; for the 27th and on there are none left. */
static crow_status name_near(forest *f) {
  const int64_t *group = f->rows.near;
  char next = 'A';
  CROW_NEED(CROW_ALLOCATE(&f->letter, f->rows.rows));
  for (int64_t i = 0; i < f->rows.rows && next <= 'Z'; i++) {
    bool found = false;
    if (group[i] < 1 || f->letter[i]) continue;
    for (int64_t k = i + 1; k < f->rows.rows; k++) {
      if (group[k] != group[i]) continue;
      f->letter[k] = next;
      found = true;
    }
    if (!found) continue;
    f->letter[i] = next++;
    f->near = true;
  }
  return CROW_OK;
}

/* Near-duplicates of each other have the same letter before the frame. */
static void add_near(crow_plot *plot, const forest *f) {
  for (int64_t i = 0; i < f->rows.rows; i++) {
    if (!f->letter[i]) continue;
    crow_plot_add(plot, "set label '%c' at screen %.6f,first %.0f right noenhanced textcolor '#B2450F'\n", f->letter[i],
                  (plot->left - 5) / plot->width, height_of(f, i));
  }
}

/* Bars below points, so that a hollow point is white within. */
static void add_forest_series(crow_plot *plot, const forest *f) {
  static const int filled[] = {7, 5, 9, 13, 11, 15}; /* one less is the same shape, hollow */
  char quoted[1024];
  for (int k = 0; k < plot->count; k++) {
    const char *color = crow_plot_color(k);
    const int shape = filled[k % (int)(sizeof filled / sizeof *filled)];
    (void)crow_plot_quote(plot->source[k].label, 60, quoted, sizeof quoted);
    crow_plot_add(plot, k ? ", " : "plot ");
    if (f->comparison.result[k].has_intervals) {
      crow_plot_add(plot, "$result%d using 1:2:3:4 with xerrorbars linewidth 1.5 linecolor '%s' pointsize 0 notitle, ",
                    k, color);
    }
    if (f->hollow) {
      crow_plot_add(
          plot,
          "$result%d using ($5 > 0 ? NaN : $1):2 with points linecolor '#ffffff' pointtype %d pointsize 0.8 "
          "notitle, $result%d using ($5 > 0 ? NaN : $1):2 with points linecolor '%s' pointtype %d pointsize 0.8 "
          "notitle, ",
          k, shape, k, color, shape - 1);
    }
    crow_plot_add(
        plot,
        "$result%d using ($5 > 0 ? $1 : NaN):2 with points linecolor '%s' pointtype %d pointsize 0.8 notitle, "
        "NaN with points linecolor '%s' pointtype %d pointsize 0.8 %s %s",
        k, color, shape, color, shape, plot->count > 1 ? "title" : "notitle", plot->count > 1 ? quoted : "");
  }
  if (f->hollow) {
    crow_plot_add(plot, ", NaN with points linecolor '#444444' pointtype 6 pointsize 0.8 title 'hollow: no weight'");
  }
  if (f->near) crow_plot_add(plot, ", NaN with lines linecolor '#ffffff' title 'same letter: near-duplicates'");
  crow_plot_add(plot, "\n");
}

static void add_forest_note(crow_plot *plot, const forest *f) {
  if (f->after == 0) return;
  crow_plot_add(plot,
                "set label '%lld alternative%s without weight %s not shown' at screen %.6f,%.6f left font small_font "
                "textcolor '#444444'\n",
                (long long)f->after, crow_plural(f->after), f->after == 1 ? "is" : "are", 14 / plot->width,
                14 / plot->height);
}

static void draw_forest(crow_plot *plot, forest *f) {
  const bool elo = f->elo[0].on;
  if (!plot->title && !plot->page) {
    (void)snprintf(plot->made_title, sizeof plot->made_title, "%s%s", elo ? "Elo ratings" : "Rewards",
                   f->intervals ? " with 95 % intervals" : "");
    plot->title = plot->made_title;
  }
  for (int k = 0; k < plot->count; k++) add_forest_data(plot, f, k);
  const int widest = add_forest_names(plot, f);
  const double rows = (double)f->rows.rows + (f->between > 0);
  const double inside = rows * (plot->count == 1 ? 20 : 10 + 10 * (double)plot->count);
  crow_plot_frame(plot, crow_plot_row_pixels(widest) + (f->near ? 10 : 0), 24, f->after ? 84 : 60, fmax(inside, 60),
                  (plot->count > 1 ? plot->count : 0) + f->hollow + f->near);
  crow_plot_axes(plot, elo ? "Elo rating" : "reward (log-odds)", NULL);
  crow_plot_add(plot,
                "unset ytics\nset yrange [%.1f:-0.5]\nset grid xtics noytics\nset xrange [*:*] noextend\n"
                "set offsets graph 0.02, graph 0.02, 0, 0\n",
                rows - .5);
  if (!elo) crow_plot_add(plot, "set yzeroaxis linetype 1 linecolor '#888888' dashtype 2\n");
  crow_plot_sparse_tics(plot, f->least, f->greatest);
  add_forest_note(plot, f);
  add_near(plot, f);
  add_forest_series(plot, f);
  (void)snprintf(plot->alt, sizeof plot->alt, "%s%s of %lld alternative%s in %d result%s; first in %s: %s",
                 elo ? "Elo ratings" : "Rewards", f->intervals ? " with 95 % intervals" : "", (long long)f->rows.rows,
                 crow_plural(f->rows.rows), plot->count, crow_plural(plot->count), plot->source[plot->count - 1].label,
                 f->rows.rows ? f->rows.id[0] : "none");
}

crow_status crow_plot_forest(crow_plot *plot) {
  crow_status status = CROW_OK;
  forest f = {.least = INFINITY, .greatest = -INFINITY};
  CROW_TRY(read_forest(plot, &f));
  CROW_TRY_AGREE(plot->comm, name_near(&f));
  draw_forest(plot, &f);
cleanup:
  crow_free(f.letter);
  crow_comparison_alternatives_free(&f.rows);
  crow_comparison_close(&f.comparison);
  return status;
}
