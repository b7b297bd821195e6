/* SPDX-License-Identifier: Apache-2.0 */
#include "base/order_impl.h"
#include "nearest/pass_impl.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Rows looked at for the centre. */
#define CENTRE_ROWS 255

static double frame_value_at(const void *row, crow_precision type, int64_t k) {
  return type == CROW_SINGLE ? (double)((const float *)row)[k] : ((const double *)row)[k];
}

/* The mean of the middle half of each coordinate over some rows: near the middle of ordinary data and not moved by
 * outliers. The nearer to the contexts, the smaller the norms and with them the bound. */
static crow_status frame_find_centre(const crow_nearest *nearest, double *centre) {
  const int64_t count = nearest->distinct.count, rows = count < CENTRE_ROWS ? count : CENTRE_ROWS;
  double *column = NULL;
  crow_status status;
  CROW_TRY(CROW_ALLOCATE_RAW(&column, rows));
  for (int64_t k = 0; k < nearest->d; k++) {
    for (int64_t i = 0; i < rows; i++) {
      const int64_t index = (int64_t)((double)i * (double)count / (double)rows);
      column[i] = frame_value_at(crow_nearest_context(nearest, index), nearest->type, k);
    }
    qsort(column, (size_t)rows, sizeof *column, crow_order_f64);
    const int64_t begin = rows / 4, end = rows - begin;
    double sum = 0;
    for (int64_t i = begin; i < end; i++) sum += column[i];
    const double mean = sum / (double)(end - begin);
    centre[k] = isfinite(mean) ? mean : 0;
  }
cleanup:
  crow_free(column);
  return status;
}

static double largest_coordinate(const crow_nearest *nearest, int64_t index, const double *centre) {
  const void *row = crow_nearest_context(nearest, index);
  double largest = 0;
  for (int64_t k = 0; k < nearest->d; k++)
    largest = fmax(largest, fabs(frame_value_at(row, nearest->type, k) - centre[k]));
  return largest;
}

/* What the coordinates are scaled by: the median over some rows of the largest coordinate, so that an outlier does not
 * push all others into underflow; of the first row that is not at the centre, if most are. */
static crow_status find_size(const crow_nearest *nearest, const double *centre, double *size) {
  const int64_t count = nearest->distinct.count, rows = count < CENTRE_ROWS ? count : CENTRE_ROWS;
  double *largest = NULL;
  crow_status status;
  CROW_TRY(CROW_ALLOCATE_RAW(&largest, rows));
  for (int64_t i = 0; i < rows; i++) {
    largest[i] = largest_coordinate(nearest, (int64_t)((double)i * (double)count / (double)rows), centre);
  }
  qsort(largest, (size_t)rows, sizeof *largest, crow_order_f64);
  *size = largest[rows / 2];
  for (int64_t i = 0; *size == 0 && i < count; i++) *size = largest_coordinate(nearest, i, centre);
cleanup:
  crow_free(largest);
  return status;
}

/* gamma_n = n u / (1 - n u): the relative error of n roundings in a row (Higham 2002, Lemma 3.1). */
static double gamma_of(double n, double unit) { return n * unit < 0.5 ? n * unit / (1 - n * unit) : INFINITY; }

crow_status crow_frame_create(const crow_nearest *nearest, crow_precision precision, crow_frame *out) {
  crow_status status;
  *out = (crow_frame){0};
  CROW_TRY(CROW_ALLOCATE(&out->centre, nearest->d));
  CROW_TRY(frame_find_centre(nearest, out->centre));
  const double d = (double)nearest->d;
  double size;
  CROW_TRY(find_size(nearest, out->centre, &size));
  int exponent = size > 0 && isfinite(size) ? -ilogb(size) - 1 : 0;
  exponent = exponent < -1000 ? -1000 : exponent > 1000 ? 1000 : exponent;
  const bool single = precision == CROW_SINGLE;
  out->scale = ldexp(1, exponent);
  /* Beyond 2^500 in original units a canonical distance may overflow. */
  out->limit = fmin(ldexp(1, single ? 50 : 450), ldexp(1, 500 + exponent > 1023 ? 1023 : 500 + exponent));
  out->relative = gamma_of(d + 8, ldexp(1, single ? -24 : -53));
  out->canonical = gamma_of(d + 8, ldexp(1, -53));
  out->underflow = ldexp(1, single ? -126 : -1022) + ldexp(1, 2 * exponent - 1072);
  out->root_d = sqrt(d);
cleanup:
  if (status != CROW_OK) crow_frame_free(out);
  return status;
}

void crow_frame_free(crow_frame *frame) {
  crow_free(frame->centre);
  *frame = (crow_frame){0};
}

/* With u the unit roundoff of the pass, P = |s|, R >= |y| after conversion, and every sum in any order:
 *   converting s and y        2u (P R + R^2/2)            each coordinate is off by at most u of itself
 *   |y|^2 / 2                 u R^2/2, and (d+1) 2^-53 R^2/2 of its own sum, taken in double
 *   the product               gamma_(d+1) (P R + R^2/2)   d products and -|y|^2/2 added up, |s|.|y| <= P R
 *   comparing with a bound    u (P R + R^2/2)             the threshold is rounded to the pass's type
 *   canonical distance / 2    (d+2) 2^-53 |s-y|^2/2 <= (d+2) 2^-53 (P^2 + R^2)
 * which d + 8 in place of d + 5 covers with room for higher orders. What is lost to underflow, even where subnormal
 * numbers are flushed, is at most 2^-126 (2^-1022) for each coordinate of s and y, times the other's, and for each
 * product; the canonical sum loses at most 2^-1074 in its own units for each of its 2d operations. */
double crow_frame_bound(const crow_frame *frame, double point, double radius) {
  if (!(point < frame->limit && radius < frame->limit)) return INFINITY;
  const double half_square = radius * radius / 2;
  return 1.001 * (frame->relative * (point * radius + half_square) +
                  frame->canonical * (half_square + point * point + radius * radius) +
                  frame->underflow * (frame->root_d * (point + 2 * radius) + 4 * frame->root_d * frame->root_d + 4));
}

/* Rounds a norm up over the error of its own sum and of the conversion. */
static double rounded_up(const crow_frame *frame, double square, int64_t d) {
  const double norm = sqrt(square) * (1 + 1e-6 + 1e-15 * (double)d) + 1e-30 * frame->root_d;
  return norm < frame->limit ? norm : INFINITY;
}

double crow_frame_convert(const crow_pass *pass, const void *row, crow_precision type, void *out) {
  const crow_frame *frame = &pass->frame;
  const double square = type == CROW_SINGLE
                            ? pass->kernels->convert_single(row, frame->centre, frame->scale, pass->d, out)
                            : pass->kernels->convert_double(row, frame->centre, frame->scale, pass->d, out);
  const double norm = rounded_up(frame, square, pass->d);
  if (!isfinite(norm)) memset(out, 0, (size_t)pass->d * pass->real_bytes);
  return norm;
}
