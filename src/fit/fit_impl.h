/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CROW_FIT_IMPL_H
#define CROW_FIT_IMPL_H

#include <crow/fit.h>

/* One more iteration. All ranks hold as many, so they agree only where memory is needed. Collective. */
crow_status crow_trace_add(const crow_comm *comm, crow_trace *trace, double objective, double optimality);
/* The trace as a state ("trace") of a checkpoint being written, and back: its first `count` entries. Collective. */
crow_status crow_trace_save(crow_checkpoint *checkpoint, const crow_trace *trace);
crow_status crow_trace_load(const crow_comm *comm, crow_checkpoint *checkpoint, int64_t count, crow_trace *trace);
/* Writes /trace/... unless the trace is empty. Collective. */
crow_status crow_trace_write(const crow_comm *comm, crow_file *file, const crow_trace *trace);

#endif
