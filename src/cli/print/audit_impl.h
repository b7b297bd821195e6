/* SPDX-License-Identifier: Apache-2.0 */
/* What an audit says: tables, verdicts in plain words, and the same in the summary. */
#ifndef CROW_CLI_AUDIT_IMPL_H
#define CROW_CLI_AUDIT_IMPL_H

#include "cli/cli_impl.h"

/* Collective. */
crow_status crow_audit_print(crow_run *run, crow_gidx alternatives, const crow_audit_result *result);
/* `names` are the datasets'. Collective. */
crow_status crow_audit_print_comparison(crow_run *run, const char *const names[2], const crow_audit_comparison *c);

/* The verdict's lines about both methods and what follows from them. Local. */
void crow_audit_print_verdict(crow_run *run, const crow_audit_summary *standard, const crow_audit_summary *weighted);

#endif
