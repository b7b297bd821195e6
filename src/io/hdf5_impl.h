/* SPDX-License-Identifier: Apache-2.0 */
/* What all of this stage needs of HDF5: errors in words, types. The API of 1.10 is asked for, which later versions
 * keep. */
#ifndef CROW_IO_HDF5_IMPL_H
#define CROW_IO_HDF5_IMPL_H

#define H5_USE_110_API
#include "io/catalogue_impl.h"

#include <crow/io.h>
#include <hdf5.h>

/* The longest text element or attribute that is read. */
#define CROW_TEXT_BYTES (INT64_C(1) << 16)

/* Stops HDF5 from printing its errors; called wherever files are opened. */
void crow_hdf5_quiet(void);
/* An error for a failed HDF5 call: "FILE: PATH: cannot WHAT: cause". Failures of the system are CROW_FILE_SYSTEM and
 * name HDF5_USE_FILE_LOCKING where locks are to blame; anything else while reading means that the file is damaged
 * (CROW_BAD_INPUT), while writing CROW_FILE_SYSTEM. `path` may be "". */
crow_status crow_hdf5_error(bool writing, const char *file, const char *path, const char *what);

/* The memory type of a crow_type. */
hid_t crow_hdf5_memory_type(crow_type type);
/* The type that files store it as: little-endian, the same on every machine. */
hid_t crow_hdf5_file_type(crow_type type);
/* A zero-terminated UTF-8 text of `width` bytes (H5T_VARIABLE: of any length). Close it; negative on failure. */
hid_t crow_hdf5_text_type(size_t width);

/* Local, for rank 0: opens a file by itself, notes everything in it and closes it. External links are never followed;
 * soft links are, once it is known that the file has no external ones. `catalogue` is filled; free it in any case.
 * survey.c. */
crow_status crow_survey_file(const char *file, crow_catalogue *catalogue);
/* Reads the class and size of a stored type: the part of an entry that says what its elements are. survey.c. */
void crow_survey_type(hid_t type, crow_entry *entry);

/* Closes an id of any kind if it is one. */
void crow_hdf5_close(hid_t *id);

#endif
