/* SPDX-License-Identifier: Apache-2.0 */
#include "weights/weights_impl.h"
#include <math.h>
#include <string.h>

#define AT(field) offsetof(crow_weights_options, field)
const crow_setting crow_weights_settings[] = {
    {"scheme", CROW_SETTING_CHOICE, AT(scheme), CROW_SCHEME_VORONOI, NULL, 0, 0,
     "voronoi|uniform|kernel|radius|cluster",
     "share of S nearest to x (the paper's) | 1/m | inverse kernel density | inverse degree in a radius graph | "
     "inverse size of x's k-means group"},
    {"bandwidth", CROW_SETTING_DOUBLE, AT(bandwidth), 0, NULL, 0, 1e300, NULL,
     "with --scheme kernel: h of exp(-distance^2 / (2 h^2)); 0: a third of the radius at the valley"},
    {"radius", CROW_SETTING_DOUBLE, AT(radius), 0, NULL, 0, 1e300, NULL,
     "with --scheme radius: alternatives this close are neighbours; 0: the valley between the two humps of "
     "the distances of pairs (Otsu's threshold), for clones that are texts on one subject"},
    {"weight-clusters", CROW_SETTING_INT, AT(clusters), 0, NULL, 0, 1e9, NULL,
     "with --scheme cluster: number of k-means groups; 0: the square root of the number of alternatives"},
    CROW_SETTING("samples", INT, crow_weights_options, samples, .maximum = 1e13,
                 .help = "number of Monte Carlo samples N; a weight w has the standard error sqrt(w (1 - w) / N); 0: "
                         "30 times the alternatives, 100000 at least, or for each of several prompts 400 times its "
                         "alternatives, 4096 at least"),
    CROW_SETTING("draws", CHOICE, crow_weights_options, draws, .value = CROW_DRAWS_AUTO,
                 .choices = "auto|signs|independent",
                 .help = "how samples are drawn: signs: many from one draw, by flipping the signs of blocks of its "
                         "coordinates, for about the search of one (cube, box, sphere, ball, gaussian; N is rounded "
                         "up to whole draws); independent: each by itself; auto: signs where they give less variance "
                         "for the work, by a fixed rule and the first draws' counts"),
    {"relative-error", CROW_SETTING_DOUBLE, AT(relative_error), 0, NULL, 0, 1, NULL,
     "go on in batches until every weight above 1/m has at most this relative standard error; 0: stop after --samples"},
    {"max-samples", CROW_SETTING_INT, AT(max_samples), 1e9, NULL, 1, 1e13, NULL,
     "with --relative-error or --reward-error: never draw more than this, even if the error is not reached"},
    {"pseudo-count", CROW_SETTING_DOUBLE, AT(pseudo_count), 0, NULL, 0, 1e12, NULL,
     "Dirichlet smoothing: w = (n + a) / (N + a m) for n hits of N samples; with a > 0 no weight is zero"},
    {"grid", CROW_SETTING_TEXT, AT(grid), 0, "auto", 0, 0, "GROUPSxSLICES",
     "ranks that share the samples x slices of alternatives; auto takes the fewest slices that fit the memory"},
    {"memory-per-rank", CROW_SETTING_DOUBLE, AT(memory_per_rank), 0, NULL, 0, 1e18, NULL,
     "bytes that a rank may use; 0: what the machine, its cgroup or Slurm allows"},
    {"prompt-share", CROW_SETTING_CHOICE, AT(prompt_share), CROW_PROMPT_SHARE_UNIFORM, NULL, 0, 0, "uniform|count",
     "with several prompts, each of which has weights of its own: what these sum to; the same for all prompts, or in "
     "proportion to their numbers of alternatives"},
    /* Shown as --no-batches, whose help this is. */
    CROW_SETTING("batches", BOOL, crow_weights_options, batches, .value = 1,
                 .help = "save 256 bytes for each alternative, in memory and in the file; crow fit can then not "
                         "report the sampling error of rewards"),
    {NULL, CROW_SETTING_BOOL, 0, 0, NULL, 0, 0, NULL, NULL},
};

void crow_weights_options_default(crow_weights_options *options) {
  crow_settings_default(crow_weights_settings, options);
  crow_settings_default(crow_space_settings, &options->space);
  crow_settings_default(crow_nearest_settings, &options->nearest);
  options->open_ended = false;
}

crow_status crow_weights_options_validate(const crow_weights_options *options) {
  int groups, slices;
  CROW_NEED(crow_settings_validate(crow_weights_settings, options));
  CROW_NEED(crow_settings_validate(crow_space_settings, &options->space));
  CROW_NEED(crow_settings_validate(crow_nearest_settings, &options->nearest));
  CROW_NEED(crow_space_parse(&options->space));
  return crow_weights_grid_parse(options->grid, &groups, &slices);
}

/* Says so where the largest weight is within 1 % of the smallest, within each of several prompts. */
static crow_status log_uniform(const crow_comm *comm, const crow_dataset *dataset, const crow_weights *weights) {
  double extremes[2] = {0, -(double)INFINITY}; /* largest, - smallest */
  if (dataset->prompts > 1) return CROW_OK;
  for (crow_gidx i = 0; i < weights->partition.count; i++) {
    extremes[0] = fmax(extremes[0], weights->value[i]);
    extremes[1] = fmax(extremes[1], -weights->value[i]);
  }
  CROW_NEED(crow_comm_max_f64(comm, extremes, 2));
  if (weights->partition.global > 1 && extremes[0] <= -1.01 * extremes[1]) {
    crow_log(CROW_LOG_NOTICE,
             "weights: all are equal within 1 %%: this scheme did nothing that uniform weights do not");
  }
  return CROW_OK;
}

static void weights_log_end(const crow_weights *weights) {
  if (weights->space.choice.outside == weights->partition.global) {
    crow_log(CROW_LOG_WARNING, "these are weights in a unit cube that holds no context: see --space");
  }
  if (2 * weights->zeros > weights->partition.global) {
    crow_log(CROW_LOG_WARNING,
             "more than half of the weights are zero: the space hardly holds the alternatives, or has too "
             "few samples for its dimensions; see --space, --samples and --pseudo-count");
  }
}

/* The space is chosen once, for all prompts alike. */
static crow_status choose_space(const crow_comm *comm, const crow_dataset *dataset, const crow_weights_options *options,
                                crow_space_choice *choice, crow_weights_options *chosen) {
  memset(choice, 0, sizeof *choice);
  *chosen = *options;
  if (options->scheme != CROW_SCHEME_VORONOI) return CROW_OK;
  CROW_NEED(crow_space_choose(comm, &options->space, dataset, choice));
  chosen->space = crow_space_chosen(&options->space, choice);
  if (dataset->prompts < 2) return CROW_OK;
  /* Check for too large contexts now, while the message can give their row in the file; within a prompt rows are
   * renumbered. */
  if (strcmp(choice->space, "sphere") != 0) {
    CROW_NEED(crow_space_check_distances(comm, dataset));
  }
  return CROW_OK;
}

crow_status crow_weights_compute_from(const crow_comm *comm, const crow_dataset *dataset,
                                      const crow_weights_options *options, crow_checkpoint *checkpoint,
                                      crow_weights *out) {
  crow_status status = CROW_OK;
  crow_space_choice choice;
  crow_weights_options chosen;
  memset(out, 0, sizeof *out);
  CROW_TRY(crow_weights_options_validate(options));
  if (options->scheme != CROW_SCHEME_UNIFORM) CROW_TRY(crow_dataset_need_contexts(dataset));
  CROW_TRY(crow_weights_check_memory(comm, dataset, options));
  CROW_TRY(choose_space(comm, dataset, options, &choice, &chosen));
  if (dataset->prompts > 1)
    CROW_TRY(crow_weights_prompts(comm, dataset, &chosen, choice.reason, 1, checkpoint, out));
  else
    CROW_TRY(crow_weights_by_scheme(comm, dataset, &chosen, choice.reason, NULL, checkpoint, out));
  out->space.choice = choice;
  CROW_TRY(crow_weights_find_shares(comm, dataset, out));
  if (options->scheme != CROW_SCHEME_UNIFORM) CROW_TRY(log_uniform(comm, dataset, out));
  weights_log_end(out);
cleanup:
  if (status != CROW_OK) crow_weights_free(out);
  return status;
}

/* Prompts are drawn anew: they are small. */
static crow_status refine_prompts(const crow_comm *comm, const crow_dataset *dataset,
                                  const crow_weights_options *options, double factor, crow_checkpoint *checkpoint,
                                  const crow_weights *from, bool *more, crow_weights *out) {
  *more = from->samples < options->max_samples;
  if (!*more) return CROW_OK;
  if (checkpoint) crow_checkpoint_forget(checkpoint);
  CROW_NEED(crow_weights_prompts(comm, dataset, options, "", from->growth * factor, checkpoint, out));
  *more = out->samples > from->samples; /* a pool may be used up */
  return CROW_OK;
}

crow_status crow_weights_refine(const crow_comm *comm, const crow_dataset *dataset, const crow_weights_options *options,
                                double factor, crow_checkpoint *checkpoint, crow_weights *weights, bool *more) {
  crow_status status = CROW_OK;
  const crow_space_choice choice = weights->space.choice;
  crow_weights next = {0};
  crow_weights_options chosen = *options;
  *more = false;
  if (weights->samples == 0 || !weights->batch_hits || (dataset->prompts < 2 && !weights->squares)) return CROW_OK;
  chosen.space = crow_space_chosen(&options->space, &choice);
  if (dataset->prompts > 1)
    CROW_TRY(refine_prompts(comm, dataset, &chosen, factor, checkpoint, weights, more, &next));
  else
    CROW_TRY(crow_weights_voronoi_more(comm, dataset, &chosen, factor, checkpoint, weights, more, &next));
  if (!*more) goto cleanup;
  crow_weights_free(weights);
  *weights = next;
  next = (crow_weights){0};
  weights->space.choice = choice;
  CROW_TRY(crow_weights_find_shares(comm, dataset, weights));
cleanup:
  crow_weights_free(&next);
  return status;
}

crow_status crow_weights_compute(const crow_comm *comm, const crow_dataset *dataset,
                                 const crow_weights_options *options, crow_weights *out) {
  return crow_weights_compute_from(comm, dataset, options, NULL, out);
}
