# SPDX-License-Identifier: Apache-2.0
"""What the scripts of this folder share: running crow on ranks, finding the processes, comparing bits."""
import glob
import os
import shlex
import subprocess
import sys

CROW = os.environ["CROW"]
# Which executable the ranks run; under valgrind that is not crow itself.
PROGRAM = os.environ.get("CROW_TEST_EXECUTABLE") or CROW
SLOWNESS = int(os.environ.get("CROW_TEST_SLOWNESS", "1"))  # time limits are as many times as long
MPIEXEC = shlex.split(os.environ.get("MPIEXEC", "mpirun"))


def command(ranks, arguments):
    """One rank needs no launcher."""
    return ([] if ranks == 1 else MPIEXEC + ["-n", str(ranks)]) + [CROW] + arguments


def start(ranks, arguments):
    """Runs in a process group of its own; output goes to the files out and err of the working folder."""
    with open("out", "wb") as out, open("err", "wb") as err:
        return subprocess.Popen(command(ranks, arguments), stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                start_new_session=True)


def run(ranks, arguments, timeout):
    """Exit code; None if it hung."""
    process = start(ranks, arguments)
    try:
        return process.wait(timeout)
    except subprocess.TimeoutExpired:
        end(process)
        return None


def descendants(pid):
    found = []
    for path in glob.glob(f"/proc/{pid}/task/*/children"):
        try:
            with open(path, encoding="ascii") as file:
                children = [int(word) for word in file.read().split()]
        except OSError:
            continue
        for child in children:
            found += [child] + descendants(child)
    return found


def rank_pids(process):
    """The processes that run crow: the launcher's children, or the process itself."""
    return [pid for pid in [process.pid] + descendants(process.pid) if is_rank(pid)]


def is_rank(pid):
    """Whether this process is there, has not ended and runs crow."""
    try:
        return os.path.samefile(f"/proc/{pid}/exe", PROGRAM)
    except OSError:
        return False


def end(process):
    """Ends a run that hangs, launcher and ranks."""
    for pid in rank_pids(process) + [process.pid]:
        try:
            os.kill(pid, 9)
        except ProcessLookupError:
            pass
    process.wait()


def error_text():
    with open("err", "rb") as file:
        return file.read().decode("utf-8", "replace")


def output_text():
    with open("out", "rb") as file:
        return file.read().decode("utf-8", "replace")


def bits(path, names):
    """The stored bytes of these arrays, read by h5dump; None if the file cannot be read."""
    values = []
    for name in names:
        dumped = subprocess.run(["h5dump", "-d", name, "-b", "LE", "-o", "dumped", path], stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL, check=False)
        if dumped.returncode != 0:
            return None
        with open("dumped", "rb") as file:
            values.append(file.read())
    return values


def fail(text):
    print(f"FAILED: {text}\n  standard output ends:\n{output_text()[-2000:]}\n  standard error ends:\n{error_text()[-2000:]}",
          file=sys.stderr)
    sys.exit(1)
