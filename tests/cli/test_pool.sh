# SPDX-License-Identifier: Apache-2.0
# Pools: the first rows of a sorted one are no sample of it, and another pool is another run.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
need_h5py

# The pool is sorted by topic: its first half is around the first alternative, the other around the second.
"$python" - <<'PY' || fail "no data"
import h5py, numpy as np
g = np.random.default_rng(0)
with h5py.File("d.h5", "w") as f:
    f.attrs.update(crow_kind="dataset", crow_schema_version=1)
    f["alternatives/context"] = [[0., 0, 0], [1, 1, 1], [0.2, 0.9, 0.1]]
    f["comparisons/first"], f["comparisons/second"], f["comparisons/outcome"] = [0], [1], [1.]
p = np.r_[g.normal(0, .1, (60000, 3)), g.normal(1, .1, (20000, 3)), g.normal((.2, .9, .1), .1, (20000, 3))]
with h5py.File("pool.h5", "w") as f:
    f["p"] = p
with h5py.File("other.h5", "w") as f:
    f["p"] = p[::-1]
PY
for p in 1 3; do
  ranks $p weights d.h5 -o "w$p.h5" --space pool:pool.h5:/p --samples 5000 --relative-error 0.01
  exits 0
done
crow weights d.h5 -o all.h5 --space pool:pool.h5:/p --samples 100000
exits 0
"$python" - <<'PY' || fail "a sorted pool is not sampled as a whole"
import h5py
w, v, a = (h5py.File(n) for n in ("w1.h5", "w3.h5", "all.h5"))
assert (w["weights/hits"][:] == v["weights/hits"][:]).all()
n = w.attrs["samples"]
assert 5000 <= n < 100000, n
for got, true in zip(w["weights/value"][:], (.6, .2, .2)):
    assert abs(got - true) < 5 * (true * (1 - true) / n) ** .5, (got, true)
assert abs(a["weights/value"][:] - (.6, .2, .2)).max() < 1e-3
PY

# Another pool under the same name, or a changed one, is not gone on with.
crow weights d.h5 -o s.h5 --space pool:pool.h5:/p --samples 100000 --nearest tree --checkpoint-interval 0 \
  --time-limit 0.0001
exits 75
mv pool.h5 kept.h5
cp other.h5 pool.h5
crow weights d.h5 -o s.h5 --space pool:pool.h5:/p --samples 100000 --nearest tree
exits 2
says "_digest="
mv kept.h5 pool.h5
crow weights d.h5 -o s.h5 --space pool:pool.h5:/p --samples 100000 --nearest tree
exits 0
"$python" - <<'PY' || fail "a pool leaves no trace"
import h5py
assert any("pool.h5" in str(v) for k, v in h5py.File("s.h5")["provenance"].attrs.items() if k.startswith("input_"))
assert (h5py.File("s.h5")["weights/hits"][:] == h5py.File("all.h5")["weights/hits"][:]).all()
PY

# A row that is equally near k alternatives gives 1/k to each (Definition 4.1), though the alternatives span few of the
# dimensions, within prompts and without. Whole numbers, all rows of the pool once: brute force is exact.
"$python" - <<'PY' || fail "no pool of ties"
import h5py, numpy as np
for name, m, d, n, share in (("small", 3, 6, 64, .5), ("wide", 20, 500, 3000, .03)):
    g = np.random.default_rng(1)
    x, y = np.unique((g.random((8 * m, d)) < share).astype(float), axis=0), (g.random((n, d)) < share).astype(float)
    x = x[g.permutation(len(x))[:m]]
    with h5py.File(name + "-pool.h5", "w") as f: f["p"] = y
    for prompts in (False, True):
        with h5py.File(name + ("-prompts.h5" if prompts else ".h5"), "w") as f:
            f.attrs.update(crow_kind="dataset", crow_schema_version=1)
            f["alternatives/context"] = np.r_[x, x] if prompts else x
            if prompts: f["alternatives/prompt"] = [b"a"] * m + [b"b"] * m
            f["comparisons/first"], f["comparisons/second"], f["comparisons/outcome"] = [0], [1], [1.0]
PY
for name in small wide; do
  for of in $name $name-prompts; do
    crow weights "$of.h5" -o "w-$of.h5" --space "pool:$name-pool.h5:/p" --samples 100000
    exits 0
  done
done
"$python" - <<'PY' || fail "ties with a pool's rows are not shared"
import h5py, numpy as np
for name in ("small", "wide"):
    x, y = h5py.File(name + ".h5")["alternatives/context"][:], h5py.File(name + "-pool.h5")["p"][:]
    square = (y ** 2).sum(1)[:, None] + (x ** 2).sum(1) - 2 * y @ x.T
    tied = square == square.min(1)[:, None]
    assert (tied.sum(1) > 1).mean() > .05
    true = (tied / tied.sum(1)[:, None]).mean(0)
    for of, expected in ((name, true), (name + "-prompts", np.r_[true, true] / 2)):
        error = abs(h5py.File("w-" + of + ".h5")["weights/value"][:] - expected).max()
        assert error < 1e-9, (of, error)
PY
finish
