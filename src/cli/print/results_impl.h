/* SPDX-License-Identifier: Apache-2.0 */
/* What runs print about datasets, weights and rewards. All take part in the summary too. */
#ifndef CROW_CLI_RESULTS_IMPL_H
#define CROW_CLI_RESULTS_IMPL_H

#include "cli/cli_impl.h"

/* One line about what was read. Local. */
void crow_results_dataset(crow_run *run, const char *path, const crow_dataset *dataset);
/* Warns of options that the space taken, or weights that could be exact, left without effect. Of Voronoi weights.
 * Local. */
void crow_results_unused(crow_run *run, const crow_weights *weights);
/* Weights: effective number, zeros, weight by topic. Collective. */
crow_status crow_results_weights(crow_run *run, const crow_dataset *dataset, const crow_weights *weights);
/* What weights did to near-duplicates, and warnings of weights that cannot be trusted; the same words are `*kept`, for
 * the file, freed with crow_strings_free(). Collective. */
crow_status crow_results_effect(crow_run *run, const crow_dataset *dataset, const crow_weights *weights,
                                crow_strings *kept);
/* The same of what has been found. Local. */
void crow_results_effect_found(crow_run *run, const crow_weights *weights, const crow_effect *found);
/* Rewards: best and worst alternatives, topics, certificate, how the fit ended. Collective. */
crow_status crow_results_rewards(crow_run *run, const crow_dataset *dataset, const crow_rewards *rewards,
                                 double tolerance, const crow_elo_options *elo);
/* The same by the values of a column (rewards->by), for the alternatives of the table of all; `file` has their names.
 * Nothing where it was not asked for. Collective. */
crow_status crow_results_by(crow_run *run, const crow_file *file, const crow_rewards *rewards,
                            const crow_ends_rewards *all, const crow_elo_options *scale, const crow_elo *elo);
/* A line where pairs have different numbers of judgements, which do not count. Local. */
void crow_results_counts(crow_run *run, const crow_rewards *rewards, int pair_weight);
/* What intervals of ratings are: an anchored rating is a difference, whose error is another than the reward's. */
#define CROW_ELO_INTERVALS                                                                                             \
  "Elo intervals are those of the rewards, against their weighted mean; the error of a difference, such as from an "   \
  "anchor, is another"
/* How a model did on comparisons held out of its training; nothing if there were none. Local. */
void crow_results_training(crow_run *run, const crow_rewards *rewards);
/* The table of topics, with --verbose only if they do not matter: `value_name` heads the column of means, which are
 * printed with so many decimals (negative: with six digits). Collective. */
crow_status crow_results_topics(crow_run *run, const crow_topics *topics, const char *value_name, int decimals);
/* Which alternative leads and by how much, or that this is too close to call. Local. */
void crow_results_best(const crow_ends_rewards *best, char *text, size_t bytes);
/* Which topic leads and by how much, or that this is too close to call; in words, and in the summary. Local. */
void crow_results_lead(const crow_topics *topics, char *text, size_t bytes);
json_t *crow_json_lead(const crow_topics *topics);
/* What was scored, and how. Local. */
void crow_results_scores(crow_run *run, const crow_scores *scores);
/* How well rewards predict, with the calibration table. Collective. */
crow_status crow_results_evaluation(crow_run *run, const crow_evaluation *found);
/* The variance that principal components explain. Collective. */
crow_status crow_results_components(crow_run *run, const crow_pca_summary *found);
/* The end of a run that wrote a dataset: times and where it is. Collective. */
crow_status crow_results_written(crow_run *run);
/* A run that makes a dataset (--output) from another one (its argument): `make` does the work in the stage of this
 * name, ends the stage and prints what it found. Collective. */
typedef crow_status crow_results_make(crow_run *run, const crow_dataset *dataset, crow_provenance *provenance);
crow_status crow_results_rewrite(crow_run *run, const char *stage, crow_results_make *make);

/* The space that weights were made in, for the JSON summary; nothing where they were made without one. Local. */
void crow_results_space(crow_run *run, const crow_space_choice *choice);
/* The same with how its centre was found. Local. */
void crow_results_weights_space(crow_run *run, const crow_weights_space *space);

#endif
