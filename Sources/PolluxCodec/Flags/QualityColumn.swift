public import PolluxModel

/// Columns of qualities, run-length encoded; no bytes at all when every quality is good.
///
/// storage-format/encodings.md §9.
public enum QualityColumn {
    /// Appends the runs of `qualities`; appends nothing when all are good.
    public static func encode(_ qualities: [Quality], into bytes: inout [UInt8]) {
        if qualities.allSatisfy({ $0 == .good }) { return }
        let codes = qualities.map { Int64($0.rawValue) }
        let runs = codes.withUnsafeBufferPointer { Runs($0) }
        bytes.appendHeader(.qualityRunLength, count: qualities.count)
        bytes.appendNested(IntegerEncoder.flat(runs.values, tier: .fast))
        bytes.appendNested(IntegerEncoder.flat(runs.lengths, tier: .fast))
    }

    /// Appends `count` qualities to `qualities`; no bytes mean that all are good.
    public static func decode(
        _ bytes: UnsafeRawBufferPointer, count: Int, into qualities: inout [Quality]
    ) throws(CodecError) {
        if bytes.isEmpty {
            qualities.append(contentsOf: repeatElement(.good, count: count))
            return
        }
        var reader = ByteReader(bytes)
        let found = try reader.header(of: "quality") { $0 == .qualityRunLength }.count
        guard found == count else { throw .countMismatch(expected: count, found: found) }
        let codes = try IntegerColumn.decodeNested(&reader, "the qualities", limit: count)
        let lengths = try IntegerColumn.decodeNested(&reader, "the runs", limit: count)
        try reader.finish()
        var values: [Quality] = []
        for code in codes {
            guard let raw = UInt8(exactly: code), let quality = Quality(rawValue: raw) else {
                throw .invalid(field: "a quality", value: code)
            }
            values.append(quality)
        }
        var decoded: [Quality] = []
        decoded.reserveCapacity(count)
        try expandRuns(lengths, runCount: values.count, count: count) { run, rows in
            decoded.append(contentsOf: repeatElement(values[run], count: rows.count))
        }
        qualities.append(contentsOf: decoded)
    }

    /// The column's header as named fields, for `pollux inspect`.
    public static func describe(
        _ bytes: UnsafeRawBufferPointer
    ) throws(CodecError) -> ColumnDescription {
        var reader = ByteReader(bytes)
        let (encoding, count) = try reader.header(of: "quality") { $0 == .qualityRunLength }
        var description = ColumnDescription(encoding, count: count, byteCount: bytes.count)
        description.add("values", try .integers(try reader.nested("the qualities")))
        description.add("lengths", try .integers(try reader.nested("the runs")))
        return description
    }
}
