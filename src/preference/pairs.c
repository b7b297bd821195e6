/* SPDX-License-Identifier: Apache-2.0 */
/* Comparisons gathered into distinct unordered pairs. */
#include "preference/pairs_impl.h"
#include <string.h>

/* What is counted while the comparisons are taken in. */
typedef struct tally {
  int64_t judgements, ties;
} tally;

static crow_status check_comparison(crow_gidx m, int64_t at, int32_t x, int32_t y, double share, int64_t judgements) {
  if (x < 0 || x >= m || y < 0 || y >= m) {
    return crow_error(CROW_BAD_INPUT, "comparison %lld is of %d and %d: expected alternatives from 0 to %lld",
                      (long long)at, x, y, (long long)m - 1);
  }
  if (x == y) {
    return crow_error(CROW_BAD_INPUT, "comparison %lld is of alternative %d with itself: expected two different ones",
                      (long long)at, x);
  }
  if (!(share >= 0 && share <= 1)) {
    return crow_error(CROW_BAD_INPUT, "comparison %lld has outcome %.17g: expected the share won by the first, 0 to 1",
                      (long long)at, share);
  }
  if (judgements < 1 || judgements > UINT32_MAX) {
    return crow_error(CROW_BAD_INPUT, "comparison %lld has count %lld: expected 1 to %u", (long long)at,
                      (long long)judgements, UINT32_MAX);
  }
  return CROW_OK;
}

/* This rank's comparisons as records with first < second. `begin` is the global index of the first of them. */
static crow_status make_records(crow_gidx m, crow_pair_order order, int64_t begin, int64_t q, const int32_t *first,
                                const int32_t *second, const double *outcome, const int64_t *count,
                                crow_record *records, tally *found) {
  for (int64_t i = 0; i < q; i++) {
    const int64_t judgements = count ? count[i] : 1;
    const crow_status status = check_comparison(m, begin + i, first[i], second[i], outcome[i], judgements);
    if (status != CROW_OK) return status;
    const double share = first[i] < second[i] ? outcome[i] : 1 - outcome[i];
    records[i] = (crow_record){crow_comparison_key(order, first[i], second[i]), share * (double)judgements, judgements};
    found->judgements += judgements;
    if (outcome[i] == 0.5) found->ties += judgements;
  }
  return CROW_OK;
}

/* Adds up the records of each pair in place; returns how many pairs there are. */
static int64_t add_up(crow_record *sorted, int64_t count) {
  int64_t n = 0;
  for (int64_t i = 0; i < count; i++) {
    if (n && sorted[n - 1].key == sorted[i].key) {
      sorted[n - 1].wins += sorted[i].wins;
      sorted[n - 1].judgements += sorted[i].judgements;
    } else {
      sorted[n++] = sorted[i];
    }
  }
  return n;
}

crow_status crow_pairs_allocate(crow_pairs *pairs) {
  crow_status status = CROW_OK;
  const int64_t n = pairs->partition.count;
  CROW_TRY(CROW_ALLOCATE_RAW(&pairs->first, n));
  CROW_TRY(CROW_ALLOCATE_RAW(&pairs->second, n));
  CROW_TRY(CROW_ALLOCATE_RAW(&pairs->share, n));
  CROW_TRY(CROW_ALLOCATE_RAW(&pairs->judgements, n));
cleanup:
  return status;
}

static crow_status unpack(const crow_record *records, crow_pair_order order, crow_pairs *pairs) {
  crow_status status = CROW_OK;
  const int64_t n = pairs->partition.count;
  CROW_TRY(crow_pairs_allocate(pairs));
  for (int64_t k = 0; k < n; k++) {
    crow_pair_of_key(order, records[k].key, &pairs->first[k], &pairs->second[k]);
    pairs->share[k] = records[k].wins / (double)records[k].judgements;
    if (records[k].judgements > UINT32_MAX) {
      CROW_TRY(crow_error(CROW_BAD_INPUT, "alternatives %d and %d have %lld judgements: expected at most %u",
                          pairs->first[k], pairs->second[k], (long long)records[k].judgements, UINT32_MAX));
    }
    pairs->judgements[k] = (uint32_t)records[k].judgements;
  }
cleanup:
  return status;
}

crow_status crow_pairs_create(const crow_comm *comm, crow_gidx alternatives, int64_t q, const int32_t *first,
                              const int32_t *second, const double *outcome, const int64_t *count, crow_pairs *out) {
  crow_status status = CROW_OK;
  crow_record *records = NULL;
  tally found = {0, 0};
  int64_t n = q, begin = 0, all = q, totals[3];
  memset(out, 0, sizeof *out);
  out->alternatives = alternatives;
  if (alternatives > INT32_MAX) {
    CROW_TRY(crow_error(CROW_BAD_INPUT, "%lld alternatives: expected fewer than 2^31", (long long)alternatives));
  }
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&records, q));
  CROW_TRY(crow_comm_offset_i64(comm, q, &begin));
  CROW_TRY(crow_comm_sum_i64(comm, &all, 1));
  const crow_pair_order order = crow_pair_order_make(alternatives, all);
  out->stretch = INT64_C(1) << order.side_bits;
  CROW_TRY_AGREE(comm, make_records(alternatives, order, begin, q, first, second, outcome, count, records, &found));
  CROW_TRY(crow_records_sort_all(comm, order.greatest_key, &records, &n));
  n = add_up(records, n);

  totals[0] = n;
  totals[1] = found.judgements;
  totals[2] = found.ties;
  CROW_TRY(crow_comm_sum_i64(comm, totals, 3));
  out->partition = crow_comm_partition(comm, totals[0], CROW_BLOCK);
  out->comparisons = totals[1];
  out->ties = totals[2];
  CROW_TRY(crow_records_rebalance(comm, &out->partition, &records, n));
  CROW_TRY_AGREE(comm, unpack(records, order, out));
  crow_free(records);
  records = NULL;
  CROW_TRY(crow_components_count(comm, alternatives, out->partition.count, out->first, out->second, &out->components,
                                 &out->never_compared));
cleanup:
  crow_free(records);
  if (status != CROW_OK) crow_pairs_free(out);
  return status;
}

void crow_pairs_free(crow_pairs *pairs) {
  crow_free(pairs->first);
  crow_free(pairs->second);
  crow_free(pairs->share);
  crow_free(pairs->judgements);
  memset(pairs, 0, sizeof *pairs);
}
