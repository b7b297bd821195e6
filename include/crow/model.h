/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 * Reward models: maps from parameters theta to the rewards of alternatives, with the transposed product of their
 * Jacobian. The objective knows only rewards, so any model can be fitted to any objective.
 *
 * Every rank holds the whole theta; alternatives (rows) are in slices. Rows are taken in blocks of CROW_BLOCK, and what
 * the blocks give to the gradient is added in fixed point: bits do not depend on the number of ranks.
 */
#ifndef CROW_MODEL_H
#define CROW_MODEL_H

#include <crow/io.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum crow_model_kind {
  CROW_MODEL_TABULAR, /**< theta is r itself */
  CROW_MODEL_LINEAR,  /**< r = weight . x + bias */
  CROW_MODEL_MLP      /**< layers a -> activation(W a + b), the last one without activation and with one output */
} crow_model_kind;

typedef enum crow_activation {
  CROW_ACTIVATION_RELU, /**< max(z, 0) */
  CROW_ACTIVATION_TANH,
  CROW_ACTIVATION_SILU /**< z sigma(z) */
} crow_activation;

typedef struct crow_model_options {
  int model;           /**< crow_model_kind; default tabular */
  const char *hidden;  /**< widths of an mlp's hidden layers; default "32,32" (the paper's) */
  int activation;      /**< crow_activation of an mlp; default relu */
  double weight_decay; /**< adds weight_decay / 2 |theta|^2 to the objective, biases included; default 0 */
  double center;       /**< adds center / 2 (sum_x w(x) r(x))^2: draws the weighted mean reward to 0; default 0 */
} crow_model_options;
extern CROW_API const crow_setting crow_model_settings[];
/** Checks ranges and the list of widths; Local. */
CROW_API crow_status crow_model_options_validate(const crow_model_options *options);

/** A model's shape, and the rows it is bound to. */
typedef struct crow_model crow_model;

/** For contexts of `dimensions` numbers; `alternatives` is the number of parameters of a tabular model. Local. */
CROW_API crow_status crow_model_create(const crow_model_options *options, crow_gidx alternatives, int64_t dimensions,
                                       crow_model **out);
/** Local. Accepts NULL; sets the handle to NULL. */
CROW_API void crow_model_destroy(crow_model **model);

/** Length of theta; Local. */
CROW_API crow_gidx crow_model_parameters(const crow_model *model);

/** One array of theta: rows x columns, row-major, from theta[offset]. */
typedef struct crow_model_array {
  char name[32]; /**< "weight0" (outputs, inputs), "bias0" (outputs), "weight1", ...; "reward" of a tabular model */
  int64_t rows, columns;
  crow_gidx offset;
} crow_model_array;
/** The number of arrays that make up theta; Local. */
CROW_API int crow_model_arrays(const crow_model *model);
/** One of them, from 0; Local. */
CROW_API crow_model_array crow_model_array_at(const crow_model *model, int index);

/** Initial parameters of an ensemble's member, as PyTorch's Linear draws them: uniform in +-1/sqrt(inputs), weights and
 * biases, from (seed, CROW_STREAM_MODEL, member): `theta`, whole. Zero for a tabular model. Local; the same on every
 * rank. */
CROW_API void crow_model_initialise(const crow_model *model, uint64_t seed, int64_t member, double *theta);

/** Binds the model to rows: this rank's slice of `rows` (block CROW_BLOCK), of all alternatives or of a minibatch.
 * `contexts` (count, dimensions) row-major of `type` (CROW_F32 or CROW_F64), borrowed until the next bind; unused by a
 * tabular model. `index` (count), borrowed, names the alternative of each row; NULL: row i is alternative i. No
 * alternative may occur twice. `comm` is borrowed too. May be called again and again. Keeps two doubles a row and
 * hidden unit. Collective. */
CROW_API crow_status crow_model_bind(crow_model *model, const crow_comm *comm, const crow_partition *rows,
                                     const crow_gidx *index, const void *contexts, crow_type type);
/** Rewards of the bound rows at `theta` (whole): `reward` is this rank's slice. Local. */
CROW_API crow_status crow_model_rewards(crow_model *model, const double *theta, double *reward);
/** Transposed Jacobian product at the theta of the latest crow_model_rewards(): from this rank's slice of dF/dr,
 * `reward_gradient`, the whole dF/dtheta, `gradient`, on every rank. NaN throughout if a factor is not finite.
 * Collective. */
CROW_API crow_status crow_model_gradient(crow_model *model, const double *theta, const double *reward_gradient,
                                         double *gradient);

/** Adds the weight decay at `theta` to a value and to the whole gradient (either may be NULL). Local. */
CROW_API void crow_model_add_decay(const crow_model *model, const double *theta, double *value, double *gradient);
/** Adds the centring of the bound rows' rewards to a value and to this rank's slice of dF/dr, `reward_gradient`.
 * `reward` is this rank's slice of r, `weight` is this rank's
 * slice of w, or of weights whose sum over a minibatch's rows estimates sum_x w(x) r(x). Collective. */
CROW_API crow_status crow_model_add_center(const crow_model *model, const double *weight, const double *reward,
                                           double *value, double *reward_gradient);

#ifdef __cplusplus
}
#endif
#endif
