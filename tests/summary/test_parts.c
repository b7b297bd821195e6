/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of summaries against counting by hand, at all small sizes: ends, ranks, places, leads, tables of the best
 * and the worst, topics, and what is said of weights at the limits. */
#include "fixture.h"

#include <stdlib.h>

enum { MOST = 24 };

/* Some equal, some NaN. */
static void fill_values(int64_t m, double *value) {
  for (int64_t i = 0; i < m; i++) value[i] = i % 9 == 4 ? (double)NAN : (double)(i * 7 % 10) / 2 - 1;
}

/* Greater values first, then lower rows; NaN after all numbers. */
static bool before(const double *value, int64_t a, int64_t b) {
  if (isnan(value[a]) || isnan(value[b])) return isnan(value[a]) && isnan(value[b]) ? a < b : isnan(value[b]);
  return value[a] > value[b] || (value[a] == value[b] && a < b);
}

static int64_t place_among(int64_t m, const double *value, int64_t i) {
  int64_t place = 0;
  for (int64_t j = 0; j < m; j++) place += before(value, j, i);
  return place;
}

/* ---- ranking -------------------------------------------------------------------------------------------------- */

static void ends_are_the_first_and_the_last(void) {
  double value[MOST];
  for (int64_t m = 1; m <= MOST; m++) {
    const crow_partition p = crow_comm_partition(test_comm, m, CROW_BLOCK);
    fill_values(m, value);
    for (int64_t most = 0; most <= m + 1; most++) {
      for (int greatest = 0; greatest <= 1; greatest++) {
        crow_ranked *ranked = NULL;
        int64_t count = -1;
        CHECK_OK(crow_ranking_ends(test_comm, &p, value, most, greatest, &ranked, &count));
        CHECK(count == (most < m ? most : m));
        for (int64_t k = 0; k < count; k++) {
          CHECK(place_among(m, value, ranked[k].index) == (greatest ? k : m - 1 - k));
          CHECK(isnan(ranked[k].value) || ranked[k].value == value[ranked[k].index]);
        }
        crow_free(ranked);
      }
    }
  }
}

static void greater_ones_are_counted(void) {
  double value[MOST], asked[MOST + 2], picked[MOST];
  crow_ranked places[MOST];
  int64_t greater[MOST + 2];
  for (int64_t m = 1; m <= MOST; m++) {
    const crow_partition p = crow_comm_partition(test_comm, m, CROW_BLOCK);
    fill_values(m, value);
    for (int64_t k = 0; k < m; k++) {
      asked[k] = value[m - 1 - k];
      places[k] = (crow_ranked){0, (k * 5 + 2) % m};
    }
    asked[m] = -100;
    asked[m + 1] = 100;
    CHECK_OK(crow_ranking_count_greater(test_comm, &p, value, m + 2, asked, greater));
    for (int64_t k = 0; k < m + 2; k++) {
      int64_t expected = 0;
      for (int64_t i = 0; i < m; i++) expected += isnan(asked[k]) ? !isnan(value[i]) : value[i] > asked[k];
      CHECK(greater[k] == expected);
    }
    CHECK_OK(crow_ranking_count_greater(test_comm, &p, value, 0, asked, greater));
    CHECK_OK(crow_ranking_pick(test_comm, &p, value, m, places, picked));
    for (int64_t k = 0; k < m; k++) {
      const double there = value[places[k].index];
      CHECK(picked[k] == there || (isnan(picked[k]) && isnan(there)));
    }
  }
}

/* ---- places and leads ----------------------------------------------------------------------------------------- */

static void places_come_with_weight_alone(void) {
  double value[MOST], weight[MOST];
  for (int64_t m = 1; m <= MOST; m++) {
    const crow_partition p = crow_comm_partition(test_comm, m, CROW_BLOCK);
    crow_places places = {0};
    int64_t ranked = 0;
    fill_values(m, value);
    for (int64_t i = 0; i < m; i++) {
      weight[i] = i % 5 == 2 ? 0 : .5;
      ranked += weight[i] > 0;
    }
    CHECK_OK(crow_places_create(test_comm, &p, value, weight, NULL, 0, &places));
    CHECK(places.count == m && places.ranked == ranked);
    for (int64_t i = 0; i < m; i++) {
      int64_t first = 1, position = 0;
      for (int64_t j = 0; j < m; j++) {
        if (weight[j] > 0) first += isnan(value[i]) ? !isnan(value[j]) || j < i : value[j] > value[i];
        position += (weight[j] > 0) == (weight[i] > 0) ? before(value, j, i) : weight[j] > 0;
      }
      CHECK(places.place[i] == (weight[i] > 0 ? first : 0));
      CHECK(places.order[position] == i && (isnan(value[i]) || places.value[i] == value[i]));
    }
    crow_places_free(&places);
    CHECK(!places.order && places.count == 0);
  }
}

/* The rival is the fewest standard errors behind: of leads where these are known, else of both together. */
static void the_rival_is_the_fewest_errors_behind(void) {
  enum { M = 5 };
  crow_gidx order[M] = {3, 1, 0, 4, 2};
  int64_t place[M] = {3, 1, 5, 1, 4};
  double value[M] = {4, 6, 1, 6, 2}, error[M] = {.5, .25, 3, .75, 1}, lead_error[M] = {2, .5, 1, 0, NAN};
  crow_places places = {.count = M, .ranked = M, .order = order, .place = place, .value = value};
  crow_lead lead = crow_places_lead(&places, error, lead_error);
  CHECK(lead.first == 0 && lead.second == 1 && lead.shared && !lead.clear && lead.lead == 0 && lead.error == .5);
  value[1] = 5;
  place[1] = 2; /* 2, 1, 4 / 1.25 and 5 errors behind */
  lead = crow_places_lead(&places, error, lead_error);
  CHECK(lead.second == 2 && !lead.shared && !lead.clear && lead.lead == 2 && lead.error == 2);
  lead_error[0] = .25; /* 2, 8, 3.2, 5 */
  lead = crow_places_lead(&places, error, lead_error);
  CHECK(lead.second == 1 && lead.clear && lead.lead == 1 && lead.error == .5);
  lead_error[1] = .5000001; /* not quite two */
  CHECK(!crow_places_lead(&places, error, lead_error).clear);
  lead_error[1] = .125; /* 8, 8, 3.2, 5: variances add up where that of the lead is not known */
  lead = crow_places_lead(&places, error, lead_error);
  CHECK(lead.second == 3 && lead.lead == 4 && lead.error == 1.25 && lead.clear);
  lead = crow_places_lead(&places, error, NULL); /* 1 / .79, 2 / .90, 4 / 1.25, 5 / 3.09 */
  CHECK(lead.second == 1 && !lead.clear);
  CHECK_NEAR(lead.error, hypot(.75, .25), 1e-15);
  lead = crow_places_lead(&places, NULL, NULL);
  CHECK(lead.second == 1 && lead.clear && isnan(lead.error) && lead.lead == 1);
  places.ranked = 1;
  lead = crow_places_lead(&places, error, lead_error);
  CHECK(lead.second == -1 && lead.clear && isnan(lead.error));
}

/* ---- tables --------------------------------------------------------------------------------------------------- */

static crow_file *open_rows(int64_t m) {
  double context[MOST];
  crow_file *file = NULL;
  for (int64_t i = 0; i < m; i++) context[i] = (double)i;
  test_dataset_write(test_comm, test_path("rows.h5"), &(test_dataset){.m = m, .d = 1, .context = context});
  CHECK_OK(crow_file_open(test_comm, test_path("rows.h5"), "dataset", &file));
  return file;
}

static void tables_have_all_or_both_ends(void) {
  enum { M = 9 };
  static const double value[M] = {3, 1, 4, 1, 5, 9, 2, 6, 5};
  const crow_partition p = crow_comm_partition(test_comm, M, CROW_BLOCK);
  crow_file *file = open_rows(M);
  for (int64_t each = 1; each <= M; each++) {
    crow_ends ends;
    const bool all = M <= 2 * each;
    CHECK_OK(crow_ends_create(test_comm, file, &p, value, each, &ends));
    CHECK(ends.total == M && ends.ranked == M && ends.unweighted == 0);
    CHECK(ends.count == (all ? M : 2 * each) && ends.best == (all ? M : each));
    for (int64_t k = 0; k < ends.count; k++) {
      const int64_t i = ends.place[k].index, place = k < ends.best ? k : M - ends.count + k;
      int64_t greater = 0;
      for (int64_t j = 0; j < M; j++) greater += value[j] > value[i];
      CHECK(place_among(M, value, i) == place && ends.place[k].value == value[i] && ends.rank[k] == greater + 1);
      CHECK(atoll(ends.id[k]) == i && ends.topic[k][0] == 0);
    }
    crow_ends_free(&ends);
    CHECK(!ends.place && !ends.id && ends.count == 0);
  }
  crow_file_close(&file);
}

/* Those with weight from both ends, then as many without as there is room for. */
static void tables_end_with_those_without_weight(void) {
  enum { M = 11 };
  static const double value[M] = {3, 1, 4, 1, 5, 9, 2, 6, 5, 8, 7};
  crow_file *file = open_rows(M);
  const crow_partition p = crow_comm_partition(test_comm, M, CROW_BLOCK);
  for (int64_t without = 0; without <= M; without++) {
    double weight[M];
    crow_places places = {0};
    for (int64_t i = 0; i < M; i++) weight[i] = i * 4 % M < without ? 0 : .1;
    CHECK_OK(crow_places_create(test_comm, &p, value, weight, NULL, 0, &places));
    const int64_t ranked = M - without;
    for (int64_t each = 1; each <= M; each++) {
      crow_ends ends;
      const int64_t best = ranked <= 2 * each ? ranked : each, worst = ranked <= 2 * each ? 0 : each;
      const int64_t rest = M <= 2 * each || without < each ? without : each;
      CHECK_OK(crow_ends_create_placed(test_comm, file, &places, each, &ends));
      CHECK(ends.best == best && ends.count == best + worst + rest && ends.unweighted == rest);
      CHECK(ends.ranked == ranked && ends.total == M);
      for (int64_t k = 0; k < ends.count; k++) {
        int64_t at = k;
        if (k >= best) at = ranked - worst + k - best;
        if (k >= best + worst) at = ranked + k - best - worst;
        CHECK(ends.place[k].index == places.order[at] && ends.rank[k] == places.place[places.order[at]]);
        CHECK(ends.place[k].value == value[places.order[at]] && atoll(ends.id[k]) == places.order[at]);
      }
      crow_ends_free(&ends);
    }
    crow_places_free(&places);
  }
  crow_file_close(&file);
}

/* ---- topics --------------------------------------------------------------------------------------------------- */

static char names[] = "art\0bio\0law";
static void topics_are_found_by_name(void) {
  const crow_topics topics = {.count = 3, .name = {.count = 3, .width = 4, .data = names}}, none = {0};
  CHECK(crow_topics_find(&topics, "art") == 0 && crow_topics_find(&topics, "bio") == 1);
  CHECK(crow_topics_find(&topics, "law") == 2 && crow_topics_find(&topics, "la") == -1);
  CHECK(crow_topics_find(&topics, "lawn") == -1 && crow_topics_find(&none, "art") == -1);
}

static void topics_matter_at_four_each(void) {
  int64_t size[3] = {1, 2, 5};
  crow_topics topics = {.count = 2, .size = size};
  CHECK(!crow_topics_matter(&topics)); /* 3 of 8 */
  size[1] = 7;
  CHECK(crow_topics_matter(&topics));
  size[1] = 6;
  CHECK(!crow_topics_matter(&topics));
  topics.count = 3; /* 12 of 12 */
  CHECK(crow_topics_matter(&topics));
  topics.count = 1;
  size[0] = 100;
  CHECK(!crow_topics_matter(&topics));
}

static void errors_are_taken_of_the_same_topics(void) {
  static char other_names[] = "art\0bio\0lax";
  double error[3] = {1, 2, 3}, covariance[9] = {1, 0, 0, 0, 4, .5, 0, .5, 9};
  for (int which = 0; which < 3; which++) {
    crow_topics topics = {.count = 3, .name = {.count = 3, .width = 4, .data = names}};
    const crow_topic_errors errors = {
        .name = {.count = which == 2 ? 2 : 3, .width = 4, .data = which == 1 ? other_names : names},
        .standard_error = error,
        .covariance = covariance};
    CHECK_OK(crow_topics_take_errors(&topics, &errors));
    CHECK((topics.error != NULL) == (which == 0) && (topics.covariance != NULL) == (which == 0));
    for (int k = 0; k < 3 && which == 0; k++) CHECK(topics.error[k] == error[k]);
    for (int k = 0; k < 9 && which == 0; k++) CHECK(topics.covariance[k] == covariance[k]);
    crow_free(topics.error);
    crow_free(topics.covariance);
  }
}

/* The last result's topics first, by their means; then what others have beside. */
static void topics_of_results_are_joined(void) {
  static char first_names[] = "a\0b\0c", last_names[] = "b\0c\0d";
  int64_t first_order[3] = {2, 0, 1}, last_order[3] = {1, 2, 0}, rows = -1;
  const crow_topics topics[2] = {
      {.count = 3, .name = {.count = 3, .width = 2, .data = first_names}, .by_mean = first_order},
      {.count = 3, .name = {.count = 3, .width = 2, .data = last_names}, .by_mean = last_order}};
  static const struct {
    const char *name;
    int64_t at[2];
  } expected[4] = {{"c", {2, 1}}, {"d", {-1, 2}}, {"b", {1, 0}}, {"a", {0, -1}}};
  crow_topics_row *row = NULL;
  CHECK_OK(crow_topics_join(2, topics, &rows, &row));
  CHECK(rows == 4);
  for (int k = 0; k < 4; k++) {
    CHECK(strcmp(row[k].name, expected[k].name) == 0);
    CHECK(row[k].at[0] == expected[k].at[0] && row[k].at[1] == expected[k].at[1]);
  }
  crow_free(row);
}

/* ---- what weights did ----------------------------------------------------------------------------------------- */

/* `m` alternatives a line, 1 apart, of which the last is where the first is. */
static crow_effect effect_of_twins(int64_t m, double effective, int64_t samples, int64_t hits, int64_t zeros) {
  double context[MOST];
  crow_dataset dataset = {0};
  crow_effect effect = {0};
  crow_weights weights = {0};
  CHECK_OK(crow_weights_uniform(test_comm, m, &weights));
  weights.effective = effective;
  weights.zeros = zeros;
  weights.samples = samples;
  if (samples) CHECK_OK(CROW_ALLOCATE(&weights.hits, m));
  for (int64_t i = 0; i < m; i++) {
    context[i] = (double)(i % (m - 1));
    if (samples) weights.hits[i] = hits * CROW_HIT_UNIT;
  }
  (void)snprintf(weights.space.choice.space, sizeof weights.space.choice.space, "cube");
  test_dataset_write(test_comm, test_path("twins.h5"), &(test_dataset){.m = m, .d = 1, .context = context});
  CHECK_OK(crow_dataset_open(test_comm, test_path("twins.h5"), true, &dataset));
  CHECK_OK(crow_effect_create(test_comm, &dataset, &weights, &effect));
  CHECK(effect.groups == 1 && effect.members == 2 && effect.group[0].member[1] == m - 1 && effect.equal);
  CHECK_NEAR(effect.weight, 2 / (double)m, 1e-15);
  crow_dataset_close(&dataset);
  crow_weights_free(&weights);
  return effect;
}

/* Where less than a quarter have near-duplicates, and less than half count. */
static void concentration_begins_at_its_limits(void) {
  static const struct {
    int64_t m;
    double effective;
    bool concentrated;
  } cases[] = {{8, 3, false}, {9, 3, true}, {10, 5, false}, {10, 4.999, true}, {9, 4.5, false}, {7, 1, false}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    crow_effect effect = effect_of_twins(cases[k].m, cases[k].effective, 0, 0, 0);
    CHECK(effect.concentrated == cases[k].concentrated);
    CHECK(effect.median_hits == -1 && !effect.noisy && effect.more_samples == 0);
    crow_effect_free(&effect);
    CHECK(!effect.number && effect.groups == 0);
  }
}

/* 25 hits each are enough; else 25 for each alternative, twice as many at least, in two digits. */
static void more_samples_are_advised(void) {
  static const struct {
    int64_t samples, hits, zeros, more;
  } cases[] = {{1000, 25, 0, 0},        {1000, 24, 0, 2000}, {1000, 25, 1, 2000},     {1010, 25, 1, 2100},
               {100, 1, 0, 2500},       {100, 0, 0, 250},    {1000, 10, 0, 2500},     {1000, 9, 0, 2800},
               {123456, 24, 0, 250000}, {40, 0, 0, 250},     {999999, 30, 2, 2000000}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    crow_effect effect = effect_of_twins(10, 10, cases[k].samples, cases[k].hits, cases[k].zeros);
    CHECK(effect.median_hits == (double)cases[k].hits && effect.noisy == (cases[k].hits < 25));
    CHECK_NEAR((double)effect.more_samples, (double)cases[k].more, 0);
    crow_effect_free(&effect);
  }
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {{"ends are the first and the last", ends_are_the_first_and_the_last},
                                    {"greater ones are counted", greater_ones_are_counted},
                                    {"places come with weight alone", places_come_with_weight_alone},
                                    {"the rival is the fewest errors behind", the_rival_is_the_fewest_errors_behind},
                                    {"tables have all or both ends", tables_have_all_or_both_ends},
                                    {"tables end with those without weight", tables_end_with_those_without_weight},
                                    {"topics are found by name", topics_are_found_by_name},
                                    {"topics matter at four each", topics_matter_at_four_each},
                                    {"errors are taken of the same topics", errors_are_taken_of_the_same_topics},
                                    {"topics of results are joined", topics_of_results_are_joined},
                                    {"concentration begins at its limits", concentration_begins_at_its_limits},
                                    {"more samples are advised", more_samples_are_advised},
                                    {NULL, NULL}};
  return crow_test_main(argc, argv, "parts of summaries", tests, true);
}
