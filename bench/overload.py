#!/usr/bin/env python3
"""Writers that are faster than the server: refusals with Retry-After, memory that stays bounded.

    bench/overload.py .build/release/pollux bench/results [--writers 200] [--seconds 60]

Every writer sends bodies of line protocol as fast as they are taken, each body with numbers of its
own, and repeats what was refused after the Retry-After of the answer. The server's resident memory
is read ten times a second. At the end every acknowledged number must be there, by the server's count.
"""
import argparse, http.client, json, os, random, shutil, signal, socket, subprocess, sys, tempfile
import threading, time
from pathlib import Path
from urllib.parse import quote


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def resident(pid, word):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(word):
            return int(line.split()[1]) / 1024
    return 0


class Writer(threading.Thread):
    def __init__(self, number, port, lines, end):
        super().__init__(daemon=True)
        self.number, self.port, self.lines, self.end = number, port, lines, end
        self.stored, self.answers, self.pauses, self.broken = 0, {}, [], 0

    def run(self):
        # One text for all bodies but for the times, so that making it costs little.
        base = int(time.time()) * 1000 - 5_000_000_000
        rows = [f"writer,machine=W{self.number} number={n}i,a=1.5,b=2.5,c=3.5 {base + n}"
                for n in range(self.lines)]
        connection, body, offset = None, None, 0
        while time.time() < self.end:
            if body is None:
                body = "\n".join(
                    f"{row[:row.rindex(' ')]} {base + offset + n}" for n, row in enumerate(rows))
            try:
                if connection is None:
                    connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
                connection.request("POST", "/api/v2/write?precision=ms", body)
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):
                self.broken += 1
                if connection:
                    connection.close()
                connection = None
                continue
            self.answers[answer.status] = self.answers.get(answer.status, 0) + 1
            if answer.status == 204:
                self.stored += self.lines
                offset += self.lines
                body = None
                continue
            pause = answer.headers.get("Retry-After")
            self.pauses.append(pause)
            connection.close()
            connection = None
            time.sleep(min(float(pause or 1), 2) * random.random())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("results", nargs="?")
    parser.add_argument("--writers", type=int, default=200)
    parser.add_argument("--lines", type=int, default=20_000)
    parser.add_argument("--seconds", type=int, default=60)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="pollux-overload-"))
    port = free_port()
    server = subprocess.Popen(
        [options.program, "serve", "--data", str(folder / "data"), "--listen", f"127.0.0.1:{port}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def get(path):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()

    try:
        for _ in range(600):
            try:
                if get("/ready")[0] == 200:
                    break
            except OSError:
                time.sleep(0.05)
        begun = time.time()
        before = resident(server.pid, "VmRSS")
        writers = [Writer(n, port, options.lines, begun + options.seconds)
                   for n in range(options.writers)]
        for writer in writers:
            writer.start()
        # A reader's question must be answered meanwhile.
        waits, refused = [], 0
        while any(w.is_alive() for w in writers):
            at = time.time()
            try:
                status, _ = get("/api/v1/query?query=" + quote("latest everything of machine W0"))
                refused += status == 429
                waits.append(time.time() - at)
            except OSError:
                refused += 1
            time.sleep(0.1)
        seconds = time.time() - begun
        highest = resident(server.pid, "VmHWM")
        answers, pauses = {}, []
        for writer in writers:
            pauses += writer.pauses
            for status, count in writer.answers.items():
                answers[status] = answers.get(status, 0) + count
        missing = []
        for writer in writers:
            text = (f"count number of writer of machine W{writer.number} "
                    "between 2020-01-01 and 2100-01-01")
            found = 0
            if writer.stored:
                found = json.loads(get("/api/v1/query?query=" + quote(text))[1])["rows"][0][-2]
            # A body without an answer may be stored as well.
            if found < writer.stored:
                missing.append(f"W{writer.number}: {found} of {writer.stored}")
        bare = sum(p is None for p in pauses)
        stored = sum(w.stored for w in writers)
        waits.sort()
        size = sum(f.stat().st_blocks * 512 for f in (folder / "data").rglob("*") if f.is_file())
        body = len("writer,machine=W100 number=10000i,a=1.5,b=2.5,c=3.5 1790000000000") * options.lines
        table = "\n".join([
            "| what | value |", "| --- | --- |",
            f"| writers at once, size of a body | {options.writers}, {body / 1e6:.1f} MB |",
            f"| bodies on their way, if all were let in | {options.writers * body / 1e6:.0f} MB |",
            f"| values acknowledged a second | {stored * 4 / seconds:,.0f} |",
            f"| answers by status | {dict(sorted(answers.items()))} |",
            f"| refusals without Retry-After | {bare} |",
            f"| connections that broke | {sum(w.broken for w in writers)} |",
            f"| resident memory before, at most (MiB) | {before:.0f}, {highest:.0f} |",
            f"| a question meanwhile: median, longest (s) | {waits[len(waits) // 2]:.2f}, {waits[-1]:.2f} |",
            f"| acknowledged and not there | {'; '.join(missing) or 'none'} |",
            f"| disk at the end | {size / 1e6:.0f} MB |", ""])
        print(table)
        if options.results:
            day = time.strftime("%Y-%m-%d", time.gmtime())
            Path(options.results, f"{day}-overload.md").write_text(
                "# Overload: writers faster than the server\n\n"
                f"`bench/overload.py --writers {options.writers} --lines {options.lines} "
                f"--seconds {options.seconds}`, with a release build; writers and server share two "
                f"processors with other work.\n\n{table}")
        sys.exit(1 if missing or bare else 0)
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(60)
        except subprocess.TimeoutExpired:
            server.kill()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
