/* SPDX-License-Identifier: Apache-2.0 */
/* What results say, in plain words. */
#include "plot/escape_impl.h"
#include "report/report_impl.h"
#include <string.h>

static const json_t *attribute(const crow_page_entry *e, const char *name) {
  return json_object_get(json_object_get(e->description, "attributes"), name);
}

/* The name of what is best: a topic, or an alternative. */
static const char *winner(const crow_page_entry *e, bool topic) {
  if (topic) return e->topics.count ? crow_strings_get(&e->topics.name, e->topics.by_mean[0]) : NULL;
  return e->ends.count ? e->ends.id[0] : NULL;
}

/* Whether all rewards have the same winner, said once; with one result, who it is. */
static void write_winners(FILE *out, const crow_page *page, bool topic) {
  const char *first = NULL, *what = topic ? "topic of highest mean reward" : "alternative of highest reward";
  int results = 0;
  bool same = true;
  for (int k = 0; k < page->entries; k++) {
    const crow_page_entry *e = &page->entry[k];
    const char *name = e->source->kind == CROW_IS_REWARDS ? winner(e, topic) : NULL;
    if (!name) continue;
    if (!first) first = name;
    same = same && strcmp(first, name) == 0;
    results++;
  }
  if (results == 0) return;
  (void)fputs("<li>", out);
  if (same) {
    crow_html_print(out, "The %s is %s%s.", what, first, results > 1 ? ", in all results" : "");
  } else {
    crow_html_print(out, "The %s differs between the results: ", what);
    const char *comma = "";
    for (int k = 0; k < page->entries; k++) {
      const crow_page_entry *e = &page->entry[k];
      const char *name = e->source->kind == CROW_IS_REWARDS ? winner(e, topic) : NULL;
      if (!name) continue;
      crow_html_print(out, "%s%s in %s", comma, name, e->source->label);
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
