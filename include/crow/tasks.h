/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 * Groups of ranks that work side by side on tasks which do not need each other: the members of an ensemble, the
 * replicates of a bootstrap. Every group has a copy of the data, in slices over its own ranks. Results have the same
 * bits for any number of groups.
 */
#ifndef CROW_TASKS_H
#define CROW_TASKS_H

#include <crow/comm.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct crow_rank_groups_options {
  int64_t groups; /**< how many groups; default 0: as many as there are ranks, tasks and memory for, or fewer if they
                       take no more turns */
  double memory_per_rank; /**< bytes that a rank may use; 0: what the machine, the cgroup or Slurm allows. Has no
                             setting of its own: the command line takes that of the weights. */
} crow_rank_groups_options;
extern CROW_API const crow_setting crow_rank_groups_settings[];

#ifdef __cplusplus
}
#endif
#endif
