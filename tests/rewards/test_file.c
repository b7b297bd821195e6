/* SPDX-License-Identifier: Apache-2.0 */
/* What a rewards file holds of rewards that have everything: each array and attribute by name. */
#include "write_file.h"

#include "rewards/rewards_impl.h"

enum { M = 5, TOPICS = 2, ORIGINALS = 7, VALUES = 2, SMALL = 3 };

static double vector[12][M], mean[TOPICS] = {1.5, -2}, mean_error[TOPICS] = {.25, .5};
static double covariance[TOPICS * TOPICS] = {.0625, -.01, -.01, .25};
static int64_t rank[2][M] = {{1, 2, 1, 4, 3}, {2, 3, 2, 5, 5}};
static int32_t near[M] = {0, 1, 0, 1, 2};
static char topic[TOPICS * 4] = "t0\0\0t1\0";
static double by_vector[4][M * VALUES], by_optimality[VALUES] = {1e-9, 2e-3};
static int64_t by_judgements[VALUES] = {40, 30}, by_converged[VALUES] = {1, 0}, small_judgements[SMALL] = {9, 5, 1};
static char by_name[VALUES * 4] = "en\0\0de\0", small_name[SMALL * 4] = "fr\0\0it\0\0pl\0", column[] = "language";

static crow_rewards everything(void) {
  for (int v = 0; v < 12; v++) {
    for (int i = 0; i < M; i++) vector[v][i] = v == 1 ? .2 : v == 2 || v == 3 ? .1 * i : 10 * v + i;
  }
  for (int v = 0; v < 4; v++) {
    for (int i = 0; i < M * VALUES; i++) by_vector[v][i] = 100 * v + i;
  }
  return (crow_rewards){
      .partition = crow_comm_partition(test_comm, M, CROW_BLOCK),
      .value = vector[0],
      .weight = vector[1],
      .win_rate = vector[2],
      .fitted_win_rate = vector[3],
      .objective = 1.25,
      .optimality = 1e-9,
      .violation = 3e-9,
      .iterations = 4,
      .evaluations = 7,
      .converged = true,
      .convergence_tested = true,
      .end = CROW_LBFGS_ROUNDING_FLOOR,
      .pair_scale = 1.5,
      .lambda = .25,
      .components = 2,
      .zero_weights = 3,
      .unknown = 1,
      .source = CROW_SOURCE_COMPARISONS,
      .space = {.choice = {.space = "cube"}},
      .near = near,
      .uncertainty = {.replicates = 30,
                      .by = "judge",
                      .not_converged = 2,
                      .lower = vector[4],
                      .upper = vector[5],
                      .rank_lower = rank[0],
                      .rank_upper = rank[1],
                      .has_standard_errors = true,
                      .standard_error = vector[6],
                      .lead_error = vector[7],
                      .topics = {{.count = TOPICS, .width = 4, .data = topic}, mean, mean_error, covariance}},
      .sampling_error = {vector[8], 2, 3, 4},
      .by = {.column = column,
             .values = VALUES,
             .name = {.count = VALUES, .width = 4, .data = by_name},
             .judgements = by_judgements,
             .optimality = by_optimality,
             .converged = by_converged,
             .value = by_vector[0],
             .standard_error = by_vector[1],
             .lower = by_vector[2],
             .upper = by_vector[3],
             .small = SMALL,
             .least = 10,
             .small_name = {.count = SMALL, .width = 4, .data = small_name},
             .small_judgements = small_judgements}};
}

static const int32_t map[ORIGINALS] = {4, 0, 0, 3, 1, 2, 4};
static char original[ORIGINALS * 4] = "o0\0\0o1\0\0o2\0\0o3\0\0o4\0\0o5\0\0o6\0";

/* Comparisons among five groups that seven alternatives were put into. */
static void open_dataset(bool clustered, crow_dataset *dataset) {
  static const double context[M] = {0, 1, 2, 3, 4}, outcome[2] = {1, 0};
  static const int32_t first[2] = {0, 2}, second[2] = {1, 3};
  crow_file *file = NULL;
  CHECK_OK(crow_file_create(test_comm, test_path("dataset.h5"), "dataset", true, &file));
  write_rows(file, "/alternatives/context", CROW_F64, M, 1, context);
  write_rows(file, "/comparisons/first", CROW_I32, 2, 0, first);
  write_rows(file, "/comparisons/second", CROW_I32, 2, 0, second);
  write_rows(file, "/comparisons/outcome", CROW_F64, 2, 0, outcome);
  if (clustered) {
    write_rows(file, "/cluster/map", CROW_I32, ORIGINALS, 0, map);
    write_texts(file, "/cluster/id", ORIGINALS, 4, original);
    original[0] = 'T';
    write_texts(file, "/cluster/topic", ORIGINALS, 4, original);
    original[0] = 'P';
    write_texts(file, "/cluster/prompt", ORIGINALS, 4, original);
    original[0] = 'o';
  }
  CHECK_OK(crow_file_finish(&file));
  CHECK_OK(crow_dataset_open(test_comm, test_path("dataset.h5"), true, dataset));
}

static crow_file *written(const crow_rewards *rewards, bool clustered) {
  crow_dataset dataset = {0};
  crow_provenance *provenance = NULL;
  crow_file *file = NULL;
  open_dataset(clustered, &dataset);
  CHECK_OK(crow_provenance_create(test_comm, "test", &provenance));
  CHECK_OK(crow_rewards_write(test_comm, test_path("rewards.h5"), true, rewards, &dataset, provenance));
  crow_provenance_destroy(&provenance);
  crow_dataset_close(&dataset);
  CHECK_OK(crow_file_open(test_comm, test_path("rewards.h5"), "rewards", &file));
  return file;
}

static void expect_doubles(const crow_file *file, const char *path, int64_t rows, int64_t columns,
                           const double *expected) {
  double found[16] = {0};
  CHECK(crow_file_rows(file, path) == rows);
  CHECK_OK(crow_file_read(file, path, 0, rows, CROW_F64, found));
  for (int64_t i = 0; i < rows * columns; i++) CHECK_NEAR(found[i], expected[i], 0);
}

static void expect_integers(const crow_file *file, const char *path, int64_t rows, const int64_t *expected) {
  int64_t found[16] = {0};
  CHECK(crow_file_rows(file, path) == rows);
  CHECK_OK(crow_file_read(file, path, 0, rows, CROW_I64, found));
  for (int64_t i = 0; i < rows; i++) CHECK(found[i] == expected[i]);
}

static void expect_texts(const crow_file *file, const char *path, int64_t rows, const char *expected) {
  crow_strings found = {0};
  CHECK_OK(crow_file_read_strings(file, path, 0, rows, &found));
  CHECK(crow_file_rows(file, path) == rows && found.count == rows);
  for (int64_t i = 0; i < found.count; i++) CHECK(strcmp(crow_strings_get(&found, i), expected + 4 * i) == 0);
  crow_strings_free(&found);
}

static void expect_number(const crow_file *file, const char *name, double expected) {
  double found = -1;
  CHECK_OK(crow_file_get_f64(file, "/", name, &found));
  CHECK_NEAR(found, expected, 0);
}

static void expect_whole(const crow_file *file, const char *name, int64_t expected) {
  int64_t found = -1;
  CHECK_OK(crow_file_get_i64(file, "/", name, &found));
  CHECK(found == expected);
}

static void expect_text(const crow_file *file, const char *name, const char *expected) {
  char *found = NULL;
  CHECK_OK(crow_file_get_text(file, "/", name, &found));
  CHECK(found && strcmp(found, expected) == 0);
  crow_free(found);
}

static void attributes_are_the_fit_s(void) {
  const crow_rewards r = everything();
  crow_file *file = written(&r, false);
  expect_text(file, "source", "comparisons");
  expect_number(file, "lambda", .25);
  expect_number(file, "pair_scale", 1.5);
  expect_number(file, "objective", 1.25);
  expect_number(file, "optimality", 1e-9);
  expect_number(file, "violation", 3e-9);
  expect_whole(file, "converged", 1);
  expect_whole(file, "convergence_tested", 1);
  expect_text(file, "end", crow_lbfgs_end_text(CROW_LBFGS_ROUNDING_FLOOR));
  expect_whole(file, "iterations", 4);
  expect_whole(file, "evaluations", 7);
  expect_whole(file, "components", 2);
  expect_whole(file, "zero_weights", 3);
  expect_whole(file, "unknown", 1);
  expect_whole(file, "bootstrap", 30);
  expect_whole(file, "bootstrap_not_converged", 2);
  expect_text(file, "bootstrap_by", "judge");
  expect_text(file, "by", "language");
  expect_whole(file, "by_least", 10);
  crow_file_close(&file);
}

static void arrays_are_the_rewards(void) {
  const crow_rewards r = everything();
  const int64_t groups[M] = {0, 1, 0, 1, 2};
  crow_file *file = written(&r, false);
  static const char *const paths[9] = {"/rewards/value",           "/rewards/weight",     "/rewards/win_rate",
                                       "/rewards/fitted_win_rate", "/rewards/lower",      "/rewards/upper",
                                       "/rewards/standard_error",  "/rewards/lead_error", "/rewards/sampling_error"};
  for (int v = 0; v < 9; v++) expect_doubles(file, paths[v], M, 1, vector[v]);
  expect_integers(file, "/rewards/rank_lower", M, rank[0]);
  expect_integers(file, "/rewards/rank_upper", M, rank[1]);
  expect_integers(file, "/rewards/near_duplicates", M, groups);
  expect_texts(file, "/topics/name", TOPICS, topic);
  expect_doubles(file, "/topics/mean", TOPICS, 1, mean);
  expect_doubles(file, "/topics/standard_error", TOPICS, 1, mean_error);
  expect_doubles(file, "/topics/covariance", TOPICS, TOPICS, covariance);
  expect_texts(file, "/by/name", VALUES, by_name);
  expect_integers(file, "/by/judgements", VALUES, by_judgements);
  expect_doubles(file, "/by/optimality", VALUES, 1, by_optimality);
  expect_integers(file, "/by/converged", VALUES, by_converged);
  expect_doubles(file, "/by/reward", M, VALUES, by_vector[0]);
  expect_doubles(file, "/by/standard_error", M, VALUES, by_vector[1]);
  expect_doubles(file, "/by/lower", M, VALUES, by_vector[2]);
  expect_doubles(file, "/by/upper", M, VALUES, by_vector[3]);
  expect_texts(file, "/by/small_name", SMALL, small_name);
  expect_integers(file, "/by/small_judgements", SMALL, small_judgements);
  CHECK(!crow_file_has(file, "/original/reward") && !crow_file_has(file, "/rewards/spread"));
  crow_file_close(&file);
}

static void what_is_not_known_is_not_there(void) {
  crow_rewards r = everything();
  r.uncertainty = (crow_uncertainty){0};
  r.by = (crow_rewards_by){0};
  r.near = NULL;
  r.sampling_error.value = NULL;
  r.components = 1;
  r.source = CROW_SOURCE_POPULATION;
  crow_file *file = written(&r, false);
  static const char *const paths[] = {"/rewards/lower", "/rewards/rank_lower",      "/rewards/standard_error",
                                      "/topics/name",   "/rewards/near_duplicates", "/by/name",
                                      "/by/small_name", "/rewards/sampling_error"};
  static const char *const names[] = {"bootstrap", "bootstrap_by", "by", "components"};
  for (size_t k = 0; k < sizeof paths / sizeof *paths; k++) CHECK(!crow_file_has(file, paths[k]));
  for (size_t k = 0; k < sizeof names / sizeof *names; k++) CHECK(!crow_file_has_attribute(file, "/", names[k]));
  expect_text(file, "source", "population");
  crow_file_close(&file);
}

static void originals_have_their_group_s(void) {
  const crow_rewards r = everything();
  const double expected[ORIGINALS] = {4, 0, 0, 3, 1, 2, 4};
  crow_file *file = written(&r, true);
  expect_doubles(file, "/original/reward", ORIGINALS, 1, expected);
  expect_texts(file, "/original/id", ORIGINALS, original);
  original[0] = 'T';
  expect_texts(file, "/original/topic", ORIGINALS, original);
  original[0] = 'P';
  expect_texts(file, "/original/prompt", ORIGINALS, original);
  original[0] = 'o';
  crow_file_close(&file);
}

/* All of it, with or without what few have, and where all values have too few judgements. */
static void rewards_by_value_are_read_back(void) {
  for (int turn = 0; turn < 4; turn++) {
    crow_rewards r = everything();
    crow_rewards_by found;
    if (turn == 1) r.by.standard_error = NULL;
    if (turn == 1) r.by.small = 0;
    if (turn == 2) r.by.lower = r.by.upper = NULL;
    if (turn == 3) r.by.values = 0;
    crow_file *file = written(&r, false);
    CHECK_OK(crow_rewards_by_read(test_comm, file, &r.partition, &found));
    CHECK(found.column && strcmp(found.column, column) == 0 && found.least == 10 && found.values == r.by.values);
    CHECK(found.small == r.by.small && (found.standard_error != NULL) == (turn % 2 == 0));
    CHECK((found.lower != NULL) == (turn < 2) && (found.upper != NULL) == (turn < 2));
    for (int k = 0; k < found.small; k++) {
      CHECK(strcmp(crow_strings_get(&found.small_name, k), small_name + 4 * k) == 0);
      CHECK(found.small_judgements[k] == small_judgements[k]);
    }
    for (int k = 0; k < found.values; k++) {
      CHECK(strcmp(crow_strings_get(&found.name, k), by_name + 4 * k) == 0);
      CHECK(found.judgements[k] == by_judgements[k] && found.converged[k] == by_converged[k]);
      CHECK(found.optimality[k] == by_optimality[k]);
    }
    for (int i = 0; i < M * found.values; i++) {
      CHECK(found.value[i] == by_vector[0][i]);
      if (found.standard_error) CHECK(found.standard_error[i] == by_vector[1][i]);
      if (found.lower) CHECK(found.lower[i] == by_vector[2][i] && found.upper[i] == by_vector[3][i]);
    }
    crow_rewards_by_free(&found);
    CHECK(!found.column && !found.value && found.values == 0);
    crow_file_close(&file);
  }
}

static void ends_are_told_in_words(void) {
  crow_rewards r = {.convergence_tested = true, .end = CROW_LBFGS_LINE_SEARCH};
  CHECK(strcmp(crow_rewards_end_text(&r), crow_lbfgs_end_text(CROW_LBFGS_LINE_SEARCH)) == 0);
  r.convergence_tested = false;
  CHECK(strcmp(crow_rewards_end_text(&r), "all steps taken") == 0);
  r.curve.stopped = true;
  CHECK(strcmp(crow_rewards_end_text(&r), "stopped early") == 0);
}

/* Components beyond one of each prompt are apart. */
static void components_beyond_prompts_are_apart(void) {
  for (int prompts = 0; prompts <= 3; prompts++) {
    const crow_dataset dataset = {.prompts = prompts};
    const int least = prompts > 1 ? prompts : 1;
    for (int components = 0; components <= 4; components++) {
      const crow_rewards r = {.components = components};
      CHECK(crow_rewards_apart(&r, &dataset) == (components > least));
    }
  }
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {{"attributes are the fit's", attributes_are_the_fit_s},
                                    {"arrays are the rewards", arrays_are_the_rewards},
                                    {"what is not known is not there", what_is_not_known_is_not_there},
                                    {"originals have their group's", originals_have_their_group_s},
                                    {"rewards by value are read back", rewards_by_value_are_read_back},
                                    {"ends are told in words", ends_are_told_in_words},
                                    {"components beyond prompts are apart", components_beyond_prompts_are_apart},
                                    {NULL, NULL}};
  return crow_test_main(argc, argv, "rewards files", tests, true);
}
