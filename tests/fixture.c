/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

/* Writes this rank's rows of an array that every rank holds whole. */
static void write_rows(const crow_comm *comm, crow_file *file, const char *path, crow_type type, int64_t rows,
                       int64_t columns, const void *whole) {
  const crow_partition p = crow_comm_partition(comm, rows, 1);
  const size_t row_bytes = (size_t)(columns ? columns : 1) * crow_type_bytes(type);
  CHECK_OK(crow_file_define(file, path, type, rows, columns));
  CHECK_OK(crow_file_write_rows(file, path, p.begin, p.count, type, (const char *)whole + (size_t)p.begin * row_bytes));
}

/* Rank 0 writes all. */
static void write_texts(const crow_comm *comm, crow_file *file, const char *path, int64_t m, const char *const *text) {
  enum { WIDTH = 16 };
  crow_strings texts = {.count = crow_comm_rank(comm) == 0 ? m : 0, .width = WIDTH};
  CHECK_OK(crow_allocate(m, WIDTH, (void **)&texts.data));
  for (int64_t i = 0; i < m; i++) (void)snprintf(texts.data + i * WIDTH, WIDTH, "%s", text[i]);
  CHECK_OK(crow_file_write_strings(file, path, m, 0, &texts));
  crow_strings_free(&texts);
}

void test_dataset_write(const crow_comm *comm, const char *path, const test_dataset *t) {
  crow_file *file = NULL;
  CHECK_OK(crow_file_create(comm, path, "dataset", true, &file));
  if (!file) return;
  write_rows(comm, file, "/alternatives/context", CROW_F64, t->m, t->d, t->context);
  if (t->topic) write_texts(comm, file, "/alternatives/topic", t->m, t->topic);
  if (t->prompt) write_texts(comm, file, "/alternatives/prompt", t->m, t->prompt);
  if (t->first) {
    write_rows(comm, file, "/comparisons/first", CROW_I32, t->q, 0, t->first);
    write_rows(comm, file, "/comparisons/second", CROW_I32, t->q, 0, t->second);
    write_rows(comm, file, "/comparisons/outcome", CROW_F64, t->q, 0, t->outcome);
  }
  if (t->matrix) write_rows(comm, file, "/preference/matrix", CROW_F64, t->m, t->m, t->matrix);
  if (t->types) {
    write_rows(comm, file, "/population/prevalence", CROW_F64, t->types, 0, t->prevalence);
    write_rows(comm, file, "/population/reward", CROW_F64, t->types, t->m, t->reward);
  }
  /* Where preferences play no part: annotators who like everything equally. */
  if (!t->first && !t->matrix && !t->types) {
    const double everybody = 1;
    double *indifferent = NULL;
    CHECK_OK(CROW_ALLOCATE(&indifferent, t->m));
    write_rows(comm, file, "/population/prevalence", CROW_F64, 1, 0, &everybody);
    write_rows(comm, file, "/population/reward", CROW_F64, 1, t->m, indifferent);
    crow_free(indifferent);
  }
  CHECK_OK(crow_file_finish(&file));
}

void test_weights_write(const crow_comm *comm, const char *path, int64_t m, const double *value) {
  crow_file *file = NULL;
  CHECK_OK(crow_file_create(comm, path, "weights", true, &file));
  if (!file) return;
  write_rows(comm, file, "/weights/value", CROW_F64, m, 0, value);
  CHECK_OK(crow_file_finish(&file));
}

double *test_gather(const crow_comm *comm, const crow_partition *partition, const double *slice) {
  double *whole = NULL;
  CHECK_OK(CROW_ALLOCATE(&whole, partition->global));
  CHECK_OK(crow_comm_gather_slices(comm, partition, slice, whole, sizeof *whole));
  return whole;
}

crow_comm *test_comm_alone(void) {
  crow_comm *alone = NULL;
  CHECK_OK(crow_comm_split(test_comm, crow_comm_rank(test_comm), 0, &alone));
  return alone;
}
