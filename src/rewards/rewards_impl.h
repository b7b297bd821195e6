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
/* The result of a tabular fit as a state ("rewards") of a checkpoint being written, beside its trace and apart from its
 * weights; and back, into rewards that have been allocated. Collective. */
crow_status crow_rewards_save(crow_checkpoint *checkpoint, const crow_rewards *rewards);
crow_status crow_rewards_load(const crow_comm *comm, crow_checkpoint *checkpoint, crow_rewards *out);

#endif
