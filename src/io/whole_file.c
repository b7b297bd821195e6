/* SPDX-License-Identifier: Apache-2.0 */
#include "io/whole_file_impl.h"
#include <crow/io.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* What this process prints there comes before, and a descriptor of its own keeps the place in the file. */
static FILE *whole_file_open_stream(const crow_target *target) {
  (void)fflush(NULL);
  const int descriptor =
      target->descriptor >= 0 ? dup(target->descriptor) : open(target->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
  FILE *stream = descriptor >= 0 ? fdopen(descriptor, "w") : NULL;
  if (descriptor >= 0 && !stream) (void)close(descriptor);
  return stream;
}

crow_status crow_whole_file_create(const char *path, bool overwrite, crow_whole_file *file) {
  crow_status status = CROW_OK;
  *file = (crow_whole_file){.path = path, .overwrite = overwrite};
  CROW_TRY(crow_target_find(path, &file->target));
  if (file->target.stream) {
    file->stream = whole_file_open_stream(&file->target);
  } else {
    crow_temporary_clean(file->target.path);
    errno = EEXIST;
    for (int attempt = 0; attempt < 100 && !file->stream && errno == EEXIST; attempt++) {
      if (!crow_temporary_name(file->target.path, attempt, file->temporary, sizeof file->temporary))
        CROW_TRY(crow_error(CROW_FILE_SYSTEM, "%s: the name is too long", path));
      file->stream = fopen(file->temporary, "wx");
    }
  }
  if (!file->stream) CROW_TRY(crow_error(CROW_FILE_SYSTEM, "%s: cannot be written: %s", path, strerror(errno)));
cleanup:
  if (status != CROW_OK) crow_target_free(&file->target);
  return status;
}

/* Why writing failed. If an earlier write failed, its reason is lost, but a new write fails for the same reason.
 * Devices and pipes, which are written in place, cannot be flushed to a disk. */
static int flush(const crow_whole_file *file) {
  errno = 0;
  if (!ferror(file->stream)) {
    const bool done = fflush(file->stream) == 0 && (file->target.stream || fsync(fileno(file->stream)) == 0);
    return done ? 0 : errno;
  }
  clearerr(file->stream);
  (void)fputc('\n', file->stream);
  (void)fflush(file->stream);
  return errno ? errno : EIO;
}

crow_status crow_whole_file_finish(crow_whole_file *file) {
  crow_status status = CROW_OK;
  int reason = flush(file);
  if (fclose(file->stream) != 0 && !reason) reason = errno;
  file->stream = NULL;
  if (reason) CROW_TRY(crow_error(CROW_FILE_SYSTEM, "%s: cannot be written: %s", file->path, strerror(reason)));
  if (!file->target.stream)
    CROW_TRY(crow_target_publish(file->temporary, file->target.path, file->path, file->overwrite));
cleanup:
  if (status != CROW_OK && !file->target.stream) (void)unlink(file->temporary);
  crow_target_free(&file->target);
  return status;
}

void crow_whole_file_abandon(crow_whole_file *file) {
  if (!file->stream) return;
  (void)fclose(file->stream);
  if (!file->target.stream) (void)unlink(file->temporary);
  crow_target_free(&file->target);
  file->stream = NULL;
}
