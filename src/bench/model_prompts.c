/* SPDX-License-Identifier: Apache-2.0 */
/* What the weights within prompts cost: some prompts of the dataset's sizes are weighted, with random contexts. */
#include "bench/bench_impl.h"
#include <math.h>

/* Alternatives of the prompts that are weighted, about; and how often, the least counting. */
enum { PROMPT_ALTERNATIVES = 8192, PROMPT_TRIES = 2 };

/* Work of a prompt's weights, up to a factor: samples times alternatives times the dimensions that they span. */
static double work_of(const crow_bench_size *size, crow_gidx count) {
  const double m = (double)count, span = m - 1 < (double)size->dimensions ? m - 1 : (double)size->dimensions;
  const double samples = size->samples > 0 ? (double)size->samples : m < 10.24 ? 4096 : 400 * m;
  return count > 1 ? samples * m * (span + 4) : 1;
}

/* Every k-th prompt, so that there are about PROMPT_ALTERNATIVES alternatives: `prompt` (m) of the first `*count` are
 * numbered anew. `*share` is their part of all work. */
static crow_status choose_prompts(const crow_bench_size *size, int32_t *prompt, crow_gidx *count, crow_gidx *prompts,
                                  double *share) {
  crow_status status = CROW_OK;
  const crow_dataset *dataset = size->dataset;
  const crow_gidx step = 1 + dataset->alternatives / PROMPT_ALTERNATIVES;
  crow_gidx *members = NULL;
  double all = 0, chosen = 0;
  CROW_TRY(CROW_ALLOCATE(&members, dataset->prompts));
  for (crow_gidx x = 0; x < dataset->alternatives; x++) members[dataset->prompt[x]]++;
  for (crow_gidx k = 0; k < dataset->prompts; k++) {
    const double work = work_of(size, members[k]);
    all += work;
    if (k % step != 0) continue;
    chosen += work;
    for (crow_gidx i = 0; i < members[k]; i++) prompt[(*count)++] = (int32_t)*prompts;
    (*prompts)++;
  }
  *share = all > 0 ? chosen / all : 1;
cleanup:
  crow_free(members);
  return status;
}

crow_status crow_bench_probe_prompts(const crow_comm *alone, const crow_bench_size *size,
                                     const crow_nearest_options *nearest, double *seconds) {
  crow_status status = CROW_OK;
  crow_bench_lattice *lattice = NULL;
  crow_weights weights = {0};
  crow_weights_options options;
  int32_t *prompt = NULL;
  crow_gidx count = 0, prompts = 0;
  double share = 1;
  crow_weights_options_default(&options);
  options.nearest = *nearest;
  options.samples = size->samples;
  *seconds = (double)INFINITY;
  CROW_TRY(CROW_ALLOCATE(&prompt, size->alternatives));
  CROW_TRY(choose_prompts(size, prompt, &count, &prompts, &share));
  CROW_TRY(crow_bench_lattice_create(CROW_BENCH_RANDOM, count, size->dimensions, 1, &lattice));
  crow_dataset dataset = crow_bench_lattice_dataset(lattice);
  dataset.prompt = prompt;
  dataset.prompts = prompts;
  for (int k = 0; k < PROMPT_TRIES; k++) {
    crow_weights_free(&weights);
    const double start = crow_time_cpu_s();
    CROW_TRY(crow_weights_compute(alone, &dataset, &options, &weights));
    *seconds = fmin(*seconds, (crow_time_cpu_s() - start) / share);
  }
cleanup:
  crow_weights_free(&weights);
  crow_bench_lattice_destroy(&lattice);
  crow_free(prompt);
  return status;
}
