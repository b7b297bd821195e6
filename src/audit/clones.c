/* SPDX-License-Identifier: Apache-2.0 */
/* A copy of a dataset with clones of some alternatives. */
#include "audit/audit_impl.h"
#include <math.h>
#include <string.h>

/* What random numbers are for; the matrix check of the win rates draws the small indices of this stream. */
typedef enum use { USE_DIRECTION = 1, USE_COUNT } use;
static uint64_t element(use what, uint64_t index) { return (uint64_t)what << 60 | index; }

crow_gidx crow_clones_original(const crow_clones *clones, crow_gidx m, crow_gidx i) {
  return i < m ? i : clones->target[(i - m) % clones->targets];
}

typedef struct job {
  const crow_comm *comm;
  const crow_dataset *dataset;
  const crow_clones *clones;
  crow_file *file;
  crow_gidx m, all;   /* alternatives without and with the clones */
  int64_t most_draws; /* of one comparison: so that no pair has more judgements than can be counted */
  bool root;
} job;

/* ---- contexts ----------------------------------------------------------------------------------------------- */

/* The targets' contexts on every rank: as bits, so that adding the others' zeros changes nothing. */
static crow_status gather_targets(const job *j, const crow_partition *p, const double *context, double *targets) {
  const int64_t d = j->dataset->dimensions;
  for (crow_gidx t = 0; t < j->clones->targets; t++) {
    const crow_gidx i = j->clones->target[t] - p->begin;
    if (i >= 0 && i < p->count)
      memcpy(targets + t * d, context + i * d, (size_t)d * sizeof *targets);
    else
      memset(targets + t * d, 0, (size_t)d * sizeof *targets);
  }
  return crow_comm_sum_i64(j->comm, (int64_t *)targets, j->clones->targets * d);
}

/* Clone `c` of all: its original's context, eps away in a random direction. */
static void place_clone(const job *j, const double *targets, crow_gidx c, double *context) {
  const int64_t d = j->dataset->dimensions;
  const double *original = targets + c % j->clones->targets * d;
  double square = 0;
  crow_random_normal(j->clones->seed, CROW_STREAM_AUDIT, element(USE_DIRECTION, (uint64_t)c), context, d);
  for (int64_t k = 0; k < d; k++) square += context[k] * context[k];
  for (int64_t k = 0; k < d; k++) context[k] = original[k] + j->clones->eps * (context[k] / sqrt(square));
}

static crow_status clones_write_contexts(const job *j) {
  crow_status status = CROW_OK;
  const int64_t d = j->dataset->dimensions;
  const crow_partition p = crow_comm_partition(j->comm, j->m, CROW_BLOCK);
  const crow_partition added = crow_comm_partition(j->comm, j->all - j->m, 1);
  double *context = NULL, *targets = NULL, *clone = NULL;
  CROW_TRY_AGREE(j->comm, CROW_ALLOCATE_RAW(&context, p.count * d));
  CROW_TRY_AGREE(j->comm, CROW_ALLOCATE_RAW(&targets, j->clones->targets * d));
  CROW_TRY_AGREE(j->comm, CROW_ALLOCATE_RAW(&clone, added.count * d));
  CROW_TRY(crow_file_define(j->file, "/alternatives/context", CROW_F64, j->all, d));
  CROW_TRY(crow_file_read(j->dataset->file, "/alternatives/context", p.begin, p.count, CROW_F64, context));
  CROW_TRY(crow_file_write_rows(j->file, "/alternatives/context", p.begin, p.count, CROW_F64, context));
  CROW_TRY(gather_targets(j, &p, context, targets));
  for (crow_gidx c = 0; c < added.count; c++) place_clone(j, targets, added.begin + c, clone + c * d);
  CROW_TRY(crow_file_write_rows(j->file, "/alternatives/context", j->m + added.begin, added.count, CROW_F64, clone));
cleanup:
  CROW_FREE(context, targets, clone);
  return status;
}

/* ---- prompts ------------------------------------------------------------------------------------------------ */

/* The prompts' numbers are their names; a clone answers its original's. */
static crow_status clones_write_prompts(const job *j) {
  crow_status status = CROW_OK;
  const crow_partition p = crow_comm_partition(j->comm, j->all, CROW_BLOCK);
  crow_strings name = {.count = p.count, .width = 12};
  if (j->dataset->prompts < 2) return CROW_OK;
  CROW_TRY_AGREE(j->comm, crow_allocate(p.count, (size_t)name.width, (void **)&name.data));
  for (crow_gidx i = 0; i < p.count; i++) {
    const crow_gidx original = crow_clones_original(j->clones, j->m, p.begin + i);
    (void)snprintf(name.data + i * name.width, (size_t)name.width, "%d", (int)j->dataset->prompt[original]);
  }
  CROW_TRY(crow_file_write_strings(j->file, "/alternatives/prompt", j->all, p.begin, &name));
cleanup:
  crow_strings_free(&name);
  return status;
}

/* ---- complete preferences ----------------------------------------------------------------------------------- */

/* Fills in the clones' entries behind a row's own. */
static void extend_row(const job *j, double *row) {
  for (crow_gidx i = j->m; i < j->all; i++) row[i] = row[crow_clones_original(j->clones, j->m, i)];
}

static crow_status clones_write_population(const job *j) {
  crow_status status = CROW_OK;
  double *row = NULL;
  CROW_TRY_AGREE(j->comm, CROW_ALLOCATE_RAW(&row, j->all));
  CROW_TRY(crow_file_copy(j->dataset->file, j->file, "/population/prevalence"));
  CROW_TRY(crow_file_define(j->file, "/population/reward", CROW_F64, j->dataset->types, j->all));
  for (crow_gidx type = 0; type < j->dataset->types; type++) {
    CROW_TRY(crow_file_read(j->dataset->file, "/population/reward", type, 1, CROW_F64, row));
    extend_row(j, row);
    CROW_TRY(crow_file_write_rows(j->file, "/population/reward", type, j->root, CROW_F64, row));
  }
cleanup:
  crow_free(row);
  return status;
}

/* A clone's row is its original's. Every rank writes its slice of the rows, of the clones' too. */
static crow_status clones_write_matrix(const job *j) {
  crow_status status = CROW_OK;
  const crow_partition p = crow_comm_partition(j->comm, j->all, 1);
  double *row = NULL;
  int64_t most = p.count;
  CROW_TRY(crow_comm_max_i64(j->comm, &most, 1));
  CROW_TRY_AGREE(j->comm, CROW_ALLOCATE_RAW(&row, j->all));
  CROW_TRY(crow_file_define(j->file, "/preference/matrix", CROW_F64, j->all, j->all));
  for (crow_gidx i = 0; i < most; i++) {
    const bool have = i < p.count;
    const crow_gidx to = have ? p.begin + i : 0, from = have ? crow_clones_original(j->clones, j->m, to) : 0;
    CROW_TRY(crow_file_read(j->dataset->file, "/preference/matrix", from, have, CROW_F64, row));
    if (have) extend_row(j, row);
    CROW_TRY(crow_file_write_rows(j->file, "/preference/matrix", to, have, CROW_F64, row));
  }
cleanup:
  crow_free(row);
  return status;
}

/* ---- comparisons -------------------------------------------------------------------------------------------- */

/* Comparisons of this rank, to which the clones' are added. */
typedef struct comparisons {
  int64_t count, room;
  int32_t *first, *second;
  double *outcome;
  int64_t *judgements;
} comparisons;

static void comparisons_free(comparisons *c) { CROW_FREE(c->first, c->second, c->outcome, c->judgements); }

static crow_status comparisons_create(int64_t room, comparisons *c) {
  c->room = room;
  return CROW_ALLOCATE_RAW_EACH(room, &c->first, &c->second, &c->outcome, &c->judgements);
}

static crow_status read_comparisons(const job *j, const crow_partition *p, comparisons *c) {
  const crow_file *file = j->dataset->file;
  CROW_NEED_AGREE(j->comm, comparisons_create(p->count, c));
  c->count = p->count;
  for (int64_t i = 0; i < p->count; i++) c->judgements[i] = 1;
  CROW_NEED(crow_file_read(file, "/comparisons/first", p->begin, p->count, CROW_I32, c->first));
  CROW_NEED(crow_file_read(file, "/comparisons/second", p->begin, p->count, CROW_I32, c->second));
  CROW_NEED(crow_file_read(file, "/comparisons/outcome", p->begin, p->count, CROW_F64, c->outcome));
  if (!j->dataset->has_count) return CROW_OK;
  return crow_file_read(file, "/comparisons/count", p->begin, p->count, CROW_I64, c->judgements);
}

/* Inverts the Poisson(1) distribution at u, up to POISSON_MOST. Its first term, 1/e, is written to the last bit, so
 * that no machine's exp() has a say. */
enum { POISSON_MOST = 20 };
static int64_t clones_poisson(double u) {
  int64_t n = 0;
  for (double share = 0x1.78b56362cef38p-2, below = share; u > below && n < POISSON_MOST; below += share)
    share /= (double)++n;
  return n;
}

/* How often comparison `index` is drawn for clone k of its first (side 0) or second alternative. */
static int64_t clones_draw(const job *j, crow_gidx index, int64_t k, int side) {
  double u;
  const uint64_t number = ((uint64_t)index * (uint64_t)j->clones->clones + (uint64_t)k) * 2 + (uint64_t)side;
  crow_random_uniform(j->clones->seed, CROW_STREAM_AUDIT, element(USE_COUNT, number), &u, 1);
  return clones_poisson(u);
}

static int64_t find_target(const crow_clones *clones, crow_gidx alternative) {
  crow_gidx low = 0, high = clones->targets;
  while (low < high) {
    const crow_gidx middle = low + (high - low) / 2;
    if (clones->target[middle] < alternative)
      low = middle + 1;
    else
      high = middle;
  }
  return low < clones->targets && clones->target[low] == alternative ? low : -1;
}

/* The clones' comparisons, in the order of those that they are drawn from: counted if `out` is NULL, else stored. */
static int64_t resample(const job *j, const crow_partition *p, const comparisons *own, comparisons *out) {
  int64_t drawn = 0;
  for (int64_t i = 0; i < own->count; i++) {
    for (int side = 0; side < 2; side++) {
      const int64_t target = find_target(j->clones, side ? own->second[i] : own->first[i]);
      for (int64_t k = 0; target >= 0 && k < j->clones->clones; k++) {
        const int32_t clone = (int32_t)(j->m + k * j->clones->targets + target);
        const int64_t times = clones_draw(j, p->begin + i, k, side);
        for (int64_t t = 0; t < times && t < j->most_draws; t++, drawn++) {
          if (!out) continue;
          out->first[drawn] = side ? own->first[i] : clone;
          out->second[drawn] = side ? clone : own->second[i];
          out->outcome[drawn] = own->outcome[i];
          out->judgements[drawn] = own->judgements[i];
        }
      }
    }
  }
  return drawn;
}

/* A pair has at most 2^32 - 1 judgements. Where a clone's may exceed that, none of its comparisons is drawn more often
 * than the largest pair could be repeated. */
static crow_status limit_draws(job *j, const comparisons *own) {
  crow_status status = CROW_OK;
  crow_pairs pairs = {0};
  double judgements = 0;
  uint32_t largest = 1;
  j->most_draws = POISSON_MOST;
  for (int64_t i = 0; i < own->count; i++) judgements += (double)own->judgements[i];
  CROW_TRY(crow_comm_sum_f64_unordered(j->comm, &judgements, 1));
  if (judgements * POISSON_MOST <= (double)UINT32_MAX) goto cleanup;
  CROW_TRY(crow_pairs_read(j->comm, j->dataset, &pairs));
  for (int64_t k = 0; k < pairs.partition.count; k++) {
    if (pairs.judgements[k] > largest) largest = pairs.judgements[k];
  }
  j->most_draws = UINT32_MAX / largest;
  CROW_TRY(crow_comm_min_i64(j->comm, &j->most_draws, 1));
cleanup:
  crow_pairs_free(&pairs);
  return status;
}

static crow_status write_slice(const job *j, crow_gidx begin, const comparisons *c) {
  CROW_NEED(crow_file_write_rows(j->file, "/comparisons/first", begin, c->count, CROW_I32, c->first));
  CROW_NEED(crow_file_write_rows(j->file, "/comparisons/second", begin, c->count, CROW_I32, c->second));
  CROW_NEED(crow_file_write_rows(j->file, "/comparisons/outcome", begin, c->count, CROW_F64, c->outcome));
  return crow_file_write_rows(j->file, "/comparisons/count", begin, c->count, CROW_I64, c->judgements);
}

static crow_status clones_write_comparisons(job *j) {
  crow_status status = CROW_OK;
  const crow_gidx q = j->dataset->comparisons;
  const crow_partition p = crow_comm_partition(j->comm, q, 1);
  comparisons own = {0}, added = {0};
  crow_gidx begin = 0;
  CROW_TRY(read_comparisons(j, &p, &own));
  CROW_TRY(limit_draws(j, &own));
  int64_t drawn = resample(j, &p, &own, NULL);
  CROW_TRY(crow_comm_offset_i64(j->comm, drawn, &begin));
  CROW_TRY_AGREE(j->comm, comparisons_create(drawn, &added));
  added.count = resample(j, &p, &own, &added);
  CROW_TRY(crow_comm_sum_i64(j->comm, &drawn, 1));
  CROW_TRY(crow_file_define(j->file, "/comparisons/first", CROW_I32, q + drawn, 0));
  CROW_TRY(crow_file_define(j->file, "/comparisons/second", CROW_I32, q + drawn, 0));
  CROW_TRY(crow_file_define(j->file, "/comparisons/outcome", CROW_F64, q + drawn, 0));
  CROW_TRY(crow_file_define(j->file, "/comparisons/count", CROW_I64, q + drawn, 0));
  CROW_TRY(write_slice(j, p.begin, &own));
  CROW_TRY(write_slice(j, q + begin, &added));
cleanup:
  comparisons_free(&own);
  comparisons_free(&added);
  return status;
}

crow_status crow_clones_write(const crow_comm *comm, const crow_dataset *dataset, const crow_clones *clones,
                              const char *path) {
  crow_status status = CROW_OK;
  job j = {.comm = comm,
           .dataset = dataset,
           .clones = clones,
           .m = dataset->alternatives,
           .all = dataset->alternatives + clones->targets * clones->clones,
           .root = crow_comm_rank(comm) == 0};
  if (j.all > INT32_MAX) {
    CROW_TRY(
        crow_error(CROW_USAGE, "%lld alternatives with the clones: expected at most %d", (long long)j.all, INT32_MAX));
  }
  CROW_TRY(crow_file_create(comm, path, "dataset", true, &j.file));
  CROW_TRY(clones_write_contexts(&j));
  CROW_TRY(clones_write_prompts(&j));
  /* Only the source that the fit uses. */
  const crow_source source = crow_preference_source(dataset);
  if (source == CROW_SOURCE_COMPARISONS) CROW_TRY(clones_write_comparisons(&j));
  if (source == CROW_SOURCE_MATRIX) CROW_TRY(clones_write_matrix(&j));
  if (source == CROW_SOURCE_POPULATION) CROW_TRY(clones_write_population(&j));
  CROW_TRY(crow_file_finish(&j.file));
cleanup:
  crow_file_close(&j.file);
  return status;
}
