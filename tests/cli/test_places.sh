# SPDX-License-Identifier: Apache-2.0
# Every kind of output of every command, where it cannot be: over an existing file without --force, in a folder that may
# only be read or is not there, under the name of a folder, beyond a limit on the size of files. Exit code 4, one message
# that names the file and the reason, nothing begun, what is there untouched.
here=$(cd "$(dirname "$0")" && pwd)

# A folder that even root may only read is a mount.
. "$here/mounts.sh"
. "$here/lib.sh"
. "$here/data.sh"

write_triangle
import in.h5 --items items.csv
exits 0
crow fit in.h5 -o in-rewards.h5
exits 0

# The kinds, one a line: what the file is called, and the command that writes it with OUT for its name. Those after the
# empty line are summaries, which are replaced (an old one would be of another run), as are checkpoints.
kinds() {
  cat <<'END'
imported.h5 import --comparisons comparisons.csv --contexts contexts.csv -o OUT
simulated.h5 simulate -o OUT --alternatives 10
train.h5 split in.h5 --test 0.4 --test-output beside.h5 -o OUT
test.h5 split in.h5 --test 0.4 -o beside.h5 --test-output OUT
groups.h5 cluster in.h5 --clusters 2 -o OUT
pca.h5 pca in.h5 --components 1 -o OUT
weights.h5 weights in.h5 -o OUT
rewards.h5 fit in.h5 -o OUT
scores.h5 score in-rewards.h5 --contexts in.h5 -o OUT
picture.svg plot in-rewards.h5 -o OUT
page.html report in-rewards.h5 -o OUT
table.csv export in-rewards.h5 -o OUT
table.npy export in-rewards.h5 --column reward -o OUT

weights.json weights in.h5 -o beside.h5 --json OUT
fit.json fit in.h5 -o beside.h5 --json OUT
import.json import --comparisons comparisons.csv --contexts contexts.csv -o beside.h5 --json OUT
eval.json eval in-rewards.h5 in.h5 --json OUT
audit.json audit in.h5 --json OUT
compare.json compare in-rewards.h5 in-rewards.h5 --json OUT
bench.json bench fit --alternatives 100 --repetitions 1 --json OUT
bench.csv bench fit --alternatives 100 --repetitions 1 --csv OUT
plan.json plan in.h5 --json OUT
points.a.h5 weights in.h5 -o beside.h5 --checkpoint STEM
fitted.a.h5 fit in.h5 -o beside.h5 --checkpoint STEM
END
}

# What is here: kinds of files, names and contents.
fingerprint() { find . ! -name out ! -name err ! -name list -type f -exec cksum {} + -o ! -name . -type d -print | sort; }

# refused FOLDER NAME REASON COMMAND...: crow ends with 4 and changes nothing.
refused() {
  place=$1/$2 reason=$3
  shift 3
  stem=${place%.[ab].h5}
  # shellcheck disable=SC2046 # words
  crow $(printf '%s\n' "$*" | sed "s|OUT|$place|; s|STEM|$stem|")
  exits 4
  once err "error: "
  says "$place"
  says "$reason"
  equal "$(fingerprint)" "$before"
}

# every SUBSET FOLDER REASON: all of its kinds are refused there. SUBSET: results, summaries or all.
every() {
  kinds >list
  case $1 in
  results) sed -i '/^$/,$d' list ;;
  summaries) sed -i '1,/^$/d' list ;;
  esac
  before=$(fingerprint)
  # Not from a pipe, whose commands could not count failures.
  while read -r name words <&3; do
    # shellcheck disable=SC2086 # words
    [ -z "$name" ] || refused "$2" "$name" "$3" $words
  done 3<list
}

# A folder that is not there, one that is a file, and folders in the place of files.
every all missing "No such file or directory"
: >file
every results file "file is not a folder"
kinds | while read -r name _; do mkdir -p "taken/$name"; done
every all taken "it is a folder"
rm -r taken file

# What is there stays without --force, and goes with it.
mkdir there
kinds | sed '/^$/,$d' | while read -r name _; do echo "older $name" >"there/$name"; done
every results there "exists already; --force replaces it"
kinds | sed '/^$/,$d' >list
while read -r name words <&3; do
  # shellcheck disable=SC2046 # words
  crow $(printf '%s\n' "$words" | sed "s|OUT|there/$name|") --force
  exits 0
  ! grep -q "older" "there/$name" || fail "$last: there/$name was not replaced"
done 3<list
rm -f beside.h5

# Only to be read: with the files of before, and without.
if [ -n "${CROW_OWN_MOUNTS:-}" ] && mkdir closed && cp there/* closed/ && mount --bind closed closed 2>/dev/null &&
  mount -o remount,bind,ro closed 2>/dev/null; then
  rm -r there
  every results closed "Read-only file system"
  every summaries closed "Read-only file system"
  umount closed
else
  echo "a read-only folder cannot be mounted here: not tested as root"
  if [ "$(id -u)" -ne 0 ]; then
    chmod a-w there
    every all there "Permission denied"
    chmod u+w there
  fi
fi
finish
