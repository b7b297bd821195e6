/* SPDX-License-Identifier: Apache-2.0 */
/* Rewards of the comparisons of each value of a kept column by themselves: a leaderboard by language, say. */
#include "rewards/rewards_impl.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

const crow_setting crow_rewards_by_settings[] = {
    CROW_SETTING("by", TEXT, crow_rewards_by_options, column, .choices = "COLUMN",
                 .help = "fits the comparisons of each value of this kept column (crow import --keep) by themselves "
                         "too, side by side with those of all: languages, categories"),
    CROW_SETTING("by-least", INT, crow_rewards_by_options, least, .value = 100, .minimum = 1, .maximum = 9e15,
                 .help = "values with fewer judgements are named, not fitted"),
    {0}};

/* How many judgements have a value (a row of /comparisons/label_value). */
typedef struct by_count {
  int64_t judgements, row;
} by_count;

/* From the most judgements to the fewest, equal ones in the order of the file's values. */
static int by_count_order(const void *a, const void *b) {
  const by_count *x = a, *y = b;
  if (x->judgements != y->judgements) return x->judgements < y->judgements ? 1 : -1;
  return x->row < y->row ? -1 : x->row > y->row;
}

/* The judgements of every value that occurs in the column: `*counts` (`*found`), ordered. */
static crow_status count_values(const crow_comm *comm, const crow_dataset *dataset, int64_t column, by_count **counts,
                                int64_t *found) {
  crow_status status = CROW_OK;
  const crow_partition slice = crow_comm_partition(comm, dataset->comparisons, 1);
  int64_t *tally = NULL, *times = NULL;
  int32_t *code = NULL;
  const int64_t rows = crow_file_rows(dataset->file, "/comparisons/label_value");
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_EACH(rows, &tally, counts));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW_EACH(slice.count, &code, &times));
  CROW_TRY(crow_dataset_read_kept(dataset, column, slice.begin, slice.count, code));
  if (dataset->has_count)
    CROW_TRY(crow_file_read(dataset->file, "/comparisons/count", slice.begin, slice.count, CROW_I64, times));
  for (int64_t i = 0; i < slice.count; i++) tally[code[i]] += dataset->has_count ? times[i] : 1;
  CROW_TRY(crow_comm_sum_i64(comm, tally, rows));
  for (int64_t k = 0; k < rows; k++) {
    if (tally[k]) (*counts)[(*found)++] = (by_count){tally[k], k};
  }
  qsort(*counts, (size_t)*found, sizeof **counts, by_count_order);
cleanup:
  CROW_FREE(tally, times, code);
  return status;
}

/* The texts of some values, on rank 0 (others: none), of all those of the file. */
static crow_status take_names(const crow_strings *all, const by_count *counts, int64_t count, crow_strings *out) {
  *out = (crow_strings){.width = all->width};
  CROW_NEED(crow_allocate(count, (size_t)all->width, (void **)&out->data));
  out->count = count;
  for (int64_t k = 0; k < count; k++) {
    memcpy(out->data + k * all->width, crow_strings_get(all, counts[k].row), (size_t)all->width);
  }
  return CROW_OK;
}

/* Names of the fitted values on all ranks, of the others on rank 0, which alone reads them all. */
static crow_status name_values(const crow_comm *comm, const crow_dataset *dataset, const by_count *counts,
                               crow_rewards_by *out) {
  crow_status status = CROW_OK;
  const bool root = crow_comm_rank(comm) == 0;
  crow_strings all = {0};
  CROW_TRY(crow_file_read_strings(dataset->file, "/comparisons/label_value", 0,
                                  root ? crow_file_rows(dataset->file, "/comparisons/label_value") : 0, &all));
  int64_t width = all.width;
  CROW_TRY(crow_comm_broadcast(comm, &width, sizeof width, 0));
  CROW_TRY_AGREE(comm, root ? take_names(&all, counts, out->values, &out->name)
                            : crow_allocate(out->values, (size_t)width, (void **)&out->name.data));
  out->name.count = out->values;
  out->name.width = width;
  CROW_TRY(crow_comm_broadcast(comm, out->name.data, out->values * width, 0));
  CROW_TRY_AGREE(comm, root ? take_names(&all, counts + out->values, out->small, &out->small_name) : CROW_OK);
cleanup:
  crow_strings_free(&all);
  return status;
}

/* Which values are fitted, and which have too few judgements. */
static crow_status choose_values(const crow_comm *comm, const by_count *counts, int64_t found, int64_t least,
                                 crow_rewards_by *out) {
  while (out->values < found && out->values < CROW_BY_MOST && counts[out->values].judgements >= least) out->values++;
  out->small = found - out->values;
  out->least = out->values == CROW_BY_MOST && out->small && counts[out->values].judgements >= least
                   ? counts[out->values].judgements + 1
                   : least;
  CROW_NEED_AGREE(comm, CROW_ALLOCATE(&out->judgements, out->values));
  CROW_NEED_AGREE(comm, CROW_ALLOCATE(&out->small_judgements, out->small));
  for (int64_t k = 0; k < out->values; k++) out->judgements[k] = counts[k].judgements;
  for (int64_t k = 0; k < out->small; k++) out->small_judgements[k] = counts[out->values + k].judgements;
  return CROW_OK;
}

/* Puts the rewards of a value into its column. */
static void by_take_value(const crow_rewards *r, int64_t column, crow_rewards_by *out) {
  const crow_uncertainty *u = &r->uncertainty;
  out->optimality[column] = r->optimality;
  out->converged[column] = r->converged;
  for (crow_gidx i = 0; i < r->partition.count; i++) {
    const int64_t at = i * out->values + column;
    const bool known = !isnan(r->win_rate[i]);
    out->value[at] = known ? r->value[i] : (double)NAN;
    if (out->standard_error) out->standard_error[at] = known ? u->standard_error[i] : (double)NAN;
    if (out->lower) out->lower[at] = known ? u->lower[i] : (double)NAN;
    if (out->upper) out->upper[at] = known ? u->upper[i] : (double)NAN;
  }
}

static crow_status fit_value(const crow_comm *comm, const crow_dataset *dataset, const crow_weights *weights,
                             const crow_train_options *options, const crow_uncertainty_options *wanted, int64_t column,
                             crow_rewards_by *out) {
  crow_status status = CROW_OK;
  crow_rewards one = {0};
  CROW_TRY_AGREE(comm, crow_stop_check("the fits by value"));
  CROW_TRY(crow_rewards_fit_from(comm, dataset, weights, options, NULL, &one));
  CROW_TRY(crow_uncertainty_sandwich(comm, dataset, weights, &options->objective, wanted, one.value, &one.uncertainty));
  if (wanted->bootstrap) CROW_TRY(crow_rewards_bootstrap_from(comm, dataset, weights, options, wanted, NULL, &one));
  by_take_value(&one, column, out);
cleanup:
  crow_rewards_free(&one);
  return status;
}

crow_status crow_rewards_fit_by(const crow_comm *comm, const crow_dataset *dataset, const crow_weights *weights,
                                const crow_train_options *options, const crow_uncertainty_options *wanted,
                                const crow_rewards_by_options *values, crow_rewards *rewards) {
  crow_status status = CROW_OK;
  crow_rewards_by *out = &rewards->by;
  by_count *counts = NULL;
  int64_t found = 0;
  crow_dataset part = *dataset; /* borrows what it holds */
  crow_uncertainty_options plain = *wanted;
  crow_train_options how = *options;
  plain.standard_errors = crow_uncertainty_wants_errors(dataset, wanted);
  plain.errors = false; /* topics are of all comparisons */
  how.start = NULL;
  how.sampling_error = false;
  const bool errors = plain.standard_errors || (plain.bootstrap > 1 && plain.bootstrap_by);
  if (!values->column) return CROW_OK;
  CROW_TRY_AGREE(comm, crow_string_copy(values->column, &out->column));
  CROW_TRY(crow_dataset_find_kept(dataset, values->column, &part.select_column));
  CROW_TRY(count_values(comm, dataset, part.select_column, &counts, &found));
  CROW_TRY(choose_values(comm, counts, found, values->least, out));
  CROW_TRY(name_values(comm, dataset, counts, out));
  CROW_TRY_AGREE(comm, crow_rewards_by_allocate(out, out->values, weights->partition.count, errors, plain.bootstrap));
  part.selected = true;
  for (int64_t k = 0; k < out->values; k++) {
    part.select_value = (int32_t)counts[k].row;
    crow_log(CROW_LOG_INFO, "%s = %s: %lld judgements", out->column, crow_strings_get(&out->name, k),
             (long long)out->judgements[k]);
    CROW_TRY(fit_value(comm, &part, weights, &how, &plain, k, out));
  }
cleanup:
  crow_free(counts);
  if (status != CROW_OK) crow_rewards_by_free(out);
  return status;
}
