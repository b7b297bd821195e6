/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes and counts near 2^31, 2^32 and beyond: right, or refused in words, and never wrapped around. What would not fit
 * into memory is met with a limit on this process's addresses, as a node's memory would be. */
#include "fixture.h"

#include <stdlib.h>
#include <sys/resource.h>

#define TWO31 (INT64_C(1) << 31)
#define TWO32 (INT64_C(1) << 32)

static const int64_t edges[] = {TWO31 - 1, TWO31, TWO31 + 1, TWO32 - 1, TWO32, TWO32 + 1, INT64_C(1) << 40};
enum { EDGES = sizeof edges / sizeof *edges };

/* Leaves this process so many bytes of addresses more than it has; false where that cannot be told or limited. */
static bool leave_addresses(int64_t bytes) {
#if defined(__SANITIZE_ADDRESS__)
  (void)bytes;
  return false;
#else
  long pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  const bool known = file && fscanf(file, "%ld", &pages) == 1;
  if (file) (void)fclose(file);
  const struct rlimit limit = {(rlim_t)pages * 4096 + (rlim_t)bytes, RLIM_INFINITY};
  return known && !getenv("CROW_MEMCHECK") && setrlimit(RLIMIT_AS, &limit) == 0;
#endif
}

static void leave_all_addresses(void) {
  const struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
  CHECK(setrlimit(RLIMIT_AS, &none) == 0);
}

/* ---- numbers alone ------------------------------------------------------------------------------------------- */

static void slices_cover_everything_once(void) {
  static const int sizes[] = {1, 2, 7, 1000};
  for (int e = 0; e < EDGES; e++) {
    for (int s = 0; s < 4; s++) {
      const int64_t blocks[] = {1, CROW_BLOCK};
      for (int b = 0; b < 2; b++) {
        int64_t next = 0, largest = 0;
        for (int rank = 0; rank < sizes[s]; rank++) {
          const crow_partition p = crow_partition_make(edges[e], blocks[b], sizes[s], rank);
          CHECK(p.begin == next && p.count >= edges[e] / sizes[s] - 2 * CROW_BLOCK);
          CHECK(p.count == 0 ||
                (crow_partition_owner(&p, p.begin) == rank && crow_partition_owner(&p, p.begin + p.count - 1) == rank));
          next = p.begin + p.count;
          largest = p.count > largest ? p.count : largest;
        }
        const int64_t most = crow_partition_largest(edges[e], blocks[b], sizes[s]);
        CHECK(next == edges[e] && most >= largest && most < largest + blocks[b]);
      }
    }
  }
}

/* What is reckoned before work grows with the numbers, through all edges. */
static void plans_grow_with_the_numbers(void) {
  crow_train_options train;
  crow_weights_options weights;
  crow_uncertainty_options wanted;
  crow_train_options_default(&train);
  crow_weights_options_default(&weights);
  crow_settings_default(crow_uncertainty_settings, &wanted);
  wanted.standard_errors = true;
  wanted.bootstrap = 1000;
  double last[6] = {0};
  for (int e = 0; e < EDGES; e++) {
    const crow_dataset d = {
        .alternatives = edges[e], .dimensions = 100, .comparisons = edges[e], .has_comparisons = true, .single = true};
    const double now[6] = {crow_rewards_rank_bytes(&d, &train, 1),
                           crow_weights_need_bytes(&d, &weights, 1, 1),
                           crow_uncertainty_rank_bytes(&d, &train.lbfgs, &wanted, 1),
                           crow_cluster_rank_bytes(edges[e], 100, 1000, 1),
                           (double)crow_weights_rank_bytes(edges[e], 100, true, true, 1),
                           (double)crow_weights_samples_auto(edges[e])};
    for (int k = 0; k < 6; k++) CHECK(now[k] > last[k] && now[k] >= 12 * (double)edges[e]);
    CHECK_NEAR(now[5], 30 * (double)edges[e], 0);
    memcpy(last, now, sizeof last);
  }
}

/* Sample i is a function of i, for i of any size. */
static void samples_are_numbered_beyond_32_bits(void) {
  static const char *const spaces[] = {"cube", "box", "sphere", "ball", "gaussian", "factor2"};
  static const double context[] = {.2, .4, .1, .9, .5, .3, .7, .8, .6};
  const test_dataset t = {.m = 3, .d = 3, .context = context};
  crow_dataset dataset = {0};
  test_dataset_write(test_comm, test_path("three.h5"), &t);
  CHECK_OK(crow_dataset_open(test_comm, test_path("three.h5"), true, &dataset));
  for (size_t s = 0; s < sizeof spaces / sizeof *spaces; s++) {
    crow_weights_options options;
    crow_space *space = NULL;
    double first[12];
    crow_weights_options_default(&options);
    options.space.space = spaces[s];
    CHECK_OK(crow_space_create(test_comm, &options.space, &dataset, &space));
    CHECK_OK(crow_space_sample(space, 0, 4, INT64_C(1) << 41, first));
    for (int e = 0; e < EDGES; e++) {
      double together[12], each[3];
      CHECK_OK(crow_space_sample(space, edges[e] - 2, 4, INT64_C(1) << 41, together));
      for (int k = 0; k < 4; k++) {
        CHECK_OK(crow_space_sample(space, edges[e] - 2 + k, 1, INT64_C(1) << 41, each));
        CHECK(memcmp(each, together + 3 * k, sizeof each) == 0);
        for (int j = 0; j < 4; j++) CHECK(memcmp(each, first + 3 * j, sizeof each) != 0);
      }
    }
    crow_space_destroy(&space);
  }
  crow_dataset_close(&dataset);
}

/* ---- judgements ---------------------------------------------------------------------------------------------- */

static crow_status count_judgements(int64_t q, const int32_t *second, const int64_t *count, crow_pairs *pairs) {
  static const int32_t first[] = {0, 0, 0};
  static const double outcome[] = {1, .25, .5};
  const bool mine = crow_comm_rank(test_comm) == 0;
  return crow_pairs_create(test_comm, 4, mine ? q : 0, first, second, outcome, count, pairs);
}

static void judgements_of_a_pair_fit_32_bits_and_their_sum_64(void) {
  static const int32_t others[] = {1, 2, 3}, same[] = {1, 1, 1};
  const int64_t most[] = {TWO32 - 1, TWO32 - 1, TWO32 - 1}, too_many[] = {1, TWO32, 1}, half[] = {TWO31, TWO31, 1},
                below[] = {TWO31, TWO31 - 1, 1};
  crow_pairs pairs = {0};
  CHECK_OK(count_judgements(3, others, most, &pairs));
  CHECK(pairs.comparisons == 3 * (TWO32 - 1) && pairs.ties == TWO32 - 1 && pairs.partition.global == 3);
  for (crow_gidx k = 0; k < pairs.partition.count; k++) {
    CHECK(pairs.judgements[k] == UINT32_MAX);
    CHECK(pairs.share[k] == (pairs.second[k] == 1 ? 1 : pairs.second[k] == 2 ? .25 : .5));
  }
  crow_pairs_free(&pairs);
  CHECK_OK(count_judgements(2, same, below, &pairs));
  for (crow_gidx k = 0; k < pairs.partition.count; k++) {
    CHECK(pairs.judgements[k] == UINT32_MAX);
    CHECK_NEAR(pairs.share[k], (0x1p31 + .25 * (0x1p31 - 1)) / (0x1p32 - 1), 1e-15);
  }
  crow_pairs_free(&pairs);
  CHECK_STATUS(count_judgements(3, others, too_many, &pairs), CROW_BAD_INPUT);
  CHECK_MESSAGE("count 4294967296");
  crow_pairs_free(&pairs);
  CHECK_STATUS(count_judgements(2, same, half, &pairs), CROW_BAD_INPUT);
  CHECK_MESSAGE("4294967296 judgements");
  crow_pairs_free(&pairs);
}

/* ---- more than there is memory for ---------------------------------------------------------------------------- */

static void make_zeros(void *context, crow_gidx begin, crow_gidx count, crow_type type, void *values) {
  (void)context;
  (void)begin;
  memset(values, 0, (size_t)count * crow_type_bytes(type));
}

/* Weights of more alternatives than fit are refused by the plan, with the numbers, whatever the scheme. */
static void too_many_alternatives_are_refused_by_the_plan(void) {
  if (!leave_addresses(INT64_C(1) << 30)) return;
  for (int scheme = CROW_SCHEME_VORONOI; scheme <= CROW_SCHEME_CLUSTER; scheme++) {
    for (int e = 0; e < EDGES; e++) {
      const crow_dataset dataset = crow_dataset_generated(edges[e], 1, true, make_zeros, NULL);
      crow_weights_options options;
      crow_weights weights = {0};
      crow_weights_options_default(&options);
      options.scheme = scheme;
      options.samples = 1000;
      options.memory_per_rank = 1e9;
      const crow_status status = crow_weights_compute(test_comm, &dataset, &options, &weights);
      CHECK(status == CROW_FAILED || status == CROW_USAGE || status == CROW_BAD_INPUT);
      CHECK(strstr(crow_error_message(), "memory") || strstr(crow_error_message(), "GB a rank") ||
            strstr(crow_error_message(), "2147483647"));
      crow_weights_free(&weights);
    }
  }
  leave_all_addresses();
}

/* The dense inverse of 46,341 alternatives and more has more than 2^31 elements, 17 GB each of three. */
static void a_dense_inverse_beyond_32_bits_is_refused_in_words(void) {
  static const int64_t counts[] = {46341, 65536, 65537, 100000};
  for (int k = 0; k < 4; k++) {
    const int32_t first = 0, second = (int32_t)counts[k] - 1;
    const double outcome = 1, spread = .25;
    const crow_sandwich_options options = {.exact = INT64_MAX, .probes = 1, .seed = 1};
    crow_objective_options objective_options;
    crow_objective *objective = NULL;
    crow_weights weights;
    crow_pairs pairs;
    double *zero = NULL;
    char text[64];
    crow_settings_default(crow_objective_settings, &objective_options);
    CHECK_OK(crow_pairs_create(test_comm, counts[k], crow_comm_rank(test_comm) == 0, &first, &second, &outcome, NULL,
                               &pairs));
    CHECK_OK(crow_weights_uniform(test_comm, counts[k], &weights));
    CHECK_OK(crow_objective_create_pairs(test_comm, &objective_options, &weights, &pairs, &objective));
    CHECK_OK(CROW_ALLOCATE(&zero, 2 * weights.partition.count));
    if (leave_addresses(INT64_C(1) << 30)) {
      CHECK_STATUS(
          crow_objective_sandwich(objective, zero, &spread, NULL, &options, zero + weights.partition.count, NULL, NULL),
          CROW_FAILED);
      (void)snprintf(text, sizeof text, "cannot allocate %lld bytes", (long long)(8 * counts[k] * counts[k]));
      CHECK_MESSAGE(text);
      leave_all_addresses();
    }
    crow_free(zero);
    crow_objective_destroy(&objective);
    crow_weights_free(&weights);
    crow_pairs_free(&pairs);
  }
}

static void sizes_that_overflow_are_refused(void) {
  void *memory = &memory;
  CHECK_STATUS(crow_allocate(-1, 8, &memory), CROW_FAILED);
  CHECK(memory == NULL);
  CHECK_STATUS(crow_allocate_raw(INT64_MAX, 8, &memory), CROW_FAILED);
  CHECK_MESSAGE("overflows");
  CHECK_STATUS(crow_allocate_raw((INT64_C(1) << 61) + 1, 8, &memory), CROW_FAILED);
  CHECK_MESSAGE("overflows");
  CHECK_STATUS(crow_allocate_raw(INT64_C(1) << 60, 8, &memory), CROW_FAILED);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"slices cover everything once", slices_cover_everything_once},
      {"plans grow with the numbers", plans_grow_with_the_numbers},
      {"samples are numbered beyond 32 bits", samples_are_numbered_beyond_32_bits},
      {"judgements of a pair fit 32 bits, and their sum 64", judgements_of_a_pair_fit_32_bits_and_their_sum_64},
      {"too many alternatives are refused by the plan", too_many_alternatives_are_refused_by_the_plan},
      {"a dense inverse beyond 32 bits is refused in words", a_dense_inverse_beyond_32_bits_is_refused_in_words},
      {"sizes that overflow are refused", sizes_that_overflow_are_refused},
      {NULL, NULL}};
  return crow_test_main(argc, argv, "edges", tests, true);
}
