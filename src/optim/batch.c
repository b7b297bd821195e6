/* SPDX-License-Identifier: Apache-2.0 */
/* Minibatches of pairs: which ones, and their loss. */
#include <crow/optim.h>
#include <math.h>
#include <string.h>

#define ROUNDS 8

/* A permutation of 0 .. 2^(2 half) - 1: a Feistel network, whose rounds need not be invertible. */
typedef struct permutation {
  int half;
  uint32_t key[ROUNDS];
} permutation;

static permutation make_permutation(uint64_t seed, int64_t member, int64_t epoch, crow_gidx total) {
  permutation p = {.half = 1};
  while (p.half < 31 && INT64_C(1) << (2 * p.half) < total) p.half++;
  crow_random_words(seed, CROW_STREAM_BATCH, (uint64_t)member << 40 | (uint64_t)epoch, p.key, ROUNDS);
  return p;
}

/* The finaliser of MurmurHash3: every bit of the word and the key moves every bit of the result. */
static uint32_t scramble(uint32_t word, uint32_t key) {
  word ^= key;
  word ^= word >> 16;
  word *= UINT32_C(0x85ebca6b);
  word ^= word >> 13;
  word *= UINT32_C(0xc2b2ae35);
  return word ^ word >> 16;
}

static uint64_t permute(const permutation *p, uint64_t position) {
  const uint64_t mask = (UINT64_C(1) << p->half) - 1;
  uint64_t left = position >> p->half, right = position & mask;
  for (int round = 0; round < ROUNDS; round++) {
    const uint64_t mixed = left ^ (scramble((uint32_t)right, p->key[round]) & mask);
    left = right;
    right = mixed;
  }
  return left << p->half | right;
}

void crow_batch_draw(uint64_t seed, int64_t member, crow_gidx total, int64_t batch, int64_t step, crow_gidx *index,
                     int64_t *count) {
  *count = 0;
  if (total < 1) return;
  const int64_t each = (total + batch - 1) / batch, epoch = step / each;
  const crow_gidx begin = step % each * batch, end = begin + batch < total ? begin + batch : total;
  const permutation p = make_permutation(seed, member, epoch, total);
  for (crow_gidx k = begin; k < end; k++) {
    /* Walking along its cycle from an element below `total` comes back below it: again a permutation. */
    uint64_t element = permute(&p, (uint64_t)k);
    while (element >= (uint64_t)total) element = permute(&p, element);
    index[(*count)++] = (crow_gidx)element;
  }
}

/* softplus(d) = ln(1 + e^d) and sigma(d), from e^-|d|, which cannot overflow. */
static double softplus(double d, double *sigma) {
  const double small = exp(-fabs(d));
  *sigma = d >= 0 ? 1 / (1 + small) : small / (1 + small);
  return (d > 0 ? d : 0) + log1p(small);
}

void crow_batch_loss(const crow_batch *batch, double lambda, const double *reward, double *value,
                     double *reward_gradient) {
  double pairs = 0, penalty = 0;
  for (int64_t x = 0; x < batch->rows; x++) {
    penalty += batch->row_weight[x] * reward[x] * reward[x];
    reward_gradient[x] = lambda * batch->row_weight[x] * reward[x];
  }
  for (int64_t k = 0; k < batch->pairs; k++) {
    const int64_t x = batch->first[k], y = batch->second[k];
    const double d = reward[x] - reward[y], p = batch->share[k];
    double sigma;
    /* softplus(-d) = softplus(d) - d */
    pairs += batch->pair_weight[k] * (softplus(d, &sigma) - p * d);
    reward_gradient[x] += batch->pair_weight[k] * (sigma - p);
    reward_gradient[y] -= batch->pair_weight[k] * (sigma - p);
  }
  *value = pairs + lambda / 2 * penalty;
}
