# SPDX-License-Identifier: Apache-2.0
# An OpenBLAS that fell back to kernels of older processors makes the program start again with better ones; once, and not
# against the user's will. The fallback is played by a library loaded in front of OpenBLAS.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
. "$here/data.sh"

grep -qw avx2 /proc/cpuinfo 2>/dev/null || skip "the processor has no AVX2"
ldd "$CROW" 2>/dev/null | grep -q libopenblas || skip "OpenBLAS is not a shared library"
if ldd "$CROW" | grep -q libasan; then skip "the sanitizer must be the first library"; fi
compiler=$(command -v cc || command -v gcc || command -v clang) || skip "no C compiler"
cat >fallback.c <<'END'
#include <stdio.h>
#include <stdlib.h>
char *openblas_get_corename(void) {
  const char *asked = getenv("OPENBLAS_CORETYPE");
  char *fallback = getenv("FALLBACK");
  return asked && getenv("OBEYS") ? (char *)asked : fallback ? fallback : "Prescott";
}
/* Notes each start of the program. */
__attribute__((constructor)) static void note(void) {
  FILE *file = getenv("STARTS") ? fopen(getenv("STARTS"), "a") : NULL;
  const char *threads = getenv("OPENBLAS_NUM_THREADS");
  if (file) fprintf(file, "%s\n", threads ? threads : "none");
  if (file) fclose(file);
}
END
"$compiler" -shared -fPIC -o fallback.so fallback.c || skip "the compiler makes no library"
unset OPENBLAS_CORETYPE OPENBLAS_NUM_THREADS OMP_NUM_THREADS GOTO_NUM_THREADS

# falls ARGUMENT...: crow over the fallback; the starts are in `starts`.
falls() {
  rm -f starts
  run env LD_PRELOAD="$PWD/fallback.so" STARTS="$PWD/starts" "$@"
}

falls env OBEYS=1 "$CROW" --version
exits 0
once out "OpenBLAS had chosen its Prescott kernels: restarted with OPENBLAS_CORETYPE="
grep -q 'core \(Haswell\|SkylakeX\)' out || fail "the better core is not in use"

# Kernels with AVX2 are half as fast as those with AVX-512, where there is that.
falls env OBEYS=1 FALLBACK=Haswell "$CROW" --version
exits 0
if grep -qw avx512bw /proc/cpuinfo; then
  prints "OpenBLAS had chosen its Haswell kernels: restarted with OPENBLAS_CORETYPE=SkylakeX"
else
  prints_not "OpenBLAS had chosen"
fi
falls env OBEYS=1 FALLBACK=SkylakeX "$CROW" --version
exits 0
prints_not "OpenBLAS had chosen"

# A core that does not change is no reason to start for ever.
falls "$CROW" --version
exits 0
prints "core Prescott"

# The user's choice stands.
falls env OPENBLAS_CORETYPE=Prescott OBEYS=1 "$CROW" --version
exits 0
prints "core Prescott"
prints_not "restarted"

# One thread unless asked for more; the last start counts.
falls env OBEYS=1 "$CROW" --version
equal "$(tail -n 1 starts)" 1
falls env OBEYS=1 OPENBLAS_NUM_THREADS=2 "$CROW" --version
equal "$(tail -n 1 starts)" 2

# Under a launcher: the job works, and says so once.
write_triangle
import data.h5
# shellcheck disable=SC2086 # MPIEXEC is a list of words
run $MPIEXEC -n 3 env OBEYS=1 LD_PRELOAD="$PWD/fallback.so" "$CROW" fit data.h5 -o r.h5 -v
exits 0
once out "restarted with OPENBLAS_CORETYPE="
once out ", 3 ranks on "
there r.h5

finish
