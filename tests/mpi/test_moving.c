/* SPDX-License-Identifier: Apache-2.0 */
/* Communicators, reductions and moved data against what each rank can work out alone. */
#include "harness.h"
#include <limits.h>
#include <mpi.h>
#include <unistd.h>

static void communicators_are_copies_of_the_callers(void) {
  crow_comm *copy = NULL, *node = NULL, *none = NULL;
  int rank = -1, size = -1;
  (void)MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  (void)MPI_Comm_size(MPI_COMM_WORLD, &size);
  CHECK_OK(crow_comm_create(MPI_COMM_WORLD, &copy));
  CHECK(crow_comm_rank(copy) == rank && crow_comm_size(copy) == size);
  CHECK_OK(crow_comm_split_node(copy, &node));
  CHECK(crow_comm_size(node) >= 1 && crow_comm_size(node) <= size);
  CHECK_OK(crow_comm_split(copy, rank % 2 ? -1 : 0, -rank, &none));
  if (rank % 2) CHECK(none == NULL);
  if (rank % 2 == 0) CHECK(crow_comm_rank(none) == (size - 1) / 2 - rank / 2); /* ordered by the key */
  crow_comm_destroy(&none);
  crow_comm_destroy(&none);
  crow_comm_destroy(&node);
  crow_comm_destroy(&copy);
  CHECK(copy == NULL);
}

static void a_process_knows_its_host_and_its_time_in_mpi(void) {
  char host[HOST_NAME_MAX + 1] = "";
  const double before = crow_comm_seconds();
  CHECK(gethostname(host, sizeof host) == 0 && strcmp(crow_comm_host(), host) == 0);
  CHECK(crow_comm_version()[0] != 0);
  for (int k = 0; k < 100; k++) CHECK_OK(crow_comm_barrier(test_comm));
  CHECK(crow_comm_seconds() >= before);
}

static void reductions_are_of_all_ranks(void) {
  const int rank = crow_comm_rank(test_comm), size = crow_comm_size(test_comm);
  double least[2] = {rank, -rank}, greatest[2] = {rank, -rank}, plain[2] = {rank, 0.5};
  int64_t least_whole[2] = {INT64_MIN + rank, 7}, greatest_whole[2] = {INT64_MAX - rank, -7 - rank};
  int64_t sum[2] = {rank, INT64_C(1) << 40};
  CHECK_OK(crow_comm_min_f64(test_comm, least, 2));
  CHECK(least[0] == 0 && least[1] == 1 - size);
  CHECK_OK(crow_comm_max_f64(test_comm, greatest, 2));
  CHECK(greatest[0] == size - 1 && greatest[1] == 0);
  CHECK_OK(crow_comm_min_i64(test_comm, least_whole, 2));
  CHECK(least_whole[0] == INT64_MIN && least_whole[1] == 7);
  CHECK_OK(crow_comm_max_i64(test_comm, greatest_whole, 2));
  CHECK(greatest_whole[0] == INT64_MAX && greatest_whole[1] == -7);
  CHECK_OK(crow_comm_sum_i64(test_comm, sum, 2));
  CHECK(sum[0] == size * (size - 1) / 2 && sum[1] == size * (INT64_C(1) << 40));
  CHECK_OK(crow_comm_sum_f64_unordered(test_comm, plain, 2));
  CHECK(plain[0] == size * (size - 1) / 2 && plain[1] == 0.5 * size);
}

/* What cancels: 1e300 on one rank, -1e300 on another, and a little on each. */
static void exact_sums_of_ranks_do_not_round(void) {
  const int rank = crow_comm_rank(test_comm), size = crow_comm_size(test_comm);
  crow_exact_sum sums[2] = {{{0}}, {{0}}};
  crow_exact_add(&sums[0], rank == 0 ? 1e300 : 0);
  crow_exact_add(&sums[0], rank == size - 1 ? -1e300 : 0);
  crow_exact_add(&sums[0], 0x1p-60);
  crow_exact_add(&sums[1], rank + 1);
  CHECK_OK(crow_comm_sum_exact(test_comm, sums, 2));
  CHECK(crow_exact_value(&sums[0]) == size * 0x1p-60);
  CHECK(crow_exact_value(&sums[1]) == size * (size + 1) / 2);
}

/* Integers, whose sum double holds exactly. */
static void the_sum_of_a_vector_is_that_of_its_slices(void) {
  enum { N = 2 * CROW_BLOCK + 9 };
  const crow_partition p = crow_comm_partition(test_comm, N, CROW_BLOCK);
  double slice[N], sum = NAN;
  for (crow_gidx i = 0; i < p.count; i++) slice[i] = (double)(p.begin + i);
  CHECK_OK(crow_comm_sum(test_comm, &p, slice, &sum));
  CHECK(sum == N * (N - 1) / 2);
}

static void every_rank_gets_what_each_has(void) {
  const int rank = crow_comm_rank(test_comm), size = crow_comm_size(test_comm);
  int32_t mine[2] = {rank, 10 * rank}, whole[64];
  CHECK_OK(crow_comm_gather(test_comm, mine, whole, sizeof mine));
  for (int r = 0; r < size; r++) CHECK(whole[2 * r] == r && whole[2 * r + 1] == 10 * r);
  int64_t told[3] = {rank, 2, 3};
  CHECK_OK(crow_comm_broadcast(test_comm, told, sizeof told, size - 1));
  CHECK(told[0] == size - 1 && told[2] == 3);
}

/* Slices of blocks of 64 become others: the reverse order of ranks, more than a rank's slice, nothing. */
static void fetched_elements_are_those_asked_for(void) {
  enum { N = 700 };
  const int rank = crow_comm_rank(test_comm), size = crow_comm_size(test_comm);
  const crow_partition p = crow_comm_partition(test_comm, N, 64);
  const crow_partition back = crow_partition_make(N, 1, size, size - 1 - rank);
  const crow_range wanted[] = {{back.begin, back.begin + back.count}, {rank, N - rank}, {5, 5}};
  int32_t have[N], out[N];
  for (crow_gidx i = 0; i < p.count; i++) have[i] = (int32_t)(3 * (p.begin + i) + 1);
  for (int k = 0; k < 3; k++) {
    const crow_gidx begin = wanted[k].begin, count = wanted[k].end - begin;
    for (crow_gidx i = 0; i < N; i++) out[i] = -1;
    CHECK_OK(crow_comm_fetch(test_comm, p.begin, p.count, have, begin, count, out, sizeof *out));
    for (crow_gidx i = 0; i < N; i++) CHECK(out[i] == (i < count ? 3 * (begin + i) + 1 : -1));
  }
  /* What nobody holds is left alone: all have what stands before 100. */
  const crow_gidx have_count = p.begin + p.count < 100 ? p.count : p.begin < 100 ? 100 - p.begin : 0;
  for (crow_gidx i = 0; i < N; i++) out[i] = -1;
  CHECK_OK(crow_comm_fetch(test_comm, p.begin, have_count, have, 50, 100, out, sizeof *out));
  for (crow_gidx i = 0; i < 100; i++) CHECK(out[i] == (i < 50 ? 3 * (50 + i) + 1 : -1));
}

static void a_halo_keeps_its_ranges(void) {
  const crow_partition p = crow_comm_partition(test_comm, 1000, 64);
  const crow_range ranges[] = {{3, 10}, {500, 501}, {990, 1000}};
  crow_halo *halo = NULL;
  int64_t count = 0;
  CHECK_OK(crow_halo_create(test_comm, &p, ranges, 3, &halo));
  const crow_range *kept = crow_halo_ranges(halo, &count);
  CHECK(count == 3 && crow_halo_count(halo) == 18);
  for (int k = 0; k < 3; k++) CHECK(kept[k].begin == ranges[k].begin && kept[k].end == ranges[k].end);
  crow_halo_destroy(&halo);
}

/* The longest slice, by looking at every rank's, of which a last block counts as whole. */
static void the_largest_slice_is_that_of_some_rank(void) {
  for (crow_gidx global = 0; global < 40; global++) {
    for (int size = 1; size < 7; size++) {
      crow_gidx most = 0;
      for (int rank = 0; rank < size; rank++) {
        const crow_partition p = crow_partition_make(global, 4, size, rank);
        const crow_gidx whole = (p.count + 3) / 4 * 4;
        if (whole > most) most = whole;
        CHECK(crow_partition_begin(&p, rank) == p.begin);
        CHECK(crow_partition_begin(&p, size) == global);
      }
      CHECK(crow_partition_largest(global, 4, size) == most);
    }
  }
}

static void memory_is_refused_with_what_to_do(void) {
  double bytes = 0, first;
  CHECK_OK(crow_comm_memory_limit(test_comm, 12345, &bytes));
  CHECK(bytes == 12345);
  CHECK_OK(crow_comm_memory_limit(test_comm, 0, &bytes));
  CHECK(bytes > 1 << 20 && bytes <= 0.8 * (double)crow_memory_limit_bytes(1) * 1.5); /* memory comes and goes */
  first = bytes;
  CHECK_OK(crow_comm_broadcast(test_comm, &first, sizeof first, 0));
  CHECK(bytes == first);
  CHECK_OK(crow_comm_check_memory(test_comm, 2e9, 2e9, "use more ranks", "the heaps of %d stones", 3));
  CHECK_STATUS(crow_comm_check_memory(test_comm, 2e9, 3e9, "use more ranks", "the heaps of %d stones", 3), CROW_FAILED);
  CHECK_MESSAGE("the heaps of 3 stones: 3 GB are needed");
  CHECK_MESSAGE("2 GB: use more ranks");
}

static const crow_test tests[] = {
    {"communicators are copies of the caller's", communicators_are_copies_of_the_callers},
    {"a process knows its host and its time in MPI", a_process_knows_its_host_and_its_time_in_mpi},
    {"reductions are of all ranks", reductions_are_of_all_ranks},
    {"exact sums of ranks do not round", exact_sums_of_ranks_do_not_round},
    {"the sum of a vector is that of its slices", the_sum_of_a_vector_is_that_of_its_slices},
    {"every rank gets what each has", every_rank_gets_what_each_has},
    {"fetched elements are those asked for", fetched_elements_are_those_asked_for},
    {"a halo keeps its ranges", a_halo_keeps_its_ranges},
    {"the largest slice is that of some rank", the_largest_slice_is_that_of_some_rank},
    {"memory is refused with what to do", memory_is_refused_with_what_to_do},
    {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "moving", tests, true); }
