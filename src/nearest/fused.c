/* SPDX-License-Identifier: Apache-2.0 */
/* The fused engine: products and maxima stay in registers (after Yu et al. 2015, GSKNN). The first loop keeps only the
 * greatest score of each point in each strip of contexts; strips that can hold the nearest are then scored again for
 * that point alone, which is one or two of hundreds. Long contexts are taken a block of dimensions at a time, so that
 * what a tile reads stays in the second cache; only then do sums leave the registers. */
#include "nearest/pass_impl.h"

#include <math.h>
#include <string.h>

/* Contexts of a strip: small enough to score again cheaply, large enough to hide the end of the inner loop. */
#define STRIP_LEAST 64
#define STRIP_MOST 256
/* Dimensions, and numbers of contexts in them, that a tile takes at once: they stay in the second cache (256 kB of it
 * in floats) while the points pass by. */
#define DEPTH 768
#define BLOCK 65536
/* Strips whose greatest scores are gathered before they are looked at, and by how many a point's are apart. */
#define WINDOW 512
#define APART (WINDOW + 16)
#define PANEL_BYTES ((int64_t)4 << 20)
#define CHUNK 1536

/* Dimensions taken at once: d in equal parts. */
static int64_t depth(const crow_pass *pass) {
  const int64_t parts = (pass->d + DEPTH - 1) / DEPTH;
  return (pass->d + parts - 1) / parts;
}

/* Strips that a tile takes at once. */
static int64_t block(const crow_pass *pass) {
  const int64_t strips = BLOCK / (pass->strip * depth(pass));
  return strips < 1 ? 1 : strips > 8 ? 8 : strips;
}

static void fused_shape(crow_pass *pass) {
  pass->strip = pass->d < 48 ? STRIP_MOST : pass->d < 96 ? STRIP_MOST / 2 : STRIP_LEAST;
  const int64_t row_bytes = pass->d * (int64_t)pass->real_bytes, needed = (pass->count + pass->strip - 1) / pass->strip;
  int64_t strips = PANEL_BYTES / (pass->strip * row_bytes);
  strips = strips > 64 ? 64 : strips < 1 ? 1 : strips;
  if (strips > needed) strips = needed;
  int64_t chunk = PANEL_BYTES / row_bytes;
  chunk = chunk > CHUNK ? CHUNK : chunk < 96 ? 96 : chunk;
  pass->panel = strips * pass->strip;
  /* Whole tiles. */
  pass->chunk = chunk - chunk % pass->kernels->rows;
  /* The greatest scores of each point, the scores of one strip, the interleaved points, and sums that are not whole. */
  pass->score_count = pass->chunk * (APART + pass->d) + pass->strip;
  if (depth(pass) < pass->d) pass->score_count += pass->chunk * block(pass) * pass->strip;
  pass->score_count += 64; /* each part begins at a multiple of 64 bytes */
}

/* Writes rows (count, d) as groups of `group` rows, each interleaved (d, group), and zeros behind the last. */
static void interleave(const crow_pass *pass, const void *rows, int64_t count, int64_t group, void *out) {
  const int64_t d = pass->d, groups = (count + group - 1) / group;
  for (int64_t g = 0; g < groups; g++) {
    for (int64_t i = 0; i < group; i++) {
      const int64_t row = g * group + i;
      if (pass->precision == CROW_SINGLE) {
        const float *from = (const float *)rows + row * d;
        float *to = (float *)out + g * group * d + i;
        for (int64_t k = 0; k < d; k++) to[k * group] = row < count ? from[k] : 0;
      } else {
        const double *from = (const double *)rows + row * d;
        double *to = (double *)out + g * group * d + i;
        for (int64_t k = 0; k < d; k++) to[k * group] = row < count ? from[k] : 0;
      }
    }
  }
}

/* All of a panel is written, so that whole strips can be scored: the scores of what lies behind the last context are
 * -INFINITY. */
static void arrange(const crow_pass *pass, const void *rows, int64_t count, void *layout) {
  const int64_t group = pass->kernels->group, written = (count + group - 1) / group * group;
  interleave(pass, rows, count, group, layout);
  memset((char *)layout + (size_t)(written * pass->d) * pass->real_bytes, 0,
         (size_t)((pass->panel - written) * pass->d) * pass->real_bytes);
}

/* The parts of work->scores. */
typedef struct fused_memory {
  char *greatest, *strip, *partial, *points;
} fused_memory;

static fused_memory fused_divide(const crow_pass *pass, crow_pass_work *work) {
  fused_memory memory = {.greatest = work->scores};
  memory.strip = memory.greatest + (size_t)(pass->chunk * APART) * pass->real_bytes;
  memory.partial = memory.strip + (size_t)pass->strip * pass->real_bytes;
  memory.points = memory.partial;
  if (depth(pass) < pass->d) memory.points += (size_t)(pass->chunk * block(pass) * pass->strip) * pass->real_bytes;
  return memory;
}

/* Strips that are looked at together, and their contexts in the scorer's layout. */
typedef struct fused_window {
  int64_t first, count;
  const char *layout;
} fused_window;

/* The greatest scores of all points in `count` strips of a window from `strip` on. */
static void score_block(const crow_pass *pass, const crow_pass_work *work, const fused_memory *memory,
                        const fused_window *window, int64_t strip, int64_t count) {
  const crow_pass_kernels *kernels = pass->kernels;
  const int64_t tiles = (work->n + kernels->rows - 1) / kernels->rows, step = depth(pass), d = pass->d;
  const size_t real = pass->real_bytes, strip_bytes = (size_t)(pass->strip * d) * real;
  const char *half = (const char *)pass->minus_half + (size_t)((window->first + strip) * pass->strip) * real;
  for (int64_t from = 0; from < d; from += step) {
    for (int64_t t = 0; t < tiles; t++) {
      for (int64_t s = 0; s < count; s++) {
        kernels->tile(memory->points + (size_t)(t * kernels->rows * d) * real,
                      window->layout + (size_t)(strip + s) * strip_bytes, half + (size_t)(s * pass->strip) * real,
                      pass->strip / kernels->group, d, from, from + step < d ? from + step : d,
                      memory->partial + (size_t)((t * count + s) * kernels->rows * pass->strip) * real,
                      memory->greatest + (size_t)(t * kernels->rows * APART + strip + s) * real, APART);
      }
    }
  }
}

static double greatest_at(const crow_pass *pass, const void *greatest, int64_t s) {
  return pass->precision == CROW_SINGLE ? (double)((const float *)greatest)[s] : ((const double *)greatest)[s];
}

/* The strips of a window that can hold the nearest of point i, into work->hit; returns how many. All are first held
 * against the bound of the largest radius, in vectors, then the few that are left against their own. */
static int64_t find_strips(const crow_pass *pass, crow_pass_work *work, const void *greatest,
                           const fused_window *window, double radius, int64_t i) {
  const double most = crow_frame_bound(&pass->frame, work->norm[i], radius);
  double lower = pass->kernels->greatest(greatest, window->count) - most;
  lower = lower > work->lower[i] ? lower : work->lower[i];
  const int64_t hits = pass->kernels->hits(greatest, window->count, lower - most, work->hit);
  int64_t left = 0;
  for (int64_t h = 0; h < hits; h++) {
    const int64_t s = work->hit[h];
    const double least =
        greatest_at(pass, greatest, s) - crow_frame_bound(&pass->frame, work->norm[i], pass->radius[window->first + s]);
    lower = least > lower ? least : lower;
  }
  for (int64_t h = 0; h < hits; h++) {
    const int64_t s = work->hit[h];
    const double bound = crow_frame_bound(&pass->frame, work->norm[i], pass->radius[window->first + s]);
    if (!(greatest_at(pass, greatest, s) + bound < lower)) work->hit[left++] = (int32_t)s;
  }
  work->lower[i] = lower;
  return left;
}

/* Scores again, for point i, the strips of a window that can hold its nearest. */
static crow_status score_strips(const crow_pass *pass, crow_pass_work *work, const fused_memory *memory,
                                const fused_window *window, double radius, int64_t i) {
  const crow_pass_kernels *kernels = pass->kernels;
  const size_t real = pass->real_bytes, strip_bytes = (size_t)(pass->strip * pass->d) * real;
  int32_t strip[WINDOW];
  const int64_t strips = find_strips(pass, work, memory->greatest + (size_t)(i * APART) * real, window, radius, i);
  memcpy(strip, work->hit, (size_t)strips * sizeof *strip); /* offering candidates uses work->hit */
  for (int64_t h = 0; h < strips; h++) {
    const int64_t first = (window->first + strip[h]) * pass->strip, left = pass->count - first;
    kernels->row((const char *)work->converted + (size_t)(i * pass->d) * real,
                 window->layout + (size_t)strip[h] * strip_bytes, (const char *)pass->minus_half + (size_t)first * real,
                 pass->strip / kernels->group, pass->d, memory->strip);
    const crow_status status =
        crow_candidates_offer(pass, work, i, first, left < pass->strip ? left : pass->strip, memory->strip);
    if (status != CROW_OK) return status;
  }
  return CROW_OK;
}

static crow_status fused_score(const crow_pass *pass, crow_pass_work *work) {
  const fused_memory memory = fused_divide(pass, work);
  const int64_t strips = pass->panel / pass->strip, step = block(pass);
  /* Prepared panels lie one behind the other. */
  const int64_t panels = pass->prepared ? WINDOW / strips : 1;
  interleave(pass, work->converted, work->n, pass->kernels->rows, memory.points);
  for (int64_t panel = 0; panel < pass->panels; panel += panels) {
    const int64_t first = panel * strips, left = (pass->count + pass->strip - 1) / pass->strip - first;
    const fused_window window = {first, left < panels * strips ? left : panels * strips,
                                 crow_pass_panel(pass, work, panel)};
    double radius = 0;
    for (int64_t s = 0; s < window.count; s++) radius = fmax(radius, pass->radius[window.first + s]);
    for (int64_t s = 0; s < window.count; s += step) {
      score_block(pass, work, &memory, &window, s, window.count - s < step ? window.count - s : step);
    }
    for (int64_t i = 0; i < work->n; i++) CROW_NEED(score_strips(pass, work, &memory, &window, radius, i));
  }
  return CROW_OK;
}

const crow_pass_scorer crow_fused_scorer = {.shape = fused_shape, .arrange = arrange, .score = fused_score};

static crow_status fused_create(crow_nearest *nearest) { return crow_pass_create(nearest, &crow_fused_scorer); }

const crow_nearest_class crow_nearest_fused_class = {
    .create = fused_create,
    .destroy = crow_pass_destroy,
    .work_create = crow_pass_work_create,
    .work_destroy = crow_pass_work_destroy,
    .search = crow_pass_search,
};
