/* SPDX-License-Identifier: Apache-2.0 */
#include "nearest/nearest_impl.h"
#include "nearest/winners_impl.h"

#include <math.h>
#include <stddef.h>
#ifdef _OPENMP
#include <omp.h>
#endif

const crow_setting crow_nearest_settings[] = {
    {"nearest", CROW_SETTING_CHOICE, offsetof(crow_nearest_options, engine), CROW_NEAREST_AUTO, NULL, 0, 0,
     "auto|gemm|fused|tree|exact",
     "how the nearest alternative is searched: a blocked BLAS product, an own kernel that keeps distances in "
     "registers, "
     "a k-d tree, or the cheapest of them by a short measurement: all give the same result; exact: from the Voronoi "
     "cells, without samples, in one and two dimensions (auto does so where it can)"},
    {"precision", CROW_SETTING_CHOICE, offsetof(crow_nearest_options, precision), CROW_SINGLE, NULL, 0, 0,
     "single|double",
     "precision of the first pass over the distances; decisions closer than its rounding are always taken again in "
     "double, so the result is the same"},
    {"threads", CROW_SETTING_INT, offsetof(crow_nearest_options, threads), 1, NULL, 1, 4096, NULL,
     "OpenMP threads of each rank that search the nearest alternatives"},
    {0}};

static const crow_nearest_class *nearest_class_of(crow_nearest_engine engine) {
  if (engine == CROW_NEAREST_FUSED) return &crow_nearest_fused_class;
  if (engine == CROW_NEAREST_TREE) return &crow_nearest_tree_class;
  return &crow_nearest_gemm_class;
}

const char *crow_nearest_engine_name(crow_nearest_engine engine) {
  switch (engine) {
  case CROW_NEAREST_AUTO:
    return "auto";
  case CROW_NEAREST_GEMM:
    return "gemm";
  case CROW_NEAREST_FUSED:
    return "fused";
  case CROW_NEAREST_TREE:
    return "tree";
  case CROW_NEAREST_SIGNS:
    return "signs";
  case CROW_NEAREST_EXACT:
    return "exact";
  }
  return "unknown";
}

/* The position of the first value that is not finite, or -1. The doubled comparison is what compilers vectorise. */
static int64_t find_not_finite(const void *values, crow_precision type, int64_t count) {
  int bad = 0;
  if (type == CROW_SINGLE) {
    for (int64_t i = 0; i < count; i++) bad |= !isfinite(((const float *)values)[i]);
  } else {
    for (int64_t i = 0; i < count; i++) bad |= !isfinite(((const double *)values)[i]);
  }
  for (int64_t i = 0; bad && i < count; i++) {
    if (!(type == CROW_SINGLE ? isfinite(((const float *)values)[i]) : isfinite(((const double *)values)[i]))) return i;
  }
  return -1;
}

static crow_status check_contexts(const void *contexts, crow_precision type, int64_t m, int64_t d) {
  if (m < 1 || d < 1 || d > INT32_MAX || m > INT64_MAX / d / 8) {
    return crow_error(CROW_BAD_INPUT, "cannot search %lld alternatives of %lld dimensions: both must be at least 1",
                      (long long)m, (long long)d);
  }
  const int64_t bad = find_not_finite(contexts, type, m * d);
  if (bad < 0) return CROW_OK;
  return crow_error(CROW_BAD_INPUT, "the context of alternative %lld is not finite in coordinate %lld",
                    (long long)(bad / d), (long long)(bad % d));
}

crow_status crow_nearest_start(crow_nearest *nearest, crow_nearest_engine engine) {
  crow_status status;
  nearest->engine = engine;
  nearest->class = nearest_class_of(engine);
  CROW_TRY(nearest->class->create(nearest));
  CROW_TRY(CROW_ALLOCATE(&nearest->work, nearest->options.threads));
  for (int64_t t = 0; t < nearest->options.threads; t++) {
    CROW_TRY(nearest->class->work_create(nearest, &nearest->work[t]));
  }
cleanup:
  return status;
}

crow_status crow_nearest_prepare(const crow_nearest_options *options, const void *contexts, crow_precision type,
                                 int64_t m, int64_t d, crow_nearest **out) {
  crow_nearest *nearest = NULL;
  crow_status status;
  *out = NULL;
  CROW_TRY(crow_settings_validate(crow_nearest_settings, options));
  CROW_TRY(check_contexts(contexts, type, m, d));
  if (options->engine == CROW_NEAREST_EXACT) {
    CROW_TRY(crow_error(CROW_USAGE, "exact weights need no search: expected an engine that searches"));
  }
  CROW_TRY(CROW_ALLOCATE(&nearest, 1));
  *nearest = (crow_nearest){.options = *options, .contexts = contexts, .type = type, .m = m, .d = d};
  nearest->kernels = crow_kernels_get();
  CROW_TRY(crow_nearest_distinct_create(contexts, type, m, d, &nearest->distinct));
  *out = nearest;
  nearest = NULL;
cleanup:
  crow_nearest_destroy(&nearest);
  return status;
}

void crow_nearest_destroy(crow_nearest **handle) {
  crow_nearest *nearest = *handle;
  if (!nearest) return;
  for (int64_t t = 0; nearest->work && t < nearest->options.threads; t++)
    nearest->class->work_destroy(nearest->work[t]);
  crow_free(nearest->work);
  if (nearest->class) nearest->class->destroy(nearest->state);
  crow_nearest_distinct_free(&nearest->distinct);
  crow_free(nearest);
  *handle = NULL;
}

crow_nearest_engine crow_nearest_engine_used(const crow_nearest *nearest) { return nearest->engine; }

int64_t crow_nearest_block(const crow_nearest *nearest) {
  /* Keeps the lists of a block within 16 MiB even when the alternatives are clones of a few. */
  const int64_t bound = ((int64_t)1 << 21) / nearest->distinct.largest;
  int64_t block = nearest->chunk * nearest->options.threads;
  if (block > bound) block = bound;
  return block < 1 ? 1 : block;
}

void crow_nearest_statistics(const crow_nearest *nearest, int64_t *searched, int64_t *decided_again) {
  *searched = nearest->searched;
  *decided_again = nearest->decided_again;
}

/* What the threads of one call share. */
typedef struct search_call {
  crow_nearest *nearest;
  const double *points;
  int64_t n, chunks;
  crow_nearest_winners *winners; /* (chunks) */
  crow_status status;            /* of the first chunk that failed */
  char message[CROW_ERROR_BYTES];
} search_call;

static void search_chunk(search_call *call, int64_t c, void *work) {
  const int64_t begin = c * call->nearest->chunk, left = call->n - begin;
  const int64_t n = left < call->nearest->chunk ? left : call->nearest->chunk;
  const crow_status status =
      call->nearest->class->search(call->nearest, work, call->points + begin * call->nearest->d, n, &call->winners[c]);
  if (status == CROW_OK) return;
#ifdef _OPENMP
#pragma omp critical(crow_nearest_failure)
#endif
  {
    call->status = status;
    (void)snprintf(call->message, sizeof call->message, "%s", crow_error_message());
  }
}

static void search_chunks(search_call *call) {
  crow_nearest *nearest = call->nearest;
#ifdef _OPENMP
  const int threads = (int)(nearest->options.threads < call->chunks ? nearest->options.threads : call->chunks);
#pragma omp parallel num_threads(threads) if (threads > 1)
  {
    void *work = nearest->work[omp_get_thread_num()];
#pragma omp for schedule(dynamic)
    for (int64_t c = 0; c < call->chunks; c++) search_chunk(call, c, work);
  }
#else
  for (int64_t c = 0; c < call->chunks; c++) search_chunk(call, c, nearest->work[0]);
#endif
}

/* Engines only notice that a point is not finite. */
static crow_status name_bad_point(const search_call *call) {
  const int64_t d = call->nearest->d, bad = find_not_finite(call->points, CROW_DOUBLE, call->n * d);
  return crow_error(CROW_BAD_INPUT, "point %lld is %g in coordinate %lld; all must be finite", (long long)(bad / d),
                    call->points[bad < 0 ? 0 : bad], (long long)(bad % d));
}

crow_status crow_nearest_search(crow_nearest *nearest, const double *points, int64_t n, crow_nearest_result *result) {
  search_call call = {.nearest = nearest, .points = points, .n = n};
  crow_status status;
  CROW_TRY(crow_nearest_result_reserve(result, n));
  call.chunks = (n + nearest->chunk - 1) / nearest->chunk;
  CROW_TRY(CROW_ALLOCATE(&call.winners, call.chunks));
  for (int64_t c = 0; c < call.chunks; c++) {
    call.winners[c].distance = result->distance + c * nearest->chunk;
    call.winners[c].ties = result->tie_begin + c * nearest->chunk + 1;
  }
  search_chunks(&call);
  if (call.status == CROW_BAD_INPUT) CROW_TRY(name_bad_point(&call));
  if (call.status != CROW_OK) CROW_TRY(crow_error(call.status, "%s", call.message));
  CROW_TRY(crow_nearest_result_fill(result, &nearest->distinct, n, nearest->chunk, call.winners, call.chunks));
  nearest->searched += n;
  for (int64_t c = 0; c < call.chunks; c++) nearest->decided_again += call.winners[c].decided_again;
cleanup:
  for (int64_t c = 0; call.winners && c < call.chunks; c++) crow_free(call.winners[c].index);
  crow_free(call.winners);
  return status;
}
