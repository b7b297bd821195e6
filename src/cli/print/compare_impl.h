/* SPDX-License-Identifier: Apache-2.0 */
/* Results side by side. */
#ifndef CROW_CLI_COMPARE_IMPL_H
#define CROW_CLI_COMPARE_IMPL_H

#include "cli/cli_impl.h"

enum { CROW_COMPARED_MOST = 12 };

/* One of the results that are compared. */
typedef struct crow_compared {
  char name[256]; /* the file's, without folder and suffix */
  crow_file *file;
  crow_partition partition;
  double *value; /* this rank's slice of the rewards; owned */
  double lambda, optimality;
  bool converged;
} crow_compared;

/* Topics by rows: mean, standard deviation and number of alternatives in each result, in the order of the last one's
 * means. Collective. */
crow_status crow_compare_topics(crow_run *run, int count, const crow_compared *result);
/* The `top` best alternatives of the last result (0: all): rank and reward in each. Collective. */
crow_status crow_compare_alternatives(crow_run *run, int count, const crow_compared *result, int64_t top);

#endif
