"""Peers from PyPI on the columns that pollux-bench wrote: sizes and speeds, one line per figure.

Usage: peers.py FOLDER OUTPUT. Fields are separated by tabs: `size peer column bytes`,
`speed name Mv/s`, `remark peer reason`. A peer that cannot be loaded is a remark, not an error.
Speeds are processor time of one thread, least of five runs.
"""

import os
import sys
import time

for name in ("OMP_NUM_THREADS", "RAYON_NUM_THREADS"):
    os.environ[name] = "1"

CHUNK = 8192
SCAN_COUNT = 16_000_000


def least(body, rounds=5):
    body()
    best = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        body()
        best = min(best, time.process_time() - start)
    return best


def pcodec(columns, line):
    from pcodec import ChunkConfig, standalone

    config = ChunkConfig(compression_level=8)
    speed_count = speed_in = speed_out = 0
    for kind, name, values in columns:
        size = 0
        for first in range(0, len(values), CHUNK):
            chunk = values[first : first + CHUNK]
            packed = standalone.simple_compress(chunk, config)
            size += len(packed)
            if kind == "reference":
                speed_count += len(chunk)
                speed_in += least(lambda: standalone.simple_compress(chunk, config), 1)
                speed_out += least(lambda: standalone.simple_decompress(packed), 3)
        line("size", "pcodec", name, size)
    line("speed", "pcodec 8, encode, reference columns", speed_count / speed_in / 1e6)
    line("speed", "pcodec 8, decode, reference columns", speed_count / speed_out / 1e6)


def walk(numpy):
    """A sensor's walk with two decimals, as in the Swift program's scans."""
    steps = numpy.random.default_rng(7).integers(-20, 21, SCAN_COUNT)
    return (2000 + numpy.cumsum(steps) % 1000) / 100


def raw(numpy, line):
    values = walk(numpy)
    line("speed", "numpy, sum of raw doubles", SCAN_COUNT / least(lambda: values.sum()) / 1e6)


def duckdb(numpy, folder, line):
    import duckdb
    import pyarrow

    path = os.path.join(folder, "scan.duckdb")
    if os.path.exists(path):
        os.remove(path)
    database = duckdb.connect(path)
    database.execute("SET threads = 1")
    database.register("source", pyarrow.table({"v": walk(numpy)}))
    database.execute("CREATE TABLE scan AS SELECT v FROM source")
    database.execute("CHECKPOINT")
    seconds = least(lambda: database.execute("SELECT sum(v) FROM scan").fetchone())
    line("speed", f"DuckDB {duckdb.__version__}, sum over a table", SCAN_COUNT / seconds / 1e6)


def clickhouse(numpy, folder, line):
    import shutil

    from chdb import session

    path = os.path.join(folder, "clickhouse")
    shutil.rmtree(path, ignore_errors=True)
    source = os.path.join(folder, "scan.f64")
    walk(numpy).tofile(source)
    database = session.Session(path)
    database.query("CREATE DATABASE bench ENGINE = Atomic")
    for name, codec in (("plain", "LZ4"), ("gorilla", "Gorilla, LZ4")):
        database.query(
            f"CREATE TABLE bench.{name} (v Float64 CODEC({codec})) ENGINE = MergeTree "
            "ORDER BY tuple()"
        )
        database.query(
            f"INSERT INTO bench.{name} SELECT * FROM file('{source}', RowBinary, 'v Float64')"
        )
        database.query(f"OPTIMIZE TABLE bench.{name} FINAL")
        query = f"SELECT sum(v) FROM bench.{name} SETTINGS max_threads = 1"
        seconds = least(lambda: database.query(query))
        label = f"ClickHouse (chdb), sum over a table, {codec}"
        line("speed", label, SCAN_COUNT / seconds / 1e6)


def main():
    folder, output = sys.argv[1:3]
    with open(output, "w", encoding="utf-8") as file:

        def line(*fields):
            file.write("\t".join(str(field) for field in fields) + "\n")
            file.flush()

        try:
            import numpy
        except ImportError as error:
            line("remark", "all peers", error)
            return
        columns = []
        with open(os.path.join(folder, "columns.tsv"), encoding="utf-8") as names:
            for row in names:
                path, kind, name = row.rstrip("\n").split("\t")
                values = numpy.fromfile(os.path.join(folder, path), dtype=numpy.float64)
                columns.append((kind, name, values))
        for name, peer in (
            ("pcodec", lambda: pcodec(columns, line)),
            ("numpy", lambda: raw(numpy, line)),
            ("DuckDB", lambda: duckdb(numpy, folder, line)),
            ("ClickHouse", lambda: clickhouse(numpy, folder, line)),
        ):
            try:
                peer()
            except Exception as error:  # a peer that fails must not stop the others
                line("remark", name, f"{type(error).__name__}: {error}".replace("\n", " "))


main()
