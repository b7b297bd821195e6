/* SPDX-License-Identifier: Apache-2.0 */
/* Objective and certificate by iteration. */
#include "fit/fit_impl.h"
#include <string.h>

static crow_status trace_grow(crow_trace *trace, int64_t capacity) {
  double *larger = NULL;
  CROW_NEED(CROW_ALLOCATE(&larger, 2 * capacity));
  if (trace->count) memcpy(larger, trace->entry, 2 * (size_t)trace->count * sizeof *larger);
  crow_free(trace->entry);
  trace->entry = larger;
  trace->capacity = capacity;
  return CROW_OK;
}

crow_status crow_trace_add(const crow_comm *comm, crow_trace *trace, double objective, double optimality) {
  if (trace->count == trace->capacity)
    CROW_NEED_AGREE(comm, trace_grow(trace, trace->capacity ? 2 * trace->capacity : 64));
  trace->entry[2 * trace->count] = objective;
  trace->entry[2 * trace->count + 1] = optimality;
  trace->count++;
  return CROW_OK;
}

crow_status crow_trace_save(crow_checkpoint *checkpoint, const crow_trace *trace) {
  return crow_checkpoint_put_scalars(checkpoint, "trace", 2 * trace->count, trace->entry);
}

crow_status crow_trace_load(const crow_comm *comm, crow_checkpoint *checkpoint, int64_t count, crow_trace *trace) {
  trace->count = 0;
  /* The number comes from the checkpoint too: there is room for no more than it holds. */
  if (count < 0 || crow_checkpoint_scalars(checkpoint, "trace") / 2 != count) {
    return crow_error(CROW_BAD_INPUT, "the checkpoint holds a trace of %lld iterations: expected %lld",
                      (long long)crow_checkpoint_scalars(checkpoint, "trace") / 2, (long long)count);
  }
  CROW_NEED_AGREE(comm, trace_grow(trace, count));
  CROW_NEED(crow_checkpoint_get_scalars(checkpoint, "trace", 2 * count, trace->entry));
  trace->count = count;
  return CROW_OK;
}

crow_status crow_trace_write(const crow_comm *comm, crow_file *file, const crow_trace *trace) {
  static const char *const paths[] = {"/trace/objective", "/trace/optimality"};
  crow_status status = CROW_OK;
  double *column = NULL;
  if (trace->count == 0) return CROW_OK;
  const crow_partition p = crow_comm_partition(comm, trace->count, CROW_BLOCK);
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&column, p.count));
  for (int k = 0; k < 2; k++) {
    for (crow_gidx i = 0; i < p.count; i++) column[i] = trace->entry[2 * (p.begin + i) + k];
    CROW_TRY(crow_file_write_vector(file, paths[k], CROW_F64, &p, column));
  }
cleanup:
  crow_free(column);
  return status;
}

void crow_trace_free(crow_trace *trace) {
  crow_free(trace->entry);
  memset(trace, 0, sizeof *trace);
}
