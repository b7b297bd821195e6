/* SPDX-License-Identifier: Apache-2.0 */
/* Benchmarks that fill a share of the memory, of which Slurm says how much there is: how large their problems are. */
#include "bench/bench_impl.h"
#include "harness.h"

#include <stdlib.h>

static double figure(const crow_bench_report *report, const char *name) {
  const crow_bench_figure *found = crow_bench_report_find(report, name);
  CHECK(found != NULL);
  return found ? found->median : (double)NAN;
}

static crow_bench_options filled(double bytes) {
  crow_bench_options options;
  crow_bench_options_default(&options);
  options.repetitions = 1;
  options.warm_up = 0;
  options.samples = 8;
  options.folder = test_folder();
  CHECK(setenv("SLURM_MEM_PER_NODE", "512", 1) == 0);
  CHECK(crow_memory_limit_bytes(1) == 512 << 20);
  options.fill = bytes / (512 << 20);
  return options;
}

static const crow_bench_machine machine = {
    .gemm_flops = 1e9, .triad_bytes_s = 1e10, .allreduce_latency_s = 1e-6, .allreduce_bytes_s = 1e9};

/* An alternative takes 4 d + 76 bytes where products search, 25 d + 16 where a tree may be built; a rank's libraries
 * have 32 MiB. */
static void alternatives_fill_a_share(void) {
  static const struct {
    crow_nearest_engine engine;
    double each;
  } cases[] = {{CROW_NEAREST_FUSED, 4 * 16 + 76}, {CROW_NEAREST_TREE, 25 * 16 + 16}};
  for (int c = 0; c < 2; c++) {
    crow_bench_report report;
    crow_bench_options options = filled(0x1p25 + 1e6);
    options.dimensions = 16;
    options.contexts = CROW_BENCH_RANDOM;
    options.nearest.engine = (int)cases[c].engine;
    CHECK_OK(crow_bench_weights(test_comm, &options, &machine, &report));
    CHECK(report.valid);
    CHECK_NEAR(figure(&report, "alternatives"), 1e6 / cases[c].each, 1);
  }
}

/* Which engine searches is asked first; one is left that either of the sizes is for. */
static void engines_choose_themselves_first(void) {
  crow_bench_report report;
  crow_bench_options options = filled(0x1p25 + 1e6);
  options.dimensions = 40; /* no tree */
  options.contexts = CROW_BENCH_RANDOM;
  options.draws = CROW_DRAWS_INDEPENDENT;
  CHECK_OK(crow_bench_weights(test_comm, &options, &machine, &report));
  CHECK(report.valid);
  CHECK_NEAR(figure(&report, "alternatives"), 1e6 / (4 * 40 + 76), 1);
}

/* Gathering a pair takes 64 bytes; fitting it 20, and an alternative 375, or 250 without pairs. */
static void comparisons_fill_a_share(void) {
  crow_bench_report report;
  crow_bench_options options = filled(0x1p25 + 8e6);
  options.alternatives = 1000;
  CHECK_OK(crow_bench_fit(test_comm, &options, &machine, &report));
  CHECK(report.valid);
  CHECK(figure(&report, "alternatives") == 1000);
  CHECK_NEAR(figure(&report, "pairs"), 8e6 / 64, 1);
  options.graph = CROW_BENCH_COMPLETE;
  CHECK_OK(crow_bench_fit(test_comm, &options, &machine, &report));
  CHECK_NEAR(figure(&report, "alternatives"), 8e6 / 250, 1);
}

/* A number of a file takes four bytes. */
static void a_file_fills_a_share(void) {
  crow_bench_report report;
  crow_bench_options options = filled(1 << 20);
  options.dimensions = 64;
  CHECK_OK(crow_bench_io(test_comm, &options, &report));
  CHECK(report.valid);
  CHECK_NEAR(figure(&report, "bytes") / (1 << 20), 1, 1e-3);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {{"alternatives fill a share", alternatives_fill_a_share},
                                    {"engines choose themselves first", engines_choose_themselves_first},
                                    {"comparisons fill a share", comparisons_fill_a_share},
                                    {"a file fills a share", a_file_fills_a_share},
                                    {NULL, NULL}};
  return crow_test_main(argc, argv, "filled benchmarks", tests, true);
}
