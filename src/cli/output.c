/* SPDX-License-Identifier: Apache-2.0 */
/* The summary of --json. */
#include "cli/cli_impl.h"
#include "io/whole_file_impl.h"
#include <errno.h>
#include <string.h>

static crow_status write_local(const crow_run *run, crow_status outcome) {
  crow_status status = CROW_OK;
  crow_whole_file file = {0};
  json_t *report = run->report;
  (void)json_object_set_new(report, "status", json_integer((int)outcome));
  (void)json_object_set_new(report, "status_name", crow_json_text(crow_status_name(outcome)));
  const bool failed = outcome != CROW_OK && outcome != CROW_NOT_CONVERGED && outcome != CROW_STOPPED;
  (void)json_object_set_new(report, "message", failed ? crow_json_text(crow_error_message()) : json_null());
  CROW_TRY(crow_whole_file_create(run->common.json, true, &file));
  errno = 0;
  if (json_dumpf(report, file.stream, JSON_INDENT(2) | JSON_REAL_PRECISION(17)) != 0 ||
      fputc('\n', file.stream) == EOF) {
    CROW_TRY(crow_error(CROW_FILE_SYSTEM, "%s: cannot be written: %s", run->common.json,
                        errno ? strerror(errno) : "a write failed"));
  }
  CROW_TRY(crow_whole_file_finish(&file));
cleanup:
  crow_whole_file_abandon(&file);
  return status;
}

crow_status crow_report_write(crow_run *run, crow_status outcome) {
  crow_status local = CROW_OK;
  if (run->root && run->report) local = write_local(run, outcome);
  return crow_comm_agree(run->comm, local);
}
