import PolluxCodec
import PolluxModel

@testable import PolluxStore

/// Records that claim more rows are left, so that a run stays quick.
private let countLimit = 20_000

/// One input of libFuzzer: a byte for the kind of record, then a record of the store.
///
/// Checksums are made right first, so that what lies behind them is reached. Readers may throw or
/// give any points; a trap, or a read that the address sanitizer sees, is a finding. Built and run
/// by `tools/fuzz-decoders`.
@_cdecl("LLVMFuzzerTestOneInput")
public func readAll(_ start: UnsafeRawPointer?, _ count: Int) -> CInt {
    guard let start, count > 5 else { return 0 }
    var record = [UInt8](UnsafeRawBufferPointer(start: start + 1, count: count - 1))
    switch start.load(as: UInt8.self) {
    case 0: chunk(&record)
    case 1:
        seal(&record)
        record.withUnsafeBytes { bytes in
            guard let opened = try? JournalRecord.open(bytes), opened.count <= countLimit else {
                return
            }
            _ = try? JournalRecord.decode(bytes)
        }
    case 2:
        seal(&record)
        record.withUnsafeBytes { _ = try? Catalog.decode(SeriesID(rawValue: 1), $0) }
    case 3:
        seal(&record)
        record.withUnsafeBytes { _ = try? SeriesRecord(decoding: $0) }
    case 4:
        let key = Array(record.prefix(9))
        record.removeFirst(min(9, record.count))
        seal(&record)
        key.withUnsafeBytes { key in
            record.withUnsafeBytes { _ = try? RemovalRecord(key: key, $0) }
        }
    default: _ = try? ManifestText.parse(record, path: "/")
    }
    return 0
}

/// The last four bytes become the checksum of those before.
private func seal(_ record: inout [UInt8]) {
    guard record.count >= 4 else { return }
    put(checksum(record, 0..<(record.count - 4)), at: record.count - 4, &record)
}

private func checksum(_ bytes: [UInt8], _ range: Range<Int>) -> UInt32 {
    bytes.withUnsafeBytes { Checksum.crc32c(UnsafeRawBufferPointer(rebasing: $0[range])) }
}

private func put(_ value: UInt32, at place: Int, _ bytes: inout [UInt8]) {
    for index in 0..<4 {
        bytes[place + index] = UInt8(truncatingIfNeeded: value >> UInt32(8 * index))
    }
}

private func word(_ bytes: [UInt8], _ place: Int) -> Int {
    (0..<4).reduce(0) { $0 | Int(bytes[place + $1]) << (8 * $1) }
}

/// Everything in a chunk whose size and checksums are right (storage-format/chunk.md).
private func chunk(_ record: inout [UInt8]) {
    guard record.count >= 48 else { return }
    put(UInt32(record.count), at: 12, &record)
    let (columns, vectors) = (word(record, 32), word(record, 36))
    let columnStart = 48 + 32 * vectors
    var end = columnStart + 32 * columns
    guard columns < 64, vectors < 64, end + 4 <= record.count else { return }
    for index in 0..<vectors {
        let entry = 48 + 32 * index
        guard word(record, entry + 8) <= countLimit else { return }
        let (offset, size) = (word(record, entry), word(record, entry + 4))
        guard offset + size <= record.count else { continue }
        put(checksum(record, offset..<(offset + size)), at: entry + 12, &record)
    }
    for index in 0..<columns {
        let entry = columnStart + 32 * index
        if record[entry + 5] & 1 != 0 { end += 72 }
        let (offset, size) = (
            word(record, entry + 16), word(record, entry + 20) + word(record, entry + 24)
        )
        guard offset + size <= record.count else { continue }
        put(checksum(record, offset..<(offset + size)), at: entry + 28, &record)
    }
    guard end + 4 <= record.count else { return }
    put(checksum(record, 0..<end), at: end, &record)
    let last = (0..<8).reduce(Int64(0)) { $0 | Int64(record[24 + $1]) << (8 * Int64($1)) }
    let key = ChunkKey(group: AssetID(rawValue: UInt32(word(record, 8))), last: last)
    record.withUnsafeBytes { bytes in
        guard let view = try? ChunkView(key: key, bytes: bytes) else { return }
        _ = try? view.openColumns()
        for column in 0..<view.columnCount {
            _ = try? view.statistics(ofColumn: column)
            guard let entry = try? view.columnEntry(column),
                let payload = try? view.payload(ofColumn: column, entry)
            else { continue }
            _ = try? ChunkView.describe(entry.kind, payload.values)
        }
    }
}
