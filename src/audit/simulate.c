/* SPDX-License-Identifier: Apache-2.0 */
/* Synthetic datasets, written piece by piece by the ranks whose slices the pieces are in. */
#include "audit/simulate_impl.h"
#include <string.h>

#define AT(field) offsetof(crow_simulate_options, field)
const crow_setting crow_simulate_settings[] = {
    {"population", CROW_SETTING_INPUT, AT(population), 0, "table4", 0, 0, "table2|table4|FILE",
     "annotator types and what they think of the topics: the paper's Table 2 or 4, or a JSON file"},
    {"alternatives", CROW_SETTING_INT, AT(alternatives), 0, NULL, 0, INT32_MAX, NULL,
     "number of alternatives, clones not counted, in equal shares for the topics; 0: one for each topic (of each "
     "prompt)"},
    {"prompts", CROW_SETTING_INT, AT(prompts), 0, NULL, 0, INT32_MAX, NULL,
     "number of prompts that the alternatives are responses to, in equal shares, clones in their originals'; only "
     "responses to the same prompt are compared; 0: no prompts"},
    {"dimensions", CROW_SETTING_INT, AT(dimensions), 2, NULL, 1, 1e6, NULL, "dimensions d of the context space"},
    {"centres", CROW_SETTING_CHOICE, AT(centres), 0, NULL, 0, 0, "line|random",
     "where topics are, unless the population says: evenly on a line through the unit cube, so that their cells are "
     "equal, or uniform in the cube"},
    {"shape", CROW_SETTING_CHOICE, AT(shape), 0, NULL, 0, 0, "gaussian|uniform",
     "how a topic's alternatives scatter around its centre"},
    {"spread", CROW_SETTING_DOUBLE, AT(spread), 0, NULL, 0, 1e6, NULL,
     "how far they scatter: standard deviation, or half the side of the cube"},
    {"reward-spread", CROW_SETTING_DOUBLE, AT(reward_spread), 0, NULL, 0, 1e3, NULL,
     "standard deviation of the alternatives' rewards around their topic's, for every annotator type"},
    {"clone", CROW_SETTING_TEXT, AT(clone), 0, NULL, 0, 0, "TOPIC", "clone this topic's alternatives"},
    {"clones", CROW_SETTING_INT, AT(clones), 0, NULL, 0, INT32_MAX, NULL,
     "number of clones; 0: as many as the topic has alternatives"},
    {"clone-name", CROW_SETTING_TEXT, AT(clone_name), 0, NULL, 0, 0, "TOPIC",
     "the clones' topic; without it \"clone of TOPIC\""},
    {"eps", CROW_SETTING_DOUBLE, AT(eps), 0.01, NULL, 0, 1e6, NULL,
     "distance of a clone's context from its original's, in a random direction"},
    {"preferences", CROW_SETTING_CHOICE, AT(preferences), CROW_SIMULATE_POPULATION, NULL, 0, 0,
     "population|matrix|comparisons",
     "what is written: the annotator types, p(x>y) of every pair, or judgements of random pairs by random annotators"},
    {"comparisons", CROW_SETTING_INT, AT(comparisons), 1000, NULL, 1, 1e12, NULL,
     "number q of judgements, with --preferences comparisons"},
    {"precision", CROW_SETTING_CHOICE, AT(precision), 1, NULL, 0, 0, "single|double", "of the stored contexts"},
    {"seed", CROW_SETTING_INT, AT(seed), 1, NULL, 0, 9e15, NULL, "of the random numbers"},
    {"memory-per-rank", CROW_SETTING_DOUBLE, AT(memory_per_rank), 0, NULL, 0, 1e18, NULL,
     "bytes that a rank may use; work that needs more is refused before it begins; 0: what the machine, its cgroup or "
     "Slurm allows"},
    {NULL, CROW_SETTING_BOOL, 0, 0, NULL, 0, 0, NULL, NULL},
};

crow_status crow_simulate_options_validate(const crow_simulate_options *options) {
  CROW_NEED(crow_settings_validate(crow_simulate_settings, options));
  if (!options->clone && (options->clones > 0 || options->clone_name)) {
    return crow_error(CROW_USAGE, "--%s needs --clone TOPIC", options->clones > 0 ? "clones" : "clone-name");
  }
  return CROW_OK;
}

/* ---- pieces ------------------------------------------------------------------------------------------------- */

/* What a rank holds of an array at a time. */
enum { PIECE_BYTES = 1 << 24 };

/* A rank's slice in pieces, as many for every rank so that collective writes match. */
typedef struct pieces {
  crow_gidx begin, end; /* what is left of the slice */
  int64_t rows, left;
} pieces;

static pieces pieces_of(const crow_comm *comm, crow_gidx global, int64_t row_bytes) {
  const crow_partition p = crow_comm_partition(comm, global, 1);
  int64_t longest = 0;
  for (int rank = 0; rank < p.size; rank++) {
    const int64_t count = crow_partition_begin(&p, rank + 1) - crow_partition_begin(&p, rank);
    if (count > longest) longest = count;
  }
  const int64_t most = PIECE_BYTES / row_bytes > 0 ? PIECE_BYTES / row_bytes : 1;
  const int64_t rows = longest < most ? longest : most;
  return (pieces){.begin = p.begin, .end = p.begin + p.count, .rows = rows, .left = (longest + rows - 1) / rows};
}

/* The next piece; of no rows where this rank has none left. False when all ranks are done. */
static bool next_piece(pieces *p, crow_gidx *begin, int64_t *count) {
  if (p->left <= 0) return false;
  *begin = p->begin;
  *count = p->end - p->begin < p->rows ? p->end - p->begin : p->rows;
  p->begin += *count;
  p->left--;
  return true;
}

/* ---- arrays ------------------------------------------------------------------------------------------------- */

static crow_status simulate_write_contexts(const crow_comm *comm, const crow_simulation *s, crow_file *file) {
  crow_status status = CROW_OK;
  const int64_t d = s->options->dimensions;
  double *context = NULL, *work = NULL;
  crow_gidx begin = 0;
  int64_t count = 0;
  pieces p = pieces_of(comm, s->alternatives, d * (int64_t)sizeof *context);
  CROW_TRY(crow_file_define(file, "/alternatives/context", s->options->precision == 0 ? CROW_F32 : CROW_F64,
                            s->alternatives, d));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&context, p.rows * d));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&work, d));
  while (next_piece(&p, &begin, &count)) {
    for (int64_t i = 0; i < count; i++) crow_simulation_context(s, begin + i, work, context + i * d);
    CROW_TRY(crow_file_write_rows(file, "/alternatives/context", begin, count, CROW_F64, context));
  }
cleanup:
  CROW_FREE(context, work);
  return status;
}

static crow_status simulate_write_names(const crow_comm *comm, const crow_simulation *s, crow_file *file) {
  crow_status status = CROW_OK;
  crow_strings id = {.width = s->id_width}, topic = {.width = s->topic_width};
  crow_gidx begin = 0;
  pieces p = pieces_of(comm, s->alternatives, s->id_width);
  CROW_TRY(crow_file_define_strings(file, "/alternatives/id", s->alternatives, s->id_width));
  CROW_TRY(crow_file_define_strings(file, "/alternatives/topic", s->alternatives, s->topic_width));
  CROW_TRY_AGREE(comm, crow_allocate(p.rows, (size_t)id.width, (void **)&id.data));
  CROW_TRY_AGREE(comm, crow_allocate(p.rows, (size_t)topic.width, (void **)&topic.data));
  while (next_piece(&p, &begin, &id.count)) {
    topic.count = id.count;
    memset(id.data, 0, (size_t)(id.count * id.width));
    memset(topic.data, 0, (size_t)(topic.count * topic.width));
    for (int64_t i = 0; i < id.count; i++) {
      crow_simulation_id(s, begin + i, id.data + i * id.width);
      (void)snprintf(topic.data + i * topic.width, (size_t)topic.width, "%s", crow_simulation_topic(s, begin + i));
    }
    CROW_TRY(crow_file_write_strings_rows(file, "/alternatives/id", begin, &id));
    CROW_TRY(crow_file_write_strings_rows(file, "/alternatives/topic", begin, &topic));
  }
cleanup:
  crow_strings_free(&id);
  crow_strings_free(&topic);
  return status;
}

static crow_status simulate_write_prompts(const crow_comm *comm, const crow_simulation *s, crow_file *file) {
  crow_status status = CROW_OK;
  crow_strings prompt = {.width = s->prompt_width};
  crow_gidx begin = 0;
  if (!s->options->prompts) return CROW_OK;
  pieces p = pieces_of(comm, s->alternatives, s->prompt_width);
  CROW_TRY(crow_file_define_strings(file, "/alternatives/prompt", s->alternatives, s->prompt_width));
  CROW_TRY_AGREE(comm, crow_allocate(p.rows, (size_t)prompt.width, (void **)&prompt.data));
  while (next_piece(&p, &begin, &prompt.count)) {
    memset(prompt.data, 0, (size_t)(prompt.count * prompt.width));
    for (int64_t i = 0; i < prompt.count; i++) crow_simulation_prompt(s, begin + i, prompt.data + i * prompt.width);
    CROW_TRY(crow_file_write_strings_rows(file, "/alternatives/prompt", begin, &prompt));
  }
cleanup:
  crow_strings_free(&prompt);
  return status;
}

static crow_status simulate_write_population(const crow_comm *comm, const crow_simulation *s, crow_file *file) {
  crow_status status = CROW_OK;
  const int64_t types = s->population.types;
  double *reward = NULL, *column = NULL;
  crow_gidx begin = 0;
  int64_t count = 0;
  pieces p = pieces_of(comm, s->alternatives, types * (int64_t)sizeof *reward);
  const bool root = crow_comm_rank(comm) == 0;
  CROW_TRY(crow_file_define(file, "/population/prevalence", CROW_F64, types, 0));
  CROW_TRY(
      crow_file_write_rows(file, "/population/prevalence", 0, root ? types : 0, CROW_F64, s->population.prevalence));
  CROW_TRY(crow_file_define(file, "/population/reward", CROW_F64, types, s->alternatives));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&reward, p.rows * types));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&column, types));
  while (next_piece(&p, &begin, &count)) {
    for (int64_t i = 0; i < count; i++) {
      crow_simulation_rewards(s, begin + i, column);
      for (int64_t t = 0; t < types; t++) reward[t * count + i] = column[t];
    }
    CROW_TRY(crow_file_write_columns(file, "/population/reward", begin, count, CROW_F64, reward));
  }
cleanup:
  CROW_FREE(reward, column);
  return status;
}

static crow_status simulate_write_matrix(const crow_comm *comm, const crow_simulation *s, crow_file *file) {
  crow_status status = CROW_OK;
  const crow_gidx m = s->alternatives;
  const int64_t types = s->population.types;
  double *rewards = NULL, *matrix = NULL;
  crow_gidx begin = 0;
  int64_t count = 0;
  pieces p = pieces_of(comm, m, m * (int64_t)sizeof *matrix);
  CROW_TRY(crow_file_define(file, "/preference/matrix", CROW_F64, m, m));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&rewards, m * types));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&matrix, p.rows * m));
  for (crow_gidx y = 0; y < m; y++) crow_simulation_rewards(s, y, rewards + y * types);
  while (next_piece(&p, &begin, &count)) {
    for (int64_t i = 0; i < count; i++) {
      const double *x = rewards + (begin + i) * types;
      for (crow_gidx y = 0; y < m; y++) {
        matrix[i * m + y] = y == begin + i ? 0.5 : crow_simulation_preference(s, x, rewards + y * types);
      }
    }
    CROW_TRY(crow_file_write_rows(file, "/preference/matrix", begin, count, CROW_F64, matrix));
  }
cleanup:
  CROW_FREE(rewards, matrix);
  return status;
}

static crow_status simulate_write_comparisons(const crow_comm *comm, const crow_simulation *s, crow_file *file) {
  crow_status status = CROW_OK;
  const crow_gidx q = s->options->comparisons;
  int32_t *first = NULL, *second = NULL;
  double *outcome = NULL, *rewards = NULL;
  crow_gidx begin = 0;
  int64_t count = 0;
  pieces p = pieces_of(comm, q, (int64_t)(2 * sizeof *first + sizeof *outcome));
  CROW_TRY(crow_file_define(file, "/comparisons/first", CROW_I32, q, 0));
  CROW_TRY(crow_file_define(file, "/comparisons/second", CROW_I32, q, 0));
  CROW_TRY(crow_file_define(file, "/comparisons/outcome", CROW_F64, q, 0));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW_EACH(p.rows, &first, &second, &outcome));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&rewards, 2 * s->population.types));
  while (next_piece(&p, &begin, &count)) {
    for (int64_t i = 0; i < count; i++) {
      crow_simulation_comparison(s, begin + i, rewards, first + i, second + i, outcome + i);
    }
    CROW_TRY(crow_file_write_rows(file, "/comparisons/first", begin, count, CROW_I32, first));
    CROW_TRY(crow_file_write_rows(file, "/comparisons/second", begin, count, CROW_I32, second));
    CROW_TRY(crow_file_write_rows(file, "/comparisons/outcome", begin, count, CROW_F64, outcome));
  }
cleanup:
  CROW_FREE(first, second, outcome, rewards);
  return status;
}

/* ---- the whole ---------------------------------------------------------------------------------------------- */

static crow_status simulate_describe(const crow_simulation *s, crow_file *file) {
  char text[1024];
  (void)snprintf(text, sizeof text, "simulated: population %.400s, %lld alternatives, %lld of them clones%s%.400s",
                 s->options->population, (long long)s->alternatives, (long long)(s->alternatives - s->originals),
                 s->clone_name ? " of topic " : "", s->clone_name ? s->options->clone : "");
  return crow_file_set_text(file, "/", "description", text);
}

/* The clones' topic too, unless it is given the name of another one. */
static int64_t count_topics(const crow_simulation *s) {
  const crow_population *p = &s->population;
  if (!s->clone_name) return p->topics;
  for (int64_t t = 0; t < p->topics; t++) {
    if (strcmp(s->clone_name, crow_strings_get(&p->topic, t)) == 0) return p->topics;
  }
  return p->topics + 1;
}

/* Everything is written in pieces; a piece has at least one row, and of a matrix every rank has all rewards. */
static crow_status simulate_check_memory(const crow_comm *comm, const crow_simulate_options *options,
                                         const crow_simulation *s) {
  const double m = (double)s->alternatives, d = (double)options->dimensions, types = (double)s->population.types;
  double bytes = (double)CROW_PROCESS_BYTES + 1.5 * PIECE_BYTES + 8 * d * (double)(s->population.topics + 2) +
                 8 * types * (double)s->population.topics;
  if (options->preferences == CROW_SIMULATE_MATRIX) bytes += 8 * m * (types + 1);
  return crow_comm_check_memory(comm, options->memory_per_rank, bytes,
                                "take fewer ranks a node, or --preferences population or comparisons instead of matrix",
                                "a simulation of %lld alternatives and %lld annotator types",
                                (long long)s->alternatives, (long long)s->population.types);
}

/* What is written of a simulation. */
typedef struct simulated {
  const crow_comm *comm;
  const crow_simulate_options *options;
  const crow_simulation *simulation;
  const crow_provenance *provenance;
} simulated;

static crow_status write_simulated(void *context, const char *path, bool overwrite) {
  crow_status status = CROW_OK;
  const simulated *what = context;
  const crow_comm *comm = what->comm;
  const crow_simulation *s = what->simulation;
  const int source = what->options->preferences;
  crow_file *file = NULL;
  CROW_TRY(crow_file_create(comm, path, "dataset", overwrite, &file));
  CROW_TRY(simulate_describe(s, file));
  CROW_TRY(simulate_write_contexts(comm, s, file));
  CROW_TRY(simulate_write_names(comm, s, file));
  CROW_TRY(simulate_write_prompts(comm, s, file));
  if (source == CROW_SIMULATE_POPULATION) CROW_TRY(simulate_write_population(comm, s, file));
  if (source == CROW_SIMULATE_MATRIX) CROW_TRY(simulate_write_matrix(comm, s, file));
  if (source == CROW_SIMULATE_COMPARISONS) CROW_TRY(simulate_write_comparisons(comm, s, file));
  if (what->provenance) CROW_TRY(crow_provenance_write(what->provenance, file));
  CROW_TRY(crow_file_finish(&file));
cleanup:
  crow_file_close(&file);
  return status;
}

crow_status crow_simulate_run(const crow_comm *comm, const crow_simulate_options *options, const char *output,
                              bool overwrite, const crow_provenance *provenance, crow_simulate_summary *summary) {
  crow_status status = CROW_OK;
  crow_simulation s = {0};
  CROW_TRY(crow_simulate_options_validate(options));
  CROW_TRY(crow_simulation_create(comm, options, &s));
  CROW_TRY(simulate_check_memory(comm, options, &s));
  CROW_TRY(crow_output_check(comm, output, overwrite));
  CROW_TRY(crow_result_save(comm, output, overwrite, write_simulated, &(simulated){comm, options, &s, provenance}));
  *summary = (crow_simulate_summary){.alternatives = s.alternatives,
                                     .clones = s.alternatives - s.originals,
                                     .dimensions = options->dimensions,
                                     .comparisons =
                                         options->preferences == CROW_SIMULATE_COMPARISONS ? options->comparisons : 0,
                                     .topics = count_topics(&s),
                                     .types = s.population.types,
                                     .prompts = options->prompts};
cleanup:
  crow_simulation_free(&s);
  return status;
}
