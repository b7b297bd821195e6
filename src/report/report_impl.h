/* SPDX-License-Identifier: Apache-2.0 */
/* A report: one page of HTML with everything in it. All ranks gather, rank 0 writes. */
#ifndef CROW_REPORT_IMPL_H
#define CROW_REPORT_IMPL_H

#include "plot/plot_impl.h"
#include <crow/report.h>

enum { CROW_PAGE_ENDS = 10, CROW_PAGE_PICTURES = 9 };

/* What the page says of one file. */
typedef struct crow_page_entry {
  const crow_plot_source *source;
  json_t *description; /* crow_file_describe() on rank 0; NULL for JSON */
  int64_t alternatives;
  crow_topics topics;         /* of rewards, or of weights; none for others */
  double effective;           /* 1 / sum w^2 */
  int64_t zeros;              /* of the weights */
  crow_ends ends;             /* alternatives in the table */
  double *weight, *win_rate;  /* (ends.count) owned */
  int64_t components;         /* of the comparisons, if they are more than the prompts; else 0 */
  double *error;              /* (ends.count) standard errors of the rewards, owned; NULL without */
  crow_front front;           /* the lead of the best one */
  double *lower, *upper;      /* (ends.count) 95 % intervals of the rewards, owned; NULL without */
  crow_elo elo;               /* the scale of ratings, if one is wanted */
  crow_rewards_by by;         /* rewards by the values of a column; owned, as are */
  double *by_value, *by_half; /* (ends.count, by.values) these on the scale of the page, and half their intervals */
  crow_strings words;         /* what the weights did; none where the file does not say */
  char digest[17];            /* of the alternatives; "" where the file does not say */
} crow_page_entry;

/* Reads what the page says of a file. Collective. */
crow_status crow_page_gather(const crow_comm *comm, const crow_plot_source *source, const crow_elo_options *scale,
                             crow_page_entry *entry);
/* by.c: rewards by value of the alternatives in the table; `weight` is this rank's slice. Collective. And their table.
 * Local. */
crow_status crow_page_gather_by(const crow_comm *comm, const crow_partition *partition, const double *weight,
                                const crow_elo_options *scale, crow_page_entry *entry);
void crow_page_print_by(FILE *out, const crow_page_entry *entry);
void crow_page_entry_free(crow_page_entry *entry);
/* Whether two results may be of different alternatives; those that do not say are taken to be of the same. Local. */
bool crow_page_entries_differ(const crow_page_entry *a, const crow_page_entry *b);

/* A picture within the page. */
typedef struct crow_page_picture {
  char *svg; /* rank 0's, owned */
  size_t bytes;
  const char *title, *caption;
} crow_page_picture;

typedef struct crow_page {
  const char *title;
  const crow_elo_options *scale; /* of ratings; borrowed */
  int entries, pictures;
  bool forest; /* whether the first picture is the forest, which stands with the leaderboard */
  crow_page_entry entry[CROW_PLOT_MOST];
  crow_page_picture picture[CROW_PAGE_PICTURES];
} crow_page;

/* The last of the rewards files, which leads the page; -1 without any. Local. */
int crow_page_leading(const crow_page *page);
/* Draws the pictures that suit the page's entries. Collective. */
crow_status crow_page_draw(const crow_comm *comm, crow_page *page);
/* Writes the page. Local, for rank 0; failures show in the stream. */
void crow_page_print(FILE *out, const crow_page *page);
/* "In short": what the results say in plain words, as list items. Local. */
void crow_page_print_verdicts(FILE *out, const crow_page *page);
/* What an entry's weights are like and what they did, as list items; nothing where it has none. Local. */
void crow_page_print_weights(FILE *out, const crow_page_entry *entry);
/* How a fit ended, as a text. Local. */
void crow_page_print_convergence(FILE *out, const crow_page_entry *entry);
/* An object's names and values under a caption, nothing for an empty one or NULL. Local. */
void crow_page_print_facts(FILE *out, const char *caption, json_t *object);
/* A command's summary, that of an audit with tables of its own; and the list item of its verdict. Local. */
void crow_page_print_summary(FILE *out, json_t *summary);
void crow_page_print_audit_verdict(FILE *out, const crow_page_entry *entry);

/* ---- HTML: html.c. Local. ---- */

void crow_html_begin(FILE *out, const char *title);
void crow_html_end(FILE *out);
/* A table with its caption; columns are named with '|' between them, those that begin with '<' hold text. */
void crow_html_table(FILE *out, const char *caption, const char *columns);
void crow_html_table_end(FILE *out);
/* The same in parts: the caption, a column's name of so many bytes for each column, the beginning of the rows. */
void crow_html_table_open(FILE *out, const char *caption);
void crow_html_table_head(FILE *out, bool text, const char *name, int bytes);
void crow_html_table_rows(FILE *out);
/* One cell; the first of a row heads it. */
void crow_html_cell(FILE *out, bool heads, const char *text);
void crow_html_number(FILE *out, const char *format, double value);
/* Formatted text, escaped. */
void crow_html_print(FILE *out, const char *format, ...) CROW_PRINTF(2, 3);

#endif
