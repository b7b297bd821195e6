#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How well `crow bench model` predicts `crow bench weights` and `crow bench fit`, by hand:

    jobs/scaling/model.py build/crow [weights|pairs|complete|all [RANKS ...]]

Each configuration is predicted from the model's own short measurements (among at most 131072 alternatives and 200000
compared ones, just before) and then measured: median [least, greatest] of five repetitions; fits to complete preferences of
five runs, since only the first in a process gets memory that was not used before, as `crow fit` does (a fifth of their time).
On one rank in processor time, which other work on the machine disturbs less; on more in elapsed time, which wants an idle
machine, since transfers and waiting are part of what is predicted. Printed last: how many of the predictions are within 20 %
of the median.
"""
import json
import os
import statistics
import subprocess
import sys
import tempfile

CONFIGURATIONS = {
    "weights": [(2000, 1500), (40000, 384), (10000, 128), (50000, 128), (200000, 64), (60000, 32), (100000, 16), (40000, 8),
                (100000, 3)],
    "pairs": [(2000, 400000), (20000, 1000000), (100000, 5000000), (400000, 8000000)],
    "complete": [(300000, 0), (1000000, 0), (4000000, 0)]}
ON_MORE_RANKS = {
    "weights": [(2000, 1500), (40000, 384), (100000, 16), (40000, 8)],
    "pairs": [(2000, 400000), (20000, 1000000), (100000, 5000000)],
    "complete": [(300000, 0), (4000000, 0)]}
REPEATED = ("--repetitions", 5, "--warm-up", 1)


def run(program, folder, ranks, *arguments):
    out = os.path.join(folder, "crow.json")
    launch = ["mpirun", "-n", str(ranks)] if ranks > 1 else []
    subprocess.run([*launch, program, "bench", *map(str, arguments), "--quiet", "--json", out], check=True)
    with open(out) as file:
        return json.load(file)


def benchmark(report, name):
    found = next(b for b in report["benchmarks"] if b["benchmark"] == name)
    assert found["valid"], found["verdict"]
    return found, found["figures"]


def three(figure, turn):
    """Median, least and greatest; of a rate they become those of a time."""
    values = [turn(figure[key]) for key in ("median", "least", "greatest")]
    return values[0], min(values), max(values)


def weights(program, folder, ranks, m, d):
    size = ("--alternatives", m, "--dimensions", d)
    found, f = benchmark(run(program, folder, ranks, "weights", "--contexts", "random", "--seeds", 0, "--seconds", 0.5, *size, *REPEATED),
                         "weights")
    n = f["samples"]["median"]
    if ranks == 1:
        measured = three(f["rate_by_cpu_time"], lambda rate: 2e6 * m * d / (rate * 1e9))
    else:
        measured = three(f["time"], lambda seconds: 1e6 * seconds / n)
    predicted = run(program, folder, ranks, "model", "--samples", int(n), *size)["predictions"][0]
    return ("weights by %s, m %d, d %d: us a sample" % (found["problem"].rsplit(" ", 1)[1], m, d),
            1e6 * predicted["weights_s"] / n, measured)


def fit(program, folder, ranks, m, q):
    size = ("--alternatives", m, "--pairs", q) if q else ("--alternatives", m, "--graph", "complete")
    repeated = [REPEATED] if q else 5 * [("--repetitions", 1, "--warm-up", 0, "--machine-seconds", 0.1)]
    found = [benchmark(run(program, folder, ranks, "fit", *size, *r), "fit")[1] for r in repeated]
    key, scale = ("cpu_time_of_evaluation", 1e3) if ranks == 1 else ("time", 1e3 / found[0]["evaluations"]["median"])
    if q:
        measured = three(found[0][key], lambda seconds: scale * seconds)
    else:
        values = [scale * f[key]["median"] for f in found]
        measured = statistics.median(values), min(values), max(values)
    predicted = run(program, folder, ranks, "model", "--dimensions", 4, *size)["predictions"][0]
    return ("an evaluation, m %d, %s: ms" % (m, "%d pairs" % q if q else "complete"), 1e3 * predicted["evaluation_s"], measured)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    program, what = os.path.abspath(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "all"
    within = count = 0
    print("| ranks | problem | predicted | measured | error |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for ranks in map(int, sys.argv[3:] or ("1", "2")):
            for kind, sizes in (CONFIGURATIONS if ranks == 1 else ON_MORE_RANKS).items():
                for size in sizes if what in (kind, "all") else ():
                    name, predicted, (median, least, greatest) = (weights if kind == "weights" else fit)(
                        program, folder, ranks, *size)
                    error = predicted / median - 1
                    count += 1
                    within += abs(error) <= 0.2
                    print("| %d | %s | %.3g | %.3g [%.3g, %.3g] | %+.0f %% |" % (
                        ranks, name, predicted, median, least, greatest, 100 * error), flush=True)
    print("%d of %d within 20 %%" % (within, count))


if __name__ == "__main__":
    main()
