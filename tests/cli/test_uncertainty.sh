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
crow export many-1.h5 -o many-1.csv
exits 0
equal "$(head -1 many-1.csv)" \
  "id,topic,reward,weight,win_rate,fitted_win_rate,standard_error,lower,upper,rank_lower,rank_upper,place"

# Groups of different sizes; and a run that is stopped in its bootstrap, which goes on on other ranks and groups with
# the replicates that had ended, and without the fit.
ranks 3 fit many.h5 -o groups.h5 --weights uniform --bootstrap 20 --groups 2 --verbose
exits 0
prints "groups: 2 of 1 or 2 ranks, side by side on 20 replicates, at most 10 each"
stopped="--weights uniform --standard-errors --error-probes 8 --bootstrap 150 --lambda 0.01"
begin=$(date +%s%N)
# shellcheck disable=SC2086 # a list of words
crow fit many.h5 -o whole.h5 $stopped
exits 0
quarter=$(awk -v a="$begin" -v b="$(date +%s%N)" 'BEGIN { print (b - a) / 4e9 }')
: >out # what the last run printed is no sign that this one has begun
# shellcheck disable=SC2086
"$CROW" fit many.h5 -o stopped.h5 $stopped --checkpoint-interval 0.05 >out 2>err &
pid=$!
tries=0
while [ ! -e stopped.h5.checkpoint.b.h5 ] && [ $tries -lt 500 ]; do
  sleep 0.02
  tries=$((tries + 1))
done
sleep "$quarter" # some replicates are done, however slow the machine, and others are not
kill -TERM $pid
wait $pid
code=$?
last="crow fit, stopped"
exits 75
says "stopped before the bootstrap had ended"
not_there stopped.h5
# shellcheck disable=SC2086
crow fit many.h5 -o stopped.h5 $stopped --bootstrap 151
exits 2
says "bootstrap"
# Again after the first step of some replicates, which are begun anew.
# shellcheck disable=SC2086
ranks 4 fit many.h5 -o stopped.h5 $stopped --groups 2 --checkpoint-interval 0 --time-limit 1e-9
exits 75
says "stopped before the bootstrap had ended"
# shellcheck disable=SC2086
ranks 3 fit many.h5 -o stopped.h5 $stopped --groups 2
exits 0
prints "taken from the checkpoint"
grep -Eq 'bootstrap: going on with ([1-9]|[1-9][0-9]|1[0-4][0-9]) of 150 replicates done' out ||
  fail "no replicates were taken from the checkpoint"
[ -z "$(ls stopped.h5.checkpoint.* 2>/dev/null)" ] || fail "checkpoints are left beside a whole result"

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
import csv, h5py, json, numpy as np
f, g = h5py.File("many-1.h5"), h5py.File("many-3.h5")
for name in ["value", "standard_error", "lower", "upper", "rank_lower", "rank_upper"]:
    assert f["/rewards/" + name][:].tobytes() == g["/rewards/" + name][:].tobytes(), name
    if name != "standard_error":
        assert f["/rewards/" + name][:].tobytes() == h5py.File("groups.h5")["/rewards/" + name][:].tobytes(), name
whole, stopped = h5py.File("whole.h5"), h5py.File("stopped.h5")
for name in [*["/rewards/" + name for name in whole["rewards"]], "/trace/objective", "/trace/optimality"]:
    assert whole[name][...].tobytes() == stopped[name][...].tobytes(), name
for name in ["bootstrap", "bootstrap_not_converged", "objective", "optimality", "iterations", "pair_scale", "lambda"]:
    assert whole.attrs[name] == stopped.attrs[name], name
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
rows = list(csv.DictReader(open("many-1.csv", newline="")))
for name in ["standard_error", "lower", "upper", "rank_lower", "rank_upper"]:
    exported = np.array([float(row[name] or "nan") for row in rows])
    assert np.array_equal(exported, f["/rewards/" + name][:], equal_nan=True), name
END2
run "$python" check.py
exits 0

# Of two alternatives that count alike one reward is minus the other, so their difference has twice the standard error of
# each, in the verdict as in the file; variances that just added up would give 1.4 times, and call 60 to 40 clear.
{
  echo left,right,winner,judge
  for judge in 1 2 3 4 5 6 7 8 9 10; do
    winner=a
    [ $judge -le 6 ] || winner=b
    for _ in 1 2 3 4 5 6 7 8 9 10; do echo "a,b,$winner,$judge"; done
  done
} >two.csv
crow import --comparisons two.csv -o two.h5 --keep judge
exits 0
for how in "" "--bootstrap 20 --bootstrap-by judge"; do
  # shellcheck disable=SC2086 # words
  crow fit two.h5 -o two-rewards.h5 --pair-weight count --lambda 0.001 --force $how
  exits 0
  prints "too close to call: a leads b by 0.4038, less than two standard errors"
  "$python" - <<'PY' || fail "the error of a lead is not that of the difference"
import h5py
f = h5py.File("two-rewards.h5")["rewards"]
assert f["lead_error"][0] == 0 and abs(f["lead_error"][1] - 2 * f["standard_error"][1]) < 1e-9
PY
  crow report two-rewards.h5 -o two.html --force
  exits 0
  grep -q "too close to call: a leads b" two.html || fail "the page claims a winner"
done

finish
