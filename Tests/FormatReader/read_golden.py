"""Reads every golden file as the pages of storage-format say: read_golden.py FOLDER.

Prints what is read wrongly and ends with 1. What a file holds is written down here once more, in
this language, from the pages and the first lines of the files.
"""

import glob
import math
import os
import struct
import sys

import columns
import graph
import ingest
import live
import records
from integers import Bytes, Refused, bits_of, integers, require

S = 1_000_000_000
START = 1_700_000_000 * S
JITTER = [0, 3, 1, 4, 1, 5, 2, 6, 5, 3]
ROOTS = [math.sqrt(i) for i in range(1, 17)]
DECIMALS = [20.1, 20.3, 20.2, 20.4, 20.3, 20.5, 20.4, 20.6]
MIXED = [bool(bit) for bit in (1, 1, 0, 1, 0, 0, 0, 1, 1, 0)]
STATES = ["idle", "run", "run", "stör", "", "idle"]
LATE = [START + i * S + JITTER[i] * 1_000_000 for i in range(10)]


def wrapped(number):
    number &= (1 << 64) - 1
    return number - (1 << 64) if number >> 63 else number


def patched():
    numbers = [i * 7 % 13 for i in range(1024)]
    numbers[100], numbers[900] = 1_000_000, -5
    return numbers + [40, 41, 42]


FLOATS = {
    "constant": [21.5] * 8,
    "run-length": [20.5] * 5 + [21.25] * 4 + [20.5] * 3,
    "scaled": DECIMALS,
    "scaled-exceptions": DECIMALS + [-0.0, 0x7FF800000000002A] + DECIMALS,
    "scaled-distances": [i * 0.1 for i in range(16)],
    "scaled-block": [(i * 7 % 13) / 10 for i in range(1030)],
    "scaled-printed": [float(f"{(1343 + i * i) / 3:.15g}") for i in range(16)],
    "dictionary": [math.sqrt(i) for i in (2, 3, 2, 2, 3, 2, 3, 3, 2, 2, 3, 2)],
    "sibling": [(i * 250 + i % 3) / 100 for i in range(12)],
    "split": ROOTS,
    "gorilla": [15.5, 14.0625, 14.0625, 3.25, 8.625, 13.1],
    "raw": [1.5, -0.0, math.inf, 0xFFF8000000000001],
    "planes": ROOTS,
    "zstd": ROOTS * 4,
}
SIBLING = [bits_of(i * 2.5) for i in range(12)]
INTEGERS = {
    "constant": [-7] * 8,
    "run-length": [100] * 5 + [300] * 4 + [100] * 3,
    "packed": [105, 115, 110, 145, 130, 105],
    "packed-block": patched(),
    "packed-wide": [wrapped(i * 0x9E3779B97F4A7C15) for i in range(1, 6)],
    "packed-delta": [1000, 1010, 1030, 1040, 1060, 1070, 1090],
    "packed-delta-block": [5 * i + i % 3 for i in range(1024)] + [9, 8, 7],
    "packed-delta-delta": [i * i + 2 * i for i in range(8)],
    "packed-delta-delta-block": [i * i + i % 2 for i in range(1026)],
    "dictionary": [1000000007, -3, 17, -3, 17, 1000000007, 17, 17],
    "planes": [i * i * 1000 for i in range(16)],
    "raw": [1, -1, (1 << 63) - 1],
}
TIMES = {
    "constant-step": [START + i * S for i in range(10)],
    "step-exceptions": [START + i * S + (30 * S if i >= 6 else 0) for i in range(10)],
    "packed": LATE, "dense": LATE, "line": LATE,
}
BOOLEANS = {
    "constant": [True] * 8,
    "run-length": [True] * 3 + [False] * 2 + [True] * 5,
    "bits": MIXED, "zstd": MIXED,
}
TEXTS = {"dictionary": STATES, "plain": STATES, "zstd": STATES}
QUALITIES = {"run-length": [0, 0, 0, 2, 2, 1, 0, 3]}


def same(found, wanted, what):
    require(found == wanted, f"{what}: {str(found)[:200]} instead of {str(wanted)[:200]}")


def encoding(kind, mode, source):
    if kind == "float":
        wanted = [value if isinstance(value, int) else bits_of(value) for value in FLOATS[mode]]
        found = columns.floats(source, sibling=SIBLING if mode == "sibling" else None)
        return same(found, wanted, "bit patterns")
    if kind == "quality":
        return same(columns.qualities(source, 8), QUALITIES[mode], "qualities")
    readers = {
        "integer": (integers, INTEGERS), "time": (columns.times, TIMES),
        "boolean": (columns.booleans, BOOLEANS), "text": (columns.texts, TEXTS),
    }
    read, wanted = readers[kind]
    return same(read(source), wanted[mode], "values")


def chunk(content):
    times = [START + i * S for i in range(40)]
    found = records.chunk(content, group=12, last=START + 39 * S)
    quarters = [bits_of(20 + (i % 7) / 4) for i in range(40)]
    wanted = [
        (1, times, quarters, [0] * 40),
        (2, times, [3 * i - 5 for i in range(40)], [0] * 39 + [3]),
        (3, [times[3], times[9]], [True, False], [0, 0]),
        (4, [times[0], times[5], times[20]], ["idle", "running", "idle"], [0, 0, 0]),
    ]
    names = ("series", "times", "values", "qualities")
    same([tuple(column[name] for name in names) for column in found], wanted, "columns")
    first, second, *others = (column["statistics"] for column in found)
    same(others, [None, None], "statistics of short columns")
    same(second["good"], 39, "good rows")
    floats = [20 + (i % 7) / 4 for i in range(40)]
    same(first, {
        "good": 40, "minimum": 20.0, "maximum": 21.5, "sum": records.exact_sum(quarters),
        "first": floats[0], "last": floats[-1], "step integral": sum(floats[:-1]),
        "linear integral": sum((a + b) / 2 for a, b in zip(floats, floats[1:])),
        "longest gap": S,
    }, "statistics")


def journal(content):
    sequence, rows = records.journal(content, {1: 1, 2: 2, 4: 4})
    same(sequence, 42, "sequence")
    wanted = []
    for step in range(3):
        at = START + step * S // 4
        wanted.append((1, at, bits_of(1.25 + step), 0))
        wanted.append((2, at, 7 - step, 1))
        wanted.append((4, at, "running" if step == 1 else "idle", 0))
    same(sorted(rows, key=lambda row: row[1]), wanted, "rows")


RECORDS = {
    "chunk": chunk, "chunk-dense": chunk, "journal": journal,
    "series": lambda content: same(
        records.series(content), {"asset": 7, "measure": 3, "group": 2, "kind": 1}, "series"),
    "last": lambda content: same(records.last(content), {
        "points": 1000, "late": 3, "duplicate": 2, "rejected": 1, "first": START, "kind": 1,
        "quality": 1, "time": START + 5, "value": 1.5,
    }, "newest point"),
    "audit": lambda content: same(records.audit(content, 2), (
        START + 5, [(1, START, START + 60 * S, 57), (9, START, START + 2 * S, 0)], "anna",
        "vibration of spindle of machine CNC-3", "loose sensor",
    ), "delete"),
    "audit-1": lambda content: same(records.audit(content, 1), (
        START + 5, [(1, START, START + 60 * S, 57)], "", "", "loose sensor"), "delete"),
    "life-expiry": lambda content: same(
        records.expiry(content), {"expired": START, "points": 1234}, "expiry"),
    "life-rollups": lambda content: same(records.rollups(content), {
        "flags": 3, "gap": 900 * S, "from": START - 800 * S, "until": START + 6400 * S}, "rollups"),
    "life-bucket": lambda content: same(records.bucket(content), (
        3, 3, 6.0, 1.0, 3.0, 1.0, 2.0, 360.0, START - 740 * S, START - 620 * S, 180 * S,
        START - 795 * S), "bucket"),
    "life-rollups-states": lambda content: same(records.rollups(content), {
        "flags": 5, "gap": 0, "from": START - 800 * S, "until": START - 800 * S}, "rollups"),
    "life-bucket-state": lambda content: same(records.bucket(content), (
        26, 3, START - 740 * S, START - 500 * S, 340 * S, 0,
        ([("idle", 160 * S), ("running", 180 * S)], 0, 0, [(0, 1, 1), (1, 0, 1)])), "bucket"),
    "life-bucket-sketch": lambda content: same(records.bucket(content), (
        64, 4, 40.1, -1.0, 20.6, -1.0, 20.6, records.bucket(content)[7], START - 800 * S,
        START - 620 * S, 180 * S, 0, [(-1.0078125, 1), (0.0, 1), (20.625, 2)]), "bucket"),
    "life-bucket-counter": lambda content: same(records.bucket(content), (
        32, 4, 280.0, 10.0, 130.0, 100.0, 40.0, 144000.0, START - 800 * S, START + 2200 * S,
        1800 * S, 0, (2, 100, 40, 1, 60.0, 130.0, 10.0, 1200 * S)), "bucket"),
    "manifest": lambda content: same(records.manifest(content), {
        "created": START, "transaction": 17, "bytes": 65536, "checksum": 305419896, "series": 5,
        "chunks": 2, "manifest-checksum": 3049442555,
    }, "manifest"),
    "ingest-delivery": lambda content: same(
        records.delivery(content), [(7, 0x0123456789ABCDEF, START), (65535, 1, -1)], "messages"),
    "ingest-sparkplug-birth": ingest.check_birth,
    "ingest-sparkplug-session": ingest.check_session,
    "ingest-mtconnect-device": ingest.check_device,
    "ingest-opcua-writer": ingest.check_writer,
    "ingest-dead-letter": ingest.check_letter,
    "ingest-dead-letter-1": ingest.check_letter,
    "ingest-import": ingest.check_import,
    "ingest-import-1": ingest.check_import,
}


def plant(name, text):
    """One entry of each table that its page tells of."""
    found = graph.entries(name, text)
    at = 1_772_438_400 * S  # 2026-03-02 08:00
    hour = 3600 * S
    wanted = {
        "graph-schema": ("measure", 7, 1, {
            "kind": 1, "shape": 2, "value": 1, "flags": 1 + 2 + 16 + 32, "gap": 900 * S,
            "limit": 4.5, "unit": "mm/s"}),
        "graph-words": (1, "exact", "vibration", 1),
        "graph-assets": (3, 7, 2, (at, at + 4 * hour), "SP-7"),
        "graph-asset-types": (7, "sp-7", 3),
        "graph-asset-names": ("cnc-3", 2),
        "graph-links": (3, 2, at, at + 3 * hour, 4, None),
        "graph-backlinks": (4, 2, 7, at + 3 * hour, at, 3),
        "graph-link-extents": (4, 2, 7, 3 * hour, graph.EVER),
        "graph-attributes": (2, 2, at, "VMC-850"),
        "graph-log": (
            5, at + 4 * hour, 2, (graph.EVER, graph.NEVER), "test", [1], "create asset line L2"),
        "graph-log-assets": (1, 5),
        "events-records": (
            1, 3, 2, at + hour, at + 2 * hour, "test", [("name", "J41"), ("parts", 12)]),
        "events-assets": (2, 3, at + hour, at + 2 * hour, 1),
        "events-times": (at + hour, 1),
        "events-open": (2, 3, at + 2 * hour, 2),
        "events-labels": (3, "J41", 2, at + hour, 1),
        "events-extents": (2, 3, hour),
    }[name]
    require(wanted in found, f"{wanted} is not among {found}")


def standing(name, text):
    """What live.md says its golden files hold."""
    noon = 1_772_452_800 * S
    found = live.entries(name, text)
    if name == "live-definitions":
        statement = found[0].pop("statement")
        require(statement.startswith("create alert [too hot] as max temperature of every spindle"), statement)
        return same(found, [{
            "kind": 1, "name": "too hot", "zone": "Europe/Berlin", "created": noon + S // 4,
            "parameters": {"hot": 80.5, "kind": "spindle", "shifts": 3, "urgent": True},
        }], "definitions")
    if name == "live-positions":
        return same(found, [(1, "too hot", noon + 90 * S, [7, 9])], "positions")
    if name == "live-checkpoints":
        return same(found, [("drift", 4, noon + 60 * S, noon + 60 * S, 0)], "checkpoints")
    if name == "live-corrections":
        return same(found, [(1, "too hot", noon + 90 * S, noon)], "corrections")
    if name == "live-late":
        return same(found, [(0, 41), (7, noon, noon + 90 * S, 79)], "late work")
    return same(found, [("drift", 4, noon + 60 * S, 12)], "models")


def file(path):
    name = os.path.basename(path).removesuffix(".hex")
    with open(path, encoding="utf-8") as source:
        text = source.read()
    if name in graph.TABLES:
        return plant(name, text)
    if name in live.TABLES:
        return standing(name, text)
    content = bytes.fromhex("".join(
        line for line in text.split("\n") if not line.startswith("#")))
    if name.startswith("encoding-"):
        kind, mode = name.removeprefix("encoding-").split("-", 1)
        damaged(kind, mode, content)
        return encoding(kind, mode, Bytes(content))
    return RECORDS[name](content)


def damaged(kind, mode, content):
    """A column that lost its last byte is refused."""
    try:
        encoding(kind, mode, Bytes(content[:-1]))
    except Refused:
        return
    raise Refused("a column without its last byte was read")


def main():
    paths = sorted(glob.glob(os.path.join(sys.argv[1], "*.hex")))
    wrong = 0
    for path in paths:
        try:
            file(path)
        except Refused as error:
            print(f"{os.path.basename(path)}: {error}")
            wrong += 1
        except (KeyError, IndexError, ValueError, struct.error) as error:
            print(f"{os.path.basename(path)}: {type(error).__name__} {error}")
            wrong += 1
    print(f"{len(paths) - wrong} of {len(paths)} golden files read")
    sys.exit(1 if wrong or not paths else 0)


main()
