/* SPDX-License-Identifier: Apache-2.0 */
/* Which alternatives a result is of: the digest against its definition, and what is said where it differs. */
#include "fixture.h"

#include "io/file_impl.h"

#include <stdlib.h>
#include <xxhash.h>

/* More rows than are read at once (8 MiB), and than a rank's share has. */
enum { M = 2100, D = 1500 };

typedef struct rows_made {
  int64_t d;
  int64_t moved; /* rows begin at this one, going round */
  bool zeros;    /* negative ones */
} rows_made;

static double value_of(const rows_made *r, int64_t row, int64_t k) {
  const int64_t at = (row + r->moved) % M;
  if (k % 97 == 5) return r->zeros ? -0.0 : 0.0;
  return (double)((at * 31 + k * 17) % 1009) / 8 - 60;
}

static void make_rows(void *context, crow_gidx begin, crow_gidx count, crow_type type, void *values) {
  const rows_made *r = context;
  for (int64_t i = 0; i < count * r->d; i++) {
    const double value = value_of(r, begin + i / r->d, i % r->d);
    if (type == CROW_F32)
      ((float *)values)[i] = (float)value;
    else
      ((double *)values)[i] = value;
  }
}

static void digest_of(rows_made *r, bool single, char digest[17]) {
  const crow_dataset dataset = crow_dataset_generated(M, r->d, single, make_rows, r);
  CHECK_OK(crow_dataset_digest(test_comm, &dataset, digest));
}

/* The sum over the rows of a hash of their doubles, seeded with their number from 1 on. */
static void the_digest_is_the_sum_over_the_rows(void) {
  static double row[D];
  static const int64_t dimensions[] = {D, 3, 1};
  for (int k = 0; k < 3; k++) {
    rows_made r = {.d = dimensions[k]}, moved = r, zeros = r;
    char found[17], expected[17], other[17];
    uint64_t sum = 0;
    moved.moved = 1;
    zeros.zeros = true;
    for (int64_t i = 0; i < M; i++) {
      for (int64_t j = 0; j < r.d; j++) row[j] = value_of(&r, i, j);
      sum += XXH3_64bits_withSeed(row, (size_t)r.d * sizeof *row, (XXH64_hash_t)(i + 1));
    }
    (void)snprintf(expected, sizeof expected, "%016llx", (unsigned long long)sum);
    digest_of(&r, false, found);
    CHECK(strcmp(found, expected) == 0);
    digest_of(&zeros, false, other); /* -0 is 0 */
    CHECK(strcmp(other, expected) == 0);
    digest_of(&r, true, other); /* floats of the same values */
    CHECK(strcmp(other, expected) == 0);
    digest_of(&moved, false, other); /* another order */
    CHECK(strcmp(other, expected) != 0);
  }
}

static char said[2][1024]; /* information, warning */
static void take_line(crow_log_level level, const char *line, void *context) {
  (void)context;
  const int which = level == CROW_LOG_WARNING;
  (void)snprintf(said[which], sizeof said[which], "%s", line);
}

/* A weights file that states `digest`, or none; `ours`: that crow has written it. */
static crow_file *open_stating(const char *digest, bool ours) {
  crow_file *file = NULL;
  crow_provenance *provenance = NULL;
  const crow_partition p = crow_comm_partition(test_comm, 2, CROW_BLOCK);
  const double half[2] = {.5, .5};
  CHECK_OK(crow_file_create(test_comm, test_path("stating.h5"), "weights", true, &file));
  CHECK_OK(crow_file_write_vector(file, "/weights/value", CROW_F64, &p, half));
  if (digest) CHECK_OK(crow_file_set_text(file, "/", "alternatives_digest", digest));
  CHECK_OK(crow_provenance_create(test_comm, NULL, &provenance));
  if (ours) CHECK_OK(crow_provenance_write(provenance, file));
  CHECK_OK(crow_file_finish(&file));
  crow_provenance_destroy(&provenance);
  CHECK_OK(crow_file_open(test_comm, test_path("stating.h5"), "weights", &file));
  return file;
}

static void another_digest_is_refused(void) {
  const double context[] = {.25, .5};
  char digest[17];
  crow_dataset dataset = {0};
  test_dataset_write(test_comm, test_path("two.h5"), &(test_dataset){.m = 2, .d = 1, .context = context});
  CHECK_OK(crow_dataset_open(test_comm, test_path("two.h5"), true, &dataset));
  CHECK_OK(crow_dataset_digest(test_comm, &dataset, digest));
  crow_log_set(take_line, NULL);
  for (int ours = 0; ours <= 1; ours++) {
    crow_file *file = open_stating(digest, ours);
    CHECK_OK(crow_dataset_check_digest(&dataset, file, "meaning"));
    crow_file_close(&file);
    file = open_stating("0123456789abcdef", ours);
    CHECK_STATUS(crow_dataset_check_digest(&dataset, file, "the meaning"), CROW_BAD_INPUT);
    CHECK_MESSAGE("0123456789abcdef");
    CHECK_MESSAGE(digest);
    CHECK_MESSAGE("the meaning");
    crow_file_close(&file);
    /* One without: a warning only where crow is known to write it. */
    memset(said, 0, sizeof said);
    file = open_stating(NULL, ours);
    CHECK_OK(crow_dataset_check_digest(&dataset, file, "meaning"));
    if (crow_comm_rank(test_comm) == 0) CHECK(strstr(said[ours], "does not say which contexts it is of") != NULL);
    CHECK(!strstr(said[!ours], "does not say"));
    crow_file_close(&file);
  }
  crow_log_set(NULL, NULL);
  /* Data in memory have none. */
  rows_made r = {.d = 1};
  const crow_dataset made = crow_dataset_generated(2, 1, false, make_rows, &r);
  crow_file *file = open_stating("0123456789abcdef", true);
  CHECK_OK(crow_dataset_check_digest(&made, file, "meaning"));
  crow_file_close(&file);
  crow_dataset_close(&dataset);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {{"the digest is the sum over the rows", the_digest_is_the_sum_over_the_rows},
                                    {"another digest is refused", another_digest_is_refused},
                                    {NULL, NULL}};
  return crow_test_main(argc, argv, "digests of alternatives", tests, true);
}
