#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`crow bench io` beside `dd` with the same block size on the same disk, by hand:

    jobs/io/dd.py build/crow FOLDER [ROUNDS [MIB [RANKS ...]]]

For each number of ranks: crow writes a dataset of MIB MiB into FOLDER, all ranks into one HDF5 file, and reads it; as many
dd write and read the same bytes, each its share in a file of its own, with bs=16M, which is what a crow rank hands to HDF5 at
a time. Both begin without an older file, and both flush to the disk within the time that counts (dd: conv=fsync). Before
reading both ask the system to drop the file from the page cache (dd: iflag=nocache count=0). In every round each runs once,
dd first in every other; ratios are taken within a round. Printed: median [least, greatest] over the rounds, MB/s.
"""
import json
import os
import statistics
import subprocess
import sys
import time

BLOCK = 16 << 20  # as PIECE_BYTES in src/bench/io.c
DIMENSIONS = 384


def crow(program, folder, mib, ranks):
    out = os.path.join(folder, "crow-dd.json")
    subprocess.run(["mpirun", "-n", str(ranks), program, "bench", "io", "--folder", folder, "--dimensions", str(DIMENSIONS),
                    "--alternatives", str((mib << 20) // (4 * DIMENSIONS)), "--repetitions", "1", "--warm-up", "0",
                    "--quiet", "--json", out], check=True)
    with open(out) as file:
        report = next(b for b in json.load(file)["benchmarks"] if b["benchmark"] == "io")
    os.unlink(out)
    assert report["valid"], report["verdict"]
    return [report["figures"][name]["median"] for name in ("write_rate", "read_rate")]


def together(commands):
    start = time.monotonic()
    running = [subprocess.Popen(["dd", "status=none", *command]) for command in commands]
    assert all(p.wait() == 0 for p in running)
    return time.monotonic() - start


def dd(folder, mib, ranks):
    """MB/s written and read by as many processes as there are ranks, of whole blocks each."""
    files = [os.path.join(folder, "crow-dd-%d.bin" % k) for k in range(ranks)]
    blocks = max(1, (mib << 20) // BLOCK // ranks)
    seconds = [together(["if=/dev/zero", "of=" + f, "bs=%d" % BLOCK, "count=%d" % blocks, "conv=fsync"] for f in files)]
    together(["if=" + f, "iflag=nocache", "count=0"] for f in files)
    seconds.append(together(["if=" + f, "of=/dev/null", "bs=%d" % BLOCK] for f in files))
    for f in files:
        os.unlink(f)
    return [ranks * blocks * BLOCK / s / 1e6 for s in seconds]


def text(values):
    return "%.3g [%.3g, %.3g]" % (statistics.median(values), min(values), max(values))


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    program, folder = os.path.abspath(sys.argv[1]), sys.argv[2]
    rounds, mib = (int(sys.argv[k]) if len(sys.argv) > k else (5, 1024)[k - 3] for k in (3, 4))
    print("| ranks | | crow, MB/s | dd, MB/s | crow / dd |\n|---|---|---|---|---|")
    for ranks in map(int, sys.argv[5:] or ("1", "2")):
        ours, theirs = [], []
        for k in range(rounds):
            if k % 2:
                theirs.append(dd(folder, mib, ranks))
            ours.append(crow(program, folder, mib, ranks))
            if k % 2 == 0:
                theirs.append(dd(folder, mib, ranks))
        for which, name in enumerate(("written, with fsync", "read")):
            mine, other = [r[which] for r in ours], [r[which] for r in theirs]
            print("| %d | %s | %s | %s | %s |" % (ranks, name, text(mine), text(other),
                                                  text([a / b for a, b in zip(mine, other)])), flush=True)


if __name__ == "__main__":
    main()
