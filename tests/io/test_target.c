/* SPDX-License-Identifier: Apache-2.0 */
/* The file that a name stands for: through links, descriptors and folders that are not there. */
#include "harness.h"

#include "io/target_impl.h"
#include <fcntl.h>
#include <unistd.h>

enum { LINKS = 40 };

static void touch(const char *path) {
  FILE *file = fopen(path, "wb");
  CHECK(file != NULL);
  if (file) (void)fclose(file);
}

static void what_is_there_has_its_own_identity(void) {
  crow_target t;
  struct stat facts;
  touch(test_path("there"));
  CHECK_OK(crow_target_find(test_path("there"), &t));
  CHECK(stat(test_path("there"), &facts) == 0 && t.device == facts.st_dev && t.inode == facts.st_ino);
  CHECK(t.there && !t.stream && !t.folder && t.descriptor == -1 && !t.last);
  CHECK(strcmp(t.path, test_path("there")) == 0);
  crow_target_free(&t);
  CHECK(t.descriptor == -1 && !t.path);
  CHECK_OK(crow_target_find(test_folder(), &t));
  CHECK(t.there && !t.stream && t.folder && t.descriptor == -1);
  crow_target_free(&t);
  CHECK_OK(crow_target_find("/dev/null", &t));
  CHECK(t.there && t.stream && !t.folder && t.descriptor == -1);
  crow_target_free(&t);
}

static void what_is_not_has_its_folder_s(void) {
  crow_target t;
  struct stat facts;
  CHECK_OK(crow_target_find(test_path("absent"), &t));
  CHECK(stat(test_folder(), &facts) == 0 && t.device == facts.st_dev && t.inode == facts.st_ino);
  CHECK(!t.there && !t.stream && !t.folder && t.last && strcmp(t.last, "absent") == 0);
  crow_target_free(&t);
  CHECK_OK(crow_target_find("absent-here", &t)); /* in the present folder */
  CHECK(stat(".", &facts) == 0 && t.inode == facts.st_ino && t.last && strcmp(t.last, "absent-here") == 0);
  crow_target_free(&t);
  CHECK_OK(crow_target_find(test_path("no/folder"), &t));
  CHECK(!t.there && t.inode == 0 && t.device == 0 && t.last && strcmp(t.last, "folder") == 0);
  crow_target_free(&t);
}

static void expect_path(const char *name, const char *path, bool there) {
  crow_target t;
  CHECK_OK(crow_target_find(name, &t));
  CHECK(t.path && strcmp(t.path, path) == 0 && t.there == there);
  crow_target_free(&t);
}

/* From the folder of the link, not of the process, unless from the root. */
static void links_are_followed(void) {
  touch(test_path("own"));
  CHECK(mkdir(test_path("sub"), 0700) == 0);
  touch(test_path("sub/own"));
  CHECK(symlink("own", test_path("sub/near")) == 0 && symlink("../own", test_path("sub/up")) == 0);
  CHECK(symlink(test_path("own"), test_path("sub/root")) == 0 && symlink("near", test_path("sub/twice")) == 0);
  CHECK(symlink("nothing", test_path("sub/loose")) == 0);
  expect_path(test_path("sub/near"), test_path("sub/own"), true);
  expect_path(test_path("sub/twice"), test_path("sub/own"), true);
  expect_path(test_path("sub/up"), test_path("sub/../own"), true);
  expect_path(test_path("sub/root"), test_path("own"), true);
  expect_path(test_path("sub/loose"), test_path("sub/nothing"), false);
}

static void as_many_links_as_the_system_follows(void) {
  char name[16], to[16];
  crow_target t;
  touch(test_path("l0"));
  for (int k = 1; k <= LINKS + 1; k++) {
    (void)snprintf(name, sizeof name, "l%d", k);
    (void)snprintf(to, sizeof to, "l%d", k - 1);
    CHECK(symlink(to, test_path(name)) == 0);
  }
  expect_path(test_path("l40"), test_path("l0"), true);
  CHECK(access(test_path("l40"), F_OK) == 0 && access(test_path("l41"), F_OK) != 0);
  CHECK_STATUS(crow_target_find(test_path("l41"), &t), CROW_FILE_SYSTEM);
  CHECK_MESSAGE("l41: Too many levels of symbolic links");
  CHECK(!t.path);
  CHECK(symlink("round", test_path("round")) == 0);
  CHECK_STATUS(crow_target_find(test_path("round"), &t), CROW_FILE_SYSTEM);
}

static void names_of_descriptors_are_known(void) {
  char own[3][64];
  for (int k = 0; k < 3; k++) (void)snprintf(own[k], sizeof own[k], "/proc/%ld/fd/%d", (long)getpid(), k);
  const struct {
    const char *name;
    int descriptor;
  } cases[] = {{"/dev/fd/0", 0},
               {"/dev/fd/9", 9},
               {"/proc/self/fd/12", 12},
               {own[0], 0},
               {own[2], 2},
               {"/dev/fd/2147483647", INT32_MAX},
               {"/dev/fd/", -1},
               {"/dev/fd/1x", -1},
               {"/dev/fd/+1", -1},
               {"/dev/fd/ 1", -1},
               {"/dev/fd/2147483648", -1},
               {"/dev/fx/1", -1}};
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    crow_target t;
    CHECK_OK(crow_target_find(cases[c].name, &t));
    CHECK(t.descriptor == cases[c].descriptor);
    if (t.descriptor >= 0) CHECK(strcmp(t.path, cases[c].name) == 0); /* not what is open */
    crow_target_free(&t);
  }
}

/* A descriptor is a stream even where a file is open, also behind a link. */
static void a_descriptor_is_a_stream(void) {
  char name[64];
  crow_target t;
  const int open_file = open(test_path("open"), O_RDWR | O_CREAT, 0600);
  (void)snprintf(name, sizeof name, "/dev/fd/%d", open_file);
  CHECK(open_file > 2 && symlink(name, test_path("stream")) == 0);
  for (int k = 0; k < 2; k++) {
    CHECK_OK(crow_target_find(k ? test_path("stream") : name, &t));
    CHECK(t.descriptor == open_file && t.there && t.stream && !t.folder && strcmp(t.path, name) == 0);
    CHECK_OK(crow_target_check(name, &t, true, false));
    CHECK_STATUS(crow_target_check(name, &t, false, true), CROW_FILE_SYSTEM);
    CHECK_MESSAGE("it is a device, pipe or socket");
    crow_target_free(&t);
  }
  CHECK(close(open_file) == 0);
  CHECK_OK(crow_target_find(name, &t));
  CHECK(t.descriptor == open_file && !t.there && !t.stream);
  crow_target_free(&t);
}

static void streams_must_be_open_for_writing(void) {
  int ends[2] = {-1, -1};
  CHECK(pipe(ends) == 0);
  for (int k = 0; k < 2; k++) {
    char name[64];
    crow_target t;
    (void)snprintf(name, sizeof name, "/proc/self/fd/%d", ends[k]);
    CHECK_OK(crow_target_find(name, &t));
    CHECK_STATUS(crow_target_check(name, &t, true, false), k ? CROW_OK : CROW_FILE_SYSTEM);
    if (!k) CHECK_MESSAGE(": Permission denied");
    CHECK(close(ends[k]) == 0);
    t.stream = true; /* closed since it was found */
    CHECK_STATUS(crow_target_check(name, &t, true, false), CROW_FILE_SYSTEM);
    CHECK_MESSAGE(": Bad file descriptor");
    crow_target_free(&t);
  }
  crow_target t;
  CHECK_OK(crow_target_find("/dev/null", &t));
  CHECK_OK(crow_target_check("/dev/null", &t, true, false));
  crow_target_free(&t);
}

static bool same(const char *one, const char *other) {
  crow_target a, b;
  CHECK_OK(crow_target_find(one, &a));
  CHECK_OK(crow_target_find(other, &b));
  const bool found = crow_target_same(&a, &b);
  CHECK(crow_target_same(&b, &a) == found);
  crow_target_free(&a);
  crow_target_free(&b);
  return found;
}

static void names_of_one_file_are_the_same(void) {
  touch(test_path("one"));
  touch(test_path("two"));
  CHECK(link(test_path("one"), test_path("hard")) == 0 && symlink("one", test_path("soft")) == 0);
  CHECK(mkdir(test_path("deep"), 0700) == 0 && symlink("not-yet", test_path("to-absent")) == 0);
  CHECK(same(test_path("one"), test_path("one")) && !same(test_path("one"), test_path("two")));
  CHECK(same(test_path("one"), test_path("hard")) && same(test_path("one"), test_path("soft")));
  CHECK(same(test_path("one"), test_path("deep/../one")));
  CHECK(same(test_path("not-yet"), test_path("deep/../not-yet")) && same(test_path("not-yet"), test_path("to-absent")));
  CHECK(!same(test_path("not-yet"), test_path("nor-this")) && !same(test_path("not-yet"), test_path("deep/not-yet")));
  CHECK(!same(test_path("not-yet"), test_path("one")));
  CHECK(same(test_path("no/a"), test_path("no/a")) && !same(test_path("no/a"), test_path("no/b")));
  CHECK(!same(test_path("no/a"), test_path("not-yet")));
  CHECK(!same("/dev/null", "/dev/null") && !same("/dev/null", test_path("one")));
}

static crow_status check(const char *name, bool overwrite) {
  crow_target t;
  CHECK_OK(crow_target_find(name, &t));
  const crow_status status = crow_target_check(name, &t, false, overwrite);
  crow_target_free(&t);
  return status;
}

static void what_cannot_be_written_is_said(void) {
  touch(test_path("plain"));
  CHECK_OK(check(test_path("fresh"), false));
  CHECK_OK(check(test_path("plain"), true));
  CHECK_STATUS(check(test_path("plain"), false), CROW_FILE_SYSTEM);
  CHECK_MESSAGE("plain exists already; --force replaces it");
  CHECK_STATUS(check(test_path("fresh/"), true), CROW_FILE_SYSTEM);
  CHECK_MESSAGE("fresh/: expected the name of a file, not of a folder");
  CHECK_STATUS(check(test_path("gone//x"), true), CROW_FILE_SYSTEM);
  CHECK_MESSAGE("/gone: No such file or directory"); /* as it would be written: without slashes at the end */
  CHECK_STATUS(check(test_path("plain/x"), true), CROW_FILE_SYSTEM);
  CHECK_MESSAGE("plain is not a folder");
  CHECK_STATUS(check(test_folder(), true), CROW_FILE_SYSTEM);
  CHECK_MESSAGE("it is a folder; expected the name of a file");
  CHECK_STATUS(check("", true), CROW_FILE_SYSTEM);
  CHECK_MESSAGE("the name of the output file is empty");
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {{"what is there has its own identity", what_is_there_has_its_own_identity},
                                    {"what is not has its folder's", what_is_not_has_its_folder_s},
                                    {"links are followed", links_are_followed},
                                    {"as many links as the system follows", as_many_links_as_the_system_follows},
                                    {"names of descriptors are known", names_of_descriptors_are_known},
                                    {"a descriptor is a stream", a_descriptor_is_a_stream},
                                    {"streams must be open for writing", streams_must_be_open_for_writing},
                                    {"names of one file are the same", names_of_one_file_are_the_same},
                                    {"what cannot be written is said", what_cannot_be_written_is_said},
                                    {NULL, NULL}};
  return crow_test_main(argc, argv, "targets", tests, false);
}
