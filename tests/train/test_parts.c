/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of training by themselves: options, rows of the curve, what members leave behind, and comparisons that no model
 * can tell apart. */
#include "fixture.h"

#include "train/train_impl.h"
#include <stdlib.h>

static crow_train_options options_of(int model, int optimizer, int64_t steps, int64_t every, const char *validate) {
  crow_train_options options;
  crow_train_options_default(&options);
  options.model.model = model;
  options.training.optimizer = optimizer;
  options.adam.steps = steps;
  options.training.validate_every = every;
  options.training.validate = validate;
  return options;
}

static void optimizers_are_chosen_by_the_model(void) {
  static const struct {
    int model, wanted, chosen;
    const char *validate;
  } cases[] = {{CROW_MODEL_TABULAR, CROW_OPTIMIZER_AUTO, CROW_OPTIMIZER_LBFGS, NULL},
               {CROW_MODEL_LINEAR, CROW_OPTIMIZER_AUTO, CROW_OPTIMIZER_LBFGS, NULL},
               {CROW_MODEL_MLP, CROW_OPTIMIZER_AUTO, CROW_OPTIMIZER_ADAM, NULL},
               {CROW_MODEL_LINEAR, CROW_OPTIMIZER_AUTO, CROW_OPTIMIZER_ADAM, "held.h5"},
               {CROW_MODEL_LINEAR, CROW_OPTIMIZER_ADAM, CROW_OPTIMIZER_ADAM, NULL},
               {CROW_MODEL_MLP, CROW_OPTIMIZER_LBFGS, CROW_OPTIMIZER_LBFGS, NULL}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    const crow_train_options options = options_of(cases[k].model, cases[k].wanted, 100, 0, cases[k].validate);
    CHECK((int)crow_train_optimizer(&options) == cases[k].chosen);
    CHECK_OK(crow_train_options_validate(&options));
  }
}

static void options_that_cannot_be_are_refused(void) {
  crow_train_options options = options_of(CROW_MODEL_TABULAR, CROW_OPTIMIZER_ADAM, 100, 0, NULL);
  CHECK_STATUS(crow_train_options_validate(&options), CROW_USAGE);
  CHECK_MESSAGE("--optimizer adam: expected --model linear or mlp");
  options = options_of(CROW_MODEL_TABULAR, CROW_OPTIMIZER_AUTO, 100, 0, "held.h5");
  CHECK_STATUS(crow_train_options_validate(&options), CROW_USAGE);
  CHECK_MESSAGE("--validate: expected --model linear or mlp");
  options = options_of(CROW_MODEL_TABULAR, CROW_OPTIMIZER_AUTO, 100, 0, NULL);
  options.training.ensemble = 2;
  CHECK_STATUS(crow_train_options_validate(&options), CROW_USAGE);
  CHECK_MESSAGE("--ensemble: expected --model linear or mlp");
  options = options_of(CROW_MODEL_MLP, CROW_OPTIMIZER_LBFGS, 100, 0, "held.h5");
  CHECK_STATUS(crow_train_options_validate(&options), CROW_USAGE);
  CHECK_MESSAGE("--validate needs --optimizer adam");
  options = options_of(CROW_MODEL_MLP, CROW_OPTIMIZER_ADAM, CROW_CURVE_MOST, 1, NULL);
  CHECK_OK(crow_train_options_validate(&options)); /* as many rows as there may be, */
  options.adam.steps++;
  CHECK_STATUS(crow_train_options_validate(&options), CROW_USAGE);
  CHECK_MESSAGE("--validate-every 1 makes "); /* and one more */
  static const char *const bad[] = {"lambda", "history", "ensemble", "hidden", "steps"};
  for (int k = 0; k < 5; k++) {
    options = options_of(CROW_MODEL_MLP, CROW_OPTIMIZER_AUTO, k == 4 ? -1 : 100, 0, NULL);
    if (k == 0) options.objective.lambda = -1;
    if (k == 1) options.lbfgs.history = 0;
    if (k == 2) options.training.ensemble = 0;
    if (k == 3) options.model.hidden = "0";
    CHECK_STATUS(crow_train_options_validate(&options), CROW_USAGE);
    CHECK_MESSAGE(bad[k]);
  }
}

/* A row after every so many steps and after the last, and with what is held out one before the first. */
static void curves_have_a_row_now_and_then(void) {
  for (int64_t steps = 1; steps <= 120; steps++) {
    for (int64_t every = 0; every <= 130; every += every < 3 ? 1 : 20) {
      for (int held = 0; held <= 1; held++) {
        const crow_train_options options =
            options_of(CROW_MODEL_MLP, CROW_OPTIMIZER_AUTO, steps, every, held ? "held.h5" : NULL);
        int64_t expected = held, apart = every ? every : (steps + CROW_CURVE_ROWS - 1) / CROW_CURVE_ROWS;
        for (int64_t step = 1; step <= steps; step++) expected += step % apart == 0 || step == steps;
        CHECK(crow_curve_rows(&options) == expected);
        CHECK((crow_curve_numbers(&options) - CROW_CURVE_COLUMNS * expected) == 7); /* the seven numbers of its head */
        if (!every) CHECK(expected - held <= CROW_CURVE_ROWS);
      }
    }
  }
  const crow_train_options none = options_of(CROW_MODEL_LINEAR, CROW_OPTIMIZER_LBFGS, 100, 1, NULL);
  CHECK(crow_curve_rows(&none) == 0 && crow_curve_numbers(&none) == 7);
}

/* Members leave as many rows as they came to, each in room for the most. */
static void curves_of_members_follow_one_another(void) {
  crow_train_options options = options_of(CROW_MODEL_MLP, CROW_OPTIMIZER_AUTO, 4, 1, "held.h5");
  enum { MEMBERS = 3, MOST = 5 };
  const int64_t counts[MEMBERS] = {2, 5, 1};
  double rows[MEMBERS * MOST * CROW_CURVE_COLUMNS];
  crow_member_result result[MEMBERS] = {{0}};
  crow_training_curve curve = {0};
  options.training.ensemble = MEMBERS;
  CHECK(crow_curve_rows(&options) == MOST);
  for (int b = 0; b < MEMBERS; b++) {
    result[b].rows = (double)counts[b];
    result[b].stopped = b == 0;
    result[b].kept = 10 + b;
    for (int k = 0; k < MOST; k++) {
      double *row = rows + CROW_CURVE_COLUMNS * (b * MOST + k);
      row[CROW_CURVE_STEP] = 100 * b + k;
      row[CROW_CURVE_LOSS] = 1000 * b + k;
      row[CROW_CURVE_HELD_LOSS] = 2000 * b + k;
      row[CROW_CURVE_ACCURACY] = 3000 * b + k;
    }
  }
  CHECK_OK(crow_curve_collect(&options, result, rows, &curve));
  CHECK(curve.count == 8 && curve.stopped == 1 && curve.validated);
  for (int64_t b = 0, at = 0; b < MEMBERS; b++) {
    CHECK(curve.kept[b] == 10 + b);
    for (int64_t k = 0; k < counts[b]; k++, at++) {
      CHECK(curve.member[at] == b && curve.step[at] == 100 * b + k && curve.loss[at] == (double)(1000 * b + k));
      CHECK(curve.validation_loss[at] == (double)(2000 * b + k));
      CHECK(curve.validation_accuracy[at] == (double)(3000 * b + k));
    }
  }
  crow_training_curve_free(&curve);
  CHECK(!curve.member && !curve.kept && curve.count == 0);
}

/* ---- equal contexts -----------------------------------------------------------------------------------------------
 */

static char said[512];
static void take_line(crow_log_level level, const char *line, void *context) {
  (void)context;
  if (level == CROW_LOG_WARNING) (void)snprintf(said, sizeof said, "%s", line);
}

/* Alternatives 1, 3 and 5 have one context (-0 is 0), 0 and 4 another. */
static void comparisons_of_equal_contexts_are_counted(void) {
  enum { M = 6, Q = 9 };
  static const double context[M * 2] = {1, 2, 0, 3, 4, 4, -0., 3, 1, 2, 0, 3};
  static const int32_t first[Q] = {0, 1, 3, 3, 5, 0, 2, 0, 4}, second[Q] = {1, 2, 1, 1, 3, 5, 4, 4, 2};
  static const double outcome[Q] = {1, 0, 1, 0, 1, 1, 0, 1, 1};
  float single[M * 2];
  crow_dataset dataset = {0};
  const test_dataset t = {
      .m = M, .d = 2, .context = context, .q = Q, .first = first, .second = second, .outcome = outcome};
  for (int k = 0; k < M * 2; k++) single[k] = (float)context[k];
  test_dataset_write(test_comm, test_path("equal.h5"), &t);
  CHECK_OK(crow_dataset_open(test_comm, test_path("equal.h5"), true, &dataset));
  const crow_partition p = crow_comm_partition(test_comm, M, CROW_BLOCK);
  for (int turn = 0; turn < 4; turn++) {
    /* All of them; and only one of the equal ones, or none. */
    static const int64_t counts[4] = {Q, Q, 3, 2}, expected[4] = {4, 4, 1, 0};
    crow_pairs pairs = {0};
    int64_t judgements = -1;
    CHECK_OK(crow_pairs_create(test_comm, M, counts[turn], first, second, outcome, NULL, &pairs));
    said[0] = 0;
    crow_log_set(take_line, NULL);
    CHECK_OK(crow_train_find_equal(test_comm, &dataset, &p, turn == 1 ? (const void *)single : context,
                                   turn == 1 ? CROW_F32 : CROW_F64, &pairs, &judgements));
    crow_log_set(NULL, NULL);
    CHECK(judgements == expected[turn]);
    static const char *const words[4] = {
        "fit: 4 of 9 judgements compare alternatives of equal contexts, e.g. 0 and 4: a model of the contexts cannot "
        "tell them apart",
        "fit: 4 of 9 judgements compare alternatives of equal contexts, e.g. 0 and 4: ",
        "fit: 1 of 3 judgements compares alternatives of equal contexts, e.g. 1 and 3: ", ""};
    CHECK(strstr(said, words[turn]) != NULL && (expected[turn] > 0 || !said[0]));
    crow_pairs_free(&pairs);
  }
  crow_dataset_close(&dataset);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"optimizers are chosen by the model", optimizers_are_chosen_by_the_model},
      {"options that cannot be are refused", options_that_cannot_be_are_refused},
      {"curves have a row now and then", curves_have_a_row_now_and_then},
      {"curves of members follow one another", curves_of_members_follow_one_another},
      {"comparisons of equal contexts are counted", comparisons_of_equal_contexts_are_counted},
      {NULL, NULL}};
  return crow_test_main(argc, argv, "parts of training", tests, true);
}
