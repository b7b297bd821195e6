/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/print/results_impl.h"
#include "cli/table_impl.h"

/* Components that are printed, and the last; all are in the summary. */
enum { SHOWN = 20 };

static double components_share_of(const crow_pca_summary *found, double variance) {
  return found->total > 0 ? variance / found->total : 0;
}

crow_status crow_results_components(crow_run *run, const crow_pca_summary *found) {
  crow_table table = {0};
  double sum = 0;
  json_t *list = json_array();
  crow_table_add_columns(&table, "component|variance|share|together");
  for (int64_t k = 0; k < found->components; k++) {
    sum += found->variance[k];
    (void)json_array_append_new(list, crow_json_real(components_share_of(found, found->variance[k])));
    if (k >= SHOWN && k + 1 < found->components) continue;
    crow_table_add(&table, "%lld", (long long)(k + 1));
    crow_table_add_real(&table, -1, found->variance[k]);
    crow_table_add_real(&table, 4, components_share_of(found, found->variance[k]));
    crow_table_add_real(&table, 4, components_share_of(found, sum));
  }
  const crow_pca_options *options = run->options;
  crow_print(run, "\nVariance explained%s%s, of %.6g in %lld dimension%s", options->basis ? " of " : "",
             options->basis ? options->basis : "", found->total, (long long)found->dimensions,
             crow_plural(found->dimensions));
  if (found->outside) {
    crow_print_warning(run, "warning: %lld of %lld alternatives lie outside the unit cube of %s",
                       (long long)found->outside, (long long)found->alternatives, options->basis);
  }
  crow_report_integer(run, "outside", found->outside);
  crow_report_integer(run, "components", found->components);
  crow_report_real(run, "total_variance", found->total);
  crow_report_real(run, "explained", components_share_of(found, sum));
  if (run->report)
    (void)json_object_set_new(run->report, "explained_shares", list);
  else
    json_decref(list);
  return crow_comm_agree(run->comm, crow_table_print(&table, crow_print_stream(run)));
}
