/* SPDX-License-Identifier: Apache-2.0 */
/* Pairs and win rates on several ranks: the same bits as on one. */
#include "preference/dataset.h"
#include "preference/pairs_impl.h"

/* A communicator of this rank alone. */
static crow_comm *alone(void) {
  crow_comm *comm = NULL;
  CHECK_OK(crow_comm_split(test_comm, crow_comm_rank(test_comm), 0, &comm));
  return comm;
}

typedef struct comparisons {
  int64_t q;
  int32_t *first, *second;
  double *outcome;
  int64_t *count;
} comparisons;

/* Fractional outcomes whose sums depend on their order; popular alternatives come often. */
static comparisons make(int64_t q, crow_gidx m) {
  const size_t n = (size_t)q + 1;
  comparisons c = {q, calloc(n, sizeof *c.first), calloc(n, sizeof *c.second), calloc(n, sizeof *c.outcome),
                   calloc(n, sizeof *c.count)};
  for (int64_t i = 0; i < q; i++) {
    double u[4];
    crow_random_uniform(11, CROW_STREAM_TEST, (uint64_t)i, u, 4);
    c.first[i] = (int32_t)((double)m * u[0] * u[0]);
    c.second[i] = (int32_t)((double)(m - 1) * u[1] * u[1]);
    c.second[i] += c.second[i] >= c.first[i];
    c.outcome[i] = i % 3 == 0 ? 1 : i % 3 == 1 ? 0.5 : u[2];
    c.count[i] = 1 + (int64_t)(5 * u[3]);
  }
  return c;
}

/* The same pairs, won, lost or tied once each. */
static void make_plain(comparisons *c) {
  for (int64_t i = 0; i < c->q; i++) c->outcome[i] = (double)(i * 7 % 3) / 2;
  free(c->count);
  c->count = NULL;
}

static void release(comparisons *c) {
  free(c->first);
  free(c->second);
  free(c->outcome);
  free(c->count);
}

/* Pairs on all ranks, whose slices must be the same bits as those of pairs made alone. `begin` and `count` are this
 * rank's comparisons. */
static void compare(crow_gidx m, const comparisons *c, int64_t begin, int64_t count) {
  crow_pairs one, all;
  crow_comm *self = alone();
  CHECK_OK(crow_pairs_create(self, m, c->q, c->first, c->second, c->outcome, c->count, &one));
  CHECK_OK(crow_pairs_create(test_comm, m, count, c->first + begin, c->second + begin, c->outcome + begin,
                             c->count ? c->count + begin : NULL, &all));
  CHECK(all.partition.global == one.partition.global);
  CHECK(all.comparisons == one.comparisons && all.ties == one.ties);
  CHECK(all.components == one.components && all.never_compared == one.never_compared);
  const size_t n = (size_t)all.partition.count, at = (size_t)all.partition.begin;
  CHECK(n == 0 || memcmp(all.first, one.first + at, n * sizeof *all.first) == 0);
  CHECK(n == 0 || memcmp(all.second, one.second + at, n * sizeof *all.second) == 0);
  CHECK(n == 0 || memcmp(all.share, one.share + at, n * sizeof *all.share) == 0);
  CHECK(n == 0 || memcmp(all.judgements, one.judgements + at, n * sizeof *all.judgements) == 0);
  crow_pairs_free(&one);
  crow_pairs_free(&all);
  crow_comm_destroy(&self);
}

static void pairs_do_not_depend_on_the_number_of_ranks(void) {
  const struct {
    crow_gidx m;
    int64_t q;
  } cases[] = {{2, 0}, {2, 1}, {2, 5000}, {3, 2}, {5, 40}, {40, 5000}, {3000, 20000}, {100000, 30000}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    comparisons c = make(cases[k].q, cases[k].m);
    const crow_partition even = crow_comm_partition(test_comm, c.q, 1);
    compare(cases[k].m, &c, even.begin, even.count);
    const int last = crow_comm_size(test_comm) - 1; /* all on one rank */
    compare(cases[k].m, &c, 0, crow_comm_rank(test_comm) == last ? c.q : 0);
    make_plain(&c);
    compare(cases[k].m, &c, even.begin, even.count);
    release(&c);
  }
}

static void one_rank_s_bad_comparison_ends_all(void) {
  const int last = crow_comm_size(test_comm) - 1;
  const int32_t first[] = {0}, second[] = {crow_comm_rank(test_comm) == last ? 0 : 1};
  const double outcome[] = {1};
  char expected[64];
  crow_pairs pairs;
  CHECK_STATUS(crow_pairs_create(test_comm, 2, 1, first, second, outcome, NULL, &pairs), CROW_BAD_INPUT);
  (void)snprintf(expected, sizeof expected, "comparison %d is of alternative 0 with itself", last);
  CHECK_MESSAGE(expected);
}

/* In any order, and as 256 annotators on every rank make them who were all asked the same. */
static void records_are_shared_out_evenly(void) {
  const int64_t each = 20480;
  const size_t sizes[] = {sizeof(crow_record), sizeof(uint64_t), sizeof(uint64_t)};
  for (int k = 0; k < 3; k++) {
    crow_records records = {.count = each, .bytes = sizes[k]};
    CHECK_OK(crow_allocate(each, sizes[k], &records.data));
    for (int64_t i = 0; i < each; i++) {
      const int64_t at = k == 2 ? i % (each / 256) : crow_comm_rank(test_comm) * each + i;
      double u;
      crow_random_uniform(12, CROW_STREAM_TEST, (uint64_t)at, &u, 1);
      const uint64_t key = (uint64_t)(u * 1e12);
      memcpy((char *)records.data + (size_t)i * sizes[k], &key, sizeof key);
    }
    CHECK_OK(crow_records_sort(test_comm, UINT64_C(1000000000000), &records));
    CHECK(records.count > each / 2 && records.count < each * 2);
    bool ordered = true;
    for (int64_t i = 1; i < records.count; i++) {
      ordered = ordered && crow_records_key(&records, i - 1) <= crow_records_key(&records, i);
    }
    CHECK(ordered);
    crow_records_free(&records);
  }
}

static void win_rates_do_not_depend_on_the_number_of_ranks(void) {
  enum { M = 700, TYPES = 3 };
  double *matrix = calloc((size_t)M * M, sizeof *matrix), *reward = calloc((size_t)TYPES * M, sizeof *reward);
  double weight[M], together[M], single[M], sum = 0;
  const double prevalence[TYPES] = {0.5, 0.25, 0.25};
  crow_random_uniform(1, CROW_STREAM_TEST, 0, weight, M);
  crow_random_uniform(1, CROW_STREAM_TEST, 1, reward, (int64_t)TYPES * M);
  for (int x = 0; x < M; x++) sum += weight[x];
  for (int x = 0; x < M; x++) weight[x] /= sum;
  for (int k = 0; k < TYPES * M; k++) reward[k] *= 10;
  for (int x = 0; x < M; x++) {
    for (int y = 0; y < M; y++) matrix[x * M + y] = 1 / (1 + exp(reward[y] - reward[x]));
  }
  const sources with = {
      .m = M, .n = TYPES, .prevalence = prevalence, .reward = reward, .matrix = matrix, .matrix_type = CROW_F64};
  write_dataset(test_path("rates.h5"), &with);
  for (int source = 0; source < 2; source++) {
    crow_comm *self = alone();
    const crow_comm *comms[] = {test_comm, self};
    for (int k = 0; k < 2; k++) {
      crow_dataset dataset;
      const crow_weights w = take_weights(comms[k], M, weight);
      CHECK_OK(crow_dataset_open(comms[k], test_path("rates.h5"), false, &dataset));
      double *result = k ? single : together + w.partition.begin;
      CHECK_OK(source ? crow_win_rate_matrix(comms[k], &dataset, &w, result)
                      : crow_win_rate_population(comms[k], &dataset, &w, result));
      crow_dataset_close(&dataset);
    }
    const crow_partition p = crow_comm_partition(test_comm, M, CROW_BLOCK);
    CHECK(p.count == 0 || memcmp(together + p.begin, single + p.begin, (size_t)p.count * sizeof *single) == 0);
    crow_comm_destroy(&self);
  }
  matrix[5 * M + 650] = matrix[5 * M + 650] < 0.5 ? 0.9 : 0.1;
  const sources bad = {.m = M, .matrix = matrix, .matrix_type = CROW_F64};
  crow_dataset dataset;
  const crow_weights w = take_weights(test_comm, M, weight);
  write_dataset(test_path("bad.h5"), &bad);
  CHECK_OK(crow_dataset_open(test_comm, test_path("bad.h5"), false, &dataset));
  CHECK_STATUS(crow_win_rate_matrix(test_comm, &dataset, &w, together + w.partition.begin), CROW_BAD_INPUT);
  CHECK_MESSAGE("expected a sum of 1");
  crow_dataset_close(&dataset);
  free(matrix);
  free(reward);
}

int main(int argc, char **argv) {
  const crow_test tests[] = {
      {"pairs do not depend on the number of ranks", pairs_do_not_depend_on_the_number_of_ranks},
      {"one rank's bad comparison ends all with one message", one_rank_s_bad_comparison_ends_all},
      {"records are shared out evenly", records_are_shared_out_evenly},
      {"win rates do not depend on the number of ranks", win_rates_do_not_depend_on_the_number_of_ranks},
      {NULL, NULL},
  };
  return crow_test_main(argc, argv, "pairs on ranks", tests, true);
}
