"""Records of the twin's graph and of events: graph.md and events.md."""

import struct

from integers import Bytes, require
from records import unsealed

EVER, NEVER = -(1 << 63), (1 << 63) - 1


class Fields(Bytes):
    """The fields of §1, one after the other."""

    number = Bytes.v

    def i64(self):
        return struct.unpack("<q", self.take(8))[0]

    def f64(self):
        return struct.unpack("<d", self.take(8))[0]

    def u32(self):
        number = self.v()
        require(number < 1 << 32, "a number of more than 32 bits")
        return number

    def text(self):
        return self.take(self.v()).decode("utf-8")

    def truth(self):
        byte = self.byte()
        require(byte <= 1, "a byte other than 0 or 1")
        return byte == 1

    def range(self):
        flags = self.byte()
        require(flags <= 3, "a range with other flags")
        start = self.i64() if flags & 1 else EVER
        end = self.i64() if flags & 2 else NEVER
        require(start <= end, "a range that ends before it begins")
        return start, end

    def value(self):
        kind = self.byte()
        readers = {1: self.f64, 2: self.i64, 3: self.truth, 4: self.text}
        require(kind in readers, "an unknown kind of value")
        return readers[kind]()

    def attributes(self):
        return [(self.text(), self.value()) for _ in range(self.v())]

    def numbers(self):
        return [self.u32() for _ in range(self.v())]


def fields(record):
    source = Fields(unsealed(record))
    require(source.byte() == 1, "another version")
    return source


class Key:
    """A key's fields: big-endian, times with the sign bit flipped."""

    def __init__(self, content):
        self.rest = content

    def take(self, count):
        require(count <= len(self.rest), "a key that is too short")
        part, self.rest = self.rest[:count], self.rest[count:]
        return part

    def byte(self):
        return self.take(1)[0]

    def u32(self):
        return struct.unpack(">I", self.take(4))[0]

    def u64(self):
        return struct.unpack(">Q", self.take(8))[0]

    def time(self):
        return self.u64() - (1 << 63)

    def folded(self):
        return self.take(self.rest.index(0) + 1)[:-1].decode("utf-8")

    def all(self, *names):
        values = [getattr(self, name)() for name in names]
        require(not self.rest, "a key that is too long")
        return tuple(values)


def schema(key, record):
    kind = key.byte()
    if kind == 4:
        require(not record, "an index with a value")
        return ("adjacency", *key.all("u32", "u32", "u32"))
    source = fields(record)
    if kind == 1:
        (which,) = key.all("u32")
        result = ("counter", which, source.v())
    elif kind == 2:
        (number,) = key.all("u32")
        result = (
            "type", number, source.text(), source.text(), source.numbers(), source.truth(),
            source.attributes(),
        )
    elif kind == 3:
        (number,) = key.all("u32")
        result = (
            "relation", number, source.text(), source.text(), source.u32(), source.u32(),
            source.truth(), source.attributes(),
        )
    elif kind == 5:
        result = ("measure", *key.all("u32", "u32"), measure(source))
    elif kind == 6:
        result = ("event", *key.all("u32", "u32"), source.truth(), source.attributes())
    else:
        require(kind == 7, "an unknown kind of entry")
        symbol = key.rest.decode("utf-8")
        result = ("unit", symbol, source.f64(), source.text())
    source.end()
    return result


def measure(source):
    kind, shape, value, flags = (source.byte() for _ in range(4))
    require(1 <= kind <= 4 and 1 <= shape <= 2 and 1 <= value <= 4, "a measure")
    result = {"kind": kind, "shape": shape, "value": value, "flags": flags}
    if flags & 2:
        result["gap"] = source.i64()
    for bit, name in ((4, "rollover"), (8, "starts"), (16, "limit")):
        if flags & bit:
            result[name] = source.f64()
    result["unit"] = source.text()
    if flags & 64:
        result["retention"] = source.i64()
    if flags & 128:
        result["rollups"] = [source.i64() for _ in range(source.byte())]
    return result


def words(key, record):
    kind, entry = key.byte(), key.byte()
    require(1 <= kind <= 3, "an unknown kind of word")
    if entry == 2:
        require(not record, "an index with a value")
        return (kind, "folded", *key.all("folded", "u32"))
    source = fields(record)
    if entry == 1:
        result = (kind, "exact", key.rest.decode("utf-8"), source.u32())
    else:
        require(entry == 3, "an unknown entry")
        result = (kind, "name", *key.all("u32"), source.text())
    source.end()
    return result


def assets(key, record):
    (asset,) = key.all("u32")
    source = fields(record)
    result = (asset, source.u32(), source.byte(), source.range(), source.text())
    require(result[2] < 4, "flags that are not listed")
    source.end()
    return result


def links(key, record):
    subject, relation, start, other = key.all("u32", "u32", "time", "u32")
    source = fields(record)
    end, flags = source.i64(), source.byte()
    require(flags <= 1 and end > start, "a link that does not end after it begins")
    seen = source.i64() if flags else None
    source.end()
    return subject, relation, start, end, other, seen


def extents(key, record):
    place = key.all("u32", "u32", "u32")
    source = fields(record)
    result = (*place, source.v(), source.i64())
    source.end()
    return result


def attributes(key, record):
    place = key.all("u32", "u32", "time")
    source = fields(record)
    result = (*place, source.value() if source.truth() else None)
    source.end()
    return result


def log(key, record):
    (line,) = key.all("u64")
    source = fields(record)
    result = (
        line, source.i64(), source.byte(), source.range(), source.text(), source.numbers(),
        source.text(),
    )
    require(1 <= result[2] <= 10, "an unknown action")
    source.end()
    return result


def events(key, record):
    (event,) = key.all("u64")
    source = fields(record)
    result = (
        event, source.u32(), source.u32(), source.i64(), source.i64(), source.text(),
        source.attributes(),
    )
    require(result[3] <= result[4], "an event that ends before it begins")
    source.end()
    return result


def event_extents(key, record):
    place = key.all("u32", "u32")
    source = fields(record)
    result = (*place, source.v())
    source.end()
    return result


def index(*names):
    def read(key, record):
        require(not record, "an index with a value")
        return key.all(*names)

    return read


TABLES = {
    "graph-schema": schema, "graph-words": words, "graph-assets": assets,
    "graph-asset-types": index("u32", "folded", "u32"),
    "graph-asset-names": index("folded", "u32"), "graph-links": links,
    "graph-backlinks": index("u32", "u32", "u32", "time", "time", "u32"),
    "graph-link-extents": extents, "graph-attributes": attributes, "graph-log": log,
    "graph-log-assets": index("u32", "u64"), "events-records": events,
    "events-assets": index("u32", "u32", "time", "time", "u64"),
    "events-times": index("time", "u64"), "events-open": index("u32", "u32", "time", "u64"),
    "events-labels": index("u32", "folded", "u32", "time", "u64"),
    "events-extents": event_extents,
}


def entries(name, text):
    """All entries of a golden file: a key and a value on two lines each."""
    lines = [bytes.fromhex(line) for line in text.split("\n")]
    return [
        TABLES[name](Key(key), value) for key, value in zip(lines[0::2], lines[1::2]) if key
    ]
