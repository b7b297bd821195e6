/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_impl.h"

void crow_version_write(FILE *out) {
  (void)fprintf(out, "crow %s", crow_version());
  if (*crow_git_hash()) (void)fprintf(out, " (%s)", crow_git_hash());
  (void)fprintf(out, "\nMPI: %s\nHDF5: %s\nOpenBLAS: %s, core %s\n", crow_comm_version(), crow_hdf5_version(),
                crow_blas_version(), crow_blas_core());
  if (crow_blas_restarted()) (void)fprintf(out, "%s\n", crow_blas_restarted());
}
