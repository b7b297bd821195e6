/* SPDX-License-Identifier: Apache-2.0 */
/* Whether samples are draws of block signs, and of how many blocks: a fixed rule of space, dimensions, N and, for
 * `auto`, what the first draws counted; never of a clock or a processor. */
#include "weights/sampling_impl.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The independent unit is the draw, so there are to be at least so many. */
#define DRAWS_LEAST 200
/* Blocks of fewer coordinates than this leave rows of a draw visibly dependent. */
#define BLOCK_LEAST 4
/* Draws of fewer blocks than this gain too little. */
#define BLOCKS_LEAST 4
/* Fewer blocks are not tried where the variance is at most this many times that of independent samples. */
#define VARIANCE_FINE 1.5
/* How much less work for the same variance there is to be. */
#define GAIN_LEAST 1.25
/* Contexts looked at for the energies of coordinates, in stretches of neighbours spread over the file. */
#define ENERGY_STRETCHES 16
#define ENERGY_ROWS 256

int crow_draws_asked_for(const crow_weights_options *options) {
  const char *forced = getenv("CROW_TEST_DRAWS");
  const bool signs = options->draws == CROW_DRAWS_AUTO && forced && strcmp(forced, "signs") == 0;
  return signs ? CROW_DRAWS_SIGNS : options->draws;
}

int64_t crow_draws_blocks(const crow_weights_options *options, const crow_space *space, int64_t rank, int64_t samples,
                          int64_t limit) {
  const int draws = crow_draws_asked_for(options);
  int64_t blocks = 1;
  if (draws == CROW_DRAWS_INDEPENDENT || !crow_signs_possible(space)) return 0;
  /* The sums of squares of a draw's hits stay within 62 bits. */
  const double most = 0x1p62 / (double)CROW_HIT_UNIT / (double)limit;
  while (2 * blocks <= CROW_SIGNS_BLOCKS_MOST && 2 * blocks * BLOCK_LEAST <= rank &&
         2 * blocks * 2 * DRAWS_LEAST <= samples && (double)(4 * blocks) <= most) {
    blocks *= 2;
  }
  if (draws == CROW_DRAWS_SIGNS) return blocks;
  return rank < CROW_DRAWS_RANK_LEAST || blocks < BLOCKS_LEAST ? 0 : blocks;
}

bool crow_draws_apart(const crow_dataset *dataset, const crow_weights_options *options, int64_t limit,
                      const crow_sampling *s) {
  const crow_gidx d = dataset->dimensions, most = dataset->alternatives - 1;
  if (s->blocks != CROW_DRAWS_RULE) return s->blocks == 0;
  return crow_draws_blocks(options, s->space, d < most ? d : most, s->target, limit) == 0;
}

/* ---- energies ------------------------------------------------------------------------------------------------ */

/* The variances of the coordinates times their sides squared, from some contexts that rank 0 reads. */
static crow_status find_energies(const crow_comm *comm, const crow_dataset *dataset, const crow_space *space,
                                 double *energy) {
  crow_status status = CROW_OK;
  const crow_gidx m = dataset->alternatives, d = dataset->dimensions;
  const bool reads = crow_comm_rank(comm) == 0;
  const double *lower, *upper;
  double *rows = NULL, *sum = NULL, *first = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&rows, reads ? ENERGY_ROWS * d : 0));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&sum, d));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&first, d));
  memset(energy, 0, (size_t)d * sizeof *energy);
  int64_t seen = 0;
  for (int64_t stretch = 0; stretch < ENERGY_STRETCHES; stretch++) {
    const crow_gidx begin = m / ENERGY_STRETCHES * stretch + m % ENERGY_STRETCHES * stretch / ENERGY_STRETCHES;
    const crow_gidx end =
        m / ENERGY_STRETCHES * (stretch + 1) + m % ENERGY_STRETCHES * (stretch + 1) / ENERGY_STRETCHES;
    const crow_gidx count = !reads ? 0 : end - begin < ENERGY_ROWS ? end - begin : ENERGY_ROWS;
    CROW_TRY(crow_dataset_read_contexts(dataset, reads ? begin : 0, count, CROW_F64, rows));
    for (crow_gidx i = 0; i < count; i++, seen++) {
      for (crow_gidx k = 0; k < d; k++) {
        if (seen == 0) first[k] = rows[k];
        const double difference = rows[i * d + k] - first[k];
        sum[k] += difference;
        energy[k] += difference * difference;
      }
    }
  }
  if (!crow_space_bounds(space, &lower, &upper)) lower = upper = NULL;
  for (crow_gidx k = 0; k < d && seen > 0 && lower; k++) {
    const double mean = sum[k] / (double)seen, side = upper[k] - lower[k];
    energy[k] = fmax(energy[k] / (double)seen - mean * mean, 0) * side * side;
  }
  CROW_TRY(crow_comm_broadcast(comm, energy, d * (int64_t)sizeof *energy, 0));
cleanup:
  crow_free(rows);
  crow_free(sum);
  crow_free(first);
  return status;
}

crow_status crow_draws_make(const crow_comm *comm, const crow_dataset *dataset, const crow_space *space, int64_t blocks,
                            crow_signs **out) {
  crow_status status = CROW_OK;
  double *energy = NULL;
  if (crow_signs_dealt(space)) {
    CROW_TRY_AGREE(comm, CROW_ALLOCATE(&energy, dataset->dimensions));
    CROW_TRY(find_energies(comm, dataset, space, energy));
  }
  CROW_TRY_AGREE(comm, crow_signs_create(space, blocks, energy, out));
cleanup:
  crow_free(energy);
  return status;
}

crow_status crow_draws_create(const crow_comm *comm, const crow_dataset *dataset, const crow_weights_options *options,
                              int64_t limit, crow_sampling *s) {
  crow_status status = CROW_OK;
  const crow_gidx m = dataset->alternatives;
  if (s->blocks == CROW_DRAWS_RULE) {
    const crow_gidx rank = s->dimensions < m - 1 ? s->dimensions : m - 1;
    s->blocks = crow_draws_blocks(options, s->space, rank, s->target, limit);
  }
  if (s->blocks > 0) {
    CROW_TRY(crow_draws_make(comm, dataset, s->space, s->blocks, &s->signs));
  } else if (s->hull.basis && crow_flat_fits(s->space)) {
    CROW_TRY_AGREE(comm,
                   crow_flat_create(s->space, s->hull.k, s->hull.origin, s->hull.basis, s->hull.stride, &s->flat));
  }
cleanup:
  return status;
}

/* ---- the first part ------------------------------------------------------------------------------------------ */

/* The variance of the weights, summed, over that of as many independent samples, from what has been counted. With T a
 * draw's shares of an alternative, n draws of u samples and w = sum T / (n u), a draw's mean varies by
 * (sum T^2 / n - (u w)^2) / u^2, an independent sample by sum of shares^2 / (n u) - w^2. */
static crow_status find_variance(const crow_comm *comm, const crow_sampling *s, const crow_weights *out,
                                 double *variance) {
  crow_status status = CROW_OK;
  const double samples = (double)s->done, unit = (double)s->tally.unit, draws = samples / unit;
  const double *w = out->value;
  int64_t squares[2] = {0, s->tally.single};
  double sum = 0;
  for (crow_gidx i = 0; i < out->partition.count; i++) squares[0] += s->squares[i];
  CROW_TRY(crow_comm_sum_i64(comm, squares, 2));
  CROW_TRY(crow_comm_dot(comm, &out->partition, 1, &w, &w, &sum));
  const double total = samples * (double)CROW_HIT_UNIT;
  const double drawn = ((double)squares[0] / total - unit * sum) * draws / fmax(draws - 1, 1);
  const double single = (double)squares[1] / total - sum + drawn / samples;
  *variance = single > 0 ? fmax(drawn, 0) / single : 1;
cleanup:
  return status;
}

/* How many times less work: products and comparisons of a sample and an alternative. A matrix product takes two
 * products in the time of one step of the transform, which goes through the first cache. */
static double work_saved(const crow_sampling *s, int64_t d) {
  const double blocks = (double)s->blocks;
  return (double)s->dimensions / (2 * ((double)d / (2 * blocks) + log2(blocks) / 2 + 4));
}

crow_status crow_draws_pilot(const crow_comm *comm, const crow_dataset *dataset, const crow_weights_options *options,
                             int64_t limit, crow_sampling *s, crow_weights *out) {
  crow_status status = CROW_OK;
  const int64_t target = s->target;
  crow_checkpoint *checkpoint = s->checkpoint;
  int64_t best = 0;
  double best_gain = GAIN_LEAST;
  if (crow_draws_asked_for(options) != CROW_DRAWS_AUTO || s->blocks == 0) return CROW_OK;
  s->checkpoint = NULL; /* what is counted may be dropped */
  for (;;) {
    double variance = 1;
    s->target = DRAWS_LEAST * crow_sampling_unit(s);
    crow_progress_begin(&s->progress, "weights, first draws", "samples", (double)s->target);
    CROW_TRY(crow_sampling_to_target(comm, options, limit, s, out));
    CROW_TRY(crow_sampling_gather(comm, options, s, out));
    CROW_TRY(find_variance(comm, s, out, &variance));
    const double gain = work_saved(s, dataset->dimensions) / variance;
    crow_log(CROW_LOG_INFO,
             "weights: %d draws by the signs of %lld blocks: %.3g times the variance of independent samples, at 1/%.3g "
             "of the work",
             DRAWS_LEAST, (long long)s->blocks, variance, work_saved(s, dataset->dimensions));
    if (gain > best_gain) {
      best = s->blocks;
      best_gain = gain;
    }
    if (best == s->blocks && variance <= VARIANCE_FINE) break;
    if (s->blocks / 4 < BLOCKS_LEAST) break;
    s->blocks /= 4;
    CROW_TRY(crow_sampling_redraw(comm, dataset, options, limit, s));
  }
  if (best != s->blocks) {
    if (best == 0) crow_log(CROW_LOG_INFO, "weights: independent samples give less variance for the work");
    s->blocks = best;
    CROW_TRY(crow_sampling_redraw(comm, dataset, options, limit, s));
  }
cleanup:
  s->target = target;
  s->checkpoint = checkpoint;
  return status;
}
