/* SPDX-License-Identifier: Apache-2.0 */
/* A search is made here, as its engine is chosen. The automatic engine: a few points are searched with each engine that
 * can pay, among a part of the alternatives. */
#include "nearest/nearest_impl.h"

#include <math.h>
#include <string.h>

/* Beyond these dimensions, or CROW_NEAREST_TREE_MOST, an engine is never the fastest: registers spill into memory, a
 * tree visits everything. */
#define FUSED_DIMENSIONS 1024
/* Below this the product's setup costs more than the product. */
#define GEMM_DIMENSIONS 16
/* How much is measured: enough for a block, a few milliseconds each. */
#define MEASURED_ROWS ((int64_t)8192)
#define MEASURED_POINTS ((int64_t)512)
#define MEASURED_BYTES ((int64_t)16 << 20)

/* A part of the contexts, evenly spread: files are often sorted by topic. */
typedef struct measured_part {
  char *rows;
  int64_t count;
  size_t row_bytes;
} measured_part;

static void take_part(const crow_nearest *nearest, measured_part *part, int64_t count) {
  part->count = count;
  for (int64_t i = 0; i < count; i++) {
    const int64_t row = (int64_t)((double)i * (double)nearest->m / (double)count);
    memcpy(part->rows + (size_t)i * part->row_bytes, (const char *)nearest->contexts + (size_t)row * part->row_bytes,
           part->row_bytes);
  }
}

/* Without points of S to measure with, midpoints of contexts stand for them. */
static void make_points(const crow_nearest *nearest, double *points, int64_t n) {
  const int64_t d = nearest->d, m = nearest->m;
  for (int64_t i = 0; i < n; i++) {
    const int64_t a = i * 7919 % m, b = (i * 104729 + m / 2) % m;
    for (int64_t k = 0; k < d; k++) {
      const bool single = nearest->type == CROW_SINGLE;
      const double left = single ? (double)((const float *)nearest->contexts)[a * d + k]
                                 : ((const double *)nearest->contexts)[a * d + k];
      const double right = single ? (double)((const float *)nearest->contexts)[b * d + k]
                                  : ((const double *)nearest->contexts)[b * d + k];
      points[i * d + k] = left / 2 + right / 2;
    }
  }
}

/* Seconds a point takes among these contexts: the faster of two searches. */
static crow_status engine_measure(const crow_nearest *nearest, crow_nearest_engine engine, const measured_part *part,
                                  const double *points, int64_t n, double *seconds) {
  crow_nearest_options options = nearest->options;
  crow_nearest_result result = {0};
  crow_nearest *trial = NULL;
  crow_status status;
  options.engine = (int)engine;
  options.threads = 1;
  *seconds = INFINITY;
  CROW_TRY(crow_nearest_prepare(&options, part->rows, nearest->type, part->count, nearest->d, &trial));
  CROW_TRY(crow_nearest_start(trial, engine));
  for (int repeat = 0; repeat < 2; repeat++) {
    const double begin = crow_time_s();
    CROW_TRY(crow_nearest_search(trial, points, n, &result));
    *seconds = fmin(*seconds, (crow_time_s() - begin) / (double)n);
  }
cleanup:
  crow_nearest_result_free(&result);
  crow_nearest_destroy(&trial);
  return status;
}

/* The time among all m alternatives from that among `count` and among a quarter of them: a power law, which is linear
 * for products and far less for trees in few dimensions. */
static double engine_extrapolate(double whole, double quarter, double m, double count) {
  const double power = fmin(fmax(log(whole / quarter) / log(4), 0.1), 1);
  return whole * pow(m / count, power);
}

static crow_status measure_engines(const crow_nearest *nearest, const double *points, int64_t n, measured_part *part,
                                   double seconds[]) {
  const int64_t d = nearest->d;
  const bool pays[] = {[CROW_NEAREST_AUTO] = false,
                       [CROW_NEAREST_GEMM] = d >= GEMM_DIMENSIONS,
                       [CROW_NEAREST_FUSED] = d <= FUSED_DIMENSIONS,
                       [CROW_NEAREST_TREE] = d <= CROW_NEAREST_TREE_MOST && nearest->m < INT32_MAX / 2};
  const int64_t fitting = MEASURED_BYTES / (int64_t)part->row_bytes;
  int64_t count = nearest->m < MEASURED_ROWS ? nearest->m : MEASURED_ROWS;
  if (count > fitting) count = fitting;
  crow_status status;
  CROW_TRY(crow_allocate_raw(count, part->row_bytes, (void **)&part->rows));
  for (int engine = CROW_NEAREST_GEMM; engine <= CROW_NEAREST_TREE; engine++) {
    if (!pays[engine]) continue;
    take_part(nearest, part, count);
    CROW_TRY(engine_measure(nearest, (crow_nearest_engine)engine, part, points, n, &seconds[engine]));
    if (engine != CROW_NEAREST_TREE) {
      seconds[engine] *= (double)nearest->m / (double)count;
    } else if (count < nearest->m) {
      double quarter;
      take_part(nearest, part, count / 4);
      CROW_TRY(engine_measure(nearest, CROW_NEAREST_TREE, part, points, n, &quarter));
      seconds[engine] = engine_extrapolate(seconds[engine], quarter, (double)nearest->m, (double)count);
    }
  }
cleanup:
  return status;
}

static void engine_log_choice(crow_nearest_engine chosen, const double seconds[]) {
  char text[128] = "";
  size_t used = 0;
  for (int engine = CROW_NEAREST_GEMM; engine <= CROW_NEAREST_TREE; engine++) {
    if (!isfinite(seconds[engine])) continue;
    used += (size_t)snprintf(text + used, sizeof text - used, "%s%s %.3g", used ? ", " : "",
                             crow_nearest_engine_name((crow_nearest_engine)engine), 1e6 * seconds[engine]);
  }
  crow_log(CROW_LOG_INFO, "nearest alternative: %s engine (measured microseconds a point: %s)",
           crow_nearest_engine_name(chosen), text);
}

/* The engine that searches these contexts fastest, as measured; `probe` as for crow_nearest_create(). */
static crow_status choose_engine(const crow_nearest *nearest, const double *probe, int64_t probe_count,
                                 crow_nearest_engine *chosen) {
  const int64_t d = nearest->d;
  double seconds[] = {INFINITY, INFINITY, INFINITY, INFINITY}, *made = NULL;
  measured_part part = {.row_bytes = (size_t)d * (nearest->type == CROW_SINGLE ? sizeof(float) : sizeof(double))};
  crow_status status = CROW_OK;
  *chosen = CROW_NEAREST_GEMM;
  if (d > FUSED_DIMENSIONS) return CROW_OK;
  if (probe_count > MEASURED_POINTS) probe_count = MEASURED_POINTS;
  if (!probe || probe_count < 1) {
    probe_count = MEASURED_POINTS / 2;
    CROW_TRY(CROW_ALLOCATE_RAW(&made, probe_count * d));
    make_points(nearest, made, probe_count);
    probe = made;
  }
  CROW_TRY(measure_engines(nearest, probe, probe_count, &part, seconds));
  for (int engine = CROW_NEAREST_FUSED; engine <= CROW_NEAREST_TREE; engine++) {
    if (seconds[engine] < seconds[*chosen]) *chosen = (crow_nearest_engine)engine;
  }
  engine_log_choice(*chosen, seconds);
cleanup:
  CROW_FREE(part.rows, made);
  return status;
}

crow_status crow_nearest_create(const crow_nearest_options *options, const void *contexts, crow_precision type,
                                int64_t m, int64_t d, const double *probe, int64_t probe_count, crow_nearest **out) {
  crow_nearest *nearest = NULL;
  crow_nearest_engine engine = (crow_nearest_engine)options->engine;
  crow_status status;
  *out = NULL;
  CROW_TRY(crow_nearest_prepare(options, contexts, type, m, d, &nearest));
  if (engine == CROW_NEAREST_AUTO) CROW_TRY(choose_engine(nearest, probe, probe_count, &engine));
  CROW_TRY(crow_nearest_start(nearest, engine));
  *out = nearest;
  nearest = NULL;
cleanup:
  crow_nearest_destroy(&nearest);
  return status;
}
