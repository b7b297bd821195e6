/* SPDX-License-Identifier: Apache-2.0 */
/* Comparisons held out for a test. Every decision is drawn from the seed and an index alone. */
#include <crow/predict.h>
#include <string.h>
#include <unistd.h>

const crow_setting crow_split_settings[] = {
    CROW_SETTING("test", DOUBLE, crow_split_options, test, .value = 0.2, .minimum = 1e-9, .maximum = 1 - 1e-9,
                 .help = "chance of being held out"),
    CROW_SETTING("by", CHOICE, crow_split_options, by, .value = CROW_SPLIT_COMPARISON,
                 .choices = "comparison|alternative|prompt",
                 .help = "what is held out: comparisons, or whole alternatives or prompts, with every comparison "
                         "that they are in"),
    CROW_SETTING("seed", INT, crow_split_options, seed, .value = 1, .minimum = 0, .maximum = 9e15,
                 .help = "of the choice"),
    CROW_SETTING("test-output", OUTPUT, crow_split_options, test_output, .choices = "FILE",
                 .help = "dataset of what is held out"),
    {0}};

bool crow_split_drawn(const crow_split_options *options, crow_gidx index) {
  double u = 0;
  crow_random_uniform((uint64_t)options->seed, CROW_STREAM_SPLIT, (uint64_t)index, &u, 1);
  return u < options->test;
}

static crow_status allocate_split(crow_split *s) {
  CROW_NEED(CROW_ALLOCATE_EACH(s->slice.count, &s->first, &s->second, &s->outcome, &s->count));
  CROW_NEED(CROW_ALLOCATE(&s->label, s->slice.count * s->kept));
  return CROW_ALLOCATE(&s->held, s->slice.count);
}

/* A rank's comparisons twice, 25 bytes each, and what is copied: a slice of contexts in pieces of at most 64 MiB. */
static crow_status check_split_memory(const crow_comm *comm, const crow_dataset *dataset, double memory_per_rank) {
  const int ranks = crow_comm_size(comm);
  const double slice = (double)dataset->alternatives / ranks * (double)dataset->dimensions * (dataset->single ? 4 : 8);
  const double pieces = slice < (double)(1 << 26) ? slice : (double)(1 << 26);
  return crow_comm_check_memory(
      comm, memory_per_rank, (double)CROW_PROCESS_BYTES + 50 * (double)dataset->comparisons / ranks + pieces,
      "use more ranks or fewer ranks a node", "the split of %lld comparisons", (long long)dataset->comparisons);
}

static crow_status read_split(const crow_dataset *dataset, crow_split *s) {
  const crow_file *file = dataset->file;
  const crow_partition *p = &s->slice;
  CROW_NEED(crow_file_read(file, "/comparisons/first", p->begin, p->count, CROW_I32, s->first));
  CROW_NEED(crow_file_read(file, "/comparisons/second", p->begin, p->count, CROW_I32, s->second));
  CROW_NEED(crow_file_read(file, "/comparisons/outcome", p->begin, p->count, CROW_F64, s->outcome));
  if (dataset->has_count) CROW_NEED(crow_file_read(file, "/comparisons/count", p->begin, p->count, CROW_I64, s->count));
  if (s->kept) CROW_NEED(crow_file_read(file, "/comparisons/label", p->begin, p->count, CROW_I32, s->label));
  return CROW_OK;
}

static bool holds_out(const crow_split_options *options, const crow_dataset *dataset, const crow_split *s, int64_t i) {
  if (options->by == CROW_SPLIT_COMPARISON) return crow_split_drawn(options, s->slice.begin + i);
  if (options->by == CROW_SPLIT_PROMPT) {
    return crow_split_drawn(options, dataset->prompt[s->first[i]]) ||
           crow_split_drawn(options, dataset->prompt[s->second[i]]);
  }
  return crow_split_drawn(options, s->first[i]) || crow_split_drawn(options, s->second[i]);
}

crow_status crow_split_create(const crow_comm *comm, const crow_dataset *dataset, const crow_split_options *options,
                              double memory_per_rank, crow_split *s) {
  *s = (crow_split){0};
  if (!dataset->has_comparisons) {
    return crow_error(CROW_BAD_INPUT, "%s: has no comparisons to hold out", crow_file_name(dataset->file));
  }
  if (options->by == CROW_SPLIT_PROMPT && !dataset->has_prompt) {
    return crow_error(CROW_BAD_INPUT, "%s: has no prompts to hold out: expected /alternatives/prompt",
                      crow_file_name(dataset->file));
  }
  CROW_NEED(check_split_memory(comm, dataset, memory_per_rank));
  s->slice = crow_comm_partition(comm, dataset->comparisons, 1);
  s->kept = dataset->kept;
  CROW_NEED_AGREE(comm, allocate_split(s));
  CROW_NEED(read_split(dataset, s));
  for (int64_t i = 0; i < s->slice.count; i++) {
    s->held[i] = holds_out(options, dataset, s, i);
    s->test += s->held[i];
  }
  CROW_NEED(crow_comm_sum_i64(comm, &s->test, 1));
  s->train = dataset->comparisons - s->test;
  return CROW_OK;
}

/* This rank's comparisons of one side, in their order; `slice.count` is how many. */
static crow_status split_choose_side(const crow_split *from, bool held, crow_split *side) {
  int64_t kept = 0;
  *side = (crow_split){.slice = from->slice, .kept = from->kept};
  CROW_NEED(allocate_split(side));
  for (int64_t i = 0; i < from->slice.count; i++) {
    if (from->held[i] != held) continue;
    side->first[kept] = from->first[i];
    side->second[kept] = from->second[i];
    side->outcome[kept] = from->outcome[i];
    for (int64_t k = 0; k < from->kept; k++) side->label[kept * from->kept + k] = from->label[i * from->kept + k];
    side->count[kept++] = from->count[i];
  }
  side->slice.count = kept;
  return CROW_OK;
}

/* Defines and writes the comparisons of a side, `total` on all ranks, of which this rank's begin at `begin`. */
static crow_status split_write_comparisons(crow_file *file, const crow_split *side, crow_gidx total, crow_gidx begin,
                                           bool has_count) {
  const int64_t kept = side->slice.count;
  CROW_NEED(crow_file_define(file, "/comparisons/first", CROW_I32, total, 0));
  CROW_NEED(crow_file_define(file, "/comparisons/second", CROW_I32, total, 0));
  CROW_NEED(crow_file_define(file, "/comparisons/outcome", CROW_F64, total, 0));
  CROW_NEED(crow_file_write_rows(file, "/comparisons/first", begin, kept, CROW_I32, side->first));
  CROW_NEED(crow_file_write_rows(file, "/comparisons/second", begin, kept, CROW_I32, side->second));
  CROW_NEED(crow_file_write_rows(file, "/comparisons/outcome", begin, kept, CROW_F64, side->outcome));
  if (has_count) {
    CROW_NEED(crow_file_define(file, "/comparisons/count", CROW_I64, total, 0));
    CROW_NEED(crow_file_write_rows(file, "/comparisons/count", begin, kept, CROW_I64, side->count));
  }
  return CROW_OK;
}

/* The columns that were kept of the comparisons' file, with all their values. */
static crow_status split_write_kept(const crow_dataset *dataset, const crow_split *side, crow_gidx total,
                                    crow_gidx begin, crow_file *file) {
  if (!side->kept) return CROW_OK;
  CROW_NEED(crow_file_copy(dataset->file, file, "/comparisons/label_name"));
  CROW_NEED(crow_file_copy(dataset->file, file, "/comparisons/label_value"));
  CROW_NEED(crow_file_define(file, "/comparisons/label", CROW_I32, total, side->kept));
  return crow_file_write_rows(file, "/comparisons/label", begin, side->slice.count, CROW_I32, side->label);
}

/* Writes one side, and everything else, to a file that is left to be finished. */
static crow_status write_side(const crow_comm *comm, const crow_split *from, const crow_dataset *dataset, bool held,
                              const char *path, bool overwrite, const crow_provenance *provenance, crow_file **out) {
  crow_status status = CROW_OK;
  crow_file *file = NULL;
  crow_split side = {0};
  const crow_gidx total = held ? from->test : from->train;
  crow_gidx begin = 0;
  if (total == 0) CROW_TRY(crow_error(CROW_BAD_INPUT, "%s: no comparison is left for it: try another --test", path));
  CROW_TRY_AGREE(comm, split_choose_side(from, held, &side));
  CROW_TRY(crow_comm_offset_i64(comm, side.slice.count, &begin));
  CROW_TRY(crow_file_create(comm, path, "dataset", overwrite, &file));
  CROW_TRY(crow_file_copy_all(dataset->file, file, "/comparisons|/preference|/population"));
  CROW_TRY(split_write_comparisons(file, &side, total, begin, dataset->has_count));
  CROW_TRY(split_write_kept(dataset, &side, total, begin, file));
  if (provenance) CROW_TRY(crow_provenance_write(provenance, file));
  *out = file;
  file = NULL;
cleanup:
  crow_file_close(&file);
  crow_split_free(&side);
  return status;
}

/* What is written of a split. */
typedef struct halves {
  const crow_comm *comm;
  const crow_split *split;
  const crow_dataset *dataset;
  const char *output, *test_output;
  const crow_provenance *provenance;
  char saved[4096]; /* the name of what is held out, where it could not have its own; else "" */
} halves;

/* Both sides: of another name than `output` what is held out has that name and .test.h5. */
static crow_status write_halves(void *context, const char *path, bool overwrite) {
  crow_status status = CROW_OK;
  halves *h = context;
  crow_file *test = NULL, *train = NULL;
  const bool named = strcmp(path, h->output) == 0;
  *h->saved = 0;
  if (!named) (void)snprintf(h->saved, sizeof h->saved, "%.*s.test.h5", (int)strlen(path) - 3, path);
  CROW_TRY(write_side(h->comm, h->split, h->dataset, true, named ? h->test_output : h->saved, overwrite, h->provenance,
                      &test));
  CROW_TRY(write_side(h->comm, h->split, h->dataset, false, path, overwrite, h->provenance, &train));
  CROW_TRY(crow_file_finish_both(&test, &train));
cleanup:
  crow_file_close(&test);
  crow_file_close(&train);
  return status;
}

crow_status crow_split_write(const crow_comm *comm, const crow_split *split, const crow_dataset *dataset,
                             const crow_split_options *options, const char *output, bool overwrite,
                             const crow_provenance *provenance) {
  crow_status status = CROW_OK;
  char problem[CROW_ERROR_BYTES];
  halves h = {comm, split, dataset, output, options->test_output, provenance, ""};
  CROW_TRY(crow_output_check(comm, output, overwrite));
  CROW_TRY(crow_output_check(comm, options->test_output, overwrite));
  status = crow_result_save(comm, output, overwrite, write_halves, &h);
  (void)snprintf(problem, sizeof problem, "%s", crow_error_message());
  if (status == CROW_FILE_SYSTEM && *h.saved && access(h.saved, F_OK) == 0)
    return crow_error(status, "%s; what is held out is in %s", problem, h.saved);
cleanup:
  return status;
}

void crow_split_free(crow_split *split) {
  CROW_FREE(split->first, split->second, split->outcome, split->count, split->label, split->held);
  *split = (crow_split){0};
}
