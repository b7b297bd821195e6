# SPDX-License-Identifier: Apache-2.0
"""Kills runs (SIGKILL to one rank, or to all) at random times and lets the same command go on until it is done.

  CROW=build/crow python3 tests/faults/kills.py KILLED-RUNS [SEED [WORKERS]]     in an empty folder

Every run must end with the bits of one that was never killed, whatever numbers of ranks it ran on, and at no time may
its output be there and wrong. A killed run may be killed again as it goes on. Two workers, each in a folder of its own,
do this side by side, unless another number is given. Needs h5dump.
"""
import collections
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time

import faults

RANKS = [1, 2, 3]
GOING_ON_S = 120 * faults.SLOWNESS  # far more than any run here needs
ENDING_S = 30 * faults.SLOWNESS  # the same for a run that has lost a rank


class Kind:
    """A computation that is killed: its arguments, and which arrays of its output count."""

    def __init__(self, name, arguments, arrays):
        self.name, self.arguments, self.arrays = name, arguments, arrays
        self.reference, self.seconds, self.work = None, 0, 0


DATA = os.path.join(os.getcwd(), "data.h5")
KINDS = [
    Kind("weights", ["weights", DATA, "--samples", "600000", "--nearest", "gemm",
                     "--checkpoint-interval", "0.02"], ["/weights/value", "/weights/hits"]),
    Kind("lbfgs", ["fit", DATA, "--weights", "uniform", "--lambda", "1e-3", "--tolerance", "1e-9",
                   "--checkpoint-interval", "0"], ["/rewards/value", "/trace/objective"]),
    Kind("weights and lbfgs", ["fit", DATA, "--samples", "400000", "--nearest", "gemm", "--lambda", "1e-4",
                               "--tolerance", "1e-9", "--checkpoint-interval", "0.01"],
         ["/rewards/value", "/rewards/weight", "/rewards/fitted_win_rate"]),
    Kind("adam", ["fit", DATA, "--weights", "uniform", "--model", "mlp", "--hidden", "8", "--optimizer", "adam",
                  "--ensemble", "3", "--steps", "20", "--learning-rate", "1e-2", "--checkpoint-interval", "0"],
         ["/rewards/value", "/rewards/spread"]),
    Kind("bootstrap", ["fit", DATA, "--weights", "uniform", "--lambda", "1e-2", "--bootstrap", "60",
                       "--checkpoint-interval", "0.02"],
         ["/rewards/value", "/rewards/lower", "/rewards/upper", "/rewards/rank_lower", "/rewards/rank_upper"]),
]


def write_data(chance, alternatives=400, dimensions=6, comparisons=3000):
    with open("contexts.csv", "w", encoding="ascii") as file:
        file.write("id," + ",".join(f"x{k}" for k in range(dimensions)) + "\n")
        for i in range(alternatives):
            file.write(f"n{i}," + ",".join(f"{chance.random():.6f}" for _ in range(dimensions)) + "\n")
    with open("comparisons.csv", "w", encoding="ascii") as file:
        file.write("left,right,winner\n")
        for _ in range(comparisons):
            a, b = chance.sample(range(alternatives), 2)
            file.write(f"n{a},n{b},{'left' if chance.random() < (a + 1) / (a + b + 2) else 'right'}\n")
    if faults.run(1, ["import", "--comparisons", "comparisons.csv", "--contexts", "contexts.csv", "-o", "data.h5"],
                  60 * faults.SLOWNESS) != 0:
        faults.fail("the data cannot be imported")


def judge(kind, output):
    """Whether the output is there; it must be right if it is."""
    if not os.path.exists(output):
        return False
    if faults.bits(output, kind.arrays) != kind.reference:
        faults.fail(f"{kind.name}: {output} is there and wrong")
    return True


def kill(process, chance):
    """SIGKILL to one rank or to all; returns all ranks, none if they were gone."""
    ranks = faults.rank_pids(process)
    victims = ranks if chance.random() < 0.5 else ranks[:1] if len(ranks) < 2 else [chance.choice(ranks)]
    for pid in victims:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    return ranks


def wait_until_gone(ranks):
    """A killed process may take a while to end, in a write or because the launcher ends it."""
    until = time.monotonic() + ENDING_S
    while any(faults.is_rank(pid) for pid in ranks):
        if time.monotonic() > until:
            faults.fail("a killed rank does not end")
        time.sleep(0.01)


def wait_for_first_line(process):
    while not os.path.getsize("out") and process.poll() is None:
        time.sleep(0.01)


def stage():
    """What the last whole line that a run printed is about."""
    lines = [line for line in faults.output_text().split("\n")[:-1] if line]
    return "nothing printed" if not lines else lines[-1].split(":")[0] if ":" in lines[-1][:14] else "other"


def run_killed(kind, output, chance):
    """Lets a run begin or go on and kills it at a random time; whether it was killed before it had ended."""
    process = faults.start(chance.choice(RANKS), kind.arguments + ["-o", output])
    span = kind.seconds
    if chance.random() < 0.8:  # else it may be killed while MPI begins, which takes longest
        wait_for_first_line(process)
        span = kind.work
    until = time.monotonic() + chance.uniform(0, span)
    while time.monotonic() < until and process.poll() is None:
        judge(kind, output)
        time.sleep(0.01)
    ranks = kill(process, chance) if process.poll() is None else []
    killed = bool(ranks)
    try:
        code = process.wait(ENDING_S)
    except subprocess.TimeoutExpired:
        left = faults.rank_pids(process)
        faults.end(process)
        # A launcher may wait for ever for a rank that was killed in MPI_Init, where crow has not begun, or when all others
        # have ended.
        if not killed or (left and faults.output_text()):
            faults.fail(f"{kind.name}: ranks {left} hang after one was killed")
        print(f"{kind.name}: the launcher hangs, with {len(left)} ranks, after one was killed", flush=True)
        code = 1
    wait_until_gone(ranks)
    there = judge(kind, output)
    if code == 0 and not there:
        faults.fail(f"{kind.name}: ended with 0 and left no output")
    if not killed and code != 0:
        faults.fail(f"{kind.name}: exit code {code} though nothing was killed")
    return killed, there


def go_on(kind, output, chance):
    """Runs to the end; whether it went on from a checkpoint."""
    code = faults.run(chance.choice(RANKS), kind.arguments + ["-o", output], GOING_ON_S)
    if code != 0:
        faults.fail(f"{kind.name}: exit code {code} when it went on")
    if not judge(kind, output):
        faults.fail(f"{kind.name}: no output")
    left = [name for name in os.listdir(".") if name.endswith(".tmp") or ".checkpoint." in name]
    if left:
        faults.fail(f"{kind.name}: a run that went on to its end left {left}")
    return "going on from" in faults.output_text()


def clean():
    """The result, and what a process that was killed when it was whole a moment before could not remove: temporary
    files, which are hidden, and checkpoints."""
    for name in os.listdir("."):
        if ".checkpoint." in name or name.endswith(".tmp") or name.startswith("killed"):
            os.unlink(name)


def measure(kind):
    """The reference, and how long it takes."""
    began = time.monotonic()
    process = faults.start(2, kind.arguments + ["-o", "reference.h5", "--force"])
    wait_for_first_line(process)
    printed = time.monotonic()
    if process.wait(GOING_ON_S) != 0:
        faults.fail(f"{kind.name}: the reference")
    kind.seconds, kind.work = time.monotonic() - began, time.monotonic() - printed
    kind.reference = faults.bits("reference.h5", kind.arrays)
    if not kind.reference or not all(kind.reference):
        faults.fail(f"{kind.name}: the reference cannot be read")
    print(f"{kind.name}: {kind.seconds:.2f} s uninterrupted", flush=True)


def work(worker, workers, wanted, seed, results):
    """This worker's share of the runs, in a folder of its own."""
    os.mkdir(f"worker{worker}")
    os.chdir(f"worker{worker}")
    chance = random.Random(seed * 1000 + worker)
    stages = collections.Counter()
    kills = resumed = 0
    for run in range(worker, wanted, workers):
        kind = KINDS[run % len(KINDS)]
        killed = False
        while not killed:
            killed, there = run_killed(kind, "killed.h5", chance)
            if not killed:
                clean()
        kills += 1
        stages[kind.name, stage()] += 1
        while killed and not there and chance.random() < 0.4:
            killed, there = run_killed(kind, "killed.h5", chance)
            kills += killed
            if killed:
                stages[kind.name, stage()] += 1
        if not there:
            resumed += go_on(kind, "killed.h5", chance)
        clean()
    results.put((kills, resumed, stages))


def main():
    wanted = int(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    workers = int(sys.argv[3]) if len(sys.argv) > 3 else 2
    write_data(random.Random(seed))
    for kind in KINDS:
        measure(kind)
    results = multiprocessing.Queue()
    processes = [multiprocessing.Process(target=work, args=(k, workers, wanted, seed, results)) for k in range(workers)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    if any(process.exitcode != 0 for process in processes):
        sys.exit("FAILED: see above")
    kills = resumed = 0
    stages = collections.Counter()
    for _ in processes:
        share = results.get()
        kills, resumed, stages = kills + share[0], resumed + share[1], stages + share[2]
    for (name, last), count in sorted(stages.items()):
        print(f"  {name}, last line printed about {last}: {count} kills")
    print(f"{wanted} of {wanted} killed runs ended with the reference bits; {kills} kills, {resumed} went on from a "
          "checkpoint")


if __name__ == "__main__":
    main()
