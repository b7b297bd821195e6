#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the weights do on real kinds of contexts, measured with crow's own commands.

    CROW=build/crow python3 jobs/evidence/run.py [near] [topics] [real] [--datasets N]

near    200 distinct alternatives, then 20 or 200 clones of one of them: are the others' weights even, and do the clones
        share the weight of the one?
topics  three topics of 60 texts, then clones of the topic food: in how many datasets does the winner change, although
        there are as many votes as one likes? (N datasets for each cell; 20 for the table in README.md)
real    the leaderboard of jobs/llmfao with its twins, and the flooded poll of jobs/flood
Prints tables in Markdown. Needs NumPy and h5py. By hand: minutes, and a quarter of an hour for topics with --datasets 20.
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
# Of 180 to 780 alternatives, whose topics' weights are sums of 60 or more: more samples change nothing.
TOPIC_SAMPLES = 20000
# d, radius of a topic, clones: (None, 1) new texts, (eps, n) n copies of each text at that distance
CASES = [(384, 1.1, (None, 1)), (384, 0.3, (None, 1)), (64, 1.1, (None, 1)), (8, 1.1, (None, 1)), (384, 1.1, (0.01, 1)),
         (384, 1.1, (0.3, 1)), (384, 1.1, (0.3, 10)), (384, 1.1, (1.0, 1))]
WAYS = ["uniform", "auto", "cube", "sphere", "box", "gaussian", "PCA 8 of each + cube", "radius at the valley", "k-means, K = 3", "fixed pool"]


def texts(rng, centres, d, radius, n=60):
    return np.concatenate([c + radius * rng.normal(size=(n, d)) / np.sqrt(d) for c in centres])


def winner_changes(first, second, options):
    """Whether the topic of highest mean reward changes from one dataset to the other: by the standard fit, the weighted."""
    crow("audit", first, second, "--json", "audit.json", "--quiet", "--samples", TOPIC_SAMPLES, *options)
    with open("audit.json") as f:
        table = json.load(f)["topics"]

    def best(which, fit):
        return max((t for t in table if t[which]["alternatives"]), key=lambda t: t[which][fit])["topic"]

    return [best("first", fit) != best("second", fit) for fit in ("standard", "weighted")]


def options_of(way):
    return {"auto": [], "radius at the valley": ["--scheme", "radius"],
            "sphere": ["--space", "sphere", "--space-center", "none"],
            "k-means, K = 3": ["--scheme", "cluster", "--weight-clusters", 3], "fixed pool": ["--space", "pool:pool.h5:points"],
            }.get(way, ["--space", way])


def one_dataset(k, d, radius, eps, copies):
    """The ways whose winner changes in the k-th dataset of a case."""
    rng = np.random.default_rng(1000 + k)
    # Orthogonal directions of length 1/sqrt(2) are 1 apart.
    centres = np.linalg.qr(rng.normal(size=(d, 3)))[0].T / np.sqrt(2)
    x = texts(rng, centres, d, radius)
    food = x[120:]
    if eps is None:
        more = texts(rng, centres[2:], d, radius)
    else:
        more = np.concatenate([food + eps * unit(rng.normal(size=food.shape)) for _ in range(copies)])
    pool = texts(rng, centres, d, radius, 2000)
    with h5py.File("pool.h5", "w") as f:
        f["points"] = pool[rng.permutation(len(pool))]
    names = [t for t in TOPICS for _ in range(60)]
    # Into the unit cube for the space that is one; the others take the texts as they are.
    scale = 2.0001 * max(abs(x).max(), abs(more).max())
    for name, contexts, topic in (("a", x, names), ("b", np.r_[x, more], names + ["food"] * len(more))):
        write(f"{name}.h5", contexts, topic)
        write(f"cube-{name}.h5", 0.5 + contexts / scale, topic)
        crow("pca", f"{name}.h5", "-o", f"pca-{name}.h5", "--components", 8, "--fit-cube", "--force", "--quiet")
    changed = []
    for way in WAYS[1:]:
        where = {"cube": "cube-", "PCA 8 of each + cube": "pca-"}.get(way, "")
        options = ["--space", "cube"] if where else options_of(way)
        standard, weighted = winner_changes(f"{where}a.h5", f"{where}b.h5", options)
        changed += [way] if weighted else []
    return changed + (["uniform"] if standard else [])


def print_topics(changed, datasets, file):
    print("| d, radius, clones | " + " | ".join(WAYS) + " |\n|---|" + "---|" * len(WAYS), file=file)
    for (d, radius, (eps, copies)), found in zip(CASES, changed):
        what = "new texts" if eps is None else f"{'tenfold ' if copies == 10 else ''}copies at {eps:g}"
        cells = [f"{100 * found.count(way) / datasets:.0f} %" for way in WAYS]
        print(f"| {d}, {radius}, {what} | " + " | ".join(cells) + " |", file=file, flush=True)


def topics(datasets):
    changed = [[] for _ in CASES]
    for k in range(datasets):
        for found, (d, radius, (eps, copies)) in zip(changed, CASES):
            found += one_dataset(k, d, radius, eps, copies)
        print(f"after {k + 1} of {datasets} datasets:", file=sys.stderr)
        print_topics(changed, k + 1, sys.stderr)
    print_topics(changed, datasets, sys.stdout)


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
