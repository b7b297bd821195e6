/* SPDX-License-Identifier: Apache-2.0 */
/* What a checkpoint keeps of a bootstrap, on any number of ranks and groups: the weights, the fit's result, how each
 * replicate ended ("bootstrap") and the rewards and ranks of those that have: vectors of (alternatives, 32 or more). */
#include "uncertainty/bootstrap_impl.h"

/* Replicates side by side in one vector of a checkpoint: so many that there are at most 2048 pairs of vectors, however
 * many replicates there are, since each has a line in the list of contents. */
static int64_t many_of(const crow_bootstrap *b) {
  int64_t many = 32;
  while (b->replicates > 2048 * many) many *= 2;
  return many;
}

/* This rank's part of a vector. */
static crow_partition part(const crow_bootstrap *b) {
  crow_partition p = crow_comm_partition(b->comm, many_of(b) * b->weights->partition.global, CROW_BLOCK);
  p.begin = many_of(b) * b->weights->partition.begin;
  p.count = many_of(b) * b->weights->partition.count;
  return p;
}

/* Whether any replicate from `first` on that shares a vector with it has ended. */
static bool any_ended(const crow_bootstrap *b, int64_t first) {
  for (int64_t k = first; k < first + many_of(b) && k < b->replicates; k++) {
    if (b->end[k] != CROW_REPLICATE_TO_DO) return true;
  }
  return false;
}

typedef struct buffers {
  double *value;
  int32_t *rank;
} buffers;

static crow_status allocate_state(const crow_bootstrap *b, buffers *to) {
  return crow_comm_agree(b->comm, CROW_ALLOCATE_EACH(many_of(b) * b->weights->partition.count, &to->value, &to->rank));
}

static void release(buffers *to) { CROW_FREE(to->value, to->rank); }

/* Between the delivered replicates and a vector, either way. */
static void copy(crow_bootstrap *b, int64_t first, bool in, const buffers *with) {
  const int64_t n = b->replicates, width = many_of(b), many = n - first < width ? n - first : width;
  for (crow_gidx i = 0; i < b->weights->partition.count; i++) {
    for (int64_t k = 0; k < many; k++) {
      if (in) {
        b->values[i * n + first + k] = with->value[i * width + k];
        b->ranks[i * n + first + k] = with->rank[i * width + k];
      } else {
        with->value[i * width + k] = b->values[i * n + first + k];
        with->rank[i * width + k] = b->ranks[i * n + first + k];
      }
    }
  }
}

crow_status crow_bootstrap_save(crow_bootstrap *b) {
  crow_status status = CROW_OK;
  const crow_partition p = part(b);
  buffers room = {0};
  CROW_TRY(allocate_state(b, &room));
  CROW_TRY(crow_weights_save(b->kept.checkpoint, b->weights));
  CROW_TRY(b->kept.save(b->kept.context, b->kept.checkpoint));
  CROW_TRY(crow_checkpoint_put_scalars(b->kept.checkpoint, "bootstrap", b->replicates, b->end));
  for (int64_t first = 0, k = 0; first < b->replicates; first += many_of(b), k += 2) {
    if (!any_ended(b, first)) continue;
    copy(b, first, false, &room);
    CROW_TRY(crow_checkpoint_put_vector(b->kept.checkpoint, "bootstrap", k, CROW_F64, &p, room.value));
    CROW_TRY(crow_checkpoint_put_vector(b->kept.checkpoint, "bootstrap", k + 1, CROW_I32, &p, room.rank));
  }
cleanup:
  release(&room);
  return status;
}

static crow_status load_ended(crow_bootstrap *b) {
  crow_status status = CROW_OK;
  const crow_partition p = part(b);
  buffers room = {0};
  CROW_TRY(allocate_state(b, &room));
  CROW_TRY(crow_checkpoint_get_scalars(b->kept.checkpoint, "bootstrap", b->replicates, b->end));
  for (int64_t first = 0, k = 0; first < b->replicates; first += many_of(b), k += 2) {
    if (!any_ended(b, first)) continue;
    CROW_TRY(crow_checkpoint_get_vector(b->kept.checkpoint, "bootstrap", k, CROW_F64, &p, room.value));
    CROW_TRY(crow_checkpoint_get_vector(b->kept.checkpoint, "bootstrap", k + 1, CROW_I32, &p, room.rank));
    copy(b, first, true, &room);
  }
cleanup:
  release(&room);
  return status;
}

crow_status crow_bootstrap_load(crow_bootstrap *b) {
  const bool found = b->kept.checkpoint && crow_checkpoint_has(b->kept.checkpoint, "bootstrap");
  CROW_NEED_AGREE(b->comm, CROW_ALLOCATE(&b->todo, b->replicates));
  if (found) CROW_NEED(load_ended(b));
  for (int64_t k = 0; k < b->replicates; k++) {
    if (b->end[k] == CROW_REPLICATE_TO_DO) b->todo[b->todo_count++] = k;
  }
  if (found) {
    crow_log(CROW_LOG_NOTICE, "bootstrap: going on with %lld of %lld replicates done",
             (long long)(b->replicates - b->todo_count), (long long)b->replicates);
  }
  return CROW_OK;
}
