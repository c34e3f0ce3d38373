import PolluxModel

/// The data types of Sparkplug B that a metric can declare.
enum SparkplugType: UInt32, Sendable {
    case int8 = 1
    case int16, int32, int64, uint8, uint16, uint32, uint64, float, double, boolean, string
    case dateTime, text, uuid, dataSet, bytes, file, template, propertySet, propertySetList
    case int8Array, int16Array, int32Array, int64Array
    case uint8Array, uint16Array, uint32Array, uint64Array
    case floatArray, doubleArray, booleanArray, stringArray, dateTimeArray

    /// Whether values are arrays, which travel as packed bytes.
    var isArray: Bool { rawValue >= SparkplugType.int8Array.rawValue }

    /// Bits of an integer type; 0 for the others.
    private var width: Int {
        switch self {
        case .int8, .uint8: 8
        case .int16, .uint16: 16
        case .int32, .uint32: 32
        case .int64, .uint64: 64
        default: 0
        }
    }

    private var isSigned: Bool { rawValue <= SparkplugType.int64.rawValue }

    /// The number that the bits of an integer field stand for; nil beyond the largest integer.
    ///
    /// Senders differ in how they write −5 as Int8: 0xFB or 0xFFFFFFFB. Only the declared width
    /// counts.
    func integer(_ bits: UInt64) -> Int64? {
        let spare = UInt64(64 - width)
        guard width > 0 else { return nil }
        if isSigned { return Int64(bitPattern: bits << spare) >> Int64(spare) }
        return Int64(exactly: (bits << spare) >> spare)
    }

    /// The value of a metric of this type; nil when its content cannot be one.
    func value(_ content: SparkplugMetric.Content, _ bytes: Span<UInt8>) -> DecodedValue? {
        switch self {
        case .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64:
            guard case .integer(let bits) = content else { return nil }
            return integer(bits).map { .typed(.integer($0)) } ?? .unsigned(bits)
        case .float, .double:
            return number(content).map { .typed(.float($0)) }
        case .boolean:
            return flag(content).map { .typed(.boolean($0)) }
        case .string, .text, .uuid:
            guard case .text(let range) = content else { return nil }
            return BytesText.text(bytes, range).map { .typed(.text($0)) }
        case .dateTime:
            guard case .integer(let bits) = content else { return nil }
            return SparkplugType.instant(milliseconds: bits).map {
                .typed(.text($0.description))
            }
        default: return nil
        }
    }

    private func number(_ content: SparkplugMetric.Content) -> Double? {
        switch content {
        case .float(let number): Double(number)
        case .double(let number): number
        default: nil
        }
    }

    private func flag(_ content: SparkplugMetric.Content) -> Bool? {
        switch content {
        case .boolean(let flag): flag
        case .integer(let bits) where bits <= 1: bits == 1
        default: nil
        }
    }

    /// The bits that a series of a kind stores for a metric of this type; nil when that takes a
    /// conversion.
    @inline(__always)
    func bits(_ content: SparkplugMetric.Content, as kind: ValueKind) -> UInt64? {
        switch (self, kind) {
        case (.double, .float), (.float, .float):
            guard let number = number(content), number.isFinite else { return nil }
            return number.bitPattern
        case (.boolean, .boolean): return flag(content).map { $0 ? 1 : 0 }
        case (_, .integer):
            guard case .integer(let raw) = content else { return nil }
            return integer(raw).map { UInt64(bitPattern: $0) }
        default: return nil
        }
    }

    /// An instant from milliseconds since 1970; nil outside the range or for zero, which senders
    /// write when they do not know.
    static func instant(milliseconds: UInt64) -> Timestamp? {
        guard milliseconds > 0, milliseconds <= UInt64(Int64.max / 1_000_000) else { return nil }
        return Timestamp(nanoseconds: Int64(milliseconds) * 1_000_000)
    }
}

extension SparkplugType {
    /// The kind of series that holds values of this type; nil for what is not one value.
    var kind: ValueKind? {
        switch self {
        case .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64: .integer
        case .float, .double: .float
        case .boolean: .boolean
        case .string, .text, .uuid, .dateTime: .text
        default: nil
        }
    }
}
