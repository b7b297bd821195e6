# SPDX-License-Identifier: Apache-2.0
# Contexts projected onto their principal components, against numpy.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
need_h5py

crow import --comparisons "$CROW_SOURCE/jobs/paris/comparisons-original.csv" \
  --contexts "$CROW_SOURCE/jobs/paris/contexts-original.npy" --items "$CROW_SOURCE/jobs/paris/items-original.csv" -o paris.h5
exits 0
for p in 1 3; do
  ranks $p pca paris.h5 -o "paris-$p.h5" --components 5 --json summary.json
  exits 0
  prints "Variance explained"
  awk '$1 ~ /^[0-9]+$/ && NF == 4' out >"explained-$p"
done
for p in 1 3; do
  ranks $p pca paris.h5 -o "cube-$p.h5" --components 5 --fit-cube
  exits 0
done
crow inspect paris-1.h5
exits 0
"$python" - <<'PY' || fail "the projection is not numpy's"
import json, h5py, numpy as np
a, b, c = (h5py.File(n) for n in ("paris.h5", "paris-1.h5", "paris-3.h5"))
x = a["alternatives/context"][:].astype(float)
x -= x.mean(axis=0)
_, s, v = np.linalg.svd(x, full_matrices=False)
v = v[:5] * np.sign(v[np.arange(5), np.abs(v[:5]).argmax(axis=1)])[:, None]
assert np.allclose(b["alternatives/context"][:], x @ v.T, atol=1e-6)
assert (b["alternatives/context"][:] == c["alternatives/context"][:]).all()
y, cube = x @ v.T, h5py.File("cube-1.h5")["alternatives/context"][:]
low, high = y.min(axis=0), y.max(axis=0)
assert np.allclose(cube, 0.5 + (y - (low + high) / 2) / (high - low).max(), atol=1e-6)
assert 0 <= cube.min() < 1e-15 and 1 - 1e-15 < cube.max() <= 1
assert (cube == h5py.File("cube-3.h5")["alternatives/context"][:]).all()
assert np.allclose(json.load(open("summary.json"))["explained_shares"], (s[:5]**2 / (s**2).sum()), atol=1e-9)
for p in (1, 3):
    printed = np.loadtxt(f"explained-{p}")
    assert np.allclose(printed[:, 1], s[:5]**2 / (len(x) - 1), rtol=1e-4)
    assert np.allclose(printed[:, 2], s[:5]**2 / (s**2).sum(), atol=6e-5)
    assert np.allclose(printed[:, 3], np.cumsum(s[:5]**2) / (s**2).sum(), atol=6e-5)
for name in ("alternatives/id", "alternatives/topic", "comparisons/first", "comparisons/second", "comparisons/outcome"):
    assert (a[name][:] == b[name][:]).all()
PY
# Both datasets of a comparison on one basis: the components, and the cube, of the larger one.
crow import --comparisons "$CROW_SOURCE/jobs/paris/comparisons-clones.csv" \
  --contexts "$CROW_SOURCE/jobs/paris/contexts-clones.npy" --items "$CROW_SOURCE/jobs/paris/items-clones.csv" -o clones.h5
exits 0
for p in 1 3; do
  ranks $p pca paris.h5 -o "on-clones-$p.h5" --components 5 --fit-cube --basis clones.h5 --json on.json
  exits 0
  prints "Variance explained of clones.h5"
done
crow pca clones.h5 -o clones-cube.h5 --components 5 --fit-cube
# A basis half as wide: what is farther out lies beyond its cube.
"$python" - <<'PY'
import h5py
with h5py.File("clones.h5") as a, h5py.File("half.h5", "w") as b:
    b.attrs.update(crow_kind="dataset", crow_schema_version=1)
    b["alternatives/context"] = a["alternatives/context"][:] * 0.5
    b["comparisons/first"], b["comparisons/second"], b["comparisons/outcome"] = [0], [1], [1.0]
PY
crow pca clones.h5 -o on-half.h5 --components 1 --fit-cube --basis half.h5 --json beyond.json
exits 0
says "alternatives lie outside the unit cube of half.h5"
"$python" - <<'PY' || fail "a projection onto another dataset's components is not numpy's"
import json, h5py, numpy as np
def context(name): return h5py.File(name)["alternatives/context"][:].astype(float)
def project(x, basis, components=5):
    mean = basis.mean(axis=0)
    v = np.linalg.svd(basis - mean, full_matrices=False)[2][:components]
    v *= np.sign(v[np.arange(components), np.abs(v).argmax(axis=1)])[:, None]
    y = (basis - mean) @ v.T
    low, high = y.min(axis=0), y.max(axis=0)
    return 0.5 + ((x - mean) @ v.T - (low + high) / 2) / (high - low).max()
paris, clones = context("paris.h5"), context("clones.h5")
ours, theirs = context("on-clones-1.h5"), context("on-half.h5")
assert np.allclose(ours, project(paris, clones), atol=1e-6)
assert (ours == context("on-clones-3.h5")).all()
assert (ours == context("clones-cube.h5")[:180]).all()  # the 180 texts of both are in one place
assert json.load(open("on.json"))["outside"] == 0
expected = project(clones, context("half.h5"), 1)
assert np.allclose(theirs, expected, atol=1e-6)
outside = (np.abs(expected - 0.5) > 0.5 + 1e-9).any(axis=1).sum()
assert outside > 0 and json.load(open("beyond.json"))["outside"] == outside
PY
crow pca paris.h5 -o never.h5 --components 2 --basis paris-1.h5
exits 3
says "paris-1.h5: contexts have 5 dimensions, expected the 64 of paris.h5"

crow pca paris.h5 -o never.h5 --components 65
exits 2
says "at most the 64 dimensions"
not_there never.h5
finish
