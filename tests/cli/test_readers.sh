# SPDX-License-Identifier: Apache-2.0
# All readers of crow's files see the same numbers: files of every kind, written by one rank (by HDF5's plain driver) and
# by four (through MPI), are read by h5py, h5dump and h5diff, which know no MPI, and by crow on one rank and on three.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
. "$here/data.sh"
need_h5py
command -v h5diff >/dev/null || skip "no h5diff"
command -v h5dump >/dev/null || skip "no h5dump"

# More alternatives than a block (512), fewer than four of them: the fourth rank has an empty slice.
write_many 1300 3000
for p in 1 4; do
  ranks $p import --comparisons comparisons.csv --contexts contexts.csv --items items.csv -o dataset-$p.h5
  exits 0
  ranks $p weights dataset-$p.h5 -o weights-$p.h5 --samples 3000
  exits 0
  ranks $p fit dataset-$p.h5 -o rewards-$p.h5 --weights weights-$p.h5 --model mlp --hidden 3 --optimizer lbfgs --max-iterations 3
  exits 5
  ranks $p score rewards-$p.h5 --contexts dataset-$p.h5 -o scores-$p.h5
  exits 0
  ranks $p simulate -o population-$p.h5 --alternatives 1300 --spread 0.1
  exits 0
  ranks $p simulate -o matrix-$p.h5 --alternatives 600 --spread 0.1 --preferences matrix
  exits 0
  ranks $p split dataset-$p.h5 -o train-$p.h5 --test-output test-$p.h5
  exits 0
  ranks $p pca dataset-$p.h5 -o pca-$p.h5 --components 2
  exits 0
  ranks $p cluster dataset-$p.h5 -o groups-$p.h5 --clusters 600
  exits 0
  # What is saved depends on the moment, so the checkpoint is that of the first samples.
  ranks $p weights dataset-$p.h5 -o stopped.h5 --samples 1e9 --draws independent --nearest gemm --time-limit 1e-9 --checkpoint points-$p
  exits 75
done
mv points-1.a.h5 points-1.h5
mv points-4.a.h5 points-4.h5
kinds="dataset weights rewards scores population matrix train test pca groups"

cat >agree.py <<'END'
import subprocess, sys, json
import h5py, numpy as np

def arrays(name):
    found = {}
    with h5py.File(name) as f:
        f.visititems(lambda path, item: found.update({path: item[()]}) if isinstance(item, h5py.Dataset) else None)
        assert found and all(f[path].fletcher32 for path in found) == name.startswith("points"), name
    return found

def dumped(name, path):
    subprocess.run(["h5dump", "-d", "/" + path, "-b", "LE", "-o", "dumped", name], check=True, stdout=subprocess.DEVNULL)
    with open("dumped", "rb") as file:
        return file.read()

def described(name, path, value, description):
    """What crow says of an array against what numpy says."""
    [d] = [d for d in description["datasets"] if d["path"] == "/" + path]
    assert d["shape"] == list(value.shape), (name, path, d)
    if d["type"] == "text":
        assert d["first"] == [text.decode().rstrip("\0") for text in value[:6]], (name, path, d)
    else:
        assert d["first"] == value.ravel()[:6].tolist(), (name, path, d)
        assert (d["minimum"], d["maximum"]) == (value.min(), value.max()), (name, path, d)
        assert abs(d["mean"] - value.mean()) <= 1e-12 * abs(value).max(), (name, path, d)

for kind in sys.argv[1:]:
    one, four = arrays(f"{kind}-1.h5"), arrays(f"{kind}-4.h5")
    assert one.keys() == four.keys(), kind
    for path, value in one.items():
        assert value.dtype == four[path].dtype and value.tobytes() == four[path].tobytes(), (kind, path)
        if value.dtype.kind in "if":
            assert dumped(f"{kind}-4.h5", path) == value.tobytes(), (kind, path)
    for writers, readers in ((1, 3), (4, 1)):
        description = json.load(open(f"{kind}-{writers}-by-{readers}.json"))
        for path, value in one.items():
            described(kind, path, value, description)
for column, path in (("reward", "rewards/value"), ("weight", "rewards/weight")):
    for readers in (1, 3):
        assert np.load(f"{column}-{readers}.npy").tobytes() == arrays("rewards-1.h5")[path].tobytes(), column
with h5py.File("points-1.h5") as one, h5py.File("points-4.h5") as four:
    for f in one, four:
        # A sample counts 720720, a number that ties of up to 16 divide.
        assert f["state/weights/vector0"][:].sum() == f["state/weights/scalars"][0] * 720720, f.filename
print("agreed")
END
for kind in $kinds; do
  ranks 3 inspect --json "$kind"-1.h5
  exits 0
  mv out "$kind"-1-by-3.json
  ranks 1 inspect --json "$kind"-4.h5
  exits 0
  mv out "$kind"-4-by-1.json
  for group in alternatives comparisons preference population weights rewards model scores groups; do
    h5dump -H -g $group "$kind"-1.h5 >/dev/null 2>&1 || continue
    h5diff "$kind"-1.h5 "$kind"-4.h5 /$group >out 2>err || fail "$kind: h5diff finds other numbers in /$group: $(cat out err)"
  done
done
for p in 1 3; do
  for column in reward weight; do
    ranks $p export rewards-4.h5 --column $column -o $column-$p.npy
    exits 0
  done
done
# shellcheck disable=SC2086 # a list of words
run "$python" agree.py $kinds
exits 0
prints agreed

# A file that another program has open for writing: the message says what to do where locks are the trouble, which helps.
mkfifo hold
"$python" -c 'import h5py, sys; f = h5py.File("dataset-1.h5", "r+"); print("open", flush=True); sys.stdin.read()' <hold >opened &
exec 7>hold
tries=0
while [ ! -s opened ] && [ $tries -lt 100 ]; do
  sleep 0.1
  tries=$((tries + 1))
done
for p in 1 3; do
  ranks $p fit dataset-1.h5 -o locked.h5
  exits 4
  once err "error: dataset-1.h5: cannot open it: unable to lock file"
  says "set HDF5_USE_FILE_LOCKING=FALSE"
  not_there locked.h5
done
export HDF5_USE_FILE_LOCKING=FALSE
ranks 3 inspect dataset-1.h5 --quiet
exits 0
exec 7>&-
wait
finish
