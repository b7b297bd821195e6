# SPDX-License-Identifier: Apache-2.0
# Radius and kernel weights, and the valley of the distances, against NumPy.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
need_h5py

"$python" - <<'PY'
import h5py, numpy as np
rng = np.random.default_rng(6)
def write(name, x, dtype="f8"):
    with h5py.File(name, "w") as f:
        f.attrs.update(crow_kind="dataset", crow_schema_version=1)
        f["alternatives/context"] = x.astype(dtype)
        f["comparisons/first"], f["comparisons/second"], f["comparisons/outcome"] = [0, 1], [2, 3], [1.0, 0.0]
# Three topics of very different sizes, as sentence embeddings: two humps. All 44,850 pairs count, more than a block.
topic = np.repeat([0, 1, 2], [200, 70, 30])
centre = rng.normal(size=(3, 48)); centre /= np.linalg.norm(centre, axis=1, keepdims=True)
write("topics.h5", centre[topic] + .8 * rng.normal(size=(300, 48)) / 48 ** .5)
np.save("topic.npy", topic)
# Whole numbers: many distances are exactly the radius. More than two blocks.
write("whole.h5", rng.integers(0, 3, size=(1300, 6)) + 1000.0, "f4")
# Every one far from every other.
write("even.h5", np.eye(12))
PY
for p in 1 2 3; do
  ranks $p weights topics.h5 -o "valley-$p.h5" --scheme radius --json valley.json
  exits 0
  prints "the valley of the distances of 44850 pairs"
  ranks $p weights topics.h5 -o "kernel-$p.h5" --scheme kernel
  exits 0
  ranks $p weights whole.h5 -o "whole-$p.h5" --scheme radius --radius 2
  exits 0
  ranks $p weights whole.h5 -o "random-$p.h5" --scheme radius
  exits 0
  prints "distances of 100000 pairs"
  ranks $p weights whole.h5 -o "wide-$p.h5" --scheme kernel --bandwidth 1.5
  exits 0
done
"$python" - <<'PY' || fail "weights from distances are not those of NumPy"
import h5py, json, numpy as np
X = {n: h5py.File(n + ".h5")["alternatives/context"][:].astype(float) for n in ("topics", "whole")}
D = {n: np.sqrt(((x[:, None] - x) ** 2).sum(2)) for n, x in X.items()}
def otsu(d):
    d = np.sort(d); c = np.cumsum(d); n = len(d); k = np.arange(1, n)
    between = k * (n - k) / n ** 2 * (c[:-1] / k - (c[-1] - c[:-1]) / (n - k)) ** 2
    i = np.argmax(between)
    return (d[i] + d[i + 1]) / 2, between[i] / d.var()
R, eta = otsu(D["topics"][np.triu_indices(300, 1)])
def read(name, w=True): f = h5py.File(name); return f["weights/value"][:] if w else f.attrs
def same(w, density): want = 1 / density; want /= want.sum(); assert np.abs(w - want).max() < 1e-12, np.abs(w - want).max()
a = read("valley-1.h5", False)
assert abs(a["radius"] - R) < 1e-12 and abs(a["eta"] - eta) < 1e-12, (a["radius"], R, a["eta"], eta)
told = json.load(open("valley.json")); assert abs(told["length"] - R) < 1e-12 and abs(told["eta"] - eta) < 1e-12
same(read("valley-1.h5"), (D["topics"] <= R).sum(1))
h = R / 3
assert abs(read("kernel-1.h5", False)["bandwidth"] - h) < 1e-12
same(read("kernel-1.h5"), np.exp(-.5 * (D["topics"] / h) ** 2).sum(1))
same(read("whole-1.h5"), (D["whole"] <= 2).sum(1))
same(read("wide-1.h5"), np.exp(-.5 * (D["whole"] / 1.5) ** 2).sum(1))
# 100,000 random pairs give nearly the threshold of all.
R, eta = otsu(D["whole"][np.triu_indices(1300, 1)])
a = read("random-1.h5", False)
assert abs(a["radius"] - R) < .05 * R and abs(a["eta"] - eta) < .05, (a["radius"], R, a["eta"], eta)
same(read("random-1.h5"), (D["whole"] <= a["radius"]).sum(1))
for n in ("valley", "kernel", "whole", "random", "wide"):
    for p in (2, 3): assert read(f"{n}-1.h5").tobytes() == read(f"{n}-{p}.h5").tobytes(), (n, p)
# Each topic gets about a third, whatever its size.
t = np.load("topic.npy"); w = read("valley-1.h5")
assert all(.25 < w[t == k].sum() < .42 for k in range(3)), [w[t == k].sum() for k in range(3)]
PY

# The picture of the distances, of a dataset and of weights, which hold their histogram.
"$python" - <<'PY' || fail "the histogram is not that of NumPy"
import h5py, numpy as np
x = h5py.File("topics.h5")["alternatives/context"][:]
d = np.sqrt(((x[:, None] - x) ** 2).sum(2))[np.triu_indices(300, 1)]
f = h5py.File("valley-2.h5")
assert abs(f.attrs["farthest"] - d.max()) < 1e-12
assert np.abs(f["distances/count"][:] - np.histogram(d, 60, (0, d.max()))[0]).sum() <= 2
PY
if command -v gnuplot >/dev/null; then
  crow plot topics.h5 valley-1.h5 --kind distances -o distances.svg
  exits 0
  prints "Histogram of the distances of pairs of alternatives in 2 files"
  grep -q "radius" distances.svg || fail "the radius is not marked"
  crow plot kernel-1.h5 --kind distances -o none.svg
  exits 3
  says "kernel-1.h5: has no distances"
fi

# Without a valley the radius is none to rely on, and neither words nor picture call it one: the answers of 59 models are
# about as far from each other, and .525 of the variance, by NumPy as above, is between the sides.
llmfao=$here/../../jobs/llmfao
crow import --comparisons "$llmfao/comparisons.csv" --contexts "$llmfao/contexts-minilm.npy" --items "$llmfao/items.csv" -o tail.h5 -q
exits 0
if command -v gnuplot >/dev/null; then
  crow plot tail.h5 --kind distances -o tail.svg
  exits 0
  prints "(one hump, no valley)"
  prints_not "the valley"
fi
crow weights tail.h5 -o tail-w.h5 --scheme radius
exits 0
says "no valley: the distances have one hump (splitting them at "
says " explains 0.525 of their variance"
says "; give --radius"
prints_not "the valley of"

# An audit takes the ways to weigh, and the models.
crow audit topics.h5 --scheme radius --model linear --clones 2 --eps 0.1 --redraws 0
exits 0
prints "weighted fit"

# What comes out even says so; so do groups of one.
crow weights even.h5 -o even-w.h5 --scheme radius --radius 1
exits 0
prints "all are equal within 1 %"
crow weights topics.h5 -o again.h5 --scheme radius
exits 0
prints_not "all are equal within 1 %"
crow cluster even.h5 -o groups.h5 --radius 1
exits 0
prints "every alternative is a group of its own"

# More starts of k-means never end worse, and the first is the one that a single start takes.
for starts in 1 10; do
  crow cluster topics.h5 -o groups.h5 --clusters 12 --starts $starts --json starts-$starts.json --force
  exits 0
done
"$python" - <<'PY' || fail "ten starts are worse than one"
import json
one, ten = (json.load(open(f"starts-{n}.json"))["inertia"] for n in (1, 10))
assert ten < one, (one, ten)
PY
finish
