# SPDX-License-Identifier: Apache-2.0
# Thousands of prompts of a few responses each, in many dimensions: weights against independent calculations.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
need_h5py

"$python" - <<'PY'
import h5py, numpy as np
rng = np.random.default_rng(3)
d = 24
rows, prompt = [], []
def add(x):
    prompt.extend([b"p%d" % (len(set(prompt)))] * len(x)); rows.extend(x)
def unit(n): x = rng.normal(size=(n, d)); return x / np.linalg.norm(x, axis=1, keepdims=True)
add(unit(1))                                        # 0: one response has all
add(unit(2))                                        # 1: two, a half each
x = unit(2); add(np.r_[x, x[:1]])                   # 2: of three, two are equal: a quarter each
add(unit(3))                                        # 3: exact, on a circle
q = np.linalg.qr(rng.normal(size=(d, 2)))[0]
t = np.array([0, .1, .3, 2, 4]); add(np.c_[np.cos(t), np.sin(t)] @ q.T)   # 4: five on a circle about the origin
x = unit(3); add(np.r_[x, x[1:2], x[1:2]])          # 5: exact, with copies
for n in (4, 5, 9, 30, 64, 70): add(unit(n))        # 6 to 11: sampled; the last by a search structure
x = unit(6); add(np.r_[x, x[2:4]])                  # 12: sampled, with copies
add(np.full((3, d), .3))                            # 13: equal contexts share
rows = np.array(rows); prompt = np.array(prompt)
order = rng.permutation(len(rows))
rows, prompt = rows[order], prompt[order]
np.savez("few.npz", rows=rows, prompt=prompt)
for name, type in (("few.h5", "f8"), ("few32.h5", "f4")):
    with h5py.File(name, "w") as f:
        f.attrs.update(crow_kind="dataset", crow_schema_version=1)
        f["alternatives/context"], f["alternatives/prompt"] = rows.astype(type), prompt
with h5py.File("few-as-64.h5", "w") as f:
    f.attrs.update(crow_kind="dataset", crow_schema_version=1)
    f["alternatives/context"], f["alternatives/prompt"] = rows.astype("f4").astype("f8"), prompt
with h5py.File("pool.h5", "w") as f:
    f["rows"] = rng.random((30000, d)) * .5 - .2
PY
for space in sphere cube box gaussian pool:pool.h5:/rows; do
  for p in 1 3; do
    case $space in sphere) center="--space-center none" ;; *) center= ;; esac
    # shellcheck disable=SC2086 # a list of words
    ranks $p weights few.h5 -o "w-${space%%:*}-$p.h5" --space $space $center
    exits 0
  done
done
for file in few32 few-as-64; do
  crow weights $file.h5 -o "w-$file.h5" --space cube
  exits 0
done
crow weights few.h5 -o given.h5 --space box --samples 1000 --pseudo-count 2
exits 0
crow weights few.h5 -o accurate.h5 --space sphere --relative-error 0.02 --max-samples 100000
exits 0
crow weights few.h5 -o refused.h5 --space sphere --nearest exact
exits 2
"$python" - <<'PY' || fail "weights of a few alternatives are not those of independent calculations"
import h5py, numpy as np
rng = np.random.default_rng(8)
z = np.load("few.npz"); rows, prompt = z["rows"], z["prompt"]
d = rows.shape[1]
pool = h5py.File("pool.h5")["rows"][:]
read = lambda name, what="value": h5py.File(name)["weights/" + what][:]
K = len(set(prompt.tolist()))
def members(k): return np.flatnonzero(prompt == b"p%d" % k)
def estimate(space, x, n):
    if space == "sphere":
        y = x / np.linalg.norm(x, axis=1, keepdims=True); score = rng.normal(size=(n, d)) @ y.T
        near = score >= score.max(1, keepdims=True) - 1e-12
    else:
        low, high = x.min(0), x.max(0)
        s = {"cube": lambda: rng.random((n, d)), "box": lambda: low + rng.random((n, d)) * (high - low),
             "pool": lambda: pool[rng.integers(len(pool), size=n)],
             "gaussian": lambda: x.mean(0) + rng.normal(size=(n, len(x))) @ (x - x.mean(0)) / len(x) ** .5}[space]()
        score = ((s[:, None, :] - x) ** 2).sum(2)
        near = score <= score.min(1, keepdims=True) + 1e-12
    return (near / near.sum(1, keepdims=True)).mean(0)
for space in ("sphere", "cube", "box", "gaussian", "pool"):
    w, e, hits = (read(f"w-{space}-1.h5", n) for n in ("value", "standard_error", "hits"))
    for what in ("value", "standard_error", "hits"):
        assert read(f"w-{space}-1.h5", what).tobytes() == read(f"w-{space}-3.h5", what).tobytes(), (space, what)
    v, e = w * K, e * K
    for k in range(K):
        i = members(k)
        assert abs(v[i].sum() - 1) < 1e-12
        n = 20000
        if len(i) < 65:
            want = estimate(space, rows[i], n)
            samples = hits[i].sum() / 720720
            error = np.sqrt(e[i] ** 2 + want * (1 - want) / n + 1e-9)
            assert np.all(np.abs(v[i] - want) < 5 * error), (space, k, v[i], want)
            if hits[i].any():
                most = max(4096, 400 * (70 if space == "pool" else len(i)))
                assert samples == min(most, 30000), (space, k, samples)
    assert hits[members(0)][0] == 0 and v[members(0)][0] == 1
    i = members(13); assert np.allclose(v[i], 1 / 3, rtol=1e-14, atol=0), v[i]
w, e = read("w-sphere-1.h5") * K, read("w-sphere-1.h5", "standard_error")
for k in (1, 2, 3, 4, 5): assert np.all(e[members(k)] == 0), k
assert np.allclose(w[members(1)], .5, rtol=1e-15)
i = members(2); x = rows[i]; same = (np.abs(x[:, None] - x).max(2) == 0).sum(1)
assert np.allclose(w[i], .5 / same, rtol=1e-14)
i = members(3); x = rows[i]  # nearest to directions in their plane: half of the angle to either neighbour about the circle's centre
c = x[0] + np.linalg.lstsq(np.stack([x[1] - x[0], x[2] - x[0]], 1), -x[0], rcond=None)[0] @ np.stack([x[1] - x[0], x[2] - x[0]])
u = x - c
angle = lambda a, b: np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
a = [angle(u[0], u[1]), angle(u[1], u[2]), angle(u[2], u[0])]
if abs(sum(a) - 2 * np.pi) > 1e-9:  # all on one side of a diameter
    j = int(np.argmax(a)); a[j] = 2 * np.pi - a[j]
assert np.allclose(w[i], [(a[0] + a[2]) / 4 / np.pi, (a[0] + a[1]) / 4 / np.pi, (a[1] + a[2]) / 4 / np.pi], atol=1e-12)
i = members(4)
t = np.array([0, .1, .3, 2, 4]); gap = np.diff(np.r_[t, t[0] + 2 * np.pi])
assert np.allclose(np.sort(w[i]), np.sort((gap + np.roll(gap, 1)) / 4 / np.pi), atol=1e-12)
assert read("w-few32.h5").tobytes() == read("w-few-as-64.h5").tobytes()
w, hits = read("given.h5") * K, read("given.h5", "hits") / 720720
for k in range(K):
    i = members(k)
    if hits[i].any():
        assert abs(hits[i].sum() - 1000) < 1e-9
        assert np.allclose(w[i], (hits[i] + 2) / (1000 + 2 * len(i)), rtol=1e-12), k
w, e, hits = (read("accurate.h5", n) for n in ("value", "standard_error", "hits"))
grown = 0
for k in range(K):
    i = members(k)
    n = hits[i].sum() / 720720
    large = w[i] * K * len(i) > 1
    if n: assert np.all(e[i][large] <= .02 * w[i][large]) or n == 100000, (k, n)
    grown += n > max(4096, 400 * len(i))
assert grown > 3
PY

# The order of responses and prompts decides nothing but the order of the weights where draws are of the space itself.
"$python" - <<'PY'
import h5py, numpy as np
z = np.load("few.npz"); keep = np.flatnonzero(z["prompt"] != b"p11")
with h5py.File("fewer.h5", "w") as f:
    f.attrs.update(crow_kind="dataset", crow_schema_version=1)
    f["alternatives/context"], f["alternatives/prompt"] = z["rows"][keep], z["prompt"][keep]
np.save("keep.npy", keep)
PY
crow weights fewer.h5 -o fewer-w.h5 --space sphere --space-center none
exits 0
"$python" - <<'PY' || fail "a prompt's weights depend on the other prompts"
import h5py, numpy as np
a, b = (h5py.File(n)["weights/hits"][:] for n in ("w-sphere-1.h5", "fewer-w.h5"))
assert np.array_equal(a[np.load("keep.npy")], b)
PY
finish
