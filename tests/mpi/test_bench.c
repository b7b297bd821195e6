/* SPDX-License-Identifier: Apache-2.0 */
/* Benchmarks: their problems have the answers that are claimed, and a result that is tampered with is INVALID. */
#include "bench/bench_impl.h"
#include "harness.h"

static crow_bench_options defaults(void) {
  crow_bench_options options;
  crow_bench_options_default(&options);
  options.repetitions = 2;
  options.warm_up = 0;
  return options;
}

static double *contexts(crow_bench_lattice *lattice, crow_dataset *dataset) {
  double *values = NULL;
  *dataset = crow_bench_lattice_dataset(lattice);
  CHECK_OK(CROW_ALLOCATE(&values, dataset->alternatives * dataset->dimensions));
  CHECK_OK(crow_dataset_read_contexts(dataset, 0, dataset->alternatives, CROW_F64, values));
  return values;
}

static void shares_of_a_plane_lattice_are_its_cells(void) {
  crow_bench_lattice *lattice = NULL;
  crow_dataset dataset;
  double *weights = NULL, sum = 0;
  const double lower[2] = {0, 0}, upper[2] = {1, 1};
  CHECK_OK(crow_bench_lattice_create(CROW_BENCH_LATTICE, 130, 2, 5, &lattice));
  double *values = contexts(lattice, &dataset);
  CHECK(dataset.alternatives == 11 * 11); /* 12 x 11 would be too many */
  CHECK_OK(CROW_ALLOCATE(&weights, dataset.alternatives));
  CHECK_OK(crow_voronoi_exact_2d(values, dataset.alternatives, lower, upper, weights));
  for (crow_gidx i = 0; i < dataset.alternatives; i++) {
    CHECK_NEAR(crow_bench_lattice_share(lattice, i), weights[i], 1e-12);
    sum += crow_bench_lattice_share(lattice, i);
  }
  CHECK_NEAR(sum, 1, 1e-12);
  crow_free(values);
  crow_free(weights);
  crow_bench_lattice_destroy(&lattice);
}

/* The mirror images: every pair of patterns differs, and the count is near what was asked for. */
static void mirrored_lattices_are_of_different_alternatives_in_the_cube(void) {
  const crow_gidx shapes[][2] = {{100, 12}, {70, 40}, {64, 70}, {5, 30}, {1, 3}};
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
    crow_bench_lattice *lattice = NULL;
    crow_dataset dataset;
    double sum = 0;
    CHECK_OK(crow_bench_lattice_create(CROW_BENCH_LATTICE, shapes[s][0], shapes[s][1], 3, &lattice));
    double *values = contexts(lattice, &dataset);
    const crow_gidx m = dataset.alternatives, d = dataset.dimensions;
    CHECK(d == shapes[s][1] && m >= shapes[s][0] / 2 && m <= 2 * shapes[s][0]);
    for (crow_gidx i = 0; i < m; i++) {
      for (crow_gidx k = 0; k < d; k++) CHECK(values[i * d + k] > 0 && values[i * d + k] < 1);
      for (crow_gidx j = 0; j < i; j++) {
        CHECK(memcmp(values + i * d, values + j * d, (size_t)d * sizeof *values) != 0);
      }
      sum += crow_bench_lattice_share(lattice, i);
    }
    CHECK_NEAR(sum, 1, 1e-12);
    crow_free(values);
    crow_bench_lattice_destroy(&lattice);
  }
}

/* Single and double contexts are the same numbers, whichever rows are read together. */
static void contexts_do_not_depend_on_how_they_are_read(void) {
  for (int random = 0; random < 2; random++) {
    crow_bench_lattice *lattice = NULL;
    crow_dataset dataset;
    float single[3 * 20];
    CHECK_OK(crow_bench_lattice_create(random, 40, 20, 8, &lattice));
    double *values = contexts(lattice, &dataset);
    CHECK_OK(crow_dataset_read_contexts(&dataset, 11, 3, CROW_F32, single));
    for (int k = 0; k < 3 * 20; k++) CHECK((double)single[k] == values[11 * 20 + k]);
    CHECK(isnan(crow_bench_lattice_share(lattice, 0)) == (random == 1));
    crow_free(values);
    crow_bench_lattice_destroy(&lattice);
  }
}

/* Weights of a lattice, as the benchmark computes them. */
static void compute(crow_bench_lattice *lattice, crow_weights_options *options, crow_weights *weights) {
  const crow_dataset dataset = crow_bench_lattice_dataset(lattice);
  crow_weights_options_default(options);
  options->samples = 120000;
  options->nearest.engine = CROW_NEAREST_FUSED;
  CHECK_OK(crow_weights_compute(test_comm, &dataset, options, weights));
}

static bool verdict(crow_bench_lattice *lattice, const crow_weights_options *options, const crow_weights *weights) {
  crow_bench_report report = {0};
  CHECK_OK(crow_bench_verify_weights(test_comm, lattice, options, weights, &report));
  CHECK(report.verdict[0] != 0);
  return report.valid;
}

static void tampered_weights_are_invalid(void) {
  for (int random = 0; random < 2; random++) {
    crow_bench_lattice *lattice = NULL;
    crow_weights_options options;
    crow_weights weights;
    CHECK_OK(crow_bench_lattice_create(random, 600, 12, 1, &lattice));
    compute(lattice, &options, &weights);
    CHECK(verdict(lattice, &options, &weights));
    const bool last = crow_comm_rank(test_comm) == 0; /* rank 0 has alternatives whatever the number of ranks */
    /* A value that is not hits / N. */
    if (last) weights.value[3] *= 1.0000001;
    CHECK(!verdict(lattice, &options, &weights));
    if (last) weights.value[3] = (double)weights.hits[3] / (120000.0 * (double)CROW_HIT_UNIT);
    CHECK(verdict(lattice, &options, &weights));
    /* A sample that is lost. */
    if (last) weights.hits[3] -= CROW_HIT_UNIT;
    if (last) weights.value[3] = (double)weights.hits[3] / (120000.0 * (double)CROW_HIT_UNIT);
    CHECK(!verdict(lattice, &options, &weights));
    if (last) weights.hits[3] += CROW_HIT_UNIT;
    if (last) weights.value[3] = (double)weights.hits[3] / (120000.0 * (double)CROW_HIT_UNIT);
    CHECK(verdict(lattice, &options, &weights));
    /* All hits of one given to another: consistent, but not the weights. */
    if (last) {
      weights.hits[4] += weights.hits[3];
      weights.value[4] += weights.value[3];
      weights.value[4] = (double)weights.hits[4] / (120000.0 * (double)CROW_HIT_UNIT);
      weights.hits[3] = 0;
      weights.value[3] = 0;
    }
    if (!random) CHECK(!verdict(lattice, &options, &weights));
    if (last) weights.value[3] = (double)NAN;
    CHECK(!verdict(lattice, &options, &weights));
    crow_weights_free(&weights);
    crow_bench_lattice_destroy(&lattice);
  }
}

/* Draws by signs: what is searched again is what was drawn, and a weight of twice what it should be is found. */
static void draws_by_signs_are_verified(void) {
  for (int random = 0; random < 2; random++) {
    crow_bench_lattice *lattice = NULL;
    crow_weights_options options;
    crow_weights weights;
    CHECK_OK(crow_bench_lattice_create(random, 500, 40, 1, &lattice));
    const crow_dataset dataset = crow_bench_lattice_dataset(lattice);
    crow_weights_options_default(&options);
    options.space.space = "cube";
    options.draws = CROW_DRAWS_SIGNS;
    options.samples = random ? 4096 : 200000;
    CHECK_OK(crow_weights_compute(test_comm, &dataset, &options, &weights));
    CHECK(weights.blocks >= 4);
    CHECK(verdict(lattice, &options, &weights));
    /* By another seed other alternatives are hit, of which some have few hits. */
    options.space.seed++;
    if (random) CHECK(!verdict(lattice, &options, &weights));
    options.space.seed--;
    if (!random && crow_comm_rank(test_comm) == 0) {
      weights.hits[4] += weights.hits[3];
      weights.value[4] = (double)weights.hits[4] / ((double)weights.samples * (double)CROW_HIT_UNIT);
      weights.hits[3] = 0;
      weights.value[3] = 0;
    }
    if (!random) CHECK(!verdict(lattice, &options, &weights));
    crow_weights_free(&weights);
    crow_bench_lattice_destroy(&lattice);
  }
}

/* Random contexts: hits moved away from everything that is searched again. */
static void moved_hits_of_random_contexts_are_invalid(void) {
  crow_bench_lattice *lattice = NULL;
  crow_weights_options options;
  crow_weights weights;
  CHECK_OK(crow_bench_lattice_create(CROW_BENCH_RANDOM, 40, 6, 1, &lattice));
  compute(lattice, &options, &weights);
  CHECK(verdict(lattice, &options, &weights));
  if (crow_comm_rank(test_comm) == 0) {
    for (int i = 1; i < 40; i++) {
      weights.hits[0] += weights.hits[i];
      weights.hits[i] = 0;
      weights.value[i] = 0;
    }
    weights.value[0] = (double)weights.hits[0] / (120000.0 * (double)CROW_HIT_UNIT);
  }
  CHECK(!verdict(lattice, &options, &weights));
  crow_weights_free(&weights);
  crow_bench_lattice_destroy(&lattice);
}

/* The optimality equation (Theorem 4.2) at the rewards that are claimed, by the plain double sum. */
static void claimed_rewards_are_optimal(void) {
  const double lambdas[] = {0.01, 0.3};
  for (int graph = 0; graph < 2; graph++) {
    for (int l = 0; l < 2; l++) {
      crow_bench_preferences p;
      crow_pairs pairs = {0};
      enum { M = 90 };
      double violation[M];
      const double lambda = lambdas[l];
      CHECK_OK(crow_bench_preferences_create(graph, M, 700, lambda, 4, &p));
      for (int x = 0; x < M; x++) violation[x] = lambda * crow_bench_preferences_reward(&p, x);
      crow_comm *alone = NULL;
      CHECK_OK(crow_comm_split(test_comm, crow_comm_rank(test_comm), 0, &alone));
      if (graph == CROW_BENCH_PAIRS) {
        CHECK_OK(crow_bench_preferences_pairs(alone, &p, &pairs));
        CHECK(pairs.partition.global == 8 * M && pairs.comparisons == 8 * M);
        const double scale = (1 - 1.0 / M) / (2.0 * 8 * M / M / M); /* (1 - sum w^2) / (2 sum_E w w) */
        for (int64_t k = 0; k < pairs.partition.count; k++) {
          const int x = pairs.first[k], y = pairs.second[k];
          CHECK(pairs.share[k] >= 0 && pairs.share[k] <= 1);
          const double off =
              1 / (1 + exp(crow_bench_preferences_reward(&p, y) - crow_bench_preferences_reward(&p, x))) -
              pairs.share[k];
          violation[x] += scale / M * off;
          violation[y] -= scale / M * off;
        }
      } else {
        for (int x = 0; x < M; x++) {
          violation[x] -= p.win_rate[x % 64];
          for (int y = 0; y < M; y++) {
            violation[x] +=
                1 / (1 + exp(crow_bench_preferences_reward(&p, y) - crow_bench_preferences_reward(&p, x))) / M;
          }
        }
      }
      for (int x = 0; x < M; x++) CHECK_NEAR(violation[x], 0, 1e-14);
      crow_pairs_free(&pairs);
      crow_comm_destroy(&alone);
      crow_bench_preferences_free(&p);
    }
  }
}

static void tampered_rewards_are_invalid(void) {
  for (int graph = 0; graph < 2; graph++) {
    crow_bench_preferences p;
    crow_bench_report report = {0};
    crow_weights weights;
    crow_pairs pairs = {0};
    crow_rewards rewards;
    crow_train_options options;
    double *win_rate = NULL;
    crow_train_options_default(&options);
    CHECK_OK(crow_bench_preferences_create(graph, 1500, 20000, options.objective.lambda, 1, &p));
    CHECK_OK(crow_weights_uniform(test_comm, 1500, &weights));
    if (graph == CROW_BENCH_PAIRS) {
      CHECK_OK(crow_bench_preferences_pairs(test_comm, &p, &pairs));
      CHECK_OK(crow_rewards_fit_pairs(test_comm, &weights, &pairs, &options, &rewards));
    } else {
      CHECK_OK(CROW_ALLOCATE(&win_rate, weights.partition.count));
      for (crow_gidx i = 0; i < weights.partition.count; i++) {
        win_rate[i] = p.win_rate[(weights.partition.begin + i) % 64];
      }
      CHECK_OK(crow_rewards_fit_complete(test_comm, &weights, win_rate, &options, &rewards));
    }
    CHECK_OK(crow_bench_verify_rewards(test_comm, &p, 1e-8, &rewards, &report));
    CHECK(report.valid);
    const bool first = crow_comm_rank(test_comm) == 0;
    if (first) rewards.value[7] += 1e-5;
    CHECK_OK(crow_bench_verify_rewards(test_comm, &p, 1e-8, &rewards, &report));
    CHECK(!report.valid);
    if (first) rewards.value[7] = (double)NAN;
    CHECK_OK(crow_bench_verify_rewards(test_comm, &p, 1e-8, &rewards, &report));
    CHECK(!report.valid);
    if (first) rewards.value[7] = crow_bench_preferences_reward(&p, 7);
    rewards.optimality = 2e-8;
    CHECK_OK(crow_bench_verify_rewards(test_comm, &p, 1e-8, &rewards, &report));
    CHECK(!report.valid);
    crow_rewards_free(&rewards);
    crow_weights_free(&weights);
    crow_pairs_free(&pairs);
    crow_free(win_rate);
    crow_bench_preferences_free(&p);
  }
}

/* Changes the first number of a row, which is the row's own. */
static crow_status tamper(const crow_comm *comm, const char *file, void *context) {
  crow_status status = CROW_OK;
  if (crow_comm_rank(comm) == 0) {
    static char bytes[1 << 18]; /* metadata take a block of 64 KiB at the beginning */
    const float row = (float)*(const int *)context;
    FILE *stream = fopen(file, "r+b");
    CHECK(stream != NULL);
    const size_t n = fread(bytes, 1, sizeof bytes, stream);
    /* Where it is followed, 24 numbers on, by the next row's. */
    const float next = row + 1;
    size_t at = 0;
    while (at + 100 <= n && (memcmp(bytes + at, &row, 4) != 0 || memcmp(bytes + at + 96, &next, 4) != 0)) at += 4;
    CHECK(at + 100 <= n);
    const float other = row + 0.5f;
    CHECK(fseek(stream, (long)at, SEEK_SET) == 0 && fwrite(&other, sizeof other, 1, stream) == 1);
    CHECK(fclose(stream) == 0);
  }
  CROW_TRY(crow_comm_barrier(comm));
cleanup:
  return status;
}

static void tampered_files_are_invalid(void) {
  crow_bench_options options = defaults();
  options.alternatives = 40;
  options.dimensions = 24;
  options.repetitions = 1;
  options.folder = test_folder();
  const int rows[] = {2, 37}; /* of the first rank and of the last */
  for (int k = 0; k < 2; k++) {
    crow_bench_report report;
    int row = rows[k];
    CHECK_OK(crow_bench_io_hooked(test_comm, &options, tamper, &row, &report));
    CHECK(!report.valid);
    CHECK(strncmp(report.verdict, "1 numbers", 9) == 0);
  }
}

static double figure(const crow_bench_report *report, const char *name) {
  const crow_bench_figure *found = crow_bench_report_find(report, name);
  CHECK(found != NULL);
  return found ? found->median : (double)NAN;
}

static void benchmarks_are_valid_and_complete(void) {
  crow_bench_options options = defaults();
  crow_bench_machine machine;
  crow_bench_report report;
  options.alternatives = 700;
  options.dimensions = 20;
  options.samples = 20000;
  options.pairs = 7000;
  options.efficiency = true;
  options.folder = test_folder();
  CHECK_OK(crow_bench_machine_measure(test_comm, 0.02, &machine));
  CHECK(machine.gemm_flops > 0 && machine.triad_bytes_s > 0);
  const bool alone = crow_comm_size(test_comm) == 1; /* nothing is reduced */
  CHECK(alone ? isnan(machine.allreduce_latency_s) : machine.allreduce_latency_s > 0);
  CHECK(alone ? isnan(machine.allreduce_bytes_s) : machine.allreduce_bytes_s > 0);
  double reproducible = 0, plain = 0;
  CHECK_OK(crow_bench_machine_sums(test_comm, 0.01, &reproducible, &plain));
  CHECK(alone ? isnan(reproducible) && isnan(plain) : reproducible > 0 && plain > 0);
  CHECK_OK(crow_bench_weights(test_comm, &options, &machine, &report));
  CHECK(report.valid);
  CHECK(figure(&report, "samples") == 20000);
  CHECK(figure(&report, "grid_groups") * figure(&report, "grid_slices") == crow_comm_size(test_comm));
  CHECK(figure(&report, "efficiency") > 0 && figure(&report, "ratio_to_sgemm") > 0);
  CHECK(figure(&report, "pairs_rate") > 0 && figure(&report, "share_of_triad") > 0);
  CHECK(report.stages > 3);
  for (int graph = 0; graph < 2; graph++) {
    options.graph = graph;
    CHECK_OK(crow_bench_fit(test_comm, &options, &machine, &report));
    CHECK(report.valid);
    CHECK(figure(&report, "efficiency") > 0);
    CHECK(figure(&report, graph ? "alternatives_rate" : "pairs_rate") > 0);
    CHECK(figure(&report, "rate") > 0 && figure(&report, "ratio_to_sgemm") > 0 &&
          figure(&report, "share_of_triad") > 0);
  }
  options.efficiency = false;
  CHECK_OK(crow_bench_fit(test_comm, &options, &machine, &report));
  CHECK(isnan(figure(&report, "efficiency")));
  CHECK_OK(crow_bench_io(test_comm, &options, &report));
  CHECK(report.valid);
  CHECK(figure(&report, "bytes") == 4 * 700 * 20);
}

/* Odd shapes, more ranks than blocks, slices, samples chosen by time. */
static void small_and_sliced_problems_are_valid(void) {
  crow_bench_options options = defaults();
  const crow_bench_machine machine = {.gemm_flops = 1e8,
                                      .triad_bytes_s = 1e10,
                                      .allreduce_latency_s = 1e-6,
                                      .allreduce_bytes_s = 1e9}; /* a slow one, for which few samples are enough */
  crow_bench_report report;
  char grid[32];
  (void)snprintf(grid, sizeof grid, "1x%d", crow_comm_size(test_comm));
  options.repetitions = 1;
  const crow_gidx shapes[][2] = {{1, 1}, {5, 1}, {50, 2}, {3, 3}, {2, 40}, {2000, 5}};
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
    for (int random = 0; random < 2; random++) {
      /* Each measures the product once more, so every number of ranks takes half of the problems. */
      if (random != ((int)s + crow_comm_size(test_comm)) % 2) continue;
      options.alternatives = shapes[s][0];
      options.dimensions = shapes[s][1];
      options.contexts = random;
      options.grid = grid;
      options.seconds = 0.001;
      options.nearest.engine = random ? CROW_NEAREST_TREE : CROW_NEAREST_AUTO;
      CHECK_OK(crow_bench_weights(test_comm, &options, &machine, &report));
      CHECK(report.valid);
    }
  }
}

/* Draws by signs beside independent samples, and the variance of both. */
static void both_kinds_of_draws_are_measured(void) {
  crow_bench_options options = defaults();
  crow_bench_machine machine;
  crow_bench_report report;
  options.alternatives = 300;
  options.dimensions = 40;
  options.samples = 12800;
  options.seeds = 8;
  options.contexts = CROW_BENCH_RANDOM;
  CHECK_OK(crow_bench_machine_measure(test_comm, 0.05, &machine));
  CHECK(machine.peak_flops > 0 && machine.cached_triad_bytes_s > 0);
  options.draws = CROW_DRAWS_SIGNS;
  CHECK_OK(crow_bench_weights(test_comm, &options, &machine, &report));
  CHECK(report.valid && figure(&report, "draws_blocks") == 8);
  CHECK(figure(&report, "variance_seeds") >= 4 && figure(&report, "variance_seeds") <= 8);
  /* 300 weights over four seeds at least: their summed variance is known to some percent. */
  CHECK(figure(&report, "variance_to_independent") > 0.7 && figure(&report, "variance_to_independent") < 1.5);
  const double times = figure(&report, "times_independent");
  CHECK_NEAR(figure(&report, "gain_over_independent"), times / figure(&report, "variance_to_independent"),
             1e-9 * times);
  options.draws = CROW_DRAWS_INDEPENDENT;
  CHECK_OK(crow_bench_weights(test_comm, &options, &machine, &report));
  CHECK(figure(&report, "draws_blocks") == 0 && !crow_bench_report_find(&report, "times_independent"));
}

static void wrong_options_are_refused(void) {
  crow_bench_options options = defaults();
  const crow_bench_machine machine = {
      .gemm_flops = 1e11, .triad_bytes_s = 1e10, .allreduce_latency_s = 1e-6, .allreduce_bytes_s = 1e9};
  crow_bench_report report;
  options.alternatives = 2;
  CHECK_STATUS(crow_bench_fit(test_comm, &options, &machine, &report), CROW_USAGE);
  CHECK_MESSAGE("at least 3 alternatives");
  options.fill = 2;
  CHECK_STATUS(crow_bench_weights(test_comm, &options, &machine, &report), CROW_USAGE);
  CHECK_MESSAGE("fill");
  options = defaults();
  options.alternatives = 100;
  options.folder = "/nowhere/at/all";
  CHECK_STATUS(crow_bench_io(test_comm, &options, &report), CROW_FILE_SYSTEM);
}

/* Either kind of preferences takes a second or two, so that one rank measures one, two ranks the other; crow plan does
 * the opposite in tests/cli/test_bench.sh. */
static void costs_are_measured(void) {
  const crow_nearest_options nearest = {.engine = CROW_NEAREST_FUSED, .threads = 1};
  crow_bench_model model;
  const int ranks = crow_comm_size(test_comm), pairs = ranks == 2;
  if (ranks > 2) return;
  const crow_bench_size size = {.alternatives = 1500, .dimensions = 8, .pairs = pairs * 1000, .ranks = 1};
  CHECK_OK(crow_bench_model_measure(test_comm, &size, &nearest, &model));
  CHECK(model.ranks == ranks && model.dimensions == 8 && model.alternatives == 1500);
  CHECK(model.draw_s > 0 && model.search_s > 0 && model.exponent >= 0 && model.exponent <= 1);
  CHECK(model.setup_s > 0);
  CHECK(pairs ? model.pair_s > 0 && model.complete_s == 0 : model.complete_s > 0 && model.pair_s == 0);
}

static void medians_are_of_the_middle(void) {
  crow_bench_report report = {0};
  const double odd[] = {3, 1, 2}, even[] = {4, 1, 3, 2};
  crow_bench_report_add(&report, "odd", "s", odd, 3);
  crow_bench_report_add(&report, "even", "", even, 4);
  CHECK(figure(&report, "odd") == 2 && figure(&report, "even") == 2.5);
  CHECK(report.figure[1].least == 1 && report.figure[1].greatest == 4);
  CHECK(crow_bench_report_find(&report, "other") == NULL);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"shares of a plane lattice are its cells", shares_of_a_plane_lattice_are_its_cells},
      {"mirrored lattices are of different alternatives in the cube",
       mirrored_lattices_are_of_different_alternatives_in_the_cube},
      {"contexts do not depend on how they are read", contexts_do_not_depend_on_how_they_are_read},
      {"tampered weights are INVALID", tampered_weights_are_invalid},
      {"moved hits of random contexts are INVALID", moved_hits_of_random_contexts_are_invalid},
      {"draws by signs are verified", draws_by_signs_are_verified},
      {"claimed rewards are optimal", claimed_rewards_are_optimal},
      {"tampered rewards are INVALID", tampered_rewards_are_invalid},
      {"tampered files are INVALID", tampered_files_are_invalid},
      {"benchmarks are VALID and complete", benchmarks_are_valid_and_complete},
      {"small and sliced problems are VALID", small_and_sliced_problems_are_valid},
      {"both kinds of draws are measured", both_kinds_of_draws_are_measured},
      {"wrong options are refused", wrong_options_are_refused},
      {"costs are measured", costs_are_measured},
      {"medians are of the middle", medians_are_of_the_middle},
      {0}};
  return crow_test_main(argc, argv, "bench", tests, true);
}
