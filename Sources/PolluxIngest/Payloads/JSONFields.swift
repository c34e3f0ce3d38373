import PolluxModel

/// What the well-known members of JSON payloads mean: time, unit, quality.
enum JSONFields {
    /// Names under which the time of a value is written.
    static let timeNames: Set<String> = [
        "timestamp", "timestamp_ms", "timestampMs", "timestamp_ns", "time", "ts", "t",
        "observedAt", "datetime", "sourceTimestamp", "SourceTimestamp", "Timestamp", "Time",
    ]
    static let unitNames: Set<String> = ["unit", "uom", "engUnit", "units", "Unit"]
    static let qualityNames: Set<String> = [
        "quality", "q", "Quality", "qualityCode", "status_code", "StatusCode", "statusCode",
    ]
    static let valueNames: Set<String> = ["value", "v", "val", "Value"]
    static let measureNames: Set<String> = [
        "name", "measure", "metric", "tag", "signal", "dataPointId",
    ]

    /// The instant that a member of a time's name holds; nil when it cannot be one.
    ///
    /// Numbers go by magnitude; those below 10⁸ are no plausible time, so that a temperature called
    /// `t` stays a temperature.
    static func instant(_ name: String, _ value: JSONValue) -> Timestamp? {
        switch value {
        case .integer(let number):
            guard number.magnitude >= 100_000_000 else { return nil }
            return precision(name).instant(number)
        case .number(let number):
            guard number >= 1e8 else { return nil }
            return precision(name).instant(fractional: number)
        case .text(let text):
            if let instant = Timestamp(message: text) { return instant }
            let bytes = Array(text.utf8)
            guard let scan = DecimalScan(whole: bytes),
                scan.double(bytes.span, from: 0, to: bytes.count).magnitude >= 100_000_000
            else { return nil }
            return precision(name).instant(scan)
        default: return nil
        }
    }

    /// The time that a member states, where a format leaves no doubt that it is one; nil when there
    /// is none, or null.
    ///
    /// - Throws: the member with its text when that is no time.
    static func time(_ name: String, in object: JSONValue) throws(IngestError) -> Timestamp? {
        guard let value = object[name], value != .null else { return nil }
        return try time(name, value)
    }

    /// The time that stands in a place for times.
    ///
    /// - Throws: what stands there when it is no time.
    static func time(_ name: String, _ value: JSONValue) throws(IngestError) -> Timestamp {
        if let instant = instant(name, value) { return instant }
        let text = (value.text ?? value.description).prefix(60)
        throw .unreadable(reason: "the \(name) `\(text)` is no time")
    }

    private static func precision(_ name: String) -> TimestampPrecision {
        switch name {
        case "timestamp_ms", "timestampMs": .milliseconds
        case "timestamp_ns": .nanoseconds
        default: .automatic
        }
    }

    /// The first member of a time's name that holds a time.
    static func time(of object: JSONObject) -> (name: String, instant: Timestamp)? {
        for member in object.members where timeNames.contains(member.name) {
            if let instant = instant(member.name, member.value) { return (member.name, instant) }
        }
        return nil
    }

    /// The quality that a member of a quality's name holds.
    ///
    /// Numbers named like a status code go by OPC UA (the two top bits), others by OPC DA (192 and
    /// more good, 64 to 191 uncertain); 0 written as a text means good.
    static func quality(_ name: String, _ value: JSONValue) -> Quality {
        switch value {
        case .boolean(let flag): return flag ? .good : .bad
        case .text(let text): return quality(word: text)
        case .integer(let number):
            if name.lowercased().hasPrefix("status") { return statusCode(number) }
            if name == "qualityCode", number == 0 { return .good }
            return number >= 192 ? .good : number >= 64 ? .uncertain : .bad
        default: return .good
        }
    }

    private static func quality(word: String) -> Quality {
        switch word.lowercased() {
        case "good", "ok", "valid", "0", "192": .good
        case "uncertain", "questionable", "64": .uncertain
        default: .bad
        }
    }

    /// The quality of an OPC UA status code.
    static func statusCode(_ code: Int64) -> Quality {
        switch UInt32(truncatingIfNeeded: code) >> 30 {
        case 0: .good
        case 1: .uncertain
        default: .bad
        }
    }

    /// A whole number: beyond 2⁵³ it stays an integer, because a double would lose its last digits.
    static func whole(_ number: Int64) -> DecodedValue {
        number.magnitude <= 1 << 53 ? .number(Double(number)) : .typed(.integer(number))
    }

    /// The value that a JSON scalar stands for; nil for arrays and objects.
    static func scalar(_ value: JSONValue) -> DecodedValue? {
        switch value {
        case .null: .gone
        case .boolean(let flag): .typed(.boolean(flag))
        case .integer(let number): whole(number)
        case .number(let number): .number(number)
        case .text(let text):
            switch text {
            case "NaN", "nan": .number(.nan)
            case "Infinity", "inf": .number(.infinity)
            case "-Infinity", "-inf": .number(-.infinity)
            default: .typed(.text(text))
            }
        case .array, .object: nil
        }
    }
}
