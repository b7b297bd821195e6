/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CROW_WEIGHTS_SAMPLING_IMPL_H
#define CROW_WEIGHTS_SAMPLING_IMPL_H

#include "space/flat_impl.h"
#include "weights/weights_impl.h"

/* Most samples on which a weighted mean is found. */
#define CROW_CENTER_SAMPLES 100000

/* Where the search for a sphere's weighted mean stands. */
typedef struct crow_weights_center {
  int64_t rounds; /* done so far */
  double change;  /* of the weights in the last of them, summed */
  bool found;
  double *value;    /* (d) the latest centre, whole on every rank */
  double *weights;  /* (count, by the partition of the result) those whose mean it is */
  bool took_counts; /* the counts of the checkpoint belong to a round, not to the weights themselves */
  crow_hull hull;   /* between rounds, whose hull is the same */
  crow_gidx hull_limit;
  crow_stages stages; /* of all rounds */
} crow_weights_center;

/* What a rank holds while it samples. */
typedef struct crow_sampling {
  crow_weights_grid grid;
  const crow_space *space; /* borrowed */
  crow_hull hull;          /* of the alternatives; no basis where all dimensions are kept */
  crow_gidx hull_limit;    /* the most dimensions of it that were looked for */
  crow_gidx dimensions;    /* in which distances are taken */
  crow_partition slice;    /* of the alternatives, over the grid's slices */
  void *contexts;          /* (slice.count, dimensions), of the given precision */
  crow_precision precision;
  crow_nearest *nearest;    /* the engine; NULL if the slice is empty or `search` searches */
  int64_t batches;          /* that hits are kept by; 0: 1 */
  int64_t blocks;           /* of signs a draw; 0: independent samples; CROW_DRAWS_RULE until prepared: by the rule */
  crow_signs *signs;        /* NULL for independent samples */
  crow_flat flat;           /* where these are drawn in the hull */
  crow_sign_search *search; /* of draws of block signs; NULL if the slice is empty or an engine searches */
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

#define CROW_DRAWS_RULE (-1)

/* Samples of a draw: what samples are shared out and counted in. */
static inline int64_t crow_sampling_unit(const crow_sampling *s) { return s->blocks > 0 ? 2 * s->blocks : 1; }
/* Samples in whole draws: the last is never cut. */
static inline int64_t crow_sampling_whole(const crow_sampling *s, int64_t samples) {
  const int64_t unit = crow_sampling_unit(s);
  return (samples + unit - 1) / unit * unit;
}
/* How many blocks of signs a draw has by the rule, 0 for independent samples; see draws.c. `samples`: how many there
 * are at first, and `limit` at most. Local; the same on all ranks. */
int64_t crow_draws_blocks(const crow_weights_options *options, const crow_space *space, int64_t rank, int64_t samples,
                          int64_t limit);
/* Whether samples are independent whatever the contexts' rank; `limit` as above. Local; the same on all ranks. */
bool crow_draws_apart(const crow_dataset *dataset, const crow_weights_options *options, int64_t limit,
                      const crow_sampling *s);
/* The draws of `blocks` blocks that weights of this dataset in this space take. Collective. */
crow_status crow_draws_make(const crow_comm *comm, const crow_dataset *dataset, const crow_space *space, int64_t blocks,
                            crow_signs **out);
/* Makes s->signs for s->blocks, finding s->blocks by the rule first if it is to; or s->flat. Collective. */
crow_status crow_draws_create(const crow_comm *comm, const crow_dataset *dataset, const crow_weights_options *options,
                              int64_t limit, crow_sampling *s);
/* Where `auto` takes draws of signs: a first part of them, and by its counts, whether to go on with them, with fewer
 * blocks, or with independent samples. What was counted is kept where nothing changes, and dropped otherwise.
 * Collective. */
crow_status crow_draws_pilot(const crow_comm *comm, const crow_dataset *dataset, const crow_weights_options *options,
                             int64_t limit, crow_sampling *s, crow_weights *out);

/* Grid, alternatives and search structure; `samples` is the most there will be. The space is there already. */
crow_status crow_sampling_prepare(const crow_comm *comm, const crow_dataset *dataset,
                                  const crow_weights_options *options, int64_t samples, crow_sampling *s);
/* Begins anew with s->blocks as it has been set. Collective. */
crow_status crow_sampling_redraw(const crow_comm *comm, const crow_dataset *dataset,
                                 const crow_weights_options *options, int64_t samples, crow_sampling *s);
/* Counts samples `from` .. `to` out of `samples`, whole draws. Collective. */
crow_status crow_sampling_take(const crow_comm *comm, int64_t from, int64_t to, int64_t samples, crow_sampling *s);
/* Gives alternatives with equal contexts the mean of their weights, which differ by what was left of shared samples.
 * The counts stay. Collective. */
crow_status crow_weights_equalise(const crow_comm *comm, const crow_sampling *s, double pseudo_count,
                                  crow_weights *out);
void crow_sampling_free(crow_sampling *s);
/* One line about how samples are searched. Local. */
void crow_sampling_log_start(const crow_dataset *dataset, const crow_sampling *s);
/* From here to `s->target` samples, of `limit` at most, with checkpoints on the way. Collective. */
crow_status crow_sampling_to_target(const crow_comm *comm, const crow_weights_options *options, int64_t limit,
                                    crow_sampling *s, crow_weights *out);
/* All counts so far as weights. Collective. */
crow_status crow_sampling_gather(const crow_comm *comm, const crow_weights_options *options, crow_sampling *s,
                                 crow_weights *out);
/* Whether a checkpoint has counts, and of draws of how many blocks: into s->blocks. Collective. */
crow_status crow_sampling_find_draws(crow_sampling *s, bool *counted);
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

/* The affine hull of the alternatives, the same on all ranks, if it has at most `limit` dimensions. Whether it is
 * looked for depends on the shape of the data alone, so that every grid takes distances in the same dimensions. Of a
 * sphere about a weighted mean it is one for all means, through 0. Collective. */
crow_status crow_weights_hull(const crow_comm *comm, const crow_dataset *dataset, const crow_space *space,
                              crow_gidx limit, crow_hull *out);

#endif
