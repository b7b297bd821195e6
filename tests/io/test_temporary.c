/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are being written: what is removed of them when a run ends in the middle, or ended so earlier. */
#include "harness.h"

#include "io/file_impl.h"

#include <sys/wait.h>
#include <unistd.h>

static void touch(const char *path) {
  FILE *file = fopen(path, "w");
  CHECK(file && fclose(file) == 0);
}

static bool there(const char *path) { return access(path, F_OK) == 0; }

/* At most eight are remembered; those that were left, having got their names, stay. */
static void those_still_entered_are_dropped(void) {
  enum { MOST = 8, FILES = 10 };
  static char path[FILES][512];
  for (int k = 0; k < FILES; k++) {
    (void)snprintf(path[k], sizeof path[k], "%s/live-%d", test_folder(), k);
    touch(path[k]);
    crow_temporary_enter(path[k]);
  }
  crow_temporary_leave(path[2]);
  crow_temporary_leave(path[9]); /* which was not remembered */
  crow_temporary_drop();
  for (int k = 0; k < FILES; k++) CHECK(there(path[k]) == (k == 2 || k >= MOST));
  for (int k = 0; k < FILES; k++) crow_temporary_leave(path[k]);
  touch(path[0]);
  crow_temporary_drop();
  CHECK(there(path[0]));
  /* A place that was left is taken again. */
  crow_temporary_enter(path[0]);
  crow_temporary_drop();
  CHECK(!there(path[0]));
  crow_temporary_leave(path[0]);
}

/* The temporary name that another process would give; it has ended. */
static void name_of_the_dead(const char *path, int attempt, char *out, size_t bytes) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  const pid_t child = fork();
  if (child == 0) {
    char name[1024] = "";
    if (!crow_temporary_name(path, attempt, name, sizeof name)) name[0] = 0;
    _exit(write(ends[1], name, sizeof name) != (ssize_t)sizeof name);
  }
  char name[1024] = "";
  CHECK(read(ends[0], name, sizeof name) == (ssize_t)sizeof name);
  CHECK(waitpid(child, NULL, 0) == child);
  CHECK(close(ends[0]) == 0 && close(ends[1]) == 0);
  (void)snprintf(out, bytes, "%s", name);
}

static void what_the_dead_left_is_removed(void) {
  char path[512], own[1024], dead[2][1024], odd[4][1100];
  (void)snprintf(path, sizeof path, "%s", test_path("result.h5"));
  CHECK(crow_temporary_name(path, 3, own, sizeof own));
  for (int k = 0; k < 2; k++) name_of_the_dead(path, k ? 12 : 0, dead[k], sizeof dead[k]);
  CHECK(strncmp(own, test_folder(), strlen(test_folder())) == 0 && strstr(own, "/.result.h5.crow-"));
  CHECK(strcmp(own + strlen(own) - 6, "-3.tmp") == 0 && strcmp(dead[1] + strlen(dead[1]) - 7, "-12.tmp") == 0);
  /* Names that only look like it: with more behind it, without an attempt, of another result, with another end. */
  (void)snprintf(odd[0], sizeof odd[0], "%s~", dead[0]);
  (void)snprintf(odd[1], sizeof odd[1], "%.*s.tmp", (int)strlen(dead[0]) - 5, dead[0]);
  (void)snprintf(odd[2], sizeof odd[2], "%.*sx%s", (int)strlen(test_folder()) + 2, dead[0],
                 dead[0] + strlen(test_folder()) + 2);
  (void)snprintf(odd[3], sizeof odd[3], "%.*sx.tmp", (int)strlen(dead[0]) - 5, dead[0]);
  touch(own);
  for (int k = 0; k < 2; k++) touch(dead[k]);
  for (int k = 0; k < 4; k++) touch(odd[k]);
  crow_temporary_clean(path);
  CHECK(there(own) && !there(dead[0]) && !there(dead[1]));
  for (int k = 0; k < 4; k++) CHECK(there(odd[k]));
  char room[8];
  CHECK(!crow_temporary_name(path, 0, room, sizeof room));
}

/* The folder of a name without one is this one. */
static void names_without_a_folder_are_here(void) {
  char before[4096], dead[1024], own[1024];
  CHECK(getcwd(before, sizeof before) != NULL);
  CHECK(chdir(test_folder()) == 0);
  CHECK(crow_temporary_name("here.h5", 0, own, sizeof own) && !strchr(own, '/'));
  name_of_the_dead("here.h5", 0, dead, sizeof dead);
  touch(dead);
  touch(own);
  crow_temporary_clean("here.h5");
  CHECK(!there(dead) && there(own));
  CHECK(chdir(before) == 0);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {{"those still entered are dropped", those_still_entered_are_dropped},
                                    {"what the dead left is removed", what_the_dead_left_is_removed},
                                    {"names without a folder are here", names_without_a_folder_are_here},
                                    {NULL, NULL}};
  return crow_test_main(argc, argv, "temporary names", tests, false);
}
