/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

#include <stdlib.h>

/* (x - 3)^2 / 2 + 2 (y + 1)^4 */
static crow_status curve(void *context, int64_t step, const double *theta, double *value, double *gradient) {
  int64_t *calls = context;
  CHECK(step == (*calls)++);
  const double a = theta[0] - 3, b = theta[1] + 1;
  *value = a * a / 2 + 2 * b * b * b * b;
  gradient[0] = a;
  gradient[1] = 8 * b * b * b;
  return CROW_OK;
}

static crow_adam_options options_of(double rate, int64_t steps) {
  crow_adam_options options;
  crow_settings_default(crow_adam_settings, &options);
  options.learning_rate = rate;
  options.steps = steps;
  return options;
}

static void defaults_are_the_papers(void) {
  const crow_adam_options options = options_of(1e-3, 500);
  crow_adam_options defaults;
  crow_settings_default(crow_adam_settings, &defaults);
  CHECK(defaults.learning_rate == options.learning_rate && defaults.steps == 500 && defaults.batch == 512);
  CHECK(defaults.beta1 == .9 && defaults.beta2 == .999 && defaults.epsilon == 1e-8);
  defaults.beta2 = 1;
  crow_adam *adam = NULL;
  CHECK_STATUS(crow_adam_create(&defaults, 0, NULL, &adam), CROW_USAGE);
  CHECK_MESSAGE("beta2");
  CHECK(adam == NULL);
}

/* Algorithm 1 of Kingma and Ba (2015) by hand in a few lines of Python: rate .5, beta .8 and .9, epsilon 1e-3. */
static void steps_equal_the_ones_worked_out_by_hand(void) {
  const double expected[4][2] = {{0.4998333888703767, -0.4999375078115237},
                                 {0.9949284509570691, -0.8700197493421726},
                                 {1.480427393454399, -1.145774380180971},
                                 {1.949538564939465, -1.361153501911015}};
  crow_adam_options options = options_of(.5, 4);
  options.beta1 = .8;
  options.beta2 = .9;
  options.epsilon = 1e-3;
  const double start[2] = {0, 0};
  crow_adam *adam = NULL;
  int64_t calls = 0;
  bool done = false;
  CHECK_OK(crow_adam_create(&options, 2, start, &adam));
  CHECK(isnan(crow_adam_value(adam)));
  for (int k = 0; k < 4; k++) {
    CHECK(!done);
    CHECK_OK(crow_adam_step(adam, curve, &calls, &done));
    CHECK_NEAR(crow_adam_theta(adam)[0], expected[k][0], 1e-14);
    CHECK_NEAR(crow_adam_theta(adam)[1], expected[k][1], 1e-14);
  }
  CHECK(done && crow_adam_steps(adam) == 4);
  CHECK_OK(crow_adam_step(adam, curve, &calls, &done));
  CHECK(calls == 4);
  crow_adam_destroy(&adam);
  CHECK(adam == NULL);
  crow_adam_destroy(&adam);
}

static void goes_on_from_a_checkpoint_with_the_same_bits(void) {
  const crow_adam_options options = options_of(.1, 50);
  const double start[2] = {0, 0}, elsewhere[2] = {7, 7};
  crow_adam *whole = NULL, *again = NULL;
  crow_optim_state from, to;
  int64_t calls = 0;
  bool done = false;
  CHECK_OK(crow_adam_create(&options, 2, start, &whole));
  CHECK_OK(crow_adam_create(&options, 2, elsewhere, &again));
  for (int k = 0; k < 20; k++) CHECK_OK(crow_adam_step(whole, curve, &calls, &done));
  crow_adam_state(whole, &from);
  crow_adam_state(again, &to);
  CHECK(from.scalars == to.scalars && from.vectors == 3 && to.vectors == 3);
  memcpy(to.scalar, from.scalar, sizeof(double) * (size_t)from.scalars);
  for (int k = 0; k < 3; k++) memcpy(to.vector[k], from.vector[k], 2 * sizeof(double));
  CHECK(crow_adam_value(again) == crow_adam_value(whole));
  while (!done) CHECK_OK(crow_adam_step(whole, curve, &calls, &done));
  calls = 20;
  for (done = false; !done;) CHECK_OK(crow_adam_step(again, curve, &calls, &done));
  CHECK(memcmp(crow_adam_theta(whole), crow_adam_theta(again), 2 * sizeof(double)) == 0);
  CHECK(crow_adam_value(whole) == crow_adam_value(again));
  crow_adam_destroy(&whole);
  crow_adam_destroy(&again);
}

static crow_status diverging(void *context, int64_t step, const double *theta, double *value, double *gradient) {
  (void)context;
  (void)theta;
  *value = step == 2 ? NAN : 1;
  gradient[0] = 1;
  gradient[1] = step == 1 ? INFINITY : 1;
  return CROW_OK;
}

static void divergence_is_an_error_that_names_the_step(void) {
  const crow_adam_options options = options_of(.1, 9);
  const double start[2] = {0, 0};
  crow_adam *adam = NULL;
  bool done;
  CHECK_OK(crow_adam_create(&options, 2, start, &adam));
  CHECK_OK(crow_adam_step(adam, diverging, NULL, &done));
  const double before = crow_adam_theta(adam)[0];
  CHECK_STATUS(crow_adam_step(adam, diverging, NULL, &done), CROW_FAILED);
  CHECK_MESSAGE("parameter 1 at step 1 is inf");
  CHECK(done && crow_adam_theta(adam)[0] == before);
  crow_adam_destroy(&adam);
}

static void every_epoch_draws_all_once(void) {
  const crow_gidx totals[] = {1, 2, 5, 512, 1000, 70000};
  for (size_t t = 0; t < sizeof totals / sizeof *totals; t++) {
    const crow_gidx total = totals[t];
    const int64_t batch = 512, each = (total + batch - 1) / batch;
    int *seen = calloc((size_t)total, sizeof *seen);
    crow_gidx index[512], in_order = 0, drawn = 0;
    for (int64_t step = each; step < 2 * each; step++) {
      int64_t count;
      crow_batch_draw(11, 3, total, batch, step, index, &count);
      CHECK(count == (step == 2 * each - 1 ? total - (each - 1) * batch : batch));
      for (int64_t k = 0; k < count; k++) {
        CHECK(index[k] >= 0 && index[k] < total);
        seen[index[k]]++;
        in_order += index[k] == drawn++;
      }
    }
    for (crow_gidx k = 0; k < total; k++) {
      if (seen[k] != 1) CHECK(seen[k] == 1);
    }
    /* a random order leaves one in its place on average; ten are beyond chance (1e-7) */
    CHECK(total < 512 || in_order <= 10);
    free(seen);
  }
}

static void epochs_members_and_seeds_differ(void) {
  crow_gidx a[64], b[64];
  int64_t count;
  const struct {
    uint64_t seed;
    int64_t member, step;
  } others[] = {{2, 0, 0}, {1, 1, 0}, {1, 0, 100}}; /* step 100 begins the second epoch */
  crow_batch_draw(1, 0, 6400, 64, 0, a, &count);
  for (int k = 0; k < 3; k++) {
    int64_t same = 0;
    crow_batch_draw(others[k].seed, others[k].member, 6400, 64, others[k].step, b, &count);
    for (int i = 0; i < 64; i++) same += a[i] == b[i];
    CHECK(same <= 3);
  }
  crow_batch_draw(1, 0, 6400, 64, 0, b, &count);
  CHECK(memcmp(a, b, sizeof a) == 0);
}

/* The first element of the order over many epochs: chi-squared over 16 cells with 15 degrees of freedom; 45 is beyond
 * chance (1e-4). */
static void the_order_is_evenly_random(void) {
  int cells[16] = {0};
  for (int64_t epoch = 0; epoch < 3200; epoch++) {
    crow_gidx index[1];
    int64_t count;
    crow_batch_draw(1, 0, 16, 1, 16 * epoch, index, &count);
    cells[index[0]]++;
  }
  double chi = 0;
  for (int k = 0; k < 16; k++) chi += (cells[k] - 200.) * (cells[k] - 200.) / 200;
  CHECK(chi < 45);
}

enum { M = 7, PAIRS = 21, BATCH = 4 };

/* All pairs of M alternatives; the mean over the minibatches of an epoch, each by its share of the pairs, is the whole
 * objective: Eq. 2 over unordered pairs, summed here in the plainest way. */
static void minibatches_average_to_the_objective(void) {
  double w[M], r[M], p[PAIRS], f = 0, slope[M] = {0}, mean = 0, mean_slope[M] = {0};
  int64_t first[PAIRS], second[PAIRS], pairs = 0;
  const double s = 1.7, lambda = .2;
  crow_random_uniform(1, CROW_STREAM_TEST, 0, w, M);
  crow_random_normal(1, CROW_STREAM_TEST, 1, r, M);
  crow_random_uniform(1, CROW_STREAM_TEST, 2, p, PAIRS);
  for (int64_t x = 0; x < M; x++) {
    f += lambda / 2 * w[x] * r[x] * r[x];
    slope[x] += lambda * w[x] * r[x];
    for (int64_t y = x + 1; y < M; y++, pairs++) {
      const double sigma = 1 / (1 + exp(r[y] - r[x])), a = s * w[x] * w[y];
      first[pairs] = x;
      second[pairs] = y;
      f -= a * (p[pairs] * log(sigma) + (1 - p[pairs]) * log(1 - sigma));
      slope[x] += a * (sigma - p[pairs]);
      slope[y] -= a * (sigma - p[pairs]);
    }
  }
  for (int64_t step = 0; step < 6; step++) { /* ceil(21 / 4) */
    crow_gidx index[BATCH];
    int64_t x[BATCH], y[BATCH], count;
    double share[BATCH], a[BATCH], v[M] = {0}, value, gradient[M];
    crow_batch_draw(9, 0, PAIRS, BATCH, step, index, &count);
    const double part = (double)count / PAIRS;
    for (int64_t k = 0; k < count; k++) {
      x[k] = first[index[k]];
      y[k] = second[index[k]];
      share[k] = p[index[k]];
      a[k] = s * w[x[k]] * w[y[k]] / part;
      v[x[k]] += w[x[k]] / (M - 1) / part;
      v[y[k]] += w[y[k]] / (M - 1) / part;
    }
    const crow_batch batch = {count, M, x, y, share, a, v};
    crow_batch_loss(&batch, lambda, r, &value, gradient);
    mean += part * value;
    for (int64_t i = 0; i < M; i++) mean_slope[i] += part * gradient[i];
  }
  CHECK_NEAR(mean, f, 1e-14);
  for (int64_t i = 0; i < M; i++) CHECK_NEAR(mean_slope[i], slope[i], 1e-14);
}

static const crow_test tests[] = {
    {"defaults are the paper's, and others are checked", defaults_are_the_papers},
    {"steps equal the ones worked out by hand", steps_equal_the_ones_worked_out_by_hand},
    {"goes on from a checkpoint with the same bits", goes_on_from_a_checkpoint_with_the_same_bits},
    {"divergence is an error that names the step", divergence_is_an_error_that_names_the_step},
    {"every epoch draws all once", every_epoch_draws_all_once},
    {"epochs, members and seeds differ", epochs_members_and_seeds_differ},
    {"the order is evenly random", the_order_is_evenly_random},
    {"minibatches average to the objective", minibatches_average_to_the_objective},
    {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "Adam", tests, false); }
