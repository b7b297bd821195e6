/* SPDX-License-Identifier: Apache-2.0 */
/* What a fit tells beside the rewards: counts of what was compared, lines of the log, and what it refuses. */
#include "fixture.h"

#include <stdlib.h>

enum { M = 7, Q = 10 };

/* Of the pair 0-1 three judgements, two of them ties, of 1-2 one, of 0-2 five, of 4-5, apart from them, one; 3 and 6
 * were never compared and are components of their own. */
static const int32_t first[Q] = {0, 1, 0, 1, 2, 0, 0, 2, 0, 4}, second[Q] = {1, 0, 1, 2, 0, 2, 2, 0, 2, 5};
static const double outcome[Q] = {1, .5, .5, 0, 1, 1, 1, 0, 1, 1};
static const char *const prompt[M] = {"a", "a", "a", "a", "b", "b", "b"};
static const double prevalence[1] = {1}, liking[M] = {0, 1, 2, -1, 3, 1, 0};

static char lines[4096];
static void take_line(crow_log_level level, const char *line, void *context) {
  (void)context;
  (void)snprintf(lines + strlen(lines), sizeof lines - strlen(lines), "%s%s\n", level == CROW_LOG_WARNING ? "! " : "",
                 line);
}

static void open_dataset(bool compared, bool prompts, crow_dataset *dataset) {
  static double context[M];
  for (int i = 0; i < M; i++) context[i] = i;
  test_dataset t = {.m = M, .d = 1, .context = context, .prompt = prompts ? prompt : NULL};
  if (compared) {
    t.q = Q;
    t.first = first;
    t.second = second;
    t.outcome = outcome;
  } else {
    t.types = 1;
    t.prevalence = prevalence;
    t.reward = liking;
  }
  test_dataset_write(test_comm, test_path("dataset.h5"), &t);
  CHECK_OK(crow_dataset_open(test_comm, test_path("dataset.h5"), true, dataset));
}

static void read_weights(const crow_dataset *dataset, const double *value, crow_weights *out) {
  test_weights_write(test_comm, test_path("weights.h5"), M, value);
  CHECK_OK(crow_weights_read(test_comm, test_path("weights.h5"), dataset, out));
  CHECK_OK(crow_weights_find_shares(test_comm, dataset, out));
}

static crow_status fit(bool compared, bool prompts, const double *value, const crow_train_options *options,
                       crow_rewards *out) {
  crow_dataset dataset = {0};
  crow_weights weights = {0};
  open_dataset(compared, prompts, &dataset);
  read_weights(&dataset, value, &weights);
  lines[0] = 0;
  crow_log_set(take_line, NULL);
  const crow_status status = crow_rewards_fit(test_comm, &dataset, &weights, options, out);
  crow_log_set(NULL, NULL);
  crow_weights_free(&weights);
  crow_dataset_close(&dataset);
  return status;
}

static bool said(const char *text) { return strstr(lines, text) != NULL; }

static const double even[M] = {1. / 7, 1. / 7, 1. / 7, 1. / 7, 1. / 7, 1. / 7, 1. / 7};

static void comparisons_are_counted(void) {
  crow_train_options options;
  crow_rewards r;
  crow_train_options_default(&options);
  CHECK_OK(fit(true, false, even, &options, &r));
  CHECK(r.source == CROW_SOURCE_COMPARISONS && r.pairs == 4 && r.ties == 2 && r.never_compared == 2);
  CHECK(r.components == 4 && r.least_judgements == 1 && r.most_judgements == 5);
  CHECK(r.converged && r.convergence_tested && r.iterations > 0 && r.evaluations > r.iterations);
  CHECK(r.unknown == 0 && r.zero_weights == 0 && r.prompts == 0 && !r.prompt_scale && !r.spread);
  CHECK(r.trace.count == r.iterations + 1 && r.violation > 0 && r.violation < 1e-6);
  CHECK(isnan(r.win_rate[3]) && isnan(r.win_rate[6]) && r.value[3] == 0 && r.value[6] == 0);
  CHECK(said("preferences: 10 judgements of 4 distinct pairs, 2 ties, 4 connected components, 2 alternatives never "
             "compared"));
  char line[200];
  (void)snprintf(line, sizeof line,
                 "fit: %s after %lld iteration%s, %lld evaluations; objective %.15g, optimality %.3e",
                 crow_lbfgs_end_text(r.end), (long long)r.iterations, r.iterations == 1 ? "" : "s",
                 (long long)r.evaluations, r.objective, r.optimality);
  CHECK(said(line) && !said("!") && !said("zero weight"));
  crow_rewards_free(&r);
  CHECK(!r.value && !r.trace.entry);
}

/* One that was compared with a weighted one has the limit, the others nothing. */
static void alternatives_without_weight_are_told(void) {
  static const double some[M] = {.3, .3, 0, 0, .2, 0, .2};
  crow_train_options options;
  crow_rewards r;
  crow_train_options_default(&options);
  CHECK_OK(fit(true, false, some, &options, &r));
  CHECK(r.zero_weights == 3 && r.unknown == 1);
  CHECK(said("fit: 3 alternatives of zero weight have the limit of the optimality equation as reward; 1 of them were "
             "compared with no weighted one and have 0"));
  CHECK(isnan(r.win_rate[3]) && !isnan(r.win_rate[2]) && !isnan(r.win_rate[5]));
  crow_rewards_free(&r);
}

static void fits_that_do_not_converge_are_warned_of(void) {
  crow_train_options options;
  crow_rewards r;
  crow_train_options_default(&options);
  options.lbfgs.max_iterations = 1;
  options.lbfgs.tolerance = 1e-14;
  CHECK_OK(fit(true, false, even, &options, &r));
  CHECK(!r.converged && r.iterations == 1 && said("! fit: ") && said(" after 1 iteration, "));
  crow_rewards_free(&r);
}

/* Each has a scale; three pairs of three alternatives, six of four. */
static void complete_preferences_within_prompts_are_pairs(void) {
  crow_train_options options;
  crow_rewards r;
  crow_train_options_default(&options);
  CHECK_OK(fit(false, true, even, &options, &r));
  CHECK(r.source == CROW_SOURCE_POPULATION && r.pairs == 0 && r.components == 0 && r.never_compared == 0);
  CHECK(r.least_judgements == 0 && r.most_judgements == 0 && r.prompts == 2 && r.prompt_scale != NULL);
  /* all compared: (1 - sum v^2) / (sum over ordered pairs of v v) is 1 */
  for (int k = 0; k < 2; k++) CHECK_NEAR(r.prompt_scale[k], 1, 1e-14);
  CHECK(said("preferences: complete within prompts, 9 pairs from a population"));
  crow_rewards_free(&r);
  CHECK(!r.prompt_scale);
  CHECK_OK(fit(false, false, even, &options, &r));
  CHECK(said("preferences: complete, from a population") && r.prompts == 0 && !r.prompt_scale);
  crow_rewards_free(&r);
}

static void prompts_need_shares_and_their_own_comparisons(void) {
  crow_dataset dataset = {0};
  crow_weights weights = {0};
  crow_train_options options;
  crow_rewards r;
  crow_train_options_default(&options);
  open_dataset(false, true, &dataset);
  CHECK_OK(crow_weights_uniform(test_comm, M, &weights));
  CHECK_STATUS(crow_rewards_fit(test_comm, &dataset, &weights, &options, &r), CROW_USAGE);
  CHECK_MESSAGE("the dataset has prompts: expected weights with the prompts' shares");
  CHECK(!r.value && !r.win_rate);
  crow_weights_free(&weights);
  crow_dataset_close(&dataset);
  options.lbfgs.history = -1;
  CHECK_STATUS(fit(true, false, even, &options, &r), CROW_USAGE);
  CHECK(!r.value);
}

/* At the ends of the ranges, and beyond them. */
static void ranges_are_those_that_are_told(void) {
  static const struct {
    double lambda;
    crow_status expected;
  } lambdas[] = {{1e-12, CROW_OK}, {.99e-12, CROW_USAGE}, {1e12, CROW_OK}, {1.01e12, CROW_USAGE}, {0, CROW_USAGE}};
  static const struct {
    int64_t least;
    crow_status expected;
  } leasts[] = {{1, CROW_OK}, {0, CROW_USAGE}, {9000000000000000, CROW_OK}, {9000000000000001, CROW_USAGE}};
  crow_objective_options objective;
  crow_rewards_by_options by;
  crow_settings_default(crow_objective_settings, &objective);
  crow_settings_default(crow_rewards_by_settings, &by);
  CHECK(objective.lambda == .01 && objective.pair_scale == 0 && objective.pair_weight == 0 &&
        !objective.across_prompts);
  CHECK(!by.column && by.least == 100);
  for (size_t k = 0; k < sizeof lambdas / sizeof *lambdas; k++) {
    objective.lambda = lambdas[k].lambda;
    CHECK_STATUS(crow_settings_validate(crow_objective_settings, &objective), lambdas[k].expected);
  }
  for (size_t k = 0; k < sizeof leasts / sizeof *leasts; k++) {
    by.least = leasts[k].least;
    CHECK_STATUS(crow_settings_validate(crow_rewards_by_settings, &by), leasts[k].expected);
  }
}

/* Where nothing is known of the violation there is no bound. */
static void bounds_are_violations_by_lambda(void) {
  CHECK_NEAR(crow_rewards_bound(&(crow_rewards){.violation = 3e-9, .lambda = .25}), 12e-9, 1e-20);
  CHECK(crow_rewards_bound(&(crow_rewards){.violation = 3e-9}) == 0);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"comparisons are counted", comparisons_are_counted},
      {"alternatives without weight are told", alternatives_without_weight_are_told},
      {"fits that do not converge are warned of", fits_that_do_not_converge_are_warned_of},
      {"complete preferences within prompts are pairs", complete_preferences_within_prompts_are_pairs},
      {"prompts need shares and their own comparisons", prompts_need_shares_and_their_own_comparisons},
      {"ranges are those that are told", ranges_are_those_that_are_told},
      {"bounds are violations by lambda", bounds_are_violations_by_lambda},
      {NULL, NULL}};
  return crow_test_main(argc, argv, "fits", tests, true);
}
