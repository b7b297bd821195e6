/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 * crow as a benchmark: problems that are generated in place and whose answers are known, their times and rates beside
 * what the machine can do, and results that are verified before a figure counts.
 */
#ifndef CROW_BENCH_H
#define CROW_BENCH_H

#include <crow/rewards.h>
#include <crow/uncertainty.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum crow_bench_contexts { CROW_BENCH_LATTICE, CROW_BENCH_RANDOM } crow_bench_contexts;
typedef enum crow_bench_graph { CROW_BENCH_PAIRS, CROW_BENCH_COMPLETE } crow_bench_graph;

typedef struct crow_bench_options {
  int64_t alternatives; /**< m; 0: 20000 for weights, 100000 for a fit; a lattice takes the nearest m it can have */
  int64_t dimensions;   /**< d of weights and I/O; default 384 */
  int64_t samples;      /**< N; 0: as many as take `seconds` */
  int draws;           /**< crow_draws of the weights; default auto; draws by signs are held against independent ones */
  int64_t seeds;       /**< for the variance of draws by signs; 0: not measured; default 32 */
  int64_t pairs;       /**< distinct observed pairs; 0: 50 for each alternative */
  int contexts;        /**< crow_bench_contexts: a lattice, whose weights are known, or uniform random */
  int graph;           /**< crow_bench_graph: observed pairs, or complete preferences */
  double fill;         /**< > 0: as many alternatives (for pairs: comparisons) as fill this share of the memory */
  double seconds;      /**< about how long a repetition takes where the size is not given; default 1 */
  int64_t repetitions; /**< measured; default 5 */
  int64_t warm_up;     /**< before them, not measured; default 1 */
  bool efficiency;     /**< also run on one rank, for the parallel efficiency */
  double lambda;       /**< of the fit; default 0.01 */
  double tolerance;    /**< of the fit; default 1e-8 */
  const char *grid;    /**< of ranks for weights, as in crow_weights_options */
  const char *folder;  /**< where I/O writes; default "." */
  int64_t seed;        /**< default 1 */
  crow_nearest_options nearest; /**< its settings are crow_nearest_settings */
} crow_bench_options;
extern CROW_API const crow_setting crow_bench_settings[];

/** Sets this struct and those in it to their defaults. Local. */
CROW_API void crow_bench_options_default(crow_bench_options *options);
/** Checks them: CROW_USAGE names the field, the value and the range. Local. */
CROW_API crow_status crow_bench_options_validate(const crow_bench_options *options);

/* ---- reports ------------------------------------------------------------------------------------------------ */

/** One measured or given number: the median of the repetitions and their range, or the same value thrice. */
typedef struct crow_bench_figure {
  const char *name;               /**< borrowed constant: "time" */
  const char *unit;               /**< "s", "GFLOP/s", "" for a count */
  double median, least, greatest; /**< NaN where there is nothing to measure */
} crow_bench_figure;

enum { CROW_BENCH_FIGURES = 48 };

/** What a benchmark found; the same on all ranks. */
typedef struct crow_bench_report {
  const char *benchmark; /**< "weights", "fit", "io" */
  char problem[512];     /**< what was solved, in words */
  const char *blas_core; /**< of "machine": what OpenBLAS took the processor for; else NULL */
  int figures;
  crow_bench_figure figure[CROW_BENCH_FIGURES];
  int stages;
  const char *stage[CROW_STAGES_MAX];
  double least_s[CROW_STAGES_MAX], mean_s[CROW_STAGES_MAX],
      greatest_s[CROW_STAGES_MAX]; /**< a repetition, over ranks */
  bool valid;
  char verdict[512]; /**< what was verified, or what is wrong */
} crow_bench_report;

/** Adds the median and range of `values` (count); Local. */
CROW_API void crow_bench_report_add(crow_bench_report *report, const char *name, const char *unit, const double *values,
                                    int64_t count);
/** The figure of this name, or NULL; Local. */
CROW_API const crow_bench_figure *crow_bench_report_find(const crow_bench_report *report, const char *name);

/** A stage's share of all stages' mean time, in percent; Local. */
CROW_API double crow_bench_report_share(const crow_bench_report *report, int stage);
/** Adds what one thing of each kind of work took since `before`, over all ranks, as work_sample, work_pair, ... in ns.
 * Collective. */
CROW_API crow_status crow_bench_report_add_work(const crow_comm *comm, const crow_work_done *before,
                                                crow_bench_report *report);
/** Writes all figures and stages of `report` (count) to a CSV file, which replaces an existing one: benchmark,
 * quantity, unit, median, least, greatest. Rank 0 writes. Collective. */
CROW_API crow_status crow_bench_write_csv(const crow_comm *comm, const char *path, const crow_bench_report *report,
                                          int count);

/* ---- the machine -------------------------------------------------------------------------------------------- */

/** What the machine does with all ranks at work. On one rank there is no allreduce to measure: NaN. */
typedef struct crow_bench_machine {
  double gemm_flops;           /**< flop/s of all ranks together: cblas_sgemm of 2048^3 */
  double triad_bytes_s;        /**< bytes/s of all ranks together: a = b + s c of 64 MiB each, 24 bytes an element */
  double allreduce_latency_s;  /**< of 8 bytes */
  double allreduce_bytes_s;    /**< bytes/s of an allreduce of 8 MiB of integers */
  double peak_flops;           /**< flop/s of all ranks together: products and additions of floats in registers */
  double cached_triad_bytes_s; /**< bytes/s of all ranks together: triad of 8 KiB each, in the first cache */
} crow_bench_machine;
/** Measures for about `seconds` in all. Collective. */
CROW_API crow_status crow_bench_machine_measure(const crow_comm *comm, double seconds, crow_bench_machine *out);
/** One of its parts: the rate of cblas_sgemm over about `seconds`, operations a second of time, `*flops`, and of
 * processor time, `*cpu_flops` (which other work on the machine disturbs less). Collective. */
CROW_API crow_status crow_bench_machine_gemm(const crow_comm *comm, double seconds, double *flops, double *cpu_flops);
/** Seconds of the allreduce of a fit's gradient, 100000 integers (it is gathered in fixed point, so that its bits do
 * not depend on the number of ranks), `*reproducible_s`, and of a plain one of as many doubles, `*plain_s`, measured in
 * turns for about `seconds` in all; medians. On one rank nothing is added up: NaN. Collective. */
CROW_API crow_status crow_bench_machine_sums(const crow_comm *comm, double seconds, double *reproducible_s,
                                             double *plain_s);

/** The same measurements, about `seconds` of the machine and a tenth of that of sums, as a report: what a rank is given
 * to work with (`threads`) stands beside. Collective. */
CROW_API crow_status crow_bench_machine_report(const crow_comm *comm, double seconds, int64_t threads,
                                               crow_bench_machine *machine, crow_bench_report *report);

/* ---- weights ------------------------------------------------------------------------------------------------ */

/** Alternatives whose Voronoi shares of the unit cube are known: a lattice with unequal steps along some axes (shares
 * are products of the axes' shares), and along all others the mirror images of one point, by the characters of Z_2^b
 * (equal shares, since reflections map the cube onto itself). Contexts are 32-bit floats without rounding, and span all
 * dimensions where there are alternatives enough. Or uniform random contexts, whose shares are not known. */
typedef struct crow_bench_lattice crow_bench_lattice;
/** Of about `alternatives`. Local; the same on all ranks. */
CROW_API crow_status crow_bench_lattice_create(int contexts, crow_gidx alternatives, crow_gidx dimensions, int64_t seed,
                                               crow_bench_lattice **out);
/** Local; sets the handle to NULL; accepts NULL. */
CROW_API void crow_bench_lattice_destroy(crow_bench_lattice **lattice);
/** Local: its contexts; borrows the lattice. */
CROW_API crow_dataset crow_bench_lattice_dataset(crow_bench_lattice *lattice);
/** Local: the exact weight of an alternative; NaN for random contexts. */
CROW_API double crow_bench_lattice_share(const crow_bench_lattice *lattice, crow_gidx index);

/** Verifies weights of the unit cube: all samples are counted, values are hits / N; on a lattice each share within what
 * N samples allow (Bernstein's bound at 1e-9 over all alternatives) and Pearson's chi-square within 10 standard
 * deviations of its mean, or, without samples, within 1e-12; for random contexts some samples are searched again by
 * brute force and must be among the hits. Fills `report->valid` and `report->verdict`. Collective. */
CROW_API crow_status crow_bench_verify_weights(const crow_comm *comm, crow_bench_lattice *lattice,
                                               const crow_weights_options *options, const crow_weights *weights,
                                               crow_bench_report *report);
/** Runs the benchmark of weights. Collective; options agree. */
CROW_API crow_status crow_bench_weights(const crow_comm *comm, const crow_bench_options *options,
                                        const crow_bench_machine *machine, crow_bench_report *report);

/* ---- fit ---------------------------------------------------------------------------------------------------- */

/** Preferences among m alternatives of equal weight whose optimal rewards r are known.
 *  - pairs: each x is compared with x + o mod m for some offsets o. r is a sum of waves A sin(2 pi f x / m), and
 *    p(x>y) = sigma(r(x) - r(y)) + sum_f c_f (r_f(x) - r_f(y)), where c_f = lambda / (s/m sum_o 2 (1 - cos(2 pi f o /
 *    m))) makes the optimality equation (Theorem 4.2) hold at r, since waves are eigenvectors of the graph's Laplacian.
 *  - complete: r takes 64 values, and wAWR(x) is what the optimality equation asks for at r. */
typedef struct crow_bench_preferences {
  crow_gidx alternatives;
  int graph; /**< crow_bench_graph */
  double lambda;
  int64_t offsets;
  crow_gidx *offset;                              /**< pairs: (offsets) ascending, below m / 2 */
  double amplitude, frequency[3], coefficient[3]; /**< pairs: of the waves; frequencies are integers */
  double level[64], win_rate[64];                 /**< complete: r and wAWR of x mod 64 */
} crow_bench_preferences;
/** Local; the same on all ranks. `pairs` is rounded to a multiple of m. */
CROW_API crow_status crow_bench_preferences_create(int graph, crow_gidx alternatives, int64_t pairs, double lambda,
                                                   int64_t seed, crow_bench_preferences *out);
/** Local. Frees and zeroes. */
CROW_API void crow_bench_preferences_free(crow_bench_preferences *preferences);
/** Local: the optimal reward of an alternative. */
CROW_API double crow_bench_preferences_reward(const crow_bench_preferences *preferences, crow_gidx index);
/** Generates this rank's comparisons and gathers them. Collective. */
CROW_API crow_status crow_bench_preferences_pairs(const crow_comm *comm, const crow_bench_preferences *preferences,
                                                  crow_pairs *out);

/** Verifies rewards: converged to the tolerance, and within certificate / lambda of the optimum, which the optimality
 * equation implies (its Jacobian is lambda I plus a Laplacian). Collective. */
CROW_API crow_status crow_bench_verify_rewards(const crow_comm *comm, const crow_bench_preferences *preferences,
                                               double tolerance, const crow_rewards *rewards,
                                               crow_bench_report *report);
/** Runs the benchmark of fits. Collective; options agree. */
CROW_API crow_status crow_bench_fit(const crow_comm *comm, const crow_bench_options *options,
                                    const crow_bench_machine *machine, crow_bench_report *report);

/* ---- the cost model ----------------------------------------------------------------------------------------- */

/** Measured costs from which the time of other sizes follows:
 *   a sample among m alternatives:  draw_s + search_s (m / alternatives)^exponent           (on one rank)
 *   an evaluation of q pairs:       q/P pair_s + c m whole_s + m/P vector_s + transfers, where a rank's pairs concern
 *                                   the share c of the alternatives (crow_pairs_reach())
 *   before the first one:           q/P setup_s to gather pairs, sort them and measure the curvature (of complete
 *                                   preferences m/P setup_s), and q/P read_s to read comparisons before that
 *   of complete preferences:        m/P complete_s + transfers; where a rank has more than the 100000 alternatives of
 *                                   complete_s, towards complete_far_s with log(m/P), which complete_far of them take
 *   of a dataset the last two are multiplied by fit_factor, what a fit to some of its own preferences took over what
 *   follows for it: to fit_comparisons of its comparisons, or the complete ones among its first fit_alternatives. What
 *   else that fit took is added, as it grows: errors_s of standard errors, with the comparisons beyond
 *   CROW_SANDWICH_EXACT alternatives; sampling_s of what sampling does to rewards, as an evaluation does; win_rates_s
 * of complete preferences, with the alternatives or a matrix's entries, of which each takes entry_s to be read the
 * fit's command besides: what size->open_s says; check_s to look the preferences through before the weights; the search
 * for near-duplicates, near_pair_s a pair of alternatives a trained model: for each member trained_s, growing with the
 * comparisons, and its steps step_s each, over P weights about a weighted mean: center_rounds more passes of at most
 * 100000 samples; each pass prepares m alternatives at prepare_s Transfers take allreduce_latency_s log2(P) /
 * log2(ranks measured) each and bytes / allreduce_bytes_s; an evaluation of pairs moves 16 c m bytes a rank (rewards
 * there, sums back) in 5 calls, one of complete preferences a grid of 16 KiB. Measured on one rank, transfers are not
 * known and count nothing. */
typedef struct crow_bench_model {
  crow_bench_machine machine;
  int ranks;              /**< with which it was measured */
  crow_gidx alternatives; /**< of the search */
  crow_gidx dimensions;
  double draw_s, search_s, exponent;
  double pair_s, whole_s, vector_s, setup_s, complete_s, complete_far_s;
  double prepare_s, center_rounds;           /**< of a dataset's weights; else 0 */
  double fit_s, errors_s, trained_s, step_s; /**< of a fit to some of a dataset's comparisons; 0: not tried */
  double fit_factor;                         /**< 0 counts as 1 */
  int64_t fit_comparisons, fit_evaluations;
  crow_gidx fit_alternatives;              /**< 0: all */
  double check_s, win_rates_s, sampling_s; /**< of that fit */
  double entry_s;                          /**< of a full matrix; else 0 */
  double context_s, near_pair_s; /**< a number of the contexts read; a pair in the search for near-duplicates */
  double prompts_s;              /**< of the weights within all prompts, on one rank; 0 without prompts */
  crow_gidx complete_far;        /**< 0: a rank has too few for complete_far_s to be measured */
} crow_bench_model;

/** What is predicted for. */
typedef struct crow_bench_size {
  crow_gidx alternatives, dimensions;
  int64_t samples, pairs; /**< pairs 0: complete preferences; samples 0: what crow_weights_options takes */
  int ranks, slices;      /**< slices of alternatives; ranks / slices groups share the samples */
  int64_t evaluations;    /**< of the objective; 0: as many as the model's fit_evaluations, or 20 */
  double read_s;          /**< seconds that a rank takes to read a comparison; 0: they are in memory */
  double open_s;          /**< seconds that every rank takes to open and check the file */
  bool single;            /**< contexts are 32-bit floats */
  bool uniform;           /**< all weights are equal: nothing is sampled */
  /** Borrowed; NULL: none. Of a dataset memory is what its own weights and fit would be held against: its source of
   * preferences and its prompts count. */
  const crow_dataset *dataset;
  /** Borrowed; NULL: a tabular fit by the default options. */
  const crow_train_options *fit;
} crow_bench_size;

typedef struct crow_bench_prediction {
  double weights_s, read_s, setup_s, evaluation_s, fit_s;
  int64_t evaluations;            /**< that were reckoned with */
  double errors_s;                /**< of fit_s: standard errors */
  double win_rates_s, sampling_s; /**< of fit_s: the win rates of complete preferences; what sampling does to rewards */
  double open_s, check_s, near_s; /**< before the weights; the search for near-duplicates */
  crow_gidx near_compared;        /**< in that search, with all others; 0: there is none */
  double total_s;                 /**< all of these but the writing of results */
  double weights_bytes, fit_bytes; /**< a rank; while pairs are gathered, the peak */
} crow_bench_prediction;

/** Measures the costs near this size, in processor time, with all ranks at work; takes some seconds. Collective. */
CROW_API crow_status crow_bench_model_measure(const crow_comm *comm, const crow_bench_size *size,
                                              const crow_nearest_options *nearest, crow_bench_model *out);
/** Local. */
CROW_API void crow_bench_predict(const crow_bench_model *model, const crow_bench_size *size,
                                 crow_bench_prediction *out);
/** The fewest slices that divide the ranks and fit `bytes` a rank; 0 if none do. Local. */
CROW_API int crow_bench_slices(const crow_bench_size *size, double bytes);

/* ---- input and output --------------------------------------------------------------------------------------- */

/** Writes generated contexts to a dataset and reads them back, beside plain files written and read by every rank.
 * Verifies that every number comes back. Collective; options agree. */
CROW_API crow_status crow_bench_io(const crow_comm *comm, const crow_bench_options *options, crow_bench_report *report);

#ifdef __cplusplus
}
#endif
#endif
