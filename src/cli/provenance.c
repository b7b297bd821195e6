/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_impl.h"

crow_status crow_run_provenance(const crow_run *run, crow_provenance **out) {
  crow_status status = CROW_OK;
  const crow_comm *comm = run->comm;
  CROW_TRY(crow_provenance_create(comm, run->command_line, out));
  CROW_TRY_AGREE(comm, crow_provenance_add(*out, "command", "%s", run->command->name));
  for (const crow_section *s = run->command->sections; s && s->title; s++) {
    CROW_TRY_AGREE(comm, crow_provenance_add_settings(*out, s->settings, (const char *)run->options + s->offset));
  }
cleanup:
  if (status != CROW_OK) crow_provenance_destroy(out);
  return status;
}
