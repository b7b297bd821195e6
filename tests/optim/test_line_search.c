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

/* What one trial leads to. */
static void check_step(crow_line_search *s, double value, double slope, double expected) {
  CHECK(crow_line_search_judge(s, value, slope) == CROW_LINE_GO_ON);
  CHECK_NEAR(s->step, expected, 1e-13 * fabs(expected));
}

/* Where a cubic of value 0 and slope `slope` at 0 and of these at 1 is least: with f = a t^3 + b t^2 + slope t. */
static double least_of_cubic(double slope, double value_there, double slope_there) {
  const double a = slope_there + slope - 2 * value_there, b = 3 * value_there - slope_there - 2 * slope;
  return a == 0 ? -slope / (2 * b) : (-b + sqrt(b * b - 3 * a * slope)) / (3 * a);
}

static void begins_with_nothing_known(void) {
  crow_line_search s;
  crow_line_search_begin(&s, 3, -2, .125, 7);
  CHECK(s.start.step == 0 && s.start.value == 3 && s.start.slope == -2 && s.noise == .125 && s.step == 7);
  CHECK(s.low.step == 0 && s.low.value == 3 && s.low.slope == -2 && isinf(s.high.step) && s.trials == 0);
  CHECK(isinf(s.widths[0]) && isinf(s.widths[1]));
}

/* Beyond the last step by the secant of slopes, by 1.1 to 4 times the last stride. */
static void goes_on_beyond_what_is_too_short(void) {
  crow_line_search s;
  crow_line_search_begin(&s, 0, -1, 0, 1);
  check_step(&s, -1, -1, 5);     /* no secant */
  check_step(&s, -6, -.95, 21);  /* 81 by the secant */
  check_step(&s, -20, -.92, 85); /* too far as well */
  crow_line_search_begin(&s, 0, -1, 0, 1);
  check_step(&s, -1.2, -1.5, 5);
  check_step(&s, -6, -.95, 5 + .95 * 4 / .55);
  CHECK(s.low.step == 5 && s.low.value == -6 && s.low.slope == -.95 && s.trials == 2);
  crow_line_search_begin(&s, 0, -1, 0, 1);
  check_step(&s, -1.2, -3, 5);
  check_step(&s, -6, -.95, 9.4); /* 6.85 by the secant */
}

/* Within a bracket by the cubic, a tenth from its ends at least. */
static void a_cubic_leads_into_a_bracket(void) {
  static const double there[][2] = {{1, 3}, {1, 4}, {.5, 1.5}, {.1, .95}, {2, -.5}, {-.05, 10}, {-.9, 10}};
  crow_line_search s;
  for (size_t k = 0; k < sizeof there / sizeof *there; k++) {
    crow_line_search_begin(&s, 0, -1, 0, 1);
    const double t = least_of_cubic(-1, there[k][0], there[k][1]);
    check_step(&s, there[k][0], there[k][1], fmin(fmax(t, .1), .9));
    CHECK(s.high.step == 1 && s.high.value == there[k][0] && s.low.step == 0 && s.widths[0] == 1);
    /* From 1 to 5, and from another height. */
    crow_line_search_begin(&s, 10, -.5, 0, 1);
    check_step(&s, 9, -1, 5);
    check_step(&s, 9 + 4 * there[k][0], there[k][1], 1 + 4 * fmin(fmax(t, .1), .9));
  }
  crow_line_search_begin(&s, 0, -1, 0, 1);
  check_step(&s, 100, 300, .1); /* .05 by the cubic */
  crow_line_search_begin(&s, 0, -1, 0, 1);
  check_step(&s, -5, 1, .9); /* .97 */
}

static void a_value_that_is_none_is_too_far(void) {
  static const double there[][2] = {{NAN, 1}, {INFINITY, 1}, {-INFINITY, -1}, {1, NAN}, {-1, -INFINITY}, {NAN, NAN}};
  for (size_t k = 0; k < sizeof there / sizeof *there; k++) {
    crow_line_search s;
    crow_line_search_begin(&s, 0, -1, 0, 8);
    check_step(&s, there[k][0], there[k][1], 2);
    CHECK(s.high.step == 8 && isnan(s.high.value) && s.low.step == 0);
    check_step(&s, -2, -1, 2 + .25 * 6); /* low enough: on from there */
    CHECK(s.low.step == 2 && s.high.step == 8 && s.widths[0] == 6 && s.widths[1] == 8);
  }
}

/* Within the noise slopes decide: of the start's value, of the low end's, and of the ends of a bracket. */
static void noise_hides_values(void) {
  crow_line_search s;
  crow_line_search_begin(&s, 0, -1, 10, 1);
  check_step(&s, .5, 3, .25); /* the secant */
  crow_line_search_begin(&s, 0, -1, .5, 1);
  CHECK(crow_line_search_judge(&s, .5, -.9) == CROW_LINE_ACCEPT);
  crow_line_search_begin(&s, 0, -1, .5, 1);
  check_step(&s, .5, -.91, 1 + .91 / .09 < 5 ? 1 + .91 / .09 : 5); /* steep still, and not higher for all one knows */
  CHECK(s.low.step == 1);
  crow_line_search_begin(&s, 0, -1, .5, 1);
  check_step(&s, -2, -1.5, 5);
  check_step(&s, -1.5, -1.5, 21); /* above the low end's by the noise */
  CHECK(s.low.step == 5 && isinf(s.high.step));
  CHECK(crow_line_search_judge(&s, -.9, -1.5) == CROW_LINE_GO_ON); /* by more */
  CHECK(s.low.step == 5 && s.high.step == 21);
  /* Ends that cannot be told apart, and no slope to go by: the middle. */
  crow_line_search_begin(&s, 0, -1, .5, 1);
  CHECK(crow_line_search_judge(&s, .9, -2) == CROW_LINE_GO_ON);
  CHECK(s.high.step == 1 && s.high.slope == -2);
  s.step = .5;
  check_step(&s, .45, -1, .75);
  CHECK(s.low.step == .5);
}

/* Decrease by 1e-4 of the slope, a slope of .9 times that of the start: each just kept and just missed. */
static void accepts_at_the_limits_of_wolfe(void) {
  static const struct {
    double value, slope;
    bool accepted;
  } cases[] = {{-1e-4 - 1e-9, 0, true},
               {-1e-4 + 1e-9, 0, false},
               {-1, .9, true},
               {-1, -.9, true},
               {-1, .9 + 1e-9, false},
               {-1, -.9 - 1e-9, false},
               {-1e-4 + 1e-9, -.5, false},
               {-1e-4 - 1e-9, -.5, true}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    crow_line_search s;
    crow_line_search_begin(&s, 0, -1, 0, 1);
    CHECK((crow_line_search_judge(&s, cases[k].value, cases[k].slope) == CROW_LINE_ACCEPT) == cases[k].accepted);
    if (cases[k].accepted) CHECK(s.step == 1 && s.trials == 0);
  }
}

/* A bracket of a few roundings, a step that overflows, one that is not ahead. */
static void gives_up_at_the_limits_of_numbers(void) {
  const double eps = 0x1p-52;
  crow_line_search s;
  for (int wider = 0; wider <= 1; wider++) {
    crow_line_search_begin(&s, 0, -1, 0, 1 + (4 + wider) * eps);
    s.low = (crow_line_point){1, -1, -1};
    s.high = (crow_line_point){1 + 8 * eps, NAN, NAN};
    CHECK(crow_line_search_judge(&s, NAN, 0) == (wider ? CROW_LINE_GO_ON : CROW_LINE_FAILED));
  }
  crow_line_search_begin(&s, 0, -1, 0, 1e308);
  CHECK(crow_line_search_judge(&s, -1e308, -1) == CROW_LINE_FAILED);
  crow_line_search_begin(&s, 0, -1, 0, -1);
  CHECK(crow_line_search_judge(&s, -1, -1) == CROW_LINE_FAILED);
}

static const crow_test tests[] = {
    {"accepted steps satisfy the strong Wolfe conditions", accepted_steps_satisfy_the_strong_wolfe_conditions},
    {"a good first step is taken at once", a_good_first_step_is_taken_at_once},
    {"gives up where there is nothing to find", gives_up_where_there_is_nothing_to_find},
    {"slopes decide where values are noise", slopes_decide_where_values_are_noise},
    {"a bracket that does not shrink is halved", a_bracket_that_does_not_shrink_is_halved},
    {"begins with nothing known", begins_with_nothing_known},
    {"goes on beyond what is too short", goes_on_beyond_what_is_too_short},
    {"a cubic leads into a bracket", a_cubic_leads_into_a_bracket},
    {"a value that is none is too far", a_value_that_is_none_is_too_far},
    {"noise hides values", noise_hides_values},
    {"accepts at the limits of Wolfe", accepts_at_the_limits_of_wolfe},
    {"gives up at the limits of numbers", gives_up_at_the_limits_of_numbers},
    {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "line search", tests, false); }
