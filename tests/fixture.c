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

test_weighed test_weigh(const crow_comm *comm, int64_t m, int64_t d, const double *context,
                        const crow_weights_options *options) {
  test_weighed c = {0};
  crow_dataset dataset = {0};
  char path[600];
  (void)snprintf(path, sizeof path, "%s.%d", test_path(comm == test_comm ? "weighed-world.h5" : "weighed-alone.h5"),
                 comm == test_comm ? 0 : crow_comm_rank(test_comm));
  const test_dataset t = {.m = m, .d = d, .context = context};
  test_dataset_write(comm, path, &t);
  CHECK_OK(crow_dataset_open(comm, path, true, &dataset));
  CHECK_OK(crow_weights_compute(comm, &dataset, options, &c.weights));
  const crow_partition *p = &c.weights.partition;
  c.value = test_gather(comm, p, c.weights.value);
  c.error = test_gather(comm, p, c.weights.standard_error);
  CHECK_OK(CROW_ALLOCATE(&c.hits, m));
  if (c.weights.samples) CHECK_OK(crow_comm_gather_slices(comm, p, c.weights.hits, c.hits, sizeof *c.hits));
  crow_dataset_close(&dataset);
  return c;
}

void test_weighed_free(test_weighed *weighed) {
  crow_free(weighed->value);
  crow_free(weighed->error);
  crow_free(weighed->hits);
  crow_weights_free(&weighed->weights);
}

int test_weigh_stopped(int64_t m, int64_t d, const double *context, const crow_weights_options *options,
                       crow_weights *weights) {
  const crow_checkpoint_options checkpoint_options = {NULL, 0, 0, false};
  const test_dataset t = {.m = m, .d = d, .context = context};
  crow_dataset dataset = {0};
  crow_status status = CROW_STOPPED;
  int stops = 0;
  memset(weights, 0, sizeof *weights);
  test_dataset_write(test_comm, test_path("stopped.h5"), &t);
  CHECK_OK(crow_dataset_open(test_comm, test_path("stopped.h5"), true, &dataset));
  while (status == CROW_STOPPED && stops < 1000) {
    crow_checkpoint *checkpoint = NULL;
    bool found = false;
    CHECK_OK(crow_checkpoint_create(test_comm, &checkpoint_options, test_path("stopped-weights.h5"), &checkpoint));
    CHECK_OK(crow_checkpoint_match_settings(checkpoint, crow_weights_settings, options));
    CHECK_OK(crow_checkpoint_find(checkpoint, &found));
    CHECK(found == (stops > 0));
    if (crow_comm_rank(test_comm) == crow_comm_size(test_comm) - 1) crow_stop_request(10);
    if (stops == 5) crow_stop_clear();
    status = crow_weights_compute_from(test_comm, &dataset, options, checkpoint, weights);
    stops += status == CROW_STOPPED;
    crow_stop_clear();
    if (status == CROW_OK) CHECK_OK(crow_checkpoint_remove(checkpoint));
    crow_checkpoint_destroy(&checkpoint);
  }
  CHECK_OK(status);
  crow_dataset_close(&dataset);
  return stops;
}
