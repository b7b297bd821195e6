/* SPDX-License-Identifier: Apache-2.0 */
/* Populations of annotator types, built in or from a JSON file. */
#include "audit/simulate_impl.h"
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

/* The paper's two populations are the same but for the topics' names; 2.302585092994046 is ln 10. */
static const char table2[] = "{\"topics\": [\"a\", \"b\", \"c\"], \"types\": ["
                             "{\"name\": \"a-b-c\", \"prevalence\": 0.4,"
                             " \"rewards\": {\"a\": 4.605170185988092, \"b\": 2.302585092994046, \"c\": 0}},"
                             "{\"name\": \"c-a-b\", \"prevalence\": 0.3,"
                             " \"rewards\": {\"a\": 2.302585092994046, \"b\": 0, \"c\": 4.605170185988092}},"
                             "{\"name\": \"b-c-a\", \"prevalence\": 0.3,"
                             " \"rewards\": {\"a\": 0, \"b\": 4.605170185988092, \"c\": 2.302585092994046}}]}";
static const char table4[] =
    "{\"topics\": [\"food\", \"art\", \"romance\"], \"types\": ["
    "{\"name\": \"romance-art-food\", \"prevalence\": 0.4,"
    " \"rewards\": {\"romance\": 4.605170185988092, \"art\": 2.302585092994046, \"food\": 0}},"
    "{\"name\": \"food-romance-art\", \"prevalence\": 0.3,"
    " \"rewards\": {\"romance\": 2.302585092994046, \"art\": 0, \"food\": 4.605170185988092}},"
    "{\"name\": \"art-food-romance\", \"prevalence\": 0.3,"
    " \"rewards\": {\"romance\": 0, \"art\": 4.605170185988092, \"food\": 2.302585092994046}}]}";

enum { LONGEST = 1 << 24 };

/* ---- reading the text --------------------------------------------------------------------------------------- */

static crow_status population_read_text(const char *path, char **text, int64_t *bytes) {
  crow_status status = CROW_OK;
  FILE *file = fopen(path, "re");
  if (!file) {
    CROW_TRY(crow_error(CROW_FILE_SYSTEM, "cannot read population %s: %s (built in: table2, table4)", path,
                        strerror(errno)));
  }
  CROW_TRY(CROW_ALLOCATE(text, LONGEST));
  *bytes = (int64_t)fread(*text, 1, LONGEST, file);
  if (ferror(file)) CROW_TRY(crow_error(CROW_FILE_SYSTEM, "cannot read population %s: %s", path, strerror(errno)));
  if (*bytes == LONGEST) {
    CROW_TRY(crow_error(CROW_BAD_INPUT, "%s: a population has less than %d bytes", path, (int)LONGEST));
  }
  (*text)[(*bytes)++] = 0;
cleanup:
  if (file) (void)fclose(file);
  return status;
}

crow_status crow_population_create(const crow_comm *comm, const char *name, crow_population *out) {
  crow_status status = CROW_OK;
  char *text = NULL;
  int64_t bytes = 0;
  memset(out, 0, sizeof *out);
  if (strcmp(name, "table2") == 0) return crow_comm_agree(comm, crow_population_parse(name, table2, out));
  if (strcmp(name, "table4") == 0) return crow_comm_agree(comm, crow_population_parse(name, table4, out));
  const bool root = crow_comm_rank(comm) == 0;
  CROW_TRY_AGREE(comm, root ? population_read_text(name, &text, &bytes) : CROW_OK);
  CROW_TRY(crow_comm_broadcast(comm, &bytes, (int64_t)sizeof bytes, 0));
  CROW_TRY_AGREE(comm, root ? CROW_OK : CROW_ALLOCATE(&text, bytes));
  CROW_TRY(crow_comm_broadcast(comm, text, bytes, 0));
  CROW_TRY_AGREE(comm, crow_population_parse(name, text, out));
cleanup:
  crow_free(text);
  return status;
}

/* ---- its parts ---------------------------------------------------------------------------------------------- */

static crow_status expected(const char *name, const char *what) {
  return crow_error(CROW_BAD_INPUT, "%s: expected %s", name, what);
}

static crow_status parse_topics(const char *name, const json_t *topics, crow_population *out) {
  int64_t width = 1;
  if (json_array_size(topics) == 0) CROW_NEED(expected(name, "\"topics\": a list of at least one name"));
  out->topics = (int64_t)json_array_size(topics);
  for (int64_t t = 0; t < out->topics; t++) {
    const json_t *topic = json_array_get(topics, (size_t)t);
    if (json_string_length(topic) == 0 || strlen(json_string_value(topic)) != json_string_length(topic)) {
      return crow_error(CROW_BAD_INPUT, "%s: topics[%lld]: expected a name", name, (long long)t);
    }
    if ((int64_t)json_string_length(topic) + 1 > width) width = (int64_t)json_string_length(topic) + 1;
  }
  out->topic = (crow_strings){.count = out->topics, .width = width};
  CROW_NEED(crow_allocate(out->topics, (size_t)width, (void **)&out->topic.data));
  for (int64_t t = 0; t < out->topics; t++) {
    const char *topic = json_string_value(json_array_get(topics, (size_t)t));
    for (int64_t k = 0; k < t; k++) {
      if (strcmp(topic, crow_strings_get(&out->topic, k)) == 0) {
        return crow_error(CROW_BAD_INPUT, "%s: topics[%lld]: \"%s\" is there twice", name, (long long)t, topic);
      }
    }
    memcpy(out->topic.data + t * width, topic, strlen(topic));
  }
  return CROW_OK;
}

static crow_status parse_centres(const char *name, const json_t *centres, crow_population *out) {
  if (!centres) return CROW_OK;
  out->dimensions = (int64_t)json_array_size(json_array_get(centres, 0));
  if ((int64_t)json_array_size(centres) != out->topics || out->dimensions == 0) {
    CROW_NEED(expected(name, "\"centres\": a list of numbers for each topic"));
  }
  CROW_NEED(CROW_ALLOCATE(&out->centre, out->topics * out->dimensions));
  for (int64_t t = 0; t < out->topics; t++) {
    const json_t *centre = json_array_get(centres, (size_t)t);
    for (int64_t k = 0; k < out->dimensions; k++) {
      const json_t *value = json_array_get(centre, (size_t)k);
      if ((int64_t)json_array_size(centre) != out->dimensions || !json_is_number(value)) {
        return crow_error(CROW_BAD_INPUT, "%s: centres[%lld]: expected %lld numbers", name, (long long)t,
                          (long long)out->dimensions);
      }
      out->centre[t * out->dimensions + k] = json_number_value(value);
    }
  }
  return CROW_OK;
}

static crow_status parse_type(const char *name, const json_t *type, int64_t at, crow_population *out) {
  const json_t *prevalence = json_object_get(type, "prevalence"), *rewards = json_object_get(type, "rewards");
  if (!json_is_number(prevalence) || !(json_number_value(prevalence) >= 0 && json_number_value(prevalence) <= 1)) {
    return crow_error(CROW_BAD_INPUT, "%s: types[%lld].prevalence: expected a number from 0 to 1", name, (long long)at);
  }
  out->prevalence[at] = json_number_value(prevalence);
  for (int64_t t = 0; t < out->topics; t++) {
    const char *topic = crow_strings_get(&out->topic, t);
    const json_t *reward = json_object_get(rewards, topic);
    if (!json_is_number(reward)) {
      return crow_error(CROW_BAD_INPUT, "%s: types[%lld].rewards.%s: expected a number", name, (long long)at, topic);
    }
    out->reward[at * out->topics + t] = json_number_value(reward);
  }
  if ((int64_t)json_object_size(rewards) != out->topics) {
    return crow_error(CROW_BAD_INPUT,
                      "%s: types[%lld].rewards: expected one reward for each of the %lld topics, not %lld", name,
                      (long long)at, (long long)out->topics, (long long)json_object_size(rewards));
  }
  return CROW_OK;
}

static crow_status parse_types(const char *name, const json_t *types, crow_population *out) {
  double sum = 0;
  out->types = (int64_t)json_array_size(types);
  if (out->types == 0) CROW_NEED(expected(name, "\"types\": a list of at least one annotator type"));
  CROW_NEED(CROW_ALLOCATE(&out->prevalence, out->types));
  CROW_NEED(CROW_ALLOCATE(&out->reward, out->types * out->topics));
  for (int64_t k = 0; k < out->types; k++) {
    CROW_NEED(parse_type(name, json_array_get(types, (size_t)k), k, out));
    sum += out->prevalence[k];
  }
  if (!(fabs(sum - 1) <= 1e-9)) {
    return crow_error(CROW_BAD_INPUT, "%s: types: the prevalences sum to %.12g, expected 1", name, sum);
  }
  return CROW_OK;
}

/* A misspelt optional entry would be ignored in silence. */
static crow_status check_names(const char *name, const char *known, const char *where, json_t *object) {
  const char *key;
  json_t *value;
  if (!json_is_object(object)) return crow_error(CROW_BAD_INPUT, "%s: %s: expected an object", name, where);
  json_object_foreach(object, key, value) {
    char nearest[32];
    crow_nearest_word(key, known, nearest, sizeof nearest);
    if (strcmp(key, nearest) != 0) {
      return crow_error(CROW_BAD_INPUT, "%s: %s: unknown entry \"%s\"; did you mean \"%s\"?", name, where, key,
                        nearest);
    }
  }
  return CROW_OK;
}

crow_status crow_population_parse(const char *name, const char *text, crow_population *out) {
  crow_status status = CROW_OK;
  json_error_t error;
  json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
  memset(out, 0, sizeof *out);
  if (!root) {
    CROW_TRY(
        crow_error(CROW_BAD_INPUT, "%s: line %d, column %d: not JSON: %s", name, error.line, error.column, error.text));
  }
  CROW_TRY(check_names(name, "topics|centres|types|description", "the population", root));
  CROW_TRY(parse_topics(name, json_object_get(root, "topics"), out));
  CROW_TRY(parse_centres(name, json_object_get(root, "centres"), out));
  json_t *types = json_object_get(root, "types");
  for (size_t k = 0; k < json_array_size(types); k++) {
    CROW_TRY(check_names(name, "name|prevalence|rewards", "types", json_array_get(types, k)));
  }
  CROW_TRY(parse_types(name, types, out));
cleanup:
  json_decref(root);
  if (status != CROW_OK) crow_population_free(out);
  return status;
}

void crow_population_free(crow_population *population) {
  crow_strings_free(&population->topic);
  CROW_FREE(population->prevalence, population->reward, population->centre);
  memset(population, 0, sizeof *population);
}
