/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks that groups of ranks share out: each is done once, in as many steps as it takes, and delivered to all; runs
 * that save, stop and fail. The tasks count their steps. */
#include "harness.h"

#include "tasks/rank_groups_impl.h"

enum { TASKS = 11, SLOTS = 2, STEPS = 3 };

typedef struct counted {
  const crow_rank_groups *groups;
  int64_t current, steps, result[SLOTS]; /* of this rank's group */
  int64_t taken;                         /* steps in all */
  int delivered[2 * TASKS], saves;
  int64_t last;               /* the latest task of every group in the order of delivery */
  int64_t stops_at, fails_at; /* tasks in whose second step that happens; -1: none */
  bool cut;                   /* whether that step of `stops_at` ends at once, without a result */
  int64_t known_at_save, current_at_save;
} counted;

static crow_status begin_task(void *context, int64_t task) {
  counted *c = context;
  CHECK(c->steps == 0);
  c->current = task;
  return CROW_OK;
}

static crow_status step_task(void *context, int64_t slot, bool *done) {
  counted *c = context;
  c->steps++;
  c->taken++;
  if (c->steps == 2 && c->current == c->stops_at) crow_stop_request(10);
  if (c->cut && c->steps == 2 && c->current == c->stops_at) return crow_error(CROW_STOPPED, "cut short");
  if (c->steps == 2 && c->current == c->fails_at) return crow_error(CROW_FAILED, "task %d fails", (int)c->current);
  *done = c->steps == STEPS;
  if (!*done) return CROW_OK;
  CHECK(slot >= 0 && slot < SLOTS);
  c->result[slot] = 100 * c->current + c->steps;
  c->steps = 0;
  return CROW_OK;
}

static crow_status deliver_task(void *context, int64_t task, int group, int64_t slot) {
  counted *c = context;
  CHECK(slot >= 0 && slot < SLOTS && group >= 0 && group < c->groups->count);
  int64_t value = group == c->groups->index ? c->result[slot] : -1;
  CHECK_OK(crow_comm_broadcast(test_comm, &value, sizeof value, crow_rank_groups_first(c->groups, group)));
  CHECK(value == 100 * task + STEPS);
  c->delivered[task]++;
  return CROW_OK;
}

static crow_status save_tasks(void *context, const crow_tasks *tasks) {
  counted *c = context;
  const double known = (double)tasks->delivered;
  c->saves++;
  c->known_at_save = tasks->delivered;
  c->current_at_save = crow_tasks_current(tasks);
  return crow_checkpoint_put_scalars(tasks->checkpoint, "tasks", 1, &known);
}

static const crow_task_kind kind = {.stopped = "stopped in the middle",
                                    .begin = begin_task,
                                    .step = step_task,
                                    .deliver = deliver_task,
                                    .save = save_tasks};

static crow_rank_groups groups_of(int count) {
  crow_rank_groups g = {.all = test_comm, .count = count};
  const crow_partition shares = crow_partition_make(crow_comm_size(test_comm), 1, count, 0);
  g.index = crow_partition_owner(&shares, crow_comm_rank(test_comm));
  CHECK_OK(crow_comm_split(test_comm, g.index, crow_comm_rank(test_comm), &g.own));
  g.mine = g.own;
  return g;
}

static crow_checkpoint *open_checkpoint(bool there) {
  static const crow_checkpoint_options often = {NULL, 0, 0, false};
  crow_checkpoint *checkpoint = NULL;
  bool found = false;
  CHECK_OK(crow_checkpoint_create(test_comm, &often, test_path("tasks.h5"), &checkpoint));
  CHECK_OK(crow_checkpoint_match(checkpoint, "seed", "%d", 1));
  CHECK_OK(crow_checkpoint_find(checkpoint, &found));
  CHECK(found == there);
  return checkpoint;
}

static crow_status run_tasks(counted *c, const crow_rank_groups *groups, crow_checkpoint *checkpoint,
                             const int64_t *todo, int64_t count) {
  c->groups = groups;
  crow_tasks tasks = {.groups = groups,
                      .kind = &kind,
                      .context = c,
                      .checkpoint = checkpoint,
                      .todo = todo,
                      .count = count,
                      .slots = SLOTS,
                      .name = "test",
                      .unit = "tasks",
                      .total = count};
  const crow_status status = crow_tasks_run(&tasks);
  if (status == CROW_OK) CHECK(tasks.delivered == count && crow_tasks_current(&tasks) == -1);
  return status;
}

/* Numbers are those of a list, in any order; without a checkpoint nothing is saved. */
static void every_task_is_done_once_and_delivered(void) {
  int64_t todo[TASKS];
  for (int64_t k = 0; k < TASKS; k++) todo[k] = (k * 7 + 3) % (2 * TASKS);
  for (int count = 1; count <= crow_comm_size(test_comm); count++) {
    for (int kept = 0; kept <= 1; kept++) {
      crow_rank_groups groups = groups_of(count);
      crow_checkpoint *checkpoint = kept ? open_checkpoint(false) : NULL;
      counted c = {.stops_at = -1, .fails_at = -1};
      CHECK_OK(run_tasks(&c, &groups, checkpoint, todo, TASKS));
      int sum = 0;
      for (int64_t k = 0; k < TASKS; k++) CHECK(c.delivered[todo[k]] == 1);
      for (int64_t k = 0; k < 2 * TASKS; k++) sum += c.delivered[k];
      CHECK(sum == TASKS);
      /* Each group takes its share of the steps and no more. */
      CHECK(c.taken == STEPS * ((TASKS - groups.index + count - 1) / count));
      /* With an interval of 0 every meeting saves but the last, when there is nothing left to save. */
      CHECK(kept ? c.saves >= 1 && c.known_at_save < TASKS : c.saves == 0);
      if (kept) CHECK_OK(crow_checkpoint_remove(checkpoint));
      crow_checkpoint_destroy(&checkpoint);
      crow_rank_groups_free(&groups);
    }
  }
}

/* A stop is heard between two steps, what is delivered is saved, and the message is the kind's. */
static void a_stop_saves_what_is_delivered(void) {
  int64_t todo[TASKS];
  for (int64_t k = 0; k < TASKS; k++) todo[k] = k;
  for (int count = 1; count <= crow_comm_size(test_comm); count++) {
    crow_rank_groups groups = groups_of(count);
    crow_checkpoint *checkpoint = open_checkpoint(false);
    counted c = {.stops_at = 4, .fails_at = -1};
    CHECK_STATUS(run_tasks(&c, &groups, checkpoint, todo, TASKS), CROW_STOPPED);
    CHECK_MESSAGE("stopped in the middle");
    int64_t delivered = 0;
    for (int64_t k = 0; k < TASKS; k++) delivered += c.delivered[k];
    CHECK(c.saves >= 1 && c.known_at_save == delivered && delivered < TASKS);
    /* The task that was under way may have ended before the clock was looked at. */
    const bool cut = delivered == 4 && c.current_at_save == 4, ended = delivered == 5 && c.current_at_save == -1;
    CHECK(count > 1 || cut || ended);
    crow_stop_clear();
    crow_checkpoint_destroy(&checkpoint);
    checkpoint = open_checkpoint(true); /* what was put in is there */
    double known = -1;
    CHECK_OK(crow_checkpoint_get_scalars(checkpoint, "tasks", 1, &known));
    CHECK(known == (double)delivered);
    CHECK_OK(crow_checkpoint_remove(checkpoint));
    crow_checkpoint_destroy(&checkpoint);
    crow_rank_groups_free(&groups);
  }
}

/* What was cut short in the middle of a step is not gone on with: it is begun again. */
static void a_task_that_is_cut_short_is_not_saved(void) {
  int64_t todo[TASKS];
  for (int64_t k = 0; k < TASKS; k++) todo[k] = k;
  for (int count = 1; count <= crow_comm_size(test_comm); count++) {
    crow_rank_groups groups = groups_of(count);
    crow_checkpoint *checkpoint = open_checkpoint(false);
    counted c = {.stops_at = 4, .fails_at = -1, .cut = true};
    CHECK_STATUS(run_tasks(&c, &groups, checkpoint, todo, TASKS), CROW_STOPPED);
    CHECK_MESSAGE("stopped in the middle");
    crow_stop_clear();
    CHECK(c.saves >= 1 && c.delivered[4] == 0);
    if (groups.index == 4 % count) CHECK(c.current == 4 && c.current_at_save == -1);
    CHECK_OK(crow_checkpoint_remove(checkpoint));
    crow_checkpoint_destroy(&checkpoint);
    crow_rank_groups_free(&groups);
  }
}

static void an_error_of_one_group_ends_all(void) {
  int64_t todo[TASKS];
  for (int64_t k = 0; k < TASKS; k++) todo[k] = k;
  for (int count = 1; count <= crow_comm_size(test_comm); count++) {
    crow_rank_groups groups = groups_of(count);
    counted c = {.stops_at = -1, .fails_at = 5};
    CHECK_STATUS(run_tasks(&c, &groups, NULL, todo, TASKS), CROW_FAILED);
    CHECK_MESSAGE("task 5 fails");
    CHECK(c.delivered[5] == 0);
    crow_rank_groups_free(&groups);
  }
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {{"every task is done once and delivered", every_task_is_done_once_and_delivered},
                                    {"a stop saves what is delivered", a_stop_saves_what_is_delivered},
                                    {"a task that is cut short is not saved", a_task_that_is_cut_short_is_not_saved},
                                    {"an error of one group ends all", an_error_of_one_group_ends_all},
                                    {NULL, NULL}};
  return crow_test_main(argc, argv, "tasks", tests, true);
}
