/* SPDX-License-Identifier: Apache-2.0 */
/* What goes wrong on one rank ends the call on all, with one message; and what files say does not depend on ranks. */
#include "harness.h"

#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define M 5000

static crow_partition part_of(crow_gidx rows) { return crow_comm_partition(test_comm, rows, CROW_BLOCK); }

static bool is_root(void) { return crow_comm_rank(test_comm) == 0; }

/* All ranks have the same latest message, and it holds `part`. */
static void check_same_message(const char *part) {
  char first[CROW_ERROR_BYTES];
  (void)snprintf(first, sizeof first, "%s", crow_error_message());
  CHECK_OK(crow_comm_broadcast(test_comm, first, (int64_t)sizeof first, 0));
  CHECK(strcmp(first, crow_error_message()) == 0);
  CHECK_MESSAGE(part);
}

/* Files in the test's folder, counted by rank 0 when all are there. */
static int count_files(void) {
  int count = 0;
  CHECK_OK(crow_comm_barrier(test_comm));
  DIR *folder = is_root() ? opendir(test_folder()) : NULL;
  for (const struct dirent *entry = folder ? readdir(folder) : NULL; entry; entry = readdir(folder)) {
    count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
  }
  if (folder) (void)closedir(folder);
  CHECK_OK(crow_comm_broadcast(test_comm, &count, (int64_t)sizeof count, 0));
  return count;
}

/* A weights file of M rows: row i has value i + 1/4 but for the faults, and 3 i hits. */
static crow_status write_weights(const char *path, const crow_gidx *faults, int fault_count, const char *kind) {
  crow_status status = CROW_OK;
  crow_file *file = NULL;
  double *values = NULL;
  int64_t *hits = NULL;
  const crow_partition part = part_of(M);
  CROW_TRY(crow_file_create(test_comm, path, kind, true, &file));
  CROW_TRY(CROW_ALLOCATE(&values, part.count));
  CROW_TRY(CROW_ALLOCATE(&hits, part.count));
  for (crow_gidx i = 0; i < part.count; i++) {
    values[i] = (double)(part.begin + i) + 0.25;
    hits[i] = 3 * (part.begin + i);
    for (int k = 0; k < fault_count; k++) {
      if (faults[k] == part.begin + i) values[i] = -1;
    }
  }
  CROW_TRY(crow_file_write_vector(file, "/weights/value", CROW_F64, &part, values));
  CROW_TRY(crow_file_write_vector(file, "/weights/hits", CROW_I64, &part, hits));
  CROW_TRY(crow_file_finish(&file));
cleanup:
  crow_file_close(&file);
  crow_free(values);
  crow_free(hits);
  return status;
}

static void test_lowest_fault(void) {
  const crow_gidx faults[3] = {4711, 1700, 4999};
  CHECK_STATUS(write_weights(test_path("faulty.h5"), faults, 3, "weights"), CROW_FAILED);
  check_same_message("/weights/value[1700] is -1, expected a number of at least 0");
  CHECK(count_files() == 0);
}

/* Every rank reads everything, backwards in ranks, so that the lowest fault is in no particular rank's share. */
static void test_lowest_fault_read(void) {
  const char *path = test_path("wide.h5");
  crow_file *file = NULL;
  int32_t *narrow = NULL;
  int64_t *hits = NULL;
  const crow_partition part = part_of(M);
  CHECK_OK(CROW_ALLOCATE(&hits, part.count));
  CHECK_OK(CROW_ALLOCATE(&narrow, M));
  for (crow_gidx i = 0; i < part.count; i++) hits[i] = part.begin + i >= 1234 ? (INT64_C(1) << 40) + part.begin + i : 1;
  CHECK_OK(crow_file_create(test_comm, path, "weights", true, &file));
  double *values = NULL;
  CHECK_OK(CROW_ALLOCATE(&values, part.count));
  CHECK_OK(crow_file_write_vector(file, "/weights/value", CROW_F64, &part, values));
  CHECK_OK(crow_file_write_vector(file, "/weights/hits", CROW_I64, &part, hits));
  CHECK_OK(crow_file_finish(&file));
  CHECK_OK(crow_file_open(test_comm, path, "weights", &file));
  CHECK_STATUS(crow_file_read(file, "/weights/hits", 0, M, CROW_I32, narrow), CROW_BAD_INPUT);
  check_same_message("/weights/hits[1234] is 1099511629010");
  const crow_partition other = crow_partition_make(M, CROW_BLOCK, crow_comm_size(test_comm),
                                                   crow_comm_size(test_comm) - 1 - crow_comm_rank(test_comm));
  CHECK_STATUS(crow_file_read(file, "/weights/hits", other.begin, other.count, CROW_I32, narrow), CROW_BAD_INPUT);
  check_same_message("/weights/hits[1234] is 1099511629010");
  crow_file_close(&file);
  if (is_root()) CHECK(unlink(path) == 0);
  crow_free(values);
  crow_free(hits);
  crow_free(narrow);
}

static void test_missing(void) {
  crow_file *file = NULL;
  CHECK_STATUS(crow_file_open(test_comm, test_path("absent.h5"), NULL, &file), CROW_FILE_SYSTEM);
  check_same_message("absent.h5: No such file or directory");
  CHECK_STATUS(crow_file_create(test_comm, test_path("absent/x.h5"), "weights", false, &file), CROW_FILE_SYSTEM);
  check_same_message("absent: No such file or directory");
  CHECK_STATUS(crow_file_create(test_comm, test_path("x.h5"), "sonnet", false, &file), CROW_BAD_INPUT);
  check_same_message("there is no kind of file \"sonnet\"");
  CHECK(file == NULL && count_files() == 0);
}

static void test_row_out_of_range_on_one_rank(void) {
  const char *path = test_path("range.h5");
  crow_file *file = NULL;
  double values[2];
  CHECK_OK(write_weights(path, NULL, 0, "weights"));
  CHECK_OK(crow_file_open(test_comm, path, "weights", &file));
  const bool last = crow_comm_rank(test_comm) == crow_comm_size(test_comm) - 1;
  CHECK_STATUS(crow_file_read(file, "/weights/value", last ? M - 1 : 0, 2, CROW_F64, values), CROW_FAILED);
  check_same_message("/weights/value has 5000 rows, asked for 2 from row 4999");
  CHECK_OK(crow_file_read(file, "/weights/value", last ? M - 2 : 0, 2, CROW_F64, values));
  CHECK(values[1] == (last ? M - 1 : 1) + 0.25);
  crow_file_close(&file);
  if (is_root()) CHECK(unlink(path) == 0);
}

/* A limit on the size of files, on all ranks, stands for a full disk. */
static void test_full_disk(void) {
  const char *path = test_path("full.h5");
  const struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY}, small = {1 << 20, RLIM_INFINITY};
  CHECK_OK(write_weights(path, NULL, 0, "weights"));
  char before[33], after[33];
  CHECK_OK(crow_file_digest(test_comm, path, before));
  (void)signal(SIGXFSZ, SIG_IGN);
  CHECK_OK(crow_comm_barrier(test_comm));
  CHECK(setrlimit(RLIMIT_FSIZE, &small) == 0);
  CHECK_STATUS(write_weights(path, NULL, 0, "weights"), CROW_FILE_SYSTEM);
  check_same_message("full.h5");
  CHECK(setrlimit(RLIMIT_FSIZE, &none) == 0);
  CHECK_OK(crow_file_digest(test_comm, path, after));
  CHECK(strcmp(before, after) == 0 && count_files() == 1);
  if (is_root()) CHECK(unlink(path) == 0);
}

/* Allocations fail on the last rank only, each in turn. */
static void test_memory_on_one_rank(void) {
  const char *path = test_path("memory.h5");
  const bool last = crow_comm_rank(test_comm) == crow_comm_size(test_comm) - 1;
  crow_status status = CROW_FAILED;
  for (int64_t allowed = 0; status != CROW_OK && allowed < 400; allowed++) {
    if (last) crow_memory_fail_after(allowed);
    crow_file *file = NULL;
    status = crow_file_create(test_comm, path, "weights", true, &file);
    if (status == CROW_OK) status = crow_file_set_text(file, "/provenance/more", "key", "text");
    if (status == CROW_OK) status = crow_file_define(file, "/weights/value", CROW_F64, M, 0);
    crow_memory_fail_after(-1);
    crow_file_close(&file);
    CHECK(status == CROW_OK || status == CROW_FAILED);
  }
  CHECK_OK(status);
  CHECK(count_files() == 0);
}

static void test_copy_and_provenance(void) {
  const char *from = test_path("from.h5"), *to = test_path("to.h5");
  crow_file *source = NULL, *copy = NULL;
  crow_provenance *provenance = NULL;
  CHECK_OK(write_weights(from, NULL, 0, "weights"));
  CHECK_OK(crow_provenance_create(test_comm, "crow weights \"a b\"", &provenance));
  CHECK_OK(crow_provenance_add(provenance, "time_s", "%d", crow_comm_rank(test_comm))); /* differs from rank to rank */
  CHECK_OK(crow_provenance_add(provenance, "twice", "first"));
  CHECK_OK(crow_provenance_add(provenance, "twice", "second"));
  CHECK_OK(crow_provenance_add_input(provenance, test_comm, "weights", from));
  CHECK_OK(crow_file_open(test_comm, from, "weights", &source));
  CHECK_OK(crow_file_create(test_comm, to, "weights", false, &copy));
  CHECK_OK(crow_file_copy(source, copy, "/weights/value"));
  CHECK_OK(crow_file_copy(source, copy, "/weights/hits"));
  CHECK_OK(crow_provenance_write(provenance, copy));
  CHECK_OK(crow_file_finish(&copy));
  crow_provenance_destroy(&provenance);
  crow_file_close(&source);
  CHECK_OK(crow_file_open(test_comm, to, "weights", &copy));
  const crow_partition part = part_of(M);
  double *values = NULL;
  CHECK_OK(CROW_ALLOCATE(&values, part.count));
  CHECK_OK(crow_file_read(copy, "/weights/value", part.begin, part.count, CROW_F64, values));
  for (crow_gidx i = 0; i < part.count; i++) CHECK(values[i] == (double)(part.begin + i) + 0.25);
  static const char *const expected[][2] = {
      {"program", "crow"}, {"command_line", "crow weights \"a b\""}, {"time_s", "0"}, {"twice", "second"}};
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
    char *text = NULL;
    CHECK_OK(crow_file_get_text(copy, "/provenance", expected[i][0], &text));
    CHECK(text && strcmp(text, expected[i][1]) == 0);
    crow_free(text);
  }
  char digest[33], *stored = NULL;
  CHECK_OK(crow_file_digest(test_comm, from, digest));
  CHECK_OK(crow_file_get_text(copy, "/provenance", "input_weights_digest", &stored));
  CHECK(stored && strcmp(stored, digest) == 0);
  crow_free(stored);
  crow_free(values);
  crow_file_close(&copy);
  if (is_root()) CHECK(unlink(from) == 0 && unlink(to) == 0);
}

static void test_description(void) {
  const char *path = test_path("described.h5");
  char *text = NULL;
  CHECK_OK(write_weights(path, NULL, 0, "weights"));
  CHECK_OK(crow_file_describe(test_comm, path, &text));
  json_t *json = text ? json_loads(text, 0, NULL) : NULL, *hits = NULL;
  size_t i;
  json_t *dataset;
  CHECK(json_is_true(json_object_get(json, "valid")));
  json_array_foreach(json_object_get(json, "datasets"), i, dataset) {
    if (strcmp(json_string_value(json_object_get(dataset, "path")), "/weights/hits") == 0) hits = dataset;
  }
  CHECK(json_integer_value(json_object_get(hits, "minimum")) == 0);
  CHECK(json_integer_value(json_object_get(hits, "maximum")) == 3 * (M - 1));
  CHECK(json_real_value(json_object_get(hits, "mean")) == 1.5 * (M - 1));
  json_decref(json);
  int64_t bytes = text ? (int64_t)strlen(text) : 0;
  CHECK_OK(crow_comm_broadcast(test_comm, &bytes, (int64_t)sizeof bytes, 0));
  CHECK(text && bytes == (int64_t)strlen(text));
  crow_free(text);
  if (is_root()) CHECK(unlink(path) == 0);
}

/* Zeros with one last byte: one block, two, five. The digests were made with the xxHash library from Python. */
static void test_digest_in_blocks(void) {
  const char *path = test_path("blocks");
  static const struct {
    int64_t bytes;
    const char *digest;
  } cases[] = {{67108864, "92516e60442e15c96143d2bd73919b4e"},
               {67108865, "c6f47134b60cb6146cf97de4dbe5aea6"},
               {335544320, "b753765f18c2d170c67f03f25f6ca268"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char digest[33];
    if (is_root()) {
      const int descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
      CHECK(pwrite(descriptor, "x", 1, (off_t)cases[i].bytes - 1) == 1);
      (void)close(descriptor);
    }
    CHECK_OK(crow_comm_barrier(test_comm));
    CHECK_OK(crow_file_digest(test_comm, path, digest));
    CHECK(strcmp(digest, cases[i].digest) == 0);
  }
  if (is_root()) CHECK(unlink(path) == 0);
}

static const crow_test tests[] = {
    {"the lowest bad value over all ranks is named and nothing is written", test_lowest_fault},
    {"the lowest bad value read is named, whoever reads it", test_lowest_fault_read},
    {"missing files and folders are one message on all ranks", test_missing},
    {"a row out of range on one rank ends the call on all", test_row_out_of_range_on_one_rank},
    {"a full disk ends the call on all ranks and the older file stays", test_full_disk},
    {"lack of memory on one rank ends the call on all", test_memory_on_one_rank},
    {"copies and provenance are the same for every rank", test_copy_and_provenance},
    {"a description does not depend on the number of ranks", test_description},
    {"a digest does not depend on the number of ranks", test_digest_in_blocks},
    {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "file faults", tests, true); }
