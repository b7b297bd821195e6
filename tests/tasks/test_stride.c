/* SPDX-License-Identifier: Apache-2.0 */
/* How often the clock is looked at. */
#include "harness.h"

#include "tasks/rank_groups_impl.h"

static void steps_between_looks_take_a_twentieth_of_a_second(void) {
  CHECK(crow_tasks_stride(0) == 64);
  CHECK(crow_tasks_stride(.05 / 64) == 64); /* no more of shorter ones */
  CHECK(crow_tasks_stride(.05 / 63.5) == 63);
  CHECK(crow_tasks_stride(.01 - 1e-9) == 5 && crow_tasks_stride(.01 + 1e-9) == 4);
  CHECK(crow_tasks_stride(.05 + 1e-9) == 1);
  CHECK(crow_tasks_stride(30) == 1); /* at least one */
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"steps between looks take a twentieth of a second", steps_between_looks_take_a_twentieth_of_a_second},
      {NULL, NULL}};
  return crow_test_main(argc, argv, "stride", tests, false);
}
