/* SPDX-License-Identifier: Apache-2.0 */
/* The prompts of a dataset's alternatives as numbers. Every rank gets a digest of every name, 16 bytes instead of a
 * text, and numbers them by itself: 128 bits do not collide. */
#include "io/file_impl.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

typedef struct named {
  uint64_t digest[2];
  int32_t alternative;
} named;

static int prompts_compare(const void *a, const void *b) {
  const named *x = a, *y = b;
  for (int k = 0; k < 2; k++) {
    if (x->digest[k] != y->digest[k]) return x->digest[k] < y->digest[k] ? -1 : 1;
  }
  return x->alternative < y->alternative ? -1 : x->alternative > y->alternative;
}

/* A name must be there: an empty one would put what has no prompt together as if it had one. */
static crow_status digest_names(const crow_dataset *dataset, const crow_partition *p, const crow_strings *names,
                                uint64_t *digest) {
  for (int64_t i = 0; i < p->count; i++) {
    const char *name = crow_strings_get(names, i);
    if (!*name) {
      return crow_error(CROW_BAD_INPUT, "%.1024s: /alternatives/prompt[%lld] is \"\", expected the name of a prompt",
                        crow_file_name(dataset->file), (long long)(p->begin + i));
    }
    const XXH128_hash_t hash = XXH3_128bits(name, strlen(name));
    digest[2 * i] = hash.high64;
    digest[2 * i + 1] = hash.low64;
  }
  return CROW_OK;
}

/* The digests of all alternatives' prompts, sorted: equal ones in the order of their alternatives. */
static crow_status list_names(const crow_comm *comm, const crow_dataset *dataset, named **list) {
  crow_status status = CROW_OK;
  const crow_gidx m = dataset->alternatives;
  const crow_partition p = crow_comm_partition(comm, m, CROW_BLOCK);
  crow_strings names = {0};
  uint64_t *mine = NULL, *all = NULL;
  CROW_TRY(crow_file_read_strings(dataset->file, "/alternatives/prompt", p.begin, p.count, &names));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&mine, 2 * p.count));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&all, 2 * m));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(list, m));
  CROW_TRY_AGREE(comm, digest_names(dataset, &p, &names, mine));
  CROW_TRY(crow_comm_gather_slices(comm, &p, mine, all, 2 * sizeof *all));
  for (crow_gidx x = 0; x < m; x++) (*list)[x] = (named){{all[2 * x], all[2 * x + 1]}, (int32_t)x};
  qsort(*list, (size_t)m, sizeof **list, prompts_compare);
cleanup:
  crow_strings_free(&names);
  CROW_FREE(mine, all);
  return status;
}

/* Numbers equal digests alike, in the order of their first alternatives. */
static crow_gidx prompts_number(const named *list, crow_gidx m, int32_t *prompt) {
  crow_gidx prompts = 0;
  /* First the lowest alternative of the same prompt, then its number. */
  for (crow_gidx i = 0, first = 0; i < m; i++) {
    if (memcmp(list[i].digest, list[first].digest, sizeof list[i].digest) != 0) first = i;
    prompt[list[i].alternative] = list[first].alternative;
  }
  for (crow_gidx x = 0; x < m; x++) prompt[x] = prompt[x] == x ? (int32_t)prompts++ : prompt[prompt[x]];
  return prompts;
}

crow_status crow_dataset_number_prompts(const crow_comm *comm, crow_dataset *dataset) {
  crow_status status = CROW_OK;
  const crow_gidx m = dataset->alternatives;
  named *list = NULL;
  if (m > INT32_MAX) {
    CROW_TRY(crow_error(CROW_BAD_INPUT, "%.1024s: %lld alternatives with prompts, expected at most %d",
                        crow_file_name(dataset->file), (long long)m, INT32_MAX));
  }
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&dataset->prompt, m));
  CROW_TRY(list_names(comm, dataset, &list));
  dataset->prompts = prompts_number(list, m, dataset->prompt);
cleanup:
  crow_free(list);
  return status;
}

crow_status crow_dataset_find_prompts(const crow_comm *comm, const crow_dataset *dataset, const crow_strings *names,
                                      int32_t *number) {
  crow_status status = CROW_OK;
  named *list = NULL;
  CROW_TRY(list_names(comm, dataset, &list));
  for (int64_t i = 0; i < names->count; i++) {
    const char *name = crow_strings_get(names, i);
    const XXH128_hash_t hash = XXH3_128bits(name, strlen(name));
    const named wanted = {{hash.high64, hash.low64}, -1}; /* before all of its prompt */
    crow_gidx low = 0, high = dataset->alternatives;
    while (low < high) {
      const crow_gidx middle = low + (high - low) / 2;
      if (prompts_compare(&list[middle], &wanted) < 0)
        low = middle + 1;
      else
        high = middle;
    }
    const bool found =
        low < dataset->alternatives && memcmp(list[low].digest, wanted.digest, sizeof wanted.digest) == 0;
    number[i] = found ? dataset->prompt[list[low].alternative] : -1;
  }
cleanup:
  crow_free(list);
  return status;
}

crow_status crow_dataset_prompt_name(const crow_dataset *dataset, crow_gidx alternative, char *name, size_t bytes) {
  crow_status status = CROW_OK;
  crow_strings text = {0};
  CROW_TRY(crow_file_read_strings(dataset->file, "/alternatives/prompt", alternative, 1, &text));
  (void)snprintf(name, bytes, "%s", crow_strings_get(&text, 0));
cleanup:
  crow_strings_free(&text);
  return status;
}

/* Whether the prompts of a file divide the alternatives as those of the dataset do; without prompts all are of one. */
static crow_status divide_alike(const crow_comm *comm, const crow_dataset *dataset, const crow_file *file,
                                bool *alike) {
  crow_status status = CROW_OK;
  crow_dataset theirs = {.file = (crow_file *)file, .alternatives = dataset->alternatives};
  *alike = true;
  if (crow_file_has(file, "/alternatives/prompt")) CROW_TRY(crow_dataset_number_prompts(comm, &theirs));
  for (crow_gidx x = 0; x < dataset->alternatives && *alike; x++) {
    *alike = (theirs.prompt ? theirs.prompt[x] : 0) == (dataset->prompt ? dataset->prompt[x] : 0);
  }
cleanup:
  crow_free(theirs.prompt);
  return status;
}

crow_status crow_dataset_check_prompts(const crow_dataset *dataset, const crow_file *file, const char *meaning) {
  crow_status status = CROW_OK;
  bool alike = true;
  if (!dataset->file) return CROW_OK; /* data in memory have no prompts */
  /* A file that crow did not write need not tell prompts. */
  if (!crow_file_has(file, "/alternatives/prompt") && !crow_file_has_attribute(file, "/provenance", "version"))
    return CROW_OK;
  CROW_TRY(divide_alike(file->comm, dataset, file, &alike));
  if (alike) goto cleanup;
  crow_log(CROW_LOG_WARNING, "%s: was made with %s prompts than %s has: %s", crow_file_name(file),
           crow_file_has(file, "/alternatives/prompt") ? dataset->has_prompt ? "other" : "more" : "fewer",
           crow_file_name(dataset->file), meaning);
cleanup:
  return status;
}
