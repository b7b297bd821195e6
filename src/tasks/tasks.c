/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks that groups of ranks work on side by side. */
#include "tasks/rank_groups_impl.h"
#include <math.h>

/* Groups work by themselves for at most this long, so that the error of one ends all soon. */
#define MEETING_S 1.0
/* Steps between two looks at the clock take about this long. */
#define LOOK_S 0.05
#define MOST_STRIDE 64

/* The place of this group's next task in the list. */
static int64_t tasks_place(const crow_tasks *t) { return t->groups->index + t->ended * t->groups->count; }

int64_t crow_tasks_current(const crow_tasks *t) { return t->begun ? t->todo[tasks_place(t)] : -1; }

int64_t crow_tasks_stride(double step_s) {
  return step_s * MOST_STRIDE <= LOOK_S ? MOST_STRIDE : (int64_t)fmax(1, LOOK_S / step_s);
}

/* Whether the group's time is over, or a signal came to any of its ranks, and how many steps to take before the next
 * look; the same on all its ranks. */
static crow_status tasks_look(crow_tasks *t, double until, double step_s, bool *over) {
  double found[2] = {crow_stop_requested() ? (double)INFINITY : crow_time_s() - until, step_s};
  CROW_NEED(crow_comm_max_f64(t->groups->mine, found, 2));
  *over = found[0] >= 0;
  t->stride = crow_tasks_stride(found[1]);
  return CROW_OK;
}

/* Some steps of the group's current task. Collective over the group. */
static crow_status advance(crow_tasks *t, int64_t *steps) {
  bool done = false;
  *steps = 0;
  if (!t->begun) CROW_NEED(t->kind->begin(t->context, t->todo[tasks_place(t)]));
  t->begun = true;
  while (!done && *steps < t->stride) {
    CROW_NEED(t->kind->step(t->context, t->ended - t->given[t->groups->index], &done));
    (*steps)++;
  }
  if (done) {
    t->begun = false;
    t->ended++;
  }
  return CROW_OK;
}

/* What a group does between two meetings. Collective over the group. */
static crow_status tasks_work(crow_tasks *t, double seconds) {
  const double until = crow_time_s() + seconds;
  int64_t steps = 0;
  for (bool over = false; !over && tasks_place(t) < t->count && t->ended - t->given[t->groups->index] < t->slots;) {
    const double start_s = crow_time_s();
    CROW_NEED(advance(t, &steps));
    CROW_NEED(tasks_look(t, until, (crow_time_s() - start_s) / (double)steps, &over));
  }
  return CROW_OK;
}

/* Results of all groups since the last meeting. */
static crow_status tasks_deliver(crow_tasks *t, int64_t *ended) {
  const crow_rank_groups *g = t->groups;
  CROW_NEED(crow_comm_gather(g->all, &t->ended, ended, (int64_t)sizeof *ended));
  for (int group = 0; group < g->count; group++) {
    const int64_t until = ended[crow_rank_groups_first(g, group)], from = t->given[group];
    for (int64_t k = from; k < until; k++) {
      CROW_NEED(t->kind->deliver(t->context, t->todo[group + k * g->count], group, k - from));
      t->delivered++;
    }
    t->given[group] = until;
  }
  crow_progress_update(&t->progress, (double)(t->total - t->count + t->delivered));
  return CROW_OK;
}

static crow_status tasks_save(crow_tasks *t) {
  crow_status status = CROW_OK;
  CROW_TRY(crow_checkpoint_begin(t->checkpoint));
  CROW_TRY(t->kind->save(t->context, t));
  CROW_TRY(crow_checkpoint_end(t->checkpoint));
cleanup:
  if (status != CROW_OK) status = crow_checkpoint_abandon(t->checkpoint, status);
  return status;
}

static crow_status tasks_meet(crow_tasks *t, crow_status worked, int64_t *ended) {
  crow_status status = CROW_OK;
  bool due = false, stop = false;
  if (worked == CROW_STOPPED) t->begun = false; /* what was cut short is begun again by whoever goes on */
  const crow_status met = crow_comm_agree(t->groups->all, worked);
  if (met != CROW_STOPPED || !t->checkpoint) CROW_TRY(met);
  CROW_TRY(tasks_deliver(t, ended));
  if (!t->checkpoint || t->delivered == t->count) goto cleanup;
  CROW_TRY(crow_checkpoint_due(t->checkpoint, &due, &stop));
  if (due) CROW_TRY(tasks_save(t));
  if (stop) CROW_TRY(crow_error(CROW_STOPPED, "%s", t->kind->stopped));
  status = met;
cleanup:
  return status;
}

crow_status crow_tasks_run(crow_tasks *t) {
  crow_status status = CROW_OK;
  const crow_comm *all = t->groups->all;
  const double interval = t->checkpoint ? crow_checkpoint_interval(t->checkpoint) : MEETING_S;
  int64_t *ended = NULL;
  t->stride = 1;
  CROW_TRY_AGREE(all, CROW_ALLOCATE(&t->given, t->groups->count));
  CROW_TRY_AGREE(all, CROW_ALLOCATE(&ended, crow_comm_size(all)));
  crow_progress_begin(&t->progress, t->name, t->unit, (double)t->total);
  while (t->delivered < t->count) {
    /* A group that fails leaves its work, and its ranks wait here for the others, which come within a second or one
     * step: no group can be left alone. */
    const crow_status worked = tasks_work(t, fmin(MEETING_S, interval));
    CROW_TRY(tasks_meet(t, worked, ended));
  }
cleanup:
  crow_free(t->given);
  t->given = NULL;
  crow_free(ended);
  return status;
}
