/* SPDX-License-Identifier: Apache-2.0 */
/** Pairs of alternatives and their objective, for the programs here that give it to other optimisers.
 *
 * h(r) = sum over pairs of n (log(1 + exp(d)) - p d) + ridge/2 |r|^2, d = r[first] - r[second], for n judgements of
 * which first won the share p. It is m^2 times what `crow fit --weights uniform --pair-scale literal --pair-weight
 * count
 * --lambda RIDGE/m` minimises (m alternatives).
 *
 * File of pairs, in the machine's byte order: int64 m and q; int32 first[q], second[q]; double n[q], p[q].
 */
#ifndef PEERS_PAIRS_H
#define PEERS_PAIRS_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PAIRS_BLOCK = 512 }; /* differences and their terms stay in the first cache, and loops over them use vectors */

typedef struct pairs {
  int64_t alternatives; /* m */
  int64_t count;        /* pairs held here */
  int32_t *first, *second;
  double *judgements, *share;
} pairs;

static inline void pairs_free(pairs *p) {
  free(p->first);
  free(p->second);
  free(p->judgements);
  free(p->share);
  *p = (pairs){0};
}

/* Elements [begin, begin + count) of an array at `offset`; NULL where they cannot be read. */
static inline void *pairs_read_array(FILE *file, int64_t offset, size_t size, int64_t begin, int64_t count) {
  void *values = malloc(size * (size_t)count + 1);
  if (values && fseek(file, (long)(offset + (int64_t)size * begin), SEEK_SET) == 0 &&
      fread(values, size, (size_t)count, file) == (size_t)count) {
    return values;
  }
  free(values);
  return NULL;
}

/** Reads part `part` of `parts` nearly equal ones; 0 where that fails. The arrays are freed with pairs_free. */
static inline int pairs_read(const char *path, int part, int parts, pairs *out) {
  int64_t head[2];
  int done = 0;
  FILE *file = fopen(path, "rb");
  *out = (pairs){0};
  if (file && fread(head, sizeof *head, 2, file) == 2) {
    int64_t q = head[1], begin = q * part / parts, at = (int64_t)sizeof head;
    out->alternatives = head[0];
    out->count = q * (part + 1) / parts - begin;
    out->first = pairs_read_array(file, at, sizeof *out->first, begin, out->count);
    out->second = pairs_read_array(file, at + 4 * q, sizeof *out->second, begin, out->count);
    out->judgements = pairs_read_array(file, at + 8 * q, sizeof *out->judgements, begin, out->count);
    out->share = pairs_read_array(file, at + 16 * q, sizeof *out->share, begin, out->count);
    done = out->first && out->second && out->judgements && out->share;
  }
  if (file) fclose(file);
  if (!done) {
    fprintf(stderr, "%s: cannot be read as a file of pairs\n", path);
    pairs_free(out);
  }
  return done;
}

/** Writes `count` rewards as doubles; 0 where that fails. */
static inline int pairs_write_rewards(const char *path, const double *reward, size_t count) {
  FILE *file = fopen(path, "wb");
  int done = file && fwrite(reward, sizeof *reward, count, file) == count;
  if (file && fclose(file) != 0) done = 0;
  if (!done) fprintf(stderr, "%s: cannot be written\n", path);
  return done;
}

/** The sum over pairs, without the ridge; adds its derivatives to `gradient`. Both arrays are indexed by first, second.
 */
static inline double pairs_evaluate(const pairs *p, const double *reward, double *gradient) {
  double sum = 0, slope[PAIRS_BLOCK];
  for (int64_t begin = 0; begin < p->count; begin += PAIRS_BLOCK) {
    const int32_t *x = p->first + begin, *y = p->second + begin;
    const double *n = p->judgements + begin, *won = p->share + begin;
    int size = p->count - begin < PAIRS_BLOCK ? (int)(p->count - begin) : PAIRS_BLOCK;
    double part = 0;
    for (int i = 0; i < size; i++) slope[i] = reward[x[i]] - reward[y[i]];
    for (int i = 0; i < size; i++) {
      double d = slope[i], e = exp(-fabs(d));
      part += n[i] * (fmax(d, 0) + log1p(e) - won[i] * d);
      slope[i] = n[i] * ((d >= 0 ? 1 : e) / (1 + e) - won[i]);
    }
    for (int i = 0; i < size; i++) {
      gradient[x[i]] += slope[i];
      gradient[y[i]] -= slope[i];
    }
    sum += part;
  }
  return sum;
}

/** Seconds of a clock: CLOCK_PROCESS_CPUTIME_ID or CLOCK_MONOTONIC. */
static inline double pairs_clock(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

#endif
