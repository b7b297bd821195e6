/* SPDX-License-Identifier: Apache-2.0 */
/* Rewards by the values of a column in rewards files: /by, see hdf5-schemas/rewards.json. */
#include "rewards/rewards_impl.h"

crow_status crow_rewards_by_allocate(crow_rewards_by *by, int64_t values, int64_t count, bool errors, bool intervals) {
  const int64_t room = count * values + 1; /* never NULL: an empty slice is not an absent array */
  by->values = values;
  CROW_NEED(CROW_ALLOCATE_EACH(values, &by->optimality, &by->converged));
  CROW_NEED(CROW_ALLOCATE_RAW(&by->value, room));
  if (errors) CROW_NEED(CROW_ALLOCATE_RAW(&by->standard_error, room));
  if (intervals) CROW_NEED(CROW_ALLOCATE_RAW(&by->lower, room));
  if (intervals) CROW_NEED(CROW_ALLOCATE_RAW(&by->upper, room));
  return CROW_OK;
}

/* What is the same on all ranks is written by the first. */
static crow_status write_few(crow_file *file, bool root, const char *path, crow_type type, int64_t count,
                             const void *values) {
  CROW_NEED(crow_file_define(file, path, type, count, 0));
  return crow_file_write_rows(file, path, 0, root ? count : 0, type, values);
}

static crow_status write_names(crow_file *file, bool root, const char *path, int64_t count, const crow_strings *names) {
  crow_strings mine = root ? *names : (crow_strings){.width = names->width};
  return crow_file_write_strings(file, path, count, 0, &mine);
}

static crow_status write_slices(crow_file *file, const crow_partition *p, const char *path, int64_t columns,
                                const double *values) {
  if (!values) return CROW_OK;
  CROW_NEED(crow_file_define(file, path, CROW_F64, p->global, columns));
  return crow_file_write_rows(file, path, p->begin, p->count, CROW_F64, values);
}

crow_status crow_rewards_by_write(const crow_comm *comm, crow_file *file, const crow_partition *p,
                                  const crow_rewards_by *by) {
  const bool root = crow_comm_rank(comm) == 0;
  if (!by->column) return CROW_OK;
  CROW_NEED(crow_file_set_text(file, "/", "by", by->column));
  CROW_NEED(crow_file_set_i64(file, "/", "by_least", by->least));
  if (by->small) {
    CROW_NEED(write_names(file, root, "/by/small_name", by->small, &by->small_name));
    CROW_NEED(write_few(file, root, "/by/small_judgements", CROW_I64, by->small, by->small_judgements));
  }
  if (by->values == 0) return CROW_OK;
  CROW_NEED(write_names(file, root, "/by/name", by->values, &by->name));
  CROW_NEED(write_few(file, root, "/by/judgements", CROW_I64, by->values, by->judgements));
  CROW_NEED(write_few(file, root, "/by/optimality", CROW_F64, by->values, by->optimality));
  CROW_NEED(write_few(file, root, "/by/converged", CROW_I64, by->values, by->converged));
  CROW_NEED(write_slices(file, p, "/by/reward", by->values, by->value));
  CROW_NEED(write_slices(file, p, "/by/standard_error", by->values, by->standard_error));
  CROW_NEED(write_slices(file, p, "/by/lower", by->values, by->lower));
  return write_slices(file, p, "/by/upper", by->values, by->upper);
}

static crow_status read_small(const crow_comm *comm, const crow_file *file, crow_rewards_by *out) {
  if (!crow_file_has(file, "/by/small_name")) return CROW_OK;
  const int64_t rows = crow_file_rows(file, "/by/small_name");
  const bool root = crow_comm_rank(comm) == 0;
  CROW_NEED(crow_file_read_strings(file, "/by/small_name", 0, root ? rows : 0, &out->small_name));
  CROW_NEED_AGREE(comm, CROW_ALLOCATE(&out->small_judgements, rows));
  CROW_NEED(crow_file_read(file, "/by/small_judgements", 0, rows, CROW_I64, out->small_judgements));
  out->small = rows;
  return CROW_OK;
}

crow_status crow_rewards_by_read(const crow_comm *comm, const crow_file *file, const crow_partition *p,
                                 crow_rewards_by *out) {
  crow_status status = CROW_OK;
  *out = (crow_rewards_by){0};
  if (!crow_file_has_attribute(file, "/", "by")) return CROW_OK;
  CROW_TRY_AGREE(comm, crow_file_get_text(file, "/", "by", &out->column));
  if (crow_file_has_attribute(file, "/", "by_least"))
    CROW_TRY_AGREE(comm, crow_file_get_i64(file, "/", "by_least", &out->least));
  CROW_TRY(read_small(comm, file, out));
  if (!crow_file_has(file, "/by/name")) goto cleanup;
  const int64_t rows = crow_file_rows(file, "/by/name");
  CROW_TRY_AGREE(comm, crow_rewards_by_allocate(out, rows, p->count, crow_file_has(file, "/by/standard_error"),
                                                crow_file_has(file, "/by/lower") && crow_file_has(file, "/by/upper")));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&out->judgements, rows));
  CROW_TRY(crow_file_read_strings(file, "/by/name", 0, rows, &out->name));
  CROW_TRY(crow_file_read(file, "/by/judgements", 0, rows, CROW_I64, out->judgements));
  CROW_TRY(crow_file_read(file, "/by/optimality", 0, rows, CROW_F64, out->optimality));
  CROW_TRY(crow_file_read(file, "/by/converged", 0, rows, CROW_I64, out->converged));
  CROW_TRY(crow_file_read(file, "/by/reward", p->begin, p->count, CROW_F64, out->value));
  if (out->standard_error)
    CROW_TRY(crow_file_read(file, "/by/standard_error", p->begin, p->count, CROW_F64, out->standard_error));
  if (out->lower) CROW_TRY(crow_file_read(file, "/by/lower", p->begin, p->count, CROW_F64, out->lower));
  if (out->upper) CROW_TRY(crow_file_read(file, "/by/upper", p->begin, p->count, CROW_F64, out->upper));
cleanup:
  if (status != CROW_OK) crow_rewards_by_free(out);
  return status;
}

void crow_rewards_by_free(crow_rewards_by *by) {
  crow_free(by->column);
  crow_strings_free(&by->name);
  crow_strings_free(&by->small_name);
  CROW_FREE(by->judgements, by->optimality, by->converged, by->value, by->standard_error, by->lower, by->upper,
            by->small_judgements);
  *by = (crow_rewards_by){0};
}
