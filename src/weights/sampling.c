/* SPDX-License-Identifier: Apache-2.0 */
/* Drawing samples and counting their nearest alternatives. */
#include "weights/sampling_impl.h"
#include <math.h>
#include <string.h>

void crow_sampling_free(crow_sampling *s) {
  crow_nearest_result_free(&s->result);
  crow_nearest_destroy(&s->nearest);
  crow_free(s->contexts);
  crow_free(s->tally.hits);
  crow_free(s->tally.squares);
  crow_free(s->before.hits);
  crow_free(s->before.squares);
  crow_free(s->squares);
  crow_free(s->points);
  crow_free(s->projected);
  crow_hull_free(&s->hull);
  crow_tally_room_free(&s->room);
  crow_weights_grid_free(&s->grid);
}

/* Reads rows of this rank's slice as doubles and moves them to where distances are taken, block by block. */
static crow_status read_moved(const crow_comm *comm, const crow_dataset *dataset, crow_sampling *s) {
  crow_status status = CROW_OK;
  const crow_gidx d = dataset->dimensions;
  double *rows = NULL;
  int64_t turns = (s->slice.count + CROW_BLOCK - 1) / CROW_BLOCK;
  CROW_TRY(crow_comm_max_i64(comm, &turns, 1));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&rows, CROW_BLOCK * d));
  for (int64_t turn = 0; turn < turns; turn++) {
    const crow_gidx at = turn * CROW_BLOCK < s->slice.count ? turn * CROW_BLOCK : s->slice.count;
    const crow_gidx n = s->slice.count - at < CROW_BLOCK ? s->slice.count - at : CROW_BLOCK;
    double *moved = (double *)s->contexts + at * s->dimensions;
    CROW_TRY(crow_dataset_read_contexts(dataset, s->slice.begin + at, n, CROW_F64, rows));
    CROW_TRY_AGREE(comm, crow_space_transform(s->space, s->slice.begin + at, n, rows));
    if (n == 0) continue;
    if (s->hull.basis)
      crow_hull_project(&s->hull, rows, CROW_DOUBLE, n, moved);
    else
      memcpy(moved, rows, (size_t)(n * d) * sizeof *rows);
  }
cleanup:
  crow_free(rows);
  return status;
}

/* Reads this rank's slice of alternatives, as floats where nothing is lost by it. */
static crow_status read_slice(const crow_comm *comm, const crow_dataset *dataset, crow_sampling *s) {
  crow_status status = CROW_OK;
  const bool moves = crow_space_transforms(s->space) || s->hull.basis;
  const bool single = dataset->single && !moves;
  s->precision = single ? CROW_SINGLE : CROW_DOUBLE;
  s->slice = crow_partition_make(dataset->alternatives, CROW_BLOCK, s->grid.slices, s->grid.slice);
  CROW_TRY_AGREE(
      comm, crow_allocate_raw(s->slice.count * s->dimensions, single ? sizeof(float) : sizeof(double), &s->contexts));
  if (moves)
    CROW_TRY(read_moved(comm, dataset, s));
  else
    CROW_TRY(
        crow_dataset_read_contexts(dataset, s->slice.begin, s->slice.count, single ? CROW_F32 : CROW_F64, s->contexts));
cleanup:
  return status;
}

/* Samples as points in the dimensions in which distances are taken: kept ones, or in `room`; or in `projected`. */
static crow_status draw(crow_sampling *s, int64_t begin, int64_t n, int64_t samples, double *room, double *projected,
                        const double **points) {
  crow_status status = CROW_OK;
  *points = crow_space_kept(s->space, begin, n, samples);
  if (!*points) {
    CROW_TRY(crow_space_sample(s->space, begin, n, samples, room));
    *points = room;
  }
  if (projected) {
    crow_hull_project(&s->hull, *points, CROW_DOUBLE, n, projected);
    *points = projected;
  }
cleanup:
  return status;
}

/* The search structure, chosen on the first samples, and the work space of a block. */
static crow_status prepare_search(const crow_dataset *dataset, const crow_weights_options *options, int64_t samples,
                                  crow_sampling *s) {
  crow_status status = CROW_OK;
  const crow_gidx d = dataset->dimensions;
  double *probe = NULL, *projected = NULL;
  const double *drawn = NULL;
  s->block = 1024;
  if (s->slice.count > 0) {
    const int64_t probes = samples < 256 ? samples : 256;
    CROW_TRY(CROW_ALLOCATE_RAW(&probe, probes * d));
    if (s->hull.basis) CROW_TRY(CROW_ALLOCATE_RAW(&projected, probes * s->dimensions));
    CROW_TRY(draw(s, 0, probes, samples, probe, projected, &drawn));
    CROW_TRY(crow_nearest_create(&options->nearest, s->contexts, s->precision, s->slice.count, s->dimensions, drawn,
                                 probes, &s->nearest));
    s->block = crow_nearest_block(s->nearest);
  }
  CROW_TRY(CROW_ALLOCATE(&s->tally.hits, s->slice.count));
  CROW_TRY(CROW_ALLOCATE(&s->tally.squares, s->slice.count));
cleanup:
  crow_free(probe);
  crow_free(projected);
  return status;
}

static crow_status allocate_block(const crow_dataset *dataset, crow_sampling *s) {
  crow_status status = CROW_OK;
  CROW_TRY(CROW_ALLOCATE_RAW(&s->points, s->block * dataset->dimensions));
  if (s->hull.basis) CROW_TRY(CROW_ALLOCATE_RAW(&s->projected, s->block * s->dimensions));
  CROW_TRY(crow_tally_room_create(&s->grid, s->block, &s->room));
cleanup:
  return status;
}

/* A slice without alternatives (more slices than blocks of them) is infinitely far from everything. */
static crow_status search_nothing(int64_t n, crow_nearest_result *result) {
  crow_status status = CROW_OK;
  if (result->point_capacity < n) {
    crow_nearest_result_free(result);
    CROW_TRY(CROW_ALLOCATE(&result->distance, n));
    CROW_TRY(CROW_ALLOCATE(&result->tie_begin, n + 1));
    result->point_capacity = n;
    for (int64_t i = 0; i < n; i++) result->distance[i] = __builtin_inf();
  }
  result->count = n;
cleanup:
  return status;
}

static crow_status search_block(crow_sampling *s, int64_t begin, int64_t n, int64_t samples, const double **points) {
  crow_status status = CROW_OK;
  *points = NULL;
  if (!s->nearest) return search_nothing(n, &s->result);
  crow_stages_begin(&s->stages, "draw");
  CROW_TRY(draw(s, begin, n, samples, s->points, s->projected, points));
  crow_stages_begin(&s->stages, "search");
  CROW_TRY(crow_nearest_search(s->nearest, *points, n, &s->result));
cleanup:
  return status;
}

/* This group's share of samples `from` .. `to` out of `samples`, block by block. Errors of one slice are agreed on by
 * the group at every block, since its ranks communicate there, and by all ranks at the end. */
crow_status crow_sampling_take(const crow_comm *comm, int64_t from, int64_t to, int64_t samples, crow_sampling *s) {
  crow_status status = CROW_OK;
  const crow_partition mine = crow_partition_make(to - from, 1, s->grid.groups, s->grid.group);
  for (int64_t at = 0; at < mine.count && status == CROW_OK; at += s->block) {
    const int64_t n = mine.count - at < s->block ? mine.count - at : s->block, first = from + mine.begin + at;
    crow_tally_block block = {.first = first, .dimensions = s->dimensions, .nearest = s->nearest, .result = &s->result};
    crow_work_begin();
    status = search_block(s, first, n, samples, &block.points);
    crow_work_end(CROW_WORK_SAMPLE, (double)n);
    crow_stages_begin(&s->stages, "count");
    if (s->grid.slices > 1) status = crow_comm_agree(s->grid.across_slices, status);
    if (status == CROW_OK) status = crow_tally_add(&s->grid, &block, &s->room, &s->tally);
    /* The other groups are about as far as this one. */
    crow_progress_update(&s->progress, fmin((double)(from + (at + n) * s->grid.groups), (double)to));
  }
  crow_stages_begin(&s->stages, "reduce"); /* waiting for the others belongs to it */
  CROW_TRY_AGREE(comm, status);
cleanup:
  crow_stages_end(&s->stages);
  return status;
}

void crow_sampling_log_start(const crow_dataset *dataset, const crow_sampling *s) {
  if (s->hull.basis) {
    crow_log(CROW_LOG_INFO, "weights: the alternatives span %lld of %lld dimensions; distances are taken there",
             (long long)s->hull.k, (long long)s->hull.d);
  }
  crow_log(CROW_LOG_INFO, "weights: %lld sample%s, nearest of %lld alternative%s by %s, grid %dx%d (samples x slices)",
           (long long)s->target, crow_plural(s->target), (long long)dataset->alternatives,
           crow_plural(dataset->alternatives),
           s->nearest ? crow_nearest_engine_name(crow_nearest_engine_used(s->nearest)) : "nothing", s->grid.groups,
           s->grid.slices);
}

crow_status crow_sampling_prepare(const crow_comm *comm, const crow_dataset *dataset,
                                  const crow_weights_options *options, int64_t samples, crow_sampling *s) {
  crow_status status = CROW_OK;
  crow_stages_begin(&s->stages, "prepare");
  /* What is moved is held in double precision. */
  CROW_TRY(crow_weights_grid_create(comm, options, dataset->alternatives, dataset->dimensions,
                                    dataset->single && !crow_space_transforms(s->space), &s->grid));
  CROW_TRY(crow_weights_hull(comm, dataset, s->space, &s->hull));
  s->dimensions = s->hull.basis ? s->hull.k : dataset->dimensions;
  CROW_TRY(read_slice(comm, dataset, s));
  crow_stages_begin(&s->stages, "index");
  CROW_TRY_AGREE(comm, prepare_search(dataset, options, samples, s));
  /* The slices of a group take the same blocks. */
  CROW_TRY(crow_comm_min_i64(s->grid.across_slices, &s->block, 1));
  CROW_TRY_AGREE(comm, allocate_block(dataset, s));
cleanup:
  crow_stages_end(&s->stages);
  return status;
}
