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
  crow_status status = CROW_OK;
  const crow_comm *comm = run->comm;
  CROW_TRY(crow_checkpoint_create(comm, options, crow_run_output(run), out));
  CROW_TRY_AGREE(comm, crow_checkpoint_match(*out, "command", "%s", run->command->name));
  CROW_TRY_AGREE(comm, crow_checkpoint_match(*out, "version", "%s", crow_version()));
  for (const crow_section *s = run->command->sections; s && s->title; s++) {
    if (s->settings == crow_checkpoint_settings) continue;
    CROW_TRY_AGREE(comm, crow_checkpoint_match_settings(*out, s->settings, (const char *)run->options + s->offset));
  }
  CROW_TRY_AGREE(comm, catch_signals());
cleanup:
  return status;
}
