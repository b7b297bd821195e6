/* SPDX-License-Identifier: Apache-2.0 */
/* Preferences whose optimal rewards are known. */
#include "base/order_impl.h"
#include "bench/bench_impl.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WAVES = 3, LEVELS = 64 };

static double turn(crow_gidx steps, double frequency, crow_gidx m) {
  /* The product is below 2^53 for the frequencies chosen, so the fraction is exact up to one rounding. */
  return 2 * M_PI * (fmod((double)steps * frequency, (double)m) / (double)m);
}

/* Different offsets in [1, (m - 1) / 2], one from each of as many equal stretches: x and x + o are then different, and
 * no pair comes twice. */
static crow_status choose_offsets(int64_t seed, crow_bench_preferences *p) {
  const crow_gidx most = (p->alternatives - 1) / 2;
  CROW_NEED(CROW_ALLOCATE(&p->offset, p->offsets));
  for (int64_t k = 0; k < p->offsets; k++) {
    const crow_gidx begin = 1 + most * k / p->offsets, end = 1 + most * (k + 1) / p->offsets;
    double u;
    crow_random_uniform((uint64_t)seed, CROW_STREAM_BENCH, (uint64_t)k, &u, 1);
    p->offset[k] = begin + (crow_gidx)(u * (double)(end - begin));
  }
  qsort(p->offset, (size_t)p->offsets, sizeof *p->offset, crow_order_i64);
  return CROW_OK;
}

/* sum_o 2 (1 - cos(2 pi f o / m)): the eigenvalue of the graph's Laplacian for the wave of this frequency. */
static double eigenvalue(const crow_bench_preferences *p, double frequency) {
  double sum = 0;
  for (int64_t k = 0; k < p->offsets; k++) sum += 2 * (1 - cos(turn(p->offset[k], frequency, p->alternatives)));
  return sum;
}

/* Waves that the graph sees well (large eigenvalues), so that the shares stay in [0, 1]. */
static void choose_waves(int64_t seed, double scale, crow_bench_preferences *p) {
  const double m = (double)p->alternatives;
  for (int w = 0; w < WAVES; w++) {
    double best = -1;
    for (int64_t attempt = 0; attempt < 20; attempt++) {
      double u;
      crow_random_uniform(~(uint64_t)seed, CROW_STREAM_BENCH, (uint64_t)(w * 20 + attempt), &u, 1);
      const double frequency = 1 + floor(u * fmin(m / 2, 1e5)), value = eigenvalue(p, frequency);
      if (value <= best) continue;
      best = value;
      p->frequency[w] = frequency;
      if (value > 1.6 * (double)p->offsets) break;
    }
    p->coefficient[w] = p->lambda / (scale / m * best);
  }
  /* sigma(d) + c d stays below 1 for differences up to 6 A. */
  p->amplitude = fmin(3, 0.2 / (p->lambda + 0.05)) / (2 * WAVES);
}

/* r centred, and wAWR by the optimality equation at r. */
static void choose_levels(int64_t seed, crow_bench_preferences *p) {
  double weight[LEVELS], mean = 0;
  const double reach = fmin(3, 0.2 / (p->lambda + 0.05));
  for (int k = 0; k < LEVELS; k++) {
    const crow_gidx members = p->alternatives / LEVELS + (k < p->alternatives % LEVELS);
    double u;
    crow_random_uniform((uint64_t)seed, CROW_STREAM_BENCH, (uint64_t)k, &u, 1);
    weight[k] = (double)members / (double)p->alternatives;
    p->level[k] = reach * (u - 0.5);
    mean += weight[k] * p->level[k];
  }
  for (int k = 0; k < LEVELS; k++) p->level[k] -= mean;
  for (int k = 0; k < LEVELS; k++) {
    p->win_rate[k] = p->lambda * p->level[k];
    for (int j = 0; j < LEVELS; j++) p->win_rate[k] += weight[j] / (1 + exp(p->level[j] - p->level[k]));
  }
}

crow_status crow_bench_preferences_create(int graph, crow_gidx alternatives, int64_t pairs, double lambda, int64_t seed,
                                          crow_bench_preferences *out) {
  crow_status status = CROW_OK;
  const crow_gidx m = alternatives;
  memset(out, 0, sizeof *out);
  *out = (crow_bench_preferences){.alternatives = m, .graph = graph, .lambda = lambda};
  if (graph == CROW_BENCH_COMPLETE) {
    choose_levels(seed, out);
    return CROW_OK;
  }
  out->offsets = (pairs + m - 1) / m;
  if (out->offsets > (m - 1) / 2) out->offsets = (m - 1) / 2;
  if (out->offsets < 1) {
    CROW_TRY(crow_error(CROW_USAGE, "a fit of pairs needs at least 3 alternatives and one pair; here are %lld and %lld",
                        (long long)m, (long long)pairs));
  }
  CROW_TRY(choose_offsets(seed, out));
  /* s of equal weights and all distinct pairs: (1 - 1/m) m^2 / (2 q). */
  choose_waves(seed, (double)(m - 1) / (2 * (double)out->offsets), out);
cleanup:
  if (status != CROW_OK) crow_bench_preferences_free(out);
  return status;
}

void crow_bench_preferences_free(crow_bench_preferences *preferences) {
  crow_free(preferences->offset);
  memset(preferences, 0, sizeof *preferences);
}

double crow_bench_preferences_reward(const crow_bench_preferences *p, crow_gidx index) {
  if (p->graph == CROW_BENCH_COMPLETE) return p->level[index % LEVELS];
  double sum = 0;
  for (int w = 0; w < WAVES; w++) sum += sin(turn(index, p->frequency[w], p->alternatives));
  return p->amplitude * sum;
}

/* p(x > x + o) for all offsets: sin(a + b) by its addition theorem, so that only exp is left for each pair. */
static void judge(const crow_bench_preferences *p, crow_gidx x, const double *sines, const double *cosines,
                  double *share) {
  double sine[WAVES], cosine[WAVES];
  for (int w = 0; w < WAVES; w++) {
    sine[w] = sin(turn(x, p->frequency[w], p->alternatives));
    cosine[w] = cos(turn(x, p->frequency[w], p->alternatives));
  }
  for (int64_t k = 0; k < p->offsets; k++) {
    double difference = 0, flow = 0;
    for (int w = 0; w < WAVES; w++) {
      const double other = sine[w] * cosines[k * WAVES + w] + cosine[w] * sines[k * WAVES + w];
      const double step = p->amplitude * (sine[w] - other);
      difference += step;
      flow += p->coefficient[w] * step;
    }
    share[k] = 1 / (1 + exp(-difference)) + flow;
  }
}

crow_status crow_bench_preferences_pairs(const crow_comm *comm, const crow_bench_preferences *p, crow_pairs *out) {
  crow_status status = CROW_OK;
  const crow_gidx m = p->alternatives;
  const crow_partition mine = crow_comm_partition(comm, m, 1);
  const int64_t n = p->offsets, q = mine.count * n;
  double *sines = NULL, *cosines = NULL, *share = NULL;
  int32_t *first = NULL, *second = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_EACH(n * WAVES, &sines, &cosines));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW_EACH(q, &share, &first, &second));
  for (int64_t k = 0; k < n * WAVES; k++) {
    sines[k] = sin(turn(p->offset[k / WAVES], p->frequency[k % WAVES], m));
    cosines[k] = cos(turn(p->offset[k / WAVES], p->frequency[k % WAVES], m));
  }
  for (crow_gidx i = 0; i < mine.count; i++) {
    const crow_gidx x = mine.begin + i;
    judge(p, x, sines, cosines, share + i * n);
    for (int64_t k = 0; k < n; k++) {
      first[i * n + k] = (int32_t)x;
      second[i * n + k] = (int32_t)((x + p->offset[k]) % m);
    }
  }
  CROW_TRY(crow_pairs_create(comm, m, q, first, second, share, NULL, out));
cleanup:
  CROW_FREE(sines, cosines, share, first, second);
  return status;
}
