# SPDX-License-Identifier: Apache-2.0
# Columns in any units, and far from S: every engine, grid and number of ranks gives the weights that exact arithmetic
# gives to the same points of the pool.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
need_h5py

for shape in "40 3" "600 3" "5 9"; do
  # shellcheck disable=SC2086 # a list of words
  "$python" - $shape <<'PY' || fail "no data"
import sys, h5py, numpy as np
from fractions import Fraction as F
m, d = map(int, sys.argv[1:])
g = np.random.default_rng(m)
unit = 10. ** np.linspace(12, -12, d)
x = g.random((m, d))
x[:, :-1] = x[np.arange(m) % 3, :-1]  # the last column, in the smallest unit, decides within groups
x[:, 1] += 1e5
p = g.random((300, d))
p[:, 1] += g.integers(0, 2, 300) * 1e5
x, p = x * unit, p * unit
with h5py.File("d.h5", "w") as f:
    f.attrs.update(crow_kind="dataset", crow_schema_version=1)
    f["alternatives/context"] = x
    f["comparisons/first"], f["comparisons/second"], f["comparisons/outcome"] = [0], [1], [1.]
with h5py.File("pool.h5", "w") as f:
    f["p"] = p
w = [F(0)] * m
# Whole numbers, by a common power of two.
one = max(F(v).denominator for v in np.concatenate([x, p]).ravel())
X = [[int(F(v) * one) for v in row] for row in x]
for row in p:
    s = [int(F(v) * one) for v in row]
    distance = [sum((a - b) ** 2 for a, b in zip(s, y)) for y in X]
    least = min(distance)
    tied = [k for k in range(m) if distance[k] == least]
    for k in tied:
        w[k] += F(1, len(tied) * len(p))
np.save("true.npy", np.array(w, float))
PY
  for way in "1 --nearest gemm" "1 --nearest fused" "1 --nearest tree" "2 --grid 1x2" "3 --grid 3x1" "3 --grid 1x3"; do
    # shellcheck disable=SC2086
    ranks ${way%% *} weights d.h5 -o w.h5 --force --space pool:pool.h5:/p --samples 300 ${way#* }
    exits 0
    "$python" - <<'PY' || fail "wrong weights: $shape, $way"
import h5py, numpy as np
assert abs(h5py.File("w.h5")["weights/value"][:] - np.load("true.npy")).max() < 1e-12
PY
  done
done
finish
