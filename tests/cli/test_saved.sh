# SPDX-License-Identifier: Apache-2.0
# A result that cannot have its name at the end is saved under another one, and the message says where.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../cli/mounts.sh"
. "$here/../cli/lib.sh"

crow simulate -o votes.h5 --alternatives 60 --spread .1 --dimensions 3 --preferences comparisons -q
mkdir small elsewhere
mount -t tmpfs -o size=4m tmpfs small || skip "no mount"
TMPDIR=$folder/elsewhere
export TMPDIR

# started COMMAND...: in the background, up to the first lines of its work.
started() {
  "$CROW" "$@" -v >out 2>err &
  process=$!
  while ! grep -q samples out && kill -0 $process 2>/dev/null; do sleep .05; done
  kill -STOP $process
}
ended() {
  kill -CONT $process
  wait $process
  code=$?
}

last="a name that is taken meanwhile"
for command in weights fit; do
  started $command votes.h5 -o $command.h5 --samples 3000000 --nearest tree
  echo precious >$command.h5
  ended
  exits 4
  once err "the result is whole in $command.saved-1.h5"
  equal "$(cat $command.h5)" precious
  crow inspect -q $command.saved-1.h5
  exits 0
done

last="a disk that is full at the end"
started fit votes.h5 -o small/z.h5 --samples 3000000 --nearest tree
head -c 6000000 /dev/zero >small/fill 2>/dev/null
ended
exits 4
once err "the result is whole in $TMPDIR/z.saved-1.h5"
equal "$(ls -A small)" fill
crow inspect -q elsewhere/z.saved-1.h5
exits 0

# Nothing fits on the disk. What each command would have written is whole elsewhere.
last="a disk that is full"
head -c 6000000 /dev/zero >>small/fill 2>/dev/null
"$CROW" fit votes.h5 -o rewards.h5 -q --samples 1000
printf 'left,right,winner\na,b,left\nb,c,tie\n' >votes.csv
# alike A B: both files hold the same, but for how they came about.
alike() {
  h5dump "$1" 2>/dev/null | sed '1d;/GROUP "provenance"/,$d' >a.dump
  h5dump "$2" 2>/dev/null | sed '1d;/GROUP "provenance"/,$d' >b.dump
  if ! [ -s a.dump ] || ! cmp -s a.dump b.dump; then fail "$1 is not like $2"; fi
}
saved() {
  rm -f elsewhere/* whole.h5 held-out.h5
  rm -f held-out.h5
  "$CROW" "$@" -o whole.h5 -q --force || fail "$*"
  for p in 1 3; do
    rm -f elsewhere/* held-out.h5
    ranks $p "$@" -o small/new.h5
    exits 4
    once err "the result is whole in $TMPDIR/new.saved-1.h5"
    alike elsewhere/new.saved-1.h5 whole.h5
  done
}
saved cluster votes.h5 --clusters 5
saved pca votes.h5 --components 2 --fit-cube
saved simulate --alternatives 100 --spread .1 --preferences matrix
saved import --comparisons votes.csv
saved score rewards.h5 --contexts votes.h5 --dataset votes.h5
saved split votes.h5 --test-output held-out.h5
once err "what is held out is in $TMPDIR/new.saved-1.test.h5"
"$CROW" split votes.h5 -o whole.h5 --test-output held-out.h5 -q --force
alike elsewhere/new.saved-1.test.h5 held-out.h5
rm -f elsewhere/* held-out.h5
crow audit votes.h5 --samples 1000 --redraws 0 --clones 1 --eps 0.1 --json small/audit.json
exits 4
once err "the result is whole in $TMPDIR/audit.saved-1.json"
grep -q '"stress_tests"\|"command": "audit"' elsewhere/audit.saved-1.json || fail "the audit's summary is not there"
# A run that fails has no result to save.
crow fit missing.h5 -o r.h5 --json small/fit.json
equal "$(ls elsewhere)" audit.saved-1.json
equal "$(ls -A small)" fill
umount small

finish
