/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"
#include <string.h>

static void all_ranks_get_the_lowest_failing_ranks_message(void) {
  const int rank = crow_comm_rank(test_comm), size = crow_comm_size(test_comm);
  CHECK_OK(crow_comm_agree(test_comm, CROW_OK));
  const bool fails = size == 1 || rank > 0;
  const crow_status local = fails ? crow_error(CROW_BAD_INPUT, "rank %d failed", rank) : CROW_OK;
  CHECK_STATUS(crow_comm_agree(test_comm, local), CROW_BAD_INPUT);
  CHECK_MESSAGE(size == 1 ? "rank 0 failed" : "rank 1 failed");
}

static void partitions_cover_everything_once_in_whole_blocks(void) {
  const crow_gidx globals[] = {0, 1, 2, 511, 512, 513, 5000}, blocks[] = {1, 3, CROW_BLOCK};
  for (size_t g = 0; g < 7; g++) {
    for (size_t b = 0; b < 3; b++) {
      for (int size = 1; size < 12; size++) {
        crow_gidx next = 0;
        for (int rank = 0; rank < size; rank++) {
          const crow_partition p = crow_partition_make(globals[g], blocks[b], size, rank);
          CHECK(p.begin == next && p.count >= 0);
          CHECK(p.begin % p.block == 0 || p.begin == p.global);
          for (crow_gidx i = p.begin; i < p.begin + p.count; i++) CHECK(crow_partition_owner(&p, i) == rank);
          next = p.begin + p.count;
        }
        CHECK(next == globals[g]);
      }
    }
  }
}

static double element(crow_gidx i) {
  double value;
  crow_random_normal(11, CROW_STREAM_TEST, (uint64_t)i, &value, 1);
  return ldexp(value, (int)(i % 90) - 45);
}

/* The same dot product on the world and on each rank alone must have the same bits. */
static void dot_products_do_not_depend_on_the_number_of_ranks(void) {
  enum { N = 5000 };
  double result[2][2];
  crow_comm *alone = NULL;
  CHECK_OK(crow_comm_split(test_comm, crow_comm_rank(test_comm), 0, &alone));
  const crow_comm *comms[2] = {test_comm, alone};
  for (int c = 0; c < 2; c++) {
    const crow_partition p = crow_comm_partition(comms[c], N, CROW_BLOCK);
    double *a = NULL, *b = NULL;
    CHECK_OK(CROW_ALLOCATE(&a, p.count));
    CHECK_OK(CROW_ALLOCATE(&b, p.count));
    for (crow_gidx i = 0; i < p.count; i++) {
      a[i] = element(p.begin + i);
      b[i] = element(2 * (p.begin + i) + 1);
    }
    const double *left[2] = {a, a}, *right[2] = {b, a};
    CHECK_OK(crow_comm_dot(comms[c], &p, 2, left, right, result[c]));
    crow_free(a);
    crow_free(b);
  }
  CHECK(memcmp(result[0], result[1], sizeof result[0]) == 0);
  long double expected = 0;
  for (crow_gidx i = 0; i < N; i++) expected += (long double)element(i) * element(i);
  CHECK_NEAR(result[0][1] / (double)expected, 1, 1e-14);
  crow_comm_destroy(&alone);
}

static void gathered_slices_are_the_whole(void) {
  enum { N = 1300 };
  const crow_partition p = crow_comm_partition(test_comm, N, CROW_BLOCK);
  int64_t *slice = NULL, whole[N];
  CHECK_OK(CROW_ALLOCATE(&slice, p.count));
  for (int64_t i = 0; i < p.count; i++) slice[i] = 3 * (p.begin + i);
  CHECK_OK(crow_comm_gather_slices(test_comm, &p, slice, whole, sizeof *whole));
  for (int64_t i = 0; i < N; i++) CHECK(whole[i] == 3 * i);
  crow_free(slice);
}

/* Every rank works on other elements: of stretches of 100 those whose number, times 7 and plus the rank times 3, is at
 * most 4 modulo 10; no rank works on 400 .. 499. */
static int64_t ranges_of(int rank, crow_gidx n, crow_range *range) {
  int64_t ranges = 0;
  for (crow_gidx k = 0; 100 * k < n; k++) {
    const crow_gidx end = 100 * k + 100 < n ? 100 * k + 100 : n;
    if (k == 4 || (7 * k + 3 * rank) % 10 > 4) continue;
    if (ranges && range[ranges - 1].end == 100 * k)
      range[ranges - 1].end = end;
    else
      range[ranges++] = (crow_range){100 * k, end};
  }
  return ranges;
}

static bool works_on(int rank, crow_gidx n, crow_gidx at) {
  crow_range range[64];
  const int64_t ranges = ranges_of(rank, n, range);
  for (int64_t k = 0; k < ranges; k++) {
    if (at >= range[k].begin && at < range[k].end) return true;
  }
  return false;
}

static void halos_fetch_what_a_rank_works_on_and_sum_it_up_at_its_owner(void) {
  enum { N = 1350 };
  const int rank = crow_comm_rank(test_comm), size = crow_comm_size(test_comm);
  const crow_partition p = crow_comm_partition(test_comm, N, 64);
  crow_halo *halo = NULL;
  crow_range range[64];
  double *slice = NULL, whole[N], *most = NULL;
  int64_t *sum = NULL, whole_sum[N], count = 0;
  CHECK_OK(crow_halo_create(test_comm, &p, range, ranges_of(rank, N, range), &halo));
  CHECK_OK(CROW_ALLOCATE(&slice, p.count));
  CHECK_OK(CROW_ALLOCATE(&most, p.count));
  CHECK_OK(CROW_ALLOCATE(&sum, p.count));
  for (crow_gidx i = 0; i < p.count; i++) slice[i] = element(p.begin + i);
  for (crow_gidx i = 0; i < N; i++) whole[i] = -1;
  CHECK_OK(crow_halo_fetch(halo, slice, whole));
  for (crow_gidx i = 0; i < N; i++) {
    CHECK(whole[i] == (works_on(rank, N, i) ? element(i) : -1));
    count += works_on(rank, N, i);
    whole_sum[i] = i * (rank + 1);
    whole[i] = (double)(i * (rank + 1));
  }
  CHECK(crow_halo_count(halo) == count);
  CHECK_OK(crow_halo_sum_i64(halo, whole_sum, sum));
  CHECK_OK(crow_halo_max_f64(halo, whole, most));
  for (crow_gidx i = 0; i < p.count; i++) {
    int64_t all = 0, greatest = 0;
    for (int r = 0; r < size; r++) {
      if (!works_on(r, N, p.begin + i)) continue;
      all += r + 1;
      greatest = r + 1;
    }
    CHECK(sum[i] == all * (p.begin + i));
    CHECK(most[i] == (double)(greatest * (p.begin + i)));
  }
  crow_halo_destroy(&halo);
  CHECK(halo == NULL);
  crow_free(slice);
  crow_free(most);
  crow_free(sum);
}

static void a_halo_may_be_empty(void) {
  const crow_partition p = crow_comm_partition(test_comm, 5, 1);
  crow_halo *halo = NULL;
  int64_t sum[5] = {7, 7, 7, 7, 7};
  CHECK_OK(crow_halo_create(test_comm, &p, NULL, 0, &halo));
  CHECK_OK(crow_halo_sum_i64(halo, NULL, sum));
  for (crow_gidx i = 0; i < p.count; i++) CHECK(sum[i] == 0);
  crow_halo_destroy(&halo);
}

/* Rank a sends to rank b the numbers 1000 a + b, a + 2 b times. */
static void exchange_delivers_every_packet_in_rank_order(void) {
  const int rank = crow_comm_rank(test_comm), size = crow_comm_size(test_comm);
  int64_t send_count[16] = {0}, receive_count[16] = {0}, total = 0;
  int32_t send[512], *received = NULL;
  for (int to = 0; to < size; to++) {
    send_count[to] = rank + 2 * to;
    for (int64_t k = 0; k < send_count[to]; k++) send[total++] = 1000 * rank + to;
  }
  CHECK_OK(crow_comm_exchange(test_comm, send, send_count, sizeof *send, (void **)&received, receive_count));
  int64_t at = 0;
  for (int from = 0; from < size; from++) {
    CHECK(receive_count[from] == from + 2 * rank);
    for (int64_t k = 0; k < receive_count[from]; k++) CHECK(received[at++] == 1000 * from + rank);
  }
  crow_free(received);
}

static void offsets_lay_the_parts_end_to_end(void) {
  const int rank = crow_comm_rank(test_comm);
  int64_t offset = -1;
  CHECK_OK(crow_comm_offset_i64(test_comm, rank + 1, &offset));
  CHECK(offset == (int64_t)rank * (rank + 1) / 2);
}

/* With and without memory of their own for the sums. */
static void many_dot_products_are_as_each_by_itself(void) {
  enum { N = 1500, MANY = 70 };
  const crow_partition p = crow_comm_partition(test_comm, N, CROW_BLOCK);
  double *a = NULL, *b = NULL, together[MANY];
  const double *left[MANY], *right[MANY];
  CHECK_OK(CROW_ALLOCATE(&a, p.count));
  CHECK_OK(CROW_ALLOCATE(&b, p.count));
  for (crow_gidx i = 0; i < p.count; i++) {
    a[i] = element(p.begin + i);
    b[i] = element(N + p.begin + i);
  }
  for (int k = 0; k < MANY; k++) {
    left[k] = k % 2 ? a : b;
    right[k] = k % 3 ? a : b;
  }
  CHECK_OK(crow_comm_dot(test_comm, &p, MANY, left, right, together));
  for (int k = 0; k < 6; k++) {
    double single = NAN;
    CHECK_OK(crow_comm_dot(test_comm, &p, 1, &left[k], &right[k], &single));
    for (int j = k; j < MANY; j += 6) CHECK(together[j] == single);
  }
  crow_free(a);
  crow_free(b);
}

static void work_is_counted_and_timed_by_kind(void) {
  const crow_work_done before = crow_work_get();
  for (int round = 0; round < 2; round++) {
    crow_work_begin();
    for (const double start = crow_time_cpu_s(); crow_time_cpu_s() - start < 2e-3;) continue;
    crow_work_end(CROW_WORK_PAIR, 5);
  }
  const crow_work_done after = crow_work_get();
  CHECK(after.count[CROW_WORK_PAIR] - before.count[CROW_WORK_PAIR] == 10);
  /* The clocks of time and of the processor may differ a little. */
  CHECK(after.seconds[CROW_WORK_PAIR] - before.seconds[CROW_WORK_PAIR] >= 3.9e-3);
  CHECK(after.count[CROW_WORK_SAMPLE] == before.count[CROW_WORK_SAMPLE]);
  CHECK(after.seconds[CROW_WORK_SAMPLE] == before.seconds[CROW_WORK_SAMPLE]);
  CHECK(strcmp(crow_work_name(CROW_WORK_PAIR), "pair") == 0);
}

static void stage_times_are_summed_up(void) {
  crow_stages stages = {0};
  double least[CROW_STAGES_MAX], mean[CROW_STAGES_MAX], greatest[CROW_STAGES_MAX], total;
  crow_stages_begin(&stages, "one");
  crow_stages_begin(&stages, "two");
  crow_stages_begin(&stages, "one");
  crow_stages_end(&stages);
  CHECK(stages.count == 2);
  CHECK_OK(crow_stages_summary(test_comm, &stages, least, mean, greatest, &total));
  CHECK(least[0] <= mean[0] * (1 + 1e-12) && mean[0] <= greatest[0] * (1 + 1e-12) && total >= greatest[1]);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"all ranks get the lowest failing rank's message", all_ranks_get_the_lowest_failing_ranks_message},
      {"partitions cover everything once, in whole blocks", partitions_cover_everything_once_in_whole_blocks},
      {"dot products do not depend on the number of ranks", dot_products_do_not_depend_on_the_number_of_ranks},
      {"gathered slices are the whole", gathered_slices_are_the_whole},
      {"halos fetch what a rank works on and sum it up at its owner",
       halos_fetch_what_a_rank_works_on_and_sum_it_up_at_its_owner},
      {"a halo may be empty", a_halo_may_be_empty},
      {"exchange delivers every packet in rank order", exchange_delivers_every_packet_in_rank_order},
      {"offsets lay the parts end to end", offsets_lay_the_parts_end_to_end},
      {"many dot products are as each by itself", many_dot_products_are_as_each_by_itself},
      {"work is counted and timed by kind", work_is_counted_and_timed_by_kind},
      {"stage times are summed up", stage_times_are_summed_up},
      {NULL, NULL},
  };
  return crow_test_main(argc, argv, "comm", tests, true);
}
