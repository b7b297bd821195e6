#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""crow's fit of observed pairs beside the L-BFGS of liblbfgs, PETSc/TAO, PyTorch and SciPy, by hand:

    jobs/peers/optimisers.py build/crow [ROUNDS [ALTERNATIVES PAIRS]]

All read the same pairs (numbers of judgements 1 to 5, shares won from Bradley-Terry), keep 10 pairs of steps and gradients,
start from 0 and stop when the largest derivative of

    h(r) = sum over pairs of n (log(1 + exp(d)) - p d) + ridge/2 |r|^2,    d = r[first] - r[second],

is at most 1e-4. That is m^2 times what crow fit minimises with --weights uniform --pair-scale literal --pair-weight count
--lambda ridge/m, so crow's tolerance is 1e-4/m. The C programs beside this file are built first, into a temporary folder.
In every round each program runs once. Printed: median [least, greatest] over the rounds. Then NumPy, apart from all of
them, evaluates the largest derivative at each one's rewards, and the largest difference from a fit of crow's that goes on
to the rounding floor is shown.
Debian packages: liblbfgs-dev petsc-dev python3-torch python3-h5py python3-scipy.
"""
import json
import os
import resource
import shlex
import statistics
import subprocess
import sys
import tempfile
import time

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ[name] = "1"

import h5py  # noqa: E402 - after the number of threads is set
import numpy  # noqa: E402
import torch  # noqa: E402
from scipy.optimize import minimize  # noqa: E402
from scipy.special import expit  # noqa: E402

RIDGE, TOLERANCE, HISTORY = 0.1, 1e-4, 10
HERE = os.path.dirname(os.path.abspath(__file__))
COMPILE = ("mpicc -O3 -march=native -ffast-math -std=gnu11 -Wall -Wextra -Wshadow -Wstrict-prototypes "
           "-Wmissing-prototypes -Werror {cflags} {source} -o {program} {libraries} -lm")


class Problem:
    def __init__(self, m, q, folder):
        rng = numpy.random.default_rng(1)
        keys = numpy.unique(rng.integers(0, m * m, 3 * q + 1000))
        x, y = keys // m, keys % m
        keep = numpy.flatnonzero(x < y)
        keep = numpy.sort(rng.choice(keep, q, replace=False))
        self.m, self.q, self.x, self.y = m, q, x[keep], y[keep]
        self.n = rng.integers(1, 6, q)
        reward = rng.normal(size=m)
        self.p = rng.binomial(self.n, expit(reward[self.x] - reward[self.y])) / self.n
        self.folder = folder
        self.dataset, self.pairs = os.path.join(folder, "votes.h5"), os.path.join(folder, "pairs")
        self.write()

    def write(self):
        with h5py.File(self.dataset, "w") as file:
            file.attrs.update(crow_kind="dataset", crow_schema_version=1)
            file["alternatives/context"] = numpy.zeros((self.m, 1), numpy.float32)
            file["comparisons/first"], file["comparisons/second"] = self.x, self.y
            file["comparisons/outcome"], file["comparisons/count"] = self.p, self.n
        with open(self.pairs, "wb") as file:
            numpy.array([self.m, self.q], numpy.int64).tofile(file)
            for values, kind in ((self.x, numpy.int32), (self.y, numpy.int32), (self.n, float), (self.p, float)):
                values.astype(kind).tofile(file)

    def evaluate(self, r):
        d = r[self.x] - r[self.y]
        h = numpy.sum(self.n * (numpy.logaddexp(0, d) - self.p * d)) + RIDGE / 2 * numpy.dot(r, r)
        slope = self.n * (expit(d) - self.p)
        return h, numpy.bincount(self.x, slope, self.m) - numpy.bincount(self.y, slope, self.m) + RIDGE * r


class Run:
    """One fit: rewards; processor seconds over all ranks, of which in evaluations; elapsed seconds; evaluations."""
    def __init__(self, rewards, cpu, elapsed, evaluate, evaluations):
        self.rewards, self.cpu, self.elapsed = rewards, cpu, elapsed
        self.evaluate, self.evaluations = evaluate, evaluations


class Clocked:
    """A function of the objective that counts its calls and their processor seconds."""
    def __init__(self, function):
        self.function, self.seconds, self.calls = function, 0, 0

    def __call__(self, *arguments):
        start = time.process_time()
        result = self.function(*arguments)
        self.seconds += time.process_time() - start
        self.calls += 1
        return result


def clocked_fit(fit, function):
    function = Clocked(function)
    cpu, elapsed = time.process_time(), time.monotonic()
    rewards = fit(function)
    cpu, elapsed = time.process_time() - cpu, time.monotonic() - elapsed
    return Run(rewards, cpu, elapsed, function.seconds, function.calls)


def scipy_fit(problem):
    # ftol 0: only the derivative stops it.
    return clocked_fit(lambda h: minimize(h, numpy.zeros(problem.m), jac=True, method="L-BFGS-B",
                                          options={"gtol": TOLERANCE, "ftol": 0, "maxiter": 1000, "maxcor": HISTORY}).x,
                       problem.evaluate)


def torch_fit(problem):
    x, y = torch.from_numpy(problem.x), torch.from_numpy(problem.y)
    n, p = torch.from_numpy(problem.n.astype(float)), torch.from_numpy(problem.p)
    r = torch.zeros(problem.m, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([r], max_iter=1000, tolerance_grad=TOLERANCE, tolerance_change=0,
                                  history_size=HISTORY, line_search_fn="strong_wolfe")

    def closure():
        optimiser.zero_grad()
        d = r[x] - r[y]
        h = torch.nn.functional.binary_cross_entropy_with_logits(d, p, n, reduction="sum") + RIDGE / 2 * r.dot(r)
        h.backward()
        return h

    def fit(h):
        optimiser.step(h)
        return r.detach().numpy()
    return clocked_fit(fit, closure)


def crow_command(program, problem, out, tolerance, *more):
    return [program, "fit", problem.dataset, "--weights", "uniform", "--pair-scale", "literal", "--pair-weight", "count",
            "--lambda", repr(RIDGE / problem.m), "--tolerance", repr(tolerance), "--history", str(HISTORY),
            "-o", out, "--force", "--quiet", *more]


def children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def crow_fit(program, problem, ranks):
    """The fit alone: what the command takes less what it takes when it stops after its first evaluation, and that one."""
    out, summary = os.path.join(problem.folder, "rewards.h5"), os.path.join(problem.folder, "crow.json")
    launch = ["mpirun", "-n", str(ranks)] if ranks > 1 else []
    cpu, elapsed = [], []
    for more, expected in ((["--max-iterations", "0"], 5), ([], 0)):
        before = children()
        command = launch + crow_command(program, problem, out, TOLERANCE / problem.m, "--json", summary, *more)
        code = subprocess.run(command, stderr=subprocess.DEVNULL).returncode
        cpu.append(children() - before)
        assert code == expected, "crow fit ended with exit code %d" % code
        with open(summary) as file:
            told = json.load(file)
        elapsed.append(next(s["greatest_s"] for s in told["stages"] if s["stage"] == "fit"))
    evaluations = told["evaluations"]
    first = evaluations / (evaluations - 1)
    cpu, elapsed = first * (cpu[1] - cpu[0]), first * (elapsed[1] - elapsed[0])
    with h5py.File(out) as file:
        return Run(file["rewards/value"][:], cpu, elapsed, cpu, evaluations)


def reference(program, problem):
    out = os.path.join(problem.folder, "reference.h5")
    subprocess.run(crow_command(program, problem, out, 0.0), stderr=subprocess.DEVNULL)  # cannot reach 0: exit code 5
    with h5py.File(out) as file:
        return file["rewards/value"][:]


def build(folder, name, libraries, package=None):
    program = os.path.join(folder, name)
    cflags = ""
    if package:
        cflags, libraries = (subprocess.check_output(["pkg-config", what, package], text=True)
                             for what in ("--cflags", "--libs"))
    subprocess.run(shlex.split(COMPILE.format(source=os.path.join(HERE, name + ".c"), program=program, cflags=cflags,
                                              libraries=libraries)), check=True)
    return program


def c_fit(problem, command, *last):
    out = os.path.join(problem.folder, "rewards")
    printed = subprocess.check_output(command + [problem.pairs, out, repr(RIDGE), repr(TOLERANCE), *last], text=True)
    cpu, elapsed, evaluate, evaluations, _ = map(float, printed.split())
    return Run(numpy.fromfile(out), cpu, elapsed, evaluate, int(evaluations))


def programs(crow, problem):
    """Name, ranks, how to run."""
    lbfgs = build(problem.folder, "liblbfgs_fit", "-llbfgs")
    tao = build(problem.folder, "tao_fit", "", "petsc")
    yield "crow", 1, lambda: crow_fit(crow, problem, 1)
    yield "liblbfgs", 1, lambda: c_fit(problem, [lbfgs])
    yield "TAO lmvm", 1, lambda: c_fit(problem, [tao], "lmvm")
    yield "TAO blmvm", 1, lambda: c_fit(problem, [tao], "blmvm")
    yield "PyTorch", 1, lambda: torch_fit(problem)
    yield "SciPy", 1, lambda: scipy_fit(problem)
    yield "crow", 2, lambda: crow_fit(crow, problem, 2)
    yield "TAO lmvm", 2, lambda: c_fit(problem, ["mpirun", "-n", "2", tao], "lmvm")
    yield "TAO blmvm", 2, lambda: c_fit(problem, ["mpirun", "-n", "2", tao], "blmvm")


def text(values):
    return "%.3g [%.3g, %.3g]" % (statistics.median(values), min(values), max(values))


def show(problem, runs, best):
    print("| program, ranks | processor s | elapsed s | processor s / crow's | evaluations | 10^6 pairs/s | "
          "largest derivative | largest difference of rewards |\n|---|---|---|---|---|---|---|---|")
    for (name, ranks), own in runs.items():
        ratios = [a.cpu / b.cpu for a, b in zip(own, runs["crow", ranks])]
        last = own[-1]
        print("| %s, %d | %s | %s | %s | %d | %s | %.1e | %.1e |" % (
            name, ranks, text([r.cpu for r in own]), text([r.elapsed for r in own]), text(ratios), last.evaluations,
            text([1e-6 * problem.q * r.evaluations / r.evaluate for r in own]),
            abs(problem.evaluate(last.rewards)[1]).max(), abs(last.rewards - best).max()))


def main():
    if len(sys.argv) not in (2, 3, 5):
        sys.exit(__doc__)
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    m, q = (int(sys.argv[3]), int(sys.argv[4])) if len(sys.argv) > 4 else (100000, 1000000)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        problem = Problem(m, q, folder)
        all_programs, runs = list(programs(os.path.abspath(sys.argv[1]), problem)), {}
        for _ in range(rounds):
            for name, ranks, run in all_programs:
                runs.setdefault((name, ranks), []).append(run())
        best = reference(os.path.abspath(sys.argv[1]), problem)
        print("m = %d, %d pairs, %d rounds" % (m, q, rounds))
        show(problem, runs, best)


if __name__ == "__main__":
    main()
