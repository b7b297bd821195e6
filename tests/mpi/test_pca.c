/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

enum { M = 1300, D = 9 };

static crow_pca_summary project(const crow_comm *comm, const char *from, const char *to, int64_t components) {
  crow_dataset dataset = {0};
  crow_pca_summary summary = {0};
  CHECK_OK(crow_dataset_open(comm, from, true, &dataset));
  CHECK_OK(crow_pca_run(comm, &dataset, &(crow_pca_options){.components = components}, to, true, NULL, &summary));
  crow_dataset_close(&dataset);
  return summary;
}

static void read_contexts(const crow_comm *comm, const char *path, int64_t count, double *values) {
  crow_file *file = NULL;
  CHECK_OK(crow_file_open(comm, path, "dataset", &file));
  CHECK_OK(crow_file_read(file, "/alternatives/context", 0, count, CROW_F64, values));
  crow_file_close(&file);
}

/* Points +-a along (3,4)/5 and +-b along (-4,3)/5 around (10,20): the axes and the variances are known. */
static void a_cross_has_its_arms_as_components(void) {
  const double a = 5, b = 2;
  const double context[] = {10 + a * .6, 20 + a * .8, 10 - a * .6, 20 - a * .8,
                            10 - b * .8, 20 + b * .6, 10 + b * .8, 20 - b * .6};
  /* of (.6, .8) and of (.8, -.6) the largest entry is positive */
  const double expected[] = {a, 0, -a, 0, 0, -b, 0, b};
  double got[8];
  test_dataset_write(test_comm, test_path("cross.h5"), &(test_dataset){.m = 4, .d = 2, .context = context});
  crow_pca_summary summary = project(test_comm, test_path("cross.h5"), test_path("arms.h5"), 2);
  read_contexts(test_comm, test_path("arms.h5"), 4, got);
  for (int i = 0; i < 8; i++) CHECK_NEAR(got[i], expected[i], 1e-14);
  CHECK_NEAR(summary.variance[0], 2 * a * a / 3, 1e-13);
  CHECK_NEAR(summary.variance[1], 2 * b * b / 3, 1e-13);
  CHECK_NEAR(summary.total, 2 * (a * a + b * b) / 3, 1e-13);
  crow_pca_summary_free(&summary);
}

/* Coordinates around their middles, by the widest range of all, 10: nearest stays nearest. On the basis of another,
 * what lies outside of its cube is counted. */
static void a_cube_holds_the_cross(void) {
  const double a = 5, b = 2;
  const double context[] = {10 + a * .6, 20 + a * .8, 10 - a * .6, 20 - a * .8,
                            10 - b * .8, 20 + b * .6, 10 + b * .8, 20 - b * .6};
  const double expected[] = {1, .5, 0, .5, .5, .3, .5, .7}, center[2] = {10, 20};
  double got[8], far[8];
  crow_dataset dataset = {0};
  crow_pca_summary summary = {0};
  test_dataset_write(test_comm, test_path("cube.h5"), &(test_dataset){.m = 4, .d = 2, .context = context});
  CHECK_OK(crow_dataset_open(test_comm, test_path("cube.h5"), true, &dataset));
  const crow_pca_options options = {.components = 2, .fit_cube = true};
  CHECK_OK(crow_pca_run(test_comm, &dataset, &options, test_path("in-cube.h5"), true, NULL, &summary));
  read_contexts(test_comm, test_path("in-cube.h5"), 4, got);
  for (int i = 0; i < 8; i++) CHECK_NEAR(got[i], expected[i], 1e-14);
  for (int i = 0; i < 8; i++) CHECK(got[i] >= 0 && got[i] <= 1);
  CHECK(summary.outside == 0);
  crow_pca_summary_free(&summary);
  crow_dataset_close(&dataset);
  /* Twice as far out: the long arm leaves the cube of the first, the short one does not. */
  for (int i = 0; i < 8; i++) far[i] = 2 * context[i] - center[i % 2];
  test_dataset_write(test_comm, test_path("far.h5"), &(test_dataset){.m = 4, .d = 2, .context = far});
  CHECK_OK(crow_dataset_open(test_comm, test_path("far.h5"), true, &dataset));
  const crow_pca_options onto = {.components = 2, .fit_cube = true, .basis = test_path("cube.h5")};
  CHECK_OK(crow_pca_run(test_comm, &dataset, &onto, test_path("onto.h5"), true, NULL, &summary));
  read_contexts(test_comm, test_path("onto.h5"), 4, got);
  for (int i = 0; i < 8; i++) CHECK_NEAR(got[i], 2 * expected[i] - .5, 1e-14);
  CHECK(summary.outside == 2);
  crow_pca_summary_free(&summary);
  crow_dataset_close(&dataset);
}

static double *write_stretched(const char *path) {
  double *context = NULL;
  CHECK_OK(CROW_ALLOCATE(&context, M * D));
  crow_random_normal(5, CROW_STREAM_TEST, 0, context, M * D);
  for (int64_t i = 0; i < M; i++) {
    for (int64_t k = D - 1; k > 0; k--)
      context[i * D + k] = 3 + context[i * D + k] / (double)k + context[i * D + k - 1];
  }
  test_dataset_write(test_comm, path, &(test_dataset){.m = M, .d = D, .context = context});
  return context;
}

/* With all components a projection is a rotation: it keeps every distance, and its coordinates are uncorrelated. */
static void coordinates_are_uncorrelated_and_keep_distances(void) {
  double *context = write_stretched(test_path("stretched.h5")), *rotated = NULL;
  CHECK_OK(CROW_ALLOCATE(&rotated, M * D));
  crow_pca_summary summary = project(test_comm, test_path("stretched.h5"), test_path("rotated.h5"), D);
  read_contexts(test_comm, test_path("rotated.h5"), M, rotated);
  for (int64_t j = 0; j < D; j++) {
    for (int64_t k = 0; k <= j; k++) {
      double sum = 0, mean = 0;
      for (int64_t i = 0; i < M; i++) {
        sum += rotated[i * D + j] * rotated[i * D + k];
        mean += rotated[i * D + j] / M;
      }
      CHECK_NEAR(sum / (M - 1), j == k ? summary.variance[j] : 0, 1e-11);
      CHECK_NEAR(mean, 0, 1e-12);
    }
    CHECK(j == 0 || summary.variance[j] <= summary.variance[j - 1]);
  }
  for (int64_t i = 1; i < M; i += 7) {
    double before = 0, after = 0;
    for (int64_t k = 0; k < D; k++) {
      before += pow(context[i * D + k] - context[k], 2);
      after += pow(rotated[i * D + k] - rotated[k], 2);
    }
    CHECK_NEAR(after / before, 1, 1e-12);
  }
  crow_pca_summary_free(&summary);
  crow_free(context);
  crow_free(rotated);
}

static void bits_do_not_depend_on_the_number_of_ranks(void) {
  enum { K = 4 };
  double *context = write_stretched(test_path("spread.h5")), *all = NULL, *one = NULL;
  crow_comm *alone = test_comm_alone();
  char mine[32];
  CHECK_OK(CROW_ALLOCATE(&all, M * K));
  CHECK_OK(CROW_ALLOCATE(&one, M * K));
  (void)snprintf(mine, sizeof mine, "one-%d.h5", crow_comm_rank(test_comm));
  crow_pca_summary together = project(test_comm, test_path("spread.h5"), test_path("all.h5"), K);
  crow_pca_summary single = project(alone, test_path("spread.h5"), test_path(mine), K);
  read_contexts(test_comm, test_path("all.h5"), M, all);
  read_contexts(alone, test_path(mine), M, one);
  CHECK(memcmp(all, one, M * K * sizeof *all) == 0);
  CHECK(memcmp(together.variance, single.variance, K * sizeof(double)) == 0);
  crow_pca_summary_free(&together);
  crow_pca_summary_free(&single);
  crow_comm_destroy(&alone);
  crow_free(context);
  crow_free(all);
  crow_free(one);
}

static void everything_else_is_copied(void) {
  const double context[6] = {0, 1, 2, 5, 7, 7}, outcome[2] = {1, .25};
  const int32_t first[2] = {0, 1}, second[2] = {2, 0};
  double got[2];
  int32_t rows[2];
  test_dataset_write(
      test_comm, test_path("votes.h5"),
      &(test_dataset){
          .m = 3, .d = 2, .context = context, .q = 2, .first = first, .second = second, .outcome = outcome});
  crow_pca_summary summary = project(test_comm, test_path("votes.h5"), test_path("line.h5"), 1);
  crow_dataset dataset = {0};
  CHECK_OK(crow_dataset_open(test_comm, test_path("line.h5"), false, &dataset));
  CHECK(dataset.alternatives == 3 && dataset.dimensions == 1 && dataset.comparisons == 2);
  CHECK_OK(crow_file_read(dataset.file, "/comparisons/outcome", 0, 2, CROW_F64, got));
  CHECK_OK(crow_file_read(dataset.file, "/comparisons/second", 0, 2, CROW_I32, rows));
  CHECK(memcmp(got, outcome, sizeof got) == 0 && memcmp(rows, second, sizeof rows) == 0);
  crow_dataset_close(&dataset);
  crow_pca_summary_free(&summary);
  CHECK_OK(crow_dataset_open(test_comm, test_path("votes.h5"), true, &dataset));
  CHECK_STATUS(
      crow_pca_run(test_comm, &dataset, &(crow_pca_options){.components = 3}, test_path("no.h5"), true, NULL, &summary),
      CROW_USAGE);
  CHECK_MESSAGE("at most the 2 dimensions");
  crow_dataset_close(&dataset);
}

/* Their covariance would be infinite, or 0. */
static void contexts_beyond_squares_are_refused(void) {
  const double scale[] = {1e160, 1e-200};
  const char *const words[] = {"/alternatives/context[0, 0] is 1e+160", "differ by 2e-200 at most"};
  crow_dataset dataset;
  crow_pca_summary summary = {0};
  for (int k = 0; k < 2; k++) {
    const double s = scale[k], context[] = {s, 0, -s, 0, 0, s};
    test_dataset_write(test_comm, test_path("beyond.h5"), &(test_dataset){.m = 3, .d = 2, .context = context});
    CHECK_OK(crow_dataset_open(test_comm, test_path("beyond.h5"), true, &dataset));
    CHECK_STATUS(crow_pca_run(test_comm, &dataset, &(crow_pca_options){.components = 1}, test_path("no.h5"), true, NULL,
                              &summary),
                 CROW_BAD_INPUT);
    CHECK_MESSAGE("beyond.h5: ");
    CHECK_MESSAGE(words[k]);
    crow_pca_summary_free(&summary);
    crow_dataset_close(&dataset);
  }
}

static const crow_test tests[] = {
    {"a cross has its arms as components, with the signs that are promised", a_cross_has_its_arms_as_components},
    {"a cube holds the cross", a_cube_holds_the_cross},
    {"coordinates are uncorrelated and keep distances", coordinates_are_uncorrelated_and_keep_distances},
    {"bits do not depend on the number of ranks", bits_do_not_depend_on_the_number_of_ranks},
    {"everything else is copied, and too many components are refused", everything_else_is_copied},
    {"contexts whose squares overflow or underflow are refused", contexts_beyond_squares_are_refused},
    {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "principal components", tests, true); }
