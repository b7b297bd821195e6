/* SPDX-License-Identifier: Apache-2.0 */
/* Comparisons behind pairs, preferences within prompts, and what is looked at before hours of work, by hand. */
#include "fixture.h"

enum { M = 8, Q = 900 };
/* Prompts "a" (0, 2, 4, 6) and "b" (1, 3, 5, 7). */
static const char *const prompts[M] = {"a", "b", "a", "b", "a", "b", "a", "b"};

typedef struct votes {
  double context[M];
  int32_t first[Q], second[Q];
  double outcome[Q];
} votes;

/* Pairs within prompts in either direction, won, lost and tied; comparison `across` is of 0 and 1. */
static votes make_votes(int across) {
  votes v;
  for (int i = 0; i < M; i++) v.context[i] = i;
  for (int k = 0; k < Q; k++) {
    uint32_t words[3];
    crow_random_words(21, CROW_STREAM_TEST, (uint64_t)k, words, 3);
    const int one = (int)(words[0] % M), step = 2 * (int)(1 + words[1] % 3);
    v.first[k] = one;
    v.second[k] = (one + step) % M;
    v.outcome[k] = (double)(words[2] % 3) / 2;
  }
  if (across >= 0) v.first[across] = 0;
  if (across >= 0) v.second[across] = 1;
  return v;
}

static void open_votes(const votes *v, const char *name, crow_dataset *dataset) {
  const test_dataset t = {.m = M,
                          .d = 1,
                          .context = v->context,
                          .prompt = prompts,
                          .q = Q,
                          .first = v->first,
                          .second = v->second,
                          .outcome = v->outcome};
  test_dataset_write(test_comm, test_path(name), &t);
  CHECK_OK(crow_dataset_open(test_comm, test_path(name), false, dataset));
}

/* Every comparison is behind exactly one pair, its own, in order; squares are those of the definition. */
static void judgements_are_the_comparisons_of_their_pairs(void) {
  const votes v = make_votes(-1);
  const double reward[M] = {.5, -1, 2, 0, .25, 1, -3, 0};
  crow_dataset dataset = {0};
  crow_pairs pairs;
  crow_judgements j;
  double squares[M * M];
  open_votes(&v, "votes.h5", &dataset);
  CHECK(crow_preference_source(&dataset) == CROW_SOURCE_COMPARISONS);
  CHECK_OK(crow_pairs_read(test_comm, &dataset, &pairs));
  CHECK_OK(crow_pairs_check_prompts(test_comm, &dataset, &pairs));
  CHECK_OK(crow_judgements_read_by(test_comm, &dataset, &pairs, NULL, &j));
  CHECK(j.global == Q && j.count == NULL && pairs.partition.count <= M * M);
  crow_judgements_squares(&pairs, &j, reward, squares);
  int64_t seen = 0;
  for (int64_t k = 0; k < pairs.partition.count; k++) {
    const double p = 1 / (1 + exp(reward[pairs.second[k]] - reward[pairs.first[k]]));
    double sum = 0;
    for (int64_t i = j.begin[k]; i < j.begin[k + 1]; i++) {
      const crow_gidx c = j.comparison[i];
      const bool forward = v.first[c] == pairs.first[k] && v.second[c] == pairs.second[k];
      CHECK(forward || (v.second[c] == pairs.first[k] && v.first[c] == pairs.second[k]));
      CHECK(j.outcome[i] == (forward ? v.outcome[c] : 1 - v.outcome[c]));
      CHECK(i == j.begin[k] || c > j.comparison[i - 1]);
      sum += (j.outcome[i] - p) * (j.outcome[i] - p);
      seen++;
    }
    CHECK_NEAR(squares[k], sum, 1e-12 * (1 + sum));
  }
  CHECK_OK(crow_comm_sum_i64(test_comm, &seen, 1));
  CHECK(seen == Q);
  crow_judgements_free(&j);
  CHECK(j.begin == NULL);
  crow_pairs_free(&pairs);
  crow_dataset_close(&dataset);
}

static void comparisons_across_prompts_are_named(void) {
  const votes v = make_votes(700);
  crow_dataset dataset = {0};
  crow_pairs pairs;
  double seconds = -1;
  open_votes(&v, "across.h5", &dataset);
  CHECK_OK(crow_pairs_read(test_comm, &dataset, &pairs));
  CHECK_STATUS(crow_pairs_check_prompts(test_comm, &dataset, &pairs), CROW_BAD_INPUT);
  CHECK_MESSAGE("700");
  CHECK_STATUS(crow_preferences_check(test_comm, &dataset, false), CROW_BAD_INPUT);
  CHECK_OK(crow_preferences_check(test_comm, &dataset, true));
  CHECK_OK(crow_preferences_check_complete(test_comm, &dataset)); /* there are comparisons: nothing to look at */
  CHECK_OK(crow_comparisons_probe(test_comm, &dataset, 100, &seconds));
  CHECK(seconds >= 0);
  crow_pairs_free(&pairs);
  crow_dataset_close(&dataset);
}

/* A matrix with prompts becomes the 6 pairs of each prompt of 4, with p(x>y), one judgement each. */
static void complete_preferences_within_prompts_are_pairs(void) {
  double matrix[M * M], context[M];
  crow_dataset dataset = {0};
  crow_weights weights;
  crow_pairs pairs;
  for (int x = 0; x < M; x++) {
    context[x] = x;
    for (int y = 0; y < M; y++) matrix[x * M + y] = .5 + (x - y) / 32.;
  }
  const test_dataset t = {.m = M, .d = 1, .context = context, .prompt = prompts, .matrix = matrix};
  test_dataset_write(test_comm, test_path("matrix.h5"), &t);
  CHECK_OK(crow_dataset_open(test_comm, test_path("matrix.h5"), false, &dataset));
  CHECK(crow_preference_source(&dataset) == CROW_SOURCE_MATRIX);
  CHECK_OK(crow_preferences_check_complete(test_comm, &dataset));
  CHECK_OK(crow_weights_uniform(test_comm, M, &weights));
  CHECK_OK(crow_weights_find_shares(test_comm, &dataset, &weights));
  CHECK_OK(crow_pairs_within_prompts(test_comm, &dataset, &weights, &pairs));
  CHECK(pairs.partition.global == 12);
  for (int64_t k = 0; k < pairs.partition.count; k++) {
    const int x = pairs.first[k], y = pairs.second[k];
    CHECK(x < y && x % 2 == y % 2 && pairs.judgements[k] == 1);
    CHECK_NEAR(pairs.share[k], matrix[x * M + y], 1e-15);
  }
  crow_pairs_free(&pairs);
  crow_weights_free(&weights);
  crow_dataset_close(&dataset);
  /* An entry and its mirror that do not add up to 1. */
  matrix[2 * M + 5] += 1e-3;
  test_dataset_write(test_comm, test_path("matrix.h5"), &t);
  CHECK_OK(crow_dataset_open(test_comm, test_path("matrix.h5"), false, &dataset));
  CHECK_STATUS(crow_preferences_check_complete(test_comm, &dataset), CROW_BAD_INPUT);
  CHECK_MESSAGE("/preference/matrix");
  crow_dataset_close(&dataset);
}

static const crow_test tests[] = {
    {"judgements are the comparisons of their pairs", judgements_are_the_comparisons_of_their_pairs},
    {"comparisons across prompts are named", comparisons_across_prompts_are_named},
    {"complete preferences within prompts are pairs", complete_preferences_within_prompts_are_pairs},
    {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "judgements", tests, true); }
