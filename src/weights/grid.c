/* SPDX-License-Identifier: Apache-2.0 */
#include "weights/weights_impl.h"
#include <stdlib.h>
#include <string.h>

crow_status crow_weights_grid_parse(const char *text, int *groups, int *slices) {
  *groups = *slices = 0;
  if (strcmp(text, "auto") == 0) return CROW_OK;
  int used = 0;
  if (sscanf(text, "%6dx%6d%n", groups, slices, &used) != 2 || text[used] || *groups < 1 || *slices < 1) {
    return crow_error(CROW_USAGE,
                      "--grid \"%s\": expected auto or GROUPSxSLICES, e.g. 4x2: 4 groups of ranks share the "
                      "samples, 2 slices of alternatives",
                      text);
  }
  return CROW_OK;
}

int64_t crow_weights_rank_bytes(crow_gidx m, crow_gidx d, bool single, bool batches, int slices) {
  const int64_t rows = (m + slices - 1) / slices + CROW_BLOCK;
  /* The contexts as stored; norms, hits (by batch), squares, a draw's shares, results and what finds clones; where a
   * tree can be taken, two copies in double precision and its boxes; 64 MiB for a block of samples, prepared contexts
   * and what the libraries hold. */
  const int64_t tree = d <= CROW_NEAREST_TREE_MOST ? 21 * d : 0;
  const int64_t hits = batches ? CROW_HIT_BATCHES * (int64_t)sizeof(int64_t) : 0;
  return rows * (d * (single ? 4 : 8) + tree + 96 + hits) + (INT64_C(64) << 20);
}

/* The fewest slices that divide the ranks evenly and fit. */
static crow_status grid_choose(const crow_comm *comm, const crow_weights_options *options, crow_gidx m, crow_gidx d,
                               bool single, int *slices) {
  crow_status status = CROW_OK;
  const int size = crow_comm_size(comm);
  double limit = 0;
  CROW_TRY(crow_comm_memory_limit(comm, options->memory_per_rank, &limit));
  for (*slices = 1; *slices <= size; ++*slices) {
    const double needed = (double)crow_weights_rank_bytes(m, d, single, options->batches, *slices);
    if (size % *slices == 0 && needed <= limit) goto cleanup;
  }
  const double needed = (double)crow_weights_rank_bytes(m, d, single, options->batches, size);
  status = crow_error(
      CROW_FAILED,
      "the weights of %lld alternatives in %lld dimension%s need %.3g GB a rank even in %d slices, but a rank may use "
      "%.3g GB: use more ranks or fewer ranks a node, store contexts as 32-bit floats, give --no-batches, or raise "
      "--memory-per-rank",
      (long long)m, (long long)d, crow_plural(d), needed / 1e9, size, limit / 1e9);
cleanup:
  return status;
}

crow_status crow_weights_grid_create(const crow_comm *comm, const crow_weights_options *options, crow_gidx m,
                                     crow_gidx d, bool single, crow_weights_grid *out) {
  const int size = crow_comm_size(comm), rank = crow_comm_rank(comm);
  memset(out, 0, sizeof *out);
  CROW_NEED(crow_weights_grid_parse(options->grid, &out->groups, &out->slices));
  if (out->groups == 0) {
    CROW_NEED(grid_choose(comm, options, m, d, single, &out->slices));
    out->groups = size / out->slices;
  }
  if ((int64_t)out->groups * out->slices != size) {
    return crow_error(CROW_USAGE, "--grid %s needs %lld ranks, but %d run", options->grid,
                      (long long)out->groups * out->slices, size);
  }
  out->group = rank / out->slices;
  out->slice = rank % out->slices;
  CROW_NEED(crow_comm_split(comm, out->group, rank, &out->across_slices));
  return crow_comm_split(comm, out->slice, rank, &out->across_groups);
}

void crow_weights_grid_free(crow_weights_grid *grid) {
  crow_comm_destroy(&grid->across_slices);
  crow_comm_destroy(&grid->across_groups);
}
