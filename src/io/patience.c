/* SPDX-License-Identifier: Apache-2.0 */
/* HDF5 writes metadata on rank 0 alone. When that fails, rank 0 goes on to later steps while the other ranks still
 * wait at earlier ones: all hang, and neither HDF5 nor MPI says so. The disk is tried beforehand; if it begins to
 * refuse only afterwards, a timer on this rank sees the hang and ends the run, and the launcher then ends the other
 * ranks. */
#include "io/file_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

enum { EVERY_S = 3, TRIAL_BYTES = 4096 };

static bool guarding;

void crow_file_guard(bool on) { guarding = on; }
bool crow_file_guarded(void) { return guarding; }

static struct {
  int descriptor;
  off_t at;
  const char *name;
  struct sigaction before;
} watched = {.descriptor = -1};

/* Only what is safe in a signal handler, but for strerror(), which is for the text of a few usual numbers. */
static void on_alarm(int number) {
  static const char zeros[TRIAL_BYTES];
  const int kept = errno;
  (void)number;
  if (pwrite(watched.descriptor, zeros, TRIAL_BYTES, watched.at) < 0 &&
      (errno == ENOSPC || errno == EDQUOT || errno == EFBIG || errno == EIO)) {
    const char *why = strerror(errno);
    crow_temporary_drop();
    crow_log_emergency("cannot write ", watched.name, ": ", why, NULL);
    _exit((int)CROW_FILE_SYSTEM);
  }
  errno = kept;
}

static void set_timer(int seconds) {
  const struct itimerval every = {{seconds, 0}, {seconds, 0}};
  (void)setitimer(ITIMER_REAL, &every, NULL);
}

void crow_patience_begin(const crow_file *file) {
  struct sigaction action;
  if (!guarding || !file->temporary || crow_comm_size(file->comm) == 1 || crow_comm_rank(file->comm) != 0) return;
  watched.descriptor = open(file->temporary, O_WRONLY | O_CLOEXEC);
  if (watched.descriptor < 0) return;
  watched.at = (off_t)file->end + CROW_TRIAL_DISTANCE;
  watched.name = file->name;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_alarm;
  (void)sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  (void)sigaction(SIGALRM, &action, &watched.before);
  set_timer(EVERY_S);
}

void crow_patience_end(void) {
  if (watched.descriptor < 0) return;
  set_timer(0);
  (void)sigaction(SIGALRM, &watched.before, NULL);
  (void)close(watched.descriptor);
  watched.descriptor = -1;
}
