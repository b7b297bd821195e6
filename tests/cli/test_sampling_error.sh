# SPDX-License-Identifier: Apache-2.0
# What sampling does to rewards: printed, in the summary, in files; the same on any number of ranks, from a weights file,
# and where a run with --reward-error was stopped.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
. "$here/data.sh"
need_h5py

# arrays FILE: the bits of what must not depend on how it was computed.
arrays() {
  "$python" - "$1" <<'END'
import sys, hashlib, h5py
with h5py.File(sys.argv[1]) as f:
    names = [n for n in ("rewards/value", "rewards/sampling_error", "weights/batch_hits", "weights/value") if n in f]
    print([(n, hashlib.sha256(f[n][:].tobytes()).hexdigest()) for n in names])
END
}

write_many 1100 6000
import many.h5 --items items.csv
exits 0
for p in 1 3 4; do
  ranks $p weights many.h5 -o w-$p.h5 --samples 20000
  exits 0
  ranks $p fit many.h5 -o r-$p.h5 --samples 20000 --json r-$p.json -v
  exits 0
  once out "sampling error of the rewards: median "
  equal "$(arrays w-$p.h5)" "$(arrays w-1.h5)"
  equal "$(arrays r-$p.h5)" "$(arrays r-1.h5)"
done
ranks 2 fit many.h5 -o from-file.h5 --weights w-1.h5
exits 0
equal "$(arrays from-file.h5)" "$(arrays r-1.h5)"
"$python" - <<'END' || fail "the summary, the table and the files do not belong together"
import h5py, json, numpy as np
r, said = h5py.File("r-1.h5"), json.load(open("r-1.json"))
error, ids = r["rewards/sampling_error"][:], r["alternatives/id"][:]
known = np.sort(error[np.isfinite(error)])
assert (known > 0).any() and said["sampling_error_largest"] == known[-1]
assert said["sampling_error_median"] == known[(len(known) - 1) // 2]
assert said["sampling_error_largest_id"] == ids[np.nanargmax(error)].decode()
with h5py.File("w-1.h5") as w:
    assert (w["weights/batch_hits"][:].sum(1) == w["weights/hits"][:]).all() and w["weights/batch_hits"].shape == (1100, 32)
END
crow export r-1.h5 -o r.csv
exits 0
head -1 r.csv | grep -q ',sampling_error,' || fail "no column sampling_error"

# Nothing is said where nothing was sampled, or not kept.
ranks 2 weights many.h5 -o plain.h5 --samples 20000 --no-batches
exits 0
for weights in "--weights uniform" "--weights plain.h5" "--samples 20000 --no-batches" "--scheme radius"; do
  # shellcheck disable=SC2086 # a list of words
  crow fit many.h5 -o none.h5 --force $weights -v
  exits 0
  prints_not "sampling: "
  crow inspect none.h5
  prints_not "sampling_error"
done
write_triangle
import exact.h5
crow fit exact.h5 -o e.h5 --reward-error 1e-9 -v
exits 0
prints_not "sampling: "

# As many samples as are needed; the same when they are taken at once; and on from where a run was stopped.
wanted=$("$python" -c 'import json; print(json.load(open("r-1.json"))["sampling_error_largest"] / 2.5)')
ranks 3 fit many.h5 -o enough.h5 --samples 20000 --reward-error "$wanted" --json enough.json
exits 0
samples=$("$python" -c 'import json; print(json.load(open("enough.json"))["samples"])')
"$python" - "$wanted" <<'END' || fail "sampling did not end where it should"
import json, sys
said = json.load(open("enough.json"))
assert said["sampling_error_largest"] < float(sys.argv[1]) and 60000 < said["samples"] < 500000, said
END
crow fit many.h5 -o once.h5 --samples "$samples"
exits 0
equal "$(arrays once.h5)" "$(arrays enough.h5)"
stops=0
code=75
while [ "$code" -eq 75 ] && [ $stops -lt 40 ]; do
  ranks $((stops % 3 + 1)) fit many.h5 -o stopped.h5 --samples 20000 --reward-error "$wanted" --checkpoint-interval 0 \
    --time-limit "$(awk -v s=$stops 'BEGIN { print .03 * 1.25 ^ s }')"
  stops=$((stops + 1))
done
exits 0
[ $stops -gt 1 ] || fail "the run was never stopped"
equal "$(arrays stopped.h5)" "$(arrays enough.h5)"
# Stopped within an error, the first and a later one, it is found as a whole by whoever goes on; and in the fit to more
# samples than before.
while read -r first second stage; do
  CROW_TEST_STOP_AT=$stage
  export CROW_TEST_STOP_AT
  ranks "$first" fit many.h5 -o "part-$first.h5" --samples 20000 --reward-error "$wanted"
  unset CROW_TEST_STOP_AT
  exits 75
  says "stopped by signal 15 in ${stage%:*}"
  ranks "$second" fit many.h5 -o "part-$first.h5" --samples 20000 --reward-error "$wanted"
  exits 0
  prints "going on from"
  equal "$(arrays "part-$first.h5")" "$(arrays enough.h5)"
done <<'END'
1 2 what sampling does to rewards
2 3 what sampling does to rewards:35
3 1 alternatives of zero weight:2
END
ranks 2 fit many.h5 -o most.h5 --samples 20000 --reward-error 1e-9 --max-samples 50000
exits 0
says "stopped at 50000 samples"
if grep -q "has no effect" err; then fail "--max-samples is said to have no effect"; fi

# Prompts, with the limit for each of them.
awk 'BEGIN { print "id,topic,prompt"; for (i = 0; i < 1100; i++) printf "n%d,t%d,p%d\n", i, i * i % 7, i / 100 }' >items.csv
awk 'BEGIN { print "left,right,winner"
  for (k = 0; k < 6000; k++) { p = k % 11 * 100; a = k * 37 % 100; b = (a + 1 + k * 13 % 97) % 100
    printf "n%d,n%d,%s\n", p + a, p + b, (a * 7 % 11 > b * 7 % 11) ? "left" : "right" } }' >comparisons.csv
write_contexts=$(awk 'BEGIN { print "id,x,y,z"; for (i = 0; i < 1100; i++) printf "n%d,%.6f,%.6f,%.6f\n", i, (i * 37 % 1100) / 1100, (i * 101 % 1100) / 1100, (i * 211 % 1100) / 1100 }')
echo "$write_contexts" >contexts.csv
import prompts.h5 --items items.csv
exits 0
for p in 1 3; do
  ranks $p fit prompts.h5 -o p-$p.h5 --samples 1000 --space box --json p-$p.json
  exits 0
  equal "$(arrays p-$p.h5)" "$(arrays p-1.h5)"
done
wanted=$("$python" -c 'import json; print(json.load(open("p-1.json"))["sampling_error_largest"] / 2)')
ranks 2 fit prompts.h5 -o enough.h5 --force --samples 1000 --space box --reward-error "$wanted" --json enough.json
exits 0
"$python" - "$wanted" <<'END' || fail "sampling of prompts did not end where it should"
import json, sys
said = json.load(open("enough.json"))
assert said["sampling_error_largest"] < float(sys.argv[1]) and 2000 < said["samples"] < 16000, said
END

# What makes no sense.
for wrong in "--weights uniform" "--weights w-1.h5" "--no-batches" "--model linear" "--scheme kernel"; do
  # shellcheck disable=SC2086
  crow fit many.h5 -o x.h5 --reward-error 1e-3 $wrong
  exits 2
  says "--reward-error needs"
done
finish
