/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

#include <stdlib.h>

static crow_model_options options_of(int kind, const char *hidden, int activation) {
  crow_model_options options;
  crow_settings_default(crow_model_settings, &options);
  options.model = kind;
  options.hidden = hidden;
  options.activation = activation;
  return options;
}

static void a_model_is_a_list_of_arrays(void) {
  crow_model *model = NULL;
  crow_model_options options = options_of(CROW_MODEL_MLP, "32,32", CROW_ACTIVATION_RELU);
  CHECK_OK(crow_model_create(&options, 100, 8, &model));
  CHECK(crow_model_parameters(model) == 8 * 32 + 32 + 32 * 32 + 32 + 32 + 1);
  CHECK(crow_model_arrays(model) == 6);
  const crow_model_array middle = crow_model_array_at(model, 2), last = crow_model_array_at(model, 5);
  CHECK(strcmp(middle.name, "weight1") == 0 && middle.rows == 32 && middle.columns == 32 && middle.offset == 288);
  CHECK(strcmp(last.name, "bias2") == 0 && last.rows == 1 && last.columns == 1);
  CHECK(last.offset == crow_model_parameters(model) - 1);
  crow_model_destroy(&model);
  options.model = CROW_MODEL_LINEAR;
  CHECK_OK(crow_model_create(&options, 100, 8, &model));
  CHECK(crow_model_parameters(model) == 9 && crow_model_arrays(model) == 2);
  crow_model_destroy(&model);
  options.model = CROW_MODEL_TABULAR;
  CHECK_OK(crow_model_create(&options, 100, 8, &model));
  CHECK(crow_model_parameters(model) == 100 && crow_model_arrays(model) == 1);
  CHECK(strcmp(crow_model_array_at(model, 0).name, "reward") == 0);
  crow_model_destroy(&model);
  CHECK(model == NULL);
  crow_model_destroy(&model);
}

static void wrong_options_are_refused(void) {
  const char *const wrong[] = {"",   "32,",   ",32", "32;32", "0",
                               "-4", "99999", "3.5", "a",     "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1"};
  for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
    const crow_model_options options = options_of(CROW_MODEL_MLP, wrong[k], CROW_ACTIVATION_RELU);
    CHECK_STATUS(crow_model_options_validate(&options), CROW_USAGE);
    CHECK_MESSAGE("hidden \"");
  }
  crow_model_options options = options_of(CROW_MODEL_MLP, "7", CROW_ACTIVATION_RELU);
  options.weight_decay = -1;
  crow_model *model = NULL;
  CHECK_STATUS(crow_model_create(&options, 1, 1, &model), CROW_USAGE);
  CHECK_MESSAGE("weight-decay");
  CHECK(model == NULL);
}

/* As torch.nn.Linear: weights and biases uniform in +-1/sqrt(inputs). */
static void initial_parameters_are_uniform_and_differ_between_members(void) {
  const crow_model_options options = options_of(CROW_MODEL_MLP, "64,16", CROW_ACTIVATION_RELU);
  crow_model *model = NULL;
  CHECK_OK(crow_model_create(&options, 10, 25, &model));
  const crow_gidx n = crow_model_parameters(model);
  double *theta = calloc((size_t)n, sizeof *theta), *other = calloc((size_t)n, sizeof *other);
  crow_model_initialise(model, 5, 0, theta);
  const double bounds[] = {1. / 5, 1. / 5, 1. / 8, 1. / 8, 1. / 4, 1. / 4};
  for (int k = 0; k < 6; k++) {
    const crow_model_array array = crow_model_array_at(model, k);
    double most = 0, squares = 0;
    for (int64_t i = 0; i < array.rows * array.columns; i++) {
      most = fmax(most, fabs(theta[array.offset + i]));
      squares += theta[array.offset + i] * theta[array.offset + i];
    }
    CHECK(most <= bounds[k]);
    /* the variance of a uniform number is bound^2 / 3; five standard errors of its estimate from 1024 or more */
    if (array.columns * array.rows >= 1024) {
      CHECK_NEAR(squares / (double)(array.rows * array.columns), bounds[k] * bounds[k] / 3,
                 bounds[k] * bounds[k] * .05);
      CHECK(most > .99 * bounds[k]);
    }
  }
  int64_t same = 0;
  crow_model_initialise(model, 5, 1, other);
  for (crow_gidx i = 0; i < n; i++) same += theta[i] == other[i];
  CHECK(same == 0);
  crow_model_initialise(model, 5, 0, other);
  CHECK(memcmp(theta, other, (size_t)n * sizeof *theta) == 0);
  free(theta);
  free(other);
  crow_model_destroy(&model);
}

enum { ROWS = 1200, D = 5, MOST = 200 };

typedef struct setup {
  crow_model *model;
  double contexts[ROWS * D], weight[ROWS], slope[ROWS], theta[MOST];
  float single[ROWS * D];
  crow_gidx n;
} setup;

static setup *make(const crow_model_options *options, crow_type type) {
  setup *s = calloc(1, sizeof *s);
  CHECK_OK(crow_model_create(options, ROWS, D, &s->model));
  s->n = crow_model_parameters(s->model);
  crow_random_normal(1, CROW_STREAM_TEST, 0, s->contexts, ROWS * D);
  crow_random_normal(1, CROW_STREAM_TEST, 1, s->slope, ROWS);
  crow_random_uniform(1, CROW_STREAM_TEST, 2, s->weight, ROWS);
  for (int i = 0; i < ROWS * D; i++) s->single[i] = (float)s->contexts[i];
  crow_model_initialise(s->model, 3, 0, s->theta);
  const crow_partition rows = crow_comm_partition(test_comm, ROWS, CROW_BLOCK);
  const void *contexts = type == CROW_F32 ? (const void *)s->single : (const void *)s->contexts;
  CHECK_OK(crow_model_bind(s->model, test_comm, &rows, NULL, contexts, type));
  return s;
}

static void drop(setup *s) {
  crow_model_destroy(&s->model);
  free(s);
}

/* sum_x slope(x) r(x) + center / 2 (sum_x w r)^2 + decay / 2 |theta|^2 */
static double functional(setup *s, const double *theta) {
  double reward[ROWS], value = 0;
  CHECK_OK(crow_model_rewards(s->model, theta, reward));
  for (int i = 0; i < ROWS; i++) value += s->slope[i] * reward[i];
  CHECK_OK(crow_model_add_center(s->model, s->weight, reward, &value, NULL));
  crow_model_add_decay(s->model, theta, &value, NULL);
  return value;
}

static void gradients_equal_central_differences(void) {
  for (int kind = CROW_MODEL_LINEAR; kind <= CROW_MODEL_MLP; kind++) {
    for (int activation = CROW_ACTIVATION_RELU; activation <= CROW_ACTIVATION_SILU; activation++) {
      for (int type = CROW_F32; type <= CROW_F64; type++) {
        crow_model_options options = options_of(kind, "8,6,4", activation);
        options.weight_decay = .3;
        options.center = 1e-4;
        setup *s = make(&options, (crow_type)type);
        double reward[ROWS], slope[ROWS], gradient[MOST], value = 0;
        memcpy(slope, s->slope, sizeof slope);
        CHECK_OK(crow_model_rewards(s->model, s->theta, reward));
        CHECK_OK(crow_model_add_center(s->model, s->weight, reward, &value, slope));
        CHECK_OK(crow_model_gradient(s->model, s->theta, slope, gradient));
        crow_model_add_decay(s->model, s->theta, &value, gradient);
        for (crow_gidx k = 0; k < s->n; k++) {
          /* A step so small that few rows cross a kink of relu. */
          const double h = activation == CROW_ACTIVATION_RELU ? 1e-7 : 1e-5, kept = s->theta[k];
          s->theta[k] = kept + h;
          const double above = functional(s, s->theta);
          s->theta[k] = kept - h;
          const double below = functional(s, s->theta);
          s->theta[k] = kept;
          CHECK_NEAR(gradient[k], (above - below) / (2 * h), 2e-5 * fmax(1, fabs(gradient[k])));
        }
        drop(s);
      }
    }
  }
}

/* A linear model's bias gets the sum of the slopes, here of three blocks that cancel over 21 orders of magnitude. */
static void sums_over_blocks_lose_nothing(void) {
  const crow_model_options options = options_of(CROW_MODEL_LINEAR, "1", CROW_ACTIVATION_RELU);
  setup *s = make(&options, CROW_F64);
  double gradient[MOST], reward[ROWS];
  memset(s->slope, 0, sizeof s->slope);
  s->slope[0] = 1e15;
  s->slope[600] = -1e15;
  s->slope[1100] = 0x1p-20;
  CHECK_OK(crow_model_rewards(s->model, s->theta, reward));
  CHECK_OK(crow_model_gradient(s->model, s->theta, s->slope, gradient));
  CHECK(gradient[D] == 0x1p-20);
  drop(s);
}

static void what_is_not_finite_makes_the_gradient_nan(void) {
  const crow_model_options options = options_of(CROW_MODEL_MLP, "4", CROW_ACTIVATION_TANH);
  setup *s = make(&options, CROW_F64);
  double gradient[MOST], reward[ROWS];
  s->slope[3] = NAN;
  CHECK_OK(crow_model_rewards(s->model, s->theta, reward));
  CHECK_OK(crow_model_gradient(s->model, s->theta, s->slope, gradient));
  CHECK(isnan(gradient[0]) && isnan(gradient[s->n - 1]));
  s->slope[3] = 1;
  s->theta[2] = INFINITY;
  CHECK_OK(crow_model_rewards(s->model, s->theta, reward));
  CHECK_OK(crow_model_gradient(s->model, s->theta, s->slope, gradient));
  CHECK(isnan(gradient[0]) && isnan(gradient[s->n - 1]));
  drop(s);
}

static void a_tabular_model_is_the_identity(void) {
  const crow_model_options options = options_of(CROW_MODEL_TABULAR, "1", CROW_ACTIVATION_RELU);
  crow_model *model = NULL;
  double theta[6] = {1, 2, 3, 4, 5, 6}, reward[6], gradient[6] = {9, 9, 9, 9, 9, 9};
  const double slope[6] = {10, 20, 30, 40, 50, 60};
  crow_partition rows = crow_comm_partition(test_comm, 6, CROW_BLOCK);
  CHECK_OK(crow_model_create(&options, 6, 3, &model));
  CHECK_OK(crow_model_bind(model, test_comm, &rows, NULL, NULL, CROW_F64));
  CHECK_OK(crow_model_rewards(model, theta, reward));
  CHECK(memcmp(theta, reward, sizeof theta) == 0);
  CHECK_OK(crow_model_gradient(model, theta, slope, gradient));
  CHECK(memcmp(slope, gradient, sizeof slope) == 0);
  /* a minibatch of alternatives 4, 1 and 5 */
  const crow_gidx index[3] = {4, 1, 5};
  rows = crow_comm_partition(test_comm, 3, CROW_BLOCK);
  CHECK_OK(crow_model_bind(model, test_comm, &rows, index, NULL, CROW_F64));
  CHECK_OK(crow_model_rewards(model, theta, reward));
  CHECK(reward[0] == 5 && reward[1] == 2 && reward[2] == 6);
  CHECK_OK(crow_model_gradient(model, theta, slope, gradient));
  const double expected[6] = {0, 20, 0, 0, 10, 30};
  CHECK(memcmp(expected, gradient, sizeof expected) == 0);
  crow_model_initialise(model, 1, 2, theta);
  CHECK(theta[0] == 0 && theta[5] == 0);
  crow_model_destroy(&model);
}

/* Rewards, loss, gradient and two steps of Adam (learning rate .01) worked out with numpy, independently of the
 * formulas here: theta_i = ((7 i mod 11) - 5.5) / 8 in the order W0 (3,2), b0, W1 (2,3), b1, W2 (1,2), b2; rewards from
 * act(act(X W0' + b0) W1' + b1) W2' + b2; the loss over pairs (0,1), (1,2), (0,2) with shares 1, .5, .25, pair weights
 * .3, .2, .1, row weights .5, .25, .125 and lambda .1; each derivative by a complex step, Im f(theta + 1e-30 i) /
 * 1e-30. */
typedef struct worked_example {
  double reward[3], loss, gradient[20], theta[20];
} worked_example;

static const worked_example worked_out[3] = {
    {{-0.53515625, -0.53515625, -0.4599609375},
     0.4262823964970773,
     {0.002575014170792536,
      -0.006866704455446767,
      -0.001545008502475521,
      0.004120022673268059,
      0,
      0,
      -0.003433352227723383,
      0.00206001133663403,
      0,
      -0.01459174696782437,
      -0.01424841174505204,
      0,
      0,
      0,
      0,
      -0.02007522583007812,
      0,
      -0.007184103633434843,
      0,
      -0.04588623046875},
     {-0.7074899104735843,
      0.2074899593911019,
      -0.2925489264035583,
      0.5425488433689398,
      0.0625,
      -0.4375,
      0.4574899300405626,
      -0.08245110681020609,
      -0.5625,
      0.3324887037237504,
      -0.1675354769478488,
      -0.6875,
      0.1875,
      -0.3125,
      0.5625,
      0.08249645880163373,
      -0.4375,
      0.4575125711608334,
      -0.0625,
      -0.5425107832402154}},
    {{-0.4493419183643289, -0.3831200945745892, -0.2248383611119444},
     0.4288262105661072,
     {0.008669051864590991, 0.02119872373752167,   -0.008250695254959308, -0.006989864739397148, -0.01918090482138191,
      -0.056254249941697,   -0.007092873926400938, -0.001642259861400626, 0.02123437152570322,   -0.02375366606390344,
      0.0199731903066942,   -0.01873626936568499,  0.002149883507451841,  -0.003585814242786675, 0.001659530148278453,
      -0.01555007739147381, 0.003965368051334229,  0.0007238902897071121, -0.0260506155318163,   -0.03485557779648048},
     {-0.7075054032188098, 0.1675006321017057,  -0.2924865748631466,  0.5825119994070141,   0.08250074496576558,
      -0.4175303992067722, 0.4574946701561426,  -0.04249029168763974, -0.5824383202760486,  0.3325078250541885,
      -0.2074879018622023, -0.6675380084308199, 0.1675431690352275,   -0.2925936186410206,  0.5426917905271793,
      0.08244538654315924, -0.457389071832781,  0.4338232108225821,   -0.04254559351606774, -0.5425065816156717}},
    {{-0.5234616232851, -0.5091182602305271, -0.4466426676395799},
     0.427635493950591,
     {0.002979145361214077,  0.0009857264688966142,  -0.00329281284353691,  0.00137306291116032,
      -0.002027933648896851, -0.01441191907745275,   -0.004998346936294162, 0.0004520377945098537,
      0.006714927865053905,  -0.01333883090597377,   -0.003999087530169992, -0.003391286407233293,
      0.0005639124893954892, -0.0001273053790150143, 0.0002162856145913619, -0.01098982330431692,
      0.001199510068045154,  -0.00352096573786888,   0.003497518000530014,  -0.04448407101551293},
     {-0.7074998396364729, 0.1675141444030788,  -0.2925182309539445,  0.5425431237442266,  0.08251339908970412,
      -0.4174986660422988, 0.4575124127610696,  -0.08246186175153322, -0.5824958904333672, 0.3325067950685731,
      -0.167547987635363,  -0.6675228286702859, 0.1674912322068055,   -0.2924971987368334, 0.5424934466754106,
      0.08250732650379797, -0.4575134022934905, 0.457464438490874,    -0.0825075459346219, -0.542510045247886}}};

typedef struct step_context {
  crow_model *model;
  double reward[3], gradient[20], loss;
} step_context;

static crow_status loss_of_model(void *context, int64_t step, const double *theta, double *value, double *gradient) {
  static const int64_t first[] = {0, 1, 0}, second[] = {1, 2, 2};
  static const double share[] = {1, .5, .25}, pair_weight[] = {.3, .2, .1}, row_weight[] = {.5, .25, .125};
  const crow_batch batch = {3, 3, first, second, share, pair_weight, row_weight};
  step_context *c = context;
  double slope[3], reward[3];
  const crow_status status = crow_model_rewards(c->model, theta, reward);
  if (status != CROW_OK) return status;
  crow_batch_loss(&batch, .1, reward, value, slope);
  const crow_status second_status = crow_model_gradient(c->model, theta, slope, gradient);
  if (step == 0) {
    memcpy(c->reward, reward, sizeof reward);
    memcpy(c->gradient, gradient, sizeof c->gradient);
    c->loss = *value;
  }
  return second_status;
}

static void an_mlp_step_equals_the_one_worked_out_by_hand(void) {
  const double contexts[6] = {.5, -1, 1.5, .25, -.75, 2};
  const crow_partition rows = crow_comm_partition(test_comm, 3, CROW_BLOCK);
  crow_adam_options adam_options;
  crow_settings_default(crow_adam_settings, &adam_options);
  adam_options.learning_rate = .01;
  adam_options.steps = 2;
  for (int activation = 0; activation < 3; activation++) {
    const worked_example *e = &worked_out[activation];
    const crow_model_options options = options_of(CROW_MODEL_MLP, "3,2", activation);
    step_context c = {NULL, {0}, {0}, 0};
    double theta[20];
    crow_adam *adam = NULL;
    for (int i = 0; i < 20; i++) theta[i] = (7 * i % 11 - 5.5) / 8;
    CHECK_OK(crow_model_create(&options, 3, 2, &c.model));
    CHECK_OK(crow_model_bind(c.model, test_comm, &rows, NULL, contexts, CROW_F64));
    CHECK_OK(crow_adam_create(&adam_options, 20, theta, &adam));
    for (bool done = false; !done;) CHECK_OK(crow_adam_step(adam, loss_of_model, &c, &done));
    for (int i = 0; i < 3; i++) CHECK_NEAR(c.reward[i], e->reward[i], 1e-15);
    CHECK_NEAR(c.loss, e->loss, 1e-15);
    for (int i = 0; i < 20; i++) CHECK_NEAR(c.gradient[i], e->gradient[i], 1e-15);
    for (int i = 0; i < 20; i++) CHECK_NEAR(crow_adam_theta(adam)[i], e->theta[i], 1e-13);
    crow_adam_destroy(&adam);
    crow_model_destroy(&c.model);
  }
}

static const crow_test tests[] = {
    {"a model is a list of arrays", a_model_is_a_list_of_arrays},
    {"wrong options are refused", wrong_options_are_refused},
    {"initial parameters are uniform and differ between members",
     initial_parameters_are_uniform_and_differ_between_members},
    {"gradients equal central differences", gradients_equal_central_differences},
    {"sums over blocks lose nothing", sums_over_blocks_lose_nothing},
    {"what is not finite makes the gradient NaN", what_is_not_finite_makes_the_gradient_nan},
    {"a tabular model is the identity", a_tabular_model_is_the_identity},
    {"an mlp's step equals the one worked out by hand", an_mlp_step_equals_the_one_worked_out_by_hand},
    {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "reward models", tests, true); }
