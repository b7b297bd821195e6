/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 * Preferences p(x>y): observed comparisons, a full matrix, or a population of Bradley-Terry-Luce annotator types; and
 * the weighted average win rate wAWR(x) = sum_y w(y) p(x>y), through which complete preferences enter the objective.
 */
#ifndef CROW_PREFERENCE_H
#define CROW_PREFERENCE_H

#include <crow/weights.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum crow_source { CROW_SOURCE_COMPARISONS, CROW_SOURCE_MATRIX, CROW_SOURCE_POPULATION } crow_source;
/** Which source a dataset offers: comparisons before matrix before population. Local. */
CROW_API crow_source crow_preference_source(const crow_dataset *dataset);

/** Observed comparisons gathered into distinct unordered pairs, in slices over the ranks. Pair k compares first[k] <
 * second[k]; 20 bytes each. Sorted over all ranks by square tiles of alternatives, within a tile by (first, second), so
 * that a rank's slice concerns few of many alternatives. */
typedef struct crow_pairs {
  crow_gidx alternatives;   /**< m, below 2^31 */
  crow_gidx stretch;        /**< alternatives along a tile's side; 0: unknown */
  crow_partition partition; /**< of the distinct pairs, in blocks of CROW_BLOCK */
  int32_t *first, *second;  /**< (count) */
  double *share;            /**< (count) p(first > second): share of the judgements that `first` won, ties half */
  uint32_t *judgements;     /**< (count) how many judgements */
  crow_gidx comparisons;    /**< judgements in all */
  crow_gidx ties;           /**< judgements with outcome exactly 1/2, in all */
  crow_gidx never_compared; /**< alternatives in no pair */
  crow_gidx components;     /**< connected components among all alternatives (those never compared count one each) */
} crow_pairs;

/** Gathers this rank's `q` comparisons (in global order over the ranks) into pairs by a distributed sort. `outcome` is
 * the share won by `first`, in [0, 1]; `count` the judgements each stands for (NULL: 1). Collective. The result does
 * not depend on the number of ranks. An invalid index, first == second, an outcome outside [0, 1] or a count below 1 is
 * CROW_BAD_INPUT. Free with crow_pairs_free(). */
CROW_API crow_status crow_pairs_create(const crow_comm *comm, crow_gidx alternatives, int64_t q, const int32_t *first,
                                       const int32_t *second, const double *outcome, const int64_t *count,
                                       crow_pairs *out);
/** Reads /comparisons of a dataset in slices and gathers them. Collective. */
CROW_API crow_status crow_pairs_read(const crow_comm *comm, const crow_dataset *dataset, crow_pairs *out);
/** Refuses pairs of alternatives of different prompts (CROW_BAD_INPUT): the message names the first comparison, its
 * alternatives and their prompts. `pairs` are those of the dataset. Collective. */
CROW_API crow_status crow_pairs_check_prompts(const crow_comm *comm, const crow_dataset *dataset,
                                              const crow_pairs *pairs);
/** All pairs within the prompts of a dataset with complete preferences (a matrix, which is checked as
 * crow_win_rate_matrix() does, or a population) with their p(x>y), one judgement each. 20 bytes a pair, shared by the
 * ranks, of which there are n (n - 1) / 2 for a prompt of n. Collective. */
CROW_API crow_status crow_pairs_within_prompts(const crow_comm *comm, const crow_dataset *dataset,
                                               const crow_weights *weights, crow_pairs *out);
/** Local. Frees and zeroes. */
CROW_API void crow_pairs_free(crow_pairs *pairs);
/** About the largest share of the alternatives that a rank's slice of evenly spread pairs concerns. Local. */
CROW_API double crow_pairs_reach(crow_gidx alternatives, crow_gidx comparisons, int ranks);

/** The comparisons behind a rank's slice of pairs: those of pair k are begin[k] .. begin[k + 1], in the order in which
 * they were given. 16 bytes each, 24 with counts. */
typedef struct crow_judgements {
  crow_gidx global;      /**< what `comparison` is below: all the file's comparisons, or clusters of them */
  int64_t *begin;        /**< (pairs + 1) */
  crow_gidx *comparison; /**< the comparison's number in the file, or with `clustered` its cluster's */
  double *outcome;       /**< the share won by the pair's first */
  int64_t *count;        /**< how many judgements it stands for; NULL: one each */
  bool clustered;        /**< comparisons of a cluster (a judge's, say) are resampled together */
} crow_judgements;

/** Reads /comparisons again and groups them by the pairs that crow_pairs_read() made of them; in clusters, each of the
 * comparisons with the same value in the kept column `by`, unless that is NULL. Free with crow_judgements_free().
 * Collective. */
CROW_API crow_status crow_judgements_read_by(const crow_comm *comm, const crow_dataset *dataset,
                                             const crow_pairs *pairs, const char *by, crow_judgements *out);
/** Local. Frees and zeroes. */
CROW_API void crow_judgements_free(crow_judgements *judgements);

/** Draws a bootstrap replicate: every judgement, or with clusters every cluster with all its judgements, counts
 * Poisson(1) times, drawn from (seed, CROW_STREAM_BOOTSTRAP, replicate, comparison or cluster). A comparison that
 * stands for n > 1 judgements with outcome o gets Poisson(n o) wins and Poisson(n (1 - o)) losses. `share` and `times`
 * have an entry for each of this rank's pairs: the share won among the judgements drawn (1/2 if there are none), and
 * how many were drawn; or, with `unit` > 0, how many were drawn divided by the pair's judgements, in 1/unit. Local. */
CROW_API void crow_judgements_resample(const crow_pairs *pairs, const crow_judgements *judgements, uint64_t seed,
                                       int64_t replicate, double unit, double *share, uint32_t *times);
/** `squares`: for each of this rank's pairs, the sum over its judgements of (outcome - sigma(r(first) - r(second)))^2.
 * `reward` is whole. Local. */
CROW_API void crow_judgements_squares(const crow_pairs *pairs, const crow_judgements *judgements, const double *reward,
                                      double *squares);

/** wAWR of complete preferences, this rank's slice `win_rate[weights->partition.count]`. Collective. A matrix is
 * streamed by blocks of rows straight from the file and checked (entries in [0,1], p(x>y) + p(y>x) = 1 within 1e-9,
 * diagonal 1/2; a matrix stored in single precision within 1e-6), else CROW_BAD_INPUT. */
CROW_API crow_status crow_win_rate_matrix(const crow_comm *comm, const crow_dataset *dataset,
                                          const crow_weights *weights, double *win_rate);
/** The same for a population, by one convolution for each annotator type: `win_rate` is this rank's slice.
 * Collective. */
CROW_API crow_status crow_win_rate_population(const crow_comm *comm, const crow_dataset *dataset,
                                              const crow_weights *weights, double *win_rate);

/** wAWR of complete preferences for `count` changed weights at once, `win_rate` (count, slice): with w(x) (1 +
 * relative) in the place of w(x), > 0 and summing to 1, `relative` (count, slice). A matrix is read once for all.
 * Collective. */
CROW_API crow_status crow_win_rate_changed(const crow_comm *comm, const crow_dataset *dataset,
                                           const crow_weights *weights, int64_t count, const double *relative,
                                           double *win_rate);
/** Looks through the preferences that a fit of the dataset will use, so that what is wrong with them is known before
 * hours go into weights: every index, outcome and count, comparisons across prompts (unless `across_prompts`), the
 * matrix as crow_win_rate_matrix() checks it, the population's rewards. Costs one reading of them. CROW_BAD_INPUT as
 * the fit would give it. Collective. */
CROW_API crow_status crow_preferences_check(const crow_comm *comm, const crow_dataset *dataset, bool across_prompts);
/** The same for complete preferences alone, and in little memory: a matrix as crow_win_rate_matrix() checks it, a
 * population's rewards where a fit convolves them (that is without prompts). Nothing where there are comparisons.
 * Collective. */
CROW_API crow_status crow_preferences_check_complete(const crow_comm *comm, const crow_dataset *dataset);
/** Reads up to `most` of the dataset's comparisons on every rank as a fit does; `*seconds` is what one took, of elapsed
 * time on the slowest rank, 0 if there are none. Collective. */
CROW_API crow_status crow_comparisons_probe(const crow_comm *comm, const crow_dataset *dataset, crow_gidx most,
                                            double *seconds);

#ifdef __cplusplus
}
#endif
#endif
