/* SPDX-License-Identifier: Apache-2.0 */
/* Weights where alternatives answer several prompts: within each prompt its own alternatives compete for its own S,
 * just as if it were a dataset of its own, and get the prompt's share in all. A rank computes the prompts it owns by
 * itself, with the same code that all ranks use together on a dataset of one prompt, whose bits do not depend on the
 * ranks. */
#include "weights/prompts_impl.h"
#include <math.h>
#include <string.h>

/* With checkpoints, ranks meet this often. */
#define ROUND_S 1.0
/* What is kept of samples that all prompts have in common. */
#define KEPT_BYTES (INT64_C(64) << 20)
/* Samples of a prompt unless a number is given: so many, and so many for each of its alternatives. */
enum { LEAST_SAMPLES = 4096, SAMPLES_EACH = 400 };

/* ---- one prompt --------------------------------------------------------------------------------------------- */

static void take(crow_prompts *p, const crow_weights *weights) {
  if (weights->samples > p->samples) p->samples = weights->samples;
  p->inexact += weights->run.inexact;
}

/* Hits by batch of alternative i as a row; zeros of weights that were not sampled. */
static void batch_of(const crow_weights *weights, crow_gidx i, int64_t *row) {
  for (int64_t b = 0; b < CROW_HIT_BATCHES; b++) {
    row[b] = weights->batch_hits ? weights->batch_hits[b * weights->partition.count + i] : 0;
  }
}

static crow_prompt_result result_of(const crow_weights *weights, crow_gidx i) {
  return (crow_prompt_result){weights->value[i], weights->standard_error[i], weights->hits ? weights->hits[i] : 0,
                              CROW_PROMPT_DONE};
}

/* How the weighted mean of a prompt ended. `error` is what its samples leave of error in all its weights. */
static int64_t center_of(const crow_weights *weights, double error) {
  const crow_weights_space *space = &weights->space;
  if (space->center_rounds == 0 || !crow_weights_center_restless(space->center_change)) return CROW_PROMPT_DONE;
  return CROW_PROMPT_DONE | CROW_PROMPT_RESTLESS |
         (crow_weights_center_seen(space->center_change, error) ? CROW_PROMPT_SEEN : 0);
}

/* Of this rank's slice of the weights. */
static double error_of(const crow_weights *weights) {
  double sum = 0;
  for (crow_gidx i = 0; weights->samples > 0 && i < weights->partition.count; i++) {
    sum += crow_weights_expected_error(weights->value[i], weights->samples);
  }
  return sum;
}

/* A failure within a prompt counts alternatives within it; this says which prompt. */
static crow_status name_prompt(const crow_prompts *p, int32_t prompt, crow_status status) {
  crow_gidx first = 0;
  if (status == CROW_OK) return status;
  while (p->dataset->prompt[first] != prompt) first++;
  char message[CROW_ERROR_BYTES];
  (void)snprintf(message, sizeof message, "%s", crow_error_message());
  return crow_error(status, "within the prompt of /alternatives/prompt[%lld]: %.1900s", (long long)first, message);
}

/* How a prompt of so many alternatives is sampled. The rows of a pool are the same for all prompts, so all take as many
 * as the largest. */
static crow_weights_options options_of(const crow_prompts *p, crow_gidx count) {
  crow_weights_options options = *p->options;
  const bool pool = p->space && crow_space_size(p->space) > 0;
  const int64_t wanted = SAMPLES_EACH * (int64_t)(pool ? p->largest : count);
  if (options.samples == 0) options.samples = wanted > LEAST_SAMPLES ? wanted : LEAST_SAMPLES;
  if (p->growth > 1) {
    const double grown = ceil((double)options.samples * p->growth), most = (double)options.max_samples;
    options.samples = (int64_t)fmin(grown, fmax((double)options.samples, most));
  }
  return options;
}

/* A prompt of few alternatives, without a search structure. */
static crow_status compute_few(crow_prompts *p, crow_gidx j, crow_few_kind kind) {
  crow_status status = CROW_OK;
  const crow_gidx begin = p->begin[j], count = p->begin[j + 1] - begin, d = p->dataset->dimensions;
  const crow_weights_options options = options_of(p, count);
  crow_prompt_view view = {p->contexts, p->place + begin, d, p->dataset->single};
  crow_few_set set = {0};
  int64_t first, limit;
  crow_weights_plan_samples(&options, count, p->space ? crow_space_size(p->space) : 0, &first, &limit);
  p->few.kind = kind;
  p->few.options = p->options;
  p->few.space = p->space;
  p->few.d = d;
  if (!p->rows) CROW_TRY(CROW_ALLOCATE_RAW(&p->rows, CROW_FEW_MOST * d));
  crow_prompt_view_make(&view, 0, count, CROW_F64, p->rows);
  if (kind == CROW_FEW_SPHERE) CROW_TRY(crow_space_transform(p->space, 0, count, p->rows));
  CROW_TRY(crow_few_weights(&p->few, count, p->rows, first, limit, &set));
  const int64_t ended =
      CROW_PROMPT_DONE | (set.restless ? CROW_PROMPT_RESTLESS : 0) | (set.seen ? CROW_PROMPT_SEEN : 0);
  for (crow_gidx i = 0; i < count; i++) {
    p->result[p->place[begin + i]] =
        (crow_prompt_result){set.value[i], set.samples ? set.error[i] : 0, set.samples ? set.hits[i] : 0, ended};
    for (int64_t b = 0; p->batch && b < CROW_HIT_BATCHES; b++) {
      p->batch[p->place[begin + i] * CROW_HIT_BATCHES + b] = set.samples ? set.hits_of[i * CROW_HIT_BATCHES + b] : 0;
    }
  }
  if (set.samples > p->samples) p->samples = set.samples;
  p->inexact += set.inexact;
cleanup:
  crow_few_set_free(&set);
  return name_prompt(p, p->prompt[j], status);
}

/* Whether draws of block signs, which have a search of their own, may be taken. */
static bool may_take_signs(const crow_weights_options *options, crow_gidx d, crow_gidx count) {
  const int draws = crow_draws_asked_for(options);
  if (draws != CROW_DRAWS_AUTO) return draws == CROW_DRAWS_SIGNS;
  return (d < count ? d : count - 1) >= CROW_DRAWS_RANK_LEAST;
}

/* By this rank alone. A single alternative has all of its prompt. */
static crow_status compute_owned(crow_prompts *p, crow_gidx j) {
  crow_status status = CROW_OK;
  crow_weights weights = {0};
  const crow_gidx begin = p->begin[j], count = p->begin[j + 1] - begin;
  crow_prompt_view view = {p->contexts, p->place + begin, p->dataset->dimensions, p->dataset->single};
  const crow_dataset dataset =
      crow_dataset_generated(count, p->dataset->dimensions, view.single, crow_prompt_view_make, &view);
  crow_weights_options options = options_of(p, count);
  crow_few_kind kind;
  options.grid = "1x1";
  if (p->result[p->place[begin]].done) return CROW_OK;
  if (count == 1) {
    p->result[p->place[begin]] = (crow_prompt_result){.value = 1, .done = CROW_PROMPT_DONE};
    return CROW_OK;
  }
  if (crow_few_fits(&options, p->space, dataset.dimensions, count, &kind)) return compute_few(p, j, kind);
  /* Measuring engines would cost more than the search; all find the same. */
  if (options.nearest.engine == CROW_NEAREST_AUTO && dataset.dimensions > 2 && count < CROW_BLOCK &&
      !may_take_signs(&options, dataset.dimensions, count)) {
    options.nearest.engine = CROW_NEAREST_FUSED;
  }
  CROW_TRY(crow_weights_of_prompt(p->self, &dataset, &options, p->space, &weights));
  const int64_t ended = center_of(&weights, error_of(&weights));
  for (crow_gidx i = 0; i < count; i++) {
    p->result[p->place[begin + i]] = result_of(&weights, i);
    p->result[p->place[begin + i]].done = ended;
    if (p->batch) batch_of(&weights, i, p->batch + p->place[begin + i] * CROW_HIT_BATCHES);
  }
  take(p, &weights);
cleanup:
  crow_weights_free(&weights);
  return name_prompt(p, p->prompt[j], status);
}

/* Puts the weights of a shared prompt into the slices: `whole` and `batch` have those of all its alternatives. */
static void fill_shared(crow_prompts *p, int32_t prompt, const crow_prompt_result *whole, const int64_t *batch) {
  crow_gidx at = 0;
  for (crow_gidx x = 0; x < p->partition.begin; x++) at += p->dataset->prompt[x] == prompt;
  for (crow_gidx i = 0; i < p->partition.count; i++) {
    if (p->dataset->prompt[p->partition.begin + i] != prompt) continue;
    if (batch) {
      memcpy(p->slice_batch + i * CROW_HIT_BATCHES, batch + at * CROW_HIT_BATCHES, CROW_HIT_BATCHES * sizeof *batch);
    }
    p->slice[i] = whole[at++];
  }
}

/* The rows of hits by batch of a shared prompt's alternatives, whole on every rank. Collective. */
static crow_status gather_batches(const crow_prompts *p, const crow_weights *weights, int64_t **whole) {
  crow_status status = CROW_OK;
  const crow_partition *part = &weights->partition;
  int64_t *mine = NULL;
  if (!p->slice_batch) return CROW_OK;
  CROW_TRY_AGREE(p->comm, CROW_ALLOCATE_RAW(&mine, part->count * CROW_HIT_BATCHES));
  CROW_TRY_AGREE(p->comm, CROW_ALLOCATE_RAW(whole, part->global * CROW_HIT_BATCHES));
  for (crow_gidx i = 0; i < part->count; i++) batch_of(weights, i, mine + i * CROW_HIT_BATCHES);
  CROW_TRY(crow_comm_gather_slices(p->comm, part, mine, *whole, CROW_HIT_BATCHES * (int64_t)sizeof *mine));
cleanup:
  crow_free(mine);
  return status;
}

/* By all ranks together; every rank holds the prompt's contexts. Collective. */
static crow_status compute_shared(crow_prompts *p, const void *slice, size_t bytes, int32_t prompt) {
  crow_status status = CROW_OK;
  const crow_comm *comm = p->comm;
  const crow_gidx count = p->size[prompt], d = p->dataset->dimensions;
  crow_weights weights = {0};
  crow_prompt_result *mine = NULL, *whole = NULL;
  int64_t *batch = NULL;
  void *rows = NULL;
  CROW_TRY(crow_prompts_to_owners(p, prompt, slice, bytes, &rows));
  crow_prompt_view view = {rows, NULL, d, p->dataset->single};
  const crow_dataset dataset = crow_dataset_generated(count, d, view.single, crow_prompt_view_make, &view);
  const crow_weights_options options = options_of(p, count);
  CROW_TRY(crow_weights_of_prompt(comm, &dataset, &options, p->space, &weights));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&mine, weights.partition.count));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&whole, count));
  double error = error_of(&weights);
  CROW_TRY(crow_comm_sum_f64_unordered(comm, &error, 1));
  for (crow_gidx i = 0; i < weights.partition.count; i++) {
    mine[i] = result_of(&weights, i);
    mine[i].done = center_of(&weights, error);
  }
  CROW_TRY(crow_comm_gather_slices(comm, &weights.partition, mine, whole, sizeof *whole));
  CROW_TRY(gather_batches(p, &weights, &batch));
  fill_shared(p, prompt, whole, batch);
  if (p->partition.rank == 0) take(p, &weights);
cleanup:
  crow_weights_free(&weights);
  crow_free(mine);
  crow_free(whole);
  crow_free(batch);
  crow_free(rows);
  return name_prompt(p, prompt, status);
}

/* ---- checkpoints -------------------------------------------------------------------------------------------- */

/* The slice's hits by batch into `out`, and back. */
static crow_status take_batches(const crow_prompts *p, crow_weights *out) {
  crow_status status = CROW_OK;
  const crow_gidx count = p->partition.count;
  if (!p->slice_batch) return CROW_OK;
  CROW_TRY(crow_hit_batches_allocate(p->comm, out));
  for (int64_t k = 0; k < count * CROW_HIT_BATCHES; k++) {
    out->batch_hits[k % CROW_HIT_BATCHES * count + k / CROW_HIT_BATCHES] = p->slice_batch[k];
  }
cleanup:
  return status;
}

static crow_status resume_batches(crow_prompts *p, crow_checkpoint *checkpoint, crow_weights *out) {
  crow_status status = CROW_OK;
  const crow_gidx count = p->partition.count;
  if (!p->slice_batch) return CROW_OK;
  CROW_TRY(crow_hit_batches_allocate(p->comm, out));
  CROW_TRY(crow_hit_batches_get(checkpoint, "prompts", 4, CROW_HIT_BATCHES, &p->partition, out->batch_hits));
  for (int64_t k = 0; k < count * CROW_HIT_BATCHES; k++) {
    p->slice_batch[k] = out->batch_hits[k % CROW_HIT_BATCHES * count + k / CROW_HIT_BATCHES];
  }
  crow_free(p->batch);
  p->batch = NULL;
  CROW_TRY(crow_prompts_to_owners(p, -1, p->slice_batch, CROW_HIT_BATCHES * sizeof *p->batch, (void **)&p->batch));
cleanup:
  return status;
}

static crow_status prompts_save(crow_prompts *p, crow_checkpoint *checkpoint, crow_weights *out) {
  crow_status status = CROW_OK;
  int64_t found[2] = {p->samples, p->inexact};
  int64_t *done = NULL;
  CROW_TRY(crow_prompts_to_slices(p));
  CROW_TRY(crow_comm_max_i64(p->comm, &found[0], 1));
  CROW_TRY(crow_comm_sum_i64(p->comm, &found[1], 1));
  CROW_TRY_AGREE(p->comm, CROW_ALLOCATE(&done, p->partition.count));
  for (crow_gidx i = 0; i < p->partition.count; i++) {
    out->value[i] = p->slice[i].value;
    out->standard_error[i] = p->slice[i].standard_error;
    out->hits[i] = p->slice[i].hits;
    done[i] = p->slice[i].done;
  }
  CROW_TRY(take_batches(p, out));
  const double scalars[3] = {(double)found[0], (double)found[1], p->growth};
  CROW_TRY(crow_checkpoint_begin(checkpoint));
  CROW_TRY(crow_checkpoint_put_scalars(checkpoint, "prompts", 3, scalars));
  CROW_TRY(crow_checkpoint_put_vector(checkpoint, "prompts", 0, CROW_F64, &p->partition, out->value));
  CROW_TRY(crow_checkpoint_put_vector(checkpoint, "prompts", 1, CROW_F64, &p->partition, out->standard_error));
  CROW_TRY(crow_checkpoint_put_vector(checkpoint, "prompts", 2, CROW_I64, &p->partition, out->hits));
  CROW_TRY(crow_checkpoint_put_vector(checkpoint, "prompts", 3, CROW_I64, &p->partition, done));
  if (out->batch_hits) {
    CROW_TRY(crow_hit_batches_put(checkpoint, "prompts", 4, CROW_HIT_BATCHES, &p->partition, out->batch_hits));
  }
  CROW_TRY(crow_checkpoint_end(checkpoint));
cleanup:
  if (status != CROW_OK) status = crow_checkpoint_abandon(checkpoint, status);
  crow_free(done);
  return status;
}

static crow_status prompts_resume(crow_prompts *p, crow_checkpoint *checkpoint, crow_weights *out) {
  crow_status status = CROW_OK;
  double scalars[3];
  int64_t *done = NULL, prompts = 0;
  CROW_TRY_AGREE(p->comm, CROW_ALLOCATE(&done, p->partition.count));
  CROW_TRY(crow_checkpoint_get_scalars(checkpoint, "prompts", 3, scalars));
  CROW_TRY(crow_checkpoint_get_vector(checkpoint, "prompts", 0, CROW_F64, &p->partition, out->value));
  CROW_TRY(crow_checkpoint_get_vector(checkpoint, "prompts", 1, CROW_F64, &p->partition, out->standard_error));
  CROW_TRY(crow_checkpoint_get_vector(checkpoint, "prompts", 2, CROW_I64, &p->partition, out->hits));
  CROW_TRY(crow_checkpoint_get_vector(checkpoint, "prompts", 3, CROW_I64, &p->partition, done));
  for (crow_gidx i = 0; i < p->partition.count; i++) {
    p->slice[i] = (crow_prompt_result){out->value[i], out->standard_error[i], out->hits[i], done[i]};
  }
  p->samples = (int64_t)scalars[0];
  p->growth = scalars[2];
  p->inexact = p->partition.rank == 0 ? (int64_t)scalars[1] : 0;
  crow_free(p->result);
  CROW_TRY(crow_prompts_to_owners(p, -1, p->slice, sizeof *p->slice, (void **)&p->result));
  CROW_TRY(resume_batches(p, checkpoint, out));
  for (crow_gidx j = 0; j < p->mine; j++) prompts += p->result[p->place[p->begin[j]]].done != 0;
  CROW_TRY(crow_comm_sum_i64(p->comm, &prompts, 1));
  crow_log(CROW_LOG_NOTICE, "weights: going on with %lld prompt%s done", (long long)prompts, crow_plural(prompts));
cleanup:
  crow_free(done);
  return status;
}

/* Saves or stops if asked to. */
static crow_status look_at_clock(crow_prompts *p, crow_checkpoint *checkpoint, crow_weights *out) {
  crow_status status = CROW_OK;
  bool due = false, stop = false;
  if (!checkpoint) return CROW_OK;
  CROW_TRY(crow_checkpoint_due(checkpoint, &due, &stop));
  if (due) CROW_TRY(prompts_save(p, checkpoint, out));
  if (stop) CROW_TRY(crow_error(CROW_STOPPED, "stopped before the weights of all prompts were computed"));
cleanup:
  return status;
}

/* A stop within a prompt keeps those that are done, if there are any. `status` is the same on all ranks. */
static crow_status stop_at(crow_prompts *p, crow_status status, crow_checkpoint *checkpoint, crow_weights *out) {
  char message[CROW_ERROR_BYTES];
  int64_t done = p->next > 0;
  if (status != CROW_STOPPED) return status;
  (void)snprintf(message, sizeof message, "%s", crow_error_message());
  for (crow_gidx i = 0; i < p->partition.count; i++) done |= p->slice[i].done;
  CROW_TRY(crow_comm_max_i64(p->comm, &done, 1));
  status = done ? look_at_clock(p, checkpoint, out) : CROW_OK;
  if (status == CROW_OK || status == CROW_STOPPED) status = crow_error(CROW_STOPPED, "%s", message);
cleanup:
  return status;
}

/* ---- all of them -------------------------------------------------------------------------------------------- */

/* This rank's slice of contexts; a zero vector is named here, where it still has its number. Collective. */
static crow_status read_slice(const crow_prompts *p, void **slice, size_t *bytes) {
  crow_status status = CROW_OK;
  const crow_dataset *dataset = p->dataset;
  const crow_gidx d = dataset->dimensions;
  double *row = NULL;
  *bytes = (size_t)d * (dataset->single ? sizeof(float) : sizeof(double));
  CROW_TRY_AGREE(p->comm, crow_allocate_raw(p->partition.count, *bytes, slice));
  CROW_TRY(crow_dataset_read_contexts(dataset, p->partition.begin, p->partition.count,
                                      dataset->single ? CROW_F32 : CROW_F64, *slice));
  if (!p->space || !crow_space_transforms(p->space)) goto cleanup;
  status = CROW_ALLOCATE(&row, d);
  crow_prompt_view view = {*slice, NULL, d, dataset->single};
  for (crow_gidx i = 0; i < p->partition.count && status == CROW_OK; i++) {
    crow_prompt_view_make(&view, i, 1, CROW_F64, row);
    status = crow_space_transform(p->space, p->partition.begin + i, 1, row);
  }
  CROW_TRY_AGREE(p->comm, status);
cleanup:
  crow_free(row);
  return status;
}

/* Prompts of this rank until they are done or, with checkpoints, about a second has passed. Local. */
static crow_status compute_some(crow_prompts *p, bool all, crow_progress *progress) {
  crow_status status = CROW_OK;
  const double start = crow_time_s();
  for (; p->next < p->mine; p->next++) {
    if (!all && crow_time_s() - start > ROUND_S) break;
    status = crow_stop_check("prompts");
    if (status != CROW_OK) break;
    crow_log_hush(true);
    status = compute_owned(p, p->next);
    crow_log_hush(false);
    if (status != CROW_OK) break;
    crow_progress_update(progress, (double)p->next + 1);
  }
  return status;
}

static crow_status compute_all(crow_prompts *p, crow_checkpoint *checkpoint, crow_stages *stages, crow_weights *out) {
  crow_status status = CROW_OK;
  void *slice = NULL;
  size_t bytes = 0;
  int64_t left = 1;
  crow_progress progress;
  crow_stages_begin(stages, "prepare");
  CROW_TRY(read_slice(p, &slice, &bytes));
  CROW_TRY(crow_prompts_to_owners(p, -1, slice, bytes, &p->contexts));
  if (checkpoint && crow_checkpoint_has(checkpoint, "prompts")) CROW_TRY(prompts_resume(p, checkpoint, out));
  crow_stages_begin(stages, "prompts");
  for (int32_t k = 0; k < p->dataset->prompts; k++) {
    int64_t done = 0;
    if (p->owner[k] != CROW_PROMPT_SHARED) continue;
    for (crow_gidx i = 0; i < p->partition.count; i++) {
      if (p->dataset->prompt[p->partition.begin + i] == k) done |= p->slice[i].done != 0;
    }
    CROW_TRY(crow_comm_max_i64(p->comm, &done, 1));
    if (done) continue;
    CROW_TRY(stop_at(p, crow_comm_agree(p->comm, crow_stop_check("prompts")), checkpoint, out));
    CROW_TRY(stop_at(p, compute_shared(p, slice, bytes, k), checkpoint, out));
    CROW_TRY(look_at_clock(p, checkpoint, out));
  }
  crow_free(slice);
  slice = NULL;
  crow_progress_begin(&progress, "weights", "prompts of this rank", (double)p->mine);
  while (left) {
    CROW_TRY(stop_at(p, crow_comm_agree(p->comm, compute_some(p, !checkpoint, &progress)), checkpoint, out));
    left = p->mine - p->next;
    CROW_TRY(crow_comm_max_i64(p->comm, &left, 1));
    if (left) CROW_TRY(look_at_clock(p, checkpoint, out));
  }
  crow_stages_begin(stages, "reduce");
  CROW_TRY(crow_prompts_to_slices(p));
cleanup:
  crow_free(slice);
  return status;
}

static double share_of(const crow_weights_options *options, const crow_dataset *dataset, crow_gidx size) {
  return options->prompt_share == CROW_PROMPT_SHARE_COUNT ? (double)size / (double)dataset->alternatives
                                                          : 1 / (double)dataset->prompts;
}

/* As of a dataset without prompts, for all of them at once. */
static crow_status log_restless_prompts(const crow_prompts *p) {
  crow_status status = CROW_OK;
  const crow_gidx end = p->partition.begin + p->partition.count;
  int64_t restless[2] = {0, 0};
  bool *told = NULL;
  CROW_TRY_AGREE(p->comm, CROW_ALLOCATE(&told, p->dataset->prompts));
  for (crow_gidx x = 0; x < end; x++) { /* a prompt counts where its first alternative is */
    bool *already = &told[p->dataset->prompt[x]];
    if (!*already && x >= p->partition.begin) {
      restless[0] += (p->slice[x - p->partition.begin].done & CROW_PROMPT_RESTLESS) != 0;
      restless[1] += (p->slice[x - p->partition.begin].done & CROW_PROMPT_SEEN) != 0;
    }
    *already = true;
  }
  CROW_TRY(crow_comm_sum_i64(p->comm, restless, 2));
  if (restless[0] == 0) goto cleanup;
  crow_log(
      restless[1] ? CROW_LOG_WARNING : CROW_LOG_INFO,
      "space: in %lld prompt%s the weighted mean had not come to rest after the last round that there may be; in %lld "
      "of them that matters beside the weights' sampling error",
      (long long)restless[0], crow_plural(restless[0]), (long long)restless[1]);
cleanup:
  crow_free(told);
  return status;
}

/* From results within the prompts to weights. */
static crow_status prompts_finish(crow_prompts *p, crow_weights *out) {
  crow_status status = CROW_OK;
  CROW_TRY(crow_comm_max_i64(p->comm, &p->samples, 1));
  CROW_TRY(crow_comm_sum_i64(p->comm, &p->inexact, 1));
  for (crow_gidx i = 0; i < p->partition.count; i++) {
    const crow_gidx size = p->size[p->dataset->prompt[p->partition.begin + i]];
    const double share = share_of(p->options, p->dataset, size);
    out->value[i] = share * p->slice[i].value;
    out->standard_error[i] = share * p->slice[i].standard_error;
    out->hits[i] = p->slice[i].hits;
  }
  out->samples = p->samples;
  out->pseudo_count = p->options->pseudo_count;
  out->growth = p->growth;
  if (out->samples == 0) {
    crow_free(out->hits);
    crow_free(out->batch_hits);
    out->hits = out->batch_hits = NULL;
  } else {
    CROW_TRY(take_batches(p, out));
  }
  CROW_TRY(log_restless_prompts(p));
  if (p->inexact) {
    crow_log(CROW_LOG_WARNING,
             "weights: %lld prompt%s did not reach the relative standard error of %g within %lld samples",
             (long long)p->inexact, crow_plural(p->inexact), p->options->relative_error, (long long)p->samples);
  }
  CROW_TRY(crow_weights_summarise(p->comm, out));
cleanup:
  return status;
}

/* A space that does not depend on contexts is the same for all prompts, and so are its first samples. */
static crow_status prepare_space(crow_prompts *p, const char *reason) {
  crow_status status = CROW_OK;
  const crow_space_options *space = &p->options->space;
  char text[256];
  if (p->options->scheme != CROW_SCHEME_VORONOI) return CROW_OK;
  if (crow_space_fits_contexts(space)) {
    (void)snprintf(text, sizeof text, "%s, of each prompt's own contexts", space->space);
    if (p->growth <= 1) crow_weights_log_space(text, reason);
    return CROW_OK;
  }
  CROW_TRY(crow_space_create(p->comm, space, p->dataset, &p->space));
  if (p->options->relative_error > 0 || p->options->open_ended) crow_space_shuffle(p->space);
  if (p->growth <= 1) crow_weights_log_space(crow_space_describe(p->space), reason);
  int64_t first, limit;
  if (p->largest <= CROW_FEW_MOST && p->dataset->dimensions > 2) goto cleanup; /* which keep their own */
  const crow_weights_options options = options_of(p, p->largest);
  crow_weights_plan_samples(&options, p->largest, crow_space_size(p->space), &first, &limit);
  CROW_TRY_AGREE(p->comm, crow_space_keep(p->space, first, limit, KEPT_BYTES));
cleanup:
  return status;
}

crow_status crow_weights_prompts(const crow_comm *comm, const crow_dataset *dataset,
                                 const crow_weights_options *options, const char *reason, double growth,
                                 crow_checkpoint *checkpoint, crow_weights *out) {
  crow_status status = CROW_OK;
  crow_stages stages = {0};
  crow_prompts p = {.comm = comm, .dataset = dataset, .options = options, .growth = growth};
  crow_gidx shared = 0;
  CROW_TRY(crow_weights_allocate(comm, dataset->alternatives, true, out));
  p.partition = out->partition;
  CROW_TRY_AGREE(comm, crow_prompts_plan(&p));
  CROW_TRY(crow_comm_split(comm, crow_comm_rank(comm), 0, &p.self));
  for (crow_gidx k = 0; k < dataset->prompts; k++) shared += p.owner[k] == CROW_PROMPT_SHARED;
  crow_log(CROW_LOG_INFO, "weights: within each of %lld prompts, shares %s", (long long)dataset->prompts,
           options->prompt_share ? "by their alternatives" : "equal");
  if (shared) {
    crow_log(CROW_LOG_INFO, "weights: %lld large prompt%s computed by all ranks together, the others by one rank each",
             (long long)shared, shared == 1 ? " is" : "s are");
  }
  if (options->scheme == CROW_SCHEME_UNIFORM) {
    for (crow_gidx i = 0; i < p.partition.count; i++) {
      p.slice[i].value = 1 / (double)p.size[dataset->prompt[p.partition.begin + i]];
    }
  } else {
    CROW_TRY(prepare_space(&p, reason));
    CROW_TRY(compute_all(&p, checkpoint, &stages, out));
  }
  CROW_TRY(prompts_finish(&p, out));
  if (p.space) CROW_TRY(crow_weights_take_center(comm, p.space, dataset->dimensions, &out->space));
  crow_stages_end(&stages);
  out->run = (crow_weights_run){.groups = 0, .dimensions = dataset->dimensions, .stages = stages};
cleanup:
  crow_prompts_free(&p);
  return status;
}

/* The prompt's weights are summed in the order of the alternatives, by every rank alike. */
crow_status crow_weights_find_shares(const crow_comm *comm, const crow_dataset *dataset, crow_weights *weights) {
  crow_status status = CROW_OK;
  const crow_partition *part = &weights->partition;
  double *whole = NULL, *sum = NULL;
  crow_free(weights->share);
  weights->share = NULL;
  weights->prompt = NULL;
  weights->prompts = 0;
  if (dataset->prompts < 2) return CROW_OK;
  weights->prompt = dataset->prompt;
  weights->prompts = dataset->prompts;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&whole, part->global));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&sum, dataset->prompts));
  /* Never NULL: an empty slice is not an absent vector. */
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&weights->share, part->count + 1));
  CROW_TRY(crow_comm_gather_slices(comm, part, weights->value, whole, sizeof *whole));
  for (crow_gidx x = 0; x < part->global; x++) sum[dataset->prompt[x]] += whole[x];
  for (crow_gidx i = 0; i < part->count; i++) {
    const double share = sum[dataset->prompt[part->begin + i]];
    weights->share[i] = share > 0 ? share : 1;
  }
cleanup:
  crow_free(whole);
  crow_free(sum);
  return status;
}
