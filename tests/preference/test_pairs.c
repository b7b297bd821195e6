/* SPDX-License-Identifier: Apache-2.0 */
#include "preference/dataset.h"
#include "preference/pairs_impl.h"

static void comparisons_of_a_pair_are_added_up_in_either_direction(void) {
  /* 0-1: 1 won 3 judgements, 0 won 1, one tie; 2-4: a share of .25; 5-3: 5 always */
  const int32_t first[] = {1, 0, 0, 4, 5, 5}, second[] = {0, 1, 1, 2, 3, 3};
  const double outcome[] = {1, 1, 0.5, 0.25, 1, 1};
  const int64_t count[] = {3, 1, 1, 4, 2, 5};
  crow_pairs pairs;
  CHECK_OK(crow_pairs_create(test_comm, 7, 6, first, second, outcome, count, &pairs));
  CHECK(pairs.partition.global == 3 && pairs.partition.count == 3);
  const int32_t low[] = {0, 2, 3}, high[] = {1, 4, 5};
  const double share[] = {1.5 / 5, 0.75, 0};
  const uint32_t judgements[] = {5, 4, 7};
  for (int k = 0; k < 3; k++) {
    CHECK(pairs.first[k] == low[k] && pairs.second[k] == high[k]);
    CHECK_NEAR(pairs.share[k], share[k], 0);
    CHECK(pairs.judgements[k] == judgements[k]);
  }
  CHECK(pairs.comparisons == 16);
  CHECK(pairs.ties == 1);
  CHECK(pairs.never_compared == 1); /* 6 */
  CHECK(pairs.components == 4);     /* 01 24 35 6 */
  crow_pairs_free(&pairs);
  CHECK(pairs.first == NULL);
}

static void without_counts_every_comparison_is_one_judgement(void) {
  const int32_t first[] = {0, 1, 0}, second[] = {1, 0, 1};
  const double outcome[] = {1, 0.5, 0};
  crow_pairs pairs;
  CHECK_OK(crow_pairs_create(test_comm, 2, 3, first, second, outcome, NULL, &pairs));
  CHECK(pairs.partition.count == 1 && pairs.judgements[0] == 3 && pairs.comparisons == 3 && pairs.ties == 1);
  CHECK_NEAR(pairs.share[0], 0.5, 0);
  crow_pairs_free(&pairs);
}

/* Won, lost or tied once, comparisons are keys alone on their way to the pairs; with counts they are not. */
static void counted_comparisons_are_as_many_single_ones(void) {
  enum { M = 300, Q = 4000 };
  static int32_t first[3 * Q], second[3 * Q];
  static double outcome[3 * Q];
  static int64_t count[Q];
  crow_pairs single, counted;
  int64_t q = 0;
  for (int64_t i = 0; i < Q; i++) {
    count[i] = 1 + i % 3;
    for (int64_t k = 0; k < count[i]; k++, q++) {
      first[q] = (int32_t)(i * i % M);
      second[q] = (int32_t)((i * i % M + 1 + i % (M - 1)) % M);
      outcome[q] = (double)(i * 5 % 3) / 2;
    }
  }
  CHECK_OK(crow_pairs_create(test_comm, M, q, first, second, outcome, NULL, &single));
  q = 0;
  for (int64_t i = 0; i < Q; q += count[i++]) {
    first[i] = first[q];
    second[i] = second[q];
    outcome[i] = outcome[q];
  }
  CHECK_OK(crow_pairs_create(test_comm, M, Q, first, second, outcome, count, &counted));
  CHECK(single.partition.count == counted.partition.count && single.partition.count > M);
  CHECK(single.comparisons == q && counted.comparisons == q && single.ties == counted.ties);
  for (int64_t k = 0; k < single.partition.count; k++) {
    CHECK(single.first[k] == counted.first[k] && single.second[k] == counted.second[k]);
    CHECK(single.share[k] == counted.share[k] && single.judgements[k] == counted.judgements[k]);
  }
  crow_pairs_free(&single);
  crow_pairs_free(&counted);
}

static void no_comparisons_make_no_pairs(void) {
  crow_pairs pairs;
  CHECK_OK(crow_pairs_create(test_comm, 4, 0, NULL, NULL, NULL, NULL, &pairs));
  CHECK(pairs.partition.global == 0 && pairs.components == 4 && pairs.never_compared == 4);
  crow_pairs_free(&pairs);
}

static void components_of_chains_and_stars(void) {
  enum { M = 1000 };
  int32_t first[M], second[M];
  double outcome[M];
  int64_t q = 0;
  for (int32_t x = 0; x + 2 < 600; x += 2) { /* even numbers below 600 in a chain, given from its end */
    first[q] = 598 - x;
    second[q] = 596 - x;
    outcome[q++] = 1;
  }
  for (int32_t x = 601; x < 700; x++) { /* a star */
    first[q] = 600;
    second[q] = x;
    outcome[q++] = 0;
  }
  crow_pairs pairs;
  CHECK_OK(crow_pairs_create(test_comm, M, q, first, second, outcome, NULL, &pairs));
  CHECK(pairs.never_compared == 300 + 300);
  CHECK(pairs.components == 2 + 600);
  crow_pairs_free(&pairs);
}

/* Keys of up to 62 bits: the greatest number of alternatives, and pairs at both ends. */
/* Keys of the greatest pairs leave the bits that a plain record wants, in tiles of every size, and are sorted. */
static void greatest_keys_fit(crow_gidx comparisons) {
  const int32_t last = INT32_MAX - 1;
  const int32_t first[] = {last - 1, 0, last / 2, last - 8192}, second[] = {last, last, last, last - 1};
  const crow_pair_order order = crow_pair_order_make(INT32_MAX, comparisons);
  uint64_t key[8];
  for (int k = 0; k < 8; k++) {
    int32_t x = 0, y = 0;
    const uint64_t pair = crow_comparison_key(order, second[k / 2], first[k / 2]);
    CHECK(pair <= order.greatest_key && order.greatest_key <= UINT64_MAX >> CROW_PLAIN_BITS);
    crow_pair_of_key(order, pair, &x, &y);
    CHECK(x == first[k / 2] && y == second[k / 2]);
    key[k] = pair << CROW_PLAIN_BITS | (uint64_t)(2 - k % 2);
  }
  crow_records records = {.count = 8, .bytes = sizeof *key, .shift = CROW_PLAIN_BITS};
  CHECK_OK(crow_allocate(8, sizeof *key, &records.data));
  memcpy(records.data, key, sizeof key);
  CHECK_OK(crow_records_sort(test_comm, order.greatest_key << CROW_PLAIN_BITS | 3, &records));
  CHECK(crow_records_pairs(&records) == 4);
  for (int64_t k = 1; k < 8; k++) CHECK(crow_records_key(&records, k - 1) < crow_records_key(&records, k));
  crow_records_free(&records);
}

static void indices_may_be_as_large_as_2_to_31(void) {
  greatest_keys_fit(0);
  greatest_keys_fit(INT64_C(1) << 40);
  greatest_keys_fit(INT64_C(1) << 60);
  crow_pairs pairs;
  const int32_t first[] = {9, 0}, second[] = {5, 9};
  const double outcome[] = {0, 1};
  CHECK_OK(crow_pairs_create(test_comm, 10, 2, first, second, outcome, NULL, &pairs));
  CHECK(pairs.first[0] == 0 && pairs.first[1] == 5 && pairs.share[1] == 1);
  crow_pairs_free(&pairs);
  CHECK_STATUS(crow_pairs_create(test_comm, INT64_C(1) << 31, 0, NULL, NULL, NULL, NULL, &pairs), CROW_BAD_INPUT);
  CHECK_MESSAGE("2147483648");
}

static void refused(int32_t x, int32_t y, double outcome, int64_t count, const char *part) {
  const int32_t first[] = {0, x}, second[] = {1, y};
  const double outcomes[] = {1, outcome};
  const int64_t counts[] = {1, count};
  crow_pairs pairs;
  CHECK_STATUS(crow_pairs_create(test_comm, 3, 2, first, second, outcomes, counts, &pairs), CROW_BAD_INPUT);
  CHECK_MESSAGE("comparison 1");
  CHECK_MESSAGE(part);
  CHECK(pairs.first == NULL);
}

static void bad_comparisons_are_refused_by_number_and_value(void) {
  refused(3, 1, 1, 1, "3 and 1");
  refused(0, -1, 1, 1, "-1");
  refused(2, 2, 1, 1, "itself");
  refused(2, 1, 1.5, 1, "1.5");
  refused(2, 1, -0.1, 1, "-0.1");
  refused(2, 1, NAN, 1, "nan");
  refused(2, 1, 1, 0, "count 0");
  refused(2, 1, 1, INT64_C(1) << 32, "4294967296");
}

static void more_judgements_of_a_pair_than_fit_are_refused(void) {
  const int32_t first[] = {0, 0}, second[] = {1, 1};
  const double outcome[] = {1, 1};
  const int64_t count[] = {INT64_C(4000000000), INT64_C(4000000000)};
  crow_pairs pairs;
  CHECK_STATUS(crow_pairs_create(test_comm, 2, 2, first, second, outcome, count, &pairs), CROW_BAD_INPUT);
  CHECK_MESSAGE("8000000000");
}

static void lack_of_memory_is_reported(void) {
  const int32_t first[] = {0}, second[] = {1};
  const double outcome[] = {1};
  crow_pairs pairs;
  int failures = 0;
  for (int64_t k = 0; k < 100; k++) {
    crow_memory_fail_after(k);
    const crow_status status = crow_pairs_create(test_comm, 2, 1, first, second, outcome, NULL, &pairs);
    crow_memory_fail_after(-1);
    if (status == CROW_OK) {
      crow_pairs_free(&pairs);
      break;
    }
    CHECK(status == CROW_FAILED);
    CHECK(pairs.first == NULL);
    failures++;
  }
  CHECK(failures > 5);
}

static void the_dataset_s_comparisons_are_read(void) {
  const int32_t first[] = {1, 0, 2}, second[] = {0, 1, 0};
  const double outcome[] = {1, 1, 0.5};
  const int64_t count[] = {3, 1, 2};
  const sources with = {.m = 3, .q = 3, .first = first, .second = second, .outcome = outcome, .count = count};
  crow_dataset dataset;
  crow_pairs pairs;
  write_dataset(test_path("pairs.h5"), &with);
  CHECK_OK(crow_dataset_open(test_comm, test_path("pairs.h5"), false, &dataset));
  CHECK_OK(crow_pairs_read(test_comm, &dataset, &pairs));
  CHECK(pairs.partition.count == 2 && pairs.judgements[0] == 4 && pairs.judgements[1] == 2);
  CHECK_NEAR(pairs.share[0], 0.25, 0);
  CHECK(pairs.comparisons == 6 && pairs.ties == 2 && pairs.components == 1 && pairs.never_compared == 0);
  crow_pairs_free(&pairs);
  crow_dataset_close(&dataset);
}

static void an_alternative_against_itself_is_named(void) {
  const int32_t first[] = {1, 2, 2}, second[] = {0, 2, 0};
  const double outcome[] = {1, 1, 0.5};
  const sources with = {.m = 3, .q = 3, .first = first, .second = second, .outcome = outcome};
  crow_dataset dataset;
  crow_pairs pairs;
  write_dataset(test_path("self.h5"), &with);
  CHECK_OK(crow_dataset_open(test_comm, test_path("self.h5"), false, &dataset));
  CHECK_STATUS(crow_pairs_read(test_comm, &dataset, &pairs), CROW_BAD_INPUT);
  CHECK_MESSAGE("self.h5");
  CHECK_MESSAGE("/comparisons/second[1] is 2");
  crow_dataset_close(&dataset);
}

/* Keys give their pairs back and are each another's; a slice of all pairs concerns few alternatives. */
static void pairs_are_ordered_by_tiles(void) {
  const crow_gidx m = INT64_C(1) << 16;
  const crow_pair_order order = crow_pair_order_make(m, 100 * m);
  CHECK(order.side_bits == 13);
  const int32_t places[] = {0, 1, 8191, 8192, 20000, 65535};
  uint64_t previous = 0;
  for (size_t a = 0; a < sizeof places / sizeof *places; a++) {
    for (size_t b = 0; b < sizeof places / sizeof *places; b++) {
      int32_t first = -1, second = -1;
      const uint64_t key = crow_pair_key(order, (uint64_t)places[a], (uint64_t)places[b]);
      crow_pair_of_key(order, key, &first, &second);
      CHECK(first == places[a] && second == places[b]);
      CHECK(key <= order.greatest_key);
    }
  }
  /* 8 x 8 tiles: the first quarter of them is that of the first four stretches. */
  const uint64_t quarter = crow_pair_key(order, 0, 32768);
  CHECK(crow_pair_key(order, 32767, 32767) < quarter && crow_pair_key(order, 40000, 0) > quarter);
  for (uint64_t y = 1; y < 8192; y++) { /* inside a tile by (first, second) */
    const uint64_t key = crow_pair_key(order, 5, y);
    CHECK(key > previous);
    previous = key;
  }
  CHECK(crow_pair_key(order, 6, 0) > previous);
}

/* Few comparisons of many alternatives stay in one tile, and the largest numbers fit. */
static void tiles_grow_where_pairs_are_sparse(void) {
  CHECK(crow_pair_order_make(1000000, 1000000).side_bits == 19);
  CHECK(crow_pair_order_make(100, 50).side_bits == 7 && crow_pair_order_make(0, 0).side_bits == 0);
  const uint64_t last = (UINT64_C(1) << 31) - 1;
  for (int64_t q = 1; q < INT64_C(1) << 45; q *= 1000) {
    const crow_pair_order order = crow_pair_order_make(INT64_C(1) << 31, q);
    int32_t first = 0, second = 0;
    crow_pair_of_key(order, crow_pair_key(order, last - 1, last), &first, &second);
    CHECK((uint64_t)first == last - 1 && (uint64_t)second == last);
  }
}

/* What slices of an evenly spread graph concern is not more than reckoned, and not less than a third of it. */
static void the_reach_of_a_slice_is_known_beforehand(void) {
  enum { M = 60000, Q = 400000 };
  int32_t *first = calloc(Q, sizeof *first), *second = calloc(Q, sizeof *second);
  double *outcome = calloc(Q, sizeof *outcome);
  for (int64_t k = 0; k < Q; k++) {
    double u[2];
    crow_random_uniform(3, CROW_STREAM_TEST, (uint64_t)k, u, 2);
    first[k] = (int32_t)(u[0] * M);
    second[k] = (int32_t)((first[k] + 1 + (int64_t)(u[1] * (M - 1))) % M);
  }
  crow_pairs pairs;
  CHECK_OK(crow_pairs_create(test_comm, M, Q, first, second, outcome, NULL, &pairs));
  const int ranks[] = {1, 4, 16, 64};
  for (size_t r = 0; r < sizeof ranks / sizeof *ranks; r++) {
    int64_t most = 0;
    for (int rank = 0; rank < ranks[r]; rank++) {
      const crow_partition p = crow_partition_make(pairs.partition.global, CROW_BLOCK, ranks[r], rank);
      uint8_t *seen = calloc(M, 1);
      int64_t count = 0;
      for (int64_t k = p.begin; k < p.begin + p.count; k++) seen[pairs.first[k]] = seen[pairs.second[k]] = 1;
      for (int x = 0; x < M; x++) count += seen[x];
      most = count > most ? count : most;
      free(seen);
    }
    const double reckoned = crow_pairs_reach(M, Q, ranks[r]) * M;
    CHECK((double)most <= reckoned && (double)most > 0.35 * reckoned);
  }
  crow_pairs_free(&pairs);
  free(first);
  free(second);
  free(outcome);
}

int main(int argc, char **argv) {
  const crow_test tests[] = {
      {"comparisons of a pair are added up, in either direction",
       comparisons_of_a_pair_are_added_up_in_either_direction},
      {"without counts every comparison is one judgement", without_counts_every_comparison_is_one_judgement},
      {"counted comparisons are as many single ones", counted_comparisons_are_as_many_single_ones},
      {"no comparisons make no pairs", no_comparisons_make_no_pairs},
      {"components of chains and stars", components_of_chains_and_stars},
      {"indices up to 2^31", indices_may_be_as_large_as_2_to_31},
      {"bad comparisons are refused by number and value", bad_comparisons_are_refused_by_number_and_value},
      {"more judgements of a pair than fit are refused", more_judgements_of_a_pair_than_fit_are_refused},
      {"lack of memory is reported", lack_of_memory_is_reported},
      {"the dataset's comparisons are read", the_dataset_s_comparisons_are_read},
      {"an alternative against itself is named with file, path and index", an_alternative_against_itself_is_named},
      {"pairs are ordered by tiles", pairs_are_ordered_by_tiles},
      {"the reach of a slice is known beforehand", the_reach_of_a_slice_is_known_beforehand},
      {"tiles grow where pairs are sparse", tiles_grow_where_pairs_are_sparse},
      {NULL, NULL},
  };
  return crow_test_main(argc, argv, "pairs", tests, true);
}
