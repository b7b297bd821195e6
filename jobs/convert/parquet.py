#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Parquet and Arrow files of preferences as JSON lines, which `crow import` reads.

    parquet.py FILE... -o OUT.jsonl [--keep COLUMN,...]

Scalar columns are kept as they are, texts whole. What the public data sets nest is taken apart:
  chosen, rejected as lists of messages (UltraFeedback)  the last message's content
  answers with their ranks (Nectar)                      a line for each: prompt, response, model, rank
  context as a list of messages (HelpSteer3)             one column prompt with its JSON text
Other lists and structures (whole conversations, metadata) are left out, unless --keep names them: JSON text then.
No label is changed; what its values mean is told to `crow import` (--winner-map, --winner-scale). Needs pyarrow.
"""
import argparse
import json
import sys


def batches(path, pyarrow):
    """The rows of a Parquet, Feather or Arrow file, as dictionaries."""
    with open(path, "rb") as stream:
        magic = stream.read(6)
    if magic[:4] == b"PAR1":
        import pyarrow.parquet
        for batch in pyarrow.parquet.ParquetFile(path).iter_batches(4096):
            yield from batch.to_pylist()
    elif magic == b"ARROW1":
        with pyarrow.ipc.open_file(path) as reader:
            for k in range(reader.num_record_batches):
                yield from reader.get_batch(k).to_pylist()
    else:
        with pyarrow.ipc.open_stream(path) as reader:
            for batch in reader:
                yield from batch.to_pylist()


def last_message(value):
    """The answer that a conversation ends with; a text is one already."""
    if isinstance(value, list) and value and isinstance(value[-1], dict) and "content" in value[-1]:
        return value[-1]["content"]
    return value


def as_text(value):
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def plain(row, keep):
    """The columns of a line that are numbers or texts, and those that are asked for."""
    out = {}
    for name, value in row.items():
        if name in ("chosen", "rejected"):
            value = last_message(value)
        if name in keep:
            out[name] = as_text(value)
        elif name == "context" and "prompt" not in row:
            out["prompt"] = as_text(value)
        elif value is None or isinstance(value, (str, int, float, bool)):
            out[name] = value
        elif not isinstance(value, (list, dict)):
            out[name] = str(value)  # dates
    return out


def lines(row, keep):
    """One line, or one for each of its answers that are ranked."""
    answers = row.get("answers")
    if not (isinstance(answers, list) and answers and isinstance(answers[0], dict) and "rank" in answers[0]):
        yield plain(row, keep)
        return
    for answer in answers:
        line = {"prompt": row["prompt"], "response": answer["answer"], "rank": answer["rank"]}
        line["model"] = answer.get("model")
        line.update({name: as_text(row[name]) for name in keep if name in row})
        yield line


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("file", nargs="+")
    options.add_argument("-o", "--output", required=True)
    options.add_argument("--keep", default="", help="columns to keep though they are nested, separated by commas")
    options = options.parse_args()
    try:
        import pyarrow
        import pyarrow.ipc
    except ImportError:
        sys.exit("parquet.py: needs pyarrow: pip install pyarrow")
    keep = set(filter(None, options.keep.split(",")))
    count = 0
    with open(options.output, "w", encoding="utf-8") as out:
        for path in options.file:
            for row in batches(path, pyarrow):
                for line in lines(row, keep):
                    out.write(json.dumps(line, ensure_ascii=False) + "\n")
                    count += 1
    print(f"{count} lines written to {options.output}")


if __name__ == "__main__":
    main()
