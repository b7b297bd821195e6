/* SPDX-License-Identifier: Apache-2.0 */
/* Both sides of a split against the choice made again, word by word of the random numbers. */
#include "fixture.h"

enum { M = 40, Q = 900 };

static int32_t first[Q], second[Q];
static double outcome[Q];

/* Alternatives 0 to 3 are of the first prompt, 4 to 7 of the second, ...; but the last is of the first again. */
static int prompt_of(int alternative) { return alternative == M - 1 ? 0 : alternative / 4; }

static void write_votes(const char *path) {
  double context[M];
  const char *prompt[M];
  static char names[M][8];
  for (int i = 0; i < M; i++) {
    (void)snprintf(names[i], sizeof names[i], "q%d", 37 * prompt_of(i) % 10);
    prompt[i] = names[i];
  }
  for (int i = 0; i < M; i++) context[i] = i;
  for (int i = 0; i < Q; i++) {
    first[i] = i % M;
    second[i] = (i % M + 1 + i / M) % M;
    outcome[i] = i % 3 / 2.;
  }
  test_dataset_write(test_comm, path,
                     &(test_dataset){.m = M,
                                     .d = 1,
                                     .context = context,
                                     .q = Q,
                                     .first = first,
                                     .second = second,
                                     .outcome = outcome,
                                     .prompt = prompt});
}

/* A uniform number (word + 1/2) / 2^32 below the chance. */
static bool is_drawn(const crow_split_options *options, int64_t index) {
  uint32_t word;
  crow_random_words((uint64_t)options->seed, CROW_STREAM_SPLIT, (uint64_t)index, &word, 1);
  return ((double)word + 0.5) / 4294967296. < options->test;
}

static bool is_held(const crow_split_options *options, int i) {
  if (options->by == CROW_SPLIT_COMPARISON) return is_drawn(options, i);
  if (options->by == CROW_SPLIT_PROMPT)
    return is_drawn(options, prompt_of(first[i])) || is_drawn(options, prompt_of(second[i]));
  return is_drawn(options, first[i]) || is_drawn(options, second[i]);
}

/* The file holds the comparisons of this side, in their order, and the contexts. */
static void check_side(const char *path, const crow_split_options *options, bool held, int64_t count) {
  crow_dataset dataset = {0};
  int32_t a[Q], b[Q];
  double p[Q], context[M];
  int64_t at = 0;
  CHECK_OK(crow_dataset_open(test_comm, path, false, &dataset));
  CHECK(dataset.comparisons == count && dataset.alternatives == M && !dataset.has_count);
  if (dataset.comparisons != count || count > Q) return;
  CHECK_OK(crow_file_read(dataset.file, "/comparisons/first", 0, count, CROW_I32, a));
  CHECK_OK(crow_file_read(dataset.file, "/comparisons/second", 0, count, CROW_I32, b));
  CHECK_OK(crow_file_read(dataset.file, "/comparisons/outcome", 0, count, CROW_F64, p));
  CHECK_OK(crow_dataset_read_contexts(&dataset, 0, M, CROW_F64, context));
  for (int i = 0; i < M; i++) CHECK(context[i] == i);
  for (int i = 0; i < Q; i++) {
    if (is_held(options, i) != held) continue;
    CHECK(at < count && a[at] == first[i] && b[at] == second[i] && p[at] == outcome[i]);
    at++;
  }
  CHECK(at == count);
  crow_dataset_close(&dataset);
}

static void split_and_check(crow_split_by by, double test) {
  crow_dataset dataset = {0};
  crow_split split = {0};
  crow_split_options options;
  crow_settings_default(crow_split_settings, &options);
  CHECK(options.test == 0.2 && options.by == CROW_SPLIT_COMPARISON && options.seed == 1);
  options = (crow_split_options){.test = test, .by = (int)by, .seed = 7, .test_output = test_path("test.h5")};
  write_votes(test_path("votes.h5"));
  CHECK_OK(crow_dataset_open(test_comm, test_path("votes.h5"), false, &dataset));
  CHECK_OK(crow_split_create(test_comm, &dataset, &options, 0, &split));
  int64_t held = 0;
  for (int i = 0; i < Q; i++) held += is_held(&options, i);
  CHECK(held > 0 && held < Q && split.test == held && split.train == Q - held);
  CHECK_OK(crow_split_write(test_comm, &split, &dataset, &options, test_path("train.h5"), true, NULL));
  check_side(options.test_output, &options, true, held);
  check_side(test_path("train.h5"), &options, false, Q - held);
  CHECK_STATUS(crow_split_write(test_comm, &split, &dataset, &options, test_path("train.h5"), false, NULL),
               CROW_FILE_SYSTEM);
  crow_split_free(&split);
  crow_dataset_close(&dataset);
}

static void comparisons_go_where_their_index_says(void) {
  split_and_check(CROW_SPLIT_COMPARISON, 0.2);
  split_and_check(CROW_SPLIT_COMPARISON, 0.7);
}

static void alternatives_take_their_comparisons_along(void) { split_and_check(CROW_SPLIT_ALTERNATIVE, 0.1); }

static void prompts_take_their_comparisons_along(void) { split_and_check(CROW_SPLIT_PROMPT, 0.3); }

static void a_side_without_comparisons_is_refused(void) {
  crow_dataset dataset = {0};
  crow_split split = {0};
  const crow_split_options options = {.test = 1e-9, .seed = 7, .test_output = test_path("none.h5")};
  write_votes(test_path("votes.h5"));
  CHECK_OK(crow_dataset_open(test_comm, test_path("votes.h5"), false, &dataset));
  CHECK_OK(crow_split_create(test_comm, &dataset, &options, 0, &split));
  CHECK(split.test == 0 && split.train == Q);
  CHECK_STATUS(crow_split_write(test_comm, &split, &dataset, &options, test_path("all.h5"), true, NULL),
               CROW_BAD_INPUT);
  CHECK_MESSAGE("no comparison is left for it");
  crow_split_free(&split);
  crow_dataset_close(&dataset);
}

static void a_dataset_without_comparisons_is_refused(void) {
  const double context[2] = {0, 1};
  crow_dataset dataset = {0};
  crow_split split = {0};
  const crow_split_options options = {.test = 0.5, .seed = 7, .test_output = test_path("none.h5")};
  test_dataset_write(test_comm, test_path("population.h5"), &(test_dataset){.m = 2, .d = 1, .context = context});
  CHECK_OK(crow_dataset_open(test_comm, test_path("population.h5"), false, &dataset));
  CHECK_STATUS(crow_split_create(test_comm, &dataset, &options, 0, &split), CROW_BAD_INPUT);
  CHECK_MESSAGE("has no comparisons to hold out");
  crow_split_free(&split);
  crow_dataset_close(&dataset);
}

static void prompts_need_a_dataset_that_has_them(void) {
  const double context[2] = {0, 1}, won = 1;
  const int32_t one = 0, other = 1;
  crow_dataset dataset = {0};
  crow_split split = {0};
  const crow_split_options options = {
      .test = 0.5, .by = CROW_SPLIT_PROMPT, .seed = 7, .test_output = test_path("none.h5")};
  test_dataset_write(
      test_comm, test_path("plain.h5"),
      &(test_dataset){.m = 2, .d = 1, .context = context, .q = 1, .first = &one, .second = &other, .outcome = &won});
  CHECK_OK(crow_dataset_open(test_comm, test_path("plain.h5"), false, &dataset));
  CHECK_STATUS(crow_split_create(test_comm, &dataset, &options, 0, &split), CROW_BAD_INPUT);
  CHECK_MESSAGE("has no prompts to hold out");
  crow_split_free(&split);
  crow_dataset_close(&dataset);
}

static const crow_test tests[] = {
    {"comparisons go where their index says", comparisons_go_where_their_index_says},
    {"alternatives take their comparisons along", alternatives_take_their_comparisons_along},
    {"prompts take their comparisons along", prompts_take_their_comparisons_along},
    {"prompts need a dataset that has them", prompts_need_a_dataset_that_has_them},
    {"a side without comparisons is refused", a_side_without_comparisons_is_refused},
    {"a dataset without comparisons is refused", a_dataset_without_comparisons_is_refused},
    {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "split", tests, true); }
