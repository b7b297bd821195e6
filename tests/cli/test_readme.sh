# SPDX-License-Identifier: Apache-2.0
# Every block marked "ci" of README.md and of the pages it leads to works as written, in order, in an empty folder: shell
# blocks are run, Python blocks are saved under the name in their first line.
set -eu
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# A python3 that has what the examples import, and the program just built, come first.
mkdir "$scratch/bin"
for python in python3 /usr/bin/python3; do
  if "$python" -c 'import h5py, numpy, pandas' 2>/dev/null; then
    ln -s "$(command -v "$python")" "$scratch/bin/python3"
    break
  fi
done
if [ ! -e "$scratch/bin/python3" ]; then
  echo "skipped: README's Python examples need h5py, NumPy and pandas (Debian packages python3-h5py python3-numpy python3-pandas)"
  exit 77
fi
PATH=$scratch/bin:$(dirname "$CROW"):$(dirname "${MPIEXEC%% *}"):$PATH
export PATH

# page FILE BLOCKS: runs the page's blocks in a folder beside `jobs`, where it says that a reader is.
ln -s "$CROW_SOURCE/jobs" "$scratch/jobs"
page() {
  rm -rf "$scratch/work"
  mkdir "$scratch/work"
  awk -v folder="$scratch/work" -v file="$1" -v least="$2" '
    /^```(sh|python) ci$/ { kind = substr($1, 4); fresh = 1; next }
    /^```$/ { if (kind == "python") close(name); kind = ""; next }
    kind == "python" && fresh { name = folder "/" $2; blocks++; fresh = 0 }
    kind == "python" { print > name }
    kind == "sh" { if (fresh) blocks++; fresh = 0; print > (folder "/commands") }
    END { if (blocks < least) { print file " has only " blocks + 0 " blocks marked ci"; exit 1 } }
  ' "$CROW_SOURCE/$1"
  (cd "$scratch/work" && sh -eux commands)
}
page README.md 3
page jobs/prompts/README.md 2
page jobs/audit/README.md 2
page jobs/python/README.md 5
