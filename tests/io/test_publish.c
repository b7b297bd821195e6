/* SPDX-License-Identifier: Apache-2.0 */
/* A finished file takes its name, also where the file system cannot do so in one step that replaces nothing: the system
 * call is this program's own, which can refuse as such file systems do. */
#include "harness.h"

#include "io/target_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

static int refusal; /* errno of the next calls; 0: none */
static int64_t refused;

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned int flags);
int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned int flags) {
  if (refusal) {
    refused++;
    errno = refusal;
    return -1;
  }
  return (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
}

static void put(const char *path, const char *text) {
  FILE *file = fopen(path, "w");
  CHECK(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static bool holds(const char *path, const char *text) {
  char found[64] = "";
  FILE *file = fopen(path, "r");
  const bool same = file && fgets(found, sizeof found, file) && strcmp(found, text) == 0;
  if (file) (void)fclose(file);
  return same;
}

static void a_name_is_taken_once_and_replaced_when_asked(void) {
  static const int kinds[] = {0, EINVAL, ENOSYS};
  char new[512], path[512];
  (void)snprintf(new, sizeof new, "%s", test_path("new"));
  (void)snprintf(path, sizeof path, "%s", test_path("result"));
  for (int k = 0; k < 3; k++) {
    refusal = kinds[k];
    refused = 0;
    put(new, "first");
    CHECK_OK(crow_target_publish(new, path, "result", false));
    CHECK(holds(path, "first") && access(new, F_OK) != 0);
    put(new, "second");
    CHECK_STATUS(crow_target_publish(new, path, "result", false), CROW_FILE_SYSTEM);
    CHECK_MESSAGE("result exists already; --force replaces it");
    CHECK(holds(path, "first") && holds(new, "second"));
    CHECK_OK(crow_target_publish(new, path, "result", true));
    CHECK(holds(path, "second") && access(new, F_OK) != 0);
    CHECK(unlink(path) == 0 && refused == (kinds[k] ? 3 : 0));
  }
  refusal = 0;
}

/* Other failures are not tried again in another way. */
static void other_failures_are_told(void) {
  char new[512];
  (void)snprintf(new, sizeof new, "%s", test_path("new"));
  put(new, "kept");
  refusal = EACCES;
  CHECK_STATUS(crow_target_publish(new, test_path("never"), "never", true), CROW_FILE_SYSTEM);
  CHECK_MESSAGE("cannot rename");
  CHECK_MESSAGE("Permission denied");
  refusal = 0;
  CHECK(holds(new, "kept") && access(test_path("never"), F_OK) != 0);
  CHECK(unlink(new) == 0);
}

/* A descriptor is written to if it was opened for that, whatever the rights of what it leads to. */
static void descriptors_are_written_as_they_were_opened(void) {
  static const int modes[] = {O_RDONLY, O_WRONLY, O_RDWR};
  for (int k = 0; k < 3; k++) {
    crow_target target = {0};
    char name[64];
    const int descriptor = open("/dev/null", modes[k]);
    CHECK(descriptor >= 0);
    (void)snprintf(name, sizeof name, "/dev/fd/%d", descriptor);
    CHECK_OK(crow_target_find(name, &target));
    CHECK(target.stream && target.descriptor == descriptor);
    CHECK_STATUS(crow_target_check(name, &target, true, true), k ? CROW_OK : CROW_FILE_SYSTEM);
    if (!k) CHECK_MESSAGE("Permission denied");
    CHECK_STATUS(crow_target_check(name, &target, false, true), CROW_FILE_SYSTEM);
    CHECK_MESSAGE("it is a device, pipe or socket");
    crow_target_free(&target);
    CHECK(close(descriptor) == 0);
  }
}

/* Names of descriptors end with a number that there can be. */
static void names_of_descriptors_are_told(void) {
  static const struct {
    const char *name;
    int descriptor;
  } cases[] = {{"/dev/fd/2147483647", INT32_MAX},
               {"/dev/fd/2147483648", -1},
               {"/proc/self/fd/1", 1},
               {"/dev/fd/1x", -1},
               {"/dev/fd/x", -1},
               {"/dev/fd/", -1}};
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    crow_target target = {0};
    CHECK_OK(crow_target_find(cases[c].name, &target));
    CHECK_NEAR(target.descriptor, cases[c].descriptor, 0);
    crow_target_free(&target);
  }
}

/* Without their folder only equal names are the same file; with it the folder and the name, or the file itself. */
static void names_are_compared_whether_there_or_not(void) {
  static const struct {
    const char *one, *other;
    bool same;
  } cases[] = {{"no/file", "no/file", true},   {"no/file", "no/other", false}, {"no/file", "./file", false},
               {"file", "./file", true},       {"file", "other", false},       {"there", "./there", true},
               {"there", "file", false},       {"there", "no/there", false},   {"/dev/null", "/dev/null", false},
               {"there", "other-there", false}};
  char before[4096];
  CHECK(getcwd(before, sizeof before) != NULL);
  CHECK(chdir(test_folder()) == 0);
  put("there", "x");
  put("other-there", "x");
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    crow_target one = {0}, other = {0};
    CHECK_OK(crow_target_find(cases[c].one, &one));
    CHECK_OK(crow_target_find(cases[c].other, &other));
    CHECK(crow_target_same(&one, &other) == cases[c].same);
    CHECK(crow_target_same(&other, &one) == cases[c].same);
    crow_target_free(&one);
    crow_target_free(&other);
  }
  CHECK(unlink("there") == 0 && unlink("other-there") == 0);
  CHECK(chdir(before) == 0);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"a name is taken once, and replaced when asked", a_name_is_taken_once_and_replaced_when_asked},
      {"other failures are told", other_failures_are_told},
      {"descriptors are written as they were opened", descriptors_are_written_as_they_were_opened},
      {"names of descriptors are told", names_of_descriptors_are_told},
      {"names are compared whether there or not", names_are_compared_whether_there_or_not},
      {NULL, NULL}};
  return crow_test_main(argc, argv, "publishing", tests, false);
}
