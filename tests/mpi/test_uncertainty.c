/* SPDX-License-Identifier: Apache-2.0 */
/* Standard errors and bootstrap intervals of fitted rewards. */
#include "fixture.h"
#include <stdlib.h>

/* A dataset of q comparisons by the Bradley-Terry model with true rewards from -1 to 1; some are ties. */
typedef struct data {
  int64_t m, q;
  double *context, *outcome;
  int32_t *first, *second;
} data;

static double uniform(uint64_t seed, uint64_t k) {
  double u;
  crow_random_uniform(seed, CROW_STREAM_TEST, k, &u, 1);
  return u;
}

static data data_make(int64_t m, int64_t q, uint64_t seed) {
  data d = {m,
            q,
            calloc((size_t)(2 * m), sizeof(double)),
            calloc((size_t)q, sizeof(double)),
            calloc((size_t)q, sizeof(int32_t)),
            calloc((size_t)q, sizeof(int32_t))};
  for (uint64_t i = 0; i < (uint64_t)(2 * m); i++) d.context[i] = uniform(seed, i);
  for (int64_t k = 0; k < q; k++) {
    uint32_t words[4];
    crow_random_words(seed + 1, CROW_STREAM_TEST, (uint64_t)k, words, 4);
    const int64_t x = words[0] % m, y = (x + 1 + words[1] % (m - 1)) % m;
    const double gap = 2 * (double)(x - y) / (double)m, u = ((double)words[2] + .5) * 0x1p-32;
    d.first[k] = (int32_t)x;
    d.second[k] = (int32_t)y;
    d.outcome[k] = words[3] % 10 == 0 ? .5 : u < 1 / (1 + exp(-gap));
  }
  return d;
}

static void data_free(data *d) {
  free(d->context);
  free(d->outcome);
  free(d->first);
  free(d->second);
}

static void write(const crow_comm *comm, const char *path, const data *d) {
  const test_dataset t = {.m = d->m,
                          .d = 2,
                          .context = d->context,
                          .q = d->q,
                          .first = d->first,
                          .second = d->second,
                          .outcome = d->outcome};
  test_dataset_write(comm, path, &t);
}

/* Weights that vary; every fifth is zero if asked for. */
static void make_weights(const crow_comm *comm, int64_t m, bool zeros, crow_weights *out) {
  double *w = calloc((size_t)m, sizeof *w);
  char path[600];
  (void)snprintf(path, sizeof path, "%s/w-%d-%d.h5", test_folder(), crow_comm_size(comm),
                 crow_comm_size(comm) == 1 ? crow_comm_rank(test_comm) : 0);
  for (int64_t i = 0; i < m; i++) w[i] = zeros && i % 5 == 0 ? 0 : .2 + uniform(77, (uint64_t)i);
  test_weights_write(comm, path, m, w);
  CHECK_OK(crow_weights_read(comm, path, &(crow_dataset){.alternatives = m}, out));
  free(w);
}

static crow_uncertainty_options defaults(int64_t replicates) {
  crow_uncertainty_options options;
  crow_settings_default(crow_uncertainty_settings, &options);
  options.bootstrap = replicates;
  options.standard_errors = true;
  return options;
}

/* Rewards, whole on all ranks, by a fit to the last digits. */
static double *fit(const crow_comm *comm, const char *path, const crow_weights *weights,
                   const crow_train_options *options, crow_rewards *out) {
  crow_dataset dataset = {0};
  CHECK_OK(crow_dataset_open(comm, path, false, &dataset));
  CHECK_OK(crow_rewards_fit(comm, &dataset, weights, options, out));
  crow_dataset_close(&dataset);
  return test_gather(comm, &out->partition, out->value);
}

static void add_errors(const crow_comm *comm, const char *path, const crow_weights *weights,
                       const crow_train_options *options, const crow_uncertainty_options *how, crow_rewards *rewards) {
  crow_dataset dataset = {0};
  CHECK_OK(crow_dataset_open(comm, path, false, &dataset));
  CHECK_OK(crow_uncertainty_sandwich(comm, &dataset, weights, &options->objective, how, rewards->value,
                                     &rewards->uncertainty));
  if (how->bootstrap) {
    CHECK_OK(crow_uncertainty_bootstrap(comm, &dataset, weights, &options->objective, &options->lbfgs, how,
                                        rewards->value, &rewards->uncertainty));
  }
  crow_dataset_close(&dataset);
}

/* The infinitesimal jackknife is the sandwich: a comparison's weight moves r by (outcome - sigma) dr / d outcome, and
 * the squares of these moves add up to the variance. The derivatives are found by fitting to changed outcomes. The
 * variance is never below what the model has in the place of (outcome - sigma)^2: sigma (1 - sigma) times the
 * dispersion. */
static void compare_with_jackknife(int pair_weight, bool zeros) {
  enum { M = 11, Q = 45 };
  data d = data_make(M, Q, 5);
  crow_comm *alone = test_comm_alone(); /* for the many fits that are only the reference */
  crow_weights weights, all_weights;
  crow_rewards rewards = {0};
  crow_train_options options;
  crow_train_options_default(&options);
  options.objective.lambda = .03;
  options.objective.pair_weight = pair_weight;
  options.lbfgs.tolerance = 1e-13;
  /* Normalised, s does not depend on the outcomes either. */
  d.first[Q - 1] = d.first[0];
  d.second[Q - 1] = d.second[0];
  const char *path = test_path("jackknife.h5");
  write(test_comm, path, &d);
  make_weights(test_comm, M, zeros, &weights);
  make_weights(alone, M, zeros, &all_weights);
  double *r = fit(test_comm, path, &weights, &options, &rewards), variance[2][M] = {{0}}, lead[2][M] = {{0}};
  double sum[2] = {1, 1}; /* the prior's */
  int leader = 1;         /* has weight */
  for (int x = 0; x < M; x++) {
    if (!(zeros && x % 5 == 0) && r[x] > r[leader]) leader = x;
  }
  const crow_uncertainty_options how = defaults(0);
  add_errors(test_comm, path, &weights, &options, &how, &rewards);
  double *error = test_gather(test_comm, &rewards.partition, rewards.uncertainty.standard_error);
  double *lead_error = test_gather(test_comm, &rewards.partition, rewards.uncertainty.lead_error);
  for (int k = 0; k < Q; k++) {
    const double outcome = d.outcome[k], step = outcome > .5 ? -1e-3 : 1e-3;
    const double sigma = 1 / (1 + exp(r[d.second[k]] - r[d.first[k]]));
    const double square[2] = {(outcome - sigma) * (outcome - sigma), sigma * (1 - sigma)};
    for (int by = 0; by < 2; by++) sum[by] += square[by];
    double *at[2];
    for (int side = 0; side < 2; side++) {
      crow_rewards moved = {0};
      d.outcome[k] = outcome + step * (side ? 1 : .5);
      crow_pairs pairs = {0};
      CHECK_OK(crow_pairs_create(alone, M, Q, d.first, d.second, d.outcome, NULL, &pairs));
      CHECK_OK(crow_rewards_fit_pairs(alone, &all_weights, &pairs, &options, &moved));
      at[side] = test_gather(alone, &moved.partition, moved.value);
      crow_pairs_free(&pairs);
      crow_rewards_free(&moved);
    }
    d.outcome[k] = outcome;
    double derivative[M];
    for (int x = 0; x < M; x++) {
      /* One-sided, of second order: (4 f(h/2) - 3 f(0) - f(h)) / h */
      derivative[x] = (4 * at[0][x] - 3 * r[x] - at[1][x]) / step;
    }
    for (int x = 0; x < M; x++) {
      for (int by = 0; by < 2; by++) {
        variance[by][x] += square[by] * derivative[x] * derivative[x];
        lead[by][x] += square[by] * pow(derivative[leader] - derivative[x], 2);
      }
    }
    crow_free(at[0]);
    crow_free(at[1]);
  }
  const double dispersion = fmin(1, sum[0] / sum[1]);
  for (int x = 0; x < M; x++) {
    const double known = sqrt(fmax(variance[0][x], dispersion * variance[1][x]));
    const double of_lead = sqrt(fmax(lead[0][x], dispersion * lead[1][x]));
    CHECK_NEAR(error[x], known, 2e-5 * known);
    CHECK_NEAR(lead_error[x], of_lead, 2e-5 * of_lead);
  }
  CHECK(lead_error[leader] == 0);
  crow_free(r);
  crow_free(error);
  crow_free(lead_error);
  crow_rewards_free(&rewards);
  crow_weights_free(&weights);
  crow_weights_free(&all_weights);
  crow_comm_destroy(&alone);
  data_free(&d);
}

static void standard_errors_are_those_of_the_infinitesimal_jackknife(void) {
  compare_with_jackknife(0, false);
  compare_with_jackknife(1, false);
  compare_with_jackknife(0, true);
}

/* Groups' covariances by a system for each are those of the dense inverse, alternatives without weight among them; of
 * groups of one alternative the diagonal is the alternatives' variances. */
static void compare_groups(crow_objective *objective, const double *reward, const double *spread) {
  enum { M = 60, GROUPS = 4 };
  double exact[GROUPS * GROUPS], solved[GROUPS * GROUPS], variance[M], single[M * M];
  int32_t code[M], own[M];
  const crow_sandwich_options dense = {M, 0, 1}, systems = {0, 1, 1};
  for (int x = 0; x < M; x++) {
    code[x] = x * x % 7 % GROUPS;
    own[x] = x;
  }
  CHECK_OK(crow_objective_sandwich(objective, reward, spread, NULL, &dense, variance,
                                   &(crow_sandwich_groups){GROUPS, code, exact}, NULL));
  CHECK_OK(crow_objective_sandwich(objective, reward, spread, NULL, &systems, NULL,
                                   &(crow_sandwich_groups){GROUPS, code, solved}, NULL));
  for (int k = 0; k < GROUPS * GROUPS; k++) {
    CHECK_NEAR(solved[k], exact[k], 1e-6 * exact[k / GROUPS * (GROUPS + 1)]);
  }
  CHECK_OK(crow_objective_sandwich(objective, reward, spread, NULL, &systems, NULL,
                                   &(crow_sandwich_groups){M, own, single}, NULL));
  for (int x = 0; x < M; x++) CHECK_NEAR(single[x * (M + 1)], variance[x], 1e-6 * variance[x]);
}

/* With another spread each variance, that of a lead and of a group, is the greater of what both give, by the inverse
 * and by systems and probes; groups' correlations stay. */
static void compare_least(crow_objective *objective, const double *reward, const double *spread, int64_t pairs,
                          int64_t exact) {
  enum { M = 60, GROUPS = 4, LEADER = 8 };
  const crow_sandwich_options how = {exact, 20, 1};
  double *other = calloc((size_t)pairs + 1, sizeof *other);
  double variance[3][M], leads[3][M], covariance[3][GROUPS * GROUPS];
  int32_t code[M];
  int raised = 0;
  for (int x = 0; x < M; x++) code[x] = x % GROUPS;
  for (int64_t k = 0; k < pairs; k++) other[k] = spread[pairs - 1 - k];
  for (int by = 0; by < 3; by++) {
    const crow_sandwich_groups groups = {GROUPS, code, covariance[by]};
    CHECK_OK(crow_objective_sandwich(objective, reward, by == 1 ? other : spread, by == 2 ? other : NULL, &how,
                                     variance[by], &groups, &(crow_sandwich_lead){LEADER, leads[by]}));
  }
  for (int x = 0; x < M; x++) {
    CHECK_NEAR(variance[2][x], fmax(variance[0][x], variance[1][x]), 1e-14);
    CHECK_NEAR(leads[2][x], fmax(leads[0][x], leads[1][x]), 1e-14);
    raised += variance[1][x] > variance[0][x];
  }
  CHECK(raised > 0 && raised < M);
  for (int t = 0; t < GROUPS; t++) {
    for (int u = 0; u < GROUPS; u++) {
      const int tt = t * (GROUPS + 1), uu = u * (GROUPS + 1), tu = t * GROUPS + u;
      const double root = sqrt(fmax(covariance[0][tt], covariance[1][tt]) * fmax(covariance[0][uu], covariance[1][uu]));
      const double correlation = covariance[0][tu] / sqrt(covariance[0][tt] * covariance[0][uu]);
      CHECK_NEAR(covariance[2][tu], correlation * root, 1e-12);
    }
  }
  free(other);
}

/* Each variance has a relative error of at most sqrt(2 / P) = 8 %; five times that for all of them. */
static void probes_estimate_what_the_dense_inverse_gives(void) {
  enum { M = 60, Q = 400, P = 300 };
  crow_comm *alone = test_comm_alone();
  char path[600];
  (void)snprintf(path, sizeof path, "%s/probes-%d.h5", test_folder(), crow_comm_rank(test_comm));
  for (int pair_weight = 0; pair_weight < 2; pair_weight++) {
    data d = data_make(M, Q, 6);
    crow_weights weights;
    crow_pairs pairs = {0};
    crow_dataset dataset = {0};
    crow_objective *objective = NULL;
    const crow_objective_options options = {.lambda = .01, .pair_weight = pair_weight};
    const crow_sandwich_options dense = {M, 0, 1}, probes = {0, P, 1};
    write(alone, path, &d);
    make_weights(alone, M, true, &weights);
    CHECK_OK(crow_dataset_open(alone, path, false, &dataset));
    CHECK_OK(crow_pairs_read(alone, &dataset, &pairs));
    CHECK_OK(crow_objective_create_pairs(alone, &options, &weights, &pairs, &objective));
    double reward[M], exact[M], estimate[M], *spread = calloc((size_t)pairs.partition.count + 1, sizeof *spread);
    for (int x = 0; x < M; x++) reward[x] = sin(x);
    for (int64_t k = 0; k < pairs.partition.count; k++) spread[k] = uniform(9, (uint64_t)pairs.first[k]);
    double exact_leads[M], leads[M];
    const crow_sandwich_lead exact_lead = {8, exact_leads}, lead = {8, leads}; /* sin 8 = .99 */
    CHECK_OK(crow_objective_sandwich(objective, reward + weights.partition.begin, spread, NULL, &dense, exact, NULL,
                                     &exact_lead));
    CHECK_OK(crow_objective_sandwich(objective, reward + weights.partition.begin, spread, NULL, &probes, estimate, NULL,
                                     &lead));
    compare_groups(objective, reward, spread);
    compare_least(objective, reward, spread, pairs.partition.count, M);
    compare_least(objective, reward, spread, pairs.partition.count, 0);
    for (int64_t i = 0; i < weights.partition.count; i++) {
      CHECK(exact[i] > 0);
      CHECK_NEAR(estimate[i], exact[i], 5 * sqrt(2. / P) * exact[i]);
      CHECK((exact_leads[i] > 0) == (i != 8));
      CHECK_NEAR(leads[i], exact_leads[i], 5 * sqrt(2. / P) * exact_leads[i]);
    }
    free(spread);
    crow_objective_destroy(&objective);
    crow_pairs_free(&pairs);
    crow_dataset_close(&dataset);
    crow_weights_free(&weights);
    data_free(&d);
  }
  crow_comm_destroy(&alone);
}

/* With 2 x 1.96 standard errors between its ends, an interval of B normal replicates is off by some 6 % at B = 400, one
 * alternative at a time; the mean over 40 by some 1 %, besides what the normal approximation itself is off. */
static void bootstrap_intervals_agree_with_standard_errors(void) {
  enum { M = 40, Q = 4000, B = 400 };
  data d = data_make(M, Q, 12);
  crow_comm *alone = test_comm_alone(); /* thousands of small messages between ranks would show nothing more */
  char path[600];
  (void)snprintf(path, sizeof path, "%s/bootstrap-%d.h5", test_folder(), crow_comm_rank(test_comm));
  for (int pair_weight = 0; pair_weight < 2; pair_weight++) {
    crow_weights weights;
    crow_rewards rewards = {0};
    crow_train_options options;
    crow_train_options_default(&options);
    options.objective.pair_weight = pair_weight;
    const crow_uncertainty_options how = defaults(B);
    write(alone, path, &d);
    make_weights(alone, M, pair_weight == 0, &weights);
    double *r = fit(alone, path, &weights, &options, &rewards), mean = 0;
    add_errors(alone, path, &weights, &options, &how, &rewards);
    const crow_uncertainty *u = &rewards.uncertainty;
    double *error = test_gather(alone, &rewards.partition, u->standard_error);
    double *lower = test_gather(alone, &rewards.partition, u->lower);
    double *upper = test_gather(alone, &rewards.partition, u->upper);
    CHECK(u->replicates == B && u->not_converged == 0);
    for (int x = 0; x < M; x++) {
      const double ratio = (upper[x] - lower[x]) / (2 * 1.959964 * error[x]);
      CHECK(lower[x] < r[x] && r[x] < upper[x]);
      CHECK(ratio > .75 && ratio < 1.3);
      mean += ratio / M;
    }
    CHECK_NEAR(mean, 1, .06);
    for (int64_t i = 0; i < rewards.partition.count; i++) {
      CHECK(u->rank_lower[i] >= 1 && u->rank_lower[i] < u->rank_upper[i] && u->rank_upper[i] <= M);
    }
    crow_free(r);
    crow_free(error);
    crow_free(lower);
    crow_free(upper);
    crow_rewards_free(&rewards);
    crow_weights_free(&weights);
  }
  crow_comm_destroy(&alone);
  data_free(&d);
}

/* Without a single iteration a replicate is where it starts: at the rewards of all comparisons. */
static void replicates_start_at_the_rewards(void) {
  enum { M = 40 };
  data d = data_make(M, 300, 31);
  crow_weights weights;
  crow_rewards rewards;
  crow_train_options options;
  crow_train_options_default(&options);
  const char *path = test_path("start.h5");
  write(test_comm, path, &d);
  make_weights(test_comm, M, false, &weights);
  crow_free(fit(test_comm, path, &weights, &options, &rewards));
  options.lbfgs.max_iterations = 0;
  const crow_uncertainty_options how = defaults(3);
  add_errors(test_comm, path, &weights, &options, &how, &rewards);
  const crow_uncertainty *u = &rewards.uncertainty;
  CHECK(u->not_converged == 3);
  for (int64_t i = 0; i < rewards.partition.count; i++) {
    CHECK_NEAR(u->lower[i], rewards.value[i], 1e-14);
    CHECK_NEAR(u->upper[i], rewards.value[i], 1e-14);
  }
  crow_rewards_free(&rewards);
  crow_weights_free(&weights);
  data_free(&d);
}

/* Two ranks' slices, with probes as well as without. */
static void bits_do_not_depend_on_the_number_of_ranks(void) {
  crow_comm *alone = test_comm_alone();
  const crow_comm *comms[2] = {test_comm, alone};
  const int64_t sizes[] = {700, 1300};
  for (int s = 0; s < 2; s++) {
    const int64_t m = sizes[s];
    data d = data_make(m, 3 * m, 21);
    double *found[2][3];
    crow_rewards rewards[2];
    for (int c = 0; c < 2; c++) {
      char path[600];
      crow_weights weights;
      crow_train_options options;
      crow_train_options_default(&options);
      crow_uncertainty_options how = defaults(2);
      how.error_probes = 2;
      (void)snprintf(path, sizeof path, "%s/bits-%d-%d.h5", test_folder(), c, c ? crow_comm_rank(test_comm) : 0);
      write(comms[c], path, &d);
      make_weights(comms[c], m, true, &weights);
      crow_free(fit(comms[c], path, &weights, &options, &rewards[c]));
      add_errors(comms[c], path, &weights, &options, &how, &rewards[c]);
      const crow_uncertainty *u = &rewards[c].uncertainty;
      found[c][0] = test_gather(comms[c], &rewards[c].partition, u->standard_error);
      found[c][1] = test_gather(comms[c], &rewards[c].partition, u->lower);
      found[c][2] = test_gather(comms[c], &rewards[c].partition, u->upper);
      crow_weights_free(&weights);
    }
    for (int k = 0; k < 3; k++) CHECK(memcmp(found[0][k], found[1][k], (size_t)m * sizeof(double)) == 0);
    const crow_partition *p = &rewards[0].partition;
    for (int64_t i = 0; i < p->count; i++) {
      CHECK(rewards[0].uncertainty.rank_lower[i] == rewards[1].uncertainty.rank_lower[p->begin + i]);
      CHECK(rewards[0].uncertainty.rank_upper[i] == rewards[1].uncertainty.rank_upper[p->begin + i]);
    }
    for (int c = 0; c < 2; c++) {
      for (int k = 0; k < 3; k++) crow_free(found[c][k]);
      crow_rewards_free(&rewards[c]);
    }
    data_free(&d);
  }
  crow_comm_destroy(&alone);
}

/* A comparison that stands for n judgements: mean and variance of what is drawn are n, and of the wins n times the
 * share. */
static void replicates_draw_poisson_numbers(void) {
  enum { B = 4000 };
  const int64_t counts[] = {1, 7, 900, 5000};
  for (int c = 0; c < 4; c++) {
    const double n = (double)counts[c];
    int32_t first = 0, second = 1;
    uint32_t judgements = (uint32_t)counts[c], times;
    int64_t begin[] = {0, 1}, count = counts[c];
    crow_gidx comparison = 3;
    double outcome = .25, share, sum = 0, squares = 0, wins = 0;
    const crow_pairs pairs = {.alternatives = 2,
                              .partition = crow_partition_make(1, CROW_BLOCK, 1, 0),
                              .first = &first,
                              .second = &second,
                              .judgements = &judgements};
    const crow_judgements j = {
        .global = 10, .begin = begin, .comparison = &comparison, .outcome = &outcome, .count = c ? &count : NULL};
    for (int b = 0; b < B; b++) {
      crow_judgements_resample(&pairs, &j, 4, b, 0, &share, &times);
      sum += times;
      squares += (times - n) * (times - n);
      wins += times ? share * times : 0;
    }
    CHECK_NEAR(sum / B, n, 5 * sqrt(n / B));
    CHECK_NEAR(squares / B, n, 5 * sqrt((3 * n * n + n) / B));
    CHECK_NEAR(wins / B, n / 4, 5 * sqrt(n / 4 / B));
  }
}

static void complete_preferences_have_nothing_to_resample(void) {
  const double context[] = {0, 0, 1, 1};
  const test_dataset t = {.m = 2, .d = 2, .context = context};
  crow_dataset dataset = {0};
  crow_weights weights;
  crow_rewards rewards = {0};
  crow_train_options options;
  crow_train_options_default(&options);
  const crow_uncertainty_options how = defaults(10);
  test_dataset_write(test_comm, test_path("population.h5"), &t);
  CHECK_OK(crow_weights_uniform(test_comm, 2, &weights));
  crow_free(fit(test_comm, test_path("population.h5"), &weights, &options, &rewards));
  CHECK_OK(crow_dataset_open(test_comm, test_path("population.h5"), false, &dataset));
  CHECK_STATUS(crow_uncertainty_bootstrap(test_comm, &dataset, &weights, &options.objective, &options.lbfgs, &how,
                                          rewards.value, &rewards.uncertainty),
               CROW_USAGE);
  CHECK_MESSAGE("none to resample");
  CHECK_STATUS(crow_uncertainty_sandwich(test_comm, &dataset, &weights, &options.objective, &how, rewards.value,
                                         &rewards.uncertainty),
               CROW_USAGE);
  crow_dataset_close(&dataset);
  crow_rewards_free(&rewards);
  crow_weights_free(&weights);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"standard errors are those of the infinitesimal jackknife",
       standard_errors_are_those_of_the_infinitesimal_jackknife},
      {"probes estimate what the dense inverse gives", probes_estimate_what_the_dense_inverse_gives},
      {"bootstrap intervals agree with standard errors", bootstrap_intervals_agree_with_standard_errors},
      {"bits do not depend on the number of ranks", bits_do_not_depend_on_the_number_of_ranks},
      {"replicates start at the rewards of all comparisons", replicates_start_at_the_rewards},
      {"replicates draw Poisson numbers", replicates_draw_poisson_numbers},
      {"complete preferences have nothing to resample", complete_preferences_have_nothing_to_resample},
      {NULL, NULL},
  };
  return crow_test_main(argc, argv, "uncertainty", tests, true);
}
