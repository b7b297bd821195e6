/* SPDX-License-Identifier: Apache-2.0 */
/* What the weights did, in words. */
#include <crow/summary.h>
#include <stdarg.h>
#include <string.h>

/* Adds to a text what there is room for. */
static void CROW_PRINTF(2, 3) effect_append(char *text, const char *format, ...) {
  va_list values;
  const size_t used = strlen(text);
  va_start(values, format);
  (void)vsnprintf(text + used, CROW_EFFECT_BYTES - used, format, values);
  va_end(values);
}

/* A name as a terminal may have it. */
static void append_name(char *text, const char *id) {
  char name[2 * CROW_NAME_BYTES];
  (void)crow_text_fit(id, 40, name, sizeof name);
  effect_append(text, "%s", name);
}

static void say_effective(const crow_effect *e, crow_effect_words *out) {
  char *text = out->line[out->lines++];
  if (e->equal) {
    effect_append(text, "weights: all %lld alternatives count alike", (long long)e->alternatives);
    return;
  }
  effect_append(text, "weights: effective number %.4g of %lld", e->effective, (long long)e->alternatives);
  if (e->samples) effect_append(text, " (%lld samples)", (long long)e->samples);
  if (*e->largest_id) {
    effect_append(text, "; largest %.3g (", e->largest.value);
    append_name(text, e->largest_id);
    effect_append(text, "), smallest %.3g (", e->smallest.value);
    append_name(text, e->smallest_id);
    effect_append(text, ")");
  }
}

/* "near-duplicates: A, B: 0.13 apart, 1.02 equal shares of 1/59 together; uniform gives 2"; the first says of what. */
static void say_group(const crow_effect *e, const crow_effect_group *g, crow_effect_words *out) {
  char *text = out->line[out->lines++], of[40] = "";
  if (g == e->group) (void)snprintf(of, sizeof of, " of 1/%lld", (long long)e->alternatives);
  effect_append(text, "near-duplicates: ");
  for (int k = 0; k < g->named; k++) {
    if (k) effect_append(text, ", ");
    append_name(text, g->id[k]);
  }
  if (g->size > g->named) effect_append(text, " and %lld more", (long long)(g->size - g->named));
  effect_append(text, ": %.2g apart, ", g->apart);
  if (e->equal) {
    effect_append(text, "count %lld times", (long long)g->size);
  } else {
    effect_append(text, "%.3g equal share%s%s together; uniform gives %lld", g->shares, g->shares == 1 ? "" : "s", of,
                  (long long)g->size);
  }
}

/* What a group has in the mean, beside an alternative that is in none. */
static void append_means(const crow_effect *e, char *text) {
  const crow_gidx others = e->alternatives - e->members;
  if (e->equal || e->looked < e->alternatives) return;
  effect_append(text, ": %.3g equal shares each in the mean", (double)e->alternatives * e->weight / (double)e->groups);
  if (others)
    effect_append(text, "; an alternative without near-duplicates has %.3g",
                  (double)e->alternatives * (1 - e->weight) / (double)others);
}

static void say_groups(const crow_effect *e, crow_effect_words *out) {
  char part[96] = "";
  if (e->looked == 0) return;
  for (int k = 0; k < e->named; k++) say_group(e, &e->group[k], out);
  if (e->looked < e->alternatives) {
    (void)snprintf(part, sizeof part, ", looked for with %lld of %lld alternatives", (long long)e->looked,
                   (long long)e->alternatives);
  }
  if (e->groups == 0) {
    effect_append(out->line[out->lines++], "near-duplicates: none closer than %.3g%s", e->radius, part);
  } else if (e->groups > e->named || *part) {
    effect_append(out->line[out->lines++],
                  "near-duplicates in all: %lld alternatives in %lld group%s, closer than %.3g%s",
                  (long long)e->members, (long long)e->groups, crow_plural(e->groups), e->radius, part);
    append_means(e, out->line[out->lines - 1]);
  }
}

static void warn_of_space(const crow_effect *e, const char *space, crow_effect_words *out) {
  if (!e->concentrated) return;
  effect_append(out->warning[out->warnings++],
                "weights count like %.4g of %lld alternatives, though few have near-duplicates: the space gives most "
                "of the weight to few; try %s",
                e->effective, (long long)e->alternatives,
                strcmp(space, "sphere") == 0 ? "a pool of typical contexts (--space pool:FILE:PATH)"
                                             : "--space sphere for embeddings, or a pool (--space pool:FILE:PATH)");
}

/* Noise and zeros have one remedy, unless weights are exact. */
static void warn_of_samples(const crow_effect *e, crow_effect_words *out) {
  char *text = out->warning[out->warnings];
  if (e->noisy) {
    effect_append(text, "weights are noisy: half of the alternatives were nearest to %.3g samples or fewer",
                  e->median_hits);
  }
  if (e->zeros) {
    effect_append(text, "%s%lld of %lld weights %s zero: %s the limit for small weights", *text ? "; " : "",
                  (long long)e->zeros, (long long)e->alternatives, e->zeros == 1 ? "is" : "are",
                  e->zeros == 1 ? "its reward is" : "each reward is");
  }
  if (e->more_samples) effect_append(text, "; --samples %lld", (long long)e->more_samples);
  out->warnings += *text != 0;
}

void crow_effect_say(const crow_effect *e, const char *space, crow_effect_words *out) {
  memset(out, 0, sizeof *out);
  say_effective(e, out);
  say_groups(e, out);
  warn_of_space(e, space, out);
  warn_of_samples(e, out);
}

crow_status crow_effect_keep(const crow_effect *effect, const char *space, crow_strings *out) {
  crow_effect_words said;
  const crow_effect_words *words = &said;
  int64_t width = 1;
  crow_effect_say(effect, space, &said);
  for (int k = 0; k < words->lines + words->warnings; k++) {
    const char *text = k < words->lines ? words->line[k] : words->warning[k - words->lines];
    const int64_t bytes = (int64_t)strlen(text) + (int64_t)sizeof "warning: ";
    if (bytes > width) width = bytes;
  }
  *out = (crow_strings){.count = words->lines + words->warnings, .width = width};
  CROW_NEED(CROW_ALLOCATE(&out->data, out->count * width));
  for (int k = 0; k < out->count; k++) {
    const bool warning = k >= words->lines;
    (void)snprintf(out->data + k * width, (size_t)width, "%s%s", warning ? "warning: " : "",
                   warning ? words->warning[k - words->lines] : words->line[k]);
  }
  return CROW_OK;
}
