/* SPDX-License-Identifier: Apache-2.0 */
/* How many groups the ranks form, and which rank is where: for any number of tasks and any memory. */
#include "harness.h"

#include "tasks/rank_groups_impl.h"

/* A rank of a group of r ranks needs 1200 / r bytes. */
static double bytes_of(const void *context, int ranks) {
  (void)context;
  return 1200. / ranks;
}

static char said[512];
static void take_line(crow_log_level level, const char *line, void *context) {
  (void)level;
  (void)context;
  (void)snprintf(said, sizeof said, "%s", line);
}

static crow_status make_groups(int64_t wanted, int64_t tasks, double memory, crow_rank_groups *out) {
  const crow_rank_groups_options options = {wanted, memory};
  const crow_rank_groups_plan plan = {"tasks", tasks, bytes_of, NULL};
  said[0] = 0;
  crow_log_set(take_line, NULL);
  const crow_status status = crow_rank_groups_create(test_comm, &options, &plan, out);
  crow_log_set(NULL, NULL);
  return status;
}

/* By trying every number: the fewest turns that fit, and of these the fewest groups. */
static int64_t best_count(int64_t ranks, int64_t tasks, double memory) {
  int64_t best = 1, least = tasks;
  for (int64_t groups = 1; groups <= ranks && groups <= tasks; groups++) {
    const int64_t turns = (tasks + groups - 1) / groups;
    if (1200. / (double)(ranks / groups) > memory || turns >= least) continue;
    best = groups;
    least = turns;
  }
  return best;
}

static void as_many_groups_as_pay(void) {
  const int size = crow_comm_size(test_comm), rank = crow_comm_rank(test_comm);
  static const double memories[] = {100, 400, 600, 1200, 1e9};
  for (int64_t tasks = 1; tasks <= 6; tasks++) {
    for (int k = 0; k < 5; k++) {
      crow_rank_groups groups;
      CHECK_OK(make_groups(0, tasks, memories[k], &groups));
      CHECK(groups.count == best_count(size, tasks, memories[k]));
      CHECK(groups.index >= 0 && groups.index < groups.count);
      const int first = crow_rank_groups_first(&groups, groups.index), own = crow_comm_size(groups.mine);
      CHECK(rank >= first && rank < first + own && crow_comm_rank(groups.mine) == rank - first);
      CHECK(own == size / groups.count || own == size / groups.count + 1);
      CHECK((groups.count == 1) == (groups.mine == test_comm));
      crow_rank_groups_free(&groups);
    }
  }
}

static void the_choice_is_said(void) {
  const int size = crow_comm_size(test_comm);
  static const char *const two[] = {"", "", "groups: 2 of 1 rank, side by side on 5 tasks, at most 3 each",
                                    "groups: 2 of 1 or 2 ranks, side by side on 5 tasks, at most 3 each",
                                    "groups: 2 of 2 ranks, side by side on 5 tasks, at most 3 each"};
  crow_rank_groups groups;
  CHECK_OK(make_groups(0, 5, 1e9, &groups));
  if (crow_comm_rank(test_comm) == 0) CHECK((said[0] == 0) == (size == 1)); /* of one rank there is nothing to say */
  crow_rank_groups_free(&groups);
  CHECK(!groups.all && !groups.mine && !groups.own && groups.count == 0 && groups.index == 0);
  if (size < 2 || size > 4) return;
  CHECK_OK(make_groups(2, 5, 1e9, &groups));
  CHECK(groups.count == 2);
  if (crow_comm_rank(test_comm) == 0) CHECK(strstr(said, two[size]) != NULL);
  crow_rank_groups_free(&groups);
  CHECK_OK(make_groups(1, 5, 1e9, &groups));
  CHECK(groups.count == 1);
  if (crow_comm_rank(test_comm) == 0) CHECK(strstr(said, "ranks together on 5 tasks, one after the other") != NULL);
  crow_rank_groups_free(&groups);
}

static void what_cannot_be_is_refused(void) {
  const int size = crow_comm_size(test_comm);
  crow_rank_groups groups;
  CHECK_STATUS(make_groups(size + 1, 100, 1e9, &groups), CROW_USAGE);
  CHECK_MESSAGE("at most one group for each");
  CHECK_STATUS(make_groups(-1, 100, 1e9, &groups), CROW_USAGE);
  if (size < 2) return;
  CHECK_STATUS(make_groups(size, 100, 1199, &groups), CROW_FAILED);
  CHECK_MESSAGE("use fewer groups or more ranks");
  CHECK_OK(make_groups(size, 100, 1200, &groups));
  CHECK(groups.count == size);
  crow_rank_groups_free(&groups);
  CHECK_OK(make_groups(size, size - 1, 1200, &groups)); /* never more than there are tasks */
  CHECK(groups.count == size - 1);
  crow_rank_groups_free(&groups);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {{"as many groups as pay", as_many_groups_as_pay},
                                    {"the choice is said", the_choice_is_said},
                                    {"what cannot be is refused", what_cannot_be_is_refused},
                                    {NULL, NULL}};
  return crow_test_main(argc, argv, "groups of ranks", tests, true);
}
