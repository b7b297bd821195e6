/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CROW_IO_SURVEY_IMPL_H
#define CROW_IO_SURVEY_IMPL_H

#include "io/hdf5_impl.h"

/* Local, for rank 0: opens the file by itself, notes everything in it and closes it. External links are never followed;
 * soft links are, once it is known that the file has no external ones. `catalogue` is filled; free it in any case. */
crow_status crow_survey_file(const char *file, crow_catalogue *catalogue);
/* Reads the class and size of a stored type: the part of an entry that says what its elements are. */
void crow_survey_type(hid_t type, crow_entry *entry);
/* Local: type, shape and storage of an open dataset into its entry; `problem` says in words that follow its path why it
 * cannot be read, "" if it can. */
void crow_survey_dataset(hid_t dataset, hid_t type, hid_t space, hid_t properties, crow_entry *entry, char *problem,
                         size_t bytes);
/* Replaces what is not valid UTF-8 by '?'; says whether there was any. */
bool crow_utf8_mend(char *text);

#endif
