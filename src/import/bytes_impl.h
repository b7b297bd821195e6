/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a file, unpacked if it is compressed by gzip (one member after another, as cat makes them). Local. */
#ifndef CROW_BYTES_IMPL_H
#define CROW_BYTES_IMPL_H

#include <crow/base.h>

typedef struct crow_bytes crow_bytes;

/* Takes over the stream, which is closed by crow_bytes_close() (and on failure); `name` stands for it in messages. */
crow_status crow_bytes_open(FILE *stream, const char *name, crow_bytes **out);
/* The next bytes, at most `room`; `*got` is 0 at the end only. */
crow_status crow_bytes_read(crow_bytes *bytes, void *to, size_t room, size_t *got);
/* Bytes of the file itself that have been read. */
double crow_bytes_taken(const crow_bytes *bytes);
void crow_bytes_close(crow_bytes **bytes);

#endif
