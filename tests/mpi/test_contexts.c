/* SPDX-License-Identifier: Apache-2.0 */
/* Contexts from every kind of source: the same numbers, in slices over the ranks, with their names and prompts. */
#include "fixture.h"

enum { M = CROW_BLOCK + 30, D = 3 };

/* Exact in 32 bits and in decimals. */
static double number(crow_gidx i, int64_t k) { return (double)i / 4 - (double)k; }

static void write_csv(const char *path) {
  FILE *file = fopen(path, "w");
  CHECK(file != NULL);
  if (!file) return;
  (void)fprintf(file, "id,prompt,x,y,z\n");
  for (int i = 0; i < M; i++) {
    (void)fprintf(file, "row%d,p%d,%.17g,%.17g,%.17g\n", i, i % 2, number(i, 0), number(i, 1), number(i, 2));
  }
  CHECK(fclose(file) == 0);
}

/* Version 1.0 of the format: magic, length of the header, header, floats row by row. */
static void write_npy(const char *path) {
  char header[118 + 1];
  const unsigned char magic[] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, 118, 0};
  const int used =
      snprintf(header, sizeof header, "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }", M, D);
  memset(header + used, ' ', sizeof header - (size_t)used);
  header[117] = '\n';
  FILE *file = fopen(path, "wb");
  CHECK(file != NULL);
  if (!file) return;
  CHECK(fwrite(magic, 1, sizeof magic, file) == sizeof magic && fwrite(header, 1, 118, file) == 118);
  for (int i = 0; i < M * D; i++) {
    const float value = (float)number(i / D, i % D);
    CHECK(fwrite(&value, sizeof value, 1, file) == 1);
  }
  CHECK(fclose(file) == 0);
}

static void write_data(const char *path, bool prompts) {
  static double context[M * D];
  static const char *prompt[M];
  for (int i = 0; i < M * D; i++) context[i] = number(i / D, i % D);
  for (int i = 0; i < M; i++) prompt[i] = i % 2 ? "p1" : "p0";
  const test_dataset t = {.m = M, .d = D, .context = context, .prompt = prompts ? prompt : NULL};
  test_dataset_write(test_comm, path, &t);
}

static void check_numbers(crow_context_source *contexts) {
  const crow_partition *p = crow_context_source_partition(contexts);
  double values[5 * D];
  CHECK(p->global == M && p->block == CROW_BLOCK && crow_context_source_dimensions(contexts) == D);
  const crow_gidx count = p->count < 5 ? p->count : 5, begin = p->begin + p->count - count; /* the last of the slice */
  CHECK_OK(crow_context_source_read(contexts, begin, count, values));
  for (crow_gidx i = 0; i < count; i++) {
    for (int k = 0; k < D; k++) CHECK(values[i * D + k] == number(begin + i, k));
  }
}

static void every_source_gives_the_same_numbers(void) {
  char array[600];
  const char *csv = test_path("rows.csv"), *npy = test_path("rows.npy"), *data = test_path("rows.h5");
  if (crow_comm_rank(test_comm) == 0) {
    write_csv(csv);
    write_npy(npy);
  }
  write_data(data, false);
  (void)snprintf(array, sizeof array, "%s:/alternatives/context", data);
  const char *const sources[] = {csv, npy, data, array}, *const files[] = {csv, npy, data, data};
  for (int s = 0; s < 4; s++) {
    crow_context_source *contexts = NULL;
    CHECK_OK(crow_context_source_check_memory(test_comm, sources[s], 0));
    CHECK_OK(crow_context_source_open(test_comm, sources[s], &contexts));
    CHECK(strcmp(crow_context_source_name(contexts), sources[s]) == 0);
    CHECK(strcmp(crow_context_source_file(contexts), files[s]) == 0);
    check_numbers(contexts);
    crow_context_source_close(&contexts);
    CHECK(contexts == NULL);
    crow_context_source_close(&contexts);
  }
  crow_dataset dataset = {0};
  crow_context_source *contexts = NULL;
  CHECK_OK(crow_dataset_open(test_comm, data, true, &dataset));
  CHECK_OK(crow_context_source_of_dataset(test_comm, &dataset, &contexts));
  check_numbers(contexts);
  crow_context_source_close(&contexts);
  crow_dataset_close(&dataset);
}

static void prompts_are_those_of_the_dataset_by_name(void) {
  crow_dataset dataset = {0};
  crow_context_source *contexts = NULL;
  int32_t *prompt = NULL;
  const char *csv = test_path("prompts.csv"), *data = test_path("prompts.h5");
  if (crow_comm_rank(test_comm) == 0) write_csv(csv);
  write_data(data, true);
  CHECK_OK(crow_dataset_open(test_comm, data, true, &dataset));
  CHECK_OK(crow_context_source_open(test_comm, csv, &contexts));
  CHECK_OK(crow_context_source_prompts(contexts, &dataset, &prompt));
  const crow_partition *p = crow_context_source_partition(contexts);
  for (crow_gidx i = 0; i < p->count; i++) CHECK(prompt && prompt[i] == (p->begin + i) % 2);
  crow_free(prompt);
  crow_context_source_close(&contexts);
  crow_dataset_close(&dataset);
}

static void what_is_no_source_is_refused(void) {
  crow_context_source *contexts = NULL;
  const char *path = test_path("bad.csv");
  CHECK_STATUS(crow_context_source_open(test_comm, test_path("missing.npy"), &contexts), CROW_FILE_SYSTEM);
  CHECK_MESSAGE("missing.npy");
  if (crow_comm_rank(test_comm) == 0) {
    FILE *file = fopen(path, "w");
    CHECK(file != NULL && fputs("id,x\na,1\nb,nan\n", file) >= 0 && fclose(file) == 0);
  }
  (void)crow_comm_barrier(test_comm);
  CHECK_STATUS(crow_context_source_open(test_comm, path, &contexts), CROW_BAD_INPUT);
  CHECK_MESSAGE("bad.csv");
  CHECK(contexts == NULL);
}

static const crow_test tests[] = {
    {"every source gives the same numbers", every_source_gives_the_same_numbers},
    {"prompts are those of the dataset, by name", prompts_are_those_of_the_dataset_by_name},
    {"what is no source is refused", what_is_no_source_is_refused},
    {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "contexts", tests, true); }
