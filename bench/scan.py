"""One measure of many values through the query engine, beside DuckDB and ClickHouse (chdb).

Usage: scan.py PROGRAM RESULTS [--values N]. PROGRAM is pollux-bench-scan. All three keep the same times and
values in files of their own, answer the same questions with one thread, warm, and must agree. Speeds are
processor time, least of three runs, in million values a second.
"""

import argparse
import datetime
import os
import shutil
import subprocess
import tempfile
import time

START = 1_640_995_200
WANTED = {"ClickHouse": 2, "DuckDB": 4}


def least(body, rounds=3):
    answer = body()
    best = float("inf")
    for _ in range(rounds):
        begin = time.process_time()
        body()
        best = min(best, time.process_time() - begin)
    return best, answer


def questions(count, time_column, hour):
    inner = f"{time_column} >= {START + 77} AND {time_column} < {START + count - 77}"
    return [
        ("sum of all", "SELECT sum(v) FROM scan"),
        ("sum of all but the ends", f"SELECT sum(v) FROM scan WHERE {inner}"),
        ("sum of every hour", f"SELECT {hour} AS h, sum(v) FROM scan GROUP BY h"),
        ("sum, min, max of every hour",
            f"SELECT {hour} AS h, sum(v), min(v), max(v) FROM scan GROUP BY h"),
    ]


def pollux(program, folder, count):
    lines = subprocess.run(
        [program, folder, str(count)], check=True, capture_output=True, text=True).stdout
    for line in lines.splitlines():
        fields = line.split("\t")
        if len(fields) == 5:
            yield fields[0], fields[1], float(fields[2]), float(fields[3]), int(fields[4])


def duckdb(folder, count, values):
    import duckdb
    import numpy
    import pyarrow

    database = duckdb.connect(os.path.join(folder, "scan.duckdb"))
    database.execute("SET threads = 1")
    for first in range(0, count, 10_000_000):
        part = values[first : first + 10_000_000]
        times = numpy.arange(START + first, START + first + len(part), dtype=numpy.int64)
        database.register("source", pyarrow.table({"t": times, "v": part}))
        verb = "CREATE TABLE scan AS" if first == 0 else "INSERT INTO scan"
        database.execute(f"{verb} SELECT t, v FROM source")
    database.execute("CHECKPOINT")
    for name, text in questions(count, "t", f"(t - {START}) // 3600"):
        seconds, rows = least(lambda: database.execute(text).fetchnumpy())
        columns = list(rows.values())
        sums = columns[1] if len(columns) > 1 else columns[0]
        yield "DuckDB", name, count / seconds / 1e6, float(sums.sum()), len(sums)


def clickhouse(folder, count, values):
    from chdb import session

    database = session.Session(os.path.join(folder, "clickhouse"))
    database.query("CREATE DATABASE bench ENGINE = Atomic")
    database.query("USE bench")
    database.query(
        "CREATE TABLE scan (t UInt32 CODEC(DoubleDelta, LZ4), v Float64 CODEC(LZ4)) "
        "ENGINE = MergeTree ORDER BY t")
    file = os.path.join(folder, "values.f64")
    database.query(
        f"INSERT INTO scan SELECT {START} + rowNumberInAllBlocks(), v "
        f"FROM file('{file}', RowBinary, 'v Float64') SETTINGS max_threads = 1")
    database.query("OPTIMIZE TABLE scan FINAL")
    for name, text in questions(count, "t", f"intDiv(t - {START}, 3600)"):
        setting = " SETTINGS max_threads = 1"
        seconds, _ = least(lambda: database.query(text + setting, "Native"))
        inner = f"SELECT count(), sum(s) FROM ({text.replace('sum(v)', 'sum(v) AS s')})"
        rows, total = database.query(inner, "TSV").data().split()
        yield "ClickHouse", name, count / seconds / 1e6, float(total), int(rows)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("results")
    parser.add_argument("--values", type=int, default=100_000_000)
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="pollux-scan-")
    try:
        page = measure(options, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(page)
    day = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
    with open(os.path.join(options.results, f"{day}-scan.md"), "w", encoding="utf-8") as file:
        file.write(page)


def measure(options, folder):
    import numpy

    count = options.values
    found = list(pollux(options.program, folder, count))
    values = numpy.fromfile(os.path.join(folder, "values.f64"))
    remarks = []
    for name, peer in (("DuckDB", duckdb), ("ClickHouse", clickhouse)):
        try:
            found += peer(folder, count, values)
        except ImportError as error:
            remarks.append(f"{name} is absent: {error}")
    rates = {(who, what): rate for who, what, rate, _, _ in found}
    answers = {}
    for who, what, _, answer, rows in found:
        held = answers.setdefault(what, (answer, rows))
        if held[1] != rows or abs(held[0] - answer) > 1e-9 * abs(held[0]):
            remarks.append(f"{who}, {what}: {answer} in {rows} rows instead of {held}")
    return page(count, rates, remarks)


def page(count, rates, remarks):
    day = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
    with open("/proc/loadavg", encoding="ascii") as load:
        busy = load.read().split()[0]
    lines = [
        "# One measure through the query engine", "",
        f"{day}. {count:,} values, one a second, a walk of two decimals; one thread, warm; million values a second "
        f"of processor time, least of three runs. Load {busy} at the end.", "",
        "`sum of all` is answered by the statistics of chunks; in the others every value that a window's edge "
        "cuts off is decoded, in the last two nearly all.", "",
        "| question | ours | Mv/s | ClickHouse | × | DuckDB | × | |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    for (who, what), rate in rates.items():
        if not who.startswith("Pollux"):
            continue
        cells, missed = [], []
        for peer, wanted in WANTED.items():
            theirs = rates.get((peer, what))
            cells += [f"{theirs:,.0f}", f"{rate / theirs:.2f}"] if theirs else ["absent", ""]
            if theirs and rate < wanted * theirs:
                missed.append(f"less than {wanted} × {peer}")
        tier = who.removeprefix("Pollux, ")
        lines.append(f"| {what} | {tier} | {rate:,.0f} | " + " | ".join(cells) + f" | {', '.join(missed)} |")
    ours = rates.get(("Pollux, fast", "sum of every hour"))
    for peer, wanted in WANTED.items():
        plain = rates.get((peer, "sum of all"))
        if plain:
            remarks = remarks + [
                f"Sums of every hour, each value decoded, beside what {peer} needs for one plain sum of all: "
                f"{ours / plain:.2f} × (wanted of like for like: {wanted})."]
    if remarks:
        lines += [""] + [f"- {remark}" for remark in remarks]
    return "\n".join(lines) + "\n"


main()
