/* SPDX-License-Identifier: Apache-2.0 */
#include <crow/base.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void *settings_field(const crow_setting *setting, void *options) { return (char *)options + setting->offset; }
static const void *field_const(const crow_setting *setting, const void *options) {
  return (const char *)options + setting->offset;
}

bool crow_setting_is_text(crow_setting_type type) { return type == CROW_SETTING_TEXT || type > CROW_SETTING_CHOICE; }

void crow_settings_default(const crow_setting *table, void *options) {
  for (const crow_setting *s = table; s->name; s++) {
    switch (s->type) {
    case CROW_SETTING_BOOL:
      *(bool *)settings_field(s, options) = s->value != 0;
      break;
    case CROW_SETTING_INT:
      *(int64_t *)settings_field(s, options) = (int64_t)s->value;
      break;
    case CROW_SETTING_DOUBLE:
      *(double *)settings_field(s, options) = s->value;
      break;
    case CROW_SETTING_CHOICE:
      *(int *)settings_field(s, options) = (int)s->value;
      break;
    default:
      *(const char **)settings_field(s, options) = s->text;
      break;
    }
  }
}

static bool in_range(const crow_setting *s, double value) {
  if (s->minimum == 0 && s->maximum == 0) return !isnan(value);
  return value >= s->minimum && value <= s->maximum; /* false for NaN */
}

static crow_status out_of_range(const crow_setting *s, const char *value) {
  return crow_error(CROW_USAGE, "%s %s is out of range: expected %.12g to %.12g", s->name, value, s->minimum,
                    s->maximum);
}

static int choice_count(const char *choices) {
  int count = 1;
  for (const char *c = choices; *c; c++) count += *c == '|';
  return count;
}

static crow_status validate_one(const crow_setting *s, const void *options) {
  bool valid = true;
  if (s->type == CROW_SETTING_INT) valid = in_range(s, (double)*(const int64_t *)field_const(s, options));
  if (s->type == CROW_SETTING_DOUBLE) valid = in_range(s, *(const double *)field_const(s, options));
  if (s->type == CROW_SETTING_CHOICE) {
    const int choice = *(const int *)field_const(s, options);
    if (choice < 0 || choice >= choice_count(s->choices)) {
      return crow_error(CROW_USAGE, "%s is %d: expected a position in %s", s->name, choice, s->choices);
    }
  }
  if (valid) return CROW_OK;
  char value[64];
  crow_setting_print(s, options, value, sizeof value);
  return out_of_range(s, value);
}

crow_status crow_settings_validate(const crow_setting *table, const void *options) {
  crow_status status = CROW_OK;
  for (const crow_setting *s = table; s->name && status == CROW_OK; s++) status = validate_one(s, options);
  return status;
}

/* The position of `text` in `a|b|c`, or -1. */
static int choice_find(const char *choices, const char *text) {
  const size_t length = strlen(text);
  int position = 0;
  for (const char *word = choices;; position++) {
    const size_t word_length = strcspn(word, "|");
    if (word_length == length && strncasecmp(word, text, length) == 0) return position;
    if (!word[word_length]) return -1;
    word += word_length + 1;
  }
}

static crow_status parse_number(const crow_setting *s, const char *text, void *options) {
  char *end = NULL;
  /* Integers may be given as 1e6; beyond 2^53 they must be written out. */
  const double value = strtod(text, &end);
  const bool whole = s->type == CROW_SETTING_INT;
  if (end == text || *end || isnan(value) || (whole && (value != floor(value) || fabs(value) >= 0x1p63))) {
    return crow_error(CROW_USAGE, "%s \"%s\": expected %s", s->name, text, whole ? "a whole number" : "a number");
  }
  if (!in_range(s, value)) return out_of_range(s, text);
  if (whole) {
    errno = 0;
    const long long exact = strtoll(text, &end, 10);
    *(int64_t *)settings_field(s, options) = *end || errno ? (int64_t)value : (int64_t)exact;
  } else {
    *(double *)settings_field(s, options) = value;
  }
  return CROW_OK;
}

static crow_status parse_choice(const crow_setting *s, const char *text, void *options) {
  const int position = choice_find(s->choices, text);
  if (position >= 0) {
    *(int *)settings_field(s, options) = position;
    return CROW_OK;
  }
  char nearest[128];
  crow_nearest_word(text, s->choices, nearest, sizeof nearest);
  return crow_error(CROW_USAGE, "%s \"%s\": expected one of %s; did you mean \"%s\"?", s->name, text, s->choices,
                    nearest);
}

crow_status crow_setting_parse(const crow_setting *s, const char *text, void *options) {
  int position;
  switch (s->type) {
  case CROW_SETTING_BOOL:
    position = choice_find("no|yes|false|true|off|on|0|1", text);
    if (position < 0) return crow_error(CROW_USAGE, "%s \"%s\": expected yes or no", s->name, text);
    *(bool *)settings_field(s, options) = position % 2;
    return CROW_OK;
  case CROW_SETTING_INT:
  case CROW_SETTING_DOUBLE:
    return parse_number(s, text, options);
  case CROW_SETTING_CHOICE:
    return parse_choice(s, text, options);
  default:
    *(const char **)settings_field(s, options) = text;
    return CROW_OK;
  }
}

static void print_double(double value, char *text, size_t bytes) {
  (void)snprintf(text, bytes, "%.15g", value);
  if (strtod(text, NULL) != value) (void)snprintf(text, bytes, "%.17g", value);
}

void crow_setting_print(const crow_setting *s, const void *options, char *text, size_t bytes) {
  const void *at = field_const(s, options);
  const char *word = s->choices;
  switch (s->type) {
  case CROW_SETTING_BOOL:
    (void)snprintf(text, bytes, "%s", *(const bool *)at ? "yes" : "no");
    return;
  case CROW_SETTING_INT:
    (void)snprintf(text, bytes, "%lld", (long long)*(const int64_t *)at);
    return;
  case CROW_SETTING_DOUBLE:
    print_double(*(const double *)at, text, bytes);
    return;
  case CROW_SETTING_CHOICE:
    for (int k = *(const int *)at; k > 0 && strchr(word, '|'); k--) word = strchr(word, '|') + 1;
    (void)snprintf(text, bytes, "%.*s", (int)strcspn(word, "|"), word);
    return;
  default: {
    const char *value = *(const char *const *)at;
    (void)snprintf(text, bytes, "%s", value ? value : "");
    return;
  }
  }
}

/* Levenshtein's distance; words longer than 63 bytes are cut. */
static int edit_distance(const char *a, size_t a_length, const char *b, size_t b_length) {
  int row[64];
  if (a_length > 63) a_length = 63;
  if (b_length > 63) b_length = 63;
  for (size_t j = 0; j <= b_length; j++) row[j] = (int)j;
  for (size_t i = 1; i <= a_length; i++) {
    int diagonal = row[0];
    row[0] = (int)i;
    for (size_t j = 1; j <= b_length; j++) {
      int best = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      if (row[j] + 1 < best) best = row[j] + 1;
      if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
      row[j] = best;
    }
  }
  return row[b_length];
}

void crow_nearest_word(const char *text, const char *words, char *nearest, size_t bytes) {
  int best = INT32_MAX;
  const size_t length = strlen(text);
  for (const char *word = words; word;) {
    const size_t word_length = strcspn(word, "|");
    const int distance = edit_distance(text, length, word, word_length);
    if (distance < best) {
      best = distance;
      (void)snprintf(nearest, bytes, "%.*s", (int)word_length, word);
    }
    word = word[word_length] ? word + word_length + 1 : NULL;
  }
}
