/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of an audit amount to, on results made by hand. */
#include "harness.h"

static crow_audit_shift shift_of(double largest, bool winner, bool topic, int64_t prompts) {
  crow_audit_shift shift = {
      .largest = largest, .winner_changed = winner, .topic_changed = topic, .prompts_changed = prompts};
  (void)snprintf(shift.winner[0], sizeof shift.winner[0], "old");
  (void)snprintf(shift.winner[1], sizeof shift.winner[1], "new");
  (void)snprintf(shift.winner_topic[0], sizeof shift.winner_topic[0], "old topic");
  (void)snprintf(shift.winner_topic[1], sizeof shift.winner_topic[1], "new topic");
  return shift;
}

static void a_summary_holds_the_extremes_and_the_first_change(void) {
  crow_audit_test test[3] = {
      {.eps = 0.1, .standard = shift_of(1, false, false, 0), .weighted = shift_of(0.5, false, false, 0)},
      {.eps = 0.01, .standard = shift_of(3, true, false, 1), .weighted = shift_of(0.25, false, false, 0)},
      {.eps = 0.05, .standard = shift_of(2, false, true, 0), .weighted = shift_of(0.75, false, true, 0)}};
  const crow_audit_result result = {
      .prompts = 1, .tests = 3, .test = test, .redraws = 4, .standard = {.largest = 9}, .weighted = {.largest = 0.1}};
  crow_audit_summary standard, weighted;
  crow_audit_summarise(&result, &standard, &weighted);
  CHECK(standard.tests == 3 && standard.changed == 2 && standard.largest == 3 && standard.closest == 0.01);
  CHECK(strcmp(standard.from, "old") == 0 && strcmp(standard.to, "new") == 0);
  CHECK(weighted.tests == 3 && weighted.changed == 1 && weighted.largest == 0.75 && weighted.closest == 0.05);
  CHECK(standard.by_topic && standard.winners == 1 && standard.topics == 1);
  CHECK(strcmp(standard.topic[0], "old topic") == 0 && strcmp(standard.topic[1], "new topic") == 0);
  CHECK(weighted.winners == 0 && weighted.from == NULL && weighted.topics == 1);
  CHECK(strcmp(weighted.topic[0], "old topic") == 0 && strcmp(weighted.topic[1], "new topic") == 0);
  CHECK(standard.redraws == 4 && standard.noise.largest == 9 && weighted.noise.largest == 0.1);
}

/* The topic that is best in the mean over all prompts is nobody's winner. */
static void of_several_prompts_only_their_winners_count(void) {
  const crow_audit_shift topic = shift_of(1, false, true, 0), winner = shift_of(1, true, false, 3);
  CHECK(crow_audit_shift_changes(&topic, 1) && !crow_audit_shift_changes(&topic, 5));
  CHECK(crow_audit_shift_changes(&winner, 1) && crow_audit_shift_changes(&winner, 5));
  crow_audit_test test[2] = {{.eps = 0.1, .standard = winner, .weighted = topic},
                             {.eps = 0.1, .standard = topic, .weighted = topic}};
  const crow_audit_result result = {.prompts = 5, .tests = 2, .test = test};
  crow_audit_summary standard, weighted;
  crow_audit_summarise(&result, &standard, &weighted);
  CHECK(!standard.by_topic && standard.winners == 1 && standard.topics == 0);
  CHECK(standard.changed == 1 && standard.most_prompts == 3 && weighted.changed == 0 && weighted.most_prompts == 0);
}

static void two_datasets_are_summed_up_by_topic(void) {
  const crow_audit_comparison comparison = {.standard = shift_of(2, false, true, 0),
                                            .weighted = shift_of(1, true, false, 0),
                                            .redraws = 3,
                                            .weighted_noise = {.largest = 7}};
  crow_audit_summary standard, weighted;
  crow_audit_summarise_comparison(&comparison, &standard, &weighted);
  CHECK(standard.tests == 1 && standard.changed == 1 && standard.largest == 2 && standard.prompts == 1);
  CHECK(weighted.changed == 0 && weighted.noise.largest == 7 && strcmp(standard.to, "new topic") == 0);
}

static void chance_is_what_redrawing_does_as_well(void) {
  crow_audit_summary s = {.prompts = 1, .largest = 1, .redraws = 10, .noise = {.largest = 2}};
  CHECK(crow_audit_summary_is_chance(&s));
  s.changed = 1; /* redrawing never changes the winner */
  CHECK(!crow_audit_summary_is_chance(&s));
  s.noise.changed = 1;
  CHECK(crow_audit_summary_is_chance(&s));
  s.noise.largest = 0.5;
  CHECK(!crow_audit_summary_is_chance(&s));
  s.noise.largest = 2;
  s.redraws = 0;
  CHECK(!crow_audit_summary_is_chance(&s));
  s = (crow_audit_summary){.prompts = 9, .most_prompts = 3, .redraws = 10, .noise = {.most_prompts = 2}};
  CHECK(!crow_audit_summary_is_chance(&s));
  s.noise.most_prompts = 3;
  CHECK(crow_audit_summary_is_chance(&s));
}

static void verdicts_follow_from_both_summaries(void) {
  static const struct verdict_case {
    crow_audit_summary standard, weighted;
    crow_audit_verdict verdict;
  } cases[] = {
      {{.changed = 1}, {.changed = 0}, CROW_AUDIT_CHANGES_STANDARD},
      {{.changed = 0}, {.changed = 1}, CROW_AUDIT_CHANGES_WEIGHTED},
      {{.changed = 1, .closest = 0.01}, {.changed = 1, .closest = 0.1}, CROW_AUDIT_CHANGES_FARTHER},
      {{.changed = 1, .closest = 0.1}, {.changed = 1, .closest = 0.1}, CROW_AUDIT_CHANGES_BOTH},
      {{.changed = 1, .closest = 0.1}, {.changed = 1, .closest = 0.01}, CROW_AUDIT_CHANGES_BOTH},
      {{.largest = 1}, {.largest = 0.4}, CROW_AUDIT_SHIFTS_STANDARD},
      {{.largest = 0.4}, {.largest = 1}, CROW_AUDIT_SHIFTS_WEIGHTED},
      {{.largest = 1}, {.largest = 0.5}, CROW_AUDIT_SHIFTS_ALIKE},
      {{.largest = 9e-5}, {.largest = 1e-9}, CROW_AUDIT_SHIFTS_ALIKE}, /* too small for any reader */
      {{.redraws = 1}, {.redraws = 1}, CROW_AUDIT_CHANCE_BOTH},
      {{.redraws = 1}, {.redraws = 1, .changed = 1}, CROW_AUDIT_BEYOND_CHANGES_WEIGHTED},
      {{.redraws = 1}, {.redraws = 1, .largest = 1}, CROW_AUDIT_BEYOND_SHIFTS_WEIGHTED},
      {{.redraws = 1, .changed = 1}, {.redraws = 1}, CROW_AUDIT_BEYOND_CHANGES_STANDARD},
      {{.redraws = 1, .largest = 1}, {.redraws = 1}, CROW_AUDIT_BEYOND_SHIFTS_STANDARD},
  };
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    crow_audit_summary standard = cases[k].standard, weighted = cases[k].weighted;
    standard.prompts = weighted.prompts = 1;
    CHECK(crow_audit_judge(&standard, &weighted) == cases[k].verdict);
  }
}

static const crow_test tests[] = {
    {"a summary holds the extremes and the first change", a_summary_holds_the_extremes_and_the_first_change},
    {"of several prompts only their winners count", of_several_prompts_only_their_winners_count},
    {"two datasets are summed up by topic", two_datasets_are_summed_up_by_topic},
    {"chance is what redrawing does as well", chance_is_what_redrawing_does_as_well},
    {"verdicts follow from both summaries", verdicts_follow_from_both_summaries},
    {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "verdict of an audit", tests, false); }
