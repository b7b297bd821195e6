/* SPDX-License-Identifier: Apache-2.0 */
/* Samples follow the distribution that each space promises, whoever draws them. */
#include "fixture.h"

#include <hdf5.h>

enum { N = 20000 };

static void open_contexts(const char *name, int64_t m, int64_t d, const double *context, crow_dataset *dataset) {
  const test_dataset t = {.m = m, .d = d, .context = context};
  test_dataset_write(test_comm, test_path(name), &t);
  CHECK_OK(crow_dataset_open(test_comm, test_path(name), true, dataset));
}

/* Draws N samples of a space over these contexts: (N, d), free with crow_free(). */
static double *draw(const char *space_text, double margin, int64_t m, int64_t d, const double *context) {
  crow_dataset dataset = {0};
  crow_space *space = NULL;
  double *points = NULL;
  const crow_space_options options = {space_text, margin, 4, NULL};
  open_contexts("contexts.h5", m, d, context, &dataset);
  CHECK_OK(crow_space_create(test_comm, &options, &dataset, &space));
  CHECK_OK(CROW_ALLOCATE(&points, N * d));
  if (space) CHECK_OK(crow_space_sample(space, 0, N, N, points));
  /* Any stretch drawn by itself is the same. */
  double again[64];
  if (space) CHECK_OK(crow_space_sample(space, 777, 64 / d, N, again));
  CHECK(memcmp(again, points + 777 * d, sizeof(double) * (size_t)(64 / d * d)) == 0);
  crow_space_destroy(&space);
  crow_dataset_close(&dataset);
  return points;
}

static double mean_of(const double *points, int64_t d, int64_t k) {
  double sum = 0;
  for (int64_t i = 0; i < N; i++) sum += points[i * d + k];
  return sum / N;
}

static double covariance_of(const double *points, int64_t d, int64_t j, int64_t k) {
  const double a = mean_of(points, d, j), b = mean_of(points, d, k);
  double sum = 0;
  for (int64_t i = 0; i < N; i++) sum += (points[i * d + j] - a) * (points[i * d + k] - b);
  return sum / N;
}

static void a_box_is_filled_evenly_with_its_margin(void) {
  const double context[] = {1, -3, 2, 5, 1.5, 0};
  double *points = draw("box", .25, 3, 2, context);
  const double lower[] = {.75, -5}, upper[] = {2.25, 7};
  for (int64_t i = 0; i < 2 * N; i++) CHECK(points[i] >= lower[i % 2] && points[i] <= upper[i % 2]);
  for (int k = 0; k < 2; k++) {
    const double range = upper[k] - lower[k], deviation = range / sqrt(12);
    CHECK_NEAR(mean_of(points, 2, k), (lower[k] + upper[k]) / 2, 4 * deviation / sqrt(N));
    CHECK_NEAR(covariance_of(points, 2, k, k), deviation * deviation, 4 * deviation * deviation / sqrt(N));
  }
  crow_free(points);
}

static void a_sphere_has_unit_length_and_no_direction(void) {
  const double context[] = {1, 2, 3, 4, 5, 6};
  double *points = draw("sphere", 0, 2, 3, context);
  for (int64_t i = 0; i < N; i++) {
    const double *x = points + 3 * i;
    CHECK_NEAR(x[0] * x[0] + x[1] * x[1] + x[2] * x[2], 1, 1e-14);
  }
  for (int k = 0; k < 3; k++) {
    CHECK_NEAR(mean_of(points, 3, k), 0, 4 / sqrt(3. * N));
    CHECK_NEAR(covariance_of(points, 3, k, k), 1. / 3, 4 * .3 / sqrt(N)); /* var of x^2 is 4/45 */
  }
  crow_free(points);
}

static void a_sphere_refuses_a_zero_context(void) {
  const double context[] = {1, 0, 0, 0};
  crow_dataset dataset = {0};
  crow_weights weights;
  crow_weights_options options;
  crow_weights_options_default(&options);
  options.space.space = "sphere";
  options.space.center = "none";
  options.samples = 10;
  open_contexts("zero.h5", 2, 2, context, &dataset);
  CHECK_STATUS(crow_weights_compute(test_comm, &dataset, &options, &weights), CROW_BAD_INPUT);
  CHECK_MESSAGE("/alternatives/context[1] is zero");
  crow_dataset_close(&dataset);
}

/* In d dimensions the squared distance from the centre has the mean R^2 d / (d + 2). */
static void a_ball_is_filled_evenly(void) {
  const double context[] = {0, 0, 2, 0, 0, 2, 2, 2};
  double *points = draw("ball", 0, 4, 2, context);
  double square = 0;
  for (int64_t i = 0; i < N; i++) {
    const double x = points[2 * i] - 1, y = points[2 * i + 1] - 1;
    CHECK(x * x + y * y <= 2 * (1 + 1e-14));
    square += x * x + y * y;
  }
  CHECK_NEAR(square / N, 1, 4 * sqrt(1. / 3 / N)); /* R^2 = 2, uniform in [0, 2] */
  crow_free(points);
}

static void a_gaussian_has_the_contexts_mean_and_covariance(void) {
  const double context[] = {0, 0, 0, 2, 1, 0, 4, 2, 0, 6, 3, 0};
  double *points = draw("gaussian", 0, 4, 3, context);
  /* Mean (3, 1.5, 0); covariance 5, 2.5 and 1.25 in the plane, nothing across it. */
  CHECK_NEAR(mean_of(points, 3, 0), 3, 4 * sqrt(5. / N));
  CHECK_NEAR(mean_of(points, 3, 1), 1.5, 4 * sqrt(1.25 / N));
  CHECK_NEAR(covariance_of(points, 3, 0, 0), 5, 4 * 5 * sqrt(2. / N));
  CHECK_NEAR(covariance_of(points, 3, 0, 1), 2.5, 4 * 2.5 * sqrt(2. / N));
  CHECK_NEAR(covariance_of(points, 3, 2, 2), 0, 1e-12);
  crow_free(points);
}

/* Against a direct sampler: draw from the bounding box of all intervals and keep what lies in some interval. */
static void factor2_equals_a_sampler_by_rejection(void) {
  const double context[] = {1, -1, 1.5, -8, 10, 3, 0, 0};
  double *points = draw("factor2", 0, 4, 2, context);
  double share[2][3] = {{0}}, direct[2][3] = {{0}}, kept[2] = {0};
  /* Cells that tell the intervals apart: first coordinate [.5,3], [5,20]; second [-16,-4], [-2,-.5], [1.5,6]. */
  const double cut[2][2] = {{1, 4}, {-3, 0}};
  for (int64_t i = 0; i < N; i++) {
    for (int k = 0; k < 2; k++) {
      const double x = points[2 * i + k];
      share[k][x < cut[k][0] ? 0 : x < cut[k][1] ? 1 : 2] += 1. / N;
    }
  }
  for (uint64_t i = 0; i < 20 * N; i++) {
    double u[2];
    crow_random_uniform(99, CROW_STREAM_TEST, i, u, 2);
    const double x[2] = {u[0] * 20, u[1] * 22 - 16};
    for (int k = 0; k < 2; k++) {
      bool inside = false;
      for (int j = 0; j < 4; j++) {
        const double c = context[2 * j + k], a = fmin(c / 2, 2 * c), b = fmax(c / 2, 2 * c);
        inside = inside || (x[k] >= a && x[k] <= b);
      }
      if (!inside) continue;
      kept[k]++;
      direct[k][x[k] < cut[k][0] ? 0 : x[k] < cut[k][1] ? 1 : 2]++;
    }
  }
  for (int k = 0; k < 2; k++) {
    for (int j = 0; j < 3; j++)
      CHECK_NEAR(share[k][j], direct[k][j] / kept[k], 4 * sqrt(.25 / N) + 4 * sqrt(.25 / kept[k]));
  }
  crow_free(points);
}

/* Row i is (i, -i). */
static void write_pool(const char *path, int64_t rows) {
  double *values = NULL;
  CHECK_OK(CROW_ALLOCATE(&values, rows * 2));
  for (int64_t i = 0; i < rows; i++) {
    values[2 * i] = (double)i;
    values[2 * i + 1] = -(double)i;
  }
  const test_dataset t = {.m = rows, .d = 2, .context = values};
  test_dataset_write(test_comm, path, &t);
  crow_free(values);
}

static void a_pool_gives_each_row_at_most_once(void) {
  enum { ROWS = 1000 };
  const double context[] = {1, -1, 700, -700};
  char text[600];
  crow_dataset dataset = {0};
  crow_space *space = NULL;
  write_pool(test_path("pool.h5"), ROWS);
  (void)snprintf(text, sizeof text, "pool:%s:/alternatives/context", test_path("pool.h5"));
  const crow_space_options options = {text, 0, 1, NULL};
  open_contexts("pooled.h5", 2, 2, context, &dataset);
  CHECK_OK(crow_space_create(test_comm, &options, &dataset, &space));
  CHECK(crow_space_size(space) == ROWS);
  const int64_t draws[] = {ROWS, 300, 999, 1};
  static double points[2 * ROWS];
  for (size_t k = 0; k < sizeof draws / sizeof *draws; k++) {
    CHECK_OK(crow_space_sample(space, 0, draws[k], draws[k], points));
    for (int64_t i = 0; i < draws[k]; i++) {
      CHECK(points[2 * i + 1] == -points[2 * i] && points[2 * i] < ROWS);
      if (i) CHECK(points[2 * i] > points[2 * i - 2]);
      if (draws[k] == ROWS) CHECK(points[2 * i] == (double)i);
    }
  }
  crow_space_destroy(&space);
  crow_dataset_close(&dataset);
}

/* A shuffled pool: each row once, and the first samples spread over all rows, however many they are and however they
 * are asked for. The rows of this pool ascend, so a sample's mean says where it comes from: it is within 5 standard
 * errors of the mean of a sample without replacement, and so is its correlation with the place. */
static void the_first_samples_of_a_shuffled_pool_are_of_all_rows(void) {
  enum { ROWS = 1000 };
  const double context[] = {1, -1, 700, -700};
  char text[600];
  crow_dataset dataset = {0};
  crow_space *space = NULL;
  write_pool(test_path("pool.h5"), ROWS);
  (void)snprintf(text, sizeof text, "pool:%s:/alternatives/context", test_path("pool.h5"));
  open_contexts("pooled.h5", 2, 2, context, &dataset);
  for (int64_t seed = 1; seed <= 3; seed++) {
    const crow_space_options options = {text, 0, seed, NULL};
    CHECK_OK(crow_space_create(test_comm, &options, &dataset, &space));
    crow_space_shuffle(space);
    static double points[2 * ROWS], again[2 * ROWS];
    int seen[ROWS] = {0};
    CHECK_OK(crow_space_sample(space, 0, ROWS, ROWS, points));
    for (int64_t i = 0; i < ROWS; i++) {
      CHECK(points[2 * i + 1] == -points[2 * i] && points[2 * i] >= 0 && points[2 * i] < ROWS);
      CHECK(seen[(int)points[2 * i]]++ == 0);
    }
    static const int64_t prefixes[] = {50, 100, 400};
    for (size_t p = 0; p < sizeof prefixes / sizeof *prefixes; p++) {
      const double n = (double)prefixes[p], variance = ((double)ROWS * ROWS - 1) / 12 / n * (1 - n / ROWS);
      double mean = 0;
      for (int64_t i = 0; i < prefixes[p]; i++) mean += points[2 * i] / n;
      CHECK_NEAR(mean, (ROWS - 1) / 2., 5 * sqrt(variance));
    }
    double moment = 0;
    for (int64_t i = 0; i < ROWS; i++) moment += ((double)i - 499.5) * (points[2 * i] - 499.5);
    CHECK_NEAR(moment / (ROWS * ((double)ROWS * ROWS - 1) / 12), 0, 5 / sqrt(ROWS));
    CHECK_OK(crow_space_sample(space, 0, 7, 7, again));
    CHECK_OK(crow_space_sample(space, 7, ROWS - 7, 123456, again + 14));
    CHECK(memcmp(points, again, sizeof points) == 0);
    crow_space_destroy(&space);
  }
  crow_dataset_close(&dataset);
}

static void a_pool_of_the_wrong_shape_is_refused(void) {
  const double context[] = {1, 2, 3};
  char text[600];
  crow_dataset dataset = {0};
  crow_space *space = NULL;
  write_pool(test_path("pool.h5"), 10);
  open_contexts("pooled.h5", 1, 3, context, &dataset);
  (void)snprintf(text, sizeof text, "pool:%s:/alternatives/context", test_path("pool.h5"));
  crow_space_options options = {text, 0, 1, NULL};
  CHECK_STATUS(crow_space_create(test_comm, &options, &dataset, &space), CROW_BAD_INPUT);
  CHECK_MESSAGE("(10, 2), expected at least one row of 3 columns");
  (void)snprintf(text, sizeof text, "pool:%s:/nowhere", test_path("pool.h5"));
  CHECK_STATUS(crow_space_create(test_comm, &options, &dataset, &space), CROW_BAD_INPUT);
  CHECK_MESSAGE("/nowhere");
  (void)snprintf(text, sizeof text, "pool:%s:/x", test_path("absent.h5"));
  CHECK_STATUS(crow_space_create(test_comm, &options, &dataset, &space), CROW_FILE_SYSTEM);
  crow_dataset_close(&dataset);
}

static void expect_pool_refused(const char *path, const char *words) {
  const double context[] = {1, 2};
  char text[600];
  crow_dataset dataset = {0};
  crow_space *space = NULL;
  open_contexts("pooled.h5", 1, 2, context, &dataset);
  (void)snprintf(text, sizeof text, "pool:%s:%s", test_path("ways.h5"), path);
  const crow_space_options options = {text, 0, 1, NULL};
  CHECK_STATUS(crow_space_create(test_comm, &options, &dataset, &space), CROW_BAD_INPUT);
  CHECK_MESSAGE("ways.h5: ");
  CHECK_MESSAGE(words);
  crow_space_destroy(&space);
  crow_dataset_close(&dataset);
}

static void a_pool_leads_nowhere_out_of_its_file(void) {
  const hsize_t dims[2] = {3, 2};
  if (crow_comm_rank(test_comm) == 0) {
    hid_t file = H5Fcreate(test_path("ways.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t space = H5Screate_simple(2, dims, NULL), layout = H5Pcreate(H5P_DATASET_CREATE),
          stored = H5Pcreate(H5P_DATASET_CREATE);
    CHECK(H5Lcreate_external("/etc/other.h5", "/x", file, "/link", H5P_DEFAULT, H5P_DEFAULT) >= 0);
    CHECK(H5Lcreate_soft("/link", file, "/soft", H5P_DEFAULT, H5P_DEFAULT) >= 0);
    CHECK(H5Pset_virtual(layout, space, "other.h5", "/x", space) >= 0);
    CHECK(H5Pset_external(stored, "/etc/hostname", 0, 48) >= 0);
    (void)H5Dclose(H5Dcreate2(file, "/virtual", H5T_IEEE_F64LE, space, H5P_DEFAULT, layout, H5P_DEFAULT));
    (void)H5Dclose(H5Dcreate2(file, "/stored", H5T_IEEE_F64LE, space, H5P_DEFAULT, stored, H5P_DEFAULT));
    (void)H5Gclose(H5Gcreate2(file, "/group", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    (void)H5Pclose(layout);
    (void)H5Pclose(stored);
    (void)H5Sclose(space);
    CHECK(H5Fclose(file) >= 0);
  }
  CHECK_OK(crow_comm_barrier(test_comm));
  expect_pool_refused("/link", "/link is a link into another file (/etc/other.h5)");
  expect_pool_refused("link/deeper", "/link is a link into another file (/etc/other.h5)");
  expect_pool_refused("/soft", "/soft is a soft link that leads nowhere in this file");
  expect_pool_refused("//virtual/", "/virtual is a virtual dataset");
  expect_pool_refused("/stored", "/stored is stored in another file");
  expect_pool_refused("/group", "/group is a group, expected an array");
  expect_pool_refused("/", "there is no such array");
}

/* Contexts s and 0: whether they are refused, and why. */
static void expect_scale(const char *space_text, double s, const char *words) {
  const double context[] = {0, 0, s, 0, 0, s};
  crow_dataset dataset = {0};
  crow_space *space = NULL;
  const crow_space_options options = {space_text, 0, 1, NULL};
  open_contexts("scaled.h5", 3, 2, context, &dataset);
  const crow_status status = crow_space_create(test_comm, &options, &dataset, &space);
  CHECK(status == (words ? CROW_BAD_INPUT : CROW_OK));
  if (words) CHECK_MESSAGE("scaled.h5: /alternatives/context");
  if (words) CHECK_MESSAGE(words);
  crow_space_destroy(&space);
  crow_dataset_close(&dataset);
}

static void contexts_whose_squares_overflow_or_underflow_are_refused(void) {
  static const char *const spaces[] = {"cube", "box", "ball", "gaussian", "factor2"};
  for (size_t k = 0; k < sizeof spaces / sizeof *spaces; k++) {
    expect_scale(spaces[k], 1e160, "[1, 0] is 1e+160, expected at most 3.2e+147 in size");
    expect_scale(spaces[k], 1e-200, "differ by 1e-200 at most, expected at least 3.87e-121");
    expect_scale(spaces[k], 4e-320, "would underflow");
    expect_scale(spaces[k], 0, NULL);
    expect_scale(spaces[k], 1e147, NULL);
    expect_scale(spaces[k], 1e-20, NULL);
    expect_scale(spaces[k], 1e-120, NULL);
  }
}

static crow_status parse(const char *text) { return crow_space_parse(&(crow_space_options){text, 0, 1, NULL}); }

static void misspelt_spaces_are_named(void) {
  CHECK_STATUS(parse("cubes"), CROW_USAGE);
  CHECK_MESSAGE("did you mean \"cube\"");
  CHECK_STATUS(parse("pool:"), CROW_USAGE);
  CHECK_STATUS(parse("pool:file"), CROW_USAGE);
  CHECK_OK(parse("pool:C:/odd:name.h5:/path"));
  CHECK_OK(parse("factor2"));
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"a box is filled evenly, with its margin", a_box_is_filled_evenly_with_its_margin},
      {"a sphere has unit length and no direction", a_sphere_has_unit_length_and_no_direction},
      {"a sphere refuses a zero context", a_sphere_refuses_a_zero_context},
      {"a ball is filled evenly", a_ball_is_filled_evenly},
      {"a gaussian has the contexts' mean and covariance", a_gaussian_has_the_contexts_mean_and_covariance},
      {"factor2 equals a sampler by rejection", factor2_equals_a_sampler_by_rejection},
      {"a pool gives each row at most once", a_pool_gives_each_row_at_most_once},
      {"the first samples of a shuffled pool are of all rows", the_first_samples_of_a_shuffled_pool_are_of_all_rows},
      {"a pool of the wrong shape is refused", a_pool_of_the_wrong_shape_is_refused},
      {"a pool leads nowhere out of its file", a_pool_leads_nowhere_out_of_its_file},
      {"contexts whose squares overflow or underflow are refused",
       contexts_whose_squares_overflow_or_underflow_are_refused},
      {"misspelt spaces are named", misspelt_spaces_are_named},
      {NULL, NULL},
  };
  return crow_test_main(argc, argv, "space", tests, true);
}
