/* SPDX-License-Identifier: Apache-2.0 */
/* What a split takes of memory, what it may be asked for, and what it draws. */
#include "fixture.h"

enum { M = 6, Q = 1500, D = 3 };

static void open_dataset(bool prompts, crow_dataset *dataset) {
  static const char *const prompt[M] = {"a", "a", "b", "b", "c", "c"};
  static double context[M * D], outcome[Q];
  static int32_t first[Q], second[Q];
  for (int k = 0; k < M * D; k++) context[k] = k;
  for (int q = 0; q < Q; q++) {
    first[q] = q % M;
    second[q] = first[q] ^ 1; /* of the same prompt */
    outcome[q] = q % 2;
  }
  const test_dataset t = {.m = M,
                          .d = D,
                          .context = context,
                          .prompt = prompts ? prompt : NULL,
                          .q = Q,
                          .first = first,
                          .second = second,
                          .outcome = outcome};
  test_dataset_write(test_comm, test_path("dataset.h5"), &t);
  CHECK_OK(crow_dataset_open(test_comm, test_path("dataset.h5"), true, dataset));
}

static void ranges_are_those_that_are_told(void) {
  crow_split_options options;
  crow_settings_default(crow_split_settings, &options);
  CHECK(options.test == .2 && options.by == CROW_SPLIT_COMPARISON && options.seed == 1 && !options.test_output);
  static const struct {
    double test;
    int64_t seed;
    crow_status expected;
  } cases[] = {{1e-9, 0, CROW_OK},
               {9.9e-10, 1, CROW_USAGE},
               {1 - 1e-9, 9000000000000000, CROW_OK},
               {1 - 9e-10, 1, CROW_USAGE},
               {1, 1, CROW_USAGE},
               {.5, -1, CROW_USAGE},
               {0, 1, CROW_USAGE},
               {.5, 9000000000000001, CROW_USAGE}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    options.test = cases[k].test;
    options.seed = cases[k].seed;
    CHECK_STATUS(crow_settings_validate(crow_split_settings, &options), cases[k].expected);
  }
}

/* 50 bytes a comparison, and a slice of contexts: in full, or 64 MiB of them at a time. */
static void memory_is_that_of_two_copies(void) {
  static const struct {
    crow_gidx m;
    bool single;
    double pieces;
  } cases[] = {{1000, false, 1000. * D * 8},
               {1000, true, 1000. * D * 4},
               {(1 << 26) / (D * 8) + 1, false, 0x1p26},
               {(1 << 26) / (D * 8) - 1, false, ((1 << 26) / (D * 8) - 1.) * D * 8}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    const crow_split_options options = {.test = .25, .seed = 3};
    crow_dataset dataset = {0};
    crow_split split = {0};
    open_dataset(false, &dataset);
    dataset.alternatives = cases[k].m; /* as if it had so many */
    dataset.single = cases[k].single;
    const double bytes = 48 * 0x1p20 + 50. * Q + cases[k].pieces;
    CHECK_OK(crow_split_create(test_comm, &dataset, &options, bytes + 1, &split));
    crow_split_free(&split);
    CHECK(!split.first && !split.held);
    CHECK_STATUS(crow_split_create(test_comm, &dataset, &options, bytes - 1, &split), CROW_FAILED);
    CHECK_MESSAGE("the split of 1500 comparisons: ");
    crow_split_free(&split);
    crow_dataset_close(&dataset);
  }
}

/* One uniform number for each, below the chance; of alternatives and prompts either side is enough. */
static void what_is_drawn_is_held_out(void) {
  for (int by = CROW_SPLIT_COMPARISON; by <= CROW_SPLIT_PROMPT; by++) {
    const crow_split_options options = {.test = .3, .by = by, .seed = 5};
    crow_dataset dataset = {0};
    crow_split split = {0};
    int64_t held = 0, wrong = 0;
    open_dataset(true, &dataset);
    CHECK_OK(crow_split_create(test_comm, &dataset, &options, 0, &split));
    for (int q = 0; q < Q; q++) {
      const int64_t x = q % M, index[3][2] = {{q, q}, {x, x ^ 1}, {x / 2, x / 2}};
      double u[2];
      for (int k = 0; k < 2; k++) crow_random_uniform(5, CROW_STREAM_SPLIT, (uint64_t)index[by][k], &u[k], 1);
      wrong += split.held[q] != (u[0] < .3 || u[1] < .3);
      wrong += split.first[q] != x || split.second[q] != (x ^ 1) || split.outcome[q] != q % 2 || split.count[q] != 0;
      held += u[0] < .3 || u[1] < .3;
    }
    CHECK(wrong == 0 && split.test == held && split.train == Q - held && split.slice.count == Q);
    crow_split_free(&split);
    crow_dataset_close(&dataset);
  }
}

static void what_is_not_there_cannot_be_held_out(void) {
  const crow_split_options options = {.test = .3, .by = CROW_SPLIT_PROMPT, .seed = 5};
  crow_dataset dataset = {0};
  crow_split split = {0};
  open_dataset(false, &dataset);
  CHECK_STATUS(crow_split_create(test_comm, &dataset, &options, 0, &split), CROW_BAD_INPUT);
  CHECK_MESSAGE("has no prompts to hold out: expected /alternatives/prompt");
  dataset.has_comparisons = false;
  CHECK_STATUS(crow_split_create(test_comm, &dataset, &options, 0, &split), CROW_BAD_INPUT);
  CHECK_MESSAGE("has no comparisons to hold out");
  CHECK(!split.held);
  crow_dataset_close(&dataset);
}

/* A side without comparisons is refused by its name. */
static void both_sides_have_some(void) {
  for (int side = 0; side < 2; side++) {
    crow_split_options options = {.test = side ? 1 - 1e-9 : 1e-9, .seed = 5};
    char held[300];
    (void)snprintf(held, sizeof held, "%s", test_path("held.h5"));
    options.test_output = held;
    crow_dataset dataset = {0};
    crow_split split = {0};
    open_dataset(false, &dataset);
    CHECK_OK(crow_split_create(test_comm, &dataset, &options, 0, &split));
    CHECK(split.test == (side ? Q : 0) && split.train == (side ? 0 : Q) && split.kept == 0);
    for (int q = 0; q < Q; q++) CHECK(split.held[q] == (side == 1));
    CHECK_STATUS(crow_split_write(test_comm, &split, &dataset, &options, test_path("train.h5"), false, NULL),
                 CROW_BAD_INPUT);
    CHECK_MESSAGE(side ? "train.h5: no comparison is left for it" : "held.h5: no comparison is left for it");
    crow_split_free(&split);
    crow_dataset_close(&dataset);
  }
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {{"ranges are those that are told", ranges_are_those_that_are_told},
                                    {"memory is that of two copies", memory_is_that_of_two_copies},
                                    {"what is drawn is held out", what_is_drawn_is_held_out},
                                    {"what is not there cannot be held out", what_is_not_there_cannot_be_held_out},
                                    {"both sides have some", both_sides_have_some},
                                    {NULL, NULL}};
  return crow_test_main(argc, argv, "splits", tests, true);
}
