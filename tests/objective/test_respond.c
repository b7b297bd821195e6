/* SPDX-License-Identifier: Apache-2.0 */
/* Rewards' responses to changes of the weights, against rewards that are found anew with changed weights, by Newton's
 * method and elimination in small dense problems. */
#include "reference.h"

enum { MOST = 24, CHANGES = 11 };

typedef struct setting {
  bool pairs, literal, count, prompts;
  double lambda;
} setting;

static double relative[CHANGES][MOST], weight[MOST], share[MOST];
static int32_t prompt[MOST];
static const problem *asked;

static double count_of(const problem *q, const setting *s, int64_t x, int64_t y) {
  const double c = q->c[x * q->m + y];
  return x == y ? 0 : s->count ? c : c > 0;
}

/* s of a prompt of weights v: where it has one of its own every pair counts once. */
static double scale_of(const problem *q, const setting *s, const double *v, int32_t group) {
  double squares = 0, mass = 0;
  for (int64_t x = 0; x < q->m; x++) {
    if (prompt[x] != group) continue;
    squares += v[x] * v[x];
    for (int64_t y = 0; y < q->m; y++) {
      if (prompt[y] == group && y != x)
        mass += v[x] * v[y] * (s->prompts ? q->c[x * q->m + y] > 0 : count_of(q, s, x, y));
    }
  }
  return s->literal ? 1 : (1 - squares) / mass;
}

/* x with a x = b, by elimination with pivots; overwrites a. */
static void eliminate(int64_t n, double (*a)[MOST], double *b) {
  for (int64_t k = 0; k < n; k++) {
    int64_t best = k;
    for (int64_t i = k; i < n; i++) best = fabs(a[i][k]) > fabs(a[best][k]) ? i : best;
    for (int64_t j = 0; j < n; j++) {
      const double t = a[k][j];
      a[k][j] = a[best][j];
      a[best][j] = t;
    }
    const double t = b[k];
    b[k] = b[best];
    b[best] = t;
    for (int64_t i = k + 1; i < n; i++) {
      const double f = a[i][k] / a[k][k];
      for (int64_t j = k; j < n; j++) a[i][j] -= f * a[k][j];
      b[i] -= f * b[k];
    }
  }
  for (int64_t k = n - 1; k >= 0; k--) {
    for (int64_t j = k + 1; j < n; j++) b[k] -= a[k][j] * b[j];
    b[k] /= a[k][k];
  }
}

/* The rewards that solve the optimality equations (and their limits) at weights w. */
static void solve(const problem *q, const setting *s, const double *w, double *r) {
  double v[MOST], total[2] = {0}, scale[2] = {1, 1};
  for (int64_t x = 0; x < q->m; x++) total[prompt[x]] += w[x];
  for (int64_t x = 0; x < q->m; x++) v[x] = w[x] / total[prompt[x]];
  for (int32_t g = 0; g < 2 && s->pairs && total[g] > 0; g++) scale[g] = scale_of(q, s, v, g);
  for (int64_t x = 0; x < q->m; x++) r[x] = 0;
  for (int turn = 0; turn < 30; turn++) {
    double a[MOST][MOST] = {{0}}, f[MOST];
    for (int64_t x = 0; x < q->m; x++) {
      f[x] = s->lambda * r[x];
      a[x][x] = s->lambda;
      for (int64_t y = 0; y < q->m; y++) {
        const double sigma = 1 / (1 + exp(r[y] - r[x]));
        const double term = v[y] * (s->pairs ? scale[prompt[x]] * count_of(q, s, x, y) : x != y);
        f[x] += term * (sigma - q->p[x * q->m + y]);
        a[x][x] += term * sigma * (1 - sigma);
        a[x][y] -= term * sigma * (1 - sigma);
      }
    }
    eliminate(q->m, a, f);
    for (int64_t x = 0; x < q->m; x++) r[x] -= f[x];
  }
}

static crow_status take(void *context, int64_t first, int64_t columns, double *to, double *win_rate) {
  const setting *s = context;
  const problem *q = asked;
  CHECK(first % 8 == 0 && columns == (CHANGES - first < 8 ? CHANGES - first : 8));
  CHECK((win_rate == NULL) == s->pairs);
  for (int64_t c = 0; c < columns; c++) {
    for (int64_t x = 0; x < q->m; x++) {
      double rate = 0;
      for (int64_t y = 0; y < q->m; y++) rate += weight[y] * (1 + relative[first + c][y]) * q->p[x * q->m + y];
      to[c * q->m + x] = relative[first + c][x];
      if (win_rate) win_rate[c * q->m + x] = rate;
    }
  }
  return CROW_OK;
}

/* Directions that keep the sum of every prompt, great ones beside small ones. */
static void make_changes(const problem *q) {
  for (int b = 0; b < CHANGES; b++) {
    double moved[2] = {0}, total[2] = {0};
    for (int64_t x = 0; x < q->m; x++) {
      relative[b][x] = (b % 2 ? 1 : 1e-6) * (draw(1000 + b * MOST + x) - .5);
      moved[prompt[x]] += weight[x] * relative[b][x];
      total[prompt[x]] += weight[x];
    }
    for (int64_t x = 0; x < q->m; x++) relative[b][x] -= moved[prompt[x]] / total[prompt[x]];
  }
}

/* One alternative (the last) was compared with a weightless one only, if any are. */
static problem make_problem(int64_t m, const setting *s, bool zeros) {
  problem q = problem_make(m);
  double total[2] = {0};
  for (int64_t x = 0; x < m; x++) {
    prompt[x] = s->prompts ? (int32_t)(x % 2) : 0;
    if (zeros && x % 5 == 1) q.w[x] = 0;
  }
  for (int64_t x = 0; x < m; x++) {
    for (int64_t y = 0; y < x; y++) {
      double c = (double)((x * 3 + y * 5) % 4);
      if (zeros && x == m - 1) c = q.w[y] > 0 ? 0 : 1;
      if (prompt[x] != prompt[y]) c = 0;
      q.c[x * m + y] = q.c[y * m + x] = c;
    }
  }
  for (int64_t x = 0; x < m; x++) total[prompt[x]] += q.w[x];
  for (int64_t x = 0; x < m; x++) {
    share[x] = s->prompts ? (prompt[x] ? .7 : .3) : 1;
    q.w[x] *= share[x] / total[prompt[x]];
    weight[x] = q.w[x];
  }
  make_changes(&q);
  return q;
}

static void expect_squares(const problem *q, const setting *s, const double *found) {
  double expected[MOST] = {0}, largest = 0;
  const double h = 1e-3;
  for (int b = 0; b < CHANGES; b++) {
    double up[MOST], down[MOST], changed[MOST] = {0};
    for (int64_t x = 0; x < q->m; x++) changed[x] = weight[x] * (1 + h * relative[b][x]);
    solve(q, s, changed, up);
    for (int64_t x = 0; x < q->m; x++) changed[x] = weight[x] * (1 - h * relative[b][x]);
    solve(q, s, changed, down);
    for (int64_t x = 0; x < q->m; x++) expected[x] += pow((up[x] - down[x]) / (2 * h), 2);
  }
  for (int64_t x = 0; x < q->m; x++) largest = fmax(largest, sqrt(expected[x]));
  for (int64_t x = 0; x < q->m; x++) {
    double known = 0;
    for (int64_t y = 0; y < q->m; y++) known += q->w[y] * q->c[x * q->m + y];
    CHECK(isnan(found[x]) == (s->pairs && !(known > 0)));
    if (!isnan(found[x])) CHECK_NEAR(sqrt(found[x]), sqrt(expected[x]), (s->lambda < .1 ? .08 : .01) * largest);
  }
}

static void respond(const setting *s, int64_t m, bool zeros) {
  problem q = make_problem(m, s, zeros);
  crow_weights weights = slice_weights(test_comm, &q);
  const crow_objective_options options = {.lambda = s->lambda, .pair_scale = s->literal, .pair_weight = s->count};
  const crow_weight_changes changes = {.count = CHANGES, .take = take, .context = (void *)(uintptr_t)s};
  crow_pairs pairs = {0};
  crow_objective *o = NULL;
  double reward[MOST], rate[MOST], squares[MOST];
  asked = &q;
  if (s->prompts) {
    weights.share = share;
    weights.prompt = prompt;
    weights.prompts = 2;
  }
  for (int64_t x = 0; x < m; x++) rate[x] = (double)ref_win_rate(&q, x);
  if (s->pairs) CHECK_OK(slice_pairs(test_comm, &q, s->count, &pairs));
  CHECK_OK(s->pairs ? crow_objective_create_pairs(test_comm, &options, &weights, &pairs, &o)
                    : crow_objective_create_complete(test_comm, &options, &weights, rate, &o));
  solve(&q, s, weight, reward);
  for (int64_t x = 0; x < m; x++) squares[x] = -1;
  CHECK_OK(crow_objective_respond(o, reward, &changes, squares));
  expect_squares(&q, s, squares);
  crow_objective_destroy(&o);
  crow_pairs_free(&pairs);
  problem_free(&q);
}

static void all_of(bool pairs, bool literal, bool count, bool prompts) {
  static const double lambdas[] = {.01, .3, 5};
  for (size_t k = 0; k < sizeof lambdas / sizeof *lambdas; k++) {
    const setting s = {pairs, literal, count, prompts, lambdas[k]};
    for (int zeros = 0; zeros <= 1; zeros++) {
      respond(&s, MOST, zeros);
      respond(&s, 12, zeros);
    }
  }
}

static void of_complete_preferences(void) { all_of(false, false, false, false); }
static void of_pairs(void) { all_of(true, false, false, false); }
static void of_pairs_that_count(void) { all_of(true, false, true, false); }
static void of_pairs_as_they_are(void) { all_of(true, true, true, false); }
static void of_prompts(void) {
  all_of(true, false, false, true);
  all_of(true, false, true, true);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {{"of complete preferences", of_complete_preferences},
                                    {"of pairs", of_pairs},
                                    {"of pairs that count", of_pairs_that_count},
                                    {"of pairs as they are", of_pairs_as_they_are},
                                    {"of prompts", of_prompts},
                                    {NULL, NULL}};
  return crow_test_main(argc, argv, "responses", tests, true);
}
