/* SPDX-License-Identifier: Apache-2.0 */
/* Memory limits of control groups, in trees of files as Linux shows them. */
#include "base/cgroup_impl.h"
#include "harness.h"
#include <string.h>
#include <sys/stat.h>

static char root[1024];

/* Writes a file under the root, and the folders on the way to it. */
static void put(const char *name, const char *text) {
  char path[2048];
  (void)snprintf(path, sizeof path, "%s%s", root, name);
  for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
    *slash = 0;
    (void)mkdir(path, 0700);
    *slash = '/';
  }
  FILE *file = fopen(path, "w");
  CHECK(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void put_number(const char *folder, const char *name, long long value) {
  char path[512], text[32];
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  (void)snprintf(text, sizeof text, "%lld\n", value);
  put(path, text);
}

static void begin(const char *name) { (void)snprintf(root, sizeof root, "%s", test_path(name)); }

static void put_first(const char *folder, long long limit, long long used, long long cache) {
  char path[512], text[128];
  put_number(folder, "memory.limit_in_bytes", limit);
  put_number(folder, "memory.usage_in_bytes", used);
  (void)snprintf(path, sizeof path, "%s/memory.stat", folder);
  (void)snprintf(text, sizeof text, "cache 7\ninactive_file 5\ntotal_inactive_file %lld\ntotal_active_file 1\n", cache);
  put(path, text);
}

static void put_second(const char *folder, const char *limit, long long used, long long cache) {
  char path[512], text[128];
  (void)snprintf(path, sizeof path, "%s/memory.max", folder);
  put(path, limit);
  put_number(folder, "memory.current", used);
  (void)snprintf(path, sizeof path, "%s/memory.stat", folder);
  (void)snprintf(text, sizeof text, "anon 3\nfile 9\nactive_file 2\ninactive_file %lld\n", cache);
  put(path, text);
}

static void no_groups_no_limit(void) {
  begin("none");
  CHECK(crow_cgroup_free_bytes(root) == INT64_MAX);
  put("/proc/self/cgroup", "0::/\n");
  CHECK(crow_cgroup_free_bytes(root) == INT64_MAX);
}

/* Slurm's and systemd's groups are nested; the tightest of them counts, and pages of files do not count as used. */
static void the_first_version_nested(void) {
  begin("first");
  put("/proc/self/cgroup", "9:name=systemd:/x\n4:cpu,memory:/slurm/job_1/step_0\n0::/\n");
  put("/proc/self/mountinfo", "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
                              "32 31 0:29 / /sys/fs/cgroup/freezer rw - cgroup cgroup rw,freezer\n"
                              "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory\n");
  put_first("/sys/fs/cgroup/memory", 9223372036854771712, 5000, 0);
  CHECK(crow_cgroup_free_bytes(root) > INT64_C(1) << 60);
  put_first("/sys/fs/cgroup/memory/slurm", 4000, 1000, 0);
  CHECK(crow_cgroup_free_bytes(root) == 3000 + 1);
  put_first("/sys/fs/cgroup/memory/slurm/job_1/step_0", 2000, 1500, 899);
  CHECK(crow_cgroup_free_bytes(root) == 2000 - 1500 + 900);
  put_first("/sys/fs/cgroup/memory/slurm/job_1", 1000, 1000, 0);
  CHECK(crow_cgroup_free_bytes(root) == 1);
}

static void the_second_version_nested(void) {
  begin("second");
  put("/proc/self/cgroup", "0::/user.slice/crow.scope\n");
  put("/proc/self/mountinfo", "35 31 0:32 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n");
  put_second("/sys/fs/cgroup/user.slice/crow.scope", "max\n", 100, 0);
  CHECK(crow_cgroup_free_bytes(root) == INT64_MAX);
  put_second("/sys/fs/cgroup/user.slice", "1000\n", 900, 500);
  CHECK(crow_cgroup_free_bytes(root) == 1000 - 900 + 502);
  put_second("/sys/fs/cgroup/user.slice/crow.scope", "300\n", 250, 0);
  CHECK(crow_cgroup_free_bytes(root) == 52);
}

/* A container shows its own group at the place of the mount, whatever the host calls it. */
static void a_container_sees_a_part(void) {
  begin("part");
  put("/proc/self/cgroup", "4:memory:/docker/abc/inner\n");
  put("/proc/self/mountinfo", "35 31 0:32 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n");
  put_first("/sys/fs/cgroup/memory", 700, 100, 99);
  CHECK(crow_cgroup_free_bytes(root) == 700);
  put_first("/sys/fs/cgroup/memory/inner", 50, 10, 0);
  CHECK(crow_cgroup_free_bytes(root) == 41);
  put("/proc/self/cgroup", "4:memory:/docker/abcdef\n"); /* another group, of which the mount shows nothing */
  CHECK(crow_cgroup_free_bytes(root) == 700);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {{"no groups, no limit", no_groups_no_limit},
                                    {"the first version, nested", the_first_version_nested},
                                    {"the second version, nested", the_second_version_nested},
                                    {"a container sees a part", a_container_sees_a_part},
                                    {NULL, NULL}};
  return crow_test_main(argc, argv, "cgroup", tests, false);
}
