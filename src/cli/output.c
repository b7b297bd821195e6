/* SPDX-License-Identifier: Apache-2.0 */
/* Outputs of a run: checked before the work, and the summary of --json. */
#include "cli/cli_impl.h"
#include "io/whole_file_impl.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static bool same_file(const struct stat *there, const char *path) {
  struct stat other;
  return path && stat(path, &other) == 0 && other.st_dev == there->st_dev && other.st_ino == there->st_ino;
}

/* The folder of a path, as it was written. */
static crow_status folder_of(const char *path, char **folder, const char **name) {
  crow_status status = CROW_OK;
  const char *slash = strrchr(path, '/');
  CROW_TRY(crow_string_copy(slash ? path : ".", folder));
  if (slash) (*folder)[slash - path + 1] = 0;
  *name = slash ? slash + 1 : path;
cleanup:
  return status;
}

bool crow_same_output(const char *one, const char *other) {
  struct stat there;
  char *folder[2] = {NULL, NULL};
  const char *name[2];
  if (strcmp(one, other) == 0) return true;
  if (stat(one, &there) == 0) return same_file(&there, other);
  bool same = folder_of(one, &folder[0], &name[0]) == CROW_OK && folder_of(other, &folder[1], &name[1]) == CROW_OK;
  same = same && strcmp(name[0], name[1]) == 0 && stat(folder[0], &there) == 0 && same_file(&there, folder[1]);
  crow_free(folder[0]);
  crow_free(folder[1]);
  return same;
}

static crow_status check_different(const char *json, const char *output) {
  if (!json || !output || !crow_same_output(json, output)) return CROW_OK;
  return crow_error(CROW_USAGE, "--json and --output name the same file %s", json);
}

/* An output must be no input, whether an argument or an option names that. */
static crow_status check_names(const crow_run *run, const char *path) {
  struct stat there;
  bool is_input = false;
  if (!path || stat(path, &there) != 0) return CROW_OK;
  for (int k = 0; k < run->argument_count; k++) is_input |= same_file(&there, run->argument[k]);
  for (int k = 0; k < run->option_count; k++) {
    const crow_option *option = &run->option[k];
    const bool output = strcmp(option->setting->name, "output") == 0 || strcmp(option->setting->name, "json") == 0;
    if (option->setting->type == CROW_SETTING_TEXT && !output) is_input |= same_file(&there, option->given);
  }
  return is_input ? crow_error(CROW_USAGE, "%s: is both input and output", path) : CROW_OK;
}

crow_status crow_run_check_outputs(const crow_run *run) {
  crow_status status = CROW_OK;
  const crow_comm *comm = run->comm;
  const char *output = crow_run_output(run), *json = run->common.json;
  CROW_TRY_AGREE(comm, run->root ? check_different(json, output) : CROW_OK);
  CROW_TRY_AGREE(comm, run->root ? check_names(run, output) : CROW_OK);
  CROW_TRY_AGREE(comm, run->root ? check_names(run, json) : CROW_OK);
  if (json) CROW_TRY(crow_output_check(comm, json, true));
  if (output) CROW_TRY(crow_output_check(comm, output, crow_run_force(run)));
cleanup:
  return status;
}

static crow_status write_local(const crow_run *run, crow_status outcome) {
  crow_status status = CROW_OK;
  crow_whole_file file = {0};
  json_t *report = run->report;
  (void)json_object_set_new(report, "status", json_integer((int)outcome));
  (void)json_object_set_new(report, "status_name", crow_json_text(crow_status_name(outcome)));
  const bool failed = outcome != CROW_OK && outcome != CROW_NOT_CONVERGED && outcome != CROW_STOPPED;
  (void)json_object_set_new(report, "message", failed ? crow_json_text(crow_error_message()) : json_null());
  CROW_TRY(crow_whole_file_create(run->common.json, &file));
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
