/* SPDX-License-Identifier: Apache-2.0 */
/* Rewards of new alternatives by models, what is written of them, which dataset they need, and what is refused. */
#include "write_file.h"

#include "predict/predict_impl.h"

enum { M = 4, D = 2, NEW = 700, MEMBERS = 3, PARAMETERS = D + 1 };

/* ---- files --------------------------------------------------------------------------------------------------------
 */

static const double context[M * D] = {1, 0, 0, 1, -1, 0, 0, -1}, value[M] = {.5, -.25, 2, 0};
static double weight[M] = {.25, .25, .25, .25}, rate[M] = {.5, .5, .5, (double)NAN};
/* Weights and bias of each member. */
static double theta[MEMBERS * PARAMETERS] = {1, 2, .5, -1, 4, 0, .25, 0, 3};
static const char ids[M * 4] = "i0\0\0i1\0\0i2\0\0i3\0", prompts[M * 4] = "p0\0\0p0\0\0p1\0\0p1\0";

typedef struct made {
  bool ids, prompts, dimensions;
} made;

static void make_dataset(const char *name, made with, crow_dataset *dataset) {
  static const double outcome[1] = {1};
  static const int32_t first[1] = {0}, second[1] = {1};
  crow_file *file = NULL;
  CHECK_OK(crow_file_create(test_comm, test_path(name), "dataset", true, &file));
  write_rows(file, "/alternatives/context", CROW_F64, M, D, context);
  if (with.ids) write_texts(file, "/alternatives/id", M, 4, ids);
  if (with.prompts) write_texts(file, "/alternatives/prompt", M, 4, prompts);
  if (with.dimensions) write_texts(file, "/alternatives/dimension", D, 2, "a\0b");
  write_rows(file, "/comparisons/first", CROW_I32, 1, 0, first);
  write_rows(file, "/comparisons/second", CROW_I32, 1, 0, second);
  write_rows(file, "/comparisons/outcome", CROW_F64, 1, 0, outcome);
  CHECK_OK(crow_file_finish(&file));
  CHECK_OK(crow_dataset_open(test_comm, test_path(name), true, dataset));
}

/* Rewards of the dataset, of a model of so many members (0: tabular), that name the dataset as `input`. */
static crow_file *make_rewards(const crow_dataset *dataset, int64_t members, const crow_weights_space *space,
                               const char *input) {
  crow_provenance *provenance = NULL;
  crow_file *file = NULL;
  crow_rewards rewards = {.partition = crow_comm_partition(test_comm, M, CROW_BLOCK),
                          .value = (double *)(uintptr_t)value,
                          .weight = weight,
                          .win_rate = rate,
                          .fitted_win_rate = rate,
                          .spread = weight,
                          .lambda = .25,
                          .pair_scale = 1,
                          .converged = true,
                          .convergence_tested = true,
                          .space = {.choice = {.space = "cube"}}};
  if (space) rewards.space = *space;
  if (members)
    rewards.model = (crow_fitted_model){.kind = CROW_MODEL_LINEAR,
                                        .optimizer = CROW_OPTIMIZER_LBFGS,
                                        .inputs = D,
                                        .members = members,
                                        .parameters = PARAMETERS,
                                        .theta = theta};
  CHECK_OK(crow_provenance_create(test_comm, "test", &provenance));
  if (input) CHECK_OK(crow_provenance_add_input(provenance, test_comm, "dataset", input));
  CHECK_OK(crow_rewards_write(test_comm, test_path("rewards.h5"), true, &rewards, dataset, provenance));
  crow_provenance_destroy(&provenance);
  CHECK_OK(crow_file_open(test_comm, test_path("rewards.h5"), "rewards", &file));
  return file;
}

static void new_at(int64_t i, double *point) { crow_random_uniform(53, CROW_STREAM_TEST, (uint64_t)i, point, D); }

/* Columns a and b in either order. */
static const char *write_new(bool swapped) {
  static char text[NEW * 60];
  size_t at = (size_t)snprintf(text, sizeof text, swapped ? "b,a\n" : "a,b\n");
  for (int64_t i = 0; i < NEW; i++) {
    double p[D];
    new_at(i, p);
    at += (size_t)snprintf(text + at, sizeof text - at, "%.17g,%.17g\n", p[swapped], p[!swapped]);
  }
  return write_text("new.csv", text);
}

static crow_nearest_options search_options(void) {
  crow_nearest_options options;
  crow_settings_default(crow_nearest_settings, &options);
  return options;
}

static crow_status run(const crow_file *file, const crow_dataset *dataset, const char *source, crow_scores *out) {
  const crow_nearest_options options = search_options();
  crow_context_source *contexts = NULL;
  CHECK_OK(crow_context_source_open(test_comm, source, &contexts));
  const crow_status status = crow_score_run(test_comm, file, dataset, contexts, &options, out);
  crow_context_source_close(&contexts);
  return status;
}

/* ---- models -------------------------------------------------------------------------------------------------------
 */

static void expect_linear(const crow_scores *scores, int64_t members) {
  int64_t wrong = 0;
  for (int64_t i = 0; i < NEW; i++) {
    double p[D], mean = 0, squares = 0;
    new_at(i, p);
    for (int64_t b = 0; b < members; b++) {
      const double *t = theta + b * PARAMETERS;
      mean += (t[0] * p[0] + t[1] * p[1] + t[2]) / (double)members;
    }
    for (int64_t b = 0; b < members; b++) {
      const double *t = theta + b * PARAMETERS, r = t[0] * p[0] + t[1] * p[1] + t[2];
      squares += (r - mean) * (r - mean);
    }
    wrong += !(fabs(scores->value[i] - mean) < 1e-14);
    if (members > 1) wrong += !(fabs(scores->spread[i] - sqrt(squares / (double)(members - 1))) < 1e-14);
  }
  CHECK(wrong == 0);
}

/* The mean of the members and their sample standard deviation, whatever the order of the columns. */
static void a_model_gives_mean_and_spread(void) {
  crow_dataset dataset = {0};
  char first[17] = "";
  make_dataset("dataset.h5", (made){.dimensions = true}, &dataset);
  for (int64_t members = 1; members <= MEMBERS; members++) {
    crow_file *file = make_rewards(&dataset, members, NULL, NULL);
    for (int swapped = 0; swapped <= 1; swapped++) {
      crow_scores scores = {0};
      CHECK_OK(run(file, NULL, write_new(swapped), &scores));
      CHECK(scores.kind == CROW_MODEL_LINEAR && scores.members == members && scores.partition.global == NEW);
      CHECK((scores.spread != NULL) == (members > 1) && !scores.nearest && strlen(scores.digest) == 16);
      if (!first[0]) memcpy(first, scores.digest, sizeof first);
      CHECK(strcmp(first, scores.digest) == 0); /* of the same contexts */
      expect_linear(&scores, members);
      crow_scores_free(&scores);
    }
    crow_file_close(&file);
  }
  crow_dataset_close(&dataset);
}

static void contexts_that_do_not_fit_a_model_are_refused(void) {
  crow_dataset dataset = {0};
  crow_scores scores = {0};
  make_dataset("dataset.h5", (made){.dimensions = true}, &dataset);
  crow_file *file = make_rewards(&dataset, 1, NULL, NULL);
  CHECK_STATUS(run(file, NULL, write_text("new.csv", "a,c\n1,2\n"), &scores), CROW_BAD_INPUT);
  CHECK_MESSAGE("has no column \"b\", which is dimension 1 of");
  CHECK_STATUS(run(file, NULL, write_text("new.csv", "a,b,c\n1,2,3\n"), &scores), CROW_BAD_INPUT);
  CHECK_MESSAGE("column \"c\" is none of the 2 dimensions of");
  CHECK(!scores.value && scores.members == 0);
  CHECK_STATUS(run(file, NULL, write_text("new.csv", "a,b\n1,2\n1e308,1e308\n"), &scores), CROW_BAD_INPUT);
  CHECK_MESSAGE("new.csv: row 1 gets the reward inf");
  crow_file_close(&file);
  crow_dataset_close(&dataset);
  make_dataset("dataset.h5", (made){0}, &dataset); /* nothing has names */
  file = make_rewards(&dataset, 1, NULL, NULL);
  CHECK_STATUS(run(file, NULL, write_text("new.csv", "a,b,c\n1,2,3\n"), &scores), CROW_BAD_INPUT);
  CHECK_MESSAGE("has contexts of 3 dimensions, expected 2 as the model of");
  CHECK_STATUS(run(file, NULL, write_text("new.csv", "a\n1\n"), &scores), CROW_BAD_INPUT);
  CHECK_MESSAGE("has contexts of 1 dimension, expected 2 as the model of");
  crow_file_close(&file);
  crow_dataset_close(&dataset);
}

/* Parameters of each member and of one more, and for a turn's rows contexts and what the layer gives: 2 inputs and an
 * output of a value and a slope. */
static void memory_of_a_model_is_what_is_held(void) {
  crow_dataset dataset = {0};
  crow_context_source *contexts = NULL;
  make_dataset("dataset.h5", (made){0}, &dataset);
  CHECK_OK(crow_context_source_open(test_comm, write_new(false), &contexts));
  for (int64_t members = 1; members <= MEMBERS; members += MEMBERS - 1) {
    crow_file *file = make_rewards(&dataset, members, NULL, NULL);
    const double slice = NEW + CROW_BLOCK;
    const double model = 48 * 0x1p20 + 8. * (double)(members + 1) * PARAMETERS, row = 8 * D + 16 + 8;
    const double of_scores = model + slice * row + 24 * slice + crow_context_source_rank_bytes(test_path("new.csv"));
    CHECK_OK(crow_score_check_memory(test_comm, file, NULL, contexts, of_scores + 1));
    CHECK_STATUS(crow_score_check_memory(test_comm, file, NULL, contexts, of_scores - 1), CROW_FAILED);
    CHECK_MESSAGE("the scores of 700 alternatives: ");
    dataset.comparisons = 1000;
    const double own = M + CROW_BLOCK, of_evaluation = model + own * row + 24 * own + 24 * 1000. + 8 * M;
    CHECK_OK(crow_evaluate_check_memory(test_comm, file, &dataset, of_evaluation + 1));
    CHECK_STATUS(crow_evaluate_check_memory(test_comm, file, &dataset, of_evaluation - 1), CROW_FAILED);
    CHECK_MESSAGE("the evaluation of 1000 comparisons among 4 alternatives: ");
    crow_file_close(&file);
  }
  crow_context_source_close(&contexts);
  crow_dataset_close(&dataset);
}

/* ---- what is written ----------------------------------------------------------------------------------------------
 */

static crow_file *written(const crow_scores *scores, const crow_dataset *dataset, const char *source) {
  crow_context_source *contexts = NULL;
  crow_provenance *provenance = NULL;
  crow_file *file = NULL;
  CHECK_OK(crow_context_source_open(test_comm, source, &contexts));
  CHECK_OK(crow_provenance_create(test_comm, "test", &provenance));
  CHECK_OK(crow_scores_write(test_comm, test_path("scores.h5"), true, scores, dataset, contexts, provenance));
  crow_provenance_destroy(&provenance);
  crow_context_source_close(&contexts);
  CHECK_OK(crow_file_open(test_comm, test_path("scores.h5"), "scores", &file));
  return file;
}

static void expect_text(const crow_file *file, const char *name, const char *expected) {
  char *found = NULL;
  CHECK_OK(crow_file_get_text(file, "/", name, &found));
  CHECK(found && strcmp(found, expected) == 0);
  crow_free(found);
}

static void expect_texts(const crow_file *file, const char *path, int64_t rows, const char *const *expected) {
  crow_strings found = {0};
  CHECK_OK(crow_file_read_strings(file, path, 0, rows, &found));
  CHECK(crow_file_rows(file, path) == rows && found.count == rows);
  for (int64_t i = 0; i < found.count; i++) CHECK(strcmp(crow_strings_get(&found, i), expected[i]) == 0);
  crow_strings_free(&found);
}

static void what_was_nearest_is_written(void) {
  static const char *const names[3] = {"x", "y", "z"}, *const near[3] = {"i2", "i0", "i1"},
                           *const of[3] = {"p1", "p0", "p0"};
  for (int with_ids = 0; with_ids <= 1; with_ids++) {
    for (int sphere = 0; sphere <= 1; sphere++) {
      crow_dataset dataset = {0};
      crow_scores scores = {0};
      int64_t found = -1, nearest[3];
      double numbers[3];
      const crow_weights_space space = {.choice = {.space = "sphere", .center = "none"}};
      make_dataset("dataset.h5", (made){.ids = with_ids, .prompts = true}, &dataset);
      crow_file *file = make_rewards(&dataset, 0, sphere ? &space : NULL, NULL);
      const char *source = write_text("new.csv", "id,prompt,a,b\nx,p1,-2,0\ny,p0,2,0\nz,p0,0,0.5\n");
      CHECK_OK(run(file, &dataset, source, &scores));
      crow_file_close(&file);
      CHECK(scores.on_sphere == sphere);
      file = written(&scores, &dataset, source);
      expect_text(file, "model", "tabular");
      expect_text(file, "metric", sphere ? "sphere" : "euclidean");
      expect_text(file, "alternatives_digest", scores.digest);
      CHECK_OK(crow_file_get_i64(file, "/", "unknown", &found));
      CHECK(found == 1);
      CHECK_OK(crow_file_get_i64(file, "/", "tied", &found));
      CHECK(found == 0);
      CHECK_OK(crow_file_read(file, "/scores/nearest", 0, 3, CROW_I64, nearest));
      CHECK(nearest[0] == 2 && nearest[1] == 0 && nearest[2] == 1);
      CHECK_OK(crow_file_read(file, "/scores/distance", 0, 3, CROW_F64, numbers));
      CHECK_NEAR(numbers[0], sphere ? 0 : 1, 1e-12);
      CHECK_NEAR(numbers[2], sphere ? 0 : .5, 1e-12);
      CHECK_OK(crow_file_read(file, "/scores/value", 0, 3, CROW_F64, numbers));
      CHECK(numbers[0] == 2 && numbers[1] == .5 && numbers[2] == -.25);
      expect_texts(file, "/alternatives/id", 3, names);
      expect_texts(file, "/alternatives/prompt", 3, of);
      CHECK(crow_file_has(file, "/scores/nearest_id") == with_ids && !crow_file_has(file, "/scores/spread"));
      if (with_ids) expect_texts(file, "/scores/nearest_id", 3, near);
      crow_file_close(&file);
      crow_scores_free(&scores);
      crow_dataset_close(&dataset);
    }
  }
}

static void members_and_spread_of_a_model_are_written(void) {
  for (int64_t members = 1; members <= 2; members++) {
    crow_dataset dataset = {0};
    crow_scores scores = {0};
    int64_t found = -1;
    double spread = -1;
    make_dataset("dataset.h5", (made){0}, &dataset);
    crow_file *file = make_rewards(&dataset, members, NULL, NULL);
    const char *source = write_text("new.csv", "a,b\n1,0\n");
    CHECK_OK(run(file, NULL, source, &scores));
    crow_file_close(&file);
    file = written(&scores, NULL, source);
    expect_text(file, "model", "linear");
    CHECK_OK(crow_file_get_i64(file, "/", "members", &found));
    CHECK(found == members && !crow_file_has(file, "/scores/nearest"));
    CHECK(crow_file_has(file, "/scores/spread") == (members > 1) && !crow_file_has_attribute(file, "/", "metric"));
    if (members > 1) CHECK_OK(crow_file_read(file, "/scores/spread", 0, 1, CROW_F64, &spread));
    if (members > 1) CHECK_NEAR(spread, sqrt(2 * 1.25 * 1.25), 1e-15); /* 1.5 and -1 */
    crow_file_close(&file);
    crow_scores_free(&scores);
    crow_dataset_close(&dataset);
  }
}

/* ---- which dataset -------------------------------------------------------------------------------------------------
 */

static void the_dataset_is_the_named_one(void) {
  crow_dataset dataset = {0}, opened = {0};
  char *name = NULL;
  make_dataset("dataset.h5", (made){0}, &dataset);
  crow_file *file = make_rewards(&dataset, 0, NULL, test_path("dataset.h5"));
  for (int given = 0; given <= 1; given++) {
    CHECK_OK(crow_score_open_dataset(test_comm, file, given ? test_path("dataset.h5") : NULL, &name, &opened));
    CHECK(name && strcmp(name, test_path("dataset.h5")) == 0 && opened.alternatives == M);
    CHECK_OK(crow_score_check_dataset(test_comm, file, &opened));
    crow_free(name);
    crow_dataset_close(&opened);
  }
  CHECK(rename(test_path("dataset.h5"), test_path("moved.h5")) == 0);
  CHECK_STATUS(crow_score_open_dataset(test_comm, file, NULL, &name, &opened), CROW_FILE_SYSTEM);
  CHECK_MESSAGE("dataset.h5, which is not here: give it with --dataset");
  crow_free(name);
  crow_file_close(&file);
  file = make_rewards(&dataset, 0, NULL, NULL);
  CHECK_STATUS(crow_score_open_dataset(test_comm, file, NULL, &name, &opened), CROW_USAGE);
  CHECK_MESSAGE("rewards.h5: does not name its dataset");
  crow_file_close(&file);
  file = make_rewards(&dataset, 1, NULL, NULL); /* a model needs none */
  name = (char *)(uintptr_t) "other";
  CHECK_OK(crow_score_open_dataset(test_comm, file, NULL, &name, &opened));
  CHECK(!name && !opened.file);
  crow_file_close(&file);
  crow_dataset_close(&dataset);
}

static void another_dataset_is_refused(void) {
  crow_dataset dataset = {0}, other = {0};
  make_dataset("dataset.h5", (made){.ids = true}, &dataset);
  make_dataset("other.h5", (made){0}, &other);
  crow_file *file = make_rewards(&dataset, 0, NULL, test_path("dataset.h5"));
  CHECK_OK(crow_score_check_dataset(test_comm, file, &dataset));
  CHECK_STATUS(crow_score_check_dataset(test_comm, file, &other), CROW_BAD_INPUT);
  CHECK_MESSAGE("other.h5: is not the dataset that ");
  CHECK_MESSAGE("was fitted to, or has changed since: its digest is ");
  other.alternatives = M + 1;
  CHECK_STATUS(crow_score_check_ids(file, &other), CROW_BAD_INPUT);
  CHECK_MESSAGE("do not belong together: 4 alternatives, and 5");
  crow_file_close(&file);
  crow_dataset_close(&dataset);
  crow_dataset_close(&other);
}

/* The first and the last among them, none and all. */
static void unknown_rewards_are_counted(void) {
  const double kept = rate[M - 1];
  crow_dataset dataset = {0};
  make_dataset("dataset.h5", (made){0}, &dataset);
  for (unsigned which = 0; which < 1u << M; which++) {
    unsigned char flags[M];
    crow_gidx count = -1, expected = 0;
    for (int x = 0; x < M; x++) {
      rate[x] = which >> x & 1 ? (double)NAN : .5;
      expected += which >> x & 1;
    }
    crow_file *file = make_rewards(&dataset, 0, NULL, NULL);
    memset(flags, 7, sizeof flags);
    CHECK_OK(crow_score_unknown(test_comm, file, M, flags, &count));
    CHECK(count == expected);
    for (int x = 0; x < M; x++) CHECK(flags[x] == (which >> x & 1));
    crow_file_close(&file);
  }
  for (int x = 0; x < M; x++) rate[x] = x < M - 1 ? .5 : kept;
  crow_dataset_close(&dataset);
}

/* ---- the nearest alternative ---------------------------------------------------------------------------------------
 */

static char logged[4096];
static void take_line(crow_log_level level, const char *line, void *context_of_log) {
  (void)context_of_log;
  if (level != CROW_LOG_WARNING) return;
  (void)snprintf(logged + strlen(logged), sizeof logged - strlen(logged), "%s\n", line);
}

/* Only where the dataset has prompts and the contexts tell none. */
static void contexts_without_prompts_are_warned_of(void) {
  for (int turn = 0; turn < 3; turn++) {
    crow_dataset dataset = {0};
    crow_scores scores = {0};
    make_dataset("dataset.h5", (made){.prompts = turn > 0}, &dataset);
    crow_file *file = make_rewards(&dataset, 0, NULL, NULL);
    logged[0] = 0;
    crow_log_set(take_line, NULL);
    CHECK_OK(run(file, &dataset, write_text("new.csv", turn == 2 ? "prompt,a,b\np0,-2,0\n" : "a,b\n-2,0\n"), &scores));
    crow_log_set(NULL, NULL);
    CHECK((strstr(logged, "tells no prompts") != NULL) == (turn == 1));
    CHECK(scores.nearest && scores.nearest[0] == (turn == 2 ? 1 : 2)); /* of p0, or of all */
    crow_scores_free(&scores);
    crow_file_close(&file);
    crow_dataset_close(&dataset);
  }
}

static void contexts_that_do_not_fit_are_refused(void) {
  const crow_weights_space sphere = {.choice = {.space = "sphere", .center = "none"}};
  crow_dataset dataset = {0};
  crow_scores scores = {0};
  make_dataset("dataset.h5", (made){.dimensions = true}, &dataset);
  crow_file *file = make_rewards(&dataset, 0, &sphere, NULL);
  CHECK_STATUS(run(file, &dataset, write_text("new.csv", "a,c\n1,2\n"), &scores), CROW_BAD_INPUT);
  CHECK_MESSAGE("has no column \"b\", which is dimension 1 of");
  CHECK_OK(run(file, &dataset, write_text("new.csv", "b,a\n-3,0\n0,1\n"), &scores)); /* (0, -3) and (1, 0) */
  CHECK(scores.nearest[0] == 0 || scores.nearest[0] == 2); /* (0, -1) has no reward: equally near to both */
  CHECK(scores.tied == 1 && scores.nearest[1] == 0);
  crow_scores_free(&scores);
  CHECK_STATUS(run(file, &dataset, write_text("new.csv", "a,b\n0,1\n0,0\n"), &scores), CROW_BAD_INPUT);
  CHECK_MESSAGE("new.csv: row 1 is zero: it has no direction");
  crow_file_close(&file);
  crow_dataset_close(&dataset);
  make_dataset("dataset.h5", (made){0}, &dataset);
  file = make_rewards(&dataset, 0, NULL, NULL);
  CHECK_STATUS(run(file, &dataset, write_text("new.csv", "a,b,c\n1,2,3\n"), &scores), CROW_BAD_INPUT);
  CHECK_MESSAGE("has contexts of 3 dimensions, expected 2 as");
  CHECK_OK(run(file, &dataset, write_text("new.csv", "a,b\n0,0\n"), &scores)); /* in the plane zeros are a place */
  CHECK(scores.tied == 1 && scores.nearest[0] == 0);
  crow_scores_free(&scores);
  crow_file_close(&file);
  crow_dataset_close(&dataset);
}

/* 2^40 alternatives of 4 or 8 bytes a number; a sphere's are double. */
static void contexts_of_all_must_fit_a_rank(void) {
  const crow_weights_space sphere = {.choice = {.space = "sphere", .center = "none"}};
  const crow_nearest_options options = search_options();
  for (int turn = 0; turn < 4; turn++) {
    crow_dataset dataset = {0};
    crow_candidates candidates;
    char expected[128];
    make_dataset("dataset.h5", (made){0}, &dataset);
    crow_file *file = make_rewards(&dataset, 0, turn / 2 ? &sphere : NULL, NULL);
    dataset.single = turn % 2;
    dataset.alternatives = INT64_C(1) << 40;
    CHECK_STATUS(crow_candidates_create(test_comm, file, &dataset, NULL, false, &options, &candidates), CROW_FAILED);
    (void)snprintf(expected, sizeof expected, "each rank needs %.3g GB for the contexts of 1099511627776 alternatives",
                   0x1p40 * D * (turn == 1 ? 4 : 8) / 1e9);
    CHECK_MESSAGE(expected);
    CHECK(!candidates.contexts && !candidates.begin);
    crow_file_close(&file);
    crow_dataset_close(&dataset);
  }
}

static crow_status open_metric(double x, double y, crow_gidx d, const char *center, crow_metric *metric) {
  crow_dataset dataset = {0};
  double kept[3] = {x, y, 0};
  crow_weights_space space = {.choice = {.space = "sphere"}, .dimensions = d, .center = d ? kept : NULL};
  (void)snprintf(space.choice.center, sizeof space.choice.center, "%s", center);
  make_dataset("dataset.h5", (made){0}, &dataset);
  crow_file *file = make_rewards(&dataset, 0, &space, NULL);
  const crow_status status = crow_metric_open(test_comm, file, &dataset, false, metric);
  crow_file_close(&file);
  crow_dataset_close(&dataset);
  return status;
}

/* Directions (y - c) / |y - c| of normalised contexts y. */
static void a_kept_center_moves_directions(void) {
  crow_metric metric;
  double rows[2 * D] = {3, 4, 0, -2};
  CHECK_OK(open_metric(0, .8, 2, "weighted", &metric));
  CHECK(strstr(metric.name, "weighted mean") != NULL);
  CHECK(!crow_metric_needs_direction(&metric) && metric.space != NULL);
  CHECK_OK(crow_metric_apply(&metric, 0, 2, rows));
  CHECK_NEAR(rows[0], 1, 1e-15); /* (.6, .8) - (0, .8) */
  CHECK_NEAR(rows[1], 0, 1e-15);
  CHECK_NEAR(rows[2], 0, 1e-15);
  CHECK_NEAR(rows[3], -1, 1e-15);
  crow_metric_free(&metric);
  CHECK(!metric.space && !metric.name);
  CHECK_OK(open_metric(.6, .8, 2, "given", &metric)); /* of length 1 */
  CHECK(strstr(metric.name, "given centre") != NULL);
  crow_metric_free(&metric);
  CHECK_OK(open_metric(0, 0, 0, "none", &metric));
  CHECK(strcmp(metric.name, "on the sphere, as the weights were found") == 0 && crow_metric_needs_direction(&metric));
  double point[D] = {-6, 8};
  CHECK_OK(crow_metric_apply(&metric, 0, 0, point));
  CHECK(point[0] == -6);
  CHECK_OK(crow_metric_apply(&metric, 0, 1, point));
  CHECK_NEAR(point[0], -.6, 1e-15);
  CHECK_NEAR(point[1], .8, 1e-15);
  crow_metric_free(&metric);
}

static void centers_that_cannot_be_are_refused(void) {
  crow_metric metric;
  CHECK_STATUS(open_metric(.6, .9, 2, "weighted", &metric), CROW_BAD_INPUT);
  CHECK_MESSAGE("/space/center has the length 1.08167, expected at most 1");
  CHECK_STATUS(open_metric(.5, 0, 3, "weighted", &metric), CROW_BAD_INPUT);
  CHECK_MESSAGE("/space/center has 3 numbers, expected 2, the dimensions of");
  CHECK(!metric.space);
}

/* ---- evaluations ---------------------------------------------------------------------------------------------------
 */

static void evaluations_take_models_and_scores(void) {
  crow_dataset dataset = {0};
  crow_scores scores = {0};
  const crow_evaluate_options evaluate = {.unseen = CROW_UNSEEN_NEAREST};
  const crow_nearest_options options = search_options();
  double reward[M];
  unsigned char unseen[M];
  make_dataset("dataset.h5", (made){0}, &dataset);
  crow_file *file = make_rewards(&dataset, 2, NULL, NULL);
  const double expected[M] = {.25, 3.25, .25, -2.75}; /* (0, 3) x + .25 */
  for (int turn = 0; turn < 2; turn++) {
    memset(unseen, 7, sizeof unseen);
    CHECK_OK(crow_evaluate_rewards(test_comm, file, &dataset, &evaluate, &options, reward, unseen));
    for (int x = 0; x < M; x++) CHECK(unseen[x] == 0);
    for (int x = 0; x < M; x++) CHECK_NEAR(reward[x], expected[x], 1e-15);
    if (turn) break;
    CHECK_OK(run(file, NULL, test_path("dataset.h5"), &scores));
    crow_file_close(&file);
    file = written(&scores, NULL, test_path("dataset.h5"));
    crow_scores_free(&scores);
  }
  dataset.alternatives = M - 1;
  CHECK_STATUS(crow_evaluate_rewards(test_comm, file, &dataset, &evaluate, &options, reward, unseen), CROW_BAD_INPUT);
  CHECK_MESSAGE("do not belong together: 4 alternatives, and 3");
  crow_file_close(&file);
  crow_dataset_close(&dataset);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"a model gives mean and spread", a_model_gives_mean_and_spread},
      {"contexts that do not fit a model are refused", contexts_that_do_not_fit_a_model_are_refused},
      {"memory of a model is what is held", memory_of_a_model_is_what_is_held},
      {"what was nearest is written", what_was_nearest_is_written},
      {"members and spread of a model are written", members_and_spread_of_a_model_are_written},
      {"the dataset is the named one", the_dataset_is_the_named_one},
      {"another dataset is refused", another_dataset_is_refused},
      {"unknown rewards are counted", unknown_rewards_are_counted},
      {"contexts without prompts are warned of", contexts_without_prompts_are_warned_of},
      {"contexts that do not fit are refused", contexts_that_do_not_fit_are_refused},
      {"contexts of all must fit a rank", contexts_of_all_must_fit_a_rank},
      {"a kept center moves directions", a_kept_center_moves_directions},
      {"centers that cannot be are refused", centers_that_cannot_be_are_refused},
      {"evaluations take models and scores", evaluations_take_models_and_scores},
      {NULL, NULL}};
  return crow_test_main(argc, argv, "scores by models", tests, true);
}
