/* SPDX-License-Identifier: Apache-2.0 */
/* The benchmark of Voronoi weights: generate, measure, verify. */
#include "bench/bench_impl.h"
#include "comm/simulated_impl.h"
#include <math.h>
#include <string.h>

#define LIBRARY_BYTES 0x1p25 /* of a rank, beside the problem */

/* One repetition of a size on a communicator, and what came of it. */
typedef struct trial {
  double sampling_cpu_s; /* processor seconds of these stages, all ranks together */
  double sampling_s;     /* draw, search, count and reduce: the slowest rank */
  double total_s;        /* with grid, hull, contexts and index */
  double comm_s;         /* in MPI calls, mean over the ranks */
} trial;

typedef struct series {
  int64_t count;
  double gemm_cpu[CROW_BENCH_REPETITIONS_MOST];
  double gemm[CROW_BENCH_REPETITIONS_MOST]; /* flop/s just before */
  trial trial[CROW_BENCH_REPETITIONS_MOST];
  int64_t independent;                      /* samples of these; 0: samples are independent anyway */
  trial apart[CROW_BENCH_REPETITIONS_MOST]; /* of independent samples, beside draws by signs */
  double variance;                          /* of draws by signs over theirs; NaN: not measured */
  int64_t seeds;
  double alone_s[CROW_BENCH_REPETITIONS_MOST]; /* sampling on one rank with its share of the samples */
} series;

static void weights_options(const crow_bench_options *options, crow_weights_options *out) {
  crow_weights_options_default(out);
  out->space.space = "cube"; /* that of the lattice, whose weights are known */
  out->nearest = options->nearest;
  out->grid = options->grid;
  out->draws = options->draws;
  out->space.seed = options->seed;
}

static double sampling_s(const crow_stages *stages, double *cpu_s) {
  static const char *const names[] = {"draw", "search", "count", "reduce", "cells"};
  double sum = 0;
  *cpu_s = 0;
  for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
    const int at = crow_bench_stage_find(stages, names[k]);
    sum += at < 0 ? 0 : stages->seconds[at];
    *cpu_s += at < 0 ? 0 : stages->cpu_seconds[at];
  }
  return sum;
}

static crow_status bench_weights_run(const crow_comm *comm, crow_bench_lattice *lattice,
                                     const crow_weights_options *options, trial *out, crow_weights *weights) {
  crow_status status = CROW_OK;
  const crow_dataset dataset = crow_bench_lattice_dataset(lattice);
  CROW_TRY(crow_comm_barrier(comm));
  const double start = crow_time_s(), comm_start = crow_comm_seconds();
  /* What weights of a made-up problem warn of is of no concern. */
  crow_log_hush(true);
  status = crow_weights_compute(comm, &dataset, options, weights);
  crow_log_hush(false);
  CROW_TRY(status);
  out->total_s = crow_time_s() - start;
  out->comm_s = crow_comm_seconds() - comm_start;
  out->sampling_s = sampling_s(&weights->run.stages, &out->sampling_cpu_s);
  CROW_TRY(crow_comm_sum_f64_unordered(comm, &out->sampling_cpu_s, 1));
  CROW_TRY(crow_bench_greatest(comm, &out->total_s));
  CROW_TRY(crow_bench_greatest(comm, &out->sampling_s));
  CROW_TRY(crow_comm_sum_f64_unordered(comm, &out->comm_s, 1));
  out->comm_s /= crow_comm_size(comm);
cleanup:
  return status;
}

/* How many samples take about as long as is wanted, from a short run; whole blocks for every rank. */
static crow_status choose_samples(const crow_comm *comm, crow_bench_lattice *lattice, double seconds,
                                  const crow_bench_machine *machine, crow_weights_options *options) {
  crow_status status = CROW_OK;
  const crow_dataset dataset = crow_bench_lattice_dataset(lattice);
  const int64_t block = 2048 * (int64_t)crow_comm_size(comm);
  const double each = 2 * (double)dataset.alternatives * (double)dataset.dimensions / machine->gemm_flops;
  double wanted = 0.1 * seconds / each;
  crow_weights weights = {0};
  trial probe;
  /* Twice, since a search that skips most alternatives is far faster than the product promises. */
  for (int k = 0; k < 2; k++) {
    wanted = fmin(fmax(ceil(wanted / (double)block), 1) * (double)block, 1e12);
    options->samples = (int64_t)wanted;
    CROW_TRY(bench_weights_run(comm, lattice, options, &probe, &weights));
    const bool exact = weights.samples == 0;
    crow_weights_free(&weights);
    if (exact) break;
    wanted *= (k == 0 ? 0.3 : 1) * seconds / probe.sampling_s;
  }
  /* So many that draws have as many blocks as larger runs have, unless that takes too long. */
  const double least = (double)crow_bench_samples_least(dataset.dimensions) * crow_comm_size(comm);
  if (options->draws != CROW_DRAWS_INDEPENDENT && wanted < least && least < 20 * wanted) wanted = least;
  options->samples = (int64_t)(fmin(fmax(ceil(wanted / (double)block), 1) * (double)block, 1e12));
  CROW_TRY(crow_comm_broadcast(comm, &options->samples, (int64_t)sizeof options->samples, 0));
cleanup:
  crow_weights_free(&weights);
  return status;
}

/* Rank 0 alone does what each rank did: the same alternatives, its share of the samples. */
static crow_status run_alone(const crow_comm *comm, const crow_comm *alone, crow_bench_lattice *lattice,
                             const crow_weights_options *options, const crow_weights *together, double *seconds) {
  crow_status status = CROW_OK;
  crow_weights_options one = *options;
  crow_weights weights = {0};
  trial t = {0};
  one.grid = "1x1";
  if (together->run.engine != CROW_NEAREST_SIGNS) one.nearest.engine = (int)together->run.engine;
  one.samples = (options->samples + crow_comm_size(comm) - 1) / crow_comm_size(comm);
  CROW_TRY_AGREE(comm, alone ? bench_weights_run(alone, lattice, &one, &t, &weights) : CROW_OK);
  CROW_TRY(crow_bench_greatest(comm, &t.sampling_s));
  *seconds = t.sampling_s;
cleanup:
  crow_weights_free(&weights);
  return status;
}

/* Independent samples beside draws by signs: as many as take about as long at the product's rate. */
static crow_status run_apart(const crow_comm *comm, crow_bench_lattice *lattice, const crow_weights_options *chosen,
                             const crow_weights *weights, int64_t at, series *s) {
  crow_status status = CROW_OK;
  const crow_dataset dataset = crow_bench_lattice_dataset(lattice);
  crow_weights other = {0};
  crow_weights_options apart = *chosen;
  if (CROW_SIMULATED || weights->blocks == 0) return CROW_OK; /* in a simulation what a sample takes is charged */
  if (s->independent == 0) {
    const double block = 2048 * (double)crow_comm_size(comm);
    const double each = 2 * (double)dataset.alternatives * (double)dataset.dimensions / s->gemm[at];
    const double wanted = ceil(s->trial[at].sampling_s / each / block) * block;
    s->independent = wanted < (double)weights->samples ? (int64_t)wanted : weights->samples;
    CROW_TRY(crow_comm_broadcast(comm, &s->independent, (int64_t)sizeof s->independent, 0));
  }
  apart.draws = CROW_DRAWS_INDEPENDENT;
  apart.samples = s->independent;
  /* The work that is reported is that of the draws, a sample of which takes less. */
  const crow_work_done before = crow_work_get();
  CROW_TRY(bench_weights_run(comm, lattice, &apart, &s->apart[at], &other));
  crow_work_forget(&before);
cleanup:
  crow_weights_free(&other);
  return status;
}

static crow_status bench_weights_measure(const crow_comm *comm, const crow_bench_options *options,
                                         crow_bench_lattice *lattice, const crow_weights_options *chosen, series *s,
                                         crow_stages *stages, crow_weights *weights) {
  crow_status status = CROW_OK;
  crow_comm *alone = NULL;
  if (options->efficiency) CROW_TRY(crow_bench_alone(comm, &alone));
  for (int64_t k = -options->warm_up; k < options->repetitions; k++) {
    const int64_t at = k < 0 ? 0 : k;
    crow_weights_free(weights);
    /* The product is measured beside every repetition: other work disturbs both alike. */
    CROW_TRY(crow_bench_machine_gemm(comm, 0.1, &s->gemm[at], &s->gemm_cpu[at]));
    CROW_TRY(bench_weights_run(comm, lattice, chosen, &s->trial[at], weights));
    CROW_TRY(run_apart(comm, lattice, chosen, weights, at, s));
    if (options->efficiency) CROW_TRY(run_alone(comm, alone, lattice, chosen, weights, &s->alone_s[at]));
    if (k >= 0) crow_bench_stages_add(stages, &weights->run.stages);
  }
  s->count = options->repetitions;
  s->variance = (double)NAN;
  if (s->independent > 0 && options->seeds > 0) {
    CROW_TRY(
        crow_bench_variance(comm, lattice, chosen, options->seeds, 20 * options->seconds, &s->variance, &s->seeds));
  }
cleanup:
  crow_comm_destroy(&alone);
  return status;
}

/* Products and additions that the search makes for a sample and an alternative; NaN of a tree, which skips most. By
 * signs a draw takes the products of its blocks, the additions of the transform, and two operations for each sample. */
static double operations_made(const crow_weights *weights, double d) {
  const crow_nearest_engine engine = weights->run.engine;
  if (engine == CROW_NEAREST_GEMM || engine == CROW_NEAREST_FUSED) return 2 * (double)weights->run.dimensions;
  if (engine != CROW_NEAREST_SIGNS) return (double)NAN;
  const double blocks = (double)weights->blocks;
  return d / blocks + log2(blocks) / 2 + 2;
}

/* Bytes that must at least be moved, over all ranks: in each of a rank's blocks of samples its slice of the contexts
 * once, and every sample, or draw, written and read once as doubles. A tree reads what it needs of the contexts: not
 * counted. */
static double bytes_moved(const crow_weights *weights, double m, double d) {
  const crow_weights_run *run = &weights->run;
  const double n = (double)weights->samples, groups = run->groups, slices = run->slices;
  const bool passes = run->engine != CROW_NEAREST_TREE && run->engine != CROW_NEAREST_EXACT;
  const double drawn = weights->blocks > 0 ? n / (2 * (double)weights->blocks) : n;
  const double blocks = run->block > 0 ? ceil(n / groups / (double)run->block) : 0;
  return (passes ? blocks * groups * m * 4 * (double)run->dimensions : 0) + 16 * drawn * d * slices;
}

/* Draws by signs beside independent samples. */
static void report_draws(const crow_weights *weights, double m, double d, int ranks, const series *s,
                         crow_bench_report *report) {
  double rate[CROW_BENCH_REPETITIONS_MOST], ratio[CROW_BENCH_REPETITIONS_MOST], times[CROW_BENCH_REPETITIONS_MOST];
  double gain[CROW_BENCH_REPETITIONS_MOST];
  const double apart = (double)s->independent, n = (double)weights->samples;
  crow_bench_report_one(report, "draws_blocks", "", (double)weights->blocks);
  if (s->independent == 0) return;
  for (int64_t k = 0; k < s->count; k++) {
    rate[k] = apart / s->apart[k].sampling_s / 1e6;
    ratio[k] = 2 * apart * m * d * ranks / s->apart[k].sampling_cpu_s / s->gemm_cpu[k];
    times[k] = n / s->trial[k].sampling_cpu_s / (apart / s->apart[k].sampling_cpu_s);
    gain[k] = times[k] / s->variance;
  }
  crow_bench_report_one(report, "independent_samples", "", apart);
  crow_bench_report_add(report, "independent_samples_rate", "M/s", rate, s->count);
  crow_bench_report_add(report, "independent_ratio_to_sgemm_by_cpu_time", "", ratio, s->count);
  crow_bench_report_add(report, "times_independent", "", times, s->count);
  crow_bench_report_one(report, "variance_seeds", "", (double)s->seeds);
  crow_bench_report_one(report, "variance_to_independent", "", s->variance);
  crow_bench_report_add(report, "gain_over_independent", "", gain, s->count);
}

static void bench_weights_report_rates(const crow_weights *weights, double m, double d, int ranks,
                                       const crow_bench_options *options, const crow_bench_machine *machine,
                                       const series *s, crow_bench_report *report) {
  double time[CROW_BENCH_REPETITIONS_MOST], total[CROW_BENCH_REPETITIONS_MOST], rate[CROW_BENCH_REPETITIONS_MOST];
  double gemm[CROW_BENCH_REPETITIONS_MOST], share[CROW_BENCH_REPETITIONS_MOST], samples[CROW_BENCH_REPETITIONS_MOST];
  double waiting[CROW_BENCH_REPETITIONS_MOST], alone[CROW_BENCH_REPETITIONS_MOST];
  double cpu_rate[CROW_BENCH_REPETITIONS_MOST], cpu_share[CROW_BENCH_REPETITIONS_MOST];
  double pairs[CROW_BENCH_REPETITIONS_MOST], bytes[CROW_BENCH_REPETITIONS_MOST], of_triad[CROW_BENCH_REPETITIONS_MOST];
  double of_peak[CROW_BENCH_REPETITIONS_MOST];
  const double n = (double)weights->samples, made = operations_made(weights, d);
  const double slices = weights->run.slices > 0 ? weights->run.slices : 1;
  const double triad = crow_bench_machine_triad(machine, 4 * m * d / slices);
  for (int64_t k = 0; k < s->count; k++) {
    const double seconds = s->trial[k].sampling_s;
    time[k] = seconds;
    total[k] = s->trial[k].total_s;
    samples[k] = n / seconds / 1e6;
    pairs[k] = n * m / seconds / 1e6;
    bytes[k] = bytes_moved(weights, m, d) / seconds / 1e9;
    of_triad[k] = bytes[k] * 1e9 / triad;
    of_peak[k] = machine->peak_flops > 0 ? n * m * made / seconds / machine->peak_flops : (double)NAN;
    rate[k] = 2 * n * m * d / seconds / 1e9;
    gemm[k] = s->gemm[k] / 1e9;
    share[k] = rate[k] / gemm[k];
    /* A core's rate against a core's: sums of processor seconds against sums of the ranks' rates. */
    cpu_rate[k] = 2 * n * m * d * ranks / s->trial[k].sampling_cpu_s / 1e9;
    cpu_share[k] = cpu_rate[k] * 1e9 / s->gemm_cpu[k];
    waiting[k] = s->trial[k].comm_s / s->trial[k].total_s;
    alone[k] = s->alone_s[k] / seconds;
  }
  crow_bench_report_add(report, "time", "s", time, s->count);
  crow_bench_report_add(report, "time_with_setup", "s", total, s->count);
  if (n > 0) {
    crow_bench_report_add(report, "samples_rate", "M/s", samples, s->count);
    crow_bench_report_add(report, "pairs_rate", "M/s", pairs, s->count);
    crow_bench_report_add(report, "rate", "GFLOP/s", rate, s->count);
    crow_bench_report_add(report, "sgemm_rate", "GFLOP/s", gemm, s->count);
    crow_bench_report_add(report, "ratio_to_sgemm", "", share, s->count);
    crow_bench_report_add(report, "rate_by_cpu_time", "GFLOP/s", cpu_rate, s->count);
    crow_bench_report_add(report, "ratio_to_sgemm_by_cpu_time", "", cpu_share, s->count);
    crow_bench_report_add(report, "share_of_peak", "", of_peak, s->count);
    crow_bench_report_add(report, "memory_rate", "GB/s", bytes, s->count);
    crow_bench_report_add(report, "share_of_triad", "", of_triad, s->count);
  }
  crow_bench_report_add(report, "share_in_mpi", "", waiting, s->count);
  report_draws(weights, m, d, ranks, s, report);
  if (options->efficiency)
    crow_bench_report_add(report, "efficiency", "", alone, s->count);
  else
    crow_bench_report_none(report, "efficiency", "");
}

static crow_status report_problem(const crow_comm *comm, const crow_bench_options *options, const crow_dataset *dataset,
                                  const crow_weights *weights, crow_bench_report *report) {
  int64_t counts[2] = {weights->run.searched, weights->run.decided_again};
  CROW_NEED(crow_comm_sum_i64(comm, counts, 2));
  (void)snprintf(report->problem, sizeof report->problem,
                 "Voronoi weights of %lld alternatives in %lld dimensions in the unit cube (%s), %lld samples, nearest "
                 "by %s",
                 (long long)dataset->alternatives, (long long)dataset->dimensions,
                 options->contexts == CROW_BENCH_LATTICE ? "a lattice with known weights" : "uniform random contexts",
                 (long long)weights->samples, crow_nearest_engine_name(weights->run.engine));
  crow_bench_report_one(report, "alternatives", "", (double)dataset->alternatives);
  crow_bench_report_one(report, "dimensions", "", (double)dataset->dimensions);
  crow_bench_report_one(report, "searched_dimensions", "", (double)weights->run.dimensions);
  crow_bench_report_one(report, "samples", "", (double)weights->samples);
  crow_bench_report_one(report, "grid_groups", "", weights->run.groups);
  crow_bench_report_one(report, "grid_slices", "", weights->run.slices);
  crow_bench_report_one(report, "decided_again", "", counts[0] > 0 ? (double)counts[1] / (double)counts[0] : 0);
  return CROW_OK;
}

/* Measured peaks of a rank, for each alternative: contexts as floats, hits, squares, results and what finds clones; a
 * tree while it is built. Without samples, cells (EXACT) take twice a tree's at most. */
static double bytes_each(crow_gidx d, int engine) {
  if (engine == CROW_NEAREST_GEMM || engine == CROW_NEAREST_FUSED) return 4 * (double)d + 76;
  return fmax(25 * (double)d + 16, 17 * (double)d + 80);
}

/* As many alternatives as fill the memory. Which engine is taken by itself depends on their number: it is asked among
 * as many as fit any engine, and then kept. */
static crow_status fill_memory(const crow_comm *comm, const crow_bench_options *options, crow_gidx *m,
                               crow_nearest_options *nearest, double *memory) {
  crow_status status = CROW_OK;
  crow_bench_lattice *lattice = NULL;
  crow_weights_options one;
  crow_weights weights = {0};
  const crow_gidx d = options->dimensions;
  CROW_TRY(crow_bench_memory(comm, options->fill, memory));
  const double room = fmax(*memory - LIBRARY_BYTES, 0);
  *m = (crow_gidx)fmax(1, room / bytes_each(d, nearest->engine));
  if (nearest->engine == CROW_NEAREST_AUTO && d > 2) {
    weights_options(options, &one);
    one.samples = 1;
    one.memory_per_rank = *memory / options->fill;
    CROW_TRY_AGREE(comm, crow_bench_lattice_create(options->contexts, *m, d, options->seed, &lattice));
    const crow_dataset dataset = crow_bench_lattice_dataset(lattice);
    CROW_TRY(crow_weights_compute(comm, &dataset, &one, &weights));
    int64_t engine = weights.run.engine;
    CROW_TRY(crow_comm_broadcast(comm, &engine, (int64_t)sizeof engine, 0));
    nearest->engine = (int)engine;
    *m = (crow_gidx)fmax(1, room / bytes_each(d, nearest->engine));
  }
cleanup:
  crow_weights_free(&weights);
  crow_bench_lattice_destroy(&lattice);
  return status;
}

crow_status crow_bench_weights(const crow_comm *comm, const crow_bench_options *options,
                               const crow_bench_machine *machine, crow_bench_report *report) {
  crow_status status = CROW_OK;
  crow_bench_lattice *lattice = NULL;
  crow_weights_options chosen;
  crow_weights weights = {0};
  crow_stages stages = {0};
  series *s = NULL;
  double memory = 0;
  crow_gidx m = options->alternatives > 0 ? options->alternatives : 20000;
  memset(report, 0, sizeof *report);
  report->benchmark = "weights";
  CROW_TRY(crow_bench_options_validate(options));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&s, 1));
  weights_options(options, &chosen);
  if (options->fill > 0) {
    CROW_TRY(fill_memory(comm, options, &m, &chosen.nearest, &memory));
    chosen.memory_per_rank = memory / options->fill; /* not cut into slices, which would leave memory free */
  }
  CROW_TRY_AGREE(comm, crow_bench_lattice_create(options->contexts, m, options->dimensions, options->seed, &lattice));
  const crow_dataset dataset = crow_bench_lattice_dataset(lattice);
  chosen.samples = options->samples;
  if (chosen.samples == 0) CROW_TRY(choose_samples(comm, lattice, options->seconds, machine, &chosen));
  CROW_TRY(bench_weights_measure(comm, options, lattice, &chosen, s, &stages, &weights));
  CROW_TRY(report_problem(comm, options, &dataset, &weights, report));
  bench_weights_report_rates(&weights, (double)dataset.alternatives, (double)dataset.dimensions, crow_comm_size(comm),
                             options, machine, s, report);
  CROW_TRY(crow_bench_stages_report(comm, &stages, s->count, report));
  CROW_TRY(crow_bench_verify_weights(comm, lattice, &chosen, &weights, report));
cleanup:
  crow_weights_free(&weights);
  crow_bench_lattice_destroy(&lattice);
  crow_free(s);
  return status;
}
