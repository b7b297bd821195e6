# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# The set-up that the scripts here and tests/run.sh share; read with `.`, with $top set to the source folder.
#
#   CROW_BUILD   the folder to build in                           [build]
#   MPIEXEC      the command that starts ranks, with `-n P` after  [the one that CMake finds]

build=${CROW_BUILD:-$top/build}
setup_log=$build/setup.log

setup_packages="build-essential cmake ninja-build pkg-config git libopenmpi-dev openmpi-bin libhdf5-openmpi-dev
  libopenblas-dev librandom123-dev libpopt-dev libjansson-dev libcsv-dev libxxhash-dev zlib1g-dev gnuplot-nox"
setup_test_packages="libcunit1-dev python3-h5py python3-numpy python3-pandas hdf5-tools liblbfgs-dev"

setup_say() { printf 'crow: %s\n' "$*"; }

setup_fail() {
  setup_say "$@" >&2
  exit 1
}

# setup_quietly WHAT COMMAND...: runs it, and shows what it printed only when it fails.
setup_quietly() {
  setup_what=$1
  shift
  mkdir -p "$build"
  if ! "$@" >"$setup_log" 2>&1 </dev/null; then
    tail -n 40 "$setup_log" >&2
    setup_fail "$setup_what failed; the whole output is in $setup_log"
  fi
}

# Those of the Debian packages named that are not installed.
setup_missing() {
  for setup_package in "$@"; do
    dpkg-query -W -f '${db:Status-Status}\n' "$setup_package" 2>/dev/null | grep -qx installed ||
      printf '%s ' "$setup_package"
  done
}

# setup_apt SUDO PACKAGE...
setup_apt() {
  setup_sudo=$1
  shift
  setup_say "installing the Debian packages $*"
  # An update may fail on a machine with a mirror of its own that lacks something; the installation decides.
  $setup_sudo env DEBIAN_FRONTEND=noninteractive apt-get update -qq >/dev/null 2>&1 </dev/null || true
  # shellcheck disable=SC2086 # no word at all for root
  setup_quietly "apt-get install" $setup_sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y \
    --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"
}

# Configures into $build, or into a folder of its own where there is nothing yet; what it printed is in $setup_log.
setup_configure() {
  command -v cmake >/dev/null || {
    mkdir -p "$build"
    echo "there is no cmake" >"$setup_log"
    return 1
  }
  mkdir -p "$build"
  # A build folder that was moved or copied along with the sources is of no use.
  grep -qsxF "CMAKE_HOME_DIRECTORY:INTERNAL=$top" "$build/CMakeCache.txt" || rm -rf "$build/CMakeCache.txt" "$build/CMakeFiles"
  if [ -f "$build/CMakeCache.txt" ]; then
    cmake -S "$top" -B "$build" "$@" >"$setup_log" 2>&1 </dev/null
    return
  fi
  set -- -DCMAKE_BUILD_TYPE=Release "$@"
  if command -v ninja >/dev/null; then set -- -G Ninja "$@"; fi
  cmake -S "$top" -B "$build" "$@" >"$setup_log" 2>&1 </dev/null && return
  # A failed first attempt leaves what it did not find in the cache.
  rm -rf "$build/CMakeCache.txt" "$build/CMakeFiles"
  return 1
}

setup_explain() {
  grep -v '^--' "$setup_log" | tail -n 30 >&2
  # shellcheck disable=SC2086 # lists of packages
  cat >&2 <<TEXT

crow cannot be built with what is here. It needs a C compiler, CMake 3.22, Ninja or make, pkg-config, MPI, parallel HDF5,
OpenBLAS, Random123, popt, jansson, libcsv, xxHash and zlib; its tests need CUnit, h5py, pandas and the HDF5 tools.
  Debian, Ubuntu (as root): apt-get install $(printf "%s " $setup_packages $setup_test_packages)
  Fedora: dnf install gcc cmake ninja-build pkgconf git openmpi-devel hdf5-openmpi-devel openblas-devel Random123-devel
          popt-devel jansson-devel libcsv-devel xxhash-devel zlib-devel gnuplot CUnit-devel python3-h5py python3-pandas hdf5
          and then: module load mpi/openmpi-x86_64
  A cluster: load the modules of a compiler, CMake, MPI, parallel HDF5 and OpenBLAS; the small libraries that are missing
          can come from Spack (spack install random123 popt jansson libcsv xxhash zlib) or conda-forge. Then run this again.
TEXT
  exit 1
}

# setup_crow TARGET [CMAKE-OPTION...]: from whatever the machine has to a built TARGET.
setup_crow() {
  setup_target=$1
  shift
  setup_wanted=$setup_packages
  [ "$setup_target" = crow ] || setup_wanted="$setup_packages $setup_test_packages ${CROW_MORE_PACKAGES-}"
  # shellcheck disable=SC2086 # lists of packages
  if [ -z "${LOADEDMODULES-}" ] && command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; then
    setup_lacking=$(setup_missing $setup_wanted)
    if [ -n "$setup_lacking" ]; then
      if [ "$(id -u)" = 0 ]; then
        setup_apt "" $setup_lacking
      elif ! setup_configure "$@" && command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
        setup_apt sudo $setup_lacking
      fi
    fi
  fi
  setup_configure "$@" || setup_explain
  [ -f "$build/crow" ] || setup_say "building in $build: about two minutes"
  setup_quietly "the build" cmake --build "$build" --target "$setup_target" --parallel "$(getconf _NPROCESSORS_ONLN)"
  : "${MPIEXEC:=$(sed -n 's/^MPIEXEC_EXECUTABLE:[A-Z]*=//p' "$build/CMakeCache.txt")}"
  setup_environment
}

# CROW as the program to run, whatever folder a script changes to: the one that is named, or a build of it.
setup_program() {
  if [ -z "${CROW-}" ]; then
    setup_crow crow
    CROW=$build/crow
    return
  fi
  setup_environment
  case $CROW in
  /*) ;;
  */*) CROW=$PWD/$CROW ;;
  esac
}

# A few ranks on whatever machine this is: more than it has cores, in a container, as root. One BLAS thread a rank.
# Open MPI 4 reads OMPI_MCA_, Open MPI 5 PRTE_MCA_, other MPIs neither.
setup_environment() {
  if [ "$(id -u)" = 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  fi
  export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none
  export PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe PRTE_MCA_hwloc_default_binding_policy=none
  export OMPI_MCA_btl_base_warn_component_unused=0 OMPI_MCA_btl_vader_single_copy_mechanism=none
  export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1
}
