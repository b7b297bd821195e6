/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of ranks and the tasks they share out. Collective functions are so over all ranks unless they say over the
 * group. */
#ifndef CROW_RANK_GROUPS_IMPL_H
#define CROW_RANK_GROUPS_IMPL_H

#include <crow/checkpoint.h>
#include <crow/preference.h>
#include <crow/tasks.h>

typedef struct crow_rank_groups {
  const crow_comm *all;  /* borrowed */
  const crow_comm *mine; /* this rank's group: `own`, or `all` where there is only one */
  crow_comm *own;
  int count, index; /* groups; which of them is this rank's */
} crow_rank_groups;

/* What the groups are made for. */
typedef struct crow_rank_groups_plan {
  const char *tasks; /* "members", "replicates" */
  int64_t count;     /* of tasks */
  /* Bytes that a rank of a group of `ranks` needs for it. */
  double (*bytes)(const void *context, int ranks);
  const void *context;
} crow_rank_groups_plan;

/* Splits the ranks, as the options say or as suits the plan: CROW_USAGE for more groups than ranks, CROW_FAILED if
 * what is asked for does not fit the memory. Logs the choice. Collective. */
crow_status crow_rank_groups_create(const crow_comm *comm, const crow_rank_groups_options *options,
                                    const crow_rank_groups_plan *plan, crow_rank_groups *out);
void crow_rank_groups_free(crow_rank_groups *groups);
/* The first rank of a group. Local. */
int crow_rank_groups_first(const crow_rank_groups *groups, int group);

/* ---- the groups' copies of the data: rank_groups_data.c ------------------------------------------------------------
 */

/* The group's slices of a vector that all ranks have in slices of `from`; `to` is a partition over the group. */
crow_status crow_rank_groups_vector(const crow_rank_groups *groups, const crow_partition *from, const void *slice,
                                    const crow_partition *to, void *out, size_t element_bytes);
/* Values of weights and what was counted of them; not errors and hits. */
crow_status crow_rank_groups_weights(const crow_rank_groups *groups, const crow_weights *from, crow_weights *out);
crow_status crow_rank_groups_pairs(const crow_rank_groups *groups, const crow_pairs *from, crow_pairs *out);
/* Comparisons of `pairs`, of which the group has `to`. */
crow_status crow_rank_groups_judgements(const crow_rank_groups *groups, const crow_pairs *pairs,
                                        const crow_judgements *from, const crow_pairs *to, crow_judgements *out);

/* ---- tasks: tasks.c ------------------------------------------------------------------------------------------ */

typedef struct crow_tasks crow_tasks;

/* What a task consists of. */
typedef struct crow_task_kind {
  const char *stopped; /* the message of CROW_STOPPED */
  /* Collective over the group: begins a task; takes a step of it, which may be its last. A task that has ended leaves
   * its result in `slot`, counted from 0 after each delivery. */
  crow_status (*begin)(void *context, int64_t task);
  crow_status (*step)(void *context, int64_t slot, bool *done);
  /* Collective: a result goes from its group to all ranks. */
  crow_status (*deliver)(void *context, int64_t task, int group, int64_t slot);
  /* Collective: puts everything needed to go on into a checkpoint that has been begun. */
  crow_status (*save)(void *context, const crow_tasks *tasks);
} crow_task_kind;

/* The tasks number 0 .. count of `todo`; group g takes g, g + groups, and so on. Set the first fields, then run. */
struct crow_tasks {
  const crow_rank_groups *groups;
  const crow_task_kind *kind;
  void *context;
  crow_checkpoint *checkpoint; /* NULL: none are written */
  const int64_t *todo;
  int64_t count;
  int64_t slots; /* results that a group can hold */
  const char *name, *unit;
  int64_t total; /* of which `count` are to be done: for progress lines */
  /* Of the run: */
  int64_t delivered;      /* of all groups */
  int64_t *given;         /* (groups) delivered of each */
  int64_t ended;          /* tasks that this group has ended */
  bool begun;             /* whether its next one has begun, and taken a step */
  int64_t stride;         /* steps between two looks at the clock */
  crow_progress progress; /* of the whole */
};

/* Does them all. Groups work by themselves for about a second at a time, or for the checkpoint's interval if that is
 * less, and meet: an error of one group ends all, results are delivered, checkpoints are written. CROW_STOPPED when
 * asked to stop, with a checkpoint written. Collective. */
crow_status crow_tasks_run(crow_tasks *tasks);
/* The task that this group is in the middle of, -1 for none. Local. */
int64_t crow_tasks_current(const crow_tasks *tasks);
/* How many steps of so many seconds are taken between two looks at the clock: about 0.05 s of them, 64 at most. Local.
 */
int64_t crow_tasks_stride(double step_s);

#endif
