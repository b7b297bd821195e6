/* SPDX-License-Identifier: Apache-2.0 */
/* Scores and rankings become comparisons: every two alternatives of a group, which is a prompt. */
#include "base/grow_impl.h"
#include "import/import_impl.h"

#include <math.h>
#include <string.h>

/* The most comparisons that a file of scores may make: a group of k makes k (k - 1) / 2. */
#define PAIRS_MOST INT64_C(2000000000)

crow_status crow_import_scores_add(crow_import_scores *scores, const char *group, const crow_import_scored *row) {
  int64_t number = 0;
  bool added = false;
  CROW_NEED(crow_ids_add(&scores->groups, group, row->line, &number, &added));
  CROW_NEED(CROW_ARRAY_RESERVE(&scores->row, scores->count, &scores->room, scores->count + 1));
  scores->row[scores->count] = *row;
  scores->row[scores->count++].group = (int32_t)number;
  return CROW_OK;
}

/* Rows by group, in the order of the file within each: `begin` (groups + 1), `place` (count). */
static crow_status sort_rows(const crow_import_scores *scores, int64_t **begin, int64_t **place) {
  const int64_t groups = scores->groups.count;
  double pairs = 0;
  CROW_NEED(CROW_ALLOCATE(begin, groups + 2));
  CROW_NEED(CROW_ALLOCATE(place, scores->count));
  /* Counts two places on, so that filling moves each to where its group ends. */
  for (int64_t k = 0; k < scores->count; k++) (*begin)[scores->row[k].group + 2]++;
  for (int64_t g = 2; g < groups + 2; g++) {
    pairs += (double)(*begin)[g] * (double)((*begin)[g] - 1) / 2;
    (*begin)[g] += (*begin)[g - 1];
  }
  for (int64_t k = 0; k < scores->count; k++) (*place)[(*begin)[scores->row[k].group + 1]++] = k;
  if (pairs > (double)PAIRS_MOST) {
    return crow_error(CROW_BAD_INPUT,
                      "%.3g pairs of responses with the same prompt, expected at most %.3g; is "
                      "the column prompt what groups them?",
                      pairs, (double)PAIRS_MOST);
  }
  return CROW_OK;
}

/* Two alternatives of a group; kept columns must agree, since the comparison has one value of each. */
static bool check_pair(const crow_csv *csv, const crow_import_rules *rules, const crow_import_scored *one,
                       const crow_import_scored *other, crow_bad_lines *report) {
  if (one->alternative == other->alternative) {
    crow_bad_lines_add(report, crow_csv_name(csv), other->line,
                       "the same response twice in one prompt, as on line %lld, expected different ones",
                       (long long)one->line);
    return false;
  }
  for (int64_t k = 0; k < rules->keep_count; k++) {
    if (one->label[k] == other->label[k]) continue;
    crow_bad_lines_add(
        report, crow_csv_name(csv), other->line,
        "%.60s, which --keep names, differs from line %lld of the same prompt, expected one value for both",
        rules->keep[k], (long long)one->line);
    return false;
  }
  return true;
}

crow_status crow_import_scores_pair(const crow_import_scores *scores, const crow_csv *csv,
                                    const crow_import_rules *rules, crow_import_comparisons *out,
                                    crow_bad_lines *report) {
  crow_status status = CROW_OK;
  int64_t *begin = NULL, *place = NULL;
  CROW_TRY(sort_rows(scores, &begin, &place));
  for (int64_t g = 0; g < scores->groups.count; g++) {
    for (int64_t i = begin[g]; i < begin[g + 1]; i++) {
      for (int64_t j = i + 1; j < begin[g + 1]; j++) {
        const crow_import_scored *one = &scores->row[place[i]], *other = &scores->row[place[j]];
        if (!check_pair(csv, rules, one, other, report)) continue;
        const double lead = one->score - other->score;
        crow_import_pair pair = {.first = one->alternative, .second = other->alternative, .judgements = 1};
        pair.outcome = lead == 0 || fabs(lead) < rules->score_tie ? 0.5 : lead > 0;
        memcpy(pair.label, one->label, sizeof pair.label);
        CROW_TRY(crow_import_append(rules, &pair, out));
      }
    }
  }
cleanup:
  CROW_FREE(begin, place);
  return status;
}

void crow_import_scores_free(crow_import_scores *scores) {
  crow_ids_free(&scores->groups);
  crow_free(scores->row);
  *scores = (crow_import_scores){0};
}
