/* SPDX-License-Identifier: Apache-2.0 */
#include "write_file.h"

#include <stdlib.h>
#include <unistd.h>

static const char ITEMS[] = "id,topic,text\nfood-1,food,\"one, two\nthree\"\nart-1,art,\nZo\xc3\xab,,x\n";
static const char CONTEXTS[] = "id,x,y\nZo\xc3\xab,5,6\nfood-1,1,2\nart-1,3,4\n";
static const char COMPARISONS[] =
    "left,right,winner\nfood-1,art-1,left\nart-1,Zo\xc3\xab,tie\nZo\xc3\xab,food-1,food-1\n";

static crow_import_summary summary;

/* Imports into FOLDER/data.h5 with the defaults that the table states. */
static crow_status import(const char *comparisons, const char *contexts, const char *items, int ties) {
  crow_import_options options;
  crow_settings_default(crow_import_settings, &options);
  options.comparisons = comparisons;
  options.contexts = contexts;
  options.items = items;
  options.output = test_path("data.h5");
  options.ties = ties;
  options.overwrite = true;
  return crow_import_run(test_comm, &options, "crow import ...", &summary);
}

static crow_status import_texts(const char *comparisons, const char *contexts, const char *items, int ties) {
  const char *q = write_text("q.csv", comparisons), *x = write_text("x.csv", contexts);
  return import(q, x, items ? write_text("items.csv", items) : NULL, ties);
}

static bool open_output(crow_dataset *data) {
  const crow_status status = crow_dataset_open(test_comm, test_path("data.h5"), false, data);
  CHECK_OK(status);
  return status == CROW_OK;
}

/* No file is left in the folder under a name that ends so. */
static bool none_left(const char *pattern) {
  char command[600];
  CHECK_OK(crow_comm_barrier(test_comm));
  (void)snprintf(command, sizeof command, "! ls -A '%s' | grep -q '%s'", test_folder(), pattern);
  const bool none = crow_comm_rank(test_comm) != 0 || system(command) == 0;
  CHECK_OK(crow_comm_barrier(test_comm));
  return none;
}

static void a_small_import_writes_all_that_was_read(void) {
  crow_dataset data;
  crow_strings ids = {0}, topics = {0};
  double context[6], outcome[3];
  int64_t first[3], second[3];
  CHECK_OK(import_texts(COMPARISONS, CONTEXTS, ITEMS, 0));
  CHECK(summary.alternatives == 3 && summary.dimensions == 2 && summary.comparisons == 3);
  CHECK(summary.ties == 1 && summary.dropped == 0 && summary.topics == 2);
  if (!open_output(&data)) return;
  CHECK(data.alternatives == 3 && data.dimensions == 2 && data.comparisons == 3);
  CHECK(data.has_id && data.has_topic && !data.has_count && !data.single);
  CHECK_OK(crow_file_read(data.file, "/alternatives/context", 0, 3, CROW_F64, context));
  for (int k = 0; k < 6; k++) CHECK(context[k] == k + 1);
  CHECK_OK(crow_dataset_read_ids(&data, 0, 3, &ids));
  CHECK(strcmp(crow_strings_get(&ids, 0), "food-1") == 0 && strcmp(crow_strings_get(&ids, 2), "Zo\xc3\xab") == 0);
  CHECK_OK(crow_file_read_strings(data.file, "/alternatives/topic", 0, 3, &topics));
  CHECK(strcmp(crow_strings_get(&topics, 1), "art") == 0 && strcmp(crow_strings_get(&topics, 2), "") == 0);
  CHECK_OK(crow_file_read(data.file, "/comparisons/first", 0, 3, CROW_I64, first));
  CHECK_OK(crow_file_read(data.file, "/comparisons/second", 0, 3, CROW_I64, second));
  CHECK_OK(crow_file_read(data.file, "/comparisons/outcome", 0, 3, CROW_F64, outcome));
  CHECK(first[0] == 0 && second[0] == 1 && outcome[0] == 1);
  CHECK(first[1] == 1 && second[1] == 2 && outcome[1] == 0.5);
  CHECK(first[2] == 2 && second[2] == 0 && outcome[2] == 0);
  crow_strings_free(&ids);
  crow_strings_free(&topics);
  crow_dataset_close(&data);
}

static void the_provenance_names_options_and_inputs_with_digests(void) {
  static const char *const inputs[] = {"comparisons", "contexts", "items"};
  crow_file *file = NULL;
  char *text = NULL;
  CHECK_OK(import_texts(COMPARISONS, CONTEXTS, ITEMS, 1));
  CHECK(summary.comparisons == 2 && summary.ties == 1 && summary.dropped == 1);
  CHECK_OK(crow_file_open(test_comm, test_path("data.h5"), "dataset", &file));
  CHECK_OK(crow_file_get_text(file, "/provenance", "option_ties", &text));
  CHECK(strcmp(text, "drop") == 0);
  crow_free(text);
  CHECK_OK(crow_file_get_text(file, "/provenance", "command_line", &text));
  CHECK(strcmp(text, "crow import ...") == 0);
  crow_free(text);
  for (int k = 0; k < 3; k++) {
    static const char *const files[] = {"q.csv", "x.csv", "items.csv"};
    char name[64], digest[33];
    (void)snprintf(name, sizeof name, "input_%s_digest", inputs[k]);
    CHECK_OK(crow_file_digest(test_comm, test_path(files[k]), digest));
    CHECK_OK(crow_file_get_text(file, "/provenance", name, &text));
    CHECK(strcmp(text, digest) == 0);
    crow_free(text);
  }
  crow_file_close(&file);
}

static void counts_and_rows_by_number_are_written(void) {
  crow_dataset data;
  int64_t count[2];
  double context[3];
  const char npy[] = "\x93NUMPY\1\0\x3b\0{'descr': '>f8', 'fortran_order': False, 'shape': (3,)}   \n"
                     "\x3f\xf0\0\0\0\0\0\0\x40\0\0\0\0\0\0\0\xc0\x08\0\0\0\0\0";
  CHECK_OK(import(write_text("q.tsv", "first\tsecond\toutcome\tcount\r\n0\t2\t0.25\t4\r\n2\t1\t1\t1"),
                  write_bytes("x.npy", npy, sizeof npy), NULL, 0));
  if (!open_output(&data)) return;
  CHECK(data.alternatives == 3 && data.dimensions == 1 && !data.has_id && !data.has_topic && data.has_count);
  CHECK_OK(crow_file_read(data.file, "/alternatives/context", 0, 3, CROW_F64, context));
  CHECK(context[0] == 1 && context[1] == 2 && context[2] == -3);
  CHECK_OK(crow_file_read(data.file, "/comparisons/count", 0, 2, CROW_I64, count));
  CHECK(count[0] == 4 && count[1] == 1);
  crow_dataset_close(&data);
}

static void example_is_imported(const char *folder, const char *suffix, int64_t m, int64_t d, int64_t q, int64_t topics,
                                int64_t ties) {
  char comparisons[512], contexts[512], items[512];
  (void)snprintf(comparisons, sizeof comparisons, "%s/jobs/%s/comparisons%s.csv", CROW_SOURCE, folder, suffix);
  (void)snprintf(contexts, sizeof contexts, "%s/jobs/%s/contexts%s.npy", CROW_SOURCE, folder, suffix);
  (void)snprintf(items, sizeof items, "%s/jobs/%s/items%s.csv", CROW_SOURCE, folder, suffix);
  CHECK_OK(import(comparisons, contexts, items, 0));
  CHECK(summary.alternatives == m && summary.dimensions == d && summary.comparisons == q);
  CHECK(summary.topics == topics && summary.ties == ties);
  /* Single-precision contexts stay what they were: the file's numbers are the last m d 4 bytes of the .npy file. */
  crow_dataset data;
  float *stored = malloc((size_t)(m * d) * 4), *original = malloc((size_t)(m * d) * 4);
  FILE *stream = fopen(contexts, "rb");
  CHECK(stream && fseek(stream, -(long)(m * d * 4), SEEK_END) == 0);
  CHECK(stream && fread(original, 4, (size_t)(m * d), stream) == (size_t)(m * d));
  if (stream) (void)fclose(stream);
  if (!open_output(&data)) return;
  CHECK(data.single);
  CHECK_OK(crow_file_read(data.file, "/alternatives/context", 0, m, CROW_F32, stored));
  CHECK(memcmp(stored, original, (size_t)(m * d) * 4) == 0);
  crow_dataset_close(&data);
  free(stored);
  free(original);
}

/* Contexts of an array in an HDF5 file, in the precision that they have there. */
static void arrays_are_imported_as_they_are(void) {
  enum { ROWS = 5, WIDE = 3 };
  char contexts[700], path[600];
  double wide[ROWS * WIDE], found[ROWS * WIDE];
  float narrow[ROWS * WIDE];
  for (int i = 0; i < ROWS * WIDE; i++) wide[i] = narrow[i] = (float)(i * i) / 8 - 3;
  (void)snprintf(path, sizeof path, "%s", test_path("array.h5"));
  (void)snprintf(contexts, sizeof contexts, "%s:/alternatives/context", path);
  for (int single = 0; single <= 1; single++) {
    crow_file *file = NULL;
    crow_dataset data;
    const bool root = crow_comm_rank(test_comm) == 0;
    const double everybody = 1, equal[ROWS] = {0};
    CHECK_OK(crow_file_create(test_comm, path, "dataset", true, &file));
    CHECK_OK(crow_file_define(file, "/alternatives/context", single ? CROW_F32 : CROW_F64, ROWS, WIDE));
    CHECK_OK(crow_file_write_rows(file, "/alternatives/context", 0, root ? ROWS : 0, single ? CROW_F32 : CROW_F64,
                                  single ? (void *)narrow : (void *)wide));
    CHECK_OK(crow_file_define(file, "/population/prevalence", CROW_F64, 1, 0));
    CHECK_OK(crow_file_write_rows(file, "/population/prevalence", 0, root, CROW_F64, &everybody));
    CHECK_OK(crow_file_define(file, "/population/reward", CROW_F64, 1, ROWS));
    CHECK_OK(crow_file_write_rows(file, "/population/reward", 0, root, CROW_F64, equal));
    CHECK_OK(crow_file_finish(&file));
    CHECK_OK(import(write_text("q.csv", "first,second,winner\n0,1,left\n"), contexts, NULL, 0));
    if (!open_output(&data)) return;
    CHECK(data.alternatives == ROWS && data.dimensions == WIDE && data.single == single);
    CHECK_OK(crow_file_read(data.file, "/alternatives/context", 0, ROWS, CROW_F64, found));
    CHECK(memcmp(found, wide, sizeof wide) == 0);
    crow_dataset_close(&data);
  }
  if (crow_comm_rank(test_comm) == 0) CHECK(unlink(path) == 0);
  CHECK_OK(crow_comm_barrier(test_comm));
}

/* The numbers are those that the examples' own descriptions state. */
static void the_examples_are_imported(void) {
  example_is_imported("paris", "-original", 180, 64, 1000, 3, 0);
  example_is_imported("paris", "-clones", 240, 64, 1000, 4, 0);
  example_is_imported("llmfao", "", 59, 32, 8931, 25, 3471);
}

static void bad_input_is_refused_on_all_ranks_and_leaves_no_file(void) {
  if (crow_comm_rank(test_comm) == 0) (void)unlink(test_path("data.h5"));
  CHECK_STATUS(import_texts("left,right,winner\nfood-1,art-2,left\n", CONTEXTS, ITEMS, 0), CROW_BAD_INPUT);
  CHECK_MESSAGE("q.csv:2: unknown alternative (value \"art-2\"), expected an id of ");
  CHECK_MESSAGE("did you mean \"art-1\"?");
  CHECK_STATUS(import_texts(COMPARISONS, "id,x\nfood-1,1\n", ITEMS, 0), CROW_BAD_INPUT);
  CHECK_MESSAGE("items.csv:4: an item without context (value \"art-1\")");
  CHECK_MESSAGE("items.csv:5: an item without context (value \"Zo\xc3\xab\")");
  CHECK_STATUS(import(test_path("absent.csv"), test_path("x.csv"), NULL, 0), CROW_FILE_SYSTEM);
  CHECK_MESSAGE("absent.csv: cannot be opened");
  CHECK(none_left("h5"));
}

static void numbers_that_are_not_finite_are_named_by_row_and_column(void) {
  enum { ROWS = 8 };
  char file[512] = "\x93NUMPY\1\0\x36\0{'descr':'<f4','fortran_order':False,'shape':(8,2)}  \n";
  float values[2 * ROWS] = {0};
  for (int row = 1; row < 7; row++) values[2 * row + row % 2] = row == 2 ? NAN : row % 2 ? INFINITY : -INFINITY;
  memcpy(file + 64, values, sizeof values);
  const char *contexts = write_bytes("x.npy", file, 64 + sizeof values);
  CHECK_STATUS(import(write_text("q.csv", "first,second,winner\n0,1,left\n"), contexts, NULL, 0), CROW_BAD_INPUT);
  CHECK_MESSAGE("x.npy: row 1, column 1 (both from 0) is not finite (value \"inf\"), expected a finite number\n");
  CHECK_MESSAGE("x.npy: row 2, column 0 (both from 0) is not finite (value \"nan\")");
  CHECK_MESSAGE("x.npy: row 4, column 0 (both from 0) is not finite (value \"-inf\")");
  CHECK_MESSAGE("\n... and 1 more bad row");
  CHECK(none_left("tmp"));
}

static void options_are_checked_first_and_outputs_kept(void) {
  crow_import_options options = {.contexts = "absent.npy", .output = "x.h5"};
  CHECK_STATUS(crow_import_run(test_comm, &options, NULL, &summary), CROW_USAGE);
  CHECK_MESSAGE("--comparisons is missing");
  options = (crow_import_options){.comparisons = "absent.csv", .output = "x.h5", .winner_map = "0=left"};
  CHECK_STATUS(crow_import_run(test_comm, &options, NULL, &summary), CROW_USAGE);
  CHECK_MESSAGE("--winner-map 0: expected VALUE=SIDE");
  options = (crow_import_options){.comparisons = "absent.csv", .contexts = "absent.npy"};
  CHECK_STATUS(crow_import_run(test_comm, &options, NULL, &summary), CROW_USAGE);
  CHECK_MESSAGE("--output is missing");
  options = (crow_import_options){.comparisons = "q.csv", .contexts = "x.csv", .output = "x.h5", .ties = 2};
  CHECK_STATUS(crow_import_run(test_comm, &options, NULL, &summary), CROW_USAGE);
  CHECK_MESSAGE("half|drop");
  /* An existing output is told before the inputs are looked at. */
  options = (crow_import_options){
      .comparisons = "absent.csv", .contexts = "absent.npy", .output = write_text("kept.h5", "kept")};
  CHECK_STATUS(crow_import_run(test_comm, &options, NULL, &summary), CROW_FILE_SYSTEM);
  CHECK_MESSAGE("kept.h5");
  char kept[8] = "";
  FILE *stream = fopen(test_path("kept.h5"), "rb");
  CHECK(stream && fread(kept, 1, sizeof kept, stream) == 4 && memcmp(kept, "kept", 4) == 0);
  if (stream) (void)fclose(stream);
}

static void a_failed_allocation_on_rank_0_ends_all_ranks(void) {
  int64_t failed = 0;
  (void)write_text("q.csv", COMPARISONS);
  (void)write_text("x.csv", CONTEXTS);
  (void)write_text("items.csv", ITEMS);
  for (int64_t countdown = 1; countdown < 200; countdown += 9) {
    if (crow_comm_rank(test_comm) == 0) crow_memory_fail_after(countdown);
    const crow_status status = import(test_path("q.csv"), test_path("x.csv"), test_path("items.csv"), 0);
    crow_memory_fail_after(-1);
    CHECK(status == CROW_OK || status == CROW_FAILED);
    int64_t ranks = status == CROW_FAILED;
    CHECK_OK(crow_comm_sum_i64(test_comm, &ranks, 1));
    CHECK(ranks == 0 || ranks == crow_comm_size(test_comm));
    failed += status == CROW_FAILED;
  }
  CHECK(failed > 5);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"a small import writes all that was read", a_small_import_writes_all_that_was_read},
      {"the provenance names options and inputs with digests", the_provenance_names_options_and_inputs_with_digests},
      {"counts and rows by number are written", counts_and_rows_by_number_are_written},
      {"arrays are imported as they are", arrays_are_imported_as_they_are},
      {"the examples are imported", the_examples_are_imported},
      {"bad input is refused on all ranks and leaves no file", bad_input_is_refused_on_all_ranks_and_leaves_no_file},
      {"numbers that are not finite are named", numbers_that_are_not_finite_are_named_by_row_and_column},
      {"options are checked first and outputs kept", options_are_checked_first_and_outputs_kept},
      {"a failed allocation on rank 0 ends all ranks", a_failed_allocation_on_rank_0_ends_all_ranks},
      {NULL, NULL}};
  return crow_test_main(argc, argv, "import", tests, true);
}
