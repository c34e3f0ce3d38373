/// Columns of texts: bytes and back (storage-format/encodings.md §8).
public enum TextColumn: EncodedColumn {
    /// `text`.
    public static let kind = "text"
    /// 5.
    public static let modeDigit: UInt8 = 5

    /// The most bytes of text one column may hold.
    static let maximumByteCount = 1 << 28

    /// Appends `values` in the mode that is smallest at a decode cost the tier accepts.
    public static func encode(_ values: [String], tier: EncodingTier, into bytes: inout [UInt8]) {
        var candidates = [encoded(values, as: .textPlain, tier: tier)]
        var distinct = Set<String>()
        for value in values where distinct.count <= values.count / 2 { distinct.insert(value) }
        if distinct.count <= values.count / 2 {
            candidates.append(encoded(values, as: .textDictionary, tier: tier))
        }
        if tier == .dense { candidates.append(encoded(values, as: .textZstd, tier: tier)) }
        if let least = candidates.compactMap({ $0 }).min(by: { $0.count < $1.count }) {
            bytes.append(contentsOf: least)
        }
    }

    /// The column in exactly this mode; nil when the mode is not one of texts.
    static func encoded(
        _ values: [String], as encoding: ColumnEncoding, tier: EncodingTier
    ) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.appendHeader(encoding, count: values.count)
        switch encoding {
        case .textPlain, .textZstd:
            let lengths = values.map { Int64($0.utf8.count) }
            var text: [UInt8] = []
            for value in values { text.append(contentsOf: value.utf8) }
            bytes.appendNested(IntegerEncoder.flat(lengths, tier: tier))
            if encoding == .textPlain {
                bytes.append(contentsOf: text)
            } else {
                bytes.appendVarint(UInt64(text.count))
                bytes.append(contentsOf: text.withUnsafeBytes { Zstd.compress($0) })
            }
        case .textDictionary:
            // Texts that differ only in how they are composed are equal to Swift but not to us.
            var numbers: [[UInt8]: Int] = [:]
            var levels: [String] = []
            var indices: [Int64] = []
            for value in values {
                let key = Array(value.utf8)
                if let number = numbers[key] {
                    indices.append(Int64(number))
                } else {
                    numbers[key] = levels.count
                    indices.append(Int64(levels.count))
                    levels.append(value)
                }
            }
            let plain = encoded(levels, as: .textPlain, tier: tier) ?? []
            let packed = tier == .dense ? encoded(levels, as: .textZstd, tier: tier) : nil
            bytes.appendNested(packed.flatMap { $0.count < plain.count ? $0 : nil } ?? plain)
            bytes.appendNested { IntegerColumn.encode(indices, tier: tier, into: &$0) }
        default: return nil
        }
        return bytes
    }

    /// Appends all values of the column to `values`.
    public static func decode(
        _ bytes: UnsafeRawBufferPointer, into values: inout [String]
    ) throws(CodecError) {
        values.append(contentsOf: try decode(ByteReader(bytes)))
    }

    /// The column's header as named fields, for `pollux inspect`.
    public static func describe(
        _ bytes: UnsafeRawBufferPointer
    ) throws(CodecError) -> ColumnDescription {
        try describe(ByteReader(bytes))
    }

    private static func describe(_ reader: ByteReader) throws(CodecError) -> ColumnDescription {
        var reader = reader
        let byteCount = reader.remaining
        let (encoding, count) = try TextColumn.header(&reader)
        var description = ColumnDescription(encoding, count: count, byteCount: byteCount)
        if encoding == .textDictionary {
            description.add("levels", try describe(try reader.nested("the levels")))
            description.add("indices", try .integers(try reader.nested("the indices")))
        } else {
            description.add("lengths", try .integers(try reader.nested("the lengths")))
            description.add("text bytes", "\(reader.remaining)")
        }
        return description
    }

    private static func decode(_ reader: ByteReader) throws(CodecError) -> [String] {
        var reader = reader
        let (encoding, count) = try TextColumn.header(&reader)
        if encoding == .textDictionary {
            let nested = try reader.nested("the levels")
            var header = nested
            let levelCount = try TextColumn.header(&header).count
            guard levelCount <= count else {
                throw .tooMany(count: UInt64(levelCount), limit: count)
            }
            let levels = try decode(nested)
            let indices = try IntegerColumn.decodeNested(&reader, "the indices", limit: count)
            try reader.finish()
            guard indices.count == count else {
                throw .countMismatch(expected: count, found: indices.count)
            }
            var decoded: [String] = []
            decoded.reserveCapacity(count)
            for index in indices {
                guard index >= 0, index < Int64(levels.count) else {
                    throw .invalid(field: "the number of a text", value: index)
                }
                decoded.append(levels[Int(index)])
            }
            return decoded
        }
        let lengths = try IntegerColumn.decodeNested(&reader, "the lengths", limit: count)
        guard lengths.count == count else {
            throw .countMismatch(expected: count, found: lengths.count)
        }
        if encoding == .textPlain { return try split(reader.rest, lengths) }
        let size = try reader.count("the length of the text", limit: maximumByteCount)
        let frame = reader.rest
        guard let source = frame.baseAddress else {
            throw .compression(reason: "an empty frame")
        }
        var text: [UInt8] = []
        try text.appendDecoded(size) { target throws(CodecError) in
            try Zstd.decompress(
                source, count: frame.count, into: UnsafeMutableRawBufferPointer(target))
        }
        let result = text.withUnsafeBytes { text -> Result<[String], CodecError> in
            do throws(CodecError) {
                return .success(try split(text, lengths))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Cuts `text` into texts of the given lengths, which must cover it exactly.
    private static func split(
        _ text: UnsafeRawBufferPointer, _ lengths: [Int64]
    ) throws(CodecError) -> [String] {
        var decoded: [String] = []
        decoded.reserveCapacity(lengths.count)
        var start = 0
        for (index, length) in lengths.enumerated() {
            guard length >= 0, length <= Int64(text.count - start) else {
                throw .invalid(field: "the length of a text", value: length)
            }
            let end = start + Int(length)
            let slice = UnsafeRawBufferPointer(rebasing: text[start..<end])
            guard let value = String(validating: slice, as: UTF8.self) else {
                throw .notText(index: index)
            }
            decoded.append(value)
            start = end
        }
        if start != text.count { throw .trailingBytes(count: text.count - start) }
        return decoded
    }
}
