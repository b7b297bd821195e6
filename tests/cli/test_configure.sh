# SPDX-License-Identifier: Apache-2.0
# A missing library stops the configuration with the name of its Debian package; a serial HDF5 is refused.
set -u
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
failures=0

# refused WHAT TEXT CMAKE-OPTION...: configuring with these options must fail and say TEXT.
refused() {
  what=$1 text=$2
  shift 2
  rm -rf "$scratch/build"
  if cmake -S "$CROW_SOURCE" -B "$scratch/build" "$@" >"$scratch/log" 2>&1; then
    echo "configured in spite of $what"
  elif ! tr -s ' \n' '  ' <"$scratch/log" | grep -qF "$text"; then
    echo "$what: the message lacks \"$text\":"
    cat "$scratch/log"
  else
    return 0
  fi
  failures=$((failures + 1))
}

refused "no MPI" "apt-get install libopenmpi-dev openmpi-bin" -DCMAKE_DISABLE_FIND_PACKAGE_MPI=ON
for pair in openblas:libopenblas-dev jansson:libjansson-dev csv:libcsv-dev xxhash:libxxhash-dev zlib:zlib1g-dev popt:libpopt-dev \
  cunit:libcunit1-dev; do
  refused "no ${pair%:*}" "apt-get install ${pair#*:}" "-DCROW_${pair%:*}_LIBRARY="
done
refused "no Random123" "apt-get install librandom123-dev" -DCROW_random123_INCLUDE=
refused "no gnuplot" "apt-get install gnuplot-nox" -DCROW_GNUPLOT=
refused "two missing" "apt-get install libjansson-dev libcsv-dev" -DCROW_jansson_LIBRARY= -DCROW_csv_LIBRARY=
refused "no HDF5" "apt-get install libhdf5-openmpi-dev" -DCMAKE_DISABLE_FIND_PACKAGE_HDF5=ON \
  -DCMAKE_DISABLE_FIND_PACKAGE_PkgConfig=ON

# A serial HDF5 is one whose H5pubconf.h does not say H5_HAVE_PARALLEL.
mkdir -p "$scratch/serial/include" "$scratch/serial/lib"
echo '#define H5_VERSION "1.10.8"' >"$scratch/serial/include/H5pubconf.h"
: >"$scratch/serial/include/hdf5.h"
: >"$scratch/serial/lib/libhdf5.so"
refused "serial HDF5" "is a serial build" "-DHDF5_ROOT=$scratch/serial"
refused "serial HDF5" "load a module of HDF5 built with MPI" "-DHDF5_ROOT=$scratch/serial"
exit "$failures"
