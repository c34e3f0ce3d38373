/// Columns of float64 values: bytes and back, bit for bit.
///
/// Every encoded column is a position-independent byte string of its own
/// (storage-format/encodings.md). It may be decoded straight from a memory map: no alignment is
/// needed. Decoding never trusts the bytes: it throws `CodecError` and neither crashes nor reads
/// past the end.
public enum FloatColumn: EncodedColumn {
    /// `float`.
    public static let kind = "float"
    /// 1.
    public static let modeDigit: UInt8 = 1

    /// Appends `values` in the mode that is smallest at a decode cost the tier accepts.
    ///
    /// With a `sibling` of the same length the values may be stored as what is left after
    /// subtracting it; the same sibling must then be given to `decode`. O(count).
    public static func encode(
        _ values: UnsafeBufferPointer<Double>, tier: EncodingTier,
        sibling: UnsafeBufferPointer<Double>? = nil, into bytes: inout [UInt8]
    ) {
        let usable = sibling.flatMap { $0.count == values.count ? $0 : nil }
        let encoder = FloatEncoder(values, tier: tier, sibling: usable, mayNest: true)
        if bytes.isEmpty { bytes = encoder.smallest() } else { bytes += encoder.smallest() }
    }

    /// Appends `values` in the mode that is smallest at a decode cost the tier accepts.
    public static func encode(
        _ values: [Double], tier: EncodingTier, sibling: [Double]? = nil, into bytes: inout [UInt8]
    ) {
        values.withUnsafeBufferPointer { values in
            guard let sibling else { return encode(values, tier: tier, into: &bytes) }
            sibling.withUnsafeBufferPointer {
                encode(values, tier: tier, sibling: $0, into: &bytes)
            }
        }
    }

    /// The column in exactly this mode, for comparisons; nil when the mode cannot hold it.
    package static func encode(
        _ values: [Double], as encoding: ColumnEncoding, tier: EncodingTier
    ) -> [UInt8]? {
        values.withUnsafeBufferPointer {
            FloatEncoder($0, tier: tier, sibling: nil, mayNest: true).bytes(as: encoding)
        }
    }

    /// Decodes exactly `values.count` values into the caller's memory.
    ///
    /// Throws when the header holds another count. O(count); no allocation per value.
    public static func decode(
        _ bytes: UnsafeRawBufferPointer, sibling: UnsafeBufferPointer<Double>? = nil,
        into values: UnsafeMutableBufferPointer<Double>
    ) throws(CodecError) {
        try FloatDecoder.decode(ByteReader(bytes), sibling: sibling, into: values)
    }

    /// Appends all values of the column to `values`.
    public static func decode(
        _ bytes: UnsafeRawBufferPointer, sibling: [Double]? = nil, into values: inout [Double]
    ) throws(CodecError) {
        let count = try count(of: bytes)
        try values.appendDecoded(count) { target throws(CodecError) in
            guard let sibling else { return try decode(bytes, into: target) }
            let result = sibling.withUnsafeBufferPointer { sibling -> Result<Void, CodecError> in
                do throws(CodecError) {
                    return .success(try decode(bytes, sibling: sibling, into: target))
                } catch {
                    return .failure(error)
                }
            }
            try result.get()
        }
    }

    /// Whether decoding needs the sibling column.
    public static func needsSibling(_ bytes: UnsafeRawBufferPointer) throws(CodecError) -> Bool {
        var reader = ByteReader(bytes)
        return try FloatColumn.header(&reader).encoding == .floatSibling
    }

    /// Count, sum, minimum and maximum of a range of rows, without writing the values out.
    ///
    /// For several ranges of a column, open a `FloatReader`. Without `wantsExtremes`, minimum and
    /// maximum stay those of no values.
    public static func aggregate(
        _ bytes: UnsafeRawBufferPointer, rows: Range<Int>,
        sibling: UnsafeBufferPointer<Double>? = nil, wantsExtremes: Bool = true
    ) throws(CodecError) -> FloatAggregate {
        var reader = try FloatReader(bytes, sibling: sibling)
        return try reader.aggregate(rows: rows, wantsExtremes: wantsExtremes)
    }

    /// The column's header as named fields, for `pollux inspect`.
    public static func describe(
        _ bytes: UnsafeRawBufferPointer
    ) throws(CodecError) -> ColumnDescription {
        try ColumnDescription.floats(ByteReader(bytes))
    }
}
