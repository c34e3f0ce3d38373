"""Prints every row of the chunks in a file, one record in hexadecimal a line: print_chunks.py FILE.

A row is `series time value quality`, the value as 16 digits of its bit pattern, a decimal integer,
`true` or `false`, or the bytes of a text in hexadecimal.
"""

import sys

import records


def text(kind, value):
    if kind == records.FLOAT:
        return f"{value:016x}"
    if kind == records.BOOLEAN:
        return "true" if value else "false"
    return value.encode("utf-8").hex() if kind == records.TEXT else str(value)


with open(sys.argv[1], encoding="ascii") as lines:
    for line in lines:
        for column in records.chunk(bytes.fromhex(line)):
            rows = zip(column["times"], column["values"], column["qualities"])
            for time, value, quality in rows:
                print(column["series"], time, text(column["kind"], value), quality)
