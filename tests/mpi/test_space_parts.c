/* SPDX-License-Identifier: Apache-2.0 */
/* What a space says of itself, what it keeps, where it takes contexts; draws of block signs point by point. */
#include "fixture.h"
#include <crow/signs.h>

enum { M = 6, D = 3 };
static const double contexts[M * D] = {1, 2, 2, -3, 0, 4, 0, .5, 0, 2, -2, 1, 5, 5, 5, -1, -1, -1};

static crow_space *space_of(const char *text, const char *center, crow_dataset *dataset) {
  crow_space *space = NULL;
  const test_dataset t = {.m = M, .d = D, .context = contexts};
  const crow_space_options options = {text, 0, 4, center};
  test_dataset_write(test_comm, test_path("parts.h5"), &t);
  CHECK_OK(crow_dataset_open(test_comm, test_path("parts.h5"), true, dataset));
  CHECK_OK(crow_space_create(test_comm, &options, dataset, &space));
  return space;
}

static void close_both(crow_space **space, crow_dataset *dataset) {
  crow_space_destroy(space);
  CHECK(*space == NULL);
  crow_dataset_close(dataset);
}

/* Of every space: whether it is a box, follows the contexts, is symmetric, has its coordinates dealt. */
static void spaces_tell_their_kind(void) {
  const struct {
    const char *text;
    bool bounded, fits, robust, symmetric, dealt;
  } kinds[] = {{"cube", true, false, true, true, true},       {"box", true, true, true, true, true},
               {"sphere", false, true, true, true, false},    {"ball", false, true, false, true, false},
               {"gaussian", false, true, false, true, false}, {"factor2", false, true, true, false, false}};
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
    crow_dataset dataset = {0};
    const double *lower = NULL, *upper = NULL;
    crow_space *space = space_of(kinds[k].text, NULL, &dataset);
    const crow_space_options options = {kinds[k].text, 0, 4, NULL};
    CHECK(crow_space_bounds(space, &lower, &upper) == kinds[k].bounded);
    CHECK(crow_space_fits_contexts(&options) == kinds[k].fits);
    CHECK(crow_space_is_clone_robust(kinds[k].text) == kinds[k].robust);
    CHECK(crow_signs_possible(space) == kinds[k].symmetric);
    if (kinds[k].symmetric) CHECK(crow_signs_dealt(space) == kinds[k].dealt);
    CHECK(crow_space_size(space) == 0);
    CHECK(crow_space_describe(space)[0] != 0);
    CHECK(crow_space_rank_bytes(kinds[k].text, 100) >= 0);
    if (strcmp(kinds[k].text, "box") == 0) {
      const double least[] = {-3, -2, -1}, most[] = {5, 5, 5};
      CHECK(memcmp(lower, least, sizeof least) == 0 && memcmp(upper, most, sizeof most) == 0);
    }
    close_both(&space, &dataset);
  }
  CHECK(!crow_space_fits_contexts(&(crow_space_options){"sphere", 0, 1, "none"}));
  CHECK(crow_space_rank_bytes("gaussian", 1000) > 284e6); /* 308 d^2 */
}

static void a_choice_replaces_auto_alone(void) {
  crow_space_choice choice = {.space = "sphere", .center = "none"};
  const crow_space_options options = {"auto", .5, 7, NULL}, chosen = crow_space_chosen(&options, &choice);
  CHECK(strcmp(chosen.space, "sphere") == 0 && strcmp(chosen.center, "none") == 0);
  CHECK(chosen.seed == 7 && chosen.margin == .5);
}

/* Contexts become directions, (y - c) / |y - c| with y = x / |x|. */
static void a_sphere_takes_contexts_to_directions(void) {
  crow_dataset dataset = {0};
  crow_space *space = space_of("sphere", NULL, &dataset);
  const double center[D] = {.1, -.2, .3};
  double moved[M * D];
  CHECK(crow_space_transforms(space) && crow_space_wants_center(space));
  CHECK_OK(crow_space_set_center(space, center));
  CHECK(memcmp(crow_space_center(space), center, sizeof center) == 0);
  memcpy(moved, contexts, sizeof moved);
  CHECK_OK(crow_space_transform(space, 0, M, moved));
  for (int i = 0; i < M; i++) {
    double y[D], length = 0, rest = 0;
    for (int k = 0; k < D; k++) length += contexts[i * D + k] * contexts[i * D + k];
    for (int k = 0; k < D; k++) {
      y[k] = contexts[i * D + k] / sqrt(length) - center[k];
      rest += y[k] * y[k];
    }
    for (int k = 0; k < D; k++) CHECK_NEAR(moved[i * D + k], y[k] / sqrt(rest), 1e-15);
  }
  close_both(&space, &dataset);
  space = space_of("sphere", "none", &dataset);
  CHECK(crow_space_transforms(space) && !crow_space_wants_center(space) && crow_space_center(space) == NULL);
  double zero[D] = {0, 0, 0};
  CHECK_STATUS(crow_space_transform(space, 41, 1, zero), CROW_BAD_INPUT);
  CHECK_MESSAGE("41");
  close_both(&space, &dataset);
}

static void kept_samples_are_the_samples(void) {
  crow_dataset dataset = {0};
  crow_space *space = space_of("ball", NULL, &dataset);
  double points[50 * D];
  CHECK(crow_space_kept(space, 0, 10, 200) == NULL);
  CHECK_OK(crow_space_keep(space, 100, 200, 1 << 20));
  CHECK_OK(crow_space_sample(space, 30, 50, 200, points));
  const double *kept = crow_space_kept(space, 30, 50, 200);
  CHECK(kept != NULL && memcmp(kept, points, sizeof points) == 0);
  CHECK(crow_space_kept(space, 80, 50, 200) == NULL); /* beyond the hundred */
  close_both(&space, &dataset);
  space = space_of("ball", NULL, &dataset);
  CHECK_OK(crow_space_keep(space, 100, 200, 10 * D * (int64_t)sizeof(double))); /* room for ten */
  CHECK(crow_space_kept(space, 0, 50, 200) == NULL);
  close_both(&space, &dataset);
}

/* Each point of a draw is centre + B z^(k), its product with any v the centre's and z^(k)'s with B'v; and |Bz| <= norm
 * |z|. */
static void points_of_a_draw_have_the_signs_of_their_rows(void) {
  static const char *const texts[] = {"cube", "box", "ball", "gaussian"};
  for (size_t s = 0; s < sizeof texts / sizeof *texts; s++) {
    enum { BLOCKS = 2 };
    crow_dataset dataset = {0};
    crow_signs *signs = NULL;
    const double energy[D] = {3, 1, 2};
    crow_space *space = space_of(texts[s], NULL, &dataset);
    CHECK_OK(crow_signs_create(space, BLOCKS, energy, &signs));
    const int64_t length = crow_signs_block_length(signs), n = crow_signs_points(signs);
    CHECK(crow_signs_blocks(signs) == BLOCKS && n == 2 * BLOCKS && BLOCKS * length >= D);
    CHECK(crow_signs_norm(signs) > 0 && crow_signs_roundings(signs) >= 8);
    double *room = NULL, *z = NULL, *adjoint = NULL, sampled[2 * BLOCKS * D], point[D], v[D] = {.3, -1, 2};
    CHECK_OK(CROW_ALLOCATE(&room, crow_signs_room(signs)));
    CHECK_OK(CROW_ALLOCATE(&z, BLOCKS * length));
    CHECK_OK(CROW_ALLOCATE(&adjoint, BLOCKS * length));
    const double *centre = crow_signs_centre(signs), given[D] = {v[0], v[1], v[2]};
    crow_signs_draw(signs, 5, room, z);
    crow_signs_adjoint(signs, 1, v, room, adjoint);
    CHECK_OK(crow_signs_sample(signs, 5 * n, n, sampled));
    for (int64_t row = 0; row < n; row++) {
      crow_signs_point(signs, z, row, room, point);
      CHECK(memcmp(point, sampled + row * D, sizeof point) == 0);
      double product = 0, expected = 0, size = 0, drawn = 0;
      for (int k = 0; k < D; k++) {
        product += (point[k] - centre[k]) * given[k];
        size += (point[k] - centre[k]) * (point[k] - centre[k]);
      }
      for (int64_t b = 0; b < BLOCKS; b++) {
        const int64_t half = row % BLOCKS; /* rows from BLOCKS on are the negatives */
        const double sign = ((half & b) ? -1. : 1.) * (row < BLOCKS ? 1 : -1);
        for (int64_t k = 0; k < length; k++) {
          expected += sign * z[b * length + k] * adjoint[b * length + k];
          drawn += z[b * length + k] * z[b * length + k];
        }
      }
      CHECK_NEAR(product, expected, 1e-12);
      CHECK(sqrt(size) <= crow_signs_norm(signs) * sqrt(drawn) * (1 + 1e-12));
    }
    crow_free(room);
    crow_free(z);
    crow_free(adjoint);
    crow_signs_destroy(&signs);
    close_both(&space, &dataset);
  }
}

static const crow_test tests[] = {
    {"spaces tell their kind", spaces_tell_their_kind},
    {"a choice replaces auto alone", a_choice_replaces_auto_alone},
    {"a sphere takes contexts to directions", a_sphere_takes_contexts_to_directions},
    {"kept samples are the samples", kept_samples_are_the_samples},
    {"points of a draw have the signs of their rows", points_of_a_draw_have_the_signs_of_their_rows},
    {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "parts of spaces", tests, true); }
