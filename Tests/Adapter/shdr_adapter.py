"""A machine's adapter, as far as tests need one: `shdr_adapter.py PORT`.

Sends its state to whoever connects and answers `* PING`. Lines on standard input go to the client
as they are; `drop` ends the connection, `mute` stops answering, `quit` ends the program.
"""

import os
import select
import socket
import sys

STATE = """\
* manufacturer: Kern
2026-01-01T00:00:00Z|avail|AVAILABLE|exec|READY
2026-01-01T00:00:00Z|Sspeed|0|S2temp|UNAVAILABLE|Xact|1.5
2026-01-01T00:00:00Z|sys|NORMAL||||
"""
PERIOD = 300


def history():
    """Three tools that are used up, and one that has begun: minutes of cut at 8000 rpm."""
    lines = []
    minute = 1
    for number, minutes in enumerate([30, 36, 33, 10], 1):
        at = lambda offset: "2026-01-01T%02d:%02d:00Z" % divmod(minute + offset, 60)
        lines.append(f"{at(0)}|@ASSET@|T-{number}|CuttingTool|--multiline--END{number}")
        lines.append(f'<CuttingTool serialNumber="S{number}" toolId="EM8" assetId="T-{number}">')
        lines.append(' <CuttingToolLifeCycle><ToolLife type="MINUTES" countDirection="UP"')
        lines.append('  initial="0" limit="35">0</ToolLife><Location type="SPINDLE">1</Location>')
        lines.append(' <Measurements><CuttingDiameterMax code="DC">8</CuttingDiameterMax>')
        lines.append(" </Measurements></CuttingToolLifeCycle></CuttingTool>")
        lines.append(f"--multiline--END{number}")
        lines.append(f"{at(1)}|Sspeed|8000|Sload|40.5|exec|ACTIVE")
        for part in range(minutes // 3):
            lines.append(f"{at(1 + 3 * part)}|pc|{number * 100 + part}")
        lines.append(f"{at(1 + minutes)}|Sspeed|0|exec|READY")
        minute += minutes + 5
    return "\n".join(lines) + "\n"


class Adapter:
    """One client at a time, and what it and standard input have sent so far."""

    def __init__(self, port):
        self.server = socket.socket()
        self.server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.server.bind(("127.0.0.1", port))
        self.server.listen(1)
        self.client = None
        self.muted = False
        self.pending = b""
        self.commands = b""

    def accept(self):
        self.drop()
        self.client = self.server.accept()[0]
        self.client.sendall(STATE.encode())
        self.muted = False

    def drop(self):
        if self.client:
            self.client.close()
        self.client = None
        self.pending = b""

    def command(self, line):
        if line == b"drop":
            self.drop()
        elif line == b"mute":
            self.muted = True
        elif line == b"history" and self.client:
            # In pieces that end anywhere.
            text = history().encode()
            for start in range(0, len(text), 97):
                self.client.sendall(text[start : start + 97])
        elif self.client:
            self.client.sendall(line + b"\n")

    def hear(self):
        data = self.client.recv(4096)
        if not data:
            return self.drop()
        *lines, self.pending = (self.pending + data).split(b"\n")
        for line in lines:
            if line.strip() == b"* PING" and not self.muted:
                self.client.sendall(b"* PONG %d\n" % PERIOD)

    def run(self):
        while True:
            waiting = [self.server, 0] + ([self.client] if self.client else [])
            ready = select.select(waiting, [], [])[0]
            try:
                if self.server in ready:
                    self.accept()
                elif self.client in ready:
                    self.hear()
            except OSError:
                # The other side may go at any moment.
                self.drop()
            if 0 in ready:
                data = os.read(0, 65536)
                *lines, self.commands = (self.commands + data).split(b"\n")
                if not data or b"quit" in lines:
                    return
                for line in lines:
                    try:
                        self.command(line)
                    except OSError:
                        self.drop()


Adapter(int(sys.argv[1])).run()
