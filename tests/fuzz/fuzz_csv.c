/* SPDX-License-Identifier: Apache-2.0 */
/* The readers of CSV and TSV. The first byte says which: i items, x contexts, n comparisons of named alternatives,
 * r comparisons of numbered rows, o comparisons of whatever they name, anything else records without meaning. A file
 * that begins with a brace is JSON lines. */
#include "fuzz.h"
#include "import/import_impl.h"

static crow_status read_records(crow_csv *csv) {
  int64_t line = crow_csv_is_json(csv) ? 0 : 1; /* the first object is a record, and names the columns */
  bool got = true;
  for (;;) {
    const crow_status status = crow_csv_next(csv, &got);
    if (status != CROW_OK || !got) return status;
    FUZZ_REQUIRE(crow_csv_line(csv) > line && crow_csv_fields(csv) >= 1);
    line = crow_csv_line(csv);
    for (int64_t k = 0; k < crow_csv_fields(csv); k++) FUZZ_REQUIRE(strlen(crow_csv_field(csv, k)) < SIZE_MAX);
  }
}

static void check_comparisons(const crow_import_comparisons *comparisons, int64_t alternatives) {
  for (const crow_import_block *block = comparisons->head; block; block = block->next) {
    for (int64_t k = 0; k < block->count; k++) {
      FUZZ_REQUIRE(block->first[k] >= 0 && block->first[k] < alternatives);
      FUZZ_REQUIRE(block->second[k] >= 0 && block->second[k] < alternatives);
      FUZZ_REQUIRE(block->first[k] != block->second[k] && block->judgements[k] >= 1);
      FUZZ_REQUIRE(block->outcome[k] >= 0 && block->outcome[k] <= 1);
    }
  }
}

static crow_status read_comparisons(crow_csv *csv, uint8_t how, crow_bad_lines *report) {
  static const char *const names[] = {"alpha", "beta", "gamma|", "a", "right", "1", "0", "\xc3\xa9t\xc3\xa9"};
  crow_import_alternatives alternatives = {.source = "items", .count = 8, .by_number = how == 'r', .open = how == 'o'};
  crow_import_comparisons comparisons = {0};
  const crow_import_rules rules = {0};
  crow_status status = CROW_OK;
  if (how == 'o') alternatives.count = 0;
  for (int k = 0; how == 'n' && k < 8; k++) {
    int64_t number;
    bool added;
    CROW_TRY(crow_ids_add(&alternatives.ids, names[k], k + 2, &number, &added));
  }
  CROW_TRY(crow_import_read_rows(csv, &alternatives, &rules, &comparisons, report));
  check_comparisons(&comparisons, alternatives.count);
cleanup:
  crow_import_comparisons_free(&comparisons);
  crow_import_alternatives_free(&alternatives);
  return status;
}

static crow_status read_alternatives(crow_csv *csv, bool contexts, crow_bad_lines *report) {
  crow_import_alternatives alternatives = {.source = "items"};
  crow_status status = contexts ? crow_import_read_contexts(csv, &alternatives, report)
                                : crow_import_read_items(csv, &alternatives, report);
  FUZZ_REQUIRE(status != CROW_OK || alternatives.by_number || alternatives.count == alternatives.ids.count);
  for (int64_t k = 0; status == CROW_OK && report->bad == 0 && contexts && k < alternatives.count; k++) {
    for (int64_t j = 0; j < alternatives.dimensions; j++) {
      const double value = alternatives.context[k * alternatives.dimensions + j];
      FUZZ_REQUIRE(value - value == 0);
    }
  }
  crow_import_alternatives_free(&alternatives);
  return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  crow_csv *csv = NULL;
  crow_bad_lines report = {0};
  if (size < 2) return 0;
  FILE *stream = fmemopen((void *)(uintptr_t)(data + 1), size - 1, "r");
  if (!stream) return 0;
  crow_status status = crow_csv_open_stream(stream, "input", &csv);
  if (status == CROW_OK) {
    switch (data[0]) {
    case 'i':
      status = read_alternatives(csv, false, &report);
      break;
    case 'x':
      status = read_alternatives(csv, true, &report);
      break;
    case 'n':
    case 'r':
    case 'o':
      status = read_comparisons(csv, data[0], &report);
      break;
    default:
      status = read_records(csv);
    }
  }
  fuzz_judge(status, "input");
  fuzz_judge(crow_bad_lines_status(&report), "input");
  crow_csv_close(&csv);
  return 0;
}
