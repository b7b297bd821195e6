/* SPDX-License-Identifier: Apache-2.0 */
/* What a program does about faults of HDF5 and a library does not, since it takes signals and descriptors of its host:
 * nothing here happens before crow_file_guard(true). Each part can go with the fault that it names.
 *
 * 1. Damaged files crash HDF5: CVE-2025-2915, CVE-2025-44905, issues 5382, 5892 and 6401 of HDFGroup/hdf5, up to 2.2.
 *    While a file is looked through for the first time a crash is taken for what it says about the file: one message
 *    and the exit code of bad input. The launcher ends the other ranks.
 * 2. Where rank 0 cannot write metadata it leaves HDF5 while the others wait there for ever: pull request 1183,
 * in 1.14, mended much of that. The disk is tried beforehand; if it begins to refuse only afterwards, a timer on rank 0
 * sees it and ends the run.
 * 3. No call closes a file without writing what HDF5 holds back of it, and where one rank cannot write that, the others
 *    wait: what is still written of a file that is given up goes to memory. */
#include "io/file_impl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

enum { EVERY_S = 3, TRIAL_BYTES = 4096 };

static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGABRT};
#define CRASHES (sizeof crashes / sizeof *crashes)

static struct {
  bool on;
  struct sigaction crash[CRASHES], alarm; /* whose the signals were before */
  const char *volatile surveyed;          /* the file that is looked through */
  const char *name;                       /* the file whose metadata are written */
  int descriptor;
  off_t at;
} guard = {.descriptor = -1};

static void guard_take(int number, void (*handler)(int), int flags, struct sigaction *before) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = handler;
  (void)sigemptyset(&action.sa_mask);
  action.sa_flags = flags;
  (void)sigaction(number, &action, before);
}

/* Only what is safe in a signal handler. */
static void on_crash(int number) {
  if (guard.surveyed) {
    crow_log_emergency(guard.surveyed, ": HDF5 crashed as it looked through the file, which must be damaged", NULL);
    _exit((int)CROW_BAD_INPUT);
  }
  /* Any other crash is whose it was before. */
  for (size_t i = 0; i < CRASHES; i++) {
    if (crashes[i] == number) (void)sigaction(number, &guard.crash[i], NULL);
  }
  (void)raise(number);
}

void crow_file_guard(bool on) {
  for (size_t i = 0; i < CRASHES && on != guard.on; i++) {
    if (on)
      guard_take(crashes[i], on_crash, (int)SA_NODEFER, &guard.crash[i]);
    else
      (void)sigaction(crashes[i], &guard.crash[i], NULL);
  }
  guard.on = on;
}

void crow_guard_survey(const char *file) { guard.surveyed = file; }

/* Only what is safe in a signal handler, but for strerror(), which is for the text of a few usual numbers. */
static void on_alarm(int number) {
  static const char zeros[TRIAL_BYTES];
  const int kept = errno;
  (void)number;
  if (pwrite(guard.descriptor, zeros, TRIAL_BYTES, guard.at) < 0 &&
      (errno == ENOSPC || errno == EDQUOT || errno == EFBIG || errno == EIO)) {
    const char *why = strerror(errno);
    crow_temporary_drop();
    crow_log_emergency("cannot write ", guard.name, ": ", why, NULL);
    _exit((int)CROW_FILE_SYSTEM);
  }
  errno = kept;
}

static void set_timer(int seconds) {
  const struct itimerval every = {{seconds, 0}, {seconds, 0}};
  (void)setitimer(ITIMER_REAL, &every, NULL);
}

void crow_guard_metadata_begin(const crow_file *file) {
  if (!guard.on || !file->temporary || crow_comm_size(file->comm) == 1 || crow_comm_rank(file->comm) != 0) return;
  guard.descriptor = open(file->temporary, O_WRONLY | O_CLOEXEC);
  if (guard.descriptor < 0) return;
  guard.at = (off_t)file->end + CROW_TRIAL_DISTANCE;
  guard.name = file->name;
  guard_take(SIGALRM, on_alarm, SA_RESTART, &guard.alarm);
  set_timer(EVERY_S);
}

void crow_guard_metadata_end(void) {
  if (guard.descriptor < 0) return;
  set_timer(0);
  (void)sigaction(SIGALRM, &guard.alarm, NULL);
  (void)close(guard.descriptor);
  guard.descriptor = -1;
}

/* The descriptors of this process that are the temporary file become those of a file without a name. */
void crow_guard_divert(const crow_file *file) {
  struct stat wanted, facts;
  if (!guard.on || !file->temporary || file->id < 0) return;
  const int memory = stat(file->temporary, &wanted) == 0 ? memfd_create("crow", MFD_CLOEXEC) : -1;
  DIR *all = memory >= 0 ? opendir("/proc/self/fd") : NULL;
  for (const struct dirent *entry = all ? readdir(all) : NULL; entry; entry = readdir(all)) {
    const int descriptor = atoi(entry->d_name); /* 0 for . and .. */
    if (descriptor <= 0 || descriptor == file->descriptor || fstat(descriptor, &facts) != 0) continue;
    if (facts.st_dev == wanted.st_dev && facts.st_ino == wanted.st_ino) (void)dup3(memory, descriptor, O_CLOEXEC);
  }
  if (all) (void)closedir(all);
  if (memory >= 0) (void)close(memory);
}
