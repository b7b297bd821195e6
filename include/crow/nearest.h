/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 * The nearest alternative to each of many points. Everything here is Local: a rank searches the alternatives it holds.
 *
 * What "nearest" means is fixed independently of the engine: an alternative y is nearest to a point s if no other has a
 * smaller sum_k (s_k - y_k)^2 of the doubles s_k and y_k, in exact arithmetic; all that attain the minimum are tied.
 * The *canonical* squared distance, that sum in double precision from k = 0 upwards without fused operations
 * (crow_nearest_distance()), only says which alternatives can be nearest (crow_nearest_margin()); where several can,
 * crow_nearest_compare() decides between them. Every engine returns exactly this, so results do not depend on engine,
 * blocking, grid or ranks, and columns of very different units keep their say.
 */
#ifndef CROW_NEAREST_H
#define CROW_NEAREST_H

#include <crow/signs.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum crow_nearest_engine {
  CROW_NEAREST_AUTO,  /**< the cheapest by a short measurement */
  CROW_NEAREST_GEMM,  /**< blocked OpenBLAS product and an in-cache argmax */
  CROW_NEAREST_FUSED, /**< own register-blocked kernel, distances and argmax in registers */
  CROW_NEAREST_TREE,  /**< k-d tree */
  CROW_NEAREST_EXACT, /**< no search at all: weights from the Voronoi cells themselves, in one and two dimensions */
  CROW_NEAREST_SIGNS  /**< the search of draws of block signs; no engine that can be asked for */
} crow_nearest_engine;

typedef enum crow_precision { CROW_SINGLE, CROW_DOUBLE } crow_precision;

typedef struct crow_nearest_options {
  int engine;      /**< crow_nearest_engine; default auto */
  int precision;   /**< crow_precision of the first pass; close decisions are always re-taken in double */
  int64_t threads; /**< OpenMP threads of this rank, >= 1; default 1 */
} crow_nearest_options;

extern CROW_API const crow_setting crow_nearest_settings[];

/** A search structure over `m` alternatives. */
typedef struct crow_nearest crow_nearest;

/** Prepares the search. Errors: CROW_USAGE for options out of range, CROW_BAD_INPUT for contexts that are not finite
 * (the message names alternative and coordinate), CROW_FAILED for lack of memory. Sets OpenBLAS to one thread a call:
 * threads of this search share out the points instead. Converted contexts are kept up to 32 MiB and made anew beyond; a
 * tree keeps a copy of all contexts in double. `contexts` (m, d) row-major, float or double as `type` says, is borrowed
 * until destroy (floats are searched as the doubles they equal). m >= 1, d >= 1, all finite. With the automatic engine
 * a few sample points
 * (`probe` (probe_count, d), may be NULL) are timed with each engine. EXACT is no engine of a search: CROW_USAGE. */
CROW_API crow_status crow_nearest_create(const crow_nearest_options *options, const void *contexts, crow_precision type,
                                         int64_t m, int64_t d, const double *probe, int64_t probe_count,
                                         crow_nearest **out);
/** Sets the handle to NULL; accepts NULL. */
CROW_API void crow_nearest_destroy(crow_nearest **nearest);

/** The engine in use, never AUTO. */
CROW_API crow_nearest_engine crow_nearest_engine_used(const crow_nearest *nearest);
/** The name of an engine. */
CROW_API const char *crow_nearest_engine_name(crow_nearest_engine engine);

/** The most dimensions in which a tree is taken by itself. */
enum { CROW_NEAREST_TREE_MOST = 24 };

/** Nearest alternatives of a block of points. Zero-initialise before first use; the arrays are grown by
 * crow_nearest_search() as needed and freed by crow_nearest_result_free(). */
typedef struct crow_nearest_result {
  int64_t count;      /**< number of points n */
  double *distance;   /**< (n) canonical squared distance to the first of the nearest */
  int64_t *tie_begin; /**< (n+1) alternatives nearest to point i are index[tie_begin[i] .. tie_begin[i+1]) */
  int64_t *index;     /**< (tie_begin[n]) rows of `contexts`, ascending for each point */
  int64_t point_capacity, index_capacity;
} crow_nearest_result;

/** Searches for `points` (n, d) row-major, all finite (else CROW_BAD_INPUT; on any error the result is empty). The
 * result does not depend on n, on the number of threads or on the processor. One call at a time for each handle. */
CROW_API crow_status crow_nearest_search(crow_nearest *nearest, const double *points, int64_t n,
                                         crow_nearest_result *result);
/** Frees and zeroes. */
CROW_API void crow_nearest_result_free(crow_nearest_result *result);

/** The number of points a call should pass for best speed; fewer where many alternatives are clones of each other,
 * since all of them are listed for each point they are nearest to. */
CROW_API int64_t crow_nearest_block(const crow_nearest *nearest);

/** The canonical squared distance of a point to one context (d values of `type`). */
CROW_API double crow_nearest_distance(const double *point, const void *context, crow_precision type, int64_t d);

/** The greatest canonical squared distance that an alternative nearest to a point can have, where `least` is the least
 * canonical distance of any: whatever is above it is farther than the one that has the least. */
CROW_API double crow_nearest_margin(double least, int64_t d);

/** Compares the distances of `a` and `b` (d values of `type` each, all finite) to `point` (d, finite) without rounding:
 * negative if a is nearer, positive if b is, 0 if both are equally near. An order: transitive, and independent of
 * processor and compiler. Costs about 10 ns a dimension, and ten times as much where the difference is beyond 100 bits.
 */
CROW_API int crow_nearest_compare(const double *point, const void *a, const void *b, crow_precision type, int64_t d);

/** A squared distance without rounding, for comparing alternatives that lie on different ranks: a plain array of
 * integers that can be sent. crow_nearest_measure_compare() of two orders as crow_nearest_compare() does. */
#define CROW_NEAREST_DIGITS 136
typedef struct crow_nearest_measure {
  uint32_t digit[CROW_NEAREST_DIGITS]; /**< base 2^32, the most significant first */
} crow_nearest_measure;
/** That of `context` (d values of `type`) to `point` (d), all finite. */
CROW_API void crow_nearest_measure_take(const double *point, const void *context, crow_precision type, int64_t d,
                                        crow_nearest_measure *out);
/** That of row `row` of the contexts searched and points[point] (.., d). */
CROW_API void crow_nearest_measure_of(const crow_nearest *nearest, const double *points, int64_t point, int64_t row,
                                      crow_nearest_measure *out);
/** Negative if `a` is less, positive if `b` is, 0 if they are equal. */
CROW_API int crow_nearest_measure_compare(const crow_nearest_measure *a, const crow_nearest_measure *b);

/** How many points were `searched` since creation, and how many of them were `decided_again` in double precision. */
CROW_API void crow_nearest_statistics(const crow_nearest *nearest, int64_t *searched, int64_t *decided_again);

/* ---- exact shares in one and two dimensions ------------------------------------------------------------------- */

/** Voronoi weights without sampling (Definition 4.1): the shares of the interval [lower, upper] that are nearer to each
 * of the `contexts` (m) than to any other, by sorting. Equal contexts share theirs equally; contexts may lie outside.
 * `weights` (m) sum to 1. All must be finite and lower < upper, else CROW_BAD_INPUT. */
CROW_API crow_status crow_voronoi_exact_1d(const double *contexts, int64_t m, double lower, double upper,
                                           double *weights);

/** The same in the plane: areas of the Voronoi cells of `contexts` (m, 2), clipped to the box from `lower` to `upper`,
 * as shares of its area: `weights` (m). Expected time O(m log m), memory O(m). */
CROW_API crow_status crow_voronoi_exact_2d(const double *contexts, int64_t m, const double lower[2],
                                           const double upper[2], double *weights);

/** Voronoi cells clipped to a box, as convex polygons. Cell i has the vertices begin[i] .. begin[i+1], anticlockwise; a
 * cell that the box does not meet has none, and equal contexts have the same cell. */
typedef struct crow_voronoi_cells {
  int64_t count;  /**< m */
  int64_t *begin; /**< (m+1) */
  double *vertex; /**< (begin[m], 2) */
} crow_voronoi_cells;

/** The cells whose areas crow_voronoi_exact_2d() takes, of `contexts` (m, 2) in the box from `lower` to `upper`. Free
 * with crow_voronoi_cells_free(). */
CROW_API crow_status crow_voronoi_cells_2d(const double *contexts, int64_t m, const double lower[2],
                                           const double upper[2], crow_voronoi_cells *out);
/** Frees and zeroes. */
CROW_API void crow_voronoi_cells_free(crow_voronoi_cells *cells);

/* ---- the affine hull of the alternatives ---------------------------------------------------------------------- */

/** The affine hull of contexts, origin + span(basis). Distances to alternatives differ from those within the hull by
 * the same amount for all of them, so the nearest alternative to a point is the nearest to its projection. */
typedef struct crow_hull {
  int64_t d;      /**< dimensions of the contexts */
  int64_t k;      /**< dimensions to project to, 1 <= k <= d; d if it is not worth projecting, with no basis */
  int64_t stride; /**< k rounded up */
  double *origin; /**< (d) a point of the hull; NULL if there is no basis */
  double *basis;  /**< (d, stride) orthonormal columns, zeros behind the k-th; NULL if there is none */
} crow_hull;

/** The largest k for which projecting a point and searching in k dimensions costs less than searching in d: that is
 * d k + m k < m d multiplications. 0 if there is none. */
CROW_API int64_t crow_hull_limit(int64_t m, int64_t d);
/** Whether it does for this k. */
CROW_API bool crow_hull_pays(int64_t m, int64_t d, int64_t k);

/** Finds the hull of `contexts` (m, d) by orthogonalising blocks of rows against the basis so far (pivoted QR of what
 * remains); directions below max(m, d) 2^-52 of the largest context's distance from the first count as rounding. Stops
 * when more than `limit` dimensions are found (k = d, no basis): pass crow_hull_limit(), or d - 1 to find any hull.
 * Bits may depend on the BLAS in use: ranks that must agree take one rank's hull. Free with crow_hull_free(). */
CROW_API crow_status crow_hull_create(const double *contexts, int64_t m, int64_t d, int64_t limit, crow_hull *out);
/** Frees and zeroes. */
CROW_API void crow_hull_free(crow_hull *hull);

/** The same from contexts that pass by in stretches of whole multiples of CROW_HULL_ROWS rows, the last one excepted:
 * the bits are those of crow_hull_create(). They pass by twice: once for crow_hull_reach(), then begin, add, end,
 * destroy. */
typedef struct crow_hull_finder crow_hull_finder;
#define CROW_HULL_ROWS 256
/** The distance of the farthest of `rows` (count, d) from `origin` (d), the first context. */
CROW_API double crow_hull_reach(const double *rows, int64_t count, int64_t d, const double *origin);
/** Begins with `origin` (d), the first context; `reach` is the greatest crow_hull_reach() of the stretches. */
CROW_API crow_status crow_hull_begin(int64_t m, int64_t d, int64_t limit, const double *origin, double reach,
                                     crow_hull_finder **out);
/** Adds a stretch, `rows` (count, d). Once more than `limit` dimensions are found, `*full`, no more need come. */
CROW_API crow_status crow_hull_add(crow_hull_finder *finder, const double *rows, int64_t count, bool *full);
/** The hull, freed with crow_hull_free(). */
CROW_API crow_status crow_hull_end(const crow_hull_finder *finder, crow_hull *out);
/** Turns a basis into one that depends on the hull alone: what Gram and Schmidt make of the projections of fixed random
 * vectors. Contexts in another order, or another BLAS, change it by rounding only, so that points drawn by their
 * coordinates stay where they are. */
CROW_API crow_status crow_hull_settle(crow_hull *hull);
/** Sets the handle to NULL; accepts NULL. */
CROW_API void crow_hull_destroy(crow_hull_finder **finder);

/** Coordinates `out` (n, k) of the projections of `rows` (n, d). Each coordinate is summed from the first dimension to
 * the last without fused operations, so equal rows have equal coordinates wherever they stand, on any processor. */
CROW_API void crow_hull_project(const crow_hull *hull, const void *rows, crow_precision type, int64_t n, double *out);

/* ---- draws of block signs ------------------------------------------------------------------------------------- */

/** A search for the nearest alternatives of points of draws of block signs (crow/signs.h): all points of a draw take
 * about as many products as one. What it finds is what any engine finds for these points. */
typedef struct crow_sign_search crow_sign_search;

/** Prepares it. `contexts` (m, dimensions) and `type` as for crow_nearest_create(); dimensions are `hull`'s k where
 * that has a basis (it may be NULL), else `d`, those of the points. Of the options the engine is not looked at.
 * Contexts in single precision are kept up to 32 MiB and made anew beyond. `contexts`, `hull` and `signs` are borrowed.
 */
CROW_API crow_status crow_sign_search_create(const crow_nearest_options *options, const void *contexts,
                                             crow_precision type, int64_t m, int64_t d, const crow_hull *hull,
                                             const crow_signs *signs, crow_sign_search **out);
/** Sets the handle to NULL; accepts NULL. */
CROW_API void crow_sign_search_destroy(crow_sign_search **search);
/** All points of draws `first` .. `first + draws`, in order. The distances of the result are set if `distances`. */
CROW_API crow_status crow_sign_search_take(crow_sign_search *search, int64_t first, int64_t draws, bool distances,
                                           crow_nearest_result *result);
/** Point `at` of draw `draw` as it is where distances are taken, into `point` (dimensions of the search). */
CROW_API void crow_sign_search_point(crow_sign_search *search, int64_t draw, int64_t at, double *point);
/** How many draws a call should take for best speed. */
CROW_API int64_t crow_sign_search_block(const crow_sign_search *search);
/** Whether it is any faster than an engine: not where contexts are too far apart for single precision. */
CROW_API bool crow_sign_search_pays(const crow_sign_search *search);
/** The contexts it searches, for crow_nearest_measure_of(). */
CROW_API const crow_nearest *crow_sign_search_contexts(const crow_sign_search *search);
/** As crow_nearest_statistics(): `searched` and `decided_again`. */
CROW_API void crow_sign_search_statistics(const crow_sign_search *search, int64_t *searched, int64_t *decided_again);

#ifdef __cplusplus
}
#endif
#endif
