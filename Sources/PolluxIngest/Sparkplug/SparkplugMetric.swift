import PolluxModel

/// One metric as it stands in a payload: places in the bytes, nothing copied.
struct SparkplugMetric {
    /// Its value.
    enum Content {
        case none
        /// `int_value` or `long_value`: senders mix them up, so they are one here.
        case integer(UInt64)
        case float(Float)
        case double(Double)
        case boolean(Bool)
        case text(Range<Int>)
        case bytes(Range<Int>)
        case dataSet(Range<Int>)
        case template(Range<Int>)
        case other
    }

    var name: Range<Int>?
    var alias: UInt64?
    /// Milliseconds since 1970.
    var timestamp: UInt64 = 0
    var typeCode: UInt32 = 0
    var isTransient = false
    var isNull = false
    var properties: Range<Int>?
    var content = Content.none

    /// Reads the metric that fills a range.
    init(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(ProtobufError) {
        var reader = ProtobufReader(range)
        while !reader.isAtEnd {
            let (number, wire) = try reader.field(bytes)
            switch (number, wire) {
            case (1, .bytes): name = try reader.range(bytes)
            case (2, .varint): alias = try reader.varint(bytes)
            case (3, .varint): timestamp = try reader.varint(bytes)
            case (4, .varint):
                typeCode = UInt32(truncatingIfNeeded: try reader.varint(bytes))
            // is_historical (5) needs nothing: where its time is older than the newest point, the
            // store puts it there without touching the latest value.
            case (6, .varint): isTransient = try reader.varint(bytes) != 0
            case (7, .varint): isNull = try reader.varint(bytes) != 0
            case (9, .bytes): properties = try reader.range(bytes)
            case (10, .varint), (11, .varint): content = .integer(try reader.varint(bytes))
            case (12, .fixed32): content = .float(Float(bitPattern: try reader.fixed32(bytes)))
            case (13, .fixed64): content = .double(Double(bitPattern: try reader.fixed64(bytes)))
            case (14, .varint): content = .boolean(try reader.varint(bytes) != 0)
            case (15, .bytes): content = .text(try reader.range(bytes))
            case (16, .bytes): content = .bytes(try reader.range(bytes))
            case (17, .bytes): content = .dataSet(try reader.range(bytes))
            case (18, .bytes): content = .template(try reader.range(bytes))
            case (19, .bytes):
                _ = try reader.range(bytes)
                content = .other
            default: try reader.skip(wire, bytes)
            }
        }
    }

    /// When it was read; nil when it does not say.
    var instant: Timestamp? { SparkplugType.instant(milliseconds: timestamp) }
}

/// The head of a payload and where its metrics stand.
struct SparkplugPayload {
    /// Milliseconds since 1970; zero when it does not say.
    var timestamp: UInt64 = 0
    /// The number of the message; nil when it does not say.
    var sequence: UInt8?
    var metrics: [Range<Int>] = []

    /// Reads the head of a payload.
    init(_ bytes: Span<UInt8>) throws(ProtobufError) {
        var reader = ProtobufReader(0..<bytes.count)
        while !reader.isAtEnd {
            let (number, wire) = try reader.field(bytes)
            switch (number, wire) {
            case (1, .varint): timestamp = try reader.varint(bytes)
            case (2, .bytes): metrics.append(try reader.range(bytes))
            case (3, .varint):
                let number = try reader.varint(bytes)
                guard number <= 255 else {
                    throw ProtobufError(
                        offset: reader.position, reason: "seq is \(number), not 0 to 255")
                }
                sequence = UInt8(number)
            default: try reader.skip(wire, bytes)
            }
        }
    }

    var instant: Timestamp? { SparkplugType.instant(milliseconds: timestamp) }
}

/// What the properties of a metric say that is kept.
struct SparkplugProperties {
    var unit = ""
    /// The lowest and highest value that the sender expects.
    var low: Double?
    var high: Double?
    var quality = Quality.good

    /// Nothing said.
    init() {}

    /// Reads the property set that fills a range; keys and values belong together by their order.
    init(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(ProtobufError) {
        var keys: [Range<Int>] = []
        var values: [Range<Int>] = []
        var reader = ProtobufReader(range)
        while !reader.isAtEnd {
            let (number, wire) = try reader.field(bytes)
            switch (number, wire) {
            case (1, .bytes): keys.append(try reader.range(bytes))
            case (2, .bytes): values.append(try reader.range(bytes))
            default: try reader.skip(wire, bytes)
            }
        }
        guard keys.count == values.count else {
            throw ProtobufError(
                offset: range.lowerBound,
                reason: "the properties have \(keys.count) keys and \(values.count) values")
        }
        for (key, value) in zip(keys, values) { try apply(key, value, bytes) }
    }

    private mutating func apply(
        _ key: Range<Int>, _ range: Range<Int>, _ bytes: Span<UInt8>
    ) throws(ProtobufError) {
        var type: UInt32 = 0
        var bits: UInt64?
        var number: Double?
        var text: Range<Int>?
        var reader = ProtobufReader(range)
        while !reader.isAtEnd {
            let (field, wire) = try reader.field(bytes)
            switch (field, wire) {
            case (1, .varint): type = UInt32(truncatingIfNeeded: try reader.varint(bytes))
            case (3, .varint), (4, .varint): bits = try reader.varint(bytes)
            case (5, .fixed32): number = Double(Float(bitPattern: try reader.fixed32(bytes)))
            case (6, .fixed64): number = Double(bitPattern: try reader.fixed64(bytes))
            case (8, .bytes): text = try reader.range(bytes)
            default: try reader.skip(wire, bytes)
            }
        }
        if let bits, number == nil {
            number = SparkplugType(rawValue: type)?.integer(bits).map(Double.init)
        }
        if BytesText.equals(bytes, key, "Quality") || BytesText.equals(bytes, key, "quality") {
            if let bits { quality = SparkplugProperties.quality(bits) }
        } else if BytesText.equals(bytes, key, "engUnit") {
            unit = text.flatMap { BytesText.text(bytes, $0) } ?? ""
        } else if BytesText.equals(bytes, key, "engLow") {
            low = number
        } else if BytesText.equals(bytes, key, "engHigh") {
            high = number
        }
    }

    /// 192 and its kin are good, 500 says that the value is no longer current.
    private static func quality(_ code: UInt64) -> Quality {
        switch UInt32(truncatingIfNeeded: code) {
        case 500: .end
        case 192...499: .good
        case 64...191: .uncertain
        default: .bad
        }
    }
}
