/* SPDX-License-Identifier: Apache-2.0 */
/* Columns that were kept of the comparisons: found by name, read in slices, selected by value, and resampled whole. */
#include "fixture.h"
#include "write_file.h"

#include <stdlib.h>

enum { FEW = 8, VOTES = 1300, JUDGES = 20, REPLICATES = 30 };

static int32_t first[VOTES], second[VOTES], label[VOTES * 2];
static double outcome[VOTES];

/* The judge is j0 to j19, and the language, which has rows of its own among the values, is en or de. */
static void make_votes(void) {
  for (int q = 0; q < VOTES; q++) {
    uint32_t words[4];
    crow_random_words(23, CROW_STREAM_TEST, (uint64_t)q, words, 4);
    first[q] = (int32_t)(words[0] % 7); /* nobody was asked about alternative 7 */
    second[q] = (int32_t)((words[0] % 7 + 1 + words[1] % 6) % 7);
    outcome[q] = words[2] % 10 < (first[q] < second[q] ? 7u : 4u);
    label[2 * q] = (int32_t)(words[3] % JUDGES);
    label[2 * q + 1] = (int32_t)(JUDGES + q % 3 / 2);
  }
}

static void open_votes(crow_dataset *dataset) {
  static char name[2][16] = {"judge", "language"}, value[JUDGES + 2][16];
  double context[FEW];
  crow_file *file = NULL;
  make_votes();
  for (int j = 0; j < JUDGES; j++) (void)snprintf(value[j], sizeof value[j], "j%d", j);
  (void)snprintf(value[JUDGES], sizeof value[0], "en");
  (void)snprintf(value[JUDGES + 1], sizeof value[0], "de");
  for (int i = 0; i < FEW; i++) context[i] = i;
  CHECK_OK(crow_file_create(test_comm, test_path("kept.h5"), "dataset", true, &file));
  write_rows(file, "/alternatives/context", CROW_F64, FEW, 1, context);
  write_rows(file, "/comparisons/first", CROW_I32, VOTES, 0, first);
  write_rows(file, "/comparisons/second", CROW_I32, VOTES, 0, second);
  write_rows(file, "/comparisons/outcome", CROW_F64, VOTES, 0, outcome);
  write_texts(file, "/comparisons/label_name", 2, 16, name[0]);
  write_texts(file, "/comparisons/label_value", JUDGES + 2, 16, value[0]);
  write_rows(file, "/comparisons/label", CROW_I32, VOTES, 2, label);
  CHECK_OK(crow_file_finish(&file));
  CHECK_OK(crow_dataset_open(test_comm, test_path("kept.h5"), false, dataset));
  CHECK(dataset->kept == 2 && dataset->comparisons == VOTES);
}

static void columns_are_found_and_read(void) {
  crow_dataset dataset = {0};
  int64_t column = -1;
  int32_t code[VOTES];
  open_votes(&dataset);
  for (int k = 0; k < 2; k++) {
    CHECK_OK(crow_dataset_find_kept(&dataset, k ? "language" : "judge", &column));
    CHECK(column == k);
    const crow_partition p = crow_comm_partition(test_comm, VOTES, 1);
    CHECK_OK(crow_dataset_read_kept(&dataset, column, p.begin, p.count, code));
    int64_t wrong = 0;
    for (crow_gidx i = 0; i < p.count; i++) wrong += code[i] != label[2 * (p.begin + i) + k];
    CHECK(wrong == 0);
  }
  CHECK_STATUS(crow_dataset_find_kept(&dataset, "judg", &column), CROW_BAD_INPUT);
  CHECK_MESSAGE("no column \"judg\" was kept of its comparisons, expected one of: judge, language;");
  crow_dataset_close(&dataset);
}

static void those_of_a_value_are_selected(void) {
  static const struct {
    const char *column, *value;
    int which, row;
  } cases[] = {{"judge", "j7", 0, 7}, {"judge", "j0", 0, 0}, {"language", "de", 1, JUDGES + 1}};
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    crow_dataset dataset = {0};
    crow_gidx left = -1, expected = 0;
    open_votes(&dataset);
    for (int q = 0; q < VOTES; q++) expected += label[2 * q + cases[c].which] == cases[c].row;
    CHECK_OK(crow_dataset_select(&dataset, cases[c].column, cases[c].value, &left));
    CHECK(left == expected && left > 0 && dataset.selected);
    CHECK(dataset.select_column == cases[c].which && dataset.select_value == cases[c].row);
    crow_dataset_close(&dataset);
  }
  crow_dataset dataset = {0};
  crow_gidx left = -1;
  open_votes(&dataset);
  CHECK_STATUS(crow_dataset_select(&dataset, "judge", "en", &left), CROW_BAD_INPUT); /* another column's value */
  CHECK_MESSAGE("no comparison has the value \"en\" in the kept column judge");
  CHECK_STATUS(crow_dataset_select(&dataset, "judge", "j20", &left), CROW_BAD_INPUT);
  CHECK(left == 0 && !dataset.selected);
  crow_dataset_close(&dataset);
}

static double replicate[REPLICATES][FEW];
static crow_status take_replicate(void *context, int64_t k, const double *reward) {
  (void)context;
  memcpy(replicate[k % REPLICATES], reward, sizeof replicate[0]);
  return CROW_OK;
}

/* Of clusters standard errors are the standard deviations of the replicates, which a visitor is shown. */
static void errors_of_clusters_are_the_replicates_spread(void) {
  crow_dataset dataset = {0};
  crow_weights weights;
  crow_rewards rewards;
  crow_train_options train;
  crow_uncertainty out = {0}, plain = {0};
  int64_t not_converged = 0;
  crow_uncertainty_options how = {
      .bootstrap = REPLICATES, .bootstrap_seed = 5, .error_probes = 1, .bootstrap_by = "judge"};
  crow_train_options_default(&train);
  open_votes(&dataset);
  CHECK_OK(crow_weights_uniform(test_comm, FEW, &weights));
  CHECK_OK(crow_rewards_fit(test_comm, &dataset, &weights, &train, &rewards));
  CHECK_OK(crow_uncertainty_replicates(test_comm, &dataset, &weights, &train.objective, &train.lbfgs, &how,
                                       rewards.value, take_replicate, NULL, &not_converged));
  CHECK_OK(crow_uncertainty_bootstrap(test_comm, &dataset, &weights, &train.objective, &train.lbfgs, &how,
                                      rewards.value, &out));
  how.bootstrap_by = NULL;
  CHECK_OK(crow_uncertainty_bootstrap(test_comm, &dataset, &weights, &train.objective, &train.lbfgs, &how,
                                      rewards.value, &plain));
  CHECK(out.has_standard_errors && strcmp(out.by, "judge") == 0 && !plain.has_standard_errors && !plain.by);
  for (crow_gidx i = 0; i < weights.partition.count && out.standard_error; i++) {
    double mean = 0, squares = 0;
    for (int k = 0; k < REPLICATES; k++) mean += replicate[k][i] / REPLICATES;
    for (int k = 0; k < REPLICATES; k++) squares += (replicate[k][i] - mean) * (replicate[k][i] - mean);
    if (i == FEW - 1) {
      CHECK(isnan(out.standard_error[i]));
      continue;
    }
    CHECK_NEAR(out.standard_error[i], sqrt(squares / (REPLICATES - 1)), 1e-12);
    CHECK(squares > 0 && out.lower[i] != plain.lower[i]);
  }
  crow_uncertainty_free(&plain);
  crow_uncertainty_free(&out);
  crow_rewards_free(&rewards);
  crow_weights_free(&weights);
  crow_dataset_close(&dataset);
}

/* ---- rewards by value -------------------------------------------------------------------------------------------- */

enum { LEAST = 65 };

/* How many judgements each judge gave, and their order: most first, then by their rows. */
static int order_judges(int64_t *judgements, int *order) {
  int fitted = 0;
  memset(judgements, 0, JUDGES * sizeof *judgements);
  for (int q = 0; q < VOTES; q++) judgements[label[2 * q]]++;
  for (int j = 0; j < JUDGES; j++) {
    int before = 0;
    for (int k = 0; k < JUDGES; k++)
      before += judgements[k] > judgements[j] || (judgements[k] == judgements[j] && k < j);
    order[before] = j;
    fitted += judgements[j] >= LEAST;
  }
  return fitted;
}

static void check_by(const crow_rewards_by *by, const int64_t *judgements, const int *order, int fitted,
                     const double (*reward)[FEW], crow_gidx count) {
  CHECK(strcmp(by->column, "judge") == 0 && by->values == fitted && by->small == JUDGES - fitted && by->least == LEAST);
  for (int k = 0; k < fitted && k < by->values; k++) {
    char name[16];
    (void)snprintf(name, sizeof name, "j%d", order[k]);
    CHECK(strcmp(crow_strings_get(&by->name, k), name) == 0 && by->judgements[k] == judgements[order[k]]);
    CHECK(by->converged[k] && by->optimality[k] <= 1e-8);
    for (crow_gidx i = 0; i < count; i++) {
      const double found = by->value[i * fitted + k], expected = reward[k][i];
      CHECK(isnan(expected) ? isnan(found) : found == expected);
      CHECK((i == FEW - 1) == isnan(expected));
    }
  }
  for (int k = 0; k < JUDGES - fitted && k < by->small; k++)
    CHECK(by->small_judgements[k] == judgements[order[fitted + k]]);
}

/* Those of each judge of enough votes by themselves, in the order of their votes; the file says the same. */
static void rewards_by_value_are_those_of_its_comparisons(void) {
  static double reward[JUDGES][FEW];
  int64_t judgements[JUDGES];
  int order[JUDGES];
  crow_dataset dataset = {0};
  crow_weights weights;
  crow_rewards rewards;
  crow_train_options train;
  const crow_uncertainty_options wanted = {.error_probes = 1};
  const crow_rewards_by_options values = {.column = "judge", .least = LEAST};
  crow_train_options_default(&train);
  open_votes(&dataset);
  CHECK_OK(crow_weights_uniform(test_comm, FEW, &weights));
  const crow_gidx count = weights.partition.count;
  const int fitted = order_judges(judgements, order);
  CHECK(fitted > 3 && fitted < JUDGES - 3);
  for (int k = 0; k < fitted; k++) {
    crow_dataset own = {0};
    crow_gidx left = 0;
    char name[16];
    (void)snprintf(name, sizeof name, "j%d", order[k]);
    open_votes(&own);
    CHECK_OK(crow_dataset_select(&own, "judge", name, &left));
    CHECK(left == judgements[order[k]]);
    CHECK_OK(crow_rewards_fit(test_comm, &own, &weights, &train, &rewards));
    for (crow_gidx i = 0; i < count; i++) reward[k][i] = isnan(rewards.win_rate[i]) ? (double)NAN : rewards.value[i];
    crow_rewards_free(&rewards);
    crow_dataset_close(&own);
  }
  CHECK_OK(crow_rewards_fit(test_comm, &dataset, &weights, &train, &rewards));
  CHECK_OK(crow_rewards_fit_by(test_comm, &dataset, &weights, &train, &wanted, &values, &rewards));
  check_by(&rewards.by, judgements, order, fitted, reward, count);
  crow_provenance *provenance = NULL;
  crow_file *file = NULL;
  crow_rewards_by read = {0};
  CHECK_OK(crow_provenance_create(test_comm, "test", &provenance));
  CHECK_OK(crow_rewards_write(test_comm, test_path("by.h5"), true, &rewards, &dataset, provenance));
  crow_provenance_destroy(&provenance);
  CHECK_OK(crow_file_open(test_comm, test_path("by.h5"), "rewards", &file));
  CHECK_OK(crow_rewards_by_read(test_comm, file, &weights.partition, &read));
  check_by(&read, judgements, order, fitted, reward, count);
  crow_rewards_by_free(&read);
  crow_file_close(&file);
  crow_rewards_free(&rewards);
  crow_weights_free(&weights);
  crow_dataset_close(&dataset);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"columns are found and read", columns_are_found_and_read},
      {"those of a value are selected", those_of_a_value_are_selected},
      {"errors of clusters are the replicates' spread", errors_of_clusters_are_the_replicates_spread},
      {"rewards by value are those of its comparisons", rewards_by_value_are_those_of_its_comparisons},
      {NULL, NULL}};
  return crow_test_main(argc, argv, "kept columns", tests, true);
}
