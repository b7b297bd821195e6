#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Are the standard errors of the weights honest? Measured with crow's own commands.

    CROW=build/crow python3 jobs/evidence/standard_errors.py [--seeds 200] [--draws signs|independent]

For every space and spectrum: weights of many seeds at about 200 draws each, held against one run of 200 times as many
samples. Prints the mean of ((w - long run) / standard error)^2 over the weights that have 50 hits or more on average,
and the sum of (w - long run)^2 over that of the standard errors squared, over all weights. Both are to be about 1;
within .9 and 1.1 with 200 seeds. Needs NumPy and h5py. By hand: about ten minutes.
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


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--draws", default="signs")
    options = parser.parse_args()
    random = np.random.default_rng(1)
    flat, decay = random.normal(size=(M, D)), random.normal(size=(M, D)) / np.arange(1, D + 1)
    uneven = random.random((M, D))
    uneven[:, :2] *= 20
    cases = [("cube, uniform", random.random((M, D)), ["--space", "cube"]),
             ("box, two wide columns", uneven, ["--space", "box"]),
             ("sphere, flat", flat, ["--space", "sphere", "--space-center", "none"]),
             ("sphere, decaying", decay, ["--space", "sphere", "--space-center", "none"]),
             ("ball, flat", flat, ["--space", "ball"]),
             ("gaussian, flat", flat, ["--space", "gaussian"]),
             ("gaussian, decaying", decay, ["--space", "gaussian"])]
    with tempfile.TemporaryDirectory() as folder:
        for name, contexts, space in cases:
            write(folder, "d.h5", contexts)
            truth, _, _ = weights(folder, "d.h5", space, "independent", 200 * SAMPLES, 999999)
            squares, errors, ratios = np.zeros(M), np.zeros(M), np.zeros(M)
            for seed in range(1, options.seeds + 1):
                w, error, samples = weights(folder, "d.h5", space, options.draws, SAMPLES, seed)
                squares += (w - truth) ** 2
                errors += error ** 2
                ratios += np.divide((w - truth) ** 2, error ** 2, out=np.zeros(M), where=error > 0)
            often = truth * SAMPLES >= 50
            print(f"{name:24s} {options.draws}: mean square of (w - long run) / standard error "
                  f"{(ratios[often] / options.seeds).mean():.3f} ({often.sum()} weights), of sums {squares.sum() / errors.sum():.3f}",
                  flush=True)


if __name__ == "__main__":
    main()
