/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz_archive.c"
#include "mutate.h"

static void hostile_archives_are_read_or_refused(void) {
  static const char *const tokens[] = {"PK\1\2",
                                       "PK\3\4",
                                       "PK\5\6",
                                       "PK\6\6",
                                       "PK\6\7",
                                       "\xff\xff\xff\xff",
                                       "\1",
                                       "\10",
                                       "x.npy",
                                       "\x93NUMPY\1",
                                       "{",
                                       "}",
                                       "\"dtype\"",
                                       "\"shape\"",
                                       "\"data_offsets\"",
                                       "\"F16\"",
                                       "\"BF16\"",
                                       "\"F64\"",
                                       "[2,3]",
                                       "[0,24]",
                                       "9223372036854775807",
                                       "-1",
                                       "4611686018427387904",
                                       "[",
                                       "]",
                                       NULL};
  CHECK(fuzz_run("archive", tokens, 20000) > 20000);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {{"hostile archives are read or refused", hostile_archives_are_read_or_refused},
                                    {NULL, NULL}};
  return crow_test_main(argc, argv, "fuzz archive", tests, false);
}
