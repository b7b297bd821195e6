/* SPDX-License-Identifier: Apache-2.0 */
/* Covariances of groups' mean rewards where there are too many alternatives for a dense inverse. With the rows of H and
 * J divided by the weights, the mean of group t has the row g_t of 1 / size, H'z_t = g_t and covariances z_t'J z_u. H'
 * = W H W^-1 among the weighted alternatives, so z = w v there with H v = g / w; the others have z = g / K, and what
 * they take from the weighted ones adds to those's right-hand side. */
#include "objective/sandwich_impl.h"
#include <math.h>

static const double tolerance = 1e-8; /* of the residual, relative to the right-hand side */

typedef struct group_means {
  const crow_sandwich *s;
  const crow_sandwich_groups *groups;
  int64_t *size; /* (groups) */
  double *z;     /* (groups, slice) */
  double *extra; /* (slice) of the right-hand side: what alternatives without weight take from the weighted ones */
  double *value; /* for each of this rank's pairs */
  double *jz;    /* (slice) */
  double *least; /* (groups, groups) what covariances are raised to */
  crow_sandwich_solver solver;
} group_means;

static crow_status group_means_allocate(group_means *a) {
  crow_status status = CROW_OK;
  const crow_objective *o = a->s->o;
  const int64_t n = o->weights->partition.count;
  CROW_TRY(CROW_ALLOCATE(&a->size, a->groups->count));
  CROW_TRY(CROW_ALLOCATE(&a->z, a->groups->count * n));
  CROW_TRY(CROW_ALLOCATE(&a->extra, n));
  CROW_TRY(CROW_ALLOCATE(&a->jz, n));
  CROW_TRY(CROW_ALLOCATE(&a->least, a->groups->count * a->groups->count));
  CROW_TRY(CROW_ALLOCATE(&a->value, o->pairs->partition.count));
  CROW_TRY(crow_sandwich_solver_allocate(o, 1, &a->solver));
cleanup:
  return status;
}

static void group_means_free(group_means *a) {
  crow_free(a->size);
  crow_free(a->z);
  crow_free(a->extra);
  CROW_FREE(a->jz, a->least);
  crow_free(a->value);
  crow_sandwich_solver_free(&a->solver);
}

static double share_root(const crow_objective *o, int64_t i) { return o->root ? o->root[i] : 1; }

/* Fetches z / root, root being 1 without prompts, into o->whole. */
static crow_status spread_divided(const crow_objective *o, const double *z, double *room) {
  for (int64_t i = 0; i < o->weights->partition.count; i++) room[i] = z[i] / share_root(o, i);
  return crow_halo_fetch(o->halo, room, o->whole);
}

/* extra(y) = s sum over x without weight of c sigma' z(x) / (root(x) root(y)). Not w(x) but z(x) measures the terms, so
 * the cells' units do not suit: the sums are kept in a unit of their own. */
static crow_status add_unweighted(group_means *a, const double *z) {
  crow_status status = CROW_OK;
  crow_objective *o = a->s->o;
  const crow_pairs *pairs = o->pairs;
  double largest = 0;
  for (int64_t i = 0; i < o->weights->partition.count; i++) a->extra[i] = 0;
  CROW_TRY(spread_divided(o, z, a->solver.q));
  for (int64_t k = 0; k < pairs->partition.count; k++) {
    const bool from_first = !(o->cell[pairs->first[k]].weight > 0);
    const int64_t from = from_first ? pairs->first[k] : pairs->second[k];
    const int64_t to = from_first ? pairs->second[k] : pairs->first[k];
    const bool counts = !(o->cell[from].weight > 0) && o->cell[to].weight > 0;
    a->value[k] = counts ? a->s->slope[k] * o->whole[from] : 0;
    largest = fmax(largest, fabs(a->value[k]));
  }
  CROW_TRY(crow_comm_max_f64(o->comm, &largest, 1));
  if (!(largest > 0)) goto cleanup;
  const double unit = 0x1p61 / ((double)pairs->partition.global * largest);
  for (int64_t k = 0; k < pairs->partition.count; k++) {
    const bool to_second = !(o->cell[pairs->first[k]].weight > 0);
    o->cell[to_second ? pairs->second[k] : pairs->first[k]].sum += (int64_t)(a->value[k] * unit);
  }
  CROW_TRY(crow_paired_collect(o));
  for (int64_t i = 0; i < o->weights->partition.count; i++) {
    a->extra[i] = o->scale * ((double)o->slice_sum[i] / unit) / share_root(o, i);
  }
cleanup:
  return status;
}

/* z of group t. */
static crow_status solve_group(group_means *a, int64_t t) {
  crow_status status = CROW_OK;
  const crow_sandwich *s = a->s;
  const crow_weights *weights = s->o->weights;
  const int64_t n = weights->partition.count;
  const double share = 1 / (double)a->size[t];
  crow_sandwich_solver *v = &a->solver;
  double *z = a->z + t * n;
  for (int64_t i = 0; i < n; i++) {
    const bool without = !(weights->value[i] > 0);
    z[i] = without && a->groups->code[i] == t ? share / s->curvature[i] : 0;
  }
  CROW_TRY(add_unweighted(a, z));
  for (int64_t i = 0; i < n; i++) {
    const double w = weights->value[i], g = a->groups->code[i] == t ? share : 0;
    v->r[i] = w > 0 ? g / sqrt(w * s->curvature[i]) + crow_sandwich_root(s, i) * a->extra[i] : 0;
  }
  CROW_TRY(crow_sandwich_solve(s, tolerance, 1, v));
  /* The residual's norm hardly sees alternatives of great weight where others have little: one more sweep for all. */
  CROW_TRY(crow_sandwich_sum(s, s->slope, false, true, v->y, v->q));
  for (int64_t i = 0; i < n; i++) {
    const double w = weights->value[i], g = a->groups->code[i] == t ? share : 0;
    if (w > 0) z[i] = (g + w * (a->extra[i] + v->q[i])) / s->curvature[i];
  }
cleanup:
  return status;
}

/* Row t of the `covariance`, by J z_t with the spread whose square roots are `noise`. */
static crow_status find_group_row(group_means *a, const double *noise, int64_t t, double *covariance) {
  crow_status status = CROW_OK;
  crow_objective *o = a->s->o;
  const crow_pairs *pairs = o->pairs;
  const int64_t n = o->weights->partition.count;
  const double *jz = a->jz;
  double largest = 0;
  CROW_TRY(spread_divided(o, a->z + t * n, a->solver.q));
  for (int64_t k = 0; k < pairs->partition.count; k++) {
    const int64_t x = pairs->first[k], y = pairs->second[k];
    a->value[k] = noise[k] * (o->whole[x] * o->cell[y].weight - o->whole[y] * o->cell[x].weight);
    largest = fmax(largest, fabs(a->value[k]));
  }
  CROW_TRY(crow_comm_max_f64(o->comm, &largest, 1));
  for (int64_t k = 0; k < pairs->partition.count; k++) {
    a->value[k] = largest > 0 ? noise[k] * (a->value[k] / largest) : 0;
  }
  CROW_TRY(crow_sandwich_sum(a->s, a->value, true, false, NULL, a->jz));
  for (int64_t u = 0; u < a->groups->count; u++) {
    const double *z = a->z + u * n;
    double *cell = &covariance[t * a->groups->count + u];
    CROW_TRY(crow_comm_dot(o->comm, &o->weights->partition, 1, &z, &jz, cell));
    *cell *= o->scale * largest;
  }
cleanup:
  return status;
}

crow_status crow_sandwich_solve_groups(const crow_sandwich *s, const crow_sandwich_groups *groups) {
  crow_status status = CROW_OK;
  group_means a = {.s = s, .groups = groups};
  crow_progress progress;
  CROW_TRY_AGREE(s->o->comm, group_means_allocate(&a));
  for (int64_t i = 0; i < s->o->weights->partition.count; i++) a.size[groups->code[i]]++;
  CROW_TRY(crow_comm_sum_i64(s->o->comm, a.size, groups->count));
  crow_progress_begin(&progress, "standard errors", "groups", (double)groups->count);
  for (int64_t t = 0; t < groups->count; t++) {
    CROW_TRY(solve_group(&a, t));
    crow_progress_update(&progress, (double)t + 1);
  }
  for (int64_t t = 0; t < groups->count; t++) CROW_TRY(find_group_row(&a, s->noise, t, groups->covariance));
  if (s->least) {
    for (int64_t t = 0; t < groups->count; t++) CROW_TRY(find_group_row(&a, s->least, t, a.least));
    crow_sandwich_raise_groups(groups->count, a.least, groups->covariance);
  }
cleanup:
  group_means_free(&a);
  return status;
}
