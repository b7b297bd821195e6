/* SPDX-License-Identifier: Apache-2.0 */
/* Comparisons grouped by their pairs, and what they say of uncertainty: bootstrap replicates and the spread of scores.
 */
#include "preference/pairs_impl.h"
#include <math.h>
#include <string.h>

/* Comparisons as records whose `judgements` is how many each stands for, or, without `counts`, its number: `code` of
 * its row, if there are clusters. */
static crow_status make_records(const crow_comparisons *read, crow_pair_order order, bool counts, const int32_t *code,
                                crow_records *records) {
  *records = (crow_records){.count = read->slice.count, .bytes = sizeof(crow_record)};
  CROW_NEED(crow_allocate_raw(read->slice.count, sizeof(crow_record), &records->data));
  crow_record *record = records->data;
  for (crow_gidx i = 0; i < read->slice.count; i++) {
    const int32_t x = read->first[i], y = read->second[i];
    const int64_t count = read->count ? read->count[i] : 1;
    const crow_gidx row = crow_comparisons_row(read, i);
    const int64_t number = code ? code[row - read->slice.begin] : row;
    record[i] = (crow_record){crow_comparison_key(order, x, y), x < y ? read->outcome[i] : 1 - read->outcome[i],
                              counts ? count : number};
  }
  return CROW_OK;
}

/* All records in the order of the pairs, each on its pair's rank. */
static crow_status gather(const crow_comm *comm, const crow_comparisons *read, crow_pair_order order,
                          const crow_pairs *pairs, bool counts, const int32_t *code, crow_records *records) {
  CROW_NEED_AGREE(comm, make_records(read, order, counts, code, records));
  CROW_NEED(crow_records_sort(comm, order.greatest_key, records));
  return crow_records_move(comm, &pairs->partition, records);
}

static crow_status unpack_judgements(const crow_record *records, int64_t count, crow_pair_order order,
                                     const crow_pairs *pairs, crow_judgements *out) {
  crow_status status = CROW_OK;
  const int64_t n = pairs->partition.count;
  CROW_TRY(CROW_ALLOCATE_RAW(&out->begin, n + 1));
  CROW_TRY(CROW_ALLOCATE_RAW_EACH(count, &out->comparison, &out->outcome));
  int64_t i = 0;
  for (int64_t k = 0; k < n; k++) {
    const uint64_t key = crow_comparison_key(order, pairs->first[k], pairs->second[k]);
    out->begin[k] = i;
    for (; i < count && records[i].key == key; i++) {
      out->comparison[i] = records[i].judgements;
      out->outcome[i] = records[i].wins;
    }
  }
  out->begin[n] = i;
  if (i != count) status = crow_error(CROW_FAILED, "the comparisons are not those that the pairs were made of");
cleanup:
  return status;
}

/* The cluster of every comparison of this rank's slice of the file, and how many clusters there may be. */
static crow_status read_clusters(const crow_comm *comm, const crow_dataset *dataset, const char *by, int32_t **code,
                                 crow_gidx *clusters) {
  const crow_partition slice = crow_comm_partition(comm, dataset->comparisons, 1);
  int64_t column = -1, shape[2];
  CROW_NEED(crow_dataset_find_kept(dataset, by, &column));
  CROW_NEED_AGREE(comm, CROW_ALLOCATE_RAW(code, slice.count + 1)); /* never NULL */
  CROW_NEED(crow_dataset_read_kept(dataset, column, slice.begin, slice.count, *code));
  crow_file_shape(dataset->file, "/comparisons/label_value", shape);
  *clusters = shape[0];
  return CROW_OK;
}

crow_status crow_judgements_read_by(const crow_comm *comm, const crow_dataset *dataset, const crow_pairs *pairs,
                                    const char *by, crow_judgements *out) {
  crow_status status = CROW_OK;
  crow_comparisons read = {0};
  crow_records records = {0}, counts = {0};
  int32_t *code = NULL;
  memset(out, 0, sizeof *out);
  out->global = dataset->comparisons;
  out->clustered = by != NULL;
  if (by) CROW_TRY(read_clusters(comm, dataset, by, &code, &out->global));
  CROW_TRY(crow_comparisons_read(comm, dataset, &read));
  int64_t total = read.slice.count;
  CROW_TRY(crow_comm_sum_i64(comm, &total, 1));
  const crow_pair_order order = crow_pair_order_make(dataset->alternatives, total); /* that of the pairs */
  CROW_TRY(gather(comm, &read, order, pairs, false, code, &records));
  CROW_TRY_AGREE(comm, unpack_judgements(records.data, records.count, order, pairs, out));
  if (dataset->has_count) {
    CROW_TRY(gather(comm, &read, order, pairs, true, code, &counts));
    const crow_record *counted = counts.data;
    CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&out->count, counts.count));
    for (int64_t i = 0; i < counts.count; i++) out->count[i] = counted[i].judgements;
  }
cleanup:
  crow_comparisons_free(&read);
  crow_records_free(&records);
  crow_records_free(&counts);
  crow_free(code);
  if (status != CROW_OK) crow_judgements_free(out);
  return status;
}

void crow_judgements_free(crow_judgements *judgements) {
  CROW_FREE(judgements->begin, judgements->comparison, judgements->outcome, judgements->count);
  memset(judgements, 0, sizeof *judgements);
}

/* ---- bootstrap ---------------------------------------------------------------------------------------------- */

/* The Poisson distribution's inverse at u, by adding up its probabilities. */
static double invert(double mean, double u) {
  double probability = exp(-mean), sum = probability, k = 0;
  /* Far in the tail the sum no longer grows: rounding must not make this endless. */
  while (u > sum && k < 20 * (mean + 5)) {
    k++;
    probability *= mean / k;
    sum += probability;
  }
  return k;
}

/* From two words. Where the mean is large, the normal distribution is as good: its skewness is below 1/30. */
enum { MEAN_LARGE = 1000 };
static double poisson(double mean, const uint32_t words[2]) {
  const double u = ((double)words[0] + 0.5) * 0x1p-32, v = ((double)words[1] + 0.5) * 0x1p-32;
  if (!(mean > 0)) return 0;
  if (mean < MEAN_LARGE) return invert(mean < 700 ? mean : 700, u) + (mean > 700 ? invert(mean - 700, v) : 0);
  const double normal = sqrt(-2 * log(u)) * cos(6.283185307179586476925286766559 * v);
  return fmax(0, rint(mean + sqrt(mean) * normal));
}

/* Adds one comparison's draws. */
static void draw_judgements(const crow_judgements *j, int64_t i, uint64_t seed, int64_t replicate, double *wins,
                            double *times) {
  const uint64_t index = (uint64_t)replicate * (uint64_t)j->global + (uint64_t)j->comparison[i];
  const double n = j->count ? (double)j->count[i] : 1;
  uint32_t words[4];
  if (n == 1 || j->clustered) {
    double u;
    crow_random_uniform(seed, CROW_STREAM_BOOTSTRAP, index, &u, 1);
    const double drawn = n * invert(1, u);
    *times += drawn;
    *wins += drawn * j->outcome[i];
    return;
  }
  crow_random_words(seed, CROW_STREAM_BOOTSTRAP, index, words, 4);
  const double won = poisson(n * j->outcome[i], words), lost = poisson(n * (1 - j->outcome[i]), words + 2);
  *times += won + lost;
  *wins += won;
}

void crow_judgements_resample(const crow_pairs *pairs, const crow_judgements *judgements, uint64_t seed,
                              int64_t replicate, double unit, double *share, uint32_t *times) {
  for (int64_t k = 0; k < pairs->partition.count; k++) {
    double wins = 0, drawn = 0;
    for (int64_t i = judgements->begin[k]; i < judgements->begin[k + 1]; i++) {
      draw_judgements(judgements, i, seed, replicate, &wins, &drawn);
    }
    share[k] = drawn > 0 ? wins / drawn : 0.5;
    const double scaled = unit > 0 ? drawn * unit / (double)pairs->judgements[k] + 0.5 : drawn;
    times[k] = (uint32_t)(scaled < (double)UINT32_MAX ? scaled : (double)UINT32_MAX);
  }
}

/* ---- spread ------------------------------------------------------------------------------------------------- */

void crow_judgements_squares(const crow_pairs *pairs, const crow_judgements *judgements, const double *reward,
                             double *squares) {
  for (int64_t k = 0; k < pairs->partition.count; k++) {
    const double p = 1 / (1 + exp(reward[pairs->second[k]] - reward[pairs->first[k]]));
    double sum = 0;
    for (int64_t i = judgements->begin[k]; i < judgements->begin[k + 1]; i++) {
      const double o = judgements->outcome[i], n = judgements->count ? (double)judgements->count[i] : 1;
      sum += n == 1 ? (o - p) * (o - p) : n * (o * (1 - p) * (1 - p) + (1 - o) * p * p);
    }
    squares[k] = sum;
  }
}
