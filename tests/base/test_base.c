/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"
#include <Random123/philox.h>
#include <float.h>

/* Known answer of Random123 for philox4x32-10 with key and counter 0 (Salmon et al. 2011, kat_vectors). Ours has the
 * stream in the counter, so stream 0 of element 0 under seed 0 is that vector. */
static void philox_gives_the_published_numbers(void) {
  uint32_t words[4];
  crow_random_words(0, (crow_stream)0, 0, words, 4);
  CHECK(words[0] == 0x6627e8d5 && words[1] == 0xe169c58d && words[2] == 0xbc57ac4c && words[3] == 0x9b00dbd8);
}

/* Word by word against Random123, for draws of every length around the vector kernel's block. */
static void long_draws_are_random123s_words(void) {
  enum { LONGEST = 150 };
  uint32_t words[LONGEST];
  const uint64_t seed = UINT64_C(0x123456789abcdef0), index = UINT64_C(0xfedcba9876543210);
  for (int64_t count = 1; count <= LONGEST; count++) {
    crow_random_words(seed, CROW_STREAM_TEST, index, words, count);
    for (int64_t k = 0; k < count; k++) {
      const philox4x32_ctr_t counter = {
          {(uint32_t)(k / 4), (uint32_t)CROW_STREAM_TEST, (uint32_t)index, (uint32_t)(index >> 32)}};
      const philox4x32_key_t key = {{(uint32_t)seed, (uint32_t)(seed >> 32)}};
      CHECK(words[k] == philox4x32(counter, key).v[k % 4]);
    }
  }
}

static void random_numbers_have_the_right_moments(void) {
  enum { N = 4000, K = 10 };
  double sum = 0, square = 0, normal_square = 0, values[K];
  for (uint64_t i = 0; i < N; i++) {
    crow_random_uniform(7, CROW_STREAM_TEST, i, values, K);
    for (int k = 0; k < K; k++) {
      CHECK(values[k] > 0 && values[k] < 1);
      sum += values[k];
      square += values[k] * values[k];
    }
    crow_random_normal(7, CROW_STREAM_TEST, i, values, K);
    for (int k = 0; k < K; k++) normal_square += values[k] * values[k];
  }
  /* Five standard errors. */
  CHECK_NEAR(sum / (N * K), 0.5, 5 * sqrt(1. / 12 / (N * K)));
  CHECK_NEAR(square / (N * K), 1. / 3, 5 * sqrt(4. / 45 / (N * K)));
  CHECK_NEAR(normal_square / (N * K), 1, 5 * sqrt(2. / (N * K)));
}

static void a_longer_draw_begins_with_the_shorter_one(void) {
  double few[3], many[9];
  crow_random_uniform(1, CROW_STREAM_TEST, 5, few, 3);
  crow_random_uniform(1, CROW_STREAM_TEST, 5, many, 9);
  CHECK(memcmp(few, many, sizeof few) == 0);
}

static void exact_sums_do_not_round(void) {
  crow_exact_sum sum = {{0}};
  const double values[] = {1e308, 1, 1e-300, -1e308, DBL_TRUE_MIN, -1, -1e-300};
  for (size_t k = 0; k < sizeof values / sizeof *values; k++) crow_exact_add(&sum, values[k]);
  CHECK(crow_exact_value(&sum) == DBL_TRUE_MIN);
  crow_exact_add(&sum, -2 * DBL_TRUE_MIN);
  CHECK(crow_exact_value(&sum) == -DBL_TRUE_MIN);
}

static void exact_sums_of_single_values_give_them_back(void) {
  for (uint64_t i = 0; i < 2000; i++) {
    uint32_t words[2];
    crow_random_words(3, CROW_STREAM_TEST, i, words, 2);
    uint64_t bits = (uint64_t)words[0] << 32 | words[1];
    double value;
    memcpy(&value, &bits, sizeof value);
    if (!isfinite(value)) continue;
    crow_exact_sum sum = {{0}};
    crow_exact_add(&sum, value);
    CHECK(crow_exact_value(&sum) == value);
  }
}

static void exact_sums_round_to_nearest_even(void) {
  crow_exact_sum sum = {{0}};
  crow_exact_add(&sum, 1);
  crow_exact_add(&sum, 0x1p-53); /* half an ulp: to even */
  CHECK(crow_exact_value(&sum) == 1);
  crow_exact_add(&sum, 0x1p-1000); /* a hair more: up */
  CHECK(crow_exact_value(&sum) == 1 + DBL_EPSILON);
}

static void exact_sums_keep_nan_and_infinity(void) {
  crow_exact_sum sum = {{0}};
  crow_exact_add(&sum, INFINITY);
  CHECK(crow_exact_value(&sum) == INFINITY);
  crow_exact_add(&sum, -INFINITY);
  CHECK(isnan(crow_exact_value(&sum)));
}

/* Numbers over forty orders of magnitude, of which a plain sum would lose most. */
static double spread_number(uint64_t i) {
  double value;
  crow_random_normal(13, CROW_STREAM_TEST, i, &value, 1);
  return ldexp(value, (int)(i * 7 % 131) - 65);
}

/* Sums that were added to in other orders have the same limbs once normalised, so that they can be compared. */
static void normalised_sums_have_equal_limbs(void) {
  enum { N = 3000 };
  crow_exact_sum up = {{0}}, down = {{0}};
  for (uint64_t i = 0; i < N; i++) {
    crow_exact_add(&up, spread_number(i));
    crow_exact_add(&down, spread_number(N - 1 - i));
    if (i % 100 == 0) crow_exact_normalise(&down);
  }
  crow_exact_normalise(&up);
  crow_exact_normalise(&down);
  CHECK(memcmp(&up, &down, sizeof up) == 0);
}

/* Cut anywhere between blocks, sums and products of vectors have the same bits, those of the true sum but for the
 * roundings within a block. */
static void sums_of_blocks_do_not_depend_on_the_cut(void) {
  enum { N = 5 * CROW_BLOCK + 77 };
  static double a[N], b[N];
  long double sum = 0, dot = 0, size = 0, dot_size = 0;
  for (int i = 0; i < N; i++) {
    a[i] = spread_number((uint64_t)i);
    b[i] = spread_number((uint64_t)(N + 3 * i));
    sum += a[i];
    dot += (long double)a[i] * b[i];
    size += fabs(a[i]);
    dot_size += fabsl((long double)a[i] * b[i]);
  }
  double first_sum = NAN, first_dot = NAN;
  for (int cut = 0; cut <= 5; cut++) {
    crow_exact_sum one = {{0}}, two = {{0}};
    const int at = cut * CROW_BLOCK;
    crow_exact_add_blocks(&one, a + at, N - at);
    crow_exact_add_blocks(&one, a, at);
    crow_exact_add_dot_blocks(&two, a, b, at);
    crow_exact_add_dot_blocks(&two, a + at, b + at, N - at);
    if (cut == 0) first_sum = crow_exact_value(&one);
    if (cut == 0) first_dot = crow_exact_value(&two);
    CHECK(crow_exact_value(&one) == first_sum && crow_exact_value(&two) == first_dot);
  }
  CHECK_NEAR(first_sum, (double)sum, test_within((double)size * 1e-13));
  CHECK_NEAR(first_dot, (double)dot, test_within((double)dot_size * 1e-13));
}

typedef struct settings_under_test {
  bool flag;
  int64_t count;
  double size;
  const char *name;
  int colour;
} settings_under_test;
#define AT(field) offsetof(settings_under_test, field)
static const crow_setting table[] = {
    {"flag", CROW_SETTING_BOOL, AT(flag), 1, NULL, 0, 0, NULL, ""},
    {"count", CROW_SETTING_INT, AT(count), 10, NULL, 1, 1e17, NULL, ""},
    {"size", CROW_SETTING_DOUBLE, AT(size), 0.5, NULL, 0, 2, NULL, ""},
    {"name", CROW_SETTING_TEXT, AT(name), 0, "crow", 0, 0, "NAME", ""},
    {"colour", CROW_SETTING_CHOICE, AT(colour), 1, NULL, 0, 0, "black|grey|white", ""},
    {NULL, CROW_SETTING_BOOL, 0, 0, NULL, 0, 0, NULL, NULL},
};

static void settings_have_their_defaults(void) {
  settings_under_test s;
  crow_settings_default(table, &s);
  CHECK(s.flag && s.count == 10 && s.size == 0.5 && strcmp(s.name, "crow") == 0 && s.colour == 1);
  CHECK_OK(crow_settings_validate(table, &s));
}

static void settings_out_of_range_are_named(void) {
  settings_under_test s;
  crow_settings_default(table, &s);
  CHECK_STATUS(crow_setting_parse(&table[1], "0", &s), CROW_USAGE);
  CHECK_MESSAGE("count 0 is out of range");
  CHECK_STATUS(crow_setting_parse(&table[1], "1.5", &s), CROW_USAGE);
  CHECK_STATUS(crow_setting_parse(&table[2], "nan", &s), CROW_USAGE);
  CHECK_STATUS(crow_setting_parse(&table[2], "2x", &s), CROW_USAGE);
  CHECK_OK(crow_setting_parse(&table[1], "1e6", &s));
  CHECK(s.count == 1000000);
  CHECK_OK(crow_setting_parse(&table[1], "9007199254740993", &s));
  CHECK(s.count == INT64_C(9007199254740993));
  s.size = NAN;
  CHECK_STATUS(crow_settings_validate(table, &s), CROW_USAGE);
  CHECK_MESSAGE("size");
}

static void misspelt_choices_get_the_nearest_word(void) {
  settings_under_test s;
  crow_settings_default(table, &s);
  CHECK_STATUS(crow_setting_parse(&table[4], "gray", &s), CROW_USAGE);
  CHECK_MESSAGE("did you mean \"grey\"");
  CHECK_OK(crow_setting_parse(&table[4], "White", &s));
  CHECK(s.colour == 2);
}

static void settings_print_what_they_parse(void) {
  settings_under_test s, again;
  crow_settings_default(table, &s);
  s.size = 0.1 + 0.2;
  s.colour = 2;
  crow_settings_default(table, &again);
  for (const crow_setting *k = table; k->name; k++) {
    char text[64];
    crow_setting_print(k, &s, text, sizeof text);
    CHECK_OK(crow_setting_parse(k, text, &again));
    if (k->type == CROW_SETTING_DOUBLE) CHECK(again.size == s.size);
  }
  CHECK(again.colour == 2 && again.count == 10 && again.flag);
}

static void allocation_failures_are_errors(void) {
  double *values = NULL;
  CHECK_STATUS(CROW_ALLOCATE(&values, INT64_MAX / 2), CROW_FAILED);
  CHECK(values == NULL);
  CHECK_STATUS(CROW_ALLOCATE(&values, -1), CROW_FAILED);
  crow_memory_fail_after(1);
  CHECK_OK(CROW_ALLOCATE(&values, 3));
  crow_free(values);
  CHECK_STATUS(CROW_ALLOCATE(&values, 3), CROW_FAILED);
  CHECK_MESSAGE("out of memory");
  CHECK_OK(CROW_ALLOCATE(&values, 3));
  CHECK((uintptr_t)values % 64 == 0 && values[0] == 0 && values[2] == 0);
  crow_free(values);
}

static void memory_limit_and_peak_are_sensible(void) {
  CHECK(crow_memory_peak_bytes() > 1 << 20);
  CHECK(crow_memory_limit_bytes(1) > 1 << 20);
  CHECK(crow_memory_limit_bytes(4) <= crow_memory_limit_bytes(1));
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"philox gives the published numbers", philox_gives_the_published_numbers},
      {"long draws are Random123's words", long_draws_are_random123s_words},
      {"random numbers have the right moments", random_numbers_have_the_right_moments},
      {"a longer draw begins with the shorter one", a_longer_draw_begins_with_the_shorter_one},
      {"exact sums do not round", exact_sums_do_not_round},
      {"exact sums of single values give them back", exact_sums_of_single_values_give_them_back},
      {"exact sums round to nearest even", exact_sums_round_to_nearest_even},
      {"exact sums keep NaN and infinity", exact_sums_keep_nan_and_infinity},
      {"normalised sums have equal limbs", normalised_sums_have_equal_limbs},
      {"sums of blocks do not depend on the cut", sums_of_blocks_do_not_depend_on_the_cut},
      {"settings have their defaults", settings_have_their_defaults},
      {"settings out of range are named", settings_out_of_range_are_named},
      {"misspelt choices get the nearest word", misspelt_choices_get_the_nearest_word},
      {"settings print what they parse", settings_print_what_they_parse},
      {"allocation failures are errors", allocation_failures_are_errors},
      {"memory limit and peak are sensible", memory_limit_and_peak_are_sensible},
      {NULL, NULL},
  };
  return crow_test_main(argc, argv, "base", tests, false);
}
