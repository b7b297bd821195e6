/* SPDX-License-Identifier: Apache-2.0 */
#include "preference/convolution_impl.h"
#include <math.h>
#include <string.h>

enum { STENCIL = CROW_GRID_STENCIL, MARGIN = CROW_GRID_BAND + 64 };

/* L_k(u) = prod_{n != k} (u - x_n) / (x_k - x_n) for the nodes x_n = n - 5.5 around the middle of a cell, as powers of
 * u. */
static void make_basis(crow_convolution *c) {
  for (int k = 0; k < STENCIL; k++) {
    long double power[STENCIL] = {1};
    for (int n = 0, degree = 0; n < STENCIL; n++) {
      if (n == k) continue;
      const long double x = (long double)n - (CROW_GRID_BELOW + 0.5L), scale = (long double)(k - n);
      degree++;
      for (int p = degree; p >= 0; p--) power[p] = ((p ? power[p - 1] : 0) - x * (p < degree ? power[p] : 0)) / scale;
    }
    for (int p = 0; p < STENCIL && k < 8; p++) (p % 2 ? c->basis.odd : c->basis.even)[p / 2][k] = (double)power[p];
  }
}

static void make_tails(crow_convolution *c) {
  for (int i = 0; i <= CROW_GRID_BAND; i++) {
    const long double e = expl(-(long double)i / CROW_GRID_PER_UNIT);
    c->tail[CROW_GRID_SIGMOID][i] = (double)(e / (1 + e));
    c->tail[CROW_GRID_SLOPE][i] = (double)(e / ((1 + e) * (1 + e)));
    c->tail[CROW_GRID_SOFTPLUS][i] = (double)log1pl(e);
  }
}

crow_status crow_convolution_create(crow_convolution **out) {
  crow_status status = CROW_OK;
  *out = NULL;
  CROW_TRY(CROW_ALLOCATE(out, 1));
  CROW_TRY(CROW_ALLOCATE(&(*out)->segment, 1));
  make_basis(*out);
  make_tails(*out);
cleanup:
  if (status != CROW_OK) crow_convolution_destroy(out);
  return status;
}

static void free_nodes(crow_convolution *c) {
  CROW_FREE(c->fixed, c->mass_memory);
  c->fixed = NULL;
  c->mass_memory = NULL;
  for (int k = 0; k < CROW_GRID_KERNELS; k++) {
    crow_free(c->node[k]);
    c->node[k] = NULL;
  }
  c->capacity = 0;
}

void crow_convolution_destroy(crow_convolution **convolution) {
  if (!*convolution) return;
  free_nodes(*convolution);
  CROW_FREE((*convolution)->columns_fixed, (*convolution)->columns_node, (*convolution)->segment, *convolution);
  *convolution = NULL;
}

/* Room for the nodes and, behind them, `more` integers. */
static crow_status convolution_reserve(crow_convolution *c, int64_t more) {
  if (c->nodes + more > c->capacity) {
    const int64_t capacity = c->nodes + c->nodes / 4 + more + 256;
    free_nodes(c);
    CROW_NEED(CROW_ALLOCATE(&c->fixed, capacity));
    CROW_NEED(CROW_ALLOCATE(&c->mass_memory, capacity + 2 * MARGIN));
    for (int k = 0; k < CROW_GRID_KERNELS; k++) CROW_NEED(CROW_ALLOCATE(&c->node[k], capacity));
    c->mass = c->mass_memory + MARGIN;
    c->capacity = capacity;
  }
  return CROW_OK;
}

/* Finds each reward's stretch; between two, the nearer end would do, and the lower one is as near: both are flat. */
void crow_convolution_locate(const crow_convolution *c, int64_t count, const double *reward, int64_t *at, double *u) {
  const crow_grid_kernels *kernels = crow_grid_kernels_get(crow_isa_best());
  const crow_grid_segment *s = c->segment;
  if (c->segments == 1) {
    kernels->locate(s->cell, s->cells, s->node, count, reward, at, u);
    return;
  }
  for (int64_t i = 0; i < count; i++) {
    int64_t low = 0;
    for (int64_t high = c->segments - 1; low < high;) {
      const int64_t middle = low + (high - low + 1) / 2;
      if ((double)s[middle].cell <= reward[i] * CROW_GRID_PER_UNIT)
        low = middle;
      else
        high = middle - 1;
    }
    kernels->locate(s[low].cell, s[low].cells, s[low].node, 1, &reward[i], &at[i], &u[i]);
  }
}

/* As convolution_reserve(), agreed on by all ranks: their layouts are the same, so all of them are short of room or
 * none is, and an evaluation that fits asks no other rank. Collective. */
crow_status crow_convolution_reserve_alike(const crow_comm *comm, crow_convolution *c, int64_t more) {
  if (c->nodes + more <= c->capacity) return CROW_OK;
  const crow_status status = crow_comm_agree(comm, convolution_reserve(c, more));
  if (status != CROW_OK) free_nodes(c);
  return status;
}

static void spread_all(crow_convolution *c, int64_t count, const double *reward, const double *weight) {
  const crow_grid_kernels *kernels = crow_grid_kernels_get(crow_isa_best());
  int64_t at[CROW_BLOCK];
  double u[CROW_BLOCK], r[CROW_BLOCK], w[CROW_BLOCK];
  for (int64_t begin = 0; begin < count; begin += CROW_BLOCK) {
    const int64_t end = begin + CROW_BLOCK < count ? begin + CROW_BLOCK : count;
    int64_t n = 0;
    for (int64_t i = begin; i < end; i++) {
      r[n] = reward[i];
      w[n] = weight[i];
      n += weight[i] > 0;
    }
    crow_convolution_locate(c, n, r, at, u);
    kernels->spread(&c->basis, n, at, u, w, c->fixed);
  }
}

void crow_convolution_take_fixed(crow_convolution *c, const int64_t *fixed, int64_t stride) {
  for (int64_t j = 0; j < c->nodes; j++) {
    c->fixed[j] = fixed[j * stride];
    c->mass[j] = (double)c->fixed[j] * 0x1p-61;
  }
  memset(c->mass + c->nodes, 0, MARGIN * sizeof *c->mass);
}

crow_status crow_convolution_spread_there(const crow_comm *comm, crow_convolution *c, int64_t count,
                                          const double *reward, const double *weight, crow_exact_sum *extra,
                                          int64_t extras) {
  const int64_t more = extras * CROW_EXACT_LIMBS;
  CROW_NEED(crow_convolution_reserve_alike(comm, c, more));
  memset(c->fixed, 0, (size_t)c->nodes * sizeof *c->fixed);
  crow_work_begin();
  spread_all(c, count, reward, weight);
  crow_work_end(CROW_WORK_SLICE, (double)count);
  /* One reduction for all: the digits of exact sums are integers too. */
  for (int64_t k = 0; k < extras; k++) {
    crow_exact_normalise(&extra[k]);
    memcpy(c->fixed + c->nodes + k * CROW_EXACT_LIMBS, extra[k].limb, sizeof extra[k].limb);
  }
  CROW_NEED(crow_comm_sum_i64(comm, c->fixed, c->nodes + more));
  for (int64_t k = 0; k < extras; k++) {
    memcpy(extra[k].limb, c->fixed + c->nodes + k * CROW_EXACT_LIMBS, sizeof extra[k].limb);
    crow_exact_normalise(&extra[k]);
  }
  crow_convolution_take_fixed(c, c->fixed, 1);
  return CROW_OK;
}

crow_status crow_convolution_spread(const crow_comm *comm, crow_convolution *c, int64_t count, const double *reward,
                                    const double *weight, int margin, crow_exact_sum *extra, int64_t extras,
                                    bool *fits) {
  CROW_NEED(crow_convolution_layout(comm, c, count, reward, weight, margin, fits));
  if (*fits) CROW_NEED(crow_convolution_spread_there(comm, c, count, reward, weight, extra, extras));
  return CROW_OK;
}

/* sigma's asymptote: all that lies below counts 1, a node's own mass 1/2. The prefix sums are exact. */
static void convolution_add_steps(const crow_convolution *c, double *result) {
  int64_t below = 0;
  for (int64_t j = 0; j < c->nodes; j++) {
    result[j] = (double)below * 0x1p-61 + 0.5 * c->mass[j];
    below += c->fixed[j];
  }
}

/* Where the walk over the nodes is: what it has passed, and that mass times its distance, both exact: in units of 2^-61
 * and 2^-61 / 16. */
typedef struct walk {
  int64_t passed;
  __int128 distance;
} walk;

/* Half the distances to what was passed; then goes on by `steps` nodes. */
static double walk_on(walk *at, int64_t mass, int64_t steps) {
  const double half = (double)at->distance * (0x1p-62 / CROW_GRID_PER_UNIT);
  at->passed += mass;
  at->distance += (__int128)at->passed * steps;
  return half;
}

/* |d| / 2, the asymptote of softplus(d) - d/2: distances to all that lies below, then to all above. */
static void add_distances(const crow_convolution *c, double *result) {
  walk up = {0, 0}, down = {0, 0};
  for (int64_t k = 0; k < c->segments; k++) {
    const crow_grid_segment *s = &c->segment[k];
    const int64_t last = s->node + s->cells + STENCIL - 2;
    /* from a stretch's last node to the next one's first */
    const int64_t gap = k + 1 < c->segments ? s[1].cell - s->cell - (last - s->node) : 1;
    for (int64_t j = s->node; j <= last; j++) result[j] += walk_on(&up, c->fixed[j], j < last ? 1 : gap);
  }
  for (int64_t k = c->segments - 1; k >= 0; k--) {
    const crow_grid_segment *s = &c->segment[k];
    const int64_t last = s->node + s->cells + STENCIL - 2;
    const int64_t gap = k > 0 ? s->cell - s[-1].cell - (s[-1].cells + STENCIL - 2) : 1;
    for (int64_t j = last; j >= s->node; j--) result[j] += walk_on(&down, c->fixed[j], j > s->node ? 1 : gap);
  }
}

void crow_convolution_multiply(crow_convolution *c, crow_grid_kernel kernel) {
  double *result = c->node[kernel];
  const double *tail = c->tail[kernel];
  const int64_t band = c->nodes - 1 < CROW_GRID_BAND ? c->nodes - 1 : CROW_GRID_BAND;
  if (kernel == CROW_GRID_SIGMOID) {
    convolution_add_steps(c, result);
  } else {
    memset(result, 0, (size_t)c->nodes * sizeof *result);
    if (kernel == CROW_GRID_SOFTPLUS) add_distances(c, result);
    for (int64_t j = 0; j < c->nodes; j++) result[j] += tail[0] * c->mass[j];
  }
  /* sigma(d) is 1 - tail for d > 0 and tail for d < 0; the other kernels are even. */
  crow_grid_kernels_get(crow_isa_best())
      ->multiply(c->nodes, band, tail, kernel == CROW_GRID_SIGMOID ? -1 : 1, c->mass, result);
}

double crow_convolution_softplus_sum(const crow_convolution *c) {
  crow_exact_sum sum = {{0}};
  crow_exact_add_dot_blocks(&sum, c->mass, c->node[CROW_GRID_SOFTPLUS], c->nodes);
  return crow_exact_value(&sum);
}

void crow_convolution_interpolate(const crow_convolution *c, crow_grid_kernel kernel, int64_t count,
                                  const double *reward, double *result) {
  const crow_grid_kernels *kernels = crow_grid_kernels_get(crow_isa_best());
  int64_t at[CROW_BLOCK];
  double u[CROW_BLOCK];
  for (int64_t begin = 0; begin < count; begin += CROW_BLOCK) {
    const int64_t n = count - begin < CROW_BLOCK ? count - begin : CROW_BLOCK;
    crow_convolution_locate(c, n, reward + begin, at, u);
    kernels->interpolate(&c->basis, n, at, u, c->node[kernel], result + begin);
  }
}

void crow_convolution_range(const crow_convolution *c, double *least, double *greatest) {
  const crow_grid_segment *last = &c->segment[c->segments - 1];
  *least = (double)c->segment[0].cell / CROW_GRID_PER_UNIT;
  *greatest = (double)(last->cell + last->cells) / CROW_GRID_PER_UNIT;
}
