#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What `crow plan` says of datasets beside real runs of `crow fit`, by hand:

    jobs/scaling/plan.py build/crow [ROUNDS [RANKS ...]]

Simulated datasets, and every fit by its default options, which are the plan's too: weights in the space that auto takes, the
fit, its standard errors, the search for near-duplicates. In every round the plan is made and the fit run, on as many ranks.
Printed, median [least, greatest] over the rounds: predicted and measured seconds, and the predicted and the measured peak of a
rank's memory. Measured are the stages "weights", "fit" with "standard errors" (win rates and what sampling does to rewards are
in it), "near-duplicates", and all but "write"; on one rank in processor seconds, on more in elapsed seconds, which want an idle
machine. CROW_PLAN_CASES=WORD takes only the problems that have this word in their names.
"""
import json
import os
import statistics
import subprocess
import sys
import tempfile

CLOUD = ["--centres", "random", "--shape", "uniform", "--spread", "0.3", "--precision", "single", "--preferences", "comparisons"]
COMPLETE = ["--dimensions", "3", "--centres", "random", "--shape", "uniform", "--spread", "0.3", "--reward-spread", "1"]
CASES = {
    "800 alternatives, d 64, 100000 judgements": (
        ["--alternatives", "800", "--dimensions", "64", *CLOUD, "--comparisons", "100000"], []),
    "5000 alternatives, d 384, 300000 judgements": (
        ["--alternatives", "5000", "--dimensions", "384", *CLOUD, "--comparisons", "300000"], []),
    "3000 alternatives, d 8, 2000000 judgements": (
        ["--alternatives", "3000", "--dimensions", "8", *CLOUD, "--comparisons", "2000000"], []),
    "20000 alternatives, d 8, 10000000 judgements": (
        ["--alternatives", "20000", "--dimensions", "8", *CLOUD, "--comparisons", "10000000"], []),
    "3 types, 20000 alternatives, d 3": (["--alternatives", "20000", *COMPLETE], []),
    "3 types, 300000 alternatives, d 3": (["--alternatives", "300000", *COMPLETE], []),
    "matrix, 4000 alternatives, d 3": (["--alternatives", "4000", *COMPLETE, "--preferences", "matrix"], []),
    "prompts, 5000 of 4 responses, d 256, 30000 judgements": (
        ["--prompts", "5000", "--alternatives", "20000", "--dimensions", "256", "--spread", "0.1", "--preferences",
         "comparisons", "--comparisons", "30000"], []),
    "mlp, 3000 alternatives, d 64, 100000 judgements": (
        ["--alternatives", "3000", "--dimensions", "64", *CLOUD, "--comparisons", "100000"], ["--model", "mlp"])}


def crow(program, folder, ranks, *arguments):
    """The summary, and the largest peak of a rank's memory in bytes."""
    summary, peaks = os.path.join(folder, "crow.json"), os.path.join(folder, "peaks")
    if os.path.exists(peaks):
        os.unlink(peaks)
    launch = ["mpirun", "-n", str(ranks)] if ranks > 1 else []
    done = subprocess.run([*launch, "/usr/bin/time", "-q", "-a", "-o", peaks, "-f", "%M", program, *map(str, arguments),
                           "--quiet", "--json", summary], stderr=subprocess.DEVNULL)
    assert done.returncode == 0, "exit code %d" % done.returncode
    with open(summary) as file, open(peaks) as lines:
        return json.load(file), 1024 * max(int(line) for line in lines)


def stage(summary, name):
    return sum(s["cpu_s" if summary["ranks"] == 1 else "greatest_s"] for s in summary["stages"] if s["stage"] in name)


def text(values):
    return "%.3g [%.3g, %.3g]" % (statistics.median(values), min(values), max(values))


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    program, rounds = os.path.abspath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 3
    print("| ranks | problem | what | predicted | measured | predicted / measured |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        votes, rewards = (os.path.join(folder, name) for name in ("votes.h5", "rewards.h5"))
        for name, (simulate, options) in CASES.items():
            if os.environ.get("CROW_PLAN_CASES", "") not in name:
                continue
            subprocess.run([program, "simulate", "-o", votes, *simulate, "--quiet", "--force"], check=True)
            for ranks in map(int, sys.argv[3:] or ("1", "2")):
                rows = {}
                for _ in range(rounds):
                    plan = crow(program, folder, ranks, "plan", votes, "--ranks", ranks, *options)[0]["predictions"][0]
                    fit, peak = crow(program, folder, ranks, "fit", votes, "-o", rewards, "--force", *options)
                    for what, predicted, measured in (
                            ("weights: s", plan["weights_s"], stage(fit, ["weights"])),
                            ("fit: s", plan["fit_s"], stage(fit, ["fit", "standard errors"])),
                            ("near-duplicates: s", plan["near_duplicates_s"], stage(fit, ["near-duplicates"])),
                            ("all: s", plan["total_s"],
                             stage(fit, ["read", "check", "weights", "fit", "standard errors", "near-duplicates"])),
                            ("MB a rank", max(plan["weights_bytes"], plan["fit_bytes"]) / 1e6, peak / 1e6)):
                        rows.setdefault(what, []).append((predicted, measured))
                for what, pairs in rows.items():
                    pairs = [(p, m) for p, m in pairs if m > 0]
                    if not pairs:  # there is no such stage
                        continue
                    print("| %d | %s | %s | %s | %s | %s |" % (
                        ranks, name, what, text([p for p, _ in pairs]), text([m for _, m in pairs]),
                        text([p / m for p, m in pairs])), flush=True)


if __name__ == "__main__":
    main()
