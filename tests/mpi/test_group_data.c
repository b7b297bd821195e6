/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of the data that groups of ranks work on, against the whole. */
#include "harness.h"

#include "tasks/rank_groups_impl.h"

#include <stdlib.h>

enum { M = 1300, PAIRS = 2700 };

/* As many groups as there are ranks, or halves; or one, whose copies are in the same slices as the data. */
static crow_rank_groups groups_of(int count) {
  crow_rank_groups g = {.all = test_comm, .count = count};
  const crow_partition shares = crow_partition_make(crow_comm_size(test_comm), 1, count, 0);
  g.index = crow_partition_owner(&shares, crow_comm_rank(test_comm));
  CHECK_OK(crow_comm_split(test_comm, g.index, crow_comm_rank(test_comm), &g.own));
  g.mine = g.own;
  return g;
}

static double value_at(int64_t i) { return (double)(i * 7 % 1009) / 8; }

static void check_weights(const crow_rank_groups *g, bool shares) {
  static int32_t prompt[M];
  const crow_partition p = crow_comm_partition(test_comm, M, CROW_BLOCK);
  crow_weights from = {.partition = p, .samples = 77, .zeros = 5, .effective = 12.5, .prompts = 2, .prompt = prompt},
               to = {0};
  double value[M], share[M];
  for (crow_gidx i = 0; i < p.count; i++) {
    value[i] = value_at(p.begin + i);
    share[i] = value_at(p.begin + i) + 1;
  }
  from.value = value;
  from.share = shares ? share : NULL;
  CHECK_OK(crow_rank_groups_weights(g, &from, &to));
  CHECK(to.partition.global == M && to.partition.size == crow_comm_size(g->mine));
  CHECK(to.samples == 77 && to.zeros == 5 && to.effective == 12.5 && to.prompts == 2 && to.prompt == prompt);
  CHECK((to.share != NULL) == shares);
  for (crow_gidx i = 0; i < to.partition.count; i++) {
    CHECK(to.value[i] == value_at(to.partition.begin + i));
    if (to.share) CHECK(to.share[i] == value_at(to.partition.begin + i) + 1);
  }
  crow_weights_free(&to);
}

/* Pair k has k % 4 judgements, the j-th of them comparison 10 k + j. */
static int64_t judgements_before(int64_t k) { return k / 4 * 6 + (k % 4) * (k % 4 - 1) / 2; }

static void check_pairs(const crow_rank_groups *g, bool counts) {
  const crow_partition p = crow_comm_partition(test_comm, PAIRS, CROW_BLOCK);
  static int32_t first[PAIRS], second[PAIRS];
  static double share[PAIRS], outcome[4 * PAIRS];
  static uint32_t judged[PAIRS];
  static int64_t begin[PAIRS + 1], count[4 * PAIRS];
  static crow_gidx comparison[4 * PAIRS];
  int64_t at = 0;
  for (crow_gidx i = 0; i < p.count; i++) {
    const int64_t k = p.begin + i;
    first[i] = (int32_t)(k % M);
    second[i] = (int32_t)(k % (M - 1));
    share[i] = value_at(k) / 200;
    judged[i] = (uint32_t)(k % 4);
    begin[i] = at;
    for (int64_t j = 0; j < k % 4; j++, at++) {
      comparison[at] = 10 * k + j;
      outcome[at] = value_at(10 * k + j);
      count[at] = k + j;
    }
  }
  begin[p.count] = at;
  const crow_pairs pairs = {.partition = p, .first = first, .second = second, .share = share, .judgements = judged};
  const crow_judgements judgements = {.global = judgements_before(PAIRS),
                                      .begin = begin,
                                      .comparison = comparison,
                                      .outcome = outcome,
                                      .count = counts ? count : NULL};
  crow_pairs to = {0};
  crow_judgements own = {0};
  CHECK_OK(crow_rank_groups_pairs(g, &pairs, &to));
  CHECK_OK(crow_rank_groups_judgements(g, &pairs, &judgements, &to, &own));
  CHECK(to.partition.global == PAIRS && own.global == judgements_before(PAIRS));
  CHECK((own.count != NULL) == (counts && own.begin[to.partition.count] > 0));
  const int64_t offset = judgements_before(to.partition.begin);
  int64_t wrong = 0;
  for (crow_gidx i = 0; i <= to.partition.count; i++) {
    wrong += own.begin[i] != judgements_before(to.partition.begin + i) - offset;
  }
  for (crow_gidx i = 0; i < to.partition.count; i++) {
    const int64_t k = to.partition.begin + i;
    wrong += to.first[i] != k % M || to.second[i] != k % (M - 1) || to.share[i] != value_at(k) / 200;
    wrong += to.judgements[i] != k % 4;
    for (int64_t j = 0; j < k % 4 && wrong == 0; j++) {
      const int64_t place = own.begin[i] + j;
      wrong += own.comparison[place] != 10 * k + j || own.outcome[place] != value_at(10 * k + j);
      if (own.count) wrong += own.count[place] != k + j;
    }
  }
  CHECK(wrong == 0);
  crow_pairs_free(&to);
  crow_judgements_free(&own);
}

static void groups_have_the_whole_between_them(void) {
  const int size = crow_comm_size(test_comm);
  for (int count = 1; count <= size; count++) {
    crow_rank_groups g = groups_of(count);
    for (int more = 0; more <= 1; more++) {
      check_weights(&g, more);
      check_pairs(&g, more);
    }
    crow_rank_groups_free(&g);
  }
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {{"groups have the whole between them", groups_have_the_whole_between_them},
                                    {NULL, NULL}};
  return crow_test_main(argc, argv, "data of groups", tests, true);
}
