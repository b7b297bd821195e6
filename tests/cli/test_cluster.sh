# SPDX-License-Identifier: Apache-2.0
# Meta-alternatives: groups in the place of alternatives, and rewards for every original.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
need_h5py

crow simulate -o votes.h5 --alternatives 90 --spread 0.01 --preferences comparisons --comparisons 3000
exits 0
for p in 1 3; do
  ranks $p cluster votes.h5 -o "means-$p.h5" --clusters 3 --json summary.json
  exits 0
  prints "groups: 3 of 90 alternatives, the largest of 30, 0 of one"
  prints "k-means: converged"
  ranks $p cluster votes.h5 -o "joined-$p.h5" --radius 0.05
  exits 0
  prints "groups: 3 of 90 alternatives"
  ranks $p fit "means-$p.h5" -o "r-$p.h5" --weights uniform
  exits 0
done
crow inspect means-1.h5
exits 0
"$python" - <<'PY' || fail "originals do not have their group's reward"
import json, h5py, numpy as np
d, m, r = h5py.File("votes.h5"), h5py.File("means-1.h5"), h5py.File("r-1.h5")
other = h5py.File("means-3.h5")
group = m["cluster/map"][:]
assert (r["original/reward"][:] == r["rewards/value"][:][group]).all()
assert (r["original/id"][:] == d["alternatives/id"][:]).all()
assert (r["original/topic"][:] == d["alternatives/topic"][:]).all()
first, second = group[d["comparisons/first"][:]], group[d["comparisons/second"][:]]
kept = first != second
assert (m["comparisons/first"][:] == first[kept]).all() and (m["comparisons/second"][:] == second[kept]).all()
assert (m["comparisons/outcome"][:] == d["comparisons/outcome"][:][kept]).all()
for g in range(3):
    assert np.allclose(m["alternatives/context"][g], d["alternatives/context"][:][group == g].mean(axis=0), atol=1e-14)
    assert (m["alternatives/context"][g] == other["alternatives/context"][g]).all()
assert json.load(open("summary.json"))["comparisons_dropped"] == (~kept).sum()
assert m["alternatives/id"][0] == b"food-1 +29" and m["alternatives/topic"][2] == b"romance"
PY

crow cluster votes.h5 -o never.h5 --radius 10
exits 3
says "in one group"
crow cluster votes.h5 -o never.h5 --radius 1 --clusters 2
exits 2
says "--clusters and --radius"
crow cluster votes.h5
exits 2
not_there never.h5
finish
