/* SPDX-License-Identifier: Apache-2.0 */
/* What results say, in plain words. */
#include "plot/escape_impl.h"
#include "report/report_impl.h"
#include <math.h>
#include <string.h>

static const json_t *attribute(const crow_page_entry *e, const char *name) {
  return json_object_get(json_object_get(e->description, "attributes"), name);
}

/* What is best in a result: a topic, or an alternative, and whether it leads by more than chance. */
typedef struct page_winner {
  const char *name, *rival; /* NULL where there is none */
  double lead, error;       /* error: NaN where it is not known */
  bool shared, clear, next; /* next: the rival is second in place, else the least certain of those behind */
} page_winner;

static page_winner best_topic(const crow_topics *t) {
  if (t->count == 0) return (page_winner){.clear = true};
  const crow_lead lead = crow_topics_lead(t);
  return (page_winner){.name = crow_strings_get(&t->name, lead.first),
                       .rival = lead.second >= 0 ? crow_strings_get(&t->name, lead.second) : NULL,
                       .lead = lead.lead,
                       .error = lead.error,
                       .shared = lead.shared,
                       .clear = lead.clear,
                       .next = t->count > 1 && lead.second == t->by_mean[1]};
}

static page_winner best_alternative(const crow_page_entry *e) {
  const crow_ends *ends = &e->ends;
  /* Rewards of several prompts or components are not compared with each other. */
  const bool apart = crow_file_has(e->source->file, "/alternatives/prompt") || e->components;
  if (ends->ranked < 1 || apart) return (page_winner){.clear = true};
  const crow_lead *lead = &e->front.lead;
  return (page_winner){.name = ends->id[0],
                       .rival = lead->second >= 0 ? e->front.rival : NULL,
                       .lead = lead->lead,
                       .error = lead->error,
                       .shared = lead->shared,
                       .clear = lead->clear,
                       .next = lead->second == 1};
}

/* Of alternatives those that may be compared with the leading result's: others have no such ids, or share them. */
static page_winner winner(const crow_page *page, int k, bool topic) {
  const crow_page_entry *e = &page->entry[k];
  const page_winner none = {.clear = true};
  if (e->source->kind != CROW_IS_REWARDS) return none;
  if (topic) return crow_topics_matter(&e->topics) ? best_topic(&e->topics) : none;
  return crow_page_entries_differ(e, &page->entry[crow_page_leading(page)]) ? none : best_alternative(e);
}

static void write_winner(FILE *out, const page_winner *w) {
  if (w->shared) {
    crow_html_print(out, "%s and %s share the first rank", w->name, w->rival);
  } else if (!w->clear) {
    crow_html_print(out, "too close to call: %s leads %s by %.3g, less than two standard errors (%.3g each)%s", w->name,
                    w->rival, w->lead, w->error, w->next ? "" : "; the least certain lead");
  } else if (w->rival && !isnan(w->error)) {
    crow_html_print(out, "%s, by %.3g over %s with a standard error of %.3g", w->name, w->lead, w->rival, w->error);
  } else {
    crow_html_print(out, "%s", w->name);
  }
}

static bool results_differ(const crow_page *page) {
  const int leading = crow_page_leading(page);
  for (int k = 0; k < leading; k++) {
    const crow_page_entry *e = &page->entry[k];
    if (e->source->kind == CROW_IS_REWARDS && crow_page_entries_differ(e, &page->entry[leading])) return true;
  }
  return false;
}

static void write_difference(FILE *out, const crow_page *page) {
  if (!results_differ(page)) return;
  (void)fputs("<li>", out);
  crow_html_print(out,
                  "The results are of different sets of alternatives, whose rewards are not compared: the forest plot "
                  "shows those of the same set as %s.",
                  page->entry[crow_page_leading(page)].source->label);
  (void)fputs("</li>\n", out);
}

/* Topics of several components are compared with a warning, alternatives not at all. */
static void write_across(FILE *out, const crow_page_entry *e, bool topic) {
  if (!topic || !e->components || crow_file_has(e->source->file, "/alternatives/prompt")) return;
  crow_html_print(out, ", but rewards of the %lld connected components have no common zero", (long long)e->components);
}

/* Whether all rewards have the same winner, said once; with one result, who it is. */
static void write_winners(FILE *out, const crow_page *page, bool topic) {
  const char *first = NULL, *what = topic ? "topic of highest mean reward" : "alternative of highest reward";
  int results = 0;
  bool same = true, clear = true;
  for (int k = 0; k < page->entries; k++) {
    const page_winner w = winner(page, k, topic);
    if (!w.name) continue;
    if (!first) first = w.name;
    same = same && strcmp(first, w.name) == 0;
    clear = clear && w.clear && !(topic && page->entry[k].components);
    results++;
  }
  if (results == 0) return;
  (void)fputs("<li>", out);
  const bool differ = results_differ(page);
  if (same && clear && results > 1 && !differ) {
    crow_html_print(out, "The %s is %s, in all results.", what, first);
  } else {
    crow_html_print(out, "The %s%s ", what,
                    results == 1     ? clear ? " is" : ":"
                    : same || differ ? ":"
                                     : " differs between the results:");
    const char *comma = "";
    for (int k = 0; k < page->entries; k++) {
      const page_winner w = winner(page, k, topic);
      if (!w.name) continue;
      (void)fputs(comma, out);
      if (results > 1) crow_html_print(out, "in %s ", page->entry[k].source->label);
      write_winner(out, &w);
      write_across(out, &page->entry[k], topic);
      comma = "; ";
    }
    (void)fputc('.', out);
  }
  (void)fputs("</li>\n", out);
}

/* A network trained by Adam ends after its steps, without a test. */
void crow_page_print_convergence(FILE *out, const crow_page_entry *e) {
  const double certificate = json_number_value(attribute(e, "optimality"));
  const json_t *tested = attribute(e, "convergence_tested");
  if (tested && json_integer_value(tested) == 0) {
    crow_html_print(out, "%s took all its steps: the largest entry of the loss's gradient is %.2g.", e->source->label,
                    certificate);
  } else {
    crow_html_print(out, "%s %s: the largest violation of the optimality condition is %.2g.", e->source->label,
                    json_integer_value(attribute(e, "converged")) == 1 ? "converged" : "did not converge", certificate);
  }
}

/* Only what went wrong is said at the top of the page. */
static void warn_of_convergence(FILE *out, const crow_page_entry *e) {
  if (e->source->kind != CROW_IS_REWARDS || json_integer_value(attribute(e, "converged")) == 1) return;
  (void)fputs("<li><strong>", out);
  crow_page_print_convergence(out, e);
  (void)fputs("</strong></li>\n", out);
}

/* What the weights did, as the run that made them said; its first line is the effective number. */
static void write_words(FILE *out, const crow_page_entry *e) {
  for (int64_t k = 1; k < e->words.count; k++) {
    (void)fputs("<li>", out);
    crow_html_print(out, "%s: %s.", e->source->label, crow_strings_get(&e->words, k));
    (void)fputs("</li>\n", out);
  }
}

static void write_weights_sentence(FILE *out, const crow_page_entry *e) {
  const double share = e->effective / (double)e->alternatives;
  const json_t *robust = attribute(e, "clone_robust");
  const char *space = json_string_value(attribute(e, "space"));
  (void)fputs("<li>", out);
  crow_html_print(out, "%s: ", e->source->label);
  if (e->alternatives == 1) {
    crow_html_print(out, "its one alternative has all the weight.");
  } else if (share > .9999) {
    crow_html_print(out, "all %lld alternatives weigh the same.", (long long)e->alternatives);
  } else {
    crow_html_print(out, "%lld alternative%s weigh as much as %.1f of equal weight", (long long)e->alternatives,
                    crow_plural(e->alternatives), e->effective);
    if (e->zeros)
      crow_html_print(out, "; %lld of them ha%s weight zero", (long long)e->zeros, e->zeros == 1 ? "s" : "ve");
    (void)fputc('.', out);
  }
  if (robust && json_integer_value(robust) == 0) {
    crow_html_print(out, " These weights are not clone-robust: they were made in a %s, whose shape follows clones.",
                    space ? space : "space");
  }
  (void)fputs("</li>\n", out);
}

void crow_page_print_weights(FILE *out, const crow_page_entry *e) {
  if (e->source->kind != CROW_IS_REWARDS && e->source->kind != CROW_IS_WEIGHTS) return;
  write_weights_sentence(out, e);
  write_words(out, e);
}

void crow_page_print_verdicts(FILE *out, const crow_page *page) {
  const int leading = crow_page_leading(page);
  (void)fputs("<ul>\n", out);
  for (int k = 0; k < page->entries; k++) {
    crow_page_print_audit_verdict(out, &page->entry[k]);
  }
  write_winners(out, page, true);
  write_winners(out, page, false);
  write_difference(out, page);
  for (int k = 0; k < page->entries; k++) warn_of_convergence(out, &page->entry[k]);
  if (leading >= 0) crow_page_print_weights(out, &page->entry[leading]);
  for (int k = 0; k < page->entries; k++) {
    const crow_page_entry *e = &page->entry[k];
    const char *reason = json_string_value(json_object_get(e->description, "reason"));
    if (!e->description || json_is_true(json_object_get(e->description, "valid"))) continue;
    (void)fputs("<li><strong>", out);
    crow_html_print(out, "%s does not meet its schema: %s", e->source->path, reason ? reason : "no reason given");
    (void)fputs("</strong></li>\n", out);
  }
  (void)fputs("</ul>\n", out);
}
