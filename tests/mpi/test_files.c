/* SPDX-License-Identifier: Apache-2.0 */
/* Files written and read by several ranks. */
#include "harness.h"

#include <sys/stat.h>
#include <unistd.h>

#define M 1201
#define D 3

static double context_value(crow_gidx row, crow_gidx column) { return (double)row * 10 + (double)column + 0.25; }

/* A slice that is uneven and leaves some ranks with nothing: rank r of p gets rows proportional to r. */
static void uneven_slice(crow_gidx rows, crow_gidx *begin, crow_gidx *count) {
  const crow_gidx rank = crow_comm_rank(test_comm), size = crow_comm_size(test_comm);
  const crow_gidx whole = size * (size - 1) / 2;
  if (whole == 0) {
    *begin = 0;
    *count = rows;
    return;
  }
  *begin = rows * (rank * (rank - 1) / 2) / whole;
  *count = rows * (rank * (rank + 1) / 2) / whole - *begin;
}

static void make_text(crow_gidx row, char text[32]) {
  (void)snprintf(text, 32, "item %lld \xc3\xa9%.*s", (long long)row, (int)(row % 11), "xxxxxxxxxxx");
}

static void write_contexts(crow_file *file, crow_gidx begin, crow_gidx count) {
  float *values = NULL;
  CHECK_OK(CROW_ALLOCATE(&values, count * D));
  for (crow_gidx i = 0; i < count * D; i++) values[i] = (float)context_value(begin + i / D, i % D);
  CHECK_OK(crow_file_define(file, "/alternatives/context", CROW_F32, M, D));
  CHECK_OK(crow_file_write_rows(file, "/alternatives/context", begin, count, CROW_F32, values));
  crow_free(values);
}

static void write_ids(crow_file *file, crow_gidx begin, crow_gidx count) {
  crow_strings ids = {.count = count, .width = 32};
  CHECK_OK(crow_allocate(count, 32, (void **)&ids.data));
  for (crow_gidx i = 0; i < count; i++) make_text(begin + i, ids.data + i * 32);
  CHECK_OK(crow_file_write_strings(file, "/alternatives/id", M, begin, &ids));
  crow_strings_free(&ids);
}

static void write_comparisons(crow_file *file, crow_gidx begin, crow_gidx count) {
  int64_t *index = NULL;
  double *outcome = NULL;
  CHECK_OK(CROW_ALLOCATE(&index, count));
  CHECK_OK(CROW_ALLOCATE(&outcome, count));
  for (crow_gidx i = 0; i < count; i++) index[i] = begin + i;
  CHECK_OK(crow_file_define(file, "/comparisons/first", CROW_I32, M, 0));
  CHECK_OK(crow_file_write_rows(file, "/comparisons/first", begin, count, CROW_I64, index));
  for (crow_gidx i = 0; i < count; i++) index[i] = (begin + i + 1) % M;
  CHECK_OK(crow_file_define(file, "/comparisons/second", CROW_I32, M, 0));
  CHECK_OK(crow_file_write_rows(file, "/comparisons/second", begin, count, CROW_I64, index));
  for (crow_gidx i = 0; i < count; i++) outcome[i] = (double)((begin + i) % 3) / 2;
  CHECK_OK(crow_file_define(file, "/comparisons/outcome", CROW_F64, M, 0));
  CHECK_OK(crow_file_write_rows(file, "/comparisons/outcome", begin, count, CROW_F64, outcome));
  crow_free(index);
  crow_free(outcome);
}

/* Begins a dataset and fills everything that it must have. */
static crow_file *begin_dataset(const char *path, bool overwrite) {
  crow_file *file = NULL;
  crow_gidx begin = 0, count = 0;
  uneven_slice(M, &begin, &count);
  CHECK_OK(crow_file_create(test_comm, path, "dataset", overwrite, &file));
  if (!file) return NULL;
  write_contexts(file, begin, count);
  write_ids(file, begin, count);
  write_comparisons(file, begin, count);
  return file;
}

static void check_contents(const crow_dataset *dataset) {
  const crow_partition part = crow_comm_partition(test_comm, M, CROW_BLOCK);
  double *values = NULL;
  int32_t *index = NULL;
  crow_strings ids = {0};
  CHECK_OK(CROW_ALLOCATE(&values, part.count * D));
  CHECK_OK(CROW_ALLOCATE(&index, part.count));
  CHECK_OK(crow_file_read(dataset->file, "/alternatives/context", part.begin, part.count, CROW_F64, values));
  CHECK_OK(crow_file_read(dataset->file, "/comparisons/second", part.begin, part.count, CROW_I32, index));
  CHECK_OK(crow_dataset_read_ids(dataset, part.begin, part.count, &ids));
  bool same = true, same_ids = true;
  for (crow_gidx i = 0; i < part.count * D; i++) {
    same = same && values[i] == (double)(float)context_value(part.begin + i / D, i % D);
  }
  for (crow_gidx i = 0; i < part.count; i++) {
    char text[32];
    make_text(part.begin + i, text);
    same = same && index[i] == (part.begin + i + 1) % M;
    same_ids = same_ids && strcmp(text, crow_strings_get(&ids, i)) == 0;
  }
  CHECK(same);
  CHECK(same_ids);
  crow_strings_free(&ids);
  crow_free(values);
  crow_free(index);
}

static void test_round_trip(void) {
  const char *path = test_path("round.h5");
  crow_file *file = begin_dataset(path, false);
  CHECK_OK(crow_file_set_text(file, "/", "description", "at first something longer than what replaces it"));
  CHECK_OK(crow_file_set_text(file, "/", "description", "made \xe2\x9c\x93")); /* what is set again counts */
  CHECK_OK(crow_file_finish(&file));
  CHECK(file == NULL);
  crow_dataset dataset;
  CHECK_OK(crow_dataset_open(test_comm, path, false, &dataset));
  CHECK(dataset.alternatives == M && dataset.dimensions == D && dataset.comparisons == M && dataset.types == 0);
  CHECK(dataset.has_id && !dataset.has_topic && dataset.has_comparisons && !dataset.has_matrix);
  CHECK(!dataset.has_population && !dataset.has_count && dataset.single);
  if (dataset.file) check_contents(&dataset);
  char *text = NULL;
  CHECK_OK(crow_file_get_text(dataset.file, "/", "description", &text));
  CHECK(text && strcmp(text, "made \xe2\x9c\x93") == 0);
  crow_free(text);
  crow_dataset_close(&dataset);
}

/* Texts go in piece by piece, and a wide array by columns, so that nobody ever holds all of either. */
static void ranks_write_columns_and_texts_in_pieces(void) {
  enum { TYPES = 3, PIECES = 4 };
  const char *path = test_path("columns.h5");
  const crow_partition part = crow_comm_partition(test_comm, M, 1);
  crow_file *file = begin_dataset(path, true);
  CHECK_OK(crow_file_define(file, "/population/prevalence", CROW_F64, TYPES, 0));
  const double prevalence[TYPES] = {0.5, 0.25, 0.25};
  const bool root = crow_comm_rank(test_comm) == 0;
  CHECK_OK(crow_file_write_rows(file, "/population/prevalence", 0, root ? TYPES : 0, CROW_F64, prevalence));
  CHECK_OK(crow_file_define(file, "/population/reward", CROW_F64, TYPES, M));
  CHECK_OK(crow_file_define_strings(file, "/alternatives/topic", M, 32));
  for (crow_gidx piece = 0; piece < PIECES; piece++) {
    const crow_gidx begin = part.begin + part.count * piece / PIECES;
    const crow_gidx count = part.begin + part.count * (piece + 1) / PIECES - begin;
    double values[TYPES * M];
    crow_strings texts = {.count = count, .width = 32};
    for (crow_gidx t = 0; t < TYPES; t++) {
      for (crow_gidx i = 0; i < count; i++) values[t * count + i] = context_value(begin + i, t);
    }
    CHECK_OK(crow_file_write_columns(file, "/population/reward", begin, count, CROW_F64, values));
    CHECK_OK(crow_allocate(count, 32, (void **)&texts.data));
    for (crow_gidx i = 0; i < count; i++) make_text(begin + i, texts.data + i * 32);
    CHECK_OK(crow_file_write_strings_rows(file, "/alternatives/topic", begin, &texts));
    crow_strings_free(&texts);
  }
  CHECK_OK(crow_file_finish(&file));
  crow_dataset dataset;
  double row[M];
  crow_strings topics = {0};
  CHECK_OK(crow_dataset_open(test_comm, path, false, &dataset));
  for (crow_gidx t = 0; t < TYPES; t++) {
    CHECK_OK(crow_file_read(dataset.file, "/population/reward", t, 1, CROW_F64, row));
    for (crow_gidx i = 0; i < M; i++) CHECK(row[i] == context_value(i, t));
  }
  CHECK_OK(crow_file_read_strings(dataset.file, "/alternatives/topic", 0, M, &topics));
  for (crow_gidx i = 0; i < M; i++) {
    char expected[32];
    make_text(i, expected);
    CHECK(strcmp(crow_strings_get(&topics, i), expected) == 0);
  }
  crow_strings_free(&topics);
  crow_dataset_close(&dataset);
}

/* The name of the second of two is taken while they are written. */
static void two_files_appear_together_or_not_at_all(void) {
  for (int overwrite = 0; overwrite < 2; overwrite++) {
    char first_name[4096], second_name[4096];
    (void)snprintf(first_name, sizeof first_name, "%s", test_path(overwrite ? "first-old.h5" : "first.h5"));
    (void)snprintf(second_name, sizeof second_name, "%s", test_path(overwrite ? "second-old.h5" : "second.h5"));
    crow_file *first = begin_dataset(first_name, overwrite), *second = begin_dataset(second_name, overwrite);
    /* A folder cannot be replaced by a file, whatever is allowed. */
    if (crow_comm_rank(test_comm) == 0) CU_ASSERT_EQUAL(mkdir(second_name, 0700), 0);
    CU_ASSERT_EQUAL(crow_file_finish_both(&first, &second), CROW_FILE_SYSTEM);
    CHECK(first == NULL && second == NULL);
    CHECK_OK(crow_comm_barrier(test_comm));
    CU_ASSERT_EQUAL(access(first_name, F_OK), overwrite ? 0 : -1);
  }
}

static const crow_test tests[] = {
    {"two files appear together or not at all", two_files_appear_together_or_not_at_all},
    {"what ranks write in uneven slices, some empty, is read back in others", test_round_trip},
    {"texts go in piece by piece and wide arrays by columns", ranks_write_columns_and_texts_in_pieces},
    {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "files", tests, true); }
