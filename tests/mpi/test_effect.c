/* SPDX-License-Identifier: Apache-2.0 */
/* What weights did to near-duplicates, against groups that are laid out by hand and against all pairs. */
#include "fixture.h"
#include <stdlib.h>

/* Weights in slices; `choice` as crow_space_choice has it, `center` (d) or NULL. */
static crow_weights weights_of(int64_t m, const double *value, const char *choice) {
  crow_weights weights = {.partition = crow_comm_partition(test_comm, m, CROW_BLOCK)};
  double squares = 0;
  CHECK_OK(crow_comm_agree(test_comm, CROW_ALLOCATE(&weights.value, weights.partition.count + 1)));
  for (int64_t i = 0; i < m; i++) {
    squares += value[i] * value[i];
    weights.zeros += value[i] == 0;
  }
  for (int64_t i = 0; i < weights.partition.count; i++) weights.value[i] = value[weights.partition.begin + i];
  weights.effective = 1 / squares;
  (void)snprintf(weights.space.choice.space, sizeof weights.space.choice.space, "%s", choice);
  return weights;
}

/* Every alternative has the number of its group: as many as the groups say, and the named members those of theirs. */
static void check_numbers(const crow_effect *e, int64_t m) {
  int64_t members = 0;
  CHECK((e->number != NULL) == (e->groups > 0));
  for (int64_t x = 0; e->number && x < m; x++) {
    CHECK(e->number[x] >= 0 && e->number[x] <= e->groups);
    members += e->number[x] > 0;
  }
  CHECK(members == e->members);
  for (int g = 0; g < e->named; g++) {
    for (int k = 0; k < e->group[g].named; k++) CHECK(e->number[e->group[g].member[k]] == g + 1);
  }
}

static crow_effect effect_of(const char *name, int64_t m, int64_t d, const double *context,
                             const crow_weights *weights) {
  crow_dataset dataset = {0};
  crow_effect effect = {0};
  test_dataset_write(test_comm, test_path(name), &(test_dataset){.m = m, .d = d, .context = context});
  CHECK_OK(crow_dataset_open(test_comm, test_path(name), true, &dataset));
  CHECK_OK(crow_effect_create(test_comm, &dataset, weights, &effect));
  check_numbers(&effect, m);
  crow_free(effect.number);
  effect.number = NULL;
  crow_dataset_close(&dataset);
  return effect;
}

/* 1200 alternatives a line, 1 apart, but for: 10, 500 and 1100, which are in one place; 20 and 900, 0.125 apart; a
 * chain 30, 700, 31, 1199 whose links are 0.1875, 0.125 and 0.0625. The nearest other is mostly 1 away: radius 1/4. */
enum { LINE = 1200 };
static void lay_line(double *context) {
  for (int64_t i = 0; i < LINE; i++) context[i] = (double)i;
  context[500] = context[1100] = 10;
  context[900] = 20.125;
  context[700] = 30.1875;
  context[31] = 30.3125;
  context[1199] = 30.375;
}

static void groups_by_hand_are_found(void) {
  double context[LINE], value[LINE];
  lay_line(context);
  for (int64_t i = 0; i < LINE; i++) value[i] = 1.0 / 2048;
  value[10] = value[500] = value[1100] = 0.25 / 2048;
  value[30] = value[1199] = 4.0 / 2048;
  value[5] = 0;
  crow_weights weights = weights_of(LINE, value, "cube");
  const crow_effect e = effect_of("effect-line.h5", LINE, 1, context, &weights);
  CHECK(e.looked == LINE && e.radius == 0.25 && !e.equal);
  CHECK(e.groups == 3 && e.members == 9 && e.named == 3);
  CHECK(e.zeros == 1 && e.effective == weights.effective && !e.concentrated);
  /* The closest first: the place with 0.75/2048, the pair with 2/2048, the chain with 10/2048. */
  CHECK(e.group[2].size == 4 && e.group[2].apart == 0.1875 && e.group[2].shares == LINE * 10.0 / 2048);
  CHECK(e.group[2].named == 3 && e.group[2].member[0] == 30 && e.group[2].member[2] == 700);
  CHECK(strcmp(e.group[2].id[1], "31") == 0);
  CHECK(e.group[1].size == 2 && e.group[1].apart == 0.125 && e.group[1].member[1] == 900);
  CHECK(e.group[1].shares == LINE * 2.0 / 2048);
  CHECK(e.group[0].size == 3 && e.group[0].apart == 0 && e.group[0].shares == LINE * 0.75 / 2048);
  CHECK_NEAR(e.weight, 12.75 / 2048, 1e-15);
  CHECK(e.largest.index == 30 && e.largest.value == 4.0 / 2048 && strcmp(e.largest_id, "30") == 0);
  CHECK(e.smallest.index == 5 && e.smallest.value == 0 && strcmp(e.smallest_id, "5") == 0);
  crow_weights_free(&weights);
}

/* Two lines of 400 by their distances, 1 and 16 apart: whichever has the weight says what is near. */
static void the_median_is_weighted(void) {
  enum { HALF = 400, M = 2 * HALF };
  double context[M], value[M];
  for (int64_t i = 0; i < HALF; i++) context[i] = (double)i;
  for (int64_t i = 0; i < HALF; i++) context[HALF + i] = 1000 + 16 * (double)i;
  for (int side = 0; side < 2; side++) {
    for (int64_t i = 0; i < M; i++) value[i] = ((i < HALF) == (side == 0) ? 3.0 : 1.0) / (4 * HALF);
    crow_weights weights = weights_of(M, value, "cube");
    const crow_effect e = effect_of("effect-median.h5", M, 1, context, &weights);
    CHECK(e.radius == (side == 0 ? 0.25 : 4));
    CHECK(e.groups == (side == 0 ? 0 : 1) && e.members == (side == 0 ? 0 : HALF));
    if (side == 1) CHECK(e.group[0].apart == 3 && e.group[0].size == HALF);
    crow_weights_free(&weights);
  }
}

/* Eight directions of the plane, at lengths that differ; the last is the first turned by 0.05. About a centre. */
static void the_sphere_has_its_own_distances(void) {
  enum { M = 9, D = 2 };
  double context[M * D], value[M], center[D] = {0.25, -0.125}, turned[M][D];
  for (int64_t i = 0; i < M; i++) {
    const double angle = i == M - 1 ? 0.05 : 0.7853981633974483 * (double)i;
    context[i * D] = (double)(i + 1) * cos(angle);
    context[i * D + 1] = (double)(i + 1) * sin(angle);
    value[i] = 1.0 / M;
  }
  for (int centred = 0; centred < 2; centred++) {
    crow_weights weights = weights_of(M, value, "sphere");
    if (centred) {
      weights.space.dimensions = D;
      CHECK_OK(CROW_ALLOCATE(&weights.space.center, D));
      for (int k = 0; k < D; k++) weights.space.center[k] = center[k];
    }
    const crow_effect e = effect_of("effect-sphere.h5", M, D, context, &weights);
    for (int64_t i = 0; i < M; i++) {
      const double x = context[i * D] / (double)(i + 1) - (centred ? center[0] : 0);
      const double y = context[i * D + 1] / (double)(i + 1) - (centred ? center[1] : 0);
      for (int k = 0; k < D; k++) turned[i][k] = (k ? y : x) / sqrt(x * x + y * y);
    }
    CHECK(e.groups == 1 && e.group[0].size == 2 && e.group[0].member[0] == 0 && e.group[0].member[1] == M - 1);
    CHECK_NEAR(e.group[0].apart, hypot(turned[0][0] - turned[M - 1][0], turned[0][1] - turned[M - 1][1]), 1e-12);
    CHECK_NEAR(e.group[0].shares, 2, 1e-12);
    CHECK(e.equal);
    crow_weights_free(&weights);
  }
}

/* Beyond 5000, alternative 3 k of 6000 is compared with all; twins of 4 and 5 stay unseen, those of 3 and 7 do not. */
static void a_part_is_looked_at_where_there_are_many(void) {
  enum { M = 6000 };
  double *context = NULL, *value = NULL;
  CHECK_OK(CROW_ALLOCATE(&context, M));
  CHECK_OK(CROW_ALLOCATE(&value, M));
  for (int64_t i = 0; i < M; i++) {
    context[i] = (double)i;
    value[i] = 1.0 / M;
  }
  context[3] = context[7] + 0.125;
  context[9] = context[5000];
  context[4] = context[5];
  crow_weights weights = weights_of(M, value, "cube");
  const crow_effect e = effect_of("effect-part.h5", M, 1, context, &weights);
  CHECK(e.looked == 2000 && e.radius == 0.25);
  CHECK(e.groups == 2 && e.members == 4);
  CHECK(e.group[1].member[0] == 3 && e.group[1].member[1] == 7 && e.group[1].apart == 0.125);
  CHECK(e.group[0].member[0] == 9 && e.group[0].member[1] == 5000 && e.group[0].apart == 0);
  crow_weights_free(&weights);
  crow_free(context);
  crow_free(value);
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* The squared distance of each to its nearest other, ascending. */
static void nearest_of_all(int64_t m, int64_t d, const double *context, double *nearest) {
  for (int64_t i = 0; i < m; i++) {
    nearest[i] = INFINITY;
    for (int64_t j = 0; j < m; j++) {
      if (j != i)
        nearest[i] = fmin(nearest[i], crow_nearest_distance(context + i * d, context + j * d, CROW_DOUBLE, d));
    }
  }
  qsort(nearest, (size_t)m, sizeof *nearest, ascending);
}

/* Far from 0 in 40 dimensions, where products tell little. A seventh has a twin, 0, 0.395, 0.791, ... away; the radius
 * is about 0.46, so that of the hundred pairs the forty of the first two kinds are found. */
static void far_from_zero_distances_are_exact(void) {
  enum { M = 700, D = 40 };
  static double context[M * D], value[M], nearest[M];
  uint64_t state = 1;
  for (int64_t i = 0; i < M * D; i++) {
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    context[i] = 1e7 + (double)(state >> 40) * 0x1p-24;
  }
  for (int64_t i = 0; i < M; i += 7) {
    for (int64_t k = 0; k < D; k++) {
      context[(i * 13 + 1) % M * D + k] = context[i * D + k] + (double)(i % 5) * 0.0625;
    }
  }
  for (int64_t i = 0; i < M; i++) value[i] = 0x1p-10;
  nearest_of_all(M, D, context, nearest);
  crow_weights weights = weights_of(M, value, "");
  const crow_effect e = effect_of("effect-far.h5", M, D, context, &weights);
  CHECK(e.radius == sqrt(nearest[M / 2 - 1]) / 4 && e.radius > 0.4 && e.radius < 0.7);
  CHECK(e.groups == 40 && e.members == 80);
  crow_weights_free(&weights);
}

/* 100 alternatives of which ten have all the weight; hits by hand. */
static void untrustworthy_weights_are_told(void) {
  enum { M = 100 };
  double context[M], value[M];
  for (int64_t i = 0; i < M; i++) {
    context[i] = (double)i;
    value[i] = i % 10 == 0 ? 0.1 : 0;
  }
  for (int kind = 0; kind < 3; kind++) {
    crow_weights weights = weights_of(M, value, kind == 2 ? "" : "cube");
    weights.samples = kind == 0 ? 3000 : 0;
    if (kind == 0) {
      CHECK_OK(crow_comm_agree(test_comm, CROW_ALLOCATE(&weights.hits, weights.partition.count + 1)));
      for (int64_t i = 0; i < weights.partition.count; i++)
        weights.hits[i] = (weights.partition.begin + i) % 30 * CROW_HIT_UNIT;
    }
    const crow_effect e = effect_of("effect-few.h5", M, 1, context, &weights);
    CHECK(e.zeros == 90 && e.groups == 0);
    CHECK(e.concentrated == (kind < 2)); /* weights that no space made are not its fault */
    /* 0 .. 29 three times and 0 .. 9: fifty are at most 13, as 4 * 10 + 3 * 4 = 52 says; 49 would be at most 12. */
    CHECK(e.median_hits == (kind == 0 ? 13 : -1));
    CHECK(e.noisy == (kind == 0) && (e.more_samples > 0) == (kind == 0));
    /* 25 hits where 13 were: 3000 * 25 / 13 = 5769.2..., but twice as many at least */
    if (kind == 0) CHECK(e.more_samples == 6000);
    crow_weights_free(&weights);
  }
}

/* Groups as close as each other are told with the heaviest first, then by their first members. */
static void of_groups_alike_the_heaviest_comes_first(void) {
  enum { M = 40 };
  double context[M], value[M];
  for (int64_t i = 0; i < M; i++) {
    context[i] = (double)(i < 30 ? i : i - 30); /* ten pairs, 0 apart */
    value[i] = 1.0 / 64;
  }
  value[7] = value[3] = 4.0 / 64;
  value[5] = 8.0 / 64;
  crow_weights weights = weights_of(M, value, "cube");
  const crow_effect e = effect_of("effect-alike.h5", M, 1, context, &weights);
  static const crow_gidx first[] = {5, 3, 7, 0, 1};
  CHECK(e.groups == 10 && e.named == CROW_EFFECT_GROUPS);
  for (int g = 0; g < e.named; g++) CHECK(e.group[g].member[0] == first[g] && e.group[g].apart == 0);
  crow_weights_free(&weights);
}

/* Where half of the alternatives have no more, that is the median: the lower one. */
static void the_median_of_hits_is_the_lower_one(void) {
  enum { M = 100 };
  double context[M], value[M];
  for (int64_t i = 0; i < M; i++) {
    context[i] = (double)i;
    value[i] = 1.0 / M;
  }
  for (int few = 49; few <= 51; few++) {
    crow_weights weights = weights_of(M, value, "cube");
    weights.samples = 3000;
    CHECK_OK(crow_comm_agree(test_comm, CROW_ALLOCATE(&weights.hits, weights.partition.count + 1)));
    for (int64_t i = 0; i < weights.partition.count; i++)
      weights.hits[i] = ((weights.partition.begin + i) * 37 % M < few ? 2 : 30) * CROW_HIT_UNIT;
    const crow_effect e = effect_of("effect-median-hits.h5", M, 1, context, &weights);
    CHECK(e.median_hits == (few < 50 ? 30 : 2));
    crow_weights_free(&weights);
  }
}

static const crow_test tests[] = {
    {"groups laid out by hand are found, with distances and shares", groups_by_hand_are_found},
    {"the median that says what is near is weighted", the_median_is_weighted},
    {"the sphere has distances of its own, centred or not", the_sphere_has_its_own_distances},
    {"a part is looked at where there are many", a_part_is_looked_at_where_there_are_many},
    {"far from zero distances are exact", far_from_zero_distances_are_exact},
    {"weights that cannot be trusted are told", untrustworthy_weights_are_told},
    {"of groups alike the heaviest comes first", of_groups_alike_the_heaviest_comes_first},
    {"the median of hits is the lower one", the_median_of_hits_is_the_lower_one},
    {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "effect", tests, true); }
