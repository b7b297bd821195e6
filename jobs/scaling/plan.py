#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What `crow plan` says of a dataset beside real runs of `crow weights` and `crow fit`, by hand:

    jobs/scaling/plan.py build/crow [ROUNDS [RANKS ...]]

A simulated dataset: 30000 alternatives in 64 dimensions, 2000000 judgements. In every round the plan is made and both commands
run, on as many ranks. Printed, median [least, greatest] over the rounds: predicted and measured seconds, and the predicted
and the measured peak of a rank's memory. Measured are the stages "weights" and "fit", on one rank in processor seconds, on
more in elapsed seconds, which want an idle machine. The plan is told how many evaluations the fit takes.
"""
import json
import os
import statistics
import subprocess
import sys
import tempfile

SAMPLES = 100000


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
    found = next(s for s in summary["stages"] if s["stage"] == name)
    return found["cpu_s" if summary["ranks"] == 1 else "greatest_s"]


def text(values):
    return "%.3g [%.3g, %.3g]" % (statistics.median(values), min(values), max(values))


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    program, rounds = os.path.abspath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 3
    print("| ranks | what | predicted | measured | measured / predicted |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        votes, weights, rewards = (os.path.join(folder, name) for name in ("votes.h5", "weights.h5", "rewards.h5"))
        subprocess.run([program, "simulate", "-o", votes, "--alternatives", "30000", "--dimensions", "64", "--centres",
                        "random", "--shape", "uniform", "--spread", "0.3", "--precision", "single", "--preferences",
                        "comparisons", "--comparisons", "2000000", "--quiet"], check=True)
        for ranks in map(int, sys.argv[3:] or ("1", "2")):
            rows = {}
            for _ in range(rounds):
                one, peak_w = crow(program, folder, ranks, "weights", votes, "-o", weights, "--force", "--samples", SAMPLES,
                                   "--space", "box")
                fit = ("fit", votes, "-o", rewards, "--force", "--weights", "uniform")
                two, peak_f = crow(program, folder, ranks, *fit)
                n, all_of_it = two["evaluations"], stage(two, "fit")
                plan = crow(program, folder, ranks, "plan", votes, "--ranks", ranks, "--samples", SAMPLES, "--evaluations",
                            n)[0]["predictions"][0]
                for what, predicted, measured in (
                        ("weights, %d samples: s" % SAMPLES, plan["weights_s"], stage(one, "weights")),
                        ("fit, %d evaluations: s" % n, plan["fit_s"], all_of_it),
                        ("weights: MB a rank", plan["weights_bytes"] / 1e6, peak_w / 1e6),
                        ("fit: MB a rank", plan["fit_bytes"] / 1e6, peak_f / 1e6)):
                    rows.setdefault(what, []).append((predicted, measured))
            for what, pairs in rows.items():
                print("| %d | %s | %s | %s | %s |" % (ranks, what, text([p for p, _ in pairs]), text([m for _, m in pairs]),
                                                      text([m / p for p, m in pairs])), flush=True)


if __name__ == "__main__":
    main()
