/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz_dataset.c"
#include "mutate.h"

static void hostile_datasets_are_read_or_refused(void) {
  static const char *const tokens[] = {"\1", "\2", "\3", "\7", "\10", "\11", "\377", "\13\13", "\5\4\3", NULL};
  fuzz_comm = test_comm;
  (void)snprintf(fuzz_path, sizeof fuzz_path, "%s", test_path("fuzz.h5"));
  CHECK(fuzz_run("dataset", tokens, 1000) > 1000);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {{"hostile datasets are read or refused", hostile_datasets_are_read_or_refused},
                                    {NULL, NULL}};
  return crow_test_main(argc, argv, "fuzz dataset", tests, true);
}
