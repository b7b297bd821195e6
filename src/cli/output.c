/* SPDX-License-Identifier: Apache-2.0 */
/* The summary of --json. */
#include "cli/cli_impl.h"
#include "io/whole_file_impl.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static bool has_failed(crow_status outcome) {
  return outcome != CROW_OK && outcome != CROW_NOT_CONVERGED && outcome != CROW_STOPPED;
}

static void add_outcome(json_t *report, crow_status outcome) {
  (void)json_object_set_new(report, "status", json_integer((int)outcome));
  (void)json_object_set_new(report, "status_name", crow_json_text(crow_status_name(outcome)));
  (void)json_object_set_new(report, "message",
                            has_failed(outcome) ? crow_json_text(crow_error_message()) : json_null());
}

static crow_status write_local(const crow_run *run, const char *path, bool overwrite) {
  crow_status status = CROW_OK;
  crow_whole_file file = {0};
  CROW_TRY(crow_whole_file_create(path, overwrite, &file));
  errno = 0;
  if (json_dumpf(run->report, file.stream, JSON_INDENT(2) | JSON_REAL_PRECISION(17)) != 0 ||
      fputc('\n', file.stream) == EOF) {
    CROW_TRY(
        crow_error(CROW_FILE_SYSTEM, "%s: cannot be written: %s", path, errno ? strerror(errno) : "a write failed"));
  }
  CROW_TRY(crow_whole_file_finish(&file));
cleanup:
  crow_whole_file_abandon(&file);
  return status;
}

static crow_status write_summary_to(void *context, const char *path, bool overwrite) {
  const crow_run *run = context;
  return crow_comm_agree(run->comm, run->root ? write_local(run, path, overwrite) : CROW_OK);
}

/* Whether the summary is a file, and not a pipe or a device, beside which there is no place for another one. */
static bool is_to_a_file(const char *path) {
  struct stat facts;
  return stat(path, &facts) != 0 || S_ISREG(facts.st_mode);
}

crow_status crow_report_write(crow_run *run, crow_status outcome) {
  int64_t ways[2] = {run->root && run->report, 0};
  if (ways[0]) {
    add_outcome(run->report, outcome);
    ways[1] = !has_failed(outcome) && is_to_a_file(run->common.json);
  }
  CROW_NEED(crow_comm_max_i64(run->comm, ways, 2));
  if (!ways[0]) return CROW_OK;
  if (ways[1]) return crow_result_save(run->comm, run->common.json, true, write_summary_to, run);
  return write_summary_to(run, run->common.json, true);
}
