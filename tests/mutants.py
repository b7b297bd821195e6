#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random mutants of the source against the tests of their folder; by hand, not in CI:

    nice python3 tests/mutants.py [-n 200] [--seed 1] [--scratch FOLDER] [--report FILE] [FOLDER...]
    nice python3 tests/mutants.py --again FILE     the survivors of an earlier report once more
    nice python3 tests/mutants.py --coverage       first, once: which lines each program reaches, so that the others are not run

A mutant is the source with one token changed (an operator, a constant, an index off by one, min for max) or one statement
deleted. It is built in a copy of the tree under --scratch, linked before the library that it is a part of, and run against
its folder's own C programs (those that use MPI on 1 and 3 ranks) and then at most one script: first what is quick and has
killed others of the folder. It is killed when one fails, stands still, or takes five times as much of the processor as without
a mutant. Mutants that do not compile are drawn
again, and so are those whose object code is the same. Frees, texts of messages and sizes of allocations are left alone: the build with
sanitizers looks at those.
The report has one JSON object a line; what survives is printed as a difference and wants a person's judgement: equivalent,
slower only, or a gap in the tests."""

import argparse
import hashlib
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
    "weights": (r"src/weights/.*\.c", "weights/parts weights/few weights/rules weights/energies weights/hull weights/memory mpi/weights mpi/weights_file mpi/prompt_weights mpi/work mpi/edges mpi/draws mpi/center mpi/duplicates mpi/clones "
                "mpi/sampling_error nearest/voronoi",
                {r"few": "cli/prompts_few", r"prompts": "cli/prompts_shared", r"plan|grid": "cli/memory", r"": "cli/units"}),
    "nearest": (r"src/nearest/.*\.[ch]", "nearest/parts nearest/amount nearest/pairs_of_doubles nearest/engines nearest/hull nearest/search nearest/signs "
                "nearest/voronoi mpi/work mpi/weights", {r"": "cli/units"}),
    "fit": (r"src/(fit|uncertainty)/.*\.c", "mpi/fit mpi/rewards mpi/work mpi/model_fit mpi/uncertainty mpi/intervals mpi/kept mpi/one_rank uncertainty/many_replicates uncertainty/parts", {r"": "cli/json"}),
    "optim": (r"src/optim/.*\.c", "optim/adam optim/direction optim/lbfgs optim/line_search optim/stall mpi/lbfgs mpi/adam",
              {r"": "cli/json"}),
    "checkpoint": (r"src/io/checkpoint.*\.c", "io/checkpoint_parts mpi/checkpoint mpi/checkpoint_run mpi/file_faults", {r"": "cli/paths"}),
    "space": (r"src/space/.*\.c", "space/parts space/rotation space/signs weights/memory mpi/space mpi/space_parts mpi/draws mpi/center mpi/pca nearest/signs", {r"": "cli/pool"}),
    "summary": (r"src/summary/.*\.c", "mpi/effect mpi/summary mpi/elo summary/parts summary/alternatives summary/words summary/neighbours mpi/intervals", {r"effect": "cli/effect", r"": "cli/compare"}),
    "paths": (r"src/io/(paths|target|kept|whole_file|result|alternatives_digest)\.c",
              "io/outputs io/publish io/standard io/target io/temporary io/texts io/whole_file mpi/digest mpi/kept mpi/paths mpi/files mpi/file_faults", {r"": "cli/paths"}),
    "import": (r"src/import/.*\.c", "import/alternatives import/archives import/bytes import/comparisons import/contexts import/csv import/npy import/names import/pipes import/prompts import/scores mpi/context_source mpi/import mpi/import_kinds fuzz/archive fuzz/csv",
               {r"scores|rules|results": "cli/formats", r"": "cli/formats"}),
    "tasks": (r"src/tasks/.*\.c", "tasks/stride mpi/tasks mpi/group_data mpi/groups mpi/model_fit mpi/uncertainty", {r"": "cli/uncertainty"}),
    "rewards": (r"src/rewards/.*\.c", "rewards/file rewards/fit rewards/plan rewards/sampling mpi/rewards mpi/rewards_state mpi/scores mpi/prompt_fit weights/memory mpi/kept mpi/fit mpi/sampling_error mpi/uncertainty mpi/files mpi/work mpi/edges", {r"by": "cli/by", r"": "cli/sampling_error"}),
    "objective": (r"src/objective/.*\.c", "objective/complete objective/curvature objective/paired objective/respond objective/sigmoid mpi/prompt_fit mpi/objective mpi/fit "
                  "mpi/uncertainty mpi/sampling_error", {r"": "cli/json"}),
    "predict": (r"src/predict/.*\.c", "predict/score predict/split mpi/scores mpi/split mpi/summary mpi/model mpi/model_fit mpi/clones", {r"score": "cli/score", r"split": "cli/split", r"": "cli/eval"}),
    "model": (r"src/model/.*\.c", "model/model mpi/model mpi/model_fit", {r"": "cli/models"}),
    "preference": (r"src/preference/.*\.c", "preference/convolution preference/pairs preference/win_rate mpi/pairs mpi/judgements mpi/objective mpi/prompt_fit "
                   "mpi/uncertainty mpi/rewards", {r"pool": "cli/pool", r"": "cli/json"}),
    "report": (r"src/report/.*\.c", "report/words", {r"audit": "cli/audit", r"": "cli/report"}),
    "export": (r"src/export/.*\.c", "export/export", {r"model|npz|safetensors": "cli/model_export", r"loss": "cli/loss_weights", r"": "cli/export"}),
    "train": (r"src/train/.*\.c", "train/parts rewards/plan mpi/model mpi/model_fit mpi/one_rank mpi/clones mpi/work", {r"": "cli/training"}),
    "audit": (r"src/audit/.*\.c", "audit/parts audit/verdict mpi/audit mpi/simulate mpi/clones", {r"simul": "cli/simulate", r"": "cli/audit"}),
}

ENVIRONMENT = dict(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1", OMPI_MCA_rmaps_base_oversubscribe="1",
                   OMPI_MCA_hwloc_base_binding_policy="none", PRTE_MCA_rmaps_default_mapping_policy=":oversubscribe",
                   PRTE_MCA_hwloc_default_binding_policy="none", OMPI_MCA_mpi_yield_when_idle="1",
                   OMPI_MCA_btl_base_warn_component_unused="0", OMPI_MCA_btl_vader_single_copy_mechanism="none",
                   OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", CROW_TEST_SLOWNESS="1",
                   CROW_TEST_FIRST="1", MALLOC_PERTURB_="165")  # memory that nobody has set is seen


# ---- mutants ---------------------------------------------------------------------------------------------------------

LONG = 12  # seconds: programs that take longer may reach every line
STANDS_STILL = 20  # seconds in which no process of a test runs
MEMORY_MOST, FILE_MOST = 4 << 30, 4 << 30

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
LEFT_ALONE = re.compile(r"^\s*(#|//|/\*|\*)|free\(|FREE\(|_destroy\(|ALLOCATE|CROW_FAIL|crow_error_set|crow_log|snprintf|"
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
        array = re.match(r"\s+(?:const |static )*[a-z_]\w* [^=;(]*\[\d\](?: =|;|,)", line)  # one more element changes nothing
        for kind, pattern, new in SWAPS:
            for match in re.finditer(pattern, line):
                text = match.group(0)
                if array and kind == "const" and line[match.start() - 1] == "[" and match.end() < array.end():
                    continue
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
    def __init__(self, scratch, names, flags=""):
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
        self.call(["cmake", "-S", self.tree, "-B", self.build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
                   "-DCROW_WERROR=" + ("OFF" if flags else "ON"), "-DCMAKE_C_FLAGS=" + flags, *launcher])
        self.call(["ninja", "-C", self.build, "crow", *(self.target(p) for p in self.programs)])
        with open(os.path.join(self.build, "compile_commands.json"), encoding="utf-8") as file:
            self.compile = {os.path.relpath(e["file"], self.tree): e["command"] for e in json.load(file)
                            if "crow_objects" in e["command"] or "/tests/" in e["file"]}
        self.links = {}

    def read(self, path):
        with open(os.path.join(self.tree, path), "rb") as file:
            return file.read()

    def call(self, command):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            sys.exit("%s:\n%s%s" % (" ".join(command), done.stdout[-3000:], done.stderr[-3000:]))
        return done.stdout

    @staticmethod
    def source(program):
        return "tests/%s/test_%s.c" % tuple(program.split("/"))

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
            target = self.compiled(source, out)
            if not target:
                return None
            made.append(target)
        return made

    def compiled(self, source, out):
        target = os.path.join(out, source.replace("/", "_") + ".o")
        command = re.sub(r" -o \S+ ", " -o %s " % target, self.compile[source], count=1).replace("-Werror", "")
        return None if subprocess.run(command + " -w", shell=True, cwd=self.build, capture_output=True).returncode else target

    def original(self, source):
        return os.path.join(self.build, re.search(r" -o (\S+) ", self.compile[source]).group(1))

    def same_code(self, path, objects):
        return all(self.read(o) == self.read(self.original(s)) for s, o in zip(self.users(path), objects))

    def link(self, target, objects, path):
        """The program with the changed objects before the library; a test that includes the changed header is compiled anew."""
        if target not in self.links:
            lines = self.call(["ninja", "-C", self.build, "-t", "commands", target]).strip().split("\n")
            self.links[target] = next(l for l in reversed(lines) if " -o %s " % target in l and "libcrow.a" in l)
        out = os.path.join(self.work, os.path.basename(target))
        command = self.links[target].replace(" -o %s " % target, " -o %s " % out, 1)
        command = command.replace(" libcrow.a", " %s libcrow.a" % " ".join(objects), 1)
        source = next((s for s in self.compile if s.startswith("tests/") and self.target(s[6:-2].replace("test_", "")) == target), "")
        if path.endswith(".h") and source and '%s"' % path[4:] in self.read(source).decode():
            made = self.compiled(source, self.work)
            if not made:
                return None
            command = re.sub(r"\S+/%s\.o" % re.escape(source[6:]), made, command, count=1)
        done = subprocess.run(command, shell=True, cwd=self.build, capture_output=True, text=True)
        return out if done.returncode == 0 else None


# ---- running ---------------------------------------------------------------------------------------------------------


def members(session):
    """(state, processor seconds, bytes in memory, process) of every process of a session, also of groups that it made."""
    ticks, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % name, encoding="utf-8", errors="replace") as file:
                field = file.read().rpartition(")")[2].split()
        except OSError:
            continue
        if int(field[3]) == session:
            yield field[0], sum(map(int, field[11:15])) / ticks, int(field[21]) * page, int(name)


def end_all(session):
    """Ends a session: mpiexec gives each rank a group of its own, which would outlive its own."""
    for _ in range(50):
        left = [process for state, _, _, process in members(session) if state != "Z"]
        if not left:
            return
        for process in left:
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.05)


def watch(process, seconds):
    """Waits for a process that leads a session: its exit code, or why it was ended. Limits are of processor time, since others
    may use the machine; what waits for itself is seen by nobody running for a while."""
    begin = moved = time.monotonic()
    pause, most = 0.01, 0.0
    while True:
        try:
            return process.wait(pause)
        except subprocess.TimeoutExpired:
            pause = min(0.5, 1.5 * pause)
        states, used, memory, _ = zip(*members(process.pid), ("", 0.0, 0, 0))
        now = time.monotonic()
        if "R" in states or "D" in states or sum(used) > most + 0.02:
            moved, most = now, max(most, sum(used))
        late = sum(used) > seconds and "out of time" or now - moved > STANDS_STILL and "stands still"
        if sum(memory) > MEMORY_MOST:
            return "out of memory"
        if late or now - begin > 60 + 10 * seconds:
            return late or "never ends"


def limits(seconds):
    """Of one process, should nobody watch: soft ones, since tests set some of their own."""
    for what, most in ((resource.RLIMIT_CPU, int(seconds) + 2), (resource.RLIMIT_FSIZE, FILE_MOST), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(what, (most, resource.getrlimit(what)[1]))


def run_test(builder, test, program, seconds):
    """Runs one; "" when it passes, else how it failed. And the seconds it took of processors. One that cannot even be loaded,
    as when others have all of the memory, is run again."""
    for _ in range(5):
        failed, took = run_test_once(builder, test, program, seconds)
        if failed != "code 127":
            break
        time.sleep(5)
    return failed, took


def run_test_once(builder, test, program, seconds):
    environment = dict(os.environ, **ENVIRONMENT, CROW=program, CROW_SOURCE=builder.tree, CROW_BUILD=builder.build,
                       MPIEXEC="mpiexec", TMPDIR=builder.work, CROW_TEST_NAME=test)
    if program.endswith("crow"):
        folder, name = test.split("/")
        command = ["sh", os.path.join(builder.tree, "tests", folder, "test_%s.sh" % name)]
    else:
        ranks = test.rsplit("/", 1)[1] if test.startswith("mpi/") else "1"
        command = (["mpiexec", "-n", ranks] if ranks != "1" else []) + [program]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               stdin=subprocess.DEVNULL, start_new_session=True, cwd=builder.work, preexec_fn=lambda: limits(seconds))
    code = watch(process, seconds)
    end_all(process.pid)
    process.wait()
    for name in os.listdir(builder.work):
        if name.startswith("crow-"):
            shutil.rmtree(os.path.join(builder.work, name), ignore_errors=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    took = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return "" if code in (0, 77) else code if isinstance(code, str) else "code %d" % code, took


def digest(data):
    return hashlib.sha1(data).hexdigest()[:16]


def measure_coverage(scratch, names, kept):
    """Which lines of which files every C program reaches, on one rank. A file's digest says for what text that holds."""
    builder = Builder(os.path.join(scratch, "coverage"), names, "--coverage")
    known = kept_of(kept)
    for program in builder.programs:
        source = builder.source(program)
        if program in known and known[program]["test"] == digest(builder.read(source)):
            continue
        data = lambda: [os.path.join(folder, f) for folder, _, files in os.walk(builder.build) for f in files if f.endswith(".gcda")]
        for old in data():
            os.unlink(old)
        test = program + ("/1" if program.startswith("mpi/") else "")
        failed, took = run_test(builder, test, os.path.join(builder.build, builder.target(program)), LONG)
        print("%s: %.1f s%s" % (test, took, failed and ", " + failed), flush=True)
        known[program] = {"test": digest(builder.read(source)), "lines": None}  # nobody knows
        if failed:
            continue
        lines = {}
        out = builder.call(["gcov", "--json-format", "--stdout", *data()])
        for text in filter(None, out.split("\n")):
            for file in json.loads(text)["files"]:
                path = os.path.relpath(os.path.join(builder.build, file["file"]), builder.tree)
                if path.startswith("src/") and path.endswith(".c"):
                    seen = lines.setdefault(path, {"text": digest(builder.read(path)), "there": set(), "reached": set()})
                    seen["there"] |= {line["line_number"] for line in file["lines"]}
                    seen["reached"] |= {line["line_number"] for line in file["lines"] if line["count"]}
        known[program] = {"test": digest(builder.read(source)), "lines": {
            path: dict(text=seen["text"], not_reached=sorted(seen["there"] - seen["reached"])) for path, seen in lines.items()}}
        keep_as(kept, known)


def keep_as(path, what):
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(what, file)
    os.replace(path + ".new", path)


def kept_of(path):
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as file:
        return json.load(file)


class Runner:
    def __init__(self, builder, options):
        self.builder, self.budget, self.ranks = builder, options.seconds, options.ranks.split(",")
        self.scripts = not options.programs
        self.kept = {name: os.path.join(builder.work, name + ".json") for name in ("usual", "kills")}
        self.sound = set()  # tests that killed and pass without a mutant
        self.usual, self.kills = kept_of(self.kept["usual"]), kept_of(self.kept["kills"])
        self.reached = kept_of(os.path.join(builder.tree, "coverage.json"))

    def keep(self, name):
        keep_as(self.kept[name], getattr(self, name))

    def reaches(self, program, path, line, original):
        """Whether a program may reach a line; it may where nothing says that it does not."""
        known = self.reached.get(program, {})
        lines = known.get("lines")
        if lines is None or not path.endswith(".c") or known["test"] != digest(self.builder.read(self.builder.source(program))):
            return True
        return path in lines and (lines[path]["text"] != original or line not in lines[path]["not_reached"])

    def commands(self, name, path, line, original):
        """(test, the target to link) in the order in which they are run: the likeliest to kill for their time first."""
        _, programs, scripts = FOLDERS[name]
        tests = []
        chosen = [p for p in programs.split() if self.reaches(p, path, line, original)]
        for program in chosen or programs.split():
            for ranks in (self.ranks if program.startswith("mpi/") else [""]):
                if chosen or ranks not in ("", "1"):
                    tests.append((program + (ranks and "/" + ranks), self.builder.target(program)))
        script = next(s for pattern, s in scripts.items() if re.search(pattern, os.path.basename(path)))

        def cost(test):
            tried, killed = self.kills.get(name + " " + test[0], (0, 0))
            return (0.3 + self.time_of(*test)) * (tried + 2) / (killed + 1)

        tests.sort(key=cost)
        taken, total = [], 0.0
        for test in tests + ([(script, "crow")] if self.scripts else []):
            if total + self.time_of(*test) <= self.budget or not taken:
                total += self.time_of(*test)
                taken.append(test)
        return taken

    def time_of(self, test, target):
        """The time of a test without a mutant, measured once; a test that fails then is never run again."""
        if test not in self.usual:
            failed, took = run_test(self.builder, test, os.path.join(self.builder.build, target), 300)
            self.usual[test] = 1e9 if failed else took
            if failed:
                print("%s fails without any mutant (%s): it is not run" % (test, failed), flush=True)
            self.keep("usual")
        return self.usual[test]

    def judge(self, name, path, line, original, objects):
        """"" for a survivor, else who killed it; and how many tests were run."""
        count = 0
        for test, target in self.commands(name, path, line, original):
            if self.time_of(test, target) > 1e8:
                continue
            program = self.builder.link(target, objects, path)
            if program is None:
                return "linker", count
            failed, _ = run_test(self.builder, test, program, 5 * self.time_of(test, target) + 3)
            count += 1
            if failed == "code 127":  # it could not be loaded, which says nothing of the mutant
                continue
            if failed and test not in self.sound:
                del self.usual[test]
                if self.time_of(test, target) > 1e8:
                    continue
                self.sound.add(test)
            history = self.kills.setdefault(name + " " + test, [0, 0])
            history[0] += 1
            history[1] += bool(failed)
            self.keep("kills")
            if failed:
                return "%s, %s" % (test, failed), count
        return "", count


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
    parser.add_argument("--seconds", type=float, default=60, help="what the tests of one mutant take at most of processors without it")
    parser.add_argument("--ranks", default="1,3", help="on which programs that use MPI are run: 1 first, 3 for what survives")
    parser.add_argument("--programs", action="store_true", help="C programs alone: scripts later, for what survives")
    parser.add_argument("--scratch", default="/tmp/crow-mutants", help="the copy of the tree and its build")
    parser.add_argument("--report", default="mutants.jsonl", help="what became of each, appended")
    parser.add_argument("--coverage", action="store_true", help="measures which lines each C program reaches, and ends")
    parser.add_argument("--again", help="a report whose survivors are tried once more")
    options = parser.parse_args()
    names = options.folders or list(FOLDERS)
    scratch = os.path.abspath(options.scratch)
    if options.coverage:
        measure_coverage(scratch, names, os.path.join(scratch, "coverage.json"))
        return
    builder = Builder(scratch, names)
    runner = Runner(builder, options)
    source = again(options.again, builder.tree) if options.again else draw_mutants(builder.tree, names, random.Random(options.seed))
    counts = {name: [0, 0] for name in names}
    for name, (path, *site) in source:
        if sum(c[0] for c in counts.values()) >= options.n:
            break
        text, before, after = mutate(builder, path, site)
        begin = time.monotonic()
        try:
            objects = builder.objects(path, builder.work)
            if not objects or builder.same_code(path, objects):
                continue
            by, count = runner.judge(name, path, site[0] + 1, digest(text.encode()), objects)
        finally:
            with open(os.path.join(builder.tree, path), "w", encoding="utf-8") as file:
                file.write(text)
        counts.setdefault(name, [0, 0])
        counts[name][0] += 1
        counts[name][1] += bool(by)
        entry = dict(folder=name, file=path, line=site[0] + 1, kind=site[3], before=before, after=after, by=by, tests=count,
                     seconds=round(time.monotonic() - begin, 1))
        with open(options.report, "a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")
        print("%s %s:%d (%s) %s, %d s" % ("killed  " if by else "SURVIVED", path, site[0] + 1, site[3], by or "%d tests" % count,
                                          entry["seconds"]), flush=True)
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
