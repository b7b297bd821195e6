/* SPDX-License-Identifier: Apache-2.0 */
/* What coordinates matter to distances, by which they are dealt into blocks of signs: from some contexts, read in
 * stretches. */
#include "harness.h"

#include "space/space_impl.h"
#include "weights/sampling_impl.h"

enum { D = 8, BLOCKS = 4, READS = 64 };

typedef struct made_rows {
  double amplitude[D]; /* coordinate k of row i is 1000 + this, or - this of odd rows */
  int reads;
  crow_gidx begin[READS], count[READS];
} made_rows;

static void make(void *context, crow_gidx begin, crow_gidx count, crow_type type, void *values) {
  made_rows *made = context;
  (void)type;
  if (count && made->reads < READS) {
    made->begin[made->reads] = begin;
    made->count[made->reads++] = count;
  }
  for (crow_gidx i = 0; i < count; i++) {
    for (int k = 0; k < D; k++) ((double *)values)[i * D + k] = 1000 + ((begin + i) % 2 ? -1 : 1) * made->amplitude[k];
  }
}

/* Row r of a draw flips block b if r and b share an odd number of bits: rows 1 and 2 tell it. */
static void check_blocks(const crow_signs *signs, const int *expected) {
  double point[2 * BLOCKS * D];
  CHECK_OK(crow_signs_sample(signs, 0, 2 * BLOCKS, point));
  for (int k = 0; k < D; k++) {
    const int block = (point[D + k] == point[k] ? 0 : 1) + (point[2 * D + k] == point[k] ? 0 : 2);
    CHECK_NEAR(block, expected[k], 0);
  }
}

/* Variances times sides squared are 1, 2, 4, .. 128: the greatest four begin the blocks, and the rest goes, greatest
 * first, to the one that has least. */
static void energies_are_variances_by_sides(void) {
  static const int expected[D] = {0, 1, 2, 3, 3, 2, 1, 0};
  for (int wide = 0; wide <= 1; wide++) {
    double lower[D], upper[D];
    made_rows made = {.reads = 0};
    for (int k = 0; k < D; k++) {
      lower[k] = -3 * k;
      made.amplitude[k] = wide ? .25 : sqrt((double)(1 << k));
      upper[k] = lower[k] + (wide ? sqrt((double)(1 << k)) : 1);
    }
    const crow_space space = {.kind = CROW_SPACE_BOX, .seed = 3, .dimensions = D, .lower = lower, .upper = upper};
    const crow_dataset dataset = crow_dataset_generated(100, D, false, make, &made);
    crow_signs *signs = NULL;
    CHECK_OK(crow_draws_make(test_comm, &dataset, &space, BLOCKS, &signs));
    check_blocks(signs, expected);
    crow_signs_destroy(&signs);
  }
}

/* Of few alternatives all, once; of many 16 stretches of 256, evenly spread. */
static void contexts_are_read_in_stretches(void) {
  static const crow_gidx counts[] = {1, 15, 100, 4096, 4097, 100003};
  double lower[D] = {0}, upper[D];
  for (int k = 0; k < D; k++) upper[k] = 1;
  const crow_space space = {.kind = CROW_SPACE_CUBE, .seed = 3, .dimensions = D, .lower = lower, .upper = upper};
  for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
    const crow_gidx m = counts[c];
    made_rows made = {.reads = 0};
    const crow_dataset dataset = crow_dataset_generated(m, D, false, make, &made);
    crow_signs *signs = NULL;
    crow_gidx next = 0, read = 0;
    CHECK_OK(crow_draws_make(test_comm, &dataset, &space, BLOCKS, &signs));
    for (int r = 0; r < made.reads; r++) {
      if (m <= 4096) CHECK(made.begin[r] == next);
      if (m > 4096) CHECK(made.begin[r] == m * r / 16 && made.count[r] == 256);
      next = made.begin[r] + made.count[r];
      read += made.count[r];
    }
    CHECK(read == (m < 4096 ? m : 4096) && next <= m);
    crow_signs_destroy(&signs);
  }
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {{"energies are variances by sides", energies_are_variances_by_sides},
                                    {"contexts are read in stretches", contexts_are_read_in_stretches},
                                    {NULL, NULL}};
  return crow_test_main(argc, argv, "energies", tests, true);
}
