/* SPDX-License-Identifier: Apache-2.0 */
/* How often the clock is looked at, and how many groups may be asked for. */
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

static void a_million_groups_at_most(void) {
  static const struct {
    int64_t groups;
    crow_status expected;
  } cases[] = {{0, CROW_OK}, {-1, CROW_USAGE}, {1000000, CROW_OK}, {1000001, CROW_USAGE}};
  crow_rank_groups_options options;
  crow_settings_default(crow_rank_groups_settings, &options);
  CHECK(options.groups == 0);
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    options.groups = cases[k].groups;
    CHECK_STATUS(crow_settings_validate(crow_rank_groups_settings, &options), cases[k].expected);
  }
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"steps between looks take a twentieth of a second", steps_between_looks_take_a_twentieth_of_a_second},
      {"a million groups at most", a_million_groups_at_most},
      {NULL, NULL}};
  return crow_test_main(argc, argv, "stride", tests, false);
}
