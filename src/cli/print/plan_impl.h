/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CROW_CLI_PLAN_IMPL_H
#define CROW_CLI_PLAN_IMPL_H

#include "cli/print/bench_impl.h"

/* Measures the costs near this size and prints them with what they predict for it, for twice as many ranks and so on up
 * to 8 times. Collective. */
crow_status crow_plan_print(crow_run *run, const crow_bench_size *size, const crow_nearest_options *nearest,
                            double memory);

#endif
