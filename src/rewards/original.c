/* SPDX-License-Identifier: Apache-2.0 */
/* Rewards of the alternatives that a dataset's groups were made of (crow cluster): each has its group's. */
#include "rewards/rewards_impl.h"

/* This rank's part of the originals' rewards; `all` are the groups' rewards on every rank. */
static crow_status look_up(const crow_comm *comm, const crow_dataset *dataset, const crow_partition *p,
                           const double *all, double *reward) {
  crow_status status = CROW_OK;
  int32_t *map = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&map, p->count));
  CROW_TRY(crow_file_read(dataset->file, "/cluster/map", p->begin, p->count, CROW_I32, map));
  for (crow_gidx i = 0; i < p->count; i++) reward[i] = all[map[i]];
cleanup:
  crow_free(map);
  return status;
}

static crow_status original_copy_texts(const crow_dataset *dataset, const crow_partition *p, const char *from,
                                       crow_file *file, const char *to) {
  crow_status status = CROW_OK;
  crow_strings texts = {0};
  if (!crow_file_has(dataset->file, from)) return CROW_OK;
  CROW_TRY(crow_file_read_strings(dataset->file, from, p->begin, p->count, &texts));
  CROW_TRY(crow_file_write_strings(file, to, p->global, p->begin, &texts));
cleanup:
  crow_strings_free(&texts);
  return status;
}

crow_status crow_rewards_write_original(const crow_comm *comm, crow_file *file, const crow_rewards *rewards,
                                        const crow_dataset *dataset) {
  crow_status status = CROW_OK;
  double *all = NULL, *reward = NULL;
  if (!crow_file_has(dataset->file, "/cluster/map")) return CROW_OK;
  const crow_partition p = crow_comm_partition(comm, crow_file_rows(dataset->file, "/cluster/map"), CROW_BLOCK);
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&all, rewards->partition.global));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&reward, p.count));
  CROW_TRY(crow_comm_gather_slices(comm, &rewards->partition, rewards->value, all, sizeof *all));
  CROW_TRY(look_up(comm, dataset, &p, all, reward));
  CROW_TRY(crow_file_write_vector(file, "/original/reward", CROW_F64, &p, reward));
  CROW_TRY(original_copy_texts(dataset, &p, "/cluster/id", file, "/original/id"));
  CROW_TRY(original_copy_texts(dataset, &p, "/cluster/topic", file, "/original/topic"));
  CROW_TRY(original_copy_texts(dataset, &p, "/cluster/prompt", file, "/original/prompt"));
cleanup:
  CROW_FREE(all, reward);
  return status;
}
