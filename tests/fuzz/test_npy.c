/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz_npy.c"
#include "mutate.h"

static void hostile_npy_is_read_or_refused(void) {
  static const char *const tokens[] = {"{",
                                       "}",
                                       "'",
                                       "(",
                                       ")",
                                       ",",
                                       ":",
                                       "'descr'",
                                       "'shape'",
                                       "'fortran_order'",
                                       "True",
                                       "False",
                                       "<f4",
                                       ">f8",
                                       "9223372036854775807",
                                       "9223372036854775808",
                                       "4611686018427387904",
                                       "0",
                                       "2, 3",
                                       "\xff\xff\xff\xff",
                                       "\x93NUMPY\1",
                                       "\x93NUMPY\2",
                                       "[",
                                       " ",
                                       NULL};
  CHECK(fuzz_run("npy", tokens, 20000) > 20000);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {{"hostile .npy is read or refused", hostile_npy_is_read_or_refused}, {NULL, NULL}};
  return crow_test_main(argc, argv, "fuzz npy", tests, false);
}
