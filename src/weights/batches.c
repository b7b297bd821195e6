/* SPDX-License-Identifier: Apache-2.0 */
/* Batches of samples, with checkpoints on the way. */
#include "weights/sampling_impl.h"

crow_status crow_sampling_gather(const crow_comm *comm, const crow_weights_options *options, crow_sampling *s,
                                 crow_weights *out) {
  crow_stages_begin(&s->stages, "reduce");
  const crow_status status = crow_weights_gather(comm, &s->grid, &s->slice, &s->tally, &s->before, s->done,
                                                 options->pseudo_count, s->squares, out);
  crow_stages_end(&s->stages);
  return status;
}

/* Without checkpoints, as within a prompt, stops alone are looked for, and few samples are done in one round. */
enum { FIRST_ROUND = 1 << 16 };

/* The state of a checkpoint: how far, and what was counted. */
static crow_status batches_save(const crow_comm *comm, const crow_weights_options *options, crow_sampling *s,
                                crow_weights *out) {
  crow_status status = CROW_OK;
  const double scalars[3] = {(double)s->done, (double)s->target, (double)s->blocks};
  CROW_TRY(crow_sampling_gather(comm, options, s, out));
  CROW_TRY(crow_weights_gather_batches(comm, &s->grid, &s->slice, &s->tally, &s->before, out));
  CROW_TRY(crow_checkpoint_begin(s->checkpoint));
  CROW_TRY(crow_checkpoint_put_scalars(s->checkpoint, "weights", 3, scalars));
  CROW_TRY(crow_checkpoint_put_vector(s->checkpoint, "weights", 0, CROW_I64, &out->partition, s->squares));
  CROW_TRY(crow_hit_batches_put(s->checkpoint, "weights", 1, s->tally.batches, &out->partition,
                                out->batch_hits ? out->batch_hits : out->hits));
  if (s->center) {
    CROW_TRY(crow_weights_center_put(comm, s->checkpoint, s->center, s->hull.d, &out->partition));
  }
  CROW_TRY(crow_checkpoint_end(s->checkpoint));
cleanup:
  if (status != CROW_OK) status = crow_checkpoint_abandon(s->checkpoint, status);
  return status;
}

crow_status crow_sampling_find_draws(crow_sampling *s, bool *counted) {
  double scalars[3];
  *counted = s->checkpoint && crow_checkpoint_has(s->checkpoint, "weights");
  if (!*counted) return CROW_OK;
  CROW_NEED(crow_checkpoint_get_scalars(s->checkpoint, "weights", 3, scalars));
  s->blocks = (int64_t)scalars[2];
  return CROW_OK;
}

crow_status crow_sampling_resume(const crow_comm *comm, crow_sampling *s, const crow_partition *p) {
  double scalars[3];
  CROW_NEED_AGREE(comm, CROW_ALLOCATE(&s->before.hits, p->count * s->tally.batches));
  CROW_NEED_AGREE(comm, CROW_ALLOCATE(&s->before.squares, p->count));
  CROW_NEED(crow_checkpoint_get_scalars(s->checkpoint, "weights", 3, scalars));
  CROW_NEED(crow_checkpoint_get_vector(s->checkpoint, "weights", 0, CROW_I64, p, s->before.squares));
  CROW_NEED(crow_hit_batches_get(s->checkpoint, "weights", 1, s->tally.batches, p, s->before.hits));
  s->done = (int64_t)scalars[0];
  s->target = (int64_t)scalars[1];
  crow_log(CROW_LOG_NOTICE, "weights: going on after %lld sample%s", (long long)s->done, crow_plural(s->done));
  return CROW_OK;
}

/* Samples up to the target. With checkpoints, in rounds of about two seconds, after each of which a signal or the clock
 * may ask for one; how long rounds are changes nothing in what is counted. */
crow_status crow_sampling_to_target(const crow_comm *comm, const crow_weights_options *options, int64_t limit,
                                    crow_sampling *s, crow_weights *out) {
  int64_t round = s->block * s->grid.groups; /* whole draws */
  while (!s->checkpoint && round < FIRST_ROUND) round *= 2;
  /* Ranks choose their engines by measurement, so their blocks may differ; what they share out must not. */
  CROW_NEED(crow_comm_min_i64(comm, &round, 1));
  while (s->done < s->target) {
    const int64_t next = s->target - s->done > round ? s->done + round : s->target;
    const double start = crow_time_s();
    bool due = false, stop = false;
    CROW_NEED(crow_sampling_take(comm, s->done, next, limit, s));
    s->done = next;
    if (s->done == s->target && !s->checkpoint) break;
    if (crow_time_s() - start < 1) round *= 2;
    CROW_NEED(crow_comm_min_i64(comm, &round, 1));
    if (!s->checkpoint) {
      CROW_NEED_AGREE(comm, crow_stop_check("samples"));
      continue;
    }
    CROW_NEED(crow_checkpoint_due(s->checkpoint, &due, &stop));
    if (due) CROW_NEED(batches_save(comm, options, s, out));
    if (stop)
      return crow_error(CROW_STOPPED, "stopped after %lld of %lld samples", (long long)s->done, (long long)limit);
  }
  return CROW_OK;
}
