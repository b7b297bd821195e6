/* SPDX-License-Identifier: Apache-2.0 */
/* Alternatives generated in place whose Voronoi shares of the unit cube are known. Alternative i = group 2^b + pattern:
 * the digits of the group are its points on the lattice's axes; on every other coordinate k it is
 * 1/2 + a(k) (-1)^popcount(pattern & mask(k)). Patterns are images of one another under reflections of the cube that
 * map the whole set onto itself, so their shares are equal; coordinates are independent, so the axes' shares multiply.
 */
#include "bench/bench_impl.h"
#include <math.h>
#include <string.h>

struct crow_bench_lattice {
  crow_gidx alternatives, dimensions;
  int64_t seed;
  bool random;
  int bits;         /* b */
  crow_gidx axes;   /* of the lattice; the other coordinates are mirrored */
  int64_t *points;  /* (axes) */
  int64_t *first;   /* (axes) where an axis begins in the next two */
  float *position;  /* of the points, ascending on each axis */
  double *share;    /* of the unit interval */
  float *amplitude; /* (dimensions - axes) */
  uint32_t *mask;   /* (dimensions - axes) */
};

/* Bits such that d mirrored coordinates (or d - 1 beside an axis) have different characters, which makes the contexts
 * span all dimensions; more of them while the number of alternatives stays within 5 % of what is wanted. */
static int choose_bits(crow_gidx m, crow_gidx d) {
  int least = 1, most = 0;
  while ((INT64_C(1) << least) < d + 1 && least < 30) least++;
  while ((INT64_C(2) << most) <= m && most < 30) most++;
  if ((INT64_C(1) << least) > 2 * m) return most;
  for (int b = most; b > least; b--) {
    const double groups = floor((double)m / (double)(INT64_C(1) << b) + 0.5);
    if (fabs(groups * (double)(INT64_C(1) << b) / (double)m - 1) <= 0.05) return b;
  }
  return least;
}

/* How many points each axis has: for few dimensions all are axes of about m^(1/d) points. */
static crow_status choose_shape(crow_gidx m, crow_bench_lattice *l) {
  const crow_gidx d = l->dimensions;
  if (d < 31 && (INT64_C(1) << d) <= m) {
    int64_t side = (int64_t)floor(pow((double)m, 1 / (double)d) + 1e-9);
    l->axes = d;
    l->alternatives = 1;
    CROW_NEED(CROW_ALLOCATE(&l->points, d));
    for (crow_gidx k = 0; k < d; k++) l->alternatives *= l->points[k] = side;
    for (crow_gidx k = 0; k < d && l->alternatives / side * (side + 1) <= m; k++) {
      l->points[k] = side + 1;
      l->alternatives = l->alternatives / side * (side + 1);
    }
    return CROW_OK;
  }
  l->bits = choose_bits(m, d);
  const int64_t groups = (int64_t)((double)m / (double)(INT64_C(1) << l->bits) + 0.5);
  l->axes = groups > 1;
  l->alternatives = (groups > 1 ? groups : 1) << l->bits;
  CROW_NEED(CROW_ALLOCATE(&l->points, 1));
  l->points[0] = groups;
  return CROW_OK;
}

/* Points at (j + 1/2 + 0.3 u) / n with u in (-1, 1), as floats; an interval's share is from midpoint to midpoint. */
static crow_status place_axes(crow_bench_lattice *l) {
  int64_t total = 0;
  CROW_NEED(CROW_ALLOCATE(&l->first, l->axes));
  for (crow_gidx k = 0; k < l->axes; k++) {
    l->first[k] = total;
    total += l->points[k];
  }
  CROW_NEED(CROW_ALLOCATE_EACH(total, &l->position, &l->share));
  for (crow_gidx k = 0; k < l->axes; k++) {
    float *position = l->position + l->first[k];
    const int64_t n = l->points[k];
    for (int64_t j = 0; j < n; j++) {
      double u;
      crow_random_uniform((uint64_t)l->seed, CROW_STREAM_BENCH, (uint64_t)(l->first[k] + j), &u, 1);
      position[j] = (float)(((double)j + 0.5 + 0.3 * (2 * u - 1)) / (double)n);
    }
    for (int64_t j = 0; j < n; j++) {
      const double left = j > 0 ? ((double)position[j - 1] + (double)position[j]) / 2 : 0;
      const double right = j + 1 < n ? ((double)position[j] + (double)position[j + 1]) / 2 : 1;
      l->share[l->first[k] + j] = right - left;
    }
  }
  return CROW_OK;
}

static crow_status place_mirrors(crow_bench_lattice *l) {
  const crow_gidx mirrored = l->dimensions - l->axes;
  const uint32_t patterns = UINT32_C(1) << l->bits;
  uint32_t next = 0;
  CROW_NEED(CROW_ALLOCATE_EACH(mirrored, &l->amplitude, &l->mask));
  for (crow_gidx k = 0; k < mirrored; k++) {
    double u;
    crow_random_uniform(~(uint64_t)l->seed, CROW_STREAM_BENCH, (uint64_t)k, &u, 1);
    /* A multiple of 2^-20, so that 1/2 + a and 1/2 - a are floats. */
    l->amplitude[k] = (float)(floor((0.1 + 0.35 * u) * 0x1p20) * 0x1p-20);
    if (patterns <= 2) {
      l->mask[k] = patterns - 1;
      continue;
    }
    if (k < l->bits) {
      l->mask[k] = UINT32_C(1) << k; /* these tell all patterns apart */
      continue;
    }
    do { /* multiplication by an odd number permutes the rest, so that every bit is in about half of the masks */
      next = next % patterns + 1;
      l->mask[k] = next * UINT32_C(2654435761) % patterns;
    } while ((l->mask[k] & (l->mask[k] - 1)) == 0);
  }
  return CROW_OK;
}

crow_status crow_bench_lattice_create(int contexts, crow_gidx alternatives, crow_gidx dimensions, int64_t seed,
                                      crow_bench_lattice **out) {
  crow_status status = CROW_OK;
  crow_bench_lattice *l = NULL;
  CROW_TRY(CROW_ALLOCATE(&l, 1));
  l->alternatives = alternatives;
  l->dimensions = dimensions;
  l->seed = seed;
  l->random = contexts == CROW_BENCH_RANDOM;
  if (!l->random) {
    CROW_TRY(choose_shape(alternatives, l));
    CROW_TRY(place_axes(l));
    CROW_TRY(place_mirrors(l));
  }
cleanup:
  if (status != CROW_OK) crow_bench_lattice_destroy(&l);
  *out = l;
  return status;
}

void crow_bench_lattice_destroy(crow_bench_lattice **lattice) {
  if (!*lattice) return;
  CROW_FREE((*lattice)->points, (*lattice)->first, (*lattice)->position, (*lattice)->share, (*lattice)->amplitude,
            (*lattice)->mask, *lattice);
  *lattice = NULL;
}

static void store(void *values, crow_gidx at, crow_type type, float value) {
  if (type == CROW_F32)
    ((float *)values)[at] = value;
  else
    ((double *)values)[at] = (double)value;
}

static void make_lattice(const crow_bench_lattice *l, crow_gidx index, crow_type type, void *row) {
  const uint32_t pattern = (uint32_t)(index & ((INT64_C(1) << l->bits) - 1));
  int64_t group = index >> l->bits;
  for (crow_gidx k = 0; k < l->axes; k++) {
    store(row, k, type, l->position[l->first[k] + group % l->points[k]]);
    group /= l->points[k];
  }
  for (crow_gidx k = l->axes; k < l->dimensions; k++) {
    const float a = l->amplitude[k - l->axes];
    const bool mirrored = __builtin_parity(pattern & l->mask[k - l->axes]);
    store(row, k, type, mirrored ? 0.5f - a : 0.5f + a);
  }
}

/* Words of the generator become floats in place: for doubles they begin in the second half of the row, so that none is
 * overwritten before it is read. */
static void make_random(const crow_bench_lattice *l, crow_gidx index, crow_type type, void *row) {
  const crow_gidx d = l->dimensions;
  uint32_t *words = (uint32_t *)row + (type == CROW_F64 ? d : 0);
  crow_random_words((uint64_t)l->seed, CROW_STREAM_BENCH, (uint64_t)index, words, d);
  for (crow_gidx k = 0; k < d; k++) {
    uint32_t word;
    memcpy(&word, (const char *)words + 4 * k, sizeof word);
    store(row, k, type, ((float)(word >> 9) + 0.5f) * 0x1p-23f);
  }
}

static void lattice_make(void *context, crow_gidx begin, crow_gidx count, crow_type type, void *values) {
  const crow_bench_lattice *l = context;
  const size_t row_bytes = (size_t)l->dimensions * crow_type_bytes(type);
  for (crow_gidx i = 0; i < count; i++) {
    char *row = (char *)values + (size_t)i * row_bytes;
    if (l->random)
      make_random(l, begin + i, type, row);
    else
      make_lattice(l, begin + i, type, row);
  }
}

crow_dataset crow_bench_lattice_dataset(crow_bench_lattice *lattice) {
  return crow_dataset_generated(lattice->alternatives, lattice->dimensions, true, lattice_make, lattice);
}

double crow_bench_lattice_share(const crow_bench_lattice *l, crow_gidx index) {
  if (l->random) return (double)NAN;
  double share = ldexp(1, -l->bits);
  int64_t group = index >> l->bits;
  for (crow_gidx k = 0; k < l->axes; k++) {
    share *= l->share[l->first[k] + group % l->points[k]];
    group /= l->points[k];
  }
  return share;
}
