# SPDX-License-Identifier: Apache-2.0
# Every block of README.md marked "ci" works as written, in order, in an empty folder: shell blocks are run, Python blocks
# are saved under the name in their first line.
set -eu
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# A python3 that has what the examples import, and the program just built, come first.
mkdir "$scratch/bin" "$scratch/work"
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

awk -v folder="$scratch/work" '
  /^```(sh|python) ci$/ { kind = substr($1, 4); fresh = 1; next }
  /^```$/ { if (kind == "python") close(name); kind = ""; next }
  kind == "python" && fresh { name = folder "/" $2; blocks++; fresh = 0 }
  kind == "python" { print > name }
  kind == "sh" { if (fresh) blocks++; fresh = 0; print > (folder "/commands") }
  END { if (blocks < 5) { print "README.md has only " blocks + 0 " blocks marked ci"; exit 1 } }
' "$CROW_SOURCE/README.md"

cd "$scratch/work"
sh -eux commands
