/* SPDX-License-Identifier: Apache-2.0 */
/* Scores become comparisons of every two of a group, and comparisons are kept in blocks that never move. */
#include "harness.h"

#include "import/import_impl.h"

typedef struct expected_pair {
  int32_t first, second;
  double outcome;
} expected_pair;

static crow_status add(crow_import_scores *scores, const char *group, int32_t alternative, double score) {
  const crow_import_scored row = {.score = score, .line = scores->count + 2, .alternative = alternative};
  return crow_import_scores_add(scores, group, &row);
}

/* Groups in the order of their first rows, pairs in the order of rows. */
static void every_two_of_a_group_are_compared(void) {
  static const struct {
    const char *group;
    double score;
  } rows[] = {{"b", 1}, {"a", 5}, {"b", 3}, {"b", 1}, {"c", 0}, {"a", 5.25}, {"b", 2.5}};
  static const expected_pair expected[3][7] = {
      {{0, 2, 0}, {0, 3, .5}, {0, 6, 0}, {2, 3, 1}, {2, 6, 1}, {3, 6, 0}, {1, 5, 0}},
      {{0, 2, 0}, {0, 3, .5}, {0, 6, 0}, {2, 3, 1}, {2, 6, 1}, {3, 6, 0}, {1, 5, 0}}, /* less than .25 apart: none */
      {{0, 2, 0}, {0, 3, .5}, {0, 6, 0}, {2, 3, 1}, {2, 6, .5}, {3, 6, 0}, {1, 5, .5}}};
  static const double ties[3] = {0, .25, .75};
  for (int t = 0; t < 3; t++) {
    const crow_import_rules rules = {.score_tie = ties[t]};
    crow_import_scores scores = {0};
    crow_import_comparisons out = {0};
    for (int32_t k = 0; k < 7; k++) CHECK_OK(add(&scores, rows[k].group, k, rows[k].score));
    CHECK(scores.count == 7 && scores.groups.count == 3);
    CHECK_OK(crow_import_scores_pair(&scores, NULL, &rules, &out, NULL));
    CHECK(out.count == 7 && out.ties == (t == 2 ? 3 : 1) && out.dropped == 0 && out.both_bad == 0);
    CHECK(out.head && out.head == out.tail && out.head->count == 7 && !out.head->next);
    for (int k = 0; k < 7 && out.head; k++) {
      const expected_pair *e = &expected[t][k];
      CHECK(out.head->first[k] == e->first && out.head->second[k] == e->second);
      CHECK(out.head->outcome[k] == e->outcome && out.head->judgements[k] == 1);
    }
    crow_import_comparisons_free(&out);
    crow_import_scores_free(&scores);
    CHECK(!scores.row && scores.count == 0);
  }
}

static void none_and_one_make_none(void) {
  const crow_import_rules rules = {0};
  for (int count = 0; count <= 1; count++) {
    crow_import_scores scores = {0};
    crow_import_comparisons out = {0};
    if (count) CHECK_OK(add(&scores, "only", 0, 1));
    CHECK_OK(crow_import_scores_pair(&scores, NULL, &rules, &out, NULL));
    CHECK(out.count == 0 && !out.head);
    crow_import_scores_free(&scores);
  }
}

/* 63247 of one group make 2000059881 pairs, and two groups of 44723 and one of 9 make 2000061042 between them. */
static void too_many_pairs_are_refused(void) {
  static const int32_t sizes[2][3] = {{63247, 0, 0}, {44723, 44723, 9}};
  const crow_import_rules rules = {0};
  for (int turn = 0; turn < 2; turn++) {
    crow_import_scores scores = {0};
    crow_import_comparisons out = {0};
    for (int g = 0; g < 3; g++) {
      const char name[2] = {(char)('a' + g), 0};
      for (int32_t k = 0; k < sizes[turn][g]; k++) CHECK_OK(add(&scores, name, k, k));
    }
    CHECK_STATUS(crow_import_scores_pair(&scores, NULL, &rules, &out, NULL), CROW_BAD_INPUT);
    CHECK_MESSAGE("2e+09 pairs of responses with the same prompt, expected at most 2e+09");
    CHECK(out.count == 0 && !out.head);
    crow_import_scores_free(&scores);
  }
}

static void labels_are_those_of_the_pair(void) {
  const crow_import_rules rules = {.keep_count = 2, .keep = {"one", "other"}};
  crow_import_scores scores = {0};
  crow_import_comparisons out = {.keep_count = 2};
  for (int32_t k = 0; k < 4; k++) {
    const crow_import_scored row = {.score = k, .line = k + 2, .alternative = k, .label = {10 + k / 2, 20 + k / 2}};
    CHECK_OK(crow_import_scores_add(&scores, k / 2 ? "b" : "a", &row));
  }
  CHECK_OK(crow_import_scores_pair(&scores, NULL, &rules, &out, NULL));
  CHECK(out.count == 2 && out.head);
  for (int k = 0; k < 4 && out.head; k++) CHECK(out.head->label[k] == 10 * (k % 2 + 1) + k / 2);
  crow_import_comparisons_free(&out);
  crow_import_scores_free(&scores);
}

/* A block holds 2^16; the next one begins with the next. */
static void comparisons_are_kept_in_blocks(void) {
  const crow_import_rules rules = {0};
  crow_import_comparisons out = {.keep_count = 1};
  for (int64_t k = 0; k < CROW_IMPORT_BLOCK + 1; k++) {
    const crow_import_pair pair = {
        .first = k, .second = 2 * k, .outcome = (double)(k % 2), .judgements = k + 1, .label = {(int32_t)(3 * k)}};
    CHECK_OK(crow_import_append(&rules, &pair, &out));
    if (k < CROW_IMPORT_BLOCK) CHECK(out.head == out.tail && out.tail->count == k + 1);
  }
  CHECK(out.count == CROW_IMPORT_BLOCK + 1 && out.head->next == out.tail && !out.tail->next);
  CHECK(out.head->count == CROW_IMPORT_BLOCK && out.tail->count == 1);
  int64_t wrong = 0;
  for (int64_t k = 0; k <= CROW_IMPORT_BLOCK; k++) {
    const crow_import_block *block = k < CROW_IMPORT_BLOCK ? out.head : out.tail;
    const int64_t at = k % CROW_IMPORT_BLOCK;
    wrong += block->first[at] != k || block->second[at] != 2 * k || block->outcome[at] != (double)(k % 2);
    wrong += block->judgements[at] != k + 1 || block->label[at] != 3 * k;
  }
  CHECK(wrong == 0);
  crow_import_comparisons_free(&out);
  CHECK(!out.head && !out.tail);
}

static void ties_are_counted_and_dropped(void) {
  for (int turn = 0; turn < 4; turn++) {
    const crow_import_rules rules = {.drop_ties = turn % 2, .drop_bad = turn / 2};
    crow_import_comparisons out = {0};
    for (int k = 0; k < 6; k++) { /* two wins, three ties, of which one of two bad ones, and a loss of bad ones */
      const crow_import_pair pair = {.second = 1,
                                     .outcome = k < 2   ? 1
                                                : k < 5 ? .5
                                                        : 0,
                                     .both_bad = k >= 4,
                                     .judgements = 1};
      CHECK_OK(crow_import_append(&rules, &pair, &out));
    }
    static const int64_t dropped[4] = {0, 3, 2, 4};
    CHECK(out.ties == 3 && out.both_bad == 2 && out.dropped == dropped[turn] && out.count == 6 - dropped[turn]);
    crow_import_comparisons_free(&out);
  }
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {{"every two of a group are compared", every_two_of_a_group_are_compared},
                                    {"none and one make none", none_and_one_make_none},
                                    {"too many pairs are refused", too_many_pairs_are_refused},
                                    {"labels are those of the pair", labels_are_those_of_the_pair},
                                    {"comparisons are kept in blocks", comparisons_are_kept_in_blocks},
                                    {"ties are counted and dropped", ties_are_counted_and_dropped},
                                    {NULL, NULL}};
  return crow_test_main(argc, argv, "scores of an import", tests, false);
}
