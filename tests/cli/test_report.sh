# SPDX-License-Identifier: Apache-2.0
# A page that needs nothing outside itself, whose texts stay texts, and that says what the results say.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
. "$here/data.sh"
command -v gnuplot >/dev/null || skip "no gnuplot"

# has FILE TEXT
has() { grep -qF -e "$2" "$1" || fail "$last: $1 lacks \"$2\""; }
has_not() { if grep -qF -e "$2" "$1"; then fail "$last: $1 has \"$2\""; fi; }

write_triangle
printf '%s\n' 'id,topic' 'a,<script>alert(1)</script>' 'b,right & "quoted"' 'c,right & "quoted"' >items.csv
import small.h5 --items items.csv
crow fit small.h5 -o uniform.h5 --weights uniform -q
crow fit small.h5 -o voronoi.h5 -q
crow weights small.h5 -o w.h5 -q
printf '{"command": "audit", "verdict": "clones <i>change</i> the winner", "tests": [{"clones_each": 1, "eps": 0.1, "standard": {"largest_shift": 1}, "weighted": {"largest_shift": 0.1}}]}' >audit.json
crow report uniform.h5 voronoi.h5 w.h5 small.h5 audit.json -o report.html --title 'A <b> & "c"' --labels "one,two <u>,three,four,five"
exits 0
prints "report.html: 5 files, 7 pictures"
has report.html "Shift of rewards by clones"
has report.html "<title>A &lt;b&gt; &amp; &quot;c&quot;</title>"
has report.html "two &lt;u&gt; converged"
has report.html "clones &lt;i&gt;change&lt;/i&gt; the winner"
has report.html "one: all 3 alternatives weigh the same."
has report.html "<td class=\"t\">&lt;script&gt;alert(1)&lt;/script&gt;</td>"
has report.html "too close to call: b leads "
has report.html ", less than two standard errors ("
has report.html "command_line"
has report.html "a: 0.375"
once report.html "What the file says of the weights"
once report.html "What the file says of the data"
has_not report.html "<script"
has_not report.html "<u>"
has_not report.html "<?xml"
has_not report.html "src="

has_not report.html "clone-robust:"
crow fit small.h5 -o follows.h5 --space gaussian -q
exits 0
crow report follows.h5 voronoi.h5 -o follows.html
exits 0
once follows.html "These weights are not clone-robust: they were made in a gaussian, whose shape follows clones."

# The same from any number of ranks, but for the minute.
for p in 2 3; do
  ranks $p report uniform.h5 voronoi.h5 w.h5 small.h5 audit.json -o "report-$p.html" --title 'A <b> & "c"' --labels "one,two <u>,three,four,five"
  exits 0
  grep -v '^Made by\|<p class="soft">Made by' report.html >expected
  grep -v '^Made by\|<p class="soft">Made by' "report-$p.html" >actual
  cmp -s expected actual || fail "$p ranks write another page"
done

# An audit of two datasets has topics, and nothing to draw.
crow simulate -o three.h5 -q
crow simulate -o four.h5 --clone food --clone-name restaurants --eps 0.001 -q
crow audit three.h5 four.h5 --json two.json -q
crow fit three.h5 -o three-r.h5 -q
crow report two.json three-r.h5 -o two.html
exits 0
has two.html "two: clones change the winner of the standard fit, and not that of the weighted fit."
has two.html "the best topic changes from romance to art."
has two.html "the best topic stays romance."
has two.html '<tr><th scope="row" class="t">restaurants</th><td>0</td><td>1</td>'
# The summary: what has no table above, a name and a value a row, lists as tables.
has two.html '<tr><th scope="row" class="t">options: lambda</th><td class="t">0.01</td></tr>'
has two.html '<caption>stages</caption>'
has_not two.html '{&quot;'
# Of comparisons what chance does is there too, and of prompts how many changed.
votes="--alternatives 30 --spread 0.1 --preferences comparisons --comparisons 600"
for seed in 1 2; do
  # shellcheck disable=SC2086 # a list of words
  crow simulate -o "votes-$seed.h5" $votes --prompts 3 --seed $seed -q
done
crow audit votes-1.h5 votes-2.h5 --samples 500 --redraws 3 --json pair.json -q
crow audit votes-1.h5 --samples 500 --redraws 3 --clones 10 --eps 0.01 --json prompts.json -q
crow report pair.json prompts.json -o chance.html
exits 0
has chance.html "Redrawn comparisons alone shift it by "
has chance.html " of 3 prompts</td>"
has chance.html '<tr><th scope="row" class="t">comparisons redrawn</th>'
crow report two.json -o alone.html
exits 0
prints "alone.html: 1 file, 0 pictures"
crow plot two.json -o two.svg
exits 3

# A fit that did not converge, and alternatives without topics.
write_many 300 3000
import plain.h5
crow fit plain.h5 -o plain-r.h5 --max-iterations 1 -q
exits 5
crow fit plain.h5 -o adam.h5 --model linear --optimizer adam --steps 3 -q --json adam.json
exits 0
has adam.json '"convergence_tested": false'
crow report plain-r.h5 adam.h5 -o plain.html
exits 0
has plain.html "plain-r did not converge"
has plain.html "adam took all its steps"
has plain.html "the 10 best and the 10 worst of 300"

crow report uniform.h5 -o plain.html
exits 4
crow score voronoi.h5 --contexts small.h5:/alternatives/context -o scores.h5 -q
for command in "report scores.h5 -o a.html" "plot scores.h5 -o a.svg"; do
  # shellcheck disable=SC2086 # a list of words
  crow $command
  exits 3
  says "scores.h5: is a scores file; expected rewards, weights, a dataset or JSON; crow export writes scores as a table"
done
crow report missing.h5 -o a.html
exits 4
crow report uniform.h5 voronoi.h5 -o a.html --labels one
exits 2
not_there a.html
equal "$(find . -name '*.tmp' | wc -l)" 0

# Well-formed: every tag closed in its place, every id once, every reference within the page.
command -v python3 >/dev/null || finish
cat >check.py <<'PYTHON'
import html.parser, sys

void = {"meta", "br", "link", "img", "hr", "input"}

class Check(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.ids, self.references, self.pictures = [], [], [], 0

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name == "id":
                self.ids.append(value)
            if name in ("href", "xlink:href"):
                assert value.startswith("#"), value
                self.references.append(value[1:])
            assert not name.startswith("on") and name != "src", name
        if tag == "svg":
            self.pictures += 1
            given = dict(attributes)
            assert given.get("role") == "img" and given.get("aria-label"), given
        if tag == "th":
            assert dict(attributes).get("scope"), self.getpos()
        if tag not in void:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in void:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, (tag, self.getpos())

for name in sys.argv[1:]:
    check = Check()
    check.feed(open(name, encoding="utf-8").read())
    assert not check.open, check.open
    assert len(check.ids) == len(set(check.ids)), name
    assert set(check.references) <= set(check.ids), name
    assert check.pictures > 0
PYTHON
run python3 check.py report.html plain.html two.html
exits 0
# Alternatives of several prompts share no plane: no cells, and the rest all the same.
crow simulate -o flat.h5 --prompts 3 --alternatives 12 --dimensions 2 --preferences comparisons --comparisons 60 -q
crow fit flat.h5 -o flat-r.h5 -q
crow report flat.h5 flat-r.h5 -o flat.html
exits 0
equal "$(grep -c 'nearer to its alternative' flat.html)" 0
crow report three.h5 three-r.h5 -o cells.html
exits 0
equal "$(grep -c 'nearer to its alternative' cells.html)" 1
finish
