/* SPDX-License-Identifier: Apache-2.0 */
/* Names of files that are being written, and what killed runs left of them. */
#include "io/file_impl.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The most that is kept of a name, so that the temporary name is not too long for a file system. */
#define NAME_BYTES 120
/* Linux has no longer ones. */
#define HOST_BYTES 65

/* The part before the last slash, with it. */
static int folder_length(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? (int)(slash - path) + 1 : 0;
}

/* ".NAME.crow-HOST-NAMESPACE-": a number of a process means something on its host, and in its namespace of processes
 * (containers of a host may share files). */
static void make_stem(const char *name, char *out, size_t bytes) {
  char host[HOST_BYTES] = "";
  struct stat facts;
  if (gethostname(host, sizeof host) != 0) (void)snprintf(host, sizeof host, "unknown-%ld", (long)getpid());
  host[sizeof host - 1] = 0;
  for (char *c = host; *c; c++) {
    if (*c == '/') *c = '_';
  }
  const unsigned long space = stat("/proc/self/ns/pid", &facts) == 0 ? (unsigned long)facts.st_ino : 0;
  (void)snprintf(out, bytes, ".%.*s.crow-%s-%lu-", NAME_BYTES, name, host, space);
}

bool crow_temporary_name(const char *path, int attempt, char *out, size_t bytes) {
  char stem[256];
  const int folder = folder_length(path);
  make_stem(path + folder, stem, sizeof stem);
  const int printed = snprintf(out, bytes, "%.*s%s%ld-%d.tmp", folder, path, stem, (long)getpid(), attempt);
  return printed >= 0 && (size_t)printed < bytes;
}

/* A process that has ended and was not yet waited for is a zombie: it writes no more. */
static bool is_gone(long process) {
  char path[64], facts[512] = "";
  if (kill((pid_t)process, 0) != 0) return errno == ESRCH;
  (void)snprintf(path, sizeof path, "/proc/%ld/stat", process);
  FILE *file = fopen(path, "re");
  if (!file) return false;
  facts[fread(facts, 1, sizeof facts - 1, file)] = 0;
  (void)fclose(file);
  /* PID (NAME) STATE, where the name may hold brackets. */
  const char *name_end = strrchr(facts, ')');
  return name_end && strncmp(name_end, ") Z", 3) == 0;
}

/* Whether a name is the stem, a process that is no more, an attempt, and the end. */
static bool is_left(const char *name, const char *stem) {
  char *end = NULL;
  const size_t length = strlen(stem);
  if (strncmp(name, stem, length) != 0 || name[length] < '1' || name[length] > '9') return false;
  const long process = strtol(name + length, &end, 10);
  if (*end != '-' || end[1] < '0' || end[1] > '9') return false;
  (void)strtol(end + 1, &end, 10);
  return strcmp(end, ".tmp") == 0 && is_gone(process);
}

/* Those that are there, for crow_temporary_drop(): a run writes few at a time, and the rest stay as after a hard kill.
 */
static const char *volatile live[8];

void crow_temporary_enter(const char *temporary) {
  for (size_t k = 0; k < sizeof live / sizeof *live; k++) {
    if (live[k]) continue;
    live[k] = temporary;
    return;
  }
}

void crow_temporary_leave(const char *temporary) {
  for (size_t k = 0; k < sizeof live / sizeof *live; k++) {
    if (live[k] == temporary) live[k] = NULL;
  }
}

void crow_temporary_drop(void) {
  for (size_t k = 0; k < sizeof live / sizeof *live; k++) {
    if (live[k]) (void)unlink(live[k]);
  }
}

void crow_temporary_clean(const char *path) {
  char stem[256], folder[4096];
  const int length = folder_length(path);
  make_stem(path + length, stem, sizeof stem);
  if (snprintf(folder, sizeof folder, "%.*s", length ? length : 2, length ? path : "./") >= (int)sizeof folder) return;
  DIR *open = opendir(folder);
  if (!open) return;
  for (const struct dirent *entry = readdir(open); entry; entry = readdir(open)) {
    if (is_left(entry->d_name, stem)) (void)unlinkat(dirfd(open), entry->d_name, 0);
  }
  (void)closedir(open);
}
