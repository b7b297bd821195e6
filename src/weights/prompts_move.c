/* SPDX-License-Identifier: Apache-2.0 */
/* Which rank works on which prompt, and rows between the slices of a dataset and the owners of its prompts. Everybody
 * knows the prompt of every alternative, so rows travel without numbers, in the order of the alternatives. */
#include "weights/prompts_impl.h"
#include <string.h>

/* A prompt costs about as much as one of this many alternatives more: preparing it is work too. */
enum { PROMPT_COST = 4, SHARED_LEAST = 1024 };

/* Prompt j's owned alternatives, by counting. */
static crow_status list_owned(crow_prompts *p) {
  crow_status status = CROW_OK;
  const crow_dataset *dataset = p->dataset;
  const int rank = p->partition.rank;
  int32_t *number = NULL; /* of an owned prompt among them */
  CROW_TRY(CROW_ALLOCATE_RAW(&number, dataset->prompts));
  for (crow_gidx k = 0; k < dataset->prompts; k++) {
    if (p->owner[k] != rank) continue;
    number[k] = (int32_t)p->mine++;
    p->owned += p->size[k];
  }
  CROW_TRY(CROW_ALLOCATE(&p->prompt, p->mine));
  CROW_TRY(CROW_ALLOCATE(&p->begin, p->mine + 1));
  CROW_TRY(CROW_ALLOCATE_EACH(p->owned, &p->place, &p->result));
  if (p->slice_batch) CROW_TRY(CROW_ALLOCATE(&p->batch, p->owned * CROW_HIT_BATCHES + 1)); /* never NULL */
  for (crow_gidx k = 0; k < dataset->prompts; k++) {
    if (p->owner[k] != rank) continue;
    p->prompt[number[k]] = (int32_t)k;
    p->begin[number[k] + 1] = p->begin[number[k]] + p->size[k];
  }
  for (crow_gidx x = 0, at = 0; x < dataset->alternatives; x++) {
    const int32_t k = dataset->prompt[x];
    if (p->owner[k] == rank) p->place[p->begin[number[k]]++] = at++;
  }
  for (crow_gidx j = p->mine; j > 0; j--) p->begin[j] = p->begin[j - 1];
  p->begin[0] = 0;
cleanup:
  crow_free(number);
  return status;
}

crow_status crow_prompts_plan(crow_prompts *p) {
  const crow_dataset *dataset = p->dataset;
  const int ranks = p->partition.size;
  crow_gidx total = 0, before = 0;
  CROW_NEED(CROW_ALLOCATE_EACH(dataset->prompts, &p->size, &p->owner));
  CROW_NEED(CROW_ALLOCATE(&p->slice, p->partition.count));
  if (p->options->batches && p->options->scheme == CROW_SCHEME_VORONOI) {
    CROW_NEED(CROW_ALLOCATE(&p->slice_batch, p->partition.count * CROW_HIT_BATCHES + 1)); /* never NULL */
  }
  for (crow_gidx x = 0; x < dataset->alternatives; x++) p->size[dataset->prompt[x]]++;
  for (crow_gidx k = 0; k < dataset->prompts; k++) {
    if (p->size[k] > p->largest) p->largest = p->size[k];
    const bool large = p->size[k] >= SHARED_LEAST && p->size[k] > dataset->alternatives / ranks;
    p->owner[k] = ranks > 1 && large ? CROW_PROMPT_SHARED : 0;
    if (p->owner[k] == 0) total += p->size[k] + PROMPT_COST;
  }
  for (crow_gidx k = 0; k < dataset->prompts; k++) {
    if (p->owner[k] == CROW_PROMPT_SHARED) continue;
    p->owner[k] = (int)((__int128)before * ranks / total);
    before += p->size[k] + PROMPT_COST;
  }
  return list_owned(p);
}

void crow_prompts_free(crow_prompts *p) {
  CROW_FREE(p->size, p->owner, p->slice, p->result, p->contexts, p->prompt, p->begin, p->place, p->rows, p->batch,
            p->slice_batch);
  crow_few_free(&p->few);
  crow_space_destroy(&p->space);
  crow_comm_destroy(&p->self);
}

/* Whether alternative x's row goes to this rank. */
static bool goes_to(const crow_prompts *p, int32_t prompt, crow_gidx x, int rank) {
  const int32_t k = p->dataset->prompt[x];
  return prompt >= 0 ? k == prompt : p->owner[k] == rank;
}

crow_status crow_prompts_to_owners(const crow_prompts *p, int32_t prompt, const void *slice, size_t bytes,
                                   void **rows) {
  crow_status status = CROW_OK;
  const crow_partition *part = &p->partition;
  int64_t *send = NULL, *receive = NULL, total = 0;
  char *packed = NULL, *to;
  *rows = NULL;
  CROW_TRY_AGREE(p->comm, CROW_ALLOCATE_EACH(part->size, &send, &receive));
  for (crow_gidx i = 0; i < part->count; i++) {
    const int32_t k = p->dataset->prompt[part->begin + i];
    if (prompt < 0 && p->owner[k] != CROW_PROMPT_SHARED) send[p->owner[k]]++;
    for (int r = 0; r < part->size && k == prompt; r++) send[r]++;
  }
  for (int r = 0; r < part->size; r++) total += send[r];
  CROW_TRY_AGREE(p->comm, crow_allocate_raw(total, bytes, (void **)&packed));
  to = packed;
  for (int r = 0; r < part->size; r++) {
    for (crow_gidx i = 0; i < part->count && send[r]; i++) {
      if (!goes_to(p, prompt, part->begin + i, r)) continue;
      memcpy(to, (const char *)slice + (size_t)i * bytes, bytes);
      to += bytes;
    }
  }
  CROW_TRY(crow_comm_exchange(p->comm, packed, send, bytes, rows, receive));
cleanup:
  CROW_FREE(packed, send, receive);
  return status;
}

/* Rows of `bytes` of the owned alternatives into `slice`. Collective. */
static crow_status rows_to_slices(const crow_prompts *p, const void *owned, size_t bytes, void *slice) {
  crow_status status = CROW_OK;
  const crow_partition *part = &p->partition;
  int64_t *send = NULL, *receive = NULL, *from = NULL;
  char *received = NULL;
  CROW_TRY_AGREE(p->comm, CROW_ALLOCATE_EACH(part->size, &send, &receive, &from));
  for (int r = 0; r < part->size; r++) {
    for (crow_gidx x = crow_partition_begin(part, r); x < crow_partition_begin(part, r + 1); x++) {
      send[r] += p->owner[p->dataset->prompt[x]] == part->rank;
    }
  }
  CROW_TRY(crow_comm_exchange(p->comm, owned, send, bytes, (void **)&received, receive));
  for (int r = 1; r < part->size; r++) from[r] = from[r - 1] + receive[r - 1];
  for (crow_gidx i = 0; i < part->count; i++) {
    const int owner = p->owner[p->dataset->prompt[part->begin + i]];
    if (owner == CROW_PROMPT_SHARED) continue;
    memcpy((char *)slice + (size_t)i * bytes, received + (size_t)from[owner]++ * bytes, bytes);
  }
cleanup:
  CROW_FREE(send, receive, from, received);
  return status;
}

crow_status crow_prompts_to_slices(crow_prompts *p) {
  CROW_NEED(rows_to_slices(p, p->result, sizeof *p->result, p->slice));
  /* Not by p->batch, which is NULL after a resume on a rank that owns nothing. */
  if (p->slice_batch) CROW_NEED(rows_to_slices(p, p->batch, CROW_HIT_BATCHES * sizeof *p->batch, p->slice_batch));
  return CROW_OK;
}

void crow_prompt_view_make(void *view, crow_gidx begin, crow_gidx count, crow_type type, void *values) {
  const crow_prompt_view *v = view;
  for (crow_gidx i = 0; i < count; i++) {
    const crow_gidx row = (v->place ? v->place[begin + i] : begin + i) * v->d;
    const float *f = v->single ? (const float *)v->contexts + row : NULL;
    const double *x = v->single ? NULL : (const double *)v->contexts + row;
    for (crow_gidx k = 0; k < v->d; k++) {
      if (type == CROW_F32)
        ((float *)values)[i * v->d + k] = f ? f[k] : (float)x[k];
      else
        ((double *)values)[i * v->d + k] = f ? (double)f[k] : x[k];
    }
  }
}
