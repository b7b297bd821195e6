/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/print/results_impl.h"
#include "cli/table_impl.h"
#include <math.h>
#include <string.h>

enum { ENDS = 10, PROMPT_BYTES = 128 };
/* A bound of the rewards' error that is a larger share of their spread is told. */
static const double LOOSE = 1e-3;

/* Options that this dataset leaves without effect. */
static void warn_of_data(crow_run *run, const crow_dataset *dataset) {
  if (!dataset->has_prompt) {
    crow_run_warn_unused_by(run, "across-prompts", "the dataset has no prompts");
    crow_run_warn_unused_by(run, "prompt-share", "the dataset has no prompts");
  }
  if (!dataset->has_comparisons) {
    crow_run_warn_unused_by(run, "pair-scale", "the dataset has no comparisons");
    crow_run_warn_unused_by(run, "pair-weight", "the dataset has no comparisons");
  }
}

void crow_results_dataset(crow_run *run, const char *path, const crow_dataset *dataset) {
  char source[128];
  if (dataset->has_comparisons) {
    (void)snprintf(source, sizeof source, "%lld comparison%s", (long long)dataset->comparisons,
                   crow_plural(dataset->comparisons));
  } else if (dataset->has_matrix) {
    (void)snprintf(source, sizeof source, "a full preference matrix");
  } else if (dataset->has_population) {
    (void)snprintf(source, sizeof source, "a population of %lld annotator type%s", (long long)dataset->types,
                   crow_plural(dataset->types));
  } else {
    (void)snprintf(source, sizeof source, "no preferences");
  }
  char prompts[64] = "";
  if (dataset->has_prompt) {
    (void)snprintf(prompts, sizeof prompts, " of %lld prompt%s", (long long)dataset->prompts,
                   crow_plural(dataset->prompts));
  }
  char dimensions[64] = "without contexts";
  if (dataset->dimensions) {
    (void)snprintf(dimensions, sizeof dimensions, "in %lld dimension%s", (long long)dataset->dimensions,
                   crow_plural(dataset->dimensions));
  }
  crow_print(run, "read %s: %lld alternative%s%s %s, %s", path, (long long)dataset->alternatives,
             crow_plural(dataset->alternatives), prompts, dimensions, source);
  warn_of_data(run, dataset);
  crow_report_text(run, "dataset", path);
  crow_report_integer(run, "alternatives", dataset->alternatives);
  crow_report_integer(run, "dimensions", dataset->dimensions);
  if (dataset->has_prompt) crow_report_integer(run, "prompts", dataset->prompts);
  crow_report_integer(run, "comparisons", dataset->comparisons);
}

void crow_results_space(crow_run *run, const crow_space_choice *choice) {
  if (!*choice->space) return;
  crow_report_text(run, "space", choice->space);
  if (*choice->reason) crow_report_text(run, "space_reason", choice->reason);
  if (*choice->center) crow_report_text(run, "space_center", choice->center);
  crow_report_bool(run, "clone_robust", crow_space_is_clone_robust(choice->space));
}

void crow_results_unused(crow_run *run, const crow_weights *weights) {
  static const char *const of_samples[] = {"samples", "draws", "relative-error", "max-samples", "pseudo-count"};
  if (strcmp(weights->space.choice.space, "box") != 0) crow_run_warn_unused_by(run, "margin", "the space is not a box");
  if (weights->samples) return;
  for (size_t k = 0; k < sizeof of_samples / sizeof *of_samples; k++) {
    crow_run_warn_unused_by(run, of_samples[k], "the weights are exact, without samples");
  }
}

void crow_results_weights_space(crow_run *run, const crow_weights_space *space) {
  crow_results_space(run, &space->choice);
  if (!space->center || strcmp(space->choice.center, "weighted") != 0) return;
  crow_report_integer(run, "center_rounds", space->center_rounds);
  crow_report_real(run, "center_change", space->center_change);
}

static void report_weights(crow_run *run, const crow_weights *weights) {
  crow_results_weights_space(run, &weights->space);
  crow_report_real(run, "effective_number", weights->effective);
  crow_report_integer(run, "zero_weights", weights->zeros);
  crow_report_integer(run, "samples", weights->samples);
  if (weights->length > 0) crow_report_real(run, "length", weights->length);
  if (weights->eta > 0) crow_report_real(run, "eta", weights->eta);
  if (!weights->samples || weights->prompts > 1) return;
  crow_report_text(run, "draws", weights->blocks ? "signs" : "independent");
  crow_report_integer(run, "sign_blocks", weights->blocks);
}

/* What the samples alone took, all ranks together: without reading, preparing and the search for near-duplicates. */
static crow_status report_sampling_time(crow_run *run, const crow_stages *stages) {
  static const char *const names[] = {"draw", "search", "count", "reduce"};
  double seconds = 0;
  for (int k = 0; k < stages->count; k++) {
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
      if (strcmp(stages->name[k], names[n]) == 0) seconds += stages->cpu_seconds[k];
    }
  }
  CROW_NEED(crow_comm_sum_f64_unordered(run->comm, &seconds, 1));
  crow_report_real(run, "sampling_cpu_s", seconds);
  return CROW_OK;
}

crow_status crow_results_weights(crow_run *run, const crow_dataset *dataset, const crow_weights *weights) {
  crow_status status = CROW_OK;
  crow_topics topics = {0};
  report_weights(run, weights);
  if (weights->samples) CROW_TRY(report_sampling_time(run, &weights->run.stages));
  CROW_TRY(
      crow_topics_create(run->comm, dataset->file, &weights->partition, true, weights->value, weights->value, &topics));
  CROW_TRY(crow_results_topics(run, &topics, "weight", -1));
cleanup:
  crow_topics_free(&topics);
  return status;
}

void crow_results_counts(crow_run *run, const crow_rewards *r, int pair_weight) {
  if (pair_weight != 0 || r->least_judgements == r->most_judgements) return;
  crow_print(run,
             "pairs have %lld to %lld judgements and count once each; --pair-weight count weighs the judgements, as "
             "the Bradley-Terry ratings of arenas do",
             (long long)r->least_judgements, (long long)r->most_judgements);
}

static void add_elo(crow_table *table, const crow_elo *elo, const crow_ends_rewards *c, int64_t k) {
  double lower, upper;
  if (!elo->on) return;
  crow_table_add_real(table, 1, crow_elo_rating(elo, c->ends.place[k].value));
  if (!crow_ends_rewards_interval(c, k, &lower, &upper)) return;
  crow_table_add_real(table, 1, crow_elo_rating(elo, lower));
  crow_table_add_real(table, 1, crow_elo_rating(elo, upper));
}

static void report_elo(json_t *entry, const crow_elo *elo, const crow_ends_rewards *c, int64_t k) {
  double lower, upper;
  if (!elo->on) return;
  (void)json_object_set_new(entry, "elo", crow_json_real(crow_elo_rating(elo, c->ends.place[k].value)));
  if (!crow_ends_rewards_interval(c, k, &lower, &upper)) return;
  (void)json_object_set_new(entry, "elo_lower", crow_json_real(crow_elo_rating(elo, lower)));
  (void)json_object_set_new(entry, "elo_upper", crow_json_real(crow_elo_rating(elo, upper)));
}

static void report_chosen(crow_run *run, const crow_ends_rewards *c, const crow_elo *elo) {
  if (!run->report) return;
  const crow_ends *e = &c->ends;
  json_t *list = json_array();
  for (int64_t k = 0; k < e->count; k++) {
    json_t *entry = json_object();
    (void)json_object_set_new(entry, "rank", e->rank[k] ? json_integer(e->rank[k]) : json_null());
    (void)json_object_set_new(entry, "id", crow_json_text(e->id[k]));
    if (*e->topic[k]) (void)json_object_set_new(entry, "topic", crow_json_text(e->topic[k]));
    (void)json_object_set_new(entry, "reward", crow_json_real(e->place[k].value));
    (void)json_object_set_new(entry, "weight", crow_json_real(c->weight[k]));
    (void)json_object_set_new(entry, "win_rate", crow_json_real(c->win_rate[k]));
    if (c->error) (void)json_object_set_new(entry, "standard_error", crow_json_real(c->error[k]));
    if (c->lower) {
      (void)json_object_set_new(entry, "lower", crow_json_real(c->lower[k]));
      (void)json_object_set_new(entry, "upper", crow_json_real(c->upper[k]));
      (void)json_object_set_new(entry, "rank_lower",
                                e->rank[k] ? json_integer((json_int_t)c->rank_lower[k]) : json_null());
      (void)json_object_set_new(entry, "rank_upper",
                                e->rank[k] ? json_integer((json_int_t)c->rank_upper[k]) : json_null());
    }
    report_elo(entry, elo, c, k);
    (void)json_array_append_new(list, entry);
  }
  (void)json_object_set_new(run->report, "ranking", list);
}

/* A table of all needs no title. */
static void print_title(crow_run *run, const crow_ends *e) {
  char ends[128] = "", without[128] = "";
  if (e->best < e->ranked) {
    (void)snprintf(ends, sizeof ends, ": the %d best and the %d worst of %lld", ENDS, ENDS, (long long)e->ranked);
  }
  if (e->unweighted < e->total - e->ranked) {
    (void)snprintf(without, sizeof without, "%s the %lld best of %lld without weight", *ends ? ", then" : ":",
                   (long long)e->unweighted, (long long)(e->total - e->ranked));
  }
  crow_print(run, *ends || *without ? "\nAlternatives by reward%s%s" : "%s%s", ends, without);
}

/* What a reader of ranks must know. */
static void print_notes(crow_run *run, const crow_dataset *dataset, const crow_rewards *r, const crow_ends *e) {
  if (dataset->prompts > 1) crow_print(run, "rank: within the prompt");
  if (e->unweighted) {
    crow_print(run, "rank -: no weight; the reward is the limit of the optimality equation, and has no rank");
  }
  if (r->never_compared) {
    crow_print(run, "%lld alternative%s never compared and ha%s reward 0", (long long)r->never_compared,
               r->never_compared == 1 ? " was" : "s were", r->never_compared == 1 ? "s" : "ve");
  }
  if (crow_rewards_apart(r, dataset)) {
    crow_print(run, "the comparisons fall into %lld connected components: rewards and ranks across them mean nothing",
               (long long)r->components);
  }
}

/* The prompt of each row, `*name` (rows), or NULL where there is one prompt at most; freed by the caller. Collective.
 */
static crow_status read_prompts(const crow_run *run, const crow_dataset *dataset, const crow_ends *e,
                                char (**name)[PROMPT_BYTES]) {
  if (dataset->prompts < 2) return CROW_OK;
  CROW_NEED_AGREE(run->comm, CROW_ALLOCATE(name, e->count));
  for (int64_t k = 0; k < e->count; k++) {
    CROW_NEED(crow_dataset_prompt_name(dataset, e->place[k].index, (*name)[k], PROMPT_BYTES));
  }
  return CROW_OK;
}

static crow_status print_chosen(crow_run *run, const crow_dataset *dataset, const crow_ends_rewards *c,
                                const crow_elo *elo) {
  crow_status status = CROW_OK;
  const crow_ends *e = &c->ends;
  const bool topics = dataset->has_topic;
  char(*prompt)[PROMPT_BYTES] = NULL;
  crow_table table = {0};
  CROW_TRY(read_prompts(run, dataset, e, &prompt));
  crow_table_add_columns(&table, "rank|id:40");
  if (topics) crow_table_add_column(&table, "topic", true, 24);
  if (prompt) crow_table_add_column(&table, "prompt", true, 24);
  crow_table_add_columns(&table, "reward|weight|win rate");
  if (c->error) crow_table_add_column(&table, "std. error", false, 0);
  if (c->lower) {
    crow_table_add_columns(&table, "lower|upper|ranks");
  }
  if (elo->on) {
    const bool intervals = c->lower || c->error;
    crow_table_add_column(&table, "rating", false, 0);
    if (intervals) crow_table_add_column(&table, "lower", false, 0);
    if (intervals) crow_table_add_column(&table, "upper", false, 0);
    crow_table_add_group(&table, "Elo", intervals ? 3 : 1);
  }
  for (int64_t k = 0; k < e->count; k++) {
    if (k == e->best && e->best < e->ranked) {
      for (int column = 0; column < table.columns; column++) crow_table_add(&table, "%s", column ? "" : "...");
    }
    crow_table_add_rank(&table, e->rank[k]);
    crow_table_add(&table, "%s", e->id[k]);
    if (topics) crow_table_add(&table, "%s", e->topic[k]);
    if (prompt) crow_table_add(&table, "%s", prompt[k]);
    crow_table_add_real(&table, 6, e->place[k].value);
    crow_table_add_real(&table, -1, c->weight[k]);
    crow_table_add_real(&table, 6, c->win_rate[k]);
    if (c->error) crow_table_add_real(&table, 6, c->error[k]);
    if (c->lower) {
      crow_table_add_real(&table, 6, c->lower[k]);
      crow_table_add_real(&table, 6, c->upper[k]);
      if (e->rank[k])
        crow_table_add(&table, "%.0f-%.0f", c->rank_lower[k], c->rank_upper[k]);
      else
        crow_table_add(&table, "-");
    }
    add_elo(&table, elo, c, k);
  }
  print_title(run, e);
  CROW_TRY(crow_comm_agree(run->comm, crow_table_print(&table, crow_print_stream(run))));
cleanup:
  crow_free(prompt);
  return status;
}

/* The range of the prompts' own scales; those of prompts without pairs are left out. */
static void report_prompt_scales(crow_run *run, const crow_rewards *r) {
  double least = (double)INFINITY, greatest = 0;
  for (crow_gidx k = 0; k < r->prompts; k++) {
    if (r->prompt_scale[k] > 0 && r->prompt_scale[k] < least) least = r->prompt_scale[k];
    if (r->prompt_scale[k] > greatest) greatest = r->prompt_scale[k];
  }
  crow_report_real(run, "least_pair_scale", greatest > 0 ? least : 0);
  crow_report_real(run, "greatest_pair_scale", greatest);
}

static void report_fit(crow_run *run, const crow_rewards *r, double tolerance) {
  static const char *const sources[] = {"comparisons", "matrix", "population"};
  crow_report_text(run, "source", sources[r->source]);
  crow_report_integer(run, "pairs", r->pairs);
  crow_report_integer(run, "components", r->components);
  crow_report_integer(run, "ties", r->ties);
  crow_report_integer(run, "never_compared", r->never_compared);
  crow_report_real(run, "lambda", r->lambda);
  crow_report_real(run, "pair_scale", r->pair_scale);
  if (r->prompt_scale) report_prompt_scales(run, r);
  crow_report_real(run, "objective", r->objective);
  crow_report_real(run, "optimality", r->optimality);
  crow_report_real(run, "tolerance", tolerance);
  crow_report_bool(run, "converged", r->converged);
  if (r->model.kind == CROW_MODEL_TABULAR) crow_report_real(run, "reward_bound", crow_rewards_bound(r));
  crow_report_bool(run, "convergence_tested", r->convergence_tested);
  crow_report_text(run, "end", crow_rewards_end_text(r));
  crow_report_integer(run, "iterations", r->iterations);
  crow_report_integer(run, "evaluations", r->evaluations);
  crow_report_integer(run, "unknown", r->unknown);
  if (r->model.kind != CROW_MODEL_TABULAR) crow_report_integer(run, "equal_contexts", r->equal_contexts);
  if (r->uncertainty.replicates) {
    crow_report_integer(run, "bootstrap", r->uncertainty.replicates);
    crow_report_integer(run, "bootstrap_not_converged", r->uncertainty.not_converged);
    if (r->uncertainty.by) crow_report_text(run, "bootstrap_by", r->uncertainty.by);
  }
}

static void print_certificate(crow_run *run, const crow_rewards *r, double tolerance) {
  static const char *const kinds[] = {"tabular", "linear", "mlp"};
  crow_report_text(run, "model", kinds[r->model.kind]);
  if (r->model.kind == CROW_MODEL_TABULAR) {
    crow_print_detail(run, "\ncertificate: %.3e (largest violation of the optimality equation; tolerance %.3g)",
                      r->optimality, tolerance);
    return;
  }
  crow_report_integer(run, "parameters", r->model.parameters);
  crow_report_integer(run, "ensemble", r->model.members);
  crow_print(run, "\nmodel: %s%s%s of %lld input%s, %lld parameter%s, %lld member%s", kinds[r->model.kind],
             *r->model.hidden ? " " : "", r->model.hidden, (long long)r->model.inputs, crow_plural(r->model.inputs),
             (long long)r->model.parameters, crow_plural(r->model.parameters), (long long)r->model.members,
             crow_plural(r->model.members));
  crow_print_detail(run, "certificate: %.3e (largest entry of the gradient by the parameters)", r->optimality);
}

/* From the least to the greatest reward of a weighted alternative. */
static crow_status results_find_spread(const crow_comm *comm, const crow_rewards *r, double *spread) {
  double ends[2] = {-(double)INFINITY, -(double)INFINITY};
  for (crow_gidx i = 0; i < r->partition.count; i++) {
    if (!(r->weight[i] > 0)) continue;
    ends[0] = fmax(ends[0], r->value[i]);
    ends[1] = fmax(ends[1], -r->value[i]);
  }
  CROW_NEED(crow_comm_max_f64(comm, ends, 2));
  *spread = ends[0] + ends[1];
  return CROW_OK;
}

/* What the sampling of the weights left in the rewards. */
static crow_status print_sampling_error(crow_run *run, const crow_dataset *dataset, const crow_rewards *r) {
  const crow_sampling_error *e = &r->sampling_error;
  char id[1][CROW_NAME_BYTES];
  if (!e->value) return CROW_OK;
  CROW_NEED(crow_ranking_names(run->comm, dataset->file, "/alternatives/id", 1,
                               &(crow_ranked){.value = e->largest, .index = e->at}, id));
  crow_print_detail(
      run,
      "sampling error of the rewards: median %.2g, largest %.2g (%s); with --reward-error E sampling goes on until the "
      "largest is below E",
      e->median, e->largest, id[0]);
  crow_report_real(run, "sampling_error_median", e->median);
  crow_report_real(run, "sampling_error_largest", e->largest);
  crow_report_text(run, "sampling_error_largest_id", id[0]);
  return CROW_OK;
}

/* How the fit ended, with its certificate. */
static void print_end(crow_run *run, const crow_rewards *r, double spread) {
  const long long iterations = (long long)r->iterations;
  const char *plural = crow_plural(r->iterations);
  if (!r->convergence_tested) {
    crow_print(run, "ended: %s, %lld iteration%s; Adam does not test for convergence", crow_rewards_end_text(r),
               iterations, plural);
    crow_results_training(run, r);
  } else if (r->converged && crow_rewards_bound(r) > LOOSE * spread) {
    crow_print(run,
               "converged: stopped at the tolerance after %lld iteration%s; rewards may still be off by up to %.2g "
               "(numerically): a smaller --tolerance",
               iterations, plural, crow_rewards_bound(r));
  } else if (r->converged) {
    crow_print(run, "converged: yes, after %lld iteration%s; certificate %.3e", iterations, plural, r->optimality);
  } else {
    crow_print(run, "converged: no, %s after %lld iteration%s; certificate %.3e", crow_rewards_end_text(r), iterations,
               plural, r->optimality);
  }
}

/* Who leads: among topics that sum up many alternatives, else among alternatives that can be ranked with each other. */
static void print_lead(crow_run *run, const crow_topics *topics, const crow_dataset *dataset, const crow_rewards *r,
                       const crow_ends_rewards *c) {
  char text[2 * CROW_NAME_BYTES + 128] = "", across[96] = "";
  const bool prompts = dataset->prompts > 1, apart = crow_rewards_apart(r, dataset);
  if (apart && !prompts) {
    (void)snprintf(across, sizeof across, "; but rewards of the %lld connected components have no common zero",
                   (long long)r->components);
  }
  if (topics->count >= 2 && run->report) {
    (void)json_object_set_new(run->report, "topic_lead", crow_json_lead(topics));
  }
  const bool matter = crow_topics_matter(topics);
  if (matter || (topics->count >= 2 && run->common.verbose)) {
    crow_results_lead(topics, text, sizeof text);
    crow_print(run, "verdict: %s%s", text, across);
  }
  if (!matter && !prompts && !apart && c->ends.best > 1) {
    crow_results_best(c, text, sizeof text);
    crow_print(run, "verdict: %s", text);
  }
}

crow_status crow_results_rewards(crow_run *run, const crow_dataset *dataset, const crow_rewards *r, double tolerance,
                                 const crow_elo_options *scale) {
  crow_status status = CROW_OK;
  crow_ends_rewards c = {0};
  crow_elo elo = {0};
  crow_topics topics = {0};
  double spread = 0;
  CROW_TRY(results_find_spread(run->comm, r, &spread));
  CROW_TRY(crow_ends_rewards_create(run->comm, dataset, r, ENDS, &c));
  CROW_TRY(crow_elo_find(run->comm, scale, dataset->file, &r->partition, r->value, r->weight, &elo));
  report_chosen(run, &c, &elo);
  CROW_TRY(print_chosen(run, dataset, &c, &elo));
  print_notes(run, dataset, r, &c.ends);
  CROW_TRY(crow_results_by(run, dataset->file, r, &c, scale, &elo));
  CROW_TRY(crow_topics_create(run->comm, dataset->file, &r->partition, true, r->value, r->weight, &topics));
  CROW_TRY_AGREE(run->comm, crow_topics_take_errors(&topics, &r->uncertainty.topics));
  topics.tie = 2 * crow_rewards_bound(r);
  CROW_TRY(crow_results_topics(run, &topics, "reward", 6));
  report_fit(run, r, tolerance);
  print_certificate(run, r, tolerance);
  if (r->uncertainty.replicates) {
    crow_print(run, "lower, upper, ranks: 95 %% intervals of reward and rank, from %lld bootstrap replicate%s%s%s",
               (long long)r->uncertainty.replicates, crow_plural(r->uncertainty.replicates),
               r->uncertainty.by ? " that take each value whole of " : "", r->uncertainty.by ? r->uncertainty.by : "");
  }
  if (elo.on && (c.lower || c.error)) crow_print(run, "%s", CROW_ELO_INTERVALS);
  crow_print(run, "%s", "");
  print_lead(run, &topics, dataset, r, &c);
  print_end(run, r, spread);
  CROW_TRY(print_sampling_error(run, dataset, r));
cleanup:
  crow_ends_rewards_free(&c);
  crow_topics_free(&topics);
  return status;
}
