/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 * Rewards: preferences and weights in, a rewards file out, by the tabular fit or a trained model, with uncertainty.
 */
#ifndef CROW_REWARDS_H
#define CROW_REWARDS_H

#include <crow/train.h>
#include <crow/uncertainty.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What the sampling of the weights does to rewards: standard errors conditional on the preferences. */
typedef struct crow_sampling_error {
  double *value; /**< (count) NaN where no weighted alternative was compared; NULL where weights were not sampled, or
                      hits by batch not kept; owned */
  double median, largest; /**< of those that are known */
  crow_gidx at;           /**< the alternative of the largest */
} crow_sampling_error;

/* ---- by the values of a column ---------------------------------------------------------------------------------- */

typedef struct crow_rewards_by_options {
  const char *column; /**< a kept column of the comparisons, such as a language; NULL: none */
  int64_t least;      /**< values with fewer judgements are named, not fitted; default 100 */
} crow_rewards_by_options;
extern CROW_API const crow_setting crow_rewards_by_settings[];
/** At most so many values are fitted, those with the most judgements. */
#define CROW_BY_MOST 64

/** Rewards of the comparisons of each value of a column by themselves, with the weights of all. Arrays (count, values)
 * are this rank's slices, row by row; NaN where an alternative was compared with no weighted one under that value. */
typedef struct crow_rewards_by {
  char *column;              /**< its name; NULL: nothing was asked for. Owned, as is the rest */
  int64_t values;            /**< fitted, from the most judgements to the fewest */
  crow_strings name;         /**< (values) */
  int64_t *judgements;       /**< (values) */
  double *optimality;        /**< (values) the certificate */
  int64_t *converged;        /**< (values) 1 if it met the tolerance */
  double *value;             /**< (count, values) rewards */
  double *standard_error;    /**< (count, values) of them; NULL without, on every rank */
  double *lower, *upper;     /**< (count, values) by the bootstrap; NULL without, on every rank */
  int64_t small;             /**< values that were not fitted */
  int64_t least;             /**< as they have fewer judgements than this */
  crow_strings small_name;   /**< (small) on rank 0 */
  int64_t *small_judgements; /**< (small) from the most to the fewest */
} crow_rewards_by;
/** Local. Frees and zeroes. */
CROW_API void crow_rewards_by_free(crow_rewards_by *by);

/** Fitted rewards, in slices over the ranks. */
typedef struct crow_rewards {
  crow_partition partition; /**< of the alternatives */
  double *value;            /**< (count) r */
  double *weight;           /**< (count) w */
  double *win_rate;         /**< (count) see crow_objective_win_rate() */
  double *fitted_win_rate;  /**< (count) see crow_objective_fitted_win_rate() */
  double *spread; /**< (count) sample standard deviation of r over the members of an ensemble; NULL if there is none */
  crow_fitted_model model;
  double objective, optimality; /**< of a linear or mlp model: what was minimised, decay and centring included, mean
                                     over the members; and the largest entry of its gradient by the parameters */
  double
      violation; /**< of a tabular fit: the largest violation of the optimality equation, before it is scaled; else 0 */
  crow_trace trace; /**< of the iterations; the result belongs to the best iterate, which need not be the last */
  int64_t iterations, evaluations;
  bool converged;          /**< whether the tolerance was met; true where there was no test */
  bool convergence_tested; /**< false of Adam, which ends after its steps: `converged` and `end` then say nothing */
  crow_lbfgs_end end;      /**< of L-BFGS */
  double pair_scale;       /**< s; 1 where every prompt has its own */
  crow_gidx prompts;       /**< prompts that have a scale of their own; 0: none */
  double *prompt_scale;    /**< (prompts) s_k, see crow_objective_prompt_scale(); NULL without */
  double lambda;
  crow_gidx zero_weights; /**< alternatives whose reward is the limit for zero weight */
  crow_gidx unknown;      /**< of these, those with no comparison with a weighted alternative: reward 0 */
  crow_source source;
  crow_gidx pairs, components, ties, never_compared; /**< of observed comparisons; 0 for complete preferences */
  crow_training_curve curve;                         /**< of a linear or mlp model trained by Adam; owned */
  crow_gidx equal_contexts; /**< of a linear or mlp model: judgements between alternatives of equal contexts, which it
                                 cannot tell apart */
  crow_weights_space space; /**< in which the weights were made; owned */
  crow_strings effect;      /**< what the weights did, in words, for the file; empty unless given; owned */
  int64_t least_judgements, most_judgements; /**< of a pair; 0 where rewards were taken from a checkpoint */
  crow_uncertainty uncertainty; /**< filled by crow_uncertainty_bootstrap() and crow_uncertainty_sandwich(); owned */
  crow_sampling_error sampling_error;
  int32_t *near;      /**< (count) the group of near-duplicates that each is in, from 1; 0: none; NULL where they
                           were not looked for, on every rank; filled by the caller, owned */
  crow_rewards_by by; /**< filled by crow_rewards_fit_by(); owned */
  crow_stages stages; /**< where this rank's time went: preferences, objective, evaluate, iterate, finish */
} crow_rewards;

/** Bytes that a rank needs at most to fit rewards to this dataset on `ranks` ranks: 48 MiB, 56 for each alternative of
 * its slice (m / ranks), and of comparisons the greater of 76 for each of its share (q / ranks), 8 more where
 * they have counts, with 28 m, and of 28 q / ranks with 60 m and the fit; of a matrix 32 MiB, 40 m and the fit, of a
 * population of n types 32 MiB, 8 (m + n) and the fit. The fit takes 8 (12 + 2 history) for each alternative of the
 * slice, 56 more with pairs; of a linear or mlp model its contexts, 16 for each hidden unit and 72, the parameters with
 * their history or moments. Weights have a plan of their own, crow_weights_need_bytes(). Local. */
CROW_API double crow_rewards_rank_bytes(const crow_dataset *dataset, const crow_train_options *options, int ranks);
/** Refuses a fit, and the uncertainty that is wanted after it (NULL: none), that would not fit into memory
 * (CROW_FAILED, with the numbers and the ways out), before any work; and a dataset to validate by that does not belong
 * to it (CROW_BAD_INPUT). `memory_per_rank` in bytes; 0: what the machine,
 * the cgroup or Slurm allows. Collective. */
CROW_API crow_status crow_rewards_check_memory(const crow_comm *comm, const crow_dataset *dataset,
                                               const crow_train_options *options,
                                               const crow_uncertainty_options *wanted, double memory_per_rank);
/** Fits rewards: tabular ones, or those of a linear or mlp model of the contexts. Of an ensemble every member begins at
 * crow_model_initialise() and draws its own minibatches; the members are trained side by side on groups of ranks.
 * L-BFGS minimises the whole objective until the largest entry of its gradient by the parameters is at most the
 * tolerance; Adam takes its steps on minibatches of the compared pairs (crow_batch_loss()), or on the whole objective
 * if preferences are complete, and then counts as converged. A tabular model is fitted by L-BFGS alone (CROW_USAGE).
 * Collective; options agree. Not converging is marked in the result, not an error. */
CROW_API crow_status crow_rewards_fit(const crow_comm *comm, const crow_dataset *dataset, const crow_weights *weights,
                                      const crow_train_options *options, crow_rewards *out);
/** By how much a reward of a tabular fit may differ from the optimum's: v / lambda; 0 where it is not known. Local. */
CROW_API double crow_rewards_bound(const crow_rewards *rewards);
/** Rewards of another file for the alternatives of this dataset, matched by id (by row where neither has ids), 0 for
 * those that it does not have: `start` (the slice of `partition`); `*matched` counts the others over all ranks. None at
 * all is CROW_BAD_INPUT. Collective. */
CROW_API crow_status crow_rewards_read_start(const crow_comm *comm, const char *path, const crow_dataset *dataset,
                                             const crow_partition *partition, double *start, int64_t *matched);
/** Whether the comparisons fall into more connected components than there are prompts, so that ranks across them mean
 * nothing. Local. */
CROW_API bool crow_rewards_apart(const crow_rewards *rewards, const crow_dataset *dataset);
/** Why a fit ended, in words: "converged", "all steps taken", ...; Local. */
CROW_API const char *crow_rewards_end_text(const crow_rewards *rewards);
/** As crow_rewards_fit(), going on from a checkpoint that has been looked for (crow_checkpoint_find()) and saving to it
 * when due, weights included; CROW_STOPPED if asked to stop, with the checkpoint written. `checkpoint` may be NULL.
 * Asked to stop while it finds what sampling did to rewards, it writes none and leaves the rewards, without that, in
 * `out`. Of an ensemble, the members that have ended are kept and where the others are.
 * Collective; options agree. */
CROW_API crow_status crow_rewards_fit_from(const crow_comm *comm, const crow_dataset *dataset,
                                           const crow_weights *weights, const crow_train_options *options,
                                           crow_checkpoint *checkpoint, crow_rewards *out);
/** As crow_uncertainty_bootstrap() for these rewards, with the groups of ranks that the options ask for, going on from
 * a checkpoint and saving to it when due: weights, rewards, standard errors and the replicates that have ended, so that
 * crow_rewards_fit_from() takes the rewards from there. CROW_STOPPED if asked to stop, with the checkpoint written.
 * `checkpoint` may be NULL. Fills `rewards->uncertainty`. Collective; options agree. */
CROW_API crow_status crow_rewards_bootstrap_from(const crow_comm *comm, const crow_dataset *dataset,
                                                 const crow_weights *weights, const crow_train_options *options,
                                                 const crow_uncertainty_options *wanted, crow_checkpoint *checkpoint,
                                                 crow_rewards *rewards);
/** Fits to pairs that are in memory. Tabular rewards only. Collective; options agree. */
CROW_API crow_status crow_rewards_fit_pairs(const crow_comm *comm, const crow_weights *weights, const crow_pairs *pairs,
                                            const crow_train_options *options, crow_rewards *out);
/** Fits to complete preferences whose wAWR is given: `win_rate` is this rank's slice. Tabular rewards only.
 * Collective; options agree. */
CROW_API crow_status crow_rewards_fit_complete(const crow_comm *comm, const crow_weights *weights,
                                               const double *win_rate, const crow_train_options *options,
                                               crow_rewards *out);
/** Goes on from rewards of sampled weights until the largest standard error that comes from sampling is below `wanted`
 * (> 0), or all samples are taken that `sampling` allows (a warning says so): more samples (crow_weights_refine()),
 * then the fit anew from the start, so that the result is that of so many samples at once. `sampling->open_ended` was
 * set when the weights were computed, `options->sampling_error` when rewards were fitted. Collective; options agree. */
CROW_API crow_status crow_rewards_refine(const crow_comm *comm, const crow_dataset *dataset,
                                         const crow_weights_options *sampling, const crow_train_options *options,
                                         double wanted, crow_checkpoint *checkpoint, crow_weights *weights,
                                         crow_rewards *rewards);
/** The result of a tabular fit as a state ("rewards") of a checkpoint being written, beside its trace and apart from
 * its weights. Collective. */
CROW_API crow_status crow_rewards_save(crow_checkpoint *checkpoint, const crow_rewards *rewards);
/** Fits tabular rewards to the comparisons of each value of a kept column by themselves, with the uncertainty that is
 * wanted, and leaves them in `rewards->by`, which the rewards of all comparisons are in. CROW_BAD_INPUT if there is no
 * such column. CROW_FAILED if asked to stop (crow_stop_check()). Collective; options agree. */
CROW_API crow_status crow_rewards_fit_by(const crow_comm *comm, const crow_dataset *dataset,
                                         const crow_weights *weights, const crow_train_options *options,
                                         const crow_uncertainty_options *wanted, const crow_rewards_by_options *values,
                                         crow_rewards *rewards);
/** Reads what a rewards file has of it, nothing where it has nothing: slices of `partition`; small_name on rank 0.
 * Collective. */
CROW_API crow_status crow_rewards_by_read(const crow_comm *comm, const crow_file *file, const crow_partition *partition,
                                          crow_rewards_by *out);
/** Writes a rewards file: /rewards/..., ids and topics of the dataset, provenance; for a dataset of crow_cluster_run()
 * also /original/..., every original alternative with its group's reward. Collective. */
CROW_API crow_status crow_rewards_write(const crow_comm *comm, const char *path, bool overwrite,
                                        const crow_rewards *rewards, const crow_dataset *dataset,
                                        const crow_provenance *provenance);
/** Local. Frees and zeroes. */
CROW_API void crow_rewards_free(crow_rewards *rewards);

#ifdef __cplusplus
}
#endif
#endif
