/* SPDX-License-Identifier: Apache-2.0 */
/* How much memory a rank may plan with. */
#include "comm/comm_impl.h"

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
