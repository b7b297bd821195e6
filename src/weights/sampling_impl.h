/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CROW_WEIGHTS_SAMPLING_IMPL_H
#define CROW_WEIGHTS_SAMPLING_IMPL_H

#include "weights/weights_impl.h"

/* What a rank holds while it samples. */
typedef struct crow_sampling {
  crow_weights_grid grid;
  const crow_space *space;
  crow_space *own_space; /* NULL if `space` is borrowed */
  crow_hull hull;        /* of the alternatives; no basis where all dimensions are kept */
  crow_gidx dimensions;  /* in which distances are taken */
  crow_partition slice;  /* of the alternatives, over the grid's slices */
  void *contexts;        /* (slice.count, dimensions), of the given precision */
  crow_precision precision;
  crow_nearest *nearest; /* NULL if the slice is empty */
  crow_tally tally;
  int64_t block;     /* samples a turn */
  double *points;    /* (block, d) samples */
  double *projected; /* (block, dimensions) samples in the hull; NULL without one */
  crow_tally_room room;
  crow_nearest_result result;
  crow_checkpoint *checkpoint; /* borrowed; NULL for none */
  crow_tally before;           /* what an earlier run had counted, by the partition of the result; NULL if nothing */
  int64_t *squares;            /* sums of squares by the partition of the result */
  int64_t done, target;        /* samples taken; when the accuracy is looked at next */
  bool inexact;                /* the limit came before the accuracy asked for */
  crow_progress progress;      /* of all samples, over all rounds */
  crow_stages stages;          /* where this rank's time goes */
} crow_sampling;

/* Grid, alternatives and search structure; `samples` is the most there will be. The space is there already. */
crow_status crow_sampling_prepare(const crow_comm *comm, const crow_dataset *dataset,
                                  const crow_weights_options *options, int64_t samples, crow_sampling *s);
/* Counts samples `from` .. `to` out of `samples`. Collective. */
crow_status crow_sampling_take(const crow_comm *comm, int64_t from, int64_t to, int64_t samples, crow_sampling *s);
void crow_sampling_free(crow_sampling *s);

/* The affine hull of the alternatives, the same on all ranks, where projecting onto it pays. Whether it is looked for
 * depends on the shape of the data alone, so that every grid takes distances in the same dimensions. Collective. */
crow_status crow_weights_hull(const crow_comm *comm, const crow_dataset *dataset, const crow_space *space,
                              crow_hull *out);

#endif
