/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/audit_impl.h"
#include <math.h>

/* Shifts that are so small are the same as none for any reader. */
#define SMALL 1e-4

static void say(crow_run *run, const char *method, const crow_audit_summary *s) {
  if (s->changed == 0) {
    crow_print(run, "%s fit: keeps its winner%s; largest shift of a reward %.4g", method,
               s->tests > 1 ? " in all tests" : "", s->largest);
  } else if (s->tests == 1) {
    crow_print(run, "%s fit: the winner changes from %s to %s; largest shift of a reward %.4g", method, s->from, s->to,
               s->largest);
  } else {
    crow_print(
        run,
        "%s fit: the winner changes in %lld of %lld tests, from %s to %s, by clones as close as %g; largest shift "
        "of a reward %.4g",
        method, (long long)s->changed, (long long)s->tests, s->from, s->to, s->closest, s->largest);
  }
}

/* Whether redrawn comparisons without a clone do as much: shifts as large, and another winner where clones make one. */
static bool is_chance(const crow_audit_summary *s) {
  return s->redraws && s->largest <= s->noise.largest && (!s->changed || s->noise.changed);
}

static void say_chance(crow_run *run, const char *method, const crow_audit_summary *s) {
  if (s->redraws == 0) return;
  crow_print(run,
             "%s fit, comparisons redrawn %lld time%s without clones: largest shift %.4g (at most %.4g), the winner "
             "changes in %lld; clones do %s than that",
             method, (long long)s->redraws, crow_plural(s->redraws), s->noise.typical, s->noise.largest,
             (long long)s->noise.changed, is_chance(s) ? "no more" : "more");
}

/* What is to be said before the verdict proper. */
static const char *caution(const crow_audit_summary *standard, const crow_audit_summary *weighted) {
  if (is_chance(standard) && is_chance(weighted)) {
    return "clones do no more than redrawing the comparisons alone does, to either fit; as far as these comparisons "
           "tell, ";
  }
  if (is_chance(standard)) return "to the standard fit clones do no more than redrawing the comparisons alone does; ";
  if (is_chance(weighted)) return "to the weighted fit clones do no more than redrawing the comparisons alone does; ";
  return "";
}

static const char *judge(const crow_audit_summary *standard, const crow_audit_summary *weighted) {
  if (standard->changed && !weighted->changed) {
    return "clones change the winner of the standard fit, and not that of the weighted fit";
  }
  if (standard->changed && weighted->changed && standard->closest < weighted->closest) {
    return "clones change the winner of the standard fit, and that of the weighted fit only if they are farther off";
  }
  if (standard->changed && weighted->changed) {
    return "clones change the winner of both fits: the contexts do not show the weights who is a clone of whom, or the "
           "comparisons are too few; crow cluster pools those of close alternatives";
  }
  if (weighted->changed) return "clones change the winner of the weighted fit, and not that of the standard fit";
  if (standard->largest > 2 * weighted->largest && standard->largest > SMALL) {
    return "clones change no winner, but shift the rewards of the standard fit more than those of the weighted fit";
  }
  if (weighted->largest > 2 * standard->largest && weighted->largest > SMALL) {
    return "clones change no winner, but shift the rewards of the weighted fit more than those of the standard fit";
  }
  return "clones change no winner, and shift the rewards of both fits about alike";
}

void crow_audit_print_verdict(crow_run *run, const crow_audit_summary *standard, const crow_audit_summary *weighted) {
  char ratio[64] = "", verdict[512];
  crow_print(run, "%s", "");
  say(run, "standard", standard);
  say(run, "weighted", weighted);
  say_chance(run, "standard", standard);
  say_chance(run, "weighted", weighted);
  (void)snprintf(verdict, sizeof verdict, "%s%s", caution(standard, weighted), judge(standard, weighted));
  if (weighted->largest > 0 && standard->largest > 2 * weighted->largest) {
    (void)snprintf(ratio, sizeof ratio, " (shifts: %.3g to 1)", standard->largest / weighted->largest);
  }
  crow_print(run, "verdict: %s%s", verdict, ratio);
  crow_report_text(run, "verdict", verdict);
  crow_report_bool(run, "standard_winner_changes", standard->changed > 0);
  crow_report_bool(run, "weighted_winner_changes", weighted->changed > 0);
  crow_report_real(run, "standard_largest_shift", standard->largest);
  crow_report_real(run, "weighted_largest_shift", weighted->largest);
}
