/* SPDX-License-Identifier: Apache-2.0 */
/* What the machine does, measured in the same run: all ranks at work at once. */
#include "bench/bench_impl.h"
#include "comm/simulated_impl.h"
#include <cblas.h>
#include <math.h>

enum { GEMM_SIDE = 2048, GEMM_SIDE_SLOW = 128, TRIAD_LENGTH = 1 << 23, TRIAD_CACHED = 1 << 10, SUM_LENGTH = 100000 };
/* Every round of a simulation takes the same, and its ranks are in one memory, which large vectors with their messages
 * would fill. */
enum { ROUNDS_MOST = CROW_SIMULATED ? 1 : 1000000, ALLREDUCE_LENGTH = 1 << (CROW_SIMULATED ? 14 : 20) };

static void fill(float *values, int64_t count, uint64_t row) {
  /* Small integers: no denormals, no overflow. */
  for (int64_t i = 0; i < count; i++) values[i] = (float)((i * 7 + (int64_t)row * 3) % 17 - 8);
}

static void machine_multiply(int n, const float *a, const float *b, float *c) {
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, n, n, 1, a, n, b, n, 0, c, n);
}

/* The side of the matrices to multiply for about `seconds`: the usual one, but where that would take more than 5 times
 * as long, as in an emulator. The least of a few times, as a rank may be interrupted. */
static int machine_choose_side(double seconds, const float *a, const float *b, float *c) {
  const int64_t usual = GEMM_SIDE, small = GEMM_SIDE_SLOW;
  const double more = (double)(usual * usual * usual) / (double)(small * small * small);
  double least = (double)INFINITY;
  for (int k = 0; k < 4; k++) {
    const double start = crow_time_s();
    machine_multiply(GEMM_SIDE_SLOW, a, b, c);
    least = fmin(least, crow_time_s() - start);
  }
  return least * more > 5 * seconds ? GEMM_SIDE_SLOW : GEMM_SIDE;
}

crow_status crow_bench_machine_gemm(const crow_comm *comm, double seconds, double *flops, double *cpu_flops) {
  crow_status status = CROW_OK;
  float *a = NULL, *b = NULL, *c = NULL;
  const int64_t most = GEMM_SIDE;
  int64_t done = 0;
  *flops = *cpu_flops = 1;
  if (CROW_SIMULATED) return CROW_OK;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW_EACH(most * most, &a, &b));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&c, most * most));
  fill(a, most * most, 1);
  fill(b, most * most, 2);
  const int64_t n = machine_choose_side(seconds, a, b, c);
  CROW_TRY(crow_comm_barrier(comm));
  const double start = crow_time_s(), cpu_start = crow_time_cpu_s();
  do {
    machine_multiply((int)n, a, b, c);
    done++;
  } while (crow_time_s() - start < seconds);
  const double operations = 2.0 * (double)(n * n * n * done);
  *flops = operations / (crow_time_s() - start);
  *cpu_flops = operations / (crow_time_cpu_s() - cpu_start);
  CROW_TRY(crow_comm_sum_f64_unordered(comm, flops, 1));
  CROW_TRY(crow_comm_sum_f64_unordered(comm, cpu_flops, 1));
cleanup:
  CROW_FREE(a, b, c);
  return status;
}

static void triad(double *restrict a, const double *restrict b, const double *restrict c, int64_t n) {
  for (int64_t i = 0; i < n; i++) a[i] = b[i] + 3.0 * c[i];
}

/* Of arrays of `n` numbers, `times` in a row. */
static crow_status measure_triad(const crow_comm *comm, int64_t n, int64_t times, double seconds, double *bytes_s) {
  crow_status status = CROW_OK;
  double *a = NULL, *b = NULL, *c = NULL, best = 0;
  *bytes_s = 1;
  if (CROW_SIMULATED) return CROW_OK;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_EACH(n, &a, &b, &c));
  triad(a, b, c, n); /* touches all pages */
  CROW_TRY(crow_comm_barrier(comm));
  const double begin = crow_time_s();
  do {
    const double start = crow_time_s();
    for (int64_t k = 0; k < times; k++) triad(k % 2 ? b : a, k % 2 ? a : b, c, n);
    const double rate = 24.0 * (double)(n * times) / (crow_time_s() - start);
    if (rate > best) best = rate;
  } while (crow_time_s() - begin < seconds);
  *bytes_s = best;
  CROW_TRY(crow_comm_sum_f64_unordered(comm, bytes_s, 1));
cleanup:
  CROW_FREE(a, b, c);
  return status;
}

/* Seconds of an allreduce of `count` integers: the mean of as many as take about `seconds`. */
static crow_status measure_allreduce(const crow_comm *comm, int64_t *values, int64_t count, double seconds,
                                     double *each_s) {
  int64_t rounds = 1;
  for (;;) {
    CROW_NEED(crow_comm_barrier(comm));
    double elapsed = crow_time_s();
    for (int64_t k = 0; k < rounds; k++) CROW_NEED(crow_comm_max_i64(comm, values, count));
    elapsed = crow_time_s() - elapsed;
    CROW_NEED(crow_bench_greatest(comm, &elapsed)); /* all ranks go on alike */
    *each_s = elapsed / (double)rounds;
    if (elapsed >= seconds || rounds >= ROUNDS_MOST) break;
    rounds *= 4;
  }
  return CROW_OK;
}

crow_status crow_bench_machine_measure(const crow_comm *comm, double seconds, crow_bench_machine *out) {
  crow_status status = CROW_OK;
  int64_t *values = NULL;
  double latency = (double)NAN, large = (double)NAN, cpu_flops = 0;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&values, ALLREDUCE_LENGTH));
  CROW_TRY(crow_bench_machine_gemm(comm, seconds / 4, &out->gemm_flops, &cpu_flops));
  CROW_TRY(measure_triad(comm, TRIAD_LENGTH, 1, seconds / 4, &out->triad_bytes_s));
  CROW_TRY(measure_triad(comm, TRIAD_CACHED, 4096, seconds / 16, &out->cached_triad_bytes_s));
  CROW_TRY(crow_bench_machine_peak(comm, seconds / 16, &out->peak_flops));
  if (crow_comm_size(comm) > 1) {
    CROW_TRY(measure_allreduce(comm, values, 1, seconds / 8, &latency));
    CROW_TRY(measure_allreduce(comm, values, ALLREDUCE_LENGTH, seconds / 8, &large));
  }
  out->allreduce_latency_s = latency;
  out->allreduce_bytes_s = 8.0 * ALLREDUCE_LENGTH / large;
cleanup:
  crow_free(values);
  return status;
}

double crow_bench_machine_triad(const crow_bench_machine *machine, double bytes) {
  const double peak = bytes < 24.0 * TRIAD_LENGTH ? machine->cached_triad_bytes_s : machine->triad_bytes_s;
  return peak > 0 ? peak : (double)NAN;
}

/* Seconds of the slowest rank for one sum. */
static crow_status time_sum(const crow_comm *comm, bool reproducible, double *values, int64_t *fixed, double *seconds) {
  for (int k = 0; k < SUM_LENGTH; k++) {
    values[k] = 1.0 / (k + 1);
    fixed[k] = (int64_t)(values[k] * 0x1p50);
  }
  CROW_NEED(crow_comm_barrier(comm));
  const double start = crow_time_s();
  if (reproducible)
    CROW_NEED(crow_comm_sum_i64(comm, fixed, SUM_LENGTH));
  else
    CROW_NEED(crow_comm_sum_f64_unordered(comm, values, SUM_LENGTH));
  *seconds = crow_time_s() - start;
  return crow_bench_greatest(comm, seconds);
}

crow_status crow_bench_machine_sums(const crow_comm *comm, double seconds, double *reproducible_s, double *plain_s) {
  crow_status status = CROW_OK;
  enum { ROUNDS = 301 };
  double *values = NULL, times[2][ROUNDS], spent = 0;
  int64_t *fixed = NULL;
  int done = 0;
  crow_bench_report medians = {0};
  *reproducible_s = *plain_s = CROW_SIMULATED ? 1 : (double)NAN; /* adding takes no time in a simulation */
  if (CROW_SIMULATED || crow_comm_size(comm) == 1) return CROW_OK;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_EACH(SUM_LENGTH, &values, &fixed));
  /* The first round warms up. All ranks stop alike, since their times are the greatest of all. */
  for (int round = 0; round < ROUNDS + 1 && (done < 3 || spent < seconds); round++) {
    done = round;
    /* Each goes first in every other round. */
    for (int turn = 0; turn < 2; turn++) {
      const int k = (turn + round) % 2;
      double *at = &times[k][round > 0 ? round - 1 : 0];
      CROW_TRY(time_sum(comm, k == 0, values, fixed, at));
      spent += *at;
    }
  }
  crow_bench_report_add(&medians, "reproducible", "s", times[0], done);
  crow_bench_report_add(&medians, "plain", "s", times[1], done);
  *reproducible_s = medians.figure[0].median;
  *plain_s = medians.figure[1].median;
cleanup:
  CROW_FREE(values, fixed);
  return status;
}
