/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cgroup_impl.h"
#include <crow/base.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define ALIGNMENT ((size_t)64)
#define HUGE_PAGE ((size_t)1 << 21)

static int64_t fail_countdown = -1;

void crow_memory_fail_after(int64_t countdown) { fail_countdown = countdown; }

/* Large arrays ask for huge pages, which some systems give only on request: first touches of small ones took a tenth
 * of a fit of a million comparisons, and random accesses miss their translations. The last page is filled up if that
 * wastes at most an eighth. NULL if the memory is not there. */
static void *memory_allocate(size_t bytes) {
  void *memory = NULL;
  if (bytes < HUGE_PAGE) return posix_memalign(&memory, ALIGNMENT, bytes) == 0 ? memory : NULL;
  const size_t whole = (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
  const size_t huge = whole - bytes <= bytes / 8 ? whole : whole - HUGE_PAGE;
  if (posix_memalign(&memory, HUGE_PAGE, huge > bytes ? huge : bytes) != 0) return NULL;
#ifdef MADV_HUGEPAGE
  (void)madvise(memory, huge, MADV_HUGEPAGE); /* only slower if it fails */
#endif
  return memory;
}

crow_status crow_allocate_raw(int64_t count, size_t size, void **out) {
  *out = NULL;
  if (count == 0 || size == 0) return CROW_OK;
  size_t bytes = 0;
  if (count < 0 || __builtin_mul_overflow((size_t)count, size, &bytes) || bytes > (size_t)PTRDIFF_MAX - HUGE_PAGE) {
    return crow_error(CROW_FAILED, "cannot allocate %lld elements of %zu bytes: the size overflows", (long long)count,
                      size);
  }
  const bool injected = fail_countdown >= 0 && fail_countdown-- == 0;
  *out = injected ? NULL : memory_allocate(bytes);
  if (!*out) return crow_error(CROW_FAILED, "out of memory: cannot allocate %zu bytes", bytes);
  return CROW_OK;
}

crow_status crow_allocate(int64_t count, size_t size, void **out) {
  const crow_status status = crow_allocate_raw(count, size, out);
  if (*out) memset(*out, 0, (size_t)count * size);
  return status;
}

crow_status crow_allocate_each(int64_t count, bool zeroed, const crow_wanted *arrays) {
  for (; arrays->out; arrays++) {
    CROW_NEED((zeroed ? crow_allocate : crow_allocate_raw)(count, arrays->bytes, arrays->out));
  }
  return CROW_OK;
}

void crow_free(void *memory) { free(memory); }

void crow_free_all(void *const *memory, size_t count) {
  for (size_t k = 0; k < count; k++) free(memory[k]);
}

void crow_memory_keep_freed(void) {
#ifdef M_MMAP_THRESHOLD
  (void)mallopt(M_MMAP_THRESHOLD, 32 << 20);
  (void)mallopt(M_TRIM_THRESHOLD, 64 << 20);
#endif
}

crow_status crow_string_copy(const char *text, char **out) {
  *out = NULL;
  if (!text) return CROW_OK;
  const size_t bytes = strlen(text) + 1;
  const crow_status status = crow_allocate_raw((int64_t)bytes, 1, (void **)out);
  if (status == CROW_OK) memcpy(*out, text, bytes);
  return status;
}

int64_t crow_memory_peak_bytes(void) {
  struct rusage usage;
  if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
  return (int64_t)usage.ru_maxrss * 1024;
}

static int64_t memory_least(int64_t a, int64_t b) { return b >= 0 && b < a ? b : a; }

/* A Slurm limit in MiB, as bytes; 0 and absence mean none. */
static int64_t slurm_bytes(const char *name) {
  const char *text = getenv(name);
  const int64_t mib = text ? strtoll(text, NULL, 10) : 0;
  return mib > 0 ? mib << 20 : -1;
}

int64_t crow_memory_limit_bytes(int ranks_on_node) {
  const int64_t ranks = ranks_on_node > 0 ? ranks_on_node : 1;
  int64_t node = (int64_t)sysconf(_SC_PHYS_PAGES) * (int64_t)sysconf(_SC_PAGESIZE);
  FILE *file = fopen("/proc/meminfo", "r");
  char line[256];
  while (file && fgets(line, sizeof line, file)) {
    long long kib = 0;
    if (sscanf(line, "MemAvailable: %lld kB", &kib) == 1) node = memory_least(node, (int64_t)kib * 1024);
  }
  if (file) (void)fclose(file);
  node = memory_least(node, crow_cgroup_free_bytes(""));
  node = memory_least(node, slurm_bytes("SLURM_MEM_PER_NODE"));
  int64_t mine = node / ranks;
  const char *cpus = getenv("SLURM_CPUS_PER_TASK");
  const int64_t per_cpu = slurm_bytes("SLURM_MEM_PER_CPU");
  if (per_cpu > 0) mine = memory_least(mine, per_cpu * (cpus && atoi(cpus) > 0 ? atoi(cpus) : 1));
  return mine;
}
