/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 * The nearest alternative to each of many points. Everything here is Local: a rank searches the alternatives it holds.
 *
 * What "nearest" means is fixed independently of the engine: the canonical squared distance of a point s and an
 * alternative y is sum_k (s_k - y_k)^2, summed in double precision from k = 0 upwards without fused operations
 * (crow_nearest_distance()). An alternative is nearest if no other has a smaller canonical distance; all that attain
 * the minimum are tied. Every engine returns exactly this, so results do not depend on engine, blocking, grid or ranks.
 */
#ifndef CROW_NEAREST_H
#define CROW_NEAREST_H

#include <crow/base.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum crow_nearest_engine {
  CROW_NEAREST_AUTO,  /**< the cheapest by a short measurement */
  CROW_NEAREST_GEMM,  /**< blocked OpenBLAS product and an in-cache argmax */
  CROW_NEAREST_FUSED, /**< own register-blocked kernel, distances and argmax in registers */
  CROW_NEAREST_TREE   /**< k-d tree */
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

/** Prepares the search. `contexts` (m, d) row-major, float or double as `type` says, is borrowed until destroy (floats
 * are searched as the doubles they equal). m >= 1, d >= 1, all finite. With the automatic engine a few sample points
 * (`probe` (probe_count, d), may be NULL) are timed with each engine. */
CROW_API crow_status crow_nearest_create(const crow_nearest_options *options, const void *contexts, crow_precision type,
                                         int64_t m, int64_t d, const double *probe, int64_t probe_count,
                                         crow_nearest **out);
CROW_API void crow_nearest_destroy(crow_nearest **nearest);

/** The engine in use (never AUTO), and its name. */
CROW_API crow_nearest_engine crow_nearest_engine_used(const crow_nearest *nearest);
CROW_API const char *crow_nearest_engine_name(crow_nearest_engine engine);

/** Nearest alternatives of a block of points. Zero-initialise before first use; the arrays are grown by
 * crow_nearest_search() as needed and freed by crow_nearest_result_free(). */
typedef struct crow_nearest_result {
  int64_t count;      /**< number of points n */
  double *distance;   /**< (n) canonical squared distance to the nearest */
  int64_t *tie_begin; /**< (n+1) alternatives nearest to point i are index[tie_begin[i] .. tie_begin[i+1]) */
  int64_t *index;     /**< (tie_begin[n]) rows of `contexts`, ascending for each point */
  int64_t point_capacity, index_capacity;
} crow_nearest_result;

/** Searches for `points` (n, d) row-major. */
CROW_API crow_status crow_nearest_search(crow_nearest *nearest, const double *points, int64_t n,
                                         crow_nearest_result *result);
CROW_API void crow_nearest_result_free(crow_nearest_result *result);

/** The number of points a call should pass for best speed, and the bytes such a call needs beyond the contexts. */
CROW_API int64_t crow_nearest_block(const crow_nearest *nearest);

/** The canonical squared distance of a point to one context (d values of `type`). */
CROW_API double crow_nearest_distance(const double *point, const void *context, crow_precision type, int64_t d);

/** How many points had to be decided again in double precision since creation, and how many were searched. */
CROW_API void crow_nearest_statistics(const crow_nearest *nearest, int64_t *searched, int64_t *decided_again);

#ifdef __cplusplus
}
#endif
#endif
