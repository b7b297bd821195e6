/* SPDX-License-Identifier: Apache-2.0 */
/* wAWR of populations and matrices, with the paper's Table 2. */
#include "preference/dataset.h"

static double sigmoid(double d) { return 1 / (1 + exp(-d)); }

/* Table 2 of the paper: three annotator types; with a clone of c added the fourth column repeats the third. */
static const double prevalence[] = {0.4, 0.3, 0.3};
static const double ratings[3][4] = {{100, 10, 1, 1}, {10, 1, 100, 100}, {1, 100, 10, 10}};

static void population_win_rates(int m, double *weights, double *win_rate) {
  double reward[12];
  for (int t = 0; t < 3; t++) {
    for (int x = 0; x < m; x++) reward[t * m + x] = log(ratings[t][x]);
  }
  const sources with = {.m = m, .n = 3, .prevalence = prevalence, .reward = reward};
  crow_dataset dataset;
  write_dataset(test_path("population.h5"), &with);
  CHECK_OK(crow_dataset_open(test_comm, test_path("population.h5"), false, &dataset));
  const crow_weights w = take_weights(test_comm, m, weights);
  CHECK_OK(crow_win_rate_population(test_comm, &dataset, &w, win_rate));
  crow_dataset_close(&dataset);
}

/* With w = 1 for one alternative and 0 for the others, wAWR(x) is p(x > that one). Borda counts are sums of these. */
static void table_2_of_the_paper(void) {
  double p[4][4], win_rate[4], borda[4] = {0};
  for (int y = 0; y < 4; y++) {
    double weights[4] = {0};
    weights[y] = 1;
    population_win_rates(4, weights, win_rate);
    for (int x = 0; x < 4; x++) borda[x] += p[x][y] = win_rate[x];
  }
  CHECK_NEAR(p[0][1], 0.639334, 5e-7);
  CHECK_NEAR(p[0][2], 0.450585, 5e-7);
  CHECK_NEAR(p[1][2], 0.639334, 5e-7);
  for (int x = 0; x < 4; x++) {
    CHECK_NEAR(p[x][x], 0.5, 1e-15);
    for (int y = 0; y < 4; y++) CHECK_NEAR(p[x][y] + p[y][x], 1, 1e-15);
  }
  CHECK_NEAR(borda[0] - p[0][3], 1.589919, 5e-7);
  CHECK_NEAR(borda[1] - p[1][3], 1.5, 5e-7);
  CHECK_NEAR(borda[2] - p[2][3], 1.410081, 5e-7);
  const double with_clone[] = {2.040504, 2.139334, 1.910081, 1.910081};
  for (int x = 0; x < 4; x++) CHECK_NEAR(borda[x], with_clone[x], 5e-7);
}

/* Weighted win rates do not change when a clone shares its original's weight. */
static void a_clone_that_shares_weight_changes_no_win_rate(void) {
  double three[] = {1.0 / 3, 1.0 / 3, 1.0 / 3}, four[] = {1.0 / 3, 1.0 / 3, 1.0 / 6, 1.0 / 6}, before[3], after[4];
  population_win_rates(3, three, before);
  population_win_rates(4, four, after);
  for (int x = 0; x < 3; x++) CHECK_NEAR(after[x], before[x], 1e-15);
  CHECK_NEAR(after[3], before[2], 1e-15);
  CHECK_NEAR(before[0], 1.589919 / 3, 5e-7);
}

enum { M = 700, TYPES = 5 };

/* A population with all sorts of rewards, its matrix, and wAWR worked out from that. */
typedef struct case_of_700 {
  double prevalence[TYPES], reward[TYPES * M], matrix[M * M], weight[M], win_rate[M];
} case_of_700;

static void make_case(case_of_700 *c) {
  double sum = 0;
  for (int t = 0; t < TYPES; t++) c->prevalence[t] = (t + 1) / 15.0;
  for (int t = 0; t < TYPES; t++) {
    crow_random_uniform(1, CROW_STREAM_TEST, (uint64_t)t, c->reward + t * M, M);
    for (int x = 0; x < M; x++) c->reward[t * M + x] *= pow(10, t); /* ranges from 1 to 10^4 */
  }
  crow_random_uniform(2, CROW_STREAM_TEST, 0, c->weight, M);
  for (int x = 0; x < M; x++) c->weight[x] = x % 10 == 0 ? 0 : c->weight[x];
  for (int x = 0; x < M; x++) sum += c->weight[x];
  for (int x = 0; x < M; x++) c->weight[x] /= sum;
  for (int x = 0; x < M; x++) {
    c->win_rate[x] = 0;
    for (int y = 0; y < M; y++) {
      double p = 0;
      for (int t = 0; t < TYPES; t++) p += c->prevalence[t] * sigmoid(c->reward[t * M + x] - c->reward[t * M + y]);
      c->matrix[x * M + y] = p;
      c->win_rate[x] += c->weight[y] * p;
    }
  }
}

static case_of_700 shared;

static void population_and_matrix_agree_with_the_definition(void) {
  case_of_700 *c = &shared;
  make_case(c);
  const sources both = {.m = M,
                        .n = TYPES,
                        .prevalence = c->prevalence,
                        .reward = c->reward,
                        .matrix = c->matrix,
                        .matrix_type = CROW_F64};
  crow_dataset dataset;
  double from_population[M], from_matrix[M];
  write_dataset(test_path("both.h5"), &both);
  CHECK_OK(crow_dataset_open(test_comm, test_path("both.h5"), false, &dataset));
  const crow_weights w = take_weights(test_comm, M, c->weight);
  CHECK_OK(crow_win_rate_population(test_comm, &dataset, &w, from_population));
  CHECK_OK(crow_win_rate_matrix(test_comm, &dataset, &w, from_matrix));
  for (int x = 0; x < M; x++) {
    CHECK_NEAR(from_population[x], c->win_rate[x], 1e-14);
    CHECK_NEAR(from_matrix[x], c->win_rate[x], 1e-14);
  }
  crow_dataset_close(&dataset);
}

/* Of a dataset with fewer alternatives than its file the first ones count, as crow plan tries some of many. */
static void the_first_alternatives_of_a_file_can_be_taken(void) {
  enum { FIRST = 250 };
  case_of_700 *c = &shared;
  crow_dataset dataset;
  double weight[FIRST], sum = 0, from_population[FIRST], from_matrix[FIRST];
  make_case(c);
  const sources both = {.m = M,
                        .n = TYPES,
                        .prevalence = c->prevalence,
                        .reward = c->reward,
                        .matrix = c->matrix,
                        .matrix_type = CROW_F64};
  write_dataset(test_path("first.h5"), &both);
  CHECK_OK(crow_dataset_open(test_comm, test_path("first.h5"), false, &dataset));
  dataset.alternatives = FIRST;
  for (int x = 0; x < FIRST; x++) sum += weight[x] = c->weight[x];
  for (int x = 0; x < FIRST; x++) weight[x] /= sum;
  const crow_weights w = take_weights(test_comm, FIRST, weight);
  CHECK_OK(crow_win_rate_population(test_comm, &dataset, &w, from_population));
  CHECK_OK(crow_win_rate_matrix(test_comm, &dataset, &w, from_matrix));
  for (int x = 0; x < FIRST; x++) {
    double expected = 0;
    for (int y = 0; y < FIRST; y++) expected += weight[y] * c->matrix[x * M + y];
    CHECK_NEAR(from_population[x], expected, 1e-13);
    CHECK_NEAR(from_matrix[x], expected, 1e-13);
  }
  crow_dataset_close(&dataset);
}

static crow_status read_matrix(const double *matrix, crow_type type) {
  const sources with = {.m = M, .matrix = matrix, .matrix_type = type};
  crow_dataset dataset;
  double win_rate[M];
  write_dataset(test_path("matrix.h5"), &with);
  CHECK_OK(crow_dataset_open(test_comm, test_path("matrix.h5"), false, &dataset));
  const crow_weights w = take_weights(test_comm, M, shared.weight);
  const crow_status status = crow_win_rate_matrix(test_comm, &dataset, &w, win_rate);
  crow_dataset_close(&dataset);
  return status;
}

static void halves_that_do_not_add_up_to_1_are_named(void) {
  case_of_700 *c = &shared;
  make_case(c);
  c->matrix[17 * M + 640] += 3e-9;
  CHECK_STATUS(read_matrix(c->matrix, CROW_F64), CROW_BAD_INPUT);
  CHECK_MESSAGE("matrix.h5");
  CHECK_MESSAGE("17,640]");
  CHECK_MESSAGE("sum of 1");
  c->matrix[17 * M + 640] -= 2.5e-9; /* within 1e-9 */
  CHECK_OK(read_matrix(c->matrix, CROW_F64));
  make_case(c);
  for (int x = 0; x < M * M; x++) c->matrix[x] += x % M == x / M ? 0 : 4e-10; /* all off by what is allowed */
  CHECK_OK(read_matrix(c->matrix, CROW_F64));
}

static void the_diagonal_must_be_one_half(void) {
  case_of_700 *c = &shared;
  make_case(c);
  c->matrix[650 * M + 650] = 0.75;
  CHECK_STATUS(read_matrix(c->matrix, CROW_F64), CROW_BAD_INPUT);
  CHECK_MESSAGE("matrix.h5");
  CHECK_MESSAGE("[650,650] is 0.75");
}

static void single_precision_is_taken_for_what_it_can_hold(void) {
  case_of_700 *c = &shared;
  make_case(c);
  CHECK_OK(read_matrix(c->matrix, CROW_F32));
  c->matrix[3] += 1e-5;
  CHECK_STATUS(read_matrix(c->matrix, CROW_F32), CROW_BAD_INPUT);
  CHECK_MESSAGE("3,0]");
}

int main(int argc, char **argv) {
  const crow_test tests[] = {
      {"Table 2: preferences and Borda counts, with and without the clone", table_2_of_the_paper},
      {"a clone that shares its weight changes no win rate", a_clone_that_shares_weight_changes_no_win_rate},
      {"population and matrix agree with the definition", population_and_matrix_agree_with_the_definition},
      {"the first alternatives of a file can be taken", the_first_alternatives_of_a_file_can_be_taken},
      {"halves that do not add up to 1 are named", halves_that_do_not_add_up_to_1_are_named},
      {"the diagonal must be one half", the_diagonal_must_be_one_half},
      {"single precision is taken for what it can hold", single_precision_is_taken_for_what_it_can_hold},
      {NULL, NULL},
  };
  return crow_test_main(argc, argv, "win rate", tests, true);
}
