/* SPDX-License-Identifier: Apache-2.0 */
/* HDF5 can crash on a damaged file. While a file is looked through for the first time such a crash is taken for what it
 * says about the file: one message and the exit code of bad input. The launcher ends the other ranks. */
#include "cli/cli_impl.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGABRT};
#define CRASHES (sizeof crashes / sizeof *crashes)
static struct sigaction before[CRASHES];

/* Only what is safe in a signal handler. */
static void on_crash(int number) {
  const char *file = crow_file_surveyed();
  if (file) {
    crow_log_emergency(file, ": HDF5 crashed as it looked through the file, which must be damaged", NULL);
    _exit((int)CROW_BAD_INPUT);
  }
  /* Any other crash is whose it was before. */
  for (size_t i = 0; i < CRASHES; i++) {
    if (crashes[i] == number) (void)sigaction(number, &before[i], NULL);
  }
  (void)raise(number);
}

void crow_crash_watch(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_crash;
  (void)sigemptyset(&action.sa_mask);
  action.sa_flags = (int)SA_NODEFER;
  for (size_t i = 0; i < CRASHES; i++) (void)sigaction(crashes[i], &action, &before[i]);
}
