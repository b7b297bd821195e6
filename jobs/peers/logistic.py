#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""crow's fit beside scikit-learn's logistic regression on the same comparisons and penalty, by hand:

    jobs/peers/logistic.py build/crow [ROUNDS [ALTERNATIVES COMPARISONS]]

The comparisons are random pairs with random outcomes, each a row of the regression's sparse design (+1, -1), without an
intercept. scikit-learn minimises C sum log-loss + |r|^2 / 2; crow, with --weights uniform --pair-weight count --pair-scale
literal, sum log-loss / m^2 + lambda |r|^2 / (2 m): the same for lambda = 1 / (C m). For each C, printed: median [least,
greatest] over the rounds of the processor seconds of the whole `crow fit` (starting, reading, fitting, writing) and of
scikit-learn's fit() alone, the certificate of both, and the largest difference of rewards between the optimum and crow with
--tolerance 1e-12, crow as timed and scikit-learn. The optimum is scikit-learn's newton-cg, run until it stands.
Debian packages: python3-h5py python3-sklearn.
"""
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
from sklearn.linear_model import LogisticRegression  # noqa: E402


def draw(m, q):
    rng = numpy.random.default_rng(1)
    x = rng.integers(0, m, q)
    y = (x + 1 + rng.integers(0, m - 1, q)) % m
    reward = rng.normal(size=m)
    return x, y, (rng.random(q) < expit(reward[x] - reward[y])).astype(float)


def crow_fit(program, folder, penalty, tolerance):
    out = os.path.join(folder, "rewards.h5")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([program, "fit", os.path.join(folder, "votes.h5"), "-o", out, "--force", "--quiet", "--weights", "uniform",
                    "--pair-weight", "count", "--pair-scale", "literal", "--lambda", repr(penalty), "--tolerance",
                    repr(tolerance)], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    with h5py.File(out) as file:
        return file["rewards/value"][:], after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


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

    print("| C | lambda | crow, s | scikit-learn, s | ratio | certificates | from the optimum: 1e-12, crow, scikit-learn |\n"
          "|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        with h5py.File(os.path.join(folder, "votes.h5"), "w") as file:
            file.attrs.update(crow_kind="dataset", crow_schema_version=1)
            file["alternatives/context"] = numpy.zeros((m, 1), numpy.float32)
            file["comparisons/first"], file["comparisons/second"], file["comparisons/outcome"] = x, y, won
        for c in (1.0, 10.0):
            ours, theirs = [], []
            for _ in range(rounds):
                r, seconds = crow_fit(program, folder, 1 / (c * m), 1e-8)
                ours.append(seconds)
                start = time.process_time()
                s = LogisticRegression(C=c, fit_intercept=False, solver="lbfgs", tol=1e-8, max_iter=1000).fit(design, won)
                theirs.append(time.process_time() - start)
            close = crow_fit(program, folder, 1 / (c * m), 1e-12)[0]
            s = s.coef_[0]
            best = LogisticRegression(C=c, fit_intercept=False, solver="newton-cg", tol=1e-11, max_iter=30).fit(design, won)
            away = [numpy.abs(v - best.coef_[0]).max() for v in (close, r, s)]
            print("| %g | %.0e | %s | %s | %s | %.1e, %.1e | %.1e, %.1e, %.1e |" % (
                c, 1 / (c * m), text(ours), text(theirs), text([b / a for a, b in zip(ours, theirs)]),
                certificate(r, c), certificate(s, c), *away), flush=True)


if __name__ == "__main__":
    main()
