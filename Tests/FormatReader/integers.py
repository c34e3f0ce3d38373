"""Columns of integers, read as storage-format/encodings.md §1 to §4 and §6 say, and by nothing else.

A second reader of the format in another language: it shares no line with the one in Swift, so where
the pages leave something out, the two disagree and a test fails. Plain Python, slow on purpose; zstd
comes from the system's libzstd.
"""

import ctypes
import ctypes.util
import struct

COUNT_LIMIT = 1 << 24
BLOCK = 1024
DEPTH_LIMIT = 6
WORD = (1 << 64) - 1
INTEGER_LIMIT = 1 << 51


class Refused(Exception):
    """Bytes that a reader must not guess about (§11)."""


def require(holds, reason):
    if not holds:
        raise Refused(reason)


def signed(word, width=64):
    """The low `width` bits of a number as two's complement."""
    word &= (1 << width) - 1
    return word - (1 << width) if word >> (width - 1) else word


def float_of(bits):
    return struct.unpack("<d", struct.pack("<Q", bits & WORD))[0]


def bits_of(value):
    return struct.unpack("<Q", struct.pack("<d", value))[0]


def zstd(frame, size):
    """The content of one frame, which must have exactly `size` bytes."""
    library = ctypes.CDLL(ctypes.util.find_library("zstd") or "libzstd.so.1")
    library.ZSTD_decompress.restype = ctypes.c_size_t
    library.ZSTD_decompress.argtypes = [
        ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t,
    ]
    library.ZSTD_findFrameCompressedSize.restype = ctypes.c_size_t
    library.ZSTD_findFrameCompressedSize.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
    length = library.ZSTD_findFrameCompressedSize(frame, len(frame))
    require(length == len(frame), "bytes behind a zstd frame")
    target = ctypes.create_string_buffer(max(1, size))
    written = library.ZSTD_decompress(target, size, frame, len(frame))
    require(written == size, "a zstd frame that is damaged or has another size")
    return target.raw[:size]


class Bytes:
    """A place in a byte string (§1)."""

    def __init__(self, content, depth=0):
        self.content, self.at, self.depth = bytes(content), 0, depth

    def take(self, count):
        require(self.at + count <= len(self.content), "a field ends behind the column")
        part = self.content[self.at : self.at + count]
        self.at += count
        return part

    def byte(self):
        return self.take(1)[0]

    def v(self):
        number = 0
        for place in range(10):
            byte = self.byte()
            number |= (byte & 127) << (7 * place)
            if byte < 128:
                require(number <= WORD, "a LEB128 number over 2^64 - 1")
                return number
        raise Refused("a LEB128 number of more than ten bytes")

    def z(self):
        number = self.v()
        return number >> 1 if number % 2 == 0 else -(number >> 1) - 1

    def word(self):
        return struct.unpack("<Q", self.take(8))[0]

    def bits(self, width, count):
        if width == 0:
            return [0] * count
        whole = int.from_bytes(self.take((count * width + 7) // 8), "little")
        require(whole >> (count * width) == 0, "filling bits that are not zero")
        return [whole >> (row * width) & ((1 << width) - 1) for row in range(count)]

    def nested(self):
        size = self.v()
        require(self.depth < DEPTH_LIMIT, "nesting deeper than 6")
        return Bytes(self.take(size), self.depth + 1)

    def rest(self):
        return self.take(len(self.content) - self.at)

    def end(self):
        require(self.at == len(self.content), "bytes are left over")


def column(source, digit, modes, count=None, **more):
    """Header (§1), body by mode, and nothing behind it."""
    mode = source.byte()
    require(mode >> 4 == digit and mode in modes, f"mode {mode:02x}")
    rows = source.v()
    require(rows <= COUNT_LIMIT, "a count over the limit")
    require(count is None or rows == count, "another count than the record says")
    values = modes[mode](source, rows, **more)
    source.end()
    return values


# Integers, §3, §4 and §6


def integers(source, count=None):
    return column(source, 2, INTEGER_MODES, count)


def run_lengths(source, rows, runs):
    """Lengths of runs, which cover `rows` exactly."""
    lengths = [length + 1 for length in integers(source.nested(), runs)]
    require(all(0 < length <= rows for length in lengths), "a run outside the column")
    require(sum(lengths) == rows, "runs that do not cover the rows")
    return lengths


def repeated(values, lengths):
    return [value for value, length in zip(values, lengths) for _ in range(length)]


def chosen(levels, source, rows):
    places = integers(source.nested(), rows)
    require(all(0 <= place < len(levels) for place in places), "a place outside the dictionary")
    return [levels[place] for place in places]


def integer_constant(source, rows):
    return [source.z()] * rows


def integer_runs(source, rows):
    values = integers(source.nested())
    require(len(values) <= rows, "more runs than rows")
    return repeated(values, run_lengths(source, rows, len(values)))


def integer_levels(source, rows):
    levels = integers(source.nested())
    require(len(levels) <= rows, "more levels than rows")
    return chosen(levels, source, rows)


def integer_raw(source, rows):
    return list(struct.unpack(f"<{rows}q", source.take(8 * rows)))


def packed(order):
    def read(source, rows):
        factor, offset = source.v(), source.z()
        require(1 <= factor < 1 << 63, "a factor out of range")
        numbers = []
        for first in range(0, rows, BLOCK):
            numbers += block(source, order, min(BLOCK, rows - first))
        return [signed(offset + factor * number) for number in numbers]

    return read


def block(source, order, rows):
    head = source.byte()
    code = head & 127
    require(code <= 97, "a block's code")
    width = code if code <= 32 else code - 33
    reference = source.z()
    start = source.z() if order >= 1 else 0
    step = source.z() if order == 2 else 0
    count = size = 0
    if head & 128:
        count, size = source.v(), source.v()
        require(1 <= count <= rows, "a number of exceptions")
    numbers = lanes(source, width, order) if rows == BLOCK else source.bits(width, rows)
    place = Bytes(source.take(size))
    row = -1
    for _ in range(count):
        row += 1 + place.v()
        require(row < rows, "the row of an exception")
        numbers[row] += place.z() << width
    place.end()
    residuals = [reference + number for number in numbers]
    if order == 0:
        return [signed(number) for number in residuals]
    # Narrow full blocks sum up in 32 bits, all others in 64.
    sums = 32 if rows == BLOCK and code <= 32 else 64
    if order == 2:
        residuals = running(residuals, step, sums)
    return [signed(start + signed(number, sums)) for number in running(residuals, 0, sums)]


def running(numbers, start, width):
    result, total = [], start
    for number in numbers:
        total = signed(total + number, width)
        result.append(total)
    return result


def lanes(source, width, order):
    """A full block: 32 lanes of 32 numbers, words of 32 bits side by side."""
    if width > 32:
        low = lanes(source, 32, order)
        high = lanes(source, width - 32, order)
        return [a | b << 32 for a, b in zip(low, high)]
    words = struct.unpack(f"<{32 * width}I", source.take(128 * width))
    numbers = [0] * BLOCK
    for lane in range(32):
        string = 0
        for word in range(width):
            string |= words[32 * word + lane] << (32 * word)
        for place in range(32):
            row = 32 * place + lane if order == 0 else 32 * lane + place
            numbers[row] = string >> (place * width) & ((1 << width) - 1)
    return numbers


def integer_planes(source, rows):
    order = source.byte()
    require(order <= 2, "an order of differences")
    factor, offset, start = source.v(), source.z(), source.z()
    require(1 <= factor < 1 << 63, "a factor out of range")
    step = source.z() if order == 2 else 0
    cut, planes = source.byte(), source.byte()
    require(cut <= 64 and planes <= 8 and cut + 8 * planes < 72, "cut and planes")
    residuals = source.bits(cut, rows)
    for plane in range(planes if rows else 0):
        kind = source.byte()
        if kind == 0:
            content = bytes([source.byte()]) * rows
        elif kind == 1:
            content = source.take(rows)
        else:
            require(kind == 2, "the kind of a plane")
            content = zstd(source.take(source.v()), rows)
        for row in range(rows):
            residuals[row] |= content[row] << (cut + 8 * plane)
    residuals = [residual & WORD for residual in residuals]
    if order == 0:
        numbers = [start + residual for residual in residuals]
    else:
        numbers = [
            residual >> 1 if residual % 2 == 0 else -(residual >> 1) - 1
            for residual in residuals
        ]
        if order == 2:
            numbers = running(numbers, step, 64)
        numbers = running(numbers, start, 64)
    return [signed(offset + factor * number) for number in numbers]


INTEGER_MODES = {
    0x20: integer_constant, 0x21: integer_runs, 0x22: packed(0), 0x23: packed(1),
    0x24: packed(2), 0x25: integer_levels, 0x26: integer_planes, 0x27: integer_raw,
}
