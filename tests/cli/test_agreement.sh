# SPDX-License-Identifier: Apache-2.0
# inspect calls invalid what a fit refuses and valid what it takes, with the same words; audit takes what a fit takes.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
need_h5py

"$python" - <<'PY' || fail "no data"
import h5py, numpy as np
S = h5py.string_dtype()
X = np.array([[.1, .1, .2], [.9, .1, .3], [.5, .9, .9]])
def make(name, x, **more):
    with h5py.File(name, "w") as f:
        f.attrs.update(crow_kind="dataset", crow_schema_version=1)
        f["alternatives/context"] = x
        f["comparisons/first"], f["comparisons/second"], f["comparisons/outcome"] = [0, 1], [1, 2], [1., .5]
        for k, v in more.items(): f[k.replace("__", "/")] = v
big = X.copy()
big[2, 1] = 1e200
names = np.array(["x", "y", "z"], dtype=S)
make("big.h5", big)
make("named.h5", big, alternatives__dimension=names)
make("small.h5", X * 1e-200)
make("twice.h5", X, alternatives__dimension=np.array(["x", "y", "x"], dtype=S))
make("long.h5", X.astype(np.longdouble))
make("whole.h5", X, alternatives__dimension=names)
make("tiny.h5", X * 1e-14)
make("plane.h5", X[:, :2] * 1e-14)
many = np.random.default_rng(1).random((3, 20))
many[0] *= 1e300
make("directions.h5", many)
make("count.h5", X, comparisons__count=[4294967295, 7])
make("counts.h5", X, comparisons__count=[4294967295, 2147483647])
PY

# refused FILE TEXT [WEIGHTS]: by inspect and by fit alike.
refused() {
  crow inspect "$1" --quiet
  exits 3
  says "$1: $2"
  crow fit "$1" -o r.h5 --force --weights "${3:-voronoi}"
  exits 3
  says "$1: $2"
}
taken() {
  crow inspect "$1" --quiet
  exits 0
  crow fit "$1" -o r.h5 --force --samples 20000
  exits 0
}
refused big.h5 "/alternatives/context[2, 1] is 1e+200, expected at most 3.2e+147 in size"
refused named.h5 "/alternatives/context[2, 1] (column \"y\") is 1e+200, expected at most 3.2e+147 in size"
refused small.h5 "/alternatives/context: coordinates differ by 8e-201 at most, expected at least 3.87e-121"
refused twice.h5 "/alternatives/dimension[2] is \"x\" as [0], expected another name" uniform
refused long.h5 "/alternatives/context holds floats of 16 bytes (long double), at most 8 are read: convert them" uniform
for file in whole tiny plane directions; do taken $file.h5; done

# Contexts that are all near a corner of the cube, in units far below its side: the nearest is the one furthest in the
# point's direction, whose share direct arithmetic in the contexts' own units tells.
crow weights plane.h5 -o exact.h5
crow weights plane.h5 -o sampled.h5 --nearest tree --samples 200000
exits 0
crow weights tiny.h5 -o cube.h5 --samples 200000
exits 0
"$python" - <<'PY' || fail "wrong weights of contexts in small units"
import h5py, numpy as np
X = np.array([[.1, .1, .2], [.9, .1, .3], [.5, .9, .9]])
p = np.random.default_rng(5).random((1000000, 3))
def share(x, p): return np.bincount((p @ x.T).argmax(1), minlength=3) / len(p)
def weights(name): return h5py.File(name)["weights/value"][:]
assert abs(weights("cube.h5") - share(X, p)).max() < .006
assert abs(weights("exact.h5") - share(X[:, :2], p[:, :2])).max() < .003
assert abs(weights("sampled.h5") - weights("exact.h5")).max() < .006
PY

# Pairs with as many judgements as can be counted, which the audit's clones are drawn from.
for data in "1 count.h5" "3 counts.h5"; do
  ranks "${data% *}" fit "${data#* }" -o r.h5 --force
  exits 0
  ranks "${data% *}" audit "${data#* }" --redraws 2 --samples 2000 --clones 5 --eps 0.1
  exits 0
done
# All ranks end alike.
for file in named twice; do
  ranks 3 inspect $file.h5 --quiet
  exits 3
done

finish
