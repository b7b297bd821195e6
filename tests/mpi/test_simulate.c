/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"
#include <crow/audit.h>

static crow_simulate_options defaults(void) {
  crow_simulate_options options;
  crow_settings_default(crow_simulate_settings, &options);
  return options;
}

/* A dataset made by all ranks; every one reads what it wants of it. */
static crow_dataset simulate(const crow_simulate_options *options, const char *name) {
  crow_dataset dataset = {0};
  crow_simulate_summary summary;
  CHECK_OK(crow_simulate_run(test_comm, options, test_path(name), true, NULL, &summary));
  CHECK_OK(crow_dataset_open(test_comm, test_path(name), false, &dataset));
  CHECK(summary.alternatives == dataset.alternatives && summary.comparisons == dataset.comparisons);
  return dataset;
}

static double *read_all(const crow_dataset *dataset, const char *path) {
  int64_t shape[2];
  double *values = NULL;
  crow_file_shape(dataset->file, path, shape);
  CHECK_OK(CROW_ALLOCATE(&values, shape[0] * shape[1]));
  CHECK_OK(crow_file_read(dataset->file, path, 0, shape[0], CROW_F64, values));
  return values;
}

/* src/README.md, Table 2: p(a>b) = .639334, p(a>c) = .450585, p(b>c) = .639334. */
static void table_2_has_its_win_rates(void) {
  crow_simulate_options options = defaults();
  options.population = "table2";
  options.preferences = CROW_SIMULATE_MATRIX;
  crow_dataset dataset = simulate(&options, "table2.h5");
  CHECK(dataset.alternatives == 3 && dataset.has_matrix);
  double *p = read_all(&dataset, "/preference/matrix");
  CHECK_NEAR(p[1], 0.639334, 5e-7);
  CHECK_NEAR(p[2], 0.450585, 5e-7);
  CHECK_NEAR(p[5], 0.639334, 5e-7);
  /* In closed form: two types prefer a to b by ln 10, the third b to a by ln 100. */
  CHECK_NEAR(p[1], 0.7 * 10 / 11 + 0.3 / 101, 1e-15);
  for (int i = 0; i < 3; i++) {
    for (int k = 0; k < 3; k++) CHECK_NEAR(p[3 * i + k] + p[3 * k + i], 1, 1e-15);
  }
  crow_free(p);
  crow_dataset_close(&dataset);
}

/* food, art, romance are c, b, a of Table 2; their cells in the unit cube are equal. */
static void table_4_is_table_2_with_topics_on_a_line(void) {
  crow_simulate_options options = defaults();
  options.dimensions = 3;
  options.preferences = CROW_SIMULATE_MATRIX;
  crow_dataset dataset = simulate(&options, "table4.h5");
  double *p = read_all(&dataset, "/preference/matrix"), *context = read_all(&dataset, "/alternatives/context");
  crow_strings topic = {0}, id = {0};
  CHECK_NEAR(p[3 * 2 + 1], 0.639334, 5e-7); /* romance over art */
  CHECK_NEAR(p[3 * 2 + 0], 0.450585, 5e-7); /* romance over food */
  CHECK_NEAR(p[3 * 1 + 0], 0.639334, 5e-7); /* art over food */
  for (int t = 0; t < 3; t++) {
    CHECK_NEAR(context[3 * t], (t + 0.5) / 3, 1e-15);
    CHECK(context[3 * t + 1] == 0.5 && context[3 * t + 2] == 0.5);
  }
  CHECK_OK(crow_file_read_strings(dataset.file, "/alternatives/topic", 0, 3, &topic));
  CHECK_OK(crow_file_read_strings(dataset.file, "/alternatives/id", 0, 3, &id));
  CHECK(strcmp(crow_strings_get(&topic, 0), "food") == 0 && strcmp(crow_strings_get(&topic, 2), "romance") == 0);
  CHECK(strcmp(crow_strings_get(&id, 1), "art") == 0);
  crow_strings_free(&topic);
  crow_strings_free(&id);
  crow_free(p);
  crow_free(context);
  crow_dataset_close(&dataset);
}

static void clones_are_at_distance_eps_and_judged_as_their_originals(void) {
  enum { N = 100, CLONES = 50, D = 5 };
  crow_simulate_options options = defaults();
  options.alternatives = N;
  options.dimensions = D;
  options.spread = 0.1;
  options.reward_spread = 0.5;
  options.clone = "art"; /* 33 alternatives, from 34 on */
  options.clones = CLONES;
  options.eps = 1e-4;
  crow_dataset dataset = simulate(&options, "clones.h5");
  CHECK(dataset.alternatives == N + CLONES && dataset.types == 3);
  double *context = read_all(&dataset, "/alternatives/context"), *reward = read_all(&dataset, "/population/reward");
  crow_strings topic = {0}, id = {0};
  CHECK_OK(crow_file_read_strings(dataset.file, "/alternatives/topic", 0, N + CLONES, &topic));
  CHECK_OK(crow_file_read_strings(dataset.file, "/alternatives/id", 0, N + CLONES, &id));
  for (int64_t j = 0; j < CLONES; j++) {
    const int64_t original = 34 + j % 33, clone = N + j;
    double square = 0;
    for (int64_t k = 0; k < D; k++) square += pow(context[clone * D + k] - context[original * D + k], 2);
    CHECK_NEAR(sqrt(square), 1e-4, 1e-12);
    for (int64_t t = 0; t < 3; t++) CHECK(reward[t * (N + CLONES) + clone] == reward[t * (N + CLONES) + original]);
    CHECK(strcmp(crow_strings_get(&topic, original), "art") == 0);
    CHECK(strcmp(crow_strings_get(&topic, clone), "clone of art") == 0);
  }
  CHECK(strcmp(crow_strings_get(&id, 34), "art-1") == 0 && strcmp(crow_strings_get(&id, N), "clone of art-1") == 0);
  CHECK(reward[0] != reward[1]); /* two alternatives of food that a type likes differently */
  crow_strings_free(&topic);
  crow_strings_free(&id);
  crow_free(context);
  crow_free(reward);
  crow_dataset_close(&dataset);
}

/* Uniform in the ball of the maximum norm; normal with the spread as standard deviation. */
static void alternatives_scatter_as_asked(void) {
  enum { N = 3000, D = 4 };
  for (int shape = 0; shape < 2; shape++) {
    crow_simulate_options options = defaults();
    options.population = "table2";
    options.alternatives = N;
    options.dimensions = D;
    options.shape = shape;
    options.spread = 0.2;
    crow_dataset dataset = simulate(&options, "scatter.h5");
    double *context = read_all(&dataset, "/alternatives/context"), sum = 0, square = 0, largest = 0;
    for (int64_t i = 0; i < N * D; i++) {
      const double centre = i % D ? 0.5 : ((double)(i / D / (N / 3)) + 0.5) / 3;
      const double z = (context[i] - centre) / 0.2;
      sum += z;
      square += z * z;
      largest = fmax(largest, fabs(z));
    }
    const double variance = shape ? 1.0 / 3 : 1, fourth = shape ? 1.0 / 5 : 3;
    CHECK_NEAR(sum / (N * D), 0, 4 * sqrt(variance / (N * D)));
    CHECK_NEAR(square / (N * D), variance, 4 * sqrt((fourth - variance * variance) / (N * D)));
    CHECK(shape ? largest <= 1 : largest > 3);
    crow_free(context);
    crow_dataset_close(&dataset);
  }
}

static void comparisons_follow_the_population(void) {
  enum { Q = 120000 };
  crow_simulate_options options = defaults();
  options.population = "table2";
  options.preferences = CROW_SIMULATE_COMPARISONS;
  options.comparisons = Q;
  crow_dataset dataset = simulate(&options, "comparisons.h5");
  double *first = read_all(&dataset, "/comparisons/first"), *second = read_all(&dataset, "/comparisons/second");
  double *outcome = read_all(&dataset, "/comparisons/outcome"), asked[9] = {0}, won[9] = {0};
  for (int64_t k = 0; k < Q; k++) {
    CHECK(first[k] != second[k] && (outcome[k] == 0 || outcome[k] == 1));
    asked[3 * (int)first[k] + (int)second[k]]++;
    won[3 * (int)first[k] + (int)second[k]] += outcome[k];
  }
  const double p[9] = {0.5, 0.639334, 0.450585, 0.360666, 0.5, 0.639334, 0.549415, 0.360666, 0.5};
  for (int i = 0; i < 9; i++) {
    if (i % 4 == 0) continue;
    CHECK_NEAR(asked[i], Q / 6.0, 4 * sqrt(Q / 6.0));
    CHECK_NEAR(won[i] / asked[i], p[i], 4 * sqrt(p[i] * (1 - p[i]) / asked[i]));
  }
  crow_free(first);
  crow_free(second);
  crow_free(outcome);
  crow_dataset_close(&dataset);
}

/* Prompts of five or six originals; 7 of them are cloned 17 times, so that the last round of clones is incomplete. */
static void comparisons_and_clones_stay_within_their_prompts(void) {
  enum { N = 23, K = 4, CLONES = 17, ALL = N + CLONES, Q = 200000 };
  crow_simulate_options options = defaults();
  options.alternatives = N;
  options.prompts = K;
  options.spread = 0.1;
  options.clone = "romance"; /* from 16 on */
  options.clones = CLONES;
  options.preferences = CROW_SIMULATE_COMPARISONS;
  options.comparisons = Q;
  crow_dataset dataset = simulate(&options, "prompts.h5");
  CHECK(dataset.alternatives == ALL && dataset.prompts == K);
  double *first = read_all(&dataset, "/comparisons/first"), *second = read_all(&dataset, "/comparisons/second");
  static double asked[ALL][ALL];
  int size[K] = {0}, expected[ALL];
  crow_strings name = {0};
  CHECK_OK(crow_file_read_strings(dataset.file, "/alternatives/prompt", 0, ALL, &name));
  for (int i = 0; i < ALL; i++) {
    expected[i] = (i < N ? i : 16 + (i - N) % 7) % K;
    char text[32];
    (void)snprintf(text, sizeof text, "prompt-%d", expected[i] + 1);
    CHECK(strcmp(crow_strings_get(&name, i), text) == 0);
    size[expected[i]]++;
  }
  memset(asked, 0, sizeof asked);
  for (int64_t k = 0; k < Q; k++) asked[(int)first[k]][(int)second[k]]++;
  /* x is any alternative, y any other of its prompt. */
  for (int x = 0; x < ALL; x++) {
    for (int y = 0; y < ALL; y++) {
      const bool within = x != y && expected[x] == expected[y];
      const double mean = within ? (double)Q / ALL / (size[expected[x]] - 1) : 0;
      CHECK_NEAR(asked[x][y], mean, 5 * sqrt(mean));
    }
  }
  crow_strings_free(&name);
  crow_free(first);
  crow_free(second);
  crow_dataset_close(&dataset);

  /* Without a number of alternatives, one for each topic of each prompt. */
  crow_simulate_options each = defaults();
  each.prompts = 5;
  dataset = simulate(&each, "each.h5");
  CHECK(dataset.alternatives == 15 && dataset.prompts == 5);
  for (int i = 0; i < 15; i++) CHECK(dataset.prompt[i] == i % 5);
  crow_dataset_close(&dataset);
}

static void same_array(const crow_dataset *a, const crow_dataset *b, const char *path) {
  int64_t shape[2], other[2];
  crow_file_shape(a->file, path, shape);
  crow_file_shape(b->file, path, other);
  CHECK(shape[0] == other[0] && shape[1] == other[1]);
  double *left = read_all(a, path), *right = read_all(b, path);
  CHECK(memcmp(left, right, (size_t)(shape[0] * shape[1]) * sizeof *left) == 0);
  crow_free(left);
  crow_free(right);
}

static void same_texts(const crow_dataset *a, const crow_dataset *b, const char *path) {
  crow_strings left = {0}, right = {0};
  CHECK_OK(crow_file_read_strings(a->file, path, 0, a->alternatives, &left));
  CHECK_OK(crow_file_read_strings(b->file, path, 0, b->alternatives, &right));
  CHECK(left.width == right.width && memcmp(left.data, right.data, (size_t)(left.count * left.width)) == 0);
  crow_strings_free(&left);
  crow_strings_free(&right);
}

/* One rank writes in several pieces what several write in fewer each. */
static void datasets_do_not_depend_on_the_number_of_ranks(void) {
  if (crow_comm_size(test_comm) == 1) return; /* the same twice */
  static const char *const arrays[] = {"/population/reward",   "/preference/matrix",   "/comparisons/first",
                                       "/comparisons/second",  "/comparisons/outcome", "/population/prevalence",
                                       "/alternatives/context"};
  const int preferences[] = {CROW_SIMULATE_POPULATION, CROW_SIMULATE_COMPARISONS, CROW_SIMULATE_MATRIX};
  crow_comm *alone = test_comm_alone();
  for (int k = 0; k < 3; k++) {
    crow_simulate_options options = defaults();
    crow_simulate_summary summary;
    crow_dataset mine = {0};
    options.preferences = preferences[k];
    options.alternatives = k == 2 ? 1500 : 150001;
    options.comparisons = 1200007;
    options.dimensions = k == 2 ? 2 : 15;
    options.spread = 0.1;
    options.reward_spread = 0.3;
    options.clone = "romance";
    options.clones = 7;
    options.prompts = k == 1 ? 9000 : 0;
    crow_dataset all = simulate(&options, "all.h5");
    if (crow_comm_rank(test_comm) == 0) {
      CHECK_OK(crow_simulate_run(alone, &options, test_path("alone.h5"), true, NULL, &summary));
    }
    CHECK_OK(crow_comm_barrier(test_comm));
    CHECK_OK(crow_dataset_open(alone, test_path("alone.h5"), false, &mine));
    for (size_t a = 0; a < sizeof arrays / sizeof *arrays; a++) {
      CHECK(crow_file_has(all.file, arrays[a]) == crow_file_has(mine.file, arrays[a]));
      if (crow_file_has(all.file, arrays[a])) same_array(&all, &mine, arrays[a]);
    }
    same_texts(&all, &mine, "/alternatives/id");
    same_texts(&all, &mine, "/alternatives/topic");
    CHECK(all.has_prompt == (k == 1));
    if (all.has_prompt) same_texts(&all, &mine, "/alternatives/prompt");
    crow_dataset_close(&all);
    crow_dataset_close(&mine);
  }
  crow_comm_destroy(&alone);
}

static void write_text(const char *path, const char *text) {
  if (crow_comm_rank(test_comm) == 0) {
    FILE *file = fopen(path, "w");
    CHECK(file && fputs(text, file) >= 0);
    if (file) (void)fclose(file);
  }
  CHECK_OK(crow_comm_barrier(test_comm));
}

static void populations_are_read_from_json(void) {
  crow_simulate_options options = defaults();
  options.population = test_path("population.json");
  write_text(options.population,
             "{\"topics\": [\"tea\", \"milk\"], \"centres\": [[0.25, 0.5], [0.75, 0.125]], \"types\": ["
             "{\"prevalence\": 0.25, \"rewards\": {\"tea\": 1, \"milk\": 0}},"
             "{\"prevalence\": 0.75, \"rewards\": {\"tea\": -2, \"milk\": 0.5}}]}");
  crow_dataset dataset = simulate(&options, "json.h5");
  CHECK(dataset.alternatives == 2 && dataset.types == 2);
  double *context = read_all(&dataset, "/alternatives/context"), *reward = read_all(&dataset, "/population/reward");
  double *prevalence = read_all(&dataset, "/population/prevalence");
  CHECK(context[0] == 0.25 && context[1] == 0.5 && context[2] == 0.75 && context[3] == 0.125);
  CHECK(reward[0] == 1 && reward[1] == 0 && reward[2] == -2 && reward[3] == 0.5);
  CHECK(prevalence[0] == 0.25 && prevalence[1] == 0.75);
  crow_free(context);
  crow_free(reward);
  crow_free(prevalence);
  crow_dataset_close(&dataset);
}

static void refuse(const crow_simulate_options *options, crow_status expected, const char *message) {
  crow_simulate_summary summary;
  CHECK_STATUS(crow_simulate_run(test_comm, options, test_path("refused.h5"), true, NULL, &summary), expected);
  CHECK_MESSAGE(message);
}

static void bad_populations_and_options_are_refused_with_the_place(void) {
  crow_simulate_options options = defaults();
  options.population = test_path("bad.json");
  write_text(options.population, "{\"topics\": [\"a\", \"b\"],\n \"types\": [}");
  refuse(&options, CROW_BAD_INPUT, "line 2");
  write_text(options.population, "{\"topics\": [\"a\"], \"types\": [{\"prevalence\": 0.4, \"rewards\": {\"a\": 1}}]}");
  refuse(&options, CROW_BAD_INPUT, "sum to 0.4");
  write_text(options.population,
             "{\"topics\": [\"a\", \"b\"], \"types\": [{\"prevalence\": 1, \"rewards\": {\"a\": 1}}]}");
  refuse(&options, CROW_BAD_INPUT, "types[0].rewards.b");
  write_text(options.population, "{\"topics\": [\"a\", \"a\"], \"types\": []}");
  refuse(&options, CROW_BAD_INPUT, "twice");
  write_text(options.population, "{\"topic\": [\"a\"]}");
  refuse(&options, CROW_BAD_INPUT, "did you mean \"topics\"");
  options.population = test_path("absent.json");
  refuse(&options, CROW_FILE_SYSTEM, "absent.json");
  options = defaults();
  options.clone = "wine";
  refuse(&options, CROW_USAGE, "wine");
  options = defaults();
  options.alternatives = 2;
  refuse(&options, CROW_USAGE, "at least 3");
  options = defaults();
  options.clones = 2;
  refuse(&options, CROW_USAGE, "--clone");
  options = defaults();
  options.alternatives = 9;
  options.prompts = 10;
  refuse(&options, CROW_USAGE, "prompts 10: expected at most 9");
  options.prompts = 5;
  options.preferences = CROW_SIMULATE_COMPARISONS;
  refuse(&options, CROW_USAGE, "prompts 5: expected at most 4 with 9 alternatives that are compared, two in each");
}

static const crow_test tests[] = {
    {"the population of Table 2 has the win rates of the paper", table_2_has_its_win_rates},
    {"Table 4 is Table 2 with topics, whose cells are equal", table_4_is_table_2_with_topics_on_a_line},
    {"clones are at distance eps and judged as their originals",
     clones_are_at_distance_eps_and_judged_as_their_originals},
    {"alternatives scatter around their topics as asked", alternatives_scatter_as_asked},
    {"comparisons are of random pairs and follow the population", comparisons_follow_the_population},
    {"comparisons and clones stay within their prompts", comparisons_and_clones_stay_within_their_prompts},
    {"datasets have the same bits for any number of ranks", datasets_do_not_depend_on_the_number_of_ranks},
    {"populations are read from JSON", populations_are_read_from_json},
    {"bad populations and options are refused with the place", bad_populations_and_options_are_refused_with_the_place},
    {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "simulate", tests, true); }
