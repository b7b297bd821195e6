/* SPDX-License-Identifier: Apache-2.0 */
/* Outputs appear whole under their name or not at all. */
#include "io/craft.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* How many files there are in the test's folder. */
static int count_files(void) {
  int count = 0;
  DIR *folder = opendir(test_folder());
  CHECK(folder != NULL);
  if (!folder) return -1;
  for (const struct dirent *entry = readdir(folder); entry; entry = readdir(folder))
    count += entry->d_name[0] != '.' || strlen(entry->d_name) > 2;
  (void)closedir(folder);
  return count;
}

static void read_bytes(const char *path, char *bytes, size_t room) {
  FILE *file = fopen(path, "rb");
  memset(bytes, 0, room);
  if (!file) return;
  (void)!fread(bytes, 1, room - 1, file);
  (void)fclose(file);
}

static void write_old(const char *path) {
  FILE *file = fopen(path, "wb");
  CHECK(file != NULL && fputs("older", file) >= 0);
  if (file) (void)fclose(file);
}

static crow_file *begin_weights(const char *path, bool overwrite, const double *values, crow_gidx rows) {
  crow_file *file = NULL;
  CHECK_OK(crow_file_create(test_comm, path, "weights", overwrite, &file));
  CHECK_OK(crow_file_define(file, "/weights/value", CROW_F64, rows, 0));
  CHECK_OK(crow_file_write_rows(file, "/weights/value", 0, rows, CROW_F64, values));
  return file;
}

static const double values[3] = {0.5, 0.25, 0.25};

static void test_appears_whole(void) {
  const char *path = test_path("whole.h5");
  crow_file *file = begin_weights(path, false, values, 3);
  struct stat facts;
  CHECK(stat(path, &facts) != 0);
  CHECK(count_files() == 1);
  CHECK_OK(crow_file_finish(&file));
  CHECK(file == NULL && stat(path, &facts) == 0 && count_files() == 1);
  const mode_t mask = umask(0);
  (void)umask(mask);
  CHECK((facts.st_mode & 0777) == (0666 & ~mask));
  CHECK_OK(crow_file_open(test_comm, path, "weights", &file));
  crow_file_close(&file);
  CHECK(unlink(path) == 0);
}

static void test_closing_removes(void) {
  crow_file *file = begin_weights(test_path("gone.h5"), false, values, 3);
  CHECK(count_files() == 1);
  crow_file_close(&file);
  CHECK(file == NULL && count_files() == 0);
  crow_file_close(&file);
  crow_file_close(NULL);
}

static void test_existing(void) {
  const char *path = test_path("old.h5");
  crow_file *file = NULL;
  char bytes[16];
  write_old(path);
  CHECK_STATUS(crow_output_check(test_comm, path, false), CROW_FILE_SYSTEM);
  CHECK_MESSAGE("old.h5 exists already; --force replaces it");
  CHECK_STATUS(crow_file_create(test_comm, path, "weights", false, &file), CROW_FILE_SYSTEM);
  CHECK(file == NULL);
  CHECK_OK(crow_output_check(test_comm, path, true));
  file = begin_weights(path, true, values, 3);
  read_bytes(path, bytes, sizeof bytes);
  CHECK(strcmp(bytes, "older") == 0);
  CHECK_OK(crow_file_finish(&file));
  CHECK_OK(crow_file_open(test_comm, path, "weights", &file));
  crow_file_close(&file);
  CHECK(unlink(path) == 0 && count_files() == 0);
}

static void test_appeared_meanwhile(void) {
  const char *path = test_path("race.h5");
  char bytes[16];
  crow_file *file = begin_weights(path, false, values, 3);
  write_old(path);
  CHECK_STATUS(crow_file_finish(&file), CROW_FILE_SYSTEM);
  CHECK_MESSAGE("race.h5");
  read_bytes(path, bytes, sizeof bytes);
  CHECK(strcmp(bytes, "older") == 0);
  CHECK(unlink(path) == 0 && count_files() == 0);
}

static void test_impossible_places(void) {
  CHECK_STATUS(crow_output_check(test_comm, "", false), CROW_FILE_SYSTEM);
  CHECK_STATUS(crow_output_check(test_comm, test_folder(), true), CROW_FILE_SYSTEM);
  CHECK_MESSAGE("it is a folder");
  CHECK_STATUS(crow_output_check(test_comm, test_path("no/such/folder.h5"), false), CROW_FILE_SYSTEM);
  CHECK_MESSAGE("/no/such: No such file or directory");
  CHECK_STATUS(crow_output_check(test_comm, test_path("new/"), false), CROW_FILE_SYSTEM);
  CHECK_MESSAGE("not of a folder");
  CHECK_STATUS(crow_output_check(test_comm, "/dev/null", true), CROW_FILE_SYSTEM);
  CHECK_MESSAGE("device");
  if (geteuid() == 0) return; /* root may write anywhere */
  CHECK(mkdir(test_path("closed"), 0500) == 0);
  CHECK_STATUS(crow_output_check(test_comm, test_path("closed/new.h5"), false), CROW_FILE_SYSTEM);
  CHECK_MESSAGE("closed: Permission denied");
  CHECK(rmdir(test_path("closed")) == 0);
}

static void test_unwritable_folder(void) {
  crow_file *file = NULL;
  CHECK_STATUS(crow_file_create(test_comm, "/proc/crow.h5", "weights", false, &file), CROW_FILE_SYSTEM);
  CHECK_MESSAGE("/proc");
  CHECK(file == NULL);
}

static void test_long_name(void) {
  char name[300];
  memset(name, 'n', sizeof name);
  name[250] = 0;
  const char *path = test_path(name);
  crow_file *file = begin_weights(path, false, values, 3);
  CHECK_OK(crow_file_finish(&file));
  CHECK(unlink(path) == 0);
  name[250] = 'n';
  name[290] = 0;
  CHECK_STATUS(crow_output_check(test_comm, test_path(name), false), CROW_FILE_SYSTEM);
  CHECK_MESSAGE("too long");
}

/* ---- what does not meet its schema -------------------------------------------------------------------------- */

static void test_incomplete(void) {
  crow_file *file = NULL;
  CHECK_OK(crow_file_create(test_comm, test_path("incomplete.h5"), "weights", false, &file));
  CHECK_STATUS(crow_file_finish(&file), CROW_FAILED);
  CHECK_MESSAGE("breaks its schema");
  CHECK_MESSAGE("/weights/value is missing");
  CHECK(file == NULL && count_files() == 0);
}

static void test_rows_not_written(void) {
  crow_file *file = NULL;
  CHECK_OK(crow_file_create(test_comm, test_path("rows.h5"), "weights", false, &file));
  CHECK_OK(crow_file_define(file, "/weights/value", CROW_F64, 4, 0));
  CHECK_OK(crow_file_write_rows(file, "/weights/value", 0, 3, CROW_F64, values));
  CHECK_STATUS(crow_file_finish(&file), CROW_FAILED);
  CHECK_MESSAGE("3 of the 4 values of /weights/value");
  CHECK(count_files() == 0);
}

static void test_bad_values(void) {
  const double bad[3] = {0.5, NAN, -1};
  const int64_t large[2] = {1, INT64_C(1) << 40};
  crow_file *file = NULL;
  CHECK_OK(crow_file_create(test_comm, test_path("bad.h5"), "weights", false, &file));
  CHECK_OK(crow_file_define(file, "/weights/value", CROW_F64, 3, 0));
  CHECK_STATUS(crow_file_write_rows(file, "/weights/value", 0, 3, CROW_F64, bad), CROW_FAILED);
  CHECK_MESSAGE("/weights/value[1] is NaN, expected a number of at least 0");
  CHECK_STATUS(crow_file_write_rows(file, "/weights/value", 2, 1, CROW_F64, bad + 2), CROW_FAILED);
  CHECK_MESSAGE("/weights/value[2] is -1");
  CHECK_OK(crow_file_define(file, "/weights/hits", CROW_I32, 2, 0));
  CHECK_STATUS(crow_file_write_rows(file, "/weights/hits", 0, 2, CROW_I64, large), CROW_FAILED);
  CHECK_MESSAGE("/weights/hits[1] is 1099511627776");
  CHECK_STATUS(crow_file_write_rows(file, "/weights/value", 2, 2, CROW_F64, values), CROW_FAILED);
  CHECK_MESSAGE("has 3 rows");
  CHECK_STATUS(crow_file_write_rows(file, "/weights/none", 0, 1, CROW_F64, values), CROW_FAILED);
  CHECK_STATUS(crow_file_define(file, "/weights/value", CROW_F64, 3, 0), CROW_FAILED);
  crow_file_close(&file);
  CHECK(count_files() == 0);
}

/* Everywhere among many values the first that is bad is found, in both precisions and with bounds and without. */
static void test_one_bad_value_of_many(void) {
  enum { MANY = 2500 };
  static const int places[] = {0, 1023, 1024, 2047, 2048, MANY - 1};
  static const double faults[] = {NAN, INFINITY, -INFINITY};
  static const char *const kinds[] = {"weights", "dataset"}, *const paths[] = {"/weights/value",
                                                                               "/alternatives/context"};
  static double wide[MANY];
  static float narrow[MANY];
  for (int k = 0; k < 2; k++) {
    crow_file *file = NULL;
    CHECK_OK(crow_file_create(test_comm, test_path("many.h5"), kinds[k], false, &file));
    CHECK_OK(crow_file_define(file, paths[k], CROW_F64, MANY, k));
    for (int i = 0; i < 18; i++) {
      const int at = places[i / 3];
      char expected[64];
      (void)snprintf(expected, sizeof expected, k ? "%s[%d, 0] is" : "%s[%d] is", paths[k], at);
      wide[at] = faults[i % 3];
      narrow[at] = (float)faults[i % 3];
      CHECK_STATUS(crow_file_write_rows(file, paths[k], 0, MANY, CROW_F64, wide), CROW_FAILED);
      CHECK_MESSAGE(expected);
      CHECK_STATUS(crow_file_write_rows(file, paths[k], 0, MANY, CROW_F32, narrow), CROW_FAILED);
      CHECK_MESSAGE(expected);
      wide[at] = narrow[at] = 0;
    }
    CHECK_OK(crow_file_write_rows(file, paths[k], 0, MANY, CROW_F32, narrow));
    wide[1500] = -1e-300; /* below the bound of weights, and only there */
    CHECK_STATUS(crow_file_write_rows(file, paths[k], 0, MANY, CROW_F64, wide), k ? CROW_OK : CROW_FAILED);
    wide[1500] = 0;
    crow_file_close(&file);
  }
}

static void test_reading_only(void) {
  const char *path = test_path("reading.h5");
  crow_file *file = begin_weights(path, false, values, 3);
  CHECK_OK(crow_file_finish(&file));
  CHECK_OK(crow_file_open(test_comm, path, NULL, &file));
  CHECK_STATUS(crow_file_define(file, "/weights/more", CROW_F64, 3, 0), CROW_FAILED);
  CHECK_STATUS(crow_file_set_i64(file, "/", "samples", 1), CROW_FAILED);
  CHECK_STATUS(crow_file_write_rows(file, "/weights/value", 0, 3, CROW_F64, values), CROW_FAILED);
  crow_file_close(&file);
  CHECK(unlink(path) == 0);
}

/* ---- full disks --------------------------------------------------------------------------------------------- */

/* A limit on the size of files stands for a full disk. */
static void test_full_disk(void) {
  const char *path = test_path("full.h5");
  const struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
  struct rlimit small = {4 << 20, RLIM_INFINITY};
  char bytes[16];
  crow_file *file = NULL;
  write_old(path);
  (void)signal(SIGXFSZ, SIG_IGN);
  CHECK_OK(crow_file_create(test_comm, path, "weights", true, &file));
  CHECK(setrlimit(RLIMIT_FSIZE, &small) == 0);
  CHECK_STATUS(crow_file_define(file, "/weights/value", CROW_F64, 1 << 20, 0), CROW_FILE_SYSTEM);
  CHECK_MESSAGE("full.h5: no room for the 8388608 bytes of /weights/value");
  crow_file_close(&file);
  CHECK(setrlimit(RLIMIT_FSIZE, &none) == 0);
  read_bytes(path, bytes, sizeof bytes);
  CHECK(strcmp(bytes, "older") == 0);
  CHECK(count_files() == 1 && unlink(path) == 0);
}

/* An attribute that is set again has the later value. */
static void test_attribute_again(void) {
  const char *path = test_path("again.h5");
  crow_file *file = begin_weights(path, true, values, 3);
  int64_t samples = 0;
  char *text = NULL;
  CHECK_OK(crow_file_set_text(file, "/", "description", "earlier"));
  CHECK_OK(crow_file_set_i64(file, "/weights", "samples", 7));
  CHECK_OK(crow_file_set_text(file, "/", "description", "a longer one, and later"));
  CHECK_OK(crow_file_set_i64(file, "/weights", "samples", 11));
  CHECK_OK(crow_file_finish(&file));
  CHECK_OK(crow_file_open(test_comm, path, "weights", &file));
  CHECK_OK(crow_file_get_text(file, "/", "description", &text));
  CHECK(text && strcmp(text, "a longer one, and later") == 0);
  CHECK_OK(crow_file_get_i64(file, "/weights", "samples", &samples));
  CHECK(samples == 11);
  crow_free(text);
  crow_file_close(&file);
  CHECK(unlink(path) == 0);
}

static const crow_test tests[] = {
    {"a file appears under its name when it is whole, with the user's permissions", test_appears_whole},
    {"closing an unfinished file removes it", test_closing_removes},
    {"an existing file is replaced only on request, and only by a whole one", test_existing},
    {"a file that appeared meanwhile is not replaced", test_appeared_meanwhile},
    {"impossible places are refused before any work", test_impossible_places},
    {"a folder that cannot be written is refused", test_unwritable_folder},
    {"long names work up to the file system's limit", test_long_name},
    {"a file that lacks what its schema demands does not appear", test_incomplete},
    {"a file with rows that nobody wrote does not appear", test_rows_not_written},
    {"values that break the schema are not written", test_bad_values},
    {"one bad value of many", test_one_bad_value_of_many},
    {"an attribute that is set again has the later value", test_attribute_again},
    {"a file open for reading is not changed", test_reading_only},
    {"a full disk is known before data are written, and the older file stays", test_full_disk},
    {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "outputs", tests, true); }
