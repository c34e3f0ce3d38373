"""Memory per series and time to open, of a real server.

Usage: limits.py POLLUX POLLUX-BENCH-STORE RESULTS [--machines 100000] [--gib 10]

Writes one point to each of ten series of so many machines, waits and looks at the memory of the process, also after a new start;
writes ten points to each in another directory and looks again;
then kills it and opens the directory again, which replays the journal. Fills a directory of so many GiB and
opens that, after a proper end and once more. Writes RESULTS/DATE-limits.md.
"""

import argparse
import datetime
import http.client
import os
import pathlib
import platform
import shutil
import signal
import socket
import subprocess
import tempfile
import time


class Server:
    def __init__(self, binary, data, port=0, settings=""):
        if port == 0:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
        self.port = port
        configuration = data.parent / "pollux.conf"
        configuration.write_text(settings)
        begun = time.perf_counter()
        self.process = subprocess.Popen(
            [binary, "serve", "--config", configuration, "--data", data, "--listen", f"127.0.0.1:{port}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while True:
            try:
                if self.ask("GET", "/ready")[0] == 200:
                    break
            except OSError:
                pass
            if self.process.poll() is not None:
                raise SystemExit("the server did not start")
            time.sleep(0.002)
        self.seconds = time.perf_counter() - begun

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        connection.request(method, path, body)
        answer = connection.getresponse()
        return answer.status, answer.read()

    def memory(self, name="VmRSS"):
        for line in open(f"/proc/{self.process.pid}/status"):
            if line.startswith(name + ":"):
                return int(line.split()[1]) * 1024

    def parts(self):
        """Anonymous memory and pages of files."""
        fields = {}
        for line in open(f"/proc/{self.process.pid}/status"):
            name, _, value = line.partition(":")
            if name.startswith("Rss"):
                fields[name] = int(value.split()[0]) * 1024
        return fields

    def metric(self, name):
        for line in self.ask("GET", "/metrics")[1].decode().splitlines():
            if line.startswith(name + " "):
                return float(line.split()[1])
        raise SystemExit(f"/metrics has no {name}")

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait(600)


def lines(machines, turn):
    at = 1_767_225_600_000 + turn * 60_000
    for first in range(0, machines, 2_000):
        yield "".join(
            f"machine,machine=M-{m} "
            + ",".join(f"m{k}={(m * 7 + turn * 3 + k) % 100 / 10}" for k in range(10))
            + f" {at}\n"
            for m in range(first, min(first + 2_000, machines)))


def series(binary, folder, machines):
    limits = "[ingest]\nnew-assets-per-minute = 1000000000\nnew-series-per-minute = 1000000000\n"
    server = Server(binary, folder / "series", settings=limits)
    empty = server.memory()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)
    begun = time.perf_counter()
    for turn in range(10):
        for body in lines(machines, turn):
            connection.request("POST", "/api/v2/write?precision=ms", body)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != 204:
                raise SystemExit(f"a write failed: {answer.status} {text[:300]}")
    seconds = time.perf_counter() - begun
    full, most = server.memory(), server.memory("VmHWM")
    server.stop(signal.SIGKILL)
    killed = Server(binary, folder / "series")
    opening = killed.seconds
    killed.stop()
    again = Server(binary, folder / "series")
    again.stop()
    count = machines * 10
    return [
        ("series", f"{count:,}"),
        ("values", f"{count * 10:,}"),
        ("first and later values over HTTP, s", f"{seconds:.1f}"),
        ("memory of the empty server, MiB", f"{empty / 2**20:.0f}"),
        ("memory with all values, MiB", f"{full / 2**20:.0f}"),
        ("most memory on the way, MiB", f"{most / 2**20:.0f}"),
        ("bytes a series with its ten values in memory", f"{(full - empty) / count:.0f}"),
        ("opening after kill -9, all values from the journal, s", f"{opening:.2f}"),
        ("opening after a proper end, s", f"{again.seconds:.2f}"),
    ]


def idle(binary, folder, machines):
    """Ten series of each machine with one value each, written once and then left alone."""
    limits = "[ingest]\nnew-assets-per-minute = 1000000000\nnew-series-per-minute = 1000000000\n"
    server = Server(binary, folder / "idle", settings=limits)
    empty = server.memory()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)
    for body in lines(machines, 0):
        connection.request("POST", "/api/v2/write?precision=ms", body)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 204:
            raise SystemExit(f"a write failed: {answer.status} {text[:300]}")
    written = server.memory()
    # Groups of few values stay in memory: a chunk of one value would cost more than it.
    time.sleep(30)
    idle = server.memory()
    parts = server.parts()
    begun = time.perf_counter()
    server.stop()
    stopped = time.perf_counter() - begun
    again = Server(binary, folder / "idle")
    opened = again.memory()
    body = next(lines(machines, 1))
    again.ask("POST", "/api/v2/write?precision=ms", body)
    reopened = again.memory()
    again.stop()
    count = machines * 10
    return [
        ("series, each written once", f"{count:,}"),
        ("memory of the empty server, MiB", f"{empty / 2**20:.0f}"),
        ("memory once all are written, MiB", f"{written / 2**20:.0f}"),
        ("memory after half a minute of nothing, MiB", f"{idle / 2**20:.0f}"),
        ("of which pages of the database file, MiB", f"{parts['RssFile'] / 2**20:.0f}"),
        ("bytes an idle series, pages of files apart", f"{parts['RssAnon'] / count:.0f}"),
        ("bytes an idle series, all memory above that of the empty server", f"{(idle - empty) / count:.0f}"),
        ("a proper end, s", f"{stopped:.1f}"),
        ("memory when all are sealed and the server has started again, MiB", f"{opened / 2**20:.0f}"),
        ("bytes a sealed, idle series above the empty server", f"{max(0, opened - empty) / count:.0f}"),
        ("memory once 20,000 of them have been written to, MiB", f"{reopened / 2**20:.0f}"),
    ]


def opening(binary, filler, folder, size):
    data = folder / "large"
    begun = time.perf_counter()
    told = subprocess.run([filler, data, str(size)], check=True, capture_output=True, text=True).stdout.strip()
    filled = time.perf_counter() - begun
    times = []
    for _ in range(5):
        server = Server(binary, data)
        times.append(server.seconds)
        memory = server.memory()
        server.stop()
    return [
        ("directory", told),
        ("filled in, s", f"{filled:.0f}"),
        ("opening until /ready, five times, s", ", ".join(f"{t:.3f}" for t in times)),
        ("memory after opening, MiB", f"{memory / 2**20:.0f}"),
    ]


def table(title, rows):
    return f"\n## {title}\n\n| what | |\n| --- | --: |\n" + "".join(f"| {a} | {b} |\n" for a, b in rows)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("pollux")
    parser.add_argument("filler")
    parser.add_argument("results", type=pathlib.Path)
    parser.add_argument("--machines", type=int, default=100_000)
    parser.add_argument("--gib", type=int, default=10)
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="pollux-limits-"))
    try:
        today = datetime.date.today().isoformat()
        page = f"# Memory of many series, opening of large directories\n\n{today}. {platform.machine()}, "
        page += f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start. Wall time.\n"
        page += table("Series that are idle", idle(options.pollux, folder, options.machines))
        shutil.rmtree(folder / "idle")
        page += table("Many series in one server", series(options.pollux, folder, options.machines))
        shutil.rmtree(folder / "series")
        page += table("A large directory", opening(options.pollux, options.filler, folder, options.gib))
        (options.results / f"{today}-limits.md").write_text(page)
        print(page)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
