#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""crow's fit beside scikit-learn's logistic regression on the same comparisons and penalty, by hand:

    jobs/peers/logistic.py build/crow [ROUNDS [ALTERNATIVES COMPARISONS]]

The comparisons are random pairs with random outcomes, each a row of the regression's sparse design (+1, -1), without an
intercept. scikit-learn minimises C sum log-loss + |r|^2 / 2; crow, with --weights uniform --pair-weight count --pair-scale
literal, sum log-loss / m^2 + lambda |r|^2 / (2 m): the same for lambda = 1 / (C m). scikit-learn is run twice in every round:
as it is (tol 1e-8, but SciPy's default tolerance on the objective, 64 eps, ends it earlier), and to the same certificate as
crow's, 1e-8, with that tolerance set to 0. Printed for each C, median [least, greatest] over the rounds: seconds of the whole
`crow fit` (starting, reading, fitting, writing) and of its stage "fit", of scikit-learn's fit() alone, certificates, ratios
within a round, and the largest difference of rewards from the optimum, which is scikit-learn's newton-cg, run until it
stands. On one rank all is measured in processor time, on two in elapsed time, which wants an idle machine.
Debian packages: python3-h5py python3-sklearn.
"""
import contextlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ[name] = "1"

import h5py  # noqa: E402 - after the number of threads is set
import numpy  # noqa: E402
from scipy.sparse import csr_matrix  # noqa: E402
from scipy.special import expit  # noqa: E402
from sklearn.linear_model import LogisticRegression, _logistic  # noqa: E402

CERTIFICATE = 1e-8


def draw(m, q):
    rng = numpy.random.default_rng(1)
    x = rng.integers(0, m, q)
    y = (x + 1 + rng.integers(0, m - 1, q)) % m
    reward = rng.normal(size=m)
    return x, y, (rng.random(q) < expit(reward[x] - reward[y])).astype(float)


class Run:
    """Rewards; processor seconds; elapsed seconds; of crow both of its stage "fit"."""
    def __init__(self, rewards, cpu, elapsed, stage_cpu=None, stage=None):
        self.rewards, self.cpu, self.elapsed, self.stage_cpu, self.stage = rewards, cpu, elapsed, stage_cpu, stage


def crow_fit(program, folder, penalty, tolerance, ranks=1):
    out, summary = os.path.join(folder, "rewards.h5"), os.path.join(folder, "crow.json")
    launch = ["mpirun", "-n", str(ranks)] if ranks > 1 else []
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run([*launch, program, "fit", os.path.join(folder, "votes.h5"), "-o", out, "--force", "--quiet", "--weights",
                    "uniform", "--pair-weight", "count", "--pair-scale", "literal", "--lambda", repr(penalty), "--tolerance",
                    repr(tolerance), "--json", summary], check=True)
    elapsed, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    with open(summary) as file:
        stage = next(s for s in json.load(file)["stages"] if s["stage"] == "fit")
    with h5py.File(out) as file:
        return Run(file["rewards/value"][:], after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, elapsed,
                   stage["cpu_s"], stage["greatest_s"])


@contextlib.contextmanager
def gradient_alone():
    """Within it SciPy's L-BFGS, as scikit-learn calls it, is stopped by the gradient alone."""
    minimize = _logistic.optimize.minimize

    def wrapped(*arguments, **named):
        return minimize(*arguments, **{**named, "options": {**named["options"], "ftol": 0}})
    _logistic.optimize.minimize = wrapped
    try:
        yield
    finally:
        _logistic.optimize.minimize = minimize


def sklearn_fit(design, won, c, tolerance):
    cpu, start = time.process_time(), time.monotonic()
    fitted = LogisticRegression(C=c, fit_intercept=False, solver="lbfgs", tol=tolerance, max_iter=10000).fit(design, won)
    return Run(fitted.coef_[0], time.process_time() - cpu, time.monotonic() - start)


def text(values):
    return "%.3g [%.3g, %.3g]" % (statistics.median(values), min(values), max(values))


def main():
    warnings.filterwarnings("ignore")  # newton-cg says when it can do no better
    program, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 3
    m, q = (int(sys.argv[3]), int(sys.argv[4])) if len(sys.argv) > 4 else (100000, 1000000)
    x, y, won = draw(m, q)
    columns = numpy.stack([x, y], 1).ravel()
    design = csr_matrix((numpy.tile([1.0, -1.0], q), (numpy.repeat(numpy.arange(q), 2), columns)), (q, m))

    def certificate(r, c):
        return numpy.abs(design.T @ (expit(design @ r) - won) + r / c).max() / m

    tables = [["| C | lambda | crow, command, s | crow, fit, s | scikit-learn, s | to 1e-8, s | / crow's command | / crow's fit | "
               "certificates: crow, scikit-learn, to 1e-8 | from the optimum: crow at 1e-12, crow, scikit-learn, to 1e-8 |",
               "|---|---|---|---|---|---|---|---|---|---|"],
              ["| C | crow on 2 ranks, command, s | fit, s | scikit-learn to 1e-8 / crow's command | / crow's fit |",
               "|---|---|---|---|---|"]]
    with tempfile.TemporaryDirectory() as folder:
        with h5py.File(os.path.join(folder, "votes.h5"), "w") as file:
            file.attrs.update(crow_kind="dataset", crow_schema_version=1)
            file["alternatives/context"] = numpy.zeros((m, 1), numpy.float32)
            file["comparisons/first"], file["comparisons/second"], file["comparisons/outcome"] = x, y, won
        for c in (1.0, 10.0, 100.0):
            one, two, plain, exact = [], [], [], []
            for _ in range(rounds):
                one.append(crow_fit(program, folder, 1 / (c * m), CERTIFICATE))
                plain.append(sklearn_fit(design, won, c, 1e-8))
                with gradient_alone():
                    exact.append(sklearn_fit(design, won, c, CERTIFICATE * m))
                two.append(crow_fit(program, folder, 1 / (c * m), CERTIFICATE, 2))
            close = crow_fit(program, folder, 1 / (c * m), 1e-12).rewards
            best = LogisticRegression(C=c, fit_intercept=False, solver="newton-cg", tol=1e-11, max_iter=30).fit(design, won)
            last = [runs[-1].rewards for runs in (one, plain, exact)]
            tables[0].append("| %g | %.0e | %s | %s | %s | %s | %s | %s | %s | %s |" % (
                c, 1 / (c * m), text([r.cpu for r in one]), text([r.stage_cpu for r in one]), text([r.cpu for r in plain]),
                text([r.cpu for r in exact]), text([b.cpu / a.cpu for a, b in zip(one, exact)]),
                text([b.cpu / a.stage_cpu for a, b in zip(one, exact)]),
                ", ".join("%.1e" % certificate(r, c) for r in last),
                ", ".join("%.1e" % numpy.abs(r - best.coef_[0]).max() for r in [close, *last])))
            tables[1].append("| %g | %s | %s | %s | %s |" % (
                c, text([r.elapsed for r in two]), text([r.stage for r in two]),
                text([b.elapsed / a.elapsed for a, b in zip(two, exact)]),
                text([b.elapsed / a.stage for a, b in zip(two, exact)])))
    print("\n\n".join("\n".join(table) for table in tables))


if __name__ == "__main__":
    main()
