/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CROW_CLI_BENCH_IMPL_H
#define CROW_CLI_BENCH_IMPL_H

#include "cli/cli_impl.h"

/* Prints a report as a block, and adds it to the summary's "benchmarks". Collective. */
crow_status crow_bench_print(crow_run *run, const crow_bench_report *report);
/* The line that comes first: what the valid results of all benchmarks come to, also in the summary's "score". */
void crow_bench_print_score(crow_run *run, const crow_bench_report *report, int count);
/* The name by which scripts know a figure that can exceed 1 and was called a share; NULL: the same. */
const char *crow_bench_former_name(const char *figure);
/* What a figure of a benchmark is, in a few words; "" for one that is not known. */
const char *crow_bench_explain(const char *benchmark, const char *figure);

#endif
