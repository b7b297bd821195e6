/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays of floating-point numbers as machine-learning tools keep them: NumPy's .npy (format versions 1, 2 and 3) and
 * .npz, and .safetensors. Nothing in such a file is trusted. Everything is Local. */
#ifndef CROW_FLOATS_IMPL_H
#define CROW_FLOATS_IMPL_H

#include <crow/io.h>

/* The header of a .npy file, as written. */
typedef struct crow_npy_header {
  char descr[16]; /* e.g. "<f4" */
  bool fortran_order;
  int dimensions; /* 0, 1 or 2; 3 stands for more */
  int64_t shape[2];
} crow_npy_header;

/* Parses the dictionary of a header: a Python literal of `bytes` bytes, not terminated. `name` is for messages. */
crow_status crow_npy_parse_header(const char *name, const char *text, size_t bytes, crow_npy_header *out);

/* How numbers are stored. Half precision and bfloat16 are read as single precision, which holds them exactly. */
typedef enum crow_stored { CROW_STORED_F16, CROW_STORED_BF16, CROW_STORED_F32, CROW_STORED_F64 } crow_stored;

/* An open file that holds a matrix, or a vector taken as one column. */
typedef struct crow_floats {
  FILE *stream;
  char *name;
  crow_type type; /* what crow_floats_read() gives: CROW_F32 or CROW_F64 */
  crow_stored stored;
  bool swap;         /* the bytes of each number are in the other order than this machine's */
  bool column_major; /* Fortran order: column after column */
  int64_t rows, columns;
  int64_t offset; /* of the first number */
} crow_floats;

/* Splits FILE:NAME: `*colon` is the one before NAME, or NULL where `source` itself is a file or holds no colon. A
 * file's name may hold colons itself, so the last one counts. */
void crow_source_split(const char *source, const char **colon);
/* Whether the source (FILE or FILE:NAME) is such a file: it begins as one or is called one. False if it cannot be
 * read. */
bool crow_floats_is(const char *source);
/* Opens an array and checks everything but its numbers: type, order, shape, and that they are all there. An archive
 * that holds several needs a NAME: without one they are listed in the message. */
crow_status crow_floats_open(const char *source, crow_floats *out);
/* Reads rows `begin` .. `begin + count` into `values[count * columns]` of `type`. */
crow_status crow_floats_read(crow_floats *floats, int64_t begin, int64_t count, void *values);
void crow_floats_close(crow_floats *floats);
/* Bytes of one number as it is stored. */
int64_t crow_floats_element_bytes(crow_stored stored);

/* The parts, for an open stream, which is closed by crow_floats_close() (and on failure). `member` may be NULL.
 * crow_npy_open_at(): from `offset` to `end` (-1: the end of the file). */
crow_status crow_npy_open_at(FILE *stream, const char *name, int64_t offset, int64_t end, crow_floats *out);
crow_status crow_npz_open(FILE *stream, const char *name, const char *member, crow_floats *out);
crow_status crow_safetensors_open(FILE *stream, const char *name, const char *member, crow_floats *out);
/* Reads `count` bytes from where the stream is; `part` is what ends too early, for the message. */
crow_status crow_floats_bytes(FILE *stream, const char *name, const char *part, void *bytes, size_t count);
/* Whether numbers of this shape fill `bytes` exactly, found by division so that no product can overflow. */
bool crow_floats_fill(const crow_floats *floats, int64_t bytes);

#endif
