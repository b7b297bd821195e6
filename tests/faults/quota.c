/* SPDX-License-Identifier: Apache-2.0 */
/* A quota for programs that are started with this in LD_PRELOAD: calls on files of the folder QUOTA_FOLDER fail for it,
 * QUOTA_CALL being write (all that write) or fsync (as on file systems that learn of it late), after the first
 * QUOTA_AFTER of them. */
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static bool is_refused(int descriptor, const char *call) {
  const char *folder = getenv("QUOTA_FOLDER"), *refused = getenv("QUOTA_CALL");
  char link[64], path[4096] = "";
  if (!folder || !refused || strcmp(call, refused) != 0) return false;
  (void)snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  if (readlink(link, path, sizeof path - 1) < 0 || strncmp(path, folder, strlen(folder)) != 0) return false;
  static int passed;
  const char *after = getenv("QUOTA_AFTER");
  if (after && passed++ < atoi(after)) return false;
  errno = EDQUOT;
  return true;
}

#define CALL(type, name, kind, parameters, ...)                                                                        \
  type name parameters {                                                                                               \
    type(*real) parameters = NULL;                                                                                     \
    if (is_refused(descriptor, kind)) return -1;                                                                       \
    *(void **)&real = dlsym(RTLD_NEXT, #name);                                                                         \
    return real(descriptor __VA_OPT__(, ) __VA_ARGS__);                                                                \
  }

CALL(int, fsync, "fsync", (int descriptor))
CALL(ssize_t, write, "write", (int descriptor, const void *data, size_t bytes), data, bytes)
CALL(ssize_t, pwrite, "write", (int descriptor, const void *data, size_t bytes, off_t at), data, bytes, at)
CALL(ssize_t, pwrite64, "write", (int descriptor, const void *data, size_t bytes, off_t at), data, bytes, at)
CALL(ssize_t, writev, "write", (int descriptor, const struct iovec *parts, int count), parts, count)
CALL(ssize_t, pwritev, "write", (int descriptor, const struct iovec *parts, int count, off_t at), parts, count, at)
CALL(ssize_t, pwritev64, "write", (int descriptor, const struct iovec *parts, int count, off_t at), parts, count, at)
