"""One page of headless Chromium, driven over its debugging pipe; needs no package."""

import json
import os
import select
import subprocess
import time


class Page:
    def __init__(self, program, folder):
        self.number = 0
        self.rest = b""
        self.errors = []
        self.session = None
        self.output, to_us = os.pipe()
        from_us, self.input = os.pipe()
        for end in (to_us, from_us):
            os.set_inheritable(end, True)

        def prepare():
            # Chromium reads commands from 3 and answers on 4.
            spare = os.dup(to_us)
            os.dup2(from_us, 3)
            os.dup2(spare, 4)

        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--remote-debugging-pipe",
             "--no-first-run", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
             "--user-data-dir=" + folder],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, close_fds=False,
            preexec_fn=prepare)
        os.close(to_us)
        os.close(from_us)
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.send(
            "Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.send(domain + ".enable")

    def send(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.input, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]

    def receive(self):
        while b"\0" not in self.rest:
            if not select.select([self.output], [], [], 60)[0]:
                raise RuntimeError("the browser does not answer")
            part = os.read(self.output, 1 << 16)
            if not part:
                raise RuntimeError("the browser has ended")
            self.rest += part
        text, self.rest = self.rest.split(b"\0", 1)
        message = json.loads(text)
        if message.get("method") == "Log.entryAdded":
            entry = message["params"]["entry"]
            if entry["level"] == "error":
                self.errors.append(f"{entry['text']} {entry.get('url', '')}")
        elif message.get("method") == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(message["params"]["exceptionDetails"])[:400])
        return message

    def open(self, address):
        # By way of an empty page: another fragment alone would load nothing.
        self.send("Page.navigate", url="about:blank")
        self.send("Page.navigate", url=address)

    def size(self, width, height):
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=False)

    def value(self, expression):
        answer = self.send("Runtime.evaluate", expression=expression, awaitPromise=True,
                           returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait(self, expression, seconds=20):
        """Waits until an expression holds; false when it does not in time, or has no value yet."""
        end = time.time() + seconds
        guarded = f"(() => {{ try {{ return {expression}; }} catch {{ return false; }} }})()"
        while time.time() < end:
            if self.value(guarded):
                return True
            time.sleep(0.1)
        return False

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
