"""Rollups of the factory workload: time to make them, size, and questions before and after the points have gone.

Usage: rollups.py POLLUX RESULTS [--hours 6]

100 machines with ten measures each, once a second, and a state of each machine about every half minute. All is older than
a year's part, so `retention = 30d` takes every point in one `pollux compact`; the same directory without rollups shows what
else there is. Times are processor time of the process, sizes those of snapshots. Writes RESULTS/DATE-rollups.md.
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import resource
import shutil
import subprocess
import tempfile
import time

import numpy as np

import factory
import limits

TYPES = ["spindle", "coolant", "axes", "tool", "machine"]
QUESTIONS = [
    ("mean, highest and p95 of vibration by hour", "mean vibration, highest vibration, p95 vibration of every spindle {} every 1h"),
    ("time-weighted mean of temperature by minute, one machine", "avg temperature of spindle of machine M-7 {} every 1m"),
    ("share and starts of a state by hour", "share (state = \"running\"), times (state = \"running\") of every machine {} every 1h"),
]


def run(*command):
    """Runs a command; its processor time and what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{command[1]} failed: {done.stdout[-300:]} {done.stderr[-300:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def fill(binary, data, plant):
    settings = "[ingest]\nnew-assets-per-minute = 1000000000\nnew-series-per-minute = 1000000000\n"
    server = limits.Server(binary, data, settings=settings)
    connection = factory.Connection(server.port)

    def send(path, body):
        status, answer = connection.post(path, body, "text/plain")
        if status != 204:
            raise SystemExit(f"a write failed: {status} {answer[:300]}")

    for client in range(factory.CLIENTS):
        for body in factory.bodies(plant, client):
            send("/api/v2/write?precision=ms", body)
    random = np.random.default_rng(7)
    count = 0
    for second in range(0, plant.seconds, 30):
        at = factory.START + second * 1000
        lines = []
        for machine in range(factory.MACHINES):
            word = ["running", "running", "idle", "fault"][random.integers(4)]
            lines.append(f'machine,machine=M-{machine + 1} state="{word}" {at + int(random.integers(20_000))}')
        send("/api/v2/write?precision=ms", "\n".join(lines).encode())
        count += len(lines)
    server.stop()
    return count


def size(binary, data, folder):
    target = folder / "snapshot"
    run(binary, "snapshot", "create", "--data", data, target)
    total = sum(file.stat().st_blocks * 512 for file in target.rglob("*") if file.is_file())
    shutil.rmtree(target)
    return total


def ask(binary, data, question):
    server = limits.Server(binary, data)
    try:
        times = []
        for _ in range(5):
            begun = time.perf_counter()
            status, answer = server.ask("POST", "/api/v1/query", question.encode())
            times.append(time.perf_counter() - begun)
            if status != 200 or b"is missing" in answer:
                raise SystemExit(f"{question}: {status} {answer[:300]}")
        return sorted(times)[2] * 1000
    finally:
        server.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("pollux")
    parser.add_argument("results", type=pathlib.Path)
    parser.add_argument("--hours", type=int, default=6)
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="pollux-rollups-"))
    try:
        plant = factory.Plant(options.hours)
        data = folder / "data"
        states = fill(options.pollux, data, plant)
        values = plant.seconds * factory.MACHINES * len(factory.COLUMNS)
        settle, _ = run(options.pollux, "compact", "--data", data)
        points = size(options.pollux, data, folder)
        bounds = f"between {factory.text(factory.START)} and {factory.text(factory.START + plant.seconds * 1000)}"
        questions = [(name, json.dumps({"query": text.format(bounds)})) for name, text in QUESTIONS]
        before = [ask(options.pollux, data, text) for _, text in questions]
        bare = folder / "bare"
        shutil.copytree(data, bare)
        kept = folder / "kept"
        shutil.copytree(data, kept)
        rows = []
        for place, life in [
            (bare, "retention = 30d"), (kept, "rollup = 1m, rollup = 1h"), (data, "retention = 30d, rollup = 1m, rollup = 1h"),
        ]:
            for kind in TYPES:
                run(options.pollux, "query", f"create type {kind} with {life}", "--data", place)
            spent, _ = run(options.pollux, "compact", "--data", place)
            rows.append((spent, size(options.pollux, place, folder)))
        after = [ask(options.pollux, data, text) for _, text in questions]
        check, _ = run(options.pollux, "check", "--data", data)
        rolled = rows[2][1] - rows[0][1]
        minutes, hours = plant.seconds // 60, plant.seconds // 3600
        buckets = (minutes + hours) * factory.MACHINES * (len(factory.COLUMNS) + 1)
        today = datetime.date.today().isoformat()
        page = f"# Rollups of the factory workload\n\n{today}. {platform.machine()}, {os.cpu_count()} cores, "
        page += f"load {os.getloadavg()[0]:.1f} at the end. {options.hours} h; processor time; wall time of questions over HTTP, median of five.\n"
        page += limits.table("Making and size", [
            ("numbers", f"{values:,}"), ("states", f"{states:,}"),
            ("settling the points, s", f"{settle:.1f}"),
            ("rollups of 1m and 1h made, s", f"{rows[1][0]:.1f}"),
            ("values taken in for rollups a second", f"{2 * (values + states) / rows[1][0]:,.0f}"),
            ("made, and every point deleted, s", f"{rows[2][0]:.1f}"),
            ("every point deleted without rollups, s", f"{rows[0][0]:.1f}"),
            ("points and plant, MiB", f"{points / 2**20:.1f}"),
            ("rollups alone, MiB", f"{rolled / 2**20:.1f}"),
            ("bytes a bucket, about", f"{rolled / buckets:.0f}"),
            ("rollups by bytes of the points", f"{rolled / max(points - rows[0][1], 1):.2f}"),
            ("check of what is left, s", f"{check:.1f}"),
        ])
        page += "\n## Questions\n\n| question | from points, ms | from rollups, ms |\n| --- | --: | --: |\n"
        for (name, _), old, new in zip(questions, before, after):
            page += f"| {name} | {old:.1f} | {new:.1f} |\n"
        (options.results / f"{today}-rollups.md").write_text(page)
        print(page)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
