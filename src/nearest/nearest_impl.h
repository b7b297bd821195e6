/* SPDX-License-Identifier: Apache-2.0 */
/* What the engines of the nearest-alternative search share: the handle, the contexts without repetitions, and the
 * interface of an engine. */
#ifndef CROW_NEAREST_IMPL_H
#define CROW_NEAREST_IMPL_H

#include "nearest/kernels_impl.h"

/* The different contexts. Equal rows (exact clones) are searched once and listed again in the result: otherwise every
 * point near a clone would be a tie to decide, and m clones of one alternative m-fold ties. */
typedef struct crow_nearest_distinct {
  int64_t count;   /* different contexts */
  int64_t largest; /* rows of the most frequent one */
  int64_t *row;    /* (count) first row of each, ascending; NULL when all rows differ */
  int64_t *begin;  /* (count + 1) rows of the k-th are member[begin[k] .. begin[k + 1]) */
  int64_t *member; /* (m) rows, ascending for each context */
} crow_nearest_distinct;

crow_status crow_nearest_distinct_create(const void *contexts, crow_precision type, int64_t m, int64_t d,
                                         crow_nearest_distinct *out);
void crow_nearest_distinct_free(crow_nearest_distinct *distinct);

/* What an engine found for a chunk of points, in numbers of distinct contexts. */
typedef struct crow_nearest_winners {
  double *distance; /* (n) borrowed */
  int64_t *ties;    /* (n) borrowed; how many are nearest */
  int64_t *index;   /* (count) the nearest of all points one after the other, ascending for each */
  int64_t count, capacity;
  int64_t decided_again; /* points with more than one candidate after the first pass */
} crow_nearest_winners;

/* Appends `count` numbers. */
crow_status crow_nearest_winners_add(crow_nearest_winners *winners, const int64_t *index, int64_t count);

/* An engine. `state` is read by all threads at once, `work` belongs to one thread. */
typedef struct crow_nearest_class {
  /* Sets state, chunk and work_bytes of the handle. */
  crow_status (*create)(crow_nearest *nearest);
  void (*destroy)(void *state);
  crow_status (*work_create)(const crow_nearest *nearest, void **work);
  void (*work_destroy)(void *work);
  /* Searches for n <= chunk finite points and appends their winners in order. */
  crow_status (*search)(const crow_nearest *nearest, void *work, const double *points, int64_t n,
                        crow_nearest_winners *winners);
} crow_nearest_class;

extern const crow_nearest_class crow_nearest_gemm_class, crow_nearest_fused_class, crow_nearest_tree_class;

struct crow_nearest {
  crow_nearest_options options;
  const void *contexts; /* (m, d) borrowed */
  crow_precision type;
  int64_t m, d;
  crow_nearest_distinct distinct;
  const crow_kernels *kernels;
  crow_nearest_engine engine; /* never AUTO */
  const crow_nearest_class *class;
  void *state;
  int64_t chunk; /* points an engine takes at once */
  void **work;   /* (threads) */
  int64_t searched, decided_again;
};

/* The row of `contexts` that the k-th distinct context is, and its first value. */
static inline int64_t crow_nearest_row(const crow_nearest *nearest, int64_t k) {
  return nearest->distinct.row ? nearest->distinct.row[k] : k;
}
static inline const void *crow_nearest_context(const crow_nearest *nearest, int64_t k) {
  const int64_t begin = crow_nearest_row(nearest, k) * nearest->d;
  if (nearest->type == CROW_SINGLE) return (const float *)nearest->contexts + begin;
  return (const double *)nearest->contexts + begin;
}

/* A handle over checked contexts without an engine, and the engine's start: its state and a workspace for each thread.
 */
crow_status crow_nearest_prepare(const crow_nearest_options *options, const void *contexts, crow_precision type,
                                 int64_t m, int64_t d, crow_nearest **out);
crow_status crow_nearest_start(crow_nearest *nearest, crow_nearest_engine engine);

/* Canonical squared distances of `count` pairs of a point and a context. */
void crow_nearest_pair_distances(const crow_nearest *nearest, const double *const *points, const void *const *contexts,
                                 int64_t count, double *distances);

/* crow_nearest_margin(x, d) = x factor + least. */
void crow_nearest_margin_line(int64_t d, double *factor, double *least);

/* Leaves the nearest of `count` > 0 distinct contexts `index`, whose canonical distances are given, in front, in the
 * order in which they came, and returns their number; the canonical distance of the first goes to nearest_distance.
 * `index` may be a list in which only those with distances up to the margin of the least matter. */
int64_t crow_nearest_decide(const crow_nearest *nearest, const double *point, int64_t *index, const double *distance,
                            int64_t count, double *nearest_distance);

#endif
