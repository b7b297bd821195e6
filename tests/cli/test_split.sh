# SPDX-License-Identifier: Apache-2.0
# Comparisons and alternatives held out for a test.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
. "$here/data.sh"
need_h5py

write_many 200 2000
import votes.h5
exits 0
for by in comparison alternative; do
  for p in 1 3; do
    ranks $p split votes.h5 -o "train-$by-$p.h5" --test-output "test-$by-$p.h5" --test 0.2 --by $by
    exits 0
    prints "held out"
  done
done
"$python" - <<'PY' || fail "the split is not one"
import h5py, numpy as np
names = ("first", "second", "outcome")
rows = lambda f: [tuple(r) for r in np.column_stack([h5py.File(f)["comparisons/" + n][:] for n in names])]
whole = rows("votes.h5")
for by in ("comparison", "alternative"):
    train, test = rows(f"train-{by}-1.h5"), rows(f"test-{by}-1.h5")
    assert train == rows(f"train-{by}-3.h5") and test == rows(f"test-{by}-3.h5")
    assert sorted(train + test) == sorted(whole)
    if by == "comparison":
        assert abs(len(test) - 400) < 5 * (2000 * .2 * .8) ** .5
    else:
        known = {x for r in train for x in r[:2]}
        assert all(r[0] not in known or r[1] not in known for r in test) and 400 < len(test) < 1100
PY
crow split votes.h5 -o train.h5
exits 2
says "test-output"
crow split votes.h5 -o same.h5 --test-output same.h5
exits 2
crow split votes.h5 -o ./same.h5 --test-output same.h5
exits 2
says "name the same file"
not_there same.h5
cp votes.h5 copy.h5
for name in votes.h5 ./votes.h5 "$PWD/votes.h5"; do
  ranks 2 split votes.h5 -o other.h5 --test-output "$name" --force
  exits 2
  once err "both input and output"
  cmp -s votes.h5 copy.h5 || fail "$last: the input was touched"
done
finish
