/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CROW_MAGIC_IMPL_H
#define CROW_MAGIC_IMPL_H

#include <crow/base.h>

/* CROW_OK if these first bytes of a file may be text; else CROW_BAD_INPUT that says what the file is and what to do
 * with it. Local. */
crow_status crow_magic_refuse(const char *name, const void *first, size_t bytes);

#endif
