/* SPDX-License-Identifier: Apache-2.0 */
/* The gemm engine: OpenBLAS multiplies a chunk of points by a panel of contexts into a tile that stays in the cache,
 * and each row of the tile is searched at once. The whole product is never written. */
#include "nearest/pass_impl.h"

#include <cblas.h>
#include <string.h>

/* Large enough to hide what OpenBLAS spends on packing its operands; several threads share the last cache. */
#define TILE 2048
#define TILE_OF_THREADS 1024
/* Contexts that share a bound: an outlier spoils the first pass for so many. */
#define STRIP 512
/* Bounds the converted points and the panel for very long contexts. */
#define BLOCK_BYTES ((int64_t)12 << 20)

static void gemm_shape(crow_pass *pass) {
  const int64_t tile = pass->nearest->options.threads > 1 ? TILE_OF_THREADS : TILE;
  int64_t side = BLOCK_BYTES / (pass->d * (int64_t)pass->real_bytes);
  side = side > tile ? tile : side < 64 ? 64 : side;
  pass->chunk = side;
  pass->strip = side < STRIP ? side : STRIP;
  side -= side % pass->strip;
  const int64_t needed = (pass->count + pass->strip - 1) / pass->strip * pass->strip;
  pass->panel = side < needed ? side : needed;
  pass->score_count = pass->chunk * pass->panel;
}

static crow_status gemm_score(const crow_pass *pass, crow_pass_work *work) {
  const int n = (int)work->n, d = (int)pass->d;
  for (int64_t panel = 0; panel < pass->panels; panel++) {
    const int64_t first = panel * pass->panel, count = crow_pass_panel_count(pass, panel);
    const size_t row_bytes = (size_t)count * pass->real_bytes;
    const void *contexts = crow_pass_panel(pass, work, panel);
    char *tile = work->scores;
    for (int64_t i = 0; i < work->n; i++) {
      memcpy(tile + (size_t)i * row_bytes, (const char *)pass->minus_half + (size_t)first * pass->real_bytes,
             row_bytes);
    }
    if (pass->precision == CROW_SINGLE) {
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, (int)count, d, 1, work->converted, d, contexts, d, 1,
                  work->scores, (int)count);
    } else {
      cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, (int)count, d, 1, work->converted, d, contexts, d, 1,
                  work->scores, (int)count);
    }
    for (int64_t i = 0; i < work->n; i++) {
      const char *row = tile + (size_t)i * row_bytes;
      for (int64_t begin = 0; begin < count; begin += pass->strip) {
        CROW_NEED(crow_candidates_offer(pass, work, i, first + begin,
                                        count - begin < pass->strip ? count - begin : pass->strip,
                                        row + (size_t)begin * pass->real_bytes));
      }
    }
  }
  return CROW_OK;
}

const crow_pass_scorer crow_gemm_scorer = {.shape = gemm_shape, .score = gemm_score};

/* Threads share out the chunks, each with a BLAS of its own. The number of OpenBLAS's threads is the host's: it comes
 * back when the last search ends. */
static int searches, threads_before;

static void take_blas(void) {
  if (searches++ == 0) threads_before = openblas_get_num_threads();
  openblas_set_num_threads(1);
}

static void give_blas_back(void) {
  if (--searches == 0) openblas_set_num_threads(threads_before);
}

static void gemm_destroy(void *state) {
  crow_pass_destroy(state);
  give_blas_back();
}

static crow_status gemm_create(crow_nearest *nearest) {
  take_blas();
  const crow_status status = crow_blas_reserve(nearest->options.threads);
  return status == CROW_OK ? crow_pass_create(nearest, &crow_gemm_scorer) : status;
}

const crow_nearest_class crow_nearest_gemm_class = {
    .create = gemm_create,
    .destroy = gemm_destroy,
    .work_create = crow_pass_work_create,
    .work_destroy = crow_pass_work_destroy,
    .search = crow_pass_search,
};
