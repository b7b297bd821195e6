/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_impl.h"

crow_status crow_run_provenance_times(const crow_run *run, crow_provenance *provenance) {
  double least[CROW_STAGES_MAX], mean[CROW_STAGES_MAX], greatest[CROW_STAGES_MAX], total = 0;
  CROW_NEED(crow_stages_summary(run->comm, &run->stages, least, mean, greatest, &total));
  for (int k = 0; k < run->stages.count; k++) {
    char entry[64];
    (void)snprintf(entry, sizeof entry, "seconds_%s", run->stages.name[k]);
    CROW_NEED_AGREE(run->comm, crow_provenance_add(provenance, entry, "%.6f", greatest[k]));
  }
  return CROW_OK;
}

crow_status crow_run_provenance(const crow_run *run, crow_checkpoint *checkpoint, crow_provenance **out) {
  crow_status status = CROW_OK;
  const crow_comm *comm = run->comm;
  CROW_TRY(crow_provenance_create(comm, run->command_line, out));
  CROW_TRY_AGREE(comm, crow_provenance_add(*out, "command", "%s", run->command->name));
  for (const crow_section *s = run->command->sections; s && s->title; s++) {
    CROW_TRY_AGREE(comm, crow_provenance_add_settings(*out, s->settings, (const char *)run->options + s->offset));
  }
  CROW_TRY(crow_paths_note(run->paths, *out, checkpoint));
cleanup:
  if (status != CROW_OK) crow_provenance_destroy(out);
  return status;
}
