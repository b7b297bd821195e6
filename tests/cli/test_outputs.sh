# SPDX-License-Identifier: Apache-2.0
# Inputs that are not there and outputs that cannot be written: exit 4 and a message, before the work; nothing half-written.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
. "$here/data.sh"

write_triangle
import data.h5 --items items.csv
exits 0
cp data.h5 before.h5

import data.h5
exits 4
says "data.h5 exists already; --force replaces it"
import data.h5 --force
exits 0
cp before.h5 data.h5

cp comparisons.csv before.csv
import comparisons.csv --force
exits 2
says "comparisons.csv: is both input and output"
cmp -s comparisons.csv before.csv || fail "the input was changed"
crow weights data.h5 -o w.h5
crow fit data.h5 --weights w.h5 -o w.h5 --force
exits 2
says "w.h5: is both input and output"
crow fit data.h5 --weights w.h5 -o r.h5 --json w.h5
exits 2
not_there r.h5

# What killed runs left of an output goes when it is written again; what others are writing stays, and so does what is of
# another host, of another output, or no such file at all.
crow weights data.h5 -o left.h5 --samples 1000
exits 0
host=$(uname -n)
space=$(stat -L -c %i /proc/self/ns/pid)
sh -c 'exit 0' &
gone=$!
wait $gone
dead=.left.h5.crow-$host-$space-$gone-0.tmp
kept=".left.h5.crow-$host-$space-$$-0.tmp .left.h5.crow-another-$space-$gone-0.tmp .left.h5.crow-$host-1-$gone-0.tmp
.right.h5.crow-$host-$space-$gone-0.tmp .left.h5.crow-$host-$space-$gone-0.tmp.h5 .left.h5.crow-$host-$space-$gone.tmp"
# shellcheck disable=SC2086 # a list of names
touch "$dead" $kept
crow weights data.h5 -o left.h5 --samples 1000 --force
exits 0
not_there "$dead"
for file in $kept; do there "$file"; done
# shellcheck disable=SC2086
rm -f $kept

for command in weights fit; do
  crow $command missing.h5 -o out.h5
  exits 4
  says "missing.h5"
  crow $command data.h5 -o no/such/folder/out.h5
  exits 4
  says "cannot write no/such/folder/out.h5"
  mkdir -p place
  crow $command data.h5 -o place
  exits 4
  says "it is a folder"
  crow $command data.h5 -o data.h5/out.h5
  exits 4
  says "data.h5 is not a folder"
  crow $command data.h5 -o data.h5 --force
  exits 2
  says "data.h5: is both input and output"
  crow $command data.h5 -o out.h5 --json no/such/folder/run.json
  exits 4
  says "no/such/folder/run.json"
  crow $command data.h5 -o out.h5 --json place
  exits 4
  crow $command data.h5 -o out.h5 --json out.h5
  exits 2
  says "--output and --json name the same file out.h5"
  not_there out.h5
  cmp -s data.h5 before.h5 || fail "the input was changed"

  crow $command data.h5 -o out.h5
  exits 0
  cp out.h5 old.h5
  crow $command data.h5 -o out.h5 --seed 2
  exits 4
  says "out.h5 exists already; --force replaces it"
  cmp -s out.h5 old.h5 || fail "the existing output was changed"
  crow $command data.h5 -o out.h5 --seed 2 --force
  exits 0
  rm out.h5 old.h5
done

if [ "$(id -u)" -ne 0 ]; then
  mkdir closed
  chmod a-w closed
  crow fit data.h5 -o closed/out.h5
  exits 4
  says "cannot write closed/out.h5"
  chmod u+w closed
fi

# No temporary file is left behind.
equal "$(find . -name '*tmp*')" ""

# A file of another kind, and none of crow's at all.
crow fit data.h5 -o r.h5 --quiet
crow fit r.h5 -o x.h5
exits 3
says "r.h5"
printf 'no HDF5\n' >text.h5
crow fit text.h5 -o x.h5
[ "$code" -eq 3 ] || [ "$code" -eq 4 ] || fail "a text file: exit code $code"
says "text.h5"
crow fit data.h5 -o x.h5 --weights missing.h5
exits 4
says "missing.h5"
crow fit data.h5 -o x.h5 --weights data.h5
exits 3
says "data.h5"
not_there x.h5

run sh -c "'$CROW' fit data.h5 -o full.h5 >/dev/full"
exits 4
says "standard output cannot be written"

finish
