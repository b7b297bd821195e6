/* SPDX-License-Identifier: Apache-2.0 */
/* How vectors get into a checkpoint. The first rank writes the file by itself, with the checksums of HDF5 on every
 * piece. When ranks write such a file together, HDF5 fills every piece at its definition, collectively, and a write
 * that fails on one rank leaves the others waiting: a checkpoint must never do that to a run that could go on without
 * it. What the ranks send goes through the first one's memory in small parts. */
#include "io/checkpoint_impl.h"
#include "io/file_impl.h"

/* What the first rank holds of a vector at a time: whole pieces of the file. Freeing larger buffers would teach malloc
 * to take the computation's vectors from its heap, in the gaps of which much memory is lost. */
#define PART_BYTES (INT64_C(1) << 20)

crow_status crow_checkpoint_write(crow_checkpoint *checkpoint, const char *path, crow_type type,
                                  const crow_partition *partition, const void *slice) {
  crow_status status = CROW_OK, local = CROW_OK;
  const crow_comm *comm = checkpoint->comm;
  const crow_gidx most = PART_BYTES / (crow_gidx)crow_type_bytes(type);
  const crow_gidx room = partition->global < most ? partition->global : most;
  crow_file *file = checkpoint->writing;
  void *part = NULL;
  CROW_TRY_AGREE(comm, file ? crow_file_define_checksummed(file, path, type, partition->global) : CROW_OK);
  CROW_TRY_AGREE(comm, file ? crow_allocate_raw(room, crow_type_bytes(type), &part) : CROW_OK);
  for (crow_gidx begin = 0; begin < partition->global; begin += room) {
    const crow_gidx count = partition->global - begin < room ? partition->global - begin : room;
    CROW_TRY(crow_comm_fetch(comm, partition->begin, partition->count, slice, begin, file ? count : 0, part,
                             crow_type_bytes(type)));
    if (file && local == CROW_OK) local = crow_file_write_rows(file, path, begin, count, type, part);
  }
  CROW_TRY_AGREE(comm, local);
cleanup:
  crow_free(part);
  return status;
}
