/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that make a dataset from another one. */
#include "cli/print/results_impl.h"

crow_status crow_results_written(crow_run *run) { return crow_print_written(run, "dataset", ""); }

crow_status crow_results_rewrite(crow_run *run, const char *stage, crow_results_make *make) {
  crow_status status = CROW_OK;
  const char *input = run->argument[0];
  crow_dataset dataset = {0};
  crow_provenance *provenance = NULL;
  crow_stages_begin(&run->stages, "read");
  CROW_TRY(crow_dataset_open(run->comm, input, false, &dataset));
  crow_results_dataset(run, input, &dataset);
  CROW_TRY(crow_run_provenance(run, NULL, &provenance));
  crow_stages_begin(&run->stages, stage);
  CROW_TRY(make(run, &dataset, provenance));
  CROW_TRY(crow_results_written(run));
cleanup:
  crow_provenance_destroy(&provenance);
  crow_dataset_close(&dataset);
  return status;
}
