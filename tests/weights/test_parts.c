/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of weights by hand: who works on which prompt, sums and states of weights, equal contexts, how much batches
 * of hits differ, and what is told of weights. */
#include "fixture.h"

#include "weights/prompts_impl.h"
#include "weights/sampling_impl.h"

#include <stdlib.h>

#define UNIT CROW_HIT_UNIT

/* ---- who works on what ---------------------------------------------------------------------------------------- */

enum { MANY = 3200, PROMPTS = 7 };
static int32_t prompt_of_each[MANY];

/* Prompts of 1500, 1025, 1024, 5, 2, 1 and the rest, dealt out over all rows. */
static void deal_prompts(int64_t *size) {
  const int64_t sizes[PROMPTS] = {300, 1, 1024, 5, 2, 1500, MANY - 300 - 1024 - 1500 - 8};
  int64_t left[PROMPTS];
  memcpy(left, sizes, sizeof left);
  memcpy(size, sizes, sizeof left);
  for (int64_t x = 0, k = 0; x < MANY; x++, k = (k + 1) % PROMPTS) {
    while (left[k] == 0) k = (k + 1) % PROMPTS;
    prompt_of_each[x] = (int32_t)k;
    left[k]--;
  }
}

/* Prompts of at least 1024 that are more than a rank's share are everybody's; the others in runs of about equal work,
 * a prompt's being its size and 4. */
static void expect_owners(const int64_t *size, int ranks, int *owner) {
  double total = 0, before = 0;
  for (int k = 0; k < PROMPTS; k++) {
    const bool shared = ranks > 1 && size[k] >= 1024 && size[k] > MANY / ranks;
    owner[k] = shared ? CROW_PROMPT_SHARED : 0;
    if (!shared) total += (double)size[k] + 4;
  }
  for (int k = 0; k < PROMPTS; k++) {
    if (owner[k] == CROW_PROMPT_SHARED) continue;
    owner[k] = (int)floor(before * ranks / total);
    before += (double)size[k] + 4;
  }
}

static void check_plan_of(int ranks, int rank, const int64_t *size, bool batches) {
  int owner[PROMPTS];
  const crow_dataset dataset = {.alternatives = MANY, .prompts = PROMPTS, .prompt = prompt_of_each};
  const crow_weights_options options = {.batches = batches, .scheme = CROW_SCHEME_VORONOI};
  crow_prompts p = {.dataset = &dataset, .options = &options, .partition = {.rank = rank, .size = ranks, .count = 10}};
  expect_owners(size, ranks, owner);
  CHECK_OK(crow_prompts_plan(&p));
  CHECK(p.largest == 1500 && (p.batch != NULL) == batches && (p.slice_batch != NULL) == batches);
  int64_t mine = 0, owned = 0;
  for (int k = 0; k < PROMPTS; k++) {
    CHECK(p.size[k] == size[k] && p.owner[k] == owner[k]);
    if (owner[k] != rank) continue;
    CHECK(p.prompt[mine] == k && p.begin[mine] == owned && p.begin[mine + 1] == owned + size[k]);
    /* The places of its alternatives among all that are owned, in their order. */
    int64_t at = owned, place = 0;
    for (int64_t x = 0; x < MANY; x++) {
      if (prompt_of_each[x] == k) CHECK(p.place[at++] == place);
      place += owner[prompt_of_each[x]] == rank;
    }
    mine++;
    owned += size[k];
  }
  CHECK(p.mine == mine && p.owned == owned && p.next == 0);
  for (int64_t i = 0; i < owned; i++) CHECK(!p.result[i].done);
  crow_prompts_free(&p);
}

static void prompts_go_to_ranks_by_their_work(void) {
  int64_t size[PROMPTS];
  deal_prompts(size);
  for (int ranks = 1; ranks <= 4; ranks++) {
    for (int rank = 0; rank < ranks; rank++) check_plan_of(ranks, rank, size, rank & 1);
  }
}

/* Rows to the owners of their prompts and back, in the order of the alternatives; those of a shared prompt stay. */
static void rows_go_to_owners_and_back(void) {
  enum { M = 9 };
  static int32_t prompt[M] = {0, 1, 2, 0, 1, 2, 2, 1, 0};
  const crow_dataset dataset = {.alternatives = M, .prompts = 3, .prompt = prompt};
  const crow_weights_options options = {.batches = true, .scheme = CROW_SCHEME_VORONOI};
  crow_prompts p = {.comm = test_comm,
                    .dataset = &dataset,
                    .options = &options,
                    .partition = crow_comm_partition(test_comm, M, CROW_BLOCK)};
  CHECK_OK(crow_prompts_plan(&p));
  CHECK(p.mine == 3 && p.owned == M);
  p.owner[1] = CROW_PROMPT_SHARED; /* as if there were more ranks */
  const double slice[M] = {0, 10, 20, 30, 40, 50, 60, 70, 80}, owned[] = {0, 20, 30, 50, 60, 80},
               shared[] = {10, 40, 70};
  double *rows = NULL;
  CHECK_OK(crow_prompts_to_owners(&p, -1, slice, sizeof *slice, (void **)&rows));
  for (int i = 0; i < 6; i++) CHECK(rows[i] == owned[i]);
  crow_free(rows);
  CHECK_OK(crow_prompts_to_owners(&p, 1, slice, sizeof *slice, (void **)&rows));
  for (int i = 0; i < 3; i++) CHECK(rows[i] == shared[i]);
  crow_free(rows);
  for (int i = 0; i < 6; i++) {
    p.result[i] = (crow_prompt_result){owned[i], owned[i] + 1, i, CROW_PROMPT_DONE};
    for (int b = 0; b < CROW_HIT_BATCHES; b++) p.batch[i * CROW_HIT_BATCHES + b] = 100 * i + b;
  }
  for (int i = 0; i < M; i++) {
    p.slice[i].value = -1;
    p.slice_batch[i * CROW_HIT_BATCHES] = -1;
  }
  CHECK_OK(crow_prompts_to_slices(&p));
  for (int x = 0, i = 0; x < M; x++) {
    if (prompt[x] == 1) {
      CHECK(p.slice[x].value == -1 && p.slice_batch[x * CROW_HIT_BATCHES] == -1);
      continue;
    }
    CHECK(p.slice[x].value == slice[x] && p.slice[x].standard_error == slice[x] + 1 && p.slice[x].hits == i);
    for (int b = 0; b < CROW_HIT_BATCHES; b++) CHECK(p.slice_batch[x * CROW_HIT_BATCHES + b] == 100 * i + b);
    i++;
  }
  crow_prompts_free(&p);
}

/* The sum of each prompt's weights; 1 where that is 0; nothing of one prompt. */
static void shares_are_sums_over_prompts(void) {
  enum { M = 6 };
  static int32_t prompt[M] = {0, 1, 0, 2, 1, 2};
  const double value[M] = {.25, .125, .125, 0, .5, 0}, expected[M] = {.375, .625, .375, 1, .625, 1};
  crow_dataset dataset = {.alternatives = M, .prompts = 3, .prompt = prompt};
  crow_weights weights = {0};
  CHECK_OK(crow_weights_allocate(test_comm, M, false, &weights));
  CHECK(weights.growth == 1 && !weights.hits && weights.partition.count == M);
  memcpy(weights.value, value, sizeof value);
  CHECK_OK(crow_weights_find_shares(test_comm, &dataset, &weights));
  CHECK(weights.prompts == 3 && weights.prompt == prompt);
  for (int x = 0; x < M; x++) CHECK(weights.share[x] == expected[x]);
  int32_t two[M] = {0, 1, 0, 1, 1, 0};
  dataset.prompts = 2;
  dataset.prompt = two;
  CHECK_OK(crow_weights_find_shares(test_comm, &dataset, &weights));
  CHECK(weights.prompts == 2 && weights.share[0] == .375 && weights.share[3] == .625);
  dataset.prompts = 1;
  CHECK_OK(crow_weights_find_shares(test_comm, &dataset, &weights));
  CHECK(!weights.share && !weights.prompt && weights.prompts == 0);
  crow_weights_free(&weights);
}

/* ---- sums and states ------------------------------------------------------------------------------------------ */

static void weights_are_summed_up(void) {
  crow_weights weights = {0};
  const double value[] = {.5, 0, .25, .25, 0};
  CHECK_OK(crow_weights_uniform(test_comm, 5, &weights));
  CHECK(weights.zeros == 0 && weights.value[4] == .2);
  CHECK_NEAR(weights.effective, 5, 1e-14);
  memcpy(weights.value, value, sizeof value);
  CHECK_OK(crow_weights_summarise(test_comm, &weights));
  CHECK(weights.zeros == 2 && weights.effective == 1 / .375);
  memset(weights.value, 0, sizeof value);
  CHECK_OK(crow_weights_summarise(test_comm, &weights));
  CHECK(weights.zeros == 5 && weights.effective == 0);
  crow_weights_free(&weights);
  CHECK(!weights.value && weights.zeros == 0);
}

static const crow_checkpoint_options plain = {NULL, 600, 0, false};

static crow_checkpoint *begin_state(void) {
  bool found;
  crow_checkpoint *checkpoint = NULL;
  CHECK_OK(crow_checkpoint_create(test_comm, &plain, test_path("state.h5"), &checkpoint));
  CHECK_OK(crow_checkpoint_find(checkpoint, &found));
  return checkpoint;
}

/* With hits, squares, batches and a centre, each there or not. */
static void finished_weights_come_back(void) {
  enum { M = 5 };
  for (int which = 0; which < 16; which++) {
    const bool sampled = which & 1, squares = which & 2, batches = which & 4, centre = which & 8;
    crow_weights saved = {0}, loaded = {0};
    double center[2] = {.5, -.25};
    CHECK_OK(crow_weights_allocate(test_comm, M, sampled, &saved));
    for (int x = 0; x < M; x++) {
      saved.value[x] = x / 10.;
      saved.standard_error[x] = x / 100.;
      if (sampled) saved.hits[x] = 7 * x;
    }
    saved.samples = sampled ? 1234 : 0;
    saved.blocks = 8;
    saved.pseudo_count = .75;
    saved.growth = 2.5;
    if (squares) CHECK_OK(CROW_ALLOCATE(&saved.squares, M + 1));
    for (int x = 0; x < M && squares; x++) saved.squares[x] = 11 * x;
    if (batches) CHECK_OK(crow_hit_batches_allocate(test_comm, &saved));
    for (int k = 0; k < M * CROW_HIT_BATCHES && batches; k++) saved.batch_hits[k] = 13 * k;
    if (centre)
      saved.space = (crow_weights_space){.dimensions = 2, .center_rounds = 3, .center_change = .0625, .center = center};
    crow_checkpoint *checkpoint = begin_state();
    CHECK_OK(crow_checkpoint_begin(checkpoint));
    CHECK_OK(crow_weights_save(checkpoint, &saved));
    CHECK_OK(crow_checkpoint_end(checkpoint));
    crow_checkpoint_destroy(&checkpoint);
    checkpoint = begin_state();
    CHECK_OK(crow_weights_load(test_comm, checkpoint, M, &loaded));
    CHECK(loaded.samples == saved.samples && loaded.blocks == 8 && loaded.pseudo_count == .75 && loaded.growth == 2.5);
    CHECK(loaded.zeros == 1 && loaded.partition.count == M);
    CHECK_NEAR(loaded.effective, 1 / .3, 1e-14);
    CHECK((loaded.hits != NULL) == sampled && (loaded.squares != NULL) == squares);
    CHECK((loaded.batch_hits != NULL) == batches);
    CHECK(memcmp(loaded.value, saved.value, M * sizeof *saved.value) == 0);
    CHECK(memcmp(loaded.standard_error, saved.standard_error, M * sizeof *saved.value) == 0);
    if (sampled) CHECK(memcmp(loaded.hits, saved.hits, M * sizeof *saved.hits) == 0);
    if (squares) CHECK(memcmp(loaded.squares, saved.squares, M * sizeof *saved.hits) == 0);
    if (batches) CHECK(memcmp(loaded.batch_hits, saved.batch_hits, M * CROW_HIT_BATCHES * sizeof *saved.hits) == 0);
    CHECK(loaded.space.dimensions == (centre ? 2 : 0) && loaded.space.center_rounds == (centre ? 3 : 0));
    CHECK(loaded.space.center_change == (centre ? .0625 : 0));
    if (centre) CHECK(loaded.space.center[0] == .5 && loaded.space.center[1] == -.25);
    saved.space = (crow_weights_space){0}; /* borrowed here */
    crow_weights_free(&saved);
    crow_weights_free(&loaded);
    CHECK_OK(crow_checkpoint_remove(checkpoint));
    crow_checkpoint_destroy(&checkpoint);
  }
}

/* ---- equal contexts ------------------------------------------------------------------------------------------- */

static crow_weights_grid grid_of_one(void) {
  crow_weights_grid grid;
  crow_weights_options options;
  crow_weights_options_default(&options);
  options.grid = "1x1";
  CHECK_OK(crow_weights_grid_create(test_comm, &options, 10, 2, false, &grid));
  CHECK(grid.groups == 1 && grid.slices == 1 && grid.group == 0 && grid.slice == 0);
  return grid;
}

/* Rows 0, 2 and 4 are one place, and 1 and 5, by -0; 3 is alone and stays. Floats and doubles. */
static void equal_contexts_get_their_mean(void) {
  enum { M = 6 };
  const double wide[2 * M] = {1, 2, 0, 5, 1, 2, 1, 3, 1, 2, -0., 5};
  float narrow[2 * M];
  const int64_t hits[M] = {10, 3, 20, 7, 33, 4}, sums[M] = {100, 9, 100, 49, 103, 16};
  for (int k = 0; k < 2 * M; k++) narrow[k] = (float)wide[k];
  for (int single = 0; single <= 1; single++) {
    int64_t squares[M];
    crow_weights out = {0};
    crow_sampling s = {.grid = grid_of_one(),
                       .dimensions = 2,
                       .slice = crow_comm_partition(test_comm, M, 1),
                       .contexts = single ? (void *)narrow : (void *)(uintptr_t)wide,
                       .precision = single ? CROW_SINGLE : CROW_DOUBLE,
                       .squares = squares};
    CHECK_OK(crow_weights_allocate(test_comm, M, true, &out));
    out.samples = 1000;
    memcpy(squares, sums, sizeof sums);
    memcpy(out.hits, hits, sizeof hits);
    for (int x = 0; x < M; x++) {
      out.hits[x] *= UNIT;
      squares[x] *= UNIT;
      out.value[x] = -1;
    }
    CHECK_OK(crow_weights_equalise(test_comm, &s, 0, &out));
    const double mean[M] = {21, 3.5, 21, 0, 21, 3.5}, square[M] = {101, 12.5, 101, 0, 101, 12.5};
    for (int x = 0; x < M; x++) {
      const double w = mean[x] / 1000;
      CHECK_NEAR(out.value[x], x == 3 ? -1 : w, 1e-15);
      CHECK_NEAR(out.standard_error[x], x == 3 ? 0 : sqrt(fmax(square[x] / 1000 - w * w, 0) / 1000), 1e-12);
    }
    CHECK(out.zeros == 0);
    crow_weights_free(&out);
    crow_weights_grid_free(&s.grid);
  }
}

/* By direction: of 4 different ones each has a quarter, shared by those that are equal but for their length. */
static void distinct_directions_share_evenly(void) {
  enum { M = 7, D = 2 };
  const double context[M * D] = {1, 0, 0, 1, 3, 0, 1, 1, 2, 0, 0, -1, 4, 4};
  const double expected[M] = {1. / 12, 1. / 4, 1. / 12, 1. / 8, 1. / 12, 1. / 4, 1. / 8};
  crow_dataset dataset = {0};
  double weights[M];
  int64_t distinct = -1;
  test_dataset_write(test_comm, test_path("directions.h5"), &(test_dataset){.m = M, .d = D, .context = context});
  CHECK_OK(crow_dataset_open(test_comm, test_path("directions.h5"), true, &dataset));
  CHECK_OK(crow_weights_of_distinct(test_comm, &dataset, weights, &distinct));
  CHECK(distinct == 4);
  for (int x = 0; x < M; x++) CHECK_NEAR(weights[x], expected[x], 1e-16);
  crow_dataset_close(&dataset);
}

/* ---- batches -------------------------------------------------------------------------------------------------- */

static void columns_are_added_or_taken(void) {
  enum { ROWS = 3, COLUMNS = 4 };
  const int64_t rows[ROWS * COLUMNS] = {1, 2, 3, 4, 10, 20, 30, 40, 100, 200, 300, 400};
  const crow_partition slice = crow_comm_partition(test_comm, ROWS, 1);
  const crow_partition to = crow_comm_partition(test_comm, ROWS, CROW_BLOCK);
  crow_weights_grid grid = grid_of_one();
  for (int64_t column = -1; column < COLUMNS; column++) {
    int64_t out[ROWS] = {0};
    CHECK_OK(crow_tally_redistribute_column(test_comm, &grid, &slice, rows, COLUMNS, column, &to, out));
    for (int64_t i = 0, each = 1; i < ROWS; i++, each *= 10) CHECK(out[i] == each * (column < 0 ? 10 : column + 1));
  }
  int64_t out[ROWS] = {0};
  CHECK_OK(crow_tally_redistribute_column(test_comm, &grid, &slice, rows, 1, -1, &to, out));
  CHECK(out[0] == 1 && out[1] == 2 && out[2] == 3);
  crow_weights_grid_free(&grid);
}

/* Batches of a tally, and what was counted before. */
static void batches_are_put_together(void) {
  enum { M = 3 };
  int64_t hits[M * CROW_HIT_BATCHES], earlier[M * CROW_HIT_BATCHES];
  for (int k = 0; k < M * CROW_HIT_BATCHES; k++) {
    hits[k] = k + 1;
    earlier[k] = 1000 * k;
  }
  const crow_partition slice = crow_comm_partition(test_comm, M, 1);
  crow_weights_grid grid = grid_of_one();
  for (int old = 0; old <= 1; old++) {
    const crow_tally tally = {.hits = hits, .batches = CROW_HIT_BATCHES}, before = {.hits = old ? earlier : NULL};
    crow_weights out = {0};
    CHECK_OK(crow_weights_allocate(test_comm, M, true, &out));
    CHECK_OK(crow_weights_gather_batches(test_comm, &grid, &slice, &tally, &before, &out));
    for (int b = 0; b < CROW_HIT_BATCHES; b++) {
      for (int i = 0; i < M; i++) {
        CHECK(out.batch_hits[b * M + i] == hits[i * CROW_HIT_BATCHES + b] + (old ? earlier[b * M + i] : 0));
      }
    }
    crow_weights_free(&out);
    const crow_tally single = {.hits = hits, .batches = 1};
    CHECK_OK(crow_weights_allocate(test_comm, M, true, &out));
    CHECK_OK(crow_weights_gather_batches(test_comm, &grid, &slice, &single, &before, &out));
    CHECK(!out.batch_hits);
    crow_weights_free(&out);
  }
  crow_weights_grid_free(&grid);
}

/* By the definition, in long double: the batch's own share of hits less that of all, scaled to how much a batch says.
 */
static void check_changes(bool prompts, double pseudo, bool shares) {
  enum { M = 5 };
  static int32_t prompt[M] = {0, 1, 0, 1, 1};
  double share[M] = {.5, .25, .5, .25, .25}, value[M] = {.25, .125, .25, .0625, 0};
  int64_t hits[M * CROW_HIT_BATCHES];
  double relative[M * CROW_HIT_BATCHES];
  bool known = false;
  for (int b = 0; b < CROW_HIT_BATCHES; b++) {
    for (int i = 0; i < M; i++) hits[b * M + i] = b == 3 ? 0 : UNIT * ((i * 7 + b * 5) % 11);
  }
  const crow_weights weights = {.partition = crow_comm_partition(test_comm, M, CROW_BLOCK),
                                .value = value,
                                .share = shares ? share : NULL,
                                .prompt = prompts ? prompt : NULL,
                                .prompts = prompts ? 2 : 0,
                                .pseudo_count = pseudo,
                                .batch_hits = hits};
  CHECK_OK(crow_weights_changes(test_comm, &weights, 2, CROW_HIT_BATCHES - 2, relative, &known));
  CHECK(known);
  for (int i = 0; i < M; i++) {
    const int32_t own = prompts ? prompt[i] : 0;
    double total = 0, batch[CROW_HIT_BATCHES] = {0}, squares = 0, mine = 0, size = 0;
    for (int j = 0; j < M; j++) {
      if (prompts && prompt[j] != own) continue;
      size++;
      for (int b = 0; b < CROW_HIT_BATCHES; b++) batch[b] += (double)hits[b * M + j] / (double)UNIT;
    }
    for (int b = 0; b < CROW_HIT_BATCHES; b++) {
      total += batch[b];
      mine += (double)hits[b * M + i] / (double)UNIT;
    }
    for (int b = 0; b < CROW_HIT_BATCHES; b++) squares += pow(batch[b] / total, 2);
    for (int b = 2; b < CROW_HIT_BATCHES; b++) {
      double expected = 0;
      if (batch[b] > 0 && value[i] > 0) {
        expected = (batch[b] / total) * ((double)hits[b * M + i] / (double)UNIT / batch[b] - mine / total);
        expected *= total / (total + pseudo * size) / sqrt(1 - squares);
        expected /= value[i] / (shares ? share[i] : 1);
      }
      CHECK_NEAR(relative[(b - 2) * M + i], expected, 1e-13);
    }
  }
}

static void changes_are_those_of_a_batch(void) {
  for (int which = 0; which < 8; which++) check_changes(which & 1, which & 2 ? 1.5 : 0, which & 4);
}

/* Of a single batch nothing is known, nor without any. */
static void one_batch_tells_nothing(void) {
  int64_t hits[2 * CROW_HIT_BATCHES] = {5, 7};
  double value[2] = {.5, .5}, relative[2] = {-1, -1};
  bool known = true;
  crow_weights weights = {
      .partition = crow_comm_partition(test_comm, 2, CROW_BLOCK), .value = value, .batch_hits = hits};
  CHECK_OK(crow_weights_changes(test_comm, &weights, 0, 1, relative, &known));
  CHECK(!known);
  weights.batch_hits = NULL;
  known = true;
  CHECK_OK(crow_weights_changes(test_comm, &weights, 0, 1, relative, &known));
  CHECK(!known && relative[0] == -1);
}

/* ---- rules ---------------------------------------------------------------------------------------------------- */

/* It rests below 1e-4; ten times the last change shows beside what the samples leave of error. */
static void a_centre_rests_or_is_seen_not_to(void) {
  CHECK(crow_weights_center_restless(1e-4) && !crow_weights_center_restless(.999e-4));
  CHECK(!crow_weights_center_seen(.125, 1.25) && crow_weights_center_seen(.12501, 1.25));
  CHECK_NEAR(crow_weights_expected_error(.25, 100), sqrt(2 / acos(-1)) * sqrt(.25 * .75 / 100), 1e-16);
  CHECK(crow_weights_expected_error(1, 100) == 0 && crow_weights_expected_error(1 + 1e-15, 100) == 0);
  CHECK(crow_weights_expected_error(0, 100) == 0);
}

static void cells_fit_where_they_can_be_had(void) {
  static const struct {
    crow_gidx alternatives, dimensions;
    crow_nearest_engine engine;
    double pseudo_count;
    const char *space;
    bool fits;
  } cases[] = {{10, 2, CROW_NEAREST_AUTO, 0, "cube", true},
               {10, 1, CROW_NEAREST_AUTO, 0, "box", true},
               {10, 2, CROW_NEAREST_AUTO, 0, "auto", true},
               {10, 3, CROW_NEAREST_AUTO, 0, "cube", false},
               {10, 3, CROW_NEAREST_EXACT, 0, "cube", false},
               {10, 2, CROW_NEAREST_AUTO, 0, "ball", false},
               {10, 2, CROW_NEAREST_EXACT, 0, "sphere", false},
               {10, 2, CROW_NEAREST_TREE, 0, "cube", false},
               {10, 2, CROW_NEAREST_AUTO, 1e-9, "cube", false},
               {10, 2, CROW_NEAREST_EXACT, 1e-9, "cube", true},
               {1 << 25, 2, CROW_NEAREST_AUTO, 0, "cube", true},
               {(1 << 25) + 1, 2, CROW_NEAREST_AUTO, 0, "cube", false},
               {(1 << 25) + 1, 2, CROW_NEAREST_EXACT, 0, "cube", true}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    const crow_dataset dataset = {.alternatives = cases[k].alternatives, .dimensions = cases[k].dimensions};
    crow_weights_options options;
    crow_weights_options_default(&options);
    options.nearest.engine = (int)cases[k].engine;
    options.pseudo_count = cases[k].pseudo_count;
    options.space.space = cases[k].space;
    CHECK(crow_weights_exact_fits(&dataset, &options) == cases[k].fits);
  }
}

static void reciprocals_sum_to_one(void) {
  crow_weights weights = {0};
  CHECK_OK(crow_weights_allocate(test_comm, 3, false, &weights));
  const double value[] = {1, 2, 4};
  memcpy(weights.value, value, sizeof value);
  CHECK_OK(crow_weights_invert(test_comm, &weights));
  for (int x = 0; x < 3; x++) CHECK_NEAR(weights.value[x], 1 / value[x] / 1.75, 1e-16);
  CHECK_NEAR(weights.effective, 1.75 * 1.75 / 1.3125, 1e-14);
  weights.value[1] = 0;
  CHECK_STATUS(crow_weights_invert(test_comm, &weights), CROW_BAD_INPUT);
  for (int x = 0; x < 3; x++) weights.value[x] = INFINITY;
  CHECK_STATUS(crow_weights_invert(test_comm, &weights), CROW_BAD_INPUT);
  CHECK_MESSAGE("not finite");
  crow_weights_free(&weights);
}

/* 1 / sum_y exp(-|x - y|^2 / (2 h^2)) and 1 / (how many are within R), normalised; of two blocks and a part. */
static void densities_are_inverted(void) {
  enum { M = 1100, D = 2 };
  static double context[M * D], expected[M];
  crow_random_uniform(43, CROW_STREAM_TEST, 0, context, M * D);
  memcpy(context + 700 * D, context, 40 * D * sizeof *context); /* clones in another block */
  for (int x = 0; x < M * D; x++) context[x] += 100;
  for (int kernel = 0; kernel <= 1; kernel++) {
    crow_weights weights = {0};
    crow_weights_options options;
    crow_weights_options_default(&options);
    options.scheme = kernel ? CROW_SCHEME_KERNEL : CROW_SCHEME_RADIUS;
    options.bandwidth = .125;
    options.radius = .0625;
    double total = 0;
    for (int x = 0; x < M; x++) {
      double sum = 0;
      for (int y = 0; y < M; y++) {
        const double away = hypot(context[2 * x] - context[2 * y], context[2 * x + 1] - context[2 * y + 1]);
        sum += kernel ? exp(-away * away / (2 * .125 * .125)) : away <= .0625;
      }
      expected[x] = 1 / sum;
      total += expected[x];
    }
    crow_dataset dataset = {0};
    test_dataset_write(test_comm, test_path("density.h5"), &(test_dataset){.m = M, .d = D, .context = context});
    CHECK_OK(crow_dataset_open(test_comm, test_path("density.h5"), true, &dataset));
    CHECK_OK(crow_weights_density(test_comm, &dataset, &options, NULL, &weights));
    double worst = 0;
    for (int x = 0; x < M; x++) worst = fmax(worst, fabs(weights.value[x] / (expected[x] / total) - 1));
    CHECK_NEAR(worst, 0, 1e-10);
    CHECK(weights.length == (kernel ? .125 : .0625) && weights.samples == 0 && !weights.hits);
    crow_weights_free(&weights);
    crow_dataset_close(&dataset);
  }
}

/* ---- states and texts ----------------------------------------------------------------------------------------- */

static void a_search_for_a_centre_comes_back(void) {
  enum { M = 4, D = 3 };
  const crow_partition p = crow_comm_partition(test_comm, M, CROW_BLOCK);
  double value[D] = {.5, -.25, .125}, weights[M] = {.1, .2, .3, .4};
  for (int found = 0; found <= 1; found++) {
    const crow_weights_center saved = {
        .rounds = 7, .change = .03125, .found = found, .value = value, .weights = weights};
    crow_weights_center loaded = {0};
    crow_checkpoint *checkpoint = begin_state();
    CHECK_OK(crow_checkpoint_begin(checkpoint));
    CHECK_OK(crow_weights_center_put(test_comm, checkpoint, &saved, D, &p));
    CHECK_OK(crow_checkpoint_end(checkpoint));
    crow_checkpoint_destroy(&checkpoint);
    checkpoint = begin_state();
    CHECK_OK(CROW_ALLOCATE(&loaded.value, D));
    CHECK_OK(CROW_ALLOCATE(&loaded.weights, M));
    CHECK_OK(crow_weights_center_get(test_comm, checkpoint, D, &p, &loaded));
    CHECK(loaded.rounds == 7 && loaded.change == .03125 && loaded.found == found);
    CHECK(memcmp(loaded.value, value, sizeof value) == 0 && memcmp(loaded.weights, weights, sizeof weights) == 0);
    crow_weights_center_free(&loaded);
    CHECK(!loaded.value && loaded.rounds == 0);
    CHECK_OK(crow_checkpoint_remove(checkpoint));
    crow_checkpoint_destroy(&checkpoint);
  }
}

/* How weights were made is copied whole, and written and read. */
static void the_space_is_kept(void) {
  double center[2] = {.5, -.25};
  crow_file *file = NULL;
  for (int which = 0; which < 4; which++) {
    crow_weights_space space = {.choice = {.space = "ball"}}, copied = {0}, read = {0};
    if (which == 0) space.choice.space[0] = 0;
    if (which >= 2) space = (crow_weights_space){.choice = {"sphere", "contexts have unit length", "weighted", 0}};
    if (which == 3) {
      space.center = center;
      space.dimensions = 2;
      space.center_rounds = 9;
      space.center_change = .0625;
    }
    CHECK_OK(crow_weights_space_copy(test_comm, &space, &copied));
    CHECK((copied.center != NULL) == (which == 3) && copied.center != center);
    if (which == 3) CHECK(memcmp(copied.center, center, sizeof center) == 0);
    CHECK_OK(crow_file_create(test_comm, test_path("kept.h5"), "weights", true, &file));
    CHECK_OK(crow_weights_space_write(test_comm, file, &copied));
    CHECK(crow_file_has_attribute(file, "/", "clone_robust") == (which > 0));
    CHECK_OK(crow_weights_space_read(test_comm, file, &read));
    CHECK(strcmp(read.choice.space, space.choice.space) == 0 && strcmp(read.choice.center, space.choice.center) == 0);
    CHECK(strcmp(read.choice.reason, space.choice.reason) == 0);
    CHECK(read.dimensions == space.dimensions && (read.center != NULL) == (which == 3));
    CHECK(read.center_rounds == space.center_rounds && read.center_change == space.center_change);
    if (which == 3) CHECK(memcmp(read.center, center, sizeof center) == 0);
    int64_t robust = -1;
    if (which > 0) CHECK_OK(crow_file_get_i64(file, "/", "clone_robust", &robust));
    if (which > 0) CHECK(robust == (which >= 2));
    crow_file_close(&file);
    crow_weights_space_free(&copied);
    crow_weights_space_free(&read);
    CHECK(!copied.center && copied.dimensions == 0);
  }
}

/* ---- what is told --------------------------------------------------------------------------------------------- */

static char told[4096];
static void take_lines(crow_log_level level, const char *line, void *context) {
  (void)level;
  (void)context;
  (void)snprintf(told + strlen(told), sizeof told - strlen(told), "%s\n", line);
}

static void expect_told(int64_t m, const double *context, const char *space, bool equal, bool outside, bool zeros) {
  crow_dataset dataset = {0};
  crow_weights weights = {0};
  crow_weights_options options;
  crow_weights_options_default(&options);
  options.space.space = space;
  test_dataset_write(test_comm, test_path("told.h5"), &(test_dataset){.m = m, .d = 1, .context = context});
  CHECK_OK(crow_dataset_open(test_comm, test_path("told.h5"), true, &dataset));
  told[0] = 0;
  crow_log_set(take_lines, NULL);
  CHECK_OK(crow_weights_compute(test_comm, &dataset, &options, &weights));
  crow_log_set(NULL, NULL);
  CHECK((strstr(told, "all are equal within 1 %") != NULL) == equal);
  CHECK((strstr(told, "a unit cube that holds no context") != NULL) == outside);
  CHECK((strstr(told, "more than half of the weights are zero") != NULL) == zeros);
  crow_weights_free(&weights);
  crow_dataset_close(&dataset);
}

/* In the unit cube cells end half-way between neighbours, and at 0 and 1. */
static void weights_that_say_little_are_told(void) {
  const double even[] = {.125, .375, .625, .875};
  expect_told(4, even, "cube", true, false, false);
  const double last[] = {.125, .375, .625, .885}, first[] = {.115, .375, .625, .875}; /* ends 2 % less */
  expect_told(4, last, "cube", false, false, false);
  expect_told(4, first, "cube", false, false, false);
  const double nearly[] = {.125, .375, .625, .8754};
  expect_told(4, nearly, "cube", true, false, false);
  const double one[] = {.5};
  expect_told(1, one, "cube", false, false, false);
  const double half[] = {.3, .8, 5, 6}, more[] = {.3, .8, 5, 6, 7}, none[] = {5, 6}; /* whose weights are 1 and 0 */
  expect_told(4, half, "cube", false, false, false);
  expect_told(5, more, "cube", false, false, true);
  expect_told(2, none, "cube", false, true, false);
}

/* More samples of the same are what as many would have been from the start; at the limit nothing is done. */
static void weights_are_refined_up_to_the_limit(void) {
  enum { M = 12, D = 3 };
  static const char *const names[] = {"p", "q"};
  double context[M * D];
  const char *prompt[M];
  crow_random_uniform(47, CROW_STREAM_TEST, 0, context, M * D);
  for (int x = 0; x < M; x++) prompt[x] = names[x % 2];
  for (int prompts = 0; prompts <= 1; prompts++) {
    crow_dataset dataset = {0};
    crow_weights weights = {0}, whole = {0};
    crow_weights_options options;
    bool more = false;
    crow_weights_options_default(&options);
    options.space.space = "cube";
    options.draws = CROW_DRAWS_INDEPENDENT;
    options.nearest.engine = CROW_NEAREST_FUSED;
    options.samples = 2000;
    options.max_samples = 4000;
    options.open_ended = true;
    test_dataset_write(test_comm, test_path("refined.h5"),
                       &(test_dataset){.m = M, .d = D, .context = context, .prompt = prompts ? prompt : NULL});
    CHECK_OK(crow_dataset_open(test_comm, test_path("refined.h5"), true, &dataset));
    CHECK_OK(crow_weights_compute(test_comm, &dataset, &options, &weights));
    CHECK(weights.samples == 2000);
    CHECK_OK(crow_weights_refine(test_comm, &dataset, &options, 2, NULL, &weights, &more));
    CHECK(more && weights.samples == 4000);
    options.samples = 4000;
    CHECK_OK(crow_weights_compute(test_comm, &dataset, &options, &whole));
    CHECK(memcmp(weights.value, whole.value, sizeof *whole.value * M) == 0);
    CHECK(memcmp(weights.hits, whole.hits, sizeof *whole.hits * M) == 0);
    CHECK(memcmp(weights.batch_hits, whole.batch_hits, sizeof *whole.hits * M * CROW_HIT_BATCHES) == 0);
    CHECK((weights.share != NULL) == (prompts == 1) && weights.prompts == (prompts ? 2 : 0));
    told[0] = 0;
    options.samples = 2000;
    crow_log_set(take_lines, NULL);
    CHECK_OK(crow_weights_refine(test_comm, &dataset, &options, 2, NULL, &weights, &more));
    crow_log_set(NULL, NULL);
    CHECK(!more && weights.samples == 4000 && told[0] == 0);
    crow_weights_free(&weights);
    crow_weights_free(&whole);
    crow_dataset_close(&dataset);
  }
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {{"prompts go to ranks by their work", prompts_go_to_ranks_by_their_work},
                                    {"rows go to owners and back", rows_go_to_owners_and_back},
                                    {"shares are sums over prompts", shares_are_sums_over_prompts},
                                    {"weights are summed up", weights_are_summed_up},
                                    {"finished weights come back", finished_weights_come_back},
                                    {"equal contexts get their mean", equal_contexts_get_their_mean},
                                    {"distinct directions share evenly", distinct_directions_share_evenly},
                                    {"columns are added or taken", columns_are_added_or_taken},
                                    {"batches are put together", batches_are_put_together},
                                    {"changes are those of a batch", changes_are_those_of_a_batch},
                                    {"one batch tells nothing", one_batch_tells_nothing},
                                    {"a centre rests or is seen not to", a_centre_rests_or_is_seen_not_to},
                                    {"cells fit where they can be had", cells_fit_where_they_can_be_had},
                                    {"reciprocals sum to one", reciprocals_sum_to_one},
                                    {"densities are inverted", densities_are_inverted},
                                    {"a search for a centre comes back", a_search_for_a_centre_comes_back},
                                    {"the space is kept", the_space_is_kept},
                                    {"weights are refined up to the limit", weights_are_refined_up_to_the_limit},
                                    {"weights that say little are told", weights_that_say_little_are_told},
                                    {NULL, NULL}};
  return crow_test_main(argc, argv, "parts of weights", tests, true);
}
