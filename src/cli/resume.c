/* SPDX-License-Identifier: Apache-2.0 */
/* Runs that are stopped and gone on with. */
#include "cli/cli_impl.h"
#include <errno.h>
#include <signal.h>
#include <string.h>

/* A signal asks the computation to save its state and end. Launchers and Slurm may both send the same one, so a second
 * one changes nothing; only who presses Ctrl-C twice wants the end at once. */
static crow_status catch_signals(void) {
  static const int signals[] = {SIGTERM, SIGUSR1, SIGINT};
  for (size_t k = 0; k < sizeof signals / sizeof *signals; k++) {
    struct sigaction action = {.sa_handler = crow_stop_request, .sa_flags = SA_RESTART};
    if (signals[k] == SIGINT) action.sa_flags |= (int)SA_RESETHAND;
    (void)sigemptyset(&action.sa_mask);
    if (sigaction(signals[k], &action, NULL) != 0) {
      return crow_error(CROW_FAILED, "signal %d cannot be caught: %s", signals[k], strerror(errno));
    }
  }
  return CROW_OK;
}

crow_status crow_run_checkpoint(const crow_run *run, const crow_checkpoint_options *options, crow_checkpoint **out) {
  const crow_comm *comm = run->comm;
  CROW_NEED(crow_checkpoint_create(comm, options, crow_run_output(run), out));
  CROW_NEED_AGREE(comm, crow_checkpoint_match(*out, "command", "%s", run->command->name));
  for (const crow_section *s = run->command->sections; s && s->title; s++) {
    if (s->settings == crow_checkpoint_settings) continue;
    CROW_NEED_AGREE(comm, crow_checkpoint_match_settings(*out, s->settings, (const char *)run->options + s->offset));
  }
  CROW_NEED_AGREE(comm, catch_signals());
  crow_stop_deadline(crow_time_s() + crow_checkpoint_seconds_left(*out));
  return CROW_OK;
}

/* Between the checkpoints of a stage, what is finished is saved by `save`; without anything to go on from a stop is a
 * failure, since a job that is queued again would begin anew for ever. */
crow_status crow_run_stopped(crow_checkpoint *checkpoint, crow_status status, crow_run_save *save,
                             const void *finished) {
  char message[CROW_ERROR_BYTES];
  if (status != CROW_STOPPED || !checkpoint || crow_checkpoint_stopping(checkpoint)) return status;
  (void)snprintf(message, sizeof message, "%s", crow_error_message());
  if (save) {
    crow_status saved = crow_checkpoint_begin(checkpoint);
    if (saved == CROW_OK) saved = save(checkpoint, finished);
    if (saved == CROW_OK) saved = crow_checkpoint_end(checkpoint);
    if (saved != CROW_OK) saved = crow_checkpoint_abandon(checkpoint, saved);
    if (saved != CROW_OK) return saved;
  }
  if (crow_checkpoint_whole(checkpoint)) return crow_error(CROW_STOPPED, "%s", message);
  return crow_error(CROW_FAILED, "%s, with nothing to save yet: the same command begins anew", message);
}
