#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Are the standard errors of the weights honest? Measured with crow's own commands.

    CROW=build/crow python3 jobs/evidence/standard_errors.py [--seeds 200] [--draws signs|independent|auto]

For every space and spectrum: weights of many seeds at 200 draws each (2000 in the box with two wide columns, where draws
by signs come in clumps), held against one run of 200 times as many
independent samples. Prints the mean of ((w - long run) / standard error)^2 over the weights that are known to 1 in 7 or
better (as from 50 independent hits), and the sum of (w - long run)^2 over that of the standard errors squared, over all
weights. Both are to be about 1; within .9 and 1.1 with 200 seeds. Beside them the variance in units of that of as many
independent samples. The list of weights is by precision and not by hits, since hits that come in clumps of 8, as block signs
give them where two coordinates decide everything, are an eighth of the evidence. Needs NumPy and h5py. By hand: about
ten minutes.
"""
import argparse
import os
import subprocess
import sys
import tempfile

import h5py
import numpy as np

CROW = os.path.abspath(os.environ.get("CROW", "build/crow"))
M, D, BLOCKS = 100, 64, 16
SAMPLES = 200 * 2 * BLOCKS


def weights(folder, name, space, draws, samples, seed):
    path = os.path.join(folder, "w.h5")
    done = subprocess.run([CROW, "weights", os.path.join(folder, name), "-o", path, "--force", "--draws", draws, "--samples",
                           str(samples), "--seed", str(seed)] + space, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    with h5py.File(path) as file:
        return file["/weights/value"][:], file["/weights/standard_error"][:], file.attrs["samples"]


def write(folder, name, contexts):
    with h5py.File(os.path.join(folder, name), "w") as file:
        file.attrs["crow_kind"], file.attrs["crow_schema_version"] = "dataset", 1
        file["/alternatives/context"] = contexts
        file["/comparisons/first"], file["/comparisons/second"] = np.array([0]), np.array([1])
        file["/comparisons/outcome"] = np.array([1.0])


def cases():
    random = np.random.default_rng(1)
    flat, decay = random.normal(size=(M, D)), random.normal(size=(M, D)) / np.arange(1, D + 1)
    cube, uneven = random.random((M, D)), random.random((M, D))
    uneven[:, :2] *= 20
    common = random.normal(size=(M, D)) + 2 * random.normal(size=D)
    common /= np.linalg.norm(common, axis=1)[:, None]
    sphere = ["--space", "sphere", "--space-center"]
    return [("cube, uniform", cube, ["--space", "cube"]),
            ("box, uniform", cube, ["--space", "box"]),
            ("box, two wide columns", uneven, ["--space", "box"]),
            ("box, two wide columns, 2000 draws", uneven, ["--space", "box"]),
            ("sphere, flat", flat, sphere + ["none"]),
            ("sphere, decaying", decay, sphere + ["none"]),
            ("sphere about the weighted mean", common, sphere + ["weighted"]),
            ("ball, flat", flat, ["--space", "ball"]),
            ("ball, decaying", decay, ["--space", "ball"]),
            ("gaussian, flat", flat, ["--space", "gaussian"]),
            ("gaussian, decaying", decay, ["--space", "gaussian"])]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--draws", default="signs")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    options = parser.parse_args()
    print(f"| {options.draws} | weights | mean square of (w - long run) / standard error | of sums | variance |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name, contexts, space in cases():
            if options.only not in name:
                continue
            many = SAMPLES * (10 if "2000" in name else 1)
            write(folder, "d.h5", contexts)
            truth, _, _ = weights(folder, "d.h5", space, "independent", 200 * many, 999999)
            squares, errors, ratios = np.zeros(M), np.zeros(M), np.zeros(M)
            for seed in range(1, options.seeds + 1):
                w, error, samples = weights(folder, "d.h5", space, options.draws, many, seed)
                squares += (w - truth) ** 2
                errors += error ** 2
                ratios += np.divide((w - truth) ** 2, error ** 2, out=np.zeros(M), where=error > 0)
            known = truth ** 2 >= 50 * errors / options.seeds
            print(f"| {name} | {known.sum()} of {M} | {(ratios[known] / options.seeds).mean() if known.any() else float('nan'):.3f} | {squares.sum() / errors.sum():.3f} "
                  f"| {squares.sum() / options.seeds / ((truth * (1 - truth)).sum() / samples):.2f} |", flush=True)


if __name__ == "__main__":
    main()
