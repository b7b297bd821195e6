/* SPDX-License-Identifier: Apache-2.0 */
#include "preference/pool_impl.h"
#include <string.h>

/* What is summed over the ranks at a time. */
enum { CHUNK_WORDS = 1 << 21 };

/* Groups [begin, begin + count), small enough that `width` words of each fit. Rank 0 writes them. */
typedef struct chunk {
  crow_gidx begin, count, most, groups;
} chunk;

static chunk first_chunk(const crow_pool *pool, int64_t width) {
  const int64_t most = CHUNK_WORDS / width > 0 ? CHUNK_WORDS / width : 1;
  return (chunk){.most = most < pool->groups->groups ? most : pool->groups->groups, .groups = pool->groups->groups};
}

static bool next_chunk(chunk *c) {
  c->begin += c->count;
  c->count = c->groups - c->begin < c->most ? c->groups - c->begin : c->most;
  return c->count > 0;
}

/* The place in the chunk of an alternative's group, or -1. */
static int64_t pool_alternatives_place(const crow_pool *pool, const chunk *c, crow_gidx alternative) {
  const int64_t at = pool->groups->group[alternative] - c->begin;
  return at >= 0 && at < c->count ? at : -1;
}

static crow_status pool_alternatives_write_contexts(const crow_pool *pool) {
  crow_status status = CROW_OK;
  const crow_comm *comm = pool->comm;
  const bool root = crow_comm_rank(comm) == 0;
  crow_contexts contexts = {0};
  crow_fixed fixed = {0};
  int64_t *sum = NULL;
  double *mean = NULL;
  CROW_TRY(crow_contexts_read(comm, pool->dataset, &contexts));
  const crow_partition *p = &contexts.partition;
  const int64_t d = contexts.d;
  chunk c = first_chunk(pool, d);
  CROW_TRY(crow_fixed_create(comm, p->global, d, p->count, contexts.value, &fixed));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW_EACH(c.most * d, &sum, &mean));
  CROW_TRY(
      crow_file_define(pool->file, "/alternatives/context", pool->dataset->single ? CROW_F32 : CROW_F64, c.groups, d));
  while (next_chunk(&c)) {
    memset(sum, 0, (size_t)(c.count * d) * sizeof *sum);
    for (crow_gidx i = 0; i < p->count; i++) {
      const int64_t at = pool_alternatives_place(pool, &c, p->begin + i);
      if (at >= 0) crow_fixed_add(&fixed, contexts.value + i * d, sum + at * d);
    }
    CROW_TRY(crow_comm_sum_i64(comm, sum, c.count * d));
    for (int64_t g = 0; g < c.count; g++) {
      crow_fixed_mean(&fixed, sum + g * d, pool->size[c.begin + g], mean + g * d);
    }
    CROW_TRY(crow_file_write_rows(pool->file, "/alternatives/context", c.begin, root ? c.count : 0, CROW_F64, mean));
  }
cleanup:
  crow_contexts_free(&contexts);
  crow_fixed_free(&fixed);
  CROW_FREE(sum, mean);
  return status;
}

/* ---- ids ---------------------------------------------------------------------------------------------------- */

/* "art-017 +4": the first member, and how many others there are. */
static void print_id(const char *first, crow_gidx size, char *text, int64_t bytes) {
  if (size > 1)
    (void)snprintf(text, (size_t)bytes, "%s +%lld", first, (long long)(size - 1));
  else
    (void)snprintf(text, (size_t)bytes, "%s", first);
}

/* The text of each group's first member, from this rank's slice of `texts`; ids say how many others there are. */
static crow_status write_firsts(const crow_pool *pool, const crow_partition *p, const char *path,
                                const crow_strings *texts, bool ids) {
  crow_status status = CROW_OK;
  const crow_comm *comm = pool->comm;
  const bool root = crow_comm_rank(comm) == 0;
  crow_strings out = {0};
  int64_t *packed = NULL;
  const int64_t words = (texts->width + 7) / 8;
  chunk c = first_chunk(pool, words);
  out.width = texts->width + 16;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&packed, c.most * words));
  CROW_TRY_AGREE(comm, crow_allocate(c.most, (size_t)out.width, (void **)&out.data));
  CROW_TRY(crow_file_define_strings(pool->file, path, c.groups, out.width));
  while (next_chunk(&c)) {
    memset(packed, 0, (size_t)(c.count * words) * sizeof *packed);
    memset(out.data, 0, (size_t)(c.count * out.width));
    for (int64_t g = 0; g < c.count; g++) {
      const crow_gidx first = pool->first[c.begin + g] - p->begin;
      if (first < 0 || first >= p->count) continue;
      memcpy(packed + g * words, crow_strings_get(texts, first), (size_t)texts->width);
    }
    CROW_TRY(crow_comm_sum_i64(comm, packed, c.count * words)); /* one rank has it, the others have zeros */
    for (int64_t g = 0; g < c.count; g++) {
      print_id((const char *)(packed + g * words), ids ? pool->size[c.begin + g] : 1, out.data + g * out.width,
               out.width);
    }
    out.count = root ? c.count : 0;
    CROW_TRY(crow_file_write_strings_rows(pool->file, path, c.begin, &out));
  }
cleanup:
  crow_strings_free(&out);
  crow_free(packed);
  return status;
}

static crow_status pool_alternatives_write_names(const crow_pool *pool, const crow_partition *p) {
  crow_status status = CROW_OK;
  crow_strings texts = {0};
  CROW_TRY(crow_dataset_read_ids(pool->dataset, p->begin, p->count, &texts));
  CROW_TRY(write_firsts(pool, p, "/alternatives/id", &texts, true));
  if (!pool->dataset->has_prompt) goto cleanup;
  crow_strings_free(&texts);
  CROW_TRY(crow_file_read_strings(pool->dataset->file, "/alternatives/prompt", p->begin, p->count, &texts));
  CROW_TRY(write_firsts(pool, p, "/alternatives/prompt", &texts, false));
cleanup:
  crow_strings_free(&texts);
  return status;
}

/* ---- topics ------------------------------------------------------------------------------------------------- */

/* The most frequent topic, the first of equally frequent ones. */
static int64_t majority(const int64_t *frequency, int64_t topics) {
  int64_t best = 0;
  for (int64_t t = 1; t < topics; t++) best = frequency[t] > frequency[best] ? t : best;
  return best;
}

static crow_status write_majorities(const crow_pool *pool, const crow_partition *p, const crow_labels *labels) {
  crow_status status = CROW_OK;
  const crow_comm *comm = pool->comm;
  const bool root = crow_comm_rank(comm) == 0;
  const int64_t topics = labels->name.count;
  crow_strings out = {.width = labels->name.width};
  int64_t *frequency = NULL;
  chunk c = first_chunk(pool, topics);
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&frequency, c.most * topics));
  CROW_TRY_AGREE(comm, crow_allocate(c.most, (size_t)out.width, (void **)&out.data));
  CROW_TRY(crow_file_define_strings(pool->file, "/alternatives/topic", c.groups, out.width));
  while (next_chunk(&c)) {
    memset(frequency, 0, (size_t)(c.count * topics) * sizeof *frequency);
    for (crow_gidx i = 0; i < p->count; i++) {
      const int64_t at = pool_alternatives_place(pool, &c, p->begin + i);
      if (at >= 0) frequency[at * topics + labels->code[i]]++;
    }
    CROW_TRY(crow_comm_sum_i64(comm, frequency, c.count * topics));
    for (int64_t g = 0; g < c.count; g++) {
      const char *topic = crow_strings_get(&labels->name, majority(frequency + g * topics, topics));
      memcpy(out.data + g * out.width, topic, (size_t)out.width);
    }
    out.count = root ? c.count : 0;
    CROW_TRY(crow_file_write_strings_rows(pool->file, "/alternatives/topic", c.begin, &out));
  }
cleanup:
  crow_strings_free(&out);
  crow_free(frequency);
  return status;
}

/* Copies a slice of texts to another path. */
static crow_status pool_alternatives_copy_texts(const crow_pool *pool, const crow_partition *p, const char *from,
                                                const char *to) {
  crow_status status = CROW_OK;
  crow_strings texts = {0};
  CROW_TRY(crow_file_read_strings(pool->dataset->file, from, p->begin, p->count, &texts));
  CROW_TRY(crow_file_write_strings(pool->file, to, p->global, p->begin, &texts));
cleanup:
  crow_strings_free(&texts);
  return status;
}

crow_status crow_pool_alternatives(const crow_pool *pool) {
  crow_status status = CROW_OK;
  const crow_partition p = crow_comm_partition(pool->comm, pool->dataset->alternatives, CROW_BLOCK);
  crow_labels labels = {0};
  CROW_TRY(pool_alternatives_write_contexts(pool));
  CROW_TRY(pool_alternatives_write_names(pool, &p));
  if (crow_file_has(pool->dataset->file, "/alternatives/dimension")) {
    CROW_TRY(crow_file_copy(pool->dataset->file, pool->file, "/alternatives/dimension"));
  }
  CROW_TRY(crow_file_write_vector(pool->file, "/cluster/map", CROW_I32, &p, pool->groups->group + p.begin));
  if (pool->dataset->has_id) CROW_TRY(pool_alternatives_copy_texts(pool, &p, "/alternatives/id", "/cluster/id"));
  if (pool->dataset->has_prompt)
    CROW_TRY(pool_alternatives_copy_texts(pool, &p, "/alternatives/prompt", "/cluster/prompt"));
  if (pool->dataset->has_topic) {
    CROW_TRY(pool_alternatives_copy_texts(pool, &p, "/alternatives/topic", "/cluster/topic"));
    CROW_TRY(crow_labels_read(pool->dataset->file, "/alternatives/topic", &p, &labels));
    if (labels.too_many) {
      crow_log(CROW_LOG_WARNING, "cluster: more than %d topics; the groups get none", CROW_LABELS_MOST);
    } else {
      CROW_TRY(write_majorities(pool, &p, &labels));
    }
  }
cleanup:
  crow_labels_free(&labels);
  return status;
}
