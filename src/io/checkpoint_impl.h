/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CROW_IO_CHECKPOINT_IMPL_H
#define CROW_IO_CHECKPOINT_IMPL_H

#include <crow/checkpoint.h>

/* A text that grows. */
typedef struct crow_growing {
  char *text; /* "" while empty */
  size_t length, room;
} crow_growing;

struct crow_checkpoint {
  const crow_comm *comm;
  crow_comm *alone; /* the first rank, which writes the files by itself; NULL on the others */
  crow_checkpoint_options options;
  bool enabled;
  char *path[2];          /* the two files; NULL if there are to be none */
  bool own_name;          /* the name was made from the output's */
  bool owned[2];          /* which of them are there and may be replaced and removed */
  crow_growing run;       /* name=value lines that must agree */
  crow_growing contents;  /* of the file being written */
  int64_t sequence;       /* of the newest checkpoint */
  int next;               /* which file is written next */
  bool stopping;          /* the run was told to stop when it asked */
  bool whole;             /* a whole checkpoint of this run is there */
  int64_t failures;       /* saves that failed since the last that did not */
  crow_file *found;       /* the checkpoint to go on from, NULL if none */
  crow_file *writing;     /* the first rank's */
  double start_s, last_s; /* when the run began, when it last saved */
  double save_s;          /* how long the longest save took */
  double begun_s;         /* when the current save began */
};

/* The digest of a distributed vector: 16 hexadecimal digits, the same for any number of ranks. Collective. */
crow_status crow_vector_digest(const crow_comm *comm, const crow_partition *partition, size_t element_bytes,
                               const void *slice, char digest[17]);
/* The digest of the metadata: 32 hexadecimal digits. Local. */
void crow_metadata_digest(int64_t sequence, const char *run, const char *contents, char digest[33]);
/* The first rank defines a vector in the file it writes by itself, and writes what the others send it. Collective. */
crow_status crow_checkpoint_write(crow_checkpoint *checkpoint, const char *path, crow_type type,
                                  const crow_partition *partition, const void *slice);
/* Opens one file and checks all its digests: CROW_OK and NULL if it is absent; an error if it is broken. Collective. */
crow_status crow_checkpoint_open(const crow_comm *comm, const char *path, crow_file **out, int64_t *sequence);
/* Opens what is there of the two files, NULL where it is absent or damaged, and finds out which of them may be
 * replaced: checkpoints, and what was one before it was damaged. Any other file under these names is refused
 * (CROW_USAGE). Collective. */
crow_status crow_checkpoint_look(crow_checkpoint *checkpoint, crow_file *file[2], int64_t sequence[2]);

#endif
