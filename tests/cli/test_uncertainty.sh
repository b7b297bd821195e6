# SPDX-License-Identifier: Apache-2.0
# crow fit --bootstrap and --standard-errors: in the table, in the summary and in the file, the same on any number of
# ranks.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
. "$here/data.sh"

write_many 1200 5000
import many.h5 --items items.csv
exits 0
for p in 1 3; do
  ranks $p fit many.h5 -o many-$p.h5 --weights uniform --bootstrap 20 --standard-errors --error-probes 8 \
    --json many-$p.json
  exits 0
  prints "std. error"
  prints "95 % intervals of reward and rank, from 20 bootstrap replicates"
  sed -n '/^Alternatives by reward/,/^converged/p' out >tables-$p
done
cmp -s tables-1 tables-3 || fail "the tables of 3 ranks differ from those of one"
crow inspect many-1.h5
exits 0
prints "/rewards/standard_error"
prints "/rewards/rank_upper"

# Another seed, other replicates.
crow fit many.h5 -o other.h5 --weights uniform --bootstrap 20 --bootstrap-seed 2
exits 0
prints_not "std. error"
sed -n '/^Alternatives by reward/,/^converged/p' out >tables-other
if cmp -s tables-1 tables-other; then fail "another seed gives the same intervals"; fi

# Few alternatives: three comparisons of a and b, none of c but a tie and a loss.
write_triangle
import data.h5
crow fit data.h5 -o plain.h5
exits 0
prints_not "ranks"
crow inspect plain.h5
prints_not "/rewards/lower"
crow fit data.h5 -o r.h5 --bootstrap 200 --standard-errors
exits 0
prints "1-"

# Populations and matrices have nothing to resample; the refusal comes before the weights are computed.
crow simulate -o population.h5 --population table2
exits 0
crow fit population.h5 -o p.h5 --bootstrap 10
exits 2
says "--bootstrap needs observed comparisons: a population has nothing to resample"
crow fit population.h5 -o p.h5 --standard-errors
exits 2
says "--standard-errors needs observed comparisons"
not_there p.h5
crow fit data.h5 -o p.h5 --bootstrap -1
exits 2

need_h5py
cat >check.py <<'END2'
import h5py, json, numpy as np
f, g = h5py.File("many-1.h5"), h5py.File("many-3.h5")
for name in ["value", "standard_error", "lower", "upper", "rank_lower", "rank_upper"]:
    assert f["/rewards/" + name][:].tobytes() == g["/rewards/" + name][:].tobytes(), name
assert f.attrs["bootstrap"] == 20 and f.attrs["bootstrap_not_converged"] == 0
assert (f["/rewards/lower"][:] <= f["/rewards/upper"][:]).all()
low, high = f["/rewards/rank_lower"][:], f["/rewards/rank_upper"][:]
assert (1 <= low).all() and (low <= high).all() and (high <= 1200).all()
s = json.load(open("many-1.json"))
first = s["ranking"][0]
k = int(first["id"][1:])
assert first["lower"] == f["/rewards/lower"][k] and first["upper"] == f["/rewards/upper"][k]
assert first["rank_lower"] == low[k] and first["rank_upper"] == high[k]
assert first["standard_error"] == f["/rewards/standard_error"][k] and s["bootstrap"] == 20
END2
run "$python" check.py
exits 0

finish
