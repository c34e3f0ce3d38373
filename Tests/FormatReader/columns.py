"""Columns of floats, times, booleans, texts and qualities (storage-format/encodings.md §5, §7 to §9)."""

import struct

from integers import (
    INTEGER_LIMIT, WORD, bits_of, chosen, column, float_of, integers, repeated, require,
    Refused, run_lengths, running, signed, zstd,
)

# Floats, §5: bit patterns throughout, so that nothing is lost on the way


def floats(source, count=None, sibling=None):
    return column(source, 1, FLOAT_MODES, count, sibling=sibling)


def parts_of_floats(source, count=None):
    inner = source.nested()
    require(inner.content[:1] != b"\x14", "a sibling column inside another")
    return floats(inner, count)


def float_constant(source, rows, sibling):
    return [source.word()] * rows


def float_raw(source, rows, sibling):
    return list(struct.unpack(f"<{rows}Q", source.take(8 * rows)))


def float_zstd(source, rows, sibling):
    return list(struct.unpack(f"<{rows}Q", zstd(source.rest(), 8 * rows)))


def float_runs(source, rows, sibling):
    values = parts_of_floats(source)
    require(len(values) <= rows, "more runs than rows")
    return repeated(values, run_lengths(source, rows, len(values)))


def float_levels(source, rows, sibling):
    levels = parts_of_floats(source)
    require(len(levels) <= rows, "more levels than rows")
    return chosen(levels, source, rows)


def divisor(code):
    if code >= 128:
        require(code - 128 <= 50, "a scale")
        return float(1 << (code - 128))
    require(code // 4 <= 17, "a scale")
    return float((1, 3, 7, 9)[code % 4] * 10 ** (code // 4))


def scaled(source, rows, commanded):
    scale = divisor(source.byte())
    flags = source.byte()
    require(flags <= 7, "flags")
    numbers = integers(source.nested(), rows)
    distances = integers(source.nested(), rows) if flags & 1 else [0] * rows
    if commanded is not None:
        require(len(commanded) == rows, "a sibling of another length")
        for row in range(rows):
            product = float_of(commanded[row]) * scale
            if abs(product) < INTEGER_LIMIT:
                numbers[row] = signed(numbers[row] + round(product))
    values = []
    for number, distance in zip(numbers, distances):
        require(abs(number) < INTEGER_LIMIT, "an integer of 2^51 or more")
        # An integer of 0 is +0.0 whatever it came from; both operands are exact.
        quotient = float(number) / scale
        if flags & 4:
            quotient = printed(quotient)
        values.append((bits_of(quotient) + distance) & WORD)
    row = -1
    count = source.v() if flags & 2 else 0
    require(count <= rows, "a number of exceptions")
    for _ in range(count):
        row += 1 + source.v()
        require(row < rows, "the row of an exception")
        values[row] = source.word()
    return values


def printed(quotient):
    """A quotient as it was written with 15 significant digits."""
    size = abs(quotient)
    if not 0.001 <= size < 1e15:
        return quotient
    exponent = max(e for e in range(-3, 15) if float(f"1e{e}") <= size)
    power = float(10 ** (14 - exponent))
    return float(round(quotient * power)) / power


def float_scaled(source, rows, sibling):
    return scaled(source, rows, None)


def float_sibling(source, rows, sibling):
    require(sibling is not None, "the sibling is missing")
    return scaled(source, rows, sibling)


def float_split(source, rows, sibling):
    cut = source.byte()
    require(1 <= cut <= 63, "a cut")
    front = integers(source.nested(), rows)
    return [(a << cut | b) & WORD for a, b in zip(front, source.bits(cut, rows))]


def float_gorilla(source, rows, sibling):
    whole = source.rest()
    string, at = int.from_bytes(whole, "little"), 0

    def take(width):
        nonlocal at
        require(at + width <= 8 * len(whole), "a field ends behind the column")
        part = string >> at & ((1 << width) - 1)
        at += width
        return part

    values, before, lead, width = [], 0, 0, 0
    for _ in range(rows):
        if take(1):
            if take(1):
                lead, width = take(5), take(6) + 1
                require(lead + width <= 64, "lead and width over 64")
            require(width > 0, "a value without a width")
            before ^= take(width) << (64 - lead - width)
        values.append(before)
    require((at + 7) // 8 == len(whole), "bytes are left over")
    return values


def float_planes(source, rows, sibling):
    return [
        (number if number >= 0 else number ^ 0x7FFF_FFFF_FFFF_FFFF) & WORD
        for number in integers(source.nested(), rows)
    ]


FLOAT_MODES = {
    0x10: float_constant, 0x11: float_runs, 0x12: float_scaled, 0x13: float_levels,
    0x14: float_sibling, 0x15: float_split, 0x16: float_gorilla, 0x17: float_raw,
    0x18: float_planes, 0x19: float_zstd,
}


# Times, §7


def times(source, count=None):
    return column(source, 3, TIME_MODES, count)


def time_step(source, rows):
    first, step = source.z(), source.z()
    return [signed(first + row * step) for row in range(rows)]


def time_jumps(source, rows):
    first, step = source.z(), source.z()
    places = integers(source.nested())
    require(len(places) <= rows, "more jumps than rows")
    jumps = integers(source.nested(), len(places))
    steps = [step] * rows
    row = 0
    for place, jump in zip(places, jumps):
        row += place + 1
        require(place >= 0 and row < rows, "a jump outside the column")
        steps[row] += jump
    return running([first] + steps[1:], 0, 64)[:rows]


def time_integers(source, rows):
    return integers(source.nested(), rows)


def time_line(source, rows):
    first, step = source.z(), source.z()
    rest = integers(source.nested(), rows)
    return [signed(first + row * step + rest[row]) for row in range(rows)]


TIME_MODES = {
    0x30: time_step, 0x31: time_jumps, 0x32: time_integers, 0x33: time_integers,
    0x34: time_line,
}


# Booleans and texts, §8


def booleans(source, count=None):
    return column(source, 4, BOOLEAN_MODES, count)


def truth(source):
    byte = source.byte()
    require(byte <= 1, "a boolean that is neither 0 nor 1")
    return byte == 1


def boolean_runs(source, rows):
    value = truth(source)
    inner = source.nested()
    lengths = [length + 1 for length in integers(inner)]
    require(all(0 < length <= rows for length in lengths), "a run outside the column")
    require(sum(lengths) == rows, "runs that do not cover the rows")
    return repeated([value ^ (run % 2 == 1) for run in range(len(lengths))], lengths)


def flags_of(content, rows):
    return [content[row // 8] >> (row % 8) & 1 == 1 for row in range(rows)]


BOOLEAN_MODES = {
    0x40: lambda source, rows: [truth(source)] * rows,
    0x41: boolean_runs,
    0x42: lambda source, rows: flags_of(source.take((rows + 7) // 8), rows),
    0x43: lambda source, rows: flags_of(zstd(source.rest(), (rows + 7) // 8), rows),
}


def texts(source, count=None):
    return column(source, 5, TEXT_MODES, count)


def cut_up(content, lengths):
    require(all(length >= 0 for length in lengths), "a negative length")
    require(sum(lengths) == len(content), "lengths that do not cover the bytes")
    result, at = [], 0
    for length in lengths:
        try:
            result.append(content[at : at + length].decode("utf-8"))
        except UnicodeDecodeError as error:
            raise Refused("a text that is no UTF-8") from error
        at += length
    return result


def text_levels(source, rows):
    levels = texts(source.nested())
    require(len(levels) <= rows, "more levels than rows")
    return chosen(levels, source, rows)


def text_plain(source, rows):
    lengths = integers(source.nested(), rows)
    return cut_up(source.rest(), lengths)


def text_zstd(source, rows):
    lengths = integers(source.nested(), rows)
    size = source.v()
    require(size <= 268_435_456, "more bytes of text than the limit")
    return cut_up(zstd(source.rest(), size), lengths)


TEXT_MODES = {0x50: text_levels, 0x51: text_plain, 0x52: text_zstd}


# Qualities, §9


def qualities(source, count):
    if not source.content:
        return [0] * count
    return column(source, 6, {0x60: quality_runs}, count)


def quality_runs(source, rows):
    values = integers(source.nested())
    require(all(0 <= value <= 3 for value in values), "an unknown quality")
    return repeated(values, run_lengths(source, rows, len(values)))
