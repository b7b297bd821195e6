/* SPDX-License-Identifier: Apache-2.0 */
/* Tables and models for other programs, byte by byte, of small files made by hand. */
#include "write_file.h"

#include "export/export_impl.h"
#include "export/model_impl.h"
#include <crow/rewards.h>
#include <stdlib.h>
#include <zlib.h>

enum { M = 3, Q = 4, BYTES = 1 << 16 };

/* Ids that need quotes, two dimensions, counts, and two kept columns of which one is called as one of ours. */
static const char *write_dataset(bool named) {
  static const double context[M * 2] = {0, .1, -2.5, 1e-300, 1. / 3, .1 + .2}, outcome[Q] = {1, .5, 0, .25};
  static const int32_t first[Q] = {0, 1, 2, 0}, second[Q] = {1, 2, 0, 2}, label[Q * 2] = {0, 2, 1, 3, 0, 3, 1, 2};
  static const int64_t count[Q] = {1, 2, 3, 40};
  crow_file *file = NULL;
  CHECK_OK(crow_file_create(test_comm, test_path("dataset.h5"), "dataset", true, &file));
  write_rows(file, "/alternatives/context", CROW_F64, M, 2, context);
  if (named) write_texts(file, "/alternatives/id", M, 8, "a,b\0\0\0\0\0 c\0\0\0\0\0\0d\"e\nf\0\0\0");
  write_rows(file, "/comparisons/first", CROW_I32, Q, 0, first);
  write_rows(file, "/comparisons/second", CROW_I32, Q, 0, second);
  write_rows(file, "/comparisons/outcome", CROW_F64, Q, 0, outcome);
  write_rows(file, "/comparisons/count", CROW_I64, Q, 0, count);
  write_texts(file, "/comparisons/label_name", 2, 8, "lang\0\0\0\0count\0\0");
  write_texts(file, "/comparisons/label_value", 4, 8, "en\0\0\0\0\0\0de\0\0\0\0\0\0\"x\"\0\0\0\0\0y \0\0\0\0\0");
  write_rows(file, "/comparisons/label", CROW_I32, Q, 2, label);
  CHECK_OK(crow_file_finish(&file));
  return test_path("dataset.h5");
}

static size_t read_whole(const char *path, unsigned char *bytes) {
  FILE *file = fopen(path, "rb");
  CHECK(file != NULL);
  const size_t got = file ? fread(bytes, 1, BYTES - 1, file) : 0;
  bytes[got] = 0;
  if (file) (void)fclose(file);
  return got;
}

static crow_status run(const char *input, const crow_export_options *options, const char *output, int64_t *rows) {
  return crow_export_run(test_comm, input, options, 0, test_path(output), true, rows);
}

static void expect_table(const char *input, int table, const char *column, const char *output, int64_t count,
                         const char *expected) {
  static unsigned char found[BYTES];
  int64_t rows = -1;
  const crow_export_options options = {.table = table, .column = column};
  CHECK_OK(run(input, &options, output, &rows));
  (void)read_whole(test_path(output), found);
  CHECK(rows == count && strcmp((const char *)found, expected) == 0);
  if (strcmp((const char *)found, expected) != 0) printf("found:\n%s\nexpected:\n%s\n", found, expected);
}

static void alternatives_of_a_dataset(void) {
  const char *input = write_dataset(true);
  expect_table(input, CROW_EXPORT_ALTERNATIVES, NULL, "a.csv", M,
               "id,context_0,context_1\n\"a,b\",0,0.1\n\" c\",-2.5,1e-300\n\"d\"\"e\nf\",0.3333333333333333,"
               "0.30000000000000004\n");
  expect_table(input, CROW_EXPORT_ALTERNATIVES, NULL, "a.json", M,
               "[\n{\"id\": \"a,b\", \"context\": [0, 0.1]},\n{\"id\": \" c\", \"context\": [-2.5, 1e-300]},\n"
               "{\"id\": \"d\\\"e\\nf\", \"context\": [0.3333333333333333, 0.30000000000000004]}\n]\n");
  expect_table(input, CROW_EXPORT_ALTERNATIVES, "id", "a.csv", M, "id\n\"a,b\"\n\" c\"\n\"d\"\"e\nf\"\n");
  input = write_dataset(false); /* rows are the names */
  expect_table(input, CROW_EXPORT_ALTERNATIVES, NULL, "a.csv", M,
               "id,context_0,context_1\n0,0,0.1\n1,-2.5,1e-300\n2,0.3333333333333333,0.30000000000000004\n");
}

static void comparisons_of_a_dataset(void) {
  const char *input = write_dataset(true);
  expect_table(input, CROW_EXPORT_COMPARISONS, NULL, "c.csv", Q,
               "first,second,outcome,count,lang,kept_count\n0,1,1,1,en,\"\"\"x\"\"\"\n1,2,0.5,2,de,\"y "
               "\"\n2,0,0,3,en,\"y \"\n0,2,0.25,40,de,\"\"\"x\"\"\"\n");
  expect_table(input, CROW_EXPORT_COMPARISONS, "lang", "c.csv", Q, "lang\nen\nde\nen\nde\n");
  expect_table(input, CROW_EXPORT_COMPARISONS, "lang", "c.json", Q,
               "[\n{\"lang\": \"en\"},\n{\"lang\": \"de\"},\n{\"lang\": \"en\"},\n{\"lang\": \"de\"}\n]\n");
  expect_table(input, CROW_EXPORT_COMPARISONS, "outcome", "c.json", Q,
               "[\n{\"outcome\": 1},\n{\"outcome\": 0.5},\n{\"outcome\": 0},\n{\"outcome\": 0.25}\n]\n");
}

/* What a row counts: of the pairs with their judgements w(x) w(y) s c / n; here all three pairs, weights uniform. */
static void loss_weights_are_those_of_the_objective(void) {
  static unsigned char found[BYTES];
  int64_t rows = 0;
  const crow_export_options options = {
      .table = CROW_EXPORT_COMPARISONS, .column = "loss_weight", .weights = "uniform", .objective = {.lambda = 1}};
  CHECK_OK(run(write_dataset(true), &options, "l.csv", &rows));
  (void)read_whole(test_path("l.csv"), found);
  CHECK(rows == Q && strncmp((const char *)found, "loss_weight\n", 12) == 0);
  const char *at = (const char *)found + 12;
  /* s = (1 - 1/3) / (2 * 3/9) = 1, so a pair counts 1/9, its judgements 1, 2 and 43 alike; a row has n of them */
  const double expected[Q] = {1. / 9, 1. / 9, 3 / (43 * 9.), 40 / (43 * 9.)};
  for (int q = 0; q < Q; q++) {
    char *end = NULL;
    CHECK_NEAR(strtod(at, &end), expected[q], 1e-15);
    CHECK(*end == '\n');
    at = end + 1;
  }
}

/* ---- numpy's format ------------------------------------------------------------------------------------------------
 */

static size_t expect_npy(const unsigned char *bytes, const char *header) {
  CHECK(memcmp(bytes, "\x93NUMPY\1\0", 8) == 0);
  const size_t length = (size_t)bytes[8] + 256 * (size_t)bytes[9];
  CHECK((10 + length) % 64 == 0 && bytes[10 + length - 1] == '\n');
  CHECK(memcmp(bytes + 10, header, strlen(header)) == 0);
  for (size_t k = strlen(header); k + 1 < length; k++) CHECK(bytes[10 + k] == ' ');
  return 10 + length;
}

static void numbers_as_npy(void) {
  static unsigned char bytes[BYTES];
  int64_t rows = 0;
  crow_export_options options = {.column = "context"};
  const char *input = write_dataset(true);
  CHECK_OK(run(input, &options, "x.npy", &rows));
  size_t size = read_whole(test_path("x.npy"), bytes);
  size_t at = expect_npy(bytes, "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }");
  const double context[M * 2] = {0, .1, -2.5, 1e-300, 1. / 3, .1 + .2};
  CHECK(size == at + sizeof context && memcmp(bytes + at, context, sizeof context) == 0);
  options = (crow_export_options){.table = CROW_EXPORT_COMPARISONS, .column = "count", .format = CROW_EXPORT_NPY};
  CHECK_OK(run(input, &options, "x.bin", &rows));
  size = read_whole(test_path("x.bin"), bytes);
  at = expect_npy(bytes, "{'descr': '<i8', 'fortran_order': False, 'shape': (4,), }");
  const int64_t count[Q] = {1, 2, 3, 40};
  CHECK(size == at + sizeof count && memcmp(bytes + at, count, sizeof count) == 0);
}

static void options_that_cannot_be_are_refused(void) {
  static const struct {
    crow_export_options options;
    const char *output, *message;
  } cases[] = {{{.table = CROW_EXPORT_MODEL}, "x.csv", "a model is written as .npz or .safetensors"},
               {{.table = CROW_EXPORT_TRACE}, "x.npz", ".npz and .safetensors hold models: expected --table model"},
               {{.format = CROW_EXPORT_SAFETENSORS}, "x.csv", ".npz and .safetensors hold models"},
               {{.table = CROW_EXPORT_MODEL, .column = "w"}, "x.npz", "--column w: a model is written whole"},
               {{.weights = "uniform"}, "x.csv", "--weights needs --table comparisons"},
               {{.table = CROW_EXPORT_ALTERNATIVES}, "x", "expected a name that ends with .csv, .json or .npy"},
               {{.table = CROW_EXPORT_ALTERNATIVES}, ".csv", "expected a name that ends with .csv"},
               {{.table = CROW_EXPORT_ALTERNATIVES}, "x.npy", "a .npy file holds one array: which --column?"}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    CHECK_STATUS(crow_export_options_validate(&cases[k].options, cases[k].output), CROW_USAGE);
    CHECK_MESSAGE(cases[k].message);
  }
  CHECK_OK(crow_export_options_validate(&(crow_export_options){.table = CROW_EXPORT_TRACE}, "x.json"));
  CHECK_OK(crow_export_options_validate(&(crow_export_options){.table = CROW_EXPORT_MODEL}, "x.safetensors"));
  CHECK_OK(crow_export_options_validate(
      &(crow_export_options){.table = CROW_EXPORT_COMPARISONS, .weights = "uniform", .format = CROW_EXPORT_CSV}, "x"));
  int64_t rows = 0;
  crow_export_options options = {.column = "id"};
  const char *input = write_dataset(true);
  CHECK_STATUS(run(input, &options, "x.npy", &rows), CROW_USAGE);
  CHECK_MESSAGE("column id is text; a .npy file takes numbers");
  options = (crow_export_options){.table = CROW_EXPORT_COMPARISONS, .column = "lang"};
  CHECK_STATUS(run(input, &options, "x.npy", &rows), CROW_USAGE);
  CHECK_MESSAGE("column lang is text");
  options = (crow_export_options){.column = "reward"};
  CHECK_STATUS(run(input, &options, "x.csv", &rows), CROW_USAGE);
  CHECK_MESSAGE("the table of alternatives has no column \"reward\"; expected one of id, context");
  options = (crow_export_options){.table = CROW_EXPORT_TRACE};
  CHECK_STATUS(run(input, &options, "x.csv", &rows), CROW_BAD_INPUT);
  CHECK_MESSAGE("is a dataset file that has no table of trace");
  options = (crow_export_options){.table = CROW_EXPORT_BY};
  CHECK_STATUS(run(input, &options, "x.csv", &rows), CROW_BAD_INPUT);
  options = (crow_export_options){.table = CROW_EXPORT_MODEL};
  CHECK_STATUS(run(input, &options, "x.npz", &rows), CROW_BAD_INPUT);
  CHECK_MESSAGE("is a dataset file, expected rewards with their model");
}

/* Rows at a time are 2^14 numbers of the widest column and one more. */
static void memory_is_that_of_a_slice(void) {
  crow_file *file = NULL;
  crow_export table;
  int64_t rows;
  const crow_export_options options = {0};
  const char *input = write_dataset(true);
  CHECK_OK(crow_file_open(test_comm, input, "dataset", &file));
  CHECK_OK(crow_export_create(test_comm, file, &options, &table));
  CHECK(table.slice == (1 << 14) / 2 + 1 && table.rows == M && table.columns == 2);
  const double bytes = 48 * 0x1p20 + 8. * 2 * (double)table.slice;
  CHECK_NEAR(crow_export_bytes(&table), bytes, .5);
  crow_export_free(&table);
  CHECK(table.columns == 0);
  crow_file_close(&file);
  CHECK_OK(crow_export_run(test_comm, input, &options, bytes + 1, test_path("m.csv"), true, &rows));
  CHECK_STATUS(crow_export_run(test_comm, input, &options, bytes - 1, test_path("m.csv"), true, &rows), CROW_FAILED);
  CHECK_MESSAGE("export one --column at a time");
}

/* Written slice by slice: more rows than one holds. */
static void many_rows_are_written(void) {
  enum { MANY = (1 << 14) + 5 };
  static double number[MANY];
  static const double outcome[1] = {1};
  static const int32_t first[1] = {0}, second[1] = {1};
  crow_file *file = NULL;
  int64_t rows = 0;
  char line[64];
  for (int k = 0; k < MANY; k++) number[k] = 3 * k;
  CHECK_OK(crow_file_create(test_comm, test_path("many.h5"), "dataset", true, &file));
  write_rows(file, "/alternatives/context", CROW_F64, MANY, 1, number);
  write_rows(file, "/comparisons/first", CROW_I32, 1, 0, first);
  write_rows(file, "/comparisons/second", CROW_I32, 1, 0, second);
  write_rows(file, "/comparisons/outcome", CROW_F64, 1, 0, outcome);
  CHECK_OK(crow_file_finish(&file));
  for (int json = 0; json <= 1; json++) {
    const crow_export_options options = {.format = json ? CROW_EXPORT_JSON : CROW_EXPORT_CSV};
    CHECK_OK(run(test_path("many.h5"), &options, "many.out", &rows));
    FILE *out = fopen(test_path("many.out"), "rb");
    CHECK(out != NULL && rows == MANY);
    int64_t wrong = 0;
    CHECK(fgets(line, sizeof line, out) && strcmp(line, json ? "[\n" : "id,context\n") == 0);
    for (int k = 0; k < MANY; k++) {
      char expected[64];
      (void)snprintf(expected, sizeof expected, json ? "{\"id\": \"%d\", \"context\": %d}%s\n" : "%d,%d\n", k, 3 * k,
                     k < MANY - 1 ? "," : "");
      wrong += !fgets(line, sizeof line, out) || strcmp(line, expected) != 0;
    }
    CHECK(wrong == 0);
    if (json) CHECK(fgets(line, sizeof line, out) && strcmp(line, "]\n") == 0);
    CHECK(!fgets(line, sizeof line, out));
    (void)fclose(out);
  }
}

/* ---- rewards ------------------------------------------------------------------------------------------------------
 */

static double value[M] = {1.5, (double)NAN, -.25}, weight[M] = {.5, 0, .5}, rate[M] = {.75, (double)NAN, .25};
static double error[M] = {.125, .5, 1}, by_value[M * 2] = {1, 2, (double)NAN, 4, 5, 6}, optimality[2] = {0, 0};
static double trace[4] = {3, .5, 2, .25}; /* objective and optimality in turn */
static int64_t judgements[2] = {9, 8}, converged[2] = {1, 1};

static const char *write_rewards(bool model) {
  static double theta[2 * 3] = {1, 2, 3, -4, .5, 6};
  static char column[] = "lang", names[] = "en\0d,e";
  crow_dataset dataset = {0};
  crow_provenance *provenance = NULL;
  crow_rewards r = {.partition = crow_comm_partition(test_comm, M, CROW_BLOCK),
                    .value = value,
                    .weight = weight,
                    .win_rate = rate,
                    .fitted_win_rate = rate,
                    .spread = error,
                    .lambda = .25,
                    .pair_scale = 1,
                    .trace = {.count = 2, .entry = trace},
                    .by = {.column = column,
                           .values = 2,
                           .name = {.count = 2, .width = 3, .data = names},
                           .judgements = judgements,
                           .optimality = optimality,
                           .converged = converged,
                           .value = by_value},
                    .uncertainty = {.has_standard_errors = true, .standard_error = error, .lead_error = error}};
  names[2] = 0;
  value[1] = 0;
  if (model)
    r.model = (crow_fitted_model){.kind = CROW_MODEL_LINEAR,
                                  .optimizer = CROW_OPTIMIZER_LBFGS,
                                  .inputs = 2,
                                  .members = 2,
                                  .parameters = 3,
                                  .theta = theta};
  CHECK_OK(crow_dataset_open(test_comm, write_dataset(false), true, &dataset));
  CHECK_OK(crow_provenance_create(test_comm, "test", &provenance));
  CHECK_OK(crow_rewards_write(test_comm, test_path("rewards.h5"), true, &r, &dataset, provenance));
  crow_provenance_destroy(&provenance);
  crow_dataset_close(&dataset);
  return test_path("rewards.h5");
}

/* What is no number is an empty field, or null; without weight there is no place. */
static void tables_of_rewards(void) {
  const char *input = write_rewards(false);
  expect_table(input, CROW_EXPORT_ALTERNATIVES, NULL, "r.csv", M,
               "id,reward,weight,win_rate,fitted_win_rate,standard_error,place\n0,1.5,0.5,0.75,0.75,0.125,1\n"
               "1,0,0,,,0.5,\n2,-0.25,0.5,0.25,0.25,1,2\n");
  expect_table(input, CROW_EXPORT_ALTERNATIVES, "win_rate", "r.json", M,
               "[\n{\"win_rate\": 0.75},\n{\"win_rate\": null},\n{\"win_rate\": 0.25}\n]\n");
  expect_table(input, CROW_EXPORT_ALTERNATIVES, "place", "r.json", M,
               "[\n{\"place\": 1},\n{\"place\": null},\n{\"place\": 2}\n]\n");
  expect_table(input, CROW_EXPORT_TRACE, NULL, "r.csv", 2, "objective,optimality\n3,0.5\n2,0.25\n");
}

static void models_as_safetensors(void) {
  static unsigned char bytes[BYTES];
  int64_t count = 0;
  const crow_export_options options = {.table = CROW_EXPORT_MODEL};
  CHECK_OK(run(write_rewards(true), &options, "m.safetensors", &count));
  const size_t size = read_whole(test_path("m.safetensors"), bytes);
  uint64_t length = 0;
  for (int k = 0; k < 8; k++) length |= (uint64_t)bytes[k] << 8 * k;
  CHECK(count == 4 && length % 8 == 0 && size == 8 + length + 6 * sizeof(double));
  char header[BYTES];
  memcpy(header, bytes + 8, length);
  header[length] = 0;
  CHECK(strstr(header, "\"member.0.layers.0.weight\":{\"dtype\":\"F64\",\"shape\":[1,2],\"data_offsets\":[0,16]}") !=
        NULL);
  CHECK(strstr(header, "\"member.0.layers.0.bias\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[16,24]}") !=
        NULL);
  CHECK(strstr(header, "\"member.1.layers.0.weight\":{\"dtype\":\"F64\",\"shape\":[1,2],\"data_offsets\":[24,40]}") !=
        NULL);
  CHECK(strstr(header, "\"member.1.layers.0.bias\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[40,48]}") !=
        NULL);
  CHECK(strstr(header, "\"__metadata__\":{\"format\":\"pt\"") != NULL);
  const double theta[6] = {1, 2, 3, -4, .5, 6};
  CHECK(memcmp(bytes + 8 + length, theta, sizeof theta) == 0);
}

static uint64_t take(const unsigned char *at, int bytes) {
  uint64_t found = 0;
  for (int k = 0; k < bytes; k++) found |= (uint64_t)at[k] << 8 * k;
  return found;
}

/* A zip file by its records: local headers, directory, end; checksums by zlib. */
static void models_as_npz(void) {
  static unsigned char bytes[BYTES];
  static const char *const names[5] = {"member.0.layers.0.weight.npy", "member.0.layers.0.bias.npy",
                                       "member.1.layers.0.weight.npy", "member.1.layers.0.bias.npy", "metadata.json"};
  static const double theta[6] = {1, 2, 3, -4, .5, 6};
  static const int from[4] = {0, 2, 3, 5}, numbers[4] = {2, 1, 2, 1};
  int64_t count = 0;
  const crow_export_options options = {.table = CROW_EXPORT_MODEL};
  CHECK_OK(run(write_rewards(true), &options, "m.npz", &count));
  const size_t size = read_whole(test_path("m.npz"), bytes);
  const unsigned char *end = bytes + size - 22;
  CHECK(count == 4 && take(end, 4) == 0x06054b50 && take(end + 4, 4) == 0 && take(end + 20, 2) == 0);
  CHECK(take(end + 8, 2) == 5 && take(end + 10, 2) == 5);
  const unsigned char *entry = bytes + take(end + 16, 4);
  CHECK(entry + take(end + 12, 4) == end);
  size_t next = 0;
  for (int k = 0; k < 5; k++) {
    const size_t name = strlen(names[k]), local = take(entry + 42, 4), stored = take(entry + 24, 4);
    CHECK(take(entry, 4) == 0x02014b50 && take(entry + 4, 2) == 20 && take(entry + 6, 2) == 20);
    CHECK(take(entry + 8, 2) == 0 && take(entry + 10, 2) == 0 && take(entry + 12, 2) == 0 && take(entry + 14, 2) == 33);
    CHECK(take(entry + 28, 2) == name && take(entry + 30, 2) == 0 && take(entry + 32, 2) == 0);
    CHECK(take(entry + 34, 2) == 0 && take(entry + 36, 2) == 0 && take(entry + 38, 4) == 0);
    CHECK(memcmp(entry + 46, names[k], name) == 0 && local == next && take(entry + 20, 4) == stored);
    const unsigned char *member = bytes + local;
    CHECK(take(member, 4) == 0x04034b50 && memcmp(member + 4, entry + 6, 26) == 0);
    CHECK(memcmp(member + 30, names[k], name) == 0);
    const unsigned char *content = member + 30 + name;
    CHECK((uint32_t)crc32(0, content, (uInt)stored) == take(entry + 16, 4));
    if (k < 4) {
      const size_t at =
          expect_npy(content, numbers[k] == 2 ? "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2), }"
                                              : "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }");
      CHECK(stored == at + 8 * (size_t)numbers[k] && memcmp(content + at, theta + from[k], stored - at) == 0);
    } else {
      CHECK(content[0] == '{' && content[stored - 1] == '}');
    }
    next = local + 30 + name + stored;
    entry += 46 + name;
  }
  CHECK(entry == end && bytes + next == bytes + take(end + 16, 4));
  CHECK_STATUS(run(write_rewards(false), &options, "m.npz", &count), CROW_BAD_INPUT);
  CHECK_MESSAGE("has tabular rewards, which are no function of contexts");
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"alternatives of a dataset", alternatives_of_a_dataset},
      {"comparisons of a dataset", comparisons_of_a_dataset},
      {"loss weights are those of the objective", loss_weights_are_those_of_the_objective},
      {"numbers as npy", numbers_as_npy},
      {"options that cannot be are refused", options_that_cannot_be_are_refused},
      {"memory is that of a slice", memory_is_that_of_a_slice},
      {"many rows are written", many_rows_are_written},
      {"tables of rewards", tables_of_rewards},
      {"models as safetensors", models_as_safetensors},
      {"models as npz", models_as_npz},
      {NULL, NULL}};
  return crow_test_main(argc, argv, "export", tests, true);
}
