/* SPDX-License-Identifier: Apache-2.0 */
/* Labels, arrays of any file, copies, bytes, attributes and names of files, on all ranks together. */
#include "fixture.h"
#include <hdf5.h>
#include <unistd.h>

enum { M = 2 * CROW_BLOCK + 40 };
static const char *const topics[] = {"sea", "air", "land"};

/* Topics "sea", "air", "land" in turn. */
static const char *write_labelled(void) {
  static double context[M];
  static const char *topic[M];
  for (int i = 0; i < M; i++) {
    context[i] = i;
    topic[i] = topics[i % 3];
  }
  const char *path = test_path("labelled.h5");
  const test_dataset t = {.m = M, .d = 1, .context = context, .topic = topic};
  test_dataset_write(test_comm, path, &t);
  return path;
}

static void labels_are_the_distinct_texts_in_order(void) {
  crow_file *file = NULL;
  crow_labels labels = {0};
  const crow_partition p = crow_comm_partition(test_comm, M, CROW_BLOCK);
  CHECK_OK(crow_file_open(test_comm, write_labelled(), "dataset", &file));
  CHECK_OK(crow_labels_read(file, "/alternatives/topic", &p, &labels));
  CHECK(labels.name.count == 3 && !labels.too_many);
  CHECK(crow_labels_find(&labels, "air") == 0 && crow_labels_find(&labels, "land") == 1);
  CHECK(crow_labels_find(&labels, "sea") == 2 && crow_labels_find(&labels, "fire") == -1);
  for (crow_gidx i = 0; i < p.count; i++) {
    CHECK(strcmp(crow_strings_get(&labels.name, labels.code[i]), topics[(p.begin + i) % 3]) == 0);
  }
  crow_labels_free(&labels);
  CHECK(labels.code == NULL);
  crow_file_close(&file);
}

/* A file without ids has the numbers of its rows for names. */
static void names_come_from_the_file_or_are_numbers(void) {
  crow_file *file = NULL;
  crow_strings ids = {0};
  char names[2][CROW_NAME_BYTES];
  const crow_ranked places[2] = {{0, M - 1}, {0, 3}};
  CHECK_OK(crow_file_open(test_comm, write_labelled(), "dataset", &file));
  CHECK_OK(crow_ranking_names(test_comm, file, "/alternatives/topic", 2, places, names));
  CHECK(strcmp(names[0], topics[(M - 1) % 3]) == 0 && strcmp(names[1], topics[0]) == 0);
  CHECK_OK(crow_ranking_names(test_comm, file, "/alternatives/id", 2, places, names));
  CHECK(strcmp(names[1], "3") == 0);
  const int rank = crow_comm_rank(test_comm);
  CHECK_OK(crow_ranking_read_ids(test_comm, file, 100 * rank, 2, &ids));
  char expected[32];
  (void)snprintf(expected, sizeof expected, "%d", 100 * rank + 1);
  CHECK(ids.count == 2 && strcmp(crow_strings_get(&ids, 1), expected) == 0);
  crow_strings_free(&ids);
  crow_file_close(&file);
}

/* Any HDF5 file: (4, 2) of 32-bit floats, a vector of doubles with a NaN, a link out of the file. */
static const char *write_arrays(void) {
  const char *path = test_path("arrays.h5");
  if (crow_comm_rank(test_comm) == 0) {
    const float wide[8] = {0, 1, 2, 3, 4, 5, 6, 7};
    const double vector[3] = {1, NAN, 3};
    const hsize_t shape[2] = {4, 2}, three = 3;
    const hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    const hid_t spaces[2] = {H5Screate_simple(2, shape, NULL), H5Screate_simple(1, &three, NULL)};
    const hid_t sets[2] = {
        H5Dcreate2(file, "wide", H5T_IEEE_F32LE, spaces[0], H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
        H5Dcreate2(file, "vector", H5T_IEEE_F64LE, spaces[1], H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)};
    CHECK(H5Dwrite(sets[0], H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, wide) >= 0);
    CHECK(H5Dwrite(sets[1], H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, vector) >= 0);
    for (int k = 0; k < 2; k++) {
      (void)H5Dclose(sets[k]);
      (void)H5Sclose(spaces[k]);
    }
    CHECK(H5Fclose(file) >= 0);
  }
  (void)crow_comm_barrier(test_comm);
  return path;
}

static void arrays_of_any_file_are_read_by_rows(void) {
  const char *path = write_arrays();
  crow_array *array = NULL;
  double values[4];
  CHECK_OK(crow_array_open(test_comm, path, "wide", &array));
  CHECK(crow_array_rows(array) == 4 && crow_array_columns(array) == 2 && crow_array_is_single(array));
  const int begin = crow_comm_rank(test_comm) % 3; /* each rank its own rows */
  CHECK_OK(crow_array_read(array, begin, 2, values));
  for (int k = 0; k < 4; k++) CHECK(values[k] == 2 * begin + k);
  crow_array_close(&array);
  CHECK(array == NULL);
  CHECK_OK(crow_array_open(test_comm, path, "/vector", &array));
  CHECK(crow_array_rows(array) == 3 && crow_array_columns(array) == 1 && !crow_array_is_single(array));
  CHECK_STATUS(crow_array_read(array, 0, 3, values), CROW_BAD_INPUT);
  CHECK_MESSAGE("arrays.h5");
  crow_array_close(&array);
  CHECK_STATUS(crow_array_open(test_comm, path, "nothing", &array), CROW_BAD_INPUT);
  CHECK_MESSAGE("nothing");
  CHECK(array == NULL);
}

/* A copy without the topics has all else, and attributes keep their values. */
static void copies_leave_out_what_they_are_told(void) {
  const char *path = test_path("copied.h5");
  crow_file *from = NULL, *to = NULL, *copy = NULL;
  double value = 0;
  int64_t whole = 0, shape[2];
  char *text = NULL;
  CHECK_OK(crow_file_open(test_comm, write_labelled(), "dataset", &from));
  CHECK_OK(crow_file_create(test_comm, path, "dataset", true, &to));
  CHECK_OK(crow_file_copy_all(from, to, "/alternatives/topic|/nothing"));
  CHECK_OK(crow_file_set_f64(to, "/alternatives", "share", 0.25));
  CHECK_OK(crow_file_set_i64(to, "/", "rows", INT64_MAX));
  CHECK_OK(crow_file_set_text(to, "/", "note", "one two"));
  CHECK_OK(crow_file_finish(&to));
  CHECK(to == NULL);
  CHECK_OK(crow_file_open(test_comm, path, "dataset", &copy));
  CHECK(crow_file_has(copy, "/alternatives/context") && !crow_file_has(copy, "/alternatives/topic"));
  crow_file_shape(copy, "/alternatives/context", shape);
  CHECK(shape[0] == M && shape[1] == 1);
  CHECK_OK(crow_file_get_f64(copy, "/alternatives", "share", &value));
  CHECK_OK(crow_file_get_i64(copy, "/", "rows", &whole));
  CHECK_OK(crow_file_get_text(copy, "/", "note", &text));
  CHECK(value == 0.25 && whole == INT64_MAX && text && strcmp(text, "one two") == 0);
  crow_free(text);
  CHECK(crow_file_has_attribute(copy, "/", "note") && !crow_file_has_attribute(copy, "/", "other"));
  CHECK_STATUS(crow_file_get_f64(copy, "/", "note", &value), CROW_BAD_INPUT);
  CHECK_STATUS(crow_file_get_i64(copy, "/", "other", &whole), CROW_BAD_INPUT);
  crow_file_close(&copy);
  crow_file_close(&from);
  CHECK(from == NULL);
}

static void hdf5_files_are_known_by_their_first_bytes(void) {
  const char *text = test_path("text"), *arrays = write_arrays();
  if (crow_comm_rank(test_comm) == 0) {
    FILE *file = fopen(text, "w");
    CHECK(file != NULL && fputs("no HDF5 file\n", file) >= 0 && fclose(file) == 0);
  }
  (void)crow_comm_barrier(test_comm);
  CHECK(crow_file_is_hdf5(arrays) && !crow_file_is_hdf5(text) && !crow_file_is_hdf5(test_path("missing")));
  CHECK_STATUS(crow_stream_check(test_comm, text, false), CROW_FILE_SYSTEM);
  CHECK_OK(crow_stream_check(test_comm, text, true));
  CHECK_OK(crow_stream_check(test_comm, "/dev/null", false)); /* a device is written in place */
  CHECK_STATUS(crow_output_check(test_comm, "/dev/null", true), CROW_FILE_SYSTEM);
  CHECK_STATUS(crow_stream_check(test_comm, test_path("no/folder"), true), CROW_FILE_SYSTEM);
}

/* In the same folder, hidden, told apart by the attempt; what living processes write stays. */
static void temporary_names_are_beside_the_file(void) {
  char first[600], second[600], small[8];
  const char *path = test_path("result.h5"), *folder = test_folder();
  CHECK(crow_temporary_name(path, 0, first, sizeof first) && crow_temporary_name(path, 1, second, sizeof second));
  CHECK(strcmp(first, second) != 0 && strncmp(first, folder, strlen(folder)) == 0);
  CHECK(first[strlen(folder)] == '/' && first[strlen(folder) + 1] == '.');
  CHECK(!crow_temporary_name(path, 0, small, sizeof small));
  FILE *file = fopen(first, "w");
  CHECK(file != NULL && fclose(file) == 0);
  crow_temporary_clean(path);
  CHECK(access(first, F_OK) == 0); /* this process lives */
  CHECK(unlink(first) == 0);
}

static const crow_test tests[] = {
    {"labels are the distinct texts in order", labels_are_the_distinct_texts_in_order},
    {"names come from the file or are numbers", names_come_from_the_file_or_are_numbers},
    {"arrays of any file are read by rows", arrays_of_any_file_are_read_by_rows},
    {"copies leave out what they are told", copies_leave_out_what_they_are_told},
    {"HDF5 files are known by their first bytes", hdf5_files_are_known_by_their_first_bytes},
    {"temporary names are beside the file", temporary_names_are_beside_the_file},
    {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "parts of files", tests, true); }
