/* SPDX-License-Identifier: Apache-2.0 */
/* The memory that control groups leave to this process (kernel: Documentation/admin-guide/cgroup-v2.rst and
 * cgroup-v1/memory.rst). */
#include "base/cgroup_impl.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 4096, LINE_BYTES = 8192 };

/* The names of one version's files, and of the pages of files in memory.stat. */
typedef struct cgroup_version {
  const char *limit, *used, *cache[2];
} cgroup_version;
static const cgroup_version first_version = {
    "memory.limit_in_bytes", "memory.usage_in_bytes", {"total_inactive_file", "total_active_file"}};
static const cgroup_version second_version = {"memory.max", "memory.current", {"inactive_file", "active_file"}};

/* The first integer of a file of a group, or -1 ("max", absent). */
static int64_t cgroup_integer(const char *folder, const char *name) {
  char path[PATH_BYTES];
  long long value = -1;
  if (snprintf(path, sizeof path, "%s/%s", folder, name) >= PATH_BYTES) return -1;
  FILE *file = fopen(path, "re");
  if (!file) return -1;
  if (fscanf(file, "%lld", &value) != 1) value = -1;
  (void)fclose(file);
  return (int64_t)value;
}

static int64_t cgroup_cache_bytes(const char *folder, const cgroup_version *version) {
  char path[PATH_BYTES], line[256], name[128];
  long long value = 0;
  int64_t sum = 0;
  if (snprintf(path, sizeof path, "%s/memory.stat", folder) >= PATH_BYTES) return 0;
  FILE *file = fopen(path, "re");
  while (file && fgets(line, sizeof line, file)) {
    if (sscanf(line, "%127s %lld", name, &value) != 2 || value < 0) continue;
    if (strcmp(name, version->cache[0]) == 0 || strcmp(name, version->cache[1]) == 0) sum += (int64_t)value;
  }
  if (file) (void)fclose(file);
  return sum;
}

static int64_t cgroup_group_bytes(const char *folder, const cgroup_version *version) {
  const int64_t limit = cgroup_integer(folder, version->limit);
  int64_t used = cgroup_integer(folder, version->used);
  if (limit < 0) return INT64_MAX;
  used -= cgroup_cache_bytes(folder, version);
  if (used < 0) used = 0;
  return used < limit ? limit - used : 0;
}

/* The least of a group and all that it is in, up to where its file system is mounted. */
static int64_t cgroup_chain_bytes(const char *mount, const char *group, const cgroup_version *version) {
  char folder[PATH_BYTES];
  int64_t least = INT64_MAX;
  const int length = snprintf(folder, sizeof folder, "%s%s", mount, strcmp(group, "/") == 0 ? "" : group);
  if (length < 0 || length >= (int)sizeof folder) return INT64_MAX;
  for (const size_t end = strlen(mount);;) {
    const int64_t bytes = cgroup_group_bytes(folder, version);
    if (bytes < least) least = bytes;
    char *slash = strrchr(folder, '/');
    if (strlen(folder) <= end || !slash) return least;
    *slash = 0;
  }
}

/* Whether `word` is one of those that commas separate. */
static bool cgroup_has_word(const char *list, const char *word) {
  const size_t length = strlen(word);
  for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
    if (strncmp(at, word, length) == 0 && (at[length] == ',' || at[length] == 0)) return true;
  }
  return false;
}

/* The path of this process's group in the hierarchy of one version: "ID:CONTROLLERS:PATH". */
static bool cgroup_find_group(const char *root, bool second, char *group) {
  char path[PATH_BYTES], line[LINE_BYTES];
  bool found = false;
  (void)snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
  FILE *file = fopen(path, "re");
  while (file && !found && fgets(line, sizeof line, file)) {
    char *controllers = strchr(line, ':'), *name = controllers ? strchr(controllers + 1, ':') : NULL;
    if (!name) continue;
    *name++ = 0;
    controllers++;
    name[strcspn(name, "\n")] = 0;
    found = second ? *controllers == 0 : cgroup_has_word(controllers, "memory");
    if (found) (void)snprintf(group, PATH_BYTES, "%.*s", PATH_BYTES - 1, name);
  }
  if (file) (void)fclose(file);
  return found;
}

/* What a mount shows of a group: a container sees a part of the hierarchy, whose own top is `top`. */
static const char *cgroup_within(const char *group, const char *top) {
  const size_t length = strcmp(top, "/") == 0 ? 0 : strlen(top);
  const bool inside = strncmp(group, top, length) == 0 && (group[length] == '/' || group[length] == 0);
  return inside ? group + length : "";
}

/* Mounts: "ID PARENT DEVICE TOP PLACE OPTIONS... - TYPE SOURCE OPTIONS". */
int64_t crow_cgroup_free_bytes(const char *root) {
  char path[PATH_BYTES], line[LINE_BYTES], group[2][PATH_BYTES], mount[2 * PATH_BYTES];
  static char top[PATH_BYTES], place[PATH_BYTES], type[64], options[PATH_BYTES];
  int64_t least = INT64_MAX;
  const bool has[2] = {cgroup_find_group(root, false, group[0]), cgroup_find_group(root, true, group[1])};
  (void)snprintf(path, sizeof path, "%s/proc/self/mountinfo", root);
  FILE *file = fopen(path, "re");
  while (file && fgets(line, sizeof line, file)) {
    const char *rest = strstr(line, " - ");
    if (!rest || sscanf(line, "%*s %*s %*s %4095s %4095s", top, place) != 2) continue;
    if (sscanf(rest, " - %63s %*s %4095s", type, options) != 2) continue;
    const bool second = strcmp(type, "cgroup2") == 0;
    if (!second && (strcmp(type, "cgroup") != 0 || !cgroup_has_word(options, "memory"))) continue;
    if (!has[second]) continue;
    (void)snprintf(mount, sizeof mount, "%s%s", root, place);
    if (strlen(mount) >= PATH_BYTES) continue;
    const int64_t bytes =
        cgroup_chain_bytes(mount, cgroup_within(group[second], top), second ? &second_version : &first_version);
    if (bytes < least) least = bytes;
  }
  if (file) (void)fclose(file);
  return least;
}
