#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random mutants of the source against the tests of their folder; by hand, not in CI:

    nice python3 tests/mutants.py [-n 200] [--seed 1] [--scratch FOLDER] [--report FILE] [FOLDER...]
    nice python3 tests/mutants.py --again FILE     the survivors of an earlier report once more

A mutant is the source with one token changed (an operator, a constant, an index off by one, min for max) or one statement
deleted. It is built in a copy of the tree under --scratch, linked before the library that it is a part of, and run against
its folder's own C programs (those that use MPI on 1 and 3 ranks) and then at most one script, the quick ones first. It is
killed when one fails or takes ten times as much of the processor as without a mutant. Mutants that do not compile are drawn
again, and so are those whose object code is the same. Frees, texts of messages and sizes of allocations are left alone: the build with
sanitizers looks at those.
The report has one JSON object a line; what survives is printed as a difference and wants a person's judgement: equivalent,
slower only, or a gap in the tests."""

import argparse
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# Folder: (files, C programs, the script by the file's name, the first that fits).
FOLDERS = {
    "weights": (r"src/weights/.*\.c", "weights/few mpi/weights mpi/weights_file mpi/prompt_weights mpi/work mpi/edges mpi/draws mpi/center mpi/duplicates mpi/clones",
                {r"few": "cli/prompts_few", r"prompts": "cli/prompts_shared", r"plan|grid": "cli/memory", r"": "cli/units"}),
    "nearest": (r"src/nearest/.*\.[ch]", "nearest/amount nearest/engines nearest/hull nearest/search nearest/signs "
                "nearest/voronoi mpi/work mpi/weights", {r"": "cli/units"}),
    "fit": (r"src/fit/.*\.c", "mpi/fit mpi/rewards mpi/work mpi/model_fit", {r"": "cli/json"}),
    "optim": (r"src/optim/.*\.c", "optim/adam optim/direction optim/lbfgs optim/line_search optim/stall mpi/lbfgs mpi/adam",
              {r"": "cli/json"}),
    "checkpoint": (r"src/io/checkpoint.*\.c", "mpi/checkpoint mpi/checkpoint_run mpi/file_faults", {r"": "cli/paths"}),
    "space": (r"src/space/.*\.c", "mpi/space mpi/draws mpi/center mpi/pca nearest/signs", {r"": "cli/pool"}),
    "effect": (r"src/summary/effect.*\.c", "mpi/effect", {r"": "cli/effect"}),
    "paths": (r"src/io/(paths|target)\.c", "io/outputs io/publish mpi/paths mpi/files", {r"": "cli/paths"}),
    "import": (r"src/import/.*\.c", "import/alternatives import/archives import/comparisons import/csv import/npy mpi/import mpi/import_kinds fuzz/archive fuzz/csv",
               {r"scores|rules|results": "cli/formats", r"": "cli/formats"}),
    "tasks": (r"src/tasks/.*\.c", "mpi/groups mpi/model_fit mpi/uncertainty", {r"": "cli/uncertainty"}),
}

ENVIRONMENT = dict(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1", OMPI_MCA_rmaps_base_oversubscribe="1",
                   OMPI_MCA_hwloc_base_binding_policy="none", PRTE_MCA_rmaps_default_mapping_policy=":oversubscribe",
                   PRTE_MCA_hwloc_default_binding_policy="none", OMPI_MCA_mpi_yield_when_idle="1",
                   OMPI_MCA_btl_base_warn_component_unused="0", OMPI_MCA_btl_vader_single_copy_mechanism="none",
                   OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", CROW_TEST_SLOWNESS="1",
                   MALLOC_PERTURB_="165")  # memory that nobody has set is seen


# ---- mutants ---------------------------------------------------------------------------------------------------------

SWAPS = [("relop", r"(?<![<>=!\-+*/&|])<=(?!=)", "<"), ("relop", r"(?<![<>=!\-])>=(?!=)", ">"),
         ("relop", r" < ", " <= "), ("relop", r" > ", " >= "), ("relop", r" == ", " != "), ("relop", r" != ", " == "),
         ("logic", r" && ", " || "), ("logic", r" \|\| ", " && "), ("logic", r"(?<=[( ])!(?=[a-z(])", ""),
         ("plusminus", r" \+ ", " - "), ("plusminus", r" - ", " + "), ("plusminus", r" \+= ", " -= "),
         ("plusminus", r" -= ", " += "), ("timesover", r" \* ", " / "), ("timesover", r" / ", " * "),
         ("minmax", r"\bfmin\(", "fmax("), ("minmax", r"\bfmax\(", "fmin("), ("minmax", r"_min_(?=[fi]64\()", "_max_"),
         ("minmax", r"_max_(?=[fi]64\()", "_min_"), ("bits", r" & ", " | "), ("bits", r" \| ", " & "),
         ("bits", r" << ", " >> "), ("bits", r" >> ", " << "),
         ("const", r"(?<![\w.\"%])0(?![\w.])", "1"), ("const", r"(?<![\w.\"%])1(?![\w.])", "0"),
         ("const", r"(?<![\w.\"%])[2-9](?![\w.])", lambda t: str(int(t) + 1)),
         ("const", r"(?<![\w.\"%])\d+\.\d+(?![\w.])", lambda t: str(float(t) * 2)),
         ("offbyone", r"(?<=\[)[a-z](?=\])", lambda t: t + " + 1"),
         ("offbyone", r"(?<= < )[a-z][\w>.\-]*(?=; )", lambda t: t + " - 1")]
LEFT_ALONE = re.compile(r"^\s*(#|//|/\*|\*)|free\(|_destroy\(|ALLOCATE|CROW_FAIL|crow_error_set|crow_log|snprintf|"
                        r"\bstatic_assert\b|^\s*\"|\"[^\"]* [^\"]*\"")


def without_comments(text):
    """The text with comments and literals of more than a word blanked, at the same places."""
    blank = lambda m: re.sub(r"[^\n]", " ", m.group(0))
    text = re.sub(r"/\*.*?\*/|//[^\n]*", blank, text, flags=re.S)
    return re.sub(r"'(\\.|[^'\\])'|\"(\\.|[^\"\\\n])*\"", lambda m: '"' + "x" * (len(m.group(0)) - 2) + '"', text)


def sites(path):
    """(line, column, old length, kind, new text) of every mutant of a file."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    lines, bare = text.split("\n"), without_comments(text).split("\n")
    found, before = [], ""
    for number, line in enumerate(bare):
        whole = re.match(r"^\s+[^\s{}#].*;\s*$", line) and re.search(r"[;{}:]\s*\\?$", before) and not line.endswith("\\")
        if line.strip():
            before = line
        if not line.strip() or LEFT_ALONE.search(lines[number]) or not line.startswith(" "):
            continue
        for kind, pattern, new in SWAPS:
            for match in re.finditer(pattern, line):
                text = match.group(0)
                found.append((number, match.start(), len(text), kind, new(text) if callable(new) else new))
        if whole and not re.match(r"^\s+(return|(const |static |struct )*[a-z_0-9]+ \**[a-z_]\w*( =|;|\[|,))", line):
            start = len(line) - len(line.lstrip())
            found.append((number, start, len(line) - start, "delete", ";"))
    return found


def draw_mutants(tree, names, random_numbers):
    """Endlessly: the folders in turn, within a folder every site is as likely as any other."""
    tracked = subprocess.run(["git", "-C", TOP, "ls-files", "src"], capture_output=True, text=True, check=True).stdout.split()
    pools = {}
    for name in names:
        files = [f for f in tracked if re.fullmatch(FOLDERS[name][0], f)]
        pools[name] = [(f, *site) for f in files for site in sites(os.path.join(tree, f))]
        random_numbers.shuffle(pools[name])
    turn = 0
    while any(pools.values()):
        name = names[turn % len(names)]
        turn += 1
        if pools[name]:
            yield name, pools[name].pop()


# ---- building --------------------------------------------------------------------------------------------------------


class Builder:
    def __init__(self, scratch, names):
        self.tree, self.build = scratch, os.path.join(scratch, "build")
        self.work = os.path.join(scratch, "work")
        os.makedirs(self.work, exist_ok=True)
        tracked = subprocess.run(["git", "-C", TOP, "ls-files"], capture_output=True, text=True, check=True).stdout.split("\n")
        for name in filter(None, tracked):
            source, target = os.path.join(TOP, name), os.path.join(self.tree, name)
            if not os.path.isfile(source):
                continue
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(source, "rb") as file:
                wanted = file.read()
            if not os.path.exists(target) or open(target, "rb").read() != wanted:
                shutil.copy(source, target)
        launcher = ["-DCMAKE_C_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
        self.programs = sorted({p for name in names for p in FOLDERS[name][1].split()})
        self.call(["cmake", "-S", self.tree, "-B", self.build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", "-DCROW_WERROR=ON", *launcher])
        self.call(["ninja", "-C", self.build, "crow", *(self.target(p) for p in self.programs)])
        with open(os.path.join(self.build, "compile_commands.json"), encoding="utf-8") as file:
            self.compile = {os.path.relpath(e["file"], self.tree): e["command"] for e in json.load(file)
                            if "crow_objects" in e["command"]}
        self.links = {}

    def call(self, command):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            sys.exit("%s:\n%s%s" % (" ".join(command), done.stdout[-3000:], done.stderr[-3000:]))
        return done.stdout

    @staticmethod
    def target(program):
        return "tests/test_" + program.replace("/", "_")

    def users(self, path):
        """The sources to compile for a changed file: itself, or those of its folder that include the header."""
        if path.endswith(".c"):
            return [path]
        seen, wanted = set(), {os.path.basename(path)}
        folder = os.path.dirname(path)
        files = [f for f in os.listdir(os.path.join(self.tree, folder)) if f.endswith((".c", ".h"))]
        for _ in range(3):
            for name in files:
                with open(os.path.join(self.tree, folder, name), encoding="utf-8") as file:
                    if any('%s"' % w in file.read() for w in [*wanted]) and name not in seen:
                        seen.add(name)
                        wanted.add(name)
        return sorted(folder + "/" + n for n in seen if n.endswith(".c"))

    def objects(self, path, out):
        """Compiles what a changed file is a part of; the new objects, or None."""
        made = []
        for source in self.users(path):
            target = os.path.join(out, source.replace("/", "_") + ".o")
            command = re.sub(r" -o \S+ ", " -o %s " % target, self.compile[source], count=1).replace("-Werror", "")
            if subprocess.run(command + " -w", shell=True, cwd=self.build, capture_output=True).returncode:
                return None
            made.append(target)
        return made

    def original(self, source):
        return os.path.join(self.build, re.search(r" -o (\S+) ", self.compile[source]).group(1))

    def same_code(self, path, objects):
        return all(open(o, "rb").read() == open(self.original(s), "rb").read() for s, o in zip(self.users(path), objects))

    def link(self, target, objects):
        """The program with the changed objects before the library."""
        if target not in self.links:
            lines = self.call(["ninja", "-C", self.build, "-t", "commands", target]).strip().split("\n")
            self.links[target] = next(l for l in reversed(lines) if " -o %s " % target in l and "libcrow.a" in l)
        out = os.path.join(self.work, os.path.basename(target))
        command = self.links[target].replace(" -o %s " % target, " -o %s " % out, 1)
        command = command.replace(" libcrow.a", " %s libcrow.a" % " ".join(objects), 1)
        done = subprocess.run(command, shell=True, cwd=self.build, capture_output=True, text=True)
        return out if done.returncode == 0 else None


# ---- running ---------------------------------------------------------------------------------------------------------


class Runner:
    """Runs tests. Times are of processors, since others may use the machine: a mutant is given ten times what a test takes
    without one, and much longer by the clock."""

    def __init__(self, builder, options, kept):
        self.builder, self.budget, self.ranks, self.kept = builder, options.seconds, options.ranks.split(","), kept
        self.scripts = not options.programs
        self.usual = {}
        if os.path.exists(kept):
            with open(kept, encoding="utf-8") as file:
                self.usual = json.load(file)

    def commands(self, name, path):
        """(test, the target to link) in the order in which they are run: C programs by their time, then the script."""
        _, programs, scripts = FOLDERS[name]
        tests = []
        for program in programs.split():
            for ranks in (self.ranks if program.startswith("mpi/") else [""]):
                tests.append((program + (ranks and "/" + ranks), self.builder.target(program)))
        script = next(s for pattern, s in scripts.items() if re.search(pattern, os.path.basename(path)))
        tests.sort(key=lambda t: self.time_of(*t))
        chosen, total = [], 0.0
        for test in tests + ([(script, "crow")] if self.scripts else []):
            if total + self.time_of(*test) <= self.budget or not chosen:
                total += self.time_of(*test)
                chosen.append(test)
        return chosen

    def run(self, test, program, seconds):
        """Runs one; "" when it passes, else how it failed. And the seconds it took of processors."""
        builder = self.builder
        environment = dict(os.environ, **ENVIRONMENT, CROW=program, CROW_SOURCE=builder.tree, CROW_BUILD=builder.build,
                           MPIEXEC="mpiexec", TMPDIR=builder.work, CROW_TEST_NAME=test)
        if program.endswith("crow"):
            folder, name = test.split("/")
            command = ["sh", os.path.join(builder.tree, "tests", folder, "test_%s.sh" % name)]
        else:
            ranks = test.rsplit("/", 1)[1] if test.startswith("mpi/") else "1"
            command = (["mpiexec", "-n", ranks] if ranks != "1" else []) + [program]
        limit = lambda: resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 2))
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   stdin=subprocess.DEVNULL, start_new_session=True, cwd=builder.work, preexec_fn=limit)
        try:
            code = process.wait(120 + 20 * seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            code = process.wait()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        took = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return "" if code in (0, 77) else "code %d" % code, took

    def time_of(self, test, target):
        """The time of a test without a mutant, measured once; a test that fails then is never run again."""
        if test not in self.usual:
            failed, took = self.run(test, os.path.join(self.builder.build, target), 600)
            self.usual[test] = 1e9 if failed else took
            if failed:
                print("%s fails without any mutant (%s): it is not run" % (test, failed), flush=True)
            with open(self.kept, "w", encoding="utf-8") as file:
                json.dump(self.usual, file)
        return self.usual[test]

    def judge(self, name, path, objects):
        """"" for a survivor, else who killed it."""
        for test, target in self.commands(name, path):
            program = self.builder.link(target, objects)
            if program is None:
                return "linker"
            failed, _ = self.run(test, program, 10 * self.time_of(test, target) + 2)
            if failed:
                return "%s, %s" % (test, failed)
        return ""


def mutate(builder, path, site):
    """Changes the file of the copy; what it was, and the two lines."""
    full = os.path.join(builder.tree, path)
    with open(full, encoding="utf-8") as file:
        text = file.read()
    number, column, length, _, new = site
    lines = text.split("\n")
    before = lines[number]
    lines[number] = before[:column] + new + before[column + length:]
    with open(full, "w", encoding="utf-8") as file:
        file.write("\n".join(lines))
    return text, before.strip(), lines[number].strip()


def again(report, tree):
    """The survivors of a report, found anew by their line's text."""
    with open(report, encoding="utf-8") as file:
        entries = [json.loads(line) for line in file if line.strip()]
    for entry in entries:
        if entry["by"]:
            continue
        with open(os.path.join(tree, entry["file"]), encoding="utf-8") as file:
            lines = file.read().split("\n")
        places = [k for k, line in enumerate(lines) if line.strip() == entry["before"]]
        if not places:
            print("%s: \"%s\" is not there any more" % (entry["file"], entry["before"]))
            continue
        number = min(places, key=lambda k: abs(k - entry["line"] + 1))
        indent = len(lines[number]) - len(lines[number].lstrip())
        yield entry["folder"], (entry["file"], number, indent, len(entry["before"]), entry["kind"], entry["after"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", metavar="FOLDER", help="of %s" % ", ".join(FOLDERS))
    parser.add_argument("-n", type=int, default=200, help="mutants that count")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60, help="what the tests of one mutant may take of processors without it")
    parser.add_argument("--ranks", default="1,3", help="on which programs that use MPI are run: 1 first, 3 for what survives")
    parser.add_argument("--programs", action="store_true", help="C programs alone: scripts later, for what survives")
    parser.add_argument("--scratch", default="/tmp/crow-mutants", help="the copy of the tree and its build")
    parser.add_argument("--report", default="mutants.jsonl", help="what became of each, appended")
    parser.add_argument("--again", help="a report whose survivors are tried once more")
    options = parser.parse_args()
    names = options.folders or list(FOLDERS)
    builder = Builder(os.path.abspath(options.scratch), names)
    runner = Runner(builder, options, os.path.join(builder.work, "usual.json"))
    source = again(options.again, builder.tree) if options.again else draw_mutants(builder.tree, names, random.Random(options.seed))
    counts = {name: [0, 0] for name in names}
    for name, (path, *site) in source:
        if sum(c[0] for c in counts.values()) >= options.n:
            break
        text, before, after = mutate(builder, path, site)
        try:
            objects = builder.objects(path, builder.work)
            if not objects or builder.same_code(path, objects):
                continue
            begin = time.monotonic()
            by = runner.judge(name, path, objects)
        finally:
            with open(os.path.join(builder.tree, path), "w", encoding="utf-8") as file:
                file.write(text)
        counts.setdefault(name, [0, 0])
        counts[name][0] += 1
        counts[name][1] += bool(by)
        entry = dict(folder=name, file=path, line=site[0] + 1, kind=site[3], before=before, after=after, by=by,
                     seconds=round(time.monotonic() - begin, 1))
        with open(options.report, "a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")
        print("%s %s:%d (%s) %s" % ("killed  " if by else "SURVIVED", path, site[0] + 1, site[3], by or ""), flush=True)
        if not by:
            print("  - %s\n  + %s" % (before, after), flush=True)
    for name, (tried, killed) in counts.items():
        if tried:
            print("%-12s %3d of %3d killed, %5.1f %%" % (name, killed, tried, 100 * killed / tried))
    tried, killed = (sum(c[k] for c in counts.values()) for k in (0, 1))
    if tried:
        print("%-12s %3d of %3d killed, %5.1f %%" % ("all", killed, tried, 100 * killed / tried))


if __name__ == "__main__":
    main()
