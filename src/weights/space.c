/* SPDX-License-Identifier: Apache-2.0 */
/* In which space weights were made: in the log, and in files of weights and of the rewards that were fitted with them.
 */
#include "weights/weights_impl.h"
#include <string.h>

void crow_weights_log_space(const char *description, const char *reason) {
  crow_log(CROW_LOG_NOTICE, "space: %s%s%s%s", description, *reason ? " (auto: " : "", reason, *reason ? ")" : "");
}

crow_status crow_weights_take_center(const crow_comm *comm, const crow_space *space, crow_gidx dimensions,
                                     crow_weights_space *out) {
  if (!crow_space_center(space)) return CROW_OK;
  CROW_NEED_AGREE(comm, CROW_ALLOCATE_RAW(&out->center, dimensions));
  memcpy(out->center, crow_space_center(space), (size_t)dimensions * sizeof *out->center);
  out->dimensions = dimensions;
  return CROW_OK;
}

crow_status crow_weights_space_write(const crow_comm *comm, crow_file *file, const crow_weights_space *space) {
  const bool root = crow_comm_rank(comm) == 0;
  const crow_space_choice *choice = &space->choice;
  if (!*choice->space) return CROW_OK;
  CROW_NEED(crow_file_set_text(file, "/", "space", choice->space));
  if (*choice->reason) CROW_NEED(crow_file_set_text(file, "/", "space_reason", choice->reason));
  CROW_NEED(crow_file_set_i64(file, "/", "clone_robust", crow_space_is_clone_robust(choice->space)));
  if (*choice->center) CROW_NEED(crow_file_set_text(file, "/", "space_center", choice->center));
  if (!space->center) return CROW_OK;
  CROW_NEED(crow_file_set_i64(file, "/", "center_rounds", space->center_rounds));
  CROW_NEED(crow_file_set_f64(file, "/", "center_change", space->center_change));
  CROW_NEED(crow_file_define(file, "/space/center", CROW_F64, space->dimensions, 0));
  return crow_file_write_rows(file, "/space/center", 0, root ? space->dimensions : 0, CROW_F64, space->center);
}

/* Texts longer than there is room for were not written by crow. */
static crow_status read_text(const crow_file *file, const char *name, char *out, size_t bytes) {
  crow_status status = CROW_OK;
  char *text = NULL;
  *out = 0;
  if (!crow_file_has_attribute(file, "/", name)) return CROW_OK;
  CROW_TRY(crow_file_get_text(file, "/", name, &text));
  (void)snprintf(out, bytes, "%s", text);
cleanup:
  crow_free(text);
  return status;
}

crow_status crow_weights_space_read(const crow_comm *comm, const crow_file *file, crow_weights_space *out) {
  *out = (crow_weights_space){0};
  crow_space_choice *choice = &out->choice;
  CROW_NEED_AGREE(comm, read_text(file, "space", choice->space, sizeof choice->space));
  CROW_NEED_AGREE(comm, read_text(file, "space_reason", choice->reason, sizeof choice->reason));
  CROW_NEED_AGREE(comm, read_text(file, "space_center", choice->center, sizeof choice->center));
  if (crow_file_has_attribute(file, "/", "center_rounds"))
    CROW_NEED(crow_file_get_i64(file, "/", "center_rounds", &out->center_rounds));
  if (crow_file_has_attribute(file, "/", "center_change"))
    CROW_NEED(crow_file_get_f64(file, "/", "center_change", &out->center_change));
  if (!crow_file_has(file, "/space/center")) return CROW_OK;
  const int64_t rows = crow_file_rows(file, "/space/center");
  CROW_NEED_AGREE(comm, CROW_ALLOCATE(&out->center, rows));
  out->dimensions = rows;
  return crow_file_read(file, "/space/center", 0, rows, CROW_F64, out->center);
}

crow_status crow_weights_space_copy(const crow_comm *comm, const crow_weights_space *from, crow_weights_space *out) {
  *out = *from;
  out->center = NULL;
  if (!from->center) return CROW_OK;
  CROW_NEED_AGREE(comm, CROW_ALLOCATE_RAW(&out->center, from->dimensions));
  memcpy(out->center, from->center, (size_t)from->dimensions * sizeof *out->center);
  return CROW_OK;
}

void crow_weights_space_free(crow_weights_space *space) {
  crow_free(space->center);
  *space = (crow_weights_space){0};
}
