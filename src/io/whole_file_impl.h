/* SPDX-License-Identifier: Apache-2.0 */
/* Text and picture files that appear under their name only when they are whole. Local: for rank 0. */
#ifndef CROW_CLI_WHOLE_FILE_IMPL_H
#define CROW_CLI_WHOLE_FILE_IMPL_H

#include "io/target_impl.h"

typedef struct crow_whole_file {
  const char *path;     /* borrowed */
  crow_target target;   /* what it stands for */
  bool overwrite;       /* whether a file that appears under the name meanwhile is replaced */
  char temporary[4200]; /* of what is not written in place */
  FILE *stream;         /* to write to; NULL if it is not open */
} crow_whole_file;

/* Begins a file under a temporary name in the same folder; a device or pipe is written in place. */
crow_status crow_whole_file_create(const char *path, bool overwrite, crow_whole_file *file);
/* Flushes it to disk and gives it its name. */
crow_status crow_whole_file_finish(crow_whole_file *file);
/* Removes it unless it was finished. Accepts one that was never created (zeroed). */
void crow_whole_file_abandon(crow_whole_file *file);

#endif
