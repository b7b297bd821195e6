/* SPDX-License-Identifier: Apache-2.0 */
/* The distinct texts of a distributed vector. */
#include "io/file_impl.h"
#include <stdlib.h>
#include <string.h>

static int labels_compare(const void *a, const void *b, void *width) {
  return strncmp((const char *)a, (const char *)b, (size_t) * (int64_t *)width);
}

/* Sorts texts and drops repeated ones. */
static void make_distinct(crow_strings *texts) {
  int64_t kept = 0, width = texts->width;
  qsort_r(texts->data, (size_t)texts->count, (size_t)width, labels_compare, &width);
  for (int64_t i = 0; i < texts->count; i++) {
    const char *text = crow_strings_get(texts, i);
    if (kept > 0 && strcmp(crow_strings_get(texts, kept - 1), text) == 0) continue;
    memmove(texts->data + kept++ * width, text, (size_t)width);
  }
  texts->count = kept;
}

/* Every rank's distinct texts put together on all. Widths agree. Collective. */
static crow_status labels_gather(const crow_comm *comm, const crow_strings *mine, crow_strings *all) {
  crow_status status = CROW_OK;
  const int size = crow_comm_size(comm);
  int64_t *send = NULL, *receive = NULL;
  char *copies = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_EACH(size, &send, &receive));
  CROW_TRY_AGREE(comm, crow_allocate(mine->count * size, (size_t)mine->width, (void **)&copies));
  for (int r = 0; r < size; r++) {
    send[r] = mine->count;
    if (mine->count) {
      memcpy(copies + r * mine->count * mine->width, mine->data, (size_t)(mine->count * mine->width));
    }
  }
  CROW_TRY(crow_comm_exchange(comm, copies, send, (size_t)mine->width, (void **)&all->data, receive));
  all->width = mine->width;
  for (int r = 0; r < size; r++) all->count += receive[r];
  make_distinct(all);
cleanup:
  CROW_FREE(send, receive, copies);
  return status;
}

static crow_status labels_copy_texts(const crow_strings *from, crow_strings *to) {
  *to = (crow_strings){.count = from->count, .width = from->width};
  CROW_NEED(crow_allocate(from->count, (size_t)from->width, (void **)&to->data));
  if (from->count) memcpy(to->data, from->data, (size_t)(from->count * from->width));
  return CROW_OK;
}

int64_t crow_labels_find(const crow_labels *labels, const char *name) {
  int64_t low = 0, high = labels->name.count;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    const int order = strcmp(crow_strings_get(&labels->name, middle), name);
    if (order == 0) return middle;
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return -1;
}

crow_status crow_labels_read(const crow_file *file, const char *path, const crow_partition *partition,
                             crow_labels *out) {
  crow_status status = CROW_OK;
  crow_strings rows = {0}, mine = {0};
  *out = (crow_labels){0};
  CROW_TRY(crow_file_read_strings(file, path, partition->begin, partition->count, &rows));
  CROW_TRY_AGREE(file->comm, labels_copy_texts(&rows, &mine));
  if (mine.count) make_distinct(&mine);
  int64_t most = mine.count;
  CROW_TRY(crow_comm_max_i64(file->comm, &most, 1));
  if (most <= CROW_LABELS_MOST) CROW_TRY(labels_gather(file->comm, &mine, &out->name));
  out->too_many = most > CROW_LABELS_MOST || out->name.count > CROW_LABELS_MOST;
  if (out->too_many) {
    crow_strings_free(&out->name);
    goto cleanup;
  }
  CROW_TRY_AGREE(file->comm, CROW_ALLOCATE(&out->code, partition->count));
  for (int64_t i = 0; i < partition->count; i++) {
    out->code[i] = (int32_t)crow_labels_find(out, crow_strings_get(&rows, i));
  }
cleanup:
  crow_strings_free(&rows);
  crow_strings_free(&mine);
  if (status != CROW_OK) crow_labels_free(out);
  return status;
}

void crow_labels_free(crow_labels *labels) {
  crow_strings_free(&labels->name);
  crow_free(labels->code);
  *labels = (crow_labels){0};
}
