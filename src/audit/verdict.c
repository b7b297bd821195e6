/* SPDX-License-Identifier: Apache-2.0 */
/* What an audit's tests amount to. */
#include <crow/audit.h>
#include <math.h>

/* Shifts that are so small are the same as none for any reader. */
#define SMALL 1e-4

bool crow_audit_shift_changes(const crow_audit_shift *shift, crow_gidx prompts) {
  return shift->winner_changed || (prompts == 1 && shift->topic_changed);
}

static void add_test(crow_audit_summary *summary, double eps, const crow_audit_shift *shift) {
  summary->tests++;
  summary->largest = fmax(summary->largest, shift->largest);
  summary->most_prompts =
      shift->prompts_changed > summary->most_prompts ? shift->prompts_changed : summary->most_prompts;
  summary->by_topic = summary->prompts == 1 && *shift->winner_topic[0];
  if (shift->winner_changed && summary->winners++ == 0) {
    summary->from = shift->winner[0];
    summary->to = shift->winner[1];
  }
  if (summary->by_topic && shift->topic_changed && summary->topics++ == 0) {
    summary->topic[0] = shift->winner_topic[0];
    summary->topic[1] = shift->winner_topic[1];
  }
  if (!crow_audit_shift_changes(shift, summary->prompts)) return;
  summary->changed++;
  if (summary->changed == 1 || eps < summary->closest) summary->closest = eps;
}

void crow_audit_summarise(const crow_audit_result *result, crow_audit_summary *standard, crow_audit_summary *weighted) {
  *standard = (crow_audit_summary){
      .prompts = result->prompts, .redraws = result->redraws, .noise = result->standard, .complete = result->complete};
  *weighted = *standard;
  weighted->noise = result->weighted;
  for (int64_t t = 0; t < result->tests; t++) {
    add_test(standard, result->test[t].eps, &result->test[t].standard);
    add_test(weighted, result->test[t].eps, &result->test[t].weighted);
  }
}

static crow_audit_summary topic_summary(const crow_audit_comparison *c, const crow_audit_shift *shift,
                                        const crow_audit_noise *noise) {
  return (crow_audit_summary){.tests = 1,
                              .prompts = 1,
                              .redraws = c->redraws,
                              .noise = *noise,
                              .complete = c->complete,
                              .changed = shift->topic_changed,
                              .winners = shift->topic_changed,
                              .largest = shift->largest,
                              .from = shift->winner_topic[0],
                              .to = shift->winner_topic[1]};
}

void crow_audit_summarise_comparison(const crow_audit_comparison *comparison, crow_audit_summary *standard,
                                     crow_audit_summary *weighted) {
  *standard = topic_summary(comparison, &comparison->standard, &comparison->standard_noise);
  *weighted = topic_summary(comparison, &comparison->weighted, &comparison->weighted_noise);
}

bool crow_audit_summary_is_chance(const crow_audit_summary *s) {
  if (!s->redraws || s->largest > s->noise.largest) return false;
  return s->prompts > 1 ? s->most_prompts <= s->noise.most_prompts && (!s->changed || s->noise.changed)
                        : !s->changed || s->noise.changed;
}

crow_audit_verdict crow_audit_judge(const crow_audit_summary *standard, const crow_audit_summary *weighted) {
  const bool chance[2] = {crow_audit_summary_is_chance(standard), crow_audit_summary_is_chance(weighted)};
  if (chance[0] && chance[1]) return CROW_AUDIT_CHANCE_BOTH;
  if (chance[0]) return weighted->changed ? CROW_AUDIT_BEYOND_CHANGES_WEIGHTED : CROW_AUDIT_BEYOND_SHIFTS_WEIGHTED;
  if (chance[1]) return standard->changed ? CROW_AUDIT_BEYOND_CHANGES_STANDARD : CROW_AUDIT_BEYOND_SHIFTS_STANDARD;
  if (standard->changed && weighted->changed) {
    return standard->closest < weighted->closest ? CROW_AUDIT_CHANGES_FARTHER : CROW_AUDIT_CHANGES_BOTH;
  }
  if (standard->changed) return CROW_AUDIT_CHANGES_STANDARD;
  if (weighted->changed) return CROW_AUDIT_CHANGES_WEIGHTED;
  if (standard->largest > 2 * weighted->largest && standard->largest > SMALL) return CROW_AUDIT_SHIFTS_STANDARD;
  if (weighted->largest > 2 * standard->largest && weighted->largest > SMALL) return CROW_AUDIT_SHIFTS_WEIGHTED;
  return CROW_AUDIT_SHIFTS_ALIKE;
}
