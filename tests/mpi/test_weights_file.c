/* SPDX-License-Identifier: Apache-2.0 */
/* Weights that come from a file, whole or scaled, and what weights need of memory. */
#include "fixture.h"

static const double context[] = {0, 0, 1, 0, 1, 1, .9, 1, .2, .7};
enum { M = 5 };

static void sample_weights(crow_dataset *dataset, crow_weights_options *options, crow_weights *weights) {
  const test_dataset t = {.m = M, .d = 2, .context = context};
  test_dataset_write(test_comm, test_path("dataset.h5"), &t);
  crow_weights_options_default(options);
  options->samples = 3000;
  options->draws = CROW_DRAWS_INDEPENDENT;
  options->space.space = "cube";
  options->nearest.engine = CROW_NEAREST_GEMM;
  CHECK_OK(crow_dataset_open(test_comm, test_path("dataset.h5"), true, dataset));
  CHECK_OK(crow_weights_compute(test_comm, dataset, options, weights));
}

/* Values and standard errors are divided by the same sum, 3 here. */
static void standard_errors_are_scaled_with_the_weights(void) {
  crow_dataset dataset = {0};
  crow_weights_options options;
  crow_weights weights, again;
  crow_provenance *provenance = NULL;
  sample_weights(&dataset, &options, &weights);
  CHECK_OK(crow_provenance_create(test_comm, NULL, &provenance));
  double *value = test_gather(test_comm, &weights.partition, weights.value);
  double *error = test_gather(test_comm, &weights.partition, weights.standard_error);
  for (crow_gidx i = 0; i < weights.partition.count; i++) {
    weights.value[i] *= 3;
    weights.standard_error[i] *= 3;
  }
  CHECK_OK(crow_weights_write(test_comm, test_path("three.h5"), true, &weights, &options, &dataset, provenance));
  CHECK_OK(crow_weights_read(test_comm, test_path("three.h5"), &dataset, &again));
  double *read_value = test_gather(test_comm, &again.partition, again.value);
  double *read_error = test_gather(test_comm, &again.partition, again.standard_error);
  for (int i = 0; i < M; i++) {
    CHECK_NEAR(read_value[i], value[i], 1e-15);
    CHECK_NEAR(read_error[i], error[i], 1e-15);
    CHECK(error[i] > 1e-3);
  }
  crow_free(value);
  crow_free(error);
  crow_free(read_value);
  crow_free(read_error);
  crow_weights_free(&again);
  crow_weights_free(&weights);
  crow_provenance_destroy(&provenance);
  crow_dataset_close(&dataset);
}

/* 64 MiB for all but the rows; then the contexts as they are stored, 21 doubles' worth a dimension more where a tree
 * may be taken, and 96 bytes for each row, of which there is a block more than there need be. */
static void a_rank_needs_its_rows_and_64_mebibytes(void) {
  const double mebibyte = 1048576;
  const double few = (double)crow_weights_rank_bytes(1, 1, false, false, 1) / mebibyte;
  CHECK(few >= 64 && few <= 65);
  static const int64_t dimensions[] = {1, 24, 25, 768};
  for (int k = 0; k < 4; k++) {
    for (int slices = 1; slices <= 4; slices++) {
      const int64_t d = dimensions[k], m = 4000000, tree = d <= 24 ? 21 * d : 0;
      for (int way = 0; way < 4; way++) {
        const bool single = way % 2, batches = way / 2; /* of which there are 32, of 8 bytes */
        const double rows = (double)crow_weights_rank_bytes(m, d, single, batches, slices) - 64 * mebibyte;
        const double each = (double)((single ? 4 : 8) * d + tree + 96 + (batches ? 256 : 0));
        CHECK(rows >= each * (double)m / slices && rows <= each * ((double)m / slices + CROW_BLOCK + 1));
      }
    }
  }
}

/* More than 2^31 and 2^32 alternatives and bytes are numbers as any other. */
static void beyond_32_bits_memory_is_reckoned_all_the_same(void) {
  static const int64_t counts[] = {INT64_C(1) << 31, (INT64_C(1) << 31) + 1, INT64_C(1) << 32, INT64_C(1) << 40};
  for (int k = 0; k < 4; k++) {
    const double bytes = (double)crow_weights_rank_bytes(counts[k], 100, true, false, 1);
    CHECK_NEAR(bytes / (double)counts[k], 400 + 96, 1);
  }
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"standard errors are scaled with the weights", standard_errors_are_scaled_with_the_weights},
      {"a rank needs its rows and 64 MiB", a_rank_needs_its_rows_and_64_mebibytes},
      {"beyond 32 bits memory is reckoned all the same", beyond_32_bits_memory_is_reckoned_all_the_same},
      {NULL, NULL}};
  return crow_test_main(argc, argv, "weights files", tests, true);
}
