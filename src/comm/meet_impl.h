/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CROW_COMM_MEET_IMPL_H
#define CROW_COMM_MEET_IMPL_H

#include <crow/comm.h>

/* Answers `count` records that met on a rank, in any order: `answer` (count). Local. */
typedef crow_status crow_meet_function(const void *record, int64_t count, void *answer);
/* Records with something in common meet on a rank that it names: record k, of `record_bytes`, goes to rank `key[k]`
 * modulo the number of ranks, and its answer, of `answer_bytes`, comes back to `answer` + k. `key`, `record` and
 * `answer` (count) are each rank's own. Collective. */
crow_status crow_comm_meet(const crow_comm *comm, int64_t count, const uint64_t *key, const void *record,
                           size_t record_bytes, crow_meet_function *take, void *answer, size_t answer_bytes);

#endif
