/* SPDX-License-Identifier: Apache-2.0 */
/* Weights from the distances among all alternatives: inverse kernel density and inverse degree in a radius graph. Sums
 * are integers, so their bits do not depend on who takes which two blocks. */
#include "base/clones_impl.h"
#include "cluster/cluster_impl.h"
#include "weights/weights_impl.h"
#include <float.h>
#include <math.h>
#include <string.h>

enum { ROWS = CROW_BLOCK };

typedef struct density {
  bool kernel;
  double length; /* h or R */
  double unit;   /* of the sums */
  int64_t d;
  int64_t *sum; /* (m) what distances add to the density of each alternative */
} density;

static double canonical(const density *s, const crow_context_block *a, crow_gidx i, const crow_context_block *b,
                        crow_gidx j) {
  return sqrt(crow_nearest_distance(a->context + i * s->d, b->context + j * s->d, CROW_DOUBLE, s->d));
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
static void count_blocks(const density *s, const crow_context_block *a, const crow_context_block *b,
                         const double *product) {
  const double radius2 = s->length * s->length;
  const double slack = 4 * ((double)s->d + 16) * DBL_EPSILON;
  int32_t inside[ROWS], close[ROWS], column[ROWS] = {0};
  for (crow_gidx i = 0; i < a->count; i++) {
    const double *row = product + i * ROWS;
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
static void weigh_blocks(const density *s, const crow_context_block *a, const crow_context_block *b,
                         const double *product) {
  double square[ROWS], column[ROWS] = {0};
  for (crow_gidx i = 0; i < a->count; i++) {
    if (take_squares(a->square[i], b->square, product + i * ROWS, b->count, square)) {
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

static void take_blocks(void *context, const crow_context_block *a, const crow_context_block *b,
                        const double *product) {
  const density *s = context;
  if (s->kernel)
    weigh_blocks(s, a, b, product);
  else
    count_blocks(s, a, b, product);
}

crow_status crow_weights_invert(const crow_comm *comm, crow_weights *out) {
  double sum = 0;
  for (crow_gidx i = 0; i < out->partition.count; i++) out->value[i] = 1 / out->value[i];
  CROW_NEED(crow_comm_sum(comm, &out->partition, out->value, &sum));
  if (!isfinite(sum) || !(sum > 0)) {
    return crow_error(CROW_BAD_INPUT,
                      "the weights of this scheme are not finite: the contexts, or the length asked for, "
                      "are beyond double precision");
  }
  for (crow_gidx i = 0; i < out->partition.count; i++) out->value[i] /= sum;
  return crow_weights_summarise(comm, out);
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
             "weights: no valley: the distances have one hump (splitting them at %.4g explains %.3g of their "
             "variance; one hump gives .64); give --%s",
             valley.radius, out->eta, kernel ? "bandwidth" : "radius");
    goto cleanup;
  }
  crow_log(CROW_LOG_NOTICE,
           "weights: %s %.6g (%sthe valley of the distances of %lld pair%s; the split explains %.3g of their variance; "
           "one hump gives .64)",
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
  density s = {.kernel = options->scheme == CROW_SCHEME_KERNEL, .unit = 1, .d = dataset->dimensions};
  CROW_TRY(crow_contexts_read(comm, dataset, &contexts));
  CROW_TRY(crow_weights_allocate(comm, m, false, out));
  CROW_TRY(find_length(comm, &contexts, options, out));
  s.length = out->length;
  /* A sum over a block stays below 2^52, one over all below 2^62. */
  while (s.kernel && s.unit < 0x1p43 && s.unit * (double)m < 0x1p61) s.unit *= 2;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&s.sum, m));
  CROW_TRY(crow_contexts_compare(comm, &contexts, "weights", checkpoint, take_blocks, &s));
  CROW_TRY(crow_comm_sum_i64(comm, s.sum, m));
  for (crow_gidx i = 0; i < out->partition.count; i++) {
    out->value[i] = (double)s.sum[out->partition.begin + i] / s.unit;
  }
  CROW_TRY(crow_weights_invert(comm, out));
cleanup:
  crow_contexts_free(&contexts);
  crow_free(s.sum);
  return status;
}
