/* SPDX-License-Identifier: Apache-2.0 */
/* Voronoi weights of a few alternatives by one rank, without a search structure: for prompts, of which there are
 * thousands. Contexts are taken to the dimensions that they span, draws that prompts have in common are kept, and
 * distances are compared in direct loops. Everything is Local, and of the same bits on every processor. */
#ifndef CROW_WEIGHTS_FEW_IMPL_H
#define CROW_WEIGHTS_FEW_IMPL_H

#include "weights/weights_impl.h"

/* So many alternatives at most: more of them are worth a search structure. */
#define CROW_FEW_MOST 64
/* Draws are made and searched in blocks of so many. */
#define CROW_FEW_LANES 128

typedef enum crow_few_kind {
  CROW_FEW_CUBE,
  CROW_FEW_BOX,
  CROW_FEW_POOL,
  CROW_FEW_GAUSSIAN,
  CROW_FEW_SPHERE,  /* contexts are directions already */
  CROW_FEW_WEIGHTED /* the sphere about their weighted mean; contexts need not have unit length */
} crow_few_kind;

/* What a rank keeps from prompt to prompt. */
typedef struct crow_few {
  crow_few_kind kind;
  const crow_weights_options *options;
  const crow_space *space; /* of a pool; else unused */
  crow_gidx d;
  /* draws by blocks, (columns, CROW_FEW_LANES) each */
  double **block;
  int64_t *columns;
  int64_t blocks, kept_bytes;
  int64_t total; /* samples that the rows of a pool were drawn for */
  double *spare; /* a block that is not kept, and room to make one */
  int64_t spare_count;
  double *room;
  int64_t room_count;
} crow_few;

/* The alternatives of one prompt where distances are taken. */
typedef struct crow_few_set {
  crow_gidx count, k;
  bool as_they_are;        /* distances are those of the contexts, and compared without rounding */
  double *coordinate;      /* (count, k) */
  double *basis, *shift;   /* (k, d), (k): a point z becomes basis (scale z) - shift; basis NULL: all dimensions */
  double *scale, *lower;   /* (d) of a box; NULL for others */
  int64_t *hits, *squares; /* (count), in units of 1 / CROW_HIT_UNIT */
  int64_t *hits_of;        /* (count, CROW_HIT_BATCHES) the hits by batch */
  double *value, *error;   /* (count) */
  double *score;           /* (count, CROW_FEW_LANES) */
  double *points;          /* (k, CROW_FEW_LANES) */
  int64_t samples;         /* that the values come from; 0: exact */
  bool restless, seen;     /* the weighted mean did not come to rest; and that shows beside the samples' error */
  bool inexact;            /* the most samples came before the relative error asked for */
} crow_few_set;

/* Whether prompts of so many alternatives are weighted here; `*kind` says how. */
bool crow_few_fits(const crow_weights_options *options, const crow_space *space, crow_gidx d, crow_gidx count,
                   crow_few_kind *kind);
void crow_few_free(crow_few *few);
/* Weights of `rows` (count, d), which are changed; `first` samples at first, `limit` at most. `set` is zeroed before
 * and freed by the caller with crow_few_set_free(). */
crow_status crow_few_weights(crow_few *few, crow_gidx count, double *rows, int64_t first, int64_t limit,
                             crow_few_set *set);
void crow_few_set_free(crow_few_set *set);

/* Draws `block` * CROW_FEW_LANES on, at least `columns` long: uniform or normal numbers, or rows of the pool. */
crow_status crow_few_draws(crow_few *few, int64_t block, int64_t columns, int64_t total, const double **draws);
/* Counts samples `from` .. `to` of `total`. */
crow_status crow_few_sample(crow_few *few, crow_few_set *set, int64_t from, int64_t to, int64_t total);

/* An orthonormal basis (k, d) of the rows (count, d) less `origin` (NULL: none), by Gram-Schmidt with pivots and twice
 * over; what is left below max(count, d) 2^-52 of the longest row counts as rounding. `basis` has room for
 * min(count, d) rows; `rest` (count, d) is room. Returns k. */
crow_gidx crow_few_basis(const double *rows, crow_gidx count, crow_gidx d, const double *origin, double *basis,
                         double *rest);
/* A product of vectors, summed in an order that depends on their length alone. */
double crow_few_dot(const double *a, const double *b, crow_gidx d);
/* How many rows (count, k) are distinct; `copies` gets, for each, how many equal it. */
crow_gidx crow_few_distinct(const double *rows, crow_gidx count, crow_gidx k, int64_t *copies);
/* Exact weights of directions (count, k) that span two dimensions at most: what is nearest to directions of a circle.
 * `*done` says whether they do. */
crow_status crow_few_circle(const double *directions, crow_gidx count, crow_gidx k, double *value, bool *done);
/* The sphere about the weighted mean: from coordinates of normalised contexts to weights. */
crow_status crow_few_center(crow_few *few, crow_few_set *set, int64_t first, int64_t limit);
/* From counts of `samples` to values and errors. */
void crow_few_take(const crow_few *few, crow_few_set *set, int64_t samples);
/* Samples until the number or the accuracy asked for is reached. */
crow_status crow_few_run(crow_few *few, crow_few_set *set, int64_t first, int64_t limit);

#endif
