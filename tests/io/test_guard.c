/* SPDX-License-Identifier: Apache-2.0 */
/* A crash while a file is looked through is what it says about the file; any other is whose it was before. */
#include "harness.h"

#include "io/file_impl.h"
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void own_handler(int number) { _exit(100 + number); }

/* How a child ends that gets this signal, and what it printed. */
static int end_of_child(int number, bool guarded, bool surveyed, bool own, bool off_again, char *said, size_t room) {
  int ends[2] = {-1, -1}, status = 0;
  CHECK(pipe(ends) == 0);
  (void)fflush(NULL);
  const pid_t child = fork();
  if (child == 0) {
    const struct rlimit no_core = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &no_core);
    (void)dup2(ends[1], STDERR_FILENO);
    crow_file_guard(false); /* which the harness has asked for */
    (void)signal(number, own ? own_handler : SIG_DFL);
    if (guarded) crow_file_guard(true);
    if (off_again) crow_file_guard(false);
    if (surveyed) crow_guard_survey("/data/broken.h5");
    (void)raise(number);
    _exit(99);
  }
  (void)close(ends[1]);
  memset(said, 0, room);
  size_t at = 0;
  for (ssize_t got = 1; got > 0 && at + 1 < room; at += (size_t)got) {
    got = read(ends[0], said + at, room - 1 - at);
    if (got < 0) break;
  }
  (void)close(ends[0]);
  CHECK(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void crashes_are_told_of_the_file(void) {
  static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGABRT};
  char said[1024];
  for (size_t k = 0; k < sizeof signals / sizeof *signals; k++) {
    CHECK(end_of_child(signals[k], true, true, false, false, said, sizeof said) == (int)CROW_BAD_INPUT);
    CHECK(strstr(said, "/data/broken.h5: HDF5 crashed as it looked through the file, which must be damaged") != NULL);
    CHECK(end_of_child(signals[k], true, false, false, false, said, sizeof said) == -signals[k]);
    CHECK(strstr(said, "HDF5") == NULL);
    CHECK(end_of_child(signals[k], true, false, true, false, said, sizeof said) == 100 + signals[k]);
    CHECK(end_of_child(signals[k], true, true, true, true, said, sizeof said) == 100 + signals[k]);
    CHECK(end_of_child(signals[k], false, true, true, false, said, sizeof said) == 100 + signals[k]);
  }
  CHECK(end_of_child(SIGTERM, true, true, false, false, said, sizeof said) == -SIGTERM); /* which is no crash */
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {{"crashes are told of the file", crashes_are_told_of_the_file}, {NULL, NULL}};
  return crow_test_main(argc, argv, "crashes", tests, false);
}
