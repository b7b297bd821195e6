/* SPDX-License-Identifier: Apache-2.0 */
/* Comparisons held out of the training, by which a group of ranks tells when to stop. */
#include "train/train_impl.h"
#include <math.h>
#include <string.h>

struct crow_validation {
  const crow_comm *comm; /* the group's */
  crow_model *model;
  crow_partition rows; /* of the alternatives that are compared, over the group */
  double *contexts;    /* (rows.count, d) */
  double *mine;        /* (rows.count) their rewards */
  double *reward;      /* (rows.global) */
  crow_partition comparisons;
  int32_t *first, *second; /* (comparisons.count) rows */
  double *outcome;
  int64_t *count;
};

/* Of -ln p(outcome) and of what went to the greater reward; each with the judgements that it is of. */
enum { LOSS, JUDGEMENTS, RIGHT, DECIDED, SUMS };

double crow_validation_bytes(const crow_dataset *held, const crow_model_options *options, int ranks) {
  const double m = (double)held->alternatives, q = (double)held->comparisons, rows = fmin(m, 2 * q);
  const double units = crow_model_units(options, held->dimensions);
  return (rows / ranks + CROW_BLOCK) * (8 * (double)held->dimensions + 16 * units + 8) + 8 * (m + rows) +
         24 * (q / ranks + CROW_BLOCK);
}

void crow_validation_destroy(crow_validation **validation) {
  crow_validation *v = *validation;
  if (!v) return;
  crow_model_destroy(&v->model);
  CROW_FREE(v->contexts, v->mine, v->reward, v->first, v->second, v->outcome, v->count);
  crow_free(v);
  *validation = NULL;
}

/* ---- whether it belongs to what is trained on ------------------------------------------------------------------ */

/* Names of dimensions, where both datasets have them. Collective. */
static crow_status check_dimension_names(const crow_comm *comm, const crow_dataset *dataset, const crow_dataset *held) {
  static const char path[] = "/alternatives/dimension";
  crow_status status = CROW_OK;
  crow_strings names[2] = {{0}, {0}};
  if (!dataset->file || !crow_file_has(dataset->file, path) || !crow_file_has(held->file, path)) return CROW_OK;
  const int64_t count = crow_comm_rank(comm) == 0 ? held->dimensions : 0;
  CROW_TRY(crow_file_read_strings(dataset->file, path, 0, count, &names[0]));
  CROW_TRY(crow_file_read_strings(held->file, path, 0, count, &names[1]));
  for (int64_t k = 0; k < count && status == CROW_OK; k++) {
    const char *a = crow_strings_get(&names[0], k), *b = crow_strings_get(&names[1], k);
    if (strcmp(a, b) == 0) continue;
    status = crow_error(CROW_BAD_INPUT,
                        "%s: dimension %lld of its contexts is \"%.64s\", expected \"%.64s\" as in what is trained on",
                        crow_file_name(held->file), (long long)k, b, a);
  }
  status = crow_comm_agree(comm, status);
cleanup:
  crow_strings_free(&names[0]);
  crow_strings_free(&names[1]);
  return status;
}

crow_status crow_validation_open(const crow_comm *comm, const crow_dataset *dataset, const char *path,
                                 crow_dataset *out) {
  crow_status status = CROW_OK;
  CROW_TRY(crow_dataset_open(comm, path, false, out));
  if (!out->has_comparisons) CROW_TRY(crow_error(CROW_BAD_INPUT, "%s: has no comparisons to validate by", path));
  if (out->dimensions != dataset->dimensions) {
    CROW_TRY(crow_error(CROW_BAD_INPUT, "%s: contexts have %lld dimensions, expected %lld as in what is trained on",
                        path, (long long)out->dimensions, (long long)dataset->dimensions));
  }
  CROW_TRY(check_dimension_names(comm, dataset, out));
cleanup:
  if (status != CROW_OK) crow_dataset_close(out);
  return status;
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

/* This rank's part of the group's comparisons, between alternatives. Collective over all ranks. */
static crow_status read_held(const crow_comm *all, const crow_dataset *held, crow_validation *v) {
  const crow_partition *p = &v->comparisons;
  CROW_NEED_AGREE(all, CROW_ALLOCATE_RAW_EACH(p->count, &v->first, &v->second, &v->outcome, &v->count));
  for (crow_gidx k = 0; k < p->count; k++) v->count[k] = 1;
  CROW_NEED(crow_file_read(held->file, "/comparisons/first", p->begin, p->count, CROW_I32, v->first));
  CROW_NEED(crow_file_read(held->file, "/comparisons/second", p->begin, p->count, CROW_I32, v->second));
  CROW_NEED(crow_file_read(held->file, "/comparisons/outcome", p->begin, p->count, CROW_F64, v->outcome));
  if (held->has_count)
    CROW_NEED(crow_file_read(held->file, "/comparisons/count", p->begin, p->count, CROW_I64, v->count));
  return CROW_OK;
}

/* Numbers the alternatives that are compared, in their order: `row_of` (m) becomes 1 + their row, 0 for others.
 * Collective over the group. */
static crow_status number_rows(crow_validation *v, crow_gidx m, int64_t *row_of) {
  crow_gidx rows = 0;
  for (crow_gidx k = 0; k < v->comparisons.count; k++) row_of[v->first[k]] = row_of[v->second[k]] = 1;
  CROW_NEED(crow_comm_sum_i64(v->comm, row_of, m));
  for (crow_gidx x = 0; x < m; x++) {
    if (row_of[x]) row_of[x] = ++rows;
  }
  for (crow_gidx k = 0; k < v->comparisons.count; k++) {
    v->first[k] = (int32_t)(row_of[v->first[k]] - 1);
    v->second[k] = (int32_t)(row_of[v->second[k]] - 1);
  }
  v->rows = crow_comm_partition(v->comm, rows, CROW_BLOCK);
  return CROW_OK;
}

/* The contexts of this rank's rows, block by block of the alternatives from its first to its last. Collective over all
 * ranks. */
static crow_status read_rows(const crow_comm *all, const crow_dataset *held, const int64_t *row_of,
                             crow_validation *v) {
  crow_status status = CROW_OK;
  const int64_t d = held->dimensions, begin = v->rows.begin, end = begin + v->rows.count;
  crow_gidx at = 0, last = 0;
  double *block = NULL;
  while (v->rows.count && row_of[at] != begin + 1) at++;
  for (crow_gidx x = at; v->rows.count && x < held->alternatives && row_of[x] <= end; x++) last = x + 1;
  int64_t turns = v->rows.count ? (last - at + CROW_BLOCK - 1) / CROW_BLOCK : 0;
  CROW_TRY(crow_comm_max_i64(all, &turns, 1));
  CROW_TRY_AGREE(all, CROW_ALLOCATE_RAW(&block, CROW_BLOCK * d));
  for (int64_t turn = 0; turn < turns; turn++) {
    const crow_gidx left = last > at ? last - at : 0, n = left < CROW_BLOCK ? left : CROW_BLOCK;
    CROW_TRY(crow_dataset_read_contexts(held, at, n, CROW_F64, block));
    for (crow_gidx i = 0; i < n; i++) {
      if (row_of[at + i])
        memcpy(v->contexts + (row_of[at + i] - 1 - begin) * d, block + i * d, (size_t)d * sizeof *block);
    }
    at += n;
  }
cleanup:
  crow_free(block);
  return status;
}

crow_status crow_validation_create(const crow_comm *all, const crow_comm *group, const crow_dataset *held,
                                   const crow_model_options *options, crow_validation **out) {
  crow_status status = CROW_OK;
  crow_validation *v = NULL;
  int64_t *row_of = NULL;
  CROW_TRY_AGREE(all, CROW_ALLOCATE(&v, 1));
  v->comm = group;
  v->comparisons = crow_comm_partition(group, held->comparisons, CROW_BLOCK);
  CROW_TRY(read_held(all, held, v));
  CROW_TRY_AGREE(all, CROW_ALLOCATE(&row_of, held->alternatives));
  CROW_TRY(number_rows(v, held->alternatives, row_of));
  CROW_TRY_AGREE(all, CROW_ALLOCATE_RAW(&v->contexts, v->rows.count * held->dimensions));
  CROW_TRY_AGREE(all, CROW_ALLOCATE_RAW(&v->mine, v->rows.count));
  CROW_TRY_AGREE(all, CROW_ALLOCATE_RAW(&v->reward, v->rows.global));
  CROW_TRY(read_rows(all, held, row_of, v));
  CROW_TRY_AGREE(all, crow_model_create(options, v->rows.global, held->dimensions, &v->model));
  CROW_TRY(crow_model_bind(v->model, group, &v->rows, NULL, v->contexts, CROW_F64));
cleanup:
  if (status != CROW_OK) crow_validation_destroy(&v);
  crow_free(row_of);
  *out = v;
  return status;
}

/* ---- evaluation ------------------------------------------------------------------------------------------------ */

static void validation_add_judgements(const crow_validation *v, crow_gidx k, double *sum) {
  const double d = v->reward[v->first[k]] - v->reward[v->second[k]], n = (double)v->count[k], o = v->outcome[k];
  /* -o ln sigma(d) - (1 - o) ln sigma(-d), of which one part is the other plus d. */
  sum[LOSS] += n * (log1p(exp(-fabs(d))) + (d > 0 ? (1 - o) * d : -o * d));
  sum[JUDGEMENTS] += n;
  if (o == .5) return;
  sum[RIGHT] += n * (d > 0 ? o : d < 0 ? 1 - o : .5);
  sum[DECIDED] += n;
}

crow_status crow_validation_evaluate(crow_validation *v, const double *theta, double *loss, double *accuracy) {
  crow_exact_sum sum[SUMS];
  double block[SUMS] = {0}, total[SUMS];
  memset(sum, 0, sizeof sum);
  CROW_NEED_AGREE(v->comm, crow_model_rewards(v->model, theta, v->mine));
  CROW_NEED(crow_comm_gather_slices(v->comm, &v->rows, v->mine, v->reward, sizeof *v->reward));
  for (crow_gidx k = 0; k < v->comparisons.count; k++) {
    validation_add_judgements(v, k, block);
    if ((k + 1) % CROW_BLOCK != 0 && k + 1 != v->comparisons.count) continue;
    for (int s = 0; s < SUMS; s++) crow_exact_add(&sum[s], block[s]);
    memset(block, 0, sizeof block);
  }
  CROW_NEED(crow_comm_sum_exact(v->comm, sum, SUMS));
  for (int s = 0; s < SUMS; s++) total[s] = crow_exact_value(&sum[s]);
  *loss = total[LOSS] / total[JUDGEMENTS];
  *accuracy = total[DECIDED] > 0 ? total[RIGHT] / total[DECIDED] : NAN;
  return CROW_OK;
}
