/* SPDX-License-Identifier: Apache-2.0 */
/* Which pictures a report has. */
#include "report/report_impl.h"

/* Narrow, so that letters are still large enough on a phone. */
enum { PICTURE_WIDTH = 520 };

static bool suits_topics(const crow_plot_source *s) {
  return s->kind == CROW_IS_REWARDS && crow_file_has(s->file, "/alternatives/topic");
}
static bool is_rewards(const crow_plot_source *s) { return s->kind == CROW_IS_REWARDS; }
static bool has_weights(const crow_plot_source *s) { return s->kind == CROW_IS_REWARDS || s->kind == CROW_IS_WEIGHTS; }
static bool has_trace(const crow_plot_source *s) {
  return s->kind == CROW_IS_REWARDS && crow_file_has(s->file, "/trace/optimality");
}
/* Alternatives of several prompts do not share one plane. */
static bool is_plane(const crow_plot_source *s) {
  int64_t shape[2] = {0, 0};
  if (s->kind == CROW_IS_DATASET && crow_file_has(s->file, "/alternatives/prompt")) return false;
  if (s->kind == CROW_IS_DATASET) crow_file_shape(s->file, "/alternatives/context", shape);
  return shape[1] == 2 && shape[0] <= 2000;
}
static bool is_audit(const crow_plot_source *s) { return s->kind == CROW_IS_JSON && s->report == CROW_PLOT_AUDIT; }
static bool is_calibration(const crow_plot_source *s) {
  return s->kind == CROW_IS_JSON && s->report == CROW_PLOT_CALIBRATION;
}

static const struct choice {
  crow_plot_kind kind;
  bool (*suits)(const crow_plot_source *source);
  bool alone; /* one source at most */
  bool alike; /* only of the same alternatives as the leading result's */
  const char *title, *caption;
} choices[] = {
    {CROW_PLOT_FOREST, is_rewards, false, true, "Rewards with 95 % intervals",
     "Places, rewards and intervals (bootstrap, else 1.96 standard errors); hollow: without weight, and so no place."},
    {CROW_PLOT_TOPICS, suits_topics, false, false, "Rewards by topic",
     "Mean reward of each topic; the bars reach one standard error of the mean to either side, or show the spread "
     "within the topic where the fit has no errors, as the axis says."},
    {CROW_PLOT_AUDIT, is_audit, true, false, "What clones do",
     "Largest shift of any reward when clones are added, by the clones' distance from their originals."},
    {CROW_PLOT_WIN_RATE, is_rewards, false, false, "Rewards and win rates",
     "Each alternative's reward against its weighted average win rate."},
    {CROW_PLOT_WEIGHTS, has_weights, false, false, "Weights",
     "Weights in descending order, and how they are distributed; near-duplicates share one alternative's weight."},
    {CROW_PLOT_VORONOI, is_plane, true, false, "Cells",
     "Each cell is what lies nearer to its alternative than to any other; its share of the whole is the weight."},
    {CROW_PLOT_CALIBRATION, is_calibration, false, false, "Calibration",
     "Observed share won against the predicted one."},
    {CROW_PLOT_CONVERGENCE, has_trace, false, false, "Convergence",
     "Largest violation of the optimality condition (certificate), and the objective, by iteration."},
    {CROW_PLOT_CONVERGENCE, crow_plot_has_training, false, false, "Training",
     "Loss of the minibatches, and log loss and accuracy on comparisons held out, by step of the optimiser."},
};

static crow_status draw_one(const crow_comm *comm, int count, crow_plot_source *source, const struct choice *choice,
                            crow_page *page) {
  crow_status status = CROW_OK;
  crow_plot plot = {0};
  crow_page_picture *picture = &page->picture[page->pictures];
  CROW_TRY_AGREE(comm, crow_plot_create(comm, count, source, NULL, PICTURE_WIDTH, &plot));
  plot.page = page->pictures + 1;
  plot.elo = *page->scale;
  CROW_TRY(crow_plot_fill(&plot, choice->kind));
  CROW_TRY(crow_plot_draw(&plot, CROW_PICTURE_SVG, &picture->svg, &picture->bytes));
  page->forest = page->forest || choice->kind == CROW_PLOT_FOREST;
  const bool ratings = choice->kind == CROW_PLOT_FOREST && (page->scale->on || page->scale->anchor);
  picture->title = ratings ? "Elo ratings with 95 % intervals" : choice->title;
  picture->caption = choice->caption;
  page->pictures++;
cleanup:
  crow_plot_free(&plot);
  return status;
}

int crow_page_leading(const crow_page *page) {
  for (int k = page->entries - 1; k >= 0; k--) {
    if (page->entry[k].source->kind == CROW_IS_REWARDS) return k;
  }
  return -1;
}

crow_status crow_page_draw(const crow_comm *comm, crow_page *page) {
  crow_plot_source chosen[CROW_PLOT_MOST];
  const int leading = crow_page_leading(page);
  for (size_t c = 0; c < sizeof choices / sizeof *choices; c++) {
    int used = 0;
    for (int k = 0; k < page->entries; k++) {
      const crow_page_entry *e = &page->entry[k];
      if (choices[c].alike && leading >= 0 && crow_page_entries_differ(e, &page->entry[leading])) continue;
      if (choices[c].suits(e->source) && !(choices[c].alone && used)) chosen[used++] = *e->source;
    }
    if (used) CROW_NEED(draw_one(comm, used, chosen, &choices[c], page));
  }
  return CROW_OK;
}
