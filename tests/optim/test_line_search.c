/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"
#include "optim/line_search_impl.h"

typedef double curve(double t, double *slope);

/* (t - 1)^2 */
static double parabola(double t, double *slope) {
  *slope = 2 * (t - 1);
  return (t - 1) * (t - 1);
}
/* -t / (t^2 + 2): More and Thuente's (1994) first function with beta = 2, minimum at sqrt(2). */
static double rational(double t, double *slope) {
  *slope = (t * t - 2) / ((t * t + 2) * (t * t + 2));
  return -t / (t * t + 2);
}
/* (t + 0.004)^5 - 2 (t + 0.004)^4: their second one, minimum near 1.6. */
static double quintic(double t, double *slope) {
  const double s = t + 0.004;
  *slope = 5 * pow(s, 4) - 8 * pow(s, 3);
  return pow(s, 5) - 2 * pow(s, 4);
}
/* A steep wall: finite only below 3. */
static double wall(double t, double *slope) {
  *slope = -1 + 0.1 / (3 - t);
  return t < 3 ? -t - 0.1 * log(3 - t) : NAN;
}
static double downhill(double t, double *slope) {
  *slope = -1;
  return -t;
}
static double uphill(double t, double *slope) {
  *slope = -1; /* a lie */
  return t;
}

/* Searches; the accepted step, or 0. */
static double search(curve *f, double first, double noise, int *trials) {
  crow_line_search s;
  double slope;
  const double value = f(0, &slope);
  crow_line_verdict verdict = CROW_LINE_GO_ON;
  crow_line_search_begin(&s, value, slope, noise, first);
  for (*trials = 0; verdict == CROW_LINE_GO_ON; ++*trials) {
    double slope_there;
    const double value_there = f(s.step, &slope_there);
    verdict = crow_line_search_judge(&s, value_there, slope_there);
  }
  return verdict == CROW_LINE_ACCEPT ? s.step : 0;
}

static void accepted_steps_satisfy_the_strong_wolfe_conditions(void) {
  curve *const curves[] = {parabola, rational, quintic, wall};
  const double firsts[] = {1e-3, 1e-1, 1, 10, 1e3};
  for (size_t k = 0; k < 4; k++) {
    for (size_t l = 0; l < 5; l++) {
      int trials;
      double slope0, slope;
      const double step = search(curves[k], firsts[l], 0, &trials);
      const double value0 = curves[k](0, &slope0), value = curves[k](step, &slope);
      CHECK(step > 0);
      CHECK(value <= value0 + 1e-4 * step * slope0);
      CHECK(fabs(slope) <= 0.9 * fabs(slope0));
      CHECK(trials <= 16);
    }
  }
}

static void a_good_first_step_is_taken_at_once(void) {
  int trials;
  CHECK(search(parabola, 1, 0, &trials) == 1);
  CHECK(trials == 1);
}

static void gives_up_where_there_is_nothing_to_find(void) {
  int trials;
  CHECK(search(downhill, 1, 0, &trials) == 0);
  CHECK(trials == CROW_LINE_MAX_TRIALS);
  CHECK(search(uphill, 1, 0, &trials) == 0);
  CHECK(trials == CROW_LINE_MAX_TRIALS);
}

/* A parabola of height 1e-14 on a floor of rounding noise 1e-13: only the slopes tell where its minimum is. */
static double drowned(double t, double *slope) {
  *slope = 2e-14 * (t - 1);
  return 1 + 1e-14 * (t - 1) * (t - 1) + 1e-13 * sin(1e3 * t);
}
static void slopes_decide_where_values_are_noise(void) {
  const double firsts[] = {1e-3, 1e-1, 1, 10};
  for (size_t l = 0; l < 4; l++) {
    int trials;
    const double step = search(drowned, firsts[l], 1e-11, &trials);
    double slope;
    (void)drowned(step, &slope);
    CHECK(step > 0);
    CHECK(fabs(slope) <= 0.9 * 2e-14);
    CHECK(trials <= 10);
  }
}

/* A bracket that two trials did not cut by a third is halved, whatever the model says. Values and slopes are made up:
 * the cubic always points near the low end. */
static void a_bracket_that_does_not_shrink_is_halved(void) {
  crow_line_search s;
  crow_line_search_begin(&s, 0, -1, 1e-12, 1);
  CHECK(crow_line_search_judge(&s, 1e12, 3e12) == CROW_LINE_GO_ON); /* too high: the bracket is (0, 1) */
  CHECK(s.widths[0] == 1 && isinf(s.widths[1]));
  double before[2] = {s.widths[0], s.widths[1]};
  int halved = 0;
  for (int trial = 0; trial < 8; trial++) {
    const double low = s.low.step, high = s.high.step;
    /* Just low enough to go on from there, and as steep as at the start. */
    CHECK(crow_line_search_judge(&s, -.9 * s.step, -1) == CROW_LINE_GO_ON);
    const double width = s.high.step - s.low.step;
    CHECK(s.high.step == high && s.low.step > low);
    CHECK(s.widths[0] == width && s.widths[1] == before[0]);
    if (width > .66 * before[1]) {
      CHECK_NEAR(s.step, s.low.step + width / 2, 1e-15);
      halved++;
    }
    before[1] = before[0];
    before[0] = width;
  }
  CHECK(halved > 0 && s.high.step - s.low.step < .3);
}

static const crow_test tests[] = {
    {"accepted steps satisfy the strong Wolfe conditions", accepted_steps_satisfy_the_strong_wolfe_conditions},
    {"a good first step is taken at once", a_good_first_step_is_taken_at_once},
    {"gives up where there is nothing to find", gives_up_where_there_is_nothing_to_find},
    {"slopes decide where values are noise", slopes_decide_where_values_are_noise},
    {"a bracket that does not shrink is halved", a_bracket_that_does_not_shrink_is_halved},
    {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "line search", tests, false); }
