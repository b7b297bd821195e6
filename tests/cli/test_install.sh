# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` puts in place is whole: a ten-line program outside the tree links to it with pkg-config and
# with find_package, shared and static, and runs; the shared library exports crow_ names alone.
set -eu
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
prefix=$scratch/prefix
fail() {
  echo "$*" >&2
  exit 1
}

cmake --install "$CROW_BUILD" --prefix "$prefix" >"$scratch/log" || fail "$(cat "$scratch/log")"
lib=$(dirname "$(find "$prefix" -name libcrow.so)")
for file in "$prefix/include/crow/crow.h" "$prefix/bin/crow" "$lib/libcrow.a" "$lib/libcrow.so" \
  "$lib/pkgconfig/crow.pc" "$lib/cmake/crow/crowConfig.cmake" "$prefix/share/man/man1/crow.1"; do
  [ -s "$file" ] || fail "not installed: $file"
done
(cd "$CROW_SOURCE/include" && find crow -name '*.h') | while read -r header; do
  cmp -s "$CROW_SOURCE/include/$header" "$prefix/include/$header" || fail "not installed: $header"
done
"$prefix/bin/crow" --version >/dev/null || fail "the installed program does not run"

strange=$(nm -D --defined-only "$lib/libcrow.so" | awk '$3 !~ /^crow_/ && $3 !~ /^_(init|fini|end|edata|_bss_start)$/')
[ -z "$strange" ] || fail "libcrow.so exports names without crow_: $strange"
nm -D --defined-only "$lib/libcrow.so" | grep -q ' T crow_rewards_fit$' || fail "libcrow.so does not export crow_rewards_fit"

cat >"$scratch/outside.c" <<'PROGRAM'
#include <crow/crow.h>
#include <stdio.h>
int main(int argc, char **argv) {
  crow_comm *comm = NULL;
  if (crow_comm_init(&argc, &argv) != CROW_OK || crow_comm_create_world(&comm) != CROW_OK) return 1;
  printf("crow %s on %d of %d\n", crow_version(), crow_comm_rank(comm), crow_comm_size(comm));
  crow_comm_destroy(&comm);
  crow_comm_finalize();
  return 0;
}
PROGRAM
version=$(sed -n 's/^Version: //p' "$lib/pkgconfig/crow.pc")
runs() {
  out=$(LD_LIBRARY_PATH=$lib $MPIEXEC -n 1 "$1") || fail "$1 failed"
  [ "$out" = "crow $version on 0 of 1" ] || fail "$1 printed: $out"
}

# A sanitized library asks the same of the program that links it.
flags=
if grep -q '^CROW_SANITIZE:BOOL=ON' "$CROW_BUILD/CMakeCache.txt"; then
  flags="-fsanitize=address,undefined"
fi
compiler=$(sed -n 's/^CMAKE_C_COMPILER:[A-Z]*=//p' "$CROW_BUILD/CMakeCache.txt")
export PKG_CONFIG_PATH="$lib/pkgconfig"
# shellcheck disable=SC2046,SC2086 # lists of flags
"$compiler" $flags -o "$scratch/with-pkg-config" "$scratch/outside.c" $(pkg-config --cflags --libs crow)
runs "$scratch/with-pkg-config"
ldd "$scratch/with-pkg-config" | grep -q 'libcrow.so' || fail "pkg-config did not link the shared library"

mkdir "$scratch/outside"
cp "$scratch/outside.c" "$scratch/outside"
cat >"$scratch/outside/CMakeLists.txt" <<'PROJECT'
cmake_minimum_required(VERSION 3.22)
project(outside LANGUAGES C)
find_package(crow 0.1 REQUIRED COMPONENTS static)
foreach(kind crow crow_static)
  add_executable(with-${kind} outside.c)
  target_link_libraries(with-${kind} PRIVATE crow::${kind})
endforeach()
PROJECT
cmake -S "$scratch/outside" -B "$scratch/outside/build" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_COMPILER="$compiler" \
  -DCMAKE_C_FLAGS="$flags" >"$scratch/log" 2>&1 || fail "$(cat "$scratch/log")"
cmake --build "$scratch/outside/build" >"$scratch/log" 2>&1 || fail "$(cat "$scratch/log")"

# The example of jobs/example-c, as its README says: rewards of alternatives in memory, on 2 ranks.
share=$prefix/share/crow
for file in jobs/fit.sbatch jobs/llmfao/comparisons.csv jobs/README.md hdf5-schemas/rewards.json; do
  [ -s "$share/$file" ] || fail "not installed: $file"
done
cmake -S "$share/jobs/example-c" -B "$scratch/drinks" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_COMPILER="$compiler" \
  -DCMAKE_C_FLAGS="$flags" >"$scratch/log" 2>&1 || fail "$(cat "$scratch/log")"
cmake --build "$scratch/drinks" >"$scratch/log" 2>&1 || fail "$(cat "$scratch/log")"
for ranks in 1 2; do
  LD_LIBRARY_PATH=$lib $MPIEXEC -n "$ranks" "$scratch/drinks/drinks" >"$scratch/out" || fail "drinks failed on $ranks ranks"
  awk '/weight/ { n++; sum += $3; if ($5 > best) { best = $5; name = $1 } }
       END { exit !(n == 4 && sum > .999 && sum < 1.001 && name == "tea") }' "$scratch/out" ||
    fail "drinks on $ranks ranks printed: $(cat "$scratch/out")"
done

# The modulefile, by Tcl with the modules' commands in its place: what it sets is there.
if command -v tclsh >/dev/null; then
  sed "s#^set prefix .*#set prefix $prefix#" "$share/jobs/install/crow.tcl" >"$scratch/crow.tcl"
  cat >"$scratch/module.tcl" <<'TCL'
proc module-whatis {text} {}
proc conflict {name} {}
proc prepend-path {name value} { puts "$name=$value" }
proc setenv {name value} { puts "$name=$value" }
source [lindex $argv 0]
TCL
  tclsh "$scratch/module.tcl" "$scratch/crow.tcl" >"$scratch/set" || fail "the modulefile does not load"
  for name in PATH MANPATH LD_LIBRARY_PATH PKG_CONFIG_PATH CMAKE_PREFIX_PATH CROW_JOBS; do
    folder=$(sed -n "s/^$name=//p" "$scratch/set")
    [ -d "$folder" ] || fail "the modulefile sets $name to \"$folder\""
  done
fi
# The recipes: the Spack one is Python and names every library that the build looks for; the image's script is a shell's.
python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read())' "$share/jobs/install/package.py" || fail "package.py is no Python"
for name in mpi hdf5 openblas random123 popt jansson libcsv xxhash zlib; do
  grep -q "depends_on(\"$name" "$share/jobs/install/package.py" || fail "package.py does not name $name"
done
sed -n '/^%post/,/^%environment/p' "$share/jobs/install/crow.def" | grep -v '^%' | sh -n || fail "crow.def: %post is no script"

runs "$scratch/outside/build/with-crow"
runs "$scratch/outside/build/with-crow_static"
