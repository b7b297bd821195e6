/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"
#include <crow/audit.h>
#include <crow/cluster.h>

static crow_dataset open_dataset(const crow_comm *comm, const char *path) {
  crow_dataset dataset = {0};
  CHECK_OK(crow_dataset_open(comm, path, false, &dataset));
  return dataset;
}

/* 1500 alternatives in d dimensions far from the origin: 500 at random, each of the first 250 with 1 to 3 followers at
 * a distance of 1e-3 in a chain, so that the last is farther than the radius from the first. */
enum { M = 1500, D = 7, SEEDS = 500, LINKS = 400 };

static double *chained_contexts(void) {
  double *context = NULL;
  CHECK_OK(CROW_ALLOCATE(&context, M * D));
  for (int64_t i = 0; i < M; i++) {
    double *x = context + i * D;
    if (i < SEEDS || i >= SEEDS + LINKS) {
      crow_random_uniform(3, CROW_STREAM_TEST, (uint64_t)i, x, D);
      for (int64_t k = 0; k < D; k++) x[k] += 1000;
    } else {
      /* A link hangs on alternative 2 (i mod 250), or on the link before it. */
      const int64_t before = i - 250 >= SEEDS ? i - 250 : 2 * (i % 250);
      memcpy(x, context + before * D, D * sizeof *x);
      x[i % D] += 1e-3;
    }
  }
  return context;
}

/* Components by comparing every pair. */
static void brute_groups(const double *context, double radius, int32_t *group) {
  for (int32_t i = 0; i < M; i++) group[i] = i;
  for (bool again = true; again;) {
    again = false;
    for (int64_t i = 0; i < M; i++) {
      for (int64_t j = 0; j < i; j++) {
        double square = 0;
        for (int64_t k = 0; k < D; k++) square += pow(context[i * D + k] - context[j * D + k], 2);
        if (group[i] == group[j] || square > radius * radius) continue;
        const int32_t low = group[i] < group[j] ? group[i] : group[j];
        group[i] = group[j] = low;
        again = true;
      }
    }
  }
}

static void single_linkage_finds_the_components_of_the_radius_graph(void) {
  double *context = chained_contexts();
  const int32_t first[1] = {0}, second[1] = {1};
  const double outcome[1] = {1};
  test_dataset_write(
      test_comm, test_path("chains.h5"),
      &(test_dataset){
          .m = M, .d = D, .context = context, .q = 1, .first = first, .second = second, .outcome = outcome});
  crow_dataset dataset = open_dataset(test_comm, test_path("chains.h5"));
  int32_t *expected = NULL;
  crow_groups groups = {0};
  CHECK_OK(CROW_ALLOCATE(&expected, M));
  brute_groups(context, 1.5e-3, expected);
  CHECK_OK(crow_groups_by_radius(test_comm, &dataset, 1.5e-3, &groups));
  CHECK(groups.groups == M - LINKS);
  bool same = true, ordered = true;
  int32_t most = -1;
  for (int64_t i = 0; i < M; i++) {
    /* The brute labels are first members; ours are numbered in their order. */
    same = same && groups.group[i] == groups.group[expected[i]];
    same = same && (expected[i] == i || groups.group[i] < most + 1);
    if (expected[i] == i) ordered = ordered && groups.group[i] == ++most;
  }
  CHECK(same);
  CHECK(ordered);
  crow_groups_free(&groups);
  /* The suggested radius lies between the links and the rest. */
  double radius = 0, jump = 0;
  CHECK_OK(crow_radius_suggest(test_comm, &dataset, &radius, &jump));
  CHECK(radius > 1.1e-3 && radius < 0.05 && jump > 3);
  crow_free(expected);
  crow_free(context);
  crow_dataset_close(&dataset);
}

static void without_a_jump_the_radius_is_half_the_median_distance(void) {
  double context[40], matrix[400];
  for (int i = 0; i < 400; i++) matrix[i] = 0.5;
  for (int i = 0; i < 20; i++) {
    context[2 * i] = i;
    context[2 * i + 1] = 0;
  }
  test_dataset_write(test_comm, test_path("row.h5"),
                     &(test_dataset){.m = 20, .d = 2, .context = context, .matrix = matrix});
  crow_dataset dataset = open_dataset(test_comm, test_path("row.h5"));
  double radius = 0;
  CHECK_OK(crow_radius_suggest(test_comm, &dataset, &radius, NULL));
  CHECK(radius == 0.5);
  crow_dataset_close(&dataset);
}

static void kmeans_finds_well_separated_topics(void) {
  crow_simulate_options options;
  crow_simulate_summary summary;
  crow_groups groups = {0}, again = {0};
  crow_comm *alone = test_comm_alone();
  crow_settings_default(crow_simulate_settings, &options);
  options.alternatives = 1501;
  options.dimensions = 5;
  options.spread = 0.01;
  CHECK_OK(crow_simulate_run(test_comm, &options, test_path("topics.h5"), true, NULL, &summary));
  crow_dataset dataset = open_dataset(test_comm, test_path("topics.h5"));
  CHECK_OK(crow_groups_by_kmeans(test_comm, &dataset, 3, 1, 100, 1, &groups));
  CHECK(groups.groups == 3 && groups.converged);
  bool right = true;
  for (int64_t i = 0; i < 1501; i++) right = right && groups.group[i] == (i < 501 ? 0 : i < 1001 ? 1 : 2);
  CHECK(right);
  /* The inertia of 1501 points with 3 means: 5 x 1498 degrees of freedom. */
  CHECK_NEAR(groups.inertia / 1e-4, 5 * 1498, 4 * sqrt(2 * 5 * 1498));
  crow_groups_free(&groups);
  /* Many groups, whose bits depend on every sum and draw. */
  crow_dataset mine = open_dataset(alone, test_path("topics.h5"));
  CHECK_OK(crow_groups_by_kmeans(test_comm, &dataset, 40, 1, 100, 7, &groups));
  CHECK_OK(crow_groups_by_kmeans(alone, &mine, 40, 1, 100, 7, &again));
  CHECK(groups.groups == 40 && again.groups == 40 && groups.iterations == again.iterations);
  CHECK(groups.inertia == again.inertia);
  CHECK(memcmp(groups.group, again.group, 1501 * sizeof *groups.group) == 0);
  crow_groups_free(&groups);
  crow_groups_free(&again);
  crow_dataset_close(&mine);
  crow_dataset_close(&dataset);
  crow_comm_destroy(&alone);
}

static void kmeans_makes_no_more_groups_than_there_are_contexts(void) {
  const double context[12] = {0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 5, 5};
  double matrix[36];
  for (int i = 0; i < 36; i++) matrix[i] = 0.5;
  test_dataset_write(test_comm, test_path("few.h5"),
                     &(test_dataset){.m = 6, .d = 2, .context = context, .matrix = matrix});
  crow_dataset dataset = open_dataset(test_comm, test_path("few.h5"));
  crow_groups groups = {0};
  const int32_t expected[6] = {0, 1, 0, 1, 0, 2};
  CHECK_OK(crow_groups_by_kmeans(test_comm, &dataset, 5, 1, 100, 1, &groups));
  CHECK(groups.groups == 3 && groups.inertia == 0);
  CHECK(memcmp(groups.group, expected, sizeof expected) == 0);
  crow_groups_free(&groups);
  crow_dataset_close(&dataset);
}

/* ---- meta-alternatives -------------------------------------------------------------------------------------- */

/* Six alternatives in three groups {0, 2}, {1, 3, 5}, {4}. */
static const double small_context[12] = {0, 0, 10, 0, 0, 1, 10, 1, 5, 5, 10, 2};

static void add_names(const char *path, const char *named) {
  static const char *const ids[6] = {"a", "b", "c", "d", "e", "f"};
  static const char *const topics[6] = {"x", "y", "x", "y", "z", "x"};
  crow_dataset dataset = open_dataset(test_comm, path);
  crow_file *file = NULL;
  const bool root = crow_comm_rank(test_comm) == 0;
  CHECK_OK(crow_file_create(test_comm, named, "dataset", true, &file));
  static const char *const copied[] = {"/alternatives/context", "/comparisons/first", "/comparisons/second",
                                       "/comparisons/outcome",  "/preference/matrix", "/population/prevalence",
                                       "/population/reward"};
  for (size_t k = 0; k < sizeof copied / sizeof *copied; k++) {
    if (crow_file_has(dataset.file, copied[k])) CHECK_OK(crow_file_copy(dataset.file, file, copied[k]));
  }
  char id[6 * 2] = "", topic[6 * 2] = "";
  for (int i = 0; i < 6; i++) {
    id[2 * i] = ids[i][0];
    topic[2 * i] = topics[i][0];
  }
  CHECK_OK(crow_file_write_strings(file, "/alternatives/id", 6, 0, &(crow_strings){root ? 6 : 0, 2, id}));
  CHECK_OK(crow_file_write_strings(file, "/alternatives/topic", 6, 0, &(crow_strings){root ? 6 : 0, 2, topic}));
  CHECK_OK(crow_file_finish(&file));
  crow_dataset_close(&dataset);
}

static crow_cluster_summary cluster(const char *from, const char *to, double radius) {
  crow_cluster_options options;
  crow_cluster_summary summary = {0};
  crow_settings_default(crow_cluster_settings, &options);
  options.radius = radius;
  crow_dataset dataset = open_dataset(test_comm, from);
  CHECK_OK(crow_cluster_run(test_comm, &dataset, &options, to, true, NULL, &summary));
  crow_dataset_close(&dataset);
  return summary;
}

static void check_texts(const crow_file *file, const char *path, int64_t n, const char *const *expected) {
  crow_strings texts = {0};
  CHECK_OK(crow_file_read_strings(file, path, 0, n, &texts));
  for (int64_t i = 0; i < n && texts.data; i++) CHECK(strcmp(crow_strings_get(&texts, i), expected[i]) == 0);
  crow_strings_free(&texts);
}

static void comparisons_are_pooled_and_originals_get_their_groups_reward(void) {
  const int32_t first[7] = {0, 1, 2, 4, 5, 3, 0}, second[7] = {1, 3, 5, 0, 1, 4, 2};
  const double outcome[7] = {1, 1, 0.5, 0, 1, 0.25, 0};
  test_dataset_write(
      test_comm, test_path("plain.h5"),
      &(test_dataset){
          .m = 6, .d = 2, .context = small_context, .q = 7, .first = first, .second = second, .outcome = outcome});
  add_names(test_path("plain.h5"), test_path("six.h5"));
  const crow_cluster_summary summary = cluster(test_path("six.h5"), test_path("three.h5"), 1);
  CHECK(summary.groups == 3 && summary.largest == 3 && summary.singles == 1);
  CHECK(summary.comparisons == 7 && summary.dropped == 3);
  crow_dataset dataset = open_dataset(test_comm, test_path("three.h5"));
  CHECK(dataset.alternatives == 3 && dataset.comparisons == 4);
  double context[6], p[4];
  int32_t a[4], b[4], map[6];
  CHECK_OK(crow_file_read(dataset.file, "/alternatives/context", 0, 3, CROW_F64, context));
  CHECK_OK(crow_file_read(dataset.file, "/comparisons/first", 0, 4, CROW_I32, a));
  CHECK_OK(crow_file_read(dataset.file, "/comparisons/second", 0, 4, CROW_I32, b));
  CHECK_OK(crow_file_read(dataset.file, "/comparisons/outcome", 0, 4, CROW_F64, p));
  CHECK_OK(crow_file_read(dataset.file, "/cluster/map", 0, 6, CROW_I32, map));
  const double mean[6] = {0, 0.5, 10, 1, 5, 5}, outcomes[4] = {1, 0.5, 0, 0.25};
  const int32_t firsts[4] = {0, 0, 2, 1}, seconds[4] = {1, 1, 0, 2}, maps[6] = {0, 1, 0, 1, 2, 1};
  for (int i = 0; i < 6; i++) CHECK_NEAR(context[i], mean[i], 1e-15);
  CHECK(memcmp(a, firsts, sizeof a) == 0 && memcmp(b, seconds, sizeof b) == 0);
  CHECK(memcmp(p, outcomes, sizeof p) == 0 && memcmp(map, maps, sizeof map) == 0);
  check_texts(dataset.file, "/alternatives/id", 3, (const char *const[]){"a +1", "b +2", "e"});
  check_texts(dataset.file, "/alternatives/topic", 3, (const char *const[]){"x", "y", "z"});
  /* The fit gives each original its group's reward. */
  crow_train_options options;
  crow_weights weights = {0};
  crow_rewards rewards = {0};
  crow_provenance *provenance = NULL;
  crow_file *file = NULL;
  double reward[3], original[6];
  crow_train_options_default(&options);
  CHECK_OK(crow_provenance_create(test_comm, "test", &provenance));
  CHECK_OK(crow_weights_uniform(test_comm, 3, &weights));
  CHECK_OK(crow_rewards_fit(test_comm, &dataset, &weights, &options, &rewards));
  CHECK_OK(crow_rewards_write(test_comm, test_path("rewards.h5"), true, &rewards, &dataset, provenance));
  CHECK_OK(crow_file_open(test_comm, test_path("rewards.h5"), "rewards", &file));
  CHECK_OK(crow_file_read(file, "/rewards/value", 0, 3, CROW_F64, reward));
  CHECK_OK(crow_file_read(file, "/original/reward", 0, 6, CROW_F64, original));
  for (int i = 0; i < 6; i++) CHECK(original[i] == reward[map[i]]);
  CHECK(reward[0] > reward[2]);
  check_texts(file, "/original/id", 6, (const char *const[]){"a", "b", "c", "d", "e", "f"});
  check_texts(file, "/original/topic", 6, (const char *const[]){"x", "y", "x", "y", "z", "x"});
  crow_file_close(&file);
  crow_provenance_destroy(&provenance);
  crow_rewards_free(&rewards);
  crow_weights_free(&weights);
  crow_dataset_close(&dataset);
}

static void complete_preferences_are_averaged_over_the_members(void) {
  double matrix[36], reward[12];
  const double prevalence[2] = {0.25, 0.75};
  for (int i = 0; i < 6; i++) {
    for (int k = 0; k < 6; k++) matrix[6 * i + k] = i == k ? 0.5 : i < k ? 1.0 / (i + k) : 1 - 1.0 / (i + k);
  }
  for (int i = 0; i < 12; i++) reward[i] = i * i;
  test_dataset_write(test_comm, test_path("complete.h5"),
                     &(test_dataset){.m = 6,
                                     .d = 2,
                                     .context = small_context,
                                     .matrix = matrix,
                                     .types = 2,
                                     .prevalence = prevalence,
                                     .reward = reward});
  cluster(test_path("complete.h5"), test_path("averaged.h5"), 1);
  crow_dataset dataset = open_dataset(test_comm, test_path("averaged.h5"));
  double p[9], r[6];
  CHECK_OK(crow_file_read(dataset.file, "/preference/matrix", 0, 3, CROW_F64, p));
  CHECK_OK(crow_file_read(dataset.file, "/population/reward", 0, 2, CROW_F64, r));
  double share = 0;
  const int left[2] = {0, 2}, right[3] = {1, 3, 5};
  for (int i = 0; i < 2; i++) {
    for (int k = 0; k < 3; k++) share += matrix[6 * left[i] + right[k]] / 6;
  }
  CHECK_NEAR(p[1], share, 1e-9);
  CHECK_NEAR(p[2], (matrix[4] + matrix[6 * 2 + 4]) / 2, 1e-9);
  for (int i = 0; i < 3; i++) {
    for (int k = 0; k < 3; k++) CHECK_NEAR(p[3 * i + k] + p[3 * k + i], 1, 1e-15);
  }
  CHECK_NEAR(r[0], (0.0 + 4) / 2, 1e-12);
  CHECK_NEAR(r[1], (1.0 + 9 + 25) / 3, 1e-12);
  CHECK_NEAR(r[3 + 2], 100, 1e-12);
  crow_dataset_close(&dataset);
}

static void groups_that_leave_nothing_are_refused(void) {
  crow_cluster_options options;
  crow_cluster_summary summary;
  crow_dataset dataset = open_dataset(test_comm, test_path("six.h5"));
  crow_settings_default(crow_cluster_settings, &options);
  options.radius = 100;
  CHECK_STATUS(crow_cluster_run(test_comm, &dataset, &options, test_path("one.h5"), true, NULL, &summary),
               CROW_BAD_INPUT);
  CHECK_MESSAGE("in one group");
  options.clusters = 2;
  CHECK_STATUS(crow_cluster_run(test_comm, &dataset, &options, test_path("one.h5"), true, NULL, &summary), CROW_USAGE);
  CHECK_MESSAGE("--clusters and --radius");
  crow_dataset_close(&dataset);
}

static const crow_test tests[] = {
    {"single linkage finds the components of the radius graph, also far from the origin",
     single_linkage_finds_the_components_of_the_radius_graph},
    {"without a jump the suggested radius is half the median nearest distance",
     without_a_jump_the_radius_is_half_the_median_distance},
    {"k-means finds separated topics, with the same bits on any number of ranks", kmeans_finds_well_separated_topics},
    {"k-means makes no more groups than there are contexts", kmeans_makes_no_more_groups_than_there_are_contexts},
    {"comparisons are pooled, and a fit gives originals their group's reward",
     comparisons_are_pooled_and_originals_get_their_groups_reward},
    {"complete preferences are averaged over the members", complete_preferences_are_averaged_over_the_members},
    {"groups that leave nothing to compare are refused", groups_that_leave_nothing_are_refused},
    {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "cluster", tests, true); }
