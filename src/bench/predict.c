/* SPDX-License-Identifier: Apache-2.0 */
/* What follows from measured costs for other sizes. */
#include "bench/bench_impl.h"
#include "summary/effect_impl.h"
#include <math.h>

/* `calls` reductions or gatherings of `bytes` in all; 0 where they were not measured, on one rank. */
static double transfer_s(const crow_bench_model *model, int ranks, double calls, double bytes) {
  if (ranks == 1 || isnan(model->machine.allreduce_latency_s)) return 0;
  const double steps = ceil(log2(ranks)), measured = model->ranks > 1 ? ceil(log2(model->ranks)) : 1;
  return calls * model->machine.allreduce_latency_s * steps / measured + bytes / model->machine.allreduce_bytes_s;
}

/* Seconds for one of a rank's alternatives with complete preferences: the two measured costs, and between their numbers
 * of alternatives a straight line in the logarithm. */
static double complete_s(const crow_bench_model *model, double alternatives) {
  const double near = CROW_BENCH_COMPLETE_NEAR, far = (double)model->complete_far;
  if (far <= near || alternatives <= near) return model->complete_s;
  const double at = fmin(1, log(alternatives / near) / log(far / near));
  return model->complete_s + at * (model->complete_far_s - model->complete_s);
}

/* The bytes that a rank needs, as the memory checks of weights and fit with default options reckon them. */
static void predict_bytes(const crow_bench_size *size, crow_bench_prediction *out) {
  const crow_dataset like = {.alternatives = size->alternatives,
                             .dimensions = size->dimensions,
                             .single = size->single,
                             .comparisons = size->pairs,
                             .has_comparisons = size->pairs > 0,
                             .has_population = size->pairs == 0,
                             .types = 1};
  const crow_dataset *dataset = size->dataset ? size->dataset : &like;
  crow_weights_options weights;
  crow_train_options fit;
  crow_weights_options_default(&weights);
  crow_train_options_default(&fit);
  fit.sampling_error = size->dataset && !size->uniform;
  if (!size->dataset) weights.nearest.engine = CROW_NEAREST_GEMM; /* what was measured takes samples */
  out->weights_bytes = crow_weights_need_bytes(dataset, &weights, size->ranks, size->slices > 0 ? size->slices : 1);
  out->fit_bytes = crow_rewards_rank_bytes(dataset, &fit, size->ranks);
}

/* Every pass prepares the alternatives, and takes its samples. */
static double predict_weights(const crow_bench_model *model, const crow_bench_size *size) {
  const double m = (double)size->alternatives, d = (double)size->dimensions;
  const double ranks = size->ranks, slices = size->slices > 0 ? size->slices : 1, groups = ranks / slices;
  if (size->uniform) return 0;
  const double samples =
      size->samples > 0 ? (double)size->samples : (double)crow_weights_samples_auto(size->alternatives);
  /* Ranks have about equal shares of the prompts, and their results travel twice. */
  if (model->prompts_s > 0) return model->prompts_s / ranks + transfer_s(model, size->ranks, 10, 64 * m);
  const double search = model->search_s * pow(m / slices / (double)model->alternatives, model->exponent);
  const double rounds = model->center_rounds, taken = samples + rounds * fmin(samples, 100000);
  double seconds = taken / groups * (model->draw_s * d / (double)model->dimensions + search);
  seconds += (rounds + 1) * (m / slices * model->prepare_s + transfer_s(model, size->ranks, 10, 16 * m / slices));
  /* With slices, distances and counts of every sample cross the group. */
  if (slices > 1) seconds += transfer_s(model, (int)slices, taken / groups / 1024, 16 * taken / groups);
  return seconds;
}

static double predict_evaluation(const crow_bench_model *model, const crow_bench_size *size) {
  const double m = (double)size->alternatives, q = (double)size->pairs, ranks = size->ranks;
  if (size->pairs == 0) return m / ranks * complete_s(model, m / ranks) + transfer_s(model, size->ranks, 4, 16384);
  const double concerned = m * crow_pairs_reach(size->alternatives, size->pairs, size->ranks);
  return q / ranks * model->pair_s + concerned * model->whole_s + m / ranks * model->vector_s +
         transfer_s(model, size->ranks, 5, 16 * concerned);
}

/* Standard errors of up to CROW_SANDWICH_EXACT alternatives are a matrix's inverse, on every rank. */
static double predict_errors(const crow_bench_model *model, const crow_bench_size *size) {
  const double grow = model->fit_comparisons > 0 ? (double)size->pairs / (double)model->fit_comparisons : 1;
  if (size->alternatives <= CROW_SANDWICH_EXACT) return model->errors_s * fmax(1, grow * model->ranks / size->ranks);
  return model->errors_s * grow * model->ranks / size->ranks;
}

/* How many times as long as in the tried fit one evaluation takes. */
static double find_growth(const crow_bench_model *model, const crow_bench_size *size) {
  crow_bench_size tried = *size;
  tried.ranks = model->ranks;
  if (model->fit_alternatives > 0) tried.alternatives = model->fit_alternatives;
  if (size->pairs > 0 && model->fit_comparisons > 0) tried.pairs = model->fit_comparisons;
  const double before = predict_evaluation(model, &tried);
  return before > 0 ? predict_evaluation(model, size) / before : 1;
}

/* How many times as many preferences there are as were tried, comparisons or alternatives. */
static double find_part(const crow_bench_model *model, const crow_bench_size *size) {
  if (size->pairs > 0) return model->fit_comparisons > 0 ? (double)size->pairs / (double)model->fit_comparisons : 1;
  return model->fit_alternatives > 0 ? (double)size->alternatives / (double)model->fit_alternatives : 1;
}

static bool is_matrix(const crow_bench_size *size) {
  return size->dataset && crow_preference_source(size->dataset) == CROW_SOURCE_MATRIX && size->dataset->prompts < 2;
}

/* What took `tried_s` for the preferences that were tried takes for all of them: of a matrix reading grows with its
 * rows, which are read whole, and the rest with its entries. */
static double of_preferences(const crow_bench_model *model, const crow_bench_size *size, double tried_s) {
  const double part = find_part(model, size), ranks = (double)model->ranks / size->ranks;
  if (!is_matrix(size)) return tried_s * part * ranks;
  const double m = (double)size->alternatives, read = fmin(tried_s, m / part * m * model->entry_s / model->ranks);
  return (read * part + (tried_s - read) * part * part) * ranks;
}

/* Three passes over the contexts, two of them with all that are compared. */
static void predict_near(const crow_bench_model *model, const crow_bench_size *size, crow_bench_prediction *out) {
  const double m = (double)size->alternatives, d = (double)size->dimensions;
  out->near_compared = size->dataset ? crow_effect_compared(size->dataset) : 0;
  if (out->near_compared == 0) return;
  out->near_s = ((double)out->near_compared * m * model->near_pair_s + 3 * m * d * model->context_s) / size->ranks;
}

static void predict_tabular(const crow_bench_model *model, const crow_bench_size *size, crow_bench_prediction *out) {
  const double m = (double)size->alternatives, q = (double)size->pairs, ranks = size->ranks;
  const double factor = model->fit_factor > 0 ? model->fit_factor : 1;
  out->evaluation_s = factor * predict_evaluation(model, size);
  out->setup_s = factor * (q > 0 ? q : m) / ranks * model->setup_s;
  out->read_s = factor * q / ranks * size->read_s;
  out->errors_s = predict_errors(model, size);
  out->win_rates_s = of_preferences(model, size, model->win_rates_s);
  out->sampling_s =
      is_matrix(size) ? of_preferences(model, size, model->sampling_s) : model->sampling_s * find_growth(model, size);
  out->fit_s = out->read_s + out->setup_s + (double)out->evaluations * out->evaluation_s + out->errors_s +
               out->win_rates_s + out->sampling_s;
}

static void predict_trained(const crow_bench_model *model, const crow_bench_size *size, crow_bench_prediction *out) {
  const double members = size->fit ? (double)size->fit->training.ensemble : 1;
  const double steps = size->fit ? (double)size->fit->adam.steps : 0;
  const double once = find_part(model, size) * model->trained_s + steps * model->step_s;
  out->fit_s = members * once * model->ranks / size->ranks;
}

void crow_bench_predict(const crow_bench_model *model, const crow_bench_size *size, crow_bench_prediction *out) {
  *out = (crow_bench_prediction){.evaluations = size->evaluations, .open_s = size->open_s};
  if (out->evaluations == 0) out->evaluations = model->fit_evaluations > 0 ? model->fit_evaluations : 20;
  out->weights_s = predict_weights(model, size);
  /* Whoever computes weights looks the preferences through first. */
  if (!size->uniform) out->check_s = of_preferences(model, size, model->check_s);
  predict_bytes(size, out);
  predict_near(model, size, out);
  if (model->trained_s > 0 || model->step_s > 0)
    predict_trained(model, size, out);
  else
    predict_tabular(model, size, out);
  out->total_s = out->open_s + out->check_s + out->weights_s + out->fit_s + out->near_s;
}

int crow_bench_slices(const crow_bench_size *size, double bytes) {
  for (int slices = 1; slices <= size->ranks; slices++) {
    if (size->ranks % slices == 0 &&
        (double)crow_weights_rank_bytes(size->alternatives, size->dimensions, size->single, true, slices) <= bytes) {
      return slices;
    }
  }
  return 0;
}
