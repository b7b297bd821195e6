/* SPDX-License-Identifier: Apache-2.0 */
/* Rewards by PETSc's TAO on any number of ranks: tao_fit PAIRS REWARDS RIDGE TOLERANCE lmvm|blmvm [PETSC OPTIONS].
 * Rewards are spread over the ranks, and so are pairs; each rank gathers the rewards that its pairs name and adds its
 * derivatives back. Stops when the largest derivative is at most TOLERANCE. Prints processor seconds of the fit over
 * all ranks, elapsed seconds, processor seconds of its evaluations over all ranks, evaluations, iterations.
 */
#include "pairs.h"
#include <petsctao.h>

typedef struct problem {
  pairs data; /* this rank's; first and second index `reward` and `slope` */
  PetscReal ridge, tolerance;
  Vec reward, slope; /* of the alternatives that this rank's pairs name */
  VecScatter gather;
  double evaluate_s;
  PetscInt evaluations;
} problem;

static PetscErrorCode evaluate(Tao tao, Vec x, PetscReal *value, Vec g, void *context) {
  problem *p = context;
  const PetscScalar *reward;
  PetscScalar *slope;
  PetscReal squares, sum;
  double start = pairs_clock(CLOCK_PROCESS_CPUTIME_ID);
  (void)tao;
  PetscFunctionBeginUser;
  PetscCall(VecScatterBegin(p->gather, x, p->reward, INSERT_VALUES, SCATTER_FORWARD));
  PetscCall(VecScatterEnd(p->gather, x, p->reward, INSERT_VALUES, SCATTER_FORWARD));
  PetscCall(VecSet(p->slope, 0));
  PetscCall(VecGetArrayRead(p->reward, &reward));
  PetscCall(VecGetArray(p->slope, &slope));
  sum = pairs_evaluate(&p->data, reward, slope);
  PetscCall(VecRestoreArray(p->slope, &slope));
  PetscCall(VecRestoreArrayRead(p->reward, &reward));
  PetscCall(VecAXPBY(g, p->ridge, 0, x));
  PetscCall(VecScatterBegin(p->gather, p->slope, g, ADD_VALUES, SCATTER_REVERSE));
  PetscCall(VecScatterEnd(p->gather, p->slope, g, ADD_VALUES, SCATTER_REVERSE));
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPIU_REAL, MPIU_SUM, PETSC_COMM_WORLD));
  PetscCall(VecDot(x, x, &squares));
  *value = sum + p->ridge / 2 * squares;
  p->evaluations++;
  p->evaluate_s += pairs_clock(CLOCK_PROCESS_CPUTIME_ID) - start;
  PetscFunctionReturn(0);
}

static PetscErrorCode converged(Tao tao, void *context) {
  const problem *p = context;
  Vec g;
  PetscReal largest;
  PetscFunctionBeginUser;
  PetscCall(TaoGetGradient(tao, &g, NULL, NULL));
  PetscCall(VecNorm(g, NORM_INFINITY, &largest));
  PetscCall(TaoDefaultConvergenceTest(tao, NULL)); /* its tolerances are 0: only limits and failures are left to it */
  if (largest <= p->tolerance) PetscCall(TaoSetConvergedReason(tao, TAO_CONVERGED_USER));
  PetscFunctionReturn(0);
}

/* Numbers the alternatives that this rank's pairs name, in their order, and renames them in the pairs. */
static PetscErrorCode setup_gather(problem *p, Vec x) {
  PetscInt *number, *named, count = 0;
  IS from;
  PetscFunctionBeginUser;
  PetscCall(PetscCalloc1(p->data.alternatives, &number));
  for (int64_t i = 0; i < p->data.count; i++) number[p->data.first[i]] = number[p->data.second[i]] = 1;
  PetscCall(PetscMalloc1(p->data.alternatives, &named));
  for (PetscInt a = 0; a < p->data.alternatives; a++) {
    if (!number[a]) continue;
    named[count] = a;
    number[a] = count++;
  }
  for (int64_t i = 0; i < p->data.count; i++) {
    p->data.first[i] = (int32_t)number[p->data.first[i]];
    p->data.second[i] = (int32_t)number[p->data.second[i]];
  }
  PetscCall(VecCreateSeq(PETSC_COMM_SELF, count, &p->reward));
  PetscCall(VecDuplicate(p->reward, &p->slope));
  PetscCall(ISCreateGeneral(PETSC_COMM_SELF, count, named, PETSC_COPY_VALUES, &from));
  PetscCall(VecScatterCreate(x, from, p->reward, NULL, &p->gather));
  PetscCall(ISDestroy(&from));
  PetscCall(PetscFree(named));
  PetscCall(PetscFree(number));
  PetscFunctionReturn(0);
}

static PetscErrorCode setup_tao(problem *p, const char *type, Vec x, Tao *tao) {
  PetscFunctionBeginUser;
  PetscCall(TaoCreate(PETSC_COMM_WORLD, tao));
  PetscCall(TaoSetType(*tao, type));
  PetscCall(TaoSetSolution(*tao, x));
  PetscCall(TaoSetObjectiveAndGradient(*tao, NULL, evaluate, p));
  PetscCall(TaoSetTolerances(*tao, 0, 0, 0));
  PetscCall(TaoSetMaximumIterations(*tao, 1000));
  PetscCall(TaoSetConvergenceTest(*tao, converged, p));
  PetscCall(PetscOptionsSetValue(NULL, "-tao_lmvm_mat_lmvm_hist_size", "10"));
  PetscCall(PetscOptionsSetValue(NULL, "-tao_blmvm_mat_lmvm_hist_size", "10"));
  PetscCall(TaoSetFromOptions(*tao));
  PetscFunctionReturn(0);
}

/* Rank 0 writes the rewards of all ranks. */
static PetscErrorCode write_rewards(Vec x, int rank, const char *path) {
  VecScatter all;
  Vec whole;
  const PetscScalar *reward;
  PetscInt count;
  PetscFunctionBeginUser;
  PetscCall(VecScatterCreateToZero(x, &all, &whole));
  PetscCall(VecScatterBegin(all, x, whole, INSERT_VALUES, SCATTER_FORWARD));
  PetscCall(VecScatterEnd(all, x, whole, INSERT_VALUES, SCATTER_FORWARD));
  PetscCall(VecGetLocalSize(whole, &count));
  PetscCall(VecGetArrayRead(whole, &reward));
  PetscCheck(rank > 0 || pairs_write_rewards(path, reward, (size_t)count), PETSC_COMM_SELF, PETSC_ERR_FILE_WRITE,
             "rewards not written");
  PetscCall(VecRestoreArrayRead(whole, &reward));
  PetscCall(VecDestroy(&whole));
  PetscCall(VecScatterDestroy(&all));
  PetscFunctionReturn(0);
}

static PetscErrorCode solve(problem *p, Tao tao) {
  double cpu_s[2], elapsed_s;
  PetscInt iterations;
  TaoConvergedReason reason;
  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
  elapsed_s = pairs_clock(CLOCK_MONOTONIC);
  cpu_s[0] = pairs_clock(CLOCK_PROCESS_CPUTIME_ID);
  PetscCall(TaoSolve(tao));
  cpu_s[0] = pairs_clock(CLOCK_PROCESS_CPUTIME_ID) - cpu_s[0];
  cpu_s[1] = p->evaluate_s;
  elapsed_s = pairs_clock(CLOCK_MONOTONIC) - elapsed_s;
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, cpu_s, 2, MPI_DOUBLE, MPI_SUM, PETSC_COMM_WORLD));
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &elapsed_s, 1, MPI_DOUBLE, MPI_MAX, PETSC_COMM_WORLD));
  PetscCall(TaoGetIterationNumber(tao, &iterations));
  PetscCall(TaoGetConvergedReason(tao, &reason));
  if (reason != TAO_CONVERGED_USER) {
    PetscCall(PetscFPrintf(PETSC_COMM_WORLD, stderr, "TAO ended with reason %d before the tolerance\n", (int)reason));
  }
  PetscCall(PetscPrintf(PETSC_COMM_WORLD, "%.9g %.9g %.9g %d %d\n", cpu_s[0], elapsed_s, cpu_s[1], (int)p->evaluations,
                        (int)iterations));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv) {
  problem p = {0};
  PetscMPIInt rank, size;
  Vec x;
  Tao tao;
  PetscFunctionBeginUser;
  PetscCall(PetscInitialize(&argc, &argv, NULL, NULL));
  PetscCheck(argc >= 6, PETSC_COMM_WORLD, PETSC_ERR_USER,
             "usage: tao_fit PAIRS REWARDS RIDGE TOLERANCE lmvm|blmvm [PETSC OPTIONS]");
  PetscCallMPI(MPI_Comm_rank(PETSC_COMM_WORLD, &rank));
  PetscCallMPI(MPI_Comm_size(PETSC_COMM_WORLD, &size));
  PetscCheck(pairs_read(argv[1], rank, size, &p.data), PETSC_COMM_SELF, PETSC_ERR_FILE_READ, "pairs not read");
  p.ridge = strtod(argv[3], NULL);
  p.tolerance = strtod(argv[4], NULL);
  PetscCall(VecCreateMPI(PETSC_COMM_WORLD, PETSC_DECIDE, (PetscInt)p.data.alternatives, &x));
  PetscCall(setup_gather(&p, x));
  PetscCall(setup_tao(&p, argv[5], x, &tao));
  PetscCall(solve(&p, tao));
  PetscCall(write_rewards(x, rank, argv[2]));
  PetscCall(TaoDestroy(&tao));
  PetscCall(VecScatterDestroy(&p.gather));
  PetscCall(VecDestroy(&p.reward));
  PetscCall(VecDestroy(&p.slope));
  PetscCall(VecDestroy(&x));
  pairs_free(&p.data);
  PetscCall(PetscFinalize());
  return 0;
}
