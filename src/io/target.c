/* SPDX-License-Identifier: Apache-2.0 */
#include "io/target_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Linux follows this many links and takes names of this length. */
enum { LINKS_MOST = 40, PATH_BYTES = 4096 };

/* The folder of a name, with the slash; "./" where it has none. */
static crow_status target_folder(const char *path, char **folder) {
  const char *slash = strrchr(path, '/');
  const crow_status status = crow_string_copy(slash ? path : "./", folder);
  if (status == CROW_OK && slash) (*folder)[slash - path + 1] = 0;
  return status;
}

/* The number of the descriptor of this process that a name stands for, or -1. Followed as a link it would give the name
 * of the file that is open, and a new file would take that name from it. */
static int target_descriptor(const char *path) {
  char own[64];
  (void)snprintf(own, sizeof own, "/proc/%ld/fd/", (long)getpid());
  const char *const folders[] = {"/proc/self/fd/", "/dev/fd/", own};
  for (size_t k = 0; k < sizeof folders / sizeof *folders; k++) {
    const size_t length = strlen(folders[k]);
    char *end = NULL;
    if (strncmp(path, folders[k], length) != 0 || path[length] < '0' || path[length] > '9') continue;
    const long number = strtol(path + length, &end, 10);
    if (!*end && number <= INT32_MAX) return (int)number;
  }
  return -1;
}

/* Replaces `*path` by what it points at; `*more` is false if it is no link. */
static crow_status target_follow(char **path, bool *more) {
  crow_status status = CROW_OK;
  char *folder = NULL, *next = NULL, points_at[PATH_BYTES];
  const ssize_t length = readlink(*path, points_at, sizeof points_at - 1);
  *more = length > 0;
  if (!*more) return CROW_OK;
  points_at[length] = 0;
  CROW_TRY(target_folder(points_at[0] == '/' ? "/" : *path, &folder));
  if (points_at[0] == '/') folder[0] = 0;
  const size_t bytes = strlen(folder) + (size_t)length + 1;
  CROW_TRY(CROW_ALLOCATE(&next, (int64_t)bytes));
  (void)snprintf(next, bytes, "%s%s", folder, points_at);
  crow_free(*path);
  *path = next;
cleanup:
  crow_free(folder);
  return status;
}

static crow_status target_identify(crow_target *out) {
  crow_status status = CROW_OK;
  struct stat facts;
  char *folder = NULL;
  out->there = (out->descriptor >= 0 ? fstat(out->descriptor, &facts) : stat(out->path, &facts)) == 0;
  if (out->there) {
    out->folder = S_ISDIR(facts.st_mode);
    out->stream = out->descriptor >= 0 || !(out->folder || S_ISREG(facts.st_mode));
  } else {
    const char *slash = strrchr(out->path, '/');
    out->last = slash ? slash + 1 : out->path;
    CROW_TRY(target_folder(out->path, &folder));
    if (stat(folder, &facts) != 0) memset(&facts, 0, sizeof facts);
  }
  out->device = facts.st_dev;
  out->inode = facts.st_ino;
cleanup:
  crow_free(folder);
  return status;
}

crow_status crow_target_find(const char *name, crow_target *out) {
  crow_status status = CROW_OK;
  bool more = true;
  memset(out, 0, sizeof *out);
  out->descriptor = -1;
  CROW_TRY(crow_string_copy(name, &out->path));
  for (int links = 0; more; links++) {
    out->descriptor = target_descriptor(out->path);
    if (out->descriptor >= 0) break;
    if (links > LINKS_MOST) CROW_TRY(crow_error(CROW_FILE_SYSTEM, "%s: %s", name, strerror(ELOOP)));
    CROW_TRY(target_follow(&out->path, &more));
  }
  CROW_TRY(target_identify(out));
cleanup:
  if (status != CROW_OK) crow_target_free(out);
  return status;
}

void crow_target_free(crow_target *target) {
  crow_free(target->path);
  memset(target, 0, sizeof *target);
  target->descriptor = -1;
}

bool crow_target_same(const crow_target *one, const crow_target *other) {
  if (one->stream || other->stream || one->there != other->there) return false;
  /* Without the folder there is no file to compare: only equal names are the same. */
  if (!one->there && one->inode == 0) return other->inode == 0 && strcmp(one->path, other->path) == 0;
  if (one->device != other->device || one->inode != other->inode) return false;
  return one->there || strcmp(one->last, other->last) == 0;
}

static crow_status target_check_folder(const char *name, const char *path) {
  crow_status status = CROW_OK;
  struct stat facts;
  char *folder = NULL;
  CROW_TRY(target_folder(path, &folder));
  size_t length = strlen(folder);
  while (length > 1 && folder[length - 1] == '/') folder[--length] = 0; /* as it would be written */
  if (stat(folder, &facts) != 0) {
    CROW_TRY(crow_error(CROW_FILE_SYSTEM, "cannot write %s: folder %s: %s", name, folder, strerror(errno)));
  }
  if (!S_ISDIR(facts.st_mode))
    CROW_TRY(crow_error(CROW_FILE_SYSTEM, "cannot write %s: %s is not a folder", name, folder));
  if (access(folder, W_OK | X_OK) != 0) {
    CROW_TRY(crow_error(CROW_FILE_SYSTEM, "cannot write %s: folder %s: %s", name, folder, strerror(errno)));
  }
cleanup:
  crow_free(folder);
  return status;
}

/* A descriptor must be open for writing; of a device its rights tell. */
static crow_status target_check_stream(const char *name, const crow_target *target) {
  const int flags = target->descriptor >= 0 ? fcntl(target->descriptor, F_GETFL) : O_RDWR;
  if (flags < 0) return crow_error(CROW_FILE_SYSTEM, "cannot write %s: %s", name, strerror(errno));
  if ((flags & O_ACCMODE) == O_RDONLY || (target->descriptor < 0 && access(target->path, W_OK) != 0)) {
    return crow_error(CROW_FILE_SYSTEM, "cannot write %s: %s", name, strerror(EACCES));
  }
  return CROW_OK;
}

crow_status crow_target_check(const char *name, const crow_target *target, bool streams, bool overwrite) {
  const size_t length = strlen(name);
  struct stat facts;
  if (length == 0) return crow_error(CROW_FILE_SYSTEM, "the name of the output file is empty");
  if (target->stream && streams) return target_check_stream(name, target);
  if (target->stream) {
    return crow_error(CROW_FILE_SYSTEM,
                      "cannot write %s: it is a device, pipe or socket, and an HDF5 file is written "
                      "out of order: give the name of a file",
                      name);
  }
  if (!target->there && name[length - 1] == '/')
    return crow_error(CROW_FILE_SYSTEM, "cannot write %s: expected the name of a file, not of a folder", name);
  CROW_NEED(target_check_folder(name, target->path));
  if (target->folder)
    return crow_error(CROW_FILE_SYSTEM, "cannot write %s: it is a folder; expected the name of a file", name);
  if (target->there && !overwrite) return crow_error(CROW_FILE_SYSTEM, "%s exists already; --force replaces it", name);
  if (!target->there && lstat(target->path, &facts) != 0 && errno != ENOENT)
    return crow_error(CROW_FILE_SYSTEM, "cannot write %s: %s", name, strerror(errno));
  return CROW_OK;
}

static void target_sync_folder(const char *path) {
  char *folder = NULL;
  const int descriptor =
      target_folder(path, &folder) == CROW_OK ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
  if (descriptor >= 0) {
    (void)fsync(descriptor);
    (void)close(descriptor);
  }
  crow_free(folder);
}

crow_status crow_target_publish(const char *temporary, const char *path, const char *name, bool overwrite) {
  struct stat facts;
  int renamed = renameat2(AT_FDCWD, temporary, AT_FDCWD, path, overwrite ? 0 : RENAME_NOREPLACE);
  /* Some file systems cannot promise in one step that nothing is replaced: then it is looked for once more. */
  if (renamed != 0 && (errno == EINVAL || errno == ENOSYS)) {
    const bool taken = !overwrite && lstat(path, &facts) == 0;
    errno = EEXIST;
    if (!taken) renamed = rename(temporary, path);
  }
  if (renamed != 0 && errno == EEXIST)
    return crow_error(CROW_FILE_SYSTEM, "%s exists already; --force replaces it", name);
  if (renamed != 0) return crow_error(CROW_FILE_SYSTEM, "cannot rename %s to %s: %s", temporary, path, strerror(errno));
  target_sync_folder(path);
  return CROW_OK;
}
