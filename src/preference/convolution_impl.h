/* SPDX-License-Identifier: Apache-2.0 */
/* Sums over all alternatives of w(y) k(r - r(y)), for kernels k that are smooth on the scale of the grid, in
 * O(m + nodes): the weights are spread to a uniform grid by local Lagrange interpolation, the grid is multiplied by the
 * kernel, and the result is interpolated back.
 *
 * The grid's nodes are the multiples of 1/16, so that the cell of a reward and its place in it are found without
 * rounding, however large it is. With 12 nodes the interpolation error of sigma is below h^12 26381 * 2/pi^13 = 7e-17.
 * Where rewards leave a wide gap, the grid does too. Sums over ranks are taken in integers. */
#ifndef CROW_PREFERENCE_CONVOLUTION_IMPL_H
#define CROW_PREFERENCE_CONVOLUTION_IMPL_H

#include <crow/comm.h>

enum {
  CROW_GRID_PER_UNIT = 16, /* nodes in a unit of reward */
  CROW_GRID_STENCIL = 12,  /* nodes that one reward touches */
  CROW_GRID_BELOW = 5,     /* of these, how many lie below its cell's lower end */
  CROW_GRID_POWERS = 6,    /* powers of u^2 in a Lagrange polynomial's even and odd part */
  CROW_GRID_REACH = 41,    /* beyond this distance sigma is 0 or 1 to double precision */
  CROW_GRID_BAND = CROW_GRID_REACH * CROW_GRID_PER_UNIT,
  CROW_GRID_MOST = 1 << 22, /* nodes */
  CROW_GRID_COLUMNS = 8     /* columns of weights that are spread at once */
};

typedef enum crow_grid_kernel {
  CROW_GRID_SIGMOID,  /* sigma(d) */
  CROW_GRID_SLOPE,    /* sigma'(d) = sigma(d) (1 - sigma(d)) */
  CROW_GRID_SOFTPLUS, /* softplus(d) - d/2, the even part; the odd part cancels in the double sum */
  CROW_GRID_KERNELS
} crow_grid_kernel;

/* A stretch of consecutive cells [cell, cell + cells) whose nodes begin at `node`. Cell c is [c, c + 1] / 16. */
typedef struct crow_grid_segment {
  int64_t cell, cells, node;
} crow_grid_segment;

/* Lagrange polynomials L_k(u) = E_k(u^2) + u O_k(u^2) of nodes 0..7, u in [-1/2, 1/2]: [power of u^2][node]. */
typedef struct crow_grid_basis {
  double even[CROW_GRID_POWERS][8], odd[CROW_GRID_POWERS][8];
} crow_grid_basis;

typedef struct crow_convolution {
  crow_grid_basis basis;
  double tail[CROW_GRID_KERNELS][CROW_GRID_BAND + 1]; /* what the kernel has beyond its asymptote, at i/16 */
  crow_grid_segment *segment;
  int64_t segments;
  int64_t nodes, capacity;
  int64_t *fixed;                  /* (nodes) spread weights in units of 2^-61, then room for exact sums */
  double *mass;                    /* (nodes) spread weights, with a margin of zeros on both sides */
  double *node[CROW_GRID_KERNELS]; /* (nodes) results at the nodes */
  double *mass_memory;
  /* Of several columns, created when first wanted. */
  int64_t columns_capacity; /* nodes */
  int64_t *columns_fixed;   /* (nodes, CROW_GRID_COLUMNS) */
  double *columns_node;     /* (nodes, CROW_GRID_COLUMNS) results at the nodes */
} crow_convolution;

/* Local. */
crow_status crow_convolution_create(crow_convolution **out);
void crow_convolution_destroy(crow_convolution **convolution);

/* Spreads the weights of all ranks' rewards; only entries with positive weight count, and weights sum to 1 at most. The
 * grid reaches `margin` beyond the rewards (0, or CROW_GRID_REACH if results are wanted anywhere). `extra[extras]` are
 * summed over the ranks on the way. `*fits` is false, and nothing is spread, if a reward is not finite or rewards are
 * scattered so widely that CROW_GRID_MOST nodes do not suffice. Collective. */
crow_status crow_convolution_spread(const crow_comm *comm, crow_convolution *convolution, int64_t count,
                                    const double *reward, const double *weight, int margin, crow_exact_sum *extra,
                                    int64_t extras, bool *fits);
/* Computes node[kernel] from the spread weights. Local; the same on all ranks. */
void crow_convolution_multiply(crow_convolution *convolution, crow_grid_kernel kernel);
/* sum_{x,y} w(x) w(y) softplus(r(x) - r(y)) after crow_convolution_multiply(SOFTPLUS). Local. */
double crow_convolution_softplus_sum(const crow_convolution *convolution);
/* The result at each reward: result[i] = sum_y w(y) kernel(reward[i] - r(y)). Outside the grid the nearest end's.
 * Local. */
void crow_convolution_interpolate(const crow_convolution *convolution, crow_grid_kernel kernel, int64_t count,
                                  const double *reward, double *result);
/* The same for `columns` sets of weights at once, `weight` and `result` (columns, count), which may be one array:
 * result[k][i] = sum_y weight[k][y] kernel(reward[i] - r(y)). Each column has the bits that it has by itself on the
 * same grid, which is laid out for entries where `layout` is positive; weights are 0 elsewhere. Collective. */
crow_status crow_convolution_columns(const crow_comm *comm, crow_convolution *convolution, crow_grid_kernel kernel,
                                     int64_t count, const double *reward, const double *layout, int margin,
                                     int64_t columns, const double *weight, double *result, bool *fits);
/* The rewards at the grid's ends. Local. */
void crow_convolution_range(const crow_convolution *convolution, double *least, double *greatest);

/* What crow_convolution_spread() does on a grid that is laid out. Collective. */
crow_status crow_convolution_spread_there(const crow_comm *comm, crow_convolution *convolution, int64_t count,
                                          const double *reward, const double *weight, crow_exact_sum *extra,
                                          int64_t extras);
/* Room for the nodes and `more` integers. Collective. */
crow_status crow_convolution_reserve_alike(const crow_comm *comm, crow_convolution *convolution, int64_t more);
/* Finds each reward's stencil and its place in its cell. Local. */
void crow_convolution_locate(const crow_convolution *convolution, int64_t count, const double *reward, int64_t *at,
                             double *u);
/* Takes spread weights, (nodes) with `stride` between them, into fixed and mass. Local. */
void crow_convolution_take_fixed(crow_convolution *convolution, const int64_t *fixed, int64_t stride);

/* Chooses the segments from the ranks' rewards of positive weight. Collective. */
crow_status crow_convolution_layout(const crow_comm *comm, crow_convolution *convolution, int64_t count,
                                    const double *reward, const double *weight, int margin, bool *fits);

/* ---- kernels, compiled for several instruction sets, all with the same bits --------------------------------- */

typedef struct crow_grid_kernels {
  /* The first node at[i] of each reward's stencil and its place u[i] in its cell, in a stretch of `cells` cells that
   * begins with cell `low` and has its first node at `node`. */
  void (*locate)(int64_t low, int64_t cells, int64_t node, int64_t count, const double *reward, int64_t *at, double *u);
  /* Adds weight[i] 2^61 L_k(u[i]) to fixed[at[i] + k]. */
  void (*spread)(const crow_grid_basis *basis, int64_t count, const int64_t *at, const double *u, const double *weight,
                 int64_t *fixed);
  /* result[i] = sum_k L_k(u[i]) node[at[i] + k] */
  void (*interpolate)(const crow_grid_basis *basis, int64_t count, const int64_t *at, const double *u,
                      const double *node, double *result);
  /* The same for CROW_GRID_COLUMNS columns: `weight` and `result` (count, columns), `fixed` and `node` (nodes,
   * columns). */
  void (*spread_columns)(const crow_grid_basis *basis, int64_t count, const int64_t *at, const double *u,
                         const double *weight, int64_t *fixed);
  void (*interpolate_columns)(const crow_grid_basis *basis, int64_t count, const int64_t *at, const double *u,
                              const double *node, double *result);
  /* result[j] += sum_{0 < i <= band} tail[i] (mass[j + i] + sign mass[j - i]) */
  void (*multiply)(int64_t nodes, int64_t band, const double *tail, double sign, const double *mass, double *result);
} crow_grid_kernels;

/* The kernels for `isa`, or NULL if this machine lacks it. Local. */
typedef enum crow_isa { CROW_ISA_PORTABLE, CROW_ISA_AVX2, CROW_ISA_AVX512, CROW_ISA_COUNT } crow_isa;
/* GCC would use half of a vector register if not told otherwise; Clang does not know the words. */
#if defined(__clang__)
#define CROW_TARGET_AVX512 "avx512f,avx512dq,avx512vl"
#else
#define CROW_TARGET_AVX512 "avx512f,avx512dq,avx512vl,prefer-vector-width=512"
#endif
bool crow_isa_available(crow_isa isa);
crow_isa crow_isa_best(void);
const crow_grid_kernels *crow_grid_kernels_get(crow_isa isa);

#endif
