/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CROW_SCRATCH_IMPL_H
#define CROW_SCRATCH_IMPL_H

#include <crow/base.h>

/* A file without a name in the folder TMPDIR names, or /tmp: gone when it is closed, however the process ends. Local.
 */
crow_status crow_scratch_open(FILE **out);

#endif
