/* SPDX-License-Identifier: Apache-2.0 */
/* Drawing samples and counting their nearest alternatives. */
#include "weights/sampling_impl.h"
#include <math.h>
#include <string.h>

/* What depends on how samples are drawn. */
static void free_draws(crow_sampling *s) {
  crow_nearest_result_free(&s->result);
  crow_sign_search_destroy(&s->search);
  crow_nearest_destroy(&s->nearest);
  crow_signs_destroy(&s->signs);
  crow_flat_free(&s->flat);
  crow_free(s->tally.hits);
  crow_free(s->tally.squares);
  crow_free(s->tally.drawn);
  crow_free(s->tally.touched);
  s->tally = (crow_tally){0};
  crow_free(s->points);
  crow_free(s->projected);
  s->points = s->projected = NULL;
  crow_tally_room_free(&s->room);
}

void crow_sampling_free(crow_sampling *s) {
  free_draws(s);
  crow_free(s->contexts);
  crow_free(s->before.hits);
  crow_free(s->before.squares);
  crow_free(s->squares);
  crow_hull_free(&s->hull);
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
static crow_status sampling_read_slice(const crow_comm *comm, const crow_dataset *dataset, crow_sampling *s) {
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
static crow_status sampling_draw(crow_sampling *s, int64_t begin, int64_t n, int64_t samples, double *room,
                                 double *projected, const double **points) {
  crow_status status = CROW_OK;
  if (s->flat.k > 0) {
    *points = projected;
    return crow_flat_sample(s->space, &s->flat, begin, n, projected);
  }
  *points = s->signs ? NULL : crow_space_kept(s->space, begin, n, samples);
  if (!*points) {
    CROW_TRY(s->signs ? crow_signs_sample(s->signs, begin, n, room)
                      : crow_space_sample(s->space, begin, n, samples, room));
    *points = room;
  }
  if (projected) {
    crow_hull_project(&s->hull, *points, CROW_DOUBLE, n, projected);
    *points = projected;
  }
cleanup:
  return status;
}

/* An engine, chosen on the first samples. */
static crow_status prepare_engine(const crow_dataset *dataset, const crow_weights_options *options, int64_t samples,
                                  crow_sampling *s) {
  crow_status status = CROW_OK;
  const int64_t probes = samples < 256 ? samples : 256, unit = crow_sampling_unit(s);
  double *probe = NULL, *projected = NULL;
  const double *drawn = NULL;
  CROW_TRY(CROW_ALLOCATE_RAW(&probe, probes * dataset->dimensions));
  if (s->hull.basis) CROW_TRY(CROW_ALLOCATE_RAW(&projected, probes * s->dimensions));
  CROW_TRY(sampling_draw(s, 0, probes, samples, probe, projected, &drawn));
  CROW_TRY(crow_nearest_create(&options->nearest, s->contexts, s->precision, s->slice.count, s->dimensions, drawn,
                               probes, &s->nearest));
  s->block = crow_nearest_block(s->nearest);
  s->block = s->block < unit ? unit : s->block - s->block % unit;
cleanup:
  crow_free(probe);
  crow_free(projected);
  return status;
}

/* The search of whole draws, where no engine is asked for and it pays. */
static crow_status prepare_signs(const crow_dataset *dataset, const crow_weights_options *options, crow_sampling *s) {
  crow_status status = CROW_OK;
  const int64_t unit = crow_sampling_unit(s);
  if (!s->signs || options->nearest.engine != CROW_NEAREST_AUTO) return CROW_OK;
  CROW_TRY(crow_sign_search_create(&options->nearest, s->contexts, s->precision, s->slice.count, dataset->dimensions,
                                   &s->hull, s->signs, &s->search));
  if (!crow_sign_search_pays(s->search)) {
    crow_sign_search_destroy(&s->search);
    return CROW_OK;
  }
  s->block = crow_sign_search_block(s->search) * unit;
cleanup:
  return status;
}

/* The search structure and the work space of a block. */
static crow_status prepare_search(const crow_dataset *dataset, const crow_weights_options *options, int64_t samples,
                                  crow_sampling *s) {
  crow_status status = CROW_OK;
  s->block = 1024 * crow_sampling_unit(s);
  if (s->slice.count > 0) {
    CROW_TRY(prepare_signs(dataset, options, s));
    if (!s->search) CROW_TRY(prepare_engine(dataset, options, samples, s));
  }
  s->tally.unit = crow_sampling_unit(s);
  s->tally.batches = s->batches > 0 ? s->batches : 1;
  CROW_TRY(CROW_ALLOCATE(&s->tally.hits, s->slice.count * s->tally.batches));
  CROW_TRY(CROW_ALLOCATE(&s->tally.squares, s->slice.count));
  if (s->tally.unit > 1) {
    CROW_TRY(CROW_ALLOCATE(&s->tally.drawn, s->slice.count));
    CROW_TRY(CROW_ALLOCATE(&s->tally.touched, s->slice.count));
  }
cleanup:
  return status;
}

static crow_status allocate_block(const crow_dataset *dataset, crow_sampling *s) {
  crow_status status = CROW_OK;
  if (!s->search) { /* which makes points only where it needs them */
    if (s->flat.k == 0) CROW_TRY(CROW_ALLOCATE_RAW(&s->points, s->block * dataset->dimensions));
    if (s->hull.basis) CROW_TRY(CROW_ALLOCATE_RAW(&s->projected, s->block * s->dimensions));
  }
  CROW_TRY(crow_tally_room_create(&s->grid, s->block, s->dimensions, &s->room));
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
  if (s->slice.count == 0) return search_nothing(n, &s->result);
  if (s->search) {
    crow_stages_begin(&s->stages, "search");
    return crow_sign_search_take(s->search, begin / s->tally.unit, n / s->tally.unit, s->grid.slices > 1, &s->result);
  }
  crow_stages_begin(&s->stages, "draw");
  CROW_TRY(sampling_draw(s, begin, n, samples, s->points, s->projected, points));
  crow_stages_begin(&s->stages, "search");
  CROW_TRY(crow_nearest_search(s->nearest, *points, n, &s->result));
cleanup:
  return status;
}

/* This group's share of the draws of samples `from` .. `to` out of `samples`, block by block. Errors of one slice are
 * agreed on by the group at every block, since its ranks communicate there, and by all ranks at the end. */
crow_status crow_sampling_take(const crow_comm *comm, int64_t from, int64_t to, int64_t samples, crow_sampling *s) {
  crow_status status = CROW_OK;
  const int64_t unit = s->tally.unit;
  crow_partition mine = crow_partition_make((to - from) / unit, 1, s->grid.groups, s->grid.group);
  mine.begin *= unit;
  mine.count *= unit;
  for (int64_t at = 0; at < mine.count && status == CROW_OK; at += s->block) {
    const int64_t n = mine.count - at < s->block ? mine.count - at : s->block, first = from + mine.begin + at;
    crow_tally_block block = {.first = first, .dimensions = s->dimensions, .nearest = s->nearest, .result = &s->result};
    if (s->search) {
      block.nearest = crow_sign_search_contexts(s->search);
      block.search = s->search;
      block.unit = unit;
    }
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
           s->search    ? crow_nearest_engine_name(CROW_NEAREST_SIGNS)
           : s->nearest ? crow_nearest_engine_name(crow_nearest_engine_used(s->nearest))
                        : "nothing",
           s->grid.groups, s->grid.slices);
  if (s->blocks) {
    crow_log(CROW_LOG_INFO, "weights: draws of %lld samples each, by the signs of %lld block%s of coordinates",
             (long long)crow_sampling_unit(s), (long long)s->blocks, crow_plural(s->blocks));
  }
}

/* How samples are drawn, searched and counted. Collective. */
static crow_status start_draws(const crow_comm *comm, const crow_dataset *dataset, const crow_weights_options *options,
                               int64_t samples, crow_sampling *s) {
  crow_status status = CROW_OK;
  CROW_TRY(crow_draws_create(comm, dataset, options, samples, s));
  crow_stages_begin(&s->stages, "index");
  CROW_TRY_AGREE(comm, prepare_search(dataset, options, samples, s));
  /* The slices of a group take the same blocks. */
  CROW_TRY(crow_comm_min_i64(s->grid.across_slices, &s->block, 1));
  CROW_TRY_AGREE(comm, allocate_block(dataset, s));
cleanup:
  return status;
}

/* The dimensions in which distances are taken, and this rank's alternatives in them. What is projected is searched
 * faster; where points are drawn in the hull it costs nothing else. A pool's rows may be equally near several
 * alternatives, which rounding to the hull would undo. Collective. */
static crow_status place_contexts(const crow_comm *comm, const crow_dataset *dataset,
                                  const crow_weights_options *options, int64_t samples, crow_sampling *s) {
  crow_status status = CROW_OK;
  const bool drawn_there = crow_flat_fits(s->space) && crow_draws_apart(dataset, options, samples, s);
  const crow_gidx d = dataset->dimensions, m = dataset->alternatives;
  const crow_gidx most = !drawn_there ? crow_hull_limit(m, d) : m < d ? m - 1 : d - 1;
  const crow_gidx limit = crow_space_size(s->space) > 0 ? 0 : most;
  const bool known = s->hull.d > 0 && s->hull_limit == limit;
  if (known && s->dimensions > 0) return CROW_OK;
  if (!known) {
    crow_hull_free(&s->hull);
    CROW_TRY(crow_weights_hull(comm, dataset, s->space, limit, &s->hull));
    s->hull_limit = limit;
  }
  s->dimensions = s->hull.basis ? s->hull.k : d;
  crow_free(s->contexts);
  s->contexts = NULL;
  CROW_TRY(sampling_read_slice(comm, dataset, s));
cleanup:
  return status;
}

crow_status crow_sampling_prepare(const crow_comm *comm, const crow_dataset *dataset,
                                  const crow_weights_options *options, int64_t samples, crow_sampling *s) {
  crow_status status = CROW_OK;
  crow_stages_begin(&s->stages, "prepare");
  /* What is moved is held in double precision. */
  CROW_TRY(crow_weights_grid_create(comm, options, dataset->alternatives, dataset->dimensions,
                                    dataset->single && !crow_space_transforms(s->space), &s->grid));
  CROW_TRY(place_contexts(comm, dataset, options, samples, s));
  CROW_TRY(start_draws(comm, dataset, options, samples, s));
cleanup:
  crow_stages_end(&s->stages);
  return status;
}

crow_status crow_sampling_redraw(const crow_comm *comm, const crow_dataset *dataset,
                                 const crow_weights_options *options, int64_t samples, crow_sampling *s) {
  crow_status status = CROW_OK;
  free_draws(s);
  s->done = 0;
  CROW_TRY(place_contexts(comm, dataset, options, samples, s));
  CROW_TRY(start_draws(comm, dataset, options, samples, s));
cleanup:
  crow_stages_end(&s->stages);
  return status;
}
