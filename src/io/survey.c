/* SPDX-License-Identifier: Apache-2.0 */
/* Rank 0's look at a file. Nothing here trusts the file: depth, number and size of everything are bounded. */
#include "base/utf8_impl.h"
#include "io/file_impl.h"
#include "io/heap_impl.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OBJECTS_MAX 10000
#define ATTRIBUTES_MAX 10000
#define DEPTH_MAX 32
/* Of all names and texts of attributes together. */
#define TEXT_BYTES_MAX (INT64_C(1) << 26)
#define CHUNK_BYTES_MAX (INT64_C(1) << 30)
/* A chunk is unpacked whole: beyond this it may not be much larger than what is in it. */
#define CHUNK_BYTES_FREE (INT64_C(1) << 24)
#define CHUNK_TIMES_MAX 4

typedef struct survey {
  const char *file;
  crow_catalogue *catalogue;
  crow_heaps heaps;
  crow_catalogue soft; /* soft links, looked at when all hard links are known */
  bool external;       /* there is an external or user-defined link */
  char path[1024];     /* of the group that is being listed, "" for the root */
  int depth;
  crow_status status; /* why a callback stopped an iteration */
  char problem[640];  /* why the dataset that is looked at cannot be read, in words that follow its path; or "" */
} survey;

/* The first problem of a dataset is the one that is told. */
CROW_PRINTF(2, 3) static void note_problem(survey *s, const char *format, ...) {
  va_list arguments;
  if (s->problem[0]) return;
  va_start(arguments, format);
  (void)vsnprintf(s->problem, sizeof s->problem, format, arguments);
  va_end(arguments);
  (void)crow_utf8_mend(s->problem); /* names in it may be anything */
}

/* ---- attributes --------------------------------------------------------------------------------------------- */

static crow_status read_text_attribute(hid_t attribute, hid_t type, crow_attribute *value, char **text) {
  crow_status status = CROW_OK;
  hid_t memory = H5I_INVALID_HID;
  char *variable = NULL;
  if (H5Tis_variable_str(type) > 0) {
    memory = crow_hdf5_text_type(H5T_VARIABLE);
    if (memory >= 0) (void)H5Tset_cset(memory, H5Tget_cset(type));
    if (memory < 0 || H5Aread(attribute, memory, &variable) < 0) goto cleanup;
    CROW_TRY(crow_string_copy(variable ? variable : "", text));
  } else {
    const size_t bytes = H5Tget_size(type);
    if (bytes == 0 || bytes > (size_t)CROW_TEXT_BYTES) goto cleanup;
    CROW_TRY(crow_allocate((int64_t)bytes + 1, 1, (void **)text));
    memory = crow_hdf5_text_type(bytes + 1);
    if (memory >= 0) (void)H5Tset_cset(memory, H5Tget_cset(type));
    if (memory < 0 || H5Aread(attribute, memory, *text) < 0) goto cleanup;
  }
  if (*text && !crow_utf8_mend(*text)) value->class = CROW_CLASS_TEXT;
cleanup:
  if (variable) (void)H5free_memory(variable);
  crow_hdf5_close(&memory);
  return status;
}

/* The value of an attribute that holds one number or text; class other for anything else. */
static crow_status read_attribute(hid_t attribute, crow_attribute *value, char **text) {
  crow_status status = CROW_OK;
  crow_entry kind = {0};
  hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
  *value = (crow_attribute){.class = CROW_CLASS_OTHER};
  if (type < 0 || space < 0 || H5Sget_simple_extent_npoints(space) != 1) goto cleanup;
  crow_survey_type(type, &kind);
  if (kind.class == CROW_CLASS_TEXT) {
    CROW_TRY(read_text_attribute(attribute, type, value, text));
  } else if (kind.class == CROW_CLASS_FLOAT) {
    if (H5Aread(attribute, H5T_NATIVE_DOUBLE, &value->number) >= 0) value->class = CROW_CLASS_FLOAT;
  } else if (kind.class != CROW_CLASS_OTHER) {
    if (H5Aread(attribute, H5T_NATIVE_INT64, &value->integer) >= 0) value->class = kind.class;
    value->number = (double)value->integer;
  }
cleanup:
  crow_hdf5_close(&space);
  crow_hdf5_close(&type);
  return status;
}

static herr_t visit_attribute(hid_t object, const char *name, const H5A_info_t *info, void *context) {
  (void)info;
  survey *s = context;
  crow_status status = CROW_OK;
  crow_attribute value;
  char *text = NULL, *printable = NULL;
  hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
  if (attribute < 0) CROW_TRY(crow_hdf5_error(false, s->file, s->path, "read an attribute"));
  if (s->catalogue->attribute_count >= ATTRIBUTES_MAX) {
    CROW_TRY(crow_error(CROW_BAD_INPUT, "%s has more than %d attributes", s->file, ATTRIBUTES_MAX));
  }
  if (s->catalogue->text_bytes >= TEXT_BYTES_MAX) {
    CROW_TRY(crow_error(CROW_BAD_INPUT, "%s: %s: up to its attribute %.100s there are more than %lld MiB of texts",
                        s->file, s->path[0] ? s->path : "/", name, (long long)(TEXT_BYTES_MAX >> 20)));
  }
  CROW_TRY(read_attribute(attribute, &value, &text));
  CROW_TRY(crow_string_copy(name, &printable));
  (void)crow_utf8_mend(printable);
  CROW_TRY(crow_catalogue_set(s->catalogue, s->path[0] ? s->path : "/", printable, &value,
                              value.class == CROW_CLASS_TEXT ? text : ""));
cleanup:
  crow_hdf5_close(&attribute);
  CROW_FREE(text, printable);
  s->status = status;
  return status == CROW_OK ? 0 : -1;
}

static crow_status survey_attributes(survey *s, hid_t object) {
  s->status = CROW_OK;
  if (H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, visit_attribute, s) < 0) {
    return s->status != CROW_OK ? s->status : crow_hdf5_error(false, s->file, s->path, "list the attributes");
  }
  return CROW_OK;
}

/* ---- datasets ----------------------------------------------------------------------------------------------- */

/* h5py stores booleans as an enumeration of FALSE and TRUE. */
static bool is_boolean(hid_t type) {
  if (H5Tget_nmembers(type) != 2 || H5Tget_size(type) != 1) return false;
  bool found = true;
  for (unsigned i = 0; i < 2; i++) {
    char *name = H5Tget_member_name(type, i);
    found = found && name && (strcmp(name, "FALSE") == 0 || strcmp(name, "TRUE") == 0);
    if (name) (void)H5free_memory(name);
  }
  return found;
}

void crow_survey_type(hid_t type, crow_entry *entry) {
  const size_t bytes = H5Tget_size(type);
  entry->bytes = (int64_t)bytes;
  entry->class = CROW_CLASS_OTHER;
  switch (H5Tget_class(type)) {
  case H5T_FLOAT:
    entry->class = bytes <= 8 ? CROW_CLASS_FLOAT : CROW_CLASS_OTHER;
    break;
  case H5T_INTEGER:
    entry->class = bytes <= 8 ? CROW_CLASS_INTEGER : CROW_CLASS_OTHER;
    entry->is_signed = H5Tget_sign(type) == H5T_SGN_2;
    break;
  case H5T_ENUM:
    entry->class = is_boolean(type) ? CROW_CLASS_BOOLEAN : CROW_CLASS_OTHER;
    break;
  case H5T_STRING:
    entry->class = CROW_CLASS_TEXT;
    entry->variable = H5Tis_variable_str(type) > 0;
    break;
  default:
    break;
  }
}

static void survey_check_shape(survey *s, hid_t space, crow_entry *entry) {
  hsize_t dims[H5S_MAX_RANK] = {0}, most[H5S_MAX_RANK] = {0};
  int64_t total = entry->bytes > 8 ? entry->bytes : 8;
  bool overflow = false, beyond = false;
  entry->rows = entry->columns = 1;
  entry->rank = H5Sget_simple_extent_dims(space, dims, most);
  if (H5Sget_simple_extent_type(space) == H5S_NULL || entry->rank < 0) {
    entry->rank = 0;
    note_problem(s, "has no elements at all");
  }
  for (int i = 0; i < entry->rank; i++) {
    overflow = overflow || dims[i] > INT64_MAX || __builtin_mul_overflow(total, (int64_t)dims[i], &total);
    beyond = beyond || dims[i] > most[i];
    if (!overflow && i == 0) entry->rows = (int64_t)dims[i];
    if (!overflow && i > 0) entry->columns *= (int64_t)dims[i];
  }
  if (overflow) note_problem(s, "has a shape whose size overflows");
  if (beyond) note_problem(s, "has a shape beyond its own limits: the file is damaged");
}

static double bytes_of(const crow_entry *entry) {
  return (double)entry->rows * (double)entry->columns * (double)entry->bytes;
}

static void check_chunks(survey *s, hid_t properties, const crow_entry *entry) {
  hsize_t chunk[H5S_MAX_RANK];
  const int rank = H5Pget_chunk(properties, H5S_MAX_RANK, chunk);
  double size = (double)entry->bytes;
  for (int i = 0; i < rank; i++) size *= (double)chunk[i];
  if (size > (double)CHUNK_BYTES_MAX) {
    note_problem(s, "has chunks of %.0f bytes, at most %lld are read (h5repack makes them smaller)", size,
                 (long long)CHUNK_BYTES_MAX);
  } else if (size > (double)CHUNK_BYTES_FREE && size > CHUNK_TIMES_MAX * bytes_of(entry)) {
    note_problem(s, "has chunks of %.0f bytes for a shape of %.0f bytes (h5repack makes them smaller)", size,
                 bytes_of(entry));
  }
}

static void check_filters(survey *s, hid_t properties) {
  int deflated = 0;
  for (int i = 0; i < H5Pget_nfilters(properties); i++) {
    unsigned flags = 0, config = 0;
    size_t values = 0;
    char name[64] = "";
    const H5Z_filter_t filter =
        H5Pget_filter2(properties, (unsigned)i, &flags, &values, NULL, sizeof name, name, &config);
    if (filter < 0 || H5Zfilter_avail(filter) <= 0) {
      note_problem(s, "is packed by filter %d (%.40s), which this HDF5 does not have (h5repack -f NONE undoes it)",
                   (int)filter, name);
    }
    deflated += filter == H5Z_FILTER_DEFLATE;
  }
  if (deflated > 1) {
    note_problem(s, "is packed by deflate twice, which nobody does who wants it read (h5repack -f NONE undoes it)");
  }
}

static void check_layout(survey *s, hid_t properties, const crow_entry *entry) {
  const H5D_layout_t layout = H5Pget_layout(properties);
  if (layout == H5D_VIRTUAL) {
    note_problem(s, "is a virtual dataset: crow reads only what is in the file itself (h5repack makes a copy)");
  }
  if (H5Pget_external_count(properties) > 0) {
    note_problem(s, "is stored in another file: crow reads only what is in the file itself");
  }
  if (layout == H5D_CHUNKED) check_chunks(s, properties, entry);
  check_filters(s, properties);
}

/* A shape says little about what is there: storage that was never written, or that stands for thousands of times its
 * own size, is not read. Deflate packs 1032 times at most. */
static void check_storage(survey *s, hid_t dataset, bool packed, const crow_entry *entry) {
  const double stored = (double)H5Dget_storage_size(dataset), needed = bytes_of(entry);
  if (needed > 0 && stored == 0) {
    note_problem(s, "holds no data: it was defined but never written");
  } else if (stored * (packed ? 2048 : 1) < needed) {
    note_problem(s, "holds %.0f bytes for a shape of %.0f bytes: it was not written whole, or is damaged", stored,
                 needed);
  }
}

/* Numbers that no double or 64-bit integer holds. */
static void survey_check_type(survey *s, hid_t type, const crow_entry *entry) {
  const bool floating = H5Tget_class(type) == H5T_FLOAT;
  if (entry->bytes <= 8 || !(floating || H5Tget_class(type) == H5T_INTEGER)) return;
  note_problem(s, "holds %s of %lld bytes%s, at most 8 are read: convert them, in NumPy by .astype('%s')",
               floating ? "floats" : "integers", (long long)entry->bytes, floating ? " (long double)" : "",
               floating ? "f8" : "i8");
}

static void check_texts_of(survey *s, hid_t dataset, hid_t properties, const crow_entry *entry) {
  if (entry->bytes > CROW_TEXT_BYTES) {
    note_problem(s, "holds texts of %lld bytes, at most %lld are read", (long long)entry->bytes,
                 (long long)CROW_TEXT_BYTES);
  }
  if (s->problem[0] || !entry->variable || H5Pget_layout(properties) != H5D_CONTIGUOUS) return;
  const int64_t fault = crow_heaps_first_fault(&s->heaps, (int64_t)H5Dget_offset(dataset), entry->rows);
  if (fault >= 0) {
    note_problem(s, "has a text at [%lld] that is not in the file: it is damaged", (long long)fault);
  }
}

static crow_status survey_dataset(survey *s, hid_t dataset) {
  crow_status status = CROW_OK;
  crow_entry *entry = NULL;
  hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset), properties = H5Dget_create_plist(dataset);
  if (type < 0 || space < 0 || properties < 0) CROW_TRY(crow_hdf5_error(false, s->file, s->path, "open the dataset"));
  CROW_TRY(crow_catalogue_add(s->catalogue, s->path, CROW_OBJECT_DATASET, &entry));
  s->problem[0] = 0;
  crow_survey_type(type, entry);
  survey_check_shape(s, space, entry);
  survey_check_type(s, type, entry);
  if (!s->problem[0]) check_layout(s, properties, entry);
  if (!s->problem[0]) check_storage(s, dataset, H5Pget_nfilters(properties) > 0, entry);
  if (entry->class == CROW_CLASS_TEXT) check_texts_of(s, dataset, properties, entry);
  CROW_TRY(crow_catalogue_text(s->catalogue, s->problem, &entry->problem));
  CROW_TRY(survey_attributes(s, dataset));
cleanup:
  crow_hdf5_close(&properties);
  crow_hdf5_close(&space);
  crow_hdf5_close(&type);
  return status;
}

/* ---- links -------------------------------------------------------------------------------------------------- */

static herr_t visit_link(hid_t group, const char *name, const H5L_info_t *info, void *context);

/* Notes the object that was opened as s->path, and what is below it. */
static crow_status survey_object(survey *s, hid_t object) {
  crow_status status = CROW_OK;
  crow_entry *entry = NULL;
  const H5I_type_t type = H5Iget_type(object);
  if (s->catalogue->entry_count + s->soft.entry_count >= OBJECTS_MAX) {
    CROW_TRY(crow_error(CROW_BAD_INPUT, "%s holds more than %d objects", s->file, OBJECTS_MAX));
  }
  if (type == H5I_DATASET) CROW_TRY(survey_dataset(s, object));
  if (type != H5I_GROUP) goto cleanup;
  if (s->depth >= DEPTH_MAX) {
    CROW_TRY(crow_error(CROW_BAD_INPUT, "%s: %.200s...: groups nest deeper than %d", s->file, s->path, DEPTH_MAX));
  }
  if (s->path[0]) CROW_TRY(crow_catalogue_add(s->catalogue, s->path, CROW_OBJECT_GROUP, &entry));
  CROW_TRY(survey_attributes(s, object));
  s->depth++;
  s->status = CROW_OK;
  const herr_t listed = H5Literate(object, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, visit_link, s);
  s->depth--;
  if (listed < 0) {
    status = s->status != CROW_OK ? s->status : crow_hdf5_error(false, s->file, s->path, "list the group");
  }
cleanup:
  return status;
}

static crow_status note_foreign_link(survey *s, hid_t group, const char *name, const H5L_info_t *info) {
  crow_entry *entry = NULL;
  char value[512] = "";
  const char *target_file = NULL, *target = NULL;
  unsigned flags = 0;
  s->external = true;
  s->problem[0] = 0;
  CROW_NEED(crow_catalogue_add(s->catalogue, s->path, CROW_OBJECT_LINK, &entry));
  if (info->type == H5L_TYPE_EXTERNAL && info->u.val_size <= sizeof value &&
      H5Lget_val(group, name, value, sizeof value, H5P_DEFAULT) >= 0 &&
      H5Lunpack_elink_val(value, info->u.val_size, &flags, &target_file, &target) >= 0) {
    note_problem(s, "is a link into another file (%.200s): crow reads only what is in the file itself", target_file);
  }
  note_problem(s, "is a link out of the file: crow reads only what is in the file itself");
  return crow_catalogue_text(s->catalogue, s->problem, &entry->problem);
}

static herr_t visit_link(hid_t group, const char *name, const H5L_info_t *info, void *context) {
  survey *s = context;
  crow_status status = CROW_OK;
  crow_entry *entry = NULL;
  hid_t object = H5I_INVALID_HID;
  const size_t length = strlen(s->path);
  if (length + 1 + strlen(name) >= sizeof s->path) {
    CROW_TRY(crow_error(CROW_BAD_INPUT, "%s: below %.100s is a name of %zu bytes; paths have at most %zu", s->file,
                        s->path[0] ? s->path : "/", strlen(name), sizeof s->path - 1));
  }
  (void)snprintf(s->path + length, sizeof s->path - length, "/%s", name);
  (void)crow_utf8_mend(s->path + length);
  if (info->type == H5L_TYPE_SOFT) {
    CROW_TRY(crow_catalogue_add(&s->soft, s->path, CROW_OBJECT_LINK, &entry));
  } else if (info->type == H5L_TYPE_HARD) {
    object = H5Oopen(group, name, H5P_DEFAULT);
    if (object < 0) CROW_TRY(crow_hdf5_error(false, s->file, s->path, "open the object"));
    CROW_TRY(survey_object(s, object));
  } else {
    CROW_TRY(note_foreign_link(s, group, name, info));
  }
cleanup:
  crow_hdf5_close(&object);
  s->path[length] = 0;
  s->status = status;
  return status == CROW_OK ? 0 : -1;
}

/* Follows the soft links, whose groups may hold further ones. If any link leads out of the file, none is followed. */
static crow_status survey_soft_links(survey *s, hid_t file) {
  crow_status status = CROW_OK;
  hid_t object = H5I_INVALID_HID;
  for (int64_t i = 0; i < s->soft.entry_count; i++) {
    (void)snprintf(s->path, sizeof s->path, "%s", s->soft.texts + s->soft.entries[i].path);
    s->depth = 0;
    for (const char *at = s->path; *at; at++) s->depth += *at == '/';
    object = s->external ? H5I_INVALID_HID : H5Oopen(file, s->path, H5P_DEFAULT);
    if (object >= 0) {
      CROW_TRY(survey_object(s, object));
    } else {
      crow_entry *entry = NULL;
      CROW_TRY(crow_catalogue_add(s->catalogue, s->path, CROW_OBJECT_LINK, &entry));
      CROW_TRY(crow_catalogue_text(s->catalogue, "is a soft link that leads nowhere in this file", &entry->problem));
    }
    crow_hdf5_close(&object);
  }
cleanup:
  crow_hdf5_close(&object);
  s->path[0] = 0;
  return status;
}

static crow_status check_plain_file(const char *file) {
  struct stat facts;
  if (stat(file, &facts) != 0) return crow_error(CROW_FILE_SYSTEM, "cannot open %s: %s", file, strerror(errno));
  if (!S_ISREG(facts.st_mode)) {
    return crow_error(CROW_FILE_SYSTEM, "cannot open %s: it is %s, not a file", file,
                      S_ISDIR(facts.st_mode) ? "a folder" : "a device, pipe or socket");
  }
  if (access(file, R_OK) != 0) return crow_error(CROW_FILE_SYSTEM, "cannot open %s: %s", file, strerror(errno));
  const htri_t format = H5Fis_hdf5(file);
  if (format < 0) return crow_hdf5_error(false, file, "", "open it");
  if (format == 0) return crow_error(CROW_BAD_INPUT, "%s is not an HDF5 file", file);
  return CROW_OK;
}

/* References are understood only as they are usual: 8-byte lengths and addresses that count from the first byte. */
static crow_status forget_odd_heaps(survey *s, hid_t file) {
  size_t address_bytes = 0, length_bytes = 0;
  hsize_t before = 0;
  hid_t properties = H5Fget_create_plist(file);
  if (properties < 0 || H5Pget_sizes(properties, &address_bytes, &length_bytes) < 0 ||
      H5Pget_userblock(properties, &before) < 0) {
    crow_hdf5_close(&properties);
    return crow_hdf5_error(false, s->file, "", "open it");
  }
  if (address_bytes != 8 || length_bytes != 8 || before != 0) crow_heaps_free(&s->heaps);
  crow_hdf5_close(&properties);
  return CROW_OK;
}

crow_status crow_survey_file(const char *file, crow_catalogue *catalogue) {
  crow_status status = CROW_OK;
  survey s = {.file = file, .catalogue = catalogue};
  hid_t access_list = H5I_INVALID_HID, id = H5I_INVALID_HID, root = H5I_INVALID_HID;
  crow_guard_survey(file);
  CROW_TRY(crow_catalogue_begin(catalogue));
  CROW_TRY(crow_catalogue_begin(&s.soft));
  CROW_TRY(check_plain_file(file));
  CROW_TRY(crow_heaps_load(file, &s.heaps));
  access_list = H5Pcreate(H5P_FILE_ACCESS);
  if (access_list < 0 || H5Pset_fclose_degree(access_list, H5F_CLOSE_STRONG) < 0) {
    CROW_TRY(crow_error(CROW_FAILED, "%s: HDF5 is out of memory", file));
  }
  id = H5Fopen(file, H5F_ACC_RDONLY, access_list);
  if (id < 0) CROW_TRY(crow_hdf5_error(false, file, "", "open it"));
  CROW_TRY(forget_odd_heaps(&s, id));
  root = H5Oopen(id, "/", H5P_DEFAULT);
  if (root < 0) CROW_TRY(crow_hdf5_error(false, file, "/", "open the group"));
  CROW_TRY(survey_object(&s, root));
  CROW_TRY(survey_soft_links(&s, id));
cleanup:
  crow_hdf5_close(&root);
  crow_hdf5_close(&id);
  crow_hdf5_close(&access_list);
  crow_catalogue_free(&s.soft);
  crow_heaps_free(&s.heaps);
  crow_guard_survey(NULL);
  return status;
}
