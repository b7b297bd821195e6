/* SPDX-License-Identifier: Apache-2.0 */
/* What finding S and principal components needs of memory, reckoned before any work. */
#include "space/space_impl.h"
#include <string.h>

/* A covariance is summed exactly, half of it, beside a block's product and the matrix itself. */
static double covariance_bytes(double d) { return d * (d + 1) / 2 * (double)sizeof(crow_exact_sum) + 16 * d * d; }

double crow_space_rank_bytes(const char *space, crow_gidx dimensions) {
  const double d = (double)dimensions, blocks = 2.0 * 8 * CROW_BLOCK * d;
  /* A weighted mean is summed exactly, and kept in a few places. */
  if (strcmp(space, "sphere") == 0 || strcmp(space, "auto") == 0)
    return blocks + ((double)sizeof(crow_exact_sum) + 40) * d;
  return blocks + (strcmp(space, "gaussian") == 0 ? covariance_bytes(d) + 8 * d * d : 0);
}

double crow_pca_rank_bytes(crow_gidx dimensions, crow_gidx components) {
  const double d = (double)dimensions, kept = components < dimensions ? (double)components : d;
  return (double)CROW_PROCESS_BYTES + covariance_bytes(d) + 8 * kept * d + 8 * CROW_BLOCK * (2 * d + kept);
}
