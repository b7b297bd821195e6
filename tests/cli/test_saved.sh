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
  "$CROW" "$@" >out 2>err &
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
umount small

finish
