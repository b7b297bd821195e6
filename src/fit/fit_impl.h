/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CROW_FIT_IMPL_H
#define CROW_FIT_IMPL_H

#include <crow/fit.h>

/* Writes /original/... if the dataset's alternatives are groups of others. Collective. */
crow_status crow_rewards_write_original(const crow_comm *comm, crow_file *file, const crow_rewards *rewards,
                                        const crow_dataset *dataset);

#endif
