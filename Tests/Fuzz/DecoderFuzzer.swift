import PolluxCodec
import PolluxModel

/// Columns that claim more values are only described, so that a run stays quick.
private let countLimit = 20_000

/// One input of libFuzzer: the bytes as every kind of column, whole and in parts.
///
/// Decoders may throw or give any values; a trap, or a read that the address sanitizer sees, is a
/// finding. Built and run by `tools/fuzz-decoders`.
@_cdecl("LLVMFuzzerTestOneInput")
public func decodeAll(_ start: UnsafeRawPointer?, _ count: Int) -> CInt {
    let bytes = UnsafeRawBufferPointer(start: start, count: count)
    _ = try? FloatColumn.describe(bytes)
    _ = try? IntegerColumn.describe(bytes)
    _ = try? TimeColumn.describe(bytes)
    _ = try? BooleanColumn.describe(bytes)
    _ = try? TextColumn.describe(bytes)
    _ = try? QualityColumn.describe(bytes)
    floats(bytes)
    times(bytes)
    if let count = try? IntegerColumn.count(of: bytes), count <= countLimit {
        var values: [Int64] = []
        try? IntegerColumn.decode(bytes, into: &values)
    }
    if let count = try? BooleanColumn.count(of: bytes), count <= countLimit {
        var values: [Bool] = []
        try? BooleanColumn.decode(bytes, into: &values)
    }
    if let count = try? TextColumn.count(of: bytes), count <= countLimit {
        var values: [String] = []
        try? TextColumn.decode(bytes, into: &values)
    }
    for count in [0, 8, 1000] {
        var values: [Quality] = []
        try? QualityColumn.decode(bytes, count: count, into: &values)
    }
    return 0
}

private func floats(_ bytes: UnsafeRawBufferPointer) {
    guard let count = try? FloatColumn.count(of: bytes), count <= countLimit else { return }
    let sibling = [Double](repeating: 2.5, count: count)
    var values: [Double] = []
    try? FloatColumn.decode(bytes, sibling: sibling, into: &values)
    sibling.withUnsafeBufferPointer { sibling in
        guard var reader = try? FloatReader(bytes, sibling: sibling) else { return }
        let part = UnsafeMutablePointer<Double>.allocate(capacity: count)
        defer { part.deallocate() }
        for rows in parts(count) {
            try? reader.decode(rows: rows, into: part)
            _ = try? reader.aggregate(rows: rows)
        }
    }
}

private func times(_ bytes: UnsafeRawBufferPointer) {
    guard let count = try? TimeColumn.count(of: bytes), count <= countLimit else { return }
    var values: [Int64] = []
    try? TimeColumn.decode(bytes, into: &values)
    guard var reader = try? TimeReader(bytes) else { return }
    let part = UnsafeMutablePointer<Int64>.allocate(capacity: count)
    defer { part.deallocate() }
    for rows in parts(count) { try? reader.decode(rows: rows, into: part) }
    for time in [Int64.min, 0, 1_700_000_000_000_000_000, .max] {
        _ = try? reader.firstRow(notBefore: time)
    }
}

/// The whole column, a part that begins and ends within blocks, and its end.
private func parts(_ count: Int) -> [Range<Int>] {
    [count / 3..<count, 0..<count, count / 3..<(count - count / 4), count..<count]
}
