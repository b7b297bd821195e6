/* SPDX-License-Identifier: Apache-2.0 */
/* What all test programs share. A program lists its tests and calls crow_test_main(); it ends non-zero if one fails. */
#ifndef CROW_TESTS_HARNESS_H
#define CROW_TESTS_HARNESS_H

#include <CUnit/CUnit.h>
#include <crow/crow.h>
#include <math.h>
#include <string.h>

typedef struct crow_test {
  const char *promise; /* what the test shows, in words */
  void (*run)(void);
} crow_test;

/* Runs the tests (the table ends with a NULL promise) and returns the exit code of main(). With `use_mpi`, MPI is
 * initialised, test_comm is the world, and a failure on any rank fails all. */
int crow_test_main(int argc, char **argv, const char *suite, const crow_test *tests, bool use_mpi);

/* The world; only in programs that run with MPI. */
extern crow_comm *test_comm;

/* A folder for this program's files, the same on all ranks, made on first use and removed at the end. */
const char *test_folder(void);
/* "FOLDER/name"; a static buffer that rotates over 8 calls. */
const char *test_path(const char *name);

/* A tolerance of what is compared with sums in long double: as it is, but 32 times as wide where that turns out to have
 * no more digits than double (under valgrind, on some machines), so that the expected value is no better than the
 * actual. */
double test_within(double tolerance);

#define CHECK(condition) CU_ASSERT(condition)
#define CHECK_OK(call) test_check_ok((call), #call, __FILE__, __LINE__)
#define CHECK_STATUS(call, expected) test_check_status((call), (expected), #call, __FILE__, __LINE__)
/* |actual - expected| <= tolerance; prints both when not. */
#define CHECK_NEAR(actual, expected, tolerance)                                                                        \
  test_check_near((actual), (expected), (tolerance), #actual, __FILE__, __LINE__)
/* The latest error message holds this text. */
#define CHECK_MESSAGE(part) test_check_message((part), __FILE__, __LINE__)

void test_check_ok(crow_status status, const char *call, const char *file, int line);
void test_check_status(crow_status status, crow_status expected, const char *call, const char *file, int line);
void test_check_near(double actual, double expected, double tolerance, const char *what, const char *file, int line);
void test_check_message(const char *part, const char *file, int line);

#endif
