#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""crow's search for the nearest alternative beside FAISS, SciPy and scikit-learn, by hand:

    OPENBLAS_CORETYPE=SkylakeX jobs/peers/nearest.py build/crow [ROUNDS [M,D ...]]

One core, single precision, uniform random contexts and samples in the unit cube, the same m and d for all. In every
round each program runs once, one after the other, so that other work on the machine disturbs all alike; ratios are
taken within a round, in processor time. What is printed: median [least, greatest] over the rounds, in 1000 samples a
second of processor time. crow draws and counts its samples in that time; the others only search.
Debian packages: python3-faiss python3-scipy python3-sklearn.
"""
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ[name] = "1"

import numpy  # noqa: E402 - after the number of threads is set

try:
    import faiss
    faiss.omp_set_num_threads(1)
except ImportError:
    faiss = None
try:
    from scipy.spatial import cKDTree
except ImportError:
    cKDTree = None
try:
    from sklearn.neighbors import NearestNeighbors
except ImportError:
    NearestNeighbors = None

SHAPES = [(2000, 1500), (20000, 384), (100000, 64), (100000, 16), (10000, 8), (10000, 3), (1000, 2)]
SECONDS = 0.7


def timed(search, queries):
    start = time.process_time()
    search(queries)
    return len(queries) / (time.process_time() - start)


def peers(contexts):
    """Searches that are ready to go, and the number of queries that each takes for about SECONDS."""
    d = contexts.shape[1]
    found = {}
    if faiss:
        index = faiss.IndexFlatL2(d)
        index.add(contexts)
        found["FAISS"] = lambda q: index.search(q, 1)
    if cKDTree and d <= 16:
        tree = cKDTree(contexts)
        found["SciPy cKDTree"] = lambda q: tree.query(q)
    if NearestNeighbors:
        neighbours = NearestNeighbors(n_neighbors=1, algorithm="brute" if d > 16 else "kd_tree").fit(contexts)
        found["scikit-learn"] = lambda q: neighbours.kneighbors(q, return_distance=False)
    return found


def crow(program, m, d, folder):
    out = os.path.join(folder, "crow.json")
    command = [program, "bench", "weights", "--contexts", "random", "--alternatives", str(m), "--dimensions", str(d),
               "--seconds", str(SECONDS), "--repetitions", "1", "--warm-up", "0", "--seeds", "8", "--machine-seconds", "0.1", "--quiet",
               "--json", out]
    if d <= 2:
        command += ["--nearest", "tree"]  # else the cells themselves are taken, and no sample is searched
    subprocess.run(command, check=True)
    with open(out) as file:
        report = next(b for b in json.load(file)["benchmarks"] if b["benchmark"] == "weights")
    assert report["valid"], report["verdict"]
    figures = {name: figure["median"] for name, figure in report["figures"].items()}
    rate = figures["rate_by_cpu_time"] * 1e9 / (2 * figures["alternatives"] * figures["dimensions"])
    # Of draws by signs as many samples as give the same standard errors as independent ones.
    rate /= figures.get("variance_to_independent", 1)
    return rate, figures["share_of_sgemm_by_cpu_time"], report["problem"].rsplit(" ", 1)[1]


def text(values, digits=3):
    return "%.*g [%.*g, %.*g]" % (digits, statistics.median(values), digits, min(values), digits, max(values))


def main():
    program, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 7
    shapes = [tuple(int(n) for n in s.split(",")) for s in sys.argv[3:]] or SHAPES
    rng = numpy.random.default_rng(1)
    print("| m, d | peer | peer, 1000/s | crow, 1000/s | crow / peer | crow / sgemm | engine |\n|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for m, d in shapes:
            contexts = rng.random((m, d), dtype=numpy.float32)
            searches = peers(contexts)
            queries = {}
            for name, search in searches.items():
                rate = timed(search, rng.random((64, d), dtype=numpy.float32))
                for _ in range(2):
                    count = int(min(max(64, SECONDS * rate), 4e6))
                    queries[name] = rng.random((count, d), dtype=numpy.float32)
                    rate = timed(search, queries[name])
            mine, shares, engine = [], [], ""
            others = {name: [] for name in searches}
            for _ in range(rounds):
                rate, share, engine = crow(program, m, d, folder)
                mine.append(rate)
                shares.append(share)
                for name, search in searches.items():
                    others[name].append(timed(search, queries[name]))
            for name, rates in others.items():
                ratios = [a / b for a, b in zip(mine, rates)]
                print("| %d, %d | %s | %s | %s | %s | %s | %s |" % (
                    m, d, name, text([r / 1000 for r in rates]), text([r / 1000 for r in mine]), text(ratios),
                    text(shares), engine), flush=True)


if __name__ == "__main__":
    main()
