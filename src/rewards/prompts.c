/* SPDX-License-Identifier: Apache-2.0 */
/* /prompts of a rewards file: the name and the scale of every prompt, in the order of their first alternatives. */
#include "rewards/rewards_impl.h"
#include <string.h>

/* This rank's first alternatives of prompts: numbered in the order of the alternatives, they are consecutive prompts,
 * from `*first` on. `texts` are the prompts of its slice, of which those of the first alternatives are kept. */
static void keep_first_names(const crow_dataset *dataset, const crow_partition *p, crow_strings *texts,
                             crow_gidx *first) {
  crow_gidx seen = 0, kept = 0;
  for (crow_gidx x = 0; x < p->begin; x++) {
    if (dataset->prompt[x] == seen) seen++;
  }
  *first = seen;
  for (crow_gidx i = 0; i < p->count; i++) {
    if (dataset->prompt[p->begin + i] != seen) continue;
    memmove(texts->data + kept++ * texts->width, texts->data + i * texts->width, (size_t)texts->width);
    seen++;
  }
  texts->count = kept;
}

static crow_status rewards_prompts_write_names(const crow_comm *comm, crow_file *file, const crow_dataset *dataset) {
  crow_status status = CROW_OK;
  crow_strings texts = {0};
  crow_gidx first = 0;
  const crow_partition p = crow_comm_partition(comm, dataset->alternatives, CROW_BLOCK);
  if (!dataset->file) return CROW_OK;
  CROW_TRY(crow_file_read_strings(dataset->file, "/alternatives/prompt", p.begin, p.count, &texts));
  keep_first_names(dataset, &p, &texts, &first);
  CROW_TRY(crow_file_write_strings(file, "/prompts/name", dataset->prompts, first, &texts));
cleanup:
  crow_strings_free(&texts);
  return status;
}

crow_status crow_rewards_write_prompts(const crow_comm *comm, crow_file *file, const crow_rewards *rewards,
                                       const crow_dataset *dataset) {
  if (!rewards->prompt_scale) return CROW_OK;
  const crow_partition p = crow_comm_partition(comm, rewards->prompts, CROW_BLOCK);
  CROW_NEED(rewards_prompts_write_names(comm, file, dataset));
  return crow_file_write_vector(file, "/prompts/pair_scale", CROW_F64, &p, rewards->prompt_scale + p.begin);
}

crow_status crow_rewards_keep_prompt_scale(const crow_comm *comm, const double *scale, crow_gidx prompts,
                                           crow_rewards *out) {
  if (!scale) return CROW_OK;
  CROW_NEED_AGREE(comm, CROW_ALLOCATE_RAW(&out->prompt_scale, prompts));
  memcpy(out->prompt_scale, scale, (size_t)prompts * sizeof *scale);
  out->prompts = prompts;
  return CROW_OK;
}

crow_status crow_rewards_save_prompts(crow_checkpoint *checkpoint, const crow_rewards *r) {
  if (!r->prompt_scale) return CROW_OK;
  const crow_partition p = crow_partition_make(r->prompts, CROW_BLOCK, r->partition.size, r->partition.rank);
  return crow_checkpoint_put_vector(checkpoint, "prompt_scales", 0, CROW_F64, &p, r->prompt_scale + p.begin);
}

crow_status crow_rewards_load_prompts(const crow_comm *comm, crow_checkpoint *checkpoint, crow_gidx prompts,
                                      crow_rewards *out) {
  crow_status status = CROW_OK;
  double *slice = NULL;
  const crow_partition p = crow_comm_partition(comm, prompts, CROW_BLOCK);
  if (prompts == 0) return CROW_OK;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&slice, p.count));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&out->prompt_scale, prompts));
  CROW_TRY(crow_checkpoint_get_vector(checkpoint, "prompt_scales", 0, CROW_F64, &p, slice));
  CROW_TRY(crow_comm_gather_slices(comm, &p, slice, out->prompt_scale, sizeof *slice));
  out->prompts = prompts;
cleanup:
  crow_free(slice);
  return status;
}
