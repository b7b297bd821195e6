/* SPDX-License-Identifier: Apache-2.0 */
/* How much the weights of draws by signs vary, beside as many independent samples: over other seeds. */
#include "bench/bench_impl.h"
#include <math.h>

enum { SEEDS_LEAST = 4 };

int64_t crow_bench_samples_least(crow_gidx dimensions) {
  int64_t blocks = 1;
  while (2 * blocks <= CROW_SIGNS_BLOCKS_MOST && 8 * blocks <= dimensions) blocks *= 2;
  return 400 * blocks;
}

crow_status crow_bench_variance(const crow_comm *comm, crow_bench_lattice *lattice, const crow_weights_options *options,
                                int64_t seeds, double seconds, double *variance, int64_t *done) {
  crow_status status = CROW_OK;
  const crow_dataset dataset = crow_bench_lattice_dataset(lattice);
  crow_weights_options other = *options;
  crow_weights weights = {0};
  double *sum = NULL, *square = NULL, sums[2] = {0, 0}, elapsed = 0, samples = 1;
  crow_gidx count = 0;
  const double start = crow_time_s();
  const int64_t least = crow_bench_samples_least(dataset.dimensions);
  other.samples = options->samples < least ? options->samples : least;
  for (*done = 0; *done < seeds && (*done < SEEDS_LEAST || elapsed < seconds); ++*done) {
    other.space.seed = options->space.seed + 1 + *done;
    crow_weights_free(&weights);
    crow_log_hush(true);
    status = crow_weights_compute(comm, &dataset, &other, &weights);
    crow_log_hush(false);
    CROW_TRY(status);
    count = weights.partition.count;
    samples = (double)weights.samples;
    if (*done == 0) CROW_TRY_AGREE(comm, CROW_ALLOCATE(&sum, count));
    if (*done == 0) CROW_TRY_AGREE(comm, CROW_ALLOCATE(&square, count));
    for (crow_gidx i = 0; i < count; i++) {
      sum[i] += weights.value[i];
      square[i] += weights.value[i] * weights.value[i];
    }
    elapsed = crow_time_s() - start;
    CROW_TRY(crow_bench_greatest(comm, &elapsed)); /* all ranks go on alike */
  }
  const double n = (double)*done;
  for (crow_gidx i = 0; i < count; i++) {
    const double mean = sum[i] / n;
    sums[0] += (square[i] - n * mean * mean) / (n - 1);
    sums[1] += mean * (1 - mean) / samples;
  }
  CROW_TRY(crow_comm_sum_f64_unordered(comm, sums, 2));
  *variance = n > 1 && sums[1] > 0 ? sums[0] / sums[1] : (double)NAN;
cleanup:
  crow_weights_free(&weights);
  CROW_FREE(sum, square);
  return status;
}
