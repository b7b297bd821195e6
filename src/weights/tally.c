/* SPDX-License-Identifier: Apache-2.0 */
#include "weights/weights_impl.h"
#include <math.h>
#include <string.h>

static void give(crow_tally *tally, int64_t alternative, int64_t share) {
  if (!tally->drawn) {
    tally->hits[alternative * tally->batches + tally->batch] += share;
    tally->squares[alternative] += share * share / CROW_HIT_UNIT;
    return;
  }
  if (tally->drawn[alternative] == 0 && share > 0) tally->touched[tally->touched_count++] = alternative;
  tally->drawn[alternative] += share;
  tally->single += share * share / CROW_HIT_UNIT;
}

/* Draws go to the batches in turn. */
static void begin_sample(crow_tally *tally, int64_t number) {
  tally->batch = number / (tally->unit > 1 ? tally->unit : 1) & (tally->batches - 1);
}

/* After sample `number`: if it is the last of its draw, what the draw gave is counted. */
static void end_draw(crow_tally *tally, int64_t number) {
  if (!tally->drawn || (number + 1) % tally->unit != 0) return;
  for (int64_t t = 0; t < tally->touched_count; t++) {
    const int64_t alternative = tally->touched[t], share = tally->drawn[alternative];
    tally->hits[alternative * tally->batches + tally->batch] += share;
    tally->squares[alternative] += share * share / CROW_HIT_UNIT;
    tally->drawn[alternative] = 0;
  }
  tally->touched_count = 0;
}

/* Shares sample `number` among `total` tied alternatives, of which this slice holds those from position `first` on.
 * Each gets the whole part, and `more` of them one unit of the remainder. Whose turn that is goes round from sample to
 * sample, so that alternatives that tie again and again get the same count to a unit. */
static void tally_share_out(const int64_t *tied, int64_t count, int64_t first, int64_t total, int64_t number,
                            crow_tally *tally) {
  const int64_t each = CROW_HIT_UNIT / total, more = CROW_HIT_UNIT % total;
  const int64_t begin = more ? (int64_t)((__int128)number * more % total) : 0;
  for (int64_t k = 0; k < count; k++) {
    const int64_t place = first + k - begin;
    give(tally, tied[k], each + ((place < 0 ? place + total : place) < more));
  }
}

/* What the slices of one block tell each other. `all` (slices, n) is how many alternatives of a slice are within the
 * margin of the least canonical distance. */
typedef struct tally_call {
  const crow_weights_grid *grid;
  const crow_tally_block *block;
  const crow_tally_room *room;
  int64_t *all;
} tally_call;

/* Samples `list` (count <= CROW_TALLY_MEASURES) for which several slices have alternatives that near: the slices whose
 * distance is not the least drop out. */
static crow_status tally_settle(const tally_call *call, const int64_t *list, int64_t count) {
  const crow_tally_block *block = call->block;
  const int64_t n = block->result->count, *begin = block->result->tie_begin;
  crow_nearest_measure *mine = call->room->measure, *all = mine + CROW_TALLY_MEASURES;
  for (int64_t c = 0; c < count; c++) {
    if (call->all[call->grid->slice * n + list[c]] == 0) continue;
    const double *points = block->points;
    int64_t at = list[c];
    if (block->search) {
      const int64_t number = block->first + at;
      crow_sign_search_point(block->search, number / block->unit, number % block->unit, call->room->point);
      points = call->room->point;
      at = 0;
    }
    crow_nearest_measure_of(block->nearest, points, at, block->result->index[begin[list[c]]], &mine[c]);
  }
  CROW_NEED(crow_comm_gather(call->grid->across_slices, mine, all, count * (int64_t)sizeof *mine));
  for (int64_t c = 0; c < count; c++) {
    const crow_nearest_measure *least = NULL;
    for (int s = 0; s < call->grid->slices; s++) {
      const crow_nearest_measure *measure = &all[s * count + c];
      if (call->all[s * n + list[c]] && (!least || crow_nearest_measure_compare(measure, least) < 0)) least = measure;
    }
    for (int s = 0; s < call->grid->slices; s++) {
      int64_t *ties = &call->all[s * n + list[c]];
      if (*ties && crow_nearest_measure_compare(&all[s * count + c], least) > 0) *ties = 0;
    }
  }
  return CROW_OK;
}

static crow_status settle_all(const tally_call *call) {
  const int64_t n = call->block->result->count;
  int64_t list[CROW_TALLY_MEASURES], count = 0;
  for (int64_t i = 0; i < n; i++) {
    int with = 0;
    for (int s = 0; s < call->grid->slices; s++) with += call->all[s * n + i] > 0;
    if (with > 1) list[count++] = i;
    if (count == CROW_TALLY_MEASURES || (count && i == n - 1)) {
      CROW_NEED(tally_settle(call, list, count));
      count = 0;
    }
  }
  return CROW_OK;
}

static crow_status add_slices(const crow_weights_grid *grid, const crow_tally_block *block, const crow_tally_room *room,
                              crow_tally *tally) {
  const crow_nearest_result *result = block->result;
  const int64_t n = result->count, *begin = result->tie_begin;
  int64_t *mine = room->counts;
  const tally_call call = {.grid = grid, .block = block, .room = room, .all = room->counts + n};
  if (n) memcpy(room->distance, result->distance, (size_t)n * sizeof *room->distance);
  CROW_NEED(crow_comm_min_f64(grid->across_slices, room->distance, n));
  for (int64_t i = 0; i < n; i++) {
    const bool near = result->distance[i] <= crow_nearest_margin(room->distance[i], block->dimensions);
    mine[i] = near ? begin[i + 1] - begin[i] : 0;
  }
  CROW_NEED(crow_comm_gather(grid->across_slices, mine, call.all, n * (int64_t)sizeof *mine));
  CROW_NEED(settle_all(&call));
  for (int64_t i = 0; i < n; i++) {
    int64_t first = 0, total = 0;
    for (int s = 0; s < grid->slices; s++) {
      if (s == grid->slice) first = total;
      total += call.all[s * n + i];
    }
    const int64_t count = call.all[grid->slice * n + i];
    begin_sample(tally, block->first + i);
    if (count) tally_share_out(result->index + begin[i], count, first, total, block->first + i, tally);
    end_draw(tally, block->first + i);
  }
  return CROW_OK;
}

crow_status crow_tally_add(const crow_weights_grid *grid, const crow_tally_block *block, const crow_tally_room *room,
                           crow_tally *tally) {
  const crow_nearest_result *result = block->result;
  const int64_t *begin = result->tie_begin;
  if (grid->slices > 1) return add_slices(grid, block, room, tally);
  for (int64_t i = 0; i < result->count; i++) {
    const int64_t ties = begin[i + 1] - begin[i];
    begin_sample(tally, block->first + i);
    if (ties == 1)
      give(tally, result->index[begin[i]], CROW_HIT_UNIT);
    else
      tally_share_out(result->index + begin[i], ties, 0, ties, block->first + i, tally);
    end_draw(tally, block->first + i);
  }
  return CROW_OK;
}

crow_status crow_tally_room_create(const crow_weights_grid *grid, int64_t block, int64_t dimensions,
                                   crow_tally_room *out) {
  *out = (crow_tally_room){0};
  if (grid->slices == 1) return CROW_OK;
  CROW_NEED(CROW_ALLOCATE_RAW(&out->distance, block));
  CROW_NEED(CROW_ALLOCATE_RAW(&out->point, dimensions));
  CROW_NEED(CROW_ALLOCATE_RAW(&out->counts, block * (grid->slices + 1)));
  return CROW_ALLOCATE(&out->measure, CROW_TALLY_MEASURES * (int64_t)(grid->slices + 1));
}

void crow_tally_room_free(crow_tally_room *room) {
  CROW_FREE(room->distance, room->point, room->counts, room->measure);
  *room = (crow_tally_room){0};
}

crow_status crow_tally_redistribute(const crow_comm *comm, const crow_weights_grid *grid, const crow_partition *slice,
                                    const int64_t *values, const crow_partition *to, int64_t *out) {
  crow_status status = CROW_OK;
  const int size = crow_comm_size(comm);
  int64_t *sum = NULL, *send_count = NULL, *receive_count = NULL, *received = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&sum, slice->count));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_EACH(size, &send_count, &receive_count));
  if (slice->count) memcpy(sum, values, (size_t)slice->count * sizeof *sum);
  CROW_TRY(crow_comm_sum_i64(grid->across_groups, sum, slice->count));
  for (int rank = 0; rank < size && grid->group == 0; rank++) {
    const crow_gidx begin = crow_partition_begin(to, rank), end = crow_partition_begin(to, rank + 1);
    const crow_gidx first = begin > slice->begin ? begin : slice->begin;
    const crow_gidx last = end < slice->begin + slice->count ? end : slice->begin + slice->count;
    send_count[rank] = last > first ? last - first : 0;
  }
  /* Slices ascend with the rank, so what arrives is in the order of the alternatives. */
  CROW_TRY(crow_comm_exchange(comm, sum, send_count, sizeof *sum, (void **)&received, receive_count));
  if (to->count) memcpy(out, received, (size_t)to->count * sizeof *out);
cleanup:
  CROW_FREE(sum, send_count, receive_count, received);
  return status;
}

void crow_tally_weigh(double hits, double squares, int64_t draw, double pseudo_count, crow_gidx i, crow_weights *out) {
  const double samples = (double)out->samples, total = samples * (double)CROW_HIT_UNIT;
  /* Draws are few enough for one degree of freedom to count. */
  const double unit = draw > 1 ? (double)draw : 1, draws = samples / unit;
  const double degrees = draw > 1 ? fmax(draws - 1, 1) : draws;
  /* w = (n + a) / (N + a m) = shrink n / N + floor */
  const double smoothed = samples + pseudo_count * (double)out->partition.global;
  const double shrink = samples / smoothed, floor_value = pseudo_count / smoothed;
  const double share = hits / total;
  const double variance = fmax(squares / (total * unit) - share * share, 0) / degrees;
  out->value[i] = pseudo_count > 0 ? shrink * share + floor_value : share;
  out->standard_error[i] = shrink * sqrt(variance);
}

static void add_before(const int64_t *before, int64_t batches, crow_gidx count, int64_t *values) {
  for (crow_gidx i = 0; before && i < count; i++) {
    for (int64_t b = 0; b < batches; b++) values[i] += before[b * count + i];
  }
}

crow_status crow_weights_gather(const crow_comm *comm, const crow_weights_grid *grid, const crow_partition *slice,
                                const crow_tally *tally, const crow_tally *before, int64_t samples, double pseudo_count,
                                int64_t *squares, crow_weights *out) {
  const crow_gidx count = out->partition.count;
  CROW_NEED(
      crow_tally_redistribute_column(comm, grid, slice, tally->hits, tally->batches, -1, &out->partition, out->hits));
  CROW_NEED(crow_tally_redistribute(comm, grid, slice, tally->squares, &out->partition, squares));
  add_before(before->hits, tally->batches, count, out->hits);
  add_before(before->squares, 1, count, squares);
  out->samples = samples;
  for (crow_gidx i = 0; i < count; i++) {
    crow_tally_weigh((double)out->hits[i], (double)squares[i], tally->unit, pseudo_count, i, out);
  }
  return crow_weights_summarise(comm, out);
}

crow_status crow_weights_relative_error(const crow_comm *comm, const crow_weights *weights, double *error) {
  *error = 0;
  for (crow_gidx i = 0; i < weights->partition.count; i++) {
    const double w = weights->value[i];
    if (w * (double)weights->partition.global > 1) *error = fmax(*error, weights->standard_error[i] / w);
  }
  return crow_comm_max_f64(comm, error, 1);
}
