/* SPDX-License-Identifier: Apache-2.0 */
#include "import/import_impl.h"

#include <math.h>
#include <string.h>

/* A piece of the contexts that rank 0 holds at a time. */
enum { PIECE_BYTES = 1 << 25 };

/* What every rank must know to take part in collective writes. */
typedef struct outline {
  crow_gidx alternatives, dimensions, comparisons, blocks, kept, text_bytes;
  crow_type type;
  bool has_id, has_text, has_topic, has_prompt, has_columns, has_count;
  crow_import_summary summary;
} outline;

/* How contexts are stored: single precision stays single. */
static crow_type context_type(const crow_import_alternatives *alternatives) {
  if (alternatives->npy.stream) return alternatives->npy.type;
  return alternatives->array && crow_array_is_single(alternatives->array) ? CROW_F32 : CROW_F64;
}

static outline outline_make(const crow_import_alternatives *alternatives, const crow_import_comparisons *comparisons,
                            int64_t shortened) {
  outline out = {.alternatives = alternatives->count,
                 .dimensions = alternatives->dimensions,
                 .comparisons = comparisons->count,
                 .kept = comparisons->keep_count,
                 .text_bytes = alternatives->ids.text_bytes - alternatives->ids.count,
                 .type = context_type(alternatives),
                 .has_id = alternatives->ids.count > 0,
                 .has_text = shortened > 0,
                 .has_topic = alternatives->has_topic,
                 .has_prompt = alternatives->has_prompt,
                 .has_columns = alternatives->columns.count > 0,
                 .has_count = comparisons->has_count};
  for (const crow_import_block *block = comparisons->head; block; block = block->next) out.blocks++;
  const bool unnamed = out.has_topic && crow_ids_find(&alternatives->topics, "") >= 0;
  out.summary = (crow_import_summary){.alternatives = alternatives->count,
                                      .dimensions = alternatives->dimensions,
                                      .comparisons = comparisons->count,
                                      .ties = comparisons->ties,
                                      .both_bad = comparisons->both_bad,
                                      .dropped = comparisons->dropped,
                                      .texts = shortened,
                                      .kept = comparisons->keep_count,
                                      .topics = alternatives->topics.count - unnamed,
                                      .prompts = alternatives->has_prompt ? alternatives->prompts.count : 0};
  memcpy(out.summary.how, comparisons->how, sizeof out.summary.how);
  return out;
}

/* ---- contexts ----------------------------------------------------------------------------------------------- */

static void check_finite(const crow_floats *npy, int64_t begin, int64_t rows, const void *values,
                         crow_bad_lines *report) {
  for (int64_t row = 0; row < rows; row++) {
    for (int64_t column = 0; column < npy->columns; column++) {
      const int64_t at = row * npy->columns + column;
      const double value = npy->type == CROW_F32 ? (double)((const float *)values)[at] : ((const double *)values)[at];
      if (isfinite(value)) continue;
      crow_bad_lines_add(report, npy->name, 0,
                         "row %lld, column %lld (both from 0) is not finite (value \"%g\"), expected "
                         "a finite number",
                         (long long)(begin + row), (long long)column, value);
      break;
    }
  }
}

/* Rows of an HDF5 array, which come as doubles; those stored as single precision are that again. */
static crow_status read_array(const crow_import_alternatives *alternatives, int64_t begin, int64_t rows, crow_type type,
                              void *buffer) {
  crow_status status = CROW_OK;
  double *wide = NULL;
  const int64_t numbers = rows * alternatives->dimensions;
  if (type == CROW_F64) return crow_array_read(alternatives->array, begin, rows, buffer);
  CROW_TRY(CROW_ALLOCATE_RAW(&wide, numbers));
  CROW_TRY(crow_array_read(alternatives->array, begin, rows, wide));
  for (int64_t k = 0; k < numbers; k++) ((float *)buffer)[k] = (float)wide[k];
cleanup:
  crow_free(wide);
  return status;
}

static crow_status read_piece(crow_import_alternatives *alternatives, int64_t begin, int64_t rows, crow_type type,
                              void *buffer, crow_bad_lines *report) {
  if (alternatives->array) return read_array(alternatives, begin, rows, type, buffer);
  CROW_NEED(crow_floats_read(&alternatives->npy, begin, rows, buffer));
  check_finite(&alternatives->npy, begin, rows, buffer, report);
  return CROW_OK;
}

/* Rank 0 reads an array piece by piece, so that contexts may be larger than its memory. */
static crow_status import_write_contexts(const crow_comm *comm, crow_file *file, crow_import_alternatives *alternatives,
                                         const outline *of) {
  crow_status status = CROW_OK;
  const bool root = crow_comm_rank(comm) == 0;
  const int64_t row_bytes = of->dimensions * (of->type == CROW_F32 ? 4 : 8);
  const int64_t piece = row_bytes < PIECE_BYTES ? PIECE_BYTES / row_bytes : 1;
  const int64_t largest = piece < of->alternatives ? piece : of->alternatives;
  char *buffer = NULL;
  crow_bad_lines report = {.noun = "row"};
  CROW_TRY(crow_file_define(file, "/alternatives/context", of->type, of->alternatives, of->dimensions));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&buffer, root && !alternatives->context ? largest * row_bytes : 0));
  for (int64_t begin = 0; begin < of->alternatives; begin += piece) {
    const int64_t rows = of->alternatives - begin < piece ? of->alternatives - begin : piece;
    const void *values = buffer;
    if (root && alternatives->context) values = alternatives->context + begin * of->dimensions;
    const bool read = root && !alternatives->context;
    CROW_TRY_AGREE(comm, read ? read_piece(alternatives, begin, rows, of->type, buffer, &report) : CROW_OK);
    int64_t bad = report.bad;
    CROW_TRY(crow_comm_broadcast(comm, &bad, (int64_t)sizeof bad, 0));
    if (bad) continue; /* the rest is read for the count of bad rows alone */
    CROW_TRY(crow_file_write_rows(file, "/alternatives/context", begin, root ? rows : 0, of->type, values));
  }
  CROW_TRY_AGREE(comm, crow_bad_lines_status(&report));
cleanup:
  crow_free(buffer);
  return status;
}

/* ---- ids, topics and prompts -------------------------------------------------------------------------------- */

crow_status crow_import_labels(const crow_ids *names, const int32_t *number, int64_t count, crow_strings *out) {
  const int64_t width = names->widest + 1;
  int64_t bytes = 0;
  for (int64_t k = 0; k < count; k++) bytes += (int64_t)strlen(crow_ids_get(names, number[k])) + 1;
  CROW_NEED(crow_padded_check(count, width, bytes));
  CROW_NEED(CROW_ALLOCATE(&out->data, count * width));
  out->count = count;
  out->width = width;
  for (int64_t k = 0; k < count; k++) {
    (void)snprintf(out->data + k * width, (size_t)width, "%s", crow_ids_get(names, number[k]));
  }
  return CROW_OK;
}

/* Rank 0 has the names. */
static crow_status write_labels(const crow_comm *comm, crow_file *file, const char *path, const crow_ids *names,
                                const int32_t *number, crow_gidx count) {
  crow_status status = CROW_OK;
  crow_strings texts = {0};
  const bool root = crow_comm_rank(comm) == 0;
  CROW_TRY_AGREE(comm, root ? crow_import_labels(names, number, count, &texts) : CROW_OK);
  CROW_TRY(crow_file_write_strings(file, path, count, 0, &texts));
cleanup:
  crow_strings_free(&texts);
  return status;
}

static crow_status import_write_names(const crow_comm *comm, crow_file *file,
                                      const crow_import_alternatives *alternatives, const crow_strings *ids,
                                      const outline *of) {
  crow_status status = CROW_OK;
  const bool root = crow_comm_rank(comm) == 0;
  crow_strings columns = {0};
  if (of->has_id) CROW_TRY(crow_file_write_strings(file, "/alternatives/id", of->alternatives, 0, ids));
  if (of->has_columns) {
    CROW_TRY_AGREE(comm, root ? crow_ids_strings(&alternatives->columns, 0, of->dimensions, &columns) : CROW_OK);
    CROW_TRY(crow_file_write_strings(file, "/alternatives/dimension", of->dimensions, 0, &columns));
  }
  if (of->has_topic) {
    CROW_TRY(
        write_labels(comm, file, "/alternatives/topic", &alternatives->topics, alternatives->topic, of->alternatives));
  }
  if (of->has_prompt) {
    CROW_TRY(write_labels(comm, file, "/alternatives/prompt", &alternatives->prompts, alternatives->prompt,
                          of->alternatives));
  }
cleanup:
  crow_strings_free(&columns);
  return status;
}

/* ---- whole texts -------------------------------------------------------------------------------------------- */

/* Where each text begins when their terminators are left out. */
static crow_status write_begins(const crow_comm *comm, crow_file *file, const crow_ids *texts, const outline *of) {
  crow_status status = CROW_OK;
  const bool root = crow_comm_rank(comm) == 0;
  int64_t *begin = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&begin, root ? of->alternatives : 0));
  for (int64_t k = 0; root && k < of->alternatives; k++) begin[k] = texts->begin[k] - k;
  CROW_TRY(crow_file_define(file, "/alternatives/text_begin", CROW_I64, of->alternatives, 0));
  CROW_TRY(crow_file_write_rows(file, "/alternatives/text_begin", 0, root ? of->alternatives : 0, CROW_I64, begin));
cleanup:
  crow_free(begin);
  return status;
}

/* The texts end to end, in pieces: they are as long as they are, where texts of one width would be as long as the
 * longest. */
static crow_status write_texts(const crow_comm *comm, crow_file *file, const crow_ids *texts, const outline *of) {
  crow_status status = CROW_OK;
  const bool root = crow_comm_rank(comm) == 0;
  const int64_t most = PIECE_BYTES / (int64_t)sizeof(int32_t);
  int32_t *piece = NULL;
  const char *at = texts->text;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&piece, root ? (most < of->text_bytes ? most : of->text_bytes) : 0));
  CROW_TRY(crow_file_define_bytes(file, "/alternatives/text_bytes", of->text_bytes)); /* first: it bounds the begins */
  CROW_TRY(write_begins(comm, file, texts, of));
  for (int64_t begin = 0; begin < of->text_bytes; begin += most) {
    const int64_t count = of->text_bytes - begin < most ? of->text_bytes - begin : most;
    for (int64_t k = 0; root && k < count; at++) {
      if (*at) piece[k++] = (unsigned char)*at;
    }
    CROW_TRY(crow_file_write_rows(file, "/alternatives/text_bytes", begin, root ? count : 0, CROW_I32, piece));
  }
cleanup:
  crow_free(piece);
  return status;
}

/* ---- comparisons -------------------------------------------------------------------------------------------- */

static crow_status import_write_comparisons(crow_file *file, const crow_import_comparisons *comparisons,
                                            const outline *of) {
  const crow_import_block *block = comparisons->head; /* NULL on the other ranks */
  const crow_gidx q = of->comparisons;
  CROW_NEED(crow_file_define(file, "/comparisons/first", CROW_I32, q, 0));
  CROW_NEED(crow_file_define(file, "/comparisons/second", CROW_I32, q, 0));
  CROW_NEED(crow_file_define(file, "/comparisons/outcome", CROW_F64, q, 0));
  if (of->has_count) CROW_NEED(crow_file_define(file, "/comparisons/count", CROW_I64, q, 0));
  if (of->kept) CROW_NEED(crow_file_define(file, "/comparisons/label", CROW_I32, q, of->kept));
  for (crow_gidx k = 0, begin = 0; k < of->blocks; k++, begin += CROW_IMPORT_BLOCK) {
    const int64_t n = block ? block->count : 0;
    CROW_NEED(crow_file_write_rows(file, "/comparisons/first", begin, n, CROW_I32, block ? block->first : NULL));
    CROW_NEED(crow_file_write_rows(file, "/comparisons/second", begin, n, CROW_I32, block ? block->second : NULL));
    CROW_NEED(crow_file_write_rows(file, "/comparisons/outcome", begin, n, CROW_F64, block ? block->outcome : NULL));
    if (of->has_count) {
      CROW_NEED(crow_file_write_rows(file, "/comparisons/count", begin, n, CROW_I64, block ? block->judgements : NULL));
    }
    if (of->kept) {
      CROW_NEED(crow_file_write_rows(file, "/comparisons/label", begin, n, CROW_I32, block ? block->label : NULL));
    }
    if (block) block = block->next;
  }
  return CROW_OK;
}

/* Names of the kept columns, and their values. */
static crow_status import_write_kept(const crow_comm *comm, crow_file *file,
                                     const crow_import_comparisons *comparisons) {
  crow_status status = CROW_OK;
  const bool root = crow_comm_rank(comm) == 0;
  static const char *const paths[2] = {"/comparisons/label_name", "/comparisons/label_value"};
  const crow_ids *texts[2] = {&comparisons->kept, &comparisons->values};
  crow_strings strings[2] = {{0}, {0}};
  int64_t count[2] = {texts[0]->count, texts[1]->count};
  CROW_TRY(crow_comm_broadcast(comm, count, (int64_t)sizeof count, 0));
  for (int k = 0; k < 2; k++) {
    CROW_TRY_AGREE(comm, root ? crow_ids_strings(texts[k], 0, count[k], &strings[k]) : CROW_OK);
    CROW_TRY(crow_file_write_strings(file, paths[k], count[k], 0, &strings[k]));
  }
cleanup:
  for (int k = 0; k < 2; k++) crow_strings_free(&strings[k]);
  return status;
}

crow_status crow_import_write(const crow_comm *comm, crow_file *file, crow_import_alternatives *alternatives,
                              const crow_import_comparisons *comparisons, crow_import_summary *summary) {
  crow_status status = CROW_OK;
  crow_strings ids = {0};
  int64_t shortened = 0;
  CROW_TRY_AGREE(comm, crow_import_names(&alternatives->ids, &ids, &shortened));
  outline of = outline_make(alternatives, comparisons, shortened);
  CROW_TRY(crow_comm_broadcast(comm, &of, (int64_t)sizeof of, 0));
  if (of.dimensions) CROW_TRY(import_write_contexts(comm, file, alternatives, &of));
  CROW_TRY(import_write_names(comm, file, alternatives, &ids, &of));
  if (of.has_text) CROW_TRY(write_texts(comm, file, &alternatives->ids, &of));
  if (of.kept) CROW_TRY(import_write_kept(comm, file, comparisons)); /* first: it bounds the labels */
  CROW_TRY(import_write_comparisons(file, comparisons, &of));
  *summary = of.summary;
cleanup:
  crow_strings_free(&ids);
  return status;
}
