/* SPDX-License-Identifier: Apache-2.0 */
/* How a comparisons file is to be read: what the options say, and which columns that means. Everything is Local. */
#ifndef CROW_IMPORT_RULES_IMPL_H
#define CROW_IMPORT_RULES_IMPL_H

#include "import/csv_impl.h"

#include <crow/import.h>

/* What a column may be for; crow_import_role_names has their names. */
typedef enum crow_import_role {
  CROW_ROLE_FIRST,       /* the two alternatives */
  CROW_ROLE_SECOND,      /* */
  CROW_ROLE_WINNER,      /* who won, by id or by a label that names a side; beside `loser`: the alternative that won */
  CROW_ROLE_LOSER,       /* the alternative that lost */
  CROW_ROLE_OUTCOME,     /* the share won by the first, a number from 0 to 1 */
  CROW_ROLE_COUNT,       /* number of judgements */
  CROW_ROLE_PROMPT,      /* the prompt that both alternatives answer */
  CROW_ROLE_FIRST_WINS,  /* 1 where the first won */
  CROW_ROLE_SECOND_WINS, /* 1 where the second won */
  CROW_ROLE_TIE,         /* 1 where neither did */
  CROW_ROLE_RESPONSE,    /* one alternative, of a file with a line for each */
  CROW_ROLE_SCORE,       /* its score, the higher the better */
  CROW_ROLE_RANK,        /* its rank, the lower the better */
  CROW_ROLES
} crow_import_role;

enum { CROW_MAP_MOST = 32, CROW_KEEP_MOST = 16 };

/* The options, taken apart. Zero-initialise it: that is every default. */
typedef struct crow_import_rules {
  bool drop_ties, drop_bad;
  double score_tie;
  char *texts[3];                 /* copies of the options' texts, which the pointers below point into */
  const char *column[CROW_ROLES]; /* names given; NULL: the usual ones are looked for */
  int64_t map_count;
  const char *map[CROW_MAP_MOST]; /* values of the winner's column, and what they mean */
  double map_outcome[CROW_MAP_MOST];
  bool map_bad[CROW_MAP_MOST]; /* a tie of two bad ones */
  bool has_scale;
  double scale_first, scale_second; /* the values at which the first, the second won wholly */
  int64_t keep_count;
  const char *keep[CROW_KEEP_MOST];
} crow_import_rules;

/* CROW_USAGE if an option cannot be understood. */
crow_status crow_import_rules_make(const crow_import_options *options, crow_import_rules *out);
void crow_import_rules_free(crow_import_rules *rules);

/* Where the result of a record is. */
typedef enum crow_import_form {
  CROW_FORM_RESULT,  /* in one column */
  CROW_FORM_ORDER,   /* the first is the winner (chosen, rejected; winner, loser) */
  CROW_FORM_ONE_HOT, /* in one column for each of first wins, second wins, tie */
  CROW_FORM_SCORES   /* a record is one alternative and its score */
} crow_import_form;

/* Which columns of a comparisons file say what; -1 if there is no such column. */
typedef struct crow_import_columns {
  crow_import_form form;
  int64_t first, second; /* the two alternatives; of scores the first is the only one */
  int64_t result;        /* who won; of CROW_FORM_ORDER what must not contradict that order */
  int64_t flag[3];       /* first wins, second wins, tie */
  int64_t score;         /* score or rank */
  bool lower_wins;       /* it is a rank */
  int64_t count;         /* number of judgements */
  int64_t prompt;        /* the prompt that both alternatives answer */
  bool shares;           /* the result column holds shares: a number there is never an id */
  int64_t keep[CROW_KEEP_MOST];
} crow_import_columns;

/* CROW_BAD_INPUT, with what to type, if the columns can be understood in no way or in more than one. */
crow_status crow_import_find_columns(const crow_csv *csv, const crow_import_rules *rules, crow_import_columns *out);
/* What was understood, in words, with the polarity of numbers. */
void crow_import_describe_columns(const crow_csv *csv, const crow_import_rules *rules,
                                  const crow_import_columns *columns, char *text, size_t bytes);

#endif
