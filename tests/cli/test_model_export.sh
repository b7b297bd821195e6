# SPDX-License-Identifier: Apache-2.0
# Models for other programs: what NumPy alone makes of them is what crow score gives. Commands and program are those of
# jobs/reward-model/README.md.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
. "$here/data.sh"
need_h5py
page=$here/../../jobs/reward-model/README.md
# shellcheck disable=SC2016 # backticks of Markdown
sed -n '/^```sh ci/,/^```$/{/^```/d;p}' "$page" | sed -e 's|\.\./jobs/flood/comparisons-after|votes|' -e 's|poll\.h5|votes.h5|g' \
  -e 's|\.\./jobs/flood/contexts-after|embeddings|' -e 's|\.\./jobs/flood/items-after|items|' >commands.sh
# shellcheck disable=SC2016
sed -n '/^```python/,/^```$/{/^```/d;p}' "$page" >score.py
equal "$(wc -l <commands.sh)" 6

write_many 300 2000
mv comparisons.csv votes.csv
"$python" -c 'import numpy as np; np.save("embeddings.npy", np.loadtxt("contexts.csv", delimiter=",", skiprows=1, usecols=(1, 2, 3)))'
mkdir bin
printf '#!/bin/sh\nexec "%s" "$@"\n' "$CROW" >bin/crow
chmod +x bin/crow
run env PATH="$folder/bin:$PATH" sh -e commands.sh
exits 0
prints "held out: log loss"
prints "model.npz: 18 arrays"

crow fit train.h5 -o linear.h5 --weights uniform --model linear
exits 0
crow fit train.h5 -o silu.h5 --weights uniform --model mlp --hidden 7 --activation silu --steps 30 --weight-decay 0.01
exits 0
crow fit train.h5 -o tanh.h5 --weights uniform --model mlp --hidden 5,4,3 --activation tanh --steps 30 --ensemble 2
exits 0
for name in model linear silu tanh; do
  for p in 1 2; do
    ranks $p export $name.h5 -o $name-$p.npz --table model
    exits 0
    ranks $p export $name.h5 -o $name-$p.safetensors --table model
    exits 0
  done
  cmp -s $name-1.npz $name-2.npz || fail "$name: 2 ranks write another .npz"
  cmp -s $name-1.safetensors $name-2.safetensors || fail "$name: 2 ranks write another .safetensors"
  run "$python" score.py $name-1.npz embeddings.npy $name-scores.npy
  exits 0
  crow score $name.h5 --contexts votes.h5 -o $name-scores.h5
  exits 0
done
"$python" - <<'PY' || fail "the exported models do not score as crow does"
import h5py, json, numpy as np, zipfile
for name in ("model", "linear", "silu", "tanh"):
    scores, f = h5py.File(f"{name}-scores.h5")["scores/value"][:], h5py.File(f"{name}.h5")
    found = np.load(f"{name}-scores.npy")
    assert scores.std() > 0 and np.abs(found - scores).max() < 1e-12, (name, np.abs(found - scores).max())
    archive = zipfile.ZipFile(f"{name}-1.npz")
    assert archive.testzip() is None # checks every CRC
    arrays = {k: v for k, v in np.load(f"{name}-1.npz").items() if k != "metadata.json"}
    about = json.loads(archive.read("metadata.json"))
    assert about["model"] == f["model"].attrs["kind"] and about["inputs"] == 3
    assert about["weight_decay"] == f["model"].attrs["weight_decay"]
    # As the file's parameters, in their order.
    assert (np.concatenate([a.ravel() for a in arrays.values()]) == f["model/parameters"][:].ravel()).all()
    # The same by the definition of safetensors.
    raw = open(f"{name}-1.safetensors", "rb").read()
    length = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8:8 + length])
    texts = header.pop("__metadata__")
    assert length % 8 == 0 and all(isinstance(t, str) for t in texts.values()) and texts["inputs"] == "3"
    assert list(header) == list(arrays)
    end = 0
    for key, entry in header.items():
        begin, end_of = entry["data_offsets"]
        assert begin == end and entry["dtype"] == "F64"
        end = end_of
        values = np.frombuffer(raw[8 + length + begin:8 + length + end], "<f8").reshape(entry["shape"])
        assert values.shape == arrays[key].shape and (values == arrays[key]).all()
    assert 8 + length + end == len(raw)
assert list(np.load("linear-1.npz")) == ["layers.0.weight", "layers.0.bias", "metadata.json"]
assert np.load("silu-1.npz")["layers.0.weight"].shape == (7, 3) and np.load("silu-1.npz")["layers.1.bias"].shape == (1,)
assert np.load("tanh-1.npz")["member.1.layers.2.weight"].shape == (3, 4)
try:
    from safetensors.numpy import load_file
except ImportError:
    raise SystemExit
assert set(load_file("tanh-1.safetensors")) == set(np.load("tanh-1.npz")) - {"metadata.json"}
PY

crow fit train.h5 -o tabular.h5 --weights uniform
exits 0
ranks 2 export tabular.h5 -o never.npz --table model
exits 3
says "has tabular rewards"
crow export votes.h5 -o never.npz --table model
exits 3
says "expected rewards with their model"
crow export linear.h5 -o never.csv --table model
exits 2
says "written as .npz or .safetensors"
crow export linear.h5 -o never.npz
exits 2
says "expected --table model"
crow export linear.h5 -o linear-1.npz --table model
exits 4
not_there never.npz
not_there never.csv
finish
