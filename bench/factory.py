"""The factory workload over HTTP: ingest and six questions, beside DuckDB and ClickHouse (chdb).

Usage: factory.py POLLUX RESULTS [--hours 24] [--runs 50] [--peers duckdb,chdb]

100 machines with ten measures each in four parts, once a second, every machine with its own jitter of
5 ms. Pollux is a server of its own on a free port: line protocol in requests of 5,000 lines from two
clients, questions as TwinQL over HTTP. The peers are libraries in this process, which spares them HTTP
and parsing: they get Arrow tables of 20 such requests at a time, and SQL. Every answer is compared with what the
generator made before it is timed. Writes RESULTS/DATE-factory.md.
"""

import argparse
import datetime
import http.client
import json
import multiprocessing
import os
import pathlib
import platform
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import numpy as np

MACHINES = 100
PARTS = {
    "spindle": ("rpm", "vibration", "temperature", "load"),
    "coolant": ("temperature", "flow"),
    "axes": ("x", "y", "z"),
    "tool": ("wear",),
}
COLUMNS = [(part, measure) for part, measures in PARTS.items() for measure in measures]
DECIMALS = np.array([1, 3, 2, 2, 2, 3, 3, 3, 3, 4])
VIBRATION = COLUMNS.index(("spindle", "vibration"))
START = 1_767_225_600_000  # 2026-01-01T00:00:00Z in milliseconds
LINE_COUNT = 5_000
CLIENTS = 2


class Plant:
    """Made by formula and seed: milliseconds by second and machine, integers over 10^decimals."""

    def __init__(self, hours, seed=20260101):
        random = np.random.default_rng(seed)
        self.seconds = hours * 3600
        shape = (self.seconds, MACHINES)
        second = np.arange(self.seconds)[:, None]
        self.times = START + 1000 * second + random.integers(-5, 6, shape) + 500
        self.values = np.empty((len(COLUMNS),) + shape, np.int32)
        for column, decimals in enumerate(DECIMALS):
            exact = self.curve(column, second, shape, random)
            self.values[column] = np.rint(exact * 10.0**decimals)

    @staticmethod
    def curve(column, second, shape, random):
        """What a sensor would read: a level of its machine, drift, noise, and its habit."""
        level = random.uniform(0.8, 1.2, shape[1])
        drift = np.sin(second / random.uniform(3000, 9000, shape[1]) + random.uniform(0, 6, shape[1]))
        noise = random.standard_normal(shape)
        part, measure = COLUMNS[column]
        if measure == "rpm":
            job = random.integers(3, 7, (shape[0] // 600 + 1, shape[1])).repeat(600, 0)[: shape[0]]
            return 2000.0 * job + 4 * noise
        if measure == "vibration":
            burst = random.random((shape[0] // 60 + 1, shape[1])) < 0.01
            return level * (1.2 + 0.2 * drift + 0.05 * noise) * (1 + 2 * burst.repeat(60, 0)[: shape[0]])
        if part == "axes":
            goal = random.uniform(-200, 200, (shape[0] // 12 + 1, shape[1])).repeat(12, 0)[: shape[0]]
            return goal + 0.002 * noise
        if measure == "wear":
            rate = random.uniform(0.5, 2, shape[1]) / 36000
            return (second * rate + random.uniform(0, 1, shape[1])) % 1
        base = {"temperature": 40, "load": 50, "flow": 10}[measure]
        return base * (level + 0.1 * drift) + 0.05 * noise

    def exact(self, column, first=0):
        return self.values[column, first:] / 10.0 ** DECIMALS[column]


def bodies(plant, client):
    """The requests of one client, which owns half of the machines, in order of time."""
    half = MACHINES // CLIENTS
    machines = range(client * half, (client + 1) * half)
    lines_a_second = half * len(PARTS)
    step = LINE_COUNT // lines_a_second
    template = "".join(
        f"{part},machine=M-{machine + 1} "
        + ",".join(f"{measure}=%.{DECIMALS[COLUMNS.index((part, measure))]}f" for measure in measures)
        + " %d\n"
        for machine in machines
        for part, measures in PARTS.items()
    )
    for first in range(0, plant.seconds, step):
        rows = slice(first, min(first + step, plant.seconds))
        own = slice(machines.start, machines.stop)
        cells = []
        for part, measures in PARTS.items():
            for measure in measures:
                column = COLUMNS.index((part, measure))
                cells.append(plant.values[column, rows, own] / 10.0 ** DECIMALS[column])
            cells.append(plant.times[rows, own])
        table = np.stack(cells, 2).reshape(rows.stop - rows.start, -1)
        yield "".join(template % tuple(row) for row in table.tolist()).encode()


class Connection:
    """One HTTP connection that is kept open."""

    def __init__(self, port):
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
        self.http.connect()
        self.http.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def post(self, path, body, kind):
        self.http.request("POST", path, body, {"Content-Type": kind})
        answer = self.http.getresponse()
        return answer.status, answer.read()


def send(port, path, folder, client, gate, results):
    """Sends whole requests, made before, over a bare socket: the server is measured, not this program."""
    connection = socket.create_connection(("127.0.0.1", port), 600)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    requests = []
    for file in sorted(folder.glob(f"{client}-*.lines")):
        body = file.read_bytes()
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n"
        requests.append(head.encode() + body)
    gate.wait()
    begun, waits = time.time(), []
    for request in requests:
        mark = time.perf_counter()
        connection.sendall(request)
        answer = b""
        while b"\r\n\r\n" not in answer:
            part = connection.recv(65536)
            if not part:
                raise SystemExit("the server closed the connection")
            answer += part
        waits.append(time.perf_counter() - mark)
        if not answer.startswith(b"HTTP/1.1 204"):
            raise SystemExit(f"a write failed: {answer[:300]}")
    results.put((begun, time.time(), waits))


def text(milliseconds):
    return datetime.datetime.fromtimestamp(milliseconds / 1000, datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%SZ")


class Questions:
    """The six questions with the digest of their right answers: rows, and sums over columns."""

    def __init__(self, plant):
        self.plant = plant
        self.end = START + plant.seconds * 1000
        self.hour = max(START, self.end - 3_600_000)

    def ask(self, number, turn):
        random = np.random.default_rng([number, turn])
        return {
            "column": int(random.integers(len(COLUMNS))),
            "machine": int(random.integers(MACHINES)),
            "threshold": round(2.5 + float(random.random()), 3),
        }

    def twinql(self, number, ask):
        part, measure = COLUMNS[ask["column"]]
        one = f"{part} of machine M-{ask['machine'] + 1}"
        whole = f"between {text(START)} and {text(self.end)}"
        hour = f"between {text(self.hour)} and {text(self.end)}"
        return {
            1: f"{measure} of {one} {hour}",
            2: f"mean {measure}, highest {measure} of {one} {whole} every 1m",
            3: f"mean vibration of every spindle {whole} every 5m per machine",
            4: "latest everything of every machine",
            5: f"mean vibration of every spindle {hour} every 1m where mean vibration > {ask['threshold']}",
            6: f"mean everything of every machine {whole}",
        }[number]

    def sql(self, number, ask, dialect):
        part, measure = COLUMNS[ask["column"]]
        machine, hour = ask["machine"] + 1, f"ts >= {self.hour}"
        one = f"FROM {part} WHERE machine = {machine}"
        newest, div = ("arg_max", "//") if dialect == "duckdb" else ("argMax", "DIV")
        if number == 1:
            return [f"SELECT ts, {measure} {one} AND {hour} ORDER BY ts"]
        if number == 2:
            return [f"SELECT ts {div} 60000 AS t, avg({measure}), max({measure}) {one} GROUP BY t ORDER BY t"]
        if number == 3:
            return [f"SELECT machine, ts {div} 300000 AS t, avg(vibration) FROM spindle GROUP BY machine, t ORDER BY machine, t"]
        if number == 4:
            return [
                f"SELECT machine, {', '.join(f'{newest}({m}, ts)' for m in measures)} FROM {part} GROUP BY machine"
                for part, measures in PARTS.items()
            ]
        if number == 5:
            inner = f"SELECT machine, ts {div} 60000 AS t, avg(vibration) AS a FROM spindle WHERE {hour} GROUP BY machine, t"
            return [f"SELECT machine, count(*) FROM ({inner}) AS q WHERE a > {ask['threshold']} GROUP BY machine"]
        return [
            f"SELECT machine, {', '.join(f'avg({m})' for m in measures)} FROM {part} GROUP BY machine"
            for part, measures in PARTS.items()
        ]

    def truth(self, number, ask):
        plant = self.plant
        first = (self.hour - START) // 1000
        if number == 1:
            values = plant.exact(ask["column"], first)[:, ask["machine"]]
            return len(values), values.sum()
        if number == 2:
            values = plant.exact(ask["column"])[:, ask["machine"]].reshape(-1, 60)
            return len(values), values.mean(1).sum(), values.max(1).sum()
        if number in (3, 5):
            slots = plant.exact(VIBRATION, 0 if number == 3 else first)
            slots = slots.reshape(-1, 300 if number == 3 else 60, MACHINES).mean(1)
            if number == 3:
                return slots.size, slots.sum()
            hits = np.flatnonzero((slots > ask["threshold"]).any(0)) + 1
            return len(hits), float(hits.sum())
        values = [plant.exact(column, plant.seconds - 1 if number == 4 else 0).mean(0) for column in range(len(COLUMNS))]
        return np.size(values), np.sum(values)

    def fits(self, number, ask, digest):
        truth = self.truth(number, ask)
        return digest[0] == truth[0] and np.allclose(digest[1:], truth[1:], rtol=1e-6)


class Pollux:
    name = "Pollux, over HTTP"

    def __init__(self, binary, folder):
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        command = [binary, "serve", "--data", str(folder / "data"), "--listen", f"127.0.0.1:{self.port}"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.time() + 60
        while time.time() < end:
            try:
                self.connection = Connection(self.port)
                return
            except OSError:
                time.sleep(0.02)
        raise SystemExit("the server did not start")

    def load(self, plant, lines):
        context = multiprocessing.get_context("fork")
        gate, results = context.Barrier(CLIENTS + 1), context.Queue()
        path = "/api/v2/write?precision=ms"
        clients = [
            context.Process(target=send, args=(self.port, path, lines, client, gate, results)) for client in range(CLIENTS)
        ]
        for client in clients:
            client.start()
        gate.wait()
        parts = [results.get() for _ in clients]
        for client in clients:
            client.join()
        waits = sum((part[2] for part in parts), [])
        return max(p[1] for p in parts) - min(p[0] for p in parts), waits

    def ask(self, questions, number, ask):
        body = json.dumps({"query": questions.twinql(number, ask)})
        status, answer = self.connection.post("/api/v1/query", body, "application/json")
        if status != 200:
            raise SystemExit(f"question {number}: {status} {answer[:300]}")
        return answer

    def digest(self, number, answer):
        answer = json.loads(answer)
        names = [column["name"] for column in answer["columns"]]
        rows = answer["rows"]
        if number == 5:
            asset = names.index("asset")
            machines = {int(row[asset].split("/")[0][2:]) for row in rows}
            return len(machines), float(sum(machines))
        if number == 4:
            return len(rows), sum(float(row[names.index("value")]) for row in rows)
        if number == 6:
            return len(rows), sum(row[names.index("mean everything")] for row in rows)
        first = names.index("asset") + 1
        return len(rows), *(sum(row[c] for row in rows) for c in range(first, len(names) - 1))

    def settle(self):
        """Waits until the directory has kept its size for twelve seconds; returns how long it still changed."""
        begun = changed = time.time()
        size = self.size()
        while time.time() < changed + 12 and time.time() < begun + 600:
            time.sleep(0.5)
            if (now := self.size()) != size:
                size, changed = now, time.time()
        return changed - begun

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)

    def size(self):
        files = [file for file in self.folder.rglob("*") if file.is_file()]
        return sum(file.stat().st_blocks * 512 for file in files)


def arrow(plant, part, rows):
    import pyarrow

    shape = plant.times[rows].shape
    machine = np.broadcast_to(np.arange(1, MACHINES + 1, dtype=np.int32), shape)
    columns = {"ts": plant.times[rows].ravel(), "machine": np.ascontiguousarray(machine).ravel()}
    for measure in PARTS[part]:
        column = COLUMNS.index((part, measure))
        columns[measure] = (plant.values[column, rows] / 10.0 ** DECIMALS[column]).ravel()
    return pyarrow.table(columns)


class Library:
    """What DuckDB and ClickHouse have in common here: Arrow tables in, SQL, rows out."""

    def load(self, plant, lines):
        spent, waits = 0.0, []
        for first in range(0, plant.seconds, 500):
            tables = {part: arrow(plant, part, slice(first, first + 500)) for part in PARTS}
            mark = time.perf_counter()
            self.insert(tables)
            waits.append(time.perf_counter() - mark)
        return sum(waits), waits

    def ask(self, questions, number, ask):
        return [self.rows(sql) for sql in questions.sql(number, ask, self.dialect)]

    def digest(self, number, answers):
        if number == 5:
            machines = [row[0] for row in answers[0]]
            return len(machines), float(sum(machines))
        first = {1: 1, 2: 1, 3: 2, 4: 1, 6: 1}[number]
        cells = [list(row[first:]) for rows in answers for row in rows]
        if number in (4, 6):
            return sum(map(len, cells)), sum(map(sum, cells))
        return len(cells), *(sum(column) for column in zip(*cells))


class DuckDB(Library):
    dialect = "duckdb"

    def __init__(self, folder):
        import duckdb

        self.name, self.folder = f"DuckDB {duckdb.__version__}, in process", folder
        self.database = duckdb.connect(str(folder / "factory.duckdb"))
        for part, measures in PARTS.items():
            columns = ", ".join(f"{measure} DOUBLE" for measure in measures)
            self.database.execute(f"CREATE TABLE {part} (ts BIGINT, machine INTEGER, {columns})")

    def insert(self, tables):
        self.database.begin()
        for part, table in tables.items():
            self.database.register("arriving", table)
            self.database.execute(f"INSERT INTO {part} SELECT * FROM arriving")
            self.database.unregister("arriving")
        self.database.commit()

    def rows(self, sql):
        return self.database.execute(sql).fetchall()

    def close(self):
        self.database.close()

    size = Pollux.size


class ClickHouse(Library):
    dialect = "clickhouse"

    def __init__(self, folder):
        import chdb
        from chdb import session

        self.name, self.folder = f"ClickHouse (chdb {chdb.__version__}), in process", folder
        self.session = session.Session(str(folder / "chdb"))
        self.session.query("CREATE DATABASE IF NOT EXISTS factory ENGINE = Atomic")
        for part, measures in PARTS.items():
            columns = ", ".join(f"{measure} Float64 CODEC(Gorilla, ZSTD)" for measure in measures)
            self.session.query(
                f"CREATE TABLE factory.{part} (ts Int64 CODEC(DoubleDelta, ZSTD), machine Int32, {columns}) "
                "ENGINE = MergeTree ORDER BY (machine, ts)"
            )

    def insert(self, tables):
        import pyarrow

        for part, table in tables.items():
            path = self.folder / "arriving.arrow"
            with pyarrow.OSFile(str(path), "wb") as file, pyarrow.ipc.new_stream(file, table.schema) as stream:
                stream.write_table(table)
            self.session.query(f"INSERT INTO factory.{part} SELECT * FROM file('{path}', ArrowStream)")
            path.unlink()

    def rows(self, sql):
        import pyarrow

        for part in PARTS:
            sql = sql.replace(f"FROM {part} ", f"FROM factory.{part} ")
        answer = self.session.query(sql, "ArrowStream").bytes()
        if not answer:
            return []
        table = pyarrow.ipc.open_stream(answer).read_all()
        return list(zip(*(column.to_pylist() for column in table.columns)))

    def close(self):
        self.session.close()

    size = Pollux.size


WORDS = {
    1: "raw last hour of one series",
    2: "1-minute mean and largest sample of one series, everything",
    3: "5-minute mean of one measure by machine, everything",
    4: "newest value of all 1,000 series",
    5: "machines whose 1-minute mean passed a threshold, last hour",
    6: "mean of all 1,000 series, everything",
}


def measure(target, plant, questions, lines, runs):
    wall, waits = target.load(plant, lines)
    figures = {"values/s": plant.seconds * MACHINES * len(COLUMNS) / wall, "ack": np.median(waits) * 1e3}
    for number in WORDS:
        ask = questions.ask(number, 10_000)
        right = questions.fits(number, ask, target.digest(number, target.ask(questions, number, ask)))
        spent, end = [], time.time() + 30
        for turn in range(runs):
            ask = questions.ask(number, turn)
            mark = time.perf_counter()
            target.ask(questions, number, ask)
            spent.append((time.perf_counter() - mark) * 1e3)
            if time.time() > end and turn > 2:
                break
        figures[number] = (float(np.median(spent)), float(np.percentile(spent, 99)), right)
    if isinstance(target, Pollux):
        figures["settled"] = target.settle()
    target.close()
    figures["bytes"] = target.size() / (plant.seconds * MACHINES * len(COLUMNS))
    return figures


def page(plant, hours, measured, load):
    names = list(measured)
    own = measured[names[0]]

    def beside(value, mine, more_is_better):
        ratio = mine / value if more_is_better else value / mine
        return "" if mine is value else f" ({ratio:.2f}×)"

    lines = [
        f"# Factory over HTTP, {datetime.date.today()}",
        "",
        f"{platform.machine()}, {os.cpu_count()} cores, load {load:.1f} at the start. {MACHINES} machines, {len(COLUMNS)} measures, "
        f"{hours} h at 1 Hz: {plant.seconds * MACHINES * len(COLUMNS):,} values. In brackets: how many times better Pollux is.",
        "",
        "| | " + " | ".join(names) + " |",
        "| --- |" + " --: |" * len(names),
    ]
    row = [f"{m['values/s'] / 1e6:.2f}" + beside(m["values/s"], own["values/s"], True) for m in measured.values()]
    lines.append("| ingest, million values/s | " + " | ".join(row) + " |")
    row = [f"{m['bytes']:.2f}" + beside(m["bytes"], own["bytes"], False) for m in measured.values()]
    lines.append("| bytes a value on disk | " + " | ".join(row) + " |")
    for number, words in WORDS.items():
        row = []
        for figures in measured.values():
            value, tail, right = figures[number]
            shown = f"{value:.2f}" + beside(value, own[number][0], False) if right else "WRONG"
            row.append(shown)
        lines.append(f"| {words}, ms p50 | " + " | ".join(row) + " |")
    lines += ["", "p99 of Pollux: " + ", ".join(f"{own[number][1]:.1f}" for number in WORDS) + " ms, in the order above."]
    lines[-1] += f" Its directory had its last size {own['settled']:.0f} s after the last question."
    return "\n".join(lines) + "\n"


def main():
    options = argparse.ArgumentParser()
    options.add_argument("pollux")
    options.add_argument("results")
    options.add_argument("--hours", type=int, default=24)
    options.add_argument("--runs", type=int, default=50)
    options.add_argument("--peers", default="duckdb,chdb")
    options = options.parse_args()
    load = os.getloadavg()[0]
    place = pathlib.Path(tempfile.mkdtemp(prefix="pollux-factory-"))
    try:
        plant = Plant(options.hours)
        lines = place / "lines"
        lines.mkdir()
        for client in range(CLIENTS):
            for number, body in enumerate(bodies(plant, client)):
                (lines / f"{client}-{number:06}.lines").write_bytes(body)
        questions, measured = Questions(plant), {}
        makers = {"pollux": lambda folder: Pollux(options.pollux, folder), "duckdb": DuckDB, "chdb": ClickHouse}
        for name in ["pollux"] + [peer for peer in options.peers.split(",") if peer]:
            folder = place / name
            folder.mkdir()
            try:
                target = makers[name](folder)
            except ImportError:
                print(f"factory: {name} is not installed: left out", file=sys.stderr)
                continue
            measured[target.name] = measure(target, plant, questions, lines, options.runs)
            shutil.rmtree(folder, ignore_errors=True)
            print(target.name, measured[target.name], file=sys.stderr, flush=True)
        path = pathlib.Path(options.results) / f"{datetime.date.today()}-factory.md"
        path.write_text(page(plant, options.hours, measured, load))
        print(path)
    finally:
        shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    main()
