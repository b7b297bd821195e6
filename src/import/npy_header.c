/* SPDX-License-Identifier: Apache-2.0 */
/* The header of a .npy file is a Python dictionary with the keys descr, fortran_order and shape. Only that is
 * understood; nothing in it is trusted. */
#include "import/floats_impl.h"

#include <string.h>

typedef struct scanner {
  const char *name, *at, *end;
} scanner;

static crow_status malformed(const scanner *in, const char *expected) {
  return crow_error(CROW_BAD_INPUT,
                    "%s: the .npy header is malformed: expected %s; a header looks like "
                    "{'descr': '<f4', 'fortran_order': False, 'shape': (240, 64), }",
                    in->name, expected);
}

static void skip_space(scanner *in) {
  while (in->at < in->end && (*in->at == ' ' || *in->at == '\n' || *in->at == '\t' || *in->at == '\r')) in->at++;
}

/* Takes `c` if it comes next. */
static bool npy_header_take(scanner *in, char c) {
  skip_space(in);
  if (in->at == in->end || *in->at != c) return false;
  in->at++;
  return true;
}

static bool take_word(scanner *in, const char *word) {
  skip_space(in);
  const size_t length = strlen(word);
  if ((size_t)(in->end - in->at) < length || memcmp(in->at, word, length) != 0) return false;
  in->at += length;
  return true;
}

static crow_status take_text(scanner *in, const char *what, char *text, size_t bytes) {
  skip_space(in);
  const char quote = in->at < in->end ? *in->at : 0;
  if (quote != '\'' && quote != '"') return malformed(in, what);
  const char *begin = ++in->at;
  const char *end = memchr(begin, quote, (size_t)(in->end - begin));
  if (!end || (size_t)(end - begin) >= bytes || memchr(begin, 0, (size_t)(end - begin))) return malformed(in, what);
  memcpy(text, begin, (size_t)(end - begin));
  text[end - begin] = 0;
  in->at = end + 1;
  return CROW_OK;
}

static crow_status take_length(scanner *in, int64_t *length) {
  int64_t value = 0;
  const char *begin = in->at;
  while (in->at < in->end && *in->at >= '0' && *in->at <= '9') {
    if (value > (INT64_MAX - 9) / 10) return malformed(in, "lengths below 2^63 in shape");
    value = 10 * value + (*in->at++ - '0');
  }
  if (in->at == begin) return malformed(in, "whole numbers in shape");
  if (in->at < in->end && *in->at == 'L') in->at++; /* Python 2 wrote long integers so */
  *length = value;
  return CROW_OK;
}

static crow_status take_shape(scanner *in, crow_npy_header *out) {
  out->dimensions = 0;
  if (!npy_header_take(in, '(')) return malformed(in, "a tuple for shape");
  while (!npy_header_take(in, ')')) {
    int64_t length = 0;
    skip_space(in);
    CROW_NEED(take_length(in, &length));
    if (out->dimensions < 2) out->shape[out->dimensions] = length;
    if (out->dimensions < 3) out->dimensions++;
    if (npy_header_take(in, ',')) continue;
    if (npy_header_take(in, ')')) break;
    CROW_NEED(malformed(in, "a comma or ) in shape"));
  }
  return CROW_OK;
}

static crow_status npy_take_value(scanner *in, const char *key, crow_npy_header *out, unsigned *seen) {
  if (strcmp(key, "descr") == 0) {
    *seen |= 1;
    if (npy_header_take(in, '[')) {
      return crow_error(CROW_BAD_INPUT, "%s: holds records with named fields, expected a plain array of floats",
                        in->name);
    }
    CROW_NEED(take_text(in, "a short text for descr", out->descr, sizeof out->descr));
  } else if (strcmp(key, "fortran_order") == 0) {
    *seen |= 2;
    out->fortran_order = take_word(in, "True");
    if (!out->fortran_order && !take_word(in, "False")) CROW_NEED(malformed(in, "True or False for fortran_order"));
  } else if (strcmp(key, "shape") == 0) {
    *seen |= 4;
    CROW_NEED(take_shape(in, out));
  } else {
    CROW_NEED(malformed(in, "no other keys than descr, fortran_order and shape"));
  }
  return CROW_OK;
}

crow_status crow_npy_parse_header(const char *name, const char *text, size_t bytes, crow_npy_header *out) {
  scanner in = {name, text, text + bytes};
  unsigned seen = 0;
  *out = (crow_npy_header){.shape = {1, 1}};
  if (!npy_header_take(&in, '{')) return malformed(&in, "{");
  while (!npy_header_take(&in, '}')) {
    char key[32];
    CROW_NEED(take_text(&in, "a key in quotes", key, sizeof key));
    if (!npy_header_take(&in, ':')) CROW_NEED(malformed(&in, "a colon after each key"));
    CROW_NEED(npy_take_value(&in, key, out, &seen));
    if (npy_header_take(&in, ',')) continue;
    if (npy_header_take(&in, '}')) break;
    CROW_NEED(malformed(&in, "a comma or } after each value"));
  }
  if (seen != 7) CROW_NEED(malformed(&in, "all of descr, fortran_order and shape"));
  return CROW_OK;
}
