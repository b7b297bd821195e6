/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target on its seeds and on mutations of them: the same inputs on every machine, without libFuzzer. */
#ifndef CROW_TESTS_MUTATE_H
#define CROW_TESTS_MUTATE_H

#include "fuzz.h"
#include "harness.h"

#include <dirent.h>

enum { FUZZ_SEEDS = 64, FUZZ_BYTES = 1 << 16 };

typedef struct fuzz_corpus {
  int count;
  uint8_t *data[FUZZ_SEEDS];
  size_t size[FUZZ_SEEDS];
} fuzz_corpus;

static inline int fuzz_visible(const struct dirent *entry) { return entry->d_name[0] != '.'; }

/* Reads tests/fuzz/corpus/NAME, in the order of the file names. */
static inline void fuzz_read(const char *name, fuzz_corpus *out) {
  char path[1024];
  struct dirent **entries = NULL;
  (void)snprintf(path, sizeof path, "%s/tests/fuzz/corpus/%s", CROW_SOURCE, name);
  const int found = scandir(path, &entries, fuzz_visible, alphasort);
  out->count = 0;
  for (int k = 0; k < found; k++) {
    (void)snprintf(path, sizeof path, "%s/tests/fuzz/corpus/%s/%s", CROW_SOURCE, name, entries[k]->d_name);
    FILE *stream = fopen(path, "rb");
    if (stream && out->count < FUZZ_SEEDS) {
      out->data[out->count] = malloc(FUZZ_BYTES);
      out->size[out->count] = fread(out->data[out->count], 1, FUZZ_BYTES / 2, stream);
      out->count++;
    }
    if (stream) (void)fclose(stream);
    free(entries[k]);
  }
  free(entries);
}

/* Replaces `cut` bytes at `at` by `count` others; leaves the input alone if it would grow too long. */
static inline size_t fuzz_splice(uint8_t *data, size_t size, size_t at, size_t cut, const void *bytes, size_t count) {
  if (size - cut + count > FUZZ_BYTES) return size;
  memmove(data + at + count, data + at + cut, size - at - cut);
  memcpy(data + at, bytes, count);
  return size - cut + count;
}

/* One change, of a kind and at a place given by random words. */
static inline size_t fuzz_change(uint8_t *data, size_t size, const uint32_t word[4], const char *const *tokens,
                                 uint32_t token_count, const fuzz_corpus *corpus) {
  const size_t at = size ? word[1] % size : 0, rest = size - at,
               length = rest ? 1 + word[2] % (rest < 16 ? rest : 16) : 0;
  const char *token = tokens[word[3] % token_count];
  const uint8_t byte = (uint8_t)word[3];
  const int other = (int)(word[3] % (uint32_t)corpus->count);
  uint8_t copy[16];
  switch (word[0] % 7) {
  case 0: /* flip a bit */
    if (size) data[at] ^= (uint8_t)(1 << word[2] % 8);
    return size;
  case 1: /* replace a byte */
    if (size) data[at] = byte;
    return size;
  case 2: /* cut a piece */
    return fuzz_splice(data, size, at, length, "", 0);
  case 3: /* repeat a piece */
    memcpy(copy, data + at, length);
    return fuzz_splice(data, size, at, 0, copy, length);
  case 4: /* put in a token that means something */
    return fuzz_splice(data, size, at, 0, token, strlen(token));
  case 5: /* the same over what is there */
    return fuzz_splice(data, size, at, strlen(token) < rest ? strlen(token) : rest, token, strlen(token));
  default: /* go on as another seed does, or end here */
    if (word[2] % 2 || at > corpus->size[other]) return at;
    return fuzz_splice(data, size, at, rest, corpus->data[other] + at, corpus->size[other] - at);
  }
}

/* Runs the seeds and `mutations` others; `tokens` ends with NULL. Returns how many inputs were run. The target stops
 * the program where something does not hold. */
static inline int fuzz_run(const char *name, const char *const *tokens, int mutations) {
  fuzz_corpus corpus;
  uint8_t *data = malloc(2 * FUZZ_BYTES);
  int runs = 0;
  uint32_t token_count = 0;
  while (tokens[token_count]) token_count++;
  fuzz_read(name, &corpus);
  for (; runs < corpus.count; runs++) (void)LLVMFuzzerTestOneInput(corpus.data[runs], corpus.size[runs]);
  for (int k = 0; corpus.count && k < mutations; k++, runs++) {
    uint32_t word[36];
    crow_random_words(7, CROW_STREAM_TEST, (uint64_t)k, word, 36);
    const int seed = (int)(word[0] % (uint32_t)corpus.count);
    size_t size = corpus.size[seed];
    memcpy(data, corpus.data[seed], size);
    const int changes = 1 + (int)(word[1] % 8);
    for (int c = 0; c < changes; c++) size = fuzz_change(data, size, word + 4 + 4 * c, tokens, token_count, &corpus);
    uint8_t *exact = malloc(size ? size : 1); /* of the very size, so that a sanitizer sees a read beyond it */
    memcpy(exact, data, size);
    (void)LLVMFuzzerTestOneInput(exact, size);
    free(exact);
  }
  for (int k = 0; k < corpus.count; k++) free(corpus.data[k]);
  free(data);
  return runs;
}

#endif
