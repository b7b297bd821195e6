/* SPDX-License-Identifier: Apache-2.0 */
/* The memory that fits of models, uncertainty and held-out comparisons need, by hand, and where a fit is refused. */
#include "fixture.h"

#include "train/train_impl.h"

enum { M = 3000, D = 6, TYPES = 3, HISTORY = 9, HELD_M = 40, HELD_Q = 7 };

static const double mebibyte = 0x1p20;

static crow_train_options options_of(int kind, int optimizer, int64_t members) {
  crow_train_options options;
  crow_train_options_default(&options);
  options.lbfgs.history = HISTORY;
  options.model.model = kind;
  options.model.hidden = "5,4";
  options.training.optimizer = optimizer;
  options.training.ensemble = members;
  return options;
}

/* Of each model its parameters, and the units that its layers have: 6 to 1; 6 to 5 to 4 to 1. */
static const struct {
  int kind;
  double parameters, units;
} models[] = {{CROW_MODEL_LINEAR, 7, 1}, {CROW_MODEL_MLP, 35 + 24 + 5, 10}};

/* Contexts, two doubles a unit and 72 bytes for each of the slice; pairs; 8 numbers for each parameter, of L-BFGS the
 * history and six more over the ranks. */
static double trained(size_t model, bool adam, bool single, double pairs, int ranks) {
  const double slice = (double)M / ranks + 512;
  const double numbers = adam ? 8 : 8 + (6. + 2 * HISTORY) / ranks;
  return slice * (D * (single ? 4 : 8) + 16 * models[model].units + 72) + 20 * pairs / ranks +
         (pairs > 0 ? 88. * M : 0) + 8 * models[model].parameters * numbers;
}

static void models_take_contexts_units_and_parameters(void) {
  for (size_t k = 0; k < 2; k++) {
    CHECK_NEAR(crow_model_units(&(crow_model_options){.model = models[k].kind, .hidden = "5,4"}, D), models[k].units,
               0);
    for (int turn = 0; turn < 4; turn++) {
      const bool adam = turn % 2, single = turn / 2;
      const crow_train_options options =
          options_of(models[k].kind, adam ? CROW_OPTIMIZER_ADAM : CROW_OPTIMIZER_LBFGS, 1);
      const crow_dataset dataset = {.alternatives = M, .dimensions = D, .single = single};
      for (int ranks = 1; ranks <= 4; ranks += 3) {
        CHECK_NEAR(crow_ensemble_bytes(&dataset, &options, 0, ranks), trained(k, adam, single, 0, ranks), .5);
        CHECK_NEAR(crow_ensemble_bytes(&dataset, &options, 999, ranks), trained(k, adam, single, 999, ranks), .5);
      }
    }
  }
}

/* The process, results of the slice (1024 of 3000 on three ranks), a block of a population and its rewards, and of an
 * ensemble its spread: three numbers more. */
static void fits_of_models_take_what_their_members_do(void) {
  const crow_dataset dataset = {.alternatives = M, .dimensions = D, .types = TYPES};
  for (size_t k = 0; k < 2; k++) {
    for (int64_t members = 1; members <= 3; members++) {
      const crow_train_options options = options_of(models[k].kind, CROW_OPTIMIZER_ADAM, members);
      const double expected = 48 * mebibyte + 8. * 7 * 1024 + 32 * mebibyte + 8. * (M + TYPES) +
                              trained(k, true, false, 0, 3) + (members > 1 ? 24. * 1024 : 0);
      CHECK_NEAR(crow_rewards_rank_bytes(&dataset, &options, 3), expected, .5);
    }
  }
}

static void expect_limit(const crow_dataset *dataset, const crow_train_options *options,
                         const crow_uncertainty_options *wanted, double bytes, const char *message) {
  CHECK_OK(crow_rewards_check_memory(test_comm, dataset, options, wanted, bytes + 1));
  CHECK_STATUS(crow_rewards_check_memory(test_comm, dataset, options, wanted, bytes - 1), CROW_FAILED);
  CHECK_MESSAGE(message);
}

/* Uncertainty comes after the fit: the greater of the two must fit. */
static void what_is_wanted_must_fit_as_well(void) {
  const crow_dataset dataset = {
      .alternatives = M, .dimensions = D, .comparisons = 5000, .has_comparisons = true, .kept = 2};
  const crow_uncertainty_options wanted = {.bootstrap = 500, .error_probes = 1}, nothing = {0};
  const crow_train_options options = options_of(CROW_MODEL_TABULAR, CROW_OPTIMIZER_AUTO, 1);
  const double fit = crow_rewards_rank_bytes(&dataset, &options, 1);
  const double after = crow_uncertainty_rank_bytes(&dataset, &options.lbfgs, &wanted, 1);
  CHECK_NEAR(after, 48 * mebibyte + 112. * 5000 + 100. * M + 3072. * (8 * (15 + 2 * HISTORY) + 12 * 500), .5);
  CHECK(after > fit && crow_uncertainty_rank_bytes(&dataset, &options.lbfgs, &nothing, 1) == 0);
  expect_limit(&dataset, &options, NULL, fit, "the fit of 3000 alternatives with 5000 comparisons: ");
  expect_limit(&dataset, &options, NULL, fit, "a shorter --history");
  expect_limit(&dataset, &options, &nothing, fit, "the fit of 3000 alternatives");
  expect_limit(&dataset, &options, &wanted, after, "the bootstrap or standard errors of 3000 alternatives with 5000");
  const crow_train_options mlp = options_of(CROW_MODEL_MLP, CROW_OPTIMIZER_AUTO, 1);
  expect_limit(&dataset, &mlp, NULL, crow_rewards_rank_bytes(&dataset, &mlp, 1), "fewer --hidden units");
}

/* Comparisons held out: contexts and units of up to two alternatives each, numbers of all and of those, 24 bytes each.
 */
static void what_is_held_out_counts(void) {
  static double context[HELD_M * D];
  static const int32_t first[HELD_Q] = {0, 1, 2, 3, 4, 5, 6}, second[HELD_Q] = {7, 8, 9, 10, 11, 12, 13};
  static const double outcome[HELD_Q] = {1, 0, 1, 0, 1, 1, 0};
  for (int k = 0; k < HELD_M * D; k++) context[k] = k;
  const test_dataset held = {
      .m = HELD_M, .d = D, .context = context, .q = HELD_Q, .first = first, .second = second, .outcome = outcome};
  test_dataset_write(test_comm, test_path("held.h5"), &held);
  const crow_dataset dataset = {.alternatives = M, .dimensions = D, .types = TYPES};
  crow_train_options options = options_of(CROW_MODEL_LINEAR, CROW_OPTIMIZER_AUTO, 1);
  options.training.validate = test_path("held.h5");
  const double rows = 2. * HELD_Q;
  const double bytes = (rows + 512) * (8 * D + 16 + 8) + 8 * (HELD_M + rows) + 24 * (HELD_Q + 512.);
  CHECK_NEAR(crow_validation_bytes(&(crow_dataset){.alternatives = HELD_M, .comparisons = HELD_Q, .dimensions = D},
                                   &options.model, 1),
             bytes, .5);
  CHECK_NEAR(crow_validation_bytes(&(crow_dataset){.alternatives = 10, .comparisons = HELD_Q, .dimensions = D},
                                   &options.model, 2),
             (5 + 512.) * (8 * D + 16 + 8) + 8 * 20 + 24 * (HELD_Q / 2. + 512), .5);
  expect_limit(&dataset, &options, NULL, crow_rewards_rank_bytes(&dataset, &options, 1) + bytes, "the fit of 3000");
  const crow_dataset wider = {.alternatives = M, .dimensions = D + 1, .types = TYPES};
  CHECK_STATUS(crow_rewards_check_memory(test_comm, &wider, &options, NULL, 1e12), CROW_BAD_INPUT);
  CHECK_MESSAGE("contexts have 6 dimensions, expected 7 as in what is trained on");
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"models take contexts, units and parameters", models_take_contexts_units_and_parameters},
      {"fits of models take what their members do", fits_of_models_take_what_their_members_do},
      {"what is wanted must fit as well", what_is_wanted_must_fit_as_well},
      {"what is held out counts", what_is_held_out_counts},
      {NULL, NULL}};
  return crow_test_main(argc, argv, "memory of fits", tests, true);
}
