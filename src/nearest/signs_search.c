/* SPDX-License-Identifier: Apache-2.0 */
/* The search itself: notes from the kernel's scores, and decisions. */
#include "nearest/signs_impl.h"
#include "nearest/winners_impl.h"

#include <float.h>
#include <math.h>
#include <string.h>
#ifdef _OPENMP
#include <omp.h>
#endif

/* ---- notes --------------------------------------------------------------------------------------------------- */

/* Drops what the threshold has overtaken. */
static int32_t drop_notes(crow_sign_note *note, int32_t kept, float threshold) {
  int32_t left = 0;
  for (int32_t c = 0; c < kept; c++) {
    if (note[c].upper >= threshold) note[left++] = note[c];
  }
  return left;
}

static void add_note(crow_sign_work *work, int64_t row, float upper, int64_t index) {
  crow_sign_note *note = work->note + row * CROW_SIGN_NOTES;
  int32_t kept = work->kept[row];
  if (kept == CROW_SIGN_CROWDED) return;
  if (kept == CROW_SIGN_NOTES) kept = drop_notes(note, kept, work->threshold[row]);
  if (kept == CROW_SIGN_NOTES) {
    work->kept[row] = CROW_SIGN_CROWDED;
    return;
  }
  note[kept++] = (crow_sign_note){upper, (int32_t)index};
  work->kept[row] = kept;
}

/* A row whose best score in this panel, plus the bound, reaches its threshold: raises the threshold, then notes each
 * context whose score still reaches it. */
static void note_row(crow_sign_work *work, int64_t row, const float *upper, int64_t lanes, double bound,
                     int64_t first) {
  float greatest = upper[0];
  for (int64_t lane = 1; lane < lanes; lane++) greatest = upper[lane] > greatest ? upper[lane] : greatest;
  const float lower = nextafterf((float)((double)greatest - 2 * bound), -FLT_MAX);
  float threshold = work->threshold[row];
  if (lower > threshold) threshold = work->threshold[row] = lower;
  for (int64_t lane = 0; lane < lanes; lane++) {
    if (upper[lane] >= threshold) add_note(work, row, upper[lane], first + lane);
  }
}

/* ---- scores -------------------------------------------------------------------------------------------------- */

static void take_draws(const crow_sign_search *search, crow_sign_work *work, int64_t first, int64_t draws) {
  const int64_t size = search->size, rows = search->rows;
  for (int64_t i = 0; i < draws; i++) {
    double *z = work->z + i * size, square = 0;
    crow_signs_draw(search->signs, first + i, work->room, z);
    for (int64_t k = 0; k < size; k++) {
      work->single[i * size + k] = (float)z[k];
      square += z[k] * z[k];
    }
    work->norm[i] = sqrt(square) * (1 + 1e-6);
  }
  for (int64_t r = 0; r < draws * rows; r++) {
    work->threshold[r] = -FLT_MAX;
    work->kept[r] = 0;
  }
  /* The kernel takes draws by two; nothing reaches an infinite threshold. */
  for (int64_t r = draws * rows; r < (draws + 1) * rows; r++) work->threshold[r] = INFINITY;
  work->norm[draws] = 0;
}

/* Two draws from `at` on and a panel. */
static void score_panel(const crow_sign_search *search, crow_sign_work *work, const float *contexts, int64_t panel,
                        int64_t at) {
  const int64_t lanes = search->lanes, rows = search->rows;
  const double bound[2] = {crow_sign_bound(search, panel, work->norm[at]),
                           crow_sign_bound(search, panel, work->norm[at + 1])};
  const float margin[2] = {nextafterf((float)bound[0], FLT_MAX), nextafterf((float)bound[1], FLT_MAX)};
  const int64_t found = search->nearest->kernels->signs_panel(
      work->single + at * search->size, contexts, search->offset + panel * lanes, margin, search->blocks,
      search->length, work->threshold + at * rows, work->transform, work->found, work->upper);
  for (int64_t f = 0; f < found; f++) {
    note_row(work, at * rows + work->found[f], work->upper + f * lanes, lanes, bound[work->found[f] >= rows],
             panel * lanes);
  }
}

static void score_draws(const crow_sign_search *search, crow_sign_work *work, int64_t draws) {
  for (int64_t first = 0; first < search->panels; first += search->stretch) {
    const int64_t left = search->panels - first, count = left < search->stretch ? left : search->stretch;
    const float *contexts = crow_sign_panels(search, work, first, count);
    for (int64_t at = 0; at < draws; at += 2) {
      for (int64_t p = 0; p < count; p++) {
        score_panel(search, work, contexts + p * search->size * search->lanes, first + p, at);
      }
    }
  }
}

/* ---- decisions ----------------------------------------------------------------------------------------------- */

/* The point of a row where distances are taken, into work->point. */
static void make_point(const crow_sign_search *search, crow_sign_work *work, int64_t row) {
  const double *z = work->z + row / search->rows * search->size;
  crow_signs_point(search->signs, z, row % search->rows, work->room, search->hull ? work->whole : work->point);
  if (search->hull) crow_hull_project(search->hull, work->whole, CROW_DOUBLE, 1, work->point);
}

void crow_sign_search_point(crow_sign_search *search, int64_t draw, int64_t at, double *point) {
  crow_sign_work *work = search->work[0];
  crow_signs_draw(search->signs, draw, work->room, work->z);
  make_point(search, work, at);
  memcpy(point, work->point, (size_t)search->nearest->d * sizeof *point);
}

/* The engine that searches crowded points starts when the first one appears. */
static crow_status start_engine_once(crow_sign_search *search) {
  if (search->started) return CROW_OK;
  if (search->nearest->class) return crow_error(CROW_FAILED, "the search of crowded points could not be started");
  const crow_status status = crow_nearest_start(search->nearest, CROW_NEAREST_GEMM);
  search->started = status == CROW_OK;
  return status;
}

static crow_status search_whole(crow_sign_search *search, const crow_sign_work *work, int64_t thread, double *distance,
                                int64_t *ties, crow_nearest_winners *winners) {
  crow_nearest *nearest = search->nearest;
  crow_nearest_winners one = *winners; /* its list goes on, but the point is the engine's first */
  crow_status status;
#ifdef _OPENMP
#pragma omp critical(crow_signs_start)
#endif
  status = start_engine_once(search);
  if (status != CROW_OK) return status;
  one.distance = distance;
  one.ties = ties;
  status = nearest->class->search(nearest, nearest->work[thread], work->point, 1, &one);
  winners->index = one.index;
  winners->count = one.count;
  winners->capacity = one.capacity;
  return status;
}

/* Several notes: the nearest of them. */
static crow_status decide_notes(const crow_sign_search *search, const crow_sign_work *work, const crow_sign_note *note,
                                int32_t kept, double *distance, int64_t *ties, crow_nearest_winners *winners) {
  double distances[CROW_SIGN_NOTES];
  int64_t index[CROW_SIGN_NOTES];
  for (int32_t c = 0; c < kept; c++) {
    index[c] = note[c].index;
    distances[c] = crow_nearest_distance(work->point, crow_nearest_context(search->nearest, index[c]),
                                         search->nearest->type, search->nearest->d);
  }
  *ties = crow_nearest_decide(search->nearest, work->point, index, distances, kept, distance);
  return crow_nearest_winners_add(winners, index, *ties);
}

/* `whole`: the point is wanted, and its distance, even if its nearest is known without. */
static crow_status decide_row(crow_sign_search *search, crow_sign_work *work, int64_t thread, int64_t row, bool whole,
                              crow_nearest_winners *winners) {
  crow_sign_note *note = work->note + row * CROW_SIGN_NOTES;
  double *distance = winners->distance + row;
  int64_t *ties = winners->ties + row;
  int32_t kept = search->unfit ? CROW_SIGN_CROWDED : work->kept[row];
  if (kept != CROW_SIGN_CROWDED) kept = drop_notes(note, kept, work->threshold[row]);
  winners->decided_again += kept != 1;
  if (kept != 1 || whole) make_point(search, work, row);
  if (kept == CROW_SIGN_CROWDED) return search_whole(search, work, thread, distance, ties, winners);
  if (kept > 1) return decide_notes(search, work, note, kept, distance, ties, winners);
  const int64_t index = note->index;
  *ties = 1;
  if (whole) {
    *distance = crow_nearest_distance(work->point, crow_nearest_context(search->nearest, index), search->nearest->type,
                                      search->nearest->d);
  }
  return crow_nearest_winners_add(winners, &index, 1);
}

/* ---- chunks of draws on threads ------------------------------------------------------------------------------ */

/* What the threads of one call share. */
typedef struct sign_call {
  crow_sign_search *search;
  int64_t first, draws, chunk, chunks; /* `chunk` draws each */
  bool distances;                      /* are wanted */
  crow_nearest_winners *winners;       /* (chunks) */
  crow_status status;                  /* of the first chunk that failed */
  char message[CROW_ERROR_BYTES];
} sign_call;

static crow_status take_chunk(const sign_call *call, int64_t c, int64_t thread) {
  crow_sign_search *search = call->search;
  crow_sign_work *work = search->work[thread];
  const int64_t begin = c * call->chunk, left = call->draws - begin, draws = left < call->chunk ? left : call->chunk;
  take_draws(search, work, call->first + begin, draws);
  if (!search->unfit) score_draws(search, work, draws);
  for (int64_t row = 0; row < draws * search->rows; row++) {
    CROW_NEED(decide_row(search, work, thread, row, call->distances, &call->winners[c]));
  }
  return CROW_OK;
}

static void run_chunk(sign_call *call, int64_t c, int64_t thread) {
  const crow_status status = take_chunk(call, c, thread);
  if (status == CROW_OK) return;
#ifdef _OPENMP
#pragma omp critical(crow_signs_failure)
#endif
  {
    call->status = status;
    (void)snprintf(call->message, sizeof call->message, "%s", crow_error_message());
  }
}

static void run_chunks(sign_call *call) {
#ifdef _OPENMP
  const int64_t most = call->search->nearest->options.threads;
  const int threads = (int)(most < call->chunks ? most : call->chunks);
#pragma omp parallel for schedule(dynamic) num_threads(threads) if (threads > 1)
  for (int64_t c = 0; c < call->chunks; c++) run_chunk(call, c, omp_get_thread_num());
#else
  for (int64_t c = 0; c < call->chunks; c++) run_chunk(call, c, 0);
#endif
}

crow_status crow_sign_search_take(crow_sign_search *search, int64_t first, int64_t draws, bool distances,
                                  crow_nearest_result *result) {
  crow_status status = CROW_OK;
  const int64_t threads = search->nearest->options.threads, each = (draws + threads - 1) / threads;
  sign_call call = {.search = search, .first = first, .draws = draws, .distances = distances};
  /* Few draws are shared out among all threads. */
  call.chunk = each < search->batch ? each + (each & 1) : search->batch;
  call.chunk = call.chunk < 1 ? 1 : call.chunk;
  call.chunks = (draws + call.chunk - 1) / call.chunk;
  CROW_TRY(crow_nearest_result_reserve(result, draws * search->rows));
  CROW_TRY(CROW_ALLOCATE(&call.winners, call.chunks));
  for (int64_t c = 0; c < call.chunks; c++) {
    call.winners[c].distance = result->distance + c * call.chunk * search->rows;
    call.winners[c].ties = result->tie_begin + c * call.chunk * search->rows + 1;
  }
  run_chunks(&call);
  if (call.status != CROW_OK) CROW_TRY(crow_error(call.status, "%s", call.message));
  CROW_TRY(crow_nearest_result_fill(result, &search->nearest->distinct, draws * search->rows, call.chunk * search->rows,
                                    call.winners, call.chunks));
  search->searched += draws * search->rows;
  for (int64_t c = 0; c < call.chunks; c++) search->decided_again += call.winners[c].decided_again;
cleanup:
  for (int64_t c = 0; call.winners && c < call.chunks; c++) crow_free(call.winners[c].index);
  crow_free(call.winners);
  return status;
}
