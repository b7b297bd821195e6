/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 * What fitted rewards say of alternatives that were not fitted, how well they predict comparisons that were not fitted
 * either, and holding those out before.
 */
#ifndef CROW_PREDICT_H
#define CROW_PREDICT_H

#include <crow/import.h>
#include <crow/nearest.h>
#include <crow/rewards.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- rewards of new alternatives ------------------------------------------------------------------------------ */

/** Rewards of new alternatives, in slices over the ranks. */
typedef struct crow_scores {
  crow_partition partition; /**< of the new alternatives */
  int kind;                 /**< crow_model_kind of the rewards */
  int64_t members;          /**< of the ensemble of a linear or mlp model */
  double *value;            /**< (count) reward; mean over the members */
  double *spread;           /**< (count) sample standard deviation over the members, if there are several */
  crow_gidx *nearest;       /**< (count) of tabular rewards: row of the nearest alternative of the dataset */
  double *distance;         /**< (count) and the distance to it, of the contexts or, on a sphere, of their directions */
  bool on_sphere;           /**< whether it is that of directions, as when the weights were found */
  const char *metric;       /**< of tabular rewards: that in words, after "nearest"; a constant */
  crow_gidx unknown;        /**< alternatives of the dataset that could not be the nearest */
  crow_gidx tied;           /**< new alternatives with several nearest */
  char digest[17];          /**< of their contexts, as crow_dataset_digest() gives it */
} crow_scores;

/** Opens the dataset that scores by tabular rewards need: `path`, or where that is NULL the one that the rewards file
 * says it was fitted to. `*opened` is its name, freed with crow_free(); it stays NULL, and `dataset` as it is, for
 * rewards of a linear or mlp model, which need none. CROW_USAGE if the file does not say, CROW_FILE_SYSTEM if the
 * dataset is not there. Collective. */
CROW_API crow_status crow_score_open_dataset(const crow_comm *comm, const crow_file *rewards, const char *path,
                                             char **opened, crow_dataset *dataset);
/** Refuses a dataset that a rewards file was not fitted to: by the digest that its provenance states, else by the
 * number and the ids of the alternatives. CROW_BAD_INPUT. Collective. */
CROW_API crow_status crow_score_check_dataset(const crow_comm *comm, const crow_file *rewards,
                                              const crow_dataset *dataset);

/** Rewards of new contexts. A linear or mlp model gives them as a function of the contexts, the same bits as in the fit
 * for the same contexts. Tabular rewards are carried over from the nearest alternative of the dataset that they
 * were fitted to (the paper's projection), the first in the dataset of those equally near; alternatives whose reward is
 * unknown, since they were never compared with a weighted one, are passed over. Distances are taken where the weights
 * were found: those of the contexts, or on a sphere of their directions from its centre; with prompts from each
 * prompt's own, the mean of its normalised contexts by the weights. Where contexts and dataset
 * both tell prompts, the nearest is sought among those of the same prompt; a prompt that the dataset lacks, or of which
 * no reward is known, is CROW_BAD_INPUT. Where only the dataset does, all prompts are searched, with a warning.
 * `dataset` is needed then, and only then: every rank holds its contexts whole. `options` are those of the search.
 * Dimensions are matched by name where both sides name them, see crow_context_source_match(); CROW_BAD_INPUT if they do
 * not agree. The bits do not depend on the number of ranks. Collective. Free with crow_scores_free(). */
CROW_API crow_status crow_score_run(const crow_comm *comm, const crow_file *rewards, const crow_dataset *dataset,
                                    crow_context_source *contexts, const crow_nearest_options *options,
                                    crow_scores *out);
/** Writes a scores file: values, ids and topics of the new alternatives, for tabular rewards what was nearest, and
 * provenance. `dataset` as above. Collective. */
CROW_API crow_status crow_scores_write(const crow_comm *comm, const char *path, bool overwrite,
                                       const crow_scores *scores, const crow_dataset *dataset,
                                       const crow_context_source *contexts, const crow_provenance *provenance);
/** Local. Frees and zeroes. */
CROW_API void crow_scores_free(crow_scores *scores);

/* ---- predictions held against comparisons ---------------------------------------------------------------------- */

/** What becomes of comparisons that tabular rewards know nothing of: one of the two was never compared in the fit. */
typedef enum crow_unseen {
  CROW_UNSEEN_NEAREST, /**< it gets the reward of the nearest alternative of its prompt that was; 0 if none was */
  CROW_UNSEEN_ZERO,    /**< it keeps its reward, 0 */
  CROW_UNSEEN_SKIP     /**< the comparison is left out */
} crow_unseen;

typedef struct crow_evaluate_options {
  int unseen; /**< crow_unseen; default nearest */
} crow_evaluate_options;
extern CROW_API const crow_setting crow_evaluate_settings[];

/** One bin of the calibration table: predictions from k/10 to (k+1)/10. */
typedef struct crow_calibration_bin {
  double judgements; /**< how many, half of each from either side */
  double predicted;  /**< mean of the predicted shares won; NaN if there are none */
  double observed;   /**< mean of the observed ones */
} crow_calibration_bin;
#define CROW_CALIBRATION_BINS 10

/** How well rewards predict a dataset's comparisons: p = sigma(r(first) - r(second)) is held against the share o that
 * `first` won. Every comparison counts as often as it has judgements; a share is that many wins and the rest losses, so
 * a tie is half of each. The same on all ranks. */
typedef struct crow_evaluation {
  crow_gidx comparisons; /**< how many were evaluated */
  crow_gidx judgements;  /**< behind them */
  crow_gidx ties;        /**< judgements with o = 1/2 */
  crow_gidx equal;       /**< judgements between alternatives of equal reward */
  crow_gidx unseen;      /**< comparisons with an alternative that the fit has not seen compared */
  crow_gidx skipped;     /**< of these, those left out */
  double accuracy;       /**< share of judgements without ties that went to the greater reward; of equal rewards half;
                              NaN if all are ties */
  double log_loss;       /**< mean of -o log p - (1 - o) log(1 - p) */
  double brier;          /**< mean of o (1 - p)^2 + (1 - o) p^2 */
  /** Expected calibration error: mean over the judgements of |predicted - observed| of their bin. Each counts half as
   * (p, o) and half as (1 - p, 1 - o), so that it does not matter which of the two stands first; equal rewards as (1/2,
   * 1/2). */
  double calibration_error;
  crow_calibration_bin bin[CROW_CALIBRATION_BINS];
} crow_evaluation;

/** Opens a file that crow_evaluate_rewards() takes: rewards or scores, CROW_BAD_INPUT for others. Collective. */
CROW_API crow_status crow_evaluate_open(const crow_comm *comm, const char *path, crow_file **out);
/** Rewards of a dataset's alternatives by a rewards or a scores file: `reward` (m) whole on every rank; and which of
 * them tabular rewards know nothing of, `unseen` (m) 0 or 1. A linear or mlp model is applied to the dataset's
 * contexts; tabular rewards and scores must be of the same alternatives in the same order (as many, and the same ids
 * where both have ids), else CROW_BAD_INPUT. `nearest` are the options of the search for CROW_UNSEEN_NEAREST.
 * Collective. */
CROW_API crow_status crow_evaluate_rewards(const crow_comm *comm, const crow_file *file, const crow_dataset *dataset,
                                           const crow_evaluate_options *options, const crow_nearest_options *nearest,
                                           double *reward, unsigned char *unseen);
/** Holds rewards against the dataset's comparisons. `reward` (m) is whole, `unseen` (m) may be NULL. CROW_BAD_INPUT if
 * the dataset has no comparisons or all are left out. Sums are order-free: the bits do not depend on the number of
 * ranks. Collective. */
CROW_API crow_status crow_evaluate(const crow_comm *comm, const crow_dataset *dataset,
                                   const crow_evaluate_options *options, const double *reward,
                                   const unsigned char *unseen, crow_evaluation *out);

/* ---- comparisons held out -------------------------------------------------------------------------------------- */

/** What is held out. */
typedef enum crow_split_by {
  CROW_SPLIT_COMPARISON,  /**< comparisons */
  CROW_SPLIT_ALTERNATIVE, /**< alternatives, with every comparison that they are in */
  CROW_SPLIT_PROMPT       /**< prompts, with every comparison of their alternatives */
} crow_split_by;

typedef struct crow_split_options {
  double test;             /**< chance of being held out, from 1e-9 to 1 - 1e-9; default 0.2 */
  int by;                  /**< crow_split_by; default comparison */
  int64_t seed;            /**< of the choice; default 1 */
  const char *test_output; /**< the dataset of what is held out; needed */
} crow_split_options;
extern CROW_API const crow_setting crow_split_settings[];

/** Whether element `index` (a comparison, an alternative, or a prompt in the order of their first alternatives) is held
 * out: drawn from the seed and the index alone.
 * Local. */
CROW_API bool crow_split_drawn(const crow_split_options *options, crow_gidx index);

/** A dataset's comparisons with the side that each goes to; zero-initialise it. */
typedef struct crow_split {
  crow_partition slice;    /**< of the comparisons */
  int32_t *first, *second; /**< (slice.count) as in the dataset, each rank its own; owned, as are the rest */
  double *outcome;         /**< (slice.count) */
  int64_t *count;          /**< (slice.count) 0 where the dataset has no counts */
  bool *held;              /**< (slice.count) whether it is held out */
  crow_gidx train, test;   /**< how many on either side, on all ranks */
  int64_t kept;            /**< columns that were kept of the comparisons' file */
  int32_t *label;          /**< their values in each comparison, (slice.count, kept) */
} crow_split;
/** Reads the comparisons and decides. The choice does not depend on the number of ranks. A dataset without comparisons,
 * or by prompts one without prompts, is CROW_BAD_INPUT; what would not fit into `memory_per_rank` bytes with what
 * crow_split_write() takes (0: what the machine, the cgroup or Slurm allows) CROW_FAILED. Free it also after an error.
 * Collective; options agree. */
CROW_API crow_status crow_split_create(const crow_comm *comm, const crow_dataset *dataset,
                                       const crow_split_options *options, double memory_per_rank, crow_split *out);
/** Writes two datasets with everything that `dataset` has but its comparisons: `output` with those that are not held
 * out, and `options->test_output` with the others. Neither replaces another file unless `overwrite`, and both are whole
 * before either has its name. A side without comparisons is CROW_BAD_INPUT. Collective; all arguments agree but the
 * slices. */
CROW_API crow_status crow_split_write(const crow_comm *comm, const crow_split *split, const crow_dataset *dataset,
                                      const crow_split_options *options, const char *output, bool overwrite,
                                      const crow_provenance *provenance);
/** Local. Frees and zeroes. */
CROW_API void crow_split_free(crow_split *split);

/* ---- memory ----------------------------------------------------------------------------------------------------- */

/** Refuse what would not fit into memory (CROW_FAILED, with the numbers and the ways out), before the work. Tabular
 * rewards need every rank to hold the dataset's contexts (on a sphere in double precision, and the prompts' centres)
 * and the search among them (crow_weights_rank_bytes() of one slice), models what their layers give for 32 MiB of
 * contexts; scores 24 for each new alternative of the slice, evaluations 24 for each comparison of it.
 * `memory_per_rank` in bytes; 0: what the machine, the cgroup or Slurm allows. Collective. */
CROW_API crow_status crow_score_check_memory(const crow_comm *comm, const crow_file *rewards,
                                             const crow_dataset *dataset, const crow_context_source *contexts,
                                             double memory_per_rank);
/** As crow_score_check_memory(). Collective. */
CROW_API crow_status crow_evaluate_check_memory(const crow_comm *comm, const crow_file *file,
                                                const crow_dataset *dataset, double memory_per_rank);

#ifdef __cplusplus
}
#endif
#endif
