/* SPDX-License-Identifier: Apache-2.0 */
/* From a dataset to its meta-alternatives. */
#include "preference/pool_impl.h"
#include <string.h>

#define AT(field) offsetof(crow_cluster_options, field)
const crow_setting crow_cluster_settings[] = {
    {"clusters", CROW_SETTING_INT, AT(clusters), 0, NULL, 0, INT32_MAX, NULL,
     "number K of groups by k-means; 0: single linkage under --radius"},
    {"radius", CROW_SETTING_DOUBLE, AT(radius), 0, NULL, 0, 1e300, NULL,
     "join alternatives whose contexts are at most this far apart; 0: where the sorted distances to the nearest "
     "other alternative jump most"},
    CROW_SETTING("starts", INT, crow_cluster_options, starts, .value = 10, .minimum = 1, .maximum = 1e6,
                 .help = "how often k-means begins anew from other centres; the result of least inertia is taken"),
    {"max-iterations", CROW_SETTING_INT, AT(max_iterations), 300, NULL, 1, 1e9, NULL, "iterations of k-means at most"},
    {"seed", CROW_SETTING_INT, AT(seed), 1, NULL, 0, 9e15, NULL, "seed of the centres that k-means begins with"},
    {"memory-per-rank", CROW_SETTING_DOUBLE, AT(memory_per_rank), 0, NULL, 0, 1e18, NULL,
     "bytes that a rank may use; groups that need more are refused before the work; 0: what the machine, its cgroup or "
     "Slurm allows"},
    {NULL, CROW_SETTING_BOOL, 0, 0, NULL, 0, 0, NULL, NULL},
};

crow_status crow_cluster_options_validate(const crow_cluster_options *options) {
  CROW_NEED(crow_settings_validate(crow_cluster_settings, options));
  if (options->clusters > 0 && options->radius > 0) {
    return crow_error(CROW_USAGE, "--clusters and --radius: expected one of them");
  }
  return CROW_OK;
}

static crow_status make_groups(const crow_comm *comm, const crow_dataset *dataset, const crow_cluster_options *options,
                               crow_groups *groups, double *radius) {
  *radius = options->radius;
  if (options->clusters > 0) {
    return crow_groups_by_kmeans(comm, dataset, options->clusters, options->starts, options->max_iterations,
                                 (uint64_t)options->seed, groups);
  }
  if (*radius == 0) {
    double jump = 1;
    CROW_NEED(crow_radius_suggest(comm, dataset, radius, &jump));
    crow_log(
        CROW_LOG_NOTICE,
        "cluster: radius %.6g from the distances of nearest neighbours (beyond it the next is %.3g times as large)",
        *radius, jump);
  }
  return crow_groups_by_radius(comm, dataset, *radius, groups);
}

/* Members and first member of each group. Local. */
static crow_status count_members(const crow_groups *groups, crow_pool *pool) {
  CROW_NEED(CROW_ALLOCATE_EACH(groups->groups, &pool->size, &pool->first));
  for (crow_gidx i = groups->alternatives - 1; i >= 0; i--) {
    pool->size[groups->group[i]]++;
    pool->first[groups->group[i]] = i;
  }
  return CROW_OK;
}

static crow_status check_groups(const crow_dataset *dataset, const crow_groups *groups) {
  if (groups->groups > 1) return CROW_OK;
  return crow_error(CROW_BAD_INPUT, "%s: all %lld alternatives are in one group: ask for smaller groups",
                    crow_file_name(dataset->file), (long long)groups->alternatives);
}

static void summarise(const crow_pool *pool, crow_cluster_summary *summary) {
  const crow_groups *groups = pool->groups;
  summary->alternatives = groups->alternatives;
  summary->groups = groups->groups;
  summary->comparisons = pool->dataset->comparisons;
  summary->iterations = groups->iterations;
  summary->converged = groups->converged;
  summary->inertia = groups->inertia;
  for (crow_gidx g = 0; g < groups->groups; g++) {
    summary->singles += pool->size[g] == 1;
    if (pool->size[g] > summary->largest) summary->largest = pool->size[g];
  }
}

/* What is written when the groups are found. */
typedef struct pooled {
  crow_pool *pool;
  const crow_provenance *provenance;
  crow_cluster_summary *summary;
} pooled;

static crow_status write_pool(void *context, const char *path, bool overwrite) {
  crow_status status = CROW_OK;
  const pooled *what = context;
  crow_pool *pool = what->pool;
  CROW_TRY(crow_file_create(pool->comm, path, "dataset", overwrite, &pool->file));
  CROW_TRY(crow_pool_alternatives(pool));
  CROW_TRY(crow_pool_preferences(pool, &what->summary->dropped));
  if (what->provenance) CROW_TRY(crow_provenance_write(what->provenance, pool->file));
  CROW_TRY(crow_file_finish(&pool->file));
cleanup:
  crow_file_close(&pool->file);
  return status;
}

crow_status crow_cluster_run(const crow_comm *comm, const crow_dataset *dataset, const crow_cluster_options *options,
                             const char *output, bool overwrite, const crow_provenance *provenance,
                             crow_cluster_summary *summary) {
  crow_status status = CROW_OK;
  crow_groups groups = {0};
  crow_pool pool = {.comm = comm, .dataset = dataset, .groups = &groups};
  *summary = (crow_cluster_summary){0};
  CROW_TRY(crow_cluster_options_validate(options));
  CROW_TRY(crow_output_check(comm, output, overwrite));
  CROW_TRY(crow_cluster_check_memory(comm, dataset, options->clusters, options->clusters, options->memory_per_rank));
  CROW_TRY(make_groups(comm, dataset, options, &groups, &summary->radius));
  CROW_TRY(crow_cluster_check_memory(comm, dataset, options->clusters, groups.groups, options->memory_per_rank));
  CROW_TRY_AGREE(comm, count_members(&groups, &pool));
  CROW_TRY(check_groups(dataset, &groups));
  CROW_TRY(crow_result_save(comm, output, overwrite, write_pool, &(pooled){&pool, provenance, summary}));
  summarise(&pool, summary);
cleanup:
  CROW_FREE(pool.size, pool.first);
  crow_groups_free(&groups);
  return status;
}
