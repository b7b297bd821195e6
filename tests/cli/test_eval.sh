# SPDX-License-Identifier: Apache-2.0
# Held-out comparisons from the split to the figures, and rewards of new alternatives, against an independent calculation.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
. "$here/data.sh"
need_h5py

write_many 700 3000
import votes.h5 --items items.csv
exits 0
for by in comparison alternative; do
  crow split votes.h5 -o "train-$by.h5" --test-output "test-$by.h5" --by $by
  exits 0
  crow fit "train-$by.h5" -o "tabular-$by.h5" --weights uniform
  exits 0
  crow fit "train-$by.h5" -o "mlp-$by.h5" --weights uniform --model mlp --hidden 6 --optimizer adam --steps 60 \
    --learning-rate 0.01 --ensemble 3
  exits 0
  for p in 1 3 7; do
    [ $by = alternative ] || [ "$p" -eq 1 ] || continue
    for model in tabular mlp; do
      ranks $p eval "$model-$by.h5" "test-$by.h5" --json "eval-$model-$by-$p.json"
      exits 0
      prints "calibration error:"
      equal "$(grep -c '^0\.[0-9] to [01]\.[0-9] ' out)" 10
    done
    ranks $p score "tabular-$by.h5" --contexts "test-$by.h5" -o "near-$by-$p.h5"
    exits 0
  done
done
crow eval tabular-alternative.h5 test-alternative.h5 --unseen zero --json eval-zero.json
exits 0
crow eval tabular-alternative.h5 test-alternative.h5 --unseen skip
exits 3
says "try --unseen nearest"
crow eval tabular-alternative.h5 votes.h5 --unseen skip --json eval-skip.json
exits 0
crow eval near-alternative-3.h5 test-alternative.h5 --json eval-near.json
exits 0
crow score mlp-alternative.h5 --contexts contexts.csv -o csv.h5
exits 0
ranks 3 score mlp-alternative.h5 --contexts contexts.csv -o csv-3.h5
exits 0
"$python" -c "
import h5py, numpy as np
np.save('new.npy', h5py.File('votes.h5')['alternatives/context'][:].astype(np.float32)[::-1] * 1.01)"
for p in 1 3; do
  ranks $p score mlp-alternative.h5 --contexts votes.h5:/alternatives/context -o "array-$p.h5"
  exits 0
  ranks $p score tabular-comparison.h5 --contexts new.npy -o "npy-$p.h5" --dataset train-comparison.h5
  exits 0
done
crow export npy-3.h5 -o npy.csv
exits 0
equal "$(head -1 npy.csv)" "id,reward,nearest,nearest_id,distance"
crow inspect npy-1.h5
exits 0
cat >check.py <<'END'
import json, h5py, numpy as np
h = lambda n: h5py.File(n)
load = lambda n: json.load(open(n))
def expected(r, d, keep=None):
    f, s, o = (d["comparisons/" + n][:] for n in ("first", "second", "outcome"))
    if keep is not None:
        k = keep[f] & keep[s]
        f, s, o = f[k], s[k], o[k]
    z = r[f] - r[s]
    p = 1 / (1 + np.exp(-z))
    decided = o != .5
    right = np.where(z == 0, .5, np.where(z > 0, o, 1 - o))
    both_p, both_o = np.r_[p, 1 - p], np.r_[np.where(z == 0, .5, o), np.where(z == 0, .5, 1 - o)]
    bins = np.where(both_p == 1, 9, np.floor(10 * both_p)).astype(int)
    error = sum(abs((both_p - both_o)[bins == b].sum()) for b in range(10)) / len(both_p)
    return {"accuracy": right[decided].mean(), "log_loss": -(o * np.log(p) + (1 - o) * np.log1p(-p)).mean(),
            "brier": (o * (1 - p) ** 2 + (1 - o) * p ** 2).mean(), "calibration_error": error, "judgements": len(o)}
def same(name, want):
    got = load(name)
    for key, value in want.items():
        assert abs(got[key] - value) < 1e-12, (name, key, got[key], value)
    assert len(got["calibration"]) == 10
    assert abs(sum(b["judgements"] for b in got["calibration"]) - got["judgements"]) < 1e-9
for by in ("comparison", "alternative"):
    d, t, m = h(f"test-{by}.h5"), h(f"tabular-{by}.h5"), h(f"mlp-{by}.h5")
    x, r, seen = d["alternatives/context"][:], t["rewards/value"][:], ~np.isnan(t["rewards/win_rate"][:])
    # the first nearest alternative that was compared
    rows = np.flatnonzero(seen)
    distance = ((x[:, None] - x[rows][None]) ** 2).sum(-1)
    nearest = rows[distance.argmin(1)]
    if by == "alternative":
        assert 0 < seen.sum() < len(r)
        same("eval-zero.json", expected(r, d))
        same("eval-skip.json", expected(r, h("votes.h5"), seen))
    carried = np.where(seen, r, r[nearest])
    for p in (1, 3, 7) if by == "alternative" else (1,):
        same(f"eval-tabular-{by}-{p}.json", expected(carried, d))
        same(f"eval-mlp-{by}-{p}.json", expected(m["rewards/value"][:], d))
        for model in ("tabular", "mlp"):
            a, b = load(f"eval-{model}-{by}-1.json"), load(f"eval-{model}-{by}-{p}.json")
            for key in ("accuracy", "log_loss", "brier", "calibration_error", "calibration"):
                assert a[key] == b[key], key
        s = h(f"near-{by}-{p}.h5")
        assert (s["scores/nearest"][:] == nearest).all() and (s["scores/value"][:] == r[nearest]).all()
        assert np.allclose(s["scores/distance"][:], np.sqrt(distance.min(1)), atol=1e-15)
same("eval-near.json", {k: v for k, v in load("eval-tabular-alternative-1.json").items()
                        if k in ("accuracy", "log_loss", "brier", "calibration_error")})
# A model gives its own alternatives the rewards of the fit, bit for bit, from any kind of file.
m = h("mlp-alternative.h5")
for name in ("csv.h5", "csv-3.h5", "array-1.h5", "array-3.h5"):
    s = h(name)
    assert (s["scores/value"][:] == m["rewards/value"][:]).all() and (s["scores/spread"][:] == m["rewards/spread"][:]).all()
assert [i.decode() for i in h("csv-3.h5")["alternatives/id"][:]] == [f"n{i}" for i in range(700)]
x, new, t = h("votes.h5")["alternatives/context"][:], np.load("new.npy").astype(float), h("tabular-comparison.h5")
rows = np.flatnonzero(~np.isnan(t["rewards/win_rate"][:]))
nearest = rows[((new[:, None] - x[rows][None]) ** 2).sum(-1).argmin(1)]
for p in (1, 3):
    s = h(f"npy-{p}.h5")
    assert (s["scores/nearest"][:] == nearest).all()
    assert [i.decode() for i in s["scores/nearest_id"][:]] == [f"n{i}" for i in nearest]
END
run "$python" check.py
exits 0

# What does not belong together is refused.
for p in 1 2; do
  ranks $p score tabular-comparison.h5 --dataset test-comparison.h5 --contexts new.npy -o never.h5
  exits 3
  says "is not the dataset that tabular-comparison.h5 was fitted to"
done
"$python" -c "import numpy as np; np.save('narrow.npy', np.ones((2, 1)))"
for model in tabular mlp; do
  ranks 2 score "$model-comparison.h5" --contexts narrow.npy -o never.h5
  exits 3
  says "has contexts of 1 dimension, expected 3"
done
mv train-comparison.h5 elsewhere.h5
crow score tabular-comparison.h5 --contexts new.npy -o never.h5
exits 4
says "give it with --dataset"
crow eval votes.h5 votes.h5
exits 3
says "expected rewards or scores"
write_triangle
import small.h5
ranks 2 eval tabular-comparison.h5 small.h5
exits 3
says "do not belong together"
not_there never.h5
# Whichever stands first, the figures are the same: here every comparison names the winner first.
printf 'chosen,rejected\na,b\nb,c\na,c\na,b\nb,a\n' >comparisons.csv
import chosen.h5
crow fit chosen.h5 -o chosen-r.h5 --weights uniform
crow eval chosen-r.h5 chosen.h5 --json chosen.json
exits 0
near "$("$python" -c "import json; print(json.load(open('chosen.json'))['accuracy'])")" 0.8 1e-12
finish
