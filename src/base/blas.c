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

/* A little more than the most that OpenBLAS takes for a thread. */
#define BUFFER_BYTES ((INT64_C(128) << 20) + (INT64_C(64) << 10))

crow_status crow_blas_reserve(int64_t threads) {
  static int64_t reserved;
  const double one = 1;
  double product = 0;
  void *room = NULL;
  if (threads <= reserved) return CROW_OK;
  if (crow_allocate_raw(threads - reserved, (size_t)BUFFER_BYTES, &room) != CROW_OK) {
    return crow_error(CROW_FAILED,
                      "out of memory: OpenBLAS needs %lld MB of address space for each thread (see ulimit -v)",
                      (long long)(BUFFER_BYTES / 1000000));
  }
  crow_free(room);
  cblas_dsyrk(CblasRowMajor, CblasUpper, CblasNoTrans, 1, 1, 1, &one, 1, 0, &product, 1);
  reserved = threads;
  return CROW_OK;
}
