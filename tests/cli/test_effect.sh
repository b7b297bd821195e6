# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# What the weights did, in words: twins among language models, clones that crow did not get to see, warnings.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
need_h5py
llmfao=$here/../../jobs/llmfao

crow import --comparisons "$llmfao/comparisons.csv" --contexts "$llmfao/contexts-minilm.npy" \
  --items "$llmfao/items.csv" -o llmfao.h5
exits 0
crow fit llmfao.h5 -o fit.h5 --json fit.json
exits 0
prints "near-duplicates: GPT 3.5 Turbo, GPT 3.5 Turbo (16k): 0.14 apart, "
prints " equal shares of 1/59 together; uniform gives 2"
grep -e "^near-duplicates" -e "^weights: effective number .*largest" out >words-1
crow weights llmfao.h5 -o w.h5 --json weights.json
exits 0
grep -e "^near-duplicates" -e "^weights: effective number .*largest" out >words
cmp -s words-1 words || fail "fit and weights differ in what the weights did"
"$python" - <<'PY' || fail "the twins do not share one weight"
import h5py, json, numpy as np
said = json.load(open("fit.json"))["weights_effect"]
twins, = [g for g in said["largest_groups"] if g["ids"] == ["GPT 3.5 Turbo", "GPT 3.5 Turbo (16k)"]]
assert .9 <= twins["equal_shares"] <= 1.15 and twins["size"] == 2, twins
# The same by NumPy, from the files: distances about the centre, all pairs.
x = h5py.File("llmfao.h5")["alternatives/context"][:].astype(float)
f = h5py.File("w.h5"); w = f["weights/value"][:]; m = len(w)
y = x / np.linalg.norm(x, axis=1, keepdims=True) - f["space/center"][:]
y /= np.linalg.norm(y, axis=1, keepdims=True)
d = np.sqrt(((y[:, None] - y) ** 2).sum(2)) + np.diag(np.full(m, np.inf))
nearest = d.min(1); order = np.argsort(nearest)
radius = nearest[order][np.searchsorted(np.cumsum(w[order]), .5)] / 4
assert abs(said["radius"] - radius) < 1e-9, (said["radius"], radius)
i, j = np.argwhere(np.triu(d < radius))[0]
assert (d < radius).sum() == 2 * said["groups"] == 2
assert abs(twins["apart"] - d[i, j]) < 1e-9 and abs(twins["equal_shares"] - m * (w[i] + w[j])) < 1e-9
assert said["near_duplicates"] == 2 and said["compared_with_all"] == m
assert said["largest"]["weight"] == w.max() and said["smallest"]["weight"] == w.min()
assert abs(said["median_hits"] - np.sort(f["weights/hits"][:])[(m - 1) // 2] / 720720) < 1e-9
assert said["warnings"] == [] and said == json.load(open("weights.json"))["weights_effect"]
PY

crow fit llmfao.h5 -o uniform.h5 --weights uniform
exits 0
prints "near-duplicates: GPT 3.5 Turbo, GPT 3.5 Turbo (16k): "
prints " apart, count 2 times"

# Few samples are noisy, and the cube about the origin gives nearly all to few unit vectors.
crow weights llmfao.h5 -o few.h5 --samples 200
exits 0
says "warning: weights are noisy"
says "; --samples 1"
"$python" - <<'PY' || fail "cannot write embeddings"
import h5py, numpy as np
rng = np.random.default_rng(4)
x = rng.normal(size=(100, 48)) + .5; x /= np.linalg.norm(x, axis=1, keepdims=True)
def write(name, **arrays):
    with h5py.File(name, "w") as f:
        f.attrs.update(crow_kind="dataset", crow_schema_version=1)
        for path, array in arrays.items(): f[path.replace("_", "/")] = array
        f["comparisons/first"], f["comparisons/second"], f["comparisons/outcome"] = [0, 1], [2, 3], [1.0, 0.0]
write("unit.h5", alternatives_context=np.vstack([x, x[:1], x[:1], x[:1], x[:1]]))
# 5100 on a line are more than are compared with all.
write("many.h5", alternatives_context=np.arange(5100.0)[:, None])
PY
crow weights unit.h5 -o cube.h5 --space cube --json cube.json
exits 0
says "the space gives most of the weight to few; try --space sphere for embeddings, or a pool"
prints "near-duplicates: 0, 100, 101 and 2 more: 0 apart, "
prints "uniform gives 5"
crow weights many.h5 -o many-w.h5
exits 0
prints "near-duplicates: none closer than 0.25, looked for with 2000 of 5100 alternatives"

# Without a number 30 samples for each alternative are drawn, and 100000 at least.
crow weights unit.h5 -o auto.h5 --draws independent -v
prints "weights: 100000 samples"
"$python" - <<'PY' || fail "cannot write many alternatives"
import h5py, numpy as np
with h5py.File("random.h5", "w") as f:
    f.attrs.update(crow_kind="dataset", crow_schema_version=1)
    f["alternatives/context"] = np.random.default_rng(2).random((3500, 3))
    f["comparisons/first"], f["comparisons/second"], f["comparisons/outcome"] = [0, 1], [2, 3], [1.0, 0.0]
PY
crow weights random.h5 -o auto.h5 --force --draws independent -v
prints "weights: 105000 samples"
# Ranks without alternatives have no hits and take part all the same.
for p in 1 3; do
  ranks $p weights unit.h5 -o "few-$p.h5" --json "few-$p.json" --samples 5000
  exits 0
  grep "near-duplicates" out >"few-$p"
done
cmp -s few-1 few-3 || fail "what the weights did depends on the number of ranks"
finish
