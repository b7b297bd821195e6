# SPDX-License-Identifier: Apache-2.0
# 31 ranks, most of them without alternatives or comparisons, read and write real files; runs stopped there go on on other
# numbers of ranks; all of it to the bits of one rank.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
need_h5py

cat >same.py <<'END'
import h5py, sys
files = [h5py.File(name) for name in sys.argv[1:]]
names = []
files[0].visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) and "provenance" not in name else None)
assert names
for f in files[1:]:
    for n in names:
        a, b = files[0][n][()], f[n][()]
        assert a.dtype == b.dtype and a.shape == b.shape and (a == b).all() if a.dtype == object else a.tobytes() == b.tobytes(), n
END
same() { "$python" same.py "$@" || fail "different bits: $*"; }

crow simulate -o data.h5 --alternatives 1100 --dimensions 4 --preferences comparisons --comparisons 3000 --seed 3
exits 0
for p in 1 31; do
  ranks $p fit data.h5 -o "rewards-$p.h5" --samples 2000
  exits 0
done
same rewards-1.h5 rewards-31.h5

# Stopped on 31 ranks, in a pool taken in a random order, and again on 2; ended on 3.
"$python" - <<'PY'
import h5py, numpy as np
with h5py.File("pool.h5", "w") as f:
    f["rows"] = np.random.default_rng(2).random((60000, 4))
PY
pool="--space pool:pool.h5:/rows --samples 2000 --relative-error 0.001 --max-samples 60000 --nearest gemm"
# shellcheck disable=SC2086 # words
crow weights data.h5 -o whole.h5 $pool
exits 0
for p in 31 2; do
  # shellcheck disable=SC2086
  ranks $p weights data.h5 -o stopped.h5 $pool --time-limit 0.0001
  exits 75
  not_there stopped.h5
done
prints "going on from"
# shellcheck disable=SC2086
ranks 3 weights data.h5 -o stopped.h5 $pool
exits 0
prints "going on from"
same whole.h5 stopped.h5
[ -z "$(ls ./*.checkpoint.* 2>/dev/null)" ] || fail "checkpoints are left beside a whole result"
finish
