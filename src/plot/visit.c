/* SPDX-License-Identifier: Apache-2.0 */
#include "plot/plot_impl.h"

enum { COLUMNS_MOST = 4, STRETCH = 1 << 18 };

crow_status crow_plot_visit(const crow_comm *comm, const crow_file *file, int columns, const char *const *path,
                            crow_plot_visitor *visit, void *context) {
  crow_status status = CROW_OK;
  double *column[COLUMNS_MOST] = {NULL};
  const crow_partition p = crow_comm_partition(comm, crow_file_rows(file, path[0]), CROW_BLOCK);
  int64_t longest = p.count;
  CROW_TRY(crow_comm_max_i64(comm, &longest, 1));
  for (int c = 0; c < columns; c++) CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&column[c], STRETCH));
  for (int64_t from = 0; from < longest; from += STRETCH) {
    int64_t count = p.count - from;
    if (count < 0) count = 0;
    if (count > STRETCH) count = STRETCH;
    for (int c = 0; c < columns; c++) {
      CROW_TRY(crow_file_read(file, path[c], count ? p.begin + from : 0, count, CROW_F64, column[c]));
    }
    if (count) visit(context, count, (const double *const *)column);
  }
cleanup:
  for (int c = 0; c < columns; c++) crow_free(column[c]);
  return status;
}

crow_status crow_plot_read(const crow_comm *comm, const crow_file *file, const char *path, int64_t *count,
                           double **values) {
  crow_status status = CROW_OK;
  int64_t shape[2];
  const bool root = crow_comm_rank(comm) == 0;
  *values = NULL;
  crow_file_shape(file, path, shape);
  *count = shape[0];
  CROW_TRY_AGREE(comm, root ? CROW_ALLOCATE_RAW(values, shape[0] * shape[1]) : CROW_OK);
  CROW_TRY(crow_file_read(file, path, 0, root ? shape[0] : 0, CROW_F64, *values));
cleanup:
  if (status != CROW_OK) {
    crow_free(*values);
    *values = NULL;
  }
  return status;
}
