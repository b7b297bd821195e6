/* SPDX-License-Identifier: Apache-2.0 */
#include "io/whole_file_impl.h"
#include <crow/io.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

crow_status crow_whole_file_create(const char *path, crow_whole_file *file) {
  *file = (crow_whole_file){.path = path};
  crow_temporary_clean(path);
  if (!crow_temporary_name(path, 0, file->temporary, sizeof file->temporary))
    return crow_error(CROW_FILE_SYSTEM, "%s: the name is too long", path);
  file->stream = fopen(file->temporary, "wx");
  if (!file->stream) return crow_error(CROW_FILE_SYSTEM, "%s: cannot be written: %s", path, strerror(errno));
  return CROW_OK;
}

/* The name is on disk when its folder is; where a file system cannot do that, the rename itself must do. */
static void sync_folder(const char *path) {
  const char *slash = strrchr(path, '/');
  char folder[4200];
  (void)snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
  const int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  (void)fsync(descriptor);
  (void)close(descriptor);
}

/* Why writing failed. A write that failed some time ago has left no reason behind: another one fails for the same. */
static int flush(FILE *stream) {
  errno = 0;
  if (!ferror(stream)) return fflush(stream) == 0 && fsync(fileno(stream)) == 0 ? 0 : errno;
  clearerr(stream);
  (void)fputc('\n', stream);
  (void)fflush(stream);
  return errno ? errno : EIO;
}

crow_status crow_whole_file_finish(crow_whole_file *file) {
  int reason = flush(file->stream);
  if (fclose(file->stream) != 0 && !reason) reason = errno;
  file->stream = NULL;
  if (!reason && rename(file->temporary, file->path) != 0) reason = errno;
  if (!reason) {
    sync_folder(file->path);
    return CROW_OK;
  }
  (void)unlink(file->temporary);
  return crow_error(CROW_FILE_SYSTEM, "%s: cannot be written: %s", file->path, strerror(reason));
}

void crow_whole_file_abandon(crow_whole_file *file) {
  if (!file->stream) return;
  (void)fclose(file->stream);
  (void)unlink(file->temporary);
  file->stream = NULL;
}
