/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CROW_REWARDS_IMPL_H
#define CROW_REWARDS_IMPL_H

#include "fit/fit_impl.h"
#include "train/train_impl.h"
#include "uncertainty/bootstrap_impl.h"
#include <crow/rewards.h>

/* Writes /original/... if the dataset's alternatives are groups of others. Collective. */
crow_status crow_rewards_write_original(const crow_comm *comm, crow_file *file, const crow_rewards *rewards,
                                        const crow_dataset *dataset);
/* Copies the scales of `prompts` prompts, if there are any (NULL: none), to `out`; writes them with the prompts' names;
 * puts them into a checkpoint being written, and takes them back. Collective. */
crow_status crow_rewards_keep_prompt_scale(const crow_comm *comm, const double *scale, crow_gidx prompts,
                                           crow_rewards *out);
crow_status crow_rewards_write_prompts(const crow_comm *comm, crow_file *file, const crow_rewards *rewards,
                                       const crow_dataset *dataset);
crow_status crow_rewards_save_prompts(crow_checkpoint *checkpoint, const crow_rewards *rewards);
crow_status crow_rewards_load_prompts(const crow_comm *comm, crow_checkpoint *checkpoint, crow_gidx prompts,
                                      crow_rewards *out);
/* For an objective of pairs (`paired`) or complete preferences of the dataset: nothing where hits by batch were not
 * kept. `batches` is CROW_HIT_BATCHES, or fewer (0: none) to try what one costs. Collective. Freeing is Local. */
crow_status crow_sampling_error_find(const crow_comm *comm, const crow_dataset *dataset, const crow_weights *weights,
                                     bool paired, int64_t batches, crow_objective *objective, const double *reward,
                                     crow_sampling_error *out);
/* The same for fitted rewards, of preferences that are read again; it is timed as their stage "sampling error".
 * Collective. */
crow_status crow_sampling_error_add(const crow_comm *comm, const crow_dataset *dataset, const crow_weights *weights,
                                    const crow_train_options *options, int64_t batches, crow_rewards *rewards);
void crow_sampling_error_free(crow_sampling_error *error);
/* As a state ("sampling_error") of a checkpoint being written, and back, where there is one. Collective. */
crow_status crow_sampling_error_save(crow_checkpoint *checkpoint, const crow_partition *p,
                                     const crow_sampling_error *error);
crow_status crow_sampling_error_load(const crow_comm *comm, crow_checkpoint *checkpoint, const crow_partition *p,
                                     crow_sampling_error *out);
/* by.c, by_file.c: room for the rewards of `values` values, and writing them; nothing where there are none. Local;
 * Collective. */
crow_status crow_rewards_by_allocate(crow_rewards_by *by, int64_t values, int64_t count, bool errors, bool intervals);
crow_status crow_rewards_by_write(const crow_comm *comm, crow_file *file, const crow_partition *partition,
                                  const crow_rewards_by *by);
/* What crow_rewards_save() saved, into rewards that have been allocated. Collective. */
crow_status crow_rewards_load(const crow_comm *comm, crow_checkpoint *checkpoint, crow_rewards *out);

#endif
