/* SPDX-License-Identifier: Apache-2.0 */
/* The machine's figures as a report. */
#include <crow/bench.h>

crow_status crow_bench_machine_report(const crow_comm *comm, double seconds, int64_t threads,
                                      crow_bench_machine *machine, crow_bench_report *report) {
  const int size = crow_comm_size(comm);
  CROW_NEED(crow_bench_machine_measure(comm, seconds, machine));
  *report = (crow_bench_report){.benchmark = "machine", .blas_core = crow_blas_core(), .valid = true};
  (void)snprintf(report->problem, sizeof report->problem,
                 "%d rank%s of %lld thread%s on %s, OpenBLAS %s with its %s core, %s", size, crow_plural(size),
                 (long long)threads, crow_plural(threads), crow_comm_host(), crow_blas_version(), crow_blas_core(),
                 crow_comm_version());
  const double ranks = size, gemm = machine->gemm_flops / 1e9, triad = machine->triad_bytes_s / 1e9;
  const double peak = machine->peak_flops / 1e9, cached = machine->cached_triad_bytes_s / 1e9;
  const double latency = machine->allreduce_latency_s * 1e6, bandwidth = machine->allreduce_bytes_s / 1e9;
  const double threads_each = (double)threads;
  double fixed = 0, plain = 0;
  CROW_NEED(crow_bench_machine_sums(comm, seconds / 10, &fixed, &plain));
  const double fixed_us = fixed * 1e6, plain_us = plain * 1e6, ratio = fixed / plain;
  crow_bench_report_add(report, "ranks", "", &ranks, 1);
  crow_bench_report_add(report, "threads", "", &threads_each, 1);
  crow_bench_report_add(report, "sgemm_rate", "GFLOP/s", &gemm, 1);
  crow_bench_report_add(report, "peak_rate", "GFLOP/s", &peak, 1);
  crow_bench_report_add(report, "triad_rate", "GB/s", &triad, 1);
  crow_bench_report_add(report, "cached_triad_rate", "GB/s", &cached, 1);
  crow_bench_report_add(report, "allreduce_latency", "us", &latency, 1);
  crow_bench_report_add(report, "allreduce_rate", "GB/s", &bandwidth, 1);
  crow_bench_report_add(report, "reproducible_sum_of_100000", "us", &fixed_us, 1);
  crow_bench_report_add(report, "plain_sum_of_100000", "us", &plain_us, 1);
  crow_bench_report_add(report, "reproducible_to_plain_sum", "", &ratio, 1);
  return CROW_OK;
}
