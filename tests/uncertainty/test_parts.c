/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of uncertainties by hand: who leads, ranks within prompts, means and covariances of topics, standard
 * deviations of made-up replicates, what is wanted by default, and memory. */
#include "fixture.h"

#include "uncertainty/bootstrap_impl.h"

#include <stdlib.h>

/* ---- what is wanted ------------------------------------------------------------------------------------------ */

static void errors_are_wanted_where_they_are_cheap(void) {
  static const struct {
    crow_gidx alternatives;
    bool asked, cheap, clusters, wanted;
  } cases[] = {{1024, false, true, false, true},   {1025, false, true, false, false}, {1023, false, true, false, true},
               {1024, false, false, false, false}, {5000, true, false, false, true},  {5000, true, true, true, false},
               {10, false, true, true, false},     {10, true, false, false, true}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    const crow_dataset dataset = {.alternatives = cases[k].alternatives};
    const crow_uncertainty_options how = {.standard_errors = cases[k].asked,
                                          .errors = cases[k].cheap,
                                          .bootstrap_by = cases[k].clusters ? "judge" : NULL};
    CHECK(crow_uncertainty_wants_errors(&dataset, &how) == cases[k].wanted);
  }
}

/* Of one rank, whose slice is everything, in whole blocks. */
static void memory_is_what_is_wanted(void) {
  enum { Q = 1000003, KEPT = 2, HISTORY = 7, B = 30 };
  static const crow_gidx alternatives[] = {512, 1024, 1025, 5000};
  for (int which = 0; which < 64; which++) {
    const crow_gidx m = alternatives[which & 3];
    const bool bootstrap = (which & 4) != 0, topics = (which & 8) != 0, errors = (which & 16) != 0,
               by = (which & 32) != 0;
    const crow_dataset dataset = {
        .alternatives = m, .comparisons = Q, .kept = KEPT, .has_topic = topics, .has_comparisons = true};
    const crow_lbfgs_options lbfgs = {.history = HISTORY};
    const crow_uncertainty_options how = {
        .bootstrap = bootstrap ? B : 0, .errors = errors, .bootstrap_by = by ? "judge" : NULL};
    const double slice = (double)crow_partition_largest(m, CROW_BLOCK, 1);
    const bool rewards = errors && m <= 1024 && !by, means = errors && topics;
    double bytes = (double)CROW_PROCESS_BYTES + 112. * Q + 100. * (double)m + 8 * slice * 15;
    if (by) bytes += 4. * (KEPT + 1) * Q;
    if (bootstrap) bytes += 8 * slice * 2 * HISTORY + 12. * B * slice;
    if (rewards || means) bytes += m <= 1024 ? 32. * (double)(m * m) : 320 * slice + 128. * (double)m;
    if (means) bytes += 8 * slice * 50;
    if (!bootstrap && !rewards && !means) bytes = 0;
    CHECK_NEAR(crow_uncertainty_rank_bytes(&dataset, &lbfgs, &how, 1), bytes, 1e-6 * (1 + bytes));
  }
  /* Ranks share comparisons and alternatives, in blocks. */
  const crow_dataset dataset = {.alternatives = 5000, .comparisons = 100, .has_comparisons = true}, none = {0};
  const crow_lbfgs_options lbfgs = {.history = 0};
  const crow_uncertainty_options how = {.bootstrap = 1};
  const double slice = (double)crow_partition_largest(5000, CROW_BLOCK, 3);
  CHECK(slice == 2048);
  CHECK_NEAR(crow_uncertainty_rank_bytes(&dataset, &lbfgs, &how, 3),
             (double)CROW_PROCESS_BYTES + 112 * 34 + 100 * 5000 + (8 * 15 + 12) * slice, 1e-3);
  CHECK(crow_uncertainty_rank_bytes(&none, &lbfgs, &how, 3) == 0);
}

/* ---- who leads ----------------------------------------------------------------------------------------------- */

static void the_first_of_the_greatest_with_weight_leads(void) {
  enum { M = 5 };
  static const struct {
    double weight[M], reward[M];
    crow_gidx leader;
  } cases[] = {{{1, 1, 1, 1, 1}, {0, 3, 1, 3, 2}, 1},    {{1, 0, 1, 1, 1}, {0, 3, 1, 3, 2}, 3},
               {{1, 0, 1, 0, 1}, {-5, 3, -6, 3, -7}, 0}, {{0, 0, 0, 0, 1}, {9, 3, 1, 3, -2}, 4},
               {{0, 0, 0, 0, 0}, {0, 3, 1, 3, 2}, 0},    {{0, 1, 1, 1, 1}, {8, -1, -1, -1, -1}, 1},
               {{1, 1, 1, 1, 1}, {2, 2, 2, 2, 2}, 0}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    crow_gidx leader = -1;
    double weight[M];
    memcpy(weight, cases[k].weight, sizeof weight);
    const crow_weights weights = {.partition = crow_comm_partition(test_comm, M, CROW_BLOCK), .value = weight};
    CHECK_OK(crow_uncertainty_leader(test_comm, &weights, cases[k].reward, &leader));
    CHECK(leader == cases[k].leader);
  }
}

/* ---- ranks --------------------------------------------------------------------------------------------------- */

/* One more than how many weighted ones of the same prompt have a greater reward. */
static void ranks_count_who_is_greater(void) {
  enum { M = 12 };
  static const double reward[M] = {5, 1, 5, -2, 7, 0, 0, 3, -2, 7, 7, 1};
  static const double weight[M] = {1, 1, 2, 0, 1, 0, 1, 1, 1, 0, 1, 0};
  int32_t prompt[M] = {0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3};
  for (int prompts = 0; prompts <= 1; prompts++) {
    double value[M], own[M], whole[M];
    unsigned char weighted[M];
    crow_replicate_rival rival[M];
    int32_t rank[M];
    memcpy(value, weight, sizeof value);
    memcpy(own, reward, sizeof own);
    const crow_weights weights = {
        .partition = crow_comm_partition(test_comm, M, CROW_BLOCK), .value = value, .prompt = prompts ? prompt : NULL};
    crow_replicate at = {
        .comm = test_comm, .weights = &weights, .value = own, .whole = whole, .weighted = weighted, .rival = rival};
    CHECK_OK(crow_replicate_find_weighted(&at));
    for (int x = 0; x < M; x++) CHECK(weighted[x] == (weight[x] > 0));
    memcpy(whole, reward, sizeof whole);
    crow_replicate_rank(&at, rank);
    for (int x = 0; x < M; x++) {
      int32_t expected = 1;
      for (int y = 0; y < M; y++) {
        expected += weight[y] > 0 && reward[y] > reward[x] && (!prompts || prompt[x] == prompt[y]);
      }
      CHECK(rank[x] == expected);
    }
  }
}

static void without_weights_all_are_first(void) {
  double value[2] = {0, 0}, own[2] = {1, 2}, whole[2];
  unsigned char weighted[2];
  crow_replicate_rival rival[2];
  int32_t rank[2] = {0, 0};
  const crow_weights weights = {.partition = crow_comm_partition(test_comm, 2, CROW_BLOCK), .value = value};
  crow_replicate at = {
      .comm = test_comm, .weights = &weights, .value = own, .whole = whole, .weighted = weighted, .rival = rival};
  CHECK_OK(crow_replicate_find_weighted(&at));
  crow_replicate_rank(&at, rank);
  CHECK(rank[0] == 1 && rank[1] == 1);
}

/* ---- topics -------------------------------------------------------------------------------------------------- */

enum { ROWS = 6, TOPICS = 3 };
static int32_t code[ROWS] = {0, 2, 0, 1, 2, 2};
static char topic_names[] = "a\0b\0c";
static const crow_labels topics = {.name = {.count = TOPICS, .width = 2, .data = topic_names}, .code = code};

static void topics_have_means(void) {
  const crow_partition p = crow_comm_partition(test_comm, ROWS, CROW_BLOCK);
  const double values[2 * ROWS] = {1, 100, 2, 200, 5, 300, 7, 400, 4, 500, 9, 600};
  double mean[TOPICS];
  CHECK_OK(crow_topic_errors_average(test_comm, &p, &topics, values, 2, mean));
  CHECK(mean[0] == 3 && mean[1] == 7 && mean[2] == 5);
  CHECK_OK(crow_topic_errors_average(test_comm, &p, &topics, values + 1, 2, mean));
  CHECK_NEAR(mean[2], 1300. / 3, 1e-12);
}

static void topics_have_errors(void) {
  const crow_partition p = crow_comm_partition(test_comm, ROWS, CROW_BLOCK);
  const double reward[ROWS] = {1, 2, 5, 7, 4, 9};
  const double covariance[TOPICS * TOPICS] = {4, 1, 2, 1.5, 9, -1, 2.25, -3, -1e-20};
  const double halves[TOPICS * TOPICS] = {4, 1.25, 2.125, 1.25, 9, -2, 2.125, -2, -1e-20};
  const crow_labels none = {0};
  crow_topic_errors out = {0};
  CHECK_OK(crow_topic_errors_fill(test_comm, &p, reward, &none, covariance, &out));
  CHECK(!out.mean && out.name.count == 0);
  for (int again = 0; again < 2; again++) { /* the second time in the place of the first */
    CHECK_OK(crow_topic_errors_fill(test_comm, &p, reward, &topics, covariance, &out));
    CHECK(out.name.count == TOPICS && strcmp(crow_strings_get(&out.name, 2), "c") == 0);
    CHECK(out.name.data != topic_names);
    CHECK(out.mean[0] == 3 && out.mean[1] == 7 && out.mean[2] == 5);
    CHECK(out.standard_error[0] == 2 && out.standard_error[1] == 3 && out.standard_error[2] == 0);
    for (int k = 0; k < TOPICS * TOPICS; k++) CHECK(out.covariance[k] == halves[k]);
  }
  crow_topic_errors_free(&out);
  CHECK(!out.mean && !out.covariance && out.name.count == 0);
}

/* Up to 50 topics, if errors are wanted and there are topics in a file. */
static void topics_are_wanted_up_to_fifty(void) {
  enum { MOST = 51 };
  static char text[MOST][16];
  const char *topic[MOST];
  double context[MOST];
  for (int x = 0; x < MOST; x++) {
    (void)snprintf(text[x], sizeof text[x], "t%02d", x);
    topic[x] = text[x];
    context[x] = x;
  }
  for (int count = MOST - 1; count <= MOST; count++) {
    crow_dataset dataset = {0};
    crow_labels found = {0};
    const crow_partition p = crow_comm_partition(test_comm, MOST, CROW_BLOCK);
    if (count < MOST)
      topic[MOST - 1] = text[0];
    else
      topic[MOST - 1] = text[MOST - 1];
    test_dataset_write(test_comm, test_path("topics.h5"),
                       &(test_dataset){.m = MOST, .d = 1, .context = context, .topic = topic});
    CHECK_OK(crow_dataset_open(test_comm, test_path("topics.h5"), true, &dataset));
    const crow_uncertainty_options how = {.errors = true}, no = {.errors = false};
    CHECK_OK(crow_topic_errors_labels(&dataset, &how, &p, &found));
    CHECK(found.name.count == (count == MOST ? 0 : MOST - 1));
    if (found.name.count) CHECK(found.code[1] == 1 && found.code[MOST - 1] == 0);
    crow_labels_free(&found);
    CHECK_OK(crow_topic_errors_labels(&dataset, &no, &p, &found));
    CHECK(found.name.count == 0 && !found.code);
    crow_dataset_close(&dataset);
  }
}

/* ---- replicates ---------------------------------------------------------------------------------------------- */

enum { M = 4, B = 4 };
/* The fourth was compared with nobody. */
static const double replicates[M][B] = {{1, 2, 4, 9}, {0, 1, -1, 0}, {3, 3, 3, 5}, {0, 0, 0, 0}};
static const int32_t ranks[M][B] = {{2, 1, 1, 1}, {3, 3, 3, 3}, {1, 2, 2, 2}, {3, 4, 4, 4}};

static double covariance_of(const double *x, const double *y) {
  double mean[2] = {0, 0}, sum = 0;
  for (int k = 0; k < B; k++) {
    mean[0] += x[k] / B;
    mean[1] += y[k] / B;
  }
  for (int k = 0; k < B; k++) sum += (x[k] - mean[0]) * (y[k] - mean[1]);
  return sum / (B - 1);
}

typedef struct made {
  crow_weights weights;
  crow_pairs pairs;
  crow_objective *full;
  double values[M * B], reward[M];
  int32_t rank[M * B];
} made;

static void make_replicates(int64_t count, made *out) {
  static const int32_t first[] = {0, 1}, second[] = {1, 2};
  static const double outcome[] = {1, 0};
  static const double reward[M] = {4, 0, 3.5, 0};
  crow_objective_options objective;
  crow_settings_default(crow_objective_settings, &objective);
  CHECK_OK(crow_weights_uniform(test_comm, M, &out->weights));
  CHECK_OK(crow_pairs_create(test_comm, M, 2, first, second, outcome, NULL, &out->pairs));
  CHECK_OK(crow_objective_create_pairs(test_comm, &objective, &out->weights, &out->pairs, &out->full));
  for (int x = 0; x < M; x++) {
    out->reward[x] = reward[x];
    for (int64_t k = 0; k < count; k++) {
      out->values[x * count + k] = replicates[x][k];
      out->rank[x * count + k] = ranks[x][k];
    }
  }
}

static void free_replicates(made *m) {
  crow_objective_destroy(&m->full);
  crow_pairs_free(&m->pairs);
  crow_weights_free(&m->weights);
}

/* By clusters standard errors are deviations of replicates, and so are those of leads over the fit's leader. */
static void deviations_are_those_of_replicates(void) {
  for (int which = 0; which < 4; which++) {
    const bool by = which & 1, with_topics = which & 2;
    const crow_uncertainty_options how = {.bootstrap = B, .bootstrap_by = by ? "judge" : NULL};
    int32_t own_code[M] = {1, 0, 1, 1};
    made data;
    crow_uncertainty out = {0};
    make_replicates(B, &data);
    crow_bootstrap b = {.comm = test_comm,
                        .weights = &data.weights,
                        .options = &how,
                        .full = data.full,
                        .reward = data.reward,
                        .replicates = B,
                        .values = data.values,
                        .ranks = data.rank};
    if (with_topics) b.topics = (crow_labels){.name = {.count = 2, .width = 2, .data = topic_names}, .code = own_code};
    CHECK_OK(crow_bootstrap_intervals(&b, &out));
    CHECK(out.has_standard_errors == by && (out.standard_error != NULL) == by && (out.lead_error != NULL) == by);
    for (int x = 0; x < M && by; x++) {
      double lead[B];
      for (int k = 0; k < B; k++) lead[k] = replicates[0][k] - replicates[x][k];
      if (x == 3) {
        CHECK(isnan(out.standard_error[x]) && isnan(out.lead_error[x]));
        continue;
      }
      CHECK_NEAR(out.standard_error[x], sqrt(covariance_of(replicates[x], replicates[x])), 1e-14);
      CHECK_NEAR(out.lead_error[x], sqrt(covariance_of(lead, lead)), 1e-14);
    }
    CHECK(isnan(out.lower[3]) && isnan(out.upper[3]));
    /* Of 4, at .075 and 2.925 of the way in order. */
    CHECK_NEAR(out.lower[0], 1 + .075, 1e-14);
    CHECK_NEAR(out.upper[0], 4 + .925 * 5, 1e-14);
    CHECK_NEAR(out.lower[1], -1 + .075, 1e-14);
    CHECK_NEAR(out.upper[1], .925, 1e-14);
    CHECK(out.rank_lower[0] == 1 && out.rank_upper[0] == 2 && out.rank_lower[2] == 1 && out.rank_upper[2] == 2);
    CHECK(out.rank_lower[1] == 3 && out.rank_upper[1] == 3 && out.rank_lower[3] == 3 && out.rank_upper[3] == 4);
    CHECK((out.topics.name.count == 2) == with_topics);
    if (with_topics) {
      double mean[B];
      for (int k = 0; k < B; k++) mean[k] = (replicates[0][k] + replicates[2][k] + replicates[3][k]) / 3;
      CHECK_NEAR(out.topics.mean[0], 0, 0);
      CHECK_NEAR(out.topics.mean[1], 2.5, 1e-14);
      CHECK_NEAR(out.topics.covariance[0], covariance_of(replicates[1], replicates[1]), 1e-14);
      CHECK_NEAR(out.topics.covariance[3], covariance_of(mean, mean), 1e-14);
      CHECK_NEAR(out.topics.covariance[1], covariance_of(mean, replicates[1]), 1e-14);
      CHECK_NEAR(out.topics.covariance[2], covariance_of(mean, replicates[1]), 1e-14);
      CHECK_NEAR(out.topics.standard_error[1], sqrt(covariance_of(mean, mean)), 1e-14);
    }
    crow_uncertainty_free(&out);
    CHECK(!out.lower && !out.lead_error && !out.has_standard_errors);
    free_replicates(&data);
  }
}

/* Of one replicate there are percentiles and no deviations. */
static void one_replicate_does_not_deviate(void) {
  const crow_uncertainty_options how = {.bootstrap = 1, .bootstrap_by = "judge"};
  int32_t own_code[M] = {1, 0, 1, 1};
  made data;
  crow_uncertainty out = {0};
  make_replicates(1, &data);
  crow_bootstrap b = {.comm = test_comm,
                      .weights = &data.weights,
                      .options = &how,
                      .full = data.full,
                      .reward = data.reward,
                      .replicates = 1,
                      .topics = {.name = {.count = 2, .width = 2, .data = topic_names}, .code = own_code},
                      .values = data.values,
                      .ranks = data.rank};
  CHECK_OK(crow_bootstrap_intervals(&b, &out));
  CHECK(!out.has_standard_errors && !out.standard_error && out.topics.name.count == 0);
  for (int x = 0; x < 3; x++) CHECK(out.lower[x] == replicates[x][0] && out.upper[x] == replicates[x][0]);
  CHECK(out.rank_lower[0] == 2 && out.rank_upper[0] == 2);
  crow_uncertainty_free(&out);
  free_replicates(&data);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"errors are wanted where they are cheap", errors_are_wanted_where_they_are_cheap},
      {"memory is what is wanted", memory_is_what_is_wanted},
      {"the first of the greatest with weight leads", the_first_of_the_greatest_with_weight_leads},
      {"ranks count who is greater", ranks_count_who_is_greater},
      {"without weights all are first", without_weights_all_are_first},
      {"topics have means", topics_have_means},
      {"topics have errors", topics_have_errors},
      {"topics are wanted up to fifty", topics_are_wanted_up_to_fifty},
      {"deviations are those of replicates", deviations_are_those_of_replicates},
      {"one replicate does not deviate", one_replicate_does_not_deviate},
      {NULL, NULL}};
  return crow_test_main(argc, argv, "parts of uncertainties", tests, true);
}
