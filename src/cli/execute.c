/* SPDX-License-Identifier: Apache-2.0 */
/* A run from MPI_Init to the exit code. */
#include "cli/cli_impl.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* After so many seconds without a word a run shows that it is at work. */
static const double LONG_SILENCE_S = 30;

void crow_run_receive(crow_log_level level, const char *line, void *context) {
  crow_run *run = context;
  const double now = crow_time_s();
  if (level == CROW_LOG_INFO && !run->common.verbose && now - run->spoke_s < LONG_SILENCE_S) return;
  run->spoke_s = now;
  if (level == CROW_LOG_WARNING) {
    crow_print_warning(run, "warning: %s", line);
  } else {
    crow_print(run, "%s", line);
  }
}

static crow_status report_create(crow_run *run) {
  run->report = json_object();
  json_t *options = json_object();
  if (!run->report || !options) return crow_error(CROW_FAILED, "out of memory for the summary");
  crow_report_text(run, "command", run->command->name);
  crow_report_text(run, "command_line", run->command_line);
  crow_report_text(run, "version", crow_version());
  crow_report_text(run, "git", crow_git_hash());
  crow_report_integer(run, "ranks", crow_comm_size(run->comm));
  crow_report_text(run, "host", crow_comm_host());
  crow_report_text(run, "blas_core", crow_blas_core());
  for (int k = 0; k < run->option_count; k++) {
    const crow_option *option = &run->option[k];
    char value[4096];
    if (option->options == &run->common) continue;
    crow_setting_print(option->setting, option->options, value, sizeof value);
    (void)json_object_set_new(options, option->setting->name, crow_json_text(value));
  }
  (void)json_object_set_new(run->report, "options", options);
  return CROW_OK;
}

static crow_status execute_begin(crow_run *run) {
  run->root = crow_comm_rank(run->comm) == 0;
  if (run->root) {
    run->spoke_s = crow_time_s();
    crow_log_set(crow_run_receive, run);
    /* A launcher may lend rank 0 a terminal on stdout alone, though its own output goes to a file. */
    crow_progress_interval_set(isatty(STDOUT_FILENO) && isatty(STDERR_FILENO) ? 1 : 30);
  }
  CROW_NEED_AGREE(run->comm, crow_blas_reserve(1));
  CROW_NEED(crow_run_enter_paths(run));
  const bool wanted = run->root && run->common.json;
  return crow_comm_agree(run->comm, wanted ? report_create(run) : CROW_OK);
}

static void print_header(const crow_run *run) {
  const int size = crow_comm_size(run->comm);
  crow_print(run, "crow %s%s%s, %d rank%s on %s, %s, OpenBLAS %s (%s)", crow_version(), *crow_git_hash() ? " " : "",
             crow_git_hash(), size, crow_plural(size), crow_comm_host(), crow_comm_version(), crow_blas_version(),
             crow_blas_core());
  if (crow_blas_restarted()) crow_print(run, "%s", crow_blas_restarted());
}

/* Lost output is a failure, even of lines. */
static crow_status flush_output(void) {
  if (fflush(stdout) == 0 && !ferror(stdout)) return CROW_OK;
  return crow_error(CROW_FILE_SYSTEM, "standard output cannot be written: %s", strerror(errno));
}

static bool is_error(crow_status status) {
  return status != CROW_OK && status != CROW_NOT_CONVERGED && status != CROW_STOPPED;
}

/* What was printed reaches its place. An error before that stays the one that is told. */
static crow_status end(const crow_run *run, crow_status status) {
  char message[CROW_ERROR_BYTES];
  (void)snprintf(message, sizeof message, "%s", crow_error_message());
  const crow_status flushed = crow_comm_agree(run->comm, run->root ? flush_output() : CROW_OK);
  if (!is_error(status) && flushed != CROW_OK) return flushed;
  return status == CROW_OK ? status : crow_error(status, "%s", message);
}

static crow_status work(crow_run *run) {
  crow_status status = execute_begin(run);
  if (status == CROW_OK) {
    const unsigned takes = run->command->takes;
    if ((takes & CROW_MEASURES) || (run->common.verbose && !(takes & CROW_PLAIN))) print_header(run);
    crow_run_warn_unused(run);
    status = end(run, crow_option_dashes(run, run->command->run(run)));
  }
  if (is_error(status)) crow_print_warning(run, "error: %s", crow_error_message());
  if (status == CROW_STOPPED)
    crow_print_warning(run, "%s; the same command goes on from its checkpoint", crow_error_message());
  const crow_status written = crow_report_write(run, status);
  if (written != CROW_OK) {
    crow_print_warning(run, "error: %s", crow_error_message());
    if (!is_error(status)) status = written;
  }
  crow_log_set(NULL, NULL);
  return status;
}

int crow_run_execute(crow_run *run, int *argc, char ***argv) {
  crow_comm *comm = NULL;
  crow_status status = crow_comm_init(argc, argv);
  if (status == CROW_OK) status = crow_comm_create_world(&comm);
  if (status != CROW_OK) {
    (void)fprintf(stderr, "crow %s: error: %s\n", run->command->name, crow_error_message());
    crow_comm_abort((int)status);
  } else {
    run->comm = comm;
    crow_log_emergency_name(run->command->name);
    crow_file_guard(true); /* after MPI has set its own handlers */
    crow_stop_at(getenv("CROW_TEST_STOP_AT"));
    status = work(run);
  }
  crow_run_free(run);
  crow_comm_destroy(&comm);
  crow_comm_finalize();
  return (int)status;
}
