/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays of numbers with names, as other programs store models. Local, for one rank. */
#ifndef CROW_EXPORT_MODEL_IMPL_H
#define CROW_EXPORT_MODEL_IMPL_H

#include "io/whole_file_impl.h"
#include <crow/train.h>
#include <jansson.h>

/* float64, row by row; without columns a vector. */
typedef struct crow_tensor {
  char name[64];
  const double *value; /* (numbers), borrowed */
  int64_t rows, columns, numbers;
} crow_tensor;

typedef struct crow_tensors {
  int64_t count;
  crow_tensor *tensor;
  json_t *metadata; /* an object */
} crow_tensors;

/* A zip file, nothing compressed, of a .npy for each array and metadata.json (numpy.load). CROW_USAGE if it would need
 * more than the first version of zip can say. Failures of writing show in the stream. */
crow_status crow_npz_write(FILE *out, const char *name, const crow_tensors *tensors);
/* A header in JSON, whose __metadata__ are texts, and the numbers, little-endian. */
crow_status crow_safetensors_write(FILE *out, const crow_tensors *tensors);
/* A number's bytes, the lowest first. */
void crow_tensor_bytes(double value, unsigned char *out);

#endif
