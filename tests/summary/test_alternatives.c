/* SPDX-License-Identifier: Apache-2.0 */
/* Alternatives of two results side by side where ids are repeated, missing, or of near-duplicates. */
#include "write_file.h"

#include <stdlib.h>

enum { M = 6, WIDTH = 4 };

typedef struct result {
  const char *name, *ids;
  double reward[M];
  const int32_t *near;
  bool intervals, topics;
} result;

static void write_dataset(const result *r) {
  static const double context[M] = {0, 1, 2, 3, 4, 5}, outcome[1] = {1};
  static const int32_t first[1] = {0}, second[1] = {1};
  crow_file *file = NULL;
  CHECK_OK(crow_file_create(test_comm, test_path("dataset.h5"), "dataset", true, &file));
  write_rows(file, "/alternatives/context", CROW_F64, M, 1, context);
  if (r->ids) write_texts(file, "/alternatives/id", M, WIDTH, r->ids);
  if (r->topics) write_texts(file, "/alternatives/topic", M, WIDTH, "t0\0\0t1\0\0t0\0\0t1\0\0t0\0\0t1\0");
  write_rows(file, "/comparisons/first", CROW_I32, 1, 0, first);
  write_rows(file, "/comparisons/second", CROW_I32, 1, 0, second);
  write_rows(file, "/comparisons/outcome", CROW_F64, 1, 0, outcome);
  CHECK_OK(crow_file_finish(&file));
}

static void add_result(result *r, crow_comparison *comparison) {
  static double weight[M] = {.1, .1, .2, .2, .2, .2};
  double lower[M], upper[M];
  int64_t rank[M];
  crow_dataset dataset = {0};
  crow_provenance *provenance = NULL;
  for (int k = 0; k < M; k++) {
    lower[k] = r->reward[k] - .5;
    upper[k] = r->reward[k] + .25;
    rank[k] = 1;
  }
  write_dataset(r);
  CHECK_OK(crow_dataset_open(test_comm, test_path("dataset.h5"), true, &dataset));
  CHECK_OK(crow_provenance_create(test_comm, "test", &provenance));
  crow_rewards rewards = {.partition = crow_comm_partition(test_comm, M, CROW_BLOCK),
                          .value = r->reward,
                          .weight = weight,
                          .win_rate = weight,
                          .fitted_win_rate = weight,
                          .lambda = .25,
                          .pair_scale = 1,
                          .near = (int32_t *)(uintptr_t)r->near};
  if (r->intervals)
    rewards.uncertainty =
        (crow_uncertainty){.replicates = 20, .lower = lower, .upper = upper, .rank_lower = rank, .rank_upper = rank};
  CHECK_OK(crow_rewards_write(test_comm, test_path(r->name), true, &rewards, &dataset, provenance));
  crow_provenance_destroy(&provenance);
  crow_dataset_close(&dataset);
  CHECK_OK(crow_comparison_add(test_comm, test_path(r->name), comparison));
}

typedef struct cell {
  int64_t rank; /* 0: not there */
  double reward;
  bool interval;
} cell;

static void expect_cell(const crow_comparison_cell *found, const cell *expected) {
  CHECK(found->there == (expected->rank > 0) && found->rank == expected->rank);
  if (!expected->rank) return;
  CHECK_NEAR(found->reward, expected->reward, 0);
  CHECK(isnan(found->lower) == !expected->interval && isnan(found->upper) == !expected->interval);
  if (expected->interval) CHECK_NEAR(found->lower, expected->reward - .5, 0);
  if (expected->interval) CHECK_NEAR(found->upper, expected->reward + .25, 0);
}

/* "x" stands twice among the chosen, "y" twice in the first result: nobody knows which is which. */
static void repeated_ids_are_of_nobody(void) {
  static const int32_t near[M] = {0, 2, 1, 1, 0, 2};
  result first = {.name = "first.h5",
                  .ids = "x\0\0\0y\0\0\0y\0\0\0z\0\0\0w\0\0\0v\0\0",
                  .reward = {6, 5, 4, 3, 2, 1},
                  .intervals = true};
  result last = {.name = "last.h5",
                 .ids = "w\0\0\0x\0\0\0y\0\0\0u\0\0\0x\0\0\0z\0\0",
                 .reward = {1, 10, 8, 5, 9, 2},
                 .near = near,
                 .topics = true};
  static const struct {
    const char *id, *topic;
    cell cells[2];
    int64_t near;
  } expected[5] = {{"x", "t1", {{0}, {1, 10, false}}, 2},
                   {"x", "t0", {{0}, {2, 9, false}}, 0},
                   {"y", "t0", {{0}, {3, 8, false}}, 1},
                   {"z", "t1", {{4, 3, true}, {5, 2, false}}, 2},
                   {"w", "t0", {{5, 2, true}, {6, 1, false}}, 0}};
  crow_comparison c = {0};
  crow_comparison_alternatives found;
  add_result(&first, &c);
  add_result(&last, &c);
  CHECK_OK(crow_comparison_alternatives_create_ends(&c, 3, 2, &found)); /* all but "u" */
  CHECK(found.rows == 5 && found.has_topic);
  for (int64_t row = 0; row < 5; row++) {
    CHECK(strcmp(found.id[row], expected[row].id) == 0 && strcmp(found.topic[row], expected[row].topic) == 0);
    for (int k = 0; k < 2; k++) expect_cell(&found.cell[2 * row + k], &expected[row].cells[k]);
    CHECK(found.near && found.near[row] == expected[row].near);
  }
  crow_comparison_alternatives_free(&found);
  CHECK(!found.id && !found.cell && found.rows == 0);
  CHECK_STATUS(crow_comparison_alternatives_create(&c, 0, &found), CROW_BAD_INPUT);
  CHECK_MESSAGE("first.h5: /alternatives/id: \"y\" stands there 2 times, expected once");
  crow_comparison_alternatives_free(&found);
  crow_comparison_close(&c);
}

/* Without ids rows are the names; intervals of the last alone; nothing of near-duplicates. */
static void rows_are_names_where_there_are_no_ids(void) {
  result first = {.name = "first.h5", .reward = {6, 5, 4, 3, 2, 1}};
  result last = {.name = "last.h5", .reward = {1, 2, 3, 4, 5, 6}, .intervals = true};
  crow_comparison c = {0};
  crow_comparison_alternatives found;
  add_result(&first, &c);
  add_result(&last, &c);
  for (int strict = 0; strict <= 1; strict++) {
    for (int64_t best = 1; best <= 7; best += 2) {
      const int64_t rows = best < M ? best : M;
      if (!strict) CHECK_OK(crow_comparison_alternatives_create_ends(&c, rows, 0, &found));
      if (strict) CHECK_OK(crow_comparison_alternatives_create(&c, best, &found));
      CHECK(found.rows == rows && !found.has_topic);
      for (int64_t row = 0; row < found.rows; row++) {
        CHECK(atoll(found.id[row]) == M - 1 - row && found.near[row] == 0);
        expect_cell(&found.cell[2 * row], &(cell){M - row, (double)(row + 1), false});
        expect_cell(&found.cell[2 * row + 1], &(cell){row + 1, (double)(M - row), true});
      }
      crow_comparison_alternatives_free(&found);
    }
  }
  crow_comparison_close(&c);
}

/* An id that stands twice among a result's rows is an error wherever it is in the order of names: the only one that is
 * shown, the last or the first of them. */
static void every_shown_id_stands_once(void) {
  static const struct {
    const char *first;
    int64_t shown;
    const char *message; /* NULL: none */
  } cases[] = {{"z\0\0\0y\0\0\0z\0\0\0w\0\0\0v\0\0\0u\0\0", 1, "\"z\" stands there 2 times"},
               {"z\0\0\0y\0\0\0z\0\0\0w\0\0\0v\0\0\0z\0\0", 3, "\"z\" stands there 3 times"},
               {"x\0\0\0y\0\0\0z\0\0\0x\0\0\0v\0\0\0u\0\0", 3, "\"x\" stands there 2 times"},
               {"x\0\0\0y\0\0\0z\0\0\0x\0\0\0v\0\0\0u\0\0", 2, NULL}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    result first = {.name = "first.h5", .ids = cases[k].first, .reward = {6, 5, 4, 3, 2, 1}};
    result last = {.name = "last.h5", .ids = "z\0\0\0y\0\0\0x\0\0\0u\0\0\0v\0\0\0w\0\0", .reward = {6, 5, 4, 3, 2, 1}};
    crow_comparison c = {0};
    crow_comparison_alternatives found;
    add_result(&first, &c);
    add_result(&last, &c);
    const crow_status status = crow_comparison_alternatives_create(&c, cases[k].shown, &found);
    CHECK(status == (cases[k].message ? CROW_BAD_INPUT : CROW_OK));
    if (cases[k].message) CHECK_MESSAGE(cases[k].message);
    crow_comparison_alternatives_free(&found);
    crow_comparison_close(&c);
  }
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {{"repeated ids are of nobody", repeated_ids_are_of_nobody},
                                    {"rows are names where there are no ids", rows_are_names_where_there_are_no_ids},
                                    {"every shown id stands once", every_shown_id_stands_once},
                                    {NULL, NULL}};
  return crow_test_main(argc, argv, "alternatives of several results", tests, true);
}
