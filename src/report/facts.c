/* SPDX-License-Identifier: Apache-2.0 */
/* JSON objects as tables of names and values, folded away until they are asked for. */
#include "base/order_impl.h"
#include "plot/escape_impl.h"
#include "report/report_impl.h"
#include <stdlib.h>
#include <string.h>

static void write_cell(FILE *out, const json_t *value) {
  const bool text = json_is_string(value);
  char *dump = text ? NULL : json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(8));
  crow_html_cell(out, false, text ? json_string_value(value) : json_is_null(value) ? "–" : dump ? dump : "");
  free(dump);
}

static bool is_plain(const json_t *value) { return !json_is_object(value) && !json_is_array(value); }

/* Whether a value is a list of plain values or of objects of such: it makes a table of its own. */
static bool is_table(json_t *list) {
  size_t index;
  json_t *entry, *value;
  const char *key;
  json_array_foreach(list, index, entry) {
    if (json_is_array(entry)) return false;
    json_object_foreach(entry, key, value) {
      if (!is_plain(value)) return false;
    }
  }
  return json_array_size(list) > 0;
}

static void facts_write_rows(FILE *out, const char *above, json_t *object);

/* One name with its value; what is within the value has both names. */
static void write_row(FILE *out, const char *above, const char *key, json_t *value) {
  char name[256];
  size_t index;
  json_t *entry;
  (void)snprintf(name, sizeof name, "%s%s%s", above, *above ? ": " : "", key);
  if (json_is_object(value)) {
    facts_write_rows(out, name, value);
  } else if (json_is_array(value)) {
    json_array_foreach(value, index, entry) {
      char number[32];
      (void)snprintf(number, sizeof number, "%zu", index + 1);
      write_row(out, name, number, entry);
    }
  } else {
    (void)fputs("<tr>", out);
    crow_html_cell(out, true, name);
    write_cell(out, value);
    (void)fputs("</tr>\n", out);
  }
}

/* Rows of an object, by name. */
static void facts_write_rows(FILE *out, const char *above, json_t *object) {
  const char *keys[512], *key;
  json_t *value;
  size_t count = 0;
  json_object_foreach(object, key, value) {
    if (count < sizeof keys / sizeof *keys && (*above || !is_table(value))) keys[count++] = key;
  }
  qsort(keys, count, sizeof *keys, crow_order_texts);
  for (size_t k = 0; k < count; k++) write_row(out, above, keys[k], json_object_get(object, keys[k]));
}

/* A table whose columns are the first entry's names; plain values make one column. */
static void write_list(FILE *out, const char *caption, json_t *list) {
  json_t *first = json_array_get(list, 0), *entry, *value;
  const char *key;
  size_t index;
  char columns[1024] = "";
  json_object_foreach(first, key, value) {
    const size_t used = strlen(columns);
    if (used + strlen(key) + 3 < sizeof columns) {
      (void)snprintf(columns + used, sizeof columns - used, "%s<%s", used ? "|" : "", key);
    }
  }
  crow_html_table(out, caption, *columns ? columns : "<value");
  json_array_foreach(list, index, entry) {
    (void)fputs("<tr>", out);
    if (!json_is_object(first)) write_cell(out, entry);
    json_object_foreach(first, key, value) write_cell(out, json_object_get(entry, key));
    (void)fputs("</tr>\n", out);
  }
  crow_html_table_end(out);
}

void crow_page_print_facts(FILE *out, const char *caption, json_t *object) {
  const char *key;
  json_t *value;
  if (json_object_size(object) == 0) return;
  (void)fputs("<details><summary>", out);
  crow_html_escape(out, caption);
  (void)fputs("</summary><div class=\"wide\" tabindex=\"0\"><table class=\"facts\"><tbody>\n", out);
  facts_write_rows(out, "", object);
  (void)fputs("</tbody></table></div>\n", out);
  json_object_foreach(object, key, value) {
    if (is_table(value)) write_list(out, key, value);
  }
  (void)fputs("</details>\n", out);
}
