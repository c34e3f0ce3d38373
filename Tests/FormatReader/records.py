"""Records of the store: chunk.md, journal.md, series.md, deliveries.md, snapshot.md.

Graph records and events are in graph.py.
"""

import struct

from columns import booleans, floats, qualities, texts, times
from integers import Bytes, Refused, bits_of, float_of, integers, require

FLOAT, INTEGER, BOOLEAN, TEXT = 1, 2, 3, 4


def table():
    rows = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        rows.append(byte)
    return rows


CASTAGNOLI = table()


def crc(content):
    """CRC-32C: reflected, initial value and final xor FFFFFFFF."""
    value = 0xFFFFFFFF
    for byte in content:
        value = value >> 8 ^ CASTAGNOLI[(value ^ byte) & 255]
    return value ^ 0xFFFFFFFF


def unsealed(record):
    require(len(record) >= 4, "a sealed record of fewer than four bytes")
    (seal,) = struct.unpack("<I", record[-4:])
    require(crc(record[:-4]) == seal, "a wrong checksum")
    return record[:-4]


def part(record, offset, size):
    require(offset + size <= len(record), "an entry outside the record")
    return record[offset : offset + size]


def values_of(kind, content, rows):
    source = Bytes(content)
    if kind == FLOAT:
        return floats(source, rows)
    if kind == INTEGER:
        return integers(source, rows)
    if kind == BOOLEAN:
        return booleans(source, rows)
    require(kind == TEXT, "an unknown kind of value")
    return texts(source, rows)


def chunk(record, group=None, last=None):
    """Columns of a chunk as dictionaries, each with its statistics or None."""
    require(len(record) >= 48, "a chunk shorter than its header")
    magic, version, tier, named, size, first, end, columns, vectors, rows = struct.unpack(
        "<4sBB2xIIqqIIQ", record[:48]
    )
    require(magic == b"PXCK" and version == 1 and tier in (1, 2), "magic, version or tier")
    require(group is None or named == group, "another group than in the key")
    require(last is None or end == last, "another last time than in the key")
    require(size == len(record), "another size")
    require(columns <= 1_048_576 and vectors <= columns, "counts beyond the limits")
    at = 48 + 32 * vectors
    entries = [
        struct.unpack("<IBB2xIIIIII", part(record, at + 32 * index, 32))
        for index in range(columns)
    ]
    flagged = [entry for entry in entries if entry[2] & 1]
    table_end = at + 32 * columns + 72 * len(flagged)
    (seal,) = struct.unpack("<I", part(record, table_end, 4))
    require(crc(record[:table_end]) == seal, "a wrong checksum of the entries")
    vector_times = []
    for index in range(vectors):
        offset, length, count, check, begin, finish = struct.unpack(
            "<IIIIqq", part(record, 48 + 32 * index, 32)
        )
        content = part(record, offset, length)
        require(crc(content) == check, "a wrong checksum of a vector")
        found = times(Bytes(content), count)
        require(found[0] == begin and found[-1] == finish, "times that are not the entry's")
        require(all(a < b for a, b in zip(found, found[1:])), "times that do not ascend")
        vector_times.append(found)
    result = []
    statistics_at = at + 32 * columns
    for series, kind, flags, vector, count, offset, value_size, quality_size, check in entries:
        content = part(record, offset, value_size + quality_size)
        require(crc(content) == check, "a wrong checksum of a column")
        require(vector < vectors and len(vector_times[vector]) == count, "a vector that does not fit")
        statistics = None
        if flags & 1:
            fields = struct.unpack("<Q7dq", part(record, statistics_at, 72))
            statistics = dict(zip(STATISTICS, fields))
            statistics_at += 72
        result.append({
            "series": series, "kind": kind, "times": vector_times[vector],
            "values": values_of(kind, content[:value_size], count),
            "qualities": qualities(Bytes(content[value_size:]), count),
            "statistics": statistics,
        })
    require(sum(entry[4] for entry in entries) == rows, "another number of values")
    require([e["series"] for e in result] == sorted({e["series"] for e in result}), "the order")
    require(min(map(min, vector_times), default=first) == first, "another first time")
    require(max(map(max, vector_times), default=end) == end, "another last time")
    return result


STATISTICS = (
    "good", "minimum", "maximum", "sum", "first", "last", "step integral", "linear integral",
    "longest gap",
)


def exact_sum(bits):
    """The sum that statistics promise to the last bit (encodings.md §10)."""
    total = 0.0
    for start in range(0, len(bits), 1024):
        accumulators = [0.0] * 16
        for place, word in enumerate(bits[start : start + 1024]):
            accumulators[place % 16] += float_of(word)
        for half in (8, 4, 2, 1):
            for place in range(half):
                accumulators[place] += accumulators[place + half]
        total += accumulators[0]
    return total


def journal(record, kinds):
    """Sequence number and rows (series, time, value, quality) of a journal record."""
    content = unsealed(record)
    magic, version, sequence, rows, *sizes = struct.unpack("<4sB3xQI7I", content[:48])
    require(magic == b"PXJR" and version == 1 and rows <= 1 << 24, "magic, version or rows")
    sections, at = [], 48
    for size in sizes:
        sections.append(part(content, at, size))
        at += size
    require(at == len(content), "sections that do not fill the record")
    series = integers(Bytes(sections[0]), rows)
    instants = integers(Bytes(sections[1]), rows)
    plain = floats(Bytes(sections[2])) if sections[2] else []
    others = integers(Bytes(sections[3])) if sections[3] else []
    words = texts(Bytes(sections[6])) if sections[6] else []
    require(len(plain) + len(others) == rows, "floats and others that are not all rows")
    if sections[4]:
        mask = booleans(Bytes(sections[4]), rows)
    else:
        mask = [bool(plain)] * rows
    marks = qualities(Bytes(sections[5]), rows)
    require(sum(mask) == len(plain), "a mask that does not fit")
    floating, other = iter(plain), iter(others)
    result = []
    for row in range(rows):
        require(series[row] in kinds, "a series that is not in the catalog")
        kind = kinds[series[row]]
        require((kind == FLOAT) == mask[row], "a value of another kind")
        value = next(floating) if mask[row] else next(other)
        if kind == BOOLEAN:
            require(value in (0, 1), "a boolean that is neither 0 nor 1")
            value = value == 1
        if kind == TEXT:
            require(0 <= value < len(words), "an index beyond the texts")
            value = words[value]
        result.append((series[row], instants[row], value, marks[row]))
    return sequence, result


def series(record):
    content = unsealed(record)
    require(len(content) == 13, "another length")
    asset, measure, group, kind = struct.unpack("<IIIB", content)
    require(1 <= kind <= 4, "an unknown kind of value")
    return {"asset": asset, "measure": measure, "group": group, "kind": kind}


def last(record):
    content = unsealed(record)
    names = ("points", "late", "duplicate", "rejected", "first", "kind")
    result = dict(zip(names, struct.unpack("<QQQQqB", content[:41])))
    kind = result["kind"]
    if kind == 0:
        require(len(content) == 41, "another length")
        return result
    result["quality"], result["time"] = struct.unpack("<Bq", content[41:50])
    value = content[50:]
    if kind == FLOAT:
        result["value"] = struct.unpack("<d", value)[0]
    elif kind == INTEGER:
        result["value"] = struct.unpack("<q", value)[0]
    elif kind == BOOLEAN:
        require(len(value) == 1 and value[0] <= 1, "a boolean")
        result["value"] = value[0] == 1
    else:
        require(kind == TEXT, "an unknown kind of value")
        result["value"] = value.decode("utf-8")
    return result


def audit(record, layout):
    """A range delete: when, its parts (series, start, end, points), who, what and why."""
    content = unsealed(record)
    (when,) = struct.unpack("<q", content[:8])
    if layout == 1:
        return when, [struct.unpack("<IqqQ", content[8:36])], "", "", content[36:].decode("utf-8")
    require(layout == 2, "an unknown layout")
    (count,) = struct.unpack("<I", content[8:12])
    at = 12 + 28 * count
    require(at <= len(content), "more parts than bytes")
    parts = [struct.unpack("<IqqQ", content[12 + 28 * n : 40 + 28 * n]) for n in range(count)]
    words = []
    for _ in range(3):
        (size,) = struct.unpack("<I", part(content, at, 4))
        words.append(part(content, at + 4, size).decode("utf-8"))
        at += 4 + size
    require(at == len(content), "bytes after its end")
    return when, parts, *words


def expiry(record):
    content = unsealed(record)
    require(len(content) == 16, "another length")
    return dict(zip(("expired", "points"), struct.unpack("<qQ", content)))


def rollups(record):
    content = unsealed(record)
    require(len(content) == 25 and content[0] <= 31, "another length or flags")
    return dict(zip(("flags", "gap", "from", "until"), struct.unpack("<Bqqq", content)))


def bucket(record):
    """The fixed fields in the order of the page, then states, then a counter."""
    source = Fields(unsealed(record))
    flags = source.take("B")
    require(flags == 4 or flags & 4 == 0 and flags <= 123, "unknown flags")
    fields = [flags, source.take("Q")]
    if not flags & 8:
        fields += [source.take("d") for _ in range(6)]
    fields += [source.take("q") for _ in range(4)]
    if flags & 16:
        fields.append(states(source))
    if flags & 32:
        kind = source.take("B")
        require(kind <= INTEGER, "a counter is no number")
        form = "q" if kind == INTEGER else "d"
        fields.append((kind, source.take(form), source.take(form), source.take("Q"),
                       *(source.take("d") for _ in range(3)), source.take("q")))
    if flags & 64:
        fields.append(sketch(source))
    require(source.at == len(source.content), "bytes behind the last field")
    return tuple(fields)


def sketch(source):
    """The middles of bins with their counts."""
    count, number, bins = source.take("H"), 0, []
    if count == 65535:
        return None
    for _ in range(count):
        number += source.varint()
        edges = [number << 46, (number << 46) + (1 << 46) - 1]
        low, high = (struct.unpack("<d", struct.pack("<Q", bits & ~(1 << 63) if bits >> 63 else bits ^ (1 << 64) - 1))[0]
                     for bits in edges)
        bins.append((0.0 if low == 0 or high == 0 else low + (high - low) / 2, source.varint()))
    return bins


def states(source):
    kind, count, crowded, last = (source.take("B") for _ in range(4))
    require(count <= 16 and crowded <= 1 and kind <= TEXT, "values of no known form")
    values = []
    for _ in range(count):
        time = source.take("q")
        if kind == TEXT:
            value = source.raw(source.take("I")).decode("utf-8")
        else:
            value = source.take({FLOAT: "d", INTEGER: "q", BOOLEAN: "B"}[kind])
        values.append((value, time))
    changes = [tuple(source.take(form) for form in "BBI") for _ in range(source.take("B"))]
    return values, crowded, last, changes


class Fields:
    """Little-endian fields in order."""

    def __init__(self, content):
        self.content, self.at = content, 0

    def raw(self, count):
        require(self.at + count <= len(self.content), "the record ends early")
        self.at += count
        return self.content[self.at - count:self.at]

    def varint(self):
        value, shift = 0, 0
        while True:
            byte = self.take("B")
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7

    def take(self, form):
        return struct.unpack("<" + form, self.raw(struct.calcsize("<" + form)))[0]


def delivery(record):
    """Messages (packet, digest, arrival) of one commit."""
    require((len(record) - 9) % 18 == 0 and record[0] == 1, "version or length")
    word = (1 << 64) - 1
    check, messages = 0, []
    for at in range(1, len(record) - 8, 18):
        packet, digest, arrival = struct.unpack("<HQq", record[at : at + 18])
        check = (check ^ packet) * 0x9E3779B97F4A7C15 & word ^ digest
        check = check * 0xD1B54A32D192ED03 & word ^ arrival & word
        messages.append((packet, digest, arrival))
    require(struct.unpack("<Q", record[-8:])[0] == check, "the check")
    return messages


def manifest(content):
    lines = content.decode("ascii").split("\n")
    require(lines[0] == "pollux snapshot 1" and lines[-1] == "", "title or end")
    fields = {name: int(number) for name, number in (line.split(" ") for line in lines[1:-1])}
    before = content.index(b"manifest-checksum")
    require(crc(content[:before]) == fields["manifest-checksum"], "a wrong checksum")
    return fields
