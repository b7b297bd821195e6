/* SPDX-License-Identifier: Apache-2.0 */
/* wAWR of a full matrix of preferences, which is streamed by blocks of rows.
 *
 * p(x>y) + p(y>x) = 1 needs both halves of the matrix, and no rank ever holds both. So it is checked by Freivalds'
 * method: with random v, the sums over y of (p(x>y) + p(y>x) - 1) v(y) are as small as the single terms are, and they
 * need one pass only. Rows where they are not small are looked at entry by entry in further passes. */
#include "preference/win_rate_impl.h"
#include <crow/preference.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 1 << 25, SUSPECT_BYTES = 1 << 28 };

typedef struct stream {
  const crow_comm *comm;
  const crow_dataset *dataset;
  const crow_partition *rows;
  crow_gidx m, width; /* of a row that counts, from its beginning; of a row as it is stored */
  double tolerance;   /* of p(x>y) + p(y>x) - 1 */
  int64_t at_once;    /* rows in a block */
  int64_t blocks;     /* on the rank that has most */
  double *block;      /* (at_once, width) */
} stream;

static crow_status open_stream(stream *s) {
  int64_t shape[2];
  crow_file_shape(s->dataset->file, "/preference/matrix", shape);
  s->m = s->dataset->alternatives;
  s->width = shape[1];
  /* Single precision cannot hold both p and 1 - p. */
  s->tolerance = crow_file_is_single(s->dataset->file, "/preference/matrix") ? 1e-6 : 1e-9;
  s->at_once = BLOCK_BYTES / (s->width * (int64_t)sizeof(double)) + 1;
  const crow_gidx most = crow_partition_begin(s->rows, 1); /* the first rank has the longest slice */
  s->blocks = (most + s->at_once - 1) / s->at_once;
  return CROW_ALLOCATE_RAW(&s->block, s->at_once * s->width);
}

/* Reads this rank's next rows; the checks of single entries are the schema's. */
static crow_status read_block(const stream *s, int64_t block, crow_gidx *begin, int64_t *count) {
  const crow_gidx offset = block * s->at_once < s->rows->count ? block * s->at_once : s->rows->count;
  *begin = s->rows->begin + offset;
  *count = s->rows->count - offset < s->at_once ? s->rows->count - offset : s->at_once;
  return crow_file_read(s->dataset->file, "/preference/matrix", *begin, *count, CROW_F64, s->block);
}

static crow_status check_diagonal(const stream *s, crow_gidx begin, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    const double p = s->block[i * s->width + begin + i];
    if (!(fabs(p - 0.5) <= s->tolerance)) {
      return crow_error(CROW_BAD_INPUT, "%.1024s: /preference/matrix[%lld,%lld] is %.17g: expected 0.5 on the diagonal",
                        crow_file_name(s->dataset->file), (long long)(begin + i), (long long)(begin + i), p);
    }
  }
  return CROW_OK;
}

/* The sum of a[i] b[i] in a fixed order. */
static double dot(const double *a, const double *b, int64_t n) {
  crow_exact_sum sum = {{0}};
  crow_exact_add_dot_blocks(&sum, a, b, n);
  return crow_exact_value(&sum);
}

/* One pass: wAWR, and this rank's part of deviation(x) = sum_y (p(x>y) + p(y>x) - 1) v(y). */
static crow_status first_pass(const stream *s, const double *weight, const double *v, double *win_rate,
                              double *deviation) {
  double v_sum = 0;
  for (crow_gidx y = 0; y < s->m; y++) v_sum += v[y];
  for (int64_t block = 0; block < s->blocks; block++) {
    crow_gidx begin = 0;
    int64_t count = 0;
    CROW_NEED_AGREE(s->comm, crow_stop_check("the preference matrix"));
    CROW_NEED(read_block(s, block, &begin, &count));
    CROW_NEED_AGREE(s->comm, check_diagonal(s, begin, count));
    for (int64_t i = 0; i < count; i++) {
      const double *p = s->block + i * s->width, own = v[begin + i];
      win_rate[begin - s->rows->begin + i] = dot(p, weight, s->m);
      deviation[begin + i] += dot(p, v, s->m) - v_sum;
      for (crow_gidx y = 0; y < s->m; y++) deviation[y] += own * p[y];
    }
  }
  return CROW_OK;
}

/* The entries of the suspect rows against those of the suspect columns. */
static crow_status second_pass(const stream *s, int64_t suspects, const crow_gidx *suspect) {
  crow_status status = CROW_OK, local = CROW_OK;
  double *row = NULL, *column = NULL;
  CROW_TRY_AGREE(s->comm, CROW_ALLOCATE_EACH(suspects * s->m, &row, &column));
  for (int64_t block = 0; block < s->blocks; block++) {
    crow_gidx begin = 0;
    int64_t count = 0;
    CROW_TRY_AGREE(s->comm, crow_stop_check("the preference matrix"));
    CROW_TRY(read_block(s, block, &begin, &count));
    for (int64_t k = 0; k < suspects; k++) {
      const crow_gidx x = suspect[k];
      for (int64_t i = 0; i < count; i++) column[k * s->m + begin + i] = s->block[i * s->width + x];
      if (x >= begin && x < begin + count) {
        memcpy(row + k * s->m, s->block + (x - begin) * s->width, (size_t)s->m * sizeof *row);
      }
    }
  }
  CROW_TRY(crow_comm_max_f64(s->comm, row, suspects * s->m)); /* elsewhere they are 0 */
  CROW_TRY(crow_comm_max_f64(s->comm, column, suspects * s->m));
  for (int64_t k = 0; k < suspects * s->m && local == CROW_OK; k++) {
    if (fabs(row[k] + column[k] - 1) <= s->tolerance) continue;
    const long long x = (long long)suspect[k / s->m], y = (long long)(k % s->m);
    local = crow_error(CROW_BAD_INPUT,
                       "%.1024s: /preference/matrix[%lld,%lld] is %.17g and [%lld,%lld] is %.17g: expected a sum of 1",
                       crow_file_name(s->dataset->file), x, y, row[k], y, x, column[k]);
  }
  CROW_TRY(local); /* the same on all ranks */
cleanup:
  CROW_FREE(row, column);
  return status;
}

typedef struct suspect_row {
  double size; /* of its deviation */
  crow_gidx row;
} suspect_row;

static int larger_deviation_first(const void *left, const void *right) {
  const suspect_row *a = left, *b = right;
  if (a->size != b->size) return a->size > b->size ? -1 : 1;
  return (a->row > b->row) - (a->row < b->row);
}

/* Looks at all rows whose deviation is not explained by permitted deviations of single entries, the largest first, as
 * many in a pass as SUSPECT_BYTES hold: one pass for up to 4096 alternatives. */
static crow_status look_at_suspects(const stream *s, const double *deviation) {
  crow_status status = CROW_OK;
  const double rounding = 1e-15 * (double)s->m;
  const int64_t in_memory = SUSPECT_BYTES / (2 * (int64_t)sizeof(double) * s->m),
                at_once = in_memory > 8 ? in_memory : 8;
  suspect_row *suspect = NULL;
  crow_gidx *rows = NULL;
  int64_t n = 0;
  CROW_TRY_AGREE(s->comm, CROW_ALLOCATE_RAW_EACH(s->m, &suspect, &rows));
  for (crow_gidx x = 0; x < s->m; x++) {
    /* Written so that NaN is suspect. */
    if (!(fabs(deviation[x]) <= 0.5 * s->tolerance + rounding)) suspect[n++] = (suspect_row){fabs(deviation[x]), x};
  }
  if (n) qsort(suspect, (size_t)n, sizeof *suspect, larger_deviation_first);
  for (int64_t k = 0; k < n; k++) rows[k] = suspect[k].row;
  for (int64_t k = 0; k < n; k += at_once) CROW_TRY(second_pass(s, n - k < at_once ? n - k : at_once, rows + k));
cleanup:
  CROW_FREE(suspect, rows);
  return status;
}

crow_status crow_win_rates_matrix(const crow_comm *comm, const crow_dataset *dataset, const crow_partition *p,
                                  int64_t count, const double *weight, double *win_rate) {
  crow_status status = CROW_OK;
  stream s = {.comm = comm, .dataset = dataset, .rows = p};
  double *whole = NULL;
  CROW_TRY_AGREE(comm, open_stream(&s));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&whole, count * s.m));
  for (int64_t b = 0; b < count; b++) {
    CROW_TRY(crow_comm_gather_slices(comm, p, weight + b * p->count, whole + b * s.m, sizeof *whole));
  }
  for (int64_t block = 0; block < s.blocks; block++) {
    crow_gidx begin = 0;
    int64_t rows = 0;
    CROW_TRY_AGREE(comm, crow_stop_check("the preference matrix"));
    CROW_TRY(read_block(&s, block, &begin, &rows));
    for (int64_t k = 0; k < rows * count; k++) {
      const int64_t i = k / count, b = k % count;
      win_rate[b * p->count + begin - p->begin + i] = dot(s.block + i * s.width, whole + b * s.m, s.m);
    }
  }
cleanup:
  CROW_FREE(s.block, whole);
  return status;
}

crow_status crow_win_rate_matrix(const crow_comm *comm, const crow_dataset *dataset, const crow_weights *weights,
                                 double *win_rate) {
  crow_status status = CROW_OK;
  stream s = {.comm = comm, .dataset = dataset, .rows = &weights->partition};
  double *weight = NULL, *v = NULL, *deviation = NULL;
  CROW_TRY_AGREE(comm, open_stream(&s));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_EACH(s.m, &weight, &v, &deviation));
  CROW_TRY(crow_comm_gather_slices(comm, s.rows, weights->value, weight, sizeof *weight));
  for (crow_gidx y = 0; y < s.m; y++) {
    /* In [1, 2) and of either sign: no single deviation can hide. */
    double uniform[2];
    crow_random_uniform(0, CROW_STREAM_AUDIT, (uint64_t)y, uniform, 2);
    v[y] = (1 + uniform[0]) * (uniform[1] < 0.5 ? -1 : 1);
  }
  CROW_TRY(first_pass(&s, weight, v, win_rate, deviation));
  CROW_TRY(crow_comm_sum_f64_unordered(comm, deviation, s.m));
  /* All ranks must see the same suspects, whatever the order in which their parts were added. */
  CROW_TRY(crow_comm_broadcast(comm, deviation, s.m * (int64_t)sizeof *deviation, 0));
  CROW_TRY(look_at_suspects(&s, deviation));
cleanup:
  CROW_FREE(s.block, weight, v, deviation);
  return status;
}
