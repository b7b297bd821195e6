/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 * The objective f(r) (Eq. 2 of "Clone-Robust AI Alignment") and its gradient, for complete preferences in O(m) and for
 * observed pairs in O(pairs).
 *
 * Notation: w weights, lambda the regularisation, K(x) = D(x) / w(x) with D as in the scaled variables:
 *   complete:  K(x) = lambda + (1 - w(x)) / 4
 *   pairs:     K(x) = lambda + s/4 sum_{y compared with x} w(y) c(x,y)
 * With prompts (crow_weights.share P, v = w / P the weight within the prompt) f is the sum over prompts of P times Eq.
 * 2 within the prompt: in the sums over pairs w(x) w(y) becomes w(x) w(y) / sqrt(P(x) P(y)), which is P v(x) v(y)
 * within a prompt; in K, in the certificate and in the win rates w becomes v; sum w^2 becomes sum w v. The normalised
 * scale is one of every prompt k, s_k = (1 - sum v^2) / (2 sum_E v(x) v(y)) over its alternatives and compared pairs,
 * which is 1 if all of them were compared; c is not in it, so numbers of judgements remain evidence. A prompt's rewards
 * are those of a fit of it alone, whatever its share and the other prompts. Where comparisons go across prompts, one
 * scale holds for all: s = (1 - sum w v) / (2 sum_E sqrt(w v)(x) sqrt(w v)(y) c). The evaluation returns G(x) =
 * (df/dr(x) / w(x)) / K(x), of size at most 4 + lambda |r| / K, and 0 where w(x) = 0, since f does not depend on r(x)
 * then; df/dr(x) = w(x) K(x) G(x). The certificate is max_x |G(x)| min(K(x), 1) over the alternatives with positive
 * weight.
 */
#ifndef CROW_OBJECTIVE_H
#define CROW_OBJECTIVE_H

#include <crow/preference.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct crow_objective_options {
  double lambda;       /**< regularisation, > 0; default 0.01 */
  int pair_scale;      /**< 0 normalised: s = (1 - sum w^2) / (2 sum_E w w c), or, where no two weighted
                            alternatives were compared, such that sum w(y) c over the alternatives of weight zero has
                            mean 1, as in a complete graph; 1 literal: s = 1 */
  int pair_weight;     /**< 0 proportion: c = 1; 1 count: c = number of judgements */
  bool across_prompts; /**< comparisons of alternatives of different prompts are taken (they are refused by
                            crow_rewards_fit() otherwise); default false */
} crow_objective_options;
extern CROW_API const crow_setting crow_objective_settings[];

/** An objective over r, distributed in slices like the weights. */
typedef struct crow_objective crow_objective;

/** For complete preferences. `weights` and `win_rate` (this rank's slice of wAWR) are borrowed. Collective. */
CROW_API crow_status crow_objective_create_complete(const crow_comm *comm, const crow_objective_options *options,
                                                    const crow_weights *weights, const double *win_rate,
                                                    crow_objective **out);
/** For observed pairs. `weights` and `pairs` are borrowed. Collective. */
CROW_API crow_status crow_objective_create_pairs(const crow_comm *comm, const crow_objective_options *options,
                                                 const crow_weights *weights, const crow_pairs *pairs,
                                                 crow_objective **out);
/** The same with the scale s given in place of the one that options name, > 0, and, unless `prompt_scale` (prompts) is
 * NULL, scales of the prompts (crow_objective_prompt_scale(), copied), of which s is a common factor. Collective. */
CROW_API crow_status crow_objective_create_scaled(const crow_comm *comm, const crow_objective_options *options,
                                                  const crow_weights *weights, const crow_pairs *pairs, double scale,
                                                  const double *prompt_scale, crow_objective **out);
/** Local; sets the handle to NULL; accepts NULL. */
CROW_API void crow_objective_destroy(crow_objective **objective);

/** f(r), `*value`, the certificate, `*optimality`, and G, `scaled_gradient`, at `reward`; both vectors are this rank's
 * slices. Any of the outputs may be NULL (on all ranks alike). Collective;
 * the bits of all outputs are the same for every number of ranks. Where a weighted alternative's reward is not finite
 * (or, for complete preferences, rewards are scattered over more than 260,000 without leaving gaps), the value and the
 * certificate are infinite and G is NaN. */
CROW_API crow_status crow_objective_evaluate(crow_objective *objective, const double *reward, double *value,
                                             double *optimality, double *scaled_gradient);

/** Solves the limit of the optimality equation for every alternative of zero weight, given the rewards of the others,
 * by safeguarded Newton: fills those entries of `reward`. An alternative with neither weight nor comparisons with
 * weighted ones gets 0; `*unknown` counts them over all ranks. `*violation` is the largest violation of the limit
 * equations of the others, where lambda + s/4 sum_y w(y) c(x,y) exceeds 1 relative to it: it belongs to the
 * certificate. Collective. */
CROW_API crow_status crow_objective_complete_zero_weights(crow_objective *objective, double *reward, crow_gidx *unknown,
                                                          double *violation);

/** The Hessian's diagonal at finite rewards, divided by the weights: `curvature` at `reward`, this rank's slices:
 * lambda + s sum_y w(y) c(x,y) sigma'(r(x) - r(y)), which is K(x) where all rewards are equal and less elsewhere. K(x)
 * itself for alternatives of zero weight. Collective; the bits are the same for every number of ranks. */
CROW_API crow_status crow_objective_curvature_at(crow_objective *objective, const double *reward, double *curvature);
/** How the sandwich is computed. */
typedef struct crow_sandwich_options {
  int64_t exact;  /**< up to this many alternatives by a dense inverse on rank 0 (O(m^3)); above by probes */
  int64_t probes; /**< random vectors */
  int64_t seed;   /**< of the probes' signs */
} crow_sandwich_options;
/** Groups of alternatives whose mean rewards' covariances are wanted. */
typedef struct crow_sandwich_groups {
  int64_t count;       /**< of groups */
  const int32_t *code; /**< for each alternative of this rank's slice its group, from 0 */
  double *covariance;  /**< (count, count) filled on all ranks */
} crow_sandwich_groups;
/** The variances of one reward less each other one. */
typedef struct crow_sandwich_lead {
  crow_gidx leader; /**< whose reward */
  double *variance; /**< this rank's slice, 0 for the leader itself; never NULL */
} crow_sandwich_lead;
/** The sandwich variances diag(H^-1 J H^-1) of rewards that minimise f over observed pairs, this rank's slice. With all
 * rows divided by the weights, H = diag(K(x; r)) - s c(x,y) sigma' w(y), K(x; r) as crow_objective_curvature_at() gives
 * it, and J is the covariance of the scores s sum_y w(y) e(x,y), e(x,y) = -e(y,x) being c (p(x>y) - sigma) with the
 * variance `spread` (one for each of this rank's pairs). Alternatives of zero weight have the limit's variance; those
 * compared with no weighted one NaN.
 * Probes: with independent signs z on the pairs and b(x) = s sum_y w(y) sqrt(spread) z, y = H^-1 b has the mean square
 * diag(H^-1 J H^-1). H, nearly its diagonal, is solved by conjugate gradients preconditioned by it (Jacobi), in the
 * symmetric variables sqrt(w K) y. The mean of b(x)^2 / K(x)^2 is known, and b / K goes along with y, so the variance
 * is estimated as the known mean times the ratio of the sums of y^2 and (b / K)^2: with `probes` = P the relative
 * standard error of a variance is at most about sqrt(2/P), and less the more alternatives x was compared with.
 * The covariance of the means g_t'r and g_u'r of two groups is z_t'J z_u with H'z_t = g_t (the delta method): from the
 * dense inverse, or by conjugate gradients for each group, without probes. Alternatives without a reward of their own
 * (NaN above) count as constants. Leads come from the dense inverse too, or are the mean squares of y(leader) - y(x)
 * over the probes, whose relative standard error is sqrt(2/P). `variance`, `groups` or `lead` may be NULL.
 * `least`: NULL on all ranks, or another spread: variances, those of leads and of groups too, are the greater of what
 * both give; groups' covariances grow with them, so that correlations are those of `spread`. Collective; the bits are
 * the same for every number of ranks. */
CROW_API crow_status crow_objective_sandwich(crow_objective *objective, const double *reward, const double *spread,
                                             const double *least, const crow_sandwich_options *options,
                                             double *variance, const crow_sandwich_groups *groups,
                                             const crow_sandwich_lead *lead);
/** Changes of the weights, to each of which rewards that minimise f respond. They are taken a few at a time, so that
 * they need not all be held. */
typedef struct crow_weight_changes {
  int64_t count; /**< of changes B */
  /** Fills `relative` and `win_rate` (columns, slice) for the changes `first` .. `first + columns`: change b makes w(x)
   * into w(x) (1 + relative), > 0, which sums to 1, and `win_rate` is wAWR with those weights, of complete preferences;
   * NULL of pairs. Collective. */
  crow_status (*take)(void *context, int64_t first, int64_t columns, double *relative, double *win_rate);
  void *context; /**< borrowed */
} crow_weight_changes;
/** To first order in the changes, the sums over them of the squared changes of the rewards that minimise f, `reward`:
 * `squares`, both this rank's slices. The optimality equations F(r, w) = 0 (for alternatives without weight their
 * limits) hold before and after, so dr = - H^-1 dF with the Hessian H, all rows divided by the weights, and dF the
 * change of F at the same rewards: by the weights themselves, by wAWR and by the scale s. H is solved as by
 * crow_objective_sandwich(), to 1 %, which is little beside what 32 changes can tell. NaN for alternatives that were
 * compared with no weighted one. Collective; the bits are the same for every number of ranks. */
CROW_API crow_status crow_objective_respond(crow_objective *objective, const double *reward,
                                            const crow_weight_changes *changes, double *squares);
/** Local: this rank's slice of K. Owned by the objective. */
CROW_API const double *crow_objective_curvature(const crow_objective *objective);
/** Local: this rank's slice of the observed weighted win rate: wAWR for complete preferences; for observed pairs
 * w(x)/2 + (1 - w(x)) sum_y w(y) c p / sum_y w(y) c over the y compared with x (equal to wAWR on a complete graph with
 * c = 1), NaN where x was compared with no alternative of positive weight. */
CROW_API const double *crow_objective_win_rate(const crow_objective *objective);
/** The same with sigma(r(x) - r(y)) in place of p: what the rewards predict. `reward` and `fitted` are this rank's
 * slices. Collective. */
CROW_API crow_status crow_objective_fitted_win_rate(crow_objective *objective, const double *reward, double *fitted);
/** Local: what pair `k` of this rank's slice counts before c and s: w(x) w(y), with prompts divided by the square root
 * of their prompts' shares and multiplied by the prompt's scale where it has its own. Of observed pairs only. */
CROW_API double crow_objective_pair_mass(const crow_objective *objective, int64_t k);
/** Local: s; 1 where every prompt has its own. */
CROW_API double crow_objective_pair_scale(const crow_objective *objective);
/** Local: s_k of every prompt (weights->prompts), 0 where none of its pairs counts; NULL where one s holds for all.
 * Owned by the objective. */
CROW_API const double *crow_objective_prompt_scale(const crow_objective *objective);

#ifdef __cplusplus
}
#endif
#endif
