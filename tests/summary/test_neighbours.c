/* SPDX-License-Identifier: Apache-2.0 */
/* How many alternatives are compared with all others: what a second, and a rank's memory, allow. */
#include "harness.h"

#include "summary/effect_impl.h"

static void as_many_are_compared_as_can_be(void) {
  static const struct {
    crow_gidx m, d, expected;
  } cases[] = {
      {10, 3, 10},           {5000, 1677, 5000}, /* 2^23 coordinates hold 5002 of them, */
      {5000, 1678, 2000},                        /* or 4999: not all, so a part */
      {5001, 1, 2000},                           /* 2000 of more than 5000, */
      {1000000, 1, 200},                         /* fewer of many: 2e8 pairs */
      {100000000, 1, 2},                         /* */
      {2000000000, 1, 1},                        /* but one at least */
      {1500, 8000, 1048},                        /* 2^23 / 8000 */
      {1048, 8000, 1048},                        /* */
      {9, 1 << 23, 1},                           /* room for one, */
      {9, (1 << 23) + 1, 1},                     /* and for none */
  };
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    CHECK_NEAR((double)crow_neighbours_compared(cases[c].m, cases[c].d), (double)cases[c].expected, 0);
  }
}

static void they_are_evenly_spaced(void) {
  const crow_neighbours n = {.alternatives = 2000000000, .looked = 2000}, all = {.alternatives = 7, .looked = 7};
  for (crow_gidx k = 0; k < 2000; k++) CHECK(crow_neighbours_row(&n, k) == 1000000 * k);
  for (crow_gidx k = 0; k < 7; k++) CHECK(crow_neighbours_row(&all, k) == k);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {{"as many are compared as can be", as_many_are_compared_as_can_be},
                                    {"they are evenly spaced", they_are_evenly_spaced},
                                    {NULL, NULL}};
  return crow_test_main(argc, argv, "compared alternatives", tests, false);
}
