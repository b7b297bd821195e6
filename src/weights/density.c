/* SPDX-License-Identifier: Apache-2.0 */
/* Weights from the distances among all alternatives: inverse kernel density and inverse degree in a radius graph.
 * Contexts are read once and pass by all ranks in blocks; of two blocks one rank takes the distances, for both. Blocks
 * begin at the same alternatives for any number of ranks and sums are integers, so bits do not depend on it. */
#include "base/clones_impl.h"
#include "cluster/cluster_impl.h"
#include "weights/weights_impl.h"
#include <cblas.h>
#include <float.h>
#include <math.h>
#include <string.h>

enum { ROWS = CROW_BLOCK };

/* A block of contexts, also moved so that the first alternative is the origin: that keeps |x|^2 + |y|^2 - 2 x.y
 * accurate for contexts far away from zero. */
typedef struct density_block {
  crow_gidx begin, count;
  const double *context;    /* (count, d) */
  double *shifted, *square; /* (count, d), (count) squared lengths of the shifted */
} density_block;

typedef struct density {
  bool kernel;
  double length; /* h or R */
  double unit;   /* of the sums */
  const crow_contexts *contexts;
  double *origin;  /* (d) */
  double *product; /* (ROWS, ROWS) */
  int64_t *sum;    /* (m) what distances add to the density of each alternative */
} density;

static void fill_density_block(const density *s, crow_gidx begin, crow_gidx count, const double *context,
                               density_block *b) {
  const int64_t d = s->contexts->d;
  b->begin = begin;
  b->count = count;
  b->context = context;
  for (crow_gidx i = 0; i < count; i++) {
    double square = 0;
    for (int64_t k = 0; k < d; k++) {
      const double v = context[i * d + k] - s->origin[k];
      b->shifted[i * d + k] = v;
      square += v * v;
    }
    b->square[i] = square;
  }
}

static crow_status density_block_create(int64_t d, density_block *b) {
  crow_status status = CROW_OK;
  CROW_TRY(CROW_ALLOCATE_RAW(&b->shifted, ROWS * d));
  CROW_TRY(CROW_ALLOCATE_RAW(&b->square, ROWS));
cleanup:
  return status;
}

static double canonical(const density *s, const density_block *a, crow_gidx i, const density_block *b, crow_gidx j) {
  const int64_t d = s->contexts->d;
  return sqrt(crow_nearest_distance(a->context + i * d, b->context + j * d, CROW_DOUBLE, d));
}

/* Of one row of products: which are surely within the radius, and whether any is too close to tell. The estimate
 * |x|^2 + |y|^2 - 2 x.y is off by less than `slack` times the first two. */
CROW_CLONES static int64_t mark_row(double x, const double *squares, const double *product, crow_gidx n, double radius2,
                                    double slack, int32_t *inside, int32_t *close) {
  int32_t any = 0;
  for (crow_gidx j = 0; j < n; j++) {
    const double both = x + squares[j], excess = both - 2 * product[j] - radius2, error = slack * (both + radius2);
    inside[j] = excess < -error;
    close[j] = !(excess < -error) && !(excess > error);
    any |= close[j];
  }
  return any;
}

CROW_CLONES static int64_t density_add_row(const int32_t *inside, crow_gidx n, int32_t *column) {
  int32_t sum = 0;
  for (crow_gidx j = 0; j < n; j++) {
    sum += inside[j];
    column[j] += inside[j];
  }
  return sum;
}

/* Counts neighbours in two blocks; in one block with itself every pair is met twice, once from either side. */
static void count_blocks(density *s, const density_block *a, const density_block *b) {
  const double radius2 = s->length * s->length;
  const double slack = 4 * ((double)s->contexts->d + 16) * DBL_EPSILON;
  int32_t inside[ROWS], close[ROWS], column[ROWS] = {0};
  for (crow_gidx i = 0; i < a->count; i++) {
    const double *row = s->product + i * ROWS;
    if (mark_row(a->square[i], b->square, row, b->count, radius2, slack, inside, close)) {
      for (crow_gidx j = 0; j < b->count; j++) {
        if (close[j]) inside[j] = canonical(s, a, i, b, j) <= s->length;
      }
    }
    s->sum[a->begin + i] += density_add_row(inside, b->count, column);
  }
  for (crow_gidx j = 0; j < b->count && a->begin != b->begin; j++) s->sum[b->begin + j] += column[j];
}

/* e^-x of x >= 0, within a few units of the last digit: 2^-n e^-t with |t| <= ln 2 / 2, in operations that vectors have
 * (libm's exp was half of the time at 384 dimensions). Beyond 700 it is as good as 0. */
static inline double falling_exp(double x) {
  static const double factorial[] = {
      1.,        1.,         1. / 2,      1. / 6,       1. / 24,       1. / 120,      1. / 720,
      1. / 5040, 1. / 40320, 1. / 362880, 1. / 3628800, 1. / 39916800, 1. / 479001600};
  const double magic = 0x1.8p52, at_most = x < 700 ? x : 700;
  const double shifted = at_most * 0x1.71547652b82fep0 + magic, n = shifted - magic;
  const double t = (at_most - n * 0x1.62e42fefa3800p-1) - n * 0x1.ef35793c76730p-45;
  double sum = factorial[12];
  for (int k = 11; k >= 0; k--) sum = factorial[k] - t * sum;
  int64_t bits, zero;
  double scale;
  memcpy(&bits, &shifted, sizeof bits);
  memcpy(&zero, &magic, sizeof zero);
  bits = (int64_t)((uint64_t)(1023 - (bits - zero)) << 52);
  memcpy(&scale, &bits, sizeof scale);
  return sum * scale;
}

/* Squared distances of one row; whether any is too small for its digits. */
CROW_CLONES static int64_t take_squares(double x, const double *squares, const double *product, crow_gidx n,
                                        double *square) {
  int64_t any = 0;
  for (crow_gidx j = 0; j < n; j++) {
    square[j] = x + squares[j] - 2 * product[j];
    any |= !(square[j] > 1e-4 * (x + squares[j]));
  }
  return any;
}

/* Terms are whole numbers of 1 / unit, of which doubles hold the sums over a block exactly. */
CROW_CLONES static double weigh_row(const double *square, crow_gidx n, double length, double unit, double *column) {
  const double magic = 0x1.8p52;
  double term[ROWS], sum = 0;
  for (crow_gidx j = 0; j < n; j++) {
    const double ratio = sqrt(square[j]) / length;
    term[j] = falling_exp(0.5 * ratio * ratio) * unit + magic - magic;
    column[j] += term[j];
  }
  for (crow_gidx j = 0; j < n; j++) sum += term[j];
  return sum;
}

/* Clones far from the origin differ by what the estimate has lost: close pairs are taken by their differences. */
static void weigh_blocks(density *s, const density_block *a, const density_block *b) {
  double square[ROWS], column[ROWS] = {0};
  for (crow_gidx i = 0; i < a->count; i++) {
    if (take_squares(a->square[i], b->square, s->product + i * ROWS, b->count, square)) {
      for (crow_gidx j = 0; j < b->count; j++) {
        const double both = a->square[i] + b->square[j];
        if (square[j] > 1e-4 * both) continue;
        const double away = canonical(s, a, i, b, j);
        square[j] = away * away;
      }
    }
    s->sum[a->begin + i] += (int64_t)weigh_row(square, b->count, s->length, s->unit, column);
  }
  for (crow_gidx j = 0; j < b->count && a->begin != b->begin; j++) s->sum[b->begin + j] += (int64_t)column[j];
}

static void compare_blocks(density *s, const density_block *a, const density_block *b) {
  const int d = (int)s->contexts->d;
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)a->count, (int)b->count, d, 1, a->shifted, d, b->shifted, d,
              0, s->product, ROWS);
  if (s->kernel)
    weigh_blocks(s, a, b);
  else
    count_blocks(s, a, b);
}

/* This rank's blocks with one that passes by. Of two ranks one looks at the pairs of their slices; within a slice the
 * earlier blocks are compared with the later. */
static void compare_with(density *s, const density_block *other, int owner, density_block *own) {
  const crow_contexts *c = s->contexts;
  const crow_partition *p = &c->partition;
  if (owner != p->rank && ((p->rank + owner) % 2 == 0) != (p->rank < owner)) return;
  for (crow_gidx at = 0; at < p->count; at += ROWS) {
    if (owner == p->rank && p->begin + at > other->begin) break;
    fill_density_block(s, p->begin + at, p->count - at < ROWS ? p->count - at : ROWS, c->value + at * c->d, own);
    /* The same two blocks are multiplied in the same order whoever does it, or their last bits would differ. */
    if (own->begin <= other->begin)
      compare_blocks(s, own, other);
    else
      compare_blocks(s, other, own);
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

static crow_status compare_all(const crow_comm *comm, crow_checkpoint *checkpoint, density *s) {
  crow_status status = CROW_OK;
  const crow_contexts *c = s->contexts;
  const crow_partition *p = &c->partition;
  double *passing = NULL;
  density_block own = {0}, other = {0};
  crow_progress progress;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&passing, ROWS * c->d));
  CROW_TRY_AGREE(comm, density_block_create(c->d, &own));
  CROW_TRY_AGREE(comm, density_block_create(c->d, &other));
  crow_progress_begin(&progress, "weights", "alternatives", (double)p->global);
  for (int owner = 0; owner < p->size; owner++) {
    const crow_gidx end = crow_partition_begin(p, owner + 1);
    for (crow_gidx begin = crow_partition_begin(p, owner); begin < end; begin += ROWS) {
      const crow_gidx count = end - begin < ROWS ? end - begin : ROWS;
      if (owner == p->rank) {
        memcpy(passing, c->value + (begin - p->begin) * c->d, (size_t)(count * c->d) * sizeof *passing);
      }
      CROW_TRY(crow_comm_broadcast(comm, passing, count * c->d * (int64_t)sizeof *passing, owner));
      fill_density_block(s, begin, count, passing, &other);
      compare_with(s, &other, owner, &own);
      CROW_TRY(check_stop(checkpoint));
      crow_progress_update(&progress, (double)(begin + count));
    }
  }
  CROW_TRY(crow_comm_sum_i64(comm, s->sum, p->global));
cleanup:
  crow_free(passing);
  crow_free(own.shifted);
  crow_free(own.square);
  crow_free(other.shifted);
  crow_free(other.square);
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

/* The length that was asked for, or the valley of the distances: the radius is there, a kernel a third as wide. */
static crow_status find_length(const crow_comm *comm, const crow_contexts *contexts,
                               const crow_weights_options *options, crow_weights *out) {
  crow_status status = CROW_OK;
  const bool kernel = options->scheme == CROW_SCHEME_KERNEL;
  const char *what = kernel ? "inverse kernel density, bandwidth" : "inverse degree, radius";
  double *distance = NULL;
  crow_valley valley = {0};
  int64_t pairs = 0;
  out->length = kernel ? options->bandwidth : options->radius;
  const bool given = out->length > 0;
  if (given) crow_log(CROW_LOG_INFO, "weights: %s %.6g", what, out->length);
  if (given && kernel) goto cleanup;
  CROW_TRY(crow_pair_distances(comm, contexts, &distance, &pairs));
  out->farthest = kernel ? 0 : crow_distances_count(distance, pairs, out->distances);
  if (given) goto cleanup;
  crow_valley_find(distance, pairs, &valley);
  out->length = kernel ? valley.radius / 3 : valley.radius;
  out->eta = valley.eta;
  /* All alternatives in one place: any length gives the same, uniform weights. */
  if (out->length == 0) out->length = 1;
  if (out->eta < CROW_VALLEY_LEAST) {
    crow_log(CROW_LOG_WARNING,
             "weights: no valley: the distances have one hump (%.3g of their variance is between the sides of %.4g, a "
             "single hump has .64); give --%s",
             out->eta, valley.radius, kernel ? "bandwidth" : "radius");
    goto cleanup;
  }
  crow_log(
      CROW_LOG_NOTICE,
      "weights: %s %.6g (%sthe valley of the distances of %lld pair%s; %.3g of their variance is between its sides, "
      ".64 for a single hump)",
      what, out->length, kernel ? "a third of " : "", (long long)pairs, crow_plural(pairs), out->eta);
cleanup:
  crow_free(distance);
  return status;
}

crow_status crow_weights_density(const crow_comm *comm, const crow_dataset *dataset,
                                 const crow_weights_options *options, crow_checkpoint *checkpoint, crow_weights *out) {
  crow_status status = CROW_OK;
  const crow_gidx m = dataset->alternatives;
  crow_contexts contexts = {0};
  density s = {.kernel = options->scheme == CROW_SCHEME_KERNEL, .unit = 1, .contexts = &contexts};
  CROW_TRY(crow_contexts_read(comm, dataset, &contexts));
  CROW_TRY(crow_weights_allocate(comm, m, false, out));
  CROW_TRY(find_length(comm, &contexts, options, out));
  s.length = out->length;
  /* A sum over a block stays below 2^52, one over all below 2^62. */
  while (s.kernel && s.unit < 0x1p43 && s.unit * (double)m < 0x1p61) s.unit *= 2;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&s.origin, contexts.d));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&s.product, ROWS * ROWS));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&s.sum, m));
  if (contexts.partition.rank == 0) memcpy(s.origin, contexts.value, (size_t)contexts.d * sizeof *s.origin);
  CROW_TRY(crow_comm_broadcast(comm, s.origin, contexts.d * (int64_t)sizeof *s.origin, 0));
  CROW_TRY(compare_all(comm, checkpoint, &s));
  for (crow_gidx i = 0; i < out->partition.count; i++) {
    out->value[i] = (double)s.sum[out->partition.begin + i] / s.unit;
  }
  CROW_TRY(crow_weights_invert(comm, out));
cleanup:
  crow_contexts_free(&contexts);
  crow_free(s.origin);
  crow_free(s.product);
  crow_free(s.sum);
  return status;
}
