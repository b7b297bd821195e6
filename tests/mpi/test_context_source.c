/* SPDX-License-Identifier: Apache-2.0 */
/* Contexts from every kind of file, each rank its slice, in pieces. */
#include "fixture.h"
#include "write_file.h"

#include <stdlib.h>

enum { ROWS = 2100, D = 3 };

/* Numbers that a float holds and that six digits tell. */
static double value_at(int64_t row, int64_t k) { return (double)((row * 7 + k * 5) % 4001) / 4 - 300; }

static const char *write_csv(void) {
  static char text[ROWS * 64];
  size_t at = (size_t)snprintf(text, sizeof text, "id,prompt,a,b,c\n");
  for (int64_t i = 0; i < ROWS; i++) {
    at += (size_t)snprintf(text + at, sizeof text - at, "row%lld,p%lld,%.2f,%.2f,%.2f\n", (long long)i,
                           (long long)(i / 3 % 5), value_at(i, 0), value_at(i, 1), value_at(i, 2));
  }
  return write_text("rows.csv", text);
}

static const char *write_npy(const char *name, bool single) {
  static char bytes[128 + ROWS * D * 8];
  char header[119];
  (void)snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (%d, %d), }",
                 single ? "<f4" : "<f8", ROWS, D);
  memset(bytes, ' ', 128);
  memcpy(bytes, "\x93NUMPY\1\0\x76\0", 10);
  memcpy(bytes + 10, header, strlen(header));
  bytes[127] = '\n';
  for (int64_t i = 0; i < ROWS * D; i++) {
    const double wide = value_at(i / D, i % D);
    const float narrow = (float)wide;
    memcpy(bytes + 128 + i * (single ? 4 : 8), single ? (const void *)&narrow : &wide, single ? 4 : 8);
  }
  return write_bytes(name, bytes, 128 + ROWS * D * (single ? 4 : 8));
}

static const char *write_dataset(void) {
  static double context[ROWS * D];
  for (int64_t i = 0; i < ROWS * D; i++) context[i] = value_at(i / D, i % D);
  const test_dataset t = {.m = ROWS, .d = D, .context = context};
  const char *path = test_path("rows.h5");
  test_dataset_write(test_comm, path, &t);
  return path;
}

/* All rows of this rank, 1 to 700 at a time; the others may have none left. */
static void check_source(const char *source, int64_t piece) {
  crow_context_source *contexts = NULL;
  double values[700 * D];
  CHECK_OK(crow_context_source_open(test_comm, source, &contexts));
  if (!contexts) return;
  const crow_partition *p = crow_context_source_partition(contexts);
  CHECK(p->global == ROWS && crow_context_source_dimensions(contexts) == D);
  CHECK(strcmp(crow_context_source_name(contexts), source) == 0);
  int64_t turns = (p->count + piece - 1) / piece, wrong = 0;
  CHECK_OK(crow_comm_max_i64(test_comm, &turns, 1));
  for (int64_t turn = 0; turn < turns; turn++) {
    const int64_t at = turn * piece < p->count ? turn * piece : p->count;
    const int64_t n = p->count - at < piece ? p->count - at : piece;
    CHECK_OK(crow_context_source_read(contexts, p->begin + at, n, values));
    for (int64_t i = 0; i < n * D; i++) wrong += values[i] != value_at(p->begin + at + i / D, i % D);
  }
  CHECK(wrong == 0);
  crow_context_source_close(&contexts);
  CHECK(!contexts);
}

static void every_rank_reads_its_rows(void) {
  char array[600];
  const char *const csv = write_csv(), *const wide = write_npy("wide.npy", false);
  const char *const narrow = write_npy("narrow.npy", true), *const dataset = write_dataset();
  (void)snprintf(array, sizeof array, "%s:/alternatives/context", dataset);
  const char *const sources[] = {csv, wide, narrow, dataset, array};
  for (size_t s = 0; s < sizeof sources / sizeof *sources; s++) {
    check_source(sources[s], 700);
    check_source(sources[s], 97);
  }
}

/* Ids of a CSV file go with their rows. */
static void names_go_with_the_rows(void) {
  crow_context_source *contexts = NULL;
  crow_file *file = NULL;
  CHECK_OK(crow_context_source_open(test_comm, write_csv(), &contexts));
  if (!contexts) return;
  const crow_partition *p = crow_context_source_partition(contexts);
  double *zeros = calloc((size_t)p->count + 1, sizeof *zeros);
  CHECK_OK(crow_file_create(test_comm, test_path("names.h5"), "scores", true, &file));
  CHECK_OK(crow_file_write_vector(file, "/scores/value", CROW_F64, p, zeros));
  CHECK_OK(crow_file_set_text(file, "/", "model", "tabular"));
  CHECK_OK(crow_context_source_write_names(contexts, file));
  CHECK_OK(crow_file_finish(&file));
  CHECK_OK(crow_file_open(test_comm, test_path("names.h5"), "scores", &file));
  for (int which = 0; which < 2 && file; which++) {
    crow_strings texts = {0};
    CHECK_OK(
        crow_file_read_strings(file, which ? "/alternatives/prompt" : "/alternatives/id", p->begin, p->count, &texts));
    for (int64_t i = 0; i < p->count && texts.count == p->count; i++) {
      char expected[32];
      const int64_t row = p->begin + i;
      (void)snprintf(expected, sizeof expected, which ? "p%lld" : "row%lld", (long long)(which ? row / 3 % 5 : row));
      CHECK(strncmp(texts.data + i * texts.width, expected, (size_t)texts.width) == 0);
    }
    CHECK(texts.count == p->count);
    crow_strings_free(&texts);
  }
  crow_file_close(&file);
  free(zeros);
  crow_context_source_close(&contexts);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {{"every rank reads its rows", every_rank_reads_its_rows},
                                    {"names go with the rows", names_go_with_the_rows},
                                    {NULL, NULL}};
  return crow_test_main(argc, argv, "contexts from files", tests, true);
}
