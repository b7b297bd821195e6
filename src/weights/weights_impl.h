/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CROW_WEIGHTS_IMPL_H
#define CROW_WEIGHTS_IMPL_H

#include <crow/weights.h>
#include <math.h>

/* --draws auto takes draws of block signs from this rank of the contexts on: below it trees search, in far fewer steps
 * than there are alternatives. */
#define CROW_DRAWS_RANK_LEAST (CROW_NEAREST_TREE_MOST + 1)
/* options->draws, but signs in the place of auto where a test wants them wherever they apply (CROW_TEST_DRAWS=signs in
 * the environment). Local; the same on all ranks. */
int crow_draws_asked_for(const crow_weights_options *options);

/* Ranks in a grid: rank = group * slices + slice. The groups share the samples, a group's slices the alternatives. */
typedef struct crow_weights_grid {
  int groups, slices, group, slice;
  crow_comm *across_slices; /* the ranks of one group: same samples, different alternatives */
  crow_comm *across_groups; /* the ranks of one slice: same alternatives, different samples */
} crow_weights_grid;

/* Parses --grid: 0 and 0 for "auto". */
crow_status crow_weights_grid_parse(const char *text, int *groups, int *slices);
/* Chooses the fewest slices that fit the memory (or takes the forced grid) and splits the communicator. Collective. */
crow_status crow_weights_grid_create(const crow_comm *comm, const crow_weights_options *options, crow_gidx m,
                                     crow_gidx d, bool single, crow_weights_grid *out);
void crow_weights_grid_free(crow_weights_grid *grid);

/* Counts of one slice of alternatives, in units of 1 / CROW_HIT_UNIT of a sample. */
typedef struct crow_tally {
  int64_t *hits;    /* (alternatives, batches) sum over samples of the share a */
  int64_t batches;  /* of draws: a power of 2; 1 where they are not told apart */
  int64_t batch;    /* that of the sample being counted */
  int64_t *squares; /* sum over draws of the square of a draw's share in the same unit, for the standard error */
  int64_t unit;     /* samples of a draw: the independent unit; 0: 1 */
  int64_t *drawn;   /* a draw's shares so far; NULL where a draw is one sample */
  int64_t *touched; /* which of them are not 0 */
  int64_t touched_count;
  int64_t
      single; /* sum over samples and alternatives of a^2 in the same unit: what independent samples would vary by */
} crow_tally;

/* A block of samples, numbered from `first` on, and the alternatives of this slice that are nearest to each. */
typedef struct crow_tally_block {
  int64_t first;
  crow_gidx dimensions;
  const double *points;     /* (result->count, dimensions) as they were searched for; NULL with `search` */
  crow_sign_search *search; /* of draws of `unit` samples, which makes points anew; or NULL */
  int64_t unit;
  const crow_nearest *nearest;       /* the slice's search; NULL if the slice is empty */
  const crow_nearest_result *result; /* distances INFINITY and no ties in an empty slice */
} crow_tally_block;

/* Work space where there are several slices. */
typedef struct crow_tally_room {
  double *distance;              /* (block) */
  double *point;                 /* (dimensions) */
  int64_t *counts;               /* (slices + 1, block) */
  crow_nearest_measure *measure; /* (slices + 1, CROW_TALLY_MEASURES) */
} crow_tally_room;

/* Close samples that slices settle at a time. */
#define CROW_TALLY_MEASURES 256

/* Room for blocks of up to `block` samples. Local. */
crow_status crow_tally_room_create(const crow_weights_grid *grid, int64_t block, int64_t dimensions,
                                   crow_tally_room *out);
void crow_tally_room_free(crow_tally_room *room);
/* Adds the shares of a block, of whole draws: the nearest over all slices share a sample. Collective over the group's
 * slices. */
crow_status crow_tally_add(const crow_weights_grid *grid, const crow_tally_block *block, const crow_tally_room *room,
                           crow_tally *tally);

/* Column `column` of (slice->count, columns) rows, as crow_tally_redistribute() does. Column -1: the sums of the rows.
 * Collective. */
crow_status crow_tally_redistribute_column(const crow_comm *comm, const crow_weights_grid *grid,
                                           const crow_partition *slice, const int64_t *rows, int64_t columns,
                                           int64_t column, const crow_partition *to, int64_t *out);
/* Adds an array up over the groups and moves it from the slices (the first group's ranks send) to the partition of the
 * result. Collective. */
crow_status crow_tally_redistribute(const crow_comm *comm, const crow_weights_grid *grid, const crow_partition *slice,
                                    const int64_t *values, const crow_partition *to, int64_t *out);
/* Value and standard error of this rank's alternative i from its counts out of out->samples samples in draws of `draw`
 * each (0: 1). Local. */
void crow_tally_weigh(double hits, double squares, int64_t draw, double pseudo_count, crow_gidx i, crow_weights *out);
/* Turns this rank's part of the tallies, which it leaves as they are, into slices of weights by the partition of `out`:
 * `before` (slices by that partition, NULL pointers for nothing) is added, and so is `pseudo_count` to every
 * alternative. `squares` gets the sums of squares, `out->hits` those of the hits. Collective. */
crow_status crow_weights_gather(const crow_comm *comm, const crow_weights_grid *grid, const crow_partition *slice,
                                const crow_tally *tally, const crow_tally *before, int64_t samples, double pseudo_count,
                                int64_t *squares, crow_weights *out);
/* The hits by batch, `before` added, into `out->batch_hits`, which is made; nothing where batches are not told apart.
 * Collective. */
crow_status crow_weights_gather_batches(const crow_comm *comm, const crow_weights_grid *grid,
                                        const crow_partition *slice, const crow_tally *tally, const crow_tally *before,
                                        crow_weights *out);
/* Makes `out->batch_hits`. Collective. */
crow_status crow_hit_batches_allocate(const crow_comm *comm, crow_weights *out);
/* `batches` rows of hits as vectors `first`, `first` + 1, ... of a state of a checkpoint being written, and back.
 * Collective. */
crow_status crow_hit_batches_put(crow_checkpoint *checkpoint, const char *state, int64_t first, int64_t batches,
                                 const crow_partition *p, const int64_t *hits);
crow_status crow_hit_batches_get(crow_checkpoint *checkpoint, const char *state, int64_t first, int64_t batches,
                                 const crow_partition *p, int64_t *hits);
/* The greatest relative standard error among the weights above 1/m. Collective. */
crow_status crow_weights_relative_error(const crow_comm *comm, const crow_weights *weights, double *error);
/* Voronoi weights without sampling: with --nearest exact, or auto where it is possible (one or two dimensions, a space
 * with bounds, contexts that one rank can hold); `*done` says whether it was done. CROW_USAGE if asked for where it is
 * not possible. Collective. */
crow_status crow_weights_exact(const crow_comm *comm, const crow_dataset *dataset, const crow_weights_options *options,
                               const crow_space *space, bool *done, crow_weights *out);
/* Voronoi weights; `space` is borrowed, and gets its centre where it is a sphere about the weighted mean; `checkpoint`
 * may be NULL; `out` is freed by the caller on failure. Collective. */
crow_status crow_weights_voronoi(const crow_comm *comm, const crow_dataset *dataset,
                                 const crow_weights_options *options, crow_space *space, crow_checkpoint *checkpoint,
                                 crow_weights *out);
/* The same of `factor` times the samples of `from`, whose draws it goes on with; `*more` is false where there can be no
 * more. `out` is freed by the caller on failure. Collective. */
crow_status crow_weights_voronoi_more(const crow_comm *comm, const crow_dataset *dataset,
                                      const crow_weights_options *options, double factor, crow_checkpoint *checkpoint,
                                      const crow_weights *from, bool *more, crow_weights *out);
/* How many samples to have next: what the error, falling as 1/sqrt(N), asks for, but no more than four times as many,
 * `most` at most. Local. */
int64_t crow_weights_next_samples(int64_t done, double error, double wanted, int64_t most);
/* The first batch and the most samples there can be: a pool ends (`pool` rows; 0: endless). Local. */
void crow_weights_plan_samples(const crow_weights_options *options, crow_gidx alternatives, crow_gidx pool,
                               int64_t *first, int64_t *limit);
/* Whether the last round of looking for a weighted mean, which changed the weights by `change` in all, was not the end
 * of it; and whether what is left to go shows beside so much error in all weights. Local. */
bool crow_weights_center_restless(double change);
bool crow_weights_center_seen(double change, double error);
/* What so many samples leave of error in a weight: sqrt(2 / pi) standard errors. Local. */
double crow_weights_expected_error(double weight, int64_t samples);
/* "space: unit sphere about the weighted mean (auto: contexts have unit length)"; `reason` "": not by auto. Local. */
void crow_weights_log_space(const char *description, const char *reason);
/* A copy of the centre of a sphere, for the files; nothing where there is none. Collective. */
crow_status crow_weights_take_center(const crow_comm *comm, const crow_space *space, crow_gidx dimensions,
                                     crow_weights_space *out);
/* Weights of a dataset that is one prompt, by the scheme asked for; `space` NULL: one made of the options, which is
 * logged with `reason`, why auto took it ("" if it did not); `checkpoint` as above; `out` is freed by the caller on
 * failure. Collective. */
crow_status crow_weights_by_scheme(const crow_comm *comm, const crow_dataset *dataset,
                                   const crow_weights_options *options, const char *reason, crow_space *space,
                                   crow_checkpoint *checkpoint, crow_weights *out);
/* Weights of a set of alternatives as if they were a dataset of their own, by any scheme: for the alternatives of one
 * prompt. Contexts in memory become a dataset by crow_dataset_generated(). `options->space` is not "auto" here
 * (crow_weights_compute_from() has chosen, for all prompts alike). `space` is one that all prompts have in common, or
 * NULL for one of these contexts' own, which crow_space_fits_contexts() tells apart; the centre of a sphere about the
 * weighted mean is then found for this set and returned in `out->space`. Collective over `comm`, which is this rank
 * alone for a prompt that it works on by itself. */
crow_status crow_weights_of_prompt(const crow_comm *comm, const crow_dataset *dataset,
                                   const crow_weights_options *options, crow_space *space, crow_weights *out);
/* Weights of a dataset of several prompts, each with `growth` times the samples that the options say; a checkpoint's
 * own growth counts. `reason` is why the space was chosen, or empty; the space is said unless there is growth. `out` is
 * freed by the caller on failure. Collective. */
crow_status crow_weights_prompts(const crow_comm *comm, const crow_dataset *dataset,
                                 const crow_weights_options *options, const char *reason, double growth,
                                 crow_checkpoint *checkpoint, crow_weights *out);
/* Weights from the distances among the alternatives: kernel and radius. Collective. */
crow_status crow_weights_density(const crow_comm *comm, const crow_dataset *dataset,
                                 const crow_weights_options *options, crow_checkpoint *checkpoint, crow_weights *out);
/* Weights from the sizes of k-means groups. Collective. */
crow_status crow_weights_cluster(const crow_comm *comm, const crow_dataset *dataset,
                                 const crow_weights_options *options, crow_weights *out);
/* Replaces the values by their reciprocals, normalised to sum 1, and summarises. Collective. */
crow_status crow_weights_invert(const crow_comm *comm, crow_weights *out);
/* Allocates the arrays of `out` for `alternatives`; hits only if `sampled`. Collective. */
crow_status crow_weights_allocate(const crow_comm *comm, crow_gidx alternatives, bool sampled, crow_weights *out);
/* Fills zeros and effective from the values. Collective. */
crow_status crow_weights_summarise(const crow_comm *comm, crow_weights *weights);

/* Whether crow_weights_exact() will not sample, unless the contexts have no extent. Local. */
bool crow_weights_exact_fits(const crow_dataset *dataset, const crow_weights_options *options);

/* ---- units ------------------------------------------------------------------------------------------------------ */

/* Whether coordinates in a hull say as much as the contexts do: they mix all dimensions, so each is rounded to the
 * largest one, and a dimension in a unit so large that what is said in another one is lost must stay by itself. */
typedef struct crow_units {
  double least, most; /* reach of a dimension; begin with {INFINITY, 0} */
} crow_units;
/* Takes a dimension in which contexts lie up to `spread` from the first of them, and points of the space up to `space`.
 * One that is the same for all contexts has no part in the hull. Local. */
static inline void crow_units_add(crow_units *units, double spread, double space) {
  if (spread == 0) return;
  units->least = fmin(units->least, spread);
  units->most = fmax(units->most, fmax(spread, space));
}
/* With 2^-17 the boundaries between alternatives move by at most 2^-53 2^34 = 2^-19 of the smallest dimension's extent.
 * Local. */
static inline bool crow_units_are_near(const crow_units *units) {
  return units->most == 0 || units->least >= 0x1p-17 * units->most;
}

#endif
