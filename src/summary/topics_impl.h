/* SPDX-License-Identifier: Apache-2.0 */
/* Means by topic of a distributed vector. */
#ifndef CROW_CLI_TOPICS_IMPL_H
#define CROW_CLI_TOPICS_IMPL_H

#include <crow/io.h>

/* More topics than this are no table that anybody reads. */
enum { CROW_TOPICS_MOST = 1000 };

typedef struct crow_topics {
  int64_t count;     /* how many topics; 0 if the file has none */
  bool too_many;     /* more than CROW_TOPICS_MOST on some rank or in all: nothing else is filled */
  crow_strings name; /* (count), ascending */
  int64_t *size;     /* (count) alternatives of the topic */
  double *mean;      /* (count) of the values */
  double *deviation; /* (count) sample standard deviation; NaN for a single alternative */
  double *weight;    /* (count) sum of the weights; NULL if none were given */
  int64_t *by_mean;  /* (count) topics in the order of descending means */
} crow_topics;

/* Groups the alternatives of `file` by /alternatives/topic. `values` and, if `weighted`, `weights` are this rank's
 * slices. All ranks get the same. Sums are exact, so the bits do not depend on the number of ranks. Collective.
 */
crow_status crow_topics_create(const crow_comm *comm, const crow_file *file, const crow_partition *partition,
                               bool weighted, const double *values, const double *weights, crow_topics *out);
/* The position of a topic's name, or -1. Local. */
int64_t crow_topics_find(const crow_topics *topics, const char *name);
/* Prints the table and adds it to the summary: `value_name` heads the column of means, which are printed
 * with so many decimals (negative: with six digits). Collective. */
typedef struct crow_run crow_run;
crow_status crow_topics_print(crow_run *run, const crow_topics *topics, const char *value_name, int decimals);
void crow_topics_free(crow_topics *topics);

#endif
