/* SPDX-License-Identifier: Apache-2.0 */
/* The peak that shares are held against: products and additions of floats in registers, by the widest instructions that
 * crow's own kernels take. */
#include "bench/bench_impl.h"
#include "comm/simulated_impl.h"
#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define PEAK_X86 1
#else
#define PEAK_X86 0
#endif

enum { PEAK_CHAINS = 16, PEAK_ROUNDS = 1 << 14, PEAK_LANES_PORTABLE = 4 };

/* Chains enough that none waits for its own last sum. */
#define PEAK_LOOP(vector, splat, fuse)                                                                                 \
  vector sum[PEAK_CHAINS];                                                                                             \
  const vector factor = splat(x), term = splat(1 - x);                                                                 \
  for (int c = 0; c < PEAK_CHAINS; c++) sum[c] = splat((float)c);                                                      \
  for (int64_t r = 0; r < PEAK_ROUNDS; r++) {                                                                          \
    for (int c = 0; c < PEAK_CHAINS; c++) sum[c] = fuse(sum[c], factor, term);                                         \
  }                                                                                                                    \
  for (int c = 1; c < PEAK_CHAINS; c++) sum[0] = fuse(sum[c], factor, sum[0]);                                         \
  memcpy(out, &sum[0], sizeof sum[0])

#if PEAK_X86
__attribute__((target("avx512f"), noinline)) static void peak_wide(float x, float *out) {
  PEAK_LOOP(__m512, _mm512_set1_ps, _mm512_fmadd_ps);
}
__attribute__((target("avx2,fma"), noinline)) static void peak_middle(float x, float *out) {
  PEAK_LOOP(__m256, _mm256_set1_ps, _mm256_fmadd_ps);
}
#endif

typedef float peak_vector __attribute__((vector_size(16)));
static inline peak_vector peak_splat(float x) { return (peak_vector){x, x, x, x}; }
static inline peak_vector peak_fuse(peak_vector a, peak_vector b, peak_vector c) { return a * b + c; }
__attribute__((noinline)) static void peak_portable(float x, float *out) {
  PEAK_LOOP(peak_vector, peak_splat, peak_fuse);
}

crow_status crow_bench_machine_peak(const crow_comm *comm, double seconds, double *flops) {
  void (*loop)(float, float *) = peak_portable;
  double lanes = PEAK_LANES_PORTABLE, best = 0;
  float out[16], x = 0.5f;
  *flops = 1;
  if (CROW_SIMULATED) return CROW_OK;
#if PEAK_X86
  if (__builtin_cpu_supports("avx512f")) {
    loop = peak_wide;
    lanes = 16;
  } else if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    loop = peak_middle;
    lanes = 8;
  }
#endif
  CROW_NEED(crow_comm_barrier(comm));
  const double begin = crow_time_s();
  do {
    const double start = crow_time_s();
    loop(x, out);
    const double rate = 2 * lanes * PEAK_CHAINS * (double)PEAK_ROUNDS / (crow_time_s() - start);
    x = out[0] > 2 ? 0.25f : 0.5f; /* what was computed is looked at */
    if (rate > best) best = rate;
  } while (crow_time_s() - begin < seconds);
  *flops = best;
  return crow_comm_sum_f64_unordered(comm, flops, 1);
}
