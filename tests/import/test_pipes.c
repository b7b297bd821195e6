/* SPDX-License-Identifier: Apache-2.0 */
/* Inputs that are pipes are read once, whole, and told in the provenance; memory is reckoned from what they held. */
#include "write_file.h"

#include <fcntl.h>
#include <unistd.h>

enum { MOST = 12000, PIPE_BYTES = 1 << 18 };

static char text[PIPE_BYTES];

/* Comparisons of a and b, of which every third was lost; as many as are asked for. */
static size_t make_text(int64_t rows) {
  size_t at = (size_t)snprintf(text, sizeof text, "left,right,winner\n");
  for (int64_t k = 0; k < rows; k++)
    at += (size_t)snprintf(text + at, sizeof text - at, "aaaa,bbbb,%s\n", k % 3 == 2 ? "bbbb" : "aaaa");
  return at;
}

/* "/dev/fd/N" of a pipe that holds these bytes and has no writer any more. */
static int make_pipe(size_t bytes, char name[64]) {
  int ends[2] = {-1, -1};
  CHECK(pipe(ends) == 0 && fcntl(ends[1], F_SETPIPE_SZ, PIPE_BYTES) >= PIPE_BYTES);
  CHECK(write(ends[1], text, bytes) == (ssize_t)bytes && close(ends[1]) == 0);
  (void)snprintf(name, 64, "/dev/fd/%d", ends[0]);
  return ends[0];
}

static crow_import_options options_of(const char *comparisons) {
  crow_import_options options;
  crow_settings_default(crow_import_settings, &options);
  options.comparisons = comparisons;
  options.output = test_path("out.h5");
  options.overwrite = true;
  return options;
}

static void pipes_are_read_whole(void) {
  static const int64_t rows[] = {1, 2, 3000, MOST}; /* the last ones are more than a buffer of 2^16 */
  for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
    char name[64], expected[80];
    crow_import_summary summary;
    const int end = make_pipe(make_text(rows[k]), name);
    const crow_import_options options = options_of(name);
    CHECK_OK(crow_import_run(test_comm, &options, "import", &summary));
    CHECK(summary.comparisons == rows[k] && summary.alternatives == 2 && summary.ties == 0);
    CHECK(close(end) == 0);
    crow_dataset dataset = {0};
    CHECK_OK(crow_dataset_open(test_comm, test_path("out.h5"), false, &dataset));
    CHECK(dataset.comparisons == rows[k] && dataset.alternatives == 2);
    static double outcome[MOST];
    CHECK_OK(crow_file_read(dataset.file, "/comparisons/outcome", 0, rows[k], CROW_F64, outcome));
    int64_t wrong = 0;
    for (int64_t q = 0; q < rows[k]; q++) wrong += outcome[q] != (q % 3 == 2 ? 0 : 1);
    CHECK(wrong == 0);
    char *told = NULL;
    CHECK_OK(crow_file_get_text(dataset.file, "/provenance", "input_comparisons", &told));
    (void)snprintf(expected, sizeof expected, "%s (a pipe)", name);
    CHECK(told && strcmp(told, expected) == 0);
    CHECK(!crow_file_has_attribute(dataset.file, "/provenance", "input_comparisons_digest"));
    crow_free(told);
    crow_dataset_close(&dataset);
  }
}

/* Each of the three inputs may be one; files have their digests. */
static void every_input_may_be_a_pipe(void) {
  static const char *const texts[3] = {"left,right,winner\nx,y,x\n", "id,c0\nx,1\ny,2\n", "id,topic\nx,t\ny,u\n"};
  static const char *const names[3] = {"input_comparisons", "input_contexts", "input_items"};
  for (int piped = 0; piped < 3; piped++) {
    char name[3][300];
    crow_import_summary summary;
    int end = -1;
    for (int k = 0; k < 3; k++) {
      char file[32];
      (void)snprintf(file, sizeof file, "in%d.csv", k);
      (void)snprintf(name[k], sizeof name[k], "%s", write_text(file, texts[k]));
      if (k != piped) continue;
      (void)snprintf(text, sizeof text, "%s", texts[k]);
      char pipe_name[64];
      end = make_pipe(strlen(texts[k]), pipe_name);
      (void)snprintf(name[k], sizeof name[k], "%s", pipe_name);
    }
    crow_import_options options = options_of(name[0]);
    options.contexts = name[1];
    options.items = name[2];
    CHECK_OK(crow_import_run(test_comm, &options, "import", &summary));
    CHECK(summary.alternatives == 2 && summary.dimensions == 1 && summary.topics == 2 && summary.comparisons == 1);
    CHECK(close(end) == 0);
    crow_file *file = NULL;
    CHECK_OK(crow_file_open(test_comm, test_path("out.h5"), "dataset", &file));
    for (int k = 0; k < 3; k++) {
      char digest[64], *told = NULL;
      (void)snprintf(digest, sizeof digest, "%s_digest", names[k]);
      CHECK(crow_file_has_attribute(file, "/provenance", digest) == (k != piped));
      CHECK_OK(crow_file_get_text(file, "/provenance", names[k], &told));
      CHECK((strstr(told, " (a pipe)") != NULL) == (k == piped));
      crow_free(told);
    }
    crow_file_close(&file);
  }
}

/* A line of comparisons is 24 bytes in memory, and an id 60 with a quarter more; see plan.c. */
static void what_a_pipe_held_counts(void) {
  for (int turn = 0; turn < 2; turn++) {
    char name[64];
    crow_import_summary summary;
    const size_t bytes = make_text(MOST);
    const int end = make_pipe(bytes, name);
    crow_import_options options = options_of(name);
    /* rows by the mean length of those looked at, which are all; ids may be as long as the whole file */
    const double expected = 48 * 0x1p20 + 24. * (MOST + 1) + 1.25 * (double)bytes;
    options.memory_per_rank = expected + (turn ? -1 : 1);
    CHECK_STATUS(crow_import_run(test_comm, &options, "import", &summary), turn ? CROW_FAILED : CROW_OK);
    if (turn) CHECK_MESSAGE("import contexts from .npy, which is read in pieces");
    CHECK(close(end) == 0);
  }
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {{"pipes are read whole", pipes_are_read_whole},
                                    {"every input may be a pipe", every_input_may_be_a_pipe},
                                    {"what a pipe held counts", what_a_pipe_held_counts},
                                    {NULL, NULL}};
  return crow_test_main(argc, argv, "pipes", tests, true);
}
