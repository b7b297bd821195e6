/* SPDX-License-Identifier: Apache-2.0 */
/* Text and picture files that appear under their name only when they are whole. Local: for rank 0. */
#ifndef CROW_CLI_WHOLE_FILE_IMPL_H
#define CROW_CLI_WHOLE_FILE_IMPL_H

#include <crow/base.h>

typedef struct crow_whole_file {
  const char *path; /* borrowed */
  char temporary[4200];
  FILE *stream; /* to write to; NULL if it is not open */
} crow_whole_file;

/* Begins a file under a temporary name in the same folder. */
crow_status crow_whole_file_create(const char *path, crow_whole_file *file);
/* Flushes it to disk and gives it its name. */
crow_status crow_whole_file_finish(crow_whole_file *file);
/* Removes it unless it was finished. Accepts one that was never created (zeroed). */
void crow_whole_file_abandon(crow_whole_file *file);

#endif
