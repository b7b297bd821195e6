/* SPDX-License-Identifier: Apache-2.0 */
#include <cblas.h>
#include <crow/base.h>
#include <string.h>

const char *crow_blas_core(void) { return openblas_get_corename(); }

/* The configuration reads "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ...". */
const char *crow_blas_version(void) {
  static char version[64];
  const char *text = openblas_get_config();
  const char *number = strchr(text, ' ');
  const size_t length = number ? strcspn(number + 1, " ") : strlen(text);
  (void)snprintf(version, sizeof version, "%.*s", (int)length, number ? number + 1 : text);
  return version;
}
