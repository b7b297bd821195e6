/* SPDX-License-Identifier: Apache-2.0 */
/* The fused engine: products and maxima stay in registers (after Yu et al. 2015, GSKNN). The first loop keeps only the
 * greatest score of each point in each strip of contexts; strips that can hold the nearest are then scored again for
 * that point alone, which is one of hundreds. */
#include "nearest/pass_impl.h"

#include <math.h>
#include <string.h>

/* Contexts of a strip: small enough to score again cheaply, large enough to hide the end of the inner loop. */
#define STRIP 256
/* Strips whose greatest scores are gathered before they are looked at. */
#define STRIPS 64
#define PANEL_BYTES ((int64_t)4 << 20)
#define CHUNK 1536

static void shape(crow_pass *pass) {
  const int64_t strip_bytes = STRIP * pass->d * (int64_t)pass->real_bytes;
  int64_t strips = PANEL_BYTES / strip_bytes, needed = (pass->count + STRIP - 1) / STRIP;
  strips = strips > STRIPS ? STRIPS : strips < 1 ? 1 : strips;
  if (strips > needed) strips = needed;
  int64_t chunk = PANEL_BYTES / (pass->d * (int64_t)pass->real_bytes);
  chunk = chunk > CHUNK ? CHUNK : chunk < 96 ? 96 : chunk;
  pass->strip = STRIP;
  pass->panel = strips * STRIP;
  /* Whole tiles. */
  pass->chunk = chunk - chunk % pass->kernels->rows;
  /* The interleaved points, the greatest scores of each point, and the scores of one strip. */
  pass->score_count = pass->chunk * pass->d + pass->chunk * STRIPS + STRIP;
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
  char *points, *greatest, *strip;
} fused_memory;

static fused_memory divide(const crow_pass *pass, crow_pass_work *work) {
  fused_memory memory = {.greatest = work->scores};
  memory.strip = memory.greatest + (size_t)(pass->chunk * STRIPS) * pass->real_bytes;
  memory.points = memory.strip + STRIP * pass->real_bytes;
  return memory;
}

/* The greatest scores of all points in all strips of a panel. */
static void score_panel(const crow_pass *pass, const crow_pass_work *work, const fused_memory *memory, int64_t panel,
                        const char *layout) {
  const crow_pass_kernels *kernels = pass->kernels;
  const int64_t tiles = (work->n + kernels->rows - 1) / kernels->rows, strips = pass->panel / STRIP;
  const size_t strip_bytes = (size_t)(STRIP * pass->d) * pass->real_bytes, real = pass->real_bytes;
  for (int64_t s = 0; s < strips; s++) {
    const char *half = (const char *)pass->minus_half + (size_t)(panel * pass->panel + s * STRIP) * real;
    for (int64_t t = 0; t < tiles; t++) {
      kernels->tile(memory->points + (size_t)(t * kernels->rows * pass->d) * real, layout + (size_t)s * strip_bytes,
                    half, STRIP / kernels->group, pass->d,
                    memory->greatest + (size_t)(t * kernels->rows * STRIPS + s) * real, STRIPS);
    }
  }
}

static double greatest_at(const crow_pass *pass, const void *greatest, int64_t s) {
  return pass->precision == CROW_SINGLE ? (double)((const float *)greatest)[s] : ((const double *)greatest)[s];
}

/* Scores again, for point i, the strips of a panel that can hold its nearest. */
static crow_status score_strips(const crow_pass *pass, crow_pass_work *work, const fused_memory *memory, int64_t panel,
                                const char *layout, int64_t i) {
  const crow_pass_kernels *kernels = pass->kernels;
  const int64_t strips = pass->panel / STRIP;
  const size_t real = pass->real_bytes, strip_bytes = (size_t)(STRIP * pass->d) * real;
  const void *greatest = memory->greatest + (size_t)(i * STRIPS) * real;
  double bound[STRIPS], lower = work->lower[i];
  for (int64_t s = 0; s < strips; s++) {
    bound[s] = crow_frame_bound(&pass->frame, work->norm[i], pass->radius[panel * strips + s]);
    const double least = greatest_at(pass, greatest, s) - bound[s];
    lower = least > lower ? least : lower;
  }
  work->lower[i] = lower;
  for (int64_t s = 0; s < strips; s++) {
    const int64_t first = panel * pass->panel + s * STRIP, left = pass->count - first;
    if (left <= 0 || greatest_at(pass, greatest, s) + bound[s] < lower) continue;
    kernels->row((const char *)work->converted + (size_t)(i * pass->d) * real, layout + (size_t)s * strip_bytes,
                 (const char *)pass->minus_half + (size_t)first * real, STRIP / kernels->group, pass->d, memory->strip);
    const crow_status status = crow_candidates_offer(pass, work, i, first, left < STRIP ? left : STRIP, memory->strip);
    if (status != CROW_OK) return status;
  }
  return CROW_OK;
}

static crow_status score(const crow_pass *pass, crow_pass_work *work) {
  const fused_memory memory = divide(pass, work);
  crow_status status = CROW_OK;
  interleave(pass, work->converted, work->n, pass->kernels->rows, memory.points);
  for (int64_t panel = 0; panel < pass->panels; panel++) {
    const char *layout = crow_pass_panel(pass, work, panel);
    score_panel(pass, work, &memory, panel, layout);
    for (int64_t i = 0; i < work->n; i++) CROW_TRY(score_strips(pass, work, &memory, panel, layout, i));
  }
cleanup:
  return status;
}

const crow_pass_scorer crow_fused_scorer = {.shape = shape, .arrange = arrange, .score = score};

static crow_status create(crow_nearest *nearest) { return crow_pass_create(nearest, &crow_fused_scorer); }

const crow_nearest_class crow_nearest_fused_class = {
    .create = create,
    .destroy = crow_pass_destroy,
    .work_create = crow_pass_work_create,
    .work_destroy = crow_pass_work_destroy,
    .search = crow_pass_search,
};
