/* SPDX-License-Identifier: Apache-2.0 */
/* The register of a run's files: what is one file under several names is found out before any work. */
#include "write_file.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static crow_paths *begin_paths(void) {
  crow_paths *paths = NULL;
  CHECK_OK(crow_paths_create(test_comm, &paths));
  return paths;
}

/* Rank 0 does it, the others wait. */
static void once(const char *command) {
  char line[2048];
  (void)snprintf(line, sizeof line, "cd '%s' && %s", test_folder(), command);
  if (crow_comm_rank(test_comm) == 0) CHECK(system(line) == 0);
  CHECK_OK(crow_comm_barrier(test_comm));
}

/* The second of two entries of one file is refused, unless both are read. */
static void one_file_is_entered_once_unless_it_is_only_read(void) {
  static const char *const others[] = {"in.h5", "link.h5", "hard.h5", "sub/../in.h5"};
  once("rm -rf sub *.h5; mkdir sub; echo x >in.h5; ln -s in.h5 link.h5; ln in.h5 hard.h5");
  for (int first = CROW_PATH_READ; first <= CROW_PATH_STREAM; first++) {
    for (int second = CROW_PATH_READ; second <= CROW_PATH_STREAM; second++) {
      for (int k = 0; k < 4; k++) {
        crow_paths *paths = begin_paths();
        CHECK_OK(crow_paths_enter(paths, (crow_path_use)first, "one", test_path("in.h5"), true));
        const crow_status status = crow_paths_enter(paths, (crow_path_use)second, "two", test_path(others[k]), true);
        const bool read = first == CROW_PATH_READ || second == CROW_PATH_READ;
        CHECK(status == (first == CROW_PATH_READ && second == CROW_PATH_READ ? CROW_OK : CROW_USAGE));
        if (status != CROW_OK)
          CHECK_MESSAGE(read ? "is both input and output (one and two)" : "one and two name the same file");
        crow_paths_destroy(&paths);
      }
    }
  }
}

/* Files that are not there yet are the same where their folder and name are. */
static void files_to_come_are_compared_too(void) {
  once("rm -rf sub other *.h5; mkdir sub; ln -s sub other; ln -s new.h5 dangling.h5");
  crow_paths *paths = begin_paths();
  CHECK_OK(crow_paths_enter(paths, CROW_PATH_WRITE, "output", test_path("sub/new.h5"), false));
  CHECK_STATUS(crow_paths_enter(paths, CROW_PATH_STREAM, "json", test_path("other/new.h5"), false), CROW_USAGE);
  CHECK_OK(crow_paths_enter(paths, CROW_PATH_WRITE, "second", test_path("new.h5"), false));
  CHECK_STATUS(crow_paths_enter(paths, CROW_PATH_WRITE, "third", test_path("dangling.h5"), false), CROW_USAGE);
  CHECK_OK(crow_paths_enter(paths, CROW_PATH_WRITE, "fourth", test_path("other/newer.h5"), false));
  /* Many entries, and the first is still known. */
  for (int k = 0; k < 40; k++) {
    char name[32];
    (void)snprintf(name, sizeof name, "many-%d.h5", k);
    CHECK_OK(crow_paths_enter(paths, CROW_PATH_WRITE, name, test_path(name), false));
  }
  CHECK_STATUS(crow_paths_enter(paths, CROW_PATH_READ, "late", test_path("sub/new.h5"), false), CROW_USAGE);
  CHECK_MESSAGE("(output and late)");
  crow_paths_destroy(&paths);
  crow_paths_destroy(&paths);
}

static void what_is_there_is_replaced_only_when_asked(void) {
  once("rm -rf sub *.h5; echo x >there.h5");
  crow_paths *paths = begin_paths();
  CHECK_STATUS(crow_paths_enter(paths, CROW_PATH_WRITE, "output", test_path("there.h5"), false), CROW_FILE_SYSTEM);
  CHECK_MESSAGE("exists already");
  CHECK_OK(crow_paths_enter(paths, CROW_PATH_WRITE, "output", test_path("there.h5"), true));
  CHECK_STATUS(crow_paths_enter(paths, CROW_PATH_WRITE, "no", test_path("absent/new.h5"), true), CROW_FILE_SYSTEM);
  CHECK_MESSAGE("absent/new.h5");
  CHECK_STATUS(crow_paths_enter(paths, CROW_PATH_WRITE, "device", "/dev/null", true), CROW_FILE_SYSTEM);
  CHECK_OK(crow_paths_enter(paths, CROW_PATH_STREAM, "device", "/dev/null", true));
  crow_paths_destroy(&paths);
}

/* A text does not replace an HDF5 file, even if it may replace files. */
static void texts_leave_hdf5_files_alone(void) {
  static const char hdf5[] = "\211HDF\r\n\032\n and more";
  (void)write_bytes("data.h5", hdf5, sizeof hdf5);
  crow_paths *paths = begin_paths();
  CHECK_STATUS(crow_paths_enter(paths, CROW_PATH_STREAM, "--json", test_path("data.h5"), true), CROW_USAGE);
  CHECK_MESSAGE("is an HDF5 file, which the text or picture of --json would replace");
  CHECK_OK(crow_paths_enter(paths, CROW_PATH_WRITE, "output", test_path("data.h5"), true));
  crow_paths_destroy(&paths);
}

/* What is read goes by its digest into what a checkpoint must match; what is written does not. */
static void what_is_read_is_noted(void) {
  char digest[33], *text = NULL;
  crow_paths *paths = begin_paths();
  crow_provenance *provenance = NULL;
  crow_file *file = NULL;
  (void)write_text("read.txt", "some bytes");
  CHECK_OK(crow_paths_enter(paths, CROW_PATH_READ, "items", test_path("read.txt"), false));
  CHECK_OK(crow_paths_enter(paths, CROW_PATH_WRITE, "output", test_path("noted.h5"), true));
  CHECK_OK(crow_provenance_create(test_comm, NULL, &provenance));
  CHECK_OK(crow_paths_note(paths, provenance, NULL));
  CHECK_OK(crow_file_create(test_comm, test_path("noted.h5"), "weights", true, &file));
  const double half[2] = {.5, .5};
  const bool root = crow_comm_rank(test_comm) == 0;
  CHECK_OK(crow_file_define(file, "/weights/value", CROW_F64, 2, 0));
  CHECK_OK(crow_file_write_rows(file, "/weights/value", 0, root ? 2 : 0, CROW_F64, half));
  CHECK_OK(crow_provenance_write(provenance, file));
  CHECK_OK(crow_file_finish(&file));
  CHECK_OK(crow_file_open(test_comm, test_path("noted.h5"), "weights", &file));
  CHECK_OK(crow_file_digest(test_comm, test_path("read.txt"), digest));
  if (!file) return;
  CHECK_OK(crow_file_get_text(file, "/provenance", "input_items_digest", &text));
  CHECK(text && strcmp(text, digest) == 0);
  crow_free(text);
  CHECK_OK(crow_file_get_text(file, "/provenance", "input_items", &text));
  CHECK(text && strcmp(text, test_path("read.txt")) == 0);
  crow_free(text);
  CHECK(!crow_file_has_attribute(file, "/provenance", "input_output"));
  crow_file_close(&file);
  crow_provenance_destroy(&provenance);
  crow_paths_destroy(&paths);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"one file is entered once, unless it is only read", one_file_is_entered_once_unless_it_is_only_read},
      {"files to come are compared, too", files_to_come_are_compared_too},
      {"what is there is replaced only when asked", what_is_there_is_replaced_only_when_asked},
      {"texts leave HDF5 files alone", texts_leave_hdf5_files_alone},
      {"what is read is noted", what_is_read_is_noted},
      {NULL, NULL}};
  return crow_test_main(argc, argv, "paths", tests, true);
}
