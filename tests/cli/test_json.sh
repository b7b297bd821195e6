# SPDX-License-Identifier: Apache-2.0
# The summary of --json: valid JSON, complete, also after a failure.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
. "$here/data.sh"
command -v python3 >/dev/null || skip "no python3"

# field EXPRESSION: of the summary, as Python prints it.
field() { python3 -c "import json; s = json.load(open('run.json')); print(($1))"; }

write_triangle
import data.h5 --items items.csv --json run.json
exits 0
equal "$(field "s['command'], s['status'], s['alternatives'], s['dimensions'], s['comparisons'], s['ties']")" \
  "('import', 0, 3, 2, 5, 1)"

crow weights data.h5 -o w.h5 --json run.json --seed 5
exits 0
equal "$(field "s['command'], s['status'], s['status_name'], s['message'], s['ranks'], s['options']['seed'], s['output']")" \
  "('weights', 0, 'done', None, 1, '5', 'w.h5')"
equal "$(field "sorted(t['topic'] for t in s['topics'])")" "['left', 'right']"

equal "$(field "s['space'], s['space_reason'], s['clone_robust'], 'space_center' in s")" \
  "('cube', 'one or two dimensions, and the cube holds all contexts', True, False)"
crow weights data.h5 -o sphere.h5 --json run.json --space sphere --samples 1000
exits 0
equal "$(field "s['space'], 'space_reason' in s, s['space_center'], s['center_rounds'] > 0, s['center_change'] >= 0")" \
  "('sphere', False, 'weighted', True, True)"
# Rewards have the space of their weights, wherever these come from.
crow fit data.h5 -o around.h5 --json run.json --weights sphere.h5
exits 0
equal "$(field "s['space'], s['space_center'], s['center_rounds'] > 0")" "('sphere', 'weighted', True)"
crow fit data.h5 -o around.h5 --force --json run.json --space gaussian
exits 0
equal "$(field "s['space'], s['clone_robust'], 'center_rounds' in s")" "('gaussian', False, False)"
crow fit data.h5 -o around.h5 --force --json run.json --weights uniform
exits 0
equal "$(field "'space' in s")" "False"

ranks 3 fit data.h5 -o r.h5 --json run.json --weights w.h5 --lambda 0.05
exits 0
equal "$(field "s['status'], s['ranks'], s['lambda'], s['converged'], s['pairs'], s['components'], s['ties'], s['never_compared']")" \
  "(0, 3, 0.05, True, 3, 1, 1, 0)"
equal "$(field "len(s['ranking']), s['ranking'][0]['rank'], sorted(a['id'] for a in s['ranking'])")" "(3, 1, ['a', 'b', 'c'])"
equal "$(field "s['optimality'] <= s['tolerance'] == 1e-8 and s['effective_number'] > 2 and s['total_s'] > 0")" "True"
equal "$(field "[t['stage'] for t in s['stages']]")" "['read', 'weights', 'fit', 'standard errors', 'near-duplicates', 'write']"

crow fit data.h5 -o early.h5 --json run.json --max-iterations 1 --tolerance 1e-12 --quiet
exits 5
equal "$(field "s['status'], s['converged'], s['message']")" "(5, False, None)"

crow compare r.h5 early.h5 --by topic --json run.json
exits 0
equal "$(field "sorted(t['topic'] for t in s['topics']), [r['result'] for r in s['topics'][0]['results']]")" \
  "(['left', 'right'], ['r', 'early'])"

# Failures.
crow fit missing.h5 -o x.h5 --json run.json
exits 4
equal "$(field "s['status'], s['status_name'], 'missing.h5' in s['message']")" "(4, 'file system error', True)"
crow fit r.h5 -o x.h5 --json run.json
exits 3
equal "$(field "s['status'], 'r.h5' in s['message']")" "(3, True)"

# inspect --json prints.
crow inspect r.h5 --json
exits 0
cp out run.json
equal "$(field "s['kind'], s['valid']")" "('rewards', True)"

finish
