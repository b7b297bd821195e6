/* SPDX-License-Identifier: Apache-2.0 */
/* Ranks, ends, topics and comparisons against counting by hand in vectors that every rank holds whole. */
#include "fixture.h"
#include <stdlib.h>

enum { M = 1300, FEWER = 700, NAMES = 16 };

/* Whether alternative `a` comes before `b`: greater values first, then lower rows; NaN after all numbers. */
static bool comes_before(const double *value, int64_t a, int64_t b) {
  if (isnan(value[a]) || isnan(value[b])) return isnan(value[a]) && isnan(value[b]) ? a < b : isnan(value[b]);
  return value[a] > value[b] || (value[a] == value[b] && a < b);
}

static int64_t place_of(const double *value, int64_t m, int64_t i) {
  int64_t place = 0;
  for (int64_t j = 0; j < m; j++) place += comes_before(value, j, i);
  return place;
}

static int64_t count_greater(const double *value, int64_t m, double than) {
  int64_t greater = 0;
  for (int64_t j = 0; j < m; j++) greater += value[j] > than;
  return greater;
}

/* Values of which many are equal. */
static void fill(double *value, int64_t m, int64_t step) {
  for (int64_t i = 0; i < m; i++) value[i] = (double)(i * step % 97) / 8 - 5;
}

static void ends_and_counts_are_those_of_the_whole_vector(void) {
  double value[M], asked[3] = {-5, 1.25, 100}, picked[2];
  int64_t count = 0, greater[3];
  crow_ranked *ranked = NULL;
  fill(value, M, 31);
  value[3] = value[1200] = NAN;
  const crow_partition p = crow_comm_partition(test_comm, M, CROW_BLOCK);
  for (int side = 0; side < 2; side++) {
    CHECK_OK(crow_ranking_ends(test_comm, &p, value + p.begin, 60, side == 0, &ranked, &count));
    CHECK(count == 60);
    for (int64_t k = 0; k < count; k++) {
      CHECK(place_of(value, M, ranked[k].index) == (side == 0 ? k : M - 1 - k));
    }
    crow_free(ranked);
  }
  CHECK_OK(crow_ranking_count_greater(test_comm, &p, value + p.begin, 3, asked, greater));
  for (int k = 0; k < 3; k++) CHECK(greater[k] == count_greater(value, M, asked[k]));
  const crow_ranked places[2] = {{0, 1299}, {0, 7}};
  CHECK_OK(crow_ranking_pick(test_comm, &p, value + p.begin, 2, places, picked));
  CHECK(picked[0] == value[1299] && picked[1] == value[7]);
}

/* A dataset of `m` alternatives in one dimension, of topics "t0", "t1", ... in turn if there are some. */
static void write_dataset(const char *path, int64_t m, int topics) {
  static char name[NAMES][16];
  double context[M];
  const char *topic[M];
  for (int k = 0; k < NAMES; k++) (void)snprintf(name[k], sizeof name[k], "t%d", k);
  for (int64_t i = 0; i < m; i++) {
    context[i] = (double)i;
    topic[i] = topics ? name[i % topics] : "";
  }
  test_dataset_write(test_comm, path,
                     &(test_dataset){.m = m, .d = 1, .context = context, .topic = topics ? topic : NULL});
}

static crow_topics topics_of(const char *path, int64_t m, const double *value) {
  crow_file *file = NULL;
  crow_topics topics = {0};
  const crow_partition p = crow_comm_partition(test_comm, m, CROW_BLOCK);
  CHECK_OK(crow_file_open(test_comm, path, "dataset", &file));
  CHECK_OK(crow_topics_create(test_comm, file, &p, true, value + p.begin, value + p.begin, &topics));
  crow_file_close(&file);
  return topics;
}

/* Values 0, 1, 2, ... dealt to three topics: topic k has k, k + 3, ..., whose mean is k + 3 (n - 1) / 2 and whose
 * sample variance is 9 n (n + 1) / 12. */
static void topics_have_the_moments_of_arithmetic_series(void) {
  double value[M];
  for (int64_t i = 0; i < M; i++) value[i] = (double)i;
  write_dataset(test_path("three.h5"), M, 3);
  crow_topics topics = topics_of(test_path("three.h5"), M, value);
  CHECK(topics.count == 3 && !topics.too_many);
  for (int64_t k = 0; k < topics.count; k++) {
    const double n = (double)((M - k + 2) / 3);
    CHECK(strcmp(crow_strings_get(&topics.name, k), (const char *const[]){"t0", "t1", "t2"}[k]) == 0);
    CHECK(topics.size[k] == (int64_t)n);
    CHECK_NEAR(topics.mean[k], (double)k + 3 * (n - 1) / 2, 1e-12);
    CHECK_NEAR(topics.deviation[k], sqrt(9 * n * (n + 1) / 12), 1e-10);
    CHECK_NEAR(topics.weight[k], n * (double)k + 3 * n * (n - 1) / 2, 1e-9);
  }
  /* 1300 = 3 * 433 + 1: t0 ends with 1299 and has the mean 649.5, t1 649, t2 650. */
  const int64_t order[3] = {2, 0, 1};
  CHECK(memcmp(topics.by_mean, order, sizeof order) == 0);
  CHECK(crow_topics_find(&topics, "t1") == 1 && crow_topics_find(&topics, "t3") == -1);
  crow_topics_free(&topics);
}

/* The last result's topics by their means, then what only the first has. */
static void joined_topics_are_those_of_the_last_result_first(void) {
  const double value[8] = {9, 8, 7, 6, 0, 5, 0, 0};
  write_dataset(test_path("four.h5"), 4, 4); /* t0 to t3: 9 8 7 6 */
  write_dataset(test_path("two.h5"), 2, 2);  /* t0 0, t1 5 */
  crow_topics topics[2] = {topics_of(test_path("four.h5"), 4, value), topics_of(test_path("two.h5"), 2, value + 4)};
  crow_topics_row *row = NULL;
  int64_t rows = 0;
  CHECK_OK(crow_topics_join(2, topics, &rows, &row));
  CHECK(rows == 4);
  const char *const name[4] = {"t1", "t0", "t2", "t3"};
  const int64_t first[4] = {1, 0, 2, 3}, last[4] = {1, 0, -1, -1};
  for (int64_t k = 0; k < rows; k++) {
    CHECK(strcmp(row[k].name, name[k]) == 0 && row[k].at[0] == first[k] && row[k].at[1] == last[k]);
  }
  crow_free(row);
  crow_topics_free(&topics[0]);
  crow_topics_free(&topics[1]);
}

/* A rewards file whose rewards are `value`, and weights and win rates other vectors. */
static void write_rewards(const char *path, const char *dataset_path, int64_t m, double *value, double *other) {
  crow_dataset dataset = {0};
  crow_provenance *provenance = NULL;
  const crow_partition p = crow_comm_partition(test_comm, m, CROW_BLOCK);
  CHECK_OK(crow_dataset_open(test_comm, dataset_path, true, &dataset));
  CHECK_OK(crow_provenance_create(test_comm, "test", &provenance));
  const crow_rewards rewards = {.partition = p,
                                .value = value + p.begin,
                                .weight = other + p.begin,
                                .win_rate = other + p.begin,
                                .fitted_win_rate = other + p.begin,
                                .lambda = 0.25,
                                .pair_scale = 1,
                                .optimality = 0.125,
                                .converged = true,
                                .convergence_tested = true};
  CHECK_OK(crow_rewards_write(test_comm, path, true, &rewards, &dataset, provenance));
  crow_provenance_destroy(&provenance);
  crow_dataset_close(&dataset);
}

static void check_alternatives(const crow_comparison *c, int64_t top, const double *first, int64_t first_m,
                               const double *last, int64_t last_m) {
  crow_comparison_alternatives found = {0};
  CHECK_OK(crow_comparison_alternatives_create(c, top, &found));
  CHECK(found.rows == (top ? top : last_m) && found.has_topic);
  for (int64_t row = 0; row < found.rows; row++) {
    const int64_t i = atoll(found.id[row]);
    const crow_comparison_cell *cell = &found.cell[2 * row];
    char topic[8];
    (void)snprintf(topic, sizeof topic, "t%lld", (long long)(i % 3));
    CHECK(strcmp(found.topic[row], topic) == 0);
    CHECK(place_of(last, last_m, i) == row);
    CHECK(cell[1].reward == last[i] && cell[1].rank == count_greater(last, last_m, last[i]) + 1);
    if (i >= first_m) {
      CHECK(cell[0].rank == 0);
    } else {
      CHECK(cell[0].reward == first[i] && cell[0].rank == count_greater(first, first_m, first[i]) + 1);
    }
  }
  crow_comparison_alternatives_free(&found);
}

static void results_are_compared_by_id_and_by_topic(void) {
  double few[FEWER], many[M], other[M];
  fill(few, FEWER, 53);
  fill(many, M, 31);
  for (int64_t i = 0; i < M; i++) other[i] = (double)(i + 1) / (2. * M); /* all have weight */
  write_dataset(test_path("few.h5"), FEWER, 3);
  write_dataset(test_path("many.h5"), M, 3);
  write_rewards(test_path("few-r.h5"), test_path("few.h5"), FEWER, few, other);
  write_rewards(test_path("many-r.h5"), test_path("many.h5"), M, many, other);
  for (int turn = 0; turn < 2; turn++) {
    crow_comparison c = {0};
    crow_comparison_topics topics = {0};
    CHECK_OK(crow_comparison_add(test_comm, test_path(turn ? "many-r.h5" : "few-r.h5"), &c));
    CHECK_OK(crow_comparison_add(test_comm, test_path(turn ? "few-r.h5" : "many-r.h5"), &c));
    CHECK(c.count == 2 && strcmp(c.result[turn].name, "few-r") == 0 && c.result[0].converged);
    CHECK(c.result[1].lambda == 0.25 && c.result[1].optimality == 0.125);
    for (int64_t top = 0; top <= 20; top += 10) {
      if (turn) {
        check_alternatives(&c, top, many, M, few, FEWER);
      } else {
        check_alternatives(&c, top, few, FEWER, many, M);
      }
    }
    CHECK_OK(crow_comparison_topics_create(&c, &topics));
    CHECK(topics.rows == 3 && topics.topics[1].count == 3);
    for (int k = 1; k < 3; k++) {
      const crow_topics_row *row = topics.row;
      CHECK(topics.topics[1].mean[row[k - 1].at[1]] >= topics.topics[1].mean[row[k].at[1]]);
    }
    crow_comparison_topics_free(&topics);
    crow_comparison_close(&c);
  }
}

static void results_without_topics_are_refused_by_topic(void) {
  double value[5] = {1, 2, 3, 4, 5}, other[5] = {0};
  crow_comparison c = {0};
  crow_comparison_topics topics = {0};
  write_dataset(test_path("plain.h5"), 5, 0);
  write_rewards(test_path("plain-r.h5"), test_path("plain.h5"), 5, value, other);
  CHECK_OK(crow_comparison_add(test_comm, test_path("plain-r.h5"), &c));
  CHECK_STATUS(crow_comparison_topics_create(&c, &topics), CROW_BAD_INPUT);
  CHECK_MESSAGE("/alternatives/topic is missing");
  crow_comparison_topics_free(&topics);
  crow_comparison_close(&c);
}

static void best_and_worst_come_with_what_a_fit_says_of_them(void) {
  double value[M], other[M];
  crow_dataset dataset = {0};
  crow_ends_rewards e = {0};
  fill(value, M, 31);
  for (int64_t i = 0; i < M; i++) other[i] = (double)(i + 1) / M;
  write_dataset(test_path("ends.h5"), M, 3);
  CHECK_OK(crow_dataset_open(test_comm, test_path("ends.h5"), true, &dataset));
  const crow_partition p = crow_comm_partition(test_comm, M, CROW_BLOCK);
  const crow_rewards rewards = {
      .partition = p,
      .value = value + p.begin,
      .weight = other + p.begin,
      .win_rate = value + p.begin,
      .uncertainty = {.has_standard_errors = true, .standard_error = other + p.begin, .lead_error = other + p.begin}};
  CHECK_OK(crow_ends_rewards_create(test_comm, &dataset, &rewards, 5, &e));
  CHECK(e.ends.count == 10 && e.ends.best == 5 && !e.lower && !e.rank_lower);
  for (int64_t k = 0; k < e.ends.count; k++) {
    const int64_t i = e.ends.place[k].index;
    CHECK(place_of(value, M, i) == (k < 5 ? k : M - 10 + k));
    CHECK(atoll(e.ends.id[k]) == i && e.ends.rank[k] == count_greater(value, M, value[i]) + 1);
    CHECK(e.weight[k] == other[i] && e.win_rate[k] == value[i] && e.error[k] == other[i]);
  }
  crow_ends_rewards_free(&e);
  CHECK_OK(crow_ends_rewards_create(test_comm, &dataset, &rewards, M / 2, &e));
  CHECK(e.ends.count == M && e.ends.best == M);
  crow_ends_rewards_free(&e);
  crow_dataset_close(&dataset);
}

/* Within three prompts, whose values are whole numbers here and there a little less: those a little less than a number
 * tie with it, but not with what is a little less than themselves. Every seventh has no weight. */
static void places_are_within_prompts_and_ties_have_no_chains(void) {
  enum { PROMPTS = 3, EACH = 100 };
  double value[PROMPTS * EACH], weight[PROMPTS * EACH];
  int32_t prompt[PROMPTS * EACH];
  crow_places places = {0};
  const int64_t m = PROMPTS * EACH;
  for (int64_t i = 0; i < m; i++) {
    prompt[i] = (int32_t)(i % PROMPTS);
    value[i] = (double)(i * 37 % 11) - .4 * (double)(i * 53 % 3) - 100. * prompt[i]; /* x, x - .4, x - .8 */
    weight[i] = i % 7 ? 1 : 0;
  }
  const crow_partition p = crow_comm_partition(test_comm, m, CROW_BLOCK);
  CHECK_OK(crow_places_create(test_comm, &p, value + p.begin, weight + p.begin, prompt, .5, &places));
  CHECK(places.count == m && places.ranked == m - (m + 6) / 7);
  for (int64_t i = 0; i < m; i++) {
    /* The group's first: x, then x - .8 and what follows it; of x - .4 the group is x's if anybody is at x. */
    double first = (double)INFINITY;
    int64_t before = 0;
    for (double top = 1000; top > -1000;) { /* groups from the top until the one of i */
      double greatest = -(double)INFINITY;
      for (int64_t j = 0; j < m; j++) {
        if (prompt[j] == prompt[i] && weight[j] > 0 && value[j] < top) greatest = fmax(greatest, value[j]);
      }
      first = greatest;
      if (value[i] >= first - .5) break;
      top = first - .5;
    }
    for (int64_t j = 0; j < m; j++) before += prompt[j] == prompt[i] && weight[j] > 0 && value[j] > first;
    CHECK(places.place[i] == (weight[i] > 0 ? before + 1 : 0));
  }
  for (int64_t k = 1; k < m; k++) {
    const crow_gidx x = places.order[k - 1], y = places.order[k];
    CHECK(weight[x] > weight[y] || (weight[x] == weight[y] && value[x] >= value[y]));
  }
  crow_places_free(&places);
}

static const crow_test tests[] = {
    {"the ends of a vector, counts and picks are those of the whole", ends_and_counts_are_those_of_the_whole_vector},
    {"topics have the moments of arithmetic series", topics_have_the_moments_of_arithmetic_series},
    {"joined topics are those of the last result first", joined_topics_are_those_of_the_last_result_first},
    {"results are compared by id and by topic", results_are_compared_by_id_and_by_topic},
    {"results without topics are refused by topic", results_without_topics_are_refused_by_topic},
    {"the best and the worst come with what a fit says of them", best_and_worst_come_with_what_a_fit_says_of_them},
    {"places are within prompts, and ties have no chains", places_are_within_prompts_and_ties_have_no_chains},
    {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "summary", tests, true); }
