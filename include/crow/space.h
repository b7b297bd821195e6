/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 * S, the space of all possible alternatives, and its samplers. Sample i is drawn from (seed, i) alone, so any rank can
 * make any sample and results do not depend on who makes it.
 */
#ifndef CROW_SPACE_H
#define CROW_SPACE_H

#include <crow/io.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A space to sample from. */
typedef struct crow_space crow_space;

/** Prepares S as described by `text`: "cube" (the unit cube), "box" (the bounding box of the contexts), or
 * "pool:FILE:PATH" (the rows of an HDF5 array (n, d) are the samples). Collective; `text` and `seed` agree on all
 * ranks. The dataset's contexts are read in slices. */
CROW_API crow_status crow_space_create(const crow_comm *comm, const char *text, uint64_t seed,
                                       const crow_dataset *dataset, crow_space **out);
CROW_API void crow_space_destroy(crow_space **space);

/** Local: number of samples there are: 0 for an endless space, the number of rows of a pool. */
CROW_API crow_gidx crow_space_size(const crow_space *space);
/** Local: one line about the space for the log. */
CROW_API const char *crow_space_describe(const crow_space *space);
/** Local: draws samples `begin` .. `begin + count` into `points` (count, d) row-major. */
CROW_API crow_status crow_space_sample(const crow_space *space, crow_gidx begin, crow_gidx count, double *points);
/** Local: misspelt or unknown descriptions are CROW_USAGE with the nearest valid one. Checked before any work. */
CROW_API crow_status crow_space_parse(const char *text);

#ifdef __cplusplus
}
#endif
#endif
