/* SPDX-License-Identifier: Apache-2.0 */
/* What is behind the random numbers, on one machine: every instruction set's words are Random123's, and the own
 * logarithm, sine and cosine are right to the last digits. The source itself is taken in, for its static functions. */
#include "base/random.c"

#include "harness.h"

static void every_instruction_set_draws_random123s_words(void) {
  static const uint64_t seeds[] = {0, 1, UINT32_MAX, UINT64_C(1) << 32, UINT64_MAX};
  static const uint64_t indices[] = {0, 5, UINT32_MAX, UINT64_C(3) << 32 | 7, UINT64_MAX};
  static const uint32_t numbers[] = {0, 1, 1000, UINT32_MAX - 7, UINT32_MAX - 3};
  fill_function *const fills[] = {
    fill_portable,
#if defined(__x86_64__)
    __builtin_cpu_supports("avx2") ? fill_avx2 : fill_portable,
    __builtin_cpu_supports("avx512f") ? fill_avx512 : fill_portable,
#endif
    random_choose()
  };
  for (size_t f = 0; f < sizeof fills / sizeof *fills; f++) {
    for (int k = 0; k < 125; k++) {
      const uint64_t seed = seeds[k % 5], index = indices[k / 5 % 5];
      const uint32_t number = numbers[k / 25], stream = (uint32_t)(k * k + 1);
      uint32_t words[WORDS];
      int wrong = 0;
      fills[f](seed, stream, index, number, words);
      for (uint32_t b = 0; b < BLOCKS; b++) {
        const philox4x32_ctr_t counter = {{number + b, stream, (uint32_t)index, (uint32_t)(index >> 32)}};
        const philox4x32_key_t key = {{(uint32_t)seed, (uint32_t)(seed >> 32)}};
        const philox4x32_ctr_t expected = philox4x32(counter, key);
        for (int j = 0; j < 4; j++) wrong += words[4 * b + (uint32_t)j] != expected.v[j];
      }
      CHECK(wrong == 0);
    }
  }
}

static void the_logarithm_is_right(void) {
  double worst = 0;
  for (int k = 0; k < 20000; k++) {
    const double x = k < 40 ? uniform((uint32_t)k) : k < 80 ? uniform(UINT32_MAX - (uint32_t)(k - 40)) : k / 20000.;
    const double expected = (double)logl((long double)x);
    worst = fmax(worst, fabs(own_log(x) - expected) / fabs(expected));
  }
  CHECK(worst <= test_within(4 * 0x1p-52));
}

static void sine_and_cosine_are_right(void) {
  const long double turn = 6.283185307179586476925286766559L;
  double worst = 0;
  for (uint32_t k = 0; k < 20000; k++) {
    const double u = uniform(k < 10 ? k : k < 20 ? UINT32_MAX - (k - 10) : k * 214748u + 1);
    double c, s;
    own_cos_sin(u, &c, &s);
    worst = fmax(worst, fabs(c - (double)cosl(turn * (long double)u)));
    worst = fmax(worst, fabs(s - (double)sinl(turn * (long double)u)));
  }
  CHECK(worst <= test_within(3 * 0x1p-52));
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"every instruction set draws Random123's words", every_instruction_set_draws_random123s_words},
      {"the logarithm is right", the_logarithm_is_right},
      {"sine and cosine are right", sine_and_cosine_are_right},
      {NULL, NULL}};
  return crow_test_main(argc, argv, "generators", tests, false);
}
