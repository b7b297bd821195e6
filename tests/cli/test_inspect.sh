# SPDX-License-Identifier: Apache-2.0
# inspect tells whole files from broken ones: 0 valid, 3 not valid, 4 unreadable.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
. "$here/data.sh"

write_triangle
import data.h5 --items items.csv
exits 0
crow weights data.h5 -o w.h5
exits 0
crow fit data.h5 -o r.h5 --weights w.h5 --lambda 0.25
exits 0

for file in data.h5 w.h5 r.h5; do
  for p in 1 3; do
    ranks $p inspect $file --quiet
    exits 0
    silent out
  done
done
ranks 3 inspect data.h5
exits 0
once out "data.h5: dataset, valid"
prints "/alternatives/context"
prints "3 x 2"
prints "/comparisons/outcome"
crow inspect w.h5
prints "w.h5: weights, valid"
prints "/weights/value"
crow inspect r.h5
prints "r.h5: rewards, valid"
prints_not "option_lambda"
[ "$(grep -n '/rewards/value' out | cut -d: -f1)" -lt "$(grep -n '^attributes$' out | cut -d: -f1)" ] || fail "arrays do not come first"
grep -q '^  lambda  *0.25$' out || fail "the attribute lambda is not shown"
crow inspect r.h5 --verbose
prints "provenance"
prints "option_lambda"
prints "command_line"

crow inspect missing.h5 --quiet
exits 4
says missing.h5
printf 'no HDF5\n' >text.h5
crow inspect text.h5 --quiet
[ "$code" -eq 3 ] || [ "$code" -eq 4 ] || fail "a text file: exit code $code"
size=$(wc -c <r.h5)
head -c $((size / 2)) r.h5 >half.h5
crow inspect half.h5 --quiet
[ "$code" -eq 3 ] || [ "$code" -eq 4 ] || fail "half a file: exit code $code"
: >empty.h5
crow inspect empty.h5 --quiet
[ "$code" -eq 3 ] || [ "$code" -eq 4 ] || fail "an empty file: exit code $code"
crow inspect . --quiet
[ "$code" -eq 3 ] || [ "$code" -eq 4 ] || fail "a folder: exit code $code"

need_h5py
"$python" - <<'END'
import h5py
with h5py.File("r.h5", "r+") as f:
    f["/rewards/weight"][1] = -1
END
for p in 1 3; do
  ranks $p inspect r.h5 --quiet
  exits 3
  silent out
  once err "/rewards/weight"
  ranks $p inspect r.h5
  exits 3
  once out "r.h5: rewards, NOT VALID"
  ranks $p inspect r.h5 --json
  exits 3
  cp out described.json
  run "$python" -c "import json; s = json.load(open('described.json')); assert s['valid'] is False and '/rewards/weight' in s['reason']"
  exits 0
done

# What a fit asks of complete preferences beyond the schema.
for kind in population matrix; do
  crow simulate -o $kind.h5 --alternatives 40 --preferences $kind
  ranks 2 inspect $kind.h5 --quiet
  exits 0
done
crow simulate -o prompts.h5 --alternatives 40 --preferences matrix --prompts 4
crow simulate -o scattered.h5 --alternatives 3000 --preferences population
"$python" - <<'END'
import h5py, numpy as np
for name in ("matrix.h5", "prompts.h5"):
    with h5py.File(name, "r+") as f:
        f["/preference/matrix"][3, 7] *= 0.9
with h5py.File("scattered.h5", "r+") as f:
    f["/population/reward"][1] = 1e7 * np.random.default_rng(1).random(3000)
END
for p in 1 3; do
  for wrong in "matrix.h5: /preference/matrix[7,3] is " "prompts.h5: /preference/matrix[7,3] is " \
    "scattered.h5: /population/reward[1] is "; do
    ranks $p inspect "${wrong%%:*}"
    exits 3
    once out "${wrong%%:*}: dataset, NOT VALID"
    once err "$wrong"
  done
done

# A kind that there is not, and none.
for kind in sonnet ""; do
  cp data.h5 kind.h5
  run "$python" -c "import h5py, sys; h5py.File('kind.h5', 'r+').attrs['crow_kind'] = sys.argv[1]" "$kind"
  crow inspect kind.h5 --quiet
  exits 3
  once err "kind.h5: attribute crow_kind of /: there is no kind of file \"$kind\"; there are: "
done

finish
