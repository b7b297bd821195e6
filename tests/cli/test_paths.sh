# SPDX-License-Identifier: Apache-2.0
# The files of a run: no output replaces an input or another output, whatever the files are called; links are followed,
# and devices and pipes are written in place.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"

crow simulate -o data.h5 --alternatives 40 --spread .1 --preferences comparisons -q
exits 0
crow fit data.h5 -o rewards.h5 --samples 1000 -q
exits 0
cp data.h5 new.h5
cp data.h5 run.a.h5
cp data.h5 keep.b.h5
cp rewards.h5 old.h5
mkdir folder
ln data.h5 hard.h5
ln -s data.h5 soft.h5
ln -s ../made.h5 folder/dangling.h5
echo '{}' >old.json

fingerprint() { find . -type f ! -name out ! -name err -exec cksum {} + | sort; }

# collides WORDS ARGUMENT...: refused with 2 before any work, naming WORDS; nothing has changed.
before=$(fingerprint)
collides() {
  words=$1
  shift
  crow "$@"
  exits 2
  once err "error: "
  says "$words"
  equal "$(fingerprint)" "$before"
}
collides "--test-output and --output name the same file t.h5" split data.h5 -o t.h5 --test-output t.h5 --force
collides "--test-output and --json name the same file t.h5" split data.h5 -o u.h5 --test-output t.h5 --json t.h5 --force
collides "data.h5: is both input and output" split data.h5 -o u.h5 --test-output t.h5 --json data.h5 --force
collides "is both input and output (space and --output)" weights data.h5 -o new.h5 --space pool:new.h5:/alternatives/context --force
collides "is both input and output (space and --json)" weights data.h5 -o w.h5 --json old.h5 --space pool:old.h5:/p --force
collides "is both input and output (--output and dataset)" score rewards.h5 --contexts new.h5 -o data.h5 --force
collides "is both input and output (contexts and --output)" score rewards.h5 --contexts new.h5:/alternatives/context -o new.h5 --force
collides "is an HDF5 file" eval rewards.h5 new.h5 --json old.h5
collides "hard.h5: is both input and output" fit data.h5 -o hard.h5 --force
collides "soft.h5: is both input and output" fit data.h5 -o soft.h5 --force
collides "./folder/../data.h5: is both input and output" fit data.h5 -o ./folder/../data.h5 --force
collides "name the same file" fit data.h5 -o folder/dangling.h5 --json made.h5 --force
collides "data.h5: is both input and output" compare rewards.h5 data.h5 --json data.h5
collides "--csv and --json name the same file b" bench weights --csv b --json b
collides "(dataset and --checkpoint)" fit run.a.h5 -o r.h5 --checkpoint run --force
collides "--checkpoint and --output name the same file x.a.h5" fit data.h5 -o x.a.h5 --checkpoint x --force
collides "--checkpoint and --json name the same file x.b.h5" weights data.h5 -o x.h5 --checkpoint x --json x.b.h5 --force
collides "keep.b.h5: is no checkpoint of crow" weights data.h5 -o x.h5 --checkpoint keep --force
collides "keep.b.h5: is no checkpoint of crow" weights data.h5 -o x.h5 --checkpoint keep --restart --force

# Words are no files, even where there are files of that name.
cp rewards.h5 uniform
crow fit data.h5 --weights uniform -o uniform --force -q
exits 0
crow inspect uniform -q
exits 0

# A link is followed: the file behind it is replaced, and made where there was none.
ln -s ../old.json folder/link.json
crow fit data.h5 -o folder/dangling.h5 --samples 1000 --json folder/link.json -q
exits 0
for link in folder/dangling.h5 folder/link.json; do [ -L $link ] || fail "$link was replaced"; done
crow inspect made.h5 -q
exits 0
grep -q '"command": "fit"' old.json || fail "the file behind the link was not replaced"
[ -z "$(find . -name '*.tmp')" ] || fail "temporary files are left"

# Where standard output goes is no other file's name, and its own name is written in place.
# shellcheck disable=SC2094 # on purpose
"$CROW" fit data.h5 -o captured.h5 --json log --samples 1000 >log 2>err
code=$?
exits 2
says "standard output and --json name the same file log"
"$CROW" fit data.h5 -o captured.h5 --json /dev/stdout --samples 1000 -q >log 2>err
code=$?
exits 0
grep -q '"command": "fit"' log || fail "--json /dev/stdout is not in the file that standard output goes to"
ln -s /proc/self/fd/1 stdout
"$CROW" fit data.h5 -o captured.h5 --force --json stdout --samples 1000 2>err | grep -c '"command": "fit"' >out
equal "$(cat out)" 1
[ -L stdout ] || fail "the link to standard output was replaced"
"$CROW" fit data.h5 -o captured.h5 --force --json stdout --samples 1000 >log 2>err
[ "$(grep -n '"command": "fit"' log | cut -d : -f 1)" -gt 5 ] || fail "the summary is not behind what was printed"
crow export rewards.h5 -o /dev/null --format csv --force
exits 0
[ -c /dev/null ] || fail "/dev/null is no device any more"
mkfifo pipe
"$CROW" export rewards.h5 -o pipe --format csv --force >out 2>err &
wc -l <pipe >lines
wait $!
code=$?
exits 0
equal "$(cat lines)" 41
[ -p pipe ] || fail "the pipe was replaced"
for output in pipe /dev/null stdout /dev/stdout; do
  crow fit data.h5 -o $output --force --samples 1000
  exits 4
  says "cannot write $output: it is a device, pipe or socket"
done

# Rewards that a fit starts at are an input as any other: never replaced, and no run goes on with others.
crow fit data.h5 -o begun.h5 --weights uniform -q
cp begun.h5 begun-kept.h5
crow fit data.h5 -o begun.h5 --force --weights uniform --start begun.h5
exits 2
once err "begun.h5: is both input and output (start and --output)"
cmp -s begun.h5 begun-kept.h5 || fail "begun.h5 has changed"

# Runs at the same time in one folder do not disturb each other.
for k in 1 2 3 4; do
  (
    for _ in 1 2 3 4 5 6; do
      "$CROW" weights data.h5 -o side-$k.h5 --samples 9000 --nearest tree --force -q 2>said-$k || echo "run $k failed"
      grep -v "weights count like" said-$k # what these weights are like is no disturbance
    done
  ) >side-$k 2>&1 &
done
wait
for k in 1 2 3 4; do silent side-$k; done
for k in 1 2 3; do "$CROW" audit data.h5 --clones 1 --eps .1 --redraws 0 --samples 500 -q >side-$k 2>&1 & done
wait
for k in 1 2 3; do silent side-$k; done
[ -z "$(find . -name '.*audit*')" ] || fail "scratch files are left"

# Names as long as a file system takes them.
long=$(printf 'f%.0s' $(seq 252)).h5
crow fit data.h5 -o "$long" --samples 2000000 --nearest gemm --checkpoint-interval 0 -q
exits 0
there "$long"
[ -z "$(find . -name '*.checkpoint.*' -o -name '*.tmp')" ] || fail "checkpoints or temporary files are left"

finish
