/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of an audit by themselves: tau by counting pairs, winners, prompts, topics, redraws and lists of numbers. */
#include "harness.h"

#include "audit/audit_impl.h"

enum { M = 40 };

static double draw(int64_t k) {
  double u;
  crow_random_uniform(81, CROW_STREAM_TEST, (uint64_t)k, &u, 1);
  return u;
}

/* tau-b by its definition: over all pairs. */
static double tau_of(int64_t n, const double *a, const double *b) {
  double sum = 0, of_a = 0, of_b = 0;
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < i; j++) {
      const double x = (a[i] > a[j]) - (a[i] < a[j]), y = (b[i] > b[j]) - (b[i] < b[j]);
      sum += x * y;
      of_a += x * x;
      of_b += y * y;
    }
  }
  return sum / sqrt(of_a) / sqrt(of_b);
}

static void tau_is_that_of_all_pairs(void) {
  double a[M], b[M], tau = 0;
  for (int64_t n = 0; n <= M; n++) {
    for (int levels = 1; levels <= 64; levels *= 2) { /* few levels make many ties */
      for (int64_t i = 0; i < n; i++) {
        a[i] = floor(levels * draw(1000 * n + i)) / 2;
        b[i] = floor(3 * levels * draw(2000 * n + i + 7)) / 4;
      }
      CHECK_OK(crow_kendall_tau(n, a, b, &tau));
      const double expected = tau_of(n, a, b);
      CHECK(isnan(tau) == isnan(expected));
      if (!isnan(expected)) CHECK_NEAR(tau, expected, 1e-14);
    }
  }
  for (int64_t i = 0; i < M; i++) {
    a[i] = (double)i;
    b[i] = -(double)i;
  }
  CHECK_OK(crow_kendall_tau(M, a, a, &tau));
  CHECK(tau == 1);
  CHECK_OK(crow_kendall_tau(M, a, b, &tau));
  CHECK(tau == -1);
}

static void expect_winners(const double *before, double tie0, const double *after, double tie1, int64_t n,
                           int64_t first, int64_t second) {
  int64_t winner[2] = {-7, -7};
  crow_winners(n, (crow_measured){before, tie0}, (crow_measured){after, tie1}, winner);
  CHECK(winner[0] == first && winner[1] == second);
}

static void winners_are_the_first_of_the_greatest(void) {
  const double none = (double)NAN;
  const double a[4] = {1, 3, 3, 2}, b[4] = {none, 1, 2, 2}, c[4] = {none, none, none, none}, d[4] = {5, 1, 1, 1};
  CHECK(crow_greatest(4, a) == 1 && crow_greatest(4, b) == 2 && crow_greatest(4, c) == -1 && crow_greatest(0, a) == -1);
  expect_winners(a, 0, a, 0, 4, 1, 1);
  expect_winners(a, 0, b, 0, 4, 2, 2); /* 2 ties with 1 before, and is the greatest after */
  expect_winners(a, 0, d, 0, 4, 1, 0);
  expect_winners(a, 2, d, 0, 4, 0, 0); /* 0 is as near as may be, */
  expect_winners(a, 2 - 1e-9, d, 0, 4, 1, 0);
  expect_winners(a, 0, d, 4, 4, 1, 1);
  expect_winners(c, 0, a, 0, 4, -1, 1);
  expect_winners(a, 0, c, 0, 4, 1, -1);
}

static void prompts_are_taken_one_by_one(void) {
  static int32_t prompt[7] = {0, 1, 0, 2, 1, 0, 1};
  const crow_dataset dataset = {.alternatives = 7, .prompts = 3, .prompt = prompt};
  crow_within w;
  CHECK_OK(crow_within_create(&dataset, &w));
  const crow_gidx begin[4] = {0, 3, 6, 7}, members[7] = {0, 2, 5, 1, 4, 6, 3};
  CHECK(w.m == 7 && w.prompts == 3 && memcmp(w.begin, begin, sizeof begin) == 0);
  CHECK(memcmp(w.alternative, members, sizeof members) == 0);
  for (crow_gidx i = 0; i < 7; i++) CHECK(crow_within_prompt(&w, i) == prompt[i]);
  const double before[7] = {3, 5, 1, 0, 4, 2, 6};
  double after[7 + 4] = {3, 5, 1, 0, 4, 2, 6};
  crow_gidx first = 9;
  CHECK(crow_within_changed(&w, (crow_measured){before, 0}, NULL, 7, (crow_measured){after, 0}, &first) == 0);
  CHECK(first == 0);
  after[2] = 4; /* of prompt 0 */
  after[4] = 7; /* of prompt 1 */
  CHECK(crow_within_changed(&w, (crow_measured){before, 0}, NULL, 7, (crow_measured){after, 0}, &first) == 2);
  CHECK(first == 0 && w.winner[0][0] == 0 && w.winner[1][0] == 2 && w.winner[0][1] == 6 && w.winner[1][1] == 4);
  CHECK(w.winner[0][2] == 3 && w.winner[1][2] == 3);
  after[2] = 1;
  CHECK(crow_within_changed(&w, (crow_measured){before, 0}, NULL, 7, (crow_measured){after, 0}, &first) == 1);
  CHECK(first == 1);
  /* Clones stand for their originals: two each of 1 and 5, the second of 5 the best of prompt 0. */
  crow_gidx target[2] = {1, 5};
  const crow_clones clones = {.targets = 2, .target = target, .clones = 2};
  const crow_gidx originals[11] = {0, 1, 2, 3, 4, 5, 6, 1, 5, 1, 5};
  for (crow_gidx i = 0; i < 11; i++) CHECK(crow_clones_original(&clones, 7, i) == originals[i]);
  after[4] = 4;
  after[7] = after[8] = after[9] = 0;
  after[10] = 8;
  CHECK(crow_within_changed(&w, (crow_measured){before, 0}, &clones, 11, (crow_measured){after, 0}, &first) == 1);
  CHECK(first == 0 && w.winner[1][0] == 5);
  CHECK(crow_within_changed(&w, (crow_measured){before, 1}, &clones, 11, (crow_measured){after, 0}, &first) == 0);
  double tau = 0; /* prompt 2 has one alternative and none */
  const double turned[7] = {1, 5, 3, 0, 4, 2, 6};
  CHECK_OK(crow_within_tau(&w, before, turned, &tau));
  CHECK_NEAR(tau, (-1 + 1) / 2., 1e-15);
  crow_within_free(&w);
  CHECK(!w.begin && !w.alternative && w.m == 0);
  CHECK_OK(crow_within_create(&(crow_dataset){.alternatives = 1, .prompts = 1, .prompt = prompt}, &w));
  CHECK(w.prompts == 1 && !w.prompt && crow_within_prompt(&w, 0) == 0);
  CHECK_OK(crow_within_tau(&w, before, turned, &tau));
  CHECK(isnan(tau));
  crow_within_free(&w);
}

static void means_are_by_topic(void) {
  static int32_t code[5] = {0, 2, 0, 2, 2};
  const crow_topic_map map = {.count = 3, .code = code};
  const double reward[5] = {1, 2, 4, 6, 7};
  const crow_gidx original[4] = {1, 1, 0, 3};
  double mean[3];
  crow_gidx size[3];
  crow_topic_means(&map, 5, NULL, reward, mean, size);
  CHECK(mean[0] == 2.5 && isnan(mean[1]) && mean[2] == 5 && size[0] == 2 && size[1] == 0 && size[2] == 3);
  crow_topic_means(&map, 4, original, reward, mean, size);
  CHECK(mean[0] == 4 && isnan(mean[1]) && mean[2] == 3 && size[0] == 1 && size[2] == 3);
}

static void redraws_are_summed_up(void) {
  double odd[3] = {5, 1, 2}, even[4] = {8, 2, 4, 1}, one[1] = {3};
  crow_audit_noise noise = {.mean = 6, .tau = 1.5, .prompts = 9};
  crow_noise_finish(&noise, odd, 3);
  CHECK(noise.typical == 2 && noise.largest == 5 && noise.mean == 2 && noise.tau == .5 && noise.prompts == 3);
  crow_noise_finish(&noise, even, 4);
  CHECK(noise.typical == 3 && noise.largest == 8);
  crow_noise_finish(&noise, one, 1);
  CHECK(noise.typical == 3 && noise.largest == 3);
}

static void lists_of_numbers_are_read(void) {
  double values[3];
  int64_t count = -1;
  CHECK_OK(crow_numbers_parse("eps", "0.5", 3, values, &count));
  CHECK(count == 1 && values[0] == .5);
  CHECK_OK(crow_numbers_parse("eps", "1,1e-3,20", 3, values, &count));
  CHECK(count == 3 && values[0] == 1 && values[1] == 1e-3 && values[2] == 20);
  static const char *const bad[] = {"", "1,", ",1", "1,,2", "0", "-1", "1,2,3,4", "inf", "nan", "1x", "1;2", "1e999"};
  for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
    CHECK_STATUS(crow_numbers_parse("eps", bad[k], 3, values, &count), CROW_USAGE);
    CHECK_MESSAGE("expected up to 3 positive numbers, separated by commas");
  }
}

static void names_are_cut_to_their_room(void) {
  char from[CROW_AUDIT_NAME + 20], to[CROW_AUDIT_NAME];
  memset(from, 'x', sizeof from);
  from[sizeof from - 1] = 0;
  crow_name_copy(from, to);
  CHECK(strlen(to) == CROW_AUDIT_NAME - 1);
  memcpy(from + CROW_AUDIT_NAME - 2, "\xc3\xa9", 2); /* a character is not cut in two */
  crow_name_copy(from, to);
  CHECK(strlen(to) == CROW_AUDIT_NAME - 2);
  crow_name_copy("short", to);
  CHECK(strcmp(to, "short") == 0);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {{"tau is that of all pairs", tau_is_that_of_all_pairs},
                                    {"winners are the first of the greatest", winners_are_the_first_of_the_greatest},
                                    {"prompts are taken one by one", prompts_are_taken_one_by_one},
                                    {"means are by topic", means_are_by_topic},
                                    {"redraws are summed up", redraws_are_summed_up},
                                    {"lists of numbers are read", lists_of_numbers_are_read},
                                    {"names are cut to their room", names_are_cut_to_their_room},
                                    {NULL, NULL}};
  return crow_test_main(argc, argv, "parts of an audit", tests, false);
}
