/* SPDX-License-Identifier: Apache-2.0 */
/* Leads, what weights did in words, and when topics and long work are told. */
#include "harness.h"
#include <math.h>
#include <string.h>

/* Of rows in the order of their rewards. */
static crow_places places_of(int64_t count, crow_gidx *order, double *value, int64_t *place) {
  return (crow_places){.count = count, .ranked = count, .order = order, .value = value, .place = place};
}

/* Errors 3 and 4 make one of 5; the rival is the fewest standard errors behind, and not the next best. */
static void a_lead_is_over_the_rival_fewest_errors_behind(void) {
  crow_gidx order[3] = {2, 0, 1};
  double value[3] = {8, 6, 10};
  int64_t place[3] = {2, 3, 1};
  const double close[3] = {4, 4, 3}, clear[3] = {.8, 4, .6};
  const crow_places places = places_of(3, order, value, place);
  crow_lead lead = crow_places_lead(&places, close, NULL);
  CHECK(lead.first == 0 && lead.second == 1 && lead.lead == 2 && !lead.clear && !lead.shared);
  CHECK_NEAR(lead.error, 5, 1e-12);
  lead = crow_places_lead(&places, clear, NULL); /* 2 errors of 1 before the second, 4 of 4.04 before the third */
  CHECK(lead.second == 2 && lead.lead == 4 && !lead.clear);
  CHECK_NEAR(lead.error, hypot(.6, 4), 1e-12);
  lead = crow_places_lead(&places, NULL, NULL);
  CHECK(lead.second == 1 && lead.clear && isnan(lead.error));
  const double known[3] = {2, (double)NAN, 0}; /* one error before the second, 4 of 4.04 before the third */
  lead = crow_places_lead(&places, clear, known);
  CHECK(lead.second == 2 && !lead.clear);
  const double far[3] = {.5, 1.5, 0}; /* 4 errors before the second, 2.7 before the third */
  lead = crow_places_lead(&places, close, far);
  CHECK(lead.second == 2 && lead.error == 1.5 && lead.clear);
}

static void a_tie_is_no_lead(void) {
  crow_gidx order[2] = {0, 1};
  double value[2] = {1, 1};
  int64_t place[2] = {1, 1};
  const double error[2] = {.1, .1};
  const crow_places places = places_of(2, order, value, place), one = places_of(1, order, value, place);
  crow_lead lead = crow_places_lead(&places, NULL, NULL);
  CHECK(lead.shared && !lead.clear);
  lead = crow_places_lead(&places, error, NULL);
  CHECK(lead.shared && !lead.clear);
  lead = crow_places_lead(&one, NULL, NULL);
  CHECK(lead.second == -1 && lead.clear);
}

/* What has no weight has no place, and is no rival. */
static void alternatives_without_a_place_are_no_rivals(void) {
  crow_gidx order[3] = {0, 1, 2};
  double value[3] = {1, 0, 5};
  int64_t place[3] = {1, 2, 0};
  crow_places places = places_of(3, order, value, place);
  places.ranked = 2;
  const crow_lead lead = crow_places_lead(&places, NULL, NULL);
  CHECK(lead.second == 1 && lead.lead == 1);
}

static void topics_matter_that_sum_up_four_alternatives_each(void) {
  int64_t size[3] = {10, 1, 1}, small[3] = {9, 1, 1}, all[1] = {50};
  CHECK(crow_topics_matter(&(crow_topics){.count = 3, .size = size}));
  CHECK(!crow_topics_matter(&(crow_topics){.count = 3, .size = small}));
  CHECK(!crow_topics_matter(&(crow_topics){.count = 1, .size = all}));
  CHECK(!crow_topics_matter(&(crow_topics){.count = 0}));
}

static void twins_are_named_with_their_shares(void) {
  crow_effect e = {.alternatives = 59, .effective = 57.99, .samples = 100000, .looked = 59, .groups = 1, .named = 1};
  crow_effect_words said;
  e.group[0] = (crow_effect_group){.size = 2, .named = 2, .apart = .134, .shares = 1.05, .id = {"A", "B\033[31m"}};
  e.largest.value = .02;
  e.smallest.value = .01;
  (void)strcpy(e.largest_id, "C");
  (void)strcpy(e.smallest_id, "A");
  crow_effect_say(&e, "sphere", &said);
  CHECK(said.lines == 2 && said.warnings == 0);
  CHECK(strcmp(said.line[0], "weights: effective number 57.99 of 59 (100000 samples); largest 0.02 (C), smallest 0.01 "
                             "(A)") == 0);
  CHECK(strcmp(said.line[1],
               "near-duplicates: A, B?[31m: 0.13 apart, 1.05 equal shares of 1/59 together; uniform gives "
               "2") == 0);
  e.equal = true;
  crow_effect_say(&e, "", &said);
  CHECK(strcmp(said.line[0], "weights: all 59 alternatives count alike") == 0);
  CHECK(strstr(said.line[1], "0.13 apart, count 2 times") != NULL);
}

static void words_are_kept_with_their_warnings(void) {
  crow_effect e = {.alternatives = 100, .effective = 7, .concentrated = true, .zeros = 3, .more_samples = 5000};
  crow_effect_words said;
  crow_strings kept = {0};
  crow_effect_say(&e, "cube", &said);
  CHECK(said.lines == 1 && said.warnings == 2);
  CHECK_OK(crow_effect_keep(&e, "cube", &kept));
  CHECK(kept.count == 3);
  CHECK(strcmp(crow_strings_get(&kept, 0), said.line[0]) == 0);
  CHECK(strncmp(crow_strings_get(&kept, 1), "warning: weights count like 7 of 100 alternatives", 48) == 0);
  CHECK(strcmp(crow_strings_get(&kept, 2),
               "warning: 3 of 100 weights are zero: each reward is the limit for small weights; --samples 5000") == 0);
  crow_strings_free(&kept);
  crow_memory_fail_after(0);
  CHECK_STATUS(crow_effect_keep(&e, "cube", &kept), CROW_FAILED);
  crow_memory_fail_after(-1);
}

/* All lines, then all warnings, each with a line end. */
static void expect_words(const crow_effect *e, const char *space, const char *expected) {
  crow_effect_words said;
  char text[2 * CROW_EFFECT_BYTES] = "";
  crow_effect_say(e, space, &said);
  for (int k = 0; k < said.lines + said.warnings; k++) {
    const size_t used = strlen(text);
    (void)snprintf(text + used, sizeof text - used, "%s%.700s\n", k < said.lines ? "" : "! ",
                   k < said.lines ? said.line[k] : said.warning[k - said.lines]);
  }
  CHECK(strcmp(text, expected) == 0);
  if (strcmp(text, expected) != 0) printf("found:\n%sexpected:\n%s", text, expected);
}

/* Groups that are named and those that are not, of all alternatives or of a part of them. */
static void groups_are_told_by_name_and_in_all(void) {
  crow_effect e = {.alternatives = 40, .effective = 10, .looked = 40, .radius = .25};
  expect_words(&e, "cube", "weights: effective number 10 of 40\nnear-duplicates: none closer than 0.25\n");
  e.looked = 20;
  expect_words(&e, "cube",
               "weights: effective number 10 of 40\nnear-duplicates: none closer than 0.25, looked for with 20 of 40 "
               "alternatives\n");
  e.looked = 0;
  expect_words(&e, "cube", "weights: effective number 10 of 40\n");
  /* Eight in two groups with half of all weight, so 10 shares a group; the other 32 have 20. */
  e.looked = 40;
  e.groups = 2;
  e.members = 8;
  e.weight = .5;
  e.named = 1;
  e.group[0] = (crow_effect_group){.size = 5, .named = 3, .apart = 0, .shares = 1, .id = {"x", "y", "z"}};
  expect_words(&e, "cube",
               "weights: effective number 10 of 40\nnear-duplicates: x, y, z and 2 more: 0 apart, 1 equal share of "
               "1/40 together; uniform gives 5\nnear-duplicates in all: 8 alternatives in 2 groups, closer than 0.25: "
               "10 equal shares each in the mean; an alternative without near-duplicates has 0.625\n");
  e.named = 2;
  e.group[1] = (crow_effect_group){.size = 3, .named = 3, .apart = .2, .shares = 19, .id = {"u", "v", "w"}};
  expect_words(&e, "cube",
               "weights: effective number 10 of 40\nnear-duplicates: x, y, z and 2 more: 0 apart, 1 equal share of "
               "1/40 together; uniform gives 5\nnear-duplicates: u, v, w: 0.2 apart, 19 equal shares together; uniform "
               "gives 3\n");
  e.looked = 39;
  e.groups = 1;
  e.named = 1;
  expect_words(&e, "cube",
               "weights: effective number 10 of 40\nnear-duplicates: x, y, z and 2 more: 0 apart, 1 equal share of "
               "1/40 together; uniform gives 5\nnear-duplicates in all: 8 alternatives in 1 group, closer than 0.25, "
               "looked for with 39 of 40 alternatives\n");
  /* Where all are in groups there are no others; where all count alike there is no mean. */
  e.looked = e.members = 40;
  e.groups = 2;
  e.weight = 1;
  expect_words(&e, "cube",
               "weights: effective number 10 of 40\nnear-duplicates: x, y, z and 2 more: 0 apart, 1 equal share of "
               "1/40 together; uniform gives 5\nnear-duplicates in all: 40 alternatives in 2 groups, closer than 0.25: "
               "20 equal shares each in the mean\n");
  e.equal = true;
  expect_words(&e, "cube",
               "weights: all 40 alternatives count alike\nnear-duplicates: x, y, z and 2 more: 0 apart, count 5 "
               "times\nnear-duplicates in all: 40 alternatives in 2 groups, closer than 0.25\n");
}

static void warnings_name_their_remedy(void) {
  crow_effect e = {.alternatives = 40, .effective = 10, .concentrated = true, .median_hits = -1};
  expect_words(&e, "box",
               "weights: effective number 10 of 40\n! weights count like 10 of 40 alternatives, though few have "
               "near-duplicates: the space gives most of the weight to few; try --space sphere for embeddings, or a "
               "pool (--space pool:FILE:PATH)\n");
  expect_words(&e, "sphere",
               "weights: effective number 10 of 40\n! weights count like 10 of 40 alternatives, though few have "
               "near-duplicates: the space gives most of the weight to few; try a pool of typical contexts (--space "
               "pool:FILE:PATH)\n");
  e.concentrated = false;
  e.zeros = 1; /* exactly: more samples are no remedy */
  expect_words(
      &e, "box",
      "weights: effective number 10 of 40\n! 1 of 40 weights is zero: its reward is the limit for small weights\n");
  e.noisy = true;
  e.samples = 700;
  e.median_hits = 12.5;
  e.more_samples = 1400;
  expect_words(
      &e, "box",
      "weights: effective number 10 of 40 (700 samples)\n! weights are noisy: half of the alternatives were nearest to "
      "12.5 samples or fewer; 1 of 40 weights is zero: its reward is the limit for small weights; --samples 1400\n");
  e.zeros = 2;
  expect_words(
      &e, "box",
      "weights: effective number 10 of 40 (700 samples)\n! weights are noisy: half of the alternatives were nearest to "
      "12.5 samples or fewer; 2 of 40 weights are zero: each reward is the limit for small weights; --samples 1400\n");
  e.zeros = 0;
  expect_words(&e, "box",
               "weights: effective number 10 of 40 (700 samples)\n! weights are noisy: half of the alternatives were "
               "nearest to 12.5 samples or fewer; --samples 1400\n");
}

static void keep_line(crow_log_level level, const char *line, void *context) {
  (void)level;
  (void)snprintf(context, CROW_ERROR_BYTES, "%s", line);
}

/* A tenth after 30 seconds: 5 minutes in all, said once; a half after 3 seconds is not worth a word. */
static void long_work_is_announced_once(void) {
  char line[CROW_ERROR_BYTES] = "";
  crow_progress progress;
  crow_log_set(keep_line, line);
  crow_progress_begin(&progress, "weights", "samples", 1000);
  progress.start_s -= 29.5;
  progress.last_s = progress.start_s;
  crow_progress_interval_set(1e6);
  crow_progress_update(&progress, 100);
  CHECK(strcmp(line, "weights: 1000 samples will take about 5 minutes") == 0);
  line[0] = 0;
  crow_progress_update(&progress, 200);
  CHECK(line[0] == 0);
  crow_progress_begin(&progress, "weights", "samples", 1000);
  progress.start_s -= 3;
  progress.last_s = progress.start_s;
  crow_progress_update(&progress, 500);
  CHECK(line[0] == 0);
  crow_progress_interval_set(30);
  crow_log_set(NULL, NULL);
}

static const crow_test tests[] = {
    {"a lead is over the rival fewest errors behind", a_lead_is_over_the_rival_fewest_errors_behind},
    {"a tie is no lead", a_tie_is_no_lead},
    {"alternatives without a place are no rivals", alternatives_without_a_place_are_no_rivals},
    {"topics matter that sum up four alternatives each", topics_matter_that_sum_up_four_alternatives_each},
    {"twins are named with their shares", twins_are_named_with_their_shares},
    {"groups are told by name and in all", groups_are_told_by_name_and_in_all},
    {"warnings name their remedy", warnings_name_their_remedy},
    {"words are kept with their warnings", words_are_kept_with_their_warnings},
    {"long work is announced once", long_work_is_announced_once},
    {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "words", tests, false); }
