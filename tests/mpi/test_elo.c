/* SPDX-License-Identifier: Apache-2.0 */
/* Elo ratings, leads between topics, and names of the best and the worst, by hand. */
#include "fixture.h"
#include <string.h>

enum { M = 11 };

/* 11 alternatives of topics even and odd, whose rewards fall from 5 to -5. */
static crow_file *open_rewarded(crow_partition *p, double *value, double *weight) {
  double context[M];
  const char *topic[M];
  crow_file *file = NULL;
  for (int i = 0; i < M; i++) {
    context[i] = i;
    topic[i] = i % 2 ? "odd" : "even";
  }
  const test_dataset t = {.m = M, .d = 1, .context = context, .topic = topic};
  test_dataset_write(test_comm, test_path("rewarded.h5"), &t);
  CHECK_OK(crow_file_open(test_comm, test_path("rewarded.h5"), "dataset", &file));
  *p = crow_comm_partition(test_comm, M, CROW_BLOCK);
  for (crow_gidx i = 0; i < p->count; i++) {
    value[i] = 5 - (double)(p->begin + i);
    weight[i] = p->begin + i < 4 ? 0.25 : 0; /* of rewards 5, 4, 3, 2 */
  }
  return file;
}

/* ln 10 of reward are 400 points. */
static void ratings_are_rewards_on_another_scale(void) {
  crow_partition p;
  double value[M], weight[M];
  crow_elo elo;
  crow_file *file = open_rewarded(&p, value, weight);
  CHECK_OK(crow_elo_find(test_comm, &(crow_elo_options){false, NULL}, file, &p, value, weight, &elo));
  CHECK(!elo.on && crow_elo_rating(&elo, 1.25) == 1.25);
  CHECK_OK(crow_elo_find(test_comm, &(crow_elo_options){true, NULL}, file, &p, value, weight, &elo));
  CHECK_NEAR(crow_elo_rating(&elo, 3.5), 1000, 1e-10); /* the mean of those with weight */
  CHECK_NEAR(crow_elo_rating(&elo, 3.5 + log(10)), 1400, 1e-9);
  CHECK_OK(crow_elo_find(test_comm, &(crow_elo_options){false, "7=1200"}, file, &p, value, weight, &elo));
  CHECK_NEAR(crow_elo_rating(&elo, -2), 1200, 1e-10);
  CHECK_STATUS(crow_elo_find(test_comm, &(crow_elo_options){true, "11=1200"}, file, &p, value, weight, &elo),
               CROW_BAD_INPUT);
  CHECK_MESSAGE("rewarded.h5: /alternatives/id: no alternative \"11\"");
  crow_file_close(&file);
}

static void anchors_are_a_name_and_a_number(void) {
  const char *const good[] = {NULL, "gpt-4=1000", "a=b=1.5e3", "x=-3"};
  const char *const bad[] = {"", "=1000", "gpt-4", "gpt-4=", "gpt-4=high", "gpt-4=10x", "gpt-4=inf", "gpt-4=nan"};
  for (size_t k = 0; k < sizeof good / sizeof *good; k++)
    CHECK_OK(crow_elo_options_validate(&(crow_elo_options){false, good[k]}));
  for (size_t k = 0; k < sizeof bad / sizeof *bad; k++)
    CHECK_STATUS(crow_elo_options_validate(&(crow_elo_options){false, bad[k]}), CROW_USAGE);
}

/* Of the means .5 .4 .2, by covariance: .4 is one standard error behind, .2 four. */
static void a_lead_is_told_in_standard_errors(void) {
  double mean[3] = {0.4, 0.5, 0.2};
  int64_t by_mean[3] = {1, 0, 2};
  double covariance[9] = {0.005, 0, 0, 0, 0.005, 0, 0, 0, 0.000625};
  crow_topics topics = {.count = 3, .mean = mean, .by_mean = by_mean, .covariance = covariance};
  crow_lead lead = crow_topics_lead(&topics);
  CHECK(lead.first == 1 && lead.second == 0 && !lead.clear);
  CHECK_NEAR(lead.lead, 0.1, 1e-15);
  CHECK_NEAR(lead.error, 0.1, 1e-15);
  /* What is shared cancels: the first two hardly differ by chance, and the third, far behind, is the nearer rival. */
  covariance[1] = covariance[3] = 0.00498;
  covariance[8] = 0.025;
  lead = crow_topics_lead(&topics);
  CHECK(lead.second == 2 && !lead.clear);
  CHECK_NEAR(lead.lead / lead.error, 0.3 / sqrt(0.03), 1e-12);
  topics.covariance = NULL;
  lead = crow_topics_lead(&topics);
  CHECK(lead.second == 0 && isnan(lead.error) && lead.clear);
  /* As far apart as the fit may be off, they tie, whatever else is known. */
  CHECK(!lead.shared);
  mean[0] = 0.5 - 1e-9;
  topics.tie = 2e-9;
  lead = crow_topics_lead(&topics);
  CHECK(lead.first == 1 && lead.second == 0 && lead.shared && !lead.clear);
  topics.covariance = covariance;
  memset(covariance, 0, sizeof covariance);
  lead = crow_topics_lead(&topics);
  CHECK(lead.second == 0 && lead.shared && !lead.clear);
  topics.count = 1;
  by_mean[0] = 0;
  CHECK(crow_topics_lead(&topics).second == -1);
}

static void the_best_and_the_worst_have_ranks_and_names(void) {
  crow_partition p;
  double value[M], weight[M];
  crow_ends ends;
  crow_places places;
  crow_file *file = open_rewarded(&p, value, weight);
  CHECK_OK(crow_ends_create(test_comm, file, &p, value, 3, &ends));
  const int64_t row[] = {0, 1, 2, 8, 9, 10};
  CHECK(ends.count == 6 && ends.best == 3 && ends.total == M);
  for (int k = 0; k < 6; k++) {
    char name[32];
    (void)snprintf(name, sizeof name, "%d", (int)row[k]);
    CHECK(ends.place[k].index == row[k] && ends.place[k].value == (double)(5 - row[k]) && ends.rank[k] == row[k] + 1);
    CHECK(strcmp(ends.id[k], name) == 0 && strcmp(ends.topic[k], row[k] % 2 ? "odd" : "even") == 0);
  }
  crow_ends_free(&ends);
  CHECK(ends.place == NULL);
  CHECK_OK(crow_ends_create(test_comm, file, &p, value, 6, &ends));
  CHECK(ends.count == M && ends.best == M);
  crow_ends_free(&ends);
  /* Those with weight have places, the others come after them. */
  CHECK_OK(crow_places_create(test_comm, &p, value, weight, NULL, 0, &places));
  CHECK_OK(crow_ends_create_placed(test_comm, file, &places, 2, &ends));
  CHECK(ends.ranked == 4 && ends.best == 4 && ends.unweighted == 2 && ends.count == 6);
  for (int k = 0; k < 6; k++) CHECK(ends.rank[k] == (k < 4 ? k + 1 : 0) && ends.place[k].index == k);
  crow_ends_free(&ends);
  crow_places_free(&places);
  CHECK(crow_places_components(file) == 0);
  crow_file_close(&file);
}

static const crow_test tests[] = {
    {"ratings are rewards on another scale", ratings_are_rewards_on_another_scale},
    {"anchors are a name and a number", anchors_are_a_name_and_a_number},
    {"a lead is told in standard errors", a_lead_is_told_in_standard_errors},
    {"the best and the worst have ranks and names", the_best_and_the_worst_have_ranks_and_names},
    {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "ratings", tests, true); }
