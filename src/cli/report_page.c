/* SPDX-License-Identifier: Apache-2.0 */
/* The page, in the order in which it is read. */
#include "cli/html_impl.h"
#include "cli/report_impl.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void heading(FILE *out, int level, const char *id, const char *text) {
  (void)fprintf(out, "<h%d id=\"%s\">", level, id);
  crow_html_escape(out, text);
  (void)fprintf(out, "</h%d>\n", level);
}

static void write_contents(FILE *out, const crow_report *report) {
  (void)fputs("<nav aria-label=\"Contents\"><ul>\n<li><a href=\"#short\">In short</a></li>\n", out);
  if (report->pictures) (void)fputs("<li><a href=\"#pictures\">Pictures</a></li>\n", out);
  for (int k = 0; k < report->entries; k++) {
    (void)fprintf(out, "<li><a href=\"#file%d\">", k);
    crow_html_escape(out, report->entry[k].source->label);
    (void)fputs("</a></li>\n", out);
  }
  (void)fputs("</ul></nav>\n", out);
}

static void write_pictures(FILE *out, const crow_report *report) {
  if (report->pictures == 0) return;
  heading(out, 2, "pictures", "Pictures");
  for (int k = 0; k < report->pictures; k++) {
    const crow_report_picture *picture = &report->picture[k];
    (void)fprintf(out, "<figure>\n<h3>%s</h3>\n<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"%s\">\n",
                  picture->title, picture->title);
    (void)fwrite(picture->svg, 1, picture->bytes, out);
    (void)fprintf(out, "</div>\n<figcaption>%s</figcaption>\n</figure>\n", picture->caption);
  }
}

static void write_topics(FILE *out, const crow_report_entry *e) {
  const crow_topics *topics = &e->topics;
  const bool rewards = e->source->kind == CROW_IS_REWARDS;
  if (topics->count == 0) return;
  crow_html_table(out, "Topics",
                  rewards ? "<topic|alternatives|share of weight|mean reward|standard deviation"
                          : "<topic|alternatives|share of weight|mean weight|standard deviation");
  for (int64_t i = 0; i < topics->count; i++) {
    const int64_t t = topics->by_mean[i];
    (void)fputs("<tr>", out);
    crow_html_cell(out, true, crow_strings_get(&topics->name, t));
    crow_html_number(out, "%.0f", (double)topics->size[t]);
    crow_html_number(out, "%.4g", topics->weight[t]);
    crow_html_number(out, rewards ? "%.4f" : "%.4g", topics->mean[t]);
    crow_html_number(out, rewards ? "%.4f" : "%.4g", topics->deviation[t]);
    (void)fputs("</tr>\n", out);
  }
  crow_html_table_end(out);
}

static void write_alternatives(FILE *out, const crow_report_entry *e) {
  char caption[128];
  const bool rewards = e->source->kind == CROW_IS_REWARDS, topics = e->listed && *e->topic[0];
  if (e->listed == 0) return;
  const char *by = rewards ? "reward" : "weight";
  if (e->best == e->listed) {
    (void)snprintf(caption, sizeof caption, "Alternatives by %s", by);
  } else {
    (void)snprintf(caption, sizeof caption, "Alternatives by %s: the %d best and the %d worst of %lld", by,
                   CROW_REPORT_ENDS, CROW_REPORT_ENDS, (long long)e->alternatives);
  }
  static const char *const columns[2][2] = {
      {"<id|rank|weight", "<id|rank|<topic|weight"},
      {"<id|rank|reward|weight|win rate", "<id|rank|<topic|reward|weight|win rate"}};
  crow_html_table(out, caption, columns[rewards][topics]);
  for (int64_t k = 0; k < e->listed; k++) {
    (void)fputs("<tr>", out);
    crow_html_cell(out, true, e->id[k]);
    crow_html_number(out, "%.0f", (double)(k < e->best ? k + 1 : e->alternatives - (e->listed - 1 - k)));
    if (topics) crow_html_cell(out, false, e->topic[k]);
    if (rewards) crow_html_number(out, "%.4f", e->place[k].value);
    crow_html_number(out, "%.4g", e->weight[k]);
    if (rewards) crow_html_number(out, "%.4f", e->win_rate[k]);
    (void)fputs("</tr>\n", out);
  }
  crow_html_table_end(out);
}

static int compare_keys(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* An object's entries as rows, by name. */
static void write_facts(FILE *out, const char *caption, json_t *object) {
  const char *keys[512], *key;
  json_t *value;
  size_t count = 0;
  if (json_object_size(object) == 0) return;
  json_object_foreach(object, key, value) {
    if (count < sizeof keys / sizeof *keys) keys[count++] = key;
  }
  qsort(keys, count, sizeof *keys, compare_keys);
  (void)fputs("<details><summary>", out);
  crow_html_escape(out, caption);
  (void)fputs("</summary><div class=\"wide\" tabindex=\"0\"><table class=\"facts\"><tbody>\n", out);
  for (size_t k = 0; k < count; k++) {
    value = json_object_get(object, keys[k]);
    char *dump = json_is_string(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(8));
    (void)fputs("<tr>", out);
    crow_html_cell(out, true, keys[k]);
    crow_html_cell(out, false, json_is_string(value) ? json_string_value(value) : dump ? dump : "");
    (void)fputs("</tr>\n", out);
    free(dump);
  }
  (void)fputs("</tbody></table></div></details>\n", out);
}

static void write_entry(FILE *out, int index, const crow_report_entry *e) {
  static const char *const kinds[] = {"rewards", "weights", "a dataset", "a command's summary"};
  char id[32];
  (void)snprintf(id, sizeof id, "file%d", index);
  heading(out, 2, id, e->source->label);
  (void)fputs("<p class=\"soft\">", out);
  crow_html_print(out, "%s: %s", e->source->path, kinds[e->source->kind]);
  if (e->alternatives) crow_html_print(out, ", %lld alternatives", (long long)e->alternatives);
  (void)fputs(".</p>\n", out);
  write_topics(out, e);
  write_alternatives(out, e);
  if (e->source->json) crow_report_write_audit(out, e->source->json);
  write_facts(out, "What the file says of the fit", json_object_get(e->description, "attributes"));
  write_facts(out, "How it came about", json_object_get(e->description, "provenance"));
  if (e->source->json) write_facts(out, "Summary", e->source->json);
}

void crow_report_write_page(FILE *out, const crow_report *report) {
  char date[64] = "";
  const time_t now = time(NULL);
  struct tm parts;
  if (gmtime_r(&now, &parts)) (void)strftime(date, sizeof date, "%Y-%m-%d %H:%M UTC", &parts);
  crow_html_begin(out, report->title);
  (void)fputs("<header>\n<h1>", out);
  crow_html_escape(out, report->title);
  (void)fputs("</h1>\n<p class=\"soft\">", out);
  crow_html_print(out, "Made by crow %s%s%s on %s.", crow_version(), *crow_git_hash() ? ", commit " : "",
                  crow_git_hash(), date);
  (void)fputs("</p>\n", out);
  write_contents(out, report);
  (void)fputs("</header>\n<main>\n", out);
  heading(out, 2, "short", "In short");
  crow_report_write_verdicts(out, report);
  write_pictures(out, report);
  for (int k = 0; k < report->entries; k++) write_entry(out, k, &report->entry[k]);
  (void)fputs("</main>\n", out);
  crow_html_end(out);
}
