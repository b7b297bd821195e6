/* SPDX-License-Identifier: Apache-2.0 */
/* Where distances are taken in the contexts' hull: not where dimensions, or the space, are in units too far apart. */
#include "harness.h"

#include "space/space_impl.h"
#include "weights/sampling_impl.h"

enum { ROWS = 5, D = 100 };

/* Row 0 is 7 in every dimension, and row j beside it by `unit` (ROWS - 1) in dimension j - 1 alone. */
static void make(void *context, crow_gidx begin, crow_gidx count, crow_type type, void *values) {
  const double *unit = context;
  (void)type;
  for (crow_gidx i = 0; i < count; i++) {
    for (int k = 0; k < D; k++) ((double *)values)[i * D + k] = 7 + (begin + i == k + 1 ? unit[k] : 0);
  }
}

static bool has_basis(double *unit, const crow_space *space) {
  const crow_dataset dataset = crow_dataset_generated(ROWS, D, false, make, unit);
  crow_hull hull = {0};
  CHECK_OK(crow_weights_hull(test_comm, &dataset, space, ROWS - 1, &hull));
  const bool found = hull.basis != NULL;
  CHECK(hull.d == D && hull.k == (found ? ROWS - 1 : D));
  crow_hull_free(&hull);
  return found;
}

static void units_may_be_2_to_the_17_apart(void) {
  static const struct {
    double unit;
    bool near;
  } cases[] = {{1, true}, {0x1p17, true}, {0x1.01p17, false}, {0x1p-17, true}, {0x1.fp-18, false}, {0x1p40, false}};
  const crow_space ball = {.kind = CROW_SPACE_BALL, .dimensions = D};
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    for (int at = 0; at < ROWS - 1; at++) {
      double unit[D] = {1, 1, 1, 1};
      unit[at] = cases[c].unit;
      CHECK(has_basis(unit, &ball) == cases[c].near);
    }
  }
}

/* The far sides of a box count as the contexts do, in dimensions where these differ. */
static void sides_of_a_box_count(void) {
  for (int at = 0; at <= ROWS - 1; at++) {
    for (int below = 0; below <= 1; below++) {
      for (int far = 0; far <= 1; far++) {
        double lower[D], upper[D], unit[D] = {1, 1, 1, 1};
        for (int k = 0; k < D; k++) {
          lower[k] = 6;
          upper[k] = 9;
        }
        if (below)
          lower[at] = 7 - (far ? 0x1.01p17 : 0x1p17);
        else
          upper[at] = 7 + (far ? 0x1.01p17 : 0x1p17);
        const crow_space box = {.kind = CROW_SPACE_BOX, .dimensions = D, .lower = lower, .upper = upper};
        CHECK(has_basis(unit, &box) == (!far || at == ROWS - 1)); /* in the last all contexts are the same */
      }
    }
  }
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {{"units may be 2^17 apart", units_may_be_2_to_the_17_apart},
                                    {"sides of a box count", sides_of_a_box_count},
                                    {NULL, NULL}};
  return crow_test_main(argc, argv, "units and the hull", tests, true);
}
