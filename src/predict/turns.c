/* SPDX-License-Identifier: Apache-2.0 */
/* New contexts, a stretch at a time. */
#include "predict/predict_impl.h"

crow_status crow_turns_begin(const crow_comm *comm, const crow_context_source *contexts, crow_turns *turns) {
  const crow_partition *p = crow_context_source_partition(contexts);
  const int64_t d = crow_context_source_dimensions(contexts), blocks = CROW_TURN_BYTES / (8 * CROW_BLOCK * d);
  *turns = (crow_turns){.contexts = contexts, .begin = p->begin, .rows = CROW_BLOCK * (blocks > 1 ? blocks : 1)};
  turns->left = (p->count + turns->rows - 1) / turns->rows;
  CROW_NEED(crow_comm_max_i64(comm, &turns->left, 1));
  return crow_comm_agree(comm,
                         CROW_ALLOCATE_RAW(&turns->values, (p->count < turns->rows ? p->count : turns->rows) * d));
}

crow_status crow_turns_next(crow_turns *turns, bool *more) {
  const crow_partition *p = crow_context_source_partition(turns->contexts);
  *more = turns->left-- > 0;
  if (!*more) return CROW_OK;
  turns->begin += turns->count;
  const crow_gidx rest = p->begin + p->count - turns->begin;
  turns->count = rest < turns->rows ? rest : turns->rows;
  return crow_context_source_read(turns->contexts, turns->begin, turns->count, turns->values);
}

void crow_turns_free(crow_turns *turns) {
  crow_free(turns->values);
  *turns = (crow_turns){0};
}
