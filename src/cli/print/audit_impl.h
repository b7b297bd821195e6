/* SPDX-License-Identifier: Apache-2.0 */
/* What an audit says: tables, verdicts in plain words, and the same in the summary. */
#ifndef CROW_CLI_AUDIT_IMPL_H
#define CROW_CLI_AUDIT_IMPL_H

#include "cli/cli_impl.h"

/* Collective. */
crow_status crow_audit_print(crow_run *run, crow_gidx alternatives, const crow_audit_result *result);
/* `names` are the datasets'. Collective. */
crow_status crow_audit_print_comparison(crow_run *run, const char *const names[2], const crow_audit_comparison *c);

/* What one method's rewards went through, over all tests. */
typedef struct crow_audit_summary {
  int64_t tests, changed; /* changed: a winner */
  double largest;         /* shift */
  double closest;         /* the smallest eps at which a winner changed; 0 where there is none to speak of */
  const char *from, *to;  /* the first change, in words; borrowed */
  crow_gidx prompts;      /* of the dataset; 1 without */
  crow_gidx most_prompts; /* whose winner one test changed */
  int64_t redraws;        /* of the comparisons without clones; 0: none */
  crow_audit_noise noise; /* what they did */
  bool complete;          /* no redraws, for nothing is observed by chance */
} crow_audit_summary;
/* The verdict's lines about both methods and what follows from them. Local. */
void crow_audit_print_verdict(crow_run *run, const crow_audit_summary *standard, const crow_audit_summary *weighted);

#endif
