/* SPDX-License-Identifier: Apache-2.0 */
#include <crow/optim.h>
#include <math.h>
#include <string.h>

const crow_setting crow_adam_settings[] = {
    CROW_SETTING("learning-rate", DOUBLE, crow_adam_options, learning_rate, .value = 1e-3, .minimum = 1e-12,
                 .maximum = 1e3, .help = "Adam's step length"),
    CROW_SETTING("batch", INT, crow_adam_options, batch, .value = 512, .minimum = 1, .maximum = 1 << 24,
                 .help = "pairs in each of Adam's minibatches"),
    CROW_SETTING("steps", INT, crow_adam_options, steps, .value = 500, .minimum = 0, .maximum = 1e12,
                 .help = "steps that Adam takes"),
    CROW_SETTING("beta1", DOUBLE, crow_adam_options, beta1, .value = 0.9, .minimum = 0, .maximum = 1 - 0x1p-40,
                 .help = "decay of Adam's mean of gradients"),
    CROW_SETTING("beta2", DOUBLE, crow_adam_options, beta2, .value = 0.999, .minimum = 0, .maximum = 1 - 0x1p-40,
                 .help = "decay of Adam's mean of squared gradients"),
    CROW_SETTING("adam-epsilon", DOUBLE, crow_adam_options, epsilon, .value = 1e-8, .minimum = 1e-300, .maximum = 1,
                 .help = "added to the root of Adam's mean of squared gradients"),
    {.name = NULL}};

enum { STEPS, VALUE, SCALARS = CROW_ADAM_SCALARS };
enum { THETA, MEAN, SQUARE, VECTORS };

struct crow_adam {
  crow_adam_options options;
  int64_t count;
  double scalar[SCALARS];
  double *vector[VECTORS];
  double *gradient;
};

static crow_status adam_allocate_vectors(crow_adam *adam, const double *theta) {
  for (int k = 0; k < VECTORS; k++) CROW_NEED(CROW_ALLOCATE(&adam->vector[k], adam->count));
  CROW_NEED(CROW_ALLOCATE(&adam->gradient, adam->count));
  if (adam->count) memcpy(adam->vector[THETA], theta, (size_t)adam->count * sizeof *theta);
  return CROW_OK;
}

crow_status crow_adam_create(const crow_adam_options *options, int64_t count, const double *theta, crow_adam **out) {
  crow_status status = CROW_OK;
  crow_adam *adam = NULL;
  *out = NULL;
  CROW_TRY(crow_settings_validate(crow_adam_settings, options));
  CROW_TRY(CROW_ALLOCATE(&adam, 1));
  adam->options = *options;
  adam->count = count;
  adam->scalar[VALUE] = NAN;
  CROW_TRY(adam_allocate_vectors(adam, theta));
  *out = adam;
  adam = NULL;
cleanup:
  crow_adam_destroy(&adam);
  return status;
}

void crow_adam_destroy(crow_adam **adam) {
  if (!*adam) return;
  for (int k = 0; k < VECTORS; k++) crow_free((*adam)->vector[k]);
  CROW_FREE((*adam)->gradient, *adam);
  *adam = NULL;
}

const double *crow_adam_theta(const crow_adam *adam) { return adam->vector[THETA]; }
int64_t crow_adam_steps(const crow_adam *adam) { return (int64_t)adam->scalar[STEPS]; }
double crow_adam_value(const crow_adam *adam) { return adam->scalar[VALUE]; }

void crow_adam_state(crow_adam *adam, crow_optim_state *state) {
  *state = (crow_optim_state){.scalars = SCALARS, .scalar = adam->scalar, .vectors = VECTORS, .vector = adam->vector};
}

static crow_status adam_check_finite(const crow_adam *adam, double value) {
  if (!isfinite(value)) {
    return crow_error(CROW_FAILED, "the loss at step %lld is %g: a smaller learning rate may help",
                      (long long)crow_adam_steps(adam), value);
  }
  for (int64_t i = 0; i < adam->count; i++) {
    if (!isfinite(adam->gradient[i])) {
      return crow_error(CROW_FAILED,
                        "the gradient by parameter %lld at step %lld is %g: a smaller learning rate may help",
                        (long long)i, (long long)crow_adam_steps(adam), adam->gradient[i]);
    }
  }
  return CROW_OK;
}

/* base^exponent for a whole exponent >= 0, by squaring: a library's pow() may differ between the processors of a run,
 * whose parameters must not. */
static double adam_power(double base, double exponent) {
  double result = 1;
  for (uint64_t n = (uint64_t)exponent; n; n >>= 1) {
    if (n & 1) result *= base;
    base *= base;
  }
  return result;
}

static void update(crow_adam *adam) {
  const crow_adam_options *o = &adam->options;
  double *theta = adam->vector[THETA], *mean = adam->vector[MEAN], *square = adam->vector[SQUARE];
  adam->scalar[STEPS]++;
  /* Both means begin at 0; dividing by these takes that out. */
  const double mean_part = 1 - adam_power(o->beta1, adam->scalar[STEPS]);
  const double square_part = 1 - adam_power(o->beta2, adam->scalar[STEPS]);
  for (int64_t i = 0; i < adam->count; i++) {
    const double g = adam->gradient[i];
    mean[i] = o->beta1 * mean[i] + (1 - o->beta1) * g;
    square[i] = o->beta2 * square[i] + (1 - o->beta2) * g * g;
    theta[i] -= o->learning_rate * (mean[i] / mean_part) / (sqrt(square[i] / square_part) + o->epsilon);
  }
}

crow_status crow_adam_step(crow_adam *adam, crow_adam_function *function, void *context, bool *done) {
  crow_status status = CROW_OK;
  double value = NAN;
  if (crow_adam_steps(adam) < adam->options.steps) {
    CROW_TRY(function(context, crow_adam_steps(adam), adam->vector[THETA], &value, adam->gradient));
    CROW_TRY(adam_check_finite(adam, value));
    adam->scalar[VALUE] = value;
    update(adam);
  }
cleanup:
  *done = status != CROW_OK || crow_adam_steps(adam) >= adam->options.steps;
  return status;
}
