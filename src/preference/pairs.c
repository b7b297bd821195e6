/* SPDX-License-Identifier: Apache-2.0 */
/* Comparisons gathered into distinct unordered pairs. */
#include "preference/pairs_impl.h"
#include <string.h>

/* What is counted while the comparisons are looked through. */
typedef struct tally {
  int64_t judgements, ties;
  int64_t others; /* comparisons that are not one judgement, won, lost or tied */
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

/* This rank's comparisons as the caller gave them. */
typedef struct given {
  int64_t begin, count; /* global index of the first; how many */
  const int32_t *first, *second;
  const double *outcome;
  const int64_t *judgements; /* NULL: 1 */
} given;

static crow_status look_through(crow_gidx m, const given *g, tally *found) {
  for (int64_t i = 0; i < g->count; i++) {
    const int64_t judgements = g->judgements ? g->judgements[i] : 1;
    const double share = g->outcome[i];
    CROW_NEED(check_comparison(m, g->begin + i, g->first[i], g->second[i], share, judgements));
    found->judgements += judgements;
    if (share == 0.5) found->ties += judgements;
    found->others += judgements != 1 || !(share == 0 || share == 0.5 || share == 1);
  }
  return CROW_OK;
}

static crow_status pairs_make_records(const given *g, crow_pair_order order, crow_records *records) {
  *records = (crow_records){.count = g->count, .bytes = sizeof(crow_record)};
  CROW_NEED(crow_allocate_raw(g->count, sizeof(crow_record), &records->data));
  crow_record *record = records->data;
  for (int64_t i = 0; i < g->count; i++) {
    const int64_t judgements = g->judgements ? g->judgements[i] : 1;
    const double share = g->first[i] < g->second[i] ? g->outcome[i] : 1 - g->outcome[i];
    record[i] =
        (crow_record){crow_comparison_key(order, g->first[i], g->second[i]), share * (double)judgements, judgements};
  }
  return CROW_OK;
}

static crow_status make_plain_records(const given *g, crow_pair_order order, crow_records *records) {
  *records = (crow_records){.count = g->count, .bytes = sizeof(uint64_t), .shift = CROW_PLAIN_BITS};
  CROW_NEED(crow_allocate_raw(g->count, sizeof(uint64_t), &records->data));
  uint64_t *record = records->data;
  for (int64_t i = 0; i < g->count; i++) {
    const uint64_t won = (uint64_t)(2 * g->outcome[i]), wins = g->first[i] < g->second[i] ? won : 2 - won;
    record[i] = crow_comparison_key(order, g->first[i], g->second[i]) << CROW_PLAIN_BITS | wins;
  }
  return CROW_OK;
}

crow_status crow_pairs_allocate(crow_pairs *pairs) {
  const int64_t n = pairs->partition.count;
  return CROW_ALLOCATE_RAW_EACH(n, &pairs->first, &pairs->second, &pairs->share, &pairs->judgements);
}

/* Adds up the comparisons of each pair, in their order. `plain` is a constant where this is called. */
static inline crow_status add_up(const crow_records *records, bool plain, crow_pair_order order, crow_pairs *pairs) {
  const uint64_t *key = records->data, inside = (UINT64_C(1) << order.side_bits) - 1;
  const crow_record *record = records->data;
  uint64_t tile = UINT64_MAX; /* none */
  int32_t first = 0, second = 0;
  int64_t i = 0;
  for (int64_t k = 0; k < pairs->partition.count; k++) {
    const uint64_t pair = plain ? key[i] >> CROW_PLAIN_BITS : record[i].key;
    double wins = 0;
    int64_t judgements = 0;
    for (; i < records->count && (plain ? key[i] >> CROW_PLAIN_BITS : record[i].key) == pair; i++) {
      wins += plain ? 0.5 * (double)(key[i] & 3) : record[i].wins;
      judgements += plain ? 1 : record[i].judgements;
    }
    if (pair >> 2 * order.side_bits != tile) {
      tile = pair >> 2 * order.side_bits;
      crow_pair_of_key(order, tile << 2 * order.side_bits, &first, &second);
    }
    pairs->first[k] = first | (int32_t)(pair >> order.side_bits & inside);
    pairs->second[k] = second | (int32_t)(pair & inside);
    if (judgements > UINT32_MAX) {
      return crow_error(CROW_BAD_INPUT, "alternatives %d and %d have %lld judgements: expected at most %u",
                        pairs->first[k], pairs->second[k], (long long)judgements, UINT32_MAX);
    }
    pairs->share[k] = judgements == 1 ? wins : wins / (double)judgements;
    pairs->judgements[k] = (uint32_t)judgements;
  }
  return CROW_OK;
}

static crow_status pairs_unpack(const crow_records *records, crow_pair_order order, crow_pairs *pairs) {
  CROW_NEED(crow_pairs_allocate(pairs));
  if (records->bytes == sizeof(uint64_t))
    CROW_NEED(add_up(records, true, order, pairs));
  else
    CROW_NEED(add_up(records, false, order, pairs));
  return CROW_OK;
}

/* Sorts this and the other ranks' comparisons and makes this rank's slice of pairs of them. */
static crow_status pairs_gather(const crow_comm *comm, const given *g, bool plain, crow_pair_order order,
                                crow_pairs *out) {
  crow_status status = CROW_OK;
  crow_records records = {0};
  const uint64_t greatest = plain ? order.greatest_key << CROW_PLAIN_BITS | 3 : order.greatest_key;
  CROW_TRY_AGREE(comm, plain ? make_plain_records(g, order, &records) : pairs_make_records(g, order, &records));
  CROW_TRY(crow_records_sort(comm, greatest, &records));
  int64_t pairs = crow_records_pairs(&records);
  CROW_TRY(crow_comm_sum_i64(comm, &pairs, 1));
  out->partition = crow_comm_partition(comm, pairs, CROW_BLOCK);
  CROW_TRY(crow_records_move(comm, &out->partition, &records));
  CROW_TRY_AGREE(comm, pairs_unpack(&records, order, out));
cleanup:
  crow_records_free(&records);
  return status;
}

crow_status crow_pairs_create(const crow_comm *comm, crow_gidx alternatives, int64_t q, const int32_t *first,
                              const int32_t *second, const double *outcome, const int64_t *count, crow_pairs *out) {
  crow_status status = CROW_OK;
  given g = {0, q, first, second, outcome, count};
  tally found = {0, 0, 0};
  memset(out, 0, sizeof *out);
  out->alternatives = alternatives;
  if (alternatives > INT32_MAX) {
    CROW_TRY(crow_error(CROW_BAD_INPUT, "%lld alternatives: expected fewer than 2^31", (long long)alternatives));
  }
  CROW_TRY(crow_comm_offset_i64(comm, q, &g.begin));
  CROW_TRY_AGREE(comm, look_through(alternatives, &g, &found));
  int64_t totals[] = {q, found.judgements, found.ties, found.others};
  CROW_TRY(crow_comm_sum_i64(comm, totals, 4));
  out->comparisons = totals[1];
  out->ties = totals[2];
  const crow_pair_order order = crow_pair_order_make(alternatives, totals[0]);
  out->stretch = INT64_C(1) << order.side_bits;
  CROW_TRY(pairs_gather(comm, &g, totals[3] == 0, order, out));
  CROW_TRY(crow_components_count(comm, alternatives, out->partition.count, out->first, out->second, &out->components,
                                 &out->never_compared));
cleanup:
  if (status != CROW_OK) crow_pairs_free(out);
  return status;
}

void crow_pairs_free(crow_pairs *pairs) {
  CROW_FREE(pairs->first, pairs->second, pairs->share, pairs->judgements);
  memset(pairs, 0, sizeof *pairs);
}
