/* SPDX-License-Identifier: Apache-2.0 */
/* Who won against whom, and what the fit says of it: two maps side by side of the best alternatives, in the order of
 * their places. */
#include "plot/plot_impl.h"
#include <math.h>

enum { DUELS_MOST = 40, FIRST = 0, SECOND, OUTCOME, COUNT };

/* The judgements between the alternatives that are shown, (shown, shown): by who is first and who is second. */
typedef struct duels {
  int64_t shown;
  int16_t *slot; /* of every alternative; -1: not shown */
  bool counted;  /* whether comparisons have counts; else each is one judgement */
  int64_t *judgements;
  crow_exact_sum *won; /* by the first */
} duels;

static crow_status find_duel_sources(const crow_plot *plot, const crow_plot_source **dataset,
                                     const crow_plot_source **rewards) {
  *dataset = *rewards = NULL;
  for (int k = 0; k < plot->count; k++) {
    if (plot->source[k].kind == CROW_IS_DATASET) *dataset = &plot->source[k];
    if (plot->source[k].kind == CROW_IS_REWARDS) *rewards = &plot->source[k];
  }
  if (plot->count != 2 || !*dataset || !*rewards) {
    return crow_error(CROW_USAGE, "--kind win-rates needs a dataset and its rewards: expected two files");
  }
  if (!crow_file_has((*dataset)->file, "/comparisons/first")) {
    return crow_error(CROW_BAD_INPUT, "%s: /comparisons/first is missing: expected comparisons, for --kind win-rates",
                      (*dataset)->path);
  }
  return CROW_OK;
}

static void visit_duels(void *context, int64_t count, const double *const *column) {
  duels *d = context;
  for (int64_t i = 0; i < count; i++) {
    const int64_t x = d->slot[(int64_t)column[FIRST][i]], y = d->slot[(int64_t)column[SECOND][i]];
    if (x < 0 || y < 0 || x == y) continue;
    const double judgements = d->counted ? column[COUNT][i] : 1;
    d->judgements[x * d->shown + y] += (int64_t)judgements;
    crow_exact_add(&d->won[x * d->shown + y], column[OUTCOME][i] * judgements);
  }
}

static crow_status read_duels(const crow_comm *comm, const crow_plot_source *dataset,
                              const crow_comparison_result *result, duels *d) {
  static const char *const paths[] = {"/comparisons/first", "/comparisons/second", "/comparisons/outcome",
                                      "/comparisons/count"};
  const crow_places *places = &result->places;
  const int64_t cells = d->shown * d->shown;
  CROW_NEED_AGREE(comm, CROW_ALLOCATE(&d->slot, places->count));
  CROW_NEED_AGREE(comm, CROW_ALLOCATE_EACH(cells, &d->judgements, &d->won));
  for (int64_t i = 0; i < places->count; i++) d->slot[i] = -1;
  for (int16_t k = 0; k < d->shown; k++) d->slot[places->order[k]] = k;
  d->counted = crow_file_has(dataset->file, paths[COUNT]);
  CROW_NEED(crow_plot_visit(comm, dataset->file, d->counted ? 4 : 3, paths, visit_duels, d));
  CROW_NEED(crow_comm_sum_i64(comm, d->judgements, cells));
  return crow_comm_sum_exact(comm, d->won, cells);
}

/* Columns: column and row of the cell, share that the row's alternative won. */
static void add_observed(crow_plot *plot, const duels *d) {
  crow_plot_add(plot, "$observed << EOD\n");
  for (int64_t x = 0; x < d->shown; x++) {
    for (int64_t y = 0; y < d->shown; y++) {
      const int64_t there = x * d->shown + y, back = y * d->shown + x;
      const int64_t lost = d->judgements[back], all = d->judgements[there] + lost;
      if (all == 0) continue;
      const double won = crow_exact_value(&d->won[there]) + ((double)lost - crow_exact_value(&d->won[back]));
      crow_plot_add(plot, "%lld %lld", (long long)y, (long long)x);
      crow_plot_add_real(plot, won / (double)all);
      crow_plot_add(plot, "\n");
    }
  }
  crow_plot_add(plot, "EOD\n");
}

static void add_fitted(crow_plot *plot, const duels *d, const crow_places *places) {
  crow_plot_add(plot, "$fitted << EOD\n");
  for (int64_t x = 0; x < d->shown; x++) {
    for (int64_t y = 0; y < d->shown; y++) {
      if (x == y) continue;
      const double margin = places->value[places->order[x]] - places->value[places->order[y]];
      crow_plot_add(plot, "%lld %lld", (long long)y, (long long)x);
      crow_plot_add_real(plot, 1 / (1 + exp(-margin)));
      crow_plot_add(plot, "\n");
    }
  }
  crow_plot_add(plot, "EOD\n");
}

static int add_duel_names(crow_plot *plot, int64_t shown, const crow_places *places, char (*name)[CROW_NAME_BYTES]) {
  int widest = 8;
  for (int64_t k = 0; k < shown; k++) {
    const int width = crow_plot_add_row_name(plot, (double)k, places->place[places->order[k]], name[k]);
    if (width > widest) widest = width;
  }
  return widest;
}

/* Columns are named by the places of their rows, every fifth or tenth if they are many in `pixels`. */
static void add_duel_columns(crow_plot *plot, int64_t shown, const crow_places *places, double pixels) {
  const double each = pixels / (double)shown;
  const int64_t step = each >= 22 ? 1 : each >= 5 ? 5 : 10;
  crow_plot_add(plot, "set xtics scale 0 textcolor '#444444' (");
  for (int64_t k = 0; k < shown; k = k == 0 && step > 1 ? step - 1 : k + step) {
    const int64_t place = places->place[places->order[k]];
    if (place) crow_plot_add(plot, "%s'%lld' %lld", k ? ", " : "", (long long)place, (long long)k);
  }
  crow_plot_add(plot, ")\n");
}

static void add_duel_title(crow_plot *plot, int64_t shown, int64_t all) {
  char cut[96] = "";
  if (shown < all) (void)snprintf(cut, sizeof cut, " (best %lld of %lld)", (long long)shown, (long long)all);
  (void)snprintf(plot->made_title, sizeof plot->made_title, "%.128s%s", plot->title ? plot->title : "Win rates", cut);
  plot->title = plot->made_title;
}

static void add_color_bar(crow_plot *plot) {
  crow_plot_add(plot,
                "set palette defined (0 '#b2450f', 0.25 '#eea877', 0.5 '#ececec', 0.75 '#7fb8dd', 1 '#00568a')\n"
                "set cbrange [0:1]\nset cbtics 0.25 offset 0,0.4 font small_font textcolor '#444444'\n"
                "set colorbox horizontal user origin screen %.6f,%.6f size screen %.6f,%.6f noborder\n",
                plot->left / plot->width, 34 / plot->height, (plot->right - plot->left) / plot->width,
                10 / plot->height);
}

static void add_map(crow_plot *plot, const char *data, double left, double right) {
  crow_plot_add(plot, "set lmargin at screen %.6f\nset rmargin at screen %.6f\n", left / plot->width,
                right / plot->width);
  crow_plot_add(plot, "set label 9003 '%s' at graph 0.5,screen %.6f center\n", data, (plot->top + 14) / plot->height);
  crow_plot_add(plot,
                "plot $%s using 1:2:(0.5):(0.5):3 with boxxyerror linecolor palette fillstyle solid 1 noborder "
                "notitle\n",
                data);
}

static void draw_duels(crow_plot *plot, int64_t shown, const crow_places *places, char (*name)[CROW_NAME_BYTES]) {
  add_duel_title(plot, shown, places->count);
  const int widest = add_duel_names(plot, shown, places, name);
  crow_plot_frame(plot, crow_plot_row_pixels(widest), 18, 104, fmax(18. * (double)shown, 60), 1);
  crow_plot_axes(plot, "share won against each place (white: never compared)", NULL);
  crow_plot_add(plot,
                "unset ytics\nunset grid\nset key off\nset style fill solid 1 noborder\nset border 15 linecolor "
                "'#bbbbbb'\nset xrange [-0.5:%.1f]\n"
                "set yrange [%.1f:-0.5]\n",
                (double)shown - .5, (double)shown - .5);
  add_color_bar(plot);
  const double gap = 16, half = (plot->right - plot->left - gap) / 2;
  add_duel_columns(plot, shown, places, half);
  crow_plot_add(plot, "set multiplot\n");
  add_map(plot, "observed", plot->left, plot->left + half);
  crow_plot_add(plot, "unset label\nunset colorbox\n");
  add_map(plot, "fitted", plot->right - half, plot->right);
  crow_plot_add(plot, "unset multiplot\n");
  (void)snprintf(plot->alt, sizeof plot->alt,
                 "Observed and fitted win rates of %lld alternative%s against each other; first: %s", (long long)shown,
                 crow_plural(shown), shown ? name[0] : "none");
}

/* Rows of both files must be the same alternatives. */
static crow_status check_same(const crow_comm *comm, const crow_plot_source *source,
                              const crow_comparison_result *result) {
  crow_status status = CROW_OK;
  crow_dataset dataset = {0};
  CROW_TRY(crow_dataset_open(comm, source->path, true, &dataset));
  if (dataset.alternatives != result->partition.global) {
    CROW_TRY(crow_error(CROW_BAD_INPUT, "%s: has %lld alternatives, expected the %lld of %s",
                        crow_file_name(result->file), (long long)result->partition.global,
                        (long long)dataset.alternatives, source->path));
  }
  CROW_TRY(crow_dataset_check_same_ids(&dataset, result->file, "expected the rewards of this dataset"));
cleanup:
  crow_dataset_close(&dataset);
  return status;
}

crow_status crow_plot_win_rates(crow_plot *plot) {
  crow_status status = CROW_OK;
  const crow_plot_source *dataset, *rewards;
  crow_comparison comparison = {0};
  crow_comparison_alternatives rows = {0};
  duels d = {0};
  CROW_TRY(find_duel_sources(plot, &dataset, &rewards));
  CROW_TRY(crow_comparison_add(plot->comm, rewards->path, &comparison));
  const crow_comparison_result *result = &comparison.result[0];
  CROW_TRY(check_same(plot->comm, dataset, result));
  d.shown = result->places.count < DUELS_MOST ? result->places.count : DUELS_MOST;
  CROW_TRY(crow_comparison_alternatives_create_ends(&comparison, d.shown, 0, &rows));
  CROW_TRY(read_duels(plot->comm, dataset, result, &d));
  add_observed(plot, &d);
  add_fitted(plot, &d, &result->places);
  draw_duels(plot, d.shown, &result->places, rows.id);
cleanup:
  CROW_FREE(d.slot, d.judgements, d.won);
  crow_comparison_alternatives_free(&rows);
  crow_comparison_close(&comparison);
  return status;
}
