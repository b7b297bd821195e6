#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the weights do on real kinds of contexts, measured with crow's own commands.

    CROW=build/crow python3 jobs/evidence/run.py [near] [topics] [real] [--datasets N]

near    200 distinct alternatives, then 20 or 200 clones of one of them: are the others' weights even, and do the clones
        share the weight of the one?
topics  three topics of 60 texts, then clones of the topic food: in how many datasets does the winner change, although
        there are as many votes as one likes? (N datasets for each cell; 20 for the table in README.md)
real    the leaderboard of jobs/llmfao with its twins, and the flooded poll of jobs/flood
Prints tables in Markdown. Needs NumPy and h5py. By hand: minutes, an hour with --datasets 20.
"""
import json
import os
import subprocess
import sys
import tempfile

import h5py
import numpy as np

CROW = os.path.abspath(os.environ.get("CROW", "build/crow"))
JOBS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
POPULATION = {"romance": (np.log(100), np.log(10), 0), "art": (np.log(10), 0, np.log(100)), "food": (0, np.log(100), np.log(10))}
PREVALENCE = (0.4, 0.3, 0.3)


def crow(*arguments):
    done = subprocess.run([CROW, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode not in (0, 5):
        sys.exit(f"crow {' '.join(map(str, arguments))}: exit code {done.returncode}\n{done.stderr}")
    return done.stdout


def unit(a):
    return a / np.linalg.norm(a, axis=1, keepdims=True)


def write(name, contexts, topics=None):
    """A dataset whose annotators are Table 4's, or that has one comparison where there are no topics."""
    with h5py.File(name, "w") as f:
        f.attrs.update(crow_kind="dataset", crow_schema_version=1)
        f["alternatives/context"] = contexts
        if topics is None:
            f["comparisons/first"], f["comparisons/second"], f["comparisons/outcome"] = [0], [1], [1.0]
            return
        f["alternatives/topic"] = np.array(topics, dtype="S16")
        f["population/prevalence"] = PREVALENCE
        f["population/reward"] = np.array([POPULATION[t] for t in topics]).T


def weights(contexts, options, seed=1):
    write("w-data.h5", contexts)
    crow("weights", "w-data.h5", "-o", "w.h5", "--force", "--quiet", "--checkpoint", "none", "--seed", seed, *options)
    with h5py.File("w.h5") as f:
        return f["weights/value"][:]


def effective(w):
    return w.sum() ** 2 / (w**2).sum()


# ---- near-duplicates ------------------------------------------------------------------------------------------------

# So that the weight of a group of one share has a standard error of 1.4 %, and the mean over five of .6 %.
SAMPLES = 1000000

SPACES = [("cube", ["--space", "cube"]), ("box", ["--space", "box"]), ("gaussian", ["--space", "gaussian"]),
          ("sphere, no centre", ["--space", "sphere", "--space-center", "none"]),
          ("sphere, weighted mean", ["--space", "sphere", "--space-center", "weighted"])]


def embeddings(rng, d):
    """Unit vectors with a common mean, most of their variance in ten directions."""
    return unit(rng.normal(size=(200, 10)) @ rng.normal(size=(10, d)) + 1.5 * rng.normal(size=d) + 0.7 * rng.normal(size=(200, d)))


# What auto takes is among the spaces.
KINDS = [("unit embeddings with a common mean, d 64", lambda rng: embeddings(rng, 64), "sphere, weighted mean"),
         ("unit embeddings with a common mean, d 384", lambda rng: embeddings(rng, 384), "sphere, weighted mean"),
         ("uniform in the cube, d 8", lambda rng: rng.random((200, 8)), "cube"),
         ("uniform in the cube, d 384", lambda rng: rng.random((200, 384)), "sphere, weighted mean")]


def nearest_distances(x):
    """The distance of each to its nearest other."""
    squares = (x**2).sum(1)
    square = squares[:, None] + squares - 2 * x @ x.T
    np.fill_diagonal(square, np.inf)
    return np.sqrt(square.min(1))


def near_row(x, directions, distance, options):
    """What 20 and 200 clones at this distance, in these directions for each of those tried, do to the ones whose weights
    are nearest an equal share: the least and the greatest are not typical. Means over them, and the most a group grew."""
    tried = len(directions)
    w, again = (weights(x, [*options, "--samples", SAMPLES], seed) for seed in (1, 2))
    ones = np.argsort(abs(w - 1 / 200))[:tried]
    group, moved = np.zeros((tried, 2)), np.zeros((tried, 2))
    for k, one in enumerate(ones):
        others = np.arange(200) != one
        for j, clones in enumerate((20, 200)):
            v = weights(np.r_[x, x[one] + distance * directions[k][:clones]], [*options, "--samples", SAMPLES])
            group[k, j] = 200 * (v[one] + v[200:].sum())
            moved[k, j] = abs(v[:200] - w)[others].sum()
    seed = np.mean([abs(again - w)[np.arange(200) != one].sum() for one in ones])
    cells = [f"{effective(w):.0f}", f"{200 * w[ones].mean():.2f}"]
    for j in (0, 1):
        most = f" ({100 * (group[:, j] / (200 * w[ones]) - 1).max():+.0f} %)" if w[ones].min() > 0 else ""
        cells += [f"{group[:, j].mean():.2f}{most}", f"{moved[:, j].mean():.3f}"]
    return cells + [f"{seed:.3f}", f"{moved.mean(0).max() - seed:+.3f}"]


def near_duplicates():
    print("| contexts | space | fair | one | with 20 clones | others | with 200 | others | other seed | beyond it |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for kind, make, auto in KINDS:
        rng = np.random.default_rng(5)
        x = make(rng)
        directions = [unit(rng.normal(size=(200, x.shape[1]))) for _ in range(5)]
        near, usual = np.median(nearest_distances(x)), np.linalg.norm(x[:100] - x[100:], axis=1).mean()
        # The default first, and with five of the 200; what is there for comparison with two.
        rows = [(f"auto ({auto})", [], near, 5)] + [(s, o, near, 2) for s, o in SPACES if s != auto]
        if kind.startswith("unit"):
            rows.insert(1, (f"auto, at {0.01 * usual:.4f} instead of {0.01 * near:.4f}", [], usual, 5))
        for space, options, distance, tried in rows:
            print(f"| {kind} | {space} | {' | '.join(near_row(x, directions[:tried], 0.01 * distance, options))} |", flush=True)


# ---- clones as topics -----------------------------------------------------------------------------------------------

TOPICS = ("romance", "art", "food")
# d, radius of a topic, clones: (None, 1) new texts, (eps, n) n copies of each text at that distance
CASES = [(384, 1.1, (None, 1)), (384, 0.3, (None, 1)), (64, 1.1, (None, 1)), (8, 1.1, (None, 1)), (384, 1.1, (0.01, 1)),
         (384, 1.1, (0.3, 1)), (384, 1.1, (0.3, 10)), (384, 1.1, (1.0, 1))]
WAYS = ["uniform", "auto", "cube", "sphere", "box", "gaussian", "PCA 8 of each + cube", "radius at the valley", "k-means, K = 3", "fixed pool"]


def texts(rng, centres, d, radius, n=60):
    return np.concatenate([c + radius * rng.normal(size=(n, d)) / np.sqrt(d) for c in centres])


def winner(name, options):
    crow("fit", name, "-o", "r.h5", "--force", "--quiet", "--checkpoint", "none", *options)
    with h5py.File("r.h5") as f:
        reward, topic = f["rewards/value"][:], f["alternatives/topic"].asstr()[:]
    return max(set(topic), key=lambda t: reward[topic == t].mean())


def options_of(way, name):
    if way == "PCA 8 of each + cube":
        crow("pca", name, "-o", "pca-" + name, "--components", 8, "--fit-cube", "--force", "--quiet")
        return "pca-" + name, ["--space", "cube"]
    return name, {"uniform": ["--weights", "uniform"], "auto": [], "radius at the valley": ["--scheme", "radius"],
                  "sphere": ["--space", "sphere", "--space-center", "none"],
                  "k-means, K = 3": ["--scheme", "cluster", "--weight-clusters", 3], "fixed pool": ["--space", "pool:pool.h5:points"],
                  }.get(way, ["--space", way])


def topics(datasets):
    print("| d, radius, clones | " + " | ".join(WAYS) + " |\n|---|" + "---|" * len(WAYS))
    for d, radius, (eps, copies) in CASES:
        changed = dict.fromkeys(WAYS, 0)
        for k in range(datasets):
            rng = np.random.default_rng(1000 + k)
            # Orthogonal directions of length 1/sqrt(2) are 1 apart.
            centres = np.linalg.qr(rng.normal(size=(d, 3)))[0].T / np.sqrt(2)
            x = texts(rng, centres, d, radius)
            food = x[120:]
            if eps is None:
                more = texts(rng, centres[2:], d, radius)
            else:
                more = np.concatenate([food + eps * unit(rng.normal(size=food.shape)) for _ in range(copies)])
            pool = texts(rng, centres, d, radius, 7000)
            both = np.r_[x, more]
            # The same shift and scale for all: into the unit cube, which is one of the spaces.
            scale = 2.0001 * max(abs(both).max(), abs(pool).max())
            with h5py.File("pool.h5", "w") as f:
                f["points"] = 0.5 + pool[rng.permutation(len(pool))] / scale
            names = [t for t in TOPICS for _ in range(60)]
            write("a.h5", 0.5 + x / scale, names)
            write("b.h5", 0.5 + both / scale, names + ["food"] * len(more))
            for way in WAYS:
                before, after = (winner(*options_of(way, name)) for name in ("a.h5", "b.h5"))
                changed[way] += before != after
        what = "new texts" if eps is None else f"{'tenfold ' if copies == 10 else ''}copies at {eps:g}"
        print(f"| {d}, {radius}, {what} | " + " | ".join(f"{100 * changed[way] / datasets:.0f} %" for way in WAYS) + " |", flush=True)


# ---- real data ------------------------------------------------------------------------------------------------------


def read(name):
    with h5py.File(name) as f:
        return f["rewards/value"][:], f["rewards/weight"][:], f["alternatives/topic"].asstr()[:], f["alternatives/id"].asstr()[:]


def real():
    llmfao, flood = os.path.join(JOBS, "llmfao"), os.path.join(JOBS, "flood")
    print("| leaderboard of 59 language models | twins, equal shares | effective number |\n|---|---|---|")
    for contexts in ("contexts-minilm", "contexts"):
        crow("import", "--comparisons", f"{llmfao}/comparisons.csv", "--contexts", f"{llmfao}/{contexts}.npy", "--items",
             f"{llmfao}/items.csv", "-o", "l.h5", "--force", "--quiet")
        for space, options in (("auto", []), ("cube", ["--space", "cube"]), ("box", ["--space", "box"])):
            crow("fit", "l.h5", "-o", "r.h5", "--force", "--quiet", "--pair-weight", "count", *options)
            _, w, _, ids = read("r.h5")
            twins = w[[name.startswith("GPT 3.5 Turbo") for name in ids]].sum()
            print(f"| {contexts}, {space} | {59 * twins:.2f} | {effective(w):.1f} |", flush=True)
    print("\n| flooded poll | romance less art, before | after | weight of food and rewrites, before | after | effective number, before | after |")
    print("|---|---|---|---|---|---|---|")
    for how, options in (("uniform", ["--weights", "uniform"]), ("auto", [])):
        rows = []
        for when in ("before", "after"):
            crow("import", "--comparisons", f"{flood}/comparisons-{when}.csv", "--contexts", f"{flood}/contexts-{when}.npy",
                 "--items", f"{flood}/items-{when}.csv", "-o", "f.h5", "--force", "--quiet")
            crow("fit", "f.h5", "-o", "r.h5", "--force", "--quiet", *options)
            r, w, topic, _ = read("r.h5")
            rows.append((r[topic == "romance"].mean() - r[topic == "art"].mean(), w[(topic != "romance") & (topic != "art")].sum(), effective(w)))
        print(f"| {how} | " + " | ".join(f"{a:{f}} | {b:{f}}" for (a, b), f in zip(zip(*rows), ("+.3f", ".3f", ".0f"))) + " |", flush=True)


def main():
    wanted = [a for a in sys.argv[1:] if a in ("near", "topics", "real")] or ["near", "topics", "real"]
    datasets = int(sys.argv[sys.argv.index("--datasets") + 1]) if "--datasets" in sys.argv else 5
    os.environ.setdefault("OMPI_ALLOW_RUN_AS_ROOT", "1")
    os.environ.setdefault("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for name in wanted:
            print(f"\n## {name}\n", flush=True)
            {"near": near_duplicates, "topics": lambda: topics(datasets), "real": real}[name]()


main()
