/* SPDX-License-Identifier: Apache-2.0 */
/* Predictions held against comparisons. */
#include "predict/predict_impl.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

const crow_setting crow_evaluate_settings[] = {
    CROW_SETTING("unseen", CHOICE, crow_evaluate_options, unseen, .value = CROW_UNSEEN_NEAREST,
                 .choices = "nearest|zero|skip",
                 .help = "comparisons with an alternative that was never compared in a tabular fit: it gets the "
                         "reward of the nearest one that was, keeps its reward 0, or the comparison is left out"),
    {.name = NULL}};

enum { HALF = CROW_CALIBRATION_BINS / 2 };

/* What is added up over the judgements; of bins those from 1/2 up, the others being their mirror image. */
enum { LOG_LOSS, BRIER, RIGHT, DECIDED, PREDICTED, OBSERVED = PREDICTED + HALF, SUMS = OBSERVED + HALF };
enum { COMPARISONS, JUDGEMENTS, TIES, EQUAL, UNSEEN, SKIPPED, IN_BIN, COUNTS = IN_BIN + HALF };

typedef struct tally {
  const double *reward;
  const unsigned char *unseen; /* may be NULL */
  bool skip;
  double block[SUMS]; /* of the present block */
  crow_exact_sum *sum;
  int64_t count[COUNTS];
} tally;

static void add_comparison(tally *t, int32_t first, int32_t second, double outcome, int64_t judgements) {
  const bool unseen = t->unseen && (t->unseen[first] || t->unseen[second]);
  t->count[UNSEEN] += unseen;
  if (unseen && t->skip) {
    t->count[SKIPPED]++;
    return;
  }
  const double difference = t->reward[first] - t->reward[second], n = (double)judgements;
  /* Seen from the one with the greater reward. */
  const double o = difference > 0 ? outcome : difference < 0 ? 1 - outcome : .5;
  const double tail = exp(-fabs(difference)), p = 1 / (1 + tail), q = tail / (1 + tail);
  const int bin = p >= 1 ? HALF - 1 : (int)(CROW_CALIBRATION_BINS * p) - HALF;
  t->block[LOG_LOSS] += n * (log1p(tail) + (1 - o) * fabs(difference));
  t->block[BRIER] += n * (o * q * q + (1 - o) * p * p);
  if (outcome != .5) {
    t->block[RIGHT] += n * o;
    t->block[DECIDED] += n;
  }
  t->block[PREDICTED + bin] += n * p;
  t->block[OBSERVED + bin] += n * o;
  t->count[COMPARISONS]++;
  t->count[JUDGEMENTS] += judgements;
  t->count[TIES] += outcome == .5 ? judgements : 0;
  t->count[EQUAL] += difference == 0 ? judgements : 0;
  t->count[IN_BIN + bin] += judgements;
}

static void end_block(tally *t) {
  for (int k = 0; k < SUMS; k++) crow_exact_add(&t->sum[k], t->block[k]);
  memset(t->block, 0, sizeof t->block);
}

/* A rank's comparisons, block by block. Collective. */
static crow_status take_comparisons(const crow_comm *comm, const crow_dataset *dataset, tally *t) {
  crow_status status = CROW_OK;
  const crow_partition p = crow_comm_partition(comm, dataset->comparisons, CROW_BLOCK);
  const crow_file *file = dataset->file;
  int32_t *first = NULL, *second = NULL;
  double *outcome = NULL;
  int64_t *count = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW_EACH(p.count, &first, &second, &outcome));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&count, dataset->has_count ? p.count : 0));
  CROW_TRY(crow_file_read(file, "/comparisons/first", p.begin, p.count, CROW_I32, first));
  CROW_TRY(crow_file_read(file, "/comparisons/second", p.begin, p.count, CROW_I32, second));
  CROW_TRY(crow_file_read(file, "/comparisons/outcome", p.begin, p.count, CROW_F64, outcome));
  if (dataset->has_count) CROW_TRY(crow_file_read(file, "/comparisons/count", p.begin, p.count, CROW_I64, count));
  for (crow_gidx k = 0; k < p.count; k++) {
    add_comparison(t, first[k], second[k], outcome[k], dataset->has_count ? count[k] : 1);
    if ((k + 1) % CROW_BLOCK == 0 || k + 1 == p.count) end_block(t);
  }
cleanup:
  CROW_FREE(first, second, outcome, count);
  return status;
}

/* The ten bins from the five of the greater reward's side, and the calibration error. Local. */
static void fill_bins(const tally *t, const double *total, crow_evaluation *out) {
  double error = 0;
  for (int k = 0; k < HALF; k++) {
    crow_calibration_bin *upper = &out->bin[HALF + k], *lower = &out->bin[HALF - 1 - k];
    const double n = (double)t->count[IN_BIN + k];
    upper->judgements = lower->judgements = n / 2;
    upper->predicted = n > 0 ? total[PREDICTED + k] / n : NAN;
    upper->observed = n > 0 ? total[OBSERVED + k] / n : NAN;
    lower->predicted = 1 - upper->predicted;
    lower->observed = 1 - upper->observed;
    if (n > 0) error += fabs(total[PREDICTED + k] - total[OBSERVED + k]);
  }
  out->calibration_error = error / (double)out->judgements;
}

static void evaluate_fill(const tally *t, crow_evaluation *out) {
  double total[SUMS];
  for (int k = 0; k < SUMS; k++) total[k] = crow_exact_value(&t->sum[k]);
  out->comparisons = t->count[COMPARISONS];
  out->judgements = t->count[JUDGEMENTS];
  out->ties = t->count[TIES];
  out->equal = t->count[EQUAL];
  out->unseen = t->count[UNSEEN];
  out->skipped = t->count[SKIPPED];
  const double n = (double)out->judgements;
  out->accuracy = total[DECIDED] > 0 ? total[RIGHT] / total[DECIDED] : NAN;
  out->log_loss = total[LOG_LOSS] / n;
  out->brier = total[BRIER] / n;
  fill_bins(t, total, out);
}

crow_status crow_evaluate(const crow_comm *comm, const crow_dataset *dataset, const crow_evaluate_options *options,
                          const double *reward, const unsigned char *unseen, crow_evaluation *out) {
  crow_status status = CROW_OK;
  tally t = {.reward = reward, .unseen = unseen, .skip = options->unseen == CROW_UNSEEN_SKIP};
  *out = (crow_evaluation){0};
  if (!dataset->has_comparisons) {
    CROW_TRY(crow_error(CROW_BAD_INPUT, "%s: has no comparisons to hold predictions against",
                        crow_file_name(dataset->file)));
  }
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&t.sum, SUMS));
  CROW_TRY(take_comparisons(comm, dataset, &t));
  CROW_TRY(crow_comm_sum_exact(comm, t.sum, SUMS));
  CROW_TRY(crow_comm_sum_i64(comm, t.count, COUNTS));
  if (t.count[COMPARISONS] == 0) {
    CROW_TRY(crow_error(CROW_BAD_INPUT,
                        "%s: every one of its %lld comparisons has an alternative that was never compared in the fit; "
                        "try --unseen nearest",
                        crow_file_name(dataset->file), (long long)dataset->comparisons));
  }
  evaluate_fill(&t, out);
cleanup:
  crow_free(t.sum);
  return status;
}
