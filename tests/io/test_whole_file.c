/* SPDX-License-Identifier: Apache-2.0 */
/* Texts appear whole or not at all, and a result that cannot have its name gets another. */
#include "harness.h"

#include "io/whole_file_impl.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static bool there(const char *path) { return access(path, F_OK) == 0; }

static void put(const char *path, const char *text) {
  FILE *file = fopen(path, "w");
  CHECK(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static bool holds(const char *path, const char *text) {
  char found[64] = "";
  FILE *file = fopen(path, "r");
  const size_t count = file ? fread(found, 1, sizeof found - 1, file) : 0;
  if (file) (void)fclose(file);
  return count == strlen(text) && memcmp(found, text, count) == 0;
}

static const char *in_folder(char *out, const char *name) {
  (void)snprintf(out, 600, "%s/%s", test_folder(), name);
  return out;
}

static void a_text_appears_when_it_is_whole(void) {
  char path[600];
  in_folder(path, "text");
  for (int old = 0; old <= 1; old++) {
    crow_whole_file file;
    CHECK_OK(crow_whole_file_create(path, old, &file));
    CHECK(fputs("one\n", file.stream) >= 0);
    CHECK(there(path) == old && there(file.temporary));
    CHECK_OK(crow_whole_file_finish(&file));
    CHECK(holds(path, "one\n") && !there(file.temporary) && !file.stream);
    crow_whole_file_abandon(&file); /* nothing is left to do */
    CHECK(holds(path, "one\n"));
  }
  /* One that appeared meanwhile stays, unless it may be replaced; nothing else is left. */
  crow_whole_file file;
  CHECK_OK(crow_whole_file_create(path, false, &file));
  CHECK(fputs("two\n", file.stream) >= 0);
  CHECK_STATUS(crow_whole_file_finish(&file), CROW_FILE_SYSTEM);
  CHECK(holds(path, "one\n") && !there(file.temporary));
  CHECK_OK(crow_whole_file_create(path, true, &file));
  crow_whole_file_abandon(&file);
  CHECK(holds(path, "one\n") && !there(file.temporary));
  crow_whole_file zeroed = {0};
  crow_whole_file_abandon(&zeroed);
  CHECK_STATUS(crow_whole_file_create("/nowhere/text", true, &file), CROW_FILE_SYSTEM);
  CHECK(unlink(path) == 0);
}

/* Several at a time have temporary names of their own. */
static void several_are_written_side_by_side(void) {
  char path[600];
  crow_whole_file one, two;
  in_folder(path, "same");
  CHECK_OK(crow_whole_file_create(path, true, &one));
  CHECK_OK(crow_whole_file_create(path, true, &two));
  CHECK(strcmp(one.temporary, two.temporary) != 0);
  CHECK(fputs("one", one.stream) >= 0 && fputs("two", two.stream) >= 0);
  CHECK_OK(crow_whole_file_finish(&two));
  CHECK(holds(path, "two"));
  CHECK_OK(crow_whole_file_finish(&one));
  CHECK(holds(path, "one"));
  CHECK(unlink(path) == 0);
}

/* What a descriptor is open on is written in place, after what this process has printed there. */
static void descriptors_are_written_in_place(void) {
  char path[600], name[64];
  crow_whole_file file;
  in_folder(path, "stream");
  FILE *printed = fopen(path, "w");
  CHECK(printed && fputs("before ", printed) >= 0);
  (void)snprintf(name, sizeof name, "/dev/fd/%d", fileno(printed));
  CHECK_OK(crow_whole_file_create(name, true, &file));
  CHECK(fputs("within ", file.stream) >= 0);
  CHECK_OK(crow_whole_file_finish(&file));
  CHECK(fputs("behind", printed) >= 0 && fclose(printed) == 0);
  CHECK(holds(path, "before within behind"));
  CHECK_OK(crow_whole_file_create("/dev/null", true, &file));
  crow_whole_file_abandon(&file);
  CHECK(there("/dev/null") && unlink(path) == 0);
  CHECK_OK(crow_whole_file_create("/dev/full", true, &file));
  CHECK(fputs("lost", file.stream) >= 0);
  CHECK_STATUS(crow_whole_file_finish(&file), CROW_FILE_SYSTEM);
  CHECK_MESSAGE("No space left on device");
}

/* The reason of an earlier failure is found again; what was begun is removed. */
static void a_full_disk_is_told(void) {
  char path[600];
  crow_whole_file file;
  struct rlimit before, small;
  in_folder(path, "large");
  CHECK(getrlimit(RLIMIT_FSIZE, &before) == 0);
  small = before;
  small.rlim_cur = 1 << 16;
  (void)signal(SIGXFSZ, SIG_IGN);
  CHECK(setrlimit(RLIMIT_FSIZE, &small) == 0);
  CHECK_OK(crow_whole_file_create(path, true, &file));
  for (int k = 0; k < 1 << 15; k++) (void)fputs("0123456789", file.stream);
  CHECK(ferror(file.stream) != 0);
  CHECK_STATUS(crow_whole_file_finish(&file), CROW_FILE_SYSTEM);
  CHECK_MESSAGE("File too large");
  CHECK(!there(path) && !there(file.temporary));
  CHECK(setrlimit(RLIMIT_FSIZE, &before) == 0);
}

/* ---- results ---------------------------------------------------------------------------------------------------- */

typedef struct writing {
  crow_status status; /* of the names that do not work */
  int works;          /* from the so manieth name on */
  int calls;
  bool overwrite[4];
  char path[4][600];
} writing;

static crow_status write_result(void *context, const char *path, bool overwrite) {
  writing *w = context;
  if (w->calls < 4) {
    w->overwrite[w->calls] = overwrite;
    (void)snprintf(w->path[w->calls], sizeof w->path[0], "%s", path);
  }
  if (++w->calls < w->works) return crow_error(w->status, "cannot write %s", path);
  put(path, "result");
  return CROW_OK;
}

static void check_saved(const char *name, int works, crow_status status, const char *expected) {
  char path[600], other[600];
  writing w = {.status = status, .works = works};
  in_folder(path, name);
  const crow_status found = crow_result_save(test_comm, path, true, write_result, &w);
  CHECK_STATUS(found, works == 1 ? CROW_OK : status);
  CHECK(w.calls == (status == CROW_FILE_SYSTEM && works > 3 ? 3 : status == CROW_FILE_SYSTEM ? works : 1));
  CHECK(strcmp(w.path[0], path) == 0 && w.overwrite[0]);
  for (int k = 1; k < w.calls; k++) CHECK(!w.overwrite[k]);
  if (expected) {
    in_folder(other, expected);
    CHECK(holds(other, "result") && unlink(other) == 0);
    CHECK(strcmp(w.path[w.calls - 1], other) == 0);
    if (works > 1) CHECK_MESSAGE("the result is whole in");
    if (works > 1) CHECK_MESSAGE(other);
  }
}

static void a_result_without_its_name_gets_another(void) {
  char taken[600], spare[600];
  in_folder(spare, "spare");
  CHECK(mkdir(spare, 0700) == 0 && setenv("TMPDIR", spare, 1) == 0);
  check_saved("r.h5", 1, CROW_FILE_SYSTEM, "r.h5");
  check_saved("r.h5", 2, CROW_FILE_SYSTEM, "r.saved-1.h5");
  check_saved("r.json", 2, CROW_FILE_SYSTEM, "r.saved-1.json");
  check_saved("r.txt", 2, CROW_FILE_SYSTEM, "r.txt.saved-1.h5");
  check_saved("r", 2, CROW_FILE_SYSTEM, "r.saved-1.h5");
  check_saved(".h5", 2, CROW_FILE_SYSTEM, ".h5.saved-1.h5");
  put(in_folder(taken, "r.saved-1.h5"), "older");
  check_saved("r.h5", 2, CROW_FILE_SYSTEM, "r.saved-2.h5");
  CHECK(holds(taken, "older") && unlink(taken) == 0);
  check_saved("r.h5", 3, CROW_FILE_SYSTEM, "spare/r.saved-1.h5");
  check_saved("r.h5", 4, CROW_FILE_SYSTEM, NULL);
  CHECK_MESSAGE("nor could the result be saved under another name");
  /* Other failures are not of the name. */
  check_saved("r.h5", 2, CROW_BAD_INPUT, NULL);
  CHECK(rmdir(spare) == 0);
}

/* Beside a file whose path leaves no room for another name there is none. */
static void paths_may_leave_no_room(void) {
  static char path[4096], spare[600];
  writing w = {.status = CROW_FILE_SYSTEM, .works = 2};
  size_t at = (size_t)snprintf(path, sizeof path, "%s", test_folder());
  while (at < 4084) at += (size_t)snprintf(path + at, sizeof path - at, "/.");
  (void)snprintf(path + at, sizeof path - at, "/r.h5");
  in_folder(spare, "room");
  CHECK(mkdir(spare, 0700) == 0 && setenv("TMPDIR", spare, 1) == 0);
  CHECK_STATUS(crow_result_save(test_comm, path, true, write_result, &w), CROW_FILE_SYSTEM);
  char saved[700];
  (void)snprintf(saved, sizeof saved, "%s/r.saved-1.h5", spare);
  CHECK(w.calls == 2 && strcmp(w.path[1], saved) == 0);
  CHECK(holds(saved, "result") && unlink(saved) == 0 && rmdir(spare) == 0);
}

/* Of a long name a part is kept, so that file systems take the other one. */
static void long_names_are_cut(void) {
  char name[256], expected[256];
  memset(name, 'n', sizeof name);
  (void)snprintf(name + 240, sizeof name - 240, ".h5");
  (void)snprintf(expected, sizeof expected, "%.200s.saved-1.h5", name);
  check_saved(name, 2, CROW_FILE_SYSTEM, expected);
  (void)snprintf(name + 200, sizeof name - 200, ".h5");
  check_saved(name, 2, CROW_FILE_SYSTEM, expected);
}

/* Whether it is finished, abandoned or fails, the number of its descriptor is free again. */
static void no_descriptor_is_left_open(void) {
  const int free_before = dup(0);
  CHECK(free_before >= 0 && close(free_before) == 0);
  for (int turn = 0; turn < 4; turn++) {
    crow_whole_file file;
    CHECK_OK(crow_whole_file_create(turn == 3 ? "/dev/full" : test_path("open"), true, &file));
    (void)fputs("text", file.stream);
    if (turn == 0) crow_whole_file_abandon(&file);
    if (turn) CHECK_STATUS(crow_whole_file_finish(&file), turn == 3 ? CROW_FILE_SYSTEM : CROW_OK);
    CHECK(!file.stream);
    const int free_after = dup(0);
    CHECK(free_after == free_before && close(free_after) == 0);
  }
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {{"a text appears when it is whole", a_text_appears_when_it_is_whole},
                                    {"several are written side by side", several_are_written_side_by_side},
                                    {"descriptors are written in place", descriptors_are_written_in_place},
                                    {"a full disk is told", a_full_disk_is_told},
                                    {"no descriptor is left open", no_descriptor_is_left_open},
                                    {"a result without its name gets another", a_result_without_its_name_gets_another},
                                    {"paths may leave no room", paths_may_leave_no_room},
                                    {"long names are cut", long_names_are_cut},
                                    {NULL, NULL}};
  return crow_test_main(argc, argv, "whole files", tests, true);
}
