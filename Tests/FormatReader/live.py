"""Records of live.md: alerts, continuous queries, models."""

import struct

from graph import Key
from integers import Bytes, require


def checked(record):
    """The fields of a record between its format number and its FNV-1a sum."""
    require(len(record) >= 9 and record[0] == 1, "another format")
    value = 0xCBF29CE484222325
    for byte in record[:-8]:
        value = (value ^ byte) * 0x100000001B3 & ((1 << 64) - 1)
    require(struct.unpack("<Q", record[-8:])[0] == value, "a wrong checksum")
    return Fields(record[1:-8])


class Fields(Bytes):
    """Fields one after the other."""

    def number(self):
        return struct.unpack("<q", self.take(8))[0]

    def run(self):
        return self.take(self.number())

    def text(self):
        return self.run().decode("utf-8")

    def parameter(self):
        name, kind = self.text(), self.byte()
        require(1 <= kind <= 4, "an unknown kind of parameter")
        if kind == 1:
            return name, self.text()
        if kind == 2:
            return name, struct.unpack("<d", self.take(8))[0]
        return name, self.number() if kind == 3 else self.byte() == 1


def definition(key, record):
    kind, name = Key(key).all("byte", "folded")
    source = checked(record)
    fields = {"kind": source.byte(), "name": source.text(), "statement": source.text()}
    fields["zone"], fields["created"] = source.text(), source.number()
    fields["parameters"] = dict(source.parameter() for _ in range(source.number()))
    source.end()
    require((kind, name) == (fields["kind"], fields["name"]), "another key")
    return fields


def position(key, record):
    place = Key(key).all("byte", "folded")
    source = checked(record)
    result = (*place, source.number(), [source.number() for _ in range(source.number())])
    source.end()
    return result


def model(key, record):
    place = Key(key).all("folded", "u32")
    source = checked(record)
    result = (*place, source.number(), source.number())
    require(len(source.run()) > 0, "a model without a state")
    source.end()
    return result


def checkpoint(key, record):
    place = Key(key).all("folded", "u32", "time")
    source = checked(record)
    result = (*place, source.number(), source.number())
    require(len(source.run()) > 0, "a model without a state")
    source.end()
    require(result[2] == result[3], "another position than that of the key")
    return result


def corrections(key, record):
    place = Key(key).all("byte", "folded")
    source = checked(record)
    result = (*place, source.number(), source.number())
    source.end()
    return result


def late(key, record):
    (series,) = Key(key).all("u32")
    source = checked(record)
    result = (series, *(source.number() for _ in range(3 if series else 1)))
    source.end()
    return result


TABLES = {
    "live-definitions": definition, "live-positions": position, "live-models": model,
    "live-checkpoints": checkpoint, "live-corrections": corrections,
    "live-late": late}


def entries(name, text):
    """All entries of a golden file: a key and a record on two lines each."""
    lines = [bytes.fromhex(line) for line in text.split("\n") if line]
    return [TABLES[name](key, record) for key, record in zip(lines[0::2], lines[1::2])]
