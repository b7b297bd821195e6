#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How well `crow bench model` predicts `crow bench weights` and `crow bench fit`, by hand:

    OPENBLAS_CORETYPE=SkylakeX jobs/scaling/model.py build/crow

One rank, processor time, which other work on the machine disturbs less. Each configuration is predicted from the model's
own short measurements (among at most 131072 alternatives and 200000 compared ones) and then measured: the median of
three repetitions.
"""
import json
import os
import subprocess
import sys
import tempfile

WEIGHTS = [(2000, 1500), (40000, 384), (10000, 128), (50000, 128), (200000, 64), (60000, 32), (100000, 16), (40000, 8),
           (100000, 3)]
PAIRS = [(2000, 400000), (20000, 1000000), (100000, 5000000), (400000, 8000000)]
COMPLETE = [1000000, 4000000]


def run(program, folder, *arguments):
    out = os.path.join(folder, "crow.json")
    subprocess.run([program, "bench", *map(str, arguments), "--quiet", "--json", out], check=True)
    with open(out) as file:
        return json.load(file)


def figures(report, name):
    found = next(b for b in report["benchmarks"] if b["benchmark"] == name)
    assert found["valid"], found["verdict"]
    return {key: figure["median"] for key, figure in found["figures"].items()}


def show(what, predicted, measured):
    print("| %s | %.3g | %.3g | %+.0f %% |" % (what, predicted, measured, 100 * (predicted / measured - 1)), flush=True)


def main():
    program = sys.argv[1]
    repeated = ("--repetitions", 3, "--warm-up", 1)
    print("| problem | predicted | measured | error |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for m, d in WEIGHTS:
            size = ("--alternatives", m, "--dimensions", d)
            f = figures(run(program, folder, "weights", "--contexts", "random", "--seconds", 0.7, *size, *repeated),
                        "weights")
            measured = 2 * f["alternatives"] * d * f["samples"] / (f["rate_by_cpu_time"] * 1e9)
            predicted = run(program, folder, "model", "--samples", int(f["samples"]), *size)["predictions"][0]
            show("weights, m %d, d %d: us a sample" % (m, d), 1e6 * predicted["weights_s"] / f["samples"],
                 1e6 * measured / f["samples"])
        for m, q in PAIRS + [(m, 0) for m in COMPLETE]:
            size = ("--alternatives", m, "--pairs", q) if q else ("--alternatives", m, "--graph", "complete")
            f = figures(run(program, folder, "fit", *size, *repeated), "fit")
            predicted = run(program, folder, "model", "--dimensions", 4, *size)["predictions"][0]
            show("an evaluation, m %d, %s: ms" % (m, "%d pairs" % q if q else "complete"),
                 1e3 * predicted["evaluation_s"], 1e3 * f["cpu_time_of_evaluation"])


if __name__ == "__main__":
    main()
