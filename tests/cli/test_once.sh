# SPDX-License-Identifier: Apache-2.0
# Under a launcher everything is said once, and the exit code is the same as without one.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
. "$here/data.sh"

ranks 3 --version
exits 0
once out "HDF5: "
ranks 3 --help
exits 0
once out "usage: crow COMMAND"
ranks 3 fit --help
exits 0
once out "usage: crow fit"

ranks 3 fti
exits 2
once err 'did you mean "fit"?'
ranks 3 fit data.h5 -o r.h5 --lamda 1
exits 2
once err 'did you mean --lambda?'

ranks 3 fit missing.h5 -o r.h5
exits 4
once err "crow fit: error: "
says "missing.h5"
not_there r.h5

write_triangle
import data.h5 --items items.csv
exits 0
ranks 3 fit data.h5 -o r.h5 --samples 1000 -v
exits 0
once out "read data.h5: 3 alternatives in 2 dimensions, 5 comparisons"
once out "rewards written to r.h5"
once out "rank  id"
once out "Time over 3 ranks"
ranks 3 fit data.h5 -o r.h5
exits 4
once err "error: r.h5 exists already; --force replaces it"

# An error that only some ranks can see.
ranks 3 fit data.h5 -o no/such/folder/r.h5
exits 4
once err "crow fit: error: cannot write no/such/folder/r.h5"

# Without a launcher no daemon is started for the one rank: it runs where Open MPI would find none. What the user sets
# wins: with it Open MPI 4 looks for its daemon.
if "$CROW" --version | grep -q "Open MPI v4"; then
  mkdir no-programs
  run env OPAL_BINDIR="$PWD/no-programs" "$CROW" inspect data.h5 --quiet
  exits 0
  run env OPAL_BINDIR="$PWD/no-programs" OMPI_MCA_pml=ob1 "$CROW" inspect data.h5 --quiet
  [ "$code" -ne 0 ] || fail "a singleton without a daemon, though the user chose settings"
  # Runs at the same time have nothing in common that one could take from another: no folder is made for them.
  run env TMPDIR="$PWD/sessions" "$CROW" simulate -o alone.h5 --quiet
  exits 0
  [ ! -e sessions ] || fail "a singleton made a folder that others share"
fi

finish
