/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CROW_WEIGHTS_SAMPLING_IMPL_H
#define CROW_WEIGHTS_SAMPLING_IMPL_H

#include "weights/weights_impl.h"

/* Most samples on which a weighted mean is found. */
#define CROW_CENTER_SAMPLES 100000

/* Where the search for a sphere's weighted mean stands. */
typedef struct crow_weights_center {
  int64_t rounds; /* done so far */
  double change;  /* of the weights in the last of them, summed */
  bool found;
  double *value;      /* (d) the latest centre, whole on every rank */
  double *weights;    /* (count, by the partition of the result) those whose mean it is */
  bool took_counts;   /* the counts of the checkpoint belong to a round, not to the weights themselves */
  crow_stages stages; /* of all rounds */
} crow_weights_center;

/* What a rank holds while it samples. */
typedef struct crow_sampling {
  crow_weights_grid grid;
  const crow_space *space; /* borrowed */
  crow_hull hull;          /* of the alternatives; no basis where all dimensions are kept */
  crow_gidx dimensions;    /* in which distances are taken */
  crow_partition slice;    /* of the alternatives, over the grid's slices */
  void *contexts;          /* (slice.count, dimensions), of the given precision */
  crow_precision precision;
  crow_nearest *nearest; /* NULL if the slice is empty */
  crow_tally tally;
  int64_t block;     /* samples a turn */
  double *points;    /* (block, d) samples */
  double *projected; /* (block, dimensions) samples in the hull; NULL without one */
  crow_tally_room room;
  crow_nearest_result result;
  crow_checkpoint *checkpoint; /* borrowed; NULL for none */
  crow_weights_center *center; /* borrowed; what a checkpoint is to hold of it; NULL for none */
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
/* One line about how samples are searched. Local. */
void crow_sampling_log_start(const crow_dataset *dataset, const crow_sampling *s);
/* From here to `s->target` samples, of `limit` at most, with checkpoints on the way. Collective. */
crow_status crow_sampling_to_target(const crow_comm *comm, const crow_weights_options *options, int64_t limit,
                                    crow_sampling *s, crow_weights *out);
/* All counts so far as weights. Collective. */
crow_status crow_sampling_gather(const crow_comm *comm, const crow_weights_options *options, crow_sampling *s,
                                 crow_weights *out);
/* Counts of a checkpoint. Collective. */
crow_status crow_sampling_resume(const crow_comm *comm, crow_sampling *s, const crow_partition *p);

/* Finds the weighted mean for a space that wants one and sets it there, or goes on with that from a checkpoint; `limit`
 * is the most samples there will be. `out` is allocated, and work space. Free with crow_weights_center_free().
 * Collective. */
crow_status crow_weights_find_center(const crow_comm *comm, const crow_dataset *dataset,
                                     const crow_weights_options *options, int64_t limit, crow_space *space,
                                     crow_checkpoint *checkpoint, crow_weights *out, crow_weights_center *center);
/* The state ("center") as part of a checkpoint being written, and back. Collective. */
crow_status crow_weights_center_put(const crow_comm *comm, crow_checkpoint *checkpoint,
                                    const crow_weights_center *center, crow_gidx dimensions, const crow_partition *p);
crow_status crow_weights_center_get(const crow_comm *comm, crow_checkpoint *checkpoint, crow_gidx dimensions,
                                    const crow_partition *p, crow_weights_center *center);
void crow_weights_center_free(crow_weights_center *center);
/* Equal weights of the distinct directions of the contexts, shared by equal ones: this rank's slice. `*distinct` says
 * how many there are. Collective. */
crow_status crow_weights_of_distinct(const crow_comm *comm, const crow_dataset *dataset, double *weights,
                                     int64_t *distinct);

/* The affine hull of the alternatives, the same on all ranks, where projecting onto it pays. Whether it is looked for
 * depends on the shape of the data alone, so that every grid takes distances in the same dimensions. Collective. */
crow_status crow_weights_hull(const crow_comm *comm, const crow_dataset *dataset, const crow_space *space,
                              crow_hull *out);

#endif
