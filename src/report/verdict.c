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
  bool clear;
} page_winner;

static page_winner best_topic(const crow_topics *t) {
  if (t->count == 0) return (page_winner){.clear = true};
  const crow_lead lead = crow_topics_lead(t);
  return (page_winner){.name = crow_strings_get(&t->name, lead.first),
                       .rival = lead.second >= 0 ? crow_strings_get(&t->name, lead.second) : NULL,
                       .lead = lead.lead,
                       .error = lead.error,
                       .clear = lead.clear};
}

/* The covariance of two rewards is not kept; without it the variances add up, which is nearly so where both were
 * compared with many others. */
static page_winner best_alternative(const crow_page_entry *e) {
  const crow_ends *ends = &e->ends;
  page_winner best = {.name = ends->count ? ends->id[0] : NULL, .error = (double)NAN, .clear = true};
  if (ends->count < 2) return best;
  best.rival = ends->id[1];
  best.lead = ends->place[0].value - ends->place[1].value;
  if (e->error) best.error = hypot(e->error[0], e->error[1]);
  best.clear = !(best.lead < CROW_LEAD_CLEAR * best.error);
  return best;
}

static page_winner winner(const crow_page_entry *e, bool topic) {
  if (e->source->kind != CROW_IS_REWARDS) return (page_winner){.clear = true};
  return topic ? best_topic(&e->topics) : best_alternative(e);
}

static void write_winner(FILE *out, const page_winner *w) {
  if (!w->clear) {
    crow_html_print(out, "too close to call: %s leads %s by %.3g, with a standard error of %.3g", w->name, w->rival,
                    w->lead, w->error);
  } else if (w->rival && !isnan(w->error)) {
    crow_html_print(out, "%s, by %.3g over %s with a standard error of %.3g", w->name, w->lead, w->rival, w->error);
  } else {
    crow_html_print(out, "%s", w->name);
  }
}

/* Whether all rewards have the same winner, said once; with one result, who it is. */
static void write_winners(FILE *out, const crow_page *page, bool topic) {
  const char *first = NULL, *what = topic ? "topic of highest mean reward" : "alternative of highest reward";
  int results = 0;
  bool same = true, clear = true;
  for (int k = 0; k < page->entries; k++) {
    const page_winner w = winner(&page->entry[k], topic);
    if (!w.name) continue;
    if (!first) first = w.name;
    same = same && strcmp(first, w.name) == 0;
    clear = clear && w.clear;
    results++;
  }
  if (results == 0) return;
  (void)fputs("<li>", out);
  if (same && clear && results > 1) {
    crow_html_print(out, "The %s is %s, in all results.", what, first);
  } else {
    crow_html_print(out, "The %s%s ", what,
                    results == 1 ? clear ? " is" : ":"
                    : same       ? ":"
                                 : " differs between the results:");
    const char *comma = "";
    for (int k = 0; k < page->entries; k++) {
      const page_winner w = winner(&page->entry[k], topic);
      if (!w.name) continue;
      (void)fputs(comma, out);
      if (results > 1) crow_html_print(out, "in %s ", page->entry[k].source->label);
      write_winner(out, &w);
      comma = "; ";
    }
    (void)fputc('.', out);
  }
  (void)fputs("</li>\n", out);
}

/* A network trained by Adam ends after its steps, without a test. */
static void write_convergence(FILE *out, const crow_page_entry *e) {
  const double certificate = json_number_value(attribute(e, "optimality"));
  const json_t *tested = attribute(e, "convergence_tested");
  const bool converged = json_integer_value(attribute(e, "converged")) == 1;
  if (tested && json_integer_value(tested) == 0) {
    crow_html_print(out, "<li>%s took all its steps: the largest entry of the loss's gradient is %.2g.</li>\n",
                    e->source->label, certificate);
    return;
  }
  (void)fputs(converged ? "<li>" : "<li><strong>", out);
  crow_html_print(out, "%s %s: the largest violation of the optimality condition is %.2g.", e->source->label,
                  converged ? "converged" : "did not converge", certificate);
  (void)fputs(converged ? "</li>\n" : "</strong></li>\n", out);
}

static void write_weights(FILE *out, const crow_page_entry *e) {
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

void crow_page_print_verdicts(FILE *out, const crow_page *page) {
  (void)fputs("<ul>\n", out);
  for (int k = 0; k < page->entries; k++) {
    crow_page_print_audit_verdict(out, &page->entry[k]);
  }
  write_winners(out, page, true);
  write_winners(out, page, false);
  for (int k = 0; k < page->entries; k++) {
    if (page->entry[k].source->kind == CROW_IS_REWARDS) write_convergence(out, &page->entry[k]);
  }
  for (int k = 0; k < page->entries; k++) {
    const crow_page_entry *e = &page->entry[k];
    if (e->source->kind == CROW_IS_REWARDS || e->source->kind == CROW_IS_WEIGHTS) write_weights(out, e);
  }
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
