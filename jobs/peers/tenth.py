#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What draws by signs of blocks save: seconds x variance of independent samples over that of the draws, by hand:

    jobs/peers/tenth.py build/crow [ROUNDS]

In every round `crow weights` runs with each kind of draws, on one core, and says how many processor seconds its samples took:
drawing, searching, deciding again, counting ("sampling_cpu_s"). Variances are the sums of the squared standard errors
over that of independent samples, w (1 - w) / N (../evidence/standard_errors.py holds standard errors against the spread
over 200 seeds). Printed: medians over the rounds [least, greatest]. Needs NumPy and h5py.
"""
import json
import os
import statistics
import subprocess
import sys
import tempfile

import h5py
import numpy as np

random = np.random.default_rng(1)


def uneven():
    x = random.random((20000, 64))
    x[:, :2] *= 20
    return x


CASES = [("64, 100000, cube", 2, ["--space", "cube"], lambda: random.random((100000, 64))),
         ("128, 50000, cube", 5, ["--space", "cube"], lambda: random.random((50000, 128))),
         ("384, 20000, cube", 12, ["--space", "cube"], lambda: random.random((20000, 384))),
         ("384, 20000, sphere", 12, ["--space", "sphere", "--space-center", "none"], lambda: random.normal(size=(20000, 384))),
         ("768, 20000, cube", 15, ["--space", "cube"], lambda: random.random((20000, 768))),
         ("1536, 2000, cube", 20, ["--space", "cube"], lambda: random.random((2000, 1536))),
         ("64, 20000, box, two columns 20 times wider", 1, ["--space", "box"], uneven),
         ("64, 20000, gaussian, decaying spectrum", 1, ["--space", "gaussian"],
          lambda: random.normal(size=(20000, 64)) / np.arange(1, 65))]


def weights(program, folder, space, draws, samples, seed):
    """Processor seconds a sample, and the variance over that of independent samples."""
    out, summary = os.path.join(folder, "w.h5"), os.path.join(folder, "w.json")
    subprocess.run([program, "weights", os.path.join(folder, "d.h5"), "-o", out, "--force", "--quiet", "--json", summary, "--draws",
                    draws, "--samples", str(samples), "--seed", str(seed), *space], check=True, stderr=subprocess.DEVNULL)
    with open(summary) as file:
        seconds = json.load(file)["sampling_cpu_s"]
    with h5py.File(out) as file:
        w, error, n = file["/weights/value"][:], file["/weights/standard_error"][:], int(file.attrs["samples"])
    return seconds / n, (error ** 2).sum() / ((w * (1 - w)).sum() / n)


def three(values):
    return "%.3g [%.3g, %.3g]" % (statistics.median(values), min(values), max(values))


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    program, rounds = os.path.abspath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 5
    print("| d, m, space | independent, us a sample | auto, us a sample | variance | ratio of seconds x variance | wanted |\n"
          "|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name, wanted, space, make in CASES:
            contexts = make()
            with h5py.File(os.path.join(folder, "d.h5"), "w") as file:
                file.attrs["crow_kind"], file.attrs["crow_schema_version"] = "dataset", 1
                file["/alternatives/context"] = contexts.astype(np.float32)
                file["/comparisons/first"], file["/comparisons/second"] = np.array([0]), np.array([1])
                file["/comparisons/outcome"] = np.array([1.0])
            m, d = contexts.shape
            apart = max(4096, int(0.5e11 / (2 * m * d)) // 1024 * 1024)
            drawn = 600 * 2 * min(256, 1 << (int(d / 4).bit_length() - 1))
            rows = []
            for seed in range(1, rounds + 1):
                one, _ = weights(program, folder, space, "independent", apart, seed)
                other, variance = weights(program, folder, space, "auto", drawn, seed)
                rows.append((1e6 * one, 1e6 * other, variance, one / (other * variance)))
            print("| %s | %s | %s | %s | **%s** | %g |" % (name, *(three(column) for column in zip(*rows)), wanted), flush=True)


if __name__ == "__main__":
    main()
