/* SPDX-License-Identifier: Apache-2.0 */
#include "io/hdf5_impl.h"

#include <errno.h>
#include <string.h>

void crow_hdf5_quiet(void) { (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL); }

const char *crow_hdf5_version(void) {
  static char text[32];
  unsigned major = 0, minor = 0, release = 0;
  if (H5get_libversion(&major, &minor, &release) < 0) return "";
  (void)snprintf(text, sizeof text, "%u.%u.%u", major, minor, release);
  return text;
}

typedef struct cause {
  char *text;
  size_t bytes;
} cause;

/* The stack is walked from the innermost call outwards; the first that says something is the cause. */
static herr_t hdf5_keep_first(unsigned depth, const H5E_error2_t *error, void *context) {
  (void)depth;
  cause *kept = context;
  if (kept->text[0] == 0 && error->desc && error->desc[0]) (void)snprintf(kept->text, kept->bytes, "%s", error->desc);
  return 0;
}

/* The cause of the latest HDF5 failure: the innermost entry of its error stack, in its own words. */
static void find_cause(char *text, size_t bytes) {
  cause kept = {text, bytes};
  text[0] = 0;
  (void)H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, hdf5_keep_first, &kept);
  if (text[0] == 0) (void)snprintf(text, bytes, "HDF5 does not say why");
  /* One line, however the library laid it out. */
  for (char *at = text; *at; at++) {
    if ((unsigned char)*at < ' ') *at = ' ';
  }
}

/* Whether reading failed because of the system. A place or a size that no system can read comes from the file. */
static bool is_system(const char *text) {
  static const char *const damage[] = {"errno = 14,", "errno = 22,",   "errno = 27,",  "errno = 75,",
                                       "MPI_ERR_ARG", "MPI_ERR_COUNT", "MPI_ERR_TYPE", "MPI_ERR_TRUNCATE"};
  for (size_t k = 0; k < sizeof damage / sizeof *damage; k++) {
    if (strstr(text, damage[k])) return false; /* EFAULT, EINVAL, EFBIG, EOVERFLOW */
  }
  return strstr(text, "errno = ") || strstr(text, "MPI_") || strstr(text, "error string");
}

/* Where the system failed, HDF5 lists time, names, flags and buffers: only what failed and why is kept. */
static void condense(char *text) {
  static const char *const lists[] = {": time = ", ": name = ", ", errno = "}, before[] = "error message = '";
  char *reason = strstr(text, before), *end = reason ? strchr(reason + strlen(before), '\'') : NULL;
  for (size_t k = 0; end && k < sizeof lists / sizeof *lists; k++) {
    char *list = strstr(text, lists[k]);
    if (!list || list > reason) continue;
    *end = 0;
    reason += strlen(before);
    (void)memcpy(list, ": ", 2);
    (void)memmove(list + 2, reason, strlen(reason) + 1);
    return;
  }
}

/* The system's reason for a write that failed under MPI, whose own text does not say why; else "". */
static const char *reason_left(int number, const char *text) {
  const bool disk = number == ENOSPC || number == EDQUOT || number == EFBIG || number == EIO || number == ESTALE;
  return disk && !strstr(text, "errno = ") ? strerror(number) : "";
}

crow_status crow_hdf5_error(bool writing, const char *file, const char *path, const char *what) {
  const int number = errno;
  char text[512];
  find_cause(text, sizeof text);
  const bool lock = strstr(text, "lock") && !strstr(text, "block");
  const bool system = lock || is_system(text);
  const char *reason = writing ? reason_left(number, text) : "";
  condense(text);
  return crow_error(writing || system ? CROW_FILE_SYSTEM : CROW_BAD_INPUT, "%s: %s%scannot %s: %s%s%s%s%s", file, path,
                    path[0] ? ": " : "", what, text, reason[0] ? ": " : "", reason,
                    writing || system ? "" : " (the file is damaged)",
                    lock ? " (another program may have it open; where the file system has no locks, set "
                           "HDF5_USE_FILE_LOCKING=FALSE)"
                         : "");
}

hid_t crow_hdf5_memory_type(crow_type type) {
  const hid_t types[] = {H5T_NATIVE_FLOAT, H5T_NATIVE_DOUBLE, H5T_NATIVE_INT32, H5T_NATIVE_INT64};
  return types[type];
}

hid_t crow_hdf5_file_type(crow_type type) {
  const hid_t types[] = {H5T_IEEE_F32LE, H5T_IEEE_F64LE, H5T_STD_I32LE, H5T_STD_I64LE};
  return types[type];
}

hid_t crow_hdf5_text_type(size_t width) {
  hid_t type = H5Tcopy(H5T_C_S1);
  if (type < 0) return type;
  if (H5Tset_size(type, width) < 0 || H5Tset_cset(type, H5T_CSET_UTF8) < 0) {
    (void)H5Tclose(type);
    return H5I_INVALID_HID;
  }
  return type;
}

void crow_hdf5_close(hid_t *id) {
  if (*id > 0) (void)H5Idec_ref(*id);
  *id = H5I_INVALID_HID;
}

size_t crow_type_bytes(crow_type type) { return type == CROW_F32 || type == CROW_I32 ? 4 : 8; }
