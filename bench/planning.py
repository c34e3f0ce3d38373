"""Questions about one machine in plants of growing size, over HTTP: what the parser and the planner take.

Usage: planning.py POLLUX RESULTS [--machines 250,25000,333000]

A line has 50 machines, a machine two spindles, of which the second took the place of the first three months ago. Each plant is
imported from CSV files; 200 spindles here and there
have an hour of vibration. Questions are about these machines in turn. Their times are those that `explain` reports, and wall time
over HTTP of the same question without it. Writes RESULTS/DATE-planning.md.
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import tempfile
import time

from limits import Server

NOW = int(time.time())
DAY = 86_400
SWAP = NOW - 90 * DAY
PER_LINE = 50
MEASURED = 200


def instant(second):
    return datetime.datetime.fromtimestamp(second, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def write_plant(folder, machines):
    """The tables of assets and of moves, and how many assets there are."""
    assets, moves = ["type,name,of,from"], ["subject,relation,object,from,to"]
    begin, swap = instant(SWAP - 270 * DAY), instant(SWAP)
    assets += [f"line,L{n},,{begin}" for n in range(-(-machines // PER_LINE))]
    for m in range(machines):
        assets.append(f"machine,CNC-{m},line L{m // PER_LINE},{begin}")
        assets += [f"spindle,SP-{m}{part},,{begin}" for part in "ab"]
        moves.append(f"spindle SP-{m}a,mounted in,machine CNC-{m},{begin},{swap}")
        moves.append(f"spindle SP-{m}b,mounted in,machine CNC-{m},{swap},")
    (folder / "assets.csv").write_text("\n".join(assets) + "\n")
    (folder / "moves.csv").write_text("\n".join(moves) + "\n")
    return len(assets) - 1


def load(binary, folder, machines):
    assets = write_plant(folder, machines)
    data = folder / "data"
    begun = time.perf_counter()
    for name, kind in [("assets.csv", "assets-csv"), ("moves.csv", "relations-csv")]:
        subprocess.run([binary, "import", folder / name, "--format", kind, "--data", data],
                       check=True, capture_output=True)
    return data, assets, time.perf_counter() - begun


def points(machine):
    """An hour of vibration at 1 Hz of the spindle that a machine has now."""
    return "".join(
        f"spindle,spindle=SP-{machine}b vibration={(second * 37 + machine) % 997 / 100} {NOW - 3600 + second}\n"
        for second in range(3600))


QUESTIONS = [
    "max vibration of spindle of machine CNC-{m} last 1h",
    "max vibration of spindle of machine CNC-{m} last 120d",
    "max vibration of spindle of machine CNC-{m} last 1h as of {before}",
    "latest vibration of every spindle of line L{line}",
    "vibration of spindle SP-{m}b last 1h every 1m",
    "show machine CNC-{m}",
]


def ask(server, text):
    status, answer = server.ask("POST", "/api/v1/query", json.dumps({"query": text}).encode())
    if status != 200:
        raise SystemExit(f"{text}: {status} {answer[:300]}")
    return json.loads(answer)


def milliseconds(detail):
    number, unit = detail.split()
    return float(number.replace(",", "")) * {"ns": 1e-6, "µs": 1e-3, "ms": 1, "s": 1e3}[unit]


def stages(answer):
    """Of an explanation, milliseconds by stage."""
    names = [column["name"] for column in answer["columns"]]
    step, detail = names.index("step"), names.index("detail")
    return {row[step].removeprefix("time to "): milliseconds(row[detail])
            for row in answer["rows"] if row[step].startswith("time to ")}


def measured(machines):
    return [turn * 7_919 % machines for turn in range(min(MEASURED, machines))]


def plant(binary, folder, machines):
    data, assets, loading = load(binary, folder, machines)
    server = Server(binary, data)
    try:
        chosen = measured(machines)
        for machine in chosen:
            status, text = server.ask("POST", "/api/v2/write?precision=s", points(machine).encode())
            if status != 204:
                raise SystemExit(f"a write failed: {status} {text[:300]}")
        rows = []
        for question in QUESTIONS:
            told, walls = {}, []
            for turn, machine in enumerate(chosen):
                text = question.format(m=machine, line=machine // PER_LINE, before=instant(SWAP - DAY))
                begun = time.perf_counter()
                answer = ask(server, text)
                walls.append((time.perf_counter() - begun) * 1e3)
                if not answer["rows"]:
                    raise SystemExit(f"{text}: no rows")
                if question.startswith("show"):
                    continue
                for name, value in stages(ask(server, "explain " + text)).items():
                    told.setdefault(name, []).append(value)
            rows.append((question, {name: statistics.median(v) for name, v in told.items()}, statistics.median(walls)))
        return assets, loading, rows
    finally:
        server.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("pollux")
    parser.add_argument("results", type=pathlib.Path)
    parser.add_argument("--machines", default="250,25000,333000")
    options = parser.parse_args()
    today = datetime.date.today().isoformat()
    page = f"# Questions in plants of growing size\n\n{today}. {platform.machine()}, {os.cpu_count()} cores, "
    page += f"load {os.getloadavg()[0]:.1f} at the start. Milliseconds, medians of {MEASURED} questions about as many machines.\n"
    for machines in map(int, options.machines.split(",")):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="pollux-planning-"))
        try:
            assets, loading, rows = plant(options.pollux, folder, machines)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        page += f"\n## {assets:,} assets, imported in {loading:.0f} s\n\n"
        names = list(dict.fromkeys(name for _, told, _ in rows for name in told))
        page += "| question | " + " | ".join(names) + " | over HTTP |\n| --- |" + " --: |" * (len(names) + 1) + "\n"
        for question, told, wall in rows:
            cells = [f"{told[name]:.3f}" if name in told else "" for name in names]
            page += f"| `{question}` | " + " | ".join(cells) + f" | {wall:.2f} |\n"
    (options.results / f"{today}-planning.md").write_text(page)
    print(page)


if __name__ == "__main__":
    main()
