/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz_csv.c"
#include "mutate.h"

static void hostile_csv_is_read_or_refused(void) {
  static const char *const tokens[] = {"\"",       "\"\"",   "\r\n",  "\n",
                                       "\r",       ",",      "\t",    "\xef\xbb\xbf",
                                       "\xff\xfe", "nan",    "1e999", "99999999999999999999",
                                       "-1",       "0.5",    "tie",   "left",
                                       "model_a",  "id",     "topic", "count",
                                       "outcome",  "winner", "\xc3",  "alpha",
                                       "|",        " ",      NULL};
  CHECK(fuzz_run("csv", tokens, 20000) > 20000);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {{"hostile CSV is read or refused", hostile_csv_is_read_or_refused}, {NULL, NULL}};
  return crow_test_main(argc, argv, "fuzz csv", tests, false);
}
