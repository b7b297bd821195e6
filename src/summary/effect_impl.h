/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CROW_SUMMARY_EFFECT_IMPL_H
#define CROW_SUMMARY_EFFECT_IMPL_H

#include <crow/summary.h>

/* Which alternatives are near-duplicates. */
typedef struct crow_neighbours {
  crow_gidx alternatives, looked; /* m; how many were compared with all others, evenly spaced */
  double radius;
  double *square;  /* (looked) squared distance to the nearest other; infinite if there is none */
  double *longest; /* (looked) the greatest squared distance to a near-duplicate; -1 if it has none */
  int32_t *group;  /* (m) the same number, below m, for those that are joined */
} crow_neighbours;

/* How many of m alternatives with d dimensions are compared with all others: at least one. Local. */
crow_gidx crow_neighbours_compared(crow_gidx m, crow_gidx d);
/* The same of a dataset; 0 where near-duplicates are not looked for. Local. */
crow_gidx crow_effect_compared(const crow_dataset *dataset);
/* The k-th of those compared. Local. */
crow_gidx crow_neighbours_row(const crow_neighbours *neighbours, crow_gidx k);
/* `weight` (m) are all weights, `space` what they were made in. Freed by the caller, also after an error. Collective.
 */
crow_status crow_neighbours_find(const crow_comm *comm, const crow_dataset *dataset, const crow_weights_space *space,
                                 const double *weight, crow_neighbours *out);
void crow_neighbours_free(crow_neighbours *neighbours);

#endif
