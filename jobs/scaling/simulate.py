#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""crow on machines that are not here: the same sources under SimGrid's SMPI, on a described fat tree.

    CC=smpicc cmake -S . -B build-smpi -DCROW_SMPI=ON -DCROW_TESTS=OFF -DCROW_PLOTS=OFF && cmake --build build-smpi
    jobs/scaling/simulate.py build/crow build-smpi/crow --folder simulated

Needs libsimgrid-dev and libhdf5-dev. First real runs with 1 and 2 ranks, whose rates are what the simulation charges for
work; the same runs simulated, for the error; then strong and weak scaling: tables and pictures in the folder. What the
folder already has is not run again. README.md says what is real, what is charged and what is left out.
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
ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}

# ---- the problems: what is stood for, what is held ---------------------------------------------------------------

SAMPLES_EACH, SAMPLES_DRAWN = 100000, 64  # weights, weak: samples that a rank stands for; that it really draws
SAMPLES_ALL, SAMPLES_ALL_DRAWN = 1 << 22, 1 << 18  # weights, strong
COMPLETE_EACH, COMPLETE_HELD = 97656, 512  # complete, weak: alternatives (1e8 on 1024 ranks); that it really holds
COMPLETE_ALL, COMPLETE_ALL_HELD = 10**8, 1 << 21  # complete, strong; ranks share blocks of 512
PAIRS_ALTERNATIVES, PAIRS_ALL = 10**6, 10**9  # pairs, strong: all alternatives are held, of the pairs
PAIRS_HELD = 32 * 10**6  # enough that a rank's pairs reach the same stretches of alternatives
# Slices, weak: 16 slices of 10^6 alternatives and 10^8 samples on 1024 ranks; the times of two numbers of samples that are
# really drawn give what a sample takes and what the run takes besides.
SLICES, SLICE, SLICE_HELD, GROUP_SAMPLES, GROUP_DRAWN = 16, 62500, 1250, 10**8 // 64, (2048, 4096)

# Contexts of 2 dimensions stand for 384: a search in them is soon done, and no message has contexts in it.
WEIGHTS = ["weights", "--alternatives", "20000", "--contexts", "random", "--seeds", "0", "--dimensions"]
FEW = ["2", "--nearest", "fused", "--samples"]
COMPLETE = ["fit", "--graph", "complete", "--alternatives"]
PAIRS = ["fit", "--alternatives"]


def charges(**kinds):
    return ["--charge", ",".join("%s=%.9g" % item for item in kinds.items())]


def weights_weak(rates, ranks):
    charge = charges(sample=rates["weights"]["sample"] * SAMPLES_EACH / SAMPLES_DRAWN)
    return WEIGHTS + FEW + [str(SAMPLES_DRAWN * ranks)] + charge


def weights_strong(rates, ranks):
    charge = charges(sample=rates["weights"]["sample"] * SAMPLES_ALL / SAMPLES_ALL_DRAWN)
    return WEIGHTS + FEW + [str(SAMPLES_ALL_DRAWN)] + charge


def weights_slices(rates, ranks, drawn):
    slices = min(ranks, SLICES)
    charge = charges(sample=rates["slice" if slices > 1 else "slices"]["sample"])
    return ["weights", "--alternatives", str(SLICE_HELD * slices), "--contexts", "random", "--seeds", "0", "--dimensions", *FEW,
            str(drawn * ranks // slices), "--grid", "%dx%d" % (ranks // slices, slices)] + charge


def complete(rates, held, stood_for):
    factor = stood_for / held
    rate = rates["complete"]
    return COMPLETE + [str(held)] + charges(slice=rate["slice"] * factor, vector=rate["vector"] * factor)


def complete_weak(rates, ranks):
    return complete(rates, COMPLETE_HELD * ranks, COMPLETE_EACH * ranks)


def complete_strong(rates, ranks):
    return complete(rates, COMPLETE_ALL_HELD, COMPLETE_ALL)


def pairs_strong(rates, ranks):
    rate = {**rates["pairs"], "pair": rates["pairs"]["pair"] * PAIRS_ALL / PAIRS_HELD}
    return PAIRS + [str(PAIRS_ALTERNATIVES), "--pairs", str(PAIRS_HELD)] + charges(**rate)


# The kinds of runs, and the ranks of each: with pairs, thousands of messages share the network at once, and on 512 ranks
# a simulation takes more than 20 minutes.
RANKS, RANKS_PAIRS = (1, 4, 16, 64, 256, 1024, 4096), (1, 4, 16, 64, 128, 256)
KINDS = {"weights-strong": weights_strong, "weights-weak": weights_weak, "slices-weak": weights_slices,
         "complete-strong": complete_strong, "complete-weak": complete_weak, "pairs-strong": pairs_strong}

# Real runs: with 1 rank and with 2, for the rates and for the simulation's error. Sizes by the number of ranks. The pairs
# are what one of 256 ranks has of 10^9, among as many alternatives as these concern.
REAL = {"weights": lambda ranks: WEIGHTS + ["384", "--samples", str(51200 * ranks)],
        "slices": lambda ranks: ["weights", "--alternatives", str(SLICE * ranks), "--contexts", "random", "--seeds", "0",
                                 "--dimensions", "384", "--samples", "51200", "--grid", "1x%d" % ranks],
        "complete": lambda ranks: COMPLETE + [str(COMPLETE_EACH * ranks)],
        "pairs": lambda ranks: PAIRS + ["168000", "--pairs", str(24 * 168000)]}

# ---- SimGrid ------------------------------------------------------------------------------------------------------

# SimGrid's own choice of algorithms would reduce over a flat tree; these are Open MPI's. But before a broadcast to some
# hundred ranks SimGrid finds out which of them share a node, by a message between any two ranks: half a minute's work on
# 1024 ranks, 16 times that on 4096. Open MPI has no such step; its broadcast is a binomial tree where messages are small.
SETTINGS = ["--cfg=smpi/simulate-computation:no", "--cfg=smpi/host-speed:1Gf", "--cfg=smpi/coll-selector:ompi",
            "--cfg=smpi/bcast:binomial_tree", "--cfg=smpi/privatization:dlopen", "--log=root.thres:warning"]
# Messages that end so soon one after another end together: the network's shares are found anew whenever one ends, and
# with pairs thousands are on their way.
PRECISION_S = {"pairs-strong": 1e-6}

# ---- runs ---------------------------------------------------------------------------------------------------------


def read(path):
    with open(path) as file:
        found = next(b for b in json.load(file)["benchmarks"] if b["benchmark"] != "machine")
    assert found["valid"], found["verdict"]
    return found


def run_real(program, folder, kind, ranks, at):
    out = os.path.join(folder, "real-%s-%d-run-%d.json" % (kind, ranks, at))
    if not os.path.exists(out):
        subprocess.run(["mpirun", "-n", str(ranks), program, "bench", *REAL[kind](ranks), "--repetitions", "1",
                        "--warm-up", "1", "--machine-seconds", "0.1", "--quiet", "--json", out],
                       check=True, env={**os.environ, **ENVIRONMENT})
    return read(out)["figures"]


def processor_s(figures):
    """Seconds of the processor that a rank took, the ranks' mean: other work on the machine disturbs them less."""
    value = {name: figure["median"] for name, figure in figures.items()}
    if "cpu_time_of_evaluation" in value:
        return value["cpu_time_of_evaluation"] * value["evaluations"]
    return 2e-9 * value["samples"] * value["alternatives"] * value["dimensions"] / value["rate_by_cpu_time"]


def run_all_real(options):
    """By kind and ranks the runs' figures, the fastest first. They take turns, so that what disturbs one disturbs all."""
    runs = {(kind, ranks): [] for kind in REAL for ranks in (1, 2)}
    for at in range(options.repetitions):
        for kind, ranks in runs:
            runs[kind, ranks].append(run_real(options.real, options.folder, kind, ranks, at))
    return {key: sorted(found, key=processor_s) for key, found in runs.items()}


def rates_of(figures):
    return {name[len("work_"):]: figures[name]["median"] * 1e-9 for name in figures if name.startswith("work_")}


def simulate(program, folder, name, ranks, arguments):
    out = os.path.join(folder, "%s-%d.json" % (name, ranks))
    if os.path.exists(out):
        return read(out)
    platform, hosts = os.path.join(folder, "platform.xml"), os.path.join(folder, "hosts")
    with open(platform, "w") as file:
        file.write(PLATFORM)
    with open(hosts, "w") as file:
        file.writelines("node-%d\n" % (k // RANKS_PER_NODE) for k in range(NODES * RANKS_PER_NODE))
    command = ["smpirun", "-np", str(ranks), "-platform", platform, "-hostfile", hosts, *SETTINGS,
               "--cfg=surf/precision:%g" % PRECISION_S.get(name, 1e-9), program, "bench", *arguments,
               "--repetitions", "1", "--warm-up", "0", "--quiet", "--json", out]
    subprocess.run(command, check=True, env={**os.environ, **ENVIRONMENT})
    return read(out)


def validate(options, rates, runs):
    """The fastest real runs against the same ones simulated, with what the fastest run of 1 rank took for each thing."""
    with open(os.path.join(options.folder, "validation.csv"), "w") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow("problem ranks runs least median greatest elapsed simulated error".split())
        for kind, ranks in runs:
            real = [processor_s(figures) for figures in runs[kind, ranks]]
            elapsed = min(figures["time"]["median"] for figures in runs[kind, ranks])
            rate = rates["slice" if kind == "slices" and ranks > 1 else kind]
            found = simulate(options.simulated, options.folder, "simulated-" + kind, ranks, REAL[kind](ranks) + charges(**rate))
            seconds = found["figures"]["time"]["median"]
            row = [kind, ranks, len(real), *["%.4g" % s for s in (real[0], real[len(real) // 2], real[-1], elapsed, seconds)],
                   "%+.1f%%" % (100 * (seconds / real[0] - 1))]
            table.writerow(row)
            print(*row, flush=True)


def simulated_seconds(options, rates, kind, ranks):
    def run(name, arguments):
        return simulate(options.simulated, options.folder, name, ranks, arguments)["figures"]["time"]["median"]

    if kind != "slices-weak":
        return run(kind, KINDS[kind](rates, ranks))
    few, more = (run("%s-%d" % (kind, drawn), weights_slices(rates, ranks, drawn)) for drawn in GROUP_DRAWN)
    each = (more - few) / (GROUP_DRAWN[1] - GROUP_DRAWN[0])
    return few + each * (GROUP_SAMPLES - GROUP_DRAWN[0])


def scale(options, rates):
    with open(os.path.join(options.folder, "simulated.csv"), "w") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow("kind ranks nodes seconds efficiency".split())
        for kind in options.only or KINDS:
            series = []
            for ranks in (r for r in (RANKS_PAIRS if kind == "pairs-strong" else RANKS) if r <= options.ranks):
                seconds, work = simulated_seconds(options, rates, kind, ranks), ranks if kind.endswith("weak") else 1
                series.append({"ranks": ranks, "work": work, "seconds": seconds})
                ideal = series[0]["seconds"] * work / ranks
                row = [kind, ranks, -(-ranks // RANKS_PER_NODE), "%.6g" % seconds, "%.4f" % (ideal / seconds)]
                table.writerow(row)
                file.flush()
                print(*row, flush=True)
            with open(os.path.join(options.folder, kind + ".json"), "w") as out:
                json.dump({"scaling": series}, out)


def draw(options):
    for name in ("strong", "weak"):
        drawn = [os.path.join(options.folder, kind + ".json") for kind in options.only or KINDS if kind.endswith(name)]
        if drawn:
            subprocess.run([options.real, "plot", *drawn, "--kind", "scaling", "--title", "Simulated %s scaling" % name,
                            "-o", os.path.join(options.folder, name + ".svg"), "--force", "--quiet"], check=True)


def main():
    parser = argparse.ArgumentParser(description="Real runs, their simulation, and simulated scaling.")
    parser.add_argument("real", help="crow, as usually built")
    parser.add_argument("simulated", help="crow, built with CROW_SMPI")
    parser.add_argument("--folder", default="simulated", help="where results, tables and pictures go")
    parser.add_argument("--ranks", type=int, default=4096, help="the most ranks: 4096 need 13 GB of memory, 1024 a quarter of it")
    parser.add_argument("--only", action="append", choices=KINDS, help="of the scaling, this; may be repeated")
    parser.add_argument("--repetitions", type=int, default=7, help="of real runs, the fastest of which counts")
    parser.add_argument("--real-only", action="store_true", help="stop after the real runs")
    options = parser.parse_args()
    options.real, options.simulated = os.path.abspath(options.real), os.path.abspath(options.simulated)
    os.makedirs(options.folder, exist_ok=True)
    runs = run_all_real(options)
    if options.real_only:
        return
    rates = {kind: rates_of(runs[kind, 1][0]) for kind in REAL}
    rates["slice"] = rates_of(runs["slices", 2][0])  # which makes the points themselves too
    for kind, rate in rates.items():
        print(kind, *("%s %.4g ns" % (name, seconds * 1e9) for name, seconds in rate.items()), flush=True)
    validate(options, rates, runs)
    scale(options, rates)
    draw(options)


if __name__ == "__main__":
    main()
