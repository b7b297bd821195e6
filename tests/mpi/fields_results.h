/* SPDX-License-Identifier: Apache-2.0 */
/* The same for what crow writes: weights, rewards, scores, checkpoints. */
#ifndef CROW_TESTS_MPI_FIELDS_RESULTS_H
#define CROW_TESTS_MPI_FIELDS_RESULTS_H

#include <unistd.h>

/* Every array of a file, as crow export and crow plot read them. */
static inline crow_status read_all(const char *path, const known_field *fields) {
  crow_status status = CROW_OK;
  crow_file *file = NULL;
  CROW_TRY(crow_file_open(test_comm, path, NULL, &file));
  for (; fields->path; fields++) {
    crow_strings texts = {0};
    double *values = NULL;
    int64_t shape[2];
    if (!crow_file_has(file, fields->path)) continue;
    crow_file_shape(file, fields->path, shape);
    if (fields->flags & TEXT) {
      status = crow_file_read_strings(file, fields->path, 0, shape[0], &texts);
    } else {
      CROW_TRY(CROW_ALLOCATE(&values, shape[0] * shape[1]));
      status = crow_file_read(file, fields->path, 0, shape[0], CROW_F64, values);
    }
    crow_strings_free(&texts);
    crow_free(values);
    CROW_TRY(status);
  }
cleanup:
  crow_file_close(&file);
  return status;
}

/* ---- weights --------------------------------------------------------------------------------------------------- */

static const known_field weights_fields[] = {{"/weights/value", LARGE_FITS},
                                             {"/weights/standard_error", OPTIONAL | LARGE_FITS},
                                             {"/weights/hits", OPTIONAL | LARGE_FITS | INTEGER},
                                             {"/weights/batch_hits", OPTIONAL | LARGE_LATE | INTEGER},
                                             {"/alternatives/id", OPTIONAL | TEXT},
                                             {"/alternatives/topic", OPTIONAL | TEXT},
                                             {"/alternatives/prompt", OPTIONAL | TEXT},
                                             {NULL, 0}};

static inline void make_weights_by(const char *path, int scheme, const char *space) {
  crow_dataset dataset = {0};
  crow_weights weights = {0};
  crow_provenance *provenance = NULL;
  crow_weights_options options;
  const char *data = test_path("data.h5");
  if (scheme == CROW_SCHEME_RADIUS || strcmp(space, "sphere") == 0)
    make_population(data);
  else
    make_comparisons(data);
  (void)crow_comm_barrier(test_comm);
  crow_weights_options_default(&options);
  options.scheme = scheme;
  options.space.space = space;
  options.samples = 64;
  CHECK_OK(crow_dataset_open(test_comm, data, true, &dataset));
  CHECK_OK(crow_weights_compute(test_comm, &dataset, &options, &weights));
  CHECK_OK(crow_provenance_create(test_comm, NULL, &provenance));
  CHECK_OK(crow_weights_write(test_comm, path, true, &weights, &options, &dataset, provenance));
  crow_provenance_destroy(&provenance);
  crow_weights_free(&weights);
  crow_dataset_close(&dataset);
}

static inline void make_weights(const char *path) { make_weights_by(path, CROW_SCHEME_VORONOI, "auto"); }
static inline void make_sphere_weights(const char *path) { make_weights_by(path, CROW_SCHEME_VORONOI, "sphere"); }
static inline void make_radius_weights(const char *path) { make_weights_by(path, CROW_SCHEME_RADIUS, "auto"); }

static inline crow_status use_weights(const char *path) {
  crow_status status = CROW_OK;
  crow_dataset dataset = {0};
  crow_weights weights = {0};
  CROW_TRY(crow_dataset_open(test_comm, test_path("data.h5"), false, &dataset));
  CROW_TRY(crow_weights_read(test_comm, path, &dataset, &weights));
  CROW_TRY(read_all(path, weights_fields));
cleanup:
  crow_weights_free(&weights);
  crow_dataset_close(&dataset);
  return status;
}

/* Another digest says that the alternatives are others. */
#define DIGEST_TEXT (OPTIONAL | TEXT | LARGE_LATE | NEGATIVE_LATE)
static const known_attribute weights_attributes[] = {
    {"/", "crow_kind", TEXT},
    {"/", "crow_schema_version", INTEGER},
    {"/", "space", OPTIONAL | TEXT | NEGATIVE_FITS | LARGE_FITS},
    {"/", "space_reason", OPTIONAL | TEXT | NEGATIVE_FITS | LARGE_FITS},
    {"/", "clone_robust", OPTIONAL | INTEGER},
    {"/", "samples", USED | INTEGER | LARGE_FITS},
    {"/", "pseudo_count", OPTIONAL | LARGE_FITS},
    {"/", "seed", OPTIONAL | INTEGER | NEGATIVE_FITS | LARGE_FITS},
    {"/", "hit_unit", OPTIONAL | INTEGER | LARGE_FITS},
    {"/", "alternatives_digest", DIGEST_TEXT},
    {"/", "zeros", OPTIONAL | INTEGER | LARGE_FITS},
    {"/", "prompts", OPTIONAL | INTEGER | LARGE_FITS},
    {"/", "effective", OPTIONAL | LARGE_FITS},
    {NULL, NULL, 0}};
static const file_kind kind_weights = {"weights", make_weights, use_weights, weights_fields, weights_attributes, false};

static const known_field radius_fields[] = {{"/weights/value", LARGE_FITS},
                                            {"/weights/standard_error", OPTIONAL | LARGE_FITS},
                                            {"/distances/count", OPTIONAL | LARGE_FITS | INTEGER | ANY_LENGTH},
                                            {NULL, 0}};
static const known_attribute radius_attributes[] = {{"/", "crow_kind", TEXT},
                                                    {"/", "crow_schema_version", INTEGER},
                                                    {"/", "radius", OPTIONAL | LARGE_FITS},
                                                    {"/", "farthest", OPTIONAL | LARGE_FITS},
                                                    {"/", "eta", OPTIONAL},
                                                    {NULL, NULL, 0}};
static inline crow_status use_radius_weights(const char *path) {
  const crow_status status = use_weights(path);
  return status == CROW_OK ? read_all(path, radius_fields) : status;
}
static const file_kind kind_radius_weights = {"weights by radius", make_radius_weights, use_radius_weights,
                                              radius_fields,       radius_attributes,   false};

static const known_field sphere_fields[] = {{"/weights/value", LARGE_FITS},
                                            {"/weights/standard_error", OPTIONAL | LARGE_FITS},
                                            {"/weights/hits", OPTIONAL | LARGE_FITS | INTEGER},
                                            {"/weights/batch_hits", OPTIONAL | LARGE_LATE | INTEGER},
                                            {"/space/center", OPTIONAL | REAL_FITS | ANY_LENGTH},
                                            {NULL, 0}};
static const known_attribute sphere_attributes[] = {{"/", "crow_kind", TEXT},
                                                    {"/", "crow_schema_version", INTEGER},
                                                    {"/", "space", OPTIONAL | TEXT | NEGATIVE_FITS | LARGE_FITS},
                                                    {"/", "space_center", OPTIONAL | TEXT | NEGATIVE_FITS | LARGE_FITS},
                                                    {"/", "clone_robust", OPTIONAL | INTEGER},
                                                    {"/", "center_rounds", OPTIONAL | INTEGER | LARGE_FITS},
                                                    {"/", "center_change", OPTIONAL | LARGE_FITS},
                                                    {NULL, NULL, 0}};
static inline crow_status use_sphere_weights(const char *path) {
  const crow_status status = use_weights(path);
  return status == CROW_OK ? read_all(path, sphere_fields) : status;
}
static const file_kind kind_sphere_weights = {"weights on a sphere", make_sphere_weights, use_sphere_weights,
                                              sphere_fields,         sphere_attributes,   false};

/* ---- rewards --------------------------------------------------------------------------------------------------- */

static inline void make_rewards(const char *path, int model) {
  crow_train_options options;
  const char *data = test_path("data.h5");
  make_comparisons(data);
  (void)crow_comm_barrier(test_comm);
  crow_train_options_default(&options);
  options.sampling_error = model == CROW_MODEL_TABULAR;
  options.model.model = model;
  if (model != CROW_MODEL_TABULAR) {
    options.model.hidden = "3,2";
    options.training.ensemble = 2;
    options.lbfgs.max_iterations = 3;
    options.adam.steps = 6;
  }
  options.training.optimizer = CROW_OPTIMIZER_LBFGS;
  if (model == CROW_MODEL_LINEAR) { /* with a training curve, whose members are the parameters' */
    options.training.optimizer = CROW_OPTIMIZER_ADAM;
    options.training.validate = data;
    options.training.validate_every = 2;
  }
  CHECK_OK(fit_dataset(data, &options, NULL, path));
}
static inline void make_tabular(const char *path) { make_rewards(path, CROW_MODEL_TABULAR); }
static inline void make_network(const char *path) { make_rewards(path, CROW_MODEL_MLP); }
static inline void make_linear(const char *path) { make_rewards(path, CROW_MODEL_LINEAR); }

static const known_field tabular_fields[] = {{"/rewards/value", REAL_FITS},
                                             {"/rewards/weight", LARGE_FITS},
                                             {"/rewards/win_rate", REAL_FITS | NAN_FITS},
                                             {"/rewards/fitted_win_rate", REAL_FITS | NAN_FITS},
                                             {"/rewards/standard_error", OPTIONAL | LARGE_FITS | NAN_FITS},
                                             {"/rewards/lead_error", OPTIONAL | LARGE_FITS | NAN_FITS},
                                             {"/rewards/sampling_error", OPTIONAL | LARGE_FITS | NAN_FITS},
                                             {"/rewards/lower", OPTIONAL | REAL_FITS | NAN_FITS},
                                             {"/rewards/upper", OPTIONAL | REAL_FITS | NAN_FITS},
                                             {"/rewards/rank_lower", OPTIONAL | LARGE_FITS | INTEGER},
                                             {"/rewards/rank_upper", OPTIONAL | LARGE_FITS | INTEGER},
                                             {"/prompts/name", OPTIONAL | TEXT},
                                             {"/prompts/pair_scale", OPTIONAL | LARGE_FITS},
                                             {"/topics/name", TEXT},
                                             {"/topics/mean", REAL_FITS},
                                             {"/topics/standard_error", LARGE_FITS},
                                             {"/topics/covariance", REAL_FITS},
                                             {"/trace/objective", REAL_FITS},
                                             {"/trace/optimality", LARGE_FITS},
                                             {"/original/reward", REAL_FITS},
                                             {"/original/id", OPTIONAL | TEXT},
                                             {"/original/topic", OPTIONAL | TEXT},
                                             {"/original/prompt", OPTIONAL | TEXT},
                                             {"/alternatives/id", OPTIONAL | TEXT},
                                             {"/alternatives/topic", OPTIONAL | TEXT},
                                             {"/alternatives/prompt", OPTIONAL | TEXT},
                                             {NULL, 0}};
#define MODEL_FIELDS(large)                                                                                            \
  {"/rewards/value", REAL_FITS}, {"/rewards/weight", LARGE_FITS}, {"/rewards/win_rate", REAL_FITS | NAN_FITS},         \
      {"/rewards/fitted_win_rate", REAL_FITS | NAN_FITS}, {"/rewards/spread", OPTIONAL | LARGE_FITS},                  \
      {"/prompts/name", OPTIONAL | TEXT}, {"/prompts/pair_scale", OPTIONAL | LARGE_FITS},                              \
      {"/model/dimension", OPTIONAL | TEXT | LENGTH_LATE}, {"/model/parameters", USED | NEGATIVE_FITS | (large)},      \
      {"/original/reward", REAL_FITS}, {"/original/id", OPTIONAL | TEXT}, {"/original/topic", OPTIONAL | TEXT},        \
      {"/original/prompt", OPTIONAL | TEXT}, {"/alternatives/id", OPTIONAL | TEXT},                                    \
      {"/alternatives/topic", OPTIONAL | TEXT}, {"/alternatives/prompt", OPTIONAL | TEXT}, {                           \
    NULL, 0                                                                                                            \
  }
#define TRAINING_FIELDS                                                                                                \
  {"/training/member", INTEGER}, {"/training/step", LARGE_FITS | INTEGER}, {"/training/loss", REAL_FITS | NAN_FITS},   \
      {"/training/validation_loss", OPTIONAL | LARGE_FITS | NAN_FITS},                                                 \
      {"/training/validation_accuracy", OPTIONAL | NAN_FITS}, {                                                        \
    "/training/kept", OPTIONAL | LARGE_FITS | INTEGER                                                                  \
  }
/* A large parameter of a linear model times a small context is a large reward, of a network an infinite one. */
static const known_field linear_fields[] = {TRAINING_FIELDS, MODEL_FIELDS(LARGE_FITS)};
static const known_field network_fields[] = {MODEL_FIELDS(LENGTH_LATE | LARGE_LATE)};
static const known_field scores_fields[] = {{"/scores/value", REAL_FITS},
                                            {"/scores/nearest", LARGE_FITS | INTEGER},
                                            {"/scores/distance", LARGE_FITS},
                                            {"/scores/nearest_id", OPTIONAL | TEXT},
                                            {"/alternatives/id", OPTIONAL | TEXT},
                                            {"/alternatives/topic", OPTIONAL | TEXT},
                                            {"/alternatives/prompt", OPTIONAL | TEXT},
                                            {NULL, 0}};

/* All of what reads rewards or scores: crow score, crow eval, crow export. */
static inline crow_status use_rewards_of(const char *path, const known_field *fields) {
  crow_status status = CROW_OK;
  crow_file *rewards = NULL;
  crow_dataset dataset = {0};
  crow_context_source *contexts = NULL;
  crow_scores scores = {0};
  crow_nearest_options nearest;
  const crow_evaluate_options evaluate = {CROW_UNSEEN_NEAREST};
  const char *data = test_path("data.h5");
  double reward[M];
  unsigned char unseen[M];
  char *kind = NULL;
  crow_settings_default(crow_nearest_settings, &nearest);
  CROW_TRY(crow_dataset_open(test_comm, data, false, &dataset));
  CROW_TRY(read_all(path, fields));
  CROW_TRY(crow_file_open(test_comm, path, NULL, &rewards));
  CROW_TRY(crow_evaluate_rewards(test_comm, rewards, &dataset, &evaluate, &nearest, reward, unseen));
  if (strcmp(crow_file_kind(rewards), "rewards") != 0) goto cleanup;
  CROW_TRY(crow_file_get_text(rewards, "/model", "kind", &kind));
  CROW_TRY(crow_context_source_open(test_comm, data, &contexts));
  CROW_TRY(
      crow_score_run(test_comm, rewards, strcmp(kind, "tabular") == 0 ? &dataset : NULL, contexts, &nearest, &scores));
cleanup:
  crow_free(kind);
  crow_scores_free(&scores);
  crow_context_source_close(&contexts);
  crow_file_close(&rewards);
  crow_dataset_close(&dataset);
  return status;
}

static inline crow_status use_tabular(const char *path) { return use_rewards_of(path, tabular_fields); }
static inline crow_status use_linear(const char *path) { return use_rewards_of(path, linear_fields); }
static inline crow_status use_network(const char *path) { return use_rewards_of(path, network_fields); }
static inline crow_status use_scores(const char *path) { return use_rewards_of(path, scores_fields); }

#define FREE_TEXT (TEXT | NEGATIVE_FITS | LARGE_FITS)
#define COUNT_FITS (INTEGER | LARGE_FITS)
#define REWARDS_ATTRIBUTES                                                                                             \
  {"/", "crow_kind", TEXT}, {"/", "crow_schema_version", INTEGER}, {"/", "source", TEXT}, {"/", "lambda", LARGE_FITS}, \
      {"/", "pair_scale", LARGE_FITS}, {"/", "objective", REAL_FITS}, {"/", "optimality", LARGE_FITS},                 \
      {"/", "converged", INTEGER}, {"/", "end", FREE_TEXT}, {"/", "iterations", COUNT_FITS},                           \
      {"/", "evaluations", COUNT_FITS}, {"/", "zero_weights", COUNT_FITS}, {"/", "unknown", COUNT_FITS}, {             \
    "/model", "kind", TEXT                                                                                             \
  }

static const known_attribute tabular_attributes[] = {REWARDS_ATTRIBUTES,
                                                     {"/", "alternatives_digest", DIGEST_TEXT},
                                                     {"/", "bootstrap", OPTIONAL | COUNT_FITS},
                                                     {"/", "bootstrap_not_converged", OPTIONAL | COUNT_FITS},
                                                     {"/", "violation", OPTIONAL | LARGE_FITS},
                                                     {NULL, NULL, 0}};
static const known_attribute network_attributes[] = {REWARDS_ATTRIBUTES,
                                                     {"/", "alternatives_digest", OPTIONAL | FREE_TEXT},
                                                     {"/model", "inputs", USED | INTEGER | LARGE_LATE},
                                                     {"/model", "hidden", USED | TEXT | LARGE_LATE | NEGATIVE_LATE},
                                                     {"/model", "activation", USED | TEXT},
                                                     {"/model", "members", USED | INTEGER | LARGE_LATE},
                                                     {"/model", "optimizer", USED | TEXT},
                                                     {"/model", "weight_decay", USED | LARGE_FITS},
                                                     {"/model", "center", USED | LARGE_FITS},
                                                     {NULL, NULL, 0}};
static const file_kind kind_tabular = {"tabular rewards", make_tabular,       use_tabular,
                                       tabular_fields,    tabular_attributes, false};
static const known_attribute linear_attributes[] = {REWARDS_ATTRIBUTES,
                                                    {"/", "alternatives_digest", OPTIONAL | FREE_TEXT},
                                                    {"/model", "inputs", USED | INTEGER | LARGE_LATE},
                                                    {"/model", "members", USED | INTEGER | LARGE_LATE},
                                                    {"/model", "optimizer", USED | TEXT},
                                                    {"/model", "weight_decay", USED | LARGE_FITS},
                                                    {"/model", "center", USED | LARGE_FITS},
                                                    {NULL, NULL, 0}};
static const file_kind kind_linear = {"linear rewards", make_linear,       use_linear,
                                      linear_fields,    linear_attributes, false};
static const file_kind kind_network = {"network rewards", make_network,       use_network,
                                       network_fields,    network_attributes, false};

/* ---- rewards by the values of a column ------------------------------------------------------------------------- */

/* Two values are fitted, the third has too few comparisons. */
static inline void make_by(const char *path) {
  crow_train_options options;
  const char *data = test_path("data.h5");
  make_kept(data);
  (void)crow_comm_barrier(test_comm);
  crow_train_options_default(&options);
  CHECK_OK(fit_dataset(data, &options, "a", path));
}

static const known_field by_fields[] = {{"/by/name", TEXT},
                                        {"/by/judgements", LARGE_FITS | INTEGER},
                                        {"/by/optimality", LARGE_FITS},
                                        {"/by/converged", INTEGER},
                                        {"/by/reward", REAL_FITS | NAN_FITS},
                                        {"/by/standard_error", OPTIONAL | LARGE_FITS | NAN_FITS},
                                        {"/by/lower", OPTIONAL | REAL_FITS | NAN_FITS},
                                        {"/by/upper", OPTIONAL | REAL_FITS | NAN_FITS},
                                        {"/by/small_name", TEXT},
                                        {"/by/small_judgements", LARGE_FITS | INTEGER},
                                        {"/rewards/near_duplicates", OPTIONAL | LARGE_FITS | INTEGER},
                                        {"/rewards/value", REAL_FITS},
                                        {"/rewards/weight", LARGE_FITS},
                                        {"/rewards/win_rate", REAL_FITS | NAN_FITS},
                                        {"/rewards/fitted_win_rate", REAL_FITS | NAN_FITS},
                                        {"/rewards/standard_error", OPTIONAL | LARGE_FITS | NAN_FITS},
                                        {"/rewards/lead_error", OPTIONAL | LARGE_FITS | NAN_FITS},
                                        {"/rewards/lower", OPTIONAL | REAL_FITS | NAN_FITS},
                                        {"/rewards/upper", OPTIONAL | REAL_FITS | NAN_FITS},
                                        {"/rewards/rank_lower", OPTIONAL | LARGE_FITS | INTEGER},
                                        {"/rewards/rank_upper", OPTIONAL | LARGE_FITS | INTEGER},
                                        {"/trace/objective", REAL_FITS},
                                        {"/trace/optimality", LARGE_FITS},
                                        {"/alternatives/id", OPTIONAL | TEXT},
                                        {NULL, 0}};
static const known_attribute by_attributes[] = {
    {"/", "by", OPTIONAL | FREE_TEXT}, {"/", "by_least", OPTIONAL | COUNT_FITS}, {NULL, NULL, 0}};

/* As the page of a result reads it. */
static inline crow_status use_by(const char *path) {
  crow_status status = CROW_OK;
  crow_file *file = NULL;
  crow_rewards_by by = {0};
  const crow_partition p = crow_comm_partition(test_comm, M, CROW_BLOCK);
  CROW_TRY(use_rewards_of(path, by_fields));
  CROW_TRY(crow_file_open(test_comm, path, "rewards", &file));
  CROW_TRY(crow_rewards_by_read(test_comm, file, &p, &by));
cleanup:
  crow_rewards_by_free(&by);
  crow_file_close(&file);
  return status;
}

static const file_kind kind_by = {"rewards by value", make_by, use_by, by_fields, by_attributes, false};

/* ---- scores ---------------------------------------------------------------------------------------------------- */

static inline void make_scores(const char *path) {
  crow_file *rewards = NULL;
  crow_dataset dataset = {0};
  crow_context_source *contexts = NULL;
  crow_scores scores = {0};
  crow_provenance *provenance = NULL;
  crow_nearest_options nearest;
  const char *fitted = test_path("fitted.h5"), *data = test_path("data.h5");
  crow_settings_default(crow_nearest_settings, &nearest);
  make_tabular(fitted);
  CHECK_OK(crow_dataset_open(test_comm, data, false, &dataset));
  CHECK_OK(crow_file_open(test_comm, fitted, "rewards", &rewards));
  CHECK_OK(crow_context_source_open(test_comm, data, &contexts));
  CHECK_OK(crow_score_run(test_comm, rewards, &dataset, contexts, &nearest, &scores));
  CHECK_OK(crow_provenance_create(test_comm, NULL, &provenance));
  CHECK_OK(crow_scores_write(test_comm, path, true, &scores, &dataset, contexts, provenance));
  crow_provenance_destroy(&provenance);
  crow_scores_free(&scores);
  crow_context_source_close(&contexts);
  crow_file_close(&rewards);
  crow_dataset_close(&dataset);
}

static const known_attribute scores_attributes[] = {{"/", "crow_kind", TEXT},
                                                    {"/", "crow_schema_version", INTEGER},
                                                    {"/", "model", TEXT},
                                                    {"/", "unknown", OPTIONAL | COUNT_FITS},
                                                    {"/", "metric", OPTIONAL | TEXT},
                                                    {"/", "tied", OPTIONAL | COUNT_FITS},
                                                    {"/", "alternatives_digest", DIGEST_TEXT},
                                                    {NULL, NULL, 0}};
static const file_kind kind_scores = {"scores", make_scores, use_scores, scores_fields, scores_attributes, false};

/* ---- checkpoints ----------------------------------------------------------------------------------------------- */

static inline crow_checkpoint *begin_run(void) {
  const crow_checkpoint_options options = {NULL, 600, 0, false};
  crow_checkpoint *checkpoint = NULL;
  CHECK_OK(crow_checkpoint_create(test_comm, &options, test_path("run.h5"), &checkpoint));
  CHECK_OK(crow_checkpoint_match(checkpoint, "seed", "%d", 7));
  return checkpoint;
}

/* Rank 0 gives a file a second name. */
static inline void name_again(const char *path, const char *other) {
  (void)crow_comm_barrier(test_comm);
  if (crow_comm_rank(test_comm) == 0) {
    (void)unlink(other);
    CHECK(link(path, other) == 0);
  }
  (void)crow_comm_barrier(test_comm);
}

static inline void make_checkpoint(const char *path) {
  static const double scalars[2] = {1, 2}, real[M] = {1, 2, 3, 4, 5, 6};
  static const int64_t whole[M] = {6, 5, 4, 3, 2, 1};
  const crow_partition p = crow_comm_partition(test_comm, M, CROW_BLOCK);
  crow_checkpoint *checkpoint = begin_run();
  CHECK_OK(crow_checkpoint_begin(checkpoint));
  CHECK_OK(crow_checkpoint_put_scalars(checkpoint, "state", 2, scalars));
  CHECK_OK(crow_checkpoint_put_vector(checkpoint, "state", 0, CROW_F64, &p, real + p.begin));
  CHECK_OK(crow_checkpoint_put_vector(checkpoint, "state", 1, CROW_I64, &p, whole + p.begin));
  CHECK_OK(crow_checkpoint_end(checkpoint));
  crow_checkpoint_destroy(&checkpoint);
  name_again(test_path("run.h5.checkpoint.a.h5"), path);
}

static inline void keep_warning(crow_log_level level, const char *line, void *context) {
  if (level == CROW_LOG_WARNING) (void)snprintf(context, CROW_ERROR_BYTES, "%s", line);
}

/* A broken checkpoint is passed over with a warning, which stands for the refusal. */
static inline crow_status use_checkpoint(const char *path) {
  static char warning[CROW_ERROR_BYTES];
  bool found = false;
  warning[0] = 0;
  name_again(path, test_path("run.h5.checkpoint.a.h5"));
  crow_checkpoint *checkpoint = begin_run();
  crow_log_set(keep_warning, warning);
  crow_status status = crow_checkpoint_find(checkpoint, &found);
  crow_log_set(NULL, NULL);
  crow_checkpoint_destroy(&checkpoint);
  /* What cannot be told for a checkpoint is somebody's file, which none may replace: refused as a wrong name. */
  if (status == CROW_USAGE && strstr(crow_error_message(), "is no checkpoint of crow")) {
    (void)snprintf(warning, sizeof warning, "%s", crow_error_message());
    status = CROW_OK;
  }
  if (status != CROW_OK || found) return status;
  return crow_error(CROW_BAD_INPUT, "case.h5, that is %.1900s", warning);
}

static const file_kind kind_checkpoint = {
    "checkpoint",
    make_checkpoint,
    use_checkpoint,
    (const known_field[]){
        {"/state/state/scalars", 0}, {"/state/state/vector0", 0}, {"/state/state/vector1", INTEGER}, {NULL, 0}},
    (const known_attribute[]){{"/", "crow_kind", TEXT},
                              {"/", "crow_schema_version", INTEGER},
                              {"/", "sequence", INTEGER},
                              {"/", "run", TEXT},
                              {"/", "build", OPTIONAL | FREE_TEXT},
                              {"/", "contents", TEXT},
                              {"/", "digest", TEXT},
                              {NULL, NULL, 0}},
    true};

#endif
