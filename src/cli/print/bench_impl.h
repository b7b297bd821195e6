/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CROW_CLI_BENCH_IMPL_H
#define CROW_CLI_BENCH_IMPL_H

#include "cli/cli_impl.h"

/* Prints a report as a block, and adds it to the summary's "benchmarks". Collective. */
crow_status crow_bench_print(crow_run *run, const crow_bench_report *report);

#endif
