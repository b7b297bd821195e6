/* SPDX-License-Identifier: Apache-2.0 */
/* How many groups of ranks there are, and which ranks are in which. */
#include "tasks/rank_groups_impl.h"
#include <string.h>

const crow_setting crow_rank_groups_settings[] = {
    CROW_SETTING("groups", INT, crow_rank_groups_options, groups, .maximum = 1e6,
                 .help = "groups of ranks that work side by side on members of an ensemble or bootstrap replicates, "
                         "each with a copy of the data; changes no result. 0: as many as there are ranks, tasks and "
                         "memory for, or fewer where these take no longer"),
    {.name = NULL}};

/* The smallest group has the largest slices. */
static double bytes_for(const crow_rank_groups_plan *plan, int ranks, int64_t groups) {
  return plan->bytes(plan->context, (int)(ranks / groups));
}

/* The most groups that fit, and then the fewest that take no more turns: 6 ranks do 4 tasks on 4 groups, 16 ranks do 20
 * tasks in two turns of 10 groups. */
static int64_t rank_groups_choose(const crow_rank_groups_plan *plan, int ranks, double limit) {
  int64_t groups = plan->count < ranks ? plan->count : ranks;
  while (groups > 1 && bytes_for(plan, ranks, groups) > limit) groups--;
  const int64_t turns = (plan->count + groups - 1) / groups;
  return (plan->count + turns - 1) / turns;
}

static crow_status rank_groups_decide(const crow_rank_groups_options *options, const crow_rank_groups_plan *plan,
                                      int ranks, double limit, int *out) {
  int64_t groups = options->groups;
  if (groups > ranks) {
    return crow_error(CROW_USAGE, "groups %lld: expected at most one group for each of the %d rank%s",
                      (long long)groups, ranks, crow_plural(ranks));
  }
  if (groups > plan->count) groups = plan->count;
  if (groups == 0) groups = rank_groups_choose(plan, ranks, limit);
  if (options->groups > 1 && bytes_for(plan, ranks, groups) > limit) {
    return crow_error(CROW_FAILED,
                      "--groups %lld: a rank needs %.3g GB for its group's copy of the data, but may use %.3g GB: use "
                      "fewer groups or more ranks, or raise --memory-per-rank",
                      (long long)groups, bytes_for(plan, ranks, groups) / 1e9, limit / 1e9);
  }
  *out = (int)groups;
  return CROW_OK;
}

static void rank_groups_log_choice(const crow_rank_groups_plan *plan, int ranks, int groups) {
  const int64_t turns = (plan->count + groups - 1) / groups;
  const int least = ranks / groups, most = (ranks + groups - 1) / groups;
  char size[64];
  if (ranks == 1) return;
  if (groups == 1) {
    crow_log(CROW_LOG_INFO, "groups: one, all %d ranks together on %lld %s, one after the other", ranks,
             (long long)plan->count, plan->tasks);
  } else {
    if (least == most) {
      (void)snprintf(size, sizeof size, "%d rank%s", least, crow_plural(least));
    } else {
      (void)snprintf(size, sizeof size, "%d or %d ranks", least, most);
    }
    crow_log(CROW_LOG_INFO,
             "groups: %d of %s, side by side on %lld %s, at most %lld each; a copy of the data takes at most "
             "%.3g GB a rank",
             groups, size, (long long)plan->count, plan->tasks, (long long)turns, bytes_for(plan, ranks, groups) / 1e9);
  }
}

crow_status crow_rank_groups_create(const crow_comm *comm, const crow_rank_groups_options *options,
                                    const crow_rank_groups_plan *plan, crow_rank_groups *out) {
  crow_status status = CROW_OK;
  const int ranks = crow_comm_size(comm);
  double limit = 0;
  *out = (crow_rank_groups){.all = comm, .mine = comm, .count = 1};
  CROW_TRY_AGREE(comm, crow_settings_validate(crow_rank_groups_settings, options));
  CROW_TRY(crow_comm_memory_limit(comm, options->memory_per_rank, &limit));
  CROW_TRY_AGREE(comm, rank_groups_decide(options, plan, ranks, limit, &out->count));
  rank_groups_log_choice(plan, ranks, out->count);
  if (out->count == 1) goto cleanup;
  const crow_partition shares = crow_partition_make(ranks, 1, out->count, 0);
  out->index = crow_partition_owner(&shares, crow_comm_rank(comm));
  CROW_TRY(crow_comm_split(comm, out->index, crow_comm_rank(comm), &out->own));
  out->mine = out->own;
cleanup:
  if (status != CROW_OK) crow_rank_groups_free(out);
  return status;
}

void crow_rank_groups_free(crow_rank_groups *groups) {
  crow_comm_destroy(&groups->own);
  memset(groups, 0, sizeof *groups);
}

int crow_rank_groups_first(const crow_rank_groups *groups, int group) {
  const crow_partition shares = crow_partition_make(crow_comm_size(groups->all), 1, groups->count, group);
  return (int)shares.begin;
}
