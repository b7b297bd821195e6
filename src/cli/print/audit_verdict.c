/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/print/audit_impl.h"
#include <string.h>

static const char *const verdicts[] = {
    [CROW_AUDIT_CHANCE_BOTH] =
        "clones do no more than redrawing the comparisons alone does, to either fit: these comparisons do not tell "
        "whether clones distort the rewards",
    [CROW_AUDIT_CHANGES_STANDARD] = "clones change the winner of the standard fit, and not that of the weighted fit",
    [CROW_AUDIT_CHANGES_WEIGHTED] = "clones change the winner of the weighted fit, and not that of the standard fit",
    [CROW_AUDIT_CHANGES_FARTHER] = "clones change the winner of the standard fit; that of the weighted fit changes "
                                   "only with clones that are farther "
                                   "from their originals",
    [CROW_AUDIT_CHANGES_BOTH] =
        "clones change the winner of both fits: the contexts do not show the weights who is a clone of whom, or the "
        "comparisons are too few; crow cluster pools those of close alternatives",
    [CROW_AUDIT_BEYOND_CHANGES_STANDARD] =
        "clones change the winner of the standard fit, and do no more to the weighted fit than redrawing the "
        "comparisons alone does",
    [CROW_AUDIT_BEYOND_CHANGES_WEIGHTED] =
        "clones change the winner of the weighted fit, and do no more to the standard fit than redrawing the "
        "comparisons alone does",
    [CROW_AUDIT_BEYOND_SHIFTS_STANDARD] =
        "clones shift the rewards of the standard fit by more than redrawing the comparisons alone does, and those of "
        "the weighted fit by no more; the standard fit keeps its winner",
    [CROW_AUDIT_BEYOND_SHIFTS_WEIGHTED] =
        "clones shift the rewards of the weighted fit by more than redrawing the comparisons alone does, and those of "
        "the standard fit by no more; the weighted fit keeps its winner",
    [CROW_AUDIT_SHIFTS_STANDARD] =
        "clones change no winner, but shift the rewards of the standard fit more than those of the weighted fit",
    [CROW_AUDIT_SHIFTS_WEIGHTED] =
        "clones change no winner, but shift the rewards of the weighted fit more than those of the standard fit",
    [CROW_AUDIT_SHIFTS_ALIKE] = "clones change no winner, and shift the rewards of both fits about alike"};

/* ", the winner changes in 3 of 6 tests (A to B)"; of one test "the winner changes from A to B". */
static void append_change(const crow_audit_summary *s, const char *what, int64_t changed, const char *from,
                          const char *to, char *text, size_t bytes) {
  const size_t used = strlen(text);
  const char *comma = used ? ", " : "";
  if (s->tests == 1 && changed) {
    (void)snprintf(text + used, bytes - used, "%s%s changes from %s to %s", comma, what, from, to);
  } else if (s->tests == 1) {
    (void)snprintf(text + used, bytes - used, "%s%s is kept", comma, what);
  } else {
    (void)snprintf(text + used, bytes - used, "%s%s changes in %lld of %lld tests", comma, what, (long long)changed,
                   (long long)s->tests);
    const size_t more = strlen(text);
    if (changed) (void)snprintf(text + more, bytes - more, " (%s to %s)", from, to);
  }
}

/* What of the winners changed, in how many prompts or tests. */
static void say_changes(const crow_audit_summary *s, char *text, size_t bytes) {
  *text = 0;
  if (s->prompts > 1) {
    (void)snprintf(text, bytes, "the winner changes in %s%lld of %lld prompts", s->changed > 1 ? "up to " : "",
                   (long long)s->most_prompts, (long long)s->prompts);
    const size_t used = strlen(text);
    if (s->tests > 1)
      (void)snprintf(text + used, bytes - used, " in %lld of %lld tests", (long long)s->changed, (long long)s->tests);
    return;
  }
  if (s->by_topic) append_change(s, "the winning topic", s->topics, s->topic[0], s->topic[1], text, bytes);
  append_change(s, "the winner", s->winners, s->from, s->to, text, bytes);
}

static void say(crow_run *run, const char *method, const crow_audit_summary *s) {
  char changes[4 * CROW_AUDIT_NAME + 160], closest[64] = "";
  if (s->changed == 0) {
    crow_print(run, "%s fit: keeps its winner%s%s; largest shift of a reward %.3g", method,
               s->prompts > 1 ? " of every prompt" : "", s->tests > 1 ? " in all tests" : "", s->largest);
    return;
  }
  say_changes(s, changes, sizeof changes);
  if (s->tests > 1) (void)snprintf(closest, sizeof closest, ", by clones as close as %g", s->closest);
  crow_print(run, "%s fit: %s%s; largest shift of a reward %.3g", method, changes, closest, s->largest);
}

static void say_chance(crow_run *run, const char *method, const crow_audit_summary *s) {
  char more[96] = "";
  if (s->redraws == 0) return;
  if (s->by_topic) (void)snprintf(more, sizeof more, ", the winning topic in %lld", (long long)s->noise.topics);
  if (s->prompts > 1) {
    (void)snprintf(more, sizeof more, " (of %.3g prompts in the mean, of %lld at most)", s->noise.prompts,
                   (long long)s->noise.most_prompts);
  }
  crow_print(run,
             "%s fit, comparisons redrawn %lld time%s without clones: largest shift %.3g in the median (at most %.3g), "
             "the winner "
             "changes in %lld%s; clones do %s than that",
             method, (long long)s->redraws, crow_plural(s->redraws), s->noise.typical, s->noise.largest,
             (long long)s->noise.winners, more, crow_audit_summary_is_chance(s) ? "no more" : "more");
}

void crow_audit_print_verdict(crow_run *run, const crow_audit_summary *standard, const crow_audit_summary *weighted) {
  char ratio[64] = "";
  const char *verdict = verdicts[crow_audit_judge(standard, weighted)];
  const bool chance = crow_audit_summary_is_chance(standard) || crow_audit_summary_is_chance(weighted);
  crow_print(run, "%s", "");
  say(run, "standard", standard);
  say(run, "weighted", weighted);
  say_chance(run, "standard", standard);
  say_chance(run, "weighted", weighted);
  if (standard->redraws == 0) {
    crow_print(run, "%s",
               standard->complete ? "no baseline is needed: preferences are complete, so none of these shifts is chance"
                                  : "no baseline (--redraws 0): how much of these shifts is chance is not known");
  }
  if (!chance && weighted->largest > 0 && standard->largest > 2 * weighted->largest) {
    (void)snprintf(ratio, sizeof ratio, " (shifts: %.3g to 1)", standard->largest / weighted->largest);
  }
  crow_print(run, "verdict: %s%s", verdict, ratio);
  crow_report_text(run, "verdict", verdict);
  crow_report_bool(run, "standard_winner_changes", standard->changed > 0);
  crow_report_bool(run, "weighted_winner_changes", weighted->changed > 0);
  crow_report_real(run, "standard_largest_shift", standard->largest);
  crow_report_real(run, "weighted_largest_shift", weighted->largest);
  if (standard->redraws == 0) return;
  crow_report_bool(run, "standard_within_chance", crow_audit_summary_is_chance(standard));
  crow_report_bool(run, "weighted_within_chance", crow_audit_summary_is_chance(weighted));
}
