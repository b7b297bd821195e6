# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016 # names that look like commands
# Pictures: what they show, whatever the names are, from any number of ranks; and what is said when they cannot be drawn.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
. "$here/data.sh"
command -v gnuplot >/dev/null || skip "no gnuplot"

# shows FILE TEXT: a text of the picture, as SVG writes it.
shows() { grep -qF -e "$2" "$1" || fail "$last: $1 lacks \"$2\""; }
shows_not() { if grep -qF -e "$2" "$1"; then fail "$last: $1 has \"$2\""; fi; }

# The paper's Figures 1 and 2, with the areas of the cells; three corners of the unit square, and (0.9, 1).
write_triangle
import one.h5
crow plot one.h5 -o one.svg
exits 0
shows one.svg "a: 0.375"
shows one.svg "b: 0.25"
shows one.svg "c: 0.375"
printf 'd,0.9,1\n' >>contexts.csv
import two.h5
crow plot two.h5 -o two.svg --kind voronoi
exits 0
shows two.svg "a: 0.34"
shows two.svg "b: 0.2399"
shows two.svg "c: 0.025"
shows two.svg "d: 0.3951"
shows two.svg ">x<" # the axes are called as the contexts' columns
shows two.svg ">y<"
shows_not two.svg ">weight<" # no bar of colours beside printed numbers
# Weights that are given are shown in place of the areas.
crow fit two.h5 -o two-r.h5 --weights uniform -q
crow weights two.h5 -o two-w.h5 -q
crow plot two-r.h5 two.h5 -o given.svg
exits 0
shows given.svg "d: 0.25"
shows_not given.svg "0.2399"

# Topics with names that mean something to gnuplot, a shell and SVG; the same picture from any number of ranks.
write_triangle
printf '%s\n' 'id,topic' 'a,"<script>`touch here`</script>"' 'b,it'"'"'s & _x^{2} \n @y "$(touch here)' 'c,right' >items.csv
import topics.h5 --items items.csv
crow fit topics.h5 -o uniform.h5 --weights uniform -q
crow fit topics.h5 -o weighted.h5 -q
crow plot uniform.h5 weighted.h5 -o topics.svg --labels 'one,two `touch here`' --title "Title's <b>"
exits 0
prints "topics.svg"
not_there here
shows topics.svg "&lt;script"
shows_not topics.svg "<script"
shows topics.svg "it's &amp; _x^{2} \\n @y"
shows topics.svg "two \`touch here\`"
shows topics.svg "Title's &lt;b"
shows topics.svg 'role="img"'
shows topics.svg "standard error of the mean"
for p in 2 3; do
  ranks $p plot uniform.h5 weighted.h5 -o "topics-$p.svg" --labels 'one,two `touch here`' --title "Title's <b>" -q
  exits 0
  silent out
  cmp -s topics.svg "topics-$p.svg" || fail "$p ranks draw another picture"
done
if command -v xmllint >/dev/null; then
  run xmllint --noout topics.svg two.svg
  exits 0
fi

for kind in win-rate weights convergence; do
  crow plot uniform.h5 weighted.h5 --kind $kind -o $kind.svg
  exits 0
  shows $kind.svg "weighted"
done
shows win-rate.svg "weighted average win rate (share won)"
shows weights.svg "weight (share of the space)"
shows weights.svg "all equal: "
# Weights that span little are shown from 0, beside an equal share; ranks are whole.
crow weights one.h5 -o one-w.h5 -q
crow plot one-w.h5 -o decade.svg
exits 0
shows decade.svg ">1/3<"
shows_not decade.svg "2·10"
shows_not decade.svg ">1.5<"
shows convergence.svg "certificate"
crow plot two-w.h5 -o kind.svg
exits 0
shows kind.svg "rank of the alternative by weight"

# PNG, at twice the width: bytes 16 to 19 of the file.
crow plot uniform.h5 -o topics.png --width 500
exits 0
equal "$(od -An -tx1 -N8 topics.png | tr -d ' \n')" "89504e470d0a1a0a"
equal "$(od -An -tu1 -j16 -N4 topics.png | tr -s ' ' ' ')" " 0 0 3 232"

# Many alternatives and topics: the picture stays small.
write_many 4000 20000
import many.h5 --items items.csv
crow fit many.h5 -o many-r.h5 --weights uniform -q
crow plot many-r.h5 --kind win-rate -o many.svg
exits 0
shows many.svg "each point stands for the alternatives near it"
[ "$(wc -c <many.svg)" -lt 2000000 ] || fail "many.svg is large"
ranks 3 plot many-r.h5 --kind win-rate -o many-3.svg
cmp -s many.svg many-3.svg || fail "3 ranks draw another picture of many alternatives"
ranks 3 plot many-r.h5 --kind weights -o many-w3.svg
exits 0
awk 'BEGIN { print "id,x,y"; for (i = 0; i < 4000; i++) printf "n%d,%.6f,%.6f\n", i, (i * 37 % 4000) / 4000, (i * 1009 % 4000) / 4000 }' >contexts.csv
import plane.h5
crow plot plane.h5 -o cells.svg
exits 0
shows cells.svg "names and weights of 4000 cells are not shown"
shows cells.svg ">weight<"

# Summaries of other commands.
cat >audit.json <<'JSON'
{"tests": [
  {"target": "topic food", "clones_each": 1, "eps": 0.1, "standard": {"largest_shift": 0.2}, "weighted": {"largest_shift": 0.05}},
  {"target": "topic food", "clones_each": 1, "eps": 0.01, "standard": {"largest_shift": 0.2}, "weighted": {"largest_shift": 0.005}}]}
JSON
crow plot audit.json -o audit.svg
exits 0
shows audit.svg "standard MLE, 1 clone"
shows audit.svg "weighted MLE, 1 clone"
shows_not audit.svg "comparisons redrawn"
# With a baseline, lines for the shifts that chance alone makes.
sed 's/^{/{"without_clones": {"redraws": 20, "standard": {"median_largest_shift": 0.1}, "weighted": {"median_largest_shift": 0.03}},/' \
  audit.json >redrawn.json
crow plot redrawn.json -o redrawn.svg
exits 0
shows redrawn.svg "standard MLE, comparisons redrawn"
shows redrawn.svg "weighted MLE, comparisons redrawn"
printf '{"scaling": [{"ranks": 1, "seconds": 8}, {"ranks": 2, "seconds": 5}, {"ranks": 4, "seconds": 2.5}]}' >scaling.json
crow plot scaling.json -o scaling.svg
exits 0
shows scaling.svg "efficiency (%)"
# Weak scaling: the work grows with the ranks, so the ideal is level; 8 s against 8.6 s is an axis from 90 %.
printf '{"scaling": [{"ranks": 1, "work": 9, "seconds": 8}, {"ranks": 16, "work": 144, "seconds": 8.6}]}' >weak.json
crow plot weak.json -o weak.svg
exits 0
shows weak.svg ">90<"
# heights FILE: at how many different heights the ideal's line is.
heights() { grep -o "dasharray='1.0,2.0' *d='[^']*'" "$1" | grep -o ',[0-9.]*[ ]' | sort -u | wc -l; }
[ "$(heights weak.svg)" = 1 ] || fail "the ideal of weak scaling is at $(heights weak.svg) heights, expected 1"
[ "$(heights scaling.svg)" = 3 ] || fail "the ideal of strong scaling is at $(heights scaling.svg) heights, expected 3"
printf '{"scaling": [{"ranks": 1, "work": 0, "seconds": 8}]}' >workless.json
crow plot workless.json -o workless.svg
exits 3
says '"work" above 0'
printf '{"calibration": [{"predicted": 0.2, "observed": 0.25}, {"predicted": 0.8, "observed": 0.75}]}' >calibration.json
crow plot calibration.json -o calibration.svg
exits 0
shows calibration.svg "observed share won"
printf '{"calibration": [{"predicted": 0.2, "observed": 0.25, "judgements": 950}, {"predicted": 0.8, "observed": 0.75, "judgements": 12345}]}' >counted.json
crow plot counted.json -o counted.svg
exits 0
shows counted.svg ">950<"
shows counted.svg ">12k<"
shows counted.svg "numbers: judgements"

# What goes wrong is said, and nothing is left behind.
crow plot topics.h5 -o picture.jpg
exits 2
says ".svg, .png or .pdf"
crow plot uniform.h5 -o picture.pdf
exits 0
equal "$(head -c 5 picture.pdf)" "%PDF-"
crow plot uniform.h5 -o topics.svg
exits 4
crow plot uniform.h5 weighted.h5 -o a.svg --labels one
exits 2
says "a label for each"
crow plot uniform.h5 -o a.svg --labels one,two
exits 2
crow plot two-w.h5 --kind voronoi -o a.svg
exits 2
says "needs the dataset"
crow plot two.h5 many-r.h5 --kind voronoi -o a.svg
exits 3
says "/rewards/weight has shape (4000), expected (4)"
crow plot many-r.h5 two-w.h5 --kind topics -o a.svg
exits 3
says "two-w.h5: expected a rewards file"
crow plot audit.json --kind scaling -o a.svg
exits 3
says "audit.json: has no list"
printf '{' >broken.json
for p in 1 2; do
  ranks $p plot broken.json -o a.svg
  exits 3
  says "broken.json, line 1"
done
awk 'BEGIN { print "id,x,y,z"; for (i = 0; i < 4000; i++) print "n" i ",1,2," i }' >contexts.csv
import volume.h5
crow plot volume.h5 -o a.svg
exits 3
says "has 3 dimensions; expected 2"
mkdir nothing
for p in 1 2; do
  # shellcheck disable=SC2086 # MPIEXEC is a list of words
  run $MPIEXEC -n $p env PATH="$folder/nothing" "$CROW" plot uniform.h5 -o a.svg
  exits 1
  says "gnuplot-nox"
done
not_there a.svg
equal "$(find . -name '*.tmp' | wc -l)" 0
finish
