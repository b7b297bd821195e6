/* SPDX-License-Identifier: Apache-2.0 */
/* Elements of a synthetic dataset by formula. */
#include "audit/simulate_impl.h"
#include <math.h>
#include <string.h>

/* What an element's random numbers are for, so that no two uses share any. */
typedef enum use { USE_CENTRE = 1, USE_CONTEXT, USE_REWARD, USE_CLONE, USE_COMPARISON } use;

static uint64_t simulation_element(use what, crow_gidx index) { return (uint64_t)what << 56 | (uint64_t)index; }

static uint64_t seed_of(const crow_simulation *s) { return (uint64_t)s->options->seed; }

/* ---- topics ------------------------------------------------------------------------------------------------- */

static crow_gidx topic_begin(const crow_simulation *s, int64_t topic) {
  const int64_t topics = s->population.topics, each = s->originals / topics, more = s->originals % topics;
  return topic * each + (topic < more ? topic : more);
}

/* The first `more` topics have one alternative above the others. */
static int64_t topic_of(const crow_simulation *s, crow_gidx original) {
  const int64_t topics = s->population.topics, each = s->originals / topics, more = s->originals % topics;
  const crow_gidx large = more * (each + 1);
  return original < large ? original / (each + 1) : more + (original - large) / each;
}

static crow_gidx original_of(const crow_simulation *s, crow_gidx alternative) {
  return alternative < s->originals ? alternative : s->clone_begin + (alternative - s->originals) % s->clone_count;
}

/* ---- prompts ------------------------------------------------------------------------------------------------ */

/* Original i belongs to prompt i mod K, so that a prompt has all topics; a clone to its original's. */
static int64_t simulation_prompt_of(const crow_simulation *s, crow_gidx alternative) {
  return original_of(s, alternative) % s->options->prompts;
}

/* How many of 0 <= i < n have i mod K = r. */
static crow_gidx count_of(crow_gidx n, int64_t prompts, int64_t r) { return n > r ? (n - r - 1) / prompts + 1 : 0; }

/* The alternatives of a prompt: its originals; then its clones round by round, a round being a clone of each of the
 * topic's alternatives, the last perhaps incomplete. */
typedef struct members {
  int64_t first;                  /* its lowest original, the prompt's number */
  crow_gidx originals;            /* then every K-th */
  int64_t clone;                  /* its lowest clone's place in a round, then every K-th */
  crow_gidx round, rounds, added; /* its clones in a whole round; whole rounds; its clones in the last */
} members;

static members members_of(const crow_simulation *s, int64_t prompt) {
  const int64_t prompts = s->options->prompts;
  members m = {.first = prompt, .originals = count_of(s->originals, prompts, prompt)};
  if (!s->clone_count) return m;
  const crow_gidx clones = s->alternatives - s->originals;
  m.clone = (prompt + prompts - s->clone_begin % prompts) % prompts;
  m.round = count_of(s->clone_count, prompts, m.clone);
  m.rounds = clones / s->clone_count;
  m.added = count_of(clones % s->clone_count, prompts, m.clone);
  return m;
}

static crow_gidx member_at(const crow_simulation *s, const members *m, crow_gidx k) {
  const int64_t prompts = s->options->prompts;
  if (k < m->originals) return m->first + k * prompts;
  k -= m->originals;
  return s->originals + k / m->round * s->clone_count + m->clone + k % m->round * prompts;
}

static crow_gidx place_of(const crow_simulation *s, const members *m, crow_gidx alternative) {
  const int64_t prompts = s->options->prompts;
  if (alternative < s->originals) return alternative / prompts;
  const crow_gidx clone = alternative - s->originals;
  return m->originals + clone / s->clone_count * m->round + clone % s->clone_count / prompts;
}

void crow_simulation_prompt(const crow_simulation *s, crow_gidx alternative, char *prompt) {
  (void)snprintf(prompt, (size_t)s->prompt_width, "prompt-%lld", (long long)(simulation_prompt_of(s, alternative) + 1));
}

/* ---- elements ----------------------------------------------------------------------------------------------- */

static void simulation_scatter(const crow_simulation *s, crow_gidx original, double *context) {
  const int64_t d = s->options->dimensions;
  const double *centre = s->centre + topic_of(s, original) * d, spread = s->options->spread;
  if (spread == 0) {
    memcpy(context, centre, (size_t)d * sizeof *context);
    return;
  }
  const bool uniform = s->options->shape == 1;
  if (uniform)
    crow_random_uniform(seed_of(s), CROW_STREAM_SIMULATE, simulation_element(USE_CONTEXT, original), context, d);
  else
    crow_random_normal(seed_of(s), CROW_STREAM_SIMULATE, simulation_element(USE_CONTEXT, original), context, d);
  for (int64_t k = 0; k < d; k++) context[k] = centre[k] + spread * (uniform ? 2 * context[k] - 1 : context[k]);
}

/* A random direction, each as likely as any other. */
static void draw_direction(const crow_simulation *s, crow_gidx clone, double *direction) {
  const int64_t d = s->options->dimensions;
  double square = 0;
  crow_random_normal(seed_of(s), CROW_STREAM_SIMULATE, simulation_element(USE_CLONE, clone), direction, d);
  for (int64_t k = 0; k < d; k++) square += direction[k] * direction[k];
  for (int64_t k = 0; k < d; k++) direction[k] /= sqrt(square);
}

void crow_simulation_context(const crow_simulation *s, crow_gidx alternative, double *work, double *context) {
  simulation_scatter(s, original_of(s, alternative), context);
  if (alternative < s->originals) return;
  draw_direction(s, alternative - s->originals, work);
  for (int64_t k = 0; k < s->options->dimensions; k++) context[k] += s->options->eps * work[k];
}

void crow_simulation_rewards(const crow_simulation *s, crow_gidx alternative, double *rewards) {
  const crow_population *p = &s->population;
  const crow_gidx original = original_of(s, alternative);
  const int64_t topic = topic_of(s, original);
  const double spread = s->options->reward_spread;
  if (spread > 0)
    crow_random_normal(seed_of(s), CROW_STREAM_SIMULATE, simulation_element(USE_REWARD, original), rewards, p->types);
  for (int64_t t = 0; t < p->types; t++) {
    rewards[t] = p->reward[t * p->topics + topic] + (spread > 0 ? spread * rewards[t] : 0);
  }
}

const char *crow_simulation_topic(const crow_simulation *s, crow_gidx alternative) {
  if (alternative >= s->originals) return s->clone_name;
  return crow_strings_get(&s->population.topic, topic_of(s, alternative));
}

/* TOPIC-1, TOPIC-2, ...; a topic's only alternative has the topic's name. */
void crow_simulation_id(const crow_simulation *s, crow_gidx alternative, char *id) {
  const bool clone = alternative >= s->originals;
  const int64_t topic = clone ? 0 : topic_of(s, alternative);
  const crow_gidx begin = clone ? s->originals : topic_begin(s, topic);
  const crow_gidx end = clone ? s->alternatives : topic_begin(s, topic + 1);
  const char *name = crow_simulation_topic(s, alternative);
  if (end - begin == 1)
    (void)snprintf(id, (size_t)s->id_width, "%s", name);
  else
    (void)snprintf(id, (size_t)s->id_width, "%s-%lld", name, (long long)(alternative - begin + 1));
}

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

double crow_simulation_preference(const crow_simulation *s, const double *x, const double *y) {
  double p = 0;
  for (int64_t t = 0; t < s->population.types; t++) p += s->population.prevalence[t] * sigmoid(x[t] - y[t]);
  return p < 1 ? p : 1;
}

/* An index below n from two words; the bias is below n / 2^64. */
static crow_gidx index_below(const uint32_t *words, crow_gidx n) {
  const unsigned __int128 word = (uint64_t)words[0] << 32 | words[1];
  return (crow_gidx)(word * (unsigned __int128)n >> 64);
}

static double unit(uint32_t word) { return ((double)word + 0.5) * 0x1p-32; }

/* A random alternative and a random other one, of the same prompt if there are prompts. */
static void draw_two(const crow_simulation *s, const uint32_t *words, crow_gidx *x, crow_gidx *y) {
  *x = index_below(words, s->alternatives);
  if (!s->options->prompts) {
    *y = index_below(words + 2, s->alternatives - 1);
    *y += *y >= *x;
    return;
  }
  const members m = members_of(s, simulation_prompt_of(s, *x));
  const crow_gidx own = place_of(s, &m, *x);
  const crow_gidx other = index_below(words + 2, m.originals + m.rounds * m.round + m.added - 1);
  *y = member_at(s, &m, other + (other >= own));
}

void crow_simulation_comparison(const crow_simulation *s, crow_gidx k, double *rewards, int32_t *first, int32_t *second,
                                double *outcome) {
  const crow_population *p = &s->population;
  uint32_t words[6];
  crow_random_words(seed_of(s), CROW_STREAM_SIMULATE, simulation_element(USE_COMPARISON, k), words, 6);
  crow_gidx x, y;
  int64_t type = 0;
  draw_two(s, words, &x, &y);
  for (double u = unit(words[4]); type + 1 < p->types && u > p->prevalence[type]; type++) u -= p->prevalence[type];
  crow_simulation_rewards(s, x, rewards);
  crow_simulation_rewards(s, y, rewards + p->types);
  *first = (int32_t)x;
  *second = (int32_t)y;
  *outcome = unit(words[5]) < sigmoid(rewards[type] - rewards[p->types + type]) ? 1 : 0;
}

/* ---- creation ----------------------------------------------------------------------------------------------- */

static crow_status find_clones(crow_simulation *s) {
  const crow_simulate_options *o = s->options;
  const crow_population *p = &s->population;
  int64_t topic = 0;
  char name[512];
  if (!o->clone) return CROW_OK;
  while (topic < p->topics && strcmp(o->clone, crow_strings_get(&p->topic, topic)) != 0) topic++;
  if (topic == p->topics) {
    return crow_error(CROW_USAGE, "clone \"%s\": no such topic in population %s, whose first is \"%s\"", o->clone,
                      o->population, crow_strings_get(&p->topic, 0));
  }
  s->clone_begin = topic_begin(s, topic);
  s->clone_count = topic_begin(s, topic + 1) - s->clone_begin;
  s->alternatives += o->clones ? o->clones : s->clone_count;
  (void)snprintf(name, sizeof name, "clone of %.400s", o->clone);
  return crow_string_copy(o->clone_name ? o->clone_name : name, &s->clone_name);
}

static crow_status place_centres(crow_simulation *s) {
  const crow_population *p = &s->population;
  const int64_t d = s->options->dimensions;
  if (p->dimensions && p->dimensions != d) {
    return crow_error(CROW_USAGE, "dimensions %lld: the centres of population %s have %lld", (long long)d,
                      s->options->population, (long long)p->dimensions);
  }
  CROW_NEED(CROW_ALLOCATE(&s->centre, p->topics * d));
  for (int64_t t = 0; t < p->topics; t++) {
    double *centre = s->centre + t * d;
    if (p->dimensions) {
      memcpy(centre, p->centre + t * d, (size_t)d * sizeof *centre);
    } else if (s->options->centres == 1) {
      crow_random_uniform(seed_of(s), CROW_STREAM_SIMULATE, simulation_element(USE_CENTRE, t), centre, d);
    } else {
      centre[0] = ((double)t + 0.5) / (double)p->topics;
      for (int64_t k = 1; k < d; k++) centre[k] = 0.5;
    }
  }
  return CROW_OK;
}

/* A comparison is drawn from its first alternative on, so every prompt needs another one. */
static crow_status check_prompts(const crow_simulation *s) {
  const bool compared = s->options->preferences == CROW_SIMULATE_COMPARISONS;
  const crow_gidx most = s->originals / (compared ? 2 : 1);
  if (s->options->prompts <= most) return CROW_OK;
  return crow_error(CROW_USAGE, "prompts %lld: expected at most %lld with %lld alternatives%s, %s in each prompt",
                    (long long)s->options->prompts, (long long)most, (long long)s->originals,
                    compared ? " that are compared" : "", compared ? "two" : "one");
}

static crow_status simulation_lay_out(crow_simulation *s) {
  const int64_t topics = s->population.topics;
  const int64_t prompts = s->options->prompts > 0 ? s->options->prompts : 1;
  s->originals = s->options->alternatives ? s->options->alternatives : topics * prompts;
  s->alternatives = s->originals;
  if (s->originals < topics) {
    return crow_error(CROW_USAGE, "alternatives %lld: expected at least %lld, one for each topic of population %s",
                      (long long)s->originals, (long long)topics, s->options->population);
  }
  CROW_NEED(check_prompts(s));
  CROW_NEED(find_clones(s));
  if (s->alternatives > INT32_MAX) {
    return crow_error(CROW_USAGE, "%lld alternatives with their clones: expected at most %d",
                      (long long)s->alternatives, INT32_MAX);
  }
  if (s->alternatives < 2 && s->options->preferences == CROW_SIMULATE_COMPARISONS) {
    return crow_error(CROW_USAGE, "comparisons need at least two alternatives");
  }
  CROW_NEED(place_centres(s));
  s->topic_width = s->population.topic.width;
  if (s->clone_name && (int64_t)strlen(s->clone_name) + 1 > s->topic_width) {
    s->topic_width = (int64_t)strlen(s->clone_name) + 1;
  }
  s->prompt_width = snprintf(NULL, 0, "prompt-%lld", (long long)prompts) + 1;
  s->id_width = s->topic_width + snprintf(NULL, 0, "-%lld", (long long)s->alternatives);
  return CROW_OK;
}

crow_status crow_simulation_create(const crow_comm *comm, const crow_simulate_options *options, crow_simulation *out) {
  crow_status status = CROW_OK;
  memset(out, 0, sizeof *out);
  out->options = options;
  CROW_TRY(crow_population_create(comm, options->population, &out->population));
  CROW_TRY_AGREE(comm, simulation_lay_out(out));
cleanup:
  if (status != CROW_OK) crow_simulation_free(out);
  return status;
}

void crow_simulation_free(crow_simulation *simulation) {
  crow_population_free(&simulation->population);
  CROW_FREE(simulation->clone_name, simulation->centre);
  memset(simulation, 0, sizeof *simulation);
}
