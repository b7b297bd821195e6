/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/print/results_impl.h"

void crow_results_scores(crow_run *run, const crow_scores *scores) {
  crow_report_integer(run, "scored", scores->partition.global);
  if (scores->kind != CROW_MODEL_TABULAR) {
    crow_print(run, "scored %lld alternative%s by the model, mean of %lld member%s",
               (long long)scores->partition.global, crow_plural(scores->partition.global), (long long)scores->members,
               crow_plural(scores->members));
    crow_report_integer(run, "members", scores->members);
    return;
  }
  crow_print(run, "scored %lld alternative%s by the nearest of the dataset; %lld had several, and the first was taken",
             (long long)scores->partition.global, crow_plural(scores->partition.global), (long long)scores->tied);
  crow_print(run, "nearest %s", scores->metric);
  if (scores->unknown) {
    crow_print(run, "passed over %lld alternative%s of the dataset that were never compared",
               (long long)scores->unknown, crow_plural(scores->unknown));
  }
  crow_report_text(run, "metric", scores->on_sphere ? "sphere" : "euclidean");
  crow_report_integer(run, "tied", scores->tied);
  crow_report_integer(run, "unknown", scores->unknown);
}
