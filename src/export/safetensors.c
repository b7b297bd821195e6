/* SPDX-License-Identifier: Apache-2.0 */
/* safetensors: the length of a JSON header in 8 bytes, the header, padded with spaces to a multiple of 8, and the
 * numbers of all arrays one after the other. */
#include "export/model_impl.h"
#include <string.h>

void crow_tensor_bytes(double value, unsigned char *out) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  for (int k = 0; k < 8; k++) out[k] = (unsigned char)(bits >> 8 * k & 0xff);
}

/* The format's metadata are texts: others become their JSON. */
static json_t *texts_of(json_t *metadata) {
  json_t *texts = json_pack("{s:s}", "format", "pt"), *value;
  const char *key;
  json_object_foreach(metadata, key, value) {
    char *text = json_is_string(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    (void)json_object_set_new(texts, key, json_string(text ? text : json_string_value(value)));
    free(text);
  }
  return texts;
}

static json_t *make_header(const crow_tensors *tensors) {
  json_t *header = json_object();
  json_int_t begin = 0;
  (void)json_object_set_new(header, "__metadata__", texts_of(tensors->metadata));
  for (int64_t k = 0; k < tensors->count; k++) {
    const crow_tensor *t = &tensors->tensor[k];
    const json_int_t end = begin + 8 * (json_int_t)t->numbers;
    json_t *shape = t->columns ? json_pack("[I, I]", (json_int_t)t->rows, (json_int_t)t->columns)
                               : json_pack("[I]", (json_int_t)t->rows);
    (void)json_object_set_new(
        header, t->name, json_pack("{s:s, s:o, s:[I, I]}", "dtype", "F64", "shape", shape, "data_offsets", begin, end));
    begin = end;
  }
  return header;
}

static void write_numbers(FILE *out, const crow_tensor *tensor) {
  unsigned char bytes[8];
  for (int64_t i = 0; i < tensor->numbers; i++) {
    crow_tensor_bytes(tensor->value[i], bytes);
    (void)fwrite(bytes, 1, sizeof bytes, out);
  }
}

crow_status crow_safetensors_write(FILE *out, const crow_tensors *tensors) {
  crow_status status = CROW_OK;
  json_t *header = make_header(tensors);
  char *text = header ? json_dumps(header, JSON_COMPACT) : NULL;
  if (!text) CROW_TRY(crow_error(CROW_FAILED, "out of memory for the header of a model"));
  const uint64_t length = (strlen(text) + 7) / 8 * 8;
  for (int k = 0; k < 8; k++) (void)fputc((int)(length >> 8 * k & 0xff), out);
  (void)fprintf(out, "%-*s", (int)length, text);
  for (int64_t k = 0; k < tensors->count; k++) write_numbers(out, &tensors->tensor[k]);
cleanup:
  free(text);
  json_decref(header);
  return status;
}
