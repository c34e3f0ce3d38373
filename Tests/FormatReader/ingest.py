"""Records of ingest.md and deliveries.md §2, which are big-endian."""

import struct

from graph import Key
from integers import require
from records import unsealed


class Record(Key):
    """Fields of a record of ingest."""

    def text(self):
        return self.folded()

    def payload(self):
        return self.take(self.u32())


def birth(record):
    source = Record(unsealed(record))
    require(source.byte() == 1, "another version")
    return source.time(), source.rest


def session(record):
    source = Record(unsealed(record))
    require(source.byte() == 1, "another version")
    flags = source.byte()
    require(flags <= 1, "flags that are not listed")
    result = {"online": flags == 1, "number": source.u64(), "newest": source.time()}
    result["absent"] = [
        (source.text(), source.byte(), source.time()) for _ in range(source.u32())
    ]
    result["next"] = source.byte()
    result["waiting"] = [
        (source.byte(), source.text(), source.text(), source.time(), source.payload())
        for _ in range(source.u32())
    ]
    require(not source.rest, "bytes are left over")
    return result


def check_birth(content):
    at, payload = birth(content)
    require(at > 0, f"a birth at {at}")
    # The payload's first field is the time, its second a metric by the name of Load.
    require(payload[:1] == b"\x08" and b"Load" in payload, "the payload of the birth")


def check_session(content):
    found = session(content)
    require(found["online"] and found["number"] == 7, f"{found}")
    require([name for name, state, _ in found["absent"] if state == 2] == ["D"], f"{found}")
    require(len(found["waiting"]) == 1, f"{found}")


def check_writer(content):
    source = Record(unsealed(content))
    require(source.byte() == 1, "another version")
    name, units = source.text(), {}
    while source.rest:
        field = source.text()
        units[field] = source.text()
    require(name == ".Spindle_Writer", f"a writer {name}")
    require(units == {"Load": "%", "Vibration": "mm/s"}, f"units {units}")


def check_device(content):
    at, document = birth(content)
    require(at > 0, f"a description at {at}")
    require(b"uuid='u'" in document, "the document of the device")


def opened(content):
    """The fields of a record that was not sealed in its first version."""
    if content[0] == 1:
        return Record(content[1:])
    source = Record(unsealed(content))
    require(source.byte() == 2, "another version")
    return source


def check_letter(content):
    source = opened(content)
    found = source.time(), source.text(), source.text(), source.text(), source.rest
    require(found == (1_700_000_000 * 10**9, "mqtt", "a/b", "no rule", b"{}"), f"a letter {found}")


def check_import(content):
    source = opened(content)
    found = source.u64(), source.u64(), source.u64(), source.u64(), source.text()
    require(found == (4096, 92, 90, 1, "f"), f"an import {found}")
    require(not source.rest, "bytes are left over")
