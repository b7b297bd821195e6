/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_impl.h"
#include "cli/print/results_impl.h"

static crow_status check_cluster(const crow_run *run) { return crow_cluster_options_validate(run->options); }

static void print_summary(crow_run *run, const crow_cluster_summary *found, bool kmeans) {
  if (kmeans) {
    crow_print(run, "k-means: %s after %lld iteration%s, inertia %.6g", found->converged ? "converged" : "stopped",
               (long long)found->iterations, crow_plural(found->iterations), found->inertia);
    crow_report_integer(run, "iterations", found->iterations);
    crow_report_bool(run, "converged", found->converged);
    crow_report_real(run, "inertia", found->inertia);
  } else {
    crow_print(run, "single linkage: radius %.6g", found->radius);
    crow_report_real(run, "radius", found->radius);
  }
  crow_print(run, "groups: %lld of %lld alternative%s, the largest of %lld, %lld of one", (long long)found->groups,
             (long long)found->alternatives, crow_plural(found->alternatives), (long long)found->largest,
             (long long)found->singles);
  if (found->groups == found->alternatives) {
    crow_print(run, "every alternative is a group of its own: the clusters change nothing");
  }
  if (found->comparisons) {
    crow_print(run, "comparisons: %lld of %lld inside groups dropped, %lld kept", (long long)found->dropped,
               (long long)found->comparisons, (long long)(found->comparisons - found->dropped));
  }
  crow_report_integer(run, "groups", found->groups);
  crow_report_integer(run, "largest_group", found->largest);
  crow_report_integer(run, "single_groups", found->singles);
  crow_report_integer(run, "comparisons_dropped", found->dropped);
}

static crow_status cluster_make(crow_run *run, const crow_dataset *dataset, crow_provenance *provenance) {
  const crow_cluster_options *options = run->options;
  crow_cluster_summary found = {0};
  CROW_NEED(crow_cluster_run(run->comm, dataset, options, run->common.output, run->common.force, provenance, &found));
  crow_stages_end(&run->stages);
  print_summary(run, &found, options->clusters > 0);
  return CROW_OK;
}

static crow_status run_cluster(crow_run *run) { return crow_results_rewrite(run, "cluster", cluster_make); }

static const crow_section sections[] = {{"Groups", crow_cluster_settings, 0}, {0}};

const crow_command crow_command_cluster = {
    .name = "cluster",
    .summary = "put groups of close alternatives in the place of their members",
    .description =
        "For data in which each response is compared once or a few times: groups the alternatives by their contexts, "
        "by k-means (--clusters) or by joining all that are within a radius (--radius), and writes a dataset of these "
        "meta-alternatives with their comparisons pooled. Comparisons inside a group are dropped and counted.\n\n"
        "The map from the original alternatives is kept in the dataset, and crow fit on it also gives every original "
        "alternative its group's reward (/original/reward).\n\n"
        "Without either option the radius comes from the distances of alternatives to their nearest others, in "
        "ascending order: the geometric mean of the two at the largest jump if that is threefold or more, else half "
        "the median.",
    .example = "crow cluster votes.h5 -o topics.h5 --clusters 20\n"
               "mpirun -n 4 crow cluster votes.h5 -o merged.h5 --radius 0.1",
    .arguments = "DATASET",
    .least_arguments = 1,
    .most_arguments = 1,
    .takes = CROW_TAKES_OUTPUT | CROW_TAKES_JSON,
    .options_bytes = sizeof(crow_cluster_options),
    .sections = sections,
    .check = check_cluster,
    .run = run_cluster,
};
