# SPDX-License-Identifier: Apache-2.0
# Fits of reward models, as a user runs them.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
. "$here/data.sh"
need_h5py

write_many 300 2000
import votes.h5
exits 0
for p in 1 3; do
  ranks $p fit votes.h5 -o "mlp-$p.h5" --weights uniform --model mlp --hidden 16,8 --activation silu --optimizer adam \
    --learning-rate 1e-3 --batch 128 --steps 40 --ensemble 3 --json summary.json
  exits 0
  prints "model: mlp 16,8 of 3 inputs, 209 parameters, 3 members"
  prints "ended: all steps taken"
  prints_not "converged"
done
crow inspect mlp-1.h5
exits 0
crow export mlp-1.h5 -o spread.npy --column spread
exits 0

# Side by side on groups of ranks, stopped again and again, each time gone on with on other ranks: the same bits.
for run in "4 2" "3 3" "2 1" "1 1"; do
  ranks "${run% *}" fit votes.h5 -o stopped.h5 --weights uniform --model mlp --hidden 16,8 --activation silu \
    --optimizer adam --learning-rate 1e-3 --batch 128 --steps 40 --ensemble 3 --groups "${run#* }" \
    --checkpoint-interval 0 --time-limit 1e-9
  exits 75
done
ranks 2 fit votes.h5 -o stopped.h5 --weights uniform --model mlp --hidden 16,8 --activation silu --optimizer adam \
  --learning-rate 1e-3 --batch 128 --steps 40 --ensemble 3 --groups 2 -v
exits 0
prints "groups: 2 of 1 rank, side by side on 3 members"
prints "fit: going on with"
# The same under L-BFGS, in the middle of members with a full history.
for model in linear mlp; do
  options="--weights uniform --model $model --hidden 5 --optimizer lbfgs --ensemble 3 --max-iterations 9 --history 2"
  # shellcheck disable=SC2086 # a list of words
  crow fit votes.h5 -o "lbfgs-$model.h5" $options
  for run in "1 1" "3 3" "4 2" "2 2" "7 3"; do
    # shellcheck disable=SC2086
    ranks "${run% *}" fit votes.h5 -o "lbfgs-stopped-$model.h5" $options --groups "${run#* }" --checkpoint-interval 0 \
      --time-limit 1e-9
    exits 75
  done
  # shellcheck disable=SC2086
  ranks 2 fit votes.h5 -o "lbfgs-stopped-$model.h5" $options --groups 1
  exits 5 # an iteration limit
  prints "fit: going on with 0 of 3 members trained, 3 in training"
done
crow fit votes.h5 -o never.h5 --weights uniform --model mlp --ensemble 3 --groups 2
exits 2
says "--groups 2: expected at most one group for each of the 1 rank"
"$python" - <<'PY' || fail "the networks' rewards are not what their parameters give"
import json, h5py, numpy as np
d, a, b, c = (h5py.File(n) for n in ("votes.h5", "mlp-1.h5", "mlp-3.h5", "stopped.h5"))
for name in ("rewards/value", "rewards/spread", "model/parameters"):
    assert (a[name][:] == b[name][:]).all() and (a[name][:] == c[name][:]).all(), name
for model in ("linear", "mlp"):
    whole, stopped = h5py.File(f"lbfgs-{model}.h5"), h5py.File(f"lbfgs-stopped-{model}.h5")
    for name in ("rewards/value", "rewards/spread", "rewards/fitted_win_rate", "model/parameters"):
        assert (whole[name][:] == stopped[name][:]).all(), (model, name)
    for name in ("objective", "optimality", "iterations", "evaluations", "end"):
        assert whole.attrs[name] == stopped.attrs[name], (model, name)
x, r = d["alternatives/context"][:], []
silu = lambda z: z / (1 + np.exp(-z))
for t in a["model/parameters"][:]:
    h, at = x, 0
    for i, o in ((3, 16), (16, 8), (8, 1)):
        h = h @ t[at:at + i * o].reshape(o, i).T + t[at + i * o:at + i * o + o]
        at += i * o + o
        h = silu(h) if o > 1 else h
    r.append(h[:, 0])
assert np.allclose(a["rewards/value"][:], np.mean(r, axis=0), atol=1e-14)
assert (np.load("spread.npy") == a["rewards/spread"][:]).all()
assert np.allclose(a["rewards/spread"][:], np.std(r, axis=0, ddof=1), atol=1e-14)
assert a["model"].attrs["kind"] == "mlp" and a["model"].attrs["hidden"] == "16,8"
assert json.load(open("summary.json"))["parameters"] == 209
PY
crow fit votes.h5 -o linear.h5 --weights uniform --model linear
exits 0
prints "converged: yes"
crow fit votes.h5 -o network.h5 --weights uniform --model mlp --hidden 4 --steps 5
exits 0
prints "ended: all steps taken"
for file in linear network mlp-1 lbfgs-mlp; do
  run "$python" -c "import h5py; print(h5py.File('$file.h5')['model'].attrs['optimizer'])"
  case $file in
  linear | lbfgs-mlp) prints "lbfgs" ;;
  *) prints "adam" ;;
  esac
done

# Alternatives of equal contexts, some written as -0: a model cannot tell them apart, and says so.
printf 'id,x,y\na,0,1\nb,-0.0,1\nc,1,1\nd,1,1\ne,2,0.5\n' >contexts.csv
printf 'left,right,winner\ne,a,left\nd,c,left\na,b,left\nb,a,tie\nc,a,left\nb,e,right\n' >comparisons.csv
import twins.h5
exits 0
for p in 1 3; do
  ranks $p fit twins.h5 -o twins-rewards.h5 --force --weights uniform --model linear --json twins.json
  exits 0
  once err "warning: fit: 3 of 6 judgements compare alternatives of equal contexts, e.g. a and b"
  equal 3 "$("$python" -c 'import json; print(json.load(open("twins.json"))["equal_contexts"])')"
done
crow fit twins.h5 -o twins-rewards.h5 --force --weights uniform
exits 0
silent err
ranks 2 fit votes.h5 -o linear.h5 --force --weights uniform --model linear
exits 0
silent err

crow fit votes.h5 -o never.h5 --weights uniform --optimizer adam
exits 2
says "tabular rewards"
crow fit votes.h5 -o never.h5 --weights uniform --model mlp --hidden 8,x
exits 2
says "--hidden"
not_there never.h5
finish
