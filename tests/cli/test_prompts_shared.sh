# SPDX-License-Identifier: Apache-2.0
# Prompts so large that all ranks work on them together, beside many small ones: the same bits on any number of ranks,
# and where a run is stopped among them and gone on with on other ranks.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
need_h5py

# 2000 are shared by 2 ranks, 2000 and 1400 by 3 ranks, none by one.
"$python" - <<'PY'
import h5py, numpy as np
rng = np.random.default_rng(4)
sizes = [2000, 90, 1400] + [70] * 8 + [4] * 20
prompt = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
np.save("prompt.npy", prompt)
x = rng.random((len(prompt), 5)).astype("f4")
def write(name, rows, with_prompt, type):
    with h5py.File(name, "w") as f:
        f.attrs.update(crow_kind="dataset", crow_schema_version=1)
        f["alternatives/context"] = x[rows].astype(type)
        if with_prompt: f["alternatives/prompt"] = [b"p%d" % prompt[r] for r in rows]
write("single.h5", np.arange(len(prompt)), True, "f4")
write("double.h5", np.arange(len(prompt)), True, "f8")
for k in (0, 1, 2): write(f"one-{k}.h5", np.flatnonzero(prompt == k), False, "f4")
PY
few="--space cube --samples 1500 --nearest fused"
for p in 1 2 3; do
  # shellcheck disable=SC2086 # words
  ranks $p weights single.h5 -o "w-$p.h5" $few -v
  exits 0
done
prints "large prompts are computed by all ranks together"
for k in 0 1 2; do
  # shellcheck disable=SC2086
  crow weights "one-$k.h5" -o "one-w-$k.h5" $few
  exits 0
done
# shellcheck disable=SC2086
ranks 3 weights double.h5 -o double-w.h5 $few
exits 0
"$python" - <<'PY' || fail "weights of shared prompts are not those of each alone"
import h5py, numpy as np
prompt = np.load("prompt.npy"); K = prompt.max() + 1
read = lambda name, what: h5py.File(name)["weights/" + what][:]
for what in ("value", "standard_error", "hits"):
    one = read("w-1.h5", what)
    for other in ("w-2.h5", "w-3.h5", "double-w.h5"): assert one.tobytes() == read(other, what).tobytes(), (other, what)
    for k in (0, 1, 2):
        alone = read(f"one-w-{k}.h5", what)
        assert np.array_equal(one[prompt == k], alone if what == "hits" else alone * (1 / K)), (what, k)
assert (read("w-1.h5", "hits") > 0).sum() > 1000
PY

# Stopped after the first shared prompt, and among the others.
number=$((400000 / slowness))
long="--space cube --samples $number --nearest gemm"
# shellcheck disable=SC2086
crow weights single.h5 -o whole.h5 $long
exits 0
CROW_TEST_STOP_AT=prompts:2
export CROW_TEST_STOP_AT
# shellcheck disable=SC2086
ranks 3 weights single.h5 -o stopped.h5 $long
unset CROW_TEST_STOP_AT
exits 75
says "stopped by signal 15 in prompts"
not_there stopped.h5
turn=0
while [ "$code" -eq 75 ] && [ $turn -lt 40 ]; do
  turn=$((turn + 1))
  # shellcheck disable=SC2086
  ranks $((turn % 3 + 1)) weights single.h5 -o stopped.h5 $long --time-limit $((1 + turn))
done
exits 0
prints "weights: going on with"
"$python" - <<'PY' || fail "weights are not those of a run that was not stopped"
import h5py
for what in ("value", "standard_error", "hits"):
    a, b = (h5py.File(name)["weights/" + what][:] for name in ("whole.h5", "stopped.h5"))
    assert a.tobytes() == b.tobytes(), what
a, b = (h5py.File(name).attrs for name in ("whole.h5", "stopped.h5"))
assert a["samples"] == b["samples"] and a["zeros"] == b["zeros"] and a["effective"] == b["effective"]
PY
[ -z "$(ls ./*.checkpoint.* 2>/dev/null)" ] || fail "checkpoints are left beside a whole result"
finish
