# SPDX-License-Identifier: Apache-2.0
# A run that is stopped by a signal or its time limit ends with 75; the same command goes on and gives the same bits.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
. "$here/data.sh"

write_many 600 5000
import many.h5 --items items.csv
exits 0

# values FILE PATH: the bits of an array, for comparing.
if command -v h5dump >/dev/null; then
  values() { h5dump -d "$2" -b LE -o "$1.bin" "$1" >/dev/null 2>&1 && cksum <"$1.bin"; }
else
  skip "no h5dump"
fi

number=$((600000 / slowness))
samples="--samples $number --seed 9 --nearest gemm"
# shellcheck disable=SC2086 # a list of words
crow weights many.h5 -o whole.h5 $samples
exits 0
not_there whole.h5.checkpoint.a.h5
expected=$(values whole.h5 /weights/hits)

# By the time limit, on 2 ranks, as often as it takes; then on 3 ranks. A limit so short has passed at the first look at
# the clock, however fast the machine.
# shellcheck disable=SC2086
ranks 2 weights many.h5 -o limited.h5 $samples --time-limit 0.0001 --json run.json
exits 75
once err "crow weights: stopped after "
says "the same command goes on"
not_there limited.h5
grep -q '"status": 75' run.json || fail "the summary does not tell of the stop"
# Another seed is another run.
crow weights many.h5 -o limited.h5 --samples "$number" --seed 10 --nearest gemm
exits 2
says "seed"
not_there limited.h5
# shellcheck disable=SC2086
ranks 3 weights many.h5 -o limited.h5 $samples
exits 0
once out "checkpoint: going on from"
there limited.h5
equal "$(values limited.h5 /weights/hits)" "$expected"
[ -z "$(ls ./*.checkpoint.* 2>/dev/null)" ] || fail "checkpoints are left beside a whole result"

# By a signal.
for signal in TERM USR1 INT; do
  : >out # what the last run printed is no sign that this one has begun
  # shellcheck disable=SC2086
  "$CROW" weights many.h5 -o signalled.h5 --force --samples 200000000 --seed 9 --nearest gemm -v >out 2>err &
  pid=$!
  tries=0
  while ! grep -q '^weights: ' out && [ $tries -lt 100 ]; do
    sleep 0.1
    tries=$((tries + 1))
  done
  kill -$signal $pid
  wait $pid
  code=$?
  last="crow weights, signal $signal"
  # A background job of a shell without job control ignores INT; crow catches it all the same.
  exits 75
  says "stopped after "
  not_there signalled.h5
  ls signalled.h5.checkpoint.*.h5 >/dev/null 2>&1 || fail "no checkpoint was written"
  crow inspect signalled.h5.checkpoint.a.h5 --quiet
  [ "$code" -eq 0 ] || [ ! -e signalled.h5.checkpoint.a.h5 ] || fail "the checkpoint is not whole"
done

# A fit that is stopped goes on too, weights included.
# shellcheck disable=SC2086
crow fit many.h5 -o fit-whole.h5 $samples
exits 0
# shellcheck disable=SC2086
crow fit many.h5 -o fit-limited.h5 $samples --time-limit 0.0001
exits 75
not_there fit-limited.h5
# shellcheck disable=SC2086
ranks 2 fit many.h5 -o fit-limited.h5 --force $samples
exits 0
equal "$(values fit-limited.h5 /rewards/value)" "$(values fit-whole.h5 /rewards/value)"
equal "$(values fit-limited.h5 /rewards/weight)" "$(values fit-whole.h5 /rewards/weight)"

# In the search for the weighted mean of a sphere, which takes many rounds of the samples, more than once.
sphere="--samples $((30000 / slowness)) --nearest gemm"
crow simulate -o sphere.h5 --alternatives 600 --dimensions 32 --centres random --spread 0.3
exits 0
# shellcheck disable=SC2086
crow weights sphere.h5 -o sphere-whole.h5 $sphere
exits 0
for p in 1 2 3; do
  # shellcheck disable=SC2086
  ranks $p weights sphere.h5 -o sphere-limited.h5 --force $sphere --time-limit 0.0001
  exits 75
  [ $p -eq 1 ] || prints "space: going on with the weighted mean after "
done
# shellcheck disable=SC2086
ranks 2 weights sphere.h5 -o sphere-limited.h5 --force $sphere
exits 0
for array in /weights/hits /space/center; do
  equal "$(values sphere-limited.h5 $array)" "$(values sphere-whole.h5 $array)"
done

# --restart ignores what is there.
# shellcheck disable=SC2086
crow weights many.h5 -o anew.h5 $samples --time-limit 0.0001
exits 75
# shellcheck disable=SC2086
crow weights many.h5 -o anew.h5 --force $samples --restart
exits 0
prints_not "going on from"
equal "$(values anew.h5 /weights/hits)" "$expected"

# --checkpoint none writes none.
# shellcheck disable=SC2086
crow weights many.h5 -o none.h5 $samples --checkpoint none --checkpoint-interval 0
exits 0
[ -z "$(ls none.h5.* 2>/dev/null)" ] || fail "a checkpoint was written"

# A damaged checkpoint is passed over, whether a byte of an array has changed, which HDF5's own programs see by the
# checksum of the array, or half of it is gone: the older one counts.
limited="--samples 400000 --nearest gemm --time-limit 0.01"
for _ in 1 2; do
  # shellcheck disable=SC2086
  crow weights many.h5 -o damaged.h5 $limited
  exits 75
done
newest=damaged.h5.checkpoint.b.h5
equal "$(h5dump -pH $newest | grep -c 'DATASET "')" "$(h5dump -pH $newest | grep -c 'CHECKSUM FLETCHER32')"
h5dump -d /state/weights/vector0 $newest >/dev/null || fail "h5dump cannot read an array of the checkpoint"
place=$(h5ls -va $newest/state/weights/vector0 | awk '$1 ~ /^0x/ { print $3 + 8; exit }')
byte=$(od -A n -t u1 -j "$place" -N 1 $newest)
cp $newest changed.h5
# shellcheck disable=SC2059 # the byte, in octal
printf "\\$(printf '%03o' $((byte ^ 1)))" | dd of=changed.h5 bs=1 seek="$place" conv=notrunc 2>/dev/null
! h5dump -d /state/weights/vector0 changed.h5 >/dev/null 2>&1 || fail "h5dump reads a changed byte"
head -c $(($(wc -c <$newest) / 2)) $newest >half.h5
crow weights many.h5 -o undamaged.h5 --samples 400000 --nearest gemm
expected=$(values undamaged.h5 /weights/hits)
cp damaged.h5.checkpoint.a.h5 older.h5
for file in changed.h5 half.h5; do
  cp older.h5 damaged.h5.checkpoint.a.h5
  cp $file $newest
  ranks 3 weights many.h5 -o damaged.h5 --samples 400000 --nearest gemm --force
  exits 0
  once err "$newest is not whole"
  [ $file = half.h5 ] || says "data error detected by Fletcher32 checksum"
  prints "going on from damaged.h5.checkpoint.a.h5"
  equal "$(values damaged.h5 /weights/hits)" "$expected"
done

# Without checkpoints a stop is a failure that says so.
crow weights many.h5 -o off.h5 --samples 1e9 --nearest gemm --checkpoint none --time-limit 0.1
exits 1
says "nothing was saved"
finish
