#!/usr/bin/env python3
"""Many kills, cut connections, restarted brokers: what was acknowledged is there exactly once.

    bench/soak.py .build/release/pollux bench/results [--points 10000000] [--kills 200]

Publishers (paho-mqtt, QoS 1, straight to mosquitto) send numbered points; pollux reads through a
proxy that cuts its connections and is killed with SIGKILL at random instants, also while it starts;
the broker is stopped and started again. A writer sends further points over HTTP and repeats what
was not answered with 204. At the end everything is exported and each number is looked up.
"""
import argparse, http.client, json, os, random, shutil, signal, socket, subprocess, sys, tempfile
import threading, time
from multiprocessing import Event, Process, Value
from pathlib import Path

PER_MESSAGE = 20


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for_port(port, seconds=30):
    end = time.time() + seconds
    while time.time() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise SystemExit(f"nothing listens on {port}")


def client(name):
    import paho.mqtt.client as mqtt
    try:
        made = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, name, clean_session=False)
    except AttributeError:
        made = mqtt.Client(name, clean_session=False)
    made.max_inflight_messages_set(200)
    made.max_queued_messages_set(0)
    made.reconnect_delay_set(1, 1)
    made.acknowledged = set()
    made.on_publish = lambda _c, _u, number, *_: made.acknowledged.add(number)
    return made


def rest(pace, at, count):
    """Waits while a sender is ahead of the kills: they must all fall into the traffic."""
    while at > count * pace.value:
        time.sleep(0.01)


def publish_timed(port, number, first, count, start, acknowledged, pace):
    """Points with times of their own: a message that is sent twice changes nothing."""
    mqtt = client(f"timed-{number}")
    mqtt.connect("127.0.0.1", port)
    mqtt.loop_start()
    waiting = []
    for at in range(first, first + count, PER_MESSAGE):
        text = json.dumps([{"timed": n, "timestamp": start + n}
                           for n in range(at, min(at + PER_MESSAGE, first + count))])
        waiting.append(mqtt.publish(f"plant/L/T{number}", text, qos=1))
        if len(waiting) >= 400:
            for message in waiting[:200]:
                acknowledge(mqtt, message)
            acknowledged.value += 200
            del waiting[:200]
            rest(pace, at - first, count)
    for message in waiting:
        acknowledge(mqtt, message)
    acknowledged.value += len(waiting)
    mqtt.disconnect()
    mqtt.loop_stop()


def acknowledge(mqtt, message):
    """Waits for the PUBACK; what is published while there is no connection is sent after it."""
    while message.mid not in mqtt.acknowledged:
        time.sleep(0.001)
    mqtt.acknowledged.discard(message.mid)


def publish_plain(port, count, quiet, is_quiet, pace):
    """Values without a time, the same few again and again: only the broker's account and ours tell
    them apart. A publisher must not repeat them itself, so it rests while the broker restarts."""
    mqtt = client("plain")
    mqtt.connect("127.0.0.1", port)
    mqtt.loop_start()
    waiting = []
    for index in range(count):
        waiting.append(mqtt.publish("plant/L/P/plain", str(index % 7), qos=1))
        if len(waiting) >= 50 or quiet.is_set():
            for message in waiting:
                acknowledge(mqtt, message)
            waiting = []
        if quiet.is_set():
            is_quiet.set()
            while quiet.is_set():
                time.sleep(0.01)
            is_quiet.clear()
            while not mqtt.is_connected():
                time.sleep(0.01)
        while index > count * pace.value and not quiet.is_set():
            time.sleep(0.01)
    for message in waiting:
        acknowledge(mqtt, message)
    is_quiet.set()
    mqtt.disconnect()
    mqtt.loop_stop()


def write_http(port, count, start, done, pace):
    """Line protocol; a body counts once it was answered with 204."""
    at = 0
    while at < count:
        size = min(1000, count - at)
        body = "\n".join(f"writer,machine=H number={n} {start + n}" for n in range(at, at + size))
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request("POST", "/api/v2/write?precision=ms", body)
            answer = connection.getresponse()
            answer.read()
            if answer.status == 204:
                at += size
                done.value = at
                rest(pace, at, count)
            else:
                time.sleep(float(answer.headers.get("Retry-After", "0.1")))
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)


def proxy(port, target, cut):
    """Forwards bytes both ways; cuts every connection when told."""
    pairs, lock = [], threading.Lock()

    def pump(a, b):
        try:
            while True:
                data = a.recv(65536)
                if not data:
                    break
                b.sendall(data)
        except OSError:
            pass
        for s in (a, b):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def watch():
        while True:
            cut.wait()
            cut.clear()
            with lock:
                for s in pairs:
                    try:
                        s.shutdown(socket.SHUT_RDWR)
                    except OSError:
                        pass
                    s.close()
                pairs.clear()

    threading.Thread(target=watch, daemon=True).start()
    server = socket.create_server(("127.0.0.1", port))
    while True:
        inner, _ = server.accept()
        try:
            outer = socket.create_connection(("127.0.0.1", target), 5)
        except OSError:
            inner.close()
            continue
        with lock:
            pairs.extend([inner, outer])
        for a, b in ((inner, outer), (outer, inner)):
            threading.Thread(target=pump, args=(a, b), daemon=True).start()


class Plant:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.mqtt, self.proxy, self.http = free_port(), free_port(), free_port()
        self.configuration = folder / "broker.conf"
        # Started by root, mosquitto writes as a user of its own.
        folder.chmod(0o777)
        self.configuration.write_text(
            f"listener {self.mqtt} 127.0.0.1\nallow_anonymous true\npersistence true\n"
            f"persistence_location {folder}/\nautosave_interval 0\nmax_queued_messages 0\n"
            "max_inflight_messages 1000\n")
        self.largest = 0

    def start_broker(self):
        self.broker = subprocess.Popen(
            ["mosquitto", "-c", str(self.configuration)], stderr=subprocess.DEVNULL)
        wait_for_port(self.mqtt, 120)

    def stop_broker(self):
        self.broker.send_signal(signal.SIGTERM)
        self.broker.wait(120)

    def start(self):
        self.server = subprocess.Popen(
            [self.program, "serve", "--data", str(self.folder / "data"), "--listen",
             f"127.0.0.1:{self.http}", "--mqtt",
             f"mqtt://127.0.0.1:{self.proxy}/?client=soak&topic=plant/%23"],
            stdout=open(self.folder / "server.log", "a"), stderr=subprocess.STDOUT)

    def wait_until_ready(self):
        end = time.time() + 120
        while time.time() < end:
            if self.server.poll() is not None:
                raise SystemExit(f"the server ended: {(self.folder / 'server.log').read_text()[-2000:]}")
            try:
                if self.get("/ready", 5)[0] == 200:
                    return
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.02)
        raise SystemExit("the server is not ready after two minutes")

    def kill(self):
        try:
            for line in Path(f"/proc/{self.server.pid}/status").read_text().splitlines():
                if line.startswith("VmHWM"):
                    self.largest = max(self.largest, int(line.split()[1]) // 1024)
        except OSError:
            pass
        self.server.kill()
        self.server.wait()

    def get(self, path, timeout=60):
        connection = http.client.HTTPConnection("127.0.0.1", self.http, timeout=timeout)
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()

    def counts(self):
        """Points of each measure, by the server's own count."""
        found = {}
        for measure, path in (("timed", "every machine"), ("plain", "machine P"),
                              ("number", "writer of machine H")):
            text = f"count {measure} of {path} between 2020-01-01 and 2100-01-01"
            from urllib.parse import quote
            try:
                status, body = self.get("/api/v1/query?query=" + quote(text))
                rows = json.loads(body).get("rows", [])
                found[measure] = sum(row[-2] or 0 for row in rows)
            except (OSError, ValueError, TypeError, http.client.HTTPException):
                found[measure] = None
        return found


def verify(plant, timed, plain, written, start):
    """Every line of the export against what was sent; returns the problems found."""
    connection = http.client.HTTPConnection("127.0.0.1", plant.http, timeout=600)
    connection.request("GET", "/api/v1/export?format=line")
    answer = connection.getresponse()
    seen = {"timed": bytearray(timed), "number": bytearray(written)}
    values, wrong = [0] * 7, 0
    for line in answer:
        parts = line.decode().split(" ")
        if len(parts) != 3 or "=" not in parts[1]:
            continue
        name, text = parts[1].split("=")
        value = int(float(text.rstrip("i")))
        if name == "plain":
            values[value] += 1
        elif name in seen:
            numbers = seen[name]
            if int(parts[2]) != (start + value) * 1_000_000:
                wrong += 1
            if numbers[value] < 255:
                numbers[value] += 1
    problems = [f"{wrong} points at a wrong time"] if wrong else []
    for name, numbers in seen.items():
        missing, twice = numbers.count(0), len(numbers) - numbers.count(0) - numbers.count(1)
        if missing or twice:
            problems.append(f"{name}: {missing} missing, {twice} more than once")
    expected = [len(range(k, plain, 7)) for k in range(7)]
    if values != expected:
        problems.append(f"plain: stored {values}, sent {expected}")
    return problems


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("results", nargs="?")
    parser.add_argument("--points", type=int, default=10_000_000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--restarts", type=int, default=5)
    parser.add_argument("--plain", type=int, default=20_000)
    parser.add_argument("--publishers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--folder", help="where the run keeps its files")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    folder = Path(tempfile.mkdtemp(prefix="pollux-soak-", dir=options.folder))
    plant = Plant(os.path.abspath(options.program), folder)
    children, begun = [], time.time()
    try:
        plant.start_broker()
        cut, quiet, is_quiet = Event(), Event(), Event()

        def child(body, *arguments):
            process = Process(target=body, args=arguments, daemon=True)
            process.start()
            children.append(process)
            return process

        child(proxy, plant.proxy, plant.mqtt, cut)
        wait_for_port(plant.proxy)
        plant.start()
        plant.wait_until_ready()
        # The session stands at the broker once a message has come through.
        end = time.time() + 60
        while b'"connected":true' not in plant.get("/api/v1/sources")[1]:
            if time.time() > end:
                raise SystemExit("no connection to the broker")
            time.sleep(0.05)
        time.sleep(1)
        start = int(time.time()) * 1000 - 20_000_000_000
        written = options.points // 10
        timed = options.points - written - options.plain
        share = timed // options.publishers
        pace = Value("d", 0.02)
        counters = [Value("Q", 0) for _ in range(options.publishers)]
        senders = []
        for number in range(options.publishers):
            first = number * share
            count = share if number < options.publishers - 1 else timed - first
            senders.append(child(
                publish_timed, plant.mqtt, number, first, count, start, counters[number], pace))
        senders.append(child(publish_plain, plant.mqtt, options.plain, quiet, is_quiet, pace))
        done = Value("Q", 0)
        senders.append(child(write_http, plant.http, written, start, done, pace))

        kills = cuts = restarts = early = 0
        while kills < options.kills or any(s.is_alive() for s in senders):
            pace.value = 2.0 if kills >= options.kills else 0.02 + kills / options.kills
            time.sleep(chance.uniform(0.05, 2.0))
            if kills >= options.kills:
                continue
            if chance.random() < 0.3:
                cut.set()
                cuts += 1
                continue
            if restarts < options.restarts and kills >= (restarts + 1) * options.kills // (
                    options.restarts + 1):
                quiet.set()
                is_quiet.wait(120)
                plant.stop_broker()
                time.sleep(chance.uniform(0, 1))
                plant.start_broker()
                quiet.clear()
                restarts += 1
            plant.kill()
            kills += 1
            plant.start()
            if chance.random() < 0.15 and kills < options.kills:
                # Killed again while it starts.
                time.sleep(chance.uniform(0, 0.3))
                plant.kill()
                kills, early = kills + 1, early + 1
                plant.start()
            plant.wait_until_ready()
            if kills % 20 == 0:
                sent = sum(c.value for c in counters) * PER_MESSAGE
                print(f"{time.time() - begun:6.0f} s: {kills} kills, {sent} points acknowledged by "
                      f"the broker, {done.value} by the server, stored {plant.counts()}", flush=True)
        failed = [s.exitcode for s in senders if s.exitcode != 0]
        if failed:
            raise SystemExit(f"a sender failed: {failed}")
        published = time.time() - begun
        expected = {"timed": timed, "plain": options.plain, "number": written}
        quiet_since, last = time.time(), None
        while (now := plant.counts()) != expected and time.time() - quiet_since < 60:
            if now != last:
                last, quiet_since = now, time.time()
            time.sleep(1)
        problems = verify(plant, timed, options.plain, written, start)
        seconds = time.time() - begun
        plant.server.send_signal(signal.SIGTERM)
        plant.server.wait(60)
        check = subprocess.run(
            [plant.program, "check", "--data", str(folder / "data")], capture_output=True, text=True)
        if check.returncode != 0:
            problems.append(f"pollux check: {(check.stdout + check.stderr)[-500:]}")
        size = sum(f.stat().st_blocks * 512 for f in (folder / "data").rglob("*") if f.is_file())
        lines = [
            f"| points sent with a time, QoS 1, {options.publishers} publishers | {timed:,} |",
            f"| messages without a time, 7 contents | {options.plain:,} |",
            f"| points over HTTP, repeated until 204 | {written:,} |",
            f"| kills (SIGKILL), of them while starting | {kills}, {early} |",
            f"| cut connections, restarts of the broker | {cuts}, {restarts} |",
            f"| seconds until all was sent, until all was verified | {published:.0f}, {seconds:.0f} |",
            f"| largest resident memory of a life (MiB) | {plant.largest} |",
            f"| disk at the end | {size / 1e6:.1f} MB |",
            f"| missing, twice, at a wrong time | {'; '.join(problems) if problems else 'none'} |",
            f"| `pollux check` afterwards | {'ok' if check.returncode == 0 else 'FAILED'} |",
        ]
        table = "| what | value |\n| --- | --- |\n" + "\n".join(lines) + "\n"
        print(table)
        if options.results:
            day = time.strftime("%Y-%m-%d", time.gmtime())
            command = " ".join(["bench/soak.py"] + [
                f"--{k} {getattr(options, k)}" for k in ("points", "kills", "restarts", "seed")])
            Path(options.results, f"{day}-soak.md").write_text(
                f"# Soak: kills, cuts and restarts\n\n`{command}`, with a release build; the "
                "machine's two processors were shared with other work.\nEvery number sent was "
                "looked up in an export: each must stand once, at its own time.\n\n" + table)
        sys.exit(1 if problems else 0)
    finally:
        for process in children:
            if process.is_alive():
                process.kill()
        for process in (getattr(plant, "server", None), getattr(plant, "broker", None)):
            if process and process.poll() is None:
                process.kill()
                process.wait()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
