/* SPDX-License-Identifier: Apache-2.0 */
/* Every field of every kind of file, under every attack: it is refused by name as bad input wherever the file is read,
 * or does no harm. One rank takes all cases; several ranks take some of them, or all if CROW_ALL_CASES is set. */
#include "attacks.h"
#include "fields.h"

#include <stdlib.h>

#define EVERY 29 /* with several ranks, other cases for another number of them */

static char base_path[512], case_path[512];

/* ---- what is expected ---------------------------------------------------------------------------------------- */

/* What becomes of an attack: refused by whoever looks at the file, only by who uses it, or harmless. */
typedef enum outcome { REFUSED, REFUSED_IN_USE, HARMLESS } outcome;

static outcome expected_of(const known_field *known, attack how) {
  switch (how) {
  case ATTACK_MISSING:
    return known->flags & OPTIONAL ? HARMLESS : known->flags & USED ? REFUSED_IN_USE : REFUSED;
  case ATTACK_NAN:
    return known->flags & NAN_FITS ? HARMLESS : REFUSED;
  case ATTACK_NEGATIVE:
    return known->flags & NEGATIVE_FITS ? HARMLESS : REFUSED;
  case ATTACK_LARGE:
    return known->flags & LARGE_FITS ? HARMLESS : known->flags & LARGE_LATE ? REFUSED_IN_USE : REFUSED;
  case ATTACK_LONGER:
  case ATTACK_SHORTER:
    return known->flags & ANY_LENGTH ? HARMLESS : known->flags & LENGTH_LATE ? REFUSED_IN_USE : REFUSED;
  default:
    return REFUSED;
  }
}

/* ---- judging ------------------------------------------------------------------------------------------------- */

static bool names(const file_kind *kind, const char *message, const char *field_name) {
  return strstr(message, "case.h5") && (kind->loose || strstr(message, field_name));
}

/* What is wrong with how a file was described; NULL if nothing. */
static const char *description_fault(const file_kind *kind, crow_status status, bool valid, outcome expected) {
  if (status != CROW_OK) return status == CROW_BAD_INPUT ? NULL : "describing";
  if (kind->loose || valid == (expected != REFUSED)) return NULL;
  return valid ? "described as valid" : "described as not valid";
}

/* What is wrong with how its use ended. */
static const char *use_fault(const file_kind *kind, const char *field_name, crow_status status, outcome expected) {
  if (expected == HARMLESS) return status == CROW_OK ? NULL : "used with an error";
  if (status != CROW_BAD_INPUT) return "used without being refused";
  return names(kind, crow_error_message(), field_name) ? NULL : "the message names another place";
}

static void check_case(const file_kind *kind, const char *field_name, const char *what, const char *fault,
                       crow_status status) {
  if (fault && crow_comm_rank(test_comm) == 0) {
    (void)fprintf(stderr, "%s, %s, %s: %s (%s: %s)\n", kind->name, field_name, what, fault, crow_status_name(status),
                  crow_error_message());
  }
  CHECK(fault == NULL);
}

/* `field_name` is what the message must name: a path or an attribute. */
static void judge(const file_kind *kind, const char *field_name, const char *what, outcome expected) {
  char *json = NULL;
  crow_status status = crow_file_describe(test_comm, case_path, &json);
  const bool valid = json && strstr(json, "\"valid\": true");
  check_case(kind, field_name, what, description_fault(kind, status, valid, expected), status);
  crow_free(json);
  status = kind->use(case_path);
  check_case(kind, field_name, what, use_fault(kind, field_name, status, expected), status);
}

static void copy_base(void) {
  FILE *from = fopen(base_path, "rb"), *to = fopen(case_path, "wb");
  static char bytes[1 << 16];
  CHECK(from && to);
  for (size_t got; from && to && (got = fread(bytes, 1, sizeof bytes, from)) > 0;) {
    CHECK(fwrite(bytes, 1, got, to) == got);
  }
  if (from) (void)fclose(from);
  if (to) (void)fclose(to);
}

static bool takes_part(int number) {
  const int ranks = crow_comm_size(test_comm);
  return ranks == 1 || (number + 10 * ranks) % EVERY == 0 || getenv("CROW_ALL_CASES");
}

/* ---- fields ---------------------------------------------------------------------------------------------------- */

static int attack_all_fields(const file_kind *kind, int number) {
  for (const known_field *known = kind->fields; known->path; known++) {
    for (int how = 0; how < ATTACKS; how++) {
      if (how == ATTACK_EXTERNAL_DATA && known->flags & TEXT) continue; /* HDF5 does not store texts so */
      if (known->flags & INTEGER && how >= ATTACK_NAN && how <= ATTACK_MINUS_INFINITY) continue;
      if (!takes_part(number++)) continue;
      if (crow_comm_rank(test_comm) == 0) {
        copy_base();
        hid_t file = H5Fopen(case_path, H5F_ACC_RDWR, H5P_DEFAULT);
        attack_field(file, known->path, (attack)how, base_path);
        CHECK(H5Fclose(file) >= 0);
      }
      (void)crow_comm_barrier(test_comm);
      /* A soft link is told by the way out that it takes. */
      judge(kind, how == ATTACK_SOFT_OUT ? "/out" : known->path, attack_names[how], expected_of(known, (attack)how));
      (void)crow_comm_barrier(test_comm);
    }
  }
  return number;
}

/* ---- attributes ------------------------------------------------------------------------------------------------ */

enum { A_MISSING, A_OTHER_TYPE, A_TWO, A_NULL, A_NAN, A_NEGATIVE, A_LARGE, A_ATTACKS };
static const char *const a_names[A_ATTACKS] = {"missing", "other type", "two values", "null",
                                               "NaN",     "negative",   "large"};

static outcome expected_of_attribute(const known_attribute *known, int how) {
  const outcome late = known->flags & LARGE_LATE ? REFUSED_IN_USE : REFUSED;
  switch (how) {
  case A_MISSING:
    return known->flags & OPTIONAL ? HARMLESS : known->flags & USED ? REFUSED_IN_USE : REFUSED;
  case A_NEGATIVE:
    return known->flags & NEGATIVE_FITS ? HARMLESS : known->flags & NEGATIVE_LATE ? REFUSED_IN_USE : REFUSED;
  case A_LARGE:
    return known->flags & LARGE_FITS ? HARMLESS : late;
  default:
    return REFUSED;
  }
}

/* Of texts the negative one is empty and the large one long. */
static void attack_attribute(hid_t file, const known_attribute *known, int how) {
  static char longest[20001];
  const double reals[2] = {how == A_NAN ? NAN : how == A_NEGATIVE ? -1 : 1.7e308, 0};
  const int64_t whole[2] = {how == A_NEGATIVE ? -1 : INT64_MAX, 0};
  const hsize_t two = 2;
  bool text = (known->flags & TEXT) != 0, integer = (known->flags & INTEGER) != 0;
  hid_t object = H5Oopen(file, known->path, H5P_DEFAULT), type = H5Tcopy(H5T_C_S1);
  hid_t space = how == A_TWO    ? H5Screate_simple(1, &two, NULL)
                : how == A_NULL ? H5Screate(H5S_NULL)
                                : H5Screate(H5S_SCALAR);
  CHECK(H5Adelete(object, known->name) >= 0);
  memset(longest, 'x', sizeof longest - 1);
  CHECK(H5Tset_size(type, how == A_NEGATIVE ? 1 : sizeof longest) >= 0);
  if (how == A_OTHER_TYPE) integer = false;
  if (how == A_OTHER_TYPE) text = !text;
  hid_t chosen = text ? type : integer ? H5T_NATIVE_INT64 : H5T_NATIVE_DOUBLE;
  if (how != A_MISSING) {
    const char *words = how == A_NEGATIVE ? "" : longest;
    static char pair[2 * sizeof longest];
    hid_t attribute = H5Acreate2(object, known->name, chosen, space, H5P_DEFAULT, H5P_DEFAULT);
    CHECK(attribute >= 0);
    const void *value = text      ? (how == A_TWO ? (const void *)pair : (const void *)words)
                        : integer ? (const void *)whole
                                  : (const void *)reals;
    if (how != A_NULL) CHECK(H5Awrite(attribute, chosen, value) >= 0);
    (void)H5Aclose(attribute);
  }
  (void)H5Sclose(space);
  (void)H5Tclose(type);
  (void)H5Oclose(object);
}

static int attack_all_attributes(const file_kind *kind, int number) {
  for (const known_attribute *known = kind->attributes; known && known->path; known++) {
    for (int how = 0; how < A_ATTACKS; how++) {
      if (how == A_NAN && known->flags & (TEXT | INTEGER)) continue;
      if (!takes_part(number++)) continue;
      if (crow_comm_rank(test_comm) == 0) {
        copy_base();
        hid_t file = H5Fopen(case_path, H5F_ACC_RDWR, H5P_DEFAULT);
        attack_attribute(file, known, how);
        CHECK(H5Fclose(file) >= 0);
      }
      (void)crow_comm_barrier(test_comm);
      judge(kind, known->name, a_names[how], expected_of_attribute(known, how));
      (void)crow_comm_barrier(test_comm);
    }
  }
  return number;
}

/* ---- nothing is forgotten -------------------------------------------------------------------------------------- */

static herr_t find_unknown(hid_t root, const char *name, const H5O_info_t *info, void *context) {
  const file_kind *kind = context;
  char path[256];
  if (info->type != H5O_TYPE_DATASET) return 0;
  (void)root;
  (void)snprintf(path, sizeof path, "/%s", name);
  for (const known_field *known = kind->fields; known->path; known++) {
    if (strcmp(known->path, path) == 0) return 0;
  }
  (void)fprintf(stderr, "%s: %s is in no table\n", kind->name, path);
  return 1;
}

static void check_complete(const file_kind *kind) {
  hid_t file = H5Fopen(base_path, H5F_ACC_RDONLY, H5P_DEFAULT);
  for (const known_field *known = kind->fields; known->path; known++) {
    CHECK(H5Lexists(file, known->path, H5P_DEFAULT) > 0);
  }
  CHECK(H5Ovisit(file, H5_INDEX_NAME, H5_ITER_NATIVE, find_unknown, (void *)(uintptr_t)kind) == 0);
  (void)H5Fclose(file);
}

static void attack_kind(const file_kind *kind) {
  (void)snprintf(base_path, sizeof base_path, "%s", test_path("base.h5"));
  (void)snprintf(case_path, sizeof case_path, "%s", test_path("case.h5"));
  kind->make(base_path);
  (void)crow_comm_barrier(test_comm);
  CHECK_OK(kind->use(base_path));
  if (crow_comm_rank(test_comm) == 0) check_complete(kind);
  (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  const int number = attack_all_fields(kind, 0);
  (void)attack_all_attributes(kind, number);
}

static void comparisons(void) { attack_kind(&kind_comparisons); }
static void kept(void) { attack_kind(&kind_kept); }
static void matrix(void) { attack_kind(&kind_matrix); }
static void population(void) { attack_kind(&kind_population); }
static void pool(void) { attack_kind(&kind_pool); }
static void weights(void) { attack_kind(&kind_weights); }
static void sphere_weights(void) { attack_kind(&kind_sphere_weights); }
static void radius_weights(void) { attack_kind(&kind_radius_weights); }
static void tabular(void) { attack_kind(&kind_tabular); }
static void by_value(void) { attack_kind(&kind_by); }
static void linear(void) { attack_kind(&kind_linear); }
static void network(void) { attack_kind(&kind_network); }
static void scores(void) { attack_kind(&kind_scores); }
static void checkpoint(void) { attack_kind(&kind_checkpoint); }

static const crow_test tests[] = {{"a dataset of comparisons with prompts and groups", comparisons},
                                  {"columns that were kept, and texts", kept},
                                  {"a dataset of a matrix", matrix},
                                  {"a dataset of a population", population},
                                  {"a pool", pool},
                                  {"weights", weights},
                                  {"weights by radius", radius_weights},
                                  {"weights on a sphere", sphere_weights},
                                  {"tabular rewards with intervals", tabular},
                                  {"rewards by the values of a column, near-duplicates", by_value},
                                  {"rewards of an ensemble of linear models", linear},
                                  {"rewards of an ensemble of networks", network},
                                  {"scores", scores},
                                  {"a checkpoint", checkpoint},
                                  {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "fields", tests, true); }
