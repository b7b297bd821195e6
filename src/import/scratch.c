/* SPDX-License-Identifier: Apache-2.0 */
#include "import/scratch_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

crow_status crow_scratch_open(FILE **out) {
  const char *folder = getenv("TMPDIR");
  char name[4096];
  *out = NULL;
  if (!folder || !*folder) folder = "/tmp";
  if ((size_t)snprintf(name, sizeof name, "%s/crow-XXXXXX", folder) >= sizeof name) {
    return crow_error(CROW_FILE_SYSTEM, "the name in TMPDIR is too long, expected a folder for scratch files");
  }
  const int descriptor = mkstemp(name);
  if (descriptor < 0) {
    return crow_error(CROW_FILE_SYSTEM, "cannot make a scratch file in %s (TMPDIR): %s", folder, strerror(errno));
  }
  (void)unlink(name);
  *out = fdopen(descriptor, "w+b");
  if (*out) return CROW_OK;
  (void)close(descriptor);
  return crow_error(CROW_FAILED, "cannot open a scratch file: %s", strerror(errno));
}
