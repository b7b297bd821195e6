#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""crow's fit of observed pairs beside SciPy's and scikit-learn's L-BFGS, by hand:

    jobs/peers/fit.py build/crow [ROUNDS [ALTERNATIVES PAIRS]]

One core, equal weights, the same random pairs and outcomes, lambda 0.01, the same objective (Eq. 2, pairs normalised).
SciPy minimises it with NumPy's vectorised sums; scikit-learn fits the logistic regression that it is (sparse design,
sample weights, no intercept). In every round each program runs once. Printed: median [least, greatest] over the rounds of
the processor seconds of the fit, and how far each objective is above the least of all. crow's is the fit of `crow fit`
with gathering the pairs and writing the result; its file is made beforehand.
Debian packages: python3-h5py python3-scipy python3-sklearn.
"""
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ[name] = "1"

import h5py  # noqa: E402 - after the number of threads is set
import numpy  # noqa: E402
from scipy.optimize import minimize  # noqa: E402
from scipy.sparse import csr_matrix  # noqa: E402
from scipy.special import expit  # noqa: E402

LAMBDA = 0.01


class Problem:
    def __init__(self, m, q):
        rng = numpy.random.default_rng(1)
        keys = numpy.unique(rng.integers(0, m * m, 3 * q + 1000))
        x, y = keys // m, keys % m
        keep = numpy.flatnonzero(x < y)
        keep = numpy.sort(rng.choice(keep, q, replace=False))
        self.m, self.q, self.x, self.y = m, q, x[keep], y[keep]
        reward = rng.normal(size=m)
        self.p = (rng.random(q) < expit(reward[self.x] - reward[self.y])).astype(float)
        self.scale = (1 - 1 / m) / (2 * q)  # of a pair's term: s w w

    def evaluate(self, r):
        d = r[self.x] - r[self.y]
        f = self.scale * numpy.sum(numpy.logaddexp(0, d) - self.p * d) + LAMBDA / 2 * numpy.dot(r, r) / self.m
        g = self.scale * (expit(d) - self.p)
        gradient = numpy.bincount(self.x, g, self.m) - numpy.bincount(self.y, g, self.m) + LAMBDA * r / self.m
        return f, gradient

    def write(self, path):
        with h5py.File(path, "w") as file:
            file.attrs.update(crow_kind="dataset", crow_schema_version=1)
            file["alternatives/context"] = numpy.zeros((self.m, 1), numpy.float32)
            file["comparisons/first"], file["comparisons/second"] = self.x, self.y
            file["comparisons/outcome"] = self.p


def scipy_fit(problem):
    # Scaled by m, so that its tolerance on the gradient means what crow's means.
    def scaled(r):
        f, g = problem.evaluate(r)
        return problem.m * f, problem.m * g
    return minimize(scaled, numpy.zeros(problem.m), jac=True, method="L-BFGS-B",
                    options={"gtol": 1e-8, "ftol": 0, "maxiter": 1000, "maxcor": 10}).x


def sklearn_fit(problem):
    from sklearn.linear_model import LogisticRegression
    q = problem.q
    rows = numpy.repeat(numpy.arange(q), 2)
    columns = numpy.stack([problem.x, problem.y], 1).ravel()
    design = csr_matrix((numpy.tile([1.0, -1.0], q), (rows, columns)), (q, problem.m))
    # Its objective is C sum log-loss + |r|^2 / 2.
    c = problem.scale * problem.m / LAMBDA
    model = LogisticRegression(C=c, fit_intercept=False, solver="lbfgs", tol=1e-8 / LAMBDA, max_iter=1000)
    return model.fit(design, problem.p).coef_[0]


def crow_fit(program, folder):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    out = os.path.join(folder, "rewards.h5")
    subprocess.run([program, "fit", os.path.join(folder, "votes.h5"), "--weights", "uniform", "--lambda", str(LAMBDA),
                    "-o", out, "--force", "--quiet"], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    with h5py.File(out) as file:
        return file["rewards/value"][:], after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def timed(fit, problem):
    start = time.process_time()
    r = fit(problem)
    return r, time.process_time() - start


def text(values):
    return "%.3g [%.3g, %.3g]" % (statistics.median(values), min(values), max(values))


def main():
    program, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 5
    m, q = (int(sys.argv[3]), int(sys.argv[4])) if len(sys.argv) > 4 else (20000, 1000000)
    problem = Problem(m, q)
    names = ("crow", "SciPy", "scikit-learn")
    seconds, value = {n: [] for n in names}, {}
    with tempfile.TemporaryDirectory() as folder:
        problem.write(os.path.join(folder, "votes.h5"))
        for _ in range(rounds):
            r, s = crow_fit(program, folder)
            seconds["crow"].append(s)
            value["crow"] = problem.evaluate(r)[0]
            for name, fit in (("SciPy", scipy_fit), ("scikit-learn", sklearn_fit)):
                r, s = timed(fit, problem)
                seconds[name].append(s)
                value[name] = problem.evaluate(r)[0]
    print("| m, pairs | program | seconds | peer / crow | objective above the least |\n|---|---|---|---|---|")
    for name in names:
        ratios = [a / b for a, b in zip(seconds[name], seconds["crow"])]
        print("| %d, %d | %s | %s | %s | %.1e |" % (m, q, name, text(seconds[name]), text(ratios),
                                                 value[name] - min(value.values())))


if __name__ == "__main__":
    main()
