/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 * Clone-robustness: synthetic datasets with clones, and what clones do to rewards.
 */
#ifndef CROW_AUDIT_H
#define CROW_AUDIT_H

#include <crow/fit.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- simulation --------------------------------------------------------------------------------------------- */

typedef enum crow_simulate_preferences {
  CROW_SIMULATE_POPULATION, /**< the annotator types themselves: O(n m) numbers */
  CROW_SIMULATE_MATRIX,     /**< p(x>y) of every pair */
  CROW_SIMULATE_COMPARISONS /**< q judgements of random pairs by random annotators */
} crow_simulate_preferences;

/** A synthetic dataset: a population of Bradley-Terry-Luce annotator types that hold opinions of topics, alternatives
 * scattered around their topics' centres, and clones of one topic's alternatives. */
typedef struct crow_simulate_options {
  const char *population; /**< "table2", "table4" (of the paper) or a JSON file, see crow_simulate_run() */
  int64_t alternatives;   /**< without clones, in equal shares for the topics; 0: one for each topic */
  int64_t dimensions;     /**< d; default 2 */
  int centres;          /**< 0 line: topic t of T at ((t + 1/2)/T, 1/2, ..., 1/2), so that the topics' Voronoi cells in
                             the unit cube are equal; 1 random: uniform in the unit cube */
  int shape;            /**< 0 gaussian: centre + spread z, z standard normal; 1 uniform: centre + spread u,
                             u in [-1,1]^d */
  double spread;        /**< default 0: all alternatives of a topic at its centre */
  double reward_spread; /**< standard deviation of an alternative's reward around its topic's, for every annotator
                             type; default 0 */
  const char *clone;    /**< the topic that is cloned; NULL: none */
  int64_t clones;       /**< number of clones; 0: as many as the topic has alternatives */
  const char *clone_name; /**< the clones' topic; NULL: "clone of TOPIC" */
  double eps;             /**< distance of a clone from its original; default 0.01 */
  int preferences;        /**< crow_simulate_preferences */
  int64_t comparisons;    /**< q; default 1000 */
  int precision;          /**< of the stored contexts: 0 single, 1 double (default) */
  int64_t seed;           /**< default 1 */
} crow_simulate_options;
extern CROW_API const crow_setting crow_simulate_settings[];

/** Checks what can be checked without reading the population; Local. */
CROW_API crow_status crow_simulate_options_validate(const crow_simulate_options *options);

/** What was made. */
typedef struct crow_simulate_summary {
  crow_gidx alternatives; /**< m, clones among them */
  crow_gidx clones, dimensions, comparisons;
  int64_t topics, types; /**< topics without the clones' */
} crow_simulate_summary;

/** Writes a synthetic dataset to `output`. Every element is drawn from (seed, its index) alone and written in pieces by
 * the rank whose slice it is in, so the bits do not depend on the number of ranks and no rank ever holds a whole array.
 * Clones come after the originals: clone j is one of the cloned topic's alternative j (in turn), at distance eps in a
 * random direction, and annotators judge it exactly as its original. `provenance` may be NULL. Collective; options
 * agree.
 *
 * A population file: {"topics": ["food", ...], "centres": [[0.1, 0.5], ...], "types": [{"name": "...", "prevalence":
 * 0.4, "rewards": {"food": 0, ...}}, ...]}; "centres" (d numbers a topic) and "name" are optional, prevalences sum
 * to 1.
 */
CROW_API crow_status crow_simulate_run(const crow_comm *comm, const crow_simulate_options *options, const char *output,
                                       bool overwrite, const crow_provenance *provenance,
                                       crow_simulate_summary *summary);

#ifdef __cplusplus
}
#endif
#endif
