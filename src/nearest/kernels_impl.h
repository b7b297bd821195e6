/* SPDX-License-Identifier: Apache-2.0 */
/* The inner loops, compiled for each instruction set and chosen at run time. They differ in speed and in how the first
 * pass rounds, never in what is found. */
#ifndef CROW_KERNELS_IMPL_H
#define CROW_KERNELS_IMPL_H

#include "nearest/tree_impl.h"

#include <crow/nearest.h>

#if defined(__x86_64__) && defined(__GNUC__)
#define CROW_KERNELS_X86 1
#else
#define CROW_KERNELS_X86 0
#endif

/* The kernels of the first pass in one precision; void * are arrays of that type. */
typedef struct crow_pass_kernels {
  int64_t rows;  /* points of a tile */
  int64_t group; /* contexts of a group */
  /* (value - centre) * scale of d values; returns the sum of squares before rounding to the pass's type. */
  double (*convert_single)(const float *row, const double *centre, double scale, int64_t d, void *out);
  double (*convert_double)(const double *row, const double *centre, double scale, int64_t d, void *out);
  /* The greatest score of a row. */
  double (*greatest)(const void *scores, int64_t count);
  /* Positions of scores >= threshold (rounded to the pass's type), ascending; returns how many. */
  int64_t (*hits)(const void *scores, int64_t count, double threshold, int32_t *hit);
  /* For a tile of `rows` points, interleaved (d, rows), and `groups` groups of contexts, each interleaved (d, group):
   * takes the dimensions from .. to into the sums minus_half + point.context, which begin in `partial` (groups, rows,
   * group) unless from is 0 and end there unless to is d; at d the greatest sum of row r over all groups goes to
   * greatest[r * stride]. */
  void (*tile)(const void *points, const void *contexts, const void *minus_half, int64_t groups, int64_t d,
               int64_t from, int64_t to, void *partial, void *greatest, int64_t stride);
  /* All scores of one point (d), in order. */
  void (*row)(const void *point, const void *contexts, const void *minus_half, int64_t groups, int64_t d, void *scores);
} crow_pass_kernels;

typedef struct crow_kernels {
  const char *name;
  crow_pass_kernels pass[2]; /* by crow_precision */
  /* Canonical squared distances of CROW_PAIR_LANES pairs. */
  void (*pairs_single)(const double *const *points, const float *const *contexts, int64_t d, double *distances);
  void (*pairs_double)(const double *const *points, const double *const *contexts, int64_t d, double *distances);
  int64_t tree_lanes; /* points of a packet */
  /* For a packet of points, interleaved (d, lanes): the least canonical distances, the positions in the tree of the
   * first contexts found to attain them, and a bit for each lane where another is within the margin of it. */
  unsigned (*tree_packet)(const crow_tree *tree, const double *points, double *distance, double *index);
  /* Coordinates out (k) of a row (d) in a basis (d, stride); see crow_hull_project(). */
  void (*project_single)(const float *row, const double *origin, const double *basis, int64_t d, int64_t stride,
                         int64_t k, double *out);
  void (*project_double)(const double *row, const double *origin, const double *basis, int64_t d, int64_t stride,
                         int64_t k, double *out);
  int64_t sign_lanes; /* contexts of a panel */
  /* For draws of block signs: a panel of contexts (blocks, length, lanes) and two draws `z` (2, blocks, length). Of all
   * rows of both, threshold (2, 2 blocks), takes the scores +-(row of the Hadamard matrix).(products of blocks) +
   * offset (lanes) + margin[draw] and gives back those rows, with the scores (found, lanes), in which one of them
   * reaches the threshold; at most all 4 blocks. `room` (2, blocks, lanes). All arrays of floats are aligned to 64
   * bytes. */
  int64_t (*signs_panel)(const float *z, const float *context, const float *offset, const float *margin, int64_t blocks,
                         int64_t length, const float *threshold, float *room, int32_t *found_row, float *found_upper);
} crow_kernels;

/* Pairs whose sums run side by side: each sum is a chain of dependent additions, so one alone would wait for the adder
 * most of the time. */
#define CROW_PAIR_LANES 8

extern const crow_kernels crow_kernels_portable;
#if CROW_KERNELS_X86
extern const crow_kernels crow_kernels_avx2, crow_kernels_avx512;
#endif

/* The best set this processor can run. */
const crow_kernels *crow_kernels_get(void);
/* For tests: 0 only the portable set, 1 up to AVX2, 2 all; returns the set in use from now on. */
const crow_kernels *crow_kernels_limit(int level);

#endif
