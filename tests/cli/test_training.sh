# SPDX-License-Identifier: Apache-2.0
# Training that stops early by comparisons held out, as a user runs it.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
. "$here/data.sh"
need_h5py

write_many 300 2000
import votes.h5
exits 0
crow split votes.h5 -o train.h5 --test-output held.h5 --test 0.3
exits 0
how="--weights uniform --model mlp --hidden 16,8 --learning-rate 1e-2 --batch 200 --steps 220 --validate held.h5 --validate-every 7 --patience 4"
# shellcheck disable=SC2086 # a list of words
{
  crow fit train.h5 -o one.h5 $how --json one.json
  exits 0
  prints "ended: stopped early"
  prints "held out: log loss"
  crow eval one.h5 held.h5 --json eval.json
  exits 0
  for p in 1 3; do
    ranks $p fit train.h5 -o "many-$p.h5" $how --ensemble 3 --groups "$p" --json many.json
    exits 0
  done
  # Stopped again and again, gone on with on other ranks and groups: the same bits.
  for run in "4 2" "1 1" "3 3" "2 1" "2 2"; do
    ranks "${run% *}" fit train.h5 -o stopped.h5 $how --ensemble 3 --groups "${run#* }" --checkpoint-interval 0 --time-limit 1e-9
    exits 75
  done
  ranks 2 fit train.h5 -o stopped.h5 $how --ensemble 3 --groups 2
  exits 0
  prints "fit: going on with"
  # The parameters that were kept are those of so many steps.
  kept=$("$python" -c 'import json; print(json.load(open("one.json"))["kept_steps"][0])')
  crow fit train.h5 -o short.h5 --weights uniform --model mlp --hidden 16,8 --learning-rate 1e-2 --batch 200 --steps "$kept"
  exits 0
  crow fit train.h5 -o all.h5 $how --patience 0
  exits 0
  prints "ended: all steps taken"
  crow fit train.h5 -o linear.h5 --weights uniform --model linear --validate held.h5 --steps 30
  exits 0
}
"$python" - <<'PY' || fail "the training curves are not what the parameters give"
import h5py, json, numpy as np
d = h5py.File("held.h5")
x, first, second, o = (d[n][:] for n in ("alternatives/context", "comparisons/first", "comparisons/second", "comparisons/outcome"))

def held_out(theta):
    h, at = x.astype(float), 0
    for i, w in ((3, 16), (16, 8), (8, 1)):
        h = h @ theta[at:at + i * w].reshape(w, i).T + theta[at + i * w:at + i * w + w]
        at += i * w + w
        h = np.maximum(h, 0) if w > 1 else h
    r = h[:, 0]
    gap = r[first] - r[second]
    loss = np.mean(o * np.log1p(np.exp(-gap)) + (1 - o) * np.log1p(np.exp(gap)))
    decided = o != .5
    return loss, np.mean((gap > 0)[decided] == (o == 1)[decided])

def check(name, members, steps, every, patience):
    f = h5py.File(name)
    t = {k: v[:] for k, v in f["training"].items()}
    stopped = 0
    for b in range(members):
        mine = t["member"] == b
        loss, step = t["validation_loss"][mine], t["step"][mine]
        best = np.argmin(loss)
        assert t["kept"][b] == step[best]
        assert (step[:-1] == every * np.arange(len(step) - 1)).all()
        early = step[-1] < steps
        stopped += early
        # It stops as soon as so many rows have brought nothing better, and not before.
        since = [k - np.argmin(loss[:k + 1]) for k in range(len(loss))]
        assert all(s < patience for s in since[:-1]) and (since[-1] == patience) == early
        found = held_out(f["model/parameters"][b])
        assert abs(found[0] - loss[best]) < 1e-12, (found, loss[best])
        assert abs(found[1] - t["validation_accuracy"][mine][best]) < 1e-12
        assert np.isnan(t["loss"][mine][0]) and np.isfinite(t["loss"][mine][1:]).all()
        assert t["loss"][mine][-1] < t["loss"][mine][1]
    assert f.attrs["end"] == ("stopped early" if stopped else "all steps taken")
    return stopped, f

stopped, f = check("one.h5", 1, 220, 7, 4)
assert stopped == 1
one, evaluated = json.load(open("one.json")), json.load(open("eval.json"))
assert one["stopped_early"] == 1 and one["iterations"] == f["training/step"][-1]
assert abs(one["validation_log_loss"] - evaluated["log_loss"]) < 1e-12
assert abs(one["validation_accuracy"] - evaluated["accuracy"]) < 1e-12
assert (h5py.File("short.h5")["model/parameters"][:] == f["model/parameters"][:]).all()
a = h5py.File("short.h5")["training"]
assert set(a) == {"member", "step", "loss"} and a["step"][-1] == one["kept_steps"][0]
stopped, a = check("many-1.h5", 3, 220, 7, 4)
assert json.load(open("many.json"))["stopped_early"] == stopped
for name in ("many-3.h5", "stopped.h5"):
    b = h5py.File(name)
    for field in ["model/parameters", "rewards/value"] + ["training/" + k for k in a["training"]]:
        assert np.array_equal(a[field][:], b[field][:], equal_nan=True), (name, field)
    for field in ("objective", "optimality", "iterations", "end"):
        assert a.attrs[field] == b.attrs[field], (name, field)
f = h5py.File("all.h5")
assert f["training/step"][-1] == 220 and f["training/kept"][0] == f["training/step"][np.argmin(f["training/validation_loss"][:])]
assert h5py.File("linear.h5")["model"].attrs["optimizer"] == "adam"
PY

crow inspect many-1.h5
exits 0
crow export one.h5 -o trace.csv --table trace
exits 0
equal "$(head -1 trace.csv)" "member,step,loss,validation_loss,validation_accuracy"
equal "$(sed -n 2p trace.csv | cut -d, -f1-3)" "0,0,"
if command -v gnuplot >/dev/null; then
  crow plot one.h5 many-1.h5 -o curve.svg --kind convergence
  exits 0
  grep -q "held out: log loss" curve.svg || fail "the picture does not show what was held out"
  grep -q "held out: accuracy" curve.svg || fail "the picture does not show the accuracy"
  crow plot short.h5 -o curve-short.svg --kind convergence
  exits 0
  if grep -q "held out" curve-short.svg; then fail "nothing was held out, but the picture shows it"; fi
  crow report one.h5 -o one.html
  exits 0
fi

# What cannot be.
crow fit train.h5 -o never.h5 --weights uniform --model mlp --optimizer lbfgs --validate held.h5
exits 2
says "--validate needs --optimizer adam"
crow fit train.h5 -o never.h5 --weights uniform --validate held.h5
exits 2
says "--validate: expected --model linear or mlp"
crow fit train.h5 -o never.h5 --weights uniform --model mlp --validate held.h5 --validate-every 1 --steps 5000
exits 2
says "--validate-every 1"
crow fit train.h5 -o never.h5 --weights uniform --model mlp --validate missing.h5
exits 4
cut -d, -f1-3 contexts.csv >plane.csv
crow import --comparisons comparisons.csv --contexts plane.csv -o other.h5
exits 0
crow simulate -o population.h5 --alternatives 20 --dimensions 3 --preferences population
exits 0
ranks 2 fit train.h5 -o never.h5 --model mlp --validate other.h5
exits 3
once err "expected 3 as in what is trained on"
ranks 2 fit train.h5 -o never.h5 --model mlp --validate population.h5
exits 3
once err "has no comparisons to validate by"
sed 's/id,x,y,z/id,x,z,y/' contexts.csv >swapped.csv
crow import --comparisons comparisons.csv --contexts swapped.csv -o swapped.h5
exits 0
ranks 2 fit train.h5 -o never.h5 --model mlp --validate swapped.h5
exits 3
once err 'dimension 1 of its contexts is "z", expected "y"'
not_there never.h5
finish
