/* SPDX-License-Identifier: Apache-2.0 */
/* Whether weights of the unit cube are right: a figure counts only then. */
#include "bench/bench_impl.h"
#include <math.h>
#include <stdarg.h>
#include <string.h>

/* What is looked at, on this rank and then over all. */
typedef struct findings {
  double excess;        /* greatest |deviation| as a share of what is allowed */
  crow_gidx at;         /* the alternative where, on this rank */
  int64_t inconsistent; /* values that are not hits / N, or hits below 0 */
  int64_t hits;         /* this rank's share of all hits, in units of a sample, and the remainder */
  int64_t remainder;
} findings;

static void set_verdict(crow_bench_report *report, bool valid, const char *format, ...) CROW_PRINTF(3, 4);
static void set_verdict(crow_bench_report *report, bool valid, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(report->verdict, sizeof report->verdict, format, arguments);
  va_end(arguments);
  report->valid = valid;
}

/* Bernstein: a binomial of mean n p differs from it by t with a chance of at most 2 exp(-t^2 / (2 (n p + t / 3))).
 * `allowed` is the t for which that is 1e-9 / m. */
static double bernstein(double mean, double m) {
  const double level = log(2 * m / 1e-9);
  return level / 3 + sqrt(level * level / 9 + 2 * level * mean);
}

/* How many samples count as one: the variance that the standard errors tell over that of independent samples. Samples
 * of one draw by signs come in clumps. */
static crow_status find_clumps(const crow_comm *comm, const crow_weights *w, double *clumps) {
  double sums[2] = {0, 0};
  for (crow_gidx i = 0; i < w->partition.count && w->blocks > 0; i++) {
    sums[0] += w->standard_error[i] * w->standard_error[i] * (double)w->samples;
    sums[1] += w->value[i] * (1 - w->value[i]);
  }
  CROW_NEED(crow_comm_sum_f64_unordered(comm, sums, 2));
  *clumps = sums[1] > 0 ? fmax(1, sums[0] / sums[1]) : 1;
  return CROW_OK;
}

static void verify_weights_look(const crow_bench_lattice *lattice, const crow_weights *w, double clumps,
                                findings *found) {
  const double n = (double)w->samples, m = (double)w->partition.global;
  for (crow_gidx i = 0; i < w->partition.count; i++) {
    const double share = crow_bench_lattice_share(lattice, w->partition.begin + i);
    double excess = 0;
    if (w->samples) {
      const double expected = (double)w->hits[i] / (n * (double)CROW_HIT_UNIT);
      found->inconsistent += w->hits[i] < 0 || !(w->value[i] == expected);
      found->hits += w->hits[i] / CROW_HIT_UNIT;
      found->remainder += w->hits[i] % CROW_HIT_UNIT;
      if (!isnan(share)) excess = fabs(w->value[i] - share) * n / (clumps * bernstein(n * share / clumps, m));
    } else if (!isnan(share)) {
      excess = fabs(w->value[i] - share) / 1e-12;
    }
    /* Written so that NaN is an excess. */
    if (!(excess <= found->excess)) {
      found->excess = isnan(excess) ? (double)INFINITY : excess;
      found->at = w->partition.begin + i;
    }
  }
}

/* Pearson's chi-square of the hits against the exact shares, in standard deviations from its mean: for a multinomial of
 * n samples its mean is m - 1 and its variance 2 (m - 1) + (sum 1/p - m^2 - 2 m + 2) / n. */
static crow_status chi_square(const crow_comm *comm, const crow_bench_lattice *lattice, const crow_weights *w,
                              double *deviations) {
  const double n = (double)w->samples, m = (double)w->partition.global;
  double sums[2] = {0, 0};
  for (crow_gidx i = 0; i < w->partition.count; i++) {
    const double share = crow_bench_lattice_share(lattice, w->partition.begin + i);
    const double off = n * (w->value[i] - share);
    sums[0] += off * off / (n * share);
    sums[1] += 1 / share;
  }
  CROW_NEED(crow_comm_sum_f64_unordered(comm, sums, 2));
  const double variance = 2 * (m - 1) + (sums[1] - m * m - 2 * m + 2) / n;
  *deviations = variance > 0 ? (sums[0] - (m - 1)) / sqrt(variance) : 0;
  return CROW_OK;
}

/* The worst finding over the ranks and where it is. */
static crow_status worst(const crow_comm *comm, const findings *mine, double *excess, int64_t *at) {
  *excess = mine->excess;
  CROW_NEED(crow_comm_max_f64(comm, excess, 1));
  *at = mine->excess == *excess ? mine->at : INT64_MAX;
  return crow_comm_min_i64(comm, at, 1);
}

/* Samples searched again must be among the hits. */
static crow_status verify_samples(const crow_comm *comm, const crow_dataset *dataset,
                                  const crow_weights_options *options, const crow_weights *weights,
                                  crow_bench_report *report) {
  int64_t audited = 0, missing = 0;
  CROW_NEED(crow_bench_audit_samples(comm, dataset, options, weights, &audited, &missing));
  set_verdict(report, missing == 0,
              "all samples are counted; %lld of them were searched again by brute force in double precision: %lld "
              "are not among the hits",
              (long long)audited, (long long)missing);
  return CROW_OK;
}

/* The hits of draws by signs are no multinomial: no chi-square of them, but samples searched again. */
static crow_status verify_shares(const crow_comm *comm, crow_bench_lattice *lattice,
                                 const crow_weights_options *options, const crow_weights *weights, double excess,
                                 int64_t at, crow_bench_report *report) {
  double deviations = 0;
  if (excess > 1) {
    set_verdict(report, false, "the weight of alternative %lld is %.3g times as far from its exact share %.6g as %s",
                (long long)at, excess, crow_bench_lattice_share(lattice, at),
                weights->samples ? "chance allows" : "rounding allows");
    return CROW_OK;
  }
  if (!weights->samples) {
    set_verdict(report, true, "every weight is within 1e-12 of its exact share");
    return CROW_OK;
  }
  if (weights->blocks > 0) {
    const crow_dataset dataset = crow_bench_lattice_dataset(lattice);
    CROW_NEED(verify_samples(comm, &dataset, options, weights, report));
    const size_t used = strlen(report->verdict);
    (void)snprintf(report->verdict + used, sizeof report->verdict - used,
                   "; greatest deviation from the exact shares %.2f of Bernstein's bound", excess);
    return CROW_OK;
  }
  CROW_NEED(chi_square(comm, lattice, weights, &deviations));
  set_verdict(report, fabs(deviations) <= 10,
              "chi-square of the hits against the exact shares %.2f standard deviations from its mean, greatest "
              "deviation %.2f of Bernstein's bound",
              deviations, excess);
  return CROW_OK;
}

crow_status crow_bench_verify_weights(const crow_comm *comm, crow_bench_lattice *lattice,
                                      const crow_weights_options *options, const crow_weights *weights,
                                      crow_bench_report *report) {
  const crow_dataset dataset = crow_bench_lattice_dataset(lattice);
  findings found = {.at = INT64_MAX};
  double excess = 0, clumps = 1;
  int64_t at = 0;
  CROW_NEED(find_clumps(comm, weights, &clumps));
  verify_weights_look(lattice, weights, clumps, &found);
  CROW_NEED(worst(comm, &found, &excess, &at));
  int64_t counts[3] = {found.inconsistent, found.hits, found.remainder};
  CROW_NEED(crow_comm_sum_i64(comm, counts, 3));
  /* Remainders are below the unit, so their sum does not overflow for fewer than 10^13 alternatives. */
  const int64_t total = counts[1] + counts[2] / CROW_HIT_UNIT;
  if (counts[0] > 0) {
    set_verdict(report, false, "%lld weights are not their hits / N", (long long)counts[0]);
  } else if (weights->samples && (total != weights->samples || counts[2] % CROW_HIT_UNIT != 0)) {
    set_verdict(report, false, "the hits are of %lld samples and %lld/%lld, not of %lld", (long long)total,
                (long long)(counts[2] % CROW_HIT_UNIT), (long long)CROW_HIT_UNIT, (long long)weights->samples);
  } else if (!isnan(crow_bench_lattice_share(lattice, 0))) {
    CROW_NEED(verify_shares(comm, lattice, options, weights, excess, at, report));
  } else if (!weights->samples) {
    set_verdict(report, false, "exact weights of random contexts are not known: take --contexts lattice");
  } else {
    CROW_NEED(verify_samples(comm, &dataset, options, weights, report));
  }
  return CROW_OK;
}
