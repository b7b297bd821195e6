/* SPDX-License-Identifier: Apache-2.0 */
/* Philox4x32-10 with Random123's constants, several blocks at a time so that the compiler can use vectors: a sampler in
 * many dimensions draws thousands of words for each point. tests/base compares every word with Random123's own. */
#include <Random123/philox.h>
#include <crow/base.h>
#include <math.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { BLOCKS = 8, WORDS = 4 * BLOCKS, ROUNDS = 10 };

/* One block: the four words of block `number` of an element. */
static void fill_one(uint64_t seed, uint32_t stream, uint64_t index, uint32_t number, uint32_t *words) {
  const philox4x32_ctr_t counter = {{number, stream, (uint32_t)index, (uint32_t)(index >> 32)}};
  const philox4x32_key_t key = {{(uint32_t)seed, (uint32_t)(seed >> 32)}};
  const philox4x32_ctr_t random = philox4x32(counter, key);
  for (int j = 0; j < 4; j++) words[j] = random.v[j];
}

/* Blocks `number` .. `number` + 7 of an element: word j of block b goes to words[4 b + j]. */
typedef void fill_function(uint64_t seed, uint32_t stream, uint64_t index, uint32_t number, uint32_t *words);

static void fill_portable(uint64_t seed, uint32_t stream, uint64_t index, uint32_t number, uint32_t *words) {
  for (uint32_t b = 0; b < BLOCKS; b++) fill_one(seed, stream, index, number + b, words + 4 * b);
}

#if defined(__x86_64__)

/* Every counter word sits in the low half of a 64-bit lane; the high halves hold rubbish, which no step looks at. */
__attribute__((target("avx512f"))) static void fill_avx512(uint64_t seed, uint32_t stream, uint64_t index,
                                                           uint32_t number, uint32_t *words) {
  const __m512i m0 = _mm512_set1_epi64(PHILOX_M4x32_0), m1 = _mm512_set1_epi64(PHILOX_M4x32_1);
  __m512i c0 = _mm512_add_epi32(_mm512_set1_epi64(number), _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0));
  __m512i c1 = _mm512_set1_epi64(stream), c2 = _mm512_set1_epi64((int64_t)index);
  __m512i c3 = _mm512_set1_epi64((int64_t)(index >> 32));
  uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
  for (int round = 0; round < ROUNDS; round++) {
    const __m512i p0 = _mm512_mul_epu32(c0, m0), p1 = _mm512_mul_epu32(c2, m1);
    c0 = _mm512_ternarylogic_epi64(_mm512_srli_epi64(p1, 32), c1, _mm512_set1_epi64(k0), 0x96); /* xor of three */
    c2 = _mm512_ternarylogic_epi64(_mm512_srli_epi64(p0, 32), c3, _mm512_set1_epi64(k1), 0x96);
    c1 = p1;
    c3 = p0;
    k0 += (uint32_t)PHILOX_W32_0;
    k1 += (uint32_t)PHILOX_W32_1;
  }
  const __m512i low = _mm512_mask_shuffle_epi32(c0, 0xaaaa, c1, _MM_PERM_CCAA);
  const __m512i high = _mm512_mask_shuffle_epi32(c2, 0xaaaa, c3, _MM_PERM_CCAA);
  const __m512i first = _mm512_set_epi64(11, 3, 10, 2, 9, 1, 8, 0), last = _mm512_set_epi64(15, 7, 14, 6, 13, 5, 12, 4);
  _mm512_storeu_si512(words, _mm512_permutex2var_epi64(low, first, high));
  _mm512_storeu_si512(words + 16, _mm512_permutex2var_epi64(low, last, high));
}

__attribute__((target("avx2"))) static void fill_avx2(uint64_t seed, uint32_t stream, uint64_t index, uint32_t number,
                                                      uint32_t *words) {
  const __m256i m0 = _mm256_set1_epi64x(PHILOX_M4x32_0), m1 = _mm256_set1_epi64x(PHILOX_M4x32_1);
  for (int half = 0; half < 2; half++) {
    const uint32_t from = number + 4 * (uint32_t)half;
    __m256i c0 = _mm256_add_epi32(_mm256_set1_epi64x(from), _mm256_set_epi64x(3, 2, 1, 0));
    __m256i c1 = _mm256_set1_epi64x(stream), c2 = _mm256_set1_epi64x((int64_t)index);
    __m256i c3 = _mm256_set1_epi64x((int64_t)(index >> 32));
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
    for (int round = 0; round < ROUNDS; round++) {
      const __m256i p0 = _mm256_mul_epu32(c0, m0), p1 = _mm256_mul_epu32(c2, m1);
      c0 = _mm256_xor_si256(_mm256_xor_si256(_mm256_srli_epi64(p1, 32), c1), _mm256_set1_epi64x(k0));
      c2 = _mm256_xor_si256(_mm256_xor_si256(_mm256_srli_epi64(p0, 32), c3), _mm256_set1_epi64x(k1));
      c1 = p1;
      c3 = p0;
      k0 += (uint32_t)PHILOX_W32_0;
      k1 += (uint32_t)PHILOX_W32_1;
    }
    const __m256i low = _mm256_blend_epi32(c0, _mm256_slli_epi64(c1, 32), 0xaa);
    const __m256i high = _mm256_blend_epi32(c2, _mm256_slli_epi64(c3, 32), 0xaa);
    const __m256i even = _mm256_unpacklo_epi64(low, high), odd = _mm256_unpackhi_epi64(low, high);
    _mm256_storeu_si256((__m256i *)(words + 16 * half), _mm256_permute2x128_si256(even, odd, 0x20));
    _mm256_storeu_si256((__m256i *)(words + 16 * half + 8), _mm256_permute2x128_si256(even, odd, 0x31));
  }
}

static fill_function *random_choose(void) {
  if (__builtin_cpu_supports("avx512f")) return fill_avx512;
  return __builtin_cpu_supports("avx2") ? fill_avx2 : fill_portable;
}
#else
static fill_function *random_choose(void) { return fill_portable; }
#endif

static void random_fill(uint64_t seed, crow_stream stream, uint64_t index, uint32_t number, uint32_t *words) {
  static fill_function *chosen;
  if (!chosen) chosen = random_choose();
  chosen(seed, (uint32_t)stream, index, number, words);
}

/* The words from `at` (a multiple of 4) on; returns how many there are, at least one. */
static int64_t random_draw(uint64_t seed, crow_stream stream, uint64_t index, int64_t at, int64_t wanted,
                           uint32_t *words) {
  if (wanted <= 8) {
    fill_one(seed, (uint32_t)stream, index, (uint32_t)(at / 4), words);
    return wanted < 4 ? wanted : 4;
  }
  random_fill(seed, stream, index, (uint32_t)(at / 4), words);
  return wanted < WORDS ? wanted : WORDS;
}

void crow_random_words(uint64_t seed, crow_stream stream, uint64_t index, uint32_t *words, int64_t count) {
  uint32_t drawn[WORDS];
  for (int64_t at = 0; at < count;) {
    const int64_t n = random_draw(seed, stream, index, at, count - at, drawn);
    for (int64_t k = 0; k < n; k++) words[at + k] = drawn[k];
    at += n;
  }
}

static double uniform(uint32_t word) { return ((double)word + 0.5) * 0x1p-32; }

/* Converting unsigned words is one instruction with AVX-512 and many without. */
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
__attribute__((target_clones("avx512f", "avx2", "default")))
#endif
static void
convert(const uint32_t *words, int64_t count, double *values) {
  for (int64_t k = 0; k < count; k++) values[k] = uniform(words[k]);
}

void crow_random_uniform(uint64_t seed, crow_stream stream, uint64_t index, double *values, int64_t count) {
  uint32_t drawn[WORDS];
  for (int64_t at = 0; at < count;) {
    const int64_t n = random_draw(seed, stream, index, at, count - at, drawn);
    convert(drawn, n, values + at);
    at += n;
  }
}

/* ln x of a positive normal number, by 2 artanh((x - 1) / (x + 1)). Like the next function it stands in for the
 * library's, whose last bits differ between processors: ranks on unlike ones draw the same samples. */
static double own_log(double x) {
  int exponent;
  double m = frexp(x, &exponent); /* exact */
  if (m < 0.70710678118654752) {
    m *= 2;
    exponent--;
  }
  const double s = (m - 1) / (m + 1), z = s * s;
  double tail = 0;
  for (int k = 23; k >= 3; k -= 2) tail = (tail + 1. / k) * z;
  /* ln 2 in two parts, of which the first times any exponent is exact */
  return exponent * 0x1.62e42fefa38p-1 + (2 * s + (2 * s * tail + exponent * 0x1.ef35793c7673p-45));
}

/* Cosine and sine of a turn's part u in (0, 1), by their series for at most an eighth of a turn. */
static void own_cos_sin(double u, double *cosine, double *sine) {
  const double quarters = 4 * u, nearest = floor(quarters + 0.5);
  const double x = (quarters - nearest) * 1.5707963267948966, z = x * x;
  double c = 0, s = 0;
  for (int k = 18; k >= 2; k -= 2) c = -z * (1 / (k * (k - 1.))) * (1 + c);
  for (int k = 19; k >= 3; k -= 2) s = -z * (1 / (k * (k - 1.))) * (1 + s);
  c = 1 + c;
  s = x + x * s;
  const int quarter = (int)nearest & 3;
  *cosine = quarter == 0 ? c : quarter == 1 ? -s : quarter == 2 ? -c : s;
  *sine = quarter == 0 ? s : quarter == 1 ? c : quarter == 2 ? -s : -c;
}

void crow_random_normal(uint64_t seed, crow_stream stream, uint64_t index, double *values, int64_t count) {
  const int64_t even = count + count % 2;
  uint32_t drawn[WORDS];
  for (int64_t at = 0; at < even;) {
    const int64_t n = random_draw(seed, stream, index, at, even - at, drawn);
    for (int64_t k = 0; k < n; k += 2) {
      const double radius = sqrt(-2 * own_log(uniform(drawn[k])));
      double cosine, sine;
      own_cos_sin(uniform(drawn[k + 1]), &cosine, &sine);
      values[at + k] = radius * cosine;
      if (at + k + 1 < count) values[at + k + 1] = radius * sine;
    }
    at += n;
  }
}
