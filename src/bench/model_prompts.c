/* SPDX-License-Identifier: Apache-2.0 */
/* What the weights within prompts cost: some of them are weighted. */
#include "bench/bench_impl.h"
#include <math.h>

/* Alternatives of the prompts that are weighted, about. */
enum { PROMPT_ALTERNATIVES = 8192 };

/* Work of a prompt's weights, up to a factor: samples times alternatives times the dimensions that they span. */
static double work_of(const crow_bench_size *size, crow_gidx count) {
  const double m = (double)count, span = m - 1 < (double)size->dimensions ? m - 1 : (double)size->dimensions;
  const double samples = size->samples > 0 ? (double)size->samples : m < 10.24 ? 4096 : 400 * m;
  return count > 1 ? samples * m * (span + 4) : 1;
}

/* Every k-th prompt, so that there are about PROMPT_ALTERNATIVES alternatives, numbered anew: `prompt` (m) of all
 * alternatives, -1 for those of others. `*share` is their part of all work. */
static crow_status choose_prompts(const crow_bench_size *size, int32_t *prompt, crow_gidx *prompts, double *share) {
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
    (*prompts)++;
  }
  for (crow_gidx x = 0; x < dataset->alternatives; x++) {
    prompt[x] = dataset->prompt[x] % step == 0 ? (int32_t)(dataset->prompt[x] / step) : -1;
  }
  *share = all > 0 ? chosen / all : 1;
cleanup:
  crow_free(members);
  return status;
}

/* The contexts of those that are chosen, stretch by stretch; `prompt` becomes theirs. Collective. */
static crow_status read_chosen(const crow_comm *comm, const crow_dataset *dataset, int32_t *prompt,
                               crow_bench_rows *out) {
  const crow_gidx m = dataset->alternatives, d = dataset->dimensions;
  crow_gidx count = 0;
  *out = (crow_bench_rows){.dimensions = d};
  for (crow_gidx x = 0; x < m; x++) count += prompt[x] >= 0;
  CROW_NEED_AGREE(comm, CROW_ALLOCATE_RAW(&out->row, count * d));
  for (crow_gidx x = 0; x < m;) {
    crow_gidx end = x;
    while (end < m && prompt[end] >= 0) end++;
    if (end > x) CROW_NEED(crow_dataset_read_contexts(dataset, x, end - x, CROW_F64, out->row + out->count * d));
    for (; x < end; x++) prompt[out->count++] = prompt[x];
    x = end + 1;
  }
  return CROW_OK;
}

static crow_status weigh_chosen(const crow_comm *alone, const crow_dataset *chosen, const crow_bench_size *size,
                                const crow_nearest_options *nearest, double *seconds, crow_weights *sampled) {
  crow_weights_options options;
  crow_weights_options_default(&options);
  options.nearest = *nearest;
  options.samples = size->samples;
  /* Once, as in a run: memory that is used for the first time is a part of it. */
  const double start = crow_time_cpu_s();
  CROW_NEED(crow_weights_compute(alone, chosen, &options, sampled));
  *seconds = crow_time_cpu_s() - start;
  return CROW_OK;
}

crow_status crow_bench_probe_prompts(const crow_comm *comm, const crow_comm *alone, const crow_bench_size *size,
                                     const crow_nearest_options *nearest, double *seconds, crow_weights *sampled) {
  crow_status status = CROW_OK;
  crow_bench_rows rows = {0};
  int32_t *prompt = NULL;
  crow_gidx prompts = 0;
  double share = 1;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&prompt, size->alternatives));
  CROW_TRY_AGREE(comm, choose_prompts(size, prompt, &prompts, &share));
  CROW_TRY(read_chosen(comm, size->dataset, prompt, &rows));
  crow_dataset chosen = crow_dataset_generated(rows.count, rows.dimensions, size->single, crow_bench_rows_make, &rows);
  chosen.prompt = prompt;
  chosen.prompts = prompts;
  CROW_TRY_AGREE(comm, weigh_chosen(alone, &chosen, size, nearest, seconds, sampled));
  *seconds /= share;
cleanup:
  CROW_FREE(rows.row, prompt);
  return status;
}
