/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CROW_BASE_CGROUP_IMPL_H
#define CROW_BASE_CGROUP_IMPL_H

#include <stdint.h>

/* Bytes that the memory limits of this process's control groups leave: of its own group and of all above it, in
 * version 1 and 2; INT64_MAX if there is no limit. Pages of files count as free, since the kernel takes them back
 * before it refuses memory. All files are looked for under `root`, which is "" except in tests. Local. */
int64_t crow_cgroup_free_bytes(const char *root);

#endif
