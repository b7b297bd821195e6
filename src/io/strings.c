/* SPDX-License-Identifier: Apache-2.0 */
/* Texts between memory and file. */
#include "base/utf8_impl.h"
#include "io/file_impl.h"
#include "io/ids_impl.h"

#include <math.h>
#include <string.h>

/* Texts of variable length are held as pointers while a piece of them is read, at most this many bytes of them. */
#define PIECE_TEXTS (INT64_C(1) << 20)
#define PIECE_TEXT_BYTES (INT64_C(1) << 26)
/* All texts are held and written at the width of the longest: that may take CROW_PADDED_BYTES, or this many times the
 * file. */
#define PADDED_TIMES_FILE 64

const char *crow_strings_get(const crow_strings *strings, int64_t index) {
  return strings->data + index * strings->width;
}

void crow_strings_free(crow_strings *strings) {
  if (!strings) return;
  crow_free(strings->data);
  *strings = (crow_strings){0};
}

/* Texts that grow in width as longer ones come. */
static crow_status strings_widen(crow_strings *strings, int64_t width) {
  char *wider = NULL;
  if (width <= strings->width) return CROW_OK;
  CROW_NEED(crow_allocate(strings->count, (size_t)width, (void **)&wider));
  for (int64_t i = 0; i < strings->count && strings->width > 0; i++) {
    memcpy(wider + i * width, strings->data + i * strings->width, (size_t)strings->width);
  }
  crow_free(strings->data);
  strings->data = wider;
  strings->width = width;
  return CROW_OK;
}

static crow_status text_error(const crow_file *file, const crow_entry *entry, int64_t index, const char *what) {
  return crow_error(CROW_BAD_INPUT, "%s: %s[%lld] is %s, expected UTF-8 text of less than %lld bytes", file->name,
                    crow_file_entry_path(file, entry), (long long)index, what, (long long)CROW_TEXT_BYTES);
}

/* Refuses a text that would make all `rows` of its array take far more than their file: one long text among many short
 * ones, or many references to one long text. */
static crow_status check_padded(const crow_file *file, const crow_entry *entry, int64_t index, int64_t width) {
  hsize_t stored = 0;
  int64_t padded = 0;
  if (__builtin_mul_overflow(entry->rows, width, &padded)) padded = INT64_MAX;
  if (padded <= CROW_PADDED_BYTES) return CROW_OK;
  if (H5Fget_filesize(file->id, &stored) >= 0 && (double)padded <= PADDED_TIMES_FILE * (double)stored) return CROW_OK;
  return crow_error(CROW_BAD_INPUT,
                    "%s: %s[%lld] has %lld bytes: at its width the %lld texts would take %.3g GB, expected texts of "
                    "similar length (at most %.3g GB for a file of %.3g GB)",
                    file->name, crow_file_entry_path(file, entry), (long long)index, (long long)width - 1,
                    (long long)entry->rows, (double)padded / 1e9,
                    fmax((double)CROW_PADDED_BYTES, PADDED_TIMES_FILE * (double)stored) / 1e9, (double)stored / 1e9);
}

/* Copies texts of variable length from HDF5's memory. */
static crow_status take_texts(const crow_file *file, const crow_entry *entry, char *const *texts, int64_t first,
                              int64_t count, int64_t at, crow_strings *out) {
  int64_t longest = 0, index = 0;
  for (int64_t i = 0; i < count; i++) {
    const int64_t bytes = texts[i] ? (int64_t)strlen(texts[i]) + 1 : 1;
    if (bytes > longest) index = i;
    if (bytes > longest) longest = bytes;
  }
  CROW_NEED(check_padded(file, entry, first + index, longest));
  CROW_NEED(strings_widen(out, longest));
  for (int64_t i = 0; i < count; i++) {
    if (texts[i]) memcpy(out->data + (at + i) * out->width, texts[i], strlen(texts[i]));
  }
  return CROW_OK;
}

/* Where HDF5 puts the texts of a piece: blocks that are freed together. A damaged file can make it ask for any amount,
 * so it gets no text beyond CROW_TEXT_BYTES and no piece beyond PIECE_TEXT_BYTES. */
typedef struct arena {
  void **block;
  int64_t blocks, used; /* of the last block */
  bool too_long, full;
} arena;
#define ARENA_BLOCK_BYTES (INT64_C(1) << 20)
#define ARENA_BLOCKS (PIECE_TEXT_BYTES / ARENA_BLOCK_BYTES)

static void *arena_take(size_t bytes, void *context) {
  arena *a = context;
  a->too_long = a->too_long || bytes > (size_t)CROW_TEXT_BYTES;
  if (a->too_long) return NULL;
  if (a->blocks == 0 || a->used + (int64_t)bytes > ARENA_BLOCK_BYTES) {
    a->full = a->full || a->blocks == ARENA_BLOCKS;
    if (a->full || crow_allocate_raw(ARENA_BLOCK_BYTES, 1, &a->block[a->blocks]) != CROW_OK) return NULL;
    a->blocks++;
    a->used = 0;
  }
  char *text = (char *)a->block[a->blocks - 1] + a->used;
  a->used += ((int64_t)bytes + 7) / 8 * 8;
  return text;
}

static void arena_give(void *text, void *context) {
  (void)text;
  (void)context;
}

static void arena_empty(arena *a) {
  for (int64_t i = 0; i < a->blocks; i++) crow_free(a->block[i]);
  a->blocks = a->used = 0;
  a->too_long = a->full = false;
}

/* One piece of texts of variable length, of which `*count` says how many were wanted and then how many there was room
 * for. HDF5 reads these rank by rank: their bytes lie scattered in heaps. */
static crow_status read_variable_piece(const crow_file *file, const crow_entry *entry, hid_t type, hid_t transfer,
                                       arena *a, char **texts, int64_t begin, int64_t *count) {
  crow_status status = CROW_OK;
  hid_t space = H5Dget_space(entry->handle), memory = H5I_INVALID_HID;
  for (bool read = false; !read;) {
    const hsize_t start = (hsize_t)begin, extent = (hsize_t)*count;
    crow_hdf5_close(&memory);
    memory = H5Screate_simple(1, &extent, NULL);
    if (space < 0 || memory < 0 || H5Sselect_hyperslab(space, H5S_SELECT_SET, &start, NULL, &extent, NULL) < 0) {
      CROW_TRY(crow_hdf5_error(false, file->name, crow_file_entry_path(file, entry), "read"));
    }
    arena_empty(a);
    read = H5Dread(entry->handle, type, memory, space, transfer, texts) >= 0;
    if (read) continue;
    if (*count > 1 && (a->full || a->too_long)) {
      *count /= 2; /* halved until it fits, at last to one text that is too long by itself */
    } else if (a->too_long) {
      CROW_TRY(text_error(file, entry, begin, "longer"));
    } else {
      CROW_TRY(crow_hdf5_error(false, file->name, crow_file_entry_path(file, entry), "read"));
    }
  }
cleanup:
  crow_hdf5_close(&memory);
  crow_hdf5_close(&space);
  return status;
}

static crow_status read_variable(const crow_file *file, const crow_entry *entry, crow_gidx begin, crow_gidx count,
                                 crow_strings *out) {
  crow_status status = CROW_OK;
  char **texts = NULL;
  void *block[ARENA_BLOCKS];
  arena a = {.block = block};
  hid_t stored = H5Dget_type(entry->handle), type = crow_hdf5_text_type(H5T_VARIABLE);
  hid_t transfer = H5Pcreate(H5P_DATASET_XFER);
  if (stored < 0 || type < 0 || H5Tset_cset(type, H5Tget_cset(stored)) < 0 || transfer < 0 ||
      H5Pset_vlen_mem_manager(transfer, arena_take, &a, arena_give, NULL) < 0) {
    CROW_TRY(crow_hdf5_error(false, file->name, crow_file_entry_path(file, entry), "read the type"));
  }
  CROW_TRY(CROW_ALLOCATE(&texts, count < PIECE_TEXTS ? count : PIECE_TEXTS));
  for (crow_gidx at = 0, n = 0, most = PIECE_TEXTS; at < count; at += n) {
    n = count - at < most ? count - at : most;
    CROW_TRY(read_variable_piece(file, entry, type, transfer, &a, texts, begin + at, &n));
    CROW_TRY(take_texts(file, entry, texts, begin + at, n, at, out));
    most = 2 * n < PIECE_TEXTS ? 2 * n : PIECE_TEXTS;
  }
cleanup:
  arena_empty(&a);
  crow_free(texts);
  crow_hdf5_close(&transfer);
  crow_hdf5_close(&type);
  crow_hdf5_close(&stored);
  return status;
}

/* The memory type that takes a stored text of fixed length with its end. */
static crow_status fixed_type(const crow_file *file, const crow_entry *entry, hid_t *type) {
  crow_status status = CROW_OK;
  hid_t stored = H5Dget_type(entry->handle);
  *type = crow_hdf5_text_type((size_t)entry->bytes + 1);
  if (stored < 0 || *type < 0 || H5Tset_cset(*type, H5Tget_cset(stored)) < 0) {
    status = crow_hdf5_error(false, file->name, crow_file_entry_path(file, entry), "read the type");
  }
  crow_hdf5_close(&stored);
  return status;
}

static crow_status check_texts(const crow_file *file, const crow_entry *entry, crow_gidx begin, crow_strings *texts) {
  for (int64_t i = 0; i < texts->count; i++) {
    if (crow_utf8_mend(texts->data + i * texts->width)) return text_error(file, entry, begin + i, "not valid UTF-8");
  }
  return CROW_OK;
}

crow_status crow_file_read_strings(const crow_file *file, const char *path, crow_gidx begin, crow_gidx count,
                                   crow_strings *out) {
  crow_status status = CROW_OK;
  crow_entry *entry = NULL;
  crow_pieces pieces;
  hid_t type = H5I_INVALID_HID;
  *out = (crow_strings){.count = count};
  CROW_TRY(crow_file_dataset(file, path, &entry));
  if (entry->class != CROW_CLASS_TEXT || entry->rank != 1) {
    CROW_TRY(crow_error(CROW_BAD_INPUT, "%s: %s is not a vector of texts", file->name, path));
  }
  CROW_TRY(crow_pieces_begin(file, entry, 1, PIECE_TEXTS, begin, count, &pieces));
  CROW_TRY_AGREE(file->comm, entry->variable ? CROW_OK : check_padded(file, entry, 0, entry->bytes + 1));
  CROW_TRY_AGREE(file->comm, strings_widen(out, entry->variable ? 1 : entry->bytes + 1));
  if (entry->variable) {
    CROW_TRY_AGREE(file->comm, read_variable(file, entry, begin, count, out));
  } else {
    CROW_TRY_AGREE(file->comm, fixed_type(file, entry, &type));
    CROW_TRY(crow_file_move(file, entry, false, type, (size_t)out->width, begin, count, out->data));
  }
  CROW_TRY_AGREE(file->comm, check_texts(file, entry, begin, out));
  int64_t width = out->width;
  CROW_TRY(crow_comm_max_i64(file->comm, &width, 1));
  CROW_TRY_AGREE(file->comm, strings_widen(out, width));
cleanup:
  crow_hdf5_close(&type);
  if (status != CROW_OK) crow_strings_free(out);
  return status;
}

crow_status crow_file_define_strings(crow_file *file, const char *path, crow_gidx rows, int64_t width) {
  crow_status status = CROW_OK;
  const hid_t type = crow_hdf5_text_type((size_t)(width > 1 ? width : 1));
  hid_t close = type;
  CROW_TRY_AGREE(file->comm, type >= 0 ? CROW_OK : crow_hdf5_error(true, file->name, path, "define the dataset"));
  CROW_TRY(crow_file_define_type(file, path, type, rows, 0));
cleanup:
  crow_hdf5_close(&close);
  return status;
}

crow_status crow_file_write_strings_rows(crow_file *file, const char *path, crow_gidx begin,
                                         const crow_strings *slice) {
  crow_status status = CROW_OK;
  crow_entry *entry = crow_catalogue_find(&file->catalogue, path);
  crow_strings copy = {.count = slice->count};
  hid_t type = H5I_INVALID_HID;
  const bool writable = file->temporary && entry && entry->handle > 0 && entry->class == CROW_CLASS_TEXT;
  if (!writable || entry->variable || (slice->count && slice->width > entry->bytes)) {
    status = crow_error(CROW_FAILED, "%s: %s is not defined for writing texts of %lld bytes", file->name, path,
                        (long long)slice->width);
  }
  CROW_TRY_AGREE(file->comm, status);
  /* Texts as wide as the stored ones are written as they are. */
  const bool narrower = slice->count && slice->width < entry->bytes;
  CROW_TRY_AGREE(file->comm, narrower ? strings_widen(&copy, entry->bytes) : CROW_OK);
  for (int64_t i = 0; i < slice->count && narrower; i++) {
    memcpy(copy.data + i * copy.width, slice->data + i * slice->width, (size_t)slice->width);
  }
  type = crow_hdf5_text_type((size_t)entry->bytes);
  CROW_TRY_AGREE(file->comm, type >= 0 ? CROW_OK : crow_hdf5_error(true, file->name, path, "write"));
  CROW_TRY(crow_file_move(file, entry, true, type, (size_t)entry->bytes, begin, slice->count,
                          narrower ? copy.data : slice->data));
  entry->written += slice->count;
cleanup:
  crow_hdf5_close(&type);
  crow_strings_free(&copy);
  return status;
}

crow_status crow_file_write_strings(crow_file *file, const char *path, crow_gidx rows, crow_gidx begin,
                                    const crow_strings *slice) {
  int64_t width = slice->width;
  CROW_NEED(crow_comm_max_i64(file->comm, &width, 1));
  CROW_NEED(crow_file_define_strings(file, path, rows, width));
  return crow_file_write_strings_rows(file, path, begin, slice);
}
