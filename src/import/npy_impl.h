/* SPDX-License-Identifier: Apache-2.0 */
/* Reads arrays of floating-point numbers from NumPy's .npy files (format versions 1, 2 and 3). Everything is Local. */
#ifndef CROW_NPY_IMPL_H
#define CROW_NPY_IMPL_H

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

/* An open .npy file that holds a matrix, or a vector taken as one column. */
typedef struct crow_npy {
  FILE *stream;
  char *name;
  crow_type type; /* CROW_F32 or CROW_F64 */
  bool swap;      /* the bytes of each number are in the other order than this machine's */
  int64_t rows, columns;
  int64_t offset; /* of the first number */
} crow_npy;

/* Whether the file is to be read as .npy: it begins as one or is called one. False if it cannot be read. */
bool crow_npy_is(const char *path);
/* Opens and checks everything but the numbers: type, order, shape, and that the file is as long as its shape says. */
crow_status crow_npy_open(const char *path, crow_npy *out);
/* The same for an open stream, which is closed by crow_npy_close() (and on failure). */
crow_status crow_npy_open_stream(FILE *stream, const char *name, crow_npy *out);
/* Reads rows `begin` .. `begin + count` into `values[count * columns]` of the file's type. */
crow_status crow_npy_read(crow_npy *npy, int64_t begin, int64_t count, void *values);
void crow_npy_close(crow_npy *npy);

#endif
