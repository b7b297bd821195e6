/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 * Clone-robustness: synthetic datasets with clones, and what clones do to rewards.
 */
#ifndef CROW_AUDIT_H
#define CROW_AUDIT_H

#include <crow/cluster.h>
#include <crow/rewards.h>

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
 * scattered around their topics' centres, and clones of one topic's alternatives, all in one prompt or in several. */
typedef struct crow_simulate_options {
  const char *population; /**< "table2", "table4" (of the paper) or a JSON file, see crow_simulate_run() */
  int64_t alternatives;   /**< without clones, in equal shares for the topics; 0: one for each topic, and prompt */
  int64_t prompts;        /**< K: alternative i is a response to prompt i mod K, a clone to its original's; only
                               alternatives of one prompt are compared; default 0: no prompts */
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
  double memory_per_rank; /**< bytes a rank may use; default 0: what the machine, the cgroup or Slurm allows */
} crow_simulate_options;
extern CROW_API const crow_setting crow_simulate_settings[];

/** Checks what can be checked without reading the population; Local. */
CROW_API crow_status crow_simulate_options_validate(const crow_simulate_options *options);

/** What was made. */
typedef struct crow_simulate_summary {
  crow_gidx alternatives; /**< m, clones among them */
  crow_gidx clones, dimensions, comparisons;
  int64_t topics, types; /**< the clones' topic counts as one of its own */
  int64_t prompts;       /**< 0: none */
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

/* ---- audit -------------------------------------------------------------------------------------------------- */

/** Both fits of an audit have the same lambda in the sense of Eq. 2: the standard one has w = 1/m, which is Eq. 1 with
 * lambda_1 = m lambda. */
typedef struct crow_audit_options {
  double radius;                /**< of approximate clones; 0: crow_radius_suggest() */
  const char *target;           /**< what is cloned: "most-compared" (default; of each prompt), "topics" (each in turn),
                                   "topic:NAME",           "id:NAME", or "none": no stress test */
  const char *clones;           /**< numbers K of clones of each target, e.g. "1,10" (default) */
  const char *eps;              /**< distances of the clones, e.g. "0.1,0.01,0.001" (default) */
  const char *scratch;          /**< folder that all ranks share, for the datasets with clones; default "." */
  int64_t clone_seed;           /**< of the clones' directions and comparisons; default 1 */
  int64_t redraws;              /**< refits to comparisons drawn anew, without clones; default 20, 0: none */
  const char *given[2];         /**< weights of the weighted fit, of the first and of the second dataset: "uniform", a
                                   file that crow weights wrote, or "voronoi" (default) or NULL: as the next field says.
                                   Clones of a stress test share what their original has in the file */
  crow_weights_options weights; /**< of the weighted fit, where they are computed */
  crow_train_options fit;
} crow_audit_options;
/** Those of this struct and, of `weights`, the number of samples. */
extern CROW_API const crow_setting crow_audit_settings[];
/** Sets this struct and those in it to their defaults; Local. */
CROW_API void crow_audit_options_default(crow_audit_options *options);
/** Checks them: CROW_USAGE names the field, the value and the range. Local. */
CROW_API crow_status crow_audit_options_validate(const crow_audit_options *options);

/** Names are cut to CROW_AUDIT_NAME - 1 bytes. */
#define CROW_AUDIT_NAME 128

/** What a change of the dataset did to one method's rewards. */
typedef struct crow_audit_shift {
  double largest, mean;                  /**< of |r - r'| over what is in both */
  double tau;                            /**< Kendall's tau-b of r and r', mean over the prompts */
  char winner[2][CROW_AUDIT_NAME];       /**< id of the alternative of greatest reward, before and after; of several
                                              prompts, of the first whose winner changed */
  char winner_topic[2][CROW_AUDIT_NAME]; /**< the topic of greatest mean reward; "" without topics */
  bool winner_changed, topic_changed;    /**< a clone that takes its original's place is no change, and no winner among
                                              those that tie with the greatest both times; of several prompts, in any
                                              of them */
  crow_gidx prompts_changed;             /**< in how many the winner changed; 0 or 1 without prompts */
  bool converged;                        /**< both fits */
} crow_audit_shift;

/** A group of approximate clones. */
typedef struct crow_audit_group {
  crow_gidx size;
  char first[CROW_AUDIT_NAME];      /**< id of its first member */
  char topics[2 * CROW_AUDIT_NAME]; /**< "food 12, restaurants 11", the most frequent first */
  double comparisons;               /**< share of all places in comparisons that its members took */
  double weight;                    /**< share of the weight */
} crow_audit_group;

/** One stress test. */
typedef struct crow_audit_test {
  char target[2 * CROW_AUDIT_NAME]; /**< "topic food", "alternative art-017" */
  crow_gidx targets;                /**< how many alternatives were cloned */
  int64_t clones;                   /**< K */
  double eps;
  crow_audit_shift standard, weighted;
} crow_audit_test;

/** What drawing the comparisons anew does to one method's rewards without any clone. */
typedef struct crow_audit_noise {
  double typical, largest; /**< median and greatest, over the redraws, of the largest |r - r'| */
  double mean, tau;        /**< of |r - r'| and of Kendall's tau-b, over the redraws */
  int64_t changed;         /**< redraws that changed the winner, the alternative or the topic; of several prompts the
                                alternative of any */
  int64_t winners, topics; /**< of these, the winning alternative and the winning topic; of two datasets the winner is
                                the topic, and topics 0 */
  double prompts;          /**< mean number of prompts whose winner a redraw changed */
  crow_gidx most_prompts;  /**< and the greatest */
} crow_audit_noise;

typedef struct crow_audit_result {
  crow_space_choice space;    /**< S, chosen for the dataset and taken for those with clones too; empty if the weights
                                   need none */
  double radius, jump;        /**< jump: of crow_radius_suggest(), 0 if the radius was given */
  crow_gidx groups;           /**< with two members or more */
  crow_gidx grouped;          /**< alternatives in them */
  double comparisons, weight; /**< their shares */
  int64_t listed;             /**< of the largest groups, at most 20 */
  crow_audit_group *group;
  crow_gidx prompts; /**< 1 without prompts */
  int64_t tests;
  crow_audit_test *test;
  bool complete;   /**< preferences are complete: nothing of them is drawn by chance */
  int64_t redraws; /**< 0: not asked for, no tests, or complete preferences */
  crow_audit_noise standard, weighted;
} crow_audit_result;

/** Finds groups of approximate clones, and adds clones to see what they do: for every target, K and eps a dataset with
 * K clones of each target is written to `scratch` (and removed afterwards), fitted with uniform and with Voronoi
 * weights, and compared with the fits of the dataset itself. A clone's preferences are its original's: exactly for a
 * population or matrix; for comparisons, each of the original's is drawn a Poisson(1) number of times (a bootstrap), so
 * a clone has about as many as its original. That moves rewards by chance alone, too: for observed comparisons the
 * dataset itself is fitted `redraws` times to bootstrap replicates of its comparisons, see
 * crow_uncertainty_replicates(), and a shift by clones means something where it is larger than by those. Prompts are
 * tested together: targets are cloned in all of them ("most-compared": one alternative of each), winners and order are
 * those within each prompt. Needs a few vectors over all alternatives on every rank. Collective; free with
 * crow_audit_result_free(). */
CROW_API crow_status crow_audit_run(const crow_comm *comm, const crow_dataset *dataset,
                                    const crow_audit_options *options, crow_audit_result *out);
/** Local. Frees and zeroes. */
CROW_API void crow_audit_result_free(crow_audit_result *result);

/** A topic in two datasets: [0] the first, [1] the second. */
typedef struct crow_audit_topic {
  char name[CROW_AUDIT_NAME];
  crow_gidx size[2];               /**< alternatives; 0 where the dataset lacks the topic */
  double standard[2], weighted[2]; /**< mean rewards; NaN where it lacks the topic */
  double weight[2];                /**< share of the weight */
} crow_audit_topic;

typedef struct crow_audit_comparison {
  crow_space_choice space; /**< S, chosen for the first and taken for both; empty if the weights need none */
  int64_t topics, common;
  crow_audit_topic *topic;                         /**< (topics) in alphabetical order */
  crow_audit_shift standard, weighted;             /**< over the common topics' mean rewards */
  bool complete;                                   /**< neither has observed comparisons: nothing of this is chance */
  int64_t redraws;                                 /**< 0: not asked for, or complete */
  crow_audit_noise standard_noise, weighted_noise; /**< what chance does to the common topics, see below */
} crow_audit_comparison;

/** Fits two datasets, say without and with clones, in both ways and compares them by topic. Both need topics. What
 * chance does to the difference of a topic's means is seen from bootstrap replicates of both datasets' comparisons,
 * each drawn by itself: the deviation of the first's mean from that of its own fit, less the second's; a dataset with
 * complete preferences has none. A redraw changes the winner if the first's means with these deviations have another.
 * Collective; free with crow_audit_comparison_free(). */
CROW_API crow_status crow_audit_compare(const crow_comm *comm, const crow_dataset *first, const crow_dataset *second,
                                        const crow_audit_options *options, crow_audit_comparison *out);
/** Local. Frees and zeroes. */
CROW_API void crow_audit_comparison_free(crow_audit_comparison *comparison);

/* ---- verdict ------------------------------------------------------------------------------------------------ */

/** What one method's rewards went through, over all tests of an audit. */
typedef struct crow_audit_summary {
  int64_t tests, changed;  /**< how many; of them those that changed a winner, see crow_audit_shift_changes() */
  bool by_topic;           /**< whether winning topics are counted beside winners: there are topics, and no prompts */
  int64_t winners, topics; /**< tests that changed the winner, and the winning topic if by_topic */
  const char *topic[2];    /**< the first change of the winning topic, as from and to; NULL without */
  double largest;          /**< shift of a reward */
  double closest;          /**< the smallest eps at which a winner changed; 0 where there is none to speak of */
  const char *from, *to;   /**< the first change of the winner; NULL without; borrowed from the result */
  crow_gidx prompts;       /**< of the dataset; 1 without */
  crow_gidx most_prompts;  /**< whose winner one test changed */
  int64_t redraws;         /**< of the comparisons without clones; 0: none */
  crow_audit_noise noise;  /**< what they did */
  bool complete;           /**< no redraws, for nothing is observed by chance */
} crow_audit_summary;

/** Whether a winner changed: the alternative or the topic; of several prompts the winners of each count, and not the
 * topic that is best in the mean over all. Local. */
CROW_API bool crow_audit_shift_changes(const crow_audit_shift *shift, crow_gidx prompts);
/** Both methods' summaries of an audit of one dataset, which they borrow from. Local. */
CROW_API void crow_audit_summarise(const crow_audit_result *result, crow_audit_summary *standard,
                                   crow_audit_summary *weighted);
/** The same of two datasets: by topic, since the alternatives' ids may be others in the two. Local. */
CROW_API void crow_audit_summarise_comparison(const crow_audit_comparison *comparison, crow_audit_summary *standard,
                                              crow_audit_summary *weighted);

/** Whether redrawn comparisons without a clone do as much: shifts as large, and other winners where clones make some.
 * False where nothing was redrawn. Local. */
CROW_API bool crow_audit_summary_is_chance(const crow_audit_summary *summary);

/** What follows from both methods' summaries. "Shifts more" means by more than twice as much, and by more than 1e-4. */
typedef enum crow_audit_verdict {
  CROW_AUDIT_CHANCE_BOTH,             /**< clones do no more than redrawing does, to either fit */
  CROW_AUDIT_CHANGES_STANDARD,        /**< the winner of the standard fit, and not that of the weighted fit */
  CROW_AUDIT_CHANGES_WEIGHTED,        /**< that of the weighted fit alone */
  CROW_AUDIT_CHANGES_FARTHER,         /**< that of the weighted fit only if clones are farther off */
  CROW_AUDIT_CHANGES_BOTH,            /**< those of both fits */
  CROW_AUDIT_BEYOND_CHANGES_STANDARD, /**< the winner of the standard fit; to the other clones do no more than chance */
  CROW_AUDIT_BEYOND_CHANGES_WEIGHTED,
  CROW_AUDIT_BEYOND_SHIFTS_STANDARD, /**< no winner, but the standard fit's rewards by more than chance does */
  CROW_AUDIT_BEYOND_SHIFTS_WEIGHTED,
  CROW_AUDIT_SHIFTS_STANDARD, /**< no winner; the standard fit's rewards more than the other's */
  CROW_AUDIT_SHIFTS_WEIGHTED,
  CROW_AUDIT_SHIFTS_ALIKE
} crow_audit_verdict;
/** Local. */
CROW_API crow_audit_verdict crow_audit_judge(const crow_audit_summary *standard, const crow_audit_summary *weighted);

/** Kendall's tau-b, `*tau`, of two vectors `a` and `b` of `n` values, in O(n log n) (Knight 1966): NaN if one of them
 * is constant. Local. */
CROW_API crow_status crow_kendall_tau(int64_t n, const double *a, const double *b, double *tau);

#ifdef __cplusplus
}
#endif
#endif
