# SPDX-License-Identifier: Apache-2.0
# Help, version and man page: complete, on standard output, without MPI's noise.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"

commands="import weights fit compare inspect"

crow --help
exits 0
silent err
for command in $commands; do prints "  $command "; done
crow -h
exits 0

for command in $commands; do
  crow "$command" --help
  exits 0
  silent err
  prints "usage: crow $command"
  prints "Example:"
  prints "--quiet"
done

# Defaults and ranges are shown where options are.
crow weights --help
prints "(default 1; 0 to 9e+15)"
prints "(required)"
crow fit --help
prints "--weights voronoi|uniform|FILE"
prints "--lambda X"
tr -s ' \n' ' ' <out | grep -qF '(default 0.01' || fail "the default of --lambda is not shown"
prints "--tolerance X"
prints "--max-iterations N"
prints "--history N"
prints "--pair-scale normalised|literal"
prints "--pair-weight proportion|count"
prints "--samples N"
prints "--seed N"
# Lines fit a page.
[ "$(awk '{ if (length($0) > m) m = length($0) } END { print m }' out)" -le 100 ] || fail "a line of the help is too long"

crow --version
exits 0
silent err
prints "crow "
prints "MPI: "
prints "HDF5: "
prints "OpenBLAS: "
prints "core "

crow --man
exits 0
prints ".TH CROW 1"
for command in $commands; do prints ".SS crow $command"; done

run sh -c "'$CROW' --help >/dev/full"
exits 4
says "standard output cannot be written"

finish
