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
crow pca paris.h5 -o never.h5 --components 65
exits 2
says "at most the 64 dimensions"
not_there never.h5
finish
