#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""crow on machines that are not here: the same sources under SimGrid's SMPI, on a described fat tree. By hand:

    CC=smpicc cmake -S . -B build-smpi -DCROW_SMPI=ON -DCROW_TESTS=OFF -DCROW_PLOTS=OFF && cmake --build build-smpi
    jobs/scaling/simulate.py build-smpi/crow --ranks 1024 --folder simulated

Needs libsimgrid-dev and libhdf5-dev. Every message is crow's own; only the work between messages is charged, at the rates
given here (README.md says what that leaves out). The simulation is deterministic: one run, no spread.
"""
import argparse
import csv
import json
import os
import subprocess

NODES, RANKS_PER_NODE = 1024, 4
PLATFORM = """<?xml version='1.0'?>
<!DOCTYPE platform SYSTEM "https://simgrid.org/simgrid.dtd">
<platform version="4.1">
  <!-- two levels of switches, 32 leaves of 32 nodes, full bisection; 100 Gbit/s, 0.5 us a hop -->
  <cluster id="fat_tree" prefix="node-" suffix="" radical="0-1023" speed="1Gf" core="4" bw="12.5GBps" lat="0.5us"
           topology="FAT_TREE" topo_parameters="2;32,32;1,32;1,1" loopback_bw="5GBps" loopback_lat="0.3us"/>
</platform>
"""
# Seconds of one thing (work_sample, work_slice, work_vector of a real run of `crow bench` on one rank).
SAMPLE, SLICE, VECTOR = 81e-6, 13.92e-9, 1.337e-9
SAMPLES_EACH, SAMPLES_DRAWN = 100000, 1024  # samples a rank stands for; that it really draws
SLICE_EACH, SLICE_HELD = 97656, 512  # alternatives a rank stands for (1e8 on 1024 ranks); that it really holds


def weights(ranks):
    charge = SAMPLE * SAMPLES_EACH / SAMPLES_DRAWN
    return ["weights", "--alternatives", "20000", "--dimensions", "4", "--nearest", "tree", "--contexts", "random",
            "--samples", str(SAMPLES_DRAWN * ranks), "--charge", "sample=%.6g" % charge]


def complete(ranks):
    factor = SLICE_EACH / SLICE_HELD
    return ["fit", "--graph", "complete", "--alternatives", str(SLICE_HELD * ranks), "--charge",
            "slice=%.6g,vector=%.6g" % (SLICE * factor, VECTOR * factor)]


KINDS = {"weights-weak": (weights, "weights", "time"), "complete-weak": (complete, "fit", "time")}


def simulate(program, folder, kind, ranks):
    arguments, benchmark, figure = KINDS[kind]
    out = os.path.join(folder, "%s-%d.json" % (kind, ranks))
    command = ["smpirun", "-np", str(ranks), "-platform", os.path.join(folder, "platform.xml"), "-hostfile",
               os.path.join(folder, "hosts"), "--cfg=smpi/simulate-computation:no", "--cfg=smpi/host-speed:1Gf",
               "--cfg=smpi/privatization:dlopen", "--log=root.thres:warning", program, "bench", *arguments(ranks),
               "--repetitions", "1", "--warm-up", "0", "--quiet", "--json", out]
    subprocess.run(command, check=True)
    with open(out) as file:
        found = next(b for b in json.load(file)["benchmarks"] if b["benchmark"] == benchmark)
    assert found["valid"], found["verdict"]
    return found["figures"][figure]["median"]


def main():
    parser = argparse.ArgumentParser(description="Simulates weak scaling of weights and of complete fits.")
    parser.add_argument("program", help="crow, built with CROW_SMPI")
    parser.add_argument("--ranks", type=int, default=1024, help="the most ranks")
    parser.add_argument("--folder", default="simulated", help="where tables go")
    options = parser.parse_args()
    os.makedirs(options.folder, exist_ok=True)
    with open(os.path.join(options.folder, "platform.xml"), "w") as file:
        file.write(PLATFORM)
    with open(os.path.join(options.folder, "hosts"), "w") as file:
        file.writelines("node-%d\n" % (k // RANKS_PER_NODE) for k in range(NODES * RANKS_PER_NODE))
    with open(os.path.join(options.folder, "simulated.csv"), "w") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow("kind ranks nodes median min max efficiency runs machine".split())
        for kind in KINDS:
            series, ranks = [], 1
            while ranks <= options.ranks:
                series.append({"ranks": ranks, "seconds": simulate(options.program, options.folder, kind, ranks)})
                s, nodes = series[-1]["seconds"], (ranks + RANKS_PER_NODE - 1) // RANKS_PER_NODE
                row = [kind, ranks, nodes, *["%.6g" % s] * 3, "%.4f" % (series[0]["seconds"] / s), 1, "SimGrid fat tree"]
                table.writerow(row)
                file.flush()
                print(*row, flush=True)
                ranks *= 4


if __name__ == "__main__":
    main()
