/* SPDX-License-Identifier: Apache-2.0 */
/* Errors of rewards and of topics' means on their way into tables: from fits and from files, by hand. */
#include "fixture.h"

#include "uncertainty/uncertainty_impl.h"

#include <stdlib.h>

enum { M = 1100, TOPICS = 3 };
#define QUANTILE 1.959963984540054

static double value[M], weight[M], error[M], lower[M], upper[M];
static int64_t rank_lower[M], rank_upper[M];

static void fill(void) {
  for (int64_t i = 0; i < M; i++) {
    value[i] = (double)(i * 37 % M) / 8; /* all different */
    weight[i] = 1. / M;
    error[i] = .5 + (double)(i % 16) / 16;
    lower[i] = value[i] - 1 - (double)(i % 8) / 8;
    upper[i] = value[i] + 2 + (double)(i % 4) / 4;
    rank_lower[i] = 1 + i % 5;
    rank_upper[i] = 10 + i % 7;
  }
}

/* Topic t(i % 3), or none. */
static void open_dataset(const char *name, bool topics, crow_dataset *dataset) {
  static const char *const names[TOPICS] = {"t0", "t1", "t2"};
  double context[M];
  const char *topic[M];
  fill();
  for (int64_t i = 0; i < M; i++) {
    context[i] = (double)i;
    topic[i] = names[i % TOPICS];
  }
  test_dataset_write(test_comm, test_path(name),
                     &(test_dataset){.m = M, .d = 1, .context = context, .topic = topics ? topic : NULL});
  CHECK_OK(crow_dataset_open(test_comm, test_path(name), true, dataset));
}

static crow_rewards rewards_of(bool replicates) {
  const crow_partition p = crow_comm_partition(test_comm, M, CROW_BLOCK);
  crow_rewards rewards = {.partition = p,
                          .value = value + p.begin,
                          .weight = weight + p.begin,
                          .win_rate = weight + p.begin,
                          .fitted_win_rate = weight + p.begin,
                          .lambda = .25,
                          .pair_scale = 1,
                          .converged = true,
                          .convergence_tested = true};
  rewards.uncertainty.has_standard_errors = true;
  rewards.uncertainty.standard_error = error + p.begin;
  rewards.uncertainty.lead_error = error + p.begin;
  if (!replicates) return rewards;
  rewards.uncertainty.replicates = 20;
  rewards.uncertainty.lower = lower + p.begin;
  rewards.uncertainty.upper = upper + p.begin;
  rewards.uncertainty.rank_lower = rank_lower + p.begin;
  rewards.uncertainty.rank_upper = rank_upper + p.begin;
  return rewards;
}

/* ---- alternatives ----------------------------------------------------------------------------------------------- */

/* By replicates what they say, else as many standard errors on either side as hold 95 % of a normal distribution. */
static void ends_of_a_fit_have_their_intervals(void) {
  crow_dataset dataset = {0};
  open_dataset("ends.h5", false, &dataset);
  for (int replicates = 0; replicates <= 1; replicates++) {
    const crow_rewards rewards = rewards_of(replicates);
    crow_ends_rewards e = {0};
    CHECK_OK(crow_ends_rewards_create(test_comm, &dataset, &rewards, 5, &e));
    CHECK(e.ends.count == 10);
    for (int64_t k = 0; k < e.ends.count; k++) {
      const int64_t i = e.ends.place[k].index;
      double ends[2] = {0, 0};
      CHECK(crow_ends_rewards_interval(&e, k, &ends[0], &ends[1]));
      CHECK_NEAR(ends[0], replicates ? lower[i] : value[i] - QUANTILE * error[i], 1e-7);
      CHECK_NEAR(ends[1], replicates ? upper[i] : value[i] + QUANTILE * error[i], 1e-7);
      if (replicates) CHECK(e.rank_lower[k] == (double)rank_lower[i] && e.rank_upper[k] == (double)rank_upper[i]);
    }
    crow_ends_rewards_free(&e);
  }
  crow_rewards plain = rewards_of(false);
  crow_ends_rewards e = {0};
  double ends[2];
  plain.uncertainty = (crow_uncertainty){0};
  CHECK_OK(crow_ends_rewards_create(test_comm, &dataset, &plain, 5, &e));
  CHECK(!crow_ends_rewards_interval(&e, 0, &ends[0], &ends[1]));
  crow_ends_rewards_free(&e);
  crow_dataset_close(&dataset);
}

static void write_rewards(const char *name, const crow_dataset *dataset, const crow_rewards *rewards) {
  crow_provenance *provenance = NULL;
  CHECK_OK(crow_provenance_create(test_comm, "test", &provenance));
  CHECK_OK(crow_rewards_write(test_comm, test_path(name), true, rewards, dataset, provenance));
  crow_provenance_destroy(&provenance);
}

/* A result with errors, one without, and one with replicates: in any order, so that each is the last once. */
static void compared_results_have_their_intervals(void) {
  static const char *const names[] = {"errors.h5", "plain.h5", "replicates.h5"};
  crow_dataset dataset = {0};
  open_dataset("compared.h5", false, &dataset);
  for (int k = 0; k < 3; k++) {
    crow_rewards rewards = rewards_of(k == 2);
    if (k == 1) rewards.uncertainty = (crow_uncertainty){0};
    write_rewards(names[k], &dataset, &rewards);
  }
  crow_dataset_close(&dataset);
  for (int turn = 0; turn < 3; turn++) {
    crow_comparison c = {0};
    crow_comparison_alternatives found = {0};
    for (int k = 0; k < 3; k++) CHECK_OK(crow_comparison_add(test_comm, test_path(names[(turn + k) % 3]), &c));
    CHECK_OK(crow_comparison_alternatives_create(&c, 7, &found));
    CHECK(found.rows == 7);
    for (int64_t row = 0; row < found.rows; row++) {
      const int64_t i = atoll(found.id[row]);
      for (int k = 0; k < 3; k++) {
        const crow_comparison_cell *cell = &found.cell[3 * row + k];
        const int which = (turn + k) % 3;
        CHECK(cell->there && cell->reward == value[i] && cell->rank == row + 1);
        if (which == 1) {
          CHECK(isnan(cell->lower) && isnan(cell->upper));
          continue;
        }
        CHECK_NEAR(cell->lower, which ? lower[i] : value[i] - QUANTILE * error[i], 1e-7);
        CHECK_NEAR(cell->upper, which ? upper[i] : value[i] + QUANTILE * error[i], 1e-7);
      }
    }
    crow_comparison_alternatives_free(&found);
    /* The best and the worst of the last result, which are known by their rows. */
    const int last = (turn + 2) % 3;
    CHECK_OK(crow_comparison_alternatives_create_ends(&c, 4, 3, &found));
    CHECK(found.rows == 7);
    for (int64_t row = 0; row < found.rows; row++) {
      const int64_t i = atoll(found.id[row]);
      const crow_comparison_cell *cell = &found.cell[3 * row + 2];
      CHECK(cell->there && cell->reward == value[i] && cell->rank == (row < 4 ? row + 1 : M - 6 + row));
      if (last == 1) {
        CHECK(isnan(cell->lower) && isnan(cell->upper));
        continue;
      }
      CHECK_NEAR(cell->lower, last ? lower[i] : value[i] - QUANTILE * error[i], 1e-7);
      CHECK_NEAR(cell->upper, last ? upper[i] : value[i] + QUANTILE * error[i], 1e-7);
    }
    crow_comparison_alternatives_free(&found);
    crow_comparison_close(&c);
  }
}

/* ---- replicates ---------------------------------------------------------------------------------------------------
 */

enum { FEW = 8, REPLICATES = 41, VOTES = 400 };
static double replicate[REPLICATES][FEW];

static crow_status take_replicate(void *context, int64_t k, const double *reward) {
  int *visits = context;
  CHECK(k == (*visits)++ && k < REPLICATES);
  memcpy(replicate[k % REPLICATES], reward, sizeof replicate[0]);
  return CROW_OK;
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Between the order statistics around the quantile. */
static double quantile_of(double *values, double q) {
  qsort(values, REPLICATES, sizeof *values, ascending);
  const double at = q * (REPLICATES - 1);
  const int below = (int)at;
  return values[below] + (at - below) * (values[below + (below + 1 < REPLICATES)] - values[below]);
}

/* Alternative 7 was compared with nobody; topic 0 has the even ones. */
static void write_votes(const char *path) {
  static int32_t first[VOTES], second[VOTES];
  static double outcome[VOTES];
  double context[FEW];
  const char *topic[FEW];
  for (int i = 0; i < FEW; i++) {
    context[i] = i;
    topic[i] = i % 2 ? "odd" : "even";
  }
  for (int q = 0; q < VOTES; q++) {
    uint32_t words[3];
    crow_random_words(19, CROW_STREAM_TEST, (uint64_t)q, words, 3);
    first[q] = (int32_t)(words[0] % 7);
    second[q] = (int32_t)((words[0] % 7 + 1 + words[1] % 6) % 7);
    outcome[q] = words[2] % 10 < (first[q] < second[q] ? 7u : 4u);
  }
  const test_dataset t = {.m = FEW,
                          .d = 1,
                          .context = context,
                          .topic = topic,
                          .q = VOTES,
                          .first = first,
                          .second = second,
                          .outcome = outcome};
  test_dataset_write(test_comm, path, &t);
}

/* Quantiles of what a visitor of the replicates is shown, of rewards and of ranks, and covariances of topics' means. */
static void intervals_are_those_of_the_replicates(void) {
  crow_dataset dataset = {0};
  crow_weights weights;
  crow_rewards rewards;
  crow_train_options train;
  crow_uncertainty out = {0};
  int visits = 0;
  int64_t not_converged = -1;
  const crow_uncertainty_options how = {
      .bootstrap = REPLICATES, .bootstrap_seed = 5, .error_probes = 1, .errors = true};
  crow_train_options_default(&train);
  write_votes(test_path("votes.h5"));
  CHECK_OK(crow_dataset_open(test_comm, test_path("votes.h5"), false, &dataset));
  CHECK_OK(crow_weights_uniform(test_comm, FEW, &weights));
  CHECK_OK(crow_rewards_fit(test_comm, &dataset, &weights, &train, &rewards));
  CHECK_OK(crow_uncertainty_replicates(test_comm, &dataset, &weights, &train.objective, &train.lbfgs, &how,
                                       rewards.value, take_replicate, &visits, &not_converged));
  CHECK(visits == REPLICATES && not_converged == 0);
  crow_uncertainty_options one = how;
  one.bootstrap = 1;
  double whole[FEW];
  memcpy(whole, replicate[0], sizeof whole);
  visits = 0;
  CHECK_OK(crow_uncertainty_replicates(test_comm, &dataset, &weights, &train.objective, &train.lbfgs, &one,
                                       rewards.value, take_replicate, &visits, &not_converged));
  CHECK(visits == 1 && memcmp(whole, replicate[0], sizeof whole) == 0);
  CHECK_OK(crow_uncertainty_bootstrap(test_comm, &dataset, &weights, &train.objective, &train.lbfgs, &how,
                                      rewards.value, &out));
  CHECK(out.replicates == REPLICATES && out.not_converged == 0);
  for (crow_gidx i = 0; i < weights.partition.count; i++) {
    double values[REPLICATES], ranks[REPLICATES];
    for (int k = 0; k < REPLICATES; k++) {
      values[k] = replicate[k][i];
      ranks[k] = 1;
      for (int j = 0; j < FEW; j++) ranks[k] += replicate[k][j] > replicate[k][i];
    }
    if (i == FEW - 1) {
      CHECK(isnan(out.lower[i]) && isnan(out.upper[i]));
    } else {
      CHECK_NEAR(out.lower[i], quantile_of(values, .025), 1e-12);
      CHECK_NEAR(out.upper[i], quantile_of(values, .975), 1e-12);
    }
    qsort(ranks, REPLICATES, sizeof *ranks, ascending); /* .025 and .975 of 40 are the second and the last but one */
    CHECK(out.rank_lower[i] == (int64_t)ranks[1] && out.rank_upper[i] == (int64_t)ranks[REPLICATES - 2]);
  }
  CHECK(out.topics.name.count == 2);
  double mean[2][REPLICATES] = {{0}}, middle[2] = {0};
  for (int k = 0; k < REPLICATES; k++) {
    for (int i = 0; i < FEW; i++) mean[i % 2][k] += replicate[k][i] / (FEW / 2);
    for (int t = 0; t < 2; t++) middle[t] += mean[t][k] / REPLICATES;
  }
  for (int t = 0; t < 2; t++) {
    for (int u = 0; u < 2; u++) {
      double sum = 0;
      for (int k = 0; k < REPLICATES; k++) sum += (mean[t][k] - middle[t]) * (mean[u][k] - middle[u]);
      CHECK_NEAR(out.topics.covariance[2 * t + u], sum / (REPLICATES - 1), 1e-12);
    }
  }
  crow_uncertainty_free(&out);
  crow_rewards_free(&rewards);
  crow_weights_free(&weights);
  crow_dataset_close(&dataset);
}

/* ---- topics ----------------------------------------------------------------------------------------------------- */

static const double covariance[TOPICS * TOPICS] = {4, .5, -.25, 1, 9, 0, .25, 2, -1e-18};

/* Values to the mean by topic; variances to errors, none below zero; halves that differ meet. */
static void topics_have_means_and_errors(void) {
  crow_dataset dataset = {0};
  crow_labels topics = {0};
  crow_topic_errors errors = {0};
  crow_uncertainty_options how = {.errors = 1};
  open_dataset("topics.h5", true, &dataset);
  const crow_partition p = crow_comm_partition(test_comm, M, CROW_BLOCK);
  CHECK_OK(crow_topic_errors_labels(&dataset, &how, &p, &topics));
  CHECK(topics.name.count == TOPICS && !topics.too_many);
  for (int64_t i = 0; i < p.count && topics.code; i++) CHECK(topics.code[i] == (p.begin + i) % TOPICS);
  double mean[TOPICS] = {0}, strided[TOPICS], wide[2 * M];
  for (int64_t i = 0; i < M; i++) mean[i % TOPICS] += value[i] / (double)((M - i % TOPICS + 2) / 3);
  for (int64_t i = 0; i < p.count; i++) {
    wide[2 * i] = -1;
    wide[2 * i + 1] = value[p.begin + i];
  }
  CHECK_OK(crow_topic_errors_average(test_comm, &p, &topics, wide + 1, 2, strided));
  CHECK_OK(crow_topic_errors_fill(test_comm, &p, value + p.begin, &topics, covariance, &errors));
  CHECK(errors.name.count == TOPICS);
  const double expected[TOPICS] = {2, 3, 0};
  for (int t = 0; t < TOPICS; t++) {
    CHECK_NEAR(errors.mean[t], mean[t], 1e-10);
    CHECK_NEAR(strided[t], mean[t], 1e-10);
    CHECK(errors.standard_error[t] == expected[t]);
    for (int u = 0; u < TOPICS; u++) {
      CHECK(errors.covariance[t * TOPICS + u] == (covariance[t * TOPICS + u] + covariance[u * TOPICS + t]) / 2);
    }
  }
  /* Without errors nobody asks; without topics there are none. */
  crow_labels none = {0};
  how.errors = 0;
  CHECK_OK(crow_topic_errors_labels(&dataset, &how, &p, &none));
  CHECK(none.name.count == 0 && !none.code);
  crow_topic_errors left = errors;
  CHECK_OK(crow_topic_errors_fill(test_comm, &p, value + p.begin, &none, covariance, &left));
  CHECK(left.mean == errors.mean);
  crow_topic_errors_free(&errors);
  crow_labels_free(&topics);
  crow_dataset_close(&dataset);
  how.errors = 1;
  open_dataset("without.h5", false, &dataset);
  CHECK_OK(crow_topic_errors_labels(&dataset, &how, &p, &none));
  CHECK(none.name.count == 0);
  crow_dataset_close(&dataset);
}

/* Into a file and back, to the topics of a table: only where they are the same. */
static void errors_go_to_the_topics_that_they_are_of(void) {
  crow_dataset dataset = {0};
  crow_labels labels = {0};
  crow_file *file = NULL;
  crow_topics topics = {0};
  const crow_uncertainty_options how = {.errors = 1};
  open_dataset("told.h5", true, &dataset);
  crow_rewards rewards = rewards_of(false);
  const crow_partition p = rewards.partition;
  CHECK_OK(crow_topic_errors_labels(&dataset, &how, &p, &labels));
  CHECK_OK(crow_topic_errors_fill(test_comm, &p, rewards.value, &labels, covariance, &rewards.uncertainty.topics));
  write_rewards("told-r.h5", &dataset, &rewards);
  CHECK_OK(crow_file_open(test_comm, test_path("told-r.h5"), "rewards", &file));
  CHECK_OK(crow_topics_create(test_comm, file, &p, true, rewards.value, rewards.weight, &topics));
  CHECK(topics.count == TOPICS && !topics.error);
  CHECK_OK(crow_topics_read_errors(test_comm, file, &topics));
  CHECK(topics.error && topics.covariance);
  for (int t = 0; t < TOPICS && topics.error; t++) {
    CHECK(topics.error[t] == rewards.uncertainty.topics.standard_error[t]);
    for (int u = 0; u < TOPICS; u++)
      CHECK(topics.covariance[t * TOPICS + u] == rewards.uncertainty.topics.covariance[t * TOPICS + u]);
  }
  crow_topics_free(&topics);
  /* Other names, and another number of them. */
  CHECK_OK(crow_topics_create(test_comm, file, &p, true, rewards.value, rewards.weight, &topics));
  topics.name.data[topics.name.width] = 'x';
  CHECK_OK(crow_topics_read_errors(test_comm, file, &topics));
  CHECK(!topics.error && !topics.covariance);
  topics.name.data[topics.name.width] = 't';
  topics.count--;
  CHECK_OK(crow_topics_read_errors(test_comm, file, &topics));
  CHECK_OK(crow_topics_take_errors(&topics, &rewards.uncertainty.topics));
  CHECK(!topics.error);
  crow_topics_free(&topics);
  crow_file_close(&file);
  crow_topic_errors_free(&rewards.uncertainty.topics);
  crow_labels_free(&labels);
  crow_dataset_close(&dataset);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"ends of a fit have their intervals", ends_of_a_fit_have_their_intervals},
      {"compared results have their intervals", compared_results_have_their_intervals},
      {"intervals are those of the replicates", intervals_are_those_of_the_replicates},
      {"topics have means and errors", topics_have_means_and_errors},
      {"errors go to the topics that they are of", errors_go_to_the_topics_that_they_are_of},
      {NULL, NULL}};
  return crow_test_main(argc, argv, "intervals", tests, true);
}
