/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 * How far the rewards of a tabular fit would move with other comparisons from the same source: bootstrap intervals and
 * sandwich standard errors. Weights and lambda are taken as given, so neither the sampling of the weights nor the
 * shrinkage towards 0 that lambda causes is in them.
 */
#ifndef CROW_UNCERTAINTY_H
#define CROW_UNCERTAINTY_H

#include <crow/fit.h>
#include <crow/tasks.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct crow_uncertainty_options {
  int64_t bootstrap;      /**< replicates B; default 0: none */
  int64_t bootstrap_seed; /**< of the replicates and the probes; default 1 */
  bool standard_errors;   /**< default false */
  int64_t error_probes;   /**< random probes where there are more alternatives than CROW_SANDWICH_EXACT; default 256 */
  bool errors; /**< what is cheap without being asked for: topics' standard errors, and up to CROW_SANDWICH_EXACT
                    alternatives those of the rewards; default true */
  const char *bootstrap_by; /**< a kept column of the comparisons, whose values (judges, prompts) are resampled whole;
                                 NULL: comparisons one by one. Standard errors are then those of the replicates */
} crow_uncertainty_options;
extern CROW_API const crow_setting crow_uncertainty_settings[];
/** Up to this many alternatives standard errors come from a dense inverse. */
#define CROW_SANDWICH_EXACT 1024
/** Up to this many topics their mean rewards get standard errors. */
#define CROW_TOPIC_ERRORS_MOST 50

/** The mean rewards of the alternatives of each topic, the same on all ranks. */
typedef struct crow_topic_errors {
  crow_strings name;      /**< the topics, ascending; none if there are no standard errors */
  double *mean;           /**< (count) the mean over all alternatives of the topic, each counting once */
  double *standard_error; /**< (count) of the means */
  double *covariance;     /**< (count, count) of the means */
} crow_topic_errors;
/** Local. Frees and zeroes. */
CROW_API void crow_topic_errors_free(crow_topic_errors *means);

/** All arrays are this rank's slices, of length 0 if they were not asked for. NaN (in intervals of rewards and standard
 * errors) where an alternative was compared with no weighted one. */
typedef struct crow_uncertainty {
  int64_t replicates;    /**< B */
  const char *by;        /**< the column whose values were resampled whole; borrowed from the options; NULL: none */
  int64_t not_converged; /**< replicates that did not reach the tolerance; they count like the others */
  double *lower, *upper; /**< 95 % percentile interval of r: quantiles .025 and .975 of the replicates, interpolated */
  int64_t *rank_lower, *rank_upper; /**< the same of the rank (1: greatest r) among the alternatives of the prompt that
                                         have weight, rounded outwards; without weight that which r would have */
  bool has_standard_errors;
  double *standard_error;   /**< of r, the greater of the sandwich's and the model's own (sigma (1 - sigma) in the place
                               of squared residuals); of clusters the replicates' standard deviation */
  double *lead_error;       /**< likewise of the difference between the greatest reward of a weighted alternative, the
                                 first of equal ones, and r; with the standard errors, else NULL */
  crow_topic_errors topics; /**< by the sandwich, or, if there are at least two replicates, from these */
} crow_uncertainty;
/** Local. Frees and zeroes. */
CROW_API void crow_uncertainty_free(crow_uncertainty *uncertainty);

/** Percentile intervals for the rewards `reward` (this rank's slice) that were fitted to the dataset's comparisons with
 * these weights and options. Replicate b weighs every comparison by a Poisson(1) variable drawn from (seed,
 * CROW_STREAM_BOOTSTRAP, b, the comparison's number), see crow_judgements_resample(), and minimises the objective with
 * everything else as it was: s, lambda and, with c = 1, the number of judgements by which a pair's are divided. With
 * `bootstrap_by` all comparisons of one value of that column share their variable (the cluster bootstrap), and
 * `standard_error` becomes the replicates' standard deviation. A replicate
 * starts at `reward`. Replicates are fitted side by side on groups of ranks, as many as suit the number of replicates
 * and the memory; the bits depend neither on the groups nor on the ranks. Memory: 12 B bytes for each alternative of
 * the slice until the end, and each group's copy of the data. A dataset without comparisons is CROW_USAGE: there is
 * nothing to resample. Collective; options agree. */
CROW_API crow_status crow_uncertainty_bootstrap(const crow_comm *comm, const crow_dataset *dataset,
                                                const crow_weights *weights, const crow_objective_options *objective,
                                                const crow_lbfgs_options *lbfgs,
                                                const crow_uncertainty_options *options, const double *reward,
                                                crow_uncertainty *out);

/** Receives the rewards of all alternatives in one replicate, on every rank; borrowed until it returns. */
typedef crow_status crow_replicate_visitor(void *context, int64_t replicate, const double *reward);
/** The same replicates, started at `reward` (this rank's slice) and handed over in their order in the place of
 * percentiles; `not_converged` counts those. A visitor's errors end it; ranks must agree on them. Collective; options
 * agree. */
CROW_API crow_status crow_uncertainty_replicates(const crow_comm *comm, const crow_dataset *dataset,
                                                 const crow_weights *weights, const crow_objective_options *objective,
                                                 const crow_lbfgs_options *lbfgs,
                                                 const crow_uncertainty_options *options, const double *reward,
                                                 crow_replicate_visitor *visit, void *context, int64_t *not_converged);
/** Whether the sandwich standard errors of the rewards are wanted: asked for, or cheap; never where judgements are
 * resampled in clusters, of which the sandwich knows nothing. Local. */
CROW_API bool crow_uncertainty_wants_errors(const crow_dataset *dataset, const crow_uncertainty_options *options);
/** Sandwich standard errors of `reward` (this rank's slice), see crow_objective_sandwich(): of the rewards, if they are
 * wanted and not yet there, and of the means of topics, if they are wanted (`errors`) and no bootstrap of two or more
 * replicates will give them. The spread of a pair's score is c^2 / n^2 times the sum over its n judgements of (outcome
 * - sigma)^2; this is White's (1982) estimate, which holds if the model is wrong too. Topics cost a few evaluations of
 * the objective each where there are more than CROW_SANDWICH_EXACT alternatives. Collective; options agree. */
CROW_API crow_status crow_uncertainty_sandwich(const crow_comm *comm, const crow_dataset *dataset,
                                               const crow_weights *weights, const crow_objective_options *objective,
                                               const crow_uncertainty_options *options, const double *reward,
                                               crow_uncertainty *out);

/** Bytes that a rank needs at most for crow_rewards_bootstrap_from() and crow_uncertainty_sandwich() after the fit: 48
 * MiB, 112 for each comparison of its share, 100 m, and for each alternative of its slice 8 (15 + 2 history) and 12 for
 * each replicate; 0 if none of it is wanted. Local. */
CROW_API double crow_uncertainty_rank_bytes(const crow_dataset *dataset, const crow_lbfgs_options *lbfgs,
                                            const crow_uncertainty_options *options, int ranks);

#ifdef __cplusplus
}
#endif
#endif
