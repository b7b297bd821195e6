/* SPDX-License-Identifier: Apache-2.0 */
/* Names within the cells of a Voronoi diagram. */
#include "plot/voronoi_impl.h"
#include <math.h>

enum { ID_COLUMNS = 24 };

/* The centre of a convex cell's area. */
static void centre_of(const double *v, int64_t n, double centre[2]) {
  double area = 0, moment[2] = {0, 0};
  for (int64_t k = 1; k + 1 < n; k++) {
    const double *a = v + 2 * k, *b = a + 2;
    const double twice = (a[0] - v[0]) * (b[1] - v[1]) - (b[0] - v[0]) * (a[1] - v[1]);
    area += twice;
    for (int axis = 0; axis < 2; axis++) moment[axis] += twice * (v[axis] + a[axis] + b[axis]) / 3;
  }
  for (int axis = 0; axis < 2; axis++) centre[axis] = area > 0 ? moment[axis] / area : v[axis];
}

/* What a convex cell holds of the line where coordinate 1 - `axis` is `at`: from[0] to from[1] on `axis`. */
static void chord(const double *v, int64_t n, int axis, double at, double from[2]) {
  from[0] = INFINITY;
  from[1] = -INFINITY;
  for (int64_t k = 0; k < n; k++) {
    const double *a = v + 2 * k, *b = v + 2 * ((k + 1) % n);
    const double p = a[1 - axis] - at, q = b[1 - axis] - at;
    if ((p > 0 && q > 0) || (p < 0 && q < 0)) continue;
    const double x = p == q ? a[axis] : a[axis] + (b[axis] - a[axis]) * p / (p - q);
    from[0] = fmin(from[0], x);
    from[1] = fmax(from[1], x);
  }
}

/* A text's place: its middle, and its length and height in the plane's units. */
typedef struct place {
  double middle[2], length, height;
  int axis; /* the text runs along it */
} place;

/* Finds room for a text within a convex cell, near its centre and off its site: as the cell is convex, a box is in it
 * if its long edges are. */
static bool find_place(const double *v, int64_t n, const double *site, place *p) {
  const int across = p->axis, up = 1 - across;
  double centre[2];
  centre_of(v, n, centre);
  for (int try = 0; try < 7; try++) {
    const double shift = (double)((try + 1) / 2) * (try % 2 ? .7 : -.7) * p->height, middle = centre[up] + shift;
    double below[2], above[2];
    chord(v, n, across, middle - p->height / 2, below);
    chord(v, n, across, middle + p->height / 2, above);
    const double from = fmax(below[0], above[0]), to = fmin(below[1], above[1]);
    p->middle[up] = middle;
    p->middle[across] = fmin(fmax(centre[across], from + p->length / 2), to - p->length / 2);
    const bool on_site = fabs(site[up] - middle) < .7 * p->height &&
                         fabs(site[across] - p->middle[across]) < .5 * p->length + .3 * p->height;
    if (to - from >= p->length && !on_site) return true;
  }
  return false;
}

bool crow_diagram_name(crow_plot *plot, const crow_diagram *d, int64_t i, const double pixels[2]) {
  enum { LETTER = 8, LINE = 17 };
  char name[128], both[256], quoted[3][512];
  const double *v = d->cells.vertex + 2 * d->cells.begin[i], *site = d->context + 2 * i;
  const int64_t n = d->cells.begin[i + 1] - d->cells.begin[i];
  if (n < 3) return true;
  (void)snprintf(name, sizeof name, "%lld", (long long)i);
  if (d->id.data) (void)crow_text_fit(crow_strings_get(&d->id, i), ID_COLUMNS, name, sizeof name);
  (void)snprintf(both, sizeof both, "%s: %.4g", name, d->weight[i]);
  const int whole = crow_plot_quote(both, 0, quoted[0], sizeof quoted[0]);
  const int upper = crow_plot_quote(name, 0, quoted[1], sizeof quoted[1]);
  (void)snprintf(both, sizeof both, "%.4g", d->weight[i]);
  const int lower = crow_plot_quote(both, 0, quoted[2], sizeof quoted[2]);
  double unit[2]; /* of a pixel */
  for (int axis = 0; axis < 2; axis++) unit[axis] = (d->upper[axis] - d->lower[axis]) / pixels[axis];
  place one = {.length = LETTER * whole * unit[0], .height = LINE * unit[1], .axis = 0};
  place two = {.length = LETTER * fmax(upper, lower) * unit[0], .height = 2 * LINE * unit[1], .axis = 0};
  place rotated = {.length = LETTER * whole * unit[1], .height = 15 * unit[0], .axis = 1};
  if (find_place(v, n, site, &one)) {
    crow_plot_add(plot, "set label %s at %.9g,%.9g center noenhanced front\n", quoted[0], one.middle[0], one.middle[1]);
  } else if (find_place(v, n, site, &two)) {
    for (int line = 0; line < 2; line++) {
      crow_plot_add(plot, "set label %s at %.9g,%.9g center noenhanced front\n", quoted[1 + line], two.middle[0],
                    two.middle[1] + (line ? -.5 : .5) * LINE * unit[1]);
    }
  } else if (find_place(v, n, site, &rotated)) {
    crow_plot_add(plot, "set label %s at %.9g,%.9g center rotate by 90 noenhanced front\n", quoted[0],
                  rotated.middle[0], rotated.middle[1]);
  } else {
    return false;
  }
  return true;
}
