/* SPDX-License-Identifier: Apache-2.0 */
/* Results side by side: tables, and the same in the summary. */
#ifndef CROW_CLI_COMPARE_IMPL_H
#define CROW_CLI_COMPARE_IMPL_H

#include "cli/cli_impl.h"

/* Topics by rows: mean, standard deviation and number of alternatives in each result. Collective. */
crow_status crow_compare_topics(crow_run *run, const crow_comparison *comparison);
/* The `top` best alternatives of the last result (0: all): rank and reward, or Elo rating, in each. Collective. */
crow_status crow_compare_alternatives(crow_run *run, const crow_comparison *comparison, int64_t top,
                                      const crow_elo_options *elo);

#endif
