# SPDX-License-Identifier: Apache-2.0
"""Damages datasets and runs crow on them: each is either used or refused with a message that names the place.

  CROW=build/crow python3 tests/faults/mutations.py COUNT [FIRST] [--inspect-only] [--both]     in an empty folder

Mutation k is the same on every machine. A third are cut off, a third have bytes or bits changed, and in a third h5py
puts something else in a field's place. `crow inspect` runs on one rank, `crow fit` on 1, or on 3 every third time, or on
1 and on 3 with --both, where their exit codes must agree. Needs h5py. A mutation that is not dealt with as it should be stays in
the folder; the file `messages` has what was said of each that was refused.
"""
import os
import random
import resource
import shutil
import sys

import h5py
import numpy

import faults

MOST_S = 20 * faults.SLOWNESS  # of processor time, so that a busy machine does not look like a hang
NEVER_S = 120 * faults.SLOWNESS
SIGNS_OF_A_CRASH = ["Signal:", "ERROR: AddressSanitizer", "LeakSanitizer", "runtime error:", "Segmentation", "Aborted"]
REFUSED = {3}  # damage is bad data; 4 is for files that cannot be read
USED = {0, 5}


# ---- what is damaged ----------------------------------------------------------------------------------------------


def write_seed(path, source, chance, **layout):
    m, d, q = 40, 3, 200
    with h5py.File(path, "w", libver=chance.choice(["earliest", "latest"])) as file:
        file.attrs["crow_kind"] = "dataset"
        file.attrs["crow_schema_version"] = 1
        numbers = numpy.random.default_rng(3)
        file.create_dataset("alternatives/context", data=numbers.random((m, d)), **layout)
        names = [f"item {i}" for i in range(m)]
        if chance.random() < 0.5:
            file["alternatives/id"] = numpy.array(names, dtype="S")
        else:
            file["alternatives/id"] = names
        file["alternatives/topic"] = [f"topic {i % 3}" for i in range(m)]
        if source == "comparisons":
            first = numbers.integers(0, m, q)
            file["comparisons/first"] = first
            file["comparisons/second"] = (first + numbers.integers(1, m, q)) % m
            file["comparisons/outcome"] = numbers.integers(0, 3, q) / 2
            file["comparisons/count"] = numbers.integers(1, 9, q)
        elif source == "matrix":
            above = numpy.triu(numbers.random((m, m)), 1)
            file["preference/matrix"] = above + numpy.tril(1 - above.T, -1) + 0.5 * numpy.eye(m)
        else:
            file["population/prevalence"] = [0.5, 0.25, 0.25]
            file["population/reward"] = numbers.normal(size=(3, m))


def write_seeds(chance):
    paths = []
    layouts = [{}, {"chunks": (8, 3)}, {"chunks": (8, 3), "compression": "gzip", "fletcher32": True}]
    for source in ["comparisons", "matrix", "population"]:
        for layout in layouts:
            paths.append(f"seed{len(paths)}.h5")
            write_seed(paths[-1], source, chance, **layout)
    return paths


# ---- how --------------------------------------------------------------------------------------------------------


def cut(path, chance):
    size = os.path.getsize(path)
    os.truncate(path, chance.choice([chance.randrange(size), chance.randrange(min(size, 600)), size - 1]))


def change_bytes(path, chance):
    with open(path, "r+b") as file:
        size = os.path.getsize(path)
        # Most of what can go wrong is near the beginning and in metadata.
        until = chance.choice([size, size, 4096, 200])
        for _ in range(chance.choice([1, 1, 2, 4, 16, 64])):
            at = chance.randrange(min(until, size))
            file.seek(at)
            byte = file.read(1)[0]
            file.seek(at)
            file.write(bytes([chance.choice([byte ^ (1 << chance.randrange(8)), 0, 255, chance.randrange(256)])]))


def bad_arrays(old, chance):
    """Other contents for a field: wrong values, types, ranks, sizes."""
    shape = old.shape
    numeric = old.dtype.kind in "fiu"
    values = old.copy() if numeric else numpy.zeros(shape)
    if values.size and numeric:
        at = chance.randrange(values.size)
        bad = [-1, 2, 1 << 31, -(1 << 40), 0] + ([numpy.nan, numpy.inf, -numpy.inf, 1e308] if old.dtype.kind == "f" else [])
        values.flat[at] = chance.choice(bad)
    yield values
    yield numpy.zeros((0,) + shape[1:])
    yield numpy.zeros(shape + (2,))
    yield numpy.array(1.0)
    yield numpy.array([b"text"] * max(1, shape[0]))
    yield numpy.full(shape, numpy.nan)
    yield numpy.zeros((shape[0] + 1,) + shape[1:], dtype=old.dtype if numeric else "f8")
    yield numpy.zeros(shape, dtype="i1")
    yield numpy.zeros(shape, dtype="c16")
    yield numpy.zeros(shape, dtype=[("a", "f8"), ("b", "i4")])
    yield numpy.zeros(shape, dtype=bool)
    yield numpy.zeros(shape, dtype="f2")


def damage_dataset(file, name, chance):
    old = file[name][()]
    how = chance.randrange(9)
    if how == 0:
        del file[name]
    elif how == 1:
        del file[name]
        file[name] = h5py.ExternalLink("elsewhere.h5", "/x")
    elif how == 2:
        del file[name]
        file[name] = h5py.SoftLink(chance.choice(["/nowhere", name, "/alternatives"]))
    elif how == 3:
        del file[name]
        file.create_group(name)
    elif how == 4:  # far more than there is
        del file[name]
        rows = chance.choice([1 << 31, 1 << 40, (1 << 62) // 8])
        file.create_dataset(name, shape=(rows,) + old.shape[1:], dtype="f8", chunks=(1024,) + old.shape[1:],
                            compression="gzip")
    elif how == 5:  # never written
        del file[name]
        file.create_dataset(name, shape=old.shape, dtype="f8")
    else:
        arrays = list(bad_arrays(old, chance))
        del file[name]
        file[name] = chance.choice(arrays[:1] * 6 + arrays)


def damage_attribute(file, chance):
    name = chance.choice(["crow_kind", "crow_schema_version"])
    value = chance.choice([0, 2, -1, 1.5, "", "weights", "dataset" * 1000, [1, 2], numpy.nan, h5py.Empty("f8"), None])
    if value is None:
        del file.attrs[name]
    else:
        file.attrs[name] = value


def replace_field(path, chance):
    with h5py.File(path, "r+") as file:
        names = []
        file.visititems(lambda name, thing: names.append(name) if isinstance(thing, h5py.Dataset) else None)
        if chance.random() < 0.15:
            damage_attribute(file, chance)
        else:
            damage_dataset(file, chance.choice(names), chance)


KINDS = [cut, change_bytes, replace_field]


# ---- what must come of it -----------------------------------------------------------------------------------------


def processor_s():
    """Of all processes that were started from here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(ranks, arguments):
    """Exit code, None if it hung; seconds of processor time; what was said."""
    began = processor_s()
    code = faults.run(ranks, arguments, NEVER_S)
    return code, processor_s() - began, faults.error_text()


def run_with_whole_stacks(ranks, arguments):
    """Under the address sanitizer: HDF5 loses memory on damaged metadata (lsan.supp), which only a whole stack tells.
    Whole stacks take three times as long, so that only what seemed to lose memory runs again with them."""
    before = os.environ.get("ASAN_OPTIONS", "")
    os.environ["ASAN_OPTIONS"] = before + ":fast_unwind_on_malloc=0"
    ended = run(ranks, arguments)
    os.environ["ASAN_OPTIONS"] = before
    return ended


def judge(path, ranks, arguments):
    """None, or what is wrong. Also the exit code."""
    code, took, text = run(ranks, arguments)
    if "LeakSanitizer" in text:
        code, took, text = run_with_whole_stacks(ranks, arguments)
    what = f"{arguments[0]} on {ranks} ranks, exit code {code}, {took:.1f} s of processor time: "
    signs = [sign for sign in SIGNS_OF_A_CRASH if sign in text]
    if code is None or took > MOST_S:
        return code, what + "hangs"
    if signs:
        return code, what + signs[0]
    if code not in USED | REFUSED:
        return code, what + "neither used nor refused"
    messages = [line for line in text.splitlines() if "error: " in line and line.startswith("crow")]
    if code in REFUSED and (len(messages) != 1 or path not in messages[0]):
        return code, what + f"{len(messages)} messages: {messages}"
    with open("messages", "a", encoding="utf-8") as file:
        file.writelines(message + "\n" for message in messages)
    return code, None


def main():
    count = int(sys.argv[1])
    first = int(sys.argv[2]) if len(sys.argv) > 2 and sys.argv[2].isdigit() else 0
    inspect_only, both = "--inspect-only" in sys.argv, "--both" in sys.argv
    seeds = write_seeds(random.Random(11))
    tally, wrong = {}, 0
    for k in range(first, first + count):
        chance = random.Random(f"mutation {k}")
        kind = KINDS[k % len(KINDS)]
        path = f"mutation{k}.h5"
        shutil.copy(chance.choice(seeds), path)
        kind(path, chance)
        found = []
        runs = [(1, ["inspect", path, "--quiet"])]
        for ranks in [] if inspect_only else [1, 3] if both else [1 if k // len(KINDS) % 3 else 3]:
            runs.append((ranks, ["fit", path, "-o", "rewards.h5", "--force", "--samples", "1000", "--nearest", "gemm",
                                 "--checkpoint", "none"]))
        codes = []
        for ranks, arguments in runs:
            code, problem = judge(path, ranks, arguments)
            codes.append(code)
            if problem:
                found.append(problem)
                shutil.copy("err", f"{path}.{arguments[0]}.{ranks}.err")
        if len(codes) == 3 and codes[1] != codes[2]:
            found.append(f"fit ends with {codes[1]} on 1 rank and with {codes[2]} on 3")
        key = (kind.__name__,) + tuple(codes)
        tally[key] = tally.get(key, 0) + 1
        if found:
            wrong += 1
            print(f"FAILED: {path}: " + "; ".join(found), flush=True)
        else:
            os.unlink(path)
    for key in sorted(tally, key=str):
        print(f"{tally[key]:5d}  {key[0]}: exit codes {', '.join(str(code) for code in key[1:])}")
    print(f"{count - wrong} of {count} mutated datasets were used, or refused with one message")
    return wrong > 0


if __name__ == "__main__":
    sys.exit(main())
