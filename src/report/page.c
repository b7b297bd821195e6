/* SPDX-License-Identifier: Apache-2.0 */
/* The page, in the order in which it is read. */
#include "plot/escape_impl.h"
#include "report/report_impl.h"
#include <time.h>

static void heading(FILE *out, int level, const char *id, const char *text) {
  (void)fprintf(out, "<h%d id=\"%s\">", level, id);
  crow_html_escape(out, text);
  (void)fprintf(out, "</h%d>\n", level);
}

static void write_contents(FILE *out, const crow_page *page) {
  (void)fputs("<nav aria-label=\"Contents\"><ul>\n<li><a href=\"#short\">In short</a></li>\n", out);
  if (page->forest) (void)fputs("<li><a href=\"#leaderboard\">Leaderboard</a></li>\n", out);
  if (page->pictures > page->forest) (void)fputs("<li><a href=\"#pictures\">Pictures</a></li>\n", out);
  for (int k = 0; k < page->entries; k++) {
    (void)fprintf(out, "<li><a href=\"#file%d\">", k);
    crow_html_escape(out, page->entry[k].source->label);
    (void)fputs("</a></li>\n", out);
  }
  (void)fputs("</ul></nav>\n", out);
}

static void page_write_picture(FILE *out, const crow_page_picture *picture) {
  (void)fprintf(out, "<figure>\n<h3>%s</h3>\n<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"%s\">\n",
                picture->title, picture->title);
  (void)fwrite(picture->svg, 1, picture->bytes, out);
  (void)fprintf(out, "</div>\n<figcaption>%s</figcaption>\n</figure>\n", picture->caption);
}

/* Those that do not stand with the leaderboard. */
static void write_pictures(FILE *out, const crow_page *page) {
  const int first = page->forest ? 1 : 0;
  if (page->pictures == first) return;
  heading(out, 2, "pictures", "Pictures");
  for (int k = first; k < page->pictures; k++) page_write_picture(out, &page->picture[k]);
}

static void page_write_topics(FILE *out, const crow_page_entry *e) {
  const crow_topics *topics = &e->topics;
  const bool rewards = e->source->kind == CROW_IS_REWARDS;
  if (topics->count == 0) return;
  crow_html_table(out, "Topics",
                  topics->error ? "<topic|alternatives|share of weight|mean reward|standard error|spread"
                  : rewards     ? "<topic|alternatives|share of weight|mean reward|spread"
                                : "<topic|alternatives|share of weight|mean weight|spread");
  for (int64_t i = 0; i < topics->count; i++) {
    const int64_t t = topics->by_mean[i];
    (void)fputs("<tr>", out);
    crow_html_cell(out, true, crow_strings_get(&topics->name, t));
    crow_html_number(out, "%.0f", (double)topics->size[t]);
    crow_html_number(out, "%.4g", topics->weight[t]);
    crow_html_number(out, rewards ? "%.4f" : "%.4g", topics->mean[t]);
    if (topics->error) crow_html_number(out, "%.4f", topics->error[t]);
    crow_html_number(out, rewards ? "%.4f" : "%.4g", topics->deviation[t]);
    (void)fputs("</tr>\n", out);
  }
  crow_html_table_end(out);
}

/* What a reader of the ranks above must know. */
static void write_notes(FILE *out, const crow_page_entry *e) {
  if (e->source->kind != CROW_IS_REWARDS) return;
  if (crow_file_has(e->source->file, "/alternatives/prompt"))
    crow_html_print(out, "%s", "Ranks are within the prompt. ");
  if (e->ends.unweighted) {
    crow_html_print(
        out, "%lld alternative%s without weight ha%s the limit of the optimality equation as reward, and no rank. ",
        (long long)(e->ends.total - e->ends.ranked), crow_plural(e->ends.total - e->ends.ranked),
        e->ends.total - e->ends.ranked == 1 ? "s" : "ve");
  }
  if (e->lower) {
    crow_html_print(out, "95 %% intervals: %s. ",
                    crow_file_has(e->source->file, "/rewards/lower") ? "by the bootstrap" : "1.96 standard errors");
  }
  if (e->lower && e->elo.on) {
    crow_html_print(out, "%s",
                    "Those of Elo ratings are those of the rewards, against their weighted mean; the error of a "
                    "difference, such as from an anchor, is another. ");
  }
  if (e->components) {
    crow_html_print(out,
                    "The comparisons fall into %lld connected components: rewards and ranks across them mean nothing.",
                    (long long)e->components);
  }
}

/* "0.12 to 0.34" of the reward, or of its rating; nothing where there are no intervals. */
static void write_interval(FILE *out, const crow_page_entry *e, int64_t k, bool rating) {
  char text[96] = "–";
  if (!e->lower) return;
  const double lower = rating ? crow_elo_rating(&e->elo, e->lower[k]) : e->lower[k];
  const double upper = rating ? crow_elo_rating(&e->elo, e->upper[k]) : e->upper[k];
  if (lower <= upper) (void)snprintf(text, sizeof text, rating ? "%.0f to %.0f" : "%.3f to %.3f", lower, upper);
  (void)fprintf(out, "<td>%s</td>", text);
}

/* Between the best and the worst. */
static void write_gap(FILE *out, const char *columns) {
  (void)fputs("<tr>", out);
  crow_html_cell(out, true, "…");
  for (; *columns; columns++) {
    if (*columns == '|') (void)fputs("<td></td>", out);
  }
  (void)fputs("</tr>\n", out);
}

static void write_alternatives(FILE *out, const crow_page_entry *e) {
  char caption[128];
  const crow_ends *ends = &e->ends;
  const bool rewards = e->source->kind == CROW_IS_REWARDS, topics = ends->count && *ends->topic[0];
  if (ends->count == 0) return;
  const char *by = rewards ? "reward" : "weight";
  if (ends->best == ends->ranked) {
    (void)snprintf(caption, sizeof caption, "Alternatives by %s", by);
  } else {
    (void)snprintf(caption, sizeof caption, "Alternatives by %s: the %d best and the %d worst of %lld", by,
                   CROW_PAGE_ENDS, CROW_PAGE_ENDS, (long long)ends->ranked);
  }
  char columns[160];
  (void)snprintf(columns, sizeof columns, "<id|rank%s%s%s%s%s|weight%s", topics ? "|<topic" : "",
                 rewards ? "|reward" : "", rewards && e->error ? "|standard error" : "",
                 rewards && e->lower ? "|95 % interval" : "",
                 e->elo.on ? e->lower ? "|Elo rating|95 % interval" : "|Elo rating" : "", rewards ? "|win rate" : "");
  crow_html_table(out, caption, columns);
  for (int64_t k = 0; k < ends->count; k++) {
    if (k == ends->best && ends->best < ends->ranked) write_gap(out, columns);
    (void)fputs("<tr>", out);
    crow_html_cell(out, true, ends->id[k]);
    if (ends->rank[k])
      crow_html_number(out, "%.0f", (double)ends->rank[k]);
    else
      crow_html_cell(out, false, "-");
    if (topics) crow_html_cell(out, false, ends->topic[k]);
    if (rewards) crow_html_number(out, "%.4f", ends->place[k].value);
    if (rewards && e->error) crow_html_number(out, "%.4f", e->error[k]);
    if (rewards) write_interval(out, e, k, false);
    if (e->elo.on) crow_html_number(out, "%.0f", crow_elo_rating(&e->elo, ends->place[k].value));
    if (e->elo.on) write_interval(out, e, k, true);
    crow_html_number(out, "%.4g", e->weight[k]);
    if (rewards) crow_html_number(out, "%.4f", e->win_rate[k]);
    (void)fputs("</tr>\n", out);
  }
  crow_html_table_end(out);
  write_notes(out, e);
  crow_page_print_by(out, e);
}

static void write_leaderboard(FILE *out, const crow_page *page) {
  const int leading = crow_page_leading(page);
  if (leading < 0 || !page->forest) return;
  heading(out, 2, "leaderboard", "Leaderboard");
  if (page->entries > 1) {
    (void)fputs("<p class=\"soft\">", out);
    crow_html_print(out, "%s", page->entry[leading].source->label);
    (void)fputs("</p>\n", out);
  }
  write_alternatives(out, &page->entry[leading]);
  page_write_picture(out, &page->picture[0]);
}

static void write_entry(FILE *out, int index, const crow_page_entry *e, bool leads) {
  static const char *const kinds[] = {"rewards", "weights", "a dataset", "a command's summary"};
  static const char *const said[] = {"What the file says of the fit", "What the file says of the weights",
                                     "What the file says of the data", ""};
  char id[32];
  (void)snprintf(id, sizeof id, "file%d", index);
  heading(out, 2, id, e->source->label);
  (void)fputs("<p class=\"soft\">", out);
  crow_html_print(out, "%s: %s", e->source->path, kinds[e->source->kind]);
  if (e->alternatives)
    crow_html_print(out, ", %lld alternative%s", (long long)e->alternatives, crow_plural(e->alternatives));
  (void)fputs(".</p>\n", out);
  if (e->source->kind == CROW_IS_REWARDS) {
    (void)fputs("<p>", out);
    crow_page_print_convergence(out, e);
    (void)fputs("</p>\n", out);
  }
  if (!leads && e->ends.count) {
    (void)fputs("<ul>\n", out);
    crow_page_print_weights(out, e);
    (void)fputs("</ul>\n", out);
  }
  page_write_topics(out, e);
  if (!leads) write_alternatives(out, e);
  crow_page_print_facts(out, said[e->source->kind], json_object_get(e->description, "attributes"));
  crow_page_print_facts(out, "How it came about", json_object_get(e->description, "provenance"));
  if (e->source->json) crow_page_print_summary(out, e->source->json);
}

void crow_page_print(FILE *out, const crow_page *page) {
  char date[64] = "";
  const time_t now = time(NULL);
  struct tm parts;
  if (gmtime_r(&now, &parts)) (void)strftime(date, sizeof date, "%Y-%m-%d %H:%M UTC", &parts);
  crow_html_begin(out, page->title);
  (void)fputs("<header>\n<h1>", out);
  crow_html_escape(out, page->title);
  (void)fputs("</h1>\n<p class=\"soft\">", out);
  crow_html_print(out, "Made by crow %s%s%s on %s.", crow_version(), *crow_git_hash() ? ", commit " : "",
                  crow_git_hash(), date);
  (void)fputs("</p>\n", out);
  write_contents(out, page);
  (void)fputs("</header>\n<main>\n", out);
  heading(out, 2, "short", "In short");
  crow_page_print_verdicts(out, page);
  write_leaderboard(out, page);
  write_pictures(out, page);
  const int leading = page->forest ? crow_page_leading(page) : -1;
  for (int k = 0; k < page->entries; k++) write_entry(out, k, &page->entry[k], k == leading);
  (void)fputs("</main>\n", out);
  crow_html_end(out);
}
