/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/audit_impl.h"
#include "fixture.h"
#include <stdlib.h>

static crow_dataset simulate(const crow_comm *comm, const crow_simulate_options *options, const char *name) {
  crow_dataset dataset = {0};
  crow_simulate_summary summary;
  CHECK_OK(crow_simulate_run(comm, options, test_path(name), true, NULL, &summary));
  CHECK_OK(crow_dataset_open(comm, test_path(name), false, &dataset));
  return dataset;
}

static crow_simulate_options simulate_defaults(void) {
  crow_simulate_options options;
  crow_settings_default(crow_simulate_settings, &options);
  return options;
}

static crow_audit_options audit_defaults(void) {
  crow_audit_options options;
  crow_audit_options_default(&options);
  options.scratch = test_folder();
  options.weights.samples = 5000;
  return options;
}

/* ---- Kendall ------------------------------------------------------------------------------------------------ */

static double brute_tau(int64_t n, const double *a, const double *b) {
  double sum = 0, pairs_a = 0, pairs_b = 0;
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < i; j++) {
      const int x = (a[i] > a[j]) - (a[i] < a[j]), y = (b[i] > b[j]) - (b[i] < b[j]);
      sum += x * y;
      pairs_a += x != 0;
      pairs_b += y != 0;
    }
  }
  return sum / sqrt(pairs_a * pairs_b);
}

static void tau_is_that_of_the_definition(void) {
  enum { N = 700 };
  const double a[5] = {12, 2, 1, 12, 2}, b[5] = {1, 4, 7, 1, 0}, up[3] = {1, 2, 3}, down[3] = {5, 4, 1};
  const double flat[3] = {2, 2, 2};
  double tau = 0, x[N], y[N], z[N];
  CHECK_OK(crow_kendall_tau(5, a, b, &tau));
  CHECK_NEAR(tau, -0.4714045207910316, 1e-15); /* scipy.stats.kendalltau */
  CHECK_OK(crow_kendall_tau(3, up, down, &tau));
  CHECK_NEAR(tau, -1, 1e-15);
  CHECK_OK(crow_kendall_tau(3, up, flat, &tau));
  CHECK(isnan(tau));
  for (int n = 2; n <= N; n = n * 3 + 1) {
    crow_random_uniform(1, CROW_STREAM_TEST, 1, x, n);
    crow_random_uniform(1, CROW_STREAM_TEST, 2, y, n);
    for (int i = 0; i < n; i++) {
      y[i] += x[i];
      z[i] = floor(10 * y[i]); /* with ties */
      x[i] = floor(40 * x[i]);
    }
    CHECK_OK(crow_kendall_tau(n, x, y, &tau));
    CHECK_NEAR(tau, brute_tau(n, x, y), 1e-13);
    CHECK_OK(crow_kendall_tau(n, x, z, &tau));
    if (n > 2) CHECK_NEAR(tau, brute_tau(n, x, z), 1e-13);
  }
}

/* ---- Table 4 ------------------------------------------------------------------------------------------------ */

/* p(x>y) of Table 4 in closed form, by topic. */
static double table_4(const char *x, const char *y) {
  static const char *const ranking[3][3] = {
      {"romance", "art", "food"}, {"food", "romance", "art"}, {"art", "food", "romance"}};
  static const double prevalence[3] = {0.4, 0.3, 0.3}, strength[3] = {100, 10, 1};
  const char *name[2] = {strcmp(x, "restaurants") ? x : "food", strcmp(y, "restaurants") ? y : "food"};
  double p = 0;
  for (int type = 0; type < 3; type++) {
    double s[2] = {0, 0};
    for (int k = 0; k < 2; k++) {
      for (int place = 0; place < 3; place++) {
        if (strcmp(ranking[type][place], name[k]) == 0) s[k] = strength[place];
      }
    }
    p += prevalence[type] * s[0] / (s[0] + s[1]);
  }
  return p;
}

/* The rewards solve the optimality equation of the closed-form win rates (Theorem 4.2), and so are in their order
 * (Corollary 4.3). */
static void check_optimal(const crow_audit_comparison *c, int k, bool weighted, double lambda) {
  double weight[4], reward[4], best_rate = -1;
  const char *name[4], *winner = "";
  int n = 0;
  for (int64_t t = 0; t < c->topics; t++) n += c->topic[t].size[k] > 0;
  int at = 0;
  for (int64_t t = 0; t < c->topics; t++) {
    if (c->topic[t].size[k] == 0) continue;
    weight[at] = weighted ? c->topic[t].weight[k] : 1.0 / n;
    reward[at] = weighted ? c->topic[t].weighted[k] : c->topic[t].standard[k];
    name[at++] = c->topic[t].name;
  }
  for (int x = 0; x < n; x++) {
    double rate = 0, fitted = lambda * reward[x];
    for (int y = 0; y < n; y++) {
      rate += weight[y] * table_4(name[x], name[y]);
      fitted += weight[y] / (1 + exp(reward[y] - reward[x]));
    }
    CHECK_NEAR(rate, fitted, 2e-8);
    if (rate > best_rate + 1e-12) {
      best_rate = rate;
      winner = name[x];
    }
  }
  CHECK(strcmp(winner, weighted ? c->weighted.winner_topic[k] : c->standard.winner_topic[k]) == 0);
}

/* Adding restaurants, a clone of food, makes art the winner of the standard fit instead of romance. Romance, art and
 * food are Table 2's a, b and c here: in Table 4 the type of 40 % ranks romance, art, food as its first type ranks a,
 * b, c, and the two of 30 % likewise c, a, b and b, c, a. Only with this mapping does a clone of food change the
 * winner: it is the clone of c that lifts b, whose Borda count goes from 1.5 to 2.139, above a, from 1.590 to 2.041.
 * With food as a, a would stay the winner (2.090 to 1.959 of c). */
static void a_clone_of_food_changes_the_winner_of_the_standard_fit_only(void) {
  crow_simulate_options make = simulate_defaults();
  crow_dataset original = simulate(test_comm, &make, "original.h5");
  make.clone = "food";
  make.clone_name = "restaurants";
  make.eps = 1e-3;
  crow_dataset clones = simulate(test_comm, &make, "clones.h5");
  crow_audit_options options = audit_defaults();
  crow_audit_comparison c;
  CHECK_OK(crow_audit_compare(test_comm, &original, &clones, &options, &c));
  CHECK(c.topics == 4 && c.common == 3);
  CHECK(c.standard.topic_changed && c.standard.winner_changed && c.standard.converged);
  CHECK(strcmp(c.standard.winner_topic[0], "romance") == 0 && strcmp(c.standard.winner_topic[1], "art") == 0);
  CHECK(!c.weighted.topic_changed && !c.weighted.winner_changed && c.weighted.converged);
  CHECK(strcmp(c.weighted.winner_topic[1], "romance") == 0 && strcmp(c.weighted.winner[1], "romance") == 0);
  for (int k = 0; k < 2; k++) {
    check_optimal(&c, k, false, options.fit.objective.lambda);
    check_optimal(&c, k, true, options.fit.objective.lambda);
  }
  /* Weights 1/3 each, and 1/6 for food and restaurants up to eps: r = (.115651, 0, -.115651) both times. */
  static const double fixed_point[4] = {0, -0.115651, -0.115651, 0.115651}; /* art, food, restaurants, romance */
  for (int t = 0; t < 4; t++) {
    if (t != 2) CHECK_NEAR(c.topic[t].weighted[0], fixed_point[t], 1e-6);
    CHECK_NEAR(c.topic[t].weighted[1], fixed_point[t], 2e-4);
  }
  /* The standard shift is what the printed numbers of Table 2 are about; the weighted one is a matter of eps. */
  CHECK(c.standard.largest > 0.05 && c.weighted.largest < 2e-4);
  CHECK(isnan(c.topic[2].standard[0]) && c.topic[2].size[0] == 0); /* restaurants */
  CHECK_NEAR(c.topic[1].weight[1] + c.topic[2].weight[1], 1.0 / 3, 1e-3);

  /* The stress test of the original alone finds the same: clones of food, by topic or by id. */
  const char *const targets[] = {"topic:food", "id:food", "most-compared"};
  for (int k = 0; k < 3; k++) {
    crow_audit_result r;
    options.target = targets[k];
    options.clones = "1,8";
    options.eps = "0.001";
    CHECK_OK(crow_audit_run(test_comm, &original, &options, &r));
    CHECK(r.tests == 2 && r.test[0].clones == 1 && r.test[1].clones == 8 && r.test[1].targets == 1);
    for (int64_t t = 0; t < r.tests; t++) {
      const crow_audit_test *test = &r.test[t];
      CHECK(test->standard.winner_changed && test->standard.topic_changed);
      CHECK(strcmp(test->standard.winner[0], "romance") == 0 && strcmp(test->standard.winner_topic[1], "art") == 0);
      CHECK(!test->weighted.winner_changed && !test->weighted.topic_changed && test->weighted.tau == 1);
      CHECK(test->weighted.largest < 0.02 && test->weighted.mean <= test->weighted.largest);
    }
    CHECK_NEAR(r.test[0].standard.largest, c.standard.largest, 1e-6);
    CHECK_NEAR(r.test[0].standard.mean, c.standard.mean, 1e-6);
    crow_audit_result_free(&r);
  }
  crow_audit_comparison_free(&c);
  crow_dataset_close(&original);
  crow_dataset_close(&clones);
}

/* ---- approximate clones -------------------------------------------------------------------------------------- */

static void groups_hold_what_their_members_hold(void) {
  crow_simulate_options make = simulate_defaults();
  make.centres = 1;
  make.alternatives = 90;
  make.dimensions = 6;
  make.spread = 0.3;
  make.clone = "art";
  make.clones = 40; /* of 30: ten have two */
  make.eps = 1e-4;
  make.preferences = CROW_SIMULATE_COMPARISONS;
  make.comparisons = 4000;
  crow_dataset dataset = simulate(test_comm, &make, "groups.h5");
  crow_audit_options options = audit_defaults();
  crow_audit_result r;
  options.target = "none";
  options.radius = 0;
  CHECK_OK(crow_audit_run(test_comm, &dataset, &options, &r));
  CHECK(r.tests == 0 && r.groups == 30 && r.grouped == 70 && r.listed == 20);
  CHECK(r.jump > 3 && r.radius > 1e-4 && r.radius < 0.3);
  /* 70 of 130 alternatives have that share of the 8000 places, in the mean. */
  const double share = 70.0 / 130;
  CHECK_NEAR(r.comparisons, share, 4 * sqrt(share * (1 - share) / 8000));
  CHECK(r.group[0].size == 3 && r.group[9].size == 3 && r.group[10].size == 2);
  CHECK(strcmp(r.group[0].first, "art-1") == 0);
  CHECK(strcmp(r.group[0].topics, "clone of art 2, art 1") == 0 &&
        strcmp(r.group[19].topics, "art 1, clone of art 1") == 0);
  double listed = 0;
  for (int64_t g = 0; g < r.listed; g++) listed += r.group[g].comparisons;
  CHECK(listed < r.comparisons && listed > 0.5 * r.comparisons);
  CHECK(r.weight > 0 && r.weight < 1);
  crow_audit_result_free(&r);
  crow_dataset_close(&dataset);
}

/* ---- stress datasets ----------------------------------------------------------------------------------------- */

static void clones_copy_a_matrix_exactly(void) {
  crow_simulate_options make = simulate_defaults();
  make.alternatives = 30;
  make.spread = 0.1;
  make.reward_spread = 1;
  make.preferences = CROW_SIMULATE_MATRIX;
  crow_dataset dataset = simulate(test_comm, &make, "matrix.h5"), clones = {0};
  crow_gidx target[2] = {3, 17};
  const crow_clones what = {.targets = 2, .target = target, .clones = 3, .eps = 0.25, .seed = 5};
  enum { M = 30, ALL = 36, D = 2 };
  double p[M * M], q[ALL * ALL], x[M * D], y[ALL * D];
  CHECK_OK(crow_clones_write(test_comm, &dataset, &what, test_path("matrix-clones.h5")));
  CHECK_OK(crow_dataset_open(test_comm, test_path("matrix-clones.h5"), false, &clones));
  CHECK(clones.alternatives == ALL);
  CHECK_OK(crow_file_read(dataset.file, "/preference/matrix", 0, M, CROW_F64, p));
  CHECK_OK(crow_file_read(clones.file, "/preference/matrix", 0, ALL, CROW_F64, q));
  CHECK_OK(crow_file_read(dataset.file, "/alternatives/context", 0, M, CROW_F64, x));
  CHECK_OK(crow_file_read(clones.file, "/alternatives/context", 0, ALL, CROW_F64, y));
  bool same = true;
  for (crow_gidx i = 0; i < ALL; i++) {
    const crow_gidx from = i < M ? i : target[(i - M) % 2];
    for (crow_gidx k = 0; k < ALL; k++)
      same = same && q[i * ALL + k] == p[from * M + (k < M ? k : target[(k - M) % 2])];
    const double distance = hypot(y[i * D] - x[from * D], y[i * D + 1] - x[from * D + 1]);
    CHECK_NEAR(distance, i < M ? 0 : 0.25, 1e-12);
  }
  CHECK(same);
  crow_dataset_close(&dataset);
  crow_dataset_close(&clones);
}

static void clones_resample_their_originals_comparisons(void) {
  enum { M = 40, K = 60, Q = 20000, TARGET = 7 };
  crow_simulate_options make = simulate_defaults();
  make.alternatives = M;
  make.spread = 0.1;
  make.preferences = CROW_SIMULATE_COMPARISONS;
  make.comparisons = Q;
  crow_dataset dataset = simulate(test_comm, &make, "votes.h5"), clones = {0};
  crow_gidx target[1] = {TARGET};
  const crow_clones what = {.targets = 1, .target = target, .clones = K, .eps = 0.01, .seed = 5};
  CHECK_OK(crow_clones_write(test_comm, &dataset, &what, test_path("votes-clones.h5")));
  CHECK_OK(crow_dataset_open(test_comm, test_path("votes-clones.h5"), false, &clones));
  const int64_t all = clones.comparisons;
  int32_t *first = NULL, *second = NULL;
  double *outcome = NULL, against[2][M] = {{0}}, won[2][M] = {{0}};
  CHECK_OK(CROW_ALLOCATE(&first, all));
  CHECK_OK(CROW_ALLOCATE(&second, all));
  CHECK_OK(CROW_ALLOCATE(&outcome, all));
  CHECK_OK(crow_file_read(clones.file, "/comparisons/first", 0, all, CROW_I32, first));
  CHECK_OK(crow_file_read(clones.file, "/comparisons/second", 0, all, CROW_I32, second));
  CHECK_OK(crow_file_read(clones.file, "/comparisons/outcome", 0, all, CROW_F64, outcome));
  bool legal = true;
  for (int64_t i = 0; i < all; i++) {
    const bool added = i >= Q, is_first = added ? first[i] >= M : first[i] == TARGET;
    const int32_t self = is_first ? first[i] : second[i], other = is_first ? second[i] : first[i];
    if (!added && self != TARGET) continue;
    legal = legal && other < M && other != TARGET && (self >= M) == added && self < M + K;
    if (!legal) break;
    against[added][other]++;
    won[added][other] += is_first ? outcome[i] : 1 - outcome[i];
  }
  CHECK(legal);
  /* Sums of K Poisson(1) numbers for each of the original's comparisons. */
  double n = 0;
  for (int y = 0; y < M; y++) {
    n += against[0][y];
    CHECK_NEAR(against[1][y], K * against[0][y], 4.5 * sqrt(K * against[0][y]));
    CHECK_NEAR(won[1][y], K * won[0][y], 4.5 * sqrt(K * won[0][y]));
  }
  CHECK_NEAR((double)(all - Q), K * n, 4 * sqrt(K * n));
  crow_free(first);
  crow_free(second);
  crow_free(outcome);
  crow_dataset_close(&dataset);
  crow_dataset_close(&clones);
}

/* ---- chance --------------------------------------------------------------------------------------------------- */

enum { JUDGED = 40, REDRAWS = 9 };

/* How often comparison i counts in a redraw: Poisson(1) by the inverse of its distribution. */
static int times_drawn(uint64_t seed, int redraw, int i) {
  double u, probability = exp(-1), sum;
  int n = 0;
  crow_random_uniform(seed, CROW_STREAM_BOOTSTRAP, (uint64_t)(redraw * JUDGED + i), &u, 1);
  for (sum = probability; u > sum; sum += probability) probability /= ++n;
  return n;
}

/* The difference of two alternatives' rewards: the root of lambda d = k (p - sigma(d)), which is Theorem 4.2 with
 * weights 1/2 for a pair that counts k. */
static double difference(double p, double k, double lambda) {
  double low = -100, high = 100;
  for (int step = 0; step < 100; step++) {
    const double d = (low + high) / 2;
    if (lambda * d < k * (p - 1 / (1 + exp(-d))))
      low = d;
    else
      high = d;
  }
  return low;
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Two alternatives compared 40 times, of which the first won every other and some more. */
static crow_dataset write_two(const char *name, int more, double outcome[JUDGED]) {
  static const char *const topic[2] = {"one", "two"};
  double context[2] = {0.25, 0.75};
  int32_t first[JUDGED], second[JUDGED];
  for (int i = 0; i < JUDGED; i++) {
    first[i] = 0;
    second[i] = 1;
    outcome[i] = i % 2 == 0 || i < 2 * more;
  }
  const test_dataset what = {.m = 2,
                             .d = 1,
                             .context = context,
                             .topic = topic,
                             .q = JUDGED,
                             .first = first,
                             .second = second,
                             .outcome = outcome};
  crow_dataset dataset = {0};
  test_dataset_write(test_comm, test_path(name), &what);
  CHECK_OK(crow_dataset_open(test_comm, test_path(name), false, &dataset));
  return dataset;
}

/* The difference of their rewards in a redraw, or with the comparisons as they are (redraw -1). */
static double redrawn_difference(uint64_t seed, int redraw, const double outcome[JUDGED], double lambda) {
  double won = 0, drawn = 0;
  for (int i = 0; i < JUDGED; i++) {
    const int times = redraw < 0 ? 1 : times_drawn(seed, redraw, i);
    won += times * outcome[i];
    drawn += times;
  }
  return difference(won / drawn, drawn / JUDGED, lambda);
}

/* So nearly even that some redraws change the winner; each redraw is solved here on its own. */
static void redrawn_comparisons_shift_rewards_as_worked_out_apart(void) {
  double outcome[JUDGED], shift[REDRAWS], mean = 0;
  crow_dataset dataset = write_two("two.h5", 2, outcome);
  crow_audit_options options = audit_defaults();
  crow_audit_result r;
  options.redraws = REDRAWS;
  options.clones = "1";
  options.eps = "0.001";
  const double lambda = options.fit.objective.lambda, all = redrawn_difference(1, -1, outcome, lambda);
  int64_t changed = 0;
  for (int b = 0; b < REDRAWS; b++) {
    const double d = redrawn_difference(1, b, outcome, lambda);
    shift[b] = fabs(d - all) / 2;
    mean += shift[b] / REDRAWS;
    changed += d < 0;
  }
  qsort(shift, REDRAWS, sizeof *shift, ascending);
  CHECK_OK(crow_audit_run(test_comm, &dataset, &options, &r));
  CHECK(r.redraws == REDRAWS && changed > 0 && changed < REDRAWS);
  const crow_audit_noise *noise[2] = {&r.standard, &r.weighted};
  for (int method = 0; method < 2; method++) {
    CHECK_NEAR(noise[method]->typical, shift[REDRAWS / 2], 1e-6);
    CHECK_NEAR(noise[method]->largest, shift[REDRAWS - 1], 1e-6);
    CHECK_NEAR(noise[method]->mean, mean, 1e-6);
    CHECK_NEAR(noise[method]->tau, 1 - 2.0 * (double)changed / REDRAWS, 1e-12);
    CHECK(noise[method]->changed == changed && noise[method]->most_prompts == 1);
    CHECK_NEAR(noise[method]->prompts, (double)changed / REDRAWS, 1e-12);
  }
  crow_audit_result_free(&r);
  options.redraws = 0;
  CHECK_OK(crow_audit_run(test_comm, &dataset, &options, &r));
  CHECK(r.redraws == 0 && r.tests == 1);
  crow_audit_result_free(&r);
  crow_dataset_close(&dataset);
}

/* Two such datasets: the deviations of the first's rewards less those of the second's, drawn with the next seed; one
 * reward is half the difference of both, and the other its negative. */
static void redraws_of_two_datasets_are_as_worked_out_apart(void) {
  double outcome[2][JUDGED], shift[REDRAWS], mean = 0, tau = 0;
  crow_dataset both[2] = {write_two("first.h5", 2, outcome[0]), write_two("second.h5", 3, outcome[1])};
  crow_audit_options options = audit_defaults();
  crow_audit_comparison c;
  options.redraws = REDRAWS;
  const double lambda = options.fit.objective.lambda;
  const double fitted[2] = {redrawn_difference(1, -1, outcome[0], lambda),
                            redrawn_difference(2, -1, outcome[1], lambda)};
  int64_t changed = 0;
  for (int b = 0; b < REDRAWS; b++) {
    const double deviation = redrawn_difference(1, b, outcome[0], lambda) - fitted[0] -
                             (redrawn_difference(2, b, outcome[1], lambda) - fitted[1]);
    shift[b] = fabs(deviation) / 2;
    mean += shift[b] / REDRAWS;
    changed += fitted[0] + deviation < 0;
    tau += (fitted[0] + deviation < 0 ? -1.0 : 1.0) / REDRAWS;
  }
  qsort(shift, REDRAWS, sizeof *shift, ascending);
  CHECK_OK(crow_audit_compare(test_comm, &both[0], &both[1], &options, &c));
  CHECK(!c.complete && c.redraws == REDRAWS && changed > 0);
  const crow_audit_noise *noise[2] = {&c.standard_noise, &c.weighted_noise};
  for (int method = 0; method < 2; method++) {
    CHECK_NEAR(noise[method]->typical, shift[REDRAWS / 2], 1e-6);
    CHECK_NEAR(noise[method]->largest, shift[REDRAWS - 1], 1e-6);
    CHECK_NEAR(noise[method]->mean, mean, 1e-6);
    CHECK_NEAR(noise[method]->tau, tau, 1e-12);
    CHECK(noise[method]->changed == changed);
  }
  CHECK_NEAR(c.standard.largest, fabs(fitted[0] - fitted[1]) / 2, 1e-6);
  crow_audit_comparison_free(&c);
  crow_dataset_close(&both[0]);
  crow_dataset_close(&both[1]);
}

/* Table 4 in every of five prompts: what a clone of food does to one alone it does to each. */
static void prompts_are_audited_as_each_alone(void) {
  crow_simulate_options make = simulate_defaults();
  crow_dataset alone = simulate(test_comm, &make, "alone.h5");
  make.prompts = 5;
  crow_dataset all = simulate(test_comm, &make, "five.h5");
  crow_audit_options options = audit_defaults();
  options.clones = "1";
  options.eps = "0.001";
  static const char *const targets[] = {"most-compared", "topic:food", "id:food-4"};
  for (int k = 0; k < 3; k++) {
    crow_audit_result one, five;
    options.target = k == 2 ? "id:food" : targets[k];
    CHECK_OK(crow_audit_run(test_comm, &alone, &options, &one));
    options.target = targets[k];
    CHECK_OK(crow_audit_run(test_comm, &all, &options, &five));
    CHECK(one.prompts == 1 && one.complete && one.test[0].standard.prompts_changed == 1);
    CHECK(five.prompts == 5 && five.tests == 1 && five.test[0].targets == (k == 2 ? 1 : 5));
    const crow_audit_shift *standard = &five.test[0].standard, *weighted = &five.test[0].weighted;
    CHECK(standard->winner_changed && standard->prompts_changed == (k == 2 ? 1 : 5));
    CHECK(!weighted->winner_changed && weighted->prompts_changed == 0 && weighted->tau == 1);
    CHECK(strcmp(standard->winner[0], k == 2 ? "romance-4" : "romance-1") == 0);
    CHECK(strcmp(standard->winner[1], k == 2 ? "art-4" : "art-1") == 0);
    CHECK_NEAR(standard->largest, one.test[0].standard.largest, 1e-6);
    CHECK_NEAR(weighted->largest, one.test[0].weighted.largest, 1e-3);
    /* Those of the other prompts stay where they are. */
    const double share = k == 2 ? 0.2 : 1;
    CHECK_NEAR(standard->mean, share * one.test[0].standard.mean, 1e-6);
    CHECK_NEAR(standard->tau, 1 - share * (1 - one.test[0].standard.tau), 1e-12);
    crow_audit_result_free(&one);
    crow_audit_result_free(&five);
  }
  crow_dataset_close(&alone);
  crow_dataset_close(&all);
}

static void same_shift(const crow_audit_shift *a, const crow_audit_shift *b) {
  CHECK(a->largest == b->largest && a->mean == b->mean && a->tau == b->tau);
  CHECK(strcmp(a->winner[1], b->winner[1]) == 0 && a->winner_changed == b->winner_changed);
}

static void audits_have_the_same_bits_for_any_number_of_ranks(void) {
  crow_comm *alone = test_comm_alone();
  crow_simulate_options make = simulate_defaults();
  make.alternatives = 1200;
  make.spread = 0.05;
  make.reward_spread = 0.5;
  make.preferences = CROW_SIMULATE_COMPARISONS;
  make.comparisons = 6000;
  make.prompts = 7;
  char name[64];
  (void)snprintf(name, sizeof name, "alone-%d.h5", crow_comm_rank(test_comm));
  crow_dataset all = simulate(test_comm, &make, "all.h5"), mine = simulate(alone, &make, name);
  crow_audit_options options = audit_defaults();
  crow_audit_result a, b;
  options.weights.samples = 5000;
  options.target = "topic:art";
  options.clones = "1";
  options.eps = "0.01";
  options.redraws = 3;
  CHECK_OK(crow_audit_run(test_comm, &all, &options, &a));
  CHECK_OK(crow_audit_run(alone, &mine, &options, &b));
  CHECK(a.tests == 1 && b.tests == 1 && a.test[0].targets == 400);
  CHECK(a.radius == b.radius && a.groups == b.groups && a.weight == b.weight && a.comparisons == b.comparisons);
  same_shift(&a.test[0].standard, &b.test[0].standard);
  same_shift(&a.test[0].weighted, &b.test[0].weighted);
  CHECK(a.prompts == 7 && a.standard.most_prompts <= 7 && a.standard.prompts > 0);
  CHECK(a.redraws == 3 && memcmp(&a.standard, &b.standard, sizeof a.standard) == 0);
  CHECK(memcmp(&a.weighted, &b.weighted, sizeof a.weighted) == 0);
  crow_audit_result_free(&a);
  crow_audit_result_free(&b);
  crow_dataset_close(&all);
  crow_dataset_close(&mine);
  crow_comm_destroy(&alone);
}

static void refuse(const crow_dataset *dataset, const crow_audit_options *options, const char *message) {
  crow_audit_result r;
  CHECK_STATUS(crow_audit_run(test_comm, dataset, options, &r), CROW_USAGE);
  CHECK_MESSAGE(message);
}

static void what_cannot_be_cloned_is_refused(void) {
  crow_simulate_options make = simulate_defaults();
  crow_dataset dataset = simulate(test_comm, &make, "small.h5");
  crow_audit_options options = audit_defaults();
  options.target = "topic:wine";
  refuse(&dataset, &options, "no such topic");
  options.target = "id:wine";
  refuse(&dataset, &options, "no alternative of this id");
  options.target = "most_compared";
  refuse(&dataset, &options, "did you mean \"most-compared\"");
  options = audit_defaults();
  options.eps = "0.1,-2";
  refuse(&dataset, &options, "positive numbers");
  options = audit_defaults();
  options.clones = "1.5";
  refuse(&dataset, &options, "whole numbers");
  crow_dataset_close(&dataset);
}

static const crow_test tests[] = {
    {"Kendall's tau is that of its definition, ties included", tau_is_that_of_the_definition},
    {"a clone of food changes the winner of the standard fit only",
     a_clone_of_food_changes_the_winner_of_the_standard_fit_only},
    {"groups of approximate clones hold what their members hold", groups_hold_what_their_members_hold},
    {"clones copy a matrix exactly, at distance eps", clones_copy_a_matrix_exactly},
    {"clones resample their originals' comparisons", clones_resample_their_originals_comparisons},
    {"redrawn comparisons shift rewards as worked out apart", redrawn_comparisons_shift_rewards_as_worked_out_apart},
    {"redraws of two datasets are as worked out apart", redraws_of_two_datasets_are_as_worked_out_apart},
    {"prompts are audited as each alone", prompts_are_audited_as_each_alone},
    {"audits have the same bits for any number of ranks", audits_have_the_same_bits_for_any_number_of_ranks},
    {"what cannot be cloned is refused", what_cannot_be_cloned_is_refused},
    {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "audit", tests, true); }
