/* SPDX-License-Identifier: Apache-2.0 */
/* Rewards carried over to alternatives that have none, and rewards that a fit begins at: by brute force. */
#include "fixture.h"
#include "write_file.h"

#include <stdlib.h>

enum { M = 700, D = 2, NEW = 900, PROMPTS = 3 };

static double context[M * D], value[M], rate[M];
static char name_of_prompt[PROMPTS][16];
static const char *prompt[M];

/* Every third context is another's, and every fifth alternative was never compared; nor was any of prompt 2's. */
static void lay_out(bool prompts) {
  for (int64_t i = 0; i < M; i++) {
    crow_random_uniform(51, CROW_STREAM_TEST, (uint64_t)(i % 3 == 2 ? i - 2 : i), context + i * D, D);
    value[i] = (double)(i * 41 % M) / 16;
    rate[i] = i % 5 == 1 || (prompts && i % PROMPTS == 2) ? (double)NAN : .5;
    (void)snprintf(name_of_prompt[i % PROMPTS], sizeof name_of_prompt[0], "p%d", (int)(i % PROMPTS));
    prompt[i] = name_of_prompt[i % PROMPTS];
  }
}

/* On a sphere distances are those of directions from its centre. */
static bool on_sphere;
static const double centre[D] = {.125, -.25};
static double own_centre[PROMPTS][D]; /* that of a prompt: the mean of its directions by the weights */
static void place(const double *row, int which, double *out) {
  const double *c = which < 0 ? centre : own_centre[which];
  double length = sqrt(row[0] * row[0] + row[1] * row[1]);
  for (int k = 0; k < D; k++) out[k] = on_sphere ? row[k] / length - c[k] : row[k];
  length = sqrt(out[0] * out[0] + out[1] * out[1]);
  for (int k = 0; k < D && on_sphere; k++) out[k] /= length;
}

/* A dataset and rewards of its alternatives. */
static crow_file *open_both(const char *name, bool prompts, crow_dataset *dataset) {
  char rewards_name[64];
  crow_file *file = NULL;
  crow_provenance *provenance = NULL;
  lay_out(prompts);
  (void)snprintf(rewards_name, sizeof rewards_name, "rewards-%s", name);
  const test_dataset t = {.m = M, .d = D, .context = context, .prompt = prompts ? prompt : NULL};
  test_dataset_write(test_comm, test_path(name), &t);
  CHECK_OK(crow_dataset_open(test_comm, test_path(name), true, dataset));
  const crow_partition p = crow_comm_partition(test_comm, M, CROW_BLOCK);
  double weight[M];
  double kept[D] = {centre[0], centre[1]};
  crow_weights_space space = {.choice = {.space = "cube"}};
  if (on_sphere && !prompts)
    space = (crow_weights_space){.choice = {.space = "sphere", .center = "weighted"}, .dimensions = D, .center = kept};
  if (on_sphere && prompts) space = (crow_weights_space){.choice = {.space = "sphere", .center = "weighted"}};
  double total[PROMPTS] = {0};
  memset(own_centre, 0, sizeof own_centre);
  for (int i = 0; i < M; i++) {
    weight[i] = (1 + i % 4) / (2.5 * M);
    const double length = sqrt(context[i * D] * context[i * D] + context[i * D + 1] * context[i * D + 1]);
    total[i % PROMPTS] += weight[i];
    for (int k = 0; k < D; k++) own_centre[i % PROMPTS][k] += weight[i] * context[i * D + k] / length;
  }
  for (int k = 0; k < PROMPTS * D; k++) own_centre[k / D][k % D] /= total[k / D];
  const crow_rewards rewards = {.partition = p,
                                .space = space,
                                .value = value + p.begin,
                                .weight = weight + p.begin,
                                .win_rate = rate + p.begin,
                                .fitted_win_rate = rate + p.begin,
                                .lambda = .25,
                                .pair_scale = 1,
                                .converged = true,
                                .convergence_tested = true};
  CHECK_OK(crow_provenance_create(test_comm, "test", &provenance));
  CHECK_OK(crow_rewards_write(test_comm, test_path(rewards_name), true, &rewards, dataset, provenance));
  crow_provenance_destroy(&provenance);
  CHECK_OK(crow_file_open(test_comm, test_path(rewards_name), "rewards", &file));
  return file;
}

/* The first known alternative of the least distance, among those of prompt `which` (-1: all); -1 if there is none. */
static int64_t nearest_to(const double *point, int which, double *least) {
  int64_t nearest = -1;
  *least = (double)INFINITY;
  double from[D], to[D];
  place(point, which, from);
  for (int64_t y = 0; y < M; y++) {
    place(context + y * D, which, to);
    const double u = from[0] - to[0], v = from[1] - to[1];
    if (isnan(rate[y]) || (which >= 0 && y % PROMPTS != which) || !(u * u + v * v < *least)) continue;
    nearest = y;
    *least = u * u + v * v;
  }
  *least = sqrt(*least);
  return nearest;
}

static void new_at(int64_t i, double *point) { crow_random_uniform(52, CROW_STREAM_TEST, (uint64_t)i, point, D); }

/* Row i answers prompt i % 2. */
static const char *write_new(bool prompts) {
  static char text[NEW * 80];
  size_t at = (size_t)snprintf(text, sizeof text, prompts ? "prompt,a,b\n" : "a,b\n");
  for (int64_t i = 0; i < NEW; i++) {
    double point[D];
    new_at(i, point);
    if (prompts) at += (size_t)snprintf(text + at, sizeof text - at, "p%d,", (int)(i % 2));
    at += (size_t)snprintf(text + at, sizeof text - at, "%.17g,%.17g\n", point[0], point[1]);
  }
  return write_text("new.csv", text);
}

static void new_alternatives_have_the_nearest_ones_reward(void) {
  for (int turn = 0; turn < 4; turn++) {
    const int prompts = turn % 2;
    on_sphere = turn >= 2;
    crow_dataset dataset = {0};
    crow_context_source *contexts = NULL;
    crow_scores scores = {0};
    crow_nearest_options options;
    crow_settings_default(crow_nearest_settings, &options);
    crow_file *file = open_both("new.h5", prompts, &dataset);
    CHECK_OK(crow_context_source_open(test_comm, write_new(prompts), &contexts));
    CHECK_OK(crow_score_run(test_comm, file, &dataset, contexts, &options, &scores));
    CHECK(scores.kind == CROW_MODEL_TABULAR && scores.members == 1 && scores.on_sphere == on_sphere);
    int64_t unknown = 0;
    for (int64_t y = 0; y < M; y++) unknown += isnan(rate[y]);
    CHECK(scores.unknown == unknown);
    int64_t wrong = 0;
    for (crow_gidx i = 0; i < scores.partition.count && scores.value; i++) {
      double point[D], least;
      new_at(scores.partition.begin + i, point);
      const int64_t y = nearest_to(point, prompts ? (int)((scores.partition.begin + i) % 2) : -1, &least);
      wrong += scores.nearest[i] != y || scores.value[i] != value[y] || !(fabs(scores.distance[i] - least) < 1e-12);
    }
    CHECK(wrong == 0);
    CHECK_OK(crow_score_check_memory(test_comm, file, &dataset, contexts, 1e9));
    CHECK_STATUS(crow_score_check_memory(test_comm, file, &dataset, contexts, 5e7), CROW_FAILED);
    crow_scores_free(&scores);
    CHECK_STATUS(crow_score_run(test_comm, file, NULL, contexts, &options, &scores), CROW_USAGE);
    crow_context_source_close(&contexts);
    crow_file_close(&file);
    crow_dataset_close(&dataset);
  }
  on_sphere = false;
}

/* The least memory a rank is allowed for which there is no refusal: `check` compares with the bytes by hand. */
typedef crow_status memory_check(const crow_file *file, const crow_dataset *dataset, const crow_context_source *new,
                                 double bytes);
static crow_status of_scores(const crow_file *file, const crow_dataset *dataset, const crow_context_source *new,
                             double bytes) {
  return crow_score_check_memory(test_comm, file, dataset, new, bytes);
}
static crow_status of_evaluation(const crow_file *file, const crow_dataset *dataset, const crow_context_source *new,
                                 double bytes) {
  (void)new;
  return crow_evaluate_check_memory(test_comm, file, dataset, bytes);
}

/* Contexts of the dataset and the search among them on every rank, 17 bytes for each; new contexts and 24 bytes for
 * each of a slice; what a CSV file takes while it is opened; 24 of a comparison, and 8 of an alternative evaluated. */
static void memory_is_what_is_held(void) {
  crow_dataset dataset = {0};
  crow_context_source *contexts = NULL;
  crow_file *file = open_both("memory.h5", false, &dataset);
  CHECK_OK(crow_context_source_open(test_comm, write_new(false), &contexts));
  dataset.comparisons = 1000000; /* as if it had so many */
  const double size = crow_comm_size(test_comm), slice = NEW / size + CROW_BLOCK;
  const double known = (double)crow_weights_rank_bytes(M, D, false, false, 1) + 17. * M;
  const double scores =
      known + (8 * D + 24) * slice + crow_context_source_rank_bytes(crow_context_source_name(contexts));
  const double evaluation = known + (8 * D + 24) * (double)CROW_BLOCK + 24 * 1e6 / size + 8. * M;
  memory_check *const checks[] = {of_scores, of_evaluation};
  for (int k = 0; k < 2; k++) {
    const double expected = k ? evaluation : scores;
    CHECK_OK(checks[k](file, &dataset, contexts, expected + 1));
    CHECK_STATUS(checks[k](file, &dataset, contexts, expected - 1), CROW_FAILED);
  }
  crow_context_source_close(&contexts);
  crow_file_close(&file);
  crow_dataset_close(&dataset);
}

/* Of the dataset itself those never compared have that of the nearest of their prompt, or 0 if none of it was, or if
 * that is asked for. */
static void alternatives_never_compared_have_the_nearest_ones(void) {
  static double reward[M];
  static unsigned char unseen[M];
  for (int prompts = 0; prompts <= 1; prompts++) {
    for (int how = CROW_UNSEEN_NEAREST; how <= CROW_UNSEEN_SKIP; how++) {
      crow_dataset dataset = {0};
      crow_nearest_options options;
      const crow_evaluate_options evaluate = {.unseen = how};
      crow_settings_default(crow_nearest_settings, &options);
      crow_file *file = open_both("evaluated.h5", prompts, &dataset);
      CHECK_OK(crow_evaluate_rewards(test_comm, file, &dataset, &evaluate, &options, reward, unseen));
      int64_t wrong = 0;
      for (int64_t x = 0; x < M; x++) {
        double least, expected = value[x];
        CHECK(unseen[x] == isnan(rate[x]));
        if (unseen[x] && how == CROW_UNSEEN_NEAREST) {
          const int64_t y = nearest_to(context + x * D, prompts ? (int)(x % PROMPTS) : -1, &least);
          expected = y < 0 ? 0 : value[y];
        }
        wrong += reward[x] != expected;
      }
      CHECK(wrong == 0);
      crow_file_close(&file);
      crow_dataset_close(&dataset);
    }
  }
}

/* Rewards and scores are taken, other files are named. */
static void evaluations_take_rewards_and_scores(void) {
  crow_dataset dataset = {0};
  crow_file *file = open_both("opened.h5", false, &dataset), *found = NULL;
  crow_file_close(&file);
  crow_dataset_close(&dataset);
  CHECK_OK(crow_evaluate_open(test_comm, test_path("rewards-opened.h5"), &found));
  CHECK(found && strcmp(crow_file_kind(found), "rewards") == 0);
  crow_file_close(&found);
  CHECK_STATUS(crow_evaluate_open(test_comm, test_path("opened.h5"), &found), CROW_BAD_INPUT);
  CHECK_MESSAGE("is a dataset file, expected rewards or scores");
  CHECK_STATUS(crow_evaluate_open(test_comm, test_path("absent.h5"), &found), CROW_FILE_SYSTEM);
}

/* ---- predictions --------------------------------------------------------------------------------------------------
 */

enum { OUTCOMES = 900, SEEN = 12 };

typedef struct by_hand {
  double comparisons, ties, equal, unseen, skipped, decided, right, log_loss, brier, bin[10][3];
} by_hand;

/* Half a judgement; 1/2 is between two bins, and `middle` says which one this side of it is for. */
static void add_by_hand(double p, int middle, double o, by_hand *h) {
  const int k = p == .5 ? middle : p >= 1 ? 9 : (int)(10 * p);
  h->bin[k][0] += .5;
  h->bin[k][1] += .5 * p;
  h->bin[k][2] += .5 * o;
}

/* Word for word what the header says, of comparisons of one judgement each. */
static void predictions_are_held_against_outcomes(void) {
  static int32_t first[OUTCOMES], second[OUTCOMES];
  static double outcome[OUTCOMES];
  static const double shares[] = {0, 1, .5, 1, .25, 0, 1};
  double number[SEEN], reward[SEEN];
  unsigned char unseen[SEEN];
  crow_dataset dataset = {0};
  for (int i = 0; i < SEEN; i++) {
    number[i] = i;
    reward[i] = i / 2 * .75 - 2; /* two and two are equal */
    unseen[i] = i == 5;
  }
  for (int q = 0; q < OUTCOMES; q++) {
    uint32_t words[3];
    crow_random_words(71, CROW_STREAM_TEST, (uint64_t)q, words, 3);
    first[q] = (int32_t)(words[0] % SEEN);
    second[q] = (int32_t)((words[0] % SEEN + 1 + words[1] % (SEEN - 1)) % SEEN);
    outcome[q] = shares[words[2] % 7];
  }
  const test_dataset t = {
      .m = SEEN, .d = 1, .context = number, .q = OUTCOMES, .first = first, .second = second, .outcome = outcome};
  test_dataset_write(test_comm, test_path("outcomes.h5"), &t);
  CHECK_OK(crow_dataset_open(test_comm, test_path("outcomes.h5"), false, &dataset));
  for (int how = CROW_UNSEEN_ZERO; how <= CROW_UNSEEN_SKIP; how++) {
    const crow_evaluate_options options = {.unseen = how};
    crow_evaluation e;
    by_hand h = {0};
    for (int q = 0; q < OUTCOMES; q++) {
      const bool new = unseen[first[q]] || unseen[second[q]];
      const double u = reward[first[q]] - reward[second[q]], p = 1 / (1 + exp(-u)), o = outcome[q];
      h.unseen += new;
      h.skipped += new &&how == CROW_UNSEEN_SKIP;
      if (new &&how == CROW_UNSEEN_SKIP) continue;
      h.comparisons++;
      h.ties += o == .5;
      h.equal += u == 0;
      if (o != .5) h.decided++;
      if (o != .5) h.right += u > 0 ? o : u < 0 ? 1 - o : .5;
      h.log_loss -= o * log(p) + (1 - o) * log(1 - p);
      h.brier += o * (1 - p) * (1 - p) + (1 - o) * p * p;
      add_by_hand(p, 4 + (u > 0), u == 0 ? .5 : o, &h);
      add_by_hand(1 - p, 5 - (u > 0), u == 0 ? .5 : 1 - o, &h);
    }
    CHECK_OK(crow_evaluate(test_comm, &dataset, &options, reward, unseen, &e));
    CHECK(e.comparisons == (crow_gidx)h.comparisons && e.judgements == e.comparisons);
    CHECK(e.ties == (crow_gidx)h.ties && e.equal == (crow_gidx)h.equal);
    CHECK(e.unseen == (crow_gidx)h.unseen && e.skipped == (crow_gidx)h.skipped);
    CHECK_NEAR(e.accuracy, h.right / h.decided, 1e-9);
    CHECK_NEAR(e.log_loss, h.log_loss / h.comparisons, 1e-9);
    CHECK_NEAR(e.brier, h.brier / h.comparisons, 1e-9);
    double error = 0;
    for (int k = 0; k < 10; k++) {
      CHECK_NEAR(e.bin[k].judgements, h.bin[k][0], 1e-9);
      if (h.bin[k][0] == 0) continue;
      CHECK_NEAR(e.bin[k].predicted, h.bin[k][1] / h.bin[k][0], 1e-7);
      CHECK_NEAR(e.bin[k].observed, h.bin[k][2] / h.bin[k][0], 1e-7);
      error += fabs(h.bin[k][1] - h.bin[k][2]) / h.comparisons;
    }
    CHECK_NEAR(e.calibration_error, error, 1e-7);
  }
  crow_dataset_close(&dataset);
}

/* Rewards to begin at go by the names of the alternatives, here their rows; others begin at 0. */
static void starts_are_matched_by_name(void) {
  enum { MORE = M + 200 };
  static double more[MORE], start[MORE + 2];
  crow_dataset dataset = {0}, larger = {0};
  int64_t matched = 0;
  crow_file *file = open_both("start.h5", false, &dataset);
  crow_file_close(&file);
  crow_dataset_close(&dataset);
  for (int i = 0; i < MORE; i++) more[i] = i;
  test_dataset_write(test_comm, test_path("more.h5"), &(test_dataset){.m = MORE, .d = 1, .context = more});
  CHECK_OK(crow_dataset_open(test_comm, test_path("more.h5"), true, &larger));
  const crow_partition p = crow_comm_partition(test_comm, MORE, CROW_BLOCK);
  for (int i = 0; i < MORE + 2; i++) start[i] = -7;
  CHECK_OK(crow_rewards_read_start(test_comm, test_path("rewards-start.h5"), &larger, &p, start + 1, &matched));
  CHECK(matched == M && start[0] == -7);
  int64_t wrong = 0;
  for (crow_gidx i = 0; i < p.count; i++) wrong += start[i + 1] != (p.begin + i < M ? value[p.begin + i] : 0);
  CHECK(wrong == 0 && start[p.count + 1] == -7);
  crow_dataset_close(&larger);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"new alternatives have the nearest one's reward", new_alternatives_have_the_nearest_ones_reward},
      {"memory is what is held", memory_is_what_is_held},
      {"alternatives never compared have the nearest one's", alternatives_never_compared_have_the_nearest_ones},
      {"evaluations take rewards and scores", evaluations_take_rewards_and_scores},
      {"predictions are held against outcomes", predictions_are_held_against_outcomes},
      {"starts are matched by name", starts_are_matched_by_name},
      {NULL, NULL}};
  return crow_test_main(argc, argv, "scores", tests, true);
}
