/* SPDX-License-Identifier: Apache-2.0 */
/* Kendall's tau-b by Knight's method: sort by the first vector, count the exchanges that sorting by the second takes.
 */
#include <crow/audit.h>
#include <math.h>
#include <stdlib.h>

typedef struct couple {
  double a, b;
} couple;

static int by_both(const void *left, const void *right) {
  const couple *x = left, *y = right;
  if (x->a != y->a) return x->a < y->a ? -1 : 1;
  return (x->b > y->b) - (x->b < y->b);
}

/* Sorts by b, from the bottom up, and counts the pairs that were in the wrong order. The result may be in `scratch`. */
static couple *count_exchanges(int64_t n, couple *values, couple *scratch, int64_t *exchanges) {
  *exchanges = 0;
  for (int64_t width = 1; width < n; width *= 2) {
    for (int64_t begin = 0; begin < n; begin += 2 * width) {
      const int64_t middle = begin + width < n ? begin + width : n;
      const int64_t end = begin + 2 * width < n ? begin + 2 * width : n;
      int64_t i = begin, j = middle;
      for (int64_t k = begin; k < end; k++) {
        if (j >= end || (i < middle && values[i].b <= values[j].b)) {
          scratch[k] = values[i++];
        } else {
          scratch[k] = values[j++];
          *exchanges += middle - i;
        }
      }
    }
    couple *swap = values;
    values = scratch;
    scratch = swap;
  }
  return values;
}

typedef enum tied { TIED_A, TIED_B, TIED_BOTH } tied;

static bool is_tied(const couple *x, const couple *y, tied in) {
  return (in == TIED_B || x->a == y->a) && (in == TIED_A || x->b == y->b);
}

/* Pairs of equal values among sorted ones. */
static double tied_pairs(int64_t n, const couple *values, tied in) {
  double pairs = 0, run = 1;
  for (int64_t i = 1; i <= n; i++) {
    if (i < n && is_tied(&values[i - 1], &values[i], in)) {
      run++;
    } else {
      pairs += run * (run - 1) / 2;
      run = 1;
    }
  }
  return pairs;
}

crow_status crow_kendall_tau(int64_t n, const double *a, const double *b, double *tau) {
  crow_status status = CROW_OK;
  couple *values = NULL, *scratch = NULL;
  int64_t exchanges = 0;
  *tau = NAN;
  CROW_TRY(CROW_ALLOCATE_RAW_EACH(n, &values, &scratch));
  for (int64_t i = 0; i < n; i++) values[i] = (couple){a[i], b[i]};
  if (n > 1) {
    qsort(values, (size_t)n, sizeof *values, by_both);
    const double all = (double)n * (double)(n - 1) / 2;
    const double tied_a = tied_pairs(n, values, TIED_A), tied_both = tied_pairs(n, values, TIED_BOTH);
    const couple *sorted = count_exchanges(n, values, scratch, &exchanges);
    const double tied_b = tied_pairs(n, sorted, TIED_B);
    const double concordant_less_discordant = all - tied_a - tied_b + tied_both - 2 * (double)exchanges;
    const double ratio = concordant_less_discordant / (sqrt(all - tied_a) * sqrt(all - tied_b));
    *tau = ratio > 1 ? 1 : ratio < -1 ? -1 : ratio; /* the roots are rounded */
  }
cleanup:
  CROW_FREE(values, scratch);
  return status;
}
