"""The viewer in a real browser, on a server of its own: what it shows, and what it must not.

python3 Tests/Viewer/viewer.py .build/debug/pollux /usr/bin/chromium
Prints what failed; the exit code says whether anything did.
"""

import json
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

from browser import Page

PROGRAM, CHROMIUM = sys.argv[1:3]
LONG = "Bearbeitungszentrum-Nord-Halle-7-Linie-12-Station-0045-Spindel-links-aussen"
failures = []


def check(holds, text):
    if not holds:
        failures.append(text)
        print("FAILED:", text, flush=True)


class Server:
    def __init__(self, folder):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"http://127.0.0.1:{free.getsockname()[1]}"
        self.process = subprocess.Popen(
            [PROGRAM, "serve", "--data", folder, "--listen", self.address[7:]],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(300):
            try:
                urllib.request.urlopen(self.address + "/ready").read()
                return
            except OSError:
                time.sleep(0.1)
        raise SystemExit("the server did not start")

    def post(self, path, body):
        kind = "text/plain" if isinstance(body, str) else "application/json"
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        request = urllib.request.Request(
            self.address + path, data, {"content-type": kind}, method="POST")
        return urllib.request.urlopen(request).read().decode()

    def write(self, lines, age=0):
        now = time.time_ns() - int(age * 1e9)
        self.post("/api/v2/write", "\n".join(f"{line} {now}" for line in lines))

    def ask(self, text):
        return json.loads(self.post("/api/v1/query", {"query": text}))


def tile(name, part):
    """What a tile says: its value with the unit, its classes, or its age; null without one."""
    expression = {"value": "querySelector('.value').innerText", "classes": "className",
                  "age": "querySelector('.age').innerText"}[part]
    return (f"[...document.querySelectorAll('.tile')].filter(t => t.querySelector('.name')"
            f".innerText === {json.dumps(name)}).map(t => t.{expression})[0]")


def text(identifier):
    return f"document.getElementById('{identifier}').innerText"


def plant_without_machines(server, page):
    page.open(server.address)
    check(page.wait("!document.getElementById('empty').hidden"), "an empty plant says so")
    server.ask("create type press plural presses; create measure force of press in kN")
    server.ask("create asset press P1; record force of press P1 = 5")
    check(page.wait(f"{text('title')} === 'P1'"), "a press is shown where there are no machines")
    check(page.wait(f"{tile('Force', 'value')} === '5kN'"), "the force of the press has a tile")
    check(page.value("document.getElementById('life').hidden"), "no tool, no tool life")


def units_and_limits(server, page):
    server.write(["machine,machine=M-1 power=4100,state=\"running\"",
                  "spindle,machine=M-1 vibration=50,rpm=8000,temperature=40,load=3"])
    page.open(server.address + "#M-1")
    check(page.wait(f"{tile('Power', 'value')} === '4,100'"), "no unit is made up for power")
    check(page.value(tile("Spindle vibration", "value")) == "50", "nor for vibration")
    check("bad" not in page.value(tile("Spindle vibration", "classes")), "50 of nothing is no alarm")
    server.ask("create measure vibration of spindle in um/s")
    check(page.wait(f"{tile('Spindle vibration', 'value')} === '50µm/s'"), "the unit is the measure's")
    check("bad" not in page.value(tile("Spindle vibration", "classes")), "50 µm/s is no alarm")
    server.write(["spindle,machine=M-1 vibration=7200"])
    check(page.wait(f"{tile('Spindle vibration', 'classes')}.includes('bad')"), "7.2 mm/s is one")
    if page.value("!document.getElementById('legend').hidden"):
        check(page.value(text("legend-top")) == "7,100 µm/s", "the legend has the measure's unit")


def ages(server, page):
    server.write(["machine,machine=M-2 power=1,state=\"running\""], age=18)
    page.open(server.address + "#M-2")
    check(page.wait(f"{tile('Power', 'value')} === '1'"), "a value of 18 s ago is shown")
    check("old" not in page.value(tile("Power", "classes")), "18 s are not old")
    check(page.value(text("connection")) == "live", "the connection is live")
    check(page.wait(f"{tile('Power', 'classes')}.includes('old')"), "30 s without data are old")
    check(page.wait(f"{text('connection')}.startsWith('no values for')"), "and said to be")
    check(page.wait(f"{text('subtitle')}.startsWith('was running')"), "the state was running")
    server.write(["machine,machine=M-4 power=2", "spindle,machine=M-4 vibration=3"], age=90_000)
    page.value("location.hash = '#M-4'")
    check(page.wait(f"{tile('Power', 'value')} === '2'"), "values of yesterday are shown after all")
    check(page.wait(f"{tile('Power', 'age')} === '25.0 h ago'"), "with their age")


def events(server, page):
    server.write(["machine,machine=M-3 power=3"])
    numbers = {asset["name"]: asset["id"] for asset in json.loads(urllib.request.urlopen(
        server.address + "/api/v1/assets?type=machine").read())["assets"]}

    def record(name, machine, age):
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - age))
        server.post("/api/v1/events", {"name": name, "asset": numbers[machine], "at": at})

    record("crash", "M-3", 80_000)
    for index in range(500):
        record("jam", "M-1", 5000 + index)
    page.value("location.hash = '#M-3'")
    check(page.wait(f"{text('title')} === 'M-3'"), "the page follows the address")
    check(page.wait(f"{text('alerts')}.includes('crash')"), "other machines' events hide none")
    check(page.value("/\\d [A-Z][a-z]{2},? .*\\d\\d:\\d\\d/.test(" + text("alerts") + ")"),
          "what was yesterday has a date: " + page.value(text("alerts")))
    page.value("location.hash = '#M-1'")
    check(page.wait(f"{text('alerts')}.includes('there are more')"), "a list that is cut says so")


def chart(page):
    levels = page.value("import('/viewer/chart.js').then((chart) => [[-50], [-3, 7], [0], [4100]]"
                        ".map(chart.levels))")
    for seen, found in zip([[-50], [-3, 7], [0], [4100]], levels):
        check(found[0] <= min(seen) and found[-1] >= max(seen) and 0 in found
              and 2 <= len(found) <= 8, f"levels {found} for {seen}")
    page.value("location.hash = '#M-1'")
    check(page.wait(f"{text('chart-name')} === 'Spindle vibration'"), "the chart is of vibration")
    page.value("[...document.querySelectorAll('.tile')].find(t => t.innerText.startsWith('Power')).click()")
    check(page.wait(f"{text('chart-name')} === 'Power'"), "a click on a tile puts it into the chart")


def addresses_and_widths(server, page):
    page.value("location.hash = '#press/P1'")
    check(page.wait(f"{text('title')} === 'P1'"), "types other than machine stand in the address")
    page.value("history.back()")
    check(page.wait(f"{text('title')} === 'M-1'"), "back goes back")
    page.value("location.hash = '#nowhere'")
    check(page.wait(f"{text('subtitle')}.includes('no such asset')"), "an unknown name is said to be")
    server.write([f"machine,machine={LONG} power=123456789.5"])
    page.open(f"{server.address}#{LONG}")
    check(page.wait(f"{tile('Power', 'value')} === '123,456,790'"), "a long name, a large number")
    for width in (1280, 600, 390):
        page.size(width, 844)
        time.sleep(0.3)
        check(page.value("document.documentElement.scrollWidth <= innerWidth"),
              f"nothing stands out at a width of {width}")
    box = page.value("(() => { const b = document.getElementById('connection')"
                     ".getBoundingClientRect(); return [b.left, b.right, b.top]; })()")
    check(box[0] >= 0 and box[1] <= 390 and box[2] >= 0, f"the connection is in sight: {box}")


def lost(server, page):
    page.size(1280, 800)
    server.write(["machine,machine=M-5 power=5,state=\"running\""])
    page.open(server.address + "#M-5")
    check(page.wait(f"{tile('Power', 'value')} === '5'"), "a fresh value")
    check("old" not in page.value(tile("Power", "classes")), "is not old")
    check(page.errors == [], f"nothing is complained of in the console: {page.errors[:3]}")
    server.process.terminate()
    server.process.wait(30)
    check(page.wait(f"{tile('Power', 'classes')}.includes('old')"), "without a server values are old")
    check(page.value(text("connection")).startswith("connection lost"), "the connection is lost")
    check("not connected" in page.value(text("subtitle")), "and the state is not of now")


with tempfile.TemporaryDirectory() as folder:
    server = Server(folder + "/data")
    page = Page(CHROMIUM, folder + "/profile")
    try:
        page.size(1280, 800)
        plant_without_machines(server, page)
        units_and_limits(server, page)
        ages(server, page)
        events(server, page)
        chart(page)
        addresses_and_widths(server, page)
        lost(server, page)
    finally:
        page.close()
        server.process.kill()
        server.process.wait()
sys.exit(1 if failures else 0)
