/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 * The weights of the alternatives (Definition 4.1 of "Clone-Robust AI Alignment"): w(y) is the share of S whose nearest
 * alternative is y; a point with k nearest alternatives gives 1/k to each. Estimated by Monte Carlo.
 */
#ifndef CROW_WEIGHTS_H
#define CROW_WEIGHTS_H

#include <crow/checkpoint.h>
#include <crow/cluster.h>
#include <crow/nearest.h>
#include <crow/space.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What one sample counts: divisible by 1..16, so ties of up to 16 alternatives are split exactly; of a larger tie each
 * gets the whole part and the remainder goes one by one to the tied alternatives in order. */
#define CROW_HIT_UNIT INT64_C(720720)

/** Into how many batches draws are dealt, draw j to batch j modulo this, so that what sampling does to rewards can be
 * told from how much the batches differ. A power of 2. */
#define CROW_HIT_BATCHES 32

/** How alternatives are weighted. Voronoi is the paper's Definition 4.1; the paper's last paragraph asks for others.
 * All are normalised to sum 1. */
typedef enum crow_scheme {
  CROW_SCHEME_VORONOI, /**< share of S nearest to x */
  CROW_SCHEME_UNIFORM, /**< 1/m: the standard MLE */
  CROW_SCHEME_KERNEL,  /**< 1 / sum_y exp(-|x-y|^2 / (2 h^2)): inverse kernel density (Silverman 1986), h given or a
                            third of the valley of the distances (crow_valley_of()) */
  CROW_SCHEME_RADIUS,  /**< 1 / #{y : |x-y| <= R}, x included: inverse degree in a radius graph (the weighting of
                            sequences in Morcos et al. 2011), R given or the valley of the distances */
  CROW_SCHEME_CLUSTER  /**< 1 / size of x's group by k-means (crow_groups_by_kmeans()), K given or sqrt(m) */
} crow_scheme;

/** What the weights of a prompt's alternatives sum to, P_k of prompt k out of K. */
typedef enum crow_prompt_share {
  CROW_PROMPT_SHARE_UNIFORM, /**< 1/K */
  CROW_PROMPT_SHARE_COUNT    /**< its alternatives / m */
} crow_prompt_share;

/** How samples are drawn; nothing of it depends on who searches. */
typedef enum crow_draws {
  CROW_DRAWS_AUTO,       /**< signs where they pay by a fixed rule and a first part's counts, else independent */
  CROW_DRAWS_SIGNS,      /**< many from one draw by signs of blocks (crow/signs.h), wherever S is symmetric */
  CROW_DRAWS_INDEPENDENT /**< each by itself */
} crow_draws;

typedef struct crow_weights_options {
  int scheme;                   /**< crow_scheme; default voronoi */
  double bandwidth;             /**< kernel: h; 0: a third of the valley */
  double radius;                /**< radius: R; 0: the valley of the distances */
  int64_t clusters;             /**< cluster: K; 0: the square root of m, rounded up */
  int64_t samples;              /**< Monte Carlo samples N; 0, the default: crow_weights_samples_auto(), or for each of
                                     several prompts max(4096, 400 m_k) */
  int draws;                    /**< crow_draws; default auto */
  bool open_ended;              /**< more samples may follow by crow_weights_refine(), up to max_samples */
  double relative_error;        /**< > 0: go on until every weight above 1/m has this relative standard error */
  int64_t max_samples;          /**< but not beyond this many samples */
  double pseudo_count;          /**< a >= 0: w = (n + a) / (N + a m) for n hits (Dirichlet smoothing); default 0 */
  int prompt_share;             /**< crow_prompt_share; default uniform */
  bool batches;                 /**< keep hits by batch of draws; default true */
  const char *grid;             /**< "4x2": 4 groups of ranks share the samples, 2 slices of alternatives; "auto" */
  double memory_per_rank;       /**< bytes a rank may use; 0: what the machine, the cgroup or Slurm allows */
  crow_space_options space;     /**< its settings are crow_space_settings */
  crow_nearest_options nearest; /**< its settings are crow_nearest_settings */
} crow_weights_options;
extern CROW_API const crow_setting crow_weights_settings[];

/** Samples of m alternatives that nobody gave a number for: max(100000, 30 m), the paper's number or 30 for each
 * alternative on the average. Local. */
CROW_API int64_t crow_weights_samples_auto(crow_gidx alternatives);
/** Sets this struct and those in it to their defaults; Local. */
CROW_API void crow_weights_options_default(crow_weights_options *options);
/** Checks them: CROW_USAGE names the field, the value and the range. Local. */
CROW_API crow_status crow_weights_options_validate(const crow_weights_options *options);

/** How this rank computed them: for time tables and benchmarks. All 0 where weights were read or made otherwise. */
typedef struct crow_weights_run {
  int groups, slices;              /**< the grid of ranks; 0 if not sampled */
  crow_nearest_engine engine;      /**< what searched, or EXACT */
  int64_t block;                   /**< samples that a rank searches at once; 0 if not sampled */
  crow_gidx dimensions;            /**< in which distances were taken: those of the alternatives' hull, if that paid */
  int64_t searched, decided_again; /**< samples of this rank; those that were decided again in double precision */
  bool inexact;                    /**< the most samples came before the relative error asked for */
  crow_stages stages;              /**< prepare, index, draw, search, count, reduce */
} crow_weights_run;

/** S as it was when weights were made in it; all empty where they were made without one. */
typedef struct crow_weights_space {
  crow_space_choice choice;
  crow_gidx dimensions;  /**< of the centre; 0 without one */
  double *center;        /**< (dimensions) of the sphere; whole on every rank, owned; NULL without one, and where each
                              prompt has its own weighted mean */
  int64_t center_rounds; /**< in which the weighted mean was found */
  double center_change;  /**< by how much the weights changed in the last of them, summed */
} crow_weights_space;

/** The weights of all alternatives, in slices over the ranks. */
typedef struct crow_weights {
  crow_partition partition; /**< of the alternatives, in blocks of CROW_BLOCK */
  double *value;            /**< (count) this rank's slice of w; sums to 1 over all */
  double *standard_error;   /**< (count) Monte Carlo standard error, 0 where exact */
  double *share;            /**< (count) the share of each alternative's prompt, the sum of its alternatives' weights (1
                                 where that is 0); NULL without prompts */
  const int32_t *prompt; /**< (m) the prompt of every alternative; NULL without prompts; borrowed from the dataset that
                              crow_weights_find_shares() was given, which must live as long as it is used */
  crow_gidx prompts;     /**< how many; 0 without */
  int64_t *hits;         /**< (count) in units of 1 / CROW_HIT_UNIT of a sample; NULL if not sampled */
  int64_t *batch_hits;   /**< (CROW_HIT_BATCHES, count) the hits by batch of draws; NULL if not sampled or not kept */
  int64_t *squares;      /**< (count) sums over draws of the squares of their hits, in the same unit; NULL if not
                              sampled, and of prompts */
  double growth;         /**< of prompts: how many times the samples that options give each of them; 1 or more */
  double pseudo_count;   /**< a of the values, w = (n + a) / (N + a m) within a prompt */
  int64_t samples;       /**< N, in whole draws; 0 if not sampled */
  int64_t blocks;   /**< of signs a draw, which makes twice as many samples (crow/signs.h); 0: independent samples */
  crow_gidx zeros;  /**< how many weights are zero */
  double effective; /**< effective number of alternatives, 1 / sum w^2 */
  crow_weights_space space;
  double length;   /**< kernel: h, radius: R, as it was used; 0 of others and of several prompts */
  double eta;      /**< where that comes from the valley, its crow_valley.eta; else 0 */
  double farthest; /**< radius: the farthest of the pairs below; else 0 */
  int64_t distances[CROW_DISTANCE_BINS]; /**< radius: pairs by their distances, crow_distances_count(); else 0 */
  crow_strings effect; /**< what they did, in words, for the file: crow_effect_keep(); empty unless given; owned */
  crow_weights_run run;
} crow_weights;

/** Computes the weights by the scheme asked for. On a sphere about the weighted mean, its centre is the fixed point
 * c = sum_x w(x) x / |x| of the weights that c itself gives: from equal weights of the distinct contexts, on the first
 * min(N, 100000) samples, the same in every round, until the weights' changes sum to less than 1e-4 or for 30 rounds;
 * standard errors are conditional on it. Of a dataset with prompts each is weighted as if it were a dataset of
 * its own (a space that depends on contexts is made of its own ones; samples are the same for all), times its share; a
 * rank does so for the prompts it owns, and all ranks together for a prompt larger than a rank's share of the
 * alternatives, whose contexts each rank then holds whole. Samples N are those of the prompt that has most. Collective;
 * options agree. Free with crow_weights_free(). */
CROW_API crow_status crow_weights_compute(const crow_comm *comm, const crow_dataset *dataset,
                                          const crow_weights_options *options, crow_weights *out);
/** As crow_weights_compute(), going on from a checkpoint that has been looked for (crow_checkpoint_find()) and saving
 * to it when due; CROW_STOPPED if asked to stop, with the checkpoint written. `checkpoint` may be NULL. Collective. */
CROW_API crow_status crow_weights_compute_from(const crow_comm *comm, const crow_dataset *dataset,
                                               const crow_weights_options *options, crow_checkpoint *checkpoint,
                                               crow_weights *out);
/** Goes on from sampled weights that were computed with `open_ended` to `factor` times as many samples, > 1, but to no
 * more than max_samples: `*more` is false, and nothing is done, if there were that many. The result is that of so many
 * samples from the start. Draws go on where they ended; of prompts each is drawn anew, `growth` times as often as the
 * options say. Checkpoints are gone on with by crow_weights_compute_from(); one that was found is forgotten where there
 * are more samples than it is of. Collective; options agree. `weights` stay as they are on failure. */
CROW_API crow_status crow_weights_refine(const crow_comm *comm, const crow_dataset *dataset,
                                         const crow_weights_options *options, double factor,
                                         crow_checkpoint *checkpoint, crow_weights *weights, bool *more);
/** Finished weights as a state ("finished_weights") of a checkpoint being written. Collective. */
CROW_API crow_status crow_weights_save(crow_checkpoint *checkpoint, const crow_weights *weights);
/** And back; `space.choice` is not kept: crow_space_choose() gives it again. Collective. */
CROW_API crow_status crow_weights_load(const crow_comm *comm, crow_checkpoint *checkpoint, crow_gidx alternatives,
                                       crow_weights *out);
/** Bytes that a rank needs to sample weights of m alternatives of d dimensions in this many slices; Local. `single`:
 * contexts are stored as 32-bit floats; `batches`: hits are kept by batch. What it keeps of its share of the result is
 * not in it. */
CROW_API int64_t crow_weights_rank_bytes(crow_gidx alternatives, crow_gidx dimensions, bool single, bool batches,
                                         int slices);
/** Bytes that a rank needs at most for weights by these options on `ranks` ranks in `slices` slices: of sampled Voronoi
 * weights crow_weights_rank_bytes(), of exact ones 96 m on rank 0, with prompts twice its share of the contexts and one
 * prompt's search; what S takes (crow_space_rank_bytes()); what k-means takes. Local. */
CROW_API double crow_weights_need_bytes(const crow_dataset *dataset, const crow_weights_options *options, int ranks,
                                        int slices);
/** Refuses weights that would not fit into memory (CROW_FAILED, with the numbers and the ways out), before any work.
 * Collective; options agree. */
CROW_API crow_status crow_weights_check_memory(const crow_comm *comm, const crow_dataset *dataset,
                                               const crow_weights_options *options);
/** Sets `share` to the sums of the weights within the dataset's prompts, `prompt` and `prompts`; NULL and 0 where there
 * are fewer than two. After
 * crow_weights_read(), crow_weights_load() and whatever changes weights. Collective. */
CROW_API crow_status crow_weights_find_shares(const crow_comm *comm, const crow_dataset *dataset,
                                              crow_weights *weights);
/** By how much the batches of draws `first` .. `first + batches` differ, `relative` (batches, count), of
 * CROW_HIT_BATCHES: with row b all weights w(x) become
 * w(x) (1 + relative(b, x)), and still sum to 1. With T hits in a prompt, T_b of them in batch b, and n and n_b of
 * alternative x, row b is the change that gives batch b in the place of nothing, T_b / T (n_b / T_b - n / T), divided
 * by w(x) and multiplied by 1 / sqrt(1 - sum (T_b / T)^2). Sums over b of products of two alternatives' entries
 * estimate the covariances of the weights, and those of whatever depends on them linearly: it is the jackknife that
 * deletes one batch at a time. All 0 where a weight is exact or 0. `*known` is false, and nothing is filled, if hits by
 * batch were not kept or there was but one draw. Collective. */
CROW_API crow_status crow_weights_changes(const crow_comm *comm, const crow_weights *weights, int64_t first,
                                          int64_t batches, double *relative, bool *known);
/** w = 1/m for all. Local work, but every rank calls it. */
CROW_API crow_status crow_weights_uniform(const crow_comm *comm, crow_gidx alternatives, crow_weights *out);
/** Reads a weights file made for this dataset: as many weights as alternatives (`dataset->alternatives`), >= 0, with
 * the dataset's ids where both have ids; they are normalised to sum 1. CROW_BAD_INPUT names the first row whose id
 * differs. Collective. */
CROW_API crow_status crow_weights_read(const crow_comm *comm, const char *path, const crow_dataset *dataset,
                                       crow_weights *out);
/** Writes a weights file: /weights/..., ids and topics of the dataset, provenance. Collective. */
CROW_API crow_status crow_weights_write(const crow_comm *comm, const char *path, bool overwrite,
                                        const crow_weights *weights, const crow_weights_options *options,
                                        const crow_dataset *dataset, const crow_provenance *provenance);
/** Local. Frees and zeroes. */
CROW_API void crow_weights_free(crow_weights *weights);
/** The space as part of a file of weights or rewards: attributes space, space_reason, clone_robust, space_center,
 * center_rounds, center_change, and /space/center; nothing where there is none. Collective. */
CROW_API crow_status crow_weights_space_write(const crow_comm *comm, crow_file *file, const crow_weights_space *space);
/** Reads them again; free with crow_weights_space_free(). Collective. */
CROW_API crow_status crow_weights_space_read(const crow_comm *comm, const crow_file *file, crow_weights_space *out);
/** A copy with a centre of its own; free with crow_weights_space_free(). Collective. */
CROW_API crow_status crow_weights_space_copy(const crow_comm *comm, const crow_weights_space *from,
                                             crow_weights_space *out);
/** What weights did, `effect` (the same on all ranks), as /effect/words of such a file; nothing if empty. Collective.
 */
CROW_API crow_status crow_weights_effect_write(const crow_comm *comm, crow_file *file, const crow_strings *effect);
/** Local. Frees and zeroes. */
CROW_API void crow_weights_space_free(crow_weights_space *space);

#ifdef __cplusplus
}
#endif
#endif
