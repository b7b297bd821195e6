/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_impl.h"
#include "cli/print/results_impl.h"
#include <string.h>
#include <unistd.h>

typedef struct fit_options {
  const char *start;   /* a rewards file; NULL: none */
  const char *weights; /* "voronoi", "uniform" or a file */
  double reward_error; /* > 0: more samples until the largest error of a reward from sampling is below */
  const char *where;   /* COLUMN=VALUE; NULL: all comparisons */
  crow_rewards_by_options by;
  crow_weights_options sampling;
  crow_train_options fit;
  crow_uncertainty_options uncertainty;
  crow_elo_options elo;
  crow_checkpoint_options checkpoint;
} fit_options;

static const crow_setting fit_settings[] = {
    CROW_SETTING("weights", INPUT, fit_options, weights, .text = "voronoi", .choices = "voronoi|uniform|FILE",
                 .help = "weights of the alternatives: computed as by crow weights, with its options; uniform: all "
                         "equal, so that every pair that was compared counts once (the standard regularised MLE; the "
                         "Bradley-Terry ratings of arenas are that with --pair-weight count); or read from a file "
                         "that crow weights wrote"),
    CROW_SETTING("reward-error", DOUBLE, fit_options, reward_error, .maximum = 1e300,
                 .help = "how many samples? As many as make the largest standard error of a reward that comes from "
                         "sampling smaller than this, up to --max-samples; 0: stop after --samples"),
    CROW_SETTING("start", INPUT, fit_options, start, .choices = "FILE",
                 .help = "begins a tabular fit at the rewards of this file, matched by id: for data that have grown, "
                         "or another lambda"),
    CROW_SETTING("where", TEXT, fit_options, where, .choices = "COLUMN=VALUE",
                 .help = "fits only those comparisons that have this value in a kept column (crow import --keep)"),
    {0}};

static const crow_section sections[] = {
    {"Weights", fit_settings, 0},
    {"Objective", crow_objective_settings, offsetof(fit_options, fit.objective)},
    {"Optimiser (L-BFGS)", crow_lbfgs_settings, offsetof(fit_options, fit.lbfgs)},
    {"By the values of a column (of observed comparisons)", crow_rewards_by_settings, offsetof(fit_options, by)},
    {"Uncertainty (of observed comparisons)", crow_uncertainty_settings, offsetof(fit_options, uncertainty)},
    {"Scale of what is printed", crow_elo_settings, offsetof(fit_options, elo)},
    {"Reward model", crow_model_settings, offsetof(fit_options, fit.model)},
    {"Training (with --model linear or mlp)", crow_training_settings, offsetof(fit_options, fit.training)},
    {"Adam (of --model mlp, or with --optimizer adam)", crow_adam_settings, offsetof(fit_options, fit.adam)},
    {"Groups of ranks (of ensembles and bootstraps)", crow_rank_groups_settings, offsetof(fit_options, fit.groups)},
    {"Samples (with --weights voronoi)", crow_weights_settings, offsetof(fit_options, sampling)},
    {"Space (with --weights voronoi)", crow_space_settings, offsetof(fit_options, sampling.space)},
    {"Nearest alternative (with --weights voronoi)", crow_nearest_settings, offsetof(fit_options, sampling.nearest)},
    {"Checkpoints", crow_checkpoint_settings, offsetof(fit_options, checkpoint)},
    {0}};

static bool is_voronoi(const fit_options *options) { return strcmp(options->weights, "voronoi") == 0; }
static bool is_uniform(const fit_options *options) { return strcmp(options->weights, "uniform") == 0; }

/* Refuses --reward-error where weights are not sampled. */
static crow_status check_reward_error(const fit_options *options) {
  if (!is_voronoi(options) || options->sampling.scheme != CROW_SCHEME_VORONOI)
    return crow_error(CROW_USAGE, "--reward-error needs weights that are sampled: --weights voronoi, --scheme voronoi");
  if (!options->sampling.batches) return crow_error(CROW_USAGE, "--reward-error needs hits by batch: not --no-batches");
  if (options->fit.model.model != CROW_MODEL_TABULAR)
    return crow_error(CROW_USAGE, "--reward-error needs --model tabular");
  return CROW_OK;
}

static crow_status check_fit(const crow_run *run) {
  crow_status status = CROW_OK;
  const fit_options *options = run->options;
  const char *weights = options->weights;
  CROW_TRY(crow_train_options_validate(&options->fit));
  CROW_TRY(crow_weights_options_validate(&options->sampling));
  CROW_TRY(crow_elo_options_validate(&options->elo));
  if (options->start && options->fit.model.model != CROW_MODEL_TABULAR)
    CROW_TRY(crow_error(CROW_USAGE, "--start needs --model tabular"));
  if (options->reward_error > 0) CROW_TRY(check_reward_error(options));
  if (options->by.column && options->fit.model.model != CROW_MODEL_TABULAR)
    CROW_TRY(crow_error(CROW_USAGE, "--by needs --model tabular"));
  if (options->where && options->by.column) CROW_TRY(crow_error(CROW_USAGE, "--where and --by: expected one of them"));
  if (options->where && !strchr(options->where, '='))
    CROW_TRY(crow_error(CROW_USAGE, "--where \"%s\": expected COLUMN=VALUE, such as language=English", options->where));
  if (options->uncertainty.bootstrap_by && options->uncertainty.bootstrap < 2)
    CROW_TRY(crow_error(CROW_USAGE, "--bootstrap-by needs --bootstrap B of at least 2 replicates, such as 1000"));
  /* A word that looks like no file and is none was meant to be one of the two. */
  if (!is_voronoi(options) && !is_uniform(options) && !strpbrk(weights, "./") && access(weights, F_OK) != 0) {
    char nearest[16];
    crow_nearest_word(weights, "voronoi|uniform", nearest, sizeof nearest);
    status = crow_error(CROW_USAGE, "--weights \"%s\": expected voronoi, uniform or a file; did you mean \"%s\"?",
                        weights, nearest);
  }
cleanup:
  return status;
}

static crow_status get_weights(crow_run *run, const crow_dataset *dataset, const crow_weights_options *sampling,
                               crow_checkpoint *checkpoint, crow_weights *weights) {
  const fit_options *options = run->options;
  const bool resumed = is_voronoi(options) && crow_checkpoint_has(checkpoint, "finished_weights");
  crow_report_text(run, "weights", options->weights);
  if (is_voronoi(options) && !resumed) {
    crow_stages_begin(&run->stages, "check");
    CROW_NEED(crow_preferences_check(run->comm, dataset, options->fit.objective.across_prompts));
  }
  crow_stages_begin(&run->stages, "weights");
  if (resumed) {
    CROW_NEED(crow_weights_load(run->comm, checkpoint, dataset->alternatives, weights));
    if (options->sampling.scheme != CROW_SCHEME_VORONOI) return CROW_OK;
    return crow_space_choose(run->comm, &options->sampling.space, dataset, &weights->space.choice);
  }
  if (is_voronoi(options)) return crow_weights_compute_from(run->comm, dataset, sampling, checkpoint, weights);
  if (is_uniform(options)) {
    crow_weights_options uniform = options->sampling;
    uniform.scheme = CROW_SCHEME_UNIFORM;
    return crow_weights_compute(run->comm, dataset, &uniform, weights);
  }
  CROW_NEED(crow_weights_read(run->comm, options->weights, dataset, weights));
  crow_print(run, "weights: from %s", options->weights);
  return CROW_OK;
}

/* Notes where everything comes from, and looks for a checkpoint to go on from. */
static crow_status fit_prepare(crow_run *run, crow_provenance **provenance, crow_checkpoint **checkpoint) {
  const fit_options *options = run->options;
  bool found = false;
  CROW_NEED(crow_run_checkpoint(run, &options->checkpoint, checkpoint));
  CROW_NEED(crow_run_provenance(run, *checkpoint, provenance));
  CROW_NEED(crow_checkpoint_find(*checkpoint, &found));
  crow_report_bool(run, "resumed", found);
  return CROW_OK;
}

/* Without contexts nothing tells which alternatives are clones. */
static crow_status choose_weights(crow_run *run, const crow_dataset *dataset) {
  fit_options *options = run->options;
  if (dataset->dimensions || !is_voronoi(options)) return CROW_OK;
  if (crow_option_given(run, "weights")) return crow_dataset_need_contexts(dataset);
  options->weights = "uniform";
  crow_print(run, "no contexts: every alternative counts alike (--weights uniform)");
  crow_run_warn_unused(run);
  return CROW_OK;
}

/* Refused before the work, not after it. */
static crow_status check_uncertainty(const fit_options *options, const crow_dataset *dataset) {
  const crow_uncertainty_options *wanted = &options->uncertainty;
  if (!(wanted->bootstrap || wanted->standard_errors)) return CROW_OK;
  if (options->fit.model.model != CROW_MODEL_TABULAR) {
    return crow_error(CROW_USAGE, "--%s needs --model tabular", wanted->bootstrap ? "bootstrap" : "standard-errors");
  }
  if (dataset->has_comparisons) return CROW_OK;
  return crow_error(CROW_USAGE, "--%s needs observed comparisons: a %s has nothing to resample",
                    wanted->bootstrap ? "bootstrap" : "standard-errors",
                    dataset->has_matrix ? "full preference matrix" : "population");
}

/* Leaves only the comparisons that --where asks for. */
static crow_status choose_comparisons(crow_run *run, crow_dataset *dataset) {
  crow_status status = CROW_OK;
  const fit_options *options = run->options;
  char *column = NULL;
  int64_t unused;
  crow_gidx left = 0;
  const bool columns = options->where || options->by.column || options->uncertainty.bootstrap_by;
  if (columns && !dataset->has_comparisons)
    CROW_TRY(crow_error(CROW_USAGE, "--where, --by and --bootstrap-by need observed comparisons"));
  if (options->by.column) CROW_TRY(crow_dataset_find_kept(dataset, options->by.column, &unused));
  if (options->uncertainty.bootstrap_by)
    CROW_TRY(crow_dataset_find_kept(dataset, options->uncertainty.bootstrap_by, &unused));
  if (!options->where) return CROW_OK;
  CROW_TRY_AGREE(run->comm, crow_string_copy(options->where, &column));
  char *value = strchr(column, '=');
  *value++ = 0;
  CROW_TRY(crow_dataset_select(dataset, column, value, &left));
  crow_print(run, "only the %lld comparison%s whose %s is %s", (long long)left, crow_plural(left), column, value);
  crow_report_integer(run, "selected_comparisons", left);
cleanup:
  crow_free(column);
  return status;
}

/* Standard errors that nobody asked for are computed only for tabular rewards of observed comparisons. */
static crow_uncertainty_options choose_uncertainty(const fit_options *options, const crow_dataset *dataset) {
  crow_uncertainty_options wanted = options->uncertainty;
  if (options->fit.model.model != CROW_MODEL_TABULAR || !dataset->has_comparisons) wanted.errors = false;
  return wanted;
}

static crow_status find_uncertainty(crow_run *run, const crow_dataset *dataset, const crow_weights *weights,
                                    const crow_train_options *fit, const crow_uncertainty_options *wanted,
                                    crow_checkpoint *checkpoint, crow_rewards *rewards) {
  if (wanted->standard_errors || wanted->errors) {
    crow_stages_begin(&run->stages, "standard errors");
    CROW_NEED(crow_uncertainty_sandwich(run->comm, dataset, weights, &fit->objective, wanted, rewards->value,
                                        &rewards->uncertainty));
  }
  if (wanted->bootstrap) {
    crow_stages_begin(&run->stages, "bootstrap");
    CROW_NEED(crow_rewards_bootstrap_from(run->comm, dataset, weights, fit, wanted, checkpoint, rewards));
  }
  return CROW_OK;
}

/* What is written at the end. */
typedef struct fitted {
  const crow_run *run;
  const crow_rewards *rewards;
  const crow_dataset *dataset;
  const crow_provenance *provenance;
} fitted;

/* Finished results, saved when a run is stopped between checkpoints. */
typedef struct finished {
  const crow_weights *weights;
  const crow_rewards *rewards; /* NULL if they are not finished */
} finished;

static crow_status save_finished(crow_checkpoint *checkpoint, const void *what) {
  const finished *f = what;
  CROW_NEED(crow_weights_save(checkpoint, f->weights));
  if (f->rewards) CROW_NEED(crow_rewards_save(checkpoint, f->rewards));
  return CROW_OK;
}

static crow_status write_rewards(void *context, const char *path, bool overwrite) {
  const fitted *f = context;
  return crow_rewards_write(f->run->comm, path, overwrite, f->rewards, f->dataset, f->provenance);
}

/* Rewards to begin at. `*start` is freed by the caller. */
static crow_status read_start(const crow_run *run, const crow_dataset *dataset, const crow_partition *partition,
                              double **start) {
  const fit_options *options = run->options;
  int64_t matched = 0;
  if (!options->start) return CROW_OK;
  CROW_NEED_AGREE(run->comm, CROW_ALLOCATE(start, partition->count + 1)); /* never NULL */
  CROW_NEED(crow_rewards_read_start(run->comm, options->start, dataset, partition, *start, &matched));
  crow_print(run, "start: rewards of %lld of %lld alternatives from %s", (long long)matched,
             (long long)dataset->alternatives, options->start);
  return CROW_OK;
}

/* Which alternatives are near-duplicates of each other goes to the file, for the pictures. Local. */
static crow_status keep_near(const crow_effect *effect, crow_rewards *rewards) {
  const crow_partition *p = &rewards->partition;
  if (!effect->number) return CROW_OK;
  CROW_NEED(CROW_ALLOCATE_RAW(&rewards->near, p->count + 1)); /* never NULL: an empty slice is not an absent vector */
  for (int64_t i = 0; i < p->count; i++) rewards->near[i] = effect->number[p->begin + i];
  return CROW_OK;
}

/* What the steps of a fit hand on. */
typedef struct fit_work {
  crow_train_options how;
  crow_weights_options sampling;
  crow_uncertainty_options wanted;
  crow_dataset dataset;
  crow_weights weights;
  crow_rewards rewards;
  crow_effect effect;
  crow_provenance *provenance;
  crow_checkpoint *checkpoint;
  finished kept;
  double *start;
} fit_work;

/* Opens the dataset and refuses what cannot be, before any work. */
static crow_status open_fit(crow_run *run, fit_work *w) {
  const fit_options *options = run->options;
  const char *input = run->argument[0];
  w->how.groups.memory_per_rank = options->sampling.memory_per_rank;
  w->sampling.open_ended = options->reward_error > 0;
  crow_stages_begin(&run->stages, "read");
  CROW_NEED(crow_dataset_open(run->comm, input, false, &w->dataset));
  crow_results_dataset(run, input, &w->dataset);
  CROW_NEED(crow_dataset_check_names(&w->dataset));
  CROW_NEED(choose_comparisons(run, &w->dataset));
  CROW_NEED(choose_weights(run, &w->dataset));
  w->how.sampling_error = w->how.model.model == CROW_MODEL_TABULAR && !is_uniform(options);
  CROW_NEED(check_uncertainty(options, &w->dataset));
  w->wanted = choose_uncertainty(options, &w->dataset);
  CROW_NEED(crow_rewards_check_memory(run->comm, &w->dataset, &w->how, &w->wanted, options->sampling.memory_per_rank));
  if (is_voronoi(options)) CROW_NEED(crow_weights_check_memory(run->comm, &w->dataset, &options->sampling));
  return fit_prepare(run, &w->provenance, &w->checkpoint);
}

/* From the dataset to weights, rewards and all that is known of them. */
static crow_status compute_fit(crow_run *run, fit_work *w) {
  const fit_options *options = run->options;
  CROW_NEED(get_weights(run, &w->dataset, &w->sampling, w->checkpoint, &w->weights));
  if (is_voronoi(options) && options->sampling.scheme == CROW_SCHEME_VORONOI) crow_results_unused(run, &w->weights);
  w->kept.weights = &w->weights;
  CROW_NEED(crow_weights_find_shares(run->comm, &w->dataset, &w->weights));
  CROW_NEED(read_start(run, &w->dataset, &w->weights.partition, &w->start));
  w->how.start = w->start;
  crow_stages_begin(&run->stages, "fit");
  CROW_NEED(crow_rewards_fit_from(run->comm, &w->dataset, &w->weights, &w->how, w->checkpoint, &w->rewards));
  if (options->reward_error > 0) {
    CROW_NEED(crow_rewards_refine(run->comm, &w->dataset, &w->sampling, &w->how, options->reward_error, w->checkpoint,
                                  &w->weights, &w->rewards));
  }
  CROW_NEED(find_uncertainty(run, &w->dataset, &w->weights, &w->how, &w->wanted, w->checkpoint, &w->rewards));
  if (options->by.column) crow_stages_begin(&run->stages, "by value");
  CROW_NEED(crow_rewards_fit_by(run->comm, &w->dataset, &w->weights, &w->how, &w->wanted, &options->by, &w->rewards));
  crow_stages_begin(&run->stages, "near-duplicates");
  CROW_NEED(crow_effect_create(run->comm, &w->dataset, &w->weights, &w->effect));
  CROW_NEED_AGREE(run->comm, keep_near(&w->effect, &w->rewards));
  return crow_comm_agree(run->comm, crow_effect_keep(&w->effect, w->weights.space.choice.space, &w->rewards.effect));
}

static crow_status save_fit(crow_run *run, fit_work *w) {
  crow_stages_begin(&run->stages, "write");
  CROW_NEED(crow_run_provenance_times(run, w->provenance));
  CROW_NEED(crow_result_save(run->comm, run->common.output, run->common.force, write_rewards,
                             &(fitted){run, &w->rewards, &w->dataset, w->provenance}));
  CROW_NEED(crow_checkpoint_remove(w->checkpoint));
  crow_stages_end(&run->stages);
  return CROW_OK;
}

static crow_status print_fit(crow_run *run, fit_work *w, bool converged) {
  const fit_options *options = run->options;
  crow_results_weights_space(run, &w->weights.space);
  crow_report_real(run, "effective_number", w->weights.effective);
  crow_report_integer(run, "zero_weights", w->weights.zeros);
  crow_report_integer(run, "samples", w->weights.samples);
  crow_results_effect_found(run, &w->weights, &w->effect);
  CROW_NEED(crow_results_rewards(run, &w->dataset, &w->rewards, options->fit.lbfgs.tolerance, &options->elo));
  crow_results_counts(run, &w->rewards, options->fit.objective.pair_weight);
  return crow_print_written(run, "rewards", converged ? "" : ", marked as not converged");
}

static crow_status run_fit(crow_run *run) {
  crow_status status = CROW_OK;
  const fit_options *options = run->options;
  fit_work w = {.how = options->fit, .sampling = options->sampling, .wanted = options->uncertainty};
  bool converged = false;
  CROW_TRY(open_fit(run, &w));
  CROW_TRY(compute_fit(run, &w));
  CROW_TRY(save_fit(run, &w));
  converged = w.rewards.converged;
  for (int64_t k = 0; k < w.rewards.by.values; k++) converged = converged && w.rewards.by.converged[k];
  CROW_TRY(print_fit(run, &w, converged));
cleanup:
  if (w.rewards.partition.global > 0 && w.rewards.model.kind == CROW_MODEL_TABULAR) w.kept.rewards = &w.rewards;
  /* If a checkpoint holds anything beyond the weights, it holds the weights too. */
  status =
      crow_run_stopped(w.checkpoint, status, w.kept.weights && is_voronoi(options) ? save_finished : NULL, &w.kept);
  crow_checkpoint_destroy(&w.checkpoint);
  crow_provenance_destroy(&w.provenance);
  crow_free(w.start);
  crow_effect_free(&w.effect);
  crow_rewards_free(&w.rewards);
  crow_weights_free(&w.weights);
  crow_dataset_close(&w.dataset);
  return status == CROW_OK && !converged ? CROW_NOT_CONVERGED : status;
}

const crow_command crow_command_fit = {
    .name = "fit",
    .summary = "fit rewards to a dataset's preferences",
    .description =
        "Computes the weights of the alternatives (unless they are given), then minimises the weighted regularised "
        "negative log-likelihood of the preferences: sum over pairs of w(x) w(y) p(x>y) log sigma(r(x) - r(y)), "
        "negated, plus lambda/2 sum of w(x) r(x)^2. Preferences are observed comparisons, a full matrix or a "
        "population of annotator types, whichever the dataset holds. Of a dataset with prompts the sum over prompts of "
        "their shares times that, with weights within the prompt, is minimised.\n\n"
        "Ranks in tables, here and in crow compare, crow report and crow export (its column place), are among the "
        "alternatives of the same prompt that have weight; the others have none and stand at the end. Rewards that are "
        "closer to the first of their group than the fit is sure of, twice the largest violation of the optimality "
        "equation divided by lambda, share its rank.\n\n"
        "The certificate is the largest violation of the optimality equation over the alternatives. If it does not "
        "reach the tolerance, the results are written and marked, and the exit code is 5.",
    .example = "crow fit votes.h5 -o rewards.h5 --lambda 0.02\n"
               "mpirun -n 4 crow fit votes.h5 -o standard.h5 --weights uniform\n"
               "crow fit votes.h5 -o network.h5 --model mlp --ensemble 20",
    .arguments = "DATASET",
    .least_arguments = 1,
    .most_arguments = 1,
    .takes = CROW_TAKES_OUTPUT | CROW_TAKES_JSON,
    .options_bytes = sizeof(fit_options),
    .sections = sections,
    .check = check_fit,
    .run = run_fit,
};
