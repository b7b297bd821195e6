/* SPDX-License-Identifier: Apache-2.0 */
#include <Random123/philox.h>
#include <crow/base.h>
#include <math.h>

static philox4x32_ctr_t block(uint64_t seed, crow_stream stream, uint64_t index, uint32_t number) {
  const philox4x32_ctr_t counter = {{number, (uint32_t)stream, (uint32_t)index, (uint32_t)(index >> 32)}};
  const philox4x32_key_t key = {{(uint32_t)seed, (uint32_t)(seed >> 32)}};
  return philox4x32(counter, key);
}

void crow_random_words(uint64_t seed, crow_stream stream, uint64_t index, uint32_t *words, int64_t count) {
  for (int64_t at = 0; at < count; at += 4) {
    const philox4x32_ctr_t random = block(seed, stream, index, (uint32_t)(at / 4));
    for (int64_t k = 0; k < 4 && at + k < count; k++) words[at + k] = random.v[k];
  }
}

static double uniform(uint32_t word) { return ((double)word + 0.5) * 0x1p-32; }

void crow_random_uniform(uint64_t seed, crow_stream stream, uint64_t index, double *values, int64_t count) {
  for (int64_t at = 0; at < count; at += 4) {
    const philox4x32_ctr_t random = block(seed, stream, index, (uint32_t)(at / 4));
    for (int64_t k = 0; k < 4 && at + k < count; k++) values[at + k] = uniform(random.v[k]);
  }
}

void crow_random_normal(uint64_t seed, crow_stream stream, uint64_t index, double *values, int64_t count) {
  const double turn = 6.283185307179586476925286766559;
  for (int64_t at = 0; at < count; at += 4) {
    const philox4x32_ctr_t random = block(seed, stream, index, (uint32_t)(at / 4));
    for (int64_t k = 0; k < 4 && at + k < count; k += 2) {
      const double radius = sqrt(-2 * log(uniform(random.v[k]))), angle = turn * uniform(random.v[k + 1]);
      values[at + k] = radius * cos(angle);
      if (at + k + 1 < count) values[at + k + 1] = radius * sin(angle);
    }
  }
}
