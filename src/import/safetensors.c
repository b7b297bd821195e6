/* SPDX-License-Identifier: Apache-2.0 */
/* .safetensors: 8 bytes with the length of a JSON text, the text, which says of each tensor its type, its shape and
 * where its numbers are, and the numbers, little-endian. */
#include "import/floats_impl.h"

#include <endian.h>
#include <errno.h>
#include <jansson.h>
#include <string.h>

/* The format's own limit is 100 MB. */
#define HEADER_BYTES INT64_C(100000000)

static const struct {
  const char *name;
  crow_stored stored;
} TYPES[] = {{"F16", CROW_STORED_F16}, {"BF16", CROW_STORED_BF16}, {"F32", CROW_STORED_F32}, {"F64", CROW_STORED_F64}};

static crow_status safetensors_read_text(const crow_floats *out, int64_t *begin, json_t **json) {
  crow_status status = CROW_OK;
  unsigned char prefix[8];
  uint64_t bytes = 0;
  char *text = NULL;
  json_error_t fault;
  CROW_TRY(crow_floats_bytes(out->stream, out->name, "its header", prefix, sizeof prefix));
  for (int k = 7; k >= 0; k--) bytes = bytes << 8 | prefix[k];
  if (bytes < 2 || bytes > HEADER_BYTES) {
    CROW_TRY(crow_error(CROW_BAD_INPUT, "%s: a .safetensors header of %llu bytes, expected 2 to %lld", out->name,
                        (unsigned long long)bytes, (long long)HEADER_BYTES));
  }
  /* The file's length first: a header that is not there needs no memory. */
  if (fseeko(out->stream, 0, SEEK_END) != 0) {
    CROW_TRY(crow_error(CROW_FILE_SYSTEM, "%s: cannot be searched: %s", out->name, strerror(errno)));
  }
  const int64_t length = ftello(out->stream);
  *begin = 8 + (int64_t)bytes;
  if (*begin > length) {
    CROW_TRY(crow_error(CROW_BAD_INPUT, "%s: ends inside its header; was it copied whole?", out->name));
  }
  CROW_TRY(CROW_ALLOCATE_RAW(&text, (int64_t)bytes));
  if (fseeko(out->stream, 8, SEEK_SET) != 0) {
    CROW_TRY(crow_error(CROW_FILE_SYSTEM, "%s: cannot be searched: %s", out->name, strerror(errno)));
  }
  CROW_TRY(crow_floats_bytes(out->stream, out->name, "its header", text, (size_t)bytes));
  *json = json_loadb(text, (size_t)bytes, JSON_REJECT_DUPLICATES, &fault);
  if (!json_is_object(*json)) {
    CROW_TRY(crow_error(CROW_BAD_INPUT, "%s: the .safetensors header is no JSON object: %s", out->name,
                        *json ? "another value" : fault.text));
  }
cleanup:
  crow_free(text);
  return status;
}

/* The tensor that is meant, or the list of those there are. */
static crow_status safetensors_choose(const crow_floats *out, json_t *all, const char *member, json_t **tensor) {
  char names[600] = "";
  size_t used = 0, count = 0;
  const char *key;
  json_t *value;
  (void)json_object_del(all, "__metadata__");
  *tensor = member ? json_object_get(all, member) : NULL;
  if (*tensor) return CROW_OK;
  json_object_foreach(all, key, value) {
    if (used < 400) used += (size_t)snprintf(names + used, 160, "%s%.120s", count ? ", " : "", key);
    count++;
    *tensor = value;
  }
  if (count == 1 && !member) return CROW_OK;
  *tensor = NULL;
  return crow_error(CROW_BAD_INPUT, "%s: holds %zu tensor%s (%s%s), expected FILE:NAME with the name of one", out->name,
                    count, crow_plural((int64_t)count), names, used < 400 ? "" : ", ...");
}

static crow_status set_type(crow_floats *out, const json_t *tensor) {
  const char *name = json_string_value(json_object_get(tensor, "dtype"));
  for (size_t k = 0; name && k < sizeof TYPES / sizeof *TYPES; k++) {
    if (strcmp(name, TYPES[k].name) != 0) continue;
    out->stored = TYPES[k].stored;
    out->type = out->stored == CROW_STORED_F64 ? CROW_F64 : CROW_F32;
    out->swap = __BYTE_ORDER != __LITTLE_ENDIAN;
    return CROW_OK;
  }
  return crow_error(CROW_BAD_INPUT, "%s: numbers of type %.40s, expected F16, BF16, F32 or F64", out->name,
                    name ? name : "(none)");
}

static crow_status set_place(crow_floats *out, const json_t *tensor, int64_t data) {
  const json_t *shape = json_object_get(tensor, "shape"), *offsets = json_object_get(tensor, "data_offsets");
  const size_t dimensions = json_array_size(shape);
  out->rows = json_integer_value(json_array_get(shape, 0));
  out->columns = dimensions == 2 ? json_integer_value(json_array_get(shape, 1)) : 1;
  if (dimensions < 1 || dimensions > 2 || out->rows < 1 || out->columns < 1) {
    return crow_error(CROW_BAD_INPUT,
                      "%s: a tensor of %zu dimensions (%lld x %lld), expected a row for each alternative", out->name,
                      dimensions, (long long)out->rows, (long long)out->columns);
  }
  const int64_t begin = json_integer_value(json_array_get(offsets, 0));
  const int64_t end = json_integer_value(json_array_get(offsets, 1));
  if (fseeko(out->stream, 0, SEEK_END) != 0) {
    return crow_error(CROW_FILE_SYSTEM, "%s: cannot be searched: %s", out->name, strerror(errno));
  }
  const int64_t room = ftello(out->stream) - data;
  if (json_array_size(offsets) != 2 || begin < 0 || end < begin || end > room || !crow_floats_fill(out, end - begin)) {
    return crow_error(CROW_BAD_INPUT,
                      "%s: its numbers are at bytes %lld to %lld of %lld, expected %lld x %lld numbers of %lld bytes "
                      "each; was it copied whole?",
                      out->name, (long long)begin, (long long)end, (long long)room, (long long)out->rows,
                      (long long)out->columns, (long long)crow_floats_element_bytes(out->stored));
  }
  out->offset = data + begin;
  return CROW_OK;
}

crow_status crow_safetensors_open(FILE *stream, const char *name, const char *member, crow_floats *out) {
  crow_status status = CROW_OK;
  json_t *json = NULL, *tensor = NULL;
  int64_t data = 0;
  *out = (crow_floats){.stream = stream};
  CROW_TRY(crow_string_copy(name, &out->name));
  CROW_TRY(safetensors_read_text(out, &data, &json));
  CROW_TRY(safetensors_choose(out, json, member, &tensor));
  CROW_TRY(set_type(out, tensor));
  CROW_TRY(set_place(out, tensor, data));
cleanup:
  json_decref(json);
  if (status != CROW_OK) crow_floats_close(out);
  return status;
}
