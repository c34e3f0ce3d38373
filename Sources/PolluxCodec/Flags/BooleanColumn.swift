/// Columns of booleans: bytes and back (storage-format/encodings.md §8).
public enum BooleanColumn: EncodedColumn {
    /// `boolean`.
    public static let kind = "boolean"
    /// 4.
    public static let modeDigit: UInt8 = 4

    /// Appends `values` in the mode that is smallest at a decode cost the tier accepts.
    public static func encode(_ values: [Bool], tier: EncodingTier, into bytes: inout [UInt8]) {
        var candidates: [[UInt8]] = [encoded(values, as: .booleanBits)].compactMap { $0 }
        if let constant = encoded(values, as: .booleanConstant) { candidates.append(constant) }
        if let runs = encoded(values, as: .booleanRunLength) { candidates.append(runs) }
        if tier == .dense, let packed = encoded(values, as: .booleanZstd) {
            candidates.append(packed)
        }
        if let least = candidates.min(by: { $0.count < $1.count }) {
            bytes.append(contentsOf: least)
        }
    }

    /// The column in exactly this mode; nil when the mode cannot hold it.
    static func encoded(_ values: [Bool], as encoding: ColumnEncoding) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.appendHeader(encoding, count: values.count)
        switch encoding {
        case .booleanConstant:
            guard let first = values.first, values.allSatisfy({ $0 == first }) else { return nil }
            bytes.append(first ? 1 : 0)
        case .booleanRunLength:
            guard let first = values.first else { return nil }
            let runs = values.map { $0 ? 1 : 0 as Int64 }.withUnsafeBufferPointer { Runs($0) }
            bytes.append(first ? 1 : 0)
            bytes.appendNested(IntegerEncoder.flat(runs.lengths, tier: .fast))
        case .booleanBits: bytes.append(contentsOf: bits(of: values))
        case .booleanZstd:
            bytes.append(contentsOf: bits(of: values).withUnsafeBytes { Zstd.compress($0) })
        default: return nil
        }
        return bytes
    }

    /// Appends all values of the column to `values`.
    public static func decode(
        _ bytes: UnsafeRawBufferPointer, into values: inout [Bool]
    ) throws(CodecError) {
        var reader = ByteReader(bytes)
        let (encoding, count) = try BooleanColumn.header(&reader)
        switch encoding {
        case .booleanConstant:
            let value = try flag(&reader)
            try reader.finish()
            values.append(contentsOf: repeatElement(value, count: count))
        case .booleanRunLength:
            let first = try flag(&reader)
            let lengths = try IntegerColumn.decodeNested(&reader, "the runs", limit: count)
            try reader.finish()
            var decoded: [Bool] = []
            decoded.reserveCapacity(count)
            try expandRuns(lengths, runCount: lengths.count, count: count) { run, rows in
                let value = (run & 1 == 0) == first
                decoded.append(contentsOf: repeatElement(value, count: rows.count))
            }
            values.append(contentsOf: decoded)
        case .booleanBits:
            let source = try reader.take((count + 7) / 8, "the bits")
            try reader.finish()
            append(source, count: count, to: &values)
        default:
            var packed: [UInt8] = []
            let frame = reader.rest
            guard let source = frame.baseAddress else {
                throw .compression(reason: "an empty frame")
            }
            try packed.appendDecoded((count + 7) / 8) { target throws(CodecError) in
                try Zstd.decompress(
                    source, count: frame.count, into: UnsafeMutableRawBufferPointer(target))
            }
            packed.withUnsafeBytes { bits in
                if let base = bits.baseAddress { append(base, count: count, to: &values) }
            }
        }
    }

    /// The column's header as named fields, for `pollux inspect`.
    public static func describe(
        _ bytes: UnsafeRawBufferPointer
    ) throws(CodecError) -> ColumnDescription {
        var reader = ByteReader(bytes)
        let (encoding, count) = try BooleanColumn.header(&reader)
        var description = ColumnDescription(encoding, count: count, byteCount: bytes.count)
        switch encoding {
        case .booleanConstant: description.add("value", "\(try flag(&reader))")
        case .booleanRunLength:
            description.add("first", "\(try flag(&reader))")
            description.add("lengths", try .integers(try reader.nested("the runs")))
        default: break
        }
        return description
    }

    private static func flag(_ reader: inout ByteReader) throws(CodecError) -> Bool {
        let byte = try reader.byte("the first value")
        guard byte <= 1 else { throw .invalid(field: "the first value", value: Int64(byte)) }
        return byte == 1
    }

    private static func bits(of values: [Bool]) -> [UInt8] {
        var bits = [UInt8](repeating: 0, count: (values.count + 7) / 8)
        for (index, value) in values.enumerated() where value {
            bits[index / 8] |= 1 << UInt8(index % 8)
        }
        return bits
    }

    private static func append(_ source: UnsafeRawPointer, count: Int, to values: inout [Bool]) {
        values.reserveCapacity(values.count + count)
        for index in 0..<count {
            let byte = source.load(fromByteOffset: index / 8, as: UInt8.self)
            values.append(byte >> UInt8(index % 8) & 1 == 1)
        }
    }
}
