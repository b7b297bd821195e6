/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"
#include <crow/io.h>

#include <CUnit/Basic.h>
#include <stdlib.h>
#include <unistd.h>

crow_comm *test_comm;
static char folder[256];
static const crow_test *next_test; /* CUnit runs them in their order */
static bool loud;                  /* whether this process prints */

static void fail(const char *file, int line, const char *text) {
  (void)fprintf(stderr, "%s:%d: rank %d: %s\n", file, line, test_comm ? crow_comm_rank(test_comm) : 0, text);
  (void)CU_assertImplementation(CU_FALSE, (unsigned)line, text, file, "", CU_FALSE);
}

double test_within(double tolerance) {
  volatile long double one = 1, bit = 0x1p-60L;
  return one + bit > one ? tolerance : 32 * tolerance;
}

void test_check_ok(crow_status status, const char *call, const char *file, int line) {
  test_check_status(status, CROW_OK, call, file, line);
}

void test_check_status(crow_status status, crow_status expected, const char *call, const char *file, int line) {
  if (status == expected) {
    CU_PASS("");
    return;
  }
  char text[CROW_ERROR_BYTES + 512];
  (void)snprintf(text, sizeof text, "%s gave \"%s\" instead of \"%s\"; latest message: %s", call,
                 crow_status_name(status), crow_status_name(expected), crow_error_message());
  fail(file, line, text);
}

void test_check_near(double actual, double expected, double tolerance, const char *what, const char *file, int line) {
  if (fabs(actual - expected) <= tolerance) {
    CU_PASS("");
    return;
  }
  char text[512];
  (void)snprintf(text, sizeof text, "%s is %.17g, expected %.17g within %g", what, actual, expected, tolerance);
  fail(file, line, text);
}

void test_check_message(const char *part, const char *file, int line) {
  if (strstr(crow_error_message(), part)) {
    CU_PASS("");
    return;
  }
  char text[CROW_ERROR_BYTES + 512];
  (void)snprintf(text, sizeof text, "the message \"%s\" lacks \"%s\"", crow_error_message(), part);
  fail(file, line, text);
}

const char *test_folder(void) {
  if (folder[0]) return folder;
  if (!test_comm || crow_comm_rank(test_comm) == 0) {
    const char *base = getenv("TMPDIR");
    (void)snprintf(folder, sizeof folder, "%s/crow-test-XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(folder)) folder[0] = 0;
  }
  if (test_comm) (void)crow_comm_broadcast(test_comm, folder, (int64_t)sizeof folder, 0);
  return folder;
}

const char *test_path(const char *name) {
  static char paths[8][512];
  static int next;
  char *path = paths[next++ % 8];
  (void)snprintf(path, sizeof paths[0], "%s/%s", test_folder(), name);
  return path;
}

static void remove_folder(void) {
  if (!folder[0]) return;
  if (test_comm) (void)crow_comm_barrier(test_comm);
  if (test_comm && crow_comm_rank(test_comm) != 0) return;
  char command[512];
  (void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
  if (system(command) != 0) (void)fprintf(stderr, "cannot remove %s\n", folder);
}

/* With the processor seconds that it took this process, so that costly tests are seen. */
static void run_next_test(void) {
  const double start_s = crow_time_cpu_s();
  next_test->run();
  if (loud) printf("%.2f s, ", crow_time_cpu_s() - start_s);
  next_test++;
  if (getenv("CROW_TEST_FIRST") && CU_get_number_of_failures() > 0) {
    if (!test_comm || crow_comm_size(test_comm) == 1) remove_folder();
    _exit(1); /* mpiexec ends the other ranks, which may have kept theirs */
  }
}

/* Kinds of work that ended without having begun. */
static int work_was_not_begun(void) {
  const crow_work_done work = crow_work_get();
  int kinds = 0;
  for (int k = 0; k < CROW_WORK_KINDS; k++) {
    if (!isnan(work.seconds[k])) continue;
    (void)fprintf(stderr, "crow_work_end() of a %s without crow_work_begin()\n", crow_work_name((crow_work)k));
    kinds++;
  }
  return kinds;
}

int crow_test_main(int argc, char **argv, const char *suite, const crow_test *tests, bool use_mpi) {
  crow_file_guard(true); /* as programs do */
  if (use_mpi && (crow_comm_init(&argc, &argv) != CROW_OK || crow_comm_create_world(&test_comm) != CROW_OK)) return 1;
  if (CU_initialize_registry() != CUE_SUCCESS) return 1;
  CU_pSuite registered = CU_add_suite(suite, NULL, NULL);
  for (const crow_test *test = tests; test->promise; test++) {
    if (!CU_add_test(registered, test->promise, run_next_test)) return 1;
  }
  next_test = tests;
  loud = !test_comm || crow_comm_rank(test_comm) == 0;
  CU_basic_set_mode(loud ? CU_BRM_VERBOSE : CU_BRM_SILENT);
  (void)CU_basic_run_tests();
  int64_t failures = (int64_t)CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
  CU_cleanup_registry();
  failures += work_was_not_begun();
  remove_folder();
  if (test_comm) {
    if (crow_comm_max_i64(test_comm, &failures, 1) != CROW_OK) failures = 1;
    crow_comm_destroy(&test_comm);
  }
  if (use_mpi) crow_comm_finalize();
  return failures != 0;
}
