/* SPDX-License-Identifier: Apache-2.0 */
/* An audit's tables on the page: topics in two datasets, or the stress tests of one. */
#include "plot/escape_impl.h"
#include "report/report_impl.h"
#include <math.h>
#include <string.h>

static const char *const methods[2] = {"standard", "weighted"};

static double audit_number(const json_t *object, const char *name) {
  const json_t *value = json_object_get(object, name);
  return json_is_number(value) ? json_number_value(value) : NAN;
}

static const char *text(const json_t *object, const char *name) {
  const char *value = json_string_value(json_object_get(object, name));
  return value ? value : "";
}

static void audit_write_topics(FILE *out, json_t *topics) {
  static const struct {
    const char *key, *format;
  } columns[4] = {{"alternatives", "%.0f"}, {"weight", "%.4g"}, {"standard", "%.4f"}, {"weighted", "%.4f"}};
  size_t index;
  json_t *topic;
  crow_html_table(out, "Mean reward by topic in the first and the second dataset",
                  "<topic|alternatives, first|second|share of weight, first|second|standard fit, first|second|"
                  "weighted fit, first|second");
  json_array_foreach(topics, index, topic) {
    const json_t *side[2] = {json_object_get(topic, "first"), json_object_get(topic, "second")};
    (void)fputs("<tr>", out);
    crow_html_cell(out, true, text(topic, "topic"));
    for (size_t c = 0; c < sizeof columns / sizeof *columns; c++) {
      for (int k = 0; k < 2; k++) crow_html_number(out, columns[c].format, audit_number(side[k], columns[c].key));
    }
    (void)fputs("</tr>\n", out);
  }
  crow_html_table_end(out);
}

/* "romance to art", or that it stays; of several prompts in how many it does not. */
static void audit_write_winner(FILE *out, const json_t *shift, double prompts) {
  char words[640] = "kept";
  const bool topic = json_is_true(json_object_get(shift, "winner_topic_changed"));
  if (prompts > 1) {
    (void)snprintf(words, sizeof words, "changed in %.0f of %.0f prompts", audit_number(shift, "prompts_changed"),
                   prompts);
  } else if (topic || json_is_true(json_object_get(shift, "winner_changed"))) {
    (void)snprintf(words, sizeof words, "%s%s to %s", topic ? "topic " : "",
                   text(shift, topic ? "winner_topic_before" : "winner_before"),
                   text(shift, topic ? "winner_topic_after" : "winner_after"));
  }
  crow_html_cell(out, false, words);
}

/* What redrawing the comparisons does without clones. */
static void write_redraws(FILE *out, const json_t *alone, double prompts) {
  if (!alone) return;
  (void)fputs("<tr>", out);
  crow_html_cell(out, true, "comparisons redrawn");
  crow_html_number(out, "%.0f", 0);
  crow_html_number(out, "%.4g", NAN);
  for (int m = 0; m < 2; m++) {
    char words[64];
    const json_t *noise = json_object_get(alone, methods[m]);
    if (prompts > 1) {
      (void)snprintf(words, sizeof words, "changed in %.3g of %.0f prompts",
                     audit_number(noise, "mean_prompts_changed"), prompts);
    } else {
      (void)snprintf(words, sizeof words, "winner or topic changed %.0f of %.0f times",
                     audit_number(noise, "winner_changed"), audit_number(alone, "redraws"));
    }
    crow_html_number(out, "%.4g", audit_number(noise, "median_largest_shift"));
    crow_html_number(out, "%.4g", audit_number(noise, "mean_shift"));
    crow_html_cell(out, false, words);
  }
  (void)fputs("</tr>\n", out);
}

static void write_tests(FILE *out, json_t *tests, const json_t *alone, double prompts) {
  size_t index;
  json_t *test;
  crow_html_table(out, "Shift of rewards by clones that are judged as their originals",
                  "<cloned|clones of each|distance|standard fit, largest|mean|<winner|weighted fit, largest|mean|"
                  "<winner");
  json_array_foreach(tests, index, test) {
    (void)fputs("<tr>", out);
    crow_html_cell(out, true, text(test, "target"));
    crow_html_number(out, "%.0f", audit_number(test, "clones_each"));
    crow_html_number(out, "%.4g", audit_number(test, "eps"));
    for (int m = 0; m < 2; m++) {
      const json_t *shift = json_object_get(test, methods[m]);
      crow_html_number(out, "%.4g", audit_number(shift, "largest_shift"));
      crow_html_number(out, "%.4g", audit_number(shift, "mean_shift"));
      audit_write_winner(out, shift, prompts);
    }
    (void)fputs("</tr>\n", out);
  }
  write_redraws(out, alone, prompts);
  crow_html_table_end(out);
}

void crow_page_print_summary(FILE *out, json_t *summary) {
  static const char *const shown[] = {"topics", "tests", "without_clones", "standard", "weighted"};
  json_t *topics = json_object_get(summary, "topics"), *tests = json_object_get(summary, "tests");
  json_t *rest = json_copy(summary);
  const bool audit = strcmp(text(summary, "command"), "audit") == 0;
  if (audit && json_array_size(topics)) audit_write_topics(out, topics);
  if (audit && json_array_size(tests)) {
    write_tests(out, tests, json_object_get(summary, "without_clones"), audit_number(summary, "prompts"));
  }
  for (size_t k = 0; audit && k < sizeof shown / sizeof *shown; k++) (void)json_object_del(rest, shown[k]);
  crow_page_print_facts(out, "Summary", rest);
  json_decref(rest);
}

void crow_page_print_audit_verdict(FILE *out, const crow_page_entry *e) {
  const char *verdict = json_string_value(json_object_get(e->source->json, "verdict"));
  if (!verdict) return;
  (void)fputs("<li><strong>", out);
  crow_html_print(out, "%s: %s.", e->source->label, verdict);
  (void)fputs("</strong>", out);
  for (int m = 0; m < 2; m++) {
    const json_t *shift = json_object_get(e->source->json, methods[m]);
    if (!shift) continue;
    const bool changed = json_is_true(json_object_get(shift, "winner_topic_changed"));
    crow_html_print(
        out, " %s fit: largest shift %.3g, %s %s%s%s.", m ? "Weighted" : "Standard",
        audit_number(shift, "largest_shift"), changed ? "the best topic changes from" : "the best topic stays",
        text(shift, "winner_topic_before"), changed ? " to " : "", changed ? text(shift, "winner_topic_after") : "");
    const json_t *noise = json_object_get(json_object_get(e->source->json, "without_clones"), methods[m]);
    if (noise) {
      crow_html_print(out, " Redrawn comparisons alone shift it by %.3g, at most %.3g.",
                      audit_number(noise, "median_largest_shift"), audit_number(noise, "greatest_largest_shift"));
    }
  }
  (void)fputs("</li>\n", out);
}
