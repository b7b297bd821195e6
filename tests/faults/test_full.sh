# SPDX-License-Identifier: Apache-2.0
# A full disk, a limit on the size of files, or a quota: exit 4 and a message, the older file as it was, nothing left
# beside it.
here=$(cd "$(dirname "$0")" && pwd)

# A small disk needs a mount.
. "$here/../cli/mounts.sh"
. "$here/../cli/lib.sh"
. "$here/../cli/data.sh"

mkdir small elsewhere
# Results that are saved elsewhere go with the test.
TMPDIR=$folder/elsewhere
export TMPDIR

# What is in small/: names and bytes.
fingerprint() { find small -type f ! -name filling -exec cksum {} + | sort; }

# refused COUNT FILE ARGUMENT...: crow on COUNT ranks ends with 4, names FILE once, and leaves small/ as it was.
refused() {
  count=$1 file=$2
  shift 2
  files=$(fingerprint)
  ranks "$count" "$@"
  exits 4
  grep -qF -e "$file" err || fail "$last: standard error does not name $file"
  [ "$(grep -c 'error: ' err)" -eq 1 ] || fail "$last: not exactly one message"
  says "$reason"
  equal "$(fingerprint)" "$files"
  "$after"
}

# Every command that writes a file, over an older one; checkpoints have none before them.
write_many 15000 30000
all_outputs() {
  for count in "$@"; do
    refused "$count" small/simulated.h5 simulate -o small/simulated.h5 --alternatives $alternatives --force
    refused "$count" small/weights.h5 weights many.h5 -o small/weights.h5 --nearest exact --force
    refused "$count" small/rewards.h5 fit many.h5 -o small/rewards.h5 --weights uniform --force
    for command in weights fit; do
      refused "$count" small/points. $command many.h5 -o result.h5 --samples 20000 --nearest tree \
        --checkpoint small/points --checkpoint-interval 0
      not_there result.h5
    done
  done
}

# Commands whose outputs are small. What is on the full disk is an option or --output.
small_outputs() {
  refused "$1" small/groups.h5 cluster few.h5 -o small/groups.h5 --clusters 3 --force
  refused "$1" small/pca.h5 pca few.h5 -o small/pca.h5 --components 1 --force
  refused "$1" small/train.h5 split few.h5 -o small/train.h5 --test-output test.h5 --force
  not_there test.h5
  refused "$1" small/test.h5 split few.h5 -o train.h5 --test-output small/test.h5 --force
  not_there train.h5
  refused "$1" small/scores.h5 score few-rewards.h5 --contexts few.h5 -o small/scores.h5 --force
  refused "$1" small/plot.svg plot few-rewards.h5 -o small/plot.svg --force
  refused "$1" small/report.html report few-rewards.h5 -o small/report.html --force
  refused "$1" small/table.csv export few-rewards.h5 -o small/table.csv --force
  refused "$1" small/run.json fit few.h5 -o new.h5 --json small/run.json --force
  refused "$1" small/bench.csv bench fit --alternatives 100 --repetitions 1 --csv small/bench.csv
}

write_small() {
  rm -f few.h5 few-rewards.h5
  crow simulate -o few.h5 --alternatives 30 --preferences comparisons --force
  exits 0
  crow fit few.h5 -o few-rewards.h5 --json small/run.json --force
  exits 0
  crow cluster few.h5 -o small/groups.h5 --clusters 3
  exits 0
  crow pca few.h5 -o small/pca.h5 --components 1
  exits 0
  crow split few.h5 -o small/train.h5 --test-output small/test.h5
  exits 0
  crow score few-rewards.h5 --contexts few.h5 -o small/scores.h5
  exits 0
  crow plot few-rewards.h5 -o small/plot.svg
  exits 0
  crow report few-rewards.h5 -o small/report.html
  exits 0
  crow export few-rewards.h5 -o small/table.csv
  exits 0
}

write_older() {
  crow simulate -o small/simulated.h5 --alternatives 10
  exits 0
  crow weights small/simulated.h5 -o small/weights.h5
  exits 0
  crow fit small/simulated.h5 -o small/rewards.h5
  exits 0
  cp small/simulated.h5 small/dataset.h5
}

# MPI has files of its own, so the limit cannot be as low as the disk is small.
alternatives=400000
reason="File too large"
after=: # each run
crow simulate -o many.h5 --alternatives $alternatives
write_older
before=$failures
(
  ulimit -f 16000 # blocks of 512 bytes
  all_outputs 1 3
  exit $((failures - before))
) || failures=$((failures + $?))
rm small/*

if [ -z "${CROW_OWN_MOUNTS:-}" ] || ! mount -t tmpfs -o size=8m crow-small small 2>/dev/null; then
  echo "a small disk cannot be mounted here: only the limit on the size of files was tested"
  finish
fi
alternatives=15000
reason="No space left"
crow simulate -o many.h5 --alternatives $alternatives --force
write_older
import_too() {
  for count in "$@"; do
    refused "$count" small/dataset.h5 import --comparisons comparisons.csv --contexts contexts.csv \
      -o small/dataset.h5 --force
  done
}
write_small
[ "$(du -sk small | cut -f 1)" -lt 1000 ] || fail "small files take much room: $(du -k small/*)"
dd if=/dev/zero of=small/filling bs=64k >/dev/null 2>&1
all_outputs 1 3
import_too 1 3
small_outputs 1
# Room for the beginning of a file, not for all of it.
truncate -s -650k small/filling
all_outputs 1 3
import_too 1 3
rm small/filling
# With room again the same command is done.
ranks 2 weights many.h5 -o small/weights.h5 --nearest exact --force
exits 0
umount small

# ---- a quota ----
# Of btrfs, on a disk in a file. Its books know of room that was given back only when they are written.
quota() {
  truncate -s 200m disk && mkfs.btrfs -q disk && mount -o loop disk small && btrfs quota enable small
}
if ! quota >quota.log 2>&1; then
  echo "a quota cannot be had here, which takes loop devices, btrfs and its programs (btrfs-progs): $(tail -n 1 quota.log)"
  finish
fi
book() { btrfs filesystem sync small >/dev/null; }
# limit BYTES: so much more than there is.
limit() {
  book
  used=$(btrfs qgroup show --raw small | awk '$1 == "0/5" { print $2 }')
  btrfs qgroup limit $((used + $1)) small || fail "no quota can be set"
}
reason="Disk quota exceeded"
after=book
write_older
write_small
limit 50000
all_outputs 3
import_too 3
small_outputs 1
# Room for the beginning of a file.
limit 650000
all_outputs 3
limit 100000000
ranks 2 weights many.h5 -o small/weights.h5 --nearest exact --force
exits 0
umount small
finish
