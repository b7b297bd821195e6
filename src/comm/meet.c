/* SPDX-License-Identifier: Apache-2.0 */
#include "comm/comm_impl.h"
#include "comm/meet_impl.h"
#include <string.h>

/* Packs the records in the order of the ranks that they go to: `at[k]` is the place of record k, `send` (size) how many
 * go to each. */
static crow_status meet_pack(const crow_comm *comm, int64_t count, const uint64_t *key, const char *record,
                             size_t bytes, int64_t *send, int64_t *at, char *packed) {
  const uint64_t size = (uint64_t)comm->size;
  int64_t *next = NULL;
  CROW_NEED(CROW_ALLOCATE(&next, comm->size + 1));
  for (int64_t k = 0; k < count; k++) send[key[k] % size]++;
  for (int r = 0; r < comm->size; r++) next[r + 1] = next[r] + send[r];
  for (int64_t k = 0; k < count; k++) {
    at[k] = next[key[k] % size]++;
    memcpy(packed + (size_t)at[k] * bytes, record + (size_t)k * bytes, bytes);
  }
  crow_free(next);
  return CROW_OK;
}

crow_status crow_comm_meet(const crow_comm *comm, int64_t count, const uint64_t *key, const void *record,
                           size_t record_bytes, crow_meet_function *take, void *answer, size_t answer_bytes) {
  crow_status status = CROW_OK;
  int64_t *send = NULL, *receive = NULL, *at = NULL, total = 0;
  void *packed = NULL, *met = NULL, *answers = NULL, *back = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_EACH(comm->size, &send, &receive));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&at, count));
  CROW_TRY_AGREE(comm, crow_allocate_raw(count, record_bytes, &packed));
  CROW_TRY_AGREE(comm, meet_pack(comm, count, key, record, record_bytes, send, at, packed));
  CROW_TRY(crow_comm_exchange(comm, packed, send, record_bytes, &met, receive));
  for (int r = 0; r < comm->size; r++) total += receive[r];
  CROW_TRY_AGREE(comm, crow_allocate_raw(total, answer_bytes, &answers));
  CROW_TRY_AGREE(comm, take(met, total, answers));
  CROW_TRY(crow_comm_exchange(comm, answers, receive, answer_bytes, &back, send));
  for (int64_t k = 0; k < count; k++) {
    memcpy((char *)answer + (size_t)k * answer_bytes, (char *)back + (size_t)at[k] * answer_bytes, answer_bytes);
  }
cleanup:
  CROW_FREE(send, receive, at, packed, met, answers, back);
  return status;
}
