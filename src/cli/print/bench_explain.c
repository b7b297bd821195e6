/* SPDX-License-Identifier: Apache-2.0 */
/* What each figure of a benchmark is. */
#include "cli/print/bench_impl.h"
#include <string.h>

typedef struct figure_text {
  const char *benchmark; /* NULL: any */
  const char *figure, *text;
} figure_text;

static const figure_text explanations[] = {
    /* the machine */
    {NULL, "ranks", "MPI processes at work"},
    {NULL, "threads", "of each rank"},
    {NULL, "peak_rate", "peak: products and additions of floats in registers, all ranks"},
    {"machine", "sgemm_rate", "OpenBLAS's product of two 2048 x 2048 matrices, all ranks"},
    {NULL, "sgemm_rate", "the same product, measured just before each repetition"},
    {NULL, "triad_rate", "a = b + s c of 64 MiB each, from memory, all ranks"},
    {NULL, "cached_triad_rate", "the same of 8 KiB each, in the first cache"},
    {NULL, "allreduce_latency", "MPI_Allreduce of 8 bytes"},
    {NULL, "allreduce_rate", "MPI_Allreduce of 8 MiB"},
    {NULL, "reproducible_sum_of_100000", "crow's sum over the ranks, the same bits on any number of them"},
    {NULL, "plain_sum_of_100000", "MPI's own sum of as many doubles"},
    {NULL, "reproducible_to_plain_sum", "time of crow's sum / time of the plain one"},
    /* sizes */
    {NULL, "alternatives", "m"},
    {NULL, "dimensions", "d"},
    {NULL, "searched_dimensions", "in which distances are taken"},
    {NULL, "samples", "N, points of S"},
    {NULL, "pairs", "distinct observed pairs"},
    {NULL, "grid_groups", "groups of ranks that share the samples"},
    {NULL, "grid_slices", "slices of alternatives"},
    {NULL, "decided_again", "share of samples that single precision could not decide"},
    {NULL, "evaluations", "of the objective, in a fit"},
    {NULL, "iterations", "of L-BFGS, in a fit"},
    {NULL, "optimality", "certificate: largest violation of the optimality equation"},
    {NULL, "bytes", "of the contexts"},
    /* times and rates */
    {"weights", "time", "draw, search, count and reduce; slowest rank"},
    {"fit", "time", "all evaluations and the optimiser; slowest rank"},
    {NULL, "time_with_setup", "the whole call"},
    {NULL, "time_of_evaluation", "objective and gradient once"},
    {NULL, "cpu_time_of_evaluation", "with the optimiser's share, processor time, a rank's mean"},
    {NULL, "samples_rate", "samples a second"},
    {"weights", "pairs_rate", "samples x alternatives a second: the score"},
    {"fit", "pairs_rate", "observed pairs a second of evaluation: the score"},
    {NULL, "alternatives_rate", "alternatives a second of evaluation: the score"},
    {"weights", "rate", "2 N m d operations in that time, whatever the search skips"},
    {"fit", "rate", "16 operations a pair, 576 an alternative of complete preferences"},
    {NULL, "rate_by_cpu_time", "the same in processor time"},
    {NULL, "ratio_to_sgemm", "rate / sgemm_rate; above 1 where operations are skipped"},
    {NULL, "ratio_to_sgemm_by_cpu_time", "the same in processor time"},
    {NULL, "share_of_peak", "operations really made / peak_rate"},
    {NULL, "memory_rate", "bytes that must at least be moved"},
    {NULL, "share_of_triad", "of triad_rate; of cached_triad_rate where 192 MiB hold the data"},
    {NULL, "share_in_mpi", "of the whole call, mean over the ranks"},
    {NULL, "efficiency", "of these ranks against one (--efficiency)"},
    /* draws */
    {NULL, "draws_blocks", "blocks of signs, each draw makes twice as many samples; 0: independent"},
    {NULL, "independent_samples", "drawn one by one, for comparison"},
    {NULL, "independent_samples_rate", "samples a second of these"},
    {NULL, "independent_ratio_to_sgemm_by_cpu_time", "2 m d operations each / sgemm's, processor time"},
    {NULL, "times_independent", "samples a processor second, by signs / independent"},
    {NULL, "variance_seeds", "runs with other seeds, for the variance"},
    {NULL, "variance_to_independent", "variance of the weights / that of as many independent samples"},
    {NULL, "gain_over_independent", "times_independent / variance_to_independent"},
    /* what was charged or took */
    {NULL, "work_sample", "processor time of a sample"},
    {NULL, "work_pair", "of a pair and evaluation"},
    {NULL, "work_whole", "of an alternative that pairs reach, and evaluation"},
    {NULL, "work_slice", "of an alternative of a rank, and evaluation"},
    {NULL, "work_vector", "of an element of the optimiser's vectors"},
    /* files */
    {NULL, "write_rate", "HDF5, all ranks"},
    {NULL, "read_rate", "HDF5, all ranks"},
    {NULL, "plain_write_rate", "plain files, one a rank"},
    {NULL, "plain_read_rate", "plain files, one a rank"},
    {NULL, "ratio_to_plain_write", "write_rate / plain_write_rate"},
    {NULL, "ratio_to_plain_read", "read_rate / plain_read_rate"},
    /* the model */
    {NULL, "draw_a_sample", "a point of S"},
    {NULL, "search_a_sample", "its nearest alternative"},
    {NULL, "search_grows_as_m_to_the", "power of the number of alternatives"},
    {NULL, "evaluate_a_pair", "of the objective"},
    {NULL, "evaluate_an_alternative", "of the objective"},
    {NULL, "optimise_an_alternative", "L-BFGS, an evaluation"},
    {NULL, "set_up_a_pair", "gathering, sorting, curvature"},
    {NULL, "read_a_comparison", "from the file"},
};

const char *crow_bench_former_name(const char *figure) {
  static const char *const names[][2] = {{"ratio_to_sgemm", "share_of_sgemm"},
                                         {"ratio_to_sgemm_by_cpu_time", "share_of_sgemm_by_cpu_time"},
                                         {"ratio_to_plain_write", "share_of_plain_write"},
                                         {"ratio_to_plain_read", "share_of_plain_read"}};
  for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
    if (strcmp(names[k][0], figure) == 0) return names[k][1];
  }
  return NULL;
}

const char *crow_bench_explain(const char *benchmark, const char *figure) {
  for (size_t k = 0; k < sizeof explanations / sizeof *explanations; k++) {
    const figure_text *e = &explanations[k];
    if (strcmp(e->figure, figure) == 0 && (!e->benchmark || strcmp(e->benchmark, benchmark) == 0)) return e->text;
  }
  return "";
}
