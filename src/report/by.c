/* SPDX-License-Identifier: Apache-2.0 */
/* Rewards by the values of a column, of the alternatives in the page's table. */
#include "report/report_impl.h"
#include <math.h>

/* The rewards of a value and half their intervals, on the scale of the page. */
static crow_status gather_by_value(const crow_comm *comm, const crow_partition *p, const double *weight,
                                   const crow_elo_options *scale, int64_t column, crow_page_entry *e) {
  crow_status status = CROW_OK;
  const crow_rewards_by *by = &e->by;
  crow_ends_by of = {0};
  CROW_TRY(crow_ends_by_create(comm, e->source->file, p, by, column, weight, scale, &e->ends, &of));
  for (int64_t k = 0; k < e->ends.count; k++) {
    e->by_value[k * by->values + column] = crow_elo_rating(&of.elo, of.value[k]);
    e->by_half[k * by->values + column] = (of.upper[k] - of.lower[k]) / 2 * (of.elo.on ? CROW_ELO_FACTOR : 1);
  }
cleanup:
  crow_ends_by_free(&of);
  return status;
}

crow_status crow_page_gather_by(const crow_comm *comm, const crow_partition *p, const double *weight,
                                const crow_elo_options *scale, crow_page_entry *e) {
  CROW_NEED(crow_rewards_by_read(comm, e->source->file, p, &e->by));
  CROW_NEED_AGREE(comm, CROW_ALLOCATE_EACH(e->ends.count * e->by.values, &e->by_value, &e->by_half));
  for (int64_t k = 0; k < e->by.values; k++) CROW_NEED(gather_by_value(comm, p, weight, scale, k, e));
  return CROW_OK;
}

static void print_by_heads(FILE *out, const crow_rewards_by *by) {
  crow_html_table_head(out, true, "id", 2);
  for (int64_t k = 0; k < by->values; k++) {
    const char *name = crow_strings_get(&by->name, k);
    crow_html_table_head(out, true, *name ? name : "(empty)", 200);
  }
  crow_html_table_rows(out);
}

static void print_by_cell(FILE *out, double value, double half, bool elo) {
  char text[64] = "-";
  if (!isnan(value)) (void)snprintf(text, sizeof text, elo ? "%.0f" : "%.3f", value);
  if (!isnan(value) && !isnan(half)) {
    (void)snprintf(text, sizeof text, elo ? "%.0f ± %.0f" : "%.3f ± %.3f", value, half);
  }
  crow_html_cell(out, false, text);
}

static void print_by_small(FILE *out, const crow_rewards_by *by) {
  enum { NAMED = 20 };
  if (!by->small) return;
  (void)fputs("<p class=\"soft\">", out);
  crow_html_print(out, "Not fitted, with fewer than %lld judgements: ", (long long)by->least);
  for (int64_t k = 0; k < by->small && k < NAMED; k++) {
    const char *name = crow_strings_get(&by->small_name, k);
    crow_html_print(out, "%s%s (%lld)", k ? ", " : "", *name ? name : "(empty)", (long long)by->small_judgements[k]);
  }
  if (by->small > NAMED) crow_html_print(out, " and %lld more", (long long)(by->small - NAMED));
  (void)fputs(".</p>\n", out);
}

void crow_page_print_by(FILE *out, const crow_page_entry *e) {
  char caption[400];
  const bool elo = e->elo.on;
  const crow_rewards_by *by = &e->by;
  if (!by->column) return;
  (void)snprintf(caption, sizeof caption, "%s by %.200s%s", elo ? "Elo ratings" : "Rewards", by->column,
                 by->standard_error || by->lower ? ", with half their 95 % intervals" : "");
  if (by->values) {
    crow_html_table_open(out, caption);
    print_by_heads(out, by);
    for (int64_t k = 0; k < e->ends.count; k++) {
      (void)fputs("<tr>", out);
      crow_html_cell(out, true, e->ends.id[k]);
      for (int64_t c = 0; c < by->values; c++) {
        print_by_cell(out, e->by_value[k * by->values + c], e->by_half[k * by->values + c], elo);
      }
      (void)fputs("</tr>\n", out);
    }
    crow_html_table_end(out);
  }
  print_by_small(out, by);
}
