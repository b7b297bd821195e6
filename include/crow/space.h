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

typedef struct crow_space_options {
  const char *space;  /**< auto, cube, box, sphere, ball, gaussian, factor2 or pool:FILE:PATH; default "auto" */
  double margin;      /**< box: how far it reaches beyond the contexts, as a share of their range; default 0 */
  int64_t seed;       /**< of the sampler; default 1 */
  const char *center; /**< sphere: weighted, none or FILE:PATH, an HDF5 array (d); default NULL: weighted */
} crow_space_options;
extern CROW_API const crow_setting crow_space_settings[];

/** Checks a description without reading anything: CROW_USAGE, naming the nearest valid one; and the centre, which only
 * the sphere has. Local. */
CROW_API crow_status crow_space_parse(const crow_space_options *options);

/** Room for a description of a space or of a centre. */
enum { CROW_SPACE_TEXT_BYTES = 1408 };
/** Which S is taken, and why. */
typedef struct crow_space_choice {
  char space[CROW_SPACE_TEXT_BYTES];  /**< as crow_space_options has it, never "auto" */
  char center[CROW_SPACE_TEXT_BYTES]; /**< sphere: weighted, none or FILE:PATH; else "" */
  char reason[96];                    /**< why auto took it; "" where it was asked for */
  crow_gidx outside;                  /**< cube: how many contexts lie outside it; else 0 */
} crow_space_choice;
/** Chooses S for a dataset by the rule of auto, or takes the one that is asked for. In one or two dimensions the cube
 * if it holds all contexts, else the box, since weights are exact in both; the sphere about the weighted mean where all
 * contexts have unit length (within 1 %) or 16 dimensions and more; else the cube if it holds all contexts, else the
 * box. Reads the contexts once for auto and cube. Collective; options agree. */
CROW_API crow_status crow_space_choose(const crow_comm *comm, const crow_space_options *options,
                                       const crow_dataset *dataset, crow_space_choice *out);
/** Local: the options with this choice in place of auto; its texts are borrowed. */
CROW_API crow_space_options crow_space_chosen(const crow_space_options *options, const crow_space_choice *choice);
/** Local: false for a space whose shape follows the clones (ball, gaussian), which the weights are to ignore. */
CROW_API bool crow_space_is_clone_robust(const char *space);

/** A space to sample from. */
typedef struct crow_space crow_space;

/** Prepares S. Collective; options agree on all ranks; the dataset's contexts are read in slices where S depends on
 * them.
 *  - cube: the unit cube [0,1]^d (the paper's Figure 4)
 *  - box: the bounding box of the contexts, widened by margin times its range at each end
 *  - sphere: the unit sphere; contexts are normalised, y = x / |x|, and then taken as directions from a centre c,
 * (y - c) / |y - c| (crow_space_transform()). c is the weighted mean, which whoever computes the weights finds and
 * sets (crow_space_wants_center()); nothing; or an array in a file. Without a centre a zero context is CROW_BAD_INPUT
 *  - ball: the smallest ball around the contexts' mean that holds them all
 *  - gaussian: the normal distribution with the contexts' mean and covariance
 *  - factor2: every coordinate within a factor of 2 of that coordinate in some observed alternative, i.e. uniform on
 * the product over coordinates of the union of [c/2, 2c] ([2c, c/2] for c < 0) (the paper's Figure 5)
 *  - pool:FILE:PATH: the rows of an HDF5 array (n, d) are the samples, each used at most once; fewer samples than rows
 * are drawn one from each of `samples` equal stretches of the array, or in a random order (crow_space_shuffle())
 *  - auto: what crow_space_choose() takes */
CROW_API crow_status crow_space_create(const crow_comm *comm, const crow_space_options *options,
                                       const crow_dataset *dataset, crow_space **out);
/** Local; sets the handle to NULL; accepts NULL. */
CROW_API void crow_space_destroy(crow_space **space);

/** Refuses contexts among which squared distances overflow or underflow (CROW_BAD_INPUT with the place, the value and
 * what was expected), so that no result comes from distances that are all infinite or all 0. Contexts that are all
 * equal are fine. Reads the contexts once. crow_space_create() does this itself. Collective. */
CROW_API crow_status crow_space_check_distances(const crow_comm *comm, const crow_dataset *dataset);

/** Local: whether S depends on the contexts (box, ball, gaussian, factor2, a sphere about their weighted mean) or is
 * the same for any (cube, pool, another sphere). True of auto. */
CROW_API bool crow_space_fits_contexts(const crow_space_options *options);
/** Local: says, before the first sample, that it is not known how many there will be: a pool's samples are then its
 * rows in a random order of the seed's, so that the first ones, however many, are a random sample of all rows. */
CROW_API void crow_space_shuffle(crow_space *space);
/** Local: keeps the first `count` samples out of `total`, or as many as fit `bytes`, in memory: for a space that is
 * sampled again and again. */
CROW_API crow_status crow_space_keep(crow_space *space, crow_gidx count, crow_gidx total, int64_t bytes);
/** Local: samples `begin` .. `begin + count` out of `total` (count, d) where they are kept, else NULL. Borrowed. */
CROW_API const double *crow_space_kept(const crow_space *space, crow_gidx begin, crow_gidx count, crow_gidx total);

/** Local: number of samples there are: 0 for an endless space, the number of rows of a pool. */
CROW_API crow_gidx crow_space_size(const crow_space *space);
/** Local: one line about the space for the log. */
CROW_API const char *crow_space_describe(const crow_space *space);
/** Local: for a box-shaped space (cube, box) true and its bounds `*lower` and `*upper` (d each, owned by the space);
 * else false. */
CROW_API bool crow_space_bounds(const crow_space *space, const double **lower, const double **upper);
/** Local: whether this is a sphere about the weighted mean. Its centre is 0 until it is set. */
CROW_API bool crow_space_wants_center(const crow_space *space);
/** Local: sets the centre of a sphere: `center` (d), copied. */
CROW_API crow_status crow_space_set_center(crow_space *space, const double *center);
/** Local: the centre (d) of a sphere, owned by the space; NULL if there is none. */
CROW_API const double *crow_space_center(const crow_space *space);
/** Local: whether contexts must pass through crow_space_transform() before distances are taken. */
CROW_API bool crow_space_transforms(const crow_space *space);
/** Local: maps contexts (count, d), whose first has the global index `begin`, to where distances are taken, in place.
 */
CROW_API crow_status crow_space_transform(const crow_space *space, crow_gidx begin, crow_gidx count, double *contexts);
/** Local: draws samples `begin` .. `begin + count` out of `total` into `points` (count, d) row-major. Sample i depends
 * on (seed, i) alone, for a pool that is not shuffled also on `total`. */
CROW_API crow_status crow_space_sample(const crow_space *space, crow_gidx begin, crow_gidx count, crow_gidx total,
                                       double *points);

/* ---- principal components ------------------------------------------------------------------------------------ */

typedef struct crow_pca_options {
  int64_t components;     /**< K, from 1 to the dimensions of the contexts; default 2 */
  bool fit_cube;          /**< shift and scale the coordinates into the unit cube; default false */
  const char *basis;      /**< path of the dataset whose mean, components and cube are taken; NULL: its own */
  double memory_per_rank; /**< bytes a rank may use; default 0: what the machine, the cgroup or Slurm allows */
} crow_pca_options;
extern CROW_API const crow_setting crow_pca_settings[];

/** What a projection found. Free with crow_pca_summary_free(). */
typedef struct crow_pca_summary {
  crow_gidx alternatives, dimensions;
  int64_t components;
  double total;      /**< variance of the contexts (divided by m - 1), summed over their dimensions */
  double *variance;  /**< (components) of it along each component, descending; with a basis both are the basis's */
  crow_gidx outside; /**< with a basis and its cube: alternatives that lie outside of it */
} crow_pca_summary;

/** Writes a copy of a dataset whose contexts are the coordinates (x - mean) . v of the old ones along their first K
 * principal components v: the eigenvectors of greatest eigenvalue of the covariance, each with its largest entry (in
 * size; the first of equal ones) positive. With `fit_cube` coordinate k becomes
 * 1/2 + (c - middle of its range) / (the widest range of all): in the unit cube, and nearest stays nearest. Stored in
 * single precision if the old ones are. With `basis`, mean, v and ranges are those of that dataset's contexts, so that
 * datasets projected onto one basis are in one space; coordinates may then leave the cube. `provenance` may be NULL.
 * Collective; the bits do not depend on the number of ranks. CROW_USAGE if K is more than the dimensions;
 * CROW_BAD_INPUT if the basis has other dimensions, by number or by name. */
CROW_API crow_status crow_pca_run(const crow_comm *comm, const crow_dataset *dataset, const crow_pca_options *options,
                                  const char *output, bool overwrite, const crow_provenance *provenance,
                                  crow_pca_summary *summary);
/** Local. Frees and zeroes. */
CROW_API void crow_pca_summary_free(crow_pca_summary *summary);

/** Bytes that a rank needs at most to find S of contexts of d dimensions: of a Gaussian 308 d^2, for exact sums of its
 * covariance (284), the matrix and its root; of a sphere (and auto) 608 d for its centre; and blocks of contexts.
 * Local.
 */
CROW_API double crow_space_rank_bytes(const char *space, crow_gidx dimensions);
/** The same for all of crow_pca_run() to this many components: 48 MiB and 300 d^2. Local. */
CROW_API double crow_pca_rank_bytes(crow_gidx dimensions, crow_gidx components);

#ifdef __cplusplus
}
#endif
#endif
