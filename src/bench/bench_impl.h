/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CROW_BENCH_IMPL_H
#define CROW_BENCH_IMPL_H

#include <crow/bench.h>
#include <crow/signs.h>

enum { CROW_BENCH_REPETITIONS_MOST = 1000 };
/* Alternatives of complete preferences that crow_bench_model.complete_s is of: caches hold their vectors. */
enum { CROW_BENCH_COMPLETE_NEAR = 100000 };

/* flop/s of all ranks together: products and additions of floats in registers, the best of about `seconds`. What
 * shares of the peak are of. Collective. */
crow_status crow_bench_machine_peak(const crow_comm *comm, double seconds, double *flops);
/* The rate of triad that `bytes` of a rank are to be held against: smaller than triad's own arrays they may be in
 * caches. Local. */
double crow_bench_machine_triad(const crow_bench_machine *machine, double bytes);

/* Adds one number that was not measured repeatedly. */
void crow_bench_report_one(crow_bench_report *report, const char *name, const char *unit, double value);
/* A figure for which there is nothing to measure: NaN. */
void crow_bench_report_none(crow_bench_report *report, const char *name, const char *unit);
/* Stage times: adds those of one repetition, with waiting ranks included; then least, mean and greatest over the ranks
 * of the mean of `repetitions`. The second is collective. */
void crow_bench_stages_add(crow_stages *sum, const crow_stages *stages);
crow_status crow_bench_stages_report(const crow_comm *comm, const crow_stages *sum, int64_t repetitions,
                                     crow_bench_report *report);
/* Contexts in memory, and the function that gives them to a generated dataset. */
typedef struct crow_bench_rows {
  crow_gidx count, dimensions;
  double *row; /* (count, dimensions) */
} crow_bench_rows;
void crow_bench_rows_make(void *context, crow_gidx begin, crow_gidx count, crow_type type, void *values);
/* Processor seconds that the weights within all prompts of `size->dataset` take one rank, from some of them, which
 * `sampled` gets whole on every rank. Collective over both, `alone` being one rank. */
crow_status crow_bench_probe_prompts(const crow_comm *comm, const crow_comm *alone, const crow_bench_size *size,
                                     const crow_nearest_options *nearest, double *seconds, crow_weights *sampled);
/* What a sample and a pass over the alternatives of `size->dataset` take one rank, from weights of some of them as crow
 * weights makes them: draw_s, search_s, exponent, prepare_s, center_rounds, alternatives; context_s and near_pair_s.
 * `sampled` gets weights of some alternatives, whole on every rank, unless all are to be equal. Collective over both.
 */
crow_status crow_bench_probe_weights(const crow_comm *comm, const crow_comm *alone, const crow_bench_size *size,
                                     const crow_nearest_options *nearest, crow_bench_model *out, crow_weights *sampled);
/* A fit to some of the preferences of `size->dataset` by all ranks: fit_s, fit_comparisons, fit_alternatives,
 * fit_evaluations, errors_s, check_s, win_rates_s, sampling_s, entry_s; of a trained model trained_s and step_s.
 * Alternatives have in turn the weights and hits of `sampled` (empty: all are equal). All stay 0 where there are too
 * many preferences to try. Collective. */
crow_status crow_bench_probe_dataset_fit(const crow_comm *comm, const crow_bench_size *size,
                                         const crow_weights *sampled, crow_bench_model *out);
/* Seconds of processor time of a stage; 0 if there is none of this name. */
double crow_bench_stage_cpu_s(const crow_stages *stages, const char *name);
/* The position of a stage, or -1. */
int crow_bench_stage_find(const crow_stages *stages, const char *name);
/* Seconds of one stage on this rank; 0 if there is none of this name. */
double crow_bench_stage_s(const crow_stages *stages, const char *name);
/* The greatest value over the ranks. Collective. */
crow_status crow_bench_greatest(const crow_comm *comm, double *value);
/* Memory that each rank may fill, in bytes: `fill` of what the poorest rank has. Collective. */
crow_status crow_bench_memory(const crow_comm *comm, double fill, double *bytes);
/* This rank alone, on rank 0; NULL on the others. Collective. */
crow_status crow_bench_alone(const crow_comm *comm, crow_comm **out);

/* 200 draws of the most blocks that this many dimensions can be dealt into: with more samples the rule takes as many
 * blocks. Local. */
int64_t crow_bench_samples_least(crow_gidx dimensions);
/* The variance of the weights over that of as many independent samples, summed over the alternatives, from runs with up
 * to `seeds` other seeds: as many as take about `seconds`, but four. `*done` says how many. Collective. */
crow_status crow_bench_variance(const crow_comm *comm, crow_bench_lattice *lattice, const crow_weights_options *options,
                                int64_t seeds, double seconds, double *variance, int64_t *done);

/* Draws some samples again, searches them by brute force and checks that the hits hold them. Collective. */
crow_status crow_bench_audit_samples(const crow_comm *comm, const crow_dataset *dataset,
                                     const crow_weights_options *options, const crow_weights *weights, int64_t *audited,
                                     int64_t *missing);

/* Called on all ranks with the name of a dataset that is written and closed and not yet read. Collective. */
typedef crow_status crow_bench_io_hook(const crow_comm *comm, const char *file, void *context);
/* crow_bench_io() with a hook, by which tests tamper with what was written. Collective. */
crow_status crow_bench_io_hooked(const crow_comm *comm, const crow_bench_options *options, crow_bench_io_hook *written,
                                 void *context, crow_bench_report *report);

#endif
