/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CROW_MODEL_IMPL_H
#define CROW_MODEL_IMPL_H

#include <crow/model.h>

#define CROW_MODEL_LAYERS 17 /* 16 hidden ones and the output */
#define CROW_MODEL_WIDTH 65536

/* z = W a + b, and activation(z) unless it is the last layer. */
typedef struct crow_layer {
  int64_t inputs, outputs;
  crow_gidx weight, bias; /* where they begin in theta */
  double *value, *slope;  /* (rows, outputs) activation(z) and its derivative at the bound rows; NULL for the last */
} crow_layer;

struct crow_model {
  crow_model_options options;
  crow_gidx alternatives, parameters;
  int64_t dimensions, widest; /* widest layer's outputs */
  int layers;                 /* 0 for a tabular model */
  crow_layer layer[CROW_MODEL_LAYERS];
  /* what it is bound to */
  const crow_comm *comm;
  crow_partition rows;
  const crow_gidx *index;
  const void *contexts;
  crow_type type;
  bool indexed;           /* some rank gave an index: one without rows may have none */
  double largest_context; /* |value| over all ranks */
  int64_t capacity;       /* rows that the layers' arrays hold */
  /* room for one block */
  double *block;    /* (CROW_BLOCK, dimensions) contexts as doubles; NULL until contexts of floats are bound */
  double *delta[2]; /* (CROW_BLOCK, widest) dF/dz of two layers */
  double *partial;  /* (parameters) what a block gives to the gradient */
  int64_t *fixed;   /* (2, parameters) the sums in fixed point: coarse and fine digits */
};

/* activation(z) and its derivative, in place of z and into `slope`. */
void crow_activation_apply(crow_activation activation, int64_t count, double *value, double *slope);
/* Bounds of |activation(z)| for |z| <= z, and of the derivative. */
double crow_activation_bound(crow_activation activation, double z);
double crow_activation_slope_bound(crow_activation activation);

/* ---- sums in fixed point (gradient_sum.c) ---- */

/* Units of a sum of at most `terms` numbers of size at most `bound`: a coarse one that cannot overflow 63 bits and a
 * fine one for what the coarse one leaves, some 2^-100 of the bound. */
typedef struct crow_model_sum_units {
  double coarse, fine;
} crow_model_sum_units;
crow_model_sum_units crow_model_sum_units_make(double bound, int64_t terms);
void crow_model_sum_add(crow_model_sum_units units, int64_t count, const double *values, int64_t *coarse,
                        int64_t *fine);
void crow_model_sum_values(crow_model_sum_units units, int64_t count, const int64_t *coarse, const int64_t *fine,
                           double *values);

#endif
