/* SPDX-License-Identifier: Apache-2.0 */
/* How much memory a rank may plan with. */
#include "comm/comm_impl.h"
#include <stdarg.h>

crow_status crow_comm_memory_limit(const crow_comm *comm, double given, double *bytes) {
  crow_status status = CROW_OK;
  crow_comm *node = NULL;
  *bytes = given;
  if (given > 0) return CROW_OK;
  CROW_TRY(crow_comm_split_node(comm, &node));
  *bytes = 0.8 * (double)crow_memory_limit_bytes(crow_comm_size(node));
  CROW_TRY(crow_comm_min_f64(comm, bytes, 1));
cleanup:
  crow_comm_destroy(&node);
  return status;
}

crow_status crow_comm_check_memory(const crow_comm *comm, double given, double bytes, const char *ways,
                                   const char *work, ...) {
  crow_status status = CROW_OK;
  char text[512];
  double limit = 0;
  const int ranks = crow_comm_size(comm);
  va_list arguments;
  va_start(arguments, work);
  (void)vsnprintf(text, sizeof text, work, arguments);
  va_end(arguments);
  CROW_TRY(crow_comm_memory_limit(comm, given, &limit));
  if (bytes <= limit) goto cleanup;
  status = crow_error(CROW_FAILED,
                      "%s: %.3g GB are needed a rank on %d rank%s, but a rank may use %.3g GB: %s, or raise "
                      "--memory-per-rank",
                      text, bytes / 1e9, ranks, ranks == 1 ? "" : "s", limit / 1e9, ways);
cleanup:
  return status;
}
