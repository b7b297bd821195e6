/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CROW_CLI_BENCH_IMPL_H
#define CROW_CLI_BENCH_IMPL_H

#include "cli/cli_impl.h"

/* Prints a report as a block, and adds it to the summary's "benchmarks". Collective. */
crow_status crow_bench_print(crow_run *run, const crow_bench_report *report);
/* One line for each figure and stage of the reports: benchmark, quantity, unit, median, least, greatest. Rank 0 writes.
 * Collective. */
crow_status crow_bench_write_csv(const crow_run *run, const char *path, const crow_bench_report *report, int count);

#endif
