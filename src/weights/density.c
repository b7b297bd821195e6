/* SPDX-License-Identifier: Apache-2.0 */
/* Weights from the distances among all alternatives: inverse kernel density and inverse degree in a radius graph. Every
 * rank walks its own rows against all rows, block by block; blocks begin at the same alternatives for any number of
 * ranks, so the bits of every distance do not depend on it. */
#include "weights/weights_impl.h"
#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Contexts of a block of rows and their squared lengths, moved so that the first alternative is the origin: that keeps
 * |x|^2 + |y|^2 - 2 x.y accurate for contexts far away from zero. */
typedef struct block {
  double *rows, *squares;
  crow_gidx count;
} block;

static crow_status block_allocate(const crow_comm *comm, crow_gidx d, block *b) {
  crow_status status = CROW_OK;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&b->rows, CROW_BLOCK * d));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&b->squares, CROW_BLOCK));
cleanup:
  return status;
}

static void block_free(block *b) {
  crow_free(b->rows);
  crow_free(b->squares);
}

/* Reads rows `begin` .. ; collective, count may be 0. */
static crow_status block_read(const crow_dataset *dataset, const double *origin, crow_gidx begin, crow_gidx count,
                              block *b) {
  crow_status status = CROW_OK;
  const crow_gidx d = dataset->dimensions;
  CROW_TRY(crow_dataset_read_contexts(dataset, begin, count, CROW_F64, b->rows));
  b->count = count;
  for (crow_gidx i = 0; i < count; i++) {
    double *row = b->rows + i * d, square = 0;
    for (crow_gidx k = 0; k < d; k++) {
      row[k] -= origin[k];
      square += row[k] * row[k];
    }
    b->squares[i] = square;
  }
cleanup:
  return status;
}

/* What a distance adds to the density of an alternative. */
typedef struct density {
  bool kernel;
  double length; /* h or R */
} density;

/* |x|^2 + |y|^2 - 2 x.y loses what clones far from the origin differ by: close pairs are taken by their differences. An
 * alternative is exactly at itself. */
static double distance(crow_gidx d, const block *mine, crow_gidx i, const block *other, crow_gidx j, double product) {
  const double scale = mine->squares[i] + other->squares[j], square = scale - 2 * product;
  if (square > 1e-4 * scale) return sqrt(square);
  return sqrt(crow_nearest_distance(mine->rows + i * d, other->rows + j * d, CROW_DOUBLE, d));
}

/* sums[i] += sum over the rows of `other` of what the distances add; `product` is work space of CROW_BLOCK^2. */
static void add_block(const density *rule, crow_gidx d, const block *mine, const block *other, double *product,
                      double *sums) {
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)mine->count, (int)other->count, (int)d, 1, mine->rows,
              (int)d, other->rows, (int)d, 0, product, CROW_BLOCK);
  for (crow_gidx i = 0; i < mine->count; i++) {
    const double *row = product + i * CROW_BLOCK;
    double sum = 0;
    for (crow_gidx j = 0; j < other->count; j++) {
      const double away = distance(d, mine, i, other, j, row[j]);
      const double ratio = away / rule->length;
      sum += rule->kernel ? exp(-0.5 * ratio * ratio) : (double)(away <= rule->length);
    }
    sums[i] += sum;
  }
}

/* These schemes have no state worth keeping: a stop is a failure that says so. */
static crow_status check_stop(crow_checkpoint *checkpoint) {
  crow_status status = CROW_OK;
  bool save = false, stop = false;
  if (!checkpoint) return CROW_OK;
  CROW_TRY(crow_checkpoint_due(checkpoint, &save, &stop));
  if (stop) CROW_TRY(crow_error(CROW_FAILED, "stopped by a signal or the time limit; this scheme saves no state"));
cleanup:
  return status;
}

static crow_status add_all(const crow_comm *comm, const crow_dataset *dataset, const density *rule,
                           const double *origin, crow_checkpoint *checkpoint, crow_weights *out) {
  crow_status status = CROW_OK;
  const crow_gidx m = dataset->alternatives, d = dataset->dimensions;
  const crow_partition *p = &out->partition;
  block mine = {0}, other = {0};
  double *product = NULL;
  int64_t turns = (p->count + CROW_BLOCK - 1) / CROW_BLOCK;
  crow_progress progress;
  CROW_TRY(crow_comm_max_i64(comm, &turns, 1));
  CROW_TRY(block_allocate(comm, d, &mine));
  CROW_TRY(block_allocate(comm, d, &other));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&product, CROW_BLOCK * CROW_BLOCK));
  crow_progress_begin(&progress, "weights", "alternatives of this rank", (double)p->count);
  for (int64_t turn = 0; turn < turns; turn++) {
    const crow_gidx at = turn * CROW_BLOCK < p->count ? turn * CROW_BLOCK : p->count;
    const crow_gidx n = p->count - at < CROW_BLOCK ? p->count - at : CROW_BLOCK;
    CROW_TRY(block_read(dataset, origin, p->begin + at, n, &mine));
    for (crow_gidx begin = 0; begin < m; begin += CROW_BLOCK) {
      CROW_TRY(check_stop(checkpoint));
      CROW_TRY(block_read(dataset, origin, begin, m - begin < CROW_BLOCK ? m - begin : CROW_BLOCK, &other));
      if (n) add_block(rule, d, &mine, &other, product, out->value + at);
    }
    crow_progress_update(&progress, (double)(at + n));
  }
cleanup:
  block_free(&mine);
  block_free(&other);
  crow_free(product);
  return status;
}

static int compare(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* The median distance over all pairs of at most 512 alternatives, evenly spread over the dataset: the same on any
 * number of ranks, and for fewer alternatives exact. */
static crow_status median_distance(const crow_comm *comm, const crow_dataset *dataset, double *median) {
  crow_status status = CROW_OK;
  const crow_gidx m = dataset->alternatives, d = dataset->dimensions;
  const crow_gidx n = m < CROW_BLOCK ? m : CROW_BLOCK;
  double *rows = NULL, *distance = NULL;
  int64_t pairs = 0;
  *median = 0;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&rows, n * d));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&distance, n * (n - 1) / 2));
  for (crow_gidx i = 0; i < n; i++) {
    CROW_TRY(crow_dataset_read_contexts(dataset, i * m / n, 1, CROW_F64, rows + i * d));
  }
  for (crow_gidx i = 0; i < n; i++) {
    for (crow_gidx j = 0; j < i; j++) {
      distance[pairs++] = sqrt(crow_nearest_distance(rows + i * d, rows + j * d, CROW_DOUBLE, d));
    }
  }
  if (pairs) {
    qsort(distance, (size_t)pairs, sizeof *distance, compare);
    *median = (distance[(pairs - 1) / 2] + distance[pairs / 2]) / 2;
  }
cleanup:
  crow_free(rows);
  crow_free(distance);
  return status;
}

crow_status crow_weights_invert(const crow_comm *comm, crow_weights *out) {
  crow_status status = CROW_OK;
  double sum = 0;
  for (crow_gidx i = 0; i < out->partition.count; i++) out->value[i] = 1 / out->value[i];
  CROW_TRY(crow_comm_sum(comm, &out->partition, out->value, &sum));
  if (!isfinite(sum) || !(sum > 0)) {
    CROW_TRY(crow_error(CROW_BAD_INPUT,
                        "the weights of this scheme are not finite: the contexts, or the length asked for, "
                        "are beyond double precision"));
  }
  for (crow_gidx i = 0; i < out->partition.count; i++) out->value[i] /= sum;
  CROW_TRY(crow_weights_summarise(comm, out));
cleanup:
  return status;
}

crow_status crow_weights_density(const crow_comm *comm, const crow_dataset *dataset,
                                 const crow_weights_options *options, crow_checkpoint *checkpoint, crow_weights *out) {
  crow_status status = CROW_OK;
  const bool kernel = options->scheme == CROW_SCHEME_KERNEL;
  double *origin = NULL, median = 0, length = kernel ? options->bandwidth : options->radius;
  CROW_TRY(crow_space_check_distances(comm, dataset, 0));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&origin, dataset->dimensions));
  CROW_TRY(crow_dataset_read_contexts(dataset, 0, 1, CROW_F64, origin));
  if (length == 0) {
    CROW_TRY(median_distance(comm, dataset, &median));
    length = kernel ? median : median / 2;
    /* All alternatives in one place: any length gives the same, uniform weights. */
    if (length == 0) length = 1;
  }
  crow_log(CROW_LOG_INFO, "weights: %s %.6g%s", kernel ? "inverse kernel density, bandwidth" : "inverse degree, radius",
           length, median > 0 ? (kernel ? " (the median distance)" : " (half the median distance)") : "");
  const density rule = {kernel, length};
  CROW_TRY(crow_weights_allocate(comm, dataset->alternatives, false, out));
  CROW_TRY(add_all(comm, dataset, &rule, origin, checkpoint, out));
  CROW_TRY(crow_weights_invert(comm, out));
cleanup:
  crow_free(origin);
  return status;
}
