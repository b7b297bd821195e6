/* SPDX-License-Identifier: Apache-2.0 */
/* What a stored dataset is, and what keeps it from being read. */
#include "io/survey_impl.h"

#include <string.h>

#define CHUNK_BYTES_MAX (INT64_C(1) << 30)
/* A chunk is unpacked whole: beyond this it may not be much larger than what is in it. */
#define CHUNK_BYTES_FREE (INT64_C(1) << 24)
#define CHUNK_TIMES_MAX 4

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

static void find_chunk_problem(hid_t properties, const crow_entry *entry, char *problem, size_t bytes) {
  hsize_t chunk[H5S_MAX_RANK];
  const int rank = H5Pget_chunk(properties, H5S_MAX_RANK, chunk);
  double size = (double)entry->bytes;
  for (int i = 0; i < rank; i++) size *= (double)chunk[i];
  const double whole = (double)entry->rows * (double)entry->columns * (double)entry->bytes;
  if (size > (double)CHUNK_BYTES_MAX) {
    (void)snprintf(problem, bytes, "has chunks of %.0f bytes, at most %lld are read (h5repack makes them smaller)",
                   size, (long long)CHUNK_BYTES_MAX);
  } else if (size > (double)CHUNK_BYTES_FREE && size > CHUNK_TIMES_MAX * whole) {
    (void)snprintf(problem, bytes, "has chunks of %.0f bytes for a shape of %.0f bytes (h5repack makes them smaller)",
                   size, whole);
  }
}

/* What keeps a dataset of this layout from being read; "" if nothing does. */
static void find_layout_problem(hid_t properties, const crow_entry *entry, char *problem, size_t bytes) {
  if (H5Pget_layout(properties) == H5D_VIRTUAL) {
    (void)snprintf(problem, bytes,
                   "is a virtual dataset: crow reads only what is in the file itself (h5repack makes a copy)");
  } else if (H5Pget_external_count(properties) > 0) {
    (void)snprintf(problem, bytes, "is stored in another file: crow reads only what is in the file itself");
  } else if (H5Pget_layout(properties) == H5D_CHUNKED) {
    find_chunk_problem(properties, entry, problem, bytes);
  }
  const int filters = H5Pget_nfilters(properties);
  int deflated = 0;
  for (int i = 0; i < filters && !problem[0]; i++) {
    unsigned flags = 0, config = 0;
    size_t values = 0;
    char name[64] = "";
    const H5Z_filter_t filter =
        H5Pget_filter2(properties, (unsigned)i, &flags, &values, NULL, sizeof name, name, &config);
    if (filter < 0 || H5Zfilter_avail(filter) <= 0) {
      (void)snprintf(problem, bytes,
                     "is packed by filter %d (%.40s), which this HDF5 does not have (h5repack -f NONE undoes it)",
                     (int)filter, name);
      (void)crow_utf8_mend(problem);
    }
    deflated += filter == H5Z_FILTER_DEFLATE;
    if (deflated > 1) {
      (void)snprintf(problem, bytes,
                     "is packed by deflate twice, which nobody does who wants it read (h5repack -f NONE "
                     "undoes it)");
    }
  }
}

static void find_shape_problem(hid_t space, crow_entry *entry, char *problem, size_t bytes) {
  hsize_t dims[H5S_MAX_RANK] = {0}, most[H5S_MAX_RANK] = {0};
  entry->rows = entry->columns = 1;
  entry->rank = H5Sget_simple_extent_dims(space, dims, most);
  if (H5Sget_simple_extent_type(space) == H5S_NULL || entry->rank < 0) {
    (void)snprintf(problem, bytes, "has no elements at all");
    entry->rank = 0;
    return;
  }
  int64_t total = entry->bytes > 8 ? entry->bytes : 8;
  bool overflow = false, beyond = false;
  for (int i = 0; i < entry->rank; i++) {
    overflow = overflow || dims[i] > INT64_MAX || __builtin_mul_overflow(total, (int64_t)dims[i], &total);
    beyond = beyond || dims[i] > most[i];
    if (!overflow && i == 0) entry->rows = (int64_t)dims[i];
    if (!overflow && i > 0) entry->columns *= (int64_t)dims[i];
  }
  if (beyond) (void)snprintf(problem, bytes, "has a shape beyond its own limits: the file is damaged");
  if (overflow) (void)snprintf(problem, bytes, "has a shape whose size overflows");
}

/* A shape says little about what is there: storage that was never written, or that stands for thousands of times its
 * own size, is not read. Deflate packs 1032 times at most. */
static void find_storage_problem(hid_t dataset, const crow_entry *entry, bool packed, char *problem, size_t bytes) {
  const double stored = (double)H5Dget_storage_size(dataset);
  const double needed = (double)entry->rows * (double)entry->columns * (double)entry->bytes;
  if (needed > 0 && stored == 0) {
    (void)snprintf(problem, bytes, "holds no data: it was defined but never written");
  } else if (stored * (packed ? 2048 : 1) < needed) {
    (void)snprintf(problem, bytes,
                   "holds %.0f bytes for a shape of %.0f bytes: it was not written whole, or is damaged", stored,
                   needed);
  }
}

/* Numbers that no double or 64-bit integer holds. */
static void find_type_problem(hid_t type, const crow_entry *entry, char *problem, size_t bytes) {
  const bool floating = H5Tget_class(type) == H5T_FLOAT;
  if (entry->bytes <= 8 || !(floating || H5Tget_class(type) == H5T_INTEGER)) return;
  (void)snprintf(problem, bytes,
                 "holds %s of %lld bytes%s, at most 8 are read: convert them, in NumPy by .astype('%s')",
                 floating ? "floats" : "integers", (long long)entry->bytes, floating ? " (long double)" : "",
                 floating ? "f8" : "i8");
}

void crow_survey_dataset(hid_t dataset, hid_t type, hid_t space, hid_t properties, crow_entry *entry, char *problem,
                         size_t bytes) {
  problem[0] = 0;
  crow_survey_type(type, entry);
  find_shape_problem(space, entry, problem, bytes);
  if (!problem[0]) find_type_problem(type, entry, problem, bytes);
  if (!problem[0]) find_layout_problem(properties, entry, problem, bytes);
  if (!problem[0]) find_storage_problem(dataset, entry, H5Pget_nfilters(properties) > 0, problem, bytes);
  if (!problem[0] && entry->class == CROW_CLASS_TEXT && entry->bytes > CROW_TEXT_BYTES) {
    (void)snprintf(problem, bytes, "holds texts of %lld bytes, at most %lld are read", (long long)entry->bytes,
                   (long long)CROW_TEXT_BYTES);
  }
}
