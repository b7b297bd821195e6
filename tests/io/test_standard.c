/* SPDX-License-Identifier: Apache-2.0 */
/* What the program prints to is in the register of paths where it is a file, and there no other may be written. */
#include "write_file.h"

#include <crow/io.h>
#include <fcntl.h>
#include <unistd.h>

/* Lets a descriptor be another for a while. */
static int divert(int descriptor, const char *path) {
  const int kept = dup(descriptor), other = open(path, O_WRONLY | O_CREAT, 0600);
  CHECK(kept >= 0 && other >= 0);
  (void)fflush(NULL);
  CHECK(dup2(other, descriptor) == descriptor && close(other) == 0);
  return kept;
}

static void restore(int descriptor, int kept) {
  (void)fflush(NULL);
  CHECK(dup2(kept, descriptor) == descriptor && close(kept) == 0);
}

static crow_status enter(crow_path_use use, const char *path) {
  crow_paths *paths = NULL;
  CHECK_OK(crow_paths_create(test_comm, &paths));
  const crow_status status = crow_paths_enter(paths, use, "output", path, true);
  crow_paths_destroy(&paths);
  CHECK(!paths);
  return status;
}

static void a_file_that_is_printed_to_is_not_written(void) {
  static const char *const names[] = {"standard output", "standard error"};
  for (int k = 0; k < 2; k++) {
    char expected[64];
    const char *path = test_path("printed.txt");
    const int kept = divert(k ? STDERR_FILENO : STDOUT_FILENO, path);
    const crow_status as_output = enter(CROW_PATH_WRITE, path);
    (void)snprintf(expected, sizeof expected, "%s and output name the same file", names[k]);
    CHECK_MESSAGE(expected);
    const crow_status as_input = enter(CROW_PATH_READ, path);
    (void)snprintf(expected, sizeof expected, "is both input and output (%s and output)", names[k]);
    CHECK_MESSAGE(expected);
    const crow_status as_other = enter(CROW_PATH_WRITE, test_path("other.txt"));
    restore(k ? STDERR_FILENO : STDOUT_FILENO, kept);
    CHECK(as_output == CROW_USAGE && as_input == CROW_USAGE && as_other == CROW_OK);
    CHECK(enter(CROW_PATH_WRITE, path) == CROW_OK); /* now nobody prints there */
  }
}

/* Both may be one file, as after "> file 2>&1"; and neither need be one. */
static void both_may_be_one_file(void) {
  const int kept[2] = {divert(STDOUT_FILENO, test_path("printed.txt")),
                       divert(STDERR_FILENO, test_path("printed.txt"))};
  const crow_status of_both = enter(CROW_PATH_WRITE, test_path("other.txt"));
  restore(STDERR_FILENO, kept[1]);
  restore(STDOUT_FILENO, kept[0]);
  CHECK_OK(of_both);
  const int device = divert(STDOUT_FILENO, "/dev/null");
  const crow_status of_device = enter(CROW_PATH_STREAM, "/dev/null");
  restore(STDOUT_FILENO, device);
  CHECK_OK(of_device);
}

/* More files than the register first has room for, each against all before it. */
static void many_files_are_entered(void) {
  enum { FILES = 30 };
  crow_paths *paths = NULL;
  char name[FILES][300];
  CHECK_OK(crow_paths_create(test_comm, &paths));
  for (int k = 0; k < FILES; k++) {
    char file[16];
    (void)snprintf(file, sizeof file, "f%d", k);
    (void)snprintf(name[k], sizeof name[k], "%s", test_path(file));
    CHECK_OK(crow_paths_enter(paths, CROW_PATH_WRITE, "output", name[k], true));
    for (int j = 0; j <= k; j++)
      CHECK_STATUS(crow_paths_enter(paths, CROW_PATH_WRITE, "output", name[j], true), CROW_USAGE);
  }
  crow_paths_destroy(&paths);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"a file that is printed to is not written", a_file_that_is_printed_to_is_not_written},
      {"both may be one file", both_may_be_one_file},
      {"many files are entered", many_files_are_entered},
      {NULL, NULL}};
  return crow_test_main(argc, argv, "standard files", tests, true);
}
